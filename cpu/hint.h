/*
 * What the guest's kernel may tell about itself, so that pictures can name its processes and frames: the HINT encodings
 *
 *     slti x0, x0, NUMBER          arguments in a0..a5
 *
 * which the unprivileged manual ("HINT Instructions") leaves to custom use. They do nothing on any other machine, cost
 * one instruction here, and are counted in no trace unless one wants TRACE_HINT. Other kernels than ours may use them;
 * none has to. Numbers that are not listed are passed on and shown as numbers. The table below is the documentation;
 * the kernel's side is guest/kernel/core/hint.h, which shares nothing with this file but the manual page's section.
 */
#ifndef RVEMU_CPU_HINT_H
#define RVEMU_CPU_HINT_H

#include "emu/base/base.h"

struct hart;

/* The NUMBERs that are passed on; all others are left to other uses. */
#define HINT_FIRST 0x100
#define HINT_LAST 0x1ff

/*
 * NUMBER: what happens, and a0... Frames are physical addresses >> 12. An address space (`space`) is the frame of its
 * root page table, which HINT_PROCESS gives a process; pages may be mapped before it comes (fork, exec), and processes
 * may share one (vfork). A name is the bytes of two registers, ended by a zero byte or by their end. A PTE may have V=0
 * where the kernel keeps a page that nobody may touch. Counts of 0 mean 1.
 */
enum hint {
	HINT_PROCESS = 0x101,  /* a process exists, or has a new name or space: pid, space, name, name, parent's pid */
	HINT_EXIT = 0x102,     /* a process is gone: pid, status as wait(2) gives it */
	HINT_SWITCH = 0x103,   /* this hart now runs a process: pid (0: idle, or the kernel), space (0: the kernel's) */
	HINT_FRAME = 0x104,    /* frames' use changed: first frame, enum hint_frame, count, page of file or swap slot */
	HINT_MAP = 0x105,      /* a user page is mapped or mapped otherwise: its PTE, space, va */
	HINT_UNMAP = 0x106,    /* user pages are unmapped: the PTE as it was (0: any), space, va of the first, count */
	HINT_FAULT = 0x107,    /* how a page fault was resolved: space, va, enum hint_fault */
	HINT_SWAP_OUT = 0x108, /* a page is written to swap: frame, slot */
	HINT_SWAP_IN = 0x109,  /* a page is read from swap: frame, slot */
};

/* What a frame is used for: HINT_FRAME. */
enum hint_frame {
	HINT_FRAME_FREE,
	HINT_FRAME_KERNEL, /* the kernel's own memory */
	HINT_FRAME_TABLE,  /* a page table */
	HINT_FRAME_ANON,   /* anonymous memory of a process */
	HINT_FRAME_FILE,   /* page cache */
	HINT_FRAME_SHARED, /* shared memory */
	HINT_FRAME_SWAP,   /* swap cache */
	HINT_FRAME_KINDS,
};

/* How a page fault was resolved: HINT_FAULT. */
enum hint_fault {
	HINT_FAULT_ZERO,   /* a page of zeros */
	HINT_FAULT_MINOR,  /* the frame was there already */
	HINT_FAULT_FILE,   /* read from a file */
	HINT_FAULT_SWAP,   /* read from swap */
	HINT_FAULT_COPY,   /* copied on write */
	HINT_FAULT_STACK,  /* the stack grew */
	HINT_FAULT_SIGNAL, /* it is an error: a signal, or EFAULT */
	HINT_FAULTS,
};

/* Tells who wants TRACE_HINT of the hint at h->pc; h->pc and h->count are exact. */
void hint_tell(struct hart *h, u32 number);

#endif
