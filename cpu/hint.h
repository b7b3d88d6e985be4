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

/* NUMBER: what happens, and a0... Frames are physical addresses >> 12; names are pointers to bytes in virtual memory.
 */
enum hint {
	HINT_PROCESS = 0x101, /* a process exists, or has a new name: pid, satp, name's first 8 bytes, next 8, parent */
	HINT_EXIT = 0x102,    /* a process is gone: pid, exit status */
	HINT_SWITCH = 0x103,  /* this hart now runs a process: pid (0: idle), satp */
	HINT_FRAME = 0x104, /* a frame's use changed: frame, enum hint_frame, pid (0: none), va or file offset, count */
	HINT_MAP = 0x105,   /* a user page is mapped: frame, pid, va, flags (bit 0 writable, 1 copy on write) */
	HINT_UNMAP = 0x106, /* and unmapped: frame, pid, va */
	HINT_FAULT = 0x107, /* how a page fault was resolved: pid, va, enum hint_fault */
	HINT_SWAP_OUT = 0x108, /* a page is written to swap: frame, pid, va, slot */
	HINT_SWAP_IN = 0x109,  /* a page is read from swap: frame, pid, va, slot */
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
	HINT_FAULT_SIGNAL, /* it is an error: the process got a signal */
	HINT_FAULTS,
};

#endif
