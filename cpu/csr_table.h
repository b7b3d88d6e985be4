/*
 * A row of cpu/csr.def made ready: between cpu/csr.c, which carries out Zicsr instructions, and cpu/csr_regs.c, which
 * knows the registers. Nobody else's business.
 */
#ifndef RVEMU_CPU_CSR_TABLE_H
#define RVEMU_CPU_CSR_TABLE_H

#include "cpu/csr.h"

struct csr_row {
	u16 first, last;          /* numbers it is for */
	const char *const *names; /* their names: names[number - first] */
	u64 needs;                /* extensions, as in struct isa */
	/* May the mode that h is in use it (its privilege being enough)? Also brings up to date what is about to be
	 * read. NULL: yes */
	bool (*gate)(struct hart *h, u32 number);
	u64 (*get)(const struct hart *h, u32 number);       /* its value; NULL: the member at `offset` */
	void (*set)(struct hart *h, u32 number, u64 value); /* what a write does; likewise */
	u64 mask;                                           /* plain registers: the writable bits */
	u32 offset;                                         /* plain registers: of the member in struct hart */
};

/* All rows; the first one is for numbers that no hart has a register for. */
extern const struct csr_row csr_rows[];

/* The row of each number, as an index. */
extern const u8 csr_row_of[CSR_NUMBERS];

/* The row for a number, or NULL: no hart has such a register. */
static inline const struct csr_row *csr_row(u32 number)
{
	u32 row = number < CSR_NUMBERS ? csr_row_of[number] : 0;

	return row ? &csr_rows[row] : NULL;
}

#endif
