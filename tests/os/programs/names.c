/* Names: links, renames, deleted files that are open, symbolic links, modes, times, what the kernel refuses. */
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#include "show.h"

static void put(const char *name, const char *text)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		printf("cannot write %s\n", name);
	close(fd);
}

static const char *get(const char *name)
{
	static char text[100];
	int fd = open(name, O_RDONLY);
	ssize_t size = read(fd, text, sizeof text - 1);

	close(fd);
	text[size > 0 ? size : 0] = '\0';
	return size < 0 ? "(cannot read)" : text;
}

static long links(const char *name)
{
	struct stat st;

	return lstat(name, &st) == 0 ? (long)st.st_nlink : -errno;
}

static long mode(const char *name)
{
	struct stat st;

	return lstat(name, &st) == 0 ? (long)st.st_mode : -errno;
}

static void renaming(void)
{
	put("a", "contents of a");
	put("b", "contents of b");
	TRY(link("a", "a2"));
	SHOW(links("a"));
	TRY(link("a", "b"));
	TRY(rename("a", "b"));
	puts(get("b"));
	SHOW(links("a2"));
	TRY(rename("a2", "b"));
	SHOW(links("a2"));
	TRY(unlink("a2"));
	TRY(unlink("a"));
	TRY(mkdir("d", 0755));
	TRY(mkdir("d/e", 0755));
	TRY(mkdir("f", 0755));
	SHOW(links("d"));
	TRY(rename("d/e", "f/moved"));
	SHOW(links("d"));
	SHOW(links("f"));
	TRY(rename("f", "f/moved/inside"));
	TRY(rename("d", "f"));
	TRY(rename("b", "d"));
	TRY(rename("d", "b"));
	TRY(rename("f/moved", "d"));
	TRY(rename("b", "f/b"));
	TRY(chdir("f"));
	puts(get("b"));
	TRY(rename("b", "../b"));
	TRY(chdir(".."));
	TRY(renameat2(AT_FDCWD, "b", AT_FDCWD, "d", RENAME_NOREPLACE));
	put("c", "contents of c");
	TRY(renameat2(AT_FDCWD, "b", AT_FDCWD, "c", RENAME_EXCHANGE));
	puts(get("b"));
	TRY(rmdir("d"));
	TRY(rmdir("f"));
	TRY(rmdir("b"));
	TRY(unlink("c"));
}

static void unlinked(void)
{
	char text[32] = "";
	int fd = open("gone", O_RDWR | O_CREAT, 0600);
	struct stat st;

	TRY(write(fd, "still here", 10));
	TRY(unlink("gone"));
	TRY_ANY(open("gone", O_RDONLY));
	TRY(pread(fd, text, 20, 0));
	puts(text);
	TRY(ftruncate(fd, 100000));
	TRY(pwrite(fd, "far", 3, 90000));
	fstat(fd, &st);
	SHOW(st.st_nlink);
	SHOW(st.st_size);
	TRY(close(fd));
	TRY(mkdir("left", 0755));
	TRY(chdir("left"));
	TRY(rmdir("../left"));
	TRY_ANY(open("x", O_CREAT | O_WRONLY, 0644));
	SHOW(getcwd(text, sizeof text) == NULL && errno == ENOENT);
	TRY(chdir("/tmp"));
}

static void symbolic(void)
{
	char text[100], name[300];

	TRY(symlink("b", "to-b"));
	TRY(symlink("to-b", "to-to-b"));
	TRY(symlink("loop2", "loop1"));
	TRY(symlink("loop1", "loop2"));
	TRY(symlink("/no/where", "dangling"));
	puts(get("to-to-b"));
	TRY(readlink("to-to-b", text, sizeof text));
	TRY(readlink("to-to-b", text, 2));
	TRY(readlink("b", text, sizeof text));
	TRY_ANY(open("loop1", O_RDONLY));
	TRY_ANY(open("to-b", O_RDONLY | O_NOFOLLOW));
	TRY_ANY(open("dangling", O_RDONLY));
	TRY_ANY(open("dangling", O_CREAT | O_EXCL | O_WRONLY, 0644));
	TRY(unlink("to-b"));
	SHOW(links("b"));
	memset(name, 'l', sizeof name);
	name[200] = '\0';
	TRY(symlink(name, "long-target"));
	TRY(readlink("long-target", name, sizeof name));
	TRY(unlink("long-target"));
	name[200] = 'l';
	name[255] = '\0';
	TRY(mkdir(name, 0700));
	TRY(rmdir(name));
	name[255] = 'l';
	name[256] = '\0';
	TRY(mkdir(name, 0700));
	TRY(symlink("", "empty"));
}

static void modes(void)
{
	struct timespec times[2] = { { 1000000000, 0 }, { 1100000000, 0 } };
	struct stat st;

	umask(027);
	put("m", "x");
	SHOW(mode("m"));
	TRY(chmod("m", 0751));
	SHOW(mode("m"));
	TRY(mkdir("md", 0777));
	SHOW(mode("md") & 07777);
	umask(022);
	TRY(utimensat(AT_FDCWD, "m", times, 0));
	stat("m", &st);
	SHOW(st.st_atime);
	SHOW(st.st_mtime);
	times[0].tv_nsec = UTIME_OMIT;
	times[1].tv_sec = 5;
	TRY(utimensat(AT_FDCWD, "m", times, 0));
	stat("m", &st);
	SHOW(st.st_mtime);
	TRY(access("m", R_OK | W_OK));
	TRY(access("absent", F_OK));
	TRY(mkfifo("fifo", 0600));
	SHOW(mode("fifo"));
	TRY(truncate("m", 5));
	stat("m", &st);
	SHOW(st.st_size);
	SHOW(st.st_mtime > 1700000000);
}

int main(void)
{
	renaming();
	symbolic();
	modes();
	TRY_ANY(open("b/c", O_RDONLY));
	TRY_ANY(open("b/", O_RDONLY));
	TRY_ANY(open("md/", O_WRONLY));
	TRY_ANY(open("md", O_RDWR));
	TRY_ANY(open("md", O_RDONLY | O_DIRECTORY));
	TRY_ANY(open("b", O_RDONLY | O_DIRECTORY));
	TRY_ANY(open("b", O_CREAT | O_EXCL, 0644));
	TRY_ANY(open("", O_RDONLY));
	TRY_ANY(open((char *)8, O_RDONLY));
	TRY_ANY(open("././/md/.././b", O_RDONLY));
	TRY(mkdir("b", 0755));
	TRY(mkdir("md/x/y", 0755));
	TRY(rmdir("."));
	TRY(rmdir("md/.."));
	TRY(unlink("md"));
	TRY(link("md", "md2"));
	TRY(rename("absent", "other"));
	TRY(rename("md", "."));
	TRY(read(open("md", O_RDONLY), &(char){ 0 }, 1));
	unlinked();
	return 0;
}
