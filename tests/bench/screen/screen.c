/*
 * The guest of the screen's bench: fills a 1024x768 screen with something like text, and then either scrolls it by a
 * line, FRAMES times, as fast as it can, or (FRAMES 0) blinks a cursor twice a second for ever.
 *
 * Without any driver: the screen is memory, rvemu's simple framebuffer or that of QEMU's bochs-display. Says "ready"
 * when the screen is full and "done" after the last frame, and powers off. See tests/bench/screen.py.
 */
#include <stdint.h>

#include "devices/memmap.h"

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

#define WIDTH 1024u
#define HEIGHT 768u
#define LINE 16u /* rows of a line of text */

#define UART_LSR 5
#define UART_LSR_THRE 0x20
#define FINISHER_PASS 0x5555
#define MTIMECMP (*(volatile u64 *)(MEMMAP_CLINT_BASE + 0x4000ul))
#define MTIME (*(volatile u64 *)(MEMMAP_CLINT_BASE + 0xbff8ul))
#define MIE_MTIE 0x80ul

/* QEMU's bochs-display on the first PCI bus: docs/specs/standard-vga. */
#define PCI_ECAM 0x30000000ul
#define PCI_DEVICES 32
#define PCI_COMMAND 0x04
#define PCI_COMMAND_MEMORY 2
#define PCI_BAR0 0x10
#define PCI_BAR2 0x18
#define BOCHS_DISPLAY 0x11111234u
#define BOCHS_MEMORY 0x40000000ul
#define BOCHS_REGISTERS 0x41000000ul
#define BOCHS_DISPI 0x500
enum { DISPI_WIDTH = 1, DISPI_HEIGHT, DISPI_DEPTH, DISPI_ENABLE };
#define DISPI_ENABLED 0x41 /* and its memory in one piece */

void screen_main(const u8 *dtb);

static void put(const char *text)
{
	volatile u8 *uart = (volatile u8 *)(u64)MEMMAP_UART_BASE;

	for (; *text; text++) {
		while (!(uart[UART_LSR] & UART_LSR_THRE))
			;
		uart[0] = (u8)*text;
	}
}

static void power_off(void)
{
	*(volatile u32 *)(u64)MEMMAP_SYSCON_BASE = FINISHER_PASS;
}

static u32 big_endian(const u8 *p)
{
	return (u32)p[0] << 24 | (u32)p[1] << 16 | (u32)p[2] << 8 | p[3];
}

/* True if the text stands anywhere in the device tree. */
static int mentions(const u8 *dtb, const char *text)
{
	for (u32 size = big_endian(dtb + 4), i = 0; i < size; i++) {
		u32 n = 0;

		while (text[n] && i + n < size && dtb[i + n] == (u8)text[n])
			n++;
		if (!text[n])
			return 1;
	}
	return 0;
}

static volatile u32 *pci_register(u32 device, u32 offset)
{
	return (volatile u32 *)(PCI_ECAM + ((u64)device << 15) + offset);
}

/* Gives QEMU's display its addresses and a mode. Returns its memory, or NULL. */
static u32 *set_up_bochs_display(void)
{
	volatile u16 *dispi = (volatile u16 *)(BOCHS_REGISTERS + BOCHS_DISPI);
	u32 device = 0;

	while (device < PCI_DEVICES && *pci_register(device, 0) != BOCHS_DISPLAY)
		device++;
	if (device == PCI_DEVICES)
		return 0;
	*pci_register(device, PCI_BAR0) = (u32)BOCHS_MEMORY;
	*pci_register(device, PCI_BAR2) = (u32)BOCHS_REGISTERS;
	*pci_register(device, PCI_COMMAND) = PCI_COMMAND_MEMORY;
	dispi[DISPI_ENABLE] = 0;
	dispi[DISPI_WIDTH] = WIDTH;
	dispi[DISPI_HEIGHT] = HEIGHT;
	dispi[DISPI_DEPTH] = 32;
	dispi[DISPI_ENABLE] = DISPI_ENABLED;
	return (u32 *)BOCHS_MEMORY;
}

/* Where the screen is, or NULL. */
static u32 *find_screen(const u8 *dtb)
{
	if (mentions(dtb, "simple-framebuffer"))
		return (u32 *)(u64)MEMMAP_FRAMEBUFFER_BASE;
	return mentions(dtb, "pci-host-ecam-generic") ? set_up_bochs_display() : 0;
}

/* A line of blocks that look like letters from afar, at `row`. */
static void draw_line(u32 *screen, u32 row, u32 *random)
{
	for (u32 column = 0; column < WIDTH / 8; column++) {
		u32 colour;

		*random = *random * 1103515245 + 12345;
		colour = *random >> 29 ? 0xc0c0c0 : 0x2040c0;
		for (u32 y = 0; y < LINE; y++)
			for (u32 x = 0; x < 8; x++)
				screen[(row + y) * WIDTH + 8 * column + x] =
					x < 7 && y > 2 && y < 13 && *random >> (8 + (x * 3 + y * 5) % 21) & 1 ? colour
													      : 0;
	}
}

static void scroll(u32 *screen, u32 *random)
{
	u64 *to = (u64 *)screen, *from = (u64 *)(screen + LINE * WIDTH);
	const u64 *end = (const u64 *)(screen + WIDTH * HEIGHT);

	for (; from < end; from += 8, to += 8) {
		u64 a = from[0], b = from[1], c = from[2], d = from[3];
		u64 e = from[4], f = from[5], g = from[6], h = from[7];

		to[0] = a, to[1] = b, to[2] = c, to[3] = d;
		to[4] = e, to[5] = f, to[6] = g, to[7] = h;
	}
	draw_line(screen, HEIGHT - LINE, random);
}

static void blink(u32 *screen, u32 colour)
{
	for (u32 y = 0; y < LINE; y++)
		for (u32 x = 0; x < 8; x++)
			screen[(HEIGHT - LINE + y) * WIDTH + x] = colour;
}

void screen_main(const u8 *dtb)
{
	u32 *screen = find_screen(dtb);
	u32 random = 1, on = 0;

	if (!screen) {
		put("no screen\n");
		power_off();
		return;
	}
	for (u32 row = 0; row < HEIGHT; row += LINE)
		draw_line(screen, row, &random);
	put("ready\n");
	for (u32 left = FRAMES; left; left--)
		scroll(screen, &random);
	if (FRAMES) {
		put("done\n");
		power_off();
	}
	__asm__ volatile("csrs mie, %0" : : "r"(MIE_MTIE));
	for (;;) {
		MTIMECMP = MTIME + MEMMAP_TIMEBASE_HZ / 2;
		__asm__ volatile("wfi");
		if (MTIME >= MTIMECMP)
			blink(screen, (on = !on) ? 0xc0c0c0 : 0);
	}
}
