/*
 * SBI PMU: counters that are given out, count, stop, and are given back.
 */
#include "tests/firmware/test.h"

enum { NUM_COUNTERS, GET_INFO, CONFIG, START, STOP, FW_READ, FW_READ_HI, SNAPSHOT };

#define SKIP_MATCH 1ul
#define CLEAR_VALUE 2ul
#define AUTO_START 4ul
#define NOT_IN_U 0x20ul
#define NOT_IN_S 0x40ul
#define SET_VALUE 1ul
#define RESET 1ul
#define CYCLES 1ul
#define INSTRUCTIONS 2ul
#define DTLB_LOAD_MISSES 0x10019ul
#define RAW 0x20000ul
#define RAW_LOADS 0x2000aul /* rvemu's own: load instructions */
#define FIRMWARE(code) (0xf0000ul | (code))
#define HARDWARE 0xfffffffdul /* counters 0, 2 to 31 */
#define FIRST_FIRMWARE 32ul

enum {
	MISALIGNED_LOAD,
	MISALIGNED_STORE,
	ACCESS_LOAD,
	ACCESS_STORE,
	ILLEGAL,
	SET_TIMER,
	IPI_SENT,
	IPI_RECEIVED,
	FENCE_I_SENT,
	FENCE_I_RECEIVED,
	SFENCE_SENT,
	SFENCE_RECEIVED,
	SFENCE_ASID_SENT,
	SFENCE_ASID_RECEIVED
};

/* The hardware counters that there are. */
static u64 hardware(void)
{
	u64 mask = 0;

	for (u64 i = 0; i < 32; i++)
		if (sbi1(EXT_PMU, GET_INFO, i).error == SUCCESS)
			mask |= BIT(i);
	return mask;
}

/* A counter by its CSR. */
static u64 read_csr(u64 counter)
{
	switch (counter) {
	case 0:
		return csr_read(0xc00);
	case 2:
		return csr_read(0xc02);
	case 3:
		return csr_read(0xc03);
	case 4:
		return csr_read(0xc04);
	default:
		return ~0ul;
	}
}

/* Some work: 3 instructions a round. */
CODE(loop, "1: nop\naddi a0, a0, -1\nbnez a0, 1b");
USER_CODE(user_loop, "1: nop\naddi a0, a0, -1\nbnez a0, 1b");

static void counters_are_described(void)
{
	u64 count = sbi0(EXT_PMU, NUM_COUNTERS).value, firmware = 0;

	expect_true(count >= 3 && count <= 64);
	for (u64 i = 0; i < count; i++) {
		struct sbiret ret = sbi1(EXT_PMU, GET_INFO, i);

		if (ret.error != SUCCESS) {
			expect(ret.error, INVALID_PARAM);
		} else if (ret.value >> 63) {
			firmware++;
		} else {
			expect(ret.value & 0xfff, 0xc00 + i);
			expect_true((ret.value >> 12 & 0x3f) >= 31);
		}
	}
	expect_true(firmware > 0);
	expect(sbi1(EXT_PMU, GET_INFO, 0).value, 63 << 12 | 0xc00);
	expect_error(sbi1(EXT_PMU, GET_INFO, 1), INVALID_PARAM);
	expect(sbi1(EXT_PMU, GET_INFO, 2).value, 63 << 12 | 0xc02);
	expect_error(sbi1(EXT_PMU, GET_INFO, count), INVALID_PARAM);
	expect_error(sbi1(EXT_PMU, GET_INFO, ~0ul), INVALID_PARAM);
}

/* Configures the fixed counter, lets it count, stops it, lets it be. */
static void check_fixed(u64 counter, u64 event)
{
	u64 before, after;

	expect_ret(sbi_call(EXT_PMU, CONFIG, 0, BIT(counter), 0, event, 0), SUCCESS, counter);
	sbi3(EXT_PMU, STOP, counter, 1, 0);
	expect_ret(sbi4(EXT_PMU, START, counter, 1, SET_VALUE, 1000), SUCCESS, 0);
	before = read_csr(counter);
	expect_true(before >= 1000);
	try_call(loop, 10000);
	after = read_csr(counter);
	expect_true(after - before >= 1000);
	expect_error(sbi4(EXT_PMU, START, counter, 1, 0, 0), ALREADY_STARTED);
	expect_ret(sbi3(EXT_PMU, STOP, counter, 1, 0), SUCCESS, 0);
	before = read_csr(counter);
	try_call(loop, 10000);
	expect_true(read_csr(counter) <= before); /* QEMU 7.2 goes back to where it started */
	expect_error(sbi3(EXT_PMU, STOP, counter, 1, RESET), ALREADY_STOPPED);
	expect_ret(sbi3(EXT_PMU, START, counter, 1, 0), SUCCESS, 0);
}

static void cycles_count(void)
{
	check_fixed(0, CYCLES);
}

static void instructions_count(void)
{
	check_fixed(2, INSTRUCTIONS);
}

/* What stands between two reads is counted, no more and no less. */
static void instructions_are_exact(void)
{
	u64 before, after;

	needs(facts.exact && !facts.time_traps);
	before = csr_read(0xc02);
	__asm__ volatile(".rept 100\n nop\n .endr");
	after = csr_read(0xc02);
	expect(after - before, 101);
}

static void matching_takes_a_free_counter(void)
{
	u64 able = hardware(), given = 0, count = 0;

	for (;; count++) {
		struct sbiret ret = sbi_call(EXT_PMU, CONFIG, 0, able, 0, CYCLES, 0);

		if (ret.error != SUCCESS)
			break;
		expect_true((able & ~given) >> ret.value & 1);
		given |= BIT(ret.value);
	}
	expect_true(given & 1);
	expect_true(count >= 1);
	expect_error(sbi_call(EXT_PMU, CONFIG, 0, able, 0, CYCLES, 0), NOT_SUPPORTED);
	expect_ret(sbi_call(EXT_PMU, CONFIG, 0, 1, SKIP_MATCH, CYCLES, 0), SUCCESS, 0);
	sbi3(EXT_PMU, STOP, 0, given, RESET);
	expect(sbi_call(EXT_PMU, CONFIG, 0, able, 0, CYCLES, 0).error, SUCCESS);
	sbi3(EXT_PMU, STOP, 0, given, RESET);
	sbi3(EXT_PMU, START, 0, 5, 0);
}

static void skip_match_takes_the_first_counter(void)
{
	u64 mask = hardware() & 5 << 3; /* counters 3 and 5 */

	needs(facts.hpm > 2);
	for (u64 i = 0; i < 3; i++)
		expect_ret(sbi_call(EXT_PMU, CONFIG, 0, mask, SKIP_MATCH, CYCLES, 0), SUCCESS, 3);
	expect_ret(sbi_call(EXT_PMU, CONFIG, 3, 5, 0, CYCLES, 0), SUCCESS, 5);
	sbi3(EXT_PMU, STOP, 3, 5, RESET);
}

static void config_refuses_what_it_cannot_count(void)
{
	static const u64 events[] = { 0,        11,           0x1ffff,      0x30000,
		                      0x20001,  FIRMWARE(14), FIRMWARE(22), FIRMWARE(0xffff),
		                      0x100001, ~0ul };
	u64 all = hardware() | 0xfffful << FIRST_FIRMWARE;

	for (u64 i = 0; i < ARRAY_SIZE(events); i++)
		expect_error(sbi_call(EXT_PMU, CONFIG, 0, all, 0, events[i], 0), NOT_SUPPORTED);
	expect_error(sbi_call(EXT_PMU, CONFIG, 0, all, 0, RAW, ~0ul), NOT_SUPPORTED);
	expect_error(sbi_call(EXT_PMU, CONFIG, 0, 4, 0, CYCLES, 0), NOT_SUPPORTED); /* instret */
	expect_error(sbi_call(EXT_PMU, CONFIG, 0, 5, 0, FIRMWARE(SET_TIMER), 0), NOT_SUPPORTED);
	expect_error(sbi_call(EXT_PMU, CONFIG, 0, 2, 0, CYCLES, 0), INVALID_PARAM); /* time is no counter */
	expect_error(sbi_call(EXT_PMU, CONFIG, 48, 1, 0, CYCLES, 0), INVALID_PARAM);
	expect_error(sbi_call(EXT_PMU, CONFIG, 32, ~0ul, 0, CYCLES, 0), INVALID_PARAM);
	expect_error(sbi_call(EXT_PMU, CONFIG, ~0ul, 1, 0, CYCLES, 0), INVALID_PARAM);
	expect_error(sbi_call(EXT_PMU, CONFIG, 0, 1, 0x100, CYCLES, 0), INVALID_PARAM);
}

static void start_and_stop_refuse_bad_arguments(void)
{
	expect_error(sbi4(EXT_PMU, START, 0, 2, 0, 0), INVALID_PARAM);
	expect_error(sbi4(EXT_PMU, START, 64, 1, 0, 0), INVALID_PARAM);
	expect_error(sbi4(EXT_PMU, START, 0, 1, 4, 0), INVALID_PARAM);
	expect_error(sbi4(EXT_PMU, START, 0, 1, 2, 0), NO_SHMEM);
	expect_error(sbi3(EXT_PMU, STOP, 1, 1, 0), INVALID_PARAM);
	expect_error(sbi3(EXT_PMU, STOP, ~0ul, 1, 0), INVALID_PARAM);
	expect_error(sbi3(EXT_PMU, STOP, 0, 1, 4), INVALID_PARAM);
	expect_error(sbi3(EXT_PMU, STOP, 0, 1, 2), NO_SHMEM);
	expect_ret(sbi3(EXT_PMU, STOP, 0, 0, 0), SUCCESS, 0);
	expect_error(sbi3(EXT_PMU, SNAPSHOT, ~0ul, ~0ul, 0), NOT_SUPPORTED);
	expect_error(sbi1(EXT_PMU, FW_READ, 0), INVALID_PARAM);
	expect_error(sbi1(EXT_PMU, FW_READ, 48), INVALID_PARAM);
	expect_error(sbi1(EXT_PMU, FW_READ_HI, 0), INVALID_PARAM);
	expect_ret(sbi1(EXT_PMU, FW_READ_HI, FIRST_FIRMWARE), SUCCESS, 0);
}

/* Events of the TLB, by SBI's number, on a counter from 3 on. */
static void tlb_misses_count(void)
{
	u64 counter, before;
	struct sbiret ret;

	needs(facts.exact && facts.hpm && !facts.time_traps);
	ret = sbi_call(EXT_PMU, CONFIG, 3, 1, CLEAR_VALUE | AUTO_START, DTLB_LOAD_MISSES, 0);
	expect_ret(ret, SUCCESS, 3);
	counter = ret.value;
	for (u64 i = 0; i < 8; i++)
		map(VA + i * PAGE_SIZE, (u64)pages[i], PTE_DATA);
	paging_on(0);
	before = read_csr(counter);
	for (u64 i = 0; i < 8; i++)
		*(volatile u64 *)(VA + i * PAGE_SIZE);
	expect_true(read_csr(counter) - before >= 8);
	before = read_csr(counter);
	for (u64 i = 0; i < 8; i++)
		*(volatile u64 *)(VA + i * PAGE_SIZE);
	expect(read_csr(counter) - before, 0);
	paging_off();
	expect_ret(sbi3(EXT_PMU, STOP, counter, 1, RESET), SUCCESS, 0);
}

static void raw_events_count(void)
{
	u64 before;

	needs(facts.exact && facts.hpm && !facts.time_traps);
	expect_ret(sbi_call(EXT_PMU, CONFIG, 4, 1, CLEAR_VALUE | AUTO_START, RAW, RAW_LOADS), SUCCESS, 4);
	before = read_csr(4);
	for (u64 i = 0; i < 20; i++)
		__asm__ volatile("ld t0, (%0)" ::"r"(pages[0]) : "t0");
	expect_true(read_csr(4) - before >= 20);
	expect_ret(sbi3(EXT_PMU, STOP, 4, 1, RESET), SUCCESS, 0);
	expect_error(sbi_call(EXT_PMU, CONFIG, 4, 1, 0, RAW, 0x99), NOT_SUPPORTED);
}

static u64 counted_in(u64 flags, const void *code, u64 (*try)(const void *, u64))
{
	u64 before, after;

	expect_ret(sbi_call(EXT_PMU, CONFIG, 3, 1, CLEAR_VALUE | AUTO_START | flags, INSTRUCTIONS, 0), SUCCESS, 3);
	before = read_csr(3);
	try(code, 10000);
	after = read_csr(3);
	sbi3(EXT_PMU, STOP, 3, 1, RESET);
	return after - before;
}

static void filters_leave_modes_out(void)
{
	needs(facts.filters);
	expect_true(counted_in(0, loop, try_call) > 20000);
	expect_true(counted_in(0, user_loop, try_user) > 20000);
	expect_true(counted_in(NOT_IN_U, loop, try_call) > 20000);
	expect_true(counted_in(NOT_IN_U, user_loop, try_user) < 1000);
	expect_true(counted_in(NOT_IN_S, user_loop, try_user) > 20000);
	expect_true(counted_in(NOT_IN_S, loop, try_call) < 100);
}

static void overflow_interrupts(void)
{
	struct cpu *cpu = this_cpu();

	needs(facts.filters);
	csr_write(sie, IRQ_LCOFI);
	csr_set(sstatus, SSTATUS_SIE);
	expect_ret(sbi_call(EXT_PMU, CONFIG, 3, 1, 0, INSTRUCTIONS, 0), SUCCESS, 3);
	for (u64 i = 1; i < 4; i++) {
		expect_ret(sbi4(EXT_PMU, START, 3, 1, SET_VALUE, -5000ul), SUCCESS, 0);
		expect(csr_read(0xda0), 0); /* scountovf */
		try_call(loop, 10000);
		expect(cpu->overflow_count, i);
		expect(csr_read(0xda0), BIT(3));
		expect_ret(sbi3(EXT_PMU, STOP, 3, 1, 0), SUCCESS, 0);
	}
	sbi3(EXT_PMU, STOP, 3, 1, RESET);
}

CODE(illegal, ".4byte 0");
CODE(load, "ld a0, (a0)");
CODE(store, "sd a0, (a0)");
CODE(load_odd, "ld a0, 1(a0)");
CODE(store_odd, "sd a0, 1(a0)");

static void firmware_events_count(void)
{
	static const struct {
		u64 event;
		const void *code;
		u64 arg;
	} traps[] = {
		{ ILLEGAL, illegal, 0 },
		{ ACCESS_LOAD, load, FIRMWARE_BASE },
		{ ACCESS_STORE, store, FIRMWARE_BASE },
	};
	u64 counter;

	for (u64 i = 0; i < ARRAY_SIZE(traps); i++) {
		counter = event_start(traps[i].event);
		for (u64 n = 0; n < 5; n++)
			try_call(traps[i].code, traps[i].arg);
		expect(event_stop(counter), 5);
	}
	counter = event_start(SET_TIMER);
	for (u64 n = 0; n < 7; n++)
		sbi1(EXT_TIME, 0, ~0ul);
	expect(event_stop(counter), 7);
	counter = event_start(IPI_SENT);
	for (u64 n = 0; n < 3; n++)
		sbi2(EXT_IPI, 0, 1, boot_hart);
	expect(event_stop(counter), 3);
	counter = event_start(FENCE_I_SENT);
	sbi2(EXT_RFENCE, 0, 1, boot_hart);
	expect(event_stop(counter), 1);
	counter = event_start(SFENCE_SENT);
	sbi4(EXT_RFENCE, 1, 1, boot_hart, 0, 0);
	sbi_call(EXT_RFENCE, 2, 1, boot_hart, 0, 0, 1);
	expect(event_stop(counter), 1);
	counter = event_start(SFENCE_ASID_SENT);
	sbi_call(EXT_RFENCE, 2, 1, boot_hart, 0, 0, 1);
	expect(event_stop(counter), 1);
}

static void misaligned_events_count(void)
{
	u64 counter;

	needs(facts.misaligned_traps);
	counter = event_start(MISALIGNED_LOAD);
	for (u64 n = 0; n < 5; n++)
		try_call(load_odd, (u64)pages[0]);
	expect(event_stop(counter), 5);
	counter = event_start(MISALIGNED_STORE);
	for (u64 n = 0; n < 4; n++)
		try_call(store_odd, (u64)pages[0]);
	expect(event_stop(counter), 4);
}

/* Counts arg on its hart, while the boot hart sends it things. */
static volatile u64 counting;
static void count_received(struct cpu *cpu)
{
	u64 counter = event_start(cpu->arg);

	counting = 1;
	while (counting) {
		if (csr_read(sip) & IRQ_SSI) {
			csr_clear(sip, IRQ_SSI);
			cpu->ipi_count++;
		}
	}
	cpu->result = event_stop(counter);
}

static void received_events_count(void)
{
	struct cpu *cpu = other(0);
	u64 target = BIT(cpu->id);

	needs(have_harts(2));
	for (u64 event = IPI_RECEIVED; event <= SFENCE_ASID_RECEIVED; event += 2) {
		counting = 0;
		start_work(cpu, count_received, event);
		wait_until(counting);
		cpu->ipi_count = 0;
		for (u64 i = 0; i < 6; i++) {
			if (event == IPI_RECEIVED) {
				sbi2(EXT_IPI, 0, target, 0);
				wait_until(cpu->ipi_count > i); /* two at once may become one */
			} else {
				sbi_call(EXT_RFENCE, (event - FENCE_I_RECEIVED) / 2, target, 0, 0, 0, 1);
			}
		}
		counting = 0;
		wait_work(cpu);
		expect(cpu->result, 6);
	}
}

static void firmware_counters_stop(void)
{
	u64 counter = event_start(SET_TIMER);

	expect_error(sbi3(EXT_PMU, START, counter, 1, 0), ALREADY_STARTED);
	sbi1(EXT_TIME, 0, ~0ul);
	expect_ret(sbi3(EXT_PMU, STOP, counter, 1, 0), SUCCESS, 0);
	sbi1(EXT_TIME, 0, ~0ul);
	expect_ret(sbi1(EXT_PMU, FW_READ, counter), SUCCESS, 1);
	expect_ret(sbi4(EXT_PMU, START, counter, 1, SET_VALUE, 100), SUCCESS, 0);
	sbi1(EXT_TIME, 0, ~0ul);
	expect_ret(sbi1(EXT_PMU, FW_READ, counter), SUCCESS, 101);
	expect(event_stop(counter), 101);
	expect_error(sbi3(EXT_PMU, STOP, counter, 1, 0), ALREADY_STOPPED);
}

const struct test pmu_tests[] = {
	TEST(counters_are_described),
	TEST(cycles_count),
	TEST(instructions_count),
	TEST(instructions_are_exact),
	TEST(matching_takes_a_free_counter),
	TEST(skip_match_takes_the_first_counter),
	TEST(config_refuses_what_it_cannot_count),
	TEST(start_and_stop_refuse_bad_arguments),
	TEST(tlb_misses_count),
	TEST(raw_events_count),
	TEST(filters_leave_modes_out),
	TEST(overflow_interrupts),
	TEST(firmware_events_count),
	TEST(misaligned_events_count),
	TEST(received_events_count),
	TEST(firmware_counters_stop),
	{ 0 },
};
