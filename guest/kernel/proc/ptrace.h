/*
 * ptrace(2): what strace and debuggers need. A traced task stops at signals, at system calls if asked, at exec, fork
 * and exit, and tells its tracer by wait4.
 */
#ifndef GUEST_KERNEL_PROC_PTRACE_H
#define GUEST_KERNEL_PROC_PTRACE_H

#include "guest/abi/signal.h"
#include "guest/kernel/core/base.h"

struct task;
struct process;

/* Why a task is traced and how. Allocated on PTRACE_TRACEME, ATTACH, SEIZE. */
struct tracing {
	struct task *task; /* the traced one (a reference) */
	struct process *tracer;
	struct list link; /* in tracer->traced */
	u64 options;      /* PTRACE_O_* */
	bool seized;
	bool stop_at_syscalls; /* PTRACE_SYSCALL was the last order */
	bool report;           /* stopped, and wait4 has not said so yet */
	int stop_code;         /* signal | event << 8, as wait4 gives it in bits 8.. */
	u64 event_message;
	struct abi_siginfo info; /* of the stop */
	bool listening;          /* PTRACE_LISTEN: stopped, but a new event may be reported */
	bool trap_wanted;        /* PTRACE_INTERRUPT, or a group stop began or ended: a PTRACE_EVENT_STOP is due */
	bool resumed;            /* the tracer has ended the present stop */
	u8 syscall_stop;         /* PTRACE_SYSCALL_INFO_*: what kind of stop this is */
};

/* Called around each system call when task->tracing && stop_at_syscalls. May sleep. */
void ptrace_syscall_enter(struct task *task);
void ptrace_syscall_exit(struct task *task);
/* A signal is about to be delivered: stops; returns the signal that the tracer lets through (0: none). *info may be
 * changed. May sleep. */
int ptrace_signal(struct task *task, int signal, struct abi_siginfo *info);
/* PTRACE_EVENT_* stop if the option is set (exec without PTRACE_O_TRACEEXEC: SIGTRAP). May sleep. */
void ptrace_event(struct task *task, int event, u64 message);
/* A new task of a traced one: attaches it where the options say so. Returns the event to report, 0: none. */
int ptrace_clone(struct task *parent, struct task *child, u64 clone_flags);
/* The tracer or the traced ends. */
void ptrace_release_all(struct process *tracer);
void ptrace_detach(struct task *task);
/* The end of a traced task has been told to its tracer, or the tracer is gone: now its parent hears of it. */
void ptrace_release(struct task *task);
/* A traced task has ended. true: it is kept until the tracer has asked for its status (wait4). */
bool ptrace_report_end(struct task *task);

#endif
