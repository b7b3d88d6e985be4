/*
 * cpu/counters.c against the privileged manual's "Hardware Performance Monitor", "Machine Counter-Inhibit CSR",
 * "Machine Counter-Enable", and "Sscofpmf": that every event counts its source, gates, filters, overflow and its
 * interrupt.
 */
#include "cpu/counters.h"

#include "cpu/trap.h"
#include "tests/unit/hart_rig.h"

#define ALL_COUNTERS 0xfffffffdu

/* Selects an event for counter i and starts it from `value`. */
static void count_from(struct rig *r, u32 i, u64 event, u64 value)
{
	csr_write(r, CSR_MHPMEVENT3 + i - 3, event);
	csr_write(r, CSR_MHPMCOUNTER3 + i - 3, value);
}

static u64 counter(struct rig *r, u32 i)
{
	return csr_read(r, CSR_MHPMCOUNTER3 + i - 3);
}

/* --- mcycle, minstret --- */

static void test_minstret_counts_retired_instructions(void **state)
{
	struct rig *r = *state;
	u64 start = csr_read(r, CSR_MINSTRET);

	rig_step(r, 100);
	assert_int_equal(csr_read(r, CSR_MINSTRET), start + 101);
	trap_exception(r->h, EXC_ILLEGAL, 0);
	assert_int_equal(csr_read(r, CSR_MINSTRET), start + 102);
}

static void test_mcycle_counts_steps(void **state)
{
	struct rig *r = *state;
	u64 start = csr_read(r, CSR_MCYCLE);

	rig_step(r, 100);
	trap_exception(r->h, EXC_ILLEGAL, 0);
	assert_int_equal(csr_read(r, CSR_MCYCLE), start + 102);
}

/* "a value written to instret by one instruction will be the value read by the following instruction" */
static void test_written_counter_is_read_by_the_next_instruction(void **state)
{
	static const u16 numbers[] = { CSR_MCYCLE, CSR_MINSTRET };
	struct rig *r = *state;

	for (u32 i = 0; i < 2; i++) {
		csr_write(r, numbers[i], 0);
		assert_int_equal(csr_read(r, numbers[i]), 0);
		assert_int_equal(csr_read(r, numbers[i]), 1);
		csr_write(r, numbers[i], ~0ull);
		assert_int_equal(csr_read(r, numbers[i]), ~0ull);
		assert_int_equal(csr_read(r, numbers[i]), 0);
	}
}

static void test_user_counters_are_shadows(void **state)
{
	struct rig *r = *state;

	csr_write(r, CSR_MCYCLE, 1000);
	assert_int_equal(csr_read(r, CSR_CYCLE), 1000);
	csr_write(r, CSR_MINSTRET, 2000);
	assert_int_equal(csr_read(r, CSR_INSTRET), 2000);
	csr_write(r, CSR_MHPMCOUNTER3 + 28, 3000);
	assert_int_equal(csr_read(r, CSR_HPMCOUNTER3 + 28), 3000);
}

/* "When the CY, IR, or HPMn bit is set, the corresponding counter does not increment." */
static void test_mcountinhibit_stops_its_counter_only(void **state)
{
	struct rig *r = *state;

	count_from(r, 5, EVENT_CYCLES, 0);
	csr_write(r, CSR_MCOUNTINHIBIT, BIT(0));
	u64 cycle = csr_read(r, CSR_MCYCLE), instret = csr_read(r, CSR_MINSTRET), hpm = counter(r, 5);

	rig_step(r, 50);
	assert_int_equal(csr_read(r, CSR_MCYCLE), cycle);
	assert_int_equal(csr_read(r, CSR_MINSTRET), instret + 53);
	csr_write(r, CSR_MCOUNTINHIBIT, BIT(2) | BIT(5));
	instret = csr_read(r, CSR_MINSTRET);
	hpm = counter(r, 5);
	rig_step(r, 50);
	assert_int_equal(csr_read(r, CSR_MINSTRET), instret);
	assert_int_equal(counter(r, 5), hpm);
	csr_write(r, CSR_MCOUNTINHIBIT, 0);
	rig_step(r, 7);
	assert_int_equal(counter(r, 5), hpm + 7);
}

static void test_inhibited_counter_can_be_written(void **state)
{
	struct rig *r = *state;

	csr_write(r, CSR_MCOUNTINHIBIT, ALL_COUNTERS);
	csr_write(r, CSR_MINSTRET, 5);
	csr_write(r, CSR_MCYCLE, 6);
	rig_step(r, 10);
	assert_int_equal(csr_read(r, CSR_MINSTRET), 5);
	assert_int_equal(csr_read(r, CSR_MCYCLE), 6);
}

/* --- who may read: mcounteren, scounteren --- */

static void test_counteren_opens_counters_to_lower_modes(void **state)
{
	static const enum priv modes[] = { PRIV_U, PRIV_S, PRIV_M };
	struct rig *r = *state;

	for (u32 i = 0; i < 32; i++)
		for (u32 n = 0; n < 4; n++)
			for (u32 m = 0; m < 3; m++) {
				bool by_m = n & 1, by_s = n & 2;
				bool legal = modes[m] == PRIV_M || (by_m && (modes[m] == PRIV_S || by_s));

				r->h->csr.mcounteren = by_m ? BIT(i) : ~BIT(i);
				r->h->csr.scounteren = by_s ? BIT(i) : ~BIT(i);
				rig_set_mode(r, modes[m]);
				assert_int_equal(can_read(r, CSR_CYCLE + i), legal);
			}
}

static void test_counteren_without_s_mode(void **state)
{
	struct rig *r = rig_create("rv64imu_zicntr");

	(void)state;
	rig_set_mode(r, PRIV_U);
	assert_false(can_read(r, CSR_INSTRET));
	r->h->csr.mcounteren = BIT(2);
	assert_true(can_read(r, CSR_INSTRET));
	assert_false(can_read(r, CSR_CYCLE));
	rig_destroy(r);
}

static void test_time_is_mtime(void **state)
{
	struct rig *r = *state;

	r->mtime_offset = 12345;
	rig_step(r, 5000 - hart_time_ns(r->h));
	assert_int_equal(csr_read(r, CSR_TIME), 12345 + 50);
}

/* --- events --- */

struct event_source {
	u64 selector;
	size_t offset; /* of what it counts in struct hart */
};

static void test_events_count_their_sources(void **state)
{
	static const struct event_source sources[] = {
		{ 0x10019, offsetof(struct hart, mmu.stats.tlb[0].misses[ACCESS_LOAD][PRIV_U][MMU_SIZE_4K]) },
		{ 0x1001b, offsetof(struct hart, mmu.stats.tlb[0].misses[ACCESS_STORE][PRIV_U][MMU_SIZE_4K]) },
		{ 0x10021, offsetof(struct hart, mmu.stats.tlb[0].misses[ACCESS_FETCH][PRIV_U][MMU_SIZE_4K]) },
		{ 0x20000, offsetof(struct hart, mmu.stats.walks_by[ACCESS_FETCH][PRIV_S][MMU_SIZE_2M]) },
		{ 0x20001, offsetof(struct hart, mmu.stats.walks_by[ACCESS_LOAD][PRIV_S][MMU_SIZE_2M]) },
		{ 0x20002, offsetof(struct hart, mmu.stats.walks_by[ACCESS_STORE][PRIV_S][MMU_SIZE_2M]) },
		{ 0x20003, offsetof(struct hart, mmu.stats.walks_by[ACCESS_FETCH][PRIV_U][MMU_SIZE_NONE]) },
		{ 0x20004, offsetof(struct hart, mmu.stats.walks_by[ACCESS_LOAD][PRIV_U][MMU_SIZE_NONE]) },
		{ 0x20005, offsetof(struct hart, mmu.stats.walks_by[ACCESS_STORE][PRIV_U][MMU_SIZE_NONE]) },
		{ 0x20006, offsetof(struct hart, mmu.stats.pte_reads_by[2][WALK_FROM_L2]) },
		{ 0x20007, offsetof(struct hart, mmu.stats.ad_updates) },
		{ 0x20008, offsetof(struct hart, not_retired) },
		{ 0x20009, offsetof(struct hart, events.interrupts) },
		{ 0x2000a, offsetof(struct hart, events.loads) },
		{ 0x2000b, offsetof(struct hart, events.stores) },
		{ 0x2000c, offsetof(struct hart, events.branches) },
		{ 0x2000d, offsetof(struct hart, events.branches_taken) },
	};
	struct rig *r = *state;

	for (u32 i = 0; i < ARRAY_SIZE(sources); i++) {
		u64 *source = (u64 *)((u8 *)r->h + sources[i].offset);
		u32 n = 3 + i % 29;

		*source += 1000;
		count_from(r, n, sources[i].selector, 7);
		assert_int_equal(csr_read(r, CSR_MHPMEVENT3 + n - 3), sources[i].selector);
		assert_int_equal(counter(r, n), 7);
		*source += 5;
		assert_int_equal(counter(r, n), 12);
		csr_write(r, CSR_MHPMEVENT3 + n - 3, 0);
		*source += 5;
		assert_int_equal(counter(r, n), 12);
	}
}

static void test_cycle_and_instret_events(void **state)
{
	struct rig *r = *state;

	count_from(r, 3, 1, 100);
	count_from(r, 31, 2, 200);
	assert_int_equal(counter(r, 31), 200);
	rig_step(r, 10);
	trap_exception(r->h, EXC_ILLEGAL, 0);
	assert_int_equal(counter(r, 31), 211);
	assert_int_equal(counter(r, 3), 100 + 2 + 1 + 10 + 1 + 1);
}

static void test_unknown_event_reads_back_as_none(void **state)
{
	static const u64 unknown[] = { 3, 0x10018, 0x2000e, 0x1000000000001ull, BIT(55) | 1 };
	struct rig *r = *state;

	for (u32 i = 0; i < ARRAY_SIZE(unknown); i++)
		assert_int_equal(csr_written(r, CSR_MHPMEVENT3, unknown[i]), 0);
	csr_write(r, CSR_MHPMCOUNTER3, 9);
	rig_step(r, 10);
	assert_int_equal(counter(r, 3), 9);
}

/* OF, MINH, SINH, UINH; VSINH, VUINH and the WPRI bits read zero. */
static void test_mhpmevent_flags(void **state)
{
	struct rig *r = *state, *plain = rig_create("rv64i_zihpm");

	for (u32 bit = 56; bit < 64; bit++) {
		assert_int_equal(csr_written(r, CSR_MHPMEVENT3, BIT(bit) | 1), (bit >= 60 ? BIT(bit) : 0) | 1);
		assert_int_equal(csr_written(plain, CSR_MHPMEVENT3, BIT(bit) | 1), 1);
	}
	rig_destroy(plain);
}

static void test_without_zihpm_counters_are_zero(void **state)
{
	struct rig *r = rig_create("rv64i");

	(void)state;
	assert_int_equal(csr_written(r, CSR_MHPMEVENT3, 1), 0);
	assert_int_equal(csr_written(r, CSR_MHPMCOUNTER3 + 28, ~0ull), 0);
	assert_int_equal(csr_written(r, CSR_MCOUNTINHIBIT, ~0ull), 5);
	rig_destroy(r);
}

static void test_events_seen_by_observers_turn_them_on(void **state)
{
	struct rig *r = *state;

	assert_int_equal(r->h->observe_wanted, 0);
	csr_write(r, CSR_MCOUNTINHIBIT, BIT(3));
	csr_write(r, CSR_MHPMEVENT3, 0x2000a);
	assert_int_equal(r->h->observe_wanted, 0);
	r->h->mmu.device_touched = false;
	csr_write(r, CSR_MCOUNTINHIBIT, 0);
	assert_int_equal(r->h->observe_wanted, OBSERVE_INSNS);
	assert_true(r->h->mmu.device_touched);
	hart_apply_observing(r->h);
	assert_true(r->h->observing);
	csr_write(r, CSR_MHPMEVENT3, 0x20000);
	assert_int_equal(r->h->observe_wanted, 0);
}

/* --- filters --- */

static void test_filters_inhibit_counting_by_mode(void **state)
{
	struct rig *r = *state;

	/* UINH 1, SINH 2, MINH 4 */
	for (u64 filter = 0; filter < 8; filter++) {
		u64 expected = 0, u_steps = 100, s_steps = 20, m_steps = 3;

		rig_set_mode(r, PRIV_M);
		csr_write(r, CSR_MCOUNTINHIBIT, BIT(4));
		csr_write(r, CSR_MEDELEG, BIT(EXC_ECALL_U));
		csr_write(r, CSR_MHPMEVENT3 + 1, filter << 60 | 1);
		csr_write(r, CSR_MHPMCOUNTER3 + 1, 0);
		csr_write(r, CSR_MSTATUS, 0);
		csr_write(r, CSR_MCOUNTINHIBIT, 0);

		rig_step(r, m_steps);
		assert_true(trap_mret(r->h)); /* to U */
		rig_step(r, 1 + u_steps);
		trap_exception(r->h, EXC_ECALL_U, 0); /* to S */
		rig_step(r, s_steps);
		trap_exception(r->h, EXC_ECALL_S, 0); /* to M */
		rig_step(r, m_steps);

		/* an exception is the last step of the mode it leaves, and so is a return */
		expected += filter & 1 ? 0 : u_steps + 1;
		expected += filter & 2 ? 0 : s_steps + 1;
		expected += filter & 4 ? 0 : m_steps + 1 + m_steps;
		assert_int_equal(counter(r, 4), expected);
	}
}

static void test_filtered_counter_needs_no_work_when_gone(void **state)
{
	struct rig *r = *state;

	csr_write(r, CSR_MHPMEVENT3, BIT(60) | 1);
	assert_int_equal(r->h->csr.hpm_filtered, BIT(3));
	csr_write(r, CSR_MCOUNTINHIBIT, BIT(3));
	assert_int_equal(r->h->csr.hpm_filtered, 0);
	csr_write(r, CSR_MCOUNTINHIBIT, 0);
	csr_write(r, CSR_MHPMEVENT3, 0);
	assert_int_equal(r->h->csr.hpm_filtered, 0);
}

/* --- overflow --- */

static void test_overflow_sets_of_and_interrupts(void **state)
{
	struct rig *r = *state;

	r->h->mmu.device_touched = false;
	count_from(r, 7, 2, 0 - 100ull);
	assert_true(r->h->mmu.device_touched);
	rig_step(r, 99);
	assert_int_equal(hart_mip(r->h), 0);
	rig_step(r, 1);
	assert_int_equal(hart_mip(r->h), MIP_LCOFIP);
	assert_int_equal(csr_read(r, CSR_MHPMEVENT3 + 4), BIT(63) | 2);
	assert_int_equal(csr_read(r, CSR_SCOUNTOVF), BIT(7));
	assert_int_equal(counter(r, 7), 2);
}

static void test_overflow_draws_attention(void **state)
{
	struct rig *r = *state;

	csr_write(r, CSR_MIE, MIP_LCOFIP);
	csr_set(r, CSR_MSTATUS, MSTATUS_MIE);
	count_from(r, 3, EVENT_CYCLES, 0 - 10ull);
	assert_false(r->h->attention);
	rig_step(r, 10);
	assert_true(r->h->attention);
	assert_int_equal(hart_pending_interrupt(r->h), 13);
}

/* Exceptions do not retire: the overflow is that much later, and still exact. */
static void test_overflow_of_instret_is_exact_across_traps(void **state)
{
	struct rig *r = *state;

	count_from(r, 3, 2, 0 - 10ull);
	for (u32 i = 0; i < 9; i++) {
		rig_step(r, 1);
		trap_exception(r->h, EXC_ILLEGAL, 0);
		clock_run(&r->clock, hart_time_ns(r->h));
		assert_int_equal(hart_mip(r->h), 0);
	}
	rig_step(r, 1);
	assert_int_equal(hart_mip(r->h), MIP_LCOFIP);
}

/* "If the OF bit is one, then no interrupt request is generated." */
static void test_overflow_with_of_set_is_silent(void **state)
{
	struct rig *r = *state;

	count_from(r, 3, HPMEVENT_OF | 1, 0 - 10ull);
	rig_step(r, 100);
	assert_int_equal(hart_mip(r->h), 0);
	assert_int_equal(counter(r, 3), 90);
	assert_int_equal(hart_mip(r->h), 0);
	assert_int_equal(clock_next(&r->clock), CLOCK_NEVER);
}

/* "Count overflow never results from writes to the mhpmcountern or mhpmeventn registers." */
static void test_writes_never_overflow(void **state)
{
	struct rig *r = *state;

	count_from(r, 3, 1, 0 - 1000ull);
	csr_write(r, CSR_MHPMCOUNTER3, 0);
	csr_write(r, CSR_MHPMEVENT3, HPMEVENT_OF | 1);
	csr_write(r, CSR_MHPMEVENT3, 1);
	rig_step(r, 2000);
	assert_int_equal(hart_mip(r->h), 0);
	assert_int_equal(csr_read(r, CSR_SCOUNTOVF), 0);
}

static void test_overflow_of_slow_event_is_noticed_soon(void **state)
{
	struct rig *r = *state;

	count_from(r, 3, EVENT_LOAD_WALKS, 0 - 2ull);
	r->h->mmu.stats.walks_by[ACCESS_LOAD][PRIV_S][MMU_SIZE_4K] += 3;
	rig_step(r, COUNTERS_LATE);
	assert_int_equal(hart_mip(r->h), MIP_LCOFIP);
	assert_int_equal(clock_next(&r->clock), CLOCK_NEVER);
}

static void test_reading_scountovf_notices_overflow_at_once(void **state)
{
	struct rig *r = *state;

	count_from(r, 3, EVENT_LOAD_WALKS, 0 - 2ull);
	r->h->mmu.stats.walks_by[ACCESS_LOAD][PRIV_S][MMU_SIZE_4K] += 3;
	assert_int_equal(csr_read(r, CSR_SCOUNTOVF), BIT(3));
	assert_int_equal(hart_mip(r->h), MIP_LCOFIP);
}

/* "In S mode, scountovf bit X is readable when mcounteren bit X is set, and otherwise reads as zero." */
static void test_scountovf_is_masked_by_mcounteren_in_s_mode(void **state)
{
	struct rig *r = *state;

	csr_write(r, CSR_MHPMEVENT3, HPMEVENT_OF);
	csr_write(r, CSR_MHPMEVENT3 + 28, HPMEVENT_OF);
	csr_write(r, CSR_MCOUNTEREN, BIT(31));
	assert_int_equal(csr_read(r, CSR_SCOUNTOVF), BIT(3) | BIT(31));
	rig_set_mode(r, PRIV_S);
	assert_int_equal(csr_read(r, CSR_SCOUNTOVF), BIT(31));
}

static void test_mode_switch_rearms_a_filtered_counter(void **state)
{
	struct rig *r = *state;

	csr_write(r, CSR_MSTATUS, 0);
	count_from(r, 3, HPMEVENT_MINH | 1, 0 - 50ull);
	assert_int_equal(clock_next(&r->clock), CLOCK_NEVER);
	rig_step(r, 1000);
	r->h->mmu.device_touched = false;
	assert_true(trap_mret(r->h));
	assert_true(r->h->mmu.device_touched);
	rig_step(r, 1 + 49);
	assert_int_equal(hart_mip(r->h), 0);
	rig_step(r, 1);
	assert_int_equal(hart_mip(r->h), MIP_LCOFIP);
}

/* Time that a hart waits through counts nothing, and is not chopped up by looking at its counters. */
static void test_waiting_hart_is_left_alone(void **state)
{
	struct rig *r = *state;

	count_from(r, 3, EVENT_LOAD_WALKS, 0 - 2ull);
	csr_write(r, CSR_MIE, MIP_MTIP);
	r->h->waiting = true;
	clock_run(&r->clock, 1000000);
	assert_int_equal(clock_next(&r->clock), CLOCK_NEVER);
	assert_true(r->h->overflow_parked);
	hart_set_wire(r->h, WIRE_MTI, true);
	(void)trap_interrupt(r->h);
	assert_false(r->h->overflow_parked);
	assert_int_equal(clock_next(&r->clock), 1000000 + COUNTERS_LATE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_minstret_counts_retired_instructions),
		TEST(test_mcycle_counts_steps),
		TEST(test_written_counter_is_read_by_the_next_instruction),
		TEST(test_user_counters_are_shadows),
		TEST(test_mcountinhibit_stops_its_counter_only),
		TEST(test_inhibited_counter_can_be_written),
		TEST(test_counteren_opens_counters_to_lower_modes),
		cmocka_unit_test(test_counteren_without_s_mode),
		TEST(test_time_is_mtime),
		TEST(test_events_count_their_sources),
		TEST(test_cycle_and_instret_events),
		TEST(test_unknown_event_reads_back_as_none),
		TEST(test_mhpmevent_flags),
		cmocka_unit_test(test_without_zihpm_counters_are_zero),
		TEST(test_events_seen_by_observers_turn_them_on),
		TEST(test_filters_inhibit_counting_by_mode),
		TEST(test_filtered_counter_needs_no_work_when_gone),
		TEST(test_overflow_sets_of_and_interrupts),
		TEST(test_overflow_draws_attention),
		TEST(test_overflow_of_instret_is_exact_across_traps),
		TEST(test_overflow_with_of_set_is_silent),
		TEST(test_writes_never_overflow),
		TEST(test_overflow_of_slow_event_is_noticed_soon),
		TEST(test_reading_scountovf_notices_overflow_at_once),
		TEST(test_scountovf_is_masked_by_mcounteren_in_s_mode),
		TEST(test_mode_switch_rearms_a_filtered_counter),
		TEST(test_waiting_hart_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
