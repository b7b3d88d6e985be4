/*
 * The trace as text for people: one line an event, written to a file or stderr. Sort `insn` is Spike's commit-log
 * format (--log-commits), so that two logs can be compared line by line; the other sorts have a compact line each,
 * which begins with the sort's name.
 *
 * An instruction's own line comes after those of what it did, because it is written when the instruction has retired.
 * Where it is not Spike's: a CSR is named as the instruction names it (sstatus, fcsr; Spike names mstatus, fflags and
 * frm), and what floating-point instructions change on the side (fflags, mstatus.FS) is left out.
 *
 * Machine forms (JSON, Chrome, binary) are not here.
 */
#ifndef RVEMU_EMU_OBSERVE_TRACE_TEXT_H
#define RVEMU_EMU_OBSERVE_TRACE_TEXT_H

#include <stdio.h>

#include "emu/base/trace.h"
#include "emu/observe/trace_filter.h"

struct symbols;

/* What a line of sort insn also shows. */
#define TRACE_TEXT_FOR_LINES (1u << TRACE_MEM | 1u << TRACE_CSR | 1u << TRACE_TRAP)

struct trace_text;

/* Makes a sink that writes to out, which stays the caller's. symbols may be NULL, and must live as long. */
struct trace_text *trace_text_create(FILE *out, const struct trace_filter *filter, u32 wanted,
                                     const struct symbols *symbols);

void trace_text_destroy(struct trace_text *text);

/* Has `before` called before each line: for who shares the terminal and must write its own output first. */
void trace_text_before_line(struct trace_text *text, void (*before)(void *arg), void *arg);

/* BIT(enum trace_sort) of what the sink must be told: more than is wanted, because a line of sort insn also shows
 * accesses. */
u32 trace_text_needs(u32 wanted);

/* Writes other sorts, or with another filter, from now on. */
void trace_text_change(struct trace_text *text, const struct trace_filter *filter, u32 wanted);

/* Writes out what is held back. */
void trace_text_flush(struct trace_text *text);

/* The sink itself: fits struct trace. */
void trace_text_emit(void *text, enum trace_sort sort, const void *event);

#endif
