/*
 * Reclaim: gets frames back. The pool's policy names a victim; what happens to it depends on what it is:
 *
 *	anonymous, never written to     unmapped; a later fault finds nothing and gives zeros again
 *	anonymous, slot valid           PTEs become swap entries; dropped without writing
 *	anonymous, dirty                it gets a slot if it has none; PTEs become swap entries; written, then dropped
 *	file, clean                     unmapped, dropped
 *	file, dirty (flag or D bits)    unmapped, written, then dropped
 *
 * All PTEs are taken away before it is looked at whether the page is dirty, so no store can be missed. While a page is
 * being written it stays in its cache: a fault finds it there and maps it again, and then it is not dropped. Victims to
 * be written are collected and written together, one mapping at a time, the swap cache being one.
 *
 * Nothing here allocates or takes a mutex. It may run in several tasks at once: a page under FRAME_WRITEBACK is left
 * alone.
 */
#include "guest/kernel/mm/reclaim.h"

#include "guest/kernel/core/time.h"
#include "guest/kernel/fs/vfs.h"
#include "guest/kernel/mm/pgtable.h"
#include "guest/kernel/mm/rmap.h"
#include "guest/kernel/mm/shmem.h"
#include "guest/kernel/mm/swap.h"
#include "guest/kernel/mm/writeback.h"
#include "guest/kernel/proc/sched.h"

#define CLUSTER 16         /* pages written together, at most PAGECACHE_BATCH */
#define FAILURES_MAX 32    /* victims in a row that could not go */
#define ROUNDS 4           /* tries of reclaim_frames to get anything */
#define FLOOR 32           /* this part of memory must be left to drop, or to swap, once swap is full */
#define SHRINK 64          /* unused names and inodes given up at a time */
#define WAIT_NS 20000000ul /* for another task's write-back */

struct vm_counts vm_counts;

/* Victims that are being written, in all tasks; who finds no victim waits for some of them. */
static unsigned writing;
static struct wait_queue written = { { &written.waiters, &written.waiters } };

/* Victims of one mapping, unmapped, to be written; a reference to each. */
struct batch {
	struct mapping *mapping;
	unsigned count;
	unsigned victims; /* the first so many are to be dropped; the others are neighbours, only cleaned */
	struct frame *frames[CLUSTER];
};

/* What the policies may not choose. */
static bool skip(const struct frame *frame)
{
	if (frame->flags & (FRAME_PINNED | FRAME_BUSY | FRAME_WRITEBACK))
		return true;
	if (frame->refs != frame->maps + (frame->mapping ? 1 : 0))
		return true;
	/* Without swap what has no place on a disk must stay. */
	if (frame->kind == FRAME_ANON)
		return !(frame->flags & FRAME_SWAPCACHE) && !swap_has_room();
	return frame->flags & FRAME_DIRTY && frame->mapping && frame->mapping->ops == &shmem_mapping_ops &&
	       !swap_has_room();
}

/* --- one victim --- */

static bool is_all_zero(const struct frame *frame)
{
	const u64 *words = frame_data(frame);

	for (u64 i = 0; i < PAGE_SIZE / sizeof(u64); i++) {
		if (words[i])
			return false;
	}
	return true;
}

/* Takes a frame that is clean, unmapped and held by its cache and us alone away from the cache. */
static void leave_cache(struct frame *frame)
{
	if (frame->flags & FRAME_SWAPCACHE)
		swap_drop(frame);
	else if (frame->mapping)
		pagecache_remove(frame);
}

/* The victim goes; drops the caller's reference. */
static void drop(struct frame *frame, bool was_written)
{
	struct pool *pool = frame->pool;

	if (frame->flags & FRAME_SWAPCACHE && !was_written)
		vm_counts.swap_clean_drops++;
	else if (frame->kind == FRAME_FILE && was_written)
		vm_counts.file_writes++;
	else if (frame->kind == FRAME_FILE)
		vm_counts.file_drops++;
	vm_counts.pgsteal++;
	if (pool) {
		pool->evictions++;
		pool->writes += was_written;
		pool_remove(frame);
	}
	leave_cache(frame);
	frame_put(frame);
}

/* Unmaps the frame everywhere, with a swap entry where it needs one. false: no slot. The caller has a reference. */
static bool unmap_victim(struct frame *frame)
{
	u64 entry = 0;

	if (frame->kind == FRAME_ANON && !(frame->flags & FRAME_SWAPCACHE)) {
		/* Asking the contents, too, costs little and forgives who forgot to mark a page dirty. */
		if (!rmap_is_dirty(frame) && is_all_zero(frame)) {
			rmap_unmap_all(frame, 0);
			return true;
		}
		if (!swap_add_to_cache(frame))
			return false;
	}
	if (frame->kind == FRAME_ANON)
		entry = pte_make_swap(frame->index);
	if (frame->maps)
		rmap_unmap_all(frame, entry);
	return true;
}

/* --- writing --- */

/* Whether a victim that was written can go now: nobody has taken it up again. */
static bool is_free_to_go(const struct frame *frame)
{
	return !frame->maps && frame->refs == 1u + (frame->mapping ? 1 : 0) &&
	       !(frame->flags & (FRAME_DIRTY | FRAME_BUSY | FRAME_WRITEBACK | FRAME_PINNED));
}

/* Writes the batch and drops its victims; returns how many frames came free. May sleep. */
static unsigned write_batch(struct batch *batch)
{
	unsigned freed = 0;
	unsigned count = batch->count;

	if (!count) /* and then it has no mapping */
		return 0;
	bool keep = batch->mapping == &swap_mapping || batch->mapping->ops == &shmem_mapping_ops;

	batch->count = 0;
	writing += count;
	/* An error is remembered in the mapping or the frame. */
	int error = writeback_run(batch->mapping, batch->frames, count, keep);

	writing -= count;
	for (unsigned i = 0; i < count; i++) {
		struct frame *frame = batch->frames[i];

		if (frame->flags & FRAME_SWAPCACHE)
			swap_frame_unmapped(frame); /* its processes may have ended meanwhile */
		if (i < batch->victims && is_free_to_go(frame)) {
			drop(frame, !error);
			freed++;
		} else {
			frame_put(frame);
		}
	}
	wake_all(&written);
	return freed;
}

/* Dirty pages that follow the victim in its file are written in the same request; they stay. */
static void add_neighbours(struct batch *batch, const struct frame *victim)
{
	for (u64 index = victim->index + 1; batch->count < CLUSTER; index++) {
		struct frame *frame = pagecache_find(batch->mapping, index);

		if (!frame)
			return;
		if (!(frame->flags & FRAME_DIRTY) || frame->flags & (FRAME_BUSY | FRAME_WRITEBACK)) {
			frame_put(frame);
			return;
		}
		(void)writeback_collect(frame);
		batch->frames[batch->count++] = frame;
	}
}

/* Puts an unmapped dirty victim (with the caller's reference) into the batch. Returns frames that came free by writing
 * a full one. May sleep. */
static unsigned queue_victim(struct batch *batch, struct frame *frame)
{
	unsigned freed = 0;
	bool is_file = frame->mapping != &swap_mapping && frame->mapping->ops != &shmem_mapping_ops;

	if (batch->count && batch->mapping != frame->mapping)
		freed += write_batch(batch);
	/* Writing the other mapping slept. */
	if (frame->flags & FRAME_WRITEBACK || !(frame->flags & FRAME_DIRTY) || !frame->mapping) {
		frame_put(frame);
		return freed;
	}
	batch->mapping = frame->mapping;
	batch->frames[batch->count++] = frame;
	batch->victims = batch->count;
	if (is_file)
		add_neighbours(batch, frame);
	if (is_file || batch->count == CLUSTER)
		freed += write_batch(batch);
	return freed;
}

/* --- pools --- */

/* Evicts one page of the pool; it may remain in the batch to be written. Adds what came free to *freed. false: there
 * was no victim. May sleep. */
static bool evict_one(struct pool *pool, struct batch *batch, u64 *freed)
{
	struct frame *frame = pool->policy->victim(pool, skip);

	if (!frame)
		return false;
	vm_counts.pgscan++;
	frame_get(frame);
	if (!unmap_victim(frame)) {
		pool_rotate(frame);
		frame_put(frame);
	} else if (frame->flags & FRAME_DIRTY) {
		pool_rotate(frame);
		*freed += queue_victim(batch, frame);
	} else {
		drop(frame, false);
		(*freed)++;
	}
	return true;
}

/* Waits until another task has written some victims. May sleep. */
static void wait_for_writers(void)
{
	sleep_on(&written, SLEEP, time_now_ns() + WAIT_NS);
}

static u64 evict_frames(u64 wanted)
{
	struct batch batch = { 0 };
	unsigned failures = 0;
	u64 freed = 0;

	while (freed + batch.count < wanted && failures < FAILURES_MAX) {
		u64 before = freed + batch.count;

		if (!evict_one(&global_pool, &batch, &freed))
			break;
		failures = freed + batch.count > before ? 0 : failures + 1;
	}
	return freed + write_batch(&batch);
}

/*
 * All swap is taken, few slots of it by pages that are in memory, too (those could be given to others), and next to no
 * file page is left: what could still be dropped are the pages of programs that run this moment, and each would be read
 * again at once. Then it is better to say that memory is out than to go on like that.
 */
static bool is_hopeless(void)
{
	struct swap_counts swap = swap_counts();
	struct frame_counts frames = frame_counts();

	return !swap.free && swap.cached < frames.total / FLOOR && frames.file < frames.total / FLOOR;
}

u64 reclaim_frames(u64 wanted)
{
	u64 freed = 0;

	if (is_hopeless())
		return 0;

	for (unsigned round = 0; round < ROUNDS && !freed; round++) {
		u64 free_before = frame_free_count();

		freed = evict_frames(wanted);
		if (freed >= wanted / 2)
			break;
		/* Names keep inodes, inodes keep nothing but slabs: a page may come free, or not. */
		dentry_shrink(SHRINK);
		inode_shrink(SHRINK);
		if (!freed && frame_free_count() > free_before)
			freed = frame_free_count() - free_before;
		if (!freed && writing)
			wait_for_writers();
	}
	return freed;
}

bool reclaim_pool(struct pool *pool)
{
	unsigned failures = 0;

	while (pool->count >= pool->limit && failures < FAILURES_MAX) {
		struct batch batch = { 0 };
		u64 freed = 0;

		/* One at a time, so that the order is the policy's alone. */
		if (!evict_one(pool, &batch, &freed))
			break;
		freed += write_batch(&batch);
		failures = freed ? 0 : failures + 1;
	}
	return pool->count < pool->limit;
}
