/*
 * The virtio network device: virtio 1.2, section 5.1, and what a driver that does not keep to it gets.
 */
#include "devices/virtio_net.h"

#include <stdlib.h>

#include "tests/unit/state_memory.h"
#include "tests/unit/virtio_driver.h"

enum { RX, TX };

#define N_CSUM BIT(0)
#define N_GUEST_CSUM BIT(1)
#define N_MAC BIT(5)
#define N_HOST_TSO4 BIT(11)
#define N_HOST_TSO6 BIT(12)
#define N_MRG_RXBUF BIT(15)
#define N_STATUS BIT(16)
#define N_ALL (N_CSUM | N_GUEST_CSUM | N_MAC | N_HOST_TSO4 | N_HOST_TSO6 | N_MRG_RXBUF | N_STATUS)

#define HEADER 12
#define NEEDS_CSUM 1
#define DATA_VALID 2
#define QUEUE_SIZE 64

static const u8 MAC[6] = { 0x52, 0x54, 0x00, 0x12, 0x34, 0x56 };

struct fixture {
	struct virtio_rig rig;   /* the driver */
	struct virtio_net *net;  /* under test */
	u8 sent[NET_FRAME_MAX];  /* the last frame that left */
	u32 sent_size;           /* its bytes */
	u32 sent_count;          /* how many left */
	u32 room_count;          /* how often there was said to be room */
	u8 frame[NET_FRAME_MAX]; /* bytes to send and to receive */
};

static void on_send(void *arg, const u8 *frame, u32 size)
{
	struct fixture *f = arg;
	memcpy(f->sent, frame, size);
	f->sent_size = size;
	f->sent_count++;
}

static void on_room(void *arg)
{
	struct fixture *f = arg;
	f->room_count++;
}

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	struct error err;
	rig_init(&f->rig);
	struct net_port port = { .send = on_send, .room = on_room, .arg = f };
	f->net = virtio_net_create(&f->rig.bus, RIG_SLOT, rig_irq(&f->rig), MAC, port, &err);
	assert_non_null(f->net);
	for (u32 i = 0; i < sizeof(f->frame); i++)
		f->frame[i] = (u8)(i * 7 + (i >> 8));
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	virtio_net_destroy(f->net);
	rig_free(&f->rig);
	free(f);
	return 0;
}

static void start(struct fixture *f, u64 features)
{
	rig_start(&f->rig, features, 2, QUEUE_SIZE);
}

/* Sends what is behind `header` in one piece; returns the chain's head. */
static u16 transmit(struct fixture *f, const u8 *header, u32 header_size, u32 size)
{
	u64 pa = rig_alloc(&f->rig, header_size + size);
	if (header_size)
		rig_put(&f->rig, pa, header, header_size);
	if (size)
		rig_put(&f->rig, pa + header_size, f->frame, size);
	struct rig_piece piece = { .pa = pa, .size = header_size + size };
	return rig_send(&f->rig, TX, &piece, 1);
}

static u16 post_room(struct fixture *f, u32 size, u64 *pa)
{
	*pa = rig_alloc(&f->rig, size);
	struct rig_piece piece = { .pa = *pa, .size = size, .write = true };
	return rig_send(&f->rig, RX, &piece, 1);
}

static void assert_ram(struct fixture *f, u64 pa, const u8 *want, u32 size)
{
	u8 *got = xcalloc(size, 1);
	rig_get(&f->rig, pa, got, size);
	assert_memory_equal(got, want, size);
	free(got);
}

/* --- configuration --- */

static void test_it_says_what_it_is(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(rig_in(&f->rig, R_DEVICE_ID), VIRTIO_ID_NET);
	assert_int_equal(rig_offered(&f->rig) & MASK(24), N_ALL);
	for (u32 i = 0; i < 6; i++)
		assert_int_equal(rig_config(&f->rig, i, 1), MAC[i]);
	assert_int_equal(rig_config(&f->rig, 6, 2), 1); /* the link is up */
	rig_out(&f->rig, R_QUEUE_SEL, 2);
	assert_int_equal(rig_in(&f->rig, R_QUEUE_NUM_MAX), 0);
	assert_non_null(virtio_net_transport(f->net));
}

static void test_slot_that_does_not_exist_is_refused(void **state)
{
	struct fixture *f = *state;
	struct error err = { "" };
	struct net_port port = { 0 };
	assert_null(virtio_net_create(&f->rig.bus, 99, rig_irq(&f->rig), MAC, port, &err));
	assert_string_not_equal(err.text, "");
}

/* --- sending --- */

static void test_frame_is_sent_at_once(void **state)
{
	struct fixture *f = *state;
	u8 header[HEADER] = { 0 };
	start(f, 0);
	u16 head = transmit(f, header, HEADER, 60);
	assert_int_equal(f->sent_count, 1);
	assert_int_equal(f->sent_size, 60);
	assert_memory_equal(f->sent, f->frame, 60);
	assert_int_equal(rig_expect_used(&f->rig, TX, head), 0);
	assert_int_equal(rig_ack(&f->rig), I_USED);
}

static void test_frame_in_pieces_is_joined(void **state)
{
	struct fixture *f = *state;
	u8 header[HEADER] = { 0 };
	start(f, F_INDIRECT);
	u64 header_pa = rig_bytes(&f->rig, header, HEADER);
	u64 frame_pa = rig_bytes(&f->rig, f->frame, 1000);
	struct rig_piece pieces[] = { { header_pa, 5, false },
		                      { header_pa + 5, 7, false },
		                      { frame_pa, 1, false },
		                      { frame_pa + 1, 999, false } };
	u16 head = rig_send(&f->rig, TX, pieces, ARRAY_SIZE(pieces));
	assert_int_equal(f->sent_size, 1000);
	assert_memory_equal(f->sent, f->frame, 1000);
	rig_expect_used(&f->rig, TX, head);
}

static void test_frames_of_odd_sizes_are_dropped_and_given_back(void **state)
{
	struct fixture *f = *state;
	u8 header[HEADER] = { 0 };
	static const u32 sizes[] = { 0, 1, NET_FRAME_MIN - 1, NET_FRAME_MAX + 1, 200000 };
	start(f, 0);
	u64 pa = rig_alloc(&f->rig, HEADER + 200000);
	rig_put(&f->rig, pa, header, HEADER);
	for (u32 i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct rig_piece piece = { .pa = pa, .size = HEADER + sizes[i] };
		u16 head = rig_send(&f->rig, TX, &piece, 1);
		rig_expect_used(&f->rig, TX, head);
	}
	assert_int_equal(f->sent_count, 0);
	assert_false(rig_is_broken(&f->rig));
	transmit(f, header, HEADER, NET_FRAME_MIN);
	assert_int_equal(f->sent_size, NET_FRAME_MIN);
	transmit(f, header, HEADER, NET_FRAME_MAX);
	assert_int_equal(f->sent_size, NET_FRAME_MAX);
	assert_memory_equal(f->sent, f->frame, NET_FRAME_MAX);
}

static void test_frame_without_a_header_breaks_the_device(void **state)
{
	struct fixture *f = *state;
	start(f, 0);
	transmit(f, f->frame, HEADER - 1, 0);
	assert_int_equal(f->sent_count, 0);
	assert_true(rig_is_broken(&f->rig));
	assert_false(virtio_net_can_receive(f->net));
	/* A reset mends it. */
	u8 header[HEADER] = { 0 };
	start(f, 0);
	transmit(f, header, HEADER, 60);
	assert_int_equal(f->sent_count, 1);
}

static void test_port_may_be_absent(void **state)
{
	struct fixture *f = *state;
	struct error err;
	virtio_net_destroy(f->net);
	rig_free(&f->rig);
	rig_init(&f->rig);
	struct net_port port = { 0 };
	f->net = virtio_net_create(&f->rig.bus, RIG_SLOT, rig_irq(&f->rig), MAC, port, &err);
	start(f, 0);
	u8 header[HEADER] = { 0 };
	u64 pa;
	rig_expect_used(&f->rig, TX, transmit(f, header, HEADER, 60));
	post_room(f, 100, &pa);
}

/* --- checksums --- */

/* The Internet checksum, RFC 1071, byte by byte. */
static u16 checksum(const u8 *bytes, u32 size)
{
	u64 sum = 0;
	for (u32 i = 0; i < size; i++)
		sum += i & 1 ? bytes[i] : (u64)bytes[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (u16)~sum;
}

static void test_checksum_left_to_the_device_is_filled_in(void **state)
{
	struct fixture *f = *state;
	start(f, N_CSUM);
	static const struct {
		u32 size, start, offset;
	} cases[] = {
		{ 60, 34, 16 },   { 61, 34, 16 },    { 62, 34, 16 },    { 63, 34, 6 },
		{ 1514, 54, 16 }, { 1514, 1512, 0 }, { 65549, 34, 16 }, { 100, 0, 98 },
	};
	for (u32 i = 0; i < ARRAY_SIZE(cases); i++) {
		u8 header[HEADER] = { NEEDS_CSUM };
		memcpy(header + 6, &(u16){ (u16)cases[i].start }, 2);
		memcpy(header + 8, &(u16){ (u16)cases[i].offset }, 2);
		u8 want[2];
		u16 sum = checksum(f->frame + cases[i].start, cases[i].size - cases[i].start);
		want[0] = (u8)(sum >> 8);
		want[1] = (u8)sum;
		transmit(f, header, HEADER, cases[i].size);
		assert_int_equal(f->sent_count, i + 1);
		u32 at = cases[i].start + cases[i].offset;
		assert_memory_equal(f->sent + at, want, 2);
		assert_memory_equal(f->sent, f->frame, at);
		assert_memory_equal(f->sent + at + 2, f->frame + at + 2, cases[i].size - at - 2);
	}
}

static void test_checksum_of_zero_is_sent_as_ones(void **state)
{
	struct fixture *f = *state;
	u8 header[HEADER] = { NEEDS_CSUM, 0, 0, 0, 0, 0, 20, 0, 2, 0 };
	memset(f->frame, 0, 60);
	f->frame[24] = f->frame[25] = 0xff;
	start(f, N_CSUM);
	transmit(f, header, HEADER, 60);
	assert_int_equal(f->sent[22], 0xff);
	assert_int_equal(f->sent[23], 0xff);
}

static void test_checksum_outside_of_the_frame_drops_it(void **state)
{
	struct fixture *f = *state;
	static const u16 places[][2] = { { 60, 0 }, { 59, 0 }, { 34, 25 }, { 0, 59 }, { 65535, 65535 }, { 10, 65535 } };
	start(f, N_CSUM);
	for (u32 i = 0; i < ARRAY_SIZE(places); i++) {
		u8 header[HEADER] = { NEEDS_CSUM };
		memcpy(header + 6, places[i], 4);
		rig_expect_used(&f->rig, TX, transmit(f, header, HEADER, 60));
	}
	assert_int_equal(f->sent_count, 0);
}

static void test_checksum_work_that_was_not_negotiated_drops_the_frame(void **state)
{
	struct fixture *f = *state;
	u8 header[HEADER] = { NEEDS_CSUM, 0, 0, 0, 0, 0, 34, 0, 16, 0 };
	start(f, 0);
	rig_expect_used(&f->rig, TX, transmit(f, header, HEADER, 60));
	assert_int_equal(f->sent_count, 0);
}

static void test_large_segments_pass_only_if_negotiated(void **state)
{
	struct fixture *f = *state;
	static const struct {
		u64 features;
		u8 gso_type;
		bool passes;
	} cases[] = {
		{ N_CSUM | N_HOST_TSO4, 1, true },
		{ N_CSUM | N_HOST_TSO6, 4, true },
		{ N_CSUM | N_HOST_TSO4, 4, false },
		{ N_CSUM | N_HOST_TSO6, 1, false },
		{ N_ALL, 3, false },
		{ N_ALL, 0x81, false },
		{ N_ALL, 5, false },
		{ N_CSUM, 1, false },
	};
	for (u32 i = 0; i < ARRAY_SIZE(cases); i++) {
		u8 header[HEADER] = { NEEDS_CSUM, cases[i].gso_type, 54, 0, 0xb4, 5, 34, 0, 16, 0 };
		f->sent_count = 0;
		start(f, cases[i].features);
		rig_expect_used(&f->rig, TX, transmit(f, header, HEADER, 40000));
		assert_int_equal(f->sent_count, cases[i].passes);
	}
}

/* --- receiving --- */

static void test_frame_is_received_whole(void **state)
{
	struct fixture *f = *state;
	u64 pa;
	start(f, 0);
	assert_false(virtio_net_can_receive(f->net));
	u16 head = post_room(f, HEADER + 1514, &pa);
	assert_int_equal(f->room_count, 1);
	assert_true(virtio_net_can_receive(f->net));
	virtio_net_receive(f->net, f->frame, 1000);
	assert_int_equal(rig_expect_used(&f->rig, RX, head), HEADER + 1000);
	static const u8 header[HEADER] = { [10] = 1 };
	assert_ram(f, pa, header, HEADER);
	assert_ram(f, pa + HEADER, f->frame, 1000);
	assert_int_equal(rig_ack(&f->rig), I_USED);
	assert_false(virtio_net_can_receive(f->net));
}

static void test_checksums_are_said_to_be_right_if_that_is_understood(void **state)
{
	struct fixture *f = *state;
	u64 pa;
	start(f, N_GUEST_CSUM);
	post_room(f, HEADER + 1514, &pa);
	virtio_net_receive(f->net, f->frame, 60);
	static const u8 header[HEADER] = { DATA_VALID, [10] = 1 };
	assert_ram(f, pa, header, HEADER);
}

static void test_frame_without_a_buffer_is_lost(void **state)
{
	struct fixture *f = *state;
	virtio_net_receive(f->net, f->frame, 60);
	start(f, 0);
	virtio_net_receive(f->net, f->frame, 60);
	assert_false(rig_used(&f->rig, RX, NULL, NULL));
	assert_false(rig_is_broken(&f->rig));
}

static void test_frame_too_large_for_its_buffer_is_lost(void **state)
{
	struct fixture *f = *state;
	u64 pa;
	start(f, 0);
	u16 head = post_room(f, HEADER + 59, &pa);
	virtio_net_receive(f->net, f->frame, 60);
	assert_int_equal(rig_expect_used(&f->rig, RX, head), 0);
	assert_false(rig_is_broken(&f->rig));
	head = post_room(f, HEADER + 60, &pa);
	virtio_net_receive(f->net, f->frame, 60);
	assert_int_equal(rig_expect_used(&f->rig, RX, head), HEADER + 60);
}

static void test_frame_is_spread_over_merged_buffers(void **state)
{
	struct fixture *f = *state;
	u64 pa[4];
	u16 head[4];
	start(f, N_MRG_RXBUF);
	for (u32 i = 0; i < 4; i++)
		head[i] = post_room(f, 400, &pa[i]);
	virtio_net_receive(f->net, f->frame, 1000);
	assert_int_equal(rig_expect_used(&f->rig, RX, head[0]), 400);
	assert_int_equal(rig_expect_used(&f->rig, RX, head[1]), 400);
	assert_int_equal(rig_expect_used(&f->rig, RX, head[2]), 212);
	assert_false(rig_used(&f->rig, RX, NULL, NULL));
	static const u8 header[HEADER] = { [10] = 3 };
	assert_ram(f, pa[0], header, HEADER);
	assert_ram(f, pa[0] + HEADER, f->frame, 388);
	assert_ram(f, pa[1], f->frame + 388, 400);
	assert_ram(f, pa[2], f->frame + 788, 212);
	virtio_net_receive(f->net, f->frame, 60);
	assert_int_equal(rig_expect_used(&f->rig, RX, head[3]), 72);
}

static void test_too_few_merged_buffers_go_back_empty(void **state)
{
	struct fixture *f = *state;
	u64 pa;
	start(f, N_MRG_RXBUF);
	u16 first = post_room(f, 400, &pa);
	u16 second = post_room(f, 400, &pa);
	virtio_net_receive(f->net, f->frame, 1000);
	assert_int_equal(rig_expect_used(&f->rig, RX, first), 0);
	assert_int_equal(rig_expect_used(&f->rig, RX, second), 0);
	assert_false(rig_is_broken(&f->rig));
}

static void test_tiny_merged_buffers_are_not_taken_without_end(void **state)
{
	struct fixture *f = *state;
	u64 pa = rig_alloc(&f->rig, 2048);
	start(f, N_MRG_RXBUF);
	struct rig_piece piece = { .pa = pa, .size = 12, .write = true };
	for (u32 i = 0; i < QUEUE_SIZE; i++)
		rig_chain(&f->rig, RX, &piece, 1);
	virtio_net_receive(f->net, f->frame, 1514);
	u32 count = 0;
	while (rig_used(&f->rig, RX, NULL, NULL))
		count++;
	assert_int_equal(count, 64);
	assert_false(rig_is_broken(&f->rig));
}

static void test_buffer_smaller_than_the_header_breaks_the_device(void **state)
{
	struct fixture *f = *state;
	u64 pa;
	start(f, 0);
	post_room(f, HEADER - 1, &pa);
	virtio_net_receive(f->net, f->frame, 60);
	assert_true(rig_is_broken(&f->rig));
	virtio_net_receive(f->net, f->frame, 60);
}

static void test_buffer_outside_of_ram_breaks_the_device(void **state)
{
	struct fixture *f = *state;
	start(f, N_MRG_RXBUF);
	u64 pa;
	post_room(f, 100, &pa);
	struct rig_piece piece = { .pa = 0x1000, .size = 4096, .write = true };
	rig_send(&f->rig, RX, &piece, 1);
	virtio_net_receive(f->net, f->frame, 1000);
	assert_true(rig_is_broken(&f->rig));
	assert_false(rig_used(&f->rig, RX, NULL, NULL));
}

/* --- snapshots --- */

static void test_state_goes_on_where_it_was(void **state)
{
	struct fixture *f = *state;
	struct state_memory memory;
	u64 pa;
	start(f, N_GUEST_CSUM | N_MRG_RXBUF);
	u16 head = post_room(f, 2000, &pa);
	struct state saving = state_saving(&memory);
	virtio_net_state(&saving, f->net);
	assert_true(state_ok(&saving));
	rig_out(&f->rig, R_STATUS, 0);
	struct state loading = state_loading(&memory);
	virtio_net_state(&loading, f->net);
	assert_true(state_ok(&loading));
	virtio_net_receive(f->net, f->frame, 100);
	assert_int_equal(rig_expect_used(&f->rig, RX, head), HEADER + 100);
}

int main(void)
{
#define NET_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		NET_TEST(test_it_says_what_it_is),
		NET_TEST(test_slot_that_does_not_exist_is_refused),
		NET_TEST(test_frame_is_sent_at_once),
		NET_TEST(test_frame_in_pieces_is_joined),
		NET_TEST(test_frames_of_odd_sizes_are_dropped_and_given_back),
		NET_TEST(test_frame_without_a_header_breaks_the_device),
		NET_TEST(test_port_may_be_absent),
		NET_TEST(test_checksum_left_to_the_device_is_filled_in),
		NET_TEST(test_checksum_of_zero_is_sent_as_ones),
		NET_TEST(test_checksum_outside_of_the_frame_drops_it),
		NET_TEST(test_checksum_work_that_was_not_negotiated_drops_the_frame),
		NET_TEST(test_large_segments_pass_only_if_negotiated),
		NET_TEST(test_frame_is_received_whole),
		NET_TEST(test_checksums_are_said_to_be_right_if_that_is_understood),
		NET_TEST(test_frame_without_a_buffer_is_lost),
		NET_TEST(test_frame_too_large_for_its_buffer_is_lost),
		NET_TEST(test_frame_is_spread_over_merged_buffers),
		NET_TEST(test_too_few_merged_buffers_go_back_empty),
		NET_TEST(test_tiny_merged_buffers_are_not_taken_without_end),
		NET_TEST(test_buffer_smaller_than_the_header_breaks_the_device),
		NET_TEST(test_buffer_outside_of_ram_breaks_the_device),
		NET_TEST(test_state_goes_on_where_it_was),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
