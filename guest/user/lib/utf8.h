/*
 * UTF-8 and how wide characters are on a terminal. No locale is asked: the guest's disk may have none.
 */
#ifndef GUEST_USER_LIB_UTF8_H
#define GUEST_USER_LIB_UTF8_H

#include <stddef.h>

/* No code point: a byte that belongs to no valid sequence. */
#define UTF8_INVALID 0xffffffffu

/* The code point at `text`, of which `room` bytes (at least 1) may be read, and in *length its bytes. Overlong forms,
 * surrogates and what lies above U+10FFFF are UTF8_INVALID with length 1.
 */
unsigned utf8_decode(const char *text, size_t room, int *length);
/* Writes up to 4 bytes; returns how many. */
int utf8_encode(unsigned code, char *out);
/* Columns of a printable code point: 0 (combining), 1 or 2. */
int utf8_width(unsigned code);

#endif
