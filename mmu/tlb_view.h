/*
 * A look into the TLB for pictures: which arrays it has, and what lies where in them, the walk cache too. Reads, and
 * changes nothing. mmu/tlb.h has the TLB itself.
 */
#ifndef RVEMU_MMU_TLB_VIEW_H
#define RVEMU_MMU_TLB_VIEW_H

#include "mmu/tlb.h"

#define TLB_VIEW_ARRAYS_MAX (4 * TLB_ARRAYS_MAX)

struct tlb_view_array {
	char name[24];     /* "data L1", "L2", "walk cache" */
	u32 sets, ways;    /* geometry */
	bool is_of_first;  /* of the first level */
	bool has_pointers; /* a walk cache: it holds pointer PTEs by their addresses, and no pages */
	u8 group, index;   /* which one: for tlb_view_each() */
};

/* What lies at one place. */
struct tlb_view_entry {
	u32 set, way;                  /* where */
	const struct tlb_entry *entry; /* a translation; NULL in a walk cache */
	u64 pte_addr;                  /* walk cache: where the pointer was read */
	u64 pte;                       /* the PTE as it was read */
	u64 stamp;                     /* when it was put in, on the TLB's own counter */
	u16 asid;                      /* whose, unless global */
	bool global;                   /* it serves every address space */
};

/* The arrays that there are; returns how many. */
u32 tlb_view_arrays(const struct tlb *tlb, struct tlb_view_array arrays[TLB_VIEW_ARRAYS_MAX]);

/* Calls `see` for everything valid in one of them. */
void tlb_view_each(const struct tlb *tlb, const struct tlb_view_array *array,
                   void (*see)(void *arg, const struct tlb_view_entry *entry), void *arg);

/* The TLB's own counter now: no stamp is above it. */
u64 tlb_view_now(const struct tlb *tlb);

#endif
