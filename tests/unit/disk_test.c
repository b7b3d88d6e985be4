/*
 * Disk images: opening and what is refused, locks, transfers, zeros, flushing.
 */
#include "tests/unit/disk_rig.h"

/* --- opening --- */

static void test_open_tells_size_and_config(void **state)
{
	struct disk_fixture *f = *state;
	struct disk *d = open_disk(f, false, true);
	assert_int_equal(disk_size(d), SIZE);
	assert_string_equal(disk_config(d)->path, f->path);
	assert_false(disk_config(d)->read_only);
	assert_true(disk_config(d)->snapshot);
	disk_close(d);
	disk_close(NULL);
}

static void test_what_is_no_disk_is_refused(void **state)
{
	struct disk_fixture *f = *state;
	char fifo[80], missing[80];
	snprintf(fifo, sizeof(fifo), "%s/fifo", f->folder);
	snprintf(missing, sizeof(missing), "%s/missing", f->folder);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	for (int i = 0; i < 3; i++) {
		bool read_only = i == 1, snapshot = i == 2;
		expect_refused(f, f->folder, read_only, snapshot, ": is a directory; a disk is an image file");
		expect_refused(f, fifo, read_only, snapshot, ": is neither a file nor a block device");
		expect_refused(f, "/dev/null", read_only, snapshot, ": is neither a file nor a block device");
		expect_refused(f, missing, read_only, snapshot, ": No such file or directory");
	}
	unlink(fifo);
}

static void test_odd_sizes_are_refused(void **state)
{
	struct disk_fixture *f = *state;
	char why[200];
	snprintf(why, sizeof(why), ": is empty; \"truncate -s 1G %s\" makes room for a gigabyte", f->path);
	assert_int_equal(truncate(f->path, 0), 0);
	expect_refused(f, f->path, false, false, why);
	assert_int_equal(truncate(f->path, 513), 0);
	expect_refused(f, f->path, false, false,
	               ": is 513 bytes long, which is not a multiple of 512: no raw disk image");
	assert_int_equal(truncate(f->path, 512), 0);
	disk_close(open_disk(f, false, false));
}

static void test_qcow2_image_is_refused(void **state)
{
	struct disk_fixture *f = *state;
	char head[1024] = "QFI\xfb";
	write_file(f->path, head, sizeof(head));
	expect_refused(f, f->path, true, false,
	               ": is a qcow2 image; \"qemu-img convert -O raw\" makes a raw one of it");
}

static void test_missing_permission_says_what_to_do(void **state)
{
	struct disk_fixture *f = *state;
	host.open_errno = EACCES;
	expect_refused(f, f->path, false, false,
	               ": cannot be written: Permission denied; give readonly=on or snapshot=on if it need not be");
	expect_refused(f, f->path, true, false, ": Permission denied");
	host.open_errno = EROFS;
	expect_refused(f, f->path, false, false,
	               ": cannot be written: Read-only file system; give readonly=on or snapshot=on if it need not be");
	host.open_errno = EBUSY;
	expect_refused(f, f->path, false, false, ": is in use by the host (mounted?)");
}

static void test_large_disks_open(void **state)
{
	struct disk_fixture *f = *state;
	u64 size = BIT(40);
	u8 byte[DISK_SECTOR] = "the last sector";
	struct iovec iov = { byte, sizeof(byte) };
	assert_int_equal(truncate(f->path, (off_t)size), 0);
	for (int snapshot = 0; snapshot < 2; snapshot++) {
		struct disk *d = open_disk(f, false, snapshot);
		assert_true(disk_write(d, size - DISK_SECTOR, &iov, 1));
		assert_true(read_at(f, d, size - DISK_SECTOR, DISK_SECTOR));
		assert_memory_equal(f->buffer, byte, DISK_SECTOR);
		disk_close(d);
	}
	assert_int_equal(truncate(f->path, (off_t)size + DISK_SECTOR), 0);
	disk_close(open_disk(f, false, false));
	expect_refused(f, f->path, false, true, ": is too large for snapshot=on (1048576 MiB)");
}

/* --- locks --- */

static void expect_in_use(struct disk_fixture *f, bool read_only, bool snapshot)
{
	expect_refused(
		f, f->path, read_only, snapshot,
		": is in use by another program, or as another disk; it can be shared only if all of them have it with "
		"readonly=on or snapshot=on");
}

static void test_writer_is_alone(void **state)
{
	struct disk_fixture *f = *state;
	struct disk *d = open_disk(f, false, false);
	expect_in_use(f, false, false);
	expect_in_use(f, true, false);
	expect_in_use(f, false, true);
	disk_close(d);
	disk_close(open_disk(f, false, false));
}

static void test_readers_share_an_image(void **state)
{
	struct disk_fixture *f = *state;
	struct disk *a = open_disk(f, true, false);
	struct disk *b = open_disk(f, false, true);
	expect_in_use(f, false, false);
	disk_close(a);
	disk_close(b);
}

static void test_host_without_locks_is_warned_about(void **state)
{
	struct disk_fixture *f = *state;
	host.lock_errno = ENOLCK;
	struct disk *d = open_disk(f, false, false);
	host.lock_errno = 0;
	expect_disk(f, d);
	disk_close(d);
}

/* --- transfers --- */

static void test_read_and_write_in_place(void **state)
{
	struct disk_fixture *f = *state;
	struct disk *d = open_disk(f, false, false);
	expect_disk(f, d);
	write_at(f, d, 0, 512);
	expect_file(f);
	write_at(f, d, BLOCK - 512, 3 * BLOCK);
	expect_file(f);
	write_at(f, d, SIZE - 512, 512);
	expect_file(f);
	expect_disk(f, d);
	disk_close(d);
}

/* Many small buffers, some empty, more than one system call takes. */
static void spread(struct iovec *iov, u32 count, u8 *bytes, u64 size)
{
	u64 used = 0;
	for (u32 i = 0; i < count; i++) {
		u64 length = i % 5 == 0 ? 0 : i % 97 + 1;
		if (i == count - 1)
			length = size - used;
		iov[i] = (struct iovec){ bytes + used, length };
		used += length;
	}
	assert_true(used == size);
}

static void transfer_scattered(struct disk_fixture *f, bool snapshot)
{
	enum { COUNT = 1300 };
	struct disk *d = open_disk(f, false, snapshot);
	struct iovec iov[COUNT];
	spread(iov, COUNT, f->buffer, SIZE);
	assert_true(disk_read(d, 0, iov, COUNT));
	assert_memory_equal(f->buffer, f->model, SIZE);
	for (u64 i = 0; i < SIZE; i++)
		f->buffer[i] = f->model[i] ^= 0x33;
	assert_true(disk_write(d, 0, iov, COUNT));
	expect_disk(f, d);
	memset(f->buffer, 0, SIZE);
	assert_true(disk_read(d, 0, iov, COUNT));
	assert_memory_equal(f->buffer, f->model, SIZE);
	disk_close(d);
}

static void test_scattered_buffers(void **state)
{
	transfer_scattered(*state, false);
}

static void test_scattered_buffers_with_snapshot(void **state)
{
	transfer_scattered(*state, true);
}

static void test_scattered_buffers_in_pieces(void **state)
{
	host.piece = 50;
	host.interruptions = 3;
	transfer_scattered(*state, false);
}

static void test_nothing_to_transfer(void **state)
{
	struct disk_fixture *f = *state;
	for (int snapshot = 0; snapshot < 2; snapshot++) {
		struct disk *d = open_disk(f, false, snapshot);
		struct iovec empty = { f->buffer, 0 };
		assert_true(disk_read(d, SIZE, NULL, 0));
		assert_true(disk_read(d, SIZE, &empty, 1));
		assert_true(disk_write(d, SIZE, &empty, 1));
		assert_true(disk_zero(d, SIZE, 0, true));
		disk_close(d);
	}
	expect_file(f);
	assert_int_equal(host.calls[HOST_READ] + host.calls[HOST_WRITE] + host.calls[HOST_PUNCH] +
	                         host.calls[HOST_ZERO],
	                 0);
}

static void test_partial_and_interrupted_transfers_go_on(void **state)
{
	struct disk_fixture *f = *state;
	struct disk *d = open_disk(f, false, false);
	host.piece = 1000;
	host.interruptions = 2;
	write_at(f, d, 512, 10 * BLOCK);
	assert_int_equal(host.calls[HOST_WRITE], (10 * BLOCK + 999) / 1000);
	host.interruptions = 2;
	expect_disk(f, d);
	expect_file(f);
	disk_close(d);
}

static void test_host_errors_are_passed_on(void **state)
{
	struct disk_fixture *f = *state;
	struct disk *d = open_disk(f, false, false);
	struct iovec iov = { f->buffer, 512 };
	host.errnos[HOST_READ] = EIO;
	assert_false(read_at(f, d, 0, 512));
	assert_int_equal(errno, EIO);
	host.errnos[HOST_WRITE] = ENOSPC;
	assert_false(disk_write(d, 0, &iov, 1));
	assert_int_equal(errno, ENOSPC);
	host.errnos[HOST_PUNCH] = host.errnos[HOST_ZERO] = ENOSPC;
	assert_false(disk_zero(d, 0, 512, false));
	assert_int_equal(errno, ENOSPC);
	host.errnos[HOST_READ] = 0;
	expect_disk(f, d);
	disk_close(d);
}

static void test_file_cut_short_is_an_error(void **state)
{
	struct disk_fixture *f = *state;
	for (int snapshot = 0; snapshot < 2; snapshot++) {
		struct disk *d = open_disk(f, snapshot, snapshot);
		assert_int_equal(truncate(f->path, BLOCK + 100), 0);
		assert_true(read_at(f, d, 0, BLOCK));
		assert_memory_equal(f->buffer, f->model, BLOCK);
		assert_false(read_at(f, d, BLOCK, 512));
		assert_int_equal(errno, EIO);
		disk_close(d);
		write_file(f->path, f->model, SIZE);
	}
}

static void test_read_only_disk_is_not_written(void **state)
{
	struct disk_fixture *f = *state;
	struct disk *d = open_disk(f, true, false);
	struct iovec iov = { f->buffer, 512 };
	assert_false(disk_write(d, 0, &iov, 1));
	assert_int_equal(errno, EROFS);
	assert_false(disk_zero(d, 0, 512, true));
	assert_int_equal(errno, EROFS);
	assert_true(disk_flush(d));
	assert_int_equal(host.calls[HOST_SYNC], 0);
	expect_disk(f, d);
	disk_close(d);
	expect_file_untouched(f);
}

/* --- zeros --- */

static u64 blocks_on_host(struct disk_fixture *f)
{
	struct stat st;
	assert_int_equal(stat(f->path, &st), 0);
	return (u64)st.st_blocks;
}

static void test_zero_gives_room_back_if_it_may(void **state)
{
	struct disk_fixture *f = *state;
	struct disk *d = open_disk(f, false, false);
	u64 before;
	assert_true(disk_flush(d));
	before = blocks_on_host(f);
	zero_at(f, d, BLOCK, 4 * BLOCK, true);
	assert_int_equal(host.calls[HOST_PUNCH], 1);
	assert_int_equal(host.calls[HOST_ZERO], 0);
	assert_true(blocks_on_host(f) < before);
	expect_file(f);
	disk_close(d);
}

static void test_zero_keeps_room_if_it_must(void **state)
{
	struct disk_fixture *f = *state;
	struct disk *d = open_disk(f, false, false);
	zero_at(f, d, 512, 5 * BLOCK, false);
	assert_int_equal(host.calls[HOST_PUNCH], 0);
	assert_int_equal(host.calls[HOST_ZERO], 1);
	expect_file(f);
	disk_close(d);
}

static void test_zero_is_written_where_the_host_has_no_better_way(void **state)
{
	static const int reasons[] = { EOPNOTSUPP, ENOSYS, EINVAL };
	struct disk_fixture *f = *state;
	struct disk *d = open_disk(f, false, false);
	for (u32 i = 0; i < ARRAY_SIZE(reasons); i++) {
		write_at(f, d, 0, SIZE);
		host.errnos[HOST_PUNCH] = host.errnos[HOST_ZERO] = reasons[i];
		host.piece = 3000;
		zero_at(f, d, 512, SIZE - 1024, i & 1);
		expect_file(f);
		host.piece = 0;
	}
	assert_int_equal(host.calls[HOST_ZERO], 3);
	assert_int_equal(host.calls[HOST_PUNCH], 1);
	host.errnos[HOST_WRITE] = EIO;
	assert_false(disk_zero(d, 0, 512, true));
	disk_close(d);
}

static void test_zero_of_much_more_than_one_call_writes(void **state)
{
	struct disk_fixture *f = *state;
	u64 size = 10 * MIB, sum = 0;
	assert_int_equal(truncate(f->path, (off_t)size), 0);
	struct disk *d = open_disk(f, false, false);
	host.errnos[HOST_PUNCH] = host.errnos[HOST_ZERO] = EOPNOTSUPP;
	assert_true(disk_zero(d, 512, size - 1024, false));
	assert_true(read_at(f, d, 0, SIZE));
	for (u64 i = 512; i < SIZE; i++)
		sum += f->buffer[i];
	assert_int_equal(sum, 0);
	assert_memory_equal(f->buffer, f->model, 512);
	disk_close(d);
}

static void test_interrupted_zero_goes_on(void **state)
{
	struct disk_fixture *f = *state;
	struct disk *d = open_disk(f, false, false);
	host.interruptions = 3;
	zero_at(f, d, 0, BLOCK, true);
	expect_file(f);
	disk_close(d);
}

static void test_random_accesses_match_a_model(void **state)
{
	struct disk_fixture *f = *state;
	for (int snapshot = 0; snapshot < 2; snapshot++) {
		struct disk *d = open_disk(f, false, snapshot);
		u64 random = 88172645463325252ull;
		for (u32 i = 0; i < 2000; i++) {
			random ^= random << 13;
			random ^= random >> 7;
			random ^= random << 17;
			u64 offset = random % (SIZE / 512) * 512;
			u64 size = (random >> 20) % ((SIZE - offset) / 512 + 1) * 512;
			if (random >> 40 & 1)
				size = size > 1024 ? 1024 : size;
			if (random >> 41 & 1)
				write_at(f, d, offset, size);
			else
				zero_at(f, d, offset, size, random >> 42 & 1);
			assert_true(read_at(f, d, offset, size));
			assert_memory_equal(f->buffer, f->model + offset, size);
		}
		expect_disk(f, d);
		disk_close(d);
		if (!snapshot)
			expect_file(f);
	}
}

/* --- flushing --- */

static void test_flush_asks_the_host(void **state)
{
	struct disk_fixture *f = *state;
	struct disk *d = open_disk(f, false, false);
	assert_true(disk_flush(d)); /* what another program wrote before us */
	assert_int_equal(host.calls[HOST_SYNC], 1);
	write_at(f, d, 0, 512);
	assert_int_equal(host.calls[HOST_SYNC], 1);
	host.interruptions = 2;
	assert_true(disk_flush(d));
	assert_int_equal(host.calls[HOST_SYNC], 2);
	assert_true(disk_flush(d)); /* nothing new */
	assert_int_equal(host.calls[HOST_SYNC], 2);
	zero_at(f, d, 0, 512, true);
	assert_true(disk_flush(d));
	assert_int_equal(host.calls[HOST_SYNC], 3);
	disk_close(d);
}

static void test_a_failed_write_is_flushed_too(void **state)
{
	struct disk_fixture *f = *state;
	struct disk *d = open_disk(f, false, false);
	struct iovec iov = { f->buffer, 512 };
	assert_true(disk_flush(d));
	host.errnos[HOST_WRITE] = EIO;
	assert_false(disk_write(d, 0, &iov, 1));
	assert_true(disk_flush(d)); /* a part of it may be there */
	assert_int_equal(host.calls[HOST_SYNC], 2);
	disk_close(d);
}

/* The host tells of lost bytes once; asked again it would say that all is well. */
static void test_failed_flush_stays_failed(void **state)
{
	struct disk_fixture *f = *state;
	struct disk *d = open_disk(f, false, false);
	write_at(f, d, 0, 512);
	host.errnos[HOST_SYNC] = EIO;
	assert_false(disk_flush(d));
	assert_int_equal(errno, EIO);
	host.errnos[HOST_SYNC] = 0;
	errno = 0;
	assert_false(disk_flush(d));
	assert_int_equal(errno, EIO);
	write_at(f, d, 0, 512);
	assert_false(disk_flush(d));
	disk_close(d);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, disk_setup, disk_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_open_tells_size_and_config),
		TEST(test_what_is_no_disk_is_refused),
		TEST(test_odd_sizes_are_refused),
		TEST(test_qcow2_image_is_refused),
		TEST(test_missing_permission_says_what_to_do),
		TEST(test_large_disks_open),
		TEST(test_writer_is_alone),
		TEST(test_readers_share_an_image),
		TEST(test_host_without_locks_is_warned_about),
		TEST(test_read_and_write_in_place),
		TEST(test_scattered_buffers),
		TEST(test_scattered_buffers_with_snapshot),
		TEST(test_scattered_buffers_in_pieces),
		TEST(test_nothing_to_transfer),
		TEST(test_partial_and_interrupted_transfers_go_on),
		TEST(test_host_errors_are_passed_on),
		TEST(test_file_cut_short_is_an_error),
		TEST(test_read_only_disk_is_not_written),
		TEST(test_zero_gives_room_back_if_it_may),
		TEST(test_zero_keeps_room_if_it_must),
		TEST(test_zero_is_written_where_the_host_has_no_better_way),
		TEST(test_zero_of_much_more_than_one_call_writes),
		TEST(test_interrupted_zero_goes_on),
		TEST(test_random_accesses_match_a_model),
		TEST(test_flush_asks_the_host),
		TEST(test_a_failed_write_is_flushed_too),
		TEST(test_failed_flush_stays_failed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
