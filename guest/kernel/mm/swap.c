/*
 * Slots and the swap cache. What is here happens at page faults, at reclaim and when processes end; switching swap on
 * and off is swap_area.c. See swap.h for what must always hold between a slot and its frame.
 *
 * Slots are given in ascending order from where the last one was given (next fit), so that pages that leave together
 * lie together on the disk: they are written in one request, and read ahead together.
 */
#include "guest/kernel/mm/swap_area.h"

#include "guest/kernel/core/hint.h"
#include "guest/kernel/dev/disk.h"
#include "guest/kernel/mm/policy.h"
#include "guest/kernel/mm/reclaim.h"
#include "guest/kernel/mm/rmap.h"

#define AHEAD_SLOTS 8    /* aligned group that is read together, as Linux's page-cluster 3 */
#define RELEASE_LOOKS 64 /* frames looked at for one that need not keep its slot */

static int swap_mapping_write(struct mapping *mapping, struct frame **frames, unsigned n);

static const struct mapping_ops swap_mapping_ops = { .write = swap_mapping_write };

struct swap_area swap_area;
struct mapping swap_mapping = {
	.ops = &swap_mapping_ops,
	.frames = { &swap_mapping.frames, &swap_mapping.frames },
	.dirty_link = { &swap_mapping.dirty_link, &swap_mapping.dirty_link },
};

/* --- slots --- */

bool swap_has_room(void)
{
	return swap_area.disk && !swap_area.is_closing && (swap_area.free || swap_mapping.count);
}

u32 swap_count(u64 slot)
{
	BUG_ON(slot >= swap_area.slots);
	return swap_area.counts[slot];
}

static void put_slot(u64 slot)
{
	BUG_ON(slot >= swap_area.slots || !swap_area.counts[slot] || swap_area.counts[slot] == SLOT_BAD);
	if (--swap_area.counts[slot])
		return;
	/* In an almost full area the search would go all the way round for it. */
	if (swap_area.free++ < AHEAD_SLOTS)
		swap_area.next = slot;
}

void swap_get(u64 slot)
{
	BUG_ON(slot >= swap_area.slots || !swap_area.counts[slot] || swap_area.counts[slot] >= SLOT_BAD - 1);
	swap_area.counts[slot]++;
}

void swap_put(u64 slot)
{
	put_slot(slot);
	if (swap_area.counts[slot] != 1)
		return;
	/* The last holder may be the swap cache, of a frame that nobody asks for any more. */
	struct frame *frame = pagecache_find(&swap_mapping, slot);

	if (frame) {
		swap_frame_unmapped(frame);
		frame_put(frame);
	}
}

/* Frames in memory that nobody else knows by their slot can do without it. Dirty ones lose nothing: their slot is
 * stale. */
static bool release_slot(bool dirty_only)
{
	u64 left = MIN(swap_mapping.count, RELEASE_LOOKS);

	while (left--) {
		struct frame *frame = LIST_ENTRY(swap_mapping.frames.next, struct frame, mapping_link);

		list_remove(&frame->mapping_link);
		list_add_last(&swap_mapping.frames, &frame->mapping_link);
		if (!frame->maps || swap_count(frame->index) != 1 || frame->flags & (FRAME_BUSY | FRAME_WRITEBACK))
			continue;
		if (dirty_only && !rmap_is_dirty(frame))
			continue;
		swap_remove_from_cache(frame);
		return true;
	}
	return false;
}

u64 swap_alloc(void)
{
	if (!swap_area.disk || swap_area.is_closing)
		return 0;
	if (!swap_area.free && !release_slot(true) && !release_slot(false))
		return 0;
	u64 slot = swap_area.next;

	while (slot >= swap_area.slots || swap_area.counts[slot])
		slot = slot >= swap_area.slots ? 1 : slot + 1;
	swap_area.counts[slot] = 1;
	swap_area.free--;
	swap_area.next = slot + 1;
	return slot;
}

/* --- the swap cache --- */

static void enter_cache(struct frame *frame, u64 slot)
{
	pagecache_add(&swap_mapping, slot, frame);
	frame->flags |= FRAME_SWAPCACHE;
}

static void leave_cache(struct frame *frame)
{
	u64 slot = frame->index;

	frame->flags &= ~FRAME_SWAPCACHE;
	hint_frames(frame_number(frame), HINT_ANON, 1, 0);
	pagecache_remove(frame);
	put_slot(slot);
}

bool swap_add_to_cache(struct frame *frame)
{
	u64 slot = swap_alloc();

	if (!slot)
		return false;
	enter_cache(frame, slot);
	frame->flags |= FRAME_DIRTY | FRAME_UPTODATE; /* nothing is in the slot yet */
	return true;
}

void swap_remove_from_cache(struct frame *frame)
{
	if (!(frame->flags & FRAME_SWAPCACHE) || frame->flags & (FRAME_BUSY | FRAME_WRITEBACK))
		return;
	frame->flags |= FRAME_DIRTY;
	leave_cache(frame);
}

void swap_frame_unmapped(struct frame *frame)
{
	if (!frame->maps && frame->flags & FRAME_SWAPCACHE && swap_area.counts[frame->index] == 1)
		swap_remove_from_cache(frame);
}

void swap_drop(struct frame *frame)
{
	leave_cache(frame);
}

/* --- reading and writing --- */

int swap_transfer(bool write, struct frame **frames, const u64 *slots, unsigned n)
{
	if (write) {
		vm_counts.pswpout += n;
		vm_counts.pgpgout += n * (PAGE_SIZE / 1024);
	} else {
		vm_counts.pswpin += n;
		vm_counts.pgpgin += n * (PAGE_SIZE / 1024);
	}
	for (unsigned i = 0; i < n; i++)
		hint_swap(write, frame_number(frames[i]), slots[i]);
	return disk_transfer(swap_area.disk, write, frames, slots, n);
}

static int swap_mapping_write(struct mapping *mapping, struct frame **frames, unsigned n)
{
	u64 slots[PAGECACHE_BATCH];

	(void)mapping;
	for (unsigned i = 0; i < n; i++)
		slots[i] = frames[i]->index;
	return swap_transfer(true, frames, slots, n);
}

/* Whether reading ahead would not cost others their frames. */
static bool is_memory_free(void)
{
	return frame_free_count() > frame_table.count / 64 + 2 * AHEAD_SLOTS;
}

static bool is_worth_reading(u64 slot)
{
	if (slot >= swap_area.slots || !swap_area.counts[slot] || swap_area.counts[slot] == SLOT_BAD)
		return false;
	struct frame *frame = pagecache_find(&swap_mapping, slot);

	if (frame)
		frame_put(frame);
	return !frame;
}

/* A BUSY frame for the slot, in the swap cache. NULL: out of memory, or the slot is cached meanwhile. */
static struct frame *start_read(u64 slot, unsigned flags)
{
	struct frame *frame = frame_alloc(FRAME_ANON, flags);

	if (!frame)
		return NULL;
	if (!is_worth_reading(slot)) {
		frame_put(frame);
		return NULL;
	}
	swap_get(slot);
	frame->flags |= FRAME_BUSY;
	enter_cache(frame, slot);
	return frame;
}

/* The frames of the slot's group that are worth reading, the slot's own (already started) among them; in ascending
 * order. */
static unsigned start_group(u64 slot, struct frame *own, struct frame **frames)
{
	u64 first = ROUND_DOWN(slot, AHEAD_SLOTS);
	unsigned n = 0;

	for (u64 at = first; at < first + AHEAD_SLOTS; at++) {
		struct frame *frame = own;

		if (at != slot)
			frame = at && is_memory_free() && is_worth_reading(at) ? start_read(at, ALLOC_NOWAIT) : NULL;
		if (frame)
			frames[n++] = frame;
	}
	return n;
}

static int read_started(struct frame **frames, unsigned n, const struct frame *own)
{
	u64 slots[AHEAD_SLOTS];

	for (unsigned i = 0; i < n; i++)
		slots[i] = frames[i]->index;
	int error = swap_transfer(false, frames, slots, n);

	for (unsigned i = 0; i < n; i++) {
		struct frame *frame = frames[i];

		if (!error)
			frame->flags |= FRAME_UPTODATE;
		else
			leave_cache(frame);
		frame_clear_and_wake(frame, FRAME_BUSY);
		if (error)
			continue;
		pool_add(&global_pool, frame);
		if (frame != own) {
			/* The process that wanted it may have ended while we read. */
			swap_frame_unmapped(frame);
			frame_put(frame);
		}
	}
	for (unsigned i = 0; error && i < n; i++)
		frame_put(frames[i]);
	return error;
}

int swap_read(u64 slot, bool ahead, struct frame **frame, bool *was_read)
{
	struct frame *frames[AHEAD_SLOTS];

	/* A page table is the kernel's own: it has no slots that are not there. */
	BUG_ON(slot == 0 || slot >= swap_area.slots);
	for (;;) {
		struct frame *found = pagecache_find(&swap_mapping, slot);

		if (found && found->flags & FRAME_UPTODATE) {
			*frame = found;
			return 0;
		}
		if (found) {
			frame_wait(found, FRAME_BUSY);
			frame_put(found);
			continue;
		}
		found = start_read(slot, 0);
		if (!found && is_worth_reading(slot))
			return -ENOMEM;
		if (!found)
			continue;
		frames[0] = found;
		int error = read_started(frames, ahead ? start_group(slot, found, frames) : 1, found);

		/* A bad block among the neighbours must not spoil this one. */
		if (error && ahead) {
			ahead = false;
			continue;
		}
		*was_read = true;
		*frame = found;
		return error;
	}
}

struct swap_counts swap_counts(void)
{
	return (struct swap_counts){ swap_area.usable, swap_area.free, swap_mapping.count };
}
