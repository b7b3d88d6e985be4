/*
 * The event heap: a 1-based binary heap of pointers, each event knowing its own place, so that moving or removing one
 * costs no search. See clock.h for what guest time is.
 *
 * Invariants: heap[i]->heap_index == i for 1 <= i <= count; no event is before its parent heap[i / 2] in the order
 * (when_ns, sequence); an event outside the heap has heap_index 0. The order is total, because every arming takes a new
 * sequence number: events leave the heap in the same order in every run.
 */
#include "emu/base/clock.h"

#include <stdlib.h>

#include "emu/base/state.h"

#define FIRST_CAPACITY 64

/* A snapshot with a later time (146 years) is damaged: sums of times must not wrap. */
#define TIME_MAX BIT(62)

void clock_init(struct clock *c)
{
	*c = (struct clock){ 0 };
}

void clock_free(struct clock *c)
{
	for (u32 i = 1; i <= c->count; i++)
		c->heap[i]->heap_index = 0;
	free(c->heap);
	*c = (struct clock){ 0 };
}

static bool is_before(const struct event *a, const struct event *b)
{
	if (a->when_ns != b->when_ns)
		return a->when_ns < b->when_ns;
	return a->sequence < b->sequence;
}

static void place(struct clock *c, u32 index, struct event *e)
{
	c->heap[index] = e;
	e->heap_index = index;
}

/* Puts e, for which there is a hole at index, where it belongs between there and the root. */
static void sift_up(struct clock *c, u32 index, struct event *e)
{
	while (index > 1 && is_before(e, c->heap[index / 2])) {
		place(c, index, c->heap[index / 2]);
		index /= 2;
	}
	place(c, index, e);
}

/* Puts e, for which there is a hole at index, where it belongs between there and the leaves. */
static void sift_down(struct clock *c, u32 index, struct event *e)
{
	for (;;) {
		u32 child = 2 * index;
		if (child > c->count)
			break;
		if (child < c->count && is_before(c->heap[child + 1], c->heap[child]))
			child++;
		if (!is_before(c->heap[child], e))
			break;
		place(c, index, c->heap[child]);
		index = child;
	}
	place(c, index, e);
}

void clock_disarm(struct clock *c, struct event *e)
{
	u32 hole = e->heap_index;
	if (hole == 0)
		return;
	BUG_ON(hole > c->count || c->heap[hole] != e);
	struct event *last = c->heap[c->count--];
	e->heap_index = 0;
	if (last == e)
		return;
	if (hole > 1 && is_before(last, c->heap[hole / 2]))
		sift_up(c, hole, last);
	else
		sift_down(c, hole, last);
}

void clock_rearm(struct clock *c, struct event *e, u64 when_ns, u64 sequence)
{
	clock_disarm(c, e);
	if (c->count + 1 >= c->capacity) {
		c->capacity = c->capacity ? 2 * c->capacity : FIRST_CAPACITY;
		c->heap = xrealloc(c->heap, c->capacity * sizeof(*c->heap));
	}
	e->when_ns = when_ns;
	e->sequence = sequence;
	/* Whatever is armed from now on comes later. */
	if (c->sequence < sequence)
		c->sequence = sequence;
	sift_up(c, ++c->count, e);
}

void clock_arm(struct clock *c, struct event *e, u64 when_ns)
{
	if (when_ns == CLOCK_NEVER)
		clock_disarm(c, e);
	else
		clock_rearm(c, e, when_ns, c->sequence + 1);
}

u64 clock_next(const struct clock *c)
{
	return c->count ? c->heap[1]->when_ns : CLOCK_NEVER;
}

void clock_run(struct clock *c, u64 now_ns)
{
	while (c->count && c->heap[1]->when_ns <= now_ns) {
		struct event *e = c->heap[1];
		clock_disarm(c, e);
		if (c->now_ns < e->when_ns)
			c->now_ns = e->when_ns;
		e->fire(e->arg);
	}
	if (c->now_ns < now_ns)
		c->now_ns = now_ns;
}

void clock_state(struct state *s, struct clock *c)
{
	state_section(s, "clock", 1);
	state_same(s, c->count, "armed events");
	state_u64(s, &c->now_ns);
	state_u64(s, &c->sequence);
	if (c->now_ns > TIME_MAX)
		state_fail(s, "the snapshot is damaged: its time is out of range");
}
