/*
 * The 9P server's messages about directories and the names in them. See p9.h, p9_internal.h.
 *
 * Every name is checked to be one component, and is used only together with the descriptor of its directory, by system
 * calls that do not follow a symbolic link in that place.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "devices/p9_internal.h"

#define GUEST_EXCL 00000200
#define UNLINK_DIRECTORY 0x200

/* Bytes of an entry in Rreaddir, beside its name. */
#define ENTRY_SIZE (13 + 8 + 1 + 2)

/* Reads a fid and a name to be made or removed in it. The rest of the message must not be acted on if this fails. */
static u32 get_entry(struct p9 *p9, struct p9_in *in, struct p9_fid **dir, char name[P9_TEXT_MAX + 1])
{
	u32 error = p9_fid_get(p9, in, dir);
	p9_get_string(in, name, P9_TEXT_MAX + 1);
	if (error)
		return error;
	if (in->bad)
		return EINVAL;
	error = p9_tree_check_name(name);
	if (error)
		return error;
	return p9->read_only ? EROFS : 0;
}

/* Gives a new file the mode that the guest wants, which the host's umask may have taken from. */
static void set_mode(int fd, u32 mode)
{
	char name[P9_PROC_NAME_MAX];
	p9_tree_name(fd, name);
	/* On a file system without modes it keeps what it has. */
	(void)chmod(name, mode & P9_MODE_KEPT);
}

/* Writes the qid of an entry that was just made; unless it is a symbolic link, it gets that mode. */
static u32 put_new(struct p9 *p9, int dir, const char *name, bool has_mode, u32 mode, struct p9_out *out)
{
	int fd = p9_tree_child(dir, name);
	if (fd < 0)
		return (u32)-fd;
	if (has_mode)
		set_mode(fd, mode);
	u32 error = p9_put_qid_of(p9, fd, out);
	close(fd);
	return error;
}

/* Opens what is there already, if it is a regular file. */
static int open_existing(int dir, const char *name, u32 flags)
{
	int fd = p9_tree_child(dir, name);
	if (fd < 0)
		return fd;
	int opened = p9_tree_reopen(fd, (int)flags);
	close(fd);
	return opened;
}

u32 p9_lcreate(struct p9 *p9, struct p9_in *in, struct p9_out *out)
{
	struct p9_fid *fid;
	char name[P9_TEXT_MAX + 1];
	u32 flags = 0;
	u32 error = get_entry(p9, in, &fid, name);
	u32 guest_flags = p9_get_u32(in);
	u32 mode = p9_get_u32(in);
	p9_get_u32(in); /* group */
	if (error)
		return error;
	if (in->bad || fid->is_open)
		return EINVAL;
	error = p9_open_flags(p9, guest_flags, &flags);
	if (error)
		return error;
	int fd = openat(fid->fd, name, (int)(flags | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY),
	                (mode_t)(mode & P9_MODE_KEPT));
	if (fd >= 0) {
		set_mode(fd, mode);
	} else if (errno == EEXIST && (guest_flags & GUEST_EXCL) == 0) {
		fd = open_existing(fid->fd, name, flags);
		if (fd < 0)
			return (u32)-fd;
	} else {
		return (u32)errno;
	}
	p9_fid_set(fid, fd);
	fid->is_open = true;
	fid->flags = flags & O_ACCMODE;
	error = p9_put_qid_of(p9, fd, out);
	p9_put_u32(out, p9->message_max - P9_IO_HEADER_SIZE);
	return error;
}

static struct p9_qid entry_qid(const struct p9 *p9, const struct stat *dir, const struct stat *root,
                               const struct dirent64 *entry)
{
	/* What is above the folder is not shown. */
	if (strcmp(entry->d_name, "..") == 0 && dir->st_ino == root->st_ino && dir->st_dev == root->st_dev)
		return p9_tree_qid(root, p9->root_device);
	struct stat st = { .st_dev = dir->st_dev, .st_ino = entry->d_ino };
	if (entry->d_type == DT_DIR)
		st.st_mode = S_IFDIR;
	else if (entry->d_type == DT_LNK)
		st.st_mode = S_IFLNK;
	return p9_tree_qid(&st, p9->root_device);
}

/* Fills out with entries from the directory's place on, as many as fit whole up to `limit` bytes. */
static u32 put_entries(const struct p9 *p9, int dir, u32 limit, struct p9_out *out)
{
	struct stat st;
	struct stat root;
	if (fstat(dir, &st) < 0 || fstat(p9->root, &root) < 0)
		return (u32)errno;
	u32 first = out->used;
	for (;;) {
		_Alignas(struct dirent64) char bytes[16384];
		ssize_t got = getdents64(dir, bytes, sizeof(bytes));
		if (got < 0)
			return out->used > first ? 0 : (u32)errno;
		if (got == 0)
			return 0;
		for (ssize_t at = 0; at < got;) {
			const struct dirent64 *entry = (const struct dirent64 *)(bytes + at);
			if (ENTRY_SIZE + strlen(entry->d_name) > limit - out->used)
				return out->used > first ? 0 : EINVAL;
			p9_put_qid(out, entry_qid(p9, &st, &root, entry));
			p9_put_u64(out, (u64)entry->d_off);
			p9_put_u8(out, entry->d_type);
			p9_put_string(out, entry->d_name);
			at += entry->d_reclen;
		}
	}
}

u32 p9_readdir(struct p9 *p9, struct p9_in *in, struct p9_out *out)
{
	struct p9_fid *fid;
	u32 error = p9_fid_get(p9, in, &fid);
	u64 offset = p9_get_u64(in);
	u32 count = p9_get_u32(in);
	if (error)
		return error;
	if (in->bad || offset > INT64_MAX)
		return EINVAL;
	if (!fid->is_open)
		return EBADF;
	if (lseek(fid->fd, (off_t)offset, SEEK_SET) < 0)
		return (u32)errno;
	u32 count_at = out->used;
	p9_put_u32(out, 0);
	if (out->full)
		return EMSGSIZE;
	u32 limit = out->room < p9->message_max ? out->room : p9->message_max;
	if (count < limit - out->used)
		limit = out->used + count;
	error = put_entries(p9, fid->fd, limit, out);
	p9_patch_u32(out, count_at, out->used - count_at - 4);
	return error;
}

u32 p9_mkdir(struct p9 *p9, struct p9_in *in, struct p9_out *out)
{
	struct p9_fid *dir;
	char name[P9_TEXT_MAX + 1];
	u32 error = get_entry(p9, in, &dir, name);
	u32 mode = p9_get_u32(in);
	p9_get_u32(in); /* group */
	if (error)
		return error;
	if (in->bad)
		return EINVAL;
	if (mkdirat(dir->fd, name, (mode_t)(mode & P9_MODE_KEPT)) < 0)
		return (u32)errno;
	return put_new(p9, dir->fd, name, true, mode, out);
}

u32 p9_symlink(struct p9 *p9, struct p9_in *in, struct p9_out *out)
{
	struct p9_fid *dir;
	char name[P9_TEXT_MAX + 1];
	char target[P9_TEXT_MAX + 1];
	u32 error = get_entry(p9, in, &dir, name);
	p9_get_string(in, target, sizeof(target));
	p9_get_u32(in); /* group */
	if (error)
		return error;
	if (in->bad)
		return EINVAL;
	if (symlinkat(target, dir->fd, name) < 0)
		return (u32)errno;
	return put_new(p9, dir->fd, name, false, 0, out);
}

/* Devices would be the host's, and are refused. FIFOs and sockets are names in a directory, for the guest to meet at.
 */
u32 p9_mknod(struct p9 *p9, struct p9_in *in, struct p9_out *out)
{
	struct p9_fid *dir;
	char name[P9_TEXT_MAX + 1];
	u32 error = get_entry(p9, in, &dir, name);
	u32 mode = p9_get_u32(in);
	p9_get_u32(in); /* major number */
	p9_get_u32(in); /* minor number */
	p9_get_u32(in); /* group */
	if (error)
		return error;
	if (in->bad)
		return EINVAL;
	u32 type = mode & S_IFMT;
	if (type != S_IFREG && type != S_IFIFO && type != S_IFSOCK)
		return EPERM;
	if (mknodat(dir->fd, name, (mode_t)(type | (mode & P9_MODE_KEPT)), 0) < 0)
		return (u32)errno;
	return put_new(p9, dir->fd, name, true, mode, out);
}

u32 p9_link(struct p9 *p9, struct p9_in *in, struct p9_out *out)
{
	struct p9_fid *dir;
	struct p9_fid *file;
	char name[P9_TEXT_MAX + 1];
	u32 dir_error = p9_fid_get(p9, in, &dir);
	u32 error = p9_fid_get(p9, in, &file);
	p9_get_string(in, name, sizeof(name));
	(void)out;
	if (dir_error || error)
		return dir_error ? dir_error : error;
	if (in->bad)
		return EINVAL;
	error = p9_tree_check_name(name);
	if (error)
		return error;
	if (p9->read_only)
		return EROFS;
	char from[P9_PROC_NAME_MAX];
	p9_tree_name(file->fd, from);
	/* It is /proc's link that is followed, to the file itself. */
	return linkat(AT_FDCWD, from, dir->fd, name, AT_SYMLINK_FOLLOW) < 0 ? (u32)errno : 0;
}

/* Renames by fid: newer clients send Trenameat instead. */
u32 p9_rename(struct p9 *p9, struct p9_in *in, struct p9_out *out)
{
	struct p9_fid *file;
	struct p9_fid *to;
	char name[P9_TEXT_MAX + 1];
	char old_name[P9_NAME_MAX + 1];
	u32 file_error = p9_fid_get(p9, in, &file);
	u32 error = get_entry(p9, in, &to, name);
	(void)out;
	if (file_error || error)
		return file_error ? file_error : error;
	int from = p9_tree_place(p9->root, file->fd, old_name);
	if (from < 0)
		return (u32)-from;
	error = renameat(from, old_name, to->fd, name) < 0 ? (u32)errno : 0;
	close(from);
	return error;
}

u32 p9_renameat(struct p9 *p9, struct p9_in *in, struct p9_out *out)
{
	struct p9_fid *from;
	struct p9_fid *to;
	char old_name[P9_TEXT_MAX + 1];
	char new_name[P9_TEXT_MAX + 1];
	u32 from_error = get_entry(p9, in, &from, old_name);
	u32 to_error = get_entry(p9, in, &to, new_name);
	(void)out;
	if (from_error || to_error)
		return from_error ? from_error : to_error;
	return renameat(from->fd, old_name, to->fd, new_name) < 0 ? (u32)errno : 0;
}

u32 p9_unlinkat(struct p9 *p9, struct p9_in *in, struct p9_out *out)
{
	struct p9_fid *dir;
	char name[P9_TEXT_MAX + 1];
	u32 error = get_entry(p9, in, &dir, name);
	u32 flags = p9_get_u32(in);
	(void)out;
	if (error)
		return error;
	if (in->bad)
		return EINVAL;
	return unlinkat(dir->fd, name, (flags & UNLINK_DIRECTORY) != 0 ? AT_REMOVEDIR : 0) < 0 ? (u32)errno : 0;
}

/* Removes what a fid stands for. Newer clients send Tunlinkat instead. */
static u32 remove_file(struct p9 *p9, const struct p9_fid *fid)
{
	struct stat st;
	char name[P9_NAME_MAX + 1];
	if (p9->read_only)
		return EROFS;
	if (fstat(fid->fd, &st) < 0)
		return (u32)errno;
	int dir = p9_tree_place(p9->root, fid->fd, name);
	if (dir < 0)
		return (u32)-dir;
	u32 error = unlinkat(dir, name, S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0) < 0 ? (u32)errno : 0;
	close(dir);
	return error;
}

/* The fid is gone afterwards, whether or not the file is. */
u32 p9_remove(struct p9 *p9, struct p9_in *in, struct p9_out *out)
{
	struct p9_fid *fid;
	u32 error = p9_fid_get(p9, in, &fid);
	(void)out;
	if (error == EBADF)
		return error;
	if (!error)
		error = remove_file(p9, fid);
	p9_fid_drop(p9, fid);
	return error;
}
