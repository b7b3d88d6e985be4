/*
 * Address spaces: their beginning and end, mmap, munmap, mprotect and brk. All of this writes down what may be at an
 * address; what is there comes by page faults (fault.c). mmap(2), mprotect(2), brk(2).
 *
 * Memory is promised without asking whether it is there (Linux's vm.overcommit_memory=1): a program may reserve 64 GiB
 * and touch little of it.
 */
#include "guest/kernel/mm/mm.h"

#include "guest/abi/process.h"
#include "guest/kernel/fs/vfs.h"
#include "guest/kernel/mm/kmalloc.h"
#include "guest/kernel/mm/policy.h"
#include "guest/kernel/mm/region.h"

#define STACK_LIMIT_DEFAULT (8ul << 20)

struct mm *mm_create(void)
{
	struct mm *mm = kmalloc(sizeof(*mm));

	if (!mm)
		return NULL;
	if (!pgtable_create(&mm->table, mm)) {
		kfree(mm);
		return NULL;
	}
	mm->refs = 1;
	mutex_init(&mm->lock);
	list_init(&mm->regions);
	list_init(&mm->pools);
	mm->mmap_top = USER_TOP - PAGE_SIZE;
	mm->limit_as = mm->limit_data = RLIM_INFINITY;
	mm->limit_stack = STACK_LIMIT_DEFAULT;
	mm->dumpable = true;
	return mm;
}

void mm_get(struct mm *mm)
{
	mm->refs++;
}

void mm_put(struct mm *mm)
{
	struct list dead;

	BUG_ON(!mm->refs);
	if (--mm->refs)
		return;
	list_init(&dead);
	mm_zap(mm, 0, USER_TOP);
	while (!list_is_empty(&mm->regions))
		region_remove(mm, LIST_ENTRY(mm->regions.next, struct region, link), &dead);
	if (!list_is_empty(&mm->pools))
		(void)mm_pool_clear(mm);
	BUG_ON(mm->anon_pages || mm->file_pages || mm->shmem_pages || mm->swap_pages || mm->total_pages ||
	       mm->locked_pages);
	pgtable_destroy(&mm->table);
	region_free_all(&dead);
	if (mm->exe)
		file_put(mm->exe);
	kfree(mm);
}

/* --- mmap --- */

/* Where a new region of this size goes, or a negative errno. */
static i64 choose_place(struct mm *mm, u64 address, u64 size, u32 map_flags)
{
	if (size > USER_TOP - MMAP_LOWEST)
		return -ENOMEM;
	if (map_flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) {
		if (address & PAGE_MASK)
			return -EINVAL;
		if (address > USER_TOP - size)
			return -ENOMEM;
		if (address < MMAP_LOWEST)
			return -EPERM;
		if (map_flags & MAP_FIXED_NOREPLACE) {
			struct region *there = mm_find_from(mm, address);
			return there && there->start < address + size ? -EEXIST : (i64)address;
		}
		return (i64)address;
	}
	u64 hint = ROUND_DOWN(address, PAGE_SIZE);
	if (hint >= MMAP_LOWEST && hint <= USER_TOP - size && region_is_free(mm, hint, hint + size))
		return (i64)hint;
	u64 va = region_find_place(mm, size);
	return va ? (i64)va : -ENOMEM;
}

/* Pages of [start, end) that regions cover now. */
static u64 covered_pages(struct mm *mm, u64 start, u64 end)
{
	u64 pages = 0;

	for (struct region *region = mm_find_from(mm, start); region && region->start < end;
	     region = mm_next(mm, region))
		pages += (MIN(end, region->end) - MAX(start, region->start)) >> PAGE_SHIFT;
	return pages;
}

/* Gives the region its place. The va, or a negative errno. */
static i64 place_region(struct mm *mm, struct region *region, u64 address, u64 size, u32 map_flags, struct list *dead)
{
	i64 va = choose_place(mm, address, size, map_flags);

	if (va < 0)
		return va;
	u64 start = (u64)va, end = start + size;
	u64 covered = map_flags & MAP_FIXED ? covered_pages(mm, start, end) : 0;
	u64 pages = size >> PAGE_SHIFT;
	if (!region_is_within_limits(mm, pages > covered ? pages - covered : 0, region->prot, region->flags))
		return -ENOMEM;
	if (mm->region_count + 2 > MM_MAX_REGIONS)
		return -ENOMEM;
	int error = mm_unmap_locked(mm, start, end, dead);
	if (error)
		return error;
	region->start = start;
	region->end = end;
	if (mm->lock_future)
		region->flags |= REGION_LOCKED;
	region_insert(mm, region);
	region_merge(mm, start, end, dead);
	return va;
}

i64 mm_map(struct mm *mm, u64 address, u64 size, u32 prot, u32 flags, u32 map_flags, struct file *file, u64 offset)
{
	struct list dead;

	if (!size || (offset & PAGE_MASK))
		return -EINVAL;
	if (size > USER_TOP)
		return -ENOMEM;
	size = ROUND_UP(size, PAGE_SIZE);
	if (offset + size < offset)
		return -EOVERFLOW;
	struct region *region = region_create(0, size, prot, flags, file, offset);
	if (!region)
		return -ENOMEM;
	list_init(&dead);
	int error = 0;
	if (file)
		error = file->ops && file->ops->mmap ? file->ops->mmap(file, region) : -ENODEV;
	i64 va = error;
	if (!error) {
		mutex_lock(&mm->lock);
		va = place_region(mm, region, address, size, map_flags, &dead);
		mutex_unlock(&mm->lock);
	}
	if (va < 0)
		list_add_last(&dead, &region->link);
	region_free_all(&dead);
	return va;
}

int mm_unmap(struct mm *mm, u64 start, u64 size)
{
	struct list dead;

	if ((start & PAGE_MASK) || !size || start > USER_TOP || size > USER_TOP - start)
		return -EINVAL;
	list_init(&dead);
	mutex_lock(&mm->lock);
	int error = mm_unmap_locked(mm, start, start + ROUND_UP(size, PAGE_SIZE), &dead);
	mutex_unlock(&mm->lock);
	region_free_all(&dead);
	return error;
}

/* --- mprotect --- */

/* What becomes of a present entry under the region's new permissions. W is given back at once only to a page that needs
 * no copy. */
static u64 protected_entry(const struct region *region, u64 old)
{
	struct frame *frame = pte_frame(old);

	if (!frame)
		return pte_make_device(pte_pa(old), region->prot);
	bool writable = old & PTE_W || (!(region->flags & REGION_SHARED) && frame_is_exclusive(frame));

	return (pte_make(frame, region->prot, writable, old & PTE_D) & ~(u64)PTE_A) | (old & PTE_A);
}

static void protect_pages(struct mm *mm, struct region *region)
{
	struct unmap_batch batch;
	u64 va = region->start;
	u64 *pte;

	unmap_batch_begin(&batch, &mm->table);
	for (pte = pgtable_scan(&mm->table, NULL, &va, region->end); pte;
	     pte = pgtable_scan(&mm->table, pte + 1, &va, region->end)) {
		if (pte_is_present(*pte))
			unmap_batch_protect(&batch, pte, va, protected_entry(region, *pte));
		va += PAGE_SIZE;
	}
	unmap_batch_end(&batch);
}

static int protect_region(struct mm *mm, struct region *region, u32 prot)
{
	bool was_code = region->prot & PROT_EXEC;

	if (region->prot == prot)
		return 0;
	if (prot & PROT_WRITE && (region->flags & REGION_SHARED) && !(region->flags & REGION_MAY_WRITE))
		return -EACCES;
	if (prot & PROT_EXEC && region->flags & REGION_DEVICE)
		return -EACCES;
	if (prot & PROT_WRITE && !(region->prot & PROT_WRITE) && mm->limit_data != RLIM_INFINITY &&
	    !region_is_within_limits(mm, 0, prot, region->flags))
		return -ENOMEM;
	region->prot = prot;
	protect_pages(mm, region);
	if (prot & PROT_EXEC && !was_code)
		pgtable_fence_code(&mm->table);
	return 0;
}

int mm_protect(struct mm *mm, u64 start, u64 size, u32 prot)
{
	struct list dead;

	if (start & PAGE_MASK)
		return -EINVAL;
	if (!size)
		return 0;
	if (start >= USER_TOP || size > USER_TOP - start)
		return -ENOMEM;
	u64 end = start + ROUND_UP(size, PAGE_SIZE);
	list_init(&dead);
	mutex_lock(&mm->lock);
	int error = region_split_range(mm, start, end);
	u64 at = start;
	/* Region by region; what comes before a hole is done, as in Linux. */
	for (struct region *region = mm_find(mm, start); !error && at < end; region = mm_next(mm, region)) {
		if (!region || region->start > at) {
			error = -ENOMEM;
			break;
		}
		error = protect_region(mm, region, prot);
		at = region->end;
	}
	region_merge(mm, start, end, &dead);
	mutex_unlock(&mm->lock);
	region_free_all(&dead);
	return error;
}

/* --- brk --- */

static bool brk_may_grow(struct mm *mm, u64 old_end, u64 new_end, u64 brk)
{
	if (mm->limit_data != RLIM_INFINITY && brk - mm->brk_start + (mm->data_end - mm->data_start) > mm->limit_data)
		return false;
	return region_is_free(mm, old_end, new_end) && mm->region_count < MM_MAX_REGIONS &&
	       region_is_within_limits(mm, (new_end - old_end) >> PAGE_SHIFT, PROT_READ | PROT_WRITE, REGION_HEAP);
}

/* Lock held. Whether the break is at `brk` now. */
static bool move_brk(struct mm *mm, u64 brk, struct region *heap, struct list *dead)
{
	u64 old_end = ROUND_UP(mm->brk, PAGE_SIZE), new_end = ROUND_UP(brk, PAGE_SIZE);

	if (new_end < old_end) {
		if (mm_unmap_locked(mm, new_end, old_end, dead))
			return false;
	} else if (new_end > old_end) {
		if (!brk_may_grow(mm, old_end, new_end, brk))
			return false;
		heap->start = old_end;
		heap->end = new_end;
		heap->flags |= mm->lock_future ? REGION_LOCKED : 0;
		region_insert(mm, heap);
		region_merge(mm, old_end, new_end, dead);
	}
	mm->brk = brk;
	return true;
}

u64 mm_set_brk(struct mm *mm, u64 brk)
{
	struct list dead;

	if (brk < mm->brk_start || brk >= USER_TOP)
		return mm->brk;
	/* For the case that it grows; allocated first, since nothing may change in between. */
	struct region *heap = region_create(0, 0, PROT_READ | PROT_WRITE, REGION_HEAP | REGION_MAY_WRITE, NULL, 0);
	if (!heap)
		return mm->brk;
	list_init(&dead);
	mutex_lock(&mm->lock);
	(void)move_brk(mm, brk, heap, &dead);
	u64 result = mm->brk;
	if (list_is_empty(&heap->link)) /* it was not needed */
		list_add_last(&dead, &heap->link);
	mutex_unlock(&mm->lock);
	region_free_all(&dead);
	return result;
}
