/*
 * The first page table, for the time until mm/pgtable.c makes the real one: the image at its linked address and all of
 * physical memory in the direct map. Nothing is mapped at the physical addresses themselves (entry.S says how paging
 * begins all the same), and no page is writable and executable.
 *
 * This runs at the physical address with paging off: only code and data reached relative to the pc work. The other
 * harts begin with the same table.
 */
#include "guest/kernel/core/early.h"

#include "guest/kernel/core/image.h"
#include "guest/kernel/core/riscv.h"
#include "guest/kernel/mm/pgtable.h"

#define ENTRIES 512
#define IMAGE_TABLES 2 /* level 0: 2 MiB each, beginning at IMAGE_BASE */
#define GIGAPAGE_LOG2 30
#define MEGAPAGE_LOG2 21
#define DIRECT_MAP_FIRST 256 /* root entry of DIRECT_MAP; the direct map ends below the image */

_Static_assert((DIRECT_MAP >> GIGAPAGE_LOG2 & (ENTRIES - 1)) == DIRECT_MAP_FIRST, "root entry of the direct map");
_Static_assert(IMAGE_BASE % (1ul << MEGAPAGE_LOG2) == 0, "the image begins a level-0 table");

static u64 early_root[ENTRIES] __attribute__((aligned(4096)));
static u64 early_level1[ENTRIES] __attribute__((aligned(4096)));
static u64 early_level0[IMAGE_TABLES][ENTRIES] __attribute__((aligned(4096)));
u64 early_satp;

static u64 leaf(u64 pa, u64 permissions)
{
	return pa >> 2 | permissions | PTE_V | PTE_A | PTE_D;
}

static u64 branch(const u64 *table)
{
	return (u64)table >> 2 | PTE_V;
}

u64 early_paging(void)
{
	u64 pa = (u64)kernel_text_start;
	u64 text_end = (u64)kernel_text_end;
	u64 rodata_end = (u64)kernel_rodata_end;
	u64 end = (u64)kernel_end;
	for (unsigned i = 0; pa < end; i++, pa += PAGE_SIZE) {
		u64 permissions = PTE_R | PTE_W;
		if (pa < text_end)
			permissions = PTE_R | PTE_X;
		else if (pa < rodata_end)
			permissions = PTE_R;
		early_level0[i / ENTRIES][i % ENTRIES] = leaf(pa, permissions);
	}
	for (unsigned i = 0; i < IMAGE_TABLES; i++)
		early_level1[(IMAGE_BASE >> MEGAPAGE_LOG2) % ENTRIES + i] = branch(early_level0[i]);
	u64 image_entry = (IMAGE_BASE >> GIGAPAGE_LOG2) % ENTRIES;
	early_root[image_entry] = branch(early_level1);
	for (u64 i = DIRECT_MAP_FIRST; i < image_entry; i++)
		early_root[i] = leaf((i - DIRECT_MAP_FIRST) << GIGAPAGE_LOG2, PTE_R | PTE_W);
	early_satp = SATP_MODE_SV39 | (u64)early_root >> PAGE_SHIFT;
	return early_satp;
}
