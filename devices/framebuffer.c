/*
 * The simple framebuffer: see framebuffer.h. What is known of stores is in the bus (bus_region.clean_map); here pages
 * become rows, and written pages become clean again.
 */
#include "devices/framebuffer.h"

#include <stdlib.h>
#include <string.h>

#define PIXEL_SIZE 4

u64 framebuffer_size(u32 width, u32 height)
{
	return align_up((u64)width * height * PIXEL_SIZE, PAGE_SIZE);
}

struct framebuffer *framebuffer_create(struct bus *bus, u64 base, u32 width, u32 height, struct error *err)
{
	BUG_ON(width < FRAMEBUFFER_SIDE_MIN || width > FRAMEBUFFER_SIDE_MAX);
	BUG_ON(height < FRAMEBUFFER_SIDE_MIN || height > FRAMEBUFFER_SIDE_MAX);
	if (!bus_add_ram(bus, "framebuffer", base, framebuffer_size(width, height), err))
		return NULL;
	bus_track(bus, base);
	struct framebuffer *fb = xcalloc(1, sizeof(*fb));
	*fb = (struct framebuffer){
		.bus = bus,
		.base = base,
		.width = width,
		.height = height,
		.stride = width * PIXEL_SIZE,
	};
	return fb;
}

void framebuffer_destroy(struct framebuffer *fb)
{
	free(fb);
}

const u8 *framebuffer_pixels(const struct framebuffer *fb)
{
	return bus_find(fb->bus, fb->base)->ram;
}

bool framebuffer_is_dirty(const struct framebuffer *fb)
{
	return bus_find(fb->bus, fb->base)->dirty_pages != 0;
}

bool framebuffer_take_dirty(struct framebuffer *fb, u32 *first, u32 *count)
{
	struct bus_region *region = bus_find(fb->bus, fb->base);
	u8 *map = region->clean_map;
	u64 pages = region->size >> PAGE_SHIFT;
	if (region->dirty_pages == 0)
		return false;
	u64 from = (u64)((u8 *)memchr(map, 0, pages) - map);
	u64 end = (u64)((u8 *)memrchr(map, 0, pages) - map) + 1;
	if (fb->watch)
		fb->watch(fb->watch_arg, fb->base + from * PAGE_SIZE, (end - from) * PAGE_SIZE);
	memset(map + from, 1, end - from);
	region->dirty_pages = 0;
	u64 rows = (end * PAGE_SIZE + fb->stride - 1) / fb->stride;
	*first = (u32)(from * PAGE_SIZE / fb->stride);
	*count = (u32)(rows < fb->height ? rows : fb->height) - *first;
	return true;
}
