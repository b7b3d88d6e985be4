/*
 * The part of the command line that says who looks at the machine: traces, statistics, explanations, checks, curves,
 * run files. Used by emu/options.c only; what is read lands in struct observe_config.
 */
#ifndef RVEMU_EMU_OPTIONS_OBSERVE_H
#define RVEMU_EMU_OPTIONS_OBSERVE_H

#include "emu/base/base.h"

#define OPTIONS_EXPECT_MAX 32

/* How a trace is written. */
enum trace_form {
	TRACE_FORM_AUTO,   /* by the file's suffix: .jsonl, .json, .zst; otherwise text */
	TRACE_FORM_TEXT,   /* lines for people */
	TRACE_FORM_JSONL,  /* one JSON object a line, for scripts */
	TRACE_FORM_CHROME, /* Chrome trace events, for Perfetto */
	TRACE_FORM_BINARY, /* a run file: emu/observe/run_file.h */
};

/* What is explained in words. */
enum explain_what {
	EXPLAIN_NONE,
	EXPLAIN_FAULTS, /* page and access faults */
	EXPLAIN_ALL,    /* every exception but environment calls and breakpoints */
};

/* Strings are argv's. */
struct observe_config {
	u8 trace_form;            /* enum trace_form */
	bool stats;               /* print statistics at exit */
	bool stats_names;         /* print the names of all counters and end */
	const char *stats_json;   /* where they go as JSON, "-" for stdout, or NULL */
	const char *run_file;     /* --report FILE: a run file with all that the page of pictures shows, or NULL */
	u8 explain;               /* enum explain_what */
	u32 check;                /* 1 << enum check_kind of what is looked for; 0: nothing */
	bool what_if;             /* print the miss curves and the presets side by side at exit */
	const char *what_if_plot; /* where they go as SVG, or NULL */
	bool oracle;              /* print what other replacement policies would have done, at exit */
	u64 oracle_frames;        /* frames they have; 0: a row of sizes around what the guest used */
	const char *expect[OPTIONS_EXPECT_MAX]; /* --expect, as given */
	u32 expect_count;                       /* how many */
	const char *expect_report;              /* where their outcome goes, .xml (JUnit) or .json, or NULL */
};

/* What one option says: `value` may be NULL for those whose value can be left out. False: see err, which begins with
 * `given`, the option as the user spelled it. */
bool observe_options_trace_form(struct observe_config *c, const char *given, const char *value,
                                struct error *err) must_check;
bool observe_options_stats(struct observe_config *c, const char *given, const char *value,
                           struct error *err) must_check;
bool observe_options_explain(struct observe_config *c, const char *given, const char *value,
                             struct error *err) must_check;
bool observe_options_check(struct observe_config *c, const char *given, const char *value,
                           struct error *err) must_check;
bool observe_options_what_if(struct observe_config *c, const char *given, const char *value,
                             struct error *err) must_check;
bool observe_options_oracle(struct observe_config *c, const char *given, const char *value,
                            struct error *err) must_check;
bool observe_options_expect(struct observe_config *c, const char *given, const char *value,
                            struct error *err) must_check;

struct config;

/* Refuses what makes no sense together, and chooses what goes with what is looked for. */
bool observe_options_settle(struct config *c, struct error *err) must_check;

#endif
