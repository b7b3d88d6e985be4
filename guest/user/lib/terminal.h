/*
 * A terminal for programs that use the whole of it: key by key, without echo, and always given back as it was, also
 * when a signal ends the program. Sequences are those of a vt100, which the serial console's terminal, xterm and the
 * kernel's screen console all understand.
 */
#ifndef GUEST_USER_LIB_TERMINAL_H
#define GUEST_USER_LIB_TERMINAL_H

#include <signal.h>
#include <stdbool.h>

/* Keys that are no character; characters are their code points. */
enum terminal_key {
	KEY_NONE = -1,       /* the time is over, or a signal came */
	KEY_CLOSED = -2,     /* the terminal is gone */
	KEY_BYTE = 0x200000, /* + a byte that is no UTF-8 */
	KEY_UP = 0x110000,
	KEY_DOWN,
	KEY_LEFT,
	KEY_RIGHT,
	KEY_HOME,
	KEY_END,
	KEY_PAGE_UP,
	KEY_PAGE_DOWN,
	KEY_INSERT,
	KEY_DELETE,
	KEY_OTHER /* a sequence that nobody here uses */
};

#define KEY_ESCAPE 27
#define CONTROL(c) ((c)&31)

/* Bytes read and not yet asked for. */
struct terminal_input {
	unsigned char byte[64]; /* the first `count` are valid */
	int count;
	bool sparing; /* no byte is taken before it is needed: what follows may be for another program */
};

/* Takes the terminal of descriptor `fd` and writes `enter`; false if it is none. From now on a signal that ends the
 * program first writes `leave` and gives the terminal back. Both texts must stay. `signals`: Ctrl-C and Ctrl-Z still
 * make them.
 */
bool terminal_take(int fd, bool signals, const char *enter, const char *leave);
/* A signal that ends the program first calls `undo` (NULL: nothing more) and gives the terminal back, taken or not. */
void terminal_guard(void (*undo)(void));
/* Gives it back, at any time; and takes it again, the same way. */
void terminal_give_back(void);
void terminal_take_again(void);
/* Rows and columns, never less than 2 and 10; 24 and 80 if nobody knows. */
void terminal_size(int fd, int *rows, int *columns);
/* The next key; waits `milliseconds` (negative: forever). While it waits the signals are those of `mask` (NULL: as they
 * are).
 */
int terminal_key(int fd, struct terminal_input *input, int milliseconds, const sigset_t *mask);
/* Writes all of it, whatever signals come; false when the terminal is gone. */
bool terminal_write(int fd, const char *text, unsigned long size);

#endif
