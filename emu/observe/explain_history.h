/*
 * What a fault alone does not tell: how a hart got here. Who wrote satp and when, whether a write of it was refused,
 * whether a trap handler is at work. From this come hints to the mistakes that everybody makes once: no identity map
 * behind the write of satp, a handler without a stack, a MODE field that means Bare.
 *
 * Fed with events (csr, space, trap); one struct a hart. Used by emu/observe/explain_faults.c.
 */
#ifndef RVEMU_EMU_OBSERVE_EXPLAIN_HISTORY_H
#define RVEMU_EMU_OBSERVE_EXPLAIN_HISTORY_H

#include "emu/observe/explain_text.h"

/* The events that must be shown to explain_history_see(). */
#define EXPLAIN_HISTORY_SORTS (BIT(TRACE_CSR) | BIT(TRACE_SPACE) | BIT(TRACE_TRAP))

/* Zeroed: nothing has happened. */
struct explain_history {
	bool has_space;           /* satp was changed: */
	struct trace_space space; /* last by this write */
	bool has_bare;            /* satp is Bare, and not as somebody wanted: */
	u64 bare_pc;              /* by the instruction here */
	u64 bare_satp;            /* it was given this value */
	u32 notes;                /* about such writes */
	bool in_handler;          /* a trap was taken, and there was no xRET since */
	struct trace_trap trap;   /* the last one */
	u64 fault;                /* number of the fault that it was taken for; 0: another trap */
	bool is_guessed;          /* all of this was read from registers behind the event */
};

/* An event of this hart. `t` is told of writes of satp that cannot do what was meant. */
void explain_history_see(struct explain_history *y, const struct explain_teller *t, struct hart *h,
                         enum trace_sort sort, const void *event);

/* Hints about a page or access fault, behind its explanation `q`. */
void explain_history_tell(const struct explain_history *y, const struct explain_teller *t, struct hart *h,
                          const struct trace_fault *fault, const struct explain_question *q);

/* The trap handler that was entered last and faults itself: why that is a loop. */
void explain_history_tell_handler(const struct explain_history *y, const struct explain_teller *t, struct hart *h,
                                  const struct trace_fault *fault);

/* True if the fault is the trap handler's own, within its first instructions. */
bool explain_history_is_nested(const struct explain_history *y, const struct trace_fault *fault);

#endif
