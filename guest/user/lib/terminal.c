/*
 * Terminals; see terminal.h.
 */
#include "guest/user/lib/terminal.h"
#include "guest/user/lib/utf8.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define SEQUENCE_MS 50 /* the bytes of one key follow each other faster than a person types */

/* What must be put back; a signal handler can reach nothing else. */
static struct taken {
	int fd;                      /* the terminal */
	volatile sig_atomic_t taken; /* 1: it is not as we found it */
	struct termios before;       /* its modes then */
	struct termios ours;         /* and while we have it */
	const char *enter;           /* written when it is taken */
	const char *leave;           /* and when it is given back */
	void (*undo)(void);          /* what else is to be done then, or NULL */
} taken;

bool terminal_write(int fd, const char *text, unsigned long size)
{
	while (size > 0) {
		ssize_t n = write(fd, text, size);

		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n <= 0)
			return false;
		text += n;
		size -= (unsigned long)n;
	}
	return true;
}

void terminal_give_back(void)
{
	if (!taken.taken)
		return;
	taken.taken = 0;
	terminal_write(taken.fd, taken.leave, strlen(taken.leave));
	tcsetattr(taken.fd, TCSADRAIN, &taken.before);
}

void terminal_take_again(void)
{
	if (taken.taken)
		return;
	taken.taken = 1;
	tcsetattr(taken.fd, TCSADRAIN, &taken.ours);
	terminal_write(taken.fd, taken.enter, strlen(taken.enter));
}

static void on_fatal(int number)
{
	if (taken.undo)
		taken.undo();
	terminal_give_back();
	signal(number, SIG_DFL);
	raise(number);
}

void terminal_guard(void (*undo)(void))
{
	static const int fatal[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGILL, SIGABRT, SIGBUS, SIGFPE, SIGSEGV };
	struct sigaction action = { .sa_handler = on_fatal };

	taken.undo = undo;
	for (unsigned i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++)
		sigaction(fatal[i], &action, NULL);
}

bool terminal_take(int fd, bool signals, const char *enter, const char *leave)
{
	if (tcgetattr(fd, &taken.before) < 0)
		return false;
	taken.fd = fd;
	taken.enter = enter;
	taken.leave = leave;
	taken.ours = taken.before;
	taken.ours.c_iflag &= ~(tcflag_t)(ICRNL | INLCR | IGNCR | IXON | ISTRIP);
	taken.ours.c_lflag &= ~(tcflag_t)(ICANON | ECHO | IEXTEN | (signals ? 0 : ISIG));
	taken.ours.c_cc[VMIN] = 1;
	taken.ours.c_cc[VTIME] = 0;
	terminal_guard(taken.undo);
	terminal_take_again();
	return true;
}

void terminal_size(int fd, int *rows, int *columns)
{
	struct winsize size = { 0 };

	if (ioctl(fd, TIOCGWINSZ, &size) < 0)
		size = (struct winsize){ 0 };
	*rows = size.ws_row ? size.ws_row : 24;
	*columns = size.ws_col ? size.ws_col : 80;
	*rows = *rows < 2 ? 2 : *rows;
	*columns = *columns < 10 ? 10 : *columns;
}

/* Adds what there is to read; 1: something, 0: the time is over or a signal came, -1: the terminal is gone. */
static int read_more(int fd, struct terminal_input *input, int milliseconds, const sigset_t *mask)
{
	struct timespec time = { milliseconds / 1000, milliseconds % 1000 * 1000000l };
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	ssize_t n;

	if (ppoll(&ready, 1, milliseconds < 0 ? NULL : &time, mask) <= 0)
		return 0;
	n = read(fd, input->byte + input->count, input->sparing ? 1 : sizeof(input->byte) - (size_t)input->count);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return 0;
	if (n <= 0)
		return -1;
	input->count += (int)n;
	return 1;
}

static void drop(struct terminal_input *input, int count)
{
	input->count -= count;
	memmove(input->byte, input->byte + count, (size_t)input->count);
}

/* Waits until `count` bytes are there, for the rest of one key. */
static bool has(int fd, struct terminal_input *input, int count)
{
	while (input->count < count)
		if (read_more(fd, input, SEQUENCE_MS, NULL) <= 0)
			return false;
	return true;
}

/* What a sequence of ESC [ or ESC O means, by its number and its last byte. */
static int key_of(int number, int last)
{
	static const int by_number[] = { [1] = KEY_HOME,    [2] = KEY_INSERT,    [3] = KEY_DELETE, [4] = KEY_END,
		                         [5] = KEY_PAGE_UP, [6] = KEY_PAGE_DOWN, [7] = KEY_HOME,   [8] = KEY_END };

	switch (last) {
	case 'A':
		return KEY_UP;
	case 'B':
		return KEY_DOWN;
	case 'C':
		return KEY_RIGHT;
	case 'D':
		return KEY_LEFT;
	case 'H':
		return KEY_HOME;
	case 'F':
		return KEY_END;
	case '~':
		return number >= 1 && number <= 8 ? by_number[number] : KEY_OTHER;
	default:
		return KEY_OTHER;
	}
}

/* The bytes begin with ESC: a function key's sequence, or the key itself. */
static int escape_key(int fd, struct terminal_input *input)
{
	int at = 2, number = 0;

	if (!has(fd, input, 2) || (input->byte[1] != '[' && input->byte[1] != 'O') || !has(fd, input, 3)) {
		drop(input, 1);
		return KEY_ESCAPE;
	}
	if (input->byte[1] == '[' && input->byte[2] == '[') /* F1 to F5 of Linux's console */
		at = 3;
	while (has(fd, input, at + 1) && input->byte[at] >= '0' && input->byte[at] <= ';' && at < 16) {
		if (input->byte[at] <= '9' && number < 1000)
			number = number * 10 + input->byte[at] - '0';
		at++;
	}
	number = input->count > at ? key_of(number, input->byte[at]) : KEY_OTHER;
	drop(input, input->count > at ? at + 1 : input->count);
	return number;
}

int terminal_key(int fd, struct terminal_input *input, int milliseconds, const sigset_t *mask)
{
	unsigned code;
	int length, more = 1;

	if (input->count == 0)
		more = read_more(fd, input, milliseconds, mask);
	if (more <= 0)
		return more < 0 ? KEY_CLOSED : KEY_NONE;
	if (input->byte[0] == KEY_ESCAPE)
		return escape_key(fd, input);
	length = input->byte[0] >= 0xf0 ? 4 : input->byte[0] >= 0xe0 ? 3 : input->byte[0] >= 0xc0 ? 2 : 1;
	has(fd, input, length);
	code = utf8_decode((char *)input->byte, (size_t)input->count, &length);
	if (code == UTF8_INVALID)
		code = KEY_BYTE + input->byte[0];
	drop(input, length);
	return (int)code;
}
