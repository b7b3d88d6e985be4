/*
 * Reading a flattened device tree: see fdt.h.
 *
 * The structure block is a sequence of tokens of four bytes: a node begins (name follows), ends, a property (size, name
 * and value follow), nothing, and the end. All numbers are big-endian.
 */
#include "firmware/fdt.h"

#define MAGIC 0xd00dfeedu
#define VERSION_MIN 17 /* the one that says how large the structure block is */
#define SIZE_MAX (16ul << 20)

enum { BEGIN_NODE = 1, END_NODE = 2, PROP = 3, NOP = 4, END = 9 };

static u32 get(const u8 *at)
{
	return (u32)at[0] << 24 | (u32)at[1] << 16 | (u32)at[2] << 8 | at[3];
}

bool fdt_open(struct fdt *fdt, u64 pa)
{
	const u8 *base = (const u8 *)pa;
	u64 structs, structs_size, strings;

	if (pa == 0 || pa & 7 || get(base) != MAGIC || get(base + 20) < VERSION_MIN)
		return false;
	fdt->base = base;
	fdt->size = get(base + 4);
	structs = get(base + 8);
	strings = get(base + 12);
	fdt->strings_size = get(base + 32);
	structs_size = get(base + 36);
	fdt->structs = base + structs;
	fdt->structs_end = fdt->structs + structs_size;
	fdt->strings = (const char *)base + strings;
	return fdt->size <= SIZE_MAX && structs + structs_size <= fdt->size && !(structs & 3) &&
	       strings + fdt->strings_size <= fdt->size && fdt->strings_size > 0 &&
	       fdt->strings[fdt->strings_size - 1] == 0 && fdt_root(fdt);
}

/* The token at `at`, and where the next one is; END if the block ends before. */
static u32 token(const struct fdt *fdt, const u8 *at, const u8 **next)
{
	u64 room = (u64)(fdt->structs_end - at), length = 4;

	*next = fdt->structs_end;
	if (at >= fdt->structs_end || room < 4)
		return END;
	switch (get(at)) {
	case BEGIN_NODE:
		while (length < room && at[length])
			length++;
		length++;
		break;
	case PROP:
		if (room < 12)
			return END;
		length = 12 + (u64)get(at + 4);
		break;
	case END_NODE:
	case NOP:
		break;
	default:
		return END;
	}
	length = (length + 3) & ~3ul;
	if (length > room)
		return END;
	*next = at + length;
	return get(at);
}

/* Behind the name of a node: its properties. */
static const u8 *contents(const struct fdt *fdt, fdt_node node)
{
	const u8 *next;

	token(fdt, node, &next);
	return next;
}

/* The next node at this level, before which properties may come; NULL if the parent ends first. */
static fdt_node node_at(const struct fdt *fdt, const u8 *at)
{
	for (;;) {
		const u8 *next;

		switch (token(fdt, at, &next)) {
		case BEGIN_NODE:
			return at;
		case PROP:
		case NOP:
			at = next;
			break;
		default:
			return NULL;
		}
	}
}

fdt_node fdt_root(const struct fdt *fdt)
{
	return node_at(fdt, fdt->structs);
}

fdt_node fdt_first_child(const struct fdt *fdt, fdt_node node)
{
	return node_at(fdt, contents(fdt, node));
}

fdt_node fdt_next_sibling(const struct fdt *fdt, fdt_node node)
{
	const u8 *at = contents(fdt, node), *next;

	for (u32 depth = 1; depth > 0; at = next) {
		switch (token(fdt, at, &next)) {
		case BEGIN_NODE:
			depth++;
			break;
		case END_NODE:
			depth--;
			break;
		case END:
			return NULL;
		default:
			break;
		}
	}
	return node_at(fdt, at);
}

bool fdt_is_named(fdt_node node, const char *name)
{
	const char *own = (const char *)node + 4;

	while (*name && *own == *name) {
		own++;
		name++;
	}
	return *name == 0 && (*own == 0 || *own == '@');
}

fdt_node fdt_child(const struct fdt *fdt, fdt_node node, const char *name)
{
	fdt_node child = fdt_first_child(fdt, node);

	while (child && !fdt_is_named(child, name))
		child = fdt_next_sibling(fdt, child);
	return child;
}

const u8 *fdt_property(const struct fdt *fdt, fdt_node node, const char *name, u32 *size)
{
	const u8 *at = contents(fdt, node), *next;

	*size = 0;
	for (;; at = next) {
		u32 what = token(fdt, at, &next);

		if (what == NOP)
			continue;
		if (what != PROP)
			return NULL;
		if (get(at + 8) < fdt->strings_size && strcmp(fdt->strings + get(at + 8), name) == 0) {
			*size = get(at + 4);
			return at + 12;
		}
	}
}

u32 fdt_property_cell(const struct fdt *fdt, fdt_node node, const char *name, u32 missing)
{
	u32 size;
	const u8 *value = fdt_property(fdt, node, name, &size);

	return size == 4 ? get(value) : missing;
}

u64 fdt_take(const u8 **at, u32 cells)
{
	u64 value = 0;

	for (; cells > 0; cells--, *at += 4)
		value = value << 32 | get(*at);
	return value;
}
