/*
 * The virtio console: see virtio_console.h. Queue 0 is what the guest receives, queue 1 what it sends; with no feature
 * offered there is nothing else (section 5.3.2).
 *
 * Every received byte takes a buffer of its own, at once: typing needs no more, and nothing waits here that a snapshot
 * would have to keep. What a guest sends is put out while it notifies.
 */
#include "devices/virtio_console.h"

#include <stdlib.h>

#define QUEUE_RX 0
#define QUEUE_TX 1
#define QUEUES 2
#define QUEUE_SIZE 64

/* The most that a guest may send in one request. Lawful drivers send a few KiB; one that sends gigabytes in a single
 * notification would hold up everything else. */
#define SEND_MAX MIB

#define STATE_VERSION 1

struct virtio_console {
	struct virtio *transport;  /* registers and queues */
	struct byte_sink out;      /* where sent bytes go */
	struct virtio_chain chain; /* the request at work */
};

/* A turn for each entry of the queue: see virtio_rng.c. */
static void notify(void *device, u32 queue)
{
	struct virtio_console *console = device;
	struct virtio_chain *chain = &console->chain;
	if (queue != QUEUE_TX)
		return;
	for (u32 n = 0; n < QUEUE_SIZE && virtio_take(console->transport, queue, chain); n++) {
		if (chain->out_size > SEND_MAX) {
			virtio_break(console->transport, "more than 1 MiB is sent at once");
			return;
		}
		for (u32 i = 0; i < chain->out_count; i++)
			for (u32 at = 0; at < chain->buffers[i].size; at++)
				byte_put(&console->out, chain->buffers[i].host[at]);
		virtio_give(console->transport, queue, chain, 0);
	}
}

static const struct virtio_model console_model = {
	.name = "virtio-console",
	.id = VIRTIO_ID_CONSOLE,
	.queue_count = QUEUES,
	.queue_size_max = QUEUE_SIZE,
	.notify = notify,
};

/* The configuration space has fields for features that are not offered: cols, rows, max_nr_ports, emerg_wr. They read
 * as zero. */
struct virtio_console *virtio_console_create(struct bus *bus, u32 slot, struct irq_line irq, struct byte_sink out,
                                             struct error *err)
{
	struct virtio_console *console = xcalloc(1, sizeof(*console));
	console->out = out;
	console->transport = virtio_create(bus, slot, irq, &console_model, console, NULL, NULL, 0, err);
	if (!console->transport) {
		free(console);
		return NULL;
	}
	return console;
}

void virtio_console_destroy(struct virtio_console *console)
{
	if (!console)
		return;
	virtio_destroy(console->transport);
	free(console);
}

u32 virtio_console_room(struct virtio_console *console)
{
	return virtio_pending(console->transport, QUEUE_RX);
}

void virtio_console_receive(struct virtio_console *console, u8 byte)
{
	struct virtio_chain *chain = &console->chain;
	if (!virtio_console_room(console))
		return;
	if (!virtio_next_in_size(console->transport, QUEUE_RX))
		virtio_break(console->transport, "a buffer to receive into has no room");
	else if (virtio_take(console->transport, QUEUE_RX, chain))
		virtio_give(console->transport, QUEUE_RX, chain, (u32)virtio_write(chain, 0, &byte, 1));
}

struct virtio *virtio_console_transport(struct virtio_console *console)
{
	return console->transport;
}

void virtio_console_state(struct state *s, struct virtio_console *console)
{
	state_section(s, "virtio-console device", STATE_VERSION);
	virtio_state(s, console->transport);
}
