/*
 * Processes and the system: clone and wait flags, resource limits and use, prctl, scheduling classes, the auxiliary
 * vector of a new program, utsname, sysinfo, capabilities, syslog and riscv_hwprobe.
 */
#ifndef GUEST_ABI_PROCESS_H
#define GUEST_ABI_PROCESS_H

#include "guest/abi/time.h"
#include "guest/abi/types.h"

/* clone: the low byte of flags is the signal sent to the parent at exit */
#define CSIGNAL 0x000000ff
#define CLONE_VM 0x00000100
#define CLONE_FS 0x00000200
#define CLONE_FILES 0x00000400
#define CLONE_SIGHAND 0x00000800
#define CLONE_PIDFD 0x00001000
#define CLONE_PTRACE 0x00002000
#define CLONE_VFORK 0x00004000
#define CLONE_PARENT 0x00008000
#define CLONE_THREAD 0x00010000
#define CLONE_NEWNS 0x00020000
#define CLONE_SYSVSEM 0x00040000
#define CLONE_SETTLS 0x00080000
#define CLONE_PARENT_SETTID 0x00100000
#define CLONE_CHILD_CLEARTID 0x00200000
#define CLONE_DETACHED 0x00400000
#define CLONE_UNTRACED 0x00800000
#define CLONE_CHILD_SETTID 0x01000000
#define CLONE_NEWCGROUP 0x02000000
#define CLONE_NEWUTS 0x04000000
#define CLONE_NEWIPC 0x08000000
#define CLONE_NEWUSER 0x10000000
#define CLONE_NEWPID 0x20000000
#define CLONE_NEWNET 0x40000000
#define CLONE_IO 0x80000000
#define CLONE_CLEAR_SIGHAND 0x100000000ull /* clone3 only */

/* clone3: a program passes its size, older and shorter ones are valid from 64 bytes up */
struct abi_clone_args {
	u64 flags;        /* CLONE_, without a signal in the low byte */
	u64 pidfd;        /* where to store a pidfd */
	u64 child_tid;    /* where the child's thread id goes in its memory */
	u64 parent_tid;   /* where it goes in the parent's */
	u64 exit_signal;  /* sent to the parent at exit */
	u64 stack;        /* lowest address of the child's stack */
	u64 stack_size;   /* its bytes */
	u64 tls;          /* tp of the child, with CLONE_SETTLS */
	u64 set_tid;      /* array of wanted ids */
	u64 set_tid_size; /* its length */
	u64 cgroup;
};
_Static_assert(sizeof(struct abi_clone_args) == 88, "struct clone_args");

#define WNOHANG 0x00000001
#define WUNTRACED 0x00000002
#define WSTOPPED WUNTRACED
#define WEXITED 0x00000004
#define WCONTINUED 0x00000008
#define WNOWAIT 0x01000000
#define __WNOTHREAD 0x20000000
#define __WALL 0x40000000
#define __WCLONE 0x80000000

/* waitid: what its second argument is */
#define P_ALL 0
#define P_PID 1
#define P_PGID 2
#define P_PIDFD 3

/* the status word of wait4, made and taken apart */
#define ABI_W_EXITED(code) (((code)&0xff) << 8)
#define ABI_W_SIGNALED(sig, core) ((sig) | ((core) ? 0x80 : 0))
#define ABI_W_STOPPED(sig) (((sig) << 8) | 0x7f)
#define ABI_W_CONTINUED 0xffff
#define ABI_WIFEXITED(status) (((status)&0x7f) == 0)
#define ABI_WEXITSTATUS(status) (((status) >> 8) & 0xff)
#define ABI_WIFSIGNALED(status) (((status)&0x7f) != 0 && ((status)&0x7f) != 0x7f)
#define ABI_WTERMSIG(status) ((status)&0x7f)
#define ABI_WCOREDUMP(status) (((status)&0x80) != 0)
#define ABI_WIFSTOPPED(status) (((status)&0xff) == 0x7f)
#define ABI_WSTOPSIG(status) (((status) >> 8) & 0xff)
#define ABI_WIFCONTINUED(status) ((status) == 0xffff)

/* getrusage, wait4 */
struct abi_rusage {
	struct abi_timeval ru_utime; /* user time */
	struct abi_timeval ru_stime; /* system time */
	i64 ru_maxrss;               /* largest resident set, KiB */
	i64 ru_ixrss;                /* 0 */
	i64 ru_idrss;                /* 0 */
	i64 ru_isrss;                /* 0 */
	i64 ru_minflt;               /* page faults without I/O */
	i64 ru_majflt;               /* page faults with I/O */
	i64 ru_nswap;                /* 0 */
	i64 ru_inblock;              /* reads of a device, units of 512 bytes */
	i64 ru_oublock;              /* writes */
	i64 ru_msgsnd;               /* 0 */
	i64 ru_msgrcv;               /* 0 */
	i64 ru_nsignals;             /* 0 */
	i64 ru_nvcsw;                /* switches because it waited */
	i64 ru_nivcsw;               /* switches because its time was up */
};
_Static_assert(sizeof(struct abi_rusage) == 144, "struct rusage");

#define RUSAGE_SELF 0
#define RUSAGE_CHILDREN -1
#define RUSAGE_THREAD 1

/* getrlimit, setrlimit, prlimit64 */
struct abi_rlimit {
	u64 rlim_cur; /* holds now */
	u64 rlim_max; /* rlim_cur may be raised up to it */
};
_Static_assert(sizeof(struct abi_rlimit) == 16, "struct rlimit");

#define RLIM_INFINITY (~0ul)
#define RLIMIT_CPU 0
#define RLIMIT_FSIZE 1
#define RLIMIT_DATA 2
#define RLIMIT_STACK 3
#define RLIMIT_CORE 4
#define RLIMIT_RSS 5
#define RLIMIT_NPROC 6
#define RLIMIT_NOFILE 7
#define RLIMIT_MEMLOCK 8
#define RLIMIT_AS 9
#define RLIMIT_LOCKS 10
#define RLIMIT_SIGPENDING 11
#define RLIMIT_MSGQUEUE 12
#define RLIMIT_NICE 13
#define RLIMIT_RTPRIO 14
#define RLIMIT_RTTIME 15
#define RLIM_NLIMITS 16
#define RLIMIT_COUNT RLIM_NLIMITS

#define PRIO_PROCESS 0
#define PRIO_PGRP 1
#define PRIO_USER 2

#define SCHED_NORMAL 0
#define SCHED_FIFO 1
#define SCHED_RR 2
#define SCHED_BATCH 3
#define SCHED_IDLE 5
#define SCHED_RESET_ON_FORK 0x40000000

struct abi_sched_param {
	i32 sched_priority; /* 0 for SCHED_NORMAL */
};

#define PR_SET_PDEATHSIG 1
#define PR_GET_PDEATHSIG 2
#define PR_GET_DUMPABLE 3
#define PR_SET_DUMPABLE 4
#define PR_GET_KEEPCAPS 7
#define PR_SET_KEEPCAPS 8
#define PR_SET_NAME 15
#define PR_GET_NAME 16
#define PR_GET_SECCOMP 21
#define PR_SET_SECCOMP 22
#define PR_CAPBSET_READ 23
#define PR_CAPBSET_DROP 24
#define PR_GET_SECUREBITS 27
#define PR_SET_SECUREBITS 28
#define PR_SET_TIMERSLACK 29
#define PR_GET_TIMERSLACK 30
#define PR_SET_MM 35
#define PR_SET_CHILD_SUBREAPER 36
#define PR_GET_CHILD_SUBREAPER 37
#define PR_SET_NO_NEW_PRIVS 38
#define PR_GET_NO_NEW_PRIVS 39
#define PR_GET_TID_ADDRESS 40
#define PR_SET_THP_DISABLE 41
#define PR_GET_THP_DISABLE 42
#define PR_CAP_AMBIENT 47
#define PR_SET_VMA 0x53564d41
#define PR_SET_VMA_ANON_NAME 0
#define PR_SET_PTRACER 0x59616d61
#define TASK_COMM_LEN 16 /* PR_SET_NAME and PR_GET_NAME, the zero byte included */

/* the auxiliary vector: pairs of u64 over envp */
#define AT_NULL 0
#define AT_IGNORE 1
#define AT_EXECFD 2
#define AT_PHDR 3
#define AT_PHENT 4
#define AT_PHNUM 5
#define AT_PAGESZ 6
#define AT_BASE 7
#define AT_FLAGS 8
#define AT_ENTRY 9
#define AT_NOTELF 10
#define AT_UID 11
#define AT_EUID 12
#define AT_GID 13
#define AT_EGID 14
#define AT_PLATFORM 15
#define AT_HWCAP 16
#define AT_CLKTCK 17
#define AT_SECURE 23
#define AT_BASE_PLATFORM 24
#define AT_RANDOM 25
#define AT_HWCAP2 26
#define AT_EXECFN 31
#define AT_SYSINFO_EHDR 33
#define AT_L1I_CACHESIZE 40
#define AT_L1I_CACHEGEOMETRY 41
#define AT_L1D_CACHESIZE 42
#define AT_L1D_CACHEGEOMETRY 43
#define AT_L2_CACHESIZE 44
#define AT_L2_CACHEGEOMETRY 45
#define AT_MINSIGSTKSZ 51

/* AT_HWCAP: bit letter - 'A' */
#define COMPAT_HWCAP_ISA_I (1 << 8)
#define COMPAT_HWCAP_ISA_M (1 << 12)
#define COMPAT_HWCAP_ISA_A (1 << 0)
#define COMPAT_HWCAP_ISA_F (1 << 5)
#define COMPAT_HWCAP_ISA_D (1 << 3)
#define COMPAT_HWCAP_ISA_C (1 << 2)

#define MAX_ARG_STRLEN 131072 /* longest argument or environment string of execve */

/* uname */
struct abi_utsname {
	char sysname[65];    /* "Linux" */
	char nodename[65];   /* host name */
	char release[65];    /* at least 3.2.0 for glibc */
	char version[65];    /* free text */
	char machine[65];    /* "riscv64" */
	char domainname[65]; /* "(none)" */
};
_Static_assert(sizeof(struct abi_utsname) == 390, "struct new_utsname");

struct abi_sysinfo {
	i64 uptime;   /* seconds since boot */
	u64 loads[3]; /* load averages of 1, 5, 15 minutes, 65536 is 1.0 */
	u64 totalram; /* the sizes are in units of mem_unit bytes */
	u64 freeram;
	u64 sharedram;
	u64 bufferram;
	u64 totalswap;
	u64 freeswap;
	u16 procs; /* threads */
	u16 pad;
	u64 totalhigh; /* 0 */
	u64 freehigh;  /* 0 */
	u32 mem_unit;  /* 1 */
	u32 __pad2;
};
_Static_assert(sizeof(struct abi_sysinfo) == 112, "struct sysinfo");

/* capget, capset: header, then two sets of data for version 3 */
struct abi_cap_header {
	u32 version; /* _LINUX_CAPABILITY_VERSION_3; the kernel stores this when it does not know what was asked */
	i32 pid;     /* 0: the caller */
};
struct abi_cap_data {
	u32 effective;
	u32 permitted;
	u32 inheritable;
};
#define _LINUX_CAPABILITY_VERSION_3 0x20080522
#define CAP_LAST_CAP 40

/* syslog(2): what to do with the kernel's messages */
#define SYSLOG_ACTION_CLOSE 0
#define SYSLOG_ACTION_OPEN 1
#define SYSLOG_ACTION_READ 2
#define SYSLOG_ACTION_READ_ALL 3
#define SYSLOG_ACTION_READ_CLEAR 4
#define SYSLOG_ACTION_CLEAR 5
#define SYSLOG_ACTION_CONSOLE_OFF 6
#define SYSLOG_ACTION_CONSOLE_ON 7
#define SYSLOG_ACTION_CONSOLE_LEVEL 8
#define SYSLOG_ACTION_SIZE_UNREAD 9
#define SYSLOG_ACTION_SIZE_BUFFER 10

#define GRND_NONBLOCK 1
#define GRND_RANDOM 2
#define GRND_INSECURE 4

/* riscv_hwprobe: the program gives keys, the kernel fills values; an unknown key becomes -1 */
struct abi_riscv_hwprobe {
	i64 key;
	u64 value;
};
#define RISCV_HWPROBE_KEY_MVENDORID 0
#define RISCV_HWPROBE_KEY_MARCHID 1
#define RISCV_HWPROBE_KEY_MIMPID 2
#define RISCV_HWPROBE_KEY_BASE_BEHAVIOR 3
#define RISCV_HWPROBE_BASE_BEHAVIOR_IMA (1 << 0)
#define RISCV_HWPROBE_KEY_IMA_EXT_0 4
#define RISCV_HWPROBE_IMA_FD (1 << 0)
#define RISCV_HWPROBE_IMA_C (1 << 1)
#define RISCV_HWPROBE_KEY_CPUPERF_0 5
#define RISCV_HWPROBE_MISALIGNED_EMULATED 1
#define RISCV_HWPROBE_MISALIGNED_SLOW 2
#define RISCV_HWPROBE_MISALIGNED_FAST 3

/* rseq: the area glibc registers per thread */
struct abi_rseq {
	u32 cpu_id_start; /* current hart, always valid */
	u32 cpu_id;       /* current hart; RSEQ_CPU_ID_ while not registered */
	u64 rseq_cs;      /* the running critical section, or 0 */
	u32 flags;
	u32 __pad0[3]; /* the structure is 32 bytes and 32-byte aligned */
};
_Static_assert(sizeof(struct abi_rseq) == 32, "struct rseq");
#define RSEQ_FLAG_UNREGISTER 1
#define RSEQ_CPU_ID_UNINITIALIZED -1
#define RSEQ_CPU_ID_REGISTRATION_FAILED -2

/* personality(2) */
#define PER_LINUX 0
#define ADDR_NO_RANDOMIZE 0x0040000
#define READ_IMPLIES_EXEC 0x0400000

#endif
