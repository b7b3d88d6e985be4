/*
 * What the demo's files know of each other.
 *
 * Read entry.S first (from reset to C), then demo.c (what happens on a page fault), paging.c (the page table), task.c
 * (the program in U mode that causes all this).
 */
#ifndef GUEST_DEMO_DEMO_H
#define GUEST_DEMO_DEMO_H

#include "guest/demo/riscv.h"

/* Where the task believes to be. The linker script has the same number. */
#define TASK_BASE 0x40000000ul

/* The task's stack ends (stacks grow down) at the top of the lower half of Sv39's addresses; so large it may become. */
#define STACK_TOP 0x4000000000ul
#define STACK_SIZE (4 * PAGE_SIZE)

/* System calls: number in a7, arguments in a0 and a1. The numbers are Linux's. */
#define SYS_WRITE 64 /* a0: address of the bytes, a1: how many */
#define SYS_EXIT 93  /* a0: exit status */

/* Indexes of registers in struct trap_frame. */
#define REG_SP 2
#define REG_A0 10
#define REG_A1 11
#define REG_A7 17

/* The task's registers while the kernel runs; entry.S knows this layout. */
struct trap_frame {
	u64 x[32]; /* x0 (not used) to x31 */
	u64 pc;    /* where the task goes on */
};

/* --- entry.S --- */

/* Loads the task's registers, and goes to U mode. */
void enter_task(struct trap_frame *frame) __attribute__((noreturn));

/* Where traps come in: saves the task's registers, calls trap(), and enters the task again. */
void trap_entry(void);

/* --- demo.c, called by entry.S --- */

void machine_start(void) __attribute__((noreturn));
void trap(void);

/* --- paging.c --- */

/* Makes the root table, in which the kernel and the devices are mapped, and switches translation on. */
void paging_start(void);

/* A page frame filled with zeros: its physical address. */
u64 frame_alloc(void);

/* Where the PTE of the page of va is kept. Tables that are missing on the way are made, and said so. */
u64 *pte_of(u64 va);

/* A leaf PTE for the frame at pa, with these of the PTE_ bits. */
u64 pte_make(u64 pa, u64 flags);

/* The physical address that a PTE holds. */
u64 pte_pa(u64 pte);

/* Prints the flags of a PTE as eight letters or dashes. */
void pte_print_flags(u64 pte);

/* Prints the task's part of the page table as a tree. */
void paging_show(void);

/* --- print.c --- */

/* Prints to the serial line. Knows %s, %c, %ld (decimal) and %lx (hexadecimal, after 0x), of unsigned longs. */
void print(const char *format, ...) __attribute__((format(gnu_printf, 1, 2)));

/* Ends the run: the machine powers off, and the emulator exits with this status. */
void power_off(u64 status) __attribute__((noreturn));

/* --- task.c --- */

/* The task's first instruction. */
void task_main(void);

#endif
