/*
 * The end of the kernel at a trap of its own; panic() is in base.h.
 */
#ifndef GUEST_KERNEL_CORE_PANIC_H
#define GUEST_KERNEL_CORE_PANIC_H

#include "guest/kernel/core/regs.h"

/* The registers on the console, four a line. */
void print_regs(const struct regs *regs);

/* As panic(), with the registers of the trap instead of the hart's. */
__attribute__((noreturn)) void panic_trap(const struct regs *regs, const char *why);

#endif
