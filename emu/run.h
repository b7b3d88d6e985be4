/*
 * The outer loop: gives each hart its turns, moves guest time, delivers events and console input, and says how it
 * ended.
 */
#ifndef RVEMU_EMU_RUN_H
#define RVEMU_EMU_RUN_H

#include "emu/console.h"
#include "emu/machine.h"

enum run_end {
	RUN_STOPPED, /* the guest ended itself: machine.stop says how */
	RUN_LIMIT,   /* --max-insns */
	RUN_WEDGED,  /* every hart that runs only traps */
	RUN_ASLEEP,  /* every hart waits for an interrupt, and none can come */
	RUN_QUIT,    /* the user had enough */
};

/* Runs the machine until it ends. `console` may be NULL: no input, nobody watches. For RUN_WEDGED and RUN_ASLEEP a line
 * on stderr says where and why. */
enum run_end run_machine(struct machine *m, struct console *console);

#endif
