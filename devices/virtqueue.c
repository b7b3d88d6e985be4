/*
 * Split virtqueues: see virtqueue.h. Section numbers are those of virtio 1.2.
 *
 * RAM never moves, so the rings are found once, when the queue goes live, and then read through host pointers. What we
 * write into RAM is told to the bus, which may hold decoded code there: a hostile driver can put a ring anywhere.
 *
 * How long a chain may be: section 2.7.5.3.1 says "the Queue Size of the device". That is read as the most that the
 * device offers, not as what the driver chose: drivers with a smaller ring put longer chains into indirect tables.
 */
#include "devices/virtqueue.h"

#include <string.h>

#define DESC_SIZE 16u
#define DESC_NEXT 1
#define DESC_WRITE 2
#define DESC_INDIRECT 4

#define DESC_ALIGN 16
#define AVAIL_ALIGN 2
#define USED_ALIGN 4

/* Both rings: flags, idx, entries, and behind them the other side's event index. */
#define RING_FLAGS 0
#define RING_IDX 2
#define RING_ENTRIES 4
#define AVAIL_ENTRY_SIZE 2u
#define USED_ENTRY_SIZE 8u
#define EVENT_SIZE 2u

#define AVAIL_NO_INTERRUPT 1

#define CHAIN_BYTES_MAX BIT(32) /* section 2.7.5: of all buffers together */

struct descriptor {
	u64 pa;    /* of the buffer */
	u32 size;  /* bytes */
	u16 flags; /* DESC_... */
	u16 next;  /* index of the next one, if DESC_NEXT */
};

_Static_assert(sizeof(struct descriptor) == DESC_SIZE, "descriptors are copied out of RAM as they are");

static u16 load16(const u8 *from)
{
	u16 value;
	memcpy(&value, from, sizeof(value));
	return value;
}

/* Stores into the used ring, `offset` bytes from its start. */
static void store_used(const struct virtqueue *q, u64 offset, const void *from, u32 size)
{
	u64 pa = q->used_pa + offset;
	memcpy(q->used + offset, from, size);
	bus_wrote(q->bus, bus_find(q->bus, pa), pa, size);
}

/* Finds the rings in RAM. NULL, or which of them does not lie there. The event words are part of them even if event
 * indexes are not used: section 2.7 gives the sizes so. */
static const char *find_rings(struct virtqueue *q)
{
	q->desc = bus_ram(q->bus, q->desc_pa, (u64)DESC_SIZE * q->size);
	q->avail = bus_ram(q->bus, q->avail_pa, RING_ENTRIES + (u64)AVAIL_ENTRY_SIZE * q->size + EVENT_SIZE);
	q->used = bus_ram(q->bus, q->used_pa, RING_ENTRIES + (u64)USED_ENTRY_SIZE * q->size + EVENT_SIZE);
	if (!q->desc)
		return "the descriptor table is not in RAM";
	if (!q->avail)
		return "the available ring is not in RAM";
	if (!q->used)
		return "the used ring is not in RAM";
	return NULL;
}

static const char *check_layout(const struct virtqueue *q)
{
	if (!is_power_of_two(q->size))
		return "the queue's size is no power of two";
	if (q->size > q->size_max)
		return "the queue's size is more than QueueNumMax";
	if (q->desc_pa % DESC_ALIGN)
		return "the descriptor table is not aligned to 16 bytes";
	if (q->avail_pa % AVAIL_ALIGN)
		return "the available ring is not aligned to 2 bytes";
	if (q->used_pa % USED_ALIGN)
		return "the used ring is not aligned to 4 bytes";
	return NULL;
}

const char *virtqueue_start(struct virtqueue *q)
{
	const char *why = check_layout(q);
	if (!why)
		why = find_rings(q);
	if (why)
		return why;
	q->next_avail = 0;
	q->next_used = 0;
	q->live = true;
	return NULL;
}

bool virtqueue_resume(struct virtqueue *q)
{
	return !q->live || (!check_layout(q) && !find_rings(q));
}

u32 virtqueue_waiting(const struct virtqueue *q)
{
	return q->live ? (u16)(load16(q->avail + RING_IDX) - q->next_avail) : 0;
}

/* Appends a buffer to the chain. NULL, or which rule it breaks. */
static const char *add_buffer(const struct virtqueue *q, struct virtio_chain *chain, const struct descriptor *d)
{
	u32 count = chain->out_count + chain->in_count;
	if (count == q->size_max)
		return "a chain is a loop, or longer than the queue";
	if (!(d->flags & DESC_WRITE) && chain->in_count)
		return "a buffer to read is behind one to write";
	if (chain->out_size + chain->in_size + d->size > CHAIN_BYTES_MAX)
		return "a chain has more than 4 GiB";
	u8 *host = bus_ram(q->bus, d->pa, d->size);
	if (!host)
		return "a buffer is not in RAM";
	chain->buffers[count] = (struct virtio_buffer){ .pa = d->pa, .host = host, .size = d->size };
	if (d->flags & DESC_WRITE) {
		chain->in_count++;
		chain->in_size += d->size;
	} else {
		chain->out_count++;
		chain->out_size += d->size;
	}
	return NULL;
}

/* Where descriptors are read from: the queue's own table, then perhaps an indirect one. */
struct table {
	const u8 *host; /* its first byte */
	u32 count;      /* descriptors in it */
	bool indirect;  /* it is an indirect one */
};

/* Goes on in the table that d names (section 2.7.5.3). NULL, or which rule that breaks. */
static const char *enter_indirect(const struct virtqueue *q, struct table *table, const struct descriptor *d)
{
	if (!q->indirect)
		return "an indirect descriptor, though the driver did not accept them";
	if (table->indirect)
		return "an indirect descriptor in an indirect table";
	if (d->flags & DESC_NEXT)
		return "an indirect descriptor that has a next one";
	if (d->size == 0 || d->size % DESC_SIZE)
		return "an indirect table's size is no multiple of 16";
	const u8 *host = bus_ram(q->bus, d->pa, d->size);
	if (!host)
		return "an indirect table is not in RAM";
	*table = (struct table){ .host = host, .count = d->size / DESC_SIZE, .indirect = true };
	return NULL;
}

const char *virtqueue_peek(const struct virtqueue *q, struct virtio_chain *chain)
{
	if (virtqueue_waiting(q) > q->size)
		return "the available index is more than the queue's size ahead";
	u16 head = load16(q->avail + RING_ENTRIES + AVAIL_ENTRY_SIZE * (q->next_avail & (q->size - 1)));
	chain->head = head;
	chain->out_count = chain->in_count = 0;
	chain->out_size = chain->in_size = 0;
	struct table table = { .host = q->desc, .count = q->size };
	u32 index = head;
	for (;;) {
		struct descriptor d;
		if (index >= table.count)
			return "a descriptor's index is beyond its table";
		memcpy(&d, table.host + (size_t)DESC_SIZE * index, sizeof(d));
		if (d.flags & DESC_INDIRECT) {
			const char *why = enter_indirect(q, &table, &d);
			if (why)
				return why;
			index = 0;
			continue;
		}
		const char *why = add_buffer(q, chain, &d);
		if (why)
			return why;
		if (!(d.flags & DESC_NEXT))
			return NULL;
		index = d.next;
	}
}

void virtqueue_advance(struct virtqueue *q)
{
	q->next_avail++;
	/* Section 2.7.10: the driver notifies when it makes this entry available. While chains wait it lies behind, and
	 * the driver is silent; without event indexes it notifies each time, since our flags stay 0. */
	if (q->event_idx)
		store_used(q, RING_ENTRIES + (u64)USED_ENTRY_SIZE * q->size, &q->next_avail, sizeof(q->next_avail));
}

bool virtqueue_put(struct virtqueue *q, u16 head, u32 written)
{
	u32 entry[2] = { head, written };
	u16 used = q->next_used++;
	store_used(q, RING_ENTRIES + (u64)USED_ENTRY_SIZE * (used & (q->size - 1)), entry, sizeof(entry));
	store_used(q, RING_IDX, &q->next_used, sizeof(q->next_used));
	/* Section 2.7.7: with event indexes the driver names the entry that it wants to hear of, and its flags mean
	 * nothing. */
	if (q->event_idx)
		return load16(q->avail + RING_ENTRIES + AVAIL_ENTRY_SIZE * q->size) == used;
	return !(load16(q->avail + RING_FLAGS) & AVAIL_NO_INTERRUPT);
}

u64 virtio_read(const struct virtio_chain *chain, u64 offset, void *to, u64 size)
{
	u64 done = 0;
	for (u32 i = 0; i < chain->out_count && done < size; i++) {
		const struct virtio_buffer *b = &chain->buffers[i];
		if (offset >= b->size) {
			offset -= b->size;
			continue;
		}
		u64 part = b->size - offset < size - done ? b->size - offset : size - done;
		memcpy((u8 *)to + done, b->host + offset, part);
		done += part;
		offset = 0;
	}
	return done;
}

u64 virtio_write(const struct virtio_chain *chain, u64 offset, const void *from, u64 size)
{
	u64 done = 0;
	for (u32 i = chain->out_count; i < chain->out_count + chain->in_count && done < size; i++) {
		const struct virtio_buffer *b = &chain->buffers[i];
		if (offset >= b->size) {
			offset -= b->size;
			continue;
		}
		u64 part = b->size - offset < size - done ? b->size - offset : size - done;
		memcpy(b->host + offset, (const u8 *)from + done, part);
		done += part;
		offset = 0;
	}
	return done;
}
