/*
 * Numbers and texts in a buffer: see pack.h.
 */
#include "emu/observe/pack.h"

#include <stdlib.h>
#include <string.h>

void pack_free(struct pack *p)
{
	free(p->bytes);
	*p = (struct pack){ 0 };
}

void pack_bytes(struct pack *p, const void *bytes, size_t size)
{
	if (!size)
		return;
	if (p->capacity - p->size < size) {
		p->capacity = (p->capacity + size) * 2;
		p->bytes = xrealloc(p->bytes, p->capacity);
	}
	memcpy(p->bytes + p->size, bytes, size);
	p->size += size;
}

void pack_number(struct pack *p, u64 value)
{
	u8 bytes[10];
	size_t size = 0;

	do {
		bytes[size] = (u8)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
		value >>= 7;
		size++;
	} while (value);
	pack_bytes(p, bytes, size);
}

void pack_text(struct pack *p, const char *text)
{
	pack_number(p, strlen(text));
	pack_bytes(p, text, strlen(text));
}

static u64 fail(struct unpack *u)
{
	u->bad = true;
	u->at = u->end;
	return 0;
}

u64 unpack_number(struct unpack *u)
{
	u64 value = 0;

	for (u32 shift = 0; u->at < u->end; shift += 7) {
		u8 byte = *u->at++;

		if (shift == 63 && byte > 1)
			break;
		value |= (u64)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return value;
	}
	return fail(u);
}

void unpack_text(struct unpack *u, char *text, size_t size)
{
	u64 length = unpack_number(u);

	text[0] = 0;
	if (length >= size || length > (u64)(u->end - u->at)) {
		fail(u);
		return;
	}
	memcpy(text, u->at, length);
	text[length] = 0;
	u->at += length;
}

u32 unpack_count(struct unpack *u)
{
	u64 count = unpack_number(u);

	return count > (u64)(u->end - u->at) || count > UINT32_MAX ? (u32)fail(u) : (u32)count;
}
