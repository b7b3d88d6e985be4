/*
 * The zstd library behind a file: see zfile.h. Small writes and reads are gathered in a buffer of our own, because a
 * call of the library costs more than copying a number.
 */
#include "emu/zfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#define BUFFER_SIZE (128 * KIB)

/* A booted Linux (512 MiB of RAM, two harts) takes 14 MB and a third of a second; higher levels take longer. */
#define LEVEL 1

/* A hostile file shall not make us take more memory than this for its window. */
#define WINDOW_LOG_MAX 24

struct zfile {
	int fd;                    /* the file */
	ZSTD_CCtx *out;            /* writing, or NULL */
	ZSTD_DCtx *in;             /* reading, or NULL */
	u8 plain[BUFFER_SIZE];     /* bytes to be packed; bytes unpacked and not yet read */
	size_t plain_at;           /* reading: the first of them */
	size_t plain_size;         /* how many; reading: where they end */
	u8 packed[BUFFER_SIZE];    /* bytes of the file */
	ZSTD_inBuffer packed_left; /* reading: those not yet unpacked */
	bool ended;                /* reading: the stream's end was found, and its checksum is right */
	bool cut;                  /* reading: the file's end was found first */
	const char *problem;       /* what went wrong, or NULL */
};

static struct zfile *zfile_of(const char *path, int fd, struct error *err)
{
	if (fd < 0) {
		error_set(err, "%s: %s", path, strerror(errno));
		return NULL;
	}
	struct zfile *z = xcalloc(1, sizeof(*z));
	z->fd = fd;
	return z;
}

struct zfile *zfile_create(const char *path, struct error *err)
{
	struct zfile *z = zfile_of(path, open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666), err);
	if (!z)
		return NULL;
	z->out = ZSTD_createCCtx();
	BUG_ON(!z->out);
	BUG_ON(ZSTD_isError(ZSTD_CCtx_setParameter(z->out, ZSTD_c_compressionLevel, LEVEL)));
	BUG_ON(ZSTD_isError(ZSTD_CCtx_setParameter(z->out, ZSTD_c_checksumFlag, 1)));
	return z;
}

struct zfile *zfile_open(const char *path, struct error *err)
{
	struct zfile *z = zfile_of(path, open(path, O_RDONLY | O_CLOEXEC), err);
	if (!z)
		return NULL;
	z->in = ZSTD_createDCtx();
	BUG_ON(!z->in);
	BUG_ON(ZSTD_isError(ZSTD_DCtx_setParameter(z->in, ZSTD_d_windowLogMax, WINDOW_LOG_MAX)));
	z->packed_left.src = z->packed;
	return z;
}

void zfile_close(struct zfile *z)
{
	if (!z)
		return;
	ZSTD_freeCCtx(z->out);
	ZSTD_freeDCtx(z->in);
	close(z->fd);
	free(z);
}

const char *zfile_problem(const struct zfile *z)
{
	return z->problem;
}

/* --- writing --- */

static bool write_all(struct zfile *z, const u8 *bytes, size_t size)
{
	while (size) {
		ssize_t done = write(z->fd, bytes, size);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0) {
			z->problem = strerror(errno);
			return false;
		}
		bytes += done;
		size -= (size_t)done;
	}
	return true;
}

/* Packs `size` bytes, and does what `how` says with the stream. */
static bool pack(struct zfile *z, const void *bytes, size_t size, ZSTD_EndDirective how)
{
	ZSTD_inBuffer in = { .src = bytes, .size = size };
	size_t left = 1;
	while (!z->problem && (in.pos < in.size || (how != ZSTD_e_continue && left))) {
		ZSTD_outBuffer out = { .dst = z->packed, .size = sizeof(z->packed) };
		left = ZSTD_compressStream2(z->out, &out, &in, how);
		if (ZSTD_isError(left))
			z->problem = ZSTD_getErrorName(left);
		else if (!write_all(z, z->packed, out.pos))
			break;
	}
	return !z->problem;
}

/* Packs what was gathered. */
static bool drain(struct zfile *z, ZSTD_EndDirective how)
{
	size_t size = z->plain_size;
	z->plain_size = 0;
	return pack(z, z->plain, size, how);
}

bool zfile_write(struct zfile *z, const void *bytes, size_t size)
{
	if (size > sizeof(z->plain) - z->plain_size && !drain(z, ZSTD_e_continue))
		return false;
	if (size > sizeof(z->plain) / 2)
		return drain(z, ZSTD_e_continue) && pack(z, bytes, size, ZSTD_e_continue);
	memcpy(z->plain + z->plain_size, bytes, size);
	z->plain_size += size;
	return !z->problem;
}

bool zfile_flush(struct zfile *z)
{
	return drain(z, ZSTD_e_flush);
}

bool zfile_finish(struct zfile *z, bool durable)
{
	if (drain(z, ZSTD_e_end) && durable && fsync(z->fd) != 0)
		z->problem = strerror(errno);
	return !z->problem;
}

/* --- reading --- */

/* Gets more of the file. False: there is no more. */
static bool refill(struct zfile *z)
{
	ssize_t got;
	do
		got = read(z->fd, z->packed, sizeof(z->packed));
	while (got < 0 && errno == EINTR);
	if (got < 0)
		z->problem = strerror(errno);
	z->packed_left.pos = 0;
	z->packed_left.size = got > 0 ? (size_t)got : 0;
	return got > 0;
}

/* Unpacks more, if there is more. */
static void unpack(struct zfile *z)
{
	ZSTD_outBuffer out = { .dst = z->plain, .size = sizeof(z->plain) };
	while (out.pos == 0 && !z->ended && !z->cut && !z->problem) {
		/* The library may hold back unpacked bytes: ask it also when the file has no more. */
		bool more = z->packed_left.pos < z->packed_left.size || refill(z);
		size_t left = ZSTD_decompressStream(z->in, &out, &z->packed_left);
		if (ZSTD_isError(left))
			z->problem = ZSTD_getErrorName(left);
		else if (left == 0)
			z->ended = true;
		z->cut = !more && out.pos == 0 && !z->ended;
	}
	z->plain_at = 0;
	z->plain_size = out.pos;
}

size_t zfile_read(struct zfile *z, void *bytes, size_t size)
{
	size_t done = 0;
	while (done < size) {
		if (z->plain_at == z->plain_size)
			unpack(z);
		size_t now = z->plain_size - z->plain_at;
		if (now == 0)
			break;
		if (now > size - done)
			now = size - done;
		memcpy((u8 *)bytes + done, z->plain + z->plain_at, now);
		z->plain_at += now;
		done += now;
	}
	return done;
}

bool zfile_is_over(struct zfile *z)
{
	if (z->plain_at == z->plain_size)
		unpack(z);
	if (z->plain_at < z->plain_size || !z->ended || z->problem)
		return false;
	return z->packed_left.pos == z->packed_left.size && !refill(z);
}
