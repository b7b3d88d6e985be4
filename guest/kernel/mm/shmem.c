/*
 * Shared anonymous memory: nameless files without a disk. Their pages are in the page cache like a file's; when memory
 * is short reclaim writes them to swap slots, of which each file keeps a table, and a page that is missed is read from
 * there.
 *
 * The table is a tree of three levels. Leaves are made when a page comes into the cache (reading it in, or write()), so
 * that writing one out allocates nothing. A slot here has count 1, the table's.
 */
#include "guest/kernel/mm/shmem.h"

#include "guest/kernel/core/print.h"
#include "guest/kernel/fs/vfs.h"
#include "guest/kernel/mm/kmalloc.h"
#include "guest/kernel/mm/swap_area.h"
#include "guest/kernel/mm/writeback.h"
#include "guest/kernel/proc/task.h"

#define ROOT_LOG2 7  /* pointers in the root, which is part of struct shmem */
#define NODE_LOG2 9  /* in a node */
#define LEAF_LOG2 10 /* slots in a leaf */
#define ROOT_ENTRIES (1ul << ROOT_LOG2)
#define NODE_ENTRIES (1ul << NODE_LOG2)
#define LEAF_ENTRIES (1ul << LEAF_LOG2)
#define LEAF_SIZE (LEAF_ENTRIES << PAGE_SHIFT)               /* bytes of a file */
#define SIZE_MAX_SHMEM (LEAF_SIZE << NODE_LOG2 << ROOT_LOG2) /* 256 GiB */

struct leaf {
	u32 slots[LEAF_ENTRIES]; /* 0: none */
};

struct node {
	struct leaf *leaves[NODE_ENTRIES];
};

/* inode->private */
struct shmem {
	struct list link; /* in all_shmem */
	struct inode *inode;
	struct node *nodes[ROOT_ENTRIES];
};

static struct list all_shmem = { &all_shmem, &all_shmem };

/* --- the table --- */

/* The leaf for a page number, or NULL: there is none (or, with make, no memory; then it may sleep). */
static struct leaf *find_leaf(struct shmem *shmem, u64 index, bool make)
{
	u64 number = index >> LEAF_LOG2;
	struct node **node = &shmem->nodes[number >> NODE_LOG2 & (ROOT_ENTRIES - 1)];

	if (!*node && make) {
		struct node *made = kmalloc(sizeof(*made));

		/* Another task may have been faster. */
		if (*node)
			kfree(made);
		else
			*node = made;
	}
	if (!*node)
		return NULL;
	struct leaf **leaf = &(*node)->leaves[number & (NODE_ENTRIES - 1)];

	if (!*leaf && make) {
		struct leaf *made = kmalloc(sizeof(*made));

		if (*leaf)
			kfree(made);
		else
			*leaf = made;
	}
	return *leaf;
}

static u32 *find_slot(struct shmem *shmem, u64 index)
{
	struct leaf *leaf = find_leaf(shmem, index, false);

	return leaf ? &leaf->slots[index & (LEAF_ENTRIES - 1)] : NULL;
}

/* Gives back the slots of the pages from `first` on. Does not sleep. */
static void free_slots(struct shmem *shmem, u64 first)
{
	for (u64 number = first >> LEAF_LOG2; number < ROOT_ENTRIES * NODE_ENTRIES; number++) {
		const struct node *node = shmem->nodes[number >> NODE_LOG2];
		struct leaf *leaf = node ? node->leaves[number & (NODE_ENTRIES - 1)] : NULL;

		if (!node)
			number |= NODE_ENTRIES - 1;
		if (!leaf)
			continue;
		for (u64 i = number << LEAF_LOG2 < first ? first & (LEAF_ENTRIES - 1) : 0; i < LEAF_ENTRIES; i++) {
			if (leaf->slots[i])
				swap_put(leaf->slots[i]);
			leaf->slots[i] = 0;
		}
	}
}

static void free_table(struct shmem *shmem)
{
	for (u64 i = 0; i < ROOT_ENTRIES; i++) {
		struct node *node = shmem->nodes[i];

		for (u64 j = 0; node && j < NODE_ENTRIES; j++)
			kfree(node->leaves[j]);
		kfree(node);
	}
}

/* --- pages --- */

static int shmem_read_pages(struct mapping *mapping, struct frame **frames, unsigned n)
{
	struct shmem *shmem = mapping->inode->private;
	struct frame *swapped[PAGECACHE_BATCH];
	u64 slots[PAGECACHE_BATCH];
	unsigned count = 0;

	if (!shmem) /* swapoff has come upon a file that ends */
		return -EIO;
	for (unsigned i = 0; i < n; i++) {
		struct leaf *leaf = find_leaf(shmem, frames[i]->index, true);

		if (!leaf)
			return -ENOMEM;
		frames[i]->block = leaf->slots[frames[i]->index & (LEAF_ENTRIES - 1)];
		if (frames[i]->block) {
			swapped[count] = frames[i];
			slots[count++] = frames[i]->block;
		} else {
			page_zero(frame_data(frames[i]));
		}
	}
	return count ? swap_transfer(false, swapped, slots, count) : 0;
}

static int shmem_write_pages(struct mapping *mapping, struct frame **frames, unsigned n)
{
	struct shmem *shmem = mapping->inode->private;
	u64 slots[PAGECACHE_BATCH];

	for (unsigned i = 0; i < n; i++) {
		u32 *slot = find_slot(shmem, frames[i]->index);

		BUG_ON(!slot);
		if (!*slot)
			*slot = (u32)swap_alloc();
		/* Slots that some have got already keep old contents, but their pages remain dirty. */
		if (!*slot)
			return -ENOSPC;
		slots[i] = frames[i]->block = *slot;
	}
	return swap_transfer(true, frames, slots, n);
}

const struct mapping_ops shmem_mapping_ops = { .read = shmem_read_pages, .write = shmem_write_pages };

/* --- the file --- */

static i64 shmem_read(struct file *file, struct io *io, u64 *pos)
{
	return pagecache_read_file(file->inode, io, pos);
}

/* Leaf by leaf: each is there before its pages are. */
static i64 write_locked(struct inode *inode, struct io *io, u64 *pos)
{
	i64 done = 0;

	while (io->left) {
		struct io part = *io;

		if (*pos >= SIZE_MAX_SHMEM)
			return done ? done : -EFBIG;
		part.left = MIN(io->left, LEAF_SIZE - (*pos & (LEAF_SIZE - 1)));
		if (!find_leaf(inode->private, *pos >> PAGE_SHIFT, true))
			return done ? done : -ENOMEM;
		u64 size = part.left;
		i64 written = pagecache_write_file(inode, &part, pos);

		if (written < 0)
			return done ? done : written;
		io->at += (u64)written;
		io->left -= (u64)written;
		done += written;
		if ((u64)written < size)
			break;
	}
	return done;
}

static i64 shmem_write(struct file *file, struct io *io, u64 *pos)
{
	struct inode *inode = file->inode;
	i64 done;

	mutex_lock(&inode->lock);
	if (file->flags & O_APPEND)
		*pos = inode->size;
	done = write_locked(inode, io, pos);
	if (done > 0)
		inode->mtime = inode->ctime = time_stamp();
	mutex_unlock(&inode->lock);
	return done;
}

static int shmem_mmap(struct file *file, struct region *region)
{
	(void)file;
	(void)region;
	return 0;
}

static int shmem_fsync(struct file *file)
{
	(void)file;
	return 0;
}

static const struct file_ops shmem_file_ops = {
	.read = shmem_read,
	.write = shmem_write,
	.mmap = shmem_mmap,
	.fsync = shmem_fsync,
};

static int shmem_truncate(struct inode *inode, u64 size)
{
	if (size > SIZE_MAX_SHMEM)
		return -EFBIG;
	/* Of two sizes the smaller is where zeros begin. */
	int error = pagecache_zero_tail(&inode->mapping, MIN(size, inode->size));

	if (error)
		return error;
	inode->size = size;
	pagecache_truncate(&inode->mapping, size);
	free_slots(inode->private, (size + PAGE_MASK) >> PAGE_SHIFT);
	return 0;
}

static void shmem_forget(struct inode *inode)
{
	struct shmem *shmem = inode->private;

	list_remove(&shmem->link);
	inode->private = NULL; /* swapoff may still hold the inode */
	free_slots(shmem, 0);
	free_table(shmem);
	kfree(shmem);
}

static const struct inode_ops shmem_inode_ops = { .truncate = shmem_truncate, .forget = shmem_forget };

static struct inode *create_inode(u64 size)
{
	struct shmem *shmem = kmalloc(sizeof(*shmem));
	struct inode *inode = shmem ? inode_new_unhashed(NULL) : NULL;

	if (!inode) {
		kfree(shmem);
		return NULL;
	}
	shmem->inode = inode;
	list_add_last(&all_shmem, &shmem->link);
	inode->private = shmem;
	inode->mode = S_IFREG | 0777;
	inode->size = size;
	inode->uid = current_task->process->fsuid;
	inode->gid = current_task->process->fsgid;
	inode->atime = inode->mtime = inode->ctime = time_stamp();
	inode->ops = &shmem_inode_ops;
	inode->file_ops = &shmem_file_ops;
	inode->mapping.ops = &shmem_mapping_ops;
	return inode;
}

int shmem_create(const char *name, u64 size, struct file **file)
{
	char label[NAME_SIZE + 32] = "/dev/zero (deleted)";

	if (size > SIZE_MAX_SHMEM)
		return -ENOMEM;
	if (name)
		format_text(label, sizeof(label), "/memfd:%s (deleted)", name);
	char *copy = kstrdup(label);
	struct inode *inode = copy ? create_inode(size) : NULL;
	struct file *made = inode ? file_new(&shmem_file_ops, O_RDWR | O_LARGEFILE) : NULL;

	if (!made) {
		if (inode)
			inode_put(inode);
		kfree(copy);
		return -ENOMEM;
	}
	made->inode = inode;
	made->label = copy;
	made->label_owned = true;
	*file = made;
	return 0;
}

/* --- swapoff --- */

/* Brings the page in, dirty, and gives its slot back. May sleep. */
static int leave_slot(struct inode *inode, u64 index)
{
	struct frame *frame;
	int error = pagecache_get(&inode->mapping, index, 0, &frame, NULL);

	if (error)
		return error;
	frame_wait(frame, FRAME_WRITEBACK);
	u32 *slot = inode->private ? find_slot(inode->private, index) : NULL;

	if (frame->mapping == &inode->mapping && slot && *slot) {
		pagecache_mark_dirty(frame);
		frame->block = 0;
		swap_put(*slot);
		*slot = 0;
	}
	frame_put(frame);
	return 0;
}

/* The caller holds the inode; its file may end meanwhile (then `private` is NULL), and has no slots any more. */
static int leave_swap(struct inode *inode)
{
	u64 pages = (inode->size + PAGE_MASK) >> PAGE_SHIFT;
	int error = 0;

	for (u64 index = 0; !error && index < pages && inode->private; index++) {
		struct shmem *shmem = inode->private;
		const struct leaf *leaf = find_leaf(shmem, index, false);

		if (!leaf)
			index |= shmem->nodes[index >> LEAF_LOG2 >> NODE_LOG2] ? LEAF_ENTRIES - 1
			                                                       : LEAF_ENTRIES * NODE_ENTRIES - 1;
		else if (leaf->slots[index & (LEAF_ENTRIES - 1)])
			error = signal_is_fatal(current_task) ? -EINTR : leave_slot(inode, index);
	}
	return inode->private ? error : 0;
}

int shmem_leave_swap(void)
{
	struct inode *held = NULL;
	struct list *node = all_shmem.next;
	int error = 0;

	/* The one we are at is held, and so stays in the list until the next one is; unless its last user went when we
	 * came, and its end was under way: then from the start. */
	while (!error && node != &all_shmem) {
		struct shmem *shmem = LIST_ENTRY(node, struct shmem, link);

		inode_get(shmem->inode);
		if (held)
			inode_put(held);
		held = shmem->inode;
		error = leave_swap(held);
		node = held->private ? node->next : all_shmem.next;
	}
	if (held)
		inode_put(held);
	return error;
}
