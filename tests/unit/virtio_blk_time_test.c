/*
 * The virtio block device: how long requests take, what happens meanwhile, and saved states.
 */
#include "tests/unit/blk_rig.h"

#include "tests/unit/state_memory.h"

/* --- time --- */

static void test_request_takes_its_time(void **state)
{
	struct blk_fixture *f = *state;
	struct virtio_rig *r = &f->rig;
	blk_attach(f, false, false);
	blk_start(f, F_ALL);
	struct blk_request q = blk_post(f, T_IN, 0, NULL, 512);
	assert_true(clock_next(&f->clock) == CLOCK_NEVER); /* it was not notified yet */
	rig_notify(r, 0);
	u64 start = f->clock.now_ns;
	assert_int_equal(clock_next(&f->clock), start + ACCESS_NS);
	clock_run(&f->clock, start + ACCESS_NS / 2);
	rig_notify(r, 0); /* does not make it longer */
	clock_run(&f->clock, start + ACCESS_NS - 1);
	assert_int_equal(rig_load(r, q.status, 1), STATUS_UNTOUCHED);
	assert_false(r->irq);
	clock_run(&f->clock, start + ACCESS_NS);
	assert_int_equal(rig_ack(r), I_USED);
	assert_int_equal(blk_finish(f, &q), STATUS_OK);
	assert_true(clock_next(&f->clock) == CLOCK_NEVER);
}

static void test_batch_is_one_access_and_one_interrupt_in_order(void **state)
{
	struct blk_fixture *f = *state;
	struct virtio_rig *r = &f->rig;
	struct blk_request q[5];
	u8 bytes[DISK_SECTOR] = "batch", got[DISK_SECTOR];
	blk_attach(f, false, false);
	blk_start(f, F_ALL);
	q[0] = blk_post(f, T_IN, 4, NULL, 512);
	q[1] = blk_post(f, T_OUT, 4, bytes, 512);
	rig_notify(r, 0);
	clock_run(&f->clock, f->clock.now_ns + ACCESS_NS / 2);
	q[2] = blk_post(f, T_IN, 4, NULL, 512); /* these come along, notified or not */
	rig_notify(r, 0);
	q[3] = blk_post(f, T_FLUSH, 0, NULL, 0);
	q[4] = blk_post(f, 99, 0, NULL, 0);
	clock_run(&f->clock, f->clock.now_ns + ACCESS_NS / 2);
	assert_int_equal(r->irq_rises, 1);
	for (u32 i = 0; i < 5; i++)
		assert_int_equal(blk_finish(f, &q[i]), i < 4 ? STATUS_OK : STATUS_UNSUPP);
	rig_get(r, q[0].data, got, sizeof(got));
	assert_memory_equal(got, f->image->model + 4 * DISK_SECTOR, DISK_SECTOR);
	rig_get(r, q[2].data, got, sizeof(got));
	assert_memory_equal(got, bytes, DISK_SECTOR);
	assert_true(clock_next(&f->clock) == CLOCK_NEVER);
}

static void test_reset_forgets_requests(void **state)
{
	struct blk_fixture *f = *state;
	struct virtio_rig *r = &f->rig;
	u8 bytes[DISK_SECTOR] = { 0 };
	blk_attach(f, false, false);
	blk_start(f, F_ALL);
	struct blk_request q = blk_post(f, T_OUT, 0, bytes, 512);
	rig_notify(r, 0);
	rig_out(r, R_STATUS, 0);
	assert_true(clock_next(&f->clock) == CLOCK_NEVER);
	blk_wait(f);
	assert_int_equal(rig_load(r, q.status, 1), STATUS_UNTOUCHED);
	expect_file_untouched(f->image);
}

/*
 * A request that reads sectors into its own ring and header, so that each makes the next one available: without a bound
 * such a driver would never get its hart back.
 */
static void test_request_that_feeds_itself_does_not_hold_up_the_machine(void **state)
{
	enum { COUNT = 600, RING = 4, HEADER = 64 };
	struct blk_fixture *f = *state;
	struct virtio_rig *r = &f->rig;
	static u8 image[COUNT * DISK_SECTOR];
	for (u32 i = 0; i < COUNT; i++) {
		u64 header[2] = { T_IN, i + 1 };
		u16 index = (u16)(i + 2);
		memset(image + i * DISK_SECTOR, 0, DISK_SECTOR);
		memcpy(image + i * DISK_SECTOR + 2, &index, 2);
		memcpy(image + i * DISK_SECTOR + HEADER, header, sizeof(header));
	}
	write_file(f->image->path, image, sizeof(image));
	blk_attach(f, false, false);
	rig_start(r, F_ALL, 1, RING);
	struct rig_queue *q = &r->queues[0];
	rig_out(r, R_QUEUE_READY, 0); /* once more, with the ring where it is overwritten */
	q->avail = rig_alloc(r, DISK_SECTOR);
	rig_write_queue(r, 0);
	rig_out(r, R_QUEUE_READY, 1);
	struct rig_piece pieces[] = { { q->avail + HEADER, 16, false },
		                      { q->avail, DISK_SECTOR, true },
		                      { r->heap, 1, true } };
	rig_send(r, 0, pieces, ARRAY_SIZE(pieces));
	blk_wait(f);
	assert_int_equal(rig_load(r, q->used + 2, 2), 256);
	blk_wait(f);
	assert_int_equal(rig_load(r, q->used + 2, 2), 512);
	blk_wait(f);
	assert_int_equal(rig_load(r, q->used + 2, 2), COUNT + 1); /* the last one read beyond the end: zeros */
	rig_out(r, R_STATUS, 0);
}

/* Makes a request available, in an indirect table, whose room is `count` times the same 32 MiB. */
static void post_huge(struct virtio_rig *r, u64 header, u64 big, u32 count)
{
	u64 table = rig_alloc(r, 16ull * (count + 1));
	rig_desc(r, table, 0, header, 16, D_NEXT, 1);
	for (u32 i = 1; i <= count; i++)
		rig_desc(r, table, i, big, 32 * MIB, D_WRITE | (i < count ? D_NEXT : 0), (u16)(i + 1));
	u16 head = r->queues[0].next_desc++;
	rig_desc(r, r->queues[0].desc, head, table, 16 * (count + 1), D_INDIRECT, 0);
	rig_post(r, 0, head);
}

/* Buffers may lie on top of each other, so a request can be much larger than the RAM. */
static void test_huge_requests_are_done_one_at_a_time(void **state)
{
	struct blk_fixture *f = *state;
	struct virtio_rig *r = &f->rig;
	struct error err;
	u64 big = 0x200000000, header[2] = { T_IN, SECTORS };
	assert_true(bus_add_ram(&r->bus, "more", big, 32 * MIB, &err));
	blk_attach(f, false, false);
	blk_start(f, F_ALL | F_INDIRECT);
	for (u32 i = 0; i < 3; i++)
		post_huge(r, rig_bytes(r, header, sizeof(header)), big, 8);
	rig_notify(r, 0);
	for (u32 i = 1; i <= 3; i++) {
		blk_wait(f);
		assert_int_equal(rig_load(r, r->queues[0].used + 2, 2), i);
	}
	assert_true(clock_next(&f->clock) == CLOCK_NEVER);
}

/* --- saved states --- */

static void save(struct blk_fixture *f, struct state_memory *m)
{
	struct state s = state_saving(m);
	virtio_blk_state(&s, f->blk);
	assert_true(state_ok(&s));
}

static bool load(struct blk_fixture *f, struct state_memory *m)
{
	struct state s = state_loading(m);
	virtio_blk_state(&s, f->blk);
	return state_ok(&s);
}

static void test_request_under_way_is_saved_and_restored(void **state)
{
	struct blk_fixture *f = *state;
	struct state_memory m = { 0 };
	u8 got[DISK_SECTOR];
	blk_attach(f, false, false);
	blk_start(f, F_ALL);
	struct blk_request q = blk_post(f, T_IN, 6, NULL, 512);
	rig_notify(&f->rig, 0);
	u64 start = f->clock.now_ns;
	clock_run(&f->clock, start + 100);
	save(f, &m);
	rig_out(&f->rig, R_STATUS, 0); /* what happens after it was saved does not count */
	assert_true(load(f, &m));
	assert_int_equal(m.at, m.size);
	clock_run(&f->clock, start + ACCESS_NS - 1);
	assert_false(f->rig.irq);
	clock_run(&f->clock, start + ACCESS_NS);
	assert_int_equal(blk_finish(f, &q), STATUS_OK);
	rig_get(&f->rig, q.data, got, sizeof(got));
	assert_memory_equal(got, f->image->model + 6 * DISK_SECTOR, DISK_SECTOR);
}

static void test_state_has_the_snapshot_disk_in_it(void **state)
{
	struct blk_fixture *f = *state;
	struct state_memory m;
	u8 bytes[DISK_SECTOR] = "kept", others[DISK_SECTOR] = "lost", got[DISK_SECTOR];
	blk_attach(f, false, true);
	blk_start(f, F_ALL);
	assert_int_equal(blk_write(f, 3, 1, bytes), STATUS_OK);
	save(f, &m);
	assert_int_equal(blk_write(f, 3, 1, others), STATUS_OK);
	assert_true(load(f, &m));
	f->rig.queues[0].next_avail--; /* the driver's side, which is in RAM, goes back as well */
	f->rig.queues[0].next_used--;
	assert_int_equal(blk_read(f, 3, 1, got), STATUS_OK);
	assert_memory_equal(got, bytes, DISK_SECTOR);
}

static void test_state_of_another_disk_is_refused(void **state)
{
	struct blk_fixture *f = *state;
	struct state_memory m;
	struct error err;
	blk_attach(f, false, false);
	save(f, &m);
	size_t size = m.size;
	for (m.size = 0; m.size < size; m.size++)
		assert_false(load(f, &m));
	m.size = size;
	assert_true(load(f, &m));
	virtio_blk_destroy(f->blk);
	disk_close(f->disk);
	assert_int_equal(truncate(f->image->path, 1024), 0);
	f->disk = open_disk(f->image, false, false);
	f->blk = virtio_blk_create(&f->rig.bus, &f->clock, RIG_SLOT + 1, (struct irq_line){ 0 }, f->disk, &err);
	assert_non_null(f->blk);
	assert_false(load(f, &m));
	assert_string_equal(m.err.text,
	                    "the snapshot does not fit this machine: disk size in sectors: 131 there, 2 here");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, blk_setup, blk_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_request_takes_its_time),
		TEST(test_batch_is_one_access_and_one_interrupt_in_order),
		TEST(test_reset_forgets_requests),
		TEST(test_request_that_feeds_itself_does_not_hold_up_the_machine),
		TEST(test_huge_requests_are_done_one_at_a_time),
		TEST(test_request_under_way_is_saved_and_restored),
		TEST(test_state_has_the_snapshot_disk_in_it),
		TEST(test_state_of_another_disk_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
