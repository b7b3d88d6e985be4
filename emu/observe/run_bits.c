/*
 * Numbers and flags of a run file's payloads: see run_bits.h.
 */
#include "emu/observe/run_bits.h"

static void put_byte(struct codec *c, u8 byte)
{
	BUG_ON(c->at == c->end);
	*c->at++ = byte;
}

static u8 get_byte(struct codec *c)
{
	if (c->at == c->end) {
		c->bad = true;
		return 0;
	}
	return *c->at++;
}

void codec_number(struct codec *c, u64 *v)
{
	if (!c->reading) {
		u64 left = *v;
		for (; left >= 0x80; left >>= 7)
			put_byte(c, (u8)(left | 0x80));
		put_byte(c, (u8)left);
		return;
	}
	u64 read = 0;
	for (u32 shift = 0;; shift += 7) {
		u8 byte = get_byte(c);
		if (shift == 63 && byte > 1) {
			c->bad = true;
			break;
		}
		read |= (u64)(byte & 0x7f) << shift;
		if (byte < 0x80)
			break;
	}
	*v = read;
}

void codec_distance(struct codec *c, u64 *v, u64 guess)
{
	u64 d = *v - guess;
	d = d << 1 ^ (d >> 63 ? ~0ull : 0);
	codec_number(c, &d);
	if (c->reading)
		*v = guess + (d >> 1 ^ (d & 1 ? ~0ull : 0));
}

void codec_begin(struct codec *c, u32 size)
{
	c->flags_at = c->at;
	c->flag_size = size;
	c->flag_next = 0;
	c->flags = 0;
	for (u32 i = 0; i < size; i++) {
		if (c->reading)
			c->flags |= (u64)get_byte(c) << (8 * i);
		else
			put_byte(c, 0);
	}
}

void codec_finish(struct codec *c)
{
	BUG_ON(c->flag_next > 8 * c->flag_size);
	for (u32 i = 0; i < c->flag_size && !c->reading; i++)
		c->flags_at[i] = (u8)(c->flags >> (8 * i));
}

u32 codec_field(struct codec *c, u32 v, u32 width, u32 max)
{
	if (c->reading)
		v = (u32)(c->flags >> c->flag_next & MASK(width));
	else
		c->flags |= (u64)v << c->flag_next;
	c->flag_next += width;
	if (v <= max)
		return v;
	BUG_ON(!c->reading);
	c->bad = true;
	return 0;
}

bool codec_flag(struct codec *c, bool v)
{
	return codec_field(c, v, 1, 1) != 0;
}

void codec_guessed(struct codec *c, u64 *v, u64 guess)
{
	if (codec_flag(c, *v == guess))
		*v = guess;
	else
		codec_distance(c, v, guess);
}

void codec_guessed3(struct codec *c, u64 *v, u64 first, u64 second, u64 third)
{
	u32 which = *v == first ? 1 : *v == second ? 2 : *v == third ? 3 : 0;
	which = codec_field(c, which, 2, 3);
	if (which == 0)
		codec_distance(c, v, first);
	else
		*v = which == 1 ? first : which == 2 ? second : third;
}

u32 codec_narrow(struct codec *c, u32 v, u32 guess, u32 max)
{
	u64 wide = v;
	codec_guessed(c, &wide, guess);
	if (wide <= max)
		return (u32)wide;
	BUG_ON(!c->reading);
	c->bad = true;
	return 0;
}
