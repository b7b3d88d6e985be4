/*
 * A naive second opinion on the instructions that QEMU lacks or gets wrong, written from the unprivileged manual alone:
 * nothing of cpu/ is used. It executes one instruction in M mode on a model of what a stub can see.
 */
#ifndef RVEMU_TESTS_ISA_REFERENCE_H
#define RVEMU_TESTS_ISA_REFERENCE_H

#include "tests/isa/cases.h"
#include "tests/isa/operands.h"

struct model {
	u64 x[32];                 /* integer registers */
	u64 f[32];                 /* floating-point registers */
	u32 fcsr;                  /* rounding mode and flags */
	bool fs_off;               /* mstatus.FS is 0: floating-point instructions are illegal */
	u64 pc;                    /* of the instruction */
	u64 window[WINDOW_DWORDS]; /* memory from GUEST_WINDOW on; elsewhere there is none */
	u64 cause, tval;           /* the trap it took; cause ~0: none */
};

/* Executes the instruction `raw` (16 or 32 bits) that the assembler calls `name`. False: the reference does not know
 * it. */
bool reference_execute(struct model *m, const char *name, u32 raw);

/* The floating-point half of it (Zfa), in reference_fp.c. */
bool reference_execute_fp(struct model *m, const char *name, u32 raw);

#endif
