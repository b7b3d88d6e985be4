/*
 * The MMU of one hart: joins walker, TLB, PMP, fast path and bus into loads, stores and fetches by virtual address.
 *
 * What the fast path (mmu/fast.h) does not take comes here: page crossings, misalignment, devices, TLB misses, faults.
 * A failed access leaves cause and tval in `fault` and returns false; cpu/trap.c makes a trap of it. The hart tells the
 * MMU about satp, privilege and mstatus by mmu_set_context(); the MMU knows no hart.
 */
#ifndef RVEMU_MMU_MMU_H
#define RVEMU_MMU_MMU_H

#include "emu/base/trace.h"
#include "mmu/cost.h"
#include "mmu/fast.h"
#include "mmu/pmp.h"
#include "mmu/tlb.h"
#include "mmu/walk.h"

struct state;

/* The bits of mstatus that translation depends on: privileged manual, "Machine Status". The others are in cpu/csr.h. */
#define MSTATUS_MPP_SHIFT 11
#define MSTATUS_MPRV BIT(17)
#define MSTATUS_SUM BIT(18)
#define MSTATUS_MXR BIT(19)

/* How hardware treats A=0, and D=0 on a store. */
enum ad_mode {
	AD_TRAP,   /* page fault (Svade) */
	AD_UPDATE, /* hardware sets them, always */
	AD_ADUE,   /* menvcfg.ADUE decides (Svadu) */
};

/* What is fixed when the machine is built. */
struct mmu_config {
	const struct tlb_config *tlb;   /* geometry */
	const struct cost_config *cost; /* timing model, or NULL: a step is a cycle */
	struct cost_shared *shared;     /* the machine's second-level cache, or NULL: there is none */
	u8 ad;                          /* enum ad_mode */
	u8 asid_bits;                   /* 0..16 */
	u8 levels_max;                  /* 3: Sv39; 4: also Sv48; 5: also Sv57 */
	bool has_svnapot;
	bool has_svpbmt;
	bool misaligned_trap; /* misaligned loads and stores trap instead of being done */
};

/* Where a PTE was found: walk_step.source. L1 and L2 only where there is a timing model. */
enum walk_source { WALK_FROM_MEMORY, WALK_FROM_WALK_CACHE, WALK_FROM_L1, WALK_FROM_L2, WALK_SOURCES };

/* Buckets of the histogram of walk cycles: bucket n counts walks of 2^n to 2^(n+1)-1 cycles, bucket 0 also those of
 * none. */
#define MMU_WALK_BUCKETS 20

/* Contexts with fast tables of their own. */
enum mmu_context {
	MMU_CTX_M, /* M mode: no translation */
	MMU_CTX_U,
	MMU_CTX_S,
	MMU_CTX_S_SUM,
	MMU_CTX_U_MXR,
	MMU_CTX_S_MXR,
	MMU_CTX_S_SUM_MXR,
	MMU_CONTEXTS,
};

/* Somebody who wants to stop at data accesses to some pages: a debugger with watchpoints. */
struct mmu_watcher {
	/* Is anything watched in the page va_page, which is at pa_page? It gets no fast entry then. */
	bool (*watches)(void *owner, u64 va_page, u64 pa_page);
	/* An instruction is about to do this access, which lies within one page and is allowed; AMOs ask for a load and
	 * for a store, SC for a store whether it will succeed or not. True: it shall not. The access then fails without
	 * a fault. */
	bool (*stops)(void *owner, enum access access, u64 va, u64 pa, u32 size) must_check;
};

/* How many fills a table remembers; past that it is wiped whole. */
#define FAST_LOG_SIZE 1024

struct fast_table {
	struct fast_entry *entries; /* FAST_ENTRIES of them; NULL until the context is first used */
	u32 filled;                 /* entries filled since it was last empty */
	u16 log[FAST_LOG_SIZE];     /* which ones */
};

/* The failed access, for the trap. */
struct mmu_fault {
	u64 cause;               /* exception code */
	u64 tval;                /* virtual address of the failed byte's access part */
	enum walk_reason reason; /* which rule was broken; WALK_OK for misalignment */
	enum access access;      /* of the trap's cause */
};

struct mmu_stats {
	struct mmu_tlb_counts tlb[2]; /* first and second level: what reached them (a fast hit does not) */
	u64 fences[MMU_FLUSHES];      /* fences by form */
	u64 walks_by[MMU_ACCESSES][MMU_MODES][MMU_SIZES]; /* walks; NONE: they ended in a fault */
	u64 pte_reads_by[WALK_LEVELS_MAX][WALK_SOURCES];  /* steps of walks by level and where the PTE was found; a read
	                                                     that PMP or the bus refuses counts as memory's */
	u64 walk_cycles[MMU_WALK_BUCKETS];                /* histogram of walks, with a timing model */
	u64 faults_by[WALK_REASONS][MMU_ACCESSES];        /* page and access faults that the hart took a trap for */
	u64 a_updates, d_updates;                         /* walks that set A; D */
	u64 ad_updates;                                   /* walks that set either */
	u64 fast_fills;                                   /* fast entries made */
	u64 fast_flushes;                                 /* tables emptied */
	u64 loads, stores;                                /* accesses that came the slow way */
};

/* Sums of them: lookups that no level of the TLB could answer; walks, for those and because an entry denied the access;
 * walks that ended in a page or access fault; PTEs read from memory and its caches. */
u64 mmu_stats_tlb_misses(const struct mmu_stats *s, enum access access);
u64 mmu_stats_walks(const struct mmu_stats *s, enum access access);
u64 mmu_stats_walk_faults(const struct mmu_stats *s, enum access access);
u64 mmu_stats_pte_reads(const struct mmu_stats *s);

struct mmu_seen;

/* Fetches that only repeat the one before: mmu/seen.h. */
struct mmu_again {
	u64 start;      /* va of the line or page */
	u64 size;       /* its bytes; 0: there is none */
	u64 *hits;      /* where a hit of its translation is counted ... */
	u64 *line_hits; /* ... and one of its line */
	u8 priv;        /* mode in which it holds */
};

struct mmu {
	/* hot */
	struct fast_entry *fast; /* table of the context that data accesses have now */

	/* the state translation depends on: mmu_set_context() */
	u64 satp;         /* as the guest reads it */
	u8 priv;          /* enum priv of fetches */
	u8 data_priv;     /* enum priv of loads and stores (MPRV) */
	bool sum, mxr;    /* mstatus.SUM, MXR */
	bool adue, pbmte; /* menvcfg.ADUE, PBMTE */
	u8 levels;        /* 0: bare; 3, 4, 5 */
	u16 asid;         /* current address space */
	u8 context;       /* enum mmu_context of data accesses */

	/* set by slow paths, cleared by who acts on them */
	bool device_touched;    /* a device was loaded from or stored to: time and interrupts may have moved */
	bool code_written;      /* a store hit decoded code: the block at work may be stale */
	struct mmu_fault fault; /* valid after a false return */

	struct mmu_config config;
	struct bus *bus;
	struct tlb *tlb;
	bool has_walk_cache;     /* it keeps pointer PTEs, too */
	struct cost *cost;       /* timing model, or NULL */
	struct mmu_check *check; /* looks for mistakes of the guest (mmu/check.h), or NULL */
	struct pmp pmp;
	struct fast_table tables[MMU_CONTEXTS];
	struct mmu_stats stats;
	bool all_slow;                     /* no fast entries: somebody must see every access */
	struct mmu_seen *seen;             /* the short way then, or NULL: mmu/seen.h */
	u64 seen_generation;               /* of its entries */
	struct mmu_again again;            /* the short way of fetches */
	struct tlb_entry no_entry;         /* stands for the TLB's where nothing is translated */
	u64 not_counted;                   /* where hits are counted that are none */
	const struct mmu_watcher *watcher; /* who wants to see accesses to some pages, or NULL */

	/* the outside */
	const struct trace *trace;                                /* never NULL */
	void (*trace_head)(void *owner, struct trace_head *head); /* fills in hart, pc, instret, time */
	void (*before_device)(void *owner);                       /* brings guest time up to this very access */
	void (*fetch_drop)(void *owner, bool everything,
	                   u64 va); /* fetch translations changed: all, or of the page at va */
	void *owner;                /* what the three, and the watcher's functions, are given */
	const u64 *steps;           /* the hart's steps so far, of which its cycles are made; NULL: none are known */
};

/* Prepares a zeroed struct: out of reset, M mode, bare. `trace` and the three callbacks must be set afterwards. */
void mmu_init(struct mmu *m, struct bus *bus, const struct mmu_config *config);
void mmu_free(struct mmu *m);

/* Back to reset: bare, PMP off, TLB empty. */
void mmu_reset(struct mmu *m);

/* The hart's privilege, mstatus (MPRV, MPP, SUM, MXR) or menvcfg changed. Cheap: called on every trap and return. */
void mmu_set_context(struct mmu *m, enum priv priv, u64 mstatus, bool adue, bool pbmte);

/* Writes satp. A mode this machine lacks leaves everything as it was (privileged manual, "Supervisor Address
 * Translation and Protection Register"). Flushes no TLB entry. */
void mmu_write_satp(struct mmu *m, u64 satp);

/* sfence.vma and sinval.vma: rs1 != x0 is by_va, rs2 != x0 is by_asid. */
void mmu_fence(struct mmu *m, bool by_va, u64 va, bool by_asid, u64 asid);

/* PMP registers changed. */
void mmu_pmp_changed(struct mmu *m);

/* True if the MMU itself must be shown every access and every instruction's fetch: its TLB or its caches need it. */
bool mmu_needs_all(const struct mmu *m);

/* The hart's cycles: its steps, and what it waited for memory if there is a timing model. */
static inline u64 mmu_cycles(const struct mmu *m)
{
	return (m->steps ? *m->steps : 0) + (m->cost ? cost_waited(m->cost) : 0);
}

/* Sees every access from now on (or no longer): for memory traces and for TLBs that need hits. */
void mmu_set_all_slow(struct mmu *m, bool on);

/* Has the watcher asked about every page anew, or (NULL) nobody any more: fast entries made before are forgotten. */
void mmu_watch(struct mmu *m, const struct mmu_watcher *watcher);

/* Loads `size` (1, 2, 4, 8) bytes, zero-extended. False: fault set, nothing loaded (devices: no side effect). */
bool mmu_load(struct mmu *m, u64 va, u32 size, u64 *value) must_check;

/* Stores likewise. False: fault set, nothing stored, also where the access crosses a page. */
bool mmu_store(struct mmu *m, u64 va, u32 size, u64 value) must_check;

/* What an atomic instruction does with memory. */
enum atomic { ATOMIC_LR, ATOMIC_SC, ATOMIC_AMO };

/* Host address of `size` bytes (4, 8, 16) for an atomic instruction; they must be aligned and in RAM. SC and AMO need
 * to be allowed to store, and fail as stores. NULL: fault set. *pa is the physical address. After a store through it
 * call mmu_atomic_stored(). */
u8 *mmu_atomic(struct mmu *m, u64 va, u32 size, enum atomic what, u64 *pa) must_check;
void mmu_atomic_stored(struct mmu *m, u64 va, u64 pa, u32 size, u64 value);

/* Translates a fetch of the page that va lies in. *pa is va's physical address; *uniform says that PMP lets every byte
 * of the page be fetched; otherwise each instruction needs mmu_fetch_allowed(). */
bool mmu_fetch(struct mmu *m, u64 va, u64 *pa, bool *uniform) must_check;
bool mmu_fetch_allowed(struct mmu *m, u64 va, u64 pa, u32 size) must_check;

/* An instruction, or its part in one page, of `size` bytes has been fetched from pa: takes it through the caches. */
static inline void mmu_fetched(struct mmu *m, u64 pa, u32 size)
{
	if (unlikely(m->cost))
		cost_access_bytes(m->cost, COST_FETCH, pa, size);
}

/* Cache-block management: checks that the block may be touched. `zero`: it is a store, and the 64 bytes are cleared;
 * otherwise a load or store permission is enough. va is any address in the block. False: fault set (always as
 * store/AMO). */
bool mmu_cbo(struct mmu *m, u64 va, bool zero) must_check;

/* Translates for a debugger or the monitor: no trap, no TLB, no A/D update, no event. Returns the walk. */
void mmu_probe(struct mmu *m, u64 va, enum access access, struct walk_result *result);

/* The request a walk for this access would make in the present context, and mmu_probe() for a request that may have
 * been changed: another mode, other rights. PRIV_M or levels 0: physical addresses. */
struct walk_request mmu_walk_request(const struct mmu *m, u64 va, enum access access, u8 priv);
void mmu_probe_as(struct mmu *m, const struct walk_request *req, struct walk_result *result);

/* Where va is for who may see every page that is mapped, whatever mode, SUM, R, A and D say: for a debugger's look at
 * memory. In M mode, and without paging, va itself. False: nothing is mapped there. */
bool mmu_peek(struct mmu *m, u64 va, u64 *pa) must_check;

/* Takes stores to the RAM page at pa out of every fast table: it now holds decoded code. */
void mmu_protect_page(struct mmu *m, u64 pa);

/* The same for whole pages of RAM, pa..pa+size-1, of which a store shall be heard again (bus_region.clean_map). Costs
 * as much for many as for one, and empties no table. */
void mmu_protect_range(struct mmu *m, u64 pa, u64 size);

/* Saves or restores satp, PMP, TLB and statistics. After restoring call mmu_set_context(). Fast entries are not saved:
 * they come back by themselves and show nowhere but in how many there were. */
void mmu_state(struct state *s, struct mmu *m);

#endif
