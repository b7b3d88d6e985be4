/*
 * The flattened device tree: enough to read it, and to copy it with one node more. Devicetree Specification, "Flattened
 * Devicetree (DTB) Format". Offsets in a tree are checked, so that a broken one gives no answers rather than a trap.
 */
#ifndef FIRMWARE_FDT_H
#define FIRMWARE_FDT_H

#include "firmware/base.h"

struct fdt {
	const u8 *base;        /* of the whole blob */
	u64 size;              /* bytes of it */
	const u8 *structs;     /* the structure block */
	const u8 *structs_end; /* its end */
	const char *strings;   /* names of properties */
	u64 strings_size;      /* bytes of them; the last is 0 */
};

/* A node is the address of its FDT_BEGIN_NODE token; NULL: there is none. */
typedef const u8 *fdt_node;

/* False: at pa is no device tree. */
bool fdt_open(struct fdt *fdt, u64 pa);

fdt_node fdt_root(const struct fdt *fdt);
fdt_node fdt_first_child(const struct fdt *fdt, fdt_node node);
fdt_node fdt_next_sibling(const struct fdt *fdt, fdt_node node);

/* The child whose name, without what follows an @, is this. */
fdt_node fdt_child(const struct fdt *fdt, fdt_node node, const char *name);

/* True if the node's name, without what follows an @, is this. */
bool fdt_is_named(fdt_node node, const char *name);

/* A property's value and size in bytes; NULL (and size 0): there is none. */
const u8 *fdt_property(const struct fdt *fdt, fdt_node node, const char *name, u32 *size);

/* A property of one cell, or `missing`. */
u32 fdt_property_cell(const struct fdt *fdt, fdt_node node, const char *name, u32 missing);

/* The number in the next 1 or 2 cells; *at moves on. */
u64 fdt_take(const u8 **at, u32 cells);

/* --- fdt_copy.c --- */

/* Room that a copy with one node more takes at most, with the space it leaves free for the next who edits it. */
u64 fdt_copy_size(const struct fdt *fdt);

/*
 * Writes the tree to `to` (a multiple of 8, not overlapping), with a node in /reserved-memory that says "nobody maps
 * start .. start + size - 1"; false: the tree is not in a shape to do so.
 */
bool fdt_copy_reserving(const struct fdt *fdt, u8 *to, u64 start, u64 size);

#endif
