/*
 * The system calls about memory: arguments are checked as Linux checks them, then mm.h does it. mmap(2), munmap(2),
 * mprotect(2), mremap(2), brk(2), madvise(2), mincore(2), msync(2), mlock(2), swapon(2); riscv_flush_icache of the
 * RISC-V ABI.
 */
#include "guest/abi/fcntl.h"
#include "guest/kernel/core/syscall.h"
#include "guest/kernel/fs/vfs.h"
#include "guest/kernel/mm/kmalloc.h"
#include "guest/kernel/mm/pagecache.h"
#include "guest/kernel/mm/region.h"
#include "guest/kernel/mm/shmem.h"
#include "guest/kernel/mm/swap.h"
#include "guest/kernel/mm/uaccess.h"
#include "guest/kernel/proc/task.h"

#define PROT_BITS (PROT_READ | PROT_WRITE | PROT_EXEC)
#define MINCORE_BATCH 256

/* A user's range as whole pages. 0, or the errno for one that does not start at a page or does not fit. */
static int page_range(u64 start, u64 size, u64 *end, int too_large)
{
	if (start & PAGE_MASK)
		return -EINVAL;
	if (start > USER_TOP || size > USER_TOP - start)
		return too_large;
	*end = start + ROUND_UP(size, PAGE_SIZE);
	return 0;
}

i64 sys_brk(struct task *task, const u64 arg[6])
{
	struct mm *mm = task->process->mm;
	u64 old = mm->brk, brk = mm_set_brk(mm, arg[0]);

	if (mm->lock_future && brk > old)
		(void)mm_populate(mm, task, ROUND_DOWN(old, PAGE_SIZE), ROUND_UP(brk, PAGE_SIZE));
	return (i64)brk;
}

i64 sys_munmap(struct task *task, const u64 arg[6])
{
	return mm_unmap(task->process->mm, arg[0], arg[1]);
}

i64 sys_mprotect(struct task *task, const u64 arg[6])
{
	struct mm *mm = task->process->mm;
	u64 start = arg[0], size = arg[1], prot = arg[2];

	if (prot & ~(u64)(PROT_BITS | PROT_SEM | PROT_GROWSDOWN | PROT_GROWSUP))
		return -EINVAL;
	if (prot & PROT_GROWSUP)
		return -EINVAL;
	if (prot & PROT_GROWSDOWN) { /* from the start of the stack on: executable stacks */
		mutex_lock(&mm->lock);
		struct region *region = mm_find(mm, start);
		bool grows = region && region->flags & REGION_GROWS_DOWN;
		u64 low = region ? region->start : start;
		mutex_unlock(&mm->lock);
		if (!grows || (start & PAGE_MASK) || size > USER_TOP)
			return -EINVAL;
		size += start - low;
		start = low;
	}
	return mm_protect(mm, start, size, prot & PROT_BITS);
}

/* --- mmap --- */

/* The region's flags from mmap's, or a negative errno. */
static i64 region_flags(u64 map_flags)
{
	u64 type = map_flags & MAP_TYPE;
	i64 flags = 0;

	if (type != MAP_PRIVATE && type != MAP_SHARED && type != MAP_SHARED_VALIDATE)
		return -EINVAL;
	if (type == MAP_SHARED_VALIDATE && (map_flags & MAP_SYNC))
		return -EOPNOTSUPP;
	if (map_flags & MAP_HUGETLB)
		return -EINVAL;
	if (type != MAP_PRIVATE)
		flags |= REGION_SHARED;
	if (map_flags & MAP_GROWSDOWN) {
		if (type != MAP_PRIVATE || !(map_flags & MAP_ANONYMOUS))
			return -EINVAL;
		flags |= REGION_GROWS_DOWN;
	}
	if (map_flags & MAP_LOCKED)
		flags |= REGION_LOCKED;
	if (map_flags & MAP_NORESERVE)
		flags |= REGION_NORESERVE;
	return flags;
}

/* What is mapped: the file of the descriptor if its mode permits it, a new shared memory, or nothing (*file NULL). */
static int mapped_file(struct task *task, const u64 arg[6], i64 *flags, struct file **file)
{
	bool shared = *flags & REGION_SHARED;

	*file = NULL;
	if (arg[3] & MAP_ANONYMOUS) {
		*flags |= REGION_MAY_WRITE;
		return shared ? shmem_create(NULL, ROUND_UP(arg[1], PAGE_SIZE), file) : 0;
	}
	*file = files_get(task->process->files, (int)arg[4]);
	if (!*file)
		return -EBADF;
	u32 mode = (*file)->flags & O_ACCMODE;
	bool is_path = (*file)->flags & O_PATH;
	if (is_path || mode == O_WRONLY || (shared && mode != O_RDWR && (arg[2] & PROT_WRITE))) {
		file_put(*file);
		*file = NULL;
		return is_path ? -EBADF : -EACCES;
	}
	if (!shared || mode == O_RDWR)
		*flags |= REGION_MAY_WRITE;
	return 0;
}

/* MAP_LOCKED and mlockall: whether so much more may be locked. */
static bool may_lock(const struct task *task, u64 bytes)
{
	const struct process *process = task->process;
	u64 limit = process->limits[RLIMIT_MEMLOCK].rlim_cur;

	return process->euid == 0 || limit == RLIM_INFINITY ||
	       (process->mm->locked_pages << PAGE_SHIFT) + bytes <= limit;
}

i64 sys_mmap(struct task *task, const u64 arg[6])
{
	struct mm *mm = task->process->mm;
	u64 size = arg[1];
	struct file *file;
	i64 flags = region_flags(arg[3]);

	if (flags < 0)
		return flags;
	if ((arg[5] & PAGE_MASK) || !size)
		return -EINVAL;
	if (size > USER_TOP)
		return -ENOMEM;
	if ((flags & REGION_LOCKED || mm->lock_future) && !may_lock(task, size))
		return -EAGAIN;
	int error = mapped_file(task, arg, &flags, &file);
	if (error)
		return error;
	u64 offset = arg[3] & MAP_ANONYMOUS ? 0 : arg[5];
	i64 va = mm_map(mm, arg[0], size, arg[2] & PROT_BITS, (u32)flags, (u32)arg[3], file, offset);
	if (file)
		file_put(file);
	if (va >= 0 && (arg[3] & (MAP_POPULATE | MAP_LOCKED) || mm->lock_future) && !(arg[3] & MAP_NONBLOCK))
		(void)mm_populate(mm, task, (u64)va, (u64)va + ROUND_UP(size, PAGE_SIZE));
	return va;
}

i64 sys_mremap(struct task *task, const u64 arg[6])
{
	if (arg[3] >> 32)
		return -EINVAL;
	return mm_remap(task->process->mm, arg[0], arg[1], arg[2], (u32)arg[3], arg[4]);
}

i64 sys_madvise(struct task *task, const u64 arg[6])
{
	u64 end = 0;
	int error = page_range(arg[0], arg[1], &end, arg[1] > ~PAGE_MASK ? -EINVAL : -ENOMEM);

	if (error)
		return error;
	return mm_advise(task->process->mm, task, arg[0], end, (int)arg[2]);
}

/* --- mincore --- */

/* Whether a page would come without reading a disk. Lock held. */
static u8 is_in_core(struct mm *mm, const struct region *region, u64 va)
{
	const u64 *pte = pgtable_find(&mm->table, va);
	struct frame *frame = NULL;

	if (pte && pte_is_present(*pte))
		return 1;
	if (pte && pte_is_swap(*pte))
		frame = pagecache_find(&swap_mapping, pte_slot(*pte));
	else if (region->file && region->file->inode)
		frame = pagecache_find(&region->file->inode->mapping, region_index(region, va));
	if (!frame)
		return 0;
	u8 there = !!(frame->flags & FRAME_UPTODATE);
	frame_put(frame);
	return there;
}

/* The answers for [va, end), at most MINCORE_BATCH pages. 0 or -ENOMEM: a hole. */
static int mincore_batch(struct mm *mm, u64 va, u64 end, u8 *answer)
{
	int error = 0;

	mutex_lock(&mm->lock);
	for (; va < end; va += PAGE_SIZE) {
		struct region *region = mm_find(mm, va);

		if (!region) {
			error = -ENOMEM;
			break;
		}
		*answer++ = is_in_core(mm, region, va);
	}
	mutex_unlock(&mm->lock);
	return error;
}

i64 sys_mincore(struct task *task, const u64 arg[6])
{
	u64 end = 0, to = arg[2];
	u8 answer[MINCORE_BATCH];
	int error = page_range(arg[0], arg[1], &end, -ENOMEM);

	for (u64 va = arg[0]; !error && va < end;) {
		u64 stop = MIN(end, va + MINCORE_BATCH * PAGE_SIZE);

		error = mincore_batch(task->process->mm, va, stop, answer);
		if (!error)
			error = copy_to_user(to, answer, (stop - va) >> PAGE_SHIFT);
		to += (stop - va) >> PAGE_SHIFT;
		va = stop;
		if (signal_is_fatal(task))
			return -EINTR;
		sched_breathe();
	}
	return error;
}

/* --- msync --- */

/* The next shared file at or after *va and below end, with a reference, *va moved behind its region; NULL: none. *hole:
 * something is not mapped. */
static struct file *next_shared_file(struct mm *mm, u64 *va, u64 end, u64 flags, int *error)
{
	struct file *file = NULL;

	mutex_lock(&mm->lock);
	while (!file && *va < end) {
		struct region *region = mm_find_from(mm, *va);

		if (!region || region->start > *va)
			*error = -ENOMEM; /* a hole */
		if (!region || region->start >= end) {
			*va = end;
			break;
		}
		if (flags & MS_INVALIDATE && region->flags & REGION_LOCKED)
			*error = -EBUSY;
		else if (region->file && (region->flags & REGION_SHARED))
			file = region->file;
		*va = region->end;
	}
	if (file)
		file_get(file);
	mutex_unlock(&mm->lock);
	return file;
}

i64 sys_msync(struct task *task, const u64 arg[6])
{
	u64 end = 0, va = arg[0], flags = arg[2];
	int hole = 0;
	struct file *file;

	if (flags & ~(u64)(MS_ASYNC | MS_INVALIDATE | MS_SYNC) ||
	    (flags & (MS_ASYNC | MS_SYNC)) == (MS_ASYNC | MS_SYNC))
		return -EINVAL;
	int error = page_range(arg[0], arg[1], &end, -ENOMEM);
	while (!error && (file = next_shared_file(task->process->mm, &va, end, flags, &hole)) != NULL) {
		if (flags & MS_SYNC)
			error = inode_sync(file->inode);
		file_put(file);
	}
	return error ? error : hole;
}

/* --- mlock --- */

static i64 lock_pages(struct task *task, u64 start, u64 size, bool on_fault)
{
	struct mm *mm = task->process->mm;
	u64 end = 0;

	size += start & PAGE_MASK;
	start = ROUND_DOWN(start, PAGE_SIZE);
	int error = page_range(start, size, &end, -ENOMEM);
	if (error || start == end)
		return error;
	if (!may_lock(task, end - start))
		return task->process->limits[RLIMIT_MEMLOCK].rlim_cur ? -ENOMEM : -EPERM;
	error = mm_lock_range(mm, start, end, true);
	return error || on_fault ? error : mm_populate(mm, task, start, end);
}

i64 sys_mlock(struct task *task, const u64 arg[6])
{
	return lock_pages(task, arg[0], arg[1], false);
}

i64 sys_mlock2(struct task *task, const u64 arg[6])
{
	if (arg[2] & ~(u64)MLOCK_ONFAULT)
		return -EINVAL;
	return lock_pages(task, arg[0], arg[1], arg[2] & MLOCK_ONFAULT);
}

i64 sys_munlock(struct task *task, const u64 arg[6])
{
	u64 end = 0, start = ROUND_DOWN(arg[0], PAGE_SIZE);
	int error = page_range(start, arg[1] + (arg[0] & PAGE_MASK), &end, -ENOMEM);

	if (error || start == end)
		return error;
	return mm_lock_range(task->process->mm, start, end, false);
}

/* All regions, one after another; populate: their pages as well. */
static i64 lock_all(struct task *task, bool lock, bool populate)
{
	struct mm *mm = task->process->mm;
	u64 start = 0, end = 0;

	for (;;) {
		mutex_lock(&mm->lock);
		struct region *region = mm_find_from(mm, end);
		start = region ? MAX(region->start, end) : USER_TOP;
		end = region ? region->end : USER_TOP;
		mutex_unlock(&mm->lock);
		if (!region)
			return 0;
		int error = mm_lock_range(mm, start, end, lock);
		if (error)
			return error;
		if (populate)
			(void)mm_populate(mm, task, start, end);
		if (signal_is_fatal(task))
			return -EINTR;
	}
}

i64 sys_mlockall(struct task *task, const u64 arg[6])
{
	struct mm *mm = task->process->mm;

	if (!arg[0] || arg[0] & ~(u64)(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) || arg[0] == MCL_ONFAULT)
		return -EINVAL;
	if (arg[0] & MCL_CURRENT && !may_lock(task, mm->total_pages << PAGE_SHIFT))
		return -ENOMEM;
	mm->lock_future = arg[0] & MCL_FUTURE;
	return arg[0] & MCL_CURRENT ? lock_all(task, true, !(arg[0] & MCL_ONFAULT)) : 0;
}

i64 sys_munlockall(struct task *task, const u64 arg[6])
{
	(void)arg;
	task->process->mm->lock_future = false;
	return lock_all(task, false, false);
}

/* --- the rest --- */

i64 sys_riscv_flush_icache(struct task *task, const u64 arg[6])
{
	if (arg[2] & ~SYS_RISCV_FLUSH_ICACHE_LOCAL)
		return -EINVAL;
	pgtable_fence_code(&task->process->mm->table);
	return 0;
}

/* The path's file, opened for swapping. */
static int open_swap(struct task *task, u64 address, struct file **file)
{
	char *path = NULL;

	if (task->process->euid != 0)
		return -EPERM;
	int error = path_from_user(address, &path);
	if (error)
		return error;
	error = path_open(task, AT_FDCWD, path, O_RDWR, 0, file);
	kfree(path);
	return error;
}

i64 sys_swapon(struct task *task, const u64 arg[6])
{
	struct file *file;

	if (arg[1] & ~(u64)(SWAP_FLAG_PREFER | SWAP_FLAG_PRIO_MASK | SWAP_FLAG_DISCARD))
		return -EINVAL;
	int error = open_swap(task, arg[0], &file);
	if (error)
		return error;
	error = swap_on(file);
	file_put(file);
	return error;
}

i64 sys_swapoff(struct task *task, const u64 arg[6])
{
	struct file *file;
	int error = open_swap(task, arg[0], &file);

	if (error)
		return error;
	error = swap_off(file);
	file_put(file);
	return error;
}
