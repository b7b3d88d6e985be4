/*
 * Fences on other harts: fence.i and sfence.vma, done by whoever is named, before the one who asked goes on.
 *
 * The request lies in the struct hart of the hart that asks (`fence`). It sets its bit in `fences_wanted` of each hart
 * that is to do it, interrupts these, and waits until each has cleared its own bit in `waiting`. A hart that waits does
 * what others want of it meanwhile; so two that ask each other both get on. There is no queue and no lock.
 */
#ifndef FIRMWARE_FENCE_H
#define FIRMWARE_FENCE_H

#include "firmware/base.h"

struct hart;

enum fence_kind { FENCE_I, FENCE_VMA, FENCE_VMA_ASID };

struct fence_request {
	enum fence_kind kind; /* which instruction */
	u64 start, size;      /* virtual addresses concerned; size FENCE_EVERYTHING: all */
	u64 asid;             /* for FENCE_VMA_ASID */
	u64 waiting;          /* a bit for each hart that has not done it yet */
};

#define FENCE_EVERYTHING (~0ul)

/* Has the request done on all of `harts` (bits of harts that exist) that run, and waits until it is. */
void fence_remote(struct hart *hart, u64 targets, const struct fence_request *request);

/* Does what other harts want of this one. */
void fence_serve(struct hart *hart);

/* Forgets everything that this hart has translated or fetched. */
void fence_all(struct hart *hart);

#endif
