/*
 * mmu/tlb.c against a naive model, for every preset: random fills, lookups and fences of all forms, sizes and address
 * spaces.
 *
 * The model is three plain lists: what each side's first level holds and what the second may hold. It learns of entries
 * that leave the first level from the drop callback alone, as the fast entries do, so the lists of the first level must
 * be exactly what the TLB serves. The second level may lose entries at will; what it does return must be in the list.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "mmu/tlb.h"

#define OPERATIONS 20000u
#define LIST_MAX 4096u

struct list {
	struct tlb_entry entries[LIST_MAX];
	u32 count;
};

struct model {
	struct tlb *tlb;
	const struct tlb_config *config;
	struct list first[2]; /* by side; unified: [0] */
	struct list second;
	u64 flushed; /* entries fences took from the first level */
	u64 drops;
	u64 misses, hits[2]; /* as the model counts them: first, second level */
	u32 seen;            /* entries met by tlb_each */
	u64 seed;
};

static u64 rnd(struct model *m)
{
	m->seed ^= m->seed << 13;
	m->seed ^= m->seed >> 7;
	m->seed ^= m->seed << 17;
	return m->seed * 0x9e3779b97f4a7c15ull >> 8;
}

static u64 pages_of(const struct tlb_entry *e)
{
	return 1ull << (e->size_log2 - 12);
}

static bool holds(const struct tlb_entry *e, u64 vpn)
{
	return vpn >= e->vpn && vpn < e->vpn + pages_of(e);
}

static bool serves(const struct tlb_entry *e, u64 vpn, u16 asid)
{
	return holds(e, vpn) && (e->global || e->asid == asid);
}

static bool same(const struct tlb_entry *a, const struct tlb_entry *b)
{
	return a->vpn == b->vpn && a->ppn == b->ppn && a->pte == b->pte && a->asid == b->asid &&
	       a->size_log2 == b->size_log2 && a->level == b->level && a->pbmt == b->pbmt && a->global == b->global;
}

static void add(struct list *list, const struct tlb_entry *e)
{
	assert_in_range(list->count, 0, LIST_MAX - 1);
	list->entries[list->count++] = *e;
}

static void remove_at(struct list *list, u32 i)
{
	list->entries[i] = list->entries[--list->count];
}

static bool has(const struct list *list, const struct tlb_entry *e)
{
	for (u32 i = 0; i < list->count; i++) {
		if (same(&list->entries[i], e))
			return true;
	}
	return false;
}

static u32 count_serving(const struct list *list, u64 vpn, u16 asid)
{
	u32 n = 0;

	for (u32 i = 0; i < list->count; i++)
		n += serves(&list->entries[i], vpn, asid);
	return n;
}

static struct list *first_list(struct model *m, enum tlb_side side)
{
	return &m->first[m->config->split ? side : TLB_DATA];
}

/* The TLB says that its first level serves this no longer. */
static void on_drop(void *arg, const struct tlb_entry *e)
{
	struct model *m = arg;
	struct list *list = first_list(m, e->fetched ? TLB_FETCH : TLB_DATA);

	m->drops++;
	for (u32 i = 0; i < list->count; i++) {
		if (same(&list->entries[i], e)) {
			remove_at(list, i);
			return;
		}
	}
	fail_msg("dropped an entry that was not there");
}

/* The second level takes a new translation: nothing else there answers for its page any more. */
static void second_fill(struct model *m, u64 vpn, const struct tlb_entry *e)
{
	struct list *list = &m->second;

	for (u32 i = 0; i < list->count;) {
		const struct tlb_entry *old = &list->entries[i];

		if (holds(old, vpn) && (old->global || e->global || old->asid == e->asid))
			remove_at(list, i);
		else
			i++;
	}
	add(list, e);
}

/* Nobody who may use the new entry finds another one for its page. */
static void check_alone(const struct list *list, u64 vpn, const struct tlb_entry *e)
{
	for (u32 i = 0; i < 3; i++) {
		u16 asid = (u16)(i * 0x7fff);

		if (e->global || asid == e->asid)
			assert_int_equal(count_serving(list, vpn, asid), 1);
	}
}

static void do_fill(struct model *m)
{
	static const u8 sizes[] = { 12, 12, 12, 12, 16, 21, 30 };
	static const u8 levels[] = { 0, 0, 0, 0, 0, 1, 2 };
	u32 kind = rnd(m) % 4 ? 0 : (u32)(rnd(m) % ARRAY_SIZE(sizes));
	u64 vpn = rnd(m) % 4 ? rnd(m) % 128 : 0xfffffffc00000ull + rnd(m) % 4 * 512 + rnd(m) % 32;
	enum tlb_side side = rnd(m) % 2 ? TLB_FETCH : TLB_DATA;
	struct tlb_entry e = {
		.vpn = vpn,
		.ppn = rnd(m) % BIT(44),
		.pte = rnd(m),
		.asid = (u16)(rnd(m) % 3 * 0x7fff),
		.size_log2 = sizes[kind],
		.level = levels[kind],
		.pbmt = (u8)(rnd(m) % 3),
		.global = rnd(m) % 6 == 0,
	};
	const struct tlb_entry *got = tlb_fill(m->tlb, side, &e);

	e.vpn &= ~(pages_of(&e) - 1);
	e.ppn &= ~(pages_of(&e) - 1);
	assert_true(same(got, &e));
	assert_int_equal(got->fetched, side == TLB_FETCH);
	add(first_list(m, side), &e);
	second_fill(m, vpn, &e);
	check_alone(first_list(m, side), vpn, &e);
}

static void do_lookup(struct model *m)
{
	enum tlb_side side = m->config->split && rnd(m) % 2 ? TLB_FETCH : TLB_DATA;
	struct list *list = first_list(m, side);
	u64 vpn = rnd(m) % 4 ? rnd(m) % 128 : 0xfffffffc00000ull + rnd(m) % 4 * 512 + rnd(m) % 32;
	u16 asid = (u16)(rnd(m) % 3 * 0x7fff);
	u32 before = count_serving(list, vpn, asid);
	enum tlb_level where;
	const struct tlb_entry *e = tlb_lookup(m->tlb, side, vpn << 12 | rnd(m) % 4096, asid, &where);

	assert_int_equal(e == NULL, where == TLB_MISS);
	if (!e) {
		assert_int_equal(count_serving(list, vpn, asid), 0);
		m->misses++;
		return;
	}
	assert_true(serves(e, vpn, asid));
	m->hits[where == TLB_SECOND]++;
	if (where == TLB_FIRST) {
		assert_true(has(list, e));
		return;
	}
	assert_int_equal(before, 0);
	assert_true(has(&m->second, e));
	add(list, e);
	check_alone(list, vpn, e);
}

static u32 flush_list(struct list *list, bool by_va, u64 vpn, bool by_asid, u16 asid)
{
	u32 before = list->count;

	for (u32 i = 0; i < list->count;) {
		const struct tlb_entry *e = &list->entries[i];
		bool spared = (by_va && !holds(e, vpn)) || (by_asid && (e->global || e->asid != asid));

		if (spared)
			i++;
		else
			remove_at(list, i);
	}
	return before - list->count;
}

static void do_flush(struct model *m)
{
	bool by_va = rnd(m) % 8, by_asid = rnd(m) % 2;
	u64 vpn = rnd(m) % 4 ? rnd(m) % 128 : 0xfffffffc00000ull + rnd(m) % 2048;
	u16 asid = (u16)(rnd(m) % 3 * 0x7fff);
	u64 drops = m->drops;

	tlb_flush(m->tlb, by_va, vpn << 12, by_asid, asid);
	assert_int_equal(m->drops, drops);
	m->flushed += flush_list(&m->first[TLB_DATA], by_va, vpn, by_asid, asid);
	m->flushed += flush_list(&m->first[TLB_FETCH], by_va, vpn, by_asid, asid);
	flush_list(&m->second, by_va, vpn, by_asid, asid);
}

static void see(void *arg, const char *array, const struct tlb_entry *e)
{
	struct model *m = arg;

	if (strncmp(array, "second", 6) == 0) {
		assert_true(has(&m->second, e));
		return;
	}
	m->seen++;
	assert_true(has(&m->first[strncmp(array, "fetch", 5) == 0], e));
}

static void check_contents(struct model *m)
{
	m->seen = 0;
	tlb_each(m->tlb, see, m);
	assert_int_equal(m->seen, m->first[0].count + m->first[1].count);
}

static u64 sum(const u64 *counts, u32 n)
{
	u64 all = 0;

	for (u32 i = 0; i < n; i++)
		all += counts[i];
	return all;
}

static void check_stats(const struct model *m)
{
	const struct mmu_tlb_counts *counts = tlb_counts(m->tlb);

	assert_in_range(sum(counts[0].evictions, MMU_SIZES), 0, m->drops);
	assert_in_range(m->misses, 100, OPERATIONS);
	assert_in_range(m->hits[0], 100, OPERATIONS);
	assert_int_equal(sum(counts[0].flushed[0], MMU_FLUSHES * MMU_SIZES), m->flushed);
	if (m->config->second[0].ways)
		assert_in_range(m->hits[1], 100, OPERATIONS);
	else
		assert_int_equal(sum(counts[1].flushed[0], MMU_FLUSHES * MMU_SIZES), 0);
}

static void run_preset(const struct tlb_config *config)
{
	static struct model m;

	memset(&m, 0, sizeof(m));
	m.config = config;
	m.tlb = tlb_create(config);
	m.seed = 0x9876543;
	tlb_on_drop(m.tlb, on_drop, &m);
	for (u32 i = 0; i < OPERATIONS; i++) {
		u64 what = rnd(&m) % 32;

		if (what == 0)
			do_flush(&m);
		else if (what < 12)
			do_fill(&m);
		else
			do_lookup(&m);
		if (i % 64 == 0)
			check_contents(&m);
	}
	check_stats(&m);
	tlb_destroy(m.tlb);
}

static void test_every_preset_serves_exactly_what_was_filled_and_neither_fenced_nor_dropped(void **state)
{
	(void)state;
	for (u32 i = 0; tlb_preset_at(i); i++) {
		print_message("preset %s\n", tlb_preset_at(i)->name);
		run_preset(tlb_preset_at(i));
	}
}

static void test_random_replacement_and_odd_geometries_do_too(void **state)
{
	static const struct tlb_config configs[] = {
		{ .name = "random", .first = { { { 4, 3, TLB_RANDOM, 0, 4 } } }, .seed = 7 },
		{ .name = "one", .first = { { { 1, 1, TLB_PLRU, 0, 4 } } } },
		{ .name = "odd",
		  .split = true,
		  .first = { { { 1, 13, TLB_PLRU, 0, 0 }, { 2, 3, TLB_LRU, 1, 4 } }, { { 8, 9, TLB_FIFO, 0, 4 } } },
		  .second = { { 16, 5, TLB_RANDOM, 0, 1 } } },
	};

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(configs); i++)
		run_preset(&configs[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_preset_serves_exactly_what_was_filled_and_neither_fenced_nor_dropped),
		cmocka_unit_test(test_random_replacement_and_odd_geometries_do_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
