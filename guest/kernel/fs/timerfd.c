/*
 * timerfd_create(2): a file that becomes readable when its time has come and counts how often that has happened.
 */
#include "guest/kernel/fs/internal.h"

#include "guest/kernel/core/syscall.h"
#include "guest/kernel/core/time.h"
#include "guest/kernel/mm/kmalloc.h"
#include "guest/kernel/proc/task.h"

#define TFD_TIMER_ABSTIME 1u
#define TFD_TIMER_CANCEL_ON_SET 2u
#define GAP_NS 100000ul /* between two interrupts at least, whatever the interval is */

struct timerfd {
	struct timer timer;
	int clock;
	u64 due_ns;      /* the next expiration; the timer may come a little later */
	u64 interval_ns; /* 0: once */
	u64 expirations; /* since the last read */
	u64 changes;     /* since ever: epoll's edges */
	struct wait_queue readers;
};

static const struct file_ops timerfd_file_ops;

static bool is_real_time(const struct timerfd *timerfd)
{
	return timerfd->clock == CLOCK_REALTIME || timerfd->clock == CLOCK_REALTIME_ALARM;
}

/* From the timer interrupt. */
static void timerfd_expired(struct timer *timer)
{
	struct timerfd *timerfd = container_of(timer, struct timerfd, timer);
	u64 times = 1, now = time_now_ns();

	if (timerfd->interval_ns) {
		times += (now - timerfd->due_ns) / timerfd->interval_ns;
		timerfd->due_ns += times * timerfd->interval_ns;
		timer_start(timer, MAX(timerfd->due_ns, now + GAP_NS));
	}
	timerfd->expirations += times;
	timerfd->changes++;
	wake_all(&timerfd->readers);
}

static i64 timerfd_read(struct file *file, struct io *io, u64 *pos)
{
	struct timerfd *timerfd = file->private;
	u64 value;

	(void)pos;
	if (io->left < sizeof(value))
		return -EINVAL;
	while (!timerfd->expirations) {
		if (file->flags & O_NONBLOCK)
			return -EAGAIN;
		if (sleep_on(&timerfd->readers, SLEEP_SIGNAL, FOREVER))
			return -ERESTARTSYS;
	}
	value = timerfd->expirations;
	timerfd->expirations = 0;
	return io_write(io, &value, sizeof(value)) == sizeof(value) ? (i64)sizeof(value) : -EFAULT;
}

static u32 timerfd_poll(struct file *file, struct poll_table *table)
{
	struct timerfd *timerfd = file->private;

	poll_wait(table, &timerfd->readers);
	poll_edges(table, timerfd->changes);
	return timerfd->expirations ? POLLIN | POLLRDNORM : 0;
}

static void timerfd_release(struct file *file)
{
	struct timerfd *timerfd = file->private;

	timer_cancel(&timerfd->timer);
	kfree(timerfd);
}

static const struct file_ops timerfd_file_ops = {
	.read = timerfd_read,
	.poll = timerfd_poll,
	.release = timerfd_release,
};

i64 sys_timerfd_create(struct task *task, const u64 arg[6])
{
	int clock = (int)arg[0], fd;
	struct timerfd *timerfd;
	struct file *file;

	if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC && clock != CLOCK_BOOTTIME &&
	    clock != CLOCK_REALTIME_ALARM && clock != CLOCK_BOOTTIME_ALARM)
		return -EINVAL;
	if (arg[1] & ~(u64)(O_CLOEXEC | O_NONBLOCK))
		return -EINVAL;
	timerfd = kmalloc(sizeof(*timerfd));
	file = timerfd ? file_new(&timerfd_file_ops, O_RDWR | (arg[1] & O_NONBLOCK)) : NULL;
	if (!file) {
		kfree(timerfd);
		return -ENOMEM;
	}
	timerfd->clock = clock;
	timerfd->timer.expired = timerfd_expired;
	wait_queue_init(&timerfd->readers);
	file->private = timerfd;
	file->label = "anon_inode:[timerfd]";
	fd = files_add(task->process->files, file, 0, arg[1] & O_CLOEXEC,
	               task->process->limits[RLIMIT_NOFILE].rlim_cur);
	if (fd < 0)
		file_put(file);
	return fd;
}

/* --- setting --- */

/* struct itimerspec */
struct setting {
	struct abi_timespec interval, value;
};

static bool is_valid(const struct abi_timespec *time)
{
	return time->tv_sec >= 0 && (u64)time->tv_nsec < NS_PER_S;
}

/* Nanoseconds, as many as fit. */
static u64 nanoseconds(const struct abi_timespec *time)
{
	if ((u64)time->tv_sec >= FOREVER / NS_PER_S / 4)
		return FOREVER / 4;
	return (u64)time->tv_sec * NS_PER_S + (u64)time->tv_nsec;
}

static struct abi_timespec timespec_of(u64 ns)
{
	return (struct abi_timespec){ (i64)(ns / NS_PER_S), (i64)(ns % NS_PER_S) };
}

static struct setting current_setting(const struct timerfd *timerfd)
{
	u64 now = time_now_ns(), left = 0;

	if (timerfd->timer.pending)
		left = timerfd->due_ns > now ? timerfd->due_ns - now : 1;
	return (struct setting){ timespec_of(timerfd->interval_ns), timespec_of(left) };
}

static void set(struct timerfd *timerfd, const struct setting *setting, bool is_absolute)
{
	u64 value = nanoseconds(&setting->value), now = time_now_ns(), at = now + value;

	timer_cancel(&timerfd->timer);
	timerfd->interval_ns = nanoseconds(&setting->interval);
	timerfd->expirations = 0;
	if (!value)
		return;
	if (is_absolute && is_real_time(timerfd))
		at = value + now > time_real_ns() ? value + now - time_real_ns() : 0;
	else if (is_absolute)
		at = value;
	timerfd->due_ns = at;
	timer_start(&timerfd->timer, at);
}

/* The timer file of a descriptor, with a reference. */
static int get_timerfd(struct task *task, u64 fd, struct file **file)
{
	int error = file_of(task, fd, false, file);

	if (error || (*file)->ops == &timerfd_file_ops)
		return error;
	file_put(*file);
	return -EINVAL;
}

i64 sys_timerfd_settime(struct task *task, const u64 arg[6])
{
	struct setting new, old;
	struct file *file;
	i64 error;

	if (copy_from_user(&new, arg[2], sizeof(new)))
		return -EFAULT;
	if ((arg[1] & ~(u64)(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET)) || !is_valid(&new.value) ||
	    !is_valid(&new.interval))
		return -EINVAL;
	error = get_timerfd(task, arg[0], &file);
	if (error)
		return error;
	old = current_setting(file->private);
	set(file->private, &new, arg[1] & TFD_TIMER_ABSTIME);
	file_put(file);
	return arg[3] ? copy_to_user(arg[3], &old, sizeof(old)) : 0;
}

i64 sys_timerfd_gettime(struct task *task, const u64 arg[6])
{
	struct setting now;
	struct file *file;
	i64 error = get_timerfd(task, arg[0], &file);

	if (error)
		return error;
	now = current_setting(file->private);
	file_put(file);
	return copy_to_user(arg[1], &now, sizeof(now));
}
