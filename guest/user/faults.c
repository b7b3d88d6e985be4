/*
 * faults: known access patterns, and exactly how many page faults each must cost.
 *
 * Counts are getrusage's for this thread: minor faults found the page in memory (or made it), major ones waited for a
 * disk. Kernel: mm/fault.c, the decision table.
 */
#include "guest/user/lib/show.h"
#include "guest/user/lib/vm.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define COUNT 64
#define FILE_PAGES 32
#define FILE_NAME "/tmp/faults.data"

static struct faults cost_of_writes(volatile char *p, int pages)
{
	struct faults before = faults_now();

	for (int i = 0; i < pages; i++)
		p[PAGES(i) + 8] = (char)i;
	return faults_since(before);
}

static struct faults cost_of_reads(const volatile char *p, int pages)
{
	struct faults before = faults_now();
	int sum = 0;

	for (int i = 0; i < pages; i++)
		sum += p[PAGES(i) + 8];
	return sum >= 0 ? faults_since(before) : faults_since(before);
}

static void expect(struct show *show, struct faults cost, long minor, long major, const char *what)
{
	check(show, cost.minor == minor && cost.major == major, "%s: %ld minor, %ld major (must be %ld, %ld)", what,
	      cost.minor, cost.major, minor, major);
}

static void anonymous(struct show *show)
{
	char *a = fresh_pages(COUNT), *b = fresh_pages(COUNT), *heap = sbrk(0), *old;

	expect(show, cost_of_writes(a, COUNT), COUNT, 0, "first store to 64 new pages, a frame each");
	expect(show, cost_of_writes(a, COUNT), 0, 0, "second store to them");
	expect(show, cost_of_reads(b, COUNT), COUNT, 0, "first load from 64 new pages, the zero page each");
	expect(show, cost_of_reads(b, COUNT), 0, 0, "second load");
	expect(show, cost_of_writes(b, COUNT), COUNT, 0, "first store after the loads, a copy of the zero page each");
	if (madvise(a, PAGES(COUNT / 2), MADV_DONTNEED) < 0)
		die("madvise");
	expect(show, cost_of_writes(a, COUNT), COUNT / 2, 0, "stores after half was given back by MADV_DONTNEED");
	if (mprotect(a, PAGES(COUNT), PROT_READ) < 0 || mprotect(a, PAGES(COUNT), PROT_READ | PROT_WRITE) < 0)
		die("mprotect");
	say("mprotect to read-only and back: %ld minor faults at the next store (0 and 64 are both right)",
	    cost_of_writes(a, COUNT).minor);
	old = (char *)(((unsigned long)heap + PAGE - 1) & ~(PAGE - 1));
	if (sbrk(old - heap + (long)PAGES(16)) == (void *)-1)
		die("sbrk");
	madvise(old, PAGES(16), MADV_NOHUGEPAGE);
	expect(show, cost_of_writes(old, 16), 16, 0, "16 pages of the heap after brk");
}

static void make_file(void)
{
	char page[PAGE];
	int fd = open(FILE_NAME, O_RDWR | O_CREAT | O_TRUNC, 0600);

	if (fd < 0)
		die(FILE_NAME);
	for (int i = 0; i < FILE_PAGES; i++) {
		memset(page, 'A' + i, sizeof(page));
		if (write(fd, page, sizeof(page)) != (ssize_t)sizeof(page))
			die(FILE_NAME);
	}
	fsync(fd);
	close(fd);
}

static char *map_file(int advice)
{
	int fd = open(FILE_NAME, O_RDONLY);
	char *p = mmap(NULL, PAGES(FILE_PAGES), PROT_READ, MAP_PRIVATE, fd, 0);

	if (fd < 0 || p == MAP_FAILED || madvise(p, PAGES(FILE_PAGES), advice) < 0)
		die(FILE_NAME);
	close(fd);
	return p;
}

/* Aligned pieces of 64 KiB that the mapping touches. */
static long windows(const char *p)
{
	unsigned long first = (unsigned long)p / PAGES(16),
		      last = ((unsigned long)p + PAGES(FILE_PAGES) - 1) / PAGES(16);

	return (long)(last - first + 1);
}

static void of_file(struct show *show)
{
	struct faults cost;
	char *p;

	make_file();
	if (!drop_caches()) {
		skip("the page cache cannot be dropped here");
		return;
	}
	p = map_file(MADV_RANDOM);
	cost = cost_of_reads(p, FILE_PAGES);
	expect(show, cost, 0, FILE_PAGES, "a file of 32 pages, not cached, no read-ahead (MADV_RANDOM)");
	check(show, p[PAGES(5)] == 'F' && p[PAGES(31) + 4095] == 'A' + 31, "its contents are right");
	munmap(p, PAGES(FILE_PAGES));
	p = map_file(MADV_NORMAL);
	cost = cost_of_reads(p, FILE_PAGES);
	/* A fault maps what is cached of the 64 KiB around it. */
	expect(show, cost, windows(p), 0, "the same file mapped again, cached: one fault for each 16 pages");
	munmap(p, PAGES(FILE_PAGES));
	drop_caches();
	p = map_file(MADV_NORMAL);
	cost = cost_of_reads(p, FILE_PAGES);
	check(show, cost.major >= 1 && cost.major < FILE_PAGES, "not cached, with read-ahead: %ld minor, %ld major",
	      cost.minor, cost.major);
	munmap(p, PAGES(FILE_PAGES));
	unlink(FILE_NAME);
}

int main(int argc, char **argv)
{
	struct show show;

	check_usage(argc, argv, "faults");
	show_begin(&show, "faults", "exact page-fault counts of known access patterns");
	/* The counting itself has run once, so that its own pages are there; then it must cost nothing. */
	cost_of_writes(fresh_pages(1), 1);
	faults_since(faults_now());
	anonymous(&show);
	of_file(&show);
	return show_end(&show);
}
