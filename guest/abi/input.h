/*
 * Input devices as Linux shows them: /dev/input/eventN (Documentation/input/input.rst of Linux). Types and codes of
 * events are virtio's, too (virtio 1.2, section 5.8).
 */
#ifndef GUEST_ABI_INPUT_H
#define GUEST_ABI_INPUT_H

#include "guest/abi/types.h"

struct abi_input_event {
	u64 seconds, microseconds; /* of the clock of day, or as EVIOCSCLOCKID says */
	u16 type, code;
	i32 value;
};
_Static_assert(sizeof(struct abi_input_event) == 24, "struct input_event");

struct abi_input_id {
	u16 bustype, vendor, product, version;
};

/* type */
#define EV_SYN 0x00
#define EV_KEY 0x01
#define EV_REL 0x02
#define EV_ABS 0x03
#define EV_REP 0x14
#define SYN_REPORT 0
#define SYN_DROPPED 3  /* the reader was too slow: events are missing */
#define BTN_MISC 0x100 /* codes of EV_KEY from here on are no keyboard's */

#define EV_VERSION 0x010001
#define BUS_VIRTUAL 0x06

/* An ioctl's number has the size of its argument: requests are told apart by their last byte. */
#define ABI_EVIOC_LETTER 'E'
#define ABI_EVIOCGVERSION 0x01
#define ABI_EVIOCGID 0x02
#define ABI_EVIOCGREP 0x03
#define ABI_EVIOCGNAME 0x06
#define ABI_EVIOCGPHYS 0x07
#define ABI_EVIOCGUNIQ 0x08
#define ABI_EVIOCGPROP 0x09
#define ABI_EVIOCGKEY 0x18
#define ABI_EVIOCGLED 0x19
#define ABI_EVIOCGSW 0x1b
#define ABI_EVIOCGBIT 0x20 /* to 0x3f: + type of events */
#define ABI_EVIOCGABS 0x40 /* to 0x7f: + axis */
#define ABI_EVIOCGRAB 0x90
#define ABI_EVIOCSCLOCKID 0xa0

#endif
