/*
 * isolation: two processes, one virtual address, two frames; and nobody reaches what is not his.
 *
 * Kernel: mm/pgtable.c (a table for each process), proc/clone.c, core/trap.c (what a fault in user mode becomes).
 */
#include "guest/user/lib/show.h"
#include "guest/user/lib/vm.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define KERNEL_VA 0xffffffff80200000ul /* the kernel's text on this kernel and on Linux */

/* What the child tells its parent. */
struct report {
	uint64_t frame; /* behind the common address */
	int before;     /* what it found there */
	int after;      /* after its own store */
};

static void touch(void *context)
{
	volatile char *p = context;

	*p = 1;
}

static void read_byte(void *context)
{
	volatile char *p = context, value = *p;

	(void)value;
}

static void two_frames(struct show *show, volatile int *page)
{
	struct report report = { 0 };
	int up[2], down[2], status;
	char go = 0;
	pid_t pid;

	if (pipe(up) < 0 || pipe(down) < 0)
		die("pipe");
	*page = 100;
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		report.before = *page;
		*page = 200;
		report.after = *page;
		report.frame = frame_of(0, page);
		if (write(up[1], &report, sizeof(report)) < 0 || read(down[0], &go, 1) < 0)
			_exit(1);
		_exit(*page == 200 ? 0 : 1);
	}
	if (pid < 0 || read(up[0], &report, sizeof(report)) != (ssize_t)sizeof(report))
		die("the child");
	*page = 300;
	say("va %p: the child found %d, stored %d; the parent stored 300", (volatile void *)page, report.before,
	    report.after);
	check_equal(show, report.before, 100, "the child began with the parent's value");
	check_equal(show, *page, 300, "the parent reads its own value");
	if (has_pagemap())
		check(show, report.frame && report.frame != frame_of(0, page),
		      "frame %#lx in the child, %#lx in the parent", report.frame, frame_of(0, page));
	else
		skip("no pagemap here: frames cannot be compared");
	if (write(down[1], &go, 1) != 1 || waitpid(pid, &status, 0) != pid)
		die("waitpid");
	check(show, status == 0, "the child still reads 200 after the parent's store: %s", status_text(status));
}

/* A region that only the parent has: mapped after the child was made. */
static void only_mine(struct show *show)
{
	int ends[2], status;
	char *mine = NULL;
	pid_t pid;

	if (pipe(ends) < 0)
		die("pipe");
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		if (read(ends[0], &mine, sizeof(mine)) != (ssize_t)sizeof(mine))
			_exit(1);
		*(volatile char *)mine = 1;
		_exit(0);
	}
	mine = fresh_pages(1);
	strcpy(mine, "secret");
	if (pid < 0 || write(ends[1], &mine, sizeof(mine)) != (ssize_t)sizeof(mine) || waitpid(pid, &status, 0) != pid)
		die("the child");
	check(show, WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV,
	      "a store of the child to the parent's new page: %s", status_text(status));
	check(show, strcmp(mine, "secret") == 0, "the parent's page holds \"%s\"", mine);
}

int main(int argc, char **argv)
{
	volatile int *page = fresh_pages(1);
	struct show show;
	int status, ends[2];

	check_usage(argc, argv, "isolation");
	show_begin(&show, "isolation", "every process has its own address space");
	two_frames(&show, page);
	only_mine(&show);
	status = in_child(read_byte, (void *)KERNEL_VA);
	check(&show, WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV, "a load from the kernel at %#lx: %s",
	      KERNEL_VA, status_text(status));
	status = in_child(touch, (void *)KERNEL_VA);
	check(&show, WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV, "a store to it: %s", status_text(status));
	if (pipe(ends) < 0)
		die("pipe");
	errno = 0;
	check(&show, write(ends[1], (void *)KERNEL_VA, 8) == -1 && errno == EFAULT, "write() from a kernel address: %s",
	      strerror(errno));
	return show_end(&show);
}
