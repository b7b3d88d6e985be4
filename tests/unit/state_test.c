/*
 * emu/base/state.c: what goes out comes in again, in one order, and what does not fit is refused in words.
 */
#include "tests/unit/state_memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* One of everything. */
struct sample {
	u8 a;
	u16 b;
	u32 c;
	u64 d;
	bool e, f;
	u64 g[3];
	u8 h[5];
	u32 i;
};

static const struct sample full = {
	.a = 0x12,
	.b = 0x3456,
	.c = 0x789abcde,
	.d = 0xf0e1d2c3b4a59687,
	.e = true,
	.f = false,
	.g = { 1, UINT64_MAX, 3 },
	.h = "wxyz",
	.i = 6,
};

static void sample_state(struct state *s, struct sample *x)
{
	state_section(s, "sample", 3);
	state_u8(s, &x->a);
	state_u16(s, &x->b);
	state_u32(s, &x->c);
	state_u64(s, &x->d);
	state_bool(s, &x->e);
	state_bool(s, &x->f);
	state_u64s(s, x->g, 3);
	state_bytes(s, x->h, sizeof(x->h));
	state_below(s, &x->i, 7);
	state_same(s, 4, "harts");
}

static void assert_full(const struct sample *x)
{
	assert_int_equal(x->a, full.a);
	assert_int_equal(x->b, full.b);
	assert_int_equal(x->c, full.c);
	assert_int_equal(x->d, full.d);
	assert_true(x->e);
	assert_false(x->f);
	assert_memory_equal(x->g, full.g, sizeof(x->g));
	assert_memory_equal(x->h, full.h, sizeof(x->h));
	assert_int_equal(x->i, full.i);
}

static void save(struct state_memory *m)
{
	struct sample x = full;
	struct state s = state_saving(m);
	sample_state(&s, &x);
	assert_true(state_ok(&s));
	assert_full(&x); /* saving changes nothing */
}

static void test_all_sorts_saved_and_loaded_are_the_same(void **state)
{
	(void)state;
	struct state_memory m;
	struct sample x = { .a = 0xff, .f = true };
	save(&m);
	struct state s = state_loading(&m);
	sample_state(&s, &x);
	assert_true(state_ok(&s));
	assert_int_equal(m.at, m.size);
	assert_full(&x);
}

static void test_numbers_are_little_endian(void **state)
{
	(void)state;
	struct state_memory m;
	struct state s = state_saving(&m);
	u32 c = 0x01020304;
	u64 d = 0x1122334455667788;
	state_u32(&s, &c);
	state_u64(&s, &d);
	assert_memory_equal(m.bytes, "\x04\x03\x02\x01\x88\x77\x66\x55\x44\x33\x22\x11", 12);
	assert_int_equal(m.size, 12);
}

static void test_an_end_too_early_fails_at_every_byte(void **state)
{
	(void)state;
	struct state_memory m;
	save(&m);
	size_t size = m.size;
	for (m.size = 0; m.size < size; m.size++) {
		struct sample x = full;
		struct state s = state_loading(&m);
		sample_state(&s, &x);
		assert_false(state_ok(&s));
		assert_string_equal(m.err.text, "the end");
		if (m.size < size - 8)
			assert_int_equal(x.i, 0); /* what did not come is zero */
	}
}

static void test_after_a_failure_nothing_moves_and_values_are_zero(void **state)
{
	(void)state;
	struct state_memory m;
	save(&m);
	struct state s = state_loading(&m);
	struct sample x = full;
	u64 numbers[2] = { 5, 6 };
	bool flag = true;
	state_fail(&s, "no %s", "bananas");
	state_fail(&s, "no apples");
	sample_state(&s, &x);
	state_u64s(&s, numbers, 2);
	state_bool(&s, &flag);
	assert_string_equal(m.err.text, "no bananas");
	assert_int_equal(m.at, 0);
	assert_int_equal(x.a | x.b | x.c | x.d | x.i | numbers[0] | numbers[1] | flag | x.h[0], 0);
}

static void test_a_failure_while_saving_keeps_values(void **state)
{
	(void)state;
	struct state_memory m;
	struct state s = state_saving(&m);
	struct sample x = full;
	state_fail(&s, "full");
	sample_state(&s, &x);
	assert_full(&x);
	assert_int_equal(m.size, 0);
}

static void test_a_failing_disk_keeps_its_own_message(void **state)
{
	(void)state;
	struct state_memory m;
	struct state s = state_saving(&m);
	u8 block[4096] = { 0 };
	for (u32 i = 0; i <= sizeof(m.bytes) / sizeof(block); i++)
		state_bytes(&s, block, sizeof(block));
	assert_false(state_ok(&s));
	assert_string_equal(m.err.text, "no room");
}

static void test_another_version_is_refused_by_name(void **state)
{
	(void)state;
	struct state_memory m;
	save(&m);
	struct state s = state_loading(&m);
	state_section(&s, "sample", 4);
	assert_false(state_ok(&s));
	assert_non_null(strstr(m.err.text, "\"sample\" has format 3, this one has 4"));
}

static void test_another_section_is_refused_by_name(void **state)
{
	(void)state;
	struct state_memory m;
	save(&m);
	struct state s = state_loading(&m);
	state_section(&s, "simple", 3);
	assert_false(state_ok(&s));
	assert_non_null(strstr(m.err.text, "\"sample\""));
	assert_non_null(strstr(m.err.text, "\"simple\""));
}

static void test_a_section_name_of_rubbish_is_shown_harmlessly(void **state)
{
	(void)state;
	struct state_memory m;
	save(&m);
	memset(m.bytes, 0x1b, 32);
	struct state s = state_loading(&m);
	state_section(&s, "sample", 3);
	assert_false(state_ok(&s));
	assert_null(strchr(m.err.text, 0x1b));
	assert_non_null(strstr(m.err.text, "\"???????????????????????????????\""));
}

static void test_the_longest_section_name_fits(void **state)
{
	(void)state;
	struct state_memory m;
	const char *name = "a name of thirty-one characters";
	struct state s = state_saving(&m);
	assert_int_equal(strlen(name), 31);
	state_section(&s, name, 1);
	s = state_loading(&m);
	state_section(&s, name, 1);
	assert_true(state_ok(&s));
}

static void test_a_value_at_the_limit_is_damage(void **state)
{
	(void)state;
	struct state_memory m;
	struct state s = state_saving(&m);
	u32 value = 7;
	state_u32(&s, &value);
	s = state_loading(&m);
	state_below(&s, &value, 7);
	assert_false(state_ok(&s));
	assert_int_equal(value, 0);
	assert_non_null(strstr(m.err.text, "damaged: 7 where less than 7"));
}

static void test_a_flag_of_two_is_damage(void **state)
{
	(void)state;
	struct state_memory m;
	struct state s = state_saving(&m);
	u8 two = 2;
	bool flag = true;
	state_u8(&s, &two);
	s = state_loading(&m);
	state_bool(&s, &flag);
	assert_false(state_ok(&s));
	assert_false(flag);
}

static void test_a_machine_that_differs_is_named(void **state)
{
	(void)state;
	struct state_memory m;
	struct state s = state_saving(&m);
	state_same(&s, 4, "harts");
	s = state_loading(&m);
	state_same(&s, 4, "harts");
	assert_true(state_ok(&s));
	s = state_loading(&m);
	state_same(&s, 1, "harts");
	assert_false(state_ok(&s));
	assert_non_null(strstr(m.err.text, "harts: 4 there, 1 here"));
}

static void test_failing_without_a_place_for_the_message_is_fine(void **state)
{
	(void)state;
	struct state_memory m;
	struct state s = state_loading(&m);
	s.err = NULL;
	state_fail(&s, "nobody hears");
	assert_false(state_ok(&s));
}

/* --- events --- */

#define EVENTS 6

struct timeline {
	struct clock clock;          /* where they are armed */
	struct event events[EVENTS]; /* armed or not */
	char order[2 * EVENTS + 1];  /* which fired, as letters */
	u32 fired;                   /* how many */
};

static struct timeline *timeline_of(struct event *e, u32 index)
{
	return (struct timeline *)(void *)((u8 *)(e - index) - offsetof(struct timeline, events));
}

#define FIRE(n)                                                                                                        \
	static void fire_##n(void *arg)                                                                                \
	{                                                                                                              \
		struct timeline *t = timeline_of(arg, n);                                                              \
		t->order[t->fired++] = (char)('a' + (n));                                                              \
	}

FIRE(0)
FIRE(1)
FIRE(2)
FIRE(3)
FIRE(4)
FIRE(5)

static void timeline_init(struct timeline *t)
{
	static void (*const fire[EVENTS])(void *) = { fire_0, fire_1, fire_2, fire_3, fire_4, fire_5 };
	memset(t, 0, sizeof(*t));
	clock_init(&t->clock);
	for (u32 i = 0; i < EVENTS; i++)
		t->events[i] = (struct event){ .fire = fire[i], .arg = &t->events[i] };
}

/* In the order of the array, which is not that of arming; the clock's own fields last. */
static void timeline_state(struct state *s, struct timeline *t)
{
	for (u32 i = 0; i < EVENTS; i++)
		state_event(s, &t->clock, &t->events[i]);
	state_u64(s, &t->clock.now_ns);
	state_u64(s, &t->clock.sequence);
}

static void test_restored_events_fire_in_the_order_of_their_arming(void **state)
{
	(void)state;
	struct timeline t, u;
	struct state_memory m;
	timeline_init(&t);
	timeline_init(&u);
	clock_arm(&t.clock, &t.events[4], 100);
	clock_arm(&t.clock, &t.events[2], 100);
	clock_arm(&t.clock, &t.events[5], 50);
	clock_arm(&t.clock, &t.events[0], 100);
	clock_arm(&t.clock, &t.events[3], 100);
	clock_disarm(&t.clock, &t.events[3]);
	struct state s = state_saving(&m);
	timeline_state(&s, &t);
	/* What this machine had armed is forgotten. */
	clock_arm(&u.clock, &u.events[3], 1);
	clock_arm(&u.clock, &u.events[0], 2);
	s = state_loading(&m);
	timeline_state(&s, &u);
	assert_true(state_ok(&s));
	assert_int_equal(u.clock.sequence, t.clock.sequence);
	assert_int_equal(u.clock.count, 4);
	/* What is armed now comes behind those of the same time. */
	clock_arm(&t.clock, &t.events[1], 100);
	clock_arm(&u.clock, &u.events[1], 100);
	clock_run(&t.clock, 200);
	clock_run(&u.clock, 200);
	assert_string_equal(t.order, "fecab");
	assert_string_equal(u.order, t.order);
	clock_free(&t.clock);
	clock_free(&u.clock);
}

static void test_an_event_that_never_comes_is_damage(void **state)
{
	(void)state;
	struct timeline t;
	struct state_memory m;
	timeline_init(&t);
	clock_arm(&t.clock, &t.events[0], 100);
	struct state s = state_saving(&m);
	state_event(&s, &t.clock, &t.events[0]);
	memset(m.bytes + 1, 0xff, 8);
	s = state_loading(&m);
	state_event(&s, &t.clock, &t.events[0]);
	assert_false(state_ok(&s));
	assert_int_equal(t.clock.count, 0);
	clock_free(&t.clock);
}

static void test_no_event_is_armed_after_a_failure(void **state)
{
	(void)state;
	struct timeline t;
	struct state_memory m;
	timeline_init(&t);
	clock_arm(&t.clock, &t.events[0], 100);
	struct state s = state_saving(&m);
	state_event(&s, &t.clock, &t.events[0]);
	m.size--;
	s = state_loading(&m);
	state_event(&s, &t.clock, &t.events[0]);
	assert_false(state_ok(&s));
	assert_int_equal(clock_next(&t.clock), CLOCK_NEVER);
	clock_free(&t.clock);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_sorts_saved_and_loaded_are_the_same),
		cmocka_unit_test(test_numbers_are_little_endian),
		cmocka_unit_test(test_an_end_too_early_fails_at_every_byte),
		cmocka_unit_test(test_after_a_failure_nothing_moves_and_values_are_zero),
		cmocka_unit_test(test_a_failure_while_saving_keeps_values),
		cmocka_unit_test(test_a_failing_disk_keeps_its_own_message),
		cmocka_unit_test(test_another_version_is_refused_by_name),
		cmocka_unit_test(test_another_section_is_refused_by_name),
		cmocka_unit_test(test_a_section_name_of_rubbish_is_shown_harmlessly),
		cmocka_unit_test(test_the_longest_section_name_fits),
		cmocka_unit_test(test_a_value_at_the_limit_is_damage),
		cmocka_unit_test(test_a_flag_of_two_is_damage),
		cmocka_unit_test(test_a_machine_that_differs_is_named),
		cmocka_unit_test(test_failing_without_a_place_for_the_message_is_fine),
		cmocka_unit_test(test_restored_events_fire_in_the_order_of_their_arming),
		cmocka_unit_test(test_an_event_that_never_comes_is_damage),
		cmocka_unit_test(test_no_event_is_armed_after_a_failure),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
