/*
 * Terminals as files: reading, writing, ioctls, job control (tty_ioctl(4), termios(3), credentials(7)). What a byte
 * does is in line_discipline.c; the far end of a pseudo-terminal in pty.c.
 */
#include "guest/kernel/dev/tty.h"

#include "guest/kernel/core/device_tree.h"
#include "guest/kernel/core/print.h"
#include "guest/kernel/core/time.h"
#include "guest/kernel/dev/irq.h"
#include "guest/kernel/proc/internal.h"
#include "guest/kernel/screen/vt.h"

#define CONTROL(letter) ((letter)&0x1f)
#define NO_TTY_RDEV DEVICE(5, 0)
#define CONSOLE_RDEV DEVICE(5, 1)
#define PTY_MASTER_RDEV DEVICE(5, 2)
#define SERIAL_RDEV DEVICE(4, 64)

/* --- the serial line and the console --- */

static struct tty serial;
static struct tty *console; /* what /dev/console is: the serial line or tty1 */

static u64 serial_room(struct tty *tty)
{
	return tty->stopped ? 0 : TTY_BUFFER;
}

static void serial_output(struct tty *tty, const u8 *data, u64 size)
{
	(void)tty;
	uart_put((const char *)data, size);
}

static void serial_receive(u8 byte)
{
	tty_receive(&serial, byte);
}

void tty_setup(struct tty *tty, const char *name, u64 rdev)
{
	static const u8 control_characters[ABI_NCCS] = {
		[VINTR] = CONTROL('C'),    [VQUIT] = CONTROL('\\'),   [VERASE] = 0x7f,
		[VKILL] = CONTROL('U'),    [VEOF] = CONTROL('D'),     [VMIN] = 1,
		[VSTART] = CONTROL('Q'),   [VSTOP] = CONTROL('S'),    [VSUSP] = CONTROL('Z'),
		[VREPRINT] = CONTROL('R'), [VDISCARD] = CONTROL('O'), [VWERASE] = CONTROL('W'),
		[VLNEXT] = CONTROL('V'),
	};

	memset(tty, 0, sizeof(*tty));
	strncpy(tty->name, name, sizeof(tty->name) - 1);
	tty->rdev = rdev;
	tty->termios.c_iflag = ICRNL | IXON;
	tty->termios.c_oflag = OPOST | ONLCR;
	tty->termios.c_cflag = B38400 | CS8 | CREAD | HUPCL;
	tty->termios.c_lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN;
	memcpy(tty->termios.c_cc, control_characters, sizeof(control_characters));
	tty->winsize.ws_row = 24;
	tty->winsize.ws_col = 80;
	wait_queue_init(&tty->readers);
	wait_queue_init(&tty->writers);
}

/* Where there is no screen the serial line is the console, and known by that name. */
static void choose_console(void)
{
	char name[8] = "tty1";

	command_line_value("console", name, sizeof(name));
	tty_setup(&serial, vt_is_there() ? "ttyS0" : "console", vt_is_there() ? SERIAL_RDEV : CONSOLE_RDEV);
	console = vt_is_there() && strcmp(name, "ttyS0") ? &vt_front()->tty : &serial;
}

void tty_init(void)
{
	choose_console();
	serial.room = serial_room;
	serial.output = serial_output;
	uart_set_receiver(serial_receive);
	char_device_register(NO_TTY_RDEV, "tty", 0666, &tty_file_ops);
	char_device_register(CONSOLE_RDEV, "console", 0600, &tty_file_ops);
	char_device_register(SERIAL_RDEV, "ttyS0", 0620, &tty_file_ops);
	char_device_register(PTY_MASTER_RDEV, "ptmx", 0666, &pty_master_file_ops);
	if (vt_is_there())
		vcs_init();
	for (u32 number = 0; vt_is_there() && number <= VT_COUNT; number++) {
		char name[8];

		format_text(name, sizeof(name), "tty%u", number);
		char_device_register(DEVICE(VT_MAJOR, number), name, 0620, &tty_file_ops);
	}
}

/* --- sessions --- */

void tty_forget(struct tty *tty)
{
	LIST_FOR_EACH(node, &all_processes) {
		struct process *process = LIST_ENTRY(node, struct process, all_link);

		if (process->tty == tty)
			process->tty = NULL;
	}
	tty->pgid = tty->sid = 0;
}

void tty_hang_up(struct tty *tty)
{
	struct process *leader = tty->sid ? process_find(tty->sid) : NULL;

	tty->hung_up = true;
	if (leader) {
		signal_send_process(leader, SIGHUP, NULL);
		signal_send_process(leader, SIGCONT, NULL);
		process_put(leader);
	}
	if (tty->pgid)
		signal_send_group(tty->pgid, SIGHUP, NULL);
	wake_all(&tty->readers);
	wake_all(&tty->writers);
}

void tty_leave_session(struct process *leader)
{
	struct tty *tty = leader->tty;

	if (!tty || tty->sid != leader->sid)
		return;
	if (tty->pgid) {
		signal_send_group(tty->pgid, SIGHUP, NULL);
		signal_send_group(tty->pgid, SIGCONT, NULL);
	}
	tty_forget(tty);
}

/*
 * A process of the background touches its terminal: the group gets SIGTTIN or SIGTTOU. 0: go on; -ERESTARTSYS: after
 * the signal; -EIO: it cannot be stopped.
 */
static int check_foreground(struct tty *tty, struct task *task, int signal)
{
	struct process *process = task->process;
	bool is_ignored =
		(u64)process->handlers->actions[signal - 1].sa_handler == SIG_IGN || task->blocked & SIGNAL_BIT(signal);

	if (process->tty != tty || !tty->pgid || process->pgid == tty->pgid)
		return 0;
	if (is_ignored)
		return signal == SIGTTIN ? -EIO : 0;
	if (process_group_is_orphaned(process->pgid, NULL)) /* nobody could continue it */
		return -EIO;
	signal_send_group(process->pgid, signal, NULL);
	return -ERESTARTSYS;
}

static void become_controlling(struct tty *tty, struct process *process)
{
	process->tty = tty;
	tty->sid = process->sid;
	tty->pgid = process->pgid;
}

/* --- files --- */

static struct tty *tty_of(struct file *file)
{
	return file->private;
}

/* Which terminal a device number means to the process. May sleep: a virtual terminal is made when it is first opened.
 */
static struct tty *tty_find(u64 rdev, struct process *process)
{
	if (rdev == NO_TTY_RDEV)
		return process->tty;
	if (rdev >> 8 == 136)
		return pty_slave((u32)(rdev & 0xff));
	if (rdev >> 8 == VT_MAJOR && (rdev & 0xff) <= VT_COUNT) {
		struct vt *vt = vt_get((u32)(rdev & 0xff));

		return vt ? &vt->tty : NULL;
	}
	return rdev == SERIAL_RDEV ? &serial : console;
}

static int tty_open(struct file *file)
{
	struct process *process = current_task->process;
	struct tty *tty = tty_find(file->inode->rdev, process);
	bool is_leader = process->sid == process->pid;

	if (!tty)
		return file->inode->rdev == NO_TTY_RDEV ? -ENXIO : -EIO;
	if (tty->hung_up || (tty->private && pty_is_locked(tty)))
		return -EIO;
	if (!(file->flags & O_NOCTTY) && is_leader && !process->tty && !tty->sid)
		become_controlling(tty, process);
	tty->refs++;
	file->private = tty;
	return 0;
}

static void tty_release(struct file *file)
{
	struct tty *tty = tty_of(file);

	if (--tty->refs == 0 && tty->private)
		pty_slave_closed(tty);
}

/* Sleeps until there is something to read. 0, or what read() returns instead: -EAGAIN, -ERESTARTSYS... *end: the end of
 * the file. */
static int wait_for_input(struct tty *tty, struct file *file, u64 deadline, bool *end)
{
	*end = false;
	while (!tty_is_readable(tty)) {
		int error;

		if (tty->hung_up) {
			*end = true;
			return 0;
		}
		if (file->flags & O_NONBLOCK)
			return -EAGAIN;
		error = sleep_on(&tty->readers, SLEEP_SIGNAL, deadline);
		if (error == -ETIMEDOUT) {
			*end = true;
			return 0;
		}
		if (error)
			return -ERESTARTSYS;
		error = check_foreground(tty, current_task, SIGTTIN);
		if (error)
			return error;
	}
	return 0;
}

/* What is there now, at most one line in canonical mode. */
static i64 copy_input(struct tty *tty, struct io *io)
{
	u8 buffer[128];
	bool line_done = false;
	i64 total = 0;

	while (io->left && !line_done && tty_is_readable(tty)) {
		u64 size = tty_take_input(tty, buffer, MIN(io->left, sizeof(buffer)), &line_done);
		i64 copied = size ? io_write(io, buffer, size) : 0;

		if (copied < 0)
			return total ? total : copied;
		total += copied;
		if ((u64)copied < size)
			break;
	}
	return total;
}

/* VMIN and VTIME: raw reads wait for that many bytes, or for that many tenths of a second. */
static i64 read_raw(struct tty *tty, struct file *file, struct io *io)
{
	u64 tenths = tty->termios.c_cc[VTIME] * (NS_PER_S / 10);
	u64 wanted = MIN(tty->termios.c_cc[VMIN], io->left);
	u64 deadline = tenths && !wanted ? time_now_ns() + tenths : FOREVER;
	i64 total = 0;

	if (!wanted && !tenths)
		return copy_input(tty, io);
	do {
		bool end;
		int error = wait_for_input(tty, file, deadline, &end);
		i64 copied;

		if (error || end)
			return total ? total : error;
		copied = copy_input(tty, io);
		if (copied < 0)
			return total ? total : copied;
		total += copied;
		deadline = tenths ? time_now_ns() + tenths : FOREVER;
	} while ((u64)total < wanted);
	return total;
}

static i64 tty_read(struct file *file, struct io *io, u64 *pos)
{
	struct tty *tty = tty_of(file);
	int error = check_foreground(tty, current_task, SIGTTIN);
	bool end;

	(void)pos;
	if (error)
		return error;
	if (!io->left)
		return 0;
	if (!(tty->termios.c_lflag & ICANON))
		return read_raw(tty, file, io);
	error = wait_for_input(tty, file, FOREVER, &end);
	if (error || end)
		return error;
	return copy_input(tty, io);
}

/* Sleeps until the other end takes bytes. */
static int wait_for_room(struct tty *tty, struct file *file, u64 room)
{
	while (tty->room(tty) < room) {
		if (tty->hung_up)
			return -EIO;
		if (file->flags & O_NONBLOCK)
			return -EAGAIN;
		if (sleep_on(&tty->writers, SLEEP_SIGNAL, FOREVER))
			return -ERESTARTSYS;
	}
	return tty->hung_up ? -EIO : 0;
}

/* What was put out is to be seen now. */
static void tty_flush(struct tty *tty)
{
	if (tty->flush)
		tty->flush(tty);
}

static i64 tty_write(struct file *file, struct io *io, u64 *pos)
{
	struct tty *tty = tty_of(file);
	int error = tty->termios.c_lflag & TOSTOP ? check_foreground(tty, current_task, SIGTTOU) : 0;
	unsigned pieces = 0;
	i64 total = 0;

	(void)pos;
	while (!error && io->left) {
		u8 in[24], out[8 * sizeof(in)];
		i64 size = io_read(io, in, MIN(io->left, sizeof(in)));
		u64 used = 0;

		if (size < 0)
			return total ? total : size;
		for (i64 i = 0; i < size; i++)
			used += tty_process_output(tty, in[i], out + used);
		error = wait_for_room(tty, file, used);
		if (!error) {
			tty->output(tty, out, used);
			total += size;
		}
		if (++pieces % 64 == 0) { /* the console never makes it wait */
			tty_flush(tty);
			sched_breathe();
			if (signal_is_pending(current_task))
				break;
		}
	}
	tty_flush(tty);
	return total ? total : error;
}

static u32 tty_poll(struct file *file, struct poll_table *table)
{
	struct tty *tty = tty_of(file);
	u32 events = 0;

	poll_wait(table, &tty->readers);
	poll_wait(table, &tty->writers);
	if (tty_is_readable(tty))
		events |= POLLIN | POLLRDNORM;
	if (tty->room(tty) >= 8)
		events |= POLLOUT | POLLWRNORM;
	if (tty->hung_up)
		events |= POLLHUP | POLLIN | POLLOUT;
	return events;
}

/* --- ioctls --- */

/* Lines typed so far stay readable when canonical mode is switched on or off. */
static void change_mode(struct tty *tty, const struct abi_termios *termios)
{
	bool was_canonical = tty->termios.c_lflag & ICANON, is_canonical = termios->c_lflag & ICANON;
	u32 last = (tty->tail - 1) % TTY_BUFFER;

	if (was_canonical && !is_canonical) {
		u32 size = tty->edit_size;

		tty->edit_size = 0;
		for (u32 i = 0; i < size; i++)
			tty_put_input(tty, tty->edit[i]);
	} else if (!was_canonical && is_canonical && tty->tail != tty->head &&
	           !(tty->line_end[last / 8] >> last % 8 & 1)) {
		tty->line_end[last / 8] |= (u8)(1u << last % 8);
		tty->lines++;
	}
	tty->termios = *termios;
	wake_all(&tty->readers);
	wake_all(&tty->writers);
}

static i64 set_termios(struct tty *tty, u64 request, u64 argument)
{
	struct abi_termios termios;

	if (copy_from_user(&termios, argument, sizeof(termios)))
		return -EFAULT;
	if (request == TCSETSF)
		tty_flush_input(tty);
	if (!(termios.c_iflag & IXON))
		tty->stopped = false;
	change_mode(tty, &termios);
	return 0;
}

static i64 set_window_size(struct tty *tty, u64 argument)
{
	struct abi_winsize size;

	if (copy_from_user(&size, argument, sizeof(size)))
		return -EFAULT;
	if (memcmp(&size, &tty->winsize, sizeof(size)) && tty->pgid)
		signal_send_group(tty->pgid, SIGWINCH, NULL);
	tty->winsize = size;
	return 0;
}

static i64 set_foreground(struct tty *tty, struct process *process, u64 argument)
{
	u32 pgid;

	if (process->tty != tty || tty->sid != process->sid)
		return -ENOTTY;
	if (load_user_u32(argument, &pgid))
		return -EFAULT;
	if ((int)pgid <= 0)
		return -EINVAL;
	LIST_FOR_EACH(node, &all_processes) {
		struct process *member = LIST_ENTRY(node, struct process, all_link);

		if (member->pgid == (int)pgid && member->sid == process->sid) {
			tty->pgid = (int)pgid;
			return 0;
		}
	}
	return -EPERM;
}

static i64 take_as_controlling(struct tty *tty, struct process *process)
{
	if (process->tty == tty && tty->sid == process->sid)
		return 0;
	if (process->sid != process->pid || process->tty || tty->sid)
		return -EPERM;
	become_controlling(tty, process);
	return 0;
}

static i64 give_up_controlling(struct tty *tty, struct process *process)
{
	if (process->tty != tty)
		return -ENOTTY;
	if (process->sid == process->pid)
		tty_leave_session(process);
	process->tty = NULL;
	return 0;
}

static i64 flow(struct tty *tty, u64 action)
{
	if (action > TCION)
		return -EINVAL;
	if (action == TCOOFF || action == TCOON)
		tty->stopped = action == TCOOFF;
	wake_all(&tty->writers);
	return 0;
}

static i64 flush(struct tty *tty, u64 queue)
{
	if (queue > TCIOFLUSH)
		return -EINVAL;
	if (queue != TCOFLUSH)
		tty_flush_input(tty);
	return 0;
}

/* The requests that change the terminal: a background process is stopped first. */
static bool is_change(u64 request)
{
	return request == TCSETS || request == TCSETSW || request == TCSETSF || request == TIOCSPGRP ||
	       request == TCFLSH || request == TCXONC || request == TCSBRK || request == TCSBRKP;
}

static i64 tty_ioctl(struct file *file, struct task *task, u64 request, u64 argument)
{
	struct tty *tty = tty_of(file);
	struct process *process = task->process;
	int error = is_change(request) ? check_foreground(tty, task, SIGTTOU) : 0;

	if (error)
		return error;
	switch (request) {
	case TCGETS:
		return copy_to_user(argument, &tty->termios, sizeof(tty->termios));
	case TCSETS:
	case TCSETSW:
	case TCSETSF:
		return set_termios(tty, request, argument);
	case TIOCGWINSZ:
		return copy_to_user(argument, &tty->winsize, sizeof(tty->winsize));
	case TIOCSWINSZ:
		return set_window_size(tty, argument);
	case TIOCGPGRP:
		return process->tty != tty ? -ENOTTY : store_user_u32(argument, (u32)tty->pgid);
	case TIOCSPGRP:
		return set_foreground(tty, process, argument);
	case TIOCGSID:
		return process->tty != tty ? -ENOTTY : store_user_u32(argument, (u32)tty->sid);
	case TIOCSCTTY:
		return take_as_controlling(tty, process);
	case TIOCNOTTY:
		return give_up_controlling(tty, process);
	case FIONREAD:
		return store_user_u32(argument, tty_input_size(tty));
	case TIOCOUTQ:
		return store_user_u32(argument, 0);
	case TCXONC:
		return flow(tty, argument);
	case TCFLSH:
		return flush(tty, argument);
	case TCSBRK:
	case TCSBRKP:
	case TIOCSBRK:
	case TIOCCBRK:
		return 0; /* a line break means nothing here; output has gone out */
	case TIOCGDEV:
		return store_user_u32(argument, (u32)tty->rdev);
	default:
		return tty->ioctl ? tty->ioctl(tty, task, request, argument) : -ENOTTY;
	}
}

static i64 tty_seek(struct file *file, i64 offset, int whence)
{
	(void)file, (void)offset, (void)whence;
	return -ESPIPE;
}

const struct file_ops tty_file_ops = {
	.read = tty_read,
	.write = tty_write,
	.poll = tty_poll,
	.ioctl = tty_ioctl,
	.open = tty_open,
	.release = tty_release,
	.seek = tty_seek,
};
