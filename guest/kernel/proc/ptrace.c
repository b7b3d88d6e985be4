/*
 * ptrace(2): stops and orders. A traced task stops in ptrace_stop() until its tracer resumes or leaves it; everything
 * the tracer asks for in between is done by the tracer (ptrace_regs.c has what reads and writes the stopped task).
 *
 * There is no single-stepping: RV64 has no hardware for it in S mode, and rewriting code is the debugger's business
 * (-EIO).
 */
#include "guest/abi/ptrace.h"
#include "guest/kernel/core/syscall.h"
#include "guest/kernel/mm/kmalloc.h"
#include "guest/kernel/mm/uaccess.h"
#include "guest/kernel/proc/internal.h"
#include "guest/kernel/proc/ptrace.h"
#include "guest/kernel/proc/ptrace_regs.h"

/* --- becoming traced and ending it --- */

static void attach(struct task *task, struct tracing *tracing, struct process *tracer, bool seized, u64 options)
{
	tracing->task = task;
	task->refs++;
	tracing->tracer = tracer;
	tracing->seized = seized;
	tracing->options = options;
	list_add_last(&tracer->traced, &tracing->link);
	task->tracing = tracing;
}

void ptrace_detach(struct task *task)
{
	struct tracing *tracing = task->tracing;
	task->tracing = NULL;
	list_remove(&tracing->link);
	kfree(tracing);
	if (task->state == TASK_TRACED) {
		task->stop_wanted |= task->process->stopped;
		task->attention = true;
		task_ready(task);
	} else if (task->state == TASK_DEAD && task != task->process->leader) {
		task_forget(task);
	}
	task_put(task);
}

void ptrace_release(struct task *task)
{
	struct process *process = task->process;
	struct process *tracer = task->tracing->tracer;
	bool is_leader = task == process->leader;
	process_get(process);
	ptrace_detach(task);
	if (is_leader && process->zombie && process->parent != tracer && process_notify_end(process))
		process_reap(process);
	process_put(process);
}

void ptrace_release_all(struct process *tracer)
{
	while (!list_is_empty(&tracer->traced)) {
		struct tracing *tracing = LIST_ENTRY(tracer->traced.next, struct tracing, link);
		struct task *task = tracing->task;
		if (tracing->options & PTRACE_O_EXITKILL)
			signal_send_process(task->process, SIGKILL, NULL);
		ptrace_release(task);
	}
}

bool ptrace_report_end(struct task *task)
{
	if (!task->tracing)
		return false;
	wake_all(&task->tracing->tracer->child_event);
	return true;
}

int ptrace_clone(struct task *parent, struct task *child, u64 clone_flags)
{
	struct tracing *from = parent->tracing;
	int event = PTRACE_EVENT_FORK;
	if (clone_flags & CLONE_VFORK)
		event = PTRACE_EVENT_VFORK;
	else if ((clone_flags & CSIGNAL) != SIGCHLD)
		event = PTRACE_EVENT_CLONE;
	bool wanted = !(clone_flags & CLONE_UNTRACED) && (from->options & (1ul << event));
	if (!wanted && !(clone_flags & CLONE_PTRACE))
		return 0;
	struct tracing *tracing = kmalloc_nowait(sizeof(*tracing));
	if (tracing) {
		attach(child, tracing, from->tracer, from->seized, from->options);
		if (from->seized)
			tracing->trap_wanted = true;
		else
			child->pending.set |= SIGNAL_BIT(SIGSTOP);
		child->attention = true;
	}
	return wanted ? event : 0;
}

/* --- stopping --- */

static void notify_tracer(struct task *task)
{
	struct process *tracer = task->tracing->tracer;
	const struct abi_sigaction *action = &tracer->handlers->actions[SIGCHLD - 1];
	if (action->sa_handler != SIG_IGN && !(action->sa_flags & SA_NOCLDSTOP)) {
		struct abi_siginfo info = { .si_signo = SIGCHLD, .si_code = CLD_TRAPPED };
		info.si_child_pid = task->tid;
		info.si_child_uid = task->process->uid;
		info.si_status = task->tracing->stop_code & 0x7f;
		signal_send_process(tracer, SIGCHLD, &info);
	}
	wake_all(&tracer->child_event);
}

/* Stops with the code until the tracer resumes or leaves the task, or it is killed. What signal the tracer lets through
 * is in task->tracer_signal, which the caller has set to what holds if the tracer just goes. */
static void ptrace_stop(struct task *task, int code, const struct abi_siginfo *info)
{
	struct tracing *tracing = task->tracing;
	if (signal_is_fatal(task))
		return;
	fp_sync(task);
	tracing->stop_code = code;
	tracing->info = *info;
	tracing->report = true;
	tracing->resumed = tracing->listening = false;
	notify_tracer(task);
	while ((tracing = task->tracing) && !tracing->resumed && !signal_is_fatal(task) &&
	       !(tracing->listening && tracing->trap_wanted))
		task_stop(TASK_TRACED);
	if (tracing) {
		tracing->report = tracing->listening = false;
		tracing->syscall_stop = PTRACE_SYSCALL_INFO_NONE;
	}
	task->attention = true;
}

static struct abi_siginfo stop_info(const struct task *task, int signal, int code)
{
	struct abi_siginfo info = { .si_signo = signal, .si_code = code };
	info.si_pid = task->tid;
	info.si_uid = task->process->uid;
	return info;
}

int ptrace_signal(struct task *task, int signal, struct abi_siginfo *info)
{
	task->tracer_signal = signal;
	ptrace_stop(task, signal, info);
	int chosen = task->tracer_signal;
	task->tracer_signal = 0;
	if (!chosen || signal_is_fatal(task))
		return 0;
	if (task->tracing)
		*info = task->tracing->info; /* PTRACE_SETSIGINFO */
	if (info->si_signo != chosen)
		*info = stop_info(task, chosen, SI_USER);
	if (!(task->blocked & SIGNAL_BIT(chosen)))
		return chosen;
	signal_send_task(task, chosen, info);
	return 0;
}

/* The stops at which the tracer's signal is sent like any other. */
static void stop_and_send(struct task *task, int code)
{
	struct abi_siginfo info = stop_info(task, SIGTRAP, code);
	task->tracer_signal = 0;
	ptrace_stop(task, code, &info);
	int signal = task->tracer_signal;
	task->tracer_signal = 0;
	if (signal) {
		info = stop_info(task, signal, SI_USER);
		signal_send_task(task, signal, &info);
	}
}

static void syscall_stop(struct task *task, u8 kind)
{
	struct tracing *tracing = task->tracing;
	tracing->syscall_stop = kind;
	tracing->event_message = kind;
	stop_and_send(task, SIGTRAP | (tracing->options & PTRACE_O_TRACESYSGOOD ? 0x80 : 0));
}

void ptrace_syscall_enter(struct task *task)
{
	syscall_stop(task, PTRACE_SYSCALL_INFO_ENTRY);
}

void ptrace_syscall_exit(struct task *task)
{
	syscall_stop(task, PTRACE_SYSCALL_INFO_EXIT);
}

void ptrace_event(struct task *task, int event, u64 message)
{
	struct tracing *tracing = task->tracing;
	if (!tracing)
		return;
	if (tracing->options & (1ul << event)) {
		tracing->event_message = message;
		stop_and_send(task, SIGTRAP | event << 8);
	} else if (event == PTRACE_EVENT_EXEC && !tracing->seized) {
		struct abi_siginfo info = stop_info(task, SIGTRAP, SI_USER);
		signal_send_task(task, SIGTRAP, &info);
	}
}

void ptrace_trap_stop(struct task *task)
{
	const struct process *process = task->process;
	int signal = process->stopped ? process->stop_signal : SIGTRAP;
	struct abi_siginfo info = { .si_signo = 0 }; /* PTRACE_GETSIGINFO: -EINVAL tells a group stop */
	task->tracer_signal = 0;
	if (task->tracing->seized) {
		int code = signal | PTRACE_EVENT_STOP << 8;
		info = stop_info(task, signal, code);
		ptrace_stop(task, code, &info);
	} else if (process->stopped) {
		ptrace_stop(task, signal, &info);
	}
	task->tracer_signal = 0;
}

void ptrace_notify_group(struct task *task)
{
	struct tracing *tracing = task->tracing;
	if (!tracing->seized)
		return;
	tracing->trap_wanted = true;
	if (task->state == TASK_TRACED && tracing->listening) {
		task_ready(task);
	} else {
		sched_notice(task);
		task_wake(task, SLEEP_SIGNAL);
	}
}

/* --- the tracer's orders --- */

static bool may_trace(const struct process *tracer, const struct task *task)
{
	const struct process *process = task->process;
	if (process == tracer || !process->mm || task->exiting || task->tracing)
		return false;
	if (tracer->euid == 0)
		return true;
	return tracer->uid == process->uid && tracer->uid == process->euid && tracer->uid == process->suid &&
	       tracer->gid == process->gid && tracer->gid == process->egid && tracer->gid == process->sgid &&
	       process->mm->dumpable;
}

static i64 trace_me(struct task *task)
{
	struct tracing *tracing = kmalloc(sizeof(*tracing));
	if (!tracing)
		return -ENOMEM;
	struct process *parent = task->process->parent;
	if (task->tracing || !parent->handlers) {
		kfree(tracing);
		return -EPERM;
	}
	attach(task, tracing, parent, false, 0);
	return 0;
}

static i64 attach_to(struct process *tracer, struct task *task, bool seize, u64 address, u64 options)
{
	if (seize && (address || (options & ~(u64)PTRACE_O_MASK)))
		return -EIO;
	struct tracing *tracing = kmalloc(sizeof(*tracing));
	if (!tracing)
		return -ENOMEM;
	if (!may_trace(tracer, task)) {
		kfree(tracing);
		return -EPERM;
	}
	attach(task, tracing, tracer, seize, seize ? options : 0);
	if (!seize)
		signal_send_task(task, SIGSTOP, NULL);
	/* A task that job control has stopped already stops anew, for its tracer. */
	if (task->process->stopped || task->state == TASK_STOPPED) {
		tracing->trap_wanted = true;
		sched_notice(task);
		if (task->state == TASK_STOPPED)
			task_ready(task);
	}
	return 0;
}

/* Ends the stop. */
static i64 resume(struct task *task, u64 signal, bool stop_at_syscalls)
{
	if (signal > SIGNALS)
		return -EIO;
	task->tracing->stop_at_syscalls = stop_at_syscalls;
	task->tracing->resumed = true;
	task->tracing->report = false;
	task->tracer_signal = (int)signal;
	task_ready(task);
	return 0;
}

static i64 interrupt(struct task *task)
{
	if (!task->tracing->seized)
		return -EIO;
	ptrace_notify_group(task);
	return 0;
}

static i64 listen(struct task *task)
{
	struct tracing *tracing = task->tracing;
	if (!tracing->seized || tracing->stop_code >> 8 != PTRACE_EVENT_STOP)
		return -EIO;
	tracing->listening = true;
	if (tracing->trap_wanted)
		task_ready(task);
	return 0;
}

static i64 set_options(struct task *task, u64 options)
{
	if (options & ~(u64)PTRACE_O_MASK)
		return -EINVAL;
	task->tracing->options = options;
	return 0;
}

/* Orders that need the task stopped. */
static i64 order(struct task *task, u64 request, u64 address, u64 data)
{
	switch (request) {
	case PTRACE_CONT:
		return resume(task, data, false);
	case PTRACE_SYSCALL:
		return resume(task, data, true);
	case PTRACE_DETACH:
		if (data > SIGNALS)
			return -EIO;
		task->tracer_signal = (int)data;
		ptrace_detach(task);
		return 0;
	case PTRACE_LISTEN:
		return listen(task);
	case PTRACE_SETOPTIONS:
		return set_options(task, data);
	case PTRACE_GETEVENTMSG:
		return store_user_u64(data, task->tracing->event_message);
	case PTRACE_SINGLESTEP:
		return -EIO;
	default:
		return ptrace_examine(task, request, address, data);
	}
}

static i64 request_of(struct process *tracer, struct task *task, u64 request, u64 address, u64 data)
{
	if (request == PTRACE_ATTACH || request == PTRACE_SEIZE)
		return attach_to(tracer, task, request == PTRACE_SEIZE, address, data);
	if (!task->tracing || task->tracing->tracer != tracer)
		return -ESRCH;
	if (request == PTRACE_KILL) {
		signal_send_task(task, SIGKILL, NULL);
		return 0;
	}
	if (request == PTRACE_INTERRUPT)
		return interrupt(task);
	if (task->state != TASK_TRACED || task->tracing->listening)
		return -ESRCH;
	return order(task, request, address, data);
}

i64 sys_ptrace(struct task *task, const u64 arg[6])
{
	if (arg[0] == PTRACE_TRACEME)
		return trace_me(task);
	struct task *traced = task_find((int)arg[1]);
	if (!traced)
		return -ESRCH;
	i64 result = request_of(task->process, traced, arg[0], arg[2], arg[3]);
	task_put(traced);
	return result;
}
