/*
 * Address space identifiers and fences: which table each hart has in satp, which harts may remember translations of a
 * table, and how they are made to forget. Privileged manual 4.1.11 (satp), 4.2.1 (SFENCE.VMA); SBI's RFENCE for the
 * other harts.
 *
 * A hart keeps translations of a table after it has loaded another: they carry the table's ASID and can be used again.
 * It is not interrupted for a fence of a table that it does not run: table->stale notes that it has to fence before it
 * next loads it.
 *
 * Numbers are given out in order and never taken back. When they run out a new generation begins: every hart forgets
 * everything, and tables get a new number when they are next loaded. Those loaded at that moment keep theirs. With
 * fewer numbers than harts (or no ASID bits at all) number 0 is everybody's, and each load fences.
 */
#include "guest/kernel/core/riscv.h"
#include "guest/kernel/core/sbi.h"
#include "guest/kernel/core/smp.h"
#include "guest/kernel/mm/pgtable.h"
#include "guest/kernel/mm/reclaim.h"
#include "guest/kernel/proc/task.h"

/* Up to this many pages are fenced one by one: then forgetting all of the ASID costs less than what must be walked
 * again. */
#define FENCE_PAGES 16

static u64 kernel_satp;
static u64 asid_last; /* highest number the hart has; 0: none */
static u64 asid_next = 1;
static u64 asid_generation = 1;
static u64 asid_kept[MAX_HARTS]; /* numbers that outlived the last generation: of tables loaded when it ended */
static struct pgtable *loaded[MAX_HARTS]; /* what is in each hart's satp; NULL: the kernel's own */
static u64 code_stale;                    /* harts that must execute fence.i before they load the next table */

static inline unsigned this_hart(void)
{
	return current_task->hart->index;
}

static inline void sfence_all(void)
{
	__asm__ volatile("sfence.vma" ::: "memory");
}

static inline void sfence_asid(u64 asid)
{
	__asm__ volatile("sfence.vma x0, %0" ::"r"(asid) : "memory");
}

static inline void sfence_page(u64 va, u64 asid)
{
	__asm__ volatile("sfence.vma %0, %1" ::"r"(va), "r"(asid) : "memory");
}

static inline void fence_i(void)
{
	__asm__ volatile("fence.i" ::: "memory");
}

void asid_init(u64 kernel_root_pa)
{
	kernel_satp = SATP_MODE_SV39 | kernel_root_pa >> PAGE_SHIFT;
	/* Bits that are not there read back as 0. */
	csr_write(satp, kernel_satp | SATP_ASID_MASK << SATP_ASID_SHIFT);
	asid_last = csr_read(satp) >> SATP_ASID_SHIFT & SATP_ASID_MASK;
	pgtable_init_hart();
}

void pgtable_init_hart(void)
{
	csr_write(satp, kernel_satp);
	sfence_all();
}

static bool has_asids(void)
{
	return asid_last > hart_count();
}

/* All numbers are used up: everybody forgets everything. */
static void begin_generation(void)
{
	u64 others = 0;

	asid_generation++;
	asid_next = 1;
	for (unsigned i = 0; i < hart_count(); i++) {
		asid_kept[i] = 0;
		if (loaded[i]) {
			asid_kept[i] = loaded[i]->asid;
			loaded[i]->generation = asid_generation;
			loaded[i]->harts = loaded[i]->loaded;
			loaded[i]->stale = 0;
		}
		if (i != this_hart() && harts[i].online)
			others |= 1ul << i;
	}
	/* The table that this hart leaves loses its number: it must not be walked again after the fence. */
	csr_write(satp, kernel_satp);
	sfence_all();
	if (others)
		sbi_remote_sfence_vma_all(smp_hart_ids(others));
}

static bool is_kept(u64 asid)
{
	for (unsigned i = 0; i < hart_count(); i++) {
		if (asid_kept[i] == asid)
			return true;
	}
	return false;
}

static void allot_asid(struct pgtable *table)
{
	u64 asid = 0;

	if (has_asids()) {
		do {
			if (asid_next > asid_last)
				begin_generation();
			asid = asid_next++;
		} while (is_kept(asid));
	}
	table->asid = asid;
	table->generation = asid_generation;
	table->harts = 0;
	table->stale = 0;
}

/* This hart is about to use another table. */
static void leave_table(unsigned hart)
{
	if (loaded[hart])
		loaded[hart]->loaded &= ~(1ul << hart);
	loaded[hart] = NULL;
}

void pgtable_load(struct pgtable *table)
{
	unsigned hart = this_hart();
	u64 bit = 1ul << hart;

	if (loaded[hart] == table)
		return;
	leave_table(hart);
	if (table->generation != asid_generation)
		allot_asid(table);
	bool must_fence = !table->asid || (table->stale & bit);
	table->stale &= ~bit;
	table->harts |= bit;
	table->loaded |= bit;
	loaded[hart] = table;
	csr_write(satp,
	          SATP_MODE_SV39 | table->asid << SATP_ASID_SHIFT | ((u64)table->root - DIRECT_MAP) >> PAGE_SHIFT);
	if (must_fence)
		sfence_asid(table->asid);
	if (code_stale & bit) {
		code_stale &= ~bit;
		fence_i();
	}
}

void pgtable_load_kernel(void)
{
	leave_table(this_hart());
	csr_write(satp, kernel_satp);
}

void pgtable_fence_range(struct pgtable *table, u64 start, u64 end)
{
	u64 self = 1ul << this_hart();
	u64 others = table->loaded & ~self;
	bool is_small = end - start <= FENCE_PAGES * PAGE_SIZE;

	table->stale |= table->harts & ~table->loaded;
	if (table->loaded & self) {
		if (is_small) {
			for (u64 va = start; va < end; va += PAGE_SIZE)
				sfence_page(va, table->asid);
		} else {
			sfence_asid(table->asid);
		}
	}
	if (others) {
		vm_counts.tlb_remote++;
		sbi_remote_sfence_vma_asid(smp_hart_ids(others), is_small ? start : 0, is_small ? end - start : ~0ul,
		                           table->asid);
	}
}

void pgtable_fence_all(struct pgtable *table)
{
	pgtable_fence_range(table, 0, USER_TOP);
}

void pgtable_fence_new_leaf(const struct pgtable *table, u64 va)
{
	if (loaded[this_hart()] == table)
		sfence_page(va, table->asid);
}

/* With an address SFENCE.VMA orders leaves alone; pointers to tables need one without. */
void pgtable_fence_new_table(const struct pgtable *table)
{
	if (loaded[this_hart()] == table)
		sfence_asid(table->asid);
}

void pgtable_fence_local(const struct pgtable *table, u64 va)
{
	(void)va;
	pgtable_fence_new_table(table);
}

/* FENCE.I is for one hart (Zifencei). Harts that run another table at present do it before they load the next one;
 * those that run this one are told at once. */
void pgtable_fence_code(const struct pgtable *table)
{
	u64 others = table->loaded & ~(1ul << this_hart());

	fence_i();
	code_stale |= ~(table->loaded | 1ul << this_hart());
	if (others)
		sbi_remote_fence_i(smp_hart_ids(others));
}
