/*
 * A disk image on a bench, for tests of devices/disk.c and of what stands on it. The host's system calls are this
 * file's own functions, which do the real thing unless a test asks for trouble: then they are interrupted, do half of
 * it, or fail; and they can be listened to.
 */
#ifndef TESTS_UNIT_DISK_RIG_H
#define TESTS_UNIT_DISK_RIG_H

#include "devices/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#define BLOCK 4096ull
#define SIZE (16 * BLOCK + 3 * DISK_SECTOR) /* the last block is short */

enum host_call { HOST_READ, HOST_WRITE, HOST_SYNC, HOST_PUNCH, HOST_ZERO, HOST_CALLS };

/* What the host does to us. */
static struct host {
	size_t piece;           /* bytes a transfer does at most; 0: all */
	u32 interruptions;      /* calls that are interrupted from now on */
	int errnos[HOST_CALLS]; /* if set, such calls fail with it */
	int open_errno;         /* likewise for open() */
	int lock_errno;         /* and fcntl() */
	u32 calls[HOST_CALLS];  /* how many there were */
	bool is_cut_off;        /* calls_left counts */
	u32 calls_left;         /* calls of all kinds until the power goes: then nothing is done, and all fail */
	void (*synced)(void *); /* called after fdatasync, if not NULL */
	void *synced_arg;       /* what it is given */
} host;

/* Counts a call. False: it is not to be done, and errno says why. */
static inline bool host_allows(enum host_call call)
{
	if (host.interruptions > 0) {
		host.interruptions--;
		errno = EINTR;
		return false;
	}
	if (host.is_cut_off && host.calls_left == 0) {
		errno = EIO;
		return false;
	}
	host.calls_left--;
	host.calls[call]++;
	errno = host.errnos[call];
	return errno == 0;
}

static inline ssize_t host_transfer(long call, int fd, const struct iovec *iov, int count, off_t offset)
{
	if (host.piece) {
		struct iovec piece = *iov;
		if (piece.iov_len > host.piece)
			piece.iov_len = host.piece;
		return syscall(call, fd, &piece, 1, offset, 0);
	}
	return syscall(call, fd, iov, count, offset, 0);
}

ssize_t preadv(int fd, const struct iovec *iov, int count, off_t offset)
{
	return host_allows(HOST_READ) ? host_transfer(SYS_preadv, fd, iov, count, offset) : -1;
}

ssize_t pwritev(int fd, const struct iovec *iov, int count, off_t offset)
{
	return host_allows(HOST_WRITE) ? host_transfer(SYS_pwritev, fd, iov, count, offset) : -1;
}

/* Takes no time: what the power leaves is what a test noted here. */
int fdatasync(int fd)
{
	(void)fd;
	if (!host_allows(HOST_SYNC))
		return -1;
	if (host.synced)
		host.synced(host.synced_arg);
	return 0;
}

int fallocate(int fd, int mode, off_t offset, off_t size)
{
	if (!host_allows(mode & FALLOC_FL_PUNCH_HOLE ? HOST_PUNCH : HOST_ZERO))
		return -1;
	return (int)syscall(SYS_fallocate, fd, mode, offset, size);
}

int open(const char *path, int flags, ...)
{
	va_list args;
	va_start(args, flags);
	mode_t mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
	va_end(args);
	errno = host.open_errno;
	return host.open_errno ? -1 : (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int fcntl(int fd, int command, ...)
{
	va_list args;
	va_start(args, command);
	void *arg = va_arg(args, void *);
	va_end(args);
	errno = host.lock_errno;
	return host.lock_errno ? -1 : (int)syscall(SYS_fcntl, fd, command, arg);
}

struct disk_fixture {
	char folder[32];  /* of this test */
	char path[64];    /* the image in it */
	u8 model[SIZE];   /* what the disk must hold */
	u8 buffer[SIZE];  /* for transfers */
	struct error err; /* of the last failure */
};

static inline u8 pattern(u64 i)
{
	return (u8)(i * 7 + i / 512 * 13 + 1);
}

static inline void write_file(const char *path, const void *bytes, size_t size)
{
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

static inline int disk_setup(void **state)
{
	struct disk_fixture *f = xcalloc(1, sizeof(*f));
	strcpy(f->folder, "/tmp/disk_test.XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	snprintf(f->path, sizeof(f->path), "%s/disk.img", f->folder);
	for (u64 i = 0; i < SIZE; i++)
		f->model[i] = pattern(i);
	write_file(f->path, f->model, SIZE);
	host = (struct host){ 0 };
	*state = f;
	return 0;
}

static inline int disk_teardown(void **state)
{
	struct disk_fixture *f = *state;
	unlink(f->path);
	assert_int_equal(rmdir(f->folder), 0);
	free(f);
	return 0;
}

static inline struct disk *open_disk(struct disk_fixture *f, bool read_only, bool snapshot)
{
	struct disk_config config = { .path = f->path, .read_only = read_only, .snapshot = snapshot };
	struct disk *d = disk_open(&config, &f->err);
	assert_non_null(d);
	return d;
}

/* It must be refused, in these words behind the file's name. */
static inline void expect_refused(struct disk_fixture *f, const char *path, bool read_only, bool snapshot,
                                  const char *why)
{
	struct disk_config config = { .path = path, .read_only = read_only, .snapshot = snapshot };
	assert_null(disk_open(&config, &f->err));
	assert_memory_equal(f->err.text, path, strlen(path));
	assert_string_equal(f->err.text + strlen(path), why);
}

static inline bool read_at(struct disk_fixture *f, struct disk *d, u64 offset, u64 size)
{
	struct iovec iov = { f->buffer, size };
	memset(f->buffer, 0xee, sizeof(f->buffer));
	return disk_read(d, offset, &iov, 1);
}

/* Writes other bytes than there are, to disk and model. */
static inline void write_at(struct disk_fixture *f, struct disk *d, u64 offset, u64 size)
{
	struct iovec iov = { f->model + offset, size };
	for (u64 i = offset; i < offset + size; i++)
		f->model[i] ^= 0x5a;
	assert_true(disk_write(d, offset, &iov, 1));
}

static inline void zero_at(struct disk_fixture *f, struct disk *d, u64 offset, u64 size, bool may_unmap)
{
	memset(f->model + offset, 0, size);
	assert_true(disk_zero(d, offset, size, may_unmap));
}

static inline void expect_disk(struct disk_fixture *f, struct disk *d)
{
	assert_true(read_at(f, d, 0, SIZE));
	assert_memory_equal(f->buffer, f->model, SIZE);
}

static inline void read_file(struct disk_fixture *f, u8 *bytes)
{
	FILE *file = fopen(f->path, "r");
	assert_non_null(file);
	assert_int_equal(fread(bytes, 1, SIZE, file), SIZE);
	assert_int_equal(fgetc(file), EOF);
	fclose(file);
}

static inline void expect_file(struct disk_fixture *f)
{
	read_file(f, f->buffer);
	assert_memory_equal(f->buffer, f->model, SIZE);
}

static inline void expect_file_untouched(struct disk_fixture *f)
{
	read_file(f, f->buffer);
	for (u64 i = 0; i < SIZE; i++)
		assert_int_equal(f->buffer[i], pattern(i));
}

#endif
