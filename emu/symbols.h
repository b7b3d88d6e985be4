/*
 * The guest's symbols: names for addresses in traces and messages, and addresses of the few names the host cares for.
 */
#ifndef RVEMU_EMU_SYMBOLS_H
#define RVEMU_EMU_SYMBOLS_H

#include "emu/base/base.h"

struct symbol {
	u64 addr;          /* virtual address */
	u64 size;          /* bytes; 0: not known */
	const char *name;  /* in the image's file */
	bool is_code;      /* a function, or a label in an executable section */
	bool is_weak_kind; /* a label without type: loses against a function at the same address */
};

struct symbols {
	struct symbol *all; /* sorted by address once symbols_sort() was called */
	u32 count;          /* how many */
	u32 capacity;       /* room in `all` */
};

/* A zeroed struct is empty. Names are borrowed. */
void symbols_add(struct symbols *s, const struct symbol *symbol);
void symbols_sort(struct symbols *s);
void symbols_free(struct symbols *s);

/* The symbol of that name, or NULL. */
const struct symbol *symbols_named(const struct symbols *s, const char *name);

/* The function (or code label) pc lies in, or NULL; *offset is how far in. s may be NULL. */
const struct symbol *symbols_code_at(const struct symbols *s, u64 pc, u64 *offset);

/* Writes "name+0x12", or "name" at its first byte, or nothing if pc lies in no function. Returns true if it wrote
 * something. */
bool symbols_describe(const struct symbols *s, u64 pc, char *buf, size_t size);

/* The same for any address: a variable that it lies in, or else a label that is exactly there, or else the function. */
bool symbols_describe_data(const struct symbols *s, u64 address, char *buf, size_t size);

#endif
