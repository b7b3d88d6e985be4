/*
 * The calls that move bytes between open files and memory: read(2), pread(2), readv(2), write, lseek, sendfile(2),
 * copy_file_range(2).
 *
 * A large transfer is done in pieces; between two of them other tasks have their turn, and a killed one stops.
 */
#include "guest/kernel/fs/internal.h"

#include "guest/kernel/core/syscall.h"
#include "guest/kernel/mm/kmalloc.h"
#include "guest/kernel/proc/task.h"

#define TRANSFER_MAX 0x7ffff000ul /* of one call, as on Linux */
#define PIECE 0x40000ul
#define FEW_PARTS 8

/* --- one buffer --- */

static i64 transfer_piece(struct file *file, bool write, struct io *io, u64 *pos)
{
	i64 (*operation)(struct file *, struct io *, u64 *) = write ? file->ops->write : file->ops->read;

	if (likely(operation))
		return operation(file, io, pos);
	return file->inode && S_ISDIR(file->inode->mode) ? -EISDIR : -EINVAL;
}

/* Bytes that RLIMIT_FSIZE permits from the position on; 0 after SIGXFSZ. */
static u64 size_permitted(struct task *task, const struct file *file, u64 pos, u64 size)
{
	u64 limit = task->process->limits[RLIMIT_FSIZE].rlim_cur;

	if (limit == RLIM_INFINITY || !file->inode || !S_ISREG(file->inode->mode))
		return size;
	if (file->flags & O_APPEND)
		pos = file->inode->size;
	if (pos < limit)
		return MIN(size, limit - pos);
	signal_send_task(task, SIGXFSZ, NULL);
	return 0;
}

/* Whether a file never makes its reader wait for somebody: only such transfers are done in pieces. */
static bool is_storage(const struct file *file)
{
	return file->inode && (S_ISREG(file->inode->mode) || S_ISBLK(file->inode->mode) ||
	                       (S_ISCHR(file->inode->mode) && file->ops->seek));
}

static i64 transfer_large(struct task *task, struct file *file, bool write, struct io *io, u64 *pos)
{
	u64 total = 0, left = io->left;

	while (left) {
		u64 size = MIN(left, PIECE);
		i64 done;

		io->left = size;
		done = transfer_piece(file, write, io, pos);
		if (done < 0)
			return total ? (i64)total : done;
		total += (u64)done;
		left -= (u64)done;
		if ((u64)done < size || signal_is_fatal(task))
			break;
		sched_breathe();
	}
	return (i64)total;
}

/* Reads or writes at *pos: what all calls here come to. Bytes or a negative errno. May sleep. */
static i64 transfer(struct task *task, struct file *file, bool write, struct io *io, u64 *pos)
{
	struct process *process = task->process;
	i64 done;

	if (write && io->left) {
		io->left = size_permitted(task, file, *pos, io->left);
		if (!io->left)
			return -EFBIG;
	}
	if (likely(io->left <= PIECE) || !is_storage(file))
		done = transfer_piece(file, write, io, pos);
	else
		done = transfer_large(task, file, write, io, pos);
	if (write) {
		process->write_calls++;
		process->write_chars += done > 0 ? (u64)done : 0;
		if (done == -EPIPE)
			signal_send_task(task, SIGPIPE, NULL);
	} else {
		process->read_calls++;
		process->read_chars += done > 0 ? (u64)done : 0;
	}
	return done;
}

/* The file of a descriptor, with a reference, for reading or writing. */
static int get_file(struct task *task, u64 fd, bool write, struct file **file)
{
	*file = files_get(task->process->files, (int)fd);
	if (!*file)
		return -EBADF;
	if (write ? file_may_write(*file) : file_may_read(*file))
		return 0;
	file_put(*file);
	return -EBADF;
}

/* The position is the file's own: where others use it at the same time they wait. Returns whether to unlock it. */
static bool lock_position(struct file *file)
{
	if (likely(file->refs <= 2) || !file->inode || !(S_ISREG(file->inode->mode) || S_ISDIR(file->inode->mode)))
		return false;
	mutex_lock(&file->pos_lock);
	return true;
}

static i64 read_write(struct task *task, bool write, u64 fd, u64 address, u64 size)
{
	struct io io = { address, MIN(size, TRANSFER_MAX), false };
	struct file *file;
	i64 done = get_file(task, fd, write, &file);

	if (done)
		return done;
	if ((i64)size < 0) {
		done = -EINVAL;
	} else {
		bool locked = lock_position(file);

		done = transfer(task, file, write, &io, &file->pos);
		if (locked)
			mutex_unlock(&file->pos_lock);
	}
	file_put(file);
	return done;
}

i64 sys_read(struct task *task, const u64 arg[6])
{
	return read_write(task, false, arg[0], arg[1], arg[2]);
}

i64 sys_write(struct task *task, const u64 arg[6])
{
	return read_write(task, true, arg[0], arg[1], arg[2]);
}

static i64 read_write_at(struct task *task, bool write, const u64 arg[6])
{
	struct io io = { arg[1], MIN(arg[2], TRANSFER_MAX), false };
	u64 pos = arg[3];
	struct file *file;
	i64 done = (i64)pos < 0 || (i64)arg[2] < 0 ? -EINVAL : get_file(task, arg[0], write, &file);

	if (done)
		return done;
	done = file_can_seek(file) ? transfer(task, file, write, &io, &pos) : -ESPIPE;
	file_put(file);
	return done;
}

i64 sys_pread64(struct task *task, const u64 arg[6])
{
	return read_write_at(task, false, arg);
}

i64 sys_pwrite64(struct task *task, const u64 arg[6])
{
	return read_write_at(task, true, arg);
}

/* --- several buffers --- */

struct parts {
	struct abi_iovec *iov;
	u64 count, total;
	struct abi_iovec few[FEW_PARTS];
};

static void parts_free(struct parts *parts)
{
	if (parts->iov != parts->few)
		kfree(parts->iov);
}

/* The program's iovecs. 0, -EINVAL, -EFAULT, -ENOMEM; on success free them. */
static int parts_load(struct parts *parts, u64 user, u64 count)
{
	int error = 0;

	if (count > IOV_MAX)
		return -EINVAL;
	parts->iov = parts->few;
	parts->count = count;
	parts->total = 0;
	if (count > FEW_PARTS) {
		parts->iov = kmalloc(count * sizeof(*parts->iov));
		if (!parts->iov)
			return -ENOMEM;
	}
	if (copy_from_user(parts->iov, user, count * sizeof(*parts->iov)))
		error = -EFAULT;
	for (u64 i = 0; !error && i < count; i++) {
		u64 *size = &parts->iov[i].iov_len;

		if ((i64)*size < 0)
			error = -EINVAL;
		*size = MIN(*size, TRANSFER_MAX - parts->total);
		parts->total += *size;
	}
	if (error)
		parts_free(parts);
	return error;
}

/* A write to a pipe that must not be mixed with others': first into one buffer. */
static i64 write_gathered(struct task *task, struct file *file, struct parts *parts, u64 *pos)
{
	u8 *buffer = kmalloc(parts->total);
	struct io io = { (u64)buffer, parts->total, true };
	u64 at = 0;
	i64 done = buffer ? 0 : -ENOMEM;

	for (u64 i = 0; !done && i < parts->count; i++) {
		done = copy_from_user(buffer + at, parts->iov[i].iov_base, parts->iov[i].iov_len);
		at += parts->iov[i].iov_len;
	}
	if (!done)
		done = transfer(task, file, true, &io, pos);
	kfree(buffer);
	return done;
}

/* Whether a read after one that got something would have to wait. */
static bool would_wait(struct file *file)
{
	return file->ops->poll && !(file->ops->poll(file, NULL) & POLLIN);
}

static i64 transfer_parts(struct task *task, struct file *file, bool write, struct parts *parts, u64 *pos)
{
	u64 total = 0;

	if (write && parts->count > 1 && parts->total && parts->total <= PAGE_SIZE && file->inode &&
	    S_ISFIFO(file->inode->mode))
		return write_gathered(task, file, parts, pos);
	for (u64 i = 0; i < parts->count; i++) {
		struct io io = { parts->iov[i].iov_base, parts->iov[i].iov_len, false };
		u64 size = io.left;
		i64 done;

		if (!size)
			continue;
		if (!write && total && would_wait(file))
			break;
		done = transfer(task, file, write, &io, pos);
		if (done < 0)
			return total ? (i64)total : done;
		total += (u64)done;
		if ((u64)done < size)
			break;
	}
	return (i64)total;
}

/* at: the position, or NULL: the file's own. */
static i64 vectored(struct task *task, bool write, u64 fd, u64 iov, u64 count, const u64 *at)
{
	struct parts parts;
	struct file *file;
	u64 pos = at ? *at : 0;
	i64 done = (i64)pos < 0 ? -EINVAL : get_file(task, fd, write, &file);

	if (done)
		return done;
	if (at && !file_can_seek(file))
		done = -ESPIPE;
	if (!done)
		done = parts_load(&parts, iov, count);
	if (!done) {
		bool locked = !at && lock_position(file);

		done = transfer_parts(task, file, write, &parts, at ? &pos : &file->pos);
		if (locked)
			mutex_unlock(&file->pos_lock);
		parts_free(&parts);
	}
	file_put(file);
	return done;
}

i64 sys_readv(struct task *task, const u64 arg[6])
{
	return vectored(task, false, arg[0], arg[1], arg[2], NULL);
}

i64 sys_writev(struct task *task, const u64 arg[6])
{
	return vectored(task, true, arg[0], arg[1], arg[2], NULL);
}

i64 sys_preadv(struct task *task, const u64 arg[6])
{
	return vectored(task, false, arg[0], arg[1], arg[2], &arg[3]);
}

i64 sys_pwritev(struct task *task, const u64 arg[6])
{
	return vectored(task, true, arg[0], arg[1], arg[2], &arg[3]);
}

/* preadv2, pwritev2: position -1 is the file's own. The flags that only hint are taken. */
static i64 vectored_flags(struct task *task, bool write, const u64 arg[6])
{
	if (arg[5] & ~(u64)(RWF_HIPRI | RWF_DSYNC | RWF_SYNC))
		return -EOPNOTSUPP;
	return vectored(task, write, arg[0], arg[1], arg[2], arg[3] == (u64)-1 ? NULL : &arg[3]);
}

i64 sys_preadv2(struct task *task, const u64 arg[6])
{
	return vectored_flags(task, false, arg);
}

i64 sys_pwritev2(struct task *task, const u64 arg[6])
{
	return vectored_flags(task, true, arg);
}

/* --- position --- */

static i64 seek(struct file *file, i64 offset, int whence)
{
	i64 size = file->inode ? (i64)file->inode->size : 0, target = offset;

	if (file->ops->seek)
		return file->ops->seek(file, offset, whence);
	if (!file_can_seek(file))
		return -ESPIPE;
	switch (whence) {
	case SEEK_SET:
		break;
	case SEEK_CUR:
	case SEEK_END:
		if (__builtin_add_overflow(whence == SEEK_CUR ? (i64)file->pos : size, offset, &target))
			return -EOVERFLOW;
		break;
	case SEEK_DATA: /* all is data, but the end */
	case SEEK_HOLE:
		if (offset < 0 || offset >= size)
			return -ENXIO;
		target = whence == SEEK_DATA ? offset : size;
		break;
	default:
		return -EINVAL;
	}
	if (target < 0)
		return -EINVAL;
	file->pos = (u64)target;
	return target;
}

i64 sys_lseek(struct task *task, const u64 arg[6])
{
	struct file *file;
	i64 result = file_of(task, arg[0], false, &file);

	if (result)
		return result;
	if ((u32)arg[2] > SEEK_HOLE) {
		result = -EINVAL;
	} else {
		bool locked = lock_position(file);

		result = seek(file, (i64)arg[1], (int)arg[2]);
		if (locked)
			mutex_unlock(&file->pos_lock);
	}
	file_put(file);
	return result;
}

/* --- from file to file --- */

/* Copies through a page of the kernel's. Bytes, or a negative errno if none. What was read and not written is not lost:
 * *from goes back. */
static i64 copy(struct task *task, struct file *in, u64 *from, struct file *out, u64 *to, u64 size)
{
	struct frame *frame = frame_alloc(FRAME_KERNEL, 0);
	u64 total = 0;
	i64 done = frame ? 0 : -ENOMEM;

	while (frame && total < size && !signal_is_fatal(task)) {
		struct io io = { (u64)frame_data(frame), MIN(size - total, PAGE_SIZE), true };
		u64 start = *from;
		i64 got;

		if (total && would_wait(in))
			break;
		got = done = transfer(task, in, false, &io, from);
		if (got <= 0)
			break;
		io = (struct io){ (u64)frame_data(frame), (u64)got, true };
		done = transfer(task, out, true, &io, to);
		total += done > 0 ? (u64)done : 0;
		if (done < got) {
			*from = start + (done > 0 ? (u64)done : 0);
			break;
		}
		if (total % PIECE == 0)
			sched_breathe();
	}
	if (frame)
		frame_put(frame);
	return total ? (i64)total : done;
}

/* Two files, for reading and for writing, both with references. */
static int get_pair(struct task *task, u64 in_fd, struct file **in, u64 out_fd, struct file **out)
{
	int error = get_file(task, in_fd, false, in);

	if (error)
		return error;
	error = get_file(task, out_fd, true, out);
	if (error)
		file_put(*in);
	return error;
}

i64 sys_sendfile(struct task *task, const u64 arg[6])
{
	struct file *in, *out;
	u64 pos = 0, size = MIN(arg[3], TRANSFER_MAX);
	i64 done;

	if (arg[2] && load_user_u64(arg[2], &pos))
		return -EFAULT;
	if ((i64)pos < 0 || (i64)arg[3] < 0)
		return -EINVAL;
	done = get_pair(task, arg[1], &in, arg[0], &out);
	if (done)
		return done;
	if (!in->inode || !(S_ISREG(in->inode->mode) || S_ISBLK(in->inode->mode)) || (out->flags & O_APPEND))
		done = -EINVAL;
	else
		done = copy(task, in, arg[2] ? &pos : &in->pos, out, &out->pos, size);
	file_put(in);
	file_put(out);
	if (done >= 0 && arg[2] && store_user_u64(arg[2], pos))
		return -EFAULT;
	return done;
}

static i64 check_copy_range(const struct file *in, u64 from, const struct file *out, u64 to, u64 size)
{
	if (!in->inode || !out->inode)
		return -EINVAL;
	if (S_ISDIR(in->inode->mode) || S_ISDIR(out->inode->mode))
		return -EISDIR;
	if (!S_ISREG(in->inode->mode) || !S_ISREG(out->inode->mode))
		return -EINVAL;
	if (out->flags & O_APPEND)
		return -EBADF;
	if ((i64)from < 0 || (i64)to < 0 || (i64)(from + size) < 0 || (i64)(to + size) < 0)
		return -EOVERFLOW;
	if (in->inode == out->inode && from < to + size && to < from + size)
		return -EINVAL;
	return 0;
}

i64 sys_copy_file_range(struct task *task, const u64 arg[6])
{
	u64 from = 0, to = 0, size = MIN(arg[4], TRANSFER_MAX);
	struct file *in, *out;
	i64 done;

	if ((arg[1] && load_user_u64(arg[1], &from)) || (arg[3] && load_user_u64(arg[3], &to)))
		return -EFAULT;
	if (arg[5])
		return -EINVAL;
	done = get_pair(task, arg[0], &in, arg[2], &out);
	if (done)
		return done;
	from = arg[1] ? from : in->pos;
	to = arg[3] ? to : out->pos;
	done = check_copy_range(in, from, out, to, size);
	if (!done)
		done = copy(task, in, &from, out, &to, size);
	if (done > 0 && !arg[1])
		in->pos = from;
	if (done > 0 && !arg[3])
		out->pos = to;
	file_put(in);
	file_put(out);
	if (done > 0 && ((arg[1] && store_user_u64(arg[1], from)) || (arg[3] && store_user_u64(arg[3], to))))
		return -EFAULT;
	return done;
}
