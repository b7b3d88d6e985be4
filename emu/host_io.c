/*
 * One poll(2) for all who wait: see host_io.h.
 */
#include "emu/host_io.h"

#include <poll.h>
#include <stdlib.h>
#include <time.h>

#define WATCHERS_MAX 8

struct host_io {
	const struct host_watcher *watchers[WATCHERS_MAX]; /* who waits */
	u32 watcher_count;                                 /* how many */
	struct pollfd *fds;                                /* what this look is after; tickets are indexes */
	u32 fd_count;                                      /* how many */
	u32 fd_room;                                       /* room in `fds` */
	u64 wait_ns;                                       /* how long this look may take */
};

struct host_io *host_io_create(void)
{
	return xcalloc(1, sizeof(struct host_io));
}

void host_io_destroy(struct host_io *io)
{
	if (!io)
		return;
	free(io->fds);
	free(io);
}

void host_io_add(struct host_io *io, const struct host_watcher *watcher)
{
	BUG_ON(io->watcher_count == WATCHERS_MAX);
	io->watchers[io->watcher_count++] = watcher;
}

void host_io_remove(struct host_io *io, const struct host_watcher *watcher)
{
	u32 kept = 0;
	for (u32 i = 0; i < io->watcher_count; i++)
		if (io->watchers[i] != watcher)
			io->watchers[kept++] = io->watchers[i];
	io->watcher_count = kept;
}

u32 host_io_want(struct host_io *io, int fd, short events)
{
	if (io->fd_count == io->fd_room) {
		io->fd_room = io->fd_room ? 2 * io->fd_room : 8;
		io->fds = xrealloc(io->fds, io->fd_room * sizeof(*io->fds));
	}
	io->fds[io->fd_count] = (struct pollfd){ .fd = fd, .events = events };
	return io->fd_count++;
}

void host_io_wake_in(struct host_io *io, u64 ns)
{
	if (ns < io->wait_ns)
		io->wait_ns = ns;
}

short host_io_got(const struct host_io *io, u32 ticket)
{
	return io->fds[ticket].revents;
}

void host_io_poll(struct host_io *io, u64 wait_ns)
{
	sigset_t mask;
	io->fd_count = 0;
	io->wait_ns = wait_ns;
	host_hold_signals(&mask);
	for (u32 i = 0; i < io->watcher_count; i++)
		io->watchers[i]->before(io->watchers[i]->arg, io);
	struct timespec wait = { .tv_sec = (time_t)(io->wait_ns / 1000000000),
		                 .tv_nsec = (long)(io->wait_ns % 1000000000) };
	if (ppoll(io->fds, io->fd_count, io->wait_ns == HOST_IO_FOREVER ? NULL : &wait, &mask) < 0)
		for (u32 i = 0; i < io->fd_count; i++)
			io->fds[i].revents = 0;
	sigprocmask(SIG_SETMASK, &mask, NULL);
	for (u32 i = 0; i < io->watcher_count; i++)
		io->watchers[i]->after(io->watchers[i]->arg, io);
}

void host_hold_signals(sigset_t *before)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	sigset_t held;
	sigemptyset(&held);
	for (u32 i = 0; i < ARRAY_SIZE(ends); i++)
		sigaddset(&held, ends[i]);
	sigprocmask(SIG_BLOCK, &held, before);
}

u64 host_now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (u64)t.tv_sec * 1000000000 + (u64)t.tv_nsec;
}
