/*
 * Tracing as the user switches it: which sorts, where to, with which filter. From the command line at first, and while
 * the guest stands still from the monitor. It owns the sink (emu/observe/trace_out.h) and the file, and outlives
 * machines that reboot.
 */
#ifndef RVEMU_EMU_OBSERVE_TRACING_H
#define RVEMU_EMU_OBSERVE_TRACING_H

#include "emu/machine.h"
#include "emu/observe/trace_text.h"

struct tracing;

/* Makes it, and starts what the configuration asks for. symbols may be NULL and must live as long. NULL: see err. */
struct tracing *tracing_create(const struct config *config, const struct symbols *symbols, struct error *err);

/* Stops and frees it; t may be NULL. False: the trace file is not whole, see err. */
bool tracing_destroy(struct tracing *t, struct error *err) must_check;

/* Has `before` called before each line that goes to stderr: who shares the terminal writes its own output first. */
void tracing_share_terminal(struct tracing *t, void (*before)(void *arg), void *arg);

/* Traces the sorts BIT(enum trace_sort) to `file` (NULL: stderr), instead of what was traced before. A file that is
 * written already goes on; any other is begun anew. False: the file cannot be written, and everything is as it was. */
bool tracing_start(struct tracing *t, u32 sorts, const char *file, const struct trace_filter *filter,
                   struct error *err) must_check;

/* Ends the trace and closes its file. False: the file is not whole, see err; it has ended nevertheless. */
bool tracing_stop(struct tracing *t, struct error *err) must_check;

/* Writes out what is held back. False: it cannot all be written, see err. */
bool tracing_flush(struct tracing *t, struct error *err) must_check;

/* What a machine is to be given: nothing is wanted while no trace is on. Good until the next start, stop or destroy. */
struct trace tracing_sink(const struct tracing *t);

/* What is traced, in a line without a newline. */
void tracing_describe(const struct tracing *t, char *text, size_t size);

#endif
