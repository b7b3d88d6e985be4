/*
 * Taking pages away from an address space: munmap, MADV_DONTNEED, exit. Each page leaves the reverse map and the
 * counters; frames are given back after the fence (struct unmap_batch). And the questions about a frame that decide
 * what becomes of it.
 */
#include "guest/kernel/mm/pagecache.h"
#include "guest/kernel/mm/region.h"
#include "guest/kernel/mm/rmap.h"
#include "guest/kernel/mm/shmem.h"
#include "guest/kernel/mm/swap.h"

void mm_count_frame(struct mm *mm, const struct frame *frame, int change)
{
	if (frame->kind == FRAME_ANON)
		mm->anon_pages += change;
	else if (frame->mapping && frame->mapping->ops == &shmem_mapping_ops)
		mm->shmem_pages += change;
	else
		mm->file_pages += change;
	mm->peak_rss = MAX(mm->peak_rss, mm->anon_pages + mm->file_pages + mm->shmem_pages);
}

bool frame_is_exclusive(const struct frame *frame)
{
	if (frame->kind != FRAME_ANON || frame->maps != 1)
		return false;
	if (!(frame->flags & FRAME_SWAPCACHE))
		return frame->refs == 1;
	return frame->refs == 2 && swap_count(frame->index) == 1;
}

static bool find_locked(struct frame *frame, u64 *pte, void *context)
{
	struct region *region = mm_find(rmap_mm(pte), rmap_va(pte));
	bool *locked = context;

	(void)frame;
	*locked = region && region->flags & REGION_LOCKED;
	return !*locked;
}

void frame_update_pin(struct frame *frame)
{
	bool locked = false;

	rmap_for_each(frame, find_locked, &locked);
	frame->flags &= ~FRAME_PINNED;
	if (locked)
		frame->flags |= FRAME_PINNED;
}

void frame_unmapped(struct mm *mm, struct frame *frame, u64 old)
{
	mm_count_frame(mm, frame, -1);
	if (old & PTE_D && frame->kind == FRAME_FILE)
		pagecache_mark_dirty(frame);
	else if (old & PTE_D)
		frame->flags |= FRAME_DIRTY; /* others may map it without D */
	if (frame->flags & FRAME_PINNED)
		frame_update_pin(frame);
	if (frame->flags & FRAME_SWAPCACHE)
		swap_frame_unmapped(frame);
}

/* One entry goes: a swap entry, the zero page, or a frame. */
static void zap_entry(struct mm *mm, struct unmap_batch *batch, u64 *pte, u64 va)
{
	u64 old = *pte;

	if (!pte_is_counted(old)) {
		(void)unmap_batch_clear(batch, pte, va);
		if (pte_is_swap(old)) {
			mm->swap_pages--;
			swap_put(pte_slot(old));
		}
		return;
	}
	struct frame *frame = pte_frame(old);
	old = unmap_batch_clear(batch, pte, va);
	rmap_remove(frame, pte);
	frame_unmapped(mm, frame, old);
}

void mm_zap(struct mm *mm, u64 start, u64 end)
{
	struct unmap_batch batch;
	u64 va = start;
	u64 *pte;

	unmap_batch_begin(&batch, &mm->table);
	for (pte = pgtable_scan(&mm->table, NULL, &va, end); pte; pte = pgtable_scan(&mm->table, pte + 1, &va, end)) {
		zap_entry(mm, &batch, pte, va);
		va += PAGE_SIZE;
	}
	unmap_batch_end(&batch);
}

int mm_unmap_locked(struct mm *mm, u64 start, u64 end, struct list *dead)
{
	struct region *region = mm_find_from(mm, start);

	if (!region || region->start >= end)
		return 0;
	int error = region_split_range(mm, start, end);
	if (error)
		return error;
	region = mm_find_from(mm, start);
	while (region && region->start < end) {
		struct region *next = mm_next(mm, region);

		mm_zap(mm, region->start, region->end);
		region_remove(mm, region, dead);
		region = next;
	}
	pgtable_trim(&mm->table, start, end);
	return 0;
}
