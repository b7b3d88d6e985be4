/*
 * What the kernel tells whoever watches the machine: which process runs, what each frame is for, what is mapped. By
 * HINT encodings ("slti x0, x0, NUMBER"; unprivileged manual, "HINT Instructions"), which do nothing on hardware and
 * elsewhere: no answer comes, nothing depends on it, and a few instructions are all that it costs. rvemu's manual page
 * lists the numbers and their arguments.
 */
#ifndef GUEST_KERNEL_CORE_HINT_H
#define GUEST_KERNEL_CORE_HINT_H

#include "guest/kernel/core/base.h"

/* What a frame is used for: hint_frames(). */
enum hint_use {
	HINT_FREE,
	HINT_KERNEL,
	HINT_TABLE,
	HINT_ANON,
	HINT_FILE,
	HINT_SHARED,
	HINT_SWAP, /* in the swap cache */
};

/* How a page fault was resolved: hint_fault(). */
enum hint_how {
	HINT_HOW_ZERO,   /* a page of zeros */
	HINT_HOW_MINOR,  /* the frame was there already */
	HINT_HOW_FILE,   /* read from a file */
	HINT_HOW_SWAP,   /* read from swap */
	HINT_HOW_COPY,   /* copied on write */
	HINT_HOW_STACK,  /* the stack grew */
	HINT_HOW_SIGNAL, /* an error */
};

/* The instruction, with arguments in a0.. It orders nothing and changes no register. */
#define HINT_0(number, ...) __asm__ volatile("slti x0, x0, %0" ::"i"(number), __VA_ARGS__)
#define HINT_ARGUMENT(n, value) register u64 a##n __asm__("a" #n) = (u64)(value)
#define HINT_2(number, x, y)                                                                                           \
	do {                                                                                                           \
		HINT_ARGUMENT(0, x);                                                                                   \
		HINT_ARGUMENT(1, y);                                                                                   \
		HINT_0(number, "r"(a0), "r"(a1));                                                                      \
	} while (0)
#define HINT_3(number, x, y, z)                                                                                        \
	do {                                                                                                           \
		HINT_ARGUMENT(0, x);                                                                                   \
		HINT_ARGUMENT(1, y);                                                                                   \
		HINT_ARGUMENT(2, z);                                                                                   \
		HINT_0(number, "r"(a0), "r"(a1), "r"(a2));                                                             \
	} while (0)
#define HINT_4(number, x, y, z, t)                                                                                     \
	do {                                                                                                           \
		HINT_ARGUMENT(0, x);                                                                                   \
		HINT_ARGUMENT(1, y);                                                                                   \
		HINT_ARGUMENT(2, z);                                                                                   \
		HINT_ARGUMENT(3, t);                                                                                   \
		HINT_0(number, "r"(a0), "r"(a1), "r"(a2), "r"(a3));                                                    \
	} while (0)

/* A process exists, or has a new name or address space (the frame number of its root page table; 0: none). */
static inline void hint_process(int pid, u64 space, const char name[16], int parent)
{
	u64 words[2];
	memcpy(words, name, sizeof(words));
	HINT_ARGUMENT(0, pid);
	HINT_ARGUMENT(1, space);
	HINT_ARGUMENT(2, words[0]);
	HINT_ARGUMENT(3, words[1]);
	HINT_ARGUMENT(4, parent);
	HINT_0(0x101, "r"(a0), "r"(a1), "r"(a2), "r"(a3), "r"(a4));
}

/* It is gone. */
static inline void hint_exit(int pid, int status)
{
	HINT_2(0x102, pid, status);
}

/* This hart runs it from now on; 0: nothing, or the kernel's own. */
static inline void hint_switch(int pid, u64 space)
{
	HINT_2(0x103, pid, space);
}

/* `count` frames from number `first` on have another use. index: page of the file, or swap slot. */
static inline void hint_frames(u64 first, enum hint_use use, u64 count, u64 index)
{
	HINT_4(0x104, first, use, count, index);
}

/* The entry for va of an address space is pte now, and a frame behind it. */
static inline void hint_map(u64 pte, u64 space, u64 va)
{
	HINT_3(0x105, pte, space, va);
}

/* It was pte, and no frame is behind it any more. */
static inline void hint_unmap(u64 pte, u64 space, u64 va)
{
	HINT_4(0x106, pte, space, va, 1);
}

/* What was done about a page fault. */
static inline void hint_fault(u64 space, u64 va, enum hint_how how)
{
	HINT_3(0x107, space, va, how);
}

/* A page is written to a slot of swap, or read. */
static inline void hint_swap(bool write, u64 frame, u64 slot)
{
	if (write)
		HINT_2(0x108, frame, slot);
	else
		HINT_2(0x109, frame, slot);
}

#endif
