/*
 * A virtio GPU's resources (virtio 1.2, section 5.7.6.8): pixels of the device's own, and the guest's RAM that they are
 * copied from, which may be in many pieces.
 *
 * The guest is not trusted. What it may hold is counted in bytes, lists of pieces too; a piece must lie in RAM, which
 * never moves, so that host addresses stay right. Finding a row's first piece is a binary search: tiny pieces and high,
 * narrow pictures would otherwise make work without end.
 */
#include "devices/virtio_gpu_internal.h"

#include <stdlib.h>
#include <string.h>

#define RESOURCES_MAX 1024  /* lawful guests have one or two a window */
#define PIECES_MAX 65536    /* VIRTIO_GPU_BYTES_MAX in single pages */
#define WIRE_PIECE_SIZE 16u /* struct virtio_gpu_mem_entry */

#define STATE_VERSION 1

/* struct virtio_gpu_mem_entry */
struct wire_piece {
	u64 pa;      /* where */
	u32 size;    /* bytes */
	u32 padding; /* nothing */
};
_Static_assert(sizeof(struct wire_piece) == WIRE_PIECE_SIZE, "virtio 1.2, 5.7.6.8");

struct gpu_resource *gpu_resource_find(const struct gpu_resources *all, u32 id)
{
	struct gpu_resource *r = all->first;
	while (r && r->id != id)
		r = r->next;
	return r;
}

static u64 pixel_bytes(const struct gpu_resource *r)
{
	return (u64)GPU_PIXEL * r->width * r->height;
}

static u64 list_bytes(u32 count)
{
	return (u64)count * sizeof(struct gpu_piece);
}

static bool is_format(u32 format)
{
	switch (format) {
	case FORMAT_B8G8R8A8:
	case FORMAT_B8G8R8X8:
	case FORMAT_A8R8G8B8:
	case FORMAT_X8R8G8B8:
	case FORMAT_R8G8B8A8:
	case FORMAT_X8B8G8R8:
	case FORMAT_A8B8G8R8:
	case FORMAT_R8G8B8X8:
		return true;
	default:
		return false;
	}
}

enum gpu_response gpu_resource_create(struct gpu_resources *all, u32 id, u32 format, u32 width, u32 height)
{
	if (id == 0 || gpu_resource_find(all, id))
		return RESP_ERR_INVALID_RESOURCE_ID;
	if (!is_format(format) || width == 0 || height == 0 || width > VIRTIO_GPU_SIDE_MAX ||
	    height > VIRTIO_GPU_SIDE_MAX)
		return RESP_ERR_INVALID_PARAMETER;
	struct gpu_resource made = { .id = id, .format = format, .width = width, .height = height };
	u64 size = pixel_bytes(&made);
	if (all->count == RESOURCES_MAX || size > VIRTIO_GPU_BYTES_MAX - all->bytes)
		return RESP_ERR_OUT_OF_MEMORY;
	made.pixels = calloc(size, 1);
	if (!made.pixels)
		return RESP_ERR_OUT_OF_MEMORY;
	struct gpu_resource **last = &all->first;
	while (*last)
		last = &(*last)->next;
	*last = xcalloc(1, sizeof(**last));
	**last = made;
	all->count++;
	all->bytes += size;
	return RESP_OK_NODATA;
}

void gpu_resource_remove(struct gpu_resources *all, struct gpu_resource *resource)
{
	struct gpu_resource **link = &all->first;
	gpu_resource_detach(all, resource);
	while (*link != resource)
		link = &(*link)->next;
	*link = resource->next;
	all->count--;
	all->bytes -= pixel_bytes(resource);
	free(resource->pixels);
	free(resource);
}

void gpu_resource_remove_all(struct gpu_resources *all)
{
	while (all->first)
		gpu_resource_remove(all, all->first);
}

/* Makes the list of pieces that the guest wrote. False: one is not in RAM; what was put there is taken away again. */
static bool attach(struct gpu_resources *all, struct gpu_resource *r, const struct wire_piece *wire, u32 count)
{
	r->pieces = xcalloc(count, sizeof(*r->pieces));
	r->piece_count = count;
	r->backing_size = 0;
	all->bytes += list_bytes(count);
	for (u32 i = 0; i < count; i++) {
		struct gpu_piece *piece = &r->pieces[i];
		*piece = (struct gpu_piece){ .pa = wire[i].pa, .start = r->backing_size, .size = wire[i].size };
		piece->host = bus_ram(all->bus, piece->pa, piece->size);
		r->backing_size += piece->size;
		if (!piece->host) {
			gpu_resource_detach(all, r);
			return false;
		}
	}
	return true;
}

/* Nothing behind it is what an empty list means, too. */
enum gpu_response gpu_resource_attach(struct gpu_resources *all, struct gpu_resource *resource,
                                      const struct virtio_chain *chain, u64 offset, u32 count)
{
	if (resource->pieces || count > PIECES_MAX)
		return RESP_ERR_UNSPEC;
	if (chain->out_size < offset + (u64)count * WIRE_PIECE_SIZE)
		return RESP_ERR_UNSPEC;
	if (list_bytes(count) > VIRTIO_GPU_BYTES_MAX - all->bytes)
		return RESP_ERR_OUT_OF_MEMORY;
	if (count == 0)
		return RESP_OK_NODATA;
	struct wire_piece *wire = xcalloc(count, WIRE_PIECE_SIZE);
	virtio_read(chain, offset, wire, (u64)count * WIRE_PIECE_SIZE);
	bool ok = attach(all, resource, wire, count);
	free(wire);
	return ok ? RESP_OK_NODATA : RESP_ERR_UNSPEC;
}

void gpu_resource_detach(struct gpu_resources *all, struct gpu_resource *resource)
{
	all->bytes -= list_bytes(resource->piece_count);
	free(resource->pieces);
	resource->pieces = NULL;
	resource->piece_count = 0;
	resource->backing_size = 0;
}

bool gpu_resource_has(const struct gpu_resource *resource, const struct gpu_rect *rect)
{
	return rect->x <= resource->width && rect->width <= resource->width - rect->x && rect->y <= resource->height &&
	       rect->height <= resource->height - rect->y;
}

/* The last piece that starts at `offset` or before it. There is at least one piece. */
static const struct gpu_piece *find_piece(const struct gpu_resource *r, u64 offset)
{
	u32 low = 0, high = r->piece_count;
	while (high - low > 1) {
		u32 middle = low + (high - low) / 2;
		if (r->pieces[middle].start <= offset)
			low = middle;
		else
			high = middle;
	}
	return &r->pieces[low];
}

/* Copies bytes out of the pieces; all of them are there. */
static void gather(const struct gpu_resource *r, u64 offset, u8 *to, u64 size)
{
	for (const struct gpu_piece *piece = find_piece(r, offset); size > 0; piece++) {
		u64 skip = offset - piece->start;
		u64 part = piece->size - skip < size ? piece->size - skip : size;
		memcpy(to, piece->host + skip, part);
		to += part;
		offset += part;
		size -= part;
	}
}

/* Makes a8r8g8b8 words of pixels in the guest's format. */
static void convert(u32 format, u8 *bytes, u64 count)
{
	if (format == FORMAT_B8G8R8A8 || format == FORMAT_B8G8R8X8)
		return; /* as they are, and on their own: nearly all guests use these */
	for (u64 i = 0; i < count; i++, bytes += GPU_PIXEL) {
		u32 word;
		memcpy(&word, bytes, sizeof(word));
		switch (format) {
		case FORMAT_A8R8G8B8:
		case FORMAT_X8R8G8B8:
			word = __builtin_bswap32(word);
			break;
		case FORMAT_A8B8G8R8:
		case FORMAT_X8B8G8R8:
			word = word << 24 | word >> 8;
			break;
		default: /* R8G8B8A8, R8G8B8X8 */
			word = (word & 0xff00ff00) | (word & 0xff) << 16 | (word >> 16 & 0xff);
			break;
		}
		memcpy(bytes, &word, sizeof(word));
	}
}

/* Copies `size` bytes to `to`, as far as the guest's RAM has them. Half a pixel is none. */
static void transfer_row(const struct gpu_resource *r, u64 offset, u8 *to, u64 size)
{
	u64 have = offset < r->backing_size ? r->backing_size - offset : 0;
	if (size > have)
		size = have - have % GPU_PIXEL;
	if (size == 0)
		return;
	gather(r, offset, to, size);
	convert(r->format, to, size / GPU_PIXEL);
}

void gpu_resource_transfer(struct gpu_resource *resource, const struct gpu_rect *rect, u64 offset)
{
	u64 stride = (u64)GPU_PIXEL * resource->width;
	u8 *to = resource->pixels + rect->y * stride + (u64)GPU_PIXEL * rect->x;
	if (offset >= resource->backing_size)
		return;
	if (rect->width == resource->width) {
		transfer_row(resource, offset, to, stride * rect->height);
		return;
	}
	for (u32 row = 0; row < rect->height; row++)
		transfer_row(resource, offset + row * stride, to + row * stride, (u64)GPU_PIXEL * rect->width);
}

/* --- snapshots --- */

static void pieces_state(struct state *s, struct gpu_resources *all, struct gpu_resource *r)
{
	u32 count = r->piece_count;
	state_below(s, &count, PIECES_MAX + 1);
	if (!state_ok(s) || count == 0)
		return;
	struct wire_piece *wire = xcalloc(count, sizeof(*wire));
	for (u32 i = 0; i < count; i++) {
		if (!s->loading && r->pieces)
			wire[i] = (struct wire_piece){ .pa = r->pieces[i].pa, .size = r->pieces[i].size };
		state_u64(s, &wire[i].pa);
		state_u32(s, &wire[i].size);
	}
	if (s->loading && state_ok(s) &&
	    (list_bytes(count) > VIRTIO_GPU_BYTES_MAX - all->bytes || !attach(all, r, wire, count)))
		state_fail(s, "the snapshot is damaged: a GPU's picture is not in RAM");
	free(wire);
}

static void resource_state(struct state *s, struct gpu_resources *all, struct gpu_resource *r)
{
	struct gpu_resource head = r ? *r : (struct gpu_resource){ 0 };
	state_u32(s, &head.id);
	state_u32(s, &head.format);
	state_u32(s, &head.width);
	state_u32(s, &head.height);
	if (!state_ok(s))
		return;
	if (s->loading) {
		if (gpu_resource_create(all, head.id, head.format, head.width, head.height) != RESP_OK_NODATA) {
			state_fail(s, "the snapshot is damaged: a GPU's picture cannot be");
			return;
		}
		r = gpu_resource_find(all, head.id);
	}
	BUG_ON(!r);
	state_bytes(s, r->pixels, pixel_bytes(r));
	pieces_state(s, all, r);
}

void gpu_resources_state(struct state *s, struct gpu_resources *all)
{
	u32 count = all->count;
	state_section(s, "virtio-gpu resources", STATE_VERSION);
	state_below(s, &count, RESOURCES_MAX + 1);
	if (s->loading)
		gpu_resource_remove_all(all);
	struct gpu_resource *r = all->first;
	for (u32 i = 0; i < count && state_ok(s); i++) {
		resource_state(s, all, s->loading ? NULL : r);
		r = r ? r->next : NULL;
	}
}
