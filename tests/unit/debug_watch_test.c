/*
 * Watchpoints: every kind of access, by virtual and by physical address, in each mode.
 */
#include "tests/unit/debug_bench.h"

/* Encodings with t0 as the address and a0 as the register. */
#define ENCODE(opcode, funct3, upper) ((u32)(upper) << 20 | RV_T0 << 15 | (funct3) << 12 | RV_A0 << 7 | (opcode))
#define LB ENCODE(0x03, 0, 0)
#define LW ENCODE(0x03, 2, 0)
#define LD ENCODE(0x03, 3, 0)
#define FLD ENCODE(0x07, 3, 0)
#define SB 0x00a28023u
#define SD 0x00a2b023u
#define FSD 0x00a2b027u
#define LR_D ENCODE(0x2f, 3, 0x100)
#define SC_D ENCODE(0x2f, 3, 0x180) /* of x0 */
#define AMOADD_D ENCODE(0x2f, 3, 0) /* of x0 */
#define AMOCAS_D 0x2802b02fu        /* compares with x0 */
#define AMOCAS_D_T0 0x2802b2afu     /* compares with t0 */
#define CBO_ZERO 0x0042a00fu
#define CBO_FLUSH 0x0022a00fu

/* One instruction whose t0 is DATA + from, with a point at DATA + watched. */
static const struct watch_case {
	const char *name;
	u32 insn;
	s32 from;
	s32 watched;
	u32 size;
	u8 kinds;
	u8 hit;    /* the kind that is reported; 0: none is */
	s32 where; /* the address that is reported, from DATA */
} watch_cases[] = {
	{ "load", LD, 0, 0, 8, DEBUG_LOAD, DEBUG_LOAD, 0 },
	{ "load, a later byte", LD, 0, 6, 1, DEBUG_LOAD, DEBUG_LOAD, 6 },
	{ "load, an earlier range", LD, 8, 0, 9, DEBUG_LOAD, DEBUG_LOAD, 8 },
	{ "load, the byte behind", LD, 0, 8, 8, DEBUG_LOAD, 0, 0 },
	{ "load, the byte before", LB, 1, 0, 1, DEBUG_LOAD, 0, 0 },
	{ "load, stores watched", LD, 0, 0, 8, DEBUG_STORE, 0, 0 },
	{ "misaligned load", LW, 3, 6, 1, DEBUG_LOAD, DEBUG_LOAD, 6 },
	{ "load across pages, first", LD, 0xffc, 0xfff, 1, DEBUG_LOAD, DEBUG_LOAD, 0xfff },
	{ "load across pages, second", LD, 0xffc, 0x1003, 9, DEBUG_LOAD, DEBUG_LOAD, 0x1003 },
	{ "load across pages, behind", LD, 0xffc, 0x1004, 9, DEBUG_LOAD, 0, 0 },
	{ "store", SD, 0, 0, 8, DEBUG_STORE, DEBUG_STORE, 0 },
	{ "store, loads watched", SD, 0, 0, 8, DEBUG_LOAD, 0, 0 },
	{ "store, both watched", SB, 5, 4, 4, DEBUG_LOAD | DEBUG_STORE, DEBUG_STORE, 5 },
	{ "store across pages", SD, 0xff9, 0x1000, 1, DEBUG_STORE, DEBUG_STORE, 0x1000 },
	{ "fld", FLD, 0, 4, 4, DEBUG_LOAD, DEBUG_LOAD, 4 },
	{ "fsd", FSD, 0, 4, 4, DEBUG_STORE, DEBUG_STORE, 4 },
	{ "lr", LR_D, 0, 0, 1, DEBUG_LOAD, DEBUG_LOAD, 0 },
	{ "lr is no store", LR_D, 0, 0, 1, DEBUG_STORE, 0, 0 },
	{ "sc, even if it fails", SC_D, 0, 0, 8, DEBUG_LOAD | DEBUG_STORE, DEBUG_STORE, 0 },
	{ "sc is no load", SC_D, 0, 0, 8, DEBUG_LOAD, 0, 0 },
	{ "amoadd, loads", AMOADD_D, 0, 7, 1, DEBUG_LOAD, DEBUG_LOAD, 7 },
	{ "amoadd, stores", AMOADD_D, 0, 7, 1, DEBUG_STORE, DEBUG_STORE, 7 },
	{ "amocas that stores", AMOCAS_D, 0, 0, 8, DEBUG_STORE, DEBUG_STORE, 0 },
	{ "amocas that does not", AMOCAS_D_T0, 0, 0, 8, DEBUG_STORE, DEBUG_STORE, 0 },
	{ "cbo.zero", CBO_ZERO, 5, 63, 1, DEBUG_STORE, DEBUG_STORE, 63 },
	{ "cbo.flush", CBO_FLUSH, 5, 63, 1, DEBUG_LOAD | DEBUG_STORE, 0, 0 },
	{ "everything", SD, 0x500, -0x4000, 0xffffffff, DEBUG_STORE, DEBUG_STORE, 0x500 },
};

static void watch_once(struct bench *b, const struct watch_case *c)
{
	u64 count;

	b->h->pc = RIG_RAM;
	b->h->x[RV_T0] = DATA + (u64)(s64)c->from;
	b->h->reserved = false;
	count = b->h->count;
	if (c->hit == 0) {
		expect_no_stop(b, 2);
		return;
	}
	assert_int_equal(go(b, 1000), ENGINE_DEBUG);
	if (b->h->pc != RIG_RAM || b->h->count != count || b->d.hit.kind != c->hit ||
	    b->d.hit.address != DATA + (u64)(s64)c->where)
		fail_msg("%s: pc %lx, kind %u, address %lx", c->name, (unsigned long)b->h->pc, b->d.hit.kind,
		         (unsigned long)b->d.hit.address);
	debug_step_over(b->h);
	assert_int_equal(go(b, 1), ENGINE_BUDGET);
	assert_int_equal(b->h->pc, RIG_RAM + 4);
	assert_int_equal(b->h->count, count + 1);
}

static void test_watchpoints_see_every_kind_of_access(void **state)
{
	struct bench *b = *state;

	csr_set(b->r, CSR_MSTATUS, MSTATUS_FS);
	for (u32 i = 0; i < ARRAY_SIZE(watch_cases); i++) {
		const struct watch_case *c = &watch_cases[i];
		struct debug_point point = on(c->kinds, DATA + (u64)(s64)c->watched, c->size);

		PUT(b, RIG_RAM, c->insn, rv_jal(RV_ZERO, 0));
		/* Once before the page is in the fast table, and once when it was, without the point. */
		change(b, true, point);
		watch_once(b, c);
		change(b, false, point);
		b->h->pc = RIG_RAM;
		expect_no_stop(b, 3);
		change(b, true, point);
		watch_once(b, c);
		change(b, false, point);
	}
}

/* Nothing of it has been done when an instruction is stopped, and all of it when it goes on. */
static void test_a_stopped_access_has_not_been_done(void **state)
{
	struct bench *b = *state;

	PUT(b, RIG_RAM, rv_lr_d(RV_A0, RV_T0), rv_sc_d(RV_A1, RV_A2, RV_T0), rv_amoadd_d(RV_A3, RV_A2, RV_T0),
	    rv_jal(RV_ZERO, 0));
	b->h->x[RV_T0] = DATA;
	b->h->x[RV_A1] = 99;
	b->h->x[RV_A2] = 5;
	change(b, true, on(DEBUG_STORE, DATA, 8));
	expect_stop(b, RIG_RAM + 4, 1);
	assert_int_equal(b->h->x[RV_A1], 99);
	assert_true(b->h->reserved);
	debug_step_over(b->h);
	expect_stop(b, RIG_RAM + 8, 1);
	assert_int_equal(b->h->x[RV_A1], 0);
	assert_int_equal(b->h->x[RV_A3], 0);
	debug_step_over(b->h);
	expect_no_stop(b, 3);
	assert_int_equal(b->h->x[RV_A3], 5);
	assert_int_equal(*(u64 *)(void *)bus_ram(&b->r->bus, DATA, 8), 10);
}

/* A breakpoint and a watchpoint on one instruction: each is reported, and both can be left behind. */
static void test_both_kinds_of_points_on_one_instruction(void **state)
{
	struct bench *b = *state;

	PUT(b, RIG_RAM, NOP, rv_sd(RV_A0, RV_T0, 0), rv_jal(RV_ZERO, -8));
	b->h->x[RV_T0] = DATA;
	change(b, true, on(DEBUG_STORE, DATA, 8));
	change(b, true, at(RIG_RAM + 4));
	expect_stop(b, RIG_RAM + 4, 1);
	for (u32 round = 0; round < 3; round++) {
		assert_int_equal(b->d.hit.kind, DEBUG_EXECUTE);
		debug_step_over(b->h);
		expect_stop(b, RIG_RAM + 4, 0);
		assert_int_equal(b->d.hit.kind, DEBUG_STORE);
		debug_step_over(b->h);
		expect_stop(b, RIG_RAM + 4, 3);
	}
}

static void test_an_access_that_traps_is_none(void **state)
{
	struct bench *b = *state;

	PUT(b, RIG_RAM, rv_sd(RV_A0, RV_T0, 0), NOP);
	PUT(b, HANDLER, NOP, rv_jal(RV_ZERO, 0));
	b->h->x[RV_T0] = RIG_RAM + RIG_RAM_SIZE - 4;
	change(b, true, on(DEBUG_STORE, RIG_RAM + RIG_RAM_SIZE - 4, 8));
	expect_no_stop(b, 3);
	assert_int_equal(b->h->csr.mcause, EXC_STORE_ACCESS);
}

static void test_watchpoint_is_virtual_or_physical(void **state)
{
	struct bench *b = *state;

	PUT(b, RIG_RAM, rv_sd(RV_A0, RV_T0, 0), NOP, rv_jal(RV_ZERO, -8));
	paging(b, PRIV_S);
	b->h->pc = RIG_RAM;
	b->h->x[RV_T0] = TO_ALIAS(DATA);
	expect_no_stop(b, 30);
	change(b, true, on(DEBUG_STORE, DATA, 8));
	expect_no_stop(b, 30);
	change(b, true, physical(on(DEBUG_STORE, DATA + 4, 8)));
	assert_int_equal(go(b, 1000), ENGINE_DEBUG);
	assert_int_equal(b->d.hit.address, DATA + 4);
	assert_int_equal(b->d.hit.point, 1);
	b->h->x[RV_T0] = DATA;
	expect_stop(b, RIG_RAM, 0);
	assert_int_equal(b->d.hit.point, 0);
}

static void test_watchpoint_counts_in_its_mode_only(void **state)
{
	struct bench *b = *state;

	PUT(b, RIG_RAM, rv_sd(RV_A0, RV_T0, 0), NOP, rv_jal(RV_ZERO, -8));
	b->h->x[RV_T0] = DATA;
	change(b, true, only_in(on(DEBUG_STORE, DATA, 8), PRIV_U));
	expect_no_stop(b, 30);
	paging(b, PRIV_U);
	b->h->pc = RIG_RAM;
	expect_stop(b, RIG_RAM, 0);
}

/* Slow accesses are counted: a watched page has them all, its neighbour one, and the page itself one once more when the
 * point is gone. */
static void test_only_watched_pages_are_slow(void **state)
{
	struct bench *b = *state;
	u64 before;

	PUT(b, RIG_RAM, rv_ld(RV_A0, RV_T0, 0), NOP, rv_jal(RV_ZERO, -8));
	b->h->x[RV_T0] = DATA;
	change(b, true, on(DEBUG_LOAD, DATA + 0x800, 1));
	before = b->h->mmu.stats.loads;
	expect_no_stop(b, 300);
	assert_int_equal(b->h->mmu.stats.loads - before, 100);
	b->h->x[RV_T0] = DATA + PAGE_SIZE;
	before = b->h->mmu.stats.loads;
	expect_no_stop(b, 300);
	assert_int_equal(b->h->mmu.stats.loads - before, 1);
	b->h->x[RV_T0] = DATA;
	change(b, false, on(DEBUG_LOAD, DATA + 0x800, 1));
	before = b->h->mmu.stats.loads;
	expect_no_stop(b, 300);
	assert_int_equal(b->h->mmu.stats.loads - before, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_watchpoints_see_every_kind_of_access),
		TEST(test_a_stopped_access_has_not_been_done),
		TEST(test_both_kinds_of_points_on_one_instruction),
		TEST(test_an_access_that_traps_is_none),
		TEST(test_watchpoint_is_virtual_or_physical),
		TEST(test_watchpoint_counts_in_its_mode_only),
		TEST(test_only_watched_pages_are_slow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
