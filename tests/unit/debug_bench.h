/*
 * A hart with a few instructions and a debugger's points around them. Code is at the start of RAM, data further on;
 * under Sv39 all of RAM is at its own address and, once more, at ALIAS.
 */
#ifndef RVEMU_TESTS_UNIT_DEBUG_BENCH_H
#define RVEMU_TESTS_UNIT_DEBUG_BENCH_H

#include "cpu/debug.h"

#include "cpu/trap.h"
#include "tests/unit/hart_rig.h"
#include "tests/unit/rv_asm.h"

#define DATA (RIG_RAM + 0x4000)
#define ROOT (RIG_RAM + 0x8000)
#define HANDLER (RIG_RAM + 0x2000)
#define ALIAS 0x40000000ull
#define TO_ALIAS(address) ((address)-RIG_RAM + ALIAS)
#define ANY_MODE (BIT(PRIV_U) | BIT(PRIV_S) | BIT(PRIV_M))
#define NOP rv_addi(RV_ZERO, RV_ZERO, 0)

struct bench {
	struct rig *r;
	struct hart *h;
	struct debug d;
};

static inline int bench_setup(void **state)
{
	struct bench *b = xcalloc(1, sizeof(*b));

	b->r = rig_create("max");
	b->h = b->r->h;
	b->h->debug = &b->d;
	b->h->csr.mtvec = HANDLER;
	*state = b;
	return 0;
}

static inline int bench_teardown(void **state)
{
	struct bench *b = *state;

	rig_destroy(b->r);
	free(b);
	return 0;
}

static inline void put(struct bench *b, u64 pa, const u32 *code, u32 count)
{
	assert_true(bus_write(&b->r->bus, pa, code, count * 4));
}

#define PUT(b, pa, ...) put(b, pa, (const u32[]){ __VA_ARGS__ }, sizeof((const u32[]){ __VA_ARGS__ }) / 4)

static inline void change(struct bench *b, bool add, struct debug_point point)
{
	assert_true(add ? debug_add(&b->d, &point) : debug_remove(&b->d, &point));
	debug_apply(b->h);
}

static inline struct debug_point on(u8 kinds, u64 address, u64 size)
{
	return (struct debug_point){ .address = address, .size = size, .kinds = kinds, .privs = ANY_MODE };
}

static inline struct debug_point at(u64 address)
{
	return on(DEBUG_EXECUTE, address, 1);
}

static inline struct debug_point physical(struct debug_point point)
{
	point.physical = true;
	return point;
}

static inline struct debug_point only_in(struct debug_point point, enum priv priv)
{
	point.privs = (u8)BIT(priv);
	return point;
}

static inline enum engine_exit go(struct bench *b, u64 steps)
{
	b->h->slice_ns = b->r->clock.now_ns;
	b->h->slice_count = b->h->count;
	return engine_run(b->h, steps);
}

/* Runs on, and must come to a stop at pc after `steps` steps. */
static inline void expect_stop(struct bench *b, u64 pc, u64 steps)
{
	u64 count = b->h->count;

	assert_int_equal(go(b, 1000), ENGINE_DEBUG);
	assert_true(b->d.hit.valid);
	assert_int_equal(b->d.hit.hart, b->h->id);
	assert_int_equal(b->h->pc, pc);
	assert_int_equal(b->h->count - count, steps);
}

static inline void expect_no_stop(struct bench *b, u64 steps)
{
	u64 count = b->h->count;

	while (b->h->count - count < steps) {
		enum engine_exit why = go(b, steps - (b->h->count - count));

		assert_true(why == ENGINE_BUDGET || why == ENGINE_DEVICE);
		assert_false(b->d.hit.valid);
	}
}

/* S or U mode under Sv39: RAM at its own address and at ALIAS, for S mode or for both. */
static inline void paging(struct bench *b, enum priv priv)
{
	u64 pte = RIG_RAM >> 12 << 10 | PTE_V | PTE_R | PTE_W | PTE_X | PTE_A | PTE_D | (priv == PRIV_U ? PTE_U : 0);

	assert_true(bus_store(&b->r->bus, ROOT + 8 * (RIG_RAM >> 30), 8, pte));
	assert_true(bus_store(&b->r->bus, ROOT + 8 * (ALIAS >> 30), 8, pte));
	csr_write(b->r, CSR_PMPADDR0, ~0ull);
	csr_write(b->r, CSR_PMPCFG0, 0x1f);
	csr_write(b->r, CSR_SATP, 8ull << 60 | ROOT >> 12);
	rig_set_mode(b->r, priv);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)

#endif
