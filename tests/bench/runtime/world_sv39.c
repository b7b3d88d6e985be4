/*
 * The program in U mode under Sv39: everything in RAM at va = pa in pages of 4 KiB, those of the program with U.
 *
 * Devices are reached through two gigapages, by the kernel only. Not here: demand paging of the program itself, because
 * what is measured is translation. The lazy window is for the program that measures page faults.
 */
#include "tests/bench/runtime/kernel.h"

#define PTE_V 0x01ul
#define PTE_R 0x02ul
#define PTE_W 0x04ul
#define PTE_X 0x08ul
#define PTE_U 0x10ul
#define PTE_AD 0xc0ul
#define PTES 512
#define PAGE_SIZE 4096ul
#define GIGAPAGE (1ul << 30)
#define RAM_BASE 0x80000000ul
#define RAM_TABLES 48 /* 2 MiB each */

#define SATP_SV39 (8ul << 60)
#define MSTATUS_MPP 0x1800ul
#define MSTATUS_SUM 0x40000ul
#define DELEGATED 0xb1fful /* ecall from U, page faults, and what else may happen down there */

struct table {
	u64 pte[PTES];
} __attribute__((aligned(4096)));

extern u8 kernel_start[], user_begin[], user_end[];

static struct table root, middle, ram[RAM_TABLES], lazy_middle, lazy, frame;

static u64 pte(const void *pa, u64 bits)
{
	return (u64)pa >> 12 << 10 | PTE_V | bits;
}

static void map_ram(void)
{
	u64 pa, i;

	for (pa = RAM_BASE; pa < (u64)user_end; pa += PAGE_SIZE) {
		i = (pa - RAM_BASE) / PAGE_SIZE;
		if (i >= RAM_TABLES * PTES)
			kernel_die("too large a program", pa, (u64)user_end);
		ram[i / PTES].pte[i % PTES] =
			pte((void *)pa, PTE_R | PTE_W | PTE_X | PTE_AD | (pa >= (u64)user_begin ? PTE_U : 0));
	}
	for (i = 0; i < RAM_TABLES; i++)
		middle.pte[i] = pte(&ram[i], 0);
	root.pte[RAM_BASE / GIGAPAGE] = pte(&middle, 0);
}

void world_start(void)
{
	u64 satp = SATP_SV39 | (u64)&root >> 12;

	map_ram();
	root.pte[0] = pte((void *)0, PTE_R | PTE_W | PTE_AD);
	root.pte[1] = pte((void *)GIGAPAGE, PTE_R | PTE_W | PTE_AD);
	root.pte[LAZY_BASE / GIGAPAGE] = pte(&lazy_middle, 0);
	lazy_middle.pte[0] = pte(&lazy, 0);
	__asm__ volatile("csrw medeleg, %0" : : "r"(DELEGATED));
	__asm__ volatile("csrw mideleg, zero");
	__asm__ volatile("csrw stvec, %0" : : "r"(trap_s));
	__asm__ volatile("csrw satp, %0\n\tsfence.vma" : : "r"(satp) : "memory");
	enter_by_mret(MSTATUS_MPP, MSTATUS_SUM);
}

int world_fault(u64 va)
{
	u64 page = (va - LAZY_BASE) / PAGE_SIZE;

	if (va < LAZY_BASE || page >= LAZY_PAGES || lazy.pte[page])
		return 0;
	lazy.pte[page] = pte(&frame, PTE_R | PTE_W | PTE_U | PTE_AD);
	__asm__ volatile("sfence.vma %0" : : "r"(va) : "memory");
	return 1;
}

u64 world_forget(void)
{
	u64 i, mapped = 0;

	for (i = 0; i < LAZY_PAGES; i++) {
		mapped += lazy.pte[i] & PTE_V;
		lazy.pte[i] = 0;
	}
	__asm__ volatile("sfence.vma" : : : "memory");
	return mapped;
}
