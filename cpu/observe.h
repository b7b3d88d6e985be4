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

/* The instruction at h->pc, with bits `raw` and of class `cls`, is about to run; the one noted before has retired.
 * False: it cannot be fetched any more, h->mmu.fault is set (only where the TLB sees every fetch). */
bool observe_begin(struct hart *h, u32 raw, enum insn_class cls) must_check;

/* The noted instruction trapped: it did not retire. */
void observe_cancel(struct hart *h);

/* The engine comes out: the noted instruction, if there is one, has retired. */
void observe_end(struct hart *h);

#endif
