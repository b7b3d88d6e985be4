/*
 * The bench of the check tests, without a hart: two MMUs on one bus, a page table of three levels, and a "kernel" that
 * stores to it.
 */
#ifndef TESTS_UNIT_CHECK_RIG_H
#define TESTS_UNIT_CHECK_RIG_H

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

static inline void head_of(void *owner, struct trace_head *head)
{
	*head = ((struct side *)owner)->head;
}

static inline void no_device(void *owner)
{
	(void)owner;
}

static inline void no_drop(void *owner, bool everything, u64 va)
{
	(void)owner, (void)everything, (void)va;
}

static inline void on_report(void *arg, const struct check_report *report)
{
	struct rig *r = arg;

	r->last = *report;
	r->told++;
	snprintf(r->missing, sizeof(r->missing), "%s", report->missing);
}

/* --- what the guest does --- */

static inline u64 pte_to(u64 pa, u64 flags)
{
	return pa >> PAGE_SHIFT << PTE_PPN_SHIFT | flags;
}

/* The kernel of a hart stores to physical memory. */
static inline void store_at(struct rig *r, u32 hart, u64 pc, u64 pa, u64 value)
{
	struct side *s = &r->hart[hart];

	s->head.pc = pc;
	s->head.instret++;
	mmu_set_context(&s->mmu, PRIV_M, 0, false, true);
	assert_true(mmu_store(&s->mmu, pa, 8, value));
	mmu_set_context(&s->mmu, PRIV_S, MSTATUS_SUM, false, true);
}

static inline void store_pa(struct rig *r, u32 hart, u64 pa, u64 value)
{
	store_at(r, hart, PC_STORE, pa, value);
}

/* One access as the engine makes it: fast entry first. False: it faults. */
static inline bool use(struct rig *r, u32 hart, u64 va, enum access access)
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

static inline bool load(struct rig *r, u32 hart, u64 va)
{
	return use(r, hart, va, ACCESS_LOAD);
}

static inline void fence(struct rig *r, u32 hart, bool by_va, u64 va, bool by_asid, u64 asid)
{
	r->hart[hart].head.pc = PC_FENCE;
	r->hart[hart].head.instret++;
	mmu_fence(&r->hart[hart].mmu, by_va, va, by_asid, asid);
}

static inline void write_satp(struct rig *r, u32 hart, u64 root, u64 asid)
{
	mmu_write_satp(&r->hart[hart].mmu, 8ull << 60 | asid << 44 | root >> PAGE_SHIFT);
}

static inline void trap(struct rig *r, u32 hart, bool is_return, u64 pc, u64 target, u8 to_priv)
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
static inline void return_to_user(struct rig *r, u32 hart)
{
	trap(r, hart, true, 0x9000, 0x100, PRIV_U);
}

/* --- the rig --- */

static inline void create_hart(struct rig *r, u32 id, enum ad_mode ad)
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

static inline void put(struct rig *r, u64 pa, u64 value)
{
	assert_true(bus_write(&r->bus, pa, &value, 8));
}

/* Two harts in S mode; VA is mapped to FRAME, and 15 pages behind it likewise. Under ROOT2 it leads to OTHER. */
static inline struct rig *rig_create(enum ad_mode ad, u32 kinds)
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

static inline void rig_destroy(struct rig *r)
{
	mmu_free(&r->hart[0].mmu);
	mmu_free(&r->hart[1].mmu);
	bus_free(&r->bus);
	check_destroy(r->check);
	free(r);
}

static inline int setup(void **state)
{
	*state = rig_create(AD_TRAP, CHECK_ALL);
	return 0;
}

static inline int teardown(void **state)
{
	rig_destroy(*state);
	return 0;
}

static inline u64 found(const struct rig *r, enum check_kind kind)
{
	return check_count(r->check, kind);
}

static inline u64 found_any(const struct rig *r)
{
	u64 sum = 0;

	for (u32 kind = 0; kind < CHECK_KINDS; kind++)
		sum += found(r, kind);
	return sum;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
