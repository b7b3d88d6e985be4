/*
 * The performance counters: mcycle, minstret, mhpmcounter3..31, their events, filters and overflow. What can be counted
 * is in cpu/counters.def. Privileged manual, "Hardware Performance Monitor", "Machine Counter-Inhibit", and "Sscofpmf".
 *
 * Nothing is incremented: a counter that counts is its value when it began plus what its source has grown by since. So
 * counting costs nothing, but for events of kind SEEN. A filter (MINH, SINH, UINH) costs work at each change of mode.
 *
 * Overflow sets OF and raises LCOFI. For STEPS events this is exact to the instruction: an event of the clock is armed
 * for it. For the others, and for cycles where a timing model makes them, it is noticed at most COUNTERS_LATE steps
 * late, and at once when a counter, mhpmevent or scountovf is read. The filter takes an exception, and a return, as the
 * last step of the mode it leaves.
 *
 * Simplification: a counter more than 2^48 steps from its overflow is not watched, until it is read or written.
 */
#ifndef RVEMU_CPU_COUNTERS_H
#define RVEMU_CPU_COUNTERS_H

#include "cpu/hart.h"

/* Counters by number; number 1 is `time`, which is none. */
enum { COUNTER_CYCLE = 0, COUNTER_INSTRET = 2, COUNTER_HPM_FIRST = 3 };

/* mhpmevent3..31 (Sscofpmf). */
#define HPMEVENT_OF BIT(63)
#define HPMEVENT_MINH BIT(62)
#define HPMEVENT_SINH BIT(61)
#define HPMEVENT_UINH BIT(60)
#define HPMEVENT_SELECTOR MASK(56)

/* Selectors: EVENT_CYCLES, ... */
enum counter_event {
	EVENT_NONE = 0,
#define EVENT(id, selector, kind, source) EVENT_##id = (selector),
#include "cpu/counters.def"
#undef EVENT
};

#define COUNTERS_LATE 1024

/* All zero and counting, no events. Also gives h->overflow its callback. */
void counters_reset(struct hart *h);

/* Counter i's value at h->count. */
u64 counters_read(const struct hart *h, u32 i);

/* Writes: from the next step on counter i counts up from value; event i is `value` made legal; the counters in
 * `value` stand still. All three, and counters_switch_mode(), may bring the next event nearer: they set
 * h->mmu.device_touched then. */
void counters_write(struct hart *h, u32 i, u64 value);
void counters_set_event(struct hart *h, u32 i, u64 value);
void counters_set_inhibit(struct hart *h, u64 value);

/* Notices overflows that have happened. */
void counters_sync(struct hart *h);

/* scountovf with all its bits. */
u64 counters_overflowed(const struct hart *h);

/* The mode is now h->priv: to be called only if h->csr.hpm_filtered is not 0, which trap.c asks first. */
void counters_switch_mode(struct hart *h);

/* The hart has woken from WFI with h->overflow_parked. */
void counters_unpark(struct hart *h);

/* True if a counter that is not inhibited counts what only observers see. */
bool counters_need_observer(const struct hart *h);

#endif
