/*
 * What a bench program is, and what it may use: the runtime of tests/bench.
 *
 * A program is one C file in tests/bench/programs that defines `bench`. It runs in M mode with translation off, or in U
 * mode under Sv39 in 4 KiB pages, without knowing which; it reaches the outside by environment calls alone. There is no
 * C library. How a program is timed is not here but in tests/bench/measure.py. Read start.S next for how it all begins.
 */
#ifndef RVEMU_BENCH_H
#define RVEMU_BENCH_H

#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int64_t s64;

/* A program. */
struct bench {
	const char *name; /* as printed */
	u64 (*run)(void); /* does the work; its result must not depend on the compiler or the machine */
	u64 expected;     /* what run() returns if all went well */
};

/* Defined by the program. */
extern const struct bench bench;

/* Memory that is not cleared at the start: for large arrays. */
#define ARENA __attribute__((section(".bss.arena"), aligned(4096)))
#define NOINLINE __attribute__((noinline))

/* --- environment calls; what they do is in kernel.c --- */
enum {
	CALL_PUT = 1, /* a character to the console */
	CALL_EXIT,    /* power off: 0 is success */
	CALL_ADD,     /* a0 to a sum that the kernel keeps; the answer is the sum */
	CALL_FORGET,  /* unmap all pages of the lazy window; the answer is how many were mapped */
};

u64 bench_call(u64 number, u64 argument);

/* The lazy window: LAZY_PAGES pages at LAZY_BASE that the kernel maps one by one as they are touched (Sv39 only). */
#define LAZY_BASE 0xc0000000ul
#define LAZY_PAGES 512ul

/* --- user.c --- */

/* The next number of a xorshift generator whose state is not 0. */
u64 bench_random(u64 *state);

#endif
