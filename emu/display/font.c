/*
 * PC Screen Fonts: the two forms of the file, and where code points are in them. Glyphs stay where they are in the
 * file; only the map is made.
 */
#include "emu/display/font.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "emu/base/base.h"

/* The files inside this program: emu/display/fonts.S. */
#define FONT_FILES(X)                                                                                                  \
	X(font_12)                                                                                                     \
	X(font_14)                                                                                                     \
	X(font_16)                                                                                                     \
	X(font_20)                                                                                                     \
	X(font_24)                                                                                                     \
	X(font_32)                                                                                                     \
	X(font_bold_14)                                                                                                \
	X(font_bold_16)                                                                                                \
	X(font_bold_20)                                                                                                \
	X(font_bold_24)                                                                                                \
	X(font_bold_32)

#define DECLARE(name) extern const u8 name[], name##_end[];
FONT_FILES(DECLARE)
#define NUMBER(name) FILE_##name,
enum { FONT_FILES(NUMBER) FILES };

#define SIZES 6
#define SIDE_MAX 64       /* pixels of a character, either side */
#define GLYPHS_MAX 0xffff /* of one file; numbers fit in 16 bits */
#define PSF1_GLYPHS 256   /* or twice that */
#define PSF1_HEADER 4
#define PSF2_HEADER 32
#define REPLACEMENT 0xfffd

/* One code point that a glyph shows. */
struct entry {
	u32 code_point;
	u32 glyph;
};

struct font_map {
	u32 count, room;
	struct entry *entries; /* by code point, then by glyph */
};

/* What is left of a Unicode table. */
struct table {
	const u8 *at, *end;
};

static u32 le32(const u8 *p)
{
	return (u32)p[0] | (u32)p[1] << 8 | (u32)p[2] << 16 | (u32)p[3] << 24;
}

/* --- UTF-8 --- */

/* Bytes after the first one of a code point, its smallest value, and the bits that the first byte gives. */
static bool utf8_lead(u8 byte, u32 *more, u32 *least, u32 *value)
{
	if (byte >= 0xc2 && byte <= 0xdf) {
		*more = 1, *least = 0x80, *value = byte & 0x1f;
	} else if (byte >= 0xe0 && byte <= 0xef) {
		*more = 2, *least = 0x800, *value = byte & 0xf;
	} else if (byte >= 0xf0 && byte <= 0xf4) {
		*more = 3, *least = 0x10000, *value = byte & 7;
	} else {
		return false;
	}
	return true;
}

u32 utf8_next(const char **text)
{
	const u8 *p = (const u8 *)*text;
	u32 more, least, value;

	if (*p == 0)
		return 0;
	*text += 1;
	if (*p < 0x80)
		return *p;
	if (!utf8_lead(*p, &more, &least, &value))
		return REPLACEMENT;
	/* The 0 at the end is no continuation, so this never reads beyond it. */
	for (u32 i = 1; i <= more; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return REPLACEMENT;
		value = value << 6 | (p[i] & 0x3f);
	}
	if (value < least || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
		return REPLACEMENT;
	*text += more;
	return value;
}

u32 utf8_put(char *text, u32 code_point)
{
	u32 count = code_point < 0x80 ? 1 : code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;
	static const u8 leads[] = { 0, 0, 0xc0, 0xe0, 0xf0 };

	for (u32 i = count - 1; i > 0; i--, code_point >>= 6)
		text[i] = (char)(0x80 | (code_point & 0x3f));
	text[0] = (char)(leads[count] | code_point);
	return count;
}

/* --- the file --- */

static void map_add(struct font_map *map, u32 code_point, u32 glyph)
{
	if (map->count == map->room) {
		map->room = map->room ? map->room * 2 : 512;
		map->entries = xrealloc(map->entries, map->room * sizeof(*map->entries));
	}
	map->entries[map->count++] = (struct entry){ code_point, glyph };
}

static int entry_order(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->code_point != y->code_point)
		return x->code_point < y->code_point ? -1 : 1;
	return x->glyph < y->glyph ? -1 : x->glyph > y->glyph;
}

/* PSF 1: 16-bit code points; 0xfffe begins sequences of several, which are not for us; 0xffff ends a glyph. */
static bool map_psf1(struct font_map *map, struct table *t, u32 glyph)
{
	bool is_sequence = false;

	while (t->end - t->at >= 2) {
		u32 code_point = (u32)t->at[0] | (u32)t->at[1] << 8;

		t->at += 2;
		if (code_point == 0xffff)
			return true;
		is_sequence |= code_point == 0xfffe;
		if (!is_sequence)
			map_add(map, code_point, glyph);
	}
	return false;
}

/* PSF 2: likewise in UTF-8, with the bytes 0xfe and 0xff. */
static bool map_psf2(struct font_map *map, struct table *t, u32 glyph)
{
	const u8 *end = memchr(t->at, 0xff, (size_t)(t->end - t->at));
	const u8 *sequence;
	char text[256];
	const char *p = text;
	u32 code_point;

	if (!end || end - t->at >= (ptrdiff_t)sizeof(text))
		return false;
	sequence = memchr(t->at, 0xfe, (size_t)(end - t->at));
	memset(text, 0, sizeof(text));
	memcpy(text, t->at, (size_t)((sequence ? sequence : end) - t->at));
	while ((code_point = utf8_next(&p)) != 0)
		map_add(map, code_point, glyph);
	t->at = end + 1;
	return true;
}

static bool parse_map(struct font *font, struct table t, bool has_table, bool is_psf2, struct error *err)
{
	struct font_map *map = xcalloc(1, sizeof(*map));

	font->map = map;
	for (u32 i = 0; i < font->glyph_count; i++) {
		if (!has_table) {
			map_add(map, i, i);
		} else if (!(is_psf2 ? map_psf2(map, &t, i) : map_psf1(map, &t, i))) {
			font_free(font);
			return error_set(err, "the font's Unicode table ends at glyph %u", i);
		}
	}
	if (map->count > 1)
		qsort(map->entries, map->count, sizeof(*map->entries), entry_order);
	return true;
}

bool font_parse(struct font *font, const u8 *bytes, size_t size, struct error *err)
{
	bool is_psf2 = size >= PSF2_HEADER && memcmp(bytes, "\x72\xb5\x4a\x86", 4) == 0;
	bool is_psf1 = size >= PSF1_HEADER && memcmp(bytes, "\x36\x04", 2) == 0;
	size_t header = PSF1_HEADER, glyph_bytes = is_psf1 ? bytes[3] : 0;
	bool has_table = is_psf1 && (bytes[2] & 6);
	u64 end;

	memset(font, 0, sizeof(*font));
	if (is_psf2) {
		header = le32(bytes + 8);
		has_table = le32(bytes + 12) & 1;
		font->glyph_count = le32(bytes + 16);
		glyph_bytes = le32(bytes + 20);
		font->height = le32(bytes + 24);
		font->width = le32(bytes + 28);
	} else if (is_psf1) {
		font->glyph_count = bytes[2] & 1 ? 2 * PSF1_GLYPHS : PSF1_GLYPHS;
		font->height = bytes[3];
		font->width = 8;
	} else {
		return error_set(err, "the font is no PC Screen Font");
	}
	if (font->width - 1 >= SIDE_MAX || font->height - 1 >= SIDE_MAX || font->glyph_count - 1 >= GLYPHS_MAX)
		return error_set(err, "the font has %u glyphs of %u x %u pixels", font->glyph_count, font->width,
		                 font->height);
	font->row_bytes = (font->width + 7) / 8;
	end = header + (u64)font->glyph_count * font->height * font->row_bytes;
	if (glyph_bytes != (size_t)font->height * font->row_bytes || end > size)
		return error_set(err, "the font ends before its last glyph");
	font->glyphs = bytes + header;
	return parse_map(font, (struct table){ bytes + end, bytes + size }, has_table, is_psf2, err);
}

void font_free(struct font *font)
{
	if (font->map)
		free(font->map->entries);
	free(font->map);
	memset(font, 0, sizeof(*font));
}

/* --- glyphs --- */

/* The glyph's number. False: the font has none for it. */
static bool find(const struct font *font, u32 code_point, u32 *glyph)
{
	const struct font_map *map = font->map;
	u32 low = 0, high = map->count;

	while (low < high) {
		u32 middle = (low + high) / 2;

		if (map->entries[middle].code_point < code_point)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == map->count || map->entries[low].code_point != code_point)
		return false;
	*glyph = map->entries[low].glyph;
	return true;
}

bool font_has(const struct font *font, u32 code_point)
{
	u32 glyph;

	return find(font, code_point, &glyph);
}

const u8 *font_glyph(const struct font *font, u32 code_point)
{
	u32 glyph = 0;

	if (!find(font, code_point, &glyph) && !find(font, REPLACEMENT, &glyph) && !find(font, '?', &glyph))
		glyph = 0;
	return font->glyphs + (size_t)glyph * font->height * font->row_bytes;
}

/* --- the fonts that there are --- */

/* Made once, by whichever thread is first, and never changed after that. */
static struct {
	pthread_once_t once;
	struct font all[FILES];
} fonts = { .once = PTHREAD_ONCE_INIT };

static void parse_all(void)
{
#define BYTES(name) { name, name##_end },
	static const struct {
		const u8 *begin, *end;
	} files[FILES] = { FONT_FILES(BYTES) };
	struct error err;

	for (u32 i = 0; i < FILES; i++)
		BUG_ON(!font_parse(&fonts.all[i], files[i].begin, (size_t)(files[i].end - files[i].begin), &err));
}

u32 font_size_count(void)
{
	return SIZES;
}

const struct font *font_get(u32 i, bool bold)
{
	BUG_ON(i >= SIZES);
	pthread_once(&fonts.once, parse_all);
	/* The smallest has no bold form. */
	return &fonts.all[bold && i != 0 ? FILE_font_bold_14 + i - 1 : i];
}

const struct font *font_of_height(u32 height, bool bold)
{
	u32 i = SIZES - 1;

	while (i > 0 && font_get(i, bold)->height > height)
		i--;
	return font_get(i, bold);
}
