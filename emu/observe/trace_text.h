/*
 * The trace as text for people: one line an event, written to a file or stderr. Sort `insn` is Spike's commit-log
 * format
 * (--log-commits), so that two logs can be compared line by line; the other sorts have a compact line each, which
 * begins with the sort's name.
 *
 * An instruction's own line comes after those of what it did, because it is written when the instruction has retired.
 * Where it is not Spike's: a CSR is named as the instruction names it (sstatus, fcsr; Spike names mstatus, fflags and
 * frm), and what floating-point instructions change on the side (fflags, mstatus.FS) is left out.
 *
 * Filters choose lines, they do not make tracing cheaper. An event without address (an interrupt, a CSR write) is not
 * shown where an address range is asked for. Machine forms (JSON, Chrome, binary) are not here.
 */
#ifndef RVEMU_EMU_TRACE_TEXT_H
#define RVEMU_EMU_TRACE_TEXT_H

#include <stdio.h>

#include "emu/base/trace.h"

struct symbols;

/* Which events are written; all conditions must hold. trace_filter_init() gives one that lets everything through. */
struct trace_filter {
	u64 addr_lo, addr_hi; /* address concerned, inclusive: va, or for mem also pa; tval of exceptions; pc of insn */
	u64 pc_lo, pc_hi;     /* pc, inclusive */
	u64 insn_first, insn_last; /* the hart's instructions, by instret, inclusive */
	u8 privs;                  /* bit n: privilege mode n */
	s64 hart;                  /* hart id, or -1 for all */
};

void trace_filter_init(struct trace_filter *filter);

/* Reads "addr=LO-HI,pc=LO-HI,insns=A-B,priv=USM,hart=N"; a range may be one number. False: see err. */
bool trace_filter_parse(struct trace_filter *filter, const char *text, struct error *err) must_check;

/* "insn", "walk", ... */
const char *trace_sort_name(enum trace_sort sort);

/* Reads "insn,walk,..." or "all" into a mask of BIT(enum trace_sort). `length` bytes of text count. False: see err. */
bool trace_sorts_parse(u32 *wanted, const char *text, size_t length, struct error *err) must_check;

struct trace_text;

/* Makes a sink that writes to out, which stays the caller's. symbols may be NULL, and must live as long. */
struct trace_text *trace_text_create(FILE *out, const struct trace_filter *filter, u32 wanted,
                                     const struct symbols *symbols);

void trace_text_destroy(struct trace_text *text);

/* Has `before` called before each line: for who shares the terminal and must write its own output first. */
void trace_text_before_line(struct trace_text *text, void (*before)(void *arg), void *arg);

/* BIT(enum trace_sort) of what the sink must be told: more than was wanted, because a line of sort insn also shows
 * accesses. */
u32 trace_text_needs(const struct trace_text *text);

/* The sink itself: fits struct trace. */
void trace_text_emit(void *text, enum trace_sort sort, const void *event);

#endif
