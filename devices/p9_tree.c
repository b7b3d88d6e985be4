/*
 * Files of the host by descriptor: see p9_tree.h.
 *
 * A descriptor made with O_PATH stands for a file without opening it: it may be a symbolic link or a device, and
 * nothing happens to either. It keeps standing for that file when paths change. What opens files for reading or writing
 * goes through such a descriptor, so that the kind of file that was looked at is the kind that is opened.
 */
#include "devices/p9_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

u32 p9_tree_check_name(const char *name)
{
	if (name[0] == '\0')
		return ENOENT;
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strchr(name, '/'))
		return EINVAL;
	if (strlen(name) > P9_NAME_MAX)
		return ENAMETOOLONG;
	return 0;
}

int p9_tree_child(int dir, const char *name)
{
	BUG_ON(p9_tree_check_name(name) != 0);
	int fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int duplicate(int fd)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	return copy < 0 ? -errno : copy;
}

int p9_tree_at(int root, const char *path)
{
	int at = duplicate(root);
	while (at >= 0 && *path) {
		char name[P9_NAME_MAX + 1];
		size_t length = strcspn(path, "/");
		if (length >= sizeof(name)) {
			close(at);
			return -ENAMETOOLONG;
		}
		memcpy(name, path, length);
		name[length] = '\0';
		path += length + (path[length] == '/');
		u32 error = p9_tree_check_name(name);
		int child = error ? -(int)error : p9_tree_child(at, name);
		close(at);
		at = child;
	}
	return at;
}

void p9_tree_name(int fd, char name[P9_PROC_NAME_MAX])
{
	snprintf(name, P9_PROC_NAME_MAX, "/proc/self/fd/%d", fd);
}

/* The host's path of what fd stands for. */
static u32 host_path(int fd, char path[P9_PATH_MAX])
{
	char name[P9_PROC_NAME_MAX];
	p9_tree_name(fd, name);
	ssize_t length = readlink(name, path, P9_PATH_MAX);
	if (length < 0)
		return (u32)errno;
	if (length >= P9_PATH_MAX)
		return ENAMETOOLONG;
	path[length] = '\0';
	return 0;
}

static bool is_same(int a, int b)
{
	struct stat of_a;
	struct stat of_b;
	return fstat(a, &of_a) == 0 && fstat(b, &of_b) == 0 && of_a.st_dev == of_b.st_dev && of_a.st_ino == of_b.st_ino;
}

u32 p9_tree_path(int root, int fd, char path[P9_PATH_MAX])
{
	char base[P9_PATH_MAX];
	char full[P9_PATH_MAX];
	u32 error = host_path(root, base);
	if (!error)
		error = host_path(fd, full);
	if (error)
		return error;
	size_t length = strcmp(base, "/") == 0 ? 0 : strlen(base);
	if (strncmp(full, base, length) != 0 || (full[length] != '/' && full[length] != '\0'))
		return ESTALE;
	const char *below = full[length] == '/' ? full + length + 1 : full + length;
	/* The path is what the kernel last knew; look whether it still leads there. */
	int again = p9_tree_at(root, below);
	if (again < 0)
		return ESTALE;
	bool same = is_same(again, fd);
	close(again);
	if (!same)
		return ESTALE;
	memcpy(path, below, strlen(below) + 1);
	return 0;
}

int p9_tree_place(int root, int fd, char name[P9_NAME_MAX + 1])
{
	char path[P9_PATH_MAX];
	u32 error = p9_tree_path(root, fd, path);
	if (error)
		return -(int)error;
	if (path[0] == '\0')
		return -EBUSY;
	char *slash = strrchr(path, '/');
	const char *last = slash ? slash + 1 : path;
	memcpy(name, last, strlen(last) + 1);
	path[slash ? slash - path : 0] = '\0';
	return p9_tree_at(root, path);
}

int p9_tree_parent(int root, int fd)
{
	char name[P9_NAME_MAX + 1];
	int parent = p9_tree_place(root, fd, name);
	return parent == -EBUSY ? duplicate(root) : parent;
}

int p9_tree_reopen(int fd, int flags)
{
	struct stat st;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISLNK(st.st_mode))
		return -ELOOP;
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return -ENXIO;
	char name[P9_PROC_NAME_MAX];
	p9_tree_name(fd, name);
	int opened = open(name, flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	return opened < 0 ? -errno : opened;
}

struct p9_qid p9_tree_qid(const struct stat *st, dev_t root_device)
{
	struct p9_qid qid = { .type = P9_QID_FILE };
	if (S_ISDIR(st->st_mode))
		qid.type = P9_QID_DIRECTORY;
	else if (S_ISLNK(st->st_mode))
		qid.type = P9_QID_SYMLINK;
	qid.version = (u32)st->st_mtim.tv_nsec ^ (u32)st->st_mtim.tv_sec ^ (u32)st->st_size << 8;
	/* Other devices mounted inside have their own numbers: keep them apart from the root's. */
	qid.path = st->st_ino ^ (u64)(st->st_dev - root_device) * 0x9e3779b97f4a7c15ull;
	return qid;
}
