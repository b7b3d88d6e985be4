/*
 * Formatted text: to the console (kept in a ring for dmesg, too) and into buffers. Integers, strings, pointers: %d %u
 * %x %lu %ld %lx %o %c %s %p %%, with width, 0, - and .precision for %s, and * for width. No floating point.
 */
#ifndef GUEST_KERNEL_CORE_PRINT_H
#define GUEST_KERNEL_CORE_PRINT_H

#include <stdarg.h>

#include "guest/kernel/core/base.h"

/* A line for the console and the ring; begins with the time as "[    1.234567] " where the text before ended in \n. */
__attribute__((format(printf, 1, 2))) void printk(const char *format, ...);

/* Returns the length the whole text has; writes at most size bytes with the 0. */
__attribute__((format(printf, 3, 4))) u64 format_text(char *to, u64 size, const char *format, ...);
u64 format_list(char *to, u64 size, const char *format, va_list list);

/* Copies what the ring holds from byte `from` on (0: the oldest that is left); returns the number of bytes. For
 * syslog(2). */
u64 print_ring_read(u64 from, char *to, u64 size);
u64 print_ring_size(void);
/* Bytes ever printed: the place behind the newest one. */
u64 print_ring_end(void);
#define PRINT_RING_SIZE 32768u

/* Hands all that the ring holds to a console that has just come to be. */
void print_again(void (*write)(const char *text, u64 size));

/* Text that grows, for files of /proc. text_printf on a text that ran out of memory does nothing; see failed. */
struct text {
	char *data;  /* kmalloc'ed */
	u64 size;    /* bytes used */
	u64 room;    /* bytes allocated */
	bool failed; /* an allocation failed: the text is not whole */
};

/* May sleep. */
__attribute__((format(printf, 2, 3))) void text_printf(struct text *text, const char *format, ...);
void text_put(struct text *text, const void *data, u64 size);
void text_free(struct text *text);

#endif
