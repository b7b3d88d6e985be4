/*
 * The gdb stub, packet by packet: registers, memory, points and monitor commands.
 */
#include "tests/unit/gdbstub_rig.h"

/* --- registers --- */

static void test_registers_are_read_and_written(void **state)
{
	char all[1 + 33 * 16 + 1];

	(void)state;
	EXPECT("P5=8877665544332211", "OK");
	assert_int_equal(hart()->x[5], 0x1122334455667788);
	EXPECT("p5", "8877665544332211");
	EXPECT("P0=ffffffffffffffff", "OK");
	assert_int_equal(hart()->x[0], 0);
	EXPECT("P6=7f", "OK");
	assert_int_equal(hart()->x[6], 0x7f);
	EXPECT("P20=0500008000000000", "OK");
	assert_int_equal(hart()->pc, RIG_RAM + 4);
	EXPECT("P21=0000000000000840", "OK");
	assert_int_equal(hart()->f[0], 0x4008000000000000);
	EXPECT("p21", "0000000000000840");
	all[0] = 'G';
	strcpy(all + 1, ask("g"));
	assert_int_equal(strlen(all), 1 + 33 * 16);
	assert_memory_equal(all + 1 + 5 * 16, "8877665544332211", 16);
	memcpy(all + 1 + 7 * 16, "0102030405060708", 16);
	EXPECT(all, "OK");
	assert_int_equal(hart()->x[7], 0x0807060504030201);
	assert_int_equal(hart()->pc, RIG_RAM + 4);
}

static void test_csrs_are_registers(void **state)
{
	char packet[64];
	u64 satp = 8ull << 60 | RIG_RAM >> 12;

	(void)state;
	snprintf(packet, sizeof(packet), "p%x", 65 + CSR_MHARTID);
	EXPECT(packet, "0000000000000000");
	snprintf(packet, sizeof(packet), "P%x=0000080000000080", 65 + CSR_SATP);
	EXPECT(packet, "OK");
	assert_int_equal(hart()->mmu.satp, satp);
	assert_int_equal(hart()->mmu.levels, 3);
	snprintf(packet, sizeof(packet), "P%x=00", 65 + CSR_MHARTID);
	expect_begin(packet, "E");
	snprintf(packet, sizeof(packet), "p%x", 65 + 0x7ff);
	expect_begin(packet, "E");
	EXPECT("P1041=01", "OK");
	assert_int_equal(hart()->priv, PRIV_S);
	EXPECT("p1041", "0100000000000000");
	expect_begin("P1041=02", "E");
	expect_begin("P1041=0101", "E");
}

/* --- memory --- */

static void test_memory_is_read_and_written(void **state)
{
	(void)state;
	EXPECT("M80010000,4:01020304", "OK");
	assert_int_equal(rig_word(&rig, 0x10000), 0x04030201);
	EXPECT("m80010000,6", "010203040000");
	EXPECT("m80010000,0", "");
	EXPECT("M80010000,0:", "OK");
	EXPECT("X80010000,0:", "OK");
	send_bytes("X80010001,3:}\x03}]\x7f", 17);
	(void)sent();
	EXPECT("m80010000,4", "01237d7f");
}

static void test_memory_ends_where_it_ends(void **state)
{
	const char *got;

	(void)state;
	EXPECT("m801ffffe,10", "0000");
	EXPECT("m80200000,1", "E14");
	EXPECT("mfffffffffffffffe,10", "E14");
	EXPECT("M801ffffe,4:01020304", "E14");
	assert_int_equal(rig_word(&rig, RAM_SIZE - 8), 0);
	EXPECT("Mffffffffffffffff,2:0102", "E14");
	got = ask("m80000000,ffffffffffffffff");
	assert_int_equal(strlen(got), GDB_PACKET_MAX);
}

/* Sv39: RAM is at 0x40000000, in the last but one page with a hole behind it, for the user. */
static void map(void)
{
	u64 root = RIG_RAM + 0x20000, level1 = root + 0x1000, level0 = root + 0x2000;
	struct bus *bus = &rig.m->bus;
	u64 leaf = PTE_V | PTE_R | PTE_U;

	assert_true(bus_store(bus, root + 8, 8, level1 >> 2 | PTE_V));
	assert_true(bus_store(bus, level1, 8, level0 >> 2 | PTE_V));
	assert_true(bus_store(bus, level0, 8, (RIG_RAM + 0x5000) >> 2 | leaf));
	assert_true(bus_store(bus, level0 + 8, 8, (RIG_RAM + 0x3000) >> 2 | (PTE_V | PTE_X)));
	assert_true(csr_poke(hart(), CSR_PMPADDR0, ~0ull) && csr_poke(hart(), CSR_PMPCFG0, 0x1f));
	assert_true(csr_poke(hart(), CSR_SATP, 8ull << 60 | root >> 12));
	assert_true(bus_store(bus, RIG_RAM + 0x5ffe, 2, 0x2211));
	assert_true(bus_store(bus, RIG_RAM + 0x3000, 2, 0x4433));
}

/* Neither A, nor U in S mode without SUM, nor R is in a debugger's way; a page that is not there is. */
static void test_memory_is_as_the_hart_sees_it(void **state)
{
	(void)state;
	map();
	EXPECT("m40000ffe,4", "E14");
	for (u32 priv = PRIV_U; priv <= PRIV_S; priv++) {
		hart()->priv = (u8)priv;
		hart_update_context(hart());
		EXPECT("m40000ffe,4", "11223344");
		EXPECT("m40001ffe,4", "0000");
		EXPECT("m40002000,4", "E14");
		EXPECT("m80005ffe,2", "E14");
		EXPECT("M40001fff,2:0102", "E14");
		EXPECT("M40000fff,2:2233", "OK");
		EXPECT("Qqemu.PhyMemMode:1", "OK");
		EXPECT("qqemu.PhyMemMode", "1");
		EXPECT("m80005ffe,3", "112200");
		EXPECT("m80003000,2", "3344");
		EXPECT("Qqemu.PhyMemMode:0", "OK");
		EXPECT("qqemu.PhyMemMode", "0");
	}
}

static void test_devices_can_be_reached(void **state)
{
	(void)state;
	EXPECT("M10000007,1:5a", "OK"); /* the UART's scratch register */
	EXPECT("m10000007,1", "5a");
	EXPECT("m2000000,4", "00000000");
	EXPECT("M2000000,4:01000000", "OK"); /* CLINT: msip */
	assert_true(hart()->wires & BIT(WIRE_MSI));
	EXPECT("m5000,4", "E14");
}

static void test_a_recorded_run_is_not_changed(void **state)
{
	(void)state;
	control.frozen = "it is recorded";
	EXPECT("M80010000,1:01", "E01");
	EXPECT("P5=01", "E01");
	EXPECT("m80010000,1", "00");
	EXPECT("m10000000,1", "E14");
	expect_begin("c80000000", "E");
}

static void test_decoded_code_is_forgotten_when_it_is_written(void **state)
{
	struct hart *h = hart();

	(void)state;
	assert_int_equal(engine_run(h, 3), ENGINE_BUDGET);
	EXPECT("M80000000,4:13057000", "OK"); /* li a0, 7 */
	assert_int_equal(engine_run(h, 3), ENGINE_BUDGET);
	assert_int_equal(h->x[10], 7);
}

/* --- points --- */

static void test_points_are_set_and_removed(void **state)
{
	struct debug *d = &control.debug;

	(void)state;
	EXPECT("Z0,80000000,4", "OK");
	EXPECT("Z0,80000000,2", "OK");
	EXPECT("Z1,80000000,2", "OK");
	EXPECT("Z2,80001000,8", "OK");
	EXPECT("Z3,80001000,8", "OK");
	EXPECT("Z4,80001000,8", "OK");
	assert_int_equal(d->count, 5);
	assert_int_equal(d->points[2].kinds, DEBUG_STORE);
	assert_int_equal(d->points[3].kinds, DEBUG_LOAD);
	assert_int_equal(d->points[4].kinds, DEBUG_LOAD | DEBUG_STORE);
	assert_int_equal(d->points[4].size, 8);
	EXPECT("z0,80000000,4", "OK");
	EXPECT("z0,80000000,4", "OK");
	EXPECT("z2,80001000,4", "OK");
	assert_int_equal(d->count, 4);
	EXPECT("Z0,ffffffffffffffff,4", "OK");
	EXPECT("Z2,ffffffffffffffff,ffffffffffffffff", "OK");
	EXPECT("D", "OK");
	assert_int_equal(d->count, 0);
	assert_false(control.paused);
}

static void test_too_many_points_are_refused(void **state)
{
	char packet[64];

	(void)state;
	for (u32 i = 0; i < DEBUG_POINTS_MAX; i++) {
		snprintf(packet, sizeof(packet), "Z0,%x,4", 0x1000 + 2 * i);
		EXPECT(packet, "OK");
	}
	EXPECT("Z0,80000000,4", "E28");
	EXPECT("z0,1000,4", "OK");
	EXPECT("Z0,80000000,4", "OK");
}

/* Sends a monitor command; the text of its answer. */
static const char *monitor_text(const char *line)
{
	static char text[4096];
	char packet[512] = "qRcmd,";
	const char *at;
	size_t size = 0;
	unsigned int byte;

	for (at = line; *at; at++)
		snprintf(packet + strlen(packet), 3, "%02x", (u8)*at);
	send_bytes(packet, strlen(packet));
	for (at = strstr(sent(), "$O"); at && at[2] != 'K'; at = strstr(at + 1, "$O"))
		for (const char *from = at + 2; sscanf(from, "%2x", &byte) == 1 && *from != '#'; from += 2)
			text[size++] = (char)byte;
	text[size] = '\0';
	assert_non_null(strstr(reply_text, "$OK#"));
	return text;
}

static void test_monitor_commands_are_passed_on(void **state)
{
	(void)state;
	assert_string_equal(monitor_text("walk 0x1000"), "[walk 0x1000]\n");
	assert_string_equal(monitor_text(""), "[]\n");
	assert_non_null(strstr(monitor_text("help"), "break-priv"));
	assert_non_null(strstr(monitor_text("help"), "[help]"));
	assert_non_null(strstr(monitor_text("go"), "continue"));
	assert_true(control.paused);
	assert_false(control.quit);
	(void)monitor_text("end");
	assert_true(control.quit);
}

/* Modes and address spaces are remembered by address, because gdb removes points at every stop. */
static void test_points_can_be_limited(void **state)
{
	const struct debug_point *p = control.debug.points;

	(void)state;
	assert_string_equal(monitor_text("break-priv u"), "new points: virtual addresses, in U mode\n");
	EXPECT("Z0,1000,4", "OK");
	assert_int_equal(p[0].privs, BIT(PRIV_U));
	EXPECT("z0,1000,4", "OK");
	assert_string_equal(monitor_text("break-priv any"), "new points: virtual addresses, in any mode\n");
	assert_string_equal(monitor_text("break-space physical"), "new points: physical addresses, in any mode\n");
	EXPECT("Z0,1000,4", "OK");
	EXPECT("Z2,2000,4", "OK");
	assert_int_equal(p[0].privs, BIT(PRIV_U));
	assert_false(p[0].physical);
	assert_true(p[1].physical);
	assert_string_equal(monitor_text("break-priv sm 0x1000"), "0x1000: virtual addresses, in S M mode\n");
	assert_string_equal(monitor_text("break-space virtual 0x2000"), "0x2000: virtual addresses, in any mode\n");
	assert_int_equal(control.debug.count, 2);
	assert_int_equal(p[0].privs, BIT(PRIV_S) | BIT(PRIV_M));
	assert_false(p[1].physical);
	assert_non_null(strstr(monitor_text("break-priv x"), "letters"));
	assert_non_null(strstr(monitor_text("break-space x"), "virtual or physical"));
	assert_non_null(strstr(monitor_text("break-priv u 12q"), "no address"));
	assert_string_equal(monitor_text("break-priv"), "new points: physical addresses, in any mode\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_registers_are_read_and_written), TEST(test_csrs_are_registers),
		TEST(test_memory_is_read_and_written),     TEST(test_memory_ends_where_it_ends),
		TEST(test_memory_is_as_the_hart_sees_it),  TEST(test_devices_can_be_reached),
		TEST(test_a_recorded_run_is_not_changed),  TEST(test_decoded_code_is_forgotten_when_it_is_written),
		TEST(test_points_are_set_and_removed),     TEST(test_too_many_points_are_refused),
		TEST(test_monitor_commands_are_passed_on), TEST(test_points_can_be_limited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
