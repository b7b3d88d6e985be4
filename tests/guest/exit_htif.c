/*
 * The end of a run by HTIF, as Spike wants it: status 0, or the number of failures. Linked instead: exit_finisher.c.
 */
#include "tests/guest/guest.h"

volatile u64 tohost __attribute__((section(".tohost"), aligned(64)));
volatile u64 fromhost __attribute__((section(".tohost"), aligned(64)));

void machine_exit(u64 failures)
{
	tohost = (failures > 100 ? 100 : failures) << 1 | 1;
	for (;;)
		;
}
