/*
 * Tools for names in directories: ls, mkdir, rmdir, rm, mv, cp, ln, touch, chmod, stat, find.
 */
#include "guest/user/tools/tools.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

/* DIR/NAME; the caller gives PATH_MAX bytes. */
static void join(char *path, const char *directory, const char *name)
{
	size_t n = strlen(directory);

	snprintf(path, PATH_MAX, "%s%s%s", directory, n && directory[n - 1] == '/' ? "" : "/", name);
}

static void mode_string(mode_t mode, char *out)
{
	static const char bits[] = "rwxrwxrwx";

	out[0] = S_ISDIR(mode) ? 'd' : S_ISLNK(mode) ? 'l' : S_ISCHR(mode) ? 'c' : S_ISBLK(mode) ? 'b' : '-';
	if (S_ISFIFO(mode))
		out[0] = 'p';
	for (int i = 0; i < 9; i++)
		out[i + 1] = mode & (0400 >> i) ? bits[i] : '-';
	out[10] = 0;
}

static int list_long(const char *path, const char *name)
{
	char mode[11], when[32], target[PATH_MAX], size[32];
	struct stat st;
	ssize_t n;

	if (lstat(path, &st) < 0)
		return complain(path);
	mode_string(st.st_mode, mode);
	strftime(when, sizeof(when), "%Y-%m-%d %H:%M", localtime(&st.st_mtime));
	if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode))
		snprintf(size, sizeof(size), "%u, %u", major(st.st_rdev), minor(st.st_rdev));
	else
		snprintf(size, sizeof(size), "%lld", (long long)st.st_size);
	printf("%s %2lu %4u %4u %10s %s %s", mode, (unsigned long)st.st_nlink, st.st_uid, st.st_gid, size, when, name);
	n = S_ISLNK(st.st_mode) ? readlink(path, target, sizeof(target) - 1) : -1;
	printf(n >= 0 ? " -> %.*s\n" : "\n", (int)n, target);
	return 0;
}

static int list_one(const char *path, const char *name, const char *options)
{
	struct stat st;

	if (strchr(options, 'l'))
		return list_long(path, name);
	if (strchr(options, 'i') && lstat(path, &st) == 0)
		printf("%llu ", (unsigned long long)st.st_ino);
	puts(name);
	return 0;
}

static int list_directory(const char *directory, const char *options)
{
	struct dirent **names;
	char path[PATH_MAX];
	int n = scandir(directory, &names, NULL, alphasort), status = 0;

	if (n < 0)
		return complain(directory);
	for (int i = 0; i < n; i++) {
		join(path, directory, names[i]->d_name);
		if (names[i]->d_name[0] != '.' || strchr(options, 'a'))
			status |= list_one(path, names[i]->d_name, options);
		free(names[i]);
	}
	free(names);
	return status;
}

int tool_ls(int argc, char **argv)
{
	int i, status = 0, first;
	const char *options = take_options(argc, argv, "ladi1", &first);
	struct stat st;

	if (!options)
		return 2;
	if (first == argc)
		return strchr(options, 'd') ? list_one(".", ".", options) : list_directory(".", options);
	for (i = first; i < argc; i++) {
		if (lstat(argv[i], &st) < 0) {
			status = complain(argv[i]);
			continue;
		}
		if (S_ISLNK(st.st_mode) && !strchr(options, 'l'))
			stat(argv[i], &st);
		if (!S_ISDIR(st.st_mode) || strchr(options, 'd')) {
			status |= list_one(argv[i], argv[i], options);
			continue;
		}
		if (argc - first > 1)
			printf("%s%s:\n", i > first ? "\n" : "", argv[i]);
		status |= list_directory(argv[i], options);
	}
	return status;
}

int tool_mkdir(int argc, char **argv)
{
	int status = 0, first;
	const char *options = take_options(argc, argv, "p", &first);

	for (int i = first; options && i < argc; i++) {
		for (char *p = argv[i] + 1; strchr(options, 'p') && *p; p++) {
			if (*p != '/')
				continue;
			*p = 0;
			mkdir(argv[i], 0777);
			*p = '/';
		}
		if (mkdir(argv[i], 0777) < 0 && !(strchr(options, 'p') && errno == EEXIST))
			status = complain(argv[i]);
	}
	return options ? status : 2;
}

int tool_rmdir(int argc, char **argv)
{
	int status = 0;

	for (int i = 1; i < argc; i++)
		if (rmdir(argv[i]) < 0)
			status = complain(argv[i]);
	return status;
}

static int remove_tree(const char *path, const char *options)
{
	struct dirent **names;
	char inner[PATH_MAX];
	struct stat st;
	int n, status = 0;

	if (lstat(path, &st) < 0)
		return strchr(options, 'f') && errno == ENOENT ? 0 : complain(path);
	if (!S_ISDIR(st.st_mode))
		return unlink(path) < 0 ? complain(path) : 0;
	if (!strchr(options, 'r')) {
		errno = EISDIR;
		return complain(path);
	}
	n = scandir(path, &names, NULL, NULL);
	for (int i = 0; i < n; i++) {
		join(inner, path, names[i]->d_name);
		if (strcmp(names[i]->d_name, ".") != 0 && strcmp(names[i]->d_name, "..") != 0)
			status |= remove_tree(inner, options);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	return rmdir(path) < 0 ? complain(path) : status;
}

int tool_rm(int argc, char **argv)
{
	int status = 0, first;
	const char *options = take_options(argc, argv, "rf", &first);

	for (int i = first; options && i < argc; i++)
		status |= remove_tree(argv[i], options);
	return options ? status : 2;
}

static int copy_file(const char *from, const char *to)
{
	static char buffer[65536];
	struct stat st;
	int in = open(from, O_RDONLY), out;
	ssize_t n;

	if (in < 0 || fstat(in, &st) < 0)
		return complain(from);
	out = open(to, O_WRONLY | O_CREAT | O_TRUNC, st.st_mode & 0777);
	if (out < 0) {
		close(in);
		return complain(to);
	}
	while ((n = read(in, buffer, sizeof(buffer))) > 0) {
		if (write(out, buffer, (size_t)n) != n) {
			n = -1;
			break;
		}
	}
	close(in);
	return close(out) < 0 || n < 0 ? complain(to) : 0;
}

static int copy_tree(const char *from, const char *to)
{
	struct dirent **names;
	char inner[PATH_MAX], target[PATH_MAX];
	struct stat st;
	int n, status = 0;

	if (stat(from, &st) < 0)
		return complain(from);
	if (!S_ISDIR(st.st_mode))
		return copy_file(from, to);
	if (mkdir(to, 0777) < 0 && errno != EEXIST)
		return complain(to);
	n = scandir(from, &names, NULL, NULL);
	for (int i = 0; i < n; i++) {
		join(inner, from, names[i]->d_name);
		join(target, to, names[i]->d_name);
		if (strcmp(names[i]->d_name, ".") != 0 && strcmp(names[i]->d_name, "..") != 0)
			status |= copy_tree(inner, target);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	return status;
}

static int move(const char *from, const char *to)
{
	if (rename(from, to) == 0)
		return 0;
	if (errno != EXDEV)
		return complain(to);
	return copy_tree(from, to) || remove_tree(from, "rf");
}

static int make_link(const char *from, const char *to)
{
	return link(from, to) < 0 ? complain(to) : 0;
}

static int make_symlink(const char *from, const char *to)
{
	return symlink(from, to) < 0 ? complain(to) : 0;
}

/* cp, mv, ln: one source and a target, or many and a directory. */
static int each_to_last(int argc, char **argv, int first, int (*what)(const char *from, const char *to))
{
	const char *last = argv[argc - 1], *slash;
	char path[PATH_MAX];
	struct stat st;
	int status = 0;
	bool into = argc - first >= 2 && stat(last, &st) == 0 && S_ISDIR(st.st_mode);

	if (argc - first < 2 || (argc - first > 2 && !into)) {
		fprintf(stderr, "%s: FROM TO, or FROM... DIRECTORY\n", argv[0]);
		return 2;
	}
	for (int i = first; i < argc - 1; i++) {
		slash = strrchr(argv[i], '/');
		join(path, last, slash ? slash + 1 : argv[i]);
		status |= what(argv[i], into ? path : last);
	}
	return status;
}

int tool_mv(int argc, char **argv)
{
	int first;

	return take_options(argc, argv, "f", &first) ? each_to_last(argc, argv, first, move) : 2;
}

int tool_cp(int argc, char **argv)
{
	int first;
	const char *options = take_options(argc, argv, "rRafp", &first);

	if (!options)
		return 2;
	return each_to_last(argc, argv, first, strpbrk(options, "rRa") ? copy_tree : copy_file);
}

int tool_ln(int argc, char **argv)
{
	int first;
	const char *options = take_options(argc, argv, "sf", &first);

	if (!options)
		return 2;
	if (strchr(options, 'f') && argc > first)
		unlink(argv[argc - 1]);
	return each_to_last(argc, argv, first, strchr(options, 's') ? make_symlink : make_link);
}

int tool_touch(int argc, char **argv)
{
	int status = 0;

	for (int i = 1; i < argc; i++) {
		int fd = open(argv[i], O_WRONLY | O_CREAT, 0666);

		if (fd < 0 || futimens(fd, NULL) < 0)
			status = complain(argv[i]);
		if (fd >= 0)
			close(fd);
	}
	return status;
}

int tool_chmod(int argc, char **argv)
{
	static const char *const signs[] = { "+x", "-x", "+w", "-w" };
	static const mode_t bits[] = { 0111, 0111, 0222, 0222 };
	int status = 0;

	for (int i = 2; i < argc; i++) {
		struct stat st;
		mode_t mode = (mode_t)strtoul(argv[1], NULL, 8);

		if (stat(argv[i], &st) < 0) {
			status = complain(argv[i]);
			continue;
		}
		for (int k = 0; k < 4; k++)
			if (strcmp(argv[1], signs[k]) == 0)
				mode = signs[k][0] == '+' ? st.st_mode | bits[k] : st.st_mode & ~bits[k];
		if (chmod(argv[i], mode & 07777) < 0)
			status = complain(argv[i]);
	}
	return status;
}

int tool_stat(int argc, char **argv)
{
	int status = 0;

	for (int i = 1; i < argc; i++) {
		char mode[11];
		struct stat st;

		if (lstat(argv[i], &st) < 0) {
			status = complain(argv[i]);
			continue;
		}
		mode_string(st.st_mode, mode);
		printf("%s: %s inode %llu, %lu links, %lld bytes, %lld blocks of 512, device %u:%u\n", argv[i], mode,
		       (unsigned long long)st.st_ino, (unsigned long)st.st_nlink, (long long)st.st_size,
		       (long long)st.st_blocks, major(st.st_dev), minor(st.st_dev));
	}
	return status;
}

static int find_below(const char *path, const char *pattern, char type)
{
	const char *slash = strrchr(path, '/');
	struct dirent **names;
	char inner[PATH_MAX];
	struct stat st;
	int n, status = 0;

	if (lstat(path, &st) < 0)
		return complain(path);
	if ((!pattern || fnmatch(pattern, slash && slash[1] ? slash + 1 : path, 0) == 0) &&
	    (!type || (type == 'd' ? S_ISDIR(st.st_mode) : S_ISREG(st.st_mode))))
		puts(path);
	n = S_ISDIR(st.st_mode) ? scandir(path, &names, NULL, alphasort) : -1;
	for (int i = 0; i < n; i++) {
		join(inner, path, names[i]->d_name);
		if (strcmp(names[i]->d_name, ".") != 0 && strcmp(names[i]->d_name, "..") != 0)
			status |= find_below(inner, pattern, type);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	return status;
}

int tool_find(int argc, char **argv)
{
	const char *pattern = NULL;
	int status = 0, paths = 1;
	char type = 0;

	while (paths < argc && argv[paths][0] != '-')
		paths++;
	for (int i = paths; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "-name") == 0)
			pattern = argv[i + 1];
		else if (strcmp(argv[i], "-type") == 0)
			type = argv[i + 1][0];
	}
	if (paths == 1)
		return find_below(".", pattern, type);
	for (int i = 1; i < paths; i++)
		status |= find_below(argv[i], pattern, type);
	return status;
}
