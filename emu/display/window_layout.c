/*
 * The arithmetic of window_layout.h.
 */
#include "emu/display/window_layout.h"

struct window_layout window_layout_of(u32 width, u32 height, u32 bar_height, bool fullscreen, enum display_tab tab)
{
	s32 bar = fullscreen && tab != DISPLAY_TAB_MMU ? 0 : (s32)bar_height;
	if (bar > (s32)height)
		bar = (s32)height;
	return (struct window_layout){
		.bar = { 0, 0, (s32)width, bar },
		.face = { 0, bar, (s32)width, (s32)height - bar },
	};
}

/* a * b / c rounded, at least 1. */
static s32 part(s32 a, u32 b, u32 c)
{
	u64 result = ((u64)a * b + c / 2) / c;
	return result ? (s32)result : 1;
}

struct rect window_layout_picture(struct rect face, u32 width, u32 height, enum display_scale scale)
{
	struct rect r = { face.x, face.y, 0, 0 };
	if (!width || !height || face.w <= 0 || face.h <= 0)
		return r;
	u32 across = (u32)face.w / width, down = (u32)face.h / height;
	u32 times = across < down ? across : down;
	if (scale == DISPLAY_SCALE_INTEGER && times) {
		r.w = (s32)(width * times);
		r.h = (s32)(height * times);
	} else if ((u64)face.w * height <= (u64)face.h * width) {
		r.w = face.w;
		r.h = part(face.w, height, width);
	} else {
		r.w = part(face.h, width, height);
		r.h = face.h;
	}
	r.x += (face.w - r.w) / 2;
	r.y += (face.h - r.h) / 2;
	return r;
}

/* A place along one side of the picture. */
static s32 along(s32 at, s32 start, s32 length, s32 max)
{
	s64 offset = (s64)at - start;
	if (offset <= 0 || length <= 1)
		return 0;
	if (offset >= length - 1)
		return max;
	return (s32)((offset * max + (length - 1) / 2) / (length - 1));
}

bool window_layout_to_guest(struct rect r, s32 x, s32 y, s32 max, s32 *guest_x, s32 *guest_y)
{
	*guest_x = along(x, r.x, r.w, max);
	*guest_y = along(y, r.y, r.h, max);
	return rect_has(r, x, y);
}

void window_layout_size(u32 width, u32 height, u32 bar_height, u32 room_width, u32 room_height, u32 *window_width,
                        u32 *window_height)
{
	*window_width = width < room_width ? width : room_width;
	*window_height = height + bar_height < room_height ? height + bar_height : room_height;
}

enum display_tab window_layout_tab(enum display_tab option, const struct link_status *status)
{
	if (option != DISPLAY_TAB_AUTO)
		return option;
	return status->has_screen && status->was_drawn ? DISPLAY_TAB_SCREEN : DISPLAY_TAB_SERIAL;
}
