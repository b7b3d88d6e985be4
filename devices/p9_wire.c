/*
 * The bytes of 9P messages: see p9_wire.h.
 */
#include "devices/p9_wire.h"

#include <string.h>

const u8 *p9_get_bytes(struct p9_in *in, u32 size)
{
	if (in->bad || size > in->left) {
		in->bad = true;
		return NULL;
	}
	const u8 *bytes = in->at;
	in->at += size;
	in->left -= size;
	return bytes;
}

/* A number of 1..8 bytes. */
static u64 get_number(struct p9_in *in, u32 size)
{
	const u8 *bytes = p9_get_bytes(in, size);
	u64 value = 0;
	for (u32 i = 0; bytes && i < size; i++)
		value |= (u64)bytes[i] << (8 * i);
	return value;
}

u8 p9_get_u8(struct p9_in *in)
{
	return (u8)get_number(in, 1);
}

u16 p9_get_u16(struct p9_in *in)
{
	return (u16)get_number(in, 2);
}

u32 p9_get_u32(struct p9_in *in)
{
	return (u32)get_number(in, 4);
}

u64 p9_get_u64(struct p9_in *in)
{
	return get_number(in, 8);
}

void p9_get_string(struct p9_in *in, char *text, u32 room)
{
	u32 size = p9_get_u16(in);
	const u8 *bytes = p9_get_bytes(in, size);
	text[0] = '\0';
	if (!bytes)
		return;
	if (size >= room || memchr(bytes, '\0', size)) {
		in->bad = true;
		return;
	}
	memcpy(text, bytes, size);
	text[size] = '\0';
}

static void put_bytes(struct p9_out *out, const void *bytes, u32 size)
{
	if (out->full || size > out->room - out->used) {
		out->full = true;
		return;
	}
	memcpy(out->start + out->used, bytes, size);
	out->used += size;
}

/* A number of 1..8 bytes. */
static void put_number(struct p9_out *out, u64 value, u32 size)
{
	u8 bytes[8];
	for (u32 i = 0; i < size; i++)
		bytes[i] = (u8)(value >> (8 * i));
	put_bytes(out, bytes, size);
}

void p9_put_u8(struct p9_out *out, u8 value)
{
	put_number(out, value, 1);
}

void p9_put_u16(struct p9_out *out, u16 value)
{
	put_number(out, value, 2);
}

void p9_put_u32(struct p9_out *out, u32 value)
{
	put_number(out, value, 4);
}

void p9_put_u64(struct p9_out *out, u64 value)
{
	put_number(out, value, 8);
}

void p9_put_qid(struct p9_out *out, struct p9_qid qid)
{
	p9_put_u8(out, qid.type);
	p9_put_u32(out, qid.version);
	p9_put_u64(out, qid.path);
}

void p9_put_string(struct p9_out *out, const char *text)
{
	u32 size = (u32)strlen(text);
	p9_put_u16(out, (u16)size);
	put_bytes(out, text, size);
}

void p9_patch_u32(struct p9_out *out, u32 offset, u32 value)
{
	if (out->full)
		return;
	struct p9_out place = { .start = out->start + offset, .room = out->used - offset };
	p9_put_u32(&place, value);
}
