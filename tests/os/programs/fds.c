/* Descriptors: shared offsets, duplicates, flags, vectors, sendfile, copies, locks, limits. */
#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "show.h"

static char text[100];

static void offsets(int fd)
{
	int copy, status;

	TRY(write(fd, "0123456789", 10));
	TRY(copy = dup(fd));
	TRY(lseek(copy, 3, SEEK_SET));
	TRY(read(fd, text, 2));
	SHOW(text[0]);
	TRY(lseek(copy, 0, SEEK_CUR));
	fflush(stdout);
	if (fork() == 0)
		_exit(read(fd, text, 1) == 1 ? text[0] : 0);
	wait(&status);
	SHOW(WEXITSTATUS(status));
	TRY(lseek(fd, 0, SEEK_CUR));
	TRY(pread(fd, text, 4, 8));
	TRY(lseek(fd, 0, SEEK_CUR));
	TRY(dup2(fd, 50));
	TRY(dup2(fd, fd));
	TRY(dup3(fd, fd, 0));
	TRY(dup3(fd, 51, O_CLOEXEC));
	SHOW(fcntl(51, F_GETFD));
	SHOW(fcntl(50, F_GETFD));
	TRY(fcntl(50, F_SETFD, FD_CLOEXEC));
	SHOW(fcntl(50, F_GETFD));
	TRY(fcntl(fd, F_DUPFD, 60));
	TRY(dup2(99, 100));
	TRY(dup(-1));
	TRY(close(50));
	TRY(close(50));
	TRY(fcntl(51, F_SETFL, O_APPEND));
	SHOW((fcntl(fd, F_GETFL) & (O_APPEND | O_ACCMODE)) == (O_APPEND | O_RDWR));
	TRY(lseek(fd, 0, SEEK_SET));
	TRY(write(fd, "end", 3));
	TRY(lseek(fd, 0, SEEK_CUR));
	TRY(lseek(fd, 0, 99));
	close(51);
	close(60);
	close(copy);
}

static void vectors(int fd)
{
	char a[5] = "", b[9] = "";
	struct iovec in[2] = { { a, 4 }, { b, 8 } }, out[3] = { { "one", 3 }, { NULL, 0 }, { "two", 3 } };
	off_t offset = 2;
	int ends[2], other = open("other", O_RDWR | O_CREAT | O_TRUNC, 0644);

	TRY(writev(other, out, 3));
	TRY(preadv(other, in, 2, 1));
	printf("%s %s\n", a, b);
	TRY(readv(fd, in, 0));
	TRY(readv(fd, in, -1));
	in[1].iov_base = (void *)8;
	TRY(preadv(fd, in, 2, 0));
	TRY(sendfile(other, fd, &offset, 5));
	SHOW(offset);
	pipe(ends);
	lseek(other, 0, SEEK_SET);
	TRY(sendfile(ends[1], other, NULL, 100));
	TRY(read(ends[0], text, sizeof text));
	printf("%.11s\n", text);
	lseek(fd, 0, SEEK_SET);
	TRY(lseek(other, 0, SEEK_SET));
	TRY(fcntl(fd, F_SETFL, 0));
	TRY(copy_file_range(fd, NULL, other, NULL, 6, 0));
	TRY(pread(other, text, 6, 0));
	printf("%.6s\n", text);
	TRY(ioctl(other, TIOCGWINSZ, text));
	TRY(fsync(ends[0]));
	close(other);
}

static void locks(int fd)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 2, .l_len = 4 };
	int status, second = open("file", O_RDWR);

	TRY(fcntl(fd, F_SETLK, &lock));
	fflush(stdout);
	if (fork() == 0) {
		lock.l_start = 0;
		TRY(fcntl(fd, F_GETLK, &lock));
		SHOW(lock.l_type == F_WRLCK && lock.l_pid == getppid() && lock.l_start == 2);
		lock.l_type = F_RDLCK;
		TRY(fcntl(fd, F_SETLK, &lock));
		lock.l_start = 6;
		TRY(fcntl(fd, F_SETLK, &lock));
		fflush(stdout);
		_exit(0);
	}
	wait(&status);
	lock.l_type = F_UNLCK;
	TRY(fcntl(fd, F_SETLK, &lock));
	TRY(flock(fd, LOCK_EX));
	TRY(flock(second, LOCK_SH | LOCK_NB));
	TRY(flock(fd, LOCK_UN));
	TRY(flock(second, LOCK_SH | LOCK_NB));
	close(second);
}

int main(void)
{
	struct rlimit limit;
	int fd = open("file", O_RDWR | O_CREAT | O_TRUNC, 0644), count = 0, folder;

	offsets(fd);
	vectors(fd);
	locks(fd);
	TRY(mkdir("dir", 0755));
	TRY(folder = open("dir", O_RDONLY | O_DIRECTORY));
	TRY_ANY(openat(folder, "inside", O_CREAT | O_RDWR, 0644));
	TRY(faccessat(folder, "inside", F_OK, 0));
	TRY(unlinkat(folder, "inside", 0));
	TRY(fchdir(folder));
	SHOW(strcmp(strrchr(getcwd(text, sizeof text), '/'), "/dir"));
	TRY(fchdir(fd));
	TRY(chdir(".."));
	TRY(write(open("file", O_RDONLY), "x", 1));
	TRY(read(open("file", O_WRONLY), text, 1));
	TRY(write(fd, (void *)8, 5));
	TRY(read(fd, (void *)-4096L, 5));
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = 40;
	TRY(setrlimit(RLIMIT_NOFILE, &limit));
	while (dup(fd) >= 0)
		count++;
	SHOW(errno == EMFILE);
	SHOW(count > 20);
	TRY(read(open("/dev/zero", O_RDONLY), text, 5));
	for (int i = 20; i < 40; i++)
		close(i);
	TRY(read(open("/dev/zero", O_RDONLY), text, 5));
	TRY(read(open("/dev/null", O_RDONLY), text, 5));
	TRY(write(open("/dev/null", O_WRONLY), text, 5));
	TRY(write(open("/dev/full", O_WRONLY), text, 5));
	TRY(read(open("/dev/urandom", O_RDONLY), text, 50));
	return 0;
}
