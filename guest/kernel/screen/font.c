/*
 * The console's font: see font.h. PC Screen Font files, versions 1 and 2, with their table of which character each
 * picture is for (as documented with kbd's psfgettable): for each picture UCS-2 or UTF-8 codes, a mark, sequences of
 * several codes (which are passed over), an end.
 *
 * Characters are looked up by two steps, as in a page table: the code's upper byte finds a page of 256 pictures'
 * numbers. Both faces have their pictures in the same order.
 */
#include "guest/kernel/screen/font.h"

#include "guest/kernel/core/print.h"
#include "guest/kernel/mm/kmalloc.h"

#define PSF1_MAGIC 0x0436u
#define PSF1_512 0x01 /* mode: 512 pictures, not 256 */
#define PSF1_TABLE 0x02
#define PSF1_TABLE_SEQUENCES 0x04
#define PSF1_HEADER 4
#define PSF1_MARK 0xfffeu
#define PSF1_END 0xffffu
#define PSF2_MAGIC 0x864ab572u
#define PSF2_TABLE 0x01
#define PSF2_MARK 0xfe
#define PSF2_END 0xff
#define REPLACEMENT 0xfffdu
#define HEIGHT_MAX 64
#define PAGES 256 /* of 256 characters: the Basic Multilingual Plane */

/* font_data.S */
extern const u8 font_usual[], font_usual_end[], font_bold[], font_bold_end[];

struct psf2_header {
	u32 magic, version, header_size, flags, count, size, height, width;
};

/* One of the files. */
struct face {
	const u8 *pictures;
	const u8 *table, *end; /* end: of the file */
	u32 count, size, height;
	bool is_psf2; /* the table is UTF-8 */
};

static struct face usual, bold;
static u16 *pages[PAGES]; /* numbers of pictures, + 1; 0: none */
static u32 replacement;

static bool read_psf1(struct face *face, const u8 *file, u64 size)
{
	if (size < PSF1_HEADER || !(file[2] & (PSF1_TABLE | PSF1_TABLE_SEQUENCES)))
		return false;
	face->count = file[2] & PSF1_512 ? 512 : 256;
	face->size = face->height = file[3];
	face->pictures = file + PSF1_HEADER;
	return true;
}

static bool read_psf2(struct face *face, const u8 *file, u64 size)
{
	struct psf2_header header;

	if (size < sizeof(header))
		return false;
	memcpy(&header, file, sizeof(header));
	if (!(header.flags & PSF2_TABLE) || header.width != FONT_WIDTH || header.size != header.height ||
	    header.header_size > size)
		return false;
	face->count = header.count;
	face->size = face->height = header.height;
	face->pictures = file + header.header_size;
	face->is_psf2 = true;
	return true;
}

static bool face_read(struct face *face, const u8 *file, const u8 *end)
{
	u64 size = (u64)(end - file);
	u32 magic;

	if (size < sizeof(magic))
		return false;
	memcpy(&magic, file, sizeof(magic));
	bool is_read = magic == PSF2_MAGIC              ? read_psf2(face, file, size)
	               : (magic & 0xffff) == PSF1_MAGIC ? read_psf1(face, file, size)
	                                                : false;
	face->end = end;
	face->table = face->pictures + (u64)face->count * face->size;
	return is_read && face->count && face->height && face->height <= HEIGHT_MAX && face->table <= end;
}

static bool map_code(u32 code, u32 picture)
{
	u16 **page = &pages[code >> 8 & (PAGES - 1)];

	if (code >> 16 || code >= PSF1_MARK)
		return true;
	if (!*page)
		*page = kmalloc(256 * sizeof(u16));
	if (!*page)
		return false;
	(*page)[code & 0xff] = (u16)(picture + 1);
	return true;
}

static bool read_table1(const struct face *face)
{
	u32 picture = 0;
	bool is_sequence = false;

	for (const u8 *at = face->table; at + 2 <= face->end && picture < face->count; at += 2) {
		u32 code = (u32)(at[0] | at[1] << 8);

		if (code == PSF1_END) {
			picture++;
			is_sequence = false;
		} else if (code == PSF1_MARK) {
			is_sequence = true;
		} else if (!is_sequence && !map_code(code, picture)) {
			return false;
		}
	}
	return true;
}

/* A character of UTF-8, which the file has right, or at least within it. */
static const u8 *decode(const u8 *at, const u8 *end, u32 *code)
{
	u32 more = *at >= 0xf0 ? 3 : *at >= 0xe0 ? 2 : *at >= 0xc0 ? 1 : 0;

	*code = more ? *at & (0x3fu >> more) : *at;
	for (at++; more && at < end; more--)
		*code = *code << 6 | (*at++ & 0x3fu);
	return at;
}

static bool read_table2(const struct face *face)
{
	u32 picture = 0, code;
	bool is_sequence = false;

	for (const u8 *at = face->table; at < face->end && picture < face->count;) {
		if (*at == PSF2_END || *at == PSF2_MARK) {
			is_sequence = *at == PSF2_MARK;
			picture += *at++ == PSF2_END;
			continue;
		}
		at = decode(at, face->end, &code);
		if (!is_sequence && !map_code(code, picture))
			return false;
	}
	return true;
}

/* The number of a character's picture, or of the one for characters that are missing. */
static u32 find(u32 code)
{
	const u16 *page = code >> 16 ? NULL : pages[code >> 8];
	u32 found = page ? page[code & 0xff] : 0;

	return found ? found - 1 : replacement;
}

bool font_init(void)
{
	if (!face_read(&usual, font_usual, font_usual_end) || !face_read(&bold, font_bold, font_bold_end) ||
	    bold.height != usual.height || bold.count < usual.count) {
		printk("screen: the font is none that can be read\n");
		return false;
	}
	if (!(usual.is_psf2 ? read_table2(&usual) : read_table1(&usual))) {
		printk("screen: no memory for the font\n");
		return false;
	}
	replacement = find('?');
	replacement = find(REPLACEMENT);
	return true;
}

u32 font_height(void)
{
	return usual.height;
}

/* Block elements, which few fonts have and pictures made of text want: each is some part of the cell. */
static const u8 *block_element(u32 code)
{
	static const u8 quadrants[] = { 4, 8, 1, 13, 9, 7, 11, 2, 6, 14 }; /* U+2596..: 1, 2 above; 4, 8 below */
	static u8 picture[HEIGHT_MAX];
	u32 eighths = code - 0x2580, height = usual.height;

	for (u32 y = 0; y < height; y++) {
		u32 half = y < height / 2 ? 0 : 2;
		u32 parts = code >= 0x2596 ? quadrants[code - 0x2596] >> half : 0;

		if (code == 0x2580) /* the upper half */
			picture[y] = half ? 0 : 0xff;
		else if (code <= 0x2588) /* from below */
			picture[y] = (height - y) * 8 <= eighths * height ? 0xff : 0;
		else if (code <= 0x258f) /* from the left */
			picture[y] = (u8)(0xff00u >> (0x2590 - code));
		else if (code == 0x2590) /* the right half */
			picture[y] = 0x0f;
		else if (code == 0x2593) /* three quarters dark */
			picture[y] = y % 2 ? 0xdd : 0x77;
		else if (code == 0x2594) /* the upper eighth */
			picture[y] = y < height / 8 ? 0xff : 0;
		else if (code == 0x2595) /* the right eighth */
			picture[y] = 0x01;
		else
			picture[y] = (u8)((parts & 1 ? 0xf0 : 0) | (parts & 2 ? 0x0f : 0));
	}
	return picture;
}

/* Of the others two are in all fonts: light and medium shade. */
static bool is_block(u32 code)
{
	return code >= 0x2580 && code <= 0x259f && code != 0x2591 && code != 0x2592;
}

const u8 *font_glyph(u32 code, bool is_bold)
{
	if (is_block(code))
		return block_element(code);
	return (is_bold ? bold : usual).pictures + (u64)find(code) * usual.size;
}
