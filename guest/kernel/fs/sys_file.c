/*
 * The calls on what an open file holds: its size, its directory entries, getting it to the disk. ftruncate(2),
 * fallocate(2), getdents64(2), fsync(2), fadvise. Reading and writing are in sys_read_write.c.
 */
#include "guest/kernel/fs/internal.h"

#include "guest/kernel/core/syscall.h"
#include "guest/kernel/mm/kmalloc.h"
#include "guest/kernel/proc/task.h"

/* --- size --- */

/* RLIMIT_FSIZE for a file that is to have this size: -EFBIG after SIGXFSZ. */
static int check_size(struct task *task, const struct inode *inode, u64 size)
{
	if (size <= inode->size || size <= task->process->limits[RLIMIT_FSIZE].rlim_cur)
		return 0;
	signal_send_task(task, SIGXFSZ, NULL);
	return -EFBIG;
}

static i64 set_size(struct task *task, struct inode *inode, u64 size)
{
	i64 result = check_size(task, inode, size);

	if (result)
		return result;
	mutex_lock(&inode->lock);
	result = inode_set_size(inode, size);
	mutex_unlock(&inode->lock);
	return result;
}

i64 sys_ftruncate(struct task *task, const u64 arg[6])
{
	struct file *file;
	i64 result = (i64)arg[1] < 0 ? -EINVAL : file_of(task, arg[0], false, &file);

	if (result)
		return result;
	if (!file_may_write(file) || !file->inode || !S_ISREG(file->inode->mode))
		result = -EINVAL;
	else
		result = set_size(task, file->inode, arg[1]);
	file_put(file);
	return result;
}

i64 sys_truncate(struct task *task, const u64 arg[6])
{
	struct dentry *dentry;
	struct inode *inode;
	i64 result = (i64)arg[1] < 0 ? -EINVAL : path_walk_user(task, AT_FDCWD, arg[0], WALK_FOLLOW, 0, &dentry);

	if (result)
		return result;
	inode = dentry->inode;
	if (!S_ISREG(inode->mode))
		result = S_ISDIR(inode->mode) ? -EISDIR : -EINVAL;
	else if (inode_permission(inode, task->process, W_OK))
		result = -EACCES;
	else if (inode->fs && inode->fs->read_only)
		result = -EROFS;
	else
		result = inode->writers_denied ? -ETXTBSY : set_size(task, inode, arg[1]);
	dentry_put(dentry);
	return result;
}

/* Blocks are allotted when they are written to: mode 0 only makes the file long enough. */
i64 sys_fallocate(struct task *task, const u64 arg[6])
{
	i64 start = (i64)arg[2], size = (i64)arg[3], end;
	struct file *file;
	i64 result = file_of(task, arg[0], false, &file);

	if (result)
		return result;
	if (start < 0 || size <= 0)
		result = -EINVAL;
	else if ((u32)arg[1])
		result = -EOPNOTSUPP;
	else if (!file_may_write(file))
		result = -EBADF;
	else if (!file->inode || !S_ISREG(file->inode->mode))
		result = file->inode && S_ISFIFO(file->inode->mode) ? -ESPIPE : -ENODEV;
	else if (__builtin_add_overflow(start, size, &end))
		result = -EFBIG;
	else if ((u64)end > file->inode->size)
		result = set_size(task, file->inode, (u64)end);
	file_put(file);
	return result;
}

/* --- directories --- */

struct listing {
	u8 *buffer; /* entries go here first, then to the program */
	u64 room, used;
	u64 next;  /* where to go on */
	bool full; /* an entry did not fit */
};

static bool emit(void *context, const char *name, u64 ino, u8 type, u64 next)
{
	struct listing *listing = context;
	u64 length = strlen(name), size = ROUND_UP(ABI_DIRENT64_NAME + length + 1, 8);
	struct abi_dirent64 *entry = (struct abi_dirent64 *)(listing->buffer + listing->used);

	if (size > listing->room - listing->used) {
		listing->full = true;
		return false;
	}
	memset((u8 *)entry + size - 8, 0, 8); /* what lies behind the name; the rest is written */
	entry->d_ino = ino;
	entry->d_off = (i64)next;
	entry->d_reclen = (u16)size;
	entry->d_type = type;
	memcpy((u8 *)entry + ABI_DIRENT64_NAME, name, length);
	listing->used += size;
	listing->next = next;
	return true;
}

static i64 list_directory(struct file *file, u64 user, u64 size)
{
	struct listing listing = { .room = MIN(size, PAGE_SIZE), .next = file->pos };
	struct inode *inode = file->inode;
	i64 result = 0;

	if (!inode || !S_ISDIR(inode->mode) || !file->ops->readdir)
		return -ENOTDIR;
	listing.buffer = kmalloc(PAGE_SIZE);
	if (!listing.buffer)
		return -ENOMEM;
	mutex_lock(&file->pos_lock);
	mutex_lock(&inode->lock);
	listing.next = file->pos;
	if (file->dentry && file->dentry->unlinked)
		result = -ENOENT;
	else
		result = file->ops->readdir(file, &listing.next, emit, &listing);
	mutex_unlock(&inode->lock);
	if (!result && !listing.used && listing.full)
		result = -EINVAL; /* the program's buffer is too small for one entry */
	if (!result && copy_to_user(user, listing.buffer, listing.used))
		result = -EFAULT;
	if (!result)
		file->pos = listing.next;
	mutex_unlock(&file->pos_lock);
	kfree(listing.buffer);
	return result ? result : (i64)listing.used;
}

i64 sys_getdents64(struct task *task, const u64 arg[6])
{
	struct file *file;
	i64 result = file_of(task, arg[0], false, &file);

	if (result)
		return result;
	result = list_directory(file, arg[1], (u32)arg[2]);
	file_put(file);
	return result;
}

/* --- to the disk --- */

/* fsync of what has no operation for it: a directory's inode and metadata; nothing to do for /proc, pipes are no files.
 */
static i64 sync_file(struct file *file)
{
	if (file->ops->fsync)
		return file->ops->fsync(file);
	if (!file->inode || !(S_ISDIR(file->inode->mode) || S_ISREG(file->inode->mode)))
		return -EINVAL;
	return file->inode->fs ? inode_sync(file->inode) : 0;
}

i64 sys_fsync(struct task *task, const u64 arg[6])
{
	struct file *file;
	i64 result = file_of(task, arg[0], false, &file);

	if (result)
		return result;
	result = sync_file(file);
	file_put(file);
	return result;
}

i64 sys_fdatasync(struct task *task, const u64 arg[6])
{
	return sys_fsync(task, arg);
}

i64 sys_sync(struct task *task, const u64 arg[6])
{
	(void)task;
	(void)arg;
	(void)fs_sync_all();
	return 0;
}

i64 sys_syncfs(struct task *task, const u64 arg[6])
{
	struct file *file;
	i64 result = file_of(task, arg[0], false, &file);

	if (result)
		return result;
	file_put(file);
	return fs_sync_all();
}

/* Storage whose pages can be asked for or given up: the file, or a negative errno. */
static i64 storage_file(struct task *task, u64 fd, struct file **file)
{
	i64 result = file_of(task, fd, false, file);

	if (result)
		return result;
	if ((*file)->inode &&
	    (S_ISREG((*file)->inode->mode) || S_ISDIR((*file)->inode->mode) || S_ISBLK((*file)->inode->mode)))
		return 0;
	result = (*file)->inode && S_ISFIFO((*file)->inode->mode) ? -ESPIPE : -EINVAL;
	file_put(*file);
	return result;
}

i64 sys_sync_file_range(struct task *task, const u64 arg[6])
{
	struct file *file;
	i64 result = (i64)arg[1] < 0 || (i64)arg[2] < 0 || (i64)(arg[1] + arg[2]) < 0 || (arg[3] & ~7ul) ? -EINVAL : 0;

	if (!result)
		result = storage_file(task, arg[0], &file);
	if (result)
		return result;
	result = pagecache_sync(&file->inode->mapping);
	file_put(file);
	return result;
}

/* Advice is checked and not followed: read-ahead finds by itself what is read in order. */
i64 sys_fadvise64(struct task *task, const u64 arg[6])
{
	struct file *file;
	i64 result = file_of(task, arg[0], false, &file);

	if (result)
		return result;
	if (file->inode && S_ISFIFO(file->inode->mode))
		result = -ESPIPE;
	else if ((i64)arg[2] < 0 || (u32)arg[3] > POSIX_FADV_NOREUSE)
		result = -EINVAL;
	file_put(file);
	return result;
}

i64 sys_readahead(struct task *task, const u64 arg[6])
{
	struct file *file;
	i64 result = storage_file(task, arg[0], &file);

	if (result)
		return result == -ESPIPE ? -EINVAL : result;
	result = file_may_read(file) ? 0 : -EBADF;
	file_put(file);
	return result;
}
