/*
 * The fan-out: see sinks.h.
 */
#include "emu/observe/sinks.h"

void sinks_add(struct sinks *s, struct trace sink)
{
	BUG_ON(s->count == SINKS_MAX);
	s->all[s->count++] = sink;
}

void sinks_update(struct sinks *s, struct trace sink)
{
	for (u32 i = 0; i < s->count; i++) {
		if (s->all[i].arg == sink.arg) {
			s->all[i] = sink;
			return;
		}
	}
	sinks_add(s, sink);
}

static void emit(void *arg, enum trace_sort sort, const void *event)
{
	const struct sinks *s = arg;
	for (u32 i = 0; i < s->count; i++)
		if (s->all[i].wanted >> sort & 1)
			s->all[i].emit(s->all[i].arg, sort, event);
}

struct trace sinks_trace(struct sinks *s)
{
	u32 wanted = 0;
	for (u32 i = 0; i < s->count; i++)
		wanted |= s->all[i].wanted;
	/* One sink needs no fan. */
	if (s->count == 1)
		return s->all[0];
	return (struct trace){ .wanted = wanted, .emit = emit, .arg = s };
}
