/*
 * The page cache: frames that hold pages of files, of block devices (ext2's metadata), of shared anonymous memory, and,
 * as the swap cache, of swap slots. One hash table finds (mapping, index); a mapping is what one file owns of it.
 *
 * A dirty frame knows its disk block (frame->block), so that writing it out needs no lookup and no memory: blocks are
 * allotted when a page is made writable (ops->make_writable), not when it is written back. Reclaim relies on this.
 */
#ifndef GUEST_KERNEL_MM_PAGECACHE_H
#define GUEST_KERNEL_MM_PAGECACHE_H

#include "guest/kernel/mm/frame.h"
#include "guest/kernel/mm/uaccess.h"

struct inode;
struct mapping;

struct mapping_ops {
	/* Reads n frames with ascending indices (BUSY, not UPTODATE) and waits: sets frame->block, fills with zeros
	 * past the end and in holes. 0 or -EIO; on success the caller marks them UPTODATE. May sleep. */
	int (*read)(struct mapping *mapping, struct frame **frames, unsigned n);
	/* Writes n frames (WRITEBACK set, DIRTY cleared by the caller) and waits. Allocates nothing, takes no mutex. 0
	 * or -EIO. May sleep. */
	int (*write)(struct mapping *mapping, struct frame **frames, unsigned n);
	/* A page is about to be written to (write() or a store to a shared mapping): allots its block. NULL: nothing to
	 * do. 0, -ENOSPC, -EIO... May sleep. */
	int (*make_writable)(struct mapping *mapping, struct frame *frame);
};

struct mapping {
	const struct mapping_ops *ops;
	struct inode *inode;    /* NULL for the swap cache */
	struct list frames;     /* all of it */
	u64 count;              /* of frames */
	struct list dirty_link; /* in the list of mappings with dirty frames, for sync */
	u64 dirty_since_ns;     /* when it came into that list */
	i32 error;              /* of a write-back, reported once by fsync */
	u32 ahead_size;         /* sequential reading: the last window of read-ahead, pages */
	u64 ahead_next;         /* and the page expected next */
};

/* The most frames that the operations are given at once. */
#define PAGECACHE_BATCH 32

/* The hash table, sized by the memory there is. Once, at boot. */
void pagecache_init(void);

void mapping_init(struct mapping *mapping, const struct mapping_ops *ops, struct inode *inode);

/* The frame if it is cached (reference taken), whatever its state; else NULL. Does not sleep. */
struct frame *pagecache_find(struct mapping *mapping, u64 index);
/* The page with its data, read in (with `ahead` pages of read-ahead, 0..PAGECACHE_AHEAD, never past the file's end) if
 * it was not cached; a reference. *was_read: a disk was read (a major fault). 0, -ENOMEM, -EIO. May sleep. */
#define PAGECACHE_AHEAD 8
int pagecache_get(struct mapping *mapping, u64 index, unsigned ahead, struct frame **frame, bool *was_read) must_check;
/* The same without reading: for a page that will be overwritten whole. Not UPTODATE if it is new: the caller fills it
 * and sets FRAME_UPTODATE before anything sleeps. */
int pagecache_get_for_overwrite(struct mapping *mapping, u64 index, struct frame **frame) must_check;
/* Puts a new frame into the mapping at the index (which is free); the cache takes a reference of its own. A frame of a
 * file also comes into the global pool. Does not sleep. */
void pagecache_add(struct mapping *mapping, u64 index, struct frame *frame);
/* Takes it out (it must be mapped nowhere); drops the cache's reference. */
void pagecache_remove(struct frame *frame);
void pagecache_mark_dirty(struct frame *frame);
/* A file's page may now be dirtied through a writable shared PTE, without a fault each time: sync looks at its PTEs.
 * For make_writable. */
void pagecache_mark_writable(struct frame *frame);

/* read() and write() of a regular file or block device by the cache. Advance *pos and io. write enlarges inode->size
 * (never past *limit* of the fs). Bytes, or a negative errno. inode->lock held for write. May sleep. */
i64 pagecache_read_file(struct inode *inode, struct io *io, u64 *pos);
i64 pagecache_write_file(struct inode *inode, struct io *io, u64 *pos);

/* Unmaps (from every process) and drops all pages from this index on, dirty or not: truncate and the end of an inode.
 * Zeroes the rest of a partial last page (size is in bytes). May sleep (waits for I/O). */
void pagecache_truncate(struct mapping *mapping, u64 size);
/* Writes out all dirty pages of the mapping (D bits of PTEs are collected) and waits. 0 or the first error. May sleep.
 */
int pagecache_sync(struct mapping *mapping);
/* The same for all mappings of all file systems and block devices. */
int pagecache_sync_all(void);
/* Drops clean pages that nobody maps (/proc/sys/vm/drop_caches). */
void pagecache_drop_clean(void);
/* Writes back pages that have been dirty for long; started once by main as a kernel thread. */
void writeback_thread(void *unused);

u64 pagecache_dirty_count(void);

#endif
