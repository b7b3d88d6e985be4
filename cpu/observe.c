/*
 * Observing instructions: see cpu/observe.h. Slow by nature, and kept apart so that the plain engine has none of it.
 */
#include "cpu/observe.h"

#include <string.h>

static void tell(struct hart *h)
{
	struct insn insn = insn_decode(h->decoder, h->noted.raw);
	const char *operands = insn_table[insn.id].operands;
	struct trace_insn event = { .head = h->noted.head, .raw = insn.raw, .len = insn.len, .x_rd = -1, .f_rd = -1 };

	if (strchr(operands, 'd') && insn.rd != 0) {
		event.x_rd = (s8)insn.rd;
		event.value = h->x[insn.rd];
	} else if (strchr(operands, 'D')) {
		event.f_rd = (s8)insn.rd;
		event.value = h->f[insn.rd];
	}
	h->trace->emit(h->trace->arg, TRACE_INSN, &event);
}

static void count(struct hart *h)
{
	switch (h->noted.cls) {
	case CLASS_LOAD:
	case CLASS_FLOAD:
		h->events.loads++;
		break;
	case CLASS_STORE:
	case CLASS_FSTORE:
		h->events.stores++;
		break;
	case CLASS_AMO:
		h->events.loads++;
		h->events.stores++;
		break;
	case CLASS_BRANCH:
		h->events.branches++;
		h->events.branches_taken += h->pc != h->noted.head.pc + insn_length((u16)h->noted.raw);
		break;
	}
}

void observe_end(struct hart *h)
{
	if (!h->noted.pending)
		return;
	h->noted.pending = false;
	count(h);
	if (trace_wants(h->trace, TRACE_INSN))
		tell(h);
}

void observe_cancel(struct hart *h)
{
	h->noted.pending = false;
}

/*
 * Shows the TLB the fetch of the instruction at h->pc, both pages of it, unless it has seen this one: which fetches a
 * TLB sees must not depend on which blocks happen to be decoded.
 */
static must_check bool show_fetch(struct hart *h, u32 raw)
{
	bool uniform, crosses = (h->pc & (PAGE_SIZE - 1)) == PAGE_SIZE - 2 && insn_length((u16)raw) == 4;
	u64 pa;

	if (h->fetched.count == h->count + 1 && h->fetched.pc == h->pc)
		return true;
	if (!mmu_fetch(&h->mmu, h->pc, &pa, &uniform) || (crosses && !mmu_fetch(&h->mmu, h->pc + 2, &pa, &uniform)))
		return false;
	h->fetched = (struct fetched_insn){ .pc = h->pc, .count = h->count + 1 };
	return true;
}

bool observe_begin(struct hart *h, u32 raw, enum insn_class cls)
{
	observe_end(h);
	if (h->fetches_seen && !show_fetch(h, raw))
		return false;
	hart_trace_head(h, &h->noted.head);
	h->noted.raw = raw;
	h->noted.cls = cls;
	h->noted.pending = true;
	return true;
}
