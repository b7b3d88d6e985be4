/*
 * The virtio network device (virtio 1.2, section 5.1): one receive and one transmit queue of Ethernet frames.
 *
 * Frames go to and come from whoever is behind net_port (emu/net_user.c: the user network), in this process: no frame
 * is damaged on the way. So the guest need not verify checksums of what it receives (GUEST_CSUM), may leave those of
 * what it sends to this device (CSUM), and may send a TCP segment as large as IP allows in one frame (HOST_TSO), which
 * is handed on uncut. The link is always up. Not here: cutting large segments for a port that cannot take them, control
 * queue, several queue pairs.
 */
#ifndef RVEMU_DEVICES_VIRTIO_NET_H
#define RVEMU_DEVICES_VIRTIO_NET_H

#include "devices/virtio.h"
#include "emu/base/clock.h"

#define NET_FRAME_MIN 14    /* bytes: the Ethernet header */
#define NET_FRAME_MAX 65550 /* bytes, with Ethernet header */

/* Who takes the guest's frames: whole ones of NET_FRAME_MIN..NET_FRAME_MAX bytes, checksums filled in. A TCP segment
 * may be larger than the 1500 bytes of a real wire. */
struct net_port {
	void (*send)(void *arg, const u8 *frame, u32 size); /* a frame leaves the guest; NULL: frames are dropped */
	void (*room)(void *arg);                            /* the guest has room for frames again; may be NULL */
	void *arg;                                          /* what they are given */
};

struct virtio_net;

/* Puts a network card with that address into virtio slot `slot`. NULL: see err. */
struct virtio_net *virtio_net_create(struct bus *bus, u32 slot, struct irq_line irq, const u8 mac[6],
                                     struct net_port port, struct error *err);
void virtio_net_destroy(struct virtio_net *net);

/* True if the guest has a buffer for the next frame. */
bool virtio_net_can_receive(struct virtio_net *net);

/* A frame arrives; its checksums are right. Without a buffer, or with too few or too small ones, it is lost, as on a
 * real wire. */
void virtio_net_receive(struct virtio_net *net, const u8 *frame, u32 size);

struct virtio *virtio_net_transport(struct virtio_net *net);
void virtio_net_state(struct state *s, struct virtio_net *net);

#endif
