/*
 * The miss curve: how many misses a fully associative TLB with LRU would have had, for every size from 1 to
 * MISS_CURVE_MAX entries, from one pass over the references. Mattson's stack: a reference found at depth d hits in all
 * TLBs of d entries or more, and goes to the top.
 *
 * Exact with fences too: what a fence drops leaves a hole at its depth, an empty way of all TLBs that are deep enough.
 * The next entry that is put on top pushes the others down as far as the first hole, which it fills. A page of another
 * size, another address space's, or a global one is an entry of its own, as in hardware.
 *
 * Depths are not walked: every place of the stack has a bit in a row ordered by time of use, and a depth is a count of
 * bits.
 */
#ifndef RVEMU_EMU_OBSERVE_MISS_CURVE_H
#define RVEMU_EMU_OBSERVE_MISS_CURVE_H

#include "emu/base/base.h"

#define MISS_CURVE_MAX 4096

/* An entry of the TLB. */
struct miss_page {
	u64 vpn;      /* va >> 12 of any page in it */
	u16 asid;     /* whose, unless global */
	u8 size_log2; /* bytes mapped: 12 to 63 */
	bool global;  /* matches every address space */
};

struct miss_curve;

struct miss_curve *miss_curve_create(void);
void miss_curve_destroy(struct miss_curve *c);

/* A translation is used. */
void miss_curve_use(struct miss_curve *c, const struct miss_page *page);

/* `count` more uses of the one used last. */
void miss_curve_again(struct miss_curve *c, u64 count);

/* A use of the one that was used before the latest, as by two that take turns. False, and nothing is done: it is not
 * known which that was. */
bool miss_curve_turn(struct miss_curve *c) must_check;

/* An access asked for vpn and failed: whether found or not, nothing is put in. */
void miss_curve_fail(struct miss_curve *c, u64 vpn, u16 asid);

/* A fence in its four forms, as tlb_flush(). */
void miss_curve_fence(struct miss_curve *c, bool by_va, u64 va, bool by_asid, u16 asid);

/* Empties all sizes; the counts stay. */
void miss_curve_restart(struct miss_curve *c);

/* Uses and failed accesses so far; misses with `entries` entries (1 to MISS_CURVE_MAX; more count as that); misses
 * that were in no size: first uses, uses after a fence, and what fell out of the largest. */
u64 miss_curve_references(const struct miss_curve *c);
u64 miss_curve_misses(const struct miss_curve *c, u32 entries);

#endif
