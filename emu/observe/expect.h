/*
 * --expect: what a run has to come to, for course staff and for scripts that grade.
 *
 *     faults<=120; stale==0; swap.writes==0; exit==0
 *
 * A clause is NAME OP NUMBER or NAME OP NAME; clauses are separated by ';'. NAME is a counter of emu/observe/stats.h,
 * or `exit`, the exit status of rvemu. OP is one of == != <= >= < >. NUMBER is decimal, 0x or 0b, with K, M, G or T
 * behind it for powers of 1024. No sums, no brackets: who needs more reads --stats=json.
 *
 * This file knows nothing of machines: values come through struct expect_source.
 */
#ifndef RVEMU_EMU_OBSERVE_EXPECT_H
#define RVEMU_EMU_OBSERVE_EXPECT_H

#include <stdio.h>

#include "emu/base/base.h"

/* The exit status for a guest that succeeded where an expectation did not hold. */
#define EXPECT_FAILED 1

/* Where values come from. */
struct expect_source {
	/* The value of a counter. False: there is none of that name. */
	bool (*find)(const void *from, const char *name, u64 *value);
	/* Calls `see` for every counter: to find out what a misspelled one might have been. */
	void (*each)(const void *from, void (*see)(void *arg, const char *name, u64 value), void *arg);
	const void *from; /* what both are given */
};

/* How the run went, for the report. */
struct expect_run {
	const char *guest; /* file name */
	int status;        /* exit status of rvemu without expectations */
	const char *cut;   /* why the run was ended before the guest was through, or NULL */
	u64 host_ns;       /* how long it took */
};

struct expect;

/* Reads the clauses of all texts. NULL: err names the clause and what is wrong with it. */
struct expect *expect_create(const char *const *texts, u32 count, struct error *err);
void expect_destroy(struct expect *e);

/* True if the source has every name; otherwise err says which it lacks, and the one that is nearest. */
bool expect_check_names(const struct expect *e, const struct expect_source *source, struct error *err) must_check;

/* Looks at all values, and writes a line to `out` for each clause that does not hold. Returns how many. */
u32 expect_judge(struct expect *e, const struct expect_source *source, int status, FILE *out);

/* Writes what was judged: JUnit XML if the file's name ends with .xml, otherwise JSON. A run that was cut is an error
 * of its own there, unless a clause is about `exit`. False: the file could not be written whole, see err. */
bool expect_report(const struct expect *e, const struct expect_run *run, const char *path,
                   struct error *err) must_check;

#endif
