/*
 * --expect and --expect-report at work: expectations (emu/observe/expect.h) about the counters of a machine
 * (emu/observe/stats.h). One of the observers.
 */
#ifndef RVEMU_EMU_OBSERVE_GRADER_H
#define RVEMU_EMU_OBSERVE_GRADER_H

#include "emu/observe/stats.h"

struct grader;

/* Reads the expectations of the configuration. NULL without an error: there are none (*ok is true). */
struct grader *grader_create(const struct config *config, bool *ok, struct error *err);
void grader_destroy(struct grader *g);

/* True if all that is expected is counted on this machine; g may be NULL. */
bool grader_check_names(const struct grader *g, const struct stats_sources *sources, struct error *err) must_check;

/* The run is over: says on stderr what does not hold, and writes the report. `sources` knows host_ns and the exit
 * status so far; returns the one that rvemu ends with. g may be NULL. */
int grader_finish(struct grader *g, const struct stats_sources *sources);

#endif
