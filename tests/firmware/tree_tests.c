/*
 * The device tree that the kernel gets: as it was, but for a node that keeps the kernel out of the firmware's memory.
 */
#include "tests/firmware/test.h"

enum { BEGIN_NODE = 1, END_NODE = 2, PROP = 3, END = 9 };

static u32 get(const u8 *at)
{
	return (u32)at[0] << 24 | (u32)at[1] << 16 | (u32)at[2] << 8 | at[3];
}

static int same(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

/* What a walk through the whole tree found. */
struct found {
	u64 nodes, parents;        /* nodes; those called reserved-memory */
	u64 firmware;              /* nodes in there whose reg is the firmware's memory */
	u64 no_map;                /* those that say no-map */
	u64 address_cells, ranges; /* properties of reserved-memory */
	u64 well_formed;           /* the walk came to the end */
	u64 cpus;                  /* nodes called cpu@... */
};

static void look_at_property(struct found *found, const char *name, const u8 *value, u32 size, u64 depth, int is_ours)
{
	if (depth == 2) {
		found->address_cells += same(name, "#address-cells") && get(value) == 2;
		found->ranges += same(name, "ranges") && size == 0;
	} else if (is_ours) {
		found->firmware += same(name, "reg") && size == 16 && get(value) == 0 &&
		                   get(value + 4) == FIRMWARE_BASE && get(value + 8) == 0 &&
		                   get(value + 12) == FIRMWARE_SIZE;
		found->no_map += same(name, "no-map") && size == 0;
	}
}

static struct found walk(void)
{
	const u8 *at = device_tree + get(device_tree + 8), *end = at + get(device_tree + 36);
	const char *strings = (const char *)device_tree + get(device_tree + 12);
	struct found found = { 0 };
	u64 depth = 0, reserved_depth = 0;
	int is_ours = 0;

	while (at < end) {
		u32 token = get(at), size;

		at += 4;
		switch (token) {
		case BEGIN_NODE:
			depth++;
			found.nodes++;
			is_ours = reserved_depth && same((const char *)at, "firmware@80000000");
			if (depth == 2 && same((const char *)at, "reserved-memory")) {
				reserved_depth = depth;
				found.parents++;
			}
			found.cpus += depth == 3 && at[0] == 'c' && at[1] == 'p' && at[2] == 'u' && at[3] == '@';
			while (*at)
				at++;
			at = (const u8 *)(((u64)at + 4) & ~3ul);
			break;
		case END_NODE:
			if (depth-- == reserved_depth)
				reserved_depth = 0;
			is_ours = 0;
			break;
		case PROP:
			size = get(at);
			if (reserved_depth)
				look_at_property(&found, strings + get(at + 4), at + 8, size, depth, is_ours);
			at += (8 + size + 3) & ~3u;
			break;
		case END:
			found.well_formed = depth == 0 && at == end;
			break;
		default:
			break;
		}
	}
	return found;
}

static void tree_reserves_the_firmware(void)
{
	struct found found = walk();

	expect(get(device_tree), 0xd00dfeed);
	expect(found.well_formed, 1);
	expect(found.parents, 1);
	expect(found.address_cells, 1);
	expect(found.ranges, 1);
	expect(found.firmware, 1);
	expect(found.no_map, 1);
	expect_true(found.nodes > 10);
}

static void tree_has_all_harts(void)
{
	expect(walk().cpus, hart_count);
}

static void tree_lies_outside_of_firmware_and_kernel(void)
{
	extern const char _start[];
	u64 start = (u64)device_tree, end = start + get(device_tree + 4);

	expect(start & 7, 0);
	expect_true(start >= FIRMWARE_BASE + FIRMWARE_SIZE);
	expect_true(end <= (u64)_start || start >= (u64)(cpus + CPUS_MAX));
}

const struct test tree_tests[] = {
	TEST(tree_reserves_the_firmware),
	TEST(tree_has_all_harts),
	TEST(tree_lies_outside_of_firmware_and_kernel),
	{ 0 },
};
