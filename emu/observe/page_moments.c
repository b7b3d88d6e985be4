/*
 * Moments of the run that others recorded: the use of frames (emu/observe/frame_map.h) and page tables
 * (emu/observe/tables.h).
 *
 * Page tables go into the page as they are, the latest ones first, as long as there is room. Frames are put together to
 * at most CELLS_MAX cells, and a moment is told by what changed since the one before; if that is still too much every
 * other moment is left out, until it fits.
 */
#include "emu/observe/page_internal.h"

#include <stdlib.h>
#include <string.h>

#include "emu/observe/frame_map.h"
#include "emu/observe/tables.h"

#define TABLES_ROOM 700000 /* bytes of RUN_TABLES payloads in the page */
#define TABLES_KEPT 64
#define FRAMES_KEPT 256
#define CELLS_MAX 16384
#define CHANGES_MAX 55000        /* cells told of, over all moments */
#define CELL_MOMENTS_MAX 1200000 /* cells, over all moments: two bits each */
#define PIDS_MAX 65535

/* One frame, or several that are drawn as one. */
struct cell {
	u32 va;  /* page number's low bits of the first of the kind shown */
	u16 who; /* index in pids + 1, or 0 */
	u8 what; /* bits 0..3 enum guest_frame_kind, 6 has a va; and what changes most: */
	u8 maps; /* user mappings, at most 255 */
};

#define CELL_DIRTY BIT(4)
#define CELL_USED BIT(5) /* since the moment before */

struct frames_moment {
	u64 time_ns, instret;
	struct cell *cells;
};

struct payload {
	char *bytes;
	size_t size;
};

struct page_moments {
	struct payload tables[TABLES_KEPT];
	u32 tables_count, tables_seen;
	struct frames_moment frames[FRAMES_KEPT];
	u32 frames_count, frames_seen;
	u64 first;       /* frame number of cell 0 */
	u32 frame_count; /* of RAM */
	u32 cell_count;
	u32 per_cell; /* frames a cell: a power of two */
	bool has_bits, is_cut;
	u32 damaged; /* records that could not be read */
	struct page_map pids;
	u32 *pid_list;
};

struct page_moments *page_moments_create(void)
{
	struct page_moments *p = xcalloc(1, sizeof(*p));
	p->pids.limit = PIDS_MAX;
	p->pid_list = xcalloc(PIDS_MAX, sizeof(*p->pid_list));
	return p;
}

void page_moments_destroy(struct page_moments *p)
{
	for (u32 i = 0; i < p->tables_count; i++)
		free(p->tables[i].bytes);
	for (u32 i = 0; i < p->frames_count; i++)
		free(p->frames[i].cells);
	page_map_free(&p->pids);
	free(p->pid_list);
	free(p);
}

/* --- tables --- */

static void tables_drop(struct page_moments *p, u32 index)
{
	free(p->tables[index].bytes);
	p->tables_count--;
	memmove(&p->tables[index], &p->tables[index + 1], (p->tables_count - index) * sizeof(p->tables[0]));
}

void page_moments_tables(struct page_moments *p, const char *payload, size_t size)
{
	struct tables_moment moment;
	struct error err;
	if (!tables_read(payload, size, &moment, &err)) {
		p->damaged++;
		return;
	}
	tables_free(&moment);
	p->tables_seen++;
	if (size > TABLES_ROOM)
		return;
	if (p->tables_count == TABLES_KEPT)
		tables_drop(p, 0);
	size_t sum = size;
	for (u32 i = 0; i < p->tables_count; i++)
		sum += p->tables[i].size;
	/* the last moment is the one that is looked at most: earlier ones make room, those between the others first */
	while (sum > TABLES_ROOM && p->tables_count) {
		u32 victim = p->tables_count / 2;
		sum -= p->tables[victim].size;
		tables_drop(p, victim);
	}
	struct payload *kept = &p->tables[p->tables_count++];
	kept->size = size;
	kept->bytes = xcalloc(size ? size : 1, 1);
	memcpy(kept->bytes, payload, size);
}

/* --- frames --- */

static u16 who_is(struct page_moments *p, u32 pid)
{
	bool is_new;
	u32 index = pid ? page_map_add(&p->pids, pid, &is_new) : PAGE_MAP_FULL;
	if (index == PAGE_MAP_FULL)
		return 0;
	if (is_new)
		p->pid_list[index] = pid;
	return (u16)(index + 1);
}

/* What a frame of that age (frame_map.h) was doing since so many instructions ago: was it used? */
static bool is_recent(u8 age, u64 since)
{
	return age == 1 || (age > 1 && age < 44 && (u64)1 << (age + 8) <= since);
}

/* Several frames as one: the kind that most have of which it is known, and of that kind the first one's owner. */
static struct cell cell_of(struct page_moments *p, const struct frame_map_frame *frames, u32 count, u64 since)
{
	u32 kinds[16] = { 0 };
	struct cell cell = { 0 };
	for (u32 i = 0; i < count; i++)
		kinds[frames[i].kind & 15]++;
	u32 best = 0;
	for (u32 k = 1; k < GUEST_FRAME_KINDS; k++)
		if (kinds[k] && (best == GUEST_FRAME_UNKNOWN || kinds[k] > kinds[best]))
			best = k;
	bool is_named = false;
	u8 flags = 0;
	u32 maps = 0;
	for (u32 i = 0; i < count; i++) {
		const struct frame_map_frame *f = &frames[i];
		flags |= (u8)((f->dirty ? CELL_DIRTY : 0) | (is_recent(f->age, since) ? CELL_USED : 0));
		maps = f->maps > maps ? f->maps : maps;
		if (is_named || best == GUEST_FRAME_UNKNOWN || (f->kind & 15) != best)
			continue;
		is_named = true;
		cell.who = who_is(p, f->pid);
		cell.va = (u32)(f->va >> 12);
		flags |= (u8)(f->has_va ? 1 << 6 : 0);
	}
	cell.what = (u8)(best | flags);
	cell.maps = (u8)(maps < 255 ? maps : 255);
	return cell;
}

static void frames_halve(struct page_moments *p)
{
	u32 kept = 0;
	for (u32 i = 0; i < p->frames_count; i++) {
		bool stays = i % 2 == 0 || i == p->frames_count - 1;
		/* what was used in a moment left out was used before the next one */
		for (u32 c = 0; !stays && c < p->cell_count; c++)
			p->frames[i + 1].cells[c].what |= p->frames[i].cells[c].what & CELL_USED;
		if (stays)
			p->frames[kept++] = p->frames[i];
		else
			free(p->frames[i].cells);
	}
	p->frames_count = kept;
}

/* The first moment says how the cells are. */
static void frames_begin(struct page_moments *p, const struct frame_map_moment *moment)
{
	p->first = moment->first;
	p->frame_count = moment->frame_count;
	p->per_cell = 1;
	while ((p->frame_count + p->per_cell - 1) / p->per_cell > CELLS_MAX)
		p->per_cell *= 2;
	p->cell_count = (p->frame_count + p->per_cell - 1) / p->per_cell;
}

void page_moments_frames(struct page_moments *p, const char *payload, size_t size)
{
	struct frame_map_moment moment;
	struct error err;
	if (!frame_map_read(payload, size, &moment, &err)) {
		p->damaged++;
		return;
	}
	if (p->frames_seen++ == 0)
		frames_begin(p, &moment);
	if (moment.first != p->first || moment.frame_count != p->frame_count) {
		p->damaged++; /* RAM does not change in a run */
		frame_map_free(&moment);
		return;
	}
	if (p->frames_count == FRAMES_KEPT)
		frames_halve(p);
	p->has_bits |= moment.has_bits;
	p->is_cut |= moment.is_cut;
	u64 before = p->frames_count ? p->frames[p->frames_count - 1].instret : 0;
	u64 since = moment.instret > before ? moment.instret - before : 0;
	struct frames_moment *kept = &p->frames[p->frames_count++];
	*kept = (struct frames_moment){ moment.time_ns, moment.instret, NULL };
	kept->cells = xcalloc(p->cell_count ? p->cell_count : 1, sizeof(*kept->cells));
	for (u32 c = 0; c < p->cell_count; c++) {
		u32 at = c * p->per_cell;
		u32 left = p->frame_count - at;
		kept->cells[c] = cell_of(p, &moment.frames[at], left < p->per_cell ? left : p->per_cell, since);
	}
	frame_map_free(&moment);
}

/* --- what is written --- */

/* But for dirty and used, which are told as bits. */
static bool is_change(const struct page_moments *p, u32 moment, u32 cell)
{
	static const struct cell nothing;
	const struct cell *now = &p->frames[moment].cells[cell];
	const struct cell *before = moment ? &p->frames[moment - 1].cells[cell] : &nothing;
	u8 other = (u8)((now->what ^ before->what) & ~(CELL_DIRTY | CELL_USED));
	return other || now->va != before->va || now->who != before->who || now->maps != before->maps;
}

/* A bit a cell and moment, each moment from a new byte on. */
static void write_bits(const struct page_moments *p, const char *name, u8 flag, FILE *out)
{
	u32 stride = (p->cell_count + 7) / 8;
	size_t size = (size_t)stride * p->frames_count;
	u8 *bytes = xcalloc(size + 1, 1);
	for (u32 i = 0; i < p->frames_count; i++)
		for (u32 c = 0; c < p->cell_count; c++)
			if (p->frames[i].cells[c].what & flag)
				bytes[i * stride + c / 8] |= (u8)(1 << c % 8);
	page_json_column(out, name, "u8", bytes, size);
	free(bytes);
}

static u32 count_changes(const struct page_moments *p, u32 moment)
{
	u32 changes = 0;
	for (u32 c = 0; c < p->cell_count; c++)
		changes += is_change(p, moment, c);
	return changes;
}

static u32 count_all_changes(const struct page_moments *p)
{
	u32 changes = 0;
	for (u32 i = 0; i < p->frames_count; i++)
		changes += count_changes(p, i);
	return changes;
}

static void write_changes(const struct page_moments *p, u32 changes, FILE *out)
{
	u16 *cell = xcalloc(changes + 1, sizeof(*cell));
	u16 *who = xcalloc(changes + 1, sizeof(*who));
	u32 *va = xcalloc(changes + 1, sizeof(*va));
	u8 *what = xcalloc(changes + 1, sizeof(*what));
	u8 *maps = xcalloc(changes + 1, sizeof(*maps));
	u32 *ends = xcalloc(FRAMES_KEPT, sizeof(*ends));
	u32 at = 0;
	for (u32 i = 0; i < p->frames_count; i++) {
		for (u32 c = 0; c < p->cell_count; c++) {
			if (!is_change(p, i, c))
				continue;
			const struct cell *now = &p->frames[i].cells[c];
			cell[at] = (u16)c;
			who[at] = now->who;
			va[at] = now->va;
			what[at] = now->what & (u8) ~(CELL_DIRTY | CELL_USED);
			maps[at++] = now->maps;
		}
		ends[i] = at;
	}
	page_json_column(out, "cell", "u16", cell, at * sizeof(*cell));
	page_json_column(out, "who", "u16", who, at * sizeof(*who));
	page_json_column(out, "va", "u32", va, at * sizeof(*va));
	page_json_column(out, "what", "u8", what, at);
	page_json_column(out, "maps", "u8", maps, at);
	page_json_column(out, "ends", "u32", ends, p->frames_count * sizeof(*ends));
	free(cell);
	free(who);
	free(va);
	free(what);
	free(maps);
	free(ends);
}

void page_moments_write(struct page_moments *p, FILE *out)
{
	u32 changes = count_all_changes(p);
	while (p->frames_count > 2 &&
	       (changes > CHANGES_MAX || (u64)p->frames_count * p->cell_count > CELL_MOMENTS_MAX)) {
		frames_halve(p);
		changes = count_all_changes(p);
	}
	fprintf(out, ",\"damaged\":%u", p->damaged);
	fprintf(out, ",\"tables\":{\"seen\":%u", p->tables_seen);
	page_json_number(out, "count", p->tables_count);
	for (u32 i = 0; i < p->tables_count; i++) {
		char name[24];
		snprintf(name, sizeof(name), "moment%u", i);
		page_json_column(out, name, "u8", p->tables[i].bytes, p->tables[i].size);
	}
	fprintf(out, "},\"frames\":{\"seen\":%u", p->frames_seen);
	page_json_number(out, "count", p->frames_count);
	page_json_number(out, "first", p->first);
	page_json_number(out, "frames", p->frame_count);
	page_json_number(out, "cells", p->cell_count);
	page_json_number(out, "perCell", p->per_cell);
	fprintf(out, ",\"hasBits\":%s,\"cut\":%s", p->has_bits ? "true" : "false", p->is_cut ? "true" : "false");
	double when[2][FRAMES_KEPT];
	for (u32 i = 0; i < p->frames_count; i++) {
		when[0][i] = (double)p->frames[i].instret;
		when[1][i] = (double)p->frames[i].time_ns;
	}
	page_json_column(out, "instret", "f64", when[0], p->frames_count * sizeof(double));
	page_json_column(out, "ns", "f64", when[1], p->frames_count * sizeof(double));
	page_json_column(out, "pids", "u32", p->pid_list, p->pids.count * sizeof(u32));
	write_changes(p, changes, out);
	write_bits(p, "dirty", CELL_DIRTY, out);
	write_bits(p, "used", CELL_USED, out);
	fputs("}", out);
}
