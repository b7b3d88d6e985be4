/*
 * A trace on its way to a file, in one of the forms: text, JSON lines, Chrome trace or run file. `--trace`, the
 * monitor's `trace` and `rvemu report` use it.
 */
#ifndef RVEMU_EMU_OBSERVE_TRACE_OUT_H
#define RVEMU_EMU_OBSERVE_TRACE_OUT_H

#include <stdio.h>

#include "emu/machine.h"
#include "emu/observe/trace_filter.h"
#include "emu/options_observe.h"

struct trace_out;

/* What is to be written. */
struct trace_out_plan {
	enum trace_form form;          /* TRACE_FORM_AUTO: by the suffix */
	const char *path;              /* the file; NULL: `standard` */
	FILE *standard;                /* stdout or stderr; stays the caller's */
	u32 sorts;                     /* BIT(enum trace_sort) */
	struct trace_filter filter;    /* which of them */
	const struct symbols *symbols; /* names for addresses, or NULL; must live as long */
	const struct config *config;   /* how the machine is built, for run files; must live as long */
};

/* The form that a path's suffix names: .jsonl, .json (Chrome), .zst (run file); anything else, and NULL, is text. */
enum trace_form trace_out_form(const char *path);

/* Begins. NULL: see err. */
struct trace_out *trace_out_create(const struct trace_out_plan *plan, struct error *err);

/* Writes other sorts, or with another filter, from now on. */
void trace_out_change(struct trace_out *out, u32 sorts, const struct trace_filter *filter);

/* The form that it has. */
enum trace_form trace_out_form_of(const struct trace_out *out);

/* Has `before` called before each line to a terminal that is shared. */
void trace_out_share(struct trace_out *out, void (*before)(void *arg), void *arg);

/* What a machine, or a reader of run files, is to be given. Good until the next change. */
struct trace trace_out_sink(const struct trace_out *out);

/* Writes out what is held back, where the form allows. False: it cannot be written, see err. */
bool trace_out_flush(struct trace_out *out, struct error *err) must_check;

/* Ends the file and frees; out may be NULL. False: the file is not whole, see err. */
bool trace_out_close(struct trace_out *out, struct error *err) must_check;

#endif
