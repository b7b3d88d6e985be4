/*
 * What should not be in a page table: pages that may be written and executed, page tables within U mode's reach, frames
 * with two memory types, reserved bits and encodings.
 */
#include "mmu/check_internal.h"

#define WX (PTE_W | PTE_X)
#define WX_REGION_LOG2 30 /* such pages are told of once for each region of this size */

static u64 leaf_base(const struct walk_result *r)
{
	return align_down(r->pa, BIT(r->size_log2));
}

static struct check_report leaf_report(struct mmu_check *check, struct mmu *m, enum check_kind kind,
                                       const struct walk_request *req, const struct walk_result *r)
{
	struct check_report report = check_new_report(m, kind, req, r);
	const struct walk_step *last = &r->steps[r->step_count - 1];
	const struct check_change *change = check_change_of(check, last->pte_addr);

	report.pte_addr = last->pte_addr;
	report.level = last->level;
	report.had = report.has = r->reason == WALK_OK ? r->pte : last->pte;
	report.pa_had = report.pa_has;
	if (change)
		report.culprit = change->place;
	return report;
}

/* --- page tables that U mode can reach --- */

/* Is the page of PTEs still used by the address space at work? Then *pointer is the PTE that leads to it. */
static bool is_in_use(struct mmu *m, const struct check_table *table, u64 *pointer)
{
	struct walk_result now;

	(void)!check_walk_as(m, m->satp, table->va, &now);
	*pointer = 0;
	for (u32 i = 0; i < now.step_count; i++) {
		if (align_down(now.steps[i].pte_addr, PAGE_SIZE) == table->pa)
			return true;
		*pointer = now.steps[i].pte;
	}
	return false;
}

static void look_for_table(struct mmu_check *check, struct mmu *m, const struct walk_request *req,
                           const struct walk_result *r, const struct check_table *table)
{
	struct check_report report;
	u64 pointer;

	if (!is_in_use(m, table, &pointer))
		return;
	report = leaf_report(check, m, CHECK_TABLES, req, r);
	report.has = pointer;
	report.pa_has = table->pa;
	check_tell(check, &report, table->pa, 0);
}

static void look_for_tables(struct mmu_check *check, struct mmu *m, const struct walk_request *req,
                            const struct walk_result *r)
{
	u64 base = leaf_base(r);

	if (r->size_log2 == PAGE_SHIFT) {
		const struct check_page *page = check_page_find(check, base);

		if (page && page->table)
			look_for_table(check, m, req, r, page->table);
		return;
	}
	for (const struct check_table *table = check->tables; table; table = table->next)
		if (table->pa - base < BIT(r->size_log2))
			look_for_table(check, m, req, r, table);
}

/* --- memory types --- */

/* Is the mapping still there, and of the type it was? */
static bool is_alive(struct mmu *m, const struct check_typed *t)
{
	struct walk_result now;

	return check_walk_as(m, t->satp, t->va, &now) && leaf_base(&now) == t->pa && now.pbmt == bits(t->pte, 62, 61);
}

static bool overlaps(const struct check_typed *t, u64 pa, u64 size)
{
	return t->pa < pa + size && pa < t->pa + t->size;
}

static void report_type(struct mmu_check *check, struct mmu *m, const struct walk_request *req,
                        const struct walk_result *r, const struct check_typed *other)
{
	struct check_report report = leaf_report(check, m, CHECK_PBMT, req, r);

	report.had = other->pte;
	report.pa_had = other->va;
	report.satp_had = other->satp;
	check_tell(check, &report, leaf_base(r), other->pa);
}

/* A frame gets a memory type of its own: who has mapped it with another one? */
static void compare_with_filled(struct mmu_check *check, struct mmu *m, const struct walk_request *req,
                                const struct walk_result *r, const struct check_seen *filled)
{
	for (u32 i = 0; i < 1 << CHECK_SEEN_LOG2; i++) {
		const struct check_seen *seen = &filled[i];
		struct check_typed other = { .satp = seen->satp, .va = seen->va, .size = BIT(seen->size_log2) };

		if (!seen->seq)
			continue;
		other.pte = seen->steps[seen->count - 1].pte;
		other.pa = align_down(bits(other.pte, 53, PTE_PPN_SHIFT) << PAGE_SHIFT, other.size);
		if (bits(other.pte, 62, 61) != r->pbmt && overlaps(&other, leaf_base(r), BIT(r->size_log2)) &&
		    is_alive(m, &other))
			report_type(check, m, req, r, &other);
	}
}

static void look_at_type(struct mmu_check *check, struct mmu *m, const struct walk_request *req,
                         const struct walk_result *r)
{
	u64 pa = leaf_base(r), va = align_down(req->va, BIT(r->size_log2));
	struct check_typed new = { .pa = pa, .size = BIT(r->size_log2), .va = va, .satp = m->satp, .pte = r->pte };
	bool known = r->pbmt == 0;

	for (u32 i = 0; i < check->typed_count; i++) {
		const struct check_typed *t = &check->typed[i];

		known |= t->pa == pa && t->va == va && t->satp == m->satp && bits(t->pte, 62, 61) == r->pbmt;
		if (overlaps(t, pa, new.size) && bits(t->pte, 62, 61) != r->pbmt && is_alive(m, t))
			report_type(check, m, req, r, t);
	}
	if (known || check->typed_count == CHECK_TYPED_MAX)
		return;
	check->typed[check->typed_count++] = new;
	for (u32 i = 0; i < check->hart_count; i++)
		compare_with_filled(check, m, req, r, check->harts[i].filled);
}

/* --- both ways a walk can end --- */

void check_leaf_found(struct mmu_check *check, struct mmu *m, const struct walk_request *req,
                      const struct walk_result *r)
{
	if (check_wants(check, CHECK_WX) && (r->pte & WX) == WX) {
		struct check_report report = leaf_report(check, m, CHECK_WX, req, r);

		check_tell(check, &report, req->va >> WX_REGION_LOG2, m->satp);
	}
	if (check_wants(check, CHECK_TABLES) && r->pte & PTE_U)
		look_for_tables(check, m, req, r);
	if (check_wants(check, CHECK_PBMT) && (r->pbmt || check->typed_count))
		look_at_type(check, m, req, r);
}

void check_leaf_refused(struct mmu_check *check, struct mmu *m, const struct walk_request *req,
                        const struct walk_result *r)
{
	struct check_report report;

	switch (r->reason) {
	case WALK_W_WITHOUT_R:
	case WALK_RESERVED_BITS:
	case WALK_POINTER_FLAGS:
	case WALK_NO_LEAF:
	case WALK_MISALIGNED:
	case WALK_BAD_NAPOT:
		break;
	default:
		return;
	}
	if (!check_wants(check, CHECK_RESERVED))
		return;
	report = leaf_report(check, m, CHECK_RESERVED, req, r);
	check_tell(check, &report, align_down(report.pte_addr, PAGE_SIZE), r->reason);
}
