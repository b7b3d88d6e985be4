/*
 * ext2 as a whole: mounting (everything that the superblock and the descriptors say is checked here), metadata blocks,
 * sync, and the mark that tells e2fsck whether the disk was left cleanly. See ext2.h.
 */
#include "guest/kernel/fs/ext2.h"

#include "guest/kernel/core/print.h"
#include "guest/kernel/core/time.h"
#include "guest/kernel/dev/disk.h"
#include "guest/kernel/mm/kmalloc.h"
#include "guest/kernel/mm/writeback.h"

#define BITS_PER_BLOCK (8 * PAGE_SIZE)
#define TRIES 4 /* of what must not fail for want of memory */
#define ABI_ST_RDONLY 1
#define ABI_ST_VALID 0x20

static const struct fs_ops ext2_ops;

int ext2_damaged(struct ext2 *ext2, const char *what, u64 number)
{
	if (!ext2->has_complained)
		printk("ext2: %s is damaged: %s %lu; run e2fsck\n", ext2->disk->name, what, number);
	ext2->has_complained = true;
	return -EUCLEAN;
}

/* --- metadata blocks --- */

int ext2_read_block(struct ext2 *ext2, u64 block, struct frame **frame)
{
	if (block >= ext2->blocks_count)
		return ext2_damaged(ext2, "no block", block);
	return pagecache_get(&ext2->device->mapping, block, 0, frame, NULL);
}

int ext2_read_block_hard(struct ext2 *ext2, u64 block, struct frame **frame)
{
	int error = -ENOMEM;

	for (int i = 0; i < TRIES && error == -ENOMEM; i++)
		error = ext2_read_block(ext2, block, frame);
	return error;
}

int ext2_new_block(struct ext2 *ext2, u64 block, struct frame **frame)
{
	int error = pagecache_get_for_overwrite(&ext2->device->mapping, block, frame);

	if (error)
		return error;
	page_zero(frame_data(*frame));
	(*frame)->flags |= FRAME_UPTODATE;
	return 0;
}

/* The disk is in use from now on. The mark must be there before any other change is. */
static void mark_in_use(struct ext2 *ext2)
{
	ext2->is_clean = false;
	ext2->super->state &= ~EXT2_STATE_VALID;
	if (ext2_write_now(ext2, ext2->super_frame))
		printk("ext2: %s: the superblock cannot be written\n", ext2->disk->name);
}

void ext2_changed(struct ext2 *ext2, struct frame *frame)
{
	if (ext2->is_clean)
		mark_in_use(ext2);
	pagecache_mark_dirty(frame);
}

int ext2_write_now(struct ext2 *ext2, struct frame *frame)
{
	frame_wait(frame, FRAME_WRITEBACK);
	return writeback_run(&ext2->device->mapping, &frame, 1, true);
}

/* Groups with a copy of the superblock and the descriptors: all, or with sparse_super 0, 1 and powers of 3, 5, 7. */
static bool has_super(const struct ext2 *ext2, u32 group)
{
	if (group <= 1 || !(ext2->super->ro_compat & EXT2_RO_COMPAT_SPARSE_SUPER))
		return true;
	for (u32 base = 3; base <= 7; base += 2) {
		u64 power = base;

		while (power < group)
			power *= base;
		if (power == group)
			return true;
	}
	return false;
}

bool ext2_is_data_block(const struct ext2 *ext2, u64 block)
{
	if (block == 0 || block >= ext2->blocks_count)
		return false;
	u32 number = (u32)(block / ext2->blocks_per_group);
	const struct ext2_group *group = &ext2->groups[number];

	if (block == group->block_bitmap || block == group->inode_bitmap)
		return false;
	if (block - group->inode_table < ext2->table_blocks)
		return false;
	return block % ext2->blocks_per_group > ext2->descriptor_blocks || !has_super(ext2, number);
}

/* --- sync --- */

/* The groups' and the superblock's counts, into their blocks. */
static int write_counts(struct ext2 *ext2)
{
	u32 free_blocks = 0, free_inodes = 0;
	struct frame *frame = NULL;

	for (u32 i = 0; i < ext2->group_count; i++) {
		const struct ext2_group *group = &ext2->groups[i];
		u32 at = i % (PAGE_SIZE / sizeof(struct ext2_descriptor));

		if (at == 0) {
			if (frame)
				frame_put(frame);
			int error = ext2_read_block(ext2, 1 + i / (PAGE_SIZE / sizeof(struct ext2_descriptor)), &frame);

			if (error)
				return error;
			ext2_changed(ext2, frame);
		}
		struct ext2_descriptor *descriptor = (struct ext2_descriptor *)frame_data(frame) + at;

		descriptor->free_blocks = group->free_blocks;
		descriptor->free_inodes = group->free_inodes;
		descriptor->directories = group->directories;
		free_blocks += group->free_blocks;
		free_inodes += group->free_inodes;
	}
	frame_put(frame);
	ext2->super->free_blocks = free_blocks;
	ext2->super->free_inodes = free_inodes;
	ext2->super->write_time = time_real_ns() / NS_PER_S;
	ext2_changed(ext2, ext2->super_frame);
	ext2->counts_changed = false;
	return 0;
}

int ext2_sync_locked(struct ext2 *ext2)
{
	int error = ext2->counts_changed ? write_counts(ext2) : 0;

	if (!error)
		error = pagecache_sync(&ext2->device->mapping);
	if (!error)
		error = disk_flush(ext2->disk);
	if (!error)
		ext2_release_pending(ext2);
	return error;
}

static int ext2_sync(struct fs *fs)
{
	struct ext2 *ext2 = fs->private;
	int error;

	if (fs->read_only)
		return 0;
	error = inodes_write_dirty(fs);
	mutex_lock(&fs->alloc_lock);
	int one = ext2_sync_locked(ext2);

	mutex_unlock(&fs->alloc_lock);
	return error ? error : one;
}

/* Sync, and if nothing at all is left to be done, the mark that says so. */
static int ext2_rest(struct fs *fs)
{
	struct ext2 *ext2 = fs->private;
	int error = ext2_sync(fs);

	if (error || fs->read_only || !ext2->was_clean || ext2->is_clean || ext2->orphans)
		return error;
	mutex_lock(&fs->alloc_lock);
	/* Changes since the sync will mark it as in use again, after this. */
	if (!ext2->counts_changed && list_is_empty(&ext2->device->mapping.dirty_link)) {
		/* Who changes something while it is written finds it set and takes it back. */
		ext2->is_clean = true;
		ext2->super->state |= EXT2_STATE_VALID;
		error = ext2_write_now(ext2, ext2->super_frame);
		if (!error)
			error = disk_flush(ext2->disk);
	}
	mutex_unlock(&fs->alloc_lock);
	return error;
}

static int ext2_statfs(struct fs *fs, struct abi_statfs *statfs)
{
	const struct ext2 *ext2 = fs->private;
	u64 free_blocks = 0, free_inodes = 0;

	for (u32 i = 0; i < ext2->group_count; i++) {
		free_blocks += ext2->groups[i].free_blocks;
		free_inodes += ext2->groups[i].free_inodes;
	}
	*statfs = (struct abi_statfs){
		.f_type = EXT2_SUPER_MAGIC,
		.f_bsize = PAGE_SIZE,
		.f_blocks = ext2->blocks_count - MIN(ext2->overhead, ext2->blocks_count),
		.f_bfree = free_blocks,
		.f_bavail = free_blocks - MIN(free_blocks, ext2->super->reserved_blocks),
		.f_files = ext2->inodes_count,
		.f_ffree = free_inodes,
		.f_namelen = EXT2_NAME_MAX,
		.f_frsize = PAGE_SIZE,
		.f_flags = ABI_ST_VALID | (fs->read_only ? ABI_ST_RDONLY : 0),
	};
	memcpy(statfs->f_fsid, ext2->super->uuid, sizeof(statfs->f_fsid));
	return 0;
}

/* --- mount --- */

static int refuse(const struct ext2 *ext2, const char *why)
{
	printk("ext2: %s: %s\n", ext2->disk->name, why);
	return -EINVAL;
}

static int check_features(struct ext2 *ext2, bool *read_only)
{
	const struct ext2_super *super = ext2->super;

	if (super->magic != EXT2_SUPER_MAGIC)
		return refuse(ext2, "no ext2 file system");
	if (super->log_block_size != 2)
		return refuse(ext2, "blocks are not 4 KiB: make it with mke2fs -b 4096");
	if (super->revision != 1)
		return refuse(ext2, "not revision 1");
	if (super->incompat & ~EXT2_INCOMPAT_FILETYPE)
		return refuse(ext2, "has features of ext3 or ext4: make it with mke2fs -t ext2");
	if (super->ro_compat & ~(EXT2_RO_COMPAT_SPARSE_SUPER | EXT2_RO_COMPAT_LARGE_FILE) && !*read_only) {
		printk("ext2: %s has features that allow reading only\n", ext2->disk->name);
		*read_only = true;
	}
	return 0;
}

/* The numbers of the superblock, and those that follow from them. */
static int check_geometry(struct ext2 *ext2)
{
	const struct ext2_super *super = ext2->super;
	u32 size = super->inode_size;

	if (super->blocks_per_group < 64 || super->blocks_per_group > BITS_PER_BLOCK || super->inodes_per_group == 0 ||
	    super->inodes_per_group > BITS_PER_BLOCK || super->first_data_block != 0)
		return refuse(ext2, "impossible group size");
	if (size < EXT2_OLD_INODE_SIZE || size > PAGE_SIZE || size & (size - 1))
		return refuse(ext2, "impossible inode size");
	if (super->blocks_count < 16 || super->blocks_count > ext2->disk->sectors / (PAGE_SIZE / 512))
		return refuse(ext2, "larger than its disk");
	ext2->blocks_count = super->blocks_count;
	ext2->blocks_per_group = super->blocks_per_group;
	ext2->inodes_per_group = super->inodes_per_group;
	ext2->inode_size = size;
	ext2->first_ino = MAX(super->first_ino, EXT2_ROOT_INO + 1u);
	ext2->group_count = (super->blocks_count - 1) / super->blocks_per_group + 1;
	ext2->table_blocks = (super->inodes_per_group * size + PAGE_SIZE - 1) / PAGE_SIZE;
	ext2->descriptor_blocks = (ext2->group_count * sizeof(struct ext2_descriptor) + PAGE_SIZE - 1) / PAGE_SIZE;
	if ((u64)ext2->group_count * ext2->inodes_per_group != super->inodes_count)
		return refuse(ext2, "impossible number of inodes");
	ext2->inodes_count = super->inodes_count;
	return 0;
}

static int load_group(struct ext2 *ext2, u32 number, const struct ext2_descriptor *descriptor)
{
	struct ext2_group *group = &ext2->groups[number];
	u64 first = (u64)number * ext2->blocks_per_group;
	u64 end = MIN(first + ext2->blocks_per_group, ext2->blocks_count);
	u64 reserved = has_super(ext2, number) ? first + ext2->descriptor_blocks : first ? first - 1 : 0;

	group->block_bitmap = descriptor->block_bitmap;
	group->inode_bitmap = descriptor->inode_bitmap;
	group->inode_table = descriptor->inode_table;
	group->free_blocks = MIN(descriptor->free_blocks, end - first);
	group->free_inodes = MIN(descriptor->free_inodes, ext2->inodes_per_group);
	group->directories = descriptor->directories;
	if (group->block_bitmap <= reserved || group->block_bitmap >= end || group->inode_bitmap <= reserved ||
	    group->inode_bitmap >= end || group->inode_table <= reserved ||
	    (u64)group->inode_table + ext2->table_blocks > end)
		return refuse(ext2, "a group descriptor is damaged; run e2fsck");
	ext2->overhead += 2 + ext2->table_blocks + (has_super(ext2, number) ? 1 + ext2->descriptor_blocks : 0);
	return 0;
}

static int load_groups(struct ext2 *ext2)
{
	u32 per_block = PAGE_SIZE / sizeof(struct ext2_descriptor);
	int error = 0;

	ext2->groups = kmalloc(ext2->group_count * sizeof(*ext2->groups));
	if (!ext2->groups)
		return -ENOMEM;
	for (u32 i = 0; !error && i < ext2->group_count; i += per_block) {
		struct frame *frame;

		error = ext2_read_block(ext2, 1 + i / per_block, &frame);
		if (error)
			return error;
		for (u32 j = i; !error && j < i + per_block && j < ext2->group_count; j++)
			error = load_group(ext2, j, (struct ext2_descriptor *)frame_data(frame) + (j - i));
		frame_put(frame);
	}
	return error;
}

static int load(struct ext2 *ext2, bool *read_only)
{
	int error = pagecache_get(&ext2->device->mapping, 0, 0, &ext2->super_frame, NULL);

	if (error)
		return error;
	ext2->super = (struct ext2_super *)((u8 *)frame_data(ext2->super_frame) + EXT2_SUPER_OFFSET);
	error = check_features(ext2, read_only);
	if (!error)
		error = check_geometry(ext2);
	if (!error)
		error = load_groups(ext2);
	ext2->was_clean = ext2->is_clean = ext2->super->state & EXT2_STATE_VALID;
	return error;
}

/* The root directory, which must be one. */
static int load_root(struct ext2 *ext2)
{
	struct inode *inode;
	int error = ext2_get_inode(ext2->fs, EXT2_ROOT_INO, &inode);

	if (error)
		return error;
	if (!S_ISDIR(inode->mode))
		error = refuse(ext2, "the root is no directory; run e2fsck");
	if (!error) {
		ext2->fs->root = dentry_new(NULL, "/", inode);
		error = ext2->fs->root ? 0 : -ENOMEM;
	}
	if (error) {
		inode->nlink = 1;
		ext2->fs->keeps_inodes = false;
		inode_put(inode);
	}
	return error;
}

static void free_all(struct ext2 *ext2)
{
	for (u32 i = 0; ext2->groups && i < ext2->group_count; i++) {
		kfree(ext2->groups[i].pending[EXT2_BLOCKS]);
		kfree(ext2->groups[i].pending[EXT2_INODES]);
	}
	kfree(ext2->groups);
	if (ext2->super_frame)
		frame_put(ext2->super_frame);
	inode_put(ext2->device);
	kfree(ext2->fs);
	kfree(ext2);
}

static int ext2_mount(struct inode *device, bool read_only, struct fs **fs)
{
	struct ext2 *ext2 = kmalloc(sizeof(*ext2));
	int error;

	*fs = kmalloc(sizeof(**fs));
	if (!ext2 || !*fs) {
		kfree(ext2);
		kfree(*fs);
		return -ENOMEM;
	}
	ext2->fs = *fs;
	ext2->device = device;
	ext2->disk = block_device_disk(device->rdev);
	inode_get(device);
	(*fs)->ops = &ext2_ops;
	(*fs)->private = ext2;
	(*fs)->dev = device->rdev;
	list_init(&(*fs)->link);
	mutex_init(&(*fs)->rename_lock);
	mutex_init(&(*fs)->alloc_lock);
	(*fs)->read_only = read_only || ext2->disk->read_only;
	error = load(ext2, &(*fs)->read_only);
	if (!error)
		error = load_root(ext2);
	if (error) {
		free_all(ext2);
		return error;
	}
	/* On the disk with the first change: mounting alone writes nothing. */
	if (!(*fs)->read_only) {
		ext2->super->mount_time = time_real_ns() / NS_PER_S;
		ext2->super->mount_count++;
	}
	if (!ext2->was_clean)
		printk("ext2: %s was not left cleanly; run e2fsck\n", ext2->disk->name);
	return 0;
}

/* All inodes of it are gone. The mark is set even if that cannot be written: there is nobody left to tell. */
static int ext2_unmount(struct fs *fs)
{
	struct ext2 *ext2 = fs->private;
	int error = ext2_rest(fs);

	free_all(ext2);
	return error;
}

static const struct fs_ops ext2_ops = {
	.statfs = ext2_statfs,
	.sync = ext2_sync,
	.rest = ext2_rest,
	.unmount = ext2_unmount,
};

const struct fs_type ext2_type = { .name = "ext2", .needs_disk = true, .mount = ext2_mount };
