/*
 * Trap round trips: an environment call into the kernel and back, with the registers saved as a kernel does it.
 */
#include "tests/bench/runtime/bench.h"

#define CALLS 1000000

static u64 run(void)
{
	u64 answer = 0;
	int i;

	for (i = 0; i < CALLS; i++)
		answer = bench_call(CALL_ADD, 3);
	return answer;
}

const struct bench bench = { "ecall", run, 3 * CALLS };
