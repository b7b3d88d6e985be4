/*
 * The half of ptrace(2) that looks at a stopped task and changes it.
 */
#ifndef GUEST_KERNEL_PROC_PTRACE_REGS_H
#define GUEST_KERNEL_PROC_PTRACE_REGS_H

#include "guest/kernel/core/base.h"

struct task;

/* PEEK, POKE, register sets, siginfo, signal mask, system-call information. The task is in TASK_TRACED and traced by
 * the caller. The result of the request, or -EIO for one that does not exist. May sleep. */
i64 ptrace_examine(struct task *task, u64 request, u64 address, u64 data) must_check;

#endif
