/*
 * The adversary's memory: see adversary.h.
 */
#include "mmu/adversary.h"

#define PAGE_SHIFT 12

/* Remembers what the page tables have for va now, unless something is remembered already: what is old stays. */
static void remember(struct mmu *m, const struct walk_request *req, u64 va)
{
	enum tlb_side side = req->access == ACCESS_FETCH ? TLB_FETCH : TLB_DATA;
	struct walk_request any = *req;
	struct walk_result result;
	struct tlb_entry entry = { .vpn = va >> PAGE_SHIFT, .asid = m->asid, .size_log2 = PAGE_SHIFT };

	if (!walk_is_canonical(va, req->levels) || tlb_has(m->tlb, side, va, m->asid))
		return;
	/* Who may do everything finds every valid leaf; as a probe, it changes nothing. */
	any.va = va;
	any.access = ACCESS_LOAD;
	any.priv = PRIV_S;
	any.sum = any.mxr = any.ad_update = true;
	mmu_probe_as(m, &any, &result);
	if (result.reason != WALK_OK && result.reason != WALK_INVALID)
		return;
	if (result.reason == WALK_OK) {
		entry.ppn = result.pa >> PAGE_SHIFT;
		/* As it was read: the probe's result has A set. */
		entry.pte = result.steps[result.step_count - 1].pte;
		entry.size_log2 = result.size_log2;
		entry.level = result.level;
		entry.pbmt = result.pbmt;
		entry.global = result.global;
	}
	(void)tlb_fill(m->tlb, side, &entry);
}

void adversary_walked(struct mmu *m, const struct walk_request *req, const struct walk_result *result)
{
	u64 size = BIT(result->size_log2);
	u64 first = req->va & ~(size - 1);

	if (result->reason != WALK_OK)
		remember(m, req, req->va);
	remember(m, req, first + size);
	remember(m, req, first - BIT(PAGE_SHIFT));
}
