/*
 * A picture in memory, and PNG files of it (libpng).
 */
#ifndef RVEMU_EMU_DISPLAY_PICTURE_H
#define RVEMU_EMU_DISPLAY_PICTURE_H

#include "emu/base/base.h"

#define PICTURE_SIDE_MAX 8192 /* pixels, either side */

struct picture {
	u32 width, height; /* pixels; 0: empty */
	u32 *pixels;       /* 0x00RRGGBB, width * height of them, row by row */
};

/* A zeroed struct is an empty image. Makes it that size, black; if it has that size already nothing happens. */
void picture_resize(struct picture *picture, u32 width, u32 height);
void picture_free(struct picture *picture);

/* Writes it as PNG: first beside `path`, then put in its place, so that a reader never sees half of one. False: see
 * err.
 */
bool picture_write_png(const struct picture *picture, const char *path, struct error *err) must_check;

/* Reads one, whatever its colours, onto black. False: see err. */
bool picture_read_png(struct picture *picture, const char *path, struct error *err) must_check;

#endif
