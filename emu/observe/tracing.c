/*
 * Switching traces: see tracing.h.
 */
#include "emu/observe/tracing.h"

#include <stdlib.h>
#include <string.h>

#include "emu/observe/trace_out.h"

struct tracing {
	const struct config *config;   /* how the machine is built */
	const struct symbols *symbols; /* names for addresses, or NULL */
	void (*before)(void *arg);     /* called before each line on stderr, or NULL */
	void *before_arg;              /* what it is given */
	struct trace_out *out;         /* who writes; NULL: no trace is on */
	u32 sorts;                     /* what was asked for */
	bool filtered;                 /* with a filter */
	char *path;                    /* the file's name; NULL: stderr */
};

/* Begins a file, or stderr, instead of what was written before. */
static bool begin(struct tracing *t, u32 sorts, const char *file, const struct trace_filter *filter, struct error *err)
{
	struct trace_out_plan plan = {
		.form = t->config->observe.trace_form,
		.path = file,
		.standard = stderr,
		.sorts = sorts,
		.filter = *filter,
		.symbols = t->symbols,
		.config = t->config,
	};
	struct error late;
	struct trace_out *out = trace_out_create(&plan, err);
	if (!out)
		return false;
	if (!tracing_stop(t, &late))
		log_warn("%s", late.text);
	t->out = out;
	t->path = file ? xstrdup(file) : NULL;
	if (!file && t->before)
		trace_out_share(out, t->before, t->before_arg);
	return true;
}

bool tracing_start(struct tracing *t, u32 sorts, const char *file, const struct trace_filter *filter, struct error *err)
{
	bool same_file = file && t->path && strcmp(file, t->path) == 0;
	if (same_file)
		trace_out_change(t->out, sorts, filter);
	else if (!begin(t, sorts, file, filter, err))
		return false;
	t->sorts = sorts;
	t->filtered = !trace_filter_is_open(filter);
	return true;
}

bool tracing_stop(struct tracing *t, struct error *err)
{
	bool whole = trace_out_close(t->out, err);
	t->out = NULL;
	t->sorts = 0;
	free(t->path);
	t->path = NULL;
	return whole;
}

bool tracing_flush(struct tracing *t, struct error *err)
{
	return !t->out || trace_out_flush(t->out, err);
}

struct trace tracing_sink(const struct tracing *t)
{
	return t->out ? trace_out_sink(t->out) : (struct trace){ 0 };
}

void tracing_describe(const struct tracing *t, char *text, size_t size)
{
	char sorts[128];
	if (!t->out) {
		snprintf(text, size, "no trace is on");
		return;
	}
	trace_sorts_text(t->sorts, sorts, sizeof(sorts));
	snprintf(text, size, "tracing %s to %s%s", sorts, t->path ? t->path : "stderr",
	         t->filtered ? ", filtered" : "");
}

void tracing_share_terminal(struct tracing *t, void (*before)(void *arg), void *arg)
{
	t->before = before;
	t->before_arg = arg;
	if (t->out && !t->path)
		trace_out_share(t->out, before, arg);
}

struct tracing *tracing_create(const struct config *config, const struct symbols *symbols, struct error *err)
{
	struct tracing *t = xcalloc(1, sizeof(*t));
	t->config = config;
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
