/*
 * Looking into an address space from outside: ptrace and /proc/PID/mem read and write another process's memory page by
 * page, and /proc/PID/pagemap shows what is behind an address. A page that is lazy or swapped comes as by a fault of
 * the process's own; the data is then copied through the direct map, under the lock, so that the page cannot go in
 * between.
 */
#include "guest/kernel/mm/region.h"

#define PAGEMAP_PRESENT (1ul << 63)
#define PAGEMAP_SWAPPED (1ul << 62)
#define PAGEMAP_FILE (1ul << 61)
#define PAGEMAP_EXCLUSIVE (1ul << 56)
#define PAGEMAP_SLOT_SHIFT 5 /* above the swap device's number */

/* At most one page. Lock held. 0, -EFAULT, -EIO or -ENOMEM. */
static int access_page(struct mm *mm, u64 va, void *buffer, u64 size, bool write, bool force)
{
	enum fault_result result = fault_serve(mm, NULL, va, write ? ACCESS_WRITE : ACCESS_READ, force);

	if (result == FAULT_NOMEM)
		return -ENOMEM;
	if (result == FAULT_BUS)
		return -EIO;
	if (result == FAULT_MAPERR || result == FAULT_ACCERR)
		return -EFAULT;
	u64 *pte = pgtable_find(&mm->table, va);
	struct frame *frame = pte_frame(*pte);
	if (!frame) /* a device's */
		return -EIO;
	u8 *data = (u8 *)frame_data(frame) + (va & PAGE_MASK);
	if (!write) {
		memcpy(buffer, data, size);
		return 0;
	}
	memcpy(data, buffer, size);
	if (!(*pte & PTE_D))
		pgtable_change(&mm->table, pte, ROUND_DOWN(va, PAGE_SIZE), *pte | PTE_D);
	if (*pte & PTE_X)
		pgtable_fence_code(&mm->table);
	return 0;
}

i64 mm_access_remote(struct mm *mm, u64 va, void *buffer, u64 size, bool write, bool force)
{
	u64 done = 0;
	int error = 0;

	mutex_lock(&mm->lock);
	while (done < size) {
		u64 part = MIN(size - done, PAGE_SIZE - ((va + done) & PAGE_MASK));

		error = access_page(mm, va + done, (u8 *)buffer + done, part, write, force);
		if (error)
			break;
		done += part;
	}
	mutex_unlock(&mm->lock);
	return done ? (i64)done : error;
}

u64 mm_pagemap_entry(struct mm *mm, u64 va)
{
	const u64 *pte = va < USER_TOP ? pgtable_find(&mm->table, va) : NULL;

	if (!pte || !*pte)
		return 0;
	if (pte_is_swap(*pte))
		return PAGEMAP_SWAPPED | pte_slot(*pte) << PAGEMAP_SLOT_SHIFT;
	if (!pte_is_present(*pte))
		return 0;
	struct frame *frame = pte_frame(*pte);
	if (!frame)
		return PAGEMAP_PRESENT | PAGEMAP_FILE | pte_pa(*pte) >> PAGE_SHIFT;
	u64 entry = PAGEMAP_PRESENT | frame_number(frame);
	if (frame->kind == FRAME_FILE)
		entry |= PAGEMAP_FILE;
	if (frame->maps == 1)
		entry |= PAGEMAP_EXCLUSIVE;
	return entry;
}
