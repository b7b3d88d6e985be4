/*
 * The 9P server: directories, names, and what a snapshot keeps. See p9_test.c for the rest.
 */
#include "tests/unit/p9_rig.h"

#include "tests/unit/state_memory.h"

/* --- readdir --- */

/* Reads a whole directory with replies of `count` bytes. Returns how many entries; remembers whether `name` was one. */
static u32 count_entries(struct p9_rig *r, u32 fid, u32 count, const char *name, u32 *found)
{
	u64 offset = 0;
	u32 entries = 0;
	*found = 0;
	for (;;) {
		assert_int_equal(do_readdir(r, fid, offset, count), 0);
		u32 size = p9_get_u32(&r->in);
		assert_int_equal(r->in.left, size);
		assert_true(size <= count);
		if (size == 0)
			return entries;
		while (r->in.left) {
			char entry[300];
			p9_get_bytes(&r->in, 13);
			offset = p9_get_u64(&r->in);
			p9_get_u8(&r->in);
			p9_get_string(&r->in, entry, sizeof(entry));
			assert_false(r->in.bad);
			*found += strcmp(entry, name) == 0;
			entries++;
		}
	}
}

static void test_readdir_lists_all(void **state)
{
	struct p9_rig *r = *state;
	u32 found;
	assert_int_equal(do_walk(r, ROOT, 2, ""), 0);
	assert_int_equal(do_lopen(r, 2, G_RDONLY | G_DIRECTORY), 0);
	assert_int_equal(count_entries(r, 2, P9_MSIZE, "up", &found), 6);
	assert_int_equal(found, 1);
	assert_int_equal(count_entries(r, 2, 40, "file", &found), 6);
	assert_int_equal(found, 1);
}

static void test_readdir_of_many_files(void **state)
{
	struct p9_rig *r = *state;
	enum { FILES = 3000 };
	u32 found;
	for (u32 i = 0; i < FILES; i++) {
		char path[64];
		snprintf(path, sizeof(path), "share/dir/a-rather-long-name-%u", i);
		make_file(r, path, "");
	}
	assert_int_equal(do_walk(r, ROOT, 2, "dir"), 0);
	assert_int_equal(do_lopen(r, 2, G_RDONLY), 0);
	static const u32 sizes[] = { P9_MSIZE, 4096, 500 };
	for (u32 i = 0; i < ARRAY_SIZE(sizes); i++) {
		assert_int_equal(count_entries(r, 2, sizes[i], "a-rather-long-name-2999", &found), FILES + 3);
		assert_int_equal(found, 1);
	}
}

/* What lies above the folder is not told: its ".." is itself. */
static void test_readdir_of_the_root_hides_its_parent(void **state)
{
	struct p9_rig *r = *state;
	struct stat st;
	assert_int_equal(stat(r->share, &st), 0);
	assert_int_equal(do_walk(r, ROOT, 2, ""), 0);
	assert_int_equal(do_lopen(r, 2, G_RDONLY), 0);
	assert_int_equal(do_readdir(r, 2, 0, P9_MSIZE), 0);
	p9_get_u32(&r->in);
	while (r->in.left) {
		char name[300];
		p9_get_bytes(&r->in, 5);
		u64 path = p9_get_u64(&r->in);
		p9_get_bytes(&r->in, 9);
		p9_get_string(&r->in, name, sizeof(name));
		if (name[0] == '.')
			assert_int_equal(path, st.st_ino);
	}
}

static void test_readdir_with_bad_arguments(void **state)
{
	struct p9_rig *r = *state;
	assert_int_equal(do_readdir(r, ROOT, 0, 100), EBADF);
	assert_int_equal(do_walk(r, ROOT, 2, "file"), 0);
	assert_int_equal(do_lopen(r, 2, G_RDONLY), 0);
	assert_int_equal(do_readdir(r, 2, 0, 100), ENOTDIR);
	assert_int_equal(do_walk(r, ROOT, 3, ""), 0);
	assert_int_equal(do_lopen(r, 3, G_RDONLY), 0);
	assert_int_equal(do_readdir(r, 3, 0, 10), EINVAL); /* not even one fits */
	assert_int_equal(do_readdir(r, 3, 1ull << 63, 100), EINVAL);
	do_readdir(r, 3, 0x123456789abcdefull, 100); /* some place or none */
	assert_int_equal(do_readdir(r, 3, 0, 0xffffffff), 0);
}

/* --- making and removing --- */

static void test_mkdir(void **state)
{
	struct p9_rig *r = *state;
	struct stat st;
	umask(077);
	assert_int_equal(do_mkdir(r, ROOT, "new", 07755), 0);
	umask(022);
	assert_int_equal(p9_get_u8(&r->in), P9_QID_DIRECTORY);
	assert_int_equal(stat(in_top(r, "share/new"), &st), 0);
	assert_int_equal(st.st_mode, S_IFDIR | 01755);
	assert_int_equal(do_mkdir(r, ROOT, "new", 0755), EEXIST);
	assert_int_equal(do_walk(r, ROOT, 2, "file"), 0);
	assert_int_equal(do_mkdir(r, 2, "new", 0755), ENOTDIR);
	assert_int_equal(do_mkdir(r, 99, "new", 0755), EBADF);
}

static void test_symlink_and_readlink(void **state)
{
	struct p9_rig *r = *state;
	char target[300];
	assert_int_equal(do_symlink(r, ROOT, "link", "/some/where/../else"), 0);
	assert_int_equal(p9_get_u8(&r->in), P9_QID_SYMLINK);
	assert_int_equal(do_walk(r, ROOT, 2, "link"), 0);
	assert_int_equal(do_plain(r, T_READLINK, 2), 0);
	p9_get_string(&r->in, target, sizeof(target));
	assert_string_equal(target, "/some/where/../else");
	assert_int_equal(do_plain(r, T_READLINK, ROOT), EINVAL);
	assert_int_equal(do_plain(r, T_READLINK, 99), EBADF);
	assert_int_equal(do_symlink(r, ROOT, "link", "x"), EEXIST);
	assert_int_equal(do_symlink(r, ROOT, "empty", ""), ENOENT);
	static const u32 lengths[] = { 4000, 4095, 4096, 60000 };
	for (u32 i = 0; i < ARRAY_SIZE(lengths); i++) {
		char *text = xcalloc(1, lengths[i] + 1);
		memset(text, 'a', lengths[i]);
		u32 error = do_symlink(r, ROOT, "long", text);
		assert_true(lengths[i] == 4000 ? error == 0 : error != 0 || lengths[i] == 4095);
		free(text);
		do_unlinkat(r, ROOT, "long", 0);
	}
}

static void test_mknod_makes_no_devices(void **state)
{
	struct p9_rig *r = *state;
	assert_int_equal(do_mknod(r, ROOT, "node", S_IFCHR | 0666), EPERM);
	assert_int_equal(do_mknod(r, ROOT, "node", S_IFBLK | 0666), EPERM);
	assert_int_equal(do_mknod(r, ROOT, "node", S_IFDIR | 0666), EPERM);
	assert_int_equal(do_mknod(r, ROOT, "node", 0666), EPERM);
	assert_false(exists(r, "share/node"));
	assert_int_equal(do_mknod(r, ROOT, "fifo", S_IFIFO | 0666), 0);
	assert_int_equal(do_mknod(r, ROOT, "socket", S_IFSOCK | 0666), 0);
	assert_int_equal(do_mknod(r, ROOT, "plain", S_IFREG | 0666), 0);
	assert_int_equal(do_mknod(r, ROOT, "plain", S_IFREG | 0666), EEXIST);
}

/* Nobody may hang on the host's special files. */
static void test_special_files_are_not_opened(void **state)
{
	struct p9_rig *r = *state;
	assert_int_equal(mkfifo(in_top(r, "share/fifo"), 0666), 0);
	assert_int_equal(do_walk(r, ROOT, 2, "fifo"), 0);
	assert_int_equal(do_getattr(r, 2), 0);
	assert_int_equal(do_lopen(r, 2, G_RDONLY), ENXIO);
	assert_int_equal(do_lopen(r, 2, G_WRONLY), ENXIO);
	assert_int_equal(do_setattr(r, 2, (struct set_attributes){ .valid = 0x8 }), ENXIO);
	assert_int_equal(do_walk(r, ROOT, 3, ""), 0);
	assert_int_equal(do_lcreate(r, 3, "fifo", G_RDWR | G_CREAT, 0600), ENXIO);
}

static void test_link(void **state)
{
	struct p9_rig *r = *state;
	assert_int_equal(do_walk(r, ROOT, 2, "file"), 0);
	assert_int_equal(do_walk(r, ROOT, 3, "dir"), 0);
	assert_int_equal(do_link(r, 3, 2, "hard"), 0);
	assert_file(r, "share/dir/hard", "contents\n");
	assert_int_equal(do_link(r, 3, 2, "hard"), EEXIST);
	assert_int_equal(do_link(r, ROOT, 3, "hard-dir"), EPERM);
	assert_int_equal(do_link(r, 99, 2, "x"), EBADF);
	assert_int_equal(do_link(r, 3, 99, "x"), EBADF);
	assert_int_equal(do_link(r, 2, 2, "x"), ENOTDIR);
	/* A symbolic link is linked itself. */
	assert_int_equal(do_walk(r, ROOT, 4, "out"), 0);
	if (do_link(r, 3, 4, "out2") == 0) {
		struct stat st;
		assert_int_equal(lstat(in_top(r, "share/dir/out2"), &st), 0);
		assert_true(S_ISLNK(st.st_mode));
	}
}

static void test_renameat(void **state)
{
	struct p9_rig *r = *state;
	assert_int_equal(do_walk(r, ROOT, 2, "dir"), 0);
	assert_int_equal(do_walk(r, ROOT, 3, "file"), 0);
	assert_int_equal(do_renameat(r, ROOT, "file", 2, "moved"), 0);
	assert_file(r, "share/dir/moved", "contents\n");
	assert_int_equal(do_lopen(r, 3, G_RDONLY), 0); /* a fid follows its file */
	assert_int_equal(do_read(r, 3, 0, 100), 0);
	assert_data(r, "contents\n");
	assert_int_equal(do_renameat(r, 2, "moved", 2, "inner"), 0);
	assert_file(r, "share/dir/inner", "contents\n");
	assert_int_equal(do_renameat(r, ROOT, "nothing", 2, "x"), ENOENT);
	assert_int_equal(do_renameat(r, ROOT, "dir", 2, "below-itself"), EINVAL);
	assert_int_equal(do_renameat(r, 99, "x", 2, "y"), EBADF);
	assert_int_equal(do_renameat(r, 2, "x", 99, "y"), EBADF);
}

static void test_rename_by_fid(void **state)
{
	struct p9_rig *r = *state;
	assert_int_equal(do_walk(r, ROOT, 2, "dir"), 0);
	assert_int_equal(do_walk(r, ROOT, 3, "file"), 0);
	assert_int_equal(do_rename(r, 3, 2, "moved"), 0);
	assert_file(r, "share/dir/moved", "contents\n");
	assert_int_equal(do_rename(r, 3, ROOT, "again"), 0);
	assert_file(r, "share/again", "contents\n");
	assert_int_equal(do_rename(r, ROOT, 2, "x"), EBUSY);
	assert_int_equal(do_rename(r, 99, 2, "x"), EBADF);
	assert_int_equal(do_rename(r, 3, 99, "x"), EBADF);
}

static void test_unlinkat(void **state)
{
	struct p9_rig *r = *state;
	assert_int_equal(do_unlinkat(r, ROOT, "file", 0x200), ENOTDIR);
	assert_int_equal(do_unlinkat(r, ROOT, "file", 0), 0);
	assert_int_equal(do_unlinkat(r, ROOT, "file", 0), ENOENT);
	assert_int_equal(do_unlinkat(r, ROOT, "dir", 0), EISDIR);
	assert_int_equal(do_unlinkat(r, ROOT, "dir", 0x200), ENOTEMPTY);
	assert_int_equal(do_walk(r, ROOT, 2, "dir"), 0);
	assert_int_equal(do_unlinkat(r, 2, "inner", 0), 0);
	assert_int_equal(do_unlinkat(r, ROOT, "dir", 0x200), 0);
	assert_int_equal(do_mkdir(r, 2, "late", 0755), ENOENT); /* in a directory that is gone */
}

static void test_remove_clunks_whatever_happens(void **state)
{
	struct p9_rig *r = *state;
	assert_int_equal(do_walk(r, ROOT, 2, "dir"), 0);
	assert_int_equal(do_walk(r, ROOT, 3, "dir/inner"), 0);
	assert_int_equal(do_walk(r, ROOT, 4, ""), 0);
	assert_int_equal(do_remove(r, 2), ENOTEMPTY);
	assert_int_equal(do_getattr(r, 2), EBADF);
	assert_int_equal(do_remove(r, 3), 0);
	assert_false(exists(r, "share/dir/inner"));
	assert_int_equal(do_walk(r, ROOT, 2, "dir"), 0);
	assert_int_equal(do_remove(r, 2), 0);
	assert_false(exists(r, "share/dir"));
	assert_int_equal(do_remove(r, 4), EBUSY); /* the folder itself */
	assert_int_equal(do_remove(r, 4), EBADF);
}

/* The kernel calls a file that is gone "NAME (deleted)"; one that is really called so is another. */
static void test_file_that_is_gone_is_not_taken_for_another(void **state)
{
	struct p9_rig *r = *state;
	assert_int_equal(do_walk(r, ROOT, 2, "file"), 0);
	assert_int_equal(do_walk(r, ROOT, 3, "file"), 0);
	assert_int_equal(do_unlinkat(r, ROOT, "file", 0), 0);
	make_file(r, "share/file (deleted)", "another\n");
	assert_int_equal(do_rename(r, 2, ROOT, "mine"), ESTALE);
	assert_int_equal(do_remove(r, 3), ESTALE);
	assert_file(r, "share/file (deleted)", "another\n");
}

/* --- read only --- */

static void test_read_only_share_changes_nothing(void **state)
{
	struct p9_rig *r = *state;
	p9_destroy(r->p9);
	p9_serve(r, true);
	assert_int_equal(do_walk(r, ROOT, 2, "file"), 0);
	assert_int_equal(do_lopen(r, 2, G_RDWR), EROFS);
	assert_int_equal(do_lopen(r, 2, G_WRONLY), EROFS);
	assert_int_equal(do_lopen(r, 2, G_RDONLY | G_TRUNC), EROFS);
	assert_int_equal(do_lcreate(r, ROOT, "new", G_RDWR | G_CREAT, 0600), EROFS);
	assert_int_equal(do_mkdir(r, ROOT, "new", 0755), EROFS);
	assert_int_equal(do_symlink(r, ROOT, "new", "x"), EROFS);
	assert_int_equal(do_mknod(r, ROOT, "new", S_IFREG | 0644), EROFS);
	assert_int_equal(do_link(r, ROOT, 2, "new"), EROFS);
	assert_int_equal(do_rename(r, 2, ROOT, "new"), EROFS);
	assert_int_equal(do_renameat(r, ROOT, "file", ROOT, "new"), EROFS);
	assert_int_equal(do_unlinkat(r, ROOT, "file", 0), EROFS);
	assert_int_equal(do_setattr(r, 2, (struct set_attributes){ .valid = 1, .mode = 0 }), EROFS);
	assert_int_equal(do_walk(r, ROOT, 3, "file"), 0);
	assert_int_equal(do_remove(r, 3), EROFS);
	assert_int_equal(do_lopen(r, 2, G_RDONLY), 0);
	assert_int_equal(do_read(r, 2, 0, 100), 0);
	assert_data(r, "contents\n");
	assert_int_equal(do_setattr(r, 2, (struct set_attributes){ .valid = 8, .size = 0 }), EROFS);
	assert_file(r, "share/file", "contents\n");
	assert_false(exists(r, "share/new"));
}

/* --- making it, snapshots --- */

static void test_what_is_no_folder_is_refused(void **state)
{
	struct p9_rig *r = *state;
	struct error err = { "" };
	assert_null(p9_create(in_top(r, "share/file"), false, &err));
	assert_non_null(strstr(err.text, "share/file"));
	assert_null(p9_create(in_top(r, "nothing"), false, &err));
	assert_non_null(strstr(err.text, "nothing"));
	p9_destroy(NULL);
}

static void save(struct p9_rig *r, struct state_memory *memory)
{
	struct state s = state_saving(memory);
	p9_state(&s, r->p9);
	assert_true(state_ok(&s));
}

static void load(struct p9_rig *r, struct state_memory *memory, bool read_only)
{
	struct error err;
	p9_destroy(r->p9);
	r->p9 = p9_create(r->share, read_only, &err);
	assert_non_null(r->p9);
	struct state s = state_loading(memory);
	p9_state(&s, r->p9);
	assert_true(state_ok(&s));
}

static void test_fids_survive_a_snapshot(void **state)
{
	struct p9_rig *r = *state;
	struct state_memory memory;
	assert_int_equal(do_walk(r, ROOT, 2, "dir/inner"), 0);
	assert_int_equal(do_lopen(r, 2, G_RDWR), 0);
	assert_int_equal(do_walk(r, ROOT, 3, "out"), 0);
	assert_int_equal(do_walk(r, ROOT, 4, "dir"), 0);
	assert_int_equal(do_renameat(r, ROOT, "dir", ROOT, "renamed"), 0);
	save(r, &memory);
	load(r, &memory, false);
	assert_int_equal(do_write(r, 2, 0, "INN", 3), 0);
	assert_file(r, "share/renamed/inner", "INNer\n");
	assert_int_equal(do_plain(r, T_READLINK, 3), 0);
	assert_int_equal(do_walk(r, 4, 5, "inner"), 0);
	assert_int_equal(do_lopen(r, 5, G_RDONLY), 0);
	assert_int_equal(do_read(r, 5, 0, 100), 0);
	assert_int_equal(p9_get_u32(&r->in), 6); /* the message size was kept too */
}

static void test_files_gone_since_a_snapshot_are_stale(void **state)
{
	struct p9_rig *r = *state;
	struct state_memory memory;
	assert_int_equal(do_walk(r, ROOT, 2, "file"), 0);
	assert_int_equal(do_lopen(r, 2, G_RDWR), 0);
	assert_int_equal(do_walk(r, ROOT, 3, "dir"), 0);
	assert_int_equal(do_walk(r, ROOT, 4, "dir/inner"), 0);
	assert_int_equal(do_unlinkat(r, 3, "inner", 0), 0);
	save(r, &memory);
	assert_int_equal(unlink(in_top(r, "share/file")), 0);
	load(r, &memory, false);
	assert_int_equal(do_read(r, 2, 0, 100), ESTALE);
	assert_int_equal(do_getattr(r, 4), ESTALE);
	assert_int_equal(do_getattr(r, 3), 0);
	save(r, &memory);
	load(r, &memory, false);
	assert_int_equal(do_walk(r, 2, 7, ""), ESTALE);
	assert_int_equal(do_remove(r, 4), ESTALE);
	assert_int_equal(do_clunk(r, 4), EBADF);
	assert_int_equal(do_clunk(r, 2), 0);
}

static void test_snapshot_loaded_read_only_does_not_write(void **state)
{
	struct p9_rig *r = *state;
	struct state_memory memory;
	assert_int_equal(do_walk(r, ROOT, 2, "file"), 0);
	assert_int_equal(do_lopen(r, 2, G_RDWR), 0);
	save(r, &memory);
	load(r, &memory, true);
	assert_int_equal(do_write(r, 2, 0, "x", 1), ESTALE);
	assert_file(r, "share/file", "contents\n");
}

/* A symbolic link put into a saved path's way is not followed. */
static void test_snapshot_does_not_lead_outside(void **state)
{
	struct p9_rig *r = *state;
	struct state_memory memory;
	make_file(r, "share/dir/key", "mine\n");
	assert_int_equal(do_walk(r, ROOT, 2, "dir/key"), 0);
	assert_int_equal(do_lopen(r, 2, G_RDWR), 0);
	save(r, &memory);
	assert_int_equal(rename(in_top(r, "share/dir"), in_top(r, "share/old")), 0);
	assert_int_equal(symlink(in_top(r, "secret"), in_top(r, "share/dir")), 0);
	load(r, &memory, false);
	assert_int_equal(do_read(r, 2, 0, 100), ESTALE);
}

static void test_damaged_snapshot_is_refused(void **state)
{
	struct p9_rig *r = *state;
	struct state_memory memory;
	assert_int_equal(do_walk(r, ROOT, 2, "dir/inner"), 0);
	save(r, &memory);
	size_t size = memory.size;
	for (size_t cut = 0; cut < size; cut += 3) {
		memory.size = cut;
		struct state s = state_loading(&memory);
		p9_state(&s, r->p9);
		assert_false(state_ok(&s));
	}
	for (size_t at = 0; at < size; at++) {
		memory.size = size;
		memory.bytes[at] ^= 0xff;
		struct state s = state_loading(&memory);
		p9_state(&s, r->p9);
		memory.bytes[at] ^= 0xff;
	}
	p9_connect(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		P9_TEST(test_readdir_lists_all),
		P9_TEST(test_readdir_of_many_files),
		P9_TEST(test_readdir_of_the_root_hides_its_parent),
		P9_TEST(test_readdir_with_bad_arguments),
		P9_TEST(test_mkdir),
		P9_TEST(test_symlink_and_readlink),
		P9_TEST(test_mknod_makes_no_devices),
		P9_TEST(test_special_files_are_not_opened),
		P9_TEST(test_link),
		P9_TEST(test_renameat),
		P9_TEST(test_rename_by_fid),
		P9_TEST(test_unlinkat),
		P9_TEST(test_remove_clunks_whatever_happens),
		P9_TEST(test_file_that_is_gone_is_not_taken_for_another),
		P9_TEST(test_read_only_share_changes_nothing),
		P9_TEST(test_what_is_no_folder_is_refused),
		P9_TEST(test_fids_survive_a_snapshot),
		P9_TEST(test_files_gone_since_a_snapshot_are_stale),
		P9_TEST(test_snapshot_loaded_read_only_does_not_write),
		P9_TEST(test_snapshot_does_not_lead_outside),
		P9_TEST(test_damaged_snapshot_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
