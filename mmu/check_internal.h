/*
 * What the files of the check share: mmu/check.c (harts, findings, traps), check_pages.c (what is watched, and by whom
 * it was changed), check_tables.c (translations), check_leaf.c (what should not be in a page table), check_code.c
 * (fence.i). Nobody else includes this.
 */
#ifndef RVEMU_MMU_CHECK_INTERNAL_H
#define RVEMU_MMU_CHECK_INTERNAL_H

#include "mmu/check.h"

#define CHECK_HARTS_MAX 64
#define CHECK_SEEN_LOG2 15
#define CHECK_CHANGES_LOG2 18
#define CHECK_PAGES_LOG2 16
#define CHECK_TOLD_LOG2 13
#define CHECK_TYPED_MAX 256

/* Bits of a PTE that no TLB need care about: A may be behind, RSW is software's. */
#define CHECK_RSW (MASK(2) << 8)
#define CHECK_IMMATERIAL (PTE_A | CHECK_RSW)

/* Times are on the clock of the check, mmu_check.seq: every change, fence and fill counts one. */

/* The first change of a PTE, or of a granule of code, since it was last looked at. */
struct check_change {
	u64 key;                  /* physical address of the PTE; of the granule, plus 1; 0: none */
	u64 seq;                  /* when */
	struct check_place place; /* where */
};

/* What an entry of a hart's TLB was made of, or a failed walk. */
struct check_seen {
	u64 va;       /* the page's first address (a failed walk: the 4 KiB page's) */
	u64 satp;     /* as it was */
	u64 seq;      /* when; 0: none */
	u16 asid;     /* address space */
	u8 size_log2; /* bytes mapped */
	u8 count;     /* steps */
	struct {
		u64 addr, pte;    /* the PTE, as it was */
	} steps[WALK_LEVELS_MAX]; /* from the root on */
};

/* A page that walks read PTEs from. */
struct check_table {
	u64 va;                   /* an address that was translated through it */
	u8 level;                 /* of its PTEs */
	u64 live[8];              /* bit n: PTE n was read, and not changed since */
	u64 value[512];           /* what was read, where live */
	u64 pa;                   /* its address */
	struct check_table *next; /* all of them */
};

/* One hart's sight of a page of code. A bit is a granule of 64 bytes. */
struct check_sight {
	u64 epoch;   /* which of the hart's fence.i it is about: another than the hart's means that the rest is 0 */
	u64 ran;     /* may be in its instruction cache */
	u64 stale;   /* of those, stored to since */
	u64 differs; /* of those, known to be other code than memory has */
};

/* A page of code that was run. */
struct check_code {
	u64 has;                  /* granules whose bytes memory still has: stores to them are watched */
	u64 copied;               /* granules of `bytes` that mean something */
	struct check_sight *seen; /* [hart] */
	u8 bytes[PAGE_SIZE];      /* as last run by anybody */
};

struct check_page {
	u64 pa;                    /* its address */
	struct check_page *next;   /* in the bucket */
	struct check_table *table; /* as a page table, or NULL */
	struct check_code *code;   /* as code, or NULL */
};

/* A mapping with a memory type of its own (PBMT is not 0). */
struct check_typed {
	u64 pa, size; /* the frames */
	u64 va, satp; /* where they are mapped */
	u64 pte;      /* the leaf */
};

struct check_hart {
	struct mmu *m;              /* its MMU */
	u32 id;                     /* hart id */
	u64 epoch;                  /* counts its fence.i */
	u64 fence_all, *fence_asid; /* when it last fenced everything; [asid] */
	struct {
		u64 seq, va; /* when, and its operands */
		struct check_place place;
		u16 asid;
		bool by_va, by_asid;
	} fence; /* its last fence */
	struct check_seen
		*filled; /* [CHECK_SEEN]: what its TLB entries were made of; newer ones overwrite older ones */
	struct check_seen *failed; /* [CHECK_SEEN]: its failed walks */
	struct check_change satp;  /* its last write of satp */
	u64 lowered[4];            /* [mode]: when it last entered a mode below it; U: when it came back from a call */
	bool calling;              /* U mode has made a call since */
	bool awaited;              /* somebody used what it changed while it may still be about to tell */
	struct {
		u64 pc, cause, tval, instret, count; /* the last exception, and how often it has come now */
		u64 ret_pc, ret_instret;             /* where the last return went */
	} loop;
};

struct mmu_check {
	struct bus *bus; /* whose memory it is */
	u32 kinds;       /* 1 << enum check_kind of what is looked for */
	void (*report)(void *arg, const struct check_report *report);
	void *arg;      /* for report */
	u64 seq;        /* the time */
	u32 hart_count; /* how many of `harts` there are */
	struct check_hart harts[CHECK_HARTS_MAX];
	struct mmu *storing;                             /* whose store is at work, or NULL */
	enum check_by by;                                /* what kind of store it is */
	struct check_page *pages[1 << CHECK_PAGES_LOG2]; /* buckets */
	struct check_table *tables;                      /* all of them */
	struct check_change *changes;                 /* [1 << CHECK_CHANGES_LOG2], newer ones overwrite older ones */
	struct check_typed typed[CHECK_TYPED_MAX];    /* mappings with PBMT */
	u32 typed_count;                              /* how many */
	u64 told[1 << CHECK_TOLD_LOG2];               /* places that were told: a hash table of keys, 0: free */
	u32 told_count;                               /* how many */
	bool exact;                                   /* check_is_exact() */
	u64 counts[CHECK_KINDS], places[CHECK_KINDS]; /* findings; places */
	char words[256];                              /* check_report.missing */
};

/* --- check.c --- */

static inline bool check_wants(const struct mmu_check *check, enum check_kind kind)
{
	return check->kinds >> kind & 1;
}

struct check_hart *check_hart_of(struct mmu_check *check, const struct mmu *m);

/* The instruction at work on that hart. */
struct check_place check_here(const struct mmu *m, enum check_by by);

/* Is the one who changed it, at `seq`, perhaps still about to tell hart h? Then a later look is seen to. */
bool check_in_window(struct mmu_check *check, const struct check_hart *h, const struct check_place *culprit, u64 seq);

/* Counts a finding, and tells it if nothing of that kind was told with the same a and b; of those with the same a only
 * the first few are told. */
void check_tell(struct mmu_check *check, const struct check_report *report, u64 a, u64 b);

/* Ends all that harts keep of translations: fast entries and jumps. */
void check_forget_all(struct mmu_check *check);

/* --- check_pages.c --- */

u64 check_hash(u64 key);

/* What is known of the page of RAM at pa, or NULL; and that, made if need be (NULL: no RAM). */
struct check_page *check_page_find(const struct mmu_check *check, u64 pa);
struct check_page *check_page_at(struct mmu_check *check, u64 pa);

/* Sets the page's granules that are watched, by what is known of it. */
void check_page_watch(struct mmu_check *check, const struct check_page *page);

/* Adds one granule (of 64 bytes) of the page to them. */
void check_granule_watch(struct mmu_check *check, const struct check_page *page, u32 granule);

/* Notes who changed what `key` stands for; the note, or NULL if there is none (any more). What was looked at and is
 * something else now has one, as what is looked at is watched. */
void check_changed(struct mmu_check *check, u64 key);
const struct check_change *check_change_of(const struct mmu_check *check, u64 key);

/* --- check_tables.c --- */

/* The PTE at pte_addr as memory has it; 0 if there is no RAM. */
u64 check_pte(const struct mmu_check *check, u64 pte_addr);

/* Walks memory for va under that satp, as one who may do everything. True: there is a leaf. */
bool check_walk_as(struct mmu *m, u64 satp, u64 va, struct walk_result *result) must_check;

/* Watches the PTEs of a walk. */
void check_watch_steps(struct mmu_check *check, const struct walk_request *req, const struct walk_result *r);

/* A report with what every finding about a translation has; `now` is the walk of memory. */
struct check_report check_new_report(const struct mmu *m, enum check_kind kind, const struct walk_request *req,
                                     const struct walk_result *now);

/* A store hit PTEs that are watched. */
void check_table_written(struct mmu_check *check, struct check_page *page, u64 pa, u64 size);

/* --- check_code.c --- */

/* A store hit granules of code. */
void check_code_written(struct mmu_check *check, struct check_page *page, u64 pa, u64 size);

/* --- check_leaf.c --- */

/* Looks at a walk that found a leaf, or at one that did not. `r` is of the walk just made. */
void check_leaf_found(struct mmu_check *check, struct mmu *m, const struct walk_request *req,
                      const struct walk_result *r);
void check_leaf_refused(struct mmu_check *check, struct mmu *m, const struct walk_request *req,
                        const struct walk_result *r);

#endif
