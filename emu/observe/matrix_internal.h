/*
 * What the files of `rvemu matrix` share. Nobody else includes this.
 */
#ifndef RVEMU_EMU_OBSERVE_MATRIX_INTERNAL_H
#define RVEMU_EMU_OBSERVE_MATRIX_INTERNAL_H

#include <stdio.h>

#include "emu/base/base.h"

#define MATRIX_NAME_MAX 48
#define MATRIX_TEXT_MAX 320
#define MATRIX_OPTIONS_MAX 2

/* How a run ended that did not come to an exit status. */
enum matrix_trouble {
	MATRIX_DONE,    /* it did */
	MATRIX_TIMEOUT, /* it took too long and was killed */
	MATRIX_SIGNAL,  /* a signal ended it */
};

/* One behaviour of the machine, and the run with it. */
struct matrix_run {
	char name[MATRIX_NAME_MAX];          /* as shown: the options */
	char option[MATRIX_OPTIONS_MAX][32]; /* added to the command line; empty: none */
	enum matrix_trouble trouble;         /* how it ended */
	int status;                          /* exit status, or the signal */
	double seconds;                      /* how long it took on the host */
	char *output, *errors;               /* what came on the console, and on stderr: malloc'ed, with a 0 behind */
	size_t output_size, errors_size;     /* bytes of them */
	bool same;                           /* as the first run */
	char how[MATRIX_TEXT_MAX];           /* if not: what is different */
};

/* How runs are made. */
struct matrix_plan {
	char **arguments;   /* the user's options and guest; ends with NULL */
	u32 argument_count; /* how many */
	bool has_limit;     /* --max-insns is among them */
	u32 jobs;           /* how many run at once */
	u32 timeout;        /* seconds one may take */
	struct matrix_run *runs;
	u32 run_count;
};

/* Does all runs. False: err says why they could not be done, or that a signal ended them; files and processes are gone
 * in any case. */
bool matrix_run_all(struct matrix_plan *plan, struct error *err) must_check;

/* Fills in `same` and `how`. */
void matrix_compare(const struct matrix_run *first, struct matrix_run *run);

/* A number that is equal for equal console outputs. */
u64 matrix_output_hash(const struct matrix_run *run);

#endif
