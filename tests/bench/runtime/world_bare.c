/*
 * The program in M mode, without translation: the ground that the cost of Sv39 is compared with.
 */
#include "tests/bench/runtime/kernel.h"

#define MSTATUS_MPP 0x1800ul

void world_start(void)
{
	enter_by_mret(0, MSTATUS_MPP); /* M */
}

int world_fault(u64 va)
{
	(void)va;
	return 0;
}

u64 world_forget(void)
{
	return 0;
}
