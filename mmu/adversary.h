/*
 * What an adversarial TLB takes in beyond the translations that were used: privileged manual, "Supervisor
 * Memory-Management Fence Instruction".
 *
 * The manual lets hardware read page tables as early as it likes, for any address, and remember what it finds, also
 * where V is 0 or the access is denied; software has to fence after every change of a PTE. So this TLB remembers the
 * PTE of every access that faulted, and those of the pages on both sides of every walk; it never sets A for them.
 * Losing entries at random, keeping denials and stale pointers are mmu/tlb.c's.
 */
#ifndef RVEMU_MMU_ADVERSARY_H
#define RVEMU_MMU_ADVERSARY_H

#include "mmu/mmu.h"

/* A walk is over. Called before its own translation, if it found one, is put into the TLB; only where the geometry has
 * cache_invalid set. */
void adversary_walked(struct mmu *m, const struct walk_request *req, const struct walk_result *result);

#endif
