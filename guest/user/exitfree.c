/*
 * exitfree: after thousands of processes every frame, page table and swap slot is back.
 *
 *     exitfree [COUNT]        10000 processes of several kinds (default), 16 at a time
 *
 * Kernel: proc/exit.c, mm/mm.c (mm_put), mm/frame.c (the count that must be the same again).
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

#define AT_ONCE 16
#define KINDS 6
#define READINGS 20 /* at most */
#define SLAB_KIB 64 /* small objects lie more or less densely in their pages */

/* The machine's books, in KiB. */
struct books {
	long unused, cache, tables, swap_free, anonymous, stacks, slab;
};

static struct books read_once(void)
{
	struct books b;

	b.unused = settled_free();
	b.cache = meminfo("Cached");
	b.tables = meminfo("PageTables");
	b.swap_free = meminfo("SwapFree");
	b.anonymous = meminfo("AnonPages");
	b.stacks = meminfo("KernelStack");
	b.slab = meminfo("Slab");
	return b;
}

/* Where real time passes, others (write-back, a process that ends) may be at work: until two readings agree. */
static struct books read_books(void)
{
	struct books now = read_once(), last;

	for (int i = 0; i < READINGS; i++) {
		last = now;
		now = read_once();
		if (memcmp(&now, &last, sizeof(now)) == 0)
			break;
	}
	return now;
}

/* What is used now and was not before, to the frame. Where real time passes, a process of before may have ended
 * meanwhile: less is as good as 0. */
static void check_left(struct show *show, long now, long before, const char *what)
{
	check_equal(show, now > before ? now - before : 0, 0, what);
}

/* What a process does before it ends: each kind leaves something else for the kernel to clear away. */
static void live(int kind)
{
	volatile char *p;
	int ends[2], fd;

	switch (kind) {
	case 0: /* nothing at all */
		break;
	case 1: /* frames in many tables */
		p = mmap(NULL, 1ul << 30, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		for (unsigned long i = 0; i < 16; i++)
			p[i << 26] = 1;
		break;
	case 2: /* another program, with another address space in between */
		execl("/bin/true", "true", NULL);
		execl("/proc/self/exe", "exitfree", "--nothing", NULL);
		break;
	case 3: /* open files and pipes with data in them */
		fd = open("/proc/self/exe", O_RDONLY);
		p = mmap(NULL, PAGES(4), PROT_READ, MAP_SHARED, fd, 0);
		if (pipe(ends) < 0 || write(ends[1], (void *)p, PAGES(4)) < 0)
			_exit(1);
		break;
	case 4: /* killed in the middle */
		p = fresh_pages(8);
		p[PAGES(7)] = 1;
		raise(SIGKILL);
		break;
	default: /* a child of its own, which is an orphan then */
		if (fork() == 0)
			*(volatile char *)fresh_pages(4) = 1;
		break;
	}
	_exit(0);
}

static void run(long count)
{
	long started = 0, ended = 0;

	while (ended < count) {
		if (started < count && started - ended < AT_ONCE) {
			pid_t pid = fork();

			if (pid == 0)
				live((int)(started % KINDS));
			if (pid < 0)
				die("fork %ld", started);
			started++;
			continue;
		}
		if (wait(NULL) > 0)
			ended++;
	}
}

static long process_count(void)
{
	char text[64] = "";
	FILE *file = fopen("/proc/loadavg", "re");
	long running, all = -1;

	if (file && fgets(text, sizeof(text), file) && sscanf(text, "%*s %*s %*s %ld/%ld", &running, &all) != 2)
		all = -1;
	if (file)
		fclose(file);
	return all;
}

/* Orphans are buried by init, in its own time. */
static void wait_for_orphans(long processes)
{
	for (int i = 0; i < 100 && process_count() > processes; i++)
		usleep(20000);
}

int main(int argc, char **argv)
{
	long count = argc > 1 ? atol(argv[1]) : 10000, processes;
	struct books before, after;
	struct show show;

	if (argc > 1 && strcmp(argv[1], "--nothing") == 0)
		return 0;
	check_usage(argc, argv, "exitfree [COUNT]");
	show_begin(&show, "exitfree", "what a process had is given back when it ends");
	processes = process_count();
	run(AT_ONCE * KINDS); /* so that caches of the kernel are as full as they get */
	wait_for_orphans(processes);
	before = read_books();
	run(count);
	wait_for_orphans(processes);
	after = read_books();
	say("%ld processes; free before %ld KiB, after %ld KiB", count, before.unused, after.unused);
	check_equal(&show, process_count(), processes, "processes, as many as before");
	if (is_our_kernel()) {
		check_left(&show, before.unused + before.cache + before.slab, after.unused + after.cache + after.slab,
		           "KiB of memory lost: of frames that are free, of files, or of small objects");
		check_within(&show, after.slab - before.slab, -SLAB_KIB, SLAB_KIB, "KiB of small objects more");
		check_left(&show, after.tables, before.tables, "KiB of page tables left behind");
		check_left(&show, after.anonymous, before.anonymous, "KiB of anonymous pages left behind");
		check_left(&show, after.stacks, before.stacks, "KiB of kernel stacks left behind");
	} else {
		check_within(&show, after.unused - before.unused, -4096, 1 << 20, "KiB of free memory gained or lost");
		check_within(&show, after.tables - before.tables, -512, 512, "KiB of page tables left behind");
	}
	check_left(&show, before.swap_free, after.swap_free, "KiB of swap left behind");
	return show_end(&show);
}
