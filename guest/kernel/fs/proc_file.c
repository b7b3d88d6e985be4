/*
 * Reading and writing the files of /proc: the text of a file is made when it is read from its beginning, and kept until
 * then.
 */
#include "guest/kernel/fs/procfs.h"
#include "guest/kernel/fs/vfs.h"
#include "guest/kernel/mm/kmalloc.h"

/* The task the file is about, with a reference; -ESRCH: it is gone. NULL for files of the machine. */
static int file_task(const struct proc_node *node, struct task **task)
{
	*task = node->tid ? task_find(node->tid) : NULL;
	return node->tid && !*task ? -ESRCH : 0;
}

/* The text, made at the first read and again whenever reading begins anew. */
static int make_text(struct file *file, u64 pos)
{
	struct proc_node *node = file->inode->private;
	struct text *text = file->private, *made;
	struct task *task;
	int error;

	if (text && pos)
		return 0;
	error = file_task(node, &task);
	if (error)
		return error;
	made = kmalloc(sizeof(*made));
	error = made ? node->file->show(task, made) : -ENOMEM;
	if (task)
		task_put(task);
	if (!error && made->failed)
		error = -ENOMEM;
	text = error ? made : file->private;
	if (!error)
		file->private = made;
	if (text) {
		text_free(text);
		kfree(text);
	}
	return error;
}

/* The inode's lock is held. */
static i64 read_text(struct file *file, struct io *io, u64 *pos)
{
	i64 done = make_text(file, *pos);
	struct text *text = file->private;

	if (done || *pos >= text->size)
		return done;
	done = io_write(io, text->data + *pos, text->size - *pos);
	if (done > 0)
		*pos += (u64)done;
	return done;
}

static i64 proc_read(struct file *file, struct io *io, u64 *pos)
{
	struct proc_node *node = file->inode->private;
	struct task *task;
	i64 done;

	if (node->file->read_at) {
		done = file_task(node, &task);
		if (done)
			return done;
		done = node->file->read_at(task, io, pos);
		if (task)
			task_put(task);
		return done;
	}
	if (!node->file->show)
		return -EINVAL;
	/* pread() of another thread may make the text anew while the copy sleeps. */
	mutex_lock(&file->inode->lock);
	done = read_text(file, io, pos);
	mutex_unlock(&file->inode->lock);
	return done;
}

/* One write is one command. */
static i64 store(struct proc_node *node, struct task *task, struct io *io)
{
	u64 size = io->left;
	char *data = kmalloc(PAGE_SIZE);
	i64 done;

	if (!data)
		return -ENOMEM;
	done = size < PAGE_SIZE ? io_read(io, data, size) : -EINVAL;
	if (done >= 0 && (u64)done < size)
		done = -EFAULT;
	if (done >= 0)
		done = node->file->store(task, data);
	kfree(data);
	return done < 0 ? done : (i64)size;
}

static i64 proc_write(struct file *file, struct io *io, u64 *pos)
{
	struct proc_node *node = file->inode->private;
	struct task *task;
	i64 done;

	if (!node->file->store && !node->file->write_at)
		return -EINVAL;
	done = file_task(node, &task);
	if (done)
		return done;
	done = node->file->write_at ? node->file->write_at(task, io, pos) : store(node, task, io);
	if (task)
		task_put(task);
	return done;
}

static void proc_release(struct file *file)
{
	struct text *text = file->private;

	if (text) {
		text_free(text);
		kfree(text);
	}
}

const struct file_ops proc_file_ops = { .read = proc_read, .write = proc_write, .release = proc_release };
