/*
 * Keeping what was seen lately: see seen.h.
 */
#include "mmu/seen.h"

#include <stdlib.h>
#include <string.h>

#include "mmu/translate.h"

/* Bits 11..4 of tags. */
#define GENERATION_STEP 16
#define GENERATION_END PAGE_SIZE

#define TABLE_BYTES (MMU_ACCESSES * SEEN_ENTRIES * sizeof(struct mmu_seen))

_Static_assert(MMU_CONTEXTS <= 8, "three bits of a tag");

void seen_set(struct mmu *m, bool on)
{
	m->again.size = 0;
	if (on && !m->seen)
		m->seen = xcalloc(1, TABLE_BYTES);
	if (on)
		return;
	free(m->seen);
	m->seen = NULL;
}

void seen_wipe(struct mmu *m)
{
	m->again.size = 0;
	if (!m->seen)
		return;
	m->seen_generation += GENERATION_STEP;
	if (m->seen_generation == GENERATION_END) {
		m->seen_generation = 0;
		memset(m->seen, 0, TABLE_BYTES);
	}
}

void seen_drop_page(struct mmu *m, u64 va_page)
{
	m->again.size = 0;
	for (u32 access = 0; m->seen && access < MMU_ACCESSES; access++) {
		struct mmu_seen *s = seen_slot(m, (enum access)access, va_page);

		if (align_down(s->tag, PAGE_SIZE) == va_page)
			s->tag = 0;
	}
}

static u64 *where_counted(struct mmu *m, enum access access, const struct tlb_entry *entry)
{
	u8 priv = access == ACCESS_FETCH ? m->priv : m->data_priv;

	return entry ? &m->stats.tlb[0].hits[access][priv][mmu_size_of(entry->size_log2)] : &m->not_counted;
}

void seen_put(struct mmu *m, enum access access, u64 va, u64 pa, struct tlb_entry *entry)
{
	static const u8 needed[] = { [ACCESS_FETCH] = PMP_X, [ACCESS_LOAD] = PMP_R, [ACCESS_STORE] = PMP_W };
	u64 va_page = align_down(va, PAGE_SIZE), pa_page = align_down(pa, PAGE_SIZE);
	struct bus_region *region = bus_find(m->bus, pa_page);
	struct mmu_seen *s = seen_slot(m, access, va);
	struct tlb_hit hit = { .entry = &m->no_entry };
	int rights;

	if (m->watcher || !region || !region->ram)
		return;
	rights = pmp_range_rights(&m->pmp, pa_page, PAGE_SIZE, access == ACCESS_FETCH ? m->priv : m->data_priv);
	if (rights < 0 || !(rights & needed[access]))
		return;
	if (entry && !tlb_remember(m->tlb, access == ACCESS_FETCH ? TLB_FETCH : TLB_DATA, entry, &hit))
		return;
	*s = (struct mmu_seen){
		.tag = va_page | seen_key(m, seen_context(m, access)),
		.addend = (u64)(region->ram + (pa_page - region->base)) - va_page,
		.pa = pa_page,
		.hits = where_counted(m, access, entry),
		.hit = hit,
		.region = region,
	};
}

cold void seen_emit_ref(struct mmu *m, const struct mmu_seen *s, enum access access, u64 va)
{
	mmu_emit_ref(m, access, access == ACCESS_FETCH ? m->priv : m->data_priv, va, s->pa + (va & (PAGE_SIZE - 1)),
	             s->hit.entry, TLB_FIRST);
}

/* Where data accesses go to the same arrays, they come between in the order of uses. */
static bool is_order_own(const struct mmu *m)
{
	return m->priv == PRIV_M || m->levels == 0 || tlb_config(m->tlb)->split || !tlb_needs_hits(m->tlb);
}

void seen_set_again(struct mmu *m, u64 pc)
{
	u32 line = m->cost ? cost_fetch_line(m->cost) : PAGE_SIZE;
	const struct mmu_seen *s;

	if (m->trace->wanted & SEEN_AGAIN_NOT_WITH)
		return;
	s = seen_find(m, ACCESS_FETCH, pc);
	if (!s || line == 0 || !is_order_own(m))
		return;
	m->again.start = align_down(pc, line);
	m->again.size = line;
	m->again.priv = m->priv;
	m->again.hits = s->hits;
	m->again.line_hits = m->cost ? cost_fetch_hits(m->cost) : &m->not_counted;
}
