/*
 * Write-back: dirty pages of files go to their blocks, at sync(2) and fsync(2), when they have been dirty for long,
 * when a writer makes them faster than the disk takes them, and when reclaim.c wants their frames.
 *
 * Mappings with dirty pages are in one list. Which pages are dirty is known in two places: FRAME_DIRTY, and the D bits
 * of writable shared PTEs, which no fault announces after the first. So a mapping stays in the list as long as one of
 * its pages is FRAME_WRITABLE and mapped.
 */
#include "guest/kernel/mm/writeback.h"

#include "guest/abi/stat.h"
#include "guest/kernel/core/time.h"
#include "guest/kernel/fs/vfs.h"
#include "guest/kernel/mm/reclaim.h"
#include "guest/kernel/mm/rmap.h"
#include "guest/kernel/mm/shmem.h"
#include "guest/kernel/proc/sched.h"

#define WRITEBACK_PERIOD_NS (5 * NS_PER_S)

static struct list dirty_mappings = { &dirty_mappings, &dirty_mappings };
static u64 dirty_frames;

u64 pagecache_dirty_count(void)
{
	return dirty_frames;
}

/* --- marking --- */

static void list_mapping(struct mapping *mapping)
{
	if (list_is_empty(&mapping->dirty_link)) {
		mapping->dirty_since_ns = time_now_ns();
		list_add_last(&dirty_mappings, &mapping->dirty_link);
	}
}

static void count_dirty(struct frame *frame)
{
	if (!(frame->flags & FRAME_COUNTED)) {
		frame->flags |= FRAME_COUNTED;
		dirty_frames++;
	}
}

void pagecache_mark_dirty(struct frame *frame)
{
	frame->flags = (frame->flags | FRAME_DIRTY) & ~FRAME_CODE_CLEAN;
	/* Shared anonymous memory has no file that should ever become like it. */
	if (frame->kind != FRAME_FILE || !frame->mapping || frame->mapping->ops == &shmem_mapping_ops)
		return;
	count_dirty(frame);
	list_mapping(frame->mapping);
}

void pagecache_mark_writable(struct frame *frame)
{
	frame->flags |= FRAME_WRITABLE;
	list_mapping(frame->mapping);
}

void writeback_clear_dirty(struct frame *frame)
{
	frame->flags &= ~FRAME_DIRTY;
	if (frame->flags & FRAME_COUNTED) {
		frame->flags &= ~FRAME_COUNTED;
		dirty_frames--;
	}
}

bool writeback_collect(struct frame *frame)
{
	if (frame->maps && frame->flags & FRAME_WRITABLE)
		rmap_collect_dirty(frame);
	if (!(frame->flags & FRAME_DIRTY))
		return false;
	count_dirty(frame);
	return true;
}

/* --- writing --- */

int writeback_run(struct mapping *mapping, struct frame **frames, unsigned n, bool keep)
{
	int error;

	for (unsigned i = 0; i < n; i++) {
		writeback_clear_dirty(frames[i]);
		frames[i]->flags |= FRAME_WRITEBACK;
	}
	error = mapping->ops->write(mapping, frames, n);
	if (error && !keep)
		mapping->error = error;
	for (unsigned i = 0; i < n; i++) {
		if (error) {
			frames[i]->flags |= FRAME_ERROR;
			if (keep)
				pagecache_mark_dirty(frames[i]);
		} else {
			frames[i]->flags &= ~FRAME_ERROR;
		}
		frame_clear_and_wake(frames[i], FRAME_WRITEBACK);
	}
	return error;
}

/* Frames to be written together, with a reference each. */
struct sync_batch {
	struct mapping *mapping;
	struct frame *frames[PAGECACHE_BATCH];
	unsigned count;
	int error; /* the first */
};

/* Writes what has been collected. The last frame keeps its reference: it is the place in the list where the walk goes
 * on. May sleep. */
static void batch_write(struct sync_batch *batch)
{
	int error;

	if (!batch->count)
		return;
	error = writeback_run(batch->mapping, batch->frames, batch->count, false);
	if (error && !batch->error)
		batch->error = error;
	for (unsigned i = 0; i < batch->count; i++)
		frame_put(batch->frames[i]);
	batch->count = 0;
}

/* Looks at one page of the walk. Returns false if the page left the mapping while it slept: begin again. May sleep. */
static bool sync_frame(struct sync_batch *batch, struct frame *frame)
{
	if (frame->flags & FRAME_WRITEBACK) {
		/* Someone else's: what we hold ourselves must not wait behind it. */
		batch_write(batch);
		frame_wait(frame, FRAME_WRITEBACK);
		if (frame->mapping != batch->mapping)
			return false;
	}
	if (frame->flags & FRAME_BUSY)
		return true;
	if (writeback_collect(frame)) {
		frame_get(frame);
		batch->frames[batch->count++] = frame;
		if (batch->count == PAGECACHE_BATCH)
			batch_write(batch);
	}
	if (frame->mapping != batch->mapping)
		return false;
	if (!frame->maps)
		frame->flags &= ~FRAME_WRITABLE;
	else if (frame->flags & FRAME_WRITABLE)
		list_mapping(batch->mapping);
	return true;
}

int pagecache_sync(struct mapping *mapping)
{
	struct sync_batch batch = { .mapping = mapping };
	u64 left = mapping->count; /* pages that come while we write are the next sync's */
	struct list *node = mapping->frames.next;

	list_remove(&mapping->dirty_link);
	while (node != &mapping->frames && left--) {
		struct frame *frame = LIST_ENTRY(node, struct frame, mapping_link);

		frame_get(frame);
		if (sync_frame(&batch, frame)) {
			node = frame->mapping_link.next;
		} else {
			node = mapping->frames.next;
			left = mapping->count;
		}
		frame_put(frame);
	}
	batch_write(&batch);
	if (mapping->error) {
		batch.error = mapping->error;
		mapping->error = 0;
	}
	return batch.error;
}

/* Writes the listed mappings that have been there since before the time; of kind block device or of files, as told. May
 * sleep. */
static int sync_listed(u64 before_ns, bool devices)
{
	unsigned left = 0;
	int first_error = 0;

	LIST_FOR_EACH(node, &dirty_mappings)
		left++;
	/* One at a time, from the head: while we sleep the list changes. What is not wanted goes to the tail. */
	for (; left && !list_is_empty(&dirty_mappings); left--) {
		struct mapping *mapping = LIST_ENTRY(dirty_mappings.next, struct mapping, dirty_link);
		struct inode *inode = mapping->inode;

		list_remove(&mapping->dirty_link);
		if (mapping->dirty_since_ns > before_ns || S_ISBLK(inode->mode) != devices) {
			list_add_last(&dirty_mappings, &mapping->dirty_link);
			continue;
		}
		inode_get(inode);
		int error = pagecache_sync(mapping);

		if (error) {
			/* Nobody asked for this one by name: fsync must hear of it, too. */
			mapping->error = error;
			first_error = first_error ? first_error : error;
		}
		inode_put(inode);
	}
	return first_error;
}

int pagecache_sync_all(void)
{
	u64 now = time_now_ns();
	int files_error = sync_listed(now, false);
	int devices_error = sync_listed(now, true);

	return files_error ? files_error : devices_error;
}

void writeback_throttle(struct mapping *mapping)
{
	/* An error here is fsync's to report. */
	if (unlikely(dirty_frames > frame_table.count / 4)) {
		int error = pagecache_sync(mapping);

		if (error)
			mapping->error = error;
		if (dirty_frames > frame_table.count / 4)
			pagecache_sync_all();
	}
}

static bool is_device_old(u64 before_ns)
{
	LIST_FOR_EACH(node, &dirty_mappings) {
		struct mapping *mapping = LIST_ENTRY(node, struct mapping, dirty_link);

		if (S_ISBLK(mapping->inode->mode) && mapping->dirty_since_ns <= before_ns)
			return true;
	}
	return false;
}

void writeback_thread(void *unused)
{
	struct wait_queue nobody;

	(void)unused;
	wait_queue_init(&nobody);
	for (;;) {
		sleep_on(&nobody, SLEEP, time_now_ns() + WRITEBACK_PERIOD_NS);
		u64 before = time_now_ns() - WRITEBACK_PERIOD_NS;

		/* Data first. Metadata is written by the file systems themselves, whole and followed by a flush: then
		 * what was freed may be used again. */
		sync_listed(before, false);
		if (inodes_write_dirty(NULL) == 0 && is_device_old(before))
			fs_sync_all();
	}
}
