/*
 * Virtio input devices: see virtio_input.h. Section numbers are virtio 1.2's. Queue 0 has buffers of 8 bytes, one for
 * each event that is sent; in queue 1 the driver lights LEDs.
 *
 * What the three kinds say of themselves is what QEMU's virtio-keyboard, -mouse and -tablet say, name and version
 * apart: the guest's drivers see the same devices. Auto-repeat is the guest's: a keyboard sends "down" once.
 */
#include "devices/virtio_input.h"

#include <linux/input-event-codes.h>
#include <stdlib.h>
#include <string.h>

#define QUEUE_EVENTS 0
#define QUEUE_STATUS 1
#define QUEUES 2
#define QUEUE_SIZE 64

#define STATE_VERSION 1

/* 5.8.4: what the driver may select. There are no serial numbers and no properties. */
enum select {
	CFG_ID_NAME = 0x01,
	CFG_ID_DEVIDS = 0x03,
	CFG_EV_BITS = 0x11,
	CFG_ABS_INFO = 0x12,
};

#define BUS_VIRTUAL 0x06 /* of linux/input.h */
#define VENDOR 0x0627    /* QEMU's */
#define PAYLOAD_MAX 128

/* 5.8.4: struct virtio_input_config */
struct config_space {
	u8 select; /* enum select */
	u8 subsel; /* which axis, which type of event */
	u8 size;   /* bytes of payload; 0: there is no such thing */
	u8 reserved[5];
	u8 payload[PAYLOAD_MAX];
};
_Static_assert(sizeof(struct config_space) == 136, "virtio 1.2, 5.8.4");
static const u8 config_writable[sizeof(struct config_space)] = { 1, 1 };

_Static_assert(sizeof(struct virtio_input_event) == 8, "virtio 1.2, 5.8.6: events go out as they are");

struct virtio_input {
	struct virtio *transport;    /* registers and queues */
	enum virtio_input_kind kind; /* what it is */
	struct config_space config;  /* as the driver sees it */
	u32 leds;                    /* lit: bit LED_... */
	struct virtio_chain chain;   /* the request at work */
};

/* --- what it says of itself --- */

/* Keys from first to last. */
struct keys {
	u16 first, last;
};

/* A PC's keyboard with the keys of notebooks and multimedia: those that QEMU's has. */
static const struct keys keyboard_keys[] = {
	{ KEY_ESC, KEY_KPDOT },        { KEY_102ND, KEY_RO },        { KEY_HIRAGANA, KEY_MUHENKAN },
	{ KEY_KPENTER, KEY_LINEFEED }, { KEY_HOME, KEY_DELETE },     { KEY_MUTE, KEY_KPEQUAL },
	{ KEY_PAUSE, KEY_PAUSE },      { KEY_KPCOMMA, KEY_CALC },    { KEY_SLEEP, KEY_WAKEUP },
	{ KEY_MAIL, KEY_FORWARD },     { KEY_NEXTSONG, KEY_STOPCD }, { KEY_HOMEPAGE, KEY_REFRESH },
	{ KEY_MEDIA, KEY_MEDIA },
};
static const struct keys pointer_keys[] = {
	{ BTN_LEFT, BTN_EXTRA },
	{ BTN_GEAR_DOWN, BTN_GEAR_UP },
};

static void set_bit(struct config_space *c, u32 bit)
{
	c->payload[bit / 8] |= (u8)(1 << bit % 8);
	if (c->size < bit / 8 + 1)
		c->size = (u8)(bit / 8 + 1);
}

static void set_keys(struct config_space *c, const struct keys *keys, u32 count)
{
	for (u32 i = 0; i < count; i++)
		for (u32 key = keys[i].first; key <= keys[i].last; key++)
			set_bit(c, key);
}

static void keyboard_bits(struct config_space *c)
{
	switch (c->subsel) {
	case EV_KEY:
		set_keys(c, keyboard_keys, ARRAY_SIZE(keyboard_keys));
		break;
	case EV_REP:
		c->size = 1; /* the guest repeats; of delays the device knows nothing */
		break;
	case EV_LED:
		set_bit(c, LED_NUML);
		set_bit(c, LED_CAPSL);
		set_bit(c, LED_SCROLLL);
		break;
	default:
		break;
	}
}

static void pointer_bits(struct config_space *c, bool is_tablet)
{
	switch (c->subsel) {
	case EV_KEY:
		set_keys(c, pointer_keys, ARRAY_SIZE(pointer_keys));
		break;
	case EV_REL:
		if (!is_tablet) {
			set_bit(c, REL_X);
			set_bit(c, REL_Y);
		}
		set_bit(c, REL_WHEEL);
		break;
	case EV_ABS:
		if (is_tablet) {
			set_bit(c, ABS_X);
			set_bit(c, ABS_Y);
		}
		break;
	default:
		break;
	}
}

static void put(struct config_space *c, const void *from, size_t size)
{
	memcpy(c->payload, from, size);
	c->size = (u8)size;
}

/* 5.8.5: what is selected appears, or size 0. */
static void fill_config(struct virtio_input *input)
{
	static const char *const names[] = { "rvemu keyboard", "rvemu mouse", "rvemu tablet" };
	struct config_space *c = &input->config;
	const u16 ids[] = { BUS_VIRTUAL, VENDOR, (u16)(input->kind + 1), input->kind == VIRTIO_INPUT_KEYBOARD ? 1 : 2 };
	const u32 axis[] = { 0, VIRTIO_INPUT_ABS_MAX, 0, 0, 0 }; /* least, most, fuzz, flat, resolution */
	bool is_tablet = input->kind == VIRTIO_INPUT_TABLET;
	c->size = 0;
	memset(c->payload, 0, sizeof(c->payload));
	if (c->select == CFG_ID_NAME && c->subsel == 0)
		put(c, names[input->kind], strlen(names[input->kind]));
	else if (c->select == CFG_ID_DEVIDS && c->subsel == 0)
		put(c, ids, sizeof(ids));
	else if (c->select == CFG_EV_BITS && input->kind == VIRTIO_INPUT_KEYBOARD)
		keyboard_bits(c);
	else if (c->select == CFG_EV_BITS)
		pointer_bits(c, is_tablet);
	else if (c->select == CFG_ABS_INFO && is_tablet && c->subsel <= ABS_Y)
		put(c, axis, sizeof(axis));
}

static void config_changed(void *device, u32 offset, u32 size)
{
	(void)offset;
	(void)size;
	fill_config(device);
}

/* --- queues --- */

/* What the driver wants to be lit. Anything else that it says is of no interest. */
static void take_status(struct virtio_input *input, const struct virtio_input_event *event)
{
	if (event->type != EV_LED || event->code > LED_MAX || input->kind != VIRTIO_INPUT_KEYBOARD)
		return;
	u32 bit = (u32)BIT(event->code);
	input->leds = event->value ? input->leds | bit : input->leds & ~bit;
}

static void notify(void *device, u32 queue)
{
	struct virtio_input *input = device;
	struct virtio_chain *chain = &input->chain;
	struct virtio_input_event event;
	if (queue != QUEUE_STATUS)
		return;
	for (u32 n = 0; n < QUEUE_SIZE && virtio_take(input->transport, queue, chain); n++) {
		if (virtio_read(chain, 0, &event, sizeof(event)) == sizeof(event))
			take_status(input, &event);
		virtio_give(input->transport, queue, chain, 0);
	}
}

static void reset(void *device)
{
	struct virtio_input *input = device;
	input->leds = 0;
}

u32 virtio_input_room(struct virtio_input *input)
{
	return virtio_waiting(input->transport, QUEUE_EVENTS);
}

void virtio_input_receive(struct virtio_input *input, struct virtio_input_event event)
{
	struct virtio_chain *chain = &input->chain;
	if (!virtio_take(input->transport, QUEUE_EVENTS, chain))
		return;
	if (chain->in_size < sizeof(event)) {
		virtio_break(input->transport, "a buffer for an event is too small");
		return;
	}
	virtio_write(chain, 0, &event, sizeof(event));
	virtio_give(input->transport, QUEUE_EVENTS, chain, sizeof(event));
}

u32 virtio_input_leds(const struct virtio_input *input)
{
	return input->leds;
}

/* --- making, ending, snapshots --- */

static const struct virtio_model input_model = {
	.name = "virtio-input",
	.id = VIRTIO_ID_INPUT,
	.queue_count = QUEUES,
	.queue_size_max = QUEUE_SIZE,
	.reset = reset,
	.notify = notify,
	.config_changed = config_changed,
};

struct virtio_input *virtio_input_create(struct bus *bus, u32 slot, struct irq_line irq, enum virtio_input_kind kind,
                                         struct error *err)
{
	struct virtio_input *input = xcalloc(1, sizeof(*input));
	input->kind = kind;
	input->transport = virtio_create(bus, slot, irq, &input_model, input, (u8 *)&input->config, config_writable,
	                                 sizeof(input->config), err);
	if (!input->transport) {
		free(input);
		return NULL;
	}
	return input;
}

void virtio_input_destroy(struct virtio_input *input)
{
	if (!input)
		return;
	virtio_destroy(input->transport);
	free(input);
}

struct virtio *virtio_input_transport(struct virtio_input *input)
{
	return input->transport;
}

void virtio_input_state(struct state *s, struct virtio_input *input)
{
	state_section(s, "virtio-input", STATE_VERSION);
	state_same(s, input->kind, "kind of input device");
	virtio_state(s, input->transport);
	state_u8(s, &input->config.select);
	state_u8(s, &input->config.subsel);
	fill_config(input);
	state_u32(s, &input->leds);
}
