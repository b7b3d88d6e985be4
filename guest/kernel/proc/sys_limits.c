/*
 * Resource limits and use: getrlimit(2), prlimit(2), getrusage(2), times(2), and the CPU-time timers of setitimer(2),
 * which are charged where time is charged.
 */
#include "guest/kernel/core/syscall.h"
#include "guest/kernel/mm/uaccess.h"
#include "guest/kernel/proc/internal.h"

#define SECTOR 512

/* --- limits --- */

/* The address space keeps copies of those that it checks. */
static void copy_limits(struct process *process)
{
	struct mm *mm = process->mm;
	if (!mm)
		return;
	mm->limit_as = process->limits[RLIMIT_AS].rlim_cur;
	mm->limit_data = process->limits[RLIMIT_DATA].rlim_cur;
	mm->limit_stack = process->limits[RLIMIT_STACK].rlim_cur;
}

static int set_limit(const struct process *self, struct process *process, u32 resource, const struct abi_rlimit *new)
{
	struct abi_rlimit *limit = &process->limits[resource];
	if (new->rlim_cur > new->rlim_max)
		return -EINVAL;
	if (new->rlim_max > limit->rlim_max && self->euid != 0)
		return -EPERM;
	*limit = *new;
	copy_limits(process);
	return 0;
}

static bool may_limit(const struct process *self, const struct process *process)
{
	return self == process || self->euid == 0 ||
	       (self->uid == process->uid && self->uid == process->euid && self->uid == process->suid &&
	        self->gid == process->gid && self->gid == process->egid && self->gid == process->sgid);
}

static i64 change_limit(struct process *self, int pid, u32 resource, u64 new_address, u64 old_address)
{
	struct abi_rlimit new, old;
	if (resource >= RLIMIT_COUNT)
		return -EINVAL;
	if (new_address && copy_from_user(&new, new_address, sizeof(new)))
		return -EFAULT;
	struct process *process = process_find(pid ? pid : self->pid);
	if (!process)
		return -ESRCH;
	old = process->limits[resource];
	int error = may_limit(self, process) ? 0 : -EPERM;
	if (!error && new_address)
		error = set_limit(self, process, resource, &new);
	process_put(process);
	if (error)
		return error;
	return old_address ? copy_to_user(old_address, &old, sizeof(old)) : 0;
}

i64 sys_getrlimit(struct task *task, const u64 arg[6])
{
	u32 resource = (u32)arg[0];
	if (resource >= RLIMIT_COUNT)
		return -EINVAL;
	return copy_to_user(arg[1], &task->process->limits[resource], sizeof(struct abi_rlimit));
}

i64 sys_setrlimit(struct task *task, const u64 arg[6])
{
	return arg[1] ? change_limit(task->process, 0, (u32)arg[0], arg[1], 0) : -EFAULT;
}

i64 sys_prlimit64(struct task *task, const u64 arg[6])
{
	return change_limit(task->process, (int)arg[0], (u32)arg[1], arg[2], arg[3]);
}

/* --- use --- */

static struct abi_timeval timeval(u64 ns)
{
	return (struct abi_timeval){ (i64)(ns / NS_PER_S), (i64)(ns % NS_PER_S / 1000) };
}

static void fill(struct abi_rusage *usage, u64 user_ns, u64 system_ns, u64 min_flt, u64 maj_flt, u64 max_rss_pages)
{
	*usage = (struct abi_rusage){
		.ru_utime = timeval(user_ns),
		.ru_stime = timeval(system_ns),
		.ru_maxrss = (i64)(max_rss_pages * (PAGE_SIZE / 1024)),
		.ru_minflt = (i64)min_flt,
		.ru_majflt = (i64)maj_flt,
	};
}

void rusage_of_process(const struct process *process, struct abi_rusage *usage)
{
	u64 user, sys, minor, major;
	process_times(process, &user, &sys, &minor, &major);
	u64 max_rss = process->max_rss;
	if (process->mm)
		max_rss = MAX(max_rss, process->mm->peak_rss);
	/* What a parent learns by wait4 includes the children that were waited for. */
	if (process->zombie) {
		user += process->child_user_ns;
		sys += process->child_system_ns;
		minor += process->child_min_flt;
		major += process->child_maj_flt;
		max_rss = MAX(max_rss, process->child_max_rss);
	}
	fill(usage, user, sys, minor, major, max_rss);
	usage->ru_inblock = (i64)(process->read_bytes / SECTOR);
	usage->ru_oublock = (i64)(process->write_bytes / SECTOR);
	LIST_FOR_EACH(node, &process->tasks) {
		const struct task *task = LIST_ENTRY(node, struct task, process_link);
		usage->ru_nvcsw += (i64)task->voluntary;
		usage->ru_nivcsw += (i64)task->involuntary;
	}
}

void rusage_of_children(const struct process *process, struct abi_rusage *usage)
{
	fill(usage, process->child_user_ns, process->child_system_ns, process->child_min_flt, process->child_maj_flt,
	     process->child_max_rss);
}

static void rusage_of_task(const struct task *task, struct abi_rusage *usage)
{
	const struct mm *mm = task->process->mm;
	fill(usage, task->user_ns, task->system_ns, task->min_flt, task->maj_flt, mm ? mm->peak_rss : 0);
	usage->ru_nvcsw = (i64)task->voluntary;
	usage->ru_nivcsw = (i64)task->involuntary;
}

i64 sys_getrusage(struct task *task, const u64 arg[6])
{
	struct abi_rusage usage;
	task_account(task, false);
	switch ((int)arg[0]) {
	case RUSAGE_SELF:
		rusage_of_process(task->process, &usage);
		break;
	case RUSAGE_CHILDREN:
		rusage_of_children(task->process, &usage);
		break;
	case RUSAGE_THREAD:
		rusage_of_task(task, &usage);
		break;
	default:
		return -EINVAL;
	}
	return copy_to_user(arg[1], &usage, sizeof(usage));
}

i64 sys_times(struct task *task, const u64 arg[6])
{
	const struct process *process = task->process;
	u64 user, sys, minor, major;
	task_account(task, false);
	process_times(process, &user, &sys, &minor, &major);
	struct abi_tms tms = {
		.tms_utime = (i64)(user / TICK_NS),
		.tms_stime = (i64)(sys / TICK_NS),
		.tms_cutime = (i64)(process->child_user_ns / TICK_NS),
		.tms_cstime = (i64)(process->child_system_ns / TICK_NS),
	};
	if (arg[0] && copy_to_user(arg[0], &tms, sizeof(tms)))
		return -EFAULT;
	return (i64)(time_now_ns() / TICK_NS);
}

/* --- CPU time as it passes --- */

static void charge(struct process *process, u64 ns, u64 *left_ns, u64 interval_ns, int signal)
{
	if (*left_ns == 0)
		return;
	if (*left_ns > ns) {
		*left_ns -= ns;
		return;
	}
	u64 late = ns - *left_ns;
	*left_ns = interval_ns ? interval_ns - late % interval_ns : 0;
	signal_send_process(process, signal, NULL);
}

void cpu_timers_charge(struct process *process, u64 ns, bool user)
{
	if (user)
		charge(process, ns, &process->virtual_left_ns, process->virtual_interval_ns, SIGVTALRM);
	charge(process, ns, &process->prof_left_ns, process->prof_interval_ns, SIGPROF);
}

void cpu_limit_check(struct process *process)
{
	const struct abi_rlimit *limit = &process->limits[RLIMIT_CPU];
	u64 user, sys, minor, major;
	process_times(process, &user, &sys, &minor, &major);
	u64 seconds = (user + sys) / NS_PER_S;
	if (seconds >= limit->rlim_max) {
		signal_send_process(process, SIGKILL, NULL);
	} else if (seconds >= limit->rlim_cur && seconds != process->cpu_warned_s) {
		process->cpu_warned_s = seconds;
		signal_send_process(process, SIGXCPU, NULL);
	}
}
