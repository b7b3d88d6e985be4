/*
 * devices/fdt.c: the tree says what was attached and nothing else; damaged trees are refused; /chosen can be completed.
 */
#include "devices/fdt.h"

#include <libfdt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct fdt_machine full = {
	.ram_base = 0x80000000,
	.ram_size = 0x180000000,
	.harts = 2,
	.isa = "rv64imafdc_zicsr_zifencei_zba_sstc",
	.mmu_type = "riscv,sv57",
	.cbom_block_size = 64,
	.cboz_block_size = 32,
	.cbop_block_size = 128,
	.timebase_hz = 10000000,
	.bootargs = "console=ttyS0 root=/dev/vda",
	.initrd_start = 0x84000000,
	.initrd_end = 0x84123456,
	.has_clint = true,
	.has_plic = true,
	.has_uart = true,
	.has_rtc = true,
	.has_syscon = true,
	.virtio_slots = 0x81,
};

/* Builds a tree that passes its own check. */
static void *build(const struct fdt_machine *m, size_t *size)
{
	struct error err;
	void *blob = fdt_build(m, size, &err);
	assert_non_null(blob);
	assert_int_equal(fdt_totalsize(blob), *size);
	assert_true(fdt_check(blob, *size, &err));
	return blob;
}

static int node_at(const void *blob, const char *path)
{
	int node = fdt_path_offset(blob, path);
	if (node < 0)
		print_error("no node %s\n", path);
	assert_true(node >= 0);
	return node;
}

static bool has_node(const void *blob, const char *path)
{
	return fdt_path_offset(blob, path) >= 0;
}

static bool has_property(const void *blob, const char *path, const char *name)
{
	return fdt_getprop(blob, node_at(blob, path), name, NULL) != NULL;
}

static void check_bytes(const void *blob, const char *path, const char *name, const void *want, size_t size)
{
	int length;
	const void *got = fdt_getprop(blob, node_at(blob, path), name, &length);
	if (!got)
		print_error("no property %s in %s\n", name, path);
	assert_non_null(got);
	assert_int_equal(length, size);
	assert_memory_equal(got, want, size);
}

static void check_string(const void *blob, const char *path, const char *name, const char *want)
{
	check_bytes(blob, path, name, want, strlen(want) + 1);
}

static void check_cells(const void *blob, const char *path, const char *name, const u32 *want, size_t count)
{
	fdt32_t cells[32];
	assert_true(count <= ARRAY_SIZE(cells));
	for (size_t i = 0; i < count; i++)
		cells[i] = cpu_to_fdt32(want[i]);
	check_bytes(blob, path, name, cells, count * sizeof(cells[0]));
}

static void check_cell(const void *blob, const char *path, const char *name, u32 want)
{
	check_cells(blob, path, name, &want, 1);
}

static u32 phandle_of(const void *blob, const char *path)
{
	return fdt_get_phandle(blob, node_at(blob, path));
}

#define CELLS(...) (const u32[]){ __VA_ARGS__ }, sizeof((const u32[]){ __VA_ARGS__ }) / sizeof(u32)

static void test_root_and_memory(void **state)
{
	(void)state;
	size_t size;
	void *blob = build(&full, &size);
	check_cell(blob, "/", "#address-cells", 2);
	check_cell(blob, "/", "#size-cells", 2);
	check_string(blob, "/", "compatible", "riscv-virtio");
	check_string(blob, "/memory@80000000", "device_type", "memory");
	check_cells(blob, "/memory@80000000", "reg", CELLS(0, 0x80000000, 1, 0x80000000));
	assert_false(has_node(blob, "/reserved-memory"));
	assert_false(has_node(blob, "/pmu"));
	free(blob);
}

static void test_each_cpu(void **state)
{
	(void)state;
	size_t size;
	void *blob = build(&full, &size);
	check_cell(blob, "/cpus", "timebase-frequency", 10000000);
	check_cell(blob, "/cpus", "#address-cells", 1);
	check_cell(blob, "/cpus", "#size-cells", 0);
	for (u32 i = 0; i < 2; i++) {
		char path[64];
		snprintf(path, sizeof(path), "/cpus/cpu@%u", i);
		static const char extensions[] = "i\0m\0a\0f\0d\0c\0zicsr\0zifencei\0zba\0sstc";
		check_string(blob, path, "device_type", "cpu");
		check_cell(blob, path, "reg", i);
		check_string(blob, path, "status", "okay");
		check_string(blob, path, "compatible", "riscv");
		check_string(blob, path, "riscv,isa", full.isa);
		check_string(blob, path, "riscv,isa-base", "rv64i");
		check_bytes(blob, path, "riscv,isa-extensions", extensions, sizeof(extensions));
		check_string(blob, path, "mmu-type", "riscv,sv57");
		check_cell(blob, path, "riscv,cbom-block-size", 64);
		check_cell(blob, path, "riscv,cboz-block-size", 32);
		check_cell(blob, path, "riscv,cbop-block-size", 128);
		snprintf(path, sizeof(path), "/cpus/cpu@%u/interrupt-controller", i);
		check_string(blob, path, "compatible", "riscv,cpu-intc");
		check_cell(blob, path, "#interrupt-cells", 1);
		assert_true(has_property(blob, path, "interrupt-controller"));
	}
	assert_false(has_node(blob, "/cpus/cpu@2"));
	free(blob);
}

static void test_cpu_map_names_the_cpus(void **state)
{
	(void)state;
	size_t size;
	void *blob = build(&full, &size);
	check_cell(blob, "/cpus/cpu-map/cluster0/core0", "cpu", phandle_of(blob, "/cpus/cpu@0"));
	check_cell(blob, "/cpus/cpu-map/cluster0/core1", "cpu", phandle_of(blob, "/cpus/cpu@1"));
	free(blob);
}

static void test_interrupt_controllers_point_at_the_harts(void **state)
{
	(void)state;
	size_t size;
	void *blob = build(&full, &size);
	u32 a = phandle_of(blob, "/cpus/cpu@0/interrupt-controller");
	u32 b = phandle_of(blob, "/cpus/cpu@1/interrupt-controller");
	assert_true(a != 0 && b != 0 && a != b);
	check_cells(blob, "/soc/plic@c000000", "interrupts-extended", CELLS(a, 11, a, 9, b, 11, b, 9));
	check_cells(blob, "/soc/clint@2000000", "interrupts-extended", CELLS(a, 3, a, 7, b, 3, b, 7));
	check_cell(blob, "/soc/plic@c000000", "riscv,ndev", 95);
	check_cell(blob, "/soc/plic@c000000", "#interrupt-cells", 1);
	check_cell(blob, "/soc/plic@c000000", "#address-cells", 0);
	assert_true(has_property(blob, "/soc/plic@c000000", "interrupt-controller"));
	check_cells(blob, "/soc/plic@c000000", "reg", CELLS(0, 0xc000000, 0, 0x600000));
	check_cells(blob, "/soc/clint@2000000", "reg", CELLS(0, 0x2000000, 0, 0x10000));
	check_bytes(blob, "/soc/plic@c000000", "compatible", "sifive,plic-1.0.0\0riscv,plic0", 30);
	check_bytes(blob, "/soc/clint@2000000", "compatible", "sifive,clint0\0riscv,clint0", 27);
	free(blob);
}

static void test_devices_have_their_place_and_interrupt(void **state)
{
	(void)state;
	size_t size;
	void *blob = build(&full, &size);
	static const struct {
		const char *path;
		const char *compatible;
		u32 base, size, irq;
	} rows[] = {
		{ "/soc/serial@10000000", "ns16550a", 0x10000000, 0x100, 10 },
		{ "/soc/rtc@101000", "google,goldfish-rtc", 0x101000, 0x1000, 11 },
		{ "/soc/virtio_mmio@10001000", "virtio,mmio", 0x10001000, 0x1000, 1 },
		{ "/soc/virtio_mmio@10008000", "virtio,mmio", 0x10008000, 0x1000, 8 },
	};
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		check_string(blob, rows[i].path, "compatible", rows[i].compatible);
		check_cells(blob, rows[i].path, "reg", CELLS(0, rows[i].base, 0, rows[i].size));
		check_cell(blob, rows[i].path, "interrupts", rows[i].irq);
		check_cell(blob, rows[i].path, "interrupt-parent", phandle_of(blob, "/soc/plic@c000000"));
	}
	assert_false(has_node(blob, "/soc/virtio_mmio@10002000"));
	check_cell(blob, "/soc/serial@10000000", "clock-frequency", 3686400);
	free(blob);
}

static void test_finisher_powers_off_and_reboots(void **state)
{
	(void)state;
	size_t size;
	void *blob = build(&full, &size);
	check_bytes(blob, "/soc/test@100000", "compatible", "sifive,test1\0sifive,test0\0syscon", 33);
	check_cells(blob, "/soc/test@100000", "reg", CELLS(0, 0x100000, 0, 0x1000));
	u32 finisher = phandle_of(blob, "/soc/test@100000");
	assert_int_not_equal(finisher, 0);
	check_string(blob, "/poweroff", "compatible", "syscon-poweroff");
	check_cell(blob, "/poweroff", "regmap", finisher);
	check_cell(blob, "/poweroff", "offset", 0);
	check_cell(blob, "/poweroff", "value", 0x5555);
	check_string(blob, "/reboot", "compatible", "syscon-reboot");
	check_cell(blob, "/reboot", "regmap", finisher);
	check_cell(blob, "/reboot", "value", 0x7777);
	free(blob);
}

static void test_chosen_and_aliases(void **state)
{
	(void)state;
	size_t size;
	void *blob = build(&full, &size);
	check_string(blob, "/chosen", "bootargs", full.bootargs);
	check_cells(blob, "/chosen", "linux,initrd-start", CELLS(0, 0x84000000));
	check_cells(blob, "/chosen", "linux,initrd-end", CELLS(0, 0x84123456));
	check_string(blob, "/chosen", "stdout-path", "/soc/serial@10000000");
	assert_false(has_property(blob, "/chosen", "rng-seed"));
	check_string(blob, "/aliases", "serial0", "/soc/serial@10000000");
	check_string(blob, "/aliases", "rtc0", "/soc/rtc@101000");
	free(blob);
}

static void test_framebuffer_is_as_linux_wants_it(void **state)
{
	(void)state;
	struct fdt_machine m = full;
	m.framebuffer_base = 0x50000000;
	m.framebuffer_width = 1000;
	m.framebuffer_height = 750;
	size_t size;
	void *blob = build(&m, &size);
	static const char node[] = "/chosen/framebuffer@50000000";
	check_cell(blob, "/chosen", "#address-cells", 2);
	check_cell(blob, "/chosen", "#size-cells", 2);
	check_bytes(blob, "/chosen", "ranges", "", 0);
	check_string(blob, node, "compatible", "simple-framebuffer");
	check_cells(blob, node, "reg", CELLS(0, 0x50000000, 0, 0x2dd000)); /* 3000000 bytes, in whole pages */
	check_cell(blob, node, "width", 1000);
	check_cell(blob, node, "height", 750);
	check_cell(blob, node, "stride", 4000);
	check_string(blob, node, "format", "x8r8g8b8");
	check_string(blob, node, "status", "okay");
	free(blob);
	blob = build(&full, &size);
	assert_false(has_node(blob, node));
	assert_false(has_property(blob, "/chosen", "ranges"));
	free(blob);
}

static void test_what_is_not_attached_is_not_there(void **state)
{
	(void)state;
	static const struct fdt_machine bare = {
		.ram_base = 0x80000000, .ram_size = 0x1000, .harts = 1, .isa = "rv64im", .timebase_hz = 10000000
	};
	size_t size;
	void *blob = build(&bare, &size);
	assert_int_equal(fdt_first_subnode(blob, node_at(blob, "/soc")), -FDT_ERR_NOTFOUND);
	assert_false(has_node(blob, "/poweroff"));
	assert_false(has_node(blob, "/reboot"));
	static const char *const chosen[] = { "bootargs", "stdout-path", "linux,initrd-start", "linux,initrd-end" };
	for (u32 i = 0; i < ARRAY_SIZE(chosen); i++)
		assert_false(has_property(blob, "/chosen", chosen[i]));
	assert_false(has_property(blob, "/aliases", "serial0"));
	static const char *const cpu[] = { "mmu-type", "riscv,cbom-block-size", "riscv,cboz-block-size",
		                           "riscv,cbop-block-size" };
	for (u32 i = 0; i < ARRAY_SIZE(cpu); i++)
		assert_false(has_property(blob, "/cpus/cpu@0", cpu[i]));
	check_bytes(blob, "/cpus/cpu@0", "riscv,isa-extensions", "i\0m", 4);
	free(blob);
}

static void test_without_plic_devices_have_no_interrupt(void **state)
{
	(void)state;
	struct fdt_machine m = full;
	m.has_plic = false;
	size_t size;
	void *blob = build(&m, &size);
	assert_false(has_property(blob, "/soc/serial@10000000", "interrupts"));
	assert_false(has_property(blob, "/soc/serial@10000000", "interrupt-parent"));
	free(blob);
}

static void test_g_stands_for_its_extensions(void **state)
{
	(void)state;
	struct fdt_machine m = full;
	m.isa = "rv64gc_sstc";
	size_t size;
	void *blob = build(&m, &size);
	static const char want[] = "i\0m\0a\0f\0d\0c\0zicsr\0zifencei\0sstc";
	check_bytes(blob, "/cpus/cpu@0", "riscv,isa-extensions", want, sizeof(want));
	free(blob);
}

static void test_reserved_memory_is_not_mapped(void **state)
{
	(void)state;
	struct fdt_machine m = full;
	m.reserved_base = 0x80000000;
	m.reserved_size = 0x80000;
	size_t size;
	void *blob = build(&m, &size);
	check_cells(blob, "/reserved-memory/mmode_resv@80000000", "reg", CELLS(0, 0x80000000, 0, 0x80000));
	assert_true(has_property(blob, "/reserved-memory/mmode_resv@80000000", "no-map"));
	assert_true(has_property(blob, "/reserved-memory", "ranges"));
	check_cell(blob, "/reserved-memory", "#address-cells", 2);
	free(blob);
}

static void test_rng_seed_and_pmu_are_as_given(void **state)
{
	(void)state;
	static const u8 seed[] = { 1, 2, 3, 4, 5 };
	static const u32 counters[] = { 1, 2, 0x7fff8, 0x10001, 0x10002, 8 };
	static const u32 events[] = { 3, 0, 17 };
	static const u32 raw[] = { 0, 0, 0xffffffff, 0xffffff00, 0x7fff8 };
	struct fdt_machine m = full;
	m.rng_seed = seed;
	m.rng_seed_size = sizeof(seed);
	m.pmu_event_to_mhpmcounters = (struct fdt_cells){ counters, ARRAY_SIZE(counters) };
	m.pmu_event_to_mhpmevent = (struct fdt_cells){ events, ARRAY_SIZE(events) };
	m.pmu_raw_event_to_mhpmcounters = (struct fdt_cells){ raw, ARRAY_SIZE(raw) };
	size_t size;
	void *blob = build(&m, &size);
	check_bytes(blob, "/chosen", "rng-seed", seed, sizeof(seed));
	check_string(blob, "/pmu", "compatible", "riscv,pmu");
	check_cells(blob, "/pmu", "riscv,event-to-mhpmcounters", counters, ARRAY_SIZE(counters));
	check_cells(blob, "/pmu", "riscv,event-to-mhpmevent", events, ARRAY_SIZE(events));
	check_cells(blob, "/pmu", "riscv,raw-event-to-mhpmcounters", raw, ARRAY_SIZE(raw));
	free(blob);
}

static void test_the_same_machine_has_the_same_tree(void **state)
{
	(void)state;
	size_t size_a, size_b;
	void *a = build(&full, &size_a);
	void *b = build(&full, &size_b);
	assert_int_equal(size_a, size_b);
	assert_memory_equal(a, b, size_a);
	free(a);
	free(b);
}

static void test_sixty_four_harts_and_long_strings_fit(void **state)
{
	(void)state;
	struct fdt_machine m = full;
	char *isa = xcalloc(2000, 1);
	char *bootargs = xcalloc(100001, 1);
	strcpy(isa, "rv64imafdc");
	for (u32 i = 0; i < 190; i++)
		strcat(isa, "_zlongname");
	memset(bootargs, 'x', 100000);
	m.harts = 64;
	m.isa = isa;
	m.bootargs = bootargs;
	m.virtio_slots = 0xff;
	size_t size;
	void *blob = build(&m, &size);
	check_string(blob, "/chosen", "bootargs", bootargs);
	check_string(blob, "/cpus/cpu@3f", "riscv,isa", isa);
	check_cell(blob, "/cpus/cpu-map/cluster0/core63", "cpu", phandle_of(blob, "/cpus/cpu@3f"));
	assert_int_not_equal(phandle_of(blob, "/soc/plic@c000000"), phandle_of(blob, "/cpus/cpu@3f"));
	free(blob);
	free(isa);
	free(bootargs);
}

static void test_impossible_machines_are_refused(void **state)
{
	(void)state;
	struct error err;
	size_t size;
	struct fdt_machine m = full;
	m.isa = "rv32imac";
	assert_null(fdt_build(&m, &size, &err));
	assert_non_null(strstr(err.text, "rv32imac"));
	m = full;
	m.harts = 0;
	assert_null(fdt_build(&m, &size, &err));
}

static void test_check_refuses_short_and_foreign_blobs(void **state)
{
	(void)state;
	struct error err;
	size_t size;
	char *blob = build(&full, &size);
	for (size_t n = 0; n < size; n++)
		assert_false(fdt_check(blob, n, &err));
	assert_true(strlen(err.text) > 0);
	blob[0] ^= 1;
	assert_false(fdt_check(blob, size, &err));
	free(blob);
	u64 elf[8] = { 0x00010102464c457full };
	assert_false(fdt_check(elf, sizeof(elf), &err));
}

/* Before version 16 a node was named by its whole path; libfdt's own check falls over such a root. */
static void test_check_refuses_trees_of_old_versions(void **state)
{
	(void)state;
	struct error err;
	size_t size;
	void *blob = build(&full, &size);
	for (u32 version = 0; version < 16; version++) {
		fdt_set_version(blob, version);
		fdt_set_last_comp_version(blob, version);
		assert_false(fdt_check(blob, size, &err));
	}
	assert_non_null(strstr(err.text, "version 15"));
	free(blob);
}

static void test_check_accepts_a_larger_buffer(void **state)
{
	(void)state;
	struct error err;
	size_t size;
	void *blob = build(&full, &size);
	blob = xrealloc(blob, size + 100);
	assert_true(fdt_check(blob, size + 100, &err));
	free(blob);
}

/* Whatever passes the check can be edited without a stray access (run under a sanitizer). */
static void test_damaged_trees_do_no_harm(void **state)
{
	(void)state;
	size_t size;
	u8 *good = build(&full, &size);
	u64 random = 88172645463325252ull;
	u32 passed = 0;
	for (u32 round = 0; round < 20000; round++) {
		u8 *blob = memcpy(xcalloc(size, 1), good, size);
		for (u32 i = 0; i <= round % 3; i++) {
			random ^= random << 13;
			random ^= random >> 7;
			random ^= random << 17;
			blob[(random >> 8) % (round % 2 ? size : 64)] = (u8)random;
		}
		struct error err;
		size_t new_size;
		if (fdt_check(blob, size, &err)) {
			passed++;
			free(fdt_set_chosen(blob, "args", 1, 2, &new_size, &err));
		}
		free(blob);
	}
	assert_true(passed > 0);
	free(good);
}

static void test_set_chosen_replaces_and_keeps(void **state)
{
	(void)state;
	struct error err;
	size_t size, new_size;
	void *blob = build(&full, &size);
	char *args = xcalloc(5001, 1);
	memset(args, 'y', 5000);
	void *copy = fdt_set_chosen(blob, args, 0x123400000, 0x123456789, &new_size, &err);
	assert_non_null(copy);
	assert_true(fdt_check(copy, new_size, &err));
	check_string(copy, "/chosen", "bootargs", args);
	check_cells(copy, "/chosen", "linux,initrd-start", CELLS(1, 0x23400000));
	check_cells(copy, "/chosen", "linux,initrd-end", CELLS(1, 0x23456789));
	check_string(copy, "/chosen", "stdout-path", "/soc/serial@10000000");
	check_string(blob, "/chosen", "bootargs", full.bootargs);
	free(copy);
	copy = fdt_set_chosen(blob, NULL, 0, 0, &new_size, &err);
	assert_non_null(copy);
	check_string(copy, "/chosen", "bootargs", full.bootargs);
	check_cells(copy, "/chosen", "linux,initrd-start", CELLS(0, 0x84000000));
	free(copy);
	free(args);
	free(blob);
}

static void test_set_chosen_makes_the_node(void **state)
{
	(void)state;
	struct error err;
	size_t new_size;
	char *blob = xcalloc(1024, 1);
	assert_int_equal(fdt_create_empty_tree(blob, 1024), 0);
	assert_int_equal(fdt_pack(blob), 0);
	assert_true(fdt_check(blob, 1024, &err));
	void *copy = fdt_set_chosen(blob, "quiet", 0, 0, &new_size, &err);
	assert_non_null(copy);
	check_string(copy, "/chosen", "bootargs", "quiet");
	assert_false(has_property(copy, "/chosen", "linux,initrd-start"));
	free(copy);
	free(blob);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_root_and_memory),
		cmocka_unit_test(test_each_cpu),
		cmocka_unit_test(test_cpu_map_names_the_cpus),
		cmocka_unit_test(test_interrupt_controllers_point_at_the_harts),
		cmocka_unit_test(test_devices_have_their_place_and_interrupt),
		cmocka_unit_test(test_finisher_powers_off_and_reboots),
		cmocka_unit_test(test_chosen_and_aliases),
		cmocka_unit_test(test_framebuffer_is_as_linux_wants_it),
		cmocka_unit_test(test_what_is_not_attached_is_not_there),
		cmocka_unit_test(test_without_plic_devices_have_no_interrupt),
		cmocka_unit_test(test_g_stands_for_its_extensions),
		cmocka_unit_test(test_reserved_memory_is_not_mapped),
		cmocka_unit_test(test_rng_seed_and_pmu_are_as_given),
		cmocka_unit_test(test_the_same_machine_has_the_same_tree),
		cmocka_unit_test(test_sixty_four_harts_and_long_strings_fit),
		cmocka_unit_test(test_impossible_machines_are_refused),
		cmocka_unit_test(test_check_refuses_short_and_foreign_blobs),
		cmocka_unit_test(test_check_refuses_trees_of_old_versions),
		cmocka_unit_test(test_check_accepts_a_larger_buffer),
		cmocka_unit_test(test_damaged_trees_do_no_harm),
		cmocka_unit_test(test_set_chosen_replaces_and_keeps),
		cmocka_unit_test(test_set_chosen_makes_the_node),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
