/*
 * libslirp behind the card: see net_user.h.
 *
 * libslirp does no waiting of its own. Before each look at the host it names its sockets, after it hears what came and
 * then sends frames; a frame of the guest may make it send some at once. All of it happens in the one thread of the
 * run loop, so nothing here is locked.
 *
 * What a guest sends is untrusted, and goes through emu/net_guard.c.
 */
#include "emu/net_user.h"

#include <errno.h>
#include <poll.h>
#include <slirp/libslirp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "emu/net_guard.h"

#define NS_PER_MS 1000000ull

/* A frame that waits for the guest. */
struct frame {
	u32 size;  /* bytes */
	u8 data[]; /* those */
};

/* One of libslirp's timers. */
struct net_timer {
	struct net_timer *next; /* in net_user.timers */
	SlirpTimerCb fire;      /* what to call */
	void *arg;              /* with what */
	u64 when_ns;            /* host time it fires at; HOST_IO_FOREVER while not armed */
};

struct net_user {
	Slirp *slirp;                                          /* the network */
	struct host_io *io;                                    /* where its sockets are waited for */
	struct host_watcher watcher;                           /* how */
	struct net_timer *timers;                              /* libslirp's */
	void (*deliver)(void *arg, const u8 *frame, u32 size); /* the card; NULL: none */
	bool (*can_deliver)(void *arg);                        /* has it room? */
	void *card;                                            /* what both are given */
	struct frame *queue[NET_QUEUE_MAX];                    /* frames that wait, a ring */
	u32 queue_first;                                       /* index of the oldest */
	u32 queue_count;                                       /* how many */
	struct net_guard guard;                                /* what the guest's frames go through */
	u16 host_ports[NET_FORWARDS_MAX];                      /* where the forwards listen */
};

/* --- from libslirp to the guest --- */

static void drop_queue(struct net_user *net)
{
	for (; net->queue_count > 0; net->queue_count--) {
		free(net->queue[net->queue_first]);
		net->queue_first = (net->queue_first + 1) % NET_QUEUE_MAX;
	}
}

/* The guest may have room again. */
static void deliver_queue(void *arg)
{
	struct net_user *net = arg;
	while (net->queue_count > 0 && net->deliver && net->can_deliver(net->card)) {
		struct frame *frame = net->queue[net->queue_first];
		net->queue_first = (net->queue_first + 1) % NET_QUEUE_MAX;
		net->queue_count--;
		net->deliver(net->card, frame->data, frame->size);
		free(frame);
	}
}

static ssize_t on_packet(const void *bytes, size_t size, void *arg)
{
	struct net_user *net = arg;
	if (!net->deliver || size < NET_FRAME_MIN || size > NET_FRAME_MAX)
		return (ssize_t)size;
	if (net->queue_count == 0 && net->can_deliver(net->card)) {
		net->deliver(net->card, bytes, (u32)size);
		return (ssize_t)size;
	}
	if (net->queue_count == NET_QUEUE_MAX)
		return (ssize_t)size; /* lost, as on a wire */
	struct frame *frame = xcalloc(1, sizeof(*frame) + size);
	frame->size = (u32)size;
	memcpy(frame->data, bytes, size);
	net->queue[(net->queue_first + net->queue_count) % NET_QUEUE_MAX] = frame;
	net->queue_count++;
	return (ssize_t)size;
}

/* --- from the guest to libslirp --- */

static void send_frame(void *arg, const u8 *frame, u32 size)
{
	struct net_user *net = arg;
	const u8 *passed = net_guard_pass(&net->guard, frame, &size);
	if (passed)
		slirp_input(net->slirp, passed, (int)size);
}

/* --- libslirp's clock and timers --- */

static int64_t on_clock(void *arg)
{
	(void)arg;
	return (int64_t)host_now_ns();
}

static void *on_timer_new(SlirpTimerCb fire, void *timer_arg, void *arg)
{
	struct net_user *net = arg;
	struct net_timer *timer = xcalloc(1, sizeof(*timer));
	*timer = (struct net_timer){ .next = net->timers, .fire = fire, .arg = timer_arg, .when_ns = HOST_IO_FOREVER };
	net->timers = timer;
	return timer;
}

static void on_timer_free(void *which, void *arg)
{
	struct net_user *net = arg;
	struct net_timer **at = &net->timers;
	while (*at && *at != which)
		at = &(*at)->next;
	if (*at)
		*at = (*at)->next;
	free(which);
}

static void on_timer_mod(void *which, int64_t when_ms, void *arg)
{
	struct net_timer *timer = which;
	(void)arg;
	timer->when_ns = when_ms < 0 ? 0 : (u64)when_ms * NS_PER_MS;
}

static void fire_timers(struct net_user *net)
{
	u64 now_ns = host_now_ns();
	for (struct net_timer *timer = net->timers; timer; timer = timer->next) {
		if (timer->when_ns > now_ns)
			continue;
		timer->when_ns = HOST_IO_FOREVER;
		timer->fire(timer->arg);
	}
}

/* --- waiting for the host --- */

static int on_add_poll(int fd, int events, void *arg)
{
	static const short poll_events[] = { POLLIN, POLLOUT, POLLPRI, POLLERR, POLLHUP };
	struct net_user *net = arg;
	short wanted = 0;
	for (u32 i = 0; i < ARRAY_SIZE(poll_events); i++)
		if ((events & (int)BIT(i)) != 0)
			wanted = (short)(wanted | poll_events[i]);
	return (int)host_io_want(net->io, fd, wanted);
}

static int on_get_revents(int ticket, void *arg)
{
	struct net_user *net = arg;
	short got = host_io_got(net->io, (u32)ticket);
	return ((got & POLLIN) ? SLIRP_POLL_IN : 0) | ((got & POLLOUT) ? SLIRP_POLL_OUT : 0) |
	       ((got & POLLPRI) ? SLIRP_POLL_PRI : 0) | ((got & (POLLERR | POLLNVAL)) ? SLIRP_POLL_ERR : 0) |
	       ((got & POLLHUP) ? SLIRP_POLL_HUP : 0);
}

_Static_assert(SLIRP_POLL_IN == 1 && SLIRP_POLL_OUT == 2 && SLIRP_POLL_PRI == 4 && SLIRP_POLL_ERR == 8 &&
                       SLIRP_POLL_HUP == 16,
               "the order of poll_events[]");

static void before_look(void *arg, struct host_io *io)
{
	struct net_user *net = arg;
	u32 wait_ms = UINT32_MAX;
	slirp_pollfds_fill(net->slirp, &wait_ms, on_add_poll, net);
	if (wait_ms != UINT32_MAX)
		host_io_wake_in(io, wait_ms * NS_PER_MS);
	u64 now_ns = host_now_ns();
	for (const struct net_timer *timer = net->timers; timer; timer = timer->next)
		if (timer->when_ns != HOST_IO_FOREVER)
			host_io_wake_in(io, timer->when_ns > now_ns ? timer->when_ns - now_ns : 0);
}

static void after_look(void *arg, struct host_io *io)
{
	struct net_user *net = arg;
	(void)io;
	slirp_pollfds_poll(net->slirp, 0, on_get_revents, net);
	fire_timers(net);
}

/* --- what libslirp tells that is of no use here --- */

static void on_guest_error(const char *message, void *arg)
{
	(void)message;
	(void)arg;
}

static void on_fd(int fd, void *arg)
{
	(void)fd;
	(void)arg;
}

/* There is more to wait for: it is asked before each look anyway. */
static void on_notify(void *arg)
{
	(void)arg;
}

static const SlirpCb CALLBACKS = {
	.send_packet = on_packet,
	.guest_error = on_guest_error,
	.clock_get_ns = on_clock,
	.timer_new = on_timer_new,
	.timer_free = on_timer_free,
	.timer_mod = on_timer_mod,
	.register_poll_fd = on_fd,
	.unregister_poll_fd = on_fd,
	.notify = on_notify,
};

/* --- making it --- */

static struct in_addr ipv4(u32 address)
{
	return (struct in_addr){ .s_addr = htonl(address) };
}

static struct in6_addr ipv6(u8 host)
{
	struct in6_addr address = { .s6_addr = { 0xfe, 0xc0 } };
	address.s6_addr[15] = host;
	return address;
}

static Slirp *start(struct net_user *net, bool restricted)
{
	SlirpConfig config = {
		.version = 4,
		.restricted = restricted,
		.in_enabled = true,
		.vnetwork = ipv4(0x0a000200),
		.vnetmask = ipv4(0xffffff00),
		.vhost = ipv4(0x0a000202),
		.vdhcp_start = ipv4(0x0a00020f),
		.vnameserver = ipv4(0x0a000203),
		.in6_enabled = true,
		.vprefix_addr6 = ipv6(0),
		.vprefix_len = 64,
		.vhost6 = ipv6(2),
		.vnameserver6 = ipv6(3),
	};
	return slirp_new(&config, &CALLBACKS, net);
}

/* A port that is free at that address, for libslirp does not tell which one it got. 0: there is none, errno says why.
 */
static u16 free_port(bool udp, u32 host_addr)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = ipv4(host_addr) };
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, (udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return 0;
	bool found = bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
	             getsockname(fd, (struct sockaddr *)&address, &size) == 0;
	int error = errno;
	close(fd);
	errno = error;
	return found ? ntohs(address.sin_port) : 0;
}

static bool add_forward(struct net_user *net, u32 index, const struct net_forward *forward, struct error *err)
{
	const char *protocol = forward->udp ? "udp" : "tcp";
	struct in_addr host = ipv4(forward->host_addr);
	char text[INET_ADDRSTRLEN];
	inet_ntop(AF_INET, &host, text, sizeof(text));
	u16 port = forward->host_port ? forward->host_port : free_port(forward->udp, forward->host_addr);
	net->host_ports[index] = port;
	if (port == 0 ||
	    slirp_add_hostfwd(net->slirp, forward->udp, host, port, ipv4(forward->guest_addr), forward->guest_port) < 0)
		return error_set(err, "hostfwd=%s: cannot listen on %s:%u for the guest's port %u: %s", protocol, text,
		                 port, forward->guest_port, strerror(errno));
	if (forward->host_port == 0)
		log_warn("%s port %u of %s leads to port %u of the guest", protocol, port, text, forward->guest_port);
	return true;
}

struct net_user *net_user_create(const struct net_config *config, struct host_io *io, struct error *err)
{
	BUG_ON(config->forward_count > NET_FORWARDS_MAX);
	struct net_user *net = xcalloc(1, sizeof(*net));
	net->io = io;
	net->watcher = (struct host_watcher){ .before = before_look, .after = after_look, .arg = net };
	net->slirp = start(net, config->restricted);
	if (!net->slirp) {
		error_set(err, "the user network does not start: libslirp refuses");
		free(net);
		return NULL;
	}
	host_io_add(io, &net->watcher);
	for (u32 i = 0; i < config->forward_count; i++) {
		if (!add_forward(net, i, &config->forwards[i], err)) {
			net_user_destroy(net);
			return NULL;
		}
	}
	return net;
}

void net_user_destroy(struct net_user *net)
{
	if (!net)
		return;
	net->deliver = NULL;
	host_io_remove(net->io, &net->watcher);
	slirp_cleanup(net->slirp);
	while (net->timers)
		on_timer_free(net->timers, net);
	drop_queue(net);
	free(net);
}

u16 net_user_host_port(const struct net_user *net, u32 index)
{
	BUG_ON(index >= NET_FORWARDS_MAX);
	return net->host_ports[index];
}

void net_user_attach(struct net_user *net, void (*deliver)(void *arg, const u8 *frame, u32 size),
                     bool (*can_deliver)(void *arg), void *arg)
{
	drop_queue(net);
	net->deliver = deliver;
	net->can_deliver = can_deliver;
	net->card = arg;
}

struct net_port net_user_port(struct net_user *net)
{
	return (struct net_port){ .send = send_frame, .room = deliver_queue, .arg = net };
}
