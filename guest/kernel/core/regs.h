/*
 * The registers of a trap as entry.S lays them at the top of the kernel stack, and those of a switch between two kernel
 * threads. entry.S uses the byte offsets: the assertions hold both together.
 */
#ifndef GUEST_KERNEL_CORE_REGS_H
#define GUEST_KERNEL_CORE_REGS_H

#include "guest/kernel/core/base.h"

enum { REG_RA = 1, REG_SP = 2, REG_GP = 3, REG_TP = 4, REG_A0 = 10, REG_A1 = 11, REG_A2 = 12, REG_A7 = 17 };

/* What the user (or the kernel, where it faulted) had in its registers. x[0] holds the pc, as Linux's user_regs_struct
 * does. */
struct regs {
	u64 x[32];   /* x[0]: sepc; x[1]..x[31] */
	u64 status;  /* sstatus */
	u64 cause;   /* scause; (u64)-1 once a system call is done or must not be restarted */
	u64 tval;    /* stval */
	u64 orig_a0; /* a0 as a system call was entered with, for restarts and tracers */
};
_Static_assert(sizeof(struct regs) == 36 * 8, "entry.S");

/* Callee-saved registers: what context_switch() leaves and takes. */
struct context {
	u64 ra;
	u64 sp;
	u64 s[12];
};
_Static_assert(sizeof(struct context) == 14 * 8, "entry.S");

/* f0..f31 and fcsr of a task; saved where sstatus.FS says they changed. */
struct fp_state {
	u64 f[32];
	u64 fcsr;
};
_Static_assert(sizeof(struct fp_state) == 33 * 8, "entry.S");

#endif
