/*
 * What the MMU counts adds up, and the short way (mmu/seen.h) counts what the long way does.
 *
 * Two MMUs do the same random accesses, fences, switches of address space and of mode, over the same random page
 * tables. One takes the short way where it can; the other one's events are all wanted, so that it never does, and what
 * it emits is counted here a second time. After thousands of steps all counters of the two are the same, and so is
 * every bit of what a snapshot would keep: entries, order of replacement, lines in caches, cycles.
 */
#include "mmu/mmu.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "emu/base/state.h"

#define STEPS 20000u
#define RAM 0x80000000ull
#define RAM_SIZE (4 * MIB)
#define ROOTS (RAM + 2 * MIB) /* page tables: two roots, and tables below */
#define SPACES 2
#define SATP(space) (8ull << 60 | (u64)((space) + 1) << 44 | (ROOTS + (space)*0x10000) >> PAGE_SHIFT)

/* What the second one's events say. */
struct told {
	u64 walks, steps, refs, misses, hits, cycles, fences;
	u64 first_denied, second_denied, second_missed;
};

struct rig {
	struct bus bus;
	struct mmu mmu;
	struct trace trace;
	struct told told;
	struct cost_shared *shared;
	u64 steps;
	u64 last_page; /* that was accessed */
};

static u64 seed;

static u64 rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed * 0x9e3779b97f4a7c15ull >> 8;
}

static void no_head(void *owner, struct trace_head *head)
{
	(void)owner, (void)head;
}

static void no_device(void *owner)
{
	(void)owner;
}

static void no_drop(void *owner, bool everything, u64 va)
{
	(void)owner, (void)everything, (void)va;
}

static void emit(void *arg, enum trace_sort sort, const void *event)
{
	struct rig *r = arg;
	const struct trace_walk *walk = event;
	const struct trace_tlb *tlb = event;

	r->told.refs += sort == TRACE_REF;
	r->told.fences += sort == TRACE_FENCE;
	if (sort == TRACE_TLB) {
		r->told.misses += tlb->what == TRACE_TLB_MISS;
		r->told.hits += tlb->what == TRACE_TLB_HIT;
	} else if (sort == TRACE_WALK) {
		u64 cycles = 0;

		r->told.walks++;
		r->told.steps += walk->result->step_count;
		for (u32 i = 0; i < walk->result->step_count; i++)
			cycles += walk->result->steps[i].cycles;
		assert_int_equal(cycles, walk->cycles);
		assert_int_equal(walk->start_cycle + cycles, mmu_cycles(&r->mmu));
		r->told.cycles += cycles;
		r->told.first_denied += walk->first == TRACE_TLB_DENIED;
		r->told.second_denied += walk->second == TRACE_TLB_DENIED;
		r->told.second_missed += walk->second == TRACE_TLB_MISSED;
	}
}

static void put_pte(struct rig *r, u64 pte_addr, u64 pa, u64 flags)
{
	u64 pte = pa >> PAGE_SHIFT << PTE_PPN_SHIFT | flags;

	assert_true(bus_write(&r->bus, pte_addr, &pte, sizeof(pte)));
}

/* A leaf with some flags missing now and then. */
static u64 random_flags(void)
{
	static const u64 rights[] = { PTE_R | PTE_W | PTE_X, PTE_R | PTE_W, PTE_R | PTE_X, PTE_R, PTE_X };
	u64 flags = rights[rnd() % ARRAY_SIZE(rights)] | (rnd() % 16 ? PTE_V : 0);

	flags |= rnd() % 2 ? PTE_U : 0;
	flags |= rnd() % 8 ? 0 : PTE_G;
	flags |= rnd() % 4 ? PTE_A : 0;
	return flags | (rnd() % 2 ? PTE_D : 0);
}

/* Gigabyte 0: two tables of base pages, runs of NAPOT pages, and superpages. Gigabyte 1: one page. */
static void make_space(struct rig *r, u64 root)
{
	u64 level1 = root + 0x1000, level0 = root + 0x2000;

	put_pte(r, root, level1, PTE_V);
	put_pte(r, root + 8, RAM & ~MASK(30), PTE_V | PTE_R | PTE_W | PTE_A | PTE_D | PTE_G);
	for (u64 i = 0; i < 2; i++) {
		put_pte(r, level1 + 8 * i, level0 + i * 0x1000, PTE_V);
		for (u64 n = 0; n < 64; n++)
			put_pte(r, level0 + i * 0x1000 + 8 * n, RAM + rnd() % 256 * PAGE_SIZE, random_flags());
	}
	for (u64 n = 64; n < 128; n += 16) {
		u64 flags = PTE_N | PTE_V | PTE_R | PTE_W | PTE_X | PTE_A | PTE_D | (rnd() % 2 ? PTE_U : 0);
		u64 pa = RAM + rnd() % 16 * 0x10000 + 8 * PAGE_SIZE;

		for (u64 i = 0; i < 16; i++)
			put_pte(r, level0 + 8 * (n + i), pa, flags);
	}
	for (u64 n = 2; n < 6; n++)
		put_pte(r, level1 + 8 * n, RAM, random_flags());
}

static struct rig *rig_create(const struct tlb_config *tlb, const struct cost_config *cost, bool told)
{
	struct rig *r = calloc(1, sizeof(*r));
	struct error err;

	bus_init(&r->bus);
	assert_true(bus_add_ram(&r->bus, "ram", RAM, RAM_SIZE, &err));
	r->shared = cost ? cost_shared_create(cost) : NULL;
	struct mmu_config config = {
		.tlb = tlb,
		.cost = cost,
		.shared = r->shared,
		.ad = rnd() % 2 ? AD_UPDATE : AD_TRAP,
		.asid_bits = 16,
		.levels_max = 3,
		.has_svnapot = true,
	};
	mmu_init(&r->mmu, &r->bus, &config);
	r->trace = (struct trace){ .wanted = told ? ~0u : 0, .emit = emit, .arg = r };
	r->mmu.trace = &r->trace;
	r->mmu.trace_head = no_head;
	r->mmu.before_device = no_device;
	r->mmu.fetch_drop = no_drop;
	r->mmu.steps = &r->steps;
	mmu_set_all_slow(&r->mmu, true);
	pmp_write_addr(&r->mmu.pmp, 0, ~0ull);
	pmp_write_cfg(&r->mmu.pmp, 0, 0x1f); /* NAPOT, RWX: everything */
	for (u32 space = 0; space < SPACES; space++)
		make_space(r, ROOTS + space * 0x10000);
	mmu_write_satp(&r->mmu, SATP(0));
	mmu_set_context(&r->mmu, PRIV_S, 0, false, false);
	return r;
}

static void rig_destroy(struct rig *r)
{
	mmu_free(&r->mmu);
	cost_shared_destroy(r->shared);
	bus_free(&r->bus);
	free(r);
}

/* Mostly pages that were used lately. */
static u64 random_va(struct rig *r)
{
	u64 last = r->last_page;
	u64 offset = rnd() % 512 * 8 + (rnd() % 16 ? 0 : rnd() % 8);

	switch (rnd() % 8) {
	case 0:
		last = rnd() % 128 * PAGE_SIZE;
		break;
	case 1:
		last = 2 * MIB + rnd() % 64 * PAGE_SIZE;
		break;
	case 2:
		last = 4 * MIB + rnd() % 2048 * PAGE_SIZE; /* partly beyond what is mapped */
		break;
	case 3:
		last = GIB + rnd() % 128 * PAGE_SIZE;
		break;
	}
	r->last_page = last;
	return rnd() % 500 ? last + offset : 1ull << 45;
}

/* A random step. Returns what came of it. */
static u64 step(struct rig *r)
{
	u64 va = random_va(r), value = 0, pa = 0;
	u32 what = (u32)(rnd() % 1000), size = 1u << rnd() % 4;
	bool uniform, ok = true;

	r->steps++;
	if (what < 8) {
		mmu_fence(&r->mmu, rnd() % 2, va, rnd() % 2, 1 + rnd() % SPACES);
	} else if (what < 12) {
		mmu_write_satp(&r->mmu, SATP(rnd() % SPACES));
	} else if (what < 30) {
		u64 mstatus = (rnd() % 2 ? MSTATUS_SUM : 0) | (rnd() % 4 ? 0 : MSTATUS_MXR);

		mmu_set_context(&r->mmu, rnd() % 16 ? (enum priv)(rnd() % 2) : PRIV_M, mstatus, false, false);
	} else if (what < 40) {
		/* A PTE changes, with or without a fence. */
		u64 n = rnd() % 64;

		put_pte(r, ROOTS + 0x2000 + 8 * n, RAM + rnd() % 256 * PAGE_SIZE, random_flags());
		if (rnd() % 2)
			mmu_fence(&r->mmu, true, n * PAGE_SIZE, false, 0);
	} else if (what < 44) {
		/* A table becomes a superpage, or comes back, with no fence: old small entries stay beside the large
		 * one. */
		u64 i = rnd() % 2;

		if (rnd() % 2)
			put_pte(r, ROOTS + 0x1000 + 8 * i, RAM, PTE_V | PTE_R | PTE_W | PTE_X | PTE_A | PTE_D | PTE_U);
		else
			put_pte(r, ROOTS + 0x1000 + 8 * i, ROOTS + 0x2000 + i * 0x1000, PTE_V);
	} else if (what < 46) {
		mmu_reset(&r->mmu);
		pmp_write_addr(&r->mmu.pmp, 0, ~0ull);
		pmp_write_cfg(&r->mmu.pmp, 0, 0x1f);
		mmu_write_satp(&r->mmu, SATP(0));
		mmu_pmp_changed(&r->mmu);
	} else if (what < 400) {
		ok = mmu_load(&r->mmu, va, size, &value);
	} else if (what < 600) {
		ok = mmu_store(&r->mmu, va, size, rnd());
	} else if (what < 620) {
		ok = mmu_atomic(&r->mmu, va & ~7ull, 8, ATOMIC_AMO, &pa) != NULL;
	} else {
		ok = mmu_fetch(&r->mmu, va & ~1ull, &pa, &uniform);
		if (ok)
			mmu_fetched(&r->mmu, pa, 2);
	}
	return ok ? value * 31 + pa : 1 + r->mmu.fault.reason;
}

static u64 sum_of(const void *counts, size_t size)
{
	u64 all = 0;

	for (size_t i = 0; i < size / sizeof(u64); i++)
		all += ((const u64 *)counts)[i];
	return all;
}
#define SUM(counts) sum_of(counts, sizeof(counts))

/* The laws, and what the events said. */
static void check_laws(const struct rig *r)
{
	const struct mmu_stats *s = &r->mmu.stats;
	const struct tlb_config *tlb = tlb_config(r->mmu.tlb);
	bool has_second = tlb->second[0].ways;
	u64 denied = SUM(s->tlb[0].denied) + SUM(s->tlb[1].denied);
	u64 last_misses = has_second ? SUM(s->tlb[1].misses) : SUM(s->tlb[0].misses);

	assert_int_equal(SUM(s->tlb[1].hits) + SUM(s->tlb[1].misses), has_second ? SUM(s->tlb[0].misses) : 0);
	assert_int_equal(SUM(s->tlb[0].hits) + SUM(s->tlb[1].hits), r->told.hits);
	assert_int_equal(last_misses, r->told.misses);
	if (!tlb->keep_denied)
		assert_int_equal(SUM(s->walks_by), last_misses + denied);
	assert_int_equal(SUM(s->walks_by), r->told.walks);
	assert_int_equal(SUM(s->pte_reads_by), r->told.steps);
	assert_int_equal(r->told.first_denied + r->told.second_denied, SUM(s->walks_by) - last_misses);
	assert_int_equal(r->told.second_missed, has_second ? last_misses : 0);
	assert_int_equal(SUM(s->fences) - s->fences[MMU_FLUSH_RESET], r->told.fences);
	assert_in_range(s->ad_updates, s->a_updates > s->d_updates ? s->a_updates : s->d_updates,
	                s->a_updates + s->d_updates);
	for (u32 access = 0; access < MMU_ACCESSES; access++) {
		assert_int_equal(mmu_stats_walks(s, access), SUM(s->walks_by[access]));
		for (u32 mode = 0; mode < MMU_MODES; mode++)
			assert_int_equal(s->tlb[0].hits[access][mode][MMU_SIZE_NONE], 0);
	}
	if (!r->mmu.cost) {
		assert_int_equal(SUM(s->walk_cycles), 0);
		return;
	}
	const struct cost_stats *c = cost_stats(r->mmu.cost);

	assert_int_equal(SUM(s->walk_cycles), SUM(s->walks_by));
	assert_int_equal(SUM(c->waited) + c->waited_tlb, cost_waited(r->mmu.cost));
	for (u32 place = 0; place < COST_PLACES; place++) {
		static const u8 sources[] = { WALK_FROM_L1, WALK_FROM_L2, WALK_FROM_MEMORY };
		u64 reads = 0;

		for (u32 level = 0; level < WALK_LEVELS_MAX; level++)
			reads += s->pte_reads_by[level][sources[place]];
		assert_int_equal(c->found[COST_PTE][place], reads);
	}
}

struct bytes {
	u8 *all;
	size_t size;
};

static bool keep(void *arg, void *from, size_t size)
{
	struct bytes *b = arg;

	b->all = xrealloc(b->all, b->size + size);
	memcpy(b->all + b->size, from, size);
	b->size += size;
	return true;
}

static struct bytes saved(struct rig *r)
{
	struct bytes b = { 0 };
	struct error err = { "" };
	struct state s = { .err = &err, .transfer = keep, .arg = &b };

	mmu_state(&s, &r->mmu);
	assert_true(state_ok(&s));
	return b;
}

static void run(const struct tlb_config *tlb, const struct cost_config *cost, u64 first_seed)
{
	struct rig *short_way, *long_way;
	u64 short_seed, long_seed;

	seed = first_seed;
	short_way = rig_create(tlb, cost, false);
	short_seed = seed;
	seed = first_seed;
	long_way = rig_create(tlb, cost, true);
	long_seed = seed;
	for (u32 i = 0; i < STEPS; i++) {
		u64 a, b;

		seed = short_seed;
		a = step(short_way);
		short_seed = seed;
		seed = long_seed;
		b = step(long_way);
		long_seed = seed;
		assert_int_equal(a, b);
		assert_int_equal(mmu_cycles(&short_way->mmu), mmu_cycles(&long_way->mmu));
	}
	check_laws(long_way);
	struct bytes one = saved(short_way), other = saved(long_way);

	assert_int_equal(one.size, other.size);
	assert_memory_equal(one.all, other.all, one.size);
	assert_in_range(SUM(long_way->mmu.stats.tlb[0].hits), 1000, STEPS);
	free(one.all);
	free(other.all);
	rig_destroy(short_way);
	rig_destroy(long_way);
}

static void test_every_core_adds_up_and_counts_the_same_on_both_ways(void **state)
{
	(void)state;
	for (u32 i = 0; tlb_preset_at(i); i++) {
		const struct tlb_config *tlb = tlb_preset_at(i);

		print_message("preset %s\n", tlb->name);
		run(tlb, NULL, 77 + i);
		run(tlb, cost_preset(tlb->name) ? cost_preset(tlb->name) : cost_preset("teach"), 177 + i);
	}
}

static void test_odd_geometries_do_too(void **state)
{
	static const struct tlb_config configs[] = {
		{ .name = "unified lru",
		  .first = { { { 1, 6, TLB_LRU, 0, 4 } } },
		  .second = { { 4, 2, TLB_LRU, 0, 1 } } },
		{ .name = "unified plru", .first = { { { 2, 5, TLB_PLRU, 0, 0 }, { 1, 3, TLB_LRU, 1, 4 } } } },
		{ .name = "superpages first", .first = { { { 1, 4, TLB_LRU, 1, 4 }, { 4, 4, TLB_PLRU, 0, 0 } } } },
		{ .name = "random",
		  .split = true,
		  .first = { { { 1, 4, TLB_RANDOM, 0, 4 } }, { { 1, 4, TLB_LRU, 0, 4 } } } },
	};

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(configs); i++)
		for (u32 n = 0; n < 4; n++)
			run(&configs[i], n % 2 ? cost_preset("rocket") : NULL, 1000 + 10 * i + n);
}

/* A small page's entry was used lately; a superpage over it, filled through another page, is found first from now on.
 */
static void test_large_page_that_comes_beside_a_small_one_is_seen(void **state)
{
	static const struct tlb_config config = { .first = { { { 1, 4, TLB_LRU, 1, 4 }, { 4, 4, TLB_PLRU, 0, 0 } } } };
	const u64 flags = PTE_V | PTE_R | PTE_A | PTE_D;
	struct rig *r = rig_create(&config, NULL, false);
	u64 value;

	(void)state;
	put_pte(r, ROOTS + 0x2000, RAM, flags);
	for (u32 i = 0; i < 3; i++)
		assert_true(mmu_load(&r->mmu, 0, 8, &value));
	put_pte(r, ROOTS + 0x1000, RAM, flags);
	assert_true(mmu_load(&r->mmu, 5 * PAGE_SIZE, 8, &value));
	assert_true(mmu_load(&r->mmu, 0, 8, &value));
	assert_int_equal(r->mmu.stats.tlb[0].hits[ACCESS_LOAD][PRIV_S][MMU_SIZE_4K], 2);
	assert_int_equal(r->mmu.stats.tlb[0].hits[ACCESS_LOAD][PRIV_S][MMU_SIZE_2M], 1);
	rig_destroy(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_core_adds_up_and_counts_the_same_on_both_ways),
		cmocka_unit_test(test_odd_geometries_do_too),
		cmocka_unit_test(test_large_page_that_comes_beside_a_small_one_is_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
