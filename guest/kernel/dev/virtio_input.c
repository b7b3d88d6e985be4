/*
 * Keyboards, mice, tablets: virtio input devices. Virtio specification 1.2, chapter 5.8. The device fills buffers of
 * one event each; the second queue, for lamps, is not used.
 */
#include "guest/kernel/core/image.h"
#include "guest/kernel/core/print.h"
#include "guest/kernel/dev/input.h"
#include "guest/kernel/dev/irq.h"
#include "guest/kernel/dev/virtio.h"
#include "guest/kernel/mm/frame.h"
#include "guest/kernel/mm/kmalloc.h"

#define EVENTS 64

/* Configuration space. */
#define CONFIG_SELECT (VIRTIO_CONFIG + 0)
#define CONFIG_SUBSELECT (VIRTIO_CONFIG + 1)
#define CONFIG_SIZE (VIRTIO_CONFIG + 2)
#define CONFIG_DATA (VIRTIO_CONFIG + 8)

struct virtio_event {
	u16 type, code;
	u32 value;
};

struct virtio_input {
	struct input_device input;
	struct virtio_device *device;
	struct virtio_queue queue;
	struct virtio_event events[EVENTS]; /* the device writes them */
};

static volatile u8 *config(const struct virtio_device *device, u64 offset)
{
	return (volatile u8 *)(device->base + offset);
}

static u32 describe(struct input_device *input, u8 select, u8 subselect, u8 *to, u32 size)
{
	struct virtio_device *device = container_of(input, struct virtio_input, input)->device;

	*config(device, CONFIG_SELECT) = select;
	*config(device, CONFIG_SUBSELECT) = subselect;
	u32 given = MIN((u32)*config(device, CONFIG_SIZE), size);
	for (u32 i = 0; i < given; i++)
		to[i] = *config(device, CONFIG_DATA + i);
	return given;
}

/* Lets the device have a buffer. */
static void offer(struct virtio_input *input, struct virtio_event *event)
{
	struct virtio_piece piece = { virtual_to_pa(event), sizeof(*event), true };

	virtio_queue_add(&input->queue, &piece, 1, event);
}

static void interrupt(void *context)
{
	struct virtio_input *input = context;
	struct virtio_event *event;

	virtio_acknowledge(input->device);
	while ((event = virtio_queue_take(&input->queue)) != NULL) {
		volatile const struct virtio_event *sent = event;

		input_event(&input->input, sent->type, sent->code, (i32)sent->value);
		offer(input, event);
	}
}

void virtio_input_init(struct virtio_device *device)
{
	u64 features;
	struct virtio_input *input = kmalloc(sizeof(*input));

	if (!input || !virtio_start(device, 0, &features) || !virtio_queue_init(&input->queue, device, 0)) {
		printk("virtio input device at %lx: it does not work, or there is no memory for it\n",
		       device->base - DIRECT_MAP);
		kfree(input);
		return;
	}
	input->device = device;
	input->input.describe = describe;
	(void)describe(&input->input, INPUT_NAME, 0, (u8 *)input->input.name, INPUT_NAME_SIZE - 1);
	if (!input_register(&input->input)) {
		kfree(input);
		return;
	}
	irq_register(device->source, interrupt, input);
	virtio_started(device);
	for (u32 i = 0; i < MIN(EVENTS, (u32)input->queue.size); i++)
		offer(input, &input->events[i]);
	printk("event%u: %s\n", input->input.number, input->input.name);
}
