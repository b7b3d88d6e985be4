/*
 * The machine's speed, slowed down on purpose: so many steps (instructions tried, of all harts) a second of the host's
 * time, for people who want to watch. Full speed costs nothing.
 */
#ifndef RVEMU_EMU_PACE_H
#define RVEMU_EMU_PACE_H

#include "emu/base/base.h"

#define PACE_FULL 0 /* no limit */

struct pace {
	u64 per_second; /* steps, or PACE_FULL */
	u64 since_ns;   /* host time of the last accounting */
	u64 allowed;    /* steps that may be made at once */
};

/* Another speed from now on. */
void pace_set(struct pace *p, u64 per_second, u64 host_ns);

/* How many steps may be made now: UINT64_MAX at full speed. 0: sleep for pace_wait_ns() first. */
u64 pace_allowance(struct pace *p, u64 host_ns);
u64 pace_wait_ns(const struct pace *p);

/* So many were made. */
void pace_made(struct pace *p, u64 steps);

#endif
