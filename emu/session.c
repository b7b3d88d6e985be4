/*
 * Builds what lies around the machine, runs machines until one does not start again, and reports: see session.h.
 */
#include "emu/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "emu/backends.h"
#include "emu/display/display.h"
#include "emu/display/screen.h"
#include "emu/gdbstub.h"
#include "emu/journal.h"
#include "emu/monitor.h"
#include "emu/report.h"
#include "emu/run.h"
#include "emu/snapshot.h"
#include "emu/observe/observers.h"

/* What the real-time clock shows at first where nobody watches, so that runs are repeatable: 2025-01-01 00:00:00 UTC.
 */
#define FIXED_EPOCH_NS 1735689600000000000ull

/* All that lives as long as the program's use. */
struct session {
	struct config *config;       /* how it was wanted */
	struct boot *boot;           /* the guest's files */
	struct observers *observers; /* who looks at it */
	struct host_io *io;          /* all that is waited for on the host */
	struct console *console;     /* the terminal */
	struct display *display;     /* the window, or NULL */
	struct input_events events;  /* keys and pointer, on their way from it to the guest */
	struct journal *journal;     /* recording or replay, or NULL */
	struct backends *backends;   /* what is behind the virtio devices */
	struct gdbstub *gdb;         /* the debugger's door, or NULL */
	struct control control;      /* who may hold the machine */
	struct monitor monitor;      /* what can be asked */
	u64 host_ns;                 /* how long guests have run */
	u64 epoch_ns;                /* what their clock shows at first */
};

static int fail(const struct error *err)
{
	fprintf(stderr, "rvemu: %s\n", err->text);
	return SESSION_NO_START;
}

static void flush_console(void *console)
{
	console_flush(console);
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
	const struct config *config = s->config;
	struct error err;
	int status = 0;
	observers_tell_stuck(s->observers, m, end);
	if (end == RUN_STOPPED)
		status = guest_status(m->stop_code);
	else if (end == RUN_LIMIT)
		status = SESSION_LIMIT;
	else if (end != RUN_QUIT)
		status = SESSION_STUCK;
	if (config->signature && !report_signature(m, config->signature, config->signature_granularity, &err))
		status = fail(&err);
	if (config->ram_hash)
		report_ram_hash(m, stderr);
	if (config->display.kind == DISPLAY_PNG && !screen_dump(m, config->display.png, &err))
		status = fail(&err);
	return observers_finish(s->observers, m, s->host_ns, status);
}

/* True if the guest starts again. --max-insns is for all its starts together. */
static bool starts_again(struct session *s, const struct machine *m, u64 steps, enum run_end *end)
{
	bool rebooted = *end == RUN_STOPPED && m->stop == STOP_REBOOT && !s->config->no_reboot;
	if (!rebooted && *end != RUN_RESET)
		return false;
	if (s->config->max_insns == 0)
		return true;
	s->config->max_insns -= steps;
	if (s->config->max_insns == 0)
		*end = RUN_LIMIT;
	return s->config->max_insns != 0;
}

/* What the guest writes goes to the terminal and to the window. */
static void put_out(void *session, u8 byte)
{
	struct session *s = session;
	struct byte_sink terminal = console_sink(s->console);
	byte_put(&terminal, byte);
	display_serial(s->display, byte);
}

/* A machine at its first instruction, or where the snapshot that is asked for left it. */
static struct machine *next_machine(struct session *s, struct error *err)
{
	struct machine_io io = {
		.out = { .put = put_out, .arg = s },
		.trace = observers_trace(s->observers),
		.epoch_ns = s->epoch_ns,
		.slots = backends_slot_io(s->backends),
		.debug = &s->control.debug,
	};
	io.slots.out = io.out;
	char *snapshot = s->control.load_snapshot;
	s->control.load_snapshot = NULL;
	s->control.reset = false;
	struct machine *m = machine_create(s->config, s->boot, &io, err);
	if (m && snapshot && !snapshot_load(m, snapshot, err)) {
		machine_destroy(m);
		m = NULL;
	}
	free(snapshot);
	if (m && !observers_attach(s->observers, m, err)) {
		machine_destroy(m);
		m = NULL;
	}
	return m;
}

/* The recording hears, or says, that a machine is over and the next one comes. Of a replay the user cannot have that:
 * what is recorded would come to the new machine at times of the old one. */
static bool journal_restart(struct session *s, const struct machine *m, enum run_end end, struct error *err)
{
	struct journal_moment at = journal_moment(m);
	struct journal_entry entry;
	enum journal_kind kind = end == RUN_RESET ? JOURNAL_RESET : JOURNAL_REBOOT;
	if (!s->journal)
		return true;
	if (!journal_is_replay(s->journal))
		journal_put(s->journal, &at, kind, 0, NULL, 0);
	else if (s->control.reset)
		return error_set(err, "the replay ends here: its guest cannot be started again");
	else if (kind == JOURNAL_REBOOT)
		return journal_answer(s->journal, &at, kind, 0, &entry, err);
	return true;
}

/* The recording ends, or is compared with how the replay ended; if it was the user who ended that, there is nothing to
 * compare. */
static bool finish_journal(struct session *s, const struct machine *m, enum run_end end, struct error *err)
{
	if (!s->journal || end == RUN_DIVERGED)
		return true;
	if (journal_is_replay(s->journal) && end != RUN_STOPPED)
		return true;
	struct journal_moment at = journal_moment(m);
	return journal_finish(s->journal, &at, (u8)end, err);
}

/* Runs one machine. True: another one follows; *status is the exit status if not. */
static bool run_one(struct session *s, struct machine *m, const struct outside *outside, int *status)
{
	struct error err;
	u64 start = host_now_ns(), steps = machine_steps(m);
	enum run_end end = run_machine(m, outside);
	s->host_ns += host_now_ns() - start;
	if (starts_again(s, m, machine_steps(m) - steps, &end)) {
		/* The clock's battery: the next machine's time goes on. */
		s->epoch_ns += m->clock.now_ns;
		if (journal_restart(s, m, end, &err))
			return true;
		log_warn("%s", err.text);
		end = RUN_DIVERGED;
	}
	*status = finish(s, m, end);
	if (!finish_journal(s, m, end, &err)) {
		log_warn("%s", err.text);
		*status = SESSION_STUCK;
	}
	gdbstub_exited(s->gdb, (u32)*status);
	/* The last: it may wait for the user. */
	display_finish(s->display, m, *status);
	return false;
}

/* Somebody sits there: at the terminal, or at a window. */
static bool has_person(const struct session *s)
{
	u8 kind = s->config->display.kind;
	return console_is_interactive(s->console) || kind == DISPLAY_SDL || kind == DISPLAY_TUI;
}

/* A person or a network is there: idle time is waited out. */
static bool is_real_time(const struct session *s)
{
	return !s->config->replay && (has_person(s) || s->config->net.enabled);
}

/* Runs machines until one does not start again. */
static int run(struct session *s)
{
	struct outside outside = {
		.console = s->console,
		.io = s->io,
		.control = &s->control,
		.monitor = &s->monitor,
		.backends = s->backends,
		.journal = s->journal,
		.events = &s->events,
		.real_time = is_real_time(s),
	};
	struct error err;
	bool began = false;
	int status = SESSION_NO_START;
	for (bool again = true; again;) {
		struct machine *m = next_machine(s, &err);
		bool ok = m != NULL;
		if (ok && s->journal && !began)
			ok = journal_begin(s->journal, m, s->epoch_ns, &err);
		began = true;
		if (!ok) {
			machine_destroy(m);
			console_flush(s->console);
			return fail(&err);
		}
		display_attach(s->display, m);
		again = run_one(s, m, &outside, &status);
		display_attach(s->display, NULL);
		observers_detach(s->observers);
		machine_destroy(m);
	}
	return status;
}

static u32 run_monitor_command(void *arg, const char *line, FILE *out)
{
	return (u32)monitor_command(arg, line, out);
}

static bool open_journal(struct session *s, struct error *err)
{
	const struct config *config = s->config;
	if (config->record)
		s->journal = journal_create(config->record, err);
	else if (config->replay)
		s->journal = journal_open(config->replay, err);
	else
		return true;
	if (!s->journal)
		return false;
	s->control.frozen = config->record ? "it is being recorded" : "it is a replay";
	return true;
}

/* What the guest's clock shows at first. */
static u64 first_epoch(const struct session *s)
{
	struct timespec now;
	if (s->config->replay)
		return journal_epoch_ns(s->journal);
	if (!has_person(s))
		return FIXED_EPOCH_NS;
	clock_gettime(CLOCK_REALTIME, &now);
	return (u64)now.tv_sec * 1000000000 + (u64)now.tv_nsec;
}

static bool open_display(struct session *s, struct error *err)
{
	struct display_parts parts = {
		.config = s->config,
		.io = s->io,
		.console = s->console,
		.control = &s->control,
		.observers = s->observers,
		.events = &s->events,
	};
	bool ok;
	s->display = display_create(&parts, &ok, err);
	return ok;
}

/* Opens what the configuration names. */
static bool open_all(struct session *s, struct error *err)
{
	const struct config *config = s->config;
	s->io = host_io_create();
	if (!display_settle(s->config, s->boot, err))
		return false;
	s->observers = observers_create(config, &s->boot->symbols, err);
	if (!s->observers || !open_journal(s, err))
		return false;
	s->backends = backends_create(config, s->io, &s->control, s->journal, err);
	if (!s->backends)
		return false;
	s->monitor = (struct monitor){ .control = &s->control, .observers = s->observers };
	if (config->gdb) {
		struct gdbstub_hooks hooks = { .monitor = run_monitor_command, .arg = &s->monitor };
		s->gdb = gdbstub_create(config->gdb, &s->control, s->io, &hooks, err);
		if (!s->gdb)
			return false;
	}
	s->control.paused = config->stopped;
	if (config->load_snapshot)
		s->control.load_snapshot = xstrdup(config->load_snapshot);
	s->console = console_create(config->display.kind == DISPLAY_TUI);
	console_watch(s->console, s->io);
	observers_share_terminal(s->observers, flush_console, s->console);
	s->epoch_ns = first_epoch(s);
	if (config->stopped && !config->gdb)
		log_warn("the guest is not started: %s", config->display.kind == DISPLAY_TUI
		                                                 ? "Ctrl-A and space start it"
		                                                 : "Ctrl-A c opens the monitor, where cont starts it");
	return open_display(s, err);
}

/* False: a trace or a recording is not whole; a line has said so. */
static bool close_all(struct session *s)
{
	struct error err;
	gdbstub_destroy(s->gdb);
	backends_destroy(s->backends);
	display_destroy(s->display);
	console_destroy(s->console);
	host_io_destroy(s->io);
	free(s->control.load_snapshot);
	bool whole = observers_destroy(s->observers, &err);
	if (!whole)
		log_warn("%s", err.text);
	if (!journal_close(s->journal, &err)) {
		log_warn("%s", err.text);
		whole = false;
	}
	return whole;
}

int session_run(struct config *config, struct boot *boot, int *signal_number)
{
	struct session s = { .config = config, .boot = boot };
	struct error err;
	int status = open_all(&s, &err) ? run(&s) : fail(&err);
	*signal_number = s.console ? console_signal(s.console) : 0;
	if (!close_all(&s) && status == EXIT_SUCCESS)
		status = EXIT_FAILURE;
	return status;
}
