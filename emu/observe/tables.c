/*
 * The guest's page tables at a few moments: see tables.h, which has the format.
 */
#include "emu/observe/tables.h"

#include <stdlib.h>
#include <string.h>

#include "emu/machine.h"
#include "emu/observe/moments.h"
#include "emu/observe/page_tables.h"

#define VERSION 1
#define FIRST_INTERVAL 1000000
#define ENTRIES PAGE_TABLE_ENTRIES
#define SEEN_PLACES (4 * TABLES_MAX) /* of the hash set; a power of two */

enum flag { IS_CUT = 1, IS_END = 2 };

struct tables {
	struct guest_view *view;
	struct machine *m; /* or NULL */
	struct moments moments;
};

/* A moment in the making. */
struct writing {
	struct bus *bus;
	struct page_table_set seen; /* tables that are in it */
	struct pack out;            /* tables */
	u32 count;                  /* how many */
	bool cut;                   /* there are more */
};

struct tables *tables_create(struct guest_view *view)
{
	struct tables *tables = xcalloc(1, sizeof(*tables));

	tables->view = view;
	moments_init(&tables->moments, TABLES_MOMENTS, TABLES_MOMENTS * (size_t)TABLES_BYTES_MAX, FIRST_INTERVAL);
	return tables;
}

void tables_destroy(struct tables *tables)
{
	if (!tables)
		return;
	moments_free(&tables->moments);
	free(tables);
}

void tables_attach(struct tables *tables, struct machine *m)
{
	tables->m = m;
}

/* --- writing --- */

static void put_table(struct writing *w, u64 ppn, u32 level, const u64 *ptes)
{
	u32 used = 0, before = 0;

	for (u32 i = 0; i < ENTRIES; i++)
		used += ptes[i] != 0;
	pack_number(&w->out, ppn);
	pack_number(&w->out, level);
	pack_number(&w->out, used);
	for (u32 i = 0; i < ENTRIES; i++) {
		if (!ptes[i])
			continue;
		pack_number(&w->out, i - before);
		pack_number(&w->out, ptes[i]);
		before = i;
	}
	w->count++;
}

/* The table and those below it, each once. */
static void put_tree(struct writing *w, u64 ppn, u32 level)
{
	u64 ptes[ENTRIES];

	if (!page_table_read(w->bus, ppn, ptes))
		return;
	if (w->count == TABLES_MAX || w->out.size >= TABLES_BYTES_MAX) {
		w->cut = true;
		return;
	}
	if (!page_table_is_news(&w->seen, ppn, level))
		return;
	put_table(w, ppn, level, ptes);
	for (u32 i = 0; level > 0 && i < ENTRIES; i++)
		if (pte_is_pointer(ptes[i]))
			put_tree(w, pte_frame(ptes[i]), level - 1);
}

static void put_space(struct pack *out, const struct guest_view *view, const struct guest_space *space)
{
	const struct guest_process *process = guest_view_find(view, space->pid);
	u64 harts = 0;

	for (u32 i = 0; i < GUEST_HARTS_MAX; i++)
		if (guest_view_hart_satp(view, i) && !((guest_view_hart_satp(view, i) ^ space->satp) & MASK(44)))
			harts |= BIT(i);
	pack_number(out, space->satp);
	pack_number(out, space->pid);
	pack_number(out, !process || process->is_alive);
	pack_number(out, harts);
	pack_number(out, satp_levels(space->satp));
	if (process)
		pack_text(out, process->name);
	else
		pack_text(out, guest_view_has_hints(view) ? "kernel" : "");
}

static void take_moment(struct tables *tables, bool is_end)
{
	struct guest_space spaces[TABLES_SPACES];
	u32 found = guest_view_spaces(tables->view, spaces, TABLES_SPACES), count = 0;
	u64 now = guest_view_instret(tables->view);
	struct pack out = { 0 }, people = { 0 };

	if (!tables->m)
		return;
	struct writing w = { .bus = &tables->m->bus, .seen = { .size = SEEN_PLACES } };

	w.seen.places = xcalloc(SEEN_PLACES, sizeof(*w.seen.places));
	for (u32 i = 0; i < found; i++) {
		u32 levels = satp_levels(spaces[i].satp);

		if (!levels || !page_table_is_plausible(w.bus, spaces[i].satp))
			continue;
		count++;
		put_space(&people, tables->view, &spaces[i]);
		put_tree(&w, satp_root(spaces[i].satp), levels - 1);
	}
	pack_number(&out, VERSION);
	pack_number(&out, (w.cut ? IS_CUT : 0u) | (is_end ? IS_END : 0u));
	pack_number(&out, guest_view_time_ns(tables->view));
	pack_number(&out, now);
	pack_number(&out, count);
	pack_bytes(&out, people.bytes, people.size);
	pack_number(&out, w.count);
	pack_bytes(&out, w.out.bytes, w.out.size);
	pack_free(&people);
	pack_free(&w.out);
	free(w.seen.places);
	moments_add(&tables->moments, &out, now);
}

void tables_emit(void *arg, enum trace_sort sort, const void *event)
{
	struct tables *tables = arg;

	(void)sort;
	(void)event;
	if (unlikely(guest_view_instret(tables->view) >= tables->moments.next))
		take_moment(tables, false);
}

void tables_finish(struct tables *tables, struct run_writer *writer)
{
	take_moment(tables, true);
	moments_write(&tables->moments, writer, RUN_TABLES);
}

/* --- reading back --- */

static void read_spaces(struct unpack *u, struct tables_moment *moment)
{
	moment->space_count = unpack_count(u);
	moment->spaces = xcalloc(moment->space_count + 1, sizeof(*moment->spaces));
	for (u32 i = 0; i < moment->space_count; i++) {
		struct tables_space *space = &moment->spaces[i];

		space->satp = unpack_number(u);
		space->pid = (u32)unpack_number(u);
		space->is_alive = unpack_number(u) & 1;
		space->harts = unpack_number(u);
		space->levels = (u8)unpack_number(u);
		unpack_text(u, space->name, sizeof(space->name));
		u->bad |= space->levels < 3 || space->levels > WALK_LEVELS_MAX;
	}
}

static void read_entries(struct unpack *u, struct tables_moment *moment, struct tables_table *table)
{
	u32 count = unpack_count(u);
	u64 index = 0;

	u->bad |= count > ENTRIES;
	if (u->bad)
		return;
	table->first = moment->entry_count;
	table->count = count;
	moment->entries =
		xrealloc(moment->entries, (moment->entry_count + (size_t)count + 1) * sizeof(*moment->entries));
	for (u32 i = 0; i < count; i++) {
		u64 step = unpack_number(u);

		index += step;
		u->bad |= step > ENTRIES || index >= ENTRIES || (i > 0 && step == 0);
		moment->entries[moment->entry_count++] = (struct tables_entry){
			.index = index < ENTRIES ? (u16)index : 0,
			.pte = unpack_number(u),
		};
	}
}

static void read_tables(struct unpack *u, struct tables_moment *moment)
{
	moment->table_count = unpack_count(u);
	u->bad |= moment->table_count > TABLES_MAX;
	if (u->bad)
		moment->table_count = 0;
	moment->tables = xcalloc(moment->table_count + 1, sizeof(*moment->tables));
	for (u32 i = 0; i < moment->table_count && !u->bad; i++) {
		struct tables_table *table = &moment->tables[i];

		table->ppn = unpack_number(u);
		table->level = (u8)unpack_number(u);
		u->bad |= table->level >= WALK_LEVELS_MAX;
		read_entries(u, moment, table);
	}
}

bool tables_read(const void *payload, size_t size, struct tables_moment *moment, struct error *err)
{
	struct unpack u = { .at = payload, .end = (const u8 *)payload + size };
	u64 version = unpack_number(&u), flags = unpack_number(&u);

	*moment = (struct tables_moment){ .is_cut = flags & IS_CUT, .is_end = flags & IS_END };
	if (version != VERSION)
		return error_set(err, "page tables of the run file have version %llu, %u is what is read here",
		                 (unsigned long long)version, VERSION);
	moment->time_ns = unpack_number(&u);
	moment->instret = unpack_number(&u);
	read_spaces(&u, moment);
	read_tables(&u, moment);
	if (!u.bad)
		return true;
	tables_free(moment);
	return error_set(err, "page tables of the run file are damaged");
}

void tables_free(struct tables_moment *moment)
{
	free(moment->spaces);
	free(moment->tables);
	free(moment->entries);
	*moment = (struct tables_moment){ 0 };
}

const struct tables_table *tables_find(const struct tables_moment *moment, u64 ppn, u8 level)
{
	for (u32 i = 0; i < moment->table_count; i++)
		if (moment->tables[i].ppn == ppn && moment->tables[i].level == level)
			return &moment->tables[i];
	return NULL;
}
