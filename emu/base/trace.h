/*
 * What can be observed: one struct an event, and the sink that is told. Sinks get const events and cannot touch the
 * machine.
 *
 * Off costs nothing: every place that emits is a slow path and asks trace_wants() first; what would be on the hot path
 * (instructions, memory accesses) is only compiled into blocks, and pages only kept out of the fast path, while someone
 * wants it. The text forms are emu/observe/trace_text.c's business.
 */
#ifndef RVEMU_EMU_BASE_TRACE_H
#define RVEMU_EMU_BASE_TRACE_H

#include "emu/base/base.h"

enum trace_sort {
	TRACE_INSN,  /* one a retired instruction */
	TRACE_MEM,   /* one a data access */
	TRACE_WALK,  /* one a page-table walk */
	TRACE_TLB,   /* misses, fills, evictions, fences */
	TRACE_TRAP,  /* exceptions, interrupts, returns */
	TRACE_CSR,   /* one a CSR write */
	TRACE_FENCE, /* one a fence of translations: sfence.vma, sinval.vma */
	TRACE_SPACE, /* one a write of satp that changed it */
	TRACE_REF, /* one a use of a translation: an instruction's fetch, or a data access, for each page it touches */
	TRACE_FAULT, /* one an exception, while the hart is still as the instruction found it */
	TRACE_HINT,  /* one a hint of the guest's kernel: cpu/hint.h */
	TRACE_SORTS,
};

/* What every event begins with. */
struct trace_head {
	u64 pc;      /* of the instruction at work */
	u64 instret; /* instructions the hart had retired before it */
	u64 time_ns; /* guest time */
	u32 hart;    /* hart id */
	u8 priv;     /* privilege mode of the hart: 0 U, 1 S, 3 M */
};

struct trace_insn {
	struct trace_head head;
	u32 raw;   /* instruction bits: 16 or 32 */
	u8 len;    /* bytes */
	s8 x_rd;   /* integer register written, or -1 */
	s8 f_rd;   /* floating-point register written, or -1 */
	u64 value; /* what was written */
};

struct trace_mem {
	struct trace_head head;
	u64 va, pa; /* of the first byte (of this page's part) */
	u64 value;  /* loaded or stored, low `size` bytes */
	u8 size;    /* bytes */
	u8 access;  /* enum access: load or store */
};

struct walk_request;
struct walk_result;

struct trace_walk {
	struct trace_head head;
	const struct walk_request *request; /* mmu/walk.h */
	const struct walk_result *result;   /* steps, outcome, reason */
	u64 satp;                           /* as the hart has it */
	u64 start_cycle;                    /* the hart's cycles when it began */
	u64 cycles;                         /* what the whole walk cost */
	u8 first, second;                   /* enum trace_tlb_outcome of the two levels before it */
};

/* What a level of the TLB said before a walk. */
enum trace_tlb_outcome {
	TRACE_TLB_ABSENT, /* there is no such level, or it was not asked */
	TRACE_TLB_MISSED, /* it had no entry */
	TRACE_TLB_DENIED, /* it had one, which does not allow the access (or wants A or D set) */
};

enum trace_tlb_what { TRACE_TLB_MISS, TRACE_TLB_HIT, TRACE_TLB_FILL, TRACE_TLB_EVICT };

struct trace_tlb {
	struct trace_head head;
	u8 what;      /* enum trace_tlb_what */
	u8 access;    /* enum access (miss, hit) */
	u8 level;     /* enum tlb_level (hit) */
	u8 size_log2; /* fill, evict: bytes mapped */
	u16 asid;
	u64 va;  /* address looked up, filled, evicted */
	u64 pa;  /* fill, evict, hit */
	u64 pte; /* fill, evict, hit */
};

struct trace_trap {
	struct trace_head head;
	u64 cause;      /* as xcause is written: bit 63 for interrupts */
	u64 tval;       /* as xtval is written */
	u64 target;     /* pc of the handler, or where a return goes */
	u8 to_priv;     /* mode entered */
	bool is_return; /* MRET or SRET; cause and tval mean nothing then */
};

struct trace_csr {
	struct trace_head head;
	u16 number; /* CSR address */
	u64 value;  /* as it reads after the write */
};

struct trace_fence {
	struct trace_head head;
	u64 va;       /* by_va: the address */
	u16 asid;     /* by_asid: the address space */
	bool by_va;   /* rs1 was not x0 */
	bool by_asid; /* rs2 was not x0 */
	u32 dropped;  /* entries that left the TLB, all levels */
};

struct trace_space {
	struct trace_head head;
	u64 old_satp; /* before */
	u64 satp;     /* now: mode, ASID, root page */
};

struct trace_ref {
	struct trace_head head;
	u64 va;        /* what was accessed */
	u64 pa;        /* where it is */
	u64 pte;       /* the leaf as the TLB has it */
	u16 asid;      /* address space */
	u8 access;     /* enum access */
	u8 priv;       /* the access's privilege: MPRV counts */
	u8 size_log2;  /* bytes that the leaf maps */
	u8 leaf_level; /* its level */
	u8 level;      /* enum tlb_level where it was found; TLB_MISS: by a walk */
	bool global;   /* it holds in every address space */
};

struct trace_fault {
	struct trace_head head;
	u64 cause;                          /* exception code */
	u64 tval;                           /* as xtval will be written */
	u64 satp;                           /* as the hart has it */
	u32 reason;                         /* enum walk_reason of page and access faults; WALK_OK for others */
	u8 access;                          /* enum access of page and access faults */
	const struct walk_request *request; /* of page and access faults: what the walk was asked; else NULL */
};

#define TRACE_HINT_ARGS 6

struct trace_hint {
	struct trace_head head;
	u32 number;                /* which hint: cpu/hint.h */
	u64 args[TRACE_HINT_ARGS]; /* a0..a5 */
};

/* Who is told. `event` is the struct that belongs to `sort`; it is valid during the call only. */
struct trace {
	u32 wanted;                                                       /* BIT(enum trace_sort) of what to emit */
	void (*emit)(void *arg, enum trace_sort sort, const void *event); /* the sink */
	void *arg;                                                        /* what it is given */
};

static inline bool trace_wants(const struct trace *t, enum trace_sort sort)
{
	return unlikely(t->wanted >> sort & 1);
}

#endif
