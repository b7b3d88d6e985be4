/*
 * New tasks and processes: clone(2), clone3(2), and with them fork, vfork and pthread_create.
 *
 * CLONE_FS is only half there: the working directory, root and umask belong to a process, so threads share them and a
 * process made with CLONE_FS gets a copy as without. Namespaces and pidfds are refused (-EINVAL).
 */
#include "guest/abi/ptrace.h"
#include "guest/kernel/core/riscv.h"
#include "guest/kernel/core/syscall.h"
#include "guest/kernel/core/trap.h"
#include "guest/kernel/fs/vfs.h"
#include "guest/kernel/mm/kmalloc.h"
#include "guest/kernel/proc/internal.h"
#include "guest/kernel/proc/ptrace.h"

#define CLONE_NEW_ALL                                                                                                  \
	((u64)CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)
#define CLONE3_KNOWN 0x3ffffff00ul

static int check_flags(const struct task *parent, const struct clone_args *args)
{
	u64 flags = args->flags;
	if (flags & (CLONE_NEW_ALL | CLONE_PIDFD))
		return -EINVAL;
	if ((flags & CLONE_THREAD) && !(flags & CLONE_SIGHAND))
		return -EINVAL;
	if ((flags & CLONE_SIGHAND) && !(flags & CLONE_VM))
		return -EINVAL;
	if ((flags & CLONE_SIGHAND) && (flags & CLONE_CLEAR_SIGHAND))
		return -EINVAL;
	if ((flags & CLONE_PARENT) && parent->process == init_process)
		return -EINVAL;
	return 0;
}

/* What a process inherits and that needs no memory of its own. Copied when nothing sleeps any more: another thread may
 * change its user or session meanwhile, and whoever takes a terminal away looks at all processes. */
static void copy_identity(struct process *child, const struct process *parent)
{
	child->umask = parent->umask;
	child->uid = parent->uid, child->euid = parent->euid, child->suid = parent->suid, child->fsuid = parent->fsuid;
	child->gid = parent->gid, child->egid = parent->egid, child->sgid = parent->sgid, child->fsgid = parent->fsgid;
	child->group_count = parent->group_count;
	memcpy(child->groups, parent->groups, sizeof(u32) * parent->group_count);
	memcpy(child->limits, parent->limits, sizeof(child->limits));
	child->nice = parent->nice;
	child->oom_score_adj = parent->oom_score_adj;
	child->personality = parent->personality;
	child->no_new_privs = parent->no_new_privs;
	child->keep_caps = parent->keep_caps;
	child->pgid = parent->pgid;
	child->sid = parent->sid;
	child->tty = parent->tty;
}

/* Files, directories, handlers and memory of a new process. 0 or -ENOMEM; what was made is given back by
 * process_discard(). */
static int copy_resources(struct process *child, struct process *parent, u64 flags)
{
	if (flags & CLONE_SIGHAND) {
		child->handlers = parent->handlers;
		child->handlers->refs++;
	} else {
		child->handlers = handlers_create(parent->handlers);
		if (!child->handlers)
			return -ENOMEM;
		if (flags & CLONE_CLEAR_SIGHAND)
			signal_reset_handlers(child);
	}
	if (flags & CLONE_FILES) {
		child->files = parent->files;
		child->files->refs++;
	} else {
		child->files = files_copy(parent->files);
		if (!child->files)
			return -ENOMEM;
	}
	child->cwd = parent->cwd;
	child->root = parent->root;
	dentry_get(child->cwd);
	dentry_get(child->root);
	if (flags & CLONE_VM) {
		child->mm = parent->mm;
		mm_get(child->mm);
	} else {
		child->mm = mm_fork(parent->mm);
		if (!child->mm)
			return -ENOMEM;
	}
	return 0;
}

/* A process that clone could not finish. */
static void process_discard(struct process *process)
{
	struct mm *mm = process->mm;
	process->mm = NULL;
	if (mm)
		mm_put(mm);
	process_release_files(process);
	process_put(process);
}

static struct process *clone_process(struct process *parent, const struct clone_args *args)
{
	struct process *child = process_new();
	if (!child)
		return NULL;
	if (copy_resources(child, parent, args->flags)) {
		process_discard(child);
		return NULL;
	}
	child->exit_signal = args->flags & CLONE_PARENT ? parent->exit_signal : args->exit_signal;
	return child;
}

/* Registers and what else belongs to the task alone. */
static void copy_task(struct task *child, struct task *parent, const struct clone_args *args)
{
	fp_sync(parent);
	*child->regs = *parent->regs;
	child->regs->x[REG_A0] = 0;
	child->regs->cause = ~0ul;
	if (args->stack)
		child->regs->x[REG_SP] = args->stack;
	if (args->flags & CLONE_SETTLS)
		child->regs->x[REG_TP] = args->tls;
	child->fp_used = parent->fp_used;
	if (child->fp_used)
		child->fp = parent->fp;
	child->context.ra = (u64)new_task_entry;
	child->context.sp = (u64)child->regs;

	child->blocked = parent->blocked;
	if (!(args->flags & CLONE_VM) || (args->flags & CLONE_VFORK))
		child->alt_stack = parent->alt_stack;
	if (args->flags & CLONE_CHILD_CLEARTID)
		child->clear_tid = args->child_tid;
	if (args->flags & CLONE_CHILD_SETTID)
		child->set_tid = args->child_tid;
	if (!(args->flags & CLONE_VM)) {
		child->rseq = parent->rseq;
		child->rseq_signature = parent->rseq_signature;
	}
	child->affinity = parent->affinity;
	child->policy = parent->policy;
	child->attention = true; /* set_tid, and signals that may have come already */
	memcpy(child->comm, parent->comm, COMM_SIZE);
}

/* The new task's process gets its number and its place among the others. */
static void link_process(struct process *child, struct process *parent, struct task *leader, u64 flags)
{
	copy_identity(child, parent);
	child->pid = leader->tid;
	child->leader = leader;
	leader->refs++;
	if (flags & CLONE_PARENT)
		parent = parent->parent;
	child->parent = parent;
	list_add_last(&parent->children, &child->sibling);
	list_add_last(&all_processes, &child->all_link);
	process_hint(child);
}

/* After the child runs: the tracer's event, and vfork's wait. */
static void after_clone(struct task *parent, struct task *child, u64 flags, int event)
{
	int tid = child->tid;
	if (event)
		ptrace_event(parent, event, (u64)tid);
	if (!(flags & CLONE_VFORK))
		return;
	while (child->vfork_waits) {
		parent->sleep_reason = "vfork";
		if (sleep_on(&child->vfork_done, SLEEP_KILLABLE, FOREVER) == -EINTR) {
			child->vfork_waits = false;
			return;
		}
	}
	ptrace_event(parent, PTRACE_EVENT_VFORK_DONE, (u64)tid);
}

/* A signal that came while memory was copied and may have been sent to the whole group: the child would miss it. So it
 * is delivered first and the call made again; not for others, or an alarm clock could keep a large process from ever
 * forking. */
static int interrupted(const struct task *parent)
{
	const u64 group = SIGNAL_BIT(SIGHUP) | SIGNAL_BIT(SIGINT) | SIGNAL_BIT(SIGQUIT) | SIGNAL_BIT(SIGTERM) |
	                  SIGNAL_BIT(SIGKILL) | SIGNALS_STOP;
	u64 pending = (parent->pending.set | parent->process->pending.set) & ~parent->blocked;
	return (pending & group) || parent->stop_wanted || parent->process->group_exiting ? -ERESTARTNOINTR : 0;
}

static void discard(int result)
{
	(void)result;
}

i64 task_clone(struct task *parent, const struct clone_args *args)
{
	struct process *process = parent->process;
	int error = check_flags(parent, args);
	if (error)
		return error;
	if (tasks_are_many(process))
		return -EAGAIN;
	if (signal_is_pending(parent))
		return -ERESTARTNOINTR;
	bool is_thread = args->flags & CLONE_THREAD;
	struct process *owner = is_thread ? process : clone_process(process, args);
	if (!owner)
		return -ENOMEM;
	struct task *child = task_new(owner);
	/* Nothing sleeps from here on until the child is in all lists. */
	error = child ? interrupted(parent) : -ENOMEM;
	if (!error)
		error = task_number(child);
	if (error) {
		if (child)
			task_put(child);
		if (!is_thread)
			process_discard(owner);
		return error;
	}
	copy_task(child, parent, args);
	if (!is_thread)
		link_process(owner, process, child, args->flags);
	list_add_last(&owner->tasks, &child->process_link);
	owner->task_count++;
	child->vfork_waits = args->flags & CLONE_VFORK;
	int event = parent->tracing ? ptrace_clone(parent, child, args->flags | (u64)args->exit_signal) : 0;
	int tid = child->tid;
	child->refs++;
	/* Before the child runs: it may look there. If it cannot be stored the child is there all the same, as on
	 * Linux. */
	if (args->flags & CLONE_PARENT_SETTID)
		discard(store_user_u32(args->parent_tid, (u32)tid));
	task_ready(child);
	after_clone(parent, child, args->flags, event);
	task_put(child);
	return tid;
}

i64 sys_clone(struct task *task, const u64 arg[6])
{
	struct clone_args args = {
		.flags = (u32)arg[0] & ~(u64)CSIGNAL,
		.stack = arg[1],
		.parent_tid = arg[2],
		.tls = arg[3],
		.child_tid = arg[4],
		.exit_signal = (int)(arg[0] & CSIGNAL),
	};
	if (args.exit_signal > SIGNALS)
		return -EINVAL;
	return task_clone(task, &args);
}

/* A struct larger than ours is good if what we do not know is zero. */
static int load_clone_args(struct abi_clone_args *to, u64 from, u64 size)
{
	if (size > PAGE_SIZE)
		return -E2BIG;
	if (size < 64)
		return -EINVAL;
	memset(to, 0, sizeof(*to));
	for (u64 at = sizeof(*to); at < size; at++) {
		u8 byte;
		if (copy_from_user(&byte, from + at, 1))
			return -EFAULT;
		if (byte)
			return -E2BIG;
	}
	return copy_from_user(to, from, MIN(size, sizeof(*to)));
}

i64 sys_clone3(struct task *task, const u64 arg[6])
{
	struct abi_clone_args user;
	int error = load_clone_args(&user, arg[0], arg[1]);
	if (error)
		return error;
	if ((user.flags & ~CLONE3_KNOWN) || (user.flags & (CLONE_DETACHED | CSIGNAL)))
		return -EINVAL;
	if (user.set_tid_size || user.set_tid || user.exit_signal > SIGNALS)
		return -EINVAL;
	if ((user.flags & (CLONE_THREAD | CLONE_PARENT)) && user.exit_signal)
		return -EINVAL;
	if (!user.stack != !user.stack_size || user.stack + user.stack_size < user.stack ||
	    user.stack + user.stack_size > USER_TOP)
		return -EINVAL;
	struct clone_args args = {
		.flags = user.flags,
		.stack = user.stack + user.stack_size,
		.parent_tid = user.parent_tid,
		.child_tid = user.child_tid,
		.tls = user.tls,
		.exit_signal = (int)user.exit_signal,
	};
	return task_clone(task, &args);
}
