/*
 * First in, first out: the page that came first goes, however much it is used. With some reference strings more frames
 * give more faults (Belady, Nelson, Shedler 1969); tests/os shows it.
 */
#include "guest/kernel/mm/policy.h"

static struct frame *fifo_victim(struct pool *pool, bool (*skip)(const struct frame *frame))
{
	u64 left = pool->count;

	LIST_FOR_EACH_SAFE(node, following, &pool->frames) {
		struct frame *frame = LIST_ENTRY(node, struct frame, list);

		if (left-- == 0)
			break;
		if (!skip(frame))
			return frame;
		/* Thousands of pages that cannot go must not be walked over each time. */
		if (!pool->limit)
			pool_rotate(frame);
	}
	return NULL;
}

const struct policy policy_fifo = { "fifo", fifo_victim };
