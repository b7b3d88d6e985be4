/*
 * mapfile: files in memory: shared and private mappings, msync, write-back, the end of the file.
 *
 *     mapfile                         shows and checks
 *     mapfile --write FILE SEED       stores a pattern through a shared mapping and ends without msync
 *     mapfile --verify FILE SEED      after a power-off: is it in the file?
 *
 * Kernel: mm/pagecache.c (one copy for read(), write() and all mappings), mm/fault.c, mm/sys_memory.c (msync).
 */
#include "guest/user/lib/show.h"
#include "guest/user/lib/vm.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT 64
#define FILE_NAME "/tmp/mapfile.data"

static uint64_t *map_pattern_file(const char *path, int flags)
{
	int fd = open(path, flags, 0600);
	uint64_t *p;

	if (fd < 0 || ((flags & O_CREAT) && ftruncate(fd, PAGES(COUNT)) < 0))
		die("%s", path);
	p = mmap(NULL, PAGES(COUNT), PROT_READ | ((flags & O_CREAT) ? PROT_WRITE : 0), MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		die("mmap of %s", path);
	close(fd);
	return p;
}

static int write_pattern(const char *path, uint64_t seed)
{
	uint64_t *p = map_pattern_file(path, O_RDWR | O_CREAT);

	for (size_t i = 0; i < PAGES(COUNT) / 8; i++)
		p[i] = random_next(&seed);
	printf("mapfile: %lu bytes stored through a mapping of %s\n", PAGES(COUNT), path);
	return 0;
}

static int verify_pattern(const char *path, uint64_t seed)
{
	uint64_t *p = map_pattern_file(path, O_RDONLY);
	long wrong = 0;

	for (size_t i = 0; i < PAGES(COUNT) / 8; i++)
		wrong += p[i] != random_next(&seed);
	printf("mapfile: %ld of %lu words of %s are wrong\n", wrong, PAGES(COUNT) / 8, path);
	return wrong != 0;
}

static int new_file(void)
{
	char page[PAGE];
	int fd = open(FILE_NAME, O_RDWR | O_CREAT | O_TRUNC, 0600);

	for (int i = 0; i < COUNT; i++) {
		memset(page, 'a' + i % 26, sizeof(page));
		if (fd < 0 || write(fd, page, sizeof(page)) != (ssize_t)sizeof(page))
			die(FILE_NAME);
	}
	return fd;
}

static char read_one(int fd, off_t at)
{
	char c = 0;

	if (pread(fd, &c, 1, at) != 1)
		die("pread");
	return c;
}

static void store_two(void *context)
{
	((volatile char *)context)[1] = 'C';
}

static void shared_and_private(struct show *show, int fd)
{
	volatile char *shared = mmap(NULL, PAGES(COUNT), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	volatile char *private = mmap(NULL, PAGES(COUNT), PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);

	if (shared == MAP_FAILED || private == MAP_FAILED)
		die("mmap");
	check(show, shared[0] == 'a' && private[PAGE] == 'b', "both mappings show the file");
	shared[0] = 'S';
	check(show, read_one(fd, 0) == 'S', "a store through the shared one: read() sees %c", read_one(fd, 0));
	check(show, private[0] == 'S', "and so does the private one, which has no copy of that page yet: %c",
	      private[0]);
	private[0] = 'P';
	check(show, read_one(fd, 0) == 'S' && shared[0] == 'S',
	      "a store through the private one stays there: read() sees %c", read_one(fd, 0));
	shared[0] = 'T';
	check(show, private[0] == 'P', "and it has its copy from now on: %c", private[0]);
	if (pwrite(fd, "W", 1, (off_t)PAGE) != 1)
		die("pwrite");
	check(show, shared[PAGE] == 'W', "write() shows in the shared mapping: %c", shared[PAGE]);
	in_child(store_two, (void *)shared);
	check(show, shared[1] == 'C', "a child's store shows in the parent's shared mapping: %c", shared[1]);
	in_child(store_two, (void *)private);
	check(show, private[1] == 'a', "but not in the private one: %c", private[1]);
	munmap((void *)private, PAGES(COUNT));
	munmap((void *)shared, PAGES(COUNT));
}

static void write_back(struct show *show, int fd)
{
	volatile char *p = mmap(NULL, PAGES(COUNT), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	struct disk_counts before, after;

	fsync(fd);
	before = disk_counts("vda");
	for (int i = 0; i < 10; i++)
		p[PAGES(i * 5)] = 'd';
	if (msync((void *)p, PAGES(COUNT), MS_SYNC) < 0)
		die("msync");
	after = disk_counts("vda");
	say("10 pages stored to, msync: %ld write requests, %ld sectors", after.writes - before.writes,
	    after.sectors_written - before.sectors_written);
	if (after.reads)
		check_within(show, (after.sectors_written - before.sectors_written) / 8, 10, 10 + 16,
		             "pages written (some are the file system's own)");
	munmap((void *)p, PAGES(COUNT));
	if (drop_caches())
		check(show, read_one(fd, PAGES(45)) == 'd' && read_one(fd, PAGES(44)) != 'd',
		      "read from the disk again: %c, and its neighbour %c", read_one(fd, PAGES(45)),
		      read_one(fd, PAGES(44)));
}

static void read_past_end(void *context)
{
	(void)*(volatile char *)context;
}

static void end_of_file(struct show *show, int fd)
{
	volatile char *p = mmap(NULL, PAGES(COUNT), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	int status;

	if (ftruncate(fd, (off_t)PAGES(2) + 100) < 0)
		die("ftruncate");
	check(show, p[PAGES(2) + 99] == 'c' && p[PAGES(2) + 100] == 0, "cut to 2 pages and 100 bytes: then come zeros");
	status = in_child(read_past_end, (void *)(p + PAGES(3)));
	check(show, WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS, "a load beyond the last page of the file: %s",
	      status_text(status));
	munmap((void *)p, PAGES(COUNT));
}

int main(int argc, char **argv)
{
	struct show show;
	int fd;

	if (argc > 3 && strcmp(argv[1], "--write") == 0)
		return write_pattern(argv[2], strtoul(argv[3], NULL, 0));
	if (argc > 3 && strcmp(argv[1], "--verify") == 0)
		return verify_pattern(argv[2], strtoul(argv[3], NULL, 0));
	check_usage(argc, argv, "mapfile [--write FILE SEED | --verify FILE SEED]");
	if (argc > 1)
		die("mapfile: --write and --verify want a file and a number");
	show_begin(&show, "mapfile", "files mapped into memory");
	fd = new_file();
	shared_and_private(&show, fd);
	write_back(&show, fd);
	end_of_file(&show, fd);
	close(fd);
	unlink(FILE_NAME);
	return show_end(&show);
}
