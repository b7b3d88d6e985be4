/*
 * What the files of an address space share among themselves: the list of regions (region.c), taking pages away (zap.c),
 * and the fault with the lock already held (fault.c). Everybody else uses mm.h.
 *
 * All with mm->lock held.
 */
#ifndef GUEST_KERNEL_MM_REGION_H
#define GUEST_KERNEL_MM_REGION_H

#include "guest/kernel/mm/mm.h"

/* --- region.c --- */
/* A region with a reference of its own to the file, in no list yet; NULL: no memory. May sleep. */
struct region *region_create(u64 start, u64 end, u32 prot, u32 flags, struct file *file, u64 offset) must_check;
/* A copy with its own reference to the file, in no list yet; NULL: no memory. May sleep. */
struct region *region_copy(const struct region *region) must_check;
/* Puts it into the list, whose place for it is free, and counts it. */
void region_insert(struct mm *mm, struct region *region);
/* Takes it out of the list, uncounts it and adds it to `dead`: its file may only be dropped without the lock. */
void region_remove(struct mm *mm, struct region *region, struct list *dead);
/* Frees what region_remove collected. Called without the lock. May sleep. */
void region_free_all(struct list *dead);
/* Makes va a border between regions if it is inside of one. 0 or -ENOMEM. May sleep. */
int region_split(struct mm *mm, u64 va) must_check;
/* Borders at both ends of a range. */
int region_split_range(struct mm *mm, u64 start, u64 end) must_check;
/* Joins neighbours with equal properties, from the one before `start` to the one after `end`; what is left over goes to
 * `dead`. */
void region_merge(struct mm *mm, u64 start, u64 end, struct list *dead);
/* Whether nothing is mapped in [start, end), nor in the guard gap below a stack above it. */
bool region_is_free(struct mm *mm, u64 start, u64 end);
/* Whether [start, end) is covered without a hole. */
bool region_is_covered(struct mm *mm, u64 start, u64 end);
/* The highest free place of this size below mm->mmap_top, or failing that above it; 0: none. */
u64 region_find_place(struct mm *mm, u64 size);
/* Whether `pages` more may be mapped: RLIMIT_AS, and RLIMIT_DATA where they are private and writable. */
bool region_is_within_limits(struct mm *mm, u64 pages, u32 prot, u32 flags);
/* Makes a region that is in the list longer at its low end: stack growth. */
void region_grow_down(struct mm *mm, struct region *region, u64 start);

static inline u64 region_pages(const struct region *region)
{
	return (region->end - region->start) >> PAGE_SHIFT;
}

/* Page number in the file of a va in the region. */
static inline u64 region_index(const struct region *region, u64 va)
{
	return (va - region->start + region->offset) >> PAGE_SHIFT;
}

/* --- zap.c --- */
/* Takes all pages and swap entries of [start, end) away, under as few fences as can be. Does not sleep. */
void mm_zap(struct mm *mm, u64 start, u64 end);
/* Removes all regions of [start, end) with their pages; regions go to `dead`. 0 or -ENOMEM. May sleep. */
int mm_unmap_locked(struct mm *mm, u64 start, u64 end, struct list *dead) must_check;
/* A frame is mapped once more (1) or less (-1) by this mm: VmRSS. */
void mm_count_frame(struct mm *mm, const struct frame *frame, int change);
/* Whether a private anonymous page belongs to its one PTE alone, so that it can be written without a copy. */
bool frame_is_exclusive(const struct frame *frame);
/* Sets or clears FRAME_PINNED by whether a locked region maps the frame. */
void frame_update_pin(struct frame *frame);
/* A PTE with this old value no longer maps the frame, which the caller still holds: counts, its D bit, pin, swap slot.
 */
void frame_unmapped(struct mm *mm, struct frame *frame, u64 old);

/* --- fault.c --- */
/* mm_fault without lock and counts; force: as if the region permitted it (private copies only). */
enum fault_result fault_serve(struct mm *mm, struct task *task, u64 va, enum access access, bool force);
/* One fault as seen by the counters of the task and of the machine. */
void fault_count(struct task *task, enum fault_result result);

#endif
