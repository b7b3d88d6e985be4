/*
 * The stub's wire: from bytes to packets and back, and the small vocabulary that packets are read and written with.
 *
 * A packet is $text#SS, SS being the sum of the text's bytes. It is acknowledged with + or -, until both sides agree
 * that their line loses nothing. In text, } announces a byte xor 0x20. Between packets, byte 3 is an interrupt. What is
 * anything else is noise, and skipped. gdb manual, "Remote Protocol: Overview".
 */
#include "emu/gdbstub_internal.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define INTERRUPT 3
#define ESCAPE '}'
#define ESCAPE_XOR 0x20

/* --- buffers --- */

static u8 *grow(struct gdb_buffer *b, size_t size)
{
	if (b->room - b->size < size) {
		b->room = 2 * b->room > b->size + size ? 2 * b->room : b->size + size + 256;
		b->bytes = xrealloc(b->bytes, b->room);
	}
	b->size += size;
	return b->bytes + b->size - size;
}

void gdb_buffer_add(struct gdb_buffer *b, const void *bytes, size_t size)
{
	if (size)
		memcpy(grow(b, size), bytes, size);
}

static void print_to(struct gdb_buffer *b, const char *fmt, va_list args)
{
	char text[512];
	int size = vsnprintf(text, sizeof(text), fmt, args);

	BUG_ON(size < 0 || (size_t)size >= sizeof(text));
	gdb_buffer_add(b, text, (size_t)size);
}

void gdb_buffer_print(struct gdb_buffer *b, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	print_to(b, fmt, args);
	va_end(args);
}

void gdb_buffer_free(struct gdb_buffer *b)
{
	free(b->bytes);
	*b = (struct gdb_buffer){ 0 };
}

/* --- writing --- */

void gdb_put(struct gdbstub *g, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	print_to(&g->reply, fmt, args);
	va_end(args);
}

void gdb_put_hex(struct gdbstub *g, const void *bytes, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	const u8 *from = bytes;
	u8 *to = grow(&g->reply, 2 * size);

	for (size_t i = 0; i < size; i++) {
		*to++ = (u8)digits[from[i] >> 4];
		*to++ = (u8)digits[from[i] & 15];
	}
}

void gdb_put_binary(struct gdbstub *g, const void *bytes, size_t size)
{
	const u8 *from = bytes;

	for (size_t i = 0; i < size; i++) {
		u8 escaped[2] = { ESCAPE, from[i] ^ ESCAPE_XOR };

		if (from[i] && strchr("#$}*", from[i]))
			gdb_buffer_add(&g->reply, escaped, sizeof(escaped));
		else
			gdb_buffer_add(&g->reply, &from[i], 1);
	}
}

void gdb_put_error(struct gdbstub *g, u32 number)
{
	g->reply.size = 0;
	gdb_put(g, "E%02u", number);
}

void gdb_send(struct gdbstub *g)
{
	u8 sum = 0;

	for (size_t i = 0; i < g->reply.size; i++)
		sum = (u8)(sum + g->reply.bytes[i]);
	g->last.size = 0;
	gdb_buffer_add(&g->last, "$", 1);
	gdb_buffer_add(&g->last, g->reply.bytes, g->reply.size);
	gdb_buffer_print(&g->last, "#%02x", sum);
	gdb_buffer_add(&g->out, g->last.bytes, g->last.size);
	g->reply.size = 0;
}

/* --- reading --- */

size_t gdb_left(const struct gdb_text *t)
{
	return (size_t)(t->end - t->at);
}

bool gdb_take(struct gdb_text *t, char c)
{
	if (t->at == t->end || *t->at != (u8)c)
		return false;
	t->at++;
	return true;
}

bool gdb_take_word(struct gdb_text *t, const char *word)
{
	size_t size = strlen(word);

	if (gdb_left(t) < size || memcmp(t->at, word, size) != 0)
		return false;
	t->at += size;
	return true;
}

/* The value of a hexadecimal digit, or -1. */
static int digit(u8 c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool gdb_take_number(struct gdb_text *t, u64 *value)
{
	const u8 *at = t->at;

	*value = 0;
	for (; at < t->end && digit(*at) >= 0; at++) {
		if (*value >> 60)
			return false;
		*value = *value << 4 | (u64)digit(*at);
	}
	if (at == t->at)
		return false;
	t->at = at;
	return true;
}

bool gdb_take_hex(struct gdb_text *t, u8 *bytes, size_t size)
{
	if (gdb_left(t) / 2 < size)
		return false;
	for (size_t i = 0; i < size; i++)
		if (digit(t->at[2 * i]) < 0 || digit(t->at[2 * i + 1]) < 0)
			return false;
	for (size_t i = 0; i < size; i++)
		bytes[i] = (u8)(digit(t->at[2 * i]) << 4 | digit(t->at[2 * i + 1]));
	t->at += 2 * size;
	return true;
}

/* --- framing --- */

static void begin_packet(struct gdbstub *g)
{
	g->framing = GDB_BODY;
	g->packet_size = 0;
	g->too_long = false;
	g->sum = 0;
}

static void add_byte(struct gdbstub *g, u8 byte)
{
	if (g->packet_size < GDB_PACKET_MAX)
		g->packet[g->packet_size++] = byte;
	else
		g->too_long = true;
}

/* A packet is whole. A checksum that is wrong on a line without acknowledgements means nothing: nobody would send it
 * again. */
static void end_packet(struct gdbstub *g)
{
	g->framing = GDB_BETWEEN;
	if (!g->no_ack) {
		bool good = g->sum == g->sum_wanted;

		gdb_buffer_add(&g->out, good ? "+" : "-", 1);
		if (!good)
			return;
	}
	g->packet[g->packet_size] = 0;
	if (!g->too_long) {
		gdb_command(g, (struct gdb_text){ g->packet, g->packet + g->packet_size });
		return;
	}
	gdb_put_error(g, GDB_EINVAL);
	gdb_send(g);
}

static void between_packets(struct gdbstub *g, u8 byte)
{
	if (byte == '$')
		begin_packet(g);
	else if (byte == INTERRUPT)
		gdb_interrupt(g);
	else if (byte == '-' && !g->no_ack)
		gdb_buffer_add(&g->out, g->last.bytes, g->last.size);
}

static void in_body(struct gdbstub *g, u8 byte)
{
	if (byte == '$') {
		begin_packet(g);
		return;
	}
	if (byte == '#') {
		g->framing = GDB_SUM_HIGH;
		return;
	}
	g->sum = (u8)(g->sum + byte);
	if (byte == ESCAPE)
		g->framing = GDB_ESCAPED;
	else
		add_byte(g, byte);
}

/* What is no digit is taken for a wrong one. */
static u8 sum_digit(u8 byte)
{
	return digit(byte) < 0 ? 0 : (u8)digit(byte);
}

static void feed_byte(struct gdbstub *g, u8 byte)
{
	switch (g->framing) {
	case GDB_BETWEEN:
		between_packets(g, byte);
		break;
	case GDB_BODY:
		in_body(g, byte);
		break;
	case GDB_ESCAPED:
		g->sum = (u8)(g->sum + byte);
		add_byte(g, byte ^ ESCAPE_XOR);
		g->framing = GDB_BODY;
		break;
	case GDB_SUM_HIGH:
		g->sum_wanted = (u8)(sum_digit(byte) << 4);
		g->framing = GDB_SUM_LOW;
		break;
	case GDB_SUM_LOW:
		g->sum_wanted |= sum_digit(byte);
		end_packet(g);
		break;
	}
}

void gdb_feed(struct gdbstub *g, const u8 *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		feed_byte(g, bytes[i]);
}
