/*
 * The virtio 9P transport: requests to whoever answers, replies into the guest's buffers.
 */
#include "devices/virtio_9p.h"

#include <stdlib.h>

#include "tests/unit/state_memory.h"
#include "tests/unit/virtio_driver.h"

#define QUEUE_SIZE 16

struct fixture {
	struct virtio_rig rig;    /* the driver */
	struct virtio_9p *p9;     /* under test */
	u8 request[RIG_RAM_SIZE]; /* the last request */
	u32 request_size;         /* its bytes */
	u32 room;                 /* for its reply */
	u32 requests;             /* how many came */
	u32 reply_size;           /* bytes to answer with, at most the room */
	u32 more;                 /* so many requests are made available anew while one is answered, one each time */
};

/* Answers with reply_size bytes that count up. */
static u32 answer(void *arg, const u8 *request, u32 size, u8 *reply, u32 room)
{
	struct fixture *f = arg;
	memcpy(f->request, request, size);
	f->request_size = size;
	f->room = room;
	f->requests++;
	if (f->more) {
		f->more--;
		rig_post(&f->rig, 0, 0);
	}
	u32 reply_size = f->reply_size < room ? f->reply_size : room;
	for (u32 i = 0; i < reply_size; i++)
		reply[i] = (u8)i;
	return reply_size;
}

static struct virtio_9p *create(struct fixture *f, u32 slot, const char *tag, struct error *err)
{
	struct p9_responder responder = { .answer = answer, .arg = f };
	return virtio_9p_create(&f->rig.bus, slot, rig_irq(&f->rig), tag, responder, err);
}

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	struct error err;
	rig_init(&f->rig);
	f->p9 = create(f, RIG_SLOT, "share", &err);
	assert_non_null(f->p9);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	virtio_9p_destroy(f->p9);
	rig_free(&f->rig);
	free(f);
	return 0;
}

static void test_it_says_its_tag(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(rig_in(&f->rig, R_DEVICE_ID), VIRTIO_ID_9P);
	assert_int_equal(rig_offered(&f->rig) & MASK(24), 1);
	assert_int_equal(rig_config(&f->rig, 0, 2), 5);
	static const char tag[] = "share";
	for (u32 i = 0; i < 5; i++)
		assert_int_equal(rig_config(&f->rig, 2 + i, 1), tag[i]);
	assert_int_equal(rig_config(&f->rig, 7, 1), 0);
	assert_non_null(virtio_9p_transport(f->p9));
}

static void test_bad_tags_and_slots_are_refused(void **state)
{
	struct fixture *f = *state;
	struct error err = { "" };
	assert_null(create(f, 3, "", &err));
	assert_null(create(f, 3, "0123456789012345678901234567890123", &err));
	assert_non_null(strstr(err.text, "tag"));
	assert_null(create(f, 99, "tag", &err));
	struct virtio_9p *longest = create(f, 3, "01234567890123456789012345678901", &err);
	assert_non_null(longest);
	virtio_9p_destroy(longest);
	virtio_9p_destroy(NULL);
}

static void test_request_and_reply_in_pieces(void **state)
{
	struct fixture *f = *state;
	rig_start(&f->rig, F_INDIRECT, 1, QUEUE_SIZE);
	f->reply_size = 50;
	u64 out = rig_bytes(&f->rig, "first and second", 16);
	u64 in = rig_alloc(&f->rig, 100);
	struct rig_piece pieces[] = {
		{ out, 6, false }, { out + 6, 10, false }, { in, 7, true }, { in + 7, 93, true }
	};
	u16 head = rig_send(&f->rig, 0, pieces, ARRAY_SIZE(pieces));
	assert_int_equal(f->requests, 1);
	assert_int_equal(f->request_size, 16);
	assert_memory_equal(f->request, "first and second", 16);
	assert_int_equal(f->room, 100);
	assert_int_equal(rig_expect_used(&f->rig, 0, head), 50);
	for (u32 i = 0; i < 50; i++)
		assert_int_equal(rig_load(&f->rig, in + i, 1), i);
	assert_int_equal(rig_load(&f->rig, in + 50, 1), 0);
	assert_int_equal(rig_ack(&f->rig), I_USED);
}

static void test_several_requests_with_one_notification(void **state)
{
	struct fixture *f = *state;
	rig_start(&f->rig, 0, 1, QUEUE_SIZE);
	f->reply_size = 11;
	u64 pa = rig_alloc(&f->rig, 64);
	struct rig_piece pieces[] = { { pa, 20, false }, { pa + 32, 32, true } };
	for (u32 i = 0; i < 3; i++)
		rig_chain(&f->rig, 0, pieces, ARRAY_SIZE(pieces));
	rig_notify(&f->rig, 0);
	assert_int_equal(f->requests, 3);
}

static void test_largest_message_passes_and_larger_ones_break(void **state)
{
	struct fixture *f = *state;
	rig_start(&f->rig, 0, 1, QUEUE_SIZE);
	f->reply_size = UINT32_MAX;
	u64 out = rig_alloc(&f->rig, VIRTIO_9P_MESSAGE_MAX + 1);
	u64 in = rig_alloc(&f->rig, VIRTIO_9P_MESSAGE_MAX + 1);
	struct rig_piece pieces[] = { { out, VIRTIO_9P_MESSAGE_MAX, false }, { in, VIRTIO_9P_MESSAGE_MAX + 1, true } };
	u16 head = rig_send(&f->rig, 0, pieces, 2);
	assert_int_equal(f->request_size, VIRTIO_9P_MESSAGE_MAX);
	assert_int_equal(rig_expect_used(&f->rig, 0, head), VIRTIO_9P_MESSAGE_MAX);
	pieces[0].size++;
	rig_send(&f->rig, 0, pieces, 2);
	assert_int_equal(f->requests, 1);
	assert_true(rig_is_broken(&f->rig));
}

static void test_request_without_room_for_a_reply_breaks(void **state)
{
	struct fixture *f = *state;
	for (u32 room = 0; room < 11; room++) {
		rig_start(&f->rig, 0, 1, QUEUE_SIZE);
		u64 pa = rig_alloc(&f->rig, 64);
		struct rig_piece pieces[] = { { pa, 20, false }, { pa + 32, room, true } };
		rig_send(&f->rig, 0, pieces, room ? 2 : 1);
		assert_true(rig_is_broken(&f->rig));
	}
	assert_int_equal(f->requests, 0);
	rig_start(&f->rig, 0, 1, QUEUE_SIZE);
	u64 pa = rig_alloc(&f->rig, 64);
	struct rig_piece pieces[] = { { pa, 0, false }, { pa + 32, 11, true } };
	rig_send(&f->rig, 0, pieces + 1, 1); /* an empty request is for the server to refuse */
	assert_int_equal(f->requests, 1);
}

/* What a reply with bytes of a file can be: a new index for the ring it came from. */
static void test_request_that_feeds_itself_does_not_hold_up_the_machine(void **state)
{
	struct fixture *f = *state;
	rig_start(&f->rig, 0, 1, QUEUE_SIZE);
	u64 pa = rig_alloc(&f->rig, 64);
	struct rig_piece pieces[] = { { pa, 20, false }, { pa + 32, 32, true } };
	f->more = 1000;
	rig_send(&f->rig, 0, pieces, 2);
	assert_int_equal(f->requests, 128); /* the largest queue's worth */
	rig_notify(&f->rig, 0);
	assert_int_equal(f->requests, 256);
}

static void test_state_goes_on_where_it_was(void **state)
{
	struct fixture *f = *state;
	struct state_memory memory;
	rig_start(&f->rig, 0, 1, QUEUE_SIZE);
	struct state saving = state_saving(&memory);
	virtio_9p_state(&saving, f->p9);
	assert_true(state_ok(&saving));
	rig_out(&f->rig, R_STATUS, 0);
	struct state loading = state_loading(&memory);
	virtio_9p_state(&loading, f->p9);
	assert_true(state_ok(&loading));
	u64 pa = rig_alloc(&f->rig, 64);
	struct rig_piece pieces[] = { { pa, 20, false }, { pa + 32, 32, true } };
	rig_send(&f->rig, 0, pieces, 2);
	assert_int_equal(f->requests, 1);
}

int main(void)
{
#define TRANSPORT_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TRANSPORT_TEST(test_it_says_its_tag),
		TRANSPORT_TEST(test_bad_tags_and_slots_are_refused),
		TRANSPORT_TEST(test_request_and_reply_in_pieces),
		TRANSPORT_TEST(test_several_requests_with_one_notification),
		TRANSPORT_TEST(test_largest_message_passes_and_larger_ones_break),
		TRANSPORT_TEST(test_request_without_room_for_a_reply_breaks),
		TRANSPORT_TEST(test_request_that_feeds_itself_does_not_hold_up_the_machine),
		TRANSPORT_TEST(test_state_goes_on_where_it_was),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
