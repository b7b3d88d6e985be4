/*
 * Properties of the engine: whatever the budget it is given, traced or not, alone or beside another machine, a guest's
 * harts go through the same states.
 *
 * One machine goes step by step, so that no block is longer than an instruction; others in any portions. The programs
 * (see the heads of the .S files beside, and tests/isa/programs.h for the random ones) are rich in what blocks could
 * get wrong.
 */
#include "tests/engine/engine_rig.h"

#define PREFIXES 200  /* limits tried one by one */
#define SMP_LIMITS 40 /* limits tried with several harts */
#define QUANTUM 5000  /* with one hart it does not matter */

static const char *const programs[] = { "self_modify", "blocks", "traps", "aliases", "programs" };

#define OURS (ARRAY_SIZE(programs) - 1) /* all but the random ones, which take long to load */

/* A small generator with a fixed seed. */
static u32 next_random(u64 *state)
{
	*state = *state * 6364136223846793005ull + 1442695040888963407ull;
	return (u32)(*state >> 33);
}

/* Mostly short portions, sometimes longer than any block. */
static u64 random_portion(u64 *rng)
{
	u32 v = next_random(rng);

	return 1 + (v & 1 ? v >> 8 & 7 : v & 2 ? v >> 8 & 63 : v >> 8 & 1023);
}

/* Lets a go `steps` steps, one at a time, but no further than its end. */
static void go_slowly(struct rig *a, u64 steps)
{
	while (steps-- > 0 && rig_run(a, 1) == RUN_LIMIT)
		;
}

static void test_portions_of_any_size_reach_the_states_of_single_steps(void **state)
{
	(void)state;
	for (u32 p = 0; p < ARRAY_SIZE(programs); p++) {
		struct rig *a = rig_create(programs[p], 1, QUANTUM, false);
		struct rig *b = rig_create(programs[p], 1, QUANTUM, false);
		u64 rng = p, done = 0, portion;

		do {
			portion = random_portion(&rng);
			if (rig_run(b, portion) == RUN_LIMIT)
				assert_int_equal(machine_steps(b->m), done + portion);
			portion = machine_steps(b->m) - done;
			done += portion;
			go_slowly(a, portion);
			rig_compare(a, b, done);
		} while (b->m->stop == STOP_NONE);
		assert_int_equal(b->m->stop_code, 0);
		rig_compare_ends(a, b);
		rig_destroy(a);
		rig_destroy(b);
	}
}

static void test_limit_stops_after_exactly_so_many_steps(void **state)
{
	(void)state;
	for (u32 p = 0; p < OURS; p++) {
		struct rig *a = rig_create(programs[p], 1, QUANTUM, false);

		for (u64 n = 1; n <= PREFIXES; n++) {
			struct rig *b = rig_create(programs[p], 1, QUANTUM, false);

			go_slowly(a, 1);
			assert_int_equal(rig_run(b, n), RUN_LIMIT);
			assert_int_equal(machine_steps(b->m), n);
			rig_compare(a, b, n);
			assert_int_equal(machine_ram_hash(a->m), machine_ram_hash(b->m));
			rig_destroy(b);
		}
		rig_destroy(a);
	}
}

static void test_limits_do_not_show_in_the_end(void **state)
{
	(void)state;
	for (u32 p = 0; p < ARRAY_SIZE(programs); p++) {
		struct rig *a = rig_create(programs[p], 1, QUANTUM, false);
		struct rig *b = rig_create(programs[p], 1, QUANTUM, false);
		u64 rng = 77 + p;

		rig_finish(a);
		while (rig_run(b, random_portion(&rng)) == RUN_LIMIT)
			;
		rig_compare_ends(a, b);
		rig_destroy(a);
		rig_destroy(b);
	}
}

static void test_tracing_changes_no_state(void **state)
{
	(void)state;
	for (u32 p = 0; p < ARRAY_SIZE(programs); p++) {
		struct rig *a = rig_create(programs[p], 1, QUANTUM, false);
		struct rig *b = rig_create(programs[p], 1, QUANTUM, true);
		u64 rng = p;

		while (a->m->stop == STOP_NONE) {
			u64 portion = random_portion(&rng);

			assert_int_equal(rig_run(a, portion), rig_run(b, portion));
			rig_compare(a, b, machine_steps(a->m));
		}
		rig_compare_ends(a, b);
		assert_int_equal(b->events[TRACE_INSN], machine_instret(b->m));
		rig_destroy(a);
		rig_destroy(b);
	}
}

static void test_tracing_may_come_and_go(void **state)
{
	(void)state;
	for (u32 p = 0; p < ARRAY_SIZE(programs); p++) {
		struct rig *a = rig_create(programs[p], 1, QUANTUM, false);
		struct rig *b = rig_create(programs[p], 1, QUANTUM, true);
		u32 wanted = b->m->trace.wanted;
		u64 rng = p;

		rig_finish(a);
		while (rig_run(b, random_portion(&rng)) == RUN_LIMIT) {
			b->m->trace.wanted ^= wanted;
			hart_update_observing(b->m->harts[0]);
		}
		rig_compare_ends(a, b);
		assert_in_range(b->events[TRACE_INSN], 1, machine_instret(b->m) - 1);
		rig_destroy(a);
		rig_destroy(b);
	}
}

static void test_two_machines_do_not_disturb_each_other(void **state)
{
	(void)state;
	for (u32 p = 0; p < ARRAY_SIZE(programs); p++) {
		struct rig *alone = rig_create(programs[p], 1, QUANTUM, false);
		struct rig *a = rig_create(programs[p], 1, QUANTUM, false);
		struct rig *b = rig_create(programs[(p + 1) % ARRAY_SIZE(programs)], 1, QUANTUM, false);
		u64 rng = p;

		rig_finish(alone);
		while (rig_run(a, random_portion(&rng)) == RUN_LIMIT)
			rig_run(b, random_portion(&rng));
		rig_compare_ends(alone, a);
		rig_destroy(alone);
		rig_destroy(a);
		rig_destroy(b);
	}
}

static void test_harts_traced_or_not_reach_the_same_states(void **state)
{
	(void)state;
	u64 rng = 5;

	for (u32 i = 0; i < SMP_LIMITS; i++) {
		u32 quantum = 1 + next_random(&rng) % 2000;
		u64 limit = 1 + next_random(&rng) % 200000;
		struct rig *a = rig_create("smp4", 4, quantum, false);
		struct rig *b = rig_create("smp4", 4, quantum, true);

		assert_int_equal(rig_run(a, limit), rig_run(b, limit));
		if (a->m->stop == STOP_NONE)
			assert_int_equal(machine_steps(a->m), limit);
		rig_compare(a, b, limit);
		assert_int_equal(machine_ram_hash(a->m), machine_ram_hash(b->m));
		rig_destroy(a);
		rig_destroy(b);
	}
}

static void test_two_runs_of_harts_end_alike(void **state)
{
	static const u32 harts[] = { 1, 2, 4, 8 }, quanta[] = { 1, 3, 64, 5000 };

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(harts); i++)
		for (u32 j = 0; j < ARRAY_SIZE(quanta); j++) {
			char elf[8];
			struct rig *a, *b;

			snprintf(elf, sizeof(elf), "smp%u", harts[i]);
			a = rig_create(elf, harts[i], quanta[j], false);
			b = rig_create(elf, harts[i], quanta[j], false);
			rig_finish(a);
			rig_finish(b);
			rig_compare_ends(a, b);
			rig_destroy(a);
			rig_destroy(b);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_portions_of_any_size_reach_the_states_of_single_steps),
		cmocka_unit_test(test_limit_stops_after_exactly_so_many_steps),
		cmocka_unit_test(test_limits_do_not_show_in_the_end),
		cmocka_unit_test(test_tracing_changes_no_state),
		cmocka_unit_test(test_tracing_may_come_and_go),
		cmocka_unit_test(test_two_machines_do_not_disturb_each_other),
		cmocka_unit_test(test_harts_traced_or_not_reach_the_same_states),
		cmocka_unit_test(test_two_runs_of_harts_end_alike),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
