/*
 * The enhanced clock: of four classes of pages, (A, D) = (0, 0), (0, 1), (1, 0), (1, 1), it takes the first that has a
 * member. A clean page costs no write, so one is looked for in a round of its own before an unused dirty one goes.
 */
#include "guest/kernel/mm/policy.h"

#include "guest/kernel/mm/rmap.h"

/* Looks at no more than `limit` pages for one with A=0 and clean; changes no bits. */
static struct frame *find_unused_clean(struct pool *pool, u64 limit, bool (*skip)(const struct frame *frame))
{
	for (; limit; limit--) {
		struct frame *frame = LIST_ENTRY(pool->frames.next, struct frame, list);

		if (!skip(frame) && !pool_is_accessed(frame) && pool_is_clean(frame))
			return frame;
		pool_rotate(frame);
	}
	return NULL;
}

/* One round for a page with A=0; clears A of those it passes. */
static struct frame *find_unused(struct pool *pool, bool (*skip)(const struct frame *frame))
{
	for (u64 left = pool->count; left; left--) {
		struct frame *frame = LIST_ENTRY(pool->frames.next, struct frame, list);

		if (!skip(frame) && !rmap_test_and_clear_accessed(frame))
			return frame;
		pool_rotate(frame);
	}
	return NULL;
}

static struct frame *enhanced_victim(struct pool *pool, bool (*skip)(const struct frame *frame))
{
	u64 round = pool->limit ? pool->count : MIN(pool->count, ENHANCED_BATCH);

	for (int i = 0; i < 2; i++) {
		struct frame *frame = find_unused_clean(pool, round, skip);

		if (!frame)
			frame = find_unused(pool, skip);
		if (frame)
			return frame;
	}
	return NULL;
}

const struct policy policy_enhanced = { "enhanced", enhanced_victim };
