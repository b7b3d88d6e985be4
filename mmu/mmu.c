/*
 * Loads, stores and fetches by virtual address: the slow path behind mmu/fast.h, and the keeping of the fast tables.
 *
 * translate() is the one way from va to pa: bare mode, TLB, walk. Every access then asks PMP and goes to RAM or to a
 * device. What makes fast entries (fast_fill) and what takes them away (mmu/fast_tables.c) must agree on one rule: an
 * entry stands for a translation that the TLB holds now. Privileged manual, "Supervisor-Level ISA" and "Physical Memory
 * Protection".
 */
#include "mmu/mmu.h"

#include <stdlib.h>
#include <string.h>

#include "mmu/fast_tables.h"

/* mcause values of misaligned accesses; all other causes come from walk_cause(). */
#define CAUSE_LOAD_MISALIGNED 4
#define CAUSE_STORE_MISALIGNED 6

#define CBO_BLOCK_SIZE 64

/* What translate() finds: where a virtual page is, and what may be done there. */
struct translation {
	u64 pa;                  /* of the address asked for */
	struct tlb_entry *entry; /* the TLB's entry; NULL in bare mode, or when the TLB keeps nothing */
};

static bool fault(struct mmu *m, enum walk_reason reason, enum access access, u64 va)
{
	m->fault.reason = reason;
	m->fault.cause = walk_cause(reason, access);
	m->fault.tval = va;
	return false;
}

static bool fault_misaligned(struct mmu *m, enum access access, u64 va)
{
	m->fault.reason = WALK_OK;
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

static enum walk_reason port_load(void *arg, u32 level, u64 pte_addr, u64 *pte)
{
	struct port *port = arg;
	struct mmu *m = port->m;
	u8 *host;

	*pte = 0;
	if (!port->probe && level > 0 && tlb_walk_cache_find(m->tlb, level, pte_addr, m->asid, pte)) {
		port->result->steps[port->result->step_count].source = WALK_FROM_WALK_CACHE;
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
	m->stats.pte_reads++;
	port->result->steps[port->result->step_count].source = WALK_FROM_MEMORY;
	if (level > 0 && (*pte & (PTE_V | PTE_R | PTE_W | PTE_X)) == PTE_V)
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
	bus_wrote(m->bus, region, pte_addr, 8);
	return WALK_OK;
}

/* --- from va to pa --- */

static struct walk_request request_for(const struct mmu *m, u64 va, enum access access, u8 priv)
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

static void emit_tlb(struct mmu *m, enum trace_tlb_what what, enum access access, u64 va, const struct tlb_entry *e,
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

static cold void emit_walk(struct mmu *m, const struct walk_request *req, const struct walk_result *result)
{
	struct trace_walk event = { .request = req, .result = result, .satp = m->satp };

	m->trace_head(m->owner, &event.head);
	for (u32 i = 0; i < result->step_count; i++)
		event.cycles += result->steps[i].cycles;
	m->trace->emit(m->trace->arg, TRACE_WALK, &event);
}

/* Walks and puts the outcome into the TLB. */
static must_check bool walk_and_fill(struct mmu *m, const struct walk_request *req, struct translation *t)
{
	struct walk_result result;
	struct port port = { .m = m, .result = &result };
	struct walk_port walk_port = { .load = port_load, .cas = port_cas, .arg = &port };
	struct tlb_entry entry;

	m->stats.walks[req->access]++;
	walk(req, &walk_port, &result);
	if (trace_wants(m->trace, TRACE_WALK))
		emit_walk(m, req, &result);
	m->stats.ad_updates += result.ad_updated;
	if (result.reason != WALK_OK) {
		m->stats.walk_faults[req->access]++;
		return fault(m, result.reason, req->access, req->va);
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
	if (trace_wants(m->trace, TRACE_TLB))
		emit_tlb(m, TRACE_TLB_FILL, req->access, req->va, &entry, TLB_MISS);
	return true;
}

/*
 * Translates va for one access within its page. An entry of the TLB that does not allow the access is not the last
 * word: the PTE may have been widened since, and hardware may walk again (unless the geometry says that it trusts
 * denials).
 */
static must_check bool translate(struct mmu *m, u64 va, enum access access, u8 priv, struct translation *t)
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
	req = request_for(m, va, access, priv);
	if (!walk_is_canonical(va, m->levels)) {
		m->stats.walk_faults[access]++;
		return fault(m, WALK_NON_CANONICAL, access, va);
	}
	e = tlb_lookup(m->tlb, side, va, m->asid, &where);
	if (!e) {
		m->stats.tlb_misses[access]++;
		if (trace_wants(m->trace, TRACE_TLB))
			emit_tlb(m, TRACE_TLB_MISS, access, va, NULL, TLB_MISS);
		return walk_and_fill(m, &req, t);
	}
	if (trace_wants(m->trace, TRACE_TLB))
		emit_tlb(m, TRACE_TLB_HIT, access, va, e, where);
	reason = walk_check_leaf(e->pte, &req);
	if (reason != WALK_OK) {
		bool by_hardware = req.ad_update && (reason == WALK_ACCESSED_CLEAR || reason == WALK_DIRTY_CLEAR);

		if (tlb_config(m->tlb)->keep_denied && !by_hardware)
			return fault(m, reason, access, va);
		return walk_and_fill(m, &req, t);
	}
	e->fetched |= access == ACCESS_FETCH;
	t->entry = e;
	t->pa = (e->ppn << PAGE_SHIFT) + (va - (e->vpn << PAGE_SHIFT));
	return true;
}

/* --- fast entries --- */

/* May the translation's page be accessed so in the present context, without any further look? */
static bool page_allows(const struct mmu *m, const struct tlb_entry *e, u64 va, enum access access, int rights)
{
	struct walk_request req;

	if (!(rights & (access == ACCESS_LOAD ? PMP_R : PMP_W)))
		return false;
	if (!e)
		return true;
	req = request_for(m, va, access, m->data_priv);
	return walk_check_leaf(e->pte, &req) == WALK_OK;
}

static void fast_fill(struct mmu *m, u64 va, const struct translation *t)
{
	u64 va_page = align_down(va, PAGE_SIZE), pa_page = align_down(t->pa, PAGE_SIZE);
	bool bare = m->data_priv == PRIV_M || m->levels == 0;
	struct bus_region *region;
	int rights;

	if (m->all_slow || (!t->entry && !bare))
		return;
	region = bus_find(m->bus, pa_page);
	if (!region || !region->ram)
		return;
	rights = pmp_range_rights(&m->pmp, pa_page, PAGE_SIZE, m->data_priv);
	if (rights < 0)
		return;
	fast_put(m, va_page, pa_page, region->ram + (pa_page - region->base),
	         page_allows(m, t->entry, va, ACCESS_LOAD, rights),
	         page_allows(m, t->entry, va, ACCESS_STORE, rights) &&
	                 region->code_map[(pa_page - region->base) >> PAGE_SHIFT] == 0);
}

/* --- loads and stores --- */

static cold void emit_mem(struct mmu *m, enum access access, u64 va, u64 pa, u32 size, u64 value)
{
	struct trace_mem event = { .va = va, .pa = pa, .value = value, .size = size, .access = access };

	m->trace_head(m->owner, &event.head);
	m->trace->emit(m->trace->arg, TRACE_MEM, &event);
}

/* Translation and PMP for one part of an access that lies within a page. */
static must_check bool locate(struct mmu *m, u64 va, u32 size, enum access access, struct translation *t)
{
	if (!translate(m, va, access, m->data_priv, t))
		return false;
	if (unlikely(!pmp_allows(&m->pmp, t->pa, size, access, m->data_priv)))
		return fault(m, WALK_LEAF_PMP, access, va);
	return true;
}

static must_check bool device_load(struct mmu *m, u64 va, u64 pa, u32 size, u64 *value)
{
	m->before_device(m->owner);
	m->device_touched = true;
	return bus_load(m->bus, pa, size, value) || fault(m, WALK_LEAF_BUS, ACCESS_LOAD, va);
}

static must_check bool device_store(struct mmu *m, u64 va, u64 pa, u32 size, u64 value)
{
	m->before_device(m->owner);
	m->device_touched = true;
	return bus_store(m->bus, pa, size, value) || fault(m, WALK_LEAF_BUS, ACCESS_STORE, va);
}

/* The bytes of an access in the first of the two pages it touches. */
static u32 first_part(u64 va)
{
	return PAGE_SIZE - (va & (PAGE_SIZE - 1));
}

static bool crosses_page(u64 va, u32 size)
{
	return (va & (PAGE_SIZE - 1)) + size > PAGE_SIZE;
}

/* Both pages are translated before either is touched; a fault's tval is the first byte of the page that failed. */
static must_check bool locate_both(struct mmu *m, u64 va, u32 size, enum access access, u8 *host[2], u64 pa[2])
{
	u32 first = first_part(va);

	for (int i = 0; i < 2; i++) {
		u64 part_va = i ? va + first : va;
		u32 part_size = i ? size - first : first;
		struct translation t;

		if (!locate(m, part_va, part_size, access, &t))
			return false;
		pa[i] = t.pa;
		host[i] = bus_ram(m->bus, t.pa, part_size);
		if (!host[i])
			return fault(m, WALK_LEAF_BUS, access, part_va);
	}
	return true;
}

/*
 * A misaligned access within one page never matches the fast path's compare, but the entry it would have used serves it
 * all the same. Returns the host address, or NULL.
 */
static u8 *misaligned_fast(struct mmu *m, u64 va, enum access access)
{
	const struct fast_entry *e = fast_entry(m->fast, va);
	u64 tag = access == ACCESS_LOAD ? e->load_tag : e->store_tag;

	return tag == align_down(va, PAGE_SIZE) ? (u8 *)(va + e->addend) : NULL;
}

static must_check bool load_across(struct mmu *m, u64 va, u32 size, u64 *value)
{
	u32 first = first_part(va);
	u64 pa[2], v = 0;
	u8 *host[2];

	if (!locate_both(m, va, size, ACCESS_LOAD, host, pa))
		return false;
	memcpy(&v, host[0], first);
	memcpy((u8 *)&v + first, host[1], size - first);
	*value = v;
	if (trace_wants(m->trace, TRACE_MEM))
		emit_mem(m, ACCESS_LOAD, va, pa[0], size, v);
	return true;
}

static must_check bool store_across(struct mmu *m, u64 va, u32 size, u64 value)
{
	u32 first = first_part(va);
	u64 pa[2];
	u8 *host[2];

	if (!locate_both(m, va, size, ACCESS_STORE, host, pa))
		return false;
	memcpy(host[0], &value, first);
	memcpy(host[1], (u8 *)&value + first, size - first);
	bus_wrote(m->bus, bus_find(m->bus, pa[0]), pa[0], first);
	bus_wrote(m->bus, bus_find(m->bus, pa[1]), pa[1], size - first);
	if (trace_wants(m->trace, TRACE_MEM))
		emit_mem(m, ACCESS_STORE, va, pa[0], size, value);
	return true;
}

bool mmu_load(struct mmu *m, u64 va, u32 size, u64 *value)
{
	struct translation t;
	u64 v = 0;
	u8 *host;

	m->stats.loads++;
	if (unlikely(va & (size - 1))) {
		if (m->config.misaligned_trap)
			return fault_misaligned(m, ACCESS_LOAD, va);
		if (crosses_page(va, size))
			return load_across(m, va, size, value);
		host = misaligned_fast(m, va, ACCESS_LOAD);
		if (host) {
			memcpy(&v, host, size);
			*value = v;
			return true;
		}
	}
	if (!locate(m, va, size, ACCESS_LOAD, &t))
		return false;
	host = bus_ram(m->bus, t.pa, size);
	if (host) {
		memcpy(&v, host, size);
		fast_fill(m, va, &t);
	} else if (!device_load(m, va, t.pa, size, &v)) {
		return false;
	}
	*value = v;
	if (trace_wants(m->trace, TRACE_MEM))
		emit_mem(m, ACCESS_LOAD, va, t.pa, size, v);
	return true;
}

bool mmu_store(struct mmu *m, u64 va, u32 size, u64 value)
{
	struct bus_region *region;
	struct translation t;
	u8 *host;

	m->stats.stores++;
	if (unlikely(va & (size - 1))) {
		if (m->config.misaligned_trap)
			return fault_misaligned(m, ACCESS_STORE, va);
		if (crosses_page(va, size))
			return store_across(m, va, size, value);
		host = misaligned_fast(m, va, ACCESS_STORE);
		if (host) {
			memcpy(host, &value, size);
			return true;
		}
	}
	if (!locate(m, va, size, ACCESS_STORE, &t))
		return false;
	region = bus_find(m->bus, t.pa);
	if (region && region->ram) {
		if (t.pa + size - region->base > region->size)
			return fault(m, WALK_LEAF_BUS, ACCESS_STORE, va);
		memcpy(region->ram + (t.pa - region->base), &value, size);
		bus_wrote(m->bus, region, t.pa, size);
		fast_fill(m, va, &t);
	} else if (!device_store(m, va, t.pa, size, value)) {
		return false;
	}
	if (trace_wants(m->trace, TRACE_MEM))
		emit_mem(m, ACCESS_STORE, va, t.pa, size, value);
	return true;
}

u8 *mmu_atomic(struct mmu *m, u64 va, u32 size, enum atomic what, u64 *pa)
{
	enum access access = what == ATOMIC_LR ? ACCESS_LOAD : ACCESS_STORE;
	struct translation t;
	u8 *host;

	if (va & (size - 1)) {
		(void)fault_misaligned(m, access, va);
		return NULL;
	}
	if (!locate(m, va, size, access, &t))
		return NULL;
	host = bus_ram(m->bus, t.pa, size);
	if (!host) {
		(void)fault(m, WALK_LEAF_BUS, access, va);
		return NULL;
	}
	*pa = t.pa;
	if (access == ACCESS_LOAD)
		m->stats.loads++;
	else
		m->stats.stores++;
	if (what != ATOMIC_SC && trace_wants(m->trace, TRACE_MEM)) {
		u64 v = 0;

		memcpy(&v, host, size < 8 ? size : 8);
		emit_mem(m, ACCESS_LOAD, va, t.pa, size, v);
	}
	return host;
}

void mmu_atomic_stored(struct mmu *m, u64 va, u64 pa, u32 size, u64 value)
{
	bus_wrote(m->bus, bus_find(m->bus, pa), pa, size);
	if (trace_wants(m->trace, TRACE_MEM))
		emit_mem(m, ACCESS_STORE, va, pa, size, value);
}

/* --- fetches --- */

bool mmu_fetch(struct mmu *m, u64 va, u64 *pa, bool *uniform)
{
	struct translation t;
	int rights;

	if (!translate(m, va, ACCESS_FETCH, m->priv, &t))
		return false;
	rights = pmp_range_rights(&m->pmp, align_down(t.pa, PAGE_SIZE), PAGE_SIZE, m->priv);
	*uniform = rights >= 0 && (rights & PMP_X);
	if (rights >= 0 && !*uniform)
		return fault(m, WALK_LEAF_PMP, ACCESS_FETCH, va);
	if (!bus_ram(m->bus, t.pa, 2))
		return fault(m, WALK_LEAF_BUS, ACCESS_FETCH, va);
	*pa = t.pa;
	return true;
}

bool mmu_fetch_allowed(struct mmu *m, u64 va, u64 pa, u32 size)
{
	return pmp_allows(&m->pmp, pa, size, ACCESS_FETCH, m->priv) || fault(m, WALK_LEAF_PMP, ACCESS_FETCH, va);
}

/* --- cache blocks --- */

/*
 * "CMO" specification: management needs permission to load or to store, zero needs to store; faults are always of the
 * store kind. RAM has no caches to write back here, so management ends with the check.
 */
bool mmu_cbo(struct mmu *m, u64 va, bool zero)
{
	u64 block = align_down(va, CBO_BLOCK_SIZE);
	enum access access = zero ? ACCESS_STORE : ACCESS_LOAD;
	struct bus_region *region;
	struct translation t;

	if (!locate(m, block, CBO_BLOCK_SIZE, access, &t)) {
		m->fault.tval = va;
		if (zero || m->fault.reason == WALK_NON_CANONICAL ||
		    !locate(m, block, CBO_BLOCK_SIZE, ACCESS_STORE, &t))
			return fault(m, m->fault.reason, ACCESS_STORE, va);
	}
	region = bus_find(m->bus, t.pa);
	if (!region || (zero && !region->ram))
		return fault(m, WALK_LEAF_BUS, ACCESS_STORE, va);
	if (!zero)
		return true;
	memset(region->ram + (t.pa - region->base), 0, CBO_BLOCK_SIZE);
	bus_wrote(m->bus, region, t.pa, CBO_BLOCK_SIZE);
	if (trace_wants(m->trace, TRACE_MEM))
		emit_mem(m, ACCESS_STORE, block, t.pa, CBO_BLOCK_SIZE, 0);
	return true;
}

/* --- for debuggers --- */

void mmu_probe(struct mmu *m, u64 va, enum access access, struct walk_result *result)
{
	u8 priv = access == ACCESS_FETCH ? m->priv : m->data_priv;
	struct port port = { .m = m, .result = result, .probe = true };
	struct walk_port walk_port = { .load = port_load, .cas = port_cas, .arg = &port };
	struct walk_request req = request_for(m, va, access, priv);

	if (priv != PRIV_M && m->levels != 0) {
		walk(&req, &walk_port, result);
		return;
	}
	memset(result, 0, sizeof(*result));
	result->pa = va;
	result->size_log2 = PAGE_SHIFT;
}

/* --- the hart's word --- */

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

void mmu_write_satp(struct mmu *m, u64 satp)
{
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
}

void mmu_fence(struct mmu *m, bool by_va, u64 va, bool by_asid, u64 asid)
{
	u32 largest;

	asid &= MASK(m->config.asid_bits);
	largest = tlb_flush(m->tlb, by_va, va, by_asid, asid);
	if (by_va && largest <= PAGE_SHIFT)
		fast_drop_page(m, align_down(va, PAGE_SIZE));
	else
		fast_flush_translated(m);
	m->fetch_drop(m->owner, !by_va || largest > PAGE_SHIFT, va);
	if (trace_wants(m->trace, TRACE_TLB)) {
		struct trace_tlb event = {
			.what = TRACE_TLB_FENCE, .by_va = by_va, .by_asid = by_asid, .asid = asid, .va = va
		};

		m->trace_head(m->owner, &event.head);
		m->trace->emit(m->trace->arg, TRACE_TLB, &event);
	}
}

void mmu_pmp_changed(struct mmu *m)
{
	fast_flush_all(m);
	m->fetch_drop(m->owner, true, 0);
}

void mmu_set_all_slow(struct mmu *m, bool on)
{
	m->all_slow = on;
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
		emit_tlb(m, TRACE_TLB_EVICT, ACCESS_LOAD, e->vpn << PAGE_SHIFT, e, TLB_FIRST);
}

void mmu_init(struct mmu *m, struct bus *bus, const struct mmu_config *config)
{
	m->config = *config;
	m->bus = bus;
	m->tlb = tlb_create(config->tlb);
	tlb_on_drop(m->tlb, tlb_dropped, m);
	m->all_slow = tlb_needs_hits(m->tlb);
	pmp_reset(&m->pmp);
	m->priv = m->data_priv = PRIV_M;
	fast_select(m, MMU_CTX_M);
}

void mmu_free(struct mmu *m)
{
	fast_free(m);
	tlb_destroy(m->tlb);
}

void mmu_reset(struct mmu *m)
{
	m->satp = 0;
	m->levels = 0;
	m->asid = 0;
	m->device_touched = m->code_written = false;
	pmp_reset(&m->pmp);
	(void)tlb_flush(m->tlb, false, 0, false, 0);
	fast_flush_all(m);
	m->fetch_drop(m->owner, true, 0);
}
