/*
 * A block device on a bench: a disk image (disk_rig.h) behind virtio-blk, and a driver (virtio_driver.h) that makes
 * requests. Constants are written from virtio 1.2, section 5.2.
 */
#ifndef TESTS_UNIT_BLK_RIG_H
#define TESTS_UNIT_BLK_RIG_H

#include "devices/virtio_blk.h"

#include "tests/unit/disk_rig.h"
#include "tests/unit/virtio_driver.h"

enum { T_IN = 0, T_OUT = 1, T_FLUSH = 4, T_GET_ID = 8, T_GET_LIFETIME = 10, T_DISCARD = 11, T_WRITE_ZEROES = 13 };
enum { STATUS_OK = 0, STATUS_IOERR = 1, STATUS_UNSUPP = 2, STATUS_UNTOUCHED = 0xcc };

#define F_SEG_MAX (1ull << 2)
#define F_RO (1ull << 5)
#define F_BLK_SIZE (1ull << 6)
#define F_FLUSH (1ull << 9)
#define F_DISCARD (1ull << 13)
#define F_WRITE_ZEROES (1ull << 14)
#define F_ALL (F_SEG_MAX | F_BLK_SIZE | F_FLUSH | F_DISCARD | F_WRITE_ZEROES)

#define ACCESS_NS 10000
#define SECTORS (SIZE / DISK_SECTOR)

struct blk_fixture {
	struct disk_fixture *image; /* the file */
	struct virtio_rig rig;      /* driver and RAM */
	struct clock clock;         /* guest time */
	struct disk *disk;          /* of the image */
	struct virtio_blk *blk;     /* under test */
};

/* One request in RAM. */
struct blk_request {
	u16 head;    /* its chain */
	u64 header;  /* where the header is */
	u64 data;    /* the data */
	u32 in_size; /* bytes the device writes, the status among them */
	u64 status;  /* the status byte */
};

/* A device in the rig's slot; no driver yet. */
static inline void blk_attach(struct blk_fixture *f, bool read_only, bool snapshot)
{
	struct error err;
	f->disk = open_disk(f->image, read_only, snapshot);
	f->blk = virtio_blk_create(&f->rig.bus, &f->clock, RIG_SLOT, rig_irq(&f->rig), f->disk, &err);
	assert_non_null(f->blk);
}

static inline void blk_detach(struct blk_fixture *f)
{
	virtio_blk_destroy(f->blk);
	disk_close(f->disk);
	f->blk = NULL;
	f->disk = NULL;
	assert_true(clock_next(&f->clock) == CLOCK_NEVER);
}

/* A machine with a disk of `sectors` sectors (0: the image as it is), not attached yet. */
static inline int blk_setup(void **state)
{
	struct blk_fixture *f = xcalloc(1, sizeof(*f));
	void *image;
	assert_int_equal(disk_setup(&image), 0);
	f->image = image;
	rig_init(&f->rig);
	clock_init(&f->clock);
	clock_run(&f->clock, 1000);
	*state = f;
	return 0;
}

static inline int blk_teardown(void **state)
{
	struct blk_fixture *f = *state;
	void *image = f->image;
	if (f->blk)
		blk_detach(f);
	rig_free(&f->rig);
	clock_free(&f->clock);
	free(f);
	return disk_teardown(&image);
}

/* The device with a driver that accepted these features. */
static inline void blk_start(struct blk_fixture *f, u64 features)
{
	rig_start(&f->rig, features, 1, 16);
}

/* Lets an access take place. */
static inline void blk_wait(struct blk_fixture *f)
{
	clock_run(&f->clock, f->clock.now_ns + ACCESS_NS);
}

/* Makes a request available: a header, `size` bytes of data (out: these bytes; in: room), a status byte. */
static inline struct blk_request blk_post(struct blk_fixture *f, u32 type, u64 sector, const void *out, u32 size)
{
	struct virtio_rig *r = &f->rig;
	bool in = type == T_IN || type == T_GET_ID;
	u8 untouched = STATUS_UNTOUCHED;
	struct blk_request q = { .header = rig_alloc(r, 16), .data = rig_alloc(r, size ? size : 1) };
	rig_store(r, q.header, 4, type);
	rig_store(r, q.header + 8, 8, sector);
	if (out)
		rig_put(r, q.data, out, size);
	q.status = rig_bytes(r, &untouched, 1);
	q.in_size = (in ? size : 0) + 1;
	struct rig_piece pieces[3] = { { q.header, 16, false }, { q.data, size, in }, { q.status, 1, true } };
	if (size == 0)
		pieces[1] = pieces[2];
	q.head = rig_chain(r, 0, pieces, size ? 3 : 2);
	return q;
}

/* The request must be over, the next in the used ring. Returns its status. */
static inline u8 blk_finish(struct blk_fixture *f, const struct blk_request *q)
{
	assert_int_equal(rig_expect_used(&f->rig, 0, q->head), q->in_size);
	return (u8)rig_load(&f->rig, q->status, 1);
}

/* A whole request; its status. RAM that it took is free again. */
static inline u8 blk_do(struct blk_fixture *f, u32 type, u64 sector, const void *out, u32 size, void *in)
{
	u64 heap = f->rig.heap;
	struct blk_request q = blk_post(f, type, sector, out, size);
	rig_notify(&f->rig, 0);
	blk_wait(f);
	u8 status = blk_finish(f, &q);
	if (in)
		rig_get(&f->rig, q.data, in, size);
	memset(bus_ram(&f->rig.bus, heap, f->rig.heap - heap), 0, f->rig.heap - heap);
	f->rig.heap = heap;
	return status;
}

static inline u8 blk_read(struct blk_fixture *f, u64 sector, u32 count, void *to)
{
	return blk_do(f, T_IN, sector, NULL, count * DISK_SECTOR, to);
}

static inline u8 blk_write(struct blk_fixture *f, u64 sector, u32 count, const void *from)
{
	return blk_do(f, T_OUT, sector, from, count * DISK_SECTOR, NULL);
}

static inline u8 blk_flush(struct blk_fixture *f)
{
	return blk_do(f, T_FLUSH, 0, NULL, 0, NULL);
}

/* struct virtio_blk_discard_write_zeroes */
struct blk_range {
	u64 sector;
	u32 count;
	u32 flags;
};

static inline u8 blk_zero(struct blk_fixture *f, u32 type, const struct blk_range *ranges, u32 count)
{
	return blk_do(f, type, 0, ranges, count * (u32)sizeof(*ranges), NULL);
}

#endif
