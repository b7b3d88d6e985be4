/*
 * The virtio 9P transport (virtio 1.2, section 5.9 names the type; Linux' net/9p/trans_virtio.c): a folder of the host
 * that the guest mounts with `mount -t 9p -o trans=virtio TAG DIR`. Requests are answered by devices/p9.h.
 */
#ifndef RVEMU_DEVICES_VIRTIO_9P_H
#define RVEMU_DEVICES_VIRTIO_9P_H

#include "devices/virtio.h"

#define VIRTIO_9P_TAG_MAX 32
#define VIRTIO_9P_MESSAGE_MAX (1024 * 1024)

/* Who answers: request bytes in, reply bytes out (at most `room`); returns how many. Every request has a reply. */
struct p9_responder {
	u32 (*answer)(void *arg, const u8 *request, u32 size, u8 *reply, u32 room);
	void (*state)(void *arg, struct state *s); /* saves or restores what it keeps for the guest; NULL: nothing */
	void *arg;                                 /* what both are given */
};

struct virtio_9p;

/* Puts one with that mount tag (1..VIRTIO_9P_TAG_MAX bytes) into virtio slot `slot`. NULL: see err. */
struct virtio_9p *virtio_9p_create(struct bus *bus, u32 slot, struct irq_line irq, const char *tag,
                                   struct p9_responder responder, struct error *err);
void virtio_9p_destroy(struct virtio_9p *p9);

struct virtio *virtio_9p_transport(struct virtio_9p *p9);
void virtio_9p_state(struct state *s, struct virtio_9p *p9);

#endif
