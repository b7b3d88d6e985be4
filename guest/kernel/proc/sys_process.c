/*
 * System calls about the process itself that fit nowhere else: scheduling, prctl, capabilities, personality. Scheduling
 * classes and nice values are kept for whoever asks; the scheduler treats all alike, and real-time classes are refused
 * (-EPERM).
 */
#include "guest/kernel/core/syscall.h"
#include "guest/kernel/mm/uaccess.h"
#include "guest/kernel/proc/internal.h"

#define NICE_MIN -20
#define NICE_MAX 19
#define CAPABILITIES_ALL ((1ul << (CAP_LAST_CAP + 1)) - 1)

i64 sys_set_tid_address(struct task *task, const u64 arg[6])
{
	task->clear_tid = arg[0];
	return task->tid;
}

i64 sys_umask(struct task *task, const u64 arg[6])
{
	u32 old = task->process->umask;
	task->process->umask = (u32)arg[0] & 0777;
	return old;
}

i64 sys_personality(struct task *task, const u64 arg[6])
{
	u64 old = task->process->personality;
	if ((u32)arg[0] != 0xffffffff)
		task->process->personality = (u32)arg[0];
	return (i64)old;
}

i64 sys_getcpu(struct task *task, const u64 arg[6])
{
	if ((arg[0] && store_user_u32(arg[0], task->hart->index)) || (arg[1] && store_user_u32(arg[1], 0)))
		return -EFAULT;
	return 0;
}

/* --- scheduling --- */

i64 sys_sched_yield(struct task *task, const u64 arg[6])
{
	(void)task;
	(void)arg;
	yield();
	return 0;
}

/* The task of a scheduling call, 0: the caller; a reference, or NULL. */
static struct task *sched_target(struct task *task, u64 tid)
{
	if ((int)tid == 0) {
		task->refs++;
		return task;
	}
	return task_find((int)tid);
}

static bool may_change(const struct task *task, const struct task *target)
{
	const struct process *self = task->process, *other = target->process;
	return self->euid == 0 || self->euid == other->uid || self->euid == other->euid;
}

static i64 set_policy(struct task *task, u64 tid, int policy, int priority)
{
	if ((int)tid < 0)
		return -EINVAL;
	struct task *target = sched_target(task, tid);
	if (!target)
		return -ESRCH;
	if (policy < 0)
		policy = target->policy;
	i64 result = 0;
	bool is_realtime = policy == SCHED_FIFO || policy == SCHED_RR;
	if (is_realtime)
		result = priority < 1 || priority > 99 ? -EINVAL : -EPERM;
	else if (policy != SCHED_NORMAL && policy != SCHED_BATCH && policy != SCHED_IDLE)
		result = -EINVAL;
	else if (priority != 0)
		result = -EINVAL;
	else if (!may_change(task, target))
		result = -EPERM;
	else
		target->policy = policy;
	task_put(target);
	return result;
}

i64 sys_sched_setscheduler(struct task *task, const u64 arg[6])
{
	u32 priority;
	if ((int)arg[1] < 0 || !arg[2])
		return -EINVAL;
	if (load_user_u32(arg[2], &priority))
		return -EFAULT;
	return set_policy(task, arg[0], (int)(arg[1] & ~(u64)SCHED_RESET_ON_FORK), (int)priority);
}

i64 sys_sched_setparam(struct task *task, const u64 arg[6])
{
	u32 priority;
	if (!arg[1])
		return -EINVAL;
	if (load_user_u32(arg[1], &priority))
		return -EFAULT;
	return set_policy(task, arg[0], -1, (int)priority);
}

i64 sys_sched_getscheduler(struct task *task, const u64 arg[6])
{
	if ((int)arg[0] < 0)
		return -EINVAL;
	struct task *target = sched_target(task, arg[0]);
	if (!target)
		return -ESRCH;
	int policy = target->policy;
	task_put(target);
	return policy;
}

i64 sys_sched_getparam(struct task *task, const u64 arg[6])
{
	if ((int)arg[0] < 0 || !arg[1])
		return -EINVAL;
	struct task *target = sched_target(task, arg[0]);
	if (!target)
		return -ESRCH;
	task_put(target);
	return store_user_u32(arg[1], 0);
}

static u64 all_harts(void)
{
	return ~0ul >> (64 - hart_count());
}

i64 sys_sched_setaffinity(struct task *task, const u64 arg[6])
{
	u64 mask = 0;
	if (copy_from_user(&mask, arg[2], MIN((u64)(u32)arg[1], sizeof(mask))))
		return -EFAULT;
	struct task *target = sched_target(task, arg[0]);
	if (!target)
		return -ESRCH;
	i64 result = 0;
	mask &= all_harts();
	if (!may_change(task, target)) {
		result = -EPERM;
	} else if (!mask) {
		result = -EINVAL;
	} else {
		target->affinity = mask == all_harts() ? ~0ul : mask;
		sched_requeue(target);
		/* One that runs where it no longer may gives way at once. */
		if (target->state == TASK_RUNNING && !(mask >> target->hart->index & 1)) {
			target->hart->need_resched = true;
			sched_notice(target);
		}
	}
	task_put(target);
	return result;
}

i64 sys_sched_getaffinity(struct task *task, const u64 arg[6])
{
	u32 size = (u32)arg[1];
	if (size < sizeof(u64) || size % sizeof(u64))
		return -EINVAL;
	struct task *target = sched_target(task, arg[0]);
	if (!target)
		return -ESRCH;
	u64 mask = target->affinity & all_harts();
	task_put(target);
	return copy_to_user(arg[2], &mask, sizeof(mask)) ? -EFAULT : (i64)sizeof(mask);
}

static i64 priority_range(u64 policy, i64 realtime)
{
	switch ((int)policy) {
	case SCHED_FIFO:
	case SCHED_RR:
		return realtime;
	case SCHED_NORMAL:
	case SCHED_BATCH:
	case SCHED_IDLE:
		return 0;
	default:
		return -EINVAL;
	}
}

i64 sys_sched_get_priority_max(struct task *task, const u64 arg[6])
{
	(void)task;
	return priority_range(arg[0], 99);
}

i64 sys_sched_get_priority_min(struct task *task, const u64 arg[6])
{
	(void)task;
	return priority_range(arg[0], 1);
}

i64 sys_sched_rr_get_interval(struct task *task, const u64 arg[6])
{
	if ((int)arg[0] < 0)
		return -EINVAL;
	struct task *target = sched_target(task, arg[0]);
	if (!target)
		return -ESRCH;
	task_put(target);
	struct abi_timespec slice = { 0, TICK_NS };
	return copy_to_user(arg[1], &slice, sizeof(slice));
}

/* Whether setpriority's or getpriority's `which` and `who` mean this process. */
static bool priority_matches(const struct task *task, const struct process *process, int which, int who)
{
	const struct process *self = task->process;
	switch (which) {
	case PRIO_PROCESS:
		return process->pid == (who ? who : self->pid);
	case PRIO_PGRP:
		return process->pgid == (who ? who : self->pgid);
	default:
		return process->uid == (who ? (u32)who : self->uid);
	}
}

static i64 set_nice(const struct task *task, struct process *process, int nice)
{
	const struct process *self = task->process;
	if (self->euid != 0 && self->euid != process->euid && self->euid != process->uid)
		return -EPERM;
	u64 lowest = process->limits[RLIMIT_NICE].rlim_cur; /* 20 - nice */
	if (nice < process->nice && self->euid != 0 && (u64)(20 - nice) > lowest)
		return -EACCES;
	process->nice = nice;
	return 0;
}

i64 sys_setpriority(struct task *task, const u64 arg[6])
{
	int which = (int)arg[0], nice = MAX(MIN((int)arg[2], NICE_MAX), NICE_MIN);
	if (which < PRIO_PROCESS || which > PRIO_USER)
		return -EINVAL;
	i64 result = -ESRCH;
	LIST_FOR_EACH(node, &all_processes) {
		struct process *process = LIST_ENTRY(node, struct process, all_link);
		if (!priority_matches(task, process, which, (int)arg[1]))
			continue;
		i64 error = set_nice(task, process, nice);
		if (error || result == -ESRCH)
			result = error;
	}
	return result;
}

i64 sys_getpriority(struct task *task, const u64 arg[6])
{
	int which = (int)arg[0];
	if (which < PRIO_PROCESS || which > PRIO_USER)
		return -EINVAL;
	i64 best = -ESRCH;
	LIST_FOR_EACH(node, &all_processes) {
		const struct process *process = LIST_ENTRY(node, struct process, all_link);
		if (priority_matches(task, process, which, (int)arg[1]))
			best = MAX(best, 20 - process->nice);
	}
	return best;
}

/* --- prctl --- */

static i64 set_name(struct task *task, u64 address)
{
	char name[COMM_SIZE];
	i64 length = string_from_user(name, address, sizeof(name));
	if (length == -ENAMETOOLONG) {
		if (copy_from_user(name, address, sizeof(name)))
			return -EFAULT;
		name[COMM_SIZE - 1] = 0;
	} else if (length < 0) {
		return length;
	}
	task_set_comm(task, name);
	return 0;
}

static i64 get_flag(bool flag)
{
	return flag;
}

/* Options that only store or tell something of the process. */
static i64 prctl_process(struct process *process, int option, u64 value)
{
	switch (option) {
	case PR_SET_PDEATHSIG:
		if (value > SIGNALS)
			return -EINVAL;
		process->parent_death_signal = (int)value;
		return 0;
	case PR_GET_PDEATHSIG:
		return store_user_u32(value, (u32)process->parent_death_signal);
	case PR_SET_DUMPABLE:
		if (value > 1)
			return -EINVAL;
		process->mm->dumpable = value;
		return 0;
	case PR_GET_DUMPABLE:
		return get_flag(process->mm->dumpable);
	case PR_SET_KEEPCAPS:
		if (value > 1)
			return -EINVAL;
		process->keep_caps = value;
		return 0;
	case PR_GET_KEEPCAPS:
		return get_flag(process->keep_caps);
	case PR_SET_CHILD_SUBREAPER:
		process->child_subreaper = value;
		return 0;
	case PR_GET_CHILD_SUBREAPER:
		return store_user_u32(value, process->child_subreaper);
	default:
		return -EINVAL;
	}
}

i64 sys_prctl(struct task *task, const u64 arg[6])
{
	switch ((int)arg[0]) {
	case PR_SET_NAME:
		return set_name(task, arg[1]);
	case PR_GET_NAME:
		return copy_to_user(arg[1], task->comm, COMM_SIZE);
	case PR_SET_NO_NEW_PRIVS:
		if (arg[1] != 1 || arg[2] || arg[3] || arg[4])
			return -EINVAL;
		task->process->no_new_privs = true;
		return 0;
	case PR_GET_NO_NEW_PRIVS:
		if (arg[1] || arg[2] || arg[3] || arg[4])
			return -EINVAL;
		return get_flag(task->process->no_new_privs);
	case PR_GET_TID_ADDRESS:
		return store_user_u64(arg[1], task->clear_tid);
	case PR_CAPBSET_READ:
		return arg[1] <= CAP_LAST_CAP ? 1 : -EINVAL;
	case PR_GET_TIMERSLACK:
		return 50000;
	case PR_SET_TIMERSLACK:
	case PR_SET_THP_DISABLE:
	case PR_SET_PTRACER:
		return 0;
	case PR_GET_SECCOMP:
	case PR_GET_SECUREBITS:
	case PR_GET_THP_DISABLE:
		return 0;
	default:
		/* PR_SET_VMA among them: -EINVAL says that regions have no names, and allocators go on quietly. */
		return prctl_process(task->process, (int)arg[0], arg[1]);
	}
}

/* --- capabilities: root has all, others none --- */

static int check_capability_header(u64 address, struct abi_cap_header *header)
{
	if (copy_from_user(header, address, sizeof(*header)))
		return -EFAULT;
	if (header->version == _LINUX_CAPABILITY_VERSION_3)
		return 0;
	return store_user_u32(address, _LINUX_CAPABILITY_VERSION_3) ? -EFAULT : -EINVAL;
}

i64 sys_capget(struct task *task, const u64 arg[6])
{
	struct abi_cap_header header;
	int error = check_capability_header(arg[0], &header);
	if (error) /* asked for the version alone */
		return error == -EINVAL && !arg[1] ? 0 : error;
	if (header.pid < 0)
		return -EINVAL;
	struct task *target = sched_target(task, (u64)header.pid);
	if (!target)
		return -ESRCH;
	u64 set = target->process->euid == 0 ? CAPABILITIES_ALL : 0;
	task_put(target);
	struct abi_cap_data data[2] = {
		{ (u32)set, (u32)set, 0 },
		{ (u32)(set >> 32), (u32)(set >> 32), 0 },
	};
	return copy_to_user(arg[1], data, sizeof(data));
}

i64 sys_capset(struct task *task, const u64 arg[6])
{
	struct abi_cap_header header;
	struct abi_cap_data data[2];
	int error = check_capability_header(arg[0], &header);
	if (error)
		return error;
	if (header.pid != 0 && header.pid != task->tid)
		return -EPERM;
	if (copy_from_user(data, arg[1], sizeof(data)))
		return -EFAULT;
	/* Nothing can be given up: what is asked for must be what there is, or less is refused in words of EPERM. */
	u64 set = task->process->euid == 0 ? CAPABILITIES_ALL : 0;
	u64 wanted = data[0].permitted | (u64)data[1].permitted << 32;
	return wanted & ~set ? -EPERM : 0;
}
