/*
 * The calls on what is said about a file: stat(2), statx(2), access(2), chmod(2), chown(2), utimensat(2), statfs(2).
 */
#include "guest/kernel/fs/internal.h"

#include "guest/kernel/core/syscall.h"
#include "guest/kernel/mm/kmalloc.h"
#include "guest/kernel/proc/task.h"

#define ST_RDONLY 1u
#define ST_VALID 0x20u
#define UNCHANGED 0xffffffffu /* -1 for chown */

/* --- which file --- */

/* What a call is about: by a name (dentry) or a descriptor (file). */
struct target {
	struct inode *inode; /* NULL: an open file without one (eventfd) */
	struct dentry *dentry;
	struct file *file;
};

static int target_of_descriptor(struct task *task, int fd, bool path_too, struct target *target)
{
	int error;

	*target = (struct target){ .file = NULL };
	if (fd == AT_FDCWD && path_too) {
		dentry_get(target->dentry = task->process->cwd);
		target->inode = target->dentry->inode;
		return 0;
	}
	error = file_of(task, (u64)fd, path_too, &target->file);
	if (!error)
		target->inode = target->file->inode;
	return error;
}

/* By path in user memory; AT_EMPTY_PATH and AT_SYMLINK_NOFOLLOW in flags. */
static int target_of_path(struct task *task, u64 dirfd, u64 path, u32 flags, struct target *target)
{
	char *text;
	int error;

	if (!path && (flags & AT_EMPTY_PATH))
		return target_of_descriptor(task, (int)dirfd, true, target);
	*target = (struct target){ .file = NULL };
	error = path_from_user(path, &text);
	if (error)
		return error;
	if (!*text && (flags & AT_EMPTY_PATH)) {
		error = target_of_descriptor(task, (int)dirfd, true, target);
	} else {
		error = path_walk(task, (int)dirfd, text, flags & AT_SYMLINK_NOFOLLOW ? 0 : WALK_FOLLOW,
		                  &target->dentry, NULL);
		if (!error)
			target->inode = target->dentry->inode;
	}
	kfree(text);
	return error;
}

static void target_put(struct target *target)
{
	if (target->dentry)
		dentry_put(target->dentry);
	if (target->file)
		file_put(target->file);
}

/* For changes of an inode: 0, -EROFS, -EPERM (it has none). */
static int check_changeable(const struct target *target)
{
	if (!target->inode)
		return -EPERM;
	return target->inode->fs && target->inode->fs->read_only ? -EROFS : 0;
}

/* --- stat --- */

static void fill_stat(const struct target *target, struct abi_stat *stat)
{
	if (target->inode) {
		inode_fill_stat(target->inode, stat);
		return;
	}
	*stat = (struct abi_stat){ .st_dev = 1, .st_ino = 1, .st_mode = 0600, .st_nlink = 1, .st_blksize = PAGE_SIZE };
}

static i64 store_stat(struct target *target, u64 user)
{
	struct abi_stat stat;

	fill_stat(target, &stat);
	target_put(target);
	return copy_to_user(user, &stat, sizeof(stat));
}

i64 sys_newfstatat(struct task *task, const u64 arg[6])
{
	struct target target;
	i64 error;

	if (arg[3] & ~(u64)(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH))
		return -EINVAL;
	error = target_of_path(task, arg[0], arg[1], (u32)arg[3], &target);
	return error ? error : store_stat(&target, arg[2]);
}

i64 sys_fstat(struct task *task, const u64 arg[6])
{
	struct target target = { .file = files_get(task->process->files, (int)arg[0]) };

	if (!target.file)
		return -EBADF;
	target.inode = target.file->inode;
	return store_stat(&target, arg[1]);
}

static struct abi_statx_timestamp statx_time(i64 seconds, u64 nanoseconds)
{
	return (struct abi_statx_timestamp){ .tv_sec = seconds, .tv_nsec = (u32)nanoseconds };
}

static void fill_statx(const struct abi_stat *stat, struct abi_statx *statx)
{
	memset(statx, 0, sizeof(*statx));
	statx->stx_mask = STATX_BASIC_STATS | STATX_MNT_ID;
	statx->stx_blksize = (u32)stat->st_blksize;
	statx->stx_nlink = stat->st_nlink;
	statx->stx_uid = stat->st_uid;
	statx->stx_gid = stat->st_gid;
	statx->stx_mode = (u16)stat->st_mode;
	statx->stx_ino = stat->st_ino;
	statx->stx_size = (u64)stat->st_size;
	statx->stx_blocks = (u64)stat->st_blocks;
	statx->stx_atime = statx_time(stat->st_atime, stat->st_atime_nsec);
	statx->stx_ctime = statx_time(stat->st_ctime, stat->st_ctime_nsec);
	statx->stx_mtime = statx_time(stat->st_mtime, stat->st_mtime_nsec);
	statx->stx_rdev_major = ABI_MAJOR(stat->st_rdev);
	statx->stx_rdev_minor = ABI_MINOR(stat->st_rdev);
	statx->stx_dev_major = ABI_MAJOR(stat->st_dev);
	statx->stx_dev_minor = ABI_MINOR(stat->st_dev);
	statx->stx_mnt_id = stat->st_dev;
}

i64 sys_statx(struct task *task, const u64 arg[6])
{
	u32 flags = (u32)arg[2];
	struct abi_statx statx;
	struct abi_stat stat;
	struct target target;
	i64 error;

	if (flags & ~(u32)(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | AT_STATX_SYNC_TYPE))
		return -EINVAL;
	if ((arg[3] & 0x80000000) || (flags & AT_STATX_SYNC_TYPE) == AT_STATX_SYNC_TYPE)
		return -EINVAL;
	error = target_of_path(task, arg[0], arg[1], flags, &target);
	if (error)
		return error;
	fill_stat(&target, &stat);
	target_put(&target);
	fill_statx(&stat, &statx);
	return copy_to_user(arg[4], &statx, sizeof(statx));
}

/* --- access --- */

static i64 check_access(struct task *task, u64 dirfd, u64 path, u32 mode, u32 flags)
{
	struct process *process = task->process;
	bool effective = flags & AT_EACCESS;
	struct target target;
	i64 error;

	if ((mode & ~7u) || (flags & ~(u32)(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)))
		return -EINVAL;
	error = target_of_path(task, dirfd, path, flags, &target);
	if (error)
		return error;
	if (target.inode)
		error = inode_permission_as(target.inode, process, effective ? process->fsuid : process->uid,
		                            effective ? process->fsgid : process->gid, mode);
	if (!error && (mode & W_OK) && target.inode && target.inode->fs && target.inode->fs->read_only &&
	    (S_ISREG(target.inode->mode) || S_ISDIR(target.inode->mode) || S_ISLNK(target.inode->mode)))
		error = -EROFS;
	target_put(&target);
	return error;
}

i64 sys_faccessat(struct task *task, const u64 arg[6])
{
	return check_access(task, arg[0], arg[1], (u32)arg[2], 0);
}

i64 sys_faccessat2(struct task *task, const u64 arg[6])
{
	return check_access(task, arg[0], arg[1], (u32)arg[2], (u32)arg[3]);
}

/* --- chmod --- */

static bool is_owner(const struct inode *inode, const struct process *process)
{
	return !process->fsuid || process->fsuid == inode->uid;
}

static i64 change_mode(struct task *task, struct target *target, u32 mode)
{
	struct inode *inode = target->inode;
	i64 error = check_changeable(target);

	if (!error && !is_owner(inode, task->process))
		error = -EPERM;
	if (!error && S_ISLNK(inode->mode))
		error = -EOPNOTSUPP;
	if (!error) {
		/* Who is not in the group cannot make a program that runs as it. */
		if (task->process->fsuid && !is_own_group(task->process, inode->gid))
			mode &= ~(u32)S_ISGID;
		inode->mode = (inode->mode & S_IFMT) | (mode & 07777);
		inode_changed(inode);
	}
	target_put(target);
	return error;
}

i64 sys_fchmod(struct task *task, const u64 arg[6])
{
	struct target target;
	i64 error = target_of_descriptor(task, (int)arg[0], false, &target);

	return error ? error : change_mode(task, &target, (u32)arg[1]);
}

i64 sys_fchmodat(struct task *task, const u64 arg[6])
{
	struct target target;
	i64 error = target_of_path(task, arg[0], arg[1], 0, &target);

	return error ? error : change_mode(task, &target, (u32)arg[2]);
}

/* --- chown --- */

static i64 change_owner(struct task *task, struct target *target, u32 uid, u32 gid)
{
	struct inode *inode = target->inode;
	i64 error = check_changeable(target);
	bool may = !error && (!task->process->fsuid ||
	                      (task->process->fsuid == inode->uid && (uid == UNCHANGED || uid == inode->uid) &&
	                       (gid == UNCHANGED || gid == inode->gid || is_own_group(task->process, gid))));

	if (!error && !may)
		error = -EPERM;
	if (!error) {
		inode->uid = uid == UNCHANGED ? inode->uid : uid;
		inode->gid = gid == UNCHANGED ? inode->gid : gid;
		if (!S_ISDIR(inode->mode))
			inode->mode &= ~(u32)(S_ISUID | (inode->mode & S_IXGRP ? S_ISGID : 0));
		inode_changed(inode);
	}
	target_put(target);
	return error;
}

i64 sys_fchown(struct task *task, const u64 arg[6])
{
	struct target target;
	i64 error = target_of_descriptor(task, (int)arg[0], false, &target);

	return error ? error : change_owner(task, &target, (u32)arg[1], (u32)arg[2]);
}

i64 sys_fchownat(struct task *task, const u64 arg[6])
{
	struct target target;
	i64 error;

	if (arg[4] & ~(u64)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	error = target_of_path(task, arg[0], arg[1], (u32)arg[4], &target);
	return error ? error : change_owner(task, &target, (u32)arg[2], (u32)arg[3]);
}

/* --- times --- */

static bool is_time(const struct abi_timespec *time)
{
	return (u64)time->tv_nsec < NS_PER_S || time->tv_nsec == UTIME_NOW || time->tv_nsec == UTIME_OMIT;
}

static void set_time(struct abi_timespec *time, const struct abi_timespec *wanted)
{
	if (wanted->tv_nsec == UTIME_NOW)
		*time = time_stamp();
	else if (wanted->tv_nsec != UTIME_OMIT)
		*time = *wanted;
}

static i64 change_times(struct task *task, struct target *target, const struct abi_timespec times[2])
{
	struct inode *inode = target->inode;
	bool both_now = times[0].tv_nsec == UTIME_NOW && times[1].tv_nsec == UTIME_NOW;
	i64 error = check_changeable(target);

	if (!error && !is_owner(inode, task->process))
		error = both_now ? inode_permission(inode, task->process, W_OK) : -EPERM;
	if (!error) {
		set_time(&inode->atime, &times[0]);
		set_time(&inode->mtime, &times[1]);
		inode_changed(inode);
	}
	target_put(target);
	return error;
}

i64 sys_utimensat(struct task *task, const u64 arg[6])
{
	struct abi_timespec times[2] = { { 0, UTIME_NOW }, { 0, UTIME_NOW } };
	u32 flags = (u32)arg[3];
	struct target target;
	i64 error;

	if (flags & ~(u32)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (arg[2] && copy_from_user(times, arg[2], sizeof(times)))
		return -EFAULT;
	if (!is_time(&times[0]) || !is_time(&times[1]))
		return -EINVAL;
	if (times[0].tv_nsec == UTIME_OMIT && times[1].tv_nsec == UTIME_OMIT)
		return 0;
	if (arg[1])
		error = target_of_path(task, arg[0], arg[1], flags, &target);
	else
		error = flags ? -EINVAL : target_of_descriptor(task, (int)arg[0], false, &target);
	return error ? error : change_times(task, &target, times);
}

/* --- statfs --- */

static i64 store_statfs(struct target *target, u64 user)
{
	struct abi_statfs statfs;
	struct fs *fs = target->inode ? target->inode->fs : NULL;
	i64 error = 0;

	memset(&statfs, 0, sizeof(statfs));
	statfs.f_type = PIPEFS_MAGIC;
	statfs.f_bsize = statfs.f_frsize = PAGE_SIZE;
	statfs.f_namelen = NAME_MAX;
	if (fs && fs->ops && fs->ops->statfs)
		error = fs->ops->statfs(fs, &statfs);
	if (fs)
		statfs.f_fsid[0] = (i32)fs->dev;
	statfs.f_flags = ST_VALID | (fs && fs->read_only ? ST_RDONLY : 0);
	target_put(target);
	return error ? error : copy_to_user(user, &statfs, sizeof(statfs));
}

i64 sys_statfs(struct task *task, const u64 arg[6])
{
	struct target target;
	i64 error = target_of_path(task, (u64)AT_FDCWD, arg[0], 0, &target);

	return error ? error : store_statfs(&target, arg[1]);
}

i64 sys_fstatfs(struct task *task, const u64 arg[6])
{
	struct target target;
	i64 error = target_of_descriptor(task, (int)arg[0], true, &target);

	return error ? error : store_statfs(&target, arg[1]);
}
