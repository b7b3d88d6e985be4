/*
 * The descriptors of a process: a table from numbers to open files, and which of them exec closes. The lowest free
 * number is found in a bitmap. dup(2), close(2), fcntl(2).
 */
#include "guest/kernel/fs/internal.h"

#include "guest/kernel/mm/kmalloc.h"
#include "guest/kernel/proc/task.h"

#define WORD_BITS 64

static u64 bit_of(unsigned fd)
{
	return 1ul << fd % WORD_BITS;
}

static void set_bit(u64 *bitmap, unsigned fd, bool on)
{
	if (on)
		bitmap[fd / WORD_BITS] |= bit_of(fd);
	else
		bitmap[fd / WORD_BITS] &= ~bit_of(fd);
}

struct files *files_create(void)
{
	struct files *files = kmalloc(sizeof(*files));

	if (!files)
		return NULL;
	files->refs = 1;
	files->room = ARRAY_SIZE(files->first);
	files->table = files->first;
	return files;
}

/* Makes the table large enough for `fd`. May sleep. */
static int make_room(struct files *files, unsigned fd)
{
	unsigned room = files->room;
	struct file **table;

	if (fd < room)
		return 0;
	while (room <= fd)
		room = MIN(room * 2, (unsigned)FILES_MAX);
	table = kmalloc(room * sizeof(*table));
	if (!table)
		return -ENOMEM;
	if (room <= files->room) { /* another thread was faster while we slept */
		kfree(table);
		return 0;
	}
	memcpy(table, files->table, files->room * sizeof(*table));
	if (files->table != files->first)
		kfree(files->table);
	files->table = table;
	files->room = room;
	return 0;
}

/* One more than the highest open number. */
static unsigned files_end(const struct files *files)
{
	for (unsigned word = ARRAY_SIZE(files->open); word--;)
		if (files->open[word])
			return (word + 1) * WORD_BITS - (unsigned)__builtin_clzl(files->open[word]);
	return 0;
}

struct files *files_copy(struct files *files)
{
	struct files *copy = files_create();
	unsigned end;

	if (!copy)
		return NULL;
	while ((end = files_end(files)) > copy->room)
		if (make_room(copy, end - 1)) {
			files_put(copy);
			return NULL;
		}
	memcpy(copy->open, files->open, sizeof(copy->open));
	memcpy(copy->close_on_exec, files->close_on_exec, sizeof(copy->close_on_exec));
	for (unsigned word = 0; word * WORD_BITS < end; word++)
		for (u64 left = files->open[word]; left; left &= left - 1) {
			unsigned fd = word * WORD_BITS + (unsigned)__builtin_ctzl(left);

			copy->table[fd] = files->table[fd];
			file_get(copy->table[fd]);
		}
	return copy;
}

void files_put(struct files *files)
{
	if (--files->refs)
		return;
	files->refs = 1; /* the locks' owner still, and nobody else's */
	for (unsigned fd = 0; fd < files->room; fd++)
		if (files->table[fd])
			(void)files_close(files, (int)fd);
	if (files->table != files->first)
		kfree(files->table);
	kfree(files);
}

void files_close_on_exec(struct files *files)
{
	for (unsigned word = 0; word < ARRAY_SIZE(files->close_on_exec); word++)
		for (u64 left = files->close_on_exec[word]; left; left &= left - 1)
			(void)files_close(files, (int)(word * WORD_BITS + (unsigned)__builtin_ctzl(left)));
}

struct file *files_get(struct files *files, int fd)
{
	struct file *file = (unsigned)fd < files->room ? files->table[fd] : NULL;

	if (file)
		file->refs++;
	return file;
}

int file_of(struct task *task, u64 fd, bool path_too, struct file **file)
{
	*file = files_get(task->process->files, (int)fd);
	if (!*file)
		return -EBADF;
	if (!path_too && ((*file)->flags & O_PATH)) {
		file_put(*file);
		return -EBADF;
	}
	return 0;
}

/* The lowest number from `lowest` on that is free; FILES_MAX: none. */
static unsigned lowest_free(const struct files *files, unsigned lowest)
{
	for (unsigned word = lowest / WORD_BITS; word < ARRAY_SIZE(files->open); word++) {
		u64 unused = ~files->open[word];

		if (word == lowest / WORD_BITS)
			unused &= ~(bit_of(lowest) - 1);
		if (unused)
			return word * WORD_BITS + (unsigned)__builtin_ctzl(unused);
	}
	return FILES_MAX;
}

int files_add(struct files *files, struct file *file, int lowest, bool close_on_exec, u64 limit)
{
	unsigned fd;

	for (;;) {
		fd = lowest < FILES_MAX ? lowest_free(files, (unsigned)lowest) : FILES_MAX;
		if (fd >= MIN(limit, (u64)FILES_MAX))
			return -EMFILE;
		if (fd < files->room)
			break;
		if (make_room(files, fd))
			return -ENOMEM;
	}
	files->table[fd] = file;
	set_bit(files->open, fd, true);
	set_bit(files->close_on_exec, fd, close_on_exec);
	return (int)fd;
}

int files_close(struct files *files, int fd)
{
	struct file *file = (unsigned)fd < files->room ? files->table[fd] : NULL;

	if (!file)
		return -EBADF;
	files->table[fd] = NULL;
	set_bit(files->open, (unsigned)fd, false);
	set_bit(files->close_on_exec, (unsigned)fd, false);
	if (file->inode && !list_is_empty(&file->inode->flocks))
		flock_release_posix(file->inode, files);
	file_put(file);
	return 0;
}
