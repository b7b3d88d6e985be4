/*
 * Operand values for the instruction tests: lists of edge cases, and random ones that like edges. All from a seed.
 */
#ifndef RVEMU_TESTS_ISA_OPERANDS_H
#define RVEMU_TESTS_ISA_OPERANDS_H

#include "emu/base/base.h"

/* What an operand is read as. */
enum kind {
	KIND_INT,
	KIND_H,
	KIND_S,
	KIND_D,
};

#define VALUES_MAX 128 /* no list of values is longer */

struct rng {
	u64 state; /* never 0 */
};

u64 random_u64(struct rng *r);

/* A number below `limit` (> 0). */
static inline u32 random_below(struct rng *r, u32 limit)
{
	return (u32)(random_u64(r) >> 32) % limit;
}

/* Writes all edge values of a kind to out[VALUES_MAX]: register images, narrow floats NaN-boxed, and some that are not.
 * Returns how many. */
u32 edge_values(enum kind kind, u64 *out);

/* A score of them, for when every combination of three is tried. */
u32 few_edge_values(enum kind kind, u64 *out);

/* One random value: an edge, or anything, or few bits set. */
u64 random_value(struct rng *r, enum kind kind);

/* A triple for a * b + c where the exponents are such that the parts touch; a and b are of use for other operations
 * too. */
void random_triple(struct rng *r, enum kind kind, u64 out[3]);

#endif
