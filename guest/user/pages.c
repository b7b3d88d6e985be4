/*
 * pages: which page of this program has which frame, and since when.
 *
 * Looks at /proc/self/pagemap (one word a page: present, swapped, frame), /proc/kpagecount (how many page-table entries
 * hold a frame) and /proc/kpageflags. The page tables themselves are drawn by the emulator's page-table view. Kernel:
 * mm/pgtable.c, mm/frame.c, fs/proc_memory.c.
 */
#include "guest/user/lib/show.h"
#include "guest/user/lib/vm.h"

#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#define COUNT 6

static void print_page(const char *what, const volatile void *va)
{
	uint64_t entry = pagemap(0, va);
	unsigned long vpn = (unsigned long)va >> 12;

	printf("  va %#014lx  vpn %3lu.%3lu.%3lu  ", (unsigned long)va, vpn >> 18 & 511, vpn >> 9 & 511, vpn & 511);
	if (entry & PAGEMAP_PRESENT)
		printf("frame %#8lx, mapped %ld times  ", entry & PAGEMAP_FRAME, frame_users(entry & PAGEMAP_FRAME));
	else
		printf("%-32s", entry & PAGEMAP_SWAPPED ? "in swap" : "no frame");
	printf("%s\n", what);
}

static bool present(const volatile void *va)
{
	return (pagemap(0, va) & PAGEMAP_PRESENT) != 0;
}

static void flags_of_frames(struct show *show, const volatile char *written, const volatile char *read_only)
{
	int64_t flags = frame_flags(frame_of(0, written)), zero = frame_flags(frame_of(0, read_only));

	if (flags < 0) {
		skip("no /proc/kpageflags here");
		return;
	}
	check(show, (flags >> KPF_ANON & 1) == 1, "the written page's frame is anonymous (kpageflags %#lx)",
	      (long)flags);
	check(show, (zero >> KPF_ZERO_PAGE & 1) == 1, "the page that was only read has the zero page (kpageflags %#lx)",
	      (long)zero);
}

int main(int argc, char **argv)
{
	volatile char *arena = fresh_pages(COUNT);
	volatile char *other = fresh_pages(COUNT);
	struct show show;
	char sum;

	check_usage(argc, argv, "pages");
	show_begin(&show, "pages", "pages, frames and the entries between");
	check_equal(&show, sysconf(_SC_PAGESIZE), (long)PAGE, "bytes of a page");
	check_equal(&show, (long)getauxval(AT_PAGESZ), (long)PAGE, "AT_PAGESZ, which the kernel told this program");
	if (!has_pagemap()) {
		skip("no pagemap here");
		return show_end(&show);
	}
	for (int i = 0; i < COUNT; i++)
		check(&show, !present(arena + PAGES(i)), "page %d of a new mapping has no frame", i);
	say("now pages 1 and 4 are written, page 3 is read:");
	arena[PAGES(1)] = 'a';
	arena[PAGES(4)] = 'b';
	sum = arena[PAGES(3)];
	other[0] = 'c';
	for (int i = 0; i < COUNT; i++)
		print_page(i == 1 || i == 4 ? "written" : i == 3 ? "read" : "never touched", arena + PAGES(i));
	print_page("text: this program's main()", (void *)main);
	print_page("text of libc: printf()", (void *)printf);
	print_page("stack", &sum);
	check_equal(&show, sum, 0, "what was read from the page never written");
	for (int i = 0; i < COUNT; i++)
		check(&show, present(arena + PAGES(i)) == (i == 1 || i == 3 || i == 4), "page %d has %s", i,
		      present(arena + PAGES(i)) ? "a frame" : "no frame");
	check(&show, frame_of(0, arena + PAGES(1)) != frame_of(0, arena + PAGES(4)), "two written pages, two frames");
	check_equal(&show, frame_users(frame_of(0, arena + PAGES(1))), 1, "entries that hold the written page's frame");
	flags_of_frames(&show, arena + PAGES(1), arena + PAGES(3));
	if (munmap((void *)arena, PAGES(COUNT)) < 0)
		die("munmap");
	check(&show, !present(arena + PAGES(1)), "after munmap page 1 has no frame");
	return show_end(&show);
}
