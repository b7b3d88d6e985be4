/*
 * Handing out frames: see frame.h. Single frames go through a short list of "hot" ones, which are neither split nor
 * joined; the buddy system (frame_buddy.c) has the others.
 *
 * Two watermarks. Below `low`, an allocation first reclaims memory. Below `min`, only tasks that are about to end may
 * have any, because ending needs a little memory and gives back much.
 */
#include "guest/kernel/core/hint.h"
#include "guest/kernel/mm/frame_internal.h"
#include "guest/kernel/mm/reclaim.h"
#include "guest/kernel/proc/task.h"

#define NOT_A_BLOCK 0xff /* order of hot frames and of those inside a block */
#define HOT_REFILL_ORDER 4
#define HOT_MAX 128
#define RECLAIM_BATCH 32
#define RESERVE_MIN 32
#define RESERVE_LOW_LEAST 96
#define RESERVE_LOW_MOST 1024
#define TRIES_MAX 64
#define WAIT_QUEUES 16 /* a power of two */

struct frame_table frame_table;

static const u8 hint_uses[] = {
	[FRAME_FREE] = HINT_FREE,   [FRAME_RESERVED] = HINT_KERNEL, [FRAME_KERNEL] = HINT_KERNEL,
	[FRAME_SLAB] = HINT_KERNEL, [FRAME_TABLE] = HINT_TABLE,     [FRAME_ANON] = HINT_ANON,
	[FRAME_FILE] = HINT_FILE
};

static struct {
	u64 total;       /* frames that were ever given */
	u64 free;        /* hot ones and the buddy system's */
	u64 low;         /* watermark */
	struct list hot; /* newest first */
	u64 hot_count;
	u64 of_kind[FRAME_FILE + 1];
	struct wait_queue waiting[WAIT_QUEUES]; /* for frames to become ready, by address */
} memory;

/* --- the table --- */

void frame_set_table(struct frame *table, u64 first, u64 count)
{
	frame_table = (struct frame_table){ .frames = table, .first = first, .count = count };
	list_init(&memory.hot);
	buddy_init();
	for (unsigned i = 0; i < WAIT_QUEUES; i++)
		wait_queue_init(&memory.waiting[i]);
}

void frame_give(u64 first, u64 end)
{
	memory.total += end - first;
	memory.free += end - first;
	hint_frames(first, HINT_FREE, end - first, 0);
	while (first < end) {
		unsigned order = FRAME_ORDERS - 1;
		while ((first & ((1ul << order) - 1)) != 0 || first + (1ul << order) > end)
			order--;
		buddy_give(&frame_table.frames[first - frame_table.first], order);
		first += 1ul << order;
	}
}

void frame_reserve(u64 first, u64 end)
{
	hint_frames(first, HINT_KERNEL, end - first, 0);
	for (struct frame *frame = &frame_table.frames[first - frame_table.first]; first < end; frame++, first++) {
		frame->kind = FRAME_RESERVED;
		frame->refs = 1;
		list_init(&frame->list);
	}
}

void frame_finish(void)
{
	u64 low = memory.total / 64;
	memory.low = MAX(RESERVE_LOW_LEAST, MIN(low, RESERVE_LOW_MOST));
}

struct frame_counts frame_counts(void)
{
	return (struct frame_counts){
		.total = memory.total,
		.free = memory.free,
		.kernel = memory.of_kind[FRAME_KERNEL],
		.slab = memory.of_kind[FRAME_SLAB],
		.table = memory.of_kind[FRAME_TABLE],
		.anon = memory.of_kind[FRAME_ANON],
		.file = memory.of_kind[FRAME_FILE],
	};
}

u64 frame_free_count(void)
{
	return memory.free;
}

void frame_buddy_counts(u64 counts[FRAME_ORDERS])
{
	buddy_counts(counts);
	counts[0] += memory.hot_count;
}

/* --- free frames --- */

static void hot_add(struct frame *frame)
{
	frame->order = NOT_A_BLOCK;
	list_add_first(&memory.hot, &frame->list);
	memory.hot_count++;
}

/* Gives hot frames to the buddy system until `left` remain: those that have been there longest. */
static void hot_drain(u64 left)
{
	while (memory.hot_count > left) {
		struct frame *frame = LIST_ENTRY(memory.hot.prev, struct frame, list);
		list_remove(&frame->list);
		memory.hot_count--;
		buddy_give(frame, 0);
	}
}

static void hot_refill(void)
{
	for (unsigned order = HOT_REFILL_ORDER + 1; order-- > 0;) {
		struct frame *block = buddy_take(order);
		if (!block)
			continue;
		for (u64 i = 1ul << order; i-- > 0;)
			hot_add(&block[i]);
		return;
	}
}

static struct frame *hot_take(void)
{
	if (unlikely(memory.hot_count == 0)) {
		hot_refill();
		if (memory.hot_count == 0)
			return NULL;
	}
	struct frame *frame = LIST_ENTRY(memory.hot.next, struct frame, list);
	memory.hot.next = frame->list.next;
	frame->list.next->prev = &memory.hot;
	memory.hot_count--;
	return frame;
}

static struct frame *take(unsigned order)
{
	if (likely(order == 0))
		return hot_take();
	struct frame *frame = buddy_take(order);
	if (!frame && memory.hot_count > 0) {
		hot_drain(0);
		frame = buddy_take(order);
	}
	return frame;
}

/* Takes a block if that leaves `reserve` frames. */
static struct frame *take_above(unsigned order, u64 reserve)
{
	return memory.free >= reserve + (1ul << order) ? take(order) : NULL;
}

/* --- allocation --- */

bool allocation_must_fail(void)
{
	struct task *task = current_task;
	if (likely(task->fail_nth == 0))
		return false;
	return --task->fail_nth == 0;
}

/* A task that is about to end may take the last frames. */
static bool is_ending(const struct task *task)
{
	const struct process *process = task->process;
	if (!process)
		return false;
	return task->exiting || signal_is_fatal(task) || (process->mm && process->mm->oom_killed);
}

/* Free frames are low: reclaims, kills if it must. NULL: all was in vain. */
static struct frame *take_slowly(unsigned order, unsigned flags)
{
	struct task *task = current_task;
	u64 reserve = flags & ALLOC_RESERVE ? 0 : RESERVE_MIN;
	struct frame *frame;
	if (flags & ALLOC_NOWAIT)
		return take_above(order, reserve);
	for (unsigned tries = 0; tries < TRIES_MAX; tries++) {
		u64 reclaimed = memory.free < memory.low + (1ul << order) || tries > 0
		                        ? reclaim_frames(RECLAIM_BATCH + (1ul << order))
		                        : RECLAIM_BATCH;
		if (is_ending(task))
			reserve = 0;
		frame = take_above(order, reserve);
		if (frame)
			return frame;
		if (reclaimed > 0)
			continue;
		/* Enough is free, but not in one piece: killing does not help. */
		if (order > 0 && memory.free > memory.low)
			return NULL;
		if (reserve == 0 || !out_of_memory())
			return NULL;
	}
	return NULL;
}

static void prepare(struct frame *frame, enum frame_kind kind, unsigned order)
{
	u64 index = (u64)(frame - frame_table.frames);
	for (u64 i = 0; i < 1ul << order; i++) {
		struct frame *part = &frame_table.frames[index + i];
		*part = (struct frame){ .kind = (u8)kind, .order = NOT_A_BLOCK };
		list_init(&part->list);
		list_init(&part->mapping_link);
	}
	frame->refs = 1;
	frame->order = (u8)order;
	memory.of_kind[kind] += 1ul << order;
	memory.free -= 1ul << order;
	vm_counts.pgalloc += 1ul << order;
	hint_frames(frame_table.first + index, hint_uses[kind], 1ul << order, 0);
}

struct frame *frame_alloc_unfailing(enum frame_kind kind, unsigned order, unsigned flags)
{
	struct frame *frame = NULL;
	if (order >= FRAME_ORDERS)
		return NULL;
	if (likely(memory.free >= memory.low + (1ul << order)))
		frame = take(order);
	if (unlikely(!frame)) {
		frame = take_slowly(order, flags);
		if (!frame)
			return NULL;
	}
	prepare(frame, kind, order);
	if (flags & ALLOC_ZERO)
		for (u64 i = 0; i < 1ul << order; i++)
			page_zero((u8 *)frame_data(frame) + i * PAGE_SIZE);
	return frame;
}

struct frame *frame_alloc_order(enum frame_kind kind, unsigned order, unsigned flags)
{
	if (unlikely(allocation_must_fail()))
		return NULL;
	return frame_alloc_unfailing(kind, order, flags);
}

struct frame *frame_alloc(enum frame_kind kind, unsigned flags)
{
	return frame_alloc_order(kind, 0, flags);
}

void frame_get(struct frame *frame)
{
	BUG_ON(frame->refs == 0);
	frame->refs++;
}

static void give_back(struct frame *frame)
{
	unsigned order = frame->order;
	BUG_ON(frame->maps != 0 || frame->mapping != NULL || order >= FRAME_ORDERS);
	if (frame->pool)
		pool_remove(frame);
	memory.of_kind[frame->kind] -= 1ul << order;
	memory.free += 1ul << order;
	vm_counts.pgfree += 1ul << order;
	hint_frames(frame_number(frame), HINT_FREE, 1ul << order, 0);
	if (likely(order == 0)) {
		frame->kind = FRAME_FREE;
		hot_add(frame);
		if (unlikely(memory.hot_count > HOT_MAX))
			hot_drain(HOT_MAX / 2);
		return;
	}
	for (u64 i = 0; i < 1ul << order; i++)
		frame[i].kind = FRAME_FREE;
	buddy_give(frame, order);
}

void frame_put(struct frame *frame)
{
	BUG_ON(frame->refs == 0);
	if (--frame->refs == 0)
		give_back(frame);
}

/* --- waiting --- */

static struct wait_queue *queue_of(const struct frame *frame)
{
	return &memory.waiting[frame_number(frame) % WAIT_QUEUES];
}

void frame_wait(struct frame *frame, u16 flag)
{
	while (frame->flags & flag)
		sleep_on(queue_of(frame), SLEEP, FOREVER);
}

void frame_clear_and_wake(struct frame *frame, u16 flag)
{
	frame->flags &= (u16)~flag;
	wake_all(queue_of(frame));
}
