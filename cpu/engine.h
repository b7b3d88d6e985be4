/*
 * The engine: runs a hart for a number of steps. Now an interpreter of decoded blocks (cpu/interp.c); a JIT will
 * translate the same blocks behind this same face.
 */
#ifndef RVEMU_CPU_ENGINE_H
#define RVEMU_CPU_ENGINE_H

#include "cpu/hart.h"

/* Why the engine came back. */
enum engine_exit {
	ENGINE_BUDGET, /* the steps are used up */
	ENGINE_DEVICE, /* a device was touched, or a timer set: the next event may be nearer than it was */
	ENGINE_WAIT,   /* the hart waits for an interrupt (h->waiting) */
	ENGINE_YIELD,  /* the hart spins (pause, wrs): let another one run */
	ENGINE_WEDGED, /* ENGINE_WEDGED_TRAPS traps in a row that got nowhere */
	ENGINE_DEBUG,  /* a breakpoint or watchpoint: h->debug->hit */
};

#define ENGINE_WEDGED_TRAPS 100000

/* Runs h for at most `steps` (> 0) steps from now; takes a pending interrupt first. h->slice_* must be set. On return
 * h->pc, h->count and fflags are exact. */
enum engine_exit engine_run(struct hart *h, u64 steps);

#endif
