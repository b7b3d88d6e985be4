/*
 * The virtio 9P transport: see virtio_9p.h.
 *
 * A chain is one request and the room for its reply. Both are copied through buffers of our own, so that the answering
 * side sees plain bytes which the guest cannot change under it.
 */
#include "devices/virtio_9p.h"

#include <stdlib.h>
#include <string.h>

/* The config's fields: the tag's length, then its letters. */
#define CONFIG_TAG 2
#define FEATURE_MOUNT_TAG 0

/* The smallest reply, an error; what has no room for it has none for any. */
#define REPLY_MIN 11

#define QUEUE_SIZE 128

struct virtio_9p {
	struct virtio *transport;                  /* registers and queue */
	struct p9_responder responder;             /* who answers */
	u8 config[CONFIG_TAG + VIRTIO_9P_TAG_MAX]; /* the configuration space */
	struct virtio_chain chain;                 /* the request at work */
	u8 request[VIRTIO_9P_MESSAGE_MAX];         /* its bytes */
	u8 reply[VIRTIO_9P_MESSAGE_MAX];           /* those of its reply */
};

/* A turn for each entry of the queue: see virtio_rng.c. A reply may hold what the guest put into a file. */
static void notify(void *device, u32 queue)
{
	struct virtio_9p *p9 = device;
	for (u32 i = 0; i < QUEUE_SIZE && virtio_take(p9->transport, queue, &p9->chain); i++) {
		if (p9->chain.out_size > VIRTIO_9P_MESSAGE_MAX) {
			virtio_break(p9->transport, "a 9P request is larger than 1 MiB");
			return;
		}
		if (p9->chain.in_size < REPLY_MIN) {
			virtio_break(p9->transport, "a 9P request has no room for its reply");
			return;
		}
		u64 room = p9->chain.in_size < sizeof(p9->reply) ? p9->chain.in_size : sizeof(p9->reply);
		u32 size = (u32)virtio_read(&p9->chain, 0, p9->request, p9->chain.out_size);
		u32 answered = p9->responder.answer(p9->responder.arg, p9->request, size, p9->reply, (u32)room);
		BUG_ON(answered > room);
		virtio_write(&p9->chain, 0, p9->reply, answered);
		virtio_give(p9->transport, queue, &p9->chain, answered);
	}
}

static const struct virtio_model MODEL = {
	.name = "virtio-9p",
	.id = VIRTIO_ID_9P,
	.features = BIT(FEATURE_MOUNT_TAG),
	.queue_count = 1,
	.queue_size_max = QUEUE_SIZE,
	.notify = notify,
};

struct virtio_9p *virtio_9p_create(struct bus *bus, u32 slot, struct irq_line irq, const char *tag,
                                   struct p9_responder responder, struct error *err)
{
	size_t length = strlen(tag);
	if (length < 1 || length > VIRTIO_9P_TAG_MAX) {
		error_set(err, "a shared folder's mount tag has 1 to %d letters, not '%s'", VIRTIO_9P_TAG_MAX, tag);
		return NULL;
	}
	struct virtio_9p *p9 = xcalloc(1, sizeof(*p9));
	p9->responder = responder;
	p9->config[0] = (u8)length;
	memcpy(p9->config + CONFIG_TAG, tag, length);
	p9->transport = virtio_create(bus, slot, irq, &MODEL, p9, p9->config, NULL, CONFIG_TAG + (u32)length, err);
	if (!p9->transport) {
		free(p9);
		return NULL;
	}
	return p9;
}

void virtio_9p_destroy(struct virtio_9p *p9)
{
	if (!p9)
		return;
	virtio_destroy(p9->transport);
	free(p9);
}

struct virtio *virtio_9p_transport(struct virtio_9p *p9)
{
	return p9->transport;
}

void virtio_9p_state(struct state *s, struct virtio_9p *p9)
{
	virtio_state(s, p9->transport);
	if (p9->responder.state)
		p9->responder.state(p9->responder.arg, s);
}
