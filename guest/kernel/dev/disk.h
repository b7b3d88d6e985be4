/*
 * Disks: requests of whole frames to a virtio-blk device. A request lives on the stack of who waits for it; nothing is
 * allocated.
 */
#ifndef GUEST_KERNEL_DEV_DISK_H
#define GUEST_KERNEL_DEV_DISK_H

#include "guest/kernel/core/lock.h"
#include "guest/kernel/mm/frame.h"

#define DISK_REQUEST_FRAMES 16

struct disk {
	char name[8]; /* "vda" */
	u64 sectors;  /* of 512 bytes */
	bool read_only;
	struct inode *inode; /* whose mapping caches its blocks (4 KiB pages), or NULL as yet */
	void *driver;        /* virtio_blk.c's */
	u64 reads, read_sectors, writes, write_sectors, flushes; /* /proc/diskstats */
};

struct disk_request {
	struct disk *disk;
	u64 sector; /* first; a multiple of 8 where frames are whole pages */
	bool write;
	bool flush;     /* instead: write the device's cache through; no frames */
	unsigned count; /* of frames */
	struct frame *frames[DISK_REQUEST_FRAMES];
	/* The driver's. */
	volatile bool done;
	int error; /* 0 or -EIO */
	struct wait_queue queue;
	u8 status;
	u8 header[16];
};

/* The disks in the order of their names; NULL ends them. */
struct disk *disk_at(unsigned index);

/* Hands it to the device (waits while the queue is full). May sleep. */
void disk_submit(struct disk_request *request);
/* Sleeps until it is done. 0 or -EIO. */
int disk_wait(struct disk_request *request);
/* Writes the device's cache through. 0 or -EIO. May sleep. */
int disk_flush(struct disk *disk);
/* The disk of this index, in the order of their names, or NULL. */
struct disk *disk_at(unsigned index);
/* Reads or writes n frames, of which frame i belongs to 4 KiB block blocks[i]: adjoining blocks become one request, all
 * requests are under way before the first is waited for. May sleep. */
int disk_transfer(struct disk *disk, bool write, struct frame **frames, const u64 *blocks, unsigned n);

#endif
