/*
 * What mmu/tlb.c and mmu/tlb_walk_cache.c share: the TLB's state, its clock, and the one PLRU tree. Nobody else
 * includes this.
 */
#ifndef RVEMU_MMU_TLB_INTERNAL_H
#define RVEMU_MMU_TLB_INTERNAL_H

#include "mmu/tlb.h"

#define TLB_PLRU_WAYS_MAX 64

/* Page sizes: one kind for each leaf level, and one for NAPOT. The numbers are enum mmu_size's. */
enum { TLB_PAGE_KINDS = MMU_SIZE_NONE };

struct array {
	struct tlb_array_config config; /* geometry; ways 0 if absent */
	u32 set_mask;                   /* sets - 1 */
	u32 kinds;                      /* bit n: an entry of page kind n was put in since the last full flush */
	u32 set_bits;                   /* log2 of sets */
	u32 tag_words;                  /* words of tags a set */
	u64 *tags;                      /* [set * tag_words + way / 8]: eight tags of a byte, see tlb_tag() */
	struct tlb_entry *entries;      /* [set * ways + way] */
	u64 *plru;                      /* [set]: the tree's bits, node n at bit n, the root is 1 */
	u64 newest;                     /* LRU: when an entry was last hit or put in */
	u8 level;                       /* 0 first, 1 second */
	char name[16];                  /* for tlb_each */
};

/* A pointer PTE the walker need not read again. */
struct pointer {
	u64 pte_addr; /* where it was read */
	u64 pte;      /* its value then */
	u64 stamp;    /* when; 0: empty */
	u64 used;     /* when it was last found */
	u16 asid;     /* for whom, unless global */
	bool global;  /* it has G set */
};

struct pointer_array {
	struct tlb_array_config config; /* geometry; ways 0 if absent */
	struct pointer *pointers;       /* [set * ways + way] */
	u64 *plru;                      /* [set]: as in struct array */
};

struct asid_state {
	u64 flushed; /* time of the last fence for this ASID alone */
	u64 since;   /* the fence for everything after which `live` was counted; if that is not the last one, it is 0 */
	u32 live[2][TLB_PAGE_KINDS]; /* its valid entries that are not global, by level and page kind */
};

/* The arrays by who asks them: the two sides of the first level, and the second. */
enum { ARRAYS_SECOND = 2, ARRAY_GROUPS = 3 };

/* What a removal is about. */
struct selection {
	u64 vpn;          /* a page */
	bool by_asid;     /* of one address space ... */
	u16 asid;         /* ... this one */
	bool globals;     /* ... and global entries too */
	bool fence;       /* a fence does it ... */
	u8 form;          /* ... of this enum mmu_flush: it is counted so */
	u32 largest_log2; /* out: bytes mapped by the largest entry removed */
};

struct tlb {
	struct tlb_config config; /* as given to tlb_create() */
	bool needs_hits;          /* tlb_needs_hits() */
	bool is_plain; /* it does not, and each side is one array of at most eight ways: hits have a short way */
	u64 now;       /* the time: counts fills, fences, and hits where replacement wants them */
	u64 flushed;   /* time of the last fence for everything */
	u64 live[2][TLB_PAGE_KINDS];                       /* valid entries by level and page kind */
	u64 random;                                        /* state of the generator */
	struct asid_state *asids;                          /* [ASIDS], zero pages until an ASID is used */
	struct array arrays[ARRAY_GROUPS][TLB_ARRAYS_MAX]; /* a group ends at the first array that does not exist */
	struct pointer_array pointers[TLB_ARRAYS_MAX];     /* the walk cache */
	struct mmu_tlb_counts *counts;                     /* what is counted of the two levels */
	struct mmu_tlb_counts own[2];                      /* where, unless tlb_count_into() said otherwise */
	void (*drop)(void *arg, const struct tlb_entry *entry); /* tlb_on_drop(); may be NULL */
	void *drop_arg;
};

/* log2 of the pages that a page of this kind is. */
static always_inline u32 tlb_kind_shift(u32 kind)
{
	static const u8 shift[TLB_PAGE_KINDS] = { 0, 4, 9, 18, 27, 36 };

	return shift[kind];
}

/* Tags are bytes, eight ways a word. Bit 7 is set in every one, so that an empty way (0) does not even look like a hit.
 */
static always_inline u64 tlb_tag(const struct array *array, u64 key, u32 kind)
{
	u64 above_set = (key >> array->set_bits) * TLB_PAGE_KINDS + kind;

	return (above_set * 0x9e3779b97f4a7c15ull) >> 57 | 0x80;
}

static inline void tlb_set_tag(struct array *array, u32 set, u32 way, u64 tag)
{
	u64 *word = &array->tags[set * array->tag_words + way / 8];
	u32 shift = way % 8 * 8;

	*word = (*word & ~(0xffull << shift)) | tag << shift;
}

static inline u64 tlb_random(struct tlb *tlb)
{
	tlb->random ^= tlb->random >> 12;
	tlb->random ^= tlb->random << 25;
	tlb->random ^= tlb->random >> 27;
	return tlb->random * 0x2545f4914f6cdd1dull;
}

static inline bool tlb_is_alive(const struct tlb *tlb, u64 stamp, bool global, u16 asid)
{
	return stamp > tlb->flushed && (global || stamp > tlb->asids[asid].flushed);
}

/* PLRU over `ways` ways: notes a use; names the way to replace. */
void tlb_plru_touch(u64 *tree, u32 ways, u32 way);
u32 tlb_plru_victim(u64 tree, u32 ways);

/* Stops the program over a geometry no array can have. */
void tlb_check_geometry(const struct tlb_array_config *config);

void tlb_walk_cache_create(struct pointer_array *array, const struct tlb_array_config *config);
void tlb_walk_cache_destroy(struct pointer_array *array);

#endif
