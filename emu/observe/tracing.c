/*
 * Switching traces: see tracing.h.
 */
#include "emu/observe/tracing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BUFFER_SIZE (1 << 16)

struct tracing {
	const struct symbols *symbols; /* names for addresses, or NULL */
	void (*before)(void *arg);     /* called before each line on stderr, or NULL */
	void *before_arg;              /* what it is given */
	struct trace_text *sink;       /* who writes lines; NULL: no trace is on */
	u32 sorts;                     /* what was asked for */
	bool filtered;                 /* with a filter */
	FILE *file;                    /* where lines go: stderr, or a file of ours */
	char *path;                    /* the file's name; NULL: stderr */
};

static void end_sink(struct tracing *t)
{
	trace_text_destroy(t->sink);
	t->sink = NULL;
	t->sorts = 0;
}

/* Closes the file, if it is ours. */
static bool close_file(struct tracing *t, struct error *err)
{
	bool failed = false;
	if (t->path) {
		failed = ferror(t->file) != 0;
		if (fclose(t->file) != 0)
			failed = true;
		if (failed)
			(void)error_set(err, "%s: the trace is not complete: a write failed (is the disk full?)",
			                t->path);
	}
	free(t->path);
	t->path = NULL;
	t->file = NULL;
	return !failed;
}

static FILE *open_file(const char *path, struct error *err)
{
	FILE *file = fopen(path, "w");
	if (!file)
		(void)error_set(err, "%s: %s", path, strerror(errno));
	else
		setvbuf(file, NULL, _IOFBF, BUFFER_SIZE);
	return file;
}

bool tracing_start(struct tracing *t, u32 sorts, const char *file, const struct trace_filter *filter, struct error *err)
{
	bool same_file = file && t->path && strcmp(file, t->path) == 0;
	if (!same_file) {
		FILE *opened = file ? open_file(file, err) : stderr;
		struct error late;
		if (!opened)
			return false;
		end_sink(t);
		if (!close_file(t, &late))
			log_warn("%s", late.text);
		t->file = opened;
		t->path = file ? xstrdup(file) : NULL;
	}
	end_sink(t);
	t->sink = trace_text_create(t->file, filter, sorts, t->symbols);
	t->sorts = sorts;
	struct trace_filter everything;
	trace_filter_init(&everything);
	t->filtered = filter->addr_lo != everything.addr_lo || filter->addr_hi != everything.addr_hi ||
	              filter->pc_lo != everything.pc_lo || filter->pc_hi != everything.pc_hi ||
	              filter->insn_first != everything.insn_first || filter->insn_last != everything.insn_last ||
	              filter->privs != everything.privs || filter->hart != everything.hart;
	if (t->file == stderr && t->before)
		trace_text_before_line(t->sink, t->before, t->before_arg);
	return true;
}

bool tracing_stop(struct tracing *t, struct error *err)
{
	end_sink(t);
	return close_file(t, err);
}

bool tracing_flush(struct tracing *t, struct error *err)
{
	if (!t->file || (fflush(t->file) == 0 && !ferror(t->file)))
		return true;
	return error_set(err, "%s: the trace cannot be written: %s", t->path ? t->path : "stderr", strerror(errno));
}

struct trace tracing_sink(const struct tracing *t)
{
	if (!t->sink)
		return (struct trace){ 0 };
	return (struct trace){ .wanted = trace_text_needs(t->sink), .emit = trace_text_emit, .arg = t->sink };
}

void tracing_describe(const struct tracing *t, char *text, size_t size)
{
	size_t used = 0;
	if (!t->sink) {
		snprintf(text, size, "no trace is on");
		return;
	}
	for (u32 i = 0; i < TRACE_SORTS && used < size; i++)
		if (t->sorts >> i & 1)
			used += (size_t)snprintf(text + used, size - used, "%s%s", used ? "," : "tracing ",
			                         trace_sort_name(i));
	if (used < size)
		snprintf(text + used, size - used, " to %s%s", t->path ? t->path : "stderr",
		         t->filtered ? ", filtered" : "");
}

void tracing_share_terminal(struct tracing *t, void (*before)(void *arg), void *arg)
{
	t->before = before;
	t->before_arg = arg;
	if (t->sink && t->file == stderr)
		trace_text_before_line(t->sink, before, arg);
}

struct tracing *tracing_create(const struct config *config, const struct symbols *symbols, struct error *err)
{
	struct tracing *t = xcalloc(1, sizeof(*t));
	t->symbols = symbols;
	if (!config->trace_wanted || tracing_start(t, config->trace_wanted, config->trace_file, &config->filter, err))
		return t;
	free(t);
	return NULL;
}

bool tracing_destroy(struct tracing *t, struct error *err)
{
	if (!t)
		return true;
	bool whole = tracing_stop(t, err);
	free(t);
	return whole;
}
