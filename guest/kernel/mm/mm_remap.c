/*
 * mremap(2): a mapping is made smaller, larger where it is, or moved. Moving copies no page: entries of the page table
 * go to their new place, swap entries as well, and the reverse map is told.
 */
#include "guest/kernel/mm/region.h"
#include "guest/kernel/mm/rmap.h"

#define TABLE_SPAN (512 * PAGE_SIZE) /* what a level-0 table translates */

struct move {
	struct mm *mm;
	u64 old, old_size, new_size, flags, address; /* mremap's arguments; sizes rounded up */
	struct region *region;                       /* exactly [old, old + old_size), once split */
	struct list dead;
};

/* Entries of one level-0 table to one other; neither sleeps nor fails. */
static void move_entries(struct mm *mm, u64 *from, u64 *to, u64 from_va, u64 to_va, u64 size)
{
	for (u64 done = 0; done < size; done += PAGE_SIZE, from++, to++) {
		if (!*from)
			continue;
		if (pte_is_counted(*from))
			rmap_move(pte_frame(*from), from, to);
		pgtable_move(&mm->table, from, from_va + done, to, to_va + done);
	}
	/* Before anything sleeps: reclaim must not take a page that a hart still reaches at the old address. */
	pgtable_fence_range(&mm->table, from_va, from_va + size);
}

/* false: no memory for a table; what has been moved is moved back (there the tables are). */
static bool move_pages(struct mm *mm, u64 from, u64 to, u64 size)
{
	u64 va = from, end = from + size;

	while ((va = pgtable_next(&mm->table, va, end)) < end) {
		u64 to_va = to + (va - from);
		u64 *to_pte = pgtable_make(&mm->table, to_va);

		if (!to_pte) {
			BUG_ON(!move_pages(mm, to, from, va - from));
			return false;
		}
		u64 step = MIN(MIN(TABLE_SPAN - va % TABLE_SPAN, TABLE_SPAN - to_va % TABLE_SPAN), end - va);
		move_entries(mm, pgtable_find(&mm->table, va), to_pte, va, to_va, step);
		va += step;
	}
	return true;
}

/* Moves the region to `to`, which is free. */
static i64 move_to(struct move *move, u64 to)
{
	struct mm *mm = move->mm;
	struct region *copy = region_copy(move->region);

	if (!copy)
		return -ENOMEM;
	copy->start = to;
	copy->end = to + move->new_size;
	if (!move_pages(mm, move->old, to, MIN(move->old_size, move->new_size))) {
		list_add_last(&move->dead, &copy->link);
		pgtable_trim(&mm->table, to, to + move->new_size);
		return -ENOMEM;
	}
	if (move->flags & MREMAP_DONTUNMAP) {
		if (move->region->flags & REGION_LOCKED)
			mm->locked_pages -= region_pages(move->region);
		move->region->flags &= ~REGION_LOCKED;
	} else {
		region_remove(mm, move->region, &move->dead);
	}
	region_insert(mm, copy);
	pgtable_trim(&mm->table, move->old, move->old + move->old_size);
	region_merge(mm, to, to + move->new_size, &move->dead);
	return (i64)to;
}

/* The region as exactly what is to be moved, or an error. */
static int isolate(struct move *move)
{
	struct region *region = mm_find(move->mm, move->old);

	if (!region || move->old_size > region->end - move->old)
		return -EFAULT;
	if (move->mm->region_count + 3 > MM_MAX_REGIONS)
		return -ENOMEM;
	int error = region_split_range(move->mm, move->old, move->old + move->old_size);
	move->region = mm_find(move->mm, move->old);
	return error;
}

static u64 growth(const struct move *move)
{
	if (move->flags & MREMAP_DONTUNMAP)
		return move->new_size >> PAGE_SHIFT;
	return move->new_size > move->old_size ? (move->new_size - move->old_size) >> PAGE_SHIFT : 0;
}

/* MREMAP_FIXED: to a given place, which is cleared first. */
static i64 move_fixed(struct move *move)
{
	u64 to = move->address;

	if ((to & PAGE_MASK) || move->new_size > USER_TOP || to > USER_TOP - move->new_size || to < MMAP_LOWEST)
		return -EINVAL;
	if (to < move->old + move->old_size && move->old < to + move->new_size)
		return -EINVAL;
	int error = isolate(move);
	if (error)
		return error;
	if (!region_is_within_limits(move->mm, growth(move), move->region->prot, move->region->flags))
		return -ENOMEM;
	error = mm_unmap_locked(move->mm, to, to + move->new_size, &move->dead);
	if (!error && move->old_size > move->new_size) {
		u64 end = move->old + move->new_size;

		error = mm_unmap_locked(move->mm, end, move->old + move->old_size, &move->dead);
		move->old_size = move->new_size;
	}
	if (error)
		return error;
	move->region = mm_find(move->mm, move->old); /* splitting may have made it shorter */
	return move_to(move, to);
}

/* Grows the region where it is, if it ends there and what is behind it is free. */
static bool grow_in_place(struct move *move, struct region *region)
{
	u64 end = move->old + move->new_size;

	if (move->old + move->old_size != region->end || end > USER_TOP || end < move->old)
		return false;
	if (!region_is_free(move->mm, region->end, end))
		return false;
	u64 pages = growth(move);
	region->end = end;
	move->mm->total_pages += pages;
	move->mm->peak_total = MAX(move->mm->peak_total, move->mm->total_pages);
	if (region->flags & REGION_LOCKED)
		move->mm->locked_pages += pages;
	region_merge(move->mm, move->old, end, &move->dead);
	return true;
}

static i64 grow(struct move *move)
{
	struct region *region = mm_find(move->mm, move->old);

	if (!region || move->old_size > region->end - move->old)
		return -EFAULT;
	if (region->file && region_index(region, move->old) + (move->new_size >> PAGE_SHIFT) > ~0ul >> PAGE_SHIFT)
		return -EINVAL;
	if (!region_is_within_limits(move->mm, growth(move), region->prot, region->flags))
		return -ENOMEM;
	if (!(move->flags & MREMAP_DONTUNMAP) && grow_in_place(move, region))
		return (i64)move->old;
	if (!(move->flags & MREMAP_MAYMOVE))
		return -ENOMEM;
	int error = isolate(move);
	if (error)
		return error;
	u64 to = region_find_place(move->mm, move->new_size);
	return to ? move_to(move, to) : -ENOMEM;
}

static i64 remap_locked(struct move *move)
{
	if (move->flags & MREMAP_FIXED)
		return move_fixed(move);
	if (move->flags & MREMAP_DONTUNMAP || move->new_size > move->old_size)
		return grow(move);
	if (!mm_find(move->mm, move->old))
		return -EFAULT;
	int error = mm_unmap_locked(move->mm, move->old + move->new_size, move->old + move->old_size, &move->dead);
	return error ? error : (i64)move->old;
}

i64 mm_remap(struct mm *mm, u64 old, u64 old_size, u64 new_size, u32 flags, u64 new_address)
{
	struct move move = { .mm = mm, .old = old, .flags = flags, .address = new_address };

	if (flags & ~(u32)(MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP))
		return -EINVAL;
	if (flags & (MREMAP_FIXED | MREMAP_DONTUNMAP) && !(flags & MREMAP_MAYMOVE))
		return -EINVAL;
	if ((old & PAGE_MASK) || !new_size || !old_size)
		return -EINVAL;
	if (old >= USER_TOP || old_size > USER_TOP - old)
		return -EFAULT;
	if (new_size > USER_TOP)
		return -ENOMEM;
	move.old_size = ROUND_UP(old_size, PAGE_SIZE);
	move.new_size = ROUND_UP(new_size, PAGE_SIZE);
	if (flags & MREMAP_DONTUNMAP && move.old_size != move.new_size)
		return -EINVAL;
	list_init(&move.dead);
	mutex_lock(&mm->lock);
	i64 result = remap_locked(&move);
	region_merge(mm, old, old + move.old_size, &move.dead); /* borders that were made and not used */
	mutex_unlock(&mm->lock);
	region_free_all(&move.dead);
	return result;
}
