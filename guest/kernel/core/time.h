/*
 * Time: the time CSR as nanoseconds, the real-time clock's offset, and timers.
 */
#ifndef GUEST_KERNEL_CORE_TIME_H
#define GUEST_KERNEL_CORE_TIME_H

#include "guest/kernel/core/base.h"

#define NS_PER_S 1000000000ul
#define TICK_NS 10000000ul /* a time slice, and what /proc counts in: USER_HZ 100 */

/* Reads the time base's frequency from the device tree and the clock of day from the goldfish RTC, if there is one. */
void time_init(void);

/* Nanoseconds since boot; never goes back. */
u64 time_now_ns(void);

/* Nanoseconds since 1970, UTC. */
u64 time_real_ns(void);
void time_set_real_ns(u64 ns);

/* A function to be called at a time. The caller owns the memory; timer_cancel before it is freed. */
struct timer {
	struct list link; /* in the list of pending ones, by time */
	u64 at_ns;        /* when, in time_now_ns() */
	void (*expired)(
		struct timer *timer); /* called once, with the kernel lock, from the timer interrupt; must not sleep */
	bool pending;
};

void timer_start(struct timer *timer, u64 at_ns);
void timer_cancel(struct timer *timer);

/* The timer interrupt of this hart: runs what is due, charges the running task a tick, sets the next interrupt. */
void time_interrupt(void);

/* Called by the scheduler when a task begins to run on this hart, or the hart idles: sees to it that an interrupt comes
 * at the end of the task's slice, or for the first timer. Any hart serves any timer. */
void time_program(void);

#endif
