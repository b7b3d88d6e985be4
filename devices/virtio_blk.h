/*
 * The virtio block device (virtio 1.2, section 5.2): read, write, flush, discard, write zeroes, get id, on a disk of
 * devices/disk.h.
 *
 * A request takes some guest time (see virtio_blk.c), then is done at once, in the order of the queue. FLUSH is over
 * when the host says that the bytes are on its disk. An error of the host's file gives VIRTIO_BLK_S_IOERR and one line.
 */
#ifndef RVEMU_DEVICES_VIRTIO_BLK_H
#define RVEMU_DEVICES_VIRTIO_BLK_H

#include "devices/disk.h"
#include "devices/virtio.h"
#include "emu/base/clock.h"

struct virtio_blk;

/* Puts a disk, which stays the caller's, into virtio slot `slot`. NULL: see err. */
struct virtio_blk *virtio_blk_create(struct bus *bus, struct clock *clock, u32 slot, struct irq_line irq,
                                     struct disk *disk, struct error *err);
void virtio_blk_destroy(struct virtio_blk *blk);

/* The transport, for `info devices`. */
struct virtio *virtio_blk_transport(struct virtio_blk *blk);

/* The disk. */
struct disk *virtio_blk_disk(const struct virtio_blk *blk);

/* Saves or restores the device and its disk (disk_state()). */
void virtio_blk_state(struct state *s, struct virtio_blk *blk);

#endif
