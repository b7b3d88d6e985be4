/*
 * Events on their way to the guest: see input_events.h.
 *
 * Room for the release of every key that is held is kept free, with an EV_SYN behind each: presses and movements are
 * dropped before that is touched, and a second EV_SYN in a row is none.
 */
#include "emu/input_events.h"

static struct virtio_input_event *at(struct input_events *q, enum input_port port, u32 n)
{
	return &q->all[port][(q->first[port] + n) % INPUT_EVENTS_MAX];
}

static bool is_movement(u16 type)
{
	return type == EV_REL || type == EV_ABS;
}

/* Adds a movement to the last row, if that is whole and has nothing but such movements. False: it must be put in. */
static bool merge(struct input_events *q, enum input_port port, const struct virtio_input_event *event)
{
	u32 n = q->count[port];
	struct virtio_input_event *same = NULL;
	if (!is_movement(event->type) || n == 0 || at(q, port, n - 1)->type != EV_SYN)
		return false;
	for (n--; n > 0 && at(q, port, n - 1)->type != EV_SYN; n--) {
		struct virtio_input_event *old = at(q, port, n - 1);
		if (old->type != event->type)
			return false;
		if (old->code == event->code)
			same = old;
	}
	if (same && event->type == EV_ABS)
		same->value = event->value;
	else if (same)
		same->value = (s32)((u32)same->value + (u32)event->value);
	return same != NULL;
}

/* Notes whether the key is held from now on. False: the event is dropped. */
static bool take_key(struct input_events *q, enum input_port port, const struct virtio_input_event *event)
{
	if (event->code >= KEY_CNT)
		return false;
	bool *held = &q->held[port][event->code];
	u32 reserved = 2 * (q->held_count[port] + !*held);
	if (event->value && q->count[port] + 2 + reserved > INPUT_EVENTS_MAX)
		return false;
	if (!event->value && !*held)
		return false;
	if (event->value && !*held)
		q->held_count[port]++;
	if (!event->value)
		q->held_count[port]--;
	*held = event->value != 0;
	return true;
}

void input_events_put(struct input_events *q, enum input_port port, struct virtio_input_event event)
{
	u32 n = q->count[port];
	if (merge(q, port, &event))
		return;
	if (event.type == EV_KEY && !take_key(q, port, &event))
		return;
	if (event.type == EV_SYN && (n == 0 || at(q, port, n - 1)->type == EV_SYN))
		return;
	/* One more, and its EV_SYN. */
	if (event.type != EV_KEY && event.type != EV_SYN && n + 2 + 2 * q->held_count[port] > INPUT_EVENTS_MAX)
		return;
	BUG_ON(n == INPUT_EVENTS_MAX);
	q->count[port]++;
	*at(q, port, n) = event;
}

bool input_events_take(struct input_events *q, enum input_port port, struct virtio_input_event *event)
{
	if (q->count[port] == 0)
		return false;
	*event = *at(q, port, 0);
	q->first[port] = (q->first[port] + 1) % INPUT_EVENTS_MAX;
	q->count[port]--;
	return true;
}

u32 input_events_count(const struct input_events *q, enum input_port port)
{
	return q->count[port];
}

u32 input_events_row(const struct input_events *q, enum input_port port)
{
	for (u32 n = 0; n < q->count[port]; n++)
		if (q->all[port][(q->first[port] + n) % INPUT_EVENTS_MAX].type == EV_SYN)
			return n + 1;
	return 0;
}

void input_events_drop(struct input_events *q, enum input_port port)
{
	q->count[port] = 0;
}

void input_events_resize(struct input_events *q, u32 width, u32 height)
{
	bool wish = width && height;
	q->width = !wish ? 0 : width < VIRTIO_GPU_SIDE_MAX ? width : VIRTIO_GPU_SIDE_MAX;
	q->height = !wish ? 0 : height < VIRTIO_GPU_SIDE_MAX ? height : VIRTIO_GPU_SIDE_MAX;
}
