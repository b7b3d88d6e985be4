/*
 * Disks: virtio block devices. Virtio specification 1.2, chapter 5.2. One queue; a request is a header, up to
 * DISK_REQUEST_FRAMES pieces of data and a byte of status, which all lie in memory the device reaches by its physical
 * address: in the struct disk_request and in frames.
 */
#include "guest/kernel/dev/disk.h"

#include "guest/kernel/core/image.h"
#include "guest/kernel/core/print.h"
#include "guest/kernel/dev/disk_internal.h"
#include "guest/kernel/dev/irq.h"
#include "guest/kernel/dev/virtio.h"
#include "guest/kernel/mm/kmalloc.h"
#include "guest/kernel/proc/sched.h"

#define FEATURE_READ_ONLY (1ul << 5)
#define FEATURE_FLUSH (1ul << 9)
#define PIECES_MAX (DISK_REQUEST_FRAMES + 2)
#define SECTOR_SIZE 512u

enum request_type { REQUEST_READ = 0, REQUEST_WRITE = 1, REQUEST_FLUSH = 4 };

/* The header as the device reads it. */
struct blk_header {
	u32 type; /* enum request_type */
	u32 reserved;
	u64 sector;
};
_Static_assert(sizeof(struct blk_header) == sizeof(((struct disk_request *)0)->header), "virtio 1.2, 5.2.6");

struct blk {
	struct disk disk;
	struct virtio_device *device;
	struct virtio_queue queue;
	bool can_flush;
	struct wait_queue room; /* for free descriptors */
};

static struct blk *blk_of(struct disk *disk)
{
	return disk->driver;
}

/* Takes what the device has finished. */
static void finish_requests(struct blk *blk)
{
	struct disk_request *request;
	bool any = false;
	while ((request = virtio_queue_take(&blk->queue)) != NULL) {
		request->error = *(volatile u8 *)&request->status == 0 ? 0 : -EIO;
		request->done = true;
		wake_all(&request->queue);
		any = true;
	}
	if (any)
		wake_all(&blk->room);
}

static void interrupt(void *context)
{
	struct blk *blk = context;
	virtio_acknowledge(blk->device);
	finish_requests(blk);
}

void virtio_blk_poll(struct disk *disk)
{
	finish_requests(blk_of(disk));
}

/* Header, data, status; frames that adjoin in memory become one piece. The number of pieces. */
static unsigned make_pieces(struct disk_request *request, struct virtio_piece pieces[PIECES_MAX])
{
	unsigned count = 0;
	pieces[count++] = (struct virtio_piece){ virtual_to_pa(request->header), sizeof(request->header), false };
	u64 left = (request->disk->sectors - request->sector) * SECTOR_SIZE; /* a disk may end within a page */
	for (unsigned i = 0; i < request->count; i++) {
		u64 pa = frame_pa(request->frames[i]);
		u32 size = (u32)MIN(left, PAGE_SIZE);
		struct virtio_piece *last = &pieces[count - 1];
		left -= size;
		if (size < PAGE_SIZE && !request->write)
			page_zero(frame_data(request->frames[i]));
		if (count > 1 && last->pa + last->size == pa)
			last->size += size;
		else
			pieces[count++] = (struct virtio_piece){ pa, size, !request->write };
	}
	pieces[count++] = (struct virtio_piece){ virtual_to_pa(&request->status), 1, true };
	return count;
}

void virtio_blk_submit(struct disk_request *request)
{
	struct blk *blk = blk_of(request->disk);
	struct virtio_piece pieces[PIECES_MAX];
	struct blk_header header = { .type = REQUEST_READ, .sector = request->sector };
	if (request->flush)
		header.type = REQUEST_FLUSH;
	else if (request->write)
		header.type = REQUEST_WRITE;
	memcpy(request->header, &header, sizeof(header));
	request->status = 0xff;
	unsigned count = make_pieces(request, pieces);
	while (blk->queue.free < count) {
		finish_requests(blk);
		if (blk->queue.free < count)
			sleep_on(&blk->room, SLEEP, FOREVER);
	}
	virtio_queue_add(&blk->queue, pieces, count, request);
}

bool virtio_blk_can_flush(struct disk *disk)
{
	return blk_of(disk)->can_flush;
}

void virtio_blk_init(struct virtio_device *device)
{
	u64 features;
	struct blk *blk = kmalloc(sizeof(*blk));
	if (!blk || !virtio_start(device, FEATURE_READ_ONLY | FEATURE_FLUSH, &features) ||
	    !virtio_queue_init(&blk->queue, device, 0) || blk->queue.size < PIECES_MAX) {
		printk("virtio disk at %lx: it does not work, or there is no memory for it\n",
		       device->base - DIRECT_MAP);
		kfree(blk);
		return;
	}
	blk->device = device;
	blk->can_flush = features & FEATURE_FLUSH;
	wait_queue_init(&blk->room);
	blk->disk.driver = blk;
	blk->disk.read_only = features & FEATURE_READ_ONLY;
	blk->disk.sectors = virtio_read(device, VIRTIO_CONFIG) | (u64)virtio_read(device, VIRTIO_CONFIG + 4) << 32;
	irq_register(device->source, interrupt, blk);
	virtio_started(device);
	disk_add(&blk->disk);
}
