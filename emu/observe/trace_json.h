/*
 * The trace as JSON lines: one object an event, for scripts. Addresses, register values and PTEs are strings in
 * hexadecimal ("0x..."), because many JSON readers round large numbers; counts, cycles and small numbers are numbers.
 * Every object has the same keys for its "event"; what is not known is null. emu/observe/README.md lists them.
 */
#ifndef RVEMU_EMU_OBSERVE_TRACE_JSON_H
#define RVEMU_EMU_OBSERVE_TRACE_JSON_H

#include "emu/base/trace.h"
#include "emu/observe/lines.h"
#include "emu/observe/trace_filter.h"

struct trace_json;

/* Makes a sink that writes to out, which stays the caller's. symbols may be NULL, and must live as long. */
struct trace_json *trace_json_create(FILE *out, const struct trace_filter *filter, u32 wanted,
                                     const struct symbols *symbols);
void trace_json_destroy(struct trace_json *json);

/* Writes other sorts, or with another filter, from now on. */
void trace_json_change(struct trace_json *json, const struct trace_filter *filter, u32 wanted);

/* Where its lines are gathered: to share a terminal, and to flush. */
struct lines *trace_json_lines(struct trace_json *json);

/* The sink itself: fits struct trace. */
void trace_json_emit(void *json, enum trace_sort sort, const void *event);

/* Puts the object of an event, without a newline: at most LINES_LINE_MAX / 2 bytes. */
void trace_json_object(struct lines *l, enum trace_sort sort, const void *event);

#endif
