/*
 * The virtio GPU: see virtio_gpu.h. Section numbers are virtio 1.2's. Queue 0 takes commands, queue 1 those of the
 * cursor.
 *
 * Commands are done while the driver notifies, and answered at once: a fence that a command carries is reached when its
 * response is there. What errors are is QEMU's choice where the specification leaves one. Only when more is asked for
 * at once than WORK_MAX does the rest wait for a later moment of guest time, so that no driver holds everything else
 * up.
 */
#include "devices/virtio_gpu.h"

#include <stdlib.h>
#include <string.h>

#include "devices/virtio_gpu_internal.h"

#define QUEUE_CONTROL 0
#define QUEUE_CURSOR 1
#define QUEUES 2
/* A list of pieces comes in a buffer a page of it: 256 pages for what a guest may hold at most. */
#define QUEUE_SIZE 512

/* Bytes moved after which the rest of the queues waits for WAIT_NS. */
#define WORK_MAX (256 * MIB)
#define WAIT_NS 10000

#define F_EDID 1        /* 5.7.3 */
#define EVENT_DISPLAY 1 /* 5.7.4 */
#define SCANOUTS 16     /* that a response has room for */
#define SCANOUT_SIDE_MIN 16
#define EDID_ROOM 1024
#define FLAG_FENCE 1

#define STATE_VERSION 1

/* 5.7.6.7 */
enum command_type {
	GET_DISPLAY_INFO = 0x0100,
	RESOURCE_CREATE_2D = 0x0101,
	RESOURCE_UNREF = 0x0102,
	SET_SCANOUT = 0x0103,
	RESOURCE_FLUSH = 0x0104,
	TRANSFER_TO_HOST_2D = 0x0105,
	RESOURCE_ATTACH_BACKING = 0x0106,
	RESOURCE_DETACH_BACKING = 0x0107,
	GET_EDID = 0x010a,
	UPDATE_CURSOR = 0x0300,
	MOVE_CURSOR = 0x0301,
};

/* 5.7.4: struct virtio_gpu_config */
struct config_space {
	u32 events_read;  /* what happened */
	u32 events_clear; /* the driver writes what it has seen */
	u32 num_scanouts; /* displays */
	u32 num_capsets;  /* of 3D */
};
static const u8 config_writable[sizeof(struct config_space)] = { [4] = 1, [5] = 1, [6] = 1, [7] = 1 };

/* struct virtio_gpu_ctrl_hdr */
struct header {
	u32 type;     /* enum command_type; of responses: enum gpu_response */
	u32 flags;    /* FLAG_FENCE */
	u64 fence_id; /* the driver's business, as is ctx_id */
	u32 ctx_id;
	u32 ring_and_padding;
};
_Static_assert(sizeof(struct header) == 24, "virtio 1.2, 5.7.6.7");

/* What follows a command's header. */
union body {
	struct {
		u32 resource_id, format, width, height;
	} create;
	struct {
		u32 resource_id, padding;
	} resource; /* to unref, to detach from */
	struct {
		struct gpu_rect rect;
		u32 scanout_id, resource_id;
	} scanout;
	struct {
		struct gpu_rect rect;
		u32 resource_id, padding;
	} flush;
	struct {
		struct gpu_rect rect;
		u64 offset;
		u32 resource_id, padding;
	} transfer;
	struct {
		u32 resource_id, count;
	} attach;
	struct {
		u32 scanout_id, padding;
	} edid;
	struct {
		u32 scanout_id, x, y, padding0;
		u32 resource_id, hot_x, hot_y, padding1;
	} cursor;
};

/* A response. */
struct response {
	struct header header;
	union {
		struct {
			struct gpu_rect rect;
			u32 enabled, flags;
		} displays[SCANOUTS];
		struct {
			u32 size, padding;
			u8 bytes[EDID_ROOM];
		} edid;
	};
};
_Static_assert(offsetof(struct response, displays) == 24 && offsetof(struct response, edid.bytes) == 32, "5.7.6.8");

struct virtio_gpu {
	struct virtio *transport;       /* registers and queues */
	struct clock *clock;            /* guest time */
	struct event later;             /* armed while requests wait for their turn */
	struct config_space config;     /* as the driver sees it */
	u32 width, height;              /* of the display, as the user wants it */
	struct gpu_resources resources; /* all that the guest made */
	struct gpu_resource *scanout;   /* what is shown, or NULL */
	struct gpu_rect rect;           /* which part of it */
	bool dirty;                     /* something changed since it was last taken */
	u32 dirty_first, dirty_end;     /* rows of `rect`: none (equal) if the display was switched off */
	bool cursor_shown;              /* there is a cursor */
	u32 cursor_x, cursor_y;         /* where: signed for who looks */
	u32 cursor_serial;              /* counts its changes */
	u64 work;                       /* bytes moved by the requests at work */
	struct virtio_chain chain;      /* the request at work */
	struct response response;       /* to it */
	u32 response_size;              /* bytes of that */
	u32 cursor[VIRTIO_GPU_CURSOR * VIRTIO_GPU_CURSOR]; /* its image: a8r8g8b8 */
};

/* --- what is shown --- */

static void mark(struct virtio_gpu *gpu, u32 first, u32 end)
{
	if (!gpu->dirty || gpu->dirty_first == gpu->dirty_end) {
		gpu->dirty_first = first;
		gpu->dirty_end = end;
	}
	if (first < gpu->dirty_first)
		gpu->dirty_first = first;
	if (end > gpu->dirty_end)
		gpu->dirty_end = end;
	gpu->dirty = true;
}

static void switch_off(struct virtio_gpu *gpu)
{
	gpu->dirty |= gpu->scanout != NULL;
	gpu->dirty_first = gpu->dirty_end = 0;
	gpu->scanout = NULL;
	gpu->rect = (struct gpu_rect){ 0 };
}

static void show(struct virtio_gpu *gpu, struct gpu_resource *resource, const struct gpu_rect *rect)
{
	switch_off(gpu);
	gpu->scanout = resource;
	gpu->rect = *rect;
	mark(gpu, 0, rect->height);
}

static bool is_showable(const struct gpu_resource *resource, const struct gpu_rect *rect)
{
	return gpu_resource_has(resource, rect) && rect->width >= SCANOUT_SIDE_MIN && rect->height >= SCANOUT_SIDE_MIN;
}

/* --- commands: what they return is the response --- */

static enum gpu_response get_display_info(struct virtio_gpu *gpu, const union body *body)
{
	(void)body;
	gpu->response.displays[0].rect = (struct gpu_rect){ 0, 0, gpu->width, gpu->height };
	gpu->response.displays[0].enabled = 1;
	gpu->response_size = offsetof(struct response, displays) + sizeof(gpu->response.displays);
	return RESP_OK_DISPLAY_INFO;
}

static enum gpu_response get_edid(struct virtio_gpu *gpu, const union body *body)
{
	if (body->edid.scanout_id >= gpu->config.num_scanouts)
		return RESP_ERR_INVALID_PARAMETER;
	if (!gpu_edid(gpu->response.edid.bytes, gpu->width, gpu->height))
		return RESP_ERR_UNSPEC;
	gpu->response.edid.size = GPU_EDID_SIZE;
	gpu->response_size = offsetof(struct response, edid) + sizeof(gpu->response.edid);
	return RESP_OK_EDID;
}

static enum gpu_response resource_create(struct virtio_gpu *gpu, const union body *body)
{
	return gpu_resource_create(&gpu->resources, body->create.resource_id, body->create.format, body->create.width,
	                           body->create.height);
}

static enum gpu_response resource_unref(struct virtio_gpu *gpu, const union body *body)
{
	struct gpu_resource *resource = gpu_resource_find(&gpu->resources, body->resource.resource_id);
	if (!resource)
		return RESP_ERR_INVALID_RESOURCE_ID;
	if (resource == gpu->scanout)
		switch_off(gpu);
	gpu_resource_remove(&gpu->resources, resource);
	return RESP_OK_NODATA;
}

static enum gpu_response set_scanout(struct virtio_gpu *gpu, const union body *body)
{
	const struct gpu_rect *rect = &body->scanout.rect;
	if (body->scanout.scanout_id >= gpu->config.num_scanouts)
		return RESP_ERR_INVALID_SCANOUT_ID;
	if (body->scanout.resource_id == 0) {
		switch_off(gpu);
		return RESP_OK_NODATA;
	}
	struct gpu_resource *resource = gpu_resource_find(&gpu->resources, body->scanout.resource_id);
	if (!resource)
		return RESP_ERR_INVALID_RESOURCE_ID;
	if (!is_showable(resource, rect))
		return RESP_ERR_INVALID_PARAMETER;
	show(gpu, resource, rect);
	return RESP_OK_NODATA;
}

static enum gpu_response resource_flush(struct virtio_gpu *gpu, const union body *body)
{
	const struct gpu_rect *rect = &body->flush.rect, *shown = &gpu->rect;
	struct gpu_resource *resource = gpu_resource_find(&gpu->resources, body->flush.resource_id);
	if (!resource)
		return RESP_ERR_INVALID_RESOURCE_ID;
	if (!gpu_resource_has(resource, rect))
		return RESP_ERR_INVALID_PARAMETER;
	if (resource != gpu->scanout || rect->x >= shown->x + shown->width || rect->x + rect->width <= shown->x)
		return RESP_OK_NODATA;
	u32 first = rect->y > shown->y ? rect->y : shown->y, end = rect->y + rect->height;
	if (end > shown->y + shown->height)
		end = shown->y + shown->height;
	if (first < end)
		mark(gpu, first - shown->y, end - shown->y);
	return RESP_OK_NODATA;
}

static enum gpu_response transfer_to_host(struct virtio_gpu *gpu, const union body *body)
{
	const struct gpu_rect *rect = &body->transfer.rect;
	struct gpu_resource *resource = gpu_resource_find(&gpu->resources, body->transfer.resource_id);
	if (!resource)
		return RESP_ERR_INVALID_RESOURCE_ID;
	if (!resource->pieces)
		return RESP_ERR_UNSPEC;
	if (!gpu_resource_has(resource, rect))
		return RESP_ERR_INVALID_PARAMETER;
	gpu->work += (u64)GPU_PIXEL * rect->width * rect->height;
	gpu_resource_transfer(resource, rect, body->transfer.offset);
	return RESP_OK_NODATA;
}

static enum gpu_response attach_backing(struct virtio_gpu *gpu, const union body *body)
{
	struct gpu_resource *resource = gpu_resource_find(&gpu->resources, body->attach.resource_id);
	if (!resource)
		return RESP_ERR_INVALID_RESOURCE_ID;
	gpu->work += (u64)body->attach.count * sizeof(struct gpu_piece);
	return gpu_resource_attach(&gpu->resources, resource, &gpu->chain, sizeof(struct header) + sizeof(body->attach),
	                           body->attach.count);
}

static enum gpu_response detach_backing(struct virtio_gpu *gpu, const union body *body)
{
	struct gpu_resource *resource = gpu_resource_find(&gpu->resources, body->resource.resource_id);
	if (!resource)
		return RESP_ERR_INVALID_RESOURCE_ID;
	if (!resource->pieces)
		return RESP_ERR_UNSPEC;
	gpu_resource_detach(&gpu->resources, resource);
	return RESP_OK_NODATA;
}

static enum gpu_response move_cursor(struct virtio_gpu *gpu, const union body *body)
{
	if (body->cursor.scanout_id >= gpu->config.num_scanouts)
		return RESP_ERR_INVALID_SCANOUT_ID;
	gpu->cursor_x = body->cursor.x;
	gpu->cursor_y = body->cursor.y;
	gpu->cursor_serial++;
	return RESP_OK_NODATA;
}

/* The hot spot is for hosts that have a pointer of their own to draw so: 5.7.6.9 does not say that the place is its,
 * and Linux sends the image's corner. */
static enum gpu_response update_cursor(struct virtio_gpu *gpu, const union body *body)
{
	u32 id = body->cursor.resource_id;
	const struct gpu_resource *resource = id ? gpu_resource_find(&gpu->resources, id) : NULL;
	if (id && !resource)
		return RESP_ERR_INVALID_RESOURCE_ID;
	if (resource && (resource->width != VIRTIO_GPU_CURSOR || resource->height != VIRTIO_GPU_CURSOR))
		return RESP_ERR_INVALID_PARAMETER;
	enum gpu_response moved = move_cursor(gpu, body);
	if (moved != RESP_OK_NODATA)
		return moved;
	gpu->cursor_shown = resource != NULL;
	if (!resource)
		return RESP_OK_NODATA;
	gpu->work += sizeof(gpu->cursor);
	memcpy(gpu->cursor, resource->pixels, sizeof(gpu->cursor));
	return RESP_OK_NODATA;
}

static const struct command {
	u32 type;  /* enum command_type */
	u32 queue; /* where it may come */
	u32 size;  /* bytes of its body */
	enum gpu_response (*run)(struct virtio_gpu *gpu, const union body *body);
} commands[] = {
	{ GET_DISPLAY_INFO, QUEUE_CONTROL, 0, get_display_info },
	{ RESOURCE_CREATE_2D, QUEUE_CONTROL, 16, resource_create },
	{ RESOURCE_UNREF, QUEUE_CONTROL, 8, resource_unref },
	{ SET_SCANOUT, QUEUE_CONTROL, 24, set_scanout },
	{ RESOURCE_FLUSH, QUEUE_CONTROL, 24, resource_flush },
	{ TRANSFER_TO_HOST_2D, QUEUE_CONTROL, 32, transfer_to_host },
	{ RESOURCE_ATTACH_BACKING, QUEUE_CONTROL, 8, attach_backing },
	{ RESOURCE_DETACH_BACKING, QUEUE_CONTROL, 8, detach_backing },
	{ GET_EDID, QUEUE_CONTROL, 8, get_edid },
	{ UPDATE_CURSOR, QUEUE_CURSOR, 32, update_cursor },
	{ MOVE_CURSOR, QUEUE_CURSOR, 32, move_cursor },
};

/* A command that is not known, or not whole, is an error like any other. */
static enum gpu_response run(struct virtio_gpu *gpu, u32 queue, u32 type)
{
	union body body;
	memset(&body, 0, sizeof(body));
	for (u32 i = 0; i < ARRAY_SIZE(commands); i++) {
		const struct command *command = &commands[i];
		if (command->type != type || command->queue != queue)
			continue;
		if (virtio_read(&gpu->chain, sizeof(struct header), &body, command->size) < command->size)
			break;
		return command->run(gpu, &body);
	}
	return RESP_ERR_UNSPEC;
}

/* --- queues --- */

/* 5.7.6.7: the response has the command's fence. Drivers give no room for one behind commands of the cursor. */
static void do_request(struct virtio_gpu *gpu, u32 queue)
{
	struct header header = { 0 };
	bool whole = virtio_read(&gpu->chain, 0, &header, sizeof(header)) == sizeof(header);
	memset(&gpu->response, 0, sizeof(gpu->response));
	gpu->response_size = sizeof(header);
	u32 type = whole ? run(gpu, queue, header.type) : RESP_ERR_UNSPEC;
	gpu->response.header.type = type;
	if (whole && header.flags & FLAG_FENCE) {
		gpu->response.header = header;
		gpu->response.header.type = type;
		gpu->response.header.flags = FLAG_FENCE;
	}
	gpu->work += sizeof(header) + sizeof(union body);
	virtio_give(gpu->transport, queue, &gpu->chain,
	            (u32)virtio_write(&gpu->chain, 0, &gpu->response, gpu->response_size));
}

static void serve(void *arg)
{
	struct virtio_gpu *gpu = arg;
	gpu->work = 0;
	for (u32 queue = 0; queue < QUEUES; queue++) {
		for (u32 n = 0; n < QUEUE_SIZE && gpu->work < WORK_MAX; n++) {
			if (!virtio_take(gpu->transport, queue, &gpu->chain))
				break;
			do_request(gpu, queue);
		}
		if (virtio_pending(gpu->transport, queue) && !gpu->later.heap_index)
			clock_arm(gpu->clock, &gpu->later, gpu->clock->now_ns + WAIT_NS);
	}
}

static void notify(void *device, u32 queue)
{
	struct virtio_gpu *gpu = device;
	(void)queue;
	if (!gpu->later.heap_index)
		serve(gpu);
}

/* 5.7.5: whatever the driver made is gone. */
static void reset(void *device)
{
	struct virtio_gpu *gpu = device;
	clock_disarm(gpu->clock, &gpu->later);
	switch_off(gpu);
	gpu->cursor_serial += gpu->cursor_shown;
	gpu->cursor_shown = false;
	gpu_resource_remove_all(&gpu->resources);
	gpu->config.events_read = 0;
}

static void config_changed(void *device, u32 offset, u32 size)
{
	struct virtio_gpu *gpu = device;
	(void)offset;
	(void)size;
	gpu->config.events_read &= ~gpu->config.events_clear;
	gpu->config.events_clear = 0;
}

static const struct virtio_model gpu_model = {
	.name = "virtio-gpu",
	.id = VIRTIO_ID_GPU,
	.features = BIT(F_EDID),
	.queue_count = QUEUES,
	.queue_size_max = QUEUE_SIZE,
	.reset = reset,
	.notify = notify,
	.config_changed = config_changed,
};

/* --- the host's side --- */

struct virtio_gpu *virtio_gpu_create(struct bus *bus, struct clock *clock, u32 slot, struct irq_line irq, u32 width,
                                     u32 height, struct error *err)
{
	BUG_ON(width == 0 || height == 0 || width > VIRTIO_GPU_SIDE_MAX || height > VIRTIO_GPU_SIDE_MAX);
	struct virtio_gpu *gpu = xcalloc(1, sizeof(*gpu));
	gpu->clock = clock;
	gpu->later = (struct event){ .fire = serve, .arg = gpu };
	gpu->width = width;
	gpu->height = height;
	gpu->resources.bus = bus;
	gpu->config.num_scanouts = 1;
	gpu->transport = virtio_create(bus, slot, irq, &gpu_model, gpu, (u8 *)&gpu->config, config_writable,
	                               sizeof(gpu->config), err);
	if (!gpu->transport) {
		free(gpu);
		return NULL;
	}
	return gpu;
}

void virtio_gpu_destroy(struct virtio_gpu *gpu)
{
	if (!gpu)
		return;
	clock_disarm(gpu->clock, &gpu->later);
	gpu_resource_remove_all(&gpu->resources);
	virtio_destroy(gpu->transport);
	free(gpu);
}

bool virtio_gpu_picture(const struct virtio_gpu *gpu, struct virtio_gpu_picture *picture)
{
	if (!gpu->scanout)
		return false;
	u32 stride = GPU_PIXEL * gpu->scanout->width;
	*picture = (struct virtio_gpu_picture){
		.pixels = gpu->scanout->pixels + (u64)stride * gpu->rect.y + (u64)GPU_PIXEL * gpu->rect.x,
		.width = gpu->rect.width,
		.height = gpu->rect.height,
		.stride = stride,
	};
	return true;
}

bool virtio_gpu_take_dirty(struct virtio_gpu *gpu, u32 *first, u32 *count)
{
	*first = gpu->dirty_first;
	*count = gpu->dirty ? gpu->dirty_end - gpu->dirty_first : 0;
	gpu->dirty = false;
	return *count != 0;
}

bool virtio_gpu_is_dirty(const struct virtio_gpu *gpu)
{
	return gpu->dirty;
}

bool virtio_gpu_cursor(const struct virtio_gpu *gpu, struct virtio_gpu_cursor *cursor, u32 *serial)
{
	*cursor = (struct virtio_gpu_cursor){ gpu->cursor, (s32)gpu->cursor_x, (s32)gpu->cursor_y };
	*serial = gpu->cursor_serial;
	return gpu->cursor_shown;
}

void virtio_gpu_resize(struct virtio_gpu *gpu, u32 width, u32 height)
{
	BUG_ON(width == 0 || height == 0 || width > VIRTIO_GPU_SIDE_MAX || height > VIRTIO_GPU_SIDE_MAX);
	if (gpu->width == width && gpu->height == height)
		return;
	gpu->width = width;
	gpu->height = height;
	gpu->config.events_read |= EVENT_DISPLAY;
	virtio_config_changed(gpu->transport);
}

struct virtio *virtio_gpu_transport(struct virtio_gpu *gpu)
{
	return gpu->transport;
}

/* --- snapshots --- */

static void scanout_state(struct state *s, struct virtio_gpu *gpu)
{
	u32 id = gpu->scanout ? gpu->scanout->id : 0;
	state_u32(s, &id);
	state_u32(s, &gpu->rect.x);
	state_u32(s, &gpu->rect.y);
	state_u32(s, &gpu->rect.width);
	state_u32(s, &gpu->rect.height);
	if (!s->loading)
		return;
	gpu->scanout = state_ok(s) && id ? gpu_resource_find(&gpu->resources, id) : NULL;
	if (id && (!gpu->scanout || !is_showable(gpu->scanout, &gpu->rect)))
		state_fail(s, "the snapshot is damaged: the GPU shows what it does not have");
	if (!state_ok(s))
		gpu->scanout = NULL;
	gpu->dirty_first = 0;
	gpu->dirty_end = gpu->scanout ? gpu->rect.height : 0;
	gpu->dirty = true;
}

/* Restored, everything is dirty. */
void virtio_gpu_state(struct state *s, struct virtio_gpu *gpu)
{
	state_section(s, "virtio-gpu", STATE_VERSION);
	if (s->loading)
		gpu->scanout = NULL;
	virtio_state(s, gpu->transport);
	state_event(s, gpu->clock, &gpu->later);
	state_u32(s, &gpu->config.events_read);
	u32 width = gpu->width - 1, height = gpu->height - 1;
	state_below(s, &width, VIRTIO_GPU_SIDE_MAX);
	state_below(s, &height, VIRTIO_GPU_SIDE_MAX);
	gpu->width = width + 1;
	gpu->height = height + 1;
	gpu_resources_state(s, &gpu->resources);
	scanout_state(s, gpu);
	state_bool(s, &gpu->cursor_shown);
	state_u32(s, &gpu->cursor_x);
	state_u32(s, &gpu->cursor_y);
	for (u32 i = 0; i < ARRAY_SIZE(gpu->cursor); i++)
		state_u32(s, &gpu->cursor[i]);
	gpu->cursor_serial += s->loading;
}
