/*
 * Switching swap on and off: swapon(2), swapoff(2), /proc/swaps. One area at a time, a block device made by mkswap.
 *
 * Switching off brings everything back: the page tables of all processes are searched for swap entries, and shared
 * memory gives up its slots. That can take more memory than there is; it is estimated first, and -ENOMEM ends it at any
 * point, with what is left still in swap and swap on.
 */
#include "guest/kernel/mm/swap_area.h"

#include "guest/kernel/core/print.h"
#include "guest/kernel/dev/disk.h"
#include "guest/kernel/fs/vfs.h"
#include "guest/kernel/mm/kmalloc.h"
#include "guest/kernel/mm/policy.h"
#include "guest/kernel/mm/region.h"
#include "guest/kernel/mm/rmap.h"
#include "guest/kernel/proc/task.h"

#define SIGNATURE "SWAPSPACE2"
#define SIGNATURE_OFFSET 4086
#define OFF_ROUNDS 16 /* processes that fork meanwhile are met in the next round */

/* The first page of the area, as mkswap writes it (Linux's union swap_header). */
struct swap_header {
	u8 boot[1024];
	u32 version;   /* 1 */
	u32 last_page; /* highest slot */
	u32 bad_count; /* entries of bad */
	u8 uuid[16], label[16];
	u32 padding[117];
	u32 bad[637]; /* slots that must not be used */
	u8 signature[10 + 2];
};
_Static_assert(offsetof(struct swap_header, bad) == 1536, "mkswap");

/* --- on --- */

static int check_header(const struct swap_header *header, const struct disk *disk)
{
	if (memcmp((const u8 *)header + SIGNATURE_OFFSET, SIGNATURE, strlen(SIGNATURE)) != 0 || header->version != 1)
		return -EINVAL;
	if (header->last_page == 0 || header->bad_count > ARRAY_SIZE(header->bad))
		return -EINVAL;
	if (header->last_page >= disk->sectors / (PAGE_SIZE / 512)) {
		printk("swap: %s is smaller than its header says\n", disk->name);
		return -EINVAL;
	}
	return 0;
}

/* The table of counts for the area: as many slots as the largest block of memory has room for. */
static int make_counts(struct swap_area *area, const struct swap_header *header)
{
	u64 slots = header->last_page + 1ul;
	unsigned order = 0;

	while ((PAGE_SIZE << order) < slots * sizeof(u16) && order < FRAME_ORDERS - 1)
		order++;
	slots = MIN(slots, (PAGE_SIZE << order) / sizeof(u16));
	struct frame *memory = frame_alloc_order(FRAME_KERNEL, order, ALLOC_ZERO);

	if (!memory)
		return -ENOMEM;
	area->counts = frame_data(memory);
	area->slots = slots;
	area->usable = slots - 1;
	area->counts[0] = SLOT_BAD;
	for (u32 i = 0; i < header->bad_count; i++) {
		if (header->bad[i] < slots && area->counts[header->bad[i]] == 0) {
			area->counts[header->bad[i]] = SLOT_BAD;
			area->usable--;
		}
	}
	area->free = area->usable;
	area->next = 1;
	return 0;
}

static int read_area(struct file *file, struct disk *disk, struct swap_area *area)
{
	struct swap_header *header = kmalloc(sizeof(*header));

	if (!header)
		return -ENOMEM;
	/* What mkswap has just written must reach the disk before slots do. */
	int error = pagecache_sync(&file->inode->mapping);

	if (!error)
		error = file_read_kernel(file, header, sizeof(*header), 0) == sizeof(*header) ? 0 : -EINVAL;
	if (!error)
		error = check_header(header, disk);
	if (!error)
		error = make_counts(area, header);
	kfree(header);
	return error;
}

int swap_on(struct file *file)
{
	struct swap_area area = { .file = file };
	struct disk *disk = file->inode && S_ISBLK(file->inode->mode) ? block_device_disk(file->inode->rdev) : NULL;
	int error;

	if (!disk)
		return -EINVAL;
	if (disk->read_only)
		return -EROFS;
	if (swap_area.disk)
		return -EBUSY;
	error = read_area(file, disk, &area);
	if (error)
		return error;
	if (swap_area.disk) { /* another one while we read */
		frame_put(frame_of_virtual(area.counts));
		return -EBUSY;
	}
	area.disk = disk;
	file_get(file);
	swap_area = area;
	printk("swap: %lu KiB on %s\n", area.usable * (PAGE_SIZE / 1024), disk->name);
	return 0;
}

/* --- off --- */

/* Brings the page of one swap entry in and maps it read-only: a write then finds out whether it is shared. Lock held;
 * may sleep. */
static int bring_in(struct mm *mm, const struct region *region, u64 va, u64 entry)
{
	u64 slot = pte_slot(entry);
	struct frame *frame;
	bool was_read;
	int error = swap_read(slot, !region->pool, &frame, &was_read);

	if (error)
		return error;
	u64 *pte = pgtable_find(&mm->table, va);

	if (!pte || *pte != entry) {
		frame_put(frame);
		return 0;
	}
	/* The rmap entry is made before the PTE: this may sleep, but the lock keeps all but reclaim from the entry,
	 * which changes only what is present. */
	if (!rmap_add(frame, pte)) {
		frame_put(frame);
		return -ENOMEM;
	}
	pgtable_set(&mm->table, pte, va, pte_make(frame, region->prot, false, false));
	mm_count_frame(mm, frame, 1);
	if (region->pool)
		pool_add(region->pool, frame);
	if (region->flags & REGION_LOCKED)
		frame->flags |= FRAME_PINNED;
	mm->swap_pages--;
	swap_put(slot);
	return 0;
}

static int bring_in_all(struct mm *mm)
{
	int error = 0;
	u64 va = 0;

	mutex_lock(&mm->lock);
	while (!error && mm->swap_pages && (va = pgtable_next(&mm->table, va, USER_TOP)) < USER_TOP) {
		const u64 *pte = pgtable_find(&mm->table, va);
		struct region *region = mm_find(mm, va);

		if (pte && region && pte_is_swap(*pte))
			error = bring_in(mm, region, va, *pte);
		if (signal_is_fatal(current_task))
			error = -EINTR;
		va += PAGE_SIZE;
	}
	mutex_unlock(&mm->lock);
	return error;
}

static int bring_in_processes(void)
{
	struct process *process;
	int error = 0;

	for (int pid = 0; !error && (process = process_next(pid)); process_put(process)) {
		struct mm *mm = process->mm;

		pid = process->pid;
		if (!mm)
			continue;
		mm_get(mm);
		error = bring_in_all(mm);
		mm_put(mm);
	}
	return error;
}

/* What is in memory needs its slot no more. May sleep. */
static void empty_cache(void)
{
	for (u64 left = swap_mapping.count; left && !list_is_empty(&swap_mapping.frames); left--) {
		struct frame *frame = LIST_ENTRY(swap_mapping.frames.next, struct frame, mapping_link);

		frame_get(frame);
		frame_wait(frame, FRAME_BUSY);
		frame_wait(frame, FRAME_WRITEBACK);
		if (frame->flags & FRAME_SWAPCACHE) {
			if (swap_count(frame->index) == 1) {
				swap_remove_from_cache(frame);
			} else {
				list_remove(&frame->mapping_link);
				list_add_last(&swap_mapping.frames, &frame->mapping_link);
			}
		}
		frame_put(frame);
	}
}

int swap_off(struct file *file)
{
	int error = 0;

	if (!swap_area.disk || !file->inode || file->inode != swap_area.file->inode || swap_area.is_closing)
		return -EINVAL;
	u64 used = swap_area.usable - swap_area.free;

	/* Pages of files can go to make room. */
	if (used > swap_mapping.count + frame_free_count() + frame_counts().file)
		return -ENOMEM;
	swap_area.is_closing = true;
	for (int i = 0; !error && i < OFF_ROUNDS && swap_area.free < swap_area.usable; i++) {
		error = bring_in_processes();
		if (!error)
			error = shmem_leave_swap();
		empty_cache();
		if (swap_area.free < swap_area.usable)
			yield();
	}
	swap_area.is_closing = false;
	if (!error && swap_area.free < swap_area.usable)
		error = -EBUSY;
	if (error)
		return error;
	frame_put(frame_of_virtual(swap_area.counts));
	file = swap_area.file;
	swap_area = (struct swap_area){ 0 };
	file_put(file);
	return 0;
}

void swap_print(struct text *text)
{
	char buffer[64];

	text_printf(text, "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
	if (!swap_area.disk)
		return;
	const char *path = file_path(swap_area.file, buffer, sizeof(buffer));
	u64 size = swap_area.usable * (PAGE_SIZE / 1024);
	u64 used = size - swap_area.free * (PAGE_SIZE / 1024);

	text_printf(text, "%-39s partition\t%lu\t%s%lu\t%s%d\n", path, size, size < 10000000 ? "\t" : "", used,
	            used < 10000000 ? "\t" : "", -2);
}
