/*
 * Traces as text: see trace_text.h.
 *
 * Spike's commit log, which sort insn follows (riscv/execute.cc there):
 *     core   0: 3 0x0000000080000000 (0x00000297) x5  0x0000000080000000
 *     core   0: 0 0x0000000000010148 (0xe398) mem 0x0000003ffffffb10 0x0000000000000001
 * After hart, mode, pc and bits come registers written, in the order of their numbers; then the addresses loaded from;
 * then addresses stored to with the value.
 */
#include "emu/observe/trace_text.h"

#include <stdlib.h>
#include <string.h>

#include "cpu/csr.h"
#include "emu/names.h"
#include "emu/observe/lines.h"
#include "emu/options.h"
#include "emu/symbols.h"
#include "mmu/mmu.h"
#include "mmu/tlb.h"
#include "mmu/walk.h"

#define EFFECTS_MAX 8

/* An access or CSR write of the instruction at work, kept for its line. */
struct effect {
	u64 where; /* va, or the CSR's number */
	u64 value; /* stored, or written */
	u8 size;   /* bytes stored */
};

/* What the instruction at work on one hart has done so far; more than EFFECTS_MAX of a kind are left out. */
struct effects {
	u32 loads, stores, csrs; /* how many of each */
	struct effect load[EFFECTS_MAX];
	struct effect store[EFFECTS_MAX];
	struct effect csr[EFFECTS_MAX];
};

struct trace_text {
	struct trace_filter filter;                /* which events */
	u32 wanted;                                /* which sorts */
	struct effects effects[OPTIONS_HARTS_MAX]; /* of the instructions at work */
	struct lines lines;                        /* what is written */
};

/* --- putting a line together --- */

static void put(struct trace_text *t, const char *text)
{
	lines_text(&t->lines, text);
}

static void put_hex(struct trace_text *t, u64 value, u32 digits)
{
	lines_hex(&t->lines, value, digits);
}

static void put_decimal(struct trace_text *t, u64 value, u32 width)
{
	lines_decimal(&t->lines, value, width);
}

/* " <name+0x12>", if the address has a name. */
static void put_name(struct trace_text *t, u64 address)
{
	u32 start = t->lines.size;
	put(t, " <");
	if (lines_name(&t->lines, address))
		put(t, ">");
	else
		t->lines.size = start;
}

static void put_size(struct trace_text *t, u32 size_log2)
{
	static const char *const units[] = { " B", " KiB", " MiB", " GiB", " TiB" };
	put_decimal(t, 1ull << size_log2 % 10, 0);
	put(t, units[size_log2 / 10 < ARRAY_SIZE(units) ? size_log2 / 10 : 0]);
}

static void put_flags(struct trace_text *t, u64 pte)
{
	lines_flags(&t->lines, pte);
}

static void finish_line(struct trace_text *t)
{
	lines_end(&t->lines);
}

/* What all lines but insn's begin with: sort, hart, instructions retired, mode, pc. */
static void begin_line(struct trace_text *t, const char *sort, const struct trace_head *head)
{
	put(t, sort);
	put(t, " h");
	put_decimal(t, head->hart, 0);
	put(t, " #");
	put_decimal(t, head->instret, 0);
	char mode[] = { ' ', priv_letter(head->priv), ' ', '\0' };
	put(t, mode);
	put_hex(t, head->pc, 0);
	put_name(t, head->pc);
	put(t, ": ");
}

/* --- instructions --- */

static void remember(struct effect *list, u32 *count, u64 where, u64 value, u8 size)
{
	if (*count < EFFECTS_MAX)
		list[(*count)++] = (struct effect){ .where = where, .value = value, .size = size };
}

/* Kept in the order of their numbers; a later write of the same register counts. */
static void remember_csr(struct effects *e, const struct trace_csr *csr)
{
	u32 at = e->csrs;
	while (at > 0 && e->csr[at - 1].where >= csr->number)
		at--;
	if (at < e->csrs && e->csr[at].where == csr->number) {
		e->csr[at].value = csr->value;
		return;
	}
	if (e->csrs == EFFECTS_MAX)
		return;
	memmove(&e->csr[at + 1], &e->csr[at], (e->csrs - at) * sizeof(e->csr[0]));
	e->csr[at] = (struct effect){ .where = csr->number, .value = csr->value, .size = 8 };
	e->csrs++;
}

static void remember_access(struct effects *e, const struct trace_mem *mem)
{
	if (mem->access == ACCESS_STORE)
		remember(e->store, &e->stores, mem->va, mem->value, mem->size);
	else
		remember(e->load, &e->loads, mem->va, 0, mem->size);
}

/* CSRs written, of those from number lo up to hi - 1. */
static void put_csrs(struct trace_text *t, const struct effects *e, u32 lo, u32 hi)
{
	for (u32 i = 0; i < e->csrs; i++) {
		const char *name = csr_name((u32)e->csr[i].where);
		if (e->csr[i].where < lo || e->csr[i].where >= hi)
			continue;
		put(t, " c");
		put_decimal(t, e->csr[i].where, 0);
		put(t, "_");
		put(t, name ? name : "unknown");
		put(t, " ");
		put_hex(t, e->csr[i].value, 16);
	}
}

static void put_accesses(struct trace_text *t, const struct effects *e)
{
	for (u32 i = 0; i < e->loads; i++) {
		put(t, " mem ");
		put_hex(t, e->load[i].where, 16);
	}
	for (u32 i = 0; i < e->stores; i++) {
		put(t, " mem ");
		put_hex(t, e->store[i].where, 16);
		put(t, " ");
		put_hex(t, e->store[i].value, 2 * (e->store[i].size <= 8 ? e->store[i].size : 8));
	}
}

static void emit_insn(struct trace_text *t, const struct trace_insn *insn)
{
	const struct effects *e = &t->effects[insn->head.hart];
	if (!trace_filter_passes(&t->filter, TRACE_INSN, insn))
		return;
	put(t, "core");
	put_decimal(t, insn->head.hart, 4);
	put(t, ": ");
	put_decimal(t, insn->head.priv, 0);
	put(t, " ");
	put_hex(t, insn->head.pc, 16);
	put(t, " (");
	put_hex(t, insn->raw, 2u * insn->len);
	put(t, ")");
	/* Registers of all kinds are in one order, by number: fflags (1) stands before x10. */
	bool writes_register = insn->x_rd > 0 || insn->f_rd >= 0;
	u32 number = insn->x_rd > 0 ? (u32)insn->x_rd : insn->f_rd >= 0 ? (u32)insn->f_rd : 0;
	put_csrs(t, e, 0, number);
	if (writes_register) {
		put(t, insn->x_rd > 0 ? " x" : " f");
		put_decimal(t, number, 0);
		put(t, number < 10 ? "  " : " ");
		put_hex(t, insn->value, 16);
	}
	put_csrs(t, e, number, UINT32_MAX);
	put_accesses(t, e);
	finish_line(t);
}

/* --- the other sorts --- */

static void emit_mem(struct trace_text *t, const struct trace_mem *mem)
{
	begin_line(t, "mem ", &mem->head);
	put(t, access_name(mem->access));
	put(t, " ");
	put_decimal(t, mem->size, 0);
	put(t, " va ");
	put_hex(t, mem->va, 0);
	put(t, " pa ");
	put_hex(t, mem->pa, 0);
	put(t, " = ");
	put_hex(t, mem->value, 2 * (mem->size <= 8 ? mem->size : 8));
	finish_line(t);
}

static void put_cycles(struct trace_text *t, u64 cycles)
{
	put_decimal(t, cycles, 0);
	put(t, cycles == 1 ? " cycle" : " cycles");
}

/* What was known before the walk, where that is more than that the TLB's only level missed; and when it began. */
static void put_before(struct trace_text *t, const struct trace_walk *w)
{
	if (w->first == TRACE_TLB_DENIED)
		put(t, ", the TLB denies it");
	else if (w->second == TRACE_TLB_DENIED)
		put(t, ", the TLB's second level denies it");
	else if (w->second == TRACE_TLB_MISSED)
		put(t, ", both TLB levels missed");
	if (w->cycles) {
		put(t, ", at cycle ");
		put_decimal(t, w->start_cycle, 0);
	}
}

/* Where a PTE was found, and how long that took where there is a timing model. */
static void put_source(struct trace_text *t, const struct trace_walk *w, const struct walk_step *step)
{
	static const char *const names[WALK_SOURCES] = { "memory", "the walk cache", "L1", "L2" };
	if (w->cycles || step->source != WALK_FROM_MEMORY) {
		put(t, " from ");
		put(t, names[step->source]);
	}
	if (w->cycles) {
		put(t, " in ");
		put_cycles(t, step->cycles);
	}
}

static void put_step(struct trace_text *t, const struct trace_walk *w, u32 i)
{
	const struct walk_result *r = w->result;
	const struct walk_step *step = &r->steps[i];
	bool is_last = i + 1u == r->step_count;
	put(t, i ? ", L" : "L");
	put_decimal(t, step->level, 0);
	put(t, " pte@");
	put_hex(t, step->pte_addr, 0);
	if (is_last && (r->reason == WALK_PTE_PMP || r->reason == WALK_PTE_BUS)) {
		put(t, " unreadable");
		return;
	}
	put(t, "=");
	put_hex(t, step->pte, 0);
	put_source(t, w, step);
	put(t, " (");
	if (is_last)
		put_flags(t, step->pte);
	else
		put(t, "ptr");
	put(t, ")");
}

static void emit_walk(struct trace_text *t, const struct trace_walk *w)
{
	const struct walk_request *q = w->request;
	const struct walk_result *r = w->result;
	begin_line(t, "walk", &w->head);
	put(t, access_name(q->access));
	put(t, " va ");
	put_hex(t, q->va, 0);
	put(t, q->levels == 3 ? " sv39" : q->levels == 4 ? " sv48" : " sv57");
	put(t, " asid ");
	put_decimal(t, bits(w->satp, 59, 44), 0);
	put_before(t, w);
	put(t, ": ");
	for (u32 i = 0; i < r->step_count; i++)
		put_step(t, w, i);
	put(t, r->step_count ? " -> " : "-> ");
	if (r->reason == WALK_OK) {
		put(t, "pa ");
		put_hex(t, r->pa, 0);
		put(t, ", ");
		put_size(t, r->size_log2);
		put(t, " page");
		put(t, r->ad_updated ? ", A/D set" : "");
	} else {
		put(t, cause_name(walk_cause(r->reason, q->access)));
		put(t, ": ");
		put(t, walk_reason_text(r->reason));
	}
	if (w->cycles) {
		put(t, ", ");
		put_cycles(t, w->cycles);
	}
	finish_line(t);
}

static void put_mapping(struct trace_text *t, const struct trace_tlb *e)
{
	put(t, " va ");
	put_hex(t, e->va, 0);
	put(t, " asid ");
	put_decimal(t, e->asid, 0);
	put(t, " -> pa ");
	put_hex(t, e->pa, 0);
	put(t, ", ");
	put_size(t, e->size_log2);
	put(t, " page (");
	put_flags(t, e->pte);
	put(t, ")");
}

static void emit_fence(struct trace_text *t, const struct trace_fence *e)
{
	begin_line(t, "tlb ", &e->head);
	put(t, "fence");
	if (!e->by_va && !e->by_asid)
		put(t, " of everything");
	if (e->by_va) {
		put(t, " va ");
		put_hex(t, e->va, 0);
	}
	if (e->by_asid) {
		put(t, " asid ");
		put_decimal(t, e->asid, 0);
	}
	put(t, ", ");
	put_decimal(t, e->dropped, 0);
	put(t, e->dropped == 1 ? " entry dropped" : " entries dropped");
	finish_line(t);
}

static void emit_tlb(struct trace_text *t, const struct trace_tlb *e)
{
	begin_line(t, "tlb ", &e->head);
	switch (e->what) {
	case TRACE_TLB_MISS:
		put(t, "miss ");
		put(t, access_name(e->access));
		put(t, " va ");
		put_hex(t, e->va, 0);
		put(t, " asid ");
		put_decimal(t, e->asid, 0);
		break;
	case TRACE_TLB_HIT:
		put(t, e->level == TLB_SECOND ? "hit in the second level " : "hit ");
		put(t, access_name(e->access));
		put_mapping(t, e);
		break;
	case TRACE_TLB_FILL:
		put(t, "fill");
		put_mapping(t, e);
		break;
	case TRACE_TLB_EVICT:
		put(t, "evict");
		put_mapping(t, e);
		break;
	}
	finish_line(t);
}

static void emit_trap(struct trace_text *t, const struct trace_trap *e)
{
	bool has_address = !e->is_return && !(e->cause >> 63);
	begin_line(t, "trap", &e->head);
	if (e->is_return) {
		put(t, "return");
	} else {
		put(t, cause_name(e->cause));
		put(t, " (cause ");
		put_decimal(t, e->cause & ~BIT(63), 0);
		put(t, ")");
	}
	if (has_address) {
		put(t, " tval ");
		put_hex(t, e->tval, 0);
	}
	char mode[] = { ' ', '-', '>', ' ', priv_letter(e->to_priv), ' ', '\0' };
	put(t, mode);
	put_hex(t, e->target, 0);
	put_name(t, e->target);
	finish_line(t);
}

static void emit_csr(struct trace_text *t, const struct trace_csr *e)
{
	const char *name = csr_name(e->number);
	begin_line(t, "csr ", &e->head);
	put(t, name ? name : "unknown");
	put(t, " = ");
	put_hex(t, e->value, 16);
	finish_line(t);
}

static void emit_space(struct trace_text *t, const struct trace_space *e)
{
	static const char *const modes[16] = { [0] = "bare", [8] = "sv39", [9] = "sv48", [10] = "sv57" };
	const char *mode = modes[e->satp >> 60];
	begin_line(t, "space", &e->head);
	put(t, "satp ");
	put_hex(t, e->old_satp, 16);
	put(t, " -> ");
	put_hex(t, e->satp, 16);
	put(t, ", ");
	put(t, mode ? mode : "reserved mode");
	put(t, " asid ");
	put_decimal(t, bits(e->satp, 59, 44), 0);
	put(t, " root ");
	put_hex(t, bits(e->satp, 43, 0) << PAGE_SHIFT, 0);
	finish_line(t);
}

static void emit_ref(struct trace_text *t, const struct trace_ref *e)
{
	static const char *const levels[] = { "by a walk", "in the TLB", "in the TLB's second level" };
	begin_line(t, "ref ", &e->head);
	put(t, access_name(e->access));
	put(t, " va ");
	put_hex(t, e->va, 0);
	put(t, " asid ");
	put_decimal(t, e->asid, 0);
	put(t, e->global ? " global -> pa " : " -> pa ");
	put_hex(t, e->pa, 0);
	put(t, ", ");
	put_size(t, e->size_log2);
	put(t, " page (");
	put_flags(t, e->pte);
	put(t, "), found ");
	put(t, levels[e->level]);
	finish_line(t);
}

static void emit_fault(struct trace_text *t, const struct trace_fault *e)
{
	begin_line(t, "fault", &e->head);
	put(t, cause_name(e->cause));
	put(t, " (cause ");
	put_decimal(t, e->cause, 0);
	put(t, ") tval ");
	put_hex(t, e->tval, 0);
	if (e->request) {
		put(t, " asid ");
		put_decimal(t, bits(e->satp, 59, 44), 0);
	}
	if (e->reason != WALK_OK) {
		put(t, ": ");
		put(t, walk_reason_text(e->reason));
	}
	finish_line(t);
}

static void emit_hint(struct trace_text *t, const struct trace_hint *e)
{
	begin_line(t, "hint", &e->head);
	put_hex(t, e->number, 3);
	for (u32 i = 0; i < TRACE_HINT_ARGS; i++) {
		put(t, " ");
		put_hex(t, e->args[i], 0);
	}
	finish_line(t);
}

/* --- the sink --- */

/* Notes what belongs on the line of the instruction at work. */
static void keep_for_line(struct trace_text *t, enum trace_sort sort, const struct trace_head *head, const void *event)
{
	struct effects *e = &t->effects[head->hart];
	if (sort == TRACE_MEM) {
		remember_access(e, event);
	} else if (sort == TRACE_CSR) {
		remember_csr(e, event);
	} else if (sort == TRACE_TRAP && !((const struct trace_trap *)event)->is_return) {
		*e = (struct effects){ 0 };
	}
}

void trace_text_emit(void *text, enum trace_sort sort, const void *event)
{
	struct trace_text *t = text;
	const struct trace_head *head = event;
	bool wanted = t->wanted >> sort & 1;
	if (head->hart >= OPTIONS_HARTS_MAX || ferror(t->lines.out))
		return;
	if (t->wanted >> TRACE_INSN & 1)
		keep_for_line(t, sort, head, event);
	if (sort == TRACE_INSN) {
		emit_insn(t, event);
		t->effects[head->hart] = (struct effects){ 0 };
		return;
	}
	if (!wanted || !trace_filter_passes(&t->filter, sort, event))
		return;
	switch (sort) {
	case TRACE_MEM:
		emit_mem(t, event);
		break;
	case TRACE_WALK:
		emit_walk(t, event);
		break;
	case TRACE_TLB:
		emit_tlb(t, event);
		break;
	case TRACE_TRAP:
		emit_trap(t, event);
		break;
	case TRACE_CSR:
		emit_csr(t, event);
		break;
	case TRACE_FENCE:
		emit_fence(t, event);
		break;
	case TRACE_SPACE:
		emit_space(t, event);
		break;
	case TRACE_REF:
		emit_ref(t, event);
		break;
	case TRACE_FAULT:
		emit_fault(t, event);
		break;
	case TRACE_HINT:
		emit_hint(t, event);
		break;
	case TRACE_INSN:
	case TRACE_SORTS:
		break;
	}
}

u32 trace_text_needs(u32 wanted)
{
	return wanted | (wanted >> TRACE_INSN & 1 ? TRACE_TEXT_FOR_LINES : 0);
}

struct trace_text *trace_text_create(FILE *out, const struct trace_filter *filter, u32 wanted,
                                     const struct symbols *symbols)
{
	struct trace_text *t = xcalloc(1, sizeof(*t));
	t->filter = *filter;
	t->wanted = wanted;
	lines_init(&t->lines, out, symbols);
	return t;
}

void trace_text_destroy(struct trace_text *t)
{
	if (!t)
		return;
	lines_flush(&t->lines);
	free(t);
}

void trace_text_before_line(struct trace_text *t, void (*before)(void *arg), void *arg)
{
	lines_share(&t->lines, before, arg);
}

void trace_text_flush(struct trace_text *t)
{
	lines_flush(&t->lines);
}

void trace_text_change(struct trace_text *t, const struct trace_filter *filter, u32 wanted)
{
	t->filter = *filter;
	t->wanted = wanted;
}
