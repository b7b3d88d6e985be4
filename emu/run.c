/*
 * The outer loop.
 *
 * Guest time is the steps of all harts plus the time in which all of them slept: one step is one nanosecond, and harts
 * run one after another. A hart's turn ends after `quantum` steps, when it waits, or when it spins; a hart that is
 * alone runs on. Within a turn the engine is called for as many steps as there are until the next event, so that events
 * come exactly. Where turns end depends on steps alone: events that only concern the host (looking for console input)
 * do not move it.
 *
 * When all harts wait, time jumps to the next event, or, if a person watches, the host waits for it to come.
 */
#include "emu/run.h"

#include <inttypes.h>
#include <stdio.h>

#include "cpu/engine.h"
#include "emu/inputs.h"
#include "emu/names.h"
#include "emu/prompt.h"
#include "mmu/check.h"

/* How often the host is looked at, in guest time. */
#define POLL_NS 1000000

/*
 * A turn that would end between LR and SC goes on for this many steps, once: a constrained LR/SC loop (16 instructions
 * at most) then succeeds however short the turns are, as the unprivileged manual's "Eventual Success of
 * Store-Conditional" asks.
 */
#define RESERVATION_GRACE 64

/*
 * Where idle time is waited out, the host sleeps for no less than this: shorter waits are jumped over and made up for
 * later, because a sleep on the host is never that short.
 */
#define SLEEP_MIN_NS 1000000

struct runner {
	struct machine *m;      /* what runs */
	struct turns *turns;    /* the machine's */
	struct outside outside; /* what is around it */
	u64 next_poll_ns;       /* guest time when the host is looked at next */
	struct inputs inputs;   /* what comes in */
	u64 owed_ns;            /* idle time jumped over and not yet waited out */
	u64 steps;              /* steps of all harts since run_machine() was called */
	bool ended;             /* somebody outside ended the run */
	enum run_end end;       /* how */
	bool wedged;            /* a hart was taken out because it only trapped */
};

/* A hart that waits wakes when the interrupt it waits for makes it attentive. */
static bool is_runnable(const struct hart *h)
{
	return !h->stopped && (!h->waiting || h->attention);
}

static void end_run(struct runner *r, enum run_end how)
{
	r->ended = true;
	r->end = how;
}

/* Somebody outside ended the run. */
static bool has_ended(struct runner *r)
{
	const struct control *control = r->outside.control;
	if (!r->ended && control && control->quit)
		end_run(r, RUN_QUIT);
	if (!r->ended && control && control->reset)
		end_run(r, RUN_RESET);
	return r->ended;
}

static bool others_are_runnable(const struct runner *r)
{
	for (u32 i = 0; i < r->m->hart_count; i++)
		if (i != r->turns->hart && is_runnable(r->m->harts[i]))
			return true;
	return false;
}

/* The next runnable hart, from the one behind `turn` on. A reservation does not outlive its hart's turn. */
static bool next_turn(struct runner *r)
{
	struct machine *m = r->m;
	for (u32 i = 1; i <= m->hart_count; i++) {
		u32 candidate = (r->turns->hart + i) % m->hart_count;
		if (!is_runnable(m->harts[candidate]))
			continue;
		if (candidate != r->turns->hart)
			m->harts[r->turns->hart]->reserved = false;
		r->turns->hart = candidate;
		r->turns->left = m->config->quantum;
		r->turns->grace = RESERVATION_GRACE;
		return true;
	}
	return false;
}

/* How a replay ends where its recording does: a limit that was reached then and a guest that was stuck then have the
 * same exit status now. */
static enum run_end recorded_end(const struct runner *r)
{
	switch (r->inputs.recorded_end) {
	case RUN_LIMIT:
	case RUN_WEDGED:
	case RUN_ASLEEP:
		return (enum run_end)r->inputs.recorded_end;
	default:
		return RUN_QUIT;
	}
}

/* Brings the guest what came for it. */
static void bring_input(struct runner *r)
{
	switch (inputs_bring(&r->inputs)) {
	case INPUTS_OK:
		break;
	case INPUTS_END:
		end_run(r, recorded_end(r));
		break;
	case INPUTS_RESET:
		end_run(r, RUN_RESET);
		break;
	case INPUTS_DIVERGED:
		end_run(r, RUN_DIVERGED);
		break;
	}
}

static void open_monitor(struct runner *r)
{
	console_suspend(r->outside.console);
	prompt_run(r->outside.console, r->outside.monitor, r->outside.control, r->outside.io);
	console_resume(r->outside.console);
}

/* While `step` of the prompt is at work, what waits on a pipe are the next commands and not input for the guest; unless
 * nothing but input can end the step. */
static bool is_input_held(const struct runner *r)
{
	const struct control *control = r->outside.control;
	if (!control || !control->stepping || control->on_pause || console_is_interactive(r->outside.console))
		return false;
	return is_runnable(r->m->harts[control->hart]) || clock_next(&r->m->clock) != CLOCK_NEVER;
}

/* Does what the keys behind Ctrl-A and signals ask for, and takes what was typed. */
static void serve_console(struct runner *r)
{
	struct console *console = r->outside.console;
	for (;;) {
		bool held = is_input_held(r) && !console_signal(console);
		enum console_wish wish = held ? CONSOLE_NOTHING : console_wish(console);
		if (wish == CONSOLE_NOTHING)
			break;
		if (wish == CONSOLE_MONITOR && r->outside.monitor)
			open_monitor(r);
		if (wish == CONSOLE_QUIT)
			end_run(r, RUN_QUIT);
		if (has_ended(r))
			return;
	}
}

static void look_at_host(struct runner *r, u64 wait_ns)
{
	if (r->outside.console)
		console_flush(r->outside.console);
	host_io_poll(r->outside.io, wait_ns);
	if (r->outside.console)
		serve_console(r);
}

/* Looks at the host, for at most wait_ns of its time. */
static void poll_host(struct runner *r, u64 wait_ns)
{
	look_at_host(r, wait_ns);
	r->next_poll_ns = r->m->clock.now_ns + POLL_NS;
}

/* Lets time pass as it does outside: until the next event, or until something comes. */
static void wait_in_real_time(struct runner *r, u64 next)
{
	struct clock *clock = &r->m->clock;
	u64 room = next == CLOCK_NEVER ? HOST_IO_FOREVER - r->owed_ns : next - clock->now_ns;
	if (room + r->owed_ns < SLEEP_MIN_NS) {
		r->owed_ns += room;
		clock_run(clock, next);
		return;
	}
	u64 start = host_now_ns();
	poll_host(r, room + r->owed_ns);
	u64 passed = host_now_ns() - start;
	u64 paid = passed < r->owed_ns ? passed : r->owed_ns;
	r->owed_ns -= paid;
	passed -= paid;
	clock_run(clock, clock->now_ns + (passed < room ? passed : room));
	r->next_poll_ns = clock->now_ns + POLL_NS;
	bring_input(r);
}

static void say_asleep(const struct machine *m)
{
	char where[160] = "";
	const struct hart *h = m->harts[0];
	char name[128];
	if (symbols_describe(&m->boot->symbols, h->pc, name, sizeof(name)))
		snprintf(where, sizeof(where), " <%s>", name);
	log_warn("the guest sleeps for ever: every hart waits for an interrupt and none can come (hart 0 at 0x%" PRIx64
	         "%s, mie 0x%" PRIx64 ", mip 0x%" PRIx64 ")",
	         h->pc, where, h->csr.mie, hart_mip(h));
}

static bool anyone_is_runnable(const struct runner *r)
{
	return is_runnable(r->m->harts[r->turns->hart]) || others_are_runnable(r);
}

/* Something outside may still wake the guest. */
static bool may_be_woken(const struct runner *r)
{
	return (r->outside.console && console_can_read(r->outside.console)) || r->outside.real_time;
}

/* Every hart waits, in a replay: time goes on to what comes next. */
static bool idle_in_replay(struct runner *r)
{
	u64 next = clock_next(&r->m->clock), input = inputs_next_ns(&r->inputs);
	if (input < next)
		next = input;
	if (next == CLOCK_NEVER)
		end_run(r, RUN_QUIT);
	else
		clock_run(&r->m->clock, next);
	return true;
}

/* Every hart waits. False: nothing can wake them. */
static bool idle(struct runner *r)
{
	struct clock *clock = &r->m->clock;
	bool input = may_be_woken(r);
	if (r->inputs.replaying)
		return idle_in_replay(r);
	/* What came before is first: the guest may have made room for it. */
	bring_input(r);
	if (anyone_is_runnable(r) || has_ended(r))
		return true;
	if (input && r->outside.real_time) {
		wait_in_real_time(r, clock_next(clock));
		return true;
	}
	/* A pipe: what is there now is there at this guest time. Only if nothing else can happen is there a reason to
	 * wait for more. */
	bool only_input = input && clock_next(clock) == CLOCK_NEVER && !inputs_pending(&r->inputs);
	if (input) {
		poll_host(r, only_input ? HOST_IO_FOREVER : 0);
		bring_input(r);
	}
	if (only_input || anyone_is_runnable(r) || has_ended(r))
		return true;
	if (clock_next(clock) == CLOCK_NEVER)
		return false;
	clock_run(clock, clock_next(clock));
	return true;
}

/* A hart that only traps: says so. The others may go on without it. */
static void take_out(struct runner *r, struct hart *h)
{
	char where[160] = "", name[128];
	u64 epc = h->priv == PRIV_M ? h->csr.mepc : h->csr.sepc;
	u64 cause = h->priv == PRIV_M ? h->csr.mcause : h->csr.scause;
	u64 tval = h->priv == PRIV_M ? h->csr.mtval : h->csr.stval;
	if (symbols_describe(&r->m->boot->symbols, epc, name, sizeof(name)))
		snprintf(where, sizeof(where), " <%s>", name);
	log_warn("hart %u is stuck: %s at pc 0x%" PRIx64 "%s (cause %" PRIu64 ", tval 0x%" PRIx64
	         "), and the handler at 0x%" PRIx64 " traps without getting anywhere",
	         h->id, cause_name(cause), epc, where, cause, tval, h->pc);
	if (h->mmu.check)
		check_loop(h->mmu.check, &h->mmu, epc, cause, tval);
	h->stopped = true;
	r->wedged = true;
}

static bool all_are_stopped(const struct machine *m)
{
	for (u32 i = 0; i < m->hart_count; i++)
		if (!m->harts[i]->stopped)
			return false;
	return true;
}

/* Steps that the machine's speed allows now. */
static u64 allowance(struct runner *r)
{
	struct control *control = r->outside.control;
	if (likely(!control || control->pace.per_second == PACE_FULL))
		return UINT64_MAX;
	return pace_allowance(&control->pace, host_now_ns());
}

/* The speed allows no step yet. Guest time stands still meanwhile, so that the guest cannot know: when a pipe's bytes
 * come to it depends on guest time alone. A person's come at once. */
static void rest(struct runner *r)
{
	look_at_host(r, pace_wait_ns(&r->outside.control->pace));
	if (r->outside.real_time && !has_ended(r))
		bring_input(r);
}

/* Steps until something else has to be done. */
static u64 budget(const struct runner *r)
{
	const struct clock *clock = &r->m->clock;
	u64 steps = UINT32_MAX;
	u64 next = clock_next(clock);
	if (next - clock->now_ns < steps)
		steps = next - clock->now_ns;
	if (r->next_poll_ns - clock->now_ns < steps)
		steps = r->next_poll_ns - clock->now_ns;
	u64 input = inputs_next_ns(&r->inputs);
	if (input - clock->now_ns < steps)
		steps = input - clock->now_ns;
	if (others_are_runnable(r) && r->turns->left < steps)
		steps = r->turns->left;
	if (r->m->config->max_insns && r->m->config->max_insns - r->steps < steps)
		steps = r->m->config->max_insns - r->steps;
	return steps;
}

/* What follows for whoever holds and slows the machine: so many steps were made. */
static void settle_accounts(struct runner *r, u64 done)
{
	struct control *control = r->outside.control;
	if (!control)
		return;
	if (control->pause_due && !control->paused)
		control_pause(control, control->due_why, control->due_hart);
	pace_made(&control->pace, done);
}

/* One call of the engine: at most `steps` of the hart whose turn it is. */
static void step(struct runner *r, u64 steps)
{
	struct machine *m = r->m;
	struct hart *h = m->harts[r->turns->hart];
	h->slice_ns = m->clock.now_ns;
	h->slice_count = h->count;
	m->running = h;
	enum engine_exit why = engine_run(h, steps);
	m->running = NULL;
	u64 done = h->count - h->slice_count;
	r->steps += done;
	r->turns->left -= done < r->turns->left ? done : r->turns->left;
	clock_run(&m->clock, h->slice_ns + done);
	switch (why) {
	case ENGINE_BUDGET:
	case ENGINE_DEVICE:
		break;
	case ENGINE_WAIT:
	case ENGINE_YIELD:
		r->turns->left = 0;
		r->turns->grace = 0;
		break;
	case ENGINE_WEDGED:
		take_out(r, h);
		break;
	case ENGINE_DEBUG:
		control_pause(r->outside.control, PAUSE_POINT, h->id);
		break;
	}
	settle_accounts(r, done);
}

/* The hart that somebody steps has made its step. */
static void end_step(struct runner *r, const struct hart *h)
{
	if (r->outside.control->stepping)
		control_pause(r->outside.control, PAUSE_STEPPED, h->id);
}

/* The next engine call of a machine that is free to run. False: it can only sleep, for ever. */
static bool go_on(struct runner *r)
{
	struct turns *turns = r->turns;
	const struct control *control = r->outside.control;
	/* Only where the turn would end now: a hart that is alone has come here because of the host, or may have. */
	if (turns->left == 0 && r->m->harts[turns->hart]->reserved && others_are_runnable(r)) {
		turns->left = turns->grace;
		turns->grace = 0;
	}
	bool keeps_turn = is_runnable(r->m->harts[turns->hart]) && (turns->left || !others_are_runnable(r));
	if (!keeps_turn && !next_turn(r))
		return idle(r);
	bool single = control && control->stepping && control->hart == turns->hart;
	u64 allowed = single ? 1 : allowance(r), steps = single ? 1 : budget(r);
	if (allowed == 0) {
		rest(r);
		return true;
	}
	step(r, steps < allowed ? steps : allowed);
	if (single)
		end_step(r, r->m->harts[turns->hart]);
	return true;
}

/* One instruction of the hart that somebody steps; the others stand still. If it waits, time passes until it wakes. */
static bool single_step(struct runner *r)
{
	struct hart *h = r->m->harts[r->outside.control->hart];
	if (!h->stopped && !is_runnable(h))
		return idle(r);
	if (r->turns->hart != h->id) {
		r->m->harts[r->turns->hart]->reserved = false;
		*r->turns = (struct turns){ .hart = h->id, .left = r->m->config->quantum };
	}
	if (!h->stopped)
		step(r, 1);
	end_step(r, h);
	return true;
}

/* Nothing runs until somebody lets it. What was reached by a command of the prompt is told there, unless a debugger
 * listens; a window shows itself what it asked for. */
static void stand_still(struct runner *r)
{
	struct control *control = r->outside.control;
	while (control->paused && !has_ended(r)) {
		bool at_prompt = control->why != PAUSE_ASKED && !control->on_pause && !control->by_front;
		if (at_prompt && r->outside.monitor && r->outside.console)
			open_monitor(r);
		else
			poll_host(r, HOST_IO_FOREVER);
	}
}

/* What is due before the next instruction: the host, input, events. */
static void catch_up(struct runner *r)
{
	struct clock *clock = &r->m->clock;
	bool input = clock->now_ns >= inputs_next_ns(&r->inputs) || inputs_are_urgent(&r->inputs);
	if (clock->now_ns >= r->next_poll_ns) {
		poll_host(r, 0);
		input = true;
	}
	if (r->outside.control && r->outside.control->paused)
		stand_still(r);
	if (input && !has_ended(r))
		bring_input(r);
	if (clock_next(clock) <= clock->now_ns)
		clock_run(clock, clock->now_ns);
}

/* A guest that cannot go on stands still if there is a debugger to look at it. */
static bool debugger_looks(struct runner *r)
{
	struct control *control = r->outside.control;
	if (!control || !control->on_pause)
		return false;
	control_pause(control, PAUSE_ASKED, r->turns->hart);
	return true;
}

static enum run_end run(struct runner *r)
{
	struct machine *m = r->m;
	struct control *control = r->outside.control;
	for (;;) {
		if (m->stop != STOP_NONE)
			return RUN_STOPPED;
		if (m->config->max_insns && r->steps >= m->config->max_insns)
			return RUN_LIMIT;
		catch_up(r);
		if (has_ended(r))
			return r->end;
		bool stuck = r->wedged && all_are_stopped(m);
		bool alone = control && control->stepping && !control->others_run && !control->frozen;
		bool alive = !stuck && (alone ? single_step(r) : go_on(r));
		if (!alive && !r->wedged)
			say_asleep(m);
		if (!alive && !debugger_looks(r))
			return r->wedged ? RUN_WEDGED : RUN_ASLEEP;
	}
}

enum run_end run_machine(struct machine *m, const struct outside *outside)
{
	struct runner r = { .m = m, .turns = &m->turns };
	if (outside)
		r.outside = *outside;
	inputs_init(&r.inputs, m, r.outside.console, r.outside.backends, r.outside.events, r.outside.journal);
	r.next_poll_ns = r.outside.io ? m->clock.now_ns : CLOCK_NEVER;
	if (r.outside.control) {
		r.outside.control->machine = m;
		r.outside.control->pause_due = false;
	}
	clock_run(&m->clock, m->clock.now_ns);
	enum run_end end = run(&r);
	if (r.outside.console)
		console_flush(r.outside.console);
	if (r.outside.control)
		r.outside.control->machine = NULL;
	return end;
}
