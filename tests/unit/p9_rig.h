/*
 * A 9P client on a bench: makes messages field by field, and reads the replies. The folder that is served lies in a
 * temporary one, beside things that the guest must not reach:
 *
 *   TOP/share/        served
 *   TOP/share/file    "contents\n"
 *   TOP/share/dir/    with the file "inner"
 *   TOP/share/out     -> TOP/secret, an escape for those who follow it
 *   TOP/share/up      -> .., another
 *   TOP/secret/       with the file "key"
 */
#ifndef RVEMU_TESTS_UNIT_P9_RIG_H
#define RVEMU_TESTS_UNIT_P9_RIG_H

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "devices/p9.h"
#include "devices/p9_wire.h"

#define P9_MSIZE 65536u
#define NO_FID UINT32_MAX
#define ROOT 1u /* the fid that is attached */

enum p9_message {
	T_STATFS = 8,
	T_LOPEN = 12,
	T_LCREATE = 14,
	T_SYMLINK = 16,
	T_MKNOD = 18,
	T_RENAME = 20,
	T_READLINK = 22,
	T_GETATTR = 24,
	T_SETATTR = 26,
	T_XATTRWALK = 30,
	T_READDIR = 40,
	T_FSYNC = 50,
	T_LOCK = 52,
	T_GETLOCK = 54,
	T_LINK = 70,
	T_MKDIR = 72,
	T_RENAMEAT = 74,
	T_UNLINKAT = 76,
	T_VERSION = 100,
	T_AUTH = 102,
	T_ATTACH = 104,
	T_FLUSH = 108,
	T_WALK = 110,
	T_READ = 116,
	T_WRITE = 118,
	T_CLUNK = 120,
	T_REMOVE = 122,
};

/* Linux' open flags, as the guest has them. */
enum { G_RDONLY = 0, G_WRONLY = 1, G_RDWR = 2, G_CREAT = 0100, G_EXCL = 0200, G_TRUNC = 01000, G_APPEND = 02000 };
#define G_DIRECTORY 0200000

struct p9_rig {
	char top[64];                    /* the temporary folder */
	char share[80];                  /* what is served */
	struct p9 *p9;                   /* under test */
	u8 request[P9_MSIZE + 64];       /* the message being made */
	struct p9_out out;               /* its writer */
	u8 reply[VIRTIO_9P_MESSAGE_MAX]; /* the last reply */
	u32 reply_size;                  /* its bytes */
	struct p9_in in;                 /* its reader, behind the header */
};

/* A path in the temporary folder; valid until the fourth call after it. */
static inline const char *in_top(struct p9_rig *r, const char *path)
{
	static char paths[4][300];
	static u32 next;
	char *text = paths[next++ % 4];
	snprintf(text, sizeof(paths[0]), "%s/%s", r->top, path);
	return text;
}

static inline void make_file(struct p9_rig *r, const char *path, const char *contents)
{
	int fd = open(in_top(r, path), O_WRONLY | O_CREAT | O_TRUNC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, contents, strlen(contents)), strlen(contents));
	close(fd);
}

static inline void assert_file(struct p9_rig *r, const char *path, const char *contents)
{
	char got[256] = "";
	int fd = open(in_top(r, path), O_RDONLY);
	assert_true(fd >= 0);
	ssize_t size = read(fd, got, sizeof(got) - 1);
	assert_true(size >= 0);
	got[size] = '\0';
	close(fd);
	assert_string_equal(got, contents);
}

static inline bool exists(struct p9_rig *r, const char *path)
{
	struct stat st;
	return lstat(in_top(r, path), &st) == 0;
}

/* --- messages --- */

static inline void p9_begin(struct p9_rig *r, enum p9_message type)
{
	r->out = (struct p9_out){ .start = r->request, .room = sizeof(r->request) };
	p9_put_u32(&r->out, 0);
	p9_put_u8(&r->out, (u8)type);
	p9_put_u16(&r->out, 0x1234);
}

static inline void p9_put_fid(struct p9_rig *r, u32 fid)
{
	p9_put_u32(&r->out, fid);
}

static inline void put_bytes(struct p9_rig *r, const void *bytes, u32 size)
{
	assert_true(size <= r->out.room - r->out.used);
	memcpy(r->out.start + r->out.used, bytes, size);
	r->out.used += size;
}

/* Sends the message; returns 0, or the error that was answered. What a reply must have, it has. */
static inline u32 p9_send(struct p9_rig *r)
{
	assert_false(r->out.full);
	p9_patch_u32(&r->out, 0, r->out.used);
	/* A copy of exactly that size, so that a sanitizer sees who reads behind it. */
	u8 *request = xcalloc(1, r->out.used);
	memcpy(request, r->request, r->out.used);
	r->reply_size = p9_answer(r->p9, request, r->out.used, r->reply, P9_MSIZE);
	free(request);
	r->in = (struct p9_in){ .at = r->reply, .left = r->reply_size };
	assert_int_equal(p9_get_u32(&r->in), r->reply_size);
	u8 type = p9_get_u8(&r->in);
	assert_int_equal(p9_get_u16(&r->in), 0x1234);
	if (type == 7) {
		assert_int_equal(r->reply_size, 11);
		u32 error = p9_get_u32(&r->in);
		assert_true(error > 0 && error < 4096);
		return error;
	}
	assert_int_equal(type, r->request[4] + 1);
	return 0;
}

static inline u32 do_version(struct p9_rig *r, u32 size, const char *version)
{
	p9_begin(r, T_VERSION);
	p9_put_u32(&r->out, size);
	p9_put_string(&r->out, version);
	return p9_send(r);
}

static inline u32 do_attach(struct p9_rig *r, u32 fid, const char *tree)
{
	p9_begin(r, T_ATTACH);
	p9_put_fid(r, fid);
	p9_put_u32(&r->out, NO_FID);
	p9_put_string(&r->out, "root");
	p9_put_string(&r->out, tree);
	p9_put_u32(&r->out, 0);
	return p9_send(r);
}

/* Walks along `path`, whose names have slashes between them; "" clones. A walk that stops on its way is ENOENT. */
static inline u32 do_walk(struct p9_rig *r, u32 fid, u32 new_fid, const char *path)
{
	p9_begin(r, T_WALK);
	p9_put_fid(r, fid);
	p9_put_fid(r, new_fid);
	u32 count_at = r->out.used;
	u16 count = 0;
	p9_put_u16(&r->out, 0);
	while (*path) {
		char name[300];
		size_t length = strcspn(path, "/");
		assert_true(length < sizeof(name));
		memcpy(name, path, length);
		name[length] = '\0';
		path += length + (path[length] == '/');
		p9_put_string(&r->out, name);
		count++;
	}
	r->out.start[count_at] = (u8)count;
	u32 error = p9_send(r);
	if (error)
		return error;
	return p9_get_u16(&r->in) == count ? 0 : ENOENT;
}

/* Walks by one name, whatever is in it. */
static inline u32 do_walk_name(struct p9_rig *r, u32 fid, u32 new_fid, const char *name)
{
	p9_begin(r, T_WALK);
	p9_put_fid(r, fid);
	p9_put_fid(r, new_fid);
	p9_put_u16(&r->out, 1);
	p9_put_string(&r->out, name);
	return p9_send(r);
}

static inline u32 do_clunk(struct p9_rig *r, u32 fid)
{
	p9_begin(r, T_CLUNK);
	p9_put_fid(r, fid);
	return p9_send(r);
}

static inline u32 do_lopen(struct p9_rig *r, u32 fid, u32 flags)
{
	p9_begin(r, T_LOPEN);
	p9_put_fid(r, fid);
	p9_put_u32(&r->out, flags);
	return p9_send(r);
}

/* Messages of a directory and a name; more fields follow. */
static inline void begin_named(struct p9_rig *r, enum p9_message type, u32 dir, const char *name)
{
	p9_begin(r, type);
	p9_put_fid(r, dir);
	p9_put_string(&r->out, name);
}

static inline u32 do_lcreate(struct p9_rig *r, u32 fid, const char *name, u32 flags, u32 mode)
{
	begin_named(r, T_LCREATE, fid, name);
	p9_put_u32(&r->out, flags);
	p9_put_u32(&r->out, mode);
	p9_put_u32(&r->out, 0);
	return p9_send(r);
}

static inline u32 do_mkdir(struct p9_rig *r, u32 dir, const char *name, u32 mode)
{
	begin_named(r, T_MKDIR, dir, name);
	p9_put_u32(&r->out, mode);
	p9_put_u32(&r->out, 0);
	return p9_send(r);
}

static inline u32 do_symlink(struct p9_rig *r, u32 dir, const char *name, const char *target)
{
	begin_named(r, T_SYMLINK, dir, name);
	p9_put_string(&r->out, target);
	p9_put_u32(&r->out, 0);
	return p9_send(r);
}

static inline u32 do_mknod(struct p9_rig *r, u32 dir, const char *name, u32 mode)
{
	begin_named(r, T_MKNOD, dir, name);
	p9_put_u32(&r->out, mode);
	p9_put_u32(&r->out, 1);
	p9_put_u32(&r->out, 3);
	p9_put_u32(&r->out, 0);
	return p9_send(r);
}

static inline u32 do_link(struct p9_rig *r, u32 dir, u32 fid, const char *name)
{
	p9_begin(r, T_LINK);
	p9_put_fid(r, dir);
	p9_put_fid(r, fid);
	p9_put_string(&r->out, name);
	return p9_send(r);
}

static inline u32 do_rename(struct p9_rig *r, u32 fid, u32 dir, const char *name)
{
	p9_begin(r, T_RENAME);
	p9_put_fid(r, fid);
	p9_put_fid(r, dir);
	p9_put_string(&r->out, name);
	return p9_send(r);
}

static inline u32 do_renameat(struct p9_rig *r, u32 from, const char *old_name, u32 to, const char *new_name)
{
	begin_named(r, T_RENAMEAT, from, old_name);
	p9_put_fid(r, to);
	p9_put_string(&r->out, new_name);
	return p9_send(r);
}

static inline u32 do_unlinkat(struct p9_rig *r, u32 dir, const char *name, u32 flags)
{
	begin_named(r, T_UNLINKAT, dir, name);
	p9_put_u32(&r->out, flags);
	return p9_send(r);
}

static inline u32 do_remove(struct p9_rig *r, u32 fid)
{
	p9_begin(r, T_REMOVE);
	p9_put_fid(r, fid);
	return p9_send(r);
}

static inline u32 do_read(struct p9_rig *r, u32 fid, u64 offset, u32 count)
{
	p9_begin(r, T_READ);
	p9_put_fid(r, fid);
	p9_put_u64(&r->out, offset);
	p9_put_u32(&r->out, count);
	return p9_send(r);
}

static inline u32 do_write(struct p9_rig *r, u32 fid, u64 offset, const void *bytes, u32 size)
{
	p9_begin(r, T_WRITE);
	p9_put_fid(r, fid);
	p9_put_u64(&r->out, offset);
	p9_put_u32(&r->out, size);
	put_bytes(r, bytes, size);
	return p9_send(r);
}

static inline u32 do_readdir(struct p9_rig *r, u32 fid, u64 offset, u32 count)
{
	p9_begin(r, T_READDIR);
	p9_put_fid(r, fid);
	p9_put_u64(&r->out, offset);
	p9_put_u32(&r->out, count);
	return p9_send(r);
}

/* Messages of a fid alone. */
static inline u32 do_plain(struct p9_rig *r, enum p9_message type, u32 fid)
{
	p9_begin(r, type);
	p9_put_fid(r, fid);
	return p9_send(r);
}

static inline u32 do_getattr(struct p9_rig *r, u32 fid)
{
	p9_begin(r, T_GETATTR);
	p9_put_fid(r, fid);
	p9_put_u64(&r->out, 0x7ff);
	return p9_send(r);
}

/* Tsetattr's fields. */
struct set_attributes {
	u32 valid, mode, uid, gid;
	u64 size, atime, atime_ns, mtime, mtime_ns;
};

static inline u32 do_setattr(struct p9_rig *r, u32 fid, struct set_attributes a)
{
	p9_begin(r, T_SETATTR);
	p9_put_fid(r, fid);
	p9_put_u32(&r->out, a.valid);
	p9_put_u32(&r->out, a.mode);
	p9_put_u32(&r->out, a.uid);
	p9_put_u32(&r->out, a.gid);
	p9_put_u64(&r->out, a.size);
	p9_put_u64(&r->out, a.atime);
	p9_put_u64(&r->out, a.atime_ns);
	p9_put_u64(&r->out, a.mtime);
	p9_put_u64(&r->out, a.mtime_ns);
	return p9_send(r);
}

/* The data of a reply to Tread are this. */
static inline void assert_data(struct p9_rig *r, const char *text)
{
	u32 size = p9_get_u32(&r->in);
	assert_int_equal(size, strlen(text));
	assert_int_equal(r->in.left, size);
	assert_memory_equal(r->in.at, text, size);
}

/* --- setting up --- */

static inline void p9_connect(struct p9_rig *r)
{
	assert_int_equal(do_version(r, P9_MSIZE, "9P2000.L"), 0);
	assert_int_equal(do_attach(r, ROOT, ""), 0);
}

static inline void p9_serve(struct p9_rig *r, bool read_only)
{
	struct error err = { "" };
	r->p9 = p9_create(r->share, read_only, &err);
	assert_string_equal(err.text, "");
	assert_non_null(r->p9);
	p9_connect(r);
}

static inline int p9_setup(void **state)
{
	struct p9_rig *r = xcalloc(1, sizeof(*r));
	const char *tmp = getenv("TMPDIR");
	snprintf(r->top, sizeof(r->top), "%s/rvemu-p9-XXXXXX", tmp && strlen(tmp) < 40 ? tmp : "/tmp");
	assert_non_null(mkdtemp(r->top));
	snprintf(r->share, sizeof(r->share), "%s/share", r->top);
	assert_int_equal(mkdir(r->share, 0755), 0);
	assert_int_equal(mkdir(in_top(r, "share/dir"), 0755), 0);
	assert_int_equal(mkdir(in_top(r, "secret"), 0755), 0);
	make_file(r, "share/file", "contents\n");
	make_file(r, "share/dir/inner", "inner\n");
	make_file(r, "secret/key", "secret\n");
	assert_int_equal(symlink(in_top(r, "secret"), in_top(r, "share/out")), 0);
	assert_int_equal(symlink("..", in_top(r, "share/up")), 0);
	p9_serve(r, false);
	*state = r;
	return 0;
}

static inline int p9_remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

/* What the guest must not reach is as it was. */
static inline int p9_teardown(void **state)
{
	struct p9_rig *r = *state;
	p9_destroy(r->p9);
	assert_file(r, "secret/key", "secret\n");
	assert_int_equal(rmdir(in_top(r, "secret")), -1);
	assert_int_equal(unlink(in_top(r, "secret/key")), 0);
	assert_int_equal(rmdir(in_top(r, "secret")), 0);
	nftw(r->top, p9_remove_one, 16, FTW_DEPTH | FTW_PHYS);
	assert_false(exists(r, "share"));
	free(r);
	return 0;
}

#define P9_TEST(name) cmocka_unit_test_setup_teardown(name, p9_setup, p9_teardown)

#endif
