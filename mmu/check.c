/*
 * Looking for the guest's mistakes: harts, what was told already, windows and trap loops. See check.h; read
 * check_tables.c next.
 */
#include "mmu/check.h"

#include <stdlib.h>
#include <string.h>

#include "mmu/check_internal.h"
#include "mmu/fast_tables.h"

/* The same trap, so many times without an instruction done, is a loop. */
#define LOOP_TRAPS 1000
/* Who has not told the others of a change after so many instructions will not. */
#define WINDOW_INSNS 4000000
/* Findings with the same culprit that are told. */
#define TOLD_SAME 8

#define CAUSE_CALL_FROM_U 8

const char *check_kind_name(enum check_kind kind)
{
	static const char *const names[CHECK_KINDS] = {
		[CHECK_STALE] = "stale", [CHECK_FENCE_I] = "fencei",    [CHECK_TABLES] = "tables",
		[CHECK_PBMT] = "pbmt",   [CHECK_RESERVED] = "reserved", [CHECK_LOOP] = "loop",
		[CHECK_WX] = "wx",       [CHECK_INVALID] = "invalid",
	};

	return names[kind];
}

u64 check_count(const struct mmu_check *check, enum check_kind kind)
{
	return check->counts[kind];
}

u64 check_places(const struct mmu_check *check, enum check_kind kind)
{
	return check->places[kind];
}

/* --- harts --- */

struct check_hart *check_hart_of(struct mmu_check *check, const struct mmu *m)
{
	struct check_hart *h = check->harts;

	while (h->m != m)
		h++;
	return h;
}

void check_add(struct mmu_check *check, struct mmu *m)
{
	struct check_hart *h = &check->harts[check->hart_count++];
	struct trace_head head = { 0 };

	BUG_ON(check->hart_count > CHECK_HARTS_MAX);
	m->trace_head(m->owner, &head);
	*h = (struct check_hart){
		.m = m,
		.id = head.hart,
		.epoch = 1,
		.fence_asid = xcalloc(1 << 16, sizeof(u64)),
		.filled = xcalloc(1 << CHECK_SEEN_LOG2, sizeof(struct check_seen)),
		.failed = xcalloc(1 << CHECK_SEEN_LOG2, sizeof(struct check_seen)),
	};
	m->check = check;
}

struct check_place check_here(const struct mmu *m, enum check_by by)
{
	struct trace_head head = { 0 };

	m->trace_head(m->owner, &head);
	return (struct check_place){
		.known = true,
		.by = (u8)by,
		.pc = head.pc,
		.instret = head.instret,
		.hart = head.hart,
		.priv = head.priv,
	};
}

void check_forget_all(struct mmu_check *check)
{
	for (u32 i = 0; i < check->hart_count; i++) {
		struct mmu *m = check->harts[i].m;

		fast_flush_translated(m);
		m->fetch_drop(m->owner, true, 0);
	}
}

bool check_in_window(struct mmu_check *check, const struct check_hart *h, const struct check_place *culprit, u64 seq)
{
	struct check_hart *other = check->harts;

	if (!culprit->known || culprit->by != CHECK_BY_STORE || culprit->hart == h->id)
		return false;
	while (other->id != culprit->hart)
		other++;
	if (other->lowered[culprit->priv & 3] > seq)
		return false;
	if (check_here(other->m, CHECK_BY_STORE).instret - culprit->instret > WINDOW_INSNS)
		return false;
	other->awaited = true;
	return true;
}

/* --- telling --- */

/* Puts the key into the table. False: it was there, or the table is full. */
static bool is_new(struct mmu_check *check, u64 key)
{
	u64 mask = MASK(CHECK_TOLD_LOG2), at = check_hash(key) & mask;

	key |= 1;
	for (; check->told[at]; at = (at + 1) & mask)
		if (check->told[at] == key)
			return false;
	if (check->told_count > mask / 4 * 3)
		return false;
	check->told[at] = key;
	check->told_count++;
	return true;
}

void check_tell(struct mmu_check *check, const struct check_report *report, u64 a, u64 b)
{
	u64 what = check_hash(a * CHECK_KINDS + report->kind);
	bool tell = false;

	check->counts[report->kind]++;
	if (!is_new(check, check_hash(what ^ b)))
		return;
	check->places[report->kind]++;
	for (u64 i = 0; i < TOLD_SAME && !tell; i++)
		tell = is_new(check, check_hash(what + i));
	if (tell)
		check->report(check->arg, report);
}

void check_inherit(struct mmu_check *check, const struct mmu_check *old)
{
	memcpy(check->counts, old->counts, sizeof(check->counts));
	memcpy(check->places, old->places, sizeof(check->places));
	memcpy(check->told, old->told, sizeof(check->told));
	check->told_count = old->told_count;
}

/* --- traps --- */

void check_loop(struct mmu_check *check, struct mmu *m, u64 pc, u64 cause, u64 tval)
{
	struct check_hart *h = check_hart_of(check, m);
	struct check_report report = {
		.kind = CHECK_LOOP,
		.use = check_here(m, CHECK_BY_STORE),
		.va = tval,
		.asid = m->asid,
		.satp_had = m->satp,
		.satp_has = m->satp,
		.reason = WALK_OK,
		.cause = cause,
		.times = h->loop.count,
		.missing = "",
	};

	report.use.pc = pc;
	if (check_wants(check, CHECK_LOOP))
		check_tell(check, &report, pc, cause);
}

/* An exception that comes again before its instruction, or any, was done. */
static void note_exception(struct mmu_check *check, struct check_hart *h, const struct trace_trap *event)
{
	u64 pc = event->head.pc, instret = event->head.instret;
	bool back = pc == h->loop.ret_pc && instret - h->loop.ret_instret <= 1;
	bool same = pc == h->loop.pc && event->cause == h->loop.cause && event->tval == h->loop.tval;

	h->loop.count = same && (back || instret == h->loop.instret) ? h->loop.count + 1 : 1;
	h->loop.pc = pc;
	h->loop.cause = event->cause;
	h->loop.tval = event->tval;
	h->loop.instret = instret;
	h->calling |= event->cause == CAUSE_CALL_FROM_U;
	if (h->loop.count == LOOP_TRAPS)
		check_loop(check, h->m, pc, event->cause, event->tval);
}

static void note_return(struct mmu_check *check, struct check_hart *h, const struct trace_trap *event)
{
	h->loop.ret_pc = event->target;
	h->loop.ret_instret = event->head.instret;
	check->seq++;
	for (u32 priv = event->to_priv + 1u; priv < ARRAY_SIZE(h->lowered); priv++)
		h->lowered[priv] = check->seq;
	if (event->to_priv == PRIV_U && h->calling) {
		h->lowered[PRIV_U] = check->seq;
		h->calling = false;
	}
	if (!h->awaited)
		return;
	/* Whoever still uses what it changed is looked at again. */
	h->awaited = false;
	check_forget_all(check);
}

void check_trap(struct mmu_check *check, const struct trace_trap *event)
{
	for (u32 i = 0; i < check->hart_count; i++) {
		struct check_hart *h = &check->harts[i];

		if (h->id != event->head.hart)
			continue;
		if (event->is_return)
			note_return(check, h, event);
		else if (!(event->cause >> 63))
			note_exception(check, h, event);
	}
}

/* --- beginning and end --- */

void check_storing(struct mmu_check *check, struct mmu *m, enum check_by by)
{
	check->storing = m;
	check->by = by;
}

void check_stored(struct mmu_check *check)
{
	check->storing = NULL;
}

static void on_written(void *arg, u64 pa, u64 size)
{
	struct mmu_check *check = arg;
	struct check_page *page = check_page_find(check, pa);

	if (!page)
		return;
	if (page->table)
		check_table_written(check, page, pa, size);
	if (page->code)
		check_code_written(check, page, pa, size);
	check_page_watch(check, page);
}

struct mmu_check *check_create(struct bus *bus, u32 kinds, void (*report)(void *arg, const struct check_report *report),
                               void *arg)
{
	struct mmu_check *check = xcalloc(1, sizeof(*check));

	check->bus = bus;
	check->kinds = kinds;
	check->report = report;
	check->arg = arg;
	check->seq = 1;
	check->changes = xcalloc(1 << CHECK_CHANGES_LOG2, sizeof(*check->changes));
	bus_watch(bus, on_written, check);
	return check;
}

static void free_page(struct check_page *page)
{
	if (page->code)
		free(page->code->seen);
	free(page->code);
	free(page->table);
	free(page);
}

void check_destroy(struct mmu_check *check)
{
	if (!check)
		return;
	for (u32 i = 0; i < 1 << CHECK_PAGES_LOG2; i++) {
		struct check_page *next;

		for (struct check_page *page = check->pages[i]; page; page = next) {
			next = page->next;
			free_page(page);
		}
	}
	for (u32 i = 0; i < check->hart_count; i++) {
		free(check->harts[i].fence_asid);
		free(check->harts[i].filled);
		free(check->harts[i].failed);
	}
	free(check->changes);
	free(check);
}
