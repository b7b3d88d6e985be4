/*
 * The regions of an address space: a list in order of addresses, which the functions here search, split, join and
 * enlarge. They know nothing of page tables: who takes a region away takes its pages away first (zap.c).
 *
 * A list, not a tree: programs have a few dozen regions, and mm->last answers most searches.
 */
#include "guest/kernel/mm/region.h"

#include "guest/abi/process.h"
#include "guest/kernel/fs/vfs.h"
#include "guest/kernel/mm/kmalloc.h"

/* What may differ between neighbours that are joined. */
#define REGION_FLAGS_ANY REGION_COPIED

static struct region *entry(struct list *node)
{
	return LIST_ENTRY(node, struct region, link);
}

struct region *mm_find_from(struct mm *mm, u64 va)
{
	struct list *node = mm->regions.next;

	if (mm->last && mm->last->start <= va) {
		if (va < mm->last->end)
			return mm->last;
		node = mm->last->link.next;
	}
	for (; node != &mm->regions; node = node->next) {
		if (va < entry(node)->end) {
			mm->last = entry(node);
			return mm->last;
		}
	}
	return NULL;
}

struct region *mm_find(struct mm *mm, u64 va)
{
	struct region *region = mm_find_from(mm, va);

	return region && region->start <= va ? region : NULL;
}

struct region *mm_next(struct mm *mm, struct region *region)
{
	return region->link.next == &mm->regions ? NULL : entry(region->link.next);
}

static struct region *previous(struct mm *mm, struct region *region)
{
	return region->link.prev == &mm->regions ? NULL : entry(region->link.prev);
}

struct region *region_create(u64 start, u64 end, u32 prot, u32 flags, struct file *file, u64 offset)
{
	struct region *region = kmalloc(sizeof(*region));

	if (!region)
		return NULL;
	list_init(&region->link);
	region->start = start;
	region->end = end;
	region->prot = prot;
	region->flags = flags;
	region->file = file;
	region->offset = offset;
	if (file)
		file_get(file);
	return region;
}

struct region *region_copy(const struct region *region)
{
	struct region *copy =
		region_create(region->start, region->end, region->prot, region->flags, region->file, region->offset);

	if (copy)
		copy->pool = region->pool;
	return copy;
}

static void count(struct mm *mm, const struct region *region, i64 sign)
{
	i64 pages = (i64)region_pages(region) * sign;

	mm->region_count += sign;
	mm->total_pages += pages;
	if (region->flags & REGION_LOCKED)
		mm->locked_pages += pages;
	mm->peak_total = MAX(mm->peak_total, mm->total_pages);
}

void region_insert(struct mm *mm, struct region *region)
{
	bool is_last = list_is_empty(&mm->regions) || entry(mm->regions.prev)->end <= region->start;
	struct region *after = is_last ? NULL : mm_find_from(mm, region->start);

	BUG_ON(after && after->start < region->end);
	list_add_last(after ? &after->link : &mm->regions, &region->link);
	count(mm, region, 1);
}

void region_remove(struct mm *mm, struct region *region, struct list *dead)
{
	count(mm, region, -1);
	if (mm->last == region)
		mm->last = NULL;
	list_remove(&region->link);
	list_add_last(dead, &region->link);
}

void region_free_all(struct list *dead)
{
	LIST_FOR_EACH_SAFE(node, following, dead) {
		struct region *region = entry(node);

		list_remove(node);
		if (region->file)
			file_put(region->file);
		kfree(region);
	}
}

int region_split(struct mm *mm, u64 va)
{
	struct region *region = mm_find(mm, va);

	if (!region || region->start == va)
		return 0;
	if (mm->region_count >= MM_MAX_REGIONS)
		return -ENOMEM;
	struct region *upper = region_copy(region);
	if (!upper)
		return -ENOMEM;
	upper->start = va;
	if (upper->file)
		upper->offset += va - region->start;
	region->end = va;
	list_add_first(&region->link, &upper->link); /* behind it */
	mm->region_count++;
	return 0;
}

int region_split_range(struct mm *mm, u64 start, u64 end)
{
	int error = region_split(mm, start);

	return error ? error : region_split(mm, end);
}

static bool can_join(const struct region *low, const struct region *high)
{
	return low->end == high->start && low->prot == high->prot && low->file == high->file &&
	       low->pool == high->pool && !((low->flags ^ high->flags) & ~REGION_FLAGS_ANY) &&
	       (!low->file || low->offset + (low->end - low->start) == high->offset);
}

void region_merge(struct mm *mm, u64 start, u64 end, struct list *dead)
{
	struct region *region = mm_find_from(mm, start ? start - 1 : 0);

	while (region && region->start <= end) {
		struct region *next = mm_next(mm, region);

		if (!next || !can_join(region, next)) {
			region = next;
			continue;
		}
		u64 new_end = next->end;
		region->flags |= next->flags;
		region_remove(mm, next, dead);
		/* What region_remove uncounted is now part of this one. */
		mm->total_pages += region_pages(next);
		if (next->flags & REGION_LOCKED)
			mm->locked_pages += region_pages(next);
		region->end = new_end;
	}
}

bool region_is_free(struct mm *mm, u64 start, u64 end)
{
	struct region *region = mm_find_from(mm, start);

	if (!region)
		return true;
	u64 low = region->start;
	if (region->flags & REGION_GROWS_DOWN)
		low = low > STACK_GUARD_GAP ? low - STACK_GUARD_GAP : 0;
	return end <= low;
}

bool region_is_covered(struct mm *mm, u64 start, u64 end)
{
	for (struct region *region = mm_find(mm, start); region && region->start <= start;
	     region = mm_next(mm, region)) {
		if (end <= region->end)
			return true;
		start = region->end;
	}
	return false;
}

/* The highest gap of this size in [low, high), or 0. */
static u64 find_place_in(struct mm *mm, u64 size, u64 low, u64 high)
{
	u64 top = high;

	for (struct list *node = mm->regions.prev; node != &mm->regions; node = node->prev) {
		struct region *region = entry(node);

		if (region->end <= low)
			break;
		if (region->end < top && top - region->end >= size)
			return top - size;
		u64 start = region->start;
		if (region->flags & REGION_GROWS_DOWN)
			start = start > STACK_GUARD_GAP ? start - STACK_GUARD_GAP : 0;
		top = MIN(top, start);
	}
	return top > low && top - low >= size ? top - size : 0;
}

u64 region_find_place(struct mm *mm, u64 size)
{
	u64 va = find_place_in(mm, size, MMAP_LOWEST, mm->mmap_top);

	return va ? va : find_place_in(mm, size, mm->mmap_top, USER_TOP);
}

static bool is_data(u32 prot, u32 flags)
{
	return prot & PROT_WRITE && !(flags & (REGION_SHARED | REGION_GROWS_DOWN));
}

bool region_is_within_limits(struct mm *mm, u64 pages, u32 prot, u32 flags)
{
	if (mm->total_pages + pages > mm->limit_as >> PAGE_SHIFT)
		return false;
	if (mm->limit_data == RLIM_INFINITY || !is_data(prot, flags))
		return true;
	LIST_FOR_EACH(node, &mm->regions) {
		if (is_data(entry(node)->prot, entry(node)->flags))
			pages += region_pages(entry(node));
	}
	return pages <= mm->limit_data >> PAGE_SHIFT;
}

void region_grow_down(struct mm *mm, struct region *region, u64 start)
{
	struct region *below = previous(mm, region);

	BUG_ON(start >= region->start || (below && below->end > start));
	count(mm, region, -1);
	region->start = start;
	count(mm, region, 1);
}

const char *region_name(const struct mm *mm, const struct region *region, char *buffer, u64 size)
{
	if (region->file)
		return file_path(region->file, buffer, size);
	if (region->flags & REGION_VDSO)
		return "[vdso]";
	if (region->flags & REGION_STACK)
		return "[stack]";
	if (region->flags & REGION_HEAP && region->start < mm->brk && region->end > mm->brk_start)
		return "[heap]";
	return "";
}
