/*
 * Breakpoints and watchpoints: a hart with a few instructions, and points around them. Code is at the start of RAM,
 * data further on; under Sv39 all of RAM is at its own address and, once more, at ALIAS.
 */
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

static int setup(void **state)
{
	struct bench *b = xcalloc(1, sizeof(*b));

	b->r = rig_create("max");
	b->h = b->r->h;
	b->h->debug = &b->d;
	b->h->csr.mtvec = HANDLER;
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;

	rig_destroy(b->r);
	free(b);
	return 0;
}

static void put(struct bench *b, u64 pa, const u32 *code, u32 count)
{
	assert_true(bus_write(&b->r->bus, pa, code, count * 4));
}

#define PUT(b, pa, ...) put(b, pa, (const u32[]){ __VA_ARGS__ }, sizeof((const u32[]){ __VA_ARGS__ }) / 4)

static void change(struct bench *b, bool add, struct debug_point point)
{
	assert_true(add ? debug_add(&b->d, &point) : debug_remove(&b->d, &point));
	debug_apply(b->h);
}

static struct debug_point on(u8 kinds, u64 address, u64 size)
{
	return (struct debug_point){ .address = address, .size = size, .kinds = kinds, .privs = ANY_MODE };
}

static struct debug_point at(u64 address)
{
	return on(DEBUG_EXECUTE, address, 1);
}

static struct debug_point physical(struct debug_point point)
{
	point.physical = true;
	return point;
}

static struct debug_point only_in(struct debug_point point, enum priv priv)
{
	point.privs = (u8)BIT(priv);
	return point;
}

static enum engine_exit go(struct bench *b, u64 steps)
{
	b->h->slice_ns = b->r->clock.now_ns;
	b->h->slice_count = b->h->count;
	return engine_run(b->h, steps);
}

/* Runs on, and must come to a stop at pc after `steps` steps. */
static void expect_stop(struct bench *b, u64 pc, u64 steps)
{
	u64 count = b->h->count;

	assert_int_equal(go(b, 1000), ENGINE_DEBUG);
	assert_true(b->d.hit.valid);
	assert_int_equal(b->d.hit.hart, b->h->id);
	assert_int_equal(b->h->pc, pc);
	assert_int_equal(b->h->count - count, steps);
}

static void expect_no_stop(struct bench *b, u64 steps)
{
	u64 count = b->h->count;

	while (b->h->count - count < steps) {
		enum engine_exit why = go(b, steps - (b->h->count - count));

		assert_true(why == ENGINE_BUDGET || why == ENGINE_DEVICE);
		assert_false(b->d.hit.valid);
	}
}

/* S or U mode under Sv39: RAM at its own address and at ALIAS, for S mode or for both. */
static void paging(struct bench *b, enum priv priv)
{
	u64 pte = RIG_RAM >> 12 << 10 | PTE_V | PTE_R | PTE_W | PTE_X | PTE_A | PTE_D | (priv == PRIV_U ? PTE_U : 0);

	assert_true(bus_store(&b->r->bus, ROOT + 8 * (RIG_RAM >> 30), 8, pte));
	assert_true(bus_store(&b->r->bus, ROOT + 8 * (ALIAS >> 30), 8, pte));
	csr_write(b->r, CSR_PMPADDR0, ~0ull);
	csr_write(b->r, CSR_PMPCFG0, 0x1f);
	csr_write(b->r, CSR_SATP, 8ull << 60 | ROOT >> 12);
	rig_set_mode(b->r, priv);
}

/* --- breakpoints --- */

static void test_breakpoint_stops_before_its_instruction(void **state)
{
	struct bench *b = *state;

	PUT(b, RIG_RAM, NOP, NOP, rv_addi(RV_A0, RV_ZERO, 5), rv_jal(RV_ZERO, 0));
	change(b, true, at(RIG_RAM + 8));
	expect_stop(b, RIG_RAM + 8, 2);
	assert_int_equal(b->d.hit.kind, DEBUG_EXECUTE);
	assert_int_equal(b->d.hit.address, RIG_RAM + 8);
	assert_int_equal(b->h->x[RV_A0], 3); /* as at reset: the hart's number */
	expect_stop(b, RIG_RAM + 8, 0);
	debug_step_over(b->h);
	expect_no_stop(b, 5);
	assert_int_equal(b->h->x[RV_A0], 5);
}

static void test_step_over_is_for_one_time(void **state)
{
	struct bench *b = *state;

	PUT(b, RIG_RAM, NOP, NOP, rv_jal(RV_ZERO, -8));
	change(b, true, at(RIG_RAM + 4));
	expect_stop(b, RIG_RAM + 4, 1);
	debug_step_over(b->h);
	expect_stop(b, RIG_RAM + 4, 3);
	debug_step_over(b->h);
	assert_int_equal(go(b, 1), ENGINE_BUDGET);
	assert_int_equal(b->h->pc, RIG_RAM + 8);
	expect_stop(b, RIG_RAM + 4, 2);
}

static void test_step_over_elsewhere_is_forgotten(void **state)
{
	struct bench *b = *state;

	PUT(b, RIG_RAM, NOP, NOP, NOP, rv_jal(RV_ZERO, -12));
	debug_step_over(b->h);
	expect_no_stop(b, 4);
	change(b, true, at(RIG_RAM));
	expect_stop(b, RIG_RAM, 0);
}

/* Blocks that were decoded before, pairs that were fused, links that lead past the beginning of a block. */
static void test_breakpoints_work_in_code_that_ran_before(void **state)
{
	struct bench *b = *state;

	PUT(b, RIG_RAM, rv_auipc(RV_T0, 4), rv_addi(RV_A1, RV_A1, 1), rv_ld(RV_A0, RV_T0, 0), rv_addi(RV_A2, RV_A1, 0),
	    rv_bne(RV_A1, RV_ZERO, -12), NOP);
	expect_no_stop(b, 1 + 100 * 4);
	for (u64 pc = RIG_RAM + 4; pc <= RIG_RAM + 16; pc += 4) {
		change(b, true, at(pc));
		assert_int_equal(go(b, 1000), ENGINE_DEBUG);
		assert_int_equal(b->h->pc, pc);
		debug_step_over(b->h);
		expect_stop(b, pc, 4);
		change(b, false, at(pc));
		expect_no_stop(b, 40);
	}
	assert_int_equal(b->h->x[RV_A2], b->h->x[RV_A1]);
}

static void test_breakpoints_survive_stores_to_their_code(void **state)
{
	struct bench *b = *state;

	/* The store at +8 drops the block it is in, and the breakpoint behind it. */
	PUT(b, RIG_RAM, rv_auipc(RV_T0, 0), NOP, rv_sd(RV_ZERO, RV_T0, 0x40), NOP, NOP, rv_jal(RV_ZERO, -20));
	change(b, true, at(RIG_RAM + 16));
	expect_stop(b, RIG_RAM + 16, 4);
	debug_step_over(b->h);
	expect_stop(b, RIG_RAM + 16, 6);
}

static void test_breakpoint_at_the_end_of_a_budget(void **state)
{
	struct bench *b = *state;

	PUT(b, RIG_RAM, NOP, NOP, NOP, rv_jal(RV_ZERO, 0));
	change(b, true, at(RIG_RAM + 8));
	assert_int_equal(go(b, 2), ENGINE_BUDGET);
	assert_int_equal(b->h->pc, RIG_RAM + 8);
	assert_int_equal(go(b, 1), ENGINE_DEBUG);
	assert_int_equal(b->h->pc, RIG_RAM + 8);
	debug_step_over(b->h);
	assert_int_equal(go(b, 1), ENGINE_BUDGET);
	assert_int_equal(b->h->pc, RIG_RAM + 12);
}

static void test_breakpoint_on_an_instruction_across_pages(void **state)
{
	struct bench *b = *state;
	const u16 c_nop = 1;
	const u32 wide = rv_addi(RV_A0, RV_ZERO, 9);

	assert_true(bus_write(&b->r->bus, RIG_RAM + 0xffc, &c_nop, 2));
	assert_true(bus_write(&b->r->bus, RIG_RAM + 0xffe, &wide, 4));
	assert_true(bus_write(&b->r->bus, RIG_RAM + 0x1002, &c_nop, 2));
	b->h->pc = RIG_RAM + 0xffc;
	change(b, true, at(RIG_RAM + 0xffe));
	change(b, true, at(RIG_RAM + 0x1002));
	expect_stop(b, RIG_RAM + 0xffe, 1);
	debug_step_over(b->h);
	expect_stop(b, RIG_RAM + 0x1002, 1);
	assert_int_equal(b->h->x[RV_A0], 9);
}

static void test_breakpoint_on_an_instruction_that_traps(void **state)
{
	struct bench *b = *state;

	PUT(b, RIG_RAM, NOP, RV_ECALL);
	PUT(b, HANDLER, NOP, rv_jal(RV_ZERO, 0));
	change(b, true, at(RIG_RAM + 4));
	expect_stop(b, RIG_RAM + 4, 1);
	debug_step_over(b->h);
	assert_int_equal(go(b, 1), ENGINE_BUDGET);
	assert_int_equal(b->h->pc, HANDLER);
	assert_int_equal(b->h->csr.mcause, EXC_ECALL_M);
}

static void test_breakpoint_holds_again_after_an_interrupt(void **state)
{
	struct bench *b = *state;

	PUT(b, RIG_RAM, NOP, NOP, rv_jal(RV_ZERO, -8));
	PUT(b, HANDLER, rv_csrw(CSR_MIE, RV_ZERO), 0x30200073 /* mret */);
	change(b, true, at(RIG_RAM + 4));
	expect_stop(b, RIG_RAM + 4, 1);
	b->h->csr.mie = BIT(WIRE_MSI);
	b->h->csr.mstatus |= MSTATUS_MIE;
	hart_set_wire(b->h, WIRE_MSI, true);
	debug_step_over(b->h);
	expect_stop(b, RIG_RAM + 4, 2);
	assert_int_equal(b->h->csr.mepc, RIG_RAM + 4);
	debug_step_over(b->h);
	expect_stop(b, RIG_RAM + 4, 3);
}

static void test_breakpoint_counts_in_its_mode_only(void **state)
{
	struct bench *b = *state;

	PUT(b, RIG_RAM, NOP, NOP, rv_jal(RV_ZERO, -8));
	change(b, true, only_in(at(RIG_RAM + 4), PRIV_U));
	expect_no_stop(b, 30);
	paging(b, PRIV_U);
	b->h->pc = RIG_RAM;
	expect_stop(b, RIG_RAM + 4, 1);
	change(b, false, only_in(at(RIG_RAM + 4), PRIV_U));
	change(b, true, only_in(at(RIG_RAM + 4), PRIV_M));
	expect_no_stop(b, 30);
}

static void test_virtual_breakpoint_is_not_at_other_addresses(void **state)
{
	struct bench *b = *state;

	PUT(b, RIG_RAM, NOP, NOP, rv_jal(RV_ZERO, -8));
	paging(b, PRIV_S);
	b->h->pc = ALIAS;
	change(b, true, at(RIG_RAM + 4));
	expect_no_stop(b, 30);
	change(b, true, at(ALIAS + 4));
	expect_stop(b, ALIAS + 4, 1);
}

static void test_physical_breakpoint_is_at_all_addresses(void **state)
{
	struct bench *b = *state;

	PUT(b, RIG_RAM, NOP, NOP, rv_jal(RV_ZERO, -8));
	change(b, true, physical(at(RIG_RAM + 4)));
	change(b, true, physical(at(ALIAS + 8)));
	expect_stop(b, RIG_RAM + 4, 1);
	paging(b, PRIV_S);
	b->h->pc = ALIAS;
	expect_stop(b, ALIAS + 4, 1);
	assert_int_equal(b->d.hit.address, RIG_RAM + 4);
	b->h->pc = RIG_RAM;
	expect_stop(b, RIG_RAM + 4, 1);
}

static void test_breakpoints_hold_across_a_write_of_satp(void **state)
{
	struct bench *b = *state;

	PUT(b, RIG_RAM, NOP, rv_csrw(CSR_SATP, RV_T0), NOP, rv_i(0x67, 0, RV_ZERO, RV_T1, 0) /* jalr */, NOP);
	paging(b, PRIV_S);
	b->h->x[RV_T0] = b->h->mmu.satp;
	b->h->x[RV_T1] = ALIAS + 16;
	mmu_write_satp(&b->h->mmu, 0);
	b->h->pc = RIG_RAM;
	change(b, true, at(RIG_RAM + 4));
	change(b, true, at(RIG_RAM + 8));
	change(b, true, at(ALIAS + 16));
	expect_stop(b, RIG_RAM + 4, 1);
	assert_int_equal(b->h->mmu.levels, 0);
	debug_step_over(b->h);
	expect_stop(b, RIG_RAM + 8, 1);
	assert_int_equal(b->h->mmu.levels, 3);
	debug_step_over(b->h);
	expect_stop(b, ALIAS + 16, 2);
}

static void test_observed_instructions_end_at_a_breakpoint(void **state)
{
	struct bench *b = *state;

	PUT(b, RIG_RAM, NOP, NOP, NOP, rv_jal(RV_ZERO, 0));
	b->r->trace.wanted = BIT(TRACE_INSN);
	hart_update_observing(b->h);
	change(b, true, at(RIG_RAM + 8));
	expect_stop(b, RIG_RAM + 8, 2);
	assert_int_equal(b->r->events, 2);
	debug_step_over(b->h);
	assert_int_equal(go(b, 1), ENGINE_BUDGET);
	assert_int_equal(b->r->events, 3);
}

/* --- watchpoints --- */

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

/* --- the guest cannot tell --- */

/* Fills a page with numbers that depend on all before, and so do the registers. */
static void put_mixer(struct bench *b)
{
	PUT(b, RIG_RAM, rv_addi(RV_A1, RV_A1, 1), rv_slli(RV_A2, RV_A1, 3),
	    rv_i(0x13, 7, RV_A2, RV_A2, 0x7f8) /* andi */,
	    RV_A2 << 20 | RV_T0 << 15 | RV_T1 << 7 | 0x33 /* add t1, t0, a2 */, rv_ld(RV_A3, RV_T1, 0),
	    RV_A1 << 20 | RV_A3 << 15 | RV_A0 << 7 | 0x33 /* add a0, a3, a1 */, rv_sd(RV_A0, RV_T1, 0),
	    rv_amoadd_d(RV_T2, RV_A0, RV_T1), rv_bne(RV_A1, RV_ZERO, -32), NOP);
	b->h->x[RV_T0] = DATA;
}

static void test_stopping_and_stepping_change_nothing(void **state)
{
	struct bench *plain = *state, *other;
	void *second;
	u32 stops = 0;

	(void)setup(&second);
	other = second;
	put_mixer(plain);
	put_mixer(other);
	for (u32 round = 0; round < 200; round++) {
		u64 goal = plain->h->count + 7 + round;

		assert_int_equal(go(plain, goal - plain->h->count), ENGINE_BUDGET);
		if (round % 5 == 0)
			change(other, true, at(RIG_RAM + 4 * (round % 9)));
		if (round % 7 == 0)
			change(other, true, on(DEBUG_STORE, DATA + 8 * (round % 256), 8));
		while (other->h->count < goal) {
			u64 steps = goal - other->h->count;

			if (go(other, round % 3 ? steps : 1) == ENGINE_DEBUG)
				stops++;
			debug_step_over(other->h);
		}
		assert_memory_equal(plain->h->x, other->h->x, sizeof(plain->h->x));
		assert_int_equal(plain->h->pc, other->h->pc);
		assert_int_equal(plain->h->count, other->h->count);
		if (other->d.count > 8)
			other->d.count = 0;
	}
	assert_true(stops > 1000);
	assert_memory_equal(bus_ram(&plain->r->bus, DATA, 4096), bus_ram(&other->r->bus, DATA, 4096), 4096);
	(void)teardown(&second);
}

static void test_points_are_counted_and_found(void **state)
{
	struct bench *b = *state;
	struct debug_point nothing = on(DEBUG_LOAD, DATA, 0), first = at(RIG_RAM);

	assert_false(debug_add(&b->d, &nothing));
	for (u32 i = 0; i < DEBUG_POINTS_MAX; i++) {
		struct debug_point point = at(RIG_RAM + 4 * i);

		assert_true(debug_add(&b->d, &point));
	}
	assert_false(debug_add(&b->d, &first));
	assert_true(debug_remove(&b->d, &first));
	assert_false(debug_remove(&b->d, &first));
	assert_true(debug_add(&b->d, &first));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_breakpoint_stops_before_its_instruction),
		TEST(test_step_over_is_for_one_time),
		TEST(test_step_over_elsewhere_is_forgotten),
		TEST(test_breakpoints_work_in_code_that_ran_before),
		TEST(test_breakpoints_survive_stores_to_their_code),
		TEST(test_breakpoint_at_the_end_of_a_budget),
		TEST(test_breakpoint_on_an_instruction_across_pages),
		TEST(test_breakpoint_on_an_instruction_that_traps),
		TEST(test_breakpoint_holds_again_after_an_interrupt),
		TEST(test_breakpoint_counts_in_its_mode_only),
		TEST(test_virtual_breakpoint_is_not_at_other_addresses),
		TEST(test_physical_breakpoint_is_at_all_addresses),
		TEST(test_breakpoints_hold_across_a_write_of_satp),
		TEST(test_observed_instructions_end_at_a_breakpoint),
		TEST(test_watchpoints_see_every_kind_of_access),
		TEST(test_a_stopped_access_has_not_been_done),
		TEST(test_both_kinds_of_points_on_one_instruction),
		TEST(test_an_access_that_traps_is_none),
		TEST(test_watchpoint_is_virtual_or_physical),
		TEST(test_watchpoint_counts_in_its_mode_only),
		TEST(test_only_watched_pages_are_slow),
		TEST(test_stopping_and_stepping_change_nothing),
		TEST(test_points_are_counted_and_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
