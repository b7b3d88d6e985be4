/*
 * The event stream's fan-out: a machine tells one sink (emu/base/trace.h), this one, which tells everybody who wants
 * that sort of event. Whoever looks at the machine is a sink here: traces, statistics, explanations, curves, the file a
 * report is made of, the window. The same sinks are fed by a run at work and by a run file that is read back
 * (emu/observe/run_file.h), so none of them may ask the machine anything unless it says so.
 */
#ifndef RVEMU_EMU_OBSERVE_SINKS_H
#define RVEMU_EMU_OBSERVE_SINKS_H

#include "emu/base/trace.h"

#define SINKS_MAX 16

struct sinks {
	struct trace all[SINKS_MAX]; /* who is told what; in the order in which they were added */
	u32 count;                   /* how many */
};

/* Adds a sink. What is wanted of it may change later: sinks_update(). */
void sinks_add(struct sinks *s, struct trace sink);

/* Replaces what was added with the same `arg`, or adds it. */
void sinks_update(struct sinks *s, struct trace sink);

/* The sink to give to a machine: it wants what any of them wants. Made anew after every change; `s` must live as long.
 */
struct trace sinks_trace(struct sinks *s);

#endif
