/*
 * Getting frames back: asks the pool's policy for victims; drops what is clean, writes out what is dirty, swaps out
 * what is anonymous. When nothing can be got, the out-of-memory killer chooses a process and says so.
 *
 * Allocates nothing and takes no mutex, so that any allocation may call it.
 */
#ifndef GUEST_KERNEL_MM_RECLAIM_H
#define GUEST_KERNEL_MM_RECLAIM_H

#include "guest/kernel/mm/policy.h"

/* Frees at least `wanted` frames of the global pool if it can; the number freed. Dirty victims are written in clusters.
 * May sleep. */
u64 reclaim_frames(u64 wanted);
/* Makes room for one more frame in a pool with a limit: evicts until count < limit. false: nothing could go. May sleep.
 */
bool reclaim_pool(struct pool *pool);
/* All else failed: kills the process with the largest badness (resident and swapped pages, oom_score_adj) and waits a
 * moment for it to go. Returns whether it is worth trying again. May sleep. */
bool out_of_memory(void);

/* Event counts since boot, the names as in /proc/vmstat. */
struct vm_counts {
	u64 pgfault, pgmajfault; /* all faults, those that read a disk */
	u64 pgpgin, pgpgout;     /* KiB read from and written to disks */
	u64 pswpin, pswpout;     /* pages */
	u64 pgsteal, pgscan;     /* frames reclaimed; victims looked at */
	u64 pgalloc, pgfree;
	u64 zero_page_maps, cow_copies, cow_reuses; /* our own */
	u64 swap_clean_drops;                       /* anonymous pages evicted without writing: their slot was valid */
	u64 file_drops, file_writes;                /* clean file pages dropped, dirty ones written by reclaim */
	u64 oom_kill;
	u64 tlb_remote; /* RFENCE calls */
};
extern struct vm_counts vm_counts;

#endif
