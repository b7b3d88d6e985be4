/*
 * Breakpoints and watchpoints for a debugger outside the guest, which the guest cannot see: no instruction is patched
 * and no register of the Sdtrig extension used.
 *
 * A point is a range of virtual addresses (or physical ones), kinds of access, and the privilege modes in which it
 * counts. It is compared when the instruction runs or the access is done, so it holds before paging is on, under it and
 * across every change of it. All stop before the instruction, which has then done nothing and is not counted: gdb
 * expects that of RISC-V for watchpoints too, and steps over the access by itself.
 *
 * Costs nothing where no point is: blocks get a check only in front of instructions whose page offset some execution
 * point has; pages with a watched address get no fast entry.
 *
 * The guest cannot tell: neither checks nor slow accesses take guest time, and a TLB whose contents depend on hits
 * never has a fast path. What page walks and devices do to memory is no access, nor is one that faults; an SC is a
 * store whether it succeeds or not.
 */
#ifndef RVEMU_CPU_DEBUG_H
#define RVEMU_CPU_DEBUG_H

#include "cpu/hart.h"

#define DEBUG_POINTS_MAX 64

/* What a point stops on. */
enum debug_kind { DEBUG_EXECUTE = 1, DEBUG_LOAD = 2, DEBUG_STORE = 4 };

struct debug_point {
	u64 address;   /* first byte */
	u64 size;      /* bytes, at least 1; execution points: 1 */
	u8 kinds;      /* enum debug_kind, or'ed */
	u8 privs;      /* modes in which it counts: BIT(enum priv); of the hart, also where MPRV is at work */
	bool physical; /* a physical address, whatever maps to it */
};

/* What stopped a hart. */
struct debug_hit {
	bool valid;  /* something did, since the engine was last entered */
	u8 kind;     /* enum debug_kind: what the instruction was about to do */
	u32 hart;    /* which hart */
	u32 point;   /* index of the point */
	u64 address; /* the first byte accessed that the point is about: virtual, or physical for a physical point */
	u64 pc;      /* of the instruction, and ... */
	u64 count;   /* ... the hart's `count` in front of it */
};

struct debug {
	struct debug_point points[DEBUG_POINTS_MAX]; /* those in force */
	u32 count;                                   /* how many */
	struct debug_hit hit;                        /* the last hit; the engine leaves by ENGINE_DEBUG with it */
	u64 generation;                              /* counts changes of `points` */
};

/* Adds or removes a point. Callers then call debug_apply() for every hart. False: there are too many / no such one. */
bool debug_add(struct debug *d, const struct debug_point *point) must_check;
bool debug_remove(struct debug *d, const struct debug_point *point) must_check;

/* Puts the points in force for a hart: blocks and fast entries made without them are forgotten. Outside the engine. */
void debug_apply(struct hart *h);

/* The instruction at h->pc runs even if an execution point is on it, and makes its accesses if a watchpoint was the
 * last thing that stopped it there: for going on from a point. If an interrupt comes first, its handler's points hold,
 * and so do these afterwards. */
void debug_step_over(struct hart *h);

/* For cpu/block.c: might an execution point be on an instruction at physical address pa, wherever it is mapped? */
bool debug_is_near(const struct debug *d, u64 pa);

static inline bool debug_may_stop(const struct debug *d, u64 pa)
{
	return d && d->count && debug_is_near(d, pa);
}

/* For the engine, in front of such an instruction: h->pc (exact) is at pa. True: a point stops the hart here, and `hit`
 * is set. */
bool debug_stops(struct hart *h, u64 pa);

/* For the engine: when it begins, and when it comes out. */
static inline void debug_begin(struct hart *h)
{
	if (h->debug)
		h->debug->hit.valid = false;
}

static inline bool debug_has_hit(const struct hart *h)
{
	return h->debug && h->debug->hit.valid;
}

#endif
