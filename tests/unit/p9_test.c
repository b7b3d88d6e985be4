/*
 * The 9P server, message by message, with good and bad arguments. That it stays inside its folder is
 * p9_escape_test.c's.
 */
#include "tests/unit/p9_rig.h"

/* --- session --- */

static void test_version_is_agreed_on(void **state)
{
	struct p9_rig *r = *state;
	assert_int_equal(do_version(r, 8192, "9P2000.L"), 0);
	assert_int_equal(p9_get_u32(&r->in), 8192);
	char name[32];
	p9_get_string(&r->in, name, sizeof(name));
	assert_string_equal(name, "9P2000.L");
	assert_int_equal(do_version(r, 0xffffffff, "9P2000.L"), 0);
	assert_int_equal(p9_get_u32(&r->in), VIRTIO_9P_MESSAGE_MAX);
}

static void test_other_versions_are_unknown(void **state)
{
	struct p9_rig *r = *state;
	static const char *const versions[] = { "9P2000", "9P2000.u", "", "unknown", "9P2000.Lx" };
	for (u32 i = 0; i < ARRAY_SIZE(versions); i++) {
		assert_int_equal(do_version(r, 8192, versions[i]), 0);
		p9_get_u32(&r->in);
		char name[32];
		p9_get_string(&r->in, name, sizeof(name));
		assert_string_equal(name, "unknown");
		assert_int_equal(do_attach(r, ROOT, ""), EPROTO);
	}
	assert_int_equal(do_version(r, 100, "9P2000.L"), EMSGSIZE);
}

static void test_version_forgets_all_fids(void **state)
{
	struct p9_rig *r = *state;
	assert_int_equal(do_walk(r, ROOT, 2, "file"), 0);
	assert_int_equal(do_version(r, P9_MSIZE, "9P2000.L"), 0);
	assert_int_equal(do_getattr(r, ROOT), EBADF);
	assert_int_equal(do_getattr(r, 2), EBADF);
	assert_int_equal(do_attach(r, ROOT, "/"), 0);
}

static void test_attach_with_bad_arguments(void **state)
{
	struct p9_rig *r = *state;
	assert_int_equal(do_attach(r, ROOT, ""), EBADF);
	assert_int_equal(do_attach(r, NO_FID, ""), EBADF);
	assert_int_equal(do_attach(r, 2, "dir"), ENOENT);
	assert_int_equal(do_attach(r, 2, "/etc"), ENOENT);
	assert_int_equal(do_attach(r, 2, ".."), ENOENT);
	p9_begin(r, T_ATTACH);
	p9_put_fid(r, 2);
	p9_put_u32(&r->out, 1); /* as if authenticated */
	p9_put_string(&r->out, "root");
	p9_put_string(&r->out, "");
	assert_int_equal(p9_send(r), EINVAL);
}

static void test_what_is_not_done_is_refused(void **state)
{
	struct p9_rig *r = *state;
	static const u8 types[] = {
		0, 6, 7, 10, 13, T_XATTRWALK, 32, 36, 99, T_AUTH, 106, 112, 114, 124, 126, 200, 255
	};
	for (u32 i = 0; i < ARRAY_SIZE(types); i++) {
		p9_begin(r, (enum p9_message)types[i]);
		p9_put_fid(r, ROOT);
		assert_int_equal(p9_send(r), EOPNOTSUPP);
	}
}

static void test_flush_is_answered(void **state)
{
	struct p9_rig *r = *state;
	p9_begin(r, T_FLUSH);
	p9_put_u16(&r->out, 7);
	assert_int_equal(p9_send(r), 0);
	assert_int_equal(r->reply_size, 7);
}

/* Every message, cut short at every byte, with its size told right and wrong. */
static void test_messages_cut_short_are_errors(void **state)
{
	struct p9_rig *r = *state;
	for (u32 type = 0; type < 256; type++) {
		for (u32 size = 7; size < 64; size++) {
			p9_connect(r);
			p9_begin(r, (enum p9_message)type);
			p9_put_fid(r, ROOT);
			r->out.used = size;
			memset(r->request + 11, 0, 64);
			if (type == T_CLUNK || type == T_REMOVE || type == T_VERSION)
				continue;
			p9_send(r);
		}
	}
	u8 reply[64];
	u8 bad[16] = { 16, 0, 0, 0, T_CLUNK, 1, 0, ROOT, 0, 0, 0 };
	for (u32 size = 0; size < 16; size++) {
		assert_int_equal(p9_answer(r->p9, bad, size, reply, sizeof(reply)), 11);
		assert_int_equal(reply[4], 7);
		assert_int_equal(reply[7], EPROTO);
	}
	bad[0] = 6;
	assert_int_equal(p9_answer(r->p9, bad, 11, reply, sizeof(reply)), 11);
	assert_int_equal(reply[4], 7);
	assert_int_equal(p9_answer(r->p9, bad, 11, reply, P9_REPLY_MIN - 1), 0);
}

static void test_reply_without_room_is_an_error(void **state)
{
	struct p9_rig *r = *state;
	p9_begin(r, T_GETATTR);
	p9_put_fid(r, ROOT);
	p9_put_u64(&r->out, 0x7ff);
	p9_patch_u32(&r->out, 0, r->out.used);
	for (u32 room = P9_REPLY_MIN; room < 160; room++) {
		assert_int_equal(p9_answer(r->p9, r->request, r->out.used, r->reply, room), 11);
		assert_int_equal(r->reply[7], EMSGSIZE);
	}
	assert_int_equal(p9_answer(r->p9, r->request, r->out.used, r->reply, 160), 160);
}

/* --- walking --- */

static void test_walk_finds_files(void **state)
{
	struct p9_rig *r = *state;
	assert_int_equal(do_walk(r, ROOT, 2, ""), 0);
	assert_int_equal(do_walk(r, 2, 3, "dir/inner"), 0);
	assert_int_equal(p9_get_u8(&r->in), P9_QID_DIRECTORY);
	p9_get_bytes(&r->in, 12);
	assert_int_equal(p9_get_u8(&r->in), P9_QID_FILE);
	assert_int_equal(do_walk(r, 2, 2, "dir"), 0); /* the fid itself moves */
	assert_int_equal(do_walk(r, 2, 4, "inner"), 0);
	assert_int_equal(do_walk(r, 3, 5, ""), 0); /* a file is cloned */
	assert_int_equal(do_lopen(r, 5, G_RDONLY), 0);
	assert_int_equal(do_read(r, 5, 0, 100), 0);
	assert_data(r, "inner\n");
}

static void test_walk_that_stops_makes_no_fid(void **state)
{
	struct p9_rig *r = *state;
	assert_int_equal(do_walk(r, ROOT, 2, "nothing"), ENOENT);
	assert_int_equal(do_getattr(r, 2), EBADF);
	p9_begin(r, T_WALK);
	p9_put_fid(r, ROOT);
	p9_put_fid(r, 2);
	p9_put_u16(&r->out, 3);
	p9_put_string(&r->out, "dir");
	p9_put_string(&r->out, "nothing");
	p9_put_string(&r->out, "more");
	assert_int_equal(p9_send(r), 0);
	assert_int_equal(p9_get_u16(&r->in), 1);
	assert_int_equal(r->in.left, 13);
	assert_int_equal(do_getattr(r, 2), EBADF);
	assert_int_equal(do_walk_name(r, ROOT, 2, ""), ENOENT);
}

static void test_walk_with_bad_arguments(void **state)
{
	struct p9_rig *r = *state;
	assert_int_equal(do_walk(r, 99, 2, ""), EBADF);
	assert_int_equal(do_walk(r, ROOT, NO_FID, ""), EBADF);
	assert_int_equal(do_walk(r, ROOT, 2, "file"), 0);
	assert_int_equal(do_walk(r, ROOT, 2, "dir"), EBADF);
	assert_int_equal(do_walk(r, 2, 3, "file"), ENOTDIR);
	assert_int_equal(do_lopen(r, 2, G_RDONLY), 0);
	assert_int_equal(do_walk(r, 2, 2, ""), EBUSY);
	char many[64] = "";
	for (u32 i = 0; i < 17; i++)
		strcat(many, "../");
	assert_int_equal(do_walk(r, ROOT, 4, many), EINVAL);
}

static void test_fids_are_limited(void **state)
{
	struct p9_rig *r = *state;
	u32 error = 0;
	u32 count = 0;
	while (!error && count < 70000)
		error = do_walk(r, ROOT, 100 + count++, "");
	assert_int_equal(error, EMFILE);
	assert_int_equal(do_getattr(r, ROOT), 0);
	assert_int_equal(do_clunk(r, 100), 0);
	assert_int_equal(do_walk(r, ROOT, 100, ""), 0);
}

static void test_clunk(void **state)
{
	struct p9_rig *r = *state;
	assert_int_equal(do_clunk(r, 2), EBADF);
	assert_int_equal(do_walk(r, ROOT, 2, ""), 0);
	assert_int_equal(do_walk(r, ROOT, 2 + 1024, ""), 0); /* in the same bucket */
	assert_int_equal(do_clunk(r, 2), 0);
	assert_int_equal(do_clunk(r, 2), EBADF);
	assert_int_equal(do_clunk(r, 2 + 1024), 0);
}

/* --- files --- */

static void test_read_and_write(void **state)
{
	struct p9_rig *r = *state;
	assert_int_equal(do_walk(r, ROOT, 2, "file"), 0);
	assert_int_equal(do_lopen(r, 2, G_RDWR), 0);
	p9_get_bytes(&r->in, 13);
	assert_int_equal(p9_get_u32(&r->in), P9_MSIZE - 24);
	assert_int_equal(do_read(r, 2, 0, 4), 0);
	assert_data(r, "cont");
	assert_int_equal(do_read(r, 2, 5, 100), 0);
	assert_data(r, "nts\n");
	assert_int_equal(do_read(r, 2, 1000, 100), 0);
	assert_data(r, "");
	assert_int_equal(do_write(r, 2, 3, "TENTS", 5), 0);
	assert_int_equal(p9_get_u32(&r->in), 5);
	assert_file(r, "share/file", "conTENTS\n");
	assert_int_equal(do_write(r, 2, 0, "", 0), 0);
}

static void test_large_reads_fill_the_reply_only(void **state)
{
	struct p9_rig *r = *state;
	assert_int_equal(truncate(in_top(r, "share/file"), 3 * P9_MSIZE), 0);
	assert_int_equal(do_walk(r, ROOT, 2, "file"), 0);
	assert_int_equal(do_lopen(r, 2, G_RDONLY), 0);
	assert_int_equal(do_read(r, 2, 0, 0xffffffff), 0);
	assert_int_equal(p9_get_u32(&r->in), P9_MSIZE - 11);
}

static void test_read_and_write_with_bad_arguments(void **state)
{
	struct p9_rig *r = *state;
	assert_int_equal(do_walk(r, ROOT, 2, "file"), 0);
	assert_int_equal(do_read(r, 2, 0, 1), EBADF);
	assert_int_equal(do_write(r, 2, 0, "x", 1), EBADF);
	assert_int_equal(do_read(r, 99, 0, 1), EBADF);
	assert_int_equal(do_lopen(r, 2, G_RDONLY), 0);
	assert_int_equal(do_write(r, 2, 0, "x", 1), EBADF);
	assert_int_equal(do_read(r, 2, 1ull << 63, 1), EINVAL);
	assert_int_equal(do_walk(r, ROOT, 3, "file"), 0);
	assert_int_equal(do_lopen(r, 3, G_WRONLY), 0);
	assert_int_equal(do_read(r, 3, 0, 1), EBADF);
	assert_int_equal(do_write(r, 3, 1ull << 63, "x", 1), EFBIG);
	assert_int_not_equal(do_write(r, 3, INT64_MAX, "x", 1), 0);
	p9_begin(r, T_WRITE);
	p9_put_fid(r, 3);
	p9_put_u64(&r->out, 0);
	p9_put_u32(&r->out, 1000); /* more than follows */
	put_bytes(r, "abc", 3);
	assert_int_equal(p9_send(r), EINVAL);
	assert_file(r, "share/file", "contents\n");
	assert_int_equal(do_walk(r, ROOT, 4, "dir"), 0);
	assert_int_equal(do_lopen(r, 4, G_RDONLY), 0);
	assert_int_equal(do_read(r, 4, 0, 1), EISDIR);
	assert_int_equal(do_write(r, 4, 0, "x", 1), EBADF);
}

static void test_open_with_bad_arguments(void **state)
{
	struct p9_rig *r = *state;
	assert_int_equal(do_lopen(r, 99, G_RDONLY), EBADF);
	assert_int_equal(do_walk(r, ROOT, 2, "file"), 0);
	assert_int_equal(do_lopen(r, 2, 3), EINVAL);
	assert_int_equal(do_lopen(r, 2, G_DIRECTORY), ENOTDIR);
	assert_int_equal(do_lopen(r, 2, G_RDONLY), 0);
	assert_int_equal(do_lopen(r, 2, G_RDONLY), EINVAL);
	assert_int_equal(do_walk(r, ROOT, 3, "dir"), 0);
	assert_int_equal(do_lopen(r, 3, G_WRONLY), EISDIR);
	assert_int_equal(do_lopen(r, 3, G_RDONLY | G_DIRECTORY), 0);
}

static void test_open_truncates_and_does_not_append(void **state)
{
	struct p9_rig *r = *state;
	assert_int_equal(do_walk(r, ROOT, 2, "file"), 0);
	assert_int_equal(do_lopen(r, 2, G_WRONLY | G_TRUNC), 0);
	assert_file(r, "share/file", "");
	assert_int_equal(do_walk(r, ROOT, 3, "file"), 0);
	assert_int_equal(do_lopen(r, 3, G_WRONLY | G_APPEND), 0);
	assert_int_equal(do_write(r, 3, 0, "abc", 3), 0);
	assert_int_equal(do_write(r, 3, 1, "xyz", 3), 0);
	assert_file(r, "share/file", "axyz");
}

static void test_create(void **state)
{
	struct p9_rig *r = *state;
	struct stat st;
	umask(077);
	assert_int_equal(do_walk(r, ROOT, 2, "dir"), 0);
	assert_int_equal(do_lcreate(r, 2, "new", G_RDWR | G_CREAT | G_EXCL, 06754), 0);
	assert_int_equal(p9_get_u8(&r->in), P9_QID_FILE);
	assert_int_equal(do_write(r, 2, 0, "new file", 8), 0);
	assert_int_equal(do_read(r, 2, 0, 100), 0);
	assert_data(r, "new file");
	assert_file(r, "share/dir/new", "new file");
	assert_int_equal(stat(in_top(r, "share/dir/new"), &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0754); /* the guest's mode, without set-user-id */
	assert_int_equal(st.st_uid, geteuid());
	/* What is there already is opened, unless it must not be. */
	assert_int_equal(do_walk(r, ROOT, 3, ""), 0);
	assert_int_equal(do_lcreate(r, 3, "file", G_RDWR | G_CREAT | G_EXCL, 0600), EEXIST);
	assert_int_equal(do_lcreate(r, 3, "dir", G_RDWR | G_CREAT, 0600), EISDIR);
	assert_int_equal(do_lcreate(r, 3, "file", G_RDWR | G_CREAT, 0600), 0);
	assert_int_equal(do_read(r, 3, 0, 100), 0);
	assert_data(r, "contents\n");
	assert_int_equal(do_lcreate(r, 3, "another", G_RDWR | G_CREAT, 0600), EINVAL); /* it is open */
	assert_int_equal(do_walk(r, ROOT, 4, "file"), 0);
	assert_int_equal(do_lcreate(r, 4, "x", G_RDWR | G_CREAT, 0600), ENOTDIR);
	umask(022);
}

static void test_fsync(void **state)
{
	struct p9_rig *r = *state;
	assert_int_equal(do_walk(r, ROOT, 2, "file"), 0);
	assert_int_equal(do_plain(r, T_FSYNC, 2), EBADF);
	assert_int_equal(do_lopen(r, 2, G_RDWR), 0);
	assert_int_equal(do_plain(r, T_FSYNC, 2), 0);
	p9_begin(r, T_FSYNC);
	p9_put_fid(r, 2);
	p9_put_u32(&r->out, 1);
	assert_int_equal(p9_send(r), 0);
}

static void test_getattr(void **state)
{
	struct p9_rig *r = *state;
	struct stat st;
	assert_int_equal(stat(in_top(r, "share/file"), &st), 0);
	assert_int_equal(do_walk(r, ROOT, 2, "file"), 0);
	assert_int_equal(do_getattr(r, 2), 0);
	assert_int_equal(r->reply_size, 160);
	assert_int_equal(p9_get_u64(&r->in), 0x7ff);
	assert_int_equal(p9_get_u8(&r->in), P9_QID_FILE);
	p9_get_u32(&r->in);
	assert_int_equal(p9_get_u64(&r->in), st.st_ino);
	assert_int_equal(p9_get_u32(&r->in), st.st_mode);
	assert_int_equal(p9_get_u32(&r->in), st.st_uid);
	assert_int_equal(p9_get_u32(&r->in), st.st_gid);
	assert_int_equal(p9_get_u64(&r->in), st.st_nlink);
	assert_int_equal(p9_get_u64(&r->in), st.st_rdev);
	assert_int_equal(p9_get_u64(&r->in), 9);
	assert_int_equal(p9_get_u64(&r->in), st.st_blksize);
	assert_int_equal(p9_get_u64(&r->in), st.st_blocks);
	assert_int_equal(p9_get_u64(&r->in), st.st_atim.tv_sec);
	assert_int_equal(p9_get_u64(&r->in), st.st_atim.tv_nsec);
	assert_int_equal(p9_get_u64(&r->in), st.st_mtim.tv_sec);
	assert_int_equal(p9_get_u64(&r->in), st.st_mtim.tv_nsec);
	assert_int_equal(p9_get_u64(&r->in), st.st_ctim.tv_sec);
	assert_int_equal(p9_get_u64(&r->in), st.st_ctim.tv_nsec);
}

static void test_setattr(void **state)
{
	struct p9_rig *r = *state;
	struct stat st;
	assert_int_equal(do_walk(r, ROOT, 2, "file"), 0);
	assert_int_equal(do_setattr(r, 2, (struct set_attributes){ .valid = 0x8, .size = 4 }), 0);
	assert_file(r, "share/file", "cont");
	struct set_attributes a = {
		.valid = 0x1 | 0x10 | 0x20 | 0x80 | 0x100,
		.mode = 06640,
		.atime = 1000,
		.atime_ns = 5,
		.mtime = 2000,
		.mtime_ns = 999999999,
	};
	assert_int_equal(do_setattr(r, 2, a), 0);
	assert_int_equal(stat(in_top(r, "share/file"), &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0640);
	assert_int_equal(st.st_atim.tv_sec, 1000);
	assert_int_equal(st.st_atim.tv_nsec, 5);
	assert_int_equal(st.st_mtim.tv_sec, 2000);
	assert_int_equal(st.st_mtim.tv_nsec, 999999999);
	assert_int_equal(do_setattr(r, 2, (struct set_attributes){ .valid = 0x20 }), 0); /* now */
	assert_int_equal(stat(in_top(r, "share/file"), &st), 0);
	assert_int_equal(st.st_atim.tv_sec, 1000);
	assert_true(st.st_mtim.tv_sec > 1000000000);
	struct set_attributes own = { .valid = 0x2 | 0x4, .uid = geteuid(), .gid = st.st_gid };
	assert_int_equal(do_setattr(r, 2, own), 0);
	assert_int_equal(do_lopen(r, 2, G_RDWR), 0); /* also of an open file */
	assert_int_equal(do_setattr(r, 2, (struct set_attributes){ .valid = 0x8, .size = 2 }), 0);
	assert_file(r, "share/file", "co");
}

static void test_setattr_with_bad_arguments(void **state)
{
	struct p9_rig *r = *state;
	assert_int_equal(do_setattr(r, 99, (struct set_attributes){ .valid = 0 }), EBADF);
	assert_int_equal(do_walk(r, ROOT, 2, "file"), 0);
	struct set_attributes a = { .valid = 0x20 | 0x100, .mtime_ns = 1000000000 };
	assert_int_equal(do_setattr(r, 2, a), EINVAL);
	a.mtime_ns = UTIME_NOW;
	assert_int_equal(do_setattr(r, 2, a), EINVAL);
	assert_int_equal(do_setattr(r, 2, (struct set_attributes){ .valid = 0x8, .size = 1ull << 63 }), EFBIG);
	assert_int_equal(do_walk(r, ROOT, 3, "dir"), 0);
	assert_int_equal(do_setattr(r, 3, (struct set_attributes){ .valid = 0x8, .size = 0 }), EISDIR);
	assert_file(r, "share/file", "contents\n");
}

static void test_statfs(void **state)
{
	struct p9_rig *r = *state;
	assert_int_equal(do_plain(r, T_STATFS, ROOT), 0);
	assert_int_equal(p9_get_u32(&r->in), 0x01021997);
	assert_int_not_equal(p9_get_u32(&r->in), 0);
	assert_int_equal(r->reply_size, 7 + 4 + 4 + 6 * 8 + 4);
	assert_int_equal(do_plain(r, T_STATFS, 99), EBADF);
}

static void test_locks_succeed(void **state)
{
	struct p9_rig *r = *state;
	for (u32 i = 0; i < 2; i++) {
		p9_begin(r, i ? T_GETLOCK : T_LOCK);
		p9_put_fid(r, ROOT);
		p9_put_u8(&r->out, 1);
		if (!i)
			p9_put_u32(&r->out, 0);
		p9_put_u64(&r->out, 10);
		p9_put_u64(&r->out, 20);
		p9_put_u32(&r->out, 30);
		p9_put_string(&r->out, "client");
		assert_int_equal(p9_send(r), 0);
		assert_int_equal(p9_get_u8(&r->in), i ? 2 : 0); /* none; success */
	}
	assert_int_equal(p9_get_u64(&r->in), 10);
	assert_int_equal(p9_get_u64(&r->in), 20);
	assert_int_equal(p9_get_u32(&r->in), 30);
	assert_int_equal(do_plain(r, T_LOCK, 99), EBADF);
}

static void test_file_that_is_removed_stays_open(void **state)
{
	struct p9_rig *r = *state;
	assert_int_equal(do_walk(r, ROOT, 2, "file"), 0);
	assert_int_equal(do_lopen(r, 2, G_RDWR), 0);
	assert_int_equal(do_unlinkat(r, ROOT, "file", 0), 0);
	assert_int_equal(do_read(r, 2, 0, 100), 0);
	assert_data(r, "contents\n");
	assert_int_equal(do_setattr(r, 2, (struct set_attributes){ .valid = 0x8, .size = 4 }), 0);
	assert_int_equal(do_getattr(r, 2), 0);
	assert_int_equal(do_remove(r, 2), ESTALE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		P9_TEST(test_version_is_agreed_on),
		P9_TEST(test_other_versions_are_unknown),
		P9_TEST(test_version_forgets_all_fids),
		P9_TEST(test_attach_with_bad_arguments),
		P9_TEST(test_what_is_not_done_is_refused),
		P9_TEST(test_flush_is_answered),
		P9_TEST(test_messages_cut_short_are_errors),
		P9_TEST(test_reply_without_room_is_an_error),
		P9_TEST(test_walk_finds_files),
		P9_TEST(test_walk_that_stops_makes_no_fid),
		P9_TEST(test_walk_with_bad_arguments),
		P9_TEST(test_fids_are_limited),
		P9_TEST(test_clunk),
		P9_TEST(test_read_and_write),
		P9_TEST(test_large_reads_fill_the_reply_only),
		P9_TEST(test_read_and_write_with_bad_arguments),
		P9_TEST(test_open_with_bad_arguments),
		P9_TEST(test_open_truncates_and_does_not_append),
		P9_TEST(test_create),
		P9_TEST(test_fsync),
		P9_TEST(test_getattr),
		P9_TEST(test_setattr),
		P9_TEST(test_setattr_with_bad_arguments),
		P9_TEST(test_statfs),
		P9_TEST(test_locks_succeed),
		P9_TEST(test_file_that_is_removed_stays_open),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
