/*
 * A pointer chase over 64 MiB in 4 KiB pages: one load from each page in random order, so that nearly every load misses
 * a TLB of usual size. The cache line within the page is random too, or all would fall into the same sets of the host's
 * caches.
 */
#include "tests/bench/runtime/bench.h"

#define PAGES 16384u
#define PAGE_SIZE 4096u
#define LINE 64u
#define STEPS 4000000u
#define UNROLL 8

static u8 memory[PAGES][PAGE_SIZE] ARENA;
static u32 order[PAGES];

static void **node(u32 page)
{
	u32 line = (page * 2246822519u >> 20) % (PAGE_SIZE / LINE);

	return (void **)&memory[page][line * LINE];
}

static u64 run(void)
{
	u64 state = 0x5deece66d1234567;
	void **p;
	u32 i, j, swapped;

	for (i = 0; i < PAGES; i++)
		order[i] = i;
	for (i = PAGES - 1; i > 0; i--) {
		j = (u32)(bench_random(&state) % (i + 1));
		swapped = order[i];
		order[i] = order[j];
		order[j] = swapped;
	}
	for (i = 0; i < PAGES; i++)
		*node(order[i]) = node(order[(i + 1) % PAGES]);

	p = node(order[0]);
	for (i = 0; i < STEPS / UNROLL; i++) {
#pragma GCC unroll 8
		for (j = 0; j < UNROLL; j++)
			p = *p;
		__asm__ volatile("" : "+r"(p));
	}
	for (i = 0; i < PAGES && node(order[i]) != p; i++)
		;
	return i;
}

const struct bench bench = { "chase", run, STEPS % PAGES };
