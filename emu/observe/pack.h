/*
 * Bytes in a buffer that grows, numbers as LEB128 (unsigned), and reading them back from bytes that may be anybody's:
 * for the payloads of run-file records that are not events.
 */
#ifndef RVEMU_EMU_OBSERVE_PACK_H
#define RVEMU_EMU_OBSERVE_PACK_H

#include "emu/base/base.h"

/* A zeroed struct is empty. */
struct pack {
	u8 *bytes;
	size_t size;     /* used */
	size_t capacity; /* of bytes */
};

void pack_free(struct pack *p);
void pack_number(struct pack *p, u64 value);
void pack_bytes(struct pack *p, const void *bytes, size_t size);
/* Its length, then the text without the 0. */
void pack_text(struct pack *p, const char *text);

/* What is left to read. */
struct unpack {
	const u8 *at, *end;
	bool bad; /* it ended too early, or a number has more than 64 bits; everything read is 0 from then on */
};

u64 unpack_number(struct unpack *u);
/* A text of at most size - 1 bytes: a longer one is bad. */
void unpack_text(struct unpack *u, char *text, size_t size);
/* A count of things of at least one byte each: more than there are bytes left is bad. */
u32 unpack_count(struct unpack *u);

#endif
