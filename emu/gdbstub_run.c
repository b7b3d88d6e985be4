/*
 * The stub's threads: listing harts, letting them run, and saying why they stopped.
 *
 * All harts stop together ("all-stop mode"). Let go, some may be held back while others run (gdb's scheduler-locking),
 * and one may make a single step while the others go on as ever. A hart that was reported to stand at a point passes it
 * when it goes on; one that merely happens to stand there does not.
 */
#include "emu/gdbstub_internal.h"

#include <inttypes.h>
#include <string.h>

#include "emu/names.h"

#define SIGNAL_INT 2
#define SIGNAL_TRAP 5
#define REGISTER_PC 32

static u32 hart_count(const struct gdbstub *g)
{
	return g->control->machine ? g->control->machine->hart_count : 0;
}

/* --- threads --- */

bool gdb_take_thread(struct gdbstub *g, struct gdb_text *t, u32 any, u32 *hart)
{
	u64 id;

	if (!gdb_take_number(t, &id) || id > hart_count(g))
		return false;
	*hart = id ? (u32)id - 1 : any;
	return true;
}

/* qfThreadInfo, qsThreadInfo: all of them fit into one packet, so the second one ends the list. */
void gdb_thread_list(struct gdbstub *g, bool first)
{
	if (!first || hart_count(g) == 0) {
		gdb_put(g, "l");
		return;
	}
	for (u32 i = 0; i < hart_count(g); i++)
		gdb_put(g, "%c%x", i ? ',' : 'm', i + 1);
}

/* qThreadExtraInfo,THREAD: what `info threads` shows beside the number. */
void gdb_thread_info(struct gdbstub *g, struct gdb_text *t)
{
	const struct hart *h;
	char text[64];
	u32 hart;

	if (!gdb_take_thread(g, t, 0, &hart) || gdb_left(t) || hart_count(g) == 0) {
		gdb_put_error(g, GDB_EINVAL);
		return;
	}
	h = g->control->machine->harts[hart];
	snprintf(text, sizeof(text), "hart %u: %c mode%s%s", h->id, priv_letter(h->priv), h->waiting ? ", waiting" : "",
	         h->stopped && !(g->held & BIT(hart)) ? ", stopped" : "");
	gdb_put_hex(g, text, strlen(text));
}

/* --- running --- */

/* Not in a recording or a replay: it would change the harts' turns. */
static void hold(struct gdbstub *g, u64 harts)
{
	if (g->control->frozen)
		return;
	for (u32 i = 0; i < hart_count(g); i++) {
		struct hart *h = g->control->machine->harts[i];

		if (!(harts & BIT(i)) || h->stopped)
			continue;
		h->stopped = true;
		g->held |= BIT(i);
	}
}

void gdb_release(struct gdbstub *g)
{
	for (u32 i = 0; i < hart_count(g); i++)
		if (g->held & BIT(i))
			g->control->machine->harts[i]->stopped = false;
	g->held = 0;
}

/* What each hart is to do. */
struct plan {
	u64 run, step; /* harts that run, that make one step: BIT(hart); the others are held */
};

static void resume(struct gdbstub *g, const struct plan *plan)
{
	struct machine *m = g->control->machine;
	u32 stepper = g->hart_c;

	if (g->points_changed)
		gdb_points_apply(g);
	for (u32 i = 0; i < m->hart_count; i++) {
		const struct gdb_stop *stop = &g->stops[i];
		struct hart *h = m->harts[i];

		if (plan->step & BIT(i) || (stop->valid && stop->pc == h->pc && stop->count == h->count))
			debug_step_over(h);
	}
	g->awaiting = true;
	hold(g, ~(plan->run | plan->step));
	if (plan->step == 0) {
		control_continue(g->control);
		return;
	}
	if (!(plan->step & BIT(stepper)))
		stepper = (u32)__builtin_ctzll(plan->step);
	control_step(g->control, stepper);
	g->control->others_run = (plan->run | plan->step) != BIT(stepper);
}

/* Can harts be let go at all? A debugger that does so twice, or between two machines, is not answered: the stop reply
 * is the answer. So it is where the user has let the guest run at the monitor, which the debugger does not know. */
static bool can_resume(struct gdbstub *g)
{
	if (g->awaiting || !hart_count(g))
		return false;
	g->awaiting = !g->control->paused;
	return !g->awaiting;
}

static u64 all_harts(const struct gdbstub *g)
{
	return hart_count(g) == 64 ? ~0ull : MASK(hart_count(g));
}

/* Where the thread goes on, if it is not where it stands. */
static bool take_pc(struct gdbstub *g, struct gdb_text *t)
{
	u64 pc;

	if (gdb_left(t) == 0)
		return true;
	if (!gdb_take_number(t, &pc) || gdb_left(t) || g->control->frozen)
		return false;
	g->control->machine->harts[g->hart_c]->pc = pc & ~1ull;
	return true;
}

void gdb_resume_one(struct gdbstub *g, struct gdb_text *t, bool step, bool with_signal)
{
	struct plan plan = { .run = all_harts(g) };
	u64 number;

	if (!can_resume(g))
		return;
	if (with_signal && (!gdb_take_number(t, &number) || (gdb_left(t) && !gdb_take(t, ';')))) {
		gdb_put_error(g, GDB_EINVAL);
		return;
	}
	if (!take_pc(g, t)) {
		gdb_put_error(g, GDB_EINVAL);
		return;
	}
	if (step)
		plan = (struct plan){ .run = all_harts(g) & ~BIT(g->hart_c), .step = BIT(g->hart_c) };
	resume(g, &plan);
}

/* One action of vCont, for the harts that have none yet. False: it makes no sense. */
static bool take_action(struct gdbstub *g, struct gdb_text *t, struct plan *plan, u64 *rest)
{
	bool step = gdb_take(t, 's') || gdb_take(t, 'S');
	u64 number, harts = all_harts(g);
	u32 hart;

	if (!step && !gdb_take(t, 'c') && !gdb_take(t, 'C'))
		return false;
	if ((t->at[-1] == 'S' || t->at[-1] == 'C') && !gdb_take_number(t, &number))
		return false;
	if (gdb_take(t, ':') && !gdb_take_word(t, "-1")) {
		if (!gdb_take_thread(g, t, g->hart_c, &hart))
			return false;
		harts = BIT(hart);
	}
	harts &= *rest;
	*rest &= ~harts;
	*(step ? &plan->step : &plan->run) |= harts;
	return true;
}

void gdb_resume_each(struct gdbstub *g, struct gdb_text *t)
{
	struct plan plan = { 0, 0 };
	u64 rest = all_harts(g);

	if (!can_resume(g))
		return;
	while (gdb_take(t, ';'))
		if (!take_action(g, t, &plan, &rest)) {
			gdb_put_error(g, GDB_EINVAL);
			return;
		}
	if (gdb_left(t) || (plan.run | plan.step) == 0)
		gdb_put_error(g, GDB_EINVAL);
	else
		resume(g, &plan);
}

void gdb_interrupt(struct gdbstub *g)
{
	if (g->awaiting && !g->control->paused)
		control_pause(g->control, PAUSE_ASKED, g->hart_c < hart_count(g) ? g->hart_c : 0);
}

/* --- stopping --- */

/*
 * Which point it was. gdb takes a breakpoint where it has set none for one that it has removed since, and goes on; so
 * at a physical breakpoint elsewhere than at its own number nothing is said but that the guest stopped.
 */
static void put_reason(struct gdbstub *g, const struct hart *h)
{
	static const char *const names[] = { "swbreak", "hwbreak", "watch", "rwatch", "awatch" };
	u64 address = g->control->debug.hit.address;
	int type = gdb_points_hit(g);

	if (type < 0)
		return;
	if (type >= 2)
		gdb_put(g, "%s:%" PRIx64 ";", names[type], address);
	else if (address == h->pc && (type == 1 ? g->hwbreak : g->swbreak))
		gdb_put(g, "%s:;", names[type]);
}

void gdb_put_stop(struct gdbstub *g)
{
	struct hart *h = gdb_hart(g);
	bool asked = g->control->why == PAUSE_ASKED;

	gdb_put(g, "T%02xthread:%x;", asked && g->awaiting ? SIGNAL_INT : SIGNAL_TRAP, g->hart_g + 1);
	if (h) {
		gdb_put(g, "%x:", REGISTER_PC);
		gdb_put_hex(g, &h->pc, sizeof(h->pc));
		gdb_put(g, ";");
	}
	if (h && g->control->why == PAUSE_POINT)
		put_reason(g, h);
}

/* A guest that restarts while it runs goes on running: its points are in force from the new machine's beginning. */
void gdb_on_pause(void *stub)
{
	struct gdbstub *g = stub;
	struct control *c = g->control;
	struct hart *h;

	if (c->why == PAUSE_REBOOT) {
		g->held = 0;
		memset(g->stops, 0, sizeof(g->stops));
		gdb_points_apply(g);
		if (g->awaiting && !c->stepping) {
			control_continue(c);
			return;
		}
	}
	gdb_release(g);
	g->hart_g = g->hart_c = c->hart < hart_count(g) ? c->hart : 0;
	h = gdb_hart(g);
	if (h)
		g->stops[g->hart_g] = (struct gdb_stop){ .valid = true, .pc = h->pc, .count = h->count };
	if (!g->awaiting)
		return;
	gdb_put_stop(g);
	g->awaiting = false;
	gdb_send(g);
	gdb_flush(g);
}
