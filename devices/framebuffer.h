/*
 * The simple framebuffer: memory that is a picture, and nothing else. The device tree names it ("simple-framebuffer" in
 * /chosen, x8r8g8b8), and a kernel that maps it can draw at once.
 *
 * It is a RAM region of its own on the bus, so that stores to it are as fast as any; which of its pages were written
 * since somebody looked is known all the same: the first store to a page that is clean takes the slow way
 * (bus_region.clean_map).
 */
#ifndef RVEMU_DEVICES_FRAMEBUFFER_H
#define RVEMU_DEVICES_FRAMEBUFFER_H

#include "devices/bus.h"

#define FRAMEBUFFER_SIDE_MIN 64   /* pixels, either side */
#define FRAMEBUFFER_SIDE_MAX 4096 /* likewise */

struct framebuffer {
	struct bus *bus;                            /* where its memory is */
	u64 base;                                   /* likewise: its first address */
	u32 width, height;                          /* pixels */
	u32 stride;                                 /* bytes a row: 4 * width */
	void (*watch)(void *arg, u64 pa, u64 size); /* takes stores to these pages out of all fast tables; NULL: there
	                                               are none */
	void *watch_arg;                            /* what it is given */
};

/* Puts one at `base`, black, and all of it dirty. The sides are FRAMEBUFFER_SIDE_MIN..MAX. Who has harts sets `watch`
 * then. NULL: see err. */
struct framebuffer *framebuffer_create(struct bus *bus, u64 base, u32 width, u32 height, struct error *err);
void framebuffer_destroy(struct framebuffer *fb);

/* Bytes of memory that such a framebuffer takes: whole pages. */
u64 framebuffer_size(u32 width, u32 height);

/* The pixels: `stride` bytes a row, each pixel 0x00RRGGBB in the host's (little-endian) order. */
const u8 *framebuffer_pixels(const struct framebuffer *fb);

/* True if any page was written since it was last taken: costs a few loads, whatever the size. */
bool framebuffer_is_dirty(const struct framebuffer *fb);

/* The rows first..first+count-1 that cover all pages written since the last call, which are clean from now on. At first
 * all are dirty, and after a snapshot was restored. False: none were written. Between two instructions only. */
bool framebuffer_take_dirty(struct framebuffer *fb, u32 *first, u32 *count);

#endif
