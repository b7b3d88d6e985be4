/*
 * Misaligned loads and stores give what aligned ones would, whether the hart does them or the firmware: every kind of
 * instruction, at every offset, within a page, across pages, and where one of the two pages is not there.
 */
#include "tests/firmware/test.h"

#define FP ".option arch, +d\n"

CODE(do_lh, "lh a0, 0(a0)");
CODE(do_lhu, "lhu a0, 0(a0)");
CODE(do_lw, "lw a0, 0(a0)");
CODE(do_lwu, "lwu a0, 0(a0)");
CODE(do_ld, "ld a0, 0(a0)");
CODE(do_ld_low, "addi t0, a0, 2047\nld t6, -2047(t0)\nmv a0, t6");
CODE(do_lw_high, "addi s1, a0, -2047\nlw s1, 2047(s1)\nmv a0, s1");
CODE(do_flw, FP "flw fa0, 0(a0)\nfmv.x.d a0, fa0");
CODE(do_flw_single, FP "flw ft11, 0(a0)\nfmv.x.w a0, ft11"); /* for harts without D */
CODE(do_fld, FP "fld ft11, 0(a0)\nfmv.x.d a0, ft11");
CODE(do_flh, FP ".4byte 0x51507\nfmv.x.d a0, fa0");
CODE(do_c_lw, "addi a0, a0, -68\n.2byte 0x4168, 0x0001");                          /* c.lw a0, 68(a0) */
CODE(do_c_ld, "addi a0, a0, -248\n.2byte 0x7d68, 0x0001");                         /* c.ld a0, 248(a0) */
CODE(do_c_fld, FP "addi a0, a0, -136\n.2byte 0x2548, 0x0001\nfmv.x.d a0, fa0");    /* c.fld fa0, 136(a0) */
CODE(do_c_lhu, ".2byte 0x8508, 0x0001");                                           /* c.lhu a0, 0(a0) */
CODE(do_c_lh, "addi a0, a0, -2\n.2byte 0x8568, 0x0001");                           /* c.lh a0, 2(a0) */
CODE(do_c_lwsp, "mv t0, sp\naddi sp, a0, -252\n.2byte 0x557e, 0x0001\nmv sp, t0"); /* c.lwsp a0, 252(sp) */
CODE(do_c_ldsp, "mv t0, sp\naddi sp, a0, -504\n.2byte 0x757e, 0x0001\nmv sp, t0"); /* c.ldsp a0, 504(sp) */
CODE(do_c_fldsp, FP "mv t0, sp\naddi sp, a0, -72\n.2byte 0x2526, 0x0001\nmv sp, t0\nfmv.x.d a0, fa0"); /* 72(sp) */

/* Stores take what is stored from VALUE, in a1. */
#define VALUE 0x8182838485868788ul
#define LOAD_VALUE "la a1, stored_value\nld a1, (a1)\n"
extern const u64 stored_value;
const u64 stored_value = VALUE;
CODE(do_sh, LOAD_VALUE "sh a1, 0(a0)");
CODE(do_sw, LOAD_VALUE "sw a1, 0(a0)");
CODE(do_sd, LOAD_VALUE "sd a1, 0(a0)");
CODE(do_sd_low, LOAD_VALUE "mv t6, a1\naddi t0, a0, 2047\nsd t6, -2047(t0)");
CODE(do_sw_high, LOAD_VALUE "mv t5, a1\naddi t0, a0, -2047\nsw t5, 2047(t0)");
CODE(do_fsw, FP LOAD_VALUE "fmv.d.x fa0, a1\nfsw fa0, 0(a0)");
CODE(do_fsw_single, FP LOAD_VALUE "fmv.w.x ft11, a1\nfsw ft11, 0(a0)");
CODE(do_fsd, FP LOAD_VALUE "fmv.d.x ft11, a1\nfsd ft11, 0(a0)");
CODE(do_fsh, FP LOAD_VALUE "fmv.d.x fa0, a1\n.4byte 0xa51027");
CODE(do_c_sw, LOAD_VALUE "addi a0, a0, -124\n.2byte 0xdd6c, 0x0001");                         /* c.sw a1, 124(a0) */
CODE(do_c_sd, LOAD_VALUE "addi a0, a0, -248\n.2byte 0xfd6c, 0x0001");                         /* c.sd a1, 248(a0) */
CODE(do_c_fsd, FP LOAD_VALUE "fmv.d.x fa1, a1\naddi a0, a0, -136\n.2byte 0xa54c, 0x0001");    /* c.fsd fa1, 136(a0) */
CODE(do_c_sh, LOAD_VALUE "addi a0, a0, -2\n.2byte 0x8d2c, 0x0001");                           /* c.sh a1, 2(a0) */
CODE(do_c_swsp, LOAD_VALUE "mv t0, sp\naddi sp, a0, -252\n.2byte 0xdfae, 0x0001\nmv sp, t0"); /* 252(sp) */
CODE(do_c_sdsp, LOAD_VALUE "mv t0, sp\naddi sp, a0, -504\n.2byte 0xffae, 0x0001\nmv sp, t0"); /* 504(sp) */
CODE(do_c_fsdsp, FP LOAD_VALUE "fmv.d.x fa1, a1\nmv t0, sp\naddi sp, a0, -72\n.2byte 0xa4ae, 0x0001\nmv sp, t0");

enum extend { SIGNED, UNSIGNED, BOXED };
enum wants { NOTHING, C, SINGLE, FLOAT, C_FLOAT, HALF, ZCB };

struct insn {
	const char *name;
	const void *code;
	u32 size;
	enum extend extend;
	enum wants wants;
};

static const struct insn loads[] = {
	{ "lh", do_lh, 2, SIGNED, NOTHING },
	{ "lhu", do_lhu, 2, UNSIGNED, NOTHING },
	{ "lw", do_lw, 4, SIGNED, NOTHING },
	{ "lwu", do_lwu, 4, UNSIGNED, NOTHING },
	{ "ld", do_ld, 8, SIGNED, NOTHING },
	{ "ld -2047()", do_ld_low, 8, SIGNED, NOTHING },
	{ "lw 2047()", do_lw_high, 4, SIGNED, NOTHING },
	{ "flw", do_flw, 4, BOXED, FLOAT },
	{ "fld", do_fld, 8, BOXED, FLOAT },
	{ "flh", do_flh, 2, BOXED, HALF },
	{ "flw", do_flw_single, 4, SIGNED, SINGLE },
	{ "c.lw", do_c_lw, 4, SIGNED, C },
	{ "c.ld", do_c_ld, 8, SIGNED, C },
	{ "c.fld", do_c_fld, 8, BOXED, C_FLOAT },
	{ "c.lhu", do_c_lhu, 2, UNSIGNED, ZCB },
	{ "c.lh", do_c_lh, 2, SIGNED, ZCB },
	{ "c.lwsp", do_c_lwsp, 4, SIGNED, C },
	{ "c.ldsp", do_c_ldsp, 8, SIGNED, C },
	{ "c.fldsp", do_c_fldsp, 8, BOXED, C_FLOAT },
};

static const struct insn stores[] = {
	{ "sh", do_sh, 2, SIGNED, NOTHING },
	{ "sw", do_sw, 4, SIGNED, NOTHING },
	{ "sd", do_sd, 8, SIGNED, NOTHING },
	{ "sd -2047()", do_sd_low, 8, SIGNED, NOTHING },
	{ "sw 2047()", do_sw_high, 4, SIGNED, NOTHING },
	{ "fsw", do_fsw, 4, SIGNED, FLOAT },
	{ "fsd", do_fsd, 8, SIGNED, FLOAT },
	{ "fsh", do_fsh, 2, SIGNED, HALF },
	{ "fsw", do_fsw_single, 4, SIGNED, SINGLE },
	{ "c.sw", do_c_sw, 4, SIGNED, C },
	{ "c.sd", do_c_sd, 8, SIGNED, C },
	{ "c.fsd", do_c_fsd, 8, SIGNED, C_FLOAT },
	{ "c.sh", do_c_sh, 2, SIGNED, ZCB },
	{ "c.swsp", do_c_swsp, 4, SIGNED, C },
	{ "c.sdsp", do_c_sdsp, 8, SIGNED, C },
	{ "c.fsdsp", do_c_fsdsp, 8, SIGNED, C_FLOAT },
};

static int is_there(enum wants wants)
{
	switch (wants) {
	case NOTHING:
		return 1;
	case C:
		return facts.compressed != 0;
	case SINGLE:
		return facts.single != 0;
	case FLOAT:
		return facts.fp != 0;
	case C_FLOAT:
		return facts.compressed && facts.fp;
	case HALF:
		return facts.zfh != 0;
	case ZCB:
		return facts.zcb != 0;
	}
	return 0;
}

/* The byte that fill() puts at offset i of the 8 pages: never the same as its neighbours, often negative. */
static u8 byte_at(u64 i)
{
	return (u8)(i * 37 + (i >> 8) + 0x80);
}

static void fill(void)
{
	for (u64 i = 0; i < 8 * PAGE_SIZE; i++)
		((volatile u8 *)pages)[i] = byte_at(i);
}

static u64 value_at(u64 offset, const struct insn *insn)
{
	u64 value = 0;
	u32 bits = 8 * insn->size;

	for (u32 i = 0; i < insn->size; i++)
		value |= (u64)byte_at(offset + i) << (8 * i);
	if (insn->extend == SIGNED)
		return (u64)((i64)(value << (64 - bits)) >> (64 - bits));
	return insn->extend == BOXED && bits < 64 ? value | ~0ul << bits : value;
}

/* Loads at pages + offset, seen at base. */
static void check_load(const struct insn *insn, u64 base, u64 offset)
{
	u64 value = try_call(insn->code, base + offset);

	expect_at((int)offset, insn->name, this_cpu()->seen.cause, NO_TRAP);
	expect_at((int)offset, insn->name, value, value_at(offset, insn));
}

/* Stores there, and looks at the bytes around; puts them back. */
static void check_store(const struct insn *insn, u64 base, u64 offset)
{
	volatile u8 *bytes = (volatile u8 *)pages;

	try_call(insn->code, base + offset);
	expect_at((int)offset, insn->name, this_cpu()->seen.cause, NO_TRAP);
	for (u64 i = offset - 16; i < offset + 24; i++) {
		u64 k = i - offset;
		u8 want = k < insn->size ? (u8)(VALUE >> (8 * k)) : byte_at(i);

		expect_at((int)offset, insn->name, bytes[i], want);
		bytes[i] = byte_at(i);
	}
}

static void check_all(u64 base, u64 first)
{
	for (u64 offset = first; offset < first + 16; offset++) {
		for (u64 i = 0; i < ARRAY_SIZE(loads); i++)
			if (is_there(loads[i].wants))
				check_load(&loads[i], base, offset);
		for (u64 i = 0; i < ARRAY_SIZE(stores); i++)
			if (is_there(stores[i].wants))
				check_store(&stores[i], base, offset);
	}
}

static void misaligned_accesses_work(void)
{
	fill();
	check_all((u64)pages, PAGE_SIZE + 64);
	check_all((u64)pages, 2 * PAGE_SIZE - 12);
}

/* Pages that follow each other in VA, and lie apart. */
static void misaligned_accesses_follow_page_tables(void)
{
	fill();
	for (u64 i = 0; i < 8; i++)
		map(VA + (i ^ 1) * PAGE_SIZE, (u64)pages[i], PTE_DATA);
	paging_on(1);
	/* offset 2 pages - 12 in VA: page 0 of memory, then page 3. */
	for (u64 offset = 2 * PAGE_SIZE - 7; offset < 2 * PAGE_SIZE; offset++) {
		u64 value = try_call(do_ld, VA + offset), want = 0;

		for (u64 i = 0; i < 8; i++) {
			u64 at = offset + i;

			want |= (u64)byte_at(at ^ PAGE_SIZE) << (8 * i);
		}
		expect_no_trap();
		expect(value, want);
	}
	paging_off();
}

/* The access at VA + 2 pages - 4 goes into a page that `flags` keep it from; or from a page, if first. */
static void check_fault(const struct insn *insn, int first, u64 flags, u64 cause)
{
	u64 at = 2 * PAGE_SIZE - 1, va = VA + at;
	volatile u8 *bytes = (volatile u8 *)pages;

	map(VA + PAGE_SIZE, (u64)pages[1], first ? flags : PTE_DATA);
	map(VA + 2 * PAGE_SIZE, (u64)pages[2], first ? PTE_DATA : flags);
	__asm__ volatile("sfence.vma" ::: "memory");
	try_call(insn->code, va);
	expect_at(__LINE__, insn->name, this_cpu()->seen.cause, cause);
	expect_at(__LINE__, insn->name, this_cpu()->seen.tval, first ? va : va + 1);
	expect_true(this_cpu()->seen.pc >= (u64)insn->code && this_cpu()->seen.pc < (u64)insn->code + 40);
	expect_true(this_cpu()->seen.sstatus & SSTATUS_SPP);
	for (u64 i = at - 16; i < at + 16; i++)
		expect_at(__LINE__, insn->name, bytes[i], byte_at(i));
}

static void misaligned_faults_are_page_faults(void)
{
	fill();
	map(VA, (u64)pages[0], PTE_DATA);
	map(VA + 3 * PAGE_SIZE, (u64)pages[3], PTE_DATA);
	paging_on(1);
	for (u64 i = 0; i < ARRAY_SIZE(loads); i++) {
		if (!is_there(loads[i].wants))
			continue;
		for (int first = 0; first < 2; first++) {
			check_fault(&loads[i], first, 0, LOAD_PAGE_FAULT);
			check_fault(&loads[i], first, PTE_DATA | PTE_U, LOAD_PAGE_FAULT); /* no SUM */
		}
	}
	for (u64 i = 0; i < ARRAY_SIZE(stores); i++) {
		if (!is_there(stores[i].wants))
			continue;
		for (int first = 0; first < 2; first++) {
			check_fault(&stores[i], first, 0, STORE_PAGE_FAULT);
			check_fault(&stores[i], first, PTE_DATA & ~PTE_W, STORE_PAGE_FAULT);
		}
	}
	paging_off();
}

USER_CODE(user_ld, "ld a0, 0(a0)");
USER_CODE(user_sd, "sd a0, 0(a0)");

/* The emulation has U mode's rights, not S mode's: also for reading the instruction, which U mode cannot read. */
static void misaligned_accesses_of_user_mode(void)
{
	u64 at = 2 * PAGE_SIZE - 3;

	fill();
	user_map();
	map(VA + PAGE_SIZE, (u64)pages[1], PTE_DATA | PTE_U);
	map(VA + 2 * PAGE_SIZE, (u64)pages[2], PTE_DATA | PTE_U);
	map(VA + 3 * PAGE_SIZE, (u64)pages[3], PTE_DATA);
	paging_on(1);
	expect(try_user(user_address(user_ld), VA + at), value_at(at, &loads[4]));
	expect(this_cpu()->seen.cause, ECALL_FROM_U);
	try_user(user_address(user_ld), VA + at + PAGE_SIZE);
	expect_trap(LOAD_PAGE_FAULT, VA + 3 * PAGE_SIZE);
	expect(this_cpu()->seen.pc, user_address(user_ld));
	expect(this_cpu()->seen.sstatus & SSTATUS_SPP, 0);
	try_user(user_address(user_sd), VA + at + PAGE_SIZE);
	expect_trap(STORE_PAGE_FAULT, VA + 3 * PAGE_SIZE);
	paging_off();
}

static void misaligned_accesses_honour_sum_and_mxr(void)
{
	fill();
	map(VA + PAGE_SIZE, (u64)pages[1], PTE_DATA | PTE_U);
	map(VA + 2 * PAGE_SIZE, (u64)pages[2], PTE_V | PTE_X | PTE_A);
	paging_on(1);
	try_call(do_ld, VA + PAGE_SIZE + 1);
	expect_trap(LOAD_PAGE_FAULT, VA + PAGE_SIZE + 1);
	csr_set(sstatus, SSTATUS_SUM);
	expect(try_call(do_ld, VA + PAGE_SIZE + 1), value_at(PAGE_SIZE + 1, &loads[4]));
	expect_no_trap();
	try_call(do_ld, VA + 2 * PAGE_SIZE + 1);
	expect_trap(LOAD_PAGE_FAULT, VA + 2 * PAGE_SIZE + 1);
	csr_set(sstatus, SSTATUS_MXR);
	expect(try_call(do_ld, VA + 2 * PAGE_SIZE + 1), value_at(2 * PAGE_SIZE + 1, &loads[4]));
	expect_no_trap();
	csr_clear(sstatus, SSTATUS_SUM | SSTATUS_MXR);
	paging_off();
}

/* Into the firmware's memory nobody gets, not even by halves. */
static void misaligned_accesses_cannot_reach_the_firmware(void)
{
	u64 end = FIRMWARE_BASE + FIRMWARE_SIZE;
	u64 before = *(volatile u64 *)end;

	try_call(do_ld, end - 4 + 1);
	expect(this_cpu()->seen.cause, LOAD_ACCESS_FAULT);
	try_call(do_sd, end - 4 + 1);
	expect(this_cpu()->seen.cause, STORE_ACCESS_FAULT);
	expect(*(volatile u64 *)end, before);
}

CODE(do_amo, "amoadd.w a0, a0, (a0)");
CODE(do_lr, "lr.w a0, (a0)");

static void misaligned_atomics_are_not_emulated(void)
{
	u64 va = (u64)pages[0] + 2;

	fill();
	try_call(do_amo, va);
	needs(this_cpu()->seen.cause != NO_TRAP); /* QEMU does them, with one hart */
	expect_true(this_cpu()->seen.cause >= LOAD_MISALIGNED && this_cpu()->seen.cause <= STORE_ACCESS_FAULT);
	expect(this_cpu()->seen.tval, va);
	try_call(do_lr, va);
	expect_true(this_cpu()->seen.cause == LOAD_MISALIGNED || this_cpu()->seen.cause == LOAD_ACCESS_FAULT);
	expect(this_cpu()->seen.tval, va);
	expect(this_cpu()->seen.pc, do_lr);
}

CODE(load_then_count, "li t0, 0\n.2byte 0x6508, 0x0285\nmv a0, t0"); /* c.ld a0, 8(a0); c.addi t0, 1 */

static void compressed_accesses_are_two_bytes_long(void)
{
	needs(facts.compressed);
	expect(try_call(load_then_count, (u64)pages[0] + 1), 1);
	expect_no_trap();
}

/* A floating-point load makes FS dirty, a store leaves it. */
static void misaligned_fp_loads_make_state_dirty(void)
{
	needs(facts.single);
	fill();
	csr_clear(sstatus, SSTATUS_FS);
	csr_set(sstatus, BIT(14)); /* clean */
	try_call(do_flw_single, (u64)pages[1] + 1);
	expect_no_trap();
	expect(csr_read(sstatus) & SSTATUS_FS, SSTATUS_FS);
}

CODE(changing, "lw a0, 0(a0)");
#define LW 0x00052503u  /* lw a0, 0(a0) */
#define FLW 0x00052507u /* flw fa0, 0(a0) */

static void change_insn(struct cpu *cpu)
{
	volatile u32 *insn = (volatile u32 *)(u64)changing;

	while (cpu->arg) {
		*insn = FLW;
		*insn = LW;
	}
}

/*
 * The instruction that the firmware looks at need not be the one that trapped. Here a floating-point load takes its
 * place now and then, with the registers for it switched off: the firmware must not trip over them.
 */
static void misaligned_insn_may_change(void)
{
	needs(facts.misaligned_traps);
	needs(have_harts(2));
	csr_clear(sstatus, SSTATUS_FS);
	start_work(other(0), change_insn, 1);
	for (u64 i = 0; i < 2000; i++) {
		u64 cause;

		try_call(changing, (u64)pages[1] + 1);
		cause = this_cpu()->seen.cause;
		expect_true(cause == NO_TRAP || cause == ILLEGAL_INSN || cause == LOAD_MISALIGNED);
	}
	other(0)->arg = 0;
	wait_work(other(0));
	csr_set(sstatus, SSTATUS_FS);
}

const struct test misaligned_tests[] = {
	TEST(misaligned_accesses_work),
	TEST(misaligned_accesses_follow_page_tables),
	TEST(misaligned_faults_are_page_faults),
	TEST(misaligned_accesses_of_user_mode),
	TEST(misaligned_accesses_honour_sum_and_mxr),
	TEST(misaligned_accesses_cannot_reach_the_firmware),
	TEST(misaligned_atomics_are_not_emulated),
	TEST(compressed_accesses_are_two_bytes_long),
	TEST(misaligned_fp_loads_make_state_dirty),
	TEST(misaligned_insn_may_change),
	{ 0 },
};
