/*
 * Where every access must be seen (replacement that depends on hits, or a timing model), the fast tables are empty.
 * This is the short way that is left: translations that were used lately, with what using one again does to the TLB, to
 * the statistics and to the caches. That is exactly what the long way would do, so nobody can tell which way was gone.
 *
 * Like fast entries these are a subset of the TLB, made for one kind of access in one context, of a page of RAM whose
 * PMP rights are uniform and that nobody watches; what ends fast entries (mmu/fast_tables.c) ends them. An entry of the
 * TLB that was evicted or replaced is told by its stamp. Who reads events of the TLB or of memory gets the long way;
 * events of uses (TRACE_REF) are emitted here too.
 *
 * Fetches have a shorter way still, `again`: as long as instructions come from the line (without a timing model: the
 * page) of the one before, using the translation and the line once more changes nothing but two counters. It emits
 * nothing, so who reads events of uses does without it.
 */
#ifndef RVEMU_MMU_SEEN_H
#define RVEMU_MMU_SEEN_H

#include "mmu/mmu.h"

#define SEEN_ENTRIES 256 /* for each kind of access */

struct mmu_seen {
	u64 tag;                   /* va of the page, and seen_key() in its low bits */
	u64 addend;                /* host address - va */
	u64 pa;                    /* of the page */
	u64 *hits;                 /* where a hit is counted */
	struct tlb_hit hit;        /* the TLB's entry; bare: m->no_entry, which always holds */
	struct bus_region *region; /* the RAM it is in */
};

/* Events that only the long way emits; events that `again` does not emit. */
#define SEEN_NOT_WITH (BIT(TRACE_TLB) | BIT(TRACE_MEM))
#define SEEN_AGAIN_NOT_WITH (SEEN_NOT_WITH | BIT(TRACE_REF))

/* The low bits of a tag: generation, a bit that no empty entry has, and context. */
static always_inline u64 seen_key(const struct mmu *m, u32 context)
{
	return m->seen_generation | 8 | context;
}

static always_inline struct mmu_seen *seen_slot(const struct mmu *m, enum access access, u64 va)
{
	return &m->seen[access * SEEN_ENTRIES + ((va >> PAGE_SHIFT) & (SEEN_ENTRIES - 1))];
}

/* The context of fetches; that of data accesses is m->context. Both are below 8. */
static always_inline u32 seen_context(const struct mmu *m, enum access access)
{
	return access == ACCESS_FETCH ? m->priv : m->context;
}

/* What is known of va's page for this kind of access in the present context, or NULL. */
static always_inline struct mmu_seen *seen_find(const struct mmu *m, enum access access, u64 va)
{
	struct mmu_seen *s;

	if (!m->seen)
		return NULL;
	s = seen_slot(m, access, va);
	if (s->tag != (align_down(va, PAGE_SIZE) | seen_key(m, seen_context(m, access))) || !tlb_hit_holds(&s->hit) ||
	    unlikely(m->trace->wanted & SEEN_NOT_WITH))
		return NULL;
	return s;
}

/* Emits the use of va by way of `s`. */
void seen_emit_ref(struct mmu *m, const struct mmu_seen *s, enum access access, u64 va);

/* Uses the translation once more, for an access of va. */
static always_inline void seen_use(struct mmu *m, const struct mmu_seen *s, enum access access, u64 va)
{
	tlb_hit_again(&s->hit);
	++*s->hits;
	if (trace_wants(m->trace, TRACE_REF) && s->hit.entry != &m->no_entry)
		seen_emit_ref(m, s, access, va);
}

/* True if the instruction of `length` bytes at pc is fetched from the line of the one before, and nothing has changed.
 */
static always_inline bool seen_again(const struct mmu *m, u64 pc, u32 length)
{
	u64 first = pc - m->again.start, last = first + length - 1;

	return (first | last) < m->again.size && m->again.priv == m->priv; /* the size is a power of two, or 0 */
}

/* Makes the table where it is wanted, or takes it away. */
void seen_set(struct mmu *m, bool on);

/* Notes a translation that has just been used for this kind of access, for next time, where that may be. `entry` NULL:
 * there is no translation. */
void seen_put(struct mmu *m, enum access access, u64 va, u64 pa, struct tlb_entry *entry);

/* Forgets everything; what is known of the page at va_page. */
void seen_wipe(struct mmu *m);
void seen_drop_page(struct mmu *m, u64 va_page);

/* The instruction at pc has been fetched, from one line: the next ones may be repetitions. */
void seen_set_again(struct mmu *m, u64 pc);

#endif
