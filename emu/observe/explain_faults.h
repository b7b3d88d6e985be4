/*
 * --explain: every page and access fault in words as it happens (`faults`), or every exception but environment calls
 * and breakpoints (`all`), on stderr. --trace-filter chooses which, for guests whose faults are part of their work.
 *
 * The first time that an instruction faults for a reason it is told in full; the same again in a line, and then it is
 * only counted, and summed up at the end: what is written stays bounded. Works for the machine that it is attached to.
 */
#ifndef RVEMU_EMU_OBSERVE_EXPLAIN_FAULTS_H
#define RVEMU_EMU_OBSERVE_EXPLAIN_FAULTS_H

#include "emu/machine.h"
#include "emu/observe/source_lines.h"

struct explain_faults;

/* Makes it, as config->observe.explain says; nothing is wanted of it where that is EXPLAIN_NONE. Words go to `out`,
 * which stays the caller's; symbols and lines may be NULL and must live as long. */
struct explain_faults *explain_faults_create(const struct config *config, const struct symbols *symbols,
                                             struct source_lines *lines, FILE *out);

/* x may be NULL. */
void explain_faults_destroy(struct explain_faults *x);

/* The machine whose events come now; what was known of another one's harts is forgotten. */
void explain_faults_attach(struct explain_faults *x, struct machine *m);

/* Has `before` called before anything is written: for who shares the terminal and must write its own output first. */
void explain_faults_share_terminal(struct explain_faults *x, void (*before)(void *arg), void *arg);

/* The sink: page and access faults, and what their history needs. */
struct trace explain_faults_sink(struct explain_faults *x);

/* The run is over: what was counted and not told. */
void explain_faults_finish(struct explain_faults *x);

/* The run is over because each hart that runs only traps (RUN_WEDGED), or because every hart waits for ever
 * (RUN_ASLEEP): why, as far as the harts' registers tell; also where nothing is to be explained otherwise. */
void explain_faults_stuck(struct explain_faults *x, struct machine *m);
void explain_faults_asleep(struct explain_faults *x, struct machine *m);

#endif
