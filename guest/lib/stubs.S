/*
 * One function a system call, made from syscall.def: sys_name(a0 .. a5) puts the number into a7 and traps. The result
 * is what the kernel left in a0, so an error is a negative errno. Refused calls are here, too: tests try them. Each is
 * in a section of its own, so that the linker keeps only those in use.
 */
#define SYSCALL(number, name, kinds)                                                                                   \
	.section .text.sys_##name, "ax", @progbits;                                                                    \
	.globl sys_##name;                                                                                             \
	.type sys_##name, @function;                                                                                   \
	sys_##name:                                                                                                    \
	li a7, number;                                                                                                 \
	ecall;                                                                                                         \
	ret;                                                                                                           \
	.size sys_##name, . - sys_##name;
#define SYSCALL_REFUSED(number, name, kinds, error) SYSCALL(number, name, kinds)
#include "guest/abi/syscall.def"

	.section .note.GNU-stack, "", @progbits
