/*
 * Aging: each page has a shift register of its A bits, newest on the left; the smallest value belongs to the page
 * unused for longest. An approximation of LRU, as coarse as the requests are far apart.
 */
#include "guest/kernel/mm/policy.h"

#include "guest/kernel/mm/rmap.h"

static struct frame *aging_victim(struct pool *pool, bool (*skip)(const struct frame *frame))
{
	u64 batch = pool->limit ? pool->count : MIN(pool->count, AGING_BATCH);
	u64 looked_at = 0;
	struct frame *oldest = NULL;

	/* In the global pool: batch after batch until one has a page that may go. */
	while (!oldest && looked_at < pool->count) {
		for (u64 left = batch; left; left--) {
			struct frame *frame = LIST_ENTRY(pool->frames.next, struct frame, list);

			frame->age = frame->age >> 1 | (rmap_test_and_clear_accessed(frame) ? 0x80 : 0);
			if (!skip(frame) && (!oldest || frame->age < oldest->age))
				oldest = frame;
			/* A whole round leaves the order as it was. */
			pool_rotate(frame);
		}
		looked_at += batch;
	}
	return oldest;
}

const struct policy policy_aging = { "aging", aging_victim };
