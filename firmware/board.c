/*
 * What the firmware wants to know from the device tree: which harts there are, where RAM is, what the counters can
 * count, and who sets A and D bits.
 */
#include "firmware/board.h"

#include "firmware/fdt.h"
#include "firmware/layout.h"

struct board board;

static bool is_text(const struct fdt *fdt, fdt_node node, const char *name, const char *text)
{
	u32 size;
	const u8 *value = fdt_property(fdt, node, name, &size);

	return size == strlen(text) + 1 && memcmp(value, text, size) == 0;
}

/* riscv,isa-extensions is a list of strings, riscv,isa one string with underscores between: either names it. */
static bool has_extension(const struct fdt *fdt, fdt_node cpu, const char *extension)
{
	static const char *const properties[] = { "riscv,isa-extensions", "riscv,isa" };
	u64 length = strlen(extension);

	for (u32 k = 0; k < ARRAY_SIZE(properties); k++) {
		u32 size;
		const u8 *value = fdt_property(fdt, cpu, properties[k], &size);

		for (u64 at = 0; at + length < size; at++) {
			bool begins = at == 0 || value[at - 1] == 0 || value[at - 1] == '_';
			bool ends = value[at + length] == 0 || value[at + length] == '_';

			if (begins && ends && memcmp(value + at, extension, length) == 0)
				return true;
		}
	}
	return false;
}

static void read_cpu(const struct fdt *fdt, fdt_node cpu, u32 address_cells)
{
	u32 size;
	const u8 *reg = fdt_property(fdt, cpu, "reg", &size);
	u64 id;

	if (!is_text(fdt, cpu, "device_type", "cpu") || size < 4 * address_cells || address_cells < 1 ||
	    address_cells > 2 || is_text(fdt, cpu, "status", "disabled"))
		return;
	id = fdt_take(&reg, address_cells);
	if (id >= HARTS_MAX)
		return;
	board.harts |= BIT(id);
	if (has_extension(fdt, cpu, "svade"))
		board.ad_bits = AD_BY_FAULT;
	else if (board.ad_bits == AD_UNKNOWN && has_extension(fdt, cpu, "svadu"))
		board.ad_bits = AD_BY_HARDWARE;
}

static void read_cpus(const struct fdt *fdt, fdt_node cpus)
{
	u32 address_cells = fdt_property_cell(fdt, cpus, "#address-cells", 1);

	for (fdt_node cpu = fdt_first_child(fdt, cpus); cpu; cpu = fdt_next_sibling(fdt, cpu))
		read_cpu(fdt, cpu, address_cells);
}

static void read_memory(const struct fdt *fdt, fdt_node root, fdt_node memory)
{
	u32 address_cells = fdt_property_cell(fdt, root, "#address-cells", 2);
	u32 size_cells = fdt_property_cell(fdt, root, "#size-cells", 1), size, row = 4 * (address_cells + size_cells);
	const u8 *reg = fdt_property(fdt, memory, "reg", &size);

	for (; size >= row && row > 0 && board.ram_count < BOARD_RAM_MAX; size -= row) {
		struct range *ram = &board.ram[board.ram_count++];

		ram->start = fdt_take(&reg, address_cells);
		ram->size = fdt_take(&reg, size_cells);
	}
}

/* The initial RAM disk's limits have one or two cells. */
static void read_chosen(const struct fdt *fdt, fdt_node chosen)
{
	u32 start_size, end_size;
	const u8 *start = fdt_property(fdt, chosen, "linux,initrd-start", &start_size);
	const u8 *end = fdt_property(fdt, chosen, "linux,initrd-end", &end_size);

	if (start_size < 4 || end_size < 4)
		return;
	board.initrd.start = fdt_take(&start, start_size / 4);
	board.initrd.size = fdt_take(&end, end_size / 4) - board.initrd.start;
}

/* The tables of "riscv,pmu": rows of cells (event, selector), (first, last, counters), (match, mask, counters). */
static void read_pmu(const struct fdt *fdt, fdt_node pmu)
{
	u32 size;
	const u8 *at = fdt_property(fdt, pmu, "riscv,event-to-mhpmevent", &size);

	for (; size >= 12 && board.selector_count < BOARD_EVENTS_MAX; size -= 12) {
		struct event_selector *row = &board.selectors[board.selector_count++];

		row->event = fdt_take(&at, 1);
		row->selector = fdt_take(&at, 2);
	}
	at = fdt_property(fdt, pmu, "riscv,event-to-mhpmcounters", &size);
	for (; size >= 12 && board.counters_count < BOARD_EVENTS_MAX; size -= 12) {
		struct event_counters *row = &board.counters[board.counters_count++];

		row->first = fdt_take(&at, 1);
		row->last = fdt_take(&at, 1);
		row->counters = fdt_take(&at, 1);
	}
	at = fdt_property(fdt, pmu, "riscv,raw-event-to-mhpmcounters", &size);
	for (; size >= 20 && board.raw_count < BOARD_EVENTS_MAX; size -= 20) {
		struct raw_counters *row = &board.raw[board.raw_count++];

		row->match = fdt_take(&at, 2);
		row->mask = fdt_take(&at, 2);
		row->counters = fdt_take(&at, 1);
	}
}

void board_read(const struct fdt *fdt)
{
	fdt_node root = fdt_root(fdt);

	for (fdt_node node = fdt_first_child(fdt, root); node; node = fdt_next_sibling(fdt, node)) {
		if (fdt_is_named(node, "cpus"))
			read_cpus(fdt, node);
		else if (is_text(fdt, node, "device_type", "memory"))
			read_memory(fdt, root, node);
		else if (fdt_is_named(node, "chosen"))
			read_chosen(fdt, node);
		else if (fdt_is_named(node, "pmu"))
			read_pmu(fdt, node);
	}
}

/* Sizes are compared, never ends: an end may wrap round. */
static bool lies_within(u64 start, u64 size, u64 outer, u64 outer_size)
{
	return start >= outer && start - outer <= outer_size && size <= outer_size - (start - outer);
}

static bool overlap(u64 a, u64 a_size, u64 b, u64 b_size)
{
	return a - b < b_size || b - a < a_size;
}

bool board_is_supervisor_ram(u64 pa, u64 size)
{
	bool is_ram = board.ram_count == 0 && size <= ~pa;

	for (u32 i = 0; i < board.ram_count; i++)
		is_ram |= lies_within(pa, size, board.ram[i].start, board.ram[i].size);
	return is_ram && !overlap(pa, size, FIRMWARE_BASE, FIRMWARE_SIZE);
}
