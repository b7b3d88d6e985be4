/*
 * What the virtio GPU's display says about itself: an EDID block (VESA Enhanced EDID, version 1.4). Its first detailed
 * timing is the preferred mode; common ones are offered with it.
 */
#include "devices/virtio_gpu_internal.h"

#include <string.h>

#define DOTS_PER_INCH 96
#define HERTZ 60
#define CLOCK_MAX 65535 /* of pixels, in units of 10 kHz: 16 bits */
#define SIDE_MAX 4095   /* pixels of a detailed timing: 12 bits */

/* Blanking as in CVT's reduced blanking: pixels, lines. */
#define H_BLANK 160
#define H_FRONT 48
#define H_SYNC 32
#define V_FRONT 3
#define V_SYNC 10
#define V_BLANK_NS 460000 /* at least that long */

/* Byte offsets. */
enum {
	ESTABLISHED = 35,
	DETAILED = 54,
	NAME = 72,
	DUMMIES = 90,
	CHECKSUM = 127,
};
#define DESCRIPTOR_SIZE 18

/* Up to the established timings: header, maker "RVE", product 1, no serial number, model year 2024, version 1.4;
 * digital with 8 bits a colour; no size (filled in), gamma 2.2; RGB, sRGB, the preferred mode is the display's own;
 * sRGB's chromaticity. */
static const u8 head[ESTABLISHED] = {
	0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00, 0x4a, 0xc5, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0xff, 0x22,
	0x01, 0x04, 0xa0, 0x00, 0x00, 0x78, 0x06, 0xee, 0x91, 0xa3, 0x54, 0x4c, 0x99, 0x26, 0x0f, 0x50, 0x54,
};

/* 640x480, 800x600 and 1024x768, then others, each by its width, aspect ratio and 60 Hz. */
static const u8 modes[DETAILED - ESTABLISHED] = {
	0x21, 0x08, 0x00,                               /* established */
	0x81, 0xc0, 0x81, 0x00, 0x81, 0x80, 0x95, 0x00, /* 1280x720, 1280x800, 1280x1024, 1440x900 */
	0xa9, 0xc0, 0xa9, 0x40, 0xb3, 0x00, 0xd1, 0xc0, /* 1600x900, 1600x1200, 1680x1050, 1920x1080 */
};

static u32 millimetres(u32 pixels)
{
	return pixels * 254 / (10 * DOTS_PER_INCH);
}

/* Pixel clock in units of 10 kHz, and lines of blanking. A display too large for 60 Hz is slower. */
static u32 timing(u32 width, u32 height, u32 *v_blank)
{
	u64 frame_ns = 1000000000 / HERTZ;
	u64 line_ns = (frame_ns - V_BLANK_NS) / height;
	*v_blank = (u32)(V_BLANK_NS / (line_ns ? line_ns : 1)) + 1;
	if (*v_blank < V_FRONT + V_SYNC + 6)
		*v_blank = V_FRONT + V_SYNC + 6;
	u64 clock = (u64)(width + H_BLANK) * (height + *v_blank) * HERTZ / 10000;
	return clock > CLOCK_MAX ? CLOCK_MAX : (u32)(clock ? clock : 1);
}

static void put_timing(u8 *d, u32 width, u32 height)
{
	u32 v_blank;
	u32 clock = timing(width, height, &v_blank);
	u32 width_mm = millimetres(width), height_mm = millimetres(height);
	d[0] = (u8)clock;
	d[1] = (u8)(clock >> 8);
	d[2] = (u8)width;
	d[3] = (u8)H_BLANK;
	d[4] = (u8)(width >> 8 << 4 | H_BLANK >> 8);
	d[5] = (u8)height;
	d[6] = (u8)v_blank;
	d[7] = (u8)(height >> 8 << 4 | v_blank >> 8);
	d[8] = H_FRONT;
	d[9] = H_SYNC;
	d[10] = (u8)((V_FRONT & 0xf) << 4 | (V_SYNC & 0xf));
	d[11] = (u8)(H_FRONT >> 8 << 6 | H_SYNC >> 8 << 4 | V_FRONT >> 4 << 2 | V_SYNC >> 4);
	d[12] = (u8)width_mm;
	d[13] = (u8)height_mm;
	d[14] = (u8)(width_mm >> 8 << 4 | height_mm >> 8);
	d[17] = 0x1a; /* no interlacing; separate syncs, horizontal positive as CVT's reduced blanking has it */
}

bool gpu_edid(u8 edid[GPU_EDID_SIZE], u32 width, u32 height)
{
	static const u8 name[DESCRIPTOR_SIZE] = { 0,   0,    0,   0xfc, 0,   'r', 'v', 'e', 'm',
		                                  'u', '\n', ' ', ' ',  ' ', ' ', ' ', ' ', ' ' };
	u8 sum = 0;
	if (width > SIDE_MAX || height > SIDE_MAX)
		return false;
	memset(edid, 0, GPU_EDID_SIZE);
	memcpy(edid, head, sizeof(head));
	u32 width_cm = millimetres(width) / 10, height_cm = millimetres(height) / 10;
	if (width_cm && height_cm && width_cm < 256 && height_cm < 256) {
		edid[21] = (u8)width_cm;
		edid[22] = (u8)height_cm;
	}
	memcpy(edid + ESTABLISHED, modes, sizeof(modes));
	put_timing(edid + DETAILED, width, height);
	memcpy(edid + NAME, name, sizeof(name));
	edid[DUMMIES + 3] = 0x10;
	edid[DUMMIES + DESCRIPTOR_SIZE + 3] = 0x10;
	for (u32 i = 0; i < CHECKSUM; i++)
		sum = (u8)(sum + edid[i]);
	edid[CHECKSUM] = (u8)-sum;
	return true;
}
