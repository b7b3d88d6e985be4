/*
 * gdb's remote protocol: `target remote :1234` from gdb-multiarch, or from whatever else speaks it (lldb, IDEs).
 *
 * Harts are threads (hart 0 is thread 1), all registers and CSRs are there by a target description, and breakpoints and
 * watchpoints are those of cpu/debug.h: nothing is patched into the guest's memory. While a debugger is connected,
 * control.on_pause is the stub's. Connecting stops the guest; when the debugger goes, its points go and the guest runs
 * on.
 *
 * Memory is what the selected hart's loads would see in its mode (MPRV aside), and what they would see without U, R, A
 * and D in the way; with Qqemu.PhyMemMode:1 it is physical. As on QEMU, a device that is read or written does what it
 * does for the guest. Not here: reverse execution, tracepoints, files, non-stop mode, starting programs.
 */
#ifndef RVEMU_EMU_GDBSTUB_H
#define RVEMU_EMU_GDBSTUB_H

#include <stdio.h>

#include "emu/control.h"
#include "emu/host_io.h"

struct gdbstub;

/* What the stub asks of others. */
struct gdbstub_hooks {
	/* Carries out a line of gdb's `monitor` command, and writes the answer to `out`. Returns enum monitor_result,
	 * which says no more than struct control does then. May be NULL. */
	u32 (*monitor)(void *arg, const char *line, FILE *out);
	void *arg; /* what it is given */
};

/*
 * Listens at "tcp::PORT", "tcp:HOST:PORT" (without a host: 127.0.0.1) or "unix:PATH", and serves one debugger at a
 * time from `io`. control and io must outlive it. NULL: see err.
 */
struct gdbstub *gdbstub_create(const char *address, struct control *control, struct host_io *io,
                               const struct gdbstub_hooks *hooks, struct error *err);

/* Closes it; a debugger that is connected is let go. NULL is allowed. */
void gdbstub_destroy(struct gdbstub *g);

/* The guest ended with this exit status (0..255): tells the debugger, if one waits for the guest to stop. */
void gdbstub_exited(struct gdbstub *g, u32 status);

/* Is a debugger connected? */
bool gdbstub_is_attached(const struct gdbstub *g);

/* Serves a connection that is open already, as if it had just been accepted: for tests. The stub closes it. */
void gdbstub_attach(struct gdbstub *g, int fd);

#endif
