/*
 * The clock, or second chance: fifo that spares a page used since the hand last passed. The list is the clock's face:
 * its head is where the hand points, and what the hand passes goes to the tail.
 */
#include "guest/kernel/mm/policy.h"

#include "guest/kernel/mm/rmap.h"

static struct frame *clock_victim(struct pool *pool, bool (*skip)(const struct frame *frame))
{
	/* After one round all A bits are clear: a second one finds a victim, unless all pages are to be skipped. */
	for (u64 left = 2 * pool->count; left; left--) {
		struct frame *frame = LIST_ENTRY(pool->frames.next, struct frame, list);

		if (!skip(frame) && !rmap_test_and_clear_accessed(frame))
			return frame;
		pool_rotate(frame);
	}
	return NULL;
}

const struct policy policy_clock = { "clock", clock_victim };
