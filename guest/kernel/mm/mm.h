/*
 * Address spaces: struct mm is a list of regions (what may be at an address) and a page table (what is there now).
 * Nothing here touches memory: mmap, brk and exec only write regions, fault.c gives the pages.
 *
 * mm->lock is held to change regions and while a page fault is served. User copies must not be made under it.
 */
#ifndef GUEST_KERNEL_MM_MM_H
#define GUEST_KERNEL_MM_MM_H

#include "guest/abi/mman.h"
#include "guest/kernel/core/lock.h"
#include "guest/kernel/mm/pgtable.h"

struct file;
struct policy;
struct task;
struct text;

enum region_flag {
	REGION_SHARED = 1 << 0,     /* MAP_SHARED: writes go to the file (or to shared anonymous memory) */
	REGION_GROWS_DOWN = 1 << 1, /* a stack: a fault just below enlarges it, down to the guard gap */
	REGION_HEAP = 1 << 2,       /* brk's */
	REGION_STACK = 1 << 3,      /* the first stack, "[stack]" */
	REGION_VDSO = 1 << 4,       /* the page of proc/vdso.S, "[vdso]" */
	REGION_LOCKED = 1 << 5,     /* mlock: faulted in at once, frames pinned */
	REGION_NORESERVE = 1 << 6,
	REGION_DONTFORK = 1 << 7,   /* madvise */
	REGION_MAY_WRITE = 1 << 8,  /* mprotect may add PROT_WRITE (a shared file was opened for writing) */
	REGION_SEQUENTIAL = 1 << 9, /* madvise: read ahead more */
	REGION_RANDOM = 1 << 10,    /* madvise: do not read ahead */
	REGION_WIPEONFORK = 1 << 11,
	REGION_COPIED = 1 << 12, /* some page of it is or was anonymous: fork must look at its page table entries */
	REGION_DEVICE = 1 << 13, /* memory of a device, shared: its frames are no RAM, and nobody counts them */
};

/* [start, end) with one set of permissions and one backing. Neighbours with equal properties are merged. */
struct region {
	struct list link;  /* in mm->regions, by address */
	u64 start, end;    /* page aligned */
	u32 prot;          /* PROT_READ | PROT_WRITE | PROT_EXEC */
	u32 flags;         /* enum region_flag */
	struct file *file; /* what is mapped (a reference), NULL: anonymous and private. Shared anonymous memory has a
	                      file, too (shmem.h) */
	u64 offset;        /* in the file, of start; bytes, page aligned */
	struct pool *pool; /* a pool of its own (/proc/PID/framepool), or NULL: the global one */
};

struct mm {
	u32 refs; /* tasks and who looks at it from outside (ptrace, /proc) */
	struct pgtable table;
	struct mutex lock;
	struct list regions;
	u32 region_count;                        /* at most MM_MAX_REGIONS */
	struct region *last;                     /* the region found last, or NULL */
	u64 total_pages;                         /* sum of the regions (VmSize) */
	u64 anon_pages, file_pages, shmem_pages; /* mapped now (VmRSS is their sum) */
	u64 swap_pages;                          /* swap entries in the page table */
	u64 peak_total, peak_rss;                /* pages */
	u64 locked_pages;
	u64 brk_start, brk;
	u64 code_start, code_end, data_start, data_end; /* of the program, for /proc/PID/stat */
	u64 stack_start;                                /* where sp was at exec */
	u64 arg_start, arg_end, env_start, env_end;
	u64 mmap_top;                          /* mmap looks for room downward from here */
	u64 vdso;                              /* va of the page in vdso.S */
	struct file *exe;                      /* /proc/PID/exe */
	u64 auxv[2 * 24];                      /* as given to the program; AT_NULL ends it */
	u64 limit_as, limit_data, limit_stack; /* RLIMIT_AS, DATA, STACK in bytes; copies of the process's */
	struct list pools;                     /* of /proc/PID/framepool */
	bool lock_future;                      /* mlockall(MCL_FUTURE) */
	bool dumpable;
	bool oom_killed; /* chosen by the out-of-memory killer: waiters for memory go on */
};

/* The page of proc/vdso.S, mapped in each REGION_VDSO region; made by vdso_init(). */
extern struct frame *vdso_frame;

#define MM_MAX_REGIONS 4096
#define STACK_GUARD_GAP (256 * PAGE_SIZE) /* no other mapping may come nearer below a growing stack */
#define MMAP_LOWEST 0x10000ul             /* mmap_min_addr */

/* An empty address space with refs 1, or NULL. May sleep. */
struct mm *mm_create(void) must_check;
void mm_get(struct mm *mm);
/* The last one unmaps everything and frees it. May sleep. */
void mm_put(struct mm *mm);
/* A copy for fork: regions, and page tables of private pages, both sides write-protected (copy on write). NULL: out of
 * memory. May sleep. */
struct mm *mm_fork(struct mm *parent) must_check;

/* The region with start <= va < end, or NULL. Lock held. */
struct region *mm_find(struct mm *mm, u64 va);
/* The first region with end > va, or NULL. Lock held. */
struct region *mm_find_from(struct mm *mm, u64 va);
/* The region after it, or NULL. */
struct region *mm_next(struct mm *mm, struct region *region);

/* Adds a region; MAP_FIXED: what was there goes; without it `address` is a hint. Takes the lock. The va, or a negative
 * errno. May sleep. */
i64 mm_map(struct mm *mm, u64 address, u64 size, u32 prot, u32 flags /* REGION_* */, u32 map_flags /* MAP_FIXED.. */,
           struct file *file, u64 offset);
/* Takes the lock. 0 or a negative errno. May sleep (dropping a file at the end). */
int mm_unmap(struct mm *mm, u64 start, u64 size);
int mm_protect(struct mm *mm, u64 start, u64 size, u32 prot);
i64 mm_remap(struct mm *mm, u64 old, u64 old_size, u64 new_size, u32 flags, u64 new_address);
/* New break or the old one. */
u64 mm_set_brk(struct mm *mm, u64 brk);

/* What a page fault was about. */
enum access { ACCESS_READ, ACCESS_WRITE, ACCESS_EXECUTE };

/* How a fault ended. */
enum fault_result {
	FAULT_MINOR,  /* mapped now (or was already): try again */
	FAULT_MAJOR,  /* the same, and a disk was read */
	FAULT_MAPERR, /* no region: SIGSEGV, SEGV_MAPERR */
	FAULT_ACCERR, /* the region does not permit it: SIGSEGV, SEGV_ACCERR */
	FAULT_BUS,    /* beyond the end of the file, or the disk failed, or is full: SIGBUS, BUS_ADRERR */
	FAULT_NOMEM,  /* no memory: the task is killed */
};

/* Serves a fault: the decision table of fault.c. Takes the lock. May sleep. Counts in task's min_flt, maj_flt (task may
 * be NULL). */
enum fault_result mm_fault(struct mm *mm, struct task *task, u64 va, enum access access);

/* Reads or writes another process's memory page by page, as ptrace and /proc/PID/mem do; force: also where the region's
 * permissions forbid it (private copies only). Bytes done, or -EFAULT / -EIO if none. May sleep. */
i64 mm_access_remote(struct mm *mm, u64 va, void *buffer, u64 size, bool write, bool force);

/* Faults in every page of [start, end) that a region permits, as MAP_POPULATE and mlock do. 0, -ENOMEM (a hole or no
 * memory), -EFAULT (SIGBUS for a program), -EINTR (a fatal signal). Takes the lock. May sleep. */
int mm_populate(struct mm *mm, struct task *task, u64 start, u64 end);
/* mlock and munlock of [start, end): marks the regions and pins or unpins what is there; the caller populates. Takes
 * the lock. 0, -ENOMEM. May sleep. */
int mm_lock_range(struct mm *mm, u64 start, u64 end, bool lock);
/* madvise(2). Takes the lock. 0 or a negative errno. May sleep. */
int mm_advise(struct mm *mm, struct task *task, u64 start, u64 end, int advice);

/* Pages that a read fault of a file maps at once if they are cached: the aligned window of this many around it, as
 * Linux does (its default is 16, too). 1: only the page itself. A power of two up to 512. */
#define FAULT_AROUND 16
extern u32 fault_around;

/* The lines of /proc/PID/maps and smaps. May sleep. */
void mm_print_maps(struct mm *mm, struct text *text, bool with_numbers);
/* The sums of smaps, as /proc/PID/smaps_rollup has them. May sleep. */
void mm_print_rollup(struct mm *mm, struct text *text);
/* One entry of /proc/PID/pagemap, in Linux's format: bit 63 present, 62 swapped, 61 a file's or shared, 56 mapped once;
 * bits 0..54 frame number, or swap type (0) in bits 0..4 and the slot above. Does not sleep. */
u64 mm_pagemap_entry(struct mm *mm, u64 va);

/* /proc/PID/framepool: a pool of its own, of `frames` frames (at least 1), for the pages of the private anonymous
 * regions in [start, end); pages that are there already go into it in address order. 0, -EINVAL (no such regions),
 * -EBUSY (some have a pool), -ENOMEM. Takes the lock. May sleep. */
int mm_pool_set(struct mm *mm, u64 start, u64 end, u64 frames, const struct policy *policy);
/* Ends all pools of the mm: their frames go to the global one. 0. Takes the lock. May sleep. */
int mm_pool_clear(struct mm *mm);

/* What region_name of /proc/PID/maps prints at the end of the line: a path, "[heap]", "[stack]", "[vdso]" or "". */
const char *region_name(const struct mm *mm, const struct region *region, char *buffer, u64 size);

#endif
