/*
 * A copy of the device tree with one node more: the firmware's memory, in /reserved-memory, which is made if it is not
 * there. See fdt.h.
 */
#include "firmware/fdt.h"

#define HEADER_SIZE 40
#define GROWTH_MAX 256
/* Left free behind the tree: boot loaders (U-Boot) edit it in place. */
#define SLACK 4096

enum { BEGIN_NODE = 1, END_NODE = 2, PROP = 3, END = 9 };

/* The names of our properties are appended to the strings: offsets in there. */
static const char names[] = "#address-cells\0#size-cells\0ranges\0reg\0no-map";
enum { ADDRESS_CELLS = 0, SIZE_CELLS = 15, RANGES = 27, REG = 34, NO_MAP = 38 };

struct writer {
	u8 *at;    /* where the next byte goes */
	u32 names; /* offset of our names in the strings */
};

static void put(struct writer *w, u32 value)
{
	for (i32 shift = 24; shift >= 0; shift -= 8)
		*w->at++ = (u8)(value >> shift);
}

static void put_bytes(struct writer *w, const void *bytes, u64 size)
{
	memcpy(w->at, bytes, size);
	w->at += size;
	while ((u64)w->at & 3)
		*w->at++ = 0;
}

static void put_property(struct writer *w, u32 name, u32 size)
{
	put(w, PROP);
	put(w, size);
	put(w, w->names + name);
}

static void put_number(struct writer *w, u64 value, u32 cells)
{
	if (cells > 1)
		put(w, (u32)(value >> 32));
	put(w, (u32)value);
}

static void put_firmware_node(struct writer *w, u64 start, u64 size, u32 address_cells, u32 size_cells)
{
	char name[] = "firmware@0000000000000000";
	char *digits = name + 9;
	u32 count = 0;

	for (i32 shift = 60; shift >= 0; shift -= 4)
		if (start >> shift)
			digits[count++] = "0123456789abcdef"[start >> shift & 15];
	digits[count] = 0;
	put(w, BEGIN_NODE);
	put_bytes(w, name, strlen(name) + 1);
	put_property(w, REG, 4 * (address_cells + size_cells));
	put_number(w, start, address_cells);
	put_number(w, size, size_cells);
	put_property(w, NO_MAP, 0);
	put(w, END_NODE);
}

static void put_parent_head(struct writer *w, u32 address_cells, u32 size_cells)
{
	static const char name[] = "reserved-memory";

	put(w, BEGIN_NODE);
	put_bytes(w, name, sizeof(name));
	put_property(w, ADDRESS_CELLS, 4);
	put(w, address_cells);
	put_property(w, SIZE_CELLS, 4);
	put(w, size_cells);
	put_property(w, RANGES, 0);
}

/* Where the children of a node begin: behind its properties, at its first child or its end. */
static const u8 *children(const struct fdt *fdt, fdt_node node)
{
	fdt_node child = fdt_first_child(fdt, node);
	const u8 *at = fdt->structs_end;

	if (child)
		return child;
	/* No child: this is before the first END_NODE behind the last property. */
	for (at = node + 4; *at; at++)
		;
	at = (const u8 *)(((u64)at + 4) & ~3ul);
	for (;;) {
		const u8 *next = at;
		u32 what = (u32)fdt_take(&next, 1);

		if (what == PROP)
			at += (12 + fdt_take(&next, 1) + 3) & ~3ul;
		else if (what == END_NODE)
			return at;
		else
			at += 4;
	}
}

/* Copies the structure block, with the new node (and its parent) where children of the parent go. */
static void copy_structs(const struct fdt *fdt, struct writer *w, u64 start, u64 size)
{
	fdt_node root = fdt_root(fdt), parent = fdt_child(fdt, root, "reserved-memory");
	fdt_node owner = parent ? parent : root;
	u32 address_cells = fdt_property_cell(fdt, owner, "#address-cells", 2);
	u32 size_cells = fdt_property_cell(fdt, owner, "#size-cells", 1);
	const u8 *place = children(fdt, owner);

	put_bytes(w, fdt->structs, (u64)(place - fdt->structs));
	if (!parent)
		put_parent_head(w, address_cells, size_cells);
	put_firmware_node(w, start, size, address_cells, size_cells);
	if (!parent)
		put(w, END_NODE);
	put_bytes(w, place, (u64)(fdt->structs_end - place));
}

/* Entries of two numbers of eight bytes, up to and with one that is all zero. */
static u64 reservations_size(const struct fdt *fdt, const u8 *map)
{
	const u8 *at = map;

	while (at + 16 <= fdt->base + fdt->size)
		if ((fdt_take(&at, 2) | fdt_take(&at, 2)) == 0)
			break;
	return (u64)(at - map);
}

u64 fdt_copy_size(const struct fdt *fdt)
{
	return fdt->size + GROWTH_MAX + SLACK;
}

bool fdt_copy_reserving(const struct fdt *fdt, u8 *to, u64 start, u64 size)
{
	const u8 *at = fdt->base + 16;
	const u8 *map = fdt->base + fdt_take(&at, 1);
	struct writer w = { .at = to + HEADER_SIZE, .names = (u32)fdt->strings_size };
	struct writer header = { .at = to + 4 };
	u64 structs, strings;

	_Static_assert(sizeof(names) == NO_MAP + 7, "the offsets fit the names");
	if (map > fdt->base + fdt->size)
		return false;
	put_bytes(&w, map, reservations_size(fdt, map));
	structs = (u64)(w.at - to);
	copy_structs(fdt, &w, start, size);
	strings = (u64)(w.at - to);
	memcpy(w.at, fdt->strings, fdt->strings_size);
	memcpy(w.at + fdt->strings_size, names, sizeof(names));

	memcpy(to, fdt->base, HEADER_SIZE);
	put(&header, (u32)(strings + fdt->strings_size + sizeof(names) + SLACK));
	put(&header, (u32)structs);
	put(&header, (u32)strings);
	put(&header, HEADER_SIZE);
	header.at = to + 32;
	put(&header, (u32)(fdt->strings_size + sizeof(names)));
	put(&header, (u32)(strings - structs));
	return true;
}
