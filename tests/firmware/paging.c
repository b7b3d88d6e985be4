/*
 * Page tables, Sv39: 1 GiB pages one to one for devices and RAM, S mode only, and one table of 4 KiB pages at VA.
 */
#include "tests/firmware/test.h"

u8 pages[16][PAGE_SIZE] __attribute__((aligned(4096)));

static u64 root[512] __attribute__((aligned(4096)));
static u64 middle[512] __attribute__((aligned(4096)));
static u64 leaves[512] __attribute__((aligned(4096)));

static void sfence_vma(void)
{
	__asm__ volatile("sfence.vma zero, zero" ::: "memory");
}

void paging_on(u64 asid)
{
	root[0] = PTE_DATA;                              /* devices */
	root[1] = (u64)middle >> 2 | PTE_V;              /* VA */
	root[2] = FIRMWARE_BASE >> 2 | PTE_DATA | PTE_X; /* RAM */
	middle[0] = (u64)leaves >> 2 | PTE_V;
	sfence_vma();
	csr_write(satp, 8ul << 60 | asid << 44 | (u64)root >> 12);
}

void paging_off(void)
{
	csr_write(satp, 0);
	sfence_vma();
}

/* Only writes the PTE: fences are up to the test. Flags 0: no page. */
void map(u64 va, u64 pa, u64 flags)
{
	__atomic_store_n(&leaves[(va - VA) / PAGE_SIZE], pa >> 2 | flags, __ATOMIC_SEQ_CST);
}

void user_map(void)
{
	for (u64 at = 0; at < (u64)(user_end - user_start); at += PAGE_SIZE)
		map(USER_VA + at, (u64)user_start + at, PTE_V | PTE_X | PTE_U | PTE_A);
}

const void *user_address(const void *code)
{
	return (const char *)code - user_start + (const char *)USER_VA;
}
