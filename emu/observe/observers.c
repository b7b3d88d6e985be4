/*
 * Who looks at the machine: see observers.h.
 */
#include "emu/observe/observers.h"

#include <stdlib.h>
#include <string.h>

#include "emu/observe/output.h"
#include "emu/session.h"

static bool has_front(const struct config *config)
{
	return config->display.kind == DISPLAY_SDL || config->display.kind == DISPLAY_TUI;
}

/* What the model of the guest is to be told: for counters hints and spaces are enough; the run file, and the live view
 * while somebody looks, want more. */
static struct trace guest_sink(const struct observers *o)
{
	u32 wanted = BIT(TRACE_HINT) | BIT(TRACE_SPACE);
	if (o->config->observe.run_file)
		wanted = GUEST_VIEW_WANTED | o->guest_refs;
	if (o->live && live_wanted(o->live) & BIT(TRACE_WALK))
		wanted |= BIT(TRACE_WALK);
	return (struct trace){ .wanted = wanted, .emit = guest_view_emit, .arg = o->guest };
}

static struct trace live_sink(const struct observers *o)
{
	return (struct trace){ .wanted = live_wanted(o->live), .emit = live_emit, .arg = o->live };
}

/* The model of the guest's processes and frames, and what is recorded and shown of it. After all others: if one of them
 * has every use of a translation told, so has the model. */
static void add_guest(struct observers *o)
{
	const struct observe_config *c = &o->config->observe;
	bool front = has_front(o->config);
	u32 wanted = GUEST_VIEW_WANTED;
	if (!c->stats && !c->stats_json && !c->run_file && !c->expect_count && !front)
		return;
	o->guest_refs = sinks_trace(&o->sinks).wanted & BIT(TRACE_REF);
	o->guest_symbols = guest_symbols_create(&o->sinks);
	sinks_add(&o->sinks,
	          (struct trace){ .wanted = BIT(TRACE_SPACE), .emit = guest_symbols_emit, .arg = o->guest_symbols });
	o->guest = guest_view_create(0, 0);
	sinks_add(&o->sinks, guest_sink(o));
	if (c->run_file) {
		o->frame_map = frame_map_create(o->guest);
		o->tables = tables_create(o->guest);
		sinks_add(&o->sinks, (struct trace){ .wanted = wanted, .emit = frame_map_emit, .arg = o->frame_map });
		sinks_add(&o->sinks, (struct trace){ .wanted = wanted, .emit = tables_emit, .arg = o->tables });
	}
	if (front) {
		o->live = live_create(o->guest);
		sinks_add(&o->sinks, live_sink(o));
	}
}

/* The run file of --report. */
static bool add_recorder(struct observers *o, struct error *err)
{
	struct trace_filter all;
	const char *path = o->config->observe.run_file;
	if (!path)
		return true;
	size_t size = strlen(path);
	if (size > 5 && strcmp(path + size - 5, ".html") == 0)
		return error_set(err, "--report writes a run file: --report RUN.zst, then rvemu report RUN.zst -o %s",
		                 path);
	trace_filter_init(&all);
	o->recorder = recorder_create(path, o->config, o->symbols, RECORDER_REPORT_SORTS, &all, err);
	if (!o->recorder)
		return false;
	sinks_add(&o->sinks, recorder_sink(o->recorder));
	return true;
}

/* What is written at the end of the run. */
static bool check_outputs(const struct observe_config *c, struct error *err)
{
	const char *const paths[] = { c->stats_json, c->what_if_plot, c->expect_report };
	for (u32 i = 0; i < ARRAY_SIZE(paths); i++)
		if (paths[i] && !output_check(paths[i], err))
			return false;
	return true;
}

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
	o->explain = explain_faults_create(config, symbols, o->lines, stderr);
	if (config->observe.explain != EXPLAIN_NONE)
		sinks_add(&o->sinks, explain_faults_sink(o->explain));
	if (config->observe.check) {
		o->check = check_reporter_create(config->observe.check, symbols, o->lines);
		sinks_add(&o->sinks, check_reporter_sink(o->check));
	}
	bool ok;
	o->grader = grader_create(config, &ok, err);
	if (!ok || !check_outputs(&config->observe, err) || !add_recorder(o, err)) {
		struct error late;
		if (!observers_destroy(o, &late))
			log_warn("%s", late.text);
		return NULL;
	}
	if (config->observe.what_if) {
		o->what_if = what_if_create();
		sinks_add(&o->sinks, what_if_sink(o->what_if));
	}
	if (config->observe.oracle) {
		o->oracle =
			oracle_create(config->observe.oracle_frames, config->filter.addr_lo, config->filter.addr_hi);
		sinks_add(&o->sinks, oracle_sink(o->oracle));
	}
	if (config->observe.stats || config->observe.stats_json || config->observe.run_file) {
		o->profile = profile_create(symbols);
		sinks_add(&o->sinks, profile_sink(o->profile));
	}
	add_guest(o);
	return o;
}

bool observers_destroy(struct observers *o, struct error *err)
{
	if (!o)
		return true;
	struct error late;
	bool whole = tracing_destroy(o->tracing, err);
	check_reporter_destroy(o->check);
	if (!recorder_close(o->recorder, whole ? err : &late))
		whole = false;
	explain_faults_destroy(o->explain);
	source_lines_destroy(o->lines);
	what_if_destroy(o->what_if);
	oracle_destroy(o->oracle);
	profile_destroy(o->profile);
	frame_map_destroy(o->frame_map);
	tables_destroy(o->tables);
	live_destroy(o->live);
	guest_view_destroy(o->guest);
	guest_symbols_destroy(o->guest_symbols);
	grader_destroy(o->grader);
	free(o);
	return whole;
}

void observers_share_terminal(struct observers *o, void (*before)(void *arg), void *arg)
{
	tracing_share_terminal(o->tracing, before, arg);
	explain_faults_share_terminal(o->explain, before, arg);
	if (o->check)
		check_reporter_share_terminal(o->check, before, arg);
}

struct trace observers_trace(struct observers *o)
{
	return sinks_trace(&o->sinks);
}

/* The address spaces that harts begin with: of a snapshot's machine nobody else says so. */
static void tell_spaces(struct observers *o, const struct machine *m)
{
	for (u32 i = 0; i < m->hart_count; i++) {
		struct trace_space event = { .satp = m->harts[i]->mmu.satp };

		if (!event.satp)
			continue;
		hart_trace_head(m->harts[i], &event.head);
		guest_symbols_emit(o->guest_symbols, TRACE_SPACE, &event);
		guest_view_emit(o->guest, TRACE_SPACE, &event);
	}
}

bool observers_attach(struct observers *o, struct machine *m, struct error *err)
{
	source_lines_add(o->lines, &m->boot->program);
	source_lines_add(o->lines, &m->boot->kernel);
	explain_faults_attach(o->explain, m);
	if (o->check)
		check_reporter_attach(o->check, m);
	if (o->what_if)
		what_if_restart(o->what_if);
	if (o->guest)
		guest_view_set_ram(o->guest, m->bus.ram->base, m->bus.ram->size);
	if (o->guest_symbols)
		guest_symbols_attach(o->guest_symbols, m);
	if (o->frame_map)
		frame_map_attach(o->frame_map, m);
	if (o->tables)
		tables_attach(o->tables, m);
	if (o->live)
		live_attach(o->live, m, o);
	if (o->guest)
		tell_spaces(o, m);
	struct stats_sources sources = observers_stats(o, m);
	return grader_check_names(o->grader, &sources, err);
}

void observers_detach(struct observers *o)
{
	explain_faults_attach(o->explain, NULL);
	if (o->guest_symbols)
		guest_symbols_attach(o->guest_symbols, NULL);
	if (o->frame_map)
		frame_map_attach(o->frame_map, NULL);
	if (o->tables)
		tables_attach(o->tables, NULL);
	if (o->live)
		live_attach(o->live, NULL, NULL);
}

void observers_apply(struct observers *o, struct machine *m)
{
	o->sinks.all[0] = tracing_sink(o->tracing); /* the first that was added; another trace is another sink */
	if (o->live) {
		sinks_update(&o->sinks, guest_sink(o));
		sinks_update(&o->sinks, live_sink(o));
	}
	m->trace = sinks_trace(&o->sinks);
	for (u32 i = 0; i < m->hart_count; i++)
		hart_update_observing(m->harts[i]);
}

static void print_plot(const void *what_if, FILE *out)
{
	what_if_print_svg(what_if, out);
}

static bool finish_curves(const struct observers *o, struct error *err)
{
	const char *path = o->config->observe.what_if_plot;
	if (o->oracle)
		oracle_print(o->oracle, stderr);
	if (!o->what_if)
		return true;
	what_if_print(o->what_if, stderr);
	return !path || output_write(path, print_plot, o->what_if, err);
}

static void print_stats(const void *sources, FILE *out)
{
	stats_print_json(sources, out);
}

static void print_curves(const void *observers, FILE *out)
{
	const struct observers *o = observers;
	curves_print_json(o->what_if, o->oracle, out);
}

static bool finish_stats(const struct observers *o, const struct stats_sources *sources, struct error *err)
{
	const char *path = o->config->observe.stats_json;
	if (o->config->observe.stats)
		stats_print(sources, stderr);
	return !path || output_write(path, print_stats, sources, err);
}

/* Puts what is printed into the run file. */
static void put_printed(struct observers *o, enum run_record kind, void (*print)(const void *arg, FILE *out),
                        const void *arg)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	BUG_ON(!out);
	print(arg, out);
	fclose(out);
	run_writer_put(recorder_file(o->recorder), kind, text, size);
	free(text);
}

/* The last records of the run file. */
static void finish_recorder(struct observers *o, struct machine *m, const struct stats_sources *sources)
{
	if (!o->recorder)
		return;
	struct run_writer *file = recorder_file(o->recorder);
	tables_finish(o->tables, file);
	frame_map_finish(o->frame_map, file);
	if (o->what_if || o->oracle)
		put_printed(o, RUN_CURVES, print_curves, o);
	put_printed(o, RUN_STATS, print_stats, sources);
	recorder_end(o->recorder, m, sources->host_ns, sources->exit_status);
}

void observers_tell_stuck(struct observers *o, struct machine *m, enum run_end end)
{
	if (end == RUN_WEDGED)
		explain_faults_stuck(o->explain, m);
	else if (end == RUN_ASLEEP)
		explain_faults_asleep(o->explain, m);
}

int observers_finish(struct observers *o, struct machine *m, u64 host_ns, int status)
{
	struct stats_sources sources = observers_stats(o, m);
	struct error err;
	explain_faults_finish(o->explain);
	if (o->check)
		check_reporter_finish(o->check, stderr);
	sources.host_ns = host_ns;
	sources.exit_status = status;
	if (!finish_stats(o, &sources, &err) || !finish_curves(o, &err)) {
		fprintf(stderr, "rvemu: %s\n", err.text);
		status = SESSION_NO_START;
	}
	sources.exit_status = status;
	finish_recorder(o, m, &sources);
	return grader_finish(o->grader, &sources);
}

struct live *observers_live(const struct observers *o)
{
	return o->live;
}

struct stats_sources observers_stats(const struct observers *o, const struct machine *m)
{
	return (struct stats_sources){
		.machine = m,
		.check = check_reporter_check(o->check),
		.profile = o->profile,
		.guest = o->guest,
	};
}
