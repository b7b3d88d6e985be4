/*
 * A hostile GPU driver: the input is a list of commands, mostly nearly lawful, on rings that are in order. Checked
 * after each: every byte that a picture or cursor names is there (sanitizers see that), rows that changed lie in the
 * picture, and a snapshot goes round.
 */
#include <stdlib.h>

#include "devices/memmap.h"
#include "devices/virtio_gpu.h"
#include "tests/fuzz/input.h"

#define RAM 0x80000000ull
#define RAM_SIZE (64 * KIB)
#define BASE ((u64)MEMMAP_VIRTIO_BASE)
#define RING_SIZE 8
#define COMMAND (RAM + 0x2000) /* with what follows it, up to COMMAND_MAX bytes */
#define COMMAND_MAX 512
#define RESPONSE (RAM + 0x3000)
#define SIDE_MAX 70 /* of lawful pictures */
#define STEPS 300
#define SNAPSHOT_MAX (256 * KIB)

/* Descriptors, available and used ring of a queue. */
#define DESC(queue) (RAM + 0x800 * (queue))
#define AVAIL(queue) (DESC(queue) + 0x200)
#define USED(queue) (DESC(queue) + 0x400)

struct bench {
	struct bus bus;         /* RAM and the device */
	struct clock clock;     /* guest time */
	struct virtio_gpu *gpu; /* under test */
	struct input *in;       /* where it all comes from */
	u16 next[2];            /* available index, by queue */
	u64 sum;                /* of bytes that were looked at */
	u8 *saved;              /* a snapshot, of SNAPSHOT_MAX */
	size_t size, at;        /* its bytes, and how far it is restored */
};

static void poke(struct bench *b, u64 pa, u32 size, u64 value)
{
	BUG_ON(!bus_store(&b->bus, pa, size, value));
}

static void set_up(struct bench *b)
{
	poke(b, BASE + 0x70, 4, 0);
	poke(b, BASE + 0x70, 4, 0xb);
	for (u32 queue = 0; queue < 2; queue++) {
		poke(b, AVAIL(queue), 4, 0);
		poke(b, USED(queue), 4, 0);
		b->next[queue] = 0;
		poke(b, BASE + 0x30, 4, queue);
		poke(b, BASE + 0x38, 4, RING_SIZE);
		poke(b, BASE + 0x80, 4, DESC(queue));
		poke(b, BASE + 0x90, 4, AVAIL(queue));
		poke(b, BASE + 0xa0, 4, USED(queue));
		poke(b, BASE + 0x44, 4, 1);
	}
	poke(b, BASE + 0x70, 4, 0xf);
}

/* Mostly a small number, sometimes any. */
static u32 nearly(struct bench *b, u32 below)
{
	u32 value = (u32)input_number(b->in, 1);
	return value < 248 ? value % below : (u32)input_number(b->in, 4);
}

/* Writes a command and what follows it; returns its size. */
static u32 write_command(struct bench *b, u32 *queue)
{
	static const u16 types[] = {
		0x100, 0x101, 0x102, 0x103, 0x104, 0x105, 0x106, 0x107, 0x10a, 0x300, 0x301, 0x10b
	};
	static const u8 formats[] = { 1, 2, 3, 4, 67, 68, 121, 134, 5 };
	u32 words[COMMAND_MAX / 4] = { 0 };
	u32 type = types[input_number(b->in, 1) % ARRAY_SIZE(types)], count = 16;
	words[0] = type;
	words[1] = (u32)input_number(b->in, 1) & 1;
	u32 *body = words + 6;
	*queue = type >= 0x300;
	for (u32 i = 0; i < 8; i++)
		body[i] = nearly(b, i < 4 ? SIDE_MAX : 5);
	if (type == 0x101) {
		body[0] %= 5;
		body[1] = formats[body[1] % ARRAY_SIZE(formats)];
	} else if (type == 0x102 || type == 0x106 || type == 0x107) {
		body[0] %= 5;
	} else if (type == 0x103) {
		body[4] &= 1;
	}
	if (type == 0x106) {
		body[1] = nearly(b, 24);
		for (u32 i = 0; i < 24; i++) {
			body[2 + 4 * i] = (u32)RAM + (u32)input_number(b->in, 2);
			body[3 + 4 * i] = nearly(b, 50) == 49;
			body[4 + 4 * i] = nearly(b, 240) * 8;
		}
		count = 8 + 4 * 24;
	}
	BUG_ON(!bus_write(&b->bus, COMMAND, words, count * 4));
	return count * 4;
}

static void send(struct bench *b)
{
	u32 queue, how = (u32)input_number(b->in, 1);
	u32 size = write_command(b, &queue);
	u32 cut = how & 1 ? (u32)input_number(b->in, 1) % size : 0; /* the command lies in two buffers */
	u16 head = (u16)(b->next[queue] * 3 % RING_SIZE), second = (head + 1) % RING_SIZE,
	    third = (head + 2) % RING_SIZE;
	if (how >> 4 == 15)
		size = cut + 1;
	poke(b, DESC(queue) + 16 * head, 8, COMMAND);
	poke(b, DESC(queue) + 16 * head + 8, 8, cut | 1ull << 32 | (u64)second << 48);
	poke(b, DESC(queue) + 16 * second, 8, COMMAND + cut);
	poke(b, DESC(queue) + 16 * second + 8, 8, (size - cut) | 1ull << 32 | (u64)third << 48);
	poke(b, DESC(queue) + 16 * third, 8, RESPONSE);
	poke(b, DESC(queue) + 16 * third + 8, 8, (how & 2 ? 2048 : how) | 2ull << 32);
	poke(b, AVAIL(queue) + 4 + 2 * (b->next[queue] % RING_SIZE), 2, head);
	poke(b, AVAIL(queue) + 2, 2, ++b->next[queue]);
	poke(b, BASE + 0x50, 4, queue ^ (how >> 2 == 63));
}

static void check(struct bench *b)
{
	struct virtio_gpu_picture picture;
	struct virtio_gpu_cursor cursor;
	u32 first, count, serial;
	bool is_shown = virtio_gpu_picture(b->gpu, &picture);
	bool is_dirty = virtio_gpu_is_dirty(b->gpu);
	if (virtio_gpu_cursor(b->gpu, &cursor, &serial))
		b->sum += cursor.pixels[VIRTIO_GPU_CURSOR * VIRTIO_GPU_CURSOR - 1];
	if (is_shown) {
		BUG_ON(picture.width < 16 || picture.height < 16 || picture.stride < 4 * picture.width);
		b->sum += picture.pixels[0];
		b->sum += picture.pixels[(u64)(picture.height - 1) * picture.stride + 4ull * picture.width - 1];
	}
	if (virtio_gpu_take_dirty(b->gpu, &first, &count))
		BUG_ON(!is_dirty || !is_shown || first >= picture.height || count > picture.height - first);
	BUG_ON(virtio_gpu_is_dirty(b->gpu));
}

static bool save(void *arg, void *bytes, size_t size)
{
	struct bench *b = arg;
	if (size > SNAPSHOT_MAX - b->size)
		return false;
	memcpy(b->saved + b->size, bytes, size);
	b->size += size;
	return true;
}

static bool restore(void *arg, void *bytes, size_t size)
{
	struct bench *b = arg;
	if (size > b->size - b->at)
		return false;
	memcpy(bytes, b->saved + b->at, size);
	b->at += size;
	return true;
}

/* A snapshot and back, perhaps damaged on the way. One that is larger than the room here is not looked at. */
static void save_and_restore(struct bench *b)
{
	struct error err = { "" };
	struct state s = { .err = &err, .transfer = save, .arg = b };
	b->size = b->at = 0;
	virtio_gpu_state(&s, b->gpu);
	if (!state_ok(&s))
		return;
	u8 damage = (u8)input_number(b->in, 1);
	b->saved[input_number(b->in, 2) % b->size] ^= damage;
	s = (struct state){ .loading = true, .err = &err, .transfer = restore, .arg = b };
	virtio_gpu_state(&s, b->gpu);
	BUG_ON(!damage && (!state_ok(&s) || b->at != b->size));
	check(b);
	if (damage)
		set_up(b);
}

static void step(struct bench *b)
{
	u32 what = (u32)input_number(b->in, 1);
	if (what < 230)
		send(b);
	else if (what < 236)
		virtio_gpu_resize(b->gpu, 1 + (u32)input_number(b->in, 1), 1 + (u32)input_number(b->in, 1));
	else if (what < 244)
		save_and_restore(b);
	else if (what < 250)
		poke(b, BASE + 0x100 + 4 * (what & 3), 4, input_number(b->in, 4));
	else
		set_up(b);
}

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t size)
{
	struct input in = { bytes, size };
	struct error err = { "" };
	struct irq_line irq = { 0 };
	struct bench *b = xcalloc(1, sizeof(*b));
	b->in = &in;
	b->saved = xcalloc(1, SNAPSHOT_MAX);
	bus_init(&b->bus);
	clock_init(&b->clock);
	BUG_ON(!bus_add_ram(&b->bus, "ram", RAM, RAM_SIZE, &err));
	b->gpu = virtio_gpu_create(&b->bus, &b->clock, 0, irq, 64, 64, &err);
	BUG_ON(!b->gpu);
	set_up(b);
	for (u32 i = 0; i < STEPS && in.size; i++) {
		step(b);
		check(b);
		clock_run(&b->clock, b->clock.now_ns + 5000);
	}
	virtio_gpu_destroy(b->gpu);
	clock_free(&b->clock);
	bus_free(&b->bus);
	free(b->saved);
	free(b);
	return 0;
}
