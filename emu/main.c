/*
 * rvemu's main program: options -> files -> machine -> run -> exit status. Only here does the program end.
 *
 * Exit status: the guest's own; 124 the instruction limit was reached; 125 rvemu could not start; 126 the guest is
 * stuck or sleeps for ever. Ended by a signal, rvemu ends by that signal.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "emu/report.h"
#include "emu/run.h"

#define EXIT_LIMIT 124
#define EXIT_NO_START 125
#define EXIT_STUCK 126

/* What the real-time clock shows at first where nobody watches, so that runs are repeatable: 2025-01-01 00:00:00 UTC.
 */
#define FIXED_EPOCH_NS 1735689600000000000ull
#define TRACE_BUFFER (1 << 16)

/* All that lives as long as the program. */
struct session {
	struct config config;
	struct boot boot;
	struct console *console;
	FILE *trace_file;         /* where traces go, or NULL */
	struct trace_text *trace; /* the sink, or NULL */
	u64 host_ns;              /* how long guests have run */
};

static int fail(const struct error *err)
{
	fprintf(stderr, "rvemu: %s\n", err->text);
	return EXIT_NO_START;
}

static u64 time_ns(clockid_t which)
{
	struct timespec t;
	clock_gettime(which, &t);
	return (u64)t.tv_sec * 1000000000 + (u64)t.tv_nsec;
}

static bool open_trace(struct session *s, struct error *err)
{
	if (!s->config.trace_wanted)
		return true;
	s->trace_file = stderr;
	if (s->config.trace_file) {
		s->trace_file = fopen(s->config.trace_file, "w");
		if (!s->trace_file)
			return error_set(err, "%s: %s", s->config.trace_file, strerror(errno));
		setvbuf(s->trace_file, NULL, _IOFBF, TRACE_BUFFER);
	}
	s->trace = trace_text_create(s->trace_file, &s->config.filter, s->config.trace_wanted, &s->boot.symbols);
	return true;
}

static void flush_console(void *console)
{
	console_flush(console);
}

static struct machine_io make_io(struct session *s)
{
	bool watched = console_is_interactive(s->console);
	struct machine_io io = {
		.out = console_sink(s->console),
		.epoch_ns = watched ? time_ns(CLOCK_REALTIME) : FIXED_EPOCH_NS,
	};
	if (s->trace)
		io.trace = (struct trace){
			.wanted = trace_text_needs(s->trace),
			.emit = trace_text_emit,
			.arg = s->trace,
		};
	if (s->trace_file == stderr)
		trace_text_before_line(s->trace, flush_console, s->console);
	return io;
}

/* The exit status for a guest's own. A shell sees eight bits: failure must not look like success. */
static int guest_status(u32 code)
{
	if (code > 255)
		log_warn("the guest's exit status is %u, which does not fit into rvemu's", code);
	return code && !(code & 255) ? 1 : (int)(code & 255);
}

/* Everything that is asked for at the end of a run. */
static int finish(struct session *s, struct machine *m, enum run_end end)
{
	struct error err;
	int status = 0;
	if (end == RUN_STOPPED)
		status = guest_status(m->stop_code);
	else if (end == RUN_LIMIT)
		status = EXIT_LIMIT;
	else if (end != RUN_QUIT)
		status = EXIT_STUCK;
	if (s->config.signature && !report_signature(m, s->config.signature, s->config.signature_granularity, &err))
		status = fail(&err);
	if (s->config.stats)
		report_stats(m, s->host_ns, stderr);
	if (s->config.ram_hash)
		report_ram_hash(m, stderr);
	return status;
}

/* True if the guest wants to start again, and may: --max-insns is for all its starts together. */
static bool starts_again(struct session *s, const struct machine *m, enum run_end *end)
{
	if (*end != RUN_STOPPED || m->stop != STOP_REBOOT)
		return false;
	if (s->config.max_insns == 0)
		return true;
	s->config.max_insns -= machine_steps(m);
	if (s->config.max_insns == 0)
		*end = RUN_LIMIT;
	return s->config.max_insns != 0;
}

/* Runs machines until one does not reboot. */
static int run(struct session *s)
{
	struct machine_io io = make_io(s);
	struct error err;
	for (;;) {
		struct machine *m = machine_create(&s->config, &s->boot, &io, &err);
		if (!m) {
			console_flush(s->console);
			return fail(&err);
		}
		u64 start = time_ns(CLOCK_MONOTONIC);
		enum run_end end = run_machine(m, s->console);
		s->host_ns += time_ns(CLOCK_MONOTONIC) - start;
		bool again = starts_again(s, m, &end);
		int status = again ? 0 : finish(s, m, end);
		machine_destroy(m);
		if (!again)
			return status;
	}
}

static int dump_dtb(struct session *s)
{
	struct error err;
	struct machine_io io = { 0 };
	struct machine *m = machine_create(&s->config, &s->boot, &io, &err);
	int status = m && boot_dump_dtb(&s->boot, s->config.dump_dtb, &err) ? EXIT_SUCCESS : fail(&err);
	machine_destroy(m);
	return status;
}

/* False: the trace file is not whole, and a line has said so. */
static bool close_trace(struct session *s)
{
	if (!s->trace_file || s->trace_file == stderr)
		return true;
	bool failed = ferror(s->trace_file);
	if (fclose(s->trace_file) != 0)
		failed = true;
	if (failed)
		log_warn("%s: the trace is not complete: a write failed (is the disk full?)", s->config.trace_file);
	return !failed;
}

static int run_with_console(struct session *s)
{
	struct error err;
	if (!open_trace(s, &err))
		return fail(&err);
	s->console = console_create();
	int status = run(s);
	int signal_number = console_signal(s->console);
	console_destroy(s->console);
	if (s->trace)
		trace_text_destroy(s->trace);
	if (!close_trace(s) && status == EXIT_SUCCESS)
		status = EXIT_FAILURE;
	if (signal_number) {
		signal(signal_number, SIG_DFL);
		raise(signal_number);
	}
	return status;
}

int main(int argc, char **argv)
{
	struct session s = { 0 };
	struct error err;
	if (!options_parse(&s.config, argc, argv, &err))
		return fail(&err);
	if (s.config.action == CONFIG_HELP) {
		options_print_help(isatty(STDOUT_FILENO));
		return EXIT_SUCCESS;
	}
	if (s.config.action == CONFIG_VERSION) {
		printf("rvemu %s\n", OPTIONS_RVEMU_VERSION);
		return EXIT_SUCCESS;
	}
	if (!boot_open(&s.boot, &s.config, &err))
		return fail(&err);
	int status = s.config.dump_dtb ? dump_dtb(&s) : run_with_console(&s);
	boot_close(&s.boot);
	return status;
}
