/*
 * The stub's connection: a socket that listens, the one debugger that has connected, and the bytes between. See
 * emu/gdbstub.h; what the bytes mean begins in emu/gdbstub_packet.c.
 *
 * Nothing here blocks. What the debugger does not read is kept, and while there is much of it nothing more is read from
 * it, so that a debugger which only asks cannot fill memory.
 */
#include "emu/gdbstub.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "emu/gdbstub_internal.h"

/* With so much unsent, the debugger is not listened to. */
#define OUT_ENOUGH (4 * GDB_PACKET_MAX)
#define READ_AT_ONCE 16384

struct hart *gdb_hart(struct gdbstub *g)
{
	struct machine *m = g->control->machine;

	return m ? m->harts[g->hart_g < m->hart_count ? g->hart_g : 0] : NULL;
}

/* --- sessions --- */

void gdb_session_begin(struct gdbstub *g)
{
	g->in_session = true;
	g->framing = GDB_BETWEEN;
	g->no_ack = g->awaiting = g->hwbreak = g->swbreak = g->physical = false;
	g->hart_g = g->hart_c = 0;
	g->held = 0;
	g->out.size = g->last.size = g->reply.size = g->xml.size = 0;
	memset(g->stops, 0, sizeof(g->stops));
	gdb_points_clear(g);
	g->control->on_pause = gdb_on_pause;
	g->control->on_pause_arg = g;
	if (!g->control->paused)
		control_pause(g->control, PAUSE_ASKED, 0);
}

void gdb_session_end(struct gdbstub *g)
{
	g->in_session = g->awaiting = false;
	g->control->on_pause = NULL;
	gdb_release(g);
	gdb_points_clear(g);
	gdb_points_apply(g);
	control_continue(g->control);
}

/* --- the debugger's socket --- */

static void set_flags(int fd)
{
	fcntl(fd, F_SETFL, O_NONBLOCK);
	fcntl(fd, F_SETFD, FD_CLOEXEC);
}

void gdb_flush(struct gdbstub *g)
{
	size_t sent = 0;

	while (g->client >= 0 && sent < g->out.size) {
		ssize_t n = send(g->client, g->out.bytes + sent, g->out.size - sent, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			break;
		sent += n > 0 ? (size_t)n : 0;
	}
	if (sent) {
		g->out.size -= sent;
		memmove(g->out.bytes, g->out.bytes + sent, g->out.size);
	}
}

static void disconnect(struct gdbstub *g)
{
	close(g->client);
	g->client = -1;
	if (g->in_session)
		gdb_session_end(g);
}

void gdbstub_attach(struct gdbstub *g, int fd)
{
	BUG_ON(g->client >= 0);
	set_flags(fd);
	g->client = fd;
	gdb_session_begin(g);
}

bool gdbstub_is_attached(const struct gdbstub *g)
{
	return g->client >= 0;
}

static void accept_debugger(struct gdbstub *g)
{
	int one = 1, fd = accept(g->listener, NULL, NULL);

	if (fd < 0)
		return;
	/* Packets are small, and each waits for the answer to the one before. Means nothing to a Unix socket. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	gdbstub_attach(g, fd);
}

/* False: the line is dead. */
static bool listen_to_debugger(struct gdbstub *g)
{
	u8 bytes[READ_AT_ONCE];
	ssize_t n = recv(g->client, bytes, sizeof(bytes), 0);

	if (n <= 0)
		return n < 0 && (errno == EAGAIN || errno == EINTR);
	gdb_feed(g, bytes, (size_t)n);
	return true;
}

/* --- as a watcher of the host --- */

static void before(void *stub, struct host_io *io)
{
	struct gdbstub *g = stub;
	short events = g->out.size < OUT_ENOUGH ? POLLIN : 0;

	if (g->client >= 0)
		g->ticket = host_io_want(io, g->client, (short)(events | (g->out.size ? POLLOUT : 0)));
	else if (g->listener >= 0)
		g->ticket = host_io_want(io, g->listener, POLLIN);
}

static void after(void *stub, struct host_io *io)
{
	struct gdbstub *g = stub;
	short got;

	if (g->client < 0 && g->listener < 0)
		return;
	got = host_io_got(io, g->ticket);
	if (g->client < 0) {
		if (got & POLLIN)
			accept_debugger(g);
		return;
	}
	if (got & (POLLIN | POLLHUP | POLLERR) && !listen_to_debugger(g)) {
		disconnect(g);
		return;
	}
	gdb_flush(g);
}

/* --- listening --- */

/* Why an address could not be had, and what to do. */
static const char *reason(int number)
{
	return number == EADDRINUSE ? "it is in use: choose another one" : strerror(number);
}

static bool listen_unix(struct gdbstub *g, const char *path, struct error *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct stat what;

	if (path[0] == '\0' || strlen(path) >= sizeof(address.sun_path))
		return error_set(err, "--gdb unix:%s: the path must have 1 to %zu characters", path,
		                 sizeof(address.sun_path) - 1);
	memcpy(address.sun_path, path, strlen(path) + 1);
	g->listener = socket(AF_UNIX, SOCK_STREAM, 0);
	/* A socket that nobody serves any more is in the way; one that somebody serves is not ours. */
	if (g->listener >= 0 && stat(path, &what) == 0 && S_ISSOCK(what.st_mode)) {
		if (connect(g->listener, (struct sockaddr *)&address, sizeof(address)) == 0)
			return error_set(err, "--gdb unix:%s: somebody is using it", path);
		unlink(path);
	}
	if (g->listener < 0 || bind(g->listener, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(g->listener, 1) < 0)
		return error_set(err, "--gdb unix:%s: %s", path, reason(errno));
	g->path = xstrdup(path);
	return true;
}

/* Tries the addresses of a host until one can be listened at. False: errno says why the last one could not. */
static bool listen_at(struct gdbstub *g, const struct addrinfo *list)
{
	for (const struct addrinfo *a = list; a; a = a->ai_next) {
		int one = 1, why;

		g->listener = socket(a->ai_family, a->ai_socktype, a->ai_protocol);
		if (g->listener < 0)
			continue;
		(void)setsockopt(g->listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
		if (bind(g->listener, a->ai_addr, a->ai_addrlen) == 0 && listen(g->listener, 1) == 0)
			return true;
		why = errno;
		close(g->listener);
		g->listener = -1;
		errno = why;
	}
	return false;
}

/* HOST:PORT, with brackets around an IPv6 address, or without a host. */
static bool listen_tcp(struct gdbstub *g, const char *where, struct error *err)
{
	struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE };
	struct addrinfo *list;
	const char *colon = strrchr(where, ':'), *name = where;
	char host[256];
	size_t length = colon ? (size_t)(colon - where) : 0;
	bool good;
	int why;

	if (!colon || colon[1] == '\0' || strspn(colon + 1, "0123456789") != strlen(colon + 1) ||
	    strlen(colon + 1) > 5 || atoi(colon + 1) > 65535 || length >= sizeof(host))
		return error_set(err, "--gdb tcp:%s: write it as tcp::PORT or tcp:HOST:PORT", where);
	if (length > 1 && name[0] == '[' && name[length - 1] == ']') {
		name++;
		length -= 2;
	}
	memcpy(host, name, length);
	host[length] = '\0';
	why = getaddrinfo(length ? host : "127.0.0.1", colon + 1, &hints, &list);
	if (why != 0)
		return error_set(err, "--gdb tcp:%s: %s", where, gai_strerror(why));
	good = listen_at(g, list);
	freeaddrinfo(list);
	return good || error_set(err, "--gdb tcp:%s: %s", where, reason(errno));
}

struct gdbstub *gdb_new(struct control *control, struct host_io *io, const struct gdbstub_hooks *hooks)
{
	struct gdbstub *g = xcalloc(1, sizeof(*g));

	g->control = control;
	g->io = io;
	if (hooks)
		g->hooks = *hooks;
	g->listener = g->client = -1;
	g->watcher = (struct host_watcher){ .before = before, .after = after, .arg = g };
	if (io)
		host_io_add(io, &g->watcher);
	gdb_points_clear(g);
	return g;
}

struct gdbstub *gdbstub_create(const char *address, struct control *control, struct host_io *io,
                               const struct gdbstub_hooks *hooks, struct error *err)
{
	struct gdbstub *g = gdb_new(control, io, hooks);
	bool good;

	if (strncmp(address, "tcp:", 4) == 0)
		good = listen_tcp(g, address + 4, err);
	else if (strncmp(address, "unix:", 5) == 0)
		good = listen_unix(g, address + 5, err);
	else
		good = error_set(err, "--gdb %s: write it as tcp::PORT, tcp:HOST:PORT or unix:PATH", address);
	if (!good) {
		gdbstub_destroy(g);
		return NULL;
	}
	set_flags(g->listener);
	return g;
}

void gdbstub_exited(struct gdbstub *g, u32 status)
{
	if (!g || !g->awaiting)
		return;
	g->awaiting = false;
	gdb_put(g, "W%02x", status & 0xff);
	gdb_send(g);
	gdb_flush(g);
}

void gdbstub_destroy(struct gdbstub *g)
{
	if (!g)
		return;
	if (g->client >= 0)
		disconnect(g);
	if (g->listener >= 0)
		close(g->listener);
	if (g->path)
		unlink(g->path);
	if (g->io)
		host_io_remove(g->io, &g->watcher);
	gdb_buffer_free(&g->reply);
	gdb_buffer_free(&g->last);
	gdb_buffer_free(&g->out);
	gdb_buffer_free(&g->xml);
	free(g->path);
	free(g);
}
