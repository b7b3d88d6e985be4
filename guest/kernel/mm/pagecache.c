/*
 * The page cache: the hash table of (mapping, index), bringing pages in, and dropping them. Reading and writing files
 * by it is pagecache_io.c; writing pages back to the disk is writeback.c.
 *
 * A page that is being read in is in the table already, FRAME_BUSY: who finds it waits. So no page is ever read twice,
 * and truncation (which waits for BUSY pages, too) and reading need no lock against each other: ops->read looks at the
 * file's size after the page is in the table, truncation makes the file shorter before it looks for pages.
 */
#include "guest/kernel/mm/pagecache.h"

#include "guest/abi/stat.h"
#include "guest/kernel/core/hint.h"
#include "guest/kernel/core/time.h"
#include "guest/kernel/fs/vfs.h"
#include "guest/kernel/mm/policy.h"
#include "guest/kernel/mm/reclaim.h"
#include "guest/kernel/mm/rmap.h"
#include "guest/kernel/mm/shmem.h"
#include "guest/kernel/mm/swap.h"
#include "guest/kernel/mm/writeback.h"

#define FRAMES_PER_BUCKET 2

static struct frame **buckets;
static unsigned bucket_shift; /* there are 2^(64 - bucket_shift) buckets */

/* As many as memory can ever need: the table does not grow. */
void pagecache_init(void)
{
	unsigned order = 0;

	while (order < FRAME_ORDERS - 1 &&
	       (PAGE_SIZE << order) / sizeof(struct frame *) * FRAMES_PER_BUCKET < frame_table.count)
		order++;
	struct frame *memory = frame_alloc_order(FRAME_KERNEL, order, ALLOC_NOWAIT);

	BUG_ON(!memory);
	buckets = frame_data(memory);
	memset(buckets, 0, PAGE_SIZE << order);
	bucket_shift = 64 - (PAGE_SHIFT - 3 + order);
}

void mapping_init(struct mapping *mapping, const struct mapping_ops *ops, struct inode *inode)
{
	memset(mapping, 0, sizeof(*mapping));
	mapping->ops = ops;
	mapping->inode = inode;
	list_init(&mapping->frames);
	list_init(&mapping->dirty_link);
}

/* --- the hash table --- */

static inline struct frame **bucket_of(const struct mapping *mapping, u64 index)
{
	return &buckets[(((u64)mapping >> 4) + index) * 0x9e3779b97f4a7c15ul >> bucket_shift];
}

struct frame *pagecache_find(struct mapping *mapping, u64 index)
{
	for (struct frame *frame = *bucket_of(mapping, index); frame; frame = frame->hash_next) {
		if (frame->index == index && frame->mapping == mapping) {
			frame_get(frame);
			return frame;
		}
	}
	return NULL;
}

static bool is_cached(struct mapping *mapping, u64 index)
{
	for (struct frame *frame = *bucket_of(mapping, index); frame; frame = frame->hash_next) {
		if (frame->index == index && frame->mapping == mapping)
			return true;
	}
	return false;
}

/* What a frame in the mapping is used for. */
static enum hint_use hint_use_of(const struct mapping *mapping)
{
	if (mapping == &swap_mapping)
		return HINT_SWAP;
	return mapping->ops == &shmem_mapping_ops ? HINT_SHARED : HINT_FILE;
}

void pagecache_add(struct mapping *mapping, u64 index, struct frame *frame)
{
	struct frame **bucket = bucket_of(mapping, index);

	BUG_ON(frame->mapping);
	frame_get(frame);
	frame->mapping = mapping;
	frame->index = index;
	frame->hash_next = *bucket;
	*bucket = frame;
	list_add_last(&mapping->frames, &frame->mapping_link);
	mapping->count++;
	hint_frames(frame_number(frame), hint_use_of(mapping), 1, index);
	if (frame->kind == FRAME_FILE)
		pool_add(&global_pool, frame);
}

void pagecache_remove(struct frame *frame)
{
	struct frame **link = bucket_of(frame->mapping, frame->index);

	while (*link != frame)
		link = &(*link)->hash_next;
	*link = frame->hash_next;
	frame->hash_next = NULL;
	list_remove(&frame->mapping_link);
	/* A mapping without pages is in no list: its inode may go at any time. */
	if (--frame->mapping->count == 0)
		list_remove(&frame->mapping->dirty_link);
	frame->mapping = NULL;
	if (frame->kind == FRAME_FILE) {
		writeback_clear_dirty(frame);
		frame->flags &= ~FRAME_WRITABLE;
		pool_remove(frame);
	}
	frame_put(frame);
}

/* --- bringing pages in --- */

/* Makes up to `count` BUSY pages from `index` on that are not cached yet. Only the first may wait for memory; the
 * others are taken from what is free. Returns how many; 0: out of memory, or (after sleeping) the first is cached now.
 */
static unsigned start_pages(struct mapping *mapping, u64 index, unsigned count, struct frame **frames)
{
	unsigned n = 0;

	while (n < count) {
		struct frame *frame = frame_alloc(FRAME_FILE, n ? ALLOC_NOWAIT : 0);

		if (!frame)
			break;
		if (is_cached(mapping, index + n)) {
			frame_put(frame);
			break;
		}
		frame->flags |= FRAME_BUSY;
		frame->block = 0;
		pagecache_add(mapping, index + n, frame);
		frames[n++] = frame;
	}
	return n;
}

/* The data has come, or could not. Pages that could not be read leave the cache; who waits for them sees that and tries
 * itself. */
static void finish_pages(struct frame **frames, unsigned n, int error)
{
	for (unsigned i = 0; i < n; i++) {
		if (error) {
			frames[i]->flags |= FRAME_ERROR;
			pagecache_remove(frames[i]);
		} else {
			frames[i]->flags |= FRAME_UPTODATE;
		}
		frame_clear_and_wake(frames[i], FRAME_BUSY);
	}
}

int pagecache_read_pages(struct mapping *mapping, u64 index, unsigned count, struct frame **first, bool *was_read)
{
	struct frame *frames[PAGECACHE_BATCH];

	for (;;) {
		unsigned n = start_pages(mapping, index, MIN(count, PAGECACHE_BATCH), frames);

		if (!n)
			return is_cached(mapping, index) ? -EAGAIN : -ENOMEM;
		int error = mapping->ops->read(mapping, frames, n);

		if (!error && frames[0]->block)
			*was_read = true;
		finish_pages(frames, n, error);
		for (unsigned i = 1; i < n; i++)
			frame_put(frames[i]);
		if (!error) {
			*first = frames[0];
			return 0;
		}
		frame_put(frames[0]);
		if (n == 1)
			return error;
		count = 1; /* a bad block among those ahead must not spoil this one */
	}
}

/* How many pages from the index on the file has, at most `count`, at least 1. */
static unsigned pages_until_end(const struct mapping *mapping, u64 index, unsigned count)
{
	u64 pages = (mapping->inode->size + PAGE_MASK) >> PAGE_SHIFT;

	return index + count <= pages ? count : index + 1 >= pages ? 1 : (unsigned)(pages - index);
}

int pagecache_get(struct mapping *mapping, u64 index, unsigned ahead, struct frame **frame, bool *was_read)
{
	bool ignored;

	if (!was_read)
		was_read = &ignored;
	for (;;) {
		struct frame *found = pagecache_find(mapping, index);

		if (!found) {
			int error = pagecache_read_pages(mapping, index, pages_until_end(mapping, index, 1 + ahead),
			                                 frame, was_read);

			if (error == -EAGAIN)
				continue;
			return error;
		}
		if (likely(found->flags & FRAME_UPTODATE)) {
			*frame = found;
			return 0;
		}
		frame_wait(found, FRAME_BUSY);
		/* Still there and whole, or gone because it could not be read or was truncated: then again. */
		frame_put(found);
	}
}

int pagecache_get_for_overwrite(struct mapping *mapping, u64 index, struct frame **frame)
{
	for (;;) {
		struct frame *found = pagecache_find(mapping, index);

		if (found) {
			frame_wait(found, FRAME_BUSY);
			if (found->mapping == mapping) {
				*frame = found;
				return 0;
			}
			frame_put(found);
			continue;
		}
		found = frame_alloc(FRAME_FILE, 0);
		if (!found)
			return -ENOMEM;
		if (is_cached(mapping, index)) {
			frame_put(found);
			continue;
		}
		found->block = 0;
		pagecache_add(mapping, index, found);
		*frame = found;
		return 0;
	}
}

/* --- dropping pages --- */

void pagecache_discard(struct frame *frame)
{
	if (!frame->mapping)
		return;
	if (frame->maps)
		rmap_unmap_all(frame, 0);
	pagecache_remove(frame);
}

/* Waits until nobody reads or writes the page. May sleep. */
static void wait_for_io(struct frame *frame)
{
	frame_get(frame);
	frame_wait(frame, FRAME_BUSY);
	frame_wait(frame, FRAME_WRITEBACK);
	frame_put(frame);
}

void pagecache_forget(struct mapping *mapping, u64 index)
{
	struct frame *frame = pagecache_find(mapping, index);

	if (!frame)
		return;
	frame_wait(frame, FRAME_BUSY);
	frame_wait(frame, FRAME_WRITEBACK);
	if (frame->mapping == mapping)
		pagecache_discard(frame);
	frame_put(frame);
}

int pagecache_zero_tail(struct mapping *mapping, u64 size)
{
	struct frame *frame;
	int error;

	if (!(size & PAGE_MASK))
		return 0;
	error = pagecache_get(mapping, size >> PAGE_SHIFT, 0, &frame, NULL);
	if (error)
		return error;
	/* A hole is all zeros already, and shall stay one. */
	if (frame->block || rmap_is_dirty(frame)) {
		memset((u8 *)frame_data(frame) + (size & PAGE_MASK), 0, PAGE_SIZE - (size & PAGE_MASK));
		pagecache_mark_dirty(frame);
	}
	frame_put(frame);
	return 0;
}

/* Drops the pages from `first` on that can be dropped at once; one that cannot is returned, or NULL: none left. */
static struct frame *drop_from(struct mapping *mapping, u64 first)
{
	LIST_FOR_EACH_SAFE(node, following, &mapping->frames) {
		struct frame *frame = LIST_ENTRY(node, struct frame, mapping_link);

		if (frame->index < first)
			continue;
		if (frame->flags & (FRAME_BUSY | FRAME_WRITEBACK))
			return frame;
		pagecache_discard(frame);
	}
	return NULL;
}

void pagecache_truncate(struct mapping *mapping, u64 size)
{
	u64 first = (size + PAGE_MASK) >> PAGE_SHIFT;
	struct frame *frame;

	/* A file's end that cannot be read has an error to report already; ext2 asks beforehand. */
	if (size && pagecache_zero_tail(mapping, size) == -EIO)
		mapping->error = -EIO;
	while ((frame = drop_from(mapping, first)))
		wait_for_io(frame);
}

void pagecache_drop_clean(void)
{
	LIST_FOR_EACH_SAFE(node, following, &global_pool.frames) {
		struct frame *frame = LIST_ENTRY(node, struct frame, list);

		if (frame->kind != FRAME_FILE || frame->refs != 1 || !frame->mapping)
			continue;
		if (frame->flags & (FRAME_BUSY | FRAME_WRITEBACK | FRAME_DIRTY | FRAME_PINNED))
			continue;
		pagecache_remove(frame);
	}
}
