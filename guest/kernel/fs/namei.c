/*
 * Paths: from names to dentries (path_walk), and open(2). path_resolution(7), open(2), symlink(7).
 *
 * A walk holds one dentry, the directory it has come to. A symbolic link's target and what is left of the path are put
 * together in a new buffer, and the walk goes on there: no recursion, and 40 links at most.
 */
#include "guest/kernel/fs/internal.h"

#include "guest/kernel/mm/kmalloc.h"
#include "guest/kernel/proc/task.h"

#define O_TMPFILE_BIT (O_TMPFILE & ~O_DIRECTORY)
#define SHORT_PATH 120

struct walk {
	struct task *task;
	u32 flags;         /* enum walk_flag */
	struct dentry *at; /* where it has come to; a reference */
	const char *rest;  /* what is left of the path */
	char *owned;       /* the buffer that rest is in, once a link has been followed */
	unsigned links;    /* followed so far */
};

static void walk_to(struct walk *walk, struct dentry *dentry)
{
	struct dentry *old = walk->at;

	walk->at = dentry;
	dentry_put(old);
}

static int walk_begin(struct walk *walk, struct task *task, int dirfd, const char *path, u32 flags)
{
	struct file *file;
	int error = 0;

	*walk = (struct walk){ .task = task, .rest = path, .flags = flags };
	if (!*path)
		return -ENOENT;
	if (*path == '/') {
		walk->at = task->process->root;
	} else if (dirfd == AT_FDCWD) {
		walk->at = task->process->cwd;
	} else {
		error = file_of(task, (u64)dirfd, true, &file);
		if (error)
			return error;
		if (file->dentry && file->dentry->inode && S_ISDIR(file->dentry->inode->mode))
			dentry_get(walk->at = file->dentry);
		else
			error = -ENOTDIR;
		file_put(file);
		return error;
	}
	dentry_get(walk->at);
	return 0;
}

static void walk_end(struct walk *walk)
{
	if (walk->at)
		dentry_put(walk->at);
	kfree(walk->owned);
}

/* From the directory to the one above, not beyond the process's root. */
static void walk_up(struct walk *walk)
{
	struct dentry *at = walk->at;

	while (at != walk->task->process->root && at->parent == at && at->covers)
		at = at->covers;
	if (at != walk->task->process->root)
		at = at->parent;
	while (at->mounted)
		at = at->mounted;
	dentry_get(at);
	walk_to(walk, at);
}

/* Goes where the link leads; the rest of the path follows its target. Takes over the reference to the link. */
static int follow_link(struct walk *walk, struct dentry *link, const char *rest)
{
	const struct inode_ops *ops = link->inode->ops;
	struct dentry *target;
	u64 length, rest_size = strlen(rest) + 1;
	int error = ++walk->links > SYMLINKS_MAX ? -ELOOP : -EINVAL;
	char *buffer = NULL;

	if (error == -EINVAL && ops->follow) {
		error = ops->follow(link->inode, &target);
		if (!error) {
			walk_to(walk, target);
			walk->rest = rest;
		}
	}
	if (error == -EINVAL && ops->readlink) {
		buffer = kmalloc(PATH_SIZE);
		error = buffer ? ops->readlink(link->inode, buffer) : -ENOMEM;
	}
	dentry_put(link);
	if (!buffer || error) {
		kfree(buffer);
		return error;
	}
	length = strlen(buffer);
	if (!length || length + rest_size > PATH_SIZE) {
		kfree(buffer);
		return length ? -ENAMETOOLONG : -ENOENT;
	}
	memcpy(buffer + length, rest, rest_size); /* it begins with a slash, or is empty */
	kfree(walk->owned);
	walk->rest = walk->owned = buffer;
	if (*buffer == '/') {
		dentry_get(walk->task->process->root);
		walk_to(walk, walk->task->process->root);
	}
	return 0;
}

/* The child of a name that is part of a path. */
static int __attribute__((noinline))
lookup_slowly(struct dentry *dir, const char *name, u64 length, struct dentry **child)
{
	char copy[NAME_SIZE];

	memcpy(copy, name, length);
	copy[length] = 0;
	return dentry_lookup(dir, copy, child);
}

/* One name further: a child that exists, or where the link leads. */
static int walk_down(struct walk *walk, const char *name, u64 length)
{
	struct dentry *dir = walk->at;
	struct dentry *child = dentry_find(dir, name, length, dentry_hash(dir, name, length));
	const char *rest = name + length;
	int error;

	if (!child) {
		error = lookup_slowly(dir, name, length, &child);
		if (error)
			return error;
	}
	if (!child->inode) {
		dentry_put(child);
		return -ENOENT;
	}
	if (S_ISLNK(child->inode->mode) && (*rest || (walk->flags & WALK_FOLLOW)))
		return follow_link(walk, child, rest);
	while (child->mounted) {
		struct dentry *root = child->mounted;

		dentry_get(root);
		dentry_put(child);
		child = root;
	}
	walk_to(walk, child);
	walk->rest = rest;
	return 0;
}

static const char *skip_slashes(const char *text)
{
	while (*text == '/')
		text++;
	return text;
}

/* Walks on to the end; with `last`, to the directory of the last name. The walk is at the dentry then. */
static int walk_on(struct walk *walk, struct last_name *last)
{
	bool slash = false;

	for (;;) {
		const char *name = skip_slashes(walk->rest), *end = name;
		u64 length;
		int error = 0;

		slash = name != walk->rest;
		if (!*name)
			break;
		if (!S_ISDIR(walk->at->inode->mode))
			return -ENOTDIR;
		while (*end && *end != '/')
			end++;
		length = (u64)(end - name);
		if (length >= NAME_SIZE)
			return -ENAMETOOLONG;
		error = inode_permission(walk->at->inode, walk->task->process, 1);
		if (error)
			return error;
		if (last && !*skip_slashes(end)) {
			memcpy(last->name, name, length);
			last->name[length] = 0;
			last->slash = *end;
			return 0;
		}
		walk->rest = end;
		if (name[0] == '.' && length == 1)
			continue;
		if (name[0] == '.' && name[1] == '.' && length == 2)
			walk_up(walk);
		else
			error = walk_down(walk, name, length);
		if (error)
			return error;
	}
	if (last) { /* "/" */
		last->name[0] = 0;
		last->slash = true;
	}
	return (slash || (walk->flags & WALK_DIRECTORY)) && !S_ISDIR(walk->at->inode->mode) ? -ENOTDIR : 0;
}

static int walk_path(struct task *task, int dirfd, const char *path, u32 flags, struct last_name *last,
                     struct dentry **dentry)
{
	struct walk walk;
	int error = walk_begin(&walk, task, dirfd, path, flags);

	if (!error)
		error = walk_on(&walk, last);
	if (!error) {
		*dentry = walk.at;
		walk.at = NULL;
	}
	walk_end(&walk);
	return error;
}

int path_walk_parent(struct task *task, int dirfd, const char *path, struct dentry **dir, struct last_name *last)
{
	return walk_path(task, dirfd, path, WALK_PARENT, last, dir);
}

int path_walk(struct task *task, int dirfd, const char *path, u32 flags, struct dentry **dentry, char *last)
{
	struct last_name name;
	int error;

	if (!(flags & WALK_PARENT))
		return walk_path(task, dirfd, path, flags, NULL, dentry);
	error = walk_path(task, dirfd, path, flags, &name, dentry);
	if (!error)
		memcpy(last, name.name, sizeof(name.name));
	return error;
}

int path_from_user(u64 address, char **path)
{
	char text[SHORT_PATH];
	i64 length = string_from_user(text, address, sizeof(text));

	*path = NULL;
	if (length == -ENAMETOOLONG) {
		length = string_length_user(address, PATH_SIZE);
		if (length >= (i64)PATH_SIZE)
			return -ENAMETOOLONG;
		if (length < 0)
			return (int)length;
		*path = kmalloc((u64)length + 1);
		if (!*path)
			return -ENOMEM;
		length = string_from_user(*path, address, (u64)length + 1);
		if (length >= 0)
			return 0;
		kfree(*path);
		*path = NULL;
		return (int)length;
	}
	if (length < 0)
		return (int)length;
	*path = kmalloc((u64)length + 1);
	if (!*path)
		return -ENOMEM;
	memcpy(*path, text, (u64)length + 1);
	return 0;
}

/* dirfd itself: AT_EMPTY_PATH. */
static int dentry_of_descriptor(struct task *task, int fd, struct dentry **dentry)
{
	struct file *file;
	int error;

	if (fd == AT_FDCWD) {
		dentry_get(*dentry = task->process->cwd);
		return 0;
	}
	error = file_of(task, (u64)fd, true, &file);
	if (error)
		return error;
	error = file_get_dentry(file, dentry);
	file_put(file);
	return error == -ENXIO ? -EINVAL : error;
}

int path_walk_user(struct task *task, int dirfd, u64 path, u32 walk_flags, u32 at_flags, struct dentry **dentry)
{
	char *text;
	int error;

	if ((at_flags & AT_EMPTY_PATH) && !path)
		return dentry_of_descriptor(task, dirfd, dentry);
	error = path_from_user(path, &text);
	if (error)
		return error;
	if ((at_flags & AT_EMPTY_PATH) && !*text)
		error = dentry_of_descriptor(task, dirfd, dentry);
	else
		error = path_walk(task, dirfd, text, walk_flags, dentry, NULL);
	kfree(text);
	return error;
}

/* --- making --- */

int may_change_directory(const struct dentry *dir, const struct process *process)
{
	int error = inode_permission(dir->inode, process, 3);

	if (error)
		return error;
	if (dir->inode->fs->read_only)
		return -EROFS;
	return dir->unlinked ? -ENOENT : 0;
}

void name_instantiate(struct task *task, struct dentry *dir, struct dentry *dentry, struct inode *inode)
{
	inode->uid = task->process->fsuid;
	inode->gid = task->process->fsgid;
	if (dir->inode->mode & S_ISGID) {
		inode->gid = dir->inode->gid;
		if (S_ISDIR(inode->mode))
			inode->mode |= S_ISGID;
		else if (inode->uid && !is_own_group(task->process, inode->gid))
			inode->mode &= ~(u32)S_ISGID;
	}
	inode_mark_dirty(inode);
	dentry->inode = inode;
	inode_modified(dir->inode);
}

int name_create(struct task *task, struct dentry *dir, struct dentry *dentry, u32 mode, u64 rdev)
{
	struct inode *inode;
	int error = may_change_directory(dir, task->process);

	if (error)
		return error;
	if (!dir->inode->ops->create)
		return S_ISREG(mode) ? -EACCES : -EPERM;
	mode &= S_IFMT | (07777 & ~task->process->umask);
	error = dir->inode->ops->create(dir->inode, dentry->name, mode, rdev, &inode);
	if (!error)
		name_instantiate(task, dir, dentry, inode);
	return error;
}

/* --- open --- */

/* May what exists be opened so? */
static int check_open(const struct inode *inode, const struct process *process, u32 flags)
{
	static const u8 wants[4] = { R_OK, W_OK, R_OK | W_OK, R_OK | W_OK };
	u32 want = wants[flags & O_ACCMODE] | (flags & O_TRUNC ? W_OK : 0);

	if (flags & O_PATH)
		return 0;
	if (S_ISLNK(inode->mode))
		return -ELOOP;
	if (S_ISDIR(inode->mode) && ((want & W_OK) || (flags & O_CREAT)))
		return -EISDIR;
	if ((want & W_OK) && inode->fs && inode->fs->read_only && S_ISREG(inode->mode))
		return -EROFS;
	if ((flags & O_TRUNC) && inode->writers_denied)
		return -ETXTBSY;
	return inode_permission(inode, process, want);
}

/* Opens what the dentry names; `created`: this call made it. */
static int open_found(struct task *task, struct dentry *dentry, u32 flags, bool created, struct file **file)
{
	int error = created ? 0 : check_open(dentry->inode, task->process, flags);

	if (!error)
		error = file_open_dentry(dentry, flags, file);
	if (error || created || !(flags & O_TRUNC) || (flags & O_PATH) || !S_ISREG(dentry->inode->mode) ||
	    !dentry->inode->ops->truncate)
		return error;
	mutex_lock(&dentry->inode->lock);
	error = inode_set_size(dentry->inode, 0);
	mutex_unlock(&dentry->inode->lock);
	if (error)
		file_put(*file);
	return error;
}

/* The last name of a path that may be made: the child, which exists afterwards. */
static int find_or_create(struct walk *walk, const struct last_name *last, u32 flags, u32 mode, struct dentry **child,
                          bool *created)
{
	struct dentry *dir = walk->at;
	int error;

	mutex_lock(&dir->inode->lock);
	error = dentry_lookup_locked(dir, last->name, child);
	if (!error && (*child)->inode && (flags & O_EXCL))
		error = -EEXIST;
	else if (!error && !(*child)->inode && last->slash)
		error = -EISDIR;
	else if (!error && !(*child)->inode) {
		error = name_create(walk->task, dir, *child, S_IFREG | (mode & 07777), 0);
		*created = !error;
	} else if (error) {
		*child = NULL;
	}
	mutex_unlock(&dir->inode->lock);
	if (error && *child)
		dentry_put(*child);
	return error;
}

/* open with O_CREAT: name by name to the directory, then the last one; a link there leads on. */
static int open_create(struct walk *walk, u32 flags, u32 mode, struct file **file)
{
	struct last_name last;
	struct dentry *child = NULL;
	bool created = false;
	int error;

	for (;;) {
		error = walk_on(walk, &last);
		if (error)
			return error;
		if (!last.name[0] || !strcmp(last.name, ".") || !strcmp(last.name, ".."))
			return -EISDIR;
		error = find_or_create(walk, &last, flags, mode, &child, &created);
		if (error)
			return error;
		if (!S_ISLNK(child->inode->mode) || (flags & O_NOFOLLOW))
			break;
		error = follow_link(walk, child, "");
		if (error)
			return error;
		if (!*walk->rest) { /* by follow(): there are no more names */
			dentry_get(child = walk->at);
			break;
		}
	}
	while (child->mounted) {
		struct dentry *root = child->mounted;

		dentry_get(root);
		walk_to(walk, child);
		child = root;
	}
	error = last.slash && !S_ISDIR(child->inode->mode) ? -ENOTDIR
	                                                   : open_found(walk->task, child, flags, created, file);
	dentry_put(child);
	return error;
}

int path_open(struct task *task, int dirfd, const char *path, u32 flags, u32 mode, struct file **file)
{
	u32 walk_flags = (flags & O_NOFOLLOW ? 0 : WALK_FOLLOW) | (flags & O_DIRECTORY ? WALK_DIRECTORY : 0);
	struct walk walk;
	int error;

	if (flags & O_PATH)
		flags &= O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	if (flags & O_TMPFILE_BIT)
		return -EOPNOTSUPP;
	if ((flags & O_CREAT) && (flags & O_DIRECTORY))
		return -EINVAL;
	error = walk_begin(&walk, task, dirfd, path, walk_flags);
	if (!error && (flags & O_CREAT)) {
		error = open_create(&walk, flags, mode, file);
	} else if (!error) {
		error = walk_on(&walk, NULL);
		if (!error)
			error = open_found(task, walk.at, flags, false, file);
	}
	walk_end(&walk);
	return error;
}
