/*
 * A system call with any six values, for programs that call what no C library would: a process that the call makes
 * (clone, clone3) ends at once, without touching memory, because it may share ours and have a stack that is none.
 * Returns what the kernel does: a negative errno on failure.
 */
#ifndef RVEMU_GUEST_USER_LIB_RAW_H
#define RVEMU_GUEST_USER_LIB_RAW_H

#include <stdint.h>

long call_raw(long number, const uint64_t args[6]);

#endif
