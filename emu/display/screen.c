/*
 * The guest's screen: see screen.h. Rows that changed are copied from where the guest's picture is, and the cursor is
 * drawn on top of them; rows that the cursor leaves or enters count as changed.
 */
#include "emu/display/screen.h"

#include <string.h>

#include "devices/virtio_gpu.h"
#include "emu/machine.h"

#define PIXEL_SIZE 4

/* Where the guest's picture is now. */
struct source {
	u8 kind;           /* enum screen_source */
	const u8 *pixels;  /* its first pixel: x8r8g8b8 */
	u32 width, height; /* pixels */
	u32 stride;        /* bytes from row to row */
};

/* A guest may set up more than anybody can look at: the right and the lower part are not seen then. */
static u32 visible(u32 side)
{
	return side < PICTURE_SIDE_MAX ? side : PICTURE_SIDE_MAX;
}

static struct source find_source(const struct machine *m)
{
	struct virtio_gpu_picture gpu;
	if (m->slots.gpu && virtio_gpu_picture(m->slots.gpu, &gpu))
		return (struct source){ SCREEN_GPU, gpu.pixels, visible(gpu.width), visible(gpu.height), gpu.stride };
	const struct framebuffer *fb = m->framebuffer;
	if (fb)
		return (struct source){ SCREEN_FRAMEBUFFER, framebuffer_pixels(fb), fb->width, fb->height, fb->stride };
	return (struct source){ .kind = SCREEN_NOTHING };
}

/* The cursor's number, which another look or place of it changes. */
static bool find_cursor(const struct machine *m, const struct source *from, struct virtio_gpu_cursor *cursor,
                        u32 *serial)
{
	*serial = 0;
	return from->kind == SCREEN_GPU && virtio_gpu_cursor(m->slots.gpu, cursor, serial);
}

void screen_free(struct screen *s)
{
	picture_free(&s->picture);
	*s = (struct screen){ 0 };
}

static bool is_other_picture(const struct screen *s, const struct source *from)
{
	return s->source != from->kind ||
	       (from->kind != SCREEN_NOTHING && (s->picture.width != from->width || s->picture.height != from->height));
}

bool screen_is_dirty(const struct screen *s, const struct machine *m)
{
	struct source from = find_source(m);
	struct virtio_gpu_cursor cursor;
	u32 serial;
	if (is_other_picture(s, &from))
		return true;
	(void)find_cursor(m, &from, &cursor, &serial);
	if (serial != s->cursor_serial)
		return true;
	return from.kind == SCREEN_GPU           ? virtio_gpu_is_dirty(m->slots.gpu)
	       : from.kind == SCREEN_FRAMEBUFFER ? framebuffer_is_dirty(m->framebuffer)
	                                         : false;
}

/* --- copying --- */

/* Makes room for a few pixels at a time: the compiler does those at one go. */
#define PIXELS_AT_ONCE 16

/* Copies pixels without what is above their colours. Returns all colours or'ed. */
static u32 copy_pixels(u32 *to, const u8 *from, u32 count)
{
	u32 all[PIXELS_AT_ONCE] = { 0 }, any = 0, i = 0;
	for (; i + PIXELS_AT_ONCE <= count; i += PIXELS_AT_ONCE) {
		u32 some[PIXELS_AT_ONCE];
		memcpy(some, from + (size_t)i * PIXEL_SIZE, sizeof(some));
		for (u32 k = 0; k < PIXELS_AT_ONCE; k++) {
			some[k] &= 0xffffff;
			all[k] |= some[k];
		}
		memcpy(to + i, some, sizeof(some));
	}
	for (u32 k = 0; k < PIXELS_AT_ONCE; k++)
		any |= all[k];
	for (; i < count; i++) {
		memcpy(&to[i], from + (size_t)i * PIXEL_SIZE, PIXEL_SIZE);
		any |= to[i] &= 0xffffff;
	}
	return any;
}

/* Copies rows; true if any pixel of them is not black. */
static bool copy_rows(struct picture *to, const struct source *from, u32 first, u32 count)
{
	u32 any = 0;
	for (u32 y = first; y < first + count; y++)
		any |= copy_pixels(to->pixels + (size_t)y * to->width, from->pixels + (size_t)y * from->stride,
		                   to->width);
	return any != 0;
}

/* --- the cursor --- */

/* The rows of a picture that a cursor covers. */
static void cursor_rows(const struct virtio_gpu_cursor *cursor, u32 height, u32 *first, u32 *count)
{
	s64 from = cursor->y < 0 ? 0 : cursor->y, end = (s64)cursor->y + VIRTIO_GPU_CURSOR;
	if (end > (s64)height)
		end = height;
	*first = from < end ? (u32)from : 0;
	*count = from < end ? (u32)(end - from) : 0;
}

/* The colours of a cursor are multiplied by its alpha already: so Linux's drivers have them. */
static u32 blend(u32 below, u32 above)
{
	u32 rest = 255 - (above >> 24), result = 0;
	for (u32 shift = 0; shift < 24; shift += 8) {
		u32 colour = (above >> shift & 0xff) + ((below >> shift & 0xff) * rest + 127) / 255;
		result |= (colour < 255 ? colour : 255) << shift;
	}
	return result;
}

/* Draws those of the cursor's rows that are first..first+count-1 of the picture. */
static void draw_cursor(struct picture *to, const struct virtio_gpu_cursor *cursor, u32 first, u32 count)
{
	for (u32 row = 0; row < VIRTIO_GPU_CURSOR; row++) {
		s64 y = (s64)cursor->y + row;
		if (y < first || y >= (s64)first + count)
			continue;
		for (u32 column = 0; column < VIRTIO_GPU_CURSOR; column++) {
			s64 x = (s64)cursor->x + column;
			u32 *pixel = &to->pixels[(size_t)y * to->width + (size_t)x];
			if (x >= 0 && x < to->width)
				*pixel = blend(*pixel, cursor->pixels[row * VIRTIO_GPU_CURSOR + column]);
		}
	}
}

/* --- updates --- */

/* Adds rows to a range. */
static void add_rows(u32 *first, u32 *count, u32 more_first, u32 more_count)
{
	if (more_count == 0)
		return;
	u32 end = *first + *count, more_end = more_first + more_count;
	if (*count == 0) {
		*first = more_first;
		end = more_end;
	}
	*first = *first < more_first ? *first : more_first;
	*count = (end > more_end ? end : more_end) - *first;
}

/* There is no picture any more. The window keeps its size. */
static bool go_black(struct screen *s, u32 *first, u32 *count)
{
	bool was_something = s->source != SCREEN_NOTHING;
	s->source = SCREEN_NOTHING;
	s->cursor_serial = s->cursor_count = 0;
	*first = 0;
	*count = s->picture.height;
	if (was_something)
		memset(s->picture.pixels, 0, (size_t)s->picture.width * s->picture.height * PIXEL_SIZE);
	return was_something;
}

bool screen_update(struct screen *s, struct machine *m, u32 *first, u32 *count)
{
	struct source from = find_source(m);
	struct virtio_gpu_cursor cursor;
	u32 serial;
	if (from.kind == SCREEN_NOTHING)
		return go_black(s, first, count);
	bool is_other = is_other_picture(s, &from);
	bool changed = from.kind == SCREEN_GPU ? virtio_gpu_take_dirty(m->slots.gpu, first, count)
	                                       : framebuffer_take_dirty(m->framebuffer, first, count);
	bool has_cursor = find_cursor(m, &from, &cursor, &serial);
	if (!changed || *first >= from.height)
		*first = *count = 0;
	if (*count > from.height - *first)
		*count = from.height - *first;
	if (is_other) {
		picture_resize(&s->picture, from.width, from.height);
		*first = 0;
		*count = from.height;
	}
	if (is_other || serial != s->cursor_serial) {
		add_rows(first, count, s->cursor_first, is_other ? 0 : s->cursor_count);
		s->cursor_first = s->cursor_count = 0;
		if (has_cursor)
			cursor_rows(&cursor, from.height, &s->cursor_first, &s->cursor_count);
		add_rows(first, count, s->cursor_first, s->cursor_count);
	}
	s->source = from.kind;
	s->cursor_serial = serial;
	if (*count == 0)
		return false;
	if (copy_rows(&s->picture, &from, *first, *count) || from.kind == SCREEN_GPU)
		s->was_drawn = true;
	if (has_cursor)
		draw_cursor(&s->picture, &cursor, *first, *count);
	return true;
}

bool screen_dump(const struct machine *m, const char *path, struct error *err)
{
	struct source from = find_source(m);
	struct picture picture = { 0 };
	struct virtio_gpu_cursor cursor;
	u32 serial;
	if (from.kind == SCREEN_NOTHING)
		return error_set(err, m->slots.gpu ? "the guest has set up no screen"
		                                   : "the guest has no screen: --screen gives it one");
	picture_resize(&picture, from.width, from.height);
	copy_rows(&picture, &from, 0, from.height);
	if (find_cursor(m, &from, &cursor, &serial))
		draw_cursor(&picture, &cursor, 0, from.height);
	bool ok = picture_write_png(&picture, path, err);
	picture_free(&picture);
	return ok;
}
