/*
 * The MMU as a whole, without a hart: what a TLB may keep, and what fast entries may never do. The chapters sentence by
 * sentence are in walk_test.c, pmp_test.c and tests/guest.
 */
#include "mmu/mmu.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RAM 0x80000000ull
#define ROOT RAM              /* page tables, one a level */
#define FRAME (RAM + 0x10000) /* what the page maps to */
#define OTHER (RAM + 0x11000) /* and what it may be mapped to instead */
#define VA 0x40000000ull
#define LEAF_ADDR (ROOT + 0x2000)
#define DATA (PTE_V | PTE_R | PTE_W | PTE_A | PTE_D)

static const struct trace no_trace;

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

struct rig {
	struct bus bus;
	struct mmu mmu;
};

static void put_pte(struct rig *r, u64 pte_addr, u64 pa, u64 flags)
{
	u64 pte = pa >> PAGE_SHIFT << PTE_PPN_SHIFT | flags;

	assert_true(bus_write(&r->bus, pte_addr, &pte, sizeof(pte)));
}

/* An MMU in S mode under Sv39, with two pointer PTEs above LEAF_ADDR, the PTE of VA. */
static struct rig *rig_create(const struct tlb_config *tlb)
{
	struct mmu_config config = { .tlb = tlb, .ad = AD_TRAP, .asid_bits = 16, .levels_max = 3 };
	struct rig *r = calloc(1, sizeof(*r));
	struct error err;

	bus_init(&r->bus);
	assert_true(bus_add_ram(&r->bus, "ram", RAM, 1 * MIB, &err));
	mmu_init(&r->mmu, &r->bus, &config);
	r->mmu.trace = &no_trace;
	r->mmu.trace_head = no_head;
	r->mmu.before_device = no_device;
	r->mmu.fetch_drop = no_drop;
	pmp_write_addr(&r->mmu.pmp, 0, ~0ull);
	pmp_write_cfg(&r->mmu.pmp, 0, 0x1f); /* NAPOT, RWX: everything */
	put_pte(r, ROOT + 8 * (VA >> 30), ROOT + 0x1000, PTE_V);
	put_pte(r, ROOT + 0x1000, LEAF_ADDR, PTE_V);
	mmu_write_satp(&r->mmu, 8ull << 60 | ROOT >> PAGE_SHIFT);
	mmu_set_context(&r->mmu, PRIV_S, 0, false, false);
	return r;
}

static void rig_destroy(struct rig *r)
{
	mmu_free(&r->mmu);
	bus_free(&r->bus);
	free(r);
}

static bool loads(struct rig *r)
{
	u64 value;

	return mmu_load(&r->mmu, VA, 8, &value);
}

static void test_valid_pte_without_fence_is_seen_by_a_tlb_that_keeps_no_invalid_ones(void **state)
{
	struct rig *r = rig_create(tlb_preset("fast"));

	(void)state;
	assert_false(loads(r));
	put_pte(r, LEAF_ADDR, FRAME, DATA);
	assert_true(loads(r));
	rig_destroy(r);
}

static void test_valid_pte_without_fence_goes_on_faulting_where_invalid_ones_are_kept(void **state)
{
	struct tlb_config tlb = *tlb_preset("fast");
	struct rig *r;

	(void)state;
	tlb.cache_invalid = tlb.keep_denied = true;
	r = rig_create(&tlb);
	assert_false(loads(r));
	assert_int_equal(r->mmu.fault.reason, WALK_INVALID);
	put_pte(r, LEAF_ADDR, FRAME, DATA);
	assert_false(loads(r));
	assert_int_equal(r->mmu.fault.reason, WALK_INVALID);
	mmu_fence(&r->mmu, true, VA, false, 0);
	assert_true(loads(r));
	rig_destroy(r);
}

/* A rig whose TLB keeps what the manual allows, but forgets nothing. */
static struct rig *adversarial_rig(void)
{
	struct tlb_config tlb = *tlb_preset("adversarial");

	tlb.forget_one_in = 0;
	return rig_create(&tlb);
}

static void test_adversary_keeps_the_pte_of_a_denied_access(void **state)
{
	struct rig *r = adversarial_rig();

	(void)state;
	put_pte(r, LEAF_ADDR, FRAME, DATA & ~PTE_W);
	assert_false(mmu_store(&r->mmu, VA, 8, 1));
	put_pte(r, LEAF_ADDR, FRAME, DATA);
	assert_false(mmu_store(&r->mmu, VA, 8, 1));
	assert_int_equal(r->mmu.fault.reason, WALK_NO_WRITE);
	mmu_fence(&r->mmu, true, VA, false, 0);
	assert_true(mmu_store(&r->mmu, VA, 8, 1));
	rig_destroy(r);
}

static void test_adversary_reads_the_neighbours_of_a_walk(void **state)
{
	struct rig *r = adversarial_rig();
	u64 before = VA, middle = VA + BIT(PAGE_SHIFT), behind = VA + 2 * BIT(PAGE_SHIFT), value;

	(void)state;
	put_pte(r, LEAF_ADDR + 8, FRAME, DATA);
	put_pte(r, LEAF_ADDR + 16, FRAME, DATA & ~PTE_W);
	assert_true(mmu_load(&r->mmu, middle, 8, &value));
	assert_true(tlb_has(r->mmu.tlb, TLB_DATA, behind, 0));
	assert_false(tlb_has(r->mmu.tlb, TLB_FETCH, behind, 0));
	/* The one before was seen to be invalid, the one behind to be read-only. */
	put_pte(r, LEAF_ADDR, FRAME, DATA);
	put_pte(r, LEAF_ADDR + 16, FRAME, DATA);
	assert_false(mmu_load(&r->mmu, before, 8, &value));
	assert_int_equal(r->mmu.fault.reason, WALK_INVALID);
	assert_false(mmu_store(&r->mmu, behind, 8, 1));
	assert_int_equal(r->mmu.fault.reason, WALK_NO_WRITE);
	mmu_fence(&r->mmu, false, 0, false, 0);
	assert_true(mmu_load(&r->mmu, before, 8, &value));
	assert_true(mmu_store(&r->mmu, behind, 8, 1));
	rig_destroy(r);
}

static void test_adversary_sets_no_bit_of_what_it_reads_early(void **state)
{
	struct rig *r = adversarial_rig();
	u64 pte;

	(void)state;
	put_pte(r, LEAF_ADDR, FRAME, DATA);
	put_pte(r, LEAF_ADDR + 8, OTHER, DATA & ~(PTE_A | PTE_D));
	assert_true(loads(r));
	assert_true(bus_read(&r->bus, LEAF_ADDR + 8, &pte, 8));
	assert_int_equal(pte & (PTE_A | PTE_D), 0);
	rig_destroy(r);
}

/* Which of 1000 loads walked, as a number. */
static u64 walks_with_seed(u64 seed)
{
	struct tlb_config tlb = *tlb_preset("fast");
	struct rig *r;
	u64 hash = 0;

	tlb_make_adversarial(&tlb);
	tlb.seed = seed;
	r = rig_create(&tlb);
	put_pte(r, LEAF_ADDR, FRAME, DATA);
	for (u32 i = 0; i < 1000; i++) {
		assert_true(loads(r));
		hash = hash * 31 + mmu_stats_walks(&r->mmu.stats, ACCESS_LOAD);
	}
	assert_true(mmu_stats_walks(&r->mmu.stats, ACCESS_LOAD) > 1);
	rig_destroy(r);
	return hash;
}

static void test_adversary_forgets_as_its_seed_says(void **state)
{
	(void)state;
	assert_true(walks_with_seed(1) == walks_with_seed(1));
	assert_true(walks_with_seed(7) == walks_with_seed(7));
	assert_true(walks_with_seed(1) != walks_with_seed(7));
}

static void test_changed_pte_is_served_stale_until_the_fence(void **state)
{
	struct rig *r = rig_create(tlb_preset("fast"));
	u64 value, one = 1, two = 2;

	(void)state;
	assert_true(bus_write(&r->bus, FRAME, &one, 8) && bus_write(&r->bus, OTHER, &two, 8));
	put_pte(r, LEAF_ADDR, FRAME, DATA);
	assert_true(mmu_load(&r->mmu, VA, 8, &value));
	put_pte(r, LEAF_ADDR, OTHER, DATA);
	assert_true(mmu_load(&r->mmu, VA, 8, &value));
	assert_int_equal(value, 1);
	mmu_fence(&r->mmu, false, 0, false, 0);
	assert_true(mmu_load(&r->mmu, VA, 8, &value));
	assert_int_equal(value, 2);
	rig_destroy(r);
}

/* The fast path's compare, as cpu/interp.c does it. */
static bool is_fast(const struct rig *r, enum access access)
{
	const struct fast_entry *e = fast_entry(r->mmu.fast, VA);

	return (access == ACCESS_LOAD ? e->load_tag : e->store_tag) == VA;
}

static void test_fast_entry_goes_with_fence_satp_and_code(void **state)
{
	struct rig *r = rig_create(tlb_preset("fast"));

	(void)state;
	put_pte(r, LEAF_ADDR, FRAME, DATA);
	assert_true(loads(r) && is_fast(r, ACCESS_LOAD) && is_fast(r, ACCESS_STORE));
	mmu_fence(&r->mmu, true, VA, false, 0);
	assert_false(is_fast(r, ACCESS_LOAD) || is_fast(r, ACCESS_STORE));
	assert_true(loads(r));
	mmu_write_satp(&r->mmu, r->mmu.satp | 1ull << 44);
	assert_false(is_fast(r, ACCESS_LOAD) || is_fast(r, ACCESS_STORE));
	assert_true(loads(r));
	bus_find(&r->bus, FRAME)->code_map[(FRAME - RAM) >> PAGE_SHIFT] = 2; /* bytes 64..127 */
	mmu_protect_page(&r->mmu, FRAME);
	assert_true(is_fast(r, ACCESS_LOAD));
	assert_false(is_fast(r, ACCESS_STORE));
	rig_destroy(r);
}

static u32 code_writes;

static void count_code_write(void *arg, u64 pa, u64 size)
{
	(void)arg, (void)size;
	code_writes += pa >= FRAME + 64 && pa < FRAME + 128;
}

static void test_store_beside_code_is_silent_and_store_to_it_is_told(void **state)
{
	struct rig *r = rig_create(tlb_preset("fast"));
	u64 value;

	(void)state;
	code_writes = 0;
	r->bus.code_written = count_code_write;
	put_pte(r, LEAF_ADDR, FRAME, DATA);
	bus_find(&r->bus, FRAME)->code_map[(FRAME - RAM) >> PAGE_SHIFT] = 2;
	for (u64 offset = 0; offset < PAGE_SIZE - 8; offset += 4) {
		u32 before = code_writes;
		bool hits = offset + 8 > 64 && offset < 128;

		assert_true(mmu_store(&r->mmu, VA + offset, 8, offset));
		assert_true(bus_load(&r->bus, FRAME + offset, 8, &value) && value == offset);
		assert_int_equal(code_writes > before, hits && offset >= 64);
	}
	rig_destroy(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_valid_pte_without_fence_is_seen_by_a_tlb_that_keeps_no_invalid_ones),
		cmocka_unit_test(test_valid_pte_without_fence_goes_on_faulting_where_invalid_ones_are_kept),
		cmocka_unit_test(test_adversary_keeps_the_pte_of_a_denied_access),
		cmocka_unit_test(test_adversary_reads_the_neighbours_of_a_walk),
		cmocka_unit_test(test_adversary_sets_no_bit_of_what_it_reads_early),
		cmocka_unit_test(test_adversary_forgets_as_its_seed_says),
		cmocka_unit_test(test_changed_pte_is_served_stale_until_the_fence),
		cmocka_unit_test(test_fast_entry_goes_with_fence_satp_and_code),
		cmocka_unit_test(test_store_beside_code_is_silent_and_store_to_it_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
