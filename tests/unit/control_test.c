/*
 * Holding the machine and letting it go, through the run loop: the part of a debugger is played by a watcher that does
 * one thing each time the machine stands still.
 */
#include "emu/run.h"

#include "tests/unit/machine_rig.h"

static struct machine_rig rig;
static struct control control;
static struct outside outside;
static struct host_watcher watcher;
static u32 pauses;                     /* how often it came to stand still */
static void (*act)(struct machine *m); /* what is done then */

static void on_pause(void *arg)
{
	(void)arg;
	pauses++;
}

static void before(void *arg, struct host_io *io)
{
	(void)arg;
	if (control.paused)
		host_io_wake_in(io, 0);
}

static void after(void *arg, struct host_io *io)
{
	(void)arg;
	(void)io;
	if (control.paused)
		act(control.machine);
}

static void start(const char *options, const u32 *code, u32 count)
{
	control = (struct control){ .on_pause = on_pause };
	pauses = 0;
	watcher = (struct host_watcher){ .before = before, .after = after };
	rig.io.debug = &control.debug;
	rig_start(&rig, options, code, count);
	outside = (struct outside){ .io = host_io_create(), .control = &control };
	host_io_add(outside.io, &watcher);
}

static int teardown(void **state)
{
	(void)state;
	host_io_destroy(outside.io);
	outside.io = NULL;
	rig_free(&rig);
	return 0;
}

static void step_until_limit(struct machine *m)
{
	assert_int_equal(machine_steps(m), pauses);
	control_step(&control, 0);
}

static void test_steps_are_single_instructions(void **state)
{
	const u32 code[] = { rv_addi(RV_T0, RV_T0, 1), rv_jal(RV_ZERO, -4) };
	(void)state;
	act = step_until_limit;
	start("--max-insns 9", code, ARRAY_SIZE(code));
	control.paused = true;
	assert_int_equal(run_machine(rig.m, &outside), RUN_LIMIT);
	assert_int_equal(pauses, 9);
	assert_int_equal(control.why, PAUSE_STEPPED);
	assert_int_equal(rig.m->harts[0]->x[RV_T0], 5);
}

static void step_second_hart(struct machine *m)
{
	assert_int_equal(m->harts[0]->count, 0);
	assert_int_equal(m->harts[1]->count, pauses);
	control_step(&control, 1);
}

static void test_step_runs_one_hart_only(void **state)
{
	const u32 code[] = { rv_addi(RV_T0, RV_T0, 1), rv_jal(RV_ZERO, -4) };
	(void)state;
	act = step_second_hart;
	start("--max-insns 5 --smp 2", code, ARRAY_SIZE(code));
	control.paused = true;
	assert_int_equal(run_machine(rig.m, &outside), RUN_LIMIT);
	assert_int_equal(rig.m->harts[1]->count, 5);
}

static void step_frozen(struct machine *m)
{
	assert_int_equal(m->harts[1]->count, pauses);
	control_step(&control, 1);
}

/* Whose turn it is belongs to the state of a guest that nobody may change. */
static void test_step_of_a_frozen_guest_leaves_turns_alone(void **state)
{
	const u32 code[] = { rv_addi(RV_T0, RV_T0, 1), rv_jal(RV_ZERO, -4) };
	(void)state;
	act = step_frozen;
	start("--max-insns 35 --smp 2 --quantum 10", code, ARRAY_SIZE(code));
	control.paused = true;
	control.frozen = "it is a replay";
	assert_int_equal(run_machine(rig.m, &outside), RUN_LIMIT);
	assert_int_equal(pauses, 15);
	assert_int_equal(rig.m->harts[0]->count, 20);
}

static void quit(struct machine *m)
{
	(void)m;
	control.quit = true;
}

static void test_quit_ends_a_machine_that_stands_still(void **state)
{
	const u32 code[] = { rv_jal(RV_ZERO, 0) };
	(void)state;
	act = quit;
	start("", code, ARRAY_SIZE(code));
	control.paused = true;
	assert_int_equal(run_machine(rig.m, &outside), RUN_QUIT);
	assert_int_equal(machine_steps(rig.m), 0);
}

static void reset(struct machine *m)
{
	(void)m;
	control.reset = true;
}

static void test_reset_ends_the_run(void **state)
{
	const u32 code[] = { rv_jal(RV_ZERO, 0) };
	(void)state;
	act = reset;
	start("", code, ARRAY_SIZE(code));
	control.paused = true;
	assert_int_equal(run_machine(rig.m, &outside), RUN_RESET);
}

static void go_on(struct machine *m)
{
	(void)m;
	control_continue(&control);
}

static void test_continue_runs_to_the_end(void **state)
{
	const u32 code[] = { rv_jal(RV_ZERO, 0) };
	(void)state;
	act = go_on;
	start("--max-insns 100", code, ARRAY_SIZE(code));
	control.paused = true;
	assert_int_equal(run_machine(rig.m, &outside), RUN_LIMIT);
	assert_int_equal(machine_steps(rig.m), 100);
	assert_null(control.machine);
}

static void continue_from_breakpoint(struct machine *m)
{
	assert_int_equal(control.why, PAUSE_POINT);
	assert_true(m->harts[0]->pc == RIG_RAM + 4);
	debug_step_over(m->harts[0]);
	control_continue(&control);
}

static void test_breakpoint_pauses_each_time(void **state)
{
	const u32 code[] = { rv_addi(RV_T0, RV_T0, 1), rv_addi(RV_T1, RV_T1, 1), rv_jal(RV_ZERO, -8) };
	const struct debug_point point = { .address = RIG_RAM + 4, .size = 1, .kinds = DEBUG_EXECUTE, .privs = 0xf };
	(void)state;
	act = continue_from_breakpoint;
	start("--max-insns 30", code, ARRAY_SIZE(code));
	assert_true(debug_add(&control.debug, &point));
	debug_apply(rig.m->harts[0]);
	assert_int_equal(run_machine(rig.m, &outside), RUN_LIMIT);
	assert_int_equal(pauses, 10);
	assert_int_equal(rig.m->harts[0]->x[RV_T1], 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_steps_are_single_instructions, teardown),
		cmocka_unit_test_teardown(test_step_runs_one_hart_only, teardown),
		cmocka_unit_test_teardown(test_step_of_a_frozen_guest_leaves_turns_alone, teardown),
		cmocka_unit_test_teardown(test_quit_ends_a_machine_that_stands_still, teardown),
		cmocka_unit_test_teardown(test_reset_ends_the_run, teardown),
		cmocka_unit_test_teardown(test_continue_runs_to_the_end, teardown),
		cmocka_unit_test_teardown(test_breakpoint_pauses_each_time, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
