/*
 * Between the firmware and main(): what entry.S calls and what it defines.
 */
#ifndef GUEST_KERNEL_CORE_EARLY_H
#define GUEST_KERNEL_CORE_EARLY_H

#include "guest/kernel/core/base.h"

/* Fills the first page table and returns the satp that loads it. Called by entry.S with paging off. */
u64 early_paging(void);
/* That satp, for the other harts. */
extern u64 early_satp;

/* entry.S. Where the other harts begin: with paging off, so the firmware needs the physical address. */
void secondary_start(void);
extern u8 boot_stack[], boot_stack_top[];

/* Called by entry.S once paging is on. */
__attribute__((noreturn)) void main(u64 hart_id, u64 device_tree_pa);
__attribute__((noreturn)) void smp_secondary_main(u64 hart_id);

#endif
