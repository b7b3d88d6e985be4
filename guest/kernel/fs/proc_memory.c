/*
 * Files of /proc about memory: counters (meminfo, vmstat, buddyinfo), frames (kpagecount, kpageflags), swap, and the
 * settings of /proc/sys/vm, of which the replacement policy is our own.
 */
#include "guest/kernel/fs/procfs.h"
#include "guest/kernel/fs/vfs.h"
#include "guest/kernel/mm/policy.h"
#include "guest/kernel/mm/reclaim.h"
#include "guest/kernel/mm/swap.h"

#define KIB_PER_PAGE (PAGE_SIZE / 1024)

static void print_kib(struct text *text, const char *name, u64 pages)
{
	u64 width = 15 - strlen(name);

	text_printf(text, "%s:%*lu kB\n", name, (int)MAX(width, 1ul) + 8, pages * KIB_PER_PAGE);
}

static u64 sum_of_tables(void)
{
	return frame_counts().table;
}

/* File pages that processes map, and shared anonymous memory's. */
static void count_mapped(u64 *mapped, u64 *shmem)
{
	*mapped = *shmem = 0;
	LIST_FOR_EACH(node, &all_processes) {
		struct mm *mm = LIST_ENTRY(node, struct process, all_link)->mm;

		*mapped += mm ? mm->file_pages : 0;
		*shmem += mm ? mm->shmem_pages : 0;
	}
}

static int show_meminfo(struct task *task, struct text *text)
{
	struct frame_counts counts = frame_counts();
	struct swap_counts swap = swap_counts();
	u64 mapped, shmem, committed = 0;

	(void)task;
	count_mapped(&mapped, &shmem);
	LIST_FOR_EACH(node, &all_processes) {
		struct mm *mm = LIST_ENTRY(node, struct process, all_link)->mm;

		committed += mm ? mm->anon_pages + mm->swap_pages : 0;
	}
	print_kib(text, "MemTotal", counts.total);
	print_kib(text, "MemFree", counts.free);
	print_kib(text, "MemAvailable", counts.free + counts.file);
	print_kib(text, "Buffers", 0);
	print_kib(text, "Cached", counts.file);
	print_kib(text, "SwapCached", swap.cached);
	print_kib(text, "Active", global_pool.count);
	print_kib(text, "Inactive", 0);
	print_kib(text, "SwapTotal", swap.total);
	print_kib(text, "SwapFree", swap.free);
	print_kib(text, "Dirty", pagecache_dirty_count());
	print_kib(text, "Writeback", 0);
	print_kib(text, "AnonPages", counts.anon);
	print_kib(text, "Mapped", mapped);
	print_kib(text, "Shmem", shmem);
	print_kib(text, "Slab", counts.slab);
	print_kib(text, "SReclaimable", 0);
	print_kib(text, "SUnreclaim", counts.slab);
	print_kib(text, "KernelStack", counts.kernel);
	print_kib(text, "PageTables", sum_of_tables());
	print_kib(text, "CommitLimit", counts.total + swap.total);
	print_kib(text, "Committed_AS", committed);
	return 0;
}

static int show_vmstat(struct task *task, struct text *text)
{
	struct frame_counts counts = frame_counts();
	struct swap_counts swap = swap_counts();
	u64 mapped, shmem;
	const struct {
		const char *name;
		u64 value;
	} lines[] = {
		{ "nr_free_pages", counts.free },
		{ "nr_anon_pages", counts.anon },
		{ "nr_file_pages", counts.file },
		{ "nr_dirty", pagecache_dirty_count() },
		{ "nr_page_table_pages", counts.table },
		{ "nr_slab_unreclaimable", counts.slab },
		{ "nr_swapcached", swap.cached },
		{ "pgpgin", vm_counts.pgpgin },
		{ "pgpgout", vm_counts.pgpgout },
		{ "pswpin", vm_counts.pswpin },
		{ "pswpout", vm_counts.pswpout },
		{ "pgalloc_normal", vm_counts.pgalloc },
		{ "pgfree", vm_counts.pgfree },
		{ "pgfault", vm_counts.pgfault },
		{ "pgmajfault", vm_counts.pgmajfault },
		{ "pgsteal_direct", vm_counts.pgsteal },
		{ "pgscan_direct", vm_counts.pgscan },
		{ "oom_kill", vm_counts.oom_kill },
		{ "zero_page_maps", vm_counts.zero_page_maps },
		{ "cow_copies", vm_counts.cow_copies },
		{ "cow_reuses", vm_counts.cow_reuses },
		{ "swap_clean_drops", vm_counts.swap_clean_drops },
		{ "file_drops", vm_counts.file_drops },
		{ "file_writes", vm_counts.file_writes },
		{ "nr_tlb_remote_flush", vm_counts.tlb_remote },
	};

	(void)task;
	for (u32 i = 0; i < ARRAY_SIZE(lines); i++)
		text_printf(text, "%s %lu\n", lines[i].name, lines[i].value);
	count_mapped(&mapped, &shmem);
	text_printf(text, "nr_mapped %lu\nnr_shmem %lu\n", mapped, shmem);
	return 0;
}

static int show_buddyinfo(struct task *task, struct text *text)
{
	u64 counts[FRAME_ORDERS];

	(void)task;
	frame_buddy_counts(counts);
	text_printf(text, "Node 0, zone   Normal ");
	for (u32 order = 0; order < FRAME_ORDERS; order++)
		text_printf(text, "%6lu ", counts[order]);
	text_printf(text, "\n");
	return 0;
}

static int show_swaps(struct task *task, struct text *text)
{
	(void)task;
	swap_print(text);
	return 0;
}

/* --- one number for each physical frame: 8 bytes at frame number * 8 --- */

static i64 read_numbers(struct io *io, u64 *pos, u64 (*number)(u64 frame_number))
{
	u64 end = (frame_table.first + frame_table.count) * 8;
	i64 total = 0;

	if (*pos % 8 || io->left % 8)
		return -EINVAL;
	while (io->left && *pos < end) {
		u64 value = number(*pos / 8);
		i64 done = io_write(io, &value, sizeof(value));

		if (done < 0)
			return total ? total : done;
		*pos += (u64)done;
		total += done;
		if (signal_is_fatal(current_task))
			return -EINTR;
	}
	return total;
}

static u64 count_of(u64 number)
{
	struct frame *frame = frame_of_pa(number << PAGE_SHIFT);

	return frame ? frame->maps : 0;
}

/* The bits of Linux's include/uapi/linux/kernel-page-flags.h that mean something here. */
enum kpageflag {
	KPF_ERROR = 1,
	KPF_REFERENCED = 2,
	KPF_UPTODATE = 3,
	KPF_DIRTY = 4,
	KPF_LRU = 5,
	KPF_SLAB = 7,
	KPF_WRITEBACK = 8,
	KPF_BUDDY = 10,
	KPF_MMAP = 11,
	KPF_ANON = 12,
	KPF_SWAPCACHE = 13,
	KPF_SWAPBACKED = 14,
	KPF_NOPAGE = 20,
	KPF_ZERO_PAGE = 24,
	KPF_PGTABLE = 26,
	KPF_RESERVED = 32,
};

static u64 bit_if(bool condition, enum kpageflag bit)
{
	return condition ? 1ul << bit : 0;
}

static u64 flags_of(u64 number)
{
	struct frame *frame = frame_of_pa(number << PAGE_SHIFT);

	if (!frame)
		return 1ul << KPF_NOPAGE;
	return bit_if(frame->kind == FRAME_FREE, KPF_BUDDY) | bit_if(frame->kind == FRAME_SLAB, KPF_SLAB) |
	       bit_if(frame->kind == FRAME_TABLE, KPF_PGTABLE) | bit_if(frame->kind == FRAME_RESERVED, KPF_RESERVED) |
	       bit_if(frame->kind == FRAME_ANON, KPF_ANON) | bit_if(frame->kind == FRAME_ANON, KPF_SWAPBACKED) |
	       bit_if(frame->maps, KPF_MMAP) | bit_if(frame->pool, KPF_LRU) |
	       bit_if(frame->flags & FRAME_UPTODATE, KPF_UPTODATE) | bit_if(frame->flags & FRAME_DIRTY, KPF_DIRTY) |
	       bit_if(frame->flags & FRAME_WRITEBACK, KPF_WRITEBACK) |
	       bit_if(frame->flags & FRAME_REFERENCED, KPF_REFERENCED) |
	       bit_if(frame->flags & FRAME_SWAPCACHE, KPF_SWAPCACHE) | bit_if(frame->flags & FRAME_ERROR, KPF_ERROR) |
	       bit_if(frame == zero_frame, KPF_ZERO_PAGE);
}

static i64 read_kpagecount(struct task *task, struct io *io, u64 *pos)
{
	(void)task;
	return read_numbers(io, pos, count_of);
}

static i64 read_kpageflags(struct task *task, struct io *io, u64 *pos)
{
	(void)task;
	return read_numbers(io, pos, flags_of);
}

/* --- /proc/sys/vm --- */

static int show_policy(struct task *task, struct text *text)
{
	const struct policy *policy;

	(void)task;
	for (unsigned i = 0; (policy = policy_at(i)); i++)
		text_printf(text, policy == global_pool.policy ? "%s[%s]" : "%s%s", i ? " " : "", policy->name);
	text_printf(text, "\n");
	return 0;
}

static i64 store_policy(struct task *task, char *data)
{
	const struct policy *policy;

	(void)task;
	data[strcspn(data, " \n")] = 0;
	policy = policy_find(data);
	if (!policy)
		return -EINVAL;
	global_pool.policy = policy;
	return 0;
}

static i64 store_drop_caches(struct task *task, char *data)
{
	const char *end = data;
	u64 what;

	(void)task;
	if (!parse_number(&end, &what) || what < 1 || what > 3)
		return -EINVAL;
	if (what & 2) {
		dentry_shrink(~0u);
		inode_shrink(~0u);
	}
	if (what & 1)
		pagecache_drop_clean();
	return 0;
}

static int show_overcommit(struct task *task, struct text *text)
{
	(void)task;
	text_printf(text, "1\n");
	return 0;
}

static int show_max_map_count(struct task *task, struct text *text)
{
	(void)task;
	text_printf(text, "%d\n", MM_MAX_REGIONS);
	return 0;
}

static int show_mmap_min_addr(struct task *task, struct text *text)
{
	(void)task;
	text_printf(text, "%lu\n", MMAP_LOWEST);
	return 0;
}

const struct proc_file proc_memory_files[] = {
	{ .path = "buddyinfo", .mode = 0444, .show = show_buddyinfo },
	{ .path = "kpagecount", .mode = 0400, .read_at = read_kpagecount },
	{ .path = "kpageflags", .mode = 0400, .read_at = read_kpageflags },
	{ .path = "meminfo", .mode = 0444, .show = show_meminfo },
	{ .path = "swaps", .mode = 0444, .show = show_swaps },
	{ .path = "vmstat", .mode = 0444, .show = show_vmstat },
	{ .path = "sys/vm/drop_caches", .mode = 0200, .store = store_drop_caches },
	{ .path = "sys/vm/max_map_count", .mode = 0444, .show = show_max_map_count },
	{ .path = "sys/vm/mmap_min_addr", .mode = 0444, .show = show_mmap_min_addr },
	{ .path = "sys/vm/overcommit_memory", .mode = 0444, .show = show_overcommit },
	{ .path = "sys/vm/policy", .mode = 0644, .show = show_policy, .store = store_policy },
	{ 0 },
};
