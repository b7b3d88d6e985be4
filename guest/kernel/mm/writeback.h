/*
 * What the parts of the page cache share among themselves and with file systems: marking, writing and dropping single
 * pages.
 */
#ifndef GUEST_KERNEL_MM_WRITEBACK_H
#define GUEST_KERNEL_MM_WRITEBACK_H

#include "guest/kernel/mm/pagecache.h"

/* Writes n <= PAGECACHE_BATCH frames of one mapping (D bits collected by the caller; not BUSY, not WRITEBACK), of which
 * the caller has references, and waits. They are clean afterwards unless they were written to meanwhile; frames that
 * could not be written are dirty again if `keep`, else their data is given up and mapping->error says so. 0 or a
 * negative errno. Allocates nothing. May sleep. */
int writeback_run(struct mapping *mapping, struct frame **frames, unsigned n, bool keep) must_check;

/* Takes FRAME_DIRTY away and out of the count. */
void writeback_clear_dirty(struct frame *frame);
/* Moves the D bits of the PTEs of a file's page to FRAME_DIRTY (counted); returns whether it is dirty. */
bool writeback_collect(struct frame *frame);
/* For writers: if too much of the memory is dirty, writes out this mapping first. May sleep. */
void writeback_throttle(struct mapping *mapping);

/* pagecache.c: reads up to `count` uncached pages from the index on; a reference to the first. -EAGAIN: it is cached
 * meanwhile. May sleep. */
int pagecache_read_pages(struct mapping *mapping, u64 index, unsigned count, struct frame **first, bool *was_read);
/* Unmaps and drops this page, dirty or not. Does nothing if it is in no mapping. The caller has a reference. Does not
 * sleep. */
void pagecache_discard(struct frame *frame);
/* The same by index, after waiting for I/O: a metadata block is free now and must not be written any more. May sleep.
 */
void pagecache_forget(struct mapping *mapping, u64 index);
/* Zeroes the rest of the page that holds the file's end, on the disk as well (later). 0 or a negative errno. May sleep.
 */
int pagecache_zero_tail(struct mapping *mapping, u64 size) must_check;

#endif
