/*
 * Control and status registers by number: existence, privilege, WARL legalisation, side effects. The list is
 * cpu/csr.def; what each register does is in cpu/csr_regs.c, the counters in cpu/counters.c. Privileged manual,
 * "Control and Status Registers", "Machine-Level ISA", "Supervisor-Level ISA"; unprivileged manual, "Zicsr".
 */
#ifndef RVEMU_CPU_CSR_H
#define RVEMU_CPU_CSR_H

#include "cpu/hart.h"

/* mstatus; MPRV, SUM, MXR and MPP's place are in mmu/mmu.h. */
#define MSTATUS_SIE BIT(1)
#define MSTATUS_MIE BIT(3)
#define MSTATUS_SPIE BIT(5)
#define MSTATUS_MPIE BIT(7)
#define MSTATUS_SPP BIT(8)
#define MSTATUS_MPP (3ull << MSTATUS_MPP_SHIFT)
#define MSTATUS_FS_SHIFT 13
#define MSTATUS_FS (3ull << MSTATUS_FS_SHIFT)
#define MSTATUS_TVM BIT(20)
#define MSTATUS_TW BIT(21)
#define MSTATUS_TSR BIT(22)
#define MSTATUS_UXL_SHIFT 32
#define MSTATUS_UXL (3ull << MSTATUS_UXL_SHIFT)
#define MSTATUS_SXL_SHIFT 34
#define MSTATUS_SXL (3ull << MSTATUS_SXL_SHIFT)
#define MSTATUS_SD BIT(63)

/* Of which S mode sees these. */
#define SSTATUS_VISIBLE                                                                                                \
	(MSTATUS_SIE | MSTATUS_SPIE | MSTATUS_SPP | MSTATUS_FS | MSTATUS_SUM | MSTATUS_MXR | MSTATUS_UXL | MSTATUS_SD)

/* The two lower values of mstatus.FS are Off and Initial. */
enum fs { FS_OFF, FS_INITIAL, FS_CLEAN, FS_DIRTY };

/* mip, mie, mideleg. */
#define MIP_SSIP BIT(1)
#define MIP_MSIP BIT(3)
#define MIP_STIP BIT(5)
#define MIP_MTIP BIT(7)
#define MIP_SEIP BIT(9)
#define MIP_MEIP BIT(11)
#define MIP_LCOFIP BIT(13)

/* menvcfg and senvcfg. */
#define ENVCFG_FIOM BIT(0)
#define ENVCFG_CBIE_SHIFT 4
#define ENVCFG_CBIE (3ull << ENVCFG_CBIE_SHIFT)
#define ENVCFG_CBCFE BIT(6)
#define ENVCFG_CBZE BIT(7)
#define MENVCFG_ADUE BIT(61)
#define MENVCFG_PBMTE BIT(62)
#define MENVCFG_STCE BIT(63)

/* mstateen0. */
#define MSTATEEN_ENVCFG BIT(62)
#define MSTATEEN_SE BIT(63)

/* mcounteren, scounteren, mcountinhibit: bit i is for counter i. */
#define COUNTEREN_TM BIT(1)

/* Numbers: CSR_MSTATUS, ...; of a range its first: CSR_PMPADDR0. */
enum csr_number {
#define CSR_FIELD(number, id, name, needs, gate, field, mask) CSR_##id = (number),
#define CSR_MEMBER(number, id, name, needs, gate, field, set) CSR_##id = (number),
#define CSR(number, id, name, needs, gate, get, set) CSR_##id = (number),
#define CSR_RANGE(number, last, id, names, needs, gate, get, set) CSR_##id = (number),
#include "cpu/csr.def"
#undef CSR_FIELD
#undef CSR_MEMBER
#undef CSR
#undef CSR_RANGE
};

#define CSR_NUMBERS 4096

enum csr_op { CSR_WRITE, CSR_SET, CSR_CLEAR };

/*
 * One Zicsr instruction: reads the old value (unless !reads: csrrw with rd = x0), then writes (unless !writes:
 * csrrs/csrrc with rs1 = x0). False: illegal instruction; nothing happened. h->pc and h->count must be exact (the
 * instruction itself not yet counted). Side effects on MMU, interrupts, counters and the host FPU's rounding are done
 * when it returns. *old is written only if `reads`. Where the next event may have come nearer, h->mmu.device_touched is
 * set.
 */
bool csr_access(struct hart *h, u32 number, enum csr_op op, u64 operand, bool reads, bool writes, u64 *old) must_check;

/* For the debugger and traces: no privilege check, no side effects. False: no such register. */
bool csr_peek(const struct hart *h, u32 number, u64 *value) must_check;

/* For the debugger, between engine runs: writes as M mode would. False: no such register or read-only. */
bool csr_poke(struct hart *h, u32 number, u64 value) must_check;

/* The register's name as the assembler has it, or NULL. */
const char *csr_name(u32 number);

/* Number of the register of that name, or -1. */
int csr_number(const char *name);

/* Reset values. */
void csr_reset(struct hart *h);

#endif
