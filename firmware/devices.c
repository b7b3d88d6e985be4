/*
 * The three devices that the firmware drives: CLINT (software interrupts, time), UART 16550, finisher. See board.h.
 */
#include "firmware/board.h"

#include "devices/memmap.h"

/* CLINT: registers of hart n */
#define CLINT_MSIP(n) (MEMMAP_CLINT_BASE + 4 * (n))
#define CLINT_MTIMECMP(n) (MEMMAP_CLINT_BASE + 0x4000 + 8 * (n))
#define CLINT_MTIME (MEMMAP_CLINT_BASE + 0xbff8)

/* 16550: offsets, bits */
#define UART_DATA 0         /* read: byte received; write: byte to send */
#define UART_IER 1          /* interrupt enable */
#define UART_LCR 3          /* line control */
#define UART_LSR 5          /* line status */
#define UART_LCR_8N1 0x03   /* 8 bits, no parity, 1 stop bit */
#define UART_LSR_READY 0x01 /* a byte was received */
#define UART_LSR_EMPTY 0x20 /* there is room for a byte to send */

/* Finisher: what to write; an exit status goes into the upper half */
#define FINISHER_PASS 0x5555
#define FINISHER_FAIL 0x3333
#define FINISHER_REBOOT 0x7777

static volatile u32 *reg32(u64 pa)
{
	return (volatile u32 *)pa;
}

static volatile u64 *reg64(u64 pa)
{
	return (volatile u64 *)pa;
}

static volatile u8 *uart(u32 offset)
{
	return (volatile u8 *)(MEMMAP_UART_BASE + (u64)offset);
}

void clint_set_msip(u64 hart, bool value)
{
	*reg32(CLINT_MSIP(hart)) = value;
}

u64 clint_time(void)
{
	return *reg64(CLINT_MTIME);
}

void clint_set_timer(u64 hart, u64 time)
{
	*reg64(CLINT_MTIMECMP(hart)) = time;
}

void console_setup(void)
{
	*uart(UART_IER) = 0;
	*uart(UART_LCR) = UART_LCR_8N1;
}

void console_put(u8 byte)
{
	while (!(*uart(UART_LSR) & UART_LSR_EMPTY))
		pause();
	*uart(UART_DATA) = byte;
}

i32 console_get(void)
{
	return *uart(UART_LSR) & UART_LSR_READY ? *uart(UART_DATA) : -1;
}

void console_print(const char *text)
{
	while (*text)
		console_put((u8)*text++);
}

void console_print_hex(u64 number)
{
	console_print("0x");
	for (i32 shift = 60; shift >= 0; shift -= 4)
		if (number >> shift || shift == 0)
			console_put((u8) "0123456789abcdef"[number >> shift & 15]);
}

void board_finish(enum finish what)
{
	static const u32 words[] = {
		[FINISH_OFF] = FINISHER_PASS,
		[FINISH_FAILED] = 1u << 16 | FINISHER_FAIL,
		[FINISH_REBOOT] = FINISHER_REBOOT,
	};

	*reg32(MEMMAP_SYSCON_BASE) = words[what];
	for (;;)
		wait_for_interrupt();
}
