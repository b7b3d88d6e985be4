/*
 * clean: a page that has not changed since it was read is dropped, never written: neither a file's nor one from swap.
 *
 * Counts are /proc/vmstat's pswpout and the disks' own in /proc/diskstats.
 * Kernel: mm/reclaim.c (clean first), mm/swap.c (a clean page keeps its slot), mm/pagecache.c.
 */
#include "guest/user/lib/show.h"
#include "guest/user/lib/vm.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define COUNT 128
#define FRAMES 16
#define FILE_NAME "/tmp/clean.data"

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif

/* Sends pages to swap: by a small pool (pages leave as others come), or all at once where Linux can. */
static void limit(volatile char *p)
{
	char line[128];

	snprintf(line, sizeof(line), "%lx %lx %d clock", (unsigned long)p, (unsigned long)p + PAGES(COUNT), FRAMES);
	if (is_our_kernel() && !proc_write("/proc/self/framepool", line))
		die("/proc/self/framepool");
}

static void push_out(volatile char *p)
{
	if (!is_our_kernel())
		madvise((void *)p, PAGES(COUNT), MADV_PAGEOUT);
}

static long wrong_pages(volatile char *p, int generation)
{
	long wrong = 0;

	for (int i = 0; i < COUNT; i++)
		wrong += p[PAGES(i)] != (char)(i + generation);
	return wrong;
}

static void write_all(volatile char *p, int generation)
{
	for (int i = 0; i < COUNT; i++)
		p[PAGES(i)] = (char)(i + generation);
}

static void swapped(struct show *show)
{
	volatile char *p = fresh_pages(COUNT);
	long out = vmstat("pswpout"), disk = disk_counts("vdb").writes, settled;

	if (meminfo("SwapTotal") <= 0) {
		skip("there is no swap");
		return;
	}
	limit(p);
	write_all(p, 1);
	push_out(p);
	say("%d pages stored to, with %d frames for them: %ld pages written to swap in %ld requests", COUNT, FRAMES,
	    vmstat("pswpout") - out, disk_counts("vdb").writes - disk);
	check_within(show, vmstat("pswpout") - out, COUNT - FRAMES, COUNT + FRAMES, "pages swapped out");
	check_equal(show, wrong_pages(p, 1), 0, "wrong pages as all are read back");
	push_out(p);
	/* The pages that were still dirty have been written now: from here on all are clean. */
	wrong_pages(p, 1);
	push_out(p);
	settled = vmstat("pswpout");
	disk = disk_counts("vdb").writes;
	for (int pass = 0; pass < 5; pass++) {
		wrong_pages(p, 1);
		push_out(p);
	}
	check_equal(show, vmstat("pswpout") - settled, 0, "pages swapped out while all were only read, 5 times");
	check_equal(show, disk_counts("vdb").writes - disk, 0, "write requests that the swap disk got meanwhile");
	write_all(p, 2);
	push_out(p);
	check_within(show, vmstat("pswpout") - settled, COUNT - FRAMES, COUNT + FRAMES,
	             "pages swapped out after new stores");
	check_equal(show, wrong_pages(p, 2), 0, "wrong pages after that");
	munmap((void *)p, PAGES(COUNT));
}

static void of_file(struct show *show)
{
	char page[PAGE];
	int fd = open(FILE_NAME, O_RDWR | O_CREAT | O_TRUNC, 0600), sum = 0;
	struct disk_counts before, after;
	volatile char *p;

	memset(page, 'c', sizeof(page));
	for (int i = 0; i < COUNT; i++)
		if (fd < 0 || write(fd, page, sizeof(page)) != (ssize_t)sizeof(page))
			die(FILE_NAME);
	fsync(fd);
	if (!drop_caches()) {
		skip("the page cache cannot be dropped here");
		return;
	}
	p = mmap(NULL, PAGES(COUNT), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		die("mmap");
	before = disk_counts("vda");
	for (int i = 0; i < COUNT; i++)
		sum += p[PAGES(i)] == 'c';
	munmap((void *)p, PAGES(COUNT));
	drop_caches();
	after = disk_counts("vda");
	check_equal(show, sum, COUNT, "pages of a file mapped shared and writable, read through the mapping");
	check_within(show, (after.sectors_read - before.sectors_read) / 8, COUNT, COUNT + 32,
	             "pages read from the disk");
	if (is_our_kernel())
		check_equal(show, after.writes - before.writes, 0, "write requests: nothing was stored");
	close(fd);
	unlink(FILE_NAME);
}

int main(int argc, char **argv)
{
	struct show show;

	check_usage(argc, argv, "clean");
	show_begin(&show, "clean", "clean pages are never written");
	if (!has_pagemap()) {
		skip("no kernel of its own here");
		return show_end(&show);
	}
	swapped(&show);
	of_file(&show);
	return show_end(&show);
}
