/*
 * Lines of text: see lines.h.
 */
#include "emu/observe/lines.h"

#define HEX "0123456789abcdef"
#define DIGITS_MAX 20

void lines_init(struct lines *l, FILE *out, const struct symbols *symbols)
{
	l->out = out;
	l->symbols = symbols;
	l->one_by_one = out == stderr;
	l->before = NULL;
	l->size = 0;
}

void lines_share(struct lines *l, void (*before)(void *arg), void *arg)
{
	l->one_by_one = true;
	l->before = before;
	l->before_arg = arg;
}

void lines_hex(struct lines *l, u64 value, u32 digits)
{
	char text[18] = "0x";
	if (digits == 0)
		digits = value ? (67u - (u32)__builtin_clzll(value)) / 4 : 1;
	for (u32 i = 0; i < digits; i++)
		text[2 + i] = HEX[value >> (4 * (digits - 1 - i)) & 15];
	lines_bytes(l, text, 2 + digits);
}

void lines_decimal(struct lines *l, u64 value, u32 width)
{
	char text[DIGITS_MAX];
	u32 at = DIGITS_MAX;
	do {
		text[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	while (DIGITS_MAX - at < width && at > 0)
		text[--at] = ' ';
	lines_bytes(l, text + at, DIGITS_MAX - at);
}

/* The symbol's length, clipped. */
static size_t clipped(const char *name)
{
	return strnlen(name, LINES_NAME_MAX);
}

bool lines_name(struct lines *l, u64 pc)
{
	u64 offset;
	const struct symbol *found = symbols_code_at(l->symbols, pc, &offset);
	if (!found)
		return false;
	lines_bytes(l, found->name, clipped(found->name));
	if (offset) {
		lines_bytes(l, "+", 1);
		lines_hex(l, offset, 0);
	}
	return true;
}

void lines_flags(struct lines *l, u64 pte)
{
	char flags[] = "DAGUXWRV";
	for (u32 i = 0; i < 8; i++)
		if (!(pte >> (7 - i) & 1))
			flags[i] = '-';
	lines_bytes(l, flags, 8);
}

void lines_quoted(struct lines *l, const char *text)
{
	lines_bytes(l, "\"", 1);
	for (const char *end = text + clipped(text); text < end; text++) {
		u8 c = (u8)*text;
		const char escaped[6] = { '\\', 'u', '0', '0', HEX[c >> 4], HEX[c & 15] };
		bool is_plain = c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
		lines_bytes(l, is_plain ? text : escaped, is_plain ? 1 : sizeof(escaped));
	}
	lines_bytes(l, "\"", 1);
}

static void write_out(struct lines *l)
{
	if (l->size)
		fwrite(l->bytes, l->size, 1, l->out);
	l->size = 0;
}

void lines_end(struct lines *l)
{
	/* A line that did not fit ends all the same. */
	if (l->size == LINES_SIZE)
		l->size--;
	l->bytes[l->size++] = '\n';
	if (l->one_by_one && l->before)
		l->before(l->before_arg);
	if (l->one_by_one || l->size > LINES_SIZE - LINES_LINE_MAX)
		write_out(l);
}

void lines_flush(struct lines *l)
{
	write_out(l);
	fflush(l->out);
}
