/*
 * From rows of the instruction table to stubs: which register numbers, immediates, rounding modes and operands each
 * gets.
 */
#ifndef RVEMU_TESTS_ISA_ROWS_H
#define RVEMU_TESTS_ISA_ROWS_H

#include "cpu/insn.h"
#include "tests/isa/fill.h"

/* Told of every plain stub when it is complete; others (jumps, returns) need a machine. May be NULL. */
typedef void stub_sink(void *arg, const struct subject *s, const struct shape *shape, const struct stub *stub);

struct rows {
	struct builder *b;
	struct pools pools;    /* values that stubs share */
	struct decoder *full;  /* everything that rvemu has */
	struct decoder *known; /* what the other machine has */
	const char *only;      /* this row alone, or NULL */
	stub_sink *sink;
	void *sink_arg;
};

/* Who can tell whether a row is right: a set of enum oracle. */
u32 row_oracles(const struct rows *r, enum insn_id id);

/* Adds the stubs for one row of the table, as far as b->oracle can tell. */
void add_row(struct rows *r, enum insn_id id);

/* Adds samples of all compressed instructions that b->oracle can tell. */
void add_compressed(struct rows *r);

/* Adds encodings that are no instructions. */
void add_illegal(struct rows *r);

#endif
