/*
 * eventfd(2): a file that is a 64-bit counter.
 */
#include "guest/kernel/fs/internal.h"

#include "guest/kernel/core/syscall.h"
#include "guest/kernel/mm/kmalloc.h"
#include "guest/kernel/proc/task.h"

#define COUNT_MAX (~0ul - 1)

struct eventfd {
	u64 count;
	bool is_semaphore; /* a read takes 1, not all */
	u64 changes;       /* reads and writes so far */
	struct wait_queue readers, writers;
};

static i64 eventfd_read(struct file *file, struct io *io, u64 *pos)
{
	struct eventfd *event = file->private;
	u64 value;

	(void)pos;
	if (io->left < sizeof(value))
		return -EINVAL;
	while (!event->count) {
		if (file->flags & O_NONBLOCK)
			return -EAGAIN;
		if (sleep_on(&event->readers, SLEEP_SIGNAL, FOREVER))
			return -ERESTARTSYS;
	}
	value = event->is_semaphore ? 1 : event->count;
	event->count -= value;
	event->changes++;
	wake_all(&event->writers);
	return io_write(io, &value, sizeof(value)) == sizeof(value) ? (i64)sizeof(value) : -EFAULT;
}

static i64 eventfd_write(struct file *file, struct io *io, u64 *pos)
{
	struct eventfd *event = file->private;
	u64 value;

	(void)pos;
	if (io->left < sizeof(value))
		return -EINVAL;
	if (io_read(io, &value, sizeof(value)) != sizeof(value))
		return -EFAULT;
	if (value > COUNT_MAX)
		return -EINVAL;
	while (value > COUNT_MAX - event->count) {
		if (file->flags & O_NONBLOCK)
			return -EAGAIN;
		if (sleep_on(&event->writers, SLEEP_SIGNAL, FOREVER))
			return -ERESTARTSYS;
	}
	event->count += value;
	event->changes++;
	wake_all(&event->readers);
	return sizeof(value);
}

static u32 eventfd_poll(struct file *file, struct poll_table *table)
{
	struct eventfd *event = file->private;

	poll_wait(table, &event->readers);
	poll_wait(table, &event->writers);
	poll_edges(table, event->changes);
	return (event->count ? POLLIN | POLLRDNORM : 0u) | (event->count < COUNT_MAX ? POLLOUT | POLLWRNORM : 0u);
}

static void eventfd_release(struct file *file)
{
	kfree(file->private);
}

static const struct file_ops eventfd_file_ops = {
	.read = eventfd_read,
	.write = eventfd_write,
	.poll = eventfd_poll,
	.release = eventfd_release,
};

struct file *file_eventfd(u32 count, u32 flags)
{
	struct eventfd *event = kmalloc(sizeof(*event));
	struct file *file = event ? file_new(&eventfd_file_ops, O_RDWR | (flags & EFD_NONBLOCK)) : NULL;

	if (!file) {
		kfree(event);
		return NULL;
	}
	event->count = count;
	event->is_semaphore = flags & EFD_SEMAPHORE;
	wait_queue_init(&event->readers);
	wait_queue_init(&event->writers);
	file->private = event;
	file->label = "anon_inode:[eventfd]";
	return file;
}

i64 sys_eventfd2(struct task *task, const u64 arg[6])
{
	u32 flags = (u32)arg[1];
	struct file *file;
	int fd;

	if (flags & ~(u32)(EFD_SEMAPHORE | EFD_CLOEXEC | EFD_NONBLOCK))
		return -EINVAL;
	file = file_eventfd((u32)arg[0], flags);
	if (!file)
		return -ENOMEM;
	fd = files_add(task->process->files, file, 0, flags & EFD_CLOEXEC,
	               task->process->limits[RLIMIT_NOFILE].rlim_cur);
	if (fd < 0)
		file_put(file);
	return fd;
}
