/*
 * The other harts: started by SBI HSM, each with a stack of its own, into the idle loop.
 */
#ifndef GUEST_KERNEL_CORE_SMP_H
#define GUEST_KERNEL_CORE_SMP_H

#include "guest/kernel/core/base.h"

struct task;

/* The idle task of the boot hart: what runs from entry.S on, on boot_stack. All zero until smp_init_idle(). */
extern struct task boot_task;

/* The boot hart's struct hart and the others' from the device tree's /cpus. */
void smp_init(u64 boot_hart_id);
/* Makes boot_task the boot hart's idle task; after task_init(). */
void smp_init_idle(void);
/* Starts the others. Processes may run on them from here on. */
void smp_start(void);
/* Makes an idling hart look at the queue of ready tasks, if one idles. */
void smp_kick(void);
/* A software interrupt to one hart, so that it enters the kernel and looks at its task's signals and need_resched. */
void smp_interrupt(unsigned hart_index);
/* The firmware's ids of the harts in a mask of indices. */
u64 smp_hart_ids(u64 index_mask);
/* Stops the other harts: panic. */
void smp_halt_others(void);
/* While spinning for the kernel lock: does not come back if the machine is being stopped. */
void smp_relax(void);

#endif
