/*
 * The user network on a bench: a guest that makes its frames by hand on one side, sockets of the test on the host's
 * loopback on the other. Nothing else of the host's network is touched.
 */
#ifndef RVEMU_TESTS_UNIT_NET_RIG_H
#define RVEMU_TESTS_UNIT_NET_RIG_H

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "emu/net_user.h"
#include "tests/unit/net_frames.h"

#define FRAMES_MAX 512
#define LOOKS_MAX 200
#define LOOK_NS 50000000ull

struct frame {
	u32 size;      /* bytes */
	u8 data[2048]; /* their beginning */
};

struct fixture {
	struct host_io *io;              /* what waits */
	struct net_user *net;            /* under test */
	struct net_port port;            /* its side of the card */
	bool full;                       /* the guest has no room */
	struct frame frames[FRAMES_MAX]; /* what arrived */
	u32 count;                       /* how many */
	u8 out[NET_FRAME_MAX];           /* a frame being made */
};

static inline void deliver(void *arg, const u8 *frame, u32 size)
{
	struct fixture *f = arg;
	assert_false(f->full);
	assert_true(f->count < FRAMES_MAX);
	struct frame *into = &f->frames[f->count++];
	into->size = size;
	memcpy(into->data, frame, size < sizeof(into->data) ? size : sizeof(into->data));
}

static inline bool can_deliver(void *arg)
{
	const struct fixture *f = arg;
	return !f->full;
}

static inline void begin(struct fixture *f, const struct net_config *config)
{
	struct error err = { "" };
	f->net = net_user_create(config, f->io, &err);
	assert_string_equal(err.text, "");
	f->port = net_user_port(f->net);
	net_user_attach(f->net, deliver, can_deliver, f);
}

static inline int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	f->io = host_io_create();
	*state = f;
	return 0;
}

static inline int teardown(void **state)
{
	struct fixture *f = *state;
	net_user_destroy(f->net);
	host_io_poll(f->io, 0);
	host_io_destroy(f->io);
	free(f);
	return 0;
}

static inline void begin_plain(struct fixture *f)
{
	struct net_config config = { .enabled = true };
	begin(f, &config);
}

static inline void send_out(struct fixture *f, u32 size)
{
	f->port.send(f->port.arg, f->out, size);
}

/* Whether a frame is what a test waits for. */
typedef bool matcher(const struct frame *frame);

/* Waits until such a frame has come; the last one. Fails if it does not come. */
static const struct frame *await(struct fixture *f, matcher *is_it)
{
	for (u32 look = 0; look < LOOKS_MAX; look++) {
		for (u32 i = f->count; i-- > 0;)
			if (is_it(&f->frames[i]))
				return &f->frames[i];
		host_io_poll(f->io, LOOK_NS);
	}
	fail_msg("the frame did not come");
	return NULL;
}

static inline bool is_arp_reply(const struct frame *frame)
{
	return get16(frame->data + 12) == 0x0806 && get16(frame->data + ETHERNET_SIZE + 6) == 2;
}

static inline bool is_udp(const struct frame *frame)
{
	return get16(frame->data + 12) == 0x0800 && frame->data[IP_AT + 9] == PROTOCOL_UDP;
}

static inline bool is_tcp(const struct frame *frame)
{
	return get16(frame->data + 12) == 0x0800 && frame->data[IP_AT + 9] == PROTOCOL_TCP;
}

static inline u8 tcp_flags(const struct frame *frame)
{
	return is_tcp(frame) ? frame->data[L4_AT + 13] : 0;
}

static inline u32 tcp_header_size(const struct frame *frame)
{
	return frame->data[L4_AT + 12] >> 4 << 2;
}

static inline u32 tcp_data_size(const struct frame *frame)
{
	return get16(frame->data + IP_AT + 2) - IP_SIZE - tcp_header_size(frame);
}

static inline bool is_syn_ack(const struct frame *frame)
{
	return (tcp_flags(frame) & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK);
}

static inline bool is_syn(const struct frame *frame)
{
	return (tcp_flags(frame) & (TCP_SYN | TCP_ACK)) == TCP_SYN;
}

static inline bool is_rst(const struct frame *frame)
{
	return tcp_flags(frame) & TCP_RST;
}

static inline bool is_fin(const struct frame *frame)
{
	return tcp_flags(frame) & TCP_FIN;
}

static inline bool is_tcp_data(const struct frame *frame)
{
	return is_tcp(frame) && tcp_data_size(frame) > 0;
}

/* A socket on the loopback interface; its port. */
static inline int listen_on(int type, u16 *port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, type, 0);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	if (type == SOCK_STREAM)
		assert_int_equal(listen(fd, 4), 0);
	*port = ntohs(address.sin_port);
	return fd;
}

static inline int connect_to(int type, u16 port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		                       .sin_port = htons(port),
		                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, type, 0);
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

/* The guest says where it is, as it does when its network comes up. */
static inline void announce(struct fixture *f)
{
	send_out(f, make_arp(f->out, 1, GUEST_IP, HOST_IP));
	await(f, is_arp_reply);
}

/* Opens a connection from the guest; returns the host's end of it. */
static inline int open_tcp(struct fixture *f, int listener, struct tcp_end *end)
{
	send_out(f, make_tcp(f->out, end, TCP_SYN, NULL, 0));
	const struct frame *answer = await(f, is_syn_ack);
	assert_int_equal(get32(answer->data + L4_AT + 8), end->sent);
	end->seen = get32(answer->data + L4_AT + 4) + 1;
	send_out(f, make_tcp(f->out, end, TCP_ACK, NULL, 0));
	int fd = accept(listener, NULL, NULL);
	assert_true(fd >= 0);
	return fd;
}

#define NET_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
