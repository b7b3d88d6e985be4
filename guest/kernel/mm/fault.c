/* clang-format off */
/*
 * The page fault. A program (or a user copy in the kernel) touched an address whose entry in the page table does
 * not allow it; here it is decided what that means. The decision table:
 *
 * region | allowed | entry            | access       | what happens                                  | function
 * -------+---------+------------------+--------------+-----------------------------------------------+-----------------
 * none   |         |                  |              | SIGSEGV, SEGV_MAPERR (a stack may grow first) | find_region
 * yes    | no      |                  |              | SIGSEGV, SEGV_ACCERR                          | is_permitted
 *        | yes     | there, allows it |              | A and D bits; or the TLB was behind           | touch
 *        |         | there, without W | write        | private: a copy, or W if nobody else has it;  | write_to_present
 *        |         |                  |              | shared: the file system is told, then W       |
 *        |         | swapped          |              | read in from swap                             | swapped
 *        |         | none, anonymous  | read         | the page of zeros, read-only                  | anonymous
 *        |         |                  | write        | a new frame of zeros                          | anonymous
 *        |         | none, of a file  | read         | the page cache's frame, read-only; cached     | file_page
 *        |         |                  |              | neighbours with it (fault around)             | map_around
 *        |         |                  | write        | private: a copy; shared: the frame, with W    | file_page
 *        |         |                  | past the end | SIGBUS                                        | file_page
 *        |         | none, a device's |              | the page of its memory (/dev/fb0)             | device_page
 *
 * mm->lock is held, so regions stay as they are. But allocating and reading sleep, and in the meantime reclaim,
 * write-back or a truncation may change the entry or take the frame out of its file. So each step that slept looks
 * again (is_same), and begins anew (FAULT_AGAIN) where something changed.
 *
 * Counted as faults are those that map a page or change what it may be used for, as Linux counts them. A and D
 * bits that a hart does not set itself (Svade) and spurious faults are not, so that the numbers do not depend on
 * the machine. Privileged manual 4.3.2, 4.4.1.
 */
/* clang-format on */
#include "guest/kernel/core/hint.h"
#include "guest/kernel/fs/vfs.h"
#include "guest/kernel/mm/pagecache.h"
#include "guest/kernel/mm/policy.h"
#include "guest/kernel/mm/reclaim.h"
#include "guest/kernel/mm/region.h"
#include "guest/kernel/mm/rmap.h"
#include "guest/kernel/mm/swap.h"
#include "guest/kernel/proc/task.h"

/* Results that stay inside: begin anew; and done, but nothing that counts as a fault. */
#define FAULT_AGAIN ((enum fault_result)100)
#define FAULT_QUIET ((enum fault_result)101)

u32 fault_around = FAULT_AROUND;

struct fault {
	struct mm *mm;
	struct region *region;
	u64 va; /* of the page */
	enum access access;
	u32 owner;         /* pid of the process, for new frames */
	bool major;        /* a disk was read */
	bool has_grown;    /* the stack had to grow for it */
	enum hint_how how; /* for who watches the machine */
	u64 *pte;
	u64 seen; /* the entry as it was decided on */
};

/* Whether the entry is still what it was, but for bits that the hart sets. */
static bool is_same(const struct fault *fault)
{
	return !((*fault->pte ^ fault->seen) & ~(u64)(PTE_A | PTE_D));
}

static bool is_shared(const struct fault *fault)
{
	return fault->region->flags & REGION_SHARED;
}

/* --- frames for private pages --- */

/* A region with a pool of its own gives up a page of it before it gets another. */
static void make_room(const struct region *region)
{
	struct pool *pool = region->pool;

	if (pool && pool->limit && pool->count >= pool->limit)
		(void)reclaim_pool(pool); /* where all are pinned the pool grows */
}

static struct frame *new_frame(struct fault *fault, unsigned flags)
{
	if (fault->mm->oom_killed)
		return NULL;
	make_room(fault->region);
	return frame_alloc(FRAME_ANON, flags);
}

/* A frame comes under the region's policy when its first PTE does. */
static void enter_pool(const struct fault *fault, struct frame *frame)
{
	struct pool *pool = fault->region->pool;

	pool_add(pool ? pool : &global_pool, frame);
	if (pool)
		pool->faults++;
}

/* Puts the frame into the entry, which gets the caller's reference (also where this fails). May sleep. */
static enum fault_result install(struct fault *fault, struct frame *frame, bool writable, bool dirty)
{
	struct mm *mm = fault->mm;
	u32 prot = fault->region->prot;

	if (!rmap_add(frame, fault->pte)) {
		frame_put(frame);
		return FAULT_NOMEM;
	}
	/* While it slept the file may also have been made shorter, or write-back seen that nobody maps the page. */
	if (!is_same(fault) || (frame->kind == FRAME_FILE && !frame->mapping)) {
		rmap_remove(frame, fault->pte);
		frame_put(frame);
		return FAULT_AGAIN;
	}
	if (writable && frame->kind == FRAME_FILE && frame->mapping->ops->make_writable)
		pagecache_mark_writable(frame);
	if (pte_is_present(fault->seen))
		pgtable_change(&mm->table, fault->pte, fault->va, pte_make(frame, prot, writable, dirty));
	else
		pgtable_set(&mm->table, fault->pte, fault->va, pte_make(frame, prot, writable, dirty));
	mm_count_frame(mm, frame, 1);
	if (fault->region->flags & REGION_LOCKED)
		frame->flags |= FRAME_PINNED;
	if (frame->kind == FRAME_ANON) {
		fault->region->flags |= REGION_COPIED;
		if (frame->maps == 1)
			enter_pool(fault, frame);
	}
	if (!frame->owner)
		frame->owner = fault->owner;
	return FAULT_MINOR;
}

/* --- the rows of the table --- */

/* The entry allows the access. Either the hart leaves A and D to us, or it still remembered an older entry. */
static enum fault_result touch(struct fault *fault)
{
	u64 wanted = fault->seen | PTE_A | (fault->access == ACCESS_WRITE ? PTE_D : 0);

	if (!pte_is_valid(fault->seen)) /* PROT_NONE, looked at from outside */
		return FAULT_QUIET;
	if (wanted != fault->seen)
		pgtable_change(&fault->mm->table, fault->pte, fault->va, wanted);
	else
		pgtable_fence_local(&fault->mm->table, fault->va);
	return FAULT_QUIET;
}

/* A private copy of `from` takes the entry's place; mapping: the file `from` must still belong to, or NULL. The caller
 * keeps `from` alive. */
static enum fault_result copy_frame(struct fault *fault, struct frame *from, const struct mapping *mapping)
{
	struct frame *copy = new_frame(fault, 0);

	if (!copy)
		return FAULT_NOMEM;
	if (from->mapping != mapping && mapping) { /* truncated while we slept */
		frame_put(copy);
		return FAULT_AGAIN;
	}
	page_copy(frame_data(copy), frame_data(from));
	vm_counts.cow_copies++;
	fault->how = HINT_HOW_COPY;
	return install(fault, copy, true, true);
}

static enum fault_result anonymous(struct fault *fault)
{
	bool is_trampoline = fault->region->flags & REGION_VDSO;

	if (fault->access != ACCESS_WRITE) { /* a page of the kernel's does */
		struct frame *lent = is_trampoline ? vdso_frame : zero_frame;

		pgtable_set(&fault->mm->table, fault->pte, fault->va,
		            pte_make(lent, fault->region->prot, false, false));
		fault->region->flags |= REGION_COPIED;
		fault->how = HINT_HOW_ZERO;
		vm_counts.zero_page_maps += !is_trampoline;
		return FAULT_MINOR;
	}
	if (is_trampoline) /* a debugger's breakpoint */
		return copy_frame(fault, vdso_frame, NULL);
	struct frame *frame = new_frame(fault, ALLOC_ZERO);
	fault->how = HINT_HOW_ZERO;
	return frame ? install(fault, frame, true, true) : FAULT_NOMEM;
}

static enum fault_result copy_on_write(struct fault *fault, struct frame *frame)
{
	enum fault_result result;

	if (frame->kind == FRAME_KERNEL) /* only lent */
		return anonymous(fault);
	if (frame_is_exclusive(frame)) {
		pgtable_change(&fault->mm->table, fault->pte, fault->va,
		               pte_make(frame, fault->region->prot, true, true));
		vm_counts.cow_reuses++;
		return FAULT_MINOR;
	}
	frame_get(frame);
	result = copy_frame(fault, frame, NULL);
	if (result == FAULT_MINOR) {
		rmap_remove(frame, fault->pte);
		frame_unmapped(fault->mm, frame, fault->seen);
		frame_put(frame); /* the entry's */
	}
	frame_put(frame);
	return result;
}

/* The file system is told that a page of a shared mapping will be written: it allots the block now, and may refuse. May
 * sleep. */
static enum fault_result make_writable(struct fault *fault, struct mapping *mapping, struct frame *frame)
{
	struct inode *inode = mapping->inode;
	int error = mapping->ops->make_writable ? mapping->ops->make_writable(mapping, frame) : 0;

	if (error)
		return error == -ENOMEM ? FAULT_NOMEM : FAULT_BUS;
	if (frame->mapping != mapping || !is_same(fault))
		return FAULT_AGAIN;
	pagecache_mark_dirty(frame);
	if (inode && mapping->ops->make_writable && inode->ops && inode->ops->write_inode) {
		inode->mtime = inode->ctime = time_stamp();
		inode_mark_dirty(inode);
	}
	return FAULT_MINOR;
}

static enum fault_result write_to_present(struct fault *fault)
{
	struct frame *frame = pte_frame(fault->seen);

	if (!is_shared(fault))
		return copy_on_write(fault, frame);
	frame_get(frame);
	enum fault_result result = make_writable(fault, &fault->region->file->inode->mapping, frame);
	if (result == FAULT_MINOR)
		pgtable_change(&fault->mm->table, fault->pte, fault->va,
		               pte_make(frame, fault->region->prot, true, true));
	frame_put(frame);
	return result;
}

/* W at once where the page is nobody else's; else a write comes here again and finds it present. */
static enum fault_result swapped(struct fault *fault)
{
	u64 slot = pte_slot(fault->seen);
	struct frame *frame = NULL;
	bool was_read = false;

	if (fault->mm->oom_killed)
		return FAULT_NOMEM;
	make_room(fault->region);
	int error = swap_read(slot, !fault->region->pool, &frame, &was_read);
	fault->major |= was_read;
	if (was_read)
		fault->how = HINT_HOW_SWAP;
	if (error)
		return error == -ENOMEM ? FAULT_NOMEM : FAULT_BUS;
	if (!is_same(fault) || !(frame->flags & FRAME_SWAPCACHE) || frame->index != slot) {
		frame_put(frame);
		return FAULT_AGAIN;
	}
	/* Holders: the swap cache and we; of the slot: the swap cache and this entry. */
	bool writable = !frame->maps && frame->refs == 2 && swap_count(slot) == 2;
	enum fault_result result = install(fault, frame, writable, writable && fault->access == ACCESS_WRITE);
	if (result != FAULT_MINOR)
		return result;
	fault->mm->swap_pages--;
	swap_put(slot);
	if (fault->access == ACCESS_WRITE && !writable) {
		fault->seen = *fault->pte;
		return copy_on_write(fault, frame);
	}
	return FAULT_MINOR;
}

/* --- pages of files --- */

static struct mapping *file_mapping(const struct fault *fault)
{
	return &fault->region->file->inode->mapping;
}

static bool is_past_end(const struct mapping *mapping, u64 index)
{
	return index >= ROUND_UP(mapping->inode->size, PAGE_SIZE) >> PAGE_SHIFT;
}

/* A file system that need not be told of writes (shared memory) gives W with the first access. */
static bool is_writable_at_once(const struct fault *fault, const struct mapping *mapping)
{
	return is_shared(fault) && !mapping->ops->make_writable;
}

/* Maps what is cached in the aligned window of fault_around pages that the fault is in, within its region and page
 * table. Does not sleep. */
static void map_around(struct fault *fault, struct mapping *mapping)
{
	const struct region *region = fault->region;
	u64 window = fault_around * PAGE_SIZE;
	u64 va = MAX(ROUND_DOWN(fault->va, window), region->start);
	u64 end = MIN(MIN(va + window, region->end), ROUND_DOWN(fault->va, 512 * PAGE_SIZE) + 512 * PAGE_SIZE);
	u64 index = region_index(region, va);
	u64 *pte = fault->pte - ((fault->va - va) >> PAGE_SHIFT);
	bool writable = is_writable_at_once(fault, mapping);
	bool fenced = false;

	for (; va < end && !is_past_end(mapping, index); va += PAGE_SIZE, pte++, index++) {
		struct frame *frame = *pte ? NULL : pagecache_find(mapping, index);

		if (!frame)
			continue;
		if ((frame->flags & (FRAME_UPTODATE | FRAME_BUSY | FRAME_ERROR)) != FRAME_UPTODATE ||
		    !rmap_add_nowait(frame, pte)) {
			frame_put(frame);
			continue;
		}
		/* One fence.i does for all. */
		if (fenced)
			frame->flags |= FRAME_CODE_CLEAN;
		fenced |= region->prot & PROT_EXEC && !(frame->flags & FRAME_CODE_CLEAN);
		/* A only on the page that was asked for: the others have not been used. */
		u64 entry = pte_make(frame, region->prot, writable, false);
		pgtable_set(&fault->mm->table, pte, va, va == fault->va ? entry : entry & ~(u64)PTE_A);
		mm_count_frame(fault->mm, frame, 1);
		if (region->flags & REGION_LOCKED)
			frame->flags |= FRAME_PINNED;
		if (!frame->owner)
			frame->owner = fault->owner;
	}
}

/* The frame is there, with its data; the caller holds it. May sleep. */
static enum fault_result map_file_frame(struct fault *fault, struct mapping *mapping, struct frame *frame)
{
	bool write = fault->access == ACCESS_WRITE;
	enum fault_result result;

	if (write && !is_shared(fault))
		return copy_frame(fault, frame, mapping);
	if (write) {
		result = make_writable(fault, mapping, frame);
		if (result != FAULT_MINOR)
			return result;
	}
	frame_get(frame); /* the entry's */
	return install(fault, frame, write || is_writable_at_once(fault, mapping), write);
}

static unsigned pages_ahead(const struct region *region)
{
	return region->flags & REGION_RANDOM ? 0 : PAGECACHE_AHEAD;
}

static enum fault_result file_page(struct fault *fault)
{
	struct mapping *mapping = file_mapping(fault);
	u64 index = region_index(fault->region, fault->va);
	struct frame *frame = NULL;
	bool was_read = false;

	if (is_past_end(mapping, index))
		return FAULT_BUS;
	if (fault->access != ACCESS_WRITE) {
		map_around(fault, mapping);
		if (pte_is_present(*fault->pte))
			return FAULT_MINOR;
	}
	if (fault->mm->oom_killed)
		return FAULT_NOMEM;
	int error = pagecache_get(mapping, index, pages_ahead(fault->region), &frame, &was_read);
	fault->major |= was_read;
	if (was_read)
		fault->how = HINT_HOW_FILE;
	if (error)
		return error == -ENOMEM ? FAULT_NOMEM : FAULT_BUS;
	enum fault_result result = FAULT_AGAIN;
	if (frame->mapping == mapping && frame->index == index && !is_past_end(mapping, index) && is_same(fault))
		result = map_file_frame(fault, mapping, frame);
	frame_put(frame);
	return result;
}

/* Memory of a device: no frame of RAM, so nothing to count or to reclaim. */
static enum fault_result device_page(struct fault *fault)
{
	struct region *region = fault->region;
	u64 pa = region->file->ops->device_page(region->file, region_index(region, fault->va) << PAGE_SHIFT);

	if (!pa)
		return FAULT_BUS;
	pgtable_set(&fault->mm->table, fault->pte, fault->va, pte_make_device(pa, region->prot));
	return FAULT_MINOR;
}

/* --- the decision --- */

/* Whether the stack may reach down to va: its limit, the address space's, and the guard gap above what lies below. */
static bool may_grow_down(struct mm *mm, struct region *region, u64 va)
{
	struct list *node = region->link.prev;
	u64 pages = (region->start - va) >> PAGE_SHIFT;

	if (va < MMAP_LOWEST || region->end - va > mm->limit_stack ||
	    mm->total_pages + pages > mm->limit_as >> PAGE_SHIFT)
		return false;
	if (node == &mm->regions)
		return true;
	const struct region *below = LIST_ENTRY(node, struct region, link);
	if (below->flags & REGION_GROWS_DOWN || !below->prot)
		return va >= below->end;
	return va >= below->end && va - below->end >= STACK_GUARD_GAP;
}

static struct region *find_region(struct fault *fault)
{
	struct region *region = mm_find_from(fault->mm, fault->va);

	if (!region || region->start <= fault->va)
		return region;
	if (!(region->flags & REGION_GROWS_DOWN) || !may_grow_down(fault->mm, region, fault->va))
		return NULL;
	region_grow_down(fault->mm, region, fault->va);
	fault->has_grown = true;
	return region;
}

/* Writable means readable, as the architecture has it. */
static bool is_permitted(const struct region *region, enum access access)
{
	switch (access) {
	case ACCESS_READ:
		return region->prot & (PROT_READ | PROT_WRITE);
	case ACCESS_WRITE:
		return region->prot & PROT_WRITE;
	case ACCESS_EXECUTE:
		return region->prot & PROT_EXEC;
	}
	return false;
}

/* From outside (a debugger) permissions do not count, but only private pages may be written against them. */
static bool is_forcible(const struct region *region, enum access access)
{
	return access == ACCESS_READ || !(region->flags & REGION_SHARED);
}

static enum fault_result decide(struct fault *fault)
{
	fault->seen = *fault->pte;
	if (pte_is_present(fault->seen))
		return fault->access == ACCESS_WRITE && !(fault->seen & PTE_W) ? write_to_present(fault) : touch(fault);
	if (pte_is_swap(fault->seen))
		return swapped(fault);
	if (fault->region->flags & REGION_DEVICE)
		return device_page(fault);
	return fault->region->file ? file_page(fault) : anonymous(fault);
}

static enum fault_result serve(struct fault *fault, bool force)
{
	enum fault_result result;

	if (fault->va >= USER_TOP)
		return FAULT_MAPERR;
	fault->region = find_region(fault);
	if (!fault->region)
		return FAULT_MAPERR;
	if (!is_permitted(fault->region, fault->access) && !(force && is_forcible(fault->region, fault->access)))
		return FAULT_ACCERR;
	fault->pte = pgtable_make(&fault->mm->table, fault->va);
	if (!fault->pte)
		return FAULT_NOMEM;
	do {
		result = decide(fault);
	} while (result == FAULT_AGAIN);
	return result == FAULT_MINOR && fault->major ? FAULT_MAJOR : result;
}

enum fault_result fault_serve(struct mm *mm, struct task *task, u64 va, enum access access, bool force)
{
	struct fault fault = { .mm = mm, .va = ROUND_DOWN(va, PAGE_SIZE), .access = access, .how = HINT_HOW_MINOR };

	fault.owner = task ? (u32)task->process->pid : 0;
	enum fault_result result = serve(&fault, force);
	if (!task) /* looked at from outside: no fault of a program's */
		return result;
	if (result == FAULT_MINOR || result == FAULT_MAJOR)
		hint_fault(mm->table.space, va, fault.has_grown ? HINT_HOW_STACK : fault.how);
	else if (result != FAULT_QUIET)
		hint_fault(mm->table.space, va, HINT_HOW_SIGNAL);
	return result;
}

void fault_count(struct task *task, enum fault_result result)
{
	if (result != FAULT_MINOR && result != FAULT_MAJOR)
		return;
	vm_counts.pgfault++;
	if (result == FAULT_MAJOR)
		vm_counts.pgmajfault++;
	if (!task)
		return;
	if (result == FAULT_MAJOR)
		task->maj_flt++;
	else
		task->min_flt++;
}

enum fault_result mm_fault(struct mm *mm, struct task *task, u64 va, enum access access)
{
	mutex_lock(&mm->lock);
	enum fault_result result = fault_serve(mm, task, va, access, false);
	mutex_unlock(&mm->lock);
	fault_count(task, result);
	return result == FAULT_QUIET ? FAULT_MINOR : result;
}
