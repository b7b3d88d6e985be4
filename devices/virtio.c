/*
 * Virtio over MMIO: registers, status and feature negotiation, interrupts. Section numbers are those of virtio 1.2; the
 * rings are devices/virtqueue.c's.
 *
 * What a driver may not do is ignored where that harms nobody (a register written at the wrong time, a queue that does
 * not exist), and otherwise breaks the device until its next reset: broke() is the one place for that. Registers take
 * accesses of 4 bytes only and refuse others (section 4.2.2.2 forbids them to drivers); the configuration space takes
 * any width, reads as zero behind its end, and ignores what the driver may not write.
 *
 * Where the specification leaves a choice: status bits are never cleared but by a reset; a queue's fields are frozen
 * while it is live; QueueReady 0 forgets the indexes, so that the queue may be set up anew; notifications before
 * DRIVER_OK are made good when it comes.
 */
#include "devices/virtio.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devices/memmap.h"
#include "devices/virtqueue.h"

/* Section 4.2.2. */
enum {
	REG_MAGIC = 0x000,
	REG_VERSION = 0x004,
	REG_DEVICE_ID = 0x008,
	REG_VENDOR_ID = 0x00c,
	REG_DEVICE_FEATURES = 0x010,
	REG_DEVICE_FEATURES_SEL = 0x014,
	REG_DRIVER_FEATURES = 0x020,
	REG_DRIVER_FEATURES_SEL = 0x024,
	REG_QUEUE_SEL = 0x030,
	REG_QUEUE_NUM_MAX = 0x034,
	REG_QUEUE_NUM = 0x038,
	REG_QUEUE_READY = 0x044,
	REG_QUEUE_NOTIFY = 0x050,
	REG_INTERRUPT_STATUS = 0x060,
	REG_INTERRUPT_ACK = 0x064,
	REG_STATUS = 0x070,
	REG_QUEUE_DESC_LOW = 0x080,
	REG_QUEUE_DESC_HIGH = 0x084,
	REG_QUEUE_DRIVER_LOW = 0x090,
	REG_QUEUE_DRIVER_HIGH = 0x094,
	REG_QUEUE_DEVICE_LOW = 0x0a0,
	REG_QUEUE_DEVICE_HIGH = 0x0a4,
	REG_SHM_LEN_LOW = 0x0b0,
	REG_SHM_LEN_HIGH = 0x0b4,
	REG_SHM_BASE_LOW = 0x0b8,
	REG_SHM_BASE_HIGH = 0x0bc,
	REG_CONFIG_GENERATION = 0x0fc,
	REG_CONFIG = 0x100,
};

#define MAGIC 0x74726976      /* "virt" */
#define VERSION 2             /* not legacy */
#define VENDOR_ID 0x554d4551u /* "QEMU": drivers for its board look at it */

/* Section 2.1. */
#define STATUS_ACKNOWLEDGE 0x01
#define STATUS_DRIVER 0x02
#define STATUS_DRIVER_OK 0x04
#define STATUS_FEATURES_OK 0x08
#define STATUS_NEEDS_RESET 0x40
#define STATUS_FAILED 0x80
#define STATUS_DRIVERS (STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_DRIVER_OK | STATUS_FEATURES_OK | STATUS_FAILED)

/* Chapter 6. */
#define F_INDIRECT_DESC 28
#define F_EVENT_IDX 29
#define F_VERSION_1 32
#define F_TRANSPORT (BIT(F_INDIRECT_DESC) | BIT(F_EVENT_IDX) | BIT(F_VERSION_1))

#define INTERRUPT_USED 1
#define INTERRUPT_CONFIG 2

#define STATE_VERSION 1

#define COMPLAINTS_MAX 20 /* lines about a driver that breaks rules, for a device's life */

struct virtio {
	struct bus *bus;                            /* where the guest's RAM is */
	struct irq_line irq;                        /* out: high while interrupt_status is not 0 */
	const struct virtio_model *model;           /* what it is */
	void *device;                               /* what the model's functions are given */
	u8 *config;                                 /* the device's configuration space */
	const u8 *writable;                         /* not 0: the driver may write that byte of it; NULL: none */
	u32 config_size;                            /* bytes of it */
	u32 slot;                                   /* for messages */
	u32 config_generation;                      /* changes with the configuration */
	u32 device_features_sel;                    /* which half DeviceFeatures shows */
	u32 driver_features_sel;                    /* which half DriverFeatures sets */
	u32 queue_sel;                              /* which queue the Queue registers mean; may not exist */
	u64 driver_features;                        /* what the driver wants; fixed with FEATURES_OK */
	bool wants_unknown;                         /* the driver wants a feature beyond bit 63 */
	u8 status;                                  /* STATUS_... */
	u32 complaints;                             /* how often a line has said that a driver broke a rule */
	u8 interrupt_status;                        /* INTERRUPT_... */
	struct virtqueue queues[VIRTIO_QUEUES_MAX]; /* of which model->queue_count exist */
	struct virtio_chain looked_at;              /* for virtio_next_in_size */
};

static u64 offered_features(const struct virtio *v)
{
	return v->model->features | F_TRANSPORT;
}

static void set_interrupts(struct virtio *v, u8 status)
{
	v->interrupt_status = status;
	irq_set(&v->irq, status != 0);
}

/* Sections 2.1.2 and 2.3: nothing is said to a driver that is not ready to hear it. */
static void tell_config_changed(struct virtio *v)
{
	if (v->status & STATUS_DRIVER_OK)
		set_interrupts(v, v->interrupt_status | INTERRUPT_CONFIG);
}

/* The driver broke a rule: the device stops until it is reset. */
static cold void broke(struct virtio *v, const char *why)
{
	if (v->status & STATUS_NEEDS_RESET)
		return;
	if (v->complaints < COMPLAINTS_MAX)
		log_warn("%s in virtio slot %u: %s; the device stands still until the driver resets it%s",
		         v->model->name, v->slot, why,
		         ++v->complaints == COMPLAINTS_MAX ? " (no more is said of it)" : "");
	v->status |= STATUS_NEEDS_RESET;
	tell_config_changed(v);
	if (v->model->reset)
		v->model->reset(v->device);
}

void virtio_break(struct virtio *v, const char *why)
{
	broke(v, why);
}

static void reset(struct virtio *v)
{
	for (u32 i = 0; i < v->model->queue_count; i++)
		v->queues[i] = (struct virtqueue){ .bus = v->bus, .size_max = v->model->queue_size_max };
	v->device_features_sel = 0;
	v->driver_features_sel = 0;
	v->queue_sel = 0;
	v->driver_features = 0;
	v->wants_unknown = false;
	v->status = 0;
	set_interrupts(v, 0);
	if (v->model->reset)
		v->model->reset(v->device);
}

/* --- the device's side --- */

bool virtio_is_ready(const struct virtio *v)
{
	return (v->status & (STATUS_DRIVER_OK | STATUS_NEEDS_RESET)) == STATUS_DRIVER_OK;
}

bool virtio_has(const struct virtio *v, u32 bit)
{
	return (v->status & STATUS_FEATURES_OK) && (v->driver_features >> bit & 1);
}

bool virtio_pending(struct virtio *v, u32 queue)
{
	return virtio_is_ready(v) && virtqueue_waiting(&v->queues[queue]) != 0;
}

u32 virtio_waiting(const struct virtio *v, u32 queue)
{
	u32 waiting = virtio_is_ready(v) ? virtqueue_waiting(&v->queues[queue]) : 0;
	return waiting < v->queues[queue].size ? waiting : v->queues[queue].size;
}

/* Reads the next chain. False: there is none, or the device is broken now. */
static bool peek(struct virtio *v, u32 queue, struct virtio_chain *chain)
{
	if (!virtio_pending(v, queue))
		return false;
	const char *why = virtqueue_peek(&v->queues[queue], chain);
	if (unlikely(why)) {
		broke(v, why);
		return false;
	}
	return true;
}

bool virtio_take(struct virtio *v, u32 queue, struct virtio_chain *chain)
{
	if (!peek(v, queue, chain))
		return false;
	virtqueue_advance(&v->queues[queue]);
	return true;
}

u64 virtio_next_in_size(struct virtio *v, u32 queue)
{
	return peek(v, queue, &v->looked_at) ? v->looked_at.in_size : 0;
}

void virtio_give(struct virtio *v, u32 queue, const struct virtio_chain *chain, u32 written)
{
	BUG_ON(written > chain->in_size);
	u64 left = written;
	for (u32 i = chain->out_count; left; i++) {
		const struct virtio_buffer *b = &chain->buffers[i];
		u64 part = b->size < left ? b->size : left;
		if (part)
			bus_wrote(v->bus, bus_find(v->bus, b->pa), b->pa, part);
		left -= part;
	}
	struct virtqueue *q = &v->queues[queue];
	if (virtio_is_ready(v) && q->live && virtqueue_put(q, chain->head, written))
		set_interrupts(v, v->interrupt_status | INTERRUPT_USED);
}

void virtio_config_changed(struct virtio *v)
{
	v->config_generation++;
	tell_config_changed(v);
}

/* --- the driver's side: registers --- */

/* A driver that leaves VIRTIO_F_VERSION_1 out (xv6's, which looks at 32 bits only) is served like one that has it:
 * section 6.1 lets a device insist or not. */
static bool are_features_possible(const struct virtio *v)
{
	return !(v->driver_features & ~offered_features(v)) && !v->wants_unknown;
}

/* Section 3.1.1, step 5: the driver wants FEATURES_OK. False: not with these features. */
static bool accept_features(struct virtio *v)
{
	if (!are_features_possible(v))
		return false;
	for (u32 i = 0; i < v->model->queue_count; i++) {
		v->queues[i].indirect = v->driver_features & BIT(F_INDIRECT_DESC);
		v->queues[i].event_idx = v->driver_features & BIT(F_EVENT_IDX);
	}
	return true;
}

static void store_status(struct virtio *v, u32 value)
{
	if (value == 0) {
		reset(v);
		return;
	}
	value &= STATUS_DRIVERS;
	if ((value & STATUS_FEATURES_OK) && !(v->status & STATUS_FEATURES_OK) && !accept_features(v))
		value &= ~(u32)STATUS_FEATURES_OK;
	if ((value & STATUS_DRIVER_OK) && !((v->status | value) & STATUS_FEATURES_OK)) {
		value &= ~(u32)STATUS_DRIVER_OK;
		broke(v, "the driver sets DRIVER_OK, but FEATURES_OK is not set");
	}
	bool begins = (value & STATUS_DRIVER_OK) && !(v->status & STATUS_DRIVER_OK);
	v->status |= (u8)value;
	if (!begins)
		return;
	if (v->status & STATUS_NEEDS_RESET)
		tell_config_changed(v);
	for (u32 i = 0; v->model->notify && i < v->model->queue_count; i++)
		if (virtio_pending(v, i))
			v->model->notify(v->device, i);
}

static u64 with_low(u64 old, u64 low)
{
	return (old & ~MASK(32)) | low;
}

static u64 with_high(u64 old, u64 high)
{
	return high << 32 | (old & MASK(32));
}

static void store_ready(struct virtio *v, struct virtqueue *q, u32 value)
{
	if (!(value & 1)) {
		q->live = false;
		return;
	}
	if (q->live)
		return;
	const char *why = virtqueue_start(q);
	if (why)
		broke(v, why);
}

/* The registers of the queue that QueueSel names. */
static void store_queue(struct virtio *v, u64 offset, u32 value)
{
	if (v->queue_sel >= v->model->queue_count)
		return;
	struct virtqueue *q = &v->queues[v->queue_sel];
	if (offset == REG_QUEUE_READY) {
		store_ready(v, q, value);
		return;
	}
	if (q->live)
		return;
	switch (offset) {
	case REG_QUEUE_NUM:
		q->size = value;
		break;
	case REG_QUEUE_DESC_LOW:
		q->desc_pa = with_low(q->desc_pa, value);
		break;
	case REG_QUEUE_DESC_HIGH:
		q->desc_pa = with_high(q->desc_pa, value);
		break;
	case REG_QUEUE_DRIVER_LOW:
		q->avail_pa = with_low(q->avail_pa, value);
		break;
	case REG_QUEUE_DRIVER_HIGH:
		q->avail_pa = with_high(q->avail_pa, value);
		break;
	case REG_QUEUE_DEVICE_LOW:
		q->used_pa = with_low(q->used_pa, value);
		break;
	case REG_QUEUE_DEVICE_HIGH:
		q->used_pa = with_high(q->used_pa, value);
		break;
	default:
		break; /* read only, or nothing there */
	}
}

static void store_driver_features(struct virtio *v, u32 value)
{
	if (v->status & STATUS_FEATURES_OK)
		return;
	if (v->driver_features_sel == 0)
		v->driver_features = with_low(v->driver_features, value);
	else if (v->driver_features_sel == 1)
		v->driver_features = with_high(v->driver_features, value);
	else
		v->wants_unknown |= value != 0;
}

static void store_register(struct virtio *v, u64 offset, u32 value)
{
	switch (offset) {
	case REG_DEVICE_FEATURES_SEL:
		v->device_features_sel = value;
		break;
	case REG_DRIVER_FEATURES:
		store_driver_features(v, value);
		break;
	case REG_DRIVER_FEATURES_SEL:
		v->driver_features_sel = value;
		break;
	case REG_QUEUE_SEL:
		v->queue_sel = value;
		break;
	case REG_QUEUE_NOTIFY:
		if (virtio_is_ready(v) && value < v->model->queue_count && v->queues[value].live && v->model->notify)
			v->model->notify(v->device, value);
		break;
	case REG_INTERRUPT_ACK:
		set_interrupts(v, v->interrupt_status & (u8)~value);
		break;
	case REG_STATUS:
		store_status(v, value);
		break;
	default:
		store_queue(v, offset, value);
		break;
	}
}

static u32 load_queue(const struct virtio *v, u64 offset)
{
	if (v->queue_sel >= v->model->queue_count)
		return 0;
	return offset == REG_QUEUE_NUM_MAX ? v->model->queue_size_max : v->queues[v->queue_sel].live;
}

static u32 load_register(const struct virtio *v, u64 offset)
{
	switch (offset) {
	case REG_MAGIC:
		return MAGIC;
	case REG_VERSION:
		return VERSION;
	case REG_DEVICE_ID:
		return v->model->id;
	case REG_VENDOR_ID:
		return VENDOR_ID;
	case REG_DEVICE_FEATURES:
		return v->device_features_sel > 1 ? 0 : (u32)(offered_features(v) >> 32 * v->device_features_sel);
	case REG_QUEUE_NUM_MAX:
	case REG_QUEUE_READY:
		return load_queue(v, offset);
	case REG_INTERRUPT_STATUS:
		return v->interrupt_status;
	case REG_STATUS:
		return v->status;
	case REG_SHM_LEN_LOW:
	case REG_SHM_LEN_HIGH:
	case REG_SHM_BASE_LOW:
	case REG_SHM_BASE_HIGH:
		return UINT32_MAX; /* section 4.2.2: there is no such region */
	case REG_CONFIG_GENERATION:
		return v->config_generation;
	default:
		return 0; /* write only, or nothing there */
	}
}

/* --- the configuration space --- */

static u64 load_config(const struct virtio *v, u64 offset, u32 size)
{
	u64 value = 0;
	if (offset < v->config_size)
		memcpy(&value, v->config + offset, v->config_size - offset < size ? v->config_size - offset : size);
	return value;
}

static void store_config(struct virtio *v, u64 offset, u32 size, u64 value)
{
	bool changed = false;
	for (u32 i = 0; i < size && offset + i < v->config_size; i++) {
		if (!v->writable || !v->writable[offset + i])
			continue;
		v->config[offset + i] = (u8)(value >> 8 * i);
		changed = true;
	}
	if (changed && v->model->config_changed)
		v->model->config_changed(v->device, (u32)offset, size);
}

static bool load(void *device, u64 offset, u32 size, u64 *value)
{
	const struct virtio *v = device;
	if (offset >= REG_CONFIG) {
		*value = load_config(v, offset - REG_CONFIG, size);
		return true;
	}
	if (size != 4)
		return false;
	*value = load_register(v, offset);
	return true;
}

static bool store(void *device, u64 offset, u32 size, u64 value)
{
	if (offset >= REG_CONFIG) {
		store_config(device, offset - REG_CONFIG, size, value);
		return true;
	}
	if (size != 4)
		return false;
	store_register(device, offset, (u32)value);
	return true;
}

static const struct device_ops virtio_ops = { .load = load, .store = store };

/* --- making and ending --- */

static bool add_to_bus(struct bus *bus, u32 slot, const char *name, const struct device_ops *ops, void *device,
                       struct error *err)
{
	if (slot >= MEMMAP_VIRTIO_COUNT)
		return error_set(err, "%s: there are only %d virtio slots", name, MEMMAP_VIRTIO_COUNT);
	return bus_add_device(bus, name, MEMMAP_VIRTIO_BASE + (u64)slot * MEMMAP_VIRTIO_SIZE, MEMMAP_VIRTIO_SIZE, ops,
	                      device, err);
}

struct virtio *virtio_create(struct bus *bus, u32 slot, struct irq_line irq, const struct virtio_model *model,
                             void *device, u8 *config, const u8 *writable, u32 config_size, struct error *err)
{
	BUG_ON(model->queue_count == 0 || model->queue_count > VIRTIO_QUEUES_MAX);
	BUG_ON(!is_power_of_two(model->queue_size_max) || model->queue_size_max > VIRTIO_QUEUE_SIZE_MAX);
	BUG_ON(config_size > VIRTIO_CONFIG_MAX);
	struct virtio *v = xcalloc(1, sizeof(*v));
	v->bus = bus;
	v->irq = irq;
	v->model = model;
	v->device = device;
	v->config = config;
	v->writable = writable;
	v->config_size = config_size;
	v->slot = slot;
	for (u32 i = 0; i < model->queue_count; i++)
		v->queues[i] = (struct virtqueue){ .bus = bus, .size_max = model->queue_size_max };
	if (!add_to_bus(bus, slot, model->name, &virtio_ops, v, err)) {
		free(v);
		return NULL;
	}
	return v;
}

void virtio_destroy(struct virtio *v)
{
	free(v);
}

static bool load_empty(void *device, u64 offset, u32 size, u64 *value)
{
	(void)device;
	if (offset < REG_CONFIG && size != 4)
		return false;
	*value = offset == REG_MAGIC       ? MAGIC
	         : offset == REG_VERSION   ? VERSION
	         : offset == REG_VENDOR_ID ? VENDOR_ID
	                                   : 0;
	return true;
}

static bool store_empty(void *device, u64 offset, u32 size, u64 value)
{
	(void)device;
	(void)value;
	return offset >= REG_CONFIG || size == 4;
}

static const struct device_ops empty_ops = { .load = load_empty, .store = store_empty };

bool virtio_create_empty(struct bus *bus, u32 slot, struct error *err)
{
	return add_to_bus(bus, slot, "virtio-empty", &empty_ops, NULL, err);
}

/* --- for people, and for snapshots --- */

void virtio_describe(const struct virtio *v, char *text, size_t size)
{
	const char *status = v->status & STATUS_NEEDS_RESET ? "needs a reset"
	                     : v->status & STATUS_FAILED    ? "given up by the driver"
	                     : v->status & STATUS_DRIVER_OK ? "ready"
	                     : v->status                    ? "being set up"
	                                                    : "reset";
	int used = snprintf(text, size, "%s, slot %u: %s, status 0x%02x, features 0x%llx of 0x%llx, interrupts 0x%x",
	                    v->model->name, v->slot, status, v->status, (unsigned long long)v->driver_features,
	                    (unsigned long long)offered_features(v), v->interrupt_status);
	for (u32 i = 0; i < v->model->queue_count && used >= 0 && (size_t)used < size; i++) {
		const struct virtqueue *q = &v->queues[i];
		int more;
		if (q->live)
			more = snprintf(text + used, size - (size_t)used,
			                "\n  queue %u: %u entries, descriptors 0x%llx, available 0x%llx, used 0x%llx, "
			                "next %u, %u waiting, %u used",
			                i, q->size, (unsigned long long)q->desc_pa, (unsigned long long)q->avail_pa,
			                (unsigned long long)q->used_pa, q->next_avail, virtqueue_waiting(q),
			                q->next_used);
		else
			more = snprintf(text + used, size - (size_t)used, "\n  queue %u: not set up", i);
		used = more < 0 ? more : used + more;
	}
}

static void queue_state(struct state *s, struct virtqueue *q)
{
	state_u32(s, &q->size);
	state_u64(s, &q->desc_pa);
	state_u64(s, &q->avail_pa);
	state_u64(s, &q->used_pa);
	state_bool(s, &q->live);
	state_bool(s, &q->indirect);
	state_bool(s, &q->event_idx);
	state_u16(s, &q->next_avail);
	state_u16(s, &q->next_used);
	if (s->loading && state_ok(s) && !virtqueue_resume(q))
		state_fail(s, "the snapshot is damaged: a virtio queue lies outside of RAM");
	if (!state_ok(s))
		q->live = false;
}

void virtio_state(struct state *s, struct virtio *v)
{
	state_section(s, v->model->name, STATE_VERSION);
	state_same(s, v->slot, "virtio slot");
	state_same(s, offered_features(v), "set of virtio features");
	state_u32(s, &v->config_generation);
	state_u32(s, &v->device_features_sel);
	state_u32(s, &v->driver_features_sel);
	state_u32(s, &v->queue_sel);
	state_u64(s, &v->driver_features);
	state_bool(s, &v->wants_unknown);
	state_u8(s, &v->status);
	state_u8(s, &v->interrupt_status);
	for (u32 i = 0; i < v->model->queue_count; i++)
		queue_state(s, &v->queues[i]);
	if ((v->status & STATUS_FEATURES_OK) && !are_features_possible(v))
		state_fail(s, "the snapshot is damaged: a virtio driver has features that it cannot have");
	/* The wire as it was: who listens has its own memory of it. */
	if (s->loading)
		v->irq.level = v->interrupt_status != 0;
}
