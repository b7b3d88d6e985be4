/*
 * Compressed instructions: Zca, Zcd, Zcb and Zcmop, turned into the 32-bit instructions they stand for.
 *
 * They have no semantics of their own anywhere in rvemu: the decoder expands them first and goes on as if the long form
 * had been fetched, with insn.len = 2. Read cpu/insn.h next.
 */
#ifndef RVEMU_CPU_RVC_H
#define RVEMU_CPU_RVC_H

#include "cpu/insn.h"

/*
 * The 32-bit equal of a 16-bit instruction (bits 1:0 not 11), or 0 if it is reserved, or of an extension that isa
 * lacks. Hints become the instruction that their encoding would be (c.li x0, 5 is addi x0, x0, 5): one that changes
 * nothing.
 */
u32 rvc_expand(u16 half, const struct isa *isa);

#endif
