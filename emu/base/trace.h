/*
 * What can be observed: one struct an event, and the sink that is told. Sinks get const events and cannot touch the
 * machine.
 *
 * Off costs nothing: every place that emits is a slow path and asks trace_wants() first; what would be on the hot path
 * (instructions, memory accesses) is only compiled into blocks, and pages only kept out of the fast path, while someone
 * wants it. The text forms are emu/trace_text.c's business.
 */
#ifndef RVEMU_EMU_BASE_TRACE_H
#define RVEMU_EMU_BASE_TRACE_H

#include "emu/base/base.h"

enum trace_sort {
	TRACE_INSN, /* one a retired instruction */
	TRACE_MEM,  /* one a data access */
	TRACE_WALK, /* one a page-table walk */
	TRACE_TLB,  /* misses, fills, evictions, fences */
	TRACE_TRAP, /* exceptions, interrupts, returns */
	TRACE_CSR,  /* one a CSR write */
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
	u64 cycles;                         /* what the whole walk cost */
};

enum trace_tlb_what { TRACE_TLB_MISS, TRACE_TLB_HIT, TRACE_TLB_FILL, TRACE_TLB_EVICT, TRACE_TLB_FENCE };

struct trace_tlb {
	struct trace_head head;
	u8 what;             /* enum trace_tlb_what */
	u8 access;           /* enum access (miss, hit) */
	u8 level;            /* enum tlb_level (hit) */
	bool by_va, by_asid; /* fence: which operands it had */
	u8 size_log2;        /* fill, evict: bytes mapped */
	u16 asid;
	u64 va;  /* address looked up, filled, evicted, fenced */
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
