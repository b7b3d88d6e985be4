/*
 * lazybuf: what read(), write(), pipes, stat and getcwd do with a buffer that has no frame yet, is in swap, may not be
 * written, or does not exist: the right data, a part of it, or EFAULT; never a signal.
 *
 * Kernel: mm/uaccess.S, mm/uaccess.h (plain loads and stores that may fault), mm/fault.c.
 */
#include "guest/user/lib/show.h"
#include "guest/user/lib/vm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_NAME "/tmp/lazybuf.data"
#define KERNEL_VA 0xffffffff80200000ul
#define TAIL 104 /* bytes of a buffer before its mapping ends */

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif

/* Two pages of pattern in a file, open for reading and writing. */
static int make_file(void)
{
	unsigned char page[PAGE];
	int fd = open(FILE_NAME, O_RDWR | O_CREAT | O_TRUNC, 0600);

	for (int i = 0; i < 2; i++) {
		for (unsigned k = 0; k < PAGE; k++)
			page[k] = (unsigned char)(k * 7 + (unsigned)i);
		if (fd < 0 || write(fd, page, PAGE) != (ssize_t)PAGE)
			die(FILE_NAME);
	}
	return fd;
}

static bool has_pattern(const unsigned char *p, size_t n)
{
	for (size_t k = 0; k < n; k++)
		if (p[k] != (unsigned char)(k % PAGE * 7 + k / PAGE))
			return false;
	return true;
}

static long read_at_start(int fd, void *buffer, size_t n)
{
	errno = 0;
	return pread(fd, buffer, n, 0);
}

static void lazy_buffers(struct show *show, int fd)
{
	unsigned char *a = fresh_pages(2), *b = fresh_pages(2), zeros[64] = { 0 }, back[64];
	struct faults before = faults_now();
	int ends[2];
	long n = read_at_start(fd, a, PAGES(2));

	check(show, n == (long)PAGES(2) && has_pattern(a, PAGES(2)),
	      "read() into 2 pages that had no frame: %ld bytes, right", n);
	say("it cost %ld faults, taken inside the kernel", faults_since(before).minor);
	if (pipe(ends) < 0)
		die("pipe");
	n = write(ends[1], b + 100, sizeof(zeros));
	check(show, n == 64 && read(ends[0], back, 64) == 64 && memcmp(back, zeros, 64) == 0,
	      "write() from a page never touched: %ld zeros", n);
	check(show, write(ends[1], a, 64) == 64 && read(ends[0], b + PAGE, 64) == 64 && has_pattern(b + PAGE, 64),
	      "a pipe into a page never touched");
}

static void swapped_buffer(struct show *show, int fd)
{
	unsigned char *p = fresh_pages(2);
	char line[128];
	int ends[2];

	if (read_at_start(fd, p, PAGES(2)) != (long)PAGES(2) || pipe(ends) < 0)
		die("read");
	/* Out with it: by a pool of one frame here, by MADV_PAGEOUT on Linux. */
	if (is_our_kernel()) {
		snprintf(line, sizeof(line), "%lx %lx 1 fifo", (unsigned long)p, (unsigned long)p + PAGES(2));
		proc_write("/proc/self/framepool", line);
		(void)*(volatile unsigned char *)p;
		(void)*(volatile unsigned char *)(p + PAGE);
	} else {
		madvise(p, PAGES(2), MADV_PAGEOUT);
	}
	if (!(pagemap(0, p) & PAGEMAP_SWAPPED)) {
		skip("the page did not go to swap (is there any?)");
		return;
	}
	check(show, write(ends[1], p, 64) == 64, "write() from a page that is in swap");
	check(show, read(ends[0], p + PAGE, 64) == 64 && has_pattern(p + PAGE, 64) && has_pattern(p, PAGE),
	      "its data came back, and went into the other page");
	if (is_our_kernel())
		proc_write("/proc/self/framepool", "off");
}

/* Every call with a buffer that it must refuse. */
static void refused(struct show *show, int fd, void *bad, const char *what, bool readable)
{
	struct stat st;
	int ends[2], good = 0, calls = 0;
	char one = 1;

	if (pipe(ends) < 0 || write(ends[1], &one, 1) != 1)
		die("pipe");
	good += read_at_start(fd, bad, 64) == -1 && errno == EFAULT;
	errno = 0;
	good += read(ends[0], bad, 1) == -1 && errno == EFAULT;
	errno = 0;
	good += fstat(fd, bad) == -1 && errno == EFAULT;
	errno = 0;
	good += getcwd(bad, 64) == NULL && (errno == EFAULT || !bad);
	calls += 4;
	if (!readable) {
		errno = 0;
		good += pwrite(fd, bad, 64, (off_t)PAGES(2)) == -1 && errno == EFAULT;
		errno = 0;
		good += write(ends[1], bad, 64) == -1 && errno == EFAULT;
		errno = 0;
		good += stat(bad, &st) == -1 && errno == EFAULT;
		errno = 0;
		good += open(bad, O_RDONLY) == -1 && errno == EFAULT;
		calls += 4;
	}
	check(show, good == calls || (!bad && good == calls - 1), "%-28s %d of %d calls say EFAULT", what, good, calls);
	close(ends[0]);
	close(ends[1]);
}

static void refused_buffers(struct show *show, int fd)
{
	char *guard = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *constant = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *gone = fresh_pages(1);

	if (guard == MAP_FAILED || constant == MAP_FAILED || munmap(gone, PAGE) < 0)
		die("mmap");
	refused(show, fd, guard, "a guard page (PROT_NONE):", false);
	refused(show, fd, constant, "a read-only page:", true);
	refused(show, fd, gone, "an address unmapped:", false);
	refused(show, fd, (void *)8, "an address near NULL:", false);
	refused(show, fd, (void *)KERNEL_VA, "a kernel address:", false);
	refused(show, fd, (void *)0x4000000000000000ul, "an address that is none:", false);
}

/* Buffers that begin well and end in nothing. */
static void partial(struct show *show, int fd)
{
	unsigned char *p = fresh_pages(3);
	/* A copy may stop short of the last byte there is, by what it moves at a time. */
	long n, low = TAIL - 64;
	int ends[2];

	if (munmap(p + PAGES(2), PAGE) < 0 || pipe(ends) < 0)
		die("munmap");
	n = read_at_start(fd, p + PAGE, PAGES(2));
	check(show, n == (long)PAGE && has_pattern(p + PAGE, PAGE), "read() of 8192 bytes with room for 4096: %ld", n);
	n = read_at_start(fd, p + PAGES(2) - TAIL, 2 * TAIL);
	check(show, n >= low && n <= TAIL && has_pattern(p + PAGES(2) - TAIL, (size_t)n),
	      "read() of 208 bytes with room for 104: %ld", n);
	memset(p + PAGE, 'x', PAGE);
	n = pwrite(fd, p + PAGE, PAGES(2), (off_t)PAGES(4));
	check(show, n == (long)PAGE, "write() of 8192 bytes of which 4096 exist: %ld", n);
	if (is_our_kernel()) { /* Linux 6.12 on RISC-V never returns from this one */
		n = pwrite(fd, p + PAGES(2) - TAIL, 2 * TAIL, (off_t)PAGES(8));
		check(show, n >= low && n <= TAIL, "write() of 208 bytes of which 104 exist: %ld", n);
	}
	if (write(ends[1], p, PAGES(2)) != (ssize_t)PAGES(2))
		die("pipe");
	n = read(ends[0], p + PAGE, PAGES(2));
	check(show, n == (long)PAGE, "read() from a pipe of 8192 bytes with room for 4096: %ld", n);
	errno = 0;
	n = read_at_start(fd, p + PAGES(2), 64);
	check(show, n == -1 && errno == EFAULT, "and with no room at all: %s", strerror(errno));
}

int main(int argc, char **argv)
{
	struct show show;
	int fd;

	check_usage(argc, argv, "lazybuf");
	show_begin(&show, "lazybuf", "system calls with buffers that are lazy, swapped, forbidden or not there");
	fd = make_file();
	lazy_buffers(&show, fd);
	swapped_buffer(&show, fd);
	refused_buffers(&show, fd);
	if (has_pagemap())
		partial(&show, fd);
	else
		skip("no kernel of its own here: partial transfers");
	unlink(FILE_NAME);
	return show_end(&show);
}
