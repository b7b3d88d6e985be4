/*
 * JSON lines: see trace_json.h. Keys are put as they stand in the text, with their quotes and commas, because that is
 * what takes no time.
 */
#include "emu/observe/trace_json.h"

#include <stdlib.h>

#include "cpu/csr.h"
#include "emu/names.h"
#include "mmu/mmu.h"
#include "mmu/tlb.h"

struct trace_json {
	struct trace_filter filter; /* which events */
	u32 wanted;                 /* which sorts */
	struct lines lines;         /* what is written */
};

/* --- values --- */

/* `key` is all that comes before the value: ,"name": */
static void hex(struct lines *l, const char *key, u64 value)
{
	lines_text(l, key);
	lines_text(l, "\"");
	lines_hex(l, value, 0);
	lines_text(l, "\"");
}

static void number(struct lines *l, const char *key, u64 value)
{
	lines_text(l, key);
	lines_decimal(l, value, 0);
}

/* A word of ours: it needs no escapes. */
static void word(struct lines *l, const char *key, const char *value)
{
	lines_text(l, key);
	lines_text(l, "\"");
	lines_text(l, value);
	lines_text(l, "\"");
}

static void truth(struct lines *l, const char *key, bool value)
{
	lines_text(l, key);
	lines_text(l, value ? "true" : "false");
}

static void letter(struct lines *l, const char *key, u32 priv)
{
	char text[] = { priv_letter(priv), '\0' };
	word(l, key, text);
}

static void flags(struct lines *l, const char *key, u64 pte)
{
	lines_text(l, key);
	lines_text(l, "\"");
	lines_flags(l, pte);
	lines_text(l, "\"");
}

/* "name+0x12" or null. */
static void name(struct lines *l, const char *key, u64 pc)
{
	u64 offset;
	const struct symbol *found = symbols_code_at(l->symbols, pc, &offset);
	lines_text(l, key);
	if (!found) {
		lines_text(l, "null");
		return;
	}
	lines_quoted(l, found->name);
	if (offset) {
		l->size--; /* the closing quote */
		lines_text(l, "+");
		lines_hex(l, offset, 0);
		lines_text(l, "\"");
	}
}

static void head(struct lines *l, enum trace_sort sort, const struct trace_head *h)
{
	word(l, "{\"event\":", trace_sort_name(sort));
	number(l, ",\"hart\":", h->hart);
	number(l, ",\"instret\":", h->instret);
	number(l, ",\"time_ns\":", h->time_ns);
	hex(l, ",\"pc\":", h->pc);
	name(l, ",\"symbol\":", h->pc);
	letter(l, ",\"priv\":", h->priv);
}

static void space(struct lines *l, const char *key, u64 satp)
{
	static const char *const modes[16] = { [0] = "bare", [8] = "sv39", [9] = "sv48", [10] = "sv57" };
	const char *mode = modes[satp >> 60];
	hex(l, key, satp);
	word(l, ",\"mode\":", mode ? mode : "reserved");
	number(l, ",\"asid\":", bits(satp, 59, 44));
}

static void cause(struct lines *l, u64 number_of)
{
	number(l, ",\"cause\":", number_of & ~BIT(63));
	word(l, ",\"cause_name\":", cause_name(number_of));
}

static void reason(struct lines *l, enum walk_reason why)
{
	word(l, ",\"reason\":", reason_name(why));
	word(l, ",\"rule\":", walk_reason_text(why));
}

/* --- walks and faults --- */

static void request(struct lines *l, const struct walk_request *q)
{
	hex(l, ",\"va\":", q->va);
	word(l, ",\"access\":", access_name(q->access));
	letter(l, ",\"access_priv\":", q->priv);
	truth(l, ",\"sum\":", q->sum);
	truth(l, ",\"mxr\":", q->mxr);
}

static const char *outcome_of_level(u32 outcome)
{
	return outcome == TRACE_TLB_ABSENT ? "absent" : outcome == TRACE_TLB_MISSED ? "miss" : "denied";
}

static void step(struct lines *l, const struct walk_step *s)
{
	number(l, "{\"level\":", s->level);
	hex(l, ",\"pte_addr\":", s->pte_addr);
	hex(l, ",\"pte\":", s->pte);
	flags(l, ",\"flags\":", s->pte);
	word(l, ",\"source\":", source_name(s->source));
	number(l, ",\"cycles\":", s->cycles);
	lines_text(l, "}");
}

static void outcome(struct lines *l, const struct trace_walk *w)
{
	const struct walk_result *r = w->result;
	truth(l, ",\"outcome\":{\"ok\":", r->reason == WALK_OK);
	if (r->reason == WALK_OK) {
		hex(l, ",\"pa\":", r->pa);
		number(l, ",\"size\":", 1ull << r->size_log2);
		truth(l, ",\"ad_update\":", r->ad_updated);
		truth(l, ",\"global\":", r->global);
		number(l, ",\"pbmt\":", r->pbmt);
	} else {
		reason(l, r->reason);
		cause(l, walk_cause(r->reason, w->request->access));
	}
	lines_text(l, "}");
}

static void walk_fields(struct lines *l, const struct trace_walk *w)
{
	number(l, ",\"cycle\":", w->start_cycle);
	request(l, w->request);
	space(l, ",\"satp\":", w->satp);
	word(l, ",\"tlb\":{\"first\":", outcome_of_level(w->first));
	word(l, ",\"second\":", outcome_of_level(w->second));
	lines_text(l, "},\"steps\":[");
	for (u32 i = 0; i < w->result->step_count; i++) {
		if (i)
			lines_text(l, ",");
		step(l, &w->result->steps[i]);
	}
	lines_text(l, "]");
	outcome(l, w);
	number(l, ",\"cycles\":", w->cycles);
}

static void fault_fields(struct lines *l, const struct trace_fault *f)
{
	cause(l, f->cause);
	hex(l, ",\"tval\":", f->tval);
	space(l, ",\"satp\":", f->satp);
	if (f->reason != WALK_OK)
		reason(l, f->reason);
	else
		lines_text(l, ",\"reason\":null,\"rule\":null");
	if (f->request)
		request(l, f->request);
	else
		lines_text(l, ",\"va\":null,\"access\":null,\"access_priv\":null,\"sum\":null,\"mxr\":null");
}

/* --- the TLB --- */

static void ref_fields(struct lines *l, const struct trace_ref *r)
{
	static const char *const levels[] = { "walk", "first", "second" };
	hex(l, ",\"va\":", r->va);
	hex(l, ",\"pa\":", r->pa);
	word(l, ",\"access\":", access_name(r->access));
	letter(l, ",\"access_priv\":", r->priv);
	number(l, ",\"asid\":", r->asid);
	hex(l, ",\"pte\":", r->pte);
	flags(l, ",\"flags\":", r->pte);
	number(l, ",\"size\":", 1ull << r->size_log2);
	number(l, ",\"level\":", r->leaf_level);
	truth(l, ",\"global\":", r->global);
	word(l, ",\"found\":", levels[r->level]);
}

static void tlb_fields(struct lines *l, const struct trace_tlb *t)
{
	static const char *const whats[] = { "miss", "hit", "fill", "evict" };
	bool is_lookup = t->what == TRACE_TLB_MISS || t->what == TRACE_TLB_HIT;
	word(l, ",\"what\":", whats[t->what]);
	hex(l, ",\"va\":", t->va);
	number(l, ",\"asid\":", t->asid);
	if (is_lookup)
		word(l, ",\"access\":", access_name(t->access));
	else
		lines_text(l, ",\"access\":null");
	if (t->what == TRACE_TLB_HIT)
		word(l, ",\"found\":", t->level == TLB_SECOND ? "second" : "first");
	else
		lines_text(l, ",\"found\":null");
	if (t->what == TRACE_TLB_MISS) {
		lines_text(l, ",\"pa\":null,\"pte\":null,\"flags\":null,\"size\":null");
		return;
	}
	hex(l, ",\"pa\":", t->pa);
	hex(l, ",\"pte\":", t->pte);
	flags(l, ",\"flags\":", t->pte);
	number(l, ",\"size\":", 1ull << t->size_log2);
}

static void fence_fields(struct lines *l, const struct trace_fence *f)
{
	if (f->by_va)
		hex(l, ",\"va\":", f->va);
	else
		lines_text(l, ",\"va\":null");
	if (f->by_asid)
		number(l, ",\"asid\":", f->asid);
	else
		lines_text(l, ",\"asid\":null");
	number(l, ",\"dropped\":", f->dropped);
}

static void space_fields(struct lines *l, const struct trace_space *s)
{
	hex(l, ",\"old_satp\":", s->old_satp);
	space(l, ",\"satp\":", s->satp);
	hex(l, ",\"root\":", bits(s->satp, 43, 0) << 12);
}

/* --- instructions and what they do --- */

static void insn_fields(struct lines *l, const struct trace_insn *i)
{
	hex(l, ",\"raw\":", i->raw);
	number(l, ",\"size\":", i->len);
	if (i->x_rd <= 0 && i->f_rd < 0) {
		lines_text(l, ",\"rd\":null,\"value\":null");
		return;
	}
	lines_text(l, i->x_rd > 0 ? ",\"rd\":\"x" : ",\"rd\":\"f");
	lines_decimal(l, (u64)(i->x_rd > 0 ? i->x_rd : i->f_rd), 0);
	hex(l, "\",\"value\":", i->value);
}

static void mem_fields(struct lines *l, const struct trace_mem *m)
{
	word(l, ",\"access\":", access_name(m->access));
	hex(l, ",\"va\":", m->va);
	hex(l, ",\"pa\":", m->pa);
	number(l, ",\"size\":", m->size);
	hex(l, ",\"value\":", m->value);
}

static void csr_fields(struct lines *l, const struct trace_csr *c)
{
	const char *csr = csr_name(c->number);
	hex(l, ",\"number\":", c->number);
	word(l, ",\"name\":", csr ? csr : "unknown");
	hex(l, ",\"value\":", c->value);
}

static void trap_fields(struct lines *l, const struct trace_trap *t)
{
	bool is_interrupt = t->cause >> 63;
	word(l, ",\"what\":", t->is_return ? "return" : is_interrupt ? "interrupt" : "exception");
	if (t->is_return)
		lines_text(l, ",\"cause\":null,\"cause_name\":null");
	else
		cause(l, t->cause);
	if (t->is_return || is_interrupt)
		lines_text(l, ",\"tval\":null");
	else
		hex(l, ",\"tval\":", t->tval);
	hex(l, ",\"target\":", t->target);
	name(l, ",\"target_symbol\":", t->target);
	letter(l, ",\"to_priv\":", t->to_priv);
}

static void hint_fields(struct lines *l, const struct trace_hint *h)
{
	hex(l, ",\"number\":", h->number);
	lines_text(l, ",\"args\":");
	for (u32 i = 0; i < TRACE_HINT_ARGS; i++)
		hex(l, i ? "," : "[", h->args[i]);
	lines_text(l, "]");
}

/* --- the sink --- */

void trace_json_object(struct lines *l, enum trace_sort sort, const void *event)
{
	head(l, sort, event);
	switch (sort) {
	case TRACE_INSN:
		insn_fields(l, event);
		break;
	case TRACE_MEM:
		mem_fields(l, event);
		break;
	case TRACE_WALK:
		walk_fields(l, event);
		break;
	case TRACE_TLB:
		tlb_fields(l, event);
		break;
	case TRACE_TRAP:
		trap_fields(l, event);
		break;
	case TRACE_CSR:
		csr_fields(l, event);
		break;
	case TRACE_FENCE:
		fence_fields(l, event);
		break;
	case TRACE_SPACE:
		space_fields(l, event);
		break;
	case TRACE_REF:
		ref_fields(l, event);
		break;
	case TRACE_FAULT:
		fault_fields(l, event);
		break;
	case TRACE_HINT:
		hint_fields(l, event);
		break;
	case TRACE_SORTS:
		break;
	}
	lines_text(l, "}");
}

void trace_json_emit(void *json, enum trace_sort sort, const void *event)
{
	struct trace_json *j = json;
	if (!(j->wanted >> sort & 1) || ferror(j->lines.out) || !trace_filter_passes(&j->filter, sort, event))
		return;
	trace_json_object(&j->lines, sort, event);
	lines_end(&j->lines);
}

struct trace_json *trace_json_create(FILE *out, const struct trace_filter *filter, u32 wanted,
                                     const struct symbols *symbols)
{
	struct trace_json *j = xcalloc(1, sizeof(*j));
	j->filter = *filter;
	j->wanted = wanted;
	lines_init(&j->lines, out, symbols);
	return j;
}

void trace_json_destroy(struct trace_json *j)
{
	if (!j)
		return;
	lines_flush(&j->lines);
	free(j);
}

struct lines *trace_json_lines(struct trace_json *j)
{
	return &j->lines;
}

void trace_json_change(struct trace_json *j, const struct trace_filter *filter, u32 wanted)
{
	j->filter = *filter;
	j->wanted = wanted;
}
