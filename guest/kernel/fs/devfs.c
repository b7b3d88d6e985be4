/*
 * /dev and /dev/pts: two small file systems of nodes in memory. Drivers add the nodes; programs can neither make nor
 * remove any. The memory devices (null, zero, full, random, urandom, kmsg) and block devices themselves are in
 * devices.c.
 *
 * An inode is made from its node when it is looked up and goes with its last user; owner and permissions are kept in
 * the node. The inode of a block device alone stays: its mapping caches the device's blocks.
 */
#include "guest/kernel/fs/internal.h"

#include "guest/kernel/core/print.h"
#include "guest/kernel/dev/disk.h"
#include "guest/kernel/dev/tty.h"
#include "guest/kernel/fs/devfs.h"
#include "guest/kernel/fs/devices.h"
#include "guest/kernel/mm/kmalloc.h"
#include "guest/kernel/proc/task.h"

#define ROOT_INO 1
#define FIRST_INO 2 /* of /dev's nodes; below: "." and ".." as places in the directory */
#define PTY_INO 3   /* of /dev/pts/0, as on Linux */
#define PTY_MAJOR 136
#define TTY_GROUP 5

struct node {
	struct list link; /* in device_fs.nodes, by number */
	u64 ino;
	u64 parent; /* ino of the directory it is in */
	char name[16];
	u32 mode, uid, gid; /* mode with its S_IF* */
	u64 rdev;
	struct abi_timespec made;
	const struct file_ops *ops; /* character devices */
	struct disk *disk;          /* block devices */
	const char *target;         /* symbolic links */
};

/* One of the two. */
struct device_fs {
	struct fs fs;
	struct list nodes;
	u32 magic;
	bool ready;
};

static struct device_fs dev_fs, pts_fs;
static const struct inode_ops node_ops;
static const struct file_ops directory_ops;
static const struct fs_ops device_fs_ops;

static struct device_fs *fs_of(const struct inode *inode)
{
	return container_of(inode->fs, struct device_fs, fs);
}

/* --- nodes --- */

static struct node *node_add(struct device_fs *fs, u64 ino, u64 parent, const char *name, u32 mode, u64 rdev)
{
	struct node *node = kmalloc(sizeof(*node));
	struct list *at;

	if (!node)
		return NULL;
	format_text(node->name, sizeof(node->name), "%s", name);
	node->ino = ino;
	node->parent = parent;
	node->mode = mode;
	node->rdev = rdev;
	node->made = time_stamp();
	for (at = fs->nodes.next; at != &fs->nodes; at = at->next)
		if (LIST_ENTRY(at, struct node, link)->ino > ino)
			break;
	list_insert(&node->link, at->prev, at);
	return node;
}

static struct node *node_by_ino(struct device_fs *fs, u64 ino)
{
	LIST_FOR_EACH(link, &fs->nodes) {
		struct node *node = LIST_ENTRY(link, struct node, link);

		if (node->ino == ino)
			return node;
	}
	return NULL;
}

static struct node *node_by_name(struct device_fs *fs, u64 parent, const char *name)
{
	LIST_FOR_EACH(link, &fs->nodes) {
		struct node *node = LIST_ENTRY(link, struct node, link);

		if (node->parent == parent && !strcmp(node->name, name))
			return node;
	}
	return NULL;
}

static void fs_init(struct device_fs *fs, u32 magic)
{
	fs->ready = true;
	fs->magic = magic;
	list_init(&fs->nodes);
	list_init(&fs->fs.link);
	fs->fs.ops = &device_fs_ops;
	fs->fs.dev = device_number_anonymous();
}

/* A node of /dev that is there from the beginning. */
static struct node *boot_node_in(u64 parent, const char *name, u32 mode, u64 rdev)
{
	static u64 last_ino = FIRST_INO - 1;
	struct node *node = node_add(&dev_fs, ++last_ino, parent, name, mode, rdev);

	if (!node)
		panic("no memory for /dev/%s", name);
	return node;
}

/* The same; "input/event0" is in a directory, which is made when it is first named. */
static struct node *boot_node(const char *name, u32 mode, u64 rdev)
{
	const char *slash = strchr(name, '/');
	char directory[sizeof(((struct node *)0)->name)];
	struct node *parent;

	if (!slash)
		return boot_node_in(ROOT_INO, name, mode, rdev);
	format_text(directory, MIN(sizeof(directory), (u64)(slash - name) + 1), "%s", name);
	parent = node_by_name(&dev_fs, ROOT_INO, directory);
	if (!parent)
		parent = boot_node_in(ROOT_INO, directory, S_IFDIR | 0755, 0);
	return boot_node_in(parent->ino, slash + 1, mode, rdev);
}

static void boot_link(const char *name, const char *target)
{
	boot_node(name, S_IFLNK | 0777, 0)->target = target;
}

/* /dev; made when it is first asked for, so that the order in which drivers start does not matter. */
static struct device_fs *dev(void)
{
	if (dev_fs.ready)
		return &dev_fs;
	fs_init(&dev_fs, TMPFS_MAGIC);
	boot_node("pts", S_IFDIR | 0755, 0);
	boot_link("shm", "/tmp");
	boot_link("fd", "/proc/self/fd");
	boot_link("stdin", "/proc/self/fd/0");
	boot_link("stdout", "/proc/self/fd/1");
	boot_link("stderr", "/proc/self/fd/2");
	for (const struct memory_device *device = memory_devices; device->name; device++)
		boot_node(device->name, S_IFCHR | device->mode, device->rdev)->ops = device->ops;
	return &dev_fs;
}

static struct device_fs *pts(void)
{
	if (!pts_fs.ready)
		fs_init(&pts_fs, DEVPTS_SUPER_MAGIC);
	return &pts_fs;
}

/* --- devices by number and name --- */

void char_device_register(u64 rdev, const char *name, u32 mode, const struct file_ops *ops)
{
	dev();
	boot_node(name, S_IFCHR | mode, rdev)->ops = ops;
}

static struct node *node_of_device(u32 type, u64 rdev)
{
	LIST_FOR_EACH(link, &dev()->nodes) {
		struct node *node = LIST_ENTRY(link, struct node, link);

		if ((node->mode & S_IFMT) == type && node->rdev == rdev)
			return node;
	}
	return NULL;
}

const struct file_ops *char_device_ops(u64 rdev)
{
	struct node *node = node_of_device(S_IFCHR, rdev);

	if (node)
		return node->ops;
	return ABI_MAJOR(rdev) == PTY_MAJOR ? &tty_file_ops : NULL;
}

void block_device_register(u64 rdev, const char *name, struct disk *disk)
{
	dev();
	boot_node(name, S_IFBLK | 0660, rdev)->disk = disk;
}

struct disk *block_device_disk(u64 rdev)
{
	struct node *node = node_of_device(S_IFBLK, rdev);

	return node ? node->disk : NULL;
}

struct disk *block_device_by_name(const char *name)
{
	struct node *node = node_by_name(dev(), ROOT_INO, name);

	return node ? node->disk : NULL;
}

static struct node *node_of_disk(const struct disk *disk)
{
	LIST_FOR_EACH(link, &dev()->nodes) {
		struct node *node = LIST_ENTRY(link, struct node, link);

		if (node->disk == disk)
			return node;
	}
	return NULL;
}

/* --- inodes --- */

static void fill(struct inode *inode, const struct node *node)
{
	inode->uid = node->uid;
	inode->gid = node->gid;
	inode->rdev = node->rdev;
	inode->atime = inode->mtime = inode->ctime = node->made;
	inode->ops = &node_ops;
	inode->size = node->target ? strlen(node->target) : 0;
	if (S_ISDIR(node->mode))
		inode->file_ops = &directory_ops;
	inode->nlink = S_ISDIR(node->mode) ? 2 : 1;
	inode->mode = node->mode;
}

struct inode *block_device_inode(struct disk *disk)
{
	struct inode *inode = disk->inode;

	if (!inode) {
		inode = inode_new_unhashed(&dev()->fs);
		if (!inode)
			return NULL;
		if (disk->inode) { /* another task was faster while we slept */
			inode->nlink = 1;
			inode_put(inode);
			inode = disk->inode;
		} else {
			struct node *node = node_of_disk(disk);

			BUG_ON(!node);
			disk->inode = inode; /* the reference stays with the disk */
			inode->ino = node->ino;
			fill(inode, node);
			block_device_init_inode(inode, disk);
		}
	}
	inode_get(inode);
	return inode;
}

static int device_lookup(struct inode *dir, const char *name, struct inode **inode)
{
	struct device_fs *fs = fs_of(dir);
	struct node *node = node_by_name(fs, dir->ino, name);
	bool is_new;

	if (!node)
		return -ENOENT;
	if (node->disk) {
		*inode = block_device_inode(node->disk);
		return *inode ? 0 : -ENOMEM;
	}
	*inode = inode_get_or_new(&fs->fs, node->ino, &is_new);
	if (!*inode)
		return -ENOMEM;
	if (!is_new)
		return 0;
	node = node_by_name(fs, dir->ino, name);
	if (node) {
		fill(*inode, node);
		return 0;
	}
	(*inode)->nlink = 1; /* the terminal went while we slept */
	inode_put(*inode);
	return -ENOENT;
}

static int device_readlink(struct inode *inode, char *target)
{
	struct node *node = node_by_ino(fs_of(inode), inode->ino);

	if (!node || !node->target)
		return -EINVAL;
	format_text(target, PATH_SIZE, "%s", node->target);
	return 0;
}

/* Owner and permissions back into the node; it may be gone (a pty). */
static int device_write_inode(struct inode *inode)
{
	struct node *node = node_by_ino(fs_of(inode), inode->ino);

	if (node) {
		node->mode = (node->mode & S_IFMT) | (inode->mode & 07777);
		node->uid = inode->uid;
		node->gid = inode->gid;
	}
	return 0;
}

static const struct inode_ops node_ops = {
	.lookup = device_lookup,
	.readlink = device_readlink,
	.write_inode = device_write_inode,
};

/* Places: 0 ".", 1 "..", then the number of the next node. */
static int device_readdir(struct file *file, u64 *pos,
                          bool (*emit)(void *context, const char *name, u64 ino, u8 type, u64 next), void *context)
{
	struct device_fs *fs = fs_of(file->inode);

	for (; *pos < 2; ++*pos)
		if (!emit(context, *pos ? ".." : ".", file->inode->ino, DT_DIR, *pos + 1))
			return 0;
	for (struct list *link = fs->nodes.next; link != &fs->nodes; link = link->next) {
		struct node *node = LIST_ENTRY(link, struct node, link);

		if (node->ino < *pos || node->parent != file->inode->ino)
			continue;
		if (!emit(context, node->name, node->ino, ABI_DT_OF(node->mode), node->ino + 1))
			return 0;
		*pos = node->ino + 1;
	}
	return 0;
}

static const struct file_ops directory_ops = { .readdir = device_readdir };

/* --- terminals --- */

int devfs_add_pty(u32 number)
{
	struct device_fs *fs = pts();
	char name[16];
	struct node *node;
	struct inode *inode;
	bool is_new;

	format_text(name, sizeof(name), "%u", number);
	if (node_by_ino(fs, PTY_INO + number))
		return -EEXIST;
	node = node_add(fs, PTY_INO + number, ROOT_INO, name, S_IFCHR | 0620, ABI_MKDEV(PTY_MAJOR, number));
	if (!node)
		return -ENOMEM;
	node->uid = current_task->process->fsuid;
	node->gid = TTY_GROUP;
	/* Somebody may hold the inode of the terminal that had this number before: its owner is not the new one's. */
	inode = inode_get_or_new(&fs->fs, node->ino, &is_new);
	if (!inode) {
		devfs_remove_pty(number);
		return -ENOMEM;
	}
	fill(inode, node);
	inode_put(inode);
	return 0;
}

void devfs_remove_pty(u32 number)
{
	struct node *node = node_by_ino(pts(), PTY_INO + number);

	if (!node)
		return;
	list_remove(&node->link);
	kfree(node);
}

/* --- file systems --- */

static int device_statfs(struct fs *fs, struct abi_statfs *statfs)
{
	statfs->f_type = container_of(fs, struct device_fs, fs)->magic;
	statfs->f_bsize = statfs->f_frsize = PAGE_SIZE;
	statfs->f_namelen = NAME_SIZE - 1;
	return 0;
}

/* The nodes stay: the file system can be mounted again. */
static int device_unmount(struct fs *fs)
{
	fs->root = NULL;
	return 0;
}

static const struct fs_ops device_fs_ops = { .statfs = device_statfs, .unmount = device_unmount };

static int mount_once(struct device_fs *device_fs, struct fs **mounted)
{
	struct fs *fs = &device_fs->fs;
	static const struct node root = { .mode = S_IFDIR | 0755 };
	struct inode *inode;
	bool is_new;

	if (fs->root)
		return -EBUSY;
	inode = inode_get_or_new(fs, ROOT_INO, &is_new);
	if (!inode)
		return -ENOMEM;
	if (is_new)
		fill(inode, &root);
	fs->root = dentry_new(NULL, "", inode);
	if (!fs->root) {
		inode_put(inode);
		return -ENOMEM;
	}
	*mounted = fs;
	return 0;
}

static int dev_mount(struct inode *device, bool read_only, struct fs **fs)
{
	(void)device;
	(void)read_only;
	dev()->fs.keeps_names = true;
	return mount_once(&dev_fs, fs);
}

static int pts_mount(struct inode *device, bool read_only, struct fs **fs)
{
	(void)device;
	(void)read_only;
	return mount_once(pts(), fs);
}

const struct fs_type devfs_type = { .name = "devtmpfs", .mount = dev_mount };
const struct fs_type devpts_type = { .name = "devpts", .mount = pts_mount };
