/*
 * Random programs: straight runs of random instructions over all rows that both machines have, with checkpoints at which
 * all registers, fcsr, memory and the traps so far are folded into a line of output.
 */
#ifndef RVEMU_TESTS_ISA_PROGRAMS_H
#define RVEMU_TESTS_ISA_PROGRAMS_H

#include "cpu/insn.h"
#include "tests/isa/stubs.h"

#define PROGRAM_INSNS 3000 /* instructions in each */
#define PROGRAM_CHUNK 100  /* and how many between checkpoints */

/* Adds the program of this seed, of instructions that `known` has. `chunk` < 0: a checkpoint after each chunk; otherwise after
 * each instruction of that chunk alone. */
void add_program(struct builder *b, const struct decoder *known, u32 seed, s32 chunk);

#endif
