/*
 * The block device in virtio slot 0, asked by a driver: requests, errors, interrupts through the PLIC. Virtio 1.2,
 * sections 2.7 and 5.2. Each 8 bytes of the disk hold their own offset at the start of the run, and the sectors from
 * SCRATCH on may be written; run.sh looks at the image afterwards.
 */
#include "tests/guest/virtio.h"

#define SLOT 0
#define IRQ (MEMMAP_VIRTIO_IRQ + SLOT)
#define SECTORS 2048
#define SCRATCH 1024 /* this sector and those behind it are for rules that write */
#define MARKED 2046  /* the one that run.sh looks at */

#define PLIC_PRIORITY(source) (MEMMAP_PLIC_BASE + 4ul * (source))
#define PLIC_ENABLE_M (MEMMAP_PLIC_BASE + 0x2000ul) /* hart 0, M mode */
#define PLIC_THRESHOLD_M (MEMMAP_PLIC_BASE + 0x200000ul)
#define PLIC_CLAIM_M (PLIC_THRESHOLD_M + 4)

CODE(sleep, "wfi\n li a0, 42");
CODE(answer_7, "li a0, 7");

static int has_disk(void)
{
	return virtio_in(SLOT, R_DEVICE_ID) == BLK_ID;
}

static int writable(void)
{
	return !(virtio_offered(SLOT) & F_RO);
}

static int read_only(void)
{
	return !writable();
}

void before_each(void)
{
	virtio_reset(SLOT);
	poke32(PLIC_ENABLE_M, 0);
}

/* What a rule starts with: the disk, with these features. */
static void start(u64 features)
{
	expect(virtio_start(SLOT, features), 1);
}

static u32 request(u32 type, u64 sector, u64 pa, u32 size)
{
	return blk_do(SLOT, type, sector, pa, size);
}

static void expect_sectors(int line, u64 pa, u64 sector, u64 count)
{
	for (u64 i = 0; i < count * SECTOR; i += 8)
		expect_at(line, "word of a sector", peek(pa + i), sector * SECTOR + i);
}

/* Other words than anything that was on the disk. */
static void fill(u64 pa, u64 bytes, u64 word)
{
	for (u64 i = 0; i < bytes; i += 8)
		poke(pa + i, word + i);
}

/* --- setting up --- */

static void the_registers_say_what_it_is(void)
{
	needs(has_disk());
	expect(virtio_in(SLOT, R_MAGIC), 0x74726976);
	expect(virtio_in(SLOT, R_VERSION), 2);
	virtio_out(SLOT, R_QUEUE_SEL, 0);
	expect(virtio_in(SLOT, R_QUEUE_NUM_MAX) >= VQ_SIZE, 1);
	expect(peek32(VIRTIO_REG(SLOT, R_CONFIG)), SECTORS); /* capacity */
	expect(peek32(VIRTIO_REG(SLOT, R_CONFIG + 4)), 0);
}

static void a_feature_that_is_not_offered_is_refused(void)
{
	needs(has_disk());
	u64 offered = virtio_offered(SLOT);

	expect(offered & F_VERSION_1, F_VERSION_1);
	expect(offered & F_FLUSH, F_FLUSH);
	expect(offered & BIT(50), 0);
	expect(virtio_negotiate(SLOT, BIT(50)), 0);
	expect(virtio_negotiate(SLOT, offered), 1);
}

/* --- reading and writing --- */

static void a_read_gets_the_sectors(void)
{
	needs(has_disk());
	start(F_FLUSH);
	expect(request(T_IN, 7, PAGE(0), 3 * SECTOR), S_OK);
	expect_sectors(__LINE__, PAGE(0), 7, 3);
	expect(peek(PAGE(0) + 3 * SECTOR), PAGE(0) + 3 * SECTOR); /* and no more */
	expect(vq.size, 3 * SECTOR + 1);
	expect(request(T_IN, SCRATCH - 1, PAGE(1), SECTOR), S_OK);
	expect_sectors(__LINE__, PAGE(1), SCRATCH - 1, 1);
}

static void a_read_may_be_large(void)
{
	needs(has_disk());
	start(F_FLUSH);
	expect(request(T_IN, 0, PAGE(0), SCRATCH * SECTOR / 8), S_OK);
	expect_sectors(__LINE__, PAGE(0), 0, SCRATCH / 8);
}

static void a_write_is_read_back(void)
{
	needs(has_disk());
	needs(writable());
	start(F_FLUSH);
	fill(PAGE(0), 2 * SECTOR, 0x1234567800000000);
	expect(request(T_OUT, SCRATCH + 1, PAGE(0), 2 * SECTOR), S_OK);
	expect(vq.size, 1);
	expect(request(T_IN, SCRATCH, PAGE(1), 4 * SECTOR), S_OK);
	for (u64 i = 0; i < 2 * SECTOR; i += 8)
		expect(peek(PAGE(1) + SECTOR + i), 0x1234567800000000 + i);
}

static void a_flushed_write_is_in_the_image(void)
{
	static const char mark[] = "flushed by the guest";

	needs(has_disk());
	needs(writable());
	start(F_FLUSH);
	for (u64 i = 0; i < sizeof(mark); i++)
		*(volatile char *)(PAGE(0) + i) = mark[i];
	expect(request(T_OUT, MARKED, PAGE(0), SECTOR), S_OK);
	expect(request(T_FLUSH, 0, 0, 0), S_OK);
}

static void a_driver_without_flush_can_write(void)
{
	needs(has_disk());
	needs(writable());
	start(0);
	fill(PAGE(0), SECTOR, 0x1111);
	expect(request(T_OUT, SCRATCH + 8, PAGE(0), SECTOR), S_OK);
	expect(request(T_IN, SCRATCH + 8, PAGE(1), SECTOR), S_OK);
	expect(peek(PAGE(1)), 0x1111);
}

static void writes_to_a_read_only_disk_fail(void)
{
	needs(has_disk());
	needs(read_only());
	start(F_RO | F_FLUSH);
	expect(request(T_OUT, SCRATCH, PAGE(0), SECTOR), S_IOERR);
	expect(request(T_IN, SCRATCH, PAGE(1), SECTOR), S_OK);
	expect_sectors(__LINE__, PAGE(1), SCRATCH, 1);
	expect(request(T_FLUSH, 0, 0, 0), S_OK);
}

static void discarded_and_zeroed_sectors_read_as_zero(void)
{
	volatile struct blk_range *range = (volatile struct blk_range *)PAGE(1);

	needs(has_disk());
	needs(writable());
	start(F_FLUSH | F_DISCARD | F_WRITE_ZEROES);
	fill(PAGE(0), 8 * SECTOR, 0x2222);
	for (u32 type = T_DISCARD; type <= T_WRITE_ZEROES; type += T_WRITE_ZEROES - T_DISCARD) {
		expect(request(T_OUT, SCRATCH + 16, PAGE(0), 8 * SECTOR), S_OK);
		range->sector = SCRATCH + 17;
		range->count = 6;
		range->flags = 0;
		expect(request(type, 0, PAGE(1), sizeof(*range)), S_OK);
		expect(request(T_IN, SCRATCH + 16, PAGE(2), 8 * SECTOR), S_OK);
		expect(peek(PAGE(2) + SECTOR - 8), 0x2222 + SECTOR - 8);
		for (u64 i = SECTOR; type == T_WRITE_ZEROES && i < 7 * SECTOR; i += 8)
			expect(peek(PAGE(2) + i), 0);
		expect(peek(PAGE(2) + 7 * SECTOR), 0x2222 + 7 * SECTOR);
	}
}

static void the_id_has_20_bytes(void)
{
	needs(has_disk());
	start(0);
	fill(PAGE(0), 32, ~0ul - 32);
	expect(request(T_GET_ID, 0, PAGE(0), 20), S_OK);
	expect(vq.size, 21);
	expect(peek32(PAGE(0) + 20), ~0u); /* and no more */
}

static void code_that_is_read_from_the_disk_runs(void)
{
	needs(has_disk());
	needs(writable());
	start(F_FLUSH);
	put_answer(PAGE(0));
	run(M, PAGE(0), 0);
	expect_value(ANSWER);
	put_code(PAGE(1), answer_7, 8);
	expect(request(T_OUT, SCRATCH + 32, PAGE(1), SECTOR), S_OK);
	expect(request(T_IN, SCRATCH + 32, PAGE(0), SECTOR), S_OK);
	run(M, PAGE(0), 0);
	expect_value(7);
}

/* --- how requests are cut into buffers --- */

static void a_header_may_be_in_pieces(void)
{
	needs(has_disk());
	start(F_FLUSH);
	u64 header = (u64)&blk_header;
	struct piece pieces[] = { { header, 3, 0 },
		                  { header + 3, 6, 0 },
		                  { header + 9, 7, 0 },
		                  { PAGE(0), 100, DESC_WRITE },
		                  { PAGE(0) + 100, 412, DESC_WRITE },
		                  { (u64)&blk_status, 1, DESC_WRITE } };

	blk_header.type = T_IN;
	blk_header.sector = 11;
	u16 head = virtio_post(pieces, ARRAY_SIZE(pieces));
	virtio_notify(SLOT, 0);
	expect(virtio_wait(), 1);
	expect(vq.id, head);
	expect(blk_status, S_OK);
	expect_sectors(__LINE__, PAGE(0), 11, 1);
}

static void data_and_status_may_share_a_buffer(void)
{
	needs(has_disk());
	start(F_FLUSH);
	struct piece pieces[] = { { (u64)&blk_header, 16, 0 }, { PAGE(0), SECTOR + 1, DESC_WRITE } };

	blk_header.type = T_IN;
	blk_header.sector = 12;
	poke(PAGE(0) + SECTOR, ~0ul);
	virtio_post(pieces, ARRAY_SIZE(pieces));
	virtio_notify(SLOT, 0);
	expect(virtio_wait(), 1);
	expect_sectors(__LINE__, PAGE(0), 12, 1);
	expect(peek(PAGE(0) + SECTOR), ~0xfful);
}

static void descriptors_may_be_indirect(void)
{
	volatile struct vq_desc *table = (volatile struct vq_desc *)PAGE(1);

	needs(has_disk());
	needs(virtio_offered(SLOT) & F_INDIRECT);
	start(F_FLUSH | F_INDIRECT);
	struct piece piece = { (u64)table, 3 * sizeof(*table), DESC_INDIRECT };

	blk_header.type = T_IN;
	blk_header.sector = 13;
	blk_status = S_NONE;
	table[0].pa = (u64)&blk_header;
	table[0].size = 16;
	table[0].flags = DESC_NEXT;
	table[0].next = 2;
	table[2].pa = PAGE(0);
	table[2].size = SECTOR;
	table[2].flags = DESC_NEXT | DESC_WRITE;
	table[2].next = 1;
	table[1].pa = (u64)&blk_status;
	table[1].size = 1;
	table[1].flags = DESC_WRITE;
	virtio_post(&piece, 1);
	virtio_notify(SLOT, 0);
	expect(virtio_wait(), 1);
	expect(blk_status, S_OK);
	expect_sectors(__LINE__, PAGE(0), 13, 1);
}

static void requests_go_on_past_the_rings_end(void)
{
	needs(has_disk());
	start(F_FLUSH);
	for (u64 i = 0; i < 3 * VQ_SIZE; i++) {
		expect(request(T_IN, i, PAGE(0), SECTOR), S_OK);
		expect(peek(PAGE(0)), i * SECTOR);
		expect(vq.seen, i + 1);
	}
}

static void several_requests_need_one_notification(void)
{
	static volatile struct blk_header headers[4];
	static volatile u8 status[4];

	needs(has_disk());
	start(F_FLUSH);
	for (u32 i = 0; i < 4; i++) {
		struct piece pieces[] = { { (u64)&headers[i], 16, 0 },
			                  { PAGE(i), SECTOR, DESC_WRITE },
			                  { (u64)&status[i], 1, DESC_WRITE } };

		headers[i].type = T_IN;
		headers[i].sector = 20 + i;
		status[i] = S_NONE;
		virtio_post(pieces, 3);
	}
	virtio_notify(SLOT, 0);
	for (u32 i = 0; i < 4; i++)
		expect(virtio_wait(), 1);
	for (u32 i = 0; i < 4; i++) {
		expect(status[i], S_OK);
		expect_sectors(__LINE__, PAGE(i), 20 + i, 1);
	}
}

/* --- errors --- */

static void requests_beyond_the_disk_fail(void)
{
	needs(has_disk());
	start(F_FLUSH);
	expect(request(T_IN, SECTORS, PAGE(0), SECTOR), S_IOERR);
	expect(request(T_IN, SECTORS - 1, PAGE(0), 2 * SECTOR), S_IOERR);
	expect(request(T_IN, ~0ul, PAGE(0), SECTOR), S_IOERR);
	expect(request(T_IN, BIT(55), PAGE(0), SECTOR), S_IOERR);
	expect(request(T_OUT, SECTORS, PAGE(0), SECTOR), S_IOERR);
	expect(request(T_OUT, BIT(55), PAGE(0), SECTOR), S_IOERR);
	expect(request(T_IN, 0, PAGE(0), SECTOR), S_OK);
	expect_sectors(__LINE__, PAGE(0), 0, 1);
}

static void half_sectors_fail(void)
{
	needs(has_disk());
	start(F_FLUSH);
	expect(request(T_IN, 0, PAGE(0), SECTOR / 2), S_IOERR);
	expect(request(T_OUT, SCRATCH, PAGE(0), SECTOR + 1), S_IOERR);
}

static void an_unknown_request_is_unsupported(void)
{
	needs(has_disk());
	start(F_FLUSH);
	expect(request(99, 0, 0, 0), S_UNSUPP);
	expect(request(T_IN, 0, PAGE(0), SECTOR), S_OK);
}

static void a_request_without_status_needs_a_reset(void)
{
	struct piece piece = { (u64)&blk_header, 16, 0 };

	needs(has_disk());
	start(F_FLUSH);
	blk_header.type = T_FLUSH;
	virtio_post(&piece, 1);
	virtio_notify(SLOT, 0);
	for (u32 i = 0; i < 1000 && !(virtio_in(SLOT, R_STATUS) & NEEDS_RESET); i++)
		virtio_linger();
	expect(virtio_in(SLOT, R_STATUS) & NEEDS_RESET, NEEDS_RESET);
	expect(virtio_in(SLOT, R_INTERRUPT_STATUS) & CONFIG_CHANGE, CONFIG_CHANGE);
	expect(vq.used.idx, 0);
	start(F_FLUSH);
	expect(request(T_IN, 5, PAGE(0), SECTOR), S_OK);
	expect_sectors(__LINE__, PAGE(0), 5, 1);
}

static void a_reset_ends_what_is_under_way(void)
{
	needs(has_disk());
	start(F_FLUSH);
	blk_post(SLOT, T_IN, 0, PAGE(0), SECTOR);
	virtio_reset(SLOT);
	u64 word = peek(PAGE(0) + 8); /* it may have been done before the reset */
	virtio_linger();
	virtio_linger();
	expect(peek(PAGE(0) + 8), word);
	expect(virtio_in(SLOT, R_INTERRUPT_STATUS), 0);
	expect(virtio_in(SLOT, R_STATUS), 0);
}

/* --- interrupts --- */

static u64 mip_mei(void)
{
	return csr_read(mip) & BIT(MEI);
}

/* The disk's interrupts go to M mode. What it raised while nobody listened is still pending in the PLIC. */
static void route(void)
{
	u32 claimed;

	poke32(PLIC_PRIORITY(IRQ), 1);
	poke32(PLIC_THRESHOLD_M, 0);
	poke32(PLIC_ENABLE_M, 1u << IRQ);
	while ((claimed = peek32(PLIC_CLAIM_M)))
		poke32(PLIC_CLAIM_M, claimed);
}

/* Takes the interrupt, which must be the disk's for a used buffer, and makes the line quiet. */
static void take_interrupt(void)
{
	expect(mip_mei(), BIT(MEI));
	expect(peek32(PLIC_CLAIM_M), IRQ);
	expect(virtio_in(SLOT, R_INTERRUPT_STATUS), USED_BUFFER);
	virtio_out(SLOT, R_INTERRUPT_ACK, USED_BUFFER);
	expect(virtio_in(SLOT, R_INTERRUPT_STATUS), 0);
	poke32(PLIC_CLAIM_M, IRQ);
	expect(mip_mei(), 0);
}

static void a_used_buffer_interrupts_and_wakes_the_hart(void)
{
	needs(has_disk());
	start(F_FLUSH);
	route();
	for (u64 i = 0; i < 3; i++) {
		csr_write(mie, BIT(MEI));
		blk_post(SLOT, T_IN, i, PAGE(0), SECTOR);
		run(M, sleep, 0);
		expect_value(42);
		expect(blk_status, S_OK);
		expect_sectors(__LINE__, PAGE(0), i, 1);
		take_interrupt();
	}
}

static void an_interrupt_goes_to_the_handler(void)
{
	needs(has_disk());
	start(F_FLUSH);
	route();
	csr_write(mie, BIT(MEI));
	blk_post(SLOT, T_IN, 0, PAGE(0), SECTOR);
	run(S, sleep, 0);
	for (u32 i = 0; i < 1000 && seen.cause != (INTERRUPT | MEI); i++)
		run(S, sleep, 0);
	expect_interrupt(MEI);
	take_interrupt();
}

static void no_interrupt_keeps_it_quiet(void)
{
	needs(has_disk());
	start(F_FLUSH);
	route();
	vq.avail.flags = NO_INTERRUPT;
	expect(request(T_IN, 0, PAGE(0), SECTOR), S_OK);
	virtio_linger();
	expect(virtio_in(SLOT, R_INTERRUPT_STATUS), 0);
	expect(mip_mei(), 0);
	vq.avail.flags = 0;
	expect(request(T_IN, 0, PAGE(0), SECTOR), S_OK);
	virtio_linger();
	take_interrupt();
}

static void an_event_index_says_which_buffer_interrupts(void)
{
	needs(has_disk());
	needs(virtio_offered(SLOT) & F_EVENT_IDX);
	start(F_FLUSH | F_EVENT_IDX);
	vq.avail.used_event = 2;
	expect(request(T_IN, 0, PAGE(0), SECTOR), S_OK); /* the first may interrupt in spite of that */
	virtio_linger();
	virtio_out(SLOT, R_INTERRUPT_ACK, USED_BUFFER);
	route();
	expect(request(T_IN, 0, PAGE(0), SECTOR), S_OK);
	virtio_linger();
	expect(mip_mei(), 0);
	expect(request(T_IN, 0, PAGE(0), SECTOR), S_OK); /* entry 2 */
	virtio_linger();
	take_interrupt();
	expect(vq.used.avail_event, 3); /* notify us of entry 3 */
	expect(request(T_IN, 0, PAGE(0), SECTOR), S_OK);
	virtio_linger();
	expect(mip_mei(), 0);
}

const struct rule rules[] = {
	RULE(the_registers_say_what_it_is),
	RULE(a_feature_that_is_not_offered_is_refused),
	RULE(a_read_gets_the_sectors),
	RULE(a_read_may_be_large),
	RULE(a_write_is_read_back),
	RULE(a_flushed_write_is_in_the_image),
	RULE(a_driver_without_flush_can_write),
	RULE(writes_to_a_read_only_disk_fail),
	RULE(discarded_and_zeroed_sectors_read_as_zero),
	RULE(the_id_has_20_bytes),
	RULE(code_that_is_read_from_the_disk_runs),
	RULE(a_header_may_be_in_pieces),
	RULE(data_and_status_may_share_a_buffer),
	RULE(descriptors_may_be_indirect),
	RULE(requests_go_on_past_the_rings_end),
	RULE(several_requests_need_one_notification),
	RULE(requests_beyond_the_disk_fail),
	RULE(half_sectors_fail),
	RULE(an_unknown_request_is_unsupported),
	RULE(a_request_without_status_needs_a_reset),
	RULE(a_reset_ends_what_is_under_way),
	RULE(a_used_buffer_interrupts_and_wakes_the_hart),
	RULE(an_interrupt_goes_to_the_handler),
	RULE(no_interrupt_keeps_it_quiet),
	RULE(an_event_index_says_which_buffer_interrupts),
};

const u64 rule_count = ARRAY_SIZE(rules);
