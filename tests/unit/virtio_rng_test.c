/*
 * devices/virtio_rng.c: every request gets bytes, the same ones for the same seed; what is no request breaks it.
 */
#include "devices/virtio_rng.h"
#include "tests/unit/state_memory.h"
#include "tests/unit/virtio_driver.h"

#include <stdlib.h>

struct fixture {
	struct virtio_rig r;    /* bus, RAM and driver */
	struct virtio_rng *rng; /* under test */
};

static struct fixture *make(u64 seed)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	struct error err = { "" };
	rig_init(&f->r);
	f->rng = virtio_rng_create(&f->r.bus, RIG_SLOT, rig_irq(&f->r), seed, &err);
	assert_non_null(f->rng);
	return f;
}

static int setup(void **state)
{
	*state = make(1);
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	virtio_rng_destroy(f->rng);
	rig_free(&f->r);
	free(f);
	return 0;
}

/* Asks for `size` bytes; returns how many came. */
static u32 ask(struct fixture *f, void *bytes, u32 size)
{
	u64 pa = rig_alloc(&f->r, size);
	u16 head = rig_send(&f->r, 0, &(struct rig_piece){ pa, size, true }, 1);
	u32 written = rig_expect_used(&f->r, 0, head);
	rig_get(&f->r, pa, bytes, written);
	return written;
}

static void test_it_is_an_entropy_device_with_one_queue(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(rig_in(&f->r, R_DEVICE_ID), 4);
	rig_out(&f->r, R_QUEUE_SEL, 1);
	assert_int_equal(rig_in(&f->r, R_QUEUE_NUM_MAX), 0);
	assert_int_equal(rig_offered(&f->r), F_VERSION_1 | F_INDIRECT | F_EVENT_IDX);
	assert_int_equal(rig_config(&f->r, 0, 8), 0);
}

static void test_requests_of_every_size_are_filled(void **state)
{
	struct fixture *f = *state;
	u8 bytes[300];
	rig_start(&f->r, 0, 1, 8);
	for (u32 size = 1; size <= sizeof(bytes); size++) {
		assert_int_equal(ask(f, bytes, size), size);
		assert_int_equal(rig_ack(&f->r), I_USED);
	}
}

static void test_bytes_look_random(void **state)
{
	struct fixture *f = *state;
	u8 bytes[4096];
	u32 ones = 0, seen[256] = { 0 };
	rig_start(&f->r, 0, 1, 8);
	assert_int_equal(ask(f, bytes, sizeof(bytes)), sizeof(bytes));
	for (u32 i = 0; i < sizeof(bytes); i++) {
		ones += (u32)__builtin_popcount(bytes[i]);
		seen[bytes[i]]++;
	}
	assert_in_range(ones, 16384 - 500, 16384 + 500);
	for (u32 i = 0; i < 256; i++)
		assert_in_range(seen[i], 1, 40);
}

static void test_a_request_in_pieces_is_filled_across_them(void **state)
{
	struct fixture *f = *state;
	rig_start(&f->r, 0, 1, 8);
	u64 pa = rig_alloc(&f->r, 64);
	u16 head = rig_send(&f->r, 0, (struct rig_piece[]){ { pa, 9, true }, { pa + 32, 9, true } }, 2);
	assert_int_equal(rig_expect_used(&f->r, 0, head), 18);
	assert_int_not_equal(rig_load(&f->r, pa, 8), 0);
	assert_int_equal(rig_load(&f->r, pa + 9, 8), 0);
	assert_int_not_equal(rig_load(&f->r, pa + 32, 8), 0);
}

static void test_huge_requests_get_some_bytes(void **state)
{
	struct fixture *f = *state;
	rig_start(&f->r, 0, 1, 8);
	u64 pa = rig_alloc(&f->r, MIB);
	u16 head = rig_send(&f->r, 0, &(struct rig_piece){ pa, MIB, true }, 1);
	assert_int_equal(rig_expect_used(&f->r, 0, head), 4096);
	assert_int_equal(rig_load(&f->r, pa + 4096, 8), 0);
}

static void test_the_same_seed_gives_the_same_bytes(void **state)
{
	struct fixture *f = *state;
	struct fixture *same = make(1), *other = make(2);
	u8 a[64], b[64], c[64];
	rig_start(&f->r, 0, 1, 8);
	rig_start(&same->r, 0, 1, 8);
	rig_start(&other->r, 0, 1, 8);
	for (u32 i = 0; i < 3; i++) {
		ask(f, a, sizeof(a));
		ask(same, b, sizeof(b));
		ask(other, c, sizeof(c));
		assert_memory_equal(a, b, sizeof(a));
		assert_memory_not_equal(a, c, sizeof(a));
	}
	teardown((void **)&same);
	teardown((void **)&other);
}

static void test_a_reset_does_not_repeat_bytes(void **state)
{
	struct fixture *f = *state;
	u8 a[64], b[64];
	rig_start(&f->r, 0, 1, 8);
	ask(f, a, sizeof(a));
	rig_start(&f->r, 0, 1, 8);
	ask(f, b, sizeof(b));
	assert_memory_not_equal(a, b, sizeof(a));
}

static void test_a_restored_device_goes_on_with_the_next_bytes(void **state)
{
	struct fixture *f = *state;
	struct fixture *other = make(99);
	struct state_memory m;
	u8 a[64], b[64];
	rig_start(&f->r, 0, 1, 8);
	rig_start(&other->r, 0, 1, 8);
	ask(f, a, sizeof(a));
	ask(other, b, sizeof(b));
	struct state s = state_saving(&m);
	virtio_rng_state(&s, f->rng);
	s = state_loading(&m);
	virtio_rng_state(&s, other->rng);
	assert_true(state_ok(&s));
	ask(f, a, sizeof(a));
	ask(other, b, sizeof(b));
	assert_memory_equal(a, b, sizeof(a));
	teardown((void **)&other);
}

static void test_requests_without_room_or_with_bytes_to_read_break(void **state)
{
	struct fixture *f = *state;
	u64 pa = rig_alloc(&f->r, 8);
	static const struct rig_piece bad[][2] = {
		{ { RIG_RAM, 8, false }, { RIG_RAM, 8, true } },
		{ { RIG_RAM, 8, false }, { RIG_RAM, 8, false } },
		{ { RIG_RAM, 0, true }, { RIG_RAM, 0, true } },
	};
	for (u32 i = 0; i < ARRAY_SIZE(bad); i++) {
		rig_start(&f->r, 0, 1, 8);
		rig_send(&f->r, 0, bad[i], 2);
		assert_true(rig_is_broken(&f->r));
		assert_false(rig_used(&f->r, 0, NULL, NULL));
	}
	rig_start(&f->r, 0, 1, 8);
	rig_expect_used(&f->r, 0, rig_send(&f->r, 0, &(struct rig_piece){ pa, 8, true }, 1));
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_is_an_entropy_device_with_one_queue),
		TEST(requests_of_every_size_are_filled),
		TEST(bytes_look_random),
		TEST(a_request_in_pieces_is_filled_across_them),
		TEST(huge_requests_get_some_bytes),
		TEST(the_same_seed_gives_the_same_bytes),
		TEST(a_reset_does_not_repeat_bytes),
		TEST(a_restored_device_goes_on_with_the_next_bytes),
		TEST(requests_without_room_or_with_bytes_to_read_break),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
