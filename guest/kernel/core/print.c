/*
 * Formatted text, and the kernel's messages: to the console and into a ring that dmesg reads. See print.h.
 */
#include "guest/kernel/core/print.h"

#include "guest/kernel/core/sbi.h"
#include "guest/kernel/core/time.h"
#include "guest/kernel/dev/irq.h"
#include "guest/kernel/screen/vt.h"

#define LINE_SIZE 256 /* a message longer than this is cut */

/* One conversion of a format: %[flags][width][.precision][l]letter */
struct conversion {
	bool left, zero, plus;
	int width;
	int precision; /* -1: none */
	bool is_long;
};

/* Where formatted text goes: counts what does not fit, too. */
struct sink {
	char *to;
	u64 room; /* bytes in `to`, without the 0 */
	u64 size; /* of the whole text so far */
};

static char ring[PRINT_RING_SIZE];
static u64 ring_end; /* free-running: bytes ever put in */
static bool line_begins = true;

static void put(struct sink *sink, char c)
{
	if (sink->size < sink->room)
		sink->to[sink->size] = c;
	sink->size++;
}

static void put_times(struct sink *sink, char c, int n)
{
	for (; n > 0; n--)
		put(sink, c);
}

static void put_field(struct sink *sink, const struct conversion *how, const char *text, int length)
{
	int fill = how->width > length ? how->width - length : 0;
	if (!how->left)
		put_times(sink, ' ', fill);
	for (int i = 0; i < length; i++)
		put(sink, text[i]);
	if (how->left)
		put_times(sink, ' ', fill);
}

static void put_number(struct sink *sink, const struct conversion *how, u64 value, unsigned base, const char *sign)
{
	char digits[24];
	int at = sizeof(digits);
	do {
		digits[--at] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	int length = (int)sizeof(digits) - at;
	int sign_length = (int)strlen(sign);
	int zeros = how->precision > length ? how->precision - length : 0;
	if (how->zero && !how->left && how->precision < 0 && how->width > sign_length + length)
		zeros = how->width - sign_length - length;
	int fill = how->width - sign_length - zeros - length;
	if (!how->left)
		put_times(sink, ' ', fill);
	for (; *sign; sign++)
		put(sink, *sign);
	put_times(sink, '0', zeros);
	for (; at < (int)sizeof(digits); at++)
		put(sink, digits[at]);
	if (how->left)
		put_times(sink, ' ', fill);
}

static void put_text(struct sink *sink, const struct conversion *how, const char *text)
{
	int length = 0;
	if (!text)
		text = "(null)";
	while ((how->precision < 0 || length < how->precision) && text[length])
		length++;
	put_field(sink, how, text, length);
}

/* Reads a conversion after its '%'; returns where its letter is. */
static const char *parse(const char *at, struct conversion *how, va_list *list)
{
	*how = (struct conversion){ .precision = -1 };
	for (;; at++) {
		if (*at == '-')
			how->left = true;
		else if (*at == '0')
			how->zero = true;
		else if (*at == '+')
			how->plus = true;
		else
			break;
	}
	if (*at == '*') {
		how->width = va_arg(*list, int);
		if (how->width < 0) {
			how->left = true;
			how->width = -how->width;
		}
		at++;
	}
	for (; *at >= '0' && *at <= '9'; at++)
		how->width = how->width * 10 + (*at - '0');
	if (*at == '.') {
		how->precision = 0;
		if (*++at == '*') {
			how->precision = va_arg(*list, int);
			at++;
		}
		for (; *at >= '0' && *at <= '9'; at++)
			how->precision = how->precision * 10 + (*at - '0');
	}
	for (; *at == 'l' || *at == 'z' || *at == 'h'; at++)
		how->is_long |= *at != 'h';
	return at;
}

static void put_signed(struct sink *sink, const struct conversion *how, i64 value)
{
	const char *sign = value < 0 ? "-" : how->plus ? "+" : "";
	put_number(sink, how, value < 0 ? -(u64)value : (u64)value, 10, sign);
}

static u64 next_unsigned(const struct conversion *how, va_list *list)
{
	return how->is_long ? va_arg(*list, u64) : va_arg(*list, u32);
}

static void convert(struct sink *sink, char letter, const struct conversion *how, va_list *list)
{
	char c;
	switch (letter) {
	case 'd':
	case 'i':
		put_signed(sink, how, how->is_long ? va_arg(*list, i64) : va_arg(*list, int));
		break;
	case 'u':
		put_number(sink, how, next_unsigned(how, list), 10, "");
		break;
	case 'x':
		put_number(sink, how, next_unsigned(how, list), 16, "");
		break;
	case 'o':
		put_number(sink, how, next_unsigned(how, list), 8, "");
		break;
	case 'p':
		put_number(sink, how, (u64)va_arg(*list, void *), 16, "0x");
		break;
	case 'c':
		c = (char)va_arg(*list, int);
		put_field(sink, how, &c, 1);
		break;
	case 's':
		put_text(sink, how, va_arg(*list, const char *));
		break;
	default:
		put(sink, '%');
		if (letter != '%')
			put(sink, letter);
	}
}

u64 format_list(char *to, u64 size, const char *format, va_list list)
{
	struct sink sink = { .to = to, .room = size ? size - 1 : 0 };
	va_list arguments;
	va_copy(arguments, list);
	for (; *format; format++) {
		if (*format != '%') {
			put(&sink, *format);
			continue;
		}
		struct conversion how;
		format = parse(format + 1, &how, &arguments);
		if (!*format)
			break;
		convert(&sink, *format, &how, &arguments);
	}
	va_end(arguments);
	if (size)
		to[MIN(sink.size, sink.room)] = 0;
	return sink.size;
}

u64 format_text(char *to, u64 size, const char *format, ...)
{
	va_list list;
	va_start(list, format);
	u64 length = format_list(to, size, format, list);
	va_end(list);
	return length;
}

/* A terminal wants CR before NL. */
static void put_lines(const char *text, u64 size, void (*write)(const char *text, u64 size))
{
	u64 start = 0;
	for (u64 i = 0; i < size; i++) {
		if (text[i] != '\n')
			continue;
		write(text + start, i - start);
		write("\r\n", 2);
		start = i + 1;
	}
	if (start < size)
		write(text + start, size - start);
}

static void emit(const char *text, u64 size)
{
	for (u64 i = 0; i < size; i++)
		ring[ring_end++ % PRINT_RING_SIZE] = text[i];
	put_lines(text, size, uart_is_found() ? uart_put : sbi_console_write);
	put_lines(text, size, vt_print);
}

void print_again(void (*write)(const char *text, u64 size))
{
	char piece[128];
	u64 size;

	for (u64 from = 0; (size = print_ring_read(from, piece, sizeof(piece))) != 0; from += size)
		put_lines(piece, size, write);
}

void printk(const char *format, ...)
{
	char line[LINE_SIZE];
	/* A panic's message begins with a new line in case there is half a one. */
	if (*format == '\n' && line_begins)
		format++;
	if (line_begins) {
		u64 us = time_now_ns() / 1000;
		emit(line, format_text(line, sizeof(line), "[%5lu.%06lu] ", us / 1000000, us % 1000000));
	}
	va_list list;
	va_start(list, format);
	u64 size = format_list(line, sizeof(line), format, list);
	va_end(list);
	if (size >= sizeof(line)) {
		size = sizeof(line) - 1;
		line[size - 1] = '\n';
	}
	if (size) {
		emit(line, size);
		line_begins = line[size - 1] == '\n';
	}
}

u64 print_ring_size(void)
{
	return MIN(ring_end, PRINT_RING_SIZE);
}

u64 print_ring_end(void)
{
	return ring_end;
}

u64 print_ring_read(u64 from, char *to, u64 size)
{
	u64 held = print_ring_size();
	if (from >= held)
		return 0;
	u64 count = MIN(size, held - from);
	for (u64 i = 0; i < count; i++)
		to[i] = ring[(ring_end - held + from + i) % PRINT_RING_SIZE];
	return count;
}
