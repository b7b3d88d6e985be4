/*
 * The machine's speed (emu/pace.h), by a clock that the test sets; and the run loop that keeps to it.
 */
#include "emu/pace.h"

#include "tests/unit/machine_rig.h"

#define SECOND 1000000000ull

/* How many steps are made from *now until `end`, by somebody who sleeps as told. */
static u64 make_steps(struct pace *p, u64 *now, u64 end)
{
	u64 made = 0;

	for (;;) {
		u64 allowed = pace_allowance(p, *now);

		made += allowed;
		pace_made(p, allowed);
		u64 wait = pace_wait_ns(p);

		assert_true(wait > 0);
		if (*now + wait > end)
			return made;
		*now += wait;
	}
}

static void test_full_speed_has_no_limit(void **state)
{
	struct pace p = { 0 };

	(void)state;
	assert_true(pace_allowance(&p, 5) == UINT64_MAX);
	assert_true(pace_wait_ns(&p) == 0);
	pace_made(&p, 1000000);
	assert_true(pace_allowance(&p, 6) == UINT64_MAX);
	pace_set(&p, 10, 7);
	pace_set(&p, PACE_FULL, 8);
	assert_true(pace_allowance(&p, 9) == UINT64_MAX);
}

static void test_one_step_a_second_begins_at_once(void **state)
{
	struct pace p = { 0 };

	(void)state;
	pace_set(&p, 1, 100 * SECOND);
	assert_true(pace_allowance(&p, 100 * SECOND) == 1);
	pace_made(&p, 1);
	assert_true(pace_allowance(&p, 100 * SECOND + 1) == 0);
	assert_true(pace_wait_ns(&p) == SECOND);
	assert_true(pace_allowance(&p, 101 * SECOND - 1) == 0);
	assert_true(pace_allowance(&p, 101 * SECOND) == 1);
}

static void test_steps_a_second_are_as_many_as_were_asked_for(void **state)
{
	static const u64 speeds[] = { 1, 3, 7, 49, 50, 51, 1000, 333333, 100000000 };

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(speeds); i++) {
		struct pace p = { 0 };
		u64 now = 12345, made;

		pace_set(&p, speeds[i], now);
		made = make_steps(&p, &now, now + 10 * SECOND);
		assert_in_range(made, 10 * speeds[i] - speeds[i] / 25, 10 * speeds[i] + 1);
	}
}

/* Nobody sleeps long: what is shown moves smoothly. */
static void test_fast_speeds_come_in_small_bursts(void **state)
{
	struct pace p = { 0 };

	(void)state;
	pace_set(&p, 1000000, 0);
	pace_made(&p, pace_allowance(&p, 0));
	assert_in_range(pace_wait_ns(&p), 1, SECOND / 50);
}

static void test_time_slept_through_is_not_made_up_for(void **state)
{
	struct pace p = { 0 };

	(void)state;
	pace_set(&p, 1000, 0);
	assert_in_range(pace_allowance(&p, 3600 * SECOND), 1, 40);
	pace_made(&p, 40);
	assert_true(pace_allowance(&p, 3600 * SECOND) == 0);
}

static void test_another_speed_holds_at_once(void **state)
{
	struct pace p = { 0 };

	(void)state;
	pace_set(&p, 1, 0);
	pace_made(&p, pace_allowance(&p, 0));
	pace_set(&p, 1000000, 5);
	assert_true(pace_allowance(&p, 5) == 1);
	assert_true(pace_allowance(&p, 5 + SECOND / 100) == 10001);
}

static void test_absurd_speeds_do_no_harm(void **state)
{
	struct pace p = { 0 };

	(void)state;
	pace_set(&p, UINT64_MAX, 0);
	assert_true(pace_allowance(&p, UINT64_MAX) > 0);
	pace_made(&p, UINT64_MAX);
	assert_true(pace_allowance(&p, 0) > 0); /* a clock that runs back */
}

/* --- the run loop --- */

static struct machine_rig rig;
static struct control control;
static u32 looks;

static void before_look(void *arg, struct host_io *io)
{
	(void)arg;
	(void)io;
}

/* The user is tired of waiting: another speed, after three looks at the host. */
static void after_look(void *arg, struct host_io *io)
{
	(void)arg;
	(void)io;
	if (++looks == 3)
		pace_set(&control.pace, PACE_FULL, host_now_ns());
}

static u64 run_counted(u64 per_second)
{
	const u32 code[] = { rv_addi(RV_T0, RV_T0, 1), rv_jal(RV_ZERO, -4) };
	struct host_watcher watcher = { .before = before_look, .after = after_look };
	struct outside outside = { .io = host_io_create(), .control = &control };

	looks = 0;
	control = (struct control){ .paused = false };
	rig_start(&rig, "--max-insns 3000000", code, ARRAY_SIZE(code));
	host_io_add(outside.io, &watcher);
	if (per_second)
		pace_set(&control.pace, per_second, host_now_ns());
	assert_int_equal(run_machine(rig.m, &outside), RUN_LIMIT);
	u64 hash = machine_ram_hash(rig.m) ^ rig.m->harts[0]->x[RV_T0] ^ rig.m->clock.now_ns;
	host_io_destroy(outside.io);
	rig_free(&rig);
	return hash;
}

static void test_guest_cannot_tell_its_speed(void **state)
{
	u64 full;

	(void)state;
	full = run_counted(PACE_FULL);
	assert_true(run_counted(900000000) == full);
	assert_true(run_counted(1000000) == full);
}

/* The wish for another speed is granted although the machine sleeps. */
static void after_look_at_once(void *arg, struct host_io *io)
{
	(void)arg;
	(void)io;
	looks++;
	pace_set(&control.pace, PACE_FULL, host_now_ns());
}

static void before_wake(void *arg, struct host_io *io)
{
	(void)arg;
	host_io_wake_in(io, 0);
}

static void test_wishes_come_while_it_rests(void **state)
{
	const u32 code[] = { rv_jal(RV_ZERO, 0) };
	struct host_watcher watcher = { .before = before_wake, .after = after_look_at_once };
	struct outside outside = { .io = host_io_create(), .control = &control };

	(void)state;
	looks = 0;
	control = (struct control){ .paused = false };
	rig_start(&rig, "--max-insns 1000", code, ARRAY_SIZE(code));
	host_io_add(outside.io, &watcher);
	pace_set(&control.pace, 1, host_now_ns());
	assert_int_equal(run_machine(rig.m, &outside), RUN_LIMIT);
	assert_true(looks >= 1);
	host_io_destroy(outside.io);
	rig_free(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_full_speed_has_no_limit),
		cmocka_unit_test(test_one_step_a_second_begins_at_once),
		cmocka_unit_test(test_steps_a_second_are_as_many_as_were_asked_for),
		cmocka_unit_test(test_fast_speeds_come_in_small_bursts),
		cmocka_unit_test(test_time_slept_through_is_not_made_up_for),
		cmocka_unit_test(test_another_speed_holds_at_once),
		cmocka_unit_test(test_absurd_speeds_do_no_harm),
		cmocka_unit_test(test_guest_cannot_tell_its_speed),
		cmocka_unit_test(test_wishes_come_while_it_rests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
