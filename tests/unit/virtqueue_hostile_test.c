/*
 * devices/virtqueue.c against a driver that breaks the rules: the device stands still and says why, once.
 */
#include "tests/unit/virtio_probe.h"

#include <stdio.h>
#include <unistd.h>

#define RAM_END (RIG_RAM + RIG_RAM_SIZE)

/* --- layouts --- */

#define DESC RIG_RAM
#define AVAIL (RIG_RAM + 0x1000)
#define USED (RIG_RAM + 0x2000)

/* Makes a queue with this layout live, which must break the device. */
static void expect_bad_layout(struct probe *p, u32 size, u64 desc, u64 avail, u64 used)
{
	assert_true(rig_negotiate(&p->r, F_VERSION_1));
	rig_out(&p->r, R_STATUS, S_DRIVER_OK);
	p->r.queues[1] = (struct rig_queue){ .size = size, .desc = desc, .avail = avail, .used = used };
	rig_write_queue(&p->r, 1);
	rig_out(&p->r, R_QUEUE_READY, 1);
	assert_true(rig_is_broken(&p->r));
	assert_int_equal(rig_in(&p->r, R_QUEUE_READY), 0);
	rig_notify(&p->r, 1);
	assert_int_equal(p->notifies[1], 0);
	assert_false(virtio_pending(p->v, 1));
}

static void test_sizes_that_are_no_queue_sizes_break(void **state)
{
	struct probe *p = *state;
	static const u32 sizes[] = { 0, 3, 12, 63, 65, 128, 65536, 0x80000000, 0xffffffff };
	for (u32 i = 0; i < ARRAY_SIZE(sizes); i++)
		expect_bad_layout(p, sizes[i], DESC, AVAIL, USED);
}

static void test_unaligned_rings_break(void **state)
{
	struct probe *p = *state;
	expect_bad_layout(p, 8, DESC + 8, AVAIL, USED);
	expect_bad_layout(p, 8, DESC, AVAIL + 1, USED);
	expect_bad_layout(p, 8, DESC, AVAIL, USED + 2);
}

static void test_rings_outside_ram_break(void **state)
{
	struct probe *p = *state;
	static const u64 places[] = { 0, RIG_BASE, RIG_RAM - 16, RAM_END - 16, RAM_END, UINT64_MAX - 15 };
	for (u32 i = 0; i < ARRAY_SIZE(places); i++) {
		expect_bad_layout(p, 8, places[i], AVAIL, USED);
		expect_bad_layout(p, 8, DESC, places[i], USED);
		expect_bad_layout(p, 8, DESC, AVAIL, places[i]);
	}
}

static void test_rings_must_fit_into_ram_with_their_event_words(void **state)
{
	struct probe *p = *state;
	u64 last_desc = RAM_END - 16 * 8, last_avail = RAM_END - (6 + 2 * 8), last_used = RAM_END - (8 + 8 * 8);
	expect_bad_layout(p, 8, last_desc + 16, AVAIL, USED);
	expect_bad_layout(p, 8, DESC, last_avail + 2, USED);
	expect_bad_layout(p, 8, DESC, AVAIL, last_used + 4);
	const struct rig_queue good[] = {
		{ .size = 8, .desc = last_desc, .avail = AVAIL, .used = USED },
		{ .size = 8, .desc = DESC, .avail = last_avail, .used = USED },
		{ .size = 8, .desc = DESC, .avail = AVAIL, .used = last_used },
	};
	for (u32 i = 0; i < ARRAY_SIZE(good); i++) {
		assert_true(rig_negotiate(&p->r, F_VERSION_1));
		p->r.queues[0] = good[i];
		rig_write_queue(&p->r, 0);
		rig_out(&p->r, R_QUEUE_READY, 1);
		assert_int_equal(rig_in(&p->r, R_QUEUE_READY), 1);
	}
}

/* --- chains --- */

/* Notifies of what the test has posted; the device must break without using anything, and say why once. */
static void expect_broken(struct probe *p, const char *why)
{
	char said[512] = "";
	FILE *file = tmpfile();
	int old = dup(STDERR_FILENO);
	assert_non_null(file);
	dup2(fileno(file), STDERR_FILENO);
	u32 resets = p->resets;
	rig_notify(&p->r, 0);
	rig_notify(&p->r, 0);
	bool took = probe_answer(p, 0);
	u64 room = virtio_next_in_size(p->v, 0);
	fflush(stderr);
	dup2(old, STDERR_FILENO);
	close(old);
	rewind(file);
	size_t size = fread(said, 1, sizeof(said) - 1, file);
	fclose(file);
	assert_true(rig_is_broken(&p->r));
	assert_false(took);
	assert_int_equal(room, 0);
	assert_int_equal(p->resets, resets + 1);
	assert_false(rig_used(&p->r, 0, NULL, NULL));
	assert_non_null(strstr(said, why));
	assert_ptr_equal(strchr(said, '\n'), said + size - 1); /* one line */
	assert_int_equal(rig_ack(&p->r), I_CONFIG);
}

static void test_a_head_beyond_the_table_breaks(void **state)
{
	struct probe *p = *state;
	static const u16 heads[] = { 8, 64, 0x8000, 0xffff };
	for (u32 i = 0; i < ARRAY_SIZE(heads); i++) {
		rig_start(&p->r, 0, 1, 8);
		rig_post(&p->r, 0, heads[i]);
		expect_broken(p, "beyond its table");
	}
}

static void test_a_next_beyond_the_table_breaks(void **state)
{
	struct probe *p = *state;
	static const u16 nexts[] = { 8, 9, 0xffff };
	u64 pa = rig_alloc(&p->r, 1);
	for (u32 i = 0; i < ARRAY_SIZE(nexts); i++) {
		rig_start(&p->r, 0, 1, 8);
		rig_desc(&p->r, p->r.queues[0].desc, 0, pa, 1, D_NEXT, nexts[i]);
		rig_post(&p->r, 0, 0);
		expect_broken(p, "beyond its table");
	}
}

static void test_loops_break(void **state)
{
	struct probe *p = *state;
	u64 pa = rig_alloc(&p->r, 1);
	for (u16 length = 1; length <= 8; length++) {
		for (u32 size = 1; size; size--) { /* and with empty buffers */
			rig_start(&p->r, 0, 1, 8);
			for (u16 i = 0; i < length; i++)
				rig_desc(&p->r, p->r.queues[0].desc, i, pa, size, D_NEXT, (u16)((i + 1) % length));
			rig_post(&p->r, 0, 0);
			expect_broken(p, "loop");
		}
	}
}

static void test_a_buffer_to_read_behind_one_to_write_breaks(void **state)
{
	struct probe *p = *state;
	u64 pa = rig_alloc(&p->r, 2);
	for (u32 size = 0; size < 2; size++) {
		rig_start(&p->r, 0, 1, 8);
		rig_chain(&p->r, 0, (struct rig_piece[]){ { pa, size, true }, { pa + 1, 1, false } }, 2);
		expect_broken(p, "behind one to write");
	}
}

static void test_buffers_outside_ram_break(void **state)
{
	struct probe *p = *state;
	static const struct rig_piece bad[] = {
		{ 0, 1, false },          { 0, 0, false },
		{ RIG_BASE, 4, true },    { RIG_RAM - 1, 1, false },
		{ RIG_RAM - 1, 2, true }, { RAM_END - 1, 2, false },
		{ RAM_END, 1, true },     { RIG_RAM, 0xffffffff, true },
		{ UINT64_MAX, 1, false }, { UINT64_MAX - 3, 8, true },
	};
	for (u32 i = 0; i < ARRAY_SIZE(bad); i++) {
		rig_start(&p->r, F_INDIRECT, 1, 8);
		rig_chain(&p->r, 0, &bad[i], 1);
		expect_broken(p, "not in RAM");
		rig_start(&p->r, F_INDIRECT, 1, 8);
		u64 table = rig_alloc(&p->r, 16);
		rig_desc(&p->r, table, 0, bad[i].pa, bad[i].size, bad[i].write ? D_WRITE : 0, 0);
		rig_desc(&p->r, p->r.queues[0].desc, 0, table, 16, D_INDIRECT, 0);
		rig_post(&p->r, 0, 0);
		expect_broken(p, "not in RAM");
	}
}

static void test_the_available_index_more_than_a_ring_ahead_breaks(void **state)
{
	struct probe *p = *state;
	static const u16 ahead[] = { 9, 16, 0x7fff, 0x8000, 0xffff };
	for (u32 i = 0; i < ARRAY_SIZE(ahead); i++) {
		rig_start(&p->r, 0, 1, 8);
		rig_store(&p->r, p->r.queues[0].avail + 2, 2, ahead[i]);
		expect_broken(p, "more than the queue's size ahead");
	}
}

static void test_the_available_index_going_back_breaks(void **state)
{
	struct probe *p = *state;
	rig_start(&p->r, 0, 1, 8);
	u64 pa = rig_alloc(&p->r, 1);
	rig_expect_used(&p->r, 0, rig_send(&p->r, 0, &(struct rig_piece){ pa, 1, false }, 1));
	rig_ack(&p->r);
	rig_store(&p->r, p->r.queues[0].avail + 2, 2, 0);
	expect_broken(p, "more than the queue's size ahead");
}

static void test_indirect_descriptors_that_break_the_rules_break(void **state)
{
	struct probe *p = *state;
	static const struct {
		u64 features;
		u32 size;
		u16 flags;
		const char *why;
	} bad[] = {
		{ 0, 16, 0, "did not accept" },
		{ F_INDIRECT, 16, D_NEXT, "has a next one" },
		{ F_INDIRECT, 0, 0, "no multiple of 16" },
		{ F_INDIRECT, 15, 0, "no multiple of 16" },
		{ F_INDIRECT, 17, 0, "no multiple of 16" },
		{ F_INDIRECT, 0xfffffff0, 0, "table is not in RAM" },
	};
	u64 pa = rig_alloc(&p->r, 1), table = rig_alloc(&p->r, 32);
	rig_desc(&p->r, table, 0, pa, 1, 0, 0);
	for (u32 i = 0; i < ARRAY_SIZE(bad); i++) {
		rig_start(&p->r, bad[i].features, 1, 8);
		rig_desc(&p->r, p->r.queues[0].desc, 0, table, bad[i].size, D_INDIRECT | bad[i].flags, 1);
		rig_post(&p->r, 0, 0);
		expect_broken(p, bad[i].why);
	}
	static const u64 places[] = { 0, RIG_RAM - 8, RAM_END - 8, UINT64_MAX - 7 };
	for (u32 i = 0; i < ARRAY_SIZE(places); i++) {
		rig_start(&p->r, F_INDIRECT, 1, 8);
		rig_desc(&p->r, p->r.queues[0].desc, 0, places[i], 16, D_INDIRECT, 1);
		rig_post(&p->r, 0, 0);
		expect_broken(p, "table is not in RAM");
	}
}

static void test_bad_indirect_tables_break(void **state)
{
	struct probe *p = *state;
	u64 pa = rig_alloc(&p->r, 1), table = rig_alloc(&p->r, 32);
	static const struct {
		u16 flags, next;
		const char *why;
	} bad[] = {
		{ D_INDIRECT, 0, "in an indirect table" },
		{ D_NEXT, 2, "beyond its table" },
		{ D_NEXT, 0xffff, "beyond its table" },
		{ D_NEXT, 0, "loop" },
	};
	for (u32 i = 0; i < ARRAY_SIZE(bad); i++) {
		rig_start(&p->r, F_INDIRECT, 1, 8);
		rig_desc(&p->r, table, 0, pa, 16, bad[i].flags, bad[i].next);
		rig_desc(&p->r, p->r.queues[0].desc, 0, table, 32, D_INDIRECT, 0);
		rig_post(&p->r, 0, 0);
		expect_broken(p, bad[i].why);
	}
}

static void test_a_chain_longer_than_the_queue_breaks(void **state)
{
	struct probe *p = *state;
	rig_start(&p->r, F_INDIRECT, 1, 8);
	u32 count = PROBE_SIZE_MAX + 1;
	u64 pa = rig_alloc(&p->r, 1), table = rig_alloc(&p->r, 16ull * count);
	for (u32 i = 0; i < count; i++)
		rig_desc(&p->r, table, i, pa, 1, i + 1 < count ? D_NEXT : 0, (u16)(i + 1));
	rig_desc(&p->r, p->r.queues[0].desc, 0, table, 16 * count, D_INDIRECT, 0);
	rig_post(&p->r, 0, 0);
	expect_broken(p, "longer than the queue");
}

static void test_more_than_4_gib_in_a_chain_breaks(void **state)
{
	struct probe *p = *state;
	struct error err = { "" };
	/* RAM that nobody touches costs nothing. */
	u64 big = 0x200000000;
	assert_true(bus_add_ram(&p->r.bus, "more", big, 4 * GIB, &err));
	p->lazy = true;
	rig_start(&p->r, 0, 1, 8);
	rig_chain(&p->r, 0, (struct rig_piece[]){ { big, 0x80000000, false }, { big, 0x80000000, true } }, 2);
	rig_notify(&p->r, 0);
	assert_int_equal(virtio_next_in_size(p->v, 0), 0x80000000);
	rig_start(&p->r, 0, 1, 8);
	rig_chain(&p->r, 0,
	          (struct rig_piece[]){ { big, 0x80000000, false }, { big, 0x80000000, true }, { big, 1, true } }, 3);
	expect_broken(p, "4 GiB");
}

/* A driver that puts everything at one address does harm to itself only. */
static void test_rings_on_top_of_each_other_do_no_harm(void **state)
{
	struct probe *p = *state;
	static const u32 shifts[] = { 0, 4, 8, 16, 60, 64 };
	for (u32 i = 0; i < ARRAY_SIZE(shifts); i++) {
		assert_true(rig_negotiate(&p->r, F_VERSION_1 | F_EVENT_IDX | F_INDIRECT));
		u64 pa = rig_alloc(&p->r, 0x1000);
		p->r.queues[0] = (struct rig_queue){ .size = 8, .desc = pa, .avail = pa, .used = pa + shifts[i] };
		rig_desc(&p->r, pa, 0, pa, 64, D_WRITE, 0);
		rig_store(&p->r, pa + 2, 2, 1);
		rig_write_queue(&p->r, 0);
		rig_out(&p->r, R_QUEUE_READY, 1);
		rig_out(&p->r, R_STATUS, S_DRIVER_OK);
		rig_notify(&p->r, 0);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, probe_setup, probe_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(sizes_that_are_no_queue_sizes_break),
		TEST(unaligned_rings_break),
		TEST(rings_outside_ram_break),
		TEST(rings_must_fit_into_ram_with_their_event_words),
		TEST(a_head_beyond_the_table_breaks),
		TEST(a_next_beyond_the_table_breaks),
		TEST(loops_break),
		TEST(a_buffer_to_read_behind_one_to_write_breaks),
		TEST(buffers_outside_ram_break),
		TEST(the_available_index_more_than_a_ring_ahead_breaks),
		TEST(the_available_index_going_back_breaks),
		TEST(indirect_descriptors_that_break_the_rules_break),
		TEST(bad_indirect_tables_break),
		TEST(a_chain_longer_than_the_queue_breaks),
		TEST(more_than_4_gib_in_a_chain_breaks),
		TEST(rings_on_top_of_each_other_do_no_harm),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
