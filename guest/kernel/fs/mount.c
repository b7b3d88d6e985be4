/*
 * Mounted file systems: the list of them, mounting, unmounting, sync(2). mount(2), umount(2).
 *
 * A mount hangs the root dentry of a file system over a directory's dentry (namei.c steps from one to the other). There
 * are no bind mounts, no name spaces, and each file system is mounted once.
 */
#include "guest/kernel/fs/internal.h"

#include "guest/kernel/core/print.h"
#include "guest/kernel/fs/devices.h"
#include "guest/kernel/mm/kmalloc.h"

struct dentry *root_dentry;

static struct list all_mounts = { &all_mounts, &all_mounts };
static struct mutex mount_lock = { NULL, { { &mount_lock.queue.waiters, &mount_lock.queue.waiters } } };

static const struct fs_type *const types[] = { &ext2_type, &proc_type, &devfs_type, &devpts_type };

static const struct fs_type *find_type(const char *name)
{
	for (unsigned i = 0; i < ARRAY_SIZE(types); i++)
		if (!strcmp(types[i]->name, name))
			return types[i];
	return NULL;
}

struct list *mounts_lock(void)
{
	mutex_lock(&mount_lock);
	return &all_mounts;
}

void mounts_unlock(void)
{
	mutex_unlock(&mount_lock);
}

static bool is_mounted(u64 dev)
{
	LIST_FOR_EACH(node, &all_mounts)
		if (LIST_ENTRY(node, struct fs, link)->dev == dev)
			return true;
	return false;
}

/* The inode of "/dev/NAME", with a reference. */
static int find_device(const char *source, struct inode **device)
{
	struct disk *disk = strncmp(source, "/dev/", 5) ? NULL : block_device_by_name(source + 5);

	if (!disk)
		return -ENOTBLK;
	*device = block_device_inode(disk);
	return *device ? 0 : -ENOMEM;
}

/* Puts a new file system into its place. */
static void attach(struct fs *fs, struct dentry *on)
{
	list_add_last(&all_mounts, &fs->link);
	if (!on) {
		root_dentry = fs->root;
		return;
	}
	dentry_get(fs->root->covers = on);
	on->mounted = fs->root;
}

/* mount_lock is held. */
static int mount_locked(const char *source, struct dentry *on, const struct fs_type *type, bool read_only)
{
	struct inode *device = NULL;
	struct fs *fs;
	int error = 0;

	if (on && (on->mounted || on->unlinked))
		return on->unlinked ? -ENOENT : -EBUSY;
	if (type->needs_disk)
		error = find_device(source, &device);
	if (error)
		return error;
	error = device && is_mounted(device->rdev) ? -EBUSY : type->mount(device, read_only, &fs);
	if (!error) {
		fs->type = type->name;
		format_text(fs->source, sizeof(fs->source), "%s", source);
		fs->read_only = fs->read_only || read_only;
		mutex_init(&fs->rename_lock);
		if (device)
			fs->dev = device->rdev;
		else if (!fs->dev)
			fs->dev = device_number_anonymous();
		fs->keeps_inodes = type->needs_disk;
		fs->keeps_names |= type->needs_disk;
		attach(fs, on);
	}
	if (device)
		inode_put(device);
	return error;
}

int mount_fs(const char *source, struct dentry *on, const char *type_name, bool read_only)
{
	const struct fs_type *type = find_type(type_name);
	int error;

	if (!type)
		return -ENODEV;
	if (on && (!on->inode || !S_ISDIR(on->inode->mode)))
		return -ENOTDIR;
	mutex_lock(&mount_lock);
	error = mount_locked(source, on, type, read_only);
	mutex_unlock(&mount_lock);
	return error;
}

/* Metadata and the mark of a clean disk. */
static int fs_rest(struct fs *fs)
{
	if (fs->ops->rest)
		return fs->ops->rest(fs);
	return fs->ops->sync ? fs->ops->sync(fs) : 0;
}

/* mount_lock is held, so that no file system goes while its disk is waited for. */
static int sync_all_locked(void)
{
	int error = inodes_write_dirty(NULL);
	int one = pagecache_sync_all();

	error = error ? error : one;
	LIST_FOR_EACH(node, &all_mounts) {
		one = fs_rest(LIST_ENTRY(node, struct fs, link));
		error = error ? error : one;
	}
	return error;
}

int fs_sync_all(void)
{
	int error;

	mutex_lock(&mount_lock);
	error = sync_all_locked();
	mutex_unlock(&mount_lock);
	return error;
}

/* mount_lock is held. */
static int unmount_locked(struct dentry *root)
{
	struct dentry *covers = root->covers;
	struct fs *fs = root->inode->fs;

	if (!covers || root->mounted)
		return covers ? -EBUSY : -EINVAL;
	(void)sync_all_locked(); /* an error has been told to who wrote, by fsync; nothing can be done here */
	dentry_drop_unused(fs);
	if (root->refs != 2) /* the mount's and the caller's */
		return -EBUSY;
	covers->mounted = NULL;
	root->covers = NULL;
	list_remove(&fs->link);
	fs->keeps_inodes = false; /* what is put from here on is not kept */
	(void)inodes_drop_all(fs, root->inode);
	dentry_put(root);
	dentry_put(root);
	dentry_put(covers);
	if (!fs->ops->unmount) {
		kfree(fs);
		return 0;
	}
	return fs->ops->unmount(fs);
}

int unmount_fs(struct dentry *root)
{
	int error;

	mutex_lock(&mount_lock);
	error = unmount_locked(root);
	mutex_unlock(&mount_lock);
	if (error)
		dentry_put(root);
	return error;
}
