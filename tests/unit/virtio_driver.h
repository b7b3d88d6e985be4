/*
 * A virtio driver on a bench: sets up a device over its registers and builds rings in guest RAM, all through the bus,
 * as a kernel would. For the tests of devices/virtio*.c. What a test wants to break it writes itself, past these
 * helpers: every address is in the open.
 *
 * The usual course: rig_init(), X_create(&r.bus, RIG_SLOT, rig_irq(&r), ...), rig_start(), then rig_send() and
 * rig_used() for each request, rig_free() at the end.
 */
#ifndef RVEMU_TESTS_UNIT_VIRTIO_DRIVER_H
#define RVEMU_TESTS_UNIT_VIRTIO_DRIVER_H

#include "devices/virtio.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define RIG_RAM 0x80000000ull
#define RIG_RAM_SIZE (4 * MIB)
#define RIG_SLOT 2
#define RIG_IRQ 3
#define RIG_BASE 0x10003000ull /* slot 2's registers */
#define RIG_QUEUES 4

enum rig_register {
	R_MAGIC = 0x00,
	R_VERSION = 0x04,
	R_DEVICE_ID = 0x08,
	R_VENDOR_ID = 0x0c,
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
	R_DESC_LOW = 0x80,
	R_DESC_HIGH = 0x84,
	R_DRIVER_LOW = 0x90,
	R_DRIVER_HIGH = 0x94,
	R_DEVICE_LOW = 0xa0,
	R_DEVICE_HIGH = 0xa4,
	R_SHM_SEL = 0xac,
	R_SHM_LEN_LOW = 0xb0,
	R_CONFIG_GENERATION = 0xfc,
	R_CONFIG = 0x100,
};

enum { S_ACKNOWLEDGE = 1, S_DRIVER = 2, S_DRIVER_OK = 4, S_FEATURES_OK = 8, S_NEEDS_RESET = 64, S_FAILED = 128 };
enum { D_NEXT = 1, D_WRITE = 2, D_INDIRECT = 4 };
enum { I_USED = 1, I_CONFIG = 2 };

#define F_INDIRECT (1ull << 28)
#define F_EVENT_IDX (1ull << 29)
#define F_VERSION_1 (1ull << 32)

/* One queue as the driver sees it. */
struct rig_queue {
	u32 size;       /* entries */
	u64 desc;       /* address of the descriptor table */
	u64 avail;      /* of the available ring */
	u64 used;       /* of the used ring */
	u16 next_avail; /* available index so far */
	u16 next_used;  /* used entries seen so far */
	u16 next_desc;  /* descriptor that rig_chain() takes next; wraps around, none is ever freed */
};

/* One buffer of a chain. */
struct rig_piece {
	u64 pa;     /* where */
	u32 size;   /* bytes */
	bool write; /* the device writes it */
};

struct virtio_rig {
	struct bus bus;                      /* RAM at RIG_RAM and the device */
	u64 heap;                            /* RAM from here on is free */
	bool irq;                            /* the device's line */
	u32 irq_rises;                       /* how often it went up */
	struct rig_queue queues[RIG_QUEUES]; /* as far as set up */
};

static inline void rig_init(struct virtio_rig *r)
{
	struct error err = { "" };
	memset(r, 0, sizeof(*r));
	bus_init(&r->bus);
	assert_true(bus_add_ram(&r->bus, "ram", RIG_RAM, RIG_RAM_SIZE, &err));
	r->heap = RIG_RAM + PAGE_SIZE;
}

/* After the device is destroyed. */
static inline void rig_free(struct virtio_rig *r)
{
	bus_free(&r->bus);
}

static inline void rig_hear(void *arg, u32 number, bool level)
{
	struct virtio_rig *r = arg;
	assert_int_equal(number, RIG_IRQ);
	r->irq = level;
	r->irq_rises += level;
}

static inline struct irq_line rig_irq(struct virtio_rig *r)
{
	return (struct irq_line){ .set = rig_hear, .arg = r, .number = RIG_IRQ };
}

/* --- RAM --- */

/* Free RAM, zeroed, aligned to 64. */
static inline u64 rig_alloc(struct virtio_rig *r, u64 size)
{
	u64 pa = align_up(r->heap, 64);
	r->heap = pa + size;
	assert_true(r->heap <= RIG_RAM + RIG_RAM_SIZE);
	return pa;
}

static inline void rig_put(struct virtio_rig *r, u64 pa, const void *from, u64 size)
{
	assert_true(bus_write(&r->bus, pa, from, size));
}

static inline void rig_get(struct virtio_rig *r, u64 pa, void *to, u64 size)
{
	assert_true(bus_read(&r->bus, pa, to, size));
}

/* Free RAM with these bytes in it. */
static inline u64 rig_bytes(struct virtio_rig *r, const void *from, u64 size)
{
	u64 pa = rig_alloc(r, size);
	rig_put(r, pa, from, size);
	return pa;
}

/* Numbers of `size` (1, 2, 4, 8) bytes in RAM or registers. */
static inline u64 rig_load(struct virtio_rig *r, u64 pa, u32 size)
{
	u64 value = 0;
	assert_true(bus_load(&r->bus, pa, size, &value));
	return value;
}

static inline void rig_store(struct virtio_rig *r, u64 pa, u32 size, u64 value)
{
	assert_true(bus_store(&r->bus, pa, size, value));
}

/* --- registers --- */

static inline u32 rig_in(struct virtio_rig *r, enum rig_register reg)
{
	return (u32)rig_load(r, RIG_BASE + reg, 4);
}

static inline void rig_out(struct virtio_rig *r, enum rig_register reg, u32 value)
{
	rig_store(r, RIG_BASE + reg, 4, value);
}

static inline u64 rig_offered(struct virtio_rig *r)
{
	rig_out(r, R_DEVICE_FEATURES_SEL, 1);
	u64 high = rig_in(r, R_DEVICE_FEATURES);
	rig_out(r, R_DEVICE_FEATURES_SEL, 0);
	return high << 32 | rig_in(r, R_DEVICE_FEATURES);
}

/* Bytes of the configuration space. */
static inline u64 rig_config(struct virtio_rig *r, u32 offset, u32 size)
{
	return rig_load(r, RIG_BASE + R_CONFIG + offset, size);
}

/* --- setting up (section 3.1.1) --- */

/* Resets, and negotiates these features. True if the device takes them. */
static inline bool rig_negotiate(struct virtio_rig *r, u64 features)
{
	rig_out(r, R_STATUS, 0);
	assert_int_equal(rig_in(r, R_STATUS), 0);
	rig_out(r, R_STATUS, S_ACKNOWLEDGE);
	rig_out(r, R_STATUS, S_ACKNOWLEDGE | S_DRIVER);
	rig_out(r, R_DRIVER_FEATURES_SEL, 0);
	rig_out(r, R_DRIVER_FEATURES, (u32)features);
	rig_out(r, R_DRIVER_FEATURES_SEL, 1);
	rig_out(r, R_DRIVER_FEATURES, (u32)(features >> 32));
	rig_out(r, R_STATUS, S_ACKNOWLEDGE | S_DRIVER | S_FEATURES_OK);
	return rig_in(r, R_STATUS) & S_FEATURES_OK;
}

/* Writes a queue's size and the addresses that its struct says. */
static inline void rig_write_queue(struct virtio_rig *r, u32 queue)
{
	const struct rig_queue *q = &r->queues[queue];
	rig_out(r, R_QUEUE_SEL, queue);
	rig_out(r, R_QUEUE_NUM, q->size);
	rig_out(r, R_DESC_LOW, (u32)q->desc);
	rig_out(r, R_DESC_HIGH, (u32)(q->desc >> 32));
	rig_out(r, R_DRIVER_LOW, (u32)q->avail);
	rig_out(r, R_DRIVER_HIGH, (u32)(q->avail >> 32));
	rig_out(r, R_DEVICE_LOW, (u32)q->used);
	rig_out(r, R_DEVICE_HIGH, (u32)(q->used >> 32));
}

/* Makes rings for a queue in fresh RAM and tells the device of them, QueueReady apart. */
static inline void rig_make_queue(struct virtio_rig *r, u32 queue, u32 size)
{
	r->queues[queue] = (struct rig_queue){
		.size = size,
		.desc = rig_alloc(r, 16ull * size),
		.avail = rig_alloc(r, 6 + 2ull * size),
		.used = rig_alloc(r, 6 + 8ull * size),
	};
	rig_write_queue(r, queue);
}

/* Everything up to DRIVER_OK: these features (VERSION_1 is added), the first `queues` queues of that size each. */
static inline void rig_start(struct virtio_rig *r, u64 features, u32 queues, u32 size)
{
	assert_true(rig_negotiate(r, features | F_VERSION_1));
	for (u32 i = 0; i < queues; i++) {
		rig_make_queue(r, i, size);
		rig_out(r, R_QUEUE_READY, 1);
		assert_int_equal(rig_in(r, R_QUEUE_READY), 1);
	}
	rig_out(r, R_STATUS, S_ACKNOWLEDGE | S_DRIVER | S_FEATURES_OK | S_DRIVER_OK);
}

/* --- requests --- */

/* Writes a descriptor into the table at `table`. */
static inline void rig_desc(struct virtio_rig *r, u64 table, u32 index, u64 pa, u32 size, u16 flags, u16 next)
{
	u64 at = table + 16ull * index;
	rig_store(r, at, 8, pa);
	rig_store(r, at + 8, 4, size);
	rig_store(r, at + 12, 2, flags);
	rig_store(r, at + 14, 2, next);
}

/* Makes a chain available that begins with descriptor `head`. */
static inline void rig_post(struct virtio_rig *r, u32 queue, u16 head)
{
	struct rig_queue *q = &r->queues[queue];
	rig_store(r, q->avail + 4 + 2ull * (q->next_avail % q->size), 2, head);
	rig_store(r, q->avail + 2, 2, ++q->next_avail);
}

/* Writes the buffers as a chain into the next descriptors of the table and makes it available. Returns its head. At
 * most as many chains as have room in the table may be under way. */
static inline u16 rig_chain(struct virtio_rig *r, u32 queue, const struct rig_piece *pieces, u32 count)
{
	struct rig_queue *q = &r->queues[queue];
	u16 head = q->next_desc;
	assert_true(count > 0 && count <= q->size);
	for (u32 i = 0; i < count; i++) {
		u16 next = (u16)((q->next_desc + 1) % q->size);
		u16 flags = (u16)((pieces[i].write ? D_WRITE : 0) | (i + 1 < count ? D_NEXT : 0));
		rig_desc(r, q->desc, q->next_desc, pieces[i].pa, pieces[i].size, flags, next);
		q->next_desc = next;
	}
	rig_post(r, queue, head);
	return head;
}

static inline void rig_notify(struct virtio_rig *r, u32 queue)
{
	rig_out(r, R_QUEUE_NOTIFY, queue);
}

/* rig_chain(), and notifies. */
static inline u16 rig_send(struct virtio_rig *r, u32 queue, const struct rig_piece *pieces, u32 count)
{
	u16 head = rig_chain(r, queue, pieces, count);
	rig_notify(r, queue);
	return head;
}

/* Takes the next used entry, if there is one. Both results may be NULL. */
static inline bool rig_used(struct virtio_rig *r, u32 queue, u32 *head, u32 *written)
{
	struct rig_queue *q = &r->queues[queue];
	if ((u16)rig_load(r, q->used + 2, 2) == q->next_used)
		return false;
	u64 entry = q->used + 4 + 8ull * (q->next_used++ % q->size);
	if (head)
		*head = (u32)rig_load(r, entry, 4);
	if (written)
		*written = (u32)rig_load(r, entry + 4, 4);
	return true;
}

/* Takes the next used entry, which must be of that chain; returns how many bytes were written. */
static inline u32 rig_expect_used(struct virtio_rig *r, u32 queue, u16 head)
{
	u32 used_head = UINT32_MAX, written = 0;
	assert_true(rig_used(r, queue, &used_head, &written));
	assert_int_equal(used_head, head);
	return written;
}

/* Which interrupts are pending; acknowledges them. */
static inline u32 rig_ack(struct virtio_rig *r)
{
	u32 pending = rig_in(r, R_INTERRUPT_STATUS);
	assert_int_equal(r->irq, pending != 0);
	rig_out(r, R_INTERRUPT_ACK, pending);
	assert_false(r->irq);
	return pending;
}

/* True if the device broke: it says so, and has told the driver if that was ready. */
static inline bool rig_is_broken(struct virtio_rig *r)
{
	u32 status = rig_in(r, R_STATUS);
	if (!(status & S_NEEDS_RESET))
		return false;
	if (status & S_DRIVER_OK)
		assert_true(rig_in(r, R_INTERRUPT_STATUS) & I_CONFIG);
	return true;
}

#endif
