/*
 * What the forms of emu/observe/what_if.c share: tables, JSON and plot. Nobody else includes this.
 */
#ifndef RVEMU_EMU_OBSERVE_WHAT_IF_INTERNAL_H
#define RVEMU_EMU_OBSERVE_WHAT_IF_INTERNAL_H

#include "emu/observe/what_if.h"

#define WHAT_IF_PRESETS_MAX 16
#define WHAT_IF_BOTH 2 /* after enum tlb_side: fetches and data in one TLB */
#define WHAT_IF_CURVES 3

/* A geometry and what it would have counted. */
struct what_if_row {
	const char *name;             /* of the preset; NULL: past the last */
	bool split;                   /* fetches have a TLB of their own */
	u32 entries[2];               /* of the first level, by enum tlb_side */
	u32 second;                   /* of the second */
	struct what_if_counts counts; /* what it would have counted */
};

struct what_if_row what_if_row_at(const struct what_if *w, u32 i);

/* The i-th size of the curve, ascending; 0: past the last. */
u32 what_if_size_at(u32 i);

/* Instructions; references by enum tlb_side or WHAT_IF_BOTH; a count per 1000 instructions. */
u64 what_if_instret(const struct what_if *w);
u64 what_if_references(const struct what_if *w, u32 which);
double what_if_per_thousand(const struct what_if *w, u64 count);

#endif
