/*
 * madvise, mlock and populating: hints about pages, pages that must stay, and pages that come before they are touched.
 * madvise(2), mlock(2). Freed ranges (MADV_FREE) are dropped at once, as by MADV_DONTNEED.
 */
#include "guest/kernel/fs/vfs.h"
#include "guest/kernel/mm/pagecache.h"
#include "guest/kernel/mm/region.h"
#include "guest/kernel/mm/swap.h"
#include "guest/kernel/proc/sched.h"
#include "guest/kernel/proc/signal.h"

#define WILLNEED_PAGES 512 /* read ahead by one MADV_WILLNEED: 2 MiB */
#define BREATHE_PAGES 256  /* populated before other tasks have their turn */

/* --- populate --- */

/* One page with the lock held: what a program would touch there itself. */
static int populate_page(struct mm *mm, struct task *task, const struct region *region, u64 va)
{
	bool write = region->prot & PROT_WRITE && !(region->flags & REGION_SHARED);
	const u64 *pte = pgtable_find(&mm->table, va);

	if (pte && pte_is_valid(*pte) && (!write || *pte & PTE_W))
		return 0;
	enum access access = write ? ACCESS_WRITE : ACCESS_READ;
	if (!(region->prot & (PROT_READ | PROT_WRITE)))
		access = ACCESS_EXECUTE;
	enum fault_result result = fault_serve(mm, task, va, access, false);
	fault_count(task, result);
	if (result == FAULT_BUS)
		return -EFAULT;
	return result == FAULT_NOMEM || result == FAULT_MAPERR || result == FAULT_ACCERR ? -ENOMEM : 0;
}

int mm_populate(struct mm *mm, struct task *task, u64 start, u64 end)
{
	int error = 0;

	for (u64 va = start; va < end && !error; va += PAGE_SIZE) {
		mutex_lock(&mm->lock);
		struct region *region = mm_find(mm, va);
		error = region && region->prot ? populate_page(mm, task, region, va) : -ENOMEM;
		mutex_unlock(&mm->lock);
		if (task && signal_is_fatal(task))
			return -EINTR;
		if (va / PAGE_SIZE % BREATHE_PAGES == 0)
			sched_breathe();
	}
	return error;
}

/* --- mlock --- */

static void pin_pages(struct mm *mm, const struct region *region)
{
	u64 va = region->start;
	u64 *pte = NULL;

	while ((pte = pgtable_scan(&mm->table, pte, &va, region->end)) != NULL) {
		if (pte_is_counted(*pte))
			frame_update_pin(pte_frame(*pte));
		va += PAGE_SIZE;
		pte++;
	}
}

static void lock_region(struct mm *mm, struct region *region, bool lock)
{
	if (lock == !!(region->flags & REGION_LOCKED))
		return;
	region->flags ^= REGION_LOCKED;
	mm->locked_pages += lock ? region_pages(region) : -region_pages(region);
	pin_pages(mm, region);
}

int mm_lock_range(struct mm *mm, u64 start, u64 end, bool lock)
{
	struct list dead;

	list_init(&dead);
	mutex_lock(&mm->lock);
	int error = region_is_covered(mm, start, end) ? region_split_range(mm, start, end) : -ENOMEM;
	if (!error) {
		for (struct region *region = mm_find(mm, start); region && region->start < end;
		     region = mm_next(mm, region))
			lock_region(mm, region, lock);
		region_merge(mm, start, end, &dead);
	}
	mutex_unlock(&mm->lock);
	region_free_all(&dead);
	return error;
}

/* --- madvise --- */

/* Flags that an advice sets and clears; false: it is not one of those. */
static bool advice_flags(int advice, u32 *set, u32 *clear)
{
	*set = *clear = 0;
	switch (advice) {
	case MADV_NORMAL:
		*clear = REGION_RANDOM | REGION_SEQUENTIAL;
		return true;
	case MADV_RANDOM:
		*set = REGION_RANDOM;
		*clear = REGION_SEQUENTIAL;
		return true;
	case MADV_SEQUENTIAL:
		*set = REGION_SEQUENTIAL;
		*clear = REGION_RANDOM;
		return true;
	case MADV_DONTFORK:
		*set = REGION_DONTFORK;
		return true;
	case MADV_DOFORK:
		*clear = REGION_DONTFORK;
		return true;
	case MADV_WIPEONFORK:
		*set = REGION_WIPEONFORK;
		return true;
	case MADV_KEEPONFORK:
		*clear = REGION_WIPEONFORK;
		return true;
	default:
		return false;
	}
}

/* Not used soon: the policy takes the pages for unused. */
static void cool_pages(struct mm *mm, const struct region *region)
{
	u64 va = region->start;
	u64 *pte = NULL;

	while ((pte = pgtable_scan(&mm->table, pte, &va, region->end)) != NULL) {
		if (pte_is_counted(*pte))
			(void)pgtable_clear_bits(&mm->table, pte, va, PTE_A);
		va += PAGE_SIZE;
		pte++;
	}
}

/* Reads pages of a file into the page cache, or of swap into the swap cache, without mapping them. Errors are the later
 * fault's. May sleep. */
static void will_need(struct mm *mm, const struct region *region, u64 start, u64 end)
{
	u64 stop = MIN(end, start + WILLNEED_PAGES * PAGE_SIZE);
	struct frame *frame;
	bool was_read;

	for (u64 va = start; va < stop; va += PAGE_SIZE) {
		const u64 *pte = pgtable_find(&mm->table, va);
		int error = -ENOENT;

		if (pte && pte_is_swap(*pte)) {
			error = swap_read(pte_slot(*pte), !region->pool, &frame, &was_read);
		} else if (region->file && !(pte && *pte)) {
			struct inode *inode = region->file->inode;
			u64 index = region_index(region, va);

			if (index >= ROUND_UP(inode->size, PAGE_SIZE) >> PAGE_SHIFT)
				return;
			error = pagecache_get(&inode->mapping, index, PAGECACHE_AHEAD, &frame, &was_read);
		}
		if (!error)
			frame_put(frame);
	}
}

/* An advice that does something to one region, of which it may be a part: [start, end). */
static int advise_pages(struct mm *mm, struct region *region, u64 start, u64 end, int advice)
{
	switch (advice) {
	case MADV_FREE:
		if (region->file)
			return -EINVAL;
		/* fallthrough */
	case MADV_DONTNEED:
		if (region->flags & REGION_LOCKED)
			return -EINVAL;
		/* fallthrough */
	case MADV_DONTNEED_LOCKED:
		mm_zap(mm, start, end);
		pgtable_trim(&mm->table, start, end);
		return 0;
	case MADV_WILLNEED:
		will_need(mm, region, start, end);
		return 0;
	case MADV_COLD:
	case MADV_PAGEOUT:
		cool_pages(mm, region);
		return 0;
	default: /* huge pages, merging, core dumps: nothing to do */
		return 0;
	}
}

static bool is_known(int advice)
{
	switch (advice) {
	case MADV_WILLNEED:
	case MADV_DONTNEED:
	case MADV_FREE:
	case MADV_MERGEABLE:
	case MADV_UNMERGEABLE:
	case MADV_HUGEPAGE:
	case MADV_NOHUGEPAGE:
	case MADV_DONTDUMP:
	case MADV_DODUMP:
	case MADV_COLD:
	case MADV_PAGEOUT:
	case MADV_DONTNEED_LOCKED:
		return true;
	default:
		return false;
	}
}

static int advise_locked(struct mm *mm, u64 start, u64 end, int advice)
{
	u32 set, clear;
	bool is_flag = advice_flags(advice, &set, &clear);
	int error = 0, hole = 0;

	if (is_flag)
		error = region_split_range(mm, start, end);
	u64 at = start;
	for (struct region *region = mm_find_from(mm, start); region && region->start < end && !error;
	     region = mm_next(mm, region)) {
		if (region->start > at)
			hole = -ENOMEM;
		if (advice == MADV_WIPEONFORK && (region->file || (region->flags & REGION_SHARED)))
			error = -EINVAL;
		else if (is_flag)
			region->flags = (region->flags & ~clear) | set;
		else
			error = advise_pages(mm, region, MAX(start, region->start), MIN(end, region->end), advice);
		at = region->end;
	}
	return error ? error : at < end ? -ENOMEM : hole;
}

int mm_advise(struct mm *mm, struct task *task, u64 start, u64 end, int advice)
{
	u32 set, clear;
	struct list dead;

	if (advice == MADV_POPULATE_READ || advice == MADV_POPULATE_WRITE)
		return mm_populate(mm, task, start, end);
	if (!advice_flags(advice, &set, &clear) && !is_known(advice))
		return -EINVAL;
	list_init(&dead);
	mutex_lock(&mm->lock);
	int error = advise_locked(mm, start, end, advice);
	region_merge(mm, start, end, &dead);
	mutex_unlock(&mm->lock);
	region_free_all(&dead);
	return error;
}
