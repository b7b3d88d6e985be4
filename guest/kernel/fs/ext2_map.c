/*
 * Where a file's pages lie on the disk: twelve block numbers in the inode, and trees of one, two and three levels of
 * indirect blocks. Finding needs no lock: truncation waits for pages that are being read before it frees their blocks.
 * And the operations of the page cache on regular files.
 */
#include "guest/kernel/fs/ext2.h"

#include "guest/kernel/dev/disk.h"
#include "guest/kernel/mm/reclaim.h"
#include "guest/kernel/mm/writeback.h"

#define POINTERS_LOG2 10
#define ZERO_TRIES 4 /* the file is shorter already: it must not fail for one allocation */

/* Pages that trees of up to `levels` levels reach beyond the direct ones. */
static u64 reach(unsigned levels)
{
	u64 sum = 0;

	for (unsigned i = 1; i <= levels; i++)
		sum += 1ul << POINTERS_LOG2 * i;
	return sum;
}

u64 ext2_size_max(void)
{
	/* The trees reach further, but the number of 512-byte units must fit 32 bits. */
	return MIN((EXT2_DIRECT + reach(EXT2_TREES)) << PAGE_SHIFT, (1ul << 41) - (1ul << 33));
}

/* The way to a page: offsets[0] in the inode, offsets[i] in the indirect block that [i - 1] names. Number of steps, or
 * 0: out of reach. */
static unsigned find_path(u64 index, u32 offsets[1 + EXT2_TREES])
{
	if (index < EXT2_DIRECT) {
		offsets[0] = (u32)index;
		return 1;
	}
	index -= EXT2_DIRECT;
	for (unsigned levels = 1; levels <= EXT2_TREES; levels++) {
		u64 pages = 1ul << POINTERS_LOG2 * levels;

		if (index < pages) {
			offsets[0] = EXT2_DIRECT + levels - 1;
			for (unsigned i = 1; i <= levels; i++)
				offsets[i] = index >> POINTERS_LOG2 * (levels - i) & (EXT2_POINTERS - 1);
			return 1 + levels;
		}
		index -= pages;
	}
	return 0;
}

static int check_pointer(struct ext2 *ext2, u32 block)
{
	return !block || ext2_is_data_block(ext2, block) ? 0 : ext2_damaged(ext2, "a file has the block", block);
}

int ext2_find_block(struct inode *inode, u64 index, u32 *block)
{
	struct ext2 *ext2 = ext2_of(inode);
	u32 offsets[1 + EXT2_TREES];
	unsigned steps = find_path(index, offsets);
	u32 at = steps ? ext2_file(inode)->block[offsets[0]] : 0;
	int error = check_pointer(ext2, at);

	for (unsigned i = 1; !error && at && i < steps; i++) {
		struct frame *frame;

		error = ext2_read_block(ext2, at, &frame);
		if (error)
			break;
		at = ((const u32 *)frame_data(frame))[offsets[i]];
		frame_put(frame);
		error = check_pointer(ext2, at);
	}
	*block = error ? 0 : at;
	return error;
}

/* --- allotting --- */

/* A new block for the inode, near the last one. */
static int allot(struct inode *inode, u32 *block)
{
	struct ext2 *ext2 = ext2_of(inode);
	struct ext2_file *file = ext2_file(inode);
	u32 group = (u32)(inode->ino - 1) / ext2->inodes_per_group;
	int error = ext2_alloc_block(ext2, file->goal ? file->goal : group * ext2->blocks_per_group, block);

	if (!error) {
		file->goal = *block + 1;
		inode->blocks512 += PAGE_SIZE / 512;
		inode_mark_dirty(inode);
	}
	return error;
}

static void give_back(struct inode *inode, u32 block, bool is_metadata)
{
	if (ext2_free_block(ext2_of(inode), block, is_metadata) == 0)
		inode->blocks512 -= MIN(inode->blocks512, PAGE_SIZE / 512);
}

/* A new block of metadata, on the disk before anything refers to it. */
static int allot_metadata(struct inode *inode, const struct ext2_entry *first, u32 *block)
{
	struct ext2 *ext2 = ext2_of(inode);
	struct frame *frame;
	int error = allot(inode, block);

	if (error)
		return error;
	error = ext2_new_block(ext2, *block, &frame);
	if (!error) {
		if (first)
			memcpy(frame_data(frame), first, sizeof(*first));
		error = ext2_write_now(ext2, frame);
		frame_put(frame);
	}
	if (error)
		give_back(inode, *block, true);
	return error;
}

int ext2_make_block(struct inode *inode, u64 index, const struct ext2_entry *first, u32 *block)
{
	struct ext2 *ext2 = ext2_of(inode);
	u32 offsets[1 + EXT2_TREES] = { 0 };
	unsigned steps = find_path(index, offsets);
	u32 *pointer = &ext2_file(inode)->block[offsets[0]];
	struct frame *frame = NULL; /* that pointer lies in; NULL: the inode */
	int error = steps && index << PAGE_SHIFT < ext2_size_max() ? 0 : -EFBIG;

	for (unsigned i = 0; !error && i < steps; i++) {
		bool is_metadata = i + 1 < steps || first || S_ISLNK(inode->mode);
		u32 at = *pointer;

		error = check_pointer(ext2, at);
		if (!error && !at) {
			error = is_metadata ? allot_metadata(inode, i + 1 < steps ? NULL : first, &at)
			                    : allot(inode, &at);
			if (error)
				break;
			*pointer = at;
			if (frame)
				ext2_changed(ext2, frame);
		}
		*block = at;
		if (error || i + 1 == steps)
			break;
		if (frame)
			frame_put(frame);
		frame = NULL;
		error = ext2_read_block(ext2, at, &frame);
		if (!error)
			pointer = (u32 *)frame_data(frame) + offsets[i + 1];
	}
	if (frame)
		frame_put(frame);
	return error;
}

/* --- giving back --- */

static int trim_tree(struct inode *inode, u32 *pointer, unsigned level, u64 keep);

/* The entries of an indirect block of this level of which the first `keep` pages stay. */
static int trim_entries(struct inode *inode, struct frame *frame, unsigned level, u64 keep)
{
	u32 *pointers = frame_data(frame);
	u64 span = 1ul << POINTERS_LOG2 * (level - 1);
	int error = 0;

	for (u64 i = keep / span; !error && i < EXT2_POINTERS; i++) {
		u64 own = keep > i * span ? keep - i * span : 0;

		if (pointers[i])
			error = trim_tree(inode, &pointers[i], level - 1, own);
	}
	return error;
}

/* Frees what the pointer leads to, but the first `keep` pages. level 0: a page itself. At most three levels deep. */
static int trim_tree(struct inode *inode, u32 *pointer, unsigned level, u64 keep)
{
	struct ext2 *ext2 = ext2_of(inode);
	u32 block = *pointer;
	int error = check_pointer(ext2, block);

	if (!error && block && level) {
		struct frame *frame;

		error = ext2_read_block_hard(ext2, block, &frame);
		if (error)
			return error;
		error = trim_entries(inode, frame, level, keep);
		ext2_changed(ext2, frame);
		frame_put(frame);
	}
	if (error || keep)
		return error;
	*pointer = 0;
	if (!block)
		return 0;
	error = ext2_free_block(ext2, block, level || !S_ISREG(inode->mode));
	if (!error)
		inode->blocks512 -= MIN(inode->blocks512, PAGE_SIZE / 512);
	return error;
}

int ext2_trim(struct inode *inode, u64 keep)
{
	struct ext2_file *file = ext2_file(inode);
	u64 first = EXT2_DIRECT;
	int error = 0;

	for (u64 i = keep; !error && i < EXT2_DIRECT; i++)
		error = trim_tree(inode, &file->block[i], 0, 0);
	for (unsigned level = 1; !error && level <= EXT2_TREES; level++) {
		u64 pages = 1ul << POINTERS_LOG2 * level;

		if (keep < first + pages)
			error = trim_tree(inode, &file->block[EXT2_DIRECT + level - 1], level,
			                  keep > first ? keep - first : 0);
		first += pages;
	}
	return error;
}

int ext2_truncate(struct inode *inode, u64 size)
{
	struct ext2 *ext2 = ext2_of(inode);
	int error = -ENOMEM;

	if (inode->fs->read_only)
		return -EROFS;
	if (size > ext2_size_max())
		return -EFBIG;
	/* Of two sizes the smaller is where zeros begin. */
	for (int i = 0; i < ZERO_TRIES && error == -ENOMEM; i++)
		error = pagecache_zero_tail(&inode->mapping, MIN(size, inode->size));
	if (error)
		return error;
	inode->size = size;
	pagecache_truncate(&inode->mapping, size);
	/* With the blocks the record goes into its own, so that a sync never finds one without the other. */
	mutex_lock(&ext2->fs->alloc_lock);
	error = ext2_trim(inode, (size + PAGE_MASK) >> PAGE_SHIFT);
	int one = ext2_write_inode(inode);

	mutex_unlock(&ext2->fs->alloc_lock);
	if (one)
		inode_mark_dirty(inode);
	return error;
}

/* --- the page cache's operations --- */

static int transfer(struct ext2 *ext2, bool write, struct frame **frames, unsigned n)
{
	u64 blocks[PAGECACHE_BATCH];

	for (unsigned i = 0; i < n; i++)
		blocks[i] = frames[i]->block;
	if (write)
		vm_counts.pgpgout += n * (PAGE_SIZE / 1024);
	else
		vm_counts.pgpgin += n * (PAGE_SIZE / 1024);
	return disk_transfer(ext2->disk, write, frames, blocks, n);
}

/* Zeroes what lies behind the end of the file in its last page. */
static void clear_tail(const struct inode *inode, struct frame *frame)
{
	u64 tail = inode->size & PAGE_MASK;

	if (tail && frame->index == inode->size >> PAGE_SHIFT)
		memset((u8 *)frame_data(frame) + tail, 0, PAGE_SIZE - tail);
}

static int ext2_read_pages(struct mapping *mapping, struct frame **frames, unsigned n)
{
	struct inode *inode = mapping->inode;
	struct frame *wanted[PAGECACHE_BATCH];
	unsigned count = 0;

	for (unsigned i = 0; i < n; i++) {
		u32 block = 0;
		int error = 0;

		if (frames[i]->index << PAGE_SHIFT < inode->size)
			error = ext2_find_block(inode, frames[i]->index, &block);
		if (error)
			return error;
		frames[i]->block = block;
		if (block)
			wanted[count++] = frames[i];
		else
			page_zero(frame_data(frames[i]));
	}
	int error = count ? transfer(ext2_of(inode), false, wanted, count) : 0;

	for (unsigned i = 0; !error && i < count; i++)
		clear_tail(inode, wanted[i]);
	return error;
}

static int ext2_write_pages(struct mapping *mapping, struct frame **frames, unsigned n)
{
	struct inode *inode = mapping->inode;

	for (unsigned i = 0; i < n; i++) {
		if (!frames[i]->block) /* nobody asked make_writable */
			return -EIO;
		if (!(frames[i]->flags & FRAME_FILLING)) /* then it is dirty again soon */
			clear_tail(inode, frames[i]);
	}
	return transfer(ext2_of(inode), true, frames, n);
}

static int ext2_make_writable(struct mapping *mapping, struct frame *frame)
{
	struct inode *inode = mapping->inode;
	int error = inode->fs->read_only ? -EROFS : 0;

	if (!error && !frame->block) {
		u32 block;

		mutex_lock(&inode->fs->alloc_lock);
		/* Truncated while we waited: a block would belong to no page. */
		error = frame->mapping == mapping ? ext2_make_block(inode, frame->index, NULL, &block) : -EIO;
		if (!error)
			frame->block = block;
		mutex_unlock(&inode->fs->alloc_lock);
	}
	if (!error)
		pagecache_mark_writable(frame);
	return error;
}

const struct mapping_ops ext2_mapping_ops = {
	.read = ext2_read_pages,
	.write = ext2_write_pages,
	.make_writable = ext2_make_writable,
};
