/*
 * Virtio over MMIO: the transport that all virtio devices share, and their virtqueues (virtio 1.2, sections 2.7 split
 * virtqueues, 4.2 virtio over MMIO). One device type is one file, virtio_NAME.c, which describes itself by a struct
 * virtio_model and works on chains of buffers.
 *
 * Modern devices only (version 2; a driver that does not accept VIRTIO_F_VERSION_1 is served all the same). Offered to
 * every driver: indirect descriptors and event indexes. Not offered: packed rings, legacy layout, shared memory.
 *
 * Nothing that a driver writes is trusted: a ring, chain, index, length or address that breaks the rules sets
 * DEVICE_NEEDS_RESET, raises a configuration-change interrupt, and stops the device until it is reset; rvemu says
 * what was wrong, but not for ever. Buffers are RAM or the device is broken.
 *
 * A device takes a chain and gives it back within one call: none is held while guest time passes, so that a snapshot
 * has none to keep. What a request's duration is modelled with is an event between notify and taking the chain.
 */
#ifndef RVEMU_DEVICES_VIRTIO_H
#define RVEMU_DEVICES_VIRTIO_H

#include "devices/bus.h"
#include "devices/irq.h"
#include "emu/base/state.h"

#define VIRTIO_QUEUES_MAX 4
#define VIRTIO_QUEUE_SIZE_MAX 1024
#define VIRTIO_CONFIG_MAX 256

/* Device types: virtio 1.2, chapter 5. */
enum virtio_id {
	VIRTIO_ID_NET = 1,
	VIRTIO_ID_BLK = 2,
	VIRTIO_ID_CONSOLE = 3,
	VIRTIO_ID_RNG = 4,
	VIRTIO_ID_9P = 9,
	VIRTIO_ID_GPU = 16,
	VIRTIO_ID_INPUT = 18,
};

/* What a kind of device is. Functions may be NULL where there is nothing to do. */
struct virtio_model {
	const char *name;                        /* for messages and `info devices`: "virtio-blk" */
	u32 id;                                  /* enum virtio_id */
	u64 features;                            /* offered, beside those of the transport; bits 0..23 and 50.. */
	u32 queue_count;                         /* 1..VIRTIO_QUEUES_MAX */
	u32 queue_size_max;                      /* a power of two */
	void (*reset)(void *device);             /* the driver reset it, or DEVICE_NEEDS_RESET: forget all requests */
	void (*notify)(void *device, u32 queue); /* there may be new chains; only while the driver is ready */
	void (*config_changed)(void *device, u32 offset, u32 size); /* the driver wrote bytes that are writable */
};

/* One piece of RAM. */
struct virtio_buffer {
	u64 pa;   /* physical address */
	u8 *host; /* the same bytes */
	u32 size; /* how many */
};

/* A request: first what the device may read, then what it may write. */
struct virtio_chain {
	u16 head;                                            /* the descriptor it starts with */
	u32 out_count;                                       /* buffers to read: buffers[0..] */
	u32 in_count;                                        /* buffers to write: behind them */
	u64 out_size;                                        /* bytes in all of the first */
	u64 in_size;                                         /* in the second */
	struct virtio_buffer buffers[VIRTIO_QUEUE_SIZE_MAX]; /* of which out_count + in_count are used */
};

struct virtio; /* devices/virtio.c */

/* Puts a device into slot `slot` (0..MEMMAP_VIRTIO_COUNT-1: its registers' address) and drives irq. `config` are the
 * config_size bytes (0..VIRTIO_CONFIG_MAX) of the configuration space, which stay the device's; writable[] says which
 * of them a driver may write (NULL: none). All must outlive it. NULL: see err. */
struct virtio *virtio_create(struct bus *bus, u32 slot, struct irq_line irq, const struct virtio_model *model,
                             void *device, u8 *config, const u8 *writable, u32 config_size, struct error *err);
void virtio_destroy(struct virtio *v);

/* Puts a slot without a device on the bus (device id 0), for software that looks at fixed addresses. False: see err. */
bool virtio_create_empty(struct bus *bus, u32 slot, struct error *err) must_check;

/* True if the driver set DRIVER_OK and the device is not broken. */
bool virtio_is_ready(const struct virtio *v);

/* True if the driver accepted feature bit `bit`. */
bool virtio_has(const struct virtio *v, u32 bit);

/* True if at least one chain waits in the queue. (Also with a broken ring: taking it says more.) */
bool virtio_pending(struct virtio *v, u32 queue);

/* How many chains wait in the queue, as the driver says; at most as many as it has entries. */
u32 virtio_waiting(const struct virtio *v, u32 queue);

/* Takes the next chain. False: there is none, or the device is broken now. */
bool virtio_take(struct virtio *v, u32 queue, struct virtio_chain *chain) must_check;

/* Looks at the next chain's size without taking it: bytes the device may write. 0: none waits. */
u64 virtio_next_in_size(struct virtio *v, u32 queue);

/* Gives a chain back, of whose writable bytes the first `written` were written, and interrupts the driver if it wants
 * that. Decoded code in those bytes is forgotten. */
void virtio_give(struct virtio *v, u32 queue, const struct virtio_chain *chain, u32 written);

/* Copies out of the readable bytes at `offset`, or into the writable ones; returns how many there were room for. */
u64 virtio_read(const struct virtio_chain *chain, u64 offset, void *to, u64 size);
u64 virtio_write(const struct virtio_chain *chain, u64 offset, const void *from, u64 size);

/* The device changed its own configuration bytes: a new generation, and an interrupt. */
void virtio_config_changed(struct virtio *v);

/* The driver broke the protocol above the queues (a request without a header): DEVICE_NEEDS_RESET. `why` is said once.
 */
void virtio_break(struct virtio *v, const char *why);

/* For `info devices`: status, features, queues in words, one or more lines. */
void virtio_describe(const struct virtio *v, char *text, size_t size);

/* Saves or restores registers and queues. */
void virtio_state(struct state *s, struct virtio *v);

#endif
