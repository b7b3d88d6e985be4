/*
 * The page's data as JSON: see page_internal.h. It stands in a script element of type application/json, so '<', '>' and
 * '&' never occur as such, and neither does a byte that is not ASCII.
 */
#include "emu/observe/page_internal.h"

#include <stdlib.h>
#include <string.h>

/* Reads one code point of UTF-8, at most `left` bytes. Returns its bytes, or 0 if they are none. */
static size_t read_utf8(const u8 *p, size_t left, u32 *code)
{
	static const u32 least[5] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t size = p[0] < 0x80 ? 1 : p[0] >> 5 == 6 ? 2 : p[0] >> 4 == 14 ? 3 : p[0] >> 3 == 30 ? 4 : 0;
	if (size == 0 || size > left)
		return 0;
	*code = size == 1 ? p[0] : p[0] & (0xffu >> (size + 1));
	for (size_t i = 1; i < size; i++) {
		if (p[i] >> 6 != 2)
			return 0;
		*code = *code << 6 | (p[i] & 0x3f);
	}
	bool is_surrogate = *code >= 0xd800 && *code < 0xe000;
	return *code < least[size] || *code > 0x10ffff || is_surrogate ? 0 : size;
}

static void put_code(FILE *out, u32 code)
{
	bool is_plain = code >= 0x20 && code < 0x7f && !strchr("<>&\"\\'", (int)code);
	if (is_plain)
		fputc((int)code, out);
	else if (code < 0x10000)
		fprintf(out, "\\u%04x", code);
	else
		fprintf(out, "\\u%04x\\u%04x", 0xd800 + ((code - 0x10000) >> 10), 0xdc00 + ((code - 0x10000) & 0x3ff));
}

void page_json_string(FILE *out, const char *text, size_t size)
{
	const u8 *p = (const u8 *)text;
	fputc('"', out);
	for (size_t at = 0; at < size;) {
		u32 code = 0xfffd;
		size_t used = read_utf8(p + at, size - at, &code);
		put_code(out, used ? code : 0xfffd);
		at += used ? used : 1;
	}
	fputc('"', out);
}

void page_json_column(FILE *out, const char *name, const char *type, const void *bytes, size_t size)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const u8 *p = bytes;
	fprintf(out, ",\"%s\":\"%s:", name, type);
	for (size_t at = 0; at < size; at += 3) {
		size_t left = size - at;
		u32 v = (u32)p[at] << 16 | (left > 1 ? (u32)p[at + 1] << 8 : 0) | (left > 2 ? p[at + 2] : 0);
		fputc(digits[v >> 18], out);
		fputc(digits[v >> 12 & 63], out);
		fputc(left > 1 ? digits[v >> 6 & 63] : '=', out);
		fputc(left > 2 ? digits[v & 63] : '=', out);
	}
	fputc('"', out);
}

void page_json_number(FILE *out, const char *name, u64 value)
{
	fprintf(out, ",\"%s\":%llu", name, (unsigned long long)value);
}
