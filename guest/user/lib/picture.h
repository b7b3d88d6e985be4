/*
 * The screen as a picture in memory: /dev/fb0, mapped. While a program draws, the console does not (KD_GRAPHICS); that
 * ends with the program in every case.
 */
#ifndef GUEST_USER_LIB_PICTURE_H
#define GUEST_USER_LIB_PICTURE_H

#include <stdbool.h>
#include <stddef.h>

struct picture {
	unsigned *pixel;        /* 0x00RRGGBB, rows of `stride` bytes; no page of it is there before it is touched */
	unsigned width, height; /* pixels */
	unsigned stride;        /* bytes, a multiple of 4 */
	size_t size;            /* bytes mapped: whole rows */
	int fd;                 /* of /dev/fb0 */
	int terminal;           /* of the virtual terminal it belongs to, -1: none */
	int number;             /* of that terminal */
	unsigned char *font;    /* pictures of the characters, or NULL: no text */
	unsigned glyph_size;    /* bytes of one */
	unsigned glyph_height;  /* rows of one; it is 8 pixels wide */
};

/* Maps the framebuffer. False with errno: there is none, or not one of 32 bits a pixel. */
bool picture_open(struct picture *p);
/* The console keeps off until picture_close(), or until the program ends. */
void picture_take_screen(struct picture *p);
void picture_close(struct picture *p);
/* Is its terminal the one on the screen? Waits until it is. */
bool picture_is_seen(const struct picture *p);
void picture_wait(const struct picture *p);

/* A rectangle; what lies outside is left out. */
void picture_fill(struct picture *p, unsigned left, unsigned top, unsigned width, unsigned height, unsigned colour);
/* ASCII. */
void picture_text(struct picture *p, unsigned left, unsigned top, const char *text, unsigned colour, unsigned ground);

#endif
