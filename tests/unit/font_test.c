/*
 * Fonts: the files that are carried, both forms of PC Screen Fonts, damaged ones, UTF-8, and the characters that are
 * made (box drawing), which must join.
 */
#include "emu/display/font.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "emu/display/box.h"

static struct error err;

static void test_all_sizes_are_there(void **state)
{
	static const u32 heights[] = { 12, 14, 16, 20, 24, 32 }, widths[] = { 6, 8, 8, 10, 12, 16 };

	(void)state;
	assert_int_equal(font_size_count(), ARRAY_SIZE(heights));
	for (u32 i = 0; i < font_size_count(); i++) {
		for (u32 bold = 0; bold < 2; bold++) {
			const struct font *f = font_get(i, bold);

			assert_int_equal(f->height, heights[i]);
			assert_int_equal(f->width, widths[i]);
			for (u32 c = ' ' + 1; c < 0x7f; c++)
				assert_true(font_has(f, c));
			assert_true(font_has(f, 0x2026));
		}
		if (i > 0)
			assert_memory_not_equal(font_glyph(font_get(i, false), 'A'), font_glyph(font_get(i, true), 'A'),
			                        heights[i]);
	}
}

static void test_font_of_height_is_no_higher(void **state)
{
	(void)state;
	assert_int_equal(font_of_height(1, false)->height, 12);
	assert_int_equal(font_of_height(13, false)->height, 12);
	assert_int_equal(font_of_height(16, true)->height, 16);
	assert_int_equal(font_of_height(31, false)->height, 24);
	assert_int_equal(font_of_height(1000, false)->height, 32);
}

static void test_missing_glyph_is_the_replacement(void **state)
{
	const struct font *f = font_get(2, false);
	const u8 *missing = font_glyph(f, 0x1f600);

	(void)state;
	assert_false(font_has(f, 0x1f600));
	assert_ptr_equal(missing, font_glyph(f, font_has(f, 0xfffd) ? 0xfffd : '?'));
}

/* PSF 1 with 256 glyphs of 8 x 2: glyph i is i, 255 - i; 'A' is glyph 3, and so is U+20AC. */
static size_t make_psf1(u8 *file)
{
	size_t size = 0;
	const u8 head[] = { 0x36, 0x04, 2, 2 };

	memcpy(file, head, 4);
	for (size = 4; size < 4 + 512; size += 2) {
		file[size] = (u8)((size - 4) / 2);
		file[size + 1] = (u8)(255 - file[size]);
	}
	for (u32 i = 0; i < 256; i++) {
		const u8 entry[] = { 'A', 0, 0xac, 0x20, 0xfe, 0xff, 'B', 0 };

		if (i == 3) {
			memcpy(file + size, entry, sizeof(entry));
			size += sizeof(entry);
		}
		file[size++] = 0xff;
		file[size++] = 0xff;
	}
	return size;
}

static void test_psf1_is_read(void **state)
{
	u8 file[2048];
	size_t size = make_psf1(file);
	struct font f;

	(void)state;
	assert_true(font_parse(&f, file, size, &err));
	assert_int_equal(f.width, 8);
	assert_int_equal(f.height, 2);
	assert_int_equal(f.glyph_count, 256);
	assert_int_equal(font_glyph(&f, 'A')[0], 3);
	assert_int_equal(font_glyph(&f, 0x20ac)[1], 252);
	assert_false(font_has(&f, 'B')); /* part of a sequence only */
	assert_int_equal(font_glyph(&f, 'B')[0], 0);
	font_free(&f);
}

static void put32(u8 *p, u32 v)
{
	for (u32 i = 0; i < 4; i++)
		p[i] = (u8)(v >> 8 * i);
}

/* PSF 2 with two glyphs of 10 x 1: '?' and U+20AC. */
static size_t make_psf2(u8 *file)
{
	static const u8 glyphs[] = { 0xff, 0xc0, 0x80, 0x40 };
	static const u8 table[] = { '?', 0xfe, 'x', 'y', 0xff, 0xe2, 0x82, 0xac, 0xff };
	static const u32 head[] = { 0x864ab572, 0, 32, 1, 2, 2, 1, 10 };

	for (u32 i = 0; i < 8; i++)
		put32(file + 4 * i, head[i]);
	memcpy(file + 32, glyphs, sizeof(glyphs));
	memcpy(file + 36, table, sizeof(table));
	return 36 + sizeof(table);
}

static void test_psf2_is_read(void **state)
{
	u8 file[64];
	size_t size = make_psf2(file);
	struct font f;

	(void)state;
	assert_true(font_parse(&f, file, size, &err));
	assert_int_equal(f.row_bytes, 2);
	assert_int_equal(font_glyph(&f, 0x20ac)[0], 0x80);
	assert_int_equal(font_glyph(&f, 'x')[0], 0xff);
	font_free(&f);
	put32(file + 12, 0); /* no table: numbered by code point */
	assert_true(font_parse(&f, file, size, &err));
	assert_int_equal(font_glyph(&f, 1)[0], 0x80);
	font_free(&f);
}

static void test_damaged_fonts_are_refused(void **state)
{
	u8 file[2048];
	size_t size = make_psf1(file);
	struct font f;

	(void)state;
	for (size_t cut = 0; cut < size; cut += cut < 600 ? 1 : 7)
		assert_false(font_parse(&f, file, cut, &err));
	size = make_psf2(file);
	for (size_t cut = 0; cut < size; cut++)
		assert_false(font_parse(&f, file, cut, &err));
	for (u32 field = 2; field < 8; field++) {
		static const u32 bad[] = { 0, 0x7fffffff, 0xffffffff, 65, 0x10000 };

		for (u32 i = field == 3 ? ARRAY_SIZE(bad) : 0; i < ARRAY_SIZE(bad); i++) {
			make_psf2(file);
			put32(file + 4 * field, bad[i]);
			if (field == 2 && bad[i] == 0)
				continue; /* glyphs out of the header: odd, but inside of the file */
			assert_false(font_parse(&f, file, size, &err));
		}
	}
}

static void expect_utf8(const char *text, const u32 *codes)
{
	for (; *codes; codes++)
		assert_int_equal(utf8_next(&text), *codes);
	assert_int_equal(utf8_next(&text), 0);
	assert_int_equal(*text, 0);
}

static void test_utf8(void **state)
{
	(void)state;
	expect_utf8("aä€😀", (const u32[]){ 'a', 0xe4, 0x20ac, 0x1f600, 0 });
	expect_utf8("\x80x\xc3", (const u32[]){ 0xfffd, 'x', 0xfffd, 0 });
	expect_utf8("\xe2\x82", (const u32[]){ 0xfffd, 0xfffd, 0 });
	expect_utf8("\xc0\x80", (const u32[]){ 0xfffd, 0xfffd, 0 });
	expect_utf8("\xed\xa0\x80", (const u32[]){ 0xfffd, 0xfffd, 0xfffd, 0 });
	expect_utf8("\xf4\x90\x80\x80", (const u32[]){ 0xfffd, 0xfffd, 0xfffd, 0xfffd, 0 });
	for (u32 c = 1; c < 0x110000; c += c < 0x900 ? 1 : 0x101) {
		char text[5] = { 0 };
		const char *p = text;

		if (c >= 0xd800 && c < 0xe000)
			continue;
		u32 size = utf8_put(text, c);
		assert_int_equal(size, strlen(text));
		assert_int_equal(utf8_next(&p), c);
	}
}

/* Which pixels of a side of the cell are set, as a number; side 0 top, 1 right, 2 bottom, 3 left. */
static u64 edge(u32 code_point, u32 w, u32 h, u32 side)
{
	u8 glyph[BOX_BYTES];
	u64 edge = 0;

	box_glyph(code_point, w, h, glyph);
	for (u32 i = 0; i < (side % 2 ? h : w); i++) {
		u32 x = side == 3 ? 0 : side == 1 ? w - 1 : i, y = side == 0 ? 0 : side == 2 ? h - 1 : i;

		if (glyph[y * ((w + 7) / 8) + x / 8] & 0x80 >> x % 8)
			edge |= BIT(i);
	}
	return edge;
}

static void test_boxes_join_at_every_size(void **state)
{
	(void)state;
	for (u32 i = 0; i < font_size_count(); i++) {
		u32 w = font_get(i, false)->width, h = font_get(i, false)->height;
		u64 across = edge(0x2500, w, h, 1), down = edge(0x2502, w, h, 2);

		assert_int_not_equal(across, 0);
		assert_int_equal(across, edge(0x2500, w, h, 3));
		assert_int_equal(across, edge(0x250c, w, h, 1));
		assert_int_equal(down, edge(0x250c, w, h, 2));
		assert_int_equal(across, edge(0x256d, w, h, 1));
		assert_int_equal(down, edge(0x256f, w, h, 0));
		assert_int_equal(across, edge(0x253c, w, h, 3));
		assert_int_equal(edge(0x2550, w, h, 1), edge(0x2557, w, h, 3));
		assert_int_equal(edge(0x2551, w, h, 0), edge(0x2554, w, h, 2));
		assert_int_equal(edge(0x2501, w, h, 1), edge(0x252b, w, h, 3));
		assert_int_equal(edge(0x250c, w, h, 0), 0);
		assert_int_equal(edge(0x250c, w, h, 3), 0);
		assert_int_equal(edge(0x2588, w, h, 0), MASK(w));
		assert_int_equal(edge(0x2580, w, h, 2), 0);
		assert_int_equal(edge(0x2584, w, h, 0), 0);
		assert_int_equal(edge(0x2580, w, h, 3) | edge(0x2584, w, h, 3), MASK(h));
		assert_int_equal(edge(0x258c, w, h, 0) | edge(0x2590, w, h, 0), MASK(w));
	}
}

static void test_boxes_of_every_kind_show_something(void **state)
{
	static const u8 blank[BOX_BYTES];

	(void)state;
	assert_false(box_has(0x24ff) || box_has(0x25a0) || box_has(0x2900));
	for (u32 c = 0x2500; c < 0x2900; c++) {
		u8 glyph[BOX_BYTES];

		if (!box_has(c) || c == 0x2800)
			continue;
		for (u32 side = 1; side <= BOX_SIDE_MAX; side++)
			box_glyph(c, side, BOX_SIDE_MAX + 1 - side, glyph);
		box_glyph(c, 8, 16, glyph);
		assert_memory_not_equal(glyph, blank, BOX_BYTES);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_sizes_are_there),
		cmocka_unit_test(test_font_of_height_is_no_higher),
		cmocka_unit_test(test_missing_glyph_is_the_replacement),
		cmocka_unit_test(test_psf1_is_read),
		cmocka_unit_test(test_psf2_is_read),
		cmocka_unit_test(test_damaged_fonts_are_refused),
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_boxes_join_at_every_size),
		cmocka_unit_test(test_boxes_of_every_kind_show_something),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
