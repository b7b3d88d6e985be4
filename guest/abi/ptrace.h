/*
 * ptrace(2): requests, options, events and PTRACE_GET_SYSCALL_INFO. Registers go through PTRACE_GETREGSET and
 * SETREGSET only (an iovec in data, the note type in addr): RV64 has no GETREGS. NT_PRSTATUS is struct abi_user_regs
 * and NT_FPREGSET struct abi_fpregs, both in signal.h.
 */
#ifndef GUEST_ABI_PTRACE_H
#define GUEST_ABI_PTRACE_H

#include "guest/abi/signal.h"
#include "guest/abi/types.h"

#define PTRACE_TRACEME 0
#define PTRACE_PEEKTEXT 1
#define PTRACE_PEEKDATA 2
#define PTRACE_PEEKUSR 3
#define PTRACE_POKETEXT 4
#define PTRACE_POKEDATA 5
#define PTRACE_POKEUSR 6
#define PTRACE_CONT 7
#define PTRACE_KILL 8
#define PTRACE_SINGLESTEP 9
#define PTRACE_ATTACH 16
#define PTRACE_DETACH 17
#define PTRACE_SYSCALL 24
#define PTRACE_SETOPTIONS 0x4200
#define PTRACE_GETEVENTMSG 0x4201
#define PTRACE_GETSIGINFO 0x4202
#define PTRACE_SETSIGINFO 0x4203
#define PTRACE_GETREGSET 0x4204
#define PTRACE_SETREGSET 0x4205
#define PTRACE_SEIZE 0x4206
#define PTRACE_INTERRUPT 0x4207
#define PTRACE_LISTEN 0x4208
#define PTRACE_PEEKSIGINFO 0x4209
#define PTRACE_GETSIGMASK 0x420a
#define PTRACE_SETSIGMASK 0x420b
#define PTRACE_GET_SYSCALL_INFO 0x420e

#define PTRACE_O_TRACESYSGOOD 1
#define PTRACE_O_TRACEFORK (1 << PTRACE_EVENT_FORK)
#define PTRACE_O_TRACEVFORK (1 << PTRACE_EVENT_VFORK)
#define PTRACE_O_TRACECLONE (1 << PTRACE_EVENT_CLONE)
#define PTRACE_O_TRACEEXEC (1 << PTRACE_EVENT_EXEC)
#define PTRACE_O_TRACEVFORKDONE (1 << PTRACE_EVENT_VFORK_DONE)
#define PTRACE_O_TRACEEXIT (1 << PTRACE_EVENT_EXIT)
#define PTRACE_O_TRACESECCOMP (1 << PTRACE_EVENT_SECCOMP)
#define PTRACE_O_EXITKILL (1 << 20)
#define PTRACE_O_SUSPEND_SECCOMP (1 << 21)
#define PTRACE_O_MASK 0x003000ff

#define PTRACE_EVENT_FORK 1
#define PTRACE_EVENT_VFORK 2
#define PTRACE_EVENT_CLONE 3
#define PTRACE_EVENT_EXEC 4
#define PTRACE_EVENT_VFORK_DONE 5
#define PTRACE_EVENT_EXIT 6
#define PTRACE_EVENT_SECCOMP 7
#define PTRACE_EVENT_STOP 128

#define PTRACE_SYSCALL_INFO_NONE 0
#define PTRACE_SYSCALL_INFO_ENTRY 1
#define PTRACE_SYSCALL_INFO_EXIT 2
#define PTRACE_SYSCALL_INFO_SECCOMP 3

/* PTRACE_GET_SYSCALL_INFO: addr is the room, the result the bytes there would be */
struct abi_ptrace_syscall_info {
	u8 op;                   /* PTRACE_SYSCALL_INFO_ */
	u8 pad[3];               /* zero */
	u32 arch;                /* AUDIT_ARCH_RISCV64 */
	u64 instruction_pointer; /* after the ecall */
	u64 stack_pointer;
	union {
		struct {
			u64 nr; /* the number as asked for */
			u64 args[6];
		} entry;
		struct {
			i64 rval;    /* result, or -errno */
			u8 is_error; /* 1: rval is -errno */
		} exit;
		struct {
			u64 nr;
			u64 args[6];
			u32 ret_data;
		} seccomp;
	};
};
_Static_assert(sizeof(struct abi_ptrace_syscall_info) == 88, "struct ptrace_syscall_info");

#define AUDIT_ARCH_RISCV64 0xc00000f3u /* machine 243, 64-bit, little-endian */

#define NT_PRSTATUS 1
#define NT_FPREGSET 2
#define NT_PRPSINFO 3
#define NT_AUXV 6

#endif
