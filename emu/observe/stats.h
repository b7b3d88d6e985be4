/*
 * All that is counted, by name: one flat list for the text of --stats, JSON, --expect, the monitor and reports. Names
 * are stable, lower case, with dots: "instret", "faults", "walks.load", "tlb.first.misses", "stale", "swap.writes". The
 * list with a line of explanation each is emu/observe/stats.def; `rvemu --stats=names` prints it.
 *
 * Counts are of all harts together. "hart0.tlb.first.misses" is one hart's.
 */
#ifndef RVEMU_EMU_OBSERVE_STATS_H
#define RVEMU_EMU_OBSERVE_STATS_H

#include <stdio.h>

#include "emu/machine.h"

struct mmu_check;
struct profile;
struct guest_view;

/* Who can be asked. All but `machine` may be NULL: what they count is then 0. */
struct stats_sources {
	const struct machine *machine;
	const struct mmu_check *check;  /* --check */
	const struct profile *profile;  /* hottest pages, pcs, symbols: emu/observe/profile.h */
	const struct guest_view *guest; /* what the guest's hints tell: emu/observe/guest_view.h */
	u64 host_ns;                    /* how long the run took on the host; 0: not known */
	int exit_status;                /* rvemu's, as far as it is known */
};

/* Calls `see` for every counter. */
void stats_each(const struct stats_sources *sources, void (*see)(void *arg, const char *name, u64 value), void *arg);

/* The value of the counter of that name. False: there is none. */
bool stats_find(const struct stats_sources *sources, const char *name, u64 *value) must_check;

/* The tables for people, and JSON with the same numbers by name (nested by the dots) and the hottest places. */
void stats_print(const struct stats_sources *sources, FILE *out);
void stats_print_json(const struct stats_sources *sources, FILE *out);

/* All names with their explanation, a line each. */
void stats_print_names(FILE *out);

#endif
