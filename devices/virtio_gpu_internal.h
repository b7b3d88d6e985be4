/*
 * The parts of the virtio GPU: numbers of virtio 1.2, section 5.7, resources (virtio_gpu_resource.c) and the display's
 * EDID (virtio_gpu_edid.c). Between devices/virtio_gpu*.c only.
 */
#ifndef RVEMU_DEVICES_VIRTIO_GPU_INTERNAL_H
#define RVEMU_DEVICES_VIRTIO_GPU_INTERNAL_H

#include "devices/virtio_gpu.h"

/* 5.7.6.7: what a response says. */
enum gpu_response {
	RESP_OK_NODATA = 0x1100,
	RESP_OK_DISPLAY_INFO = 0x1101,
	RESP_OK_EDID = 0x1104,
	RESP_ERR_UNSPEC = 0x1200,
	RESP_ERR_OUT_OF_MEMORY = 0x1201,
	RESP_ERR_INVALID_SCANOUT_ID = 0x1202,
	RESP_ERR_INVALID_RESOURCE_ID = 0x1203,
	RESP_ERR_INVALID_PARAMETER = 0x1205,
};

/* 5.7.6.8: the letters name a pixel's bytes in the order of their addresses. */
enum gpu_format {
	FORMAT_B8G8R8A8 = 1,
	FORMAT_B8G8R8X8 = 2,
	FORMAT_A8R8G8B8 = 3,
	FORMAT_X8R8G8B8 = 4,
	FORMAT_R8G8B8A8 = 67,
	FORMAT_X8B8G8R8 = 68,
	FORMAT_A8B8G8R8 = 121,
	FORMAT_R8G8B8X8 = 134,
};

#define GPU_PIXEL 4 /* bytes, in all formats */

struct gpu_rect {
	u32 x, y, width, height; /* pixels */
};
_Static_assert(sizeof(struct gpu_rect) == 16, "virtio 1.2, 5.7.6.8");

/* A piece of the guest's RAM that a resource is drawn in. */
struct gpu_piece {
	u64 pa;         /* where */
	const u8 *host; /* the same bytes */
	u64 start;      /* bytes of the resource before it */
	u32 size;       /* bytes of it */
};

struct gpu_resource {
	struct gpu_resource *next; /* of all */
	u32 id;                    /* the guest's name for it, not 0 */
	u32 format;                /* enum gpu_format, of what the guest draws */
	u32 width, height;         /* pixels, 1..VIRTIO_GPU_SIDE_MAX */
	u8 *pixels;                /* the device's copy: a8r8g8b8 words, no gaps between rows; where the format has no
	                              alpha, what the guest wrote there */
	struct gpu_piece *pieces;  /* where the guest draws; NULL: nowhere yet */
	u32 piece_count;           /* how many */
	u64 backing_size;          /* bytes in all of them */
};

/* All that a guest has made. */
struct gpu_resources {
	struct bus *bus;            /* where the guest's RAM is */
	struct gpu_resource *first; /* a list, the oldest first */
	u32 count;                  /* how many */
	u64 bytes;                  /* of VIRTIO_GPU_BYTES_MAX */
};

/* The resource of that name, or NULL. */
struct gpu_resource *gpu_resource_find(const struct gpu_resources *all, u32 id);

/* Makes one, black and transparent. */
enum gpu_response gpu_resource_create(struct gpu_resources *all, u32 id, u32 format, u32 width, u32 height) must_check;

/* Takes it out of the list and frees it. */
void gpu_resource_remove(struct gpu_resources *all, struct gpu_resource *resource);
void gpu_resource_remove_all(struct gpu_resources *all);

/* Puts RAM behind it: `count` times address (8 bytes), size (4) and 4 bytes of nothing, `offset` bytes into the chain.
 */
enum gpu_response gpu_resource_attach(struct gpu_resources *all, struct gpu_resource *resource,
                                      const struct virtio_chain *chain, u64 offset, u32 count) must_check;
void gpu_resource_detach(struct gpu_resources *all, struct gpu_resource *resource);

/* True if the rectangle lies in the resource. */
bool gpu_resource_has(const struct gpu_resource *resource, const struct gpu_rect *rect);

/* Copies a rectangle of it out of the guest's RAM, where its first pixel is `offset` bytes from the start, and its rows
 * as far apart as the resource is wide. What is not there stays as it was. */
void gpu_resource_transfer(struct gpu_resource *resource, const struct gpu_rect *rect, u64 offset);

void gpu_resources_state(struct state *s, struct gpu_resources *all);

#define GPU_EDID_SIZE 128

/* Describes a display of that many pixels (EDID 1.4, one block). False: EDID has no words for one so large. */
bool gpu_edid(u8 edid[GPU_EDID_SIZE], u32 width, u32 height) must_check;

#endif
