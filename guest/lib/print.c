/*
 * A subset of printf: see lib.h for what it knows. No floating point. Text goes to a room first and out in one write,
 * so that lines of several processes do not mix.
 */
#include "guest/lib/lib.h"

/* where text goes: `length` goes on counting when the room is full */
struct output {
	char *room;
	size_t size;
	size_t length;
};

/* one conversion, taken apart */
struct conversion {
	bool left;          /* flag - */
	bool zeros;         /* flag 0 */
	int width;          /* fewest characters */
	int precision;      /* most characters of %s, -1: all */
	unsigned int bytes; /* of an integer argument */
};

static void put(struct output *out, char character)
{
	if (out->length + 1 < out->size)
		out->room[out->length] = character;
	out->length++;
}

/* Prints prefix and text, filled up to the width: zeros go between the two, blanks outside. */
static void put_padded(struct output *out, const struct conversion *how, const char *prefix, const char *text,
                       size_t length)
{
	size_t all = strlen(prefix) + length;
	size_t fill = how->width > 0 && (size_t)how->width > all ? (size_t)how->width - all : 0;

	for (size_t i = 0; i < fill && !how->left && !how->zeros; i++)
		put(out, ' ');
	while (*prefix != '\0')
		put(out, *prefix++);
	for (size_t i = 0; i < fill && !how->left && how->zeros; i++)
		put(out, '0');
	for (size_t i = 0; i < length; i++)
		put(out, text[i]);
	for (size_t i = 0; i < fill && how->left; i++)
		put(out, ' ');
}

static void put_number(struct output *out, const struct conversion *how, const char *prefix, u64 value, char kind)
{
	unsigned int base = kind == 'x' || kind == 'X' || kind == 'p' ? 16 : kind == 'o' ? 8 : 10;
	const char *digits = kind == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
	char text[24];
	char *at = text + sizeof(text);

	do {
		*--at = digits[value % base];
		value /= base;
	} while (value != 0);
	put_padded(out, how, prefix, at, (size_t)(text + sizeof(text) - at));
}

/* Takes the next integer argument, cut to the length that the conversion names. */
static u64 next_integer(const struct conversion *how, va_list *arguments, bool is_signed)
{
	u64 value = how->bytes == 8 ? va_arg(*arguments, u64) : (u64)(i64)va_arg(*arguments, int);
	unsigned int drop = 64 - 8 * how->bytes;

	return is_signed ? (u64)((i64)(value << drop) >> drop) : value << drop >> drop;
}

static const char *parse_number(const char *at, int *number, va_list *arguments)
{
	if (*at == '*') {
		*number = va_arg(*arguments, int);
		return at + 1;
	}
	*number = 0;
	while (*at >= '0' && *at <= '9')
		*number = *number * 10 + *at++ - '0';
	return at;
}

/* Reads flags, width, precision and length; gives where the conversion's letter is. */
static const char *parse(const char *at, struct conversion *how, va_list *arguments)
{
	*how = (struct conversion){ .precision = -1, .bytes = 4 };
	for (; *at == '-' || *at == '0'; at++) {
		how->left |= *at == '-';
		how->zeros |= *at == '0';
	}
	at = parse_number(at, &how->width, arguments);
	if (how->width < 0) {
		how->left = true;
		how->width = -how->width;
	}
	if (*at == '.')
		at = parse_number(at + 1, &how->precision, arguments);
	for (; *at == 'l' || *at == 'z' || *at == 'h'; at++)
		how->bytes = *at == 'h' ? how->bytes / 2 : 8;
	return at;
}

static void convert(struct output *out, struct conversion *how, char kind, va_list *arguments)
{
	const char *text;
	char character;
	size_t length;
	u64 value;

	switch (kind) {
	case 'd':
	case 'i':
		value = next_integer(how, arguments, true);
		put_number(out, how, (i64)value < 0 ? "-" : "", (i64)value < 0 ? -value : value, kind);
		break;
	case 'u':
	case 'x':
	case 'X':
	case 'o':
		put_number(out, how, "", next_integer(how, arguments, false), kind);
		break;
	case 'p':
		how->bytes = 8;
		put_number(out, how, "0x", next_integer(how, arguments, false), kind);
		break;
	case 's':
		text = va_arg(*arguments, const char *);
		text = text == NULL ? "(null)" : text;
		for (length = 0; (how->precision < 0 || length < (size_t)how->precision) && text[length] != '\0';)
			length++;
		how->zeros = false;
		put_padded(out, how, "", text, length);
		break;
	case 'c':
		character = (char)va_arg(*arguments, int);
		how->zeros = false;
		put_padded(out, how, "", &character, 1);
		break;
	default: /* also %% */
		put(out, kind);
		break;
	}
}

int vsnprintf(char *room, size_t size, const char *format, va_list arguments)
{
	struct output out = { .room = room, .size = size };
	struct conversion how;
	va_list list;

	va_copy(list, arguments);
	for (; *format != '\0'; format++) {
		if (*format != '%') {
			put(&out, *format);
			continue;
		}
		format = parse(format + 1, &how, &list);
		if (*format == '\0')
			break;
		convert(&out, &how, *format, &list);
	}
	va_end(list);
	if (size > 0)
		room[out.length < size ? out.length : size - 1] = '\0';
	return (int)out.length;
}

int snprintf(char *room, size_t size, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(room, size, format, arguments);
	va_end(arguments);
	return length;
}

int dprintf(int fd, const char *format, ...)
{
	char text[1024];
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if ((size_t)length >= sizeof(text))
		length = (int)sizeof(text) - 1;
	return (int)sys_write((u64)fd, text, (u64)length);
}
