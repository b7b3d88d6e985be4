/*
 * What packets ask for: gdb manual, "Remote Protocol: Packets" and "General Query Packets". A packet that is not
 * understood is answered by an empty one, which is how gdb finds out.
 */
#include "emu/gdbstub_internal.h"

#include <stdlib.h>
#include <string.h>

/* A line of gdb's `monitor`, and so much of a packet of its answer. */
#define LINE_MAX_BYTES 1024
#define CONSOLE_CHUNK 4096

/* H, g or c, THREAD. "All threads" is as good as any, because all stop and start together. */
static void select_thread(struct gdbstub *g, struct gdb_text *t)
{
	bool for_c = gdb_take(t, 'c');
	u32 *hart = for_c ? &g->hart_c : &g->hart_g;

	if (!for_c && !gdb_take(t, 'g'))
		gdb_put_error(g, GDB_EINVAL);
	else if (gdb_take_word(t, "-1") || gdb_take_thread(g, t, *hart, hart))
		gdb_put(g, "OK");
	else
		gdb_put_error(g, GDB_EINVAL);
}

static void is_alive(struct gdbstub *g, struct gdb_text *t)
{
	u32 hart;

	if (gdb_take_thread(g, t, 0, &hart) && gdb_left(t) == 0)
		gdb_put(g, "OK");
	else
		gdb_put_error(g, GDB_EINVAL);
}

/* qSupported:FEATURES of theirs; ours are the answer. */
static void tell_features(struct gdbstub *g, struct gdb_text *t)
{
	bool more = gdb_take(t, ':');

	while (more) {
		if (gdb_take_word(t, "hwbreak+"))
			g->hwbreak = true;
		else if (gdb_take_word(t, "swbreak+"))
			g->swbreak = true;
		while (gdb_left(t) && !gdb_take(t, ';'))
			t->at++;
		more = gdb_left(t) != 0;
	}
	gdb_put(g, "PacketSize=%x;qXfer:features:read+;vContSupported+;QStartNoAckMode+;hwbreak+;swbreak+",
	        GDB_PACKET_MAX);
}

/* --- monitor --- */

/* What a command printed, as console output, piece by piece. */
static void send_console(struct gdbstub *g, const char *text, size_t size)
{
	for (size_t done = 0; done < size; done += CONSOLE_CHUNK) {
		gdb_put(g, "O");
		gdb_put_hex(g, text + done, size - done < CONSOLE_CHUNK ? size - done : CONSOLE_CHUNK);
		gdb_send(g);
	}
}

/*
 * A command may have let the guest go on, which gdb does not know of: it stays. What resets the guest or ends rvemu is
 * done by the run loop.
 */
static void do_monitor(struct gdbstub *g, const char *line, FILE *out)
{
	struct control *c = g->control;
	bool paused = c->paused;

	if (gdb_points_monitor(g, line, out) || !g->hooks.monitor)
		return;
	(void)g->hooks.monitor(g->hooks.arg, line, out);
	if (!paused || (c->paused && !c->stepping))
		return;
	c->paused = true;
	c->stepping = false;
	fprintf(out, "gdb has stopped the guest: use its continue and stepi\n");
}

/* qRcmd,DIGITS */
static void run_monitor(struct gdbstub *g, struct gdb_text *t)
{
	u8 line[LINE_MAX_BYTES + 1];
	size_t length = gdb_left(t) / 2, size = 0;
	char *text = NULL;
	FILE *out;

	if (length > LINE_MAX_BYTES || !gdb_take_hex(t, line, length) || gdb_left(t)) {
		gdb_put_error(g, GDB_EINVAL);
		return;
	}
	line[length] = 0;
	out = open_memstream(&text, &size);
	BUG_ON(!out);
	if (g->control->machine)
		do_monitor(g, (const char *)line, out);
	fclose(out);
	send_console(g, text, size);
	free(text);
	gdb_put(g, "OK");
}

/* --- by first letter --- */

/* q: what is asked; Q: what is set. */
static void query(struct gdbstub *g, struct gdb_text *t)
{
	if (gdb_take_word(t, "Supported"))
		tell_features(g, t);
	else if (gdb_take_word(t, "Xfer:features:read:"))
		gdb_features_read(g, t);
	else if (gdb_take_word(t, "fThreadInfo"))
		gdb_thread_list(g, true);
	else if (gdb_take_word(t, "sThreadInfo"))
		gdb_thread_list(g, false);
	else if (gdb_take_word(t, "ThreadExtraInfo,"))
		gdb_thread_info(g, t);
	else if (gdb_take_word(t, "Attached"))
		gdb_put(g, "1");
	else if (gdb_take_word(t, "Rcmd,"))
		run_monitor(g, t);
	else if (gdb_take_word(t, "qemu.PhyMemMode"))
		gdb_put(g, "%d", g->physical);
	else if (gdb_take_word(t, "C") && gdb_left(t) == 0)
		gdb_put(g, "QC%x", g->hart_g + 1);
}

static void setting(struct gdbstub *g, struct gdb_text *t)
{
	if (gdb_take_word(t, "StartNoAckMode")) {
		gdb_put(g, "OK");
		g->no_ack = true;
	} else if (gdb_take_word(t, "qemu.PhyMemMode:")) {
		g->physical = gdb_take(t, '1');
		if (g->physical || gdb_take(t, '0'))
			gdb_put(g, "OK");
		else
			gdb_put_error(g, GDB_EINVAL);
	}
}

/* False: the stop reply will be the answer. */
static bool run_command(struct gdbstub *g, struct gdb_text *t)
{
	if (gdb_take_word(t, "Cont?"))
		gdb_put(g, "vCont;c;C;s;S");
	else if (gdb_take_word(t, "Cont"))
		gdb_resume_each(g, t);
	else
		return true;
	return g->reply.size != 0;
}

/* c, s, C, S. */
static bool go_command(struct gdbstub *g, struct gdb_text *t, char letter)
{
	gdb_resume_one(g, t, letter == 's' || letter == 'S', letter == 'C' || letter == 'S');
	return g->reply.size != 0;
}

/* G, P, M, X: they change the guest. */
static void change_command(struct gdbstub *g, struct gdb_text *t, char letter)
{
	if (g->control->frozen)
		gdb_put_error(g, GDB_EPERM);
	else if (letter == 'G')
		gdb_registers_write(g, t);
	else if (letter == 'P')
		gdb_register_write(g, t);
	else
		gdb_memory_write(g, t, letter == 'X');
}

/* Everything else that has an answer at once. */
static void plain_command(struct gdbstub *g, struct gdb_text *t, char letter)
{
	switch (letter) {
	case '?':
		gdb_put_stop(g);
		break;
	case 'H':
		select_thread(g, t);
		break;
	case 'T':
		is_alive(g, t);
		break;
	case 'g':
		gdb_registers_read(g);
		break;
	case 'p':
		gdb_register_read(g, t);
		break;
	case 'm':
		gdb_memory_read(g, t);
		break;
	case 'G':
	case 'P':
	case 'M':
	case 'X':
		change_command(g, t, letter);
		break;
	case 'Z':
	case 'z':
		gdb_point_command(g, t, letter == 'Z');
		break;
	case 'q':
		query(g, t);
		break;
	case 'Q':
		setting(g, t);
		break;
	}
}

/* D: the debugger leaves, and tells so before it closes the line. */
static void detach(struct gdbstub *g)
{
	gdb_put(g, "OK");
	gdb_send(g);
	gdb_session_end(g);
}

void gdb_command(struct gdbstub *g, struct gdb_text t)
{
	char letter = gdb_left(&t) ? (char)*t.at++ : 0;
	bool answer = true;

	if (!g->in_session)
		return;
	switch (letter) {
	case 'c':
	case 'C':
	case 's':
	case 'S':
		answer = go_command(g, &t, letter);
		break;
	case 'v':
		answer = run_command(g, &t);
		break;
	case 'D':
		detach(g);
		return;
	case 'k':
		g->control->quit = true;
		return;
	default:
		plain_command(g, &t, letter);
	}
	if (answer)
		gdb_send(g);
}
