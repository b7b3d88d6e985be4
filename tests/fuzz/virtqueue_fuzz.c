/*
 * A hostile driver: the input is a list of register accesses, writes to a little RAM that holds the rings, and
 * requests, lawful and not, to a device that copies what it reads to what it writes.
 *
 * Checked after each step: buffers lie in RAM, the interrupt line says what the register says, a broken device takes
 * nothing, and no byte of RAM changed without the block cache being told.
 */
#include <stdlib.h>

#include "devices/memmap.h"
#include "devices/virtio.h"
#include "tests/fuzz/input.h"

#define RAM 0x80000000ull
#define RAM_SIZE (16 * KIB)
#define SLOT_BASE ((u64)MEMMAP_VIRTIO_BASE)
#define SIZE_MAX_LOG2 5
#define STEPS 400

enum { REG_STATUS = 0x70, REG_INTERRUPT_STATUS = 0x60, REG_CONFIG = 0x100 };
enum { DRIVER_OK = 4, NEEDS_RESET = 0x40 };

/* A snapshot in memory. */
struct memory {
	u8 bytes[2048]; /* what was saved */
	size_t size;    /* how much */
	size_t at;      /* how far it is restored */
};

/* A queue as its driver sees it. */
struct ring {
	u64 desc, avail, used; /* where it is */
	u32 size;              /* entries */
	u16 next;              /* available index */
};

struct bench {
	struct bus bus;            /* RAM and the device */
	struct virtio *v;          /* under test */
	struct input *in;          /* where it all comes from */
	bool line;                 /* the interrupt */
	bool lazy;                 /* the device takes chains only when the input says so */
	u8 config[12];             /* of which the driver may write some */
	struct ring rings[2];      /* as the driver last set them up */
	u8 shadow[RAM_SIZE];       /* RAM as the block cache knows it */
	struct virtio_chain chain; /* at work */
	u8 copy[1024];             /* its bytes */
};

static void hear(void *arg, u32 number, bool level)
{
	struct bench *b = arg;
	(void)number;
	b->line = level;
}

static void code_written(void *arg, u64 pa, u64 size)
{
	struct bench *b = arg;
	memcpy(b->shadow + (pa - RAM), bus_ram(&b->bus, pa, size), size);
}

static u32 in_register(struct bench *b, u64 reg)
{
	u64 value = 0;
	BUG_ON(!bus_load(&b->bus, SLOT_BASE + reg, 4, &value));
	return (u32)value;
}

static void out_register(struct bench *b, u64 reg, u32 value)
{
	BUG_ON(!bus_store(&b->bus, SLOT_BASE + reg, 4, value));
}

static void check_chain(struct bench *b)
{
	const struct virtio_chain *c = &b->chain;
	u64 sizes[2] = { 0 };
	BUG_ON(c->out_count + c->in_count == 0 || c->out_count + c->in_count > BIT(SIZE_MAX_LOG2));
	for (u32 i = 0; i < c->out_count + c->in_count; i++) {
		const struct virtio_buffer *piece = &c->buffers[i];
		BUG_ON(!piece->host || piece->host != bus_ram(&b->bus, piece->pa, piece->size));
		sizes[i >= c->out_count] += piece->size;
	}
	BUG_ON(sizes[0] != c->out_size || sizes[1] != c->in_size || sizes[0] + sizes[1] > BIT(32));
}

static bool answer(struct bench *b, u32 queue)
{
	u64 room = virtio_next_in_size(b->v, queue);
	if (!virtio_take(b->v, queue, &b->chain))
		return false;
	BUG_ON(!virtio_is_ready(b->v) || room != b->chain.in_size);
	check_chain(b);
	u64 size = virtio_read(&b->chain, 0, b->copy, sizeof(b->copy));
	BUG_ON(size != (b->chain.out_size < sizeof(b->copy) ? b->chain.out_size : sizeof(b->copy)));
	virtio_give(b->v, queue, &b->chain, (u32)virtio_write(&b->chain, 0, b->copy, size));
	return true;
}

static void notify(void *device, u32 queue)
{
	struct bench *b = device;
	for (u32 i = 0; !b->lazy && i < BIT(SIZE_MAX_LOG2) && answer(b, queue); i++)
		;
}

static const struct virtio_model model = {
	.name = "fuzzed",
	.id = VIRTIO_ID_RNG,
	.features = 0x15,
	.queue_count = 2,
	.queue_size_max = 1u << SIZE_MAX_LOG2,
	.notify = notify,
};

static u64 ram_address(struct bench *b)
{
	return RAM + input_number(b->in, 2) % (RAM_SIZE + 32);
}

/* An address that is as it should be, or somewhere near RAM if the input wants that. */
static u64 nearly(struct bench *b, u64 pa)
{
	return input_number(b->in, 1) < 250 ? pa : ram_address(b);
}

static void poke(struct bench *b, u64 pa, u32 size, u64 value)
{
	(void)!bus_store(&b->bus, pa, size, value);
}

/* What a lawful driver does, but for what the input makes different. */
static void set_up(struct bench *b)
{
	out_register(b, REG_STATUS, 0);
	out_register(b, 0x24, 0);
	out_register(b, 0x20, (u32)input_number(b->in, 1) << 24 & 0x30000000);
	out_register(b, 0x24, 1);
	out_register(b, 0x20, 1);
	out_register(b, REG_STATUS, 0xb);
	for (u32 i = 0; i < 2; i++) {
		struct ring *r = &b->rings[i];
		r->size = 1u << input_number(b->in, 1) % (SIZE_MAX_LOG2 + 1);
		r->desc = nearly(b, RAM + 0x1000 * i);
		r->avail = nearly(b, RAM + 0x1000 * i + 0x400);
		r->used = nearly(b, RAM + 0x1000 * i + 0x800);
		r->next = 0;
		poke(b, r->avail, 4, 0);
		poke(b, r->used, 4, 0);
		out_register(b, 0x30, i);
		out_register(b, 0x38, r->size);
		out_register(b, 0x80, (u32)r->desc);
		out_register(b, 0x90, (u32)r->avail);
		out_register(b, 0xa0, (u32)r->used);
		out_register(b, 0x44, 1);
	}
	out_register(b, REG_STATUS, 0xf);
}

/* Writes a few descriptors into the table at `table`, mostly one chain of `size` entries at most. */
static void write_chain(struct bench *b, u64 table, u32 size, u32 first)
{
	u32 count = 1 + (u32)input_number(b->in, 1) % 6;
	for (u32 i = 0; i < count; i++) {
		u64 how = input_number(b->in, 2), at = table + 16ull * ((first + i) % size);
		u32 flags = (i + 1 < count) | (how & 2) | (how >> 8 < 8 ? how >> 8 & 7 : 0);
		poke(b, at, 8, how & 4 ? nearly(b, RAM + 0x3000) : ram_address(b));
		poke(b, at + 8, 4, how & 8 ? how >> 4 & 0xff : how << 12);
		poke(b, at + 12, 2, flags);
		poke(b, at + 14, 2, how >> 8 == 9 ? how & 0xff : (first + i + 1) % size);
	}
}

/* A request, perhaps by an indirect table, perhaps with indexes that are none. */
static void send(struct bench *b)
{
	u64 how = input_number(b->in, 2);
	struct ring *r = &b->rings[how & 1];
	if (!r->size)
		return;
	u32 head = how >> 1 & (r->size - 1);
	if (how >> 6 & 1) {
		u32 size = 1 + (how >> 8 & 0xf);
		write_chain(b, RAM + 0x2000, size, 0);
		poke(b, r->desc + 16ull * head, 8, nearly(b, RAM + 0x2000));
		poke(b, r->desc + 16ull * head + 8, 8, 16 * size | 4ull << 32 | (how & 0xf000 ? 0 : how << 20));
	} else {
		write_chain(b, r->desc, r->size, head);
	}
	poke(b, r->avail + 4 + 2ull * (r->next & (r->size - 1)), 2, how >> 12 == 1 ? how : head);
	r->next = (u16)(r->next + (how >> 12 == 2 ? how : 1));
	poke(b, r->avail + 2, 2, r->next);
	if (how >> 7 & 1)
		out_register(b, 0x50, how & 1);
}

static bool save(void *arg, void *bytes, size_t size)
{
	struct memory *m = arg;
	BUG_ON(size > sizeof(m->bytes) - m->size);
	memcpy(m->bytes + m->size, bytes, size);
	m->size += size;
	return true;
}

static bool restore(void *arg, void *bytes, size_t size)
{
	struct memory *m = arg;
	BUG_ON(size > m->size - m->at);
	memcpy(bytes, m->bytes + m->at, size);
	m->at += size;
	return true;
}

/* A snapshot and back, perhaps damaged on the way; one that is refused leaves a device that must be reset. */
static void save_and_restore(struct bench *b)
{
	struct error err = { "" };
	struct memory m = { .size = 0 };
	struct state s = { .err = &err, .transfer = save, .arg = &m };
	virtio_state(&s, b->v);
	BUG_ON(!state_ok(&s));
	u64 damage = input_number(b->in, 1);
	m.bytes[input_number(b->in, 2) % m.size] ^= (u8)damage;
	s = (struct state){ .loading = true, .err = &err, .transfer = restore, .arg = &m };
	virtio_state(&s, b->v);
	BUG_ON(!damage && (!state_ok(&s) || m.at != m.size));
	if (!damage)
		return;
	BUG_ON(!state_ok(&s) && err.text[0] == '\0');
	out_register(b, REG_STATUS, 0);
	b->line = false; /* it was restored to what the damage says */
}

static void step(struct bench *b)
{
	char text[512];
	u64 value;
	switch (input_number(b->in, 1) % 12) {
	case 0:
		out_register(b, input_number(b->in, 1) % 68 * 4, (u32)input_number(b->in, 4));
		break;
	case 1:
		out_register(b, input_number(b->in, 1) % 68 * 4, (u32)ram_address(b));
		break;
	case 2:
		in_register(b, input_number(b->in, 1) % 68 * 4);
		break;
	case 3: {
		u64 at = SLOT_BASE + input_number(b->in, 2) % MEMMAP_VIRTIO_SIZE;
		u32 size = 1u << input_number(b->in, 1) % 4;
		bool loaded = bus_load(&b->bus, at, size, &value);
		BUG_ON(bus_store(&b->bus, at, size, input_number(b->in, 8)) != loaded);
		break;
	}
	case 4:
		set_up(b);
		break;
	case 5:
		send(b);
		break;
	case 6:
		value = ram_address(b);
		poke(b, value, 2, input_number(b->in, 2));
		break;
	case 7:
		out_register(b, 0x50, (u32)input_number(b->in, 1) % 3);
		break;
	case 8:
		b->lazy = !b->lazy;
		break;
	case 9:
		answer(b, input_number(b->in, 1) % 2);
		break;
	case 10:
		virtio_config_changed(b->v);
		virtio_describe(b->v, text, input_number(b->in, 2) % (sizeof(text) + 1));
		if (!input_number(b->in, 1))
			virtio_break(b->v, "the fuzzer says so");
		break;
	default:
		save_and_restore(b);
		break;
	}
}

static void check(struct bench *b)
{
	u32 status = in_register(b, REG_STATUS);
	BUG_ON(b->line != (in_register(b, REG_INTERRUPT_STATUS) != 0));
	BUG_ON(virtio_is_ready(b->v) != ((status & (DRIVER_OK | NEEDS_RESET)) == DRIVER_OK));
	BUG_ON((status & NEEDS_RESET) && virtio_take(b->v, 0, &b->chain));
	BUG_ON(memcmp(b->shadow, bus_ram(&b->bus, RAM, RAM_SIZE), RAM_SIZE) != 0);
}

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t size)
{
	static const u8 writable[12] = { 0, 1, 1, 0, 1 };
	struct input in = { bytes, size };
	struct error err = { "" };
	struct bench *b = xcalloc(1, sizeof(*b));
	struct irq_line irq = { .set = hear, .arg = b };
	b->in = &in;
	bus_init(&b->bus);
	b->bus.code_written = code_written;
	b->bus.code_written_arg = b;
	BUG_ON(!bus_add_ram(&b->bus, "ram", RAM, RAM_SIZE, &err));
	b->v = virtio_create(&b->bus, 0, irq, &model, b, b->config, writable, sizeof(b->config), &err);
	BUG_ON(!b->v);
	memset(b->bus.ram->code_map, 0xff, RAM_SIZE / PAGE_SIZE * sizeof(u64));
	for (u32 i = 0; i < STEPS && in.size; i++) {
		step(b);
		check(b);
	}
	virtio_destroy(b->v);
	bus_free(&b->bus);
	free(b);
	return 0;
}
