/*
 * The simplest virtio device, for the tests of devices/virtio.c and devices/virtqueue.c: two queues; a request's
 * readable bytes are copied to its writable ones. It writes down what the transport tells it.
 */
#ifndef RVEMU_TESTS_UNIT_VIRTIO_PROBE_H
#define RVEMU_TESTS_UNIT_VIRTIO_PROBE_H

#include "tests/unit/virtio_driver.h"

#include <stdlib.h>

#define PROBE_ID 42
#define PROBE_SIZE_MAX 64
#define PROBE_CONFIG 10
#define PROBE_FEATURE 5 /* the one it offers */

struct probe {
	struct virtio_rig r;              /* bus, RAM and driver */
	struct virtio *v;                 /* under test */
	struct virtio_model model;        /* what it is */
	u8 config[PROBE_CONFIG];          /* 0x10, 0x11, ... */
	u32 resets;                       /* calls of the model's functions */
	u32 notifies[2];                  /* by queue */
	u32 config_changes;               /* likewise */
	u32 changed_offset, changed_size; /* of the last */
	bool lazy;                        /* takes no chains by itself */
	struct virtio_chain chain;        /* the last one taken */
	u8 copy[8192];                    /* its readable bytes */
};

static const u8 probe_writable[PROBE_CONFIG] = { [4] = 1, [5] = 1 };

/* Answers the next request. False: there is none. */
static inline bool probe_answer(struct probe *p, u32 queue)
{
	if (!virtio_take(p->v, queue, &p->chain))
		return false;
	u64 size = virtio_read(&p->chain, 0, p->copy, sizeof(p->copy));
	virtio_give(p->v, queue, &p->chain, (u32)virtio_write(&p->chain, 0, p->copy, size));
	return true;
}

static inline void probe_reset(void *device)
{
	struct probe *p = device;
	p->resets++;
}

static inline void probe_notify(void *device, u32 queue)
{
	struct probe *p = device;
	p->notifies[queue]++;
	while (!p->lazy && probe_answer(p, queue))
		;
}

static inline void probe_config_changed(void *device, u32 offset, u32 size)
{
	struct probe *p = device;
	p->config_changes++;
	p->changed_offset = offset;
	p->changed_size = size;
}

static inline struct probe *probe_make(void)
{
	struct probe *p = xcalloc(1, sizeof(*p));
	struct error err = { "" };
	rig_init(&p->r);
	p->model = (struct virtio_model){
		.name = "probe",
		.id = PROBE_ID,
		.features = 1u << PROBE_FEATURE,
		.queue_count = 2,
		.queue_size_max = PROBE_SIZE_MAX,
		.reset = probe_reset,
		.notify = probe_notify,
		.config_changed = probe_config_changed,
	};
	for (u32 i = 0; i < PROBE_CONFIG; i++)
		p->config[i] = (u8)(0x10 + i);
	p->v = virtio_create(&p->r.bus, RIG_SLOT, rig_irq(&p->r), &p->model, p, p->config, probe_writable, PROBE_CONFIG,
	                     &err);
	assert_non_null(p->v);
	return p;
}

static inline void probe_free(struct probe *p)
{
	virtio_destroy(p->v);
	rig_free(&p->r);
	free(p);
}

static inline int probe_setup(void **state)
{
	*state = probe_make();
	return 0;
}

static inline int probe_teardown(void **state)
{
	probe_free(*state);
	return 0;
}

#endif
