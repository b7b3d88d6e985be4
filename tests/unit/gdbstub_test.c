/*
 * The gdb stub, packet by packet: the wire, malformed packets, and what it says of itself.
 */
#include "tests/unit/gdbstub_rig.h"

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

static void test_without_a_machine_there_are_no_threads(void **state)
{
	(void)state;
	control.machine = NULL;
	EXPECT("qfThreadInfo", "l");
	EXPECT("qThreadExtraInfo,0", "E22");
	expect_begin("g", "E");
	expect_begin("m80000000,4", "E");
	EXPECT("?", "T05thread:1;");
	control.machine = rig.m;
}

static void test_a_guest_that_stands_still_says_where(void **state)
{
	(void)state;
	EXPECT("?", "T05thread:1;20:0000008000000000;");
}

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
		TEST(test_without_a_machine_there_are_no_threads),
		TEST(test_a_guest_that_stands_still_says_where),
		cmocka_unit_test_setup_teardown(test_harts_are_threads, stub_setup_smp, stub_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
