/*
 * Page replacement: which frame of a pool goes when the pool is full.
 *
 * A pool is a set of frames with a policy. There is one global pool, of all frames that can be reclaimed; a region may
 * have a small one of its own (/proc/PID/framepool), in which a policy can be watched alone. A policy only decides:
 * reclaim.c does the rest.
 *
 * The algorithms, so that a simulation outside can count the same faults. All are asked for one victim at a time, when
 * a fault finds the pool full; a page that comes in is put at the tail of the pool's list, with its A bit set by the
 * access that caused the fault.
 *
 * fifo: The head of the list goes.
 *
 * clock: Second chance. Look at the head; A set: clear it, move the page to the tail, look at the next; A clear: it
 * goes.
 *
 * enhanced: Clock with two bits. Pass 1: go once round the list from the head without changing any bit; the first page
 * with A=0 and clean goes. Pass 2: once round again; the first with A=0 (dirty) goes; A of each page passed over is
 * cleared. Then passes 1 and 2 again (now all A are 0). The hand moves: pages passed over, in pass 1 as well, go to the
 * tail, so that the next search begins behind the victim. In the global pool pass 1 ends after ENHANCED_BATCH pages.
 *
 * aging: Each page has an 8-bit age. At each request all pages of the pool are looked at: age = age >> 1 | (A ? 0x80 :
 * 0), A cleared. The smallest age goes; of equal ones, the one nearest to the head. A new page has age 0 until the next
 * request. In the global pool one request looks at no more than AGING_BATCH pages from the head and moves them to the
 * tail.
 *
 * random: Page number (next() % count) from the head goes. next(): x ^= x << 13; x ^= x >> 7; x ^= x << 17 on a 64-bit
 * state that starts with POLICY_SEED in each pool; the new x is the number.
 *
 * "clean" is rmap_is_dirty() == false and, for an anonymous page, that it has a valid swap slot (FRAME_SWAPCACHE) or
 * was never written. Pages that cannot go at the moment are passed over (and go to the tail in clock and enhanced).
 */
#ifndef GUEST_KERNEL_MM_POLICY_H
#define GUEST_KERNEL_MM_POLICY_H

#include "guest/kernel/mm/frame.h"

#define POLICY_SEED 0x2545f4914f6cdd1dul
#define AGING_BATCH 64
#define ENHANCED_BATCH 256

struct pool;

struct policy {
	const char *name;
	/* The frame that should go next, still in the pool, or NULL: none can. `skip` tells which may not (pinned,
	 * busy, being written, held by someone else). Does not sleep. */
	struct frame *(*victim)(struct pool *pool, bool (*skip)(const struct frame *frame));
};

struct pool {
	const struct policy *policy;
	struct list frames; /* head: oldest or next to be looked at */
	u64 count;
	u64 limit;        /* frames it may hold; 0: no limit of its own (the global pool) */
	u64 random;       /* state of the generator */
	struct list link; /* in mm->pools */
	u64 start, end;   /* of the region(s) it is for; 0, 0: the global pool */
	u64 faults;       /* pages brought in; fault.c counts them */
	u64 evictions;    /* reclaim.c counts these, and */
	u64 writes;       /* evictions that had to write to swap or file */
};

extern struct pool global_pool;
extern const struct policy policy_fifo, policy_clock, policy_enhanced, policy_aging, policy_random;

/* By name, or NULL. policy_at(i): for lists; NULL ends them. */
const struct policy *policy_find(const char *name);
const struct policy *policy_at(unsigned index);

void pool_init(struct pool *pool, const struct policy *policy, u64 limit);
/* A frame comes under the pool's policy (at the tail, age 0), or leaves it. A frame is in at most one pool: pool_add
 * takes it out of another one, and does nothing if it is in this one; pool_remove of one in none does nothing. */
void pool_add(struct pool *pool, struct frame *frame);
void pool_remove(struct frame *frame);

/* For the policies: A bit of any PTE, or FRAME_REFERENCED, without clearing; "clean" as defined above; move to the
 * tail. */
bool pool_is_accessed(struct frame *frame);
bool pool_is_clean(struct frame *frame);
void pool_rotate(struct frame *frame);

#endif
