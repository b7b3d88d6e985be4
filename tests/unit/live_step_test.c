/*
 * Stepping by walk and by fault (live_step(), emu/control.h): the machine stands still in front of the next
 * instruction, whichever hart it was, and in spite of debuggers and windows that pull at it.
 */
#include "tests/unit/live_rig.h"

static struct live_rig r;
static u32 pauses;               /* how often the machine came to stand still */
static u64 pcs[16];              /* where the hart was then */
static u32 harts[16];            /* which hart */
static enum live_step then_step; /* what is asked for each time */
static struct host_watcher watcher;

/* Walks: the fetch of the first instruction, the load, and the store; a jump to itself then. */
static const u32 code[] = {
	0x00053283, /* ld t0, 0(a0) */
	0x00128293, /* addi t0, t0, 1 */
	0x0055b023, /* sd t0, 0(a1) */
	0x0000006f, /* j . */
};
/* Faults: the load; its handler skips it, and comes back to the loop. */
static const u32 failing[] = {
	0x00128293, /* addi t0, t0, 1 */
	0x00063303, /* ld t1, 0(a2) */
	0xff9ff06f, /* j -8 */
	0x00138393, /* handler: addi t2, t2, 1 */
	0x34102373, /* csrr t1, mepc */
	0x00430313, /* addi t1, t1, 4 */
	0x34131073, /* csrw mepc, t1 */
	0x30200073, /* mret */
};

static void before(void *arg, struct host_io *io)
{
	(void)arg;
	if (r.control.paused)
		host_io_wake_in(io, 0);
}

/* The window: notes where it is, and asks for the next step. */
static void after(void *arg, struct host_io *io)
{
	(void)arg;
	(void)io;
	if (!r.control.paused)
		return;
	if (pauses < ARRAY_SIZE(pcs)) {
		pcs[pauses] = r.rig.m->harts[r.control.hart]->pc - RIG_RAM;
		harts[pauses] = r.control.hart;
	}
	pauses++;
	live_step(r.live, &r.control, then_step);
	control_continue(&r.control);
	control_by_front(&r.control);
}

static void start(const char *options, const u32 *program, u32 count, enum live_step what)
{
	live_start(&r, options, program, count);
	live_open(&r);
	pauses = 0;
	then_step = what;
	watcher = (struct host_watcher){ .before = before, .after = after };
	host_io_add(r.io, &watcher);
	live_step(r.live, &r.control, what);
}

static int tear_down(void **state)
{
	(void)state;
	live_stop(&r);
	return 0;
}

static void test_each_walk_holds_the_machine(void **state)
{
	(void)state;
	start("-m 1M --ad update", code, ARRAY_SIZE(code), LIVE_STEP_WALK);
	live_run(&r, 100);
	assert_int_equal(pauses, 3);
	assert_int_equal(pcs[0], 0);  /* fetched, and not yet run */
	assert_int_equal(pcs[1], 4);  /* the load is done */
	assert_int_equal(pcs[2], 12); /* the store is */
	assert_int_equal(r.control.why, PAUSE_STEPPED);
}

static void test_walks_of_every_hart_count(void **state)
{
	u32 of_second = 0;

	(void)state;
	start("-m 1M --ad update --smp 2 --quantum 10", code, ARRAY_SIZE(code), LIVE_STEP_WALK);
	live_run(&r, 100);
	assert_int_equal(pauses, 6);
	for (u32 i = 0; i < 6; i++)
		of_second += harts[i];
	assert_int_equal(of_second, 3);
}

/* A TLB that sees every fetch: walks of fetches hold it in front of their instructions, too. */
static void test_walks_of_observed_fetches_hold_it(void **state)
{
	(void)state;
	start("-m 1M --ad update --tlb teach", code, ARRAY_SIZE(code), LIVE_STEP_WALK);
	live_run(&r, 100);
	assert_int_equal(pauses, 3);
	assert_int_equal(pcs[0], 0);
	assert_int_equal(pcs[1], 4);
	assert_int_equal(pcs[2], 12);
}

static void test_each_fault_holds_it_in_the_handler(void **state)
{
	(void)state;
	start("-m 1M --ad update", failing, ARRAY_SIZE(failing), LIVE_STEP_FAULT);
	r.rig.m->harts[0]->csr.mtvec = RIG_RAM + 12;
	live_run(&r, 26); /* eight steps a turn */
	assert_int_equal(pauses, 3);
	for (u32 i = 0; i < 3; i++)
		assert_int_equal(pcs[i], 12);
}

static void test_step_is_called_off(void **state)
{
	(void)state;
	start("-m 1M --ad update", code, ARRAY_SIZE(code), LIVE_STEP_WALK);
	live_step(r.live, &r.control, LIVE_STEP_NONE);
	live_run(&r, 100);
	assert_int_equal(pauses, 0);
}

/* To stop and go on leaves the guest as it was. */
static void test_steps_change_nothing_for_the_guest(void **state)
{
	u64 hash, count;

	(void)state;
	start("-m 1M --ad update --smp 2 --quantum 7", failing, ARRAY_SIZE(failing), LIVE_STEP_NONE);
	r.rig.m->harts[0]->csr.mtvec = r.rig.m->harts[1]->csr.mtvec = RIG_RAM + 12;
	live_run(&r, 1000);
	hash = machine_ram_hash(r.rig.m);
	count = r.rig.m->harts[1]->x[RV_T2];
	live_stop(&r);
	start("-m 1M --ad update --smp 2 --quantum 7", failing, ARRAY_SIZE(failing), LIVE_STEP_FAULT);
	r.rig.m->harts[0]->csr.mtvec = r.rig.m->harts[1]->csr.mtvec = RIG_RAM + 12;
	live_run(&r, 1000);
	assert_true(pauses > 10);
	assert_true(machine_ram_hash(r.rig.m) == hash);
	assert_int_equal(r.rig.m->harts[1]->x[RV_T2], count);
}

static void test_prompt_stays_shut_for_what_a_front_asked(void **state)
{
	(void)state;
	start("-m 1M --ad update", code, ARRAY_SIZE(code), LIVE_STEP_NONE);
	control_continue(&r.control);
	control_by_front(&r.control);
	assert_true(r.control.by_front);
	control_step(&r.control, 0); /* the prompt's own */
	assert_false(r.control.by_front);
	control_by_front(&r.control);
	control_continue(&r.control);
	assert_false(r.control.by_front);
}

/* The console is looked at while a fault is waited for. */
static void test_step_holds_it_though_nobody_looks(void **state)
{
	(void)state;
	start("-m 1M --ad update", code, ARRAY_SIZE(code), LIVE_STEP_NONE);
	assert_true(live_look(r.live, false));
	assert_true(live_step(r.live, &r.control, LIVE_STEP_WALK));
	observers_apply(r.observers, r.rig.m);
	live_run(&r, 100);
	assert_int_equal(pauses, 1);
	assert_int_equal(pcs[0], 0);
	assert_true(live_step(r.live, &r.control, LIVE_STEP_NONE));
	assert_false(live_wanted(r.live) & BIT(TRACE_WALK));
}

#define TEST(name) cmocka_unit_test_teardown(name, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_each_walk_holds_the_machine),
		TEST(test_walks_of_every_hart_count),
		TEST(test_walks_of_observed_fetches_hold_it),
		TEST(test_each_fault_holds_it_in_the_handler),
		TEST(test_step_is_called_off),
		TEST(test_step_holds_it_though_nobody_looks),
		TEST(test_steps_change_nothing_for_the_guest),
		TEST(test_prompt_stays_shut_for_what_a_front_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
