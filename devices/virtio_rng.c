/*
 * The virtio entropy device: see virtio_rng.h. The generator is splitmix64: one word of state that counts, and a hash
 * of it.
 *
 * A request gets at most REQUEST_BYTES_MAX bytes, which section 5.4.6 allows: a driver asks again, and one that offers
 * gigabytes does not keep the machine busy.
 */
#include "devices/virtio_rng.h"

#include <stdlib.h>

#define QUEUE_SIZE 64
#define REQUEST_BYTES_MAX 4096

#define STATE_VERSION 1

struct virtio_rng {
	struct virtio *transport;  /* registers and queue */
	u64 counter;               /* the generator */
	struct virtio_chain chain; /* the request at work */
};

static u64 next_word(struct virtio_rng *rng)
{
	u64 z = rng->counter += 0x9e3779b97f4a7c15;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

/* A turn for each entry of the queue is enough for any driver that keeps the rules, and keeps others from feeding us
 * with what we write. */
static void notify(void *device, u32 queue)
{
	struct virtio_rng *rng = device;
	struct virtio_chain *chain = &rng->chain;
	for (u32 i = 0; i < QUEUE_SIZE && virtio_take(rng->transport, queue, chain); i++) {
		if (chain->out_count || chain->in_size == 0) {
			virtio_break(rng->transport, "a request for entropy is not a buffer to write");
			return;
		}
		u64 words[REQUEST_BYTES_MAX / sizeof(u64)];
		u64 size = chain->in_size < sizeof(words) ? chain->in_size : sizeof(words);
		for (u64 at = 0; at < size; at += sizeof(u64))
			words[at / sizeof(u64)] = next_word(rng);
		virtio_give(rng->transport, queue, chain, (u32)virtio_write(chain, 0, words, size));
	}
}

static const struct virtio_model rng_model = {
	.name = "virtio-rng",
	.id = VIRTIO_ID_RNG,
	.queue_count = 1,
	.queue_size_max = QUEUE_SIZE,
	.notify = notify,
};

struct virtio_rng *virtio_rng_create(struct bus *bus, u32 slot, struct irq_line irq, u64 seed, struct error *err)
{
	struct virtio_rng *rng = xcalloc(1, sizeof(*rng));
	rng->counter = seed;
	rng->transport = virtio_create(bus, slot, irq, &rng_model, rng, NULL, NULL, 0, err);
	if (!rng->transport) {
		free(rng);
		return NULL;
	}
	return rng;
}

void virtio_rng_destroy(struct virtio_rng *rng)
{
	if (!rng)
		return;
	virtio_destroy(rng->transport);
	free(rng);
}

struct virtio *virtio_rng_transport(struct virtio_rng *rng)
{
	return rng->transport;
}

void virtio_rng_state(struct state *s, struct virtio_rng *rng)
{
	state_section(s, "virtio-rng generator", STATE_VERSION);
	state_u64(s, &rng->counter);
	virtio_state(s, rng->transport);
}
