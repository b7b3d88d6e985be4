/* Buffers that the kernel reads and writes: not there yet, half there, guarded, nowhere. */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "show.h"

#define PAGE 4096L
#define RW (PROT_READ | PROT_WRITE)

static char *lazy(int pages)
{
	char *m = mmap(NULL, (size_t)(pages + 1) * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	munmap(m + pages * PAGE, PAGE);
	return m;
}

int main(void)
{
	int fd = open("file", O_RDWR | O_CREAT | O_TRUNC, 0644), ends[2], zero = open("/dev/zero", O_RDONLY);
	char *m = lazy(16), *file, *guard = lazy(2);
	struct stat *st;

	for (int i = 0; i < 16; i++)
		m[i * PAGE] = (char)(i + 1);
	TRY(write(fd, m, 16 * PAGE));
	m = lazy(16);
	TRY(pread(fd, m, 16 * PAGE, 0));
	SHOW(m[15 * PAGE]);
	m = lazy(4);
	TRY(pwrite(fd, m, 4 * PAGE, 0));
	TRY(pread(fd, m + 3 * PAGE + 100, PAGE, 8 * PAGE));
	TRY(pread(fd, m + 4 * PAGE, 10, 0));
	TRY(pwrite(fd, m + 4 * PAGE, 10, 0));
	TRY(pwrite(fd, m + 4 * PAGE - 5, 10, 0));
	pipe(ends);
	TRY(write(ends[1], lazy(2), 2 * PAGE));
	TRY(read(ends[0], lazy(1), PAGE));
	TRY(read(ends[0], guard + 2 * PAGE, 10));
	TRY(read(ends[0], (void *)8, 10));
	TRY(read(ends[0], lazy(1), PAGE));
	TRY(read(zero, lazy(3), 3 * PAGE));
	mprotect(guard, PAGE, PROT_READ);
	TRY(pread(fd, guard, 10, 0));
	TRY(pwrite(fd, guard, 10, 0));
	mprotect(guard, PAGE, PROT_NONE);
	TRY(pwrite(fd, guard, 10, 0));
	TRY(pread(fd, guard + PAGE, 10, 0));
	TRY(pread(fd, (void *)main, 10, 0));
	st = (struct stat *)(void *)lazy(1);
	TRY(fstat(fd, st));
	SHOW(st->st_size);
	TRY(fstat(fd, (struct stat *)(void *)(m + 4 * PAGE - 8)));
	TRY(stat(m + 4 * PAGE - 3, st));
	strcpy(m + 4 * PAGE - 5, "file");
	TRY(stat(m + 4 * PAGE - 5, st));
	memcpy(m + 4 * PAGE - 4, "file", 4);
	TRY(stat(m + 4 * PAGE - 4, st));
	file = mmap(NULL, 8 * PAGE, RW, MAP_SHARED, fd, 0);
	TRY(ftruncate(fd, 16 * PAGE));
	TRY(pread(fd, file, 4 * PAGE, 4 * PAGE));
	SHOW(file[3 * PAGE]);
	TRY(pwrite(fd, file + 4 * PAGE, 4 * PAGE, 12 * PAGE));
	TRY(ftruncate(fd, 2 * PAGE));
	TRY(write(ends[1], file + 4 * PAGE, 10));
	struct iovec parts[3] = { { lazy(1), PAGE }, { guard, PAGE }, { lazy(1), PAGE } };
	TRY(readv(zero, parts, 3));
	TRY(readv(zero, (struct iovec *)8, 3));
	TRY(pipe((int *)8));
	TRY(getcwd((char *)8, 100) ? 0 : -1);
	return 0;
}
