/*
 * Random: any page goes. What a policy is worth is what it is better than this one. The generator is Marsaglia's
 * xorshift64 with a fixed seed, so that a run can be repeated.
 */
#include "guest/kernel/mm/policy.h"

static u64 next_random(struct pool *pool)
{
	u64 x = pool->random;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	pool->random = x;
	return x;
}

static struct frame *random_victim(struct pool *pool, bool (*skip)(const struct frame *frame))
{
	struct list *node = &pool->frames;

	if (!pool->count)
		return NULL;
	for (u64 steps = next_random(pool) % pool->count + 1; steps; steps--)
		node = node->next;
	/* From there the next that may go; the ring's head is no page. */
	for (u64 left = pool->count; left; left--, node = node->next) {
		if (node == &pool->frames)
			node = node->next;
		struct frame *frame = LIST_ENTRY(node, struct frame, list);

		if (!skip(frame))
			return frame;
	}
	return NULL;
}

const struct policy policy_random = { "random", random_victim };
