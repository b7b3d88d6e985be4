/*
 * Console and power-off of the machines that bench programs run on, chosen at run time from the device tree in a1.
 *
 * With a finisher (QEMU's virt board, rvemu): that and the 16550. Else with HTIF: by memory-mapped registers in
 * TinyEMU, by the words tohost and fromhost in Spike. Without a device tree: NEMU, whose serial port and trap
 * instruction are its own.
 */
#include "tests/bench/runtime/kernel.h"

#define UART_BASE 0x10000000ul
#define UART_LSR 5
#define UART_LSR_THRE 0x20
#define FINISHER_BASE 0x100000ul
#define FINISHER_PASS 0x5555u
#define FINISHER_FAIL 0x3333u
#define TINYEMU_HTIF_BASE 0x40008000ul
#define NEMU_SERIAL_BASE 0x40600004ul

#define DTB_MAGIC 0xd00dfeedu
#define DTB_SIZE_MAX (1u << 20)

#define HTIF_EXIT(code) ((code) << 1 | 1)
#define HTIF_PUT (1ul << 56 | 1ul << 48)

enum platform { VIRT, SPIKE, TINYEMU, NEMU };

extern volatile u64 tohost, fromhost;

static enum platform platform;

static u32 big_endian(const u8 *p)
{
	return (u32)p[0] << 24 | (u32)p[1] << 16 | (u32)p[2] << 8 | p[3];
}

/* True if the text stands anywhere in the device tree: property values are plain strings in it. */
static int mentions(const u8 *dtb, const char *text)
{
	u32 size = big_endian(dtb + 4), i, n;

	for (i = 0; i < size && size <= DTB_SIZE_MAX; i++) {
		for (n = 0; text[n] && i + n < size && dtb[i + n] == (u8)text[n]; n++)
			;
		if (!text[n])
			return 1;
	}
	return 0;
}

void platform_find(const u8 *dtb)
{
	if (!dtb || big_endian(dtb) != DTB_MAGIC)
		platform = NEMU;
	else if (mentions(dtb, "sifive,test"))
		platform = VIRT;
	else if (mentions(dtb, "riscvemu"))
		platform = TINYEMU;
	else
		platform = SPIKE;
}

static void htif_send(u64 message)
{
	while (tohost)
		fromhost = 0;
	tohost = message;
	while (tohost)
		fromhost = 0;
}

static void tinyemu_send(u64 message)
{
	volatile u32 *htif = (volatile u32 *)TINYEMU_HTIF_BASE;

	htif[0] = (u32)message;
	htif[1] = (u32)(message >> 32); /* this one starts it */
}

void platform_put(u8 c)
{
	volatile u8 *uart = (volatile u8 *)UART_BASE;

	switch (platform) {
	case VIRT:
		while (!(uart[UART_LSR] & UART_LSR_THRE))
			;
		uart[0] = c;
		break;
	case SPIKE:
		htif_send(HTIF_PUT | c);
		break;
	case TINYEMU:
		tinyemu_send(HTIF_PUT | c);
		break;
	case NEMU:
		*(volatile u8 *)NEMU_SERIAL_BASE = c;
		break;
	}
}

void platform_exit(u64 code)
{
	register u64 a0 __asm__("a0") = code;

	for (;;) {
		switch (platform) {
		case VIRT:
			*(volatile u32 *)FINISHER_BASE = code ? (u32)code << 16 | FINISHER_FAIL : FINISHER_PASS;
			break;
		case SPIKE:
			htif_send(HTIF_EXIT(code));
			break;
		case TINYEMU:
			tinyemu_send(HTIF_EXIT(0ul)); /* it knows no other */
			break;
		case NEMU:
			__asm__ volatile(".word 0x0000006b" : : "r"(a0));
			break;
		}
	}
}
