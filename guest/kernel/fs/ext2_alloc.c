/*
 * ext2's bitmaps: giving out and taking back blocks and inode numbers. One bit each, 1: in use; a bitmap is one block.
 *
 * What is freed has its bit cleared at once, but is remembered as pending until the next sync and not given out before:
 * see ext2.h. Where there is no memory to remember it, the whole group is frozen until then. If nothing else is left, a
 * sync is made on the spot.
 */
#include "guest/kernel/fs/ext2.h"

#include "guest/kernel/mm/kmalloc.h"
#include "guest/kernel/mm/writeback.h"

#define NONE 0xffffffffu

static bool test_bit(const u64 *bitmap, u32 bit)
{
	return bitmap[bit / 64] >> bit % 64 & 1;
}

/* First bit from `from` on and below `end` that is 0 in both; NONE: there is none. pending may be NULL. */
static u32 find_zero(const u64 *bitmap, const u64 *pending, u32 from, u32 end)
{
	for (u32 at = from; at < end; at = (at | 63) + 1) {
		u64 taken = bitmap[at / 64] | (pending ? pending[at / 64] : 0);
		u64 zeros = ~taken >> at % 64;

		if (zeros) {
			u32 bit = at + (u32)__builtin_ctzl(zeros);

			return bit < end ? bit : NONE;
		}
	}
	return NONE;
}

/* The group's bitmap, with a reference; a group that has none any more is left alone from then on. */
static int read_bitmap(struct ext2 *ext2, struct ext2_group *group, enum ext2_kind kind, struct frame **frame)
{
	u32 block = kind == EXT2_BLOCKS ? group->block_bitmap : group->inode_bitmap;
	int error = ext2_read_block_hard(ext2, block, frame);

	if (error == -EIO)
		group->is_bad = true;
	return error;
}

static void remember_pending(struct ext2 *ext2, struct ext2_group *group, enum ext2_kind kind, u32 bit)
{
	if (!group->pending[kind])
		group->pending[kind] = kmalloc(PAGE_SIZE);
	if (group->pending[kind])
		group->pending[kind][bit / 64] |= 1ul << bit % 64;
	else
		group->is_frozen[kind] = true;
	ext2->has_pending = true;
}

void ext2_release_pending(struct ext2 *ext2)
{
	if (!ext2->has_pending)
		return;
	for (u32 i = 0; i < ext2->group_count; i++) {
		struct ext2_group *group = &ext2->groups[i];

		for (int kind = EXT2_BLOCKS; kind <= EXT2_INODES; kind++) {
			kfree(group->pending[kind]);
			group->pending[kind] = NULL;
			group->is_frozen[kind] = false;
		}
	}
	ext2->has_pending = false;
}

/* Takes a free bit of the group, from `from` on or else from its start: *bit, or NONE. Bits of what cannot be free (a
 * damaged bitmap may say so of the inode table) are set and passed over. */
static int take_bit(struct ext2 *ext2, u32 number, enum ext2_kind kind, u32 from, u32 *bit)
{
	struct ext2_group *group = &ext2->groups[number];
	u32 first = number * (kind == EXT2_BLOCKS ? ext2->blocks_per_group : 0);
	u32 end =
		kind == EXT2_BLOCKS ? MIN(ext2->blocks_per_group, ext2->blocks_count - first) : ext2->inodes_per_group;
	u32 free = kind == EXT2_BLOCKS ? group->free_blocks : group->free_inodes;
	struct frame *frame;

	*bit = NONE;
	if (!free || group->is_frozen[kind] || group->is_bad)
		return 0;
	int error = read_bitmap(ext2, group, kind, &frame);

	if (error)
		return error == -ENOMEM ? error : 0;
	u64 *bitmap = frame_data(frame);

	for (;;) {
		*bit = find_zero(bitmap, group->pending[kind], from, end);
		if (*bit == NONE && from) {
			from = 0;
			continue;
		}
		if (*bit == NONE)
			break;
		bitmap[*bit / 64] |= 1ul << *bit % 64;
		if (kind == EXT2_BLOCKS ? ext2_is_data_block(ext2, first + *bit)
		                        : number || *bit + 1 >= ext2->first_ino)
			break;
		(void)ext2_damaged(ext2, "a bitmap calls free what is not, in group", number);
	}
	if (*bit != NONE) {
		ext2_changed(ext2, frame);
		ext2->counts_changed = true;
	}
	frame_put(frame);
	return 0;
}

/* Clears a bit. 0, or -EUCLEAN: it was clear. */
static int clear_bit(struct ext2 *ext2, u32 number, enum ext2_kind kind, u32 bit)
{
	struct ext2_group *group = &ext2->groups[number];
	struct frame *frame;
	int error = read_bitmap(ext2, group, kind, &frame);

	if (error)
		return error;
	u64 *bitmap = frame_data(frame);

	if (test_bit(bitmap, bit)) {
		bitmap[bit / 64] &= ~(1ul << bit % 64);
		remember_pending(ext2, group, kind, bit);
		ext2_changed(ext2, frame);
		ext2->counts_changed = true;
	} else {
		error = ext2_damaged(ext2,
		                     kind == EXT2_BLOCKS ? "freed twice: a block of group"
		                                         : "freed twice: an inode of group",
		                     number);
	}
	frame_put(frame);
	return error;
}

/* --- blocks --- */

static int find_block(struct ext2 *ext2, u32 goal, u32 *block)
{
	u32 number = goal / ext2->blocks_per_group;

	for (u32 i = 0; i < ext2->group_count; i++) {
		u32 bit;
		int error = take_bit(ext2, number, EXT2_BLOCKS, i ? 0 : goal % ext2->blocks_per_group, &bit);

		if (error)
			return error;
		if (bit != NONE) {
			ext2->groups[number].free_blocks--;
			*block = number * ext2->blocks_per_group + bit;
			return 0;
		}
		number = number + 1 == ext2->group_count ? 0 : number + 1;
	}
	return -ENOSPC;
}

int ext2_alloc_block(struct ext2 *ext2, u32 goal, u32 *block)
{
	int error = find_block(ext2, goal < ext2->blocks_count ? goal : 0, block);

	/* What has been freed lately can be had for a sync. */
	if (error == -ENOSPC && ext2->has_pending && ext2_sync_locked(ext2) == 0)
		error = find_block(ext2, goal < ext2->blocks_count ? goal : 0, block);
	return error;
}

int ext2_free_block(struct ext2 *ext2, u32 block, bool is_metadata)
{
	if (!ext2_is_data_block(ext2, block))
		return ext2_damaged(ext2, "a file has the block", block);
	u32 number = block / ext2->blocks_per_group;
	int error = clear_bit(ext2, number, EXT2_BLOCKS, block % ext2->blocks_per_group);

	if (!error)
		ext2->groups[number].free_blocks++;
	/* Written later, it would fall upon a file's data. */
	if (!error && is_metadata)
		pagecache_forget(&ext2->device->mapping, block);
	return error;
}

/* --- inodes --- */

/* For a directory: the group with most free blocks of those with at least the average of free inodes. */
static u32 group_for_directory(const struct ext2 *ext2)
{
	u64 sum = 0;
	u32 best = 0;
	bool found = false;

	for (u32 i = 0; i < ext2->group_count; i++)
		sum += ext2->groups[i].free_inodes;
	for (u32 i = 0; i < ext2->group_count; i++) {
		const struct ext2_group *group = &ext2->groups[i];

		if (!group->free_inodes || group->free_inodes < sum / ext2->group_count)
			continue;
		if (!found || group->free_blocks > ext2->groups[best].free_blocks)
			best = i;
		found = true;
	}
	return best;
}

static int find_inode(struct ext2 *ext2, u32 number, bool is_directory, u32 *ino)
{
	for (u32 i = 0; i < ext2->group_count; i++) {
		u32 bit;
		int error = take_bit(ext2, number, EXT2_INODES, number ? 0 : ext2->first_ino - 1, &bit);

		if (error)
			return error;
		if (bit != NONE) {
			ext2->groups[number].free_inodes--;
			ext2->groups[number].directories += is_directory;
			*ino = number * ext2->inodes_per_group + bit + 1;
			return 0;
		}
		number = number + 1 == ext2->group_count ? 0 : number + 1;
	}
	return -ENOSPC;
}

int ext2_alloc_inode(struct ext2 *ext2, u64 parent, bool is_directory, u32 *ino)
{
	u32 number = is_directory ? group_for_directory(ext2) : (u32)(parent - 1) / ext2->inodes_per_group;
	int error = find_inode(ext2, number, is_directory, ino);

	if (error == -ENOSPC && ext2->has_pending && ext2_sync_locked(ext2) == 0)
		error = find_inode(ext2, number, is_directory, ino);
	return error;
}

void ext2_free_inode(struct ext2 *ext2, u32 ino, bool is_directory)
{
	u32 number = (ino - 1) / ext2->inodes_per_group;
	struct ext2_group *group = &ext2->groups[number];

	if (clear_bit(ext2, number, EXT2_INODES, (ino - 1) % ext2->inodes_per_group))
		return;
	group->free_inodes++;
	group->directories -= is_directory && group->directories ? 1 : 0;
}
