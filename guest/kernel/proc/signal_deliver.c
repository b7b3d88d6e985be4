/*
 * Delivery: what a task does about its signals on the way back to user mode. Default actions, stops, the tracer's word,
 * a handler's frame (signal_frame.c), and what becomes of a system call that a signal interrupted (signal(7),
 * "Interruption of system calls").
 */
#include "guest/abi/syscall.h"
#include "guest/kernel/core/print.h"
#include "guest/kernel/core/riscv.h"
#include "guest/kernel/mm/uaccess.h"
#include "guest/kernel/proc/internal.h"
#include "guest/kernel/proc/ptrace.h"

/* --- the line for a program that died of its own fault --- */

static const char *fault_name(int signal)
{
	switch (signal) {
	case SIGSEGV:
		return "segmentation fault";
	case SIGBUS:
		return "bus error";
	case SIGILL:
		return "illegal instruction";
	case SIGFPE:
		return "arithmetic error";
	default:
		return "trap";
	}
}

static const char *cause_name(u64 cause)
{
	switch (cause) {
	case CAUSE_FETCH_PAGE_FAULT:
		return "fetch page fault";
	case CAUSE_LOAD_PAGE_FAULT:
		return "load page fault";
	case CAUSE_STORE_PAGE_FAULT:
		return "store page fault";
	case CAUSE_FETCH_ACCESS:
	case CAUSE_LOAD_ACCESS:
	case CAUSE_STORE_ACCESS:
		return "access fault";
	case CAUSE_FETCH_MISALIGNED:
	case CAUSE_LOAD_MISALIGNED:
	case CAUSE_STORE_MISALIGNED:
		return "misaligned address";
	case CAUSE_ILLEGAL:
		return "illegal instruction";
	case CAUSE_BREAKPOINT:
		return "breakpoint";
	default:
		return "system call";
	}
}

static const char *why(int signal, int code)
{
	if (signal == SIGSEGV)
		return code == SEGV_MAPERR ? " (no region)" : " (not permitted)";
	if (signal == SIGBUS && code == BUS_ADRERR)
		return " (no data there)";
	return "";
}

void signal_print_fatal(struct task *task, int signal, const struct abi_siginfo *info)
{
	/* A fault of its own, not one that kill(2) pretends. */
	if (!(SIGNALS_FAULT & SIGNAL_BIT(signal)) || info->si_code <= 0 || info->si_code == SI_KERNEL)
		return;
	printk("%s[%d]: %s at %lx, pc %lx, cause %s%s\n", task->comm, task->tid, fault_name(signal), info->si_addr,
	       task->regs->x[0], cause_name(task->regs->cause), why(signal, info->si_code));
}

/* --- stopping --- */

/* All tasks of the process take part in a stop, each when it comes by here. */
static void begin_group_stop(struct task *task, int signal)
{
	struct process *process = task->process;
	process->stop_signal = signal;
	process->stop_reported = false;
	process->continue_pending = false;
	LIST_FOR_EACH(node, &process->tasks) {
		struct task *other = LIST_ENTRY(node, struct task, process_link);
		if (other->exiting || other->state == TASK_STOPPED)
			continue;
		other->stop_wanted = true;
		if (other == task)
			continue;
		sched_notice(other);
		task_wake(other, SLEEP_SIGNAL);
		if (other->tracing)
			ptrace_notify_group(other);
	}
	if (!process->stopped) {
		process->stopped = true;
		process_notify_stop(process, CLD_STOPPED);
	}
}

static void take_part_in_stop(struct task *task)
{
	struct process *process = task->process;
	task->stop_wanted = false;
	if (task->tracing) {
		task->tracing->trap_wanted = false;
		ptrace_trap_stop(task);
		return;
	}
	while (process->stopped && !signal_is_fatal(task) && !task->tracing)
		task_stop(TASK_STOPPED);
}

/* --- one signal --- */

static void default_action(struct task *task, int signal, const struct abi_siginfo *info)
{
	u64 bit = SIGNAL_BIT(signal);
	struct process *process = task->process;
	bool is_forced = task->forced_signal == signal;
	if ((SIGNALS_IGNORED & bit) || (process == init_process && !is_forced))
		return;
	if (SIGNALS_STOP & bit) {
		if (signal == SIGSTOP || !process_group_is_orphaned(process->pgid, NULL))
			begin_group_stop(task, signal);
		return;
	}
	signal_print_fatal(task, signal, info);
	process_exit(signal);
}

/* The next signal that has a handler; 0: none. May not return. */
static int next_handled(struct task *task, struct abi_siginfo *info)
{
	struct process *process = task->process;
	for (;;) {
		if (signal_is_fatal(task))
			task_exit(process->group_exiting ? process->exit_code : SIGKILL);
		if (task->stop_wanted) {
			take_part_in_stop(task);
			continue;
		}
		if (task->tracing && task->tracing->trap_wanted) {
			task->tracing->trap_wanted = false;
			ptrace_trap_stop(task);
			continue;
		}
		int signal = signal_take(task, task->blocked, info);
		if (!signal)
			return 0;
		if (task->tracing && signal != SIGKILL) {
			signal = ptrace_signal(task, signal, info);
			if (!signal)
				continue;
		}
		u64 handler = process->handlers->actions[signal - 1].sa_handler;
		if (handler == SIG_IGN)
			continue;
		if (handler != SIG_DFL)
			return signal;
		default_action(task, signal, info);
	}
}

/* --- interrupted system calls --- */

/* The pc of the ecall if the call asks for a restart, and the registers made ready for it; else 0. */
static u64 prepare_restart(struct regs *regs)
{
	if (regs->cause != CAUSE_ECALL_U)
		return 0;
	regs->cause = ~0ul;
	switch ((i64)regs->x[REG_A0]) {
	case -ERESTARTSYS:
	case -ERESTARTNOINTR:
	case -ERESTARTNOHAND:
	case -ERESTART_RESTARTBLOCK:
		regs->x[REG_A0] = regs->orig_a0;
		regs->x[0] -= 4;
		return regs->x[0];
	default:
		return 0;
	}
}

/* Whether a handler makes the call end with -EINTR. */
static bool ends_by_handler(i64 result, const struct abi_sigaction *action)
{
	if (result == -ERESTARTSYS)
		return !(action->sa_flags & SA_RESTART);
	return result == -ERESTARTNOHAND || result == -ERESTART_RESTARTBLOCK;
}

static void run_handler(struct task *task, int signal, const struct abi_siginfo *info,
                        const struct abi_sigaction *action)
{
	if (task->rseq)
		rseq_resume(task); /* a critical section ends where a handler begins */
	if (signal_push_frame(task, signal, info, action)) {
		/* No stack to run on: SIGSEGV, by default action if that was it. */
		if (signal == SIGSEGV)
			task->process->handlers->actions[SIGSEGV - 1].sa_handler = SIG_DFL;
		signal_force(task, SIGSEGV, SEGV_MAPERR, task->regs->x[REG_SP]);
		return;
	}
	task->restore_blocked = false;
	u64 mask = action->sa_mask;
	if (!(action->sa_flags & SA_NODEFER))
		mask |= SIGNAL_BIT(signal);
	signal_set_blocked(task, task->blocked | mask);
}

/* What a new or moved task has to store in its own memory first. */
static void settle(struct task *task)
{
	if (task->set_tid) {
		u64 address = task->set_tid;
		task->set_tid = 0;
		if (store_user_u32(address, (u32)task->tid))
			return; /* as Linux: not a fault */
	}
	if (task->rseq_moved)
		rseq_resume(task);
}

void signal_deliver(struct task *task)
{
	struct regs *regs = task->regs;
	struct abi_siginfo info;
	settle(task);
	i64 result = (i64)regs->x[REG_A0];
	u64 after_pc = regs->x[0];
	u64 restart_pc = prepare_restart(regs);
	int signal;
	while ((signal = next_handled(task, &info)) != 0) {
		struct abi_sigaction *actions = task->process->handlers->actions;
		struct abi_sigaction action = actions[signal - 1];
		if (action.sa_flags & SA_RESETHAND)
			actions[signal - 1].sa_handler = SIG_DFL;
		if (restart_pc && regs->x[0] == restart_pc && ends_by_handler(result, &action)) {
			regs->x[REG_A0] = (u64)-EINTR;
			regs->x[0] = after_pc;
		}
		restart_pc = 0;
		run_handler(task, signal, &info, &action);
	}
	task->forced_signal = 0;
	if (restart_pc && regs->x[0] == restart_pc && result == -ERESTART_RESTARTBLOCK)
		regs->x[REG_A7] = NR_restart_syscall;
	if (task->restore_blocked) {
		task->restore_blocked = false;
		signal_set_blocked(task, task->saved_blocked);
	}
	task->attention = task->rseq_moved || signal_is_pending(task);
}
