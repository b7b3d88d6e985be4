/*
 * The host's side of the serial console: standard input and output, the terminal's raw mode, and the keys behind
 * Ctrl-A.
 *
 * Output is held back and written when the run loop says so. Input is taken only when it asks, so that what the guest
 * gets depends on guest time. The terminal belongs to the process, so a process has at most one console at a time; it
 * gets its settings back on every way out, also by a signal.
 */
#ifndef RVEMU_EMU_CONSOLE_H
#define RVEMU_EMU_CONSOLE_H

#include "devices/byte_sink.h"
#include "emu/host_io.h"

/* What the user wants besides typing. */
enum console_wish {
	CONSOLE_NOTHING,
	CONSOLE_QUIT,    /* Ctrl-A x, or a signal that asks us to end */
	CONSOLE_MONITOR, /* Ctrl-A c */
};

struct console;

/* Takes the terminal, if standard input is one and we are in the foreground. `elsewhere`: standard input and output are
 * somebody else's (the text interface): what the guest writes is dropped, and input comes by console_type() alone. */
struct console *console_create(bool elsewhere);

/* Writes out what is held back and gives the terminal back. */
void console_destroy(struct console *c);

/* True if a person sits there: standard input is a terminal. */
bool console_is_interactive(const struct console *c);

/* Where the guest's output goes. */
struct byte_sink console_sink(struct console *c);
void console_flush(struct console *c);

/* True while bytes may still come: standard input has not ended. */
bool console_can_read(const struct console *c);

/* Reads standard input when there is something, from within host_io_poll(). At most once. */
void console_watch(struct console *c, struct host_io *io);

/* Looks through what was read, up to the next wish, and returns that: ask until it is CONSOLE_NOTHING. */
enum console_wish console_wish(struct console *c);

/* The signal that asked us to end, or 0. */
int console_signal(const struct console *c);

/* Bytes typed somewhere else (a window), for the guest. What the ring has no room for waits; where 16 MiB wait already
 * they are lost. */
void console_type(struct console *c, const u8 *bytes, size_t size);

/* How many bytes wait for the guest, and the next one of them. */
u32 console_pending(const struct console *c);
u8 console_take(struct console *c);

/* Reads a line for the monitor, without its end; waits for it. False: standard input has ended, or we are asked to end.
 */
bool console_read_line(struct console *c, char *line, size_t size) must_check;

/* True while console_read_line() would have to wait. */
bool console_must_wait(const struct console *c);

/* Gives the terminal its normal mode for as long as the monitor is open, and takes it again. */
void console_suspend(struct console *c);
void console_resume(struct console *c);

#endif
