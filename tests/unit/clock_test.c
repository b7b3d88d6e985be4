/*
 * emu/base/clock.c: order of events, arming and disarming from anywhere, and the heap against a naive model.
 */
#include "emu/base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define EVENTS 200

/* One event that writes down when it fired. */
struct probe {
	struct event event;  /* what is armed */
	struct clock *clock; /* where */
	u32 id;              /* which probe this is */
	u32 *log;            /* ids in the order of firing */
	u32 *log_count;      /* how many */
	u64 fired_at_ns;     /* the clock when it fired */
	u64 period_ns;       /* arms itself again after so long; 0: does not */
};

static void on_fire(void *arg)
{
	struct probe *p = arg;
	p->log[(*p->log_count)++] = p->id;
	p->fired_at_ns = p->clock->now_ns;
	assert_int_equal(p->event.heap_index, 0);
	if (p->period_ns)
		clock_arm(p->clock, &p->event, p->clock->now_ns + p->period_ns);
}

struct fixture {
	struct clock clock;         /* under test */
	struct probe probe[EVENTS]; /* events to arm */
	u32 log[4096];              /* ids in the order of firing */
	u32 log_count;              /* how many */
};

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	clock_init(&f->clock);
	for (u32 i = 0; i < EVENTS; i++) {
		f->probe[i] = (struct probe){ .clock = &f->clock, .id = i, .log = f->log, .log_count = &f->log_count };
		f->probe[i].event = (struct event){ .fire = on_fire, .arg = &f->probe[i] };
	}
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	clock_free(&f->clock);
	free(f);
	return 0;
}

static void test_empty_clock_has_no_next(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(clock_next(&f->clock), CLOCK_NEVER);
	clock_run(&f->clock, 1000);
	assert_int_equal(f->clock.now_ns, 1000);
}

static void test_run_to_the_end_of_time_returns(void **state)
{
	struct fixture *f = *state;
	clock_arm(&f->clock, &f->probe[0].event, 5);
	clock_run(&f->clock, CLOCK_NEVER);
	assert_int_equal(f->log_count, 1);
	assert_int_equal(f->clock.now_ns, CLOCK_NEVER);
}

static void test_time_never_goes_back(void **state)
{
	struct fixture *f = *state;
	clock_run(&f->clock, 1000);
	clock_run(&f->clock, 10);
	assert_int_equal(f->clock.now_ns, 1000);
}

static void test_events_fire_in_order_of_time(void **state)
{
	struct fixture *f = *state;
	clock_arm(&f->clock, &f->probe[0].event, 30);
	clock_arm(&f->clock, &f->probe[1].event, 10);
	clock_arm(&f->clock, &f->probe[2].event, 20);
	assert_int_equal(clock_next(&f->clock), 10);
	clock_run(&f->clock, 29);
	assert_int_equal(f->log_count, 2);
	assert_int_equal(f->log[0], 1);
	assert_int_equal(f->log[1], 2);
	assert_int_equal(clock_next(&f->clock), 30);
	clock_run(&f->clock, 30);
	assert_int_equal(f->log[2], 0);
	assert_int_equal(clock_next(&f->clock), CLOCK_NEVER);
}

static void test_equal_times_fire_in_order_of_arming(void **state)
{
	struct fixture *f = *state;
	for (u32 i = 0; i < 100; i++)
		clock_arm(&f->clock, &f->probe[(i * 37) % 100].event, 7);
	clock_run(&f->clock, 7);
	for (u32 i = 0; i < 100; i++)
		assert_int_equal(f->log[i], (i * 37) % 100);
}

static void test_rearming_moves_an_event_behind_its_equals(void **state)
{
	struct fixture *f = *state;
	clock_arm(&f->clock, &f->probe[0].event, 7);
	clock_arm(&f->clock, &f->probe[1].event, 7);
	clock_arm(&f->clock, &f->probe[0].event, 7);
	assert_int_equal(f->clock.count, 2);
	clock_run(&f->clock, 7);
	assert_int_equal(f->log[0], 1);
	assert_int_equal(f->log[1], 0);
}

static void test_the_clock_shows_each_event_its_own_time(void **state)
{
	struct fixture *f = *state;
	clock_arm(&f->clock, &f->probe[0].event, 10);
	clock_arm(&f->clock, &f->probe[1].event, 20);
	clock_run(&f->clock, 100);
	assert_int_equal(f->probe[0].fired_at_ns, 10);
	assert_int_equal(f->probe[1].fired_at_ns, 20);
	assert_int_equal(f->clock.now_ns, 100);
}

static void test_an_event_in_the_past_fires_at_the_next_run(void **state)
{
	struct fixture *f = *state;
	clock_run(&f->clock, 100);
	clock_arm(&f->clock, &f->probe[0].event, 50);
	assert_int_equal(clock_next(&f->clock), 50);
	assert_int_equal(f->log_count, 0);
	clock_run(&f->clock, 100);
	assert_int_equal(f->log_count, 1);
	assert_int_equal(f->probe[0].fired_at_ns, 100);
}

static void test_an_event_may_arm_itself_again(void **state)
{
	struct fixture *f = *state;
	f->probe[0].period_ns = 10;
	clock_arm(&f->clock, &f->probe[0].event, 10);
	clock_run(&f->clock, 105);
	assert_int_equal(f->log_count, 10);
	assert_int_equal(clock_next(&f->clock), 110);
}

static void test_disarming_an_idle_event_is_harmless(void **state)
{
	struct fixture *f = *state;
	clock_disarm(&f->clock, &f->probe[0].event);
	clock_arm(&f->clock, &f->probe[0].event, 1);
	clock_disarm(&f->clock, &f->probe[0].event);
	clock_disarm(&f->clock, &f->probe[0].event);
	clock_run(&f->clock, 10);
	assert_int_equal(f->log_count, 0);
}

static void test_arming_for_never_disarms(void **state)
{
	struct fixture *f = *state;
	clock_arm(&f->clock, &f->probe[0].event, 5);
	clock_arm(&f->clock, &f->probe[0].event, CLOCK_NEVER);
	assert_int_equal(f->clock.count, 0);
	assert_int_equal(f->probe[0].event.heap_index, 0);
}

static void test_freeing_leaves_events_disarmed(void **state)
{
	struct fixture *f = *state;
	clock_arm(&f->clock, &f->probe[0].event, 5);
	clock_free(&f->clock);
	assert_int_equal(f->probe[0].event.heap_index, 0);
	assert_int_equal(clock_next(&f->clock), CLOCK_NEVER);
}

/* The event that a linear search says is next; EVENTS if none is armed. */
static u32 model_next(const struct fixture *f)
{
	u32 best = EVENTS;
	for (u32 i = 0; i < EVENTS; i++) {
		const struct event *e = &f->probe[i].event;
		if (e->heap_index == 0)
			continue;
		if (best == EVENTS || e->when_ns < f->probe[best].event.when_ns ||
		    (e->when_ns == f->probe[best].event.when_ns && e->sequence < f->probe[best].event.sequence))
			best = i;
	}
	return best;
}

static void check_heap(const struct fixture *f)
{
	for (u32 i = 1; i <= f->clock.count; i++) {
		const struct event *e = f->clock.heap[i];
		assert_int_equal(e->heap_index, i);
		assert_true(i == 1 || f->clock.heap[i / 2]->when_ns <= e->when_ns);
	}
}

static void test_random_arming_agrees_with_a_linear_search(void **state)
{
	struct fixture *f = *state;
	u64 random = 88172645463325252ull;
	for (u32 step = 0; step < 20000; step++) {
		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		struct probe *p = &f->probe[random % EVENTS];
		u32 next = model_next(f);
		switch ((random >> 32) % 4) {
		case 0:
		case 1:
			clock_arm(&f->clock, &p->event, f->clock.now_ns + (random >> 40) % 64);
			break;
		case 2:
			clock_disarm(&f->clock, &p->event);
			break;
		default:
			if (next == EVENTS)
				break;
			f->log_count = 0;
			clock_run(&f->clock, clock_next(&f->clock));
			assert_int_equal(f->log[0], next);
			break;
		}
		check_heap(f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_empty_clock_has_no_next, setup, teardown),
		cmocka_unit_test_setup_teardown(test_run_to_the_end_of_time_returns, setup, teardown),
		cmocka_unit_test_setup_teardown(test_time_never_goes_back, setup, teardown),
		cmocka_unit_test_setup_teardown(test_events_fire_in_order_of_time, setup, teardown),
		cmocka_unit_test_setup_teardown(test_equal_times_fire_in_order_of_arming, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rearming_moves_an_event_behind_its_equals, setup, teardown),
		cmocka_unit_test_setup_teardown(test_the_clock_shows_each_event_its_own_time, setup, teardown),
		cmocka_unit_test_setup_teardown(test_an_event_in_the_past_fires_at_the_next_run, setup, teardown),
		cmocka_unit_test_setup_teardown(test_an_event_may_arm_itself_again, setup, teardown),
		cmocka_unit_test_setup_teardown(test_disarming_an_idle_event_is_harmless, setup, teardown),
		cmocka_unit_test_setup_teardown(test_arming_for_never_disarms, setup, teardown),
		cmocka_unit_test_setup_teardown(test_freeing_leaves_events_disarmed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_random_arming_agrees_with_a_linear_search, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
