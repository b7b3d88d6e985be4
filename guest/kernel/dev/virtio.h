/*
 * Virtio over MMIO, and its split queues: what drivers of virtio devices build on. Virtio specification 1.2: 2.7 (split
 * virtqueues), 3.1 (initialisation), 4.2 (MMIO). Only the modern interface (version 2).
 */
#ifndef GUEST_KERNEL_DEV_VIRTIO_H
#define GUEST_KERNEL_DEV_VIRTIO_H

#include "guest/kernel/core/base.h"

#define VIRTIO_SLOTS_MAX 32
#define VIRTIO_ID_BLOCK 2
#define VIRTIO_ID_INPUT 18
#define VIRTIO_CONFIG 0x100ul /* offset of the device's own configuration */

/* A slot with a device in it. */
struct virtio_device {
	u64 base;   /* address of its registers */
	u32 source; /* at the PLIC */
};

/* One piece of memory of a request. */
struct virtio_piece {
	u64 pa;
	u32 size;
	bool device_writes;
};

#define VIRTIO_QUEUE_MAX 128 /* all three rings fit in a frame then */

struct virtio_descriptor;

/* Rings shared with the device. A request is a chain of descriptors and is known by its first one. */
struct virtio_queue {
	struct virtio_device *device;
	unsigned number;
	u16 size;      /* descriptors */
	u16 free;      /* of them that are in no request */
	u16 free_head; /* their chain */
	u16 used_seen; /* what was taken from the used ring so far; free-running */
	struct virtio_descriptor *descriptors;
	volatile u16 *available;      /* flags, index, ring */
	volatile u16 *used;           /* flags, index, then pairs of u32: first descriptor, bytes written */
	void *tags[VIRTIO_QUEUE_MAX]; /* by first descriptor: whose request it is */
};

u32 virtio_read(const struct virtio_device *device, u64 offset);
void virtio_write(const struct virtio_device *device, u64 offset, u32 value);

/* Resets the device and agrees on those of the wanted features (and VERSION_1) that it offers: *features. false: it
 * does not want us. */
bool virtio_start(struct virtio_device *device, u64 wanted, u64 *features) must_check;
/* Memory and registers of a queue. false: out of memory, or the device has no such queue. May sleep. */
bool virtio_queue_init(struct virtio_queue *queue, struct virtio_device *device, unsigned number) must_check;
/* All queues are ready: the device may begin. */
void virtio_started(struct virtio_device *device);

/* Puts a request into the queue (which has room for `count` descriptors) and tells the device. */
void virtio_queue_add(struct virtio_queue *queue, const struct virtio_piece *pieces, unsigned count, void *tag);
/* The tag of a request that the device has finished, whose descriptors are free again; NULL: none. */
void *virtio_queue_take(struct virtio_queue *queue);
/* Why it interrupts; says that it was seen. */
u32 virtio_acknowledge(struct virtio_device *device);

/* virtio_blk.c: makes the device a disk named vda, vdb ... */
void virtio_blk_init(struct virtio_device *device);
/* virtio_input.c: makes it an input device named event0, event1 ... */
void virtio_input_init(struct virtio_device *device);

#endif
