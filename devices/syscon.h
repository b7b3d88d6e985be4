/*
 * The finisher: SiFive's test device, through which a guest ends the run ("sifive,test0", "syscon" in the device tree).
 * One register at offset 0; a store of 2 or 4 bytes acts on its low half:
 *
 *     0x5555               power off, exit status 0
 *     0x3333 | code << 16  power off, exit status code
 *     0x7777               reboot
 *
 * Other values and other offsets are ignored, loads give 0. Accesses of 1 and 8 bytes are access faults.
 */
#ifndef RVEMU_DEVICES_SYSCON_H
#define RVEMU_DEVICES_SYSCON_H

#include "devices/bus.h"
#include "devices/stop.h"

#define SYSCON_POWEROFF 0x5555
#define SYSCON_FAIL 0x3333
#define SYSCON_REBOOT 0x7777

struct syscon;

/* Makes a finisher at base that reports to `listener`. NULL: the bus refused it, see err. */
struct syscon *syscon_create(struct bus *bus, u64 base, struct stop_listener listener, struct error *err);
void syscon_destroy(struct syscon *syscon);

#endif
