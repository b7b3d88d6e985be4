/*
 * Page-fault round trips: every page of the lazy window is touched and mapped by the kernel, then all are unmapped
 * again.
 *
 * A fault costs a walk that fails, a trap, a PTE written, an sfence.vma of one address and a walk that succeeds.
 */
#include "tests/bench/runtime/bench.h"

#define ROUNDS 500
#define PAGE_SIZE 4096

static u64 run(void)
{
	volatile u8 *window = (volatile u8 *)LAZY_BASE;
	u64 mapped = 0, page;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		for (page = 0; page < LAZY_PAGES; page++)
			window[page * PAGE_SIZE]++;
		mapped += bench_call(CALL_FORGET, 0);
	}
	return mapped;
}

const struct bench bench = { "fault", run, ROUNDS *LAZY_PAGES };
