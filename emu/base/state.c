/*
 * Saving and restoring: see state.h. Numbers go through one function, low byte first, and everything else is made of
 * numbers and plain bytes.
 */
#include "emu/base/state.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define NAME_SIZE 32 /* of a section, with the zero behind it */

void state_fail(struct state *s, const char *fmt, ...)
{
	if (s->failed)
		return;
	s->failed = true;
	if (!s->err)
		return;
	va_list args;
	va_start(args, fmt);
	vsnprintf(s->err->text, sizeof(s->err->text), fmt, args);
	va_end(args);
}

void state_bytes(struct state *s, void *bytes, size_t size)
{
	if (size == 0)
		return;
	if (!s->failed && !s->transfer(s->arg, bytes, size))
		s->failed = true;
	if (s->failed && s->loading)
		memset(bytes, 0, size);
}

/* A number of `size` (1..8) bytes. */
static void number(struct state *s, u64 *value, size_t size)
{
	u8 bytes[sizeof(*value)] = { 0 };
	for (size_t i = 0; !s->loading && i < size; i++)
		bytes[i] = (u8)(*value >> 8 * i);
	state_bytes(s, bytes, size);
	if (!s->loading)
		return;
	*value = 0;
	for (size_t i = 0; i < size; i++)
		*value |= (u64)bytes[i] << 8 * i;
}

void state_u8(struct state *s, u8 *value)
{
	state_bytes(s, value, 1);
}

void state_u16(struct state *s, u16 *value)
{
	u64 wide = *value;
	number(s, &wide, sizeof(*value));
	*value = (u16)wide;
}

void state_u32(struct state *s, u32 *value)
{
	u64 wide = *value;
	number(s, &wide, sizeof(*value));
	*value = (u32)wide;
}

void state_u64(struct state *s, u64 *value)
{
	number(s, value, sizeof(*value));
}

void state_u64s(struct state *s, u64 *values, size_t count)
{
	for (size_t i = 0; i < count; i++)
		state_u64(s, &values[i]);
}

void state_bool(struct state *s, bool *value)
{
	u8 byte = *value;
	state_u8(s, &byte);
	if (byte > 1)
		state_fail(s, "the snapshot is damaged: a flag is %u", byte);
	*value = byte == 1;
}

void state_section(struct state *s, const char *name, u32 version)
{
	char found[NAME_SIZE] = "";
	u32 found_version = version;
	size_t length = strlen(name);
	BUG_ON(length >= sizeof(found));
	if (!s->loading)
		memcpy(found, name, length);
	state_bytes(s, found, sizeof(found));
	state_u32(s, &found_version);
	if (s->failed || !s->loading)
		return;
	found[NAME_SIZE - 1] = '\0';
	for (char *c = found; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	if (strcmp(found, name) != 0)
		state_fail(
			s,
			"the snapshot does not fit this machine, or is damaged: it has \"%s\" where \"%s\" is expected",
			found, name);
	else if (found_version != version)
		state_fail(s, "the snapshot is of another version of rvemu: its \"%s\" has format %u, this one has %u",
		           name, found_version, version);
}

void state_below(struct state *s, u32 *value, u32 limit)
{
	state_u32(s, value);
	if (s->failed || *value < limit)
		return;
	state_fail(s, "the snapshot is damaged: %u where less than %u is expected", *value, limit);
	*value = 0;
}

void state_same(struct state *s, u64 value, const char *what)
{
	u64 found = value;
	state_u64(s, &found);
	if (!s->failed && found != value)
		state_fail(s, "the snapshot does not fit this machine: %s: %llu there, %llu here", what,
		           (unsigned long long)found, (unsigned long long)value);
}

void state_event(struct state *s, struct clock *c, struct event *e)
{
	bool armed = e->heap_index != 0;
	u64 when_ns = armed ? e->when_ns : 0;
	u64 sequence = armed ? e->sequence : 0;
	state_bool(s, &armed);
	state_u64(s, &when_ns);
	state_u64(s, &sequence);
	if (!s->loading)
		return;
	clock_disarm(c, e);
	if (s->failed || !armed)
		return;
	if (when_ns == CLOCK_NEVER)
		state_fail(s, "the snapshot is damaged: an event waits for a time that does not come");
	else
		clock_rearm(c, e, when_ns, sequence);
}
