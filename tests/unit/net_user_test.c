/*
 * The user network: a guest that makes its frames by hand on one side, sockets of this program on the host's loopback
 * on the other. Nothing else of the host's network is touched.
 */
#include "tests/unit/net_rig.h"

#include <stdio.h>

/* --- the network's own answers --- */

static void test_router_answers_arp(void **state)
{
	struct fixture *f = *state;
	begin_plain(f);
	send_out(f, make_arp(f->out, 1, GUEST_IP, HOST_IP));
	const struct frame *answer = await(f, is_arp_reply);
	assert_memory_equal(answer->data, GUEST_MAC, 6);
	assert_int_equal(get32(answer->data + ETHERNET_SIZE + 14), HOST_IP);
}

/* The DHCP option of that number, or NULL. */
static const u8 *dhcp_option(const struct frame *frame, u8 number)
{
	const u8 *at = frame->data + L4_AT + UDP_SIZE + 240;
	const u8 *end = frame->data + frame->size;
	while (at + 2 < end && *at != 255) {
		if (*at == number)
			return at + 2;
		at += *at ? 2 + at[1] : 1;
	}
	return NULL;
}

static void test_dhcp_offers_the_usual_addresses(void **state)
{
	struct fixture *f = *state;
	begin_plain(f);
	u8 discover[300] = { 1, 1, 6, 0, 0x12, 0x34, 0x56, 0x78 };
	memcpy(discover + 28, GUEST_MAC, 6);
	static const u8 options[] = { 99, 130, 83, 99, 53, 1, 1, 255 };
	memcpy(discover + 236, options, sizeof(options));
	send_out(f, make_udp(f->out, 0, 68, 0xffffffff, 67, discover, sizeof(discover)));
	const struct frame *offer = await(f, is_udp);
	const u8 *bootp = offer->data + L4_AT + UDP_SIZE;
	assert_int_equal(get16(offer->data + L4_AT + 2), 68);
	assert_int_equal(get32(bootp + 4), 0x12345678);
	assert_int_equal(get32(bootp + 16), GUEST_IP);
	assert_int_equal(*dhcp_option(offer, 53), 2);               /* an offer */
	assert_int_equal(get32(dhcp_option(offer, 1)), 0xffffff00); /* netmask */
	assert_int_equal(get32(dhcp_option(offer, 3)), HOST_IP);    /* router */
	assert_int_equal(get32(dhcp_option(offer, 6)), 0x0a000203); /* name server */
}

/* --- from the guest to the host --- */

static void test_udp_reaches_the_host_and_comes_back(void **state)
{
	struct fixture *f = *state;
	begin_plain(f);
	u16 port;
	int server = listen_on(SOCK_DGRAM, &port);
	announce(f);
	send_out(f, make_udp(f->out, GUEST_IP, 4000, HOST_IP, port, "hello", 5));
	char got[64];
	struct sockaddr_in from;
	socklen_t size = sizeof(from);
	assert_int_equal(recvfrom(server, got, sizeof(got), 0, (struct sockaddr *)&from, &size), 5);
	assert_memory_equal(got, "hello", 5);
	assert_int_equal(sendto(server, "world!", 6, 0, (struct sockaddr *)&from, size), 6);
	const struct frame *answer = await(f, is_udp);
	assert_int_equal(get32(answer->data + IP_AT + 12), HOST_IP);
	assert_int_equal(get16(answer->data + L4_AT), port);
	assert_int_equal(get16(answer->data + L4_AT + 2), 4000);
	assert_memory_equal(answer->data + L4_AT + UDP_SIZE, "world!", 6);
	assert_int_equal(packet_sum(answer->data, UDP_SIZE + 6), 0xffff);
	close(server);
}

static void test_tcp_carries_data_both_ways_and_ends(void **state)
{
	struct fixture *f = *state;
	begin_plain(f);
	u16 port;
	int listener = listen_on(SOCK_STREAM, &port);
	struct tcp_end end = { .port = 5000, .other_port = port, .sent = 1000 };
	announce(f);
	int fd = open_tcp(f, listener, &end);
	send_out(f, make_tcp(f->out, &end, TCP_ACK | TCP_PSH, "to the host", 11));
	char got[64];
	assert_int_equal(recv(fd, got, sizeof(got), 0), 11);
	assert_memory_equal(got, "to the host", 11);
	assert_int_equal(send(fd, "to the guest", 12, 0), 12);
	const struct frame *data = await(f, is_tcp_data);
	assert_int_equal(get32(data->data + L4_AT + 4), end.seen);
	assert_int_equal(tcp_data_size(data), 12);
	assert_memory_equal(data->data + L4_AT + tcp_header_size(data), "to the guest", 12);
	/* The card tells the guest that checksums are right. */
	assert_int_equal(packet_sum(data->data, get16(data->data + IP_AT + 2) - IP_SIZE), 0xffff);
	end.seen += 12;
	send_out(f, make_tcp(f->out, &end, TCP_ACK, NULL, 0));
	close(fd);
	await(f, is_fin);
	close(listener);
}

/* As virtio_net.h promises: the card hands on segments uncut. */
static void test_large_segment_is_taken_whole(void **state)
{
	struct fixture *f = *state;
	begin_plain(f);
	u16 port;
	int listener = listen_on(SOCK_STREAM, &port);
	struct tcp_end end = { .port = 5000, .other_port = port, .sent = 1000 };
	announce(f);
	int fd = open_tcp(f, listener, &end);
	enum { SIZE = 50000 };
	u8 *data = xcalloc(2, SIZE);
	for (u32 i = 0; i < SIZE; i++)
		data[i] = (u8)(i * 13 + i / 256);
	send_out(f, make_tcp(f->out, &end, TCP_ACK | TCP_PSH, data, SIZE));
	u32 size = 0;
	while (size < SIZE) {
		ssize_t got = recv(fd, data + SIZE + size, SIZE - size, MSG_DONTWAIT);
		assert_true(got > 0 || errno == EAGAIN);
		size += got > 0 ? (u32)got : 0;
		host_io_poll(f->io, 0);
	}
	assert_memory_equal(data, data + SIZE, SIZE);
	free(data);
	close(fd);
	close(listener);
}

static void test_connection_that_is_refused_is_reset(void **state)
{
	struct fixture *f = *state;
	begin_plain(f);
	u16 port;
	close(listen_on(SOCK_STREAM, &port));
	struct tcp_end end = { .port = 5000, .other_port = port, .sent = 1000 };
	announce(f);
	send_out(f, make_tcp(f->out, &end, TCP_SYN, NULL, 0));
	await(f, is_rst);
}

static void test_restricted_guest_does_not_reach_the_host(void **state)
{
	struct fixture *f = *state;
	struct net_config config = { .enabled = true, .restricted = true };
	begin(f, &config);
	u16 tcp_port, udp_port;
	int listener = listen_on(SOCK_STREAM, &tcp_port);
	int server = listen_on(SOCK_DGRAM, &udp_port);
	struct tcp_end end = { .port = 5000, .other_port = tcp_port, .sent = 1000 };
	announce(f);
	send_out(f, make_udp(f->out, GUEST_IP, 4000, HOST_IP, udp_port, "hello", 5));
	send_out(f, make_tcp(f->out, &end, TCP_SYN, NULL, 0));
	host_io_poll(f->io, 0);
	char got[8];
	assert_int_equal(recv(server, got, sizeof(got), MSG_DONTWAIT), -1);
	for (u32 i = 0; i < f->count; i++)
		assert_false(is_syn_ack(&f->frames[i]));
	close(listener);
	close(server);
}

/* --- from the host to the guest --- */

static void begin_forwarded(struct fixture *f, bool restricted, bool udp, u16 guest_port)
{
	struct net_config config = { .enabled = true, .restricted = restricted, .forward_count = 1 };
	config.forwards[0] = (struct net_forward){ .udp = udp, .host_addr = INADDR_LOOPBACK, .guest_port = guest_port };
	begin(f, &config);
}

static void forwarded_tcp(struct fixture *f, bool restricted)
{
	begin_forwarded(f, restricted, false, 22);
	announce(f);
	int fd = connect_to(SOCK_STREAM, net_user_host_port(f->net, 0));
	const struct frame *syn = await(f, is_syn);
	assert_int_equal(get32(syn->data + IP_AT + 16), GUEST_IP);
	assert_int_equal(get16(syn->data + L4_AT + 2), 22);
	struct tcp_end end = { .port = 22,
		               .other_port = (u16)get16(syn->data + L4_AT),
		               .sent = 7000,
		               .seen = get32(syn->data + L4_AT + 4) + 1 };
	send_out(f, make_tcp(f->out, &end, TCP_SYN | TCP_ACK, NULL, 0));
	send_out(f, make_tcp(f->out, &end, TCP_ACK | TCP_PSH, "SSH-2.0", 7));
	char got[16];
	assert_int_equal(recv(fd, got, sizeof(got), 0), 7);
	assert_memory_equal(got, "SSH-2.0", 7);
	assert_int_equal(send(fd, "hi", 2, 0), 2);
	assert_int_equal(tcp_data_size(await(f, is_tcp_data)), 2);
	close(fd);
}

static void test_forwarded_tcp_port_leads_into_the_guest(void **state)
{
	forwarded_tcp(*state, false);
}

static void test_forwarded_port_works_for_a_restricted_guest(void **state)
{
	forwarded_tcp(*state, true);
}

static void test_forwarded_udp_port_leads_into_the_guest(void **state)
{
	struct fixture *f = *state;
	begin_forwarded(f, false, true, 69);
	announce(f);
	int fd = connect_to(SOCK_DGRAM, net_user_host_port(f->net, 0));
	assert_int_equal(send(fd, "datagram", 8, 0), 8);
	const struct frame *frame = await(f, is_udp);
	assert_int_equal(get32(frame->data + IP_AT + 16), GUEST_IP);
	assert_int_equal(get16(frame->data + L4_AT + 2), 69);
	assert_memory_equal(frame->data + L4_AT + UDP_SIZE, "datagram", 8);
	close(fd);
}

static void test_guest_is_asked_for_its_address_first(void **state)
{
	struct fixture *f = *state;
	begin_forwarded(f, false, false, 22);
	int fd = connect_to(SOCK_STREAM, net_user_host_port(f->net, 0));
	for (u32 look = 0; f->count == 0 && look < LOOKS_MAX; look++)
		host_io_poll(f->io, LOOK_NS);
	assert_int_equal(get16(f->frames[0].data + 12), 0x0806);
	send_out(f, make_arp(f->out, 2, GUEST_IP, HOST_IP));
	await(f, is_syn);
	close(fd);
}

static void test_port_that_is_taken_is_named(void **state)
{
	struct fixture *f = *state;
	struct error err = { "" };
	u16 port;
	int taken = listen_on(SOCK_STREAM, &port);
	struct net_config config = { .enabled = true, .forward_count = 2 };
	config.forwards[0] = (struct net_forward){ .host_addr = INADDR_LOOPBACK, .guest_port = 23 };
	config.forwards[1] = (struct net_forward){ .host_addr = INADDR_LOOPBACK, .host_port = port, .guest_port = 22 };
	assert_null(net_user_create(&config, f->io, &err));
	char where[64];
	snprintf(where, sizeof(where), "127.0.0.1:%u", port);
	assert_non_null(strstr(err.text, where));
	assert_non_null(strstr(err.text, "ddress already in use"));
	close(taken);
}

static void test_address_that_is_not_the_hosts_is_named(void **state)
{
	struct fixture *f = *state;
	struct error err = { "" };
	struct net_config config = { .enabled = true, .forward_count = 1 };
	config.forwards[0] = (struct net_forward){ .udp = true, .host_addr = 0xc0000201, .guest_port = 22 };
	assert_null(net_user_create(&config, f->io, &err));
	assert_non_null(strstr(err.text, "192.0.2.1"));
}

/* --- a guest without room --- */

static void test_frames_wait_for_room_in_order(void **state)
{
	struct fixture *f = *state;
	begin_plain(f);
	f->full = true;
	for (u32 i = 0; i < 3; i++)
		send_out(f, make_arp(f->out, 1, GUEST_IP, i == 1 ? 0x0a000203 : HOST_IP));
	f->port.room(f->port.arg);
	assert_int_equal(f->count, 0);
	f->full = false;
	f->port.room(f->port.arg);
	assert_int_equal(f->count, 3);
	for (u32 i = 0; i < 3; i++)
		assert_int_equal(get32(f->frames[i].data + ETHERNET_SIZE + 14), i == 1 ? 0x0a000203 : HOST_IP);
}

static void test_frames_beyond_the_limit_are_dropped(void **state)
{
	struct fixture *f = *state;
	begin_plain(f);
	f->full = true;
	for (u32 i = 0; i < NET_QUEUE_MAX + 50; i++)
		send_out(f, make_arp(f->out, 1, GUEST_IP, HOST_IP));
	f->full = false;
	f->port.room(f->port.arg);
	assert_int_equal(f->count, NET_QUEUE_MAX);
	/* The ring goes round. */
	f->count = 0;
	f->full = true;
	for (u32 i = 0; i < 10; i++)
		send_out(f, make_arp(f->out, 1, GUEST_IP, HOST_IP));
	f->full = false;
	f->port.room(f->port.arg);
	assert_int_equal(f->count, 10);
}

static void test_without_a_card_frames_are_dropped(void **state)
{
	struct fixture *f = *state;
	begin_plain(f);
	f->full = true;
	send_out(f, make_arp(f->out, 1, GUEST_IP, HOST_IP));
	net_user_attach(f->net, NULL, NULL, NULL);
	send_out(f, make_arp(f->out, 1, GUEST_IP, HOST_IP));
	f->full = false;
	f->port.room(f->port.arg);
	net_user_attach(f->net, deliver, can_deliver, f);
	f->port.room(f->port.arg);
	assert_int_equal(f->count, 0);
	send_out(f, make_arp(f->out, 1, GUEST_IP, HOST_IP));
	assert_int_equal(f->count, 1);
}

static void test_destroying_nothing_is_harmless(void **state)
{
	(void)state;
	net_user_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		NET_TEST(test_router_answers_arp),
		NET_TEST(test_dhcp_offers_the_usual_addresses),
		NET_TEST(test_udp_reaches_the_host_and_comes_back),
		NET_TEST(test_tcp_carries_data_both_ways_and_ends),
		NET_TEST(test_large_segment_is_taken_whole),
		NET_TEST(test_connection_that_is_refused_is_reset),
		NET_TEST(test_restricted_guest_does_not_reach_the_host),
		NET_TEST(test_forwarded_tcp_port_leads_into_the_guest),
		NET_TEST(test_forwarded_port_works_for_a_restricted_guest),
		NET_TEST(test_forwarded_udp_port_leads_into_the_guest),
		NET_TEST(test_guest_is_asked_for_its_address_first),
		NET_TEST(test_port_that_is_taken_is_named),
		NET_TEST(test_address_that_is_not_the_hosts_is_named),
		NET_TEST(test_frames_wait_for_room_in_order),
		NET_TEST(test_frames_beyond_the_limit_are_dropped),
		NET_TEST(test_without_a_card_frames_are_dropped),
		NET_TEST(test_destroying_nothing_is_harmless),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
