/*
 * Pseudo-terminals: opening /dev/ptmx makes a pair. The slave, /dev/pts/N, is a terminal like any other; what programs
 * write to it is read from the master, and what is written to the master is typed on it. pty(7).
 */
#include "guest/kernel/dev/tty.h"
#include "guest/kernel/core/print.h"
#include "guest/kernel/fs/devfs.h"
#include "guest/kernel/mm/kmalloc.h"
#include "guest/kernel/proc/task.h"

#define PTY_MAX 64
#define PTY_MAJOR 136
#define OUTPUT_SIZE 4096 /* bytes the slave has written and the master has not read */

struct pty {
	struct tty slave;
	u32 number;
	bool is_locked; /* until TIOCSPTLCK: the slave cannot be opened */
	bool master_open;
	bool slave_was_closed;     /* by its last holder, at least once */
	u8 output[OUTPUT_SIZE];    /* ring */
	u32 head, tail;            /* free-running */
	struct wait_queue readers; /* of the master */
};

static struct pty *ptys[PTY_MAX];

static u64 pty_room(struct tty *tty)
{
	struct pty *pty = tty->private;

	return tty->stopped ? 0 : OUTPUT_SIZE - (pty->tail - pty->head);
}

static void pty_output(struct tty *tty, const u8 *data, u64 size)
{
	struct pty *pty = tty->private;

	for (u64 i = 0; i < size; i++)
		pty->output[pty->tail++ % OUTPUT_SIZE] = data[i];
	wake_all(&pty->readers);
}

struct tty *pty_slave(u32 number)
{
	return number < PTY_MAX && ptys[number] ? &ptys[number]->slave : NULL;
}

bool pty_is_locked(const struct tty *tty)
{
	const struct pty *pty = tty->private;

	return pty->is_locked;
}

/* Both ends are closed. */
static void pty_free(struct pty *pty)
{
	tty_forget(&pty->slave);
	ptys[pty->number] = NULL;
	kfree(pty);
}

void pty_slave_closed(struct tty *tty)
{
	struct pty *pty = tty->private;

	pty->slave_was_closed = true;
	if (!pty->master_open)
		pty_free(pty);
	else
		wake_all(&pty->readers);
}

static int master_open(struct file *file)
{
	u32 number = 0;
	char name[16];
	struct pty *pty;
	int error;

	while (number < PTY_MAX && ptys[number])
		number++;
	if (number == PTY_MAX)
		return -ENOSPC;
	pty = kmalloc(sizeof(*pty));
	if (!pty)
		return -ENOMEM;
	if (ptys[number]) { /* taken while kmalloc slept */
		kfree(pty);
		return -EAGAIN;
	}
	format_text(name, sizeof(name), "pts/%u", number);
	tty_setup(&pty->slave, name, DEVICE(PTY_MAJOR, number));
	pty->slave.winsize = (struct abi_winsize){ 0 };
	pty->slave.room = pty_room;
	pty->slave.output = pty_output;
	pty->slave.private = pty;
	pty->number = number;
	pty->is_locked = true;
	pty->master_open = true;
	wait_queue_init(&pty->readers);
	ptys[number] = pty;
	error = devfs_add_pty(number);
	if (error) {
		pty_free(pty);
		return error;
	}
	file->private = pty;
	return 0;
}

static void master_release(struct file *file)
{
	struct pty *pty = file->private;

	devfs_remove_pty(pty->number);
	pty->master_open = false;
	tty_hang_up(&pty->slave);
	if (!pty->slave.refs)
		pty_free(pty);
}

/* The slave was opened once and nobody has it now: read() says so by -EIO. A slave never opened is waited for. */
static bool is_far_end_gone(const struct pty *pty)
{
	return !pty->slave.refs && pty->slave_was_closed;
}

static i64 master_read(struct file *file, struct io *io, u64 *pos)
{
	struct pty *pty = file->private;
	i64 total = 0;

	(void)pos;
	while (pty->head == pty->tail) {
		if (file->flags & O_NONBLOCK)
			return is_far_end_gone(pty) ? -EIO : -EAGAIN;
		if (is_far_end_gone(pty))
			return -EIO;
		if (sleep_on(&pty->readers, SLEEP_SIGNAL, FOREVER))
			return -ERESTARTSYS;
	}
	while (io->left && pty->head != pty->tail) {
		u32 at = pty->head % OUTPUT_SIZE;
		u64 size = MIN(MIN(io->left, pty->tail - pty->head), OUTPUT_SIZE - at);
		i64 copied = io_write(io, pty->output + at, size);

		if (copied < 0)
			return total ? total : copied;
		pty->head += (u32)copied;
		total += copied;
	}
	wake_all(&pty->slave.writers);
	return total;
}

/* Room for one more typed byte: the line discipline drops what does not fit. */
static bool can_type(const struct tty *tty)
{
	return tty->tail - tty->head + tty->edit_size < TTY_BUFFER - 1 ||
	       (tty->termios.c_lflag & ICANON && !tty->lines);
}

static i64 master_write(struct file *file, struct io *io, u64 *pos)
{
	struct pty *pty = file->private;
	struct tty *tty = &pty->slave;
	i64 total = 0;

	(void)pos;
	while (io->left) {
		u8 byte;

		if (!can_type(tty)) {
			if (total || file->flags & O_NONBLOCK)
				return total ? total : -EAGAIN;
			if (sleep_on(&tty->writers, SLEEP_SIGNAL, FOREVER))
				return -ERESTARTSYS;
			continue;
		}
		if (io_read(io, &byte, 1) < 0)
			return total ? total : -EFAULT;
		tty_receive(tty, byte);
		if (++total % TTY_BUFFER)
			continue;
		sched_breathe(); /* bytes that find no room are dropped: nothing else makes it wait */
		if (signal_is_pending(current_task))
			break;
	}
	return total;
}

static u32 master_poll(struct file *file, struct poll_table *table)
{
	struct pty *pty = file->private;
	u32 events = 0;

	poll_wait(table, &pty->readers);
	poll_wait(table, &pty->slave.writers);
	if (pty->head != pty->tail)
		events |= POLLIN | POLLRDNORM;
	else if (is_far_end_gone(pty))
		events |= POLLHUP;
	if (can_type(&pty->slave))
		events |= POLLOUT | POLLWRNORM;
	return events;
}

static i64 master_ioctl(struct file *file, struct task *task, u64 request, u64 argument)
{
	struct pty *pty = file->private;
	u32 value;

	switch (request) {
	case TIOCGPTN:
		return store_user_u32(argument, pty->number);
	case TIOCSPTLCK:
		if (load_user_u32(argument, &value))
			return -EFAULT;
		pty->is_locked = value != 0;
		return 0;
	case TIOCGPTLCK:
		return store_user_u32(argument, pty->is_locked);
	case FIONREAD:
		return store_user_u32(argument, pty->tail - pty->head);
	case TIOCSIG:
		if (argument != SIGINT && argument != SIGQUIT && argument != SIGTSTP)
			return -EINVAL;
		return pty->slave.pgid ? signal_send_group(pty->slave.pgid, (int)argument, NULL) : 0;
	case TIOCSPGRP:
	case TIOCSCTTY:
	case TIOCGPTPEER:
		return -EINVAL;
	case TIOCGPGRP:
		return store_user_u32(argument, (u32)pty->slave.pgid);
	default: {
		/* Settings are the pair's. The master's process is no member of the slave's session: no job control. */
		struct file slave = { .private = &pty->slave };

		return tty_file_ops.ioctl(&slave, task, request, argument);
	}
	}
}

static i64 master_seek(struct file *file, i64 offset, int whence)
{
	(void)file, (void)offset, (void)whence;
	return -ESPIPE;
}

const struct file_ops pty_master_file_ops = {
	.read = master_read,
	.write = master_write,
	.poll = master_poll,
	.ioctl = master_ioctl,
	.open = master_open,
	.release = master_release,
	.seek = master_seek,
};
