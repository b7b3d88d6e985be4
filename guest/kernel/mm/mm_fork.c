/*
 * fork: a copy of an address space. Regions are copied; of pages only private ones that are anonymous (heap, stack,
 * written pages of files), and of those only the page table entry: parent and child map the same frame without W, and
 * whoever writes first gets a copy (fault.c). Pages of files and of shared memory are not even that: the child finds
 * them in the page cache when it faults.
 *
 * The parent's lock is held throughout. Allocating may sleep, and then reclaim may swap out a page just looked at: each
 * entry is looked at again before it is copied. One fence at the end takes W from the parent's other threads.
 */
#include "guest/kernel/fs/vfs.h"
#include "guest/kernel/mm/region.h"
#include "guest/kernel/mm/rmap.h"
#include "guest/kernel/mm/swap.h"

/* Regions' flags that a child does not inherit. */
#define NOT_INHERITED REGION_LOCKED

#define TABLE_SPAN (512 * PAGE_SIZE) /* what a level-0 table translates */

static void copy_fields(struct mm *child, const struct mm *parent)
{
	child->brk_start = parent->brk_start;
	child->brk = parent->brk;
	child->code_start = parent->code_start;
	child->code_end = parent->code_end;
	child->data_start = parent->data_start;
	child->data_end = parent->data_end;
	child->stack_start = parent->stack_start;
	child->arg_start = parent->arg_start;
	child->arg_end = parent->arg_end;
	child->env_start = parent->env_start;
	child->env_end = parent->env_end;
	child->mmap_top = parent->mmap_top;
	child->vdso = parent->vdso;
	memcpy(child->auxv, parent->auxv, sizeof(child->auxv));
	child->limit_as = parent->limit_as;
	child->limit_data = parent->limit_data;
	child->limit_stack = parent->limit_stack;
	child->dumpable = parent->dumpable;
	child->exe = parent->exe;
	if (child->exe)
		file_get(child->exe);
}

/* The frame behind the parent's entry gets a second PTE. false: no memory. *again: the entry changed while we slept. */
static bool share_frame(struct mm *child, struct unmap_batch *batch, u64 *from, u64 *to, u64 va, bool *again)
{
	u64 entry = *from;
	struct frame *frame = pte_frame(entry);

	frame_get(frame); /* the child's PTE's */
	if (!rmap_add(frame, to)) {
		frame_put(frame);
		return false;
	}
	*again = (*from ^ entry) & ~(u64)(PTE_A | PTE_D);
	if (*again) {
		rmap_remove(frame, to);
		frame_put(frame);
		return true;
	}
	if (entry & PTE_W)
		unmap_batch_protect(batch, from, va, *from & ~(u64)PTE_W);
	pgtable_set(&child->table, to, va, *from & ~(u64)PTE_W);
	mm_count_frame(child, frame, 1);
	return true;
}

/* One entry of the parent. false: no memory. */
static bool copy_entry(struct mm *child, struct unmap_batch *batch, u64 *from, u64 *to, u64 va)
{
	for (;;) {
		u64 entry = *from;

		if (pte_is_swap(entry)) {
			swap_get(pte_slot(entry));
			pgtable_set(&child->table, to, va, entry);
			child->swap_pages++;
			return true;
		}
		if (!pte_is_present(entry))
			return true;
		if (!pte_is_counted(entry)) {
			pgtable_set(&child->table, to, va, entry);
			return true;
		}
		if (pte_frame(entry)->kind != FRAME_ANON)
			return true;
		bool again = false;
		if (!share_frame(child, batch, from, to, va, &again))
			return false;
		if (!again)
			return true;
	}
}

static bool copy_pages(struct mm *child, struct mm *parent, const struct region *region)
{
	struct unmap_batch batch;
	u64 va = region->start;
	u64 *from = NULL;
	u64 table = 0, table_va = ~0ul; /* the child's level-0 table at hand, and the va it begins at */
	bool done = true;

	unmap_batch_begin(&batch, &parent->table);
	while (done && (from = pgtable_scan(&parent->table, from, &va, region->end)) != NULL) {
		if (ROUND_DOWN(va, TABLE_SPAN) != table_va) {
			table = ROUND_DOWN((u64)pgtable_make(&child->table, va), PAGE_SIZE);
			table_va = ROUND_DOWN(va, TABLE_SPAN);
		}
		/* Tables of both sides begin at the same addresses: the entry is at the same place. */
		done = table && copy_entry(child, &batch, from, (u64 *)(table | ((u64)from & PAGE_MASK)), va);
		va += PAGE_SIZE;
		from++;
	}
	unmap_batch_end(&batch);
	return done;
}

static bool copy_region(struct mm *child, struct mm *parent, struct region *region)
{
	if (region->flags & REGION_DONTFORK)
		return true;
	struct region *copy = region_copy(region);
	if (!copy)
		return false;
	copy->flags &= ~NOT_INHERITED;
	copy->pool = NULL;
	region_insert(child, copy);
	if (region->flags & REGION_SHARED || !(region->flags & REGION_COPIED))
		return true;
	if (region->flags & REGION_WIPEONFORK) {
		copy->flags &= ~REGION_COPIED;
		return true;
	}
	return copy_pages(child, parent, region);
}

struct mm *mm_fork(struct mm *parent)
{
	struct mm *child = mm_create();
	bool done = true;

	if (!child)
		return NULL;
	copy_fields(child, parent);
	mutex_lock(&parent->lock);
	for (struct list *node = parent->regions.next; node != &parent->regions && done; node = node->next)
		done = copy_region(child, parent, LIST_ENTRY(node, struct region, link));
	child->peak_total = child->total_pages;
	mutex_unlock(&parent->lock);
	if (!done) {
		mm_put(child);
		return NULL;
	}
	return child;
}
