/*
 * Traps and returns: the only writer of xcause, xepc, xtval, xstatus' stacks, and of the privilege mode.
 * Privileged manual: "Machine Trap ... Registers", "Trap Delegation", "Trap-Return Instructions".
 */
#ifndef RVEMU_CPU_TRAP_H
#define RVEMU_CPU_TRAP_H

#include "cpu/hart.h"

enum exception {
	EXC_FETCH_MISALIGNED = 0,
	EXC_FETCH_ACCESS = 1,
	EXC_ILLEGAL = 2,
	EXC_BREAKPOINT = 3,
	EXC_LOAD_MISALIGNED = 4,
	EXC_LOAD_ACCESS = 5,
	EXC_STORE_MISALIGNED = 6,
	EXC_STORE_ACCESS = 7,
	EXC_ECALL_U = 8,
	EXC_ECALL_S = 9,
	EXC_ECALL_M = 11,
	EXC_FETCH_PAGE = 12,
	EXC_LOAD_PAGE = 13,
	EXC_STORE_PAGE = 15,
};

#define CAUSE_INTERRUPT BIT(63)

/* The kind of access (enum access) of a page or access fault's cause; -1 for other causes. */
int trap_access_of(u64 cause);

/* Takes an exception at h->pc: h->pc is then the handler's, the mode the handler's. Counts it as a step that did not
 * retire. */
void trap_exception(struct hart *h, u64 cause, u64 tval);

/* Takes the pending interrupt, if one is to be taken. Returns true if so. */
bool trap_interrupt(struct hart *h);

/* MRET, SRET. h->pc is set to where it returns to; the instruction itself is not counted yet (as in csr_access()),
 * the caller does that. False: illegal in this mode, or by TSR; nothing happened. Where counters are filtered by
 * mode, traps and returns may set h->mmu.device_touched. */
bool trap_mret(struct hart *h) must_check;
bool trap_sret(struct hart *h) must_check;

/* Changes the mode and nothing else, for a debugger that wants it so. Outside the engine. False: this hart has no such
 * mode. */
bool trap_set_mode(struct hart *h, u64 mode) must_check;

#endif
