/*
 * The page that exec maps into each program: signal trampoline and what C libraries ask for at every start. vdso(7).
 */
#ifndef GUEST_KERNEL_PROC_VDSO_H
#define GUEST_KERNEL_PROC_VDSO_H

#define VDSO_ANSWERS 6 /* riscv_hwprobe's keys from 0 on that the page knows */

#ifndef __ASSEMBLER__

#include "guest/kernel/mm/mm.h"

/* Makes vdso_frame. Once, at boot, when the device tree is known. */
void vdso_init(void);
/* Maps the page: sets mm->vdso. 0 or -ENOMEM. May sleep. */
int vdso_map(struct mm *mm) must_check;
/* Where a signal handler returns to. */
u64 vdso_trampoline_of(const struct mm *mm);

#endif

#endif
