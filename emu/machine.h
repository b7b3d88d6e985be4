/*
 * The machine: everything that one guest sees, put together. Start reading rvemu in machine.c.
 *
 * A machine owns all its parts; nothing is global, so that two of them live in one process. It is built, loaded and
 * reset by machine_create(); a guest that reboots gets a new one made from the same files. emu/run.c makes it go.
 */
#ifndef RVEMU_EMU_MACHINE_H
#define RVEMU_EMU_MACHINE_H

#include "cpu/block.h"
#include "cpu/hart.h"
#include "devices/byte_sink.h"
#include "devices/clint.h"
#include "devices/framebuffer.h"
#include "devices/htif.h"
#include "devices/plic.h"
#include "devices/rtc.h"
#include "devices/stop.h"
#include "devices/syscon.h"
#include "devices/uart.h"
#include "emu/boot.h"
#include "emu/slots.h"

/* Whose turn it is: which hart runs depends on nothing else. Kept by emu/run.c; part of what a snapshot holds. */
struct turns {
	u32 hart;  /* whose turn it is */
	u64 left;  /* steps left of it */
	u64 grace; /* steps it may have on top, to end an LR/SC sequence */
};

struct machine {
	const struct config *config;           /* how it was wanted */
	const struct boot *boot;               /* what it was loaded from */
	struct bus bus;                        /* physical addresses */
	struct clock clock;                    /* guest time */
	struct decoder decoder;                /* instructions of its ISA */
	struct trace trace;                    /* who is told what */
	struct block_cache *blocks;            /* decoded code of all harts */
	struct cost_shared *cache;             /* the second-level cache of all harts, with a timing model; or NULL */
	u32 hart_count;                        /* how many of `harts` exist */
	struct hart *harts[OPTIONS_HARTS_MAX]; /* by hart id */
	struct clint *clint;                   /* timers and inter-hart interrupts */
	struct plic *plic;                     /* external interrupts */
	struct uart *uart;                     /* serial port */
	struct rtc *rtc;                       /* time of day */
	struct syscon *syscon;                 /* power-off and reboot */
	struct slots slots;                    /* virtio devices */
	struct framebuffer *framebuffer;       /* the simple framebuffer, or NULL */
	struct htif *htif;                     /* exit and console through memory; NULL: the guest has no tohost */
	bool in_htif;                          /* it is at work: its own stores are no news to it */
	struct event settled;                  /* the guest has run for a while */
	struct hart *running;                  /* the hart that the engine is at work for, or NULL */
	struct turns turns;                    /* whose turn it is */
	enum machine_stop stop;                /* what the guest asked for */
	u32 stop_code;                         /* its exit status, for STOP_POWEROFF */
};

/* What the machine is connected to outside. */
struct machine_io {
	struct byte_sink out; /* what the guest writes to its console */
	struct trace trace;   /* who is told what; all zero: nobody */
	u64 epoch_ns;         /* what the real-time clock shows at first, nanoseconds since 1970 */
	struct slot_io slots; /* what the virtio devices are connected to */
	struct debug *debug;  /* breakpoints and watchpoints; NULL: none ever */
};

/* Builds it, places and loads what `boot` holds, and resets the harts. config and boot must outlive it. NULL: see err.
 */
struct machine *machine_create(const struct config *config, struct boot *boot, const struct machine_io *io,
                               struct error *err);
void machine_destroy(struct machine *m);

/* Decides where everything goes and makes the device tree, which says what such a machine has: boot->fdt. Part of
 * machine_create(). False: something does not fit into RAM, see err. */
bool machine_describe(const struct config *config, struct boot *boot, struct error *err) must_check;

/* Has the engine come out as soon as the instruction at work is done, or, at a fetch, before it. Nothing if it is not
 * at work. */
void machine_interrupt(struct machine *m);

/* Instructions tried and instructions retired, by all harts. */
u64 machine_steps(const struct machine *m);
u64 machine_instret(const struct machine *m);

/* A hash of all RAM, the same for the same contents. */
u64 machine_ram_hash(struct machine *m);

/* How many bytes of console input the guest takes now, and a byte for it. */
u32 machine_input_room(struct machine *m);
void machine_input(struct machine *m, u8 byte);

#endif
