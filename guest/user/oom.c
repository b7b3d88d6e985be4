/*
 * oom: a child that eats all memory and all swap is killed; its parent lives, and what it had is free again.
 *
 *     oom [--children N]
 *
 * With overcommitment malloc and mmap always succeed; it is the page fault that finds no frame and no slot left. Then
 * the kernel chooses the process that has most (resident and swapped pages, /proc/PID/oom_score_adj), says so on the
 * console and kills it.
 */
#include "guest/user/lib/balance.h"
#include "guest/user/lib/show.h"
#include "guest/user/lib/vm.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHUNK_PAGES 64
#define FAVOURITE 2048 /* pages that the parent keeps and checks */
#define SLAB_PAGES 32  /* tolerance; see balance_holds() */

/* Shared with the child. */
struct meal {
	volatile long pages; /* eaten so far */
};

static void eat(void *context)
{
	struct meal *meal = context;
	char word[16];

	/* As on Linux: 1000 means "take me first". The parent must not be chosen in its place. */
	snprintf(word, sizeof(word), "%d", 1000);
	proc_write("/proc/self/oom_score_adj", word);
	for (;;) {
		char *chunk = mmap(NULL, PAGES(CHUNK_PAGES), PROT_READ | PROT_WRITE,
		                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

		if (chunk == MAP_FAILED)
			_exit(9);
		for (size_t i = 0; i < CHUNK_PAGES; i++) {
			/* Not the same everywhere, and not zero: nothing to be saved by sharing. */
			memset(chunk + PAGES(i), (int)meal->pages, PAGE);
			meal->pages++;
		}
	}
}

static bool is_whole(const unsigned char *memory)
{
	for (size_t i = 0; i < FAVOURITE; i++)
		if (memory[PAGES(i)] != (unsigned char)i || memory[PAGES(i) + PAGE - 1] != (unsigned char)(i * 7))
			return false;
	return true;
}

int main(int argc, char **argv)
{
	long children = option_number(argc, argv, "--children", 3), kills = vmstat("oom_kill");
	long all = meminfo("MemTotal") + meminfo("SwapTotal");
	size_t mine = FAVOURITE;
	unsigned char *memory = fresh_pages(mine);
	struct meal *meal = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct balance before;
	struct show show;

	check_usage(argc, argv, "oom [--children N]");
	show_begin(&show, "oom", "a child that eats everything");
	if (meal == MAP_FAILED)
		die("mmap");
	for (size_t i = 0; i < mine; i++) {
		memory[PAGES(i)] = (unsigned char)i;
		memory[PAGES(i) + PAGE - 1] = (unsigned char)(i * 7);
	}
	meal->pages = 0; /* shared memory is made when first touched */
	before = balance_now();
	say("memory and swap: %ld KiB; this program keeps %zu KiB", all, PAGES(mine) / 1024);
	for (long i = 0; i < children; i++) {
		int status;

		meal->pages = 0;
		status = in_child(eat, meal);
		check(&show, WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "child %ld ate %ld KiB: %s", i + 1,
		      meal->pages * 4, status_text(status));
		check(&show, meal->pages * 4 < all && meal->pages * 4 > all / 4,
		      "no more than there is, and not little");
	}
	if (kills >= 0)
		check_equal(&show, vmstat("oom_kill") - kills, children, "victims that the kernel counted");
	check(&show, is_whole(memory), "the parent's memory is whole");
	check(&show, balance_holds("oom", &before, SLAB_PAGES), "nothing is lost");
	return show_end(&show);
}
