/*
 * lazy: memory that is only promised: mmap, brk and the stack reserve addresses; frames come when pages are touched.
 *
 * Kernel: mm/mm.c (regions only), mm/fault.c (frames; growth of the stack; the guard gap).
 */
#include "guest/user/lib/show.h"
#include "guest/user/lib/vm.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define HUGE_RESERVE (64ul << 30)
#define TOUCHED 16

static long status_kib(const char *key)
{
	return proc_number("/proc/self/status", key);
}

static int count_resident(void *start, size_t pages)
{
	unsigned char vec[256];
	int count = 0;

	for (size_t done = 0; done < pages; done += sizeof(vec)) {
		size_t n = pages - done < sizeof(vec) ? pages - done : sizeof(vec);

		if (mincore((char *)start + PAGES(done), PAGES(n), vec) < 0)
			die("mincore");
		for (size_t i = 0; i < n; i++)
			count += vec[i] & 1;
	}
	return count;
}

static void reserve(struct show *show)
{
	long size = status_kib("VmSize"), resident, unused = meminfo("MemFree");
	volatile char *p =
		mmap(NULL, HUGE_RESERVE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		die("mmap of 64 GiB");
	madvise((void *)p, HUGE_RESERVE, MADV_NOHUGEPAGE);
	say("64 GiB reserved at %p on a machine with %ld MiB of memory", (volatile void *)p,
	    meminfo("MemTotal") / 1024);
	check_equal(show, status_kib("VmSize") - size, (long)(HUGE_RESERVE >> 10), "VmSize grew by KiB");
	check_within(show, unused - meminfo("MemFree"), -2048, 512, "KiB of memory that it cost");
	for (unsigned long i = 0; i < TOUCHED; i++)
		p[i * (HUGE_RESERVE / TOUCHED)] = (char)i;
	resident = smaps_field(0, (unsigned long)p, "Rss:");
	if (has_pagemap())
		check_equal(show, resident, TOUCHED * 4, "KiB resident in it after 16 stores, 4 GiB apart");
	else
		skip("resident pages are not reported here");
	say("VmSize %ld MiB, VmRSS %ld KiB", status_kib("VmSize") / 1024, status_kib("VmRSS"));
	for (unsigned long i = 0; i < TOUCHED; i++)
		if (p[i * (HUGE_RESERVE / TOUCHED)] != (char)i || p[i * (HUGE_RESERVE / TOUCHED) + PAGE] != 0)
			check(show, false, "contents of page %lu", i);
	munmap((void *)p, HUGE_RESERVE);
	check_equal(show, status_kib("VmSize") - size, 0, "VmSize after munmap, beyond the beginning");
}

static void mincore_counts(struct show *show)
{
	volatile char *p = fresh_pages(256);

	if (!has_pagemap()) {
		skip("mincore is not exact here");
		return;
	}
	check_equal(show, count_resident((void *)p, 256), 0, "pages of 256 that mincore finds, untouched");
	for (int i = 0; i < 256; i += 8)
		p[PAGES(i)] = 1;
	check_equal(show, count_resident((void *)p, 256), 32, "after a store to every eighth");
}

static void heap(struct show *show)
{
	char *start = sbrk(0), *end;
	struct faults before;

	if (sbrk(8 << 20) == (void *)-1)
		die("sbrk");
	end = sbrk(0);
	check_equal(show, end - start, 8 << 20, "bytes that brk added to the heap");
	before = faults_now();
	end[-1] = 1;
	check_equal(show, faults_since(before).minor, 1, "faults of a store to its last byte");
	if (sbrk(-(8 << 20)) == (void *)-1)
		die("sbrk back");
}

/* Uses `pages` pages of stack, one frame of this function each. */
static long descend(int pages)
{
	volatile char here[PAGE];

	here[0] = (char)pages;
	return pages > 1 ? here[0] + descend(pages - 1) - here[0] : here[0];
}

static void endless(void *unused)
{
	(void)unused;
	descend(1 << 30);
}

static void touch_below_stack(void *context)
{
	(void)context;
	/* Far below the lowest address that the stack may ever have. */
	((volatile char *)__builtin_frame_address(0))[-(1l << 34)] = 1;
}

static void stack(struct show *show)
{
	long before = status_kib("VmStk"), after, result;
	struct rlimit limit = { 1 << 20, 1 << 20 };
	int status;

	result = descend(256);
	after = status_kib("VmStk");
	check_equal(show, result, 1, "256 pages of stack were used");
	if (has_pagemap())
		check_within(show, after, 1024, 8192, "KiB of VmStk then");
	say("VmStk went from %ld to %ld KiB by itself", before, after);
	setrlimit(RLIMIT_STACK, &limit);
	status = in_child(endless, NULL);
	check(show, WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV,
	      "endless recursion against a limit of 1 MiB: %s", status_text(status));
	status = in_child(touch_below_stack, NULL);
	check(show, WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV, "a store 16 GiB below the stack: %s",
	      status_text(status));
}

int main(int argc, char **argv)
{
	struct show show;

	check_usage(argc, argv, "lazy");
	show_begin(&show, "lazy", "addresses are promised, frames come at the first touch");
	faults_since(faults_now());
	reserve(&show);
	mincore_counts(&show);
	heap(&show);
	stack(&show);
	return show_end(&show);
}
