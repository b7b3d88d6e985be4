/*
 * Who looks at the machine: see observers.h.
 */
#include "emu/observe/observers.h"

#include <stdlib.h>

#include "emu/report.h"

struct observers *observers_create(const struct config *config, const struct symbols *symbols, struct error *err)
{
	struct observers *o = xcalloc(1, sizeof(*o));
	o->config = config;
	o->symbols = symbols;
	o->lines = source_lines_create();
	o->tracing = tracing_create(config, symbols, err);
	if (!o->tracing) {
		source_lines_destroy(o->lines);
		free(o);
		return NULL;
	}
	sinks_add(&o->sinks, tracing_sink(o->tracing));
	return o;
}

bool observers_destroy(struct observers *o, struct error *err)
{
	if (!o)
		return true;
	bool whole = tracing_destroy(o->tracing, err);
	source_lines_destroy(o->lines);
	free(o);
	return whole;
}

void observers_share_terminal(struct observers *o, void (*before)(void *arg), void *arg)
{
	tracing_share_terminal(o->tracing, before, arg);
}

struct trace observers_trace(struct observers *o)
{
	return sinks_trace(&o->sinks);
}

void observers_attach(struct observers *o, struct machine *m)
{
	(void)o;
	(void)m;
}

void observers_apply(struct observers *o, struct machine *m)
{
	o->sinks.all[0] = tracing_sink(o->tracing); /* the first that was added */
	m->trace = sinks_trace(&o->sinks);
	for (u32 i = 0; i < m->hart_count; i++)
		hart_update_observing(m->harts[i]);
}

int observers_finish(struct observers *o, struct machine *m, u64 host_ns, int status)
{
	if (o->config->observe.stats)
		report_stats(m, host_ns, stderr);
	return status;
}

struct stats_sources observers_stats(const struct observers *o, const struct machine *m)
{
	(void)o;
	return (struct stats_sources){ .machine = m };
}
