/*
 * Operand values for stubs: what a subject's operands are, and pools of values for them.
 */
#ifndef RVEMU_TESTS_ISA_FILL_H
#define RVEMU_TESTS_ISA_FILL_H

#include "tests/isa/stubs.h"

/* How much is tried with one stub. */
enum effort {
	EVERYTHING, /* every combination of edges */
	LENGTHY,    /* all the random tuples */
	SHORT,      /* a few of them */
};

#define KINDS 4

/* Values that many stubs share: guest addresses, 0 until needed. */
struct pools {
	u64 edges[KINDS];      /* edge_values() */
	u32 edge_count[KINDS]; /* how many */
	u64 few[KINDS];        /* few_edge_values() */
	u32 few_count[KINDS];  /* how many */
	u64 random[KINDS][3];  /* random tuples: their first, second, third values */
};

/* True if it accesses memory: such an instruction must find an address in rs1. */
bool is_memory(const struct subject *s);

/* Gives a stub its operands. */
void fill_operands(struct pools *p, struct builder *b, struct stub *stub, const struct subject *s, enum effort effort);

#endif
