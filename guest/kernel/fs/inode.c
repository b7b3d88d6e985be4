/*
 * Inodes in memory: one for each file that is in use, found by file system and number.
 *
 * An inode that nobody uses stays, with its cached pages, until memory is short (inode_shrink) or its file system is
 * unmounted; one whose last name is gone is freed at once, and its blocks with it. Of what lives in memory alone
 * (/proc, /dev, pipes) nothing is kept. Access times are not kept: a read never makes a disk write. See inode(7),
 * stat(2).
 */
#include "guest/kernel/fs/internal.h"

#include "guest/kernel/core/time.h"
#include "guest/kernel/mm/kmalloc.h"
#include "guest/kernel/proc/task.h"

#define BUCKETS_LOG2 10
#define UNUSED_MAX 8192    /* unused inodes kept without need */
#define FILLING_NS 1000000 /* how often to look whether another task has read the inode */

static struct list buckets[1u << BUCKETS_LOG2];
static struct list unused = { &unused, &unused };
static struct list dirty = { &dirty, &dirty };
static u64 unused_count, dirty_count;
static struct wait_queue filling = { { &filling.waiters, &filling.waiters } };

/* The operations of an inode that has been freed but for its memory, because somebody still looks at it. */
static const struct inode_ops gone_ops;

static struct list *bucket_of(const struct fs *fs, u64 ino)
{
	u64 hash = (((u64)fs >> 4) + ino) * 0x9e3779b97f4a7c15ul;
	struct list *bucket = &buckets[hash >> (64 - BUCKETS_LOG2)];

	if (!bucket->next)
		list_init(bucket);
	return bucket;
}

static bool is_hashed(const struct inode *inode)
{
	return !list_is_empty(&inode->hash_link);
}

static struct inode *find(const struct fs *fs, u64 ino)
{
	struct list *bucket = bucket_of(fs, ino);

	LIST_FOR_EACH(node, bucket) {
		struct inode *inode = LIST_ENTRY(node, struct inode, hash_link);

		if (inode->ino == ino && inode->fs == fs)
			return inode;
	}
	return NULL;
}

static struct inode *inode_alloc(struct fs *fs)
{
	struct inode *inode = kmalloc(sizeof(*inode));

	if (!inode)
		return NULL;
	inode->fs = fs;
	inode->refs = 1;
	list_init(&inode->hash_link);
	list_init(&inode->unused_link);
	list_init(&inode->dirty_link);
	list_init(&inode->flocks);
	mutex_init(&inode->lock);
	mapping_init(&inode->mapping, NULL, inode);
	return inode;
}

/* Waits until the task that made the inode has filled it in; false: it failed. */
static bool is_filled(struct inode *inode)
{
	while (!inode->mode && is_hashed(inode))
		(void)sleep_on(&filling, SLEEP, time_now_ns() + FILLING_NS);
	return inode->mode;
}

struct inode *inode_get_or_new(struct fs *fs, u64 ino, bool *is_new)
{
	struct inode *fresh = NULL;

	*is_new = false;
	for (;;) {
		struct inode *inode = find(fs, ino);

		if (inode) {
			inode_get(inode);
			if (is_filled(inode)) {
				kfree(fresh);
				return inode;
			}
			inode_put(inode);
		} else if (fresh) {
			fresh->ino = ino;
			list_add_first(bucket_of(fs, ino), &fresh->hash_link);
			*is_new = true;
			return fresh;
		} else {
			fresh = inode_alloc(fs);
			if (!fresh)
				return NULL;
		}
	}
}

struct inode *inode_new_unhashed(struct fs *fs)
{
	static u64 last_number;
	struct inode *inode = inode_alloc(fs);

	if (inode)
		inode->ino = ++last_number;
	return inode;
}

void inode_get(struct inode *inode)
{
	if (!inode->refs++ && !list_is_empty(&inode->unused_link)) {
		list_remove(&inode->unused_link);
		unused_count--;
	}
}

static void clear_dirty(struct inode *inode)
{
	if (!list_is_empty(&inode->dirty_link)) {
		list_remove(&inode->dirty_link);
		dirty_count--;
	}
	inode->dirty = false;
}

/* The inode's fields to the file system's block. */
static int write_fields(struct inode *inode)
{
	int error = 0;

	if (!inode->dirty)
		return 0;
	clear_dirty(inode);
	if (inode->ops && inode->ops->write_inode)
		error = inode->ops->write_inode(inode);
	if (error)
		inode_mark_dirty(inode);
	return error;
}

/* Frees an inode without references. Sleeps only where it has pages, changes or blocks to give back. Write-back may
 * take a reference in the meantime: then its inode_put frees the memory. */
static void drop(struct inode *inode)
{
	list_remove(&inode->hash_link);
	inode->refs = 1;
	if (inode->nlink && inode->dirty)
		(void)write_fields(inode);
	clear_dirty(inode);
	if (inode->mapping.count)
		pagecache_truncate(&inode->mapping, 0);
	if (inode->ops && inode->ops->forget)
		inode->ops->forget(inode);
	clear_dirty(inode);
	list_remove(&inode->mapping.dirty_link);
	inode->ops = &gone_ops;
	inode_put(inode);
}

void inode_put(struct inode *inode)
{
	BUG_ON(!inode->refs);
	if (unlikely((!inode->mode || !inode->ops) && is_hashed(inode)))
		list_remove(&inode->hash_link); /* reading it failed */
	if (--inode->refs)
		return;
	if (inode->ops == &gone_ops) {
		kfree(inode);
	} else if (inode->nlink && is_hashed(inode) && inode->fs->keeps_inodes) {
		list_add_last(&unused, &inode->unused_link);
		if (++unused_count > UNUSED_MAX)
			inode_shrink(UNUSED_MAX / 64);
	} else {
		drop(inode);
	}
}

unsigned inode_shrink(unsigned n)
{
	u64 looks = MIN(unused_count, 16ul * n + 64);
	unsigned freed = 0;

	while (looks-- && freed < n) {
		struct inode *inode = LIST_ENTRY(unused.next, struct inode, unused_link);

		list_remove(&inode->unused_link);
		if (inode->dirty || inode->mapping.count) {
			list_add_last(&unused, &inode->unused_link);
			continue;
		}
		unused_count--;
		drop(inode);
		freed++;
	}
	return freed;
}

bool inodes_drop_all(struct fs *fs, const struct inode *but)
{
	bool all = true;

	for (unsigned i = 0; i < ARRAY_SIZE(buckets); i++) {
		struct list *node = buckets[i].next;

		while (node && node != &buckets[i]) {
			struct inode *inode = LIST_ENTRY(node, struct inode, hash_link);

			node = node->next;
			if (inode->fs != fs || inode == but)
				continue;
			if (inode->refs) {
				all = false;
				continue;
			}
			list_remove(&inode->unused_link);
			unused_count--;
			drop(inode);
			node = buckets[i].next; /* it may have slept */
		}
	}
	return all;
}

u64 device_number_anonymous(void)
{
	static u32 last_minor = 1;

	last_minor++;
	return ABI_MKDEV(0, last_minor);
}

void inode_mark_dirty(struct inode *inode)
{
	inode->dirty = true;
	if (list_is_empty(&inode->dirty_link)) {
		list_add_last(&dirty, &inode->dirty_link);
		dirty_count++;
	}
}

int inodes_write_dirty(struct fs *fs)
{
	int error = 0;

	for (u64 count = dirty_count; count && !list_is_empty(&dirty); count--) {
		struct inode *inode = LIST_ENTRY(dirty.next, struct inode, dirty_link);
		int one;

		if (fs && inode->fs != fs) {
			list_remove(&inode->dirty_link);
			list_add_last(&dirty, &inode->dirty_link);
			continue;
		}
		inode_get(inode);
		one = write_fields(inode);
		inode_put(inode);
		error = error ? error : one;
	}
	return error;
}

int inode_sync(struct inode *inode)
{
	int error = pagecache_sync(&inode->mapping);
	struct fs *fs = inode->fs;
	int metadata = fs ? inodes_write_dirty(fs) : 0;

	error = error ? error : metadata;
	if (fs && fs->ops && fs->ops->sync) {
		metadata = fs->ops->sync(fs);
		error = error ? error : metadata;
	}
	return error;
}

struct abi_timespec time_stamp(void)
{
	u64 now = time_real_ns();

	return (struct abi_timespec){ (i64)(now / NS_PER_S), (i64)(now % NS_PER_S) };
}

void inode_modified(struct inode *inode)
{
	inode->mtime = inode->ctime = time_stamp();
	inode_mark_dirty(inode);
}

void inode_changed(struct inode *inode)
{
	inode->ctime = time_stamp();
	inode_mark_dirty(inode);
}

void inode_fill_stat(struct inode *inode, struct abi_stat *stat)
{
	memset(stat, 0, sizeof(*stat));
	stat->st_dev = inode->fs ? inode->fs->dev : 1;
	stat->st_ino = inode->ino;
	stat->st_mode = inode->mode;
	stat->st_nlink = inode->nlink;
	stat->st_uid = inode->uid;
	stat->st_gid = inode->gid;
	if (S_ISCHR(inode->mode) || S_ISBLK(inode->mode))
		stat->st_rdev = inode->rdev;
	if (!S_ISBLK(inode->mode))
		stat->st_size = (i64)inode->size;
	stat->st_blksize = PAGE_SIZE;
	stat->st_blocks = (i64)inode->blocks512;
	stat->st_atime = inode->atime.tv_sec;
	stat->st_atime_nsec = (u64)inode->atime.tv_nsec;
	stat->st_mtime = inode->mtime.tv_sec;
	stat->st_mtime_nsec = (u64)inode->mtime.tv_nsec;
	stat->st_ctime = inode->ctime.tv_sec;
	stat->st_ctime_nsec = (u64)inode->ctime.tv_nsec;
}

static bool is_in_group(const struct process *process, u32 gid, u32 wanted)
{
	if (gid == wanted)
		return true;
	for (u32 i = 0; i < process->group_count; i++)
		if (process->groups[i] == wanted)
			return true;
	return false;
}

bool is_own_group(const struct process *process, u32 gid)
{
	return is_in_group(process, process->fsgid, gid);
}

int inode_permission_as(const struct inode *inode, const struct process *process, u32 uid, u32 gid, u32 want)
{
	u32 bits = inode->mode & 7;

	if (!uid) /* the superuser may do all but execute what nobody may */
		return (want & 1) && !S_ISDIR(inode->mode) && !(inode->mode & 0111) ? -EACCES : 0;
	if (uid == inode->uid)
		bits = inode->mode >> 6 & 7;
	else if (is_in_group(process, gid, inode->gid))
		bits = inode->mode >> 3 & 7;
	return (bits & want) == want ? 0 : -EACCES;
}

int inode_permission(const struct inode *inode, const struct process *process, u32 want)
{
	return inode_permission_as(inode, process, process->fsuid, process->fsgid, want);
}

/* The new size comes first, so that a page fault in the meantime finds nothing beyond it; then the pages, then the
 * blocks. */
int inode_set_size(struct inode *inode, u64 size)
{
	u64 old = inode->size;
	int error;

	if ((i64)size < 0 || !S_ISREG(inode->mode) || !inode->ops->truncate)
		return -EINVAL;
	if (size < old) {
		inode->size = size;
		pagecache_truncate(&inode->mapping, size);
	}
	error = inode->ops->truncate(inode, size);
	if (error && size > old)
		inode->size = old;
	if (!error)
		inode_modified(inode);
	return error;
}
