/*
 * What the parts of the 9P server share: the session with its fids, and the messages each part answers. See p9.h.
 */
#ifndef RVEMU_DEVICES_P9_INTERNAL_H
#define RVEMU_DEVICES_P9_INTERNAL_H

#include "devices/p9_tree.h"

#define P9_FIDS_MAX 32768
#define P9_FID_BUCKETS 1024

/* Permissions and the sticky bit; not those that run programs as somebody else. */
#define P9_MODE_KEPT 01777

/* Bytes in front of the data of a read or write, as much as any message has; what iounit leaves room for. */
#define P9_IO_HEADER_SIZE 24

/* A file by the guest's number. */
struct p9_fid {
	struct p9_fid *next; /* in its bucket */
	u32 id;              /* the number */
	int fd;              /* what it stands for: by O_PATH, or open; -1: lost when a snapshot was loaded */
	bool is_open;        /* opened for reading or writing */
	u32 flags;           /* then: open(2)'s access mode */
};

struct p9 {
	int root;                            /* the folder */
	dev_t root_device;                   /* what it is on */
	bool read_only;                      /* nothing in it changes */
	u32 message_max;                     /* bytes, as agreed on; 0: not yet */
	u32 fids_max;                        /* as many as the host's limit of open files has room for */
	u32 fid_count;                       /* how many there are */
	struct p9_fid *fids[P9_FID_BUCKETS]; /* by number */
};

/* Answers one kind of message: reads its fields, and writes those of the reply. Returns 0, or Linux' error number, and
 * then what was written does not count. */
typedef u32 p9_handler(struct p9 *p9, struct p9_in *in, struct p9_out *out);

/* Reads a fid's number; finds it. EBADF: there is none of that number; ESTALE: it is lost. */
u32 p9_fid_get(struct p9 *p9, struct p9_in *in, struct p9_fid **fid);

/* Makes one with that number, descriptor and state of being open; the descriptor becomes its own. On failure (EBADF:
 * the number is used; EMFILE) it is closed. */
u32 p9_fid_add(struct p9 *p9, struct p9_fid fid);

/* Replaces what it stands for; the old descriptor is closed. */
void p9_fid_set(struct p9_fid *fid, int fd);

/* Closes and forgets it. */
void p9_fid_drop(struct p9 *p9, struct p9_fid *fid);
void p9_fid_drop_all(struct p9 *p9);

/* Writes the qid of what fd stands for. */
u32 p9_put_qid_of(const struct p9 *p9, int fd, struct p9_out *out);

/* What open(2) is given for a guest's flags: access mode, truncation and synchronous writing; EROFS, if that would
 * change what may not be changed. */
u32 p9_open_flags(const struct p9 *p9, u32 guest_flags, u32 *flags);

/* devices/p9_files.c */
p9_handler p9_lopen, p9_read, p9_write, p9_fsync, p9_getattr, p9_setattr, p9_statfs, p9_readlink, p9_lock, p9_getlock;

/* devices/p9_folders.c */
p9_handler p9_lcreate, p9_readdir, p9_mkdir, p9_symlink, p9_mknod, p9_link, p9_rename, p9_renameat, p9_unlinkat,
	p9_remove;

#endif
