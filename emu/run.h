/*
 * The outer loop: gives each hart its turns, moves guest time, delivers events and input, holds the machine when
 * somebody wants to look at it, and says how it ended.
 */
#ifndef RVEMU_EMU_RUN_H
#define RVEMU_EMU_RUN_H

#include "emu/console.h"
#include "emu/control.h"
#include "emu/host_io.h"
#include "emu/machine.h"

struct backends;
struct journal;
struct monitor;

enum run_end {
	RUN_STOPPED,  /* the guest ended itself: machine.stop says how */
	RUN_LIMIT,    /* --max-insns */
	RUN_WEDGED,   /* every hart that runs only traps */
	RUN_ASLEEP,   /* every hart waits for an interrupt, and none can come */
	RUN_QUIT,     /* the user had enough */
	RUN_RESET,    /* the user wants the guest to start again: control.reset */
	RUN_DIVERGED, /* what is replayed does not happen as it was recorded: a line has said so */
};

/* What lies around a machine and outlives it. All zero: no input, nobody watches, idle time is skipped. */
struct outside {
	struct console *console;     /* the terminal, or NULL */
	struct host_io *io;          /* all that is waited for on the host; NULL: nothing */
	struct control *control;     /* who may hold the machine; NULL: nobody. Needs `io` */
	struct monitor *monitor;     /* what Ctrl-A c opens, or NULL */
	struct backends *backends;   /* what is behind virtio devices, or NULL */
	struct input_events *events; /* keys and pointer, or NULL */
	struct journal *journal;     /* input is recorded to it or comes from it, or NULL */
	bool real_time;              /* idle time is waited out, not skipped: a person or a network is there */
};

/* Runs the machine until it ends. `outside` may be NULL. For RUN_WEDGED and RUN_ASLEEP a line on stderr says where and
 * why. */
enum run_end run_machine(struct machine *m, const struct outside *outside);

#endif
