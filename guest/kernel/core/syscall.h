/*
 * System calls: the prototypes of all handlers, made from guest/abi/syscall.def. A handler is given the calling task
 * and its six arguments as the registers had them; it returns the result or a negative errno.
 */
#ifndef GUEST_KERNEL_CORE_SYSCALL_H
#define GUEST_KERNEL_CORE_SYSCALL_H

#include "guest/kernel/core/base.h"

struct task;

#define SYSCALL(number, name, arguments) i64 sys_##name(struct task *task, const u64 arg[6]);
#include "guest/abi/syscall.def"
#undef SYSCALL

/* Runs the call in a7 with the tracer's stops around it and leaves the result in a0. */
void syscall_handle(struct task *task);

#endif
