/*
 * What the firmware does with traps that are not calls: it hands illegal instructions and denied accesses on as if the
 * hart had delegated them, reads counters that the hart does not show, and keeps its own memory to itself.
 */
#include "tests/firmware/test.h"

CODE(illegal, ".4byte 0xffffffff");
USER_CODE(user_illegal, ".4byte 0xffffffff");
CODE(illegal_short, ".2byte 0, 0x0001");
CODE(load, "ld a0, (a0)");
CODE(store, "sd a0, (a0)");
CODE(load_byte, "lb a0, (a0)");
CODE(jump, "jr a0");
USER_CODE(user_load, "ld a0, (a0)");
USER_CODE(user_store, "sd a0, (a0)");
USER_CODE(user_time, "csrr a0, 0xc01");
USER_CODE(user_cycle, "csrr a0, 0xc00");
USER_CODE(user_instret, "csrr a0, 0xc02");
USER_CODE(user_hpm, "csrr a0, 0xc03");
USER_CODE(user_privileged, "csrr a0, sstatus");
USER_CODE(user_ecall, "nop");
CODE(write_time, "csrw 0xc01, a0");
CODE(set_time, "csrs 0xc01, a0");
CODE(set_time_by_number, "csrsi 0xc01, 1");
CODE(swap_time, "csrrw a0, 0xc01, zero");
CODE(read_time, "csrr a0, 0xc01");
CODE(clear_nothing, "csrrci a0, 0xc01, 0");
CODE(read_to_x0, "csrr x0, 0xc01");
CODE(read_machine_csr, "csrr a0, mstatus");
CODE(break_point, "ebreak");

/* xtval of an illegal instruction: its bits, or 0. */
static void expect_illegal(const void *code, u64 bits)
{
	struct cpu *cpu = this_cpu();

	expect(cpu->seen.cause, ILLEGAL_INSN);
	expect(cpu->seen.pc, code);
	expect_true(cpu->seen.tval == bits || cpu->seen.tval == 0);
}

/* SPP and SPIE tell what was before; SIE is off. */
static void illegal_from_s_mode_comes_back(void)
{
	for (u64 on = 0; on < 2; on++) {
		if (on)
			csr_set(sstatus, SSTATUS_SIE);
		try_call(illegal, 0);
		expect_illegal(illegal, 0xffffffff);
		expect(!!(this_cpu()->seen.sstatus & SSTATUS_SPP), 1);
		expect(!!(this_cpu()->seen.sstatus & SSTATUS_SPIE), on);
		expect(this_cpu()->seen.sstatus & SSTATUS_SIE, 0);
		csr_clear(sstatus, SSTATUS_SIE);
	}
	try_call(illegal_short, 0);
	expect_illegal(illegal_short, 0);
}

static void illegal_from_u_mode_comes_to_s_mode(void)
{
	for (u64 on = 0; on < 2; on++) {
		if (on)
			csr_set(sstatus, SSTATUS_SIE);
		try_user(user_illegal, 0);
		expect_illegal(user_illegal, 0xffffffff);
		expect(!!(this_cpu()->seen.sstatus & SSTATUS_SPP), 0);
		expect(!!(this_cpu()->seen.sstatus & SSTATUS_SPIE), on);
		csr_clear(sstatus, SSTATUS_SIE);
	}
	try_user(user_privileged, 0);
	expect_illegal(user_privileged, 0x10002573);
}

static void illegal_with_vectored_stvec_goes_to_the_base(void)
{
	u64 stvec = csr_read(stvec);

	csr_write(stvec, stvec | 1);
	if ((csr_read(stvec) & 3) == 1) {
		try_call(illegal, 0);
		expect_illegal(illegal, 0xffffffff);
	}
	csr_write(stvec, stvec);
}

static void calls_of_u_mode_are_the_kernels(void)
{
	try_user(user_ecall, 0);
	expect_trap(ECALL_FROM_U, 0);
	try_call(break_point, 0);
	expect(this_cpu()->seen.cause, 3);
}

static void machine_registers_are_out_of_reach(void)
{
	try_call(read_machine_csr, 0);
	expect_illegal(read_machine_csr, 0x30002573);
}

/* --- counters that lower modes read --- */

static void time_can_be_read(void)
{
	u64 before = now(), after = try_call(read_time, 0);

	expect_no_trap();
	expect_true(after >= before && after - before < 1000000);
	expect_true(try_call(clear_nothing, 0) >= after);
	expect_no_trap();
	try_call(read_to_x0, 0);
	expect_no_trap();
	for (u64 last = now(), i = 0; i < 1000; i++) {
		u64 next = now();

		expect_true(next >= last);
		last = next;
	}
}

static void time_cannot_be_written(void)
{
	static const struct {
		const void *code;
		u64 bits;
	} writes[] = { { write_time, 0xc0151073 },
		       { swap_time, 0xc0101573 },
		       { set_time, 0xc0152073 },
		       { set_time_by_number, 0xc010e073 } };

	for (u64 i = 0; i < ARRAY_SIZE(writes); i++) {
		try_call(writes[i].code, 1);
		expect_illegal(writes[i].code, writes[i].bits);
	}
}

static void scounteren_decides_for_u_mode(void)
{
	static const struct {
		const void *code;
		u64 number, bits;
	} reads[] = { { user_cycle, 0, 0xc0002573 }, { user_time, 1, 0xc0102573 }, { user_instret, 2, 0xc0202573 } };

	for (u64 i = 0; i < ARRAY_SIZE(reads); i++) {
		csr_write(scounteren, ~BIT(reads[i].number));
		try_user(reads[i].code, 0);
		expect_illegal(reads[i].code, reads[i].bits);
		csr_write(scounteren, BIT(reads[i].number));
		expect_true(try_user(reads[i].code, 0) > 0);
		expect(this_cpu()->seen.cause, ECALL_FROM_U);
	}
	csr_write(scounteren, 7);
	try_user(user_hpm, 0);
	expect_illegal(user_hpm, 0xc0302573);
}

static void cycle_and_instret_advance(void)
{
	u64 cycle = csr_read(0xc00), instret = csr_read(0xc02);

	spin(100);
	expect_true(csr_read(0xc00) > cycle);
	expect_true(csr_read(0xc02) > instret);
}

/* --- the firmware's memory --- */

static void firmware_cannot_be_touched(void)
{
	static const u64 addresses[] = { FIRMWARE_BASE, FIRMWARE_BASE + 0x1000, FIRMWARE_BASE + FIRMWARE_SIZE / 2,
		                         FIRMWARE_BASE + FIRMWARE_SIZE - 8 };

	for (u64 i = 0; i < ARRAY_SIZE(addresses); i++) {
		try_call(load, addresses[i]);
		expect_trap(LOAD_ACCESS_FAULT, addresses[i]);
		expect(this_cpu()->seen.pc, load);
		try_call(store, addresses[i]);
		expect_trap(STORE_ACCESS_FAULT, addresses[i]);
		try_call(jump, addresses[i]);
		expect_trap(FETCH_ACCESS_FAULT, addresses[i]);
		try_user(user_load, addresses[i]);
		expect_trap(LOAD_ACCESS_FAULT, addresses[i]);
		expect(this_cpu()->seen.sstatus & SSTATUS_SPP, 0);
		try_user(user_store, addresses[i]);
		expect_trap(STORE_ACCESS_FAULT, addresses[i]);
	}
	try_call(load_byte, FIRMWARE_BASE + FIRMWARE_SIZE - 1);
	expect_trap(LOAD_ACCESS_FAULT, FIRMWARE_BASE + FIRMWARE_SIZE - 1);
}

static void memory_behind_the_firmware_is_free(void)
{
	try_call(load, FIRMWARE_BASE + FIRMWARE_SIZE);
	expect_no_trap();
	try_user(user_load, FIRMWARE_BASE + FIRMWARE_SIZE);
	expect(this_cpu()->seen.cause, ECALL_FROM_U);
}

static void page_tables_cannot_reach_the_firmware(void)
{
	map(VA, FIRMWARE_BASE, PTE_DATA);
	paging_on(0);
	try_call(load, VA + 16);
	expect_trap(LOAD_ACCESS_FAULT, VA + 16);
	paging_off();
}

static void try_firmware(struct cpu *cpu)
{
	try_call(load, FIRMWARE_BASE);
	cpu->result = cpu->seen.cause;
}

static void all_harts_are_guarded(void)
{
	needs(have_harts(2));
	for (u64 i = 0; i + 1 < hart_count; i++) {
		start_work(other(i), try_firmware, 0);
		wait_work(other(i));
		expect(other(i)->result, LOAD_ACCESS_FAULT);
	}
}

const struct test trap_tests[] = {
	TEST(illegal_from_s_mode_comes_back),
	TEST(illegal_from_u_mode_comes_to_s_mode),
	TEST(illegal_with_vectored_stvec_goes_to_the_base),
	TEST(calls_of_u_mode_are_the_kernels),
	TEST(machine_registers_are_out_of_reach),
	TEST(time_can_be_read),
	TEST(time_cannot_be_written),
	TEST(scounteren_decides_for_u_mode),
	TEST(cycle_and_instret_advance),
	TEST(firmware_cannot_be_touched),
	TEST(memory_behind_the_firmware_is_free),
	TEST(page_tables_cannot_reach_the_firmware),
	TEST(all_harts_are_guarded),
	{ 0 },
};
