/*
 * The system calls about signals, but rt_sigreturn (signal_frame.c). Manual pages: kill(2), sigaction(2),
 * sigprocmask(2), sigsuspend(2), sigwaitinfo(2), sigaltstack(2), rt_sigqueueinfo(2).
 */
#include "guest/kernel/core/syscall.h"
#include "guest/kernel/mm/uaccess.h"
#include "guest/kernel/proc/internal.h"

static struct abi_siginfo sender_info(const struct task *task, int signal, int code)
{
	struct abi_siginfo info = { .si_signo = signal, .si_code = code };
	info.si_pid = task->process->pid;
	info.si_uid = task->process->uid;
	return info;
}

/* --- sending --- */

static i64 kill_process(const struct task *task, struct process *process, int signal, const struct abi_siginfo *info)
{
	if (!signal_is_permitted(task->process, process, signal))
		return -EPERM;
	return signal ? signal_send_process(process, signal, info) : 0;
}

/* Each process of the group (pgid > 0), or every one but init and the caller (-1). */
static i64 kill_many(const struct task *task, int pgid, int signal, const struct abi_siginfo *info)
{
	bool found = false, sent = false;
	LIST_FOR_EACH(node, &all_processes) {
		struct process *process = LIST_ENTRY(node, struct process, all_link);
		if (pgid > 0 ? process->pgid != pgid : process == init_process || process == task->process)
			continue;
		found = true;
		sent |= kill_process(task, process, signal, info) == 0;
	}
	if (sent)
		return 0;
	return found ? -EPERM : -ESRCH;
}

i64 sys_kill(struct task *task, const u64 arg[6])
{
	int pid = (int)arg[0], signal = (int)arg[1];
	if (signal < 0 || signal > SIGNALS)
		return -EINVAL;
	struct abi_siginfo info = sender_info(task, signal, SI_USER);
	if (pid == (int)0x80000000)
		return -ESRCH;
	if (pid == 0)
		return kill_many(task, task->process->pgid, signal, &info);
	if (pid < 0)
		return kill_many(task, pid == -1 ? -1 : -pid, signal, &info);
	struct task *target = task_find(pid);
	if (!target)
		return -ESRCH;
	i64 result = kill_process(task, target->process, signal, &info);
	task_put(target);
	return result;
}

/* tgid 0: whatever process the task is of. */
static i64 kill_task(const struct task *task, int tgid, int tid, int signal, const struct abi_siginfo *info)
{
	struct task *target = task_find(tid);
	if (!target)
		return -ESRCH;
	i64 result = 0;
	if (tgid && target->process->pid != tgid)
		result = -ESRCH;
	else if (!signal_is_permitted(task->process, target->process, signal))
		result = -EPERM;
	else if (signal)
		result = signal_send_task(target, signal, info);
	task_put(target);
	return result;
}

i64 sys_tkill(struct task *task, const u64 arg[6])
{
	int tid = (int)arg[0], signal = (int)arg[1];
	if (tid <= 0 || signal < 0 || signal > SIGNALS)
		return -EINVAL;
	struct abi_siginfo info = sender_info(task, signal, SI_TKILL);
	return kill_task(task, 0, tid, signal, &info);
}

i64 sys_tgkill(struct task *task, const u64 arg[6])
{
	int tgid = (int)arg[0], tid = (int)arg[1], signal = (int)arg[2];
	if (tgid <= 0 || tid <= 0 || signal < 0 || signal > SIGNALS)
		return -EINVAL;
	struct abi_siginfo info = sender_info(task, signal, SI_TKILL);
	return kill_task(task, tgid, tid, signal, &info);
}

/* A siginfo that a program made up: it cannot claim to come from the kernel or from kill(2), but to itself. */
static int load_info(const struct task *task, int target, int signal, u64 address, struct abi_siginfo *info)
{
	if (signal < 0 || signal > SIGNALS)
		return -EINVAL;
	if (copy_from_user(info, address, sizeof(*info)))
		return -EFAULT;
	info->si_signo = signal;
	if ((info->si_code >= 0 || info->si_code == SI_TKILL) && target != task->process->pid && target != task->tid)
		return -EPERM;
	return 0;
}

i64 sys_rt_sigqueueinfo(struct task *task, const u64 arg[6])
{
	int pid = (int)arg[0], signal = (int)arg[1];
	struct abi_siginfo info;
	int error = load_info(task, pid, signal, arg[2], &info);
	if (error)
		return error;
	struct task *target = task_find(pid);
	if (!target)
		return -ESRCH;
	i64 result = kill_process(task, target->process, signal, &info);
	task_put(target);
	return result;
}

i64 sys_rt_tgsigqueueinfo(struct task *task, const u64 arg[6])
{
	int tgid = (int)arg[0], tid = (int)arg[1], signal = (int)arg[2];
	struct abi_siginfo info;
	if (tgid <= 0 || tid <= 0)
		return -EINVAL;
	int error = load_info(task, tid, signal, arg[3], &info);
	return error ? error : kill_task(task, tgid, tid, signal, &info);
}

/* --- actions and masks --- */

i64 sys_rt_sigaction(struct task *task, const u64 arg[6])
{
	const u64 known_flags = SA_NOCLDSTOP | SA_NOCLDWAIT | SA_SIGINFO | SA_ONSTACK | SA_RESTART | SA_NODEFER |
	                        SA_RESETHAND | SA_EXPOSE_TAGBITS;
	int signal = (int)arg[0];
	struct abi_sigaction new, old;
	if (arg[3] != sizeof(u64) || signal < 1 || signal > SIGNALS)
		return -EINVAL;
	if (arg[1] && copy_from_user(&new, arg[1], sizeof(new)))
		return -EFAULT;
	if (arg[1] && (SIGNALS_UNBLOCKABLE & SIGNAL_BIT(signal)))
		return -EINVAL;
	struct abi_sigaction *action = &task->process->handlers->actions[signal - 1];
	old = *action;
	if (arg[1]) {
		new.sa_mask &= ~SIGNALS_UNBLOCKABLE;
		new.sa_flags &= known_flags;
		*action = new;
		/* What waits and would now be thrown away is (POSIX 3.3.1.3). */
		bool ignored = new.sa_handler == SIG_IGN ||
		               (new.sa_handler == SIG_DFL && (SIGNALS_IGNORED & SIGNAL_BIT(signal)));
		if (ignored)
			signal_discard(task->process, SIGNAL_BIT(signal));
	}
	return arg[2] ? copy_to_user(arg[2], &old, sizeof(old)) : 0;
}

i64 sys_rt_sigprocmask(struct task *task, const u64 arg[6])
{
	u64 old = task->blocked;
	if (arg[3] != sizeof(u64))
		return -EINVAL;
	if (arg[1]) {
		u64 set;
		if (load_user_u64(arg[1], &set))
			return -EFAULT;
		switch ((int)arg[0]) {
		case SIG_BLOCK:
			signal_set_blocked(task, old | set);
			break;
		case SIG_UNBLOCK:
			signal_set_blocked(task, old & ~set);
			break;
		case SIG_SETMASK:
			signal_set_blocked(task, set);
			break;
		default:
			return -EINVAL;
		}
	}
	return arg[2] ? store_user_u64(arg[2], old) : 0;
}

i64 sys_rt_sigpending(struct task *task, const u64 arg[6])
{
	if (arg[1] > sizeof(u64))
		return -EINVAL;
	u64 set = (task->pending.set | task->process->pending.set) & task->blocked;
	return copy_to_user(arg[0], &set, arg[1]);
}

/* --- waiting --- */

i64 sys_rt_sigsuspend(struct task *task, const u64 arg[6])
{
	u64 mask;
	if (arg[1] != sizeof(u64))
		return -EINVAL;
	if (load_user_u64(arg[0], &mask))
		return -EFAULT;
	task->saved_blocked = task->blocked;
	task->restore_blocked = true;
	signal_set_blocked(task, mask);
	while (!signal_is_pending(task)) {
		task->sleep_reason = "sigsuspend";
		(void)sleep_any(SLEEP_SIGNAL, FOREVER);
	}
	return -ERESTARTNOHAND;
}

/* The deadline of a timespec, which may be absent. */
static int load_timeout(u64 address, u64 *deadline_ns)
{
	struct abi_timespec time;
	*deadline_ns = FOREVER;
	if (!address)
		return 0;
	if (copy_from_user(&time, address, sizeof(time)))
		return -EFAULT;
	if (time.tv_sec < 0 || (u64)time.tv_nsec >= NS_PER_S)
		return -EINVAL;
	if ((u64)time.tv_sec < FOREVER / NS_PER_S / 2)
		*deadline_ns = time_now_ns() + (u64)time.tv_sec * NS_PER_S + (u64)time.tv_nsec;
	return 0;
}

i64 sys_rt_sigtimedwait(struct task *task, const u64 arg[6])
{
	u64 wanted, deadline;
	struct abi_siginfo info;
	if (arg[3] != sizeof(u64))
		return -EINVAL;
	if (load_user_u64(arg[0], &wanted))
		return -EFAULT;
	int error = load_timeout(arg[2], &deadline);
	if (error)
		return error;
	wanted &= ~SIGNALS_UNBLOCKABLE;
	int signal = signal_take(task, ~wanted, &info);
	if (!signal) {
		/* For the time of the sleep they are not blocked, so that they wake; `waited` keeps them from being
		 * ignored. */
		u64 blocked = task->blocked;
		task->waited = wanted & blocked;
		signal_set_blocked(task, blocked & ~wanted);
		while (!error && !signal_is_pending(task)) {
			task->sleep_reason = "sigtimedwait";
			error = sleep_any(SLEEP_SIGNAL, deadline);
		}
		task->waited = 0;
		signal_set_blocked(task, blocked);
		signal = signal_take(task, ~wanted, &info);
	}
	if (!signal)
		return error == -ETIMEDOUT ? -EAGAIN : -EINTR;
	if (arg[1] && copy_to_user(arg[1], &info, sizeof(info)))
		return -EFAULT;
	return signal;
}

i64 sys_restart_syscall(struct task *task, const u64 arg[6])
{
	(void)arg;
	struct restart restart = task->restart;
	task->restart.function = NULL;
	return restart.function ? restart.function(task, &restart) : -EINTR;
}

i64 sys_sigaltstack(struct task *task, const u64 arg[6])
{
	struct abi_stack new, old = task->alt_stack;
	u64 sp = task->regs->x[REG_SP];
	bool is_on = signal_on_alt_stack(task, sp);
	if (old.ss_size == 0)
		old.ss_flags = SS_DISABLE;
	else if (is_on)
		old.ss_flags |= SS_ONSTACK;
	if (arg[0]) {
		if (copy_from_user(&new, arg[0], sizeof(new)))
			return -EFAULT;
		u32 mode = (u32) new.ss_flags & ~SS_AUTODISARM;
		if (is_on)
			return -EPERM;
		if (mode != SS_DISABLE && mode != SS_ONSTACK && mode != 0)
			return -EINVAL;
		if (mode == SS_DISABLE)
			new.ss_sp = new.ss_size = 0;
		else if (new.ss_size < MINSIGSTKSZ)
			return -ENOMEM;
		new.ss_flags = (i32)(mode == SS_DISABLE ? SS_DISABLE : (u32) new.ss_flags &SS_AUTODISARM);
		task->alt_stack = new;
	}
	return arg[1] ? copy_to_user(arg[1], &old, sizeof(old)) : 0;
}
