/*
 * The runner: finds out what the machine is like, runs one test after another, powers off. See test.h.
 */
#include "tests/firmware/test.h"

struct facts facts;
const u8 *device_tree;

static const char *test_name; /* of the test at work */
static int test_failed, test_skipped;

/* --- expectations --- */

void expect_at(int line, const char *what, u64 got, u64 want)
{
	if (got == want || __atomic_exchange_n(&test_failed, 1, __ATOMIC_SEQ_CST))
		return;
	put_string("FAIL ");
	put_string(test_name);
	put_string(": line ");
	put_decimal((u64)line);
	put_string(": ");
	put_string(what);
	put_string(": got ");
	put_hex(got);
	put_string(", want ");
	put_hex(want);
	put_string("\n");
}

void skip(const char *missing)
{
	test_skipped = 1;
	put_string("skip ");
	put_string(test_name);
	put_string(": needs ");
	put_string(missing);
	put_string("\n");
}

/* --- facts --- */

u64 event_start(u64 code)
{
	/* all firmware counters, clear, start, a firmware event */
	return sbi_call(EXT_PMU, 2, 32, 0xffff, 6, 15 << 16 | code, 0).value;
}

u64 event_stop(u64 counter)
{
	u64 value = sbi1(EXT_PMU, 5, counter).value;

	sbi3(EXT_PMU, 4, counter, 1, 1); /* stop, and reset */
	return value;
}

CODE(read_stimecmp, "csrr a0, 0x14d");
CODE(read_time, "csrr a0, 0xc01");
CODE(load_misaligned, "ld a0, 1(a0)");
CODE(read_single, ".option arch, +f\nfmv.x.w a0, fa0");
CODE(read_fp, ".option arch, +d\nfmv.x.d a0, fa0");
CODE(load_half_fp, ".4byte 0x51507"); /* flh fa0, 0(a0) */
CODE(run_compressed, ".2byte 0x0001, 0x0001");
CODE(load_zcb, ".2byte 0x8508, 0x0001"); /* c.lhu a0, 0(a0); c.nop */
CODE(do_cbo_zero, ".4byte 0x0045200f");  /* cbo.zero (a0) */
CODE(do_cbo_flush, ".4byte 0x0025200f"); /* cbo.flush (a0) */
CODE(do_cbo_inval, ".4byte 0x0005200f"); /* cbo.inval (a0) */
CODE(read_senvcfg, "csrr a0, 0x10a");
CODE(read_sstateen0, "csrr a0, 0x10c");
CODE(load_byte, "lb a0, (a0)");
CODE(read_scountovf, "csrr a0, 0xda0");

static u64 runs(const void *code, u64 arg)
{
	try_call(code, arg);
	return this_cpu()->seen.cause == NO_TRAP;
}

static u64 causes_event(u64 event, const void *code, u64 arg)
{
	u64 counter = event_start(event);

	try_call(code, arg);
	return event_stop(counter) > 0;
}

/* Loads from a page, changes its PTE, and loads again. */
static u64 tlb_is_stale(void)
{
	u64 first, second;

	*(volatile u64 *)pages[0] = 1;
	*(volatile u64 *)pages[1] = 2;
	map(VA, (u64)pages[0], PTE_DATA);
	paging_on(0);
	first = *(volatile u64 *)VA;
	map(VA, (u64)pages[1], PTE_DATA);
	second = *(volatile u64 *)VA;
	paging_off();
	return first == 1 && second == 1;
}

static u64 loads_through(u64 flags)
{
	u64 result;

	map(VA, (u64)pages[0], flags);
	paging_on(0);
	result = runs(load_byte, VA);
	paging_off();
	return result;
}

static u64 count_hpm(void)
{
	u64 count = 0;

	for (u64 i = 3; i < 32; i++)
		count += sbi1(EXT_PMU, 1, i).error == SUCCESS;
	return count;
}

/* The kernel command line has this word. */
static int told_to(const char *word)
{
	u32 size = (u32)device_tree[4] << 24 | (u32)device_tree[5] << 16 | (u32)device_tree[6] << 8 | device_tree[7];

	for (u32 at = 0; at < size; at++) {
		u32 i = 0;

		while (word[i] && at + i < size && device_tree[at + i] == (u8)word[i])
			i++;
		if (!word[i])
			return 1;
	}
	return 0;
}

static void find_facts(void)
{
	csr_set(sstatus, SSTATUS_FS);
	facts.sstc = runs(read_stimecmp, 0);
	facts.time_traps = causes_event(4, read_time, 0);
	facts.misaligned_traps = causes_event(0, load_misaligned, (u64)pages[0]);
	facts.compressed = runs(run_compressed, 0);
	facts.single = runs(read_single, 0);
	facts.fp = runs(read_fp, 0);
	facts.zfh = facts.fp && runs(load_half_fp, (u64)pages[0]);
	facts.zcb = facts.compressed && runs(load_zcb, (u64)pages[0]);
	facts.stale = tlb_is_stale();
	facts.hpm = count_hpm();
	facts.filters = runs(read_scountovf, 0);
	facts.ad_faults = !loads_through(PTE_DATA & ~PTE_A);
	facts.pbmt = loads_through(PTE_DATA | BIT(61));
	facts.cbo_zero = runs(do_cbo_zero, (u64)pages[0]);
	facts.cbo_flush = runs(do_cbo_flush, (u64)pages[0]);
	facts.cbo_inval = runs(do_cbo_inval, (u64)pages[0]);
	facts.envcfg = runs(read_senvcfg, 0);
	facts.stateen = runs(read_sstateen0, 0);
	facts.exact = (u64)told_to("exact=1");
}

static void put_fact(const char *name, u64 value)
{
	put_string(" ");
	put_string(name);
	put_string("=");
	put_decimal(value);
}

static void put_facts(void)
{
	put_string("facts:");
	put_fact("harts", hart_count);
	put_fact("boot", boot_hart);
	put_fact("sstc", facts.sstc);
	put_fact("time_traps", facts.time_traps);
	put_fact("misaligned_traps", facts.misaligned_traps);
	put_fact("compressed", facts.compressed);
	put_fact("single", facts.single);
	put_fact("fp", facts.fp);
	put_fact("zfh", facts.zfh);
	put_fact("zcb", facts.zcb);
	put_fact("stale", facts.stale);
	put_fact("hpm", facts.hpm);
	put_fact("filters", facts.filters);
	put_fact("ad_faults", facts.ad_faults);
	put_fact("pbmt", facts.pbmt);
	put_fact("cbo", facts.cbo_zero + facts.cbo_flush + facts.cbo_inval);
	put_fact("envcfg", facts.envcfg);
	put_fact("stateen", facts.stateen);
	put_fact("exact", facts.exact);
	put_string("\n");
}

/* --- the runner --- */

/* Every test starts alike. */
static void reset(void)
{
	paging_off();
	csr_clear(sstatus, SSTATUS_SIE | SSTATUS_SUM | SSTATUS_MXR);
	csr_set(sstatus, SSTATUS_FS);
	csr_write(sie, 0);
	csr_write(scounteren, 7);
	sbi1(EXT_TIME, 0, ~0ul);
	csr_clear(sip, IRQ_SSI);
	for (u64 i = 0; i < CPUS_MAX; i++)
		cpus[i].ipi_count = cpus[i].timer_count = cpus[i].overflow_count = 0;
}

static void run_tests(const struct test *test, u64 *passed, u64 *failed)
{
	for (; test->name; test++) {
		test_name = test->name;
		test_failed = test_skipped = 0;
		reset();
		test->run();
		if (test_skipped)
			continue;
		if (!test_failed) {
			put_string("ok ");
			put_string(test_name);
			put_string("\n");
		}
		*failed += (u64)test_failed;
		*passed += (u64)!test_failed;
	}
}

/* Ways to end the run that a test cannot come back from; run.sh knows what they must look like from outside. */
static void end_specially(void)
{
	if (told_to("end=failure"))
		sbi2(EXT_SRST, 0, 0, 1);
	if (told_to("end=cold"))
		sbi2(EXT_SRST, 0, 1, 0);
	if (told_to("end=warm"))
		sbi2(EXT_SRST, 0, 2, 0);
	if (told_to("end=legacy"))
		sbi0(8, 0);
}

void test_main(u64 hart, const u8 *tree);
void cpus_prepare(u64 hart);

void test_main(u64 hart, const u8 *tree)
{
	static const struct test *const files[] = {
		tree_tests,   base_tests,    hsm_tests, time_tests,       ipi_tests,  rfence_tests,
		legacy_tests, console_tests, pmu_tests, misaligned_tests, trap_tests, reset_tests,
	};
	u64 passed = 0, failed = 0;

	device_tree = tree;
	test_name = "start";
	put_string("start\n");
	end_specially();
	cpus_prepare(hart);
	find_facts();
	put_facts();
	for (u64 i = 0; i < ARRAY_SIZE(files); i++)
		run_tests(files[i], &passed, &failed);
	put_decimal(passed);
	put_string(" passed, ");
	put_decimal(failed);
	put_string(" failed\n");
	sbi2(EXT_SRST, 0, 0, failed != 0);
}
