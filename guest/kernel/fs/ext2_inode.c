/*
 * ext2's inodes: from the disk to memory and back, making and freeing them.
 */
#include "guest/kernel/fs/ext2.h"

#include "guest/kernel/core/time.h"
#include "guest/kernel/mm/kmalloc.h"
#include "guest/kernel/mm/writeback.h"

#define XATTR_MAGIC 0xea020000u
#define NS_SHIFT 2 /* in the extra fields, above two more bits of the seconds */
#define SYMLINK_MAX 4095

bool ext2_has_blocks(const struct inode *inode)
{
	u64 attributes = ext2_file(inode)->file_acl ? PAGE_SIZE / 512 : 0;

	if (S_ISLNK(inode->mode))
		return inode->blocks512 > attributes;
	return S_ISREG(inode->mode) || S_ISDIR(inode->mode);
}

/* --- records --- */

/* The inode's record in its table. `hard`: see ext2_read_block_hard. */
static int find_record(struct ext2 *ext2, u64 ino, bool hard, struct frame **frame, struct ext2_disk_inode **record)
{
	if (ino == 0 || ino > ext2->inodes_count)
		return ext2_damaged(ext2, "no inode", ino);
	u64 number = (ino - 1) % ext2->inodes_per_group;
	u64 byte = number * ext2->inode_size;
	u64 block = ext2->groups[(ino - 1) / ext2->inodes_per_group].inode_table + byte / PAGE_SIZE;
	int error = hard ? ext2_read_block_hard(ext2, block, frame) : ext2_read_block(ext2, block, frame);

	if (!error)
		*record = (struct ext2_disk_inode *)((u8 *)frame_data(*frame) + byte % PAGE_SIZE);
	return error;
}

/* Whether the record has the field that ends at this offset. */
static bool has_extra(const struct ext2 *ext2, const struct ext2_disk_inode *record, u64 end)
{
	return ext2->inode_size > EXT2_OLD_INODE_SIZE && end <= ext2->inode_size &&
	       end <= EXT2_OLD_INODE_SIZE + record->extra_size;
}

#define EXTRA_END(field) (offsetof(struct ext2_disk_inode, field) + sizeof(u32))

static struct abi_timespec load_time(u32 seconds, u32 extra)
{
	u64 ns = extra >> NS_SHIFT;

	return (struct abi_timespec){ (i64)(i32)seconds + ((i64)(extra & 3) << 32), ns < NS_PER_S ? (i64)ns : 0 };
}

static u32 time_extra(const struct abi_timespec *time)
{
	u64 high = (u64)(time->tv_sec - (i32)time->tv_sec) >> 32;

	return (u32)time->tv_nsec << NS_SHIFT | (high & 3);
}

static void load_times(const struct ext2 *ext2, const struct ext2_disk_inode *record, struct inode *inode)
{
	bool extra = has_extra(ext2, record, EXTRA_END(atime_extra));

	inode->atime = load_time(record->atime, extra ? record->atime_extra : 0);
	inode->mtime = load_time(record->mtime, extra ? record->mtime_extra : 0);
	inode->ctime = load_time(record->ctime, extra ? record->ctime_extra : 0);
}

/* What the rest of the kernel may rely on. */
static int check_record(struct ext2 *ext2, u64 ino, const struct ext2_disk_inode *record, u64 size)
{
	if (!record->links || record->flags & EXT2_FLAG_FOREIGN)
		return ext2_damaged(ext2, "unusable inode", ino);
	switch (record->mode & S_IFMT) {
	case S_IFDIR:
		if (size == 0 || size & PAGE_MASK || size > 0xffffffff)
			return ext2_damaged(ext2, "wrong size of directory, inode", ino);
		break;
	case S_IFLNK:
		if (size == 0 || size > SYMLINK_MAX)
			return ext2_damaged(ext2, "wrong size of symbolic link, inode", ino);
		break;
	case S_IFREG:
		if (size > ext2_size_max())
			return ext2_damaged(ext2, "wrong size of file, inode", ino);
		break;
	case S_IFCHR:
	case S_IFBLK:
	case S_IFIFO:
	case S_IFSOCK:
		break;
	default:
		return ext2_damaged(ext2, "unknown type of inode", ino);
	}
	return 0;
}

/* Operations by the type. */
static void set_operations(struct inode *inode)
{
	inode->ops = &ext2_file_inode_ops;
	if (S_ISDIR(inode->mode)) {
		inode->ops = &ext2_directory_inode_ops;
		inode->file_ops = &ext2_directory_ops;
	} else if (S_ISLNK(inode->mode)) {
		inode->ops = &ext2_symlink_inode_ops;
	} else if (S_ISREG(inode->mode)) {
		inode->file_ops = &regular_file_ops;
		inode->mapping.ops = &ext2_mapping_ops;
	}
}

static void load_record(struct ext2 *ext2, const struct ext2_disk_inode *record, struct inode *inode,
                        struct ext2_file *file)
{
	inode->private = file;
	inode->mode = record->mode;
	inode->nlink = record->links;
	inode->uid = record->uid | (u32)record->uid_high << 16;
	inode->gid = record->gid | (u32)record->gid_high << 16;
	inode->size = record->size | (S_ISREG(record->mode) ? (u64)record->size_high << 32 : 0);
	inode->blocks512 = record->blocks512;
	load_times(ext2, record, inode);
	memcpy(file->block, record->block, sizeof(file->block));
	file->flags = record->flags;
	file->file_acl = record->file_acl;
	/* Linux's two encodings of device numbers. */
	if (S_ISCHR(inode->mode) || S_ISBLK(inode->mode))
		inode->rdev = record->block[0] ? record->block[0] : record->block[1];
	set_operations(inode);
}

int ext2_get_inode(struct fs *fs, u32 ino, struct inode **inode)
{
	struct ext2 *ext2 = fs->private;
	struct ext2_disk_inode *record;
	struct frame *frame;
	bool is_new;
	int error = find_record(ext2, ino, false, &frame, &record);

	if (error)
		return error;
	/* All that sleeps comes first: nobody may find the inode half filled in. */
	struct ext2_file *file = kmalloc(sizeof(*file));

	*inode = file ? inode_get_or_new(fs, ino, &is_new) : NULL;
	if (!*inode)
		error = -ENOMEM;
	if (*inode && is_new) {
		u64 size = record->size | (S_ISREG(record->mode) ? (u64)record->size_high << 32 : 0);

		error = check_record(ext2, ino, record, size);
		if (!error) {
			load_record(ext2, record, *inode, file);
			file = NULL;
		} else {
			inode_put(*inode); /* without operations: it is forgotten */
		}
	}
	kfree(file);
	frame_put(frame);
	return error;
}

static void store_record(const struct ext2 *ext2, const struct inode *inode, struct ext2_disk_inode *record)
{
	const struct ext2_file *file = ext2_file(inode);

	record->mode = (u16)inode->mode;
	record->links = (u16)inode->nlink;
	record->uid = (u16)inode->uid;
	record->uid_high = (u16)(inode->uid >> 16);
	record->gid = (u16)inode->gid;
	record->gid_high = (u16)(inode->gid >> 16);
	record->size = (u32)inode->size;
	if (S_ISREG(inode->mode))
		record->size_high = (u32)(inode->size >> 32);
	record->blocks512 = (u32)inode->blocks512;
	record->atime = (u32)inode->atime.tv_sec;
	record->mtime = (u32)inode->mtime.tv_sec;
	record->ctime = (u32)inode->ctime.tv_sec;
	if (has_extra(ext2, record, EXTRA_END(atime_extra))) {
		record->atime_extra = time_extra(&inode->atime);
		record->mtime_extra = time_extra(&inode->mtime);
		record->ctime_extra = time_extra(&inode->ctime);
	}
	memcpy(record->block, file->block, sizeof(record->block));
	record->flags = file->flags;
	record->file_acl = file->file_acl;
}

int ext2_write_inode(struct inode *inode)
{
	struct ext2 *ext2 = ext2_of(inode);
	struct ext2_disk_inode *record;
	struct frame *frame;

	if (inode->fs->read_only)
		return 0;
	int error = find_record(ext2, inode->ino, true, &frame, &record);

	if (error)
		return error;
	store_record(ext2, inode, record);
	ext2_changed(ext2, frame);
	/* Older systems must be told that there are files of 2 GiB. */
	if (S_ISREG(inode->mode) && inode->size >= 1ul << 31 && !(ext2->super->ro_compat & EXT2_RO_COMPAT_LARGE_FILE)) {
		ext2->super->ro_compat |= EXT2_RO_COMPAT_LARGE_FILE;
		ext2_changed(ext2, ext2->super_frame);
	}
	frame_put(frame);
	return 0;
}

/* --- making and freeing --- */

/* An empty record for a new inode, so that nothing of the number's former owner is left. */
static int clear_record(struct ext2 *ext2, u32 ino)
{
	struct ext2_disk_inode *record;
	struct frame *frame;
	int error = find_record(ext2, ino, true, &frame, &record);

	if (error)
		return error;
	memset(record, 0, ext2->inode_size);
	if (ext2->inode_size >= EXT2_OLD_INODE_SIZE + EXT2_EXTRA_SIZE) {
		record->extra_size = EXT2_EXTRA_SIZE;
		record->birth = (u32)(time_real_ns() / NS_PER_S);
	}
	ext2_changed(ext2, frame);
	frame_put(frame);
	return 0;
}

static int alloc_number(struct ext2 *ext2, const struct inode *dir, bool is_directory, u32 *ino)
{
	mutex_lock(&ext2->fs->alloc_lock);
	int error = ext2_alloc_inode(ext2, dir->ino, is_directory, ino);

	if (!error) {
		error = clear_record(ext2, *ino);
		if (error)
			ext2_free_inode(ext2, *ino, is_directory);
	}
	mutex_unlock(&ext2->fs->alloc_lock);
	return error;
}

static void free_number(struct ext2 *ext2, u32 ino, bool is_directory)
{
	mutex_lock(&ext2->fs->alloc_lock);
	ext2_free_inode(ext2, ino, is_directory);
	mutex_unlock(&ext2->fs->alloc_lock);
}

int ext2_new_inode(struct inode *dir, u32 mode, struct inode **inode)
{
	struct ext2 *ext2 = ext2_of(dir);
	struct ext2_file *file = kmalloc(sizeof(*file));
	bool is_new;
	u32 ino;

	if (!file)
		return -ENOMEM;
	int error = alloc_number(ext2, dir, S_ISDIR(mode), &ino);

	if (error) {
		kfree(file);
		return error;
	}
	*inode = inode_get_or_new(dir->fs, ino, &is_new);
	if (!*inode) {
		free_number(ext2, ino, S_ISDIR(mode));
		kfree(file);
		return -ENOMEM;
	}
	if (!is_new) {
		/* Someone has it open that the bitmap called free: the bit stays set now. */
		kfree(file);
		inode_put(*inode);
		return ext2_damaged(ext2, "the bitmap calls free what is used: inode", ino);
	}
	(*inode)->private = file;
	(*inode)->mode = mode;
	(*inode)->atime = (*inode)->mtime = (*inode)->ctime = time_stamp();
	set_operations(*inode);
	ext2->orphans++; /* until it has a name */
	inode_mark_dirty(*inode);
	return 0;
}

/* The block of extended attributes may be shared by several inodes. */
static int free_attributes(struct ext2 *ext2, struct ext2_file *file)
{
	struct frame *frame;
	u32 block = file->file_acl;

	if (!block)
		return 0;
	if (!ext2_is_data_block(ext2, block))
		return ext2_damaged(ext2, "a file has the block", block);
	int error = ext2_read_block_hard(ext2, block, &frame);

	if (error)
		return error;
	u32 *header = frame_data(frame); /* magic, references */

	file->file_acl = 0;
	if (header[0] == XATTR_MAGIC && header[1] > 1) {
		header[1]--;
		ext2_changed(ext2, frame);
		frame_put(frame);
		return 0;
	}
	frame_put(frame);
	return ext2_free_block(ext2, block, true);
}

/* Blocks, record and number of an inode without names go. */
static void free_inode(struct inode *inode)
{
	struct ext2 *ext2 = ext2_of(inode);
	struct ext2_disk_inode *record;
	struct frame *frame;

	mutex_lock(&ext2->fs->alloc_lock);
	int error = ext2_has_blocks(inode) ? ext2_trim(inode, 0) : 0;

	if (!error)
		error = free_attributes(ext2, ext2_file(inode));
	inode->size = 0;
	if (find_record(ext2, inode->ino, true, &frame, &record) == 0) {
		store_record(ext2, inode, record);
		record->links = 0;
		record->dtime = (u32)(time_real_ns() / NS_PER_S);
		ext2_changed(ext2, frame);
		frame_put(frame);
		/* Where something is wrong with it the number stays taken: e2fsck will see to it. */
		if (!error)
			ext2_free_inode(ext2, (u32)inode->ino, S_ISDIR(inode->mode));
	}
	ext2->orphans--;
	mutex_unlock(&ext2->fs->alloc_lock);
}

void ext2_forget(struct inode *inode)
{
	if (!inode->nlink && !inode->fs->read_only)
		free_inode(inode);
	kfree(inode->private);
	inode->private = NULL;
}
