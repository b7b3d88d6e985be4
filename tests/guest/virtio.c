/*
 * The driver: see virtio.h.
 */
#include "tests/guest/virtio.h"

#define WAIT_MAX 20000000 /* looks at the used ring */
#define LINGER 8000       /* turns of a loop of three instructions: more than the 10 us of a disk */

struct vq vq;
volatile struct blk_header blk_header;
volatile u8 blk_status;

static void fence(void)
{
	__asm__ volatile("fence iorw, iorw" ::: "memory");
}

u32 virtio_in(u32 slot, u32 offset)
{
	return peek32(VIRTIO_REG(slot, offset));
}

void virtio_out(u32 slot, u32 offset, u32 value)
{
	poke32(VIRTIO_REG(slot, offset), value);
}

u64 virtio_offered(u32 slot)
{
	u64 features;

	virtio_out(slot, R_DEVICE_FEATURES_SEL, 1);
	features = (u64)virtio_in(slot, R_DEVICE_FEATURES) << 32;
	virtio_out(slot, R_DEVICE_FEATURES_SEL, 0);
	return features | virtio_in(slot, R_DEVICE_FEATURES);
}

void virtio_reset(u32 slot)
{
	virtio_out(slot, R_STATUS, 0);
}

int virtio_negotiate(u32 slot, u64 features)
{
	features |= F_VERSION_1;
	virtio_reset(slot);
	virtio_out(slot, R_STATUS, ACKNOWLEDGE);
	virtio_out(slot, R_STATUS, ACKNOWLEDGE | DRIVER);
	virtio_out(slot, R_DRIVER_FEATURES_SEL, 0);
	virtio_out(slot, R_DRIVER_FEATURES, (u32)features);
	virtio_out(slot, R_DRIVER_FEATURES_SEL, 1);
	virtio_out(slot, R_DRIVER_FEATURES, (u32)(features >> 32));
	virtio_out(slot, R_STATUS, ACKNOWLEDGE | DRIVER | FEATURES_OK);
	return (virtio_in(slot, R_STATUS) & FEATURES_OK) != 0;
}

static void out_address(u32 slot, u32 offset, volatile void *address)
{
	virtio_out(slot, offset, (u32)(u64)address);
	virtio_out(slot, offset + 4, (u32)((u64)address >> 32));
}

void virtio_queue(u32 slot, u32 queue)
{
	volatile u8 *byte = (volatile u8 *)&vq;

	for (u64 i = 0; i < sizeof(vq); i++)
		byte[i] = 0;
	virtio_out(slot, R_QUEUE_SEL, queue);
	virtio_out(slot, R_QUEUE_NUM, VQ_SIZE);
	out_address(slot, R_QUEUE_DESC, vq.desc);
	out_address(slot, R_QUEUE_DRIVER, &vq.avail);
	out_address(slot, R_QUEUE_DEVICE, &vq.used);
	virtio_out(slot, R_QUEUE_READY, 1);
}

int virtio_start(u32 slot, u64 features)
{
	int agreed = virtio_negotiate(slot, features);

	virtio_queue(slot, 0);
	virtio_out(slot, R_STATUS, ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK);
	return agreed;
}

u16 virtio_post(const struct piece *pieces, u32 count)
{
	u16 head = vq.next_desc;

	for (u32 i = 0; i < count; i++) {
		u16 next = (u16)((vq.next_desc + 1) % VQ_SIZE);
		volatile struct vq_desc *d = &vq.desc[vq.next_desc];

		d->pa = pieces[i].pa;
		d->size = pieces[i].size;
		d->flags = (u16)(pieces[i].flags | (i + 1 < count ? DESC_NEXT : 0));
		d->next = next;
		vq.next_desc = next;
	}
	vq.avail.ring[vq.avail.idx % VQ_SIZE] = head;
	fence();
	vq.avail.idx++;
	return head;
}

void virtio_notify(u32 slot, u32 queue)
{
	fence();
	virtio_out(slot, R_QUEUE_NOTIFY, queue);
}

int virtio_wait(void)
{
	for (u32 i = 0; i < WAIT_MAX; i++) {
		if (vq.used.idx == vq.seen)
			continue;
		fence();
		vq.id = vq.used.ring[vq.seen % VQ_SIZE].id;
		vq.size = vq.used.ring[vq.seen % VQ_SIZE].size;
		vq.seen++;
		return 1;
	}
	return 0;
}

void virtio_linger(void)
{
	for (u32 i = 0; i < LINGER; i++)
		__asm__ volatile("" ::: "memory");
}

/* --- block devices --- */

void blk_post(u32 slot, u32 type, u64 sector, u64 pa, u32 size)
{
	u16 in = type == T_IN || type == T_GET_ID ? DESC_WRITE : 0;
	struct piece pieces[3] = { { (u64)&blk_header, sizeof(blk_header), 0 }, { pa, size, in }, { 0 } };
	u32 count = size ? 2 : 1;

	blk_header.type = type;
	blk_header.reserved = 0;
	blk_header.sector = sector;
	blk_status = S_NONE;
	pieces[count++] = (struct piece){ (u64)&blk_status, 1, DESC_WRITE };
	virtio_post(pieces, count);
	virtio_notify(slot, 0);
}

u32 blk_do(u32 slot, u32 type, u64 sector, u64 pa, u32 size)
{
	blk_post(slot, type, sector, pa, size);
	return virtio_wait() ? blk_status : S_NONE;
}
