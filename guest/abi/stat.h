/*
 * What files look like from outside: mode bits, stat, statx, statfs, directory entries. Linux's generic 64-bit
 * layouts, which RV64 uses as they are.
 */
#ifndef GUEST_ABI_STAT_H
#define GUEST_ABI_STAT_H

#include "guest/abi/types.h"

#define S_IFMT 0170000 /* mask of the type */
#define S_IFSOCK 0140000
#define S_IFLNK 0120000
#define S_IFREG 0100000
#define S_IFBLK 0060000
#define S_IFDIR 0040000
#define S_IFCHR 0020000
#define S_IFIFO 0010000
#define S_ISUID 0004000
#define S_ISGID 0002000
#define S_ISVTX 0001000
#define S_IRWXU 0700
#define S_IRUSR 0400
#define S_IWUSR 0200
#define S_IXUSR 0100
#define S_IRWXG 0070
#define S_IRGRP 0040
#define S_IWGRP 0020
#define S_IXGRP 0010
#define S_IRWXO 0007
#define S_IROTH 0004
#define S_IWOTH 0002
#define S_IXOTH 0001

#define S_ISREG(mode) (((mode)&S_IFMT) == S_IFREG)
#define S_ISDIR(mode) (((mode)&S_IFMT) == S_IFDIR)
#define S_ISLNK(mode) (((mode)&S_IFMT) == S_IFLNK)
#define S_ISCHR(mode) (((mode)&S_IFMT) == S_IFCHR)
#define S_ISBLK(mode) (((mode)&S_IFMT) == S_IFBLK)
#define S_ISFIFO(mode) (((mode)&S_IFMT) == S_IFIFO)
#define S_ISSOCK(mode) (((mode)&S_IFMT) == S_IFSOCK)

/* newfstatat, fstat */
struct abi_stat {
	u64 st_dev;     /* device of the file system: see ABI_MKDEV */
	u64 st_ino;     /* inode number */
	u32 st_mode;    /* type and permissions */
	u32 st_nlink;   /* hard links */
	u32 st_uid;     /* owner */
	u32 st_gid;     /* group */
	u64 st_rdev;    /* which device, if it is one */
	u64 __pad1;     /* zero */
	i64 st_size;    /* bytes */
	i32 st_blksize; /* good size for reads */
	i32 __pad2;     /* zero */
	i64 st_blocks;  /* units of 512 bytes */
	i64 st_atime;   /* last read, seconds */
	u64 st_atime_nsec;
	i64 st_mtime; /* last write, seconds */
	u64 st_mtime_nsec;
	i64 st_ctime; /* last change of the inode, seconds */
	u64 st_ctime_nsec;
	u32 __unused4; /* zero */
	u32 __unused5; /* zero */
};
_Static_assert(sizeof(struct abi_stat) == 128, "struct stat");

struct abi_statx_timestamp {
	i64 tv_sec;
	u32 tv_nsec;
	i32 __reserved; /* zero */
};

struct abi_statx {
	u32 stx_mask;            /* which fields below are valid: STATX_ */
	u32 stx_blksize;         /* good size for reads */
	u64 stx_attributes;      /* STATX_ATTR_ */
	u32 stx_nlink;           /* hard links */
	u32 stx_uid;             /* owner */
	u32 stx_gid;             /* group */
	u16 stx_mode;            /* type and permissions */
	u16 __spare0[1];         /* zero */
	u64 stx_ino;             /* inode number */
	u64 stx_size;            /* bytes */
	u64 stx_blocks;          /* units of 512 bytes */
	u64 stx_attributes_mask; /* which bits of stx_attributes this file system knows */
	struct abi_statx_timestamp stx_atime;
	struct abi_statx_timestamp stx_btime; /* birth */
	struct abi_statx_timestamp stx_ctime;
	struct abi_statx_timestamp stx_mtime;
	u32 stx_rdev_major; /* which device, if it is one */
	u32 stx_rdev_minor;
	u32 stx_dev_major; /* device of the file system */
	u32 stx_dev_minor;
	u64 stx_mnt_id;
	u32 stx_dio_mem_align;    /* 0: no direct I/O */
	u32 stx_dio_offset_align; /* 0 */
	u64 __spare3[12];         /* zero */
};
_Static_assert(sizeof(struct abi_statx) == 256, "struct statx");

#define STATX_TYPE 0x001u
#define STATX_MODE 0x002u
#define STATX_NLINK 0x004u
#define STATX_UID 0x008u
#define STATX_GID 0x010u
#define STATX_ATIME 0x020u
#define STATX_MTIME 0x040u
#define STATX_CTIME 0x080u
#define STATX_INO 0x100u
#define STATX_SIZE 0x200u
#define STATX_BLOCKS 0x400u
#define STATX_BASIC_STATS 0x7ffu
#define STATX_BTIME 0x800u
#define STATX_MNT_ID 0x1000u

/* statfs, fstatfs */
struct abi_statfs {
	u64 f_type;    /* magic number: *_MAGIC below */
	u64 f_bsize;   /* block size, bytes */
	u64 f_blocks;  /* blocks in all */
	u64 f_bfree;   /* blocks free */
	u64 f_bavail;  /* blocks free for everyone */
	u64 f_files;   /* inodes in all */
	u64 f_ffree;   /* inodes free */
	i32 f_fsid[2]; /* file system id */
	u64 f_namelen; /* longest name */
	u64 f_frsize;  /* fragment size, = f_bsize */
	u64 f_flags;   /* ST_ flags: ABI_ST_VALID is set */
	u64 f_spare[4];
};
_Static_assert(sizeof(struct abi_statfs) == 120, "struct statfs");

#define EXT2_SUPER_MAGIC 0xef53
#define PROC_SUPER_MAGIC 0x9fa0
#define TMPFS_MAGIC 0x01021994
#define DEVPTS_SUPER_MAGIC 0x1cd1
#define SYSFS_MAGIC 0x62656572
#define PIPEFS_MAGIC 0x50495045

/* getdents64 fills a buffer with these; d_reclen is a multiple of 8, the name ends with a zero byte */
struct abi_dirent64 {
	u64 d_ino;
	i64 d_off;    /* where the next entry starts: valid for lseek */
	u16 d_reclen; /* bytes of this entry, padding included */
	u8 d_type;    /* DT_ */
	char d_name[];
};
#define ABI_DIRENT64_NAME 19 /* offset of d_name: the structure's size is padded, so sizeof is of no use */
_Static_assert(__builtin_offsetof(struct abi_dirent64, d_name) == ABI_DIRENT64_NAME, "struct linux_dirent64");

#define DT_UNKNOWN 0
#define DT_FIFO 1
#define DT_CHR 2
#define DT_DIR 4
#define DT_BLK 6
#define DT_REG 8
#define DT_LNK 10
#define DT_SOCK 12
#define DT_WHT 14
/* DT_ value of a mode */
#define ABI_DT_OF(mode) (((mode)&S_IFMT) >> 12)

/* device numbers as stat and mknodat carry them: major 12 bits, minor 20 bits in two pieces */
#define ABI_MKDEV(major, minor)                                                                                        \
	(((u64)((minor)&0xffu)) | ((u64)((major)&0xfffu) << 8) | ((u64)((minor) & ~0xffu) << 12))
#define ABI_MAJOR(dev) ((u32)(((dev) >> 8) & 0xfffu))
#define ABI_MINOR(dev) ((u32)(((dev)&0xffu) | (((dev) >> 12) & ~0xffu)))

/* access(2) modes */
#define F_OK 0
#define X_OK 1
#define W_OK 2
#define R_OK 4

#define NAME_MAX 255  /* longest name in a directory */
#define PATH_MAX 4096 /* longest path, the zero byte included */

#endif
