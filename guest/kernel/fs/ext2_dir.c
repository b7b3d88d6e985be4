/*
 * ext2's directories: blocks that are lists of entries, one after another, the last reaching to the block's end. A name
 * is found by looking at all entries. An entry that is removed becomes part of the one before it, or, at a block's
 * start, is marked free. A hash tree (dir_index) is neither used nor kept: the flag is cleared with the first change.
 */
#include "guest/kernel/fs/ext2.h"

#include "guest/kernel/mm/writeback.h"

#define ENTRY_MIN 12u /* bytes */

/* Types of entries, and those of getdents for them. */
enum { TYPE_UNKNOWN, TYPE_REG, TYPE_DIR, TYPE_CHR, TYPE_BLK, TYPE_FIFO, TYPE_SOCK, TYPE_LNK, TYPES };
static const u8 dirent_types[TYPES] = { DT_UNKNOWN, DT_REG, DT_DIR, DT_CHR, DT_BLK, DT_FIFO, DT_SOCK, DT_LNK };

static u8 type_of(const struct inode *inode)
{
	if (!(ext2_of(inode)->super->incompat & EXT2_INCOMPAT_FILETYPE))
		return TYPE_UNKNOWN;
	for (u8 type = TYPE_REG; type < TYPES; type++) {
		if (dirent_types[type] == ABI_DT_OF(inode->mode))
			return type;
	}
	return TYPE_UNKNOWN;
}

/* --- walking --- */

static u64 block_count(const struct inode *dir)
{
	return dir->size >> PAGE_SHIFT;
}

static int read_dir_block(struct inode *dir, u64 index, struct frame **frame)
{
	u32 block;
	int error = ext2_find_block(dir, index, &block);

	if (!error && !block)
		error = ext2_damaged(ext2_of(dir), "a hole in directory inode", dir->ino);
	return error ? error : ext2_read_block(ext2_of(dir), block, frame);
}

/* The entry at an offset of a block, or NULL: it is damaged. */
static struct ext2_entry *entry_at(struct inode *dir, const struct frame *frame, u64 offset)
{
	struct ext2_entry *entry = (struct ext2_entry *)((u8 *)frame_data(frame) + offset);

	if (PAGE_SIZE - offset < ENTRY_MIN || entry->size < ENTRY_MIN || entry->size & 3 ||
	    entry->size > PAGE_SIZE - offset || entry->size < EXT2_ENTRY_SIZE(entry->name_size) ||
	    entry->ino > ext2_of(dir)->inodes_count) {
		(void)ext2_damaged(ext2_of(dir), "an entry of directory inode", dir->ino);
		return NULL;
	}
	return entry;
}

static bool is_named(const struct ext2_entry *entry, const char *name, u64 length)
{
	return entry->ino && entry->name_size == length && memcmp(entry->name, name, length) == 0;
}

/* Looks for the name in one block: 1 found, 0 not, or -EUCLEAN. */
static int find_in_block(struct inode *dir, const char *name, u64 length, struct ext2_place *place)
{
	place->previous = NULL;
	for (u64 offset = 0; offset < PAGE_SIZE; offset += place->entry->size) {
		place->entry = entry_at(dir, place->frame, offset);
		if (!place->entry)
			return -EUCLEAN;
		if (is_named(place->entry, name, length))
			return 1;
		place->previous = place->entry;
	}
	return 0;
}

int ext2_find_name(struct inode *dir, const char *name, struct ext2_place *place)
{
	u64 length = strlen(name);

	if (length > EXT2_NAME_MAX)
		return -ENAMETOOLONG;
	for (place->index = 0; place->index < block_count(dir); place->index++) {
		int result = read_dir_block(dir, place->index, &place->frame);

		if (result)
			return result;
		result = find_in_block(dir, name, length, place);
		if (result > 0)
			return 0;
		frame_put(place->frame);
		if (result < 0)
			return result;
	}
	return -ENOENT;
}

/* --- changing --- */

/* The directory was changed. */
static void touch(struct inode *dir)
{
	ext2_file(dir)->flags &= ~EXT2_FLAG_INDEX;
	dir->mtime = dir->ctime = time_stamp();
	inode_mark_dirty(dir);
}

static void fill(struct ext2_entry *entry, const char *name, u64 length, const struct inode *inode)
{
	entry->ino = (u32)inode->ino;
	entry->name_size = (u8)length;
	entry->type = type_of(inode);
	memcpy(entry->name, name, length);
}

/* Puts the name into the block if there is room: 1 done, 0 no room, or -EUCLEAN. */
static int add_to_block(struct inode *dir, struct frame *frame, const char *name, u64 length, const struct inode *inode)
{
	struct ext2_entry *entry;

	for (u64 offset = 0; offset < PAGE_SIZE; offset += entry->size) {
		entry = entry_at(dir, frame, offset);
		if (!entry)
			return -EUCLEAN;
		u32 used = entry->ino ? EXT2_ENTRY_SIZE(entry->name_size) : 0;

		if (entry->size - used < EXT2_ENTRY_SIZE(length))
			continue;
		/* Its end becomes an entry of its own. */
		if (used) {
			struct ext2_entry *rest = (struct ext2_entry *)((u8 *)entry + used);

			rest->size = (u16)(entry->size - used);
			entry->size = (u16)used;
			entry = rest;
		}
		fill(entry, name, length, inode);
		ext2_changed(ext2_of(dir), frame);
		return 1;
	}
	return 0;
}

/* One more block, with one entry that is free. */
static int grow(struct inode *dir)
{
	static const struct ext2_entry empty = { .size = PAGE_SIZE };
	u32 block;

	if (dir->size + PAGE_SIZE > 0xffffffff)
		return -ENOSPC;
	mutex_lock(&dir->fs->alloc_lock);
	int error = ext2_make_block(dir, block_count(dir), &empty, &block);

	mutex_unlock(&dir->fs->alloc_lock);
	if (error)
		return error;
	dir->size += PAGE_SIZE;
	touch(dir);
	return 0;
}

int ext2_add_name(struct inode *dir, const char *name, const struct inode *inode)
{
	struct ext2_file *file = ext2_file(dir);
	u64 length = strlen(name);
	int result;

	if (length > EXT2_NAME_MAX)
		return -ENAMETOOLONG;
	for (u64 index = file->name_hint;; index++) {
		struct frame *frame;

		result = index < block_count(dir) ? 0 : grow(dir);
		if (!result)
			result = read_dir_block(dir, index, &frame);
		if (result)
			return result;
		result = add_to_block(dir, frame, name, length, inode);
		frame_put(frame);
		if (result) {
			/* A long name may have passed over room for short ones, which is found again after a removal.
			 */
			file->name_hint = (u32)index;
			break;
		}
	}
	if (result > 0)
		touch(dir);
	return MIN(result, 0);
}

void ext2_remove_name(struct inode *dir, struct ext2_place *place)
{
	struct ext2_file *file = ext2_file(dir);

	place->entry->ino = 0;
	if (place->previous)
		place->previous->size += place->entry->size;
	ext2_changed(ext2_of(dir), place->frame);
	frame_put(place->frame);
	file->name_hint = (u32)MIN(file->name_hint, place->index);
	touch(dir);
}

void ext2_set_name(struct inode *dir, struct ext2_place *place, const struct inode *inode)
{
	place->entry->ino = (u32)inode->ino;
	place->entry->type = type_of(inode);
	ext2_changed(ext2_of(dir), place->frame);
	frame_put(place->frame);
	touch(dir);
}

int ext2_make_directory(struct inode *inode, const struct inode *parent)
{
	int error = grow(inode);

	if (!error)
		error = ext2_add_name(inode, ".", inode);
	if (!error)
		error = ext2_add_name(inode, "..", parent);
	return error;
}

int ext2_check_empty(struct inode *dir)
{
	for (u64 index = 0; index < block_count(dir); index++) {
		struct ext2_entry *entry;
		struct frame *frame;
		int error = read_dir_block(dir, index, &frame);

		if (error)
			return error;
		for (u64 offset = 0; !error && offset < PAGE_SIZE; offset += entry->size) {
			entry = entry_at(dir, frame, offset);
			if (!entry) {
				error = -EUCLEAN;
				break;
			}
			if (entry->ino && !is_named(entry, ".", 1) && !is_named(entry, "..", 2))
				error = -ENOTEMPTY;
		}
		frame_put(frame);
		if (error)
			return error;
	}
	return 0;
}

/* --- reading --- */

/* Emits the entries of one block from *pos on. 0: all; 1: refused; or -EUCLEAN. */
static int emit_block(struct inode *dir, struct frame *frame, u64 *pos,
                      bool (*emit)(void *context, const char *name, u64 ino, u8 type, u64 next), void *context)
{
	u64 start = ROUND_DOWN(*pos, PAGE_SIZE);
	char name[NAME_SIZE];
	u32 size;

	/* From the block's start: a position of a program need not be an entry's. */
	for (u64 offset = 0; offset < PAGE_SIZE; offset += size) {
		const struct ext2_entry *entry = entry_at(dir, frame, offset);

		if (!entry)
			return -EUCLEAN;
		size = entry->size;
		if (start + offset < *pos || !entry->ino)
			continue;
		u64 next = start + offset + size;

		memcpy(name, entry->name, entry->name_size);
		name[entry->name_size] = 0;
		if (!emit(context, name, entry->ino, entry->type < TYPES ? dirent_types[entry->type] : DT_UNKNOWN,
		          next))
			return 1;
		*pos = next;
	}
	*pos = start + PAGE_SIZE;
	return 0;
}

static int ext2_readdir(struct file *file, u64 *pos,
                        bool (*emit)(void *context, const char *name, u64 ino, u8 type, u64 next), void *context)
{
	struct inode *dir = file->inode;
	int result = 0;

	while (!result && *pos < dir->size) {
		struct frame *frame;

		result = read_dir_block(dir, *pos >> PAGE_SHIFT, &frame);
		if (result)
			break;
		result = emit_block(dir, frame, pos, emit, context);
		frame_put(frame);
	}
	return MIN(result, 0);
}

static int ext2_dir_fsync(struct file *file)
{
	return inode_sync(file->inode);
}

const struct file_ops ext2_directory_ops = { .readdir = ext2_readdir, .fsync = ext2_dir_fsync };
