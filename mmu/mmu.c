/*
 * What the hart tells its MMU: privilege and mstatus, satp, fences, PMP writes; and the MMU's beginning and end.
 *
 * Most of it is about what may be kept. The TLB keeps its entries until a fence; the fast tables and the hart's jump
 * cache, being subsets of it made for one context, are emptied where that context goes. Privileged manual, "Supervisor
 * Memory-Management Fence Instruction". Accesses are in mmu/access.c, translation in mmu/translate.c.
 */
#include "mmu/mmu.h"

#include <string.h>

#include "mmu/check.h"
#include "mmu/fast_tables.h"
#include "mmu/seen.h"
#include "mmu/translate.h"

void mmu_set_context(struct mmu *m, enum priv priv, u64 mstatus, bool adue, bool pbmte)
{
	u32 context;

	m->priv = priv;
	m->data_priv = mstatus & MSTATUS_MPRV && priv == PRIV_M
	                       ? bits(mstatus, MSTATUS_MPP_SHIFT + 1, MSTATUS_MPP_SHIFT)
	                       : priv;
	m->sum = mstatus & MSTATUS_SUM;
	m->mxr = mstatus & MSTATUS_MXR;
	if (unlikely(m->adue != adue || m->pbmte != pbmte)) {
		m->adue = adue;
		m->pbmte = pbmte;
		fast_flush_translated(m);
	}
	if (m->data_priv == PRIV_M)
		context = MMU_CTX_M;
	else if (m->data_priv == PRIV_U)
		context = m->mxr ? MMU_CTX_U_MXR : MMU_CTX_U;
	else
		context = (m->mxr ? MMU_CTX_S_MXR : MMU_CTX_S) + m->sum;
	if (context != m->context)
		fast_select(m, context);
}

static cold void emit_space(struct mmu *m, u64 old_satp)
{
	struct trace_space event = { .old_satp = old_satp, .satp = m->satp };

	m->trace_head(m->owner, &event.head);
	m->trace->emit(m->trace->arg, TRACE_SPACE, &event);
}

void mmu_write_satp(struct mmu *m, u64 satp)
{
	u64 old_satp = m->satp;
	u32 mode = bits(satp, 63, 60);
	u32 levels = mode == 0 ? 0 : mode - 5;
	u64 asid_mask = MASK(m->config.asid_bits);

	if (mode != 0 && (mode < 8 || levels > m->config.levels_max))
		return;
	m->satp = (satp & ~(0xffffull << 44)) | ((bits(satp, 59, 44) & asid_mask) << 44);
	m->levels = levels;
	m->asid = bits(m->satp, 59, 44);
	fast_flush_translated(m);
	m->fetch_drop(m->owner, true, 0);
	if (unlikely(m->check))
		check_satp(m->check, m, old_satp);
	if (trace_wants(m->trace, TRACE_SPACE) && m->satp != old_satp)
		emit_space(m, old_satp);
}

_Static_assert(MMU_FLUSH_ASID == 1 && MMU_FLUSH_VA == 2 && MMU_FLUSH_VA_ASID == 3, "2 * by_va + by_asid");

/* Entries that fences took so far, if the trace wants to know. */
static u64 entries_flushed(const struct mmu *m)
{
	u64 all = 0;

	if (!trace_wants(m->trace, TRACE_FENCE))
		return 0;
	for (u32 level = 0; level < 2; level++)
		for (u32 form = 0; form < MMU_FLUSHES; form++)
			for (u32 size = 0; size < MMU_SIZES; size++)
				all += m->stats.tlb[level].flushed[form][size];
	return all;
}

void mmu_fence(struct mmu *m, bool by_va, u64 va, bool by_asid, u64 asid)
{
	u64 flushed = entries_flushed(m);
	u32 largest;

	m->stats.fences[2 * by_va + by_asid]++;
	asid &= MASK(m->config.asid_bits);
	largest = tlb_flush(m->tlb, by_va, va, by_asid, asid);
	if (by_va && largest <= PAGE_SHIFT)
		fast_drop_page(m, align_down(va, PAGE_SIZE));
	else
		fast_flush_translated(m);
	m->fetch_drop(m->owner, !by_va || largest > PAGE_SHIFT, va);
	if (unlikely(m->check))
		check_fenced(m->check, m, by_va, va, by_asid, (u16)asid);
	if (trace_wants(m->trace, TRACE_FENCE)) {
		struct trace_fence event = {
			.by_va = by_va,
			.by_asid = by_asid,
			.asid = (u16)asid,
			.va = va,
			.dropped = (u32)(entries_flushed(m) - flushed),
		};

		m->trace_head(m->owner, &event.head);
		m->trace->emit(m->trace->arg, TRACE_FENCE, &event);
	}
}

void mmu_pmp_changed(struct mmu *m)
{
	fast_flush_all(m);
	m->fetch_drop(m->owner, true, 0);
}

bool mmu_needs_all(const struct mmu *m)
{
	return tlb_needs_hits(m->tlb) || m->cost;
}

void mmu_set_all_slow(struct mmu *m, bool on)
{
	m->all_slow = on;
	fast_flush_all(m);
	seen_set(m, on);
}

void mmu_watch(struct mmu *m, const struct mmu_watcher *watcher)
{
	if (!watcher && !m->watcher)
		return;
	m->watcher = watcher;
	fast_flush_all(m);
}

/* An entry leaves the TLB: what was made from it goes too. */
static void tlb_dropped(void *arg, const struct tlb_entry *e)
{
	struct mmu *m = arg;

	fast_drop_range(m, e->vpn << PAGE_SHIFT, BIT(e->size_log2));
	if (e->fetched)
		m->fetch_drop(m->owner, e->size_log2 > PAGE_SHIFT, e->vpn << PAGE_SHIFT);
	if (trace_wants(m->trace, TRACE_TLB))
		mmu_emit_tlb(m, TRACE_TLB_EVICT, ACCESS_LOAD, e->vpn << PAGE_SHIFT, e, TLB_FIRST);
}

void mmu_init(struct mmu *m, struct bus *bus, const struct mmu_config *config)
{
	m->config = *config;
	m->bus = bus;
	m->tlb = tlb_create(config->tlb);
	m->has_walk_cache = config->tlb->walk_cache[0].ways != 0;
	tlb_on_drop(m->tlb, tlb_dropped, m);
	tlb_count_into(m->tlb, m->stats.tlb);
	if (config->cost)
		m->cost = cost_create(config->cost, config->shared);
	m->all_slow = mmu_needs_all(m);
	seen_set(m, m->all_slow);
	pmp_reset(&m->pmp);
	m->priv = m->data_priv = PRIV_M;
	fast_select(m, MMU_CTX_M);
}

void mmu_free(struct mmu *m)
{
	fast_free(m);
	seen_set(m, false);
	tlb_destroy(m->tlb);
	cost_destroy(m->cost);
}

void mmu_reset(struct mmu *m)
{
	m->satp = 0;
	m->levels = 0;
	m->asid = 0;
	m->device_touched = m->code_written = false;
	pmp_reset(&m->pmp);
	m->stats.fences[MMU_FLUSH_RESET]++;
	tlb_reset(m->tlb);
	if (m->cost)
		cost_reset(m->cost);
	fast_flush_all(m);
	m->fetch_drop(m->owner, true, 0);
}
