/*
 * Virtio over MMIO: see virtio.h. The slots are found in the device tree and looked at in the order of their addresses.
 */
#include "guest/kernel/dev/virtio.h"

#include "guest/kernel/core/device_tree.h"
#include "guest/kernel/core/print.h"
#include "guest/kernel/dev/irq.h"
#include "guest/kernel/mm/frame.h"

#define MAGIC 0x74726976
#define FEATURE_VERSION_1 (1ul << 32)
#define RESET_TRIES 100000

enum virtio_register {
	REG_MAGIC = 0x000,
	REG_VERSION = 0x004,
	REG_DEVICE_ID = 0x008,
	REG_DEVICE_FEATURES = 0x010,
	REG_DEVICE_FEATURES_SELECT = 0x014,
	REG_DRIVER_FEATURES = 0x020,
	REG_DRIVER_FEATURES_SELECT = 0x024,
	REG_QUEUE_SELECT = 0x030,
	REG_QUEUE_SIZE_MAX = 0x034,
	REG_QUEUE_SIZE = 0x038,
	REG_QUEUE_READY = 0x044,
	REG_QUEUE_NOTIFY = 0x050,
	REG_INTERRUPT_STATUS = 0x060,
	REG_INTERRUPT_ACKNOWLEDGE = 0x064,
	REG_STATUS = 0x070,
	REG_QUEUE_DESCRIPTORS = 0x080, /* low half; high half 4 bytes on */
	REG_QUEUE_AVAILABLE = 0x090,
	REG_QUEUE_USED = 0x0a0,
};

enum virtio_status {
	STATUS_ACKNOWLEDGE = 1,
	STATUS_DRIVER = 2,
	STATUS_DRIVER_OK = 4,
	STATUS_FEATURES_OK = 8,
	STATUS_FAILED = 128
};

enum descriptor_flag { DESCRIPTOR_NEXT = 1, DESCRIPTOR_WRITE = 2 };

struct virtio_descriptor {
	u64 pa;
	u32 size;
	u16 flags; /* enum descriptor_flag */
	u16 next;
};

/* Where the rings lie in their frame. */
#define AVAILABLE_OFFSET (VIRTIO_QUEUE_MAX * sizeof(struct virtio_descriptor))
#define USED_OFFSET (AVAILABLE_OFFSET + 512)
_Static_assert(4 + 2 * VIRTIO_QUEUE_MAX + 2 <= 512 && USED_OFFSET + 4 + 8 * VIRTIO_QUEUE_MAX + 2 <= PAGE_SIZE,
               "one frame");
#define RING_INDEX 1 /* u16s: flags, index, entries */
#define RING_ENTRIES 2

static struct virtio_device devices[VIRTIO_SLOTS_MAX];

u32 virtio_read(const struct virtio_device *device, u64 offset)
{
	return *(volatile u32 *)(device->base + offset);
}

void virtio_write(const struct virtio_device *device, u64 offset, u32 value)
{
	*(volatile u32 *)(device->base + offset) = value;
}

static void write_address(const struct virtio_device *device, u64 offset, u64 pa)
{
	virtio_write(device, offset, (u32)pa);
	virtio_write(device, offset + 4, (u32)(pa >> 32));
}

bool virtio_start(struct virtio_device *device, u64 wanted, u64 *features)
{
	virtio_write(device, REG_STATUS, 0);
	for (unsigned tries = 0; virtio_read(device, REG_STATUS) != 0; tries++)
		if (tries == RESET_TRIES)
			return false;
	virtio_write(device, REG_STATUS, STATUS_ACKNOWLEDGE);
	virtio_write(device, REG_STATUS, STATUS_ACKNOWLEDGE | STATUS_DRIVER);
	u64 offered = 0;
	for (u32 half = 0; half < 2; half++) {
		virtio_write(device, REG_DEVICE_FEATURES_SELECT, half);
		offered |= (u64)virtio_read(device, REG_DEVICE_FEATURES) << 32 * half;
	}
	*features = offered & (wanted | FEATURE_VERSION_1);
	for (u32 half = 0; half < 2; half++) {
		virtio_write(device, REG_DRIVER_FEATURES_SELECT, half);
		virtio_write(device, REG_DRIVER_FEATURES, (u32)(*features >> 32 * half));
	}
	u32 status = STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK;
	virtio_write(device, REG_STATUS, status);
	if (virtio_read(device, REG_STATUS) == status)
		return true;
	virtio_write(device, REG_STATUS, STATUS_FAILED);
	return false;
}

void virtio_started(struct virtio_device *device)
{
	virtio_write(device, REG_STATUS, virtio_read(device, REG_STATUS) | STATUS_DRIVER_OK);
}

bool virtio_queue_init(struct virtio_queue *queue, struct virtio_device *device, unsigned number)
{
	virtio_write(device, REG_QUEUE_SELECT, number);
	u32 size_max = virtio_read(device, REG_QUEUE_SIZE_MAX);
	struct frame *frame = size_max ? frame_alloc(FRAME_KERNEL, ALLOC_ZERO) : NULL;
	if (!frame)
		return false;
	u8 *rings = frame_data(frame);
	*queue = (struct virtio_queue){
		.device = device,
		.number = number,
		.size = (u16)MIN(size_max, (u32)VIRTIO_QUEUE_MAX),
		.descriptors = (struct virtio_descriptor *)rings,
		.available = (volatile u16 *)(rings + AVAILABLE_OFFSET),
		.used = (volatile u16 *)(rings + USED_OFFSET),
	};
	queue->free = queue->size;
	for (u16 i = 0; i < queue->size; i++)
		queue->descriptors[i].next = (u16)(i + 1);
	u64 pa = frame_pa(frame);
	virtio_write(device, REG_QUEUE_SIZE, queue->size);
	write_address(device, REG_QUEUE_DESCRIPTORS, pa);
	write_address(device, REG_QUEUE_AVAILABLE, pa + AVAILABLE_OFFSET);
	write_address(device, REG_QUEUE_USED, pa + USED_OFFSET);
	virtio_write(device, REG_QUEUE_READY, 1);
	return true;
}

void virtio_queue_add(struct virtio_queue *queue, const struct virtio_piece *pieces, unsigned count, void *tag)
{
	u16 first = queue->free_head, at = first;
	BUG_ON(count == 0 || count > queue->free);
	for (unsigned i = 0; i < count; i++) {
		struct virtio_descriptor *descriptor = &queue->descriptors[at];
		descriptor->pa = pieces[i].pa;
		descriptor->size = pieces[i].size;
		descriptor->flags =
			(u16)((pieces[i].device_writes ? DESCRIPTOR_WRITE : 0) | (i + 1 < count ? DESCRIPTOR_NEXT : 0));
		at = descriptor->next;
	}
	queue->free_head = at;
	queue->free = (u16)(queue->free - count);
	queue->tags[first] = tag;
	u16 index = queue->available[RING_INDEX];
	queue->available[RING_ENTRIES + index % queue->size] = first;
	/* The device must see the entry before the index, and the index before it is told. */
	__asm__ volatile("fence w, w" ::: "memory");
	queue->available[RING_INDEX] = (u16)(index + 1);
	__asm__ volatile("fence rw, rw\n\tfence w, o" ::: "memory");
	virtio_write(queue->device, REG_QUEUE_NOTIFY, queue->number);
}

static void free_chain(struct virtio_queue *queue, u16 first)
{
	u16 at = first;
	unsigned count = 1;
	for (; queue->descriptors[at].flags & DESCRIPTOR_NEXT; count++)
		at = queue->descriptors[at].next;
	queue->descriptors[at].next = queue->free_head;
	queue->free_head = first;
	queue->free = (u16)(queue->free + count);
}

void *virtio_queue_take(struct virtio_queue *queue)
{
	if (queue->used[RING_INDEX] == queue->used_seen)
		return NULL;
	__asm__ volatile("fence r, r" ::: "memory");
	/* An entry is two u32s; the first descriptor's number fits in the lower half of the first. */
	u16 first = queue->used[RING_ENTRIES + 4 * (queue->used_seen % queue->size)];
	queue->used_seen++;
	void *tag = first < queue->size ? queue->tags[first] : NULL;
	if (!tag)
		panic("virtio device at %lx: it finished request %u, which does not exist", queue->device->base, first);
	queue->tags[first] = NULL;
	free_chain(queue, first);
	return tag;
}

u32 virtio_acknowledge(struct virtio_device *device)
{
	u32 status = virtio_read(device, REG_INTERRUPT_STATUS);
	virtio_write(device, REG_INTERRUPT_ACKNOWLEDGE, status);
	/* What is finished after this raises another interrupt: only now may the ring be looked at. */
	__asm__ volatile("fence o, r" ::: "memory");
	return status;
}

static void probe(struct virtio_device *device)
{
	u32 id = virtio_read(device, REG_DEVICE_ID);
	if (virtio_read(device, REG_MAGIC) != MAGIC || id == 0)
		return;
	if (virtio_read(device, REG_VERSION) != 2) {
		printk("virtio device at %lx: only its old interface is there; start QEMU with "
		       "-global virtio-mmio.force-legacy=false\n",
		       device->base - DIRECT_MAP);
		return;
	}
	if (id == VIRTIO_ID_BLOCK)
		virtio_blk_init(device);
	else if (id == VIRTIO_ID_INPUT)
		virtio_input_init(device);
}

void virtio_init(void)
{
	unsigned count = 0;
	u64 pa, size;
	for (int node = device_tree_compatible(-1, "virtio,mmio"); node >= 0;
	     node = device_tree_compatible(node, "virtio,mmio")) {
		if (count == VIRTIO_SLOTS_MAX || !device_tree_reg(node, 0, &pa, &size))
			continue;
		unsigned at = count++;
		for (; at > 0 && devices[at - 1].base > DIRECT_MAP + pa; at--)
			devices[at] = devices[at - 1];
		devices[at] = (struct virtio_device){ .base = DIRECT_MAP + pa, .source = device_tree_interrupt(node) };
	}
	for (unsigned i = 0; i < count; i++)
		probe(&devices[i]);
}
