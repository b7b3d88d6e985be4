/*
 * Illegal instructions. One kind is not the program's mistake: reading cycle, time, instret or another counter on a
 * hart that has these for M mode only. Everything else is the supervisor's business.
 */
#include "firmware/board.h"
#include "firmware/csr.h"
#include "firmware/guard.h"
#include "firmware/hart.h"
#include "firmware/trap.h"

/* Fields of an instruction */
#define OPCODE(insn) ((insn)&0x7f)
#define RD(insn) ((insn) >> 7 & 31)
#define FUNCT3(insn) ((insn) >> 12 & 7)
#define RS1(insn) ((insn) >> 15 & 31)
#define CSR_NUMBER(insn) ((insn) >> 20)

#define OPCODE_SYSTEM 0x73

#define COUNTER_TIME 1

/* CSRRS, CSRRC and their immediate forms with 0 as operand only read. (CSRRW always writes.) */
static bool only_reads_csr(u32 insn)
{
	return OPCODE(insn) == OPCODE_SYSTEM && (FUNCT3(insn) & 2) && RS1(insn) == 0;
}

/* S mode may read every counter (mcounteren is all ones), U mode those that S mode lets it read. */
static bool may_read(const struct hart *hart, u32 counter)
{
	u64 scounteren;

	if (hart->mstatus & MSTATUS_MPP_S)
		return true;
	return csr_try_read(CSR_SCOUNTEREN, &scounteren) && (scounteren >> counter & 1);
}

static bool read_counter(u32 counter, u64 *value)
{
	if (counter != COUNTER_TIME)
		return pmu_csr_read(counter, value);
	*value = clint_time();
	return true;
}

/* True if the instruction was done. */
static bool emulate(struct hart *hart, u32 insn)
{
	u32 counter = CSR_NUMBER(insn) - CSR_COUNTER;
	u64 value;

	if (!only_reads_csr(insn) || counter >= PMU_HARDWARE_COUNTERS)
		return false;
	if (!may_read(hart, counter) || !read_counter(counter, &value))
		return false;
	if (RD(insn) != 0)
		hart->x[RD(insn)] = value;
	hart->pc += 4;
	return true;
}

void illegal_handle(struct hart *hart, const struct fault *fault)
{
	struct fault while_reading;
	u32 insn = (u32)fault->tval;

	/* The hart may say which instruction it was, or 0. */
	if (fault->tval == 0 && !user_load_insn(hart, hart->pc, &insn, &while_reading)) {
		trap_redirect(hart, &while_reading);
		return;
	}
	/* A guest of a hypervisor has another clock; its hypervisor knows which. */
	if ((hart->mstatus & MSTATUS_MPV) || !emulate(hart, insn))
		trap_redirect(hart, fault);
}
