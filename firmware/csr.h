/*
 * The CSRs that the firmware touches: numbers, bits, causes. Written from the privileged manual ("Machine-Level ISA",
 * "Supervisor-Level ISA", Sstc, Smstateen, Sscofpmf), on purpose without a look at what the emulator's sources say.
 */
#ifndef FIRMWARE_CSR_H
#define FIRMWARE_CSR_H

#include "firmware/base.h"

/* Supervisor, numbers */
#define CSR_SCOUNTEREN 0x106
#define CSR_STVEC 0x105
#define CSR_SIE 0x104
#define CSR_SEPC 0x141
#define CSR_SCAUSE 0x142
#define CSR_STVAL 0x143
#define CSR_STIMECMP 0x14d
#define CSR_SATP 0x180
#define CSR_HSTATUS 0x600

/* Machine, numbers */
#define CSR_MVENDORID 0xf11
#define CSR_MARCHID 0xf12
#define CSR_MIMPID 0xf13
#define CSR_MSTATUS 0x300
#define CSR_MISA 0x301
#define CSR_MEDELEG 0x302
#define CSR_MIDELEG 0x303
#define CSR_MIE 0x304
#define CSR_MTVEC 0x305
#define CSR_MCOUNTEREN 0x306
#define CSR_MENVCFG 0x30a
#define CSR_MSTATEEN0 0x30c /* to 3: 0x30f */
#define CSR_MSTATEEN1 0x30d
#define CSR_MSTATEEN2 0x30e
#define CSR_MSTATEEN3 0x30f
#define CSR_MCOUNTINHIBIT 0x320
#define CSR_MHPMEVENT 0x320 /* + counter number, which is 3 to 31 */
#define CSR_MSCRATCH 0x340
#define CSR_MEPC 0x341
#define CSR_MCAUSE 0x342
#define CSR_MTVAL 0x343
#define CSR_MIP 0x344
#define CSR_PMPCFG0 0x3a0
#define CSR_PMPADDR0 0x3b0
#define CSR_PMPADDR1 0x3b1
#define CSR_MCOUNTER 0xb00 /* + counter number: mcycle, (none), minstret, mhpmcounter3 to 31 */
#define CSR_COUNTER 0xc00  /* + counter number: what lower modes read */

/* mstatus */
#define MSTATUS_SIE BIT(1)
#define MSTATUS_MIE BIT(3)
#define MSTATUS_SPIE BIT(5)
#define MSTATUS_MPIE BIT(7)
#define MSTATUS_SPP BIT(8)
#define MSTATUS_VS_INITIAL BIT(9)
#define MSTATUS_VS (3 * BIT(9))
#define MSTATUS_MPP (3 * BIT(11))
#define MSTATUS_MPP_S BIT(11)
#define MSTATUS_FS_INITIAL BIT(13)
#define MSTATUS_FS (3 * BIT(13))
#define MSTATUS_MPRV BIT(17)
#define MSTATUS_SUM BIT(18)
#define MSTATUS_MXR BIT(19)
#define MSTATUS_TVM BIT(20)
#define MSTATUS_TW BIT(21)
#define MSTATUS_TSR BIT(22)
#define MSTATUS_GVA BIT(38)
#define MSTATUS_MPV BIT(39)

/* hstatus, of harts with the hypervisor extension */
#define HSTATUS_GVA BIT(6)
#define HSTATUS_SPV BIT(7)
#define HSTATUS_SPVP BIT(8)

/* mip, mie, mideleg: interrupts */
#define IRQ_SSI BIT(1)
#define IRQ_MSI BIT(3)
#define IRQ_STI BIT(5)
#define IRQ_MTI BIT(7)
#define IRQ_SEI BIT(9)
#define IRQ_LCOFI BIT(13)
#define IRQ_SUPERVISOR (IRQ_SSI | IRQ_STI | IRQ_SEI | IRQ_LCOFI)

/* mcause */
#define CAUSE_INTERRUPT BIT(63)
#define CAUSE_MSI (CAUSE_INTERRUPT | 3)
#define CAUSE_MTI (CAUSE_INTERRUPT | 7)
#define CAUSE_FETCH_MISALIGNED 0
#define CAUSE_FETCH_ACCESS 1
#define CAUSE_ILLEGAL 2
#define CAUSE_BREAKPOINT 3
#define CAUSE_LOAD_MISALIGNED 4
#define CAUSE_LOAD_ACCESS 5
#define CAUSE_STORE_MISALIGNED 6
#define CAUSE_STORE_ACCESS 7
#define CAUSE_ECALL_U 8
#define CAUSE_ECALL_S 9
#define CAUSE_ECALL_VS 10
#define CAUSE_FETCH_PAGE 12
#define CAUSE_LOAD_PAGE 13
#define CAUSE_STORE_PAGE 15
#define CAUSE_SOFTWARE_CHECK 18
#define CAUSE_GUEST_FETCH_PAGE 20
#define CAUSE_GUEST_LOAD_PAGE 21
#define CAUSE_VIRTUAL_INSN 22
#define CAUSE_GUEST_STORE_PAGE 23

/* menvcfg */
#define MENVCFG_CBIE (3 * BIT(4)) /* cbo.inval invalidates, without writing back first */
#define MENVCFG_CBCFE BIT(6)
#define MENVCFG_CBZE BIT(7)
#define MENVCFG_ADUE BIT(61)
#define MENVCFG_PBMTE BIT(62)
#define MENVCFG_STCE BIT(63)

/* mhpmevent, with Sscofpmf */
#define MHPMEVENT_OF BIT(63)
#define MHPMEVENT_MINH BIT(62)
#define MHPMEVENT_SINH BIT(61)
#define MHPMEVENT_UINH BIT(60)

/* misa */
#define MISA(letter) BIT((letter) - 'A')

/* pmpcfg: an entry for a naturally aligned power of two, with these permissions */
#define PMP_NAPOT 0x18ul
#define PMP_RWX 0x07ul

/* A CSR by its number, which must be a constant. The hart must have it. */
#define csr_read(number)                                                                                               \
	({                                                                                                             \
		u64 value_;                                                                                            \
		__asm__ volatile("csrr %0, %1" : "=r"(value_) : "i"(number) : "memory");                               \
		value_;                                                                                                \
	})
#define csr_write(number, value) __asm__ volatile("csrw %0, %1" ::"i"(number), "r"((u64)(value)) : "memory")
#define csr_set(number, bits) __asm__ volatile("csrs %0, %1" ::"i"(number), "r"((u64)(bits)) : "memory")
#define csr_clear(number, bits) __asm__ volatile("csrc %0, %1" ::"i"(number), "r"((u64)(bits)) : "memory")

#endif
