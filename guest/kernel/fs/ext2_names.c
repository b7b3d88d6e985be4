/*
 * ext2's operations on names: looking up, creating, linking, unlinking, renaming, symbolic links. The VFS has checked
 * permissions and kinds and holds the locks of the directories; see struct inode_ops.
 */
#include "guest/kernel/fs/ext2.h"

#include "guest/kernel/mm/writeback.h"

/* One name more or less. An inode without names is an orphan until it is freed. */
static void add_links(struct inode *inode, int change)
{
	struct ext2 *ext2 = ext2_of(inode);

	if (!inode->nlink && change > 0)
		ext2->orphans--;
	if (inode->nlink && inode->nlink + (u32)change == 0)
		ext2->orphans++;
	inode->nlink += (u32)change;
	inode->ctime = time_stamp();
	inode_mark_dirty(inode);
}

static void drop_link(struct inode *inode)
{
	if (inode->nlink)
		add_links(inode, -1);
}

static int ext2_lookup(struct inode *dir, const char *name, struct inode **inode)
{
	struct ext2_place place;
	int error = ext2_find_name(dir, name, &place);

	if (error)
		return error;
	u32 ino = place.entry->ino;

	frame_put(place.frame);
	return ext2_get_inode(dir->fs, ino, inode);
}

/* Gives a new inode (nlink 0) its name, or drops it. Links: 2 for a directory, which has "." as well. */
static int name_new(struct inode *dir, const char *name, struct inode *inode, int error)
{
	bool is_directory = S_ISDIR(inode->mode);

	/* The record first, so that a name never leads to an older one. */
	if (!error) {
		add_links(inode, is_directory ? 2 : 1);
		error = ext2_write_inode(inode);
	}
	if (!error)
		error = ext2_add_name(dir, name, inode);
	if (error) {
		if (inode->nlink)
			add_links(inode, -(int)inode->nlink);
		inode_put(inode);
		return error;
	}
	if (is_directory)
		add_links(dir, 1);
	return 0;
}

static int ext2_create(struct inode *dir, const char *name, u32 mode, u64 rdev, struct inode **inode)
{
	if (S_ISDIR(mode) && dir->nlink >= EXT2_LINK_MAX)
		return -EMLINK;
	int error = ext2_new_inode(dir, mode, inode);

	if (error)
		return error;
	if (S_ISCHR(mode) || S_ISBLK(mode)) {
		/* Linux's two encodings: 8 bits each, or more. */
		(*inode)->rdev = rdev;
		ext2_file(*inode)->block[rdev <= 0xffff ? 0 : 1] = (u32)rdev;
	}
	if (S_ISDIR(mode))
		error = ext2_make_directory(*inode, dir);
	return name_new(dir, name, *inode, error);
}

/* A target that does not fit into the inode has a block of its own. */
static int store_target(struct inode *inode, const char *target, u64 length)
{
	struct ext2 *ext2 = ext2_of(inode);
	struct frame *frame;
	u32 block;

	inode->size = length;
	if (length < sizeof(ext2_file(inode)->block)) {
		memcpy(ext2_file(inode)->block, target, length);
		return 0;
	}
	mutex_lock(&inode->fs->alloc_lock);
	int error = ext2_make_block(inode, 0, NULL, &block);

	mutex_unlock(&inode->fs->alloc_lock);
	if (!error)
		error = ext2_read_block(ext2, block, &frame);
	if (error)
		return error;
	memcpy(frame_data(frame), target, length);
	ext2_changed(ext2, frame);
	frame_put(frame);
	return 0;
}

static int ext2_symlink(struct inode *dir, const char *name, const char *target, struct inode **inode)
{
	u64 length = strlen(target);

	if (length >= PATH_SIZE)
		return -ENAMETOOLONG;
	if (!length)
		return -ENOENT;
	int error = ext2_new_inode(dir, S_IFLNK | 0777, inode);

	if (error)
		return error;
	return name_new(dir, name, *inode, store_target(*inode, target, length));
}

static int ext2_readlink(struct inode *inode, char *target)
{
	u64 length = MIN(inode->size, PATH_SIZE - 1);
	struct frame *frame;
	u32 block;

	if (!ext2_has_blocks(inode)) {
		length = MIN(length, sizeof(ext2_file(inode)->block) - 1);
		memcpy(target, ext2_file(inode)->block, length);
		target[length] = 0;
		return 0;
	}
	int error = ext2_find_block(inode, 0, &block);

	if (!error && !block)
		error = ext2_damaged(ext2_of(inode), "a hole in symbolic link, inode", inode->ino);
	if (!error)
		error = ext2_read_block(ext2_of(inode), block, &frame);
	if (error)
		return error;
	memcpy(target, frame_data(frame), length);
	target[length] = 0;
	frame_put(frame);
	return 0;
}

static int ext2_link(struct inode *dir, const char *name, struct inode *inode)
{
	if (inode->nlink >= EXT2_LINK_MAX)
		return -EMLINK;
	add_links(inode, 1);
	int error = ext2_add_name(dir, name, inode);

	if (error)
		drop_link(inode);
	return error;
}

/* An inode lost its name in the directory; a directory loses "." and its "..", too. */
static void lost_name(struct inode *dir, struct inode *inode)
{
	if (S_ISDIR(inode->mode)) {
		if (inode->nlink)
			add_links(inode, -(int)inode->nlink);
		drop_link(dir);
	} else {
		drop_link(inode);
	}
}

static int ext2_unlink(struct inode *dir, const char *name, struct inode *inode)
{
	struct ext2_place place;
	int error = S_ISDIR(inode->mode) ? ext2_check_empty(inode) : 0;

	if (!error)
		error = ext2_find_name(dir, name, &place);
	if (error)
		return error;
	ext2_remove_name(dir, &place);
	lost_name(dir, inode);
	return 0;
}

/* Lets the new name be the inode's: over what has it, or as a new entry. */
static int take_name(struct inode *to, const char *name, struct inode *inode, struct inode *replaced)
{
	struct ext2_place place;
	int error;

	if (!replaced)
		return ext2_add_name(to, name, inode);
	error = S_ISDIR(replaced->mode) ? ext2_check_empty(replaced) : 0;
	if (!error)
		error = ext2_find_name(to, name, &place);
	if (error)
		return error;
	ext2_set_name(to, &place, inode);
	lost_name(to, replaced);
	return 0;
}

/* A directory has another parent. */
static int change_parent(struct inode *inode, struct inode *from, struct inode *to)
{
	struct ext2_place place;
	int error = ext2_find_name(inode, "..", &place);

	if (error)
		return error == -ENOENT ? ext2_damaged(ext2_of(inode), "no \"..\" in directory inode", inode->ino)
		                        : error;
	ext2_set_name(inode, &place, to);
	add_links(to, 1);
	drop_link(from);
	return 0;
}

static int ext2_rename(struct inode *from, const char *old, struct inode *inode, struct inode *to, const char *new,
                       struct inode *replaced)
{
	bool moves_directory = S_ISDIR(inode->mode) && from != to;
	struct ext2_place place;
	int error;

	if (moves_directory && !replaced && to->nlink >= EXT2_LINK_MAX)
		return -EMLINK;
	/* The new name before the old one goes: whatever happens, there is one. */
	error = take_name(to, new, inode, replaced);
	if (!error && moves_directory)
		error = change_parent(inode, from, to);
	if (!error)
		error = ext2_find_name(from, old, &place);
	if (error)
		return error;
	ext2_remove_name(from, &place);
	inode->ctime = time_stamp();
	inode_mark_dirty(inode);
	return 0;
}

static int ext2_exchange(struct inode *from, const char *old, struct inode *inode, struct inode *to, const char *new,
                         struct inode *other)
{
	struct inode *gains = S_ISDIR(inode->mode) ? to : from; /* a ".." more, if one of the two is a directory */
	struct ext2_place old_place, new_place;
	int error;

	if (from != to && S_ISDIR(inode->mode) != S_ISDIR(other->mode) && gains->nlink >= EXT2_LINK_MAX)
		return -EMLINK;
	error = ext2_find_name(from, old, &old_place);
	if (error)
		return error;
	error = ext2_find_name(to, new, &new_place);
	if (error) {
		frame_put(old_place.frame);
		return error;
	}
	ext2_set_name(from, &old_place, other);
	ext2_set_name(to, &new_place, inode);
	if (from != to && S_ISDIR(inode->mode))
		error = change_parent(inode, from, to);
	if (!error && from != to && S_ISDIR(other->mode))
		error = change_parent(other, to, from);
	return error;
}

const struct inode_ops ext2_directory_inode_ops = {
	.lookup = ext2_lookup,
	.create = ext2_create,
	.symlink = ext2_symlink,
	.link = ext2_link,
	.unlink = ext2_unlink,
	.rename = ext2_rename,
	.exchange = ext2_exchange,
	.write_inode = ext2_write_inode,
	.forget = ext2_forget,
};

const struct inode_ops ext2_file_inode_ops = {
	.truncate = ext2_truncate,
	.write_inode = ext2_write_inode,
	.forget = ext2_forget,
};

const struct inode_ops ext2_symlink_inode_ops = {
	.readlink = ext2_readlink,
	.write_inode = ext2_write_inode,
	.forget = ext2_forget,
};
