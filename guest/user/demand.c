/*
 * demand: a program of 8 MiB of which few pages are touched; the others are never read from the disk.
 *
 * The "book" below is 2048 pages in the ELF file, each with its number in front. The program runs itself again with a
 * cold page cache, touches some pages there, and counts what the disk delivered. Kernel: proc/exec.c (regions only),
 * mm/fault.c, mm/pagecache.c (read-ahead).
 */
#include "guest/user/lib/show.h"
#include "guest/user/lib/vm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define BOOK_PAGES 2048
#define TOUCHED 32
#define MARGIN 64 /* pages at both ends that text beside them may bring in by read-ahead */

__asm__(".pushsection .rodata, \"a\", @progbits\n"
        ".balign 4096\n"
        ".globl book\n"
        "book:\n"
        ".set number, 0\n"
        ".rept 2048\n"
        ".quad number\n"
        ".fill 511, 8, 0x5a5a5a5a\n"
        ".set number, number + 1\n"
        ".endr\n"
        ".popsection\n");
extern const volatile unsigned long book[BOOK_PAGES][PAGE / sizeof(long)];

/* Pages of the book without its margins that the page cache has. */
static int cached_pages(void)
{
	static unsigned char vec[BOOK_PAGES];
	int count = 0;

	if (mincore((void *)book, sizeof(book), vec) < 0)
		die("mincore");
	for (int i = MARGIN; i < BOOK_PAGES - MARGIN; i++)
		count += vec[i] & 1;
	return count;
}

/* What the second run does; its exit status says whether the pages were right. */
static int read_pages(const char *advice)
{
	struct faults before;
	int wrong = 0;

	if (madvise((void *)book, sizeof(book), strcmp(advice, "random") == 0 ? MADV_RANDOM : MADV_NORMAL) < 0)
		die("madvise");
	before = faults_now();
	for (unsigned long i = 0; i < TOUCHED; i++) {
		unsigned long page = MARGIN + i * ((BOOK_PAGES - 2 * MARGIN) / TOUCHED);

		wrong += book[page][0] != page || book[page][511] != 0x5a5a5a5a;
	}
	before = faults_since(before);
	printf("%d %d %ld %ld\n", wrong, cached_pages(), before.minor, before.major);
	return wrong != 0;
}

static void run(struct show *show, const char *self, const char *advice, int most_cached)
{
	int wrong, cached;
	long minor, major, sectors;
	char command[256];
	FILE *out;

	if (!drop_caches()) {
		skip("the page cache cannot be dropped here");
		return;
	}
	sectors = disk_counts("vda").sectors_read;
	snprintf(command, sizeof(command), "%s --read %s", self, advice);
	out = popen(command, "r");
	if (!out || fscanf(out, "%d %d %ld %ld", &wrong, &cached, &minor, &major) != 4)
		die("the second run");
	pclose(out);
	sectors = disk_counts("vda").sectors_read - sectors;
	say("%s: %d of %d pages touched: %ld major faults, %ld minor", advice, TOUCHED, BOOK_PAGES, major, minor);
	check_equal(show, wrong, 0, "pages with wrong contents");
	if (most_cached == TOUCHED)
		check_equal(show, major, TOUCHED, "major faults, one a touched page");
	check(show, cached >= TOUCHED && cached <= most_cached, "pages of the book that were read: %d (at most %d)",
	      cached, most_cached);
	/* The rest of what a process needs: text and libraries, directories, the shell that popen starts. */
	check(show, sectors / 8 < cached + 800, "pages that the disk delivered in all: %ld of more than %d",
	      sectors / 8, BOOK_PAGES);
}

int main(int argc, char **argv)
{
	struct show show;

	if (argc > 2 && strcmp(argv[1], "--read") == 0)
		return read_pages(argv[2]);
	check_usage(argc, argv, "demand");
	show_begin(&show, "demand", "pages of a program that are never touched are never read");
	run(&show, argv[0], "random", TOUCHED);
	run(&show, argv[0], "normal", is_our_kernel() ? TOUCHED * 17 : TOUCHED * 64);
	return show_end(&show);
}
