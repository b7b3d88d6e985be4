/*
 * The virtio block device: see virtio_blk.h. Section numbers are virtio 1.2's.
 *
 * Time. A notification arms an event ACCESS_NS later, which does all requests that wait by then, in order. So a guest
 * goes on with other work while its disk is busy, a batch of requests costs one access and one interrupt, and a notify
 * loop cannot hold the machine up. The time does not depend on the size: whoever measures throughput measures rvemu.
 *
 * Data. A request's bytes move between the file and RAM by one preadv or pwritev, before the used ring says that the
 * request is done. FLUSH returns fdatasync's answer. A driver that did not accept VIRTIO_BLK_F_FLUSH cannot ask for it,
 * so each of its writes is flushed (5.2.6.2, "a write becomes stable").
 *
 * A request that fails has its data bytes set to zero: what the driver sees does not depend on how far the host got,
 * and the used length is always that of the whole writable part.
 */
#include "devices/virtio_blk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ACCESS_NS 10000
#define QUEUE 0
#define QUEUE_SIZE 256
#define SEGMENTS_MAX (QUEUE_SIZE - 2) /* the header and the status byte take a descriptor each */
#define ID_SIZE 20
#define CONFIG_SIZE 60 /* bytes of struct virtio_blk_config up to what is offered */

/* What one discard or write-zeroes request may cover. */
#define RANGES_MAX 16
#define DISCARD_SECTORS_MAX (2 * GIB / DISK_SECTOR)
#define ZERO_SECTORS_MAX (64 * MIB / DISK_SECTOR) /* may have to be written for want of a better way */
#define DISCARD_ALIGNMENT (4096 / DISK_SECTOR)

/* 5.2.3 */
enum feature {
	F_SEG_MAX = 2,
	F_RO = 5,
	F_BLK_SIZE = 6,
	F_FLUSH = 9,
	F_DISCARD = 13,
	F_WRITE_ZEROES = 14,
};

/* 5.2.6 */
enum type {
	T_IN = 0,
	T_OUT = 1,
	T_FLUSH = 4,
	T_GET_ID = 8,
	T_DISCARD = 11,
	T_WRITE_ZEROES = 13,
};

enum status {
	S_OK = 0,
	S_IOERR = 1,
	S_UNSUPP = 2,
};

#define RANGE_UNMAP BIT(0)

/* Bytes moved or zeroed after which an access ends and the rest waits for another: no lawful driver has much more under
 * way. One byte of RAM can be in many buffers, so a queue may hold requests for a terabyte. */
#define ACCESS_BYTES_MAX (256 * MIB)

/* 5.2.4: struct virtio_blk_config */
struct config_space {
	u64 capacity; /* sectors */
	u32 size_max; /* not offered, as is all that has no comment */
	u32 seg_max;  /* data descriptors of a request */
	u8 geometry[4];
	u32 blk_size; /* bytes */
	u8 topology[8];
	u8 writeback;
	u8 unused0;
	u16 num_queues;
	u32 max_discard_sectors;      /* of one range */
	u32 max_discard_seg;          /* ranges of a request */
	u32 discard_sector_alignment; /* sectors */
	u32 max_write_zeroes_sectors; /* of one range */
	u32 max_write_zeroes_seg;     /* ranges of a request */
	u8 write_zeroes_may_unmap;    /* 1: room may be given back */
	u8 unused1[3];
};
_Static_assert(offsetof(struct config_space, max_discard_sectors) == 36, "virtio 1.2, 5.2.4");
_Static_assert(offsetof(struct config_space, unused1) + 3 == CONFIG_SIZE, "virtio 1.2, 5.2.4");

/* What a request starts with. */
struct header {
	u32 type;     /* enum type */
	u32 reserved; /* once a priority */
	u64 sector;   /* of IN and OUT */
};
_Static_assert(sizeof(struct header) == 16, "virtio 1.2, 5.2.6");

/* struct virtio_blk_discard_write_zeroes */
struct range {
	u64 sector; /* the first */
	u32 count;  /* sectors */
	u32 flags;  /* RANGE_UNMAP; the others must be 0 */
};
_Static_assert(sizeof(struct range) == 16, "virtio 1.2, 5.2.6");

struct virtio_blk {
	struct virtio *virtio;                   /* the transport */
	struct virtio_model model;               /* what it is told about this device */
	struct clock *clock;                     /* guest time */
	struct event access;                     /* armed while requests wait */
	struct disk *disk;                       /* the bytes */
	struct config_space config;              /* as the driver sees it */
	bool has_complained;                     /* the host's error was told */
	u64 work;                                /* bytes that the access at work has moved or zeroed */
	struct virtio_chain chain;               /* the request at work */
	struct iovec iov[VIRTIO_QUEUE_SIZE_MAX]; /* its data */
};

static enum status host_failed(struct virtio_blk *blk, const char *what)
{
	if (!blk->has_complained)
		log_warn("%s: %s failed: %s; the guest sees I/O errors (this is said once)",
		         disk_config(blk->disk)->path, what, strerror(errno));
	blk->has_complained = true;
	return S_IOERR;
}

static bool is_in_disk(const struct virtio_blk *blk, u64 sector, u64 count)
{
	return sector <= blk->config.capacity && count <= blk->config.capacity - sector;
}

/* Makes blk->iov of `size` bytes of buffers, `skip` bytes behind their start. Returns how many pieces. */
static u32 gather(struct virtio_blk *blk, const struct virtio_buffer *buffers, u64 skip, u64 size)
{
	u32 n = 0;
	for (; size > 0; buffers++) {
		u64 from = skip < buffers->size ? skip : buffers->size;
		u64 room = buffers->size - from;
		u64 length = room < size ? room : size;
		skip -= from;
		size -= length;
		if (length > 0)
			blk->iov[n++] = (struct iovec){ buffers->host + from, length };
	}
	return n;
}

/* Bytes of data that the driver wants: all but the status byte. */
static u64 data_in_size(const struct virtio_blk *blk)
{
	return blk->chain.in_size - 1;
}

/* Bytes of data that it gives: all but the header. */
static u64 data_out_size(const struct virtio_blk *blk)
{
	return blk->chain.out_size - sizeof(struct header);
}

/* Without F_FLUSH the driver takes a completed write for a stable one. */
static enum status settle(struct virtio_blk *blk)
{
	if (virtio_has(blk->virtio, F_FLUSH) || disk_flush(blk->disk))
		return S_OK;
	return host_failed(blk, "flushing");
}

static enum status read_sectors(struct virtio_blk *blk, u64 sector)
{
	u64 size = data_in_size(blk);
	if (size % DISK_SECTOR || !is_in_disk(blk, sector, size / DISK_SECTOR))
		return S_IOERR;
	u32 count = gather(blk, blk->chain.buffers + blk->chain.out_count, 0, size);
	if (!disk_read(blk->disk, sector * DISK_SECTOR, blk->iov, count))
		return host_failed(blk, "reading");
	return S_OK;
}

static enum status write_sectors(struct virtio_blk *blk, u64 sector)
{
	u64 size = data_out_size(blk);
	if (disk_config(blk->disk)->read_only || size % DISK_SECTOR || !is_in_disk(blk, sector, size / DISK_SECTOR))
		return S_IOERR;
	u32 count = gather(blk, blk->chain.buffers, sizeof(struct header), size);
	if (!disk_write(blk->disk, sector * DISK_SECTOR, blk->iov, count))
		return host_failed(blk, "writing");
	return settle(blk);
}

static enum status flush(struct virtio_blk *blk)
{
	return disk_flush(blk->disk) ? S_OK : host_failed(blk, "flushing");
}

static enum status get_id(struct virtio_blk *blk)
{
	char id[ID_SIZE] = "";
	const char *path = disk_config(blk->disk)->path;
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	size_t length = strnlen(name, ID_SIZE);
	memcpy(id, name, length); /* no zero behind it if it is 20 long */
	u64 size = data_in_size(blk);
	virtio_write(&blk->chain, 0, id, size < ID_SIZE ? size : ID_SIZE);
	return S_OK;
}

/* All ranges are looked at before the first is touched. An unknown flag is told rather than other mistakes. */
static enum status check_ranges(const struct virtio_blk *blk, const struct range *ranges, u32 count, bool is_discard)
{
	u64 flags_allowed = is_discard ? 0 : RANGE_UNMAP;
	u64 sectors_max = is_discard ? DISCARD_SECTORS_MAX : ZERO_SECTORS_MAX;
	for (u32 i = 0; i < count; i++)
		if (ranges[i].flags & ~flags_allowed)
			return S_UNSUPP;
	for (u32 i = 0; i < count; i++)
		if (ranges[i].count > sectors_max || !is_in_disk(blk, ranges[i].sector, ranges[i].count))
			return S_IOERR;
	return S_OK;
}

/* Discarded sectors read as zero too, so that a run does not depend on what the host's file system can do. */
static enum status zero_sectors(struct virtio_blk *blk, bool is_discard)
{
	struct range ranges[RANGES_MAX];
	u64 size = data_out_size(blk);
	if (!virtio_has(blk->virtio, is_discard ? F_DISCARD : F_WRITE_ZEROES))
		return S_UNSUPP;
	if (size % sizeof(struct range) || size > sizeof(ranges))
		return S_IOERR;
	u32 count = (u32)(virtio_read(&blk->chain, sizeof(struct header), ranges, size) / sizeof(struct range));
	enum status status = check_ranges(blk, ranges, count, is_discard);
	if (status != S_OK)
		return status;
	for (u32 i = 0; i < count; i++) {
		u64 bytes = (u64)ranges[i].count * DISK_SECTOR;
		blk->work += bytes;
		if (!disk_zero(blk->disk, ranges[i].sector * DISK_SECTOR, bytes,
		               is_discard || (ranges[i].flags & RANGE_UNMAP)))
			return host_failed(blk, is_discard ? "discarding" : "writing zeros");
	}
	return settle(blk);
}

static enum status serve(struct virtio_blk *blk, const struct header *header)
{
	switch (header->type) {
	case T_IN:
		return read_sectors(blk, header->sector);
	case T_OUT:
		return write_sectors(blk, header->sector);
	case T_FLUSH:
		return flush(blk);
	case T_GET_ID:
		return get_id(blk);
	case T_DISCARD:
		return zero_sectors(blk, true);
	case T_WRITE_ZEROES:
		return zero_sectors(blk, false);
	default:
		return S_UNSUPP;
	}
}

/* Sets `size` bytes of the writable part to zero, from `offset` on. */
static void zero_data(struct virtio_blk *blk, u64 offset, u64 size)
{
	u32 count = gather(blk, blk->chain.buffers + blk->chain.out_count, offset, size);
	for (u32 i = 0; i < count; i++)
		memset(blk->iov[i].iov_base, 0, blk->iov[i].iov_len);
}

static void do_request(struct virtio_blk *blk)
{
	struct virtio_chain *chain = &blk->chain;
	struct header header;
	if (virtio_read(chain, 0, &header, sizeof(header)) < sizeof(header)) {
		virtio_break(blk->virtio, "a request without a whole header");
		return;
	}
	if (chain->in_size == 0) {
		virtio_break(blk->virtio, "a request without a status byte");
		return;
	}
	u8 status = (u8)serve(blk, &header);
	u64 filled = 0; /* bytes of data that mean something */
	if (status == S_OK && header.type == T_IN)
		filled = data_in_size(blk);
	else if (status == S_OK && header.type == T_GET_ID)
		filled = data_in_size(blk) < ID_SIZE ? data_in_size(blk) : ID_SIZE;
	zero_data(blk, filled, data_in_size(blk) - filled);
	virtio_write(chain, data_in_size(blk), &status, sizeof(status));
	virtio_give(blk->virtio, QUEUE, chain, (u32)chain->in_size);
}

static void arm(struct virtio_blk *blk)
{
	clock_arm(blk->clock, &blk->access, blk->clock->now_ns + ACCESS_NS);
}

/* A queue's worth of requests at most: one that reads sectors into its own ring could go on for ever. */
static void access_disk(void *arg)
{
	struct virtio_blk *blk = arg;
	blk->work = 0;
	for (u32 i = 0; i < QUEUE_SIZE && blk->work < ACCESS_BYTES_MAX; i++) {
		if (!virtio_take(blk->virtio, QUEUE, &blk->chain))
			return;
		blk->work += blk->chain.out_size + blk->chain.in_size;
		do_request(blk);
	}
	if (virtio_pending(blk->virtio, QUEUE))
		arm(blk);
}

static void notify(void *device, u32 queue)
{
	struct virtio_blk *blk = device;
	(void)queue;
	if (!blk->access.heap_index)
		arm(blk);
}

static void reset(void *device)
{
	struct virtio_blk *blk = device;
	clock_disarm(blk->clock, &blk->access);
}

static u64 features(bool read_only)
{
	u64 both = BIT(F_SEG_MAX) | BIT(F_BLK_SIZE) | BIT(F_FLUSH);
	return both | (read_only ? BIT(F_RO) : BIT(F_DISCARD) | BIT(F_WRITE_ZEROES));
}

struct virtio_blk *virtio_blk_create(struct bus *bus, struct clock *clock, u32 slot, struct irq_line irq,
                                     struct disk *disk, struct error *err)
{
	struct virtio_blk *blk = xcalloc(1, sizeof(*blk));
	blk->clock = clock;
	blk->disk = disk;
	blk->access = (struct event){ .fire = access_disk, .arg = blk };
	blk->model = (struct virtio_model){
		.name = "virtio-blk",
		.id = VIRTIO_ID_BLK,
		.features = features(disk_config(disk)->read_only),
		.queue_count = 1,
		.queue_size_max = QUEUE_SIZE,
		.reset = reset,
		.notify = notify,
	};
	blk->config = (struct config_space){
		.capacity = disk_size(disk) / DISK_SECTOR,
		.seg_max = SEGMENTS_MAX,
		.blk_size = DISK_SECTOR,
	};
	if (!disk_config(disk)->read_only) {
		blk->config.max_discard_sectors = DISCARD_SECTORS_MAX;
		blk->config.max_discard_seg = RANGES_MAX;
		blk->config.discard_sector_alignment = DISCARD_ALIGNMENT;
		blk->config.max_write_zeroes_sectors = ZERO_SECTORS_MAX;
		blk->config.max_write_zeroes_seg = RANGES_MAX;
		blk->config.write_zeroes_may_unmap = 1;
	}
	blk->virtio =
		virtio_create(bus, slot, irq, &blk->model, blk, (u8 *)&blk->config, NULL, sizeof(blk->config), err);
	if (!blk->virtio) {
		free(blk);
		return NULL;
	}
	return blk;
}

void virtio_blk_destroy(struct virtio_blk *blk)
{
	if (!blk)
		return;
	clock_disarm(blk->clock, &blk->access);
	virtio_destroy(blk->virtio);
	free(blk);
}

struct disk *virtio_blk_disk(const struct virtio_blk *blk)
{
	return blk->disk;
}

struct virtio *virtio_blk_transport(struct virtio_blk *blk)
{
	return blk->virtio;
}

void virtio_blk_state(struct state *s, struct virtio_blk *blk)
{
	state_section(s, "virtio-blk", 1);
	state_same(s, blk->config.capacity, "disk size in sectors");
	state_same(s, blk->model.features, "whether a disk is read-only");
	virtio_state(s, blk->virtio);
	state_event(s, blk->clock, &blk->access);
	disk_state(s, blk->disk);
}
