/*
 * The serial line, and the switch that turns the machine off: two devices, driven in the simplest way there is. The
 * 16550 is asked until it has room ("polling"); no interrupts.
 */
#include <stdarg.h>

#include "devices/memmap.h"
#include "guest/demo/demo.h"

/* Registers of the 16550 UART: bytes at these offsets. */
#define UART_THR 0         /* write: a byte to send */
#define UART_LSR 5         /* read: line status */
#define UART_LSR_THRE 0x20 /* there is room for a byte */

/* What to write to the finisher. The status goes into the upper half. */
#define FINISHER_PASS 0x5555
#define FINISHER_FAIL 0x3333

static void print_char(char c)
{
	volatile unsigned char *uart = (volatile unsigned char *)(u64)MEMMAP_UART_BASE;

	while (!(uart[UART_LSR] & UART_LSR_THRE))
		;
	uart[UART_THR] = (unsigned char)c;
}

static void print_number(u64 number, unsigned int base)
{
	char digits[20]; /* 2^64 has 20 decimal digits */
	int count = 0;

	do {
		digits[count++] = "0123456789abcdef"[number % base];
		number /= base;
	} while (number);
	while (count > 0)
		print_char(digits[--count]);
}

static void print_string(const char *s)
{
	while (*s)
		print_char(*s++);
}

void print(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	for (const char *p = format; *p; p++) {
		if (*p != '%') {
			print_char(*p);
			continue;
		}
		p++;
		if (*p == 'l') /* all our numbers are long; the compiler wants it said */
			p++;
		if (*p == 's') {
			print_string(va_arg(args, const char *));
		} else if (*p == 'c') {
			print_char((char)va_arg(args, int));
		} else if (*p == 'd') {
			print_number(va_arg(args, u64), 10);
		} else {
			print_string("0x");
			print_number(va_arg(args, u64), 16);
		}
	}
	va_end(args);
}

void power_off(u64 status)
{
	volatile unsigned int *finisher = (volatile unsigned int *)(u64)MEMMAP_SYSCON_BASE;

	*finisher = status ? (unsigned int)status << 16 | FINISHER_FAIL : FINISHER_PASS;
	for (;;)
		;
}
