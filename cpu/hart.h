/*
 * A hart: its registers, its CSRs' state, its MMU, and what the engine keeps between blocks.
 *
 * Registers come first: with the hart's address + 128 as base, all of x[] is within a signed byte's reach (for the
 * JIT). Only cpu/trap.c writes xcause, xepc, xtval and moves privilege; only cpu/csr.c knows CSR numbers. Read
 * cpu/ops.h next.
 */
#ifndef RVEMU_CPU_HART_H
#define RVEMU_CPU_HART_H

#include "cpu/insn.h"
#include "emu/base/clock.h"
#include "mmu/mmu.h"

struct block;
struct block_cache;
struct debug;
struct hart;
struct state;

/*
 * The jump cache: where a jump to va goes on, for as long as fetch translations stay. The slots of one page lie
 * together, so that a fence for one address forgets one page's jumps.
 */
#define JUMP_SLOTS_LOG2 7 /* of a page */
#define JUMP_PAGES_LOG2 5
#define JUMP_SLOTS (1u << JUMP_SLOTS_LOG2)
#define JUMP_PAGES (1u << JUMP_PAGES_LOG2)
#define JUMP_CACHE_SIZE (JUMP_SLOTS * JUMP_PAGES)

struct jump_entry {
	u64 va;              /* pc; odd: empty */
	struct block *block; /* the block there */
};

static always_inline u32 jump_page(u64 va)
{
	return (va >> PAGE_SHIFT) & (JUMP_PAGES - 1);
}

static always_inline u32 jump_index(u64 va)
{
	return jump_page(va) << JUMP_SLOTS_LOG2 | ((va >> 1 ^ va >> 8) & (JUMP_SLOTS - 1));
}

/* Fetch contexts: each has a jump cache, so that traps and returns flush nothing. Indexed by enum priv. */
#define JUMP_CACHES 4

#define HPM_COUNTERS 32 /* mcycle, (time), minstret, mhpmcounter3..31 */

/* What the guest can see of M and S mode state. Values are kept legal (WARL) at every write, so reads are plain. */
struct csrs {
	u64 mstatus;          /* without SD */
	u64 mstatus_writable; /* which bits of it this hart has: csr_reset() */
	u64 medeleg, mideleg;
	u64 mie;
	u64 mip_soft; /* bits software can write: SSIP, STIP (without Sstc), SEIP, LCOFIP */
	u64 mtvec, stvec;
	u64 mepc, sepc;
	u64 mcause, scause;
	u64 mtval, stval;
	u64 mscratch, sscratch;
	u64 mcounteren, scounteren;
	u64 mcountinhibit;
	u64 menvcfg, senvcfg;
	u64 mstateen[4], sstateen[4];
	u64 stimecmp;
	u64 hpm_event[HPM_COUNTERS]; /* mhpmevent3..31 */
	u64 hpm_base[HPM_COUNTERS];  /* counter = base, and while it counts + (source - start); see cpu/counters.c */
	u64 hpm_start[HPM_COUNTERS]; /* source's value when counting started */
	u32 hpm_counting;            /* bit i: counter i counts now */
	u32 hpm_filtered; /* bit i: counter i would count, but not in every mode: trap.c must tell counters.c */
	u32 fflags;       /* accrued, without what still sits in the host FPU */
	u32 frm;          /* 0..7 as written */
};

/* Interrupt wires into the hart, from the interrupt controllers, and from its own stimecmp: the read-only bits of
 * mip. */
enum hart_wire { WIRE_MSI = 3, WIRE_STI = 5, WIRE_MTI = 7, WIRE_SEI = 9, WIRE_MEI = 11 };

/* Event counts. */
struct hart_events {
	u64 loads, stores, branches, branches_taken; /* collected only by the observing engine: OBSERVE_INSNS */
	u64 interrupts;                              /* interrupts taken */
};

/* What somebody wants to see of the hot path. */
enum observe {
	OBSERVE_INSNS = 1,    /* blocks carry an observer in front of each instruction */
	OBSERVE_ACCESSES = 2, /* no data access takes the fast path */
};

/* The instruction that cpu/observe.c has seen begin. Unless it will be told of, there is no head and no raw. */
struct noted_insn {
	struct trace_head head; /* as it was before it */
	u64 next;               /* pc behind it */
	u32 raw;                /* its bits */
	u8 cls;                 /* enum insn_class */
	bool begun;             /* it has begun, and neither trapped nor ended */
	bool told;              /* its end will be told */
};

/* The instruction for which the TLB has been asked already: by cpu/block.c, which needed its block, or by
 * cpu/observe.c. */
struct fetched_insn {
	u64 pc;    /* the instruction ... */
	u64 count; /* ... and 1 + `count` in front of it; 0: none yet */
};

/* Which instruction runs although points may be in its way: debug_step_over(). */
struct step_over {
	u64 pc, count;  /* it, and `count` in front of it */
	bool execution; /* execution points on it do not count */
	bool data;      /* nor do watchpoints: one has stopped it */
};

struct hart {
	u64 x[33];                /* integer registers; x[0] is always 0, x[32] is where results for x0 go */
	u64 f[32];                /* floating-point registers, NaN-boxed */
	struct jump_entry *jumps; /* jump cache of the current privilege mode */
	u64 count_end;            /* steps when the engine's budget is used up: steps so far = count_end - budget */
	bool fp_fast;             /* FS is Dirty and frm is a mode the host FPU has: FP ops need no further check */
	bool fp_on;               /* FS is not Off */
	bool attention;           /* an interrupt may have become deliverable: the engine must come out */

	struct mmu mmu; /* translation */

	u64 pc;             /* exact whenever a slow path runs and outside the engine */
	u64 count;          /* steps: instructions tried; exact like pc. Drives guest time */
	u64 not_retired;    /* of those, how many did not retire (traps) */
	u8 priv;            /* enum priv */
	bool waiting;       /* in WFI (or WRS) until an interrupt is pending */
	bool stopped;       /* held outside the guest's sight (HSM, debugger) */
	u64 wires;          /* interrupt wires that are high: BIT(enum hart_wire) */
	u64 trap_streak;    /* traps in a row that got nowhere (cpu/trap.c): a wedged guest shows here */
	u64 streak_instret; /* instructions retired at the last trap */

	struct {
		u64 value, pa;
	} slow; /* where slow paths of the engine are given results: see the head of cpu/interp.c */

	bool reserved;     /* LR/SC: a reservation is held */
	u64 reserved_pa;   /* its address */
	u64 reserved_size; /* its size */

	struct csrs csr;
	struct hart_events events;
	struct event timer;    /* stimecmp (Sstc) */
	struct event overflow; /* next counter overflow (Sscofpmf) */

	u32 id;                               /* mhartid */
	const struct isa *isa;                /* what it can do */
	const struct decoder *decoder;        /* likewise, for decoding */
	struct clock *clock;                  /* guest time, and the heap of timers */
	u64 slice_ns, slice_count;            /* guest time and `count` when this hart last got its turn */
	u64 (*mtime)(void *arg, u64 ns);      /* the platform's time register at that guest time */
	u64 (*ns_of_mtime)(void *arg, u64 t); /* the guest time when it will reach t, or CLOCK_NEVER */
	void *mtime_arg;                      /* what they are given */
	struct block_cache *blocks;           /* decoded code, shared by all harts */
	struct block *scratch;       /* a block of this hart's own: cut short by the budget, or not cacheable */
	const struct trace *trace;   /* never NULL */
	bool observing;              /* blocks carry an observer in front of each instruction */
	bool fetches_seen;           /* the TLB is asked for every instruction, not once a page */
	u8 observed, observe_wanted; /* enum observe: in force, and what it should be when the engine starts next */
	struct noted_insn noted;     /* cpu/observe.c */
	struct fetched_insn fetched; /* cpu/observe.c */
	struct debug *debug;         /* breakpoints and watchpoints, or NULL */
	struct step_over step_over;  /* cpu/debug.c */
	bool overflow_parked;        /* `overflow` came due in WFI, where nothing counts: arm it again on waking */
	struct jump_entry jump_caches[JUMP_CACHES][JUMP_CACHE_SIZE];
	u32 jumps_used[JUMP_CACHES]; /* bit n: some slot of page n of the jump cache is not empty */
};

/* What a hart is built with; nothing in here may change afterwards. */
struct hart_config {
	u32 id;
	const struct decoder *decoder; /* its ISA too */
	const struct mmu_config *mmu;
	struct bus *bus;
	struct clock *clock;
	struct block_cache *blocks;
	const struct trace *trace;
	struct debug *debug; /* shared by all harts that share `blocks`; NULL: there are no points */
};

/* A hart that is not reset yet. It is registered with the block cache (if there is one), which gives it its scratch
 * block. The caller sets mtime, ns_of_mtime and mtime_arg before it runs. */
struct hart *hart_create(const struct hart_config *config);
void hart_destroy(struct hart *h);

/* Reset state of the privileged manual, "Reset", and pc, a0 = hart id, a1 as given. Steps, time and wires go on as
 * they were. */
void hart_reset(struct hart *h, u64 pc, u64 a1);

/* Instructions retired. */
static inline u64 hart_instret(const struct hart *h)
{
	return h->count - h->not_retired;
}

/* Guest time at this very instruction. */
static inline u64 hart_time_ns(const struct hart *h)
{
	return h->slice_ns + (h->count - h->slice_count);
}

/* Guest time, also where events are delivered: between the engine's turns the clock may be ahead of the hart. */
static inline u64 hart_now_ns(const struct hart *h)
{
	u64 own = hart_time_ns(h);

	return own > h->clock->now_ns ? own : h->clock->now_ns;
}

/* An interrupt wire changed: fits irq_line.set, `wire` is enum hart_wire. */
void hart_set_wire(void *hart, u32 wire, bool level);

/* mip as the guest reads it: wires (among them Sstc's comparison) and software bits. */
static inline u64 hart_mip(const struct hart *h)
{
	return h->wires | h->csr.mip_soft;
}

/* The slow half of hart_update_attention(). */
void hart_weigh_interrupts(struct hart *h);

/* Works out `attention` anew: after anything that touched mip, mie, mideleg, mstatus, the mode, or `waiting`. It is
 * true if an interrupt is to be taken, or if the hart waits and an enabled one is pending. */
static inline void hart_update_attention(struct hart *h)
{
	if (likely(!(hart_mip(h) & h->csr.mie)))
		h->attention = false;
	else
		hart_weigh_interrupts(h);
}

/* The interrupt that would be taken now, as a cause number, or -1: privileged manual, mip/mie: order MEI MSI MTI SEI
 * SSI STI LCOFI. */
int hart_pending_interrupt(const struct hart *h);

/* Tells MMU, FPU flags and jump cache that mode, mstatus or menvcfg changed. */
void hart_update_context(struct hart *h);

/* A floating-point register or fcsr changed: FS becomes Dirty. */
void hart_set_fs_dirty(struct hart *h);

/* Compares stimecmp with mtime and arms the timer: after a write of stimecmp or of menvcfg.STCE. */
void hart_update_timer(struct hart *h);

/* The platform wrote mtime: fits clint_hart.mtime_changed. */
void hart_mtime_changed(void *hart);

/* Forgets where jumps go: fetch translations changed. */
void hart_flush_jumps(struct hart *h);

/* The same for jumps into the page at va, in the modes that translate. */
void hart_flush_jumps_to(struct hart *h, u64 va);

/* Fills in what every event begins with. */
void hart_trace_head(void *hart, struct trace_head *head);

/* Works out what must be observed, after the trace's wishes, the TLB's and the counters'. Blocks cannot change under
 * the engine's feet: it is made to come out, and hart_apply_observing() at its next start does the switching. */
void hart_update_observing(struct hart *h);

/* The slow half of hart_apply_observing(). */
void hart_switch_observing(struct hart *h);

/* First thing in engine_run(). */
static inline void hart_apply_observing(struct hart *h)
{
	if (unlikely(h->observed != h->observe_wanted))
		hart_switch_observing(h);
}

/* Saves or restores the hart: registers, CSRs, counters, MMU, timers. Not what can be made again (decoded blocks, where
 * jumps go). Values that a hart cannot have fail. Outside the engine; restoring is for harts that have been reset. */
void hart_state(struct state *s, struct hart *h);

/* The bits of the instruction at pc, as far as they can be read without side effects; 0 if not. */
u32 hart_raw_insn(struct hart *h);

#endif
