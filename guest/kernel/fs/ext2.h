/*
 * ext2, revision 1, with blocks of 4 KiB: what lies on the disk, and what is kept of it in memory. "The Second Extended
 * File System", D. Poirier, is the description; Linux's and e2fsprogs' headers settle what it leaves open.
 *
 * All metadata (superblock, descriptors, bitmaps, inode tables, indirect blocks, directories, long symbolic links) is
 * read and changed in the page cache of the block device, where page n is block n. Only the data of regular files has
 * page caches of its own.
 *
 * What must hold for e2fsck to find every synced file after a power cut:
 * - sync and fsync write data first, then all metadata, then flush the disk's cache.
 * - A block of pointers or names is on the disk before anything points to it.
 * - What is freed is not used again before the metadata that freed it is on the disk ("pending"), so that at no moment
 * two files on the disk have a block in common, whatever subset of the changes has been written.
 *
 * Everything on the disk may be nonsense: numbers are checked where they are used; what is wrong is told once and gives
 * -EUCLEAN. fs->alloc_lock is held where bitmaps or the tree of a file's blocks change.
 */
#ifndef GUEST_KERNEL_FS_EXT2_H
#define GUEST_KERNEL_FS_EXT2_H

#include "guest/kernel/fs/vfs.h"

struct disk;

#define EXT2_ROOT_INO 2
#define EXT2_LINK_MAX 32000
#define EXT2_NAME_MAX 255
#define EXT2_POINTERS (PAGE_SIZE / sizeof(u32)) /* in an indirect block */
#define EXT2_DIRECT 12
#define EXT2_TREES 3 /* single, double, triple indirect */

/* --- on the disk; all little endian --- */

struct ext2_super {
	u32 inodes_count, blocks_count, reserved_blocks, free_blocks, free_inodes;
	u32 first_data_block;
	u32 log_block_size; /* 1024 << this */
	u32 log_frag_size;
	u32 blocks_per_group, frags_per_group, inodes_per_group;
	u32 mount_time, write_time;
	u16 mount_count, max_mount_count;
	u16 magic, state, errors, minor_revision;
	u32 last_check, check_interval, creator_os, revision;
	u16 reserved_uid, reserved_gid;
	u32 first_ino; /* first that is not reserved */
	u16 inode_size, block_group;
	u32 compat, incompat, ro_compat; /* features */
	u8 uuid[16];
	char volume[16], last_mounted[64];
	u8 rest[1024 - 200];
};
_Static_assert(sizeof(struct ext2_super) == 1024 && offsetof(struct ext2_super, magic) == 56, "ext2");
#define EXT2_SUPER_OFFSET 1024 /* in block 0 */

#define EXT2_STATE_VALID 1
#define EXT2_STATE_ERROR 2
#define EXT2_INCOMPAT_FILETYPE 0x2u
#define EXT2_RO_COMPAT_SPARSE_SUPER 0x1u
#define EXT2_RO_COMPAT_LARGE_FILE 0x2u

struct ext2_descriptor {
	u32 block_bitmap, inode_bitmap, inode_table;
	u16 free_blocks, free_inodes, directories, flags;
	u32 reserved[3];
};
_Static_assert(sizeof(struct ext2_descriptor) == 32, "ext2");

struct ext2_disk_inode {
	u16 mode, uid;
	u32 size, atime, ctime, mtime, dtime;
	u16 gid, links;
	u32 blocks512, flags, version;
	u32 block[EXT2_DIRECT + EXT2_TREES];
	u32 generation, file_acl, size_high, fragment;
	u16 fragment_size, blocks_high, uid_high, gid_high;
	u32 reserved;
	/* Where the inode is larger than 128 bytes, as far as extra_size goes. */
	u16 extra_size, checksum_high;
	u32 ctime_extra, mtime_extra, atime_extra; /* nanoseconds << 2 | bits 32, 33 of the seconds */
	u32 birth, birth_extra;
};
#define EXT2_OLD_INODE_SIZE 128u
#define EXT2_EXTRA_SIZE 32u /* what new inodes get */
_Static_assert(offsetof(struct ext2_disk_inode, generation) == 100 &&
                       offsetof(struct ext2_disk_inode, extra_size) == EXT2_OLD_INODE_SIZE &&
                       offsetof(struct ext2_disk_inode, birth) == 144,
               "ext2");

#define EXT2_FLAG_INDEX 0x1000u       /* a directory with a hash tree, which we do not keep */
#define EXT2_FLAG_FOREIGN 0x10080000u /* extents or inline data: not ext2 */

/* An entry of a directory; the name follows. Entries fill each block exactly; ino 0: free room. */
struct ext2_entry {
	u32 ino;
	u16 size; /* to the next entry */
	u8 name_size, type;
	char name[];
};
#define EXT2_ENTRY_SIZE(name_size) (((name_size) + 8u + 3) & ~3u)

/* --- in memory --- */

struct ext2_group {
	u32 block_bitmap, inode_bitmap, inode_table; /* blocks */
	u32 free_blocks, free_inodes, directories;   /* pending ones count as free */
	u64 *pending[2];   /* bitmaps of blocks and inodes freed since the last sync, or NULL: none */
	bool is_frozen[2]; /* no memory for the bitmap: nothing of the group is given out until then */
	bool is_bad;       /* its bitmaps cannot be read */
};
enum ext2_kind { EXT2_BLOCKS, EXT2_INODES };

/* fs->private */
struct ext2 {
	struct fs *fs;
	struct inode *device; /* a reference; its mapping has the metadata */
	struct disk *disk;
	struct frame *super_frame; /* block 0, held while mounted */
	struct ext2_super *super;  /* in it */
	struct ext2_group *groups;
	u32 group_count, blocks_count, inodes_count, blocks_per_group, inodes_per_group, inode_size, first_ino;
	u32 table_blocks; /* of a group's inode table */
	u32 descriptor_blocks;
	u32 overhead;        /* blocks of metadata in fixed places, for statfs */
	bool has_pending;    /* something is pending or frozen */
	bool counts_changed; /* the groups' counts are to be written */
	bool was_clean;      /* at mount */
	bool is_clean;       /* the disk says so now */
	bool has_complained; /* of damage */
	u32 orphans;         /* files without a name that are still open */
};

/* inode->private */
struct ext2_file {
	u32 block[EXT2_DIRECT + EXT2_TREES]; /* as on the disk; a short symbolic link's text or a device number */
	u32 flags, file_acl;
	u32 goal;      /* where the next block should be */
	u32 name_hint; /* directories: blocks before this one had no room for a name */
};

static inline struct ext2 *ext2_of(const struct inode *inode)
{
	return inode->fs->private;
}

static inline struct ext2_file *ext2_file(const struct inode *inode)
{
	return inode->private;
}

/* --- ext2_super.c --- */
/* Says once what is wrong with the disk; returns -EUCLEAN. */
int ext2_damaged(struct ext2 *ext2, const char *what, u64 number);
/* A metadata block, with a reference. 0, -EUCLEAN (no such block), -EIO, -ENOMEM. May sleep. */
int ext2_read_block(struct ext2 *ext2, u64 block, struct frame **frame) must_check;
/* The same for what has to be freed: does not give up at the first failing allocation. */
int ext2_read_block_hard(struct ext2 *ext2, u64 block, struct frame **frame) must_check;
/* A new metadata block, all zeros, with a reference, not written yet. 0 or -ENOMEM. May sleep. */
int ext2_new_block(struct ext2 *ext2, u64 block, struct frame **frame) must_check;
/* A metadata block was changed. May sleep (the first change marks the disk as in use). */
void ext2_changed(struct ext2 *ext2, struct frame *frame);
/* Writes one metadata block now. 0 or -EIO. May sleep. */
int ext2_write_now(struct ext2 *ext2, struct frame *frame) must_check;
/* Whether the block may belong to a file: inside the disk, and no superblock, descriptor, bitmap or inode table. */
bool ext2_is_data_block(const struct ext2 *ext2, u64 block);
/* Writes all metadata and flushes. alloc_lock held. 0 or a negative errno. May sleep. */
int ext2_sync_locked(struct ext2 *ext2);

/* --- ext2_alloc.c; alloc_lock held, all may sleep --- */
/* A free block, near goal if it can be. 0, -ENOSPC, -EIO, -ENOMEM. */
int ext2_alloc_block(struct ext2 *ext2, u32 goal, u32 *block) must_check;
/* is_metadata: it may be cached as such. 0, or -EUCLEAN: it was free already or never was one. */
int ext2_free_block(struct ext2 *ext2, u32 block, bool is_metadata) must_check;
/* A free inode number, near the directory (for a directory itself, where there is most room). */
int ext2_alloc_inode(struct ext2 *ext2, u64 parent, bool is_directory, u32 *ino) must_check;
void ext2_free_inode(struct ext2 *ext2, u32 ino, bool is_directory);
/* Everything is on the disk: what is pending may be used again. */
void ext2_release_pending(struct ext2 *ext2);

/* --- ext2_map.c --- */
extern const struct mapping_ops ext2_mapping_ops;
/* Largest size of a file, bytes. */
u64 ext2_size_max(void);
/* The block of a page of the file, 0: a hole. 0 or a negative errno. May sleep. */
int ext2_find_block(struct inode *inode, u64 index, u32 *block) must_check;
/* The same; allots what is missing. With `first` a new block is metadata that begins with this entry (or is all zeros),
 * and is written before it is linked. alloc_lock held. May sleep. */
int ext2_make_block(struct inode *inode, u64 index, const struct ext2_entry *first, u32 *block) must_check;
/* Gives back all blocks of pages >= keep. alloc_lock held. May sleep. */
int ext2_trim(struct inode *inode, u64 keep) must_check;
int ext2_truncate(struct inode *inode, u64 size);

/* --- ext2_inode.c --- */
/* The inode with a reference. 0, -EUCLEAN, -EIO, -ENOMEM. May sleep. */
int ext2_get_inode(struct fs *fs, u32 ino, struct inode **inode) must_check;
/* A new inode with nlink 0 (so that inode_put frees it again), and mode, times, operations. May sleep. */
int ext2_new_inode(struct inode *dir, u32 mode, struct inode **inode) must_check;
int ext2_write_inode(struct inode *inode);
void ext2_forget(struct inode *inode);
/* Whether `block` of the inode holds blocks (not a short symbolic link's text, not a device number). */
bool ext2_has_blocks(const struct inode *inode);

/* --- ext2_dir.c; dir->lock held, all may sleep --- */
/* Where a name is: the entry, in a frame with a reference. -ENOENT. */
struct ext2_place {
	struct frame *frame;
	struct ext2_entry *entry, *previous; /* previous: in the same block, or NULL */
	u64 index;                           /* of the block in the directory */
};
int ext2_find_name(struct inode *dir, const char *name, struct ext2_place *place) must_check;
int ext2_add_name(struct inode *dir, const char *name, const struct inode *inode) must_check;
/* Takes the entry away and drops the place's frame. */
void ext2_remove_name(struct inode *dir, struct ext2_place *place);
/* Lets the entry name another inode and drops the place's frame. */
void ext2_set_name(struct inode *dir, struct ext2_place *place, const struct inode *inode);
/* "." and ".." of a new directory. */
int ext2_make_directory(struct inode *inode, const struct inode *parent) must_check;
/* 0, -ENOTEMPTY, or another error. */
int ext2_check_empty(struct inode *dir) must_check;
extern const struct file_ops ext2_directory_ops;

/* --- ext2_names.c --- */
extern const struct inode_ops ext2_directory_inode_ops, ext2_file_inode_ops, ext2_symlink_inode_ops;

#endif
