/*
 * Whether an event passes a filter: see trace_filter.h. Each sort says here what it has to be asked about.
 */
#include "emu/observe/trace_filter.h"

#include "mmu/walk.h"

#define ACCESSES_ALL 7

/* What an event can be asked about; what is not set it does not have. */
struct aspects {
	bool has_address, has_access, has_asid, has_outcome, has_cycles;
	u64 va, size;   /* bytes it is about */
	u64 other;      /* another address of the same bytes, or the same */
	u32 access;     /* enum access */
	u32 asid;       /* address space */
	bool all_asids; /* it concerns all of them */
	u64 outcome;    /* bits as trace_filter.outcomes has them */
	u64 cycles;     /* what it cost */
};

static void at(struct aspects *a, u64 va, u64 size)
{
	a->has_address = true;
	a->va = a->other = va;
	a->size = size;
}

static void by(struct aspects *a, u32 access)
{
	a->has_access = true;
	a->access = access;
}

static void in(struct aspects *a, u32 asid)
{
	a->has_asid = true;
	a->asid = asid;
}

static void with(struct aspects *a, u64 outcome)
{
	a->has_outcome = true;
	a->outcome = outcome;
}

static void of_walk(struct aspects *a, const struct trace_walk *e)
{
	at(a, e->request->va, 1);
	by(a, e->request->access);
	in(a, (u32)bits(e->satp, 59, 44));
	with(a, BIT(e->result->reason) | (e->result->ad_updated ? TRACE_OUTCOME_AD : 0));
	a->has_cycles = true;
	a->cycles = e->cycles;
}

static void of_mem(struct aspects *a, const struct trace_mem *e)
{
	at(a, e->va, e->size);
	a->other = e->pa;
	by(a, e->access);
	with(a, BIT(WALK_OK));
}

static void of_tlb(struct aspects *a, const struct trace_tlb *e)
{
	at(a, e->va, 1);
	in(a, e->asid);
	if (e->what == TRACE_TLB_MISS || e->what == TRACE_TLB_HIT)
		by(a, e->access);
}

static void of_trap(struct aspects *a, const struct trace_trap *e)
{
	if (!e->is_return && !(e->cause >> 63))
		at(a, e->tval, 1);
}

static void of_fence(struct aspects *a, const struct trace_fence *e)
{
	if (e->by_va)
		at(a, e->va, 1);
	in(a, e->asid);
	a->all_asids = !e->by_asid;
}

static void of_ref(struct aspects *a, const struct trace_ref *e)
{
	at(a, e->va, 1);
	by(a, e->access);
	in(a, e->asid);
	with(a, BIT(WALK_OK));
}

static void of_fault(struct aspects *a, const struct trace_fault *e)
{
	at(a, e->tval, 1);
	in(a, (u32)bits(e->satp, 59, 44));
	if (e->request)
		by(a, e->access);
	with(a, e->reason == WALK_OK ? TRACE_OUTCOME_OTHER : BIT(e->reason));
}

static struct aspects aspects_of(enum trace_sort sort, const void *event)
{
	struct aspects a = { 0 };
	switch (sort) {
	case TRACE_INSN:
		at(&a, ((const struct trace_head *)event)->pc, ((const struct trace_insn *)event)->len);
		by(&a, ACCESS_FETCH);
		break;
	case TRACE_MEM:
		of_mem(&a, event);
		break;
	case TRACE_WALK:
		of_walk(&a, event);
		break;
	case TRACE_TLB:
		of_tlb(&a, event);
		break;
	case TRACE_TRAP:
		of_trap(&a, event);
		break;
	case TRACE_FENCE:
		of_fence(&a, event);
		break;
	case TRACE_SPACE:
		in(&a, (u32)bits(((const struct trace_space *)event)->satp, 59, 44));
		break;
	case TRACE_REF:
		of_ref(&a, event);
		break;
	case TRACE_FAULT:
		of_fault(&a, event);
		break;
	case TRACE_CSR:
	case TRACE_HINT:
	case TRACE_SORTS:
		break;
	}
	return a;
}

static bool is_within(u64 value, u64 lo, u64 hi)
{
	return value >= lo && value <= hi;
}

/* True if one of size bytes at the address is asked for. */
static bool address_passes(const struct trace_filter *f, u64 address, u64 size)
{
	u64 last = address + (size - 1) < address ? UINT64_MAX : address + (size - 1);
	return last >= f->addr_lo && address <= f->addr_hi;
}

/* The conditions on where it happened alone. */
static bool passes_place(const struct trace_filter *f, const struct trace_head *head)
{
	return is_within(head->pc, f->pc_lo, f->pc_hi) && is_within(head->instret, f->insn_first, f->insn_last) &&
	       (f->privs >> head->priv & 1) && (f->hart < 0 || f->hart == (s64)head->hart);
}

bool trace_filter_passes(const struct trace_filter *f, enum trace_sort sort, const void *event)
{
	if (!passes_place(f, event))
		return false;
	struct aspects a = aspects_of(sort, event);
	bool any_address = f->addr_lo == 0 && f->addr_hi == UINT64_MAX;
	bool any_cycles = f->cycles_lo == 0 && f->cycles_hi == UINT64_MAX;
	return (any_address ||
	        (a.has_address && (address_passes(f, a.va, a.size) || address_passes(f, a.other, a.size)))) &&
	       (f->accesses == ACCESSES_ALL || (a.has_access && f->accesses >> a.access & 1)) &&
	       (f->asid < 0 || (a.has_asid && (a.all_asids || a.asid == (u32)f->asid))) &&
	       (f->outcomes == UINT64_MAX || (a.has_outcome && f->outcomes & a.outcome)) &&
	       (any_cycles || (a.has_cycles && is_within(a.cycles, f->cycles_lo, f->cycles_hi)));
}
