/*
 * One use of rvemu: the files it was given, the terminal, network, debugger, traces, and the machines that run one
 * after another as the guest reboots.
 */
#ifndef RVEMU_EMU_SESSION_H
#define RVEMU_EMU_SESSION_H

#include "emu/boot.h"
#include "emu/options.h"

/* Exit statuses of rvemu's own; all others are the guest's. */
enum session_status {
	SESSION_LIMIT = 124,    /* --max-insns was reached */
	SESSION_NO_START = 125, /* bad option, unreadable or malformed file: a line has said so */
	SESSION_STUCK = 126,    /* the guest traps for ever, sleeps for ever, or a replay went another way */
};

/* Runs the guest to its end, as `config` says, and returns the exit status. *signal_number is the signal that asked us
 * to end, or 0. */
int session_run(struct config *config, struct boot *boot, int *signal_number);

#endif
