/*
 * The world a rule lives in: page tables, PMP, and the accesses it makes. See guest.h.
 */
#include "tests/guest/guest.h"

struct seen seen;
u64 mstatus_bits;
int no_fences;

static u64 root;        /* physical address of the current root table */
static u64 tables_used; /* tables taken from TABLES */

CODE(stub_load, "ld a0, 0(a0)");
CODE(stub_store, "sd a1, 0(a0)");
CODE(stub_answer, "li a0, 42");

/* --- running code --- */

static void forget_seen(void)
{
	u64 *word = (u64 *)&seen;

	for (u64 i = 0; i < sizeof(seen) / sizeof(u64); i++)
		word[i] = 0;
	seen.entry = ~0ul;
}

void run_at(enum mode mode, u64 pc, const u64 args[8])
{
	struct start start = { .pc = pc };
	u64 stubs = (u64)stubs_start, end = (u64)stubs_end;

	if (mode == U && csr_read(satp) >> 60 && pc >= stubs && pc < end)
		start.pc = pc - stubs + USER_CODE;
	start.mstatus = (mstatus_bits & ~MSTATUS_MIE) | MSTATUS_MPP(mode);
	if (mstatus_bits & MSTATUS_MIE)
		start.mstatus |= MSTATUS_MPIE;
	for (int i = 0; i < 8; i++)
		start.arg[i] = args[i];
	forget_seen();
	if (!no_fences) {
		sfence_vma_all();
		__asm__ volatile("fence.i" ::: "memory");
	}
	guest_run(&start);
	seen.running = 0;
}

void put_code(u64 pa, const char *stub, u64 bytes)
{
	for (u64 i = 0; i < bytes; i += 2)
		*(volatile u16 *)(pa + i) = *(const u16 *)(stub + i);
}

void put_answer(u64 pa)
{
	put_code(pa, stub_answer, 8);
}

/* --- page tables --- */

u64 new_table(void)
{
	u64 table = TABLES + 4096 * tables_used++;

	for (u64 i = 0; i < 512; i++)
		poke(table + 8 * i, 0);
	return table;
}

/* Where a PTE of va is, in a table of `levels` levels. */
static u64 *find_pte(u64 table, int levels, u64 va, int level)
{
	for (int i = levels - 1;; i--) {
		u64 *pte = (u64 *)table + (va >> (12 + 9 * i) & 511);

		if (i == level)
			return pte;
		if (!(*pte & PTE_V))
			*pte = PTE_PPN(new_table()) | PTE_V;
		table = *pte >> 10 << 12;
	}
}

u64 *map_in(u64 table, int levels, u64 va, u64 pa, int level, u64 flags)
{
	u64 *pte = find_pte(table, levels, va, level);

	*pte = PTE_PPN(pa) | flags;
	return pte;
}

u64 *map(u64 va, u64 pa, int level, u64 flags)
{
	return map_in(root, 3, va, pa, level, flags);
}

u64 *pte_at(u64 va, int level)
{
	return find_pte(root, 3, va, level);
}

u64 root_table(void)
{
	return root;
}

/* RAM for S mode, where it is; the stubs for U mode. */
u64 new_root_table(void)
{
	u64 table = new_table();

	map_in(table, 3, 0x80000000, 0x80000000, 2, PTE_ALL);
	for (u64 pa = (u64)stubs_start; pa < (u64)stubs_end; pa += 4096)
		map_in(table, 3, USER_CODE + pa - (u64)stubs_start, pa, 0, PTE_V | PTE_R | PTE_X | PTE_U | PTE_A);
	return table;
}

u64 satp_of(u64 mode, u64 asid, u64 table)
{
	return mode << 60 | asid << 44 | table >> 12;
}

void sv39(void)
{
	tables_used = 0;
	root = new_root_table();
	csr_write(satp, satp_of(SATP_SV39, 0, root));
	sfence_vma_all();
}

/* --- accesses --- */

void single(enum mode mode, const char *stub, u64 va, u64 a1)
{
	run(mode, stub, va, a1);
	/* expect_fault() compares the pc with x[0], which is no register anyone looks at */
	seen.x[0] = mode == U && csr_read(satp) >> 60 ? (u64)stub - (u64)stubs_start + USER_CODE : (u64)stub;
}

void load(enum mode mode, u64 va)
{
	single(mode, stub_load, va, 0);
}

void store(enum mode mode, u64 va, u64 value)
{
	single(mode, stub_store, va, value);
}

void fetch(enum mode mode, u64 va)
{
	run(mode, va, 0);
	seen.x[0] = va;
}

void access(enum kind kind, enum mode mode, u64 va)
{
	if (kind == LOAD)
		load(mode, va);
	else if (kind == STORE)
		store(mode, va, 42);
	else
		fetch(mode, va);
}

/* --- PMP --- */

/* The register and the bits in it that hold an entry's config byte: pmpcfg0 has entries 0-7, pmpcfg2 8-15. */
u64 pmp_cfg(u32 entry)
{
	return (entry < 8 ? csr_read(pmpcfg0) : csr_read(pmpcfg2)) >> entry % 8 * 8 & 0xff;
}

static void write_cfg(u32 entry, u64 cfg)
{
	u32 shift = entry % 8 * 8;
	u64 mask = 0xfful << shift;

	if (entry < 8)
		csr_write(pmpcfg0, (csr_read(pmpcfg0) & ~mask) | cfg << shift);
	else
		csr_write(pmpcfg2, (csr_read(pmpcfg2) & ~mask) | cfg << shift);
}

#define EACH_PMPADDR(DO)                                                                                               \
	DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10) DO(11) DO(12) DO(13) DO(14) DO(15)
#define READ_CASE(n)                                                                                                   \
	case n:                                                                                                        \
		return csr_read(pmpaddr##n);
#define WRITE_CASE(n)                                                                                                  \
	case n:                                                                                                        \
		csr_write(pmpaddr##n, addr);                                                                           \
		break;

u64 pmp_addr(u32 entry)
{
	switch (entry) {
		EACH_PMPADDR(READ_CASE)
	}
	return 0;
}

void pmp_set(u32 entry, u64 cfg, u64 addr)
{
	switch (entry) {
		EACH_PMPADDR(WRITE_CASE)
	}
	write_cfg(entry, cfg);
	sfence_vma_all();
}

void pmp_close(void)
{
	pmp_set(15, 0, 0);
}

u64 napot(u64 base, u64 size)
{
	return (base | (size / 2 - 1)) >> 2;
}
