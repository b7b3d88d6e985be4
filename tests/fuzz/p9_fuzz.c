/*
 * The 9P server and a client that sends anything: whatever it asks for, nothing outside of the folder is changed or
 * told, and every reply is well-formed.
 *
 * The input is a row of messages: type, how many bytes follow, and those; sizes and tags in front are made right, but
 * for some types of number that say otherwise. The folder is made anew for each input, beside one that must stay as it
 * is and holds a text that must never be in a reply.
 */
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "devices/p9.h"
#include "tests/fuzz/input.h"

#define SECRET "the-secret-that-is-outside"
#define FILE_LIMIT (1u << 20)
#define MESSAGES_MAX 64
#define PATH_ROOM 128

struct folders {
	char top[PATH_ROOM / 2]; /* the temporary folder */
	char share[PATH_ROOM];   /* what is served */
	char secret[PATH_ROOM];  /* what is not */
};

/* A directory that the client has closed to everybody is opened; 1: look again, now that one can. */
static int open_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)ftw;
	if (S_ISDIR(st->st_mode))
		BUG_ON(chmod(path, 0700));
	return kind == FTW_DNR;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

static void remove_tree(const char *path)
{
	while (nftw(path, open_one, 16, FTW_PHYS) == 1)
		continue;
	BUG_ON(nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS));
}

static void make_file(const char *folder, const char *name, const char *text)
{
	char path[2 * PATH_ROOM];
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0644);
	BUG_ON(fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text));
	close(fd);
}

static void make_folders(struct folders *f)
{
	const char *tmp = getenv("TMPDIR");
	char path[2 * PATH_ROOM];
	snprintf(f->top, sizeof(f->top), "%s/rvemu-fuzz-XXXXXX", tmp && strlen(tmp) < 32 ? tmp : "/tmp");
	BUG_ON(!mkdtemp(f->top));
	snprintf(f->share, sizeof(f->share), "%s/share", f->top);
	snprintf(f->secret, sizeof(f->secret), "%s/secret", f->top);
	BUG_ON(mkdir(f->share, 0755) || mkdir(f->secret, 0755));
	make_file(f->secret, "key", SECRET);
	make_file(f->share, "a", "contents");
	snprintf(path, sizeof(path), "%s/d", f->share);
	BUG_ON(mkdir(path, 0755));
	make_file(path, "a", "inner");
	snprintf(path, sizeof(path), "%s/l", f->share);
	BUG_ON(symlink("../secret", path));
}

/* Outside there are the same two entries, and the same text in the one file. */
static void check_outside(const struct folders *f)
{
	char path[2 * PATH_ROOM];
	char text[64];
	struct stat st;
	snprintf(path, sizeof(path), "%s/key", f->secret);
	int fd = open(path, O_RDONLY);
	BUG_ON(fd < 0 || read(fd, text, sizeof(text)) != sizeof(SECRET) - 1);
	BUG_ON(memcmp(text, SECRET, sizeof(SECRET) - 1) != 0);
	BUG_ON(fstat(fd, &st) || st.st_nlink != 1 || (st.st_mode & 07777) != 0644);
	close(fd);
	BUG_ON(unlink(path) || rmdir(f->secret));
	/* The folder itself cannot be renamed or removed: with it, the other is all there was. */
	BUG_ON(stat(f->top, &st) || stat(f->share, &st));
	remove_tree(f->share);
	BUG_ON(rmdir(f->top));
}

/* Sends one message, and looks at the reply. */
static void talk(struct p9 *p9, u8 type, const u8 *body, u32 size, u32 says_more)
{
	static const u32 rooms[] = { 8192, 8192, 160, 11 };
	u8 *request = xcalloc(1, 7 + size);
	u8 *reply = xcalloc(1, 8192);
	u32 said = 7 + size + says_more;
	memcpy(request, &said, 4);
	request[4] = type;
	if (size)
		memcpy(request + 7, body, size);
	u32 room = rooms[says_more % 4];
	u32 got = p9_answer(p9, request, 7 + size, reply, room);
	u32 got_said;
	memcpy(&got_said, reply, 4);
	BUG_ON(got < 7 || got > room || got_said != got);
	BUG_ON(reply[4] == 7 ? got != 11 : reply[4] != (u8)(type + 1));
	BUG_ON(memmem(reply, got, SECRET, sizeof(SECRET) - 1));
	free(request);
	free(reply);
}

/* The beginning that every client makes. */
static void connect_to(struct p9 *p9)
{
	static const u8 version[] = "\x00\x20\x00\x00\x08\x00"
				    "9P2000.L";
	static const u8 attach[] = "\x01\x00\x00\x00\xff\xff\xff\xff\x00\x00\x00\x00\x00\x00\x00\x00";
	talk(p9, 100, version, sizeof(version) - 1, 0);
	talk(p9, 104, attach, sizeof(attach) - 1, 0);
}

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t size)
{
	struct input in = { .bytes = bytes, .size = size };
	struct folders f;
	struct error err = { "" };
	/* A file of the largest size there is takes no room, until somebody writes on. */
	struct rlimit limit = { .rlim_cur = FILE_LIMIT, .rlim_max = FILE_LIMIT };
	setrlimit(RLIMIT_FSIZE, &limit);
	signal(SIGXFSZ, SIG_IGN);
	make_folders(&f);
	struct p9 *p9 = p9_create(f.share, false, &err);
	BUG_ON(!p9);
	connect_to(p9);
	for (u32 i = 0; i < MESSAGES_MAX && in.size; i++) {
		u8 type = (u8)input_number(&in, 1);
		u32 length = (u32)input_number(&in, 1);
		u32 says_more = type & 1 ? (u32)input_number(&in, 1) : 0;
		if (length > in.size)
			length = (u32)in.size;
		talk(p9, type & 0xfe, in.bytes, length, says_more);
		in.bytes += length;
		in.size -= length;
	}
	p9_destroy(p9);
	check_outside(&f);
	return 0;
}
