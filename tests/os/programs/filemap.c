/* Mapped files: shared and private, the end of the file, SIGBUS behind it, msync, truncation under a mapping. */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "catch.h"
#include "show.h"

#define PAGE 4096L
#define RW (PROT_READ | PROT_WRITE)

static char at(int fd, long offset)
{
	char byte = '?';

	return pread(fd, &byte, 1, offset) == 1 ? byte : '-';
}

int main(void)
{
	int fd = open("mapped", O_RDWR | O_CREAT | O_TRUNC, 0644), status, reading;
	char *shared, *private, *late;

	catch_signal(SIGSEGV);
	catch_signal(SIGBUS);
	TRY(ftruncate(fd, 3 * PAGE + 100));
	shared = mmap(NULL, 6 * PAGE, RW, MAP_SHARED, fd, 0);
	private = mmap(NULL, 4 * PAGE, RW, MAP_PRIVATE, fd, 0);
	shared[10] = 's';
	SHOW(at(fd, 10));
	SHOW(private[10]);
	private[10] = 'p';
	private[PAGE] = 'p';
	SHOW(at(fd, 10));
	TRY(pwrite(fd, "via write", 9, PAGE));
	SHOW(shared[PAGE]);
	SHOW(private[PAGE]);
	SHOW(private[2 * PAGE]);
	TRY(pwrite(fd, "x", 1, 2 * PAGE));
	SHOW(private[2 * PAGE]);
	SHOW(shared[3 * PAGE + 200]);
	shared[3 * PAGE + 200] = 'n';
	SHOW(at(fd, 3 * PAGE + 200));
	SHOW(poke(shared + 4 * PAGE, 0));
	SHOW(poke(shared + 5 * PAGE, 'w'));
	TRY(ftruncate(fd, 5 * PAGE));
	SHOW(at(fd, 3 * PAGE + 200));
	SHOW(poke(shared + 4 * PAGE, 'w'));
	SHOW(at(fd, 4 * PAGE));
	TRY(ftruncate(fd, PAGE + 1));
	SHOW(poke(shared + 2 * PAGE, 0));
	SHOW(shared[PAGE]);
	SHOW(shared[PAGE + 1]);
	TRY(ftruncate(fd, 6 * PAGE));
	SHOW(shared[2 * PAGE]);
	TRY(msync(shared, 6 * PAGE, MS_SYNC));
	TRY(msync(shared + 1, PAGE, MS_SYNC));
	TRY(close(fd));
	shared[5 * PAGE] = 'c';
	fflush(stdout);
	if (fork() == 0) {
		shared[5 * PAGE + 1] = 'f';
		private[20] = 'f';
		_exit(0);
	}
	wait(&status);
	SHOW(shared[5 * PAGE + 1]);
	SHOW(private[20]);
	TRY(munmap(shared, 6 * PAGE));
	reading = open("mapped", O_RDONLY);
	SHOW(at(reading, 5 * PAGE));
	TRY_ANY(mmap(NULL, PAGE, RW, MAP_SHARED, reading, 0));
	SHOW(mmap(NULL, PAGE, RW, MAP_PRIVATE, reading, 0) != MAP_FAILED);
	late = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, reading, 5 * PAGE);
	SHOW(late[1]);
	SHOW(poke(late, 'w'));
	TRY(mprotect(late, PAGE, RW));
	TRY_ANY(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, reading, 100));
	fd = open("mapped", O_WRONLY);
	TRY_ANY(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0));
	TRY(unlink("mapped"));
	SHOW(late[0]);
	TRY_ANY(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, open(".", O_RDONLY), 0));
	for (int i = 0; i < 40; i++) {
		char name[16];

		snprintf(name, sizeof name, "f%d", i);
		fd = open(name, O_RDWR | O_CREAT, 0644);
		ftruncate(fd, 64 * PAGE);
		shared = mmap(NULL, 64 * PAGE, RW, MAP_SHARED, fd, 0);
		for (int k = 0; k < 64; k++)
			shared[k * PAGE + i] = (char)(i + k);
		if (i % 2)
			munmap(shared, 64 * PAGE);
		close(fd);
	}
	int good = 0;
	for (int i = 0; i < 40; i++) {
		char name[16];

		snprintf(name, sizeof name, "f%d", i);
		fd = open(name, O_RDONLY);
		for (int k = 0; k < 64; k++)
			good += at(fd, k * PAGE + i) == (char)(i + k);
		close(fd);
	}
	SHOW(good);
	return 0;
}
