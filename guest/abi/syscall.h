/*
 * System-call numbers as NR_name, made from syscall.def: NR_read, NR_write ... All of Linux's RV64 numbers, also of
 * the calls the kernel refuses.
 */
#ifndef GUEST_ABI_SYSCALL_H
#define GUEST_ABI_SYSCALL_H

enum {
#define SYSCALL(number, name, kinds) NR_##name = number,
#define SYSCALL_REFUSED(number, name, kinds, error) NR_##name = number,
#include "guest/abi/syscall.def"
	NR_end = 512, /* every number is below this; the kernel's table has this many places */
};

#endif
