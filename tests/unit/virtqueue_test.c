/*
 * devices/virtqueue.c: rings and chains as drivers may build them. As they may not: virtqueue_hostile_test.c.
 */
#include "tests/unit/virtio_probe.h"

#define RAM_END (RIG_RAM + RIG_RAM_SIZE)

static void test_a_chain_is_taken_piece_by_piece_and_given_back(void **state)
{
	struct probe *p = *state;
	rig_start(&p->r, 0, 1, 8);
	u64 a = rig_bytes(&p->r, "hello", 5), b = rig_bytes(&p->r, "world!", 6);
	u64 c = rig_alloc(&p->r, 4), d = rig_alloc(&p->r, 100);
	char text[12] = "";
	u16 head =
		rig_send(&p->r, 0,
	                 (struct rig_piece[]){ { a, 5, false }, { b, 6, false }, { c, 4, true }, { d, 100, true } }, 4);
	assert_int_equal(p->chain.head, head);
	assert_int_equal(p->chain.out_count, 2);
	assert_int_equal(p->chain.in_count, 2);
	assert_int_equal(p->chain.out_size, 11);
	assert_int_equal(p->chain.in_size, 104);
	assert_int_equal(rig_expect_used(&p->r, 0, head), 11);
	rig_get(&p->r, c, text, 4);
	rig_get(&p->r, d, text + 4, 7);
	assert_string_equal(text, "helloworld!");
	assert_false(rig_used(&p->r, 0, NULL, NULL));
	assert_int_equal(rig_ack(&p->r), I_USED);
}

static void test_reading_and_writing_at_offsets_stop_at_the_chains_end(void **state)
{
	struct probe *p = *state;
	rig_start(&p->r, 0, 1, 8);
	u64 a = rig_bytes(&p->r, "abc", 3), b = rig_bytes(&p->r, "defg", 4), c = rig_alloc(&p->r, 2);
	u64 d = rig_alloc(&p->r, 3);
	char text[16];
	p->lazy = true;
	rig_send(&p->r, 0, (struct rig_piece[]){ { a, 3, false }, { b, 4, false }, { c, 2, true }, { d, 3, true } }, 4);
	assert_true(virtio_take(p->v, 0, &p->chain));
	for (u32 at = 0; at <= 8; at++) {
		for (u32 size = 0; size <= 9; size++) {
			u32 want = at >= 7 ? 0 : 7 - at < size ? 7 - at : size;
			memset(text, 0, sizeof(text));
			assert_int_equal(virtio_read(&p->chain, at, text, size), want);
			assert_memory_equal(text, &"abcdefg"[at < 7 ? at : 7], want);
			assert_int_equal(text[want], 0);
		}
	}
	assert_int_equal(virtio_write(&p->chain, 1, "12345678", 8), 4);
	assert_int_equal(rig_load(&p->r, c, 2), '1' << 8);
	assert_int_equal(rig_load(&p->r, d, 4), '2' | '3' << 8 | '4' << 16);
	assert_int_equal(virtio_write(&p->chain, 5, "x", 1), 0);
	assert_int_equal(virtio_write(&p->chain, UINT64_MAX, "x", 1), 0);
	assert_int_equal(virtio_read(&p->chain, UINT64_MAX, text, 1), 0);
}

static void test_queues_of_every_size_go_around_many_times(void **state)
{
	struct probe *p = *state;
	for (u32 size = 1; size <= PROBE_SIZE_MAX; size *= 2) {
		rig_start(&p->r, F_EVENT_IDX, 1, size);
		u64 pa = rig_alloc(&p->r, 8);
		for (u32 i = 0; i < 200; i++) {
			u16 head = rig_send(&p->r, 0, &(struct rig_piece){ pa, 8, true }, 1);
			rig_expect_used(&p->r, 0, head);
		}
	}
	assert_false(rig_is_broken(&p->r));
}

static void test_indexes_wrap_at_65536(void **state)
{
	struct probe *p = *state;
	rig_start(&p->r, 0, 1, 4);
	u64 pa = rig_alloc(&p->r, 8);
	for (u32 i = 0; i < 65540; i++)
		rig_expect_used(&p->r, 0, rig_send(&p->r, 0, &(struct rig_piece){ pa, 8, true }, 1));
	assert_int_equal(rig_load(&p->r, p->r.queues[0].used + 2, 2), 4);
}

static void test_a_full_ring_is_served_in_order(void **state)
{
	struct probe *p = *state;
	rig_start(&p->r, 0, 1, 8);
	u64 pa = rig_bytes(&p->r, "x", 1);
	for (u16 i = 0; i < 8; i++)
		rig_chain(&p->r, 0, &(struct rig_piece){ pa, 1, false }, 1);
	rig_notify(&p->r, 0);
	for (u16 i = 0; i < 8; i++)
		assert_int_equal(rig_expect_used(&p->r, 0, i), 0);
	assert_false(rig_used(&p->r, 0, NULL, NULL));
}

static void test_a_chain_as_long_as_the_queue_is_taken(void **state)
{
	struct probe *p = *state;
	rig_start(&p->r, 0, 1, PROBE_SIZE_MAX);
	u64 pa = rig_alloc(&p->r, PROBE_SIZE_MAX);
	struct rig_piece pieces[PROBE_SIZE_MAX];
	for (u32 i = 0; i < PROBE_SIZE_MAX; i++)
		pieces[i] = (struct rig_piece){ pa + i, 1, true };
	u16 head = rig_send(&p->r, 0, pieces, PROBE_SIZE_MAX);
	assert_int_equal(p->chain.in_count, PROBE_SIZE_MAX);
	rig_expect_used(&p->r, 0, head);
}

static void test_empty_buffers_are_taken(void **state)
{
	struct probe *p = *state;
	rig_start(&p->r, 0, 1, 8);
	u64 a = rig_bytes(&p->r, "ab", 2), b = rig_alloc(&p->r, 2);
	u16 head =
		rig_send(&p->r, 0,
	                 (struct rig_piece[]){ { a, 0, false }, { a, 2, false }, { b, 0, true }, { b, 2, true } }, 4);
	assert_int_equal(rig_expect_used(&p->r, 0, head), 2);
	assert_int_equal(rig_load(&p->r, b, 2), 'a' | 'b' << 8);
}

static void test_the_next_chains_room_is_seen_without_taking_it(void **state)
{
	struct probe *p = *state;
	rig_start(&p->r, 0, 1, 8);
	u64 a = rig_bytes(&p->r, "ab", 2), b = rig_alloc(&p->r, 20);
	p->lazy = true;
	assert_int_equal(virtio_next_in_size(p->v, 0), 0);
	assert_false(virtio_pending(p->v, 0));
	u16 head = rig_send(&p->r, 0, (struct rig_piece[]){ { a, 2, false }, { b, 7, true }, { b + 7, 13, true } }, 3);
	assert_true(virtio_pending(p->v, 0));
	assert_int_equal(virtio_next_in_size(p->v, 0), 20);
	assert_int_equal(virtio_next_in_size(p->v, 0), 20);
	assert_true(probe_answer(p, 0));
	rig_expect_used(&p->r, 0, head);
	assert_int_equal(virtio_next_in_size(p->v, 0), 0);
}

static void test_buffers_up_to_the_last_byte_of_ram_are_taken(void **state)
{
	struct probe *p = *state;
	rig_start(&p->r, 0, 1, 8);
	rig_put(&p->r, RAM_END - 4, "last", 4);
	u64 b = rig_alloc(&p->r, 4);
	u16 head = rig_send(&p->r, 0, (struct rig_piece[]){ { RAM_END - 4, 4, false }, { b, 4, true } }, 2);
	assert_int_equal(rig_expect_used(&p->r, 0, head), 4);
	assert_int_equal(rig_load(&p->r, b, 4), 'l' | 'a' << 8 | 's' << 16 | 't' << 24);
}

/* --- notifications and interrupts (2.7.7, 2.7.10) --- */

static void test_no_interrupt_flag_is_heeded(void **state)
{
	struct probe *p = *state;
	rig_start(&p->r, 0, 1, 8);
	u64 pa = rig_alloc(&p->r, 1);
	rig_store(&p->r, p->r.queues[0].avail, 2, 1);
	rig_send(&p->r, 0, &(struct rig_piece){ pa, 1, true }, 1);
	assert_true(rig_used(&p->r, 0, NULL, NULL));
	assert_int_equal(rig_in(&p->r, R_INTERRUPT_STATUS), 0);
	rig_store(&p->r, p->r.queues[0].avail, 2, 0);
	rig_send(&p->r, 0, &(struct rig_piece){ pa, 1, true }, 1);
	assert_int_equal(rig_ack(&p->r), I_USED);
}

static void test_used_event_names_the_entry_that_interrupts(void **state)
{
	struct probe *p = *state;
	rig_start(&p->r, F_EVENT_IDX, 1, 4);
	struct rig_queue *q = &p->r.queues[0];
	u64 pa = rig_alloc(&p->r, 1);
	rig_store(&p->r, q->avail, 2, 1); /* the flag means nothing now */
	for (u32 i = 0; i < 20; i++) {
		rig_store(&p->r, q->avail + 4 + 2 * 4, 2, i / 3 * 3 + 1); /* 1, 4, 7, ... */
		rig_send(&p->r, 0, &(struct rig_piece){ pa, 1, true }, 1);
		assert_int_equal(rig_ack(&p->r), i % 3 == 1 ? I_USED : 0);
	}
}

static void test_avail_event_asks_for_the_chain_after_the_last_one_taken(void **state)
{
	struct probe *p = *state;
	rig_start(&p->r, F_EVENT_IDX, 1, 8);
	u64 event = p->r.queues[0].used + 4 + 8 * 8, pa = rig_alloc(&p->r, 1);
	p->lazy = true;
	assert_int_equal(rig_load(&p->r, event, 2), 0);
	rig_chain(&p->r, 0, &(struct rig_piece){ pa, 1, true }, 1);
	rig_chain(&p->r, 0, &(struct rig_piece){ pa, 1, true }, 1);
	assert_int_equal(rig_load(&p->r, event, 2), 0); /* behind: the driver need not notify of more */
	assert_true(probe_answer(p, 0));
	assert_int_equal(rig_load(&p->r, event, 2), 1);
	assert_true(probe_answer(p, 0));
	assert_int_equal(rig_load(&p->r, event, 2), 2);
}

static void test_without_event_indexes_their_words_are_left_alone(void **state)
{
	struct probe *p = *state;
	rig_start(&p->r, 0, 1, 8);
	u64 event = p->r.queues[0].used + 4 + 8 * 8, pa = rig_alloc(&p->r, 1);
	rig_store(&p->r, event, 2, 0x7777);
	rig_send(&p->r, 0, &(struct rig_piece){ pa, 1, true }, 1);
	assert_int_equal(rig_load(&p->r, event, 2), 0x7777);
	assert_int_equal(rig_load(&p->r, p->r.queues[0].used, 2), 0); /* flags: please notify */
	assert_int_equal(rig_ack(&p->r), I_USED);
}

/* --- decoded code --- */

struct written {
	u64 pa[8];   /* what the block cache was told of */
	u64 size[8]; /* likewise */
	u32 count;   /* how often */
};

static void code_written(void *arg, u64 pa, u64 size)
{
	struct written *w = arg;
	if (w->count < ARRAY_SIZE(w->pa)) {
		w->pa[w->count] = pa;
		w->size[w->count] = size;
	}
	w->count++;
}

static void watch(struct probe *p, struct written *w, u64 pa)
{
	struct bus_region *ram = bus_find(&p->r.bus, pa);
	p->r.bus.code_written = code_written;
	p->r.bus.code_written_arg = w;
	ram->code_map[(pa - ram->base) / PAGE_SIZE] |= BIT(pa / 64 % 64);
}

static void test_code_in_written_buffers_and_only_there_is_forgotten(void **state)
{
	struct probe *p = *state;
	struct written w = { .count = 0 };
	rig_start(&p->r, 0, 1, 8);
	u64 a = rig_bytes(&p->r, "12345", 5), b = rig_alloc(&p->r, 64), c = rig_alloc(&p->r, 64);
	u64 d = rig_alloc(&p->r, 64);
	watch(p, &w, a);
	watch(p, &w, b);
	watch(p, &w, c);
	watch(p, &w, d);
	struct rig_piece pieces[] = { { a, 5, false }, { b, 3, true }, { c, 64, true }, { d, 64, true } };
	rig_send(&p->r, 0, pieces, 4);
	assert_int_equal(w.count, 2);
	assert_int_equal(w.pa[0], b);
	assert_int_equal(w.size[0], 3);
	assert_int_equal(w.pa[1], c);
	assert_int_equal(w.size[1], 2);
}

static void test_code_under_the_used_ring_is_forgotten(void **state)
{
	struct probe *p = *state;
	struct written w = { .count = 0 };
	rig_start(&p->r, F_EVENT_IDX, 1, 8);
	u64 pa = rig_bytes(&p->r, "x", 1);
	watch(p, &w, p->r.queues[0].used);
	watch(p, &w, p->r.queues[0].used + 64);
	rig_send(&p->r, 0, &(struct rig_piece){ pa, 1, false }, 1);
	assert_int_equal(w.count, 3); /* event index, entry, index */
	assert_int_equal(w.pa[0], p->r.queues[0].used + 4 + 8 * 8);
	assert_int_equal(w.pa[1], p->r.queues[0].used + 4);
	assert_int_equal(w.size[1], 8);
	assert_int_equal(w.pa[2], p->r.queues[0].used + 2);
}

/* --- indirect descriptors (2.7.5.3) --- */

/* Posts descriptor 0, an indirect one, and notifies. */
static void send_indirect(struct probe *p, u64 table, u32 size, u16 flags)
{
	rig_desc(&p->r, p->r.queues[0].desc, 0, table, size, D_INDIRECT | flags, 1);
	rig_post(&p->r, 0, 0);
	rig_notify(&p->r, 0);
}

static void test_an_indirect_table_is_a_chain(void **state)
{
	struct probe *p = *state;
	rig_start(&p->r, F_INDIRECT, 1, 8);
	u64 a = rig_bytes(&p->r, "abc", 3), b = rig_alloc(&p->r, 3), table = rig_alloc(&p->r, 16 * 5);
	rig_desc(&p->r, table, 0, a, 3, D_NEXT, 4);
	rig_desc(&p->r, table, 4, b, 3, D_WRITE, 0);
	send_indirect(p, table, 16 * 5, D_WRITE); /* WRITE is ignored here */
	assert_int_equal(rig_expect_used(&p->r, 0, 0), 3);
	assert_int_equal(rig_load(&p->r, b, 4), 'a' | 'b' << 8 | 'c' << 16);
}

static void test_direct_descriptors_may_precede_an_indirect_one(void **state)
{
	struct probe *p = *state;
	rig_start(&p->r, F_INDIRECT, 1, 8);
	u64 a = rig_bytes(&p->r, "abc", 3), b = rig_alloc(&p->r, 3), table = rig_alloc(&p->r, 16);
	rig_desc(&p->r, p->r.queues[0].desc, 5, a, 3, D_NEXT, 2);
	rig_desc(&p->r, p->r.queues[0].desc, 2, table, 16, D_INDIRECT, 0);
	rig_desc(&p->r, table, 0, b, 3, D_WRITE, 0);
	rig_post(&p->r, 0, 5);
	rig_notify(&p->r, 0);
	assert_int_equal(rig_expect_used(&p->r, 0, 5), 3);
}

static void test_an_indirect_chain_may_be_longer_than_the_drivers_ring(void **state)
{
	struct probe *p = *state;
	rig_start(&p->r, F_INDIRECT, 1, 2);
	u64 pa = rig_alloc(&p->r, 1), table = rig_alloc(&p->r, 16 * PROBE_SIZE_MAX);
	for (u32 i = 0; i < PROBE_SIZE_MAX; i++)
		rig_desc(&p->r, table, i, pa, 1, D_WRITE | (i + 1 < PROBE_SIZE_MAX ? D_NEXT : 0), (u16)(i + 1));
	send_indirect(p, table, 16 * PROBE_SIZE_MAX, 0);
	assert_int_equal(p->chain.in_count, PROBE_SIZE_MAX);
	rig_expect_used(&p->r, 0, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, probe_setup, probe_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_chain_is_taken_piece_by_piece_and_given_back),
		TEST(reading_and_writing_at_offsets_stop_at_the_chains_end),
		TEST(queues_of_every_size_go_around_many_times),
		TEST(indexes_wrap_at_65536),
		TEST(a_full_ring_is_served_in_order),
		TEST(a_chain_as_long_as_the_queue_is_taken),
		TEST(empty_buffers_are_taken),
		TEST(the_next_chains_room_is_seen_without_taking_it),
		TEST(buffers_up_to_the_last_byte_of_ram_are_taken),
		TEST(no_interrupt_flag_is_heeded),
		TEST(used_event_names_the_entry_that_interrupts),
		TEST(avail_event_asks_for_the_chain_after_the_last_one_taken),
		TEST(without_event_indexes_their_words_are_left_alone),
		TEST(code_in_written_buffers_and_only_there_is_forgotten),
		TEST(code_under_the_used_ring_is_forgotten),
		TEST(an_indirect_table_is_a_chain),
		TEST(direct_descriptors_may_precede_an_indirect_one),
		TEST(an_indirect_chain_may_be_longer_than_the_drivers_ring),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
