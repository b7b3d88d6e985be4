/*
 * Keys and pointer movements of the user on their way to the guest: a queue that outlives machines. Filled by the
 * display, emptied by emu/inputs.c between two instructions, so that recordings know when.
 */
#ifndef RVEMU_EMU_INPUT_EVENTS_H
#define RVEMU_EMU_INPUT_EVENTS_H

#include "devices/virtio_input.h"

#define INPUT_EVENTS_MAX 1024

enum input_port { INPUT_KEYBOARD, INPUT_POINTER, INPUT_PORTS };

struct input_events {
	struct virtio_input_event all[INPUT_PORTS][INPUT_EVENTS_MAX]; /* rings */
	u32 first[INPUT_PORTS], count[INPUT_PORTS];
};

/* Puts one in. A full queue drops it, but never the release of a key: what was held would stay so. */
void input_events_put(struct input_events *q, enum input_port port, struct virtio_input_event event);

/* The next one. False: none. */
bool input_events_take(struct input_events *q, enum input_port port, struct virtio_input_event *event) must_check;
u32 input_events_count(const struct input_events *q, enum input_port port);

#endif
