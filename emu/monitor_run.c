/*
 * The monitor's commands that drive the guest, through the struct control (emu/control.h), and `trace`. The run loop
 * does what is asked for here once the command is over.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "emu/display/screen.h"
#include "emu/host_io.h"
#include "emu/monitor_internal.h"
#include "emu/observe/observers.h"
#include "emu/snapshot.h"

#define STEPS_MAX 1000000

/* --- stop and go --- */

/* The hart that stopped goes on from the breakpoint it stands on. */
static void leave_point(struct monitor_call *call)
{
	struct control *control = call->mon->control;
	if (control->paused && control->hart < call->m->hart_count)
		debug_step_over(call->m->harts[control->hart]);
	call->mon->steps_left = 0;
	call->mon->hart_chosen = false;
	call->result = MONITOR_CONTINUE;
}

bool monitor_stop(struct monitor_call *call)
{
	struct control *control = call->mon->control;
	if (!monitor_done(call))
		return false;
	if (!control->paused)
		control_pause(control, PAUSE_ASKED, call->hart->id);
	fprintf(call->out, "the guest stands still until cont\n");
	return true;
}

bool monitor_cont(struct monitor_call *call)
{
	if (!monitor_done(call))
		return false;
	leave_point(call);
	control_continue(call->mon->control);
	return true;
}

bool monitor_step(struct monitor_call *call)
{
	u64 count = 1;
	struct hart *h;
	if (!monitor_at_end(call) && !monitor_value(call, "a number of instructions", &count))
		return false;
	if (!monitor_hart(call, &h) || !monitor_done(call))
		return false;
	if (count == 0 || count > STEPS_MAX)
		return error_set(call->err, "between 1 and %u instructions can be stepped", STEPS_MAX);
	leave_point(call);
	debug_step_over(h);
	call->mon->steps_left = count - 1;
	control_step(call->mon->control, h->id);
	return true;
}

bool monitor_speed(struct monitor_call *call)
{
	struct pace *pace = &call->mon->control->pace;
	u64 speed;
	if (monitor_accept(call, "full")) {
		if (!monitor_done(call))
			return false;
		pace_set(pace, PACE_FULL, host_now_ns());
	} else if (!monitor_at_end(call)) {
		if (!monitor_value(call, "a number of steps a second, or full", &speed) || !monitor_done(call))
			return false;
		if (speed == 0)
			return error_set(call->err, "at no steps a second the guest would stand still: stop does that");
		pace_set(pace, speed, host_now_ns());
	}
	if (pace->per_second == PACE_FULL)
		fprintf(call->out, "the guest runs at full speed\n");
	else
		fprintf(call->out, "the guest runs at %" PRIu64 " steps a second at most\n", pace->per_second);
	return true;
}

/* The machine at hand ends, and another one takes its place; if this one stood still, that one will. */
static void begin_anew(struct monitor_call *call)
{
	struct control *control = call->mon->control;
	control->reset = true;
	control->why = PAUSE_REBOOT;
	call->mon->hart_chosen = false;
	call->mon->steps_left = 0;
	call->result = MONITOR_CONTINUE;
}

bool monitor_reset(struct monitor_call *call)
{
	if (!monitor_done(call))
		return false;
	begin_anew(call);
	fprintf(call->out, "the guest starts again\n");
	return true;
}

bool monitor_powerdown(struct monitor_call *call)
{
	return error_set(call->err, "this board has no power button that the guest could be told of: power off in the "
	                            "guest, or end rvemu with quit");
}

bool monitor_quit(struct monitor_call *call)
{
	if (!monitor_done(call))
		return false;
	call->mon->control->quit = true;
	call->result = MONITOR_QUIT;
	return true;
}

/* --- snapshots --- */

/* The rest of the line, without blanks around it. */
static bool read_path(struct monitor_call *call, char path[MONITOR_WORD_SIZE * 8])
{
	const char *at = call->at + strspn(call->at, " \t");
	size_t length = strlen(at);
	while (length && strchr(" \t\r\n", at[length - 1]))
		length--;
	if (length == 0)
		return error_set(call->err, "a file's name is missing");
	if (length >= MONITOR_WORD_SIZE * 8)
		return error_set(call->err, "the file's name is too long");
	memcpy(path, at, length);
	path[length] = '\0';
	call->at += strlen(call->at);
	return true;
}

bool monitor_savevm(struct monitor_call *call)
{
	char path[MONITOR_WORD_SIZE * 8];
	if (!read_path(call, path) || !snapshot_save(call->m, path, call->err))
		return false;
	fprintf(call->out, "the machine is in %s\n", path);
	return true;
}

bool monitor_loadvm(struct monitor_call *call)
{
	struct control *control = call->mon->control;
	char path[MONITOR_WORD_SIZE * 8];
	if (!read_path(call, path))
		return false;
	if (control->frozen)
		return error_set(call->err, "no snapshot can be loaded now: %s", control->frozen);
	if (!snapshot_check(call->m, path, call->err))
		return false;
	free(control->load_snapshot);
	control->load_snapshot = xstrdup(path);
	begin_anew(call);
	fprintf(call->out, "the guest goes on as it was in %s\n", path);
	return true;
}

/* --- screen --- */

bool monitor_screendump(struct monitor_call *call)
{
	char path[MONITOR_WORD_SIZE * 8];
	if (!read_path(call, path) || !screen_dump(call->m, path, call->err))
		return false;
	fprintf(call->out, "the screen is in %s\n", path);
	return true;
}

/* --- trace --- */

static bool trace_status(struct monitor_call *call)
{
	char text[512];
	tracing_describe(call->mon->observers->tracing, text, sizeof(text));
	fprintf(call->out, "%s\n", text);
	return monitor_done(call);
}

/* "SORTS [FILE] [filter K=V,...]" */
static bool trace_on(struct monitor_call *call)
{
	char sorts[MONITOR_WORD_SIZE], file[MONITOR_WORD_SIZE] = "", conditions[MONITOR_WORD_SIZE] = "";
	struct trace_filter filter;
	u32 wanted;
	if (!monitor_word(call, sorts))
		return error_set(call->err, "trace on needs sorts: insn,mem,walk,tlb,trap,csr or all");
	if (!trace_sorts_parse(&wanted, sorts, strlen(sorts), call->err))
		return false;
	bool has_filter = monitor_accept(call, "filter");
	if (!has_filter && monitor_word(call, file))
		has_filter = monitor_accept(call, "filter");
	if (has_filter && !monitor_word(call, conditions))
		return error_set(call->err, "filter needs conditions: addr=LO-HI,pc=LO-HI,insns=A-B,priv=USM,hart=N");
	if (!monitor_done(call))
		return false;
	trace_filter_init(&filter);
	if (has_filter && !trace_filter_parse(&filter, conditions, call->err))
		return false;
	if (!tracing_start(call->mon->observers->tracing, wanted, file[0] ? file : NULL, &filter, call->err))
		return false;
	observers_apply(call->mon->observers, call->m);
	return trace_status(call);
}

bool monitor_trace(struct monitor_call *call)
{
	struct observers *observers = call->mon->observers;
	if (!observers)
		return error_set(call->err, "traces cannot be switched here");
	if (monitor_at_end(call) || monitor_accept(call, "status"))
		return trace_status(call);
	if (monitor_accept(call, "on"))
		return trace_on(call);
	if (!monitor_accept(call, "off"))
		return error_set(call->err, "trace on SORTS [FILE] [filter K=V,...], trace off, or trace status");
	if (!monitor_done(call))
		return false;
	bool whole = tracing_stop(observers->tracing, call->err);
	observers_apply(observers, call->m);
	return whole && trace_status(call);
}
