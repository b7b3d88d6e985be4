/*
 * A guest for the window's tests: draws a test card on the simple framebuffer, says on the serial console which events
 * keyboard and pointer send, and echoes what is typed there. Machine mode, no traps: it looks around, and sleeps for
 * 5 ms in between.
 *
 * Typed on the serial console: 'q' ends it with status 7, 'd' draws the card, 'c' clears the screen.
 */
#include <stdint.h>

#include "devices/memmap.h"

#define WIDTH 640u
#define HEIGHT 480u
#define QUEUE_SIZE 64u

#define MTIMECMP 0x2004000ul
#define MTIME 0x200bff8ul
#define TICKS 50000u /* 5 ms of 10 MHz */

enum virtio_register {
	VIRTIO_DEVICE = 0x008,
	VIRTIO_DRIVER_FEATURES = 0x020,
	VIRTIO_DRIVER_FEATURES_SELECT = 0x024,
	VIRTIO_QUEUE_SELECT = 0x030,
	VIRTIO_QUEUE_SIZE = 0x038,
	VIRTIO_QUEUE_READY = 0x044,
	VIRTIO_NOTIFY = 0x050,
	VIRTIO_STATUS = 0x070,
	VIRTIO_DESC = 0x080,
	VIRTIO_AVAIL = 0x090,
	VIRTIO_USED = 0x0a0,
};
#define VIRTIO_ID_INPUT 18u

struct event {
	uint16_t type, code;
	int32_t value;
};

struct queue {
	struct {
		uint64_t pa;
		uint32_t size;
		uint16_t flags, next;
	} desc[QUEUE_SIZE];
	struct {
		uint16_t flags, index, ring[QUEUE_SIZE];
	} avail;
	struct {
		uint16_t flags;
		volatile uint16_t index;
		struct {
			uint32_t id, size;
		} ring[QUEUE_SIZE];
	} used __attribute__((aligned(4)));
	struct event events[QUEUE_SIZE];
	uint16_t seen;
};

static struct queue queues[MEMMAP_VIRTIO_COUNT] __attribute__((aligned(16)));
char stack[4096] __attribute__((aligned(16)));

__asm__(".section .text.entry, \"ax\"\n"
        ".globl _start\n"
        "_start: la sp, stack + 4096\n"
        "j card_main\n"
        ".text\n");

void card_main(void);

static volatile uint32_t *virtio(uint32_t slot, uint32_t reg)
{
	return (volatile uint32_t *)(uintptr_t)(MEMMAP_VIRTIO_BASE + slot * MEMMAP_VIRTIO_SIZE + reg);
}

static void put(char c)
{
	*(volatile uint8_t *)MEMMAP_UART_BASE = (uint8_t)c;
}

static void print(const char *text)
{
	while (*text)
		put(*text++);
}

static void print_number(int32_t value)
{
	char digits[12], *at = digits + sizeof(digits);
	uint32_t rest = value < 0 ? (uint32_t)-value : (uint32_t)value;
	*--at = '\0';
	do {
		*--at = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest);
	if (value < 0)
		*--at = '-';
	print(at);
}

/* --- the card --- */

static uint32_t colour_at(uint32_t x, uint32_t y)
{
	static const uint32_t bars[8] = { 0xffffff, 0xffff00, 0x00ffff, 0x00ff00, 0xff00ff, 0xff0000, 0x0000ff, 0 };
	if (x == 0 || y == 0 || x == WIDTH - 1 || y == HEIGHT - 1)
		return 0xffffff;
	if (y < HEIGHT / 2)
		return bars[x / (WIDTH / 8)];
	if (y < HEIGHT * 3 / 4)
		return (x * 255 / (WIDTH - 1)) * 0x010101;
	if (x < WIDTH / 2)
		return (x + y) % 2 ? 0xffffff : 0x000000;
	return x % 16 == 0 || y % 16 == 0 ? 0x74c98d : 0x202428;
}

static void draw(int is_card)
{
	volatile uint32_t *pixels = (volatile uint32_t *)MEMMAP_FRAMEBUFFER_BASE;
	for (uint32_t y = 0; y < HEIGHT; y++)
		for (uint32_t x = 0; x < WIDTH; x++)
			pixels[y * WIDTH + x] = is_card ? colour_at(x, y) : 0;
}

/* --- keyboard and pointer --- */

static void give(struct queue *q, uint32_t slot, uint16_t id)
{
	q->avail.ring[q->avail.index % QUEUE_SIZE] = id;
	__sync_synchronize();
	q->avail.index++;
	__sync_synchronize();
	*virtio(slot, VIRTIO_NOTIFY) = 0;
}

static void open_input(uint32_t slot)
{
	struct queue *q = &queues[slot];
	*virtio(slot, VIRTIO_STATUS) = 0;
	*virtio(slot, VIRTIO_STATUS) = 3;
	*virtio(slot, VIRTIO_DRIVER_FEATURES_SELECT) = 1;
	*virtio(slot, VIRTIO_DRIVER_FEATURES) = 1; /* VERSION_1 */
	*virtio(slot, VIRTIO_STATUS) = 11;
	*virtio(slot, VIRTIO_QUEUE_SELECT) = 0;
	*virtio(slot, VIRTIO_QUEUE_SIZE) = QUEUE_SIZE;
	*virtio(slot, VIRTIO_DESC) = (uint32_t)(uintptr_t)q->desc;
	*virtio(slot, VIRTIO_AVAIL) = (uint32_t)(uintptr_t)&q->avail;
	*virtio(slot, VIRTIO_USED) = (uint32_t)(uintptr_t)&q->used;
	*virtio(slot, VIRTIO_QUEUE_READY) = 1;
	*virtio(slot, VIRTIO_STATUS) = 15;
	for (uint16_t i = 0; i < QUEUE_SIZE; i++) {
		q->desc[i].pa = (uintptr_t)&q->events[i];
		q->desc[i].size = sizeof(struct event);
		q->desc[i].flags = 2; /* the device writes */
		give(q, slot, i);
	}
}

/* "event TYPE CODE VALUE" for each but the EV_SYN at the end of a row. */
static void look_at(uint32_t slot)
{
	struct queue *q = &queues[slot];
	while (q->seen != q->used.index) {
		__sync_synchronize();
		uint16_t id = (uint16_t)q->used.ring[q->seen++ % QUEUE_SIZE].id;
		struct event e = q->events[id];
		give(q, slot, id);
		if (e.type == 0)
			continue;
		print("event ");
		print_number(e.type);
		put(' ');
		print_number(e.code);
		put(' ');
		print_number(e.value);
		put('\n');
	}
}

/* --- the serial console --- */

static void listen(void)
{
	volatile uint8_t *uart = (volatile uint8_t *)MEMMAP_UART_BASE;
	while (uart[5] & 1) {
		char c = (char)uart[0];
		if (c == 'q')
			*(volatile uint32_t *)MEMMAP_SYSCON_BASE = 7u << 16 | 0x3333;
		if (c == 'd' || c == 'c')
			draw(c == 'd');
		put('<');
		put(c);
		print(">\n");
	}
}

static void sleep(void)
{
	volatile uint64_t *mtimecmp = (volatile uint64_t *)MTIMECMP, *mtime = (volatile uint64_t *)MTIME;
	*mtimecmp = *mtime + TICKS;
	__asm__ volatile("csrs mie, %0\n wfi" : : "r"(1 << 7));
}

void card_main(void)
{
	draw(1);
	for (uint32_t slot = 0; slot < MEMMAP_VIRTIO_COUNT; slot++)
		if (*virtio(slot, VIRTIO_DEVICE) == VIRTIO_ID_INPUT)
			open_input(slot);
	print("card ready\n");
	for (;;) {
		for (uint32_t slot = 0; slot < MEMMAP_VIRTIO_COUNT; slot++)
			if (queues[slot].avail.index)
				look_at(slot);
		listen();
		sleep();
	}
}
