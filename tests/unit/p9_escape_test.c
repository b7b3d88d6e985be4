/*
 * The 9P server never leaves its folder: names that lead elsewhere, symbolic links, and what the host swaps meanwhile.
 * That TOP/secret is untouched is looked at after every test, by p9_teardown().
 */
#include "tests/unit/p9_rig.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static const struct {
	const char *name;
	u32 error;
} BAD_NAMES[] = {
	{ "", ENOENT },          { ".", EINVAL },           { "..", EINVAL },        { "/", EINVAL },
	{ "/etc", EINVAL },      { "/etc/passwd", EINVAL }, { "../secret", EINVAL }, { "../secret/key", EINVAL },
	{ "dir/inner", EINVAL }, { "dir/", EINVAL },        { "./file", EINVAL },    { "dir/../../secret/key", EINVAL },
};

/* All messages that take a name, with that name; each must answer with that error, walking apart for "..". */
static void try_name(struct p9_rig *r, const char *name, u32 error)
{
	assert_int_equal(do_walk(r, ROOT, 2, "file"), 0);
	if (strcmp(name, "..") != 0)
		assert_int_equal(do_walk_name(r, ROOT, 3, name), error);
	assert_int_equal(do_lcreate(r, ROOT, name, G_RDWR | G_CREAT, 0600), error);
	assert_int_equal(do_mkdir(r, ROOT, name, 0755), error);
	assert_int_equal(do_symlink(r, ROOT, name, "x"), error);
	assert_int_equal(do_mknod(r, ROOT, name, S_IFREG | 0644), error);
	assert_int_equal(do_link(r, ROOT, 2, name), error);
	assert_int_equal(do_rename(r, 2, ROOT, name), error);
	assert_int_equal(do_renameat(r, ROOT, "file", ROOT, name), error);
	assert_int_equal(do_renameat(r, ROOT, name, ROOT, "new"), error);
	assert_int_equal(do_unlinkat(r, ROOT, name, 0), error);
	assert_int_equal(do_unlinkat(r, ROOT, name, 0x200), error);
	assert_int_equal(do_clunk(r, 2), 0);
	assert_file(r, "share/file", "contents\n");
	assert_file(r, "share/dir/inner", "inner\n");
}

static void test_names_are_one_component(void **state)
{
	struct p9_rig *r = *state;
	for (u32 i = 0; i < ARRAY_SIZE(BAD_NAMES); i++)
		try_name(r, BAD_NAMES[i].name, BAD_NAMES[i].error);
	char name[300];
	memset(name, 'a', 256);
	name[256] = '\0';
	try_name(r, name, ENAMETOOLONG);
}

/* A zero inside of a name would hide the rest from some who look at it. */
static void test_names_with_zeroes_are_refused(void **state)
{
	struct p9_rig *r = *state;
	p9_begin(r, T_WALK);
	p9_put_fid(r, ROOT);
	p9_put_fid(r, 2);
	p9_put_u16(&r->out, 1);
	p9_put_u16(&r->out, 8);
	put_bytes(r, "file\0abc", 8);
	assert_int_equal(p9_send(r), EINVAL);
	p9_begin(r, T_MKDIR);
	p9_put_fid(r, ROOT);
	p9_put_u16(&r->out, 4);
	put_bytes(r, "ab\0c", 4);
	p9_put_u32(&r->out, 0755);
	p9_put_u32(&r->out, 0);
	assert_int_equal(p9_send(r), EINVAL);
	assert_false(exists(r, "share/ab"));
}

static u64 path_of_qid(struct p9_rig *r, u32 fid)
{
	assert_int_equal(do_getattr(r, fid), 0);
	p9_get_bytes(&r->in, 8 + 5);
	return p9_get_u64(&r->in);
}

static void test_dotdot_stops_at_the_folder(void **state)
{
	struct p9_rig *r = *state;
	u64 root = path_of_qid(r, ROOT);
	assert_int_equal(do_walk(r, ROOT, 2, ".."), 0);
	assert_int_equal(path_of_qid(r, 2), root);
	assert_int_equal(do_walk(r, ROOT, 3, "../../../../.."), 0);
	assert_int_equal(path_of_qid(r, 3), root);
	assert_int_equal(do_walk(r, ROOT, 4, "dir/../dir/../.."), 0);
	assert_int_equal(path_of_qid(r, 4), root);
	assert_int_equal(do_walk(r, ROOT, 5, "../secret"), ENOENT);
	assert_int_equal(do_walk(r, ROOT, 6, "dir/inner/.."), 0);
	assert_int_equal(do_walk(r, 6, 7, "inner"), 0);
}

static void test_dotdot_of_what_was_moved_outside_leads_nowhere(void **state)
{
	struct p9_rig *r = *state;
	assert_int_equal(mkdir(in_top(r, "share/dir/deep"), 0755), 0);
	assert_int_equal(do_walk(r, ROOT, 2, "dir/deep"), 0);
	assert_int_equal(rename(in_top(r, "share/dir/deep"), in_top(r, "deep")), 0);
	assert_int_equal(do_walk(r, 2, 3, ".."), ESTALE);
	assert_int_equal(do_rename(r, 2, ROOT, "back"), ESTALE);
	assert_int_equal(do_remove(r, 2), ESTALE);
	assert_true(exists(r, "deep"));
	assert_int_equal(rmdir(in_top(r, "deep")), 0);
}

/* A folder beside it whose name begins alike is not inside. */
static void test_folder_with_a_longer_name_is_outside(void **state)
{
	struct p9_rig *r = *state;
	assert_int_equal(do_walk(r, ROOT, 2, "dir"), 0);
	assert_int_equal(mkdir(in_top(r, "share2"), 0755), 0);
	assert_int_equal(rename(in_top(r, "share/dir"), in_top(r, "share2/dir")), 0);
	assert_int_equal(do_walk(r, 2, 3, ".."), ESTALE);
	assert_int_equal(do_remove(r, 2), ESTALE);
	assert_true(exists(r, "share2/dir"));
}

static void test_folder_that_is_renamed_is_served_on(void **state)
{
	struct p9_rig *r = *state;
	assert_int_equal(do_walk(r, ROOT, 2, "dir"), 0);
	assert_int_equal(rename(in_top(r, "share"), in_top(r, "elsewhere")), 0);
	assert_int_equal(do_walk(r, 2, 3, "../file"), 0);
	assert_int_equal(do_walk(r, ROOT, 4, "dir/inner"), 0);
	assert_int_equal(rename(in_top(r, "elsewhere"), in_top(r, "share")), 0);
}

/* --- symbolic links --- */

static void test_symlinks_are_not_followed(void **state)
{
	struct p9_rig *r = *state;
	static const char *const links[] = { "out", "up" };
	for (u32 i = 0; i < ARRAY_SIZE(links); i++) {
		u32 fid = 10 + i;
		assert_int_equal(do_walk(r, ROOT, fid, links[i]), 0);
		assert_int_equal(p9_get_u8(&r->in), P9_QID_SYMLINK);
		assert_int_equal(do_walk(r, fid, 3, "key"), ENOTDIR);
		assert_int_equal(do_walk_name(r, fid, 3, "secret"), ENOTDIR);
		assert_int_equal(do_lopen(r, fid, G_RDONLY), ELOOP);
		assert_int_equal(do_lopen(r, fid, G_RDONLY | G_DIRECTORY), ELOOP);
		assert_int_equal(do_readdir(r, fid, 0, 1000), EBADF);
		assert_int_equal(do_lcreate(r, fid, "new", G_RDWR | G_CREAT, 0600), ENOTDIR);
		assert_int_equal(do_mkdir(r, fid, "new", 0755), ENOTDIR);
		assert_int_equal(do_symlink(r, fid, "new", "x"), ENOTDIR);
		assert_int_equal(do_mknod(r, fid, "new", S_IFREG | 0644), ENOTDIR);
		assert_int_equal(do_unlinkat(r, fid, "key", 0), ENOTDIR);
		assert_int_equal(do_renameat(r, fid, "key", ROOT, "stolen"), ENOTDIR);
		assert_int_equal(do_renameat(r, ROOT, "file", fid, "new"), ENOTDIR);
		assert_int_not_equal(do_link(r, fid, ROOT, "new"), 0);
		assert_int_equal(do_setattr(r, fid, (struct set_attributes){ .valid = 0x8 }), ELOOP);
	}
	assert_int_equal(do_walk(r, ROOT, 20, "out/key"), ENOENT);
}

/* Attributes are the link's own, never those of what it names. */
static void test_attributes_of_a_symlink_are_its_own(void **state)
{
	struct p9_rig *r = *state;
	struct stat before;
	struct stat after;
	assert_int_equal(symlink("../secret/key", in_top(r, "share/key")), 0);
	assert_int_equal(stat(in_top(r, "secret/key"), &before), 0);
	assert_int_equal(do_walk(r, ROOT, 2, "key"), 0);
	assert_int_not_equal(do_setattr(r, 2, (struct set_attributes){ .valid = 0x1, .mode = 0777 }), 0);
	struct set_attributes times = { .valid = 0x10 | 0x20 | 0x80 | 0x100, .atime = 1, .mtime = 2 };
	assert_int_equal(do_setattr(r, 2, times), 0);
	do_setattr(r, 2, (struct set_attributes){ .valid = 0x2 | 0x4, .uid = 12345, .gid = 12345 });
	assert_int_equal(stat(in_top(r, "secret/key"), &after), 0);
	assert_int_equal(before.st_mode, after.st_mode);
	assert_int_equal(before.st_uid, after.st_uid);
	assert_int_equal(before.st_gid, after.st_gid);
	assert_int_equal(before.st_mtim.tv_sec, after.st_mtim.tv_sec);
	assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
}

static void test_create_does_not_write_through_a_symlink(void **state)
{
	struct p9_rig *r = *state;
	assert_int_equal(symlink("../secret/key", in_top(r, "share/key")), 0);
	assert_int_equal(symlink("../secret/new", in_top(r, "share/dangling")), 0);
	assert_int_equal(do_walk(r, ROOT, 2, ""), 0);
	assert_int_equal(do_lcreate(r, 2, "key", G_RDWR | G_CREAT | G_TRUNC, 0600), ELOOP);
	assert_int_equal(do_lcreate(r, 2, "dangling", G_RDWR | G_CREAT, 0600), ELOOP);
	assert_int_equal(do_lcreate(r, 2, "dangling", G_RDWR | G_CREAT | G_EXCL, 0600), EEXIST);
	assert_int_equal(do_mkdir(r, ROOT, "dangling", 0755), EEXIST);
	assert_int_equal(do_mknod(r, ROOT, "dangling", S_IFREG | 0644), EEXIST);
	assert_false(exists(r, "secret/new"));
}

/* The guest makes a link itself, which is its right, and does not get anywhere by it. */
static void test_symlink_of_the_guests_own_leads_nowhere(void **state)
{
	struct p9_rig *r = *state;
	assert_int_equal(do_symlink(r, ROOT, "mine", in_top(r, "secret")), 0);
	assert_int_equal(do_walk(r, ROOT, 2, "mine/key"), ENOENT);
	assert_int_equal(do_renameat(r, ROOT, "file", ROOT, "mine"), 0); /* replaces the link */
	assert_file(r, "share/mine", "contents\n");
}

/* --- the host swaps things meanwhile --- */

static void test_directory_that_becomes_a_symlink_is_not_followed(void **state)
{
	struct p9_rig *r = *state;
	assert_int_equal(do_walk(r, ROOT, 2, "dir"), 0);
	assert_int_equal(do_walk(r, ROOT, 3, "dir/inner"), 0);
	assert_int_equal(rename(in_top(r, "share/dir"), in_top(r, "share/old")), 0);
	assert_int_equal(symlink(in_top(r, "secret"), in_top(r, "share/dir")), 0);
	assert_int_equal(do_walk(r, 2, 4, "key"), ENOENT); /* the directory, wherever it is now */
	assert_int_equal(do_walk(r, 2, 5, "inner"), 0);
	assert_int_equal(do_walk(r, ROOT, 6, "dir/key"), ENOENT);
	assert_int_equal(do_lcreate(r, 2, "new", G_RDWR | G_CREAT, 0600), 0);
	assert_true(exists(r, "share/old/new"));
	assert_false(exists(r, "secret/new"));
	assert_int_equal(do_lopen(r, 3, G_RDONLY), 0);
	assert_int_equal(do_read(r, 3, 0, 100), 0);
	assert_data(r, "inner\n");
}

static void test_file_that_becomes_a_symlink_is_not_followed(void **state)
{
	struct p9_rig *r = *state;
	assert_int_equal(do_walk(r, ROOT, 2, "file"), 0);
	assert_int_equal(rename(in_top(r, "share/file"), in_top(r, "share/old")), 0);
	assert_int_equal(symlink("../secret/key", in_top(r, "share/file")), 0);
	assert_int_equal(do_setattr(r, 2, (struct set_attributes){ .valid = 0x1, .mode = 0600 }), 0);
	assert_int_equal(do_lopen(r, 2, G_RDWR | G_TRUNC), 0);
	assert_file(r, "share/old", "");
}

/* Swaps the directory "dir" and a symbolic link that leads outside, as fast as it can, until it is killed. */
static pid_t start_swapping(struct p9_rig *r)
{
	assert_int_equal(symlink("../secret", in_top(r, "share/swap")), 0);
	int at = open(r->share, O_PATH);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0)
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails does not come back here */
	while (child == 0)
		syscall(SYS_renameat2, at, "dir", at, "swap", 2 /* RENAME_EXCHANGE */);
	close(at);
	return child;
}

static void test_races_do_not_lead_outside(void **state)
{
	struct p9_rig *r = *state;
	make_file(r, "share/dir/key", "mine\n");
	pid_t child = start_swapping(r);
	for (u32 i = 0; i < 3000; i++) {
		if (do_walk(r, ROOT, 2, "dir/key") == 0) {
			assert_int_equal(do_lopen(r, 2, G_RDWR), 0);
			assert_int_equal(do_read(r, 2, 0, 100), 0);
			assert_data(r, "mine\n");
			do_clunk(r, 2);
		}
		assert_int_equal(do_walk(r, ROOT, 3, "dir"), 0);
		if (do_lcreate(r, 3, "made", G_RDWR | G_CREAT | G_TRUNC, 0600) == 0)
			assert_int_equal(do_write(r, 3, 0, "x", 1), 0);
		assert_int_equal(do_clunk(r, 3), 0);
		assert_int_equal(do_walk(r, ROOT, 4, "dir"), 0);
		u32 error = do_unlinkat(r, 4, "made", 0);
		assert_true(error == 0 || error == ENOTDIR || error == ENOENT);
		error = do_walk(r, 4, 5, "..");
		assert_true(error == 0 || error == ESTALE || error == ENOTDIR);
		if (!error)
			assert_int_equal(do_clunk(r, 5), 0);
		assert_int_equal(do_clunk(r, 4), 0);
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	assert_false(exists(r, "secret/made"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		P9_TEST(test_names_are_one_component),
		P9_TEST(test_names_with_zeroes_are_refused),
		P9_TEST(test_dotdot_stops_at_the_folder),
		P9_TEST(test_dotdot_of_what_was_moved_outside_leads_nowhere),
		P9_TEST(test_folder_with_a_longer_name_is_outside),
		P9_TEST(test_folder_that_is_renamed_is_served_on),
		P9_TEST(test_symlinks_are_not_followed),
		P9_TEST(test_attributes_of_a_symlink_are_its_own),
		P9_TEST(test_create_does_not_write_through_a_symlink),
		P9_TEST(test_symlink_of_the_guests_own_leads_nowhere),
		P9_TEST(test_directory_that_becomes_a_symlink_is_not_followed),
		P9_TEST(test_file_that_becomes_a_symlink_is_not_followed),
		P9_TEST(test_races_do_not_lead_outside),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
