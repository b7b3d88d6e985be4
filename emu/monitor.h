/*
 * The monitor: commands with which the machine that stands still can be asked about, and driven. QEMU's commands in
 * QEMU's spelling where it has them; `help` lists all.
 *
 * It is a function from a line to text, used by the prompt behind Ctrl-A c (emu/prompt.c), by gdb's `monitor` and by
 * tests. It looks at the machine without touching it, but for the commands that say so. Nothing a line can hold does
 * harm: a wrong command is answered by one line.
 *
 * The table of commands is in monitor.c; what they do is in monitor_*.c.
 */
#ifndef RVEMU_EMU_MONITOR_H
#define RVEMU_EMU_MONITOR_H

#include <stdio.h>

#include "emu/control.h"

struct observers;

/* Zero it but for the first two. */
struct monitor {
	struct control *control;     /* the machine, and how it is held */
	struct observers *observers; /* what `trace` switches and `info stats` asks; NULL: nobody looks */
	bool hart_chosen;            /* `cpu N` was said: commands speak of `hart`; otherwise of control->hart */
	u32 hart;                    /* which one, then */
	u64 steps_left;              /* of `step N`, behind the one at work */
};

/* How it goes on after a command. */
enum monitor_result {
	MONITOR_AGAIN,    /* the next command, please */
	MONITOR_CONTINUE, /* let the run loop go on; it finds in the struct control what to do */
	MONITOR_QUIT,     /* rvemu shall end; control->quit is set */
};

/* Does what the line says and writes the answer, or a line that says what is wrong, to out. */
enum monitor_result monitor_command(struct monitor *mon, const char *line, FILE *out);

/* To be called when the machine has come to stand still and a person is to be told: says why and where. Or goes on at
 * once (MONITOR_CONTINUE), where `step N` has steps left. */
enum monitor_result monitor_paused(struct monitor *mon, FILE *out);

#endif
