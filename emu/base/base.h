/*
 * The vocabulary every other file speaks: fixed-width integers, bit helpers, and the three kinds of error.
 *
 * Errors come in three kinds that never mix (see README.md, "Errors"):
 *   - guest-visible: a function marked `must_check` returns false and has left a cause behind; nothing is printed;
 *   - the user's mistake: a message in a `struct error` travels up to main, which prints one line and exits;
 *   - our own bug: BUG_ON() says where, and aborts, in release builds too.
 *
 * Deliberately not here: anything that knows RISC-V. Read emu/machine.h next.
 */
#ifndef RVEMU_EMU_BASE_BASE_H
#define RVEMU_EMU_BASE_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;
typedef unsigned __int128 u128;
typedef __int128 s128;

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

/* A result that says whether the guest's access worked: ignoring it would lose a trap. */
#define must_check __attribute__((warn_unused_result))
#define cold __attribute__((cold, noinline))
#define always_inline inline __attribute__((always_inline))
#define printf_like(fmt, args) __attribute__((format(printf, fmt, args)))

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define KIB (1024ull)
#define MIB (1024ull * KIB)
#define GIB (1024ull * MIB)

/* Bit n set; n is 0..63. */
#define BIT(n) (1ull << (n))
/* A mask of the n low bits; n is 0..63. */
#define MASK(n) (BIT(n) - 1)

/* Bits hi..lo of v, moved down to bit 0; 63 >= hi >= lo >= 0. */
static inline u64 bits(u64 v, unsigned hi, unsigned lo)
{
	return (v >> lo) & (~0ull >> (63 - (hi - lo)));
}

/* v's low n bits read as a signed number; n is 1..64. */
static inline s64 sext(u64 v, unsigned n)
{
	return (s64)(v << (64 - n)) >> (64 - n);
}

/* True if v is a power of two (0 is not). */
static inline bool is_power_of_two(u64 v)
{
	return v != 0 && (v & (v - 1)) == 0;
}

/* v rounded down / up to a multiple of `to`, a power of two. Rounding up may wrap at 2^64. */
static inline u64 align_down(u64 v, u64 to)
{
	return v & ~(to - 1);
}

static inline u64 align_up(u64 v, u64 to)
{
	return (v + to - 1) & ~(to - 1);
}

/* The user's mistake, on its way to main: one line without a newline, naming the file and the reason. */
struct error {
	char text[512];
};

/* Writes the message and returns false, so that `return error_set(err, ...)` reads as what it is. */
bool error_set(struct error *err, const char *fmt, ...) printf_like(2, 3);

/* Says something once, on stderr, prefixed "rvemu: ". For what the machine does not model and the user should know. */
void log_warn(const char *fmt, ...) printf_like(1, 2);

/* Allocates zeroed memory or ends the program with one line: rvemu has no use for half a machine. Free with free(). */
void *xcalloc(size_t count, size_t size);
/* Likewise; grows or shrinks an earlier allocation. */
void *xrealloc(void *old, size_t size);
/* Likewise; copies a string. */
char *xstrdup(const char *s);

_Noreturn void bug(const char *file, int line, const char *what);
/* Our own mistake, whatever the guest or the user did: stops at once, also in release builds. */
#define BUG_ON(cond)                                                                                                   \
	do {                                                                                                           \
		if (unlikely(cond))                                                                                    \
			bug(__FILE__, __LINE__, #cond);                                                                \
	} while (0)

#endif
