/*
 * What the files of fs/ share among themselves: walking paths, making names, pipes, locks, and the waiters of poll.
 * Other folders use vfs.h.
 */
#ifndef GUEST_KERNEL_FS_INTERNAL_H
#define GUEST_KERNEL_FS_INTERNAL_H

#include "guest/kernel/fs/vfs.h"
#include "guest/kernel/proc/sched.h"

/* The last name of a path whose directory was walked to. */
struct last_name {
	char name[NAME_SIZE]; /* "" for the root, may be "." or ".." */
	bool slash;           /* slashes followed: it must be a directory */
};

/* --- namei.c --- */
/* path_walk with WALK_PARENT, and all there is to know of the last name. The directory's dentry with a reference. May
 * sleep. */
int path_walk_parent(struct task *task, int dirfd, const char *path, struct dentry **dir, struct last_name *last);
/* path_walk of a path in user memory; with AT_EMPTY_PATH in at_flags "" (or a null pointer) means dirfd itself. May
 * sleep. */
int path_walk_user(struct task *task, int dirfd, u64 path, u32 walk_flags, u32 at_flags, struct dentry **dentry);
/* Whether names may be added to or taken from the directory: 0, -EACCES, -EROFS, -ENOENT (it is gone). */
int may_change_directory(const struct dentry *dir, const struct process *process);
/* Makes what the negative dentry names; mode with its S_IF*, the umask is applied here. The directory's lock is held. 0
 * or a negative errno. May sleep. */
int name_create(struct task *task, struct dentry *dir, struct dentry *dentry, u32 mode, u64 rdev);
/* Gives a new inode to the process (the group of a set-group-id directory) and to the dentry. */
void name_instantiate(struct task *task, struct dentry *dir, struct dentry *dentry, struct inode *inode);

/* --- inode.c --- */
/* inode_permission for other ids than the file system ones: access(2). */
int inode_permission_as(const struct inode *inode, const struct process *process, u32 uid, u32 gid, u32 want);
/* Whether the process is in the group, by its file system id or a supplementary one. */
bool is_own_group(const struct process *process, u32 gid);
/* Now as mtime and ctime, or as ctime alone; marks the inode dirty. */
void inode_modified(struct inode *inode);
void inode_changed(struct inode *inode);
/* Drops all unused inodes of a file system; false: some are in use beside the one given. May sleep. */
bool inodes_drop_all(struct fs *fs, const struct inode *but);
/* A new st_dev for what has no disk. */
u64 device_number_anonymous(void);

/* --- dentry.c --- */
/* Hash of a name of `length` bytes in a directory. */
u32 dentry_hash(const struct dentry *dir, const char *name, u64 length);
/* The dentry if it is in memory, with a reference, or NULL. Does not sleep. */
struct dentry *dentry_find(struct dentry *dir, const char *name, u64 length, u32 hash);
/* Frees all unused dentries of a file system. May sleep. */
void dentry_drop_unused(const struct fs *fs);

/* --- file.c --- */
/* The open file of a descriptor, with a reference: 0, or -EBADF; O_PATH ones too only where `path_too`. */
int file_of(struct task *task, u64 fd, bool path_too, struct file **file);
bool file_can_seek(const struct file *file);
static inline bool file_may_read(const struct file *file)
{
	return (file->flags & O_ACCMODE) != O_WRONLY && !(file->flags & O_PATH);
}
static inline bool file_may_write(const struct file *file)
{
	return (file->flags & O_ACCMODE) != O_RDONLY && !(file->flags & O_PATH);
}

/* --- devfs.c --- */
extern const struct file_ops block_file_ops;

/* --- pipe.c --- */
extern const struct file_ops fifo_file_ops;
/* F_SETPIPE_SZ and F_GETPIPE_SZ: -EBADF where it is no pipe. */
i64 pipe_capacity(const struct file *file);

/* --- flock.c --- */
i64 flock_fcntl(struct task *task, struct file *file, u32 command, u64 argument);
i64 flock_whole(struct file *file, u32 operation);
/* A descriptor is closed: the process's POSIX locks on the inode go. */
void flock_release_posix(struct inode *inode, const struct files *owner);
/* The open file goes: its flock and OFD locks, too. */
void flock_release_file(struct file *file);

/* --- poll.c --- */
struct poll_entry {
	struct waiter waiter;
	struct file *file; /* a reference: the queue is its own */
};
#define POLL_FEW 6
struct poll_table {
	struct poll_entry *entries;
	unsigned count, room;
	bool overflow;     /* more queues than room: sleep for short times only */
	bool asks_only;    /* nobody will sleep: no waiters */
	bool has_edges;    /* the file counts its edges: */
	u64 edges;         /* see poll_edges() */
	struct file *file; /* whose poll is being called */
	struct poll_entry few[POLL_FEW];
};
/* A table for `files` files. 0 or -ENOMEM. May sleep. */
int poll_table_init(struct poll_table *table, u64 files);
/* What of `events` holds for the file; the table may be NULL. */
u32 poll_file(struct file *file, struct poll_table *table);
/* Sleeps until one of the queues is woken: 0, -EINTR, -ETIMEDOUT; the table is empty then. May sleep. */
int poll_table_sleep(struct poll_table *table, u64 deadline_ns);
void poll_table_empty(struct poll_table *table);
void poll_table_free(struct poll_table *table);
/* A timeout of a program to a deadline; a null pointer is FOREVER. 0, -EINVAL, -EFAULT. */
int deadline_from_user(u64 timespec, u64 *deadline_ns);
/* The signal mask for the time of ppoll, pselect6, epoll_pwait (null pointer: none). 0, -EINVAL, -EFAULT. */
int mask_from_user(struct task *task, u64 mask, u64 size);
/* Puts the old mask back, unless the signal's delivery is to do it (result is -EINTR or a restart). */
void mask_restore(struct task *task, u64 mask, i64 result);

/* --- epoll.c --- */
/* A watched file goes. */
void epoll_forget(struct file *file);

#endif
