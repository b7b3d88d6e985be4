/*
 * The calls that make, remove and move names: mkdir, mknod, symlink, link, unlink, rmdir, rename(2), readlink.
 *
 * Each holds the lock of the directory from the look at the name to the change. rename holds two, in the order from the
 * root downward, and fs->rename_lock, so that nothing moves while it looks which is above which.
 */
#include "guest/kernel/fs/internal.h"

#include "guest/kernel/core/syscall.h"
#include "guest/kernel/mm/kmalloc.h"
#include "guest/kernel/proc/task.h"

static bool is_special(const struct last_name *last)
{
	return !last->name[0] || !strcmp(last->name, ".") || !strcmp(last->name, "..");
}

/* The directory of a path in user memory and the last name in it. */
static int walk_parent(struct task *task, u64 dirfd, u64 path, struct dentry **dir, struct last_name *last)
{
	char *text;
	int error = path_from_user(path, &text);

	if (error)
		return error;
	error = path_walk_parent(task, (int)dirfd, text, dir, last);
	kfree(text);
	return error;
}

/* --- making --- */

/* What a new name is to be. */
struct making {
	u32 mode; /* with its S_IF*; 0: see below */
	u64 rdev;
	const char *target;  /* a symbolic link to it */
	struct inode *inode; /* a further name of it */
};

static int make_symlink(struct task *task, struct dentry *dir, struct dentry *dentry, const char *target)
{
	struct inode *inode;
	int error = may_change_directory(dir, task->process);

	if (!error)
		error = dir->inode->ops->symlink ? dir->inode->ops->symlink(dir->inode, dentry->name, target, &inode)
		                                 : -EPERM;
	if (!error)
		name_instantiate(task, dir, dentry, inode);
	return error;
}

static int make_link(struct task *task, struct dentry *dir, struct dentry *dentry, struct inode *inode)
{
	int error = may_change_directory(dir, task->process);

	if (!error && !inode->nlink)
		error = -ENOENT;
	if (!error)
		error = dir->inode->ops->link ? dir->inode->ops->link(dir->inode, dentry->name, inode) : -EPERM;
	if (error)
		return error;
	inode_get(dentry->inode = inode);
	inode_changed(inode);
	inode_modified(dir->inode);
	return 0;
}

/* Lock of the directory held. */
static int make_locked(struct task *task, struct dentry *dir, const struct last_name *last, const struct making *making)
{
	struct dentry *dentry;
	int error = dentry_lookup_locked(dir, last->name, &dentry);

	if (error)
		return error;
	if (dentry->inode)
		error = -EEXIST;
	else if (last->slash && !S_ISDIR(making->mode))
		error = -ENOENT;
	else if (making->target)
		error = make_symlink(task, dir, dentry, making->target);
	else if (making->inode)
		error = make_link(task, dir, dentry, making->inode);
	else
		error = name_create(task, dir, dentry, making->mode, making->rdev);
	dentry_put(dentry);
	return error;
}

static int make(struct task *task, u64 dirfd, u64 path, const struct making *making)
{
	struct last_name last;
	struct dentry *dir;
	int error = walk_parent(task, dirfd, path, &dir, &last);

	if (error)
		return error;
	if (is_special(&last)) {
		error = -EEXIST;
	} else if (making->inode && making->inode->fs != dir->inode->fs) {
		error = -EXDEV;
	} else {
		mutex_lock(&dir->inode->lock);
		error = make_locked(task, dir, &last, making);
		mutex_unlock(&dir->inode->lock);
	}
	dentry_put(dir);
	return error;
}

i64 sys_mkdirat(struct task *task, const u64 arg[6])
{
	struct making making = { .mode = S_IFDIR | (arg[2] & 01777) };

	return make(task, arg[0], arg[1], &making);
}

i64 sys_mknodat(struct task *task, const u64 arg[6])
{
	struct making making = { .mode = (u32)arg[2] & (S_IFMT | 07777), .rdev = (u32)arg[3] };

	switch (making.mode & S_IFMT) {
	case 0:
		making.mode |= S_IFREG;
		break;
	case S_IFREG:
	case S_IFIFO:
	case S_IFSOCK:
		break;
	case S_IFCHR:
	case S_IFBLK:
		if (task->process->euid)
			return -EPERM;
		break;
	case S_IFDIR:
		return -EPERM;
	default:
		return -EINVAL;
	}
	return make(task, arg[0], arg[1], &making);
}

i64 sys_symlinkat(struct task *task, const u64 arg[6])
{
	struct making making = { .mode = S_IFLNK };
	char *target;
	i64 error = path_from_user(arg[0], &target);

	if (error)
		return error;
	making.target = target;
	error = *target ? make(task, arg[1], arg[2], &making) : -ENOENT;
	kfree(target);
	return error;
}

i64 sys_linkat(struct task *task, const u64 arg[6])
{
	u32 flags = (u32)arg[4];
	struct making making = { .mode = 0 };
	struct dentry *old;
	i64 error;

	if (flags & ~(u32)(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	error = path_walk_user(task, (int)arg[0], arg[1], flags & AT_SYMLINK_FOLLOW ? WALK_FOLLOW : 0, flags, &old);
	if (error)
		return error;
	making.inode = old->inode;
	error = S_ISDIR(old->inode->mode) ? -EPERM : make(task, arg[2], arg[3], &making);
	dentry_put(old);
	return error;
}

/* --- removing --- */

/* In a directory with the sticky bit only the owners may remove. */
static int check_sticky(const struct dentry *dir, const struct inode *inode, const struct process *process)
{
	u32 uid = process->fsuid;

	return (dir->inode->mode & S_ISVTX) && uid && uid != inode->uid && uid != dir->inode->uid ? -EPERM : 0;
}

static int check_remove(const struct task *task, const struct dentry *dir, const struct dentry *dentry,
                        const struct last_name *last, bool directory)
{
	int error;

	if (!dentry->inode)
		return -ENOENT;
	error = may_change_directory(dir, task->process);
	if (!error)
		error = check_sticky(dir, dentry->inode, task->process);
	if (error)
		return error;
	if (directory && !S_ISDIR(dentry->inode->mode))
		return -ENOTDIR;
	if (!directory && S_ISDIR(dentry->inode->mode))
		return -EISDIR;
	if (!directory && last->slash)
		return -ENOTDIR;
	if (dentry->mounted)
		return -EBUSY;
	return dir->inode->ops->unlink ? 0 : -EPERM;
}

static int remove_locked(struct task *task, struct dentry *dir, const struct last_name *last, bool directory)
{
	struct dentry *dentry;
	struct inode *inode;
	int error = dentry_lookup_locked(dir, last->name, &dentry);

	if (error)
		return error;
	inode = dentry->inode;
	error = check_remove(task, dir, dentry, last, directory);
	if (!error) {
		if (directory)
			mutex_lock(&inode->lock);
		error = dir->inode->ops->unlink(dir->inode, last->name, inode);
		if (!error) {
			dentry_unlinked(dentry);
			inode_changed(inode);
			inode_modified(dir->inode);
		}
		if (directory)
			mutex_unlock(&inode->lock);
	}
	/* The inode may go with this; its blocks are given back under the directory's lock, which is outside all that
	 * needs. */
	dentry_put(dentry);
	return error;
}

i64 sys_unlinkat(struct task *task, const u64 arg[6])
{
	bool directory = arg[2] & AT_REMOVEDIR;
	struct last_name last;
	struct dentry *dir;
	i64 error;

	if (arg[2] & ~(u64)AT_REMOVEDIR)
		return -EINVAL;
	error = walk_parent(task, arg[0], arg[1], &dir, &last);
	if (error)
		return error;
	if (is_special(&last)) {
		error = !directory ? -EISDIR : !last.name[0] ? -EBUSY : !last.name[1] ? -EINVAL : -ENOTEMPTY;
	} else {
		mutex_lock(&dir->inode->lock);
		error = remove_locked(task, dir, &last, directory);
		mutex_unlock(&dir->inode->lock);
	}
	dentry_put(dir);
	return error;
}

/* --- moving --- */

struct renaming {
	u32 flags; /* RENAME_* */
	struct dentry *from_dir, *to_dir;
	struct last_name from, to;
};

/* Whether `above` is the dentry or a directory above it. Inodes are compared: on a damaged disk a directory may have
 * two names. */
static bool is_above(const struct dentry *above, const struct dentry *dentry)
{
	while (dentry->inode != above->inode && dentry->parent != dentry)
		dentry = dentry->parent;
	return dentry->inode == above->inode;
}

static void lock_two(struct dentry *a, struct dentry *b)
{
	if (is_above(b, a)) { /* the upper one first */
		struct dentry *swap = a;

		a = b;
		b = swap;
	}
	mutex_lock(&a->inode->lock);
	if (a->inode != b->inode)
		mutex_lock(&b->inode->lock);
}

static void unlock_two(struct dentry *a, struct dentry *b)
{
	mutex_unlock(&a->inode->lock);
	if (a->inode != b->inode)
		mutex_unlock(&b->inode->lock);
}

/* 0: go on; 1: there is nothing to do; or a negative errno. */
static int check_rename(const struct task *task, const struct renaming *r, const struct dentry *old,
                        const struct dentry *new)
{
	bool is_directory = old->inode && S_ISDIR(old->inode->mode);
	int error;

	if (!old->inode)
		return -ENOENT;
	if (new->inode && (r->flags & RENAME_NOREPLACE))
		return -EEXIST;
	if (!is_directory && (r->from.slash || r->to.slash))
		return -ENOTDIR;
	if (is_directory && is_above(old, r->to_dir))
		return -EINVAL;
	if (new->inode && is_above(new, r->from_dir))
		return r->flags & RENAME_EXCHANGE ? -EINVAL : -ENOTEMPTY;
	if (new->inode == old->inode)
		return 1;
	if (!new->inode && (r->flags & RENAME_EXCHANGE))
		return -ENOENT;
	if (new->inode && !(r->flags & RENAME_EXCHANGE) && is_directory != S_ISDIR(new->inode->mode))
		return is_directory ? -ENOTDIR : -EISDIR;
	if (old->mounted || new->mounted)
		return -EBUSY;
	error = may_change_directory(r->from_dir, task->process);
	if (!error)
		error = may_change_directory(r->to_dir, task->process);
	if (!error)
		error = check_sticky(r->from_dir, old->inode, task->process);
	if (!error && new->inode)
		error = check_sticky(r->to_dir, new->inode, task->process);
	if (!error && is_directory && r->from_dir != r->to_dir) /* its ".." is written */
		error = inode_permission(old->inode, task->process, W_OK);
	if (!error && !r->from_dir->inode->ops->rename)
		error = -EPERM;
	return error;
}

/* All is checked; both directories are locked. */
static int rename_checked(struct renaming *r, struct dentry *old, struct dentry *new)
{
	struct inode *from = r->from_dir->inode, *to = r->to_dir->inode, *replaced = new->inode;
	bool replaces_directory = replaced && S_ISDIR(replaced->mode);
	char *name = kstrdup(r->to.name);
	int error;

	if (!name)
		return -ENOMEM;
	if (replaces_directory)
		mutex_lock(&replaced->lock);
	error = from->ops->rename(from, r->from.name, old->inode, to, r->to.name, replaced);
	if (!error) {
		dentry_unlinked(new);
		dentry_move(old, r->to_dir, name);
		inode_changed(old->inode);
		inode_modified(from);
		inode_modified(to);
		if (replaced)
			inode_changed(replaced);
	} else {
		kfree(name);
	}
	if (replaces_directory)
		mutex_unlock(&replaced->lock);
	return error;
}

/* Both names stay and change what they name. */
static int exchange_checked(struct renaming *r, struct dentry *old, struct dentry *new)
{
	struct inode *from = r->from_dir->inode, *to = r->to_dir->inode;
	char *old_name = kstrdup(r->from.name), *new_name = kstrdup(r->to.name);
	int error = old_name && new_name ? -EINVAL : -ENOMEM;

	if (error == -EINVAL && from->ops->exchange)
		error = from->ops->exchange(from, r->from.name, old->inode, to, r->to.name, new->inode);
	if (error) {
		kfree(old_name);
		kfree(new_name);
		return error;
	}
	dentry_move(old, r->to_dir, new_name);
	dentry_move(new, r->from_dir, old_name);
	inode_changed(old->inode);
	inode_changed(new->inode);
	inode_modified(from);
	inode_modified(to);
	return 0;
}

static int rename_locked(struct task *task, struct renaming *r)
{
	struct dentry *old, *new;
	int error = dentry_lookup_locked(r->from_dir, r->from.name, &old);

	if (error)
		return error;
	error = dentry_lookup_locked(r->to_dir, r->to.name, &new);
	if (!error) {
		error = check_rename(task, r, old, new);
		if (!error)
			error = r->flags & RENAME_EXCHANGE ? exchange_checked(r, old, new)
			                                   : rename_checked(r, old, new);
		dentry_put(new);
	}
	dentry_put(old);
	return error > 0 ? 0 : error;
}

/* Both directories are walked to. */
static int rename_in(struct task *task, struct renaming *r)
{
	struct fs *fs = r->from_dir->inode->fs;
	int error;

	if (fs != r->to_dir->inode->fs)
		return -EXDEV;
	if (is_special(&r->from) || is_special(&r->to))
		return r->flags & RENAME_NOREPLACE && is_special(&r->to) ? -EEXIST : -EBUSY;
	mutex_lock(&fs->rename_lock);
	lock_two(r->from_dir, r->to_dir);
	error = rename_locked(task, r);
	unlock_two(r->from_dir, r->to_dir);
	mutex_unlock(&fs->rename_lock);
	return error;
}

i64 sys_renameat2(struct task *task, const u64 arg[6])
{
	struct renaming *r;
	int error;

	if ((arg[4] & ~(u64)(RENAME_NOREPLACE | RENAME_EXCHANGE)) || arg[4] == (RENAME_NOREPLACE | RENAME_EXCHANGE))
		return -EINVAL;
	r = kmalloc(sizeof(*r));
	if (!r)
		return -ENOMEM;
	r->flags = (u32)arg[4];
	error = walk_parent(task, arg[0], arg[1], &r->from_dir, &r->from);
	if (!error) {
		error = walk_parent(task, arg[2], arg[3], &r->to_dir, &r->to);
		if (!error) {
			error = rename_in(task, r);
			dentry_put(r->to_dir);
		}
		dentry_put(r->from_dir);
	}
	kfree(r);
	return error;
}

/* --- reading links --- */

static i64 read_link(struct inode *inode, u64 user, u64 size)
{
	char *target;
	i64 length;

	if (!S_ISLNK(inode->mode) || !inode->ops->readlink)
		return -EINVAL;
	target = kmalloc(PATH_SIZE);
	if (!target)
		return -ENOMEM;
	length = inode->ops->readlink(inode, target);
	if (!length) {
		length = (i64)MIN(strlen(target), size);
		if (copy_to_user(user, target, (u64)length))
			length = -EFAULT;
	}
	kfree(target);
	return length;
}

i64 sys_readlinkat(struct task *task, const u64 arg[6])
{
	struct dentry *dentry;
	i64 result;

	if ((i32)arg[3] <= 0)
		return -EINVAL;
	result = path_walk_user(task, (int)arg[0], arg[1], 0, AT_EMPTY_PATH, &dentry);
	if (result)
		return result;
	result = read_link(dentry->inode, arg[2], (u64)(i32)arg[3]);
	dentry_put(dentry);
	return result;
}
