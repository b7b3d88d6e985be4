/*
 * Traps: entry.S saves the registers and calls these.
 */
#ifndef GUEST_KERNEL_CORE_TRAP_H
#define GUEST_KERNEL_CORE_TRAP_H

#include "guest/kernel/core/regs.h"

struct task;
struct context;

/* From user mode: takes the kernel lock, deals with it, delivers signals, gives the lock back. */
void trap_from_user(struct regs *regs);
/* From the kernel: a page fault of a user copy, or a bug. */
void trap_from_kernel(struct regs *regs);

/* entry.S */
void trap_vector(void);
void context_switch(struct context *from, struct context *to);
/* Where a new task's first context_switch leads: to trap_new_task, then to user mode with task->regs. */
void new_task_entry(void);
/* Kernel threads: calls s0(s1). */
void new_thread_entry(void);
void fp_save(struct fp_state *to);
void fp_restore(const struct fp_state *from);
/* What new_task_entry and new_thread_entry call after the first context_switch: what schedule() does after its own; a
 * new task of a process leaves the kernel then. */
void trap_new_task(void);
void trap_new_thread(void);
/* The function of a kernel thread came back: to user mode if it has become a process (task_exec), else its end. */
void trap_thread_returned(void);

/* stvec, sscratch, sie and sstatus of this hart. */
void trap_init_hart(void);
/* What a cause of an exception is called, for panics and for messages about programs. */
const char *trap_cause_name(u64 cause);
/* The interrupts that are pending, from user mode or the idle loop; kernel lock held. */
void interrupts_handle(void);

#endif
