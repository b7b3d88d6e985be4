/*
 * Open files: making, opening by a dentry, closing, and what regular files do (through the page cache). Descriptors,
 * which are numbers for them, are in files.c; open(2) itself is in namei.c.
 */
#include "guest/kernel/fs/internal.h"

#include "guest/kernel/core/print.h"
#include "guest/kernel/mm/kmalloc.h"
#include "guest/kernel/proc/task.h"

#define LABEL_SIZE 48
#define FLAGS_OF_OPEN (O_CREAT | O_EXCL | O_TRUNC | O_NOCTTY | O_CLOEXEC)

/* O_PATH: a name and nothing more. */
static const struct file_ops path_file_ops;

struct file *file_new(const struct file_ops *ops, u32 flags)
{
	struct file *file = kmalloc(sizeof(*file));

	if (!file)
		return NULL;
	file->refs = 1;
	file->flags = flags;
	file->ops = ops;
	mutex_init(&file->pos_lock);
	list_init(&file->watchers);
	return file;
}

static const struct file_ops *ops_of(const struct inode *inode, u32 flags)
{
	if (flags & O_PATH)
		return &path_file_ops;
	switch (inode->mode & S_IFMT) {
	case S_IFREG:
	case S_IFDIR:
	case S_IFBLK:
		return inode->file_ops;
	case S_IFCHR:
		return char_device_ops(inode->rdev);
	case S_IFIFO:
		return &fifo_file_ops;
	default:
		return NULL;
	}
}

static bool counts_as_writer(const struct file *file)
{
	return file_may_write(file) && S_ISREG(file->inode->mode);
}

int file_open_dentry(struct dentry *dentry, u32 flags, struct file **file)
{
	struct inode *inode = dentry->inode;
	const struct file_ops *ops = ops_of(inode, flags);
	struct file *opened;
	int error = 0;

	if (S_ISBLK(inode->mode) && !(flags & O_PATH))
		ops = block_device_disk(inode->rdev) ? &block_file_ops : NULL;
	if (!ops)
		return S_ISLNK(inode->mode) ? -ELOOP : -ENXIO;
	opened = file_new(ops, flags);
	if (!opened)
		return -ENOMEM;
	opened->inode = inode;
	if (counts_as_writer(opened) && inode->writers_denied) {
		kfree(opened);
		return -ETXTBSY;
	}
	inode_get(inode);
	dentry_get(opened->dentry = dentry);
	if (counts_as_writer(opened))
		inode->writers++;
	if (ops->open)
		error = ops->open(opened);
	if (error) {
		opened->ops = &path_file_ops; /* nothing to release */
		file_put(opened);
		return error;
	}
	opened->flags = (flags & ~(u32)FLAGS_OF_OPEN) | O_LARGEFILE;
	*file = opened;
	return 0;
}

void file_get(struct file *file)
{
	file->refs++;
}

void file_put(struct file *file)
{
	if (--file->refs)
		return;
	if (!list_is_empty(&file->watchers))
		epoll_forget(file);
	if (file->inode && !list_is_empty(&file->inode->flocks))
		flock_release_file(file);
	if (file->ops->release)
		file->ops->release(file);
	if (file->denies_writes)
		file->inode->writers_denied--;
	if (file->inode) {
		if (file->dentry && counts_as_writer(file) && file->inode->writers)
			file->inode->writers--;
		inode_put(file->inode);
	}
	if (file->dentry)
		dentry_put(file->dentry);
	if (file->label_owned)
		kfree((void *)(u64)file->label);
	kfree(file);
}

int file_deny_writes(struct file *file)
{
	if (file->denies_writes || !file->inode)
		return 0;
	if (file->inode->writers)
		return -ETXTBSY;
	file->denies_writes = true;
	file->inode->writers_denied++;
	return 0;
}

i64 file_read_kernel(struct file *file, void *to, u64 size, u64 pos)
{
	struct io io = { (u64)to, size, true };

	return file->ops->read ? file->ops->read(file, &io, &pos) : -EINVAL;
}

bool file_can_seek(const struct file *file)
{
	if (!file->inode || S_ISFIFO(file->inode->mode))
		return false;
	return !S_ISCHR(file->inode->mode) || file->ops->seek;
}

/* "pipe:" becomes "pipe:[12]". */
static void make_label(const struct file *file, char *buffer, u64 size)
{
	const char *label = file->label ? file->label : "anon_inode:";
	u64 length = strlen(label);

	if (file->inode && length && label[length - 1] == ':')
		format_text(buffer, size, "%s[%lu]", label, file->inode->ino);
	else
		format_text(buffer, size, "%s", label);
}

const char *file_path(const struct file *file, char *buffer, u64 size)
{
	char *path;

	if (!file->dentry) {
		make_label(file, buffer, size);
		return buffer;
	}
	path = dentry_path(file->dentry, root_dentry, buffer, size);
	return path ? path : "(too long)";
}

int file_get_dentry(struct file *file, struct dentry **dentry)
{
	char label[LABEL_SIZE];
	struct dentry *made;

	if (!file->dentry && !file->inode)
		return -ENXIO;
	if (!file->dentry) {
		make_label(file, label, sizeof(label));
		made = dentry_new(NULL, label, file->inode);
		if (!made)
			return -ENOMEM;
		inode_get(file->inode);
		if (file->dentry) /* another task was faster */
			dentry_put(made);
		else
			file->dentry = made;
	}
	dentry_get(*dentry = file->dentry);
	return 0;
}

/* --- regular files --- */

static i64 regular_read(struct file *file, struct io *io, u64 *pos)
{
	return pagecache_read_file(file->inode, io, pos);
}

static i64 regular_write(struct file *file, struct io *io, u64 *pos)
{
	struct inode *inode = file->inode;
	i64 done;

	mutex_lock(&inode->lock);
	if (file->flags & O_APPEND)
		*pos = inode->size;
	done = pagecache_write_file(inode, io, pos);
	if (done > 0 && unlikely(inode->mode & (S_ISUID | S_ISGID)) && current_task->process->fsuid)
		inode->mode &= ~(u32)(S_ISUID | S_ISGID); /* it is another program now */
	if (done > 0)
		inode_modified(inode);
	mutex_unlock(&inode->lock);
	if (done > 0 && (file->flags & O_DSYNC)) {
		int error = inode_sync(inode);

		return error ? error : done;
	}
	return done;
}

static int regular_mmap(struct file *file, struct region *region)
{
	(void)file;
	(void)region;
	return 0;
}

static int regular_fsync(struct file *file)
{
	return inode_sync(file->inode);
}

const struct file_ops regular_file_ops = {
	.read = regular_read,
	.write = regular_write,
	.mmap = regular_mmap,
	.fsync = regular_fsync,
};
