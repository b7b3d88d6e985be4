/*
 * Calls to the firmware (SBI 1.0 and later): what the kernel uses of it, one function a call.
 */
#ifndef GUEST_KERNEL_CORE_SBI_H
#define GUEST_KERNEL_CORE_SBI_H

#include "guest/kernel/core/base.h"

/* Checks that TIME, IPI, RFENCE, HSM and SRST are there; panics in words if one is missing. */
void sbi_init(void);

/* Next timer interrupt of this hart at this value of the time CSR (TIME). */
void sbi_set_timer(u64 ticks);

/* A software interrupt to each hart of the mask; bit n is hart id n (IPI). */
void sbi_send_ipi(u64 hart_mask);

/* RFENCE: sfence.vma for one address range of an ASID on the harts of the mask; size (u64)-1: all of the ASID. */
void sbi_remote_sfence_vma_asid(u64 hart_mask, u64 start, u64 size, u64 asid);
/* sfence.vma x0, x0 there: everything. */
void sbi_remote_sfence_vma_all(u64 hart_mask);
/* fence.i there. */
void sbi_remote_fence_i(u64 hart_mask);

/* HSM: starts a hart in S mode, paging off, a0 = hart id, a1 = opaque. 0 or a negative SBI error. */
i64 sbi_hart_start(u64 hart, u64 pa, u64 opaque);

/* SRST. failed: reason "system failure", which makes the emulator's exit status 1. Does not return. */
__attribute__((noreturn)) void sbi_shutdown(bool failed);
__attribute__((noreturn)) void sbi_reboot(void);

/* Debug console (DBCN), or the legacy call where there is none: for messages before the UART is known, and panics. */
void sbi_console_write(const char *text, u64 size);

#endif
