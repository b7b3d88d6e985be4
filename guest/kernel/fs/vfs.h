/*
 * The virtual file system: inodes (what a file is), dentries (names), files (what is open), and file systems.
 *
 * A dentry is in memory while someone holds it (an open file, a working directory, a mapped program, a child dentry),
 * and a while longer: unused ones are kept in a list that memory pressure empties. All dentries of one directory have
 * different names; a dentry without an inode says that there is no such file. Locks: see core/lock.h.
 */
#ifndef GUEST_KERNEL_FS_VFS_H
#define GUEST_KERNEL_FS_VFS_H

#include "guest/abi/fcntl.h"
#include "guest/abi/stat.h"
#include "guest/abi/time.h"
#include "guest/kernel/core/lock.h"
#include "guest/kernel/mm/pagecache.h"
#include "guest/kernel/mm/uaccess.h"

struct dentry;
struct disk;
struct file;
struct fs;
struct mm;
struct poll_table;
struct process;
struct region;
struct task;
struct text;

#define NAME_SIZE 256  /* with the 0 */
#define PATH_SIZE 4096 /* with the 0 */
#define SYMLINKS_MAX 40

/* What a directory can do; all may be NULL (-EPERM or -ENOTDIR follows). The locks of the directories are held, and
 * that of a directory that is removed or replaced, too: the operations take none of them. create and symlink make what
 * belongs to uid 0; the caller then sets the owner. They keep nlink right, of the directories as well. May sleep. */
struct inode_ops {
	int (*lookup)(struct inode *dir, const char *name, struct inode **inode); /* a reference; -ENOENT */
	int (*create)(struct inode *dir, const char *name, u32 mode, u64 rdev,
	              struct inode **inode); /* mode with its S_IF* */
	int (*symlink)(struct inode *dir, const char *name, const char *target, struct inode **inode);
	int (*link)(struct inode *dir, const char *name, struct inode *inode);
	int (*unlink)(struct inode *dir, const char *name,
	              struct inode *inode); /* rmdir, too: the caller has checked the kind; -ENOTEMPTY */
	int (*rename)(struct inode *from, const char *old, struct inode *inode, struct inode *to, const char *new,
	              struct inode *replaced);
	/* The two names change places (RENAME_EXCHANGE); NULL: -EINVAL. */
	int (*exchange)(struct inode *from, const char *old, struct inode *inode, struct inode *to, const char *new,
	                struct inode *other);
	/* "read" a symbolic link into a buffer of PATH_SIZE, with a 0. The current task for /proc/self. */
	int (*readlink)(struct inode *inode, char *target);
	/* Where following the link leads without a text (/proc/PID/fd/N, exe, cwd): a dentry with a reference; may be
	 * NULL. */
	int (*follow)(struct inode *inode, struct dentry **dentry);
	int (*truncate)(struct inode *inode, u64 size); /* sets inode->size, gives back blocks; inode->lock is held */
	/* The inode's fields into the file system's (cached) block; no lock is held. */
	int (*write_inode)(struct inode *inode);
	void (*forget)(struct inode *inode); /* the last reference goes: free what is private; if nlink is 0, the
	                                        blocks, too */
};

struct inode {
	struct fs *fs;
	u64 ino;
	u32 mode, nlink, uid, gid;
	u64 size, rdev, blocks512;
	struct abi_timespec atime, mtime, ctime;
	u32 refs;
	struct list hash_link;   /* inode cache: (fs, ino) */
	struct list unused_link; /* refs 0: in the list of unused ones, the oldest first */
	struct list dirty_link;  /* dirty: in the list of dirty ones */
	struct mutex lock;
	bool dirty; /* write_inode is due */
	const struct inode_ops *ops;
	const struct file_ops *file_ops; /* for what is opened */
	struct mapping mapping;          /* of regular files and block devices */
	void *private;                   /* the file system's */
	struct pipe *pipe;               /* FIFOs */
	struct list flocks;              /* flock(2) and fcntl locks */
	u32 writers_denied;              /* mapped as program text: ETXTBSY */
	u32 writers;                     /* open for writing */
};

struct file_ops {
	/* Bytes or a negative errno; 0: end. Advance *pos. NULL: -EINVAL. May sleep. */
	i64 (*read)(struct file *file, struct io *io, u64 *pos);
	i64 (*write)(struct file *file, struct io *io, u64 *pos);
	/* Directories: calls emit for each entry from *pos on until it returns false; *pos is a cookie, and stays
	 * before the entry that was refused. inode->lock is held. */
	int (*readdir)(struct file *file, u64 *pos,
	               bool (*emit)(void *context, const char *name, u64 ino, u8 type, u64 next), void *context);
	/* POLLIN etc. that hold now; adds itself to the table (which may be NULL: no waiting). NULL: always readable
	 * and writable. */
	u32 (*poll)(struct file *file, struct poll_table *table);
	i64 (*ioctl)(struct file *file, struct task *task, u64 request, u64 argument);
	/* mmap asks: 0 (pages come from inode->mapping, or, if it sets REGION_DEVICE, from device_page) or a negative
	 * errno. NULL: -ENODEV. */
	int (*mmap)(struct file *file, struct region *region);
	/* Of a REGION_DEVICE: the physical address of the device's page at this offset; 0: it has none. */
	u64 (*device_page)(struct file *file, u64 offset);
	int (*open)(struct file *file);     /* after file->inode is set; may replace file->ops and private */
	void (*release)(struct file *file); /* the last reference goes. May sleep */
	int (*fsync)(struct file *file);
	i64 (*seek)(struct file *file, i64 offset, int whence); /* NULL: by *pos and inode->size; pipes: -ESPIPE */
};

struct file {
	u32 refs;
	u32 flags; /* O_* as opened, fcntl may change some */
	u64 pos;
	struct inode *inode;   /* NULL for eventfd, epoll */
	struct dentry *dentry; /* its name, or NULL (pipes, shmem) */
	const struct file_ops *ops;
	void *private;
	const char *label; /* where there is no dentry: "pipe:", "/memfd:x (deleted)"; kmalloc'ed or constant, see
	                      label_owned */
	bool label_owned;
	int owner_pid, owner_signal; /* F_SETOWN, F_SETSIG */
	bool denies_writes;          /* a running program: nobody may open the inode for writing */
	struct mutex pos_lock;       /* for pos, where several read and write by it; outside inode->lock */
	struct list watchers;        /* epoll's items that watch it */
};

struct dentry {
	struct dentry *parent; /* a reference; the root's is itself (none) */
	struct inode *inode;   /* a reference, or NULL: no such file */
	char *name;
	u32 refs;
	bool unlinked;            /* the name is gone; "path (deleted)" */
	bool hashed;              /* dentry_lookup finds it */
	u32 hash;                 /* of parent and name */
	struct dentry *hash_next; /* in the same bucket */
	struct list unused_link;  /* refs 0: in the list of unused ones, the oldest first */
	struct dentry *mounted;   /* the root of a file system mounted here, or NULL */
	struct dentry *covers;    /* for such a root: the dentry it is mounted on */
};

/* A mounted file system. */
struct fs_ops {
	int (*statfs)(struct fs *fs, struct abi_statfs *statfs);
	/* All metadata (inodes' fields have been written by write_inode), then the device's cache. */
	int (*sync)(struct fs *fs);
	/* sync, and the disk says that it was left cleanly, until the next change; NULL: sync */
	int (*rest)(struct fs *fs);
	/* Everything is synced, nothing is in use, its root dentry is gone: frees the fs. NULL: kfree(fs) is all. */
	int (*unmount)(struct fs *fs);
};

struct fs {
	struct list link; /* all that are mounted */
	const char *type; /* "ext2", "proc", "devtmpfs", "devpts" */
	char source[32];  /* "/dev/vda", "proc" */
	const struct fs_ops *ops;
	struct dentry *root;
	u64 dev; /* st_dev; of a disk: its rdev */
	bool read_only;
	bool keeps_inodes; /* unused inodes stay in memory; mount_fs sets it for file systems on disks */
	bool keeps_names;  /* the same for names; without it each lookup asks the file system anew (/proc) */
	struct mutex rename_lock, alloc_lock;
	void *private;
};

/* A file system type: mounts from a block device (NULL for proc etc.). *fs with its root dentry. May sleep. */
struct fs_type {
	const char *name;
	bool needs_disk;
	int (*mount)(struct inode *device, bool read_only, struct fs **fs);
};
extern const struct fs_type ext2_type, proc_type, devfs_type, devpts_type;

/* --- inode.c --- */
/* The inode (fs, ino) if cached, or a new one with refs 1 and *is_new (all fields but fs, ino and refs zero; lock,
 * lists and an empty mapping are ready). The caller fills it in, mode after its last sleep: others wait until mode is
 * set; or it inode_put's it after setting nlink=1 and ops NULL. NULL: out of memory. May sleep. */
struct inode *inode_get_or_new(struct fs *fs, u64 ino, bool *is_new) must_check;
/* An inode that no lookup finds, with a number of its own; it goes with its last reference. fs may be NULL. May sleep.
 */
struct inode *inode_new_unhashed(struct fs *fs) must_check;
void inode_get(struct inode *inode);
void inode_put(struct inode *inode); /* may sleep */
void inode_mark_dirty(struct inode *inode);
int inode_sync(struct inode *inode);   /* data, then the inode, then all metadata of its fs, then the disk's cache */
int inodes_write_dirty(struct fs *fs); /* NULL: all. May sleep */
/* Frees up to n unused clean inodes without cached pages; returns how many. Neither sleeps nor allocates: for reclaim.
 */
unsigned inode_shrink(unsigned n);
void inode_fill_stat(struct inode *inode, struct abi_stat *stat);
struct abi_timespec time_stamp(void);
/* 0 or -EACCES: may the process read (4), write (2), execute (1) it. */
int inode_permission(const struct inode *inode, const struct process *process, u32 want);
int inode_set_size(struct inode *inode, u64 size); /* truncate: cache and blocks; lock held */

/* --- dentry.c --- */
void dentry_get(struct dentry *dentry);
void dentry_put(struct dentry *dentry);
/* Takes over the inode's reference on success. parent NULL: a root, or what a nameless file is called. May sleep. */
struct dentry *dentry_new(struct dentry *parent, const char *name, struct inode *inode) must_check;
/* The child of this name, from memory or the file system; its inode may be NULL (no such file). Takes dir->inode->lock.
 * 0 or a negative errno. */
int dentry_lookup(struct dentry *dir, const char *name, struct dentry **dentry) must_check;
/* Same with the lock held by the caller (create, unlink, rename). */
int dentry_lookup_locked(struct dentry *dir, const char *name, struct dentry **dentry) must_check;
void dentry_unlinked(struct dentry *dentry); /* its name is gone */
/* A new place for a dentry; takes over the name (kmalloc'ed). */
void dentry_move(struct dentry *dentry, struct dentry *parent, char *name);
/* Frees up to n unused ones; returns how many. Neither sleeps nor allocates: for reclaim. */
unsigned dentry_shrink(unsigned n);
/* Absolute path as the process sees it into buffer; returns the start within it, or NULL: too long. */
char *dentry_path(const struct dentry *dentry, const struct dentry *root, char *buffer, u64 size);

/* --- namei.c --- */
enum walk_flag {
	WALK_FOLLOW = 1 << 0,
	WALK_PARENT = 1 << 1 /* stop at the directory of the last name */,
	WALK_DIRECTORY = 1 << 2
};
/* Path from dirfd (AT_FDCWD or a directory's descriptor) to a dentry with a reference. With WALK_PARENT `last`
 * (NAME_SIZE) gets the last name. Without WALK_PARENT the dentry has an inode. May sleep. */
int path_walk(struct task *task, int dirfd, const char *path, u32 flags, struct dentry **dentry, char *last);
/* Opens: O_CREAT, O_EXCL, O_TRUNC, permission. A file with one reference. */
int path_open(struct task *task, int dirfd, const char *path, u32 flags, u32 mode, struct file **file);
/* A path from user memory into a buffer from kmalloc that just holds it; free with kfree. 0, -EFAULT, -ENAMETOOLONG or
 * -ENOMEM. */
int path_from_user(u64 address, char **path);

/* --- file.c --- */
struct file *file_new(const struct file_ops *ops, u32 flags) must_check;
int file_open_dentry(struct dentry *dentry, u32 flags, struct file **file) must_check;
void file_get(struct file *file);
void file_put(struct file *file); /* may sleep */
i64 file_read_kernel(struct file *file, void *to, u64 size, u64 pos);
const char *file_path(const struct file *file, char *buffer,
                      u64 size); /* for maps and /proc/PID/fd; "path (deleted)" */
/* The file's dentry with a reference; where it has none (pipe, memfd) a nameless one is made, so that /proc/PID/fd/N
 * can be opened. -ENXIO: it has no inode; -ENOMEM. May sleep. */
int file_get_dentry(struct file *file, struct dentry **dentry) must_check;
/* The file is a program that runs: until its last reference goes, writers get ETXTBSY. 0, or -ETXTBSY: there is one. */
int file_deny_writes(struct file *file) must_check;
/* Regular files by the page cache: write takes inode->lock, fsync is inode_sync. */
extern const struct file_ops regular_file_ops;

/* --- files.c: descriptors of a process --- */
#define FILES_MAX 1024
struct files {
	u32 refs;
	u32 room;                          /* entries of table */
	struct file **table;               /* NULL: not open */
	u64 open[FILES_MAX / 64];          /* bitmap of what is not NULL */
	u64 close_on_exec[FILES_MAX / 64]; /* bitmap */
	struct file *first[24];            /* the table while it is small */
};
struct files *files_create(void) must_check;
struct files *files_copy(struct files *files) must_check;
void files_put(struct files *files);
void files_close_on_exec(struct files *files);
struct file *files_get(struct files *files, int fd); /* a reference, or NULL: -EBADF */
int files_add(struct files *files, struct file *file, int lowest, bool close_on_exec,
              u64 limit); /* takes over the reference on success */
int files_close(struct files *files, int fd);

/* --- mount.c --- */
extern struct dentry *root_dentry;
/* Mounts on a directory (NULL: as the root of all). source: "/dev/NAME" for what needs a disk. 0 or a negative errno.
 * May sleep. */
int mount_fs(const char *source, struct dentry *on, const char *type, bool read_only);
/* By the root dentry; the caller's reference is taken over. 0, -EBUSY, -EINVAL (no mount, or the root of all). May
 * sleep. */
int unmount_fs(struct dentry *root);
/* The list of struct fs, which stays as it is until it is unlocked. May sleep. */
struct list *mounts_lock(void);
void mounts_unlock(void);
int fs_sync_all(void); /* inodes, pages, superblocks, disks: sync(2) */

/* --- poll.c --- */
struct poll_table; /* poll.c's: collects waiters */
void poll_wait(struct poll_table *table, struct wait_queue *queue);
/* For edge-triggered epoll: how often so far something happened that the poll operation would tell. Files that do not
 * say it are always told again. */
void poll_edges(struct poll_table *table, u64 count);

/* Files that kernel parts make. */
int pipe_create(struct file *ends[2], u32 flags) must_check;
struct file *file_eventfd(u32 count, u32 flags) must_check;

/* devices by number (devfs.c): char and block */
#define DEVICE(major, minor) (((u64)(major) << 8) | (minor))
const struct file_ops *char_device_ops(u64 rdev);
void char_device_register(u64 rdev, const char *name, u32 mode,
                          const struct file_ops *ops); /* at boot only; shows in /dev */
void block_device_register(u64 rdev, const char *name, struct disk *disk);
struct disk *block_device_disk(u64 rdev);
/* The inode of a block device, whose mapping caches its blocks. A reference. */
struct inode *block_device_inode(struct disk *disk);

#endif
