/*
 * The timing model: what a memory access costs. L1 caches for instructions and data, a second level, and memory behind
 * it; the page-table walker's reads of PTEs go through the same caches, one after another.
 *
 * Structural and uncalibrated: it knows sizes, ways, lines and latencies, and where a line is. It knows no bus, no
 * contents, no coherence, no prefetching and no overlap: an access waits for the one before it. A hart's cycles are its
 * steps plus the cycles it waited (`waited`). Off (no cost_config in struct mmu_config) it does not exist.
 *
 * An instruction's own fetch and its load or store take no extra cycle when they hit the first level; a miss waits for
 * the latency of where the line is found. A PTE's read always waits for the latency of where it is found. A hit in the
 * second TLB level waits `second_latency`, one in the walk cache `walk_cache_latency`. Replacement is true LRU.
 */
#ifndef RVEMU_MMU_COST_H
#define RVEMU_MMU_COST_H

#include "emu/base/base.h"

struct state;

/* No latency is longer, in cycles. */
#define COST_LATENCY_MAX 10000

/* A cache. size 0: there is none. */
struct cache_config {
	u32 size;    /* bytes: line * ways * a power of two */
	u32 ways;    /* lines a set */
	u32 line;    /* bytes a line, a power of two, 16 to 256 */
	u32 latency; /* cycles until its answer */
};

struct cost_config {
	const char *name;             /* preset's name */
	struct cache_config l1i, l1d; /* of each hart */
	struct cache_config l2;       /* of all harts together */
	u32 memory_latency;           /* cycles until memory answers */
	u32 second_latency;           /* cycles of a hit in the second TLB level */
	u32 walk_cache_latency;       /* cycles of a PTE found in the walk cache */
	bool walks_skip_l1;           /* the walker asks the second level at once */
};

/* Where a line was found. */
enum cost_place { COST_L1, COST_L2, COST_MEMORY, COST_PLACES };

/* Who asks. */
enum cost_kind { COST_FETCH, COST_LOAD, COST_STORE, COST_PTE, COST_KINDS };

struct cost_stats {
	u64 found[COST_KINDS]
		 [COST_PLACES]; /* accesses by who asked and where it was found; they add up to all accesses */
	u64 waited[COST_KINDS]; /* cycles waited, by who asked */
	u64 waited_tlb;         /* for the second TLB level and the walk cache */
};

struct cost_shared; /* the second level */
struct cost;        /* one hart's view */

/* The preset of that name ("rocket", ...), or NULL; the i-th, or NULL past the end. The names are those of mmu/tlb.h's
 * presets, but for `fast` and `adversarial`, which have no timing. */
const struct cost_config *cost_preset(const char *name);
const struct cost_config *cost_preset_at(u32 i);

/* True if the caches can be built; otherwise err says which number is wrong. */
bool cost_check(const struct cost_config *config, struct error *err) must_check;

/* The longest wait for anything. */
u32 cost_longest(const struct cost_config *config);

/* config must have passed cost_check(). `shared` may be NULL: then there is no second level. */
struct cost_shared *cost_shared_create(const struct cost_config *config);
void cost_shared_destroy(struct cost_shared *shared);
struct cost *cost_create(const struct cost_config *config, struct cost_shared *shared);
void cost_destroy(struct cost *cost);

/* An access of physical address pa (a line is fetched if it is not there): where it was found, and the cycles that the
 * hart waits for it. */
struct cost_answer {
	u8 place;   /* enum cost_place */
	u32 cycles; /* waited */
};
struct cost_answer cost_access(struct cost *cost, enum cost_kind kind, u64 pa);

/* The same for `size` bytes from pa on, in all lines that they lie in. */
void cost_access_bytes(struct cost *cost, enum cost_kind kind, u64 pa, u32 size);

/* Cycles waited for the TLB's second level or the walk cache. */
u32 cost_wait(struct cost *cost, u32 cycles);

/* All cycles waited so far. */
u64 cost_waited(const struct cost *cost);
const struct cost_stats *cost_stats(const struct cost *cost);
const struct cost_config *cost_config(const struct cost *cost);

/* A fetch from the same line as the last one is a hit that moves nothing: who knows that it is one may count it here
 * instead of calling cost_access(). The line's bytes; 0: there is no first level for fetches, and no such hit. */
u64 *cost_fetch_hits(struct cost *cost);
u32 cost_fetch_line(const struct cost *cost);

/* Forgets all lines of the first level: reset. */
void cost_reset(struct cost *cost);

/* Saves or restores cycles, statistics and which lines are where: a resumed machine goes on cycle for cycle. */
void cost_state(struct state *s, struct cost *cost);
void cost_shared_state(struct state *s, struct cost_shared *shared);

#endif
