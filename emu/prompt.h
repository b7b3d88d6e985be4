/*
 * The monitor's prompt on the terminal: Ctrl-A c. The guest stands still meanwhile.
 */
#ifndef RVEMU_EMU_PROMPT_H
#define RVEMU_EMU_PROMPT_H

#include "emu/console.h"
#include "emu/control.h"
#include "emu/monitor.h"

/* Reads commands until one lets the guest go on or ends rvemu, or somebody else does that meanwhile (a window, a
 * debugger: the host is looked at through `io`), or input ends (the guest goes on). The console must be suspended. */
void prompt_run(struct console *console, struct monitor *monitor, struct control *control, struct host_io *io);

#endif
