/*
 * Traps and returns: see trap.h. Only this file writes xcause, xepc, xtval and the stacks in xstatus, and moves
 * privilege; the privileged manual's "Privilege and Global Interrupt-Enable Stack in mstatus register" describes what
 * it does to them.
 *
 * This is the path of every system call: no loops, nothing that depends on the size of anything. An LR/SC reservation
 * outlives traps and returns (the manual asks for neither); SC fails all the same if its address does not fit.
 */
#include "cpu/trap.h"

#include "cpu/counters.h"
#include "cpu/csr.h"

/* A trap handler that faults again within so many instructions, where it did before, is in a loop. */
#define STREAK_INSNS 256

/* What is the same for every change of mode: hart_update_context() but for floating point, which does not depend on
 * it. */
static void enter_mode(struct hart *h, u8 priv, u64 status)
{
	u64 envcfg = h->csr.menvcfg;

	h->priv = priv;
	h->csr.mstatus = status;
	h->jumps = h->jump_caches[priv];
	mmu_set_context(&h->mmu, priv, status, envcfg & MENVCFG_ADUE, envcfg & MENVCFG_PBMTE);
	hart_update_attention(h);
}

/* Vectored mode: "interrupts set pc to the address in the BASE field plus four times the interrupt cause number". */
static u64 handler_of(u64 tvec, u64 cause)
{
	u64 base = tvec & ~3ull;

	return tvec & 1 && cause & CAUSE_INTERRUPT ? base + 4 * (cause & ~CAUSE_INTERRUPT) : base;
}

static void enter_supervisor(struct hart *h, u64 cause, u64 tval)
{
	u64 status = h->csr.mstatus & ~(MSTATUS_SPIE | MSTATUS_SPP | MSTATUS_SIE);

	if (h->csr.mstatus & MSTATUS_SIE)
		status |= MSTATUS_SPIE;
	if (h->priv == PRIV_S)
		status |= MSTATUS_SPP;
	h->csr.scause = cause;
	h->csr.sepc = h->pc;
	h->csr.stval = tval;
	h->pc = handler_of(h->csr.stvec, cause);
	enter_mode(h, PRIV_S, status);
}

static void enter_machine(struct hart *h, u64 cause, u64 tval)
{
	u64 status = h->csr.mstatus & ~(MSTATUS_MPIE | MSTATUS_MPP | MSTATUS_MIE);

	if (h->csr.mstatus & MSTATUS_MIE)
		status |= MSTATUS_MPIE;
	status |= (u64)h->priv << MSTATUS_MPP_SHIFT;
	h->csr.mcause = cause;
	h->csr.mepc = h->pc;
	h->csr.mtval = tval;
	h->pc = handler_of(h->csr.mtvec, cause);
	enter_mode(h, PRIV_M, status);
}

static cold void emit_trap(struct hart *h, bool to_supervisor, u64 cause, u64 tval)
{
	struct trace_trap event = {
		.cause = cause,
		.tval = tval,
		.target = handler_of(to_supervisor ? h->csr.stvec : h->csr.mtvec, cause),
		.to_priv = to_supervisor ? PRIV_S : PRIV_M,
	};

	hart_trace_head(h, &event.head);
	h->trace->emit(h->trace->arg, TRACE_TRAP, &event);
}

int trap_access_of(u64 cause)
{
	switch (cause) {
	case EXC_FETCH_ACCESS:
	case EXC_FETCH_PAGE:
		return ACCESS_FETCH;
	case EXC_LOAD_ACCESS:
	case EXC_LOAD_PAGE:
		return ACCESS_LOAD;
	case EXC_STORE_ACCESS:
	case EXC_STORE_PAGE:
		return ACCESS_STORE;
	default:
		return -1;
	}
}

/* True if nothing was got done since the last trap: not an instruction, or only the first few of a handler, which then
 * faults where it has faulted before. */
static bool is_going_round(const struct hart *h, bool to_supervisor, u64 cause)
{
	u64 instructions = hart_instret(h) - h->streak_instret;
	u64 last_pc = to_supervisor ? h->csr.sepc : h->csr.mepc;

	if (instructions == 0)
		return true;
	return instructions <= STREAK_INSNS && trap_access_of(cause) >= 0 && last_pc == h->pc;
}

/* Goes to the handler in S or M mode. */
static void enter_handler(struct hart *h, bool to_supervisor, u64 cause, u64 tval)
{
	/* After a return the streak is 0, and this one begins the next: system calls need not be looked at. */
	h->trap_streak = h->trap_streak && is_going_round(h, to_supervisor, cause) ? h->trap_streak + 1 : 1;
	h->streak_instret = hart_instret(h);
	if (to_supervisor)
		enter_supervisor(h, cause, tval);
	else
		enter_machine(h, cause, tval);
	if (unlikely(h->csr.hpm_filtered))
		counters_switch_mode(h);
}

static cold void emit_fault(struct hart *h, u64 cause, u64 tval)
{
	struct trace_fault event = { .cause = cause, .tval = tval, .satp = h->mmu.satp };
	int access = trap_access_of(cause);
	struct walk_request request;

	hart_trace_head(h, &event.head);
	if (access >= 0) {
		request = mmu_walk_request(&h->mmu, tval, (enum access)access,
		                           access == ACCESS_FETCH ? h->mmu.priv : h->mmu.data_priv);
		event.access = (u8)access;
		event.reason = h->mmu.fault.reason;
		event.request = &request;
	}
	h->trace->emit(h->trace->arg, TRACE_FAULT, &event);
}

/* "traps never transition from a more-privileged mode to a less-privileged mode" */
static always_inline bool is_delegated(const struct hart *h, u64 cause)
{
	return h->priv != PRIV_M && h->csr.medeleg >> cause & 1;
}

/* trap_exception() while somebody wants to be told. */
static cold void tell_exception(struct hart *h, u64 cause, u64 tval)
{
	bool to_supervisor = is_delegated(h, cause);

	if (trace_wants(h->trace, TRACE_FAULT))
		emit_fault(h, cause, tval);
	h->count++;
	h->not_retired++;
	if (trace_wants(h->trace, TRACE_TRAP))
		emit_trap(h, to_supervisor, cause, tval);
	enter_handler(h, to_supervisor, cause, tval);
}

/* One test for all who look, and no call but the last: every system call comes this way. */
void trap_exception(struct hart *h, u64 cause, u64 tval)
{
	if (unlikely(h->trace->wanted & (BIT(TRACE_FAULT) | BIT(TRACE_TRAP)))) {
		tell_exception(h, cause, tval);
		return;
	}
	h->count++;
	h->not_retired++;
	enter_handler(h, is_delegated(h, cause), cause, tval);
}

bool trap_interrupt(struct hart *h)
{
	bool to_supervisor;
	int cause;

	if (h->waiting && hart_mip(h) & h->csr.mie) {
		h->waiting = false;
		if (h->overflow_parked)
			counters_unpark(h);
	}
	cause = hart_pending_interrupt(h);
	if (cause < 0) {
		hart_update_attention(h);
		return false;
	}
	h->events.interrupts++;
	to_supervisor = h->csr.mideleg >> cause & 1;
	if (trace_wants(h->trace, TRACE_TRAP))
		emit_trap(h, to_supervisor, CAUSE_INTERRUPT | (u64)cause, 0);
	enter_handler(h, to_supervisor, CAUSE_INTERRUPT | (u64)cause, 0);
	return true;
}

static cold void emit_return(struct hart *h, u8 priv, u64 pc)
{
	struct trace_trap event = { .target = pc, .to_priv = priv, .is_return = true };

	hart_trace_head(h, &event.head);
	h->trace->emit(h->trace->arg, TRACE_TRAP, &event);
}

/* The return itself belongs to the mode it leaves. */
static cold void filter_return(struct hart *h)
{
	h->count++;
	counters_switch_mode(h);
	h->count--;
}

/* A return writes mstatus without a CSR instruction. */
static void emit_mstatus(struct hart *h)
{
	struct trace_csr event = { .number = CSR_MSTATUS };

	if (!csr_peek(h, CSR_MSTATUS, &event.value))
		return;
	hart_trace_head(h, &event.head);
	h->trace->emit(h->trace->arg, TRACE_CSR, &event);
}

/* Leaves the handler: the mode and pc to go to, and mstatus with its stack popped. */
static void leave_handler(struct hart *h, u8 priv, u64 pc, u64 status)
{
	h->trap_streak = 0;
	if (trace_wants(h->trace, TRACE_TRAP))
		emit_return(h, priv, pc);
	/* "If y != M, xRET also sets MPRV=0." */
	enter_mode(h, priv, priv == PRIV_M ? status : status & ~MSTATUS_MPRV);
	if (trace_wants(h->trace, TRACE_CSR))
		emit_mstatus(h);
	h->pc = pc;
	if (unlikely(h->csr.hpm_filtered))
		filter_return(h);
}

bool trap_mret(struct hart *h)
{
	u64 old = h->csr.mstatus;
	u64 status = (old & ~(MSTATUS_MIE | MSTATUS_MPP)) | MSTATUS_MPIE;

	if (h->priv != PRIV_M)
		return false;
	if (old & MSTATUS_MPIE)
		status |= MSTATUS_MIE;
	/* MPP is set "to the least-privileged supported mode". */
	if (!isa_has(h->isa, EXT_U))
		status |= MSTATUS_MPP;
	leave_handler(h, (u8)bits(old, MSTATUS_MPP_SHIFT + 1, MSTATUS_MPP_SHIFT), h->csr.mepc, status);
	return true;
}

bool trap_sret(struct hart *h)
{
	u64 old = h->csr.mstatus;
	u64 status = (old & ~(MSTATUS_SIE | MSTATUS_SPP)) | MSTATUS_SPIE;

	if (!isa_has(h->isa, EXT_S) || h->priv < PRIV_S || (h->priv == PRIV_S && old & MSTATUS_TSR))
		return false;
	if (old & MSTATUS_SPIE)
		status |= MSTATUS_SIE;
	leave_handler(h, old & MSTATUS_SPP ? PRIV_S : PRIV_U, h->csr.sepc, status);
	return true;
}

bool trap_set_mode(struct hart *h, u64 mode)
{
	if (mode != PRIV_M && !(mode == PRIV_S && isa_has(h->isa, EXT_S)) &&
	    !(mode == PRIV_U && isa_has(h->isa, EXT_U)))
		return false;
	enter_mode(h, (u8)mode, h->csr.mstatus);
	if (unlikely(h->csr.hpm_filtered))
		counters_switch_mode(h);
	return true;
}
