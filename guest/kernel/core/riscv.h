/*
 * The architecture's numbers that the kernel uses, written down from the privileged manual (not shared with the
 * emulator: a wrong constant used by both would cancel out), and the instructions C has no words for.
 */
#ifndef GUEST_KERNEL_CORE_RISCV_H
#define GUEST_KERNEL_CORE_RISCV_H

#include "guest/kernel/core/base.h"

/* sstatus, 4.1.1 */
#define SSTATUS_SIE (1ul << 1)
#define SSTATUS_SPIE (1ul << 5)
#define SSTATUS_SPP (1ul << 8)
#define SSTATUS_FS (3ul << 13)
#define SSTATUS_FS_INITIAL (1ul << 13)
#define SSTATUS_FS_CLEAN (2ul << 13)
#define SSTATUS_FS_DIRTY (3ul << 13)
#define SSTATUS_SUM (1ul << 18)
#define SSTATUS_MXR (1ul << 19)
#define SSTATUS_UXL (3ul << 32)
#define SSTATUS_UXL_64 (2ul << 32)

/* sie and sip, 4.1.3 */
#define INTERRUPT_SOFTWARE (1ul << 1)
#define INTERRUPT_TIMER (1ul << 5)
#define INTERRUPT_EXTERNAL (1ul << 9)

/* scause, 4.1.8 */
#define CAUSE_INTERRUPT (1ul << 63)
enum cause {
	CAUSE_FETCH_MISALIGNED = 0,
	CAUSE_FETCH_ACCESS = 1,
	CAUSE_ILLEGAL = 2,
	CAUSE_BREAKPOINT = 3,
	CAUSE_LOAD_MISALIGNED = 4,
	CAUSE_LOAD_ACCESS = 5,
	CAUSE_STORE_MISALIGNED = 6,
	CAUSE_STORE_ACCESS = 7,
	CAUSE_ECALL_U = 8,
	CAUSE_FETCH_PAGE_FAULT = 12,
	CAUSE_LOAD_PAGE_FAULT = 13,
	CAUSE_STORE_PAGE_FAULT = 15,
};

/* satp, 4.1.11 */
#define SATP_MODE_SV39 (8ul << 60)
#define SATP_ASID_SHIFT 44
#define SATP_ASID_MASK 0xfffful

#define csr_read(csr)                                                                                                  \
	({                                                                                                             \
		u64 csr_value;                                                                                         \
		__asm__ volatile("csrr %0, " #csr : "=r"(csr_value));                                                  \
		csr_value;                                                                                             \
	})
#define csr_write(csr, value) __asm__ volatile("csrw " #csr ", %0" ::"rK"((u64)(value)) : "memory")
#define csr_clear(csr, bits) __asm__ volatile("csrc " #csr ", %0" ::"rK"((u64)(bits)) : "memory")

#endif
