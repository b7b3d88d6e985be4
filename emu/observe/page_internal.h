/*
 * What page*.c share: the bounded data that a run is boiled down to on its way into the page.
 *
 * Everything here has a most that it may hold, whatever the run's length. Time on the page is work done: instructions
 * of all harts together, so that idling takes no room; guest time is told beside it. Where something must be left out,
 * a rule says what stays (page_walks.c, page_life.c), and the page says so.
 */
#ifndef RVEMU_EMU_OBSERVE_PAGE_INTERNAL_H
#define RVEMU_EMU_OBSERVE_PAGE_INTERNAL_H

#include <stdio.h>

#include "emu/base/trace.h"
#include "emu/observe/guest_view.h"
#include "emu/symbols.h"
#include "mmu/mmu.h"

/* --- a map from 64-bit keys to small numbers, which stops growing at a limit: page_map.c --- */

#define PAGE_MAP_FULL (~0u)

struct page_map {
	u64 *keys;    /* where values[] is not 0 */
	u32 *values;  /* index + 1, or 0: empty */
	u32 capacity; /* a power of two, or 0 */
	u32 count;    /* keys in it; the next index */
	u32 limit;    /* the most there may be */
};

/* The index of the key, which is count when it is new (*is_new); PAGE_MAP_FULL: it is new and there is no room. */
u32 page_map_add(struct page_map *map, u64 key, bool *is_new);
void page_map_free(struct page_map *map);

/* --- time --- */

#define PAGE_HARTS 64
#define PAGE_BUCKETS 2000

/* What is counted in every piece of time. */
enum page_column {
	PAGE_WALKS_FETCH, /* in the order of enum access */
	PAGE_WALKS_LOAD,
	PAGE_WALKS_STORE,
	PAGE_WALKS_FAILED,
	PAGE_WALK_CYCLES,
	PAGE_PTE_READS,
	PAGE_AD_UPDATES,
	PAGE_FAULTS_FETCH, /* page faults, in the order of enum access */
	PAGE_FAULTS_LOAD,
	PAGE_FAULTS_STORE,
	PAGE_FAULTS_ACCESS, /* access faults */
	PAGE_SOLVED_ZERO,   /* how the guest resolved page faults, in the order of enum hint_fault */
	PAGE_SOLVED_MINOR,
	PAGE_SOLVED_FILE,
	PAGE_SOLVED_SWAP,
	PAGE_SOLVED_COPY,
	PAGE_SOLVED_STACK,
	PAGE_SOLVED_SIGNAL,
	PAGE_FENCES_ALL, /* in the order of enum mmu_flush */
	PAGE_FENCES_ASID,
	PAGE_FENCES_VA,
	PAGE_FENCES_VA_ASID,
	PAGE_FENCED_ENTRIES,
	PAGE_EVICTIONS,
	PAGE_SPACES,
	PAGE_INTERRUPTS,
	PAGE_ECALLS,
	PAGE_TRAPS_OTHER,
	PAGE_SWAP_OUT,
	PAGE_SWAP_IN,
	PAGE_COLUMNS,
};

/* Who had most of a hart's time in a bucket. */
struct page_band {
	u32 owner;  /* index of the owner + 1; 0: nobody known */
	u64 weight; /* instructions */
};

struct page_time {
	u64 last[PAGE_HARTS];    /* instret of each hart as last told */
	u64 harts;               /* bit n: hart n was told of */
	u64 now;                 /* instructions of all harts: the page's time */
	u64 now_ns;              /* guest time */
	u64 width;               /* instructions a bucket: a power of two */
	u32 count;               /* buckets in use */
	u32 running[PAGE_HARTS]; /* owner + 1 that has each hart now */
	u64 since[PAGE_HARTS];   /* since when */
	u64 counts[PAGE_COLUMNS][PAGE_BUCKETS];
	u64 begin_ns[PAGE_BUCKETS]; /* guest time of the first news in it; 0: none */
	struct page_band bands[PAGE_HARTS][PAGE_BUCKETS];
};

/* --- who: a process, or an address space of which nothing else is known --- */

#define PAGE_OWNERS 1024
#define PAGE_SPACES_MAX 4095

struct page_owner {
	u32 pid;
	u32 parent;
	u64 satp;
	u64 first, last; /* when it was first and last seen */
	u64 walks, faults;
	u64 insns; /* instructions while it had a hart */
	bool is_gone;
	u64 status; /* of its exit */
	char name[GUEST_NAME_BYTES];
};

/* --- names of code: page_symbols.c --- */

#define PAGE_SYMBOLS_MAX 12000
#define PAGE_NO_SYMBOL 0xffff

struct page_symbol {
	const struct symbol *symbol;
	u64 walks, cycles; /* of all walks for its code */
};

struct page_symbols {
	const struct symbols *from; /* all there are, or NULL */
	struct page_map map;
	struct page_symbol *all;
};

void page_symbols_init(struct page_symbols *s, const struct symbols *from);
void page_symbols_free(struct page_symbols *s);
/* The number of the symbol that pc lies in, or PAGE_NO_SYMBOL; it had so many walks more. */
u16 page_symbols_add(struct page_symbols *s, u64 pc, u64 walks, u64 cycles);
void page_symbols_write(const struct page_symbols *s, FILE *out);

/* --- walks: page_walks.c --- */

struct page_walk {
	u64 when, time_ns, pc, va, pa, pte;
	u32 number; /* walks before it */
	u32 cycles;
	u16 bucket; /* of time */
	u16 space;  /* index in spaces */
	u16 owner;  /* index + 1, or 0 */
	u8 hart, access, priv, reason, first, second, size_log2, level, step_count, levels;
	u8 flags; /* enum page_walk_flag */
	struct walk_step steps[WALK_LEVELS_MAX];
};

enum page_walk_flag { PAGE_WALK_UPDATED = 1, PAGE_WALK_GLOBAL = 2, PAGE_WALK_SUM = 4, PAGE_WALK_MXR = 8 };

struct page_walks;
struct page_walks *page_walks_create(void);
void page_walks_destroy(struct page_walks *w);
/* Looks at a walk and keeps it if a rule says so. */
void page_walks_see(struct page_walks *w, const struct page_walk *walk);
/* Joins pairs of buckets: the uniform sample is by bucket. */
void page_walks_halve(struct page_walks *w);
void page_walks_write(const struct page_walks *w, const struct symbols *symbols, FILE *out);

/* --- what happened to pages and frames: page_life.c --- */

enum page_life_kind {
	PAGE_LIFE_MAP,      /* extra: the PTE */
	PAGE_LIFE_UNMAP,    /* extra: how many pages from va on */
	PAGE_LIFE_FAULT,    /* extra: enum hint_fault */
	PAGE_LIFE_SWAP_OUT, /* extra: slot; which page it was page_life.c finds out, va 0: it did not */
	PAGE_LIFE_SWAP_IN,  /* likewise */
	PAGE_LIFE_FRAME, /* extra: enum hint_frame | how many frames from `frame` on << 8; va: page of the file << 12 */
	PAGE_LIFE_UPDATED, /* a walk set A or D. extra: PTE as it is then */
	PAGE_LIFE_FAILED,  /* an exception. extra: enum walk_reason | access << 8 | priv << 10 */
};

struct page_life_event {
	u64 when, va, extra;
	u32 frame; /* pa >> 12; 0: none */
	u32 space; /* the frame of the root page table, where a hint names one by it; else 0 */
	u16 owner; /* index + 1, or 0 */
	u8 kind;   /* enum page_life_kind */
};

struct page_life;
struct page_life *page_life_create(void);
void page_life_destroy(struct page_life *l);
void page_life_see(struct page_life *l, const struct page_life_event *event);
/* It is now known whose space that is: events in it that have no owner yet are his. */
void page_life_adopt(struct page_life *l, u32 space, u16 owner);
void page_life_write(const struct page_life *l, FILE *out);

/* --- moments of frames and tables: page_moments.c --- */

struct page_moments;
struct page_moments *page_moments_create(void);
void page_moments_destroy(struct page_moments *p);
/* A RUN_FRAMES or RUN_TABLES payload. What is damaged is left out and counted. */
void page_moments_frames(struct page_moments *p, const char *payload, size_t size);
void page_moments_tables(struct page_moments *p, const char *payload, size_t size);
void page_moments_write(struct page_moments *p, FILE *out);

/* --- all of it: page_model.c --- */

struct page_model {
	struct page_time time;
	struct guest_view *view; /* knows who runs */
	struct page_map owner_map, space_map;
	struct page_owner owners[PAGE_OWNERS];
	u64 spaces[PAGE_SPACES_MAX]; /* satp */
	u64 columns[PAGE_COLUMNS];   /* sums over the run */
	u64 reasons[WALK_REASONS];   /* page and access faults by reason */
	u64 events[TRACE_SORTS];     /* events read */
	u64 fault_events;            /* of TRACE_FAULT: traps of the same faults are not counted again */
	struct page_walks *walks;
	struct page_life *life;
	struct page_moments *moments;
	char *texts[4]; /* JSON of RUN_META, RUN_STATS, RUN_CURVES, RUN_END, or NULL */
};

struct page_model *page_model_create(void);
void page_model_destroy(struct page_model *m);
void page_model_event(struct page_model *m, enum trace_sort sort, const void *event);
/* Says what the model knows as members of a JSON object, each but the first begun with a comma. */
void page_model_write(struct page_model *m, const struct symbols *symbols, FILE *out);

/* --- JSON: page_json.c. Nothing that a file says can end the script element it is in. --- */

/* "text": whatever the bytes are, valid JSON comes out. */
void page_json_string(FILE *out, const char *text, size_t size);
/* ,"name":"TYPE:base64": a column of numbers as the page's script takes them ("u8", "u16", "u32", "u64", "f64"). */
void page_json_column(FILE *out, const char *name, const char *type, const void *bytes, size_t size);
/* ,"name":value */
void page_json_number(FILE *out, const char *name, u64 value);

#endif
