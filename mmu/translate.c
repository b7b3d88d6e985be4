/*
 * The one way from a virtual address to a physical one: bare mode, TLB, walk. Privileged manual, "Supervisor-Level
 * ISA".
 *
 * The walker (mmu/walk.c) is pure; here is its port, through which it reads PTEs: with S-mode rights, from the walk
 * cache or from RAM. What PMP and the bus say to the access itself is mmu/access.c's business.
 */
#include "mmu/translate.h"

#include <string.h>

#include "mmu/adversary.h"
#include "mmu/check.h"
#include "mmu/seen.h"

/* mcause values of misaligned accesses; all other causes come from walk_cause(). */
#define CAUSE_LOAD_MISALIGNED 4
#define CAUSE_STORE_MISALIGNED 6

bool mmu_fault(struct mmu *m, enum walk_reason reason, enum access access, u64 va)
{
	m->fault.reason = reason;
	m->fault.access = access;
	m->fault.cause = walk_cause(reason, access);
	m->fault.tval = va;
	return false;
}

bool mmu_fault_misaligned(struct mmu *m, enum access access, u64 va)
{
	m->fault.reason = WALK_OK;
	m->fault.access = access;
	m->fault.cause = access == ACCESS_LOAD ? CAUSE_LOAD_MISALIGNED : CAUSE_STORE_MISALIGNED;
	m->fault.tval = va;
	return false;
}

/* --- the walker's port: PTEs are read through PMP with S-mode rights, and through the walk cache --- */

struct port {
	struct mmu *m;
	struct walk_result *result; /* to note where each PTE was found */
	bool probe;                 /* a debugger's walk: no caches, no statistics */
};

/* A PTE is read from memory, or from a cache on the way there. */
static void time_pte(struct mmu *m, u64 pte_addr, struct walk_step *step)
{
	static const u8 sources[COST_PLACES] = {
		[COST_L1] = WALK_FROM_L1, [COST_L2] = WALK_FROM_L2, [COST_MEMORY] = WALK_FROM_MEMORY
	};
	struct cost_answer answer;

	step->source = WALK_FROM_MEMORY;
	if (!m->cost)
		return;
	answer = cost_access(m->cost, COST_PTE, pte_addr);
	step->source = sources[answer.place];
	step->cycles = (u16)answer.cycles;
}

static enum walk_reason port_load(void *arg, u32 level, u64 pte_addr, u64 *pte)
{
	struct port *port = arg;
	struct mmu *m = port->m;
	struct walk_step *step = &port->result->steps[port->result->step_count];
	u8 *host;

	*pte = 0;
	if (m->has_walk_cache && !port->probe && level > 0 &&
	    tlb_walk_cache_find(m->tlb, level, pte_addr, m->asid, pte)) {
		step->source = WALK_FROM_WALK_CACHE;
		step->cycles = m->cost ? (u16)cost_wait(m->cost, m->config.cost->walk_cache_latency) : 0;
		return WALK_OK;
	}
	if (!pmp_allows(&m->pmp, pte_addr, 8, ACCESS_LOAD, PRIV_S))
		return WALK_PTE_PMP;
	host = bus_ram(m->bus, pte_addr, 8);
	if (!host)
		return WALK_PTE_BUS;
	memcpy(pte, host, 8);
	if (port->probe)
		return WALK_OK;
	time_pte(m, pte_addr, step);
	if (m->has_walk_cache && level > 0 && (*pte & (PTE_V | PTE_R | PTE_W | PTE_X)) == PTE_V)
		tlb_walk_cache_fill(m->tlb, level, pte_addr, m->asid, *pte);
	return WALK_OK;
}

static enum walk_reason port_cas(void *arg, u64 pte_addr, u64 expected, u64 desired, bool *done)
{
	struct port *port = arg;
	struct mmu *m = port->m;
	struct bus_region *region = bus_find(m->bus, pte_addr);
	u64 now;

	*done = false;
	if (!pmp_allows(&m->pmp, pte_addr, 8, ACCESS_STORE, PRIV_S))
		return WALK_PTE_PMP;
	if (!region || !region->ram)
		return WALK_PTE_BUS;
	memcpy(&now, region->ram + (pte_addr - region->base), 8);
	if (now != expected)
		return WALK_OK;
	*done = true;
	if (port->probe)
		return WALK_OK;
	memcpy(region->ram + (pte_addr - region->base), &desired, 8);
	if (unlikely(m->check))
		check_storing(m->check, m, CHECK_BY_WALKER);
	bus_wrote(m->bus, region, pte_addr, 8);
	if (unlikely(m->check))
		check_stored(m->check);
	return WALK_OK;
}

/* --- from va to pa --- */

struct walk_request mmu_walk_request(const struct mmu *m, u64 va, enum access access, u8 priv)
{
	return (struct walk_request){
		.va = va,
		.root = bits(m->satp, 43, 0) << PAGE_SHIFT,
		.levels = m->levels,
		.access = access,
		.priv = priv,
		.sum = m->sum,
		.mxr = m->mxr,
		.ad_update = m->config.ad == AD_UPDATE || (m->config.ad == AD_ADUE && m->adue),
		.has_svnapot = m->config.has_svnapot,
		.has_svpbmt = m->config.has_svpbmt && m->pbmte,
	};
}

void mmu_emit_tlb(struct mmu *m, enum trace_tlb_what what, enum access access, u64 va, const struct tlb_entry *e,
                  enum tlb_level level)
{
	struct trace_tlb event = { .what = what, .access = access, .level = level, .asid = m->asid, .va = va };

	m->trace_head(m->owner, &event.head);
	if (e) {
		event.size_log2 = e->size_log2;
		event.pa = e->ppn << PAGE_SHIFT;
		event.pte = e->pte;
	}
	m->trace->emit(m->trace->arg, TRACE_TLB, &event);
}

/* What the TLB said before a walk: one of its levels (enum tlb_level) had an entry that denies the access; TLB_MISS:
 * none had any. */
static cold void emit_walk(struct mmu *m, const struct walk_request *req, const struct walk_result *result,
                           enum tlb_level denied, u64 start_cycle)
{
	bool has_second = tlb_config(m->tlb)->second[0].ways;
	struct trace_walk event = {
		.request = req,
		.result = result,
		.satp = m->satp,
		.start_cycle = start_cycle,
		.first = denied == TLB_FIRST ? TRACE_TLB_DENIED : TRACE_TLB_MISSED,
		.second = denied == TLB_SECOND               ? TRACE_TLB_DENIED
		          : denied == TLB_MISS && has_second ? TRACE_TLB_MISSED
		                                             : TRACE_TLB_ABSENT,
	};

	m->trace_head(m->owner, &event.head);
	for (u32 i = 0; i < result->step_count; i++)
		event.cycles += result->steps[i].cycles;
	m->trace->emit(m->trace->arg, TRACE_WALK, &event);
}

/* --- what is counted --- */

static void count_hit(struct mmu *m, const struct walk_request *req, const struct tlb_entry *e, enum tlb_level where)
{
	enum mmu_size size = mmu_size_of(e->size_log2);

	m->stats.tlb[where - 1].hits[req->access][req->priv][size]++;
	if (where == TLB_SECOND)
		m->stats.tlb[0].misses[req->access][req->priv][size]++;
}

static void count_steps(struct mmu *m, const struct walk_result *result)
{
	u64 cycles = 0;
	u32 bucket;

	for (u32 i = 0; i < result->step_count; i++) {
		const struct walk_step *step = &result->steps[i];

		m->stats.pte_reads_by[step->level][step->source]++;
		cycles += step->cycles;
	}
	if (!m->cost)
		return;
	bucket = cycles < 2 ? 0 : 63 - (u32)__builtin_clzll(cycles);
	m->stats.walk_cycles[bucket < MMU_WALK_BUCKETS ? bucket : MMU_WALK_BUCKETS - 1]++;
}

static void count_update(struct mmu *m, const struct walk_result *result)
{
	u64 set = result->pte & ~result->steps[result->step_count - 1].pte;

	m->stats.ad_updates++;
	m->stats.a_updates += set & PTE_A ? 1 : 0;
	m->stats.d_updates += set & PTE_D ? 1 : 0;
}

/* A walk is over; `denied` as in emit_walk(). */
static void count_walk(struct mmu *m, const struct walk_request *req, const struct walk_result *result,
                       enum tlb_level denied)
{
	enum mmu_size size = result->reason == WALK_OK ? mmu_size_of(result->size_log2) : MMU_SIZE_NONE;

	m->stats.walks_by[req->access][req->priv][size]++;
	if (denied == TLB_MISS) {
		m->stats.tlb[0].misses[req->access][req->priv][size]++;
		if (tlb_config(m->tlb)->second[0].ways)
			m->stats.tlb[1].misses[req->access][req->priv][size]++;
	}
	count_steps(m, result);
	if (result->ad_updated)
		count_update(m, result);
}

cold void mmu_emit_ref(struct mmu *m, enum access access, u8 priv, u64 va, u64 pa, const struct tlb_entry *entry,
                       enum tlb_level level)
{
	struct trace_ref event = {
		.va = va,
		.pa = pa,
		.pte = entry->pte,
		.asid = m->asid,
		.access = access,
		.priv = priv,
		.size_log2 = entry->size_log2,
		.leaf_level = entry->level,
		.level = (u8)level,
		.global = entry->global,
	};

	m->trace_head(m->owner, &event.head);
	m->trace->emit(m->trace->arg, TRACE_REF, &event);
}

/* Walks and puts the outcome into the TLB. `denied`: the level that had an entry, which does not allow the access. */
static must_check bool walk_and_fill(struct mmu *m, const struct walk_request *req, struct translation *t,
                                     enum tlb_level denied)
{
	struct walk_result result;
	struct port port = { .m = m, .result = &result };
	struct walk_port walk_port = { .load = port_load, .cas = port_cas, .arg = &port };
	struct tlb_entry entry;
	u64 start_cycle = mmu_cycles(m);

	walk(req, &walk_port, &result);
	count_walk(m, req, &result, denied);
	if (trace_wants(m->trace, TRACE_WALK))
		emit_walk(m, req, &result, denied, start_cycle);
	if (unlikely(m->check))
		check_walked(m->check, m, req, &result);
	if (tlb_config(m->tlb)->cache_invalid)
		adversary_walked(m, req, &result);
	if (result.reason != WALK_OK) {
		return mmu_fault(m, result.reason, req->access, req->va);
	}
	entry = (struct tlb_entry){
		.vpn = req->va >> PAGE_SHIFT, /* of the page accessed: that is where an older entry must give way */
		.ppn = result.pa >> PAGE_SHIFT,
		.pte = result.pte,
		.asid = m->asid,
		.size_log2 = result.size_log2,
		.level = result.level,
		.pbmt = result.pbmt,
		.global = result.global,
		.fetched = req->access == ACCESS_FETCH,
	};
	t->pa = result.pa;
	t->entry = tlb_fill(m->tlb, req->access == ACCESS_FETCH ? TLB_FETCH : TLB_DATA, &entry);
	if (result.size_log2 > PAGE_SHIFT)
		seen_wipe(m);
	if (trace_wants(m->trace, TRACE_TLB))
		mmu_emit_tlb(m, TRACE_TLB_FILL, req->access, req->va, &entry, TLB_MISS);
	if (trace_wants(m->trace, TRACE_REF))
		mmu_emit_ref(m, req->access, req->priv, req->va, t->pa, t->entry, TLB_MISS);
	return true;
}

/* The second level had it, and it is in the first now. */
static void second_hit(struct mmu *m, const struct tlb_entry *e)
{
	if (m->cost)
		(void)cost_wait(m->cost, m->config.cost->second_latency);
	if (e->size_log2 > PAGE_SHIFT)
		seen_wipe(m);
}

/*
 * Translates va for one access within its page. An entry of the TLB that does not allow the access is not the last
 * word: the PTE may have been widened since, and hardware may walk again (unless the geometry says that it trusts
 * denials).
 */
bool mmu_translate(struct mmu *m, u64 va, enum access access, u8 priv, struct translation *t)
{
	enum tlb_side side = access == ACCESS_FETCH ? TLB_FETCH : TLB_DATA;
	struct walk_request req;
	enum tlb_level where;
	struct tlb_entry *e;
	enum walk_reason reason;

	t->entry = NULL;
	if (priv == PRIV_M || m->levels == 0) {
		t->pa = va;
		return true;
	}
	req = mmu_walk_request(m, va, access, priv);
	if (!walk_is_canonical(va, m->levels))
		return mmu_fault(m, WALK_NON_CANONICAL, access, va);
	e = tlb_lookup(m->tlb, side, va, m->asid, &where);
	if (!e) {
		if (trace_wants(m->trace, TRACE_TLB))
			mmu_emit_tlb(m, TRACE_TLB_MISS, access, va, NULL, TLB_MISS);
		return walk_and_fill(m, &req, t, TLB_MISS);
	}
	count_hit(m, &req, e, where);
	if (where == TLB_SECOND)
		second_hit(m, e);
	if (trace_wants(m->trace, TRACE_TLB))
		mmu_emit_tlb(m, TRACE_TLB_HIT, access, va, e, where);
	if (unlikely(m->check))
		check_hit(m->check, m, &req, e);
	reason = walk_check_leaf(e->pte, &req);
	if (reason != WALK_OK) {
		bool by_hardware = req.ad_update && (reason == WALK_ACCESSED_CLEAR || reason == WALK_DIRTY_CLEAR);

		m->stats.tlb[where - 1].denied[access][priv][mmu_size_of(e->size_log2)]++;
		if (tlb_config(m->tlb)->keep_denied && !by_hardware)
			return mmu_fault(m, reason, access, va);
		return walk_and_fill(m, &req, t, where);
	}
	e->fetched |= access == ACCESS_FETCH;
	t->entry = e;
	t->pa = (e->ppn << PAGE_SHIFT) + (va - (e->vpn << PAGE_SHIFT));
	if (trace_wants(m->trace, TRACE_REF))
		mmu_emit_ref(m, access, priv, va, t->pa, t->entry, where);
	return true;
}

/* --- for debuggers --- */

void mmu_probe_as(struct mmu *m, const struct walk_request *req, struct walk_result *result)
{
	struct port port = { .m = m, .result = result, .probe = true };
	struct walk_port walk_port = { .load = port_load, .cas = port_cas, .arg = &port };

	if (req->priv != PRIV_M && req->levels != 0) {
		walk(req, &walk_port, result);
		return;
	}
	memset(result, 0, sizeof(*result));
	result->pa = req->va;
	result->size_log2 = PAGE_SHIFT;
}

void mmu_probe(struct mmu *m, u64 va, enum access access, struct walk_result *result)
{
	u8 priv = access == ACCESS_FETCH ? m->priv : m->data_priv;
	struct walk_request req = mmu_walk_request(m, va, access, priv);

	mmu_probe_as(m, &req, result);
}

/* S mode with SUM and MXR is who may read every valid leaf. */
bool mmu_peek(struct mmu *m, u64 va, u64 *pa)
{
	struct walk_request req = mmu_walk_request(m, va, ACCESS_LOAD, PRIV_S);
	struct walk_result result;

	*pa = va;
	if (m->priv == PRIV_M || m->levels == 0)
		return true;
	req.sum = req.mxr = req.ad_update = true;
	mmu_probe_as(m, &req, &result);
	*pa = result.pa;
	return result.reason == WALK_OK;
}
