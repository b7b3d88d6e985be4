/*
 * A GPU on a bench: a driver (virtio_driver.h) that makes commands and looks at the responses. Constants are written
 * from virtio 1.2, section 5.7.
 */
#ifndef RVEMU_TESTS_UNIT_GPU_RIG_H
#define RVEMU_TESTS_UNIT_GPU_RIG_H

#include "devices/virtio_gpu.h"
#include "tests/unit/state_memory.h"
#include "tests/unit/virtio_driver.h"

#include <stdlib.h>

enum { CONTROL, CURSOR };

enum {
	C_DISPLAY_INFO = 0x100,
	C_CREATE,
	C_UNREF,
	C_SET_SCANOUT,
	C_FLUSH,
	C_TRANSFER,
	C_ATTACH,
	C_DETACH,
	C_CAPSET_INFO,
	C_CAPSET,
	C_EDID,
	C_UPDATE_CURSOR = 0x300,
	C_MOVE_CURSOR,
};

enum {
	OK_NODATA = 0x1100,
	OK_DISPLAY_INFO = 0x1101,
	OK_EDID = 0x1104,
	E_UNSPEC = 0x1200,
	E_MEMORY = 0x1201,
	E_SCANOUT = 0x1202,
	E_RESOURCE = 0x1203,
	E_CONTEXT = 0x1204,
	E_PARAMETER = 0x1205,
};

enum { BGRA = 1, BGRX = 2, ARGB = 3, XRGB = 4, RGBA = 67, XBGR = 68, ABGR = 121, RGBX = 134 };

#define G_EDID (1ull << 1)
#define G_FENCE 1
#define GPU_WIDTH 800
#define GPU_HEIGHT 600
#define GPU_RESPONSE 2048 /* bytes of room for one */
#define GPU_WORDS 32      /* of a command */

struct gpu_fixture {
	struct virtio_rig r;     /* bus, RAM and driver */
	struct clock clock;      /* guest time */
	struct virtio_gpu *gpu;  /* under test */
	u64 command;             /* where commands are written */
	u64 response;            /* and answered */
	u8 answer[GPU_RESPONSE]; /* the last response */
	u32 answer_size;         /* its bytes */
};

static inline int gpu_setup(void **state)
{
	struct gpu_fixture *f = xcalloc(1, sizeof(*f));
	struct error err = { "" };
	rig_init(&f->r);
	clock_init(&f->clock);
	f->gpu = virtio_gpu_create(&f->r.bus, &f->clock, RIG_SLOT, rig_irq(&f->r), GPU_WIDTH, GPU_HEIGHT, &err);
	assert_non_null(f->gpu);
	*state = f;
	return 0;
}

static inline int gpu_teardown(void **state)
{
	struct gpu_fixture *f = *state;
	virtio_gpu_destroy(f->gpu);
	assert_true(clock_next(&f->clock) == CLOCK_NEVER);
	clock_free(&f->clock);
	rig_free(&f->r);
	free(f);
	return 0;
}

/* A driver is there. */
static inline void gpu_start(struct gpu_fixture *f)
{
	rig_start(&f->r, G_EDID, 2, 64);
	f->command = rig_alloc(&f->r, GPU_WORDS * 4);
	f->response = rig_alloc(&f->r, GPU_RESPONSE);
}

/* Takes the response of the request that is used next, and returns its type. */
static inline u32 gpu_answer(struct gpu_fixture *f, u32 queue)
{
	u32 type = 0;
	assert_true(rig_used(&f->r, queue, NULL, &f->answer_size));
	assert_true(f->answer_size >= 24);
	rig_get(&f->r, f->response, f->answer, f->answer_size);
	memcpy(&type, f->answer, sizeof(type));
	return type;
}

/* Sends a command with `count` words behind its header, and returns the response's type. */
static inline u32 gpu_send(struct gpu_fixture *f, u32 queue, u32 type, u32 flags, u64 fence, const u32 *words,
                           u32 count)
{
	const u32 header[6] = { type, flags, (u32)fence, (u32)(fence >> 32), 0, 0 };
	assert_true(count + 6 <= GPU_WORDS);
	rig_put(&f->r, f->command, header, sizeof(header));
	rig_put(&f->r, f->command + sizeof(header), words, 4ull * count);
	rig_send(&f->r, queue,
	         (struct rig_piece[]){ { f->command, 24 + 4 * count, false }, { f->response, GPU_RESPONSE, true } }, 2);
	return gpu_answer(f, queue);
}

#define gpu_do(f, type, ...)                                                                                           \
	gpu_send(f, (type) >= C_UPDATE_CURSOR ? CURSOR : CONTROL, type, 0, 0, (const u32[]){ __VA_ARGS__ },            \
	         sizeof((const u32[]){ __VA_ARGS__ }) / 4)

static inline u32 gpu_word(const struct gpu_fixture *f, u32 offset)
{
	u32 word;
	assert_true(offset + 4 <= f->answer_size);
	memcpy(&word, f->answer + offset, sizeof(word));
	return word;
}

/* A resource with that RAM behind it, in one piece. */
static inline void gpu_make(struct gpu_fixture *f, u32 id, u32 format, u32 width, u32 height, u64 pa)
{
	assert_int_equal(gpu_do(f, C_CREATE, id, format, width, height), OK_NODATA);
	assert_int_equal(gpu_do(f, C_ATTACH, id, 1, (u32)pa, (u32)(pa >> 32), width * height * 4, 0), OK_NODATA);
}

/* The pixel that is shown there, without what is above its colours. */
static inline u32 gpu_pixel(struct gpu_fixture *f, u32 x, u32 y)
{
	struct virtio_gpu_picture picture;
	u32 pixel;
	assert_true(virtio_gpu_picture(f->gpu, &picture));
	assert_true(x < picture.width && y < picture.height);
	memcpy(&pixel, picture.pixels + (u64)y * picture.stride + 4ull * x, sizeof(pixel));
	return pixel & 0xffffff;
}

#endif
