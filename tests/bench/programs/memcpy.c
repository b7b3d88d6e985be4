/*
 * Copying memory, eight words at a time, as a C library does it.
 */
#include "tests/bench/runtime/bench.h"

#define WORDS (512u << 10) /* 4 MiB */
#define UNROLL 8
#define ROUNDS 190

static u64 from[WORDS] ARENA, to[WORDS] ARENA;

static NOINLINE void copy(u64 *restrict out, const u64 *restrict in, size_t words)
{
	for (; words >= UNROLL; words -= UNROLL) {
		u64 a = in[0], b = in[1], c = in[2], d = in[3], e = in[4], f = in[5], g = in[6], h = in[7];

		out[0] = a;
		out[1] = b;
		out[2] = c;
		out[3] = d;
		out[4] = e;
		out[5] = f;
		out[6] = g;
		out[7] = h;
		in += UNROLL;
		out += UNROLL;
	}
}

static u64 run(void)
{
	u64 state = 0x243f6a8885a308d3, hash = 0;
	u32 i;

	for (i = 0; i < WORDS; i++)
		from[i] = bench_random(&state);
	for (i = 0; i < ROUNDS; i++) {
		copy(to, from, WORDS);
		from[i] += to[WORDS - 1 - i];
	}
	for (i = 0; i < WORDS; i++)
		hash = hash * 0x9e3779b97f4a7c15 + to[i];
	return hash;
}

const struct bench bench = { "memcpy", run, 0xa6848b626ed4eeb2 };
