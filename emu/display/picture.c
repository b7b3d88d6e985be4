/*
 * Pictures and PNG files: see picture.h. By libpng's simplified interface, which has no long jumps, and turns whatever
 * a file may hold into what was asked for. A PNG's pixels are bytes of red, green and blue here, without alpha.
 */
#include "emu/display/picture.h"

#include <errno.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RGB_SIZE 3

void picture_resize(struct picture *picture, u32 width, u32 height)
{
	BUG_ON(width > PICTURE_SIDE_MAX || height > PICTURE_SIDE_MAX);
	if (picture->width == width && picture->height == height)
		return;
	picture_free(picture);
	if (width == 0 || height == 0)
		return;
	picture->width = width;
	picture->height = height;
	picture->pixels = xcalloc((size_t)width * height, sizeof(*picture->pixels));
}

void picture_free(struct picture *picture)
{
	free(picture->pixels);
	*picture = (struct picture){ 0 };
}

/* --- writing --- */

/* Writes the file `beside`; `path` is what the user calls it. */
static bool write_file(const struct picture *picture, const char *beside, const char *path, struct error *err)
{
	size_t count = (size_t)picture->width * picture->height;
	png_image image = { .version = PNG_IMAGE_VERSION, .format = PNG_FORMAT_RGB };
	FILE *file = fopen(beside, "wb");
	if (!file)
		return error_set(err, "%s: %s", path, strerror(errno));
	u8 *bytes = xcalloc(count, RGB_SIZE);
	for (size_t i = 0; i < count; i++) {
		bytes[RGB_SIZE * i] = (u8)(picture->pixels[i] >> 16);
		bytes[RGB_SIZE * i + 1] = (u8)(picture->pixels[i] >> 8);
		bytes[RGB_SIZE * i + 2] = (u8)picture->pixels[i];
	}
	image.width = picture->width;
	image.height = picture->height;
	bool ok = png_image_write_to_stdio(&image, file, 0, bytes, 0, NULL);
	if (!ok)
		error_set(err, "%s: %s", path, image.message);
	png_image_free(&image);
	free(bytes);
	if (fclose(file) != 0 && ok)
		ok = error_set(err, "%s: %s", path, strerror(errno));
	return ok;
}

bool picture_write_png(const struct picture *picture, const char *path, struct error *err)
{
	struct stat old;
	if (picture->width == 0)
		return error_set(err, "%s: there is no picture to write", path);
	if (stat(path, &old) == 0 && !S_ISREG(old.st_mode))
		return error_set(err, "%s: not a regular file", path);
	size_t size = strlen(path) + 32;
	char *beside = xcalloc(size, 1);
	snprintf(beside, size, "%s.%ld.tmp", path, (long)getpid());
	bool ok = write_file(picture, beside, path, err);
	if (ok && rename(beside, path) != 0)
		ok = error_set(err, "%s: %s", path, strerror(errno));
	if (!ok)
		(void)unlink(beside);
	free(beside);
	return ok;
}

/* --- reading --- */

/* Reads the pixels of an image whose size is known. */
static bool read_pixels(struct picture *picture, png_image *image, const char *path, struct error *err)
{
	const png_color black = { 0, 0, 0 };
	size_t count = (size_t)image->width * image->height;
	u8 *bytes = xcalloc(count, RGB_SIZE);
	image->format = PNG_FORMAT_RGB;
	bool ok = png_image_finish_read(image, &black, bytes, 0, NULL);
	if (!ok) {
		error_set(err, "%s: %s", path, image->message);
	} else {
		u32 *pixels = xcalloc(count, sizeof(*pixels));
		for (size_t i = 0; i < count; i++)
			pixels[i] = (u32)bytes[RGB_SIZE * i] << 16 | (u32)bytes[RGB_SIZE * i + 1] << 8 |
			            bytes[RGB_SIZE * i + 2];
		picture_free(picture);
		*picture = (struct picture){ image->width, image->height, pixels };
	}
	free(bytes);
	return ok;
}

bool picture_read_png(struct picture *picture, const char *path, struct error *err)
{
	png_image image = { .version = PNG_IMAGE_VERSION };
	FILE *file = fopen(path, "rb");
	if (!file)
		return error_set(err, "%s: %s", path, strerror(errno));
	bool ok = png_image_begin_read_from_stdio(&image, file);
	if (!ok)
		error_set(err, "%s: %s", path, image.message);
	else if (image.width > PICTURE_SIDE_MAX || image.height > PICTURE_SIDE_MAX)
		ok = error_set(err, "%s: %ux%u pixels are more than %d on a side", path, image.width, image.height,
		               PICTURE_SIDE_MAX);
	ok = ok && read_pixels(picture, &image, path, err);
	png_image_free(&image);
	fclose(file);
	return ok;
}
