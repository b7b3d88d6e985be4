/*
 * Guest time, and the heap of things that happen at a given time.
 *
 * Guest time is counted in nanoseconds and is a function of retired instructions alone (one instruction is one
 * nanosecond), never of the host's clock: that is what makes runs repeatable. emu/run.c is the only one that moves it.
 * Events are ordered by (time, order of arming), so that two runs deliver them in the same order.
 *
 * Not here: host time (emu/console.c waits it out when a person watches).
 */
#ifndef RVEMU_EMU_BASE_CLOCK_H
#define RVEMU_EMU_BASE_CLOCK_H

#include "emu/base/base.h"

struct state;

#define CLOCK_NEVER UINT64_MAX

/* Something that will happen once. The owner embeds it, sets `fire` and `arg` once, and arms it as often as it likes.
 */
struct event {
	u64 when_ns;             /* the time it fires at, while armed */
	u64 sequence;            /* the order of arming: ties are broken by it */
	u32 heap_index;          /* 1-based place in the heap; 0 while not armed */
	void (*fire)(void *arg); /* called once, after the event has left the heap: it may arm itself again */
	void *arg;               /* what `fire` is given */
};

struct clock {
	u64 now_ns;          /* guest time now */
	u64 sequence;        /* how many events were ever armed */
	struct event **heap; /* binary heap, 1-based: heap[1] is next */
	u32 count;           /* armed events */
	u32 capacity;        /* room in `heap` */
};

void clock_init(struct clock *c);
void clock_free(struct clock *c);

/* Arms e to fire when guest time reaches when_ns (a time in the past: at the next clock_run). Re-arming moves it. */
void clock_arm(struct clock *c, struct event *e, u64 when_ns);

/* Arms e as it once was, with the place among events of the same time that it had then. For emu/base/state.c. */
void clock_rearm(struct clock *c, struct event *e, u64 when_ns, u64 sequence);

/* Disarms e; harmless if it is not armed. */
void clock_disarm(struct clock *c, struct event *e);

/* When the next event is due, or CLOCK_NEVER. */
u64 clock_next(const struct clock *c);

/* Moves time forward to now_ns (never back) and fires all that is due, in order. Called by emu/run.c. */
void clock_run(struct clock *c, u64 now_ns);

/* Saves or restores the time, and how many events are armed. These are saved by their owners, with state_event(), and
 * must have been restored before: fails if one is missing or left over. */
void clock_state(struct state *s, struct clock *c);

#endif
