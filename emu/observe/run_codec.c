/*
 * Packing and unpacking of events: see run_codec.h. How numbers and flags become bytes is run_bits.c's business.
 */
#include "emu/observe/run_codec.h"

#include <stdlib.h>
#include <string.h>

#include "emu/observe/run_bits.h"
#include "emu/options.h"
#include "mmu/mmu.h"
#include "mmu/tlb.h"

#define TABLE_BITS 11
#define TABLE_SIZE (1u << TABLE_BITS)
#define PAGE_BITS 12
#define PTE_AD (PTE_A | PTE_D)
#define CSRS 4096

/* What is known of one hart. */
struct hart_memory {
	struct trace_head head;      /* of its last event */
	struct walk_request request; /* its last walk or fault */
	u64 satp;                    /* of its last walk, or written last */
	u64 start_cycle;             /* of its last walk */
	u64 walk_ns;                 /* when that was */
	u64 va, pa;                  /* of the last data access */
	u64 leaf;                    /* the last leaf that was not guessed */
	u64 walk_pa, walk_pte;       /* what the last walk found */
	u64 tval;                    /* of the last exception */
	u64 handler;                 /* where it went */
	u16 asid;                    /* of the last fill or use */
};

/* A PTE as it was read last. */
struct pte_memory {
	u64 pte_addr, pte;
};

/* A page as it was used last, by one kind of access. */
struct ref_memory {
	struct trace_ref ref; /* va and pa are the page's; the head means nothing */
};

/* An instruction as it was retired last. */
struct insn_memory {
	struct trace_insn insn; /* the time means nothing */
};

struct run_memory {
	u32 hart;                                    /* of the last event */
	struct hart_memory harts[OPTIONS_HARTS_MAX]; /* by id */
	struct pte_memory ptes[TABLE_SIZE];          /* by a hash of pte_addr */
	struct ref_memory refs[TABLE_SIZE];          /* by a hash of page and access */
	struct insn_memory insns[TABLE_SIZE];        /* by a hash of pc */
};

static u8 priv(struct codec *c, u8 v)
{
	v = (u8)codec_field(c, v, 2, PRIV_M);
	c->bad |= v == 2;
	return v;
}

static u8 access_kind(struct codec *c, u8 v)
{
	return (u8)codec_field(c, v, 2, ACCESS_STORE);
}

/* --- what all events have: 8 flags --- */

static struct hart_memory *head(struct codec *c, struct run_memory *m, struct trace_head *h)
{
	u64 hart = h->hart;
	h->priv = priv(c, h->priv);
	codec_guessed(c, &hart, m->hart);
	if (hart >= OPTIONS_HARTS_MAX) {
		BUG_ON(!c->reading);
		c->bad = true;
		hart = 0;
	}
	h->hart = m->hart = (u32)hart;
	struct hart_memory *known = &m->harts[hart];
	const struct trace_head *last = &known->head;
	codec_guessed3(c, &h->instret, last->instret, last->instret + 1, last->instret + 2);
	codec_guessed3(c, &h->pc, last->pc, last->pc + 4, last->pc + 2);
	/* A step takes a nanosecond, as long as the hart is not waiting. */
	codec_guessed(c, &h->time_ns, last->time_ns + (h->instret - last->instret));
	known->head = *h;
	return known;
}

static u32 hash(u64 v)
{
	return (u32)(v * 0x9e3779b97f4a7c15ull >> (64 - TABLE_BITS));
}

/* --- walks --- */

/* 7 flags and 5 more if the circumstances are other ones. */
static void request(struct codec *c, struct hart_memory *known, struct walk_request *q)
{
	const struct walk_request *last = &known->request;
	bool same = q->levels == last->levels && q->sum == last->sum && q->mxr == last->mxr &&
	            q->ad_update == last->ad_update && q->has_svnapot == last->has_svnapot &&
	            q->has_svpbmt == last->has_svpbmt;
	codec_guessed3(c, &q->va, known->va, known->head.pc, last->va + (1ull << PAGE_BITS));
	q->access = access_kind(c, q->access);
	q->priv = priv(c, q->priv);
	same = codec_flag(c, same);
	codec_guessed(c, &q->root, bits(known->satp, 43, 0) << PAGE_BITS);
	if (same) {
		struct walk_request as_before = *last;
		as_before.va = q->va;
		as_before.access = q->access;
		as_before.priv = q->priv;
		as_before.root = q->root;
		*q = as_before;
	} else {
		u64 word = (u64)q->levels | (u64)q->sum << 3 | (u64)q->mxr << 4 | (u64)q->ad_update << 5 |
		           (u64)q->has_svnapot << 6 | (u64)q->has_svpbmt << 7;
		codec_number(c, &word);
		q->levels = word & 7;
		q->sum = word >> 3 & 1;
		q->mxr = word >> 4 & 1;
		q->ad_update = word >> 5 & 1;
		q->has_svnapot = word >> 6 & 1;
		q->has_svpbmt = word >> 7 & 1;
		c->bad |= word >> 8 || q->levels > WALK_LEVELS_MAX || (q->levels && q->levels < 3);
	}
	known->request = *q;
}

/* Where the step's PTE should be: in the root page, or in the one that the step before points to. */
static u64 step_addr(const struct walk_request *q, const struct walk_result *r, u32 i, u32 level)
{
	u64 table = i ? bits(r->steps[i - 1].pte, 53, PTE_PPN_SHIFT) << PAGE_BITS : q->root;
	return table + 8 * (q->va >> (PAGE_BITS + 9 * level) & 0x1ff);
}

static void step(struct codec *c, struct run_memory *m, struct hart_memory *known, struct trace_walk *w,
                 struct walk_result *r, u32 i)
{
	struct walk_step *s = &r->steps[i];
	u32 level = i ? r->steps[i - 1].level - 1u : w->request->levels - 1u;
	codec_begin(c, 1);
	s->level = (u8)codec_narrow(c, s->level, level & 0xff, WALK_LEVELS_MAX - 1);
	s->source = (u8)codec_field(c, s->source, 2, WALK_SOURCES - 1);
	codec_guessed(c, &s->pte_addr, step_addr(w->request, r, i, s->level));
	struct pte_memory *pte = &m->ptes[hash(s->pte_addr)];
	bool is_known = pte->pte_addr == s->pte_addr;
	codec_guessed(c, &s->pte, is_known ? pte->pte : known->leaf);
	s->cycles = (u16)codec_narrow(c, s->cycles, 0, UINT16_MAX);
	codec_finish(c);
	if (!is_known || (s->pte & ~PTE_AD) != (pte->pte & ~PTE_AD))
		known->leaf = s->pte;
	*pte = (struct pte_memory){ .pte_addr = s->pte_addr, .pte = s->pte };
}

/* What the steps lead to. */
static void outcome(struct codec *c, struct hart_memory *known, const struct walk_request *q, struct walk_result *r)
{
	const struct walk_step *last = r->step_count ? &r->steps[r->step_count - 1] : &r->steps[0];
	u64 pte = r->step_count ? last->pte : 0;
	codec_begin(c, 2);
	r->reason = codec_narrow(c, r->reason, WALK_OK, WALK_REASONS - 1);
	r->ad_updated = codec_flag(c, r->ad_updated);
	r->global = codec_flag(c, r->global);
	r->level = (u8)codec_narrow(c, r->level, r->step_count ? last->level : 0, WALK_LEVELS_MAX - 1);
	u32 size = r->reason == WALK_OK ? PAGE_BITS + 9 * (u32)r->level : 0;
	r->size_log2 = (u8)codec_narrow(c, r->size_log2, size & 0xff, 63);
	r->pbmt = (u8)codec_narrow(c, r->pbmt, (u32)bits(pte, 62, 61) % 3, 3);
	u64 updated = pte | (r->ad_updated ? PTE_A : 0) | (r->ad_updated && q->access == ACCESS_STORE ? PTE_D : 0);
	codec_guessed(c, &r->pte, updated);
	u64 frame = bits(r->pte, 53, PTE_PPN_SHIFT) << PAGE_BITS;
	codec_guessed3(c, &r->pa, (frame & ~MASK(r->size_log2)) | (q->va & MASK(r->size_log2)), 0, frame);
	codec_finish(c);
	known->walk_pa = r->pa;
	known->walk_pte = r->pte;
}

static void walk_event(struct codec *c, struct run_memory *m, struct run_event *e)
{
	struct trace_walk *w = &e->walk;
	codec_begin(c, 4);
	struct hart_memory *known = head(c, m, &w->head);
	codec_guessed(c, &w->satp, known->satp);
	known->satp = w->satp;
	request(c, known, &e->request);
	w->request = &e->request;
	w->result = &e->result;
	w->first = (u8)codec_field(c, w->first, 2, TRACE_TLB_DENIED);
	w->second = (u8)codec_field(c, w->second, 2, TRACE_TLB_DENIED);
	codec_guessed(c, &w->start_cycle, known->start_cycle + (w->head.time_ns - known->walk_ns));
	codec_guessed(c, &w->cycles, 0);
	e->result.step_count = (u8)codec_field(c, e->result.step_count, 3, WALK_LEVELS_MAX);
	codec_finish(c);
	known->start_cycle = w->start_cycle;
	known->walk_ns = w->head.time_ns;
	for (u32 i = 0; i < e->result.step_count; i++)
		step(c, m, known, w, &e->result, i);
	outcome(c, known, &e->request, &e->result);
}

static void fault_event(struct codec *c, struct run_memory *m, struct run_event *e)
{
	struct trace_fault *f = &e->fault;
	codec_begin(c, 4);
	struct hart_memory *known = head(c, m, &f->head);
	codec_guessed3(c, &f->tval, known->request.va, f->head.pc, 0);
	codec_guessed3(c, &f->cause, 13, 15, 12);
	f->reason = codec_narrow(c, f->reason, WALK_OK, WALK_REASONS - 1);
	f->access = access_kind(c, f->access);
	codec_guessed(c, &f->satp, known->satp);
	known->satp = f->satp;
	bool has_request = codec_flag(c, f->request != NULL);
	f->request = NULL;
	if (has_request) {
		request(c, known, &e->request);
		f->request = &e->request;
	}
	codec_finish(c);
	known->tval = f->tval;
}

/* --- uses of translations, fills and evictions --- */

static bool is_same_page(const struct trace_ref *a, const struct trace_ref *b)
{
	return a->pte == b->pte && a->asid == b->asid && a->priv == b->priv && a->size_log2 == b->size_log2 &&
	       a->leaf_level == b->leaf_level && a->level == b->level && a->global == b->global;
}

static void ref_page(struct codec *c, struct trace_ref *r, const struct trace_ref *page)
{
	codec_begin(c, 2);
	codec_guessed(c, &r->pte, page->pte);
	codec_guessed(c, &r->pa, bits(r->pte, 53, PTE_PPN_SHIFT) << PAGE_BITS | (r->va & MASK(PAGE_BITS)));
	r->asid = (u16)codec_narrow(c, r->asid, page->asid, UINT16_MAX);
	r->priv = priv(c, r->priv);
	r->size_log2 = (u8)codec_narrow(c, r->size_log2, PAGE_BITS, 63);
	r->leaf_level = (u8)codec_field(c, r->leaf_level, 3, WALK_LEVELS_MAX - 1);
	r->level = (u8)codec_field(c, r->level, 2, TLB_SECOND);
	r->global = codec_flag(c, r->global);
	codec_finish(c);
}

static void ref_event(struct codec *c, struct run_memory *m, struct trace_ref *r)
{
	codec_begin(c, 2);
	struct hart_memory *known = head(c, m, &r->head);
	r->access = access_kind(c, r->access);
	codec_guessed3(c, &r->va, known->va, r->head.pc, known->va + 8);
	struct ref_memory *page = &m->refs[hash((r->va >> PAGE_BITS) * 4 + r->access)];
	u64 there = page->ref.pa + (r->va & MASK(PAGE_BITS));
	bool as_before = page->ref.va == align_down(r->va, 1ull << PAGE_BITS) && page->ref.access == r->access;
	as_before = codec_flag(c, as_before && r->pa == there && is_same_page(r, &page->ref));
	codec_finish(c);
	if (as_before) {
		struct trace_ref copy = page->ref;
		copy.head = r->head;
		copy.va = r->va;
		copy.access = r->access;
		copy.pa = there;
		*r = copy;
	} else {
		ref_page(c, r, &page->ref);
		page->ref = *r;
		page->ref.va = align_down(r->va, 1ull << PAGE_BITS);
		page->ref.pa = r->pa - (r->va & MASK(PAGE_BITS));
	}
	if (r->access != ACCESS_FETCH)
		known->va = r->va;
}

static void tlb_event(struct codec *c, struct run_memory *m, struct trace_tlb *t)
{
	codec_begin(c, 3);
	struct hart_memory *known = head(c, m, &t->head);
	t->what = (u8)codec_field(c, t->what, 2, TRACE_TLB_EVICT);
	t->access = access_kind(c, t->access);
	t->level = (u8)codec_field(c, t->level, 2, TLB_SECOND);
	t->size_log2 = (u8)codec_narrow(c, t->size_log2, t->what == TRACE_TLB_MISS ? 0 : PAGE_BITS, 63);
	t->asid = (u16)codec_narrow(c, t->asid, known->asid, UINT16_MAX);
	u64 size = 1ull << t->size_log2;
	codec_guessed3(c, &t->va, known->va, t->head.pc, align_down(known->request.va, size));
	codec_guessed3(c, &t->pte, known->walk_pte, 0, known->leaf);
	codec_guessed3(c, &t->pa, bits(t->pte, 53, PTE_PPN_SHIFT) << PAGE_BITS, 0, known->walk_pa);
	codec_finish(c);
	known->asid = t->asid;
}

/* --- instructions and what they do --- */

static void insn_event(struct codec *c, struct run_memory *m, struct trace_insn *i)
{
	codec_begin(c, 2);
	(void)head(c, m, &i->head);
	struct insn_memory *known = &m->insns[hash(i->head.pc >> 1)];
	struct trace_insn *last = &known->insn;
	bool same = i->raw == last->raw && i->len == last->len && i->x_rd == last->x_rd && i->f_rd == last->f_rd;
	same = codec_flag(c, same);
	codec_guessed(c, &i->value, last->value);
	if (same) {
		i->raw = last->raw;
		i->len = last->len;
		i->x_rd = last->x_rd;
		i->f_rd = last->f_rd;
	} else {
		u64 raw = i->raw, x = (u64)(i->x_rd + 1), f = (u64)(i->f_rd + 1);
		i->len = (u8)(codec_flag(c, i->len == 2) ? 2 : 4);
		codec_number(c, &raw);
		codec_number(c, &x);
		codec_number(c, &f);
		c->bad |= raw > UINT32_MAX || x > 32 || f > 32;
		i->raw = (u32)raw;
		i->x_rd = (s8)(x % 33 - 1);
		i->f_rd = (s8)(f % 33 - 1);
	}
	codec_finish(c);
	*last = *i;
}

static void mem_event(struct codec *c, struct run_memory *m, struct trace_mem *e)
{
	u64 size = e->size;
	codec_begin(c, 2);
	struct hart_memory *known = head(c, m, &e->head);
	bool is_store = codec_flag(c, e->access == ACCESS_STORE);
	e->access = is_store ? ACCESS_STORE : ACCESS_LOAD;
	codec_guessed3(c, &size, 8, 4, 1);
	c->bad |= size == 0 || size > 64;
	e->size = (u8)size;
	codec_guessed(c, &e->va, known->va);
	codec_guessed(c, &e->pa, known->pa + (e->va - known->va));
	codec_finish(c);
	codec_number(c, &e->value);
	known->va = e->va;
	known->pa = e->pa;
}

static void csr_event(struct codec *c, struct run_memory *m, struct trace_csr *e)
{
	u64 csr = e->number;
	codec_begin(c, 1);
	(void)head(c, m, &e->head);
	codec_finish(c);
	codec_number(c, &csr);
	codec_number(c, &e->value);
	c->bad |= csr >= CSRS;
	e->number = (u16)csr;
}

static void trap_event(struct codec *c, struct run_memory *m, struct trace_trap *e)
{
	codec_begin(c, 2);
	struct hart_memory *known = head(c, m, &e->head);
	e->to_priv = priv(c, e->to_priv);
	e->is_return = codec_flag(c, e->is_return);
	codec_guessed3(c, &e->cause, e->is_return ? 0 : 8, BIT(63) | 5, 13);
	codec_guessed3(c, &e->tval, 0, known->tval, e->head.pc);
	codec_guessed(c, &e->target, known->handler);
	codec_finish(c);
	if (!e->is_return)
		known->handler = e->target;
}

/* --- fences, address spaces, hints --- */

static void fence_event(struct codec *c, struct run_memory *m, struct trace_fence *e)
{
	codec_begin(c, 2);
	struct hart_memory *known = head(c, m, &e->head);
	e->by_va = codec_flag(c, e->by_va);
	e->by_asid = codec_flag(c, e->by_asid);
	codec_guessed(c, &e->va, known->request.va);
	e->asid = (u16)codec_narrow(c, e->asid, 0, UINT16_MAX);
	e->dropped = codec_narrow(c, e->dropped, 0, UINT32_MAX);
	codec_finish(c);
}

static void space_event(struct codec *c, struct run_memory *m, struct trace_space *e)
{
	codec_begin(c, 2);
	struct hart_memory *known = head(c, m, &e->head);
	codec_guessed(c, &e->old_satp, known->satp);
	codec_finish(c);
	codec_distance(c, &e->satp, e->old_satp);
	known->satp = e->satp;
}

static void hint_event(struct codec *c, struct run_memory *m, struct trace_hint *e)
{
	u64 n = e->number;
	codec_begin(c, 1);
	(void)head(c, m, &e->head);
	codec_finish(c);
	codec_number(c, &n);
	c->bad |= n > UINT32_MAX;
	e->number = (u32)n;
	for (u32 i = 0; i < TRACE_HINT_ARGS; i++)
		codec_number(c, &e->args[i]);
}

/* --- all sorts --- */

static void any_event(struct codec *c, struct run_memory *m, enum trace_sort sort, struct run_event *e)
{
	switch (sort) {
	case TRACE_INSN:
		insn_event(c, m, &e->insn);
		break;
	case TRACE_MEM:
		mem_event(c, m, &e->mem);
		break;
	case TRACE_WALK:
		walk_event(c, m, e);
		break;
	case TRACE_TLB:
		tlb_event(c, m, &e->tlb);
		break;
	case TRACE_TRAP:
		trap_event(c, m, &e->trap);
		break;
	case TRACE_CSR:
		csr_event(c, m, &e->csr);
		break;
	case TRACE_FENCE:
		fence_event(c, m, &e->fence);
		break;
	case TRACE_SPACE:
		space_event(c, m, &e->space);
		break;
	case TRACE_REF:
		ref_event(c, m, &e->ref);
		break;
	case TRACE_FAULT:
		fault_event(c, m, e);
		break;
	case TRACE_HINT:
		hint_event(c, m, &e->hint);
		break;
	case TRACE_SORTS:
		BUG_ON(true);
	}
}

/* A copy that can be worked on. */
static void copy_event(struct run_event *copy, enum trace_sort sort, const void *event)
{
	static const size_t sizes[TRACE_SORTS] = {
		[TRACE_INSN] = sizeof(struct trace_insn),   [TRACE_MEM] = sizeof(struct trace_mem),
		[TRACE_WALK] = sizeof(struct trace_walk),   [TRACE_TLB] = sizeof(struct trace_tlb),
		[TRACE_TRAP] = sizeof(struct trace_trap),   [TRACE_CSR] = sizeof(struct trace_csr),
		[TRACE_FENCE] = sizeof(struct trace_fence), [TRACE_SPACE] = sizeof(struct trace_space),
		[TRACE_REF] = sizeof(struct trace_ref),     [TRACE_FAULT] = sizeof(struct trace_fault),
		[TRACE_HINT] = sizeof(struct trace_hint),
	};
	memcpy(copy, event, sizes[sort]);
	if (sort == TRACE_WALK) {
		copy->request = *copy->walk.request;
		copy->result = *copy->walk.result;
	} else if (sort == TRACE_FAULT && copy->fault.request) {
		copy->request = *copy->fault.request;
	}
}

size_t run_pack(struct run_memory *memory, enum trace_sort sort, const void *event, u8 *out)
{
	struct codec c = { .at = out, .end = out + RUN_EVENT_BYTES_MAX };
	struct run_event copy;
	copy_event(&copy, sort, event);
	any_event(&c, memory, sort, &copy);
	return (size_t)(c.at - out);
}

bool run_unpack(struct run_memory *memory, enum trace_sort sort, const u8 *bytes, size_t size, struct run_event *event)
{
	struct codec c = { .reading = true, .at = (u8 *)bytes, .end = (u8 *)bytes + size };
	memset(event, 0, sizeof(*event));
	any_event(&c, memory, sort, event);
	return !c.bad && c.at == c.end;
}

struct run_memory *run_memory_create(void)
{
	return xcalloc(1, sizeof(struct run_memory));
}

void run_memory_destroy(struct run_memory *memory)
{
	free(memory);
}
