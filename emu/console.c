/*
 * The terminal: see console.h.
 *
 * The one piece of mutable global state in rvemu is here, because signal handlers are given nothing: the settings that
 * the terminal had, and whether it has to get them back. Handlers do only what POSIX allows them.
 */
#include "emu/console.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define OUT_SIZE 4096
#define IN_SIZE 4096         /* a power of two */
#define TYPED_MAX (16 * MIB) /* bytes typed elsewhere that wait */
#define CTRL_A 0x01
#define NO_TICKET UINT32_MAX

struct console {
	bool interactive;   /* standard input is a terminal that is ours */
	bool ended;         /* standard input has ended */
	bool escape;        /* the last byte was Ctrl-A */
	bool out_broken;    /* nobody reads our output */
	u32 out_count;      /* bytes held back */
	u32 in_start;       /* first byte that waits */
	u32 in_count;       /* how many wait */
	u8 out[OUT_SIZE];   /* output held back */
	u32 unread_start;   /* first byte of `unread` that nobody has looked at */
	u32 unread_count;   /* how many */
	u8 in[IN_SIZE];     /* input that the guest has not taken: a ring */
	u8 unread[IN_SIZE]; /* as read from standard input */
	u8 *typed;          /* typed elsewhere, for which the ring had no room */
	size_t typed_count; /* how many */

	struct host_watcher watcher; /* how console_watch() is told of input */
	struct host_io *io;          /* by whom; NULL: not watched */
	u32 ticket;                  /* of standard input, during a look; NO_TICKET: it is not looked at */
};

/* What signal handlers need. */
static struct {
	struct termios normal;        /* the terminal's settings as we found them */
	struct termios raw;           /* ours */
	volatile sig_atomic_t is_raw; /* ours are in force */
	volatile sig_atomic_t ending; /* the signal that asked us to end */
} terminal;

static void set_normal(void)
{
	if (!terminal.is_raw)
		return;
	terminal.is_raw = 0;
	tcsetattr(STDIN_FILENO, TCSANOW, &terminal.normal);
}

static void set_raw(void)
{
	if (tcsetattr(STDIN_FILENO, TCSANOW, &terminal.raw) == 0)
		terminal.is_raw = 1;
}

/* Lets the signal do what it would have done without us. */
static void raise_default(int signal_number)
{
	sigset_t set;
	signal(signal_number, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, signal_number);
	raise(signal_number);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

/* A signal that ends the program: the first one is a wish, which the run loop grants; the second one is meant
 * seriously. */
static void on_end(int signal_number)
{
	if (!terminal.ending) {
		terminal.ending = signal_number;
		return;
	}
	set_normal();
	raise_default(signal_number);
}

static void on_crash(int signal_number)
{
	set_normal();
	raise_default(signal_number);
}

static void handle(int signal_number, void (*handler)(int));

static void on_stop(int signal_number)
{
	int saved_errno = errno;
	bool was_raw = terminal.is_raw;
	set_normal();
	raise_default(signal_number);
	/* We go on here after SIGCONT. */
	handle(signal_number, on_stop);
	if (was_raw)
		set_raw();
	errno = saved_errno;
}

/* Signals that the parent had ignored stay ignored. */
static void handle(int signal_number, void (*handler)(int))
{
	struct sigaction old, new = { .sa_handler = handler };
	sigemptyset(&new.sa_mask);
	if (sigaction(signal_number, NULL, &old) == 0 && old.sa_handler != SIG_IGN)
		sigaction(signal_number, &new, NULL);
}

static void handle_signals(void)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	static const int crashes[] = { SIGABRT, SIGSEGV, SIGBUS,  SIGFPE,  SIGILL,    SIGTRAP, SIGSYS,
		                       SIGUSR1, SIGUSR2, SIGALRM, SIGXCPU, SIGVTALRM, SIGPROF };
	for (u32 i = 0; i < ARRAY_SIZE(ends); i++)
		handle(ends[i], on_end);
	for (u32 i = 0; i < ARRAY_SIZE(crashes); i++)
		handle(crashes[i], on_crash);
	handle(SIGTSTP, on_stop);
	/* Nobody reads: write() says so, and then the run ends as if the signal had come. */
	handle(SIGPIPE, SIG_IGN);
	/* A file may not grow: write() says so, and a guest that shares a folder hears of it. */
	handle(SIGXFSZ, SIG_IGN);
}

struct console *console_create(bool elsewhere)
{
	struct console *c = xcalloc(1, sizeof(*c));
	terminal.ending = 0;
	handle_signals();
	if (elsewhere) {
		c->ended = c->out_broken = true;
		return c;
	}
	bool is_terminal = isatty(STDIN_FILENO);
	bool in_foreground = is_terminal && tcgetpgrp(STDIN_FILENO) == getpgrp();
	if (!in_foreground || tcgetattr(STDIN_FILENO, &terminal.normal) != 0) {
		/* A terminal that is not ours would stop us if we read from it. */
		c->ended = is_terminal;
		return c;
	}
	c->interactive = true;
	terminal.raw = terminal.normal;
	cfmakeraw(&terminal.raw);
	terminal.raw.c_oflag = terminal.normal.c_oflag;
	atexit(set_normal);
	set_raw();
	return c;
}

void console_destroy(struct console *c)
{
	if (!c)
		return;
	if (c->io)
		host_io_remove(c->io, &c->watcher);
	console_flush(c);
	set_normal();
	free(c->typed);
	free(c);
}

bool console_is_interactive(const struct console *c)
{
	return c->interactive;
}

void console_suspend(struct console *c)
{
	console_flush(c);
	set_normal();
}

void console_resume(struct console *c)
{
	if (c->interactive)
		set_raw();
}

int console_signal(const struct console *c)
{
	(void)c;
	return terminal.ending;
}

void console_flush(struct console *c)
{
	u32 done = 0;
	while (done < c->out_count && !c->out_broken) {
		ssize_t written = write(STDOUT_FILENO, c->out + done, c->out_count - done);
		if (written >= 0) {
			done += (u32)written;
		} else if (errno == EAGAIN) {
			struct pollfd wait = { .fd = STDOUT_FILENO, .events = POLLOUT };
			poll(&wait, 1, -1);
		} else if (errno != EINTR || terminal.ending) {
			/* Nobody reads any more; or nobody does now, and we are asked to end. */
			c->out_broken = true;
			if (errno == EPIPE && !terminal.ending)
				terminal.ending = SIGPIPE;
		}
	}
	c->out_count = 0;
}

static void put(void *console, u8 byte)
{
	struct console *c = console;
	c->out[c->out_count++] = byte;
	if (c->out_count == OUT_SIZE)
		console_flush(c);
}

struct byte_sink console_sink(struct console *c)
{
	return (struct byte_sink){ .put = put, .arg = c };
}

bool console_can_read(const struct console *c)
{
	return !c->ended;
}

u32 console_pending(const struct console *c)
{
	return c->in_count;
}

static void put_input(struct console *c, u8 byte)
{
	c->in[(c->in_start + c->in_count) % IN_SIZE] = byte;
	c->in_count++;
}

/* Moves what was typed elsewhere into the ring, as far as there is room. */
static void move_typed(struct console *c)
{
	size_t moved = 0;
	while (moved < c->typed_count && c->in_count < IN_SIZE)
		put_input(c, c->typed[moved++]);
	c->typed_count -= moved;
	memmove(c->typed, c->typed + moved, c->typed_count);
}

void console_type(struct console *c, const u8 *bytes, size_t size)
{
	/* A guest may ask a terminal for answers for ever, and read none of them. */
	if (c->typed_count + size > TYPED_MAX)
		return;
	c->typed = xrealloc(c->typed, c->typed_count + size);
	memcpy(c->typed + c->typed_count, bytes, size);
	c->typed_count += size;
	move_typed(c);
}

u8 console_take(struct console *c)
{
	BUG_ON(c->in_count == 0);
	u8 byte = c->in[c->in_start % IN_SIZE];
	c->in_start++;
	c->in_count--;
	if (c->typed_count && c->in_count < IN_SIZE / 2)
		move_typed(c);
	return byte;
}

static void print_keys(struct console *c)
{
	static const char text[] = "\r\nCtrl-A h  this help\r\nCtrl-A x  quit\r\nCtrl-A c  monitor\r\n"
				   "Ctrl-A Ctrl-A  sends Ctrl-A\r\n";
	for (u32 i = 0; i < sizeof(text) - 1; i++)
		put(c, (u8)text[i]);
	console_flush(c);
}

/* The key after Ctrl-A: a command, or nothing. */
static enum console_wish command(struct console *c, u8 key)
{
	switch (key) {
	case 'x':
		return CONSOLE_QUIT;
	case 'c':
		return CONSOLE_MONITOR;
	case 'h':
	case '?':
		print_keys(c);
		return CONSOLE_NOTHING;
	default:
		return CONSOLE_NOTHING;
	}
}

/* Standard input can be read. */
static void read_more(struct console *c)
{
	ssize_t got = read(STDIN_FILENO, c->unread, IN_SIZE);
	if (got > 0) {
		c->unread_start = 0;
		c->unread_count = (u32)got;
	} else if (got == 0 || (errno != EINTR && errno != EAGAIN)) {
		c->ended = true;
	}
}

/* Only when all that was read has been looked at: a pipe waits until then. */
static void before_look(void *console, struct host_io *io)
{
	struct console *c = console;
	bool wants = !c->ended && c->unread_count == 0;
	c->ticket = wants ? host_io_want(io, STDIN_FILENO, POLLIN) : NO_TICKET;
	if (terminal.ending || (c->unread_count && c->in_count < IN_SIZE))
		host_io_wake_in(io, 0);
}

static void after_look(void *console, struct host_io *io)
{
	struct console *c = console;
	if (c->ticket != NO_TICKET && host_io_got(io, c->ticket))
		read_more(c);
}

void console_watch(struct console *c, struct host_io *io)
{
	c->watcher = (struct host_watcher){ .before = before_look, .after = after_look, .arg = c };
	c->io = io;
	host_io_add(io, &c->watcher);
}

static u8 next_unread(struct console *c)
{
	c->unread_count--;
	return c->unread[c->unread_start++];
}

/* Sorts commands from bytes for the guest, until there is something to do. When the guest's ring is full a pipe has to
 * wait; what a person types then is lost, because Ctrl-A must still get through. */
static enum console_wish sort_unread(struct console *c)
{
	while (c->unread_count && (c->interactive || c->in_count < IN_SIZE)) {
		u8 byte = next_unread(c);
		bool was_escape = c->escape;
		c->escape = byte == CTRL_A && !was_escape;
		if (was_escape && byte != CTRL_A) {
			enum console_wish wish = command(c, byte);
			if (wish != CONSOLE_NOTHING)
				return wish;
		} else if (!c->escape && c->in_count < IN_SIZE) {
			put_input(c, byte);
		}
	}
	return CONSOLE_NOTHING;
}

enum console_wish console_wish(struct console *c)
{
	return terminal.ending ? CONSOLE_QUIT : sort_unread(c);
}

/* Sleeps until there is input, or a signal asks us to end. True: there is. */
static bool wait_for_input(void)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
	sigset_t mask;
	host_hold_signals(&mask);
	bool is_there = !terminal.ending && ppoll(&input, 1, NULL, &mask) > 0;
	sigprocmask(SIG_SETMASK, &mask, NULL);
	return is_there;
}

bool console_must_wait(const struct console *c)
{
	return c->unread_count == 0 && !c->ended && !terminal.ending;
}

bool console_read_line(struct console *c, char *line, size_t size)
{
	size_t length = 0;
	while (!terminal.ending) {
		if (c->unread_count == 0 && c->ended)
			break;
		if (c->unread_count == 0 && wait_for_input())
			read_more(c);
		if (c->unread_count == 0)
			continue;
		char byte = (char)next_unread(c);
		if (byte == '\n') {
			line[length] = '\0';
			return true;
		}
		if (byte != '\r' && length + 1 < size)
			line[length++] = byte;
	}
	return false;
}
