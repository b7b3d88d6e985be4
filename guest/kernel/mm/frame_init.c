/*
 * Where RAM is: the device tree's /memory without what is reserved there or lies in it already: firmware, kernel image,
 * device tree, initial RAM disk. Devicetree specification 0.4: 3.4 (/memory), 3.5 (/reserved-memory), 5.3 (memory
 * reservation block).
 */
#include "guest/kernel/core/device_tree.h"
#include "guest/kernel/core/image.h"
#include "guest/kernel/core/print.h"
#include "guest/kernel/mm/frame_internal.h"

#define RANGES_MAX 64
#define DIRECT_MAP_SIZE                                                                                                \
	((IMAGE_BASE & ~0x3ffffffful) - DIRECT_MAP) /* the rest of the upper half is the image's gigabyte */

/* [start, end), physical. */
struct range {
	u64 start, end;
};

/* Sorted by start, not overlapping. */
struct ranges {
	struct range all[RANGES_MAX];
	unsigned count;
};

static struct ranges ram, reserved;

static void remove_range(struct ranges *ranges, unsigned i)
{
	ranges->count--;
	memmove(&ranges->all[i], &ranges->all[i + 1], (ranges->count - i) * sizeof(struct range));
}

/* Adds a range; those it touches become one with it. */
static void add_range(struct ranges *ranges, u64 start, u64 end)
{
	unsigned i = 0;
	if (start >= end)
		return;
	while (i < ranges->count) {
		struct range *other = &ranges->all[i];
		if (other->end < start || other->start > end) {
			i++;
			continue;
		}
		start = MIN(start, other->start);
		end = MAX(end, other->end);
		remove_range(ranges, i);
	}
	if (ranges->count == RANGES_MAX)
		panic("the device tree names more than %d areas of memory", RANGES_MAX);
	for (i = 0; i < ranges->count && ranges->all[i].start < start; i++)
		;
	memmove(&ranges->all[i + 1], &ranges->all[i], (ranges->count - i) * sizeof(struct range));
	ranges->all[i] = (struct range){ start, end };
	ranges->count++;
}

/* Whole frames that hold any byte of it. */
static void reserve(u64 start, u64 size)
{
	u64 end = size > ~0ul - start - PAGE_SIZE ? ROUND_DOWN(~0ul, PAGE_SIZE) : ROUND_UP(start + size, PAGE_SIZE);
	add_range(&reserved, ROUND_DOWN(start, PAGE_SIZE), end);
}

static void find_ram(void)
{
	u64 start, size;
	for (int node = device_tree_first_child(0); node >= 0; node = device_tree_next_sibling(node)) {
		const char *type = device_tree_property(node, "device_type", NULL);
		if (!type || strcmp(type, "memory") != 0)
			continue;
		for (unsigned i = 0; device_tree_reg(node, i, &start, &size); i++) {
			if (start >= DIRECT_MAP_SIZE || size == 0)
				continue;
			size = MIN(size, DIRECT_MAP_SIZE - start);
			add_range(&ram, ROUND_UP(start, PAGE_SIZE), ROUND_DOWN(start + size, PAGE_SIZE));
		}
	}
	if (ram.count == 0)
		panic("the device tree names no memory");
}

static void find_reserved(u64 kernel_end_pa)
{
	u64 start, size;
	reserve(IMAGE_PA, kernel_end_pa - IMAGE_PA);
	reserve(virtual_to_pa(device_tree_blob(&size)), size);
	for (unsigned i = 0; device_tree_reservation(i, &start, &size); i++)
		reserve(start, size);
	for (int node = device_tree_first_child(device_tree_path("/reserved-memory")); node >= 0;
	     node = device_tree_next_sibling(node))
		for (unsigned i = 0; device_tree_reg(node, i, &start, &size); i++)
			reserve(start, size);
	int chosen = device_tree_path("/chosen");
	start = device_tree_number(chosen, "linux,initrd-start", 0);
	u64 end = device_tree_number(chosen, "linux,initrd-end", 0);
	if (end > start)
		reserve(start, end - start);
	/* Firmware that lies below the kernel and does not say so. */
	for (unsigned i = 0; i < ram.count; i++)
		if (ram.all[i].start < IMAGE_PA && ram.all[i].end > IMAGE_PA)
			reserve(ram.all[i].start, IMAGE_PA - ram.all[i].start);
}

/* The lowest place in RAM behind the kernel that is not reserved; 0: none. */
static u64 find_room(u64 size)
{
	for (unsigned i = 0; i < ram.count; i++) {
		u64 at = MAX(ram.all[i].start, IMAGE_PA);
		for (unsigned k = 0; k < reserved.count; k++)
			if (reserved.all[k].start < at + size && reserved.all[k].end > at)
				at = reserved.all[k].end;
		if (at < ram.all[i].end && size <= ram.all[i].end - at)
			return at;
	}
	return 0;
}

static void make_table(u64 first, u64 count)
{
	u64 size = ROUND_UP(count * sizeof(struct frame), PAGE_SIZE);
	u64 pa = find_room(size);
	if (pa == 0)
		panic("%lu KiB for the frame table do not fit into RAM: give the machine more", size / 1024);
	reserve(pa, size);
	for (u64 at = pa; at < pa + size; at += PAGE_SIZE)
		page_zero((void *)(DIRECT_MAP + at));
	frame_set_table((struct frame *)(DIRECT_MAP + pa), first, count);
}

/* Gives what of one bank of RAM is not reserved. */
static void give(const struct range *bank)
{
	u64 at = bank->start;
	for (unsigned k = 0; k < reserved.count && at < bank->end; k++) {
		const struct range *kept = &reserved.all[k];
		if (kept->end <= at || kept->start >= bank->end)
			continue;
		if (kept->start > at)
			frame_give(at >> PAGE_SHIFT, kept->start >> PAGE_SHIFT);
		frame_reserve(MAX(at, kept->start) >> PAGE_SHIFT, MIN(kept->end, bank->end) >> PAGE_SHIFT);
		at = MIN(kept->end, bank->end);
	}
	if (at < bank->end)
		frame_give(at >> PAGE_SHIFT, bank->end >> PAGE_SHIFT);
}

void frame_init(u64 kernel_end_pa)
{
	find_ram();
	find_reserved(kernel_end_pa);
	u64 first = ram.all[0].start >> PAGE_SHIFT;
	u64 end = ram.all[ram.count - 1].end >> PAGE_SHIFT;
	make_table(first, end - first);
	for (unsigned i = 0; i < ram.count; i++) {
		if (i > 0)
			frame_reserve(ram.all[i - 1].end >> PAGE_SHIFT, ram.all[i].start >> PAGE_SHIFT);
		give(&ram.all[i]);
	}
	frame_finish();
	printk("RAM: %lu MiB at 0x%lx, %lu KiB free\n", (end - first) >> 8, first << PAGE_SHIFT,
	       frame_free_count() * 4);
}
