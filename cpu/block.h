/*
 * Decoded blocks: straight runs of instructions, decoded once, keyed by the physical address of the first.
 *
 * A block lies within one page, except that its only instruction may reach into the next one. It ends after a jump,
 * after whatever may change mode, translation or interrupts, at the page's end, or when it is full; conditional
 * branches stay inside as side exits. Every jump with a target in the same page is chained to the target's block; all
 * others go through the hart's jump cache. A store to a page with decoded code drops that page's blocks: a dropped
 * block's first operation leads out of it, so that chains need no undoing; its memory comes back when the whole cache
 * is emptied.
 *
 * All harts of a machine share one cache. The JIT (later) will hang its code on struct block.
 */
#ifndef RVEMU_CPU_BLOCK_H
#define RVEMU_CPU_BLOCK_H

#include "cpu/hart.h"
#include "cpu/engine.h"

struct uop;

/*
 * What an operation is: a function that does its work and then calls the next operation's in tail position. `budget` is
 * the engine's budget less the whole block at work; `pc` is the virtual address of the block's first instruction.
 */
typedef u32 op_fn(struct hart *h, const struct uop *u, s64 budget, u64 pc);

/* One decoded instruction. */
struct uop {
	op_fn *fn; /* what to do */
	u8 rd;     /* destination (x0: 32, the sink); stores and branches: rs2 */
	u8 rs1;    /* first source */
	u8 left;   /* instructions of the block from this one on */
	u8 off;    /* bytes / 2 from the block's first instruction */
	union {
		s32 imm; /* immediate; branches, jumps, auipc: relative to the block's start */
		struct {
			u8 rs2, rs3; /* further sources */
			u8 rm;       /* rounding mode */
			u8 spare;    /* 0 */
		};
	};
};

/* What follows a jump's or branch's uop, in the next uop's place: where it leads, once that is known. */
struct link {
	struct block *to; /* the block there; NULL: not known, or in another page */
	u16 next;         /* bytes from the block's start to the instruction behind the jump */
	u16 near;         /* 1: the target lies in this block's page, so it may be chained to */
	u32 place;        /* which of the block's code[] this is */
};

_Static_assert(sizeof(struct uop) == 16, "u[1] is one shift and one add away");
_Static_assert(sizeof(struct link) == sizeof(struct uop), "a link stands in a uop's place");

#define BLOCK_INSNS_MAX 48

struct block {
	u64 pa;                     /* physical address of the first instruction: the key */
	u64 pa2;                    /* of the page into which the only instruction reaches, or 0 */
	struct block *same_hash;    /* next in the bucket */
	struct block *same_page[2]; /* next in the list of the page(s) it lies in */
	u16 insns;                  /* instructions */
	u16 bytes;                  /* of code */
	bool observed;              /* with observers: for harts that are observing, and only for them */
	bool dead;                  /* dropped */
	struct uop code[];          /* operations and links */
};

struct block_cache;

/* The block in which the uop or link `at` is code[place]. */
static inline struct block *block_of_place(const void *at, u32 place)
{
	return (struct block *)((u8 *)((struct uop *)at - place) - offsetof(struct block, code));
}

/* The block that a link stands in. */
static inline struct block *block_of_link(const struct link *link)
{
	return block_of_place(link, link->place);
}

/* A cache for a machine whose harts are registered by block_cache_add_hart(). It sets bus->code_written. */
struct block_cache *block_cache_create(struct bus *bus);
void block_cache_destroy(struct block_cache *c);
void block_cache_add_hart(struct block_cache *c, struct hart *h);

/* The block at h->pc, decoded if need be, and put into h's jump cache where that is allowed. At most `limit`
 * instructions long (a shorter block than usual is the hart's scratch block). NULL: the fetch faulted, h->mmu.fault is
 * set. */
struct block *block_find(struct hart *h, u64 limit);

/* The same for a jump with a link: if the target may be chained to, the link leads there afterwards. */
struct block *block_find_linked(struct hart *h, u64 limit, const struct link *link);

/* Forgets all blocks if they were decoded under another set of a debugger's points than the one of this `generation`
 * (struct debug). Outside the engine. */
void block_cache_renew(struct block_cache *c, u64 generation);

/* Drops what was decoded from pa..pa+size-1: fits bus.code_written. */
void block_drop(void *cache, u64 pa, u64 size);

#endif
