/*
 * Page tables: Sv39, and the only code that writes PTEs. Each change is paired here with the fence it needs, on this
 * hart and, by SBI RFENCE, on every hart that may hold the translation: nobody else executes sfence.vma.
 *
 * The rules (privileged manual, 4.2.1 and 4.3.2):
 * - A PTE that was valid and is taken away or loses a permission (A and D bits too): fence everywhere before the caller
 * goes on.
 * - A PTE that becomes valid or gains a permission: fence on this hart; another hart that still remembers the old one
 * takes a spurious fault, finds the PTE good and fences itself (pgtable_fence_local).
 * - Frames are given back only after the fence: who takes many pages away collects them in a struct unmap_batch.
 * - A page table is given back after a fence of the whole ASID.
 *
 * ASIDs: each mm has one; when they run out all harts are flushed and numbering begins anew (generations). Where the
 * hart has no ASID bits every switch flushes. Kernel mappings are global and do not change after boot.
 */
#ifndef GUEST_KERNEL_MM_PGTABLE_H
#define GUEST_KERNEL_MM_PGTABLE_H

#include "guest/kernel/mm/frame.h"

#define USER_TOP 0x4000000000ul /* first address above user space: Sv39's lower half */

enum pte_bits {
	PTE_V = 1 << 0,
	PTE_R = 1 << 1,
	PTE_W = 1 << 2,
	PTE_X = 1 << 3,
	PTE_U = 1 << 4,
	PTE_G = 1 << 5,
	PTE_A = 1 << 6,
	PTE_D = 1 << 7,
	/* Software's bits (RSW). */
	PTE_NONE = 1 << 8, /* with V=0: the page is there but PROT_NONE; the frame stays mapped and counted */
	PTE_SWAP = 1 << 9, /* with V=0: the ppn field is a swap slot */
};

/* Translations of an address space. Part of struct mm. */
struct pgtable {
	u64 *root;      /* level-2 table, in the direct map; upper half shared with the kernel's */
	u64 asid;       /* valid while generation is the current one */
	u64 generation; /* of the ASID; 0: none yet */
	u64 harts;      /* bit n: hart n may hold translations of it */
	u64 loaded;     /* bit n: hart n has it in satp now: it is sent fences at once */
	u64 stale;  /* bit n: hart n must fence the ASID before it uses the table again: it missed fences while it ran
	               others */
	u64 tables; /* frames of kind FRAME_TABLE, with the root (VmPTE) */
	u64 space;  /* the root's frame number: what hints (core/hint.h) call the address space by */
};

static inline bool pte_is_valid(u64 pte)
{
	return pte & PTE_V;
}

/* A frame is behind it (valid, or there but PROT_NONE). */
static inline bool pte_is_present(u64 pte)
{
	return pte & (PTE_V | PTE_NONE);
}

static inline bool pte_is_swap(u64 pte)
{
	return (pte & (PTE_V | PTE_SWAP)) == PTE_SWAP;
}

static inline u64 pte_pa(u64 pte)
{
	return (pte >> 10 & 0xffffffffffful) << PAGE_SHIFT;
}

static inline u64 pte_slot(u64 pte)
{
	return pte >> 10 & 0xffffffffffful;
}

static inline u64 pte_make_swap(u64 slot)
{
	return slot << 10 | PTE_SWAP;
}

/* NULL: memory of a device. */
static inline struct frame *pte_frame(u64 pte)
{
	return frame_of_pa(pte_pa(pte));
}

/* A process's or file's frame is behind it: with a reference, an rmap entry and a place in VmRSS. Not so the page of
 * zeros and the signal trampoline, which are the kernel's and only lent, and memory of devices, which is no RAM. */
static inline bool pte_is_counted(u64 pte)
{
	const struct frame *frame = pte_frame(pte);

	return pte_is_present(pte) && frame && frame->kind != FRAME_KERNEL;
}

/* A present PTE for the frame with PROT_* permissions of a region (none: PTE_NONE). W only if writable. A and D as
 * told. */
u64 pte_make(const struct frame *frame, u32 prot, bool writable, bool dirty);
/* The same for a page of a device's memory: never executable, and with A and D, which tell nobody anything. */
u64 pte_make_device(u64 pa, u32 prot);

/* The kernel's own table: image (text RX, rodata R, data RW by 4 KiB pages), RAM and devices. Runs paged from here on.
 */
void pgtable_init(void);
/* satp on a hart other than the first. */
void pgtable_init_hart(void);

/* A table with the kernel's upper half, or false: out of memory. May sleep. */
bool pgtable_create(struct pgtable *table, struct mm *mm) must_check;
/* Gives back all tables; the lower half must be empty of present and swapped pages, and the table loaded on no hart. */
void pgtable_destroy(struct pgtable *table);
/* Loads it on this hart (allots an ASID if needed). Before the first use, and by the scheduler. */
void pgtable_load(struct pgtable *table);
/* Loads the kernel's own: for kernel threads, and before a process gives up its mm. */
void pgtable_load_kernel(void);

/* The page of zeros that every read of an untouched anonymous page sees: mapped read-only, with neither count nor rmap.
 */
extern struct frame *zero_frame;

/* The address of the level-0 entry of a user va, or NULL if there is no table. Never allocates. */
u64 *pgtable_find(const struct pgtable *table, u64 va);
/* The same; makes the missing tables. NULL: out of memory. May sleep (the entry must be looked at again). */
u64 *pgtable_make(struct pgtable *table, u64 va) must_check;
/* The first va >= from and < to with a non-zero level-0 entry, or `to`: skips holes by whole tables. */
u64 pgtable_next(const struct pgtable *table, u64 from, u64 to);
/* The address of the first non-zero level-0 entry at or after *va and below `to`, *va set to what it translates; NULL:
 * none. Skips holes by whole tables. To go on, add PAGE_SIZE to *va and pass the entry found + 1 (NULL to begin, or
 * after a sleep). */
u64 *pgtable_scan(const struct pgtable *table, u64 *pte, u64 *va, u64 to);

/* Writes an entry that was not valid (0, swap, none); counts the table's used entries; fences here. This and
 * pgtable_change see to it that instruction caches know a frame before it becomes executable (FRAME_CODE_CLEAN). */
void pgtable_set(struct pgtable *table, u64 *pte, u64 va, u64 value);
/* Replaces a valid entry by another and fences wherever it must (everywhere unless permissions are only added to the
 * same frame). */
void pgtable_change(struct pgtable *table, u64 *pte, u64 va, u64 value);
/* Takes an entry away (value 0 or a swap entry comes in its place), fences everywhere; returns the old one with its
 * final A and D bits. */
u64 pgtable_replace(struct pgtable *table, u64 *pte, u64 va, u64 value);
/* Moves an entry to another, empty place of the same table (mremap). The caller fences where it was before anything may
 * sleep. */
void pgtable_move(struct pgtable *table, u64 *from, u64 from_va, u64 *to, u64 to_va);
/* Clears A (and, with dirty, D), fences; returns the bits that were set. */
u64 pgtable_clear_bits(struct pgtable *table, u64 *pte, u64 va, u64 bits);
/* Fences [start, end) everywhere the table may be remembered: at once where it is loaded, before its next use
 * elsewhere. */
void pgtable_fence_range(struct pgtable *table, u64 start, u64 end);
/* The same for the whole ASID: after a page table was taken away. */
void pgtable_fence_all(struct pgtable *table);
/* One address, or all of the ASID, on this hart alone: after an entry (a leaf; a pointer to a table) became valid. */
void pgtable_fence_new_leaf(const struct pgtable *table, u64 va);
void pgtable_fence_new_table(const struct pgtable *table);
/* asid.c: how many ASID bits there are, and the kernel's table for harts that run no process. */
void asid_init(u64 kernel_root_pa);

/* On this hart, after a spurious fault: whatever it remembered, be it an entry or a missing table, is forgotten. */
void pgtable_fence_local(const struct pgtable *table, u64 va);
/* fence.i here and on all harts of the table: code has been written (mprotect to X, a page read in for execution,
 * riscv_flush_icache). */
void pgtable_fence_code(const struct pgtable *table);

/* Many entries taken away under one fence. */
#define UNMAP_BATCH 48
struct unmap_batch {
	struct pgtable *table;
	u64 start, end; /* covers all vas so far; empty: start >= end */
	unsigned count;
	struct frame *frames[UNMAP_BATCH]; /* references to drop after the fence */
};

void unmap_batch_begin(struct unmap_batch *batch, struct pgtable *table);
/* Clears the entry (without a fence yet); the batch takes over the PTE's reference to the frame (the caller has already
 * removed the rmap entry). Flushes itself when full. Returns the old entry. */
u64 unmap_batch_clear(struct unmap_batch *batch, u64 *pte, u64 va);
/* Changes permissions without a fence yet (mprotect, fork's write protection). */
void unmap_batch_protect(struct unmap_batch *batch, u64 *pte, u64 va, u64 value);
/* One fence for all, then the references are dropped. Must be called before anything may sleep (after
 * unmap_batch_protect alone: before the mm's lock is given back). */
void unmap_batch_end(struct unmap_batch *batch);

/* Gives back level-0 and level-1 tables of [start, end) in which no entry is left, with one fence of the ASID. */
void pgtable_trim(struct pgtable *table, u64 start, u64 end);

#endif
