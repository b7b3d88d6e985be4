/*
 * A driver for virtio over MMIO, as small as can be: one split queue at a time, in memory that is always the same, used
 * by polling (virtio 1.2, sections 2.7, 3.1, 4.2). Rules that want something odd write registers and rings themselves.
 * At the end, requests to a block device (section 5.2).
 */
#ifndef TESTS_GUEST_VIRTIO_H
#define TESTS_GUEST_VIRTIO_H

#include "devices/memmap.h"
#include "tests/guest/guest.h"

#define VIRTIO_REG(slot, offset) (MEMMAP_VIRTIO_BASE + (u64)(slot)*MEMMAP_VIRTIO_SIZE + (offset))

enum {
	R_MAGIC = 0x00,
	R_VERSION = 0x04,
	R_DEVICE_ID = 0x08,
	R_DEVICE_FEATURES = 0x10,
	R_DEVICE_FEATURES_SEL = 0x14,
	R_DRIVER_FEATURES = 0x20,
	R_DRIVER_FEATURES_SEL = 0x24,
	R_QUEUE_SEL = 0x30,
	R_QUEUE_NUM_MAX = 0x34,
	R_QUEUE_NUM = 0x38,
	R_QUEUE_READY = 0x44,
	R_QUEUE_NOTIFY = 0x50,
	R_INTERRUPT_STATUS = 0x60,
	R_INTERRUPT_ACK = 0x64,
	R_STATUS = 0x70,
	R_QUEUE_DESC = 0x80, /* low halves; the high ones are 4 bytes behind */
	R_QUEUE_DRIVER = 0x90,
	R_QUEUE_DEVICE = 0xa0,
	R_CONFIG = 0x100,
};

enum { ACKNOWLEDGE = 1, DRIVER = 2, DRIVER_OK = 4, FEATURES_OK = 8, NEEDS_RESET = 64 };
enum { DESC_NEXT = 1, DESC_WRITE = 2, DESC_INDIRECT = 4 };
enum { NO_INTERRUPT = 1 };                   /* avail.flags */
enum { USED_BUFFER = 1, CONFIG_CHANGE = 2 }; /* InterruptStatus */

#define F_INDIRECT BIT(28)
#define F_EVENT_IDX BIT(29)
#define F_VERSION_1 BIT(32)

#define VQ_SIZE 16

struct vq_desc {
	u64 pa;
	u32 size;
	u16 flags;
	u16 next;
};

struct vq_avail {
	u16 flags;
	u16 idx;
	u16 ring[VQ_SIZE];
	u16 used_event;
};

struct vq_used {
	u16 flags;
	u16 idx;
	struct {
		u32 id;
		u32 size;
	} ring[VQ_SIZE];
	u16 avail_event;
};

/* The queue, and what the driver knows of it. */
struct vq {
	volatile struct vq_desc desc[VQ_SIZE] __attribute__((aligned(16)));
	volatile struct vq_avail avail;
	volatile struct vq_used used;
	u16 next_desc; /* the descriptor to take next; they are never freed, but used again in turn */
	u16 seen;      /* used entries that virtio_wait() has given back */
	u32 id, size;  /* the last of them */
};
extern struct vq vq;

/* One buffer of a request. */
struct piece {
	u64 pa;
	u32 size;
	u16 flags; /* DESC_WRITE: the device writes it; DESC_INDIRECT: more descriptors are in it */
};

u32 virtio_in(u32 slot, u32 offset);
void virtio_out(u32 slot, u32 offset, u32 value);

u64 virtio_offered(u32 slot);
void virtio_reset(u32 slot);

/* Resets and goes as far as FEATURES_OK; tells whether the device agrees. VERSION_1 is added. */
int virtio_negotiate(u32 slot, u64 features);

/* Empties the queue's memory and makes it that device's queue `queue`. */
void virtio_queue(u32 slot, u32 queue);

/* Everything, up to DRIVER_OK with queue 0; tells whether the device agreed to the features. */
int virtio_start(u32 slot, u64 features);

/* Makes buffers available; gives back the chain's head. */
u16 virtio_post(const struct piece *pieces, u32 count);
void virtio_notify(u32 slot, u32 queue);

/* Waits for the next used entry: vq.id, vq.size. False if none comes. */
int virtio_wait(void);

/* Lets the device do what it has to do: more time than one request takes. */
void virtio_linger(void);

/* --- block devices --- */

#define SECTOR 512u
enum { BLK_ID = 2, T_IN = 0, T_OUT = 1, T_FLUSH = 4, T_GET_ID = 8, T_DISCARD = 11, T_WRITE_ZEROES = 13 };
enum { S_OK = 0, S_IOERR = 1, S_UNSUPP = 2, S_NONE = 0xff };

#define F_RO BIT(5)
#define F_FLUSH BIT(9)
#define F_DISCARD BIT(13)
#define F_WRITE_ZEROES BIT(14)

struct blk_header {
	u32 type;
	u32 reserved;
	u64 sector;
};

struct blk_range {
	u64 sector;
	u32 count;
	u32 flags;
};

/* The header and status byte of the request that blk_post() made last. */
extern volatile struct blk_header blk_header;
extern volatile u8 blk_status;

/* Posts a request with `size` bytes of data at pa, and notifies. */
void blk_post(u32 slot, u32 type, u64 sector, u64 pa, u32 size);

/* Does a request; its status, or S_NONE if it is not done. */
u32 blk_do(u32 slot, u32 type, u64 sector, u64 pa, u32 size);

#endif
