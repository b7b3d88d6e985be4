/*
 * The virtio GPU, 2D alone (virtio 1.2, section 5.7): one scanout, resources with guest memory behind them, a cursor,
 * EDID. No 3D (VIRGL), blobs or contexts.
 *
 * The device keeps a copy of each resource's pixels, as the specification wants it: what the guest draws is seen after
 * TRANSFER_TO_HOST_2D and RESOURCE_FLUSH. Errors are told as QEMU tells them, and there are bounds: a guest may hold
 * VIRTIO_GPU_BYTES_MAX, and requests that move more than that wait for their turn.
 */
#ifndef RVEMU_DEVICES_VIRTIO_GPU_H
#define RVEMU_DEVICES_VIRTIO_GPU_H

#include "devices/virtio.h"
#include "emu/base/clock.h"

#define VIRTIO_GPU_BYTES_MAX (256 * MIB) /* of all resources together: pixels, and lists of what is behind them */
#define VIRTIO_GPU_SIDE_MAX 8192         /* pixels, either side of a resource or of the display */
#define VIRTIO_GPU_CURSOR 64             /* pixels, either side of a cursor */

struct virtio_gpu;

/* Puts one into virtio slot `slot`, with a display of width * height pixels (1..VIRTIO_GPU_SIDE_MAX each). NULL: see
 * err. */
struct virtio_gpu *virtio_gpu_create(struct bus *bus, struct clock *clock, u32 slot, struct irq_line irq, u32 width,
                                     u32 height, struct error *err);
void virtio_gpu_destroy(struct virtio_gpu *gpu);

/* What is shown. Pixels are x8r8g8b8 words, `stride` bytes a row, valid until the guest runs on. */
struct virtio_gpu_picture {
	const u8 *pixels;  /* first pixel of the scanout's rectangle */
	u32 width, height; /* of the rectangle */
	u32 stride;        /* bytes from row to row */
};

/* The scanout's picture. False: the guest has not set one up (or switched it off). */
bool virtio_gpu_picture(const struct virtio_gpu *gpu, struct virtio_gpu_picture *picture) must_check;

/* Rows of it that changed since the last call (a new scanout: all). False: none. A scanout that was switched off is
 * dirty too, until this is called, and has no rows. */
bool virtio_gpu_take_dirty(struct virtio_gpu *gpu, u32 *first, u32 *count);
bool virtio_gpu_is_dirty(const struct virtio_gpu *gpu);

/* The cursor: VIRTIO_GPU_CURSOR^2 a8r8g8b8 words, and where. Its image, place or visibility changed: *serial is another
 * number than before. False: none is shown. */
struct virtio_gpu_cursor {
	const u32 *pixels;
	s32 x, y; /* top left corner on the screen, as Linux's driver means it; it may lie outside */
};
bool virtio_gpu_cursor(const struct virtio_gpu *gpu, struct virtio_gpu_cursor *cursor, u32 *serial);

/* The window wants another size: the guest is told (VIRTIO_GPU_EVENT_DISPLAY) and may follow. By emu/inputs.c alone
 * while a machine runs, so that recordings know when. */
void virtio_gpu_resize(struct virtio_gpu *gpu, u32 width, u32 height);

struct virtio *virtio_gpu_transport(struct virtio_gpu *gpu);
void virtio_gpu_state(struct state *s, struct virtio_gpu *gpu);

#endif
