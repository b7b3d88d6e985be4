/*
 * The calls that open a path or change where paths begin: openat(2), chdir, chroot, getcwd; mount(2) and umount(2).
 */
#include "guest/kernel/fs/internal.h"

#include "guest/kernel/core/print.h"
#include "guest/kernel/core/syscall.h"
#include "guest/kernel/dev/disk.h"
#include "guest/kernel/mm/kmalloc.h"
#include "guest/kernel/proc/task.h"

#define TYPE_SIZE 16
#define SOURCE_SIZE 64

i64 sys_openat(struct task *task, const u64 arg[6])
{
	u32 flags = (u32)arg[2];
	struct file *file;
	char *path;
	int fd, error = path_from_user(arg[1], &path);

	if (error)
		return error;
	error = path_open(task, (int)arg[0], path, flags, (u32)arg[3], &file);
	kfree(path);
	if (error)
		return error;
	fd = files_add(task->process->files, file, 0, flags & O_CLOEXEC, task->process->limits[RLIMIT_NOFILE].rlim_cur);
	if (fd < 0)
		file_put(file);
	return fd;
}

/* --- directories of a process --- */

/* Puts a directory (whose reference is taken over) in the place of the old one, if the process may go there. */
static i64 change_directory(struct task *task, struct dentry **place, struct dentry *dentry)
{
	struct dentry *old = *place;
	i64 error = S_ISDIR(dentry->inode->mode) ? inode_permission(dentry->inode, task->process, X_OK) : -ENOTDIR;

	if (error) {
		dentry_put(dentry);
		return error;
	}
	*place = dentry;
	dentry_put(old);
	return 0;
}

i64 sys_chdir(struct task *task, const u64 arg[6])
{
	struct dentry *dentry;
	i64 error = path_walk_user(task, AT_FDCWD, arg[0], WALK_FOLLOW | WALK_DIRECTORY, 0, &dentry);

	return error ? error : change_directory(task, &task->process->cwd, dentry);
}

i64 sys_fchdir(struct task *task, const u64 arg[6])
{
	struct dentry *dentry;
	struct file *file;
	i64 error = file_of(task, arg[0], true, &file);

	if (error)
		return error;
	dentry = file->dentry;
	if (dentry && dentry->inode) {
		dentry_get(dentry);
		error = change_directory(task, &task->process->cwd, dentry);
	} else {
		error = -ENOTDIR;
	}
	file_put(file);
	return error;
}

i64 sys_chroot(struct task *task, const u64 arg[6])
{
	struct dentry *dentry;
	i64 error = path_walk_user(task, AT_FDCWD, arg[0], WALK_FOLLOW | WALK_DIRECTORY, 0, &dentry);

	if (error)
		return error;
	if (task->process->euid) {
		dentry_put(dentry);
		return -EPERM;
	}
	return change_directory(task, &task->process->root, dentry);
}

i64 sys_getcwd(struct task *task, const u64 arg[6])
{
	char *buffer = kmalloc(PATH_SIZE), *path;
	struct dentry *cwd = task->process->cwd; /* not before: another thread may change it while we sleep */
	i64 size;

	if (!buffer)
		return -ENOMEM;
	path = dentry_path(cwd, task->process->root, buffer, PATH_SIZE);
	size = cwd->unlinked ? -ENOENT : path ? (i64)strlen(path) + 1 : -ENAMETOOLONG;
	if (size > 0 && (u64)size > arg[1])
		size = -ERANGE;
	if (size > 0 && copy_to_user(arg[0], path, (u64)size))
		size = -EFAULT;
	kfree(buffer);
	return size;
}

/* --- mounting --- */

/* What is mounted: the path of a block device becomes "/dev/NAME", other text stays. */
static int source_name(struct task *task, u64 user, char *source)
{
	struct dentry *dentry;
	struct disk *disk = NULL;
	i64 length;

	strcpy(source, "none");
	if (!user)
		return 0;
	if (!path_walk_user(task, AT_FDCWD, user, WALK_FOLLOW, 0, &dentry)) {
		if (S_ISBLK(dentry->inode->mode))
			disk = block_device_disk(dentry->inode->rdev);
		dentry_put(dentry);
	}
	if (disk) {
		format_text(source, SOURCE_SIZE, "/dev/%s", disk->name);
		return 0;
	}
	length = string_from_user(source, user, SOURCE_SIZE);
	return length < 0 ? (int)length : 0;
}

static int remount(struct dentry *root, bool read_only)
{
	struct fs *fs = root->inode->fs;
	int error = 0;

	if (!fs || fs->root != root)
		return -EINVAL;
	if (read_only && !fs->read_only)
		error = fs_sync_all();
	if (!error)
		fs->read_only = read_only;
	return error;
}

i64 sys_mount(struct task *task, const u64 arg[6])
{
	char source[SOURCE_SIZE], type[TYPE_SIZE] = "";
	u32 flags = (u32)arg[3];
	struct dentry *on;
	i64 length = 0, error;

	if (task->process->euid)
		return -EPERM;
	if (flags & (MS_BIND | MS_MOVE))
		return -EINVAL;
	if (!(flags & MS_REMOUNT))
		length = arg[2] ? string_from_user(type, arg[2], sizeof(type)) : -EINVAL;
	if (length < 0)
		return length == -ENAMETOOLONG ? -ENODEV : length;
	error = source_name(task, arg[0], source);
	if (!error)
		error = path_walk_user(task, AT_FDCWD, arg[1], WALK_FOLLOW, 0, &on);
	if (error)
		return error;
	if (flags & MS_REMOUNT)
		error = remount(on, flags & MS_RDONLY);
	else
		error = mount_fs(source, on, type, flags & MS_RDONLY);
	dentry_put(on);
	return error;
}

i64 sys_umount2(struct task *task, const u64 arg[6])
{
	struct dentry *root;
	i64 error;

	if (task->process->euid)
		return -EPERM;
	if (arg[1] & ~(u64)(MNT_FORCE | MNT_DETACH | MNT_EXPIRE | UMOUNT_NOFOLLOW))
		return -EINVAL;
	error = path_walk_user(task, AT_FDCWD, arg[0], arg[1] & UMOUNT_NOFOLLOW ? 0 : WALK_FOLLOW, 0, &root);
	if (error)
		return error;
	if (root->parent == root && root->inode->fs && root->inode->fs->root == root)
		return unmount_fs(root);
	dentry_put(root);
	return -EINVAL;
}
