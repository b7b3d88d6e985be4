/*
 * /dev/fb0: structures and requests of Linux's frame buffer devices (Documentation/fb of Linux).
 */
#ifndef GUEST_ABI_FB_H
#define GUEST_ABI_FB_H

#include "guest/abi/types.h"

#define FBIOGET_VSCREENINFO 0x4600
#define FBIOPUT_VSCREENINFO 0x4601
#define FBIOGET_FSCREENINFO 0x4602
#define FBIOPAN_DISPLAY 0x4606
#define FBIOBLANK 0x4611
#define FBIO_WAITFORVSYNC 0x40044620

#define FB_TYPE_PACKED_PIXELS 0
#define FB_VISUAL_TRUECOLOR 2
#define FB_BLANK_POWERDOWN 4

/* Where a colour is in a pixel. */
struct abi_fb_bitfield {
	u32 offset, length; /* bits */
	u32 msb_right;
};

struct abi_fb_var_screeninfo {
	u32 xres, yres; /* pixels */
	u32 xres_virtual, yres_virtual;
	u32 xoffset, yoffset;
	u32 bits_per_pixel;
	u32 grayscale;
	struct abi_fb_bitfield red, green, blue, transp;
	u32 nonstd;
	u32 activate;
	u32 height, width; /* mm */
	u32 accel_flags;
	u32 pixclock, left_margin, right_margin, upper_margin, lower_margin;
	u32 hsync_len, vsync_len, sync, vmode;
	u32 rotate, colorspace;
	u32 reserved[4];
};
_Static_assert(sizeof(struct abi_fb_var_screeninfo) == 160, "struct fb_var_screeninfo");

struct abi_fb_fix_screeninfo {
	char id[16];
	u64 smem_start; /* physical */
	u32 smem_len;   /* bytes */
	u32 type, type_aux, visual;
	u16 xpanstep, ypanstep, ywrapstep;
	u32 line_length; /* bytes */
	u64 mmio_start;
	u32 mmio_len;
	u32 accel;
	u16 capabilities;
	u16 reserved[2];
};
_Static_assert(sizeof(struct abi_fb_fix_screeninfo) == 80, "struct fb_fix_screeninfo");

#endif
