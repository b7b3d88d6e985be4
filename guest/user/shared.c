/*
 * shared: one copy of a library in memory, however many processes use it.
 *
 * Starts a second process from the same file and compares frames: text of libc and of the program are the same frames
 * in both, data are not. Kernel: mm/pagecache.c (one frame for a page of a file), mm/rmap.c (who maps it).
 */
#include "guest/user/lib/show.h"
#include "guest/user/lib/vm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Addresses in one process (they differ between processes where addresses are random). */
struct places {
	void *libc_text; /* in printf */
	void *own_text;  /* main */
	void *own_data;  /* an initialised variable, written to */
};

static volatile int data = 7;

static int hold(void);

static struct places my_places(void)
{
	data++;
	(void)*(volatile char *)printf; /* so that the page is there */
	return (struct places){ (void *)printf, (void *)hold, (void *)&data };
}

/* The second process: says where things are, and stays until its input ends. */
static int hold(void)
{
	struct places places = my_places();
	char c;

	if (write(1, &places, sizeof(places)) != (ssize_t)sizeof(places))
		return 1;
	return read(0, &c, 1) < 0;
}

static pid_t start_second(int *to, struct places *places)
{
	int down[2], up[2];
	pid_t pid;

	if (pipe(down) < 0 || pipe(up) < 0)
		die("pipe");
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		dup2(down[0], 0);
		dup2(up[1], 1);
		close(down[1]);
		execl("/proc/self/exe", "shared", "--hold", NULL);
		_exit(127);
	}
	close(down[0]);
	close(up[1]);
	if (pid < 0 || read(up[0], places, sizeof(*places)) != (ssize_t)sizeof(*places))
		die("the second process");
	close(up[0]);
	*to = down[1];
	return pid;
}

static void compare(struct show *show, pid_t pid, void *mine, void *other, bool same, const char *what)
{
	uint64_t a = frame_of(0, mine), b = frame_of(pid, other);

	check(show, a && b && (a == b) == same, "%-16s frame %#lx here, %#lx in process %d: %s", what, a, b, pid,
	      a == b ? "one frame" : "two frames");
}

int main(int argc, char **argv)
{
	struct places mine, other;
	struct show show;
	long users;
	pid_t pid;
	int to;

	if (argc > 1 && strcmp(argv[1], "--hold") == 0)
		return hold();
	check_usage(argc, argv, "shared");
	show_begin(&show, "shared", "libraries are in memory once");
	if (!has_pagemap()) {
		skip("no pagemap here: frames cannot be compared");
		return show_end(&show);
	}
	mine = my_places();
	pid = start_second(&to, &other);
	compare(&show, pid, mine.libc_text, other.libc_text, true, "libc's text");
	compare(&show, pid, mine.own_text, other.own_text, true, "the program's");
	compare(&show, pid, mine.own_data, other.own_data, false, "its data");
	users = frame_users(frame_of(0, mine.libc_text));
	check(&show, users < 0 || users >= 2, "page-table entries that hold libc's page: %ld", users);
	check(&show, smaps_field(0, (unsigned long)mine.libc_text, "Shared_Clean:") > 0,
	      "smaps of libc's text: %ld KiB Shared_Clean of %ld KiB resident",
	      smaps_field(0, (unsigned long)mine.libc_text, "Shared_Clean:"),
	      smaps_field(0, (unsigned long)mine.libc_text, "Rss:"));
	check_equal(&show, smaps_field(0, (unsigned long)mine.libc_text, "Private_Dirty:"), 0,
	            "KiB of it private and dirty");
	close(to);
	if (waitpid(pid, NULL, 0) < 0)
		die("waitpid");
	return show_end(&show);
}
