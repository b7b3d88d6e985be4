/*
 * The one swap area, for swap.c (slots and the swap cache) and swap_area.c (switching it on and off).
 */
#ifndef GUEST_KERNEL_MM_SWAP_AREA_H
#define GUEST_KERNEL_MM_SWAP_AREA_H

#include "guest/kernel/mm/swap.h"

#define SLOT_BAD 0xffffu /* count of a slot that must not be used; also the limit of counts */

struct swap_area {
	struct disk *disk; /* NULL: swap is off */
	struct file *file; /* what it was switched on by (a reference) */
	u16 *counts;       /* of each slot; 0: free */
	u64 slots;         /* entries of counts, with slot 0, which is the header */
	u64 usable;        /* slots without slot 0 and bad ones */
	u64 free;          /* slots with count 0 */
	u64 next;          /* where the search for a free slot goes on */
	bool is_closing;   /* swapoff: no slots are given any more */
};

extern struct swap_area swap_area;

/* shmem.c: reads all pages that are in swap slots back and gives the slots up. 0 or a negative errno. May sleep. */
int shmem_leave_swap(void) must_check;

#endif
