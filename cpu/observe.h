/*
 * Observing instructions one by one: what runs only while somebody watches.
 *
 * While a trace wants instructions, a counter counts loads or branches, or a TLB must see every fetch, blocks are
 * decoded with op_observe in front of each instruction (cpu/block.c). It notes what is about to run; that it retired,
 * and what it wrote, is told when the next one begins. Blocks without observers are the plain engine: off costs
 * nothing.
 */
#ifndef RVEMU_CPU_OBSERVE_H
#define RVEMU_CPU_OBSERVE_H

#include "cpu/hart.h"
#include "mmu/seen.h"

/* Events for which each instruction must go the long way, and classes of instructions that are counted apart. */
#define OBSERVE_AGAIN_NOT_WITH (SEEN_AGAIN_NOT_WITH | BIT(TRACE_INSN))
#define OBSERVE_LOADS (BIT(CLASS_LOAD) | BIT(CLASS_FLOAD) | BIT(CLASS_AMO))
#define OBSERVE_STORES (BIT(CLASS_STORE) | BIT(CLASS_FSTORE) | BIT(CLASS_AMO))

/* The instruction at h->pc, with bits `raw` and of class `cls`, is about to run; the one noted before has retired.
 * False: it cannot be fetched any more, h->mmu.fault is set (only where the TLB sees every fetch). */
bool observe_begin(struct hart *h, u32 raw, enum insn_class cls) must_check;

/* Counts the instruction that begins; `next` is the pc behind it. Loads and stores are counted here, so that most need
 * nothing at their end; observe_cancel() takes them back. */
static always_inline void observe_count_begin(struct hart *h, u8 cls, u64 next)
{
	h->noted.next = next;
	h->noted.cls = cls;
	h->noted.begun = true;
	h->events.loads += OBSERVE_LOADS >> cls & 1;
	h->events.stores += OBSERVE_STORES >> cls & 1;
}

/* Counts the one that has ended, if it is a branch. */
static always_inline void observe_count_end(struct hart *h)
{
	if (!h->noted.begun || h->noted.cls != CLASS_BRANCH)
		return;
	h->events.branches++;
	h->events.branches_taken += h->pc != h->noted.next;
}

/*
 * observe_begin() for an instruction that comes from the same line as the one before, while nobody wants to be told of
 * instructions: it only has to be counted. False: nothing was done, observe_begin() must be called.
 */
static always_inline bool observe_again(struct hart *h, u32 raw, u8 cls)
{
	u32 length = insn_length((u16)raw);

	if (!seen_again(&h->mmu, h->pc, length) || unlikely(h->trace->wanted & OBSERVE_AGAIN_NOT_WITH))
		return false;
	++*h->mmu.again.hits;
	++*h->mmu.again.line_hits;
	observe_count_end(h);
	observe_count_begin(h, cls, h->pc + length);
	return true;
}

/* The instruction at pa, `length` bytes long, has been translated and is fetched; pa2 is where its second half is if
 * that is in another page, or 0. */
void observe_fetched(struct hart *h, u64 pa, u64 pa2, u32 length);

/* The noted instruction trapped: it did not retire. */
void observe_take_back(struct hart *h);
static always_inline void observe_cancel(struct hart *h)
{
	if (unlikely(h->noted.begun))
		observe_take_back(h);
}

/* The engine comes out: the noted instruction, if there is one, has retired. */
void observe_retire(struct hart *h);
static always_inline void observe_end(struct hart *h)
{
	if (unlikely(h->noted.begun))
		observe_retire(h);
}

#endif
