/*
 * cow: fork of a process larger than half the memory, and exactly which stores cost a frame.
 *
 *     cow [--pages N]      N pages to fork with; without it, a little more than half of all memory, if that much is
 * free
 *
 * Kernel: mm_fork() in mm/mm_fork.c, the copy-on-write rows of mm/fault.c.
 */
#include "guest/user/lib/show.h"
#include "guest/user/lib/vm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define WRITTEN 100 /* pages that the child stores to, spread over all */

/* What the child measured. */
struct report {
	long faults;         /* of its 100 stores */
	long again;          /* of the same stores once more */
	long frames;         /* KiB that became used by the first */
	int wrong;           /* pages that did not hold the parent's content */
	uint64_t read_frame; /* of a page that it only read */
};

static void fill(volatile unsigned long *p, long pages)
{
	for (long i = 0; i < pages; i++)
		p[PAGES(i) / sizeof(*p)] = (unsigned long)i * 31 + 7;
}

static int wrong_pages(const volatile unsigned long *p, long pages)
{
	int wrong = 0;

	for (long i = 0; i < pages; i++)
		wrong += p[PAGES(i) / sizeof(*p)] != (unsigned long)i * 31 + 7;
	return wrong;
}

static long store_some(volatile unsigned long *p, long pages, unsigned long value)
{
	struct faults before = faults_now();

	for (long i = 0; i < WRITTEN; i++)
		p[PAGES(i * (pages / WRITTEN)) / sizeof(*p) + 1] = value;
	return faults_since(before).minor;
}

static void child(volatile unsigned long *p, long pages, int to, int from)
{
	struct report report = { 0 };
	long unused;
	char go;

	report.wrong = wrong_pages(p, pages);
	faults_since(faults_now()); /* its stack and code are its own now */
	unused = settled_free();
	report.faults = store_some(p, pages, 1);
	report.frames = unused - settled_free();
	report.again = store_some(p, pages, 2);
	report.read_frame = frame_of(0, p + PAGES(1) / sizeof(*p));
	if (write(to, &report, sizeof(report)) < 0 || read(from, &go, 1) < 0)
		_exit(1);
	_exit(0);
}

static void with_child(struct show *show, volatile unsigned long *p, long pages)
{
	int up[2], down[2], status;
	long before = settled_free(), tables = pages / 512 * 4 + 2048;
	struct report report = { 0 };
	pid_t pid;

	if (pipe(up) < 0 || pipe(down) < 0)
		die("pipe");
	fflush(stdout);
	pid = fork();
	if (pid == 0)
		child(p, pages, up[1], down[0]);
	if (pid < 0 || read(up[0], &report, sizeof(report)) != (ssize_t)sizeof(report))
		die("fork of a process with %ld pages", pages);
	check_within(show, before - settled_free() - report.frames, 0, tables,
	             "KiB that fork itself cost (tables, stack)");
	check_equal(show, report.wrong, 0, "pages that did not look the same in the child");
	check_equal(show, report.faults, WRITTEN, "faults of 100 stores of the child, one a page");
	check_equal(show, report.again, 0, "faults of the same stores again");
	if (is_our_kernel())
		check_equal(show, report.frames, WRITTEN * 4, "KiB that these stores took");
	if (has_pagemap())
		check(show, report.read_frame == frame_of(0, p + PAGES(1) / sizeof(*p)),
		      "a page that nobody stored to: frame %#lx in both", report.read_frame);
	check_equal(show, wrong_pages(p, pages), 0, "pages of the parent that the child's stores changed");
	if (write(down[1], "x", 1) != 1 || waitpid(pid, &status, 0) != pid)
		die("waitpid");
}

int main(int argc, char **argv)
{
	long total = meminfo("MemTotal") / 4, unused = meminfo("MemFree") / 4;
	long pages = option_number(argc, argv, "--pages", total / 2 + total / 32);
	long copies, frames;
	volatile unsigned long *p;
	struct show show;

	check_usage(argc, argv, "cow [--pages N]");
	show_begin(&show, "cow", "fork copies nothing but page tables; the first store copies a page");
	if (pages > unused - unused / 8 || pages > 1 << 20) {
		pages = unused / 2 < 65536 ? unused / 2 : 65536;
		say("less than half of memory is free: %ld pages instead", pages);
	}
	say("a process with %ld pages (%ld MiB) on a machine with %ld MiB", pages, pages / 256, total / 256);
	p = fresh_pages((size_t)pages);
	fill(p, pages);
	with_child(&show, p, pages);
	copies = vmstat("cow_copies");
	frames = settled_free();
	check_equal(&show, store_some(p, pages / 2, 3), WRITTEN,
	            "faults of 100 stores of the parent, the child being gone");
	if (is_our_kernel()) {
		check_equal(&show, vmstat("cow_copies") - copies, 0, "of them that copied: the frame is its own again");
		check_equal(&show, frames - settled_free(), 0, "KiB that they took");
	}
	return show_end(&show);
}
