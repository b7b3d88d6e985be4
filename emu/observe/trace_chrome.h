/*
 * The trace in the Chrome trace event format, which Perfetto and chrome://tracing open: a process for each hart, with a
 * track for page-table walks (a slice each, and in it a slice for each PTE), tracks for faults and traps, fences and
 * address spaces, the TLB, instructions and accesses, and hints, and counters over time. A slice's or instant's
 * arguments are the object that trace_json.h has for the event.
 *
 * The time axis is guest time, with a cycle of a walk drawn as a nanosecond: where there is a timing model, what comes
 * after a walk is moved on by its cycles; where there is none, a PTE is drawn as one nanosecond and nothing is moved.
 *
 * The file is valid JSON once the sink was destroyed.
 */
#ifndef RVEMU_EMU_OBSERVE_TRACE_CHROME_H
#define RVEMU_EMU_OBSERVE_TRACE_CHROME_H

#include "emu/base/trace.h"
#include "emu/observe/lines.h"
#include "emu/observe/trace_filter.h"

struct trace_chrome;

/* Makes a sink that writes to out, which stays the caller's. symbols may be NULL, and must live as long. */
struct trace_chrome *trace_chrome_create(FILE *out, const struct trace_filter *filter, u32 wanted,
                                         const struct symbols *symbols);

/* Writes the end and frees. */
void trace_chrome_destroy(struct trace_chrome *chrome);

/* Writes other sorts, or with another filter, from now on. */
void trace_chrome_change(struct trace_chrome *chrome, const struct trace_filter *filter, u32 wanted);

/* Where its lines are gathered: to share a terminal, and to flush. */
struct lines *trace_chrome_lines(struct trace_chrome *chrome);

/* The sink itself: fits struct trace. */
void trace_chrome_emit(void *chrome, enum trace_sort sort, const void *event);

#endif
