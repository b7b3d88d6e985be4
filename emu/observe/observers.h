/*
 * Everybody who looks at the machine, made from the command line and joined by one fan-out (emu/observe/sinks.h):
 * traces, statistics, explanations, checks, curves, the run file. Outlives machines that reboot. emu/session.c drives
 * it; the monitor asks it.
 *
 * To add an observer: a field below, its making in observers_create(), its last words in observers_finish().
 */
#ifndef RVEMU_EMU_OBSERVE_OBSERVERS_H
#define RVEMU_EMU_OBSERVE_OBSERVERS_H

#include "emu/machine.h"
#include "emu/observe/explain_faults.h"
#include "emu/observe/frame_map.h"
#include "emu/observe/guest_symbols.h"
#include "emu/observe/guest_view.h"
#include "emu/observe/oracle.h"
#include "emu/observe/profile.h"
#include "emu/observe/recorder.h"
#include "emu/observe/check_report.h"
#include "emu/observe/grader.h"
#include "emu/observe/live.h"
#include "emu/observe/sinks.h"
#include "emu/observe/source_lines.h"
#include "emu/observe/stats.h"
#include "emu/observe/tables.h"
#include "emu/observe/tracing.h"
#include "emu/observe/what_if.h"
#include "emu/run.h"

struct observers {
	const struct config *config;   /* what is wanted */
	const struct symbols *symbols; /* names for addresses, or NULL */
	struct source_lines *lines;    /* source lines for addresses; never NULL, knows files once a machine is there */
	struct sinks sinks;            /* who is told */
	struct check_reporter *check;  /* --check, or NULL */
	struct tracing *tracing;       /* --trace, and the monitor's `trace` */
	struct explain_faults *explain;      /* --explain, and why a guest is stuck */
	struct recorder *recorder;           /* --report, or NULL */
	struct profile *profile;             /* hottest places, for --stats and --report, or NULL */
	struct what_if *what_if;             /* --what-if, or NULL */
	struct oracle *oracle;               /* --oracle, or NULL */
	struct grader *grader;               /* --expect, or NULL */
	struct guest_symbols *guest_symbols; /* processes of kernels without hints, likewise */
	struct guest_view *guest;            /* what the guest's kernel tells, for whoever asks, or NULL */
	struct frame_map *frame_map;         /* frames over time, for --report, or NULL */
	struct tables *tables;               /* page tables at a few moments, likewise */
	struct live *live;                   /* what a window shows of the MMU, or NULL */
	u32 guest_refs;                      /* BIT(TRACE_REF) if the model is told of every use of a translation */
};

/* Makes what the configuration asks for. symbols may be NULL and must live as long. NULL: see err. */
struct observers *observers_create(const struct config *config, const struct symbols *symbols, struct error *err);

/* Closes files and frees; o may be NULL. False: a file is not whole, see err. */
bool observers_destroy(struct observers *o, struct error *err) must_check;

/* Has `before` called before lines go to stderr: who shares the terminal writes its own output first. */
void observers_share_terminal(struct observers *o, void (*before)(void *arg), void *arg);

/* What a machine is to be created with. */
struct trace observers_trace(struct observers *o);

/* A machine was created and has not run yet: attaches what needs more than events. False: something is expected that
 * is not counted, see err. */
bool observers_attach(struct observers *o, struct machine *m, struct error *err) must_check;

/* The machine is over: nobody looks at it any more. Another one may follow, and tells of events before it is attached
 * (a snapshot's satp). */
void observers_detach(struct observers *o);

/* Gives a machine at work what is wanted now, after the monitor changed it. Outside the engine. */
void observers_apply(struct observers *o, struct machine *m);

/* A run ended because the guest cannot go on (RUN_WEDGED, RUN_ASLEEP): says why. For other ends nothing. */
void observers_tell_stuck(struct observers *o, struct machine *m, enum run_end end);

/* The run is over and the machine still there: reports, tables and files are written. `status` is the exit status so
 * far; returns the one that rvemu ends with (--expect may make a failure of it). */
int observers_finish(struct observers *o, struct machine *m, u64 host_ns, int status);

/* The live view, where there is a window or a text interface; otherwise NULL. */
struct live *observers_live(const struct observers *o);

/* Whom emu/observe/stats.h is to ask, for a machine at work. */
struct stats_sources observers_stats(const struct observers *o, const struct machine *m);

#endif
