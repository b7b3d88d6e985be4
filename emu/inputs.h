/*
 * What comes into the machine from outside, between two instructions: bytes typed, keys and pointer, frames from the
 * network, or all of that out of a recording. While recording, everything that passes here is written down.
 */
#ifndef RVEMU_EMU_INPUTS_H
#define RVEMU_EMU_INPUTS_H

#include "emu/backends.h"
#include "emu/console.h"
#include "emu/input_events.h"
#include "emu/journal.h"
#include "emu/machine.h"

struct inputs {
	struct machine *m;           /* whom it is for */
	struct console *console;     /* or NULL */
	struct backends *backends;   /* or NULL */
	struct input_events *events; /* or NULL */
	struct journal *journal;     /* or NULL */
	bool replaying;              /* everything comes out of the journal */
	u64 next_feed_ns;            /* guest time when bytes that wait are offered again; CLOCK_NEVER if none do */
	u64 next_mark_ns;            /* recording: guest time of the next mark */
	u8 recorded_end;             /* with INPUTS_END: enum run_end of the recording's end */
	u64 replay_ns;               /* guest time of the journal's next entry; CLOCK_NEVER if it has no more */
};

/* How it goes on after something came. */
enum inputs_result {
	INPUTS_OK,
	INPUTS_END,      /* replay: the recorded run was ended here, or the recording has no more */
	INPUTS_RESET,    /* replay: its user started the guest again here */
	INPUTS_DIVERGED, /* replay: this run is not the one recorded; a line has said so */
};

/* For one machine's run. All but the machine may be NULL. */
void inputs_init(struct inputs *in, struct machine *m, struct console *console, struct backends *backends,
                 struct input_events *events, struct journal *journal);

/* The guest time at which inputs_bring() must be called again. */
u64 inputs_next_ns(const struct inputs *in);

/* True if inputs_bring() must be called before that time: frames wait, or a replay lacks an answer. */
bool inputs_are_urgent(const struct inputs *in);

/* Brings the guest what is due, as far as it has room. */
enum inputs_result inputs_bring(struct inputs *in) must_check;

/* True if bytes wait for the guest to have room. */
bool inputs_pending(const struct inputs *in);

#endif
