/*
 * Which sink writes a trace: see trace_out.h.
 */
#include "emu/observe/trace_out.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "emu/observe/recorder.h"
#include "emu/observe/trace_chrome.h"
#include "emu/observe/trace_json.h"
#include "emu/observe/trace_text.h"

struct trace_out {
	enum trace_form form;        /* which of the sinks there is */
	struct trace_text *text;     /* they, or NULL */
	struct trace_json *json;     /* likewise */
	struct trace_chrome *chrome; /* likewise */
	struct recorder *recorder;   /* likewise */
	u32 sorts;                   /* what is written */
	FILE *file;                  /* where it goes; NULL: the recorder has its own */
	char *path;                  /* the file's name, and it is ours; NULL: the caller's file */
};

enum trace_form trace_out_form(const char *path)
{
	static const struct {
		const char *suffix;
		enum trace_form form;
	} forms[] = {
		{ ".jsonl", TRACE_FORM_JSONL },
		{ ".json", TRACE_FORM_CHROME },
		{ ".zst", TRACE_FORM_BINARY },
	};
	for (u32 i = 0; path && i < ARRAY_SIZE(forms); i++) {
		size_t size = strlen(path), suffix = strlen(forms[i].suffix);
		if (size > suffix && strcmp(path + size - suffix, forms[i].suffix) == 0)
			return forms[i].form;
	}
	return TRACE_FORM_TEXT;
}

static bool open_file(struct trace_out *o, const struct trace_out_plan *plan, struct error *err)
{
	o->file = plan->path ? fopen(plan->path, "w") : plan->standard;
	if (!o->file)
		return error_set(err, "%s: %s", plan->path, strerror(errno));
	o->path = plan->path ? xstrdup(plan->path) : NULL;
	return true;
}

static bool open_recorder(struct trace_out *o, const struct trace_out_plan *plan, struct error *err)
{
	if (!plan->path)
		return error_set(err, "a trace in binary form needs a file: name one");
	o->path = xstrdup(plan->path);
	o->recorder = recorder_create(plan->path, plan->config, plan->symbols, plan->sorts, &plan->filter, err);
	return o->recorder != NULL;
}

/* Makes the sink. */
static bool open_sink(struct trace_out *o, const struct trace_out_plan *plan, struct error *err)
{
	if (o->form == TRACE_FORM_BINARY)
		return open_recorder(o, plan, err);
	if (!open_file(o, plan, err))
		return false;
	if (o->form == TRACE_FORM_JSONL)
		o->json = trace_json_create(o->file, &plan->filter, plan->sorts, plan->symbols);
	else if (o->form == TRACE_FORM_CHROME)
		o->chrome = trace_chrome_create(o->file, &plan->filter, plan->sorts, plan->symbols);
	else
		o->text = trace_text_create(o->file, &plan->filter, plan->sorts, plan->symbols);
	return true;
}

struct trace_out *trace_out_create(const struct trace_out_plan *plan, struct error *err)
{
	struct trace_out *o = xcalloc(1, sizeof(*o));
	o->form = plan->form == TRACE_FORM_AUTO ? trace_out_form(plan->path) : plan->form;
	o->sorts = plan->sorts;
	if (open_sink(o, plan, err))
		return o;
	free(o->path);
	free(o);
	return NULL;
}

void trace_out_change(struct trace_out *o, u32 sorts, const struct trace_filter *filter)
{
	o->sorts = sorts;
	if (o->text)
		trace_text_change(o->text, filter, sorts);
	if (o->json)
		trace_json_change(o->json, filter, sorts);
	if (o->chrome)
		trace_chrome_change(o->chrome, filter, sorts);
	if (o->recorder)
		recorder_change(o->recorder, sorts, filter);
}

enum trace_form trace_out_form_of(const struct trace_out *o)
{
	return o->form;
}

void trace_out_share(struct trace_out *o, void (*before)(void *arg), void *arg)
{
	if (o->text)
		trace_text_before_line(o->text, before, arg);
	if (o->json)
		lines_share(trace_json_lines(o->json), before, arg);
	if (o->chrome)
		lines_share(trace_chrome_lines(o->chrome), before, arg);
}

struct trace trace_out_sink(const struct trace_out *o)
{
	if (o->recorder)
		return recorder_sink(o->recorder);
	if (o->json)
		return (struct trace){ .wanted = o->sorts, .emit = trace_json_emit, .arg = o->json };
	if (o->chrome)
		return (struct trace){ .wanted = o->sorts, .emit = trace_chrome_emit, .arg = o->chrome };
	return (struct trace){ .wanted = trace_text_needs(o->sorts), .emit = trace_text_emit, .arg = o->text };
}

bool trace_out_flush(struct trace_out *o, struct error *err)
{
	if (o->text)
		trace_text_flush(o->text);
	if (o->json)
		lines_flush(trace_json_lines(o->json));
	if (o->chrome)
		lines_flush(trace_chrome_lines(o->chrome));
	return !o->file || !ferror(o->file) ||
	       error_set(err, "%s: the trace cannot be written: %s", o->path ? o->path : "stderr", strerror(errno));
}

bool trace_out_close(struct trace_out *o, struct error *err)
{
	if (!o)
		return true;
	trace_text_destroy(o->text);
	trace_json_destroy(o->json);
	trace_chrome_destroy(o->chrome);
	bool whole = recorder_close(o->recorder, err);
	bool failed = o->file && ferror(o->file);
	if (o->file && o->path && fclose(o->file) != 0)
		failed = true;
	if (failed && o->path)
		whole = error_set(err, "%s: the trace is not complete: a write failed (is the disk full?)", o->path);
	free(o->path);
	free(o);
	return whole;
}
