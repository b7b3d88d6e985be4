/*
 * Makes views of the MMU (emu/observe/live.h) without a machine: one of 64 MiB with a kernel, page tables, processes
 * and swapping, with a TLB of a few entries or of thousands, walks that worked and one that failed. Always the same.
 */
#ifndef RVEMU_TESTS_UNIT_LIVE_MAKER_H
#define RVEMU_TESTS_UNIT_LIVE_MAKER_H

#include "emu/observe/live.h"

#include <stdio.h>
#include <string.h>

#define MAKER_BASE 0x80000000ull
#define MAKER_FRAMES 16384u
#define MAKER_ROOT 0x80412000ull /* of the shell's tables */
#define MAKER_SATP (8ull << 60 | 3ull << 44 | MAKER_ROOT >> 12)

enum maker_tlb { MAKER_TLB_TEACH, MAKER_TLB_ROCKET, MAKER_TLB_FAST };

static inline u32 maker_random(u32 *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

static inline void maker_run(struct live_view *v, u32 first, u32 count, u8 kind, u32 pid, u32 *state)
{
	for (u32 i = first; i < first + count && i < v->cell_count; i++) {
		u32 r = maker_random(state);
		v->cells[i] = (struct live_cell){ .kind = kind, .pid = pid };
		v->cells[i].age = kind == GUEST_FRAME_FREE ? 0 : (u8)(r % 5 == 0 ? 0 : 1 + r / 8 % 22);
		v->cells[i].maps = kind == GUEST_FRAME_SHARED ? (u8)(2 + r % 3) : kind >= GUEST_FRAME_ANON;
		if (kind == GUEST_FRAME_FILE && r % 3 == 0)
			v->cells[i].maps = (u8)(r % 4);
		v->cells[i].flags = kind >= GUEST_FRAME_ANON && r % 7 < 3 ? LIVE_CELL_DIRTY : 0;
		if (r % 977 == 5 && kind == GUEST_FRAME_ANON)
			v->cells[i].flags |= LIVE_CELL_FAULTED;
		if (pid == 3)
			v->cells[i].flags |= LIVE_CELL_CURRENT;
	}
}

static inline void maker_frames(struct live_view *v)
{
	u32 state = 7;
	v->ram_base = MAKER_BASE;
	v->ram_size = (u64)MAKER_FRAMES << 12;
	v->cell_count = MAKER_FRAMES;
	maker_run(v, 0, MAKER_FRAMES, GUEST_FRAME_FREE, 0, &state);
	maker_run(v, 0, 700, GUEST_FRAME_KERNEL, 0, &state);
	for (u32 at = 760; at < 12500;) {
		static const u8 kinds[] = { GUEST_FRAME_ANON,   GUEST_FRAME_ANON, GUEST_FRAME_FILE, GUEST_FRAME_ANON,
			                    GUEST_FRAME_SHARED, GUEST_FRAME_SWAP, GUEST_FRAME_FREE, GUEST_FRAME_FILE };
		u32 r = maker_random(&state), n = 20 + r % 240;
		u8 kind = kinds[r / 256 % 8];
		maker_run(v, at, n, kind, kind == GUEST_FRAME_FREE || kind == GUEST_FRAME_FILE ? 0 : 1 + r / 2048 % 9,
		          &state);
		maker_run(v, at + n, 1 + r % 3, GUEST_FRAME_TABLE, 1 + r % 9, &state);
		at += n + 3;
	}
	for (u32 i = 0; i < v->cell_count; i++)
		v->frames_by_kind[v->cells[i].kind]++;
}

static inline u16 maker_table(struct live_view *v, u16 parent, u16 slot, u8 level, u64 va)
{
	u16 i = (u16)v->table_count++;
	v->tables[i] = (struct live_table){
		.pa = MAKER_ROOT + ((u64)i << 12), .va = va, .parent = parent, .slot = slot, .level = level
	};
	if (i > 0) {
		v->tables[parent].entries[slot] = LIVE_ENTRY_VALID;
		v->tables[parent].used++;
	}
	return i;
}

static inline void maker_pages(struct live_view *v, u32 table, u32 first, u32 count, u8 flags)
{
	for (u32 i = first; i < first + count && i < 512; i++)
		v->tables[table].entries[i] = flags;
	v->tables[table].used = (u16)(v->tables[table].used + count);
}

static inline void maker_tables(struct live_view *v)
{
	static const char *const names[] = { "sh", "init", "vi", "swap1", "swap1", "swap1", "cow" };
	static const u32 pids[] = { 3, 1, 7, 11, 12, 13, 15 };
	v->shown_satp = v->satp = MAKER_SATP;
	v->levels = 3;
	for (u32 i = 0; i < 7; i++) {
		struct live_space *space = &v->spaces[v->space_count++];
		*space = (struct live_space){ .satp = MAKER_SATP + ((u64)i << 44) + i * 64,
			                      .pid = pids[i],
			                      .harts = i == 0 };
		snprintf(space->name, sizeof(space->name), "%s", names[i]);
	}
	maker_table(v, 0, 0, 2, 0);
	u16 low = maker_table(v, 0, 0, 1, 0), mid = maker_table(v, 0, 64, 1, 64ull << 30);
	u16 top = maker_table(v, 0, 255, 1, 255ull << 30), kernel = maker_table(v, 0, 256, 1, 0xffffffc000000000ull);
	maker_pages(v, kernel, 0, 32, 0xe7);
	maker_pages(v, kernel, 40, 1, 0xeb);
	u16 code = maker_table(v, low, 0, 0, 0), heap = maker_table(v, low, 1, 0, 2ull << 20);
	for (u32 i = 0; i < 12; i++) {
		u16 t = maker_table(v, mid, (u16)(i + 8), 0, (64ull << 30) + (8ull + i) * (2ull << 20));
		maker_pages(v, t, 13 * i, 90 + 27 * i, i % 3 == 0 ? 0xd3 : i % 3 == 1 ? 0xd7 : 0x57);
		maker_pages(v, t, 13 * i + 50, 20, LIVE_ENTRY_SOFTWARE);
	}
	u16 stack = maker_table(v, top, 511, 0, (255ull << 30) + 511 * (2ull << 20));
	maker_pages(v, code, 16, 60, 0x5b);
	maker_pages(v, code, 76, 20, 0x53);
	maker_pages(v, code, 96, 14, 0xd7);
	maker_pages(v, code, 120, 1, 0xdf);
	maker_pages(v, heap, 0, 300, 0xd7);
	maker_pages(v, heap, 100, 60, LIVE_ENTRY_SOFTWARE);
	maker_pages(v, heap, 200, 40, 0x17);
	maker_pages(v, stack, 480, 31, 0xd7);
}

static inline void maker_tlb_entry(struct live_view *v, u8 array, u32 set, u32 way, u32 *state)
{
	u32 r = maker_random(state);
	struct live_tlb_entry *e = &v->tlb[v->tlb_count++];
	*e = (struct live_tlb_entry){ .array = array, .set = (u16)set, .way = (u16)way, .asid = (u16)(3 + r % 4) };
	e->va = 0x10000 + ((u64)(r % 5000) << 12);
	e->pa = MAKER_BASE + ((u64)(r % MAKER_FRAMES) << 12);
	e->global = r % 5 == 0;
	e->size_log2 = e->global ? 21 : 12;
	if (e->global) {
		e->va = 0xffffffc000000000ull + ((u64)(r % 32) << 21);
		e->pa = MAKER_BASE + ((u64)(r % 32) << 21);
	}
	e->pte = e->pa >> 2 | (e->global ? 0xe7 : 0xd7);
	e->age = (u8)(1 + r % 20);
	e->is_current = e->asid == 3 || e->global;
}

static inline void maker_array(struct live_view *v, const char *name, u16 sets, u16 ways, u32 used)
{
	u8 index = (u8)v->tlb_array_count++;
	u32 state = 99u + index, slots = (u32)sets * ways;
	struct live_tlb_array *a = &v->tlb_arrays[index];
	*a = (struct live_tlb_array){ .sets = sets, .ways = ways, .used = used };
	snprintf(a->name, sizeof(a->name), "%s", name);
	for (u32 i = 0; i < used && v->tlb_count < LIVE_TLB_MAX; i++) {
		u32 slot = (u32)((u64)i * slots / used);
		maker_tlb_entry(v, index, slot / ways, slot % ways, &state);
	}
}

static inline void maker_tlb(struct live_view *v, enum maker_tlb tlb)
{
	if (tlb == MAKER_TLB_TEACH) {
		snprintf(v->tlb_name, sizeof(v->tlb_name), "teach");
		maker_array(v, "all", 1, 4, 3);
	} else if (tlb == MAKER_TLB_ROCKET) {
		snprintf(v->tlb_name, sizeof(v->tlb_name), "rocket");
		maker_array(v, "fetch L1", 1, 32, 20);
		maker_array(v, "data L1", 1, 32, 32);
		maker_array(v, "L2", 128, 4, 300);
		maker_array(v, "walk cache", 1, 8, 5);
	} else {
		snprintf(v->tlb_name, sizeof(v->tlb_name), "fast");
		maker_array(v, "base pages", 4096, 8, 4000);
		maker_array(v, "superpages", 1, 64, 30);
	}
	for (u32 i = 0; i < v->tlb_count && v->stale_count < 1; i++) {
		v->tlb[i].is_stale = !v->tlb[i].global;
		v->stale_count += v->tlb[i].is_stale;
	}
}

static inline void maker_step(struct live_walk *w, u8 level, u64 pte_addr, u64 pte)
{
	w->steps[w->step_count].level = level;
	w->steps[w->step_count].pte_addr = pte_addr;
	w->steps[w->step_count++].pte = pte;
}

/* The table that an entry of the one at pa points to; where there is none, somewhere. */
static inline u64 maker_next(const struct live_view *v, u64 pa, u32 slot)
{
	for (u32 i = 1; i < v->table_count; i++) {
		if (v->tables[v->tables[i].parent].pa == pa && v->tables[i].slot == slot)
			return v->tables[i].pa;
	}
	return pa + 0x100000 + ((u64)slot << 12);
}

/* A walk by the shell's tables for va; its last PTE is `leaf`, at leaf_level. */
static inline struct live_walk maker_walk(const struct live_view *v, u64 number, u64 va, u8 leaf_level, u64 leaf,
                                          u8 access, u8 reason)
{
	struct live_walk w = { .number = number, .instret = 100 * number, .va = va, .pc = 0x10a58, .satp = MAKER_SATP };
	w.levels = 3;
	w.access = access;
	w.reason = reason;
	w.size_log2 = (u8)(12 + 9 * leaf_level);
	w.priv = PRIV_U;
	u64 table = MAKER_ROOT;
	for (u8 level = 2; level > leaf_level; level--) {
		u64 next = maker_next(v, table, (u32)bits(va, 20 + 9 * level, 12 + 9 * level));
		maker_step(&w, level, table + 8 * bits(va, 20 + 9 * level, 12 + 9 * level), next >> 2 | PTE_V);
		table = next;
	}
	maker_step(&w, leaf_level, table + 8 * bits(va, 20 + 9 * leaf_level, 12 + 9 * leaf_level), leaf);
	if (reason == WALK_OK)
		w.pa = (bits(leaf, 53, 10) << 12) | (va & MASK(12 + 9 * leaf_level));
	snprintf(w.symbol, sizeof(w.symbol), "main+0x24");
	snprintf(w.process, sizeof(w.process), "sh (pid 3)");
	snprintf(
		w.verdict, sizeof(w.verdict), "%s",
		reason == WALK_OK
			? "physical address 0x80345a58, in a 4 KiB page with rights RW for U mode."
			: "store page fault: the level-0 PTE is all zeros, nothing is mapped here. The kernel is called to "
			  "mend it or to end the process.");
	return w;
}

static inline void maker_walks(struct live_view *v)
{
	for (u32 i = 0; i < 12; i++) {
		u64 va = 0x3fffffe000 - i * 0x35a58ull, leaf = (MAKER_BASE + 0x345000 + (i << 14)) >> 2 | 0xd7;
		v->walks[v->walk_count++] = maker_walk(v, 1234 - i, va + 0xa58, 0, leaf, i % 3, WALK_OK);
	}
	v->walks[1] =
		maker_walk(v, 1233, 0xffffffc000345678, 1, (MAKER_BASE + 0x200000) >> 2 | 0xe7, ACCESS_LOAD, WALK_OK);
	v->walks[2] = maker_walk(v, 1232, 0x2a4010, 0, 0, ACCESS_STORE, WALK_INVALID);
	v->has_failed_walk = true;
	v->failed_walk = v->walks[2];
}

static inline void maker_counters(struct live_view *v)
{
	u32 state = 5;
	v->plot_count = LIVE_PLOT;
	v->plot_step_s = 0.25;
	for (u32 k = 0; k < LIVE_COUNTERS; k++) {
		double level = k == LIVE_INSTRET       ? 3e8
		               : k == LIVE_FRAMES_FREE ? 4000
		                                       : 20000 / (k + 1.0),
		       at = level / 2;
		for (u32 i = 0; i < LIVE_PLOT; i++) {
			at += ((double)(maker_random(&state) % 1000) / 500 - 1) * level / 12;
			at = at < 0 ? 0 : at > level ? level : at;
			v->plots[k][i] = (float)(k == LIVE_TLB_HITS ? 5e6 + at * 100 : at);
		}
		v->rates[k] = (double)v->plots[k][LIVE_PLOT - 1];
		v->counters[k] = k == LIVE_FRAMES_FREE ? (u64)v->frames_by_kind[GUEST_FRAME_FREE] : (u64)level * 60;
	}
}

static inline void maker_frame(struct live_view *v, u64 pa)
{
	struct live_frame *f = &v->frame;
	v->has_frame = true;
	*f = (struct live_frame){ .pa = pa, .kind = GUEST_FRAME_ANON, .flags = LIVE_CELL_DIRTY, .pid = 3 };
	snprintf(f->owner, sizeof(f->owner), "sh");
	f->mapping_count = 2;
	for (u32 i = 0; i < 2; i++) {
		f->mappings[i].pid = i == 0 ? 3 : 7;
		f->mappings[i].asid = (u16)(3 + i);
		f->mappings[i].va = 0x2a4000 + i * 0x1000;
		f->mappings[i].pte_addr = 0x80417520 + i * 8;
		f->mappings[i].pte = pa >> 2 | 0xd3;
		f->mappings[i].size_log2 = 12;
	}
	static const char *const texts[] = { "mapped at 0x2a5000 of vi (pid 7)", "copied on write for vi (pid 7)",
		                             "mapped at 0x2a4000 of sh (pid 3)", "allocated: anonymous, for sh (pid 3)",
		                             "freed" };
	for (u32 i = 0; i < 5; i++) {
		f->history[i].time_ns = 12345678900 - i * 1234567;
		f->history[i].instret = 900000 - i * 1000;
		snprintf(f->history[i].text, sizeof(f->history[i].text), "%s", texts[i]);
	}
	f->history_count = 5;
}

/* All of it. The view is the caller's: live_view_destroy(). */
static inline struct live_view *maker_view(enum maker_tlb tlb)
{
	struct live_view *v = live_view_create();
	v->time_ns = 12345678900;
	v->hart_count = 2;
	v->pc = 0x10a58;
	v->priv = PRIV_U;
	v->pid = 3;
	v->has_hints = true;
	snprintf(v->symbol, sizeof(v->symbol), "main+0x24");
	snprintf(v->process, sizeof(v->process), "sh");
	maker_frames(v);
	maker_tables(v);
	maker_tlb(v, tlb);
	maker_walks(v);
	maker_counters(v);
	return v;
}

#endif
