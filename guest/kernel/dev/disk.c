/*
 * Disks: see disk.h. What is common to all: names, counting, and turning a list of pages into few requests.
 */
#include "guest/kernel/dev/disk.h"

#include "guest/kernel/core/print.h"
#include "guest/kernel/dev/disk_internal.h"
#include "guest/kernel/fs/vfs.h"
#include "guest/kernel/mm/reclaim.h"
#include "guest/kernel/proc/sched.h"

#define DISKS_MAX 16
#define MAJOR 254 /* Linux' usual number for virtio disks */
#define MINORS 16 /* of which each disk has this many, for partitions we do not look for */
#define PAGE_SECTORS (PAGE_SIZE / 512)
#define REQUESTS 32 /* of disk_transfer() under way at the same time, in the whole system */

static struct disk *disks[DISKS_MAX];
static unsigned disk_count;

/* A request of disk_transfer(); they need more room than a stack has. */
struct transfer {
	struct disk_request request;
	struct transfer *next; /* in the free list, or in the transfer it is part of */
};

static struct transfer transfers[REQUESTS];
static struct transfer *free_transfers;
static struct wait_queue transfer_freed;

void disk_add(struct disk *disk)
{
	if (disk_count == DISKS_MAX) {
		printk("more than %d disks: the others are not used\n", DISKS_MAX);
		return;
	}
	if (disk_count == 0) {
		wait_queue_init(&transfer_freed);
		for (unsigned i = 0; i < REQUESTS; i++) {
			transfers[i].next = free_transfers;
			free_transfers = &transfers[i];
		}
	}
	format_text(disk->name, sizeof(disk->name), "vd%c", 'a' + (int)disk_count);
	block_device_register(DEVICE(MAJOR, MINORS * disk_count), disk->name, disk);
	disks[disk_count++] = disk;
	printk("%s: %lu MiB%s\n", disk->name, disk->sectors >> 11, disk->read_only ? ", read only" : "");
}

struct disk *disk_at(unsigned index)
{
	return index < disk_count ? disks[index] : NULL;
}

/* Whether the disk has all pages of the request (the last one may be a part). */
static bool is_inside(const struct disk_request *request)
{
	u64 sectors = request->disk->sectors;
	if (request->flush)
		return true;
	return request->count > 0 && request->count <= DISK_REQUEST_FRAMES && request->sector < sectors &&
	       (request->count - 1) * PAGE_SECTORS < sectors - request->sector;
}

static void count_request(const struct disk_request *request)
{
	struct disk *disk = request->disk;
	u64 sectors = request->count * PAGE_SECTORS;
	if (request->flush) {
		disk->flushes++;
	} else if (request->write) {
		disk->writes++;
		disk->write_sectors += sectors;
		vm_counts.pgpgout += sectors / 2;
	} else {
		disk->reads++;
		disk->read_sectors += sectors;
		vm_counts.pgpgin += sectors / 2;
	}
}

void disk_submit(struct disk_request *request)
{
	wait_queue_init(&request->queue);
	request->done = false;
	request->error = 0;
	if (!is_inside(request) || (request->write && request->disk->read_only)) {
		request->error = -EIO;
		request->done = true;
		return;
	}
	count_request(request);
	virtio_blk_submit(request);
}

int disk_wait(struct disk_request *request)
{
	while (!request->done) {
		virtio_blk_poll(request->disk);
		if (!request->done)
			sleep_on(&request->queue, SLEEP, FOREVER);
	}
	return request->error;
}

int disk_flush(struct disk *disk)
{
	struct disk_request request = { .disk = disk, .flush = true };
	if (disk->read_only || !virtio_blk_can_flush(disk))
		return 0;
	disk_submit(&request);
	return disk_wait(&request);
}

/* Waits for all requests of the chain and gives them back. 0 or the first error. */
static int finish(struct transfer *chain)
{
	int error = 0;
	while (chain) {
		struct transfer *next = chain->next;
		int result = disk_wait(&chain->request);
		if (error == 0)
			error = result;
		chain->next = free_transfers;
		free_transfers = chain;
		wake_some(&transfer_freed, 1);
		chain = next;
	}
	return error;
}

/* Takes a request; first waits for those of the chain if there is none, so that nobody waits for one that he holds
 * himself. */
static struct transfer *take_transfer(struct transfer **chain, int *error)
{
	if (!free_transfers && *chain) {
		int result = finish(*chain);
		*chain = NULL;
		if (*error == 0)
			*error = result;
	}
	while (!free_transfers)
		sleep_on(&transfer_freed, SLEEP, FOREVER);
	struct transfer *transfer = free_transfers;
	free_transfers = transfer->next;
	return transfer;
}

int disk_transfer(struct disk *disk, bool write, struct frame **frames, const u64 *blocks, unsigned n)
{
	struct transfer *chain = NULL;
	int error = 0;
	for (unsigned at = 0; at < n;) {
		struct transfer *transfer = take_transfer(&chain, &error);
		struct disk_request *request = &transfer->request;
		*request = (struct disk_request){ .disk = disk, .write = write, .sector = blocks[at] * PAGE_SECTORS };
		do {
			request->frames[request->count++] = frames[at++];
		} while (at < n && request->count < DISK_REQUEST_FRAMES && blocks[at] == blocks[at - 1] + 1);
		disk_submit(request);
		transfer->next = chain;
		chain = transfer;
	}
	int result = finish(chain);
	return error ? error : result;
}
