/*
 * Console bytes, events and frames on their way in: see inputs.h, and emu/journal.h for recordings.
 *
 * Keys and pointer come in whole rows, as the guest has room. What comes before a driver is there to take it is lost,
 * as on a machine that is still starting.
 */
#include "emu/inputs.h"

#include <string.h>

/* How often bytes that wait are offered to the guest, in guest time, and how many are brought at once at most. */
#define FEED_NS 10000
#define FEED_MAX 4096

/* Events brought at once at most. What has no room then comes with the next poll of the host. */
#define EVENTS_MAX 256

/* How often a recording notes where the guest is, in guest time: so far off is it, at most, that a replay went its own
 * way before it is noticed, and so much a killed recording lacks. */
#define MARK_NS 100000000

void inputs_init(struct inputs *in, struct machine *m, struct console *console, struct backends *backends,
                 struct input_events *events, struct journal *journal)
{
	*in = (struct inputs){
		.m = m,
		.console = console,
		.backends = backends,
		.events = events,
		.journal = journal,
		.replaying = journal && journal_is_replay(journal),
		.next_feed_ns = CLOCK_NEVER,
		.next_mark_ns = m->clock.now_ns + MARK_NS,
		.replay_ns = CLOCK_NEVER,
	};
	if (in->replaying)
		in->replay_ns = journal_next_ns(journal);
}

u64 inputs_next_ns(const struct inputs *in)
{
	return in->next_feed_ns < in->replay_ns ? in->next_feed_ns : in->replay_ns;
}

bool inputs_are_urgent(const struct inputs *in)
{
	if (!in->backends)
		return false;
	return in->replaying ? backends_diverged(in->backends) : backends_pending(in->backends);
}

bool inputs_pending(const struct inputs *in)
{
	return !in->replaying && in->console && console_pending(in->console);
}

/* What a person types into a replay goes nowhere; the keys behind Ctrl-A still work. */
static void drop_typed(struct inputs *in)
{
	while (in->console && console_pending(in->console))
		console_take(in->console);
	for (u32 port = 0; in->events && port < INPUT_PORTS; port++)
		input_events_drop(in->events, port);
	if (in->events)
		input_events_resize(in->events, 0, 0);
}

static void feed(struct inputs *in)
{
	u8 bytes[FEED_MAX];
	u32 count = 0;
	struct journal_moment at;
	if (in->journal)
		at = journal_moment(in->m);
	while (count < FEED_MAX && console_pending(in->console) && machine_input_room(in->m)) {
		bytes[count] = console_take(in->console);
		machine_input(in->m, bytes[count++]);
	}
	if (in->journal && count)
		journal_put(in->journal, &at, JOURNAL_CONSOLE, 0, bytes, count);
	in->next_feed_ns = console_pending(in->console) ? in->m->clock.now_ns + FEED_NS : CLOCK_NEVER;
}

static struct virtio_input *device_of(const struct inputs *in, u32 port)
{
	return port == INPUT_KEYBOARD ? in->m->slots.keyboard : in->m->slots.pointer;
}

static void feed_events(struct inputs *in, enum input_port port)
{
	struct virtio_input_event events[EVENTS_MAX];
	struct virtio_input *device = device_of(in, port);
	u32 count = 0, row;
	if (!device || !virtio_is_ready(virtio_input_transport(device))) {
		input_events_drop(in->events, port);
		return;
	}
	u32 room = virtio_input_room(device) < EVENTS_MAX ? virtio_input_room(device) : EVENTS_MAX;
	struct journal_moment at = journal_moment(in->m);
	while ((row = input_events_row(in->events, port)) != 0 && row <= room - count)
		for (; row > 0 && input_events_take(in->events, port, &events[count]); row--)
			virtio_input_receive(device, events[count++]);
	if (in->journal && count)
		journal_put(in->journal, &at, JOURNAL_EVENTS, (u8)port, events, count * (u32)sizeof(events[0]));
}

/* The GPU's display gets another size. */
static void resize(struct inputs *in)
{
	const u32 size[2] = { in->events->width, in->events->height };
	input_events_resize(in->events, 0, 0);
	if (!in->m->slots.gpu)
		return;
	if (in->journal) {
		struct journal_moment at = journal_moment(in->m);
		journal_put(in->journal, &at, JOURNAL_SIZE, 0, size, sizeof(size));
	}
	virtio_gpu_resize(in->m->slots.gpu, size[0], size[1]);
}

static void mark(struct inputs *in)
{
	struct journal_moment at = journal_moment(in->m);
	journal_put(in->journal, &at, JOURNAL_MARK, 0, NULL, 0);
	in->next_mark_ns = at.now_ns + MARK_NS;
}

static enum inputs_result damaged(const struct journal_entry *e, const char *what)
{
	log_warn("the recording is damaged: it has %s of %u bytes", what, e->size);
	return INPUTS_DIVERGED;
}

static enum inputs_result replay_events(struct inputs *in, const struct journal_entry *e)
{
	struct virtio_input_event event;
	if (e->port >= INPUT_PORTS || e->size % sizeof(event))
		return damaged(e, "keys");
	struct virtio_input *device = device_of(in, e->port);
	for (u32 i = 0; device && i < e->size; i += sizeof(event)) {
		memcpy(&event, e->bytes + i, sizeof(event));
		virtio_input_receive(device, event);
	}
	return INPUTS_OK;
}

static enum inputs_result replay_size(struct inputs *in, const struct journal_entry *e)
{
	u32 size[2] = { 0 };
	if (e->size == sizeof(size))
		memcpy(size, e->bytes, sizeof(size));
	if (size[0] - 1 >= VIRTIO_GPU_SIDE_MAX || size[1] - 1 >= VIRTIO_GPU_SIDE_MAX)
		return damaged(e, "a display's size");
	if (in->m->slots.gpu)
		virtio_gpu_resize(in->m->slots.gpu, size[0], size[1]);
	return INPUTS_OK;
}

/* One entry of a recording. */
static enum inputs_result replay_entry(struct inputs *in, const struct journal_entry *e)
{
	switch (e->kind) {
	case JOURNAL_CONSOLE:
		for (u32 i = 0; i < e->size; i++)
			machine_input(in->m, e->bytes[i]);
		return INPUTS_OK;
	case JOURNAL_FRAME:
		if (e->size < NET_FRAME_MIN || e->size > NET_FRAME_MAX)
			return damaged(e, "a frame");
		if (in->m->slots.net)
			virtio_net_receive(in->m->slots.net, e->bytes, e->size);
		return INPUTS_OK;
	case JOURNAL_EVENTS:
		return replay_events(in, e);
	case JOURNAL_SIZE:
		return replay_size(in, e);
	case JOURNAL_RESET:
		return INPUTS_RESET;
	default:
		in->recorded_end = e->port;
		return INPUTS_END;
	}
}

static enum inputs_result replay(struct inputs *in)
{
	struct error err;
	enum inputs_result result = INPUTS_OK;
	drop_typed(in);
	while (result == INPUTS_OK) {
		struct journal_entry entry;
		struct journal_moment at = journal_moment(in->m);
		switch (journal_take(in->journal, &at, &entry, &err)) {
		case JOURNAL_NOTHING:
			in->replay_ns = journal_next_ns(in->journal);
			return INPUTS_OK;
		case JOURNAL_TAKEN:
			result = replay_entry(in, &entry);
			break;
		case JOURNAL_DIVERGED:
			log_warn("%s", err.text);
			result = INPUTS_DIVERGED;
			break;
		}
	}
	return result;
}

enum inputs_result inputs_bring(struct inputs *in)
{
	if (in->replaying && in->backends && backends_diverged(in->backends))
		return INPUTS_DIVERGED;
	if (in->replaying)
		return in->m->clock.now_ns >= in->replay_ns ? replay(in) : INPUTS_OK;
	if (in->journal && in->m->clock.now_ns >= in->next_mark_ns)
		mark(in);
	if (in->console && console_pending(in->console))
		feed(in);
	for (u32 port = 0; in->events && port < INPUT_PORTS; port++)
		if (input_events_count(in->events, port))
			feed_events(in, port);
	if (in->events && in->events->width)
		resize(in);
	if (in->backends)
		backends_deliver(in->backends);
	return INPUTS_OK;
}
