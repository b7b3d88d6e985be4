/*
 * Observing instructions: see cpu/observe.h. Slow by nature, and kept apart so that the plain engine has none of it.
 */
#include "cpu/observe.h"

#include <string.h>

#include "mmu/seen.h"

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

void observe_retire(struct hart *h)
{
	observe_count_end(h);
	if (h->noted.told && trace_wants(h->trace, TRACE_INSN))
		tell(h);
	h->noted.begun = false;
}

/* Its fetch has been seen: if the instruction is tried once more without a trap (a watchpoint), it is not seen again.
 */
void observe_take_back(struct hart *h)
{
	h->noted.begun = false;
	h->events.loads -= OBSERVE_LOADS >> h->noted.cls & 1;
	h->events.stores -= OBSERVE_STORES >> h->noted.cls & 1;
	if (h->fetches_seen)
		h->fetched = (struct fetched_insn){ .pc = h->pc, .count = h->count + 1 };
	h->mmu.again.size = 0;
}

/*
 * Shows TLB and caches the fetch of the instruction at h->pc, both pages of it, unless they have seen this one: which
 * fetches they see must not depend on which blocks happen to be decoded.
 */
static must_check bool show_fetch(struct hart *h, u32 length)
{
	bool uniform, crosses = (h->pc & (PAGE_SIZE - 1)) == PAGE_SIZE - 2 && length == 4;
	u64 pa, pa2 = 0;

	if (h->fetched.count == h->count + 1 && h->fetched.pc == h->pc)
		return true;
	if (!mmu_fetch(&h->mmu, h->pc, &pa, &uniform) || (crosses && !mmu_fetch(&h->mmu, h->pc + 2, &pa2, &uniform)))
		return false;
	h->fetched = (struct fetched_insn){ .pc = h->pc, .count = h->count + 1 };
	observe_fetched(h, pa, pa2, length);
	if (!crosses)
		seen_set_again(&h->mmu, h->pc + length - 1);
	return true;
}

void observe_fetched(struct hart *h, u64 pa, u64 pa2, u32 length)
{
	mmu_fetched(&h->mmu, pa, pa2 ? 2 : length);
	if (pa2)
		mmu_fetched(&h->mmu, pa2, 2);
}

bool observe_begin(struct hart *h, u32 raw, enum insn_class cls)
{
	observe_end(h);
	if (h->fetches_seen && !show_fetch(h, insn_length((u16)raw)))
		return false;
	h->noted.told = trace_wants(h->trace, TRACE_INSN);
	if (h->noted.told) {
		hart_trace_head(h, &h->noted.head);
		h->noted.raw = raw;
	}
	observe_count_begin(h, cls, h->pc + insn_length((u16)raw));
	return true;
}
