/*
 * The monitor: how lines are read, expressions, memory, registers, the board. Answers are compared as text, because
 * text is what it is for. Translations are in monitor_mmu_test.c, driving the guest in monitor_run_test.c.
 */
#include "cpu/csr.h"
#include "devices/memmap.h"
#include "tests/unit/monitor_rig.h"

static struct monitor_rig rig;

static int start(void **state)
{
	(void)state;
	monitor_rig_start(&rig);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	monitor_rig_free(&rig);
	return 0;
}

static struct hart *hart(u32 n)
{
	return rig.rig.m->harts[n];
}

/* ---- lines ---- */

static void test_empty_lines_answer_nothing(void **state)
{
	(void)state;
	expect(&rig, "", "");
	expect(&rig, " \t ", "");
	assert_int_equal(rig.result, MONITOR_AGAIN);
}

static void test_names_may_be_cut_short(void **state)
{
	(void)state;
	expect_part(&rig, "i r", "hart 0: M mode, pc 0000000080000000 <_start>");
	expect_part(&rig, "info reg", "mstatus");
	expect(&rig, "st", "st could be stop, step\n");
	expect(&rig, "info s", "s could be symbols, stats\n");
	expect(&rig, "p 5", "0x5\n");
}

static void test_unknown_names_get_a_suggestion(void **state)
{
	(void)state;
	expect(&rig, "wlak 5", "unknown command wlak: did you mean walk?\n");
	expect(&rig, "info tbl", "unknown topic tbl: did you mean tlb?\n");
	expect(&rig, "nonsense", "unknown command nonsense: help lists all\n");
	expect(&rig, "info nonsense", "unknown topic nonsense: info lists all\n");
	expect_part(&rig, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	            "unknown command");
}

static void test_help_lists_commands_and_tells_of_one(void **state)
{
	(void)state;
	expect_part(&rig, "help", "explain VA [fetch|load|store] [u|s|m]\n");
	expect_part(&rig, "?", "info [TOPIC] ...");
	expect(&rig, "help cont", "cont \n  lets the guest run on; so does Ctrl-D\n  also called c\n");
	expect_part(&rig, "help info", "info tlb [HART]");
	expect_part(&rig, "help info tlb", "what the TLB holds");
	expect_part(&rig, "help nonsense", "unknown command");
	expect_part(&rig, "info", "info mem [HART]");
}

static void test_too_many_arguments_are_refused(void **state)
{
	(void)state;
	expect(&rig, "cont now", "'now' is too much here\n");
	assert_int_equal(rig.result, MONITOR_AGAIN);
	expect(&rig, "info mem 0 1", "'1' is too much here\n");
	expect(&rig, "x/4xw 0x80000000 5", "'5' is too much here\n");
}

static void test_without_a_machine_it_says_so(void **state)
{
	(void)state;
	rig.control.machine = NULL;
	expect(&rig, "info registers", "there is no machine at the moment\n");
}

/* Whatever a line holds, it is answered; addresses, counts and names of all sorts. */
static void test_random_lines_do_no_harm(void **state)
{
	static const char *const words[] = {
		"info",
		"x",
		"xp",
		"/8xg",
		"/999999999999i",
		"/s",
		"walk",
		"explain",
		"print",
		"(",
		")",
		"-",
		"~",
		"$pc",
		"$a0",
		"$satp",
		"0xffffffffffffffff",
		"0x80000000",
		"0x10000000",
		"1",
		"tohost",
		"mem",
		"tlb",
		"irq",
		"/",
		"devices",
		"registers",
		"all",
		"-a",
		"store",
		"u",
		"m",
		"sym",
		"gva2gpa",
		"cpu",
		"priv=us",
		"phys",
		"<<",
		"watch",
		"delete",
		"'a'",
		"*",
		"%",
		"0",
		"help",
		"trace",
		"status",
		"symbols",
		"breakpoints",
		"harts",
		"$f31",
	};
	u64 seed = 1;
	(void)state;
	set_up_paging(&rig, READ_WRITE);
	for (u32 i = 0; i < 20000; i++) {
		char line[256] = "";
		for (u32 n = 0; n < 6; n++) {
			seed = seed * 6364136223846793005ull + 1442695040888963407ull;
			strcat(line, words[(seed >> 33) % ARRAY_SIZE(words)]);
			strcat(line, seed >> 60 & 1 ? " " : "");
		}
		say(&rig, line);
		assert_in_range(rig.result, MONITOR_AGAIN, MONITOR_CONTINUE);
	}
	assert_false(rig.control.quit);
}

/* ---- expressions ---- */

static void test_expressions_have_cs_precedence(void **state)
{
	(void)state;
	expect(&rig, "print 1 + 2 * 3", "0x7\n");
	expect(&rig, "print (1 + 2) * 3", "0x9\n");
	expect(&rig, "print 1 << 4 + 1", "0x20\n");
	expect(&rig, "print 6 | 1 ^ 3 & 2", "0x7\n");
	expect(&rig, "print -1 >> 60", "0xf\n");
	expect(&rig, "print ~0 - !0", "0xfffffffffffffffe\n");
	expect(&rig, "print 17 / 5 * 10 + 17 % 5", "0x20\n");
	expect(&rig, "print 1 << 64", "0x0\n");
	expect(&rig, "print 'A' + 0b11", "0x44\n");
}

static void test_expressions_know_registers_and_symbols(void **state)
{
	(void)state;
	hart(0)->x[10] = 0x1234;
	hart(0)->x[8] = 0x88;
	hart(0)->f[1] = 0xffffffff3f800000;
	expect(&rig, "print $a0 + $x10", "0x2468\n");
	expect(&rig, "print $fp", "0x88\n");
	expect(&rig, "print $ft1", "0xffffffff3f800000\n");
	expect(&rig, "print $pc", "0x80000000\n");
	expect(&rig, "print $mhartid", "0x0\n");
	expect(&rig, "print tohost - _start", "0x800\n");
}

static void test_bad_expressions_are_told(void **state)
{
	(void)state;
	expect(&rig, "print", "an expression is missing\n");
	expect(&rig, "print 1 +", "a number, a $register or a symbol is missing\n");
	expect(&rig, "print (1", "a ) is missing\n");
	expect(&rig, "print 1)", "')' is too much here\n");
	expect(&rig, "print 5 / (3 - 3)", "division by zero\n");
	expect(&rig, "print $x32", "this hart has no register $x32\n");
	expect(&rig, "print nobody", "no symbol is called nobody\n");
	expect(&rig, "print a0", "no symbol is called a0; the register is written $a0\n");
	expect(&rig, "print 8000f000", "'8000f000' is no number: hexadecimal ones begin with 0x\n");
	expect(&rig, "print 0x10000000000000000", "'0x10000000000000000' is no number, or does not fit into 64 bits\n");
	expect(&rig, "print #", "'#' begins no number, $register or symbol\n");
	expect(&rig,
	       "print ((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((1))))))))))))))))))))))))))))))))",
	       "the expression is too deep\n");
}

static void test_print_has_formats(void **state)
{
	(void)state;
	expect(&rig, "print/d -5", "-5\n");
	expect(&rig, "p/u -1", "18446744073709551615\n");
	expect(&rig, "p/o 8", "010\n");
	expect(&rig, "p/c 65", "'A'\n");
	expect(&rig, "p/i 65", "print takes one of the formats x d u o c\n");
	expect(&rig, "cont/x", "cont takes no format\n");
}

/* ---- memory ---- */

static void test_x_dumps_in_all_formats(void **state)
{
	(void)state;
	put_word(&rig, RIG_PAGE, 0x8877665544332211);
	put_word(&rig, RIG_PAGE + 8, 0x00006f6c6c6548ff);
	expect(&rig, "x/2xg 0x80110000", "0000000080110000: 0x8877665544332211 0x00006f6c6c6548ff\n");
	expect(&rig, "x 0x80110000", "0000000080110000: 0x44332211\n");
	expect(&rig, "x/2dh 0x80110006", "0000000080110006: -30601 18687\n");
	expect(&rig, "x/4ub 0x80110000", "0000000080110000: 17 34 51 68\n");
	expect(&rig, "x/1oh 0x80110000", "0000000080110000: 021021\n");
	expect(&rig, "x/3c 0x80110008", "0000000080110008: '\\xff' 'H' 'e'\n");
	expect(&rig, "x/s 0x80110009", "0000000080110009: \"Hello\"\n");
	expect(&rig, "x /5xw 0x80110000",
	       "0000000080110000: 0x44332211 0x88776655 0x6c6548ff 0x00006f6c\n0000000080110010: 0x00000000\n");
}

static void test_x_disassembles_with_names(void **state)
{
	(void)state;
	expect(&rig, "x/2i $pc",
	       "> 0000000080000000 <_start>: 00000297 auipc\tt0,0x0\n"
	       "  0000000080000004 <_start+0x4>: 02828613 addi\ta2,t0,40\n");
	expect(&rig, "x/i _start+12",
	       "  000000008000000c <_start+0xc>: fe000ee3 beq\tzero,zero,0x80000008 <_start+0x8>\n");
	put_word(&rig, RIG_PAGE, 0x4501);
	expect(&rig, "xp/i 0x80110000", "  0000000080110000: 4501     addi\ta0,zero,0\n");
}

static void test_x_uses_the_page_tables_of_the_hart(void **state)
{
	(void)state;
	set_up_paging(&rig, READ_ONLY | PTE_U);
	put_word(&rig, RIG_PAGE + 0xff8, 0x1122334455667788);
	expect(&rig, "x/xg 0x40201ff8", "0000000040201ff8: 0x1122334455667788\n");
	/* The next page is not mapped. */
	expect(&rig, "x/2xg 0x40201ff8",
	       "0000000040201ff8: 0x1122334455667788\n"
	       "cannot access 0x40202000: it is not mapped (explain 0x40202000 tells why)\n");
	expect_part(&rig, "x/xg 0x40201ffc", "cannot access");
	expect_part(&rig, "x 0x80110000", "it is not mapped");
	expect(&rig, "gva2gpa 0x40201123", "gpa: 0x80110123\n");
	expect_part(&rig, "gva2gpa 0", "0x0 is not mapped");
}

static void test_memory_that_is_not_there_is_told(void **state)
{
	(void)state;
	expect(&rig, "xp 0x20000000", "cannot access 0x20000000: no RAM and no device is at pa 0x20000000\n");
	expect_part(&rig, "x 0xffffffffffffffff", "cannot access 0xffffffffffffffff");
	expect_part(&rig, "x/4xg 0x87fffff8", "cannot access 0x88000000");
	expect_part(&rig, "x/2i 0x87fffffe", "0000000087fffffe");
}

static void test_formats_are_checked(void **state)
{
	(void)state;
	expect(&rig, "x/0x 0", "/0x: the count must be between 1 and 4096\n");
	expect(&rig, "x/4097x 0", "/4097x: the count must be between 1 and 4096\n");
	expect(&rig, "x/99999999999x 0", "/99999999999x: the count must be between 1 and 4096\n");
	expect(&rig, "x/9999999999999999x 0", "the format /9999999999999999x... is too long\n");
	expect(&rig, "x/q 0", "/q: 'q' is neither a format (x d u o c i s) nor a size (b h w g)\n");
}

static void test_device_registers_are_read_by_xp_only_and_not_unnoticed(void **state)
{
	(void)state;
	expect(&rig, "x 0x10000000", "cannot access 0x10000000: it is a register of uart (xp 0x10000000 reads it)\n");
	expect(&rig, "xp/b 0x10000005",
	       "note: reading registers of uart can change its state\n0000000010000005: 0x60\n");
	expect(&rig, "xp/w 0x10000001", "registers of uart: at most 64, at a multiple of their size\n");
	rig.control.frozen = "it is recorded";
	expect(&rig, "xp/b 0x10000005",
	       "reading registers of uart can change the guest, which must not be: it is recorded\n");
}

/* ---- registers ---- */

static void test_registers_of_a_hart(void **state)
{
	(void)state;
	hart(1)->x[31] = 0xabc;
	expect_part(&rig, "info registers 1", "hart 1: M mode");
	expect_part(&rig, "info registers 1", "t6   0000000000000abc");
	expect_part(&rig, "info registers", "satp:    Bare: no translation");
	expect_part(&rig, "info registers all", "hart 1: M mode");
	expect_part(&rig, "info registers -a 1", "fs11 0000000000000000");
	expect_part(&rig, "info registers -a 1", "mhartid       0000000000000001");
	expect(&rig, "info registers 2", "there is no hart 2: this machine has 0..1\n");
}

static void test_meaning_of_status_and_causes(void **state)
{
	(void)state;
	set_up_paging(&rig, READ_ONLY);
	hart(0)->csr.scause = 13;
	hart(0)->csr.mcause = BIT(63) | 7;
	hart(0)->csr.mstatus |= MSTATUS_SUM | MSTATUS_MPP | MSTATUS_FS;
	expect_part(&rig, "info registers", "MPP=M SPP=U MPRV=0 SUM=1 MXR=0 TVM=0 TW=0 TSR=0 FS=dirty");
	expect_part(&rig, "info registers", "satp:    Sv39, ASID 5, root table at 0x80100000");
	expect_part(&rig, "info registers", "scause:  load page fault");
	expect_part(&rig, "info registers", "mcause:  machine timer interrupt");
}

static void test_cpu_chooses_until_the_guest_runs_on(void **state)
{
	(void)state;
	expect_part(&rig, "cpu 1", "hart 1: M mode");
	expect(&rig, "print $a0", "0x1\n");
	expect_part(&rig, "info harts", "  hart 0: M mode, pc 0000000080000000 <_start>");
	expect_part(&rig, "info harts", "* hart 1: M mode, pc 0000000080000000 <_start>");
	expect(&rig, "cpu 7", "there is no hart 7: this machine has 0..1\n");
	say(&rig, "cont");
	expect(&rig, "print $a0", "0x0\n");
	rig.control.hart = 1;
	expect(&rig, "print $a0", "0x1\n");
}

/* ---- the board ---- */

static void test_info_devices_names_regions_and_irqs(void **state)
{
	(void)state;
	expect_part(&rig, "info devices", "0000000010000000-00000000100000ff  uart, irq 10 (low)\n");
	expect_part(&rig, "info mtree", "0000000080000000-0000000087ffffff  ram, 131072 KiB of RAM\n");
	expect_part(&rig, "info devices", "htif: ");
}

static void test_info_irq_shows_plic_clint_and_harts(void **state)
{
	struct bus *bus = &rig.rig.m->bus;
	(void)state;
	expect_part(&rig, "info irq", "all sources have priority 0 and are quiet");
	assert_true(bus_store(bus, MEMMAP_PLIC_BASE + 4 * 10, 4, 3));
	assert_true(bus_store(bus, MEMMAP_PLIC_BASE + 0x2080, 4, 1 << 10 | 1 << 1));
	assert_true(bus_store(bus, MEMMAP_PLIC_BASE + 0x201000, 4, 2));
	assert_true(bus_store(bus, MEMMAP_CLINT_BASE + 4, 4, 1));
	assert_true(bus_store(bus, MEMMAP_CLINT_BASE + 0x4000, 8, 12345));
	plic_set(rig.rig.m->plic, 10, true);
	hart(1)->csr.mie = MIP_MSIP;
	expect_part(&rig, "info irq", "  source 10 priority 3, wire high, pending\n");
	expect_part(&rig, "info irq", "  context 1   hart 0 S mode: threshold 2, enabled 1,10\n");
	expect_part(&rig, "info irq", "  hart 0: msip 0, mtimecmp 12345\n");
	expect_part(&rig, "info irq", "  hart 1: msip 1, mtimecmp never\n");
	expect_part(&rig, "info irq", "hart 0: mip SEIP, mie -");
	expect_part(&rig, "info irq", "hart 1: mip MSIP, mie MSIE");
}

static void test_symbols(void **state)
{
	(void)state;
	expect(&rig, "sym tohost", "0x80000800 <tohost>\n");
	expect(&rig, "sym 0x80000804", "0x80000804 <tohost+0x4>\n");
	expect(&rig, "sym 0x8", "0x8 lies in no function or object that has a name\n");
	expect(&rig, "info symbols tohost", "0000000080000800      8 data tohost\n");
	expect(&rig, "info symbols nobody", "no symbol's name contains 'nobody'\n");
}

static void test_info_stats(void **state)
{
	(void)state;
	expect_part(&rig, "info stats", "0 instructions retired, 0.000000 s of guest time\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_empty_lines_answer_nothing),
		TEST(test_names_may_be_cut_short),
		TEST(test_unknown_names_get_a_suggestion),
		TEST(test_help_lists_commands_and_tells_of_one),
		TEST(test_too_many_arguments_are_refused),
		TEST(test_without_a_machine_it_says_so),
		TEST(test_random_lines_do_no_harm),
		TEST(test_expressions_have_cs_precedence),
		TEST(test_expressions_know_registers_and_symbols),
		TEST(test_bad_expressions_are_told),
		TEST(test_print_has_formats),
		TEST(test_x_dumps_in_all_formats),
		TEST(test_x_disassembles_with_names),
		TEST(test_x_uses_the_page_tables_of_the_hart),
		TEST(test_memory_that_is_not_there_is_told),
		TEST(test_formats_are_checked),
		TEST(test_device_registers_are_read_by_xp_only_and_not_unnoticed),
		TEST(test_registers_of_a_hart),
		TEST(test_meaning_of_status_and_causes),
		TEST(test_cpu_chooses_until_the_guest_runs_on),
		TEST(test_info_devices_names_regions_and_irqs),
		TEST(test_info_irq_shows_plic_clint_and_harts),
		TEST(test_symbols),
		TEST(test_info_stats),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
