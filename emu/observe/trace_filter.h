/*
 * What the user wants to see of a trace: sorts of events, and conditions that an event must meet. One place decides for
 * all forms of traces, for runs and for run files.
 *
 * Conditions choose events, they do not make tracing cheaper. An event that lacks what a condition asks about (an
 * interrupt has no address, a CSR write no outcome) does not meet it.
 */
#ifndef RVEMU_EMU_OBSERVE_TRACE_FILTER_H
#define RVEMU_EMU_OBSERVE_TRACE_FILTER_H

#include "emu/base/trace.h"

/* Bits of trace_filter.outcomes beside BIT(enum walk_reason). */
#define TRACE_OUTCOME_AD BIT(63)    /* a walk that set A or D */
#define TRACE_OUTCOME_OTHER BIT(62) /* an exception that no page-table walk is behind */

/* Text of a filter is not longer. */
#define TRACE_FILTER_TEXT 512

/* Which events are wanted; all conditions must hold. */
struct trace_filter {
	u64 addr_lo, addr_hi; /* address concerned, inclusive: va, or for mem also pa; tval of exceptions; pc of insn */
	u64 pc_lo, pc_hi;     /* pc, inclusive */
	u64 insn_first, insn_last; /* the hart's instructions, by instret, inclusive */
	u64 cycles_lo, cycles_hi;  /* what a walk cost, inclusive */
	u64 outcomes;              /* BIT(enum walk_reason), TRACE_OUTCOME_...; all bits: whatever it was */
	u8 privs;                  /* bit n: privilege mode n */
	u8 accesses;               /* BIT(enum access); all of them: also events without */
	s32 asid;                  /* address space, or -1 for all */
	s64 hart;                  /* hart id, or -1 for all */
};

/* One that lets everything through. */
void trace_filter_init(struct trace_filter *filter);
bool trace_filter_is_open(const struct trace_filter *filter);

/* Reads "addr=LO-HI,pc=LO-HI,insns=A-B,priv=USM,hart=N,asid=N,access=rwx,outcome=NAME,cycles=LO-HI"; a range may be one
 * number, va is another name of addr, names of outcomes and accesses may be joined by +. False: see err. */
bool trace_filter_parse(struct trace_filter *filter, const char *text, struct error *err) must_check;

/* Writes it as trace_filter_parse() reads it; nothing for an open one. */
void trace_filter_text(const struct trace_filter *filter, char text[TRACE_FILTER_TEXT]);

/* True if the event is wanted. */
bool trace_filter_passes(const struct trace_filter *filter, enum trace_sort sort, const void *event);

/* "insn", "walk", ... */
const char *trace_sort_name(enum trace_sort sort);

/* Reads "insn,walk,..." or "all" into a mask of BIT(enum trace_sort). `length` bytes of text count. False: see err. */
bool trace_sorts_parse(u32 *wanted, const char *text, size_t length, struct error *err) must_check;

/* Writes a mask as trace_sorts_parse() reads it. */
void trace_sorts_text(u32 wanted, char *text, size_t size);

#endif
