/*
 * Input devices: keyboard, mouse, tablet. What they say goes to programs that read /dev/input/eventN, and keys to the
 * virtual terminals (screen/vt_keys.c). input.c is the files, virtio_input.c the driver.
 */
#ifndef GUEST_KERNEL_DEV_INPUT_H
#define GUEST_KERNEL_DEV_INPUT_H

#include "guest/kernel/core/lock.h"

#define INPUT_KEYS_SIZE 96 /* bytes of a bitmap of all keys */
#define INPUT_NAME_SIZE 64

struct input_device {
	char name[INPUT_NAME_SIZE];
	unsigned number;           /* N of eventN */
	bool grabbed;              /* one reader has it for itself (EVIOCGRAB): the terminals get no keys */
	u8 keys[INPUT_KEYS_SIZE];  /* bit: the key is down now */
	struct list readers;       /* who has it open: input.c's */
	struct wait_queue waiting; /* readers for events */
	/* What the device says about itself (virtio 1.2, 5.8.2): up to `size` bytes of `select` and `subselect`; their
	 * number. */
	u32 (*describe)(struct input_device *device, u8 select, u8 subselect, u8 *to, u32 size);
};

enum input_select {
	INPUT_NAME = 1,
	INPUT_SERIAL = 2,
	INPUT_IDS = 3,
	INPUT_PROPERTIES = 0x10,
	INPUT_BITS = 0x11,
	INPUT_AXIS = 0x12
};

/* Makes /dev/input/eventN of it; at boot only. false: there are too many. */
bool input_register(struct input_device *device) must_check;
/* It sent an event. Does not sleep. */
void input_event(struct input_device *device, u16 type, u16 code, i32 value);

#endif
