/*
 * Output of the guest tests: the 16550 UART, polled.
 */
#include "devices/memmap.h"
#include "tests/guest/guest.h"

static void put_char(char c)
{
	volatile u8 *uart = (volatile u8 *)(u64)MEMMAP_UART_BASE;

	while (!(uart[5] & 0x20)) /* line status: transmitter has room */
		;
	uart[0] = (u8)c;
}

void put_string(const char *s)
{
	while (*s)
		put_char(*s++);
}

static void put_number(u64 value, u32 base)
{
	char digits[20];
	u32 count = 0;

	do {
		digits[count++] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	while (count > 0)
		put_char(digits[--count]);
}

void put_hex(u64 value)
{
	put_string("0x");
	put_number(value, 16);
}

void put_decimal(u64 value)
{
	put_number(value, 10);
}
