/*
 * Waiting for the host: everything outside the guest that can become readable (console, debugger, network) stands in
 * one set, which the run loop looks at now and then, or sleeps on while the guest has nothing to do.
 *
 * Before each look every watcher says which descriptors it is after and how long the sleep may be; after it each is
 * called to see what came. Signals end a sleep, also those that come on the way into it.
 */
#ifndef RVEMU_EMU_HOST_IO_H
#define RVEMU_EMU_HOST_IO_H

#include <signal.h>

#include "emu/base/base.h"

#define HOST_IO_FOREVER UINT64_MAX

struct host_io;

/* Somebody who waits for the host. */
struct host_watcher {
	void (*before)(void *arg, struct host_io *io); /* calls host_io_want() and host_io_wake_in() as it needs */
	void (*after)(void *arg, struct host_io *io);  /* asks host_io_got() and acts */
	void *arg;                                     /* what they are given */
};

struct host_io *host_io_create(void);
void host_io_destroy(struct host_io *io);

/* Adds a watcher; the struct must live until it is removed. Not from within before() or after(). */
void host_io_add(struct host_io *io, const struct host_watcher *watcher);
void host_io_remove(struct host_io *io, const struct host_watcher *watcher);

/* In before(): look at fd for `events` (poll(2)'s). Returns a ticket for host_io_got(). */
u32 host_io_want(struct host_io *io, int fd, short events);

/* In before(): do not sleep for longer than this. */
void host_io_wake_in(struct host_io *io, u64 ns);

/* In after(): what came for that ticket, as poll(2) says it; 0 nothing. */
short host_io_got(const struct host_io *io, u32 ticket);

/* Looks once; sleeps for at most wait_ns of host time (0: not at all) until something comes. */
void host_io_poll(struct host_io *io, u64 wait_ns);

/*
 * Holds back the signals that ask a program to end, so that one that comes between a look whether one came and the
 * sleep ends the sleep: ppoll() with `before` as its mask. Then give `before` to sigprocmask(SIG_SETMASK).
 */
void host_hold_signals(sigset_t *before);

/* The host's monotonic clock, nanoseconds. */
u64 host_now_ns(void);

#endif
