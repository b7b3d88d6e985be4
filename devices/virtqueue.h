/*
 * One split virtqueue, the device's side (virtio 1.2, section 2.7): rings in guest RAM that a driver fills with chains
 * of buffers and that we hand back used. Between devices/virtio.c and devices/virtqueue.c only; a device speaks the
 * language of virtio.h.
 *
 * Nothing read from a ring is trusted. A rule that the driver broke is named by a string (static storage) in the place
 * of a result; the caller then sets DEVICE_NEEDS_RESET.
 */
#ifndef RVEMU_DEVICES_VIRTQUEUE_H
#define RVEMU_DEVICES_VIRTQUEUE_H

#include "devices/virtio.h"

struct virtqueue {
	struct bus *bus; /* where the RAM is */
	u32 size_max;    /* the most entries that the device offers: a power of two */
	u32 size;        /* entries, as the driver wrote it; checked when the queue goes live */
	u64 desc_pa;     /* descriptor table */
	u64 avail_pa;    /* available ring, which the driver writes */
	u64 used_pa;     /* used ring, which we write */
	u8 *desc;        /* host addresses of the three, while the queue is live */
	u8 *avail;
	u8 *used;
	bool live;      /* QueueReady: the fields above are checked and stay as they are */
	bool indirect;  /* VIRTIO_F_INDIRECT_DESC was accepted */
	bool event_idx; /* VIRTIO_F_EVENT_IDX was accepted */
	u16 next_avail; /* the available entry to take next; counts on, modulo 2^16 */
	u16 next_used;  /* the used entry to write next; likewise */
};

/* Makes the queue live with empty rings. NULL, or which rule its size or addresses break. */
const char *virtqueue_start(struct virtqueue *q);

/* Looks up host addresses of a queue whose other fields came out of a snapshot. False: they cannot be right. */
bool virtqueue_resume(struct virtqueue *q) must_check;

/* How many chains wait, as the driver says; more than `size` if it lies. 0 if the queue is not live. */
u32 virtqueue_waiting(const struct virtqueue *q);

/* Reads the next chain, of which at least one must wait, and leaves it there. NULL, or which rule is broken; the chain
 * means nothing then. */
const char *virtqueue_peek(const struct virtqueue *q, struct virtio_chain *chain);

/* Goes on behind the chain that was read, and asks to be notified of the one after it. */
void virtqueue_advance(struct virtqueue *q);

/* Puts a chain into the used ring. True if the driver wants an interrupt. */
bool virtqueue_put(struct virtqueue *q, u16 head, u32 written) must_check;

#endif
