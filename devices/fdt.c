/*
 * The device tree: see fdt.h. The tree is written from top to bottom with libfdt's sequential functions; each function
 * below writes one node and what is under it. An error sticks in the writer and is looked at once, at the end, so that
 * the functions read as the tree does.
 *
 * Phandles: harts' interrupt controllers are 1..n, the cpu nodes n+1..2n, then the PLIC and the finisher.
 */
#include "devices/fdt.h"

#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devices/framebuffer.h"
#include "devices/memmap.h"
#include "devices/syscon.h"
#include "devices/uart.h"

/* Room for the tree: what a hart takes (its ISA is in there twice), and the rest. */
#define BYTES_PER_HART 4096
#define BYTES_FIXED 32768

/* Interrupt numbers at a hart's own controller: the bits of mip. */
#define HART_MSI 3
#define HART_MTI 7
#define HART_SEI 9
#define HART_MEI 11

#define NAME_SIZE 64

/* A tree given by the user: from this version on a node's name is its own alone. */
#define OLDEST_FDT_VERSION 16

struct writer {
	void *blob;                        /* what is being written */
	int failure;                       /* libfdt's first error; 0: none */
	const struct fdt_machine *machine; /* what is described */
};

/* Notes the first error. */
static void check(struct writer *w, int result)
{
	if (w->failure == 0 && result < 0)
		w->failure = result;
}

static void begin(struct writer *w, const char *name)
{
	check(w, fdt_begin_node(w->blob, name));
}

static void end(struct writer *w)
{
	check(w, fdt_end_node(w->blob));
}

/* Opens a node called after its address. */
static void begin_at(struct writer *w, const char *name, u64 address)
{
	char full[NAME_SIZE];
	snprintf(full, sizeof(full), "%s@%llx", name, (unsigned long long)address);
	begin(w, full);
}

static void put_bytes(struct writer *w, const char *name, const void *bytes, size_t size)
{
	check(w, fdt_property(w->blob, name, bytes, (int)size));
}

static void put_string(struct writer *w, const char *name, const char *value)
{
	put_bytes(w, name, value, strlen(value) + 1);
}

static void put_flag(struct writer *w, const char *name)
{
	put_bytes(w, name, NULL, 0);
}

static void put_u32(struct writer *w, const char *name, u32 value)
{
	check(w, fdt_property_u32(w->blob, name, value));
}

static void put_u64(struct writer *w, const char *name, u64 value)
{
	check(w, fdt_property_u64(w->blob, name, value));
}

/* An address or a length is two cells, as #address-cells and #size-cells of / and /soc say. */
static void put_reg(struct writer *w, u64 base, u64 size)
{
	fdt64_t reg[2] = { cpu_to_fdt64(base), cpu_to_fdt64(size) };
	put_bytes(w, "reg", reg, sizeof(reg));
}

static void put_cells(struct writer *w, const char *name, struct fdt_cells value)
{
	if (value.count == 0)
		return;
	fdt32_t *cells = xcalloc(value.count, sizeof(*cells));
	for (u32 i = 0; i < value.count; i++)
		cells[i] = cpu_to_fdt32(value.cells[i]);
	put_bytes(w, name, cells, value.count * sizeof(*cells));
	free(cells);
}

static u32 intc_phandle(u32 hart)
{
	return 1 + hart;
}

static u32 cpu_phandle(const struct writer *w, u32 hart)
{
	return 1 + w->machine->harts + hart;
}

static u32 plic_phandle(const struct writer *w)
{
	return 1 + 2 * w->machine->harts;
}

static u32 syscon_phandle(const struct writer *w)
{
	return 2 + 2 * w->machine->harts;
}

static void put_interrupt(struct writer *w, u32 number)
{
	if (!w->machine->has_plic)
		return;
	put_u32(w, "interrupts", number);
	put_u32(w, "interrupt-parent", plic_phandle(w));
}

/* "interrupts-extended" of the PLIC and the CLINT: two of each hart's own interrupts. */
static void put_hart_interrupts(struct writer *w, u32 first, u32 second)
{
	u32 harts = w->machine->harts;
	u32 *cells = xcalloc(4 * harts, sizeof(*cells));
	for (u32 i = 0; i < harts; i++) {
		cells[4 * i] = intc_phandle(i);
		cells[4 * i + 1] = first;
		cells[4 * i + 2] = intc_phandle(i);
		cells[4 * i + 3] = second;
	}
	put_cells(w, "interrupts-extended", (struct fdt_cells){ .cells = cells, .count = 4 * harts });
	free(cells);
}

/* Adds one NUL-terminated name to a string list of *used bytes. */
static void list_add(char *list, size_t *used, const char *name, size_t length)
{
	memcpy(list + *used, name, length);
	list[*used + length] = '\0';
	*used += length + 1;
}

/* "riscv,isa-base" and "riscv,isa-extensions" say the same as the older "riscv,isa", one name after another. */
static void put_isa(struct writer *w)
{
	const char *isa = w->machine->isa;
	put_string(w, "riscv,isa", isa);
	put_string(w, "riscv,isa-base", "rv64i");
	/* A letter becomes two bytes; a longer name keeps its length, with NUL for '_'; "g" stands for a handful. */
	char *list = xcalloc(2 * strlen(isa) + 64, 1);
	size_t used = 0;
	const char *p = isa + strlen("rv64");
	bool has_g = *p == 'g';
	if (has_g) {
		for (const char *g = "imafd"; *g; g++)
			list_add(list, &used, g, 1);
		p++;
	}
	for (; *p && *p != '_'; p++)
		list_add(list, &used, p, 1);
	if (has_g) {
		list_add(list, &used, "zicsr", 5);
		list_add(list, &used, "zifencei", 8);
	}
	while (*p == '_') {
		size_t length = strcspn(++p, "_");
		if (length)
			list_add(list, &used, p, length);
		p += length;
	}
	put_bytes(w, "riscv,isa-extensions", list, used);
	free(list);
}

static void put_cpu(struct writer *w, u32 hart)
{
	const struct fdt_machine *m = w->machine;
	begin_at(w, "cpu", hart);
	put_string(w, "device_type", "cpu");
	put_u32(w, "reg", hart);
	put_string(w, "status", "okay");
	put_string(w, "compatible", "riscv");
	put_u32(w, "phandle", cpu_phandle(w, hart));
	put_isa(w);
	if (m->mmu_type)
		put_string(w, "mmu-type", m->mmu_type);
	if (m->cbom_block_size)
		put_u32(w, "riscv,cbom-block-size", m->cbom_block_size);
	if (m->cboz_block_size)
		put_u32(w, "riscv,cboz-block-size", m->cboz_block_size);
	if (m->cbop_block_size)
		put_u32(w, "riscv,cbop-block-size", m->cbop_block_size);
	begin(w, "interrupt-controller");
	put_u32(w, "#address-cells", 0);
	put_u32(w, "#interrupt-cells", 1);
	put_flag(w, "interrupt-controller");
	put_string(w, "compatible", "riscv,cpu-intc");
	put_u32(w, "phandle", intc_phandle(hart));
	end(w);
	end(w);
}

static void put_cpus(struct writer *w)
{
	const struct fdt_machine *m = w->machine;
	begin(w, "cpus");
	put_u32(w, "#address-cells", 1);
	put_u32(w, "#size-cells", 0);
	put_u32(w, "timebase-frequency", m->timebase_hz);
	for (u32 i = 0; i < m->harts; i++)
		put_cpu(w, i);
	begin(w, "cpu-map");
	begin(w, "cluster0");
	for (u32 i = 0; i < m->harts; i++) {
		char name[NAME_SIZE];
		snprintf(name, sizeof(name), "core%u", i);
		begin(w, name);
		put_u32(w, "cpu", cpu_phandle(w, i));
		end(w);
	}
	end(w);
	end(w);
	end(w);
}

static void put_serial(struct writer *w)
{
	begin_at(w, "serial", MEMMAP_UART_BASE);
	put_string(w, "compatible", "ns16550a");
	put_reg(w, MEMMAP_UART_BASE, MEMMAP_UART_SIZE);
	put_u32(w, "clock-frequency", UART_CLOCK_HZ);
	put_interrupt(w, MEMMAP_UART_IRQ);
	end(w);
}

static void put_rtc(struct writer *w)
{
	begin_at(w, "rtc", MEMMAP_RTC_BASE);
	put_string(w, "compatible", "google,goldfish-rtc");
	put_reg(w, MEMMAP_RTC_BASE, MEMMAP_RTC_SIZE);
	put_interrupt(w, MEMMAP_RTC_IRQ);
	end(w);
}

static void put_syscon(struct writer *w)
{
	static const char compatible[] = "sifive,test1\0sifive,test0\0syscon";
	begin_at(w, "test", MEMMAP_SYSCON_BASE);
	put_bytes(w, "compatible", compatible, sizeof(compatible));
	put_reg(w, MEMMAP_SYSCON_BASE, MEMMAP_SYSCON_SIZE);
	put_u32(w, "phandle", syscon_phandle(w));
	end(w);
}

/* What to store to the finisher for one way of ending the run. */
static void put_syscon_action(struct writer *w, const char *name, const char *compatible, u32 value)
{
	begin(w, name);
	put_string(w, "compatible", compatible);
	put_u32(w, "regmap", syscon_phandle(w));
	put_u32(w, "offset", 0);
	put_u32(w, "value", value);
	end(w);
}

static void put_virtio(struct writer *w, u32 slot)
{
	u64 base = MEMMAP_VIRTIO_BASE + (u64)slot * MEMMAP_VIRTIO_SIZE;
	begin_at(w, "virtio_mmio", base);
	put_string(w, "compatible", "virtio,mmio");
	put_reg(w, base, MEMMAP_VIRTIO_SIZE);
	put_interrupt(w, MEMMAP_VIRTIO_IRQ + slot);
	end(w);
}

static void put_plic(struct writer *w)
{
	static const char compatible[] = "sifive,plic-1.0.0\0riscv,plic0";
	begin_at(w, "plic", MEMMAP_PLIC_BASE);
	put_bytes(w, "compatible", compatible, sizeof(compatible));
	put_reg(w, MEMMAP_PLIC_BASE, MEMMAP_PLIC_SIZE);
	put_u32(w, "#address-cells", 0);
	put_u32(w, "#interrupt-cells", 1);
	put_flag(w, "interrupt-controller");
	put_u32(w, "riscv,ndev", MEMMAP_PLIC_SOURCES - 1);
	put_hart_interrupts(w, HART_MEI, HART_SEI);
	put_u32(w, "phandle", plic_phandle(w));
	end(w);
}

static void put_clint(struct writer *w)
{
	static const char compatible[] = "sifive,clint0\0riscv,clint0";
	begin_at(w, "clint", MEMMAP_CLINT_BASE);
	put_bytes(w, "compatible", compatible, sizeof(compatible));
	put_reg(w, MEMMAP_CLINT_BASE, MEMMAP_CLINT_SIZE);
	put_hart_interrupts(w, HART_MSI, HART_MTI);
	end(w);
}

static void put_soc(struct writer *w)
{
	const struct fdt_machine *m = w->machine;
	begin(w, "soc");
	put_u32(w, "#address-cells", 2);
	put_u32(w, "#size-cells", 2);
	put_string(w, "compatible", "simple-bus");
	put_flag(w, "ranges");
	if (m->has_syscon)
		put_syscon(w);
	if (m->has_rtc)
		put_rtc(w);
	if (m->has_clint)
		put_clint(w);
	if (m->has_plic)
		put_plic(w);
	if (m->has_uart)
		put_serial(w);
	for (u32 i = 0; i < MEMMAP_VIRTIO_COUNT; i++)
		if (m->virtio_slots & BIT(i))
			put_virtio(w, i);
	end(w);
}

/* What is left of a screen that "firmware" has set up; /chosen must say how its addresses are to be read, then. */
static void put_framebuffer(struct writer *w)
{
	const struct fdt_machine *m = w->machine;
	put_u32(w, "#address-cells", 2);
	put_u32(w, "#size-cells", 2);
	put_flag(w, "ranges");
	begin_at(w, "framebuffer", m->framebuffer_base);
	put_string(w, "compatible", "simple-framebuffer");
	put_reg(w, m->framebuffer_base, framebuffer_size(m->framebuffer_width, m->framebuffer_height));
	put_u32(w, "width", m->framebuffer_width);
	put_u32(w, "height", m->framebuffer_height);
	put_u32(w, "stride", m->framebuffer_width * 4);
	put_string(w, "format", "x8r8g8b8");
	put_string(w, "status", "okay");
	end(w);
}

static void put_chosen(struct writer *w)
{
	const struct fdt_machine *m = w->machine;
	char path[NAME_SIZE];
	snprintf(path, sizeof(path), "/soc/serial@%x", MEMMAP_UART_BASE);
	begin(w, "chosen");
	if (m->bootargs)
		put_string(w, "bootargs", m->bootargs);
	if (m->initrd_end) {
		put_u64(w, "linux,initrd-start", m->initrd_start);
		put_u64(w, "linux,initrd-end", m->initrd_end);
	}
	if (m->rng_seed)
		put_bytes(w, "rng-seed", m->rng_seed, m->rng_seed_size);
	if (m->has_uart)
		put_string(w, "stdout-path", path);
	if (m->framebuffer_width)
		put_framebuffer(w);
	end(w);
}

static void put_aliases(struct writer *w)
{
	char path[NAME_SIZE];
	begin(w, "aliases");
	if (w->machine->has_uart) {
		snprintf(path, sizeof(path), "/soc/serial@%x", MEMMAP_UART_BASE);
		put_string(w, "serial0", path);
	}
	if (w->machine->has_rtc) {
		snprintf(path, sizeof(path), "/soc/rtc@%x", MEMMAP_RTC_BASE);
		put_string(w, "rtc0", path);
	}
	end(w);
}

static void put_memory(struct writer *w)
{
	const struct fdt_machine *m = w->machine;
	begin_at(w, "memory", m->ram_base);
	put_string(w, "device_type", "memory");
	put_reg(w, m->ram_base, m->ram_size);
	end(w);
	if (m->reserved_size == 0)
		return;
	begin(w, "reserved-memory");
	put_u32(w, "#address-cells", 2);
	put_u32(w, "#size-cells", 2);
	put_flag(w, "ranges");
	begin_at(w, "mmode_resv", m->reserved_base);
	put_reg(w, m->reserved_base, m->reserved_size);
	put_flag(w, "no-map");
	end(w);
	end(w);
}

static void put_pmu(struct writer *w)
{
	const struct fdt_machine *m = w->machine;
	if (!m->pmu_event_to_mhpmevent.count && !m->pmu_event_to_mhpmcounters.count &&
	    !m->pmu_raw_event_to_mhpmcounters.count)
		return;
	begin(w, "pmu");
	put_string(w, "compatible", "riscv,pmu");
	put_cells(w, "riscv,event-to-mhpmevent", m->pmu_event_to_mhpmevent);
	put_cells(w, "riscv,event-to-mhpmcounters", m->pmu_event_to_mhpmcounters);
	put_cells(w, "riscv,raw-event-to-mhpmcounters", m->pmu_raw_event_to_mhpmcounters);
	end(w);
}

static void put_root(struct writer *w)
{
	begin(w, "");
	put_u32(w, "#address-cells", 2);
	put_u32(w, "#size-cells", 2);
	put_string(w, "compatible", "riscv-virtio");
	put_string(w, "model", "riscv-virtio,rvemu");
	put_chosen(w);
	put_aliases(w);
	put_memory(w);
	put_cpus(w);
	put_pmu(w);
	put_soc(w);
	if (w->machine->has_syscon) {
		put_syscon_action(w, "poweroff", "syscon-poweroff", SYSCON_POWEROFF);
		put_syscon_action(w, "reboot", "syscon-reboot", SYSCON_REBOOT);
	}
	end(w);
}

/* How large the tree can get; what the caller chose the length of is counted. */
static size_t room_for(const struct fdt_machine *m)
{
	size_t cells = (size_t)m->pmu_event_to_mhpmevent.count + m->pmu_event_to_mhpmcounters.count +
	               m->pmu_raw_event_to_mhpmcounters.count;
	return BYTES_FIXED + m->harts * (BYTES_PER_HART + 4 * strlen(m->isa)) + cells * sizeof(u32) +
	       (m->bootargs ? strlen(m->bootargs) : 0) + m->rng_seed_size;
}

void *fdt_build(const struct fdt_machine *machine, size_t *size, struct error *err)
{
	if (machine->harts == 0 || strncmp(machine->isa, "rv64", 4) != 0) {
		error_set(err, "device tree: no harts, or an ISA other than rv64: %s", machine->isa);
		return NULL;
	}
	size_t room = room_for(machine);
	if (room > INT32_MAX) {
		error_set(err, "device tree: the command line is too long");
		return NULL;
	}
	struct writer w = { .blob = xcalloc(room, 1), .machine = machine };
	check(&w, fdt_create(w.blob, (int)room));
	check(&w, fdt_finish_reservemap(w.blob));
	put_root(&w);
	check(&w, fdt_finish(w.blob));
	if (w.failure) {
		error_set(err, "device tree: %s", fdt_strerror(w.failure));
		free(w.blob);
		return NULL;
	}
	*size = fdt_totalsize(w.blob);
	return w.blob;
}

bool fdt_check(const void *blob, size_t size, struct error *err)
{
	/* libfdt 1.6's fdt_check_full follows a null pointer in trees whose nodes have full paths for names. */
	if (size >= FDT_V1_SIZE && fdt_magic(blob) == FDT_MAGIC && fdt_version(blob) < OLDEST_FDT_VERSION)
		return error_set(err, "not a usable device tree: version %u, which is older than %d",
		                 (unsigned)fdt_version(blob), OLDEST_FDT_VERSION);
	int result = fdt_check_full(blob, size);
	if (result < 0)
		return error_set(err, "not a usable device tree: %s", fdt_strerror(result));
	return true;
}

/* Sets the properties of /chosen in a blob that has room for them. Returns libfdt's error, or 0. */
static int edit_chosen(void *blob, const char *bootargs, u64 initrd_start, u64 initrd_end)
{
	int node = fdt_path_offset(blob, "/chosen");
	if (node == -FDT_ERR_NOTFOUND)
		node = fdt_add_subnode(blob, 0, "chosen");
	if (node < 0)
		return node;
	int result = 0;
	if (bootargs)
		result = fdt_setprop_string(blob, node, "bootargs", bootargs);
	if (result == 0 && initrd_end)
		result = fdt_setprop_u64(blob, node, "linux,initrd-start", initrd_start);
	if (result == 0 && initrd_end)
		result = fdt_setprop_u64(blob, node, "linux,initrd-end", initrd_end);
	return result;
}

void *fdt_set_chosen(const void *blob, const char *bootargs, u64 initrd_start, u64 initrd_end, size_t *new_size,
                     struct error *err)
{
	size_t room = (size_t)fdt_totalsize(blob) + (bootargs ? strlen(bootargs) : 0) + KIB;
	if (room > INT32_MAX) {
		error_set(err, "device tree: too large");
		return NULL;
	}
	void *copy = xcalloc(room, 1);
	int result = fdt_open_into(blob, copy, (int)room);
	if (result == 0)
		result = edit_chosen(copy, bootargs, initrd_start, initrd_end);
	if (result == 0)
		result = fdt_pack(copy);
	if (result < 0) {
		error_set(err, "device tree: %s", fdt_strerror(result));
		free(copy);
		return NULL;
	}
	*new_size = fdt_totalsize(copy);
	return copy;
}
