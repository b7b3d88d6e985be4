/* 3000 random map, unmap, protect, move, fork and touch operations against a model: contents and faults must fit. */
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "show.h"

#define PAGE 4096UL
#define PAGES 128

static char *arena;
static int value[PAGES], rights[PAGES]; /* rights: -1 where nothing is mapped */
static sigjmp_buf back;
static unsigned long state = 12345;

static void faulted(int number)
{
	siglongjmp(back, number);
}

static unsigned pick(unsigned limit)
{
	return show_random(&state) % limit;
}

static int check_page(int page, int write)
{
	volatile char *at = arena + page * PAGE + 8 * (unsigned)page;
	int may = rights[page] >= 0 && (rights[page] & (write ? PROT_WRITE : PROT_READ | PROT_WRITE));
	int caught = sigsetjmp(back, 1);

	if (caught)
		return !may;
	if (write)
		*at = (char)(value[page] = (int)pick(100) + 1);
	else if (*at != value[page])
		return 0;
	return may;
}

static int step(void)
{
	static const int all_rights[] = { PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE };
	int first = (int)pick(PAGES), count = 1 + (int)pick(16), prot = all_rights[pick(4)];
	int ok = 1, whole = 1;

	if (first + count > PAGES)
		count = PAGES - first;
	for (int i = first; i < first + count; i++)
		whole &= rights[i] >= 0;
	switch (pick(8)) {
	case 0:
		ok = mmap(arena + first * PAGE, count * PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) !=
		     MAP_FAILED;
		for (int i = first; i < first + count; i++)
			value[i] = 0, rights[i] = prot;
		break;
	case 1:
		ok = munmap(arena + first * PAGE, count * PAGE) == 0;
		for (int i = first; i < first + count; i++)
			rights[i] = -1;
		break;
	case 2:
		if (whole) {
			ok = mprotect(arena + first * PAGE, count * PAGE, prot) == 0;
			for (int i = first; i < first + count; i++)
				rights[i] = prot;
		}
		break;
	case 3:
		if (whole) {
			ok = madvise(arena + first * PAGE, count * PAGE, MADV_DONTNEED) == 0;
			for (int i = first; i < first + count; i++)
				value[i] = 0;
		}
		break;
	default:
		for (int i = first; i < first + count; i++)
			ok &= check_page(i, (int)pick(2));
	}
	return ok;
}

int main(void)
{
	int good = 0, status, all = 1;

	arena = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (int i = 0; i < PAGES; i++)
		rights[i] = PROT_READ | PROT_WRITE;
	signal(SIGSEGV, faulted);
	for (int i = 0; i < 3000; i++) {
		good += step();
		if (i % 300 == 299) {
			fflush(stdout);
			if (fork() == 0) {
				int well = 0;

				for (int k = 0; k < 300; k++)
					well += step();
				_exit(well == 300);
			}
			wait(&status);
			all &= WEXITSTATUS(status) == 1;
		}
	}
	SHOW(good);
	SHOW(all);
	for (int i = 0; i < PAGES; i++)
		good -= check_page(i, 0);
	SHOW(good);
	return 0;
}
