/*
 * Keeping the fast tables: filling, dropping, wiping. Used by mmu/mmu.c, mmu/access.c and the check only; the lookup is
 * in mmu/fast.h.
 *
 * Every table logs which entries it filled, so that wiping it costs what filling it did, not what it could hold.
 */
#ifndef RVEMU_MMU_FAST_TABLES_H
#define RVEMU_MMU_FAST_TABLES_H

#include "mmu/mmu.h"

/* Makes `context` the one that data accesses use. Its table is taken from the host when first used. */
void fast_select(struct mmu *m, u32 context);

/* Puts an entry into the current context's table: page va is at pa, the host has it at `host`. `watched`: its code map
 * is not empty, so stores are possible but not fast. */
void fast_put(struct mmu *m, u64 va_page, u64 pa_page, u8 *host, bool loads, bool stores, bool watched);

/* Drops what stands for the page at va_page, or for all pages of [va, va + size), in every translated context. */
void fast_drop_page(struct mmu *m, u64 va_page);
void fast_drop_range(struct mmu *m, u64 va, u64 size);

/* Wipes the tables of all contexts, or of all but M mode's. */
void fast_flush_all(struct mmu *m);
void fast_flush_translated(struct mmu *m);

void fast_free(struct mmu *m);

#endif
