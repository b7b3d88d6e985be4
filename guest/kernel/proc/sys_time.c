/*
 * Clocks, sleeping and interval timers: clock_gettime(2), clock_nanosleep(2), setitimer(2). All real and boot-time
 * clocks are the time CSR; the coarse ones are not coarser.
 */
#include "guest/kernel/core/syscall.h"
#include "guest/kernel/mm/uaccess.h"
#include "guest/kernel/proc/internal.h"

#define SECONDS_MAX (FOREVER / NS_PER_S / 4) /* what is later than that is as good as never */
#define CPU_CLOCK_OF_THREAD 4                /* a negative clock id: ~pid << 3 | this | kind */
#define CPU_CLOCK_KIND 3                     /* 0: user and system time, 1: user time, 2: as 0 */

static struct abi_timespec timespec(u64 ns)
{
	return (struct abi_timespec){ (i64)(ns / NS_PER_S), (i64)(ns % NS_PER_S) };
}

static struct abi_timeval timeval(u64 ns)
{
	return (struct abi_timeval){ (i64)(ns / NS_PER_S), (i64)(ns % NS_PER_S / 1000) };
}

/* --- CPU clocks --- */

static u64 process_cpu_ns(const struct process *process, bool user_only)
{
	u64 user, sys, minor, major;
	process_times(process, &user, &sys, &minor, &major);
	return user_only ? user : user + sys;
}

/* A clock id made of a process or thread number (clock_getcpuclockid(3), pthread_getcpuclockid(3)). */
static int numbered_clock(struct task *task, int clock, u64 *ns)
{
	int number = (int)(~(u32)clock >> 3);
	bool of_thread = clock & CPU_CLOCK_OF_THREAD;
	unsigned kind = clock & CPU_CLOCK_KIND;
	if (kind == 3)
		return -EINVAL;
	bool user_only = kind == 1;
	struct task *target = task_find(number ? number : of_thread ? task->tid : task->process->pid);
	if (!target)
		return -EINVAL;
	int error = 0;
	if (of_thread && target->process != task->process)
		error = -EINVAL;
	else if (of_thread)
		*ns = target->user_ns + (user_only ? 0 : target->system_ns);
	else if (target->tid != target->process->pid)
		error = -EINVAL;
	else
		*ns = process_cpu_ns(target->process, user_only);
	task_put(target);
	return error;
}

static int read_clock(struct task *task, int clock, u64 *ns)
{
	switch (clock) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_COARSE:
	case CLOCK_REALTIME_ALARM:
	case CLOCK_TAI:
		*ns = time_real_ns();
		return 0;
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_BOOTTIME:
	case CLOCK_BOOTTIME_ALARM:
		*ns = time_now_ns();
		return 0;
	case CLOCK_PROCESS_CPUTIME_ID:
		task_account(task, false);
		*ns = process_cpu_ns(task->process, false);
		return 0;
	case CLOCK_THREAD_CPUTIME_ID:
		task_account(task, false);
		*ns = task->user_ns + task->system_ns;
		return 0;
	default:
		if (clock >= 0)
			return -EINVAL;
		task_account(task, false);
		return numbered_clock(task, clock, ns);
	}
}

i64 sys_clock_gettime(struct task *task, const u64 arg[6])
{
	u64 ns;
	int error = read_clock(task, (int)arg[0], &ns);
	if (error)
		return error;
	struct abi_timespec time = timespec(ns);
	return copy_to_user(arg[1], &time, sizeof(time));
}

i64 sys_clock_getres(struct task *task, const u64 arg[6])
{
	u64 ns;
	int clock = (int)arg[0];
	int error = read_clock(task, clock, &ns);
	if (error)
		return error;
	struct abi_timespec resolution = { 0, 1 };
	return arg[1] ? copy_to_user(arg[1], &resolution, sizeof(resolution)) : 0;
}

static int load_timespec(u64 address, struct abi_timespec *time)
{
	if (copy_from_user(time, address, sizeof(*time)))
		return -EFAULT;
	return time->tv_sec < 0 || (u64)time->tv_nsec >= NS_PER_S ? -EINVAL : 0;
}

static u64 nanoseconds(const struct abi_timespec *time)
{
	if ((u64)time->tv_sec >= SECONDS_MAX)
		return SECONDS_MAX * NS_PER_S;
	return (u64)time->tv_sec * NS_PER_S + (u64)time->tv_nsec;
}

i64 sys_clock_settime(struct task *task, const u64 arg[6])
{
	struct abi_timespec time;
	if ((int)arg[0] != CLOCK_REALTIME)
		return -EINVAL;
	int error = load_timespec(arg[1], &time);
	if (error)
		return error;
	if (task->process->euid != 0)
		return -EPERM;
	time_set_real_ns(nanoseconds(&time));
	return 0;
}

i64 sys_gettimeofday(struct task *task, const u64 arg[6])
{
	(void)task;
	struct abi_timeval time = timeval(time_real_ns());
	struct abi_timezone zone = { 0, 0 };
	if ((arg[0] && copy_to_user(arg[0], &time, sizeof(time))) ||
	    (arg[1] && copy_to_user(arg[1], &zone, sizeof(zone))))
		return -EFAULT;
	return 0;
}

i64 sys_settimeofday(struct task *task, const u64 arg[6])
{
	struct abi_timeval time;
	struct abi_timezone zone;
	if (arg[0] && copy_from_user(&time, arg[0], sizeof(time)))
		return -EFAULT;
	if (arg[1] && copy_from_user(&zone, arg[1], sizeof(zone)))
		return -EFAULT;
	if (arg[0] && (time.tv_sec < 0 || (u64)time.tv_usec >= 1000000))
		return -EINVAL;
	if (task->process->euid != 0)
		return -EPERM;
	if (arg[0]) {
		struct abi_timespec exact = { time.tv_sec, time.tv_usec * 1000 };
		time_set_real_ns(nanoseconds(&exact));
	}
	return 0;
}

/* --- sleeping --- */

static i64 restart_sleep(struct task *task, struct restart *restart);

/* `remaining`: user address for what is left if a signal comes, or 0. A relative sleep goes on to the same deadline. */
static i64 sleep_till(struct task *task, u64 deadline_ns, bool relative, u64 remaining)
{
	int result;
	do {
		task->sleep_reason = "nanosleep";
		result = sleep_any(SLEEP_SIGNAL, deadline_ns);
	} while (result == 0);
	if (result == -ETIMEDOUT)
		return 0;
	if (!relative)
		return -ERESTARTNOHAND;
	u64 now = time_now_ns();
	struct abi_timespec left = timespec(deadline_ns > now ? deadline_ns - now : 0);
	if (remaining && copy_to_user(remaining, &left, sizeof(left)))
		return -EFAULT;
	task->restart = (struct restart){
		.function = restart_sleep,
		.arg = { remaining },
		.deadline_ns = deadline_ns,
	};
	return -ERESTART_RESTARTBLOCK;
}

static i64 restart_sleep(struct task *task, struct restart *restart)
{
	return sleep_till(task, restart->deadline_ns, true, restart->arg[0]);
}

i64 sys_nanosleep(struct task *task, const u64 arg[6])
{
	struct abi_timespec time;
	int error = load_timespec(arg[0], &time);
	if (error)
		return error;
	return sleep_till(task, time_now_ns() + nanoseconds(&time), true, arg[1]);
}

i64 sys_clock_nanosleep(struct task *task, const u64 arg[6])
{
	int clock = (int)arg[0];
	struct abi_timespec time;
	u64 now;
	if (clock == CLOCK_THREAD_CPUTIME_ID || read_clock(task, clock, &now))
		return -EINVAL;
	bool is_real = clock == CLOCK_REALTIME || clock == CLOCK_TAI || clock == CLOCK_REALTIME_ALARM;
	if (!is_real && clock != CLOCK_MONOTONIC && clock != CLOCK_BOOTTIME && clock != CLOCK_BOOTTIME_ALARM)
		return -EOPNOTSUPP; /* CPU clocks, and the raw and coarse ones as on Linux */
	int error = load_timespec(arg[2], &time);
	if (error)
		return error;
	u64 ns = nanoseconds(&time);
	if (!(arg[1] & TIMER_ABSTIME))
		return sleep_till(task, time_now_ns() + ns, true, arg[3]);
	return sleep_till(task, time_now_ns() + (ns > now ? ns - now : 0), false, 0);
}

/* --- interval timers --- */

static void real_timer_expired(struct timer *timer)
{
	struct process *process = container_of(timer, struct process, real_timer);
	if (process->real_interval_ns)
		timer_start(timer, MAX(timer->at_ns + process->real_interval_ns, time_now_ns() + 1));
	signal_send_process(process, SIGALRM, NULL);
}

static int load_itimer(u64 address, u64 *interval_ns, u64 *value_ns)
{
	struct abi_itimerval timer;
	if (copy_from_user(&timer, address, sizeof(timer)))
		return -EFAULT;
	if (timer.it_interval.tv_sec < 0 || timer.it_value.tv_sec < 0 || (u64)timer.it_interval.tv_usec >= 1000000 ||
	    (u64)timer.it_value.tv_usec >= 1000000)
		return -EINVAL;
	struct abi_timespec interval = { timer.it_interval.tv_sec, timer.it_interval.tv_usec * 1000 };
	struct abi_timespec value = { timer.it_value.tv_sec, timer.it_value.tv_usec * 1000 };
	*interval_ns = nanoseconds(&interval);
	*value_ns = nanoseconds(&value);
	return 0;
}

static struct abi_itimerval current_itimer(const struct process *process, int which)
{
	u64 left = 0, interval = 0;
	switch (which) {
	case ITIMER_REAL:
		interval = process->real_interval_ns;
		if (process->real_timer.pending) {
			u64 now = time_now_ns();
			/* One that is due but has not run yet is not "off". */
			left = process->real_timer.at_ns > now ? process->real_timer.at_ns - now : 1000;
		}
		break;
	case ITIMER_VIRTUAL:
		left = process->virtual_left_ns;
		interval = process->virtual_interval_ns;
		break;
	default:
		left = process->prof_left_ns;
		interval = process->prof_interval_ns;
	}
	return (struct abi_itimerval){ timeval(interval), timeval(left ? MAX(left, 1000ul) : 0) };
}

static void set_itimer(struct process *process, int which, u64 interval_ns, u64 value_ns)
{
	switch (which) {
	case ITIMER_REAL:
		process->real_interval_ns = interval_ns;
		process->real_timer.expired = real_timer_expired;
		timer_cancel(&process->real_timer);
		if (value_ns)
			timer_start(&process->real_timer, time_now_ns() + value_ns);
		break;
	case ITIMER_VIRTUAL:
		process->virtual_interval_ns = interval_ns;
		process->virtual_left_ns = value_ns;
		break;
	default:
		process->prof_interval_ns = interval_ns;
		process->prof_left_ns = value_ns;
	}
}

i64 sys_getitimer(struct task *task, const u64 arg[6])
{
	if ((u32)arg[0] > ITIMER_PROF)
		return -EINVAL;
	struct abi_itimerval timer = current_itimer(task->process, (int)arg[0]);
	return copy_to_user(arg[1], &timer, sizeof(timer));
}

i64 sys_setitimer(struct task *task, const u64 arg[6])
{
	u64 interval = 0, value = 0;
	if ((u32)arg[0] > ITIMER_PROF)
		return -EINVAL;
	if (arg[1]) {
		int error = load_itimer(arg[1], &interval, &value);
		if (error)
			return error;
	}
	struct abi_itimerval old = current_itimer(task->process, (int)arg[0]);
	set_itimer(task->process, (int)arg[0], interval, value);
	return arg[2] ? copy_to_user(arg[2], &old, sizeof(old)) : 0;
}
