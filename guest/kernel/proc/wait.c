/*
 * wait4(2) and waitid(2): what children and traced tasks have to report. A report is taken once (but for WNOWAIT): an
 * end, a stop by job control, a continuation, or any stop of a task that the caller traces.
 */
#include "guest/kernel/core/syscall.h"
#include "guest/kernel/mm/uaccess.h"
#include "guest/kernel/proc/internal.h"
#include "guest/kernel/proc/ptrace.h"

struct wait_request {
	struct process *self;
	int type; /* P_ALL, P_PID, P_PGID */
	int id;
	u32 options; /* WNOHANG... */
	bool wants_usage;
	/* The report: */
	int pid; /* 0: none */
	u32 uid;
	int status; /* as wait4 gives it */
	int code;   /* CLD_* */
	struct abi_rusage usage;
};

static bool id_matches(const struct wait_request *request, int pid, int pgid)
{
	switch (request->type) {
	case P_PID:
		return pid == request->id;
	case P_PGID:
		return pgid == request->id;
	default:
		return true;
	}
}

/* __WCLONE: only children that do not send SIGCHLD; without it and __WALL: only those that do. */
static bool kind_matches(const struct wait_request *request, const struct process *child)
{
	if ((request->options & __WALL) || child->leader->tracing)
		return true;
	return (child->exit_signal != SIGCHLD) == !!(request->options & __WCLONE);
}

static bool report(struct wait_request *request, int pid, const struct process *process, int status, int code)
{
	request->pid = pid;
	request->uid = process->uid;
	request->status = status;
	request->code = code;
	if (request->wants_usage)
		rusage_of_process(process, &request->usage);
	return true;
}

static int end_code(int status)
{
	if (ABI_WIFEXITED(status))
		return CLD_EXITED;
	return ABI_WCOREDUMP(status) ? CLD_DUMPED : CLD_KILLED;
}

/* A child with something to say; false: nothing now. */
static bool take_from_child(struct wait_request *request, struct process *child)
{
	u32 options = request->options;
	struct tracing *tracing = child->leader->tracing;
	if (child->zombie) {
		if (!(options & WEXITED) || (tracing && tracing->tracer != request->self))
			return false;
		report(request, child->pid, child, child->exit_code, end_code(child->exit_code));
		if (!(options & WNOWAIT))
			process_reap(child);
		return true;
	}
	/* What the caller itself traces tells of its stops as a traced task. */
	if (child->stopped && !child->stop_reported && (options & WUNTRACED) &&
	    (!tracing || tracing->tracer != request->self)) {
		child->stop_reported = !(options & WNOWAIT);
		return report(request, child->pid, child, ABI_W_STOPPED(child->stop_signal), CLD_STOPPED);
	}
	if (child->continue_pending && (options & WCONTINUED)) {
		child->continue_pending = options & WNOWAIT;
		return report(request, child->pid, child, ABI_W_CONTINUED, CLD_CONTINUED);
	}
	return false;
}

static bool take_from_traced(struct wait_request *request, struct task *task)
{
	struct tracing *tracing = task->tracing;
	struct process *process = task->process;
	bool is_leader = task == process->leader;
	if (task->state == TASK_DEAD) {
		if (!(request->options & WEXITED) ||
		    (is_leader && (!process->zombie || process->parent == request->self)))
			return false;
		int status = is_leader ? process->exit_code : task->exit_code;
		report(request, task->tid, process, status, end_code(status));
		if (!(request->options & WNOWAIT))
			ptrace_release(task);
		return true;
	}
	/* A traced task's stops are told with or without WUNTRACED. */
	if (!tracing->report || task->state != TASK_TRACED)
		return false;
	if (!(request->options & WNOWAIT))
		tracing->report = false;
	return report(request, task->tid, process, ABI_W_STOPPED(tracing->stop_code), CLD_TRAPPED);
}

/* Looks once at all. 1: a report, 0: none now, -ECHILD: there never will be. */
static int look(struct wait_request *request)
{
	struct process *self = request->self;
	bool any = false;
	LIST_FOR_EACH(node, &self->children) {
		struct process *child = LIST_ENTRY(node, struct process, sibling);
		if (!id_matches(request, child->pid, child->pgid) || !kind_matches(request, child))
			continue;
		any = true;
		if (take_from_child(request, child))
			return 1;
	}
	LIST_FOR_EACH(node, &self->traced) {
		struct task *task = LIST_ENTRY(node, struct tracing, link)->task;
		if (!id_matches(request, task->tid, task->process->pgid))
			continue;
		any = true;
		if (take_from_traced(request, task))
			return 1;
	}
	return any ? 0 : -ECHILD;
}

static i64 wait_for(struct wait_request *request)
{
	for (;;) {
		int found = look(request);
		if (found)
			return found;
		if (request->options & WNOHANG)
			return 0;
		current_task->sleep_reason = "wait";
		if (sleep_on(&request->self->child_event, SLEEP_SIGNAL, FOREVER) == -EINTR)
			return -ERESTARTSYS;
	}
}

i64 sys_wait4(struct task *task, const u64 arg[6])
{
	int pid = (int)arg[0];
	u32 options = (u32)arg[2];
	if (options & ~(u32)(WNOHANG | WUNTRACED | WCONTINUED | __WNOTHREAD | __WCLONE | __WALL))
		return -EINVAL;
	if (pid == (int)0x80000000)
		return -ESRCH;
	struct wait_request request = { .self = task->process, .options = options | WEXITED, .wants_usage = arg[3] };
	if (pid > 0) {
		request.type = P_PID;
		request.id = pid;
	} else if (pid != -1) {
		request.type = P_PGID;
		request.id = pid == 0 ? task->process->pgid : -pid;
	}
	i64 found = wait_for(&request);
	if (found <= 0)
		return found;
	if (arg[1] && store_user_u32(arg[1], (u32)request.status))
		return -EFAULT;
	if (arg[3] && copy_to_user(arg[3], &request.usage, sizeof(request.usage)))
		return -EFAULT;
	return request.pid;
}

static int store_info(const struct wait_request *request, u64 address)
{
	struct abi_siginfo info = { .si_signo = 0 };
	if (request->pid) {
		int status = request->status;
		info.si_signo = SIGCHLD;
		info.si_code = request->code;
		info.si_child_pid = request->pid;
		info.si_child_uid = request->uid;
		if (request->code == CLD_CONTINUED)
			info.si_status = SIGCONT;
		else if (request->code == CLD_TRAPPED || request->code == CLD_STOPPED)
			info.si_status = status >> 8;
		else
			info.si_status = request->code == CLD_EXITED ? ABI_WEXITSTATUS(status) : ABI_WTERMSIG(status);
	}
	/* As Linux: only the fields of SIGCHLD, with two longs of times left alone. */
	return copy_to_user(address, &info, offsetof(struct abi_siginfo, si_status) + sizeof(info.si_status));
}

i64 sys_waitid(struct task *task, const u64 arg[6])
{
	u32 options = (u32)arg[3];
	if ((options & ~(u32)(WNOHANG | WNOWAIT | WEXITED | WSTOPPED | WCONTINUED | __WNOTHREAD | __WCLONE | __WALL)) ||
	    !(options & (WEXITED | WSTOPPED | WCONTINUED)))
		return -EINVAL;
	struct wait_request request = {
		.self = task->process, .type = (int)arg[0], .id = (int)arg[1], .options = options
	};
	request.wants_usage = arg[4];
	switch (request.type) {
	case P_ALL:
		break;
	case P_PID:
		if (request.id <= 0)
			return -EINVAL;
		break;
	case P_PGID:
		if (request.id < 0)
			return -EINVAL;
		if (request.id == 0)
			request.id = task->process->pgid;
		break;
	default:
		return -EINVAL;
	}
	i64 found = wait_for(&request);
	if (found < 0)
		return found;
	if (request.pid && arg[4] && copy_to_user(arg[4], &request.usage, sizeof(request.usage)))
		return -EFAULT;
	if (arg[2] && store_info(&request, arg[2]))
		return -EFAULT;
	return 0;
}
