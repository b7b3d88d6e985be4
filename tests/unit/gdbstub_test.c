/*
 * The gdb stub, packet by packet: what a debugger sends and what it gets. Most tests feed packets and read replies
 * without a socket and without running anything; gdbstub_run_test.c lets a guest run.
 */
#include "emu/gdbstub_internal.h"

#include <stdlib.h>
#include <string.h>

#include "cpu/csr.h"
#include "tests/unit/machine_rig.h"

#define NOP rv_addi(RV_ZERO, RV_ZERO, 0)
#define RAM_SIZE 0x200000ull

static struct machine_rig rig;
static struct control control;
static struct gdbstub *g;
static char reply_text[2 * GDB_PACKET_MAX];

static u32 on_monitor(void *arg, const char *line, FILE *out)
{
	struct control *c = arg;

	fprintf(out, "[%s]\n", line);
	if (strcmp(line, "go") == 0)
		control_continue(c);
	c->quit = strcmp(line, "end") == 0;
	return 0;
}

static void start(const char *options)
{
	const struct gdbstub_hooks hooks = { .monitor = on_monitor, .arg = &control };
	const u32 code[] = { NOP, NOP, rv_jal(RV_ZERO, -8) };

	control = (struct control){ 0 };
	rig.io.debug = &control.debug;
	rig_start(&rig, options, code, ARRAY_SIZE(code));
	control.machine = rig.m;
	g = gdb_new(&control, NULL, &hooks);
	gdb_session_begin(g);
}

static int setup(void **state)
{
	(void)state;
	start("-m 2M");
	return 0;
}

static int setup_smp(void **state)
{
	(void)state;
	start("-m 2M --smp 3");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	gdbstub_destroy(g);
	rig_free(&rig);
	return 0;
}

static struct hart *hart(void)
{
	return rig.m->harts[0];
}

static void feed(const char *bytes)
{
	gdb_feed(g, (const u8 *)bytes, strlen(bytes));
}

/* What the stub has sent, which is then forgotten. */
static const char *sent(void)
{
	assert_true(g->out.size < sizeof(reply_text));
	if (g->out.size)
		memcpy(reply_text, g->out.bytes, g->out.size);
	reply_text[g->out.size] = '\0';
	g->out.size = 0;
	return reply_text;
}

static void send_bytes(const void *bytes, size_t size)
{
	const u8 *text = bytes;
	char frame[8];
	u8 sum = 0;

	for (size_t i = 0; i < size; i++)
		sum = (u8)(sum + text[i]);
	feed("$");
	gdb_feed(g, bytes, size);
	snprintf(frame, sizeof(frame), "#%02x", sum);
	feed(frame);
}

/* Sends a packet; its reply without frame, or NULL if there is none yet. */
static const char *ask(const char *packet)
{
	char *text, *end;

	send_bytes(packet, strlen(packet));
	text = (char *)sent();
	assert_int_equal(text[0], '+');
	if (text[1] == '\0')
		return NULL;
	assert_int_equal(text[1], '$');
	end = strrchr(text, '#');
	assert_non_null(end);
	*end = '\0';
	return text + 2;
}

#define EXPECT(packet, reply) assert_string_equal(ask(packet), reply)

static void expect_begin(const char *packet, const char *begin)
{
	const char *got = ask(packet);

	assert_non_null(got);
	if (strncmp(got, begin, strlen(begin)) != 0)
		fail_msg("%s: %.60s is not %s...", packet, got, begin);
}

/* --- the wire --- */

static void test_good_packets_are_acknowledged(void **state)
{
	(void)state;
	feed("$qC#b4");
	assert_string_equal(sent(), "+$QC1#c5");
	feed("$qC#B4");
	assert_string_equal(sent(), "+$QC1#c5");
}

static void test_a_wrong_sum_is_refused(void **state)
{
	(void)state;
	feed("$qC#b5");
	assert_string_equal(sent(), "-");
	feed("$qC#zz");
	assert_string_equal(sent(), "-");
}

static void test_a_lost_reply_is_sent_again(void **state)
{
	(void)state;
	feed("$qC#b4");
	(void)sent();
	feed("--");
	assert_string_equal(sent(), "$QC1#c5$QC1#c5");
	feed("+");
	assert_string_equal(sent(), "");
}

static void test_without_acknowledgements_sums_do_not_matter(void **state)
{
	(void)state;
	EXPECT("QStartNoAckMode", "OK");
	feed("+$qC#00-");
	assert_string_equal(sent(), "$QC1#c5");
}

static void test_noise_between_packets_is_skipped(void **state)
{
	(void)state;
	feed("hello #12 }}# \r\n$qC#b4");
	assert_string_equal(sent(), "+$QC1#c5");
}

static void test_a_packet_may_come_in_pieces(void **state)
{
	(void)state;
	feed("$");
	feed("q");
	feed("C#");
	feed("b");
	assert_string_equal(sent(), "");
	feed("4");
	assert_string_equal(sent(), "+$QC1#c5");
}

static void test_a_packet_that_begins_anew_is_that_one(void **state)
{
	(void)state;
	feed("$m80000000,$qC#b4");
	assert_string_equal(sent(), "+$QC1#c5");
}

static void test_what_is_unknown_has_an_empty_answer(void **state)
{
	static const char *const packets[] = {
		"",     "vMustReplyEmpty", "R00",   "vRun;x", "!", "A", "qXfer:auxv:read::0,10", "vFile:open:x", "b",
		"\x80", "QNonStop:1",      "Z9,0,1"
	};

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(packets); i++)
		EXPECT(packets[i], "");
}

static void test_a_packet_too_long_is_an_error(void **state)
{
	size_t size = GDB_PACKET_MAX + 100;
	char *text = xcalloc(1, size);

	(void)state;
	memset(text, 'm', size);
	send_bytes(text, size);
	assert_string_equal(sent(), "+$E22#a9");
	send_bytes(text, GDB_PACKET_MAX);
	assert_string_equal(sent(), "+$E22#a9");
	EXPECT("qC", "QC1");
	free(text);
}

static void test_malformed_packets_are_errors(void **state)
{
	static const char *const packets[] = {
		"m",
		"m,",
		"m80000000",
		"m80000000,",
		"mxyz,4",
		"m80000000,4x",
		"m11112222333344445,1",
		"M",
		"M0,4",
		"M0,4:0011",
		"M80000000,2:00112",
		"M80000000,1:0x",
		"M80000000,ffffffffffffffff:00",
		"X",
		"X80000000,4:abc",
		"X80000000,ffffffffffffffff:",
		"p",
		"p-1",
		"pfffff",
		"P",
		"P1",
		"P1=",
		"P1=0",
		"P1=00112233445566778899",
		"P1=xx",
		"G",
		"G00",
		"Z",
		"Z0",
		"Z0,",
		"Z0,80000000",
		"Z0,80000000,",
		"Zx,0,0",
		"Z2,80000000,0",
		"H",
		"Hx1",
		"Hgzz",
		"Hg9",
		"T",
		"T9",
		"Tx",
		"qRcmd,0",
		"qRcmd,zz",
		"qThreadExtraInfo,",
		"qThreadExtraInfo,7",
		"Qqemu.PhyMemMode:2",
		"vCont",
		"vCont;",
		"vCont;x",
		"vCont;s:9",
		"vCont;S",
		"cxyz",
		"C",
		"Czz",
		"S05x",
		"vContx",
	};

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(packets); i++) {
		const char *got = ask(packets[i]);

		if (!got || got[0] != 'E')
			fail_msg("%s: %s", packets[i], got ? got : "no answer");
		assert_true(control.paused);
	}
}

/* --- what it says of itself --- */

static void test_features_are_told(void **state)
{
	const char *got = ask("qSupported:multiprocess+;swbreak+;hwbreak+;qRelocInsn+;vContSupported+");

	(void)state;
	assert_non_null(strstr(got, "PacketSize=8000;"));
	assert_non_null(strstr(got, "qXfer:features:read+"));
	assert_non_null(strstr(got, "QStartNoAckMode+"));
	assert_null(strstr(got, "multiprocess+"));
	EXPECT("vCont?", "vCont;c;C;s;S");
	EXPECT("qAttached", "1");
}

/* The whole description, read in small parts. */
static void test_the_description_has_the_hart_s_registers(void **state)
{
	static const char *const wanted[] = {
		"<architecture>riscv:rv64</architecture>",
		"org.gnu.gdb.riscv.cpu",
		"name=\"zero\" bitsize=\"64\" regnum=\"0\"",
		"name=\"pc\" bitsize=\"64\" regnum=\"32\"",
		"org.gnu.gdb.riscv.fpu",
		"name=\"ft11\" bitsize=\"64\" regnum=\"64\"",
		"name=\"fcsr\" bitsize=\"64\" regnum=\"68\"",
		"org.gnu.gdb.riscv.csr",
		"name=\"satp\" bitsize=\"64\" regnum=\"449\"",
		"name=\"mstatus\"",
		"name=\"mhpmcounter31\"",
		"name=\"pmpaddr63\"",
		"org.gnu.gdb.riscv.virtual",
		"name=\"priv\" bitsize=\"64\" regnum=\"4161\"",
		"</target>",
	};
	char *all = xcalloc(1, 1 << 16), packet[64];
	size_t size = 0;
	bool more = true;

	(void)state;
	while (more) {
		const char *got;

		snprintf(packet, sizeof(packet), "qXfer:features:read:target.xml:%zx,3f1", size);
		got = ask(packet);
		more = got[0] == 'm';
		assert_true(more || got[0] == 'l');
		assert_true(size + strlen(got) < 1 << 16);
		strcpy(all + size, got + 1);
		size += strlen(got + 1);
	}
	for (u32 i = 0; i < ARRAY_SIZE(wanted); i++)
		if (!strstr(all, wanted[i]))
			fail_msg("%s is not in the description", wanted[i]);
	assert_null(strstr(all, "vstart"));
	free(all);
	EXPECT("qXfer:features:read:target.xml:fffffffffff,100", "l");
	EXPECT("qXfer:features:read:other.xml:0,100", "E00");
	EXPECT("qXfer:features:read:target.xml:0", "E00");
}

static void test_harts_are_threads(void **state)
{
	(void)state;
	EXPECT("qfThreadInfo", "m1,2,3");
	EXPECT("qsThreadInfo", "l");
	EXPECT("qThreadExtraInfo,1", "6861727420303a204d206d6f6465"); /* hart 0: M mode */
	rig.m->harts[2]->priv = PRIV_S;
	rig.m->harts[2]->waiting = true;
	EXPECT("qThreadExtraInfo,3", "6861727420323a2053206d6f64652c2077616974696e67"); /* hart 2: S mode, waiting */
	EXPECT("T3", "OK");
	expect_begin("T4", "E");
	EXPECT("Hg2", "OK");
	EXPECT("qC", "QC2");
	rig.m->harts[1]->x[10] = 0x77;
	EXPECT("pa", "7700000000000000");
	EXPECT("Hg-1", "OK");
	EXPECT("Hg0", "OK");
	EXPECT("Hc0", "OK");
	EXPECT("pa", "7700000000000000");
}

static void test_a_guest_that_stands_still_says_where(void **state)
{
	(void)state;
	EXPECT("?", "T05thread:1;20:0000008000000000;");
}

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

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_good_packets_are_acknowledged),
		TEST(test_a_wrong_sum_is_refused),
		TEST(test_a_lost_reply_is_sent_again),
		TEST(test_without_acknowledgements_sums_do_not_matter),
		TEST(test_noise_between_packets_is_skipped),
		TEST(test_a_packet_may_come_in_pieces),
		TEST(test_a_packet_that_begins_anew_is_that_one),
		TEST(test_what_is_unknown_has_an_empty_answer),
		TEST(test_a_packet_too_long_is_an_error),
		TEST(test_malformed_packets_are_errors),
		TEST(test_features_are_told),
		TEST(test_the_description_has_the_hart_s_registers),
		cmocka_unit_test_setup_teardown(test_harts_are_threads, setup_smp, teardown),
		TEST(test_a_guest_that_stands_still_says_where),
		TEST(test_registers_are_read_and_written),
		TEST(test_csrs_are_registers),
		TEST(test_memory_is_read_and_written),
		TEST(test_memory_ends_where_it_ends),
		TEST(test_memory_is_as_the_hart_sees_it),
		TEST(test_devices_can_be_reached),
		TEST(test_a_recorded_run_is_not_changed),
		TEST(test_decoded_code_is_forgotten_when_it_is_written),
		TEST(test_points_are_set_and_removed),
		TEST(test_too_many_points_are_refused),
		TEST(test_monitor_commands_are_passed_on),
		TEST(test_points_can_be_limited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
