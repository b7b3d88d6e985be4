/*
 * What every file of the firmware takes for granted: integer types, bits, and the handful of instructions that C has
 * no words for.
 */
#ifndef FIRMWARE_BASE_H
#define FIRMWARE_BASE_H

#include <stdbool.h>
#include <stddef.h>

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef int i32;
typedef unsigned long u64; /* on RV64 a long is 64 bits */
typedef long i64;

#define BIT(n) (1ul << (n))
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* Everything before is seen by other harts, and by devices, before anything that follows. */
static inline void fence(void)
{
	__asm__ volatile("fence iorw, iorw" ::: "memory");
}

/* A loop that waits for another hart calls this. It is Zihintpause's `pause`, which older harts take for a fence. */
static inline void pause(void)
{
	__asm__ volatile(".4byte 0x0100000f" ::: "memory");
}

/* Sleeps until an interrupt that is enabled in mie is pending; mstatus.MIE being 0, it is not taken. */
static inline void wait_for_interrupt(void)
{
	__asm__ volatile("wfi" ::: "memory");
}

/* Number of the lowest bit that is set; bits must not be 0. Written out: libgcc is not linked. */
static inline u32 lowest_bit(u64 bits)
{
	u32 n = 0;
	for (; !(bits & 1); bits >>= 1)
		n++;
	return n;
}

/* for_each_bit(i, mask): i takes the number of each bit of mask that is set. */
#define for_each_bit(i, mask)                                                                                          \
	for (u64 left_ = (mask), i = 0; left_ && (i = lowest_bit(left_), true); left_ &= left_ - 1)

/* --- memory.c: what the compiler expects to exist --- */

void *memcpy(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);
int memcmp(const void *a, const void *b, size_t size);
int strcmp(const char *a, const char *b);
size_t strlen(const char *s);

#endif
