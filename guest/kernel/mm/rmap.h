/*
 * Reverse map: from a frame to the PTEs that map it. One PTE is kept in frame->rmap itself; more are a chain of small
 * nodes. The address of a PTE says everything else: the frame it lies in is the page table, which knows its mm and its
 * va.
 */
#ifndef GUEST_KERNEL_MM_RMAP_H
#define GUEST_KERNEL_MM_RMAP_H

#include "guest/kernel/mm/frame.h"

struct mm;

/* Adds a PTE; the caller also holds the reference of it. false: out of memory, nothing is changed. May sleep only if
 * the frame has a mapping already (a node is needed). */
bool rmap_add(struct frame *frame, u64 *pte) must_check;
/* The same without sleeping. */
bool rmap_add_nowait(struct frame *frame, u64 *pte) must_check;
void rmap_remove(struct frame *frame, u64 *pte);

/* mremap: another PTE takes the old one's place. Cannot fail. */
void rmap_move(struct frame *frame, u64 *old, u64 *pte);

/* Whose page table the entry is in, and the va it translates. */
struct mm *rmap_mm(const u64 *pte);
u64 rmap_va(const u64 *pte);

/* Calls visit for each PTE; stops where it returns false. visit may remove the PTE it is given. */
void rmap_for_each(struct frame *frame, bool (*visit)(struct frame *frame, u64 *pte, void *context), void *context);

/* Whether any PTE has the A bit; clears it everywhere (with the fences). FRAME_REFERENCED counts as one and is cleared,
 * too. */
bool rmap_test_and_clear_accessed(struct frame *frame);
/* Whether a PTE has its D bit or the frame is marked dirty. */
bool rmap_is_dirty(struct frame *frame);
/* Moves the PTEs' D bits to FRAME_DIRTY (clears them, with fences); returns whether the frame is dirty. The shared
 * pages stay writable. */
bool rmap_collect_dirty(struct frame *frame);
/* Makes all PTEs of an anonymous frame swap entries of the slot (slot count += maps), of a file's frame 0. D bits go to
 * FRAME_DIRTY; the references of the PTEs are dropped. */
void rmap_unmap_all(struct frame *frame, u64 swap_pte);

#endif
