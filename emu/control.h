/*
 * Who may hold the machine and let it go: the monitor, the debugger. They speak to the run loop (emu/run.c) through
 * this struct; it outlives machines that reboot.
 *
 * Only the thread of the run loop touches it: watchers of emu/host_io.h are called from there.
 */
#ifndef RVEMU_EMU_CONTROL_H
#define RVEMU_EMU_CONTROL_H

#include "cpu/debug.h"
#include "emu/pace.h"

struct machine;

/* Why the machine stands still. */
enum pause_why {
	PAUSE_ASKED,   /* control_pause(): the user interrupted it, or -S */
	PAUSE_STEPPED, /* the one instruction of control_step() was run (or trapped into its handler) */
	PAUSE_POINT,   /* a breakpoint or watchpoint: debug.hit says which */
	PAUSE_REBOOT,  /* the guest rebooted; this is the new machine, before its first instruction */
};

struct control {
	struct machine *machine; /* the one that runs now; NULL between two */
	struct debug debug;      /* breakpoints and watchpoints, for all its harts */
	bool paused;             /* it stands still */
	bool stepping;           /* it runs one instruction of `hart` and then stands still */
	bool others_run;         /* while stepping: the other harts have their turns meanwhile */
	bool pause_due;          /* control_pause_soon() was called: ... */
	u32 due_hart;            /* ... by this hart's doing ... */
	enum pause_why due_why;  /* ... and why */
	bool by_front;           /* who let it go is a window or text interface: no prompt opens when it stops */
	struct pace pace;        /* how fast it may run */
	bool quit;               /* rvemu shall end */
	bool reset;              /* the user wants the guest to start again */
	u32 hart;                /* the hart that stopped, or that steps */
	enum pause_why why;      /* while paused */

	void (*on_pause)(void *arg); /* told each time it comes to stand still; NULL: nobody listens */
	void *on_pause_arg;          /* what it is given */
	const char *frozen;          /* why nobody may change the guest's state: "it is recorded"; or NULL */
	char *load_snapshot;         /* main: the next machine comes from this file (malloc'ed), or NULL */
};

/* Stops before the next instruction; the run loop acts on it at once when it is called from a watcher. */
void control_pause(struct control *c, enum pause_why why, u32 hart);

/* The same from within the engine, at an event: the instruction at work is the last one. */
void control_pause_soon(struct control *c, enum pause_why why, u32 hart);

/* To be called by a window or a text interface behind control_continue() or control_step(): it shows by itself where
 * the machine has come to stand still, and the terminal's prompt shall not open then. */
void control_by_front(struct control *c);

/* Lets it run on. */
void control_continue(struct control *c);

/* Runs one instruction of one hart, and pauses. The others stand still, unless the guest is `frozen`: they have their
 * turns then, because whose turn it is belongs to its state. While the hart waits (WFI), time passes. */
void control_step(struct control *c, u32 hart);

#endif
