/*
 * read() and write() of files and block devices: copies between the page cache and whoever asks, page by page. No lock
 * on a page is held while user memory is touched, so a program may write a file from a mapping of the same page.
 *
 * Reading in order is seen where a page is missed: if it is the one expected next, the window of read-ahead doubles, up
 * to PAGECACHE_BATCH pages. The window belongs to the file, not to who reads it: one reader at a time is the rule.
 */
#include "guest/abi/stat.h"
#include "guest/kernel/fs/vfs.h"
#include "guest/kernel/mm/writeback.h"
#include "guest/kernel/proc/task.h"

#define FIRST_WINDOW 4

/* --- reading --- */

/* A page that is not cached: with as much read-ahead as the file deserves. May sleep. */
static int read_missing(struct mapping *mapping, u64 index, u64 pages, struct frame **frame)
{
	bool was_read = false;
	u32 window = FIRST_WINDOW;

	if (index == mapping->ahead_next)
		window = MIN(MAX(2 * mapping->ahead_size, FIRST_WINDOW), PAGECACHE_BATCH);
	if (window > pages - index)
		window = pages - index;
	int error = pagecache_read_pages(mapping, index, window, frame, &was_read);

	if (error)
		return error;
	mapping->ahead_size = window;
	mapping->ahead_next = index + window;
	if (was_read)
		current_task->process->read_bytes += window * PAGE_SIZE;
	return 0;
}

static int get_page(struct mapping *mapping, u64 index, u64 pages, struct frame **frame)
{
	int error;

	do {
		*frame = pagecache_find(mapping, index);
		if (*frame) {
			if (likely((*frame)->flags & FRAME_UPTODATE))
				return 0;
			frame_put(*frame);
			return pagecache_get(mapping, index, 0, frame, NULL);
		}
		error = read_missing(mapping, index, pages, frame);
	} while (error == -EAGAIN);
	return error;
}

i64 pagecache_read_file(struct inode *inode, struct io *io, u64 *pos)
{
	i64 done = 0;

	while (io->left && *pos < inode->size) {
		u64 offset = *pos & PAGE_MASK;
		u64 size = MIN(MIN(PAGE_SIZE - offset, io->left), inode->size - *pos);
		u64 pages = (inode->size + PAGE_MASK) >> PAGE_SHIFT;
		struct frame *frame;
		i64 copied = get_page(&inode->mapping, *pos >> PAGE_SHIFT, pages, &frame);

		if (copied == 0) {
			frame->flags |= FRAME_REFERENCED;
			copied = io_write(io, (u8 *)frame_data(frame) + offset, size);
			frame_put(frame);
		}
		if (unlikely(copied < 0))
			return done ? done : copied;
		done += copied;
		*pos += copied;
		if (unlikely((u64)copied < size || signal_is_fatal(current_task)))
			break;
	}
	return done;
}

/* --- writing --- */

/* Block devices and shared memory have a place for each page. */
static int make_writable(struct mapping *mapping, struct frame *frame)
{
	return mapping->ops->make_writable ? mapping->ops->make_writable(mapping, frame) : 0;
}

/* Copies into a cached page and marks it dirty. Bytes, or a negative errno. May sleep. */
static i64 write_cached(struct mapping *mapping, struct frame *frame, struct io *io, u64 offset, u64 size)
{
	int error = make_writable(mapping, frame);

	if (error)
		return error;
	/* The copy may sleep half way, and the file's size says nothing of it yet. */
	frame->flags |= FRAME_FILLING;
	i64 copied = io_read(io, (u8 *)frame_data(frame) + offset, size);

	frame->flags &= ~FRAME_FILLING;
	/* Also after a fault in the middle: a part may have been copied. Truncated meanwhile: it is nobody's page. */
	if (frame->mapping == mapping)
		pagecache_mark_dirty(frame);
	frame->flags |= FRAME_REFERENCED;
	return copied;
}

/* A whole page that is not cached: the data goes into a new frame that nobody sees until it is full, so that the old
 * content need not be read. -EAGAIN: it has to be done the other way. May sleep. */
static i64 write_new(struct mapping *mapping, u64 index, struct io *io)
{
	struct io before = *io;
	struct frame *frame = frame_alloc(FRAME_FILE, 0);
	i64 result;

	if (!frame)
		return -ENOMEM;
	result = io_read(io, frame_data(frame), PAGE_SIZE);
	if (result != PAGE_SIZE) {
		*io = before;
		frame_put(frame);
		return -EAGAIN;
	}
	struct frame *other = pagecache_find(mapping, index);

	if (other) {
		frame_put(other);
		frame_put(frame);
		*io = before;
		return -EAGAIN;
	}
	frame->flags |= FRAME_UPTODATE;
	frame->block = 0;
	pagecache_add(mapping, index, frame);
	int error = make_writable(mapping, frame);

	if (error) {
		*io = before;
		result = error;
		if (frame->mapping == mapping)
			pagecache_discard(frame);
	} else if (frame->mapping == mapping) {
		pagecache_mark_dirty(frame);
	}
	frame_put(frame);
	return result;
}

static i64 write_page(struct mapping *mapping, u64 index, struct io *io, u64 offset, u64 size)
{
	struct frame *frame = pagecache_find(mapping, index);
	i64 copied;

	if (!frame && size == PAGE_SIZE) {
		copied = write_new(mapping, index, io);
		if (copied != -EAGAIN)
			return copied;
	}
	if (!frame || !(frame->flags & FRAME_UPTODATE)) {
		if (frame)
			frame_put(frame);
		int error = pagecache_get(mapping, index, 0, &frame, NULL);

		if (error)
			return error;
	}
	copied = write_cached(mapping, frame, io, offset, size);
	frame_put(frame);
	return copied;
}

i64 pagecache_write_file(struct inode *inode, struct io *io, u64 *pos)
{
	bool is_device = S_ISBLK(inode->mode);
	struct mapping *mapping = &inode->mapping;
	i64 done = 0;

	if (is_device && *pos >= inode->size && io->left)
		return -ENOSPC;
	/* What a mapping wrote past the end must not become part of the file. */
	if (!is_device && *pos > inode->size) {
		int error = pagecache_zero_tail(mapping, inode->size);

		if (error)
			return error;
	}
	while (io->left) {
		u64 offset = *pos & PAGE_MASK;
		u64 size = MIN(PAGE_SIZE - offset, io->left);
		i64 copied;

		if (is_device)
			size = MIN(size, inode->size - *pos);
		if (!size)
			break;
		copied = write_page(mapping, *pos >> PAGE_SHIFT, io, offset, size);
		if (copied < 0) {
			done = done ? done : copied;
			break;
		}
		done += copied;
		*pos += copied;
		if (!is_device && *pos > inode->size)
			inode->size = *pos;
		writeback_throttle(mapping);
		if ((u64)copied < size || signal_is_fatal(current_task))
			break;
	}
	if (done > 0)
		current_task->process->write_bytes += done;
	return done;
}
