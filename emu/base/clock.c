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

#define FIRST_CAPACITY 64

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

void clock_arm(struct clock *c, struct event *e, u64 when_ns)
{
	clock_disarm(c, e);
	if (when_ns == CLOCK_NEVER)
		return;
	if (c->count + 1 >= c->capacity) {
		c->capacity = c->capacity ? 2 * c->capacity : FIRST_CAPACITY;
		c->heap = xrealloc(c->heap, c->capacity * sizeof(*c->heap));
	}
	e->when_ns = when_ns;
	e->sequence = ++c->sequence;
	sift_up(c, ++c->count, e);
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
