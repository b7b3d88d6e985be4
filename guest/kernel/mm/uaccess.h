/*
 * Copies between the kernel and the address space that is loaded: plain loads and stores under sstatus.SUM. A page that
 * is lazy, swapped or in a file faults in the kernel just as it does in user mode, and comes the same way (fault.c);
 * where it cannot come, the trap handler finds the instruction in the exception table (section .extable: pairs of
 * faulting pc and landing pc, made by uaccess.S) and the copy returns -EFAULT.
 *
 * Every function may sleep. None may be called under mm->lock. Addresses are checked against USER_TOP here.
 */
#ifndef GUEST_KERNEL_MM_UACCESS_H
#define GUEST_KERNEL_MM_UACCESS_H

#include "guest/kernel/core/base.h"

struct regs;

/* 0 or -EFAULT (then a prefix may have been copied). */
int copy_from_user(void *to, u64 from, u64 size) must_check;
int copy_to_user(u64 to, const void *from, u64 size) must_check;
int clear_user(u64 to, u64 size) must_check;
/* The same, but return how many bytes were NOT copied: for read() and write(), which report partial success. */
u64 copy_from_user_partial(void *to, u64 from, u64 size) must_check;
u64 copy_to_user_partial(u64 to, const void *from, u64 size) must_check;

/* Copies a string with its 0. Length without it, -EFAULT, or -ENAMETOOLONG if it does not fit in size. */
i64 string_from_user(char *to, u64 from, u64 size) must_check;
/* Length of a user string without its 0, or -EFAULT; at most limit (then limit). */
i64 string_length_user(u64 from, u64 limit) must_check;

int load_user_u32(u64 from, u32 *value) must_check;
int load_user_u64(u64 from, u64 *value) must_check;
int store_user_u32(u64 to, u32 value) must_check;
int store_user_u64(u64 to, u64 value) must_check;
/* Atomic on all harts: if *at == expected it becomes desired; *seen is what was there. */
int exchange_user_u32(u64 at, u32 expected, u32 desired, u32 *seen) must_check;

/* For the trap handler: sets the pc of a faulting kernel access to its landing place; false: not one of ours (a bug).
 */
bool uaccess_fixup(struct regs *regs);

/* A place to copy to or from that is either the user's or the kernel's: what file operations are given. */
struct io {
	u64 at;      /* next address */
	u64 left;    /* bytes */
	bool kernel; /* at is a kernel pointer */
};

/* Copy min(size, io->left) bytes, advance io; bytes copied (short if a fault came after some), or -EFAULT if none. */
i64 io_write(struct io *io, const void *from, u64 size) must_check; /* into what io names: for read() */
i64 io_read(struct io *io, void *to, u64 size) must_check;          /* out of it: for write() */
i64 io_zero(struct io *io, u64 size) must_check;

#endif
