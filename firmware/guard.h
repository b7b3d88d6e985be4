/*
 * Instructions that may trap. M mode must not fault, yet the firmware tries CSRs that a hart may lack and reads memory
 * through page tables that others change. For the one instruction in question mtvec points right behind it, so that
 * a trap has the effect of skipping it.
 *
 * A trap here overwrites mepc, mcause, mtval and mstatus.MPP. That is why start.S saves mepc and mstatus for the mode
 * below at once, and why mcause and mtval are read before anything is tried.
 */
#ifndef FIRMWARE_GUARD_H
#define FIRMWARE_GUARD_H

#include "firmware/csr.h"

/*
 * The frame around `instruction`, which may use operands %2, %3, ...; %0 becomes 0 if it did not trap. mtvec's low bits
 * must be 0, so the label is aligned (no padding is needed where all instructions have 4 bytes).
 */
#define GUARDED(instruction)                                                                                           \
	"la %1, 1f\n\t"                                                                                                \
	"csrrw %1, mtvec, %1\n\t" instruction "\n\t"                                                                   \
	"li %0, 0\n\t"                                                                                                 \
	".balign 4\n"                                                                                                  \
	"1:\tcsrw mtvec, %1"

/* Writes a CSR; false: the hart has no such register. */
#define csr_try_write(number, value)                                                                                   \
	({                                                                                                             \
		u64 failed_ = 1, vector_;                                                                              \
		__asm__ volatile(GUARDED("csrw %2, %3")                                                                \
		                 : "+&r"(failed_), "=&r"(vector_)                                                      \
		                 : "i"(number), "r"((u64)(value))                                                      \
		                 : "memory");                                                                          \
		!failed_;                                                                                              \
	})

/* Reads a CSR to *value; false: the hart has no such register, and *value is 0. */
#define csr_try_read(number, value)                                                                                    \
	({                                                                                                             \
		u64 failed_ = 1, vector_, value_ = 0;                                                                  \
		__asm__ volatile(GUARDED("csrr %2, %3")                                                                \
		                 : "+&r"(failed_), "=&r"(vector_), "+&r"(value_)                                       \
		                 : "i"(number)                                                                         \
		                 : "memory");                                                                          \
		*(value) = value_;                                                                                     \
		!failed_;                                                                                              \
	})

/* fence.i, which is no part of the base instruction set; false: the hart has none. */
static inline bool try_fence_i(void)
{
	u64 failed = 1, vector;
	__asm__ volatile(GUARDED(".4byte 0x0000100f") : "+&r"(failed), "=&r"(vector)::"memory");
	return !failed;
}

#endif
