/*
 * Pools of frames for a part of an address space (/proc/PID/framepool): the pages of some private anonymous regions get
 * a fixed number of frames and a replacement policy of their own. A program can so be watched under memory pressure
 * while the rest of the machine has plenty: Belady's anomaly, clock against fifo. Policies: policy.h.
 */
#include "guest/kernel/mm/kmalloc.h"
#include "guest/kernel/mm/policy.h"
#include "guest/kernel/mm/reclaim.h"
#include "guest/kernel/mm/region.h"

/* 0 if [start, end) has at least one region, and all are private, anonymous and without a pool. */
static int check_regions(struct mm *mm, u64 start, u64 end)
{
	struct region *region = mm_find_from(mm, start);

	if (!region || region->start >= end)
		return -EINVAL;
	for (; region && region->start < end; region = mm_next(mm, region)) {
		if (region->file || (region->flags & REGION_SHARED))
			return -EINVAL;
		if (region->pool)
			return -EBUSY;
	}
	return 0;
}

/* Pages that are there come into the pool, lowest address first; where it is full the policy makes room. Pages that
 * other processes map, too, stay where they are. */
static void adopt_pages(struct mm *mm, struct pool *pool, u64 start, u64 end)
{
	u64 va = start;
	u64 *pte = NULL;

	while ((pte = pgtable_scan(&mm->table, pte, &va, end)) != NULL) {
		if (pool->count >= pool->limit && !reclaim_pool(pool))
			break;
		/* That may have slept: now look. */
		struct frame *frame = pte_is_present(*pte) ? pte_frame(*pte) : NULL;
		if (frame && frame->kind == FRAME_ANON && frame->maps == 1)
			pool_add(pool, frame);
		va += PAGE_SIZE;
		pte++;
	}
	pool->faults = pool->evictions = pool->writes = 0;
}

static int set_locked(struct mm *mm, struct pool *pool)
{
	int error = check_regions(mm, pool->start, pool->end);

	if (!error)
		error = region_split_range(mm, pool->start, pool->end);
	if (error)
		return error;
	list_add_last(&mm->pools, &pool->link);
	for (struct region *region = mm_find_from(mm, pool->start); region && region->start < pool->end;
	     region = mm_next(mm, region)) {
		region->pool = pool;
		adopt_pages(mm, pool, region->start, region->end);
	}
	return 0;
}

int mm_pool_set(struct mm *mm, u64 start, u64 end, u64 frames, const struct policy *policy)
{
	if (((start | end) & PAGE_MASK) || start >= end || end > USER_TOP || !frames || !policy)
		return -EINVAL;
	struct pool *pool = kmalloc(sizeof(*pool));
	if (!pool)
		return -ENOMEM;
	pool_init(pool, policy, frames);
	pool->start = start;
	pool->end = end;
	mutex_lock(&mm->lock);
	int error = set_locked(mm, pool);
	mutex_unlock(&mm->lock);
	if (error)
		kfree(pool);
	return error;
}

int mm_pool_clear(struct mm *mm)
{
	struct list dead;

	list_init(&dead);
	mutex_lock(&mm->lock);
	LIST_FOR_EACH(node, &mm->regions)
		LIST_ENTRY(node, struct region, link)->pool = NULL;
	while (!list_is_empty(&mm->pools)) {
		struct pool *pool = LIST_ENTRY(mm->pools.next, struct pool, link);

		while (!list_is_empty(&pool->frames))
			pool_add(&global_pool, LIST_ENTRY(pool->frames.next, struct frame, list));
		list_remove(&pool->link);
		kfree(pool);
	}
	region_merge(mm, 0, USER_TOP, &dead);
	mutex_unlock(&mm->lock);
	region_free_all(&dead);
	return 0;
}
