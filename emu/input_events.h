/*
 * Keys and pointer movements of the user on their way to the guest: a queue that outlives machines. Filled by the
 * display, emptied by emu/inputs.c between two instructions, so that recordings know when. The machine's thread only.
 */
#ifndef RVEMU_EMU_INPUT_EVENTS_H
#define RVEMU_EMU_INPUT_EVENTS_H

#include <linux/input-event-codes.h>

#include "devices/virtio_gpu.h"
#include "devices/virtio_input.h"

#define INPUT_EVENTS_MAX 1024

enum input_port { INPUT_KEYBOARD, INPUT_POINTER, INPUT_PORTS };

/* Zeroed it is empty. */
struct input_events {
	struct virtio_input_event all[INPUT_PORTS][INPUT_EVENTS_MAX]; /* rings */
	u32 first[INPUT_PORTS], count[INPUT_PORTS];
	bool held[INPUT_PORTS][KEY_CNT]; /* by key or button: its press was taken, its release has not come */
	u32 held_count[INPUT_PORTS];     /* how many are */
	u32 width, height;               /* the display's size that is wanted of the GPU; 0: no wish */
};

/* Puts one in. A full queue drops it, but never the release of a key whose press was taken: what was held would stay
 * so. Movements that wait are made one. */
void input_events_put(struct input_events *q, enum input_port port, struct virtio_input_event event);

/* The next one. False: none. */
bool input_events_take(struct input_events *q, enum input_port port, struct virtio_input_event *event) must_check;
u32 input_events_count(const struct input_events *q, enum input_port port);

/* How many events there are up to the first EV_SYN, with it. 0: no such row is whole yet. */
u32 input_events_row(const struct input_events *q, enum input_port port);

/* Forgets those that wait: nobody is there to take them. */
void input_events_drop(struct input_events *q, enum input_port port);

/* The user made the window so large, and wants the guest's display to be; at most VIRTIO_GPU_SIDE_MAX. 0: no wish. */
void input_events_resize(struct input_events *q, u32 width, u32 height);

#endif
