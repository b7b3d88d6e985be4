/*
 * Time: see time.h. The time CSR counts at the device tree's timebase-frequency (unprivileged manual, Zicntr); the
 * timer interrupt is asked for by sbi_set_timer. All pending timers are in one list, the earliest first.
 *
 * Whichever hart takes a timer interrupt serves all timers that are due. Who starts a timer that becomes the first sets
 * its own interrupt for it, so no other hart need know. A hart's interrupt is never put off, only advanced: coming too
 * early does no harm.
 */
#include "guest/kernel/core/time.h"

#include "guest/kernel/core/device_tree.h"
#include "guest/kernel/core/riscv.h"
#include "guest/kernel/core/sbi.h"
#include "guest/kernel/mm/frame.h"
#include "guest/kernel/proc/task.h"

#define NEVER (~0ul)
#define RTC_TIME_LOW 0x00 /* goldfish: reading it holds the upper half still */
#define RTC_TIME_HIGH 0x04

/* What each hart has asked for. */
static struct {
	u64 interrupt_ns; /* when its interrupt comes */
	u64 slice_end_ns;
	const struct task *slice_task; /* whose slice it is */
} hart_time[MAX_HARTS];

static struct list timers = { &timers, &timers };
static u64 boot_ticks;
static u64 ns_per_tick;    /* << 32 */
static u64 ticks_per_ns;   /* << 32 */
static u64 real_offset_ns; /* real time at boot */

static u64 scale(u64 value, u64 factor)
{
	return (u64)((unsigned __int128)value * factor >> 32);
}

u64 time_now_ns(void)
{
	return scale(csr_read(time) - boot_ticks, ns_per_tick);
}

u64 time_real_ns(void)
{
	return real_offset_ns + time_now_ns();
}

void time_set_real_ns(u64 ns)
{
	real_offset_ns = ns - time_now_ns();
}

static u64 read_rtc(void)
{
	u64 pa, size;
	if (!device_tree_reg(device_tree_compatible(-1, "google,goldfish-rtc"), 0, &pa, &size))
		return 0;
	volatile u32 *rtc = (volatile u32 *)(DIRECT_MAP + pa);
	u64 low = rtc[RTC_TIME_LOW / 4];
	return (u64)rtc[RTC_TIME_HIGH / 4] << 32 | low;
}

void time_init(void)
{
	u64 frequency = device_tree_number(device_tree_path("/cpus"), "timebase-frequency", 0);
	if (frequency == 0 || frequency > 4 * NS_PER_S)
		panic("the device tree's timebase-frequency is missing or makes no sense: %lu", frequency);
	boot_ticks = csr_read(time);
	ns_per_tick = (u64)(((unsigned __int128)NS_PER_S << 32) / frequency);
	ticks_per_ns = (u64)(((unsigned __int128)frequency << 32) / NS_PER_S);
	time_set_real_ns(read_rtc());
	for (unsigned i = 0; i < MAX_HARTS; i++)
		hart_time[i].interrupt_ns = NEVER;
}

/* When the first timer is due. */
static u64 first_timer_ns(void)
{
	return list_is_empty(&timers) ? NEVER : LIST_ENTRY(timers.next, struct timer, link)->at_ns;
}

static void set_interrupt(unsigned hart, u64 at_ns)
{
	u64 now = time_now_ns();
	hart_time[hart].interrupt_ns = at_ns;
	if (at_ns == NEVER)
		sbi_set_timer(~0ul);
	else
		sbi_set_timer(csr_read(time) + (at_ns > now ? scale(at_ns - now, ticks_per_ns) : 0) + 1);
}

static void advance_interrupt(unsigned hart, u64 at_ns)
{
	if (at_ns < hart_time[hart].interrupt_ns)
		set_interrupt(hart, at_ns);
}

void timer_start(struct timer *timer, u64 at_ns)
{
	timer_cancel(timer);
	timer->at_ns = at_ns;
	timer->pending = true;
	/* From the end: most timers are later than those there are. */
	struct list *before = timers.prev;
	while (before != &timers && LIST_ENTRY(before, struct timer, link)->at_ns > at_ns)
		before = before->prev;
	list_insert(&timer->link, before, before->next);
	if (before == &timers)
		advance_interrupt(current_task->hart->index, at_ns);
}

void timer_cancel(struct timer *timer)
{
	if (!timer->pending)
		return;
	timer->pending = false;
	list_remove(&timer->link);
}

static void run_timers(u64 now)
{
	while (!list_is_empty(&timers)) {
		struct timer *timer = LIST_ENTRY(timers.next, struct timer, link);
		if (timer->at_ns > now)
			return;
		timer_cancel(timer);
		timer->expired(timer);
	}
}

/* The end of the running task's slice, a new one if it has none; NEVER while the hart idles. */
static u64 slice_end(struct hart *hart, u64 now)
{
	unsigned i = hart->index;
	if (hart->running == hart->idle)
		return NEVER;
	if (hart_time[i].slice_task != hart->running || hart_time[i].slice_end_ns <= now) {
		hart_time[i].slice_task = hart->running;
		hart_time[i].slice_end_ns = now + TICK_NS;
	}
	return hart_time[i].slice_end_ns;
}

void time_interrupt(void)
{
	struct hart *hart = current_task->hart;
	u64 now = time_now_ns();
	run_timers(now);
	if (hart->running != hart->idle && hart_time[hart->index].slice_end_ns <= now)
		sched_tick();
	set_interrupt(hart->index, MIN(first_timer_ns(), slice_end(hart, now)));
}

void time_program(void)
{
	struct hart *hart = current_task->hart;
	advance_interrupt(hart->index, MIN(first_timer_ns(), slice_end(hart, time_now_ns())));
}
