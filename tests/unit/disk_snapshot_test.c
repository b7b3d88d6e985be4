/*
 * Disk images: what is written to a `snapshot` disk, and saved states of all kinds.
 */
#include "tests/unit/disk_rig.h"

#include "tests/unit/state_memory.h"

/* --- snapshot --- */

static void test_snapshot_leaves_the_file_alone(void **state)
{
	struct disk_fixture *f = *state;
	struct disk *d = open_disk(f, false, true);
	write_at(f, d, 0, BLOCK);
	expect_disk(f, d);
	write_at(f, d, 2 * BLOCK + 512, 512); /* within a block */
	expect_disk(f, d);
	write_at(f, d, 4 * BLOCK + 512, 2 * BLOCK); /* parts of two blocks, and a whole one */
	expect_disk(f, d);
	write_at(f, d, 4 * BLOCK + 1024, BLOCK); /* over what is there */
	expect_disk(f, d);
	write_at(f, d, SIZE - 1024, 1024); /* in the short last block */
	expect_disk(f, d);
	write_at(f, d, 16 * BLOCK, 3 * DISK_SECTOR); /* all of it */
	expect_disk(f, d);
	assert_true(disk_flush(d));
	assert_int_equal(host.calls[HOST_WRITE] + host.calls[HOST_SYNC], 0);
	disk_close(d);
	expect_file_untouched(f);
}

static void test_snapshot_reads_runs_of_blocks_at_once(void **state)
{
	struct disk_fixture *f = *state;
	struct disk *d = open_disk(f, false, true);
	write_at(f, d, 4 * BLOCK, 2 * BLOCK);
	host.calls[HOST_READ] = 0;
	expect_disk(f, d);
	assert_int_equal(host.calls[HOST_READ], 2);
	disk_close(d);
}

static void test_snapshot_writes_of_whole_blocks_read_nothing(void **state)
{
	struct disk_fixture *f = *state;
	struct disk *d = open_disk(f, false, true);
	write_at(f, d, 4 * BLOCK, 2 * BLOCK);
	write_at(f, d, 16 * BLOCK, SIZE - 16 * BLOCK); /* the short one */
	assert_int_equal(host.calls[HOST_READ], 0);
	write_at(f, d, 7 * BLOCK + 512, 512);
	assert_int_equal(host.calls[HOST_READ], 1);
	write_at(f, d, 7 * BLOCK + 1024, 512);
	assert_int_equal(host.calls[HOST_READ], 1);
	expect_disk(f, d);
	disk_close(d);
}

static void test_snapshot_zeroes(void **state)
{
	struct disk_fixture *f = *state;
	struct disk *d = open_disk(f, false, true);
	write_at(f, d, BLOCK, 4 * BLOCK);
	zero_at(f, d, BLOCK + 512, 2 * BLOCK, true);
	expect_disk(f, d);
	zero_at(f, d, 7 * BLOCK, 512, false); /* nothing written there before */
	expect_disk(f, d);
	zero_at(f, d, 8 * BLOCK, 4 * BLOCK, false);
	expect_disk(f, d);
	zero_at(f, d, 15 * BLOCK - 512, SIZE - 15 * BLOCK + 512, true);
	expect_disk(f, d);
	zero_at(f, d, 0, SIZE, true);
	expect_disk(f, d);
	assert_int_equal(host.calls[HOST_PUNCH] + host.calls[HOST_ZERO] + host.calls[HOST_WRITE], 0);
	disk_close(d);
	expect_file_untouched(f);
}

static void test_snapshot_write_fails_if_the_rest_of_its_block_cannot_be_read(void **state)
{
	struct disk_fixture *f = *state;
	struct disk *d = open_disk(f, false, true);
	struct iovec iov = { f->buffer, 2 * BLOCK };
	host.errnos[HOST_READ] = EIO;
	assert_false(disk_write(d, 512, &iov, 1));
	assert_false(disk_zero(d, BLOCK - 512, 512, true));
	assert_false(disk_zero(d, BLOCK, 512, true));
	host.errnos[HOST_READ] = 0;
	expect_disk(f, d);
	disk_close(d);
}

/* --- saved states --- */

static void save(struct state_memory *m, struct disk *d)
{
	struct state s = state_saving(m);
	disk_state(&s, d);
	assert_true(state_ok(&s));
}

static bool load(struct state_memory *m, struct disk *d)
{
	struct state s = state_loading(m);
	disk_state(&s, d);
	if (state_ok(&s))
		assert_int_equal(m->at, m->size);
	return state_ok(&s);
}

static void test_overlay_is_saved_and_restored(void **state)
{
	struct disk_fixture *f = *state;
	struct state_memory m = { 0 };
	struct disk *d = open_disk(f, false, true);
	write_at(f, d, 3 * BLOCK + 512, 512);
	write_at(f, d, SIZE - 512, 512);
	save(&m, d);
	assert_in_range(m.size, 2 * 512, 3 * BLOCK); /* blocks that were written alone */
	struct iovec other = { f->buffer, 4 * BLOCK };
	memset(f->buffer, 0x11, SIZE);
	assert_true(disk_write(d, 0, &other, 1));
	assert_true(load(&m, d)); /* in the same run */
	expect_disk(f, d);
	disk_close(d);
	d = open_disk(f, false, true);
	assert_true(load(&m, d)); /* in another */
	expect_disk(f, d);
	write_at(f, d, 3 * BLOCK + 1024, 512);
	expect_disk(f, d);
	disk_close(d);
	expect_file_untouched(f);
}

static void test_state_of_a_writable_disk_fits_while_the_file_is_unchanged(void **state)
{
	struct disk_fixture *f = *state;
	struct state_memory early = { 0 }, m = { 0 };
	struct disk *d = open_disk(f, false, false);
	write_at(f, d, 0, 512);
	save(&early, d);
	assert_int_equal(host.calls[HOST_SYNC], 1);
	save(&m, d); /* saving twice does not spoil the first */
	assert_true(load(&early, d));
	assert_true(load(&m, d));
	disk_close(d);
	d = open_disk(f, false, true); /* as a snapshot: also fine */
	assert_true(load(&m, d));
	expect_disk(f, d);
	disk_close(d);
	d = open_disk(f, false, false);
	assert_true(load(&m, d));
	write_at(f, d, 0, 512); /* within the same tick of the host's clock */
	assert_false(load(&m, d));
	char want[200];
	snprintf(want, sizeof(want), "%s: was changed since the snapshot was made (with snapshot=on it would not be)",
	         f->path);
	assert_string_equal(m.err.text, want);
	disk_close(d);
}

/* The host's clock for files ticks slowly: what is written within the tick of the saving must be seen, too. */
static void test_saving_gives_a_written_file_a_time_of_its_own(void **state)
{
	struct disk_fixture *f = *state;
	struct state_memory m;
	struct stat before, after;
	struct disk *d = open_disk(f, false, false);
	write_at(f, d, 0, 512);
	assert_int_equal(stat(f->path, &before), 0);
	save(&m, d);
	assert_int_equal(stat(f->path, &after), 0);
	assert_false(before.st_mtim.tv_sec == after.st_mtim.tv_sec && before.st_mtim.tv_nsec == after.st_mtim.tv_nsec);
	assert_true(before.st_atim.tv_sec == after.st_atim.tv_sec && before.st_atim.tv_nsec == after.st_atim.tv_nsec);
	disk_close(d);
}

static void test_overlay_does_not_fit_a_writable_disk(void **state)
{
	struct disk_fixture *f = *state;
	struct state_memory m = { 0 };
	struct disk *d = open_disk(f, false, true);
	char want[200];
	write_at(f, d, 0, 512);
	save(&m, d);
	disk_close(d);
	d = open_disk(f, false, false);
	assert_false(load(&m, d));
	snprintf(want, sizeof(want), "%s: had snapshot=on when the snapshot was made: give it again", f->path);
	assert_string_equal(m.err.text, want);
	disk_close(d);
	expect_file_untouched(f);
}

static void test_state_of_a_disk_of_another_size_is_refused(void **state)
{
	struct disk_fixture *f = *state;
	struct state_memory m = { 0 };
	struct disk *d = open_disk(f, false, true);
	save(&m, d);
	disk_close(d);
	assert_int_equal(truncate(f->path, 512), 0);
	d = open_disk(f, false, true);
	assert_false(load(&m, d));
	disk_close(d);
}

static void test_damaged_state_is_refused(void **state)
{
	struct disk_fixture *f = *state;
	struct state_memory m = { 0 };
	struct disk *d = open_disk(f, false, true);
	write_at(f, d, 5 * BLOCK, BLOCK);
	save(&m, d);
	for (size_t at = m.size - BLOCK - 16; at < m.size - BLOCK; at += 8) { /* the number of blocks; its index */
		u64 wrong = at == m.size - BLOCK - 8 ? 17 : UINT64_MAX, right;
		memcpy(&right, m.bytes + at, 8);
		memcpy(m.bytes + at, &wrong, 8);
		assert_false(load(&m, d));
		memcpy(m.bytes + at, &right, 8);
	}
	size_t size = m.size;
	for (m.size = 0; m.size < size; m.size += 97)
		assert_false(load(&m, d));
	m.size = size;
	assert_true(load(&m, d));
	expect_disk(f, d);
	disk_close(d);
}

static void test_saving_fails_if_the_host_cannot_write(void **state)
{
	struct disk_fixture *f = *state;
	struct state_memory m = { 0 };
	struct disk *d = open_disk(f, false, false);
	write_at(f, d, 0, 512);
	host.errnos[HOST_SYNC] = EIO;
	struct state s = state_saving(&m);
	disk_state(&s, d);
	assert_false(state_ok(&s));
	disk_close(d);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, disk_setup, disk_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_snapshot_leaves_the_file_alone),
		TEST(test_snapshot_reads_runs_of_blocks_at_once),
		TEST(test_snapshot_writes_of_whole_blocks_read_nothing),
		TEST(test_snapshot_zeroes),
		TEST(test_snapshot_write_fails_if_the_rest_of_its_block_cannot_be_read),
		TEST(test_overlay_is_saved_and_restored),
		TEST(test_state_of_a_writable_disk_fits_while_the_file_is_unchanged),
		TEST(test_saving_gives_a_written_file_a_time_of_its_own),
		TEST(test_overlay_does_not_fit_a_writable_disk),
		TEST(test_state_of_a_disk_of_another_size_is_refused),
		TEST(test_damaged_state_is_refused),
		TEST(test_saving_fails_if_the_host_cannot_write),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
