/*
 * --check without a hart: two MMUs on one bus, a page table of three levels, and a "kernel" that stores to it. For each
 * kind of finding what must be found, with the store and the fence named, and what is near to it and no mistake.
 */
#include "mmu/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RAM 0x80000000ull
#define ROOT RAM
#define MIDDLE (RAM + 0x1000)
#define LEAVES (RAM + 0x2000)
#define ROOT2 (RAM + 0x3000)
#define MIDDLE2 (RAM + 0x4000)
#define LEAVES2 (RAM + 0x5000)
#define FRAME (RAM + 0x10000)
#define OTHER (RAM + 0x20000)
#define CODE (RAM + 0x30000)
#define VA 0x40000000ull
#define LEAF_OF(va) (LEAVES + ((va) >> 12 & 511) * 8)
#define DATA (PTE_V | PTE_R | PTE_W | PTE_A | PTE_D)
#define ASID 3

#define PC_STORE 0x1000 /* where the kernel changes page tables ... */
#define PC_USE 0x2000   /* ... uses what they say ... */
#define PC_FENCE 0x3000 /* ... and fences */

static const struct trace no_trace;

struct side {
	struct mmu mmu;
	struct trace_head head; /* what it says where it is */
};

struct rig {
	struct bus bus;
	struct side hart[2];
	struct mmu_check *check;
	struct check_report last; /* the last finding that was told */
	char missing[256];        /* its words */
	u32 told;                 /* how many were */
};

static void head_of(void *owner, struct trace_head *head)
{
	*head = ((struct side *)owner)->head;
}

static void no_device(void *owner)
{
	(void)owner;
}

static void no_drop(void *owner, bool everything, u64 va)
{
	(void)owner, (void)everything, (void)va;
}

static void on_report(void *arg, const struct check_report *report)
{
	struct rig *r = arg;

	r->last = *report;
	r->told++;
	snprintf(r->missing, sizeof(r->missing), "%s", report->missing);
}

/* --- what the guest does --- */

static u64 pte_to(u64 pa, u64 flags)
{
	return pa >> PAGE_SHIFT << PTE_PPN_SHIFT | flags;
}

/* The kernel of a hart stores to physical memory. */
static void store_at(struct rig *r, u32 hart, u64 pc, u64 pa, u64 value)
{
	struct side *s = &r->hart[hart];

	s->head.pc = pc;
	s->head.instret++;
	mmu_set_context(&s->mmu, PRIV_M, 0, false, true);
	assert_true(mmu_store(&s->mmu, pa, 8, value));
	mmu_set_context(&s->mmu, PRIV_S, MSTATUS_SUM, false, true);
}

static void store_pa(struct rig *r, u32 hart, u64 pa, u64 value)
{
	store_at(r, hart, PC_STORE, pa, value);
}

/* One access as the engine makes it: fast entry first. False: it faults. */
static bool use(struct rig *r, u32 hart, u64 va, enum access access)
{
	struct side *s = &r->hart[hart];
	struct fast_entry *e = fast_entry(s->mmu.fast, va);
	u64 pa;
	bool uniform;

	s->head.pc = PC_USE;
	s->head.instret++;
	if (access == ACCESS_FETCH)
		return mmu_fetch(&s->mmu, va, &pa, &uniform);
	if (access == ACCESS_LOAD)
		return e->load_tag == fast_tag(va, 8) || mmu_load(&s->mmu, va, 8, &pa);
	return e->store_tag == fast_tag(va, 8) || mmu_store(&s->mmu, va, 8, 0);
}

static bool load(struct rig *r, u32 hart, u64 va)
{
	return use(r, hart, va, ACCESS_LOAD);
}

static void fence(struct rig *r, u32 hart, bool by_va, u64 va, bool by_asid, u64 asid)
{
	r->hart[hart].head.pc = PC_FENCE;
	r->hart[hart].head.instret++;
	mmu_fence(&r->hart[hart].mmu, by_va, va, by_asid, asid);
}

static void write_satp(struct rig *r, u32 hart, u64 root, u64 asid)
{
	mmu_write_satp(&r->hart[hart].mmu, 8ull << 60 | asid << 44 | root >> PAGE_SHIFT);
}

static void trap(struct rig *r, u32 hart, bool is_return, u64 pc, u64 target, u8 to_priv)
{
	struct trace_trap event = {
		.head = r->hart[hart].head,
		.cause = 13,
		.tval = 0x5000,
		.target = target,
		.to_priv = to_priv,
		.is_return = is_return,
	};

	event.head.pc = pc;
	check_trap(r->check, &event);
}

/* The hart's kernel goes back to its program. */
static void return_to_user(struct rig *r, u32 hart)
{
	trap(r, hart, true, 0x9000, 0x100, PRIV_U);
}

/* --- the rig --- */

static void create_hart(struct rig *r, u32 id, enum ad_mode ad)
{
	struct side *s = &r->hart[id];
	struct mmu_config config = { .tlb = tlb_preset("check"),
		                     .ad = (u8)ad,
		                     .asid_bits = 16,
		                     .levels_max = 3,
		                     .has_svpbmt = true,
		                     .has_svnapot = true };

	mmu_init(&s->mmu, &r->bus, &config);
	s->head = (struct trace_head){ .hart = id, .priv = PRIV_S, .instret = 1000 };
	s->mmu.trace = &no_trace;
	s->mmu.trace_head = head_of;
	s->mmu.before_device = no_device;
	s->mmu.fetch_drop = no_drop;
	s->mmu.owner = s;
	pmp_write_addr(&s->mmu.pmp, 0, ~0ull);
	pmp_write_cfg(&s->mmu.pmp, 0, 0x1f); /* NAPOT, RWX: everything */
	check_add(r->check, &s->mmu);
}

static void put(struct rig *r, u64 pa, u64 value)
{
	assert_true(bus_write(&r->bus, pa, &value, 8));
}

/* Two harts in S mode; VA is mapped to FRAME, and 15 pages behind it likewise. Under ROOT2 it leads to OTHER. */
static struct rig *rig_create(enum ad_mode ad, u32 kinds)
{
	struct rig *r = calloc(1, sizeof(*r));
	struct error err;

	bus_init(&r->bus);
	assert_true(bus_add_ram(&r->bus, "ram", RAM, 4 * MIB, &err));
	put(r, ROOT + 8 * (VA >> 30), pte_to(MIDDLE, PTE_V));
	put(r, MIDDLE, pte_to(LEAVES, PTE_V));
	put(r, ROOT2 + 8 * (VA >> 30), pte_to(MIDDLE2, PTE_V));
	put(r, MIDDLE2, pte_to(LEAVES2, PTE_V));
	put(r, LEAVES2, pte_to(OTHER, DATA));
	for (u64 i = 0; i < 16; i++)
		put(r, LEAVES + 8 * i, pte_to(FRAME + i * PAGE_SIZE, DATA));
	r->check = check_create(&r->bus, kinds, on_report, r);
	for (u32 i = 0; i < 2; i++) {
		create_hart(r, i, ad);
		write_satp(r, i, ROOT, ASID);
		mmu_set_context(&r->hart[i].mmu, PRIV_S, MSTATUS_SUM, false, true);
	}
	return r;
}

static void rig_destroy(struct rig *r)
{
	mmu_free(&r->hart[0].mmu);
	mmu_free(&r->hart[1].mmu);
	bus_free(&r->bus);
	check_destroy(r->check);
	free(r);
}

static int setup(void **state)
{
	*state = rig_create(AD_TRAP, CHECK_ALL);
	return 0;
}

static int teardown(void **state)
{
	rig_destroy(*state);
	return 0;
}

static u64 found(const struct rig *r, enum check_kind kind)
{
	return check_count(r->check, kind);
}

static u64 found_any(const struct rig *r)
{
	u64 sum = 0;

	for (u32 kind = 0; kind < CHECK_KINDS; kind++)
		sum += found(r, kind);
	return sum;
}

/* --- stale --- */

static void test_changed_leaf_is_stale_and_store_use_and_fence_are_named(void **state)
{
	struct rig *r = *state;

	assert_true(load(r, 0, VA + 8));
	store_pa(r, 0, LEAVES, pte_to(OTHER, DATA));
	assert_int_equal(found_any(r), 0);
	assert_true(load(r, 0, VA + 8));
	assert_int_equal(found(r, CHECK_STALE), 1);
	assert_int_equal(r->last.kind, CHECK_STALE);
	assert_int_equal(r->last.use.pc, PC_USE);
	assert_true(r->last.culprit.known);
	assert_int_equal(r->last.culprit.pc, PC_STORE);
	assert_int_equal(r->last.culprit.by, CHECK_BY_STORE);
	assert_int_equal(r->last.va, VA + 8);
	assert_int_equal(r->last.pte_addr, LEAVES);
	assert_int_equal(r->last.had, pte_to(FRAME, DATA));
	assert_int_equal(r->last.has, pte_to(OTHER, DATA));
	assert_int_equal(r->last.pa_had, FRAME + 8);
	assert_int_equal(r->last.pa_has, OTHER + 8);
	assert_string_equal(r->missing, "sfence.vma 0x40000000, 3 (or wider) on hart 0");
}

static void test_each_form_of_fence_suffices(void **state)
{
	struct rig *r = *state;

	for (u32 form = 0; form < 4; form++) {
		assert_true(load(r, 0, VA));
		store_pa(r, 0, LEAVES, pte_to(form & 1 ? FRAME : OTHER, DATA));
		fence(r, 0, form & 1, VA + 0x123, form & 2, ASID);
		assert_true(load(r, 0, VA));
	}
	assert_int_equal(found_any(r), 0);
}

static void test_fence_of_another_page_does_not_suffice(void **state)
{
	struct rig *r = *state;

	assert_true(load(r, 0, VA));
	store_pa(r, 0, LEAVES, pte_to(OTHER, DATA));
	fence(r, 0, true, VA + PAGE_SIZE, false, 0);
	assert_true(load(r, 0, VA));
	assert_int_equal(found(r, CHECK_STALE), 1);
	assert_non_null(strstr(r->missing, "the one at pc 0x3000 does not do, it was for another page"));
}

static void test_fence_of_another_address_space_does_not_suffice(void **state)
{
	struct rig *r = *state;

	assert_true(load(r, 0, VA));
	store_pa(r, 0, LEAVES, pte_to(OTHER, DATA));
	fence(r, 0, false, 0, true, ASID + 1);
	assert_true(load(r, 0, VA));
	assert_int_equal(found(r, CHECK_STALE), 1);
	assert_non_null(strstr(r->missing, "another address space"));
}

static void test_fence_before_the_store_does_not_suffice(void **state)
{
	struct rig *r = *state;

	assert_true(load(r, 0, VA));
	fence(r, 0, false, 0, false, 0);
	assert_true(load(r, 0, VA));
	store_pa(r, 0, LEAVES, 0);
	assert_true(load(r, 0, VA));
	assert_int_equal(found(r, CHECK_STALE), 1);
	assert_int_equal(r->last.reason, WALK_INVALID);
	assert_int_equal(r->last.pa_has, 0);
}

static void test_narrowed_right_is_stale_only_for_what_it_forbids(void **state)
{
	struct rig *r = *state;

	assert_true(use(r, 0, VA, ACCESS_STORE));
	store_pa(r, 0, LEAVES, pte_to(FRAME, DATA & ~PTE_W));
	assert_true(load(r, 0, VA));
	assert_int_equal(found_any(r), 0);
	assert_true(use(r, 0, VA, ACCESS_STORE));
	assert_int_equal(found(r, CHECK_STALE), 1);
	assert_int_equal(r->last.reason, WALK_NO_WRITE);
}

static void test_cleared_accessed_bit_and_software_bits_are_no_mistake(void **state)
{
	struct rig *r = *state;

	assert_true(use(r, 0, VA, ACCESS_STORE));
	store_pa(r, 0, LEAVES, pte_to(FRAME, (DATA & ~PTE_A) | 3 << 8));
	assert_true(use(r, 0, VA, ACCESS_STORE));
	assert_true(load(r, 0, VA));
	assert_int_equal(found_any(r), 0);
}

static void test_cleared_dirty_bit_is_stale_for_stores_alone(void **state)
{
	struct rig *r = *state;

	assert_true(use(r, 0, VA, ACCESS_STORE));
	store_pa(r, 0, LEAVES, pte_to(FRAME, DATA & ~PTE_D));
	assert_true(load(r, 0, VA));
	assert_int_equal(found_any(r), 0);
	assert_true(use(r, 0, VA, ACCESS_STORE));
	assert_int_equal(found(r, CHECK_STALE), 1);
}

static void test_bits_set_by_hardware_are_no_mistake(void **state)
{
	struct rig *r = rig_create(AD_UPDATE, CHECK_ALL);

	(void)state;
	store_pa(r, 0, LEAVES, pte_to(FRAME, PTE_V | PTE_R | PTE_W));
	assert_true(load(r, 0, VA));
	assert_true(load(r, 1, VA));
	assert_true(use(r, 1, VA, ACCESS_STORE));
	assert_true(load(r, 0, VA));
	assert_true(use(r, 0, VA, ACCESS_STORE));
	assert_true(use(r, 1, VA, ACCESS_STORE));
	assert_int_equal(found_any(r), 0);
	rig_destroy(r);
}

static void test_same_value_and_value_restored_are_no_mistake(void **state)
{
	struct rig *r = *state;

	assert_true(load(r, 0, VA));
	store_pa(r, 0, LEAVES, pte_to(FRAME, DATA));
	assert_true(load(r, 0, VA));
	store_pa(r, 0, LEAVES, 0);
	store_pa(r, 0, LEAVES, pte_to(FRAME, DATA));
	assert_true(load(r, 0, VA));
	assert_int_equal(found_any(r), 0);
	/* The look in between has put the PTE under watch again. */
	store_pa(r, 0, LEAVES, 0);
	assert_true(load(r, 0, VA));
	assert_int_equal(found(r, CHECK_STALE), 1);
}

static void test_neighbour_in_the_same_granule_is_told_apart(void **state)
{
	struct rig *r = *state;

	assert_true(load(r, 0, VA) && load(r, 0, VA + PAGE_SIZE));
	store_pa(r, 0, LEAVES + 8, pte_to(OTHER, DATA));
	assert_true(load(r, 0, VA));
	assert_int_equal(found_any(r), 0);
	store_at(r, 0, PC_STORE + 4, LEAVES, 0);
	assert_true(load(r, 0, VA));
	assert_int_equal(r->last.pte_addr, LEAVES);
	assert_int_equal(r->last.culprit.pc, PC_STORE + 4);
	assert_true(load(r, 0, VA + PAGE_SIZE));
	assert_int_equal(r->last.pte_addr, LEAVES + 8);
	assert_int_equal(r->last.culprit.pc, PC_STORE);
}

static void test_changed_pointer_needs_a_fence_without_address(void **state)
{
	struct rig *r = *state;

	assert_true(load(r, 0, VA));
	store_pa(r, 0, MIDDLE, pte_to(LEAVES2, PTE_V));
	fence(r, 0, true, VA, false, 0);
	assert_true(load(r, 0, VA)); /* a walk, through the pointer that the walk cache has */
	assert_int_equal(found(r, CHECK_STALE), 1);
	assert_int_equal(r->last.pte_addr, MIDDLE);
	assert_int_equal(r->last.level, 1);
	assert_int_equal(r->last.culprit.pc, PC_STORE);
	assert_int_equal(r->last.pa_had, FRAME);
	assert_int_equal(r->last.pa_has, OTHER);
	assert_non_null(strstr(r->missing, "sfence.vma x0, 3"));
	assert_non_null(strstr(r->missing, "for leaves only"));
}

static void test_changed_pointer_with_a_fence_of_the_space_is_no_mistake(void **state)
{
	struct rig *r = *state;

	assert_true(load(r, 0, VA));
	store_pa(r, 0, MIDDLE, pte_to(LEAVES2, PTE_V));
	fence(r, 0, false, 0, true, ASID);
	assert_true(load(r, 0, VA));
	assert_int_equal(found_any(r), 0);
}

static void test_split_superpage_with_the_same_frames_is_no_mistake(void **state)
{
	struct rig *r = *state;

	store_pa(r, 0, MIDDLE, pte_to(RAM, DATA));
	assert_true(load(r, 0, VA + 0x10000));
	store_pa(r, 0, MIDDLE, pte_to(LEAVES, PTE_V));
	store_pa(r, 0, LEAVES + 0x10 * 8, pte_to(FRAME, DATA));
	assert_true(load(r, 0, VA + 0x10000));
	assert_int_equal(found(r, CHECK_STALE), 0);
	/* Another page of it is not what it was. */
	assert_true(load(r, 0, VA + 0x1000));
	assert_int_equal(found(r, CHECK_STALE), 1);
	assert_int_equal(r->last.pte_addr, MIDDLE);
}

static void test_new_root_under_the_same_asid_is_stale(void **state)
{
	struct rig *r = *state;
	u64 first = r->hart[0].mmu.satp;

	assert_true(load(r, 0, VA));
	r->hart[0].head.pc = 0x4000;
	write_satp(r, 0, ROOT2, ASID);
	assert_true(load(r, 0, VA));
	assert_int_equal(found(r, CHECK_STALE), 1);
	assert_int_equal(r->last.satp_had, first);
	assert_int_equal(r->last.satp_has, r->hart[0].mmu.satp);
	assert_int_equal(r->last.culprit.by, CHECK_BY_SATP);
	assert_int_equal(r->last.culprit.pc, 0x4000);
	assert_non_null(strstr(r->missing, "sfence.vma x0, 3"));
}

static void test_new_root_with_fence_or_asid_of_its_own_is_no_mistake(void **state)
{
	struct rig *r = *state;

	assert_true(load(r, 0, VA));
	write_satp(r, 0, ROOT2, ASID);
	fence(r, 0, false, 0, true, ASID);
	assert_true(load(r, 0, VA));
	write_satp(r, 0, ROOT, ASID + 1);
	assert_true(load(r, 0, VA));
	assert_int_equal(found_any(r), 0);
}

static void test_new_root_with_the_same_mapping_is_no_mistake(void **state)
{
	struct rig *r = *state;

	store_pa(r, 0, LEAVES2, pte_to(FRAME, DATA));
	assert_true(load(r, 0, VA));
	write_satp(r, 0, ROOT2, ASID);
	assert_true(load(r, 0, VA));
	assert_int_equal(found_any(r), 0);
}

static void test_page_marked_global_but_not_shared_is_stale_in_another_space(void **state)
{
	struct rig *r = *state;

	store_pa(r, 0, LEAVES, pte_to(FRAME, DATA | PTE_G));
	assert_true(load(r, 0, VA));
	write_satp(r, 0, ROOT2, ASID + 1);
	assert_true(load(r, 0, VA));
	assert_int_equal(found(r, CHECK_STALE), 1);
	assert_int_not_equal(r->last.satp_had, r->last.satp_has);
}

static void test_global_page_needs_a_fence_without_asid(void **state)
{
	struct rig *r = *state;

	store_pa(r, 0, LEAVES, pte_to(FRAME, DATA | PTE_G));
	assert_true(load(r, 0, VA));
	store_pa(r, 0, LEAVES, pte_to(OTHER, DATA | PTE_G));
	fence(r, 0, true, VA, true, ASID);
	assert_true(load(r, 0, VA));
	assert_int_equal(found(r, CHECK_STALE), 1);
	assert_non_null(strstr(r->missing, "sfence.vma 0x40000000, x0"));
	assert_non_null(strstr(r->missing, "not for global pages"));
	fence(r, 0, true, VA, false, 0);
	assert_true(load(r, 0, VA));
	assert_int_equal(found(r, CHECK_STALE), 1);
}

static void test_device_that_changes_a_pte_is_told_apart(void **state)
{
	struct rig *r = *state;

	assert_true(load(r, 0, VA));
	put(r, LEAVES, pte_to(OTHER, DATA));
	assert_true(load(r, 0, VA));
	assert_int_equal(found(r, CHECK_STALE), 1);
	assert_true(r->last.culprit.known);
	assert_int_equal(r->last.culprit.by, CHECK_BY_DEVICE);
}

static void test_fetch_through_a_stale_entry_is_found(void **state)
{
	struct rig *r = *state;

	store_pa(r, 0, LEAVES, pte_to(FRAME, PTE_V | PTE_R | PTE_X | PTE_A));
	assert_true(use(r, 0, VA, ACCESS_FETCH));
	store_pa(r, 0, LEAVES, pte_to(OTHER, PTE_V | PTE_R | PTE_X | PTE_A));
	assert_true(use(r, 0, VA, ACCESS_FETCH));
	assert_int_equal(found(r, CHECK_STALE), 1);
	assert_int_equal(r->last.access, ACCESS_FETCH);
}

/* --- stale on another hart --- */

static void test_other_hart_is_stale_once_the_kernel_has_gone_on(void **state)
{
	struct rig *r = *state;

	assert_true(load(r, 1, VA));
	store_pa(r, 0, LEAVES, pte_to(OTHER, DATA));
	fence(r, 0, false, 0, false, 0); /* its own TLB: that of hart 1 it does not reach */
	assert_true(load(r, 1, VA));
	assert_int_equal(found_any(r), 0); /* hart 0 may be about to tell hart 1 */
	return_to_user(r, 0);
	assert_true(load(r, 1, VA));
	assert_int_equal(found(r, CHECK_STALE), 1);
	assert_int_equal(r->last.culprit.hart, 0);
	assert_int_equal(r->last.use.hart, 1);
	assert_non_null(strstr(r->missing, "on hart 1"));
}

static void test_other_hart_is_stale_when_nobody_comes_for_long(void **state)
{
	struct rig *r = *state;

	assert_true(load(r, 1, VA));
	store_pa(r, 0, LEAVES, pte_to(OTHER, DATA));
	r->hart[0].head.instret += 5000000;
	assert_true(load(r, 1, VA));
	assert_int_equal(found(r, CHECK_STALE), 1);
}

static void test_other_hart_that_was_told_in_time_is_no_mistake(void **state)
{
	struct rig *r = *state;

	assert_true(load(r, 1, VA));
	store_pa(r, 0, LEAVES, pte_to(OTHER, DATA));
	assert_true(load(r, 1, VA));
	fence(r, 1, true, VA, true, ASID);
	return_to_user(r, 0);
	assert_true(load(r, 1, VA));
	assert_int_equal(found_any(r), 0);
}

/* --- invalid: what hardware may remember --- */

static void test_pte_made_valid_without_fence_is_told(void **state)
{
	struct rig *r = *state;

	store_pa(r, 0, LEAVES, 0);
	assert_false(load(r, 0, VA));
	store_pa(r, 0, LEAVES, pte_to(FRAME, DATA));
	assert_true(load(r, 0, VA));
	assert_int_equal(found(r, CHECK_INVALID), 1);
	assert_int_equal(r->last.culprit.pc, PC_STORE);
	assert_int_equal(r->last.pte_addr, LEAVES);
	assert_int_equal(found(r, CHECK_STALE), 0);
}

static void test_pte_made_valid_with_a_fence_is_no_mistake(void **state)
{
	struct rig *r = *state;

	for (u32 form = 0; form < 4; form++) {
		store_pa(r, 0, LEAVES, 0);
		fence(r, 0, false, 0, false, 0);
		assert_false(load(r, 0, VA));
		store_pa(r, 0, LEAVES, pte_to(FRAME, DATA));
		fence(r, 0, form & 1, VA, form & 2, ASID);
		assert_true(load(r, 0, VA));
	}
	assert_int_equal(found_any(r), 0);
}

static void test_new_table_needs_a_fence_without_address(void **state)
{
	struct rig *r = *state;

	store_pa(r, 0, MIDDLE, 0);
	assert_false(load(r, 0, VA));
	store_pa(r, 0, MIDDLE, pte_to(LEAVES, PTE_V));
	fence(r, 0, true, VA, false, 0);
	assert_true(load(r, 0, VA));
	assert_int_equal(found(r, CHECK_INVALID), 1);
	assert_int_equal(r->last.level, 1);
}

static void test_widened_right_without_fence_is_told(void **state)
{
	struct rig *r = *state;

	store_pa(r, 0, LEAVES, pte_to(FRAME, DATA & ~PTE_W));
	assert_true(load(r, 0, VA));
	assert_false(use(r, 0, VA, ACCESS_STORE));
	store_pa(r, 0, LEAVES, pte_to(FRAME, DATA));
	assert_true(use(r, 0, VA, ACCESS_STORE));
	assert_true(found(r, CHECK_INVALID) > 0);
	assert_int_equal(r->told, 1);
	assert_int_equal(found(r, CHECK_STALE), 0);
}

static void test_pte_never_walked_before_is_no_mistake(void **state)
{
	struct rig *r = *state;

	store_pa(r, 0, LEAVES + 8 * 20, pte_to(FRAME, DATA));
	assert_true(load(r, 0, VA + 20 * PAGE_SIZE));
	assert_int_equal(found_any(r), 0);
}

static void test_other_mode_is_no_change_of_the_pte(void **state)
{
	struct rig *r = *state;

	store_pa(r, 0, LEAVES, pte_to(FRAME, DATA | PTE_U));
	mmu_set_context(&r->hart[0].mmu, PRIV_S, 0, false, true);
	assert_false(load(r, 0, VA));
	mmu_set_context(&r->hart[0].mmu, PRIV_S, MSTATUS_SUM, false, true);
	assert_true(load(r, 0, VA));
	assert_int_equal(found_any(r), 0);
}

/* --- what should not be in a page table --- */

static void test_reserved_bits_and_encodings_are_told(void **state)
{
	static const struct {
		u64 pte;
		enum walk_reason reason;
	} cases[] = {
		{ PTE_V | PTE_W | PTE_A | PTE_D, WALK_W_WITHOUT_R },
		{ DATA | BIT(54), WALK_RESERVED_BITS },
		{ DATA | 3ull << PTE_PBMT_SHIFT, WALK_RESERVED_BITS },
		{ DATA | PTE_N, WALK_BAD_NAPOT },
		{ PTE_V, WALK_NO_LEAF },
		{ PTE_V | PTE_A, WALK_POINTER_FLAGS },
	};
	struct rig *r = *state;

	for (u32 i = 0; i < ARRAY_SIZE(cases); i++) {
		store_pa(r, 0, LEAVES, pte_to(FRAME, 0) | cases[i].pte);
		assert_false(load(r, 0, VA));
		assert_int_equal(found(r, CHECK_RESERVED), i + 1);
		assert_int_equal(r->last.kind, CHECK_RESERVED);
		assert_int_equal(r->last.reason, cases[i].reason);
		assert_int_equal(r->last.pte_addr, LEAVES);
	}
}

static void test_anything_in_an_invalid_pte_is_no_mistake(void **state)
{
	struct rig *r = *state;

	store_pa(r, 0, LEAVES, ~0ull & ~PTE_V);
	assert_false(load(r, 0, VA));
	assert_int_equal(found_any(r), 0);
}

static void test_writable_and_executable_is_told_once_a_region(void **state)
{
	struct rig *r = *state;

	store_pa(r, 0, LEAVES, pte_to(FRAME, DATA | PTE_X));
	store_pa(r, 0, LEAVES + 8, pte_to(FRAME + PAGE_SIZE, DATA | PTE_X));
	assert_true(load(r, 0, VA));
	assert_true(load(r, 0, VA + PAGE_SIZE));
	assert_int_equal(found(r, CHECK_WX), 2);
	assert_int_equal(r->told, 1);
}

static void test_writable_or_executable_alone_is_no_mistake(void **state)
{
	struct rig *r = *state;

	store_pa(r, 0, LEAVES, pte_to(FRAME, PTE_V | PTE_R | PTE_X | PTE_A));
	assert_true(load(r, 0, VA));
	assert_true(load(r, 0, VA + PAGE_SIZE));
	assert_int_equal(found_any(r), 0);
}

static void test_table_that_user_mode_can_reach_is_told(void **state)
{
	struct rig *r = *state;

	store_pa(r, 0, LEAVES, pte_to(MIDDLE, DATA | PTE_U));
	assert_true(load(r, 0, VA));
	assert_int_equal(found(r, CHECK_TABLES), 1);
	assert_int_equal(r->last.pa_has, MIDDLE);
	assert_int_equal(r->last.has, pte_to(MIDDLE, PTE_V));
}

static void test_table_inside_a_user_superpage_is_told(void **state)
{
	struct rig *r = *state;

	store_pa(r, 0, MIDDLE + 8, pte_to(RAM, DATA | PTE_U));
	assert_true(load(r, 0, VA));
	assert_int_equal(found_any(r), 0);
	assert_true(load(r, 0, VA + 2 * MIB));
	assert_true(found(r, CHECK_TABLES) > 0);
}

static void test_former_table_given_to_user_mode_is_no_mistake(void **state)
{
	struct rig *r = *state;

	assert_true(load(r, 0, VA));
	store_pa(r, 0, MIDDLE, pte_to(LEAVES2, PTE_V));
	store_pa(r, 0, LEAVES2 + 8, pte_to(LEAVES, DATA | PTE_U));
	fence(r, 0, false, 0, false, 0);
	assert_true(load(r, 0, VA + PAGE_SIZE));
	assert_int_equal(found_any(r), 0);
}

static void test_table_mapped_for_the_supervisor_is_no_mistake(void **state)
{
	struct rig *r = *state;

	store_pa(r, 0, LEAVES, pte_to(MIDDLE, DATA));
	assert_true(load(r, 0, VA));
	assert_int_equal(found_any(r), 0);
}

static void test_two_memory_types_of_a_frame_are_told(void **state)
{
	struct rig *r = *state;

	assert_true(load(r, 0, VA));
	store_pa(r, 0, LEAVES + 8, pte_to(FRAME, DATA | 1ull << PTE_PBMT_SHIFT));
	assert_true(load(r, 0, VA + PAGE_SIZE));
	assert_int_equal(found(r, CHECK_PBMT), 1);
	assert_int_equal(r->last.pa_had, VA);
	assert_int_equal(r->last.had, pte_to(FRAME, DATA));
	/* And the other way round, for who comes later. */
	fence(r, 0, false, 0, false, 0);
	assert_true(load(r, 0, VA));
	assert_int_equal(found(r, CHECK_PBMT), 2);
}

static void test_memory_type_of_a_mapping_that_is_gone_is_no_mistake(void **state)
{
	struct rig *r = *state;

	assert_true(load(r, 0, VA));
	store_pa(r, 0, LEAVES, 0);
	fence(r, 0, false, 0, false, 0);
	store_pa(r, 0, LEAVES + 8, pte_to(FRAME, DATA | 1ull << PTE_PBMT_SHIFT));
	assert_true(load(r, 0, VA + PAGE_SIZE));
	store_pa(r, 0, LEAVES + 16, pte_to(FRAME, DATA | 1ull << PTE_PBMT_SHIFT));
	assert_true(load(r, 0, VA + 2 * PAGE_SIZE));
	assert_int_equal(found_any(r), 0);
}

/* --- code --- */

static void run_code(struct rig *r, u32 hart, u64 pa, u64 size)
{
	r->hart[hart].head.pc = PC_USE;
	r->hart[hart].head.instret++;
	check_code_run(r->check, &r->hart[hart].mmu, pa, pa, size);
}

static void test_changed_code_without_fence_i_is_told(void **state)
{
	struct rig *r = *state;

	put(r, CODE, 0x13);
	run_code(r, 0, CODE, 16);
	store_pa(r, 0, CODE + 8, 0x9302);
	run_code(r, 0, CODE, 16);
	assert_int_equal(found(r, CHECK_FENCE_I), 1);
	assert_int_equal(r->last.culprit.pc, PC_STORE);
	assert_int_equal(r->last.use.pc, PC_USE);
	assert_int_equal(r->last.had, 0);
	assert_int_equal(r->last.has, 0x9302);
	assert_int_equal(r->last.pa_has, CODE + 8);
	assert_string_equal(r->missing, "fence.i on hart 0");
	run_code(r, 0, CODE, 16);
	assert_int_equal(found(r, CHECK_FENCE_I), 1);
}

static void test_changed_code_with_fence_i_is_no_mistake(void **state)
{
	struct rig *r = *state;

	run_code(r, 0, CODE, 16);
	store_pa(r, 0, CODE, 0x13);
	check_fence_i(r->check, &r->hart[0].mmu);
	run_code(r, 0, CODE, 16);
	/* What it ran since is seen again. */
	store_pa(r, 0, CODE, 0x93);
	run_code(r, 0, CODE, 16);
	assert_int_equal(found(r, CHECK_FENCE_I), 1);
}

static void test_fence_i_of_another_hart_does_not_suffice(void **state)
{
	struct rig *r = *state;

	run_code(r, 0, CODE, 16);
	run_code(r, 1, CODE, 16);
	store_pa(r, 0, CODE, 0x13);
	check_fence_i(r->check, &r->hart[0].mmu);
	run_code(r, 0, CODE, 16);
	run_code(r, 1, CODE, 16);
	assert_int_equal(found_any(r), 0); /* hart 0 may be about to tell it */
	return_to_user(r, 0);
	run_code(r, 1, CODE, 16);
	assert_int_equal(found(r, CHECK_FENCE_I), 1);
	assert_int_equal(r->last.use.hart, 1);
	assert_int_equal(r->last.culprit.hart, 0);
}

static void test_data_beside_code_is_no_mistake(void **state)
{
	struct rig *r = *state;

	run_code(r, 0, CODE, 16);
	store_pa(r, 0, CODE + 32, 1);
	run_code(r, 0, CODE, 16);
	store_pa(r, 0, CODE + 512, 1);
	run_code(r, 0, CODE, 16);
	assert_int_equal(found_any(r), 0);
}

static void test_code_written_anew_with_the_same_bytes_is_no_mistake(void **state)
{
	struct rig *r = *state;

	put(r, CODE, 0x13);
	run_code(r, 0, CODE, 16);
	store_pa(r, 0, CODE, 0x93);
	store_pa(r, 0, CODE, 0x13);
	run_code(r, 0, CODE, 16);
	assert_int_equal(found_any(r), 0);
}

static void test_code_in_a_page_the_hart_has_not_run_is_no_mistake(void **state)
{
	struct rig *r = *state;

	run_code(r, 1, CODE, 16);
	store_pa(r, 0, CODE, 0x13);
	run_code(r, 0, CODE, 16);
	assert_int_equal(found_any(r), 0);
}

static void test_code_brought_by_a_device_is_told(void **state)
{
	struct rig *r = *state;

	run_code(r, 0, CODE, 16);
	put(r, CODE, 0x13);
	run_code(r, 0, CODE, 16);
	assert_int_equal(found(r, CHECK_FENCE_I), 1);
	assert_int_equal(r->last.culprit.by, CHECK_BY_DEVICE);
}

static void test_page_of_code_overwritten_whole_is_found_everywhere(void **state)
{
	struct rig *r = *state;

	for (u64 at = 0; at < PAGE_SIZE; at += 64)
		run_code(r, 0, CODE + at, 64);
	for (u64 at = 0; at < PAGE_SIZE; at += 8)
		store_pa(r, 0, CODE + at, 0x13);
	for (u64 at = 0; at < PAGE_SIZE; at += 64)
		run_code(r, 0, CODE + at, 64);
	assert_int_equal(found(r, CHECK_FENCE_I), 64);
}

/* --- loops --- */

static void test_trap_that_comes_again_without_progress_is_told_once(void **state)
{
	struct rig *r = *state;

	for (u32 i = 0; i < 3000; i++) {
		trap(r, 0, false, 0x100, 0, PRIV_S);
		r->hart[0].head.instret += 50; /* the handler */
		trap(r, 0, true, 0x9000, 0x100, PRIV_U);
		r->hart[0].head.instret++; /* its sret */
	}
	assert_int_equal(found(r, CHECK_LOOP), 1);
	assert_int_equal(r->last.use.pc, 0x100);
	assert_int_equal(r->last.cause, 13);
	assert_int_equal(r->last.va, 0x5000);
	assert_int_equal(r->last.times, 1000);
}

static void test_trap_in_the_handler_itself_is_told(void **state)
{
	struct rig *r = *state;

	for (u32 i = 0; i < 1000; i++)
		trap(r, 0, false, 0x9000, 0, PRIV_S);
	assert_int_equal(found(r, CHECK_LOOP), 1);
}

static void test_trap_after_progress_is_no_loop(void **state)
{
	struct rig *r = *state;

	for (u32 i = 0; i < 3000; i++) {
		trap(r, 0, false, 0x100, 0, PRIV_S);
		trap(r, 0, true, 0x9000, 0x100, PRIV_U);
		r->hart[0].head.instret += 10; /* the loop that the faulting instruction is in */
	}
	assert_int_equal(found_any(r), 0);
}

/* --- telling --- */

static void test_same_place_is_told_once_and_counted_each_time(void **state)
{
	struct rig *r = *state;

	for (u32 i = 0; i < 20; i++) {
		fence(r, 0, false, 0, false, 0);
		assert_true(load(r, 0, VA));
		store_pa(r, 0, LEAVES, pte_to(i % 2 ? FRAME : OTHER, DATA));
		assert_true(load(r, 0, VA));
	}
	assert_int_equal(found(r, CHECK_STALE), 20);
	assert_int_equal(check_places(r->check, CHECK_STALE), 1);
	assert_int_equal(r->told, 1);
}

static void test_kind_that_is_not_asked_for_is_not_told(void **state)
{
	struct rig *r = rig_create(AD_TRAP, 1u << CHECK_WX);

	(void)state;
	assert_true(load(r, 0, VA));
	store_pa(r, 0, LEAVES, pte_to(OTHER, DATA));
	assert_true(load(r, 0, VA));
	store_pa(r, 0, LEAVES + 8, PTE_V);
	assert_false(load(r, 0, VA + PAGE_SIZE));
	assert_int_equal(found_any(r), 0);
	rig_destroy(r);
}

static void test_next_machine_goes_on_counting(void **state)
{
	struct rig *r = *state, *next = rig_create(AD_TRAP, CHECK_ALL);

	for (u32 i = 0; i < 2; i++) {
		struct rig *at = i ? next : r;

		assert_true(load(at, 0, VA));
		store_pa(at, 0, LEAVES, pte_to(OTHER, DATA));
		assert_true(load(at, 0, VA));
		if (i == 0)
			check_inherit(next->check, r->check);
	}
	assert_int_equal(found(next, CHECK_STALE), 2);
	assert_int_equal(next->told, 0);
	rig_destroy(next);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_changed_leaf_is_stale_and_store_use_and_fence_are_named),
		TEST(test_each_form_of_fence_suffices),
		TEST(test_fence_of_another_page_does_not_suffice),
		TEST(test_fence_of_another_address_space_does_not_suffice),
		TEST(test_fence_before_the_store_does_not_suffice),
		TEST(test_narrowed_right_is_stale_only_for_what_it_forbids),
		TEST(test_cleared_accessed_bit_and_software_bits_are_no_mistake),
		TEST(test_cleared_dirty_bit_is_stale_for_stores_alone),
		TEST(test_bits_set_by_hardware_are_no_mistake),
		TEST(test_same_value_and_value_restored_are_no_mistake),
		TEST(test_neighbour_in_the_same_granule_is_told_apart),
		TEST(test_changed_pointer_needs_a_fence_without_address),
		TEST(test_changed_pointer_with_a_fence_of_the_space_is_no_mistake),
		TEST(test_split_superpage_with_the_same_frames_is_no_mistake),
		TEST(test_new_root_under_the_same_asid_is_stale),
		TEST(test_new_root_with_fence_or_asid_of_its_own_is_no_mistake),
		TEST(test_new_root_with_the_same_mapping_is_no_mistake),
		TEST(test_page_marked_global_but_not_shared_is_stale_in_another_space),
		TEST(test_global_page_needs_a_fence_without_asid),
		TEST(test_device_that_changes_a_pte_is_told_apart),
		TEST(test_fetch_through_a_stale_entry_is_found),
		TEST(test_other_hart_is_stale_once_the_kernel_has_gone_on),
		TEST(test_other_hart_is_stale_when_nobody_comes_for_long),
		TEST(test_other_hart_that_was_told_in_time_is_no_mistake),
		TEST(test_pte_made_valid_without_fence_is_told),
		TEST(test_pte_made_valid_with_a_fence_is_no_mistake),
		TEST(test_new_table_needs_a_fence_without_address),
		TEST(test_widened_right_without_fence_is_told),
		TEST(test_pte_never_walked_before_is_no_mistake),
		TEST(test_other_mode_is_no_change_of_the_pte),
		TEST(test_reserved_bits_and_encodings_are_told),
		TEST(test_anything_in_an_invalid_pte_is_no_mistake),
		TEST(test_writable_and_executable_is_told_once_a_region),
		TEST(test_writable_or_executable_alone_is_no_mistake),
		TEST(test_table_that_user_mode_can_reach_is_told),
		TEST(test_table_inside_a_user_superpage_is_told),
		TEST(test_former_table_given_to_user_mode_is_no_mistake),
		TEST(test_table_mapped_for_the_supervisor_is_no_mistake),
		TEST(test_two_memory_types_of_a_frame_are_told),
		TEST(test_memory_type_of_a_mapping_that_is_gone_is_no_mistake),
		TEST(test_changed_code_without_fence_i_is_told),
		TEST(test_changed_code_with_fence_i_is_no_mistake),
		TEST(test_fence_i_of_another_hart_does_not_suffice),
		TEST(test_data_beside_code_is_no_mistake),
		TEST(test_code_written_anew_with_the_same_bytes_is_no_mistake),
		TEST(test_code_in_a_page_the_hart_has_not_run_is_no_mistake),
		TEST(test_code_brought_by_a_device_is_told),
		TEST(test_page_of_code_overwritten_whole_is_found_everywhere),
		TEST(test_trap_that_comes_again_without_progress_is_told_once),
		TEST(test_trap_in_the_handler_itself_is_told),
		TEST(test_trap_after_progress_is_no_loop),
		TEST(test_same_place_is_told_once_and_counted_each_time),
		TEST(test_kind_that_is_not_asked_for_is_not_told),
		TEST(test_next_machine_goes_on_counting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
