/*
 * The real-time clock: Google's goldfish RTC, as on QEMU's virt board. Time is in nanoseconds since 1970, 64 bits in
 * two registers of 32; all accesses are of 4 bytes, others are access faults.
 *
 *     0x00 TIME_LOW         load: the low half, and the high half is latched; store: sets the low half
 *     0x04 TIME_HIGH        load: the latched high half; store: sets the high half; to be written before TIME_LOW
 *     0x08 ALARM_LOW        store: sets the low half and arms the alarm (a time in the past: at once)
 *     0x0c ALARM_HIGH       to be written before ALARM_LOW
 *     0x10 IRQ_ENABLED      bit 0 lets the interrupt out
 *     0x14 CLEAR_ALARM      any store disarms the alarm
 *     0x18 ALARM_STATUS     load: 1 while the alarm is armed
 *     0x1c CLEAR_INTERRUPT  any store takes the interrupt back
 *
 * Everything else reads as zero and ignores stores.
 *
 * It starts at a time given by the machine and advances with guest time, so that a run is repeatable when that time is.
 * Setting TIME_LOW moves an armed alarm along: it still rings when this clock shows its time (QEMU leaves it alone).
 */
#ifndef RVEMU_DEVICES_RTC_H
#define RVEMU_DEVICES_RTC_H

#include "devices/bus.h"
#include "devices/irq.h"
#include "emu/base/clock.h"

struct rtc;
struct state;

/* Makes a clock at base that shows epoch_ns (nanoseconds since 1970) at guest time 0. NULL: the bus refused it. */
struct rtc *rtc_create(struct bus *bus, struct clock *clock, u64 base, struct irq_line irq, u64 epoch_ns,
                       struct error *err);
void rtc_destroy(struct rtc *rtc);

/* Saves or restores the time shown and the alarm. */
void rtc_state(struct state *s, struct rtc *rtc);

#endif
