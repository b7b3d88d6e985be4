/*
 * thrash: several processes whose working sets together are larger than memory. Slow it may be; but all must finish,
 * with the right data, and give everything back.
 *
 *     thrash [--children N] [--mib N] [--rounds N]      N MiB for each child; the default is 3/4 of memory
 *
 * Each child writes to all its pages in an order of its own, so that most touches are major faults of one or the other:
 * watch `vmstat 1` meanwhile: si and so are high, us is low. That is thrashing.
 */
#include "guest/user/lib/balance.h"
#include "guest/user/lib/show.h"
#include "guest/user/lib/vm.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOST_CHILDREN 16
#define SLAB_PAGES 32 /* tolerance; see balance_holds() */
#define SWAP_SHARE 90 /* per cent of swap that may be needed */

struct job {
	uint64_t seed;
	size_t pages;
	long rounds;
};

/* A page's first and last word after `round` rounds: depends on child, page and round. */
static uint64_t content(const struct job *job, size_t page, long round)
{
	uint64_t state = job->seed * 1000003 + page * 31 + (uint64_t)round + 1;

	return random_next(&state) ^ page << 20;
}

/* One visit: the old content must be there, then comes the new. */
static bool visit(const struct job *job, uint64_t *memory, size_t page, long round)
{
	uint64_t *first = memory + page * (PAGE / 8), *last = first + PAGE / 8 - 1;
	uint64_t expected = round ? content(job, page, round - 1) : 0;

	if (*first != expected || *last != ~expected * (round != 0)) {
		printf("thrash: child %lu, page %zu, round %ld: %lx %lx, not %lx\n", (unsigned long)job->seed, page,
		       round, (unsigned long)*first, (unsigned long)*last, (unsigned long)expected);
		return false;
	}
	*first = content(job, page, round);
	*last = ~*first;
	return true;
}

/* A step that has no divisor in common with the number of pages goes through all of them. */
static size_t step_of(const struct job *job)
{
	size_t step = job->pages / 3 + 7 * job->seed + 1;

	for (;; step++) {
		size_t a = step, b = job->pages;

		while (b) {
			size_t rest = a % b;

			a = b;
			b = rest;
		}
		if (a == 1)
			return step % job->pages ? step % job->pages : 1;
	}
}

static void work(const struct job *job)
{
	uint64_t *memory = fresh_pages(job->pages);
	size_t page = 0, step = step_of(job);

	for (long round = 0; round < job->rounds; round++) {
		for (size_t i = 0; i < job->pages; i++) {
			if (!visit(job, memory, page, round)) {
				fflush(stdout);
				_exit(1);
			}
			page = (page + step) % job->pages;
		}
	}
	_exit(0);
}

static size_t default_pages(void)
{
	return (size_t)meminfo("MemTotal") / 4 * 3 / 4;
}

/* Starts them all, waits for all; how many came through. */
static long run_all(struct job job, long children)
{
	pid_t pids[MOST_CHILDREN];
	long good = 0;

	fflush(stdout);
	for (long i = 0; i < children; i++) {
		job.seed = (uint64_t)i + 1;
		pids[i] = fork();
		if (pids[i] < 0)
			die("fork");
		if (pids[i] == 0)
			work(&job);
	}
	for (long i = 0; i < children; i++) {
		int status;

		if (waitpid(pids[i], &status, 0) == pids[i] && status == 0)
			good++;
		else
			say("child %ld: %s", i + 1, status_text(status));
	}
	return good;
}

int main(int argc, char **argv)
{
	long children = option_number(argc, argv, "--children", 3), mib = option_number(argc, argv, "--mib", 0);
	struct job job = { .pages = mib ? (size_t)mib * 256 : default_pages() };
	long in = vmstat("pswpin"), out = vmstat("pswpout"), needed;
	struct rusage usage;
	struct balance before;
	struct show show;

	check_usage(argc, argv, "thrash [--children N] [--mib N] [--rounds N]");
	show_begin(&show, "thrash", "working sets that together are larger than memory");
	job.rounds = option_number(argc, argv, "--rounds", 3);
	if (children < 1 || children > MOST_CHILDREN || job.rounds < 1)
		die("thrash: 1 to %d children and at least one round", MOST_CHILDREN);
	needed = children * (long)job.pages * 4;
	if (needed > meminfo("MemAvailable") + meminfo("SwapFree") * SWAP_SHARE / 100) {
		skip("not enough swap for it: that would be a matter for oom");
		return show_end(&show);
	}
	before = balance_now();
	say("%ld children with %zu KiB each; memory is %ld KiB, swap %ld KiB", children, job.pages * 4,
	    meminfo("MemTotal"), meminfo("SwapTotal"));
	check_equal(&show, run_all(job, children), children, "children that finished with the right data");
	getrusage(RUSAGE_CHILDREN, &usage);
	say("page faults: %ld minor, %ld major; swapped in %ld pages, out %ld", usage.ru_minflt, usage.ru_majflt,
	    vmstat("pswpin") - in, vmstat("pswpout") - out);
	if (needed > meminfo("MemTotal"))
		check(&show, vmstat("pswpout") - out > (needed - meminfo("MemTotal")) / 16,
		      "what did not fit was swapped out");
	check(&show, balance_holds("thrash", &before, SLAB_PAGES), "nothing is lost");
	return show_end(&show);
}
