/*
 * Between disk.c, which others call, and virtio_blk.c, the one driver.
 */
#ifndef GUEST_KERNEL_DEV_DISK_INTERNAL_H
#define GUEST_KERNEL_DEV_DISK_INTERNAL_H

#include "guest/kernel/dev/disk.h"

/* disk.c: the driver has found one; names it and puts it into /dev. */
void disk_add(struct disk *disk);

/* virtio_blk.c. Hands a request to the device; may sleep while the queue is full. */
void virtio_blk_submit(struct disk_request *request);
/* Looks for finished requests without an interrupt. */
void virtio_blk_poll(struct disk *disk);
bool virtio_blk_can_flush(struct disk *disk);

#endif
