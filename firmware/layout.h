/*
 * What start.S, the linker script and the C files must agree on.
 */
#ifndef FIRMWARE_LAYOUT_H
#define FIRMWARE_LAYOUT_H

#include "devices/memmap.h"

/* The firmware's own memory: code, data and stacks. One PMP entry covers it, so it is a power of two, aligned. */
#define FIRMWARE_BASE MEMMAP_RAM_BASE
#define FIRMWARE_SIZE 0x40000

/* Where the kernel is, if nobody says. */
#define KERNEL_BASE (MEMMAP_RAM_BASE + 0x200000)

#define HARTS_MAX 64

/* A stack holds one trap's worth of calls: traps do not nest, and the registers are not on it. */
#define STACK_SIZE_LOG2 11
#define STACK_SIZE (1 << STACK_SIZE_LOG2)

/* Offsets in struct hart; hart.c asserts that the compiler sees them alike. */
#define HART_X(n) (8 * (n))
#define HART_PC HART_X(32)
#define HART_MSTATUS HART_X(33)
#define HART_STACK HART_X(34)

#endif
