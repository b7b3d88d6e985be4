/*
 * Page frames and the page table. What the MMU does on every access, in C: pte_of() walks the table as the hardware
 * does. The privileged manual's "Sv39: Page-Based 39-bit Virtual-Memory System" is its description.
 *
 *    38        30 29        21 20        12 11         0
 *   +------------+------------+------------+------------+
 *   |   VPN[2]   |   VPN[1]   |   VPN[0]   |   offset   |   a virtual address
 *   +------------+------------+------------+------------+
 *         |            |            |
 *     entry of     entry of     entry of
 *     the root     a level-1    a level-0
 *     table        table        table: the page
 */
#include "devices/memmap.h"
#include "guest/demo/demo.h"

#define GIGAPAGE (1ul << 30) /* what one entry of the root table spans */

extern char frames_start[]; /* demo.ld: the first page of RAM that nobody uses */

static u64 next_frame; /* physical address; frames are never given back */
static u64 *root;      /* the root table */

u64 frame_alloc(void)
{
	u64 pa = next_frame;
	u64 *words = (u64 *)pa;

	for (u64 i = 0; i < PAGE_SIZE / sizeof(u64); i++)
		words[i] = 0;
	next_frame += PAGE_SIZE;
	return pa;
}

u64 pte_make(u64 pa, u64 flags)
{
	return pa >> PAGE_SHIFT << PTE_PPN_SHIFT | flags;
}

u64 pte_pa(u64 pte)
{
	return pte >> PTE_PPN_SHIFT << PAGE_SHIFT;
}

/* The nine bits of va that choose an entry of a table of this level. */
static u64 vpn(u64 va, int level)
{
	return va >> (PAGE_SHIFT + 9 * level) & (PTES_PER_TABLE - 1);
}

/*
 * Down from the root, two pointers to the table of level 0. Hardware stops with a page fault where an entry is not
 * valid; here a new table is hung in.
 *
 * A table is found by its physical address. That we can simply use it as a pointer is because RAM is mapped at its own
 * physical addresses (paging_start).
 */
u64 *pte_of(u64 va)
{
	u64 *table = root;

	for (int level = 2; level > 0; level--) {
		u64 *pte = &table[vpn(va, level)];

		if (!(*pte & PTE_V)) {
			*pte = pte_make(frame_alloc(), PTE_V);
			print("         new table: level %ld, in frame %lx; level-%ld entry %ld at %lx points to it\n",
			      (u64)level - 1, pte_pa(*pte), (u64)level, vpn(va, level), (u64)pte);
		}
		table = (u64 *)pte_pa(*pte);
	}
	return &table[vpn(va, 0)];
}

/*
 * The kernel needs two entries: a leaf in the root table maps a whole gigabyte ("gigapage"), here each at its own
 * physical address. U is not set, so the task cannot touch them. A and D are set because nobody here wants to know
 * about accesses, and hardware that does not set them by itself would fault.
 */
void paging_start(void)
{
	u64 flags = PTE_V | PTE_R | PTE_W | PTE_G | PTE_A | PTE_D;

	next_frame = (u64)frames_start;
	root = (u64 *)frame_alloc();
	root[vpn(MEMMAP_RAM_BASE, 2)] = pte_make(MEMMAP_RAM_BASE, flags | PTE_X);
	root[vpn(0, 2)] = pte_make(0, flags); /* devices: UART and finisher are in the first gigabyte */

	csr_write(satp, SATP_SV39 | (u64)root >> PAGE_SHIFT);
	sfence_vma();
	print("Sv39 is on: root table in frame %lx, kernel and devices mapped by two gigapages.\n", (u64)root);
}

void pte_print_flags(u64 pte)
{
	for (int bit = 7; bit >= 0; bit--)
		print("%c", pte >> bit & 1 ? "VRWXUGAD"[bit] : '-');
}

/* Prints what hangs below a table that starts at address va. */
static void show_table(u64 *table, int level, u64 va)
{
	for (u64 i = 0; i < PTES_PER_TABLE; i++) {
		u64 pte = table[i];
		u64 page = va + (i << (PAGE_SHIFT + 9 * level));
		int leaf = (pte & (PTE_R | PTE_W | PTE_X)) != 0;

		if (!(pte & PTE_V))
			continue;
		for (int indent = 2; indent >= level; indent--)
			print("   ");
		print("[%ld] ", i);
		pte_print_flags(pte);
		print(leaf ? " %lx -> %lx\n" : " from %lx on: table in frame %lx\n", page, pte_pa(pte));
		if (!leaf)
			show_table((u64 *)pte_pa(pte), level - 1, page);
	}
}

void paging_show(void)
{
	print("The page table now (entry, flags, virtual -> physical address):\n");
	show_table(root, 2, 0);
}
