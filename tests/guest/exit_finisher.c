/*
 * The end of a run by the finisher of QEMU's board: exit status 0, or the number of failures. Linked instead:
 * exit_htif.c.
 */
#include "devices/memmap.h"
#include "tests/guest/guest.h"

void machine_exit(u64 failures)
{
	poke32(MEMMAP_SYSCON_BASE, failures ? (u32)(failures > 100 ? 100 : failures) << 16 | 0x3333 : 0x5555);
	for (;;)
		;
}
