/*
 * What other replacement would have done, as tables and as JSON: see oracle.h.
 */
#include <inttypes.h>

#include "emu/observe/oracle_internal.h"

#define ROW_MAX 24
#define ROW_DOUBLINGS 6 /* a row begins at a 64th of all pages */
#define WINDOW_FIRST_LOG2 4
#define WINDOW_LAST_LOG2 32

static const char *const policy_names[ORACLE_POLICIES] = { "opt", "lru", "clock", "fifo" };
static const char *const policy_words[ORACLE_POLICIES] = { "OPT", "LRU", "clock", "FIFO" };
static const char *const fault_names[HINT_FAULTS] = { "zero", "minor", "file", "swap", "copy", "stack", "signal" };
static const char *const fault_words[HINT_FAULTS] = { "a page of zeros",     "the frame was there already",
	                                              "read from a file",    "read from swap",
	                                              "copied on a store",   "the stack grew",
	                                              "errors, signals sent" };

/* The numbers of frames that are asked about; returns how many. */
static u32 make_row(const struct oracle_summary *s, u32 pages, u32 row[ROW_MAX])
{
	u32 n = 0;
	if (s->frames) {
		row[0] = s->frames < ORACLE_PAGES_MAX ? (u32)s->frames : ORACLE_PAGES_MAX;
		return 1;
	}
	u32 step = s->frames_min;
	while (step < pages >> ROW_DOUBLINGS)
		step *= 2;
	/* 8, 12, 16, 24, ... and the first that holds all pages. */
	for (; n < ROW_MAX - 1 && step < pages; step *= 2) {
		row[n++] = step;
		if (step + step / 2 < pages)
			row[n++] = step + step / 2;
	}
	row[n++] = pages > s->frames_min ? pages : s->frames_min;
	return n;
}

static u32 last_window(const struct oracle_summary *s)
{
	u32 log2 = WINDOW_FIRST_LOG2;
	while (log2 < WINDOW_LAST_LOG2 && BIT(log2) < s->references)
		log2++;
	return log2;
}

/* --- for people --- */

static void print_guest(const struct oracle_summary *s, FILE *out)
{
	fprintf(out, "the guest itself: %" PRIu64 " page faults from user mode\n", s->page_faults);
	if (!s->has_hints)
		return;
	for (u32 i = 0; i < HINT_FAULTS; i++)
		if (s->resolved[i])
			fprintf(out, "  %12" PRIu64 "  %s\n", s->resolved[i], fault_words[i]);
	fprintf(out, "  %12" PRIu64 "  pages read from swap\n  %12" PRIu64 "  pages written to swap\n", s->swap_reads,
	        s->swap_writes);
}

static void print_row(const struct oracle *o, u32 frames, FILE *out)
{
	u32 count, pages;
	const u32 *kept = oracle_kept(o, &count, &pages);
	fprintf(out, "  %10u", frames);
	for (u32 p = 0; p < ORACLE_POLICIES; p++)
		fprintf(out, " %12" PRIu64, oracle_faults(p, kept, count, pages, frames));
	fprintf(out, "\n");
}

void oracle_print(const struct oracle *o, FILE *out)
{
	struct oracle_summary s = oracle_summary(o);
	u32 count, pages, row[ROW_MAX];
	(void)oracle_kept(o, &count, &pages);
	fprintf(out,
	        "what other page replacement would have done: %" PRIu64
	        " references of user mode to %u pages, %u kept\n",
	        s.references, pages, count);
	if (s.is_cut)
		fprintf(out,
		        "  the run went on, but there was no more room: --trace-filter addr=LO-HI makes less of it\n");
	fprintf(out, "  %10s", "frames");
	for (u32 p = 0; p < ORACLE_POLICIES; p++)
		fprintf(out, " %12s", policy_words[p]);
	fprintf(out, "   (faults; %u are first uses)\n", pages);
	u32 n = make_row(&s, pages, row);
	for (u32 i = 0; i < n; i++)
		print_row(o, row[i], out);
	print_guest(&s, out);
	fprintf(out, "working sets: mean number of pages used within a window of references\n");
	for (u32 log2 = WINDOW_FIRST_LOG2; log2 <= last_window(&s); log2 += 2)
		fprintf(out, "  %12llu %12.2f\n", (unsigned long long)BIT(log2), oracle_working_set(o, log2));
}

/* --- JSON --- */

static void print_json_guest(const struct oracle_summary *s, FILE *out)
{
	fprintf(out, "\"guest\": {\"hints\": %s, \"page_faults\": %" PRIu64, s->has_hints ? "true" : "false",
	        s->page_faults);
	for (u32 i = 0; i < HINT_FAULTS; i++)
		fprintf(out, ", \"%s\": %" PRIu64, fault_names[i], s->resolved[i]);
	fprintf(out, ", \"swap_reads\": %" PRIu64 ", \"swap_writes\": %" PRIu64 "}", s->swap_reads, s->swap_writes);
}

static void print_json_faults(const struct oracle *o, enum oracle_policy policy, const u32 *row, u32 n, FILE *out)
{
	u32 count, pages;
	const u32 *kept = oracle_kept(o, &count, &pages);
	fprintf(out, ", \"%s\": [", policy_names[policy]);
	for (u32 i = 0; i < n; i++)
		fprintf(out, "%s%" PRIu64, i ? ", " : "", oracle_faults(policy, kept, count, pages, row[i]));
	fprintf(out, "]");
}

void oracle_print_json(const struct oracle *o, FILE *out)
{
	struct oracle_summary s = oracle_summary(o);
	u32 count, pages, row[ROW_MAX];
	(void)oracle_kept(o, &count, &pages);
	u32 n = make_row(&s, pages, row);
	fprintf(out, "{\"references\": %" PRIu64 ", \"kept\": %u, \"complete\": %s, \"pages\": %u, ", s.references,
	        count, s.is_cut ? "false" : "true", pages);
	print_json_guest(&s, out);
	fprintf(out, ", \"frames\": [");
	for (u32 i = 0; i < n; i++)
		fprintf(out, "%s%u", i ? ", " : "", row[i]);
	fprintf(out, "]");
	for (u32 p = 0; p < ORACLE_POLICIES; p++)
		print_json_faults(o, p, row, n, out);
	fprintf(out, ", \"working_set\": {\"window\": [");
	for (u32 log2 = 0; log2 <= last_window(&s); log2++)
		fprintf(out, "%s%llu", log2 ? ", " : "", (unsigned long long)BIT(log2));
	fprintf(out, "], \"pages\": [");
	for (u32 log2 = 0; log2 <= last_window(&s); log2++)
		fprintf(out, "%s%.3f", log2 ? ", " : "", oracle_working_set(o, log2));
	fprintf(out, "]}}");
}
