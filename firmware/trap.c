/*
 * Sorts traps. Most exceptions never come here: they are delegated (hart.c). See trap.h.
 */
#include "firmware/trap.h"

#include "firmware/board.h"
#include "firmware/csr.h"
#include "firmware/hart.h"
#include "firmware/ipi.h"
#include "firmware/sbi.h"
#include "firmware/timer.h"

/* The firmware itself has a bug, or the machine is broken: there is nobody to tell but the console. */
static void __attribute__((noreturn)) give_up(const struct hart *hart, const struct fault *fault)
{
	console_print("\nfirmware: hart ");
	console_print_hex(hart->id);
	console_print(" cannot handle trap: mcause ");
	console_print_hex(fault->cause);
	console_print(" mtval ");
	console_print_hex(fault->tval);
	console_print(" mepc ");
	console_print_hex(hart->pc);
	console_print(" mstatus ");
	console_print_hex(hart->mstatus);
	console_print("\n");
	board_finish(FINISH_FAILED);
}

/* A guest of a hypervisor was interrupted: its hypervisor, in S mode, is told so. */
static void leave_guest(struct hart *hart)
{
	u64 hstatus = csr_read(CSR_HSTATUS) & ~(HSTATUS_SPV | HSTATUS_GVA);

	if (hart->mstatus & MSTATUS_MPV) {
		hstatus = (hstatus & ~HSTATUS_SPVP) | HSTATUS_SPV;
		if (hart->mstatus & MSTATUS_MPP_S)
			hstatus |= HSTATUS_SPVP;
	}
	if (hart->mstatus & MSTATUS_GVA)
		hstatus |= HSTATUS_GVA;
	csr_write(CSR_HSTATUS, hstatus);
	hart->mstatus &= ~MSTATUS_MPV;
}

void trap_redirect(struct hart *hart, const struct fault *fault)
{
	u64 status = hart->mstatus & ~(MSTATUS_SPP | MSTATUS_SPIE | MSTATUS_SIE);

	if (hart->mstatus & MSTATUS_MPP_S)
		status |= MSTATUS_SPP;
	if (hart->mstatus & MSTATUS_SIE)
		status |= MSTATUS_SPIE;
	if (hart->features.hypervisor)
		leave_guest(hart);
	csr_write(CSR_SEPC, hart->pc);
	csr_write(CSR_SCAUSE, fault->cause);
	csr_write(CSR_STVAL, fault->tval);
	hart->pc = csr_read(CSR_STVEC) & ~3ul; /* exceptions go to the base, whatever the mode */
	hart->mstatus = (status & ~(MSTATUS_MPP | MSTATUS_MPV)) | MSTATUS_MPP_S;
}

void trap_handle(struct hart *hart)
{
	const struct fault fault = { .cause = csr_read(CSR_MCAUSE), .tval = csr_read(CSR_MTVAL) };

	if ((hart->mstatus & MSTATUS_MPP) == MSTATUS_MPP)
		give_up(hart, &fault);
	switch (fault.cause) {
	case CAUSE_MSI:
		ipi_receive(hart);
		break;
	case CAUSE_MTI:
		timer_expired(hart);
		break;
	case CAUSE_ECALL_S:
		sbi_call(hart);
		break;
	case CAUSE_ILLEGAL:
		pmu_count(hart, PMU_ILLEGAL_INSN);
		illegal_handle(hart, &fault);
		break;
	case CAUSE_LOAD_MISALIGNED:
		pmu_count(hart, PMU_MISALIGNED_LOAD);
		misaligned_handle(hart, &fault);
		break;
	case CAUSE_STORE_MISALIGNED:
		pmu_count(hart, PMU_MISALIGNED_STORE);
		misaligned_handle(hart, &fault);
		break;
	case CAUSE_LOAD_ACCESS:
		pmu_count(hart, PMU_ACCESS_LOAD);
		trap_redirect(hart, &fault);
		break;
	case CAUSE_STORE_ACCESS:
		pmu_count(hart, PMU_ACCESS_STORE);
		trap_redirect(hart, &fault);
		break;
	default:
		if (fault.cause & CAUSE_INTERRUPT)
			give_up(hart, &fault);
		trap_redirect(hart, &fault);
		break;
	}
}
