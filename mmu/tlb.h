/*
 * The machine's TLB: what the architecture may see. Geometry, ASIDs, global and superpage entries, second level, walk
 * cache, replacement. It keeps what hardware may keep: an entry leaves by a fence, or because another one takes its
 * place, never because memory changed.
 *
 * The fast entries of mmu/fast.h are a strict subset of it. The default geometry (`fast`) is large and its replacement
 * does not depend on hits, so that hits need not be reported; geometries for which `tlb_needs_hits` is true must see
 * every access.
 */
#ifndef RVEMU_MMU_TLB_H
#define RVEMU_MMU_TLB_H

#include "mmu/walk.h"

struct state;

enum tlb_replacement { TLB_FIFO, TLB_RANDOM, TLB_PLRU, TLB_LRU };

/* One array of entries. ways 0: the array does not exist. Sets are a power of two, ways any number (for PLRU at most
 * 64). A set is chosen by the low bits of va / page size, or in a walk cache of pte_addr / 8; the ASID takes no part.
 */
struct tlb_array_config {
	u32 sets;       /* 1: fully associative */
	u32 ways;       /* entries a set */
	u8 replacement; /* enum tlb_replacement */
	u8 min_level;   /* page sizes it takes: leaf levels min_level.. */
	u8 max_level;   /* .. to max_level (0: 4 KiB, 1: 2 MiB, ...) */
};

#define TLB_ARRAYS_MAX 4

struct tlb_config {
	const char *name; /* preset's name */
	bool split;       /* fetches have arrays of their own */

	/* [0] data or unified, [1] fetches if split. Several arrays: page sizes apart; the first with ways 0 ends the
	 * list. */
	struct tlb_array_config first[2][TLB_ARRAYS_MAX];
	/* Second level, shared by both sides; it need not take every page size. */
	struct tlb_array_config second[TLB_ARRAYS_MAX];
	/* Pointer PTEs found at levels min_level (at least 1) to max_level. */
	struct tlb_array_config walk_cache[TLB_ARRAYS_MAX];

	bool ad_trap;       /* the core traps on A/D (a preset may want it) */
	bool cache_invalid; /* adversarial: also keeps what is invalid, denied or was not asked for (mmu/adversary.h) */
	bool keep_denied;   /* a hit that denies the access faults at once; otherwise it walks again */
	u32 forget_one_in;  /* adversarial: a lookup loses its entry one time in n; 0 never */
	u64 seed;           /* for random replacement and forgetting */
};

struct tlb_entry {
	u64 vpn;      /* va >> 12 of the first page mapped (tlb_fill: of any page in it) */
	u64 ppn;      /* pa >> 12 of the first page mapped (tlb_fill: of the same page) */
	u64 pte;      /* leaf PTE as walked: flags for permission checks */
	u64 stamp;    /* when it was filled, on the TLB's own counter; 0: empty */
	u64 used;     /* when it was last hit, likewise (LRU) */
	u16 asid;     /* address space it belongs to, unless global */
	u8 size_log2; /* bytes mapped: 12, 16 (NAPOT), 21, ... */
	u8 level;     /* leaf level */
	u8 pbmt;      /* memory type */
	bool global;  /* matches every ASID */
	bool fetched; /* a fetch used it: whoever caches fetch translations must hear of its end */
};

enum tlb_side { TLB_DATA = 0, TLB_FETCH = 1 };
enum tlb_level { TLB_MISS = 0, TLB_FIRST = 1, TLB_SECOND = 2 };

/* Page sizes as they are counted: what a leaf maps, by level, NAPOT apart; NONE where no translation was found. */
enum mmu_size {
	MMU_SIZE_4K,
	MMU_SIZE_64K,
	MMU_SIZE_2M,
	MMU_SIZE_1G,
	MMU_SIZE_512G,
	MMU_SIZE_256T,
	MMU_SIZE_NONE,
	MMU_SIZES
};

/* Why entries left the TLB. */
enum mmu_flush { MMU_FLUSH_ALL, MMU_FLUSH_ASID, MMU_FLUSH_VA, MMU_FLUSH_VA_ASID, MMU_FLUSH_RESET, MMU_FLUSHES };

#define MMU_MODES 2    /* modes that translate: PRIV_U, PRIV_S */
#define MMU_ACCESSES 3 /* enum access */

/* The size of a page of 2^size_log2 bytes. */
static inline enum mmu_size mmu_size_of(u32 size_log2)
{
	return size_log2 < 21 ? (size_log2 == 16 ? MMU_SIZE_64K : MMU_SIZE_4K)
	                      : (enum mmu_size)(MMU_SIZE_2M + (size_log2 - 21) / 9);
}

/* One level of the TLB, by access kind, mode and page size. Always hits + misses = accesses, where hits include those
 * that deny the access (`denied`), after which there is a walk all the same unless the geometry trusts denials. */
struct mmu_tlb_counts {
	u64 hits[MMU_ACCESSES][MMU_MODES][MMU_SIZES];
	u64 misses[MMU_ACCESSES][MMU_MODES][MMU_SIZES]; /* by the page size that the walk found */
	u64 denied[MMU_ACCESSES][MMU_MODES][MMU_SIZES]; /* of the hits */
	u64 evictions[MMU_SIZES];                       /* entries pushed out by another address's */
	u64 flushed[MMU_FLUSHES][MMU_SIZES];            /* entries dropped by fences, by which form */
};

struct tlb; /* mmu/tlb.c */

/* The preset of that name ("fast", "teach", "rocket", ...), or NULL. */
const struct tlb_config *tlb_preset(const char *name);
/* Gives a geometry the habits of the preset "adversarial": it keeps what is invalid or denied, and forgets at random.
 */
void tlb_make_adversarial(struct tlb_config *config);
/* The i-th preset, or NULL past the end: for --help. */
const struct tlb_config *tlb_preset_at(u32 i);

struct tlb *tlb_create(const struct tlb_config *config);
void tlb_destroy(struct tlb *tlb);
const struct tlb_config *tlb_config(const struct tlb *tlb);

/* What the TLB has counted of its two levels: evictions and entries flushed (hits and misses are counted by who looks
 * up: it alone knows which mode asked and what a walk found). tlb_count_into() has it count into the caller's two
 * structs from now on. */
const struct mmu_tlb_counts *tlb_counts(const struct tlb *tlb);
void tlb_count_into(struct tlb *tlb, struct mmu_tlb_counts counts[2]);

/* True if replacement depends on hits (LRU, PLRU) or lookups (forgetting), so that every access must be shown to it. */
bool tlb_needs_hits(const struct tlb *tlb);

/* Finds the entry that translates va in address space asid. Second-level hits are copied to the first level; what that
 * pushes out of the first level is reported like an eviction. Returns NULL on a miss; an entry is valid until the next
 * call. */
struct tlb_entry *tlb_lookup(struct tlb *tlb, enum tlb_side side, u64 va, u16 asid, enum tlb_level *where);

/* True if there is an entry for va at either level; nothing is counted, moved or forgotten by asking. */
bool tlb_has(const struct tlb *tlb, enum tlb_side side, u64 va, u16 asid);

/* Puts a new translation in, at both levels (stamp, used and fetched are set here; vpn and ppn are rounded down to the
 * page size). Give the vpn that was accessed: other entries this side holds for it are dropped, whatever their size, so
 * that an array never has two answers for it. Returns the first-level entry that now holds it, valid until the next
 * call. */
struct tlb_entry *tlb_fill(struct tlb *tlb, enum tlb_side side, const struct tlb_entry *entry);

/* Called with each entry that stops being served by the first level (evicted, replaced by a new translation, or
 * forgotten), so that the fast entries made from it can go: set once. */
void tlb_on_drop(struct tlb *tlb, void (*drop)(void *arg, const struct tlb_entry *entry), void *arg);

/*
 * A hit in the first level that may be repeated without a lookup: for as long as tlb_hit_holds() and no fence by ASID
 * or of everything came since. tlb_hit_again() then does to the TLB exactly what a lookup would do. What it cannot know
 * of: a fill of something larger than a base page may bring another answer.
 */
struct tlb_hit {
	struct tlb_entry *entry; /* the one that was hit */
	u64 stamp;               /* its birth */
	u64 *tree;               /* PLRU: its set's tree; NULL: another replacement */
	u64 tree_keep, tree_set; /* what a hit leaves and sets of it */
	u64 *newest;             /* LRU: time of its array's last hit; NULL: another replacement */
	u64 *now;                /* the TLB's time */
};

/* Makes one of the entry that tlb_lookup() or tlb_fill() has just returned for `side`. False: hits of this TLB cannot
 * be repeated, because it may forget at each, or puts in more than it is told. */
bool tlb_remember(struct tlb *tlb, enum tlb_side side, struct tlb_entry *entry, struct tlb_hit *hit) must_check;

static always_inline bool tlb_hit_holds(const struct tlb_hit *hit)
{
	return hit->entry->stamp == hit->stamp;
}

static always_inline void tlb_hit_again(const struct tlb_hit *hit)
{
	if (hit->tree)
		*hit->tree = (*hit->tree & hit->tree_keep) | hit->tree_set;
	else if (hit->newest && hit->entry->used != *hit->newest)
		hit->entry->used = *hit->newest = ++*hit->now;
}

/* sfence.vma / sinval.vma in all four forms. Does not call drop: the caller of a fence clears its fast entries itself.
 * By address: every entry whose range holds va, in all arrays; the walk cache stays, because the manual promises this
 * form for leaf PTEs only. By ASID: not global ones. Costs no more than the entries it looks at; the forms without
 * address cost the same whatever the TLB's size. Returns log2 of the bytes mapped by the largest entry removed by
 * address; 0 if none was. */
u32 tlb_flush(struct tlb *tlb, bool by_va, u64 va, bool by_asid, u16 asid);

/* Forgets everything, as a fence without address and ASID does, but counts as MMU_FLUSH_RESET. */
void tlb_reset(struct tlb *tlb);

/* Calls `see` for every valid entry: monitor, pictures. */
void tlb_each(const struct tlb *tlb, void (*see)(void *arg, const char *array, const struct tlb_entry *entry),
              void *arg);

/* The walk cache: pointer PTEs by their physical address. What is no valid pointer PTE is not kept; one with G serves
 * every ASID. */
bool tlb_walk_cache_find(struct tlb *tlb, u32 level, u64 pte_addr, u16 asid, u64 *pte);
void tlb_walk_cache_fill(struct tlb *tlb, u32 level, u64 pte_addr, u16 asid, u64 pte);

/* Saves or restores all valid entries of all arrays and of the walk cache, also those that are out of date, with what
 * replacement knows of them. The geometry must be the same. */
void tlb_state(struct state *s, struct tlb *tlb);

#endif
