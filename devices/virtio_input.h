/*
 * Virtio input devices (virtio 1.2, section 5.8): a keyboard, a mouse or a tablet, which send Linux's input events.
 */
#ifndef RVEMU_DEVICES_VIRTIO_INPUT_H
#define RVEMU_DEVICES_VIRTIO_INPUT_H

#include "devices/virtio.h"

enum virtio_input_kind {
	VIRTIO_INPUT_KEYBOARD, /* EV_KEY of a PC's keyboard, EV_LED */
	VIRTIO_INPUT_MOUSE,    /* REL_X, REL_Y, REL_WHEEL, three buttons */
	VIRTIO_INPUT_TABLET,   /* ABS_X, ABS_Y 0..VIRTIO_INPUT_ABS_MAX, wheel, three buttons */
};

#define VIRTIO_INPUT_ABS_MAX 32767

/* One event, with the numbers of linux/input-event-codes.h. */
struct virtio_input_event {
	u16 type;  /* EV_KEY, EV_REL, EV_ABS, EV_SYN */
	u16 code;  /* KEY_A, REL_X, ... */
	s32 value; /* 1 down, 0 up; movement; place */
};

struct virtio_input;

/* Puts one into virtio slot `slot`. NULL: see err. */
struct virtio_input *virtio_input_create(struct bus *bus, u32 slot, struct irq_line irq, enum virtio_input_kind kind,
                                         struct error *err);
void virtio_input_destroy(struct virtio_input *input);

/* How many events the guest has room for now, and one for it (lost if there is no room). A row of events ends with
 * EV_SYN, which the caller sends. Asking for room changes nothing. */
u32 virtio_input_room(struct virtio_input *input);
void virtio_input_receive(struct virtio_input *input, struct virtio_input_event event);

/* Keyboards: the LEDs that the guest lit: bit LED_NUML, LED_CAPSL, ... */
u32 virtio_input_leds(const struct virtio_input *input);

struct virtio *virtio_input_transport(struct virtio_input *input);
void virtio_input_state(struct state *s, struct virtio_input *input);

#endif
