/*
 * Snapshots in memory, for tests of anything that has a state function: save into it, restore from it, damage it.
 */
#ifndef RVEMU_TESTS_UNIT_STATE_MEMORY_H
#define RVEMU_TESTS_UNIT_STATE_MEMORY_H

#include "emu/base/state.h"

#include <string.h>

struct state_memory {
	u8 bytes[131072]; /* what was saved */
	size_t size;      /* how much */
	size_t at;        /* how far it is restored */
	struct error err; /* what went wrong */
};

static inline bool state_memory_out(void *arg, void *bytes, size_t size)
{
	struct state_memory *m = arg;
	if (size > sizeof(m->bytes) - m->size)
		return error_set(&m->err, "no room");
	memcpy(m->bytes + m->size, bytes, size);
	m->size += size;
	return true;
}

static inline bool state_memory_in(void *arg, void *bytes, size_t size)
{
	struct state_memory *m = arg;
	if (size > m->size - m->at)
		return error_set(&m->err, "the end");
	memcpy(bytes, m->bytes + m->at, size);
	m->at += size;
	return true;
}

/* Empties it, ready to save into. */
static inline struct state state_saving(struct state_memory *m)
{
	*m = (struct state_memory){ .size = 0 };
	return (struct state){ .err = &m->err, .transfer = state_memory_out, .arg = m };
}

/* From its beginning, ready to restore. */
static inline struct state state_loading(struct state_memory *m)
{
	m->at = 0;
	m->err = (struct error){ "" };
	return (struct state){ .loading = true, .err = &m->err, .transfer = state_memory_in, .arg = m };
}

#endif
