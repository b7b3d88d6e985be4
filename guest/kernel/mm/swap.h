/*
 * Swap: a disk of slots of one page each. A slot's count says how many PTEs hold its entry, plus one while the swap
 * cache has its frame. A page that was read in keeps its slot while it is clean, so that it need not be written again;
 * the first write to it (seen by the D bit) makes the slot stale, and it is overwritten at the next eviction, or freed.
 *
 * The invariant that keeps slot and frame equal: a frame is mapped writable only if nobody else can see it, that is,
 * maps == 1 and (it is not in the swap cache, or swap_count(slot) == 1: the cache's own). While another PTE holds the
 * slot's entry, entry and frame must mean the same data. fault.c asks, once the faulting PTE's own entry is given back
 * (swap_put), before it maps a page writable; otherwise it maps read-only, or copies.
 *
 * An anonymous frame outside the swap cache that holds anything but zeros is dirty (FRAME_DIRTY, or D in a PTE): one
 * that is clean and has no slot was never written to, and is dropped.
 */
#ifndef GUEST_KERNEL_MM_SWAP_H
#define GUEST_KERNEL_MM_SWAP_H

#include "guest/kernel/mm/pagecache.h"

struct file;
struct text;

extern struct mapping swap_mapping; /* the swap cache: index is the slot */

/* swapon(2) and swapoff(2); the file is a block device with a swap header ("SWAPSPACE2" at byte 4086). 0 or a negative
 * errno. May sleep. */
int swap_on(struct file *file);
int swap_off(struct file *file);

/* A free slot with count 1 (for the swap cache), or 0: full. Slot 0 is the header and never given. Does not sleep. */
u64 swap_alloc(void);
/* One more PTE holds the slot's entry. */
void swap_get(u64 slot);
/* One less; the last one frees the slot. If what is left is only the swap cache's and the frame is unmapped, the frame
 * goes, too. */
void swap_put(u64 slot);
u32 swap_count(u64 slot);

/* Gives an anonymous frame a slot and puts it into the swap cache. false: swap is full or off. */
bool swap_add_to_cache(struct frame *frame) must_check;
/* Takes it out again and gives back the slot (its content is stale, or nobody needs it any more). The frame is dirty
 * then. Does nothing to a frame outside the swap cache, or while it is being read or written: the caller must not rely
 * on its being out. The caller has a reference. Does not sleep. */
void swap_remove_from_cache(struct frame *frame);
/* A PTE that mapped this frame went (munmap, exit, copy on write): if no PTE maps it any more and none holds the slot's
 * entry, the slot is given back, and the frame leaves the swap cache. Does nothing to a frame outside the swap cache.
 * The caller still has a reference. Does not sleep. */
void swap_frame_unmapped(struct frame *frame);
/* Reclaim: takes a clean, unmapped frame out whose slot keeps its content (for the PTEs that hold the entry). */
void swap_drop(struct frame *frame);
/* The frame of a slot, from the swap cache or read from the disk; a reference. The slot is in use by the caller (its
 * PTE holds the entry). ahead: neighbouring slots in use are read, too, as far as memory is free; false for regions
 * with a pool of their own, whose counts must be exact. The frame is in the global pool (pool_add moves it to another).
 * *was_read as in pagecache_get. 0, -ENOMEM, -EIO. May sleep. */
int swap_read(u64 slot, bool ahead, struct frame **frame, bool *was_read) must_check;
/* Reads or writes frame i from or to slots[i], and waits; n <= PAGECACHE_BATCH. Allocates nothing. 0 or -EIO. For the
 * swap cache and shmem.c. */
int swap_transfer(bool write, struct frame **frames, const u64 *slots, unsigned n) must_check;
/* Whether a slot can be had, perhaps by giving up that of a frame which is in memory, too. */
bool swap_has_room(void);

struct swap_counts {
	u64 total, free, cached; /* pages */
};
struct swap_counts swap_counts(void);
/* The lines of /proc/swaps. */
void swap_print(struct text *text);

#endif
