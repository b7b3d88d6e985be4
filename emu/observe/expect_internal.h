/*
 * What emu/observe/expect.c and expect_report.c share. Nobody else includes this.
 */
#ifndef RVEMU_EMU_OBSERVE_EXPECT_INTERNAL_H
#define RVEMU_EMU_OBSERVE_EXPECT_INTERNAL_H

#include "emu/observe/expect.h"

#define EXPECT_NAME_MAX 64
#define EXPECT_LINE_MAX 512

enum expect_op { EXPECT_EQ, EXPECT_NE, EXPECT_LE, EXPECT_GE, EXPECT_LT, EXPECT_GT };

/* One expectation. */
struct clause {
	char *text;                  /* as written, without blanks around it */
	char name[EXPECT_NAME_MAX];  /* what is looked at */
	enum expect_op op;           /* how it is compared */
	char other[EXPECT_NAME_MAX]; /* with what; empty: a number */
	u64 wanted;                  /* that number, or since the judgement the value of `other` */
	u64 value;                   /* since the judgement: the value of `name` */
	bool ok;                     /* since the judgement: it holds */
};

struct expect {
	struct clause *clauses; /* [count] */
	u32 count;              /* how many */
	u32 failed;             /* since the judgement: how many do not hold */
};

const char *expect_op_name(enum expect_op op);

/* "expected faults<=120, was 133". */
void expect_describe(const struct clause *c, char *text, size_t size);

#endif
