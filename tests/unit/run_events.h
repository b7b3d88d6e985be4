/*
 * Random events of every sort, with whatever their fields can hold, for tests of run files: one table says which fields
 * there are, for making and for comparing.
 */
#ifndef RVEMU_TESTS_UNIT_RUN_EVENTS_H
#define RVEMU_TESTS_UNIT_RUN_EVENTS_H

#include <string.h>

#include "emu/observe/run_codec.h"
#include "emu/options.h"
#include "mmu/mmu.h"
#include "mmu/tlb.h"

/* A field: its sort, place and size in struct run_event, and the values it takes: 0..max, or those listed. */
struct event_field {
	u32 sorts;          /* BIT(enum trace_sort) of those that have it */
	u32 offset, size;   /* in struct run_event */
	u64 max;            /* the largest value */
	const u64 *choices; /* or one of max + 1 values, or NULL */
};

static const u64 event_privs[] = { 0, 1, 3 };
static const u64 event_lengths[] = { 2, 4 };
static const u64 event_levels[] = { 3, 4, 5, 0 };
static const u64 event_mems[] = { ACCESS_LOAD, ACCESS_STORE };
static const u64 event_sizes[] = { 1, 2, 4, 8, 16, 64 };
/* Registers are signed bytes. */
static const u64 event_registers[] = { 0xff, 0, 1, 10, 31 };

#define EVENT_ALL MASK(TRACE_SORTS)
#define EVENT_WALKED (1u << TRACE_WALK | 1u << TRACE_FAULT)
#define EVENT_PLACE(member) offsetof(struct run_event, member), sizeof(((struct run_event *)0)->member)
#define EVENT_FIELD(sort, member, max)                                                                                 \
	{                                                                                                              \
		1u << (sort), EVENT_PLACE(member), (max), NULL                                                         \
	}
#define EVENT_CHOICE(sort, member, choices)                                                                            \
	{                                                                                                              \
		1u << (sort), EVENT_PLACE(member), ARRAY_SIZE(choices) - 1, choices                                    \
	}
#define EVENT_STEP(i)                                                                                                  \
	EVENT_FIELD(TRACE_WALK, result.steps[i].pte_addr, UINT64_MAX),                                                 \
		EVENT_FIELD(TRACE_WALK, result.steps[i].pte, UINT64_MAX),                                              \
		EVENT_FIELD(TRACE_WALK, result.steps[i].level, WALK_LEVELS_MAX - 1),                                   \
		EVENT_FIELD(TRACE_WALK, result.steps[i].source, WALK_SOURCES - 1),                                     \
		EVENT_FIELD(TRACE_WALK, result.steps[i].cycles, UINT16_MAX)

static const struct event_field event_fields[] = {
	{ EVENT_ALL, EVENT_PLACE(head.pc), UINT64_MAX, NULL },
	{ EVENT_ALL, EVENT_PLACE(head.instret), UINT64_MAX, NULL },
	{ EVENT_ALL, EVENT_PLACE(head.time_ns), UINT64_MAX, NULL },
	{ EVENT_ALL, EVENT_PLACE(head.hart), OPTIONS_HARTS_MAX - 1, NULL },
	{ EVENT_ALL, EVENT_PLACE(head.priv), ARRAY_SIZE(event_privs) - 1, event_privs },
	EVENT_FIELD(TRACE_INSN, insn.raw, UINT32_MAX),
	EVENT_CHOICE(TRACE_INSN, insn.len, event_lengths),
	EVENT_CHOICE(TRACE_INSN, insn.x_rd, event_registers),
	EVENT_CHOICE(TRACE_INSN, insn.f_rd, event_registers),
	EVENT_FIELD(TRACE_INSN, insn.value, UINT64_MAX),
	EVENT_FIELD(TRACE_MEM, mem.va, UINT64_MAX),
	EVENT_FIELD(TRACE_MEM, mem.pa, UINT64_MAX),
	EVENT_FIELD(TRACE_MEM, mem.value, UINT64_MAX),
	EVENT_CHOICE(TRACE_MEM, mem.size, event_sizes),
	EVENT_CHOICE(TRACE_MEM, mem.access, event_mems),
	EVENT_FIELD(TRACE_WALK, walk.satp, UINT64_MAX),
	EVENT_FIELD(TRACE_WALK, walk.start_cycle, UINT64_MAX),
	EVENT_FIELD(TRACE_WALK, walk.cycles, UINT64_MAX),
	EVENT_FIELD(TRACE_WALK, walk.first, TRACE_TLB_DENIED),
	EVENT_FIELD(TRACE_WALK, walk.second, TRACE_TLB_DENIED),
	EVENT_FIELD(TRACE_WALK, result.reason, WALK_REASONS - 1),
	EVENT_FIELD(TRACE_WALK, result.level, WALK_LEVELS_MAX - 1),
	EVENT_FIELD(TRACE_WALK, result.size_log2, 63),
	EVENT_FIELD(TRACE_WALK, result.pbmt, 3),
	EVENT_FIELD(TRACE_WALK, result.ad_updated, 1),
	EVENT_FIELD(TRACE_WALK, result.global, 1),
	EVENT_FIELD(TRACE_WALK, result.step_count, WALK_LEVELS_MAX),
	EVENT_FIELD(TRACE_WALK, result.pa, UINT64_MAX),
	EVENT_FIELD(TRACE_WALK, result.pte, UINT64_MAX),
	EVENT_STEP(0),
	EVENT_STEP(1),
	EVENT_STEP(2),
	EVENT_STEP(3),
	EVENT_STEP(4),
	{ EVENT_WALKED, EVENT_PLACE(request.va), UINT64_MAX, NULL },
	{ EVENT_WALKED, EVENT_PLACE(request.root), UINT64_MAX, NULL },
	{ EVENT_WALKED, EVENT_PLACE(request.levels), ARRAY_SIZE(event_levels) - 1, event_levels },
	{ EVENT_WALKED, EVENT_PLACE(request.access), ACCESS_STORE, NULL },
	{ EVENT_WALKED, EVENT_PLACE(request.priv), ARRAY_SIZE(event_privs) - 1, event_privs },
	{ EVENT_WALKED, EVENT_PLACE(request.sum), 1, NULL },
	{ EVENT_WALKED, EVENT_PLACE(request.mxr), 1, NULL },
	{ EVENT_WALKED, EVENT_PLACE(request.ad_update), 1, NULL },
	{ EVENT_WALKED, EVENT_PLACE(request.has_svnapot), 1, NULL },
	{ EVENT_WALKED, EVENT_PLACE(request.has_svpbmt), 1, NULL },
	EVENT_FIELD(TRACE_TLB, tlb.what, TRACE_TLB_EVICT),
	EVENT_FIELD(TRACE_TLB, tlb.access, ACCESS_STORE),
	EVENT_FIELD(TRACE_TLB, tlb.level, TLB_SECOND),
	EVENT_FIELD(TRACE_TLB, tlb.size_log2, 63),
	EVENT_FIELD(TRACE_TLB, tlb.asid, UINT16_MAX),
	EVENT_FIELD(TRACE_TLB, tlb.va, UINT64_MAX),
	EVENT_FIELD(TRACE_TLB, tlb.pa, UINT64_MAX),
	EVENT_FIELD(TRACE_TLB, tlb.pte, UINT64_MAX),
	EVENT_FIELD(TRACE_TRAP, trap.cause, UINT64_MAX),
	EVENT_FIELD(TRACE_TRAP, trap.tval, UINT64_MAX),
	EVENT_FIELD(TRACE_TRAP, trap.target, UINT64_MAX),
	EVENT_CHOICE(TRACE_TRAP, trap.to_priv, event_privs),
	EVENT_FIELD(TRACE_TRAP, trap.is_return, 1),
	EVENT_FIELD(TRACE_CSR, csr.number, 4095),
	EVENT_FIELD(TRACE_CSR, csr.value, UINT64_MAX),
	EVENT_FIELD(TRACE_FENCE, fence.va, UINT64_MAX),
	EVENT_FIELD(TRACE_FENCE, fence.asid, UINT16_MAX),
	EVENT_FIELD(TRACE_FENCE, fence.by_va, 1),
	EVENT_FIELD(TRACE_FENCE, fence.by_asid, 1),
	EVENT_FIELD(TRACE_FENCE, fence.dropped, UINT32_MAX),
	EVENT_FIELD(TRACE_SPACE, space.old_satp, UINT64_MAX),
	EVENT_FIELD(TRACE_SPACE, space.satp, UINT64_MAX),
	EVENT_FIELD(TRACE_REF, ref.va, UINT64_MAX),
	EVENT_FIELD(TRACE_REF, ref.pa, UINT64_MAX),
	EVENT_FIELD(TRACE_REF, ref.pte, UINT64_MAX),
	EVENT_FIELD(TRACE_REF, ref.asid, UINT16_MAX),
	EVENT_FIELD(TRACE_REF, ref.access, ACCESS_STORE),
	EVENT_CHOICE(TRACE_REF, ref.priv, event_privs),
	EVENT_FIELD(TRACE_REF, ref.size_log2, 63),
	EVENT_FIELD(TRACE_REF, ref.leaf_level, WALK_LEVELS_MAX - 1),
	EVENT_FIELD(TRACE_REF, ref.level, TLB_SECOND),
	EVENT_FIELD(TRACE_REF, ref.global, 1),
	EVENT_FIELD(TRACE_FAULT, fault.cause, UINT64_MAX),
	EVENT_FIELD(TRACE_FAULT, fault.tval, UINT64_MAX),
	EVENT_FIELD(TRACE_FAULT, fault.satp, UINT64_MAX),
	EVENT_FIELD(TRACE_FAULT, fault.reason, WALK_REASONS - 1),
	EVENT_FIELD(TRACE_FAULT, fault.access, ACCESS_STORE),
	EVENT_FIELD(TRACE_HINT, hint.number, UINT32_MAX),
	EVENT_FIELD(TRACE_HINT, hint.args[0], UINT64_MAX),
	EVENT_FIELD(TRACE_HINT, hint.args[1], UINT64_MAX),
	EVENT_FIELD(TRACE_HINT, hint.args[2], UINT64_MAX),
	EVENT_FIELD(TRACE_HINT, hint.args[3], UINT64_MAX),
	EVENT_FIELD(TRACE_HINT, hint.args[4], UINT64_MAX),
	EVENT_FIELD(TRACE_HINT, hint.args[5], UINT64_MAX),
};

/* A pseudo-random number: the same row on every host. */
static inline u64 event_random(u64 *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state * 0x2545f4914f6cdd1dull;
}

/* Addresses and counts near the one before are as likely as any others. */
static inline u64 event_value(u64 *state, const struct event_field *f, u64 old)
{
	u64 r = event_random(state), v = event_random(state);
	if (f->choices)
		return f->choices[r % 8 ? v % (f->max + 1) : 0];
	switch (r % 8) {
	case 0:
		v = f->max;
		break;
	case 1:
		v = 0;
		break;
	case 2:
	case 3:
		v = old + v % 64;
		break;
	case 4:
		v >>= v & 63;
		break;
	case 5:
	case 6:
		v = old;
		break;
	default:
		break;
	}
	return f->max == UINT64_MAX ? v : v % (f->max + 1);
}

/* Steps that were not made say nothing. */
static inline bool event_has(enum trace_sort sort, const struct event_field *f, const struct run_event *e)
{
	u32 step = (f->offset - (u32)offsetof(struct run_event, result.steps)) / (u32)sizeof(struct walk_step);
	if (!(f->sorts >> sort & 1) || (sort == TRACE_FAULT && f->sorts == EVENT_WALKED && !e->fault.request))
		return false;
	return f->offset < offsetof(struct run_event, result.steps) || step < e->result.step_count;
}

/* Makes an event out of an earlier one of any sort; but for the pointers it may have had, which are not the same in
 * every run. */
static inline void event_make(u64 *state, enum trace_sort sort, struct run_event *e)
{
	e->walk.request = NULL;
	e->walk.result = NULL;
	e->fault.request = NULL;
	for (u32 i = 0; i < ARRAY_SIZE(event_fields); i++) {
		const struct event_field *f = &event_fields[i];
		u64 value = 0;
		if (!(f->sorts >> sort & 1))
			continue;
		memcpy(&value, (u8 *)e + f->offset, f->size);
		value = event_value(state, f, value);
		memcpy((u8 *)e + f->offset, &value, f->size);
	}
	if (sort == TRACE_WALK) {
		e->walk.request = &e->request;
		e->walk.result = &e->result;
	} else if (sort == TRACE_FAULT) {
		e->fault.request = event_random(state) % 4 ? &e->request : NULL;
	}
}

static inline bool event_is_same(enum trace_sort sort, const struct run_event *a, const struct run_event *b)
{
	if (sort == TRACE_FAULT && !a->fault.request != !b->fault.request)
		return false;
	for (u32 i = 0; i < ARRAY_SIZE(event_fields); i++) {
		const struct event_field *f = &event_fields[i];
		if (event_has(sort, f, a) && memcmp((u8 *)a + f->offset, (u8 *)b + f->offset, f->size) != 0)
			return false;
	}
	return true;
}

#endif
