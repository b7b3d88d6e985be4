/*
 * What if the TLB were another one? From one run: the miss curve of every size (emu/observe/miss_curve.h), and all
 * geometries of mmu/tlb.h side by side, each a TLB of its own (a shadow) that sees the same references and fences.
 *
 * A sink for TRACE_REF, TRACE_FAULT, TRACE_FENCE and TRACE_SPACE; it asks the machine nothing, so a run file that holds
 * these sorts does as well. What it shows of a geometry equals what a run with that geometry counts, as long as the
 * guest does the same: it does where time does not depend on the TLB and A and D are set by the same hand (--ad). Not
 * here: walk caches and cycles, which need the PTEs' addresses; the adversarial geometry, which forgets by chance.
 *
 * The JSON (also record RUN_CURVES of a run file), all counts of all harts together:
 *
 *     {"instret": 0,                                  instructions retired while it looked
 *      "references": {"fetch": 0, "data": 0},         uses of a translation, also those that ended in a page fault
 *      "curves": {"sizes": [1, 2, 3, ...],            entries of a fully associative LRU TLB, ascending
 *                 "fetch": [0, 0, 0, ...],            misses of fetches, in a TLB of their own, at each size
 *                 "data": [...],                      likewise of loads and stores
 *                 "both": [...],                      of both in one TLB of that size
 *                 "cold": {"fetch": 0, "data": 0, "both": 0}},   misses that no size avoids: first uses, and fences
 *      "presets": [{"name": "rocket", "split": true,
 *                   "entries": {"fetch": 36, "data": 36, "second": 0},   if not split, all first-level ones are "data"
 *                   "misses": {"fetch": 0, "data": 0},                   of the first level
 *                   "second_hits": 0,                                    first-level misses that the second level had
 *                   "walks": 0}, ...]}                                   misses of all levels, and hits that denied
 *
 * With --oracle there is one more member, "oracle" (emu/observe/oracle.h); without --what-if it is the only one.
 */
#ifndef RVEMU_EMU_OBSERVE_WHAT_IF_H
#define RVEMU_EMU_OBSERVE_WHAT_IF_H

#include <stdio.h>

#include "emu/base/trace.h"

struct what_if;

struct what_if *what_if_create(void);
void what_if_destroy(struct what_if *w);

/* The sink to add: what it wants, and itself. */
struct trace what_if_sink(struct what_if *w);

/* Another machine begins: its TLBs are empty, the counts go on. */
void what_if_restart(struct what_if *w);

/* The table for people; the JSON of the file head (without a newline); the plot, a whole SVG file. */
void what_if_print(const struct what_if *w, FILE *out);
void what_if_print_json(const struct what_if *w, FILE *out);
void what_if_print_svg(const struct what_if *w, FILE *out);

/* The whole record RUN_CURVES; either may be NULL. */
struct oracle;
void curves_print_json(const struct what_if *w, const struct oracle *o, FILE *out);

/* Misses of a fully associative LRU TLB. `which`: enum tlb_side, or 2 for both sides in one. */
u64 what_if_curve(const struct what_if *w, u32 which, u32 entries);

/* What a geometry would have counted. */
struct what_if_counts {
	u64 misses[2];   /* of the first level, by enum tlb_side */
	u64 second_hits; /* of those, found in the second level */
	u64 walks;       /* misses of all levels, and hits that denied the access */
};

/* False: there is no geometry of that name here. */
bool what_if_preset(const struct what_if *w, const char *name, struct what_if_counts *counts) must_check;

#endif
