/*
 * Sending signals: queues, who takes a signal, and what acts at once (SIGKILL, SIGCONT, fatal ones). What happens at
 * the receiver is in signal_deliver.c. See signal(7).
 *
 * Invariant: whoever makes a signal (or a stop, or a tracer's wish) due for a task sets task->attention, by
 * sched_notice(): the way to user mode looks at nothing else first.
 */
#include "guest/kernel/proc/signal.h"

#include "guest/kernel/mm/kmalloc.h"
#include "guest/kernel/proc/internal.h"
#include "guest/kernel/proc/ptrace.h"

#define QUEUE_LIMIT 1024 /* siginfos queued at one task or process */

struct queued {
	struct list link;
	struct abi_siginfo info;
};

void pending_init(struct pending *pending)
{
	pending->set = 0;
	pending->queued = 0;
	list_init(&pending->queue);
}

/* Removes the signals of the mask. */
static void pending_remove(struct pending *pending, u64 mask)
{
	if (!(pending->set & mask))
		return;
	pending->set &= ~mask;
	LIST_FOR_EACH_SAFE(node, following, &pending->queue) {
		struct queued *queued = LIST_ENTRY(node, struct queued, link);
		if (!(mask & SIGNAL_BIT(queued->info.si_signo)))
			continue;
		list_remove(node);
		pending->queued--;
		kfree(queued);
	}
}

void pending_clear(struct pending *pending)
{
	pending_remove(pending, ~0ul);
}

struct handlers *handlers_create(const struct handlers *copy)
{
	struct handlers *handlers = kmalloc(sizeof(*handlers));
	if (!handlers)
		return NULL;
	if (copy)
		memcpy(handlers->actions, copy->actions, sizeof(handlers->actions));
	handlers->refs = 1;
	return handlers;
}

void handlers_put(struct handlers *handlers)
{
	if (--handlers->refs == 0)
		kfree(handlers);
}

void signal_reset_handlers(struct process *process)
{
	for (unsigned i = 0; i < SIGNALS; i++) {
		struct abi_sigaction *action = &process->handlers->actions[i];
		if (action->sa_handler != SIG_IGN)
			action->sa_handler = SIG_DFL;
		action->sa_flags = 0;
		action->sa_mask = 0;
	}
}

/* --- what a signal would do --- */

static u64 handler_of(const struct process *process, int signal)
{
	return process->handlers->actions[signal - 1].sa_handler;
}

bool signal_is_ignored(const struct task *task, int signal)
{
	u64 bit = SIGNAL_BIT(signal);
	if ((task->blocked | task->waited) & bit)
		return false;
	if (task->tracing && signal != SIGKILL)
		return false;
	u64 handler = handler_of(task->process, signal);
	/* init gets only signals that it has a handler for. */
	if (task->process == init_process && handler == SIG_DFL)
		return true;
	return handler == SIG_IGN || (handler == SIG_DFL && (SIGNALS_IGNORED & bit));
}

/* Ends the process without any more looking. Those that dump core die in signal_deliver(), which says why. */
static bool is_fatal_at_once(const struct task *task, int signal)
{
	u64 bit = SIGNAL_BIT(signal);
	if (signal == SIGKILL)
		return true;
	return handler_of(task->process, signal) == SIG_DFL && !task->tracing &&
	       !((task->blocked | task->waited) & bit) && !(bit & (SIGNALS_IGNORED | SIGNALS_STOP | SIGNALS_CORE));
}

bool signal_is_fatal(const struct task *task)
{
	return task->pending.set & SIGNAL_BIT(SIGKILL); /* signal_kill_tasks() has set it for each task */
}

bool signal_is_pending(const struct task *task)
{
	if ((task->pending.set | task->process->pending.set) & ~task->blocked)
		return true;
	return task->stop_wanted || (task->tracing && task->tracing->trap_wanted);
}

bool signal_is_permitted(const struct process *from, const struct process *to, int signal)
{
	if (!to->handlers)
		return false; /* the kernel's own */
	return from->euid == 0 || from->euid == to->suid || from->euid == to->uid || from->uid == to->suid ||
	       from->uid == to->uid || (signal == SIGCONT && from->sid == to->sid);
}

/* --- waking --- */

static bool is_alive(const struct task *task)
{
	return !task->exiting && task->state != TASK_DEAD;
}

void signal_kill_tasks(struct process *process, const struct task *except)
{
	LIST_FOR_EACH(node, &process->tasks) {
		struct task *task = LIST_ENTRY(node, struct task, process_link);
		if (task == except || !is_alive(task))
			continue;
		task->pending.set |= SIGNAL_BIT(SIGKILL);
		sched_notice(task);
		if (task->state == TASK_STOPPED || task->state == TASK_TRACED)
			task_ready(task);
		else
			task_wake(task, SLEEP_KILLABLE);
	}
}

void process_wake_stopped(struct process *process)
{
	LIST_FOR_EACH(node, &process->tasks) {
		struct task *task = LIST_ENTRY(node, struct task, process_link);
		task->stop_wanted = false;
		if (task->tracing)
			ptrace_notify_group(task);
		else if (task->state == TASK_STOPPED)
			task_ready(task);
	}
}

static bool wants(const struct task *task, int signal)
{
	return is_alive(task) && !(task->blocked & SIGNAL_BIT(signal));
}

static void wake_for_signal(struct task *task)
{
	sched_notice(task);
	task_wake(task, SLEEP_SIGNAL);
}

/* A task that takes a signal sent to the process: the leader if it can. NULL: all block it. */
static struct task *choose_task(const struct process *process, int signal)
{
	if (process->leader && wants(process->leader, signal))
		return process->leader;
	LIST_FOR_EACH(node, &process->tasks) {
		struct task *task = LIST_ENTRY(node, struct task, process_link);
		if (wants(task, signal))
			return task;
	}
	return NULL;
}

void signal_discard(struct process *process, u64 mask)
{
	pending_remove(&process->pending, mask);
	LIST_FOR_EACH(node, &process->tasks)
		pending_remove(&LIST_ENTRY(node, struct task, process_link)->pending, mask);
}

void signal_set_blocked(struct task *task, u64 blocked)
{
	u64 newly = blocked & ~task->blocked;
	task->blocked = blocked & ~SIGNALS_UNBLOCKABLE;
	if (signal_is_pending(task))
		task->attention = true;
	/* What was to be taken by this task may be taken by another. */
	u64 left = task->process->pending.set & newly;
	if (likely(!left) || task->process->task_count < 2)
		return;
	struct task *other = choose_task(task->process, __builtin_ctzl(left) + 1);
	if (other)
		wake_for_signal(other);
}

/* --- sending --- */

/* Stop signals and SIGCONT cancel each other, and SIGCONT continues at once, even if it is blocked or ignored. */
static void prepare(struct process *process, int signal)
{
	if (SIGNALS_STOP & SIGNAL_BIT(signal)) {
		signal_discard(process, SIGNAL_BIT(SIGCONT));
	} else if (signal == SIGCONT) {
		signal_discard(process, SIGNALS_STOP);
		bool was_stopped = process->stopped;
		process->stopped = false;
		process->stop_reported = false;
		process->continue_pending |= was_stopped;
		process_wake_stopped(process);
		if (was_stopped)
			process_notify_stop(process, CLD_CONTINUED);
	}
}

/* 0, or -EAGAIN: a real-time signal whose siginfo matters finds no room. */
static int enqueue(struct process *process, struct pending *pending, int signal, const struct abi_siginfo *info)
{
	bool is_realtime = signal >= ABI_SIGRTMIN;
	if (!is_realtime && (pending->set & SIGNAL_BIT(signal)))
		return 0;
	u64 limit = MIN(process->limits[RLIMIT_SIGPENDING].rlim_cur, (u64)QUEUE_LIMIT);
	bool has_room = pending->queued < limit || !is_realtime;
	struct queued *queued = signal != SIGKILL && has_room ? kmalloc_nowait(sizeof(*queued)) : NULL;
	if (queued) {
		if (info)
			queued->info = *info;
		else
			queued->info.si_code = SI_KERNEL;
		queued->info.si_signo = signal;
		list_add_last(&pending->queue, &queued->link);
		pending->queued++;
	} else if (is_realtime && info && info->si_code != SI_USER) {
		return -EAGAIN;
	}
	pending->set |= SIGNAL_BIT(signal);
	return 0;
}

/* `task` NULL: any of the process's. */
static int send(struct process *process, struct task *task, int signal, const struct abi_siginfo *info)
{
	if (process->zombie || !process->handlers || process->task_count == 0 || (task && !is_alive(task)))
		return 0;
	prepare(process, signal);
	if (signal_is_ignored(task ? task : process->leader, signal))
		return 0;
	int error = enqueue(process, task ? &task->pending : &process->pending, signal, info);
	if (error)
		return error;
	struct task *taker = task ? task : choose_task(process, signal);
	if (!taker || (signal != SIGKILL && !wants(taker, signal)))
		return 0;
	if (is_fatal_at_once(taker, signal) && !process->group_exiting) {
		process->group_exiting = true;
		process->exit_code = signal;
		signal_kill_tasks(process, NULL);
		return 0;
	}
	wake_for_signal(taker);
	return 0;
}

int signal_send_task(struct task *task, int signal, const struct abi_siginfo *info)
{
	return send(task->process, task, signal, info);
}

int signal_send_process(struct process *process, int signal, const struct abi_siginfo *info)
{
	return send(process, NULL, signal, info);
}

int signal_send_group(int pgid, int signal, const struct abi_siginfo *info)
{
	LIST_FOR_EACH(node, &all_processes) {
		struct process *process = LIST_ENTRY(node, struct process, all_link);
		if (process->pgid == pgid)
			(void)send(process, NULL, signal, info);
	}
	return 0;
}

void signal_force(struct task *task, int signal, int code, u64 address)
{
	struct abi_sigaction *action = &task->process->handlers->actions[signal - 1];
	u64 bit = SIGNAL_BIT(signal);
	if ((task->blocked & bit) || action->sa_handler == SIG_IGN) {
		action->sa_handler = SIG_DFL;
		task->blocked &= ~bit;
	}
	/* One that waits unserved would hide where this one happened. */
	pending_remove(&task->pending, bit);
	struct abi_siginfo info = { .si_signo = signal, .si_code = code };
	info.si_addr = address;
	task->forced_signal = signal;
	(void)enqueue(task->process, &task->pending, signal, &info);
	task->attention = true;
}

/* --- taking --- */

/* Removes the first siginfo of the signal from the queue; the bit goes if it was the last. */
static void dequeue(struct pending *pending, int signal, struct abi_siginfo *info)
{
	struct queued *first = NULL;
	bool more = false;
	LIST_FOR_EACH(node, &pending->queue) {
		struct queued *queued = LIST_ENTRY(node, struct queued, link);
		if (queued->info.si_signo != signal)
			continue;
		if (first) {
			more = true;
			break;
		}
		first = queued;
	}
	if (!more)
		pending->set &= ~SIGNAL_BIT(signal);
	if (!first) { /* there was no memory for it */
		*info = (struct abi_siginfo){ .si_signo = signal, .si_code = SI_USER };
		return;
	}
	*info = first->info;
	list_remove(&first->link);
	pending->queued--;
	kfree(first);
}

static int first_of(u64 set)
{
	/* A fault's signal first: its frame must show where it happened. */
	u64 faults = set & SIGNALS_FAULT;
	return __builtin_ctzl(faults ? faults : set) + 1;
}

int signal_take(struct task *task, u64 blocked, struct abi_siginfo *info)
{
	struct pending *pending = &task->pending;
	u64 set = pending->set & ~blocked;
	if (!set) {
		pending = &task->process->pending;
		set = pending->set & ~blocked;
		if (!set)
			return 0;
	}
	int signal = first_of(set);
	dequeue(pending, signal, info);
	return signal;
}
