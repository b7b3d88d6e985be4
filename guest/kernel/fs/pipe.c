/*
 * Pipes and FIFOs: a ring of 64 KiB between who writes and who reads. pipe(7), fifo(7).
 *
 * Positions only count up; the byte at a position is in page (position / 4096) % 16, and a page is there only while it
 * holds bytes, but for one. When the ring runs empty both positions go back to the start of their page, so that a
 * conversation of small messages always uses the same page. The mutex is held while bytes are copied, because a user
 * copy may sleep.
 */
#include "guest/kernel/fs/internal.h"

#include "guest/abi/termios.h"
#include "guest/kernel/core/time.h"
#include "guest/kernel/mm/kmalloc.h"

#define PIPE_PAGES 16
#define PIPE_SIZE (PIPE_PAGES * PAGE_SIZE)
#define PIPE_ATOMIC PAGE_SIZE /* PIPE_BUF: what is written so is never mixed with other writers' bytes */

struct pipe {
	struct mutex lock; /* of the ring; outside mm->lock */
	struct wait_queue readable, writable;
	u64 head, tail; /* next byte to be read; where the next one is written */
	void *pages[PIPE_PAGES];
	u32 readers, writers;               /* open files */
	u32 readers_opened, writers_opened; /* since ever: an opener waits until it changes */
	u64 filled, drained;                /* times that something came in; that room came about: epoll's edges */
};

/* All pipes' pages. Beyond a sixteenth of the memory each pipe gets but one. */
static u64 pages_in_use;

static struct pipe *pipe_new(void)
{
	struct pipe *pipe = kmalloc(sizeof(*pipe));

	if (!pipe)
		return NULL;
	mutex_init(&pipe->lock);
	wait_queue_init(&pipe->readable);
	wait_queue_init(&pipe->writable);
	return pipe;
}

static void free_page(struct pipe *pipe, unsigned slot)
{
	if (!pipe->pages[slot])
		return;
	frame_put(frame_of_virtual(pipe->pages[slot]));
	pipe->pages[slot] = NULL;
	pages_in_use--;
}

static void pipe_free(struct pipe *pipe)
{
	for (unsigned slot = 0; slot < PIPE_PAGES; slot++)
		free_page(pipe, slot);
	kfree(pipe);
}

static unsigned slot_of(u64 position)
{
	return position / PAGE_SIZE % PIPE_PAGES;
}

static u64 room_of(const struct pipe *pipe)
{
	u64 size = pages_in_use > frame_table.count / 16 ? PAGE_SIZE : PIPE_SIZE, used = pipe->tail - pipe->head;

	return size > used ? size - used : 0;
}

/* Copies out what is there, at most what io wants. Lock held. Bytes, or -EFAULT if none. May sleep. */
static i64 take(struct pipe *pipe, struct io *io)
{
	u64 total = 0;

	while (io->left && pipe->head != pipe->tail) {
		unsigned slot = slot_of(pipe->head);
		u64 offset = pipe->head % PAGE_SIZE;
		u64 size = MIN(pipe->tail - pipe->head, PAGE_SIZE - offset);
		i64 done = io_write(io, (u8 *)pipe->pages[slot] + offset, size);

		if (done <= 0)
			return total ? (i64)total : done;
		total += (u64)done;
		pipe->head += (u64)done;
		if (pipe->head == pipe->tail && pipe->head % PAGE_SIZE)
			pipe->head = pipe->tail = ROUND_DOWN(pipe->head, PAGE_SIZE);
		else if (!(pipe->head % PAGE_SIZE) && pipe->tail - pipe->head <= PIPE_SIZE - PAGE_SIZE)
			free_page(pipe, slot); /* else the newest bytes have come round to it */
	}
	return (i64)total;
}

/* Copies in at most `room` bytes. Lock held. Bytes, or -EFAULT, -ENOMEM if none. May sleep. */
static i64 give(struct pipe *pipe, struct io *io, u64 room)
{
	u64 total = 0;

	while (io->left && total < room) {
		unsigned slot = slot_of(pipe->tail);
		u64 offset = pipe->tail % PAGE_SIZE;
		i64 done = -ENOMEM;

		if (!pipe->pages[slot]) {
			struct frame *frame = frame_alloc(FRAME_KERNEL, 0);

			if (frame) {
				pipe->pages[slot] = frame_data(frame);
				pages_in_use++;
			}
		}
		if (pipe->pages[slot])
			done = io_read(io, (u8 *)pipe->pages[slot] + offset, MIN(room - total, PAGE_SIZE - offset));
		if (done <= 0)
			return total ? (i64)total : done;
		total += (u64)done;
		pipe->tail += (u64)done;
	}
	return (i64)total;
}

static i64 pipe_read(struct file *file, struct io *io, u64 *pos)
{
	struct pipe *pipe = file->private;

	(void)pos;
	if (!io->left)
		return 0;
	for (;;) {
		if (pipe->head != pipe->tail) {
			bool was_full;
			i64 done;

			mutex_lock(&pipe->lock);
			was_full = room_of(pipe) < PIPE_ATOMIC;
			done = take(pipe, io);
			mutex_unlock(&pipe->lock);
			if (done > 0 && room_of(pipe) >= PIPE_ATOMIC) {
				pipe->drained += was_full;
				wake_all(&pipe->writable); /* in any case: the size itself may have grown */
			}
			if (done)
				return done;
			continue; /* another reader had it */
		}
		if (!pipe->writers)
			return 0;
		if (file->flags & O_NONBLOCK)
			return -EAGAIN;
		if (sleep_on(&pipe->readable, SLEEP_SIGNAL, FOREVER))
			return -ERESTARTSYS;
	}
}

static i64 pipe_write(struct file *file, struct io *io, u64 *pos)
{
	struct pipe *pipe = file->private;
	u64 total = 0, at_once = MIN(io->left, PIPE_ATOMIC);
	i64 done = 0;

	(void)pos;
	while (io->left) {
		if (!pipe->readers)
			return total ? (i64)total : -EPIPE;
		if (room_of(pipe) >= MIN(at_once, io->left)) {
			mutex_lock(&pipe->lock);
			done = room_of(pipe) >= MIN(at_once, io->left) ? give(pipe, io, room_of(pipe)) : 0;
			mutex_unlock(&pipe->lock);
			if (done > 0) {
				pipe->filled++;
				wake_all(&pipe->readable);
			}
			if (done < 0)
				return total ? (i64)total : done;
			total += (u64)done;
			continue;
		}
		if ((file->flags & O_NONBLOCK) && io->left > PIPE_ATOMIC && room_of(pipe)) {
			at_once = 1; /* of a large write whatever there is room for */
			continue;
		}
		if (file->flags & O_NONBLOCK)
			return total ? (i64)total : -EAGAIN;
		if (sleep_on(&pipe->writable, SLEEP_SIGNAL, FOREVER))
			return total ? (i64)total : -ERESTARTSYS;
	}
	return (i64)total;
}

static u32 pipe_poll(struct file *file, struct poll_table *table)
{
	struct pipe *pipe = file->private;
	u32 events = 0;

	if (file_may_read(file)) {
		poll_wait(table, &pipe->readable);
		poll_edges(table, pipe->filled);
		if (pipe->head != pipe->tail)
			events |= POLLIN | POLLRDNORM;
		if (!pipe->writers && pipe->writers_opened)
			events |= POLLHUP;
	}
	if (file_may_write(file)) {
		poll_wait(table, &pipe->writable);
		poll_edges(table, pipe->drained);
		if (room_of(pipe) >= PIPE_ATOMIC)
			events |= POLLOUT | POLLWRNORM;
		if (!pipe->readers)
			events |= POLLERR;
	}
	return events;
}

static i64 pipe_ioctl(struct file *file, struct task *task, u64 request, u64 argument)
{
	struct pipe *pipe = file->private;

	(void)task;
	if ((u32)request != FIONREAD)
		return -ENOTTY;
	return store_user_u32(argument, (u32)(pipe->tail - pipe->head));
}

static i64 pipe_seek(struct file *file, i64 offset, int whence)
{
	(void)file;
	(void)offset;
	(void)whence;
	return -ESPIPE;
}

static void pipe_release(struct file *file)
{
	struct pipe *pipe = file->private;

	if (file_may_read(file) && !--pipe->readers)
		wake_all(&pipe->writable);
	if (file_may_write(file) && !--pipe->writers)
		wake_all(&pipe->readable);
	pipe->filled++;
	pipe->drained++;
	wake_all(&pipe->readable); /* who polls may wait for the other side */
	if (!pipe->readers && !pipe->writers) {
		file->inode->pipe = NULL;
		pipe_free(pipe);
	}
}

/* Waits until the other side is opened; its count was `before`. */
static int wait_for_other(const u32 *opened, u32 before, struct wait_queue *queue)
{
	while (*opened == before)
		if (sleep_on(queue, SLEEP_SIGNAL, FOREVER))
			return -ERESTARTSYS;
	return 0;
}

/* open(2) of a FIFO: each side waits for the other, but O_NONBLOCK and O_RDWR do not, nor who opens a pipe again by
 * /proc/PID/fd (which has no file system). */
static int fifo_open(struct file *file)
{
	struct inode *inode = file->inode;
	bool reads = file_may_read(file), writes = file_may_write(file), is_fifo = inode->fs;
	bool waits = is_fifo && !(file->flags & O_NONBLOCK);
	struct pipe *pipe = inode->pipe;
	int error = 0;

	if (!pipe) {
		pipe = pipe_new();
		if (!pipe)
			return -ENOMEM;
		if (inode->pipe) { /* another task was faster while we slept */
			pipe_free(pipe);
			pipe = inode->pipe;
		}
	}
	if (writes && !reads && is_fifo && !waits && !pipe->readers) {
		if (!inode->pipe)
			pipe_free(pipe);
		return -ENXIO;
	}
	inode->pipe = file->private = pipe;
	if (reads) {
		pipe->readers++;
		pipe->readers_opened++;
		wake_all(&pipe->writable);
	}
	if (writes) {
		pipe->writers++;
		pipe->writers_opened++;
		wake_all(&pipe->readable);
	}
	if (waits && reads && !writes && !pipe->writers)
		error = wait_for_other(&pipe->writers_opened, pipe->writers_opened, &pipe->readable);
	if (waits && writes && !reads && !pipe->readers)
		error = wait_for_other(&pipe->readers_opened, pipe->readers_opened, &pipe->writable);
	if (error)
		pipe_release(file);
	return error;
}

const struct file_ops fifo_file_ops = {
	.read = pipe_read,
	.write = pipe_write,
	.poll = pipe_poll,
	.ioctl = pipe_ioctl,
	.open = fifo_open,
	.release = pipe_release,
	.seek = pipe_seek,
};

/* A file for one end; takes a reference to the inode. */
static struct file *pipe_end(struct inode *inode, u32 flags)
{
	struct file *file = file_new(&fifo_file_ops, flags);

	if (!file)
		return NULL;
	file->private = inode->pipe;
	file->label = "pipe:";
	inode_get(file->inode = inode);
	return file;
}

static struct inode *pipe_inode(void)
{
	struct inode *inode = inode_new_unhashed(NULL);

	if (!inode)
		return NULL;
	inode->mode = S_IFIFO | 0600;
	inode->nlink = 1;
	inode->atime = inode->mtime = inode->ctime = time_stamp();
	inode->pipe = pipe_new();
	if (!inode->pipe) {
		inode_put(inode);
		return NULL;
	}
	return inode;
}

int pipe_create(struct file *ends[2], u32 flags)
{
	struct inode *inode = pipe_inode();
	struct pipe *pipe;

	if (!inode)
		return -ENOMEM;
	pipe = inode->pipe;
	pipe->readers = pipe->readers_opened = pipe->writers = pipe->writers_opened = 1;
	ends[0] = pipe_end(inode, O_RDONLY | flags);
	ends[1] = ends[0] ? pipe_end(inode, O_WRONLY | flags) : NULL;
	if (!ends[0]) {
		pipe_free(pipe);
		inode->pipe = NULL;
	} else if (!ends[1]) {
		pipe->writers = 0; /* the reader's release frees it */
		file_put(ends[0]);
	}
	inode_put(inode); /* the files hold it */
	return ends[1] ? 0 : -ENOMEM;
}

i64 pipe_capacity(const struct file *file)
{
	return file->inode && S_ISFIFO(file->inode->mode) ? (i64)PIPE_SIZE : -EBADF;
}
