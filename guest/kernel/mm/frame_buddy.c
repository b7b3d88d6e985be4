/*
 * The buddy system: free blocks of 2^order adjoining frames, aligned to their size, one list for each order. A block is
 * split in halves until it has the size that is wanted, and two free halves become one again. (Knuth, TAOCP volume
 * 1, 2.5.)
 *
 * Whether a frame's buddy is free shows in the frame itself: kind FRAME_FREE, and order the block's. Free frames that
 * are not in here (frame.c keeps some at hand) have an order that no block has.
 */
#include "guest/kernel/mm/frame_internal.h"

static struct list blocks[FRAME_ORDERS];
static u64 block_counts[FRAME_ORDERS];

void buddy_init(void)
{
	for (unsigned i = 0; i < FRAME_ORDERS; i++)
		list_init(&blocks[i]);
}

static void add(struct frame *frame, unsigned order)
{
	frame->order = (u8)order;
	list_add_first(&blocks[order], &frame->list);
	block_counts[order]++;
}

static void drop(struct frame *frame)
{
	block_counts[frame->order]--;
	list_remove(&frame->list);
}

struct frame *buddy_take(unsigned order)
{
	unsigned have = order;
	while (have < FRAME_ORDERS && list_is_empty(&blocks[have]))
		have++;
	if (have >= FRAME_ORDERS)
		return NULL;
	struct frame *frame = LIST_ENTRY(blocks[have].next, struct frame, list);
	drop(frame);
	while (have > order) {
		have--;
		add(frame + (1ul << have), have); /* the upper half stays */
	}
	return frame;
}

void buddy_give(struct frame *frame, unsigned order)
{
	u64 number = frame_number(frame);
	for (; order < FRAME_ORDERS - 1; order++) {
		struct frame *buddy = frame_of_pa((number ^ 1ul << order) << PAGE_SHIFT);
		if (!buddy || buddy->kind != FRAME_FREE || buddy->order != order || buddy->list.next == NULL)
			break;
		drop(buddy);
		if (buddy < frame)
			frame = buddy;
		number &= ~(1ul << order);
	}
	add(frame, order);
}

void buddy_counts(u64 counts[FRAME_ORDERS])
{
	memcpy(counts, block_counts, sizeof(block_counts));
}
