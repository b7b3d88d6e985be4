/*
 * UTF-8 and widths; see utf8.h. The widths are Unicode's ranges of combining marks and of East Asian wide characters,
 * without the exceptions inside of them: enough for cursors to be right in the texts that people edit.
 */
#include "guest/user/lib/utf8.h"

#include <stdbool.h>

struct range {
	unsigned first, last;
};

static const struct range combining[] = {
	{ 0x300, 0x36f },   { 0x483, 0x489 },     { 0x591, 0x5bd },   { 0x610, 0x61a },   { 0x64b, 0x65f },
	{ 0x6d6, 0x6dc },   { 0x93c, 0x93c },     { 0x941, 0x948 },   { 0xe31, 0xe31 },   { 0xe34, 0xe3a },
	{ 0xe47, 0xe4e },   { 0x1ab0, 0x1aff },   { 0x1dc0, 0x1dff }, { 0x200b, 0x200f }, { 0x202a, 0x202e },
	{ 0x20d0, 0x20ff }, { 0x302a, 0x302d },   { 0x3099, 0x309a }, { 0xfe00, 0xfe0f }, { 0xfe20, 0xfe2f },
	{ 0xfeff, 0xfeff }, { 0xe0100, 0xe01ef },
};

static const struct range wide[] = {
	{ 0x1100, 0x115f },   { 0x231a, 0x231b },   { 0x2e80, 0x303e },   { 0x3041, 0x33ff },   { 0x3400, 0x4dbf },
	{ 0x4e00, 0x9fff },   { 0xa000, 0xa4cf },   { 0xa960, 0xa97f },   { 0xac00, 0xd7a3 },   { 0xf900, 0xfaff },
	{ 0xfe30, 0xfe6f },   { 0xff01, 0xff60 },   { 0xffe0, 0xffe6 },   { 0x1f300, 0x1f64f }, { 0x1f680, 0x1f6ff },
	{ 0x1f900, 0x1f9ff }, { 0x1fa70, 0x1faff }, { 0x20000, 0x3fffd },
};

static bool is_in(const struct range *ranges, size_t count, unsigned code)
{
	for (size_t i = 0; i < count && ranges[i].first <= code; i++)
		if (code <= ranges[i].last)
			return true;
	return false;
}

int utf8_width(unsigned code)
{
	if (code < 0x300)
		return 1;
	if (is_in(combining, sizeof(combining) / sizeof(combining[0]), code))
		return 0;
	return is_in(wide, sizeof(wide) / sizeof(wide[0]), code) ? 2 : 1;
}

unsigned utf8_decode(const char *text, size_t room, int *length)
{
	static const unsigned least[5] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char first = (unsigned char)text[0];
	unsigned code;
	int n;

	*length = 1;
	if (first < 0x80)
		return first;
	n = first >= 0xf0 && first < 0xf8   ? 4
	    : first >= 0xe0 && first < 0xf0 ? 3
	    : first >= 0xc0 && first < 0xe0 ? 2
	                                    : 0;
	if (n == 0 || (size_t)n > room)
		return UTF8_INVALID;
	code = first & (0x7fu >> n);
	for (int i = 1; i < n; i++) {
		if (((unsigned char)text[i] & 0xc0) != 0x80)
			return UTF8_INVALID;
		code = code << 6 | ((unsigned char)text[i] & 0x3f);
	}
	if (code < least[n] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return UTF8_INVALID;
	*length = n;
	return code;
}

int utf8_encode(unsigned code, char *out)
{
	int n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

	if (n == 1) {
		out[0] = (char)code;
		return 1;
	}
	for (int i = n - 1; i > 0; i--, code >>= 6)
		out[i] = (char)(0x80 | (code & 0x3f));
	out[0] = (char)((n == 2 ? 0xc0u : n == 3 ? 0xe0u : 0xf0u) | code);
	return n;
}
