/*
 * What cpu/block.c needs of the interpreter to build blocks: which function does which instruction.
 */
#ifndef RVEMU_CPU_INTERP_H
#define RVEMU_CPU_INTERP_H

#include "cpu/block.h"

/* How an instruction is done. */
struct op_entry {
	op_fn *fn;   /* as it usually is */
	op_fn *soft; /* floating point with a static rounding mode; NULL where no mode matters */
	op_fn *rtz;  /* with static RTZ, where there is something better than `soft` */
	bool exact;  /* floating point that needs no more than a legal mode */
};

extern const struct op_entry op_table[INSN_COUNT];

/* One operation for two instructions (enum insn_id) that follow one another, or NULL: see cpu/fuse.h. */
op_fn *op_fused(u32 first, u32 second);

/* Operations that are no instructions. */
op_fn op_nop;         /* an instruction without effect */
op_fn op_hint;        /* likewise, but who wants TRACE_HINT is told: see cpu/hint.h */
op_fn op_fallthrough; /* the block's end without a jump: goes on at u->off; a link follows */
op_fn op_dead;        /* first operation of a dropped block: finds the code anew */
op_fn op_observe;     /* stands before each instruction while somebody watches: see cpu/observe.h */
op_fn op_debug;       /* stands before an instruction on which a debugger's point may be; imm: its place in the block */
op_fn op_strict_jump; /* a jump on a hart without C, whose target may be misaligned; a link follows */
op_fn op_strict_branch; /* likewise a branch */
op_fn op_fence_i_seen;  /* fence.i while somebody looks for missing ones: mmu/check.h */

#endif
