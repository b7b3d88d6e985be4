/*
 * What the devices do that are no hardware of their own (null(4), full(4), random(4), kmsg), and block devices as
 * files, whose blocks are pages of the page cache. Hardware is in dev/.
 */
#include "guest/kernel/fs/devices.h"

#include "guest/kernel/core/print.h"
#include "guest/kernel/core/random.h"
#include "guest/kernel/dev/disk.h"
#include "guest/kernel/fs/internal.h"
#include "guest/kernel/mm/mm.h"
#include "guest/kernel/mm/shmem.h"
#include "guest/kernel/proc/task.h"

#define RANDOM_AT_ONCE 128
#define MESSAGE_SIZE 192
#define SECTORS_PER_PAGE (PAGE_SIZE / 512)

/* --- null, zero, full --- */

static i64 null_read(struct file *file, struct io *io, u64 *pos)
{
	(void)file;
	(void)io;
	(void)pos;
	return 0;
}

static i64 null_write(struct file *file, struct io *io, u64 *pos)
{
	i64 size = (i64)io->left;

	(void)file;
	(void)pos;
	io->at += io->left;
	io->left = 0;
	return size;
}

static i64 null_seek(struct file *file, i64 offset, int whence)
{
	(void)offset;
	(void)whence;
	file->pos = 0;
	return 0;
}

static i64 zero_read(struct file *file, struct io *io, u64 *pos)
{
	i64 total = 0;

	(void)file;
	(void)pos;
	while (io->left && !signal_is_fatal(current_task)) {
		u64 size = MIN(io->left, PAGE_SIZE);
		i64 done = io_zero(io, size);

		if (done <= 0)
			return total ? total : done;
		total += done;
		if ((u64)done < size)
			break;
	}
	return total;
}

static i64 full_write(struct file *file, struct io *io, u64 *pos)
{
	(void)file;
	(void)pos;
	return io->left ? -ENOSPC : 0;
}

/* A private mapping of zeros is anonymous memory; a shared one is a shared memory of its own. The region's reference to
 * the device is given back. */
static int zero_mmap(struct file *file, struct region *region)
{
	struct file *shared = NULL;
	int error = 0;

	if (region->flags & REGION_SHARED)
		error = shmem_create(NULL, region->end - region->start, &shared);
	if (error)
		return error;
	region->file = shared;
	region->offset = 0;
	file_put(file);
	return 0;
}

static const struct file_ops null_ops = { .read = null_read, .write = null_write, .seek = null_seek };
static const struct file_ops full_ops = { .read = zero_read, .write = full_write, .seek = null_seek };
static const struct file_ops zero_ops = {
	.read = zero_read,
	.write = null_write,
	.seek = null_seek,
	.mmap = zero_mmap,
};

/* --- random --- */

static i64 random_read(struct file *file, struct io *io, u64 *pos)
{
	u8 bytes[RANDOM_AT_ONCE];
	i64 total = 0;

	(void)file;
	(void)pos;
	while (io->left && !signal_is_fatal(current_task)) {
		u64 size = MIN(io->left, sizeof(bytes));
		i64 done;

		random_fill(bytes, size);
		done = io_write(io, bytes, size);
		if (done <= 0)
			return total ? total : done;
		total += done;
		if ((u64)done < size)
			break;
	}
	return total;
}

static const struct file_ops random_ops = { .read = random_read, .write = null_write, .seek = null_seek };

/* --- kmsg --- */

/* What is written is printed as a message, without the "<5>" that may stand before it. Reading is syslog(2)'s. */
static i64 kmsg_write(struct file *file, struct io *io, u64 *pos)
{
	i64 size = (i64)io->left;
	char text[MESSAGE_SIZE];
	char *start = text, *end;
	i64 done = io_read(io, text, sizeof(text) - 1);

	(void)file;
	(void)pos;
	if (done < 0)
		return done;
	text[done] = 0;
	end = strchr(text, '>');
	if (*start == '<' && end)
		start = end + 1;
	printk("%s%s", start, done && text[done - 1] == '\n' ? "" : "\n");
	return size;
}

static const struct file_ops kmsg_ops = { .write = kmsg_write, .seek = null_seek };

const struct memory_device memory_devices[] = {
	{ "null", 0666, DEVICE(1, 3), &null_ops },
	{ "zero", 0666, DEVICE(1, 5), &zero_ops },
	{ "full", 0666, DEVICE(1, 7), &full_ops },
	{ "random", 0666, DEVICE(1, 8), &random_ops },
	{ "urandom", 0666, DEVICE(1, 9), &random_ops },
	{ "kmsg", 0644, DEVICE(1, 11), &kmsg_ops },
	{ NULL, 0, 0, NULL },
};

/* --- block devices: page n of the mapping is the 4 KiB block n --- */

static struct disk *disk_of(const struct mapping *mapping)
{
	return mapping->inode->private;
}

static int block_transfer(struct mapping *mapping, bool write, struct frame **frames, unsigned n)
{
	u64 blocks[DISK_REQUEST_FRAMES];
	int error = 0;

	for (unsigned done = 0; done < n && !error; done += ARRAY_SIZE(blocks)) {
		unsigned count = MIN(n - done, (unsigned)ARRAY_SIZE(blocks));

		for (unsigned i = 0; i < count; i++)
			frames[done + i]->block = blocks[i] = frames[done + i]->index;
		error = disk_transfer(disk_of(mapping), write, frames + done, blocks, count);
	}
	return error;
}

static int block_read_pages(struct mapping *mapping, struct frame **frames, unsigned n)
{
	return block_transfer(mapping, false, frames, n);
}

static int block_write_pages(struct mapping *mapping, struct frame **frames, unsigned n)
{
	return block_transfer(mapping, true, frames, n);
}

static int block_make_writable(struct mapping *mapping, struct frame *frame)
{
	(void)frame;
	return disk_of(mapping)->read_only ? -EROFS : 0;
}

static const struct mapping_ops block_mapping_ops = {
	.read = block_read_pages,
	.write = block_write_pages,
	.make_writable = block_make_writable,
};

/* Whole pages only: what is beyond the last one of an odd disk is not used. */
void block_device_init_inode(struct inode *inode, struct disk *disk)
{
	inode->size = disk->sectors / SECTORS_PER_PAGE * PAGE_SIZE;
	inode->private = disk;
	inode->file_ops = &block_file_ops;
	mapping_init(&inode->mapping, &block_mapping_ops, inode);
}

/* A file of a block device uses the device's own inode, wherever its name is. */
static struct inode *device_of(const struct file *file)
{
	return file->private;
}

static int block_open(struct file *file)
{
	struct disk *disk = block_device_disk(file->inode->rdev);

	if (file_may_write(file) && disk->read_only)
		return -EACCES;
	file->private = block_device_inode(disk);
	return file->private ? 0 : -ENOMEM;
}

static void block_release(struct file *file)
{
	inode_put(device_of(file));
}

static i64 block_read(struct file *file, struct io *io, u64 *pos)
{
	return pagecache_read_file(device_of(file), io, pos);
}

static i64 block_write(struct file *file, struct io *io, u64 *pos)
{
	struct inode *inode = device_of(file);
	i64 done;

	mutex_lock(&inode->lock);
	done = pagecache_write_file(inode, io, pos);
	mutex_unlock(&inode->lock);
	return done;
}

static int block_fsync(struct file *file)
{
	struct inode *inode = device_of(file);
	int error = pagecache_sync(&inode->mapping);
	int flush = disk_flush(inode->private);

	return error ? error : flush;
}

#define BLKROGET 0x125eu
#define BLKGETSIZE 0x1260u
#define BLKFLSBUF 0x1261u
#define BLKSSZGET 0x1268u
#define BLKGETSIZE64 0x80081272u

static i64 block_ioctl(struct file *file, struct task *task, u64 request, u64 argument)
{
	struct disk *disk = device_of(file)->private;

	(void)task;
	switch ((u32)request) {
	case BLKROGET:
		return store_user_u32(argument, disk->read_only);
	case BLKGETSIZE:
		return store_user_u64(argument, disk->sectors);
	case BLKGETSIZE64:
		return store_user_u64(argument, disk->sectors * 512);
	case BLKSSZGET:
		return store_user_u32(argument, 512);
	case BLKFLSBUF:
		return block_fsync(file);
	default:
		return -ENOTTY;
	}
}

static i64 block_seek(struct file *file, i64 offset, int whence)
{
	i64 base = whence == SEEK_CUR ? (i64)file->pos : whence == SEEK_END ? (i64)device_of(file)->size : 0;
	i64 target;

	if (whence < SEEK_SET || whence > SEEK_END || __builtin_add_overflow(base, offset, &target) || target < 0)
		return -EINVAL;
	file->pos = (u64)target;
	return target;
}

const struct file_ops block_file_ops = {
	.read = block_read,
	.write = block_write,
	.ioctl = block_ioctl,
	.open = block_open,
	.release = block_release,
	.fsync = block_fsync,
	.seek = block_seek,
};
