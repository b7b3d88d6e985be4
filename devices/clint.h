/*
 * The core-local interruptor: machine time, and one timer and one software interrupt for each hart. Registers as on
 * SiFive's CLINT and QEMU's virt board:
 *
 *     0x0000 + 4 * hart   msip      bit 0 drives the hart's machine software interrupt     4-byte accesses
 *     0x4000 + 8 * hart   mtimecmp  MTIP is high while mtime >= mtimecmp                   4 (either half) or 8
 *     0xbff8              mtime     10 MHz; writable                                       4 (either half) or 8
 *
 * Places between them read as zero and ignore writes; other sizes, and everything from 0xc000 on, are access faults.
 * After reset mtime is 0 and each mtimecmp all ones (the manual leaves it open), so that no timer is pending.
 *
 * mtime is derived from guest time whenever somebody asks; nothing ticks. Sstc's stimecmp is not here: it belongs to
 * the hart, which arms its own event with clint_ns_of_mtime() and asks to be told when mtime is set.
 */
#ifndef RVEMU_DEVICES_CLINT_H
#define RVEMU_DEVICES_CLINT_H

#include "devices/bus.h"
#include "devices/irq.h"
#include "emu/base/clock.h"

#define CLINT_HARTS_MAX 64

struct clint;
struct state;

/* One hart's share. The machine connects the two lines (set, arg, number) before the guest runs. */
struct clint_hart {
	struct irq_line msip;             /* machine software interrupt */
	struct irq_line mtip;             /* machine timer interrupt */
	u64 mtimecmp;                     /* mtip is high from this mtime on */
	struct event due;                 /* fires when mtime reaches mtimecmp; armed only while mtip is low */
	struct clint *clint;              /* the way back from `due` */
	void (*mtime_changed)(void *arg); /* mtime was written: a stimecmp event must be armed anew; or NULL */
	void *mtime_changed_arg;          /* what it is given */
};

struct clint {
	struct clock *clock;                      /* guest time */
	u64 offset;                               /* mtime minus guest time in ticks, modulo 2^64 */
	u32 hart_count;                           /* how many of `harts` exist */
	struct clint_hart harts[CLINT_HARTS_MAX]; /* by hart id */
};

/* Makes a CLINT for harts 0..hart_count-1 (1..64) at base. NULL: the bus refused it, see err. */
struct clint *clint_create(struct bus *bus, struct clock *clock, u64 base, u32 hart_count, struct error *err);
void clint_destroy(struct clint *clint);

/* mtime at guest time now_ns, which may differ from the clock's: a hart reads `time` at its own exact instant. */
u64 clint_mtime(const struct clint *clint, u64 now_ns);

/*
 * The guest time at which mtime reaches `mtime`: the clock's now if it has already, CLOCK_NEVER if that is further away
 * than guest time can tell. Holds until mtime is written (see mtime_changed).
 */
u64 clint_ns_of_mtime(const struct clint *clint, u64 mtime);

/* Saves or restores mtime and every hart's timer and software interrupt. */
void clint_state(struct state *s, struct clint *clint);

#endif
