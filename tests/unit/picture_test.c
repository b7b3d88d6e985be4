/*
 * emu/display/picture.c: pictures become files and come back; files that others made, and damaged ones.
 */
#include "emu/display/picture.h"

#include <png.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define PATH_SIZE 96

static char folder[] = "/tmp/picture_test.XXXXXX";
static char path[PATH_SIZE];

static int make_folder(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/picture.png", folder);
	return 0;
}

/* Nothing may be left in it but the one file. */
static int remove_folder(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

static u32 colour_at(u32 x, u32 y)
{
	return (x * 5 & 0xff) << 16 | (y * 3 & 0xff) << 8 | ((x ^ y) & 0xff);
}

static void fill(struct picture *p, u32 width, u32 height)
{
	picture_resize(p, width, height);
	for (u32 y = 0; y < height; y++)
		for (u32 x = 0; x < width; x++)
			p->pixels[y * width + x] = colour_at(x, y);
}

static void write_bytes(const void *bytes, size_t size)
{
	FILE *f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, size, f), size);
	fclose(f);
}

/* A file as another program may have made it; the pixels are those of libpng's format. */
static void write_png(u32 width, u32 height, u32 format, const void *pixels)
{
	png_image image = { .version = PNG_IMAGE_VERSION, .width = width, .height = height, .format = format };
	assert_true(png_image_write_to_file(&image, path, 0, pixels, 0, NULL));
}

static void test_resizing_makes_it_black_but_only_if_the_size_is_new(void **state)
{
	struct picture p = { 0 };
	(void)state;
	fill(&p, 3, 2);
	u32 *pixels = p.pixels;
	picture_resize(&p, 3, 2);
	assert_ptr_equal(p.pixels, pixels);
	assert_int_equal(p.pixels[5], colour_at(2, 1));
	picture_resize(&p, 2, 3);
	assert_true(p.width == 2 && p.height == 3);
	for (u32 i = 0; i < 6; i++)
		assert_int_equal(p.pixels[i], 0);
	picture_resize(&p, 0, 3);
	assert_true(p.width == 0 && p.height == 0 && !p.pixels);
	picture_free(&p);
	picture_free(&p);
}

static void test_what_is_written_is_read(void **state)
{
	static const u32 sizes[][2] = { { 1, 1 }, { 3, 200 }, { 1024, 768 }, { PICTURE_SIDE_MAX, 1 } };
	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct picture p = { 0 }, q = { 0 };
		struct error err;
		fill(&p, sizes[i][0], sizes[i][1]);
		assert_true(picture_write_png(&p, path, &err));
		assert_true(picture_read_png(&q, path, &err));
		assert_true(p.width == q.width && p.height == q.height);
		assert_memory_equal(p.pixels, q.pixels, (size_t)p.width * p.height * 4);
		picture_free(&p);
		picture_free(&q);
	}
}

static void test_bits_above_the_colour_are_not_written(void **state)
{
	struct picture p = { 0 }, q = { 0 };
	struct error err;
	(void)state;
	picture_resize(&p, 1, 1);
	p.pixels[0] = 0x80123456;
	assert_true(picture_write_png(&p, path, &err));
	assert_true(picture_read_png(&q, path, &err));
	assert_int_equal(q.pixels[0], 0x123456);
	picture_free(&p);
	picture_free(&q);
}

static void test_pictures_of_others_are_read_onto_black(void **state)
{
	static const u8 grey[] = { 0, 128, 255, 7 };
	static const u8 rgba[] = { 200, 100, 50, 255, 200, 100, 50, 0 };
	struct picture p = { 0 };
	struct error err;
	(void)state;
	write_png(2, 2, PNG_FORMAT_GRAY, grey);
	assert_true(picture_read_png(&p, path, &err));
	assert_int_equal(p.pixels[1], 0x808080);
	assert_int_equal(p.pixels[3], 0x070707);
	write_png(2, 1, PNG_FORMAT_RGBA, rgba);
	assert_true(picture_read_png(&p, path, &err));
	assert_true(p.width == 2 && p.height == 1);
	assert_int_equal(p.pixels[0], 0xc86432);
	assert_int_equal(p.pixels[1], 0);
	picture_free(&p);
}

static void test_a_file_that_cannot_be_written_leaves_the_old_one(void **state)
{
	struct picture p = { 0 }, empty = { 0 };
	struct error err;
	(void)state;
	write_bytes("old", 3);
	assert_false(picture_write_png(&empty, path, &err));
	assert_non_null(strstr(err.text, "no picture"));
	fill(&p, 4, 4);
	assert_false(picture_write_png(&p, "/nowhere/at/all.png", &err));
	assert_non_null(strstr(err.text, "/nowhere/at/all.png"));
	assert_false(picture_write_png(&p, folder, &err));
	assert_non_null(strstr(err.text, "not a regular file"));
	struct stat st;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 3);
	picture_free(&p);
}

/* Whatever is refused says so in one line that names the file; the picture is as it was, or whole. */
static void check_reading(struct picture *p)
{
	struct error err = { "" };
	if (picture_read_png(p, path, &err))
		return;
	assert_int_equal(strncmp(err.text, path, strlen(path)), 0);
	assert_null(strchr(err.text, '\n'));
}

static void test_files_that_are_no_pictures_are_refused(void **state)
{
	struct picture p = { 0 };
	struct error err;
	(void)state;
	unlink(path);
	assert_false(picture_read_png(&p, path, &err));
	write_bytes("", 0);
	assert_false(picture_read_png(&p, path, &err));
	write_bytes("GIF89a picture of something else", 32);
	assert_false(picture_read_png(&p, path, &err));
	assert_false(picture_read_png(&p, folder, &err));
	assert_int_equal(p.width, 0);
}

static void test_a_picture_that_is_too_large_is_refused_before_it_takes_memory(void **state)
{
	static u8 row[PICTURE_SIDE_MAX + 1];
	struct picture p = { 0 };
	struct error err;
	(void)state;
	write_png(PICTURE_SIDE_MAX + 1, 1, PNG_FORMAT_GRAY, row);
	assert_false(picture_read_png(&p, path, &err));
	assert_non_null(strstr(err.text, "8193x1"));
}

static void test_damage_of_any_byte_is_harmless(void **state)
{
	struct picture p = { 0 };
	struct error err;
	u8 bytes[4096];
	(void)state;
	fill(&p, 20, 10);
	assert_true(picture_write_png(&p, path, &err));
	FILE *f = fopen(path, "rb");
	assert_non_null(f);
	size_t size = fread(bytes, 1, sizeof(bytes), f);
	fclose(f);
	assert_true(size > 50 && size < sizeof(bytes));
	for (size_t i = 0; i < size; i++) {
		bytes[i] ^= 0x41;
		write_bytes(bytes, size);
		check_reading(&p);
		bytes[i] ^= 0x41;
		write_bytes(bytes, i);
		check_reading(&p);
	}
	picture_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_resizing_makes_it_black_but_only_if_the_size_is_new),
		cmocka_unit_test(test_what_is_written_is_read),
		cmocka_unit_test(test_bits_above_the_colour_are_not_written),
		cmocka_unit_test(test_pictures_of_others_are_read_onto_black),
		cmocka_unit_test(test_a_file_that_cannot_be_written_leaves_the_old_one),
		cmocka_unit_test(test_files_that_are_no_pictures_are_refused),
		cmocka_unit_test(test_a_picture_that_is_too_large_is_refused_before_it_takes_memory),
		cmocka_unit_test(test_damage_of_any_byte_is_harmless),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
