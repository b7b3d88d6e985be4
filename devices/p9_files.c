/*
 * The 9P server's messages about one file: opening, reading, writing, attributes, locks. See p9.h, p9_internal.h.
 *
 * Reads and writes name their place and do not move one, so a file opened for appending is opened without that: the
 * guest says where the end is.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "devices/p9_internal.h"

/* What a guest's open flags mean, Linux' P9_DOTL_*: the numbers of Linux' generic architectures, whatever the host's.
 */
#define GUEST_ACCESS 00000003
#define GUEST_TRUNC 00001000
#define GUEST_DSYNC 00010000
#define GUEST_DIRECTORY 00200000
#define GUEST_SYNC 04000000

/* Which fields of Tsetattr count. */
#define SET_MODE 0x001
#define SET_UID 0x002
#define SET_GID 0x004
#define SET_SIZE 0x008
#define SET_ATIME 0x010
#define SET_MTIME 0x020
#define SET_ATIME_GIVEN 0x080
#define SET_MTIME_GIVEN 0x100

/* Which fields of Rgetattr count: all but the time of birth, generation and version. */
#define GOT_BASIC 0x7ff

#define FS_MAGIC 0x01021997 /* V9FS_MAGIC, what statfs(2) says in the guest */

#define LOCK_SUCCESS 0
#define LOCK_TYPE_NONE 2
#define NS_PER_S 1000000000u

u32 p9_open_flags(const struct p9 *p9, u32 guest_flags, u32 *flags)
{
	static const u32 access_modes[] = { O_RDONLY, O_WRONLY, O_RDWR };
	u32 access = guest_flags & GUEST_ACCESS;
	if (access >= ARRAY_SIZE(access_modes))
		return EINVAL;
	if (p9->read_only && (access != 0 || (guest_flags & GUEST_TRUNC) != 0))
		return EROFS;
	*flags = access_modes[access];
	if (guest_flags & GUEST_TRUNC)
		*flags |= O_TRUNC;
	if (guest_flags & GUEST_DIRECTORY)
		*flags |= O_DIRECTORY;
	if (guest_flags & GUEST_SYNC)
		*flags |= O_SYNC;
	else if (guest_flags & GUEST_DSYNC)
		*flags |= O_DSYNC;
	return 0;
}

u32 p9_lopen(struct p9 *p9, struct p9_in *in, struct p9_out *out)
{
	struct p9_fid *fid;
	u32 flags;
	u32 error = p9_fid_get(p9, in, &fid);
	u32 guest_flags = p9_get_u32(in);
	if (error)
		return error;
	if (in->bad || fid->is_open)
		return EINVAL;
	error = p9_open_flags(p9, guest_flags, &flags);
	if (error)
		return error;
	int fd = p9_tree_reopen(fid->fd, (int)flags);
	if (fd < 0)
		return (u32)-fd;
	p9_fid_set(fid, fd);
	fid->is_open = true;
	fid->flags = guest_flags & GUEST_ACCESS;
	error = p9_put_qid_of(p9, fd, out);
	p9_put_u32(out, p9->message_max - P9_IO_HEADER_SIZE);
	return error;
}

/* A fid that is open, for reading or writing. */
static u32 get_open(struct p9 *p9, struct p9_in *in, struct p9_fid **fid)
{
	u32 error = p9_fid_get(p9, in, fid);
	if (error)
		return error;
	return (*fid)->is_open ? 0 : EBADF;
}

u32 p9_read(struct p9 *p9, struct p9_in *in, struct p9_out *out)
{
	struct p9_fid *fid;
	u32 error = get_open(p9, in, &fid);
	u64 offset = p9_get_u64(in);
	u32 count = p9_get_u32(in);
	if (error)
		return error;
	if (in->bad || offset > INT64_MAX)
		return EINVAL;
	u32 count_at = out->used;
	p9_put_u32(out, 0);
	if (out->full)
		return EMSGSIZE;
	if (count > out->room - out->used)
		count = out->room - out->used;
	if (count > p9->message_max - out->used)
		count = p9->message_max - out->used;
	ssize_t got = pread(fid->fd, out->start + out->used, count, (off_t)offset);
	if (got < 0)
		return (u32)errno;
	out->used += (u32)got;
	p9_patch_u32(out, count_at, (u32)got);
	return 0;
}

u32 p9_write(struct p9 *p9, struct p9_in *in, struct p9_out *out)
{
	struct p9_fid *fid;
	u32 error = get_open(p9, in, &fid);
	u64 offset = p9_get_u64(in);
	u32 count = p9_get_u32(in);
	const u8 *bytes = p9_get_bytes(in, count);
	if (error)
		return error;
	if (in->bad)
		return EINVAL;
	if (offset > INT64_MAX)
		return EFBIG;
	ssize_t put = pwrite(fid->fd, bytes, count, (off_t)offset);
	if (put < 0)
		return (u32)errno;
	p9_put_u32(out, (u32)put);
	return 0;
}

/* Old clients do not say whether the data alone matters. */
u32 p9_fsync(struct p9 *p9, struct p9_in *in, struct p9_out *out)
{
	struct p9_fid *fid;
	u32 error = get_open(p9, in, &fid);
	bool data_only = in->left >= 4 && p9_get_u32(in) != 0;
	(void)out;
	if (error)
		return error;
	int failed = data_only ? fdatasync(fid->fd) : fsync(fid->fd);
	return failed ? (u32)errno : 0;
}

static void put_time(struct p9_out *out, const struct timespec *time)
{
	p9_put_u64(out, (u64)time->tv_sec);
	p9_put_u64(out, (u64)time->tv_nsec);
}

u32 p9_getattr(struct p9 *p9, struct p9_in *in, struct p9_out *out)
{
	struct p9_fid *fid;
	struct stat st;
	u32 error = p9_fid_get(p9, in, &fid);
	p9_get_u64(in);
	if (error)
		return error;
	if (in->bad)
		return EINVAL;
	if (fstat(fid->fd, &st) < 0)
		return (u32)errno;
	p9_put_u64(out, GOT_BASIC);
	p9_put_qid(out, p9_tree_qid(&st, p9->root_device));
	p9_put_u32(out, st.st_mode);
	p9_put_u32(out, st.st_uid);
	p9_put_u32(out, st.st_gid);
	p9_put_u64(out, st.st_nlink);
	p9_put_u64(out, st.st_rdev);
	p9_put_u64(out, (u64)st.st_size);
	p9_put_u64(out, (u64)st.st_blksize);
	p9_put_u64(out, (u64)st.st_blocks);
	put_time(out, &st.st_atim);
	put_time(out, &st.st_mtim);
	put_time(out, &st.st_ctim);
	for (u32 i = 0; i < 4; i++)
		p9_put_u64(out, 0); /* btime, generation, data version */
	return 0;
}

/* Tsetattr's fields. */
struct new_attributes {
	u32 valid;                /* SET_... */
	u32 mode;                 /* permissions */
	u32 uid;                  /* owner */
	u32 gid;                  /* group */
	u64 size;                 /* bytes */
	struct timespec times[2]; /* of last access and change, as utimensat(2) takes them */
};

/* A time of Tsetattr: two numbers, of which flags say whether they count. */
static bool get_time(struct p9_in *in, bool set, bool given, struct timespec *time)
{
	u64 seconds = p9_get_u64(in);
	u64 ns = p9_get_u64(in);
	*time = (struct timespec){ .tv_nsec = set ? UTIME_NOW : UTIME_OMIT };
	if (!set || !given)
		return true;
	*time = (struct timespec){ .tv_sec = (time_t)seconds, .tv_nsec = (long)ns };
	return ns < NS_PER_S;
}

static bool get_attributes(struct p9_in *in, struct new_attributes *a)
{
	a->valid = p9_get_u32(in);
	a->mode = p9_get_u32(in);
	a->uid = p9_get_u32(in);
	a->gid = p9_get_u32(in);
	a->size = p9_get_u64(in);
	bool atime_good = get_time(in, a->valid & SET_ATIME, a->valid & SET_ATIME_GIVEN, &a->times[0]);
	bool mtime_good = get_time(in, a->valid & SET_MTIME, a->valid & SET_MTIME_GIVEN, &a->times[1]);
	return atime_good && mtime_good && !in->bad;
}

static u32 set_size(const struct p9_fid *fid, u64 size)
{
	if (size > INT64_MAX)
		return EFBIG;
	if (fid->is_open && fid->flags != O_RDONLY)
		return ftruncate(fid->fd, (off_t)size) < 0 ? (u32)errno : 0;
	int fd = p9_tree_reopen(fid->fd, O_WRONLY);
	if (fd < 0)
		return (u32)-fd;
	u32 error = ftruncate(fd, (off_t)size) < 0 ? (u32)errno : 0;
	close(fd);
	return error;
}

/* The size goes first and times last, for each of the others moves them. */
u32 p9_setattr(struct p9 *p9, struct p9_in *in, struct p9_out *out)
{
	struct p9_fid *fid;
	struct new_attributes a;
	u32 error = p9_fid_get(p9, in, &fid);
	bool good = get_attributes(in, &a);
	(void)out;
	if (error)
		return error;
	if (!good)
		return EINVAL;
	if (p9->read_only)
		return EROFS;
	char name[P9_PROC_NAME_MAX];
	p9_tree_name(fid->fd, name);
	if ((a.valid & SET_SIZE) != 0)
		error = set_size(fid, a.size);
	if (!error && (a.valid & (SET_UID | SET_GID)) != 0 &&
	    fchownat(fid->fd, "", (a.valid & SET_UID) != 0 ? a.uid : (uid_t)-1,
	             (a.valid & SET_GID) != 0 ? a.gid : (gid_t)-1, AT_EMPTY_PATH) < 0)
		error = (u32)errno;
	if (!error && (a.valid & SET_MODE) != 0 && chmod(name, a.mode & P9_MODE_KEPT) < 0)
		error = (u32)errno;
	if (!error && (a.valid & (SET_ATIME | SET_MTIME)) != 0 && utimensat(AT_FDCWD, name, a.times, 0) < 0)
		error = (u32)errno;
	return error;
}

u32 p9_statfs(struct p9 *p9, struct p9_in *in, struct p9_out *out)
{
	struct p9_fid *fid;
	struct statfs fs;
	u32 error = p9_fid_get(p9, in, &fid);
	if (error)
		return error;
	if (fstatfs(fid->fd, &fs) < 0)
		return (u32)errno;
	u64 id;
	_Static_assert(sizeof(fs.f_fsid) == sizeof(id), "f_fsid is two ints");
	memcpy(&id, &fs.f_fsid, sizeof(id));
	p9_put_u32(out, FS_MAGIC);
	p9_put_u32(out, (u32)fs.f_bsize);
	p9_put_u64(out, fs.f_blocks);
	p9_put_u64(out, fs.f_bfree);
	p9_put_u64(out, fs.f_bavail);
	p9_put_u64(out, fs.f_files);
	p9_put_u64(out, fs.f_ffree);
	p9_put_u64(out, id);
	p9_put_u32(out, P9_NAME_MAX);
	return 0;
}

u32 p9_readlink(struct p9 *p9, struct p9_in *in, struct p9_out *out)
{
	struct p9_fid *fid;
	struct stat st;
	char target[P9_TEXT_MAX + 1];
	u32 error = p9_fid_get(p9, in, &fid);
	if (error)
		return error;
	if (fstat(fid->fd, &st) < 0)
		return (u32)errno;
	if (!S_ISLNK(st.st_mode))
		return EINVAL;
	ssize_t length = readlinkat(fid->fd, "", target, sizeof(target));
	if (length < 0)
		return (u32)errno;
	if (length == sizeof(target))
		return ENAMETOOLONG;
	target[length] = '\0';
	p9_put_string(out, target);
	return 0;
}

u32 p9_lock(struct p9 *p9, struct p9_in *in, struct p9_out *out)
{
	struct p9_fid *fid;
	u32 error = p9_fid_get(p9, in, &fid);
	if (error)
		return error;
	p9_put_u8(out, LOCK_SUCCESS);
	return 0;
}

/* The guest has asked itself first: there is no lock of anybody else's. */
u32 p9_getlock(struct p9 *p9, struct p9_in *in, struct p9_out *out)
{
	struct p9_fid *fid;
	char client[P9_TEXT_MAX + 1];
	u32 error = p9_fid_get(p9, in, &fid);
	p9_get_u8(in);
	u64 start = p9_get_u64(in);
	u64 length = p9_get_u64(in);
	u32 process = p9_get_u32(in);
	p9_get_string(in, client, sizeof(client));
	if (error)
		return error;
	if (in->bad)
		return EINVAL;
	p9_put_u8(out, LOCK_TYPE_NONE);
	p9_put_u64(out, start);
	p9_put_u64(out, length);
	p9_put_u32(out, process);
	p9_put_string(out, client);
	return 0;
}
