/*
 * The goldfish real-time clock: see rtc.h for the registers.
 */
#include "devices/rtc.h"

#include <stdlib.h>

#include "devices/memmap.h"
#include "emu/base/state.h"

enum {
	TIME_LOW = 0x00,
	TIME_HIGH = 0x04,
	ALARM_LOW = 0x08,
	ALARM_HIGH = 0x0c,
	IRQ_ENABLED = 0x10,
	CLEAR_ALARM = 0x14,
	ALARM_STATUS = 0x18,
	CLEAR_INTERRUPT = 0x1c,
};

struct rtc {
	struct clock *clock; /* guest time */
	struct irq_line irq; /* out: high while an interrupt is pending and enabled */
	struct event alarm;  /* fires when this clock shows alarm_ns */
	u64 offset_ns;       /* the time shown minus guest time, modulo 2^64 */
	u64 alarm_ns;        /* as written to ALARM_HIGH and ALARM_LOW */
	u32 latched_high;    /* the high half of the time, from the last load of TIME_LOW */
	bool alarm_running;  /* the alarm is armed */
	bool irq_pending;    /* it rang, and nobody cleared the interrupt since */
	bool irq_enabled;    /* as written */
};

static u64 time_shown(const struct rtc *rtc)
{
	return rtc->clock->now_ns + rtc->offset_ns;
}

static void update_irq(struct rtc *rtc)
{
	irq_set(&rtc->irq, rtc->irq_pending && rtc->irq_enabled);
}

static void stop_alarm(struct rtc *rtc)
{
	clock_disarm(rtc->clock, &rtc->alarm);
	rtc->alarm_running = false;
}

static void ring(void *arg)
{
	struct rtc *rtc = arg;
	stop_alarm(rtc);
	rtc->irq_pending = true;
	update_irq(rtc);
}

static void start_alarm(struct rtc *rtc)
{
	u64 shown = time_shown(rtc);
	if (rtc->alarm_ns <= shown) {
		ring(rtc);
		return;
	}
	u64 ns_to_go = rtc->alarm_ns - shown;
	u64 now_ns = rtc->clock->now_ns;
	rtc->alarm_running = true;
	clock_arm(rtc->clock, &rtc->alarm, ns_to_go < CLOCK_NEVER - now_ns ? now_ns + ns_to_go : CLOCK_NEVER);
}

static void set_time(struct rtc *rtc, u64 time)
{
	rtc->offset_ns = time - rtc->clock->now_ns;
}

static u64 with_low(u64 old, u64 low)
{
	return (old & ~MASK(32)) | low;
}

static u64 with_high(u64 old, u64 high)
{
	return high << 32 | (old & MASK(32));
}

static bool load(void *device, u64 offset, u32 size, u64 *value)
{
	struct rtc *rtc = device;
	if (size != 4)
		return false;
	*value = 0;
	switch (offset) {
	case TIME_LOW:
		*value = bits(time_shown(rtc), 31, 0);
		rtc->latched_high = (u32)(time_shown(rtc) >> 32);
		break;
	case TIME_HIGH:
		*value = rtc->latched_high;
		break;
	case ALARM_LOW:
		*value = bits(rtc->alarm_ns, 31, 0);
		break;
	case ALARM_HIGH:
		*value = rtc->alarm_ns >> 32;
		break;
	case IRQ_ENABLED:
		*value = rtc->irq_enabled;
		break;
	case ALARM_STATUS:
		*value = rtc->alarm_running;
		break;
	default:
		break;
	}
	return true;
}

static bool store(void *device, u64 offset, u32 size, u64 value)
{
	struct rtc *rtc = device;
	if (size != 4)
		return false;
	switch (offset) {
	case TIME_LOW:
		set_time(rtc, with_low(time_shown(rtc), value));
		if (rtc->alarm_running)
			start_alarm(rtc);
		break;
	case TIME_HIGH:
		set_time(rtc, with_high(time_shown(rtc), value));
		break;
	case ALARM_LOW:
		rtc->alarm_ns = with_low(rtc->alarm_ns, value);
		start_alarm(rtc);
		break;
	case ALARM_HIGH:
		rtc->alarm_ns = with_high(rtc->alarm_ns, value);
		break;
	case IRQ_ENABLED:
		rtc->irq_enabled = value & 1;
		update_irq(rtc);
		break;
	case CLEAR_ALARM:
		stop_alarm(rtc);
		break;
	case CLEAR_INTERRUPT:
		rtc->irq_pending = false;
		update_irq(rtc);
		break;
	default:
		break;
	}
	return true;
}

static const struct device_ops rtc_ops = { .load = load, .store = store };

struct rtc *rtc_create(struct bus *bus, struct clock *clock, u64 base, struct irq_line irq, u64 epoch_ns,
                       struct error *err)
{
	struct rtc *rtc = xcalloc(1, sizeof(*rtc));
	rtc->clock = clock;
	rtc->irq = irq;
	rtc->offset_ns = epoch_ns;
	rtc->alarm = (struct event){ .fire = ring, .arg = rtc };
	if (!bus_add_device(bus, "rtc", base, MEMMAP_RTC_SIZE, &rtc_ops, rtc, err)) {
		free(rtc);
		return NULL;
	}
	return rtc;
}

void rtc_destroy(struct rtc *rtc)
{
	if (!rtc)
		return;
	clock_disarm(rtc->clock, &rtc->alarm);
	free(rtc);
}

void rtc_state(struct state *s, struct rtc *rtc)
{
	state_section(s, "rtc", 1);
	irq_state(s, &rtc->irq);
	state_event(s, rtc->clock, &rtc->alarm);
	state_u64(s, &rtc->offset_ns);
	state_u64(s, &rtc->alarm_ns);
	state_u32(s, &rtc->latched_high);
	state_bool(s, &rtc->alarm_running);
	state_bool(s, &rtc->irq_pending);
	state_bool(s, &rtc->irq_enabled);
}
