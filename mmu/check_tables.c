/*
 * Translations that memory no longer gives: the shadow walk behind every hit in the TLB.
 *
 * An entry is right if memory, walked now, gives this very access the same outcome: the same address and memory type,
 * the same permission, and no D to be set. If not, the walk that made the entry (kept in `filled`) is compared with
 * memory PTE by PTE: the first that differs is the one in question, and who changed it first is the culprit. If none
 * differs, it is satp that was written.
 *
 * The rule that keeps this cheap: a fast entry, or a jump target, exists only while all PTEs it was made from are
 * watched (`live`), so that a store to one of them can end it.
 */
#include "mmu/check_internal.h"

#include <stdio.h>
#include <string.h>

#include "mmu/fast_tables.h"

#define PTE_BYTES 8
#define GRANULE 64
#define SATP_ABOVE_PPN 20

/* --- PTEs that are watched --- */

u64 check_pte(const struct mmu_check *check, u64 pte_addr)
{
	const u8 *host = bus_ram(check->bus, pte_addr, PTE_BYTES);
	u64 pte = 0;

	if (host)
		memcpy(&pte, host, PTE_BYTES);
	return pte;
}

static bool is_pointer(u64 pte)
{
	return (pte & (PTE_V | PTE_R | PTE_W | PTE_X)) == PTE_V;
}

/* The first address that PTE number 0 of this table is about. */
static u64 first_va(u64 va, u32 level)
{
	return va & ~MASK(PAGE_SHIFT + 9 * (level + 1));
}

/* May something have been made from a PTE of this table that still stands? */
static bool has_valid(const struct check_table *table)
{
	for (u32 word = 0; word < ARRAY_SIZE(table->live); word++)
		for (u64 live = table->live[word]; live; live &= live - 1)
			if (table->value[word * 64 + (u32)__builtin_ctzll(live)] & PTE_V)
				return true;
	return false;
}

static struct check_table *table_at(struct mmu_check *check, u64 pte_addr, u32 level, u64 va, struct check_page **in)
{
	struct check_page *page = check_page_at(check, pte_addr);
	struct check_table *table;

	*in = page;
	if (!page)
		return NULL;
	table = page->table;
	if (!table) {
		table = page->table = xcalloc(1, sizeof(*table));
		table->pa = page->pa;
		table->next = check->tables;
		check->tables = table;
	} else if (table->level == level && (level > 0 || first_va(table->va, level) == first_va(va, level))) {
		/* Changes of pointers and superpages end everything, whatever range they are about: a root serves both
		 * the kernel's half and the user's. */
		table->va = va;
		return table;
	} else {
		/* It serves another range now: nothing that was made from it before may be left. */
		if (has_valid(table))
			check_forget_all(check);
		memset(table->live, 0, sizeof(table->live));
	}
	table->va = va;
	table->level = (u8)level;
	return table;
}

static void watch_pte(struct mmu_check *check, u64 pte_addr, u32 level, u64 va)
{
	struct check_page *page;
	struct check_table *table = table_at(check, pte_addr, level, va, &page);
	u32 index = (pte_addr & (PAGE_SIZE - 1)) / PTE_BYTES;

	if (!table || table->live[index / 64] >> (index % 64) & 1)
		return;
	table->live[index / 64] |= BIT(index % 64);
	table->value[index] = check_pte(check, pte_addr);
	check_granule_watch(check, page, index / (GRANULE / PTE_BYTES));
}

void check_watch_steps(struct mmu_check *check, const struct walk_request *req, const struct walk_result *r)
{
	for (u32 i = 0; i < r->step_count; i++)
		watch_pte(check, r->steps[i].pte_addr, r->steps[i].level, req->va);
}

/* What was made from a PTE of this table ends. */
static void forget(struct mmu_check *check, const struct check_table *table, u32 index, u64 pte)
{
	u64 va = first_va(table->va, 0) + index * PAGE_SIZE;

	if (table->level > 0 || pte & PTE_N) {
		check_forget_all(check);
		return;
	}
	for (u32 i = 0; i < check->hart_count; i++) {
		struct mmu *m = check->harts[i].m;

		fast_drop_page(m, va);
		m->fetch_drop(m->owner, false, va);
	}
}

void check_table_written(struct mmu_check *check, struct check_page *page, u64 pa, u64 size)
{
	struct check_table *table = page->table;
	u32 first = (pa & (PAGE_SIZE - 1)) / PTE_BYTES;
	u32 last = ((pa & (PAGE_SIZE - 1)) + (u32)size - 1) / PTE_BYTES;

	for (u32 index = first; index <= last; index++) {
		u64 was = table->value[index], is;

		if (!(table->live[index / 64] >> (index % 64) & 1))
			continue;
		is = check_pte(check, page->pa + index * PTE_BYTES);
		table->value[index] = is;
		if (!((was ^ is) & ~CHECK_IMMATERIAL) || (check->storing && check->by == CHECK_BY_WALKER))
			continue;
		table->live[index / 64] &= ~BIT(index % 64);
		check->exact = false; /* the page stored to may be the one that this PTE maps */
		check_changed(check, page->pa + index * PTE_BYTES);
		if (was & PTE_V)
			forget(check, table, index, was);
	}
}

/* --- walks in memory --- */

bool check_walk_as(struct mmu *m, u64 satp, u64 va, struct walk_result *result)
{
	struct walk_request req = mmu_walk_request(m, va, ACCESS_LOAD, PRIV_S);

	req.root = bits(satp, 43, 0) << PAGE_SHIFT;
	req.sum = req.mxr = req.ad_update = true;
	mmu_probe_as(m, &req, result);
	return result->reason == WALK_OK;
}

/* The same access by memory alone, A and D being no obstacle. */
static void walk_memory(struct mmu *m, const struct walk_request *req, struct walk_result *now)
{
	struct walk_request lenient = *req;

	lenient.ad_update = true;
	mmu_probe_as(m, &lenient, now);
}

/* Does memory give the access what the TLB gives it? */
static bool agrees(const struct walk_request *req, const struct walk_result *now, u64 pa, u8 pbmt)
{
	u64 leaf;

	if (now->reason != WALK_OK || now->pa != pa || now->pbmt != pbmt)
		return false;
	leaf = now->steps[now->step_count - 1].pte;
	return req->access != ACCESS_STORE || leaf & PTE_D;
}

/* Is what the TLB has right for other accesses to the page, too? */
static bool is_exact(const struct tlb_entry *e, const struct walk_result *now)
{
	u64 leaf = now->steps[now->step_count - 1].pte;

	return !((leaf ^ e->pte) & (MASK(6) | PTE_N)) && !(e->pte & ~leaf & PTE_D);
}

bool check_is_exact(const struct mmu_check *check)
{
	return check->exact;
}

/* --- what entries were made of --- */

static struct check_seen *seen_slot(struct check_seen *seen, u64 va, u16 asid)
{
	return &seen[check_hash(va >> PAGE_SHIFT ^ (u64)asid << 40) >> 7 & MASK(CHECK_SEEN_LOG2)];
}

static void note_seen(struct mmu_check *check, struct check_seen *seen, const struct mmu *m, u64 va,
                      const struct walk_result *r)
{
	seen->va = va;
	seen->satp = m->satp;
	seen->seq = ++check->seq;
	seen->asid = m->asid;
	seen->size_log2 = r->size_log2;
	seen->count = r->step_count;
	for (u32 i = 0; i < r->step_count; i++) {
		seen->steps[i].addr = r->steps[i].pte_addr;
		seen->steps[i].pte = r->steps[i].pte;
	}
	if (r->reason == WALK_OK)
		seen->steps[r->step_count - 1].pte = r->pte;
}

static const struct check_seen *filled_for(const struct check_hart *h, const struct tlb_entry *e)
{
	u64 va = e->vpn << PAGE_SHIFT;
	const struct check_seen *seen = seen_slot(h->filled, va, e->asid);

	return seen->seq && seen->va == va && seen->asid == e->asid && seen->size_log2 == e->size_log2 ? seen : NULL;
}

/* --- findings --- */

/* What the finding is told once for: who changed it, or where it lies. */
static u64 check_key(const struct check_report *r)
{
	return r->culprit.known && r->culprit.by != CHECK_BY_DEVICE ? r->culprit.pc : r->pte_addr;
}

/* The fence that would have done: for this page, or for more where a pointer or a global entry is concerned. */
static void say_missing(struct mmu_check *check, const struct check_hart *h, struct check_report *r, bool global,
                        u64 since)
{
	bool pointer = is_pointer(r->had), by_va = !pointer && r->satp_had == r->satp_has;
	int n = snprintf(check->words, sizeof(check->words), "sfence.vma");
	char va[32] = "x0", asid[16] = "x0";

	r->missing = check->words;
	if (by_va)
		snprintf(va, sizeof(va), "0x%llx", (unsigned long long)align_down(r->va, PAGE_SIZE));
	if (!global)
		snprintf(asid, sizeof(asid), "%u", r->asid);
	n += snprintf(check->words + n, sizeof(check->words) - (size_t)n, " %s, %s%s on hart %u", va, asid,
	              by_va || !global ? " (or wider)" : "", h->id);
	if (h->fence.seq > since)
		snprintf(check->words + n, sizeof(check->words) - (size_t)n,
		         "; the one at pc 0x%llx does not do, it was for %s%s", (unsigned long long)h->fence.place.pc,
		         h->fence.by_va ? pointer ? "leaves only" : "another page" : "another address space",
		         h->fence.by_asid && global ? ", and not for global pages" : "");
}

/* Who made the PTE at addr another one than it was; returns when, 0 if that is not known. */
static u64 find_culprit(const struct mmu_check *check, u64 addr, struct check_place *culprit)
{
	const struct check_change *change = check_change_of(check, addr);

	if (!change)
		return 0;
	*culprit = change->place;
	return change->seq;
}

/* The first step of the walk that made the entry which memory has otherwise now; `count` if there is none. */
static u32 first_changed(const struct mmu_check *check, const struct check_seen *seen)
{
	u32 i = 0;

	while (i < seen->count && !((check_pte(check, seen->steps[i].addr) ^ seen->steps[i].pte) & ~CHECK_IMMATERIAL))
		i++;
	return i;
}

/* Finds out what is behind a translation that is used and that memory (`now`) does not give. */
static void report_stale(struct mmu_check *check, struct check_hart *h, const struct walk_result *now,
                         const struct check_seen *seen, struct check_report *r, bool global)
{
	bool moved = seen && seen->satp << SATP_ABOVE_PPN != r->satp_has << SATP_ABOVE_PPN;
	u32 i = seen ? first_changed(check, seen) : 0;
	u64 when = 0;

	if (moved && (!global || i == seen->count)) {
		r->satp_had = seen->satp;
		r->culprit = h->satp.place;
		when = h->satp.seq;
	} else if (seen && i < seen->count) {
		r->pte_addr = seen->steps[i].addr;
		r->had = seen->steps[i].pte;
		r->level = (u8)(h->m->levels - 1u - i);
	} else if (now->step_count) {
		r->pte_addr = now->steps[now->step_count - 1].pte_addr;
		r->level = now->level;
	}
	if (r->pte_addr) {
		r->has = check_pte(check, r->pte_addr);
		when = find_culprit(check, r->pte_addr, &r->culprit);
	}
	if (check_in_window(check, h, &r->culprit, when))
		return;
	say_missing(check, h, r, global, when);
	check_tell(check, r, check_key(r), r->use.pc);
}

struct check_report check_new_report(const struct mmu *m, enum check_kind kind, const struct walk_request *req,
                                     const struct walk_result *now)
{
	return (struct check_report){
		.kind = kind,
		.use = check_here(m, CHECK_BY_STORE),
		.va = req->va,
		.access = req->access,
		.asid = m->asid,
		.pa_has = now->reason == WALK_OK ? now->pa : 0,
		.satp_had = m->satp,
		.satp_has = m->satp,
		.reason = now->reason,
		.missing = "",
	};
}

/* A PTE was narrower when this hart last saw it, and hardware may remember that. */
static void report_invalid(struct mmu_check *check, struct check_hart *h, struct check_report *r,
                           const struct check_seen *seen)
{
	u32 last = seen->count - 1u;
	u64 when;

	r->pte_addr = seen->steps[last].addr;
	r->had = seen->steps[last].pte;
	r->has = check_pte(check, r->pte_addr);
	when = find_culprit(check, r->pte_addr, &r->culprit);
	if (check_in_window(check, h, &r->culprit, when))
		return;
	say_missing(check, h, r, false, when);
	check_tell(check, r, check_key(r), r->use.pc);
}

void check_hit(struct mmu_check *check, struct mmu *m, const struct walk_request *req, const struct tlb_entry *e)
{
	struct check_hart *h = check_hart_of(check, m);
	enum walk_reason reason = walk_check_leaf(e->pte, req);
	u64 pa = (e->ppn << PAGE_SHIFT) + (req->va - (e->vpn << PAGE_SHIFT));
	bool by_hardware = req->ad_update && (reason == WALK_ACCESSED_CLEAR || reason == WALK_DIRTY_CLEAR);
	const struct check_seen *seen;
	struct walk_result now;
	struct check_report r;

	if (by_hardware)
		return;
	walk_memory(m, req, &now);
	check_watch_steps(check, req, &now);
	check->exact = false;
	if (reason == WALK_OK ? agrees(req, &now, pa, e->pbmt) : now.reason != WALK_OK) {
		check->exact = reason == WALK_OK && is_exact(e, &now);
		return;
	}
	seen = filled_for(h, e);
	r = check_new_report(m, reason == WALK_OK ? CHECK_STALE : CHECK_INVALID, req, &now);
	r.had = e->pte;
	r.pa_had = reason == WALK_OK ? pa : 0;
	if (r.kind == CHECK_STALE && check_wants(check, CHECK_STALE))
		report_stale(check, h, &now, seen, &r, e->global);
	else if (r.kind == CHECK_INVALID && check_wants(check, CHECK_INVALID) && seen &&
	         (check_pte(check, seen->steps[seen->count - 1].addr) ^ e->pte) & ~CHECK_IMMATERIAL)
		report_invalid(check, h, &r, seen);
}

/* --- walks --- */

/* Failed walks that a PTE's bits are the reason for, and not mode, SUM or MXR alone. */
static bool is_narrow(enum walk_reason reason)
{
	switch (reason) {
	case WALK_INVALID:
	case WALK_NO_READ:
	case WALK_NO_WRITE:
	case WALK_NO_EXEC:
	case WALK_ACCESSED_CLEAR:
	case WALK_DIRTY_CLEAR:
		return true;
	default:
		return false;
	}
}

static bool is_fenced(const struct check_hart *h, const struct check_seen *seen)
{
	return h->fence_all > seen->seq || h->fence_asid[seen->asid] > seen->seq;
}

/* The walk succeeded: did one of this hart fail before, and was there a fence since? */
static void look_for_failed(struct mmu_check *check, struct check_hart *h, const struct walk_request *req,
                            const struct walk_result *r)
{
	u64 va = align_down(req->va, PAGE_SIZE);
	struct check_seen *failed = seen_slot(h->failed, va, 0);
	struct check_report report;
	u32 last;

	if (!failed->seq || failed->va != va || failed->asid != h->m->asid || failed->satp != h->m->satp)
		return;
	last = failed->count - 1u;
	if (last >= r->step_count || failed->steps[last].addr != r->steps[last].pte_addr ||
	    !((failed->steps[last].pte ^ r->steps[last].pte) & ~CHECK_RSW))
		return;
	if (!is_fenced(h, failed)) {
		report = check_new_report(h->m, CHECK_INVALID, req, r);
		report.level = (u8)(req->levels - 1u - last);
		report_invalid(check, h, &report, failed);
	}
	failed->seq = 0;
}

/* A walk through pointers that the walk cache has, and memory has not. */
static void look_at_pointers(struct mmu_check *check, struct check_hart *h, const struct walk_request *req,
                             const struct walk_result *r)
{
	struct walk_result now;
	struct check_report report;
	struct check_seen seen;
	u32 i = 0;

	while (i < r->step_count &&
	       (!is_pointer(r->steps[i].pte) || check_pte(check, r->steps[i].pte_addr) == r->steps[i].pte))
		i++;
	if (i == r->step_count || !check_wants(check, CHECK_STALE))
		return;
	walk_memory(h->m, req, &now);
	check->exact = false;
	if (r->reason == WALK_OK ? agrees(req, &now, r->pa, r->pbmt) : now.reason == r->reason)
		return;
	report = check_new_report(h->m, CHECK_STALE, req, &now);
	report.pa_had = r->reason == WALK_OK ? r->pa : 0;
	note_seen(check, &seen, h->m, req->va, r);
	report_stale(check, h, &now, &seen, &report, false);
}

void check_walked(struct mmu_check *check, struct mmu *m, const struct walk_request *req, const struct walk_result *r)
{
	struct check_hart *h = check_hart_of(check, m);
	u64 va = align_down(req->va, BIT(r->size_log2));

	check->exact = true;
	check_watch_steps(check, req, r);
	if (r->step_count == 0)
		return;
	look_at_pointers(check, h, req, r);
	if (r->reason == WALK_OK) {
		if (check_wants(check, CHECK_INVALID))
			look_for_failed(check, h, req, r);
		note_seen(check, seen_slot(h->filled, va, m->asid), m, va, r);
		check_leaf_found(check, m, req, r);
		return;
	}
	va = align_down(req->va, PAGE_SIZE);
	if (is_narrow(r->reason) && check_wants(check, CHECK_INVALID))
		note_seen(check, seen_slot(h->failed, va, 0), m, va, r);
	check_leaf_refused(check, m, req, r);
}

/* --- fences and satp --- */

/* A fence by address is about leaves: a walk that failed at what is now a pointer is not covered. */
static void fence_page(const struct mmu_check *check, struct check_hart *h, u64 va, bool by_asid, u16 asid)
{
	struct check_seen *failed = seen_slot(h->failed, va, 0);

	if (!failed->seq || failed->va != va || (by_asid && failed->asid != asid))
		return;
	if (!is_pointer(check_pte(check, failed->steps[failed->count - 1].addr)))
		failed->seq = 0;
}

void check_fenced(struct mmu_check *check, struct mmu *m, bool by_va, u64 va, bool by_asid, u16 asid)
{
	struct check_hart *h = check_hart_of(check, m);

	h->fence.seq = ++check->seq;
	h->fence.place = check_here(m, CHECK_BY_STORE);
	h->fence.by_va = by_va;
	h->fence.by_asid = by_asid;
	h->fence.va = va;
	h->fence.asid = asid;
	if (by_va)
		fence_page(check, h, align_down(va, PAGE_SIZE), by_asid, asid);
	else if (by_asid)
		h->fence_asid[asid] = check->seq;
	else
		h->fence_all = check->seq;
}

void check_satp(struct mmu_check *check, struct mmu *m, u64 old_satp)
{
	struct check_hart *h = check_hart_of(check, m);

	if (m->satp == old_satp)
		return;
	h->satp.seq = ++check->seq;
	h->satp.place = check_here(m, CHECK_BY_SATP);
}
