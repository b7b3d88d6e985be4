/*
 * Hints of the guest's kernel (cpu/hint.h): told with their arguments to who wants them, and nothing else ever.
 */
#include "cpu/hint.h"
#include "emu/run.h"

#include <string.h>

#include "tests/unit/machine_rig.h"

#define HINTS_MAX 16

struct seen {
	struct trace_hint hints[HINTS_MAX];
	u32 count;
};

static void see(void *arg, enum trace_sort sort, const void *event)
{
	struct seen *s = arg;

	assert_int_equal(sort, TRACE_HINT);
	assert_true(s->count < HINTS_MAX);
	s->hints[s->count++] = *(const struct trace_hint *)event;
}

/* Arguments that differ, two hints, and what looks like hints and is none. */
static const u32 code[] = {
	0x12300513, /* li a0, 0x123 */
	0xfff00593, /* li a1, -1 */
	0x00200613, /* li a2, 2 */
	0x00300693, /* li a3, 3 */
	0x00400713, /* li a4, 4 */
	0x00500793, /* li a5, 5 */
	0x10502013, /* slti x0, x0, 0x105 */
	0x00600513, /* li a0, 6 */
	0x10202013, /* slti x0, x0, 0x102 */
	0x0ff02013, /* slti x0, x0, 0xff: below */
	0x20002013, /* slti x0, x0, 0x200: above */
	0x1050a013, /* slti x0, x1, 0x105 */
	0x10502093, /* slti x1, x0, 0x105 */
	0x10503013, /* sltiu x0, x0, 0x105 */
	0x1ff02013, /* slti x0, x0, 0x1ff: none of ours, but passed on */
	0x0000006f, /* j . */
};

static struct machine_rig rig;

static void run(struct seen *seen, const char *options)
{
	if (seen)
		rig.io.trace = (struct trace){ .wanted = BIT(TRACE_HINT), .emit = see, .arg = seen };
	rig_start(&rig, options, code, ARRAY_SIZE(code));
	assert_int_equal(run_machine(rig.m, NULL), RUN_LIMIT);
}

static void test_hints_are_told_with_their_arguments(void **state)
{
	struct seen seen = { .count = 0 };

	(void)state;
	run(&seen, "--max-insns 100");
	assert_int_equal(seen.count, 3);
	assert_int_equal(seen.hints[0].number, HINT_MAP);
	assert_int_equal(seen.hints[0].head.pc, RIG_RAM + 6 * 4);
	assert_int_equal(seen.hints[0].head.instret, seen.hints[1].head.instret - 2);
	assert_int_equal(seen.hints[0].head.priv, 3);
	assert_int_equal(seen.hints[0].args[0], 0x123);
	assert_true(seen.hints[0].args[1] == ~0ull);
	for (u32 i = 2; i < TRACE_HINT_ARGS; i++)
		assert_int_equal(seen.hints[0].args[i], i);
	assert_int_equal(seen.hints[1].number, HINT_EXIT);
	assert_int_equal(seen.hints[1].args[0], 6);
	assert_int_equal(seen.hints[2].number, HINT_LAST);
	rig_free(&rig);
}

static void test_wanting_hints_changes_nothing_for_the_guest(void **state)
{
	struct seen seen = { .count = 0 };
	u64 instret, hash;

	(void)state;
	run(NULL, "--max-insns 100");
	instret = machine_instret(rig.m);
	hash = machine_ram_hash(rig.m);
	assert_int_equal(rig.m->harts[0]->x[RV_RA], 1);
	rig_free(&rig);
	run(&seen, "--max-insns 100");
	assert_int_equal(machine_instret(rig.m), instret);
	assert_true(machine_ram_hash(rig.m) == hash);
	assert_int_equal(rig.m->harts[0]->x[RV_RA], 1);
	rig_free(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hints_are_told_with_their_arguments),
		cmocka_unit_test(test_wanting_hints_changes_nothing_for_the_guest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
