/*
 * What the files of proc/ share among themselves and nobody else needs. The public side is task.h, sched.h, signal.h,
 * ptrace.h.
 */
#ifndef GUEST_KERNEL_PROC_INTERNAL_H
#define GUEST_KERNEL_PROC_INTERNAL_H

#include "guest/kernel/proc/task.h"

/* --- task.c --- */
/* A task with a kernel stack, in no list and without a number; its process must be set at once. NULL: out of memory.
 * May sleep. */
struct task *task_new(struct process *process) must_check;
/* A process without tasks, in no list; refs 1. NULL: out of memory. May sleep. */
struct process *process_new(void) must_check;
/* Gives a task (and with it its process) a free number. 0 or -EAGAIN. Does not sleep. */
int task_number(struct task *task) must_check;
/* The number leads to the task from now on, and no longer. */
void task_hash(struct task *task, int tid);
void task_unhash(struct task *task);
/* Whether one more task of this process is too many: RLIMIT_NPROC or the machine's limit. */
bool tasks_are_many(const struct process *process);
/* Tasks that exist, with kernel threads and those not yet reaped. */
unsigned task_total(void);
/* Tells who watches the machine of a process with its first task (core/hint.h). */
void process_hint(const struct process *process);

/* --- sched.c --- */
/* The last call of a task: its stack is freed by whoever runs next. */
__attribute__((noreturn)) void sched_die(void);
/* All floating-point registers zero: a new program. */
void fp_reset(struct task *task);
/* A task that may be in user mode on another hart enters the kernel soon. */
void sched_notice(struct task *task);

/* --- exit.c --- */
/* Tells the parent (or tracer) of a process that has ended; true: nobody will wait for it, it must be reaped now. */
bool process_notify_end(struct process *process);
/* Takes an ended process out of all lists and adds its times to the parent's children's. */
void process_reap(struct process *process);
/* The calling task lets go of its memory: robust futexes, clear_tid, vfork. May sleep. */
void task_release_memory(struct task *task);
/* A non-leading task that has ended and nobody traces any more. */
void task_forget(struct task *task);
/* Tells the parent about a stop or continuation: CLD_STOPPED, CLD_CONTINUED. */
void process_notify_stop(struct process *process, int code);
/* Whether no process outside the group, but in its session, is parent of one in it. `ignored` is not counted; may be
 * NULL. */
bool process_group_is_orphaned(int pgid, const struct process *ignored);
/* Lets go of what is only needed while the process runs; used by a failed clone, too. May sleep. */
void process_release_files(struct process *process);

/* --- signal.c --- */
/* Whether the signal, sent now, would be thrown away: its action says so and it is not blocked or traced. */
bool signal_is_ignored(const struct task *task, int signal);
/* Takes the first pending signal outside `blocked` off the task's or the process's queue; 0: none. */
int signal_take(struct task *task, u64 blocked, struct abi_siginfo *info);
/* Removes pending signals of the mask from all queues of the process. */
void signal_discard(struct process *process, u64 mask);
/* Kills all tasks of the process but `except` as soon as they look: SIGKILL without asking. */
void signal_kill_tasks(struct process *process, const struct task *except);
/* A signal with a sender (kill, sigqueue): may the caller send it? */
bool signal_is_permitted(const struct process *from, const struct process *to, int signal);
/* Stopped tasks run again: SIGCONT, SIGKILL. */
void process_wake_stopped(struct process *process);

/* Bits of signals by default action. */
#define SIGNALS_UNBLOCKABLE (SIGNAL_BIT(SIGKILL) | SIGNAL_BIT(SIGSTOP))
#define SIGNALS_STOP (SIGNAL_BIT(SIGSTOP) | SIGNAL_BIT(SIGTSTP) | SIGNAL_BIT(SIGTTIN) | SIGNAL_BIT(SIGTTOU))
#define SIGNALS_IGNORED (SIGNAL_BIT(SIGCHLD) | SIGNAL_BIT(SIGCONT) | SIGNAL_BIT(SIGWINCH) | SIGNAL_BIT(SIGURG))
#define SIGNALS_CORE                                                                                                   \
	(SIGNAL_BIT(SIGQUIT) | SIGNAL_BIT(SIGILL) | SIGNAL_BIT(SIGTRAP) | SIGNAL_BIT(SIGABRT) | SIGNAL_BIT(SIGBUS) |   \
	 SIGNAL_BIT(SIGFPE) | SIGNAL_BIT(SIGSEGV) | SIGNAL_BIT(SIGSYS) | SIGNAL_BIT(SIGXCPU) | SIGNAL_BIT(SIGXFSZ))
#define SIGNALS_FAULT                                                                                                  \
	(SIGNAL_BIT(SIGSEGV) | SIGNAL_BIT(SIGBUS) | SIGNAL_BIT(SIGILL) | SIGNAL_BIT(SIGTRAP) | SIGNAL_BIT(SIGFPE) |    \
	 SIGNAL_BIT(SIGSYS))

/* --- signal_frame.c --- */
/* Builds the frame of a handler on the user's stack and points the registers at the handler. 0 or -EFAULT. May sleep.
 */
int signal_push_frame(struct task *task, int signal, const struct abi_siginfo *info,
                      const struct abi_sigaction *action);
/* Whether sp lies on the task's alternate stack. */
bool signal_on_alt_stack(const struct task *task, u64 sp);

/* --- ptrace.c --- */
/* The stop that PTRACE_INTERRUPT, SEIZE and group stops ask for. May sleep. */
void ptrace_trap_stop(struct task *task);
/* A seized task that LISTENs, or any traced task that a group stop or SIGCONT concerns, looks again. */
void ptrace_notify_group(struct task *task);

/* --- futex.c --- */
/* Walks the task's list of robust locks and marks those it holds. May sleep. */
void futex_exit(struct task *task);
/* Wakes up to n who wait at a user address of the task's own memory. 0.. or -EFAULT. May sleep. */
i64 futex_wake_address(struct task *task, u64 address, unsigned n);

/* --- rseq.c --- */
/* Before user mode: the hart's number, and a critical section that was interrupted is aborted. May sleep. */
void rseq_resume(struct task *task);

/* --- sys_limits.c --- */
struct abi_rusage;
void rusage_of_process(const struct process *process, struct abi_rusage *usage);
void rusage_of_children(const struct process *process, struct abi_rusage *usage);
/* Adds CPU time to the process's ITIMER_VIRTUAL and ITIMER_PROF. Does not sleep. */
void cpu_timers_charge(struct process *process, u64 ns, bool user);
/* RLIMIT_CPU, at each tick. */
void cpu_limit_check(struct process *process);

#endif
