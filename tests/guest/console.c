/*
 * Output of the guest tests: the 16550 UART, polled.
 */
#include "tests/guest/console.h"

#include "devices/memmap.h"

static void put_char(char c)
{
	volatile unsigned char *uart = (volatile unsigned char *)(unsigned long)MEMMAP_UART_BASE;

	while (!(uart[5] & 0x20)) /* line status: transmitter has room */
		;
	uart[0] = (unsigned char)c;
}

void put_string(const char *s)
{
	while (*s)
		put_char(*s++);
}

static void put_number(unsigned long value, unsigned base)
{
	char digits[20];
	unsigned count = 0;

	do {
		digits[count++] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	while (count > 0)
		put_char(digits[--count]);
}

void put_hex(unsigned long value)
{
	put_string("0x");
	put_number(value, 16);
}

void put_decimal(unsigned long value)
{
	put_number(value, 10);
}
