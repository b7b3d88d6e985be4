/*
 * Counters are judged: see grader.h.
 */
#include "emu/observe/grader.h"

#include <stdlib.h>

#include "emu/observe/expect.h"
#include "emu/session.h"

struct grader {
	const struct config *config; /* what is expected */
	struct expect *expect;       /* the same, read */
};

struct grader *grader_create(const struct config *config, bool *ok, struct error *err)
{
	const struct observe_config *o = &config->observe;
	*ok = true;
	if (!o->expect_count)
		return NULL;
	struct expect *expect = expect_create(o->expect, o->expect_count, err);
	*ok = expect != NULL;
	if (!expect)
		return NULL;
	struct grader *g = xcalloc(1, sizeof(*g));
	g->config = config;
	g->expect = expect;
	return g;
}

void grader_destroy(struct grader *g)
{
	if (g)
		expect_destroy(g->expect);
	free(g);
}

static bool find(const void *from, const char *name, u64 *value)
{
	return stats_find(from, name, value);
}

static void each(const void *from, void (*see)(void *arg, const char *name, u64 value), void *arg)
{
	stats_each(from, see, arg);
}

bool grader_check_names(const struct grader *g, const struct stats_sources *sources, struct error *err)
{
	struct expect_source source = { .find = find, .each = each, .from = sources };
	return !g || expect_check_names(g->expect, &source, err);
}

/* Why the guest did not come to its end, or NULL. */
static const char *why_cut(const struct stats_sources *sources)
{
	if (sources->exit_status == SESSION_LIMIT)
		return "the limit on instructions was reached";
	if (sources->exit_status == SESSION_STUCK)
		return "the guest is stuck, or a replay went another way";
	if (sources->machine->stop == STOP_NONE)
		return "rvemu was ended before the guest came to its end";
	return NULL;
}

int grader_finish(struct grader *g, const struct stats_sources *sources)
{
	struct error err;
	int status = sources->exit_status;
	if (!g)
		return status;
	struct expect_source source = { .find = find, .each = each, .from = sources };
	struct expect_run run = {
		.guest = g->config->guest    ? g->config->guest
		         : g->config->kernel ? g->config->kernel
		                             : "guest",
		.status = status,
		.cut = why_cut(sources),
		.host_ns = sources->host_ns,
	};
	u32 failed = expect_judge(g->expect, &source, status, stderr);
	if (g->config->observe.expect_report &&
	    !expect_report(g->expect, &run, g->config->observe.expect_report, &err)) {
		fprintf(stderr, "rvemu: %s\n", err.text);
		return SESSION_NO_START;
	}
	return failed && status == EXIT_SUCCESS ? EXPECT_FAILED : status;
}
