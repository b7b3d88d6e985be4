/*
 * Raw disk images: see disk.h.
 *
 * What is written goes to the host's file before the function returns (pwritev): nothing is kept here, so there is
 * nothing to lose when rvemu ends, and disk_flush() has only to ask the host for fdatasync.
 *
 * A `snapshot` disk has an overlay: memory of the disk's size that the host gives when it is touched, and one bit for
 * each block of 4 KiB that lives there. A write to a part of a block first brings the rest of it from the file. The
 * file is read, not mapped: one that somebody cuts short is then a failed read, not a signal.
 */
#include "devices/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define BLOCK_SHIFT 12
#define BLOCK_SIZE BIT(BLOCK_SHIFT)
#define BATCH 256              /* buffers that one system call moves; the host takes 1024 at most */
#define OVERLAY_MAX BIT(40)    /* bytes of a snapshot disk: what a host can promise without having it */
#define ZEROES_SIZE (16 * KIB) /* the buffer that zeros are written from */

struct disk {
	struct disk_config config; /* how it was asked for; the path is a copy */
	int fd;                    /* the image */
	u64 size;                  /* bytes; what it was when it was opened */
	u8 *overlay;               /* snapshot: what was written; otherwise NULL */
	u64 *written;              /* snapshot: bit i is set if block i lives in the overlay */
	bool unflushed;            /* there may be bytes that fdatasync has not seen */
	bool flush_failed;         /* fdatasync failed once: the host may have lost bytes, and forgotten that it did */
	bool unstamped;            /* written to since the time of last change was set for a saved state */
};

/* Where a transfer stands in the caller's buffers. */
struct cursor {
	const struct iovec *iov; /* the buffer at work */
	u32 left;                /* buffers from there on */
	size_t done;             /* bytes of it that were moved */
};

static void advance(struct cursor *c, size_t size)
{
	c->done += size;
	while (c->left && c->done >= c->iov->iov_len) {
		c->done -= c->iov->iov_len;
		c->iov++;
		c->left--;
	}
}

/* The next `max` buffers or fewer, for `size` bytes at most; empty ones are left out. Returns how many. */
static int gather(const struct cursor *c, u64 size, struct iovec *batch, int max)
{
	int n = 0;
	size_t done = c->done;
	for (u32 i = 0; i < c->left && n < max && size > 0; i++) {
		size_t room = c->iov[i].iov_len - done;
		size_t length = room < size ? room : size;
		if (length > 0)
			batch[n++] = (struct iovec){ (u8 *)c->iov[i].iov_base + done, length };
		size -= length;
		done = 0;
	}
	return n;
}

static bool move_file(struct disk *d, struct cursor *c, u64 offset, u64 size, bool to_file)
{
	struct iovec batch[BATCH];
	while (size > 0) {
		int n = gather(c, size, batch, BATCH);
		ssize_t moved =
			to_file ? pwritev(d->fd, batch, n, (off_t)offset) : preadv(d->fd, batch, n, (off_t)offset);
		if (moved < 0 && errno == EINTR)
			continue;
		if (moved == 0)
			errno = EIO; /* the file was cut short */
		if (moved <= 0)
			return false;
		advance(c, (size_t)moved);
		offset += (u64)moved;
		size -= (u64)moved;
	}
	return true;
}

/* --- the overlay of a snapshot disk --- */

static void move_overlay(struct disk *d, struct cursor *c, u64 offset, u64 size, bool to_overlay)
{
	while (size > 0) {
		struct iovec piece;
		if (gather(c, size, &piece, 1) == 0)
			break;
		if (to_overlay)
			memcpy(d->overlay + offset, piece.iov_base, piece.iov_len);
		else
			memcpy(piece.iov_base, d->overlay + offset, piece.iov_len);
		advance(c, piece.iov_len);
		offset += piece.iov_len;
		size -= piece.iov_len;
	}
}

static u64 block_count(const struct disk *d)
{
	return align_up(d->size, BLOCK_SIZE) >> BLOCK_SHIFT;
}

/* Bytes of a block: the last one may be short. */
static u64 block_size(const struct disk *d, u64 block)
{
	u64 rest = d->size - (block << BLOCK_SHIFT);
	return rest < BLOCK_SIZE ? rest : BLOCK_SIZE;
}

static bool is_written(const struct disk *d, u64 block)
{
	return d->written[block / 64] & BIT(block % 64);
}

static void mark_written(struct disk *d, u64 block)
{
	d->written[block / 64] |= BIT(block % 64);
}

/* Brings a block from the file into the overlay. */
static bool fetch_block(struct disk *d, u64 block)
{
	u64 offset = block << BLOCK_SHIFT;
	struct iovec iov = { d->overlay + offset, block_size(d, block) };
	struct cursor c = { .iov = &iov, .left = 1 };
	if (!move_file(d, &c, offset, iov.iov_len, false))
		return false;
	mark_written(d, block);
	return true;
}

/* Makes the overlay ready for offset..offset+size-1 to be overwritten there. */
static bool enter_overlay(struct disk *d, u64 offset, u64 size)
{
	u64 first = offset >> BLOCK_SHIFT;
	u64 last = (offset + size - 1) >> BLOCK_SHIFT;
	bool first_partial = offset % BLOCK_SIZE != 0;
	bool last_partial = offset + size < (last << BLOCK_SHIFT) + block_size(d, last);
	if (first_partial && !is_written(d, first) && !fetch_block(d, first))
		return false;
	if (last_partial && !is_written(d, last) && !fetch_block(d, last))
		return false;
	for (u64 block = first; block <= last; block++)
		mark_written(d, block);
	return true;
}

/* How many of the bytes from offset on, `size` at most, live where the first one does. */
static u64 run_size(const struct disk *d, u64 offset, u64 size)
{
	u64 block = offset >> BLOCK_SHIFT;
	bool where = is_written(d, block);
	u64 end = offset + size;
	do {
		block++;
	} while (block << BLOCK_SHIFT < end && is_written(d, block) == where);
	u64 stop = block << BLOCK_SHIFT;
	return (stop < end ? stop : end) - offset;
}

static bool read_through_overlay(struct disk *d, struct cursor *c, u64 offset, u64 size)
{
	while (size > 0) {
		u64 run = run_size(d, offset, size);
		if (is_written(d, offset >> BLOCK_SHIFT))
			move_overlay(d, c, offset, run, false);
		else if (!move_file(d, c, offset, run, false))
			return false;
		offset += run;
		size -= run;
	}
	return true;
}

/* Whole pages are given back to the host, which has zeros when they are touched again. */
static void zero_overlay(struct disk *d, u64 offset, u64 size)
{
	u64 start = align_up(offset, BLOCK_SIZE);
	u64 end = align_down(offset + size, BLOCK_SIZE);
	if (start >= end || madvise(d->overlay + start, end - start, MADV_DONTNEED) < 0) {
		memset(d->overlay + offset, 0, size);
		return;
	}
	memset(d->overlay + offset, 0, start - offset);
	memset(d->overlay + end, 0, offset + size - end);
}

static void empty_overlay(struct disk *d)
{
	for (u64 i = 0; i <= block_count(d) / 64; i++)
		d->written[i] = 0;
	zero_overlay(d, 0, d->size);
}

static bool make_overlay(struct disk *d, struct error *err)
{
	void *memory = MAP_FAILED;
	if (d->size <= OVERLAY_MAX)
		memory = mmap(NULL, align_up(d->size, BLOCK_SIZE), PROT_READ | PROT_WRITE,
		              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED)
		return error_set(err, "%s: is too large for snapshot=on (%llu MiB)", d->config.path, d->size / MIB);
	d->overlay = memory;
	d->written = xcalloc(block_count(d) / 64 + 1, sizeof(*d->written));
	return true;
}

/* --- opening --- */

static bool open_failed(const struct disk_config *config, bool writable, struct error *err)
{
	if (errno == EBUSY)
		return error_set(err, "%s: is in use by the host (mounted?)", config->path);
	if (writable && (errno == EACCES || errno == EPERM || errno == EROFS))
		return error_set(err, "%s: cannot be written: %s; give readonly=on or snapshot=on if it need not be",
		                 config->path, strerror(errno));
	return error_set(err, "%s: %s", config->path, strerror(errno));
}

/* Opens nothing that is no disk: that could wait for ever (FIFOs), or do something (terminals, tapes). */
static int open_image(const struct disk_config *config, struct error *err)
{
	bool writable = !config->read_only && !config->snapshot;
	struct stat st;
	if (stat(config->path, &st) < 0) {
		open_failed(config, writable, err);
		return -1;
	}
	if (S_ISDIR(st.st_mode)) {
		error_set(err, "%s: is a directory; a disk is an image file", config->path);
		return -1;
	}
	if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode)) {
		error_set(err, "%s: is neither a file nor a block device", config->path);
		return -1;
	}
	int flags = (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC;
	if (S_ISBLK(st.st_mode) && writable)
		flags |= O_EXCL; /* fails if it is mounted */
	int fd = open(config->path, flags);
	if (fd < 0)
		open_failed(config, writable, err);
	return fd;
}

static bool measure(struct disk *d, struct error *err)
{
	static const u8 qcow2[4] = { 'Q', 'F', 'I', 0xfb };
	u8 head[4];
	off_t size = lseek(d->fd, 0, SEEK_END);
	if (size < 0)
		return error_set(err, "%s: %s", d->config.path, strerror(errno));
	if (size == 0)
		return error_set(err, "%s: is empty; \"truncate -s 1G %s\" makes room for a gigabyte", d->config.path,
		                 d->config.path);
	if (size % DISK_SECTOR)
		return error_set(err, "%s: is %lld bytes long, which is not a multiple of %d: no raw disk image",
		                 d->config.path, (long long)size, DISK_SECTOR);
	if (pread(d->fd, head, sizeof(head), 0) == sizeof(head) && memcmp(head, qcow2, sizeof(head)) == 0)
		return error_set(err, "%s: is a qcow2 image; \"qemu-img convert -O raw\" makes a raw one of it",
		                 d->config.path);
	d->size = (u64)size;
	return true;
}

/* Writers are alone with an image; readers may be many. The lock belongs to this opening of the file, so that one
 * program cannot open an image twice by mistake either. */
static bool lock(const struct disk *d, bool writable, struct error *err)
{
	struct flock whole = { .l_type = writable ? F_WRLCK : F_RDLCK, .l_whence = SEEK_SET };
	if (fcntl(d->fd, F_OFD_SETLK, &whole) == 0)
		return true;
	if (errno != EAGAIN && errno != EACCES) {
		log_warn("%s: cannot be locked (%s): see to it that no other program writes to it", d->config.path,
		         strerror(errno));
		return true;
	}
	return error_set(
		err,
		"%s: is in use by another program, or as another disk; it can be shared only if all of them have it "
		"with readonly=on or snapshot=on",
		d->config.path);
}

struct disk *disk_open(const struct disk_config *config, struct error *err)
{
	int fd = open_image(config, err);
	if (fd < 0)
		return NULL;
	struct disk *d = xcalloc(1, sizeof(*d));
	bool writable = !config->read_only && !config->snapshot;
	d->config = *config;
	d->config.path = xstrdup(config->path);
	d->fd = fd;
	d->unflushed = writable; /* what the program before us left unflushed counts as on the disk for the guest */
	if (!lock(d, writable, err) || !measure(d, err) || (config->snapshot && !make_overlay(d, err))) {
		disk_close(d);
		return NULL;
	}
	return d;
}

void disk_close(struct disk *d)
{
	if (!d)
		return;
	if (d->overlay)
		munmap(d->overlay, align_up(d->size, BLOCK_SIZE));
	free(d->written);
	close(d->fd);
	free((char *)d->config.path);
	free(d);
}

const struct disk_config *disk_config(const struct disk *d)
{
	return &d->config;
}

u64 disk_size(const struct disk *d)
{
	return d->size;
}

/* --- reading and writing --- */

static void check_range(const struct disk *d, u64 offset, u64 size)
{
	BUG_ON(offset > d->size || size > d->size - offset);
}

static u64 total_size(const struct iovec *iov, u32 count)
{
	u64 size = 0;
	for (u32 i = 0; i < count; i++)
		size += iov[i].iov_len;
	return size;
}

bool disk_read(struct disk *d, u64 offset, const struct iovec *iov, u32 count)
{
	struct cursor c = { .iov = iov, .left = count };
	u64 size = total_size(iov, count);
	check_range(d, offset, size);
	if (d->overlay)
		return read_through_overlay(d, &c, offset, size);
	return move_file(d, &c, offset, size, false);
}

/* True if the guest may write; otherwise errno says so. */
static bool is_writable(const struct disk *d)
{
	if (d->config.read_only)
		errno = EROFS;
	return !d->config.read_only;
}

static void note_change(struct disk *d)
{
	d->unflushed = true;
	d->unstamped = true;
}

bool disk_write(struct disk *d, u64 offset, const struct iovec *iov, u32 count)
{
	struct cursor c = { .iov = iov, .left = count };
	u64 size = total_size(iov, count);
	check_range(d, offset, size);
	if (!is_writable(d))
		return false;
	if (size == 0)
		return true;
	if (!d->overlay) {
		note_change(d);
		return move_file(d, &c, offset, size, true);
	}
	if (!enter_overlay(d, offset, size))
		return false;
	move_overlay(d, &c, offset, size, true);
	return true;
}

bool disk_flush(struct disk *d)
{
	if (d->config.read_only || d->overlay)
		return true;
	if (d->flush_failed) {
		errno = EIO;
		return false;
	}
	if (!d->unflushed)
		return true;
	int result;
	do {
		result = fdatasync(d->fd);
	} while (result < 0 && errno == EINTR);
	d->flush_failed = result < 0;
	d->unflushed = false;
	return result == 0;
}

static bool write_zeroes(struct disk *d, u64 offset, u64 size)
{
	static const u8 zeroes[ZEROES_SIZE];
	struct iovec iov[BATCH];
	for (u32 i = 0; i < BATCH; i++)
		iov[i] = (struct iovec){ (u8 *)zeroes, sizeof(zeroes) };
	while (size > 0) {
		struct cursor c = { .iov = iov, .left = BATCH };
		u64 piece = size < BATCH * sizeof(zeroes) ? size : BATCH * sizeof(zeroes);
		if (!move_file(d, &c, offset, piece, true))
			return false;
		offset += piece;
		size -= piece;
	}
	return true;
}

/* Not every file system has each of these, and block devices want them aligned: then comes the next way. */
static bool zero_file(struct disk *d, u64 offset, u64 size, bool may_unmap)
{
	static const int modes[] = { FALLOC_FL_PUNCH_HOLE, FALLOC_FL_ZERO_RANGE };
	for (u32 i = may_unmap ? 0 : 1; i < ARRAY_SIZE(modes); i++) {
		int result;
		do {
			result = fallocate(d->fd, modes[i] | FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)size);
		} while (result < 0 && errno == EINTR);
		if (result == 0)
			return true;
		if (errno != EOPNOTSUPP && errno != ENOSYS && errno != EINVAL)
			return false;
	}
	return write_zeroes(d, offset, size);
}

bool disk_zero(struct disk *d, u64 offset, u64 size, bool may_unmap)
{
	check_range(d, offset, size);
	if (!is_writable(d))
		return false;
	if (size == 0)
		return true;
	if (!d->overlay) {
		note_change(d);
		return zero_file(d, offset, size, may_unmap);
	}
	if (!enter_overlay(d, offset, size))
		return false;
	zero_overlay(d, offset, size);
	return true;
}

/* --- saving and restoring --- */

static u64 last_change_ns(struct state *s, const struct disk *d)
{
	struct stat st;
	if (fstat(d->fd, &st) < 0) {
		state_fail(s, "%s: %s", d->config.path, strerror(errno));
		return 0;
	}
	return (u64)st.st_mtim.tv_sec * 1000000000 + (u64)st.st_mtim.tv_nsec;
}

/*
 * What was written goes to the host's disk, and the file gets a time of its own: the host's clock for files ticks every
 * few milliseconds only, and a write within the same tick must be seen as a change. That the file may belong to
 * somebody else does no harm but this.
 */
static void settle(struct state *s, struct disk *d)
{
	if (!disk_flush(d))
		state_fail(s, "%s: the host could not write it to its disk: %s", d->config.path, strerror(errno));
	if (!d->unstamped)
		return;
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT } };
	clock_gettime(CLOCK_REALTIME, &times[1]);
	if (futimens(d->fd, times) == 0)
		d->unstamped = false;
}

static void save_overlay(struct state *s, struct disk *d)
{
	u64 count = 0;
	u64 blocks = d->overlay ? block_count(d) : 0;
	for (u64 block = 0; block < blocks; block++)
		count += is_written(d, block);
	state_u64(s, &count);
	for (u64 block = 0; block < blocks && state_ok(s); block++) {
		if (!is_written(d, block))
			continue;
		state_u64(s, &block);
		state_bytes(s, d->overlay + (block << BLOCK_SHIFT), block_size(d, block));
	}
}

static void load_overlay(struct state *s, struct disk *d)
{
	u64 count = 0;
	state_u64(s, &count);
	if (count > 0 && !d->overlay) {
		state_fail(s, "%s: had snapshot=on when the snapshot was made: give it again", d->config.path);
		return;
	}
	if (d->overlay)
		empty_overlay(d);
	for (u64 i = 0; i < count && state_ok(s); i++) {
		u64 block = 0;
		state_u64(s, &block);
		if (state_ok(s) && block >= block_count(d))
			state_fail(s, "the snapshot is damaged: disk block %" PRIu64 " of %" PRIu64, block,
			           block_count(d));
		if (!state_ok(s))
			return;
		state_bytes(s, d->overlay + (block << BLOCK_SHIFT), block_size(d, block));
		mark_written(d, block);
	}
}

void disk_file_state(struct state *s, struct disk *d)
{
	state_same(s, d->size, "disk size");
	if (!s->loading)
		settle(s, d);
	u64 changed_ns = last_change_ns(s, d);
	u64 saved_ns = changed_ns;
	state_u64(s, &saved_ns);
	if (state_ok(s) && saved_ns != changed_ns)
		state_fail(s, "%s: was changed since the snapshot was made (with snapshot=on it would not be)",
		           d->config.path);
}

void disk_state(struct state *s, struct disk *d)
{
	state_section(s, "disk", 1);
	disk_file_state(s, d);
	if (s->loading)
		load_overlay(s, d);
	else
		save_overlay(s, d);
}
