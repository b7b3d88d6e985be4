/*
 * maps: what lies where in a process and what may be done there, as /proc/self/maps tells it.
 *
 * Kernel: mm/mm.c (the region list), proc/exec.c (text, data, bss, stack), fs/proc_task.c (the format).
 */
#include "guest/user/lib/show.h"
#include "guest/user/lib/vm.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int initialised[2048] = { 1, 2, 3 };              /* data */
static int zeroed[8192];                                 /* bss */
static void *const constant[] = { initialised, zeroed }; /* its addresses are filled in before it is made read-only */

struct totals {
	int lines, writable_text; /* mappings, and those both writable and executable */
};

static void print_and_count(const struct mapping *m, void *context)
{
	struct totals *t = context;

	printf("  %012lx-%012lx %s %8lx %s\n", m->start, m->end, m->permissions, m->offset, m->path);
	t->lines++;
	t->writable_text += m->permissions[1] == 'w' && m->permissions[2] == 'x';
}

static void expect(struct show *show, const volatile void *va, const char *permissions, const char *path,
                   const char *what)
{
	struct mapping m;

	if (!find_mapping(0, (unsigned long)va, &m)) {
		check(show, false, "%s at %p is in no mapping", what, va);
		return;
	}
	check(show, strcmp(m.permissions, permissions) == 0 && strstr(m.path, path), "%-22s %p is %s in %s", what, va,
	      m.permissions, m.path[0] ? m.path : "anonymous memory");
}

/* mprotect in the middle splits a region in three; undoing it makes one again. */
static void split_and_merge(struct show *show)
{
	char *p = fresh_pages(16);
	unsigned long middle = (unsigned long)p + PAGES(4);
	struct mapping m;

	if (mprotect((void *)middle, PAGES(4), PROT_READ) < 0)
		die("mprotect");
	find_mapping(0, middle, &m);
	check(show, m.start == middle && m.end == middle + PAGES(4) && strcmp(m.permissions, "r--p") == 0,
	      "mprotect of 4 pages in the middle: %lx-%lx %s", m.start, m.end, m.permissions);
	if (munmap((char *)p + PAGES(12), PAGES(4)) < 0 ||
	    mprotect((void *)middle, PAGES(4), PROT_READ | PROT_WRITE) < 0)
		die("mprotect back");
	find_mapping(0, middle, &m);
	check(show, m.start <= (unsigned long)p && m.end == (unsigned long)p + PAGES(12),
	      "undone: one region %lx-%lx again", m.start, m.end);
}

int main(int argc, char **argv)
{
	struct totals totals = { 0 };
	struct show show;
	char *heap = malloc(64), *shared;
	int fd = open("/proc/self/exe", O_RDONLY), local = 0;

	check_usage(argc, argv, "maps");
	show_begin(&show, "maps", "regions of an address space and their permissions");
	shared = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	if (!heap || shared == MAP_FAILED)
		die("setting up");
	zeroed[0] = initialised[0] = local;
	each_mapping(0, print_and_count, &totals);
	check(&show, totals.lines > 8, "%d mappings", totals.lines);
	expect(&show, (void *)main, "r-xp", "maps", "text: main()");
	expect(&show, constant, "r--p", "maps", "constants");
	expect(&show, initialised, "rw-p", "maps", "data");
	expect(&show, &zeroed[4096], "rw-p", "", "bss");
	expect(&show, heap, "rw-p", "[heap]", "heap: malloc()");
	expect(&show, &local, "rw-p", "[stack]", "stack: a local");
	expect(&show, (void *)strtol, "r-xp", "libc.so.6", "libc's text: strtol()");
	expect(&show, stdout, "rw-p", "libc.so.6", "libc's data: stdout");
	expect(&show, shared, "r--s", "maps", "a file mapped shared");
	check_equal(&show, totals.writable_text, 0, "mappings that are both writable and executable");
	split_and_merge(&show);
	return show_end(&show);
}
