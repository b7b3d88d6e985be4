/*
 * What emu/observe/oracle.c knows, for emu/observe/oracle_report.c. Nobody else includes this.
 */
#ifndef RVEMU_EMU_OBSERVE_ORACLE_INTERNAL_H
#define RVEMU_EMU_OBSERVE_ORACLE_INTERNAL_H

#include "cpu/hint.h"
#include "emu/observe/oracle.h"

struct oracle_summary {
	u64 references;              /* all that were seen */
	u64 frames;                  /* as asked for; 0: a row */
	u32 frames_min;              /* fewer cannot be asked about */
	bool is_cut;                 /* the string ended before the run did */
	bool has_hints;              /* the kernel gives hints: the last two lines mean something */
	u64 page_faults;             /* from user mode */
	u64 resolved[HINT_FAULTS];   /* how they were solved */
	u64 swap_reads, swap_writes; /* pages */
};

struct oracle_summary oracle_summary(const struct oracle *o);

#endif
