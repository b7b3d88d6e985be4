/*
 * The kernel side of the bench runtime: what start.S, kernel.c, platform.c and the two worlds say to each other.
 *
 * It runs in M mode (world_bare.c) or, for programs under Sv39, in S mode (world_sv39.c); one of the two is linked.
 */
#ifndef RVEMU_BENCH_KERNEL_H
#define RVEMU_BENCH_KERNEL_H

#include "tests/bench/runtime/bench.h"

/* What the trap entries in start.S save: the registers a C function may change, then pc and stack pointer. */
struct frame {
	u64 ra, t0, t1, t2;
	u64 a[8];
	u64 t3, t4, t5, t6;
	u64 pc;
	u64 sp;
};

/* Called by the trap entries, interrupts off. Returns to frame->pc. */
void kernel_trap(struct frame *frame, u64 cause, u64 tval);

/* Finds out what machine this is from the device tree at `dtb` (0: none). To be called first. */
void platform_find(const u8 *dtb);
void platform_put(u8 c);
void platform_exit(u64 code) __attribute__((noreturn));

/* Prints a line that names the trouble, and powers off with failure. */
void kernel_die(const char *what, u64 a, u64 b) __attribute__((noreturn));

/* Enters the program at user_start in the mode this world stands for. */
void world_start(void) __attribute__((noreturn));

/* A page fault at va: true if the page is there now. */
int world_fault(u64 va);

/* Unmaps the lazy window and says how many pages were mapped. */
u64 world_forget(void);

/* From start.S: trap entries, and a jump to user_start by mret (or sret) with the program's stack. */
void trap_m(void);
void trap_s(void);
void enter_by_mret(u64 mstatus_clear, u64 mstatus_set) __attribute__((noreturn));

/* From user.c. */
void user_start(void);

#endif
