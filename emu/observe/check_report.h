/*
 * What --check finds (mmu/check.h), told in words on stderr: who used what, what memory says, who changed it and what
 * is missing between; and a summary at the end. Outlives machines that reboot.
 */
#ifndef RVEMU_EMU_OBSERVE_CHECK_REPORT_H
#define RVEMU_EMU_OBSERVE_CHECK_REPORT_H

#include "emu/machine.h"
#include "emu/observe/source_lines.h"
#include "mmu/check.h"

struct check_reporter;

/* Looks for `kinds` (1 << enum check_kind); symbols may be NULL. It and `lines` must live as long. */
struct check_reporter *check_reporter_create(u32 kinds, const struct symbols *symbols, struct source_lines *lines);

/* r may be NULL. */
void check_reporter_destroy(struct check_reporter *r);

/* Must be told of what happens: it wants traps. */
struct trace check_reporter_sink(struct check_reporter *r);

/* Has a machine that has not run yet looked after; the one before it is over. */
void check_reporter_attach(struct check_reporter *r, struct machine *m);

/* Has `before` called before lines are written: who shares the terminal writes its own output first. */
void check_reporter_share_terminal(struct check_reporter *r, void (*before)(void *arg), void *arg);

/* What counts; NULL before the first machine, and where r is NULL. */
const struct mmu_check *check_reporter_check(const struct check_reporter *r);

/* The finding in words, some lines that end with a newline. */
void check_reporter_tell(struct check_reporter *r, const struct check_report *report, FILE *out);

/* The summary: what was found how often. */
void check_reporter_finish(const struct check_reporter *r, FILE *out);

#endif
