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
#include <time.h>

#include "cpu/engine.h"
#include "emu/monitor.h"
#include "emu/names.h"

/* How often the console is looked at, and how often a byte that waits is offered to the guest, in guest time. */
#define POLL_NS 1000000
#define FEED_NS 10000

/*
 * A turn that would end between LR and SC goes on for this many steps, once: a constrained LR/SC loop (16 instructions
 * at most) then succeeds however short the turns are, as the unprivileged manual's "Eventual Success of
 * Store-Conditional" asks.
 */
#define RESERVATION_GRACE 64

struct runner {
	struct machine *m;       /* what runs */
	struct console *console; /* or NULL */
	u64 next_poll_ns;        /* guest time when the console is looked at next */
	u64 next_feed_ns;        /* when the guest is offered the bytes that wait; CLOCK_NEVER if none do */
	u64 steps;               /* steps of all harts */
	u32 turn;                /* whose turn it is */
	u64 turn_left;           /* steps left of it */
	u64 grace;               /* steps it may have on top */
	bool quit;               /* the user had enough */
	bool wedged;             /* a hart was taken out because it only trapped */
};

/* A hart that waits wakes when the interrupt it waits for makes it attentive. */
static bool is_runnable(const struct hart *h)
{
	return !h->stopped && (!h->waiting || h->attention);
}

static bool others_are_runnable(const struct runner *r)
{
	for (u32 i = 0; i < r->m->hart_count; i++)
		if (i != r->turn && is_runnable(r->m->harts[i]))
			return true;
	return false;
}

/* The next runnable hart, from the one behind `turn` on. A reservation does not outlive its hart's turn. */
static bool next_turn(struct runner *r)
{
	struct machine *m = r->m;
	for (u32 i = 1; i <= m->hart_count; i++) {
		u32 candidate = (r->turn + i) % m->hart_count;
		if (!is_runnable(m->harts[candidate]))
			continue;
		if (candidate != r->turn)
			m->harts[r->turn]->reserved = false;
		r->turn = candidate;
		r->turn_left = m->config->quantum;
		r->grace = RESERVATION_GRACE;
		return true;
	}
	return false;
}

static void feed_guest(struct runner *r)
{
	while (console_pending(r->console) && machine_input_room(r->m))
		machine_input(r->m, console_take(r->console));
	r->next_feed_ns = console_pending(r->console) ? r->m->clock.now_ns + FEED_NS : CLOCK_NEVER;
}

/* Looks at the console, for at most wait_ns of host time. */
static void poll_console(struct runner *r, u64 wait_ns)
{
	console_flush(r->console);
	switch (console_poll(r->console, wait_ns)) {
	case CONSOLE_QUIT:
		r->quit = true;
		break;
	case CONSOLE_MONITOR:
		console_suspend(r->console);
		r->quit = monitor(r->m, r->console);
		console_resume(r->console);
		break;
	case CONSOLE_NOTHING:
		break;
	}
	feed_guest(r);
	r->next_poll_ns = r->m->clock.now_ns + POLL_NS;
}

static u64 host_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (u64)t.tv_sec * 1000000000 + (u64)t.tv_nsec;
}

/* Lets time pass as it does for the person at the console: until the next event, or until a key is pressed. */
static void wait_with_person(struct runner *r, u64 next)
{
	struct clock *clock = &r->m->clock;
	u64 start = host_ns();
	u64 room = next == CLOCK_NEVER ? CONSOLE_FOREVER : next - clock->now_ns;
	poll_console(r, room);
	u64 passed = host_ns() - start;
	clock_run(clock, clock->now_ns + (passed < room ? passed : room));
	r->next_poll_ns = clock->now_ns;
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
	return is_runnable(r->m->harts[r->turn]) || others_are_runnable(r);
}

/* Every hart waits. False: nothing can wake them. */
static bool idle(struct runner *r)
{
	struct clock *clock = &r->m->clock;
	bool has_input = r->console && console_can_read(r->console);
	/* What was typed before comes first: the guest may have made room for it. */
	if (r->console)
		feed_guest(r);
	if (anyone_is_runnable(r))
		return true;
	if (has_input && console_is_interactive(r->console)) {
		wait_with_person(r, clock_next(clock));
		return true;
	}
	/* A pipe: what is there now is there at this guest time. Only if nothing else can happen is there a reason to
	 * wait for more. */
	bool only_input = has_input && clock_next(clock) == CLOCK_NEVER && console_pending(r->console) == 0;
	if (has_input)
		poll_console(r, only_input ? CONSOLE_FOREVER : 0);
	if (only_input || anyone_is_runnable(r))
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
	if (r->next_feed_ns - clock->now_ns < steps)
		steps = r->next_feed_ns - clock->now_ns;
	if (others_are_runnable(r) && r->turn_left < steps)
		steps = r->turn_left;
	if (r->m->config->max_insns && r->m->config->max_insns - r->steps < steps)
		steps = r->m->config->max_insns - r->steps;
	return steps;
}

/* One call of the engine. */
static void step(struct runner *r)
{
	struct machine *m = r->m;
	struct hart *h = m->harts[r->turn];
	h->slice_ns = m->clock.now_ns;
	h->slice_count = h->count;
	m->running = h;
	enum engine_exit why = engine_run(h, budget(r));
	m->running = NULL;
	u64 done = h->count - h->slice_count;
	r->steps += done;
	r->turn_left -= done < r->turn_left ? done : r->turn_left;
	switch (why) {
	case ENGINE_BUDGET:
	case ENGINE_DEVICE:
		break;
	case ENGINE_WAIT:
	case ENGINE_YIELD:
		r->turn_left = 0;
		r->grace = 0;
		break;
	case ENGINE_WEDGED:
		take_out(r, h);
		break;
	}
	clock_run(&m->clock, h->slice_ns + done);
}

static enum run_end run(struct runner *r)
{
	struct machine *m = r->m;
	for (;;) {
		if (m->stop != STOP_NONE)
			return RUN_STOPPED;
		if (m->config->max_insns && r->steps >= m->config->max_insns)
			return RUN_LIMIT;
		if (m->clock.now_ns >= r->next_poll_ns)
			poll_console(r, 0);
		else if (m->clock.now_ns >= r->next_feed_ns)
			feed_guest(r);
		if (r->quit)
			return RUN_QUIT;
		if (r->wedged && all_are_stopped(m))
			return RUN_WEDGED;
		if (clock_next(&m->clock) <= m->clock.now_ns)
			clock_run(&m->clock, m->clock.now_ns);
		if (r->turn_left == 0 && m->harts[r->turn]->reserved) {
			r->turn_left = r->grace;
			r->grace = 0;
		}
		bool goes_on = is_runnable(m->harts[r->turn]) && (r->turn_left || !others_are_runnable(r));
		if (goes_on || next_turn(r)) {
			step(r);
		} else if (!idle(r)) {
			if (r->wedged)
				return RUN_WEDGED;
			say_asleep(m);
			return RUN_ASLEEP;
		}
	}
}

enum run_end run_machine(struct machine *m, struct console *console)
{
	struct runner r = {
		.m = m,
		.console = console,
		.turn_left = m->config->quantum,
		.next_poll_ns = console ? 0 : CLOCK_NEVER,
		.next_feed_ns = CLOCK_NEVER,
	};
	clock_run(&m->clock, m->clock.now_ns);
	enum run_end end = run(&r);
	if (console)
		console_flush(console);
	return end;
}
