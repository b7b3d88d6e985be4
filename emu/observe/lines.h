/*
 * Lines of text on their way to a file, put together by hand: printf() is too slow for one line an event. They are
 * gathered and written in large pieces, but one by one where somebody shares the terminal.
 *
 * A line may be LINES_LINE_MAX bytes long: who puts together more than that loses what is behind it, and nothing else
 * breaks.
 */
#ifndef RVEMU_EMU_OBSERVE_LINES_H
#define RVEMU_EMU_OBSERVE_LINES_H

#include <stdio.h>
#include <string.h>

#include "emu/base/base.h"
#include "emu/symbols.h"

#define LINES_LINE_MAX (8 * KIB)
#define LINES_SIZE (64 * KIB)

/* Long names are clipped, so that a line's length has a limit. */
#define LINES_NAME_MAX 80

struct lines {
	FILE *out;                     /* where they go; the caller's */
	bool one_by_one;               /* each is written at once */
	void (*before)(void *arg);     /* called before each then, or NULL */
	void *before_arg;              /* what it is given */
	const struct symbols *symbols; /* names for addresses, or NULL */
	u32 size;                      /* bytes gathered */
	char bytes[LINES_SIZE];        /* they */
};

/* Begins. symbols may be NULL and must live as long. */
void lines_init(struct lines *l, FILE *out, const struct symbols *symbols);

/* Has `before` called before each line. */
void lines_share(struct lines *l, void (*before)(void *arg), void *arg);

static inline void lines_bytes(struct lines *l, const char *bytes, size_t size)
{
	if (unlikely(size > LINES_SIZE - l->size))
		size = LINES_SIZE - l->size;
	memcpy(l->bytes + l->size, bytes, size);
	l->size += (u32)size;
}

static inline void lines_text(struct lines *l, const char *text)
{
	lines_bytes(l, text, strlen(text));
}

/* "0x" and `digits` hexadecimal digits, or as many as it takes if that is 0. */
void lines_hex(struct lines *l, u64 value, u32 digits);

/* A decimal number, at least `width` characters with blanks. */
void lines_decimal(struct lines *l, u64 value, u32 width);

/* "name+0x12" of a code address. False: it has no name, and nothing was put. */
bool lines_name(struct lines *l, u64 pc);

/* The flags of a PTE as the manual's figure has them: "DA-U-WRV". */
void lines_flags(struct lines *l, u64 pte);

/* A name's text as a JSON string, with quotes. Bytes that are no ASCII become \u00XX. */
void lines_quoted(struct lines *l, const char *text);

/* Ends the line. */
void lines_end(struct lines *l);

/* Writes out what was gathered, also out of the FILE. */
void lines_flush(struct lines *l);

#endif
