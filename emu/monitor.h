/*
 * The monitor: a prompt at which the stopped machine can be asked about. Opened with Ctrl-A c.
 */
#ifndef RVEMU_EMU_MONITOR_H
#define RVEMU_EMU_MONITOR_H

#include "emu/console.h"
#include "emu/machine.h"

/* Reads and answers commands until the guest shall go on (false) or rvemu shall end (true). The terminal is in normal
 * mode. */
bool monitor(struct machine *m, struct console *console);

#endif
