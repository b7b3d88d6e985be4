/*
 * Random programs: straight runs of random instructions over all rows that both machines have, with checkpoints at
 * which all registers, fcsr, memory and the traps so far are folded into a line of output.
 */
#ifndef RVEMU_TESTS_ISA_PROGRAMS_H
#define RVEMU_TESTS_ISA_PROGRAMS_H

#include "tests/isa/rows.h"

#define PROGRAM_INSNS 3000 /* instructions in each */
#define PROGRAM_CHUNK 100  /* and how many between checkpoints */

/* Adds the program of this seed, of instructions that QEMU can tell. `chunk` < 0: a checkpoint after each chunk;
 * otherwise after each instruction of that chunk alone. */
void add_program(struct rows *r, u32 seed, s32 chunk);

#endif
