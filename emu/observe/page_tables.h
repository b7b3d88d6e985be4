/*
 * The guest's page tables as data: what those who draw and record them share. A walk for an access is mmu/walk.h's
 * business; this only reads tables and tells pointers from leaves.
 */
#ifndef RVEMU_EMU_OBSERVE_PAGE_TABLES_H
#define RVEMU_EMU_OBSERVE_PAGE_TABLES_H

#include "devices/bus.h"
#include "mmu/walk.h"

#define PAGE_TABLE_ENTRIES 512
#define PAGE_TABLE_INDEX_BITS 9

/* The levels of this satp's mode, 3..5; 0: Bare, or none. */
static inline u32 satp_levels(u64 satp)
{
	u32 mode = (u32)(satp >> 60);

	return mode >= 8 && mode <= 10 ? mode - 5 : 0;
}

/* The frame of its root page table. */
static inline u64 satp_root(u64 satp)
{
	return satp & MASK(PTE_PPN_BITS);
}

/* A PTE that points to a table, below level 0; and the frame that any valid PTE names. */
static inline bool pte_is_pointer(u64 pte)
{
	return (pte & (PTE_V | PTE_R | PTE_W | PTE_X)) == PTE_V;
}

static inline bool pte_is_leaf(u64 pte)
{
	return (pte & PTE_V) && (pte & (PTE_R | PTE_W | PTE_X));
}

static inline u64 pte_frame(u64 pte)
{
	return bits(pte, PTE_PPN_SHIFT + PTE_PPN_BITS - 1, PTE_PPN_SHIFT);
}

/* log2 of the bytes that a leaf at this level maps. */
static inline u32 page_table_size_log2(u32 level)
{
	return PAGE_SHIFT + PAGE_TABLE_INDEX_BITS * level;
}

/* Copies the table in that frame. False: it is no RAM. */
bool page_table_read(struct bus *bus, u64 frame, u64 ptes[PAGE_TABLE_ENTRIES]) must_check;

/* The leaf that maps va below the root of satp, and where it is; no rights are asked. False: there is none. */
struct page_table_leaf {
	u64 pte, pte_addr;
	u32 level;
};
bool page_table_find(struct bus *bus, u64 satp, u64 va, struct page_table_leaf *leaf) must_check;

/* Tables that were met already, so that what many share is read once. `places` is zeroed; `size`, how many there are, a
 * power of two. When it is half full it takes no more, and all others are new. */
struct page_table_set {
	u64 *places;
	u32 size, count;
};
/* True if the table in that frame, read as one of this level, was not met before. */
bool page_table_is_news(struct page_table_set *set, u64 frame, u32 level) must_check;

/* Whether the root page table of this satp still looks like one. A kernel that gives no hints does not say when an
 * address space is gone, and its root holds something else then. */
bool page_table_is_plausible(struct bus *bus, u64 satp) must_check;

#endif
