/*
 * /proc/PID/maps, smaps and smaps_rollup, as Linux prints them: a line for each region, and sums over the pages that
 * are there. proc(5); fs/proc/task_mmu.c of Linux is where the formats are defined.
 */
#include "guest/kernel/core/print.h"
#include "guest/kernel/fs/vfs.h"
#include "guest/kernel/mm/kmalloc.h"
#include "guest/kernel/mm/pagecache.h"
#include "guest/kernel/mm/region.h"
#include "guest/kernel/mm/shmem.h"
#include "guest/kernel/mm/swap.h"

#define NAME_COLUMN 73 /* where the name begins */
#define PSS_SHIFT 12   /* shares are counted in 1/4096 of a byte */

/* Sums over pages, in bytes; pss_ ones shifted. */
struct sums {
	u64 rss, pss, pss_dirty, pss_anon, pss_file, pss_shmem;
	u64 shared_clean, shared_dirty, private_clean, private_dirty;
	u64 referenced, anonymous, swap, swap_pss, locked_pss;
};

/* The line, and from NAME_COLUMN on the name, if there is one. */
static void print_named(struct text *text, const char *line, u64 size, const char *name)
{
	int gap = *name && size < NAME_COLUMN ? (int)(NAME_COLUMN - size) : 0;

	text_printf(text, "%s%*s%s\n", line, gap, "", name);
}

static void print_header(struct text *text, const struct mm *mm, const struct region *region, char *path)
{
	const struct inode *inode = region->file ? region->file->inode : NULL;
	u64 dev = inode && inode->fs ? inode->fs->dev : 0;
	const char *name = region_name(mm, region, path, PATH_SIZE);
	char line[NAME_COLUMN + 8];
	u64 size = format_text(line, sizeof(line), "%08lx-%08lx %c%c%c%c %08lx %02lx:%02lx %lu ", region->start,
	                       region->end, region->prot & PROT_READ ? 'r' : '-', region->prot & PROT_WRITE ? 'w' : '-',
	                       region->prot & PROT_EXEC ? 'x' : '-', region->flags & REGION_SHARED ? 's' : 'p',
	                       region->file ? region->offset : 0, dev >> 8 & 0xfff,
	                       (dev & 0xff) | (dev >> 12 & 0xfff00), inode ? inode->ino : 0);

	print_named(text, line, size, name ? name : "");
}

/* --- smaps --- */

static void add_frame(struct sums *sums, const struct region *region, u64 pte, struct frame *frame)
{
	u64 share = (PAGE_SIZE << PSS_SHIFT) / MAX(frame->maps, 1);
	bool dirty = pte & PTE_D || frame->flags & FRAME_DIRTY;

	sums->rss += PAGE_SIZE;
	sums->pss += share;
	if (dirty)
		sums->pss_dirty += share;
	if (pte & PTE_A || frame->flags & FRAME_REFERENCED)
		sums->referenced += PAGE_SIZE;
	if (frame->kind == FRAME_ANON) {
		sums->anonymous += PAGE_SIZE;
		sums->pss_anon += share;
	} else if (frame->mapping && frame->mapping->ops == &shmem_mapping_ops) {
		sums->pss_shmem += share;
	} else {
		sums->pss_file += share;
	}
	if (frame->maps > 1)
		*(dirty ? &sums->shared_dirty : &sums->shared_clean) += PAGE_SIZE;
	else
		*(dirty ? &sums->private_dirty : &sums->private_clean) += PAGE_SIZE;
	if (region->flags & REGION_LOCKED)
		sums->locked_pss += share;
}

static void add_swap(struct sums *sums, u64 slot)
{
	struct frame *cached = pagecache_find(&swap_mapping, slot);
	u64 holders = swap_count(slot) - (cached ? 1 : 0);

	if (cached)
		frame_put(cached);
	sums->swap += PAGE_SIZE;
	sums->swap_pss += (PAGE_SIZE << PSS_SHIFT) / MAX(holders, 1);
}

static void add_region(struct sums *sums, struct mm *mm, const struct region *region)
{
	u64 va = region->start;
	u64 *pte = NULL;

	while ((pte = pgtable_scan(&mm->table, pte, &va, region->end)) != NULL) {
		if (pte_is_swap(*pte))
			add_swap(sums, pte_slot(*pte));
		else if (pte_is_counted(*pte))
			add_frame(sums, region, *pte, pte_frame(*pte));
		va += PAGE_SIZE;
		pte++;
	}
}

static void print_kib(struct text *text, const char *name, u64 bytes)
{
	text_printf(text, "%s%8lu kB\n", name, bytes >> 10);
}

static void print_sums(struct text *text, const struct sums *sums, bool rollup)
{
	print_kib(text, "Rss:            ", sums->rss);
	print_kib(text, "Pss:            ", sums->pss >> PSS_SHIFT);
	print_kib(text, "Pss_Dirty:      ", sums->pss_dirty >> PSS_SHIFT);
	if (rollup) {
		print_kib(text, "Pss_Anon:       ", sums->pss_anon >> PSS_SHIFT);
		print_kib(text, "Pss_File:       ", sums->pss_file >> PSS_SHIFT);
		print_kib(text, "Pss_Shmem:      ", sums->pss_shmem >> PSS_SHIFT);
	}
	print_kib(text, "Shared_Clean:   ", sums->shared_clean);
	print_kib(text, "Shared_Dirty:   ", sums->shared_dirty);
	print_kib(text, "Private_Clean:  ", sums->private_clean);
	print_kib(text, "Private_Dirty:  ", sums->private_dirty);
	print_kib(text, "Referenced:     ", sums->referenced);
	print_kib(text, "Anonymous:      ", sums->anonymous);
	print_kib(text, "KSM:            ", 0);
	print_kib(text, "LazyFree:       ", 0);
	print_kib(text, "AnonHugePages:  ", 0);
	print_kib(text, "ShmemPmdMapped: ", 0);
	print_kib(text, "FilePmdMapped:  ", 0);
	print_kib(text, "Shared_Hugetlb: ", 0);
	print_kib(text, "Private_Hugetlb: ", 0);
	print_kib(text, "Swap:           ", sums->swap);
	print_kib(text, "SwapPss:        ", sums->swap_pss >> PSS_SHIFT);
	print_kib(text, "Locked:         ", sums->locked_pss >> PSS_SHIFT);
}

static void print_flags(struct text *text, const struct region *region)
{
	bool shared = region->flags & REGION_SHARED, may_write = region->flags & REGION_MAY_WRITE;

	text_printf(text, "VmFlags: %s%s%s%smr %sme %s%s%s%s%s%s%s%s\n", region->prot & PROT_READ ? "rd " : "",
	            region->prot & PROT_WRITE ? "wr " : "", region->prot & PROT_EXEC ? "ex " : "", shared ? "sh " : "",
	            may_write || !shared ? "mw " : "", shared ? "ms " : "",
	            region->flags & REGION_GROWS_DOWN ? "gd " : "", region->flags & REGION_LOCKED ? "lo " : "",
	            region->flags & REGION_SEQUENTIAL ? "sr " : "", region->flags & REGION_RANDOM ? "rr " : "",
	            region->flags & REGION_DONTFORK ? "dc " : "", region->flags & REGION_NORESERVE ? "nr " : "",
	            region->flags & REGION_WIPEONFORK ? "wf " : "");
}

static void print_smap(struct text *text, struct mm *mm, const struct region *region)
{
	struct sums sums = { 0 };

	add_region(&sums, mm, region);
	print_kib(text, "Size:           ", region->end - region->start);
	print_kib(text, "KernelPageSize: ", PAGE_SIZE);
	print_kib(text, "MMUPageSize:    ", PAGE_SIZE);
	print_sums(text, &sums, false);
	text_printf(text, "THPeligible:    %8u\n", 0);
	print_flags(text, region);
}

void mm_print_maps(struct mm *mm, struct text *text, bool with_numbers)
{
	char *path = kmalloc(PATH_SIZE);

	if (!path) {
		text->failed = true;
		return;
	}
	mutex_lock(&mm->lock);
	for (struct region *region = mm_find_from(mm, 0); region; region = mm_next(mm, region)) {
		print_header(text, mm, region, path);
		if (with_numbers)
			print_smap(text, mm, region);
	}
	mutex_unlock(&mm->lock);
	kfree(path);
}

void mm_print_rollup(struct mm *mm, struct text *text)
{
	struct sums sums = { 0 };
	u64 start = 0, end = 0;

	mutex_lock(&mm->lock);
	for (struct region *region = mm_find_from(mm, 0); region; region = mm_next(mm, region)) {
		if (!end)
			start = region->start;
		end = region->end;
		add_region(&sums, mm, region);
	}
	mutex_unlock(&mm->lock);
	char line[NAME_COLUMN];
	u64 size = format_text(line, sizeof(line), "%08lx-%08lx ---p 00000000 00:00 0 ", start, end);
	print_named(text, line, size, "[rollup]");
	print_sums(text, &sums, true);
}
