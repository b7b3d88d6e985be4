/*
 * Nothing: powers off at once. What remains is the emulator's own start.
 */
#include "tests/bench/runtime/bench.h"

static u64 run(void)
{
	return 0;
}

const struct bench bench = { "startup", run, 0 };
