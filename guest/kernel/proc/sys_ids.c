/*
 * Numbers of users, groups, processes, process groups and sessions. Credentials belong to the process: what one thread
 * changes holds for all, as POSIX wants it (on Linux the C library makes it so). See credentials(7), setpgid(2),
 * setsid(2).
 */
#include "guest/kernel/core/syscall.h"
#include "guest/kernel/mm/uaccess.h"
#include "guest/kernel/proc/internal.h"

#define UNCHANGED (~0u)

i64 sys_getpid(struct task *task, const u64 arg[6])
{
	(void)arg;
	return task->process->pid;
}

i64 sys_gettid(struct task *task, const u64 arg[6])
{
	(void)arg;
	return task->tid;
}

i64 sys_getppid(struct task *task, const u64 arg[6])
{
	(void)arg;
	return task->process->parent->pid;
}

i64 sys_getuid(struct task *task, const u64 arg[6])
{
	(void)arg;
	return task->process->uid;
}

i64 sys_geteuid(struct task *task, const u64 arg[6])
{
	(void)arg;
	return task->process->euid;
}

i64 sys_getgid(struct task *task, const u64 arg[6])
{
	(void)arg;
	return task->process->gid;
}

i64 sys_getegid(struct task *task, const u64 arg[6])
{
	(void)arg;
	return task->process->egid;
}

/* --- users and groups: one kind of rule for both --- */

/* Real, effective, saved and file-system id. */
struct ids {
	u32 *real, *effective, *saved, *fs;
	bool privileged;
	struct mm *mm;
};

static struct ids user_ids(struct process *process)
{
	return (struct ids){ &process->uid,   &process->euid,     &process->suid,
		             &process->fsuid, process->euid == 0, process->mm };
}

static struct ids group_ids(struct process *process)
{
	return (struct ids){ &process->gid,   &process->egid,     &process->sgid,
		             &process->fsgid, process->euid == 0, process->mm };
}

static bool is_one_of(const struct ids *ids, u32 id)
{
	return id == *ids->real || id == *ids->effective || id == *ids->saved;
}

/* What the memory holds is still the old user's: the new one may not trace it until the next exec. */
static void set_effective(struct ids *ids, u32 id)
{
	if (*ids->effective != id)
		ids->mm->dumpable = false;
	*ids->effective = id;
}

static i64 set_id(struct ids ids, u32 id)
{
	if (id == UNCHANGED)
		return -EINVAL;
	if (ids.privileged)
		*ids.real = *ids.saved = id;
	else if (id != *ids.real && id != *ids.saved)
		return -EPERM;
	set_effective(&ids, id);
	*ids.fs = id;
	return 0;
}

static i64 set_real_effective(struct ids ids, u32 real, u32 effective)
{
	u32 old_real = *ids.real;
	if (!ids.privileged) {
		if (real != UNCHANGED && real != *ids.real && real != *ids.effective)
			return -EPERM;
		if (effective != UNCHANGED && !is_one_of(&ids, effective))
			return -EPERM;
	}
	if (real != UNCHANGED)
		*ids.real = real;
	if (effective != UNCHANGED)
		set_effective(&ids, effective);
	if (real != UNCHANGED || (effective != UNCHANGED && effective != old_real))
		*ids.saved = *ids.effective;
	*ids.fs = *ids.effective;
	return 0;
}

static i64 set_three(struct ids ids, const u64 arg[6])
{
	u32 real = (u32)arg[0], effective = (u32)arg[1], saved = (u32)arg[2];
	for (unsigned i = 0; i < 3 && !ids.privileged; i++)
		if ((u32)arg[i] != UNCHANGED && !is_one_of(&ids, (u32)arg[i]))
			return -EPERM;
	if (real != UNCHANGED)
		*ids.real = real;
	if (effective != UNCHANGED)
		set_effective(&ids, effective);
	if (saved != UNCHANGED)
		*ids.saved = saved;
	*ids.fs = *ids.effective;
	return 0;
}

static i64 get_three(struct ids ids, const u64 arg[6])
{
	if (store_user_u32(arg[0], *ids.real) || store_user_u32(arg[1], *ids.effective) ||
	    store_user_u32(arg[2], *ids.saved))
		return -EFAULT;
	return 0;
}

/* The old one, whether it was changed or not. */
static i64 set_fs(struct ids ids, u32 id)
{
	u32 old = *ids.fs;
	if (id != UNCHANGED && (ids.privileged || is_one_of(&ids, id) || id == old))
		*ids.fs = id;
	return old;
}

i64 sys_setuid(struct task *task, const u64 arg[6])
{
	return set_id(user_ids(task->process), (u32)arg[0]);
}

i64 sys_setgid(struct task *task, const u64 arg[6])
{
	return set_id(group_ids(task->process), (u32)arg[0]);
}

i64 sys_setreuid(struct task *task, const u64 arg[6])
{
	return set_real_effective(user_ids(task->process), (u32)arg[0], (u32)arg[1]);
}

i64 sys_setregid(struct task *task, const u64 arg[6])
{
	return set_real_effective(group_ids(task->process), (u32)arg[0], (u32)arg[1]);
}

i64 sys_setresuid(struct task *task, const u64 arg[6])
{
	return set_three(user_ids(task->process), arg);
}

i64 sys_setresgid(struct task *task, const u64 arg[6])
{
	return set_three(group_ids(task->process), arg);
}

i64 sys_getresuid(struct task *task, const u64 arg[6])
{
	return get_three(user_ids(task->process), arg);
}

i64 sys_getresgid(struct task *task, const u64 arg[6])
{
	return get_three(group_ids(task->process), arg);
}

i64 sys_setfsuid(struct task *task, const u64 arg[6])
{
	return set_fs(user_ids(task->process), (u32)arg[0]);
}

i64 sys_setfsgid(struct task *task, const u64 arg[6])
{
	return set_fs(group_ids(task->process), (u32)arg[0]);
}

i64 sys_getgroups(struct task *task, const u64 arg[6])
{
	const struct process *process = task->process;
	i32 room = (i32)arg[0];
	if (room < 0)
		return -EINVAL;
	if (room != 0) {
		if ((u32)room < process->group_count)
			return -EINVAL;
		if (copy_to_user(arg[1], process->groups, process->group_count * sizeof(u32)))
			return -EFAULT;
	}
	return process->group_count;
}

i64 sys_setgroups(struct task *task, const u64 arg[6])
{
	struct process *process = task->process;
	u32 groups[ARRAY_SIZE(process->groups)];
	u32 count = (u32)arg[0];
	if (process->euid != 0)
		return -EPERM;
	if (count > ARRAY_SIZE(groups))
		return -EINVAL;
	if (copy_from_user(groups, arg[1], count * sizeof(u32)))
		return -EFAULT;
	memcpy(process->groups, groups, count * sizeof(u32));
	process->group_count = count;
	return 0;
}

/* --- process groups and sessions --- */

static bool group_exists_in(int pgid, int sid)
{
	LIST_FOR_EACH(node, &all_processes) {
		const struct process *process = LIST_ENTRY(node, struct process, all_link);
		if (process->pgid == pgid && process->sid == sid)
			return true;
	}
	return false;
}

static i64 set_group(struct process *self, struct process *process, int pgid)
{
	if (process != self) {
		if (process->parent != self)
			return -ESRCH;
		if (process->sid != self->sid)
			return -EPERM;
		if (process->exec_done)
			return -EACCES;
	}
	if (process->pid == process->sid)
		return -EPERM;
	if (pgid != process->pid && !group_exists_in(pgid, self->sid))
		return -EPERM;
	process->pgid = pgid;
	return 0;
}

i64 sys_setpgid(struct task *task, const u64 arg[6])
{
	int pid = (int)arg[0], pgid = (int)arg[1];
	if (pgid < 0)
		return -EINVAL;
	struct process *process = process_find(pid ? pid : task->process->pid);
	if (!process)
		return -ESRCH;
	i64 result = set_group(task->process, process, pgid ? pgid : process->pid);
	process_put(process);
	return result;
}

/* The group or session of the process, 0: the caller's own. */
static i64 get_number(struct task *task, int pid, bool session)
{
	struct process *process = process_find(pid ? pid : task->process->pid);
	if (!process)
		return -ESRCH;
	int number = session ? process->sid : process->pgid;
	process_put(process);
	return number;
}

i64 sys_getpgid(struct task *task, const u64 arg[6])
{
	return get_number(task, (int)arg[0], false);
}

i64 sys_getsid(struct task *task, const u64 arg[6])
{
	return get_number(task, (int)arg[0], true);
}

i64 sys_setsid(struct task *task, const u64 arg[6])
{
	(void)arg;
	struct process *process = task->process;
	LIST_FOR_EACH(node, &all_processes) {
		if (LIST_ENTRY(node, struct process, all_link)->pgid == process->pid)
			return -EPERM;
	}
	process->sid = process->pgid = process->pid;
	process->tty = NULL;
	return process->pid;
}
