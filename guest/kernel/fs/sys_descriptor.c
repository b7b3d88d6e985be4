/*
 * The calls on descriptors as such: dup, close, fcntl(2), ioctl's general requests, flock, pipe2, memfd_create.
 */
#include "guest/kernel/fs/internal.h"

#include "guest/abi/termios.h"
#include "guest/kernel/core/syscall.h"
#include "guest/kernel/mm/kmalloc.h"
#include "guest/kernel/mm/shmem.h"
#include "guest/kernel/proc/task.h"

#define SETTABLE_FLAGS (O_APPEND | O_NONBLOCK | O_ASYNC | O_DIRECT | O_NOATIME)
#define MFD_CLOEXEC 1u
#define MFD_ALLOW_SEALING 2u
#define MFD_NAME_MAX 250
#define FIGETBSZ 2u

static u64 descriptor_limit(const struct task *task)
{
	return MIN(task->process->limits[RLIMIT_NOFILE].rlim_cur, (u64)FILES_MAX);
}

static bool is_close_on_exec(const struct files *files, unsigned fd)
{
	return files->close_on_exec[fd / 64] >> fd % 64 & 1;
}

static void set_close_on_exec(struct files *files, unsigned fd, bool on)
{
	u64 bit = 1ul << fd % 64;

	if (on)
		files->close_on_exec[fd / 64] |= bit;
	else
		files->close_on_exec[fd / 64] &= ~bit;
}

/* A further descriptor; takes over the reference. */
static i64 add(struct task *task, struct file *file, u64 lowest, bool close_on_exec)
{
	int fd = files_add(task->process->files, file, (int)lowest, close_on_exec, descriptor_limit(task));

	if (fd < 0)
		file_put(file);
	return fd;
}

/* --- dup, close --- */

i64 sys_dup(struct task *task, const u64 arg[6])
{
	struct file *file;
	int error = file_of(task, arg[0], true, &file);

	return error ? error : add(task, file, 0, false);
}

i64 sys_dup3(struct task *task, const u64 arg[6])
{
	struct files *files = task->process->files;
	u64 to = (u32)arg[1];
	struct file *file;
	i64 fd;

	if ((arg[2] & ~(u64)O_CLOEXEC) || (u32)arg[0] == to)
		return -EINVAL;
	if (to >= descriptor_limit(task))
		return -EBADF;
	fd = file_of(task, arg[0], true, &file);
	if (fd)
		return fd;
	do { /* another thread may take the number while we sleep */
		(void)files_close(files, (int)to);
		fd = files_add(files, file, (int)to, arg[2] & O_CLOEXEC, to + 1);
	} while (fd == -EMFILE);
	if (fd < 0)
		file_put(file);
	return fd;
}

i64 sys_close(struct task *task, const u64 arg[6])
{
	return files_close(task->process->files, (int)arg[0]);
}

i64 sys_close_range(struct task *task, const u64 arg[6])
{
	struct files *files = task->process->files;
	u32 first = (u32)arg[0], last = (u32)arg[1];

	if (first > last || (arg[2] & ~(u64)(CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC)))
		return -EINVAL;
	if (arg[2] & CLOSE_RANGE_UNSHARE) {
		struct files *own = files->refs > 1 ? files_copy(files) : files;

		if (!own)
			return -ENOMEM;
		if (own != files) {
			task->process->files = own;
			files_put(files);
			files = own;
		}
	}
	for (u32 fd = first; fd <= last && fd < files->room; fd++) {
		if (!files->table[fd])
			continue;
		if (arg[2] & CLOSE_RANGE_CLOEXEC)
			set_close_on_exec(files, fd, true);
		else
			(void)files_close(files, (int)fd);
	}
	return 0;
}

/* --- fcntl --- */

static i64 get_flags(const struct file *file)
{
	return file->flags & ~(u32)O_CLOEXEC;
}

static i64 set_flags(struct file *file, u64 flags)
{
	file->flags = (file->flags & ~(u32)SETTABLE_FLAGS) | (flags & SETTABLE_FLAGS);
	return 0;
}

/* Locks, and the race of a lock with a close of its descriptor: the lock must not outlive it. */
static i64 lock_range(struct task *task, struct file *file, int fd, u32 command, u64 argument)
{
	i64 result = file->flags & O_PATH ? -EBADF : flock_fcntl(task, file, command, argument);
	struct files *files = task->process->files;

	if (!result && (command == F_SETLK || command == F_SETLKW) &&
	    ((unsigned)fd >= files->room || files->table[fd] != file) && file->inode) {
		flock_release_posix(file->inode, files);
		return -EBADF;
	}
	return result;
}

struct f_owner_ex {
	i32 type; /* F_OWNER_TID 0, PID 1, PGRP 2 */
	i32 pid;
};

static i64 owner_ex(struct file *file, bool set, u64 user)
{
	struct f_owner_ex owner = { file->owner_pid < 0 ? 2 : 1,
		                    file->owner_pid < 0 ? -file->owner_pid : file->owner_pid };

	if (!set)
		return copy_to_user(user, &owner, sizeof(owner));
	if (copy_from_user(&owner, user, sizeof(owner)))
		return -EFAULT;
	if (owner.type < 0 || owner.type > 2 || owner.pid < 0)
		return -EINVAL;
	file->owner_pid = owner.type == 2 ? -owner.pid : owner.pid;
	return 0;
}

static i64 do_fcntl(struct task *task, struct file *file, int fd, u32 command, u64 argument)
{
	struct files *files = task->process->files;

	switch (command) {
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
		if ((u32)argument >= descriptor_limit(task))
			return -EINVAL;
		file_get(file);
		return add(task, file, (u32)argument, command == F_DUPFD_CLOEXEC);
	case F_GETFD:
		return is_close_on_exec(files, (unsigned)fd) ? FD_CLOEXEC : 0;
	case F_SETFD:
		set_close_on_exec(files, (unsigned)fd, argument & FD_CLOEXEC);
		return 0;
	case F_GETFL:
		return get_flags(file);
	default:
		break;
	}
	if (file->flags & O_PATH)
		return -EBADF;
	switch (command) {
	case F_SETFL:
		return set_flags(file, argument);
	case F_GETLK:
	case F_SETLK:
	case F_SETLKW:
	case F_OFD_GETLK:
	case F_OFD_SETLK:
	case F_OFD_SETLKW:
		return lock_range(task, file, fd, command, argument);
	case F_GETOWN:
		return file->owner_pid;
	case F_SETOWN:
		file->owner_pid = (int)argument;
		return 0;
	case F_GETSIG:
		return file->owner_signal;
	case F_SETSIG:
		if (argument > SIGNALS)
			return -EINVAL;
		file->owner_signal = (int)argument;
		return 0;
	case F_GETOWN_EX:
	case F_SETOWN_EX:
		return owner_ex(file, command == F_SETOWN_EX, argument);
	case F_GETPIPE_SZ:
		return pipe_capacity(file);
	case F_SETPIPE_SZ: /* it stays as it is, which is at least what most ask for */
		return (u32)argument > pipe_capacity(file) && pipe_capacity(file) > 0 ? -EPERM : pipe_capacity(file);
	case F_GETLEASE:
		return F_UNLCK;
	default:
		return -EINVAL;
	}
}

i64 sys_fcntl(struct task *task, const u64 arg[6])
{
	struct file *file;
	i64 result = file_of(task, arg[0], true, &file);

	if (result)
		return result;
	result = do_fcntl(task, file, (int)arg[0], (u32)arg[1], arg[2]);
	file_put(file);
	return result;
}

i64 sys_flock(struct task *task, const u64 arg[6])
{
	struct file *file;
	i64 result = file_of(task, arg[0], false, &file);

	if (result)
		return result;
	result = flock_whole(file, (u32)arg[1]);
	file_put(file);
	return result;
}

/* --- ioctl --- */

static i64 set_flag_from_user(struct file *file, u32 flag, u64 user)
{
	u32 on;

	if (load_user_u32(user, &on))
		return -EFAULT;
	file->flags = on ? file->flags | flag : file->flags & ~flag;
	return 0;
}

static i64 do_ioctl(struct task *task, struct file *file, unsigned fd, u64 request, u64 argument)
{
	struct inode *inode = file->inode;
	i64 result = -ENOTTY;

	switch ((u32)request) {
	case FIOCLEX:
	case FIONCLEX:
		set_close_on_exec(task->process->files, fd, (u32)request == FIOCLEX);
		return 0;
	case FIONBIO:
		return set_flag_from_user(file, O_NONBLOCK, argument);
	case FIOASYNC:
		return set_flag_from_user(file, O_ASYNC, argument);
	default:
		break;
	}
	if (file->ops->ioctl)
		result = file->ops->ioctl(file, task, request, argument);
	if (result != -ENOTTY || !inode || !S_ISREG(inode->mode))
		return result;
	if ((u32)request == FIONREAD)
		return store_user_u32(argument, (u32)(inode->size > file->pos ? inode->size - file->pos : 0));
	if ((u32)request == FIGETBSZ)
		return store_user_u32(argument, PAGE_SIZE);
	return -ENOTTY;
}

i64 sys_ioctl(struct task *task, const u64 arg[6])
{
	struct file *file;
	i64 result = file_of(task, arg[0], false, &file);

	if (result)
		return result;
	result = do_ioctl(task, file, (unsigned)arg[0], arg[1], arg[2]);
	file_put(file);
	return result;
}

/* --- files without names --- */

i64 sys_pipe2(struct task *task, const u64 arg[6])
{
	struct files *files = task->process->files;
	u32 flags = (u32)arg[1];
	struct file *ends[2];
	i32 fds[2];
	int error;

	if (flags & ~(u32)(O_CLOEXEC | O_NONBLOCK | O_DIRECT))
		return -EINVAL;
	error = pipe_create(ends, flags & O_NONBLOCK);
	if (error)
		return error;
	fds[0] = (i32)add(task, ends[0], 0, flags & O_CLOEXEC);
	fds[1] = fds[0] < 0 ? fds[0] : (i32)add(task, ends[1], 0, flags & O_CLOEXEC);
	if (fds[0] < 0)
		file_put(ends[1]);
	error = fds[1] < 0 ? fds[1] : copy_to_user(arg[0], fds, sizeof(fds));
	if (error && fds[0] >= 0)
		(void)files_close(files, fds[0]);
	if (error && fds[1] >= 0)
		(void)files_close(files, fds[1]);
	return error;
}

i64 sys_memfd_create(struct task *task, const u64 arg[6])
{
	char name[MFD_NAME_MAX];
	struct file *file;
	i64 result;

	if (arg[1] & ~(u64)(MFD_CLOEXEC | MFD_ALLOW_SEALING))
		return -EINVAL;
	result = string_from_user(name, arg[0], sizeof(name));
	if (result < 0)
		return result == -ENAMETOOLONG ? -EINVAL : result;
	result = shmem_create(name, 0, &file);
	return result ? result : add(task, file, 0, arg[1] & MFD_CLOEXEC);
}
