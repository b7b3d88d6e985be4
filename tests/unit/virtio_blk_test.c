/*
 * The virtio block device: the sentences of virtio 1.2, section 5.2, one test each or a few, and what a driver that
 * does not keep to them gets. What must survive a power-off is in virtio_blk_power_test.c.
 */
#include "tests/unit/blk_rig.h"

/* --- configuration and features --- */

static void test_it_is_a_block_device_with_one_queue(void **state)
{
	struct blk_fixture *f = *state;
	blk_attach(f, false, false);
	assert_int_equal(rig_in(&f->rig, R_DEVICE_ID), 2);
	rig_out(&f->rig, R_QUEUE_SEL, 0);
	assert_int_equal(rig_in(&f->rig, R_QUEUE_NUM_MAX), 256);
	rig_out(&f->rig, R_QUEUE_SEL, 1);
	assert_int_equal(rig_in(&f->rig, R_QUEUE_NUM_MAX), 0);
}

static void test_config_space(void **state)
{
	struct blk_fixture *f = *state;
	blk_attach(f, false, false);
	struct virtio_rig *r = &f->rig;
	assert_int_equal(rig_config(r, 0, 4), SECTORS); /* capacity */
	assert_int_equal(rig_config(r, 4, 4), 0);
	assert_int_equal(rig_config(r, 12, 4), 254);                    /* seg_max */
	assert_int_equal(rig_config(r, 20, 4), 512);                    /* blk_size */
	assert_int_equal(rig_config(r, 36, 4), 2 * GIB / DISK_SECTOR);  /* max_discard_sectors */
	assert_int_equal(rig_config(r, 40, 4), 16);                     /* max_discard_seg */
	assert_int_equal(rig_config(r, 44, 4), 8);                      /* discard_sector_alignment */
	assert_int_equal(rig_config(r, 48, 4), 64 * MIB / DISK_SECTOR); /* max_write_zeroes_sectors */
	assert_int_equal(rig_config(r, 52, 4), 16);                     /* max_write_zeroes_seg */
	assert_int_equal(rig_config(r, 56, 1), 1);                      /* write_zeroes_may_unmap */
	static const u32 zero_words[] = { 8, 16, 24, 28, 32, 60, 64 };  /* not offered, and padding */
	for (u32 i = 0; i < ARRAY_SIZE(zero_words); i++)
		assert_int_equal(rig_config(r, zero_words[i], 4), 0);
	assert_int_equal(rig_config(r, 56, 4), 1);
}

static void test_features_of_a_writable_disk(void **state)
{
	struct blk_fixture *f = *state;
	blk_attach(f, false, true);
	assert_int_equal(rig_offered(&f->rig) & MASK(24), F_ALL);
}

static void test_features_of_a_read_only_disk(void **state)
{
	struct blk_fixture *f = *state;
	blk_attach(f, true, false);
	assert_int_equal(rig_offered(&f->rig) & MASK(24), F_SEG_MAX | F_BLK_SIZE | F_FLUSH | F_RO);
	assert_int_equal(rig_config(&f->rig, 36, 4), 0);
	assert_int_equal(rig_config(&f->rig, 48, 4), 0);
}

static void test_slot_that_does_not_exist_is_refused(void **state)
{
	struct blk_fixture *f = *state;
	struct error err;
	f->disk = open_disk(f->image, false, false);
	assert_null(virtio_blk_create(&f->rig.bus, &f->clock, 8, rig_irq(&f->rig), f->disk, &err));
	virtio_blk_destroy(NULL);
	disk_close(f->disk);
}

/* --- reading and writing --- */

static void test_reads_and_writes_move_sectors(void **state)
{
	struct blk_fixture *f = *state;
	u8 bytes[3 * DISK_SECTOR], *model = f->image->model;
	blk_attach(f, false, false);
	blk_start(f, F_ALL);
	assert_int_equal(blk_read(f, 5, 3, bytes), STATUS_OK);
	assert_memory_equal(bytes, model + 5 * DISK_SECTOR, sizeof(bytes));
	for (u32 i = 0; i < sizeof(bytes); i++)
		model[7 * DISK_SECTOR + i] = bytes[i] ^= 0x80;
	assert_int_equal(blk_write(f, 7, 3, bytes), STATUS_OK);
	expect_file(f->image);
	for (u32 i = 0; i < sizeof(bytes); i++)
		bytes[i] = model[(SECTORS - 3) * DISK_SECTOR + i] = (u8)i;
	assert_int_equal(blk_write(f, SECTORS - 3, 3, bytes), STATUS_OK);
	expect_file(f->image);
	assert_int_equal(blk_read(f, SECTORS - 1, 1, bytes), STATUS_OK);
	assert_memory_equal(bytes, model + (SECTORS - 1) * DISK_SECTOR, DISK_SECTOR);
}

static void test_requests_beyond_the_disk_fail(void **state)
{
	static const struct {
		u64 sector;
		u32 count;
	} cases[] = {
		{ SECTORS, 1 },     { SECTORS - 1, 2 },    { SECTORS + 1, 0 }, { UINT64_MAX, 1 },
		{ UINT64_MAX, 0 },  { UINT64_MAX - 1, 2 }, { BIT(55), 1 }, /* times 512 this is 0 */
		{ BIT(55) - 1, 2 }, { BIT(63), 1 },        { 0, SECTORS + 1 },
	};
	struct blk_fixture *f = *state;
	static u8 bytes[(SECTORS + 1) * DISK_SECTOR];
	blk_attach(f, false, false);
	blk_start(f, F_ALL);
	for (u32 i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(blk_write(f, cases[i].sector, cases[i].count, bytes), STATUS_IOERR);
		assert_int_equal(blk_read(f, cases[i].sector, cases[i].count, NULL), STATUS_IOERR);
	}
	expect_file(f->image);
	assert_int_equal(blk_read(f, SECTORS, 0, NULL), STATUS_OK);
	assert_int_equal(blk_write(f, SECTORS, 0, NULL), STATUS_OK);
	assert_int_equal(host.calls[HOST_READ] + host.calls[HOST_WRITE], 0);
}

static void test_length_that_is_no_multiple_of_512_fails(void **state)
{
	static const u32 sizes[] = { 1, 511, 513, 1000 };
	struct blk_fixture *f = *state;
	u8 bytes[1000] = { 0 };
	blk_attach(f, false, false);
	blk_start(f, F_ALL);
	for (u32 i = 0; i < ARRAY_SIZE(sizes); i++) {
		assert_int_equal(blk_do(f, T_IN, 0, NULL, sizes[i], NULL), STATUS_IOERR);
		assert_int_equal(blk_do(f, T_OUT, 0, bytes, sizes[i], NULL), STATUS_IOERR);
	}
	expect_file(f->image);
}

static void test_writes_to_a_read_only_disk_fail(void **state)
{
	struct blk_fixture *f = *state;
	u8 bytes[DISK_SECTOR] = { 0 };
	blk_attach(f, true, false);
	blk_start(f, F_FLUSH | F_RO);
	assert_int_equal(blk_write(f, 0, 1, bytes), STATUS_IOERR);
	assert_int_equal(blk_write(f, 0, 0, NULL), STATUS_IOERR);
	assert_int_equal(blk_zero(f, T_DISCARD, &(struct blk_range){ .count = 8 }, 1), STATUS_UNSUPP);
	assert_int_equal(blk_zero(f, T_WRITE_ZEROES, &(struct blk_range){ .count = 8 }, 1), STATUS_UNSUPP);
	assert_int_equal(blk_flush(f), STATUS_OK);
	assert_int_equal(blk_read(f, 0, 1, bytes), STATUS_OK);
	assert_memory_equal(bytes, f->image->model, DISK_SECTOR);
	expect_file_untouched(f->image);
}

static void test_snapshot_disk_is_written_in_memory(void **state)
{
	struct blk_fixture *f = *state;
	u8 bytes[DISK_SECTOR] = "new", got[DISK_SECTOR];
	blk_attach(f, false, true);
	blk_start(f, F_ALL);
	assert_int_equal(blk_write(f, 9, 1, bytes), STATUS_OK);
	assert_int_equal(blk_flush(f), STATUS_OK);
	assert_int_equal(blk_read(f, 9, 1, got), STATUS_OK);
	assert_memory_equal(got, bytes, DISK_SECTOR);
	expect_file_untouched(f->image);
}

/* --- framing (section 2.7.4): descriptors' borders mean nothing --- */

/* Sends pieces of one run of RAM as they are cut; returns the status, which is the run's last byte. */
static u8 send_cut(struct blk_fixture *f, u64 pa, u32 out_size, u32 in_size, u32 step)
{
	struct virtio_rig *r = &f->rig;
	struct rig_piece pieces[16];
	u32 n = 0, total = out_size + in_size;
	for (u32 at = 0; at < total;) {
		u32 border = at < out_size ? out_size : total;
		u32 size = n >= 12 || border - at < step ? border - at : step;
		pieces[n++] = (struct rig_piece){ pa + at, size, at >= out_size };
		at += size;
	}
	u16 head = rig_send(r, 0, pieces, n);
	blk_wait(f);
	assert_int_equal(rig_expect_used(r, 0, head), in_size);
	return (u8)rig_load(r, pa + total - 1, 1);
}

static void test_read_is_framed_in_any_way(void **state)
{
	static const u32 steps[] = { 1, 3, 15, 16, 17, 100, 512, 1025, 5000 };
	struct blk_fixture *f = *state;
	u8 bytes[2 * DISK_SECTOR];
	blk_attach(f, false, false);
	blk_start(f, F_ALL);
	u64 pa = rig_alloc(&f->rig, 16 + 1024 + 1);
	for (u32 i = 0; i < ARRAY_SIZE(steps); i++) {
		rig_store(&f->rig, pa, 8, T_IN);
		rig_store(&f->rig, pa + 8, 8, 10 + i);
		assert_int_equal(send_cut(f, pa, 16, 1025, steps[i]), STATUS_OK);
		rig_get(&f->rig, pa + 16, bytes, sizeof(bytes));
		assert_memory_equal(bytes, f->image->model + (10 + i) * DISK_SECTOR, sizeof(bytes));
	}
}

static void test_write_is_framed_in_any_way(void **state)
{
	static const u32 steps[] = { 1, 3, 15, 16, 17, 100, 528, 5000 };
	struct blk_fixture *f = *state;
	blk_attach(f, false, false);
	blk_start(f, F_ALL);
	u64 pa = rig_alloc(&f->rig, 16 + 1024 + 1);
	for (u32 i = 0; i < ARRAY_SIZE(steps); i++) {
		u8 *model = f->image->model + 2 * i * DISK_SECTOR;
		memset(model, 0x40 + (int)i, 1024);
		rig_store(&f->rig, pa, 8, T_OUT);
		rig_store(&f->rig, pa + 8, 8, 2 * i);
		rig_put(&f->rig, pa + 16, model, 1024);
		assert_int_equal(send_cut(f, pa, 16 + 1024, 1, steps[i]), STATUS_OK);
		expect_file(f->image);
	}
}

static void test_empty_descriptors_are_skipped(void **state)
{
	struct blk_fixture *f = *state;
	struct virtio_rig *r = &f->rig;
	u8 bytes[DISK_SECTOR];
	blk_attach(f, false, false);
	blk_start(f, F_ALL);
	u64 pa = rig_alloc(r, 16 + 512 + 1);
	rig_store(r, pa + 8, 8, 3);
	struct rig_piece pieces[] = {
		{ pa, 0, false },       { pa, 16, false }, { pa, 0, false },      { pa, 0, true },
		{ pa + 16, 512, true }, { pa, 0, true },   { pa + 528, 1, true }, { pa, 0, true },
	};
	u16 head = rig_send(r, 0, pieces, ARRAY_SIZE(pieces));
	blk_wait(f);
	assert_int_equal(rig_expect_used(r, 0, head), 513);
	rig_get(r, pa + 16, bytes, sizeof(bytes));
	assert_memory_equal(bytes, f->image->model + 3 * DISK_SECTOR, sizeof(bytes));
}

static void test_request_without_header_or_status_breaks_the_device(void **state)
{
	struct blk_fixture *f = *state;
	struct virtio_rig *r = &f->rig;
	blk_attach(f, false, false);
	u64 pa = rig_alloc(r, 1024);
	struct rig_piece short_header[] = { { pa, 15, false }, { pa + 16, 513, true } };
	struct rig_piece no_header[] = { { pa + 16, 513, true } };
	struct rig_piece no_status[] = { { pa, 16, false } };
	struct {
		struct rig_piece *pieces;
		u32 count;
	} cases[] = { { short_header, 2 }, { no_header, 1 }, { no_status, 1 } };
	for (u32 i = 0; i < ARRAY_SIZE(cases); i++) {
		u8 bytes[DISK_SECTOR];
		blk_start(f, F_ALL);
		rig_chain(r, 0, cases[i].pieces, cases[i].count);
		struct blk_request q = blk_post(f, T_IN, 0, NULL, 512);
		rig_notify(r, 0);
		blk_wait(f);
		assert_true(rig_is_broken(r));
		assert_false(rig_used(r, 0, NULL, NULL));
		assert_int_equal(rig_load(r, q.status, 1), STATUS_UNTOUCHED);
		blk_start(f, F_ALL); /* resets */
		assert_int_equal(blk_read(f, i, 1, bytes), STATUS_OK);
		assert_memory_equal(bytes, f->image->model + i * DISK_SECTOR, DISK_SECTOR);
	}
}

/* --- other requests --- */

static void test_unknown_types_are_unsupported(void **state)
{
	static const u32 types[] = { 2, 3, 5, 6, 7, 9, T_GET_LIFETIME, 12, 14, 15, 16, 24, 0x80000000, UINT32_MAX };
	struct blk_fixture *f = *state;
	blk_attach(f, false, false);
	blk_start(f, F_ALL);
	for (u32 i = 0; i < ARRAY_SIZE(types); i++)
		assert_int_equal(blk_do(f, types[i], 0, NULL, 0, NULL), STATUS_UNSUPP);
}

static void expect_id(struct blk_fixture *f, u32 size, const char *want)
{
	char id[64] = { 0 };
	memset(id, 0xee, sizeof(id));
	assert_int_equal(blk_do(f, T_GET_ID, 0, NULL, size, id), STATUS_OK);
	assert_memory_equal(id, want, size);
	assert_int_equal((u8)id[size], 0xee);
}

static void test_id_is_the_file_name(void **state)
{
	static const char want[30] = "disk.img";
	struct blk_fixture *f = *state;
	blk_attach(f, false, false);
	blk_start(f, F_ALL);
	expect_id(f, 20, want);
	expect_id(f, 4, want);
	expect_id(f, 30, want);
	assert_int_equal(blk_do(f, T_GET_ID, 0, NULL, 0, NULL), STATUS_OK);
}

static void test_long_id_is_cut_at_20_bytes_without_a_zero(void **state)
{
	struct blk_fixture *f = *state;
	char path[64];
	snprintf(path, sizeof(path), "%s/a-name-of-25-letters.raw.x", f->image->folder);
	assert_int_equal(rename(f->image->path, path), 0);
	strcpy(f->image->path, path);
	blk_attach(f, false, false);
	blk_start(f, F_ALL);
	expect_id(f, 20, "a-name-of-25-letters");
}

/* --- discard and write zeroes --- */

static void zero_model(struct blk_fixture *f, const struct blk_range *range)
{
	memset(f->image->model + range->sector * DISK_SECTOR, 0, (size_t)range->count * DISK_SECTOR);
}

static void test_discard_and_write_zeroes_clear_ranges(void **state)
{
	static const struct blk_range ranges[] = { { 8, 16, 0 }, { 1, 3, 0 }, { SECTORS - 1, 1, 0 }, { 100, 0, 0 } };
	static const struct blk_range unmapping = { 64, 8, 1 };
	struct blk_fixture *f = *state;
	blk_attach(f, false, false);
	blk_start(f, F_ALL);
	assert_int_equal(blk_zero(f, T_DISCARD, ranges, 1), STATUS_OK);
	zero_model(f, &ranges[0]);
	expect_file(f->image);
	assert_int_equal(host.calls[HOST_PUNCH], 1);
	assert_int_equal(blk_zero(f, T_WRITE_ZEROES, ranges + 1, 3), STATUS_OK);
	for (u32 i = 1; i < ARRAY_SIZE(ranges); i++)
		zero_model(f, &ranges[i]);
	expect_file(f->image);
	assert_int_equal(host.calls[HOST_PUNCH], 1);
	assert_int_equal(host.calls[HOST_ZERO], 2);
	assert_int_equal(blk_zero(f, T_WRITE_ZEROES, &unmapping, 1), STATUS_OK);
	zero_model(f, &unmapping);
	expect_file(f->image);
	assert_int_equal(host.calls[HOST_PUNCH], 2);
	assert_int_equal(blk_zero(f, T_WRITE_ZEROES, ranges, 0), STATUS_OK);
}

static void test_unknown_flags_are_unsupported(void **state)
{
	struct blk_fixture *f = *state;
	struct blk_range ranges[] = { { 0, 8, 0 }, { 0, 8, 0 }, { UINT64_MAX, 8, 0 } };
	blk_attach(f, false, false);
	blk_start(f, F_ALL);
	for (u32 bit = 0; bit < 32; bit++) {
		ranges[1].flags = 1u << bit;
		assert_int_equal(blk_zero(f, T_DISCARD, ranges, 3), STATUS_UNSUPP); /* unmap is among them */
		assert_int_equal(blk_zero(f, T_WRITE_ZEROES, ranges, 3), bit ? STATUS_UNSUPP : STATUS_IOERR);
	}
	expect_file(f->image);
}

static void test_bad_ranges_fail_and_touch_nothing(void **state)
{
	static const struct blk_range bad[] = {
		{ SECTORS, 1, 0 }, { SECTORS - 1, 2, 0 }, { UINT64_MAX, 1, 0 }, { BIT(55), 1, 0 }, { 0, UINT32_MAX, 0 },
	};
	struct blk_fixture *f = *state;
	blk_attach(f, false, false);
	blk_start(f, F_ALL);
	for (u32 i = 0; i < ARRAY_SIZE(bad); i++) {
		struct blk_range ranges[2] = { { 0, 8, 0 }, bad[i] };
		assert_int_equal(blk_zero(f, T_DISCARD, ranges, 2), STATUS_IOERR);
		assert_int_equal(blk_zero(f, T_WRITE_ZEROES, ranges, 2), STATUS_IOERR);
	}
	expect_file(f->image);
}

static void test_limits_of_ranges_are_kept(void **state)
{
	struct blk_fixture *f = *state;
	struct blk_range many[17] = { 0 };
	assert_int_equal(truncate(f->image->path, (off_t)(4 * GIB)), 0);
	blk_attach(f, false, true);
	blk_start(f, F_ALL);
	assert_int_equal(blk_zero(f, T_DISCARD, many, 16), STATUS_OK);
	assert_int_equal(blk_zero(f, T_DISCARD, many, 17), STATUS_IOERR);
	assert_int_equal(blk_zero(f, T_WRITE_ZEROES, many, 17), STATUS_IOERR);
	u32 discards = (u32)rig_config(&f->rig, 36, 4), zeroes = (u32)rig_config(&f->rig, 48, 4);
	assert_int_equal(blk_zero(f, T_DISCARD, &(struct blk_range){ 0, discards, 0 }, 1), STATUS_OK);
	assert_int_equal(blk_zero(f, T_DISCARD, &(struct blk_range){ 0, discards + 1, 0 }, 1), STATUS_IOERR);
	assert_int_equal(blk_zero(f, T_WRITE_ZEROES, &(struct blk_range){ 0, zeroes, 0 }, 1), STATUS_OK);
	assert_int_equal(blk_zero(f, T_WRITE_ZEROES, &(struct blk_range){ 0, zeroes + 1, 0 }, 1), STATUS_IOERR);
	assert_int_equal(blk_do(f, T_DISCARD, 0, many, 15, NULL), STATUS_IOERR); /* no whole range */
	assert_int_equal(blk_do(f, T_WRITE_ZEROES, 0, many, 24, NULL), STATUS_IOERR);
}

static void test_discard_and_write_zeroes_need_their_features(void **state)
{
	static const struct blk_range range = { 0, 8, 0 };
	struct blk_fixture *f = *state;
	blk_attach(f, false, false);
	blk_start(f, F_FLUSH | F_WRITE_ZEROES);
	assert_int_equal(blk_zero(f, T_DISCARD, &range, 1), STATUS_UNSUPP);
	blk_start(f, F_FLUSH | F_DISCARD);
	assert_int_equal(blk_zero(f, T_WRITE_ZEROES, &range, 1), STATUS_UNSUPP);
	expect_file(f->image);
}

/* --- the host's errors --- */

static void test_host_errors_are_ioerr_and_data_is_zero(void **state)
{
	struct blk_fixture *f = *state;
	u8 bytes[8 * DISK_SECTOR], zeroes[8 * DISK_SECTOR] = { 0 };
	blk_attach(f, false, false);
	blk_start(f, F_ALL);
	assert_int_equal(truncate(f->image->path, 1024), 0);
	memset(bytes, 0xaa, sizeof(bytes));
	assert_int_equal(blk_read(f, 0, 8, bytes), STATUS_IOERR); /* the first two sectors were read */
	assert_memory_equal(bytes, zeroes, sizeof(bytes));
	host.errnos[HOST_WRITE] = ENOSPC;
	assert_int_equal(blk_write(f, 0, 1, bytes), STATUS_IOERR);
	host.errnos[HOST_PUNCH] = host.errnos[HOST_ZERO] = EIO;
	assert_int_equal(blk_zero(f, T_DISCARD, &(struct blk_range){ .count = 8 }, 1), STATUS_IOERR);
	assert_int_equal(blk_zero(f, T_WRITE_ZEROES, &(struct blk_range){ .count = 8 }, 1), STATUS_IOERR);
	host.errnos[HOST_SYNC] = EIO;
	assert_int_equal(blk_flush(f), STATUS_IOERR);
	host = (struct host){ 0 };
	assert_int_equal(blk_flush(f), STATUS_IOERR); /* lost is lost */
	assert_int_equal(blk_read(f, 0, 1, bytes), STATUS_OK);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, blk_setup, blk_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_it_is_a_block_device_with_one_queue),
		TEST(test_config_space),
		TEST(test_features_of_a_writable_disk),
		TEST(test_features_of_a_read_only_disk),
		TEST(test_slot_that_does_not_exist_is_refused),
		TEST(test_reads_and_writes_move_sectors),
		TEST(test_requests_beyond_the_disk_fail),
		TEST(test_length_that_is_no_multiple_of_512_fails),
		TEST(test_writes_to_a_read_only_disk_fail),
		TEST(test_snapshot_disk_is_written_in_memory),
		TEST(test_read_is_framed_in_any_way),
		TEST(test_write_is_framed_in_any_way),
		TEST(test_empty_descriptors_are_skipped),
		TEST(test_request_without_header_or_status_breaks_the_device),
		TEST(test_unknown_types_are_unsupported),
		TEST(test_id_is_the_file_name),
		TEST(test_long_id_is_cut_at_20_bytes_without_a_zero),
		TEST(test_discard_and_write_zeroes_clear_ranges),
		TEST(test_unknown_flags_are_unsupported),
		TEST(test_bad_ranges_fail_and_touch_nothing),
		TEST(test_limits_of_ranges_are_kept),
		TEST(test_discard_and_write_zeroes_need_their_features),
		TEST(test_host_errors_are_ioerr_and_data_is_zero),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
