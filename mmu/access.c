/*
 * Loads, stores, atomics, fetches and cache-block operations by virtual address: the slow path behind mmu/fast.h.
 *
 * Every access is translated (mmu/translate.c), asks PMP, and goes to RAM or to a device; RAM gets a fast entry for the
 * next time. What makes fast entries (fast_fill) and what takes them away (mmu/fast_tables.c) agree on one rule: an
 * entry stands for a translation that the TLB holds now. Privileged manual, "Physical Memory Protection" and "Memory
 * Attributes".
 */
#include <string.h>

#include "mmu/check.h"
#include "mmu/fast_tables.h"
#include "mmu/seen.h"
#include "mmu/translate.h"

#define CBO_BLOCK_SIZE 64

/* --- fast entries --- */

/* May the translation's page be accessed so in the present context, without any further look? */
static bool page_allows(const struct mmu *m, const struct tlb_entry *e, u64 va, enum access access, int rights)
{
	struct walk_request req;

	if (!(rights & (access == ACCESS_LOAD ? PMP_R : PMP_W)))
		return false;
	if (!e)
		return true;
	req = mmu_walk_request(m, va, access, m->data_priv);
	return walk_check_leaf(e->pte, &req) == WALK_OK;
}

/* RAM was accessed: the next access to the page is to be faster. */
static void fast_fill(struct mmu *m, enum access access, u64 va, const struct translation *t)
{
	u64 va_page = align_down(va, PAGE_SIZE), pa_page = align_down(t->pa, PAGE_SIZE);
	bool bare = m->data_priv == PRIV_M || m->levels == 0;
	struct bus_region *region;
	int rights;

	if (unlikely(m->check) && t->entry && !check_is_exact(m->check))
		return;
	if (m->seen)
		seen_put(m, access, va, t->pa, t->entry);
	if (m->all_slow || (!t->entry && !bare))
		return;
	if (unlikely(m->watcher) && m->watcher->watches(m->owner, va_page, pa_page))
		return;
	region = bus_find(m->bus, pa_page);
	if (!region || !region->ram)
		return;
	rights = pmp_range_rights(&m->pmp, pa_page, PAGE_SIZE, m->data_priv);
	if (rights < 0)
		return;
	fast_put(m, va_page, pa_page, region->ram + (pa_page - region->base),
	         page_allows(m, t->entry, va, ACCESS_LOAD, rights), page_allows(m, t->entry, va, ACCESS_STORE, rights),
	         bus_watches_stores(region, pa_page));
}

/* --- loads and stores --- */

static cold void emit_mem(struct mmu *m, enum access access, u64 va, u64 pa, u32 size, u64 value)
{
	struct trace_mem event = { .va = va, .pa = pa, .value = value, .size = size, .access = access };

	m->trace_head(m->owner, &event.head);
	m->trace->emit(m->trace->arg, TRACE_MEM, &event);
}

/* Does the watcher stop the access? Not where nothing answers: that is a fault. */
static bool is_stopped(struct mmu *m, enum access access, u64 va, u64 pa, u32 size)
{
	return unlikely(m->watcher) && bus_find(m->bus, pa) && m->watcher->stops(m->owner, access, va, pa, size);
}

/* Translation and PMP for one part of an access that lies within a page. */
static must_check bool locate(struct mmu *m, u64 va, u32 size, enum access access, struct translation *t)
{
	if (!mmu_translate(m, va, access, m->data_priv, t))
		return false;
	if (unlikely(!pmp_allows(&m->pmp, t->pa, size, access, m->data_priv)))
		return mmu_fault(m, WALK_LEAF_PMP, access, va);
	return true;
}

static must_check bool device_load(struct mmu *m, u64 va, u64 pa, u32 size, u64 *value)
{
	m->before_device(m->owner);
	m->device_touched = true;
	return bus_load(m->bus, pa, size, value) || mmu_fault(m, WALK_LEAF_BUS, ACCESS_LOAD, va);
}

static must_check bool device_store(struct mmu *m, u64 va, u64 pa, u32 size, u64 value)
{
	m->before_device(m->owner);
	m->device_touched = true;
	return bus_store(m->bus, pa, size, value) || mmu_fault(m, WALK_LEAF_BUS, ACCESS_STORE, va);
}

/* An access of RAM goes through the caches. */
static void take_time(struct mmu *m, enum access access, u64 pa, u32 size)
{
	if (unlikely(m->cost))
		cost_access_bytes(m->cost, access == ACCESS_LOAD ? COST_LOAD : COST_STORE, pa, size);
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
			return mmu_fault(m, WALK_LEAF_BUS, access, part_va);
	}
	return true;
}

/*
 * Accesses within one page that the fast path's compare sends here, although the entry it looked at serves them:
 * misaligned ones, and stores to a page of the main RAM that holds decoded code, but not where they write. False: it
 * does not serve this one.
 */
static bool load_by_entry(const struct mmu *m, u64 va, u32 size, u64 *value)
{
	const struct fast_entry *e = fast_entry(m->fast, va);

	if (e->load_tag != align_down(va, PAGE_SIZE))
		return false;
	*value = 0;
	memcpy(value, (const u8 *)(va + e->addend), size);
	return true;
}

/* Would the store hit a watched granule? An empty map means that the entry is out of date: a new one will be faster.
 * Other RAM than the main one may have clean pages: stores to those are made the long way. */
static bool hits_watched(const struct mmu *m, u64 pa, u32 size)
{
	const struct bus_region *ram = m->bus->ram;
	u64 first = (pa & (PAGE_SIZE - 1)) / 64, last = ((pa & (PAGE_SIZE - 1)) + size - 1) / 64;
	u64 word;

	if (pa - ram->base >= ram->size)
		return true;
	word = bus_granules(ram, pa);
	return word == 0 || word & (BIT(first) | BIT(last));
}

static bool store_by_entry(const struct mmu *m, u64 va, u32 size, u64 value)
{
	const struct fast_entry *e = fast_entry(m->fast, va);
	u64 page = align_down(va, PAGE_SIZE);

	if (e->store_tag != page) {
		if (e->load_tag != page || !(e->pa & FAST_STORES_WATCHED))
			return false;
		if (hits_watched(m, align_down(e->pa, PAGE_SIZE) + (va - page), size))
			return false;
	}
	memcpy((u8 *)(va + e->addend), &value, size);
	return true;
}

/* A store has been made, at pa. */
static void wrote(struct mmu *m, struct bus_region *region, u64 pa, u32 size)
{
	if (unlikely(m->check))
		check_storing(m->check, m, CHECK_BY_STORE);
	bus_wrote(m->bus, region, pa, size);
	if (unlikely(m->check))
		check_stored(m->check);
}

static must_check bool load_across(struct mmu *m, u64 va, u32 size, u64 *value)
{
	u32 first = first_part(va);
	u64 pa[2], v = 0;
	u8 *host[2];

	if (!locate_both(m, va, size, ACCESS_LOAD, host, pa) || is_stopped(m, ACCESS_LOAD, va, pa[0], first) ||
	    is_stopped(m, ACCESS_LOAD, va + first, pa[1], size - first))
		return false;
	take_time(m, ACCESS_LOAD, pa[0], first);
	take_time(m, ACCESS_LOAD, pa[1], size - first);
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

	if (!locate_both(m, va, size, ACCESS_STORE, host, pa) || is_stopped(m, ACCESS_STORE, va, pa[0], first) ||
	    is_stopped(m, ACCESS_STORE, va + first, pa[1], size - first))
		return false;
	take_time(m, ACCESS_STORE, pa[0], first);
	take_time(m, ACCESS_STORE, pa[1], size - first);
	memcpy(host[0], &value, first);
	memcpy(host[1], (u8 *)&value + first, size - first);
	wrote(m, bus_find(m->bus, pa[0]), pa[0], first);
	wrote(m, bus_find(m->bus, pa[1]), pa[1], size - first);
	if (trace_wants(m->trace, TRACE_MEM))
		emit_mem(m, ACCESS_STORE, va, pa[0], size, value);
	return true;
}

/* Aligned accesses lie within a line. */
static __attribute__((noinline)) must_check bool seen_load(struct mmu *m, u64 va, u32 size, u64 *value)
{
	const struct mmu_seen *s = seen_find(m, ACCESS_LOAD, va);

	if (!s || va & (size - 1))
		return false;
	seen_use(m, s, ACCESS_LOAD, va);
	if (m->cost)
		(void)cost_access(m->cost, COST_LOAD, s->pa + (va & (PAGE_SIZE - 1)));
	*value = 0;
	memcpy(value, (const u8 *)(va + s->addend), size);
	return true;
}

static __attribute__((noinline)) must_check bool seen_store(struct mmu *m, u64 va, u32 size, u64 value)
{
	const struct mmu_seen *s = seen_find(m, ACCESS_STORE, va);
	u64 offset = va & (PAGE_SIZE - 1);

	if (!s || va & (size - 1))
		return false;
	seen_use(m, s, ACCESS_STORE, va);
	if (m->cost)
		(void)cost_access(m->cost, COST_STORE, s->pa + offset);
	memcpy((u8 *)(va + s->addend), &value, size);
	wrote(m, s->region, s->pa + offset, size);
	return true;
}

bool mmu_load(struct mmu *m, u64 va, u32 size, u64 *value)
{
	struct translation t;
	u64 v = 0;
	u8 *host;

	m->stats.loads++;
	if (m->seen && seen_load(m, va, size, value))
		return true;
	if (unlikely(va & (size - 1))) {
		if (m->config.misaligned_trap)
			return mmu_fault_misaligned(m, ACCESS_LOAD, va);
		if (crosses_page(va, size))
			return load_across(m, va, size, value);
		if (load_by_entry(m, va, size, value))
			return true;
	}
	if (!locate(m, va, size, ACCESS_LOAD, &t) || is_stopped(m, ACCESS_LOAD, va, t.pa, size))
		return false;
	host = bus_ram(m->bus, t.pa, size);
	if (host) {
		take_time(m, ACCESS_LOAD, t.pa, size);
		memcpy(&v, host, size);
		fast_fill(m, ACCESS_LOAD, va, &t);
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

	m->stats.stores++;
	if (m->seen && seen_store(m, va, size, value))
		return true;
	if (unlikely(va & (size - 1))) {
		if (m->config.misaligned_trap)
			return mmu_fault_misaligned(m, ACCESS_STORE, va);
		if (crosses_page(va, size))
			return store_across(m, va, size, value);
	}
	if (store_by_entry(m, va, size, value))
		return true;
	if (!locate(m, va, size, ACCESS_STORE, &t) || is_stopped(m, ACCESS_STORE, va, t.pa, size))
		return false;
	region = bus_find(m->bus, t.pa);
	if (region && region->ram) {
		if (t.pa + size - region->base > region->size)
			return mmu_fault(m, WALK_LEAF_BUS, ACCESS_STORE, va);
		take_time(m, ACCESS_STORE, t.pa, size);
		memcpy(region->ram + (t.pa - region->base), &value, size);
		wrote(m, region, t.pa, size);
		fast_fill(m, ACCESS_STORE, va, &t);
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
		(void)mmu_fault_misaligned(m, access, va);
		return NULL;
	}
	if (!locate(m, va, size, access, &t))
		return NULL;
	host = bus_ram(m->bus, t.pa, size);
	if (!host) {
		(void)mmu_fault(m, WALK_LEAF_BUS, access, va);
		return NULL;
	}
	if ((what != ATOMIC_SC && is_stopped(m, ACCESS_LOAD, va, t.pa, size)) ||
	    (what != ATOMIC_LR && is_stopped(m, ACCESS_STORE, va, t.pa, size)))
		return NULL;
	take_time(m, access, t.pa, size);
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
	wrote(m, bus_find(m->bus, pa), pa, size);
	if (trace_wants(m->trace, TRACE_MEM))
		emit_mem(m, ACCESS_STORE, va, pa, size, value);
}

/* --- fetches --- */

bool mmu_fetch(struct mmu *m, u64 va, u64 *pa, bool *uniform)
{
	const struct mmu_seen *s = seen_find(m, ACCESS_FETCH, va);
	struct translation t;
	int rights;

	m->again.size = 0;
	if (s) {
		seen_use(m, s, ACCESS_FETCH, va);
		*pa = s->pa + (va & (PAGE_SIZE - 1));
		*uniform = true;
		return true;
	}
	if (!mmu_translate(m, va, ACCESS_FETCH, m->priv, &t))
		return false;
	rights = pmp_range_rights(&m->pmp, align_down(t.pa, PAGE_SIZE), PAGE_SIZE, m->priv);
	*uniform = rights >= 0 && (rights & PMP_X);
	if (rights >= 0 && !*uniform)
		return mmu_fault(m, WALK_LEAF_PMP, ACCESS_FETCH, va);
	if (!bus_ram(m->bus, t.pa, 2))
		return mmu_fault(m, WALK_LEAF_BUS, ACCESS_FETCH, va);
	if (*uniform && m->seen && !(m->check && t.entry && !check_is_exact(m->check)))
		seen_put(m, ACCESS_FETCH, va, t.pa, t.entry);
	*pa = t.pa;
	return true;
}

bool mmu_fetch_allowed(struct mmu *m, u64 va, u64 pa, u32 size)
{
	return pmp_allows(&m->pmp, pa, size, ACCESS_FETCH, m->priv) || mmu_fault(m, WALK_LEAF_PMP, ACCESS_FETCH, va);
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
			return mmu_fault(m, m->fault.reason, ACCESS_STORE, va);
	}
	region = bus_find(m->bus, t.pa);
	if (!region || (zero && !region->ram))
		return mmu_fault(m, WALK_LEAF_BUS, ACCESS_STORE, va);
	if (!zero)
		return true;
	if (is_stopped(m, ACCESS_STORE, block, t.pa, CBO_BLOCK_SIZE))
		return false;
	take_time(m, ACCESS_STORE, t.pa, CBO_BLOCK_SIZE);
	memset(region->ram + (t.pa - region->base), 0, CBO_BLOCK_SIZE);
	wrote(m, region, t.pa, CBO_BLOCK_SIZE);
	if (trace_wants(m->trace, TRACE_MEM))
		emit_mem(m, ACCESS_STORE, block, t.pa, CBO_BLOCK_SIZE, 0);
	return true;
}
