/*
 * The user network and a guest that sends what no driver would: nothing of it may harm rvemu, and libslirp must be
 * spared what it cannot take.
 */
#include "tests/unit/net_rig.h"

/* --- a guest that sends nonsense --- */

/* A generator that is the same everywhere. */
static u32 random_number(u64 *seed)
{
	*seed = *seed * 6364136223846793005ull + 1442695040888963407ull;
	return (u32)(*seed >> 33);
}

/* Makes a packet of `size` random bytes look right enough to pass the first hurdles: addresses, checksums, ports that
 * lead to this test's sockets, sequence numbers near those of the connection `end`. */
static void make_plausible(u8 *frame, u32 size, u64 *seed, const struct tcp_end *end, u16 udp_port)
{
	static const u8 protocols[] = { 1, PROTOCOL_TCP, PROTOCOL_TCP, PROTOCOL_TCP, PROTOCOL_UDP };
	u8 protocol = protocols[random_number(seed) % ARRAY_SIZE(protocols)];
	u8 *l4 = frame + L4_AT;
	if (protocol == PROTOCOL_UDP && size >= L4_AT + UDP_SIZE) {
		put16(l4 + 2, udp_port);
		if (random_number(seed) % 4)
			put16(l4 + 4, size - L4_AT);
	} else if (protocol == PROTOCOL_TCP && size >= L4_AT + TCP_SIZE) {
		put16(l4, end->port + random_number(seed) % 8 / 7);
		put16(l4 + 2, end->other_port);
		put32(l4 + 4, end->sent + random_number(seed) % 4000 - 100);
		put32(l4 + 8, end->seen + random_number(seed) % 3);
		l4[12] = (u8)((5 + random_number(seed) % 8 / 5 * (random_number(seed) % 11)) << 4);
		l4[13] = random_number(seed) % 16 ? TCP_ACK | (l4[13] & 0x28) : l4[13];
	}
	finish_ip(frame, protocol, GUEST_IP, HOST_IP, size - L4_AT);
	if (random_number(seed) % 4 == 0) {
		put16(frame + IP_AT + 4, random_number(seed) % 3);
		put16(frame + IP_AT + 6, (random_number(seed) % 2 << 13) | random_number(seed) % 64);
		put16(frame + IP_AT + 10, 0);
		put16(frame + IP_AT + 10, ~add_up(0, frame + IP_AT, IP_SIZE));
	}
}

static void test_nonsense_harms_nobody(void **state)
{
	struct fixture *f = *state;
	begin_plain(f);
	static const u16 kinds[] = { 0x0800, 0x0800, 0x0800, 0x0806, 0x86dd, 0x88f8, 0x1234 };
	u64 seed = 1;
	u16 tcp_port;
	u16 udp_port;
	int listener = listen_on(SOCK_STREAM, &tcp_port);
	int server = listen_on(SOCK_DGRAM, &udp_port);
	struct tcp_end end = { .port = 5000, .other_port = tcp_port, .sent = 1000 };
	announce(f);
	int fd = open_tcp(f, listener, &end);
	for (u32 i = 0; i < 20000; i++) {
		u32 size = i < 300 ? i % 64 : random_number(&seed) % 400;
		if (i % 1000 == 999)
			size = NET_FRAME_MAX;
		for (u32 j = 0; j < size; j++)
			f->out[j] = (u8)random_number(&seed);
		u16 kind = kinds[i % ARRAY_SIZE(kinds)];
		if (size > ETHERNET_SIZE)
			put16(f->out + 12, kind);
		if (size >= L4_AT && kind == 0x0800 && i % 16)
			make_plausible(f->out, size, &seed, &end, udp_port);
		f->count = 0;
		send_out(f, size);
		if (i % 500 == 0)
			host_io_poll(f->io, 0);
	}
	send_out(f, 0);
	send_out(f, NET_FRAME_MAX + 1);
	f->count = 0;
	announce(f);
	close(fd);
	close(listener);
	close(server);
}

/* With the pointer far behind the data libslirp would send more than it was given. */
static void test_urgent_data_are_sent_as_data(void **state)
{
	struct fixture *f = *state;
	begin_plain(f);
	u16 port;
	int listener = listen_on(SOCK_STREAM, &port);
	struct tcp_end end = { .port = 5000, .other_port = port, .sent = 1000 };
	announce(f);
	int fd = open_tcp(f, listener, &end);
	u32 size = make_tcp(f->out, &end, TCP_ACK | TCP_PSH | TCP_URG, "urgent", 6);
	put16(f->out + L4_AT + 18, 1000);
	put16(f->out + L4_AT + 16, 0);
	put16(f->out + L4_AT + 16, ~packet_sum(f->out, TCP_SIZE + 6));
	send_out(f, size);
	char got[64];
	assert_int_equal(recv(fd, got, sizeof(got), 0), 6);
	assert_memory_equal(got, "urgent", 6);
	send_out(f, make_tcp(f->out, &end, TCP_ACK, "more", 4));
	assert_int_equal(recv(fd, got, sizeof(got), 0), 4);
	close(fd);
	close(listener);
}

/* --- fragments --- */

/* Sends bytes [from, to) of the UDP packet in f->out as a fragment. */
static void send_fragment(struct fixture *f, u32 from, u32 to, bool more)
{
	u8 frame[2048];
	memcpy(frame, f->out, L4_AT);
	memcpy(frame + L4_AT, f->out + L4_AT + from, to - from);
	put16(frame + IP_AT + 2, IP_SIZE + to - from);
	put16(frame + IP_AT + 4, 77);
	put16(frame + IP_AT + 6, (u32)more << 13 | from / 8);
	put16(frame + IP_AT + 10, 0);
	put16(frame + IP_AT + 10, ~add_up(0, frame + IP_AT, IP_SIZE));
	f->port.send(f->port.arg, frame, L4_AT + to - from);
}

/* A UDP packet of 4000 bytes in f->out, for a server of this test. */
static int prepare_large_udp(struct fixture *f, u8 data[3992])
{
	u16 port;
	begin_plain(f);
	int server = listen_on(SOCK_DGRAM, &port);
	announce(f);
	for (u32 i = 0; i < 3992; i++)
		data[i] = (u8)(i * 3 + i / 256);
	make_udp(f->out, GUEST_IP, 4000, HOST_IP, port, data, 3992);
	return server;
}

static void test_fragments_are_joined(void **state)
{
	struct fixture *f = *state;
	u8 data[3992];
	u8 got[5000];
	int server = prepare_large_udp(f, data);
	for (u32 round = 0; round < 3; round++) {
		send_fragment(f, 0, 1480, true);
		send_fragment(f, 1480, 2960, true);
		send_fragment(f, 2960, 4000, false);
		assert_int_equal(recv(server, got, sizeof(got), MSG_DONTWAIT), 3992);
		assert_memory_equal(got, data, 3992);
	}
	close(server);
}

static void test_fragments_out_of_order_are_dropped(void **state)
{
	struct fixture *f = *state;
	static const struct {
		u32 from, to;
		bool more;
	} bad[][4] = {
		{ { 2960, 4000, false }, { 0, 1480, true }, { 1480, 2960, true } },
		{ { 0, 1480, true }, { 2960, 4000, false }, { 1480, 2960, true } },
		{ { 0, 1480, true }, { 0, 1480, true }, { 2960, 4000, false } },
		{ { 0, 1480, true }, { 1472, 2960, true }, { 2960, 4000, false } },
		{ { 0, 1479, true }, { 1480, 2960, true }, { 2960, 4000, false } },
		{ { 2960, 4000, false }, { 2960, 4000, false } },
	};
	u8 data[3992];
	u8 got[5000];
	int server = prepare_large_udp(f, data);
	for (u32 i = 0; i < ARRAY_SIZE(bad); i++) {
		for (u32 j = 0; j < ARRAY_SIZE(bad[i]) && bad[i][j].to; j++)
			send_fragment(f, bad[i][j].from, bad[i][j].to, bad[i][j].more);
		assert_int_equal(recv(server, got, sizeof(got), MSG_DONTWAIT), -1);
	}
	send_fragment(f, 0, 1480, true);
	send_fragment(f, 1480, 2960, true);
	send_fragment(f, 2960, 4000, false);
	assert_int_equal(recv(server, got, sizeof(got), MSG_DONTWAIT), 3992);
	close(server);
}

static void test_fragments_do_not_grow_beyond_a_packet(void **state)
{
	struct fixture *f = *state;
	u8 data[3992];
	u8 got[4];
	int server = prepare_large_udp(f, data);
	put16(f->out + L4_AT + 4, 0); /* no length that would be believed */
	for (u32 at = 0; at < 0xfff8; at += 1024) {
		u8 frame[2048];
		memcpy(frame, f->out, L4_AT + 1024);
		put16(frame + IP_AT + 2, IP_SIZE + 1024);
		put16(frame + IP_AT + 6, 0x2000 | at / 8);
		put16(frame + IP_AT + 10, 0);
		put16(frame + IP_AT + 10, ~add_up(0, frame + IP_AT, IP_SIZE));
		f->port.send(f->port.arg, frame, L4_AT + 1024);
	}
	assert_int_equal(recv(server, got, sizeof(got), MSG_DONTWAIT), -1);
	close(server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		NET_TEST(test_nonsense_harms_nobody),
		NET_TEST(test_urgent_data_are_sent_as_data),
		NET_TEST(test_fragments_are_joined),
		NET_TEST(test_fragments_out_of_order_are_dropped),
		NET_TEST(test_fragments_do_not_grow_beyond_a_packet),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
