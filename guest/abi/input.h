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
#define EVIOC_TYPE(request) ((request) >> 8 & 0xff)
#define EVIOC_NUMBER(request) ((request)&0xff)
#define EVIOC_SIZE(request) ((request) >> 16 & 0x3fff)
#define EVIOC_LETTER 'E'
#define EVIOCGVERSION_NUMBER 0x01
#define EVIOCGID_NUMBER 0x02
#define EVIOCGREP_NUMBER 0x03
#define EVIOCGNAME_NUMBER 0x06
#define EVIOCGPHYS_NUMBER 0x07
#define EVIOCGUNIQ_NUMBER 0x08
#define EVIOCGPROP_NUMBER 0x09
#define EVIOCGKEY_NUMBER 0x18
#define EVIOCGLED_NUMBER 0x19
#define EVIOCGSW_NUMBER 0x1b
#define EVIOCGBIT_NUMBER 0x20 /* to 0x3f: + type of events */
#define EVIOCGABS_NUMBER 0x40 /* to 0x7f: + axis */
#define EVIOCGRAB_NUMBER 0x90
#define EVIOCSCLOCKID_NUMBER 0xa0

#endif
