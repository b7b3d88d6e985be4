/*
 * Reading whole files: see file.h. Works for pipes too, whose length nobody knows.
 */
#include "emu/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define FIRST_SIZE (64 * KIB)
#define PIECE_MAX GIB         /* zlib counts in unsigned ints */
#define GZIP_WINDOW (15 + 16) /* inflateInit2(): a gzip header, the largest window */

/* A buffer that grows, but not past a limit. */
struct buffer {
	u8 *bytes;    /* for free() */
	u64 used;     /* bytes that mean something */
	u64 capacity; /* bytes there are */
};

/* Room for at least one more byte. */
static void make_room(struct buffer *b, u64 hint)
{
	if (b->used < b->capacity)
		return;
	u64 grown = b->capacity ? 2 * b->capacity : FIRST_SIZE;
	b->capacity = hint > grown ? hint : grown;
	b->bytes = xrealloc(b->bytes, b->capacity);
}

static u8 *too_large(struct buffer *b, const char *path, u64 limit, struct error *err)
{
	error_set(err, "%s: larger than the %llu KiB it has to fit into", path, (unsigned long long)(limit / KIB));
	free(b->bytes);
	return NULL;
}

static u8 *read_all(int fd, const char *path, u64 hint, u64 limit, u64 *size, struct error *err)
{
	struct buffer b = { 0 };
	for (;;) {
		make_room(&b, hint);
		ssize_t got = read(fd, b.bytes + b.used, b.capacity - b.used);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			error_set(err, "%s: %s", path, strerror(errno));
			free(b.bytes);
			return NULL;
		}
		if (got == 0)
			break;
		b.used += (u64)got;
		if (b.used > limit)
			return too_large(&b, path, limit, err);
	}
	*size = b.used;
	return b.bytes;
}

u8 *file_read(const char *path, u64 limit, u64 *size, struct error *err)
{
	struct stat st;
	u8 *bytes = NULL;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		error_set(err, "%s: %s", path, strerror(errno));
	else if (S_ISDIR(st.st_mode))
		error_set(err, "%s: is a directory", path);
	else if (S_ISREG(st.st_mode) && (u64)st.st_size > limit)
		too_large(&(struct buffer){ 0 }, path, limit, err);
	else
		bytes = read_all(fd, path, (u64)st.st_size + 1, limit, size, err);
	if (fd >= 0)
		close(fd);
	return bytes;
}

bool is_gzipped(const u8 *bytes, u64 size)
{
	return size > 18 && bytes[0] == 0x1f && bytes[1] == 0x8b && bytes[2] == 8;
}

u8 *gunzip(const u8 *packed, u64 packed_size, const char *path, u64 limit, u64 *size, struct error *err)
{
	struct buffer b = { 0 };
	z_stream z = { 0 };
	BUG_ON(inflateInit2(&z, GZIP_WINDOW) != Z_OK);
	u64 taken = 0;
	int result = Z_OK;
	while (result == Z_OK && b.used <= limit) {
		make_room(&b, FIRST_SIZE);
		u64 in = packed_size - taken < PIECE_MAX ? packed_size - taken : PIECE_MAX;
		u64 out = b.capacity - b.used < PIECE_MAX ? b.capacity - b.used : PIECE_MAX;
		z.next_in = (u8 *)packed + taken;
		z.avail_in = (uInt)in;
		z.next_out = b.bytes + b.used;
		z.avail_out = (uInt)out;
		result = inflate(&z, Z_NO_FLUSH);
		taken += in - z.avail_in;
		b.used += out - z.avail_out;
	}
	inflateEnd(&z);
	if (b.used > limit)
		return too_large(&b, path, limit, err);
	if (result != Z_STREAM_END) {
		error_set(err, "%s: the gzipped data is damaged or cut short", path);
		free(b.bytes);
		return NULL;
	}
	*size = b.used;
	return b.bytes;
}
