/*
 * The virtio entropy device (virtio 1.2, section 5.4). Its bytes come from a generator with a seed, not from the host,
 * so that runs are repeatable: good for software that wants some, worthless for secrets.
 */
#ifndef RVEMU_DEVICES_VIRTIO_RNG_H
#define RVEMU_DEVICES_VIRTIO_RNG_H

#include "devices/virtio.h"

struct virtio_rng;

/* Puts one into virtio slot `slot`. NULL: see err. */
struct virtio_rng *virtio_rng_create(struct bus *bus, u32 slot, struct irq_line irq, u64 seed, struct error *err);
void virtio_rng_destroy(struct virtio_rng *rng);

struct virtio *virtio_rng_transport(struct virtio_rng *rng);
void virtio_rng_state(struct state *s, struct virtio_rng *rng);

#endif
