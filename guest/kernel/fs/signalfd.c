/*
 * signalfd(2): a file from which a process reads the signals that it has blocked.
 *
 * Signals have no queue of waiters that a file could join: a reader waits with the signals unblocked, as sigtimedwait
 * does; poll and epoll look again every few milliseconds.
 */
#include "guest/kernel/fs/internal.h"

#include "guest/kernel/core/syscall.h"
#include "guest/kernel/mm/kmalloc.h"
#include "guest/kernel/proc/internal.h"

/* struct signalfd_siginfo */
struct message {
	u32 signo;
	i32 error, code;
	u32 pid, uid;
	i32 fd;
	u32 tid, band, overrun, trapno;
	i32 status, integer;
	u64 pointer, utime, stime, address;
	u16 address_lsb;
	u8 zero[46];
};
_Static_assert(sizeof(struct message) == 128, "struct signalfd_siginfo");

struct signalfd {
	u64 mask;
};

static const struct file_ops signalfd_file_ops;

static void fill(struct message *message, const struct abi_siginfo *info)
{
	memset(message, 0, sizeof(*message));
	message->signo = (u32)info->si_signo;
	message->error = info->si_errno;
	message->code = info->si_code;
	message->pid = (u32)info->si_pid;
	message->uid = info->si_uid;
	switch (info->si_signo) {
	case SIGCHLD:
		message->status = info->si_status;
		message->utime = (u64)info->si_utime;
		message->stime = (u64)info->si_stime;
		break;
	case SIGSEGV:
	case SIGBUS:
	case SIGILL:
	case SIGFPE:
	case SIGTRAP:
		message->address = info->si_addr;
		break;
	default:
		message->pointer = info->si_value;
		message->integer = (i32)info->si_value;
		break;
	}
}

/* Waits for one of the signals. Its number, or a negative errno. May sleep. */
static int wait_for_signal(struct task *task, u64 mask, struct abi_siginfo *info)
{
	u64 blocked = task->blocked;
	int signal;

	task->waited = mask & blocked;
	signal_set_blocked(task, blocked & ~mask);
	while (!signal_is_pending(task))
		(void)sleep_any(SLEEP_SIGNAL, FOREVER);
	task->waited = 0;
	signal_set_blocked(task, blocked);
	signal = signal_take(task, ~mask, info);
	return signal ? signal : -ERESTARTSYS;
}

static i64 signalfd_read(struct file *file, struct io *io, u64 *pos)
{
	const struct signalfd *signalfd = file->private;
	struct task *task = current_task;
	i64 total = 0;

	(void)pos;
	if (io->left < sizeof(struct message))
		return -EINVAL;
	while (io->left >= sizeof(struct message)) {
		struct abi_siginfo info;
		struct message message;
		int signal = signal_take(task, ~signalfd->mask, &info);

		if (!signal && total)
			break;
		if (!signal)
			signal = file->flags & O_NONBLOCK ? -EAGAIN : wait_for_signal(task, signalfd->mask, &info);
		if (signal < 0)
			return signal;
		fill(&message, &info);
		if (io_write(io, &message, sizeof(message)) != sizeof(message))
			return total ? total : -EFAULT;
		total += sizeof(message);
	}
	return total;
}

static u32 signalfd_poll(struct file *file, struct poll_table *table)
{
	const struct signalfd *signalfd = file->private;
	const struct task *task = current_task;

	if (table)
		table->overflow = true;
	return (task->pending.set | task->process->pending.set) & signalfd->mask ? POLLIN | POLLRDNORM : 0;
}

static void signalfd_release(struct file *file)
{
	kfree(file->private);
}

static const struct file_ops signalfd_file_ops = {
	.read = signalfd_read,
	.poll = signalfd_poll,
	.release = signalfd_release,
};

static i64 new_signalfd(struct task *task, u64 mask, u32 flags)
{
	struct signalfd *signalfd = kmalloc(sizeof(*signalfd));
	struct file *file = signalfd ? file_new(&signalfd_file_ops, O_RDWR | (flags & O_NONBLOCK)) : NULL;
	int fd;

	if (!file) {
		kfree(signalfd);
		return -ENOMEM;
	}
	signalfd->mask = mask;
	file->private = signalfd;
	file->label = "anon_inode:[signalfd]";
	fd = files_add(task->process->files, file, 0, flags & O_CLOEXEC, task->process->limits[RLIMIT_NOFILE].rlim_cur);
	if (fd < 0)
		file_put(file);
	return fd;
}

i64 sys_signalfd4(struct task *task, const u64 arg[6])
{
	struct file *file;
	u64 mask;
	i64 result;

	if (arg[2] != sizeof(mask) || (arg[3] & ~(u64)(O_CLOEXEC | O_NONBLOCK)))
		return -EINVAL;
	if (load_user_u64(arg[1], &mask))
		return -EFAULT;
	mask &= ~(SIGNAL_BIT(SIGKILL) | SIGNAL_BIT(SIGSTOP));
	if ((int)arg[0] == -1)
		return new_signalfd(task, mask, (u32)arg[3]);
	result = file_of(task, arg[0], false, &file);
	if (result)
		return result;
	if (file->ops == &signalfd_file_ops)
		((struct signalfd *)file->private)->mask = mask;
	result = file->ops == &signalfd_file_ops ? (i64)(int)arg[0] : -EINVAL;
	file_put(file);
	return result;
}
