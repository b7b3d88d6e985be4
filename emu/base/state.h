/*
 * Saving and restoring a part's state with one function: every field is named once, and goes out or comes in as the
 * struct state says. The order of calls is the format; state_section() in front of each part carries its name and
 * version, so that a snapshot that does not fit is refused in words.
 *
 * Values are little-endian. After a failure everything else does nothing, and loaded values are zero: look at
 * state_ok() at the end, and before using a loaded value as an index or a size. Not here: the file (emu/snapshot.c).
 */
#ifndef RVEMU_EMU_BASE_STATE_H
#define RVEMU_EMU_BASE_STATE_H

#include "emu/base/base.h"
#include "emu/base/clock.h"

struct state {
	bool loading;                                          /* values come in; otherwise they go out */
	bool failed;                                           /* something went wrong: err says what */
	struct error *err;                                     /* the first failure */
	bool (*transfer)(void *arg, void *bytes, size_t size); /* moves bytes; false: it failed, and set err */
	void *arg;                                             /* what it is given */
};

static inline bool state_ok(const struct state *s)
{
	return !s->failed;
}

/* Notes the first failure; for values that do not fit this machine: "the snapshot has 4 harts, this machine 1". */
void state_fail(struct state *s, const char *fmt, ...) printf_like(2, 3);

/* Begins a part: its name (at most 31 letters) and the version of what follows. Loading fails if they differ. */
void state_section(struct state *s, const char *name, u32 version);

void state_bytes(struct state *s, void *bytes, size_t size);
void state_u8(struct state *s, u8 *value);
void state_u16(struct state *s, u16 *value);
void state_u32(struct state *s, u32 *value);
void state_u64(struct state *s, u64 *value);
void state_bool(struct state *s, bool *value);
void state_u64s(struct state *s, u64 *values, size_t count);

/* A value that must be below `limit` (an index, a count): otherwise the snapshot is damaged. */
void state_below(struct state *s, u32 *value, u32 limit);

/* A value that must be the same here and there (RAM size, harts): otherwise it fails, naming `what`. */
void state_same(struct state *s, u64 value, const char *what);

/* Whether an event is armed, for when, and its place among those of the same time. */
void state_event(struct state *s, struct clock *c, struct event *e);

#endif
