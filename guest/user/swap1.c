/*
 * swap1: more memory than there is: fills it with a pattern that belongs to a seed, and verifies it pass after pass.
 *
 *     swap1 [--mib N] [--passes P] [--seed S] [--quiet]
 *
 * Run three at once with more than the machine has, and every page travels to the swap disk and back many times.
 * Kernel: mm/swap.c, mm/reclaim.c, mm/fault.c (swapped), mm/policy_*.c.
 */
#include "guest/user/lib/show.h"
#include "guest/user/lib/vm.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define STEP 8 /* one 64-bit word in so many is written and looked at: one a cache line */

/* What word `i` holds in pass `pass`. */
static inline uint64_t pattern(uint64_t seed, uint64_t pass, uint64_t i)
{
	return (i + seed * 0x9e3779b97f4a7c15ul) * 0xff51afd7ed558ccdul ^ pass << 56;
}

static void fill(volatile uint64_t *p, uint64_t words, uint64_t seed, uint64_t pass)
{
	for (uint64_t i = 0; i < words; i += STEP)
		p[i] = pattern(seed, pass, i);
}

/* Verifies; odd passes also write the next pattern, so that clean pages come back to life as dirty ones. */
static long verify(volatile uint64_t *p, uint64_t words, uint64_t seed, uint64_t pass, bool rewrite)
{
	long wrong = 0;

	for (uint64_t i = 0; i < words; i += STEP) {
		if (p[i] != pattern(seed, pass, i) && wrong++ == 0)
			say("word %lu at %p holds %#lx, must be %#lx", i, (volatile void *)(p + i), p[i],
			    pattern(seed, pass, i));
		if (rewrite)
			p[i] = pattern(seed, pass + 1, i);
	}
	return wrong;
}

int main(int argc, char **argv)
{
	long mib = option_number(argc, argv, "--mib", 64), passes = option_number(argc, argv, "--passes", 4);
	uint64_t seed = (uint64_t)option_number(argc, argv, "--seed", getpid()), words = (uint64_t)mib << 17, pass = 0;
	bool quiet = option_given(argc, argv, "--quiet");
	volatile uint64_t *p;
	struct faults start, before;
	struct show show;
	char what[64];

	check_usage(argc, argv, "swap1 [--mib N] [--passes P] [--seed S] [--quiet]");
	p = fresh_pages((size_t)mib * 256);
	start = faults_now();
	show_begin(&show, "swap1", "more memory than there is, and its contents");
	say("%ld MiB on a machine with %ld, seed %lu", mib, meminfo("MemTotal") / 1024, seed);
	fill(p, words, seed, pass);
	for (long i = 0; i < passes; i++) {
		bool rewrite = i % 2 == 1;

		before = faults_now();
		snprintf(what, sizeof(what), "wrong words in pass %ld%s", i + 1, rewrite ? ", rewriting" : "");
		check_equal(&show, verify(p, words, seed, pass, rewrite), 0, what);
		pass += rewrite;
		before = faults_since(before);
		if (!quiet)
			say("pass %ld: %ld minor faults, %ld major; in swap now: %ld KiB", i + 1, before.minor,
			    before.major, proc_number("/proc/self/status", "VmSwap"));
	}
	start = faults_since(start);
	say("in all %ld minor faults, %ld major", start.minor, start.major);
	return show_end(&show);
}
