/*
 * `rvemu report`: see report_main.h. The same sinks as of a run write the same bytes, because a reader of a run file
 * gives them the same events.
 */
#include "emu/observe/report_main.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "emu/observe/page.h"
#include "emu/observe/report_curves.h"
#include "emu/observe/run_file.h"
#include "emu/observe/trace_out.h"
#include "emu/session.h"

#define ALL_SORTS ((1u << TRACE_SORTS) - 1)

static const char usage[] = "usage: rvemu report RUN.zst [-o OUT] [--format FORM] [--sorts SORTS]\n"
			    "                            [--filter K=V,...]\n"
			    "       rvemu report RUN.zst --show meta|stats|curves|end|what-if|oracle\n"
			    "\n"
			    "Makes of a run file (written by --report FILE.zst or --trace SORTS:FILE.zst)\n"
			    "text for people, JSON lines for scripts, a Chrome trace (Perfetto,\n"
			    "chrome://tracing) or a page of pictures. The form is that of OUT's suffix:\n"
			    ".jsonl, .json (Chrome), .html, text otherwise. Without -o, to stdout.\n"
			    "\n"
			    "  -o OUT          the file to write\n"
			    "  --format FORM   text, jsonl, chrome or html, whatever the suffix\n"
			    "  --sorts SORTS   only these sorts of events: walk,fence,... (default: those\n"
			    "                  that were asked for)\n"
			    "  --filter K=V    only events that meet conditions, as --trace-filter has them\n"
			    "  --show RECORD   print a record as it is in the file: how the machine was\n"
			    "                  built, statistics, how it ended; what-if, oracle: the tables\n"
			    "                  of these options, from a trace with ref,fault,fence,space,hint\n";

/* What --show computes: no records of a file. */
enum { SHOW_WHAT_IF = 1000, SHOW_ORACLE };

/* What is to be done. */
struct request {
	const char *run;      /* the run file */
	const char *out;      /* -o, or NULL */
	enum trace_form form; /* --format */
	bool html;            /* likewise, or by suffix */
	u32 sorts;            /* --sorts; 0: not given */
	bool has_filter;      /* --filter was given */
	struct trace_filter filter;
	u32 show; /* --show: enum run_record, or SHOW_...; 0: not given */
};

/* --- the command line --- */

static bool read_form(struct request *q, const char *value, struct error *err)
{
	static const char *const names[] = { "text", "jsonl", "chrome" };
	q->html = strcmp(value, "html") == 0;
	for (u32 i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(value, names[i]) == 0)
			q->form = TRACE_FORM_TEXT + i;
	return q->html || q->form != TRACE_FORM_AUTO ||
	       error_set(err, "--format %s: must be text, jsonl, chrome or html", value);
}

static bool read_show(struct request *q, const char *value, struct error *err)
{
	static const struct {
		const char *name;
		u32 record;
	} records[] = { { "meta", RUN_META }, { "stats", RUN_STATS },      { "curves", RUN_CURVES },
		        { "end", RUN_END },   { "what-if", SHOW_WHAT_IF }, { "oracle", SHOW_ORACLE } };
	for (u32 i = 0; i < ARRAY_SIZE(records); i++)
		if (strcmp(value, records[i].name) == 0)
			q->show = records[i].record;
	return q->show || error_set(err, "--show %s: must be meta, stats, curves, end, what-if or oracle", value);
}

static bool is_option(const char *name)
{
	static const char *const names[] = { "o", "format", "show", "sorts", "filter" };
	for (u32 i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

/* One of those above. */
static bool read_option(struct request *q, const char *name, const char *value, struct error *err)
{
	if (strcmp(name, "o") == 0) {
		q->out = value;
		return true;
	}
	if (strcmp(name, "format") == 0)
		return read_form(q, value, err);
	if (strcmp(name, "show") == 0)
		return read_show(q, value, err);
	if (strcmp(name, "sorts") == 0)
		return trace_sorts_parse(&q->sorts, value, strlen(value), err);
	q->has_filter = true;
	return trace_filter_parse(&q->filter, value, err);
}

/* One argument, or two: returns how many; 0: see err. */
static int read_argument(struct request *q, char **argv, struct error *err)
{
	const char *text = argv[0];
	char name[32];
	if (text[0] != '-' || !text[1]) {
		if (q->run)
			return error_set(err, "report reads one run file: %s or %s?", q->run, text);
		q->run = text;
		return 1;
	}
	text += text[1] == '-' ? 2 : 1;
	const char *equals = strchr(text, '=');
	snprintf(name, sizeof(name), "%.*s", equals ? (int)(equals - text) : (int)strlen(text), text);
	const char *value = equals ? equals + 1 : argv[1];
	if (!is_option(name))
		return error_set(err, "report has no option '%s': there are -o, --format, --sorts, --filter and --show",
		                 name);
	if (!value)
		return error_set(err, "%s needs a value", argv[0]);
	if (!read_option(q, name, value, err))
		return 0;
	return equals ? 1 : 2;
}

/* Whether both are one file, which would be lost. */
static bool is_same_file(const char *a, const char *b)
{
	struct stat x, y;
	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static bool read_arguments(struct request *q, int argc, char **argv, struct error *err)
{
	trace_filter_init(&q->filter);
	for (int i = 1; i < argc;) {
		int took = read_argument(q, argv + i, err);
		if (!took)
			return false;
		i += took;
	}
	if (!q->run)
		return error_set(err, "report needs a run file: rvemu report RUN.zst (--report RUN.zst writes one)");
	size_t size = q->out ? strlen(q->out) : 0;
	if (q->form == TRACE_FORM_AUTO && size > 5 && strcmp(q->out + size - 5, ".html") == 0)
		q->html = true;
	if (!q->html && q->form == TRACE_FORM_AUTO && trace_out_form(q->out) == TRACE_FORM_BINARY)
		return error_set(err, "-o %s: report makes no run files; name a .jsonl, .json, .html or text file",
		                 q->out);
	if (q->out && is_same_file(q->run, q->out))
		return error_set(err, "-o %s: that is the run file itself; name another", q->out);
	if (q->out && q->show)
		return error_set(err, "--show prints to stdout: leave out -o %s", q->out);
	if (q->html && !q->out)
		return error_set(err, "a page needs a file: -o FILE.html");
	return true;
}

/* --- the work --- */

/* The text of a member of a JSON object that recorder.c wrote and that needs no escapes. */
static bool find_text(const char *json, const char *key, char *text, size_t size)
{
	char begin[32];
	snprintf(begin, sizeof(begin), "\"%s\":\"", key);
	const char *at = strstr(json, begin);
	if (!at)
		return false;
	at += strlen(begin);
	snprintf(text, size, "%.*s", (int)strcspn(at, "\""), at);
	return true;
}

/* What was asked for when the file was made is shown, unless it is asked for something else now. */
static void follow_meta(const struct request *q, struct trace_out *out, const char *json)
{
	char text[TRACE_FILTER_TEXT];
	struct error err;
	u32 recorded;
	struct trace_filter filter = q->filter;
	if (!find_text(json, "sorts", text, sizeof(text)) || !trace_sorts_parse(&recorded, text, strlen(text), &err))
		recorded = ALL_SORTS;
	u32 sorts = q->sorts ? q->sorts : recorded;
	u32 missing = q->sorts & ~recorded;
	if (missing) {
		trace_sorts_text(missing, text, sizeof(text));
		log_warn("%s: events of sort %s were not recorded in it", q->run, text);
	}
	if (!q->has_filter && find_text(json, "filter", text, sizeof(text)) && text[0] &&
	    !trace_filter_parse(&filter, text, &err))
		trace_filter_init(&filter);
	trace_out_change(out, sorts, &filter);
}

/* Gives all that is in the file to the sink. */
static bool pass_on(const struct request *q, struct run_reader *reader, struct trace_out *out, struct error *err)
{
	struct run_item item;
	enum run_next next;
	struct trace sink = trace_out_sink(out);
	while ((next = run_reader_next(reader, &item, err)) == RUN_NEXT_EVENT || next == RUN_NEXT_OTHER) {
		if (next == RUN_NEXT_EVENT && trace_wants(&sink, item.sort)) {
			sink.emit(sink.arg, item.sort, item.event);
		} else if (next == RUN_NEXT_OTHER && item.kind == RUN_META) {
			follow_meta(q, out, item.payload);
			sink = trace_out_sink(out);
		}
	}
	if (next == RUN_NEXT_CUT)
		log_warn("%s: the file ends early: the run was killed, or is still at work", q->run);
	return next != RUN_NEXT_BAD;
}

static bool write_trace(const struct request *q, struct run_reader *reader, struct error *err)
{
	struct trace_out_plan plan = {
		.form = q->form,
		.path = q->out && strcmp(q->out, "-") != 0 ? q->out : NULL,
		.standard = stdout,
		.sorts = q->sorts ? q->sorts : ALL_SORTS,
		.filter = q->filter,
		.symbols = run_reader_symbols(reader),
	};
	struct error late;
	struct trace_out *out = trace_out_create(&plan, err);
	if (!out)
		return false;
	bool ok = pass_on(q, reader, out, err);
	if (!trace_out_flush(out, &late) && ok)
		ok = error_set(err, "%s", late.text);
	if (!trace_out_close(out, &late) && ok)
		ok = error_set(err, "%s", late.text);
	return ok;
}

/* Prints every record of a kind. */
static bool show(const struct request *q, struct run_reader *reader, struct error *err)
{
	struct run_item item;
	enum run_next next;
	bool found = false;
	if (q->show == SHOW_WHAT_IF)
		return report_what_if(reader, stdout, err);
	if (q->show == SHOW_ORACLE)
		return report_oracle(reader, q->filter.addr_lo, q->filter.addr_hi, stdout, err);
	while ((next = run_reader_next(reader, &item, err)) == RUN_NEXT_EVENT || next == RUN_NEXT_OTHER) {
		if (next == RUN_NEXT_EVENT || item.kind != q->show)
			continue;
		found = true;
		fwrite(item.payload, item.size, 1, stdout);
		putchar('\n');
	}
	if (next == RUN_NEXT_BAD)
		return false;
	if (!found)
		return error_set(err, "%s: no such record is in it", q->run);
	return fflush(stdout) == 0 || error_set(err, "stdout: %s", strerror(errno));
}

static bool report(const struct request *q, struct error *err)
{
	if (q->html)
		return report_page(q->run, q->out, err);
	struct run_reader *reader = run_reader_open(q->run, err);
	if (!reader)
		return false;
	bool ok = q->show ? show(q, reader, err) : write_trace(q, reader, err);
	run_reader_close(reader);
	return ok;
}

int report_main(int argc, char **argv)
{
	struct request q = { 0 };
	struct error err;
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			fputs(usage, stdout);
			return EXIT_SUCCESS;
		}
	}
	if (read_arguments(&q, argc, argv, &err) && report(&q, &err))
		return EXIT_SUCCESS;
	fprintf(stderr, "rvemu: %s\n", err.text);
	return SESSION_NO_START;
}
