/*
 * cpu/csr.c and cpu/csr_regs.c against the privileged manual: which registers exist and for whom, what they hold after
 * reset, what each of their bits can be made to hold. The expectations are written from the manual's register figures,
 * not from cpu/csr.def. What writing them does is tested in csr_effects_test.c, counters in counters_test.c.
 */
#include "cpu/csr.h"

#include "tests/unit/hart_rig.h"

#define UXL_SXL 0xa00000000ull

/* --- existence and privilege --- */

/* Every register of a hart that has everything: the manual's tables of allocated addresses, less what it does not
 * have. */
static bool is_listed(u32 number)
{
	static const u16 singles[] = {
		0x001, 0x002, 0x003, 0xc00, 0xc01, 0xc02,                      /* floating point, counters */
		0x100, 0x104, 0x105, 0x106, 0x10a, 0x10c, 0x10d, 0x10e, 0x10f, /* supervisor */
		0x140, 0x141, 0x142, 0x143, 0x144, 0x14d, 0x180, 0xda0, 0xf11, 0xf12, 0xf13, 0xf14, 0xf15, /* machine */
		0x300, 0x301, 0x302, 0x303, 0x304, 0x305, 0x306, 0x30a, 0x30c, 0x30d, 0x30e, 0x30f, 0x340,
		0x341, 0x342, 0x343, 0x344, 0x3a0, 0x3a2, 0x3a4, 0x3a6, 0x3a8, 0x3aa, 0x3ac, 0x3ae, 0x7a0,
		0x7a1, 0x7a2, 0x7a3, 0xb00, 0xb02, 0x320,
	};

	if ((number >= 0xc03 && number <= 0xc1f) || (number >= 0xb03 && number <= 0xb1f) ||
	    (number >= 0x323 && number <= 0x33f) || (number >= 0x3b0 && number <= 0x3ef))
		return true;
	for (u32 i = 0; i < ARRAY_SIZE(singles); i++)
		if (singles[i] == number)
			return true;
	return false;
}

/* Opens everything that M mode can open to lower modes. */
static void open_gates(struct rig *r)
{
	csr_write(r, CSR_MCOUNTEREN, ~0ull);
	csr_write(r, CSR_SCOUNTEREN, ~0ull);
	csr_write(r, CSR_MENVCFG, MENVCFG_STCE);
	for (u32 i = 0; i < 4; i++)
		csr_write(r, CSR_MSTATEEN0 + i, ~0ull);
	csr_set(r, CSR_MSTATUS, MSTATUS_FS);
}

static void test_access_needs_existence_and_privilege(void **state)
{
	static const enum priv modes[] = { PRIV_U, PRIV_S, PRIV_M };
	struct rig *r = *state;

	open_gates(r);
	for (u32 m = 0; m < 3; m++)
		for (u32 number = 0; number < 4096; number++) {
			bool legal = is_listed(number) && modes[m] >= bits(number, 9, 8);

			rig_set_mode(r, modes[m]);
			if (can_read(r, number) != legal)
				fail_msg("CSR 0x%03x read in mode %u: not %d", number, modes[m], legal);
		}
}

/* "Attempts to write a read-only register raise illegal-instruction exceptions." */
static void test_write_needs_a_writable_register(void **state)
{
	struct rig *r = *state;

	open_gates(r);
	for (u32 number = 0; number < 4096; number++) {
		bool legal = is_listed(number) && bits(number, 11, 10) != 3;

		rig_set_mode(r, PRIV_M);
		if (can_write(r, number) != legal)
			fail_msg("CSR 0x%03x written: not %d", number, legal);
	}
}

static void test_illegal_access_changes_nothing(void **state)
{
	struct rig *r = *state;
	u64 old = 0x1234;

	csr_write(r, CSR_MSCRATCH, 5);
	rig_set_mode(r, PRIV_S);
	assert_false(csr_access(r->h, CSR_MSCRATCH, CSR_WRITE, 7, true, true, &old));
	assert_int_equal(old, 0x1234);
	assert_int_equal(r->h->csr.mscratch, 5);
}

static void test_csrrw_without_rd_does_not_read(void **state)
{
	struct rig *r = *state;
	u64 old = 0x1234;

	assert_true(csr_access(r->h, CSR_MSCRATCH, CSR_WRITE, 7, false, true, &old));
	assert_int_equal(old, 0x1234);
	assert_int_equal(r->h->csr.mscratch, 7);
}

static void test_set_and_clear_use_the_old_value(void **state)
{
	struct rig *r = *state;
	u64 old;

	csr_write(r, CSR_MSCRATCH, 0xf0);
	assert_true(csr_access(r->h, CSR_MSCRATCH, CSR_SET, 0x0f, true, true, &old));
	assert_int_equal(old, 0xf0);
	assert_true(csr_access(r->h, CSR_MSCRATCH, CSR_CLEAR, 0x33, true, true, &old));
	assert_int_equal(old, 0xff);
	assert_int_equal(csr_read(r, CSR_MSCRATCH), 0xcc);
}

struct absence {
	const char *isa; /* a hart of this ISA ... */
	u16 number;      /* ... has no such register */
};

static void test_registers_go_with_their_extensions(void **state)
{
	static const struct absence absences[] = {
		{ "rv64i", CSR_FFLAGS },      { "rv64i", CSR_FRM },       { "rv64i", CSR_FCSR },
		{ "rv64i", CSR_CYCLE },       { "rv64i", CSR_TIME },      { "rv64i", CSR_INSTRET },
		{ "rv64i", CSR_HPMCOUNTER3 }, { "rv64i", CSR_STIMECMP },  { "rv64i", CSR_SCOUNTOVF },
		{ "rv64i", CSR_MSTATEEN0 },   { "rv64i", CSR_SSTATEEN0 }, { "rv64iu", CSR_SSTATUS },
		{ "rv64iu", CSR_SIE },        { "rv64iu", CSR_STVEC },    { "rv64iu", CSR_SCOUNTEREN },
		{ "rv64iu", CSR_SENVCFG },    { "rv64iu", CSR_SSCRATCH }, { "rv64iu", CSR_SEPC },
		{ "rv64iu", CSR_SCAUSE },     { "rv64iu", CSR_STVAL },    { "rv64iu", CSR_SIP },
		{ "rv64iu", CSR_SATP },       { "rv64iu", CSR_MEDELEG },  { "rv64iu", CSR_MIDELEG },
	};

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(absences); i++) {
		struct rig *r = rig_create(absences[i].isa);
		u64 value;

		if (isa_has(r->h->isa, EXT_F))
			csr_set(r, CSR_MSTATUS, MSTATUS_FS);
		if (can_read(r, absences[i].number))
			fail_msg("%s has CSR 0x%x", absences[i].isa, absences[i].number);
		assert_false(csr_peek(r->h, absences[i].number, &value));
		assert_false(csr_poke(r->h, absences[i].number, 0));
		rig_destroy(r);
	}
}

static void test_machine_only_hart_has_no_user_registers(void **state)
{
	struct rig *r = rig_create_m_only();

	(void)state;
	assert_false(can_read(r, CSR_MCOUNTEREN));
	assert_false(can_read(r, CSR_MENVCFG));
	assert_true(can_read(r, CSR_MCOUNTINHIBIT));
	assert_true(can_read(r, CSR_PMPADDR0));
	rig_destroy(r);
}

static void test_names_and_numbers_agree(void **state)
{
	(void)state;
	for (u32 number = 0; number < 4096; number++) {
		const char *name = csr_name(number);

		assert_int_equal(name != NULL, is_listed(number));
		if (name)
			assert_int_equal(csr_number(name), number);
	}
	assert_string_equal(csr_name(0xb1f), "mhpmcounter31");
	assert_string_equal(csr_name(0x323), "mhpmevent3");
	assert_string_equal(csr_name(0x3ef), "pmpaddr63");
	assert_string_equal(csr_name(0x3b9), "pmpaddr9");
	assert_int_equal(csr_number("mnonsense"), -1);
	assert_null(csr_name(4096));
}

/* --- reset --- */

struct value_of {
	u16 number;
	u64 value;
};

static void test_reset_values(void **state)
{
	static const struct value_of values[] = {
		{ CSR_MSTATUS, UXL_SXL }, { CSR_MISA, 0x800000000014112full },
		{ CSR_MHARTID, 3 },       { CSR_MVENDORID, 0 },
		{ CSR_MARCHID, 0 },       { CSR_MIMPID, 0 },
		{ CSR_MCONFIGPTR, 0 },    { CSR_MCAUSE, 0 },
		{ CSR_SATP, 0 },          { CSR_MIE, 0 },
		{ CSR_MIP, 0 },           { CSR_MIDELEG, 0 },
		{ CSR_MEDELEG, 0 },       { CSR_MENVCFG, MENVCFG_ADUE },
		{ CSR_SENVCFG, 0 },       { CSR_MCOUNTEREN, 0 },
		{ CSR_MCOUNTINHIBIT, 0 }, { CSR_MSTATEEN0, 0 },
		{ CSR_MSTATEEN1, 0 },     { CSR_MSTATEEN2, 0 },
		{ CSR_MSTATEEN3, 0 },     { CSR_STIMECMP, ~0ull },
		{ CSR_PMPCFG0, 0 },       { CSR_PMPCFG14, 0 },
		{ CSR_SCOUNTOVF, 0 },     { CSR_SSTATUS, 0x200000000ull },
		{ CSR_TSELECT, 0 },       { CSR_TDATA1, 0 },
	};
	struct rig *r = *state;

	for (u32 i = 0; i < ARRAY_SIZE(values); i++) {
		u64 value = csr_read(r, values[i].number);

		if (value != values[i].value)
			fail_msg("CSR 0x%x is 0x%llx after reset", values[i].number, (unsigned long long)value);
	}
}

/* A second reset leaves nothing of what the guest did. */
static void test_reset_undoes_everything(void **state)
{
	static const u16 numbers[] = {
		CSR_MSTATUS,  CSR_MIE,     CSR_MIP,      CSR_MEDELEG,       CSR_MIDELEG,    CSR_MTVEC,
		CSR_MCAUSE,   CSR_MENVCFG, CSR_SATP,     CSR_MCOUNTINHIBIT, CSR_MHPMEVENT3, CSR_MSTATEEN0,
		CSR_STIMECMP, CSR_PMPCFG0, CSR_PMPADDR0, CSR_FCSR,
	};
	struct rig *r = *state;
	u64 before[ARRAY_SIZE(numbers)];

	for (u32 i = 0; i < ARRAY_SIZE(numbers); i++)
		assert_true(csr_peek(r->h, numbers[i], &before[i]));
	for (u32 i = 0; i < ARRAY_SIZE(numbers); i++)
		assert_true(csr_poke(r->h, numbers[i], 0x8000000000ff0ffdull));
	hart_reset(r->h, RIG_RAM, 0);
	for (u32 i = 0; i < ARRAY_SIZE(numbers); i++) {
		u64 value;

		assert_true(csr_peek(r->h, numbers[i], &value));
		assert_int_equal(value, before[i]);
	}
	assert_false(r->h->attention);
}

/* --- WARL: what each bit can hold --- */

struct warl {
	u16 number;
	u64 writable; /* bits that hold what is written */
	u64 fixed;    /* bits that are always one */
};

/* Fields with rules of their own (MPP, FS with SD, CBIE, MODE of xtvec) are left to tests below. */
static const struct warl warl_table[] = {
	{ CSR_MSTATUS, 0x7e61aa, UXL_SXL },
	{ CSR_SSTATUS, 0x0c0122, 0x200000000ull },
	{ CSR_MISA, 0, 0x800000000014112full },
	{ CSR_MEDELEG, 0xb3ff, 0 },
	{ CSR_MIDELEG, 0x2222, 0 },
	{ CSR_MIE, 0x2aaa, 0 },
	{ CSR_MIP, 0x2222, 0 },
	{ CSR_MCOUNTEREN, 0xffffffff, 0 },
	{ CSR_SCOUNTEREN, 0xffffffff, 0 },
	{ CSR_MCOUNTINHIBIT, 0xfffffffd, 0 },
	{ CSR_MENVCFG, 0xe0000000000000c1ull, 0 },
	{ CSR_SENVCFG, 0xc1, 0 },
	{ CSR_MSTATEEN0, 0xc000000000000000ull, 0 },
	{ CSR_MSTATEEN1, 0x8000000000000000ull, 0 },
	{ CSR_MSTATEEN2, 0x8000000000000000ull, 0 },
	{ CSR_MSTATEEN3, 0x8000000000000000ull, 0 },
	{ CSR_SSTATEEN0, 0, 0 },
	{ CSR_SSTATEEN3, 0, 0 },
	{ CSR_MSCRATCH, ~0ull, 0 },
	{ CSR_SSCRATCH, ~0ull, 0 },
	{ CSR_MEPC, ~1ull, 0 },
	{ CSR_SEPC, ~1ull, 0 },
	{ CSR_MCAUSE, ~0ull, 0 },
	{ CSR_SCAUSE, ~0ull, 0 },
	{ CSR_MTVAL, ~0ull, 0 },
	{ CSR_STVAL, ~0ull, 0 },
	{ CSR_MTVEC, ~3ull, 0 },
	{ CSR_STVEC, ~3ull, 0 },
	{ CSR_STIMECMP, ~0ull, 0 },
	{ CSR_PMPADDR0, 0x3fffffffffffffull, 0 },
	{ CSR_PMPADDR0 + 63, 0x3fffffffffffffull, 0 },
	{ CSR_TSELECT, 0, 0 },
	{ CSR_TDATA1, 0, 0 },
	{ CSR_TDATA2, 0, 0 },
	{ CSR_TDATA3, 0, 0 },
};

/* Bits whose legality depends on other bits, tested elsewhere. */
static u64 special_bits(u32 number)
{
	switch (number) {
	case CSR_MSTATUS:
		return MSTATUS_MPP | MSTATUS_FS | MSTATUS_SD;
	case CSR_SSTATUS:
		return MSTATUS_FS | MSTATUS_SD;
	case CSR_MENVCFG:
	case CSR_SENVCFG:
		return ENVCFG_CBIE;
	case CSR_MTVEC:
	case CSR_STVEC:
		return 3;
	default:
		return 0;
	}
}

static void expect_warl(struct rig *r, const struct warl *w, u64 written)
{
	u64 special = special_bits(w->number);
	u64 value = csr_written(r, w->number, written & ~special);

	if (value != (((written & w->writable) | w->fixed) & ~special))
		fail_msg("CSR 0x%x: wrote 0x%llx, read 0x%llx", w->number, (unsigned long long)written,
		         (unsigned long long)value);
}

static void test_warl_bits(void **state)
{
	struct rig *r = *state;

	for (u32 i = 0; i < ARRAY_SIZE(warl_table); i++) {
		expect_warl(r, &warl_table[i], ~0ull);
		expect_warl(r, &warl_table[i], 0);
		for (u32 bit = 0; bit < 64; bit++)
			expect_warl(r, &warl_table[i], BIT(bit));
		for (u32 bit = 0; bit < 64; bit++)
			expect_warl(r, &warl_table[i], ~BIT(bit));
		expect_warl(r, &warl_table[i], 0);
	}
}

static void test_mpp_holds_only_modes_of_the_hart(void **state)
{
	struct rig *r = *state, *u = rig_create("rv64iu"), *m = rig_create_m_only();

	for (u64 old = 0; old < 4; old++)
		for (u64 mpp = 0; mpp < 4; mpp++) {
			u64 before = bits(csr_written(r, CSR_MSTATUS, old << 11), 12, 11);
			u64 after = bits(csr_written(r, CSR_MSTATUS, mpp << 11), 12, 11);

			assert_int_equal(after, mpp == 2 ? before : mpp);
			before = bits(csr_written(u, CSR_MSTATUS, old << 11), 12, 11);
			after = bits(csr_written(u, CSR_MSTATUS, mpp << 11), 12, 11);
			assert_int_equal(after, mpp == 2 || mpp == 1 ? before : mpp);
			assert_int_equal(bits(csr_written(m, CSR_MSTATUS, mpp << 11), 12, 11), 3);
		}
	rig_destroy(u);
	rig_destroy(m);
}

/* "SD ... is set when FS, VS or XS is Dirty" and is read-only. */
static void test_sd_sums_up_fs(void **state)
{
	struct rig *r = *state;

	for (u64 fs = 0; fs < 4; fs++)
		for (u64 sd = 0; sd < 2; sd++) {
			u64 expected = fs << 13 | (fs == 3 ? BIT(63) : 0);

			assert_int_equal(csr_written(r, CSR_MSTATUS, fs << 13 | sd << 63), expected | UXL_SXL);
			assert_int_equal(csr_written(r, CSR_SSTATUS, fs << 13 | sd << 63), expected | 0x200000000ull);
		}
}

static void test_mstatus_of_smaller_harts(void **state)
{
	struct rig *r;

	(void)state;
	r = rig_create("rv64i"); /* no F: FS fixed at 0 */
	assert_int_equal(csr_written(r, CSR_MSTATUS, ~0ull), 0x7e19aa | UXL_SXL);
	rig_destroy(r);
	r = rig_create("rv64ifu"); /* no S */
	assert_int_equal(csr_written(r, CSR_MSTATUS, ~0ull), 0x8000000200227888ull);
	rig_destroy(r);
	r = rig_create_m_only();
	assert_int_equal(csr_written(r, CSR_MSTATUS, ~0ull), 0x1888);
	assert_int_equal(csr_written(r, CSR_MIE, ~0ull), 0x888);
	assert_int_equal(csr_written(r, CSR_MIP, ~0ull), 0);
	rig_destroy(r);
}

static void test_sstatus_is_a_view_of_mstatus(void **state)
{
	struct rig *r = *state;

	csr_write(r, CSR_MSTATUS, ~0ull);
	assert_int_equal(csr_read(r, CSR_SSTATUS), 0x80000002000c6122ull);
	csr_write(r, CSR_SSTATUS, 0);
	assert_int_equal(csr_read(r, CSR_MSTATUS), UXL_SXL | 0x721888);
}

static void test_tvec_reserved_modes_keep_the_mode(void **state)
{
	static const u16 numbers[] = { CSR_MTVEC, CSR_STVEC };
	struct rig *r = *state;

	for (u32 i = 0; i < 2; i++)
		for (u64 old = 0; old < 2; old++)
			for (u64 mode = 0; mode < 4; mode++) {
				csr_write(r, numbers[i], 0x1000 | old);
				assert_int_equal(csr_written(r, numbers[i], 0x2000 | mode),
				                 0x2000 | (mode < 2 ? mode : old));
			}
}

static void test_epc_without_c_is_a_multiple_of_four(void **state)
{
	struct rig *r = rig_create("rv64ima");

	(void)state;
	assert_int_equal(csr_written(r, CSR_MEPC, 0x8000000f), 0x8000000c);
	assert_int_equal(csr_written(r, CSR_SEPC, ~0ull), ~3ull);
	rig_destroy(r);
}

/* CBIE: 00, 01 and 11 are defined, 10 is reserved. */
static void test_cbie_reserved_keeps_the_field(void **state)
{
	static const u16 numbers[] = { CSR_MENVCFG, CSR_SENVCFG };
	struct rig *r = *state;

	for (u32 i = 0; i < 2; i++)
		for (u64 old = 0; old < 4; old++)
			for (u64 cbie = 0; cbie < 4; cbie++) {
				u64 before = csr_written(r, numbers[i], old << 4);

				assert_int_equal(csr_written(r, numbers[i], cbie << 4), cbie == 2 ? before : cbie << 4);
			}
}

static void test_envcfg_of_smaller_harts(void **state)
{
	struct rig *r;

	(void)state;
	r = rig_create("rv64i");
	assert_int_equal(csr_written(r, CSR_MENVCFG, ~0ull), 1);
	assert_int_equal(csr_written(r, CSR_SENVCFG, ~0ull), 1);
	rig_destroy(r);
	r = rig_create("rv64i_zicboz");
	assert_int_equal(csr_written(r, CSR_MENVCFG, ~0ull), 0x81);
	rig_destroy(r);
	r = rig_create("rv64i_zicbom");
	assert_int_equal(csr_written(r, CSR_MENVCFG, ~0ull), 0x71);
	rig_destroy(r);
	r = rig_create("rv64i_sstc_svpbmt_svadu");
	assert_int_equal(csr_written(r, CSR_MENVCFG, ~0ull), 0xe000000000000001ull);
	rig_destroy(r);
}

static void test_menvcfg_reaches_the_mmu(void **state)
{
	struct rig *r = *state;

	assert_true(r->h->mmu.adue);
	csr_write(r, CSR_MENVCFG, MENVCFG_PBMTE);
	assert_false(r->h->mmu.adue);
	assert_true(r->h->mmu.pbmte);
}

static void test_mstatus_reaches_the_mmu(void **state)
{
	struct rig *r = *state;

	csr_write(r, CSR_MSTATUS, MSTATUS_SUM | MSTATUS_MXR);
	assert_true(r->h->mmu.sum && r->h->mmu.mxr);
	assert_int_equal(r->h->mmu.data_priv, PRIV_M);
	csr_write(r, CSR_MSTATUS, MSTATUS_MPRV | BIT(11));
	assert_int_equal(r->h->mmu.data_priv, PRIV_S);
	csr_clear(r, CSR_MSTATUS, MSTATUS_MPP);
	assert_int_equal(r->h->mmu.data_priv, PRIV_U);
}

/* --- gates --- */

/* "When TVM=1, attempts to read or write satp in S-mode will raise an illegal-instruction exception." */
static void test_tvm_closes_satp_to_s_mode(void **state)
{
	struct rig *r = *state;

	csr_set(r, CSR_MSTATUS, MSTATUS_TVM);
	assert_true(can_write(r, CSR_SATP));
	rig_set_mode(r, PRIV_S);
	assert_false(can_read(r, CSR_SATP));
	assert_false(can_write(r, CSR_SATP));
	r->h->csr.mstatus &= ~MSTATUS_TVM;
	assert_true(can_write(r, CSR_SATP));
}

static void test_satp_ignores_modes_it_lacks(void **state)
{
	struct rig *r = *state;

	for (u64 mode = 0; mode < 16; mode++) {
		bool has = mode == 0 || (mode >= 8 && mode <= 10);

		csr_write(r, CSR_SATP, 9ull << 60 | 0x1234ull << 44 | 0x80000);
		u64 value = csr_written(r, CSR_SATP, mode << 60 | 0xffffull << 44 | 0x90000);

		assert_int_equal(value,
		                 has ? mode << 60 | 0xffffull << 44 | 0x90000 : 9ull << 60 | 0x1234ull << 44 | 0x80000);
	}
}

/* mstateen0.ENVCFG guards senvcfg, bit 63 of mstateenN guards sstateenN, both from modes below M only. */
static void test_mstateen_guards_supervisor_state(void **state)
{
	struct rig *r = *state;

	for (u32 n = 0; n < 4; n++) {
		rig_set_mode(r, PRIV_M);
		for (u32 i = 0; i < 4; i++)
			csr_write(r, CSR_MSTATEEN0 + i, 0);
		assert_true(can_read(r, CSR_SSTATEEN0 + n));
		rig_set_mode(r, PRIV_S);
		assert_false(can_read(r, CSR_SSTATEEN0 + n));
		rig_set_mode(r, PRIV_M);
		csr_write(r, CSR_MSTATEEN0 + n, BIT(63));
		rig_set_mode(r, PRIV_S);
		for (u32 i = 0; i < 4; i++)
			assert_int_equal(can_read(r, CSR_SSTATEEN0 + i), i == n);
		assert_false(can_read(r, CSR_SENVCFG));
	}
	rig_set_mode(r, PRIV_M);
	assert_true(can_read(r, CSR_SENVCFG));
	csr_write(r, CSR_MSTATEEN0, BIT(62));
	rig_set_mode(r, PRIV_S);
	assert_true(can_read(r, CSR_SENVCFG));
	assert_false(can_read(r, CSR_SSTATEEN0));
}

/* A hart without the extension guards nothing: all state is accessible. */
static void test_without_smstateen_nothing_is_guarded(void **state)
{
	struct rig *r = rig_create("rv64i_ssstateen");

	(void)state;
	rig_set_mode(r, PRIV_S);
	assert_true(can_read(r, CSR_SENVCFG));
	assert_true(can_read(r, CSR_SSTATEEN0));
	rig_destroy(r);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_access_needs_existence_and_privilege),
		TEST(test_write_needs_a_writable_register),
		TEST(test_illegal_access_changes_nothing),
		TEST(test_csrrw_without_rd_does_not_read),
		TEST(test_set_and_clear_use_the_old_value),
		cmocka_unit_test(test_registers_go_with_their_extensions),
		cmocka_unit_test(test_machine_only_hart_has_no_user_registers),
		cmocka_unit_test(test_names_and_numbers_agree),
		TEST(test_reset_values),
		TEST(test_reset_undoes_everything),
		TEST(test_warl_bits),
		TEST(test_mpp_holds_only_modes_of_the_hart),
		TEST(test_sd_sums_up_fs),
		cmocka_unit_test(test_mstatus_of_smaller_harts),
		TEST(test_sstatus_is_a_view_of_mstatus),
		TEST(test_tvec_reserved_modes_keep_the_mode),
		cmocka_unit_test(test_epc_without_c_is_a_multiple_of_four),
		TEST(test_cbie_reserved_keeps_the_field),
		cmocka_unit_test(test_envcfg_of_smaller_harts),
		TEST(test_menvcfg_reaches_the_mmu),
		TEST(test_mstatus_reaches_the_mmu),
		TEST(test_tvm_closes_satp_to_s_mode),
		TEST(test_satp_ignores_modes_it_lacks),
		TEST(test_mstateen_guards_supervisor_state),
		cmocka_unit_test(test_without_smstateen_nothing_is_guarded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
