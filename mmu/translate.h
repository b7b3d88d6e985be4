/*
 * From a virtual to a physical address: what mmu/access.c and mmu/mmu.c share of it. Nobody else includes this.
 */
#ifndef RVEMU_MMU_TRANSLATE_H
#define RVEMU_MMU_TRANSLATE_H

#include "mmu/mmu.h"

/* Where a virtual address is. */
struct translation {
	u64 pa;                  /* of the address asked for */
	struct tlb_entry *entry; /* the TLB's entry; NULL in bare mode */
};

/*
 * Translates va for one access within its page: bare mode, TLB, or walk (which fills the TLB). PMP is the caller's
 * business. False: the fault is set.
 */
bool mmu_translate(struct mmu *m, u64 va, enum access access, u8 priv, struct translation *t) must_check;

/* Sets the fault for a broken rule, or for misalignment; returns false, so that `return mmu_fault(...)` reads as what
 * it is. */
bool mmu_fault(struct mmu *m, enum walk_reason reason, enum access access, u64 va);
bool mmu_fault_misaligned(struct mmu *m, enum access access, u64 va);

/* Tells the trace of what the TLB did; e may be NULL. Only if TRACE_TLB is wanted. */
void mmu_emit_tlb(struct mmu *m, enum trace_tlb_what what, enum access access, u64 va, const struct tlb_entry *e,
                  enum tlb_level level);

/* Tells the trace of one use of a translation: `entry` gives va the address pa, and was found at `level`. Only if
 * TRACE_REF is wanted. */
void mmu_emit_ref(struct mmu *m, enum access access, u8 priv, u64 va, u64 pa, const struct tlb_entry *entry,
                  enum tlb_level level);

#endif
