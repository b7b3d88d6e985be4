/*
 * Physical memory: one struct frame for each 4 KiB frame of RAM, and a buddy allocator over them.
 *
 * A frame has a kind (what it is used for) and a count of who holds it: each PTE that maps it, the page cache or swap
 * cache that knows it, and whoever works on it at the moment count one. The last frame_put() gives it back.
 *
 * Allocation may sleep: when free frames fall under the reserve it reclaims memory (reclaim.h) before it gives up. It
 * may fail: every caller handles NULL. The last frames are kept for tasks that are being killed (they must be able to
 * exit).
 */
#ifndef GUEST_KERNEL_MM_FRAME_H
#define GUEST_KERNEL_MM_FRAME_H

#include "guest/kernel/core/base.h"

struct mapping;
struct pool;
struct mm;

/* RAM is mapped at DIRECT_MAP + pa, devices too (Sv39's upper half, global, never executable). */
#define DIRECT_MAP 0xffffffc000000000ul

enum frame_kind {
	FRAME_FREE,     /* in the buddy allocator */
	FRAME_RESERVED, /* firmware, kernel image, device tree, the frame table itself */
	FRAME_KERNEL,   /* kernel stacks and other whole pages of the kernel's */
	FRAME_SLAB,     /* kmalloc */
	FRAME_TABLE,    /* a page table; see pgtable.h */
	FRAME_ANON,     /* a private page of a process: heap, stack, copy of a file's page */
	FRAME_FILE,     /* in the page cache of a file or block device, or of shared anonymous memory */
};

enum frame_flag {
	FRAME_UPTODATE = 1 << 0,   /* holds the file's or slot's data */
	FRAME_DIRTY = 1 << 1,      /* differs from the disk; PTEs' D bits add to it (rmap_is_dirty) */
	FRAME_BUSY = 1 << 2,       /* being read in: wait with frame_wait() */
	FRAME_WRITEBACK = 1 << 3,  /* being written out */
	FRAME_REFERENCED = 1 << 4, /* used by read() or write() since the policy last looked: an A bit for I/O */
	FRAME_PINNED = 1 << 5,     /* never reclaimed (mlock) */
	FRAME_SWAPCACHE = 1 << 6,  /* mapping is swap's, index the slot */
	FRAME_ERROR = 1 << 7,      /* the last I/O failed */
	FRAME_WRITABLE = 1 << 8,   /* of a file: a shared PTE may set D at any time (pagecache_mark_writable) */
	FRAME_COUNTED = 1 << 9,    /* counted by pagecache_dirty_count() */
	FRAME_CODE_CLEAN =
		1 << 10,         /* instruction caches of all harts agree with it; whoever writes into it clears this */
	FRAME_FILLING = 1 << 11, /* write() copies into it: what lies behind the file's end may soon be data */
};

struct frame {
	u32 refs;                /* holders; 0: free */
	u8 kind;                 /* enum frame_kind */
	u8 order;                /* of a free block's or allocation's first frame: 2^order frames */
	u16 flags;               /* enum frame_flag */
	u32 maps;                /* PTEs that map it (each is also in refs and in rmap) */
	u32 age;                 /* for the replacement policy alone */
	u64 rmap;                /* who maps it; rmap.h */
	struct list list;        /* free list of the allocator, or the pool's list */
	struct pool *pool;       /* the pool whose policy decides on it, or NULL: not reclaimable at present */
	struct mapping *mapping; /* the page cache or swap cache it is in, or NULL */
	u64 index; /* there: page number in the file, or swap slot; FRAME_TABLE: lowest va it translates */
	struct frame *hash_next;  /* next in the page cache's hash chain */
	struct list mapping_link; /* all frames of the mapping */
	u64 block; /* FRAME_FILE: the disk block behind it, 0: none known; so that write-back needs no lookup */
	struct mm *table_mm; /* FRAME_TABLE: whose */
	u32 table_used;      /* FRAME_TABLE: entries that are not 0 */
	u32 owner;           /* pid that first mapped it, for pictures and /proc; 0: none */
};

enum alloc_flag {
	ALLOC_ZERO = 1 << 0,    /* filled with zeros */
	ALLOC_NOWAIT = 1 << 1,  /* never sleeps, never reclaims */
	ALLOC_RESERVE = 1 << 2, /* may take the last frames: for exiting, not for work */
};

/* Numbers of frames, for /proc. */
struct frame_counts {
	u64 total, free, kernel, slab, table, anon, file;
};

/* Builds the frame table for the RAM that the device tree names, without the regions reserved there or by the kernel
 * image. */
void frame_init(u64 kernel_end_pa);

/* 2^order adjoining frames with refs 1 of the given kind, or NULL. May sleep without ALLOC_NOWAIT. */
struct frame *frame_alloc_order(enum frame_kind kind, unsigned order, unsigned flags) must_check;
struct frame *frame_alloc(enum frame_kind kind, unsigned flags) must_check;

void frame_get(struct frame *frame);
/* The last one frees it: it must be mapped nowhere and in no cache then. */
void frame_put(struct frame *frame);

/* Sleeps until the flag (BUSY or WRITEBACK) is gone. May sleep. */
void frame_wait(struct frame *frame, u16 flag);
/* Clears the flag and wakes who waits for it. */
void frame_clear_and_wake(struct frame *frame, u16 flag);

/* All frames from the first to the last of RAM, by address. Inline, what asks it: every step of a page fault does. */
struct frame_table {
	struct frame *frames;
	u64 first; /* physical number of frames[0] */
	u64 count; /* of entries */
};
extern struct frame_table frame_table;

/* NULL for a pa that is no RAM. */
static inline struct frame *frame_of_pa(u64 pa)
{
	u64 index = (pa >> PAGE_SHIFT) - frame_table.first;
	return index < frame_table.count ? &frame_table.frames[index] : NULL;
}

/* Of an address in the direct map. */
static inline struct frame *frame_of_virtual(const void *pointer)
{
	return frame_of_pa((u64)pointer - DIRECT_MAP);
}

/* pa >> 12 */
static inline u64 frame_number(const struct frame *frame)
{
	return frame_table.first + (u64)(frame - frame_table.frames);
}

static inline u64 frame_pa(const struct frame *frame)
{
	return frame_number(frame) << PAGE_SHIFT;
}

/* In the direct map. */
static inline void *frame_data(const struct frame *frame)
{
	return (void *)(DIRECT_MAP + frame_pa(frame));
}

/* Fill and copy one page; by cbo.zero where the hart has it. */
void page_zero(void *page);
void page_copy(void *to, const void *from);

struct frame_counts frame_counts(void);
u64 frame_free_count(void);
/* Free blocks of each order, for /proc/buddyinfo; orders 0..FRAME_ORDERS-1. */
#define FRAME_ORDERS 11
void frame_buddy_counts(u64 counts[FRAME_ORDERS]);

/* Whether the task's turn to fail has come (/proc/PID/fail-nth): asked by every allocation, kmalloc's too. */
bool allocation_must_fail(void);

#endif
