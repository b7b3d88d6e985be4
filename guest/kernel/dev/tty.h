/*
 * Terminals: line discipline, termios, job control. The serial line, the virtual terminals of the screen and the
 * pseudo-terminals are the three kinds: they differ only in where output goes.
 *
 * tty.c is what files and ioctls do, line_discipline.c what becomes of a byte, pty.c the far end of a pseudo-terminal,
 * screen/vt.c of a virtual one.
 */
#ifndef GUEST_KERNEL_DEV_TTY_H
#define GUEST_KERNEL_DEV_TTY_H

#include "guest/abi/termios.h"
#include "guest/kernel/fs/vfs.h"

#define TTY_BUFFER 4096

struct tty {
	u32 refs;      /* open files */
	char name[16]; /* "console", "tty1", "pts/0" */
	u64 rdev;
	struct abi_termios termios;
	struct abi_winsize winsize;
	int pgid, sid;               /* foreground group and session; 0: none */
	u8 input[TTY_BUFFER];        /* ring of bytes ready to be read: input[at % TTY_BUFFER], head <= at < tail */
	u8 line_end[TTY_BUFFER / 8]; /* bit at: a line ends with that byte (a delimiter, or VEOF, which is not read) */
	u32 head, tail;              /* free-running */
	u32 lines;                   /* line ends in it */
	u8 edit[TTY_BUFFER];         /* the line being typed, in canonical mode */
	u32 edit_size;
	bool literal_next; /* VLNEXT came before */
	u32 column;        /* of the cursor, for tabs */
	u32 edit_column;   /* where the line being typed began */
	bool stopped;      /* VSTOP came */
	bool hung_up;      /* the far end is gone */
	struct wait_queue readers, writers;
	u64 (*room)(struct tty *tty);                              /* how many bytes output() would take now */
	void (*output)(struct tty *tty, const u8 *data, u64 size); /* at most room() */
	void (*flush)(struct tty *tty); /* some output is complete: time to show it; may be NULL */
	/* Requests that only this kind knows (-ENOTTY: it does not); may be NULL. May sleep. */
	i64 (*ioctl)(struct tty *tty, struct task *task, u64 request, u64 argument);
	void *private; /* pty.c's */
};

/* --- tty.c --- */
/* Of /dev/console, /dev/ttyS0, /dev/tty, /dev/ttyN and /dev/pts/N; which one the open file is for says its inode's
 * rdev. */
extern const struct file_ops tty_file_ops;

/* Registers /dev/console, /dev/ttyS0, /dev/tty, /dev/ptmx and, where there is a screen, /dev/tty0 to tty6. The console
 * is tty1 then; else, or with console=ttyS0 on the command line, the serial line. */
void tty_init(void);
/* Usual settings: cooked, echo, CR and NL as terminals want them, 80x24. */
void tty_setup(struct tty *tty, const char *name, u64 rdev);
/* SIGHUP and SIGCONT to the session; reads give 0 and writes -EIO from now on. */
void tty_hang_up(struct tty *tty);
/* A session's leader ends: SIGHUP to the foreground group; the terminal is free again. */
void tty_leave_session(struct process *leader);
/* No process has it as its controlling terminal any more: before it is freed. */
void tty_forget(struct tty *tty);

/* --- line_discipline.c --- */
/* A byte from the keyboard (or the pty's master): editing, echo, signals. Does not sleep. */
void tty_receive(struct tty *tty, u8 byte);
/* Whether read() would return now. */
bool tty_is_readable(const struct tty *tty);
/* Takes up to size bytes out of the input, in canonical mode no more than one line; *line_done: its end was reached. */
u64 tty_take_input(struct tty *tty, u8 *to, u64 size, bool *line_done);
/* Bytes that FIONREAD tells. */
u32 tty_input_size(const struct tty *tty);
void tty_flush_input(struct tty *tty);
/* Appends a byte that ends no line to the input; it is dropped if there is no room. */
void tty_put_input(struct tty *tty, u8 byte);
/* Puts one byte of a program's output into `to` as OPOST wants it (1..8 bytes; 0: nothing); keeps the column. */
unsigned tty_process_output(struct tty *tty, u8 byte, u8 to[8]);

/* --- pty.c --- */
/* /dev/ptmx's operations: opening makes a pair. */
extern const struct file_ops pty_master_file_ops;
/* The slave of this number, or NULL. */
struct tty *pty_slave(u32 number);
/* The last open file of a slave is gone. */
void pty_slave_closed(struct tty *tty);
bool pty_is_locked(const struct tty *tty);

#endif
