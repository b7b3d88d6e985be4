/*
 * The fixed-size integers that every structure of the system-call ABI is made of. The names come from the compiler,
 * so this needs no other header: the kernel, guest/lib and ordinary glibc programs can all include it.
 */
#ifndef GUEST_ABI_TYPES_H
#define GUEST_ABI_TYPES_H

typedef __UINT8_TYPE__ u8;
typedef __UINT16_TYPE__ u16;
typedef __UINT32_TYPE__ u32;
typedef __UINT64_TYPE__ u64;
typedef __INT8_TYPE__ i8;
typedef __INT16_TYPE__ i16;
typedef __INT32_TYPE__ i32;
typedef __INT64_TYPE__ i64;

/* A pointer or size of a program is a u64 in these structures: the kernel must never follow it without uaccess. */

/* one piece of a scattered buffer: readv, writev, PTRACE_GETREGSET */
struct abi_iovec {
	u64 iov_base; /* where */
	u64 iov_len;  /* bytes */
};
_Static_assert(sizeof(struct abi_iovec) == 16, "struct iovec");

#endif
