/*
 * A driver that keeps to no rule, for whatever devices are in the virtio slots: nonsense in registers, rings,
 * descriptors and buffers. After each bout the device either still works or says DEVICE_NEEDS_RESET, and after a reset
 * it works. What must not happen is that the emulator ends or that the program's own memory is written to: addresses
 * are either in the arena, or where no RAM is.
 *
 * Not here: which rule gets which answer (tests/unit/virtio_test.c). The bouts are the same in each run; build with
 * -DSEED=N for others.
 */
#include "tests/guest/virtio.h"

#ifndef SEED
#define SEED 1
#endif

#define BOUTS 400
#define PRESENT_CHECK_EVERY 8

/* RAM that a device may spoil. */
#define ARENA PLAYGROUND
#define ARENA_SIZE 0x10000ul

/* Where things are in it, if they are where they belong. */
#define DESC ARENA
#define AVAIL (ARENA + 0x1000)
#define USED (ARENA + 0x2000)
#define TABLE (ARENA + 0x3000) /* indirect descriptors */
#define BUFFERS (ARENA + 0x4000)

CODE(store_8, "sb a1, 0(a0)");
CODE(store_16, "sh a1, 0(a0)");
CODE(store_32, "sw a1, 0(a0)");
CODE(store_64, "sd a1, 0(a0)");
CODE(load_8, "lb a0, 0(a0)");
CODE(load_16, "lh a0, 0(a0)");
CODE(load_32, "lw a0, 0(a0)");
CODE(load_64, "ld a0, 0(a0)");

static u64 random_state = SEED * 0x9e3779b97f4a7c15ul;

static u64 any(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state * 0x2545f4914f6cdd1dul;
}

/* 0..n-1 */
static u64 below(u64 n)
{
	return (any() >> 16) % n;
}

static int one_in(u64 n)
{
	return below(n) == 0;
}

static u32 present[MEMMAP_VIRTIO_COUNT]; /* slots with a device */
static u32 present_count;

/* An empty slot has device 0, or there is nothing at all. */
static void find_devices(void)
{
	present_count = 0;
	for (u32 slot = 0; slot < MEMMAP_VIRTIO_COUNT; slot++) {
		single(M, load_32, VIRTIO_REG(slot, R_DEVICE_ID), 0);
		if (seen.cause == ECALL_FROM_M && seen.x[10] != 0)
			present[present_count++] = slot;
	}
}

static int has_devices(void)
{
	return present_count != 0;
}

static u32 any_slot(void)
{
	return present[below(present_count)];
}

void before_each(void)
{
	find_devices();
	for (u32 i = 0; i < present_count; i++)
		virtio_reset(present[i]);
}

/* --- addresses and numbers that are just right, nearly right, and quite wrong --- */

/* No RAM here, or the last bytes of it, which nobody uses (128 MiB). */
static u64 nowhere(void)
{
	static const u64 places[] = {
		0,
		1,
		NO_MEMORY,
		MEMMAP_UART_BASE,
		MEMMAP_VIRTIO_BASE,
		MEMMAP_CLINT_BASE,
		MEMMAP_PLIC_BASE,
		0x7ffffff0,
		0xfffffffffffffff0,
		0x8000000000000000,
		0x00ffffffffffffff,
		0x0000000180400000,
	};

	return places[below(ARRAY_SIZE(places))];
}

/* In the arena, with room for `size` bytes. */
static u64 in_arena(u64 size)
{
	u64 at = ARENA + below(ARENA_SIZE - size);

	return one_in(4) ? at : at & ~15ul;
}

static u32 any_size(void)
{
	switch (below(6)) {
	case 0:
		return 0;
	case 1:
		return (u32)below(32);
	case 2:
		return 512;
	case 3:
		return 513;
	default:
		return (u32)below(2048);
	}
}

static void any_buffer(volatile struct vq_desc *d)
{
	u32 size = any_size();

	d->pa = one_in(16) ? nowhere() : in_arena(size);
	d->size = size;
	if (one_in(24)) { /* so large that no RAM holds it */
		d->pa = in_arena(1);
		d->size = one_in(2) ? ~0u : 0x80000000u;
	}
}

static u16 any_index(u32 count)
{
	return (u16)(one_in(12) ? any() : below(count));
}

/* A table of descriptors which may make sense: first what the device reads, then what it writes. */
static void any_table(u64 table, u32 count)
{
	volatile struct vq_desc *d = (volatile struct vq_desc *)table;
	u64 first_written = below(count + 1);

	for (u32 i = 0; i < count; i++) {
		any_buffer(&d[i]);
		d[i].flags = (u16)(i >= first_written ? DESC_WRITE : 0);
		d[i].flags |= (u16)(one_in(3) ? 0 : DESC_NEXT);
		d[i].next = one_in(8) ? any_index(count) : (u16)((i + 1) % count);
		if (one_in(10) && table == DESC) {
			d[i].flags = DESC_INDIRECT | (one_in(4) ? DESC_NEXT : 0);
			d[i].pa = one_in(8) ? nowhere() : TABLE + 16 * below(4);
			d[i].size = (u32)(one_in(4) ? below(300) : 16 * (1 + below(VQ_SIZE)));
		}
		if (one_in(16))
			d[i].flags = (u16)any();
	}
}

/* A chain as a block device, an entropy source or a 9p server likes it, so that bouts get past the first check. */
static void plausible_chain(void)
{
	volatile struct vq_desc *d = (volatile struct vq_desc *)DESC;
	volatile struct blk_header *header = (volatile struct blk_header *)BUFFERS;
	static const u32 types[] = { T_IN, T_OUT, T_FLUSH, T_GET_ID, T_DISCARD, T_WRITE_ZEROES, 2, 99 };

	header->type = types[below(ARRAY_SIZE(types))];
	header->sector = one_in(4) ? any() : below(3000);
	d[0].pa = BUFFERS;
	d[0].size = 16;
	d[0].flags = DESC_NEXT;
	d[0].next = 1;
	any_buffer(&d[1]);
	d[1].flags = (u16)(DESC_NEXT | (one_in(2) ? DESC_WRITE : 0));
	d[1].next = 2;
	d[2].pa = in_arena(1);
	d[2].size = (u32)below(3);
	d[2].flags = DESC_WRITE;
}

static u64 ring_address(u64 right, u64 size)
{
	switch (below(16)) {
	case 0:
		return nowhere();
	case 1:
		return in_arena(size); /* over other rings, or not aligned */
	default:
		return right;
	}
}

static void out_address(u32 slot, u32 offset, u64 address)
{
	virtio_out(slot, offset, (u32)address);
	virtio_out(slot, offset + 4, (u32)(address >> 32));
}

static void any_queue(u32 slot, u32 queue)
{
	u32 size = one_in(10) ? (u32)below(40) : 1u << below(5);

	virtio_out(slot, R_QUEUE_SEL, queue);
	virtio_out(slot, R_QUEUE_NUM, one_in(20) ? (u32)any() | 0x10000 : size);
	out_address(slot, R_QUEUE_DESC, ring_address(DESC, 16 * 40));
	out_address(slot, R_QUEUE_DRIVER, ring_address(AVAIL, 6 + 2 * 40));
	out_address(slot, R_QUEUE_DEVICE, ring_address(USED, 6 + 8 * 40));
	virtio_out(slot, R_QUEUE_READY, 1);
}

static void any_rings(void)
{
	volatile struct vq_avail *avail = (volatile struct vq_avail *)AVAIL;

	for (u32 i = 0; i < 256; i++)
		poke(in_arena(8) & ~7ul, any());
	any_table(DESC, VQ_SIZE);
	any_table(TABLE, VQ_SIZE);
	if (one_in(2))
		plausible_chain();
	for (u32 i = 0; i < VQ_SIZE; i++)
		avail->ring[i] = one_in(2) ? 0 : any_index(VQ_SIZE);
	avail->flags = (u16)below(2);
	avail->idx = (u16)(one_in(8) ? any() : 1 + below(3));
}

/* --- after each bout --- */

/* It says that it is broken as section 2.1.2 has it. */
static void check_broken(u32 slot)
{
	u32 status = virtio_in(slot, R_STATUS);

	if ((status & (NEEDS_RESET | DRIVER_OK)) == (NEEDS_RESET | DRIVER_OK))
		expect(virtio_in(slot, R_INTERRUPT_STATUS) & CONFIG_CHANGE, CONFIG_CHANGE);
}

/* A device that is reset can be started; a disk's sectors can be read, and written if it lets them. */
static void check_works(u32 slot)
{
	u64 word = any();
	u64 offered = virtio_offered(slot);

	expect(virtio_start(slot, offered & F_FLUSH), 1);
	expect(virtio_in(slot, R_STATUS), ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK);
	expect(virtio_in(slot, R_INTERRUPT_STATUS), 0);
	if (virtio_in(slot, R_DEVICE_ID) == BLK_ID) {
		if (!(offered & F_RO)) {
			for (u64 i = 0; i < SECTOR; i += 8)
				poke(ARENA + i, word + i);
			expect(blk_do(slot, T_OUT, 1, ARENA, SECTOR), S_OK);
		}
		expect(blk_do(slot, T_IN, 1, ARENA + SECTOR, SECTOR), S_OK);
		for (u64 i = 0; i < SECTOR; i += 8)
			expect(peek(ARENA + SECTOR + i), offered & F_RO ? SECTOR + i : word + i);
	}
	virtio_reset(slot);
	expect(virtio_in(slot, R_STATUS), 0);
}

static void check_all(void)
{
	for (u32 i = 0; i < present_count; i++)
		check_works(present[i]);
}

/* --- the rules --- */

static void nonsense_in_rings_does_no_harm(void)
{
	needs(has_devices());
	for (u32 bout = 0; bout < BOUTS; bout++) {
		u32 slot = any_slot();

		virtio_negotiate(slot, virtio_offered(slot) & any());
		any_rings();
		for (u32 queue = 0; queue < 3; queue++)
			any_queue(slot, queue);
		virtio_out(slot, R_STATUS, ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK);
		for (u64 i = below(4); i <= 3; i++)
			virtio_notify(slot, (u32)below(3));
		virtio_linger();
		check_broken(slot);
		if (bout % PRESENT_CHECK_EVERY == 0)
			check_all();
		else
			check_works(slot);
	}
}

/* The available ring grows while the device is at it, and is not what it was. */
static void rings_that_change_do_no_harm(void)
{
	volatile struct vq_avail *avail = (volatile struct vq_avail *)AVAIL;

	needs(has_devices());
	for (u32 bout = 0; bout < BOUTS / 4; bout++) {
		u32 slot = any_slot();

		virtio_negotiate(slot, virtio_offered(slot) & any());
		any_rings();
		any_queue(slot, 0);
		virtio_out(slot, R_STATUS, ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK);
		for (u64 i = 0; i < 6; i++) {
			plausible_chain();
			avail->ring[below(VQ_SIZE)] = any_index(VQ_SIZE);
			avail->idx = (u16)(avail->idx + below(3));
			virtio_notify(slot, 0);
			if (one_in(2))
				virtio_linger();
			if (one_in(12))
				virtio_reset(slot);
		}
		virtio_linger();
		check_broken(slot);
		check_works(slot);
	}
}

static u32 any_register(void)
{
	return one_in(3) ? (u32)below(0x1000) & ~3u : (u32)below(0x2c) * 4;
}

/* A value for a register; addresses stay where a device may write. */
static u32 any_value(u32 offset)
{
	if (offset >= R_QUEUE_DESC && offset < R_QUEUE_DEVICE + 8)
		return offset & 4 ? (u32)(one_in(3) ? any() | 2 : 0) : (u32)in_arena(512);
	switch (below(4)) {
	case 0:
		return (u32)any();
	case 1:
		return 1u << below(32);
	default:
		return (u32)below(16);
	}
}

static void nonsense_in_registers_does_no_harm(void)
{
	needs(has_devices());
	for (u32 bout = 0; bout < BOUTS; bout++) {
		u32 slot = any_slot();

		any_rings();
		for (u64 i = below(40); i < 60; i++) {
			u32 offset = any_register();

			if (one_in(3))
				single(M, load_32, VIRTIO_REG(slot, offset), 0);
			else
				single(M, store_32, VIRTIO_REG(slot, offset), any_value(offset));
			if (seen.cause != LOAD_ACCESS_FAULT && seen.cause != STORE_ACCESS_FAULT)
				expect(seen.cause, ECALL_FROM_M);
		}
		if (one_in(4))
			virtio_linger();
		check_works(slot);
	}
}

/* Section 4.2.2.2: registers are to be accessed by words; what else comes of it must be an access fault or nothing. */
static void accesses_of_any_size_do_no_harm(void)
{
	static const struct {
		const char *stub;
		u64 size, fault;
	} kinds[] = {
		{ store_8, 1, STORE_ACCESS_FAULT },  { store_16, 2, STORE_ACCESS_FAULT },
		{ store_64, 8, STORE_ACCESS_FAULT }, { load_8, 1, LOAD_ACCESS_FAULT },
		{ load_16, 2, LOAD_ACCESS_FAULT },   { load_64, 8, LOAD_ACCESS_FAULT },
	};

	needs(has_devices());
	for (u32 bout = 0; bout < BOUTS; bout++) {
		u32 slot = any_slot();
		u64 kind = below(ARRAY_SIZE(kinds));
		u64 offset = (one_in(2) ? below(0x1000) : below(0x140)) & ~(kinds[kind].size - 1);

		single(M, kinds[kind].stub, VIRTIO_REG(slot, offset), one_in(2) ? 0 : any());
		if (seen.cause != kinds[kind].fault)
			expect(seen.cause, ECALL_FROM_M);
		if (bout % PRESENT_CHECK_EVERY == 0)
			check_works(slot);
	}
	check_all();
}

const struct rule rules[] = {
	RULE(nonsense_in_rings_does_no_harm),
	RULE(rings_that_change_do_no_harm),
	RULE(nonsense_in_registers_does_no_harm),
	RULE(accesses_of_any_size_do_no_harm),
};

const u64 rule_count = ARRAY_SIZE(rules);
