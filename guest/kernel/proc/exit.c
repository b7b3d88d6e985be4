/*
 * The end of tasks and processes. A task gives up its memory (telling who waits for its thread id), then is no more;
 * the last one of a process takes files, memory and children with it and leaves a zombie, which holds the exit status
 * until the parent has asked for it (wait.c). See _exit(2), wait(2), setpgid(2) on orphaned process groups.
 *
 * After process_notify_end() nothing may sleep: the parent may reap the process as soon as another hart gets the kernel
 * lock.
 */
#include "guest/abi/ptrace.h"
#include "guest/kernel/core/hint.h"
#include "guest/kernel/core/syscall.h"
#include "guest/kernel/dev/tty.h"
#include "guest/kernel/mm/uaccess.h"
#include "guest/kernel/proc/internal.h"
#include "guest/kernel/proc/ptrace.h"

/* --- orphaned process groups --- */

bool process_group_is_orphaned(int pgid, const struct process *ignored)
{
	LIST_FOR_EACH(node, &all_processes) {
		const struct process *process = LIST_ENTRY(node, struct process, all_link);
		if (process->pgid != pgid || process == ignored || process->zombie || !process->parent ||
		    process->parent == init_process)
			continue;
		if (process->parent->pgid != pgid && process->parent->sid == process->sid)
			return false;
	}
	return true;
}

static bool group_has_stopped(int pgid)
{
	LIST_FOR_EACH(node, &all_processes) {
		const struct process *process = LIST_ENTRY(node, struct process, all_link);
		if (process->pgid == pgid && process->stopped)
			return true;
	}
	return false;
}

/* The end of `process` may orphan the group of `member` (itself or a child), to which `parent` was the tie. */
static void check_orphaned(const struct process *process, const struct process *member, const struct process *parent)
{
	if (!parent || parent->pgid == member->pgid || parent->sid != member->sid)
		return;
	if (!group_has_stopped(member->pgid) ||
	    !process_group_is_orphaned(member->pgid, member == process ? process : NULL))
		return;
	signal_send_group(member->pgid, SIGHUP, NULL);
	signal_send_group(member->pgid, SIGCONT, NULL);
}

/* --- children --- */

static struct process *find_reaper(const struct process *process)
{
	for (struct process *at = process->parent; at && at != init_process; at = at->parent)
		if (at->child_subreaper && !at->zombie && !at->group_exiting)
			return at;
	return init_process;
}

static void reparent_children(struct process *process)
{
	struct process *reaper = find_reaper(process);
	LIST_FOR_EACH_SAFE(node, following, &process->children) {
		struct process *child = LIST_ENTRY(node, struct process, sibling);
		if (child->parent_death_signal && !child->zombie)
			signal_send_process(child, child->parent_death_signal, NULL);
		list_remove(node);
		child->parent = reaper;
		list_add_last(&reaper->children, node);
		child->exit_signal = SIGCHLD;
		if (!child->zombie) {
			check_orphaned(process, child, process);
		} else if (!child->leader->tracing && process_notify_end(child)) {
			/* The list goes on at a neighbour that is still ours. */
			process_reap(child);
		}
	}
}

/* --- telling the parent --- */

static u64 ticks(u64 ns)
{
	return ns / TICK_NS;
}

static void child_info(const struct process *process, struct abi_siginfo *info, int code, int status)
{
	u64 user, sys, minor, major;
	process_times(process, &user, &sys, &minor, &major);
	*info = (struct abi_siginfo){ .si_signo = SIGCHLD, .si_code = code };
	info->si_child_pid = process->pid;
	info->si_child_uid = process->uid;
	info->si_status = status;
	info->si_utime = (i64)ticks(user);
	info->si_stime = (i64)ticks(sys);
}

bool process_notify_end(struct process *process)
{
	struct tracing *tracing = process->leader->tracing;
	struct process *parent = tracing ? tracing->tracer : process->parent;
	int code = process->exit_code;
	struct abi_siginfo info;
	if (ABI_WIFEXITED(code))
		child_info(process, &info, CLD_EXITED, ABI_WEXITSTATUS(code));
	else
		child_info(process, &info, ABI_WCOREDUMP(code) ? CLD_DUMPED : CLD_KILLED, ABI_WTERMSIG(code));
	int signal = parent == process->parent ? process->exit_signal : SIGCHLD;
	info.si_signo = signal;
	bool unwanted = false;
	if (parent == process->parent && signal == SIGCHLD) {
		const struct abi_sigaction *action = &parent->handlers->actions[SIGCHLD - 1];
		unwanted = action->sa_handler == SIG_IGN || (action->sa_flags & SA_NOCLDWAIT);
	}
	if (signal)
		signal_send_process(parent, signal, &info);
	wake_all(&parent->child_event);
	return unwanted;
}

void process_notify_stop(struct process *process, int code)
{
	struct process *parent = process->parent;
	if (!parent || !parent->handlers)
		return;
	const struct abi_sigaction *action = &parent->handlers->actions[SIGCHLD - 1];
	if (action->sa_handler != SIG_IGN && !(action->sa_flags & SA_NOCLDSTOP)) {
		struct abi_siginfo info;
		child_info(process, &info, code, code == CLD_CONTINUED ? SIGCONT : process->stop_signal);
		signal_send_process(parent, SIGCHLD, &info);
	}
	wake_all(&parent->child_event);
}

void process_reap(struct process *process)
{
	struct process *parent = process->parent;
	u64 user, sys, minor, major;
	process_times(process, &user, &sys, &minor, &major);
	parent->child_user_ns += user + process->child_user_ns;
	parent->child_system_ns += sys + process->child_system_ns;
	parent->child_min_flt += minor + process->child_min_flt;
	parent->child_maj_flt += major + process->child_maj_flt;
	parent->child_max_rss = MAX(parent->child_max_rss, MAX(process->max_rss, process->child_max_rss));

	struct task *leader = process->leader;
	if (leader->tracing)
		ptrace_detach(leader);
	list_remove(&process->sibling);
	list_remove(&process->all_link);
	task_unhash(leader);
	list_remove(&leader->process_link);
	process->leader = NULL;
	sched_free_dead();
	task_put(leader);
	process_put(process);
}

void task_forget(struct task *task)
{
	task_unhash(task);
	list_remove(&task->process_link);
}

/* --- the end itself --- */

void task_release_memory(struct task *task)
{
	futex_exit(task);
	if (task->clear_tid) {
		u64 address = task->clear_tid;
		task->clear_tid = 0;
		/* Who shares the memory waits for this in pthread_join. */
		if (task->process->mm->refs > 1 || task->process->task_count > 1)
			if (store_user_u32(address, 0) == 0)
				(void)futex_wake_address(task, address, 1);
	}
	task->rseq = 0;
	task->robust_list = 0;
	if (task->vfork_waits) {
		task->vfork_waits = false;
		wake_all(&task->vfork_done);
	}
}

void process_release_files(struct process *process)
{
	struct files *files = process->files;
	struct dentry *cwd = process->cwd, *root = process->root;
	process->files = NULL;
	process->cwd = process->root = NULL;
	if (files)
		files_put(files);
	if (cwd)
		dentry_put(cwd);
	if (root)
		dentry_put(root);
}

/* The last task gives back what the process owns. May sleep. */
static void process_release(struct process *process)
{
	struct mm *mm = process->mm;
	process->max_rss = MAX(process->max_rss, mm->peak_rss);
	timer_cancel(&process->real_timer);
	process->virtual_left_ns = process->prof_left_ns = 0;
	pgtable_load_kernel();
	current_task->hart->loaded = NULL;
	process->mm = NULL;
	mm_put(mm);
	process_release_files(process);
	ptrace_release_all(process);
	if (process->pid == process->sid)
		tty_leave_session(process);
	process->tty = NULL;
}

/* The last step of a process; nothing sleeps from here on. */
static void process_become_zombie(struct process *process)
{
	pending_clear(&process->pending);
	check_orphaned(process, process, process->parent);
	reparent_children(process);
	process->stopped = false;
	process->zombie = true;
	hint_exit(process->pid, process->exit_code);
	if (process_notify_end(process))
		process_reap(process);
}

static void add_times(struct process *process, struct task *task)
{
	task_account(task, false);
	process->dead_user_ns += task->user_ns;
	process->dead_system_ns += task->system_ns;
	process->dead_min_flt += task->min_flt;
	process->dead_maj_flt += task->maj_flt;
}

static __attribute__((noreturn)) void kernel_thread_exit(struct task *task)
{
	kernel_process.task_count--;
	task->exiting = true;
	task_forget(task);
	sched_die();
}

void task_exit(int exit_code)
{
	struct task *task = current_task;
	struct process *process = task->process;
	if (process == &kernel_process)
		kernel_thread_exit(task);
	if (process == init_process && process->task_count == 1)
		panic("init has ended: status %x", (unsigned)(process->group_exiting ? process->exit_code : exit_code));
	task->exit_code = exit_code;
	ptrace_event(task, PTRACE_EVENT_EXIT, (u64)exit_code);
	task->exiting = true;
	task_release_memory(task);

	bool is_leader = task == process->leader;
	if (is_leader && !process->group_exiting)
		process->exit_code = exit_code;
	if (--process->task_count == 0)
		process_release(process);
	bool is_last = process->mm == NULL;
	pending_clear(&task->pending);
	add_times(process, task);
	task->state = TASK_DEAD; /* as others see it; it runs until sched_die() */
	if (!is_leader && !ptrace_report_end(task))
		task_forget(task);
	wake_all(&process->child_event); /* who kills its siblings for exec */
	if (is_last)
		process_become_zombie(process);
	sched_die();
}

void process_exit(int exit_code)
{
	struct task *task = current_task;
	struct process *process = task->process;
	if (!process->group_exiting) {
		process->group_exiting = true;
		process->exit_code = exit_code;
		signal_kill_tasks(process, task);
	}
	task_exit(process->exit_code);
}

int process_kill_other_tasks(struct task *task)
{
	struct process *process = task->process;
	if (process->task_count == 1)
		return 0;
	if (signal_is_fatal(task))
		return -EINTR; /* a sibling was first */
	signal_kill_tasks(process, task);
	while (process->task_count > 1) {
		task->sleep_reason = "exec";
		if (sleep_on(&process->child_event, SLEEP_KILLABLE, FOREVER) == -EINTR)
			return -EINTR;
	}
	return 0;
}

i64 sys_exit(struct task *task, const u64 arg[6])
{
	(void)task;
	task_exit(ABI_W_EXITED((int)arg[0]));
}

i64 sys_exit_group(struct task *task, const u64 arg[6])
{
	(void)task;
	process_exit(ABI_W_EXITED((int)arg[0]));
}
