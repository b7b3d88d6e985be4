/*
 * The device tree: see device_tree.h. Devicetree specification 0.4, chapter 5 (the flattened format) and 2.3 (standard
 * properties).
 *
 * The structure block is a row of tokens. A node is known by the offset of its FDT_BEGIN_NODE in it; nothing is
 * unpacked, so each search walks over the bytes again. It is used at boot only.
 */
#include "guest/kernel/core/device_tree.h"

#define FDT_MAGIC 0xd00dfeed
#define FDT_MAX (16ul << 20)
#define DEPTH_MAX 16

enum token { FDT_BEGIN_NODE = 1, FDT_END_NODE = 2, FDT_PROP = 3, FDT_NOP = 4, FDT_END = 9 };
enum header { HEADER_MAGIC, HEADER_SIZE, HEADER_STRUCTS, HEADER_STRINGS, HEADER_RESERVED, HEADER_VERSION };

static struct {
	const u8 *blob;
	const u8 *structs; /* the structure block */
	const char *strings;
	u64 size;
	int end; /* structs + end is the end of the blob: no token may lie beyond */
} tree;

static u32 big32(const void *at)
{
	u32 value;
	memcpy(&value, at, sizeof(value));
	return __builtin_bswap32(value);
}

static u64 big64(const void *at)
{
	return (u64)big32(at) << 32 | big32((const u8 *)at + 4);
}

void device_tree_init(const void *blob)
{
	if (((u64)blob & 7) != 0 || big32(blob) != FDT_MAGIC)
		panic("a1 does not point to a device tree: what started the kernel is no SBI firmware");
	const u8 *header = blob;
	tree.blob = blob;
	tree.size = big32(header + 4 * HEADER_SIZE);
	u32 structs = big32(header + 4 * HEADER_STRUCTS);
	u32 strings = big32(header + 4 * HEADER_STRINGS);
	if (tree.size > FDT_MAX || structs >= tree.size || strings >= tree.size)
		panic("the device tree is damaged: its header does not fit together");
	tree.structs = tree.blob + structs;
	tree.strings = (const char *)tree.blob + strings;
	tree.end = (int)(tree.size - structs);
}

const void *device_tree_blob(u64 *size)
{
	*size = tree.size;
	return tree.blob;
}

bool device_tree_reservation(unsigned index, u64 *address, u64 *size)
{
	u64 at = big32(tree.blob + 4 * HEADER_RESERVED) + 16ul * index;
	if (at + 16 > tree.size)
		return false;
	*address = big64(tree.blob + at);
	*size = big64(tree.blob + at + 8);
	return *address != 0 || *size != 0;
}

static u32 token_at(int offset)
{
	return offset >= 0 && offset + 4 <= tree.end ? big32(tree.structs + offset) : FDT_END;
}

static const char *node_name(int node)
{
	return (const char *)tree.structs + node + 4;
}

/* The token behind the one at this offset. */
static int next_token(int offset)
{
	switch (token_at(offset)) {
	case FDT_BEGIN_NODE:
		return (int)ROUND_UP((u64)offset + 4 + strlen(node_name(offset)) + 1, 4);
	case FDT_PROP:
		return (int)ROUND_UP((u64)offset + 12 + big32(tree.structs + offset + 4), 4);
	default:
		return offset + 4;
	}
}

/* Skips properties and NOPs behind offset; the offset of a token that begins or ends a node, or the tree. */
static int next_border(int offset)
{
	do {
		offset = next_token(offset);
	} while (token_at(offset) == FDT_PROP || token_at(offset) == FDT_NOP);
	return offset;
}

int device_tree_first_child(int node)
{
	int at = node < 0 ? -1 : next_border(node);
	return token_at(at) == FDT_BEGIN_NODE ? at : -1;
}

int device_tree_next_sibling(int node)
{
	int depth = 0;
	for (int at = node; token_at(at) != FDT_END; at = next_border(at)) {
		if (token_at(at) == FDT_BEGIN_NODE && at != node && depth == 0)
			return at;
		depth += token_at(at) == FDT_BEGIN_NODE ? 1 : -1;
		if (depth < 0)
			return -1;
	}
	return -1;
}

static int parent_of(int node)
{
	int path[DEPTH_MAX], depth = 0;
	for (int at = 0; token_at(at) != FDT_END; at = next_border(at)) {
		if (at == node)
			return depth > 0 && depth <= DEPTH_MAX ? path[depth - 1] : -1;
		if (token_at(at) == FDT_END_NODE) {
			depth--;
			continue;
		}
		if (depth < DEPTH_MAX)
			path[depth] = at;
		depth++;
	}
	return -1;
}

/* Whether a property that is a list of strings has this one. */
static bool list_has(const char *list, u32 size, const char *string)
{
	u64 length = strlen(string) + 1;
	for (const char *end = list + size; list < end; list += strlen(list) + 1)
		if ((u64)(end - list) >= length && memcmp(list, string, length) == 0)
			return true;
	return false;
}

int device_tree_compatible(int from, const char *string)
{
	for (int at = from < 0 ? 0 : next_border(from); token_at(at) != FDT_END; at = next_border(at)) {
		if (token_at(at) != FDT_BEGIN_NODE)
			continue;
		u32 size;
		const char *list = device_tree_property(at, "compatible", &size);
		if (list && list_has(list, size, string))
			return at;
	}
	return -1;
}

int device_tree_path(const char *path)
{
	int node = 0;
	while (node >= 0 && *path) {
		while (*path == '/')
			path++;
		u64 length = strcspn(path, "/");
		if (length == 0)
			break;
		for (node = device_tree_first_child(node); node >= 0; node = device_tree_next_sibling(node)) {
			const char *name = node_name(node);
			if (strncmp(name, path, length) == 0 && (name[length] == 0 || name[length] == '@'))
				break;
		}
		path += length;
	}
	return node;
}

const void *device_tree_property(int node, const char *name, u32 *size)
{
	if (node < 0)
		return NULL;
	for (int at = next_token(node);; at = next_token(at)) {
		u32 token = token_at(at);
		if (token == FDT_NOP)
			continue;
		if (token != FDT_PROP)
			return NULL;
		const u8 *property = tree.structs + at;
		if (strcmp(tree.strings + big32(property + 8), name) != 0)
			continue;
		if (size)
			*size = big32(property + 4);
		return property + 12;
	}
}

u64 device_tree_number(int node, const char *name, u64 otherwise)
{
	u32 size;
	const void *property = device_tree_property(node, name, &size);
	if (property && size == 4)
		return big32(property);
	if (property && size == 8)
		return big64(property);
	return otherwise;
}

static u64 read_cells(const u8 *at, unsigned cells)
{
	u64 value = 0;
	for (unsigned i = 0; i < cells; i++)
		value = value << 32 | big32(at + 4ul * i);
	return value;
}

bool device_tree_reg(int node, unsigned index, u64 *address, u64 *size)
{
	u32 bytes;
	const u8 *reg = device_tree_property(node, "reg", &bytes);
	int parent = parent_of(node);
	unsigned address_cells = (unsigned)device_tree_number(parent, "#address-cells", 2);
	unsigned size_cells = (unsigned)device_tree_number(parent, "#size-cells", 1);
	u64 entry = 4ul * (address_cells + size_cells);
	if (!reg || (index + 1) * entry > bytes)
		return false;
	reg += index * entry;
	*address = read_cells(reg, address_cells);
	*size = read_cells(reg + 4ul * address_cells, size_cells);
	return true;
}

/* A node's interrupt numbers for the PLIC: one cell each. */
u32 device_tree_interrupt(int node)
{
	return (u32)device_tree_number(node, "interrupts", 0);
}
