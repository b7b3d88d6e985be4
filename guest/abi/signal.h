/*
 * Signals: numbers, what rt_sigaction and sigaltstack exchange, siginfo, and the frame a handler runs on. A debugger,
 * the unwinder of libgcc and setcontext all read that frame, so its layout is Linux's to the byte. The frame is on
 * the user stack at sp, 16-byte aligned: siginfo, then ucontext. RV64 has no SA_RESTORER: the kernel sets ra to a
 * trampoline that does rt_sigreturn.
 */
#ifndef GUEST_ABI_SIGNAL_H
#define GUEST_ABI_SIGNAL_H

#include "guest/abi/types.h"

#define SIGHUP 1
#define SIGINT 2
#define SIGQUIT 3
#define SIGILL 4
#define SIGTRAP 5
#define SIGABRT 6
#define SIGIOT 6
#define SIGBUS 7
#define SIGFPE 8
#define SIGKILL 9
#define SIGUSR1 10
#define SIGSEGV 11
#define SIGUSR2 12
#define SIGPIPE 13
#define SIGALRM 14
#define SIGTERM 15
#define SIGSTKFLT 16
#define SIGCHLD 17
#define SIGCONT 18
#define SIGSTOP 19
#define SIGTSTP 20
#define SIGTTIN 21
#define SIGTTOU 22
#define SIGURG 23
#define SIGXCPU 24
#define SIGXFSZ 25
#define SIGVTALRM 26
#define SIGPROF 27
#define SIGWINCH 28
#define SIGIO 29
#define SIGPOLL SIGIO
#define SIGPWR 30
#define SIGSYS 31
#define ABI_SIGRTMIN 32 /* first real-time signal for the kernel; glibc keeps 32 and 33 */
#define ABI_SIGMAX 64   /* last signal; a set is one u64, signal n is bit n - 1 */

#define SIG_DFL 0
#define SIG_IGN 1

#define SIG_BLOCK 0
#define SIG_UNBLOCK 1
#define SIG_SETMASK 2

#define SA_NOCLDSTOP 0x00000001u
#define SA_NOCLDWAIT 0x00000002u
#define SA_SIGINFO 0x00000004u
#define SA_UNSUPPORTED 0x00000400u
#define SA_EXPOSE_TAGBITS 0x00000800u
#define SA_ONSTACK 0x08000000u
#define SA_RESTART 0x10000000u
#define SA_NODEFER 0x40000000u
#define SA_RESETHAND 0x80000000u

/* rt_sigaction */
struct abi_sigaction {
	u64 sa_handler; /* address, SIG_DFL or SIG_IGN */
	u64 sa_flags;   /* SA_ */
	u64 sa_mask;    /* blocked while the handler runs */
};
_Static_assert(sizeof(struct abi_sigaction) == 24, "struct sigaction");

/* sigaltstack */
struct abi_stack {
	u64 ss_sp;    /* lowest address */
	i32 ss_flags; /* SS_ */
	u64 ss_size;  /* bytes, at least MINSIGSTKSZ */
};
_Static_assert(sizeof(struct abi_stack) == 24, "stack_t");

#define SS_ONSTACK 1
#define SS_DISABLE 2
#define SS_AUTODISARM (1u << 31)
#define MINSIGSTKSZ 2048
#define SIGSTKSZ 8192

/* which part of the union holds is told by si_signo and si_code */
struct abi_siginfo {
	i32 si_signo;
	i32 si_errno; /* 0, but for PTRACE_EVENT and seccomp, which we do not set */
	i32 si_code;  /* SI_, or the signal's own codes */
	i32 __pad0;   /* zero */
	union {
		struct {
			i32 si_pid; /* sender */
			u32 si_uid;
			u64 si_value; /* SI_QUEUE */
		};
		struct {
			i32 si_timerid; /* SI_TIMER */
			i32 si_overrun;
			u64 si_timer_value;
			i32 si_sys_private;
		};
		struct {
			i32 si_child_pid; /* SIGCHLD: which child */
			u32 si_child_uid;
			i32 si_status; /* exit code or signal */
			i64 si_utime;  /* ticks */
			i64 si_stime;
		};
		struct {
			u64 si_addr;     /* SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP: where */
			i16 si_addr_lsb; /* BUS_MCEERR_ only */
		};
		struct {
			i64 si_band; /* SIGIO: POLL bits */
			i32 si_fd;
		};
		struct {
			u64 si_call_addr; /* SIGSYS */
			i32 si_syscall;
			u32 si_arch;
		};
		u8 si_bytes[112]; /* the whole of it */
	};
};
_Static_assert(sizeof(struct abi_siginfo) == 128, "siginfo_t");

#define SI_USER 0
#define SI_KERNEL 0x80
#define SI_QUEUE -1
#define SI_TIMER -2
#define SI_MESGQ -3
#define SI_ASYNCIO -4
#define SI_SIGIO -5
#define SI_TKILL -6
#define ILL_ILLOPC 1
#define ILL_ILLOPN 2
#define ILL_ILLADR 3
#define ILL_ILLTRP 4
#define ILL_PRVOPC 5
#define FPE_INTDIV 1
#define FPE_INTOVF 2
#define FPE_FLTDIV 3
#define SEGV_MAPERR 1 /* nothing mapped there */
#define SEGV_ACCERR 2 /* mapped, but not for this access */
#define BUS_ADRALN 1  /* misaligned */
#define BUS_ADRERR 2  /* mapped file ends before, or could not be read */
#define BUS_OBJERR 3
#define TRAP_BRKPT 1
#define TRAP_TRACE 2
#define TRAP_BRANCH 3
#define TRAP_HWBKPT 4
#define CLD_EXITED 1
#define CLD_KILLED 2
#define CLD_DUMPED 3
#define CLD_TRAPPED 4
#define CLD_STOPPED 5
#define CLD_CONTINUED 6
#define SYS_SECCOMP 1

/* x1 to x31 with pc in the place of x0: signal frames, NT_PRSTATUS */
struct abi_user_regs {
	u64 pc;
	u64 ra, sp, gp, tp; /* x1 to x4 */
	u64 t0, t1, t2;     /* x5 to x7 */
	u64 s0, s1;         /* x8, x9 */
	u64 a0, a1, a2, a3; /* x10 to x13 */
	u64 a4, a5, a6, a7; /* x14 to x17 */
	u64 s2, s3, s4, s5; /* x18 to x21 */
	u64 s6, s7, s8, s9; /* x22 to x25 */
	u64 s10, s11;       /* x26, x27 */
	u64 t3, t4, t5, t6; /* x28 to x31 */
};
_Static_assert(sizeof(struct abi_user_regs) == 256, "struct user_regs_struct");

/* the D extension's state: NT_FPREGSET */
struct abi_fpregs {
	u64 f[32]; /* single values NaN-boxed */
	u32 fcsr;
	u32 __pad0; /* zero */
};
_Static_assert(sizeof(struct abi_fpregs) == 264, "struct __riscv_d_ext_state");

struct abi_mcontext {
	struct abi_user_regs sc_regs;
	union {
		struct abi_fpregs d;
		struct {
			u64 f[64] __attribute__((aligned(16))); /* room for the Q extension */
			u32 fcsr;
			u32 reserved[3]; /* zero in a new frame; anything else makes rt_sigreturn fail */
		} q;
	} sc_fpregs;
};
_Static_assert(sizeof(struct abi_mcontext) == 784, "struct sigcontext");

struct abi_ucontext {
	u64 uc_flags;              /* 0 */
	u64 uc_link;               /* 0 */
	struct abi_stack uc_stack; /* the alternate stack as it was before the handler */
	u64 uc_sigmask;            /* mask to restore */
	u8 uc_reserved[120];       /* room for a larger set */
	struct abi_mcontext uc_mcontext __attribute__((aligned(16)));
};
_Static_assert(sizeof(struct abi_ucontext) == 960, "struct ucontext");
_Static_assert(__builtin_offsetof(struct abi_ucontext, uc_mcontext) == 176, "struct ucontext");

struct abi_rt_sigframe {
	struct abi_siginfo info; /* a1 of the handler */
	struct abi_ucontext uc;  /* a2 of the handler */
};
_Static_assert(sizeof(struct abi_rt_sigframe) == 1088, "struct rt_sigframe");

#endif
