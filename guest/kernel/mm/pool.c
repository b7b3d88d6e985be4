/*
 * Pools: sets of frames with a replacement policy (policy.h). This file keeps the lists and answers what the policies
 * ask about a frame; which frame goes is decided in policy_*.c, and how it goes in reclaim.c.
 */
#include "guest/kernel/mm/policy.h"

#include "guest/kernel/mm/pgtable.h"
#include "guest/kernel/mm/rmap.h"

struct pool global_pool = {
	.policy = &policy_clock,
	.frames = { &global_pool.frames, &global_pool.frames },
	.random = POLICY_SEED,
	.link = { &global_pool.link, &global_pool.link },
};

static const struct policy *const policies[] = { &policy_fifo, &policy_clock, &policy_enhanced, &policy_aging,
	                                         &policy_random };

const struct policy *policy_at(unsigned index)
{
	return index < ARRAY_SIZE(policies) ? policies[index] : NULL;
}

const struct policy *policy_find(const char *name)
{
	for (unsigned i = 0; i < ARRAY_SIZE(policies); i++) {
		if (strcmp(policies[i]->name, name) == 0)
			return policies[i];
	}
	return NULL;
}

void pool_init(struct pool *pool, const struct policy *policy, u64 limit)
{
	memset(pool, 0, sizeof(*pool));
	pool->policy = policy;
	pool->limit = limit;
	pool->random = POLICY_SEED;
	list_init(&pool->frames);
	list_init(&pool->link);
}

void pool_add(struct pool *pool, struct frame *frame)
{
	if (frame->pool == pool)
		return;
	pool_remove(frame);
	frame->pool = pool;
	frame->age = 0;
	list_add_last(&pool->frames, &frame->list);
	pool->count++;
}

void pool_remove(struct frame *frame)
{
	if (!frame->pool)
		return;
	frame->pool->count--;
	frame->pool = NULL;
	list_remove(&frame->list);
}

static bool find_accessed(struct frame *frame, u64 *pte, void *context)
{
	bool *is_accessed = context;

	(void)frame;
	*is_accessed = *pte & PTE_A;
	return !*is_accessed;
}

bool pool_is_accessed(struct frame *frame)
{
	bool is_accessed = frame->flags & FRAME_REFERENCED;

	if (!is_accessed && frame->maps)
		rmap_for_each(frame, find_accessed, &is_accessed);
	return is_accessed;
}

bool pool_is_clean(struct frame *frame)
{
	return !rmap_is_dirty(frame);
}

void pool_rotate(struct frame *frame)
{
	list_remove(&frame->list);
	list_add_last(&frame->pool->frames, &frame->list);
}
