/*
 * The machine: that its parts are there and wired, how guests end it, and that two of them do not disturb each other.
 */
#include "emu/machine.h"

#include <libfdt.h>

#include "devices/memmap.h"
#include "tests/unit/machine_rig.h"

static struct machine_rig rig, other;

/* Stores the number 0x73333 to the finisher: exit status 7. */
static const u32 exit_by_finisher[] = {
	0x001002b7, /* lui t0, 0x100 */
	0x00073337, /* lui t1, 0x73 */
	0x33330313, /* addi t1, t1, 0x333 */
	0x0062a023, /* sw t1, 0(t0) */
	0x0000006f, /* j . */
};

static void test_harts_start_as_the_boot_protocol_says(void **state)
{
	const u32 code[] = { RV_WFI };
	(void)state;
	rig_start(&rig, "--smp 3", code, ARRAY_SIZE(code));
	assert_int_equal(rig.m->hart_count, 3);
	for (u32 i = 0; i < 3; i++) {
		const struct hart *h = rig.m->harts[i];
		assert_true(h->pc == RIG_RAM);
		assert_int_equal(h->priv, PRIV_M);
		assert_int_equal(h->x[10], i);
		assert_true(h->x[11] == rig.boot.fdt_pa);
		assert_int_equal(h->x[12], 0);
	}
	const void *fdt = bus_ram(&rig.m->bus, rig.boot.fdt_pa, rig.boot.fdt_size);
	assert_non_null(fdt);
	assert_int_equal(fdt_check_header(fdt), 0);
	rig_free(&rig);
}

static void test_device_tree_says_what_is_attached(void **state)
{
	static const char *const paths[] = { "/memory@80000000", "/cpus/cpu@0", "/cpus/cpu@1", "/soc" };
	const u32 code[] = { RV_WFI };
	(void)state;
	rig_start(&rig, "--smp 2 -m 64M --mmu sv39 --isa rv64imac_sstc --append quiet", code, ARRAY_SIZE(code));
	for (u32 i = 0; i < ARRAY_SIZE(paths); i++)
		assert_true(fdt_path_offset(rig.boot.fdt, paths[i]) >= 0);
	assert_true(fdt_path_offset(rig.boot.fdt, "/cpus/cpu@2") < 0);
	int cpu = fdt_path_offset(rig.boot.fdt, "/cpus/cpu@0");
	assert_string_equal(fdt_getprop(rig.boot.fdt, cpu, "mmu-type", NULL), "riscv,sv39");
	const char *isa = fdt_getprop(rig.boot.fdt, cpu, "riscv,isa", NULL);
	assert_non_null(strstr(isa, "rv64imac"));
	assert_non_null(strstr(isa, "sstc"));
	assert_null(strstr(isa, "zba"));
	int chosen = fdt_path_offset(rig.boot.fdt, "/chosen");
	assert_string_equal(fdt_getprop(rig.boot.fdt, chosen, "bootargs", NULL), "quiet");
	assert_true(fdt_node_offset_by_compatible(rig.boot.fdt, -1, "ns16550a") >= 0);
	assert_true(fdt_node_offset_by_compatible(rig.boot.fdt, -1, "sifive,plic-1.0.0") >= 0);
	assert_true(fdt_node_offset_by_compatible(rig.boot.fdt, -1, "sifive,test0") >= 0);
	assert_true(fdt_node_offset_by_compatible(rig.boot.fdt, -1, "google,goldfish-rtc") >= 0);
	rig_free(&rig);
}

static void test_interrupt_wires_reach_the_harts(void **state)
{
	const u32 code[] = { RV_WFI };
	struct bus *bus;
	(void)state;
	rig_start(&rig, "--smp 2", code, ARRAY_SIZE(code));
	bus = &rig.m->bus;
	assert_true(bus_store(bus, MEMMAP_CLINT_BASE + 4, 4, 1));
	assert_int_equal(rig.m->harts[1]->wires, BIT(WIRE_MSI));
	assert_true(bus_store(bus, MEMMAP_CLINT_BASE + 0x4000, 8, 0));
	assert_int_equal(rig.m->harts[0]->wires, BIT(WIRE_MTI));
	/* The UART's receive interrupt, at the S mode of hart 1 (context 3) and the M mode of hart 0 (context 0). */
	assert_true(bus_store(bus, MEMMAP_PLIC_BASE + 4 * MEMMAP_UART_IRQ, 4, 1));
	assert_true(bus_store(bus, MEMMAP_PLIC_BASE + 0x2000 + 0x80 * 3, 4, 1 << MEMMAP_UART_IRQ));
	assert_true(bus_store(bus, MEMMAP_PLIC_BASE + 0x2000, 4, 1 << MEMMAP_UART_IRQ));
	assert_true(bus_store(bus, MEMMAP_UART_BASE + 1, 1, 1));
	assert_int_not_equal(machine_input_room(rig.m), 0);
	machine_input(rig.m, 'x');
	assert_int_equal(rig.m->harts[1]->wires, BIT(WIRE_MSI) | BIT(WIRE_SEI));
	assert_int_equal(rig.m->harts[0]->wires, BIT(WIRE_MTI) | BIT(WIRE_MEI));
	rig_free(&rig);
}

static void test_finisher_ends_with_its_code(void **state)
{
	(void)state;
	rig_start(&rig, "--max-insns 100", exit_by_finisher, ARRAY_SIZE(exit_by_finisher));
	assert_int_equal(run_machine(rig.m, NULL), RUN_STOPPED);
	assert_int_equal(rig.m->stop, STOP_POWEROFF);
	assert_int_equal(rig.m->stop_code, 7);
	assert_int_equal(machine_instret(rig.m), 4);
	rig_free(&rig);
}

static void test_htif_exit_is_seen_at_the_store(void **state)
{
	const u32 code[] = {
		rv_auipc(RV_T0, 0),           rv_addi(RV_T1, RV_ZERO, 5 << 1 | 1),
		rv_addi(RV_T2, RV_T0, 0x7c0), rv_sd(RV_T1, RV_T2, RIG_TOHOST - 0x7c0),
		rv_addi(RV_T1, RV_T1, 1),     rv_jal(RV_ZERO, -4),
	};
	(void)state;
	rig_start(&rig, "--max-insns 1000", code, ARRAY_SIZE(code));
	assert_int_equal(run_machine(rig.m, NULL), RUN_STOPPED);
	assert_int_equal(rig.m->stop_code, 5);
	assert_int_equal(machine_instret(rig.m), 4);
	assert_int_equal(rig_word(&rig, RIG_TOHOST), 0);
	rig_free(&rig);
}

/* The program is in the page of tohost, so that its own decoded code is watched too. */
static void test_htif_takes_two_halves(void **state)
{
	const u32 code[] = {
		rv_auipc(RV_T0, 0),
		rv_addi(RV_T0, RV_T0, 0x7c0),
		rv_addi(RV_T1, RV_ZERO, 'A'),
		rv_sw(RV_T1, RV_T0, RIG_TOHOST - 0x7c0),
		rv_lui(RV_T1, 0x1010),
		rv_sw(RV_T1, RV_T0, RIG_TOHOST + 4 - 0x7c0),
		rv_addi(RV_T1, RV_ZERO, 3 << 1 | 1),
		rv_sw(RV_T1, RV_T0, RIG_TOHOST - 0x7c0),
		rv_jal(RV_ZERO, 0),
	};
	(void)state;
	rig_start(&rig, "--max-insns 100000", code, ARRAY_SIZE(code));
	assert_int_equal(run_machine(rig.m, NULL), RUN_STOPPED);
	assert_string_equal(rig.out, "A");
	assert_int_equal(rig.m->stop_code, 3);
	rig_free(&rig);
}

static void test_uart_output_reaches_the_sink(void **state)
{
	const u32 code[] = {
		rv_lui(RV_T0, 0x10000),
		rv_addi(RV_T1, RV_ZERO, 'o'),
		rv_sb(RV_T1, RV_T0, 0),
		rv_addi(RV_T1, RV_ZERO, 'k'),
		rv_sb(RV_T1, RV_T0, 0),
		0x001002b7,
		0x00005337, /* lui t1, 0x5 */
		0x55530313, /* addi t1, t1, 0x555 */
		0x0062a023, /* sw t1, 0(t0) */
	};
	(void)state;
	rig_start(&rig, "--max-insns 100", code, ARRAY_SIZE(code));
	assert_int_equal(run_machine(rig.m, NULL), RUN_STOPPED);
	assert_string_equal(rig.out, "ok");
	assert_int_equal(rig.m->stop_code, 0);
	rig_free(&rig);
}

static void test_two_machines_do_not_disturb_each_other(void **state)
{
	const u32 code[] = {
		rv_auipc(RV_T0, 1),
		rv_addi(RV_T1, RV_T1, 1),
		rv_sd(RV_T1, RV_T0, 0),
		rv_jal(RV_ZERO, -8),
	};
	(void)state;
	rig_start(&rig, "--max-insns 1000", code, ARRAY_SIZE(code));
	rig_start(&other, "--max-insns 2000 --smp 2", code, ARRAY_SIZE(code));
	assert_int_equal(run_machine(rig.m, NULL), RUN_LIMIT);
	assert_int_equal(run_machine(other.m, NULL), RUN_LIMIT);
	assert_int_equal(machine_steps(rig.m), 1000);
	assert_int_equal(machine_steps(other.m), 2000);
	assert_int_equal(rig_word(&rig, RIG_DATA), 333);
	u64 hash = machine_ram_hash(rig.m);
	assert_true(hash != machine_ram_hash(other.m));
	rig_free(&other);
	assert_true(hash == machine_ram_hash(rig.m));
	rig_free(&rig);
}

static void test_hash_sees_every_byte(void **state)
{
	const u32 code[] = { RV_WFI };
	(void)state;
	rig_start(&rig, "-m 16M", code, ARRAY_SIZE(code));
	u64 hash = machine_ram_hash(rig.m);
	for (u64 offset = 0x5000; offset < 16 * MIB; offset = offset * 3 + 1) {
		u8 *byte = bus_ram(&rig.m->bus, RIG_RAM + offset, 1);
		*byte ^= 1;
		assert_true(machine_ram_hash(rig.m) != hash);
		*byte ^= 1;
	}
	assert_true(machine_ram_hash(rig.m) == hash);
	rig_free(&rig);
}

static void test_tohost_outside_ram_is_refused(void **state)
{
	static struct elf_maker elf;
	const u32 code[] = { RV_WFI };
	(void)state;
	elf_maker_init(&elf, RIG_RAM, code, sizeof(code));
	elf_maker_symbol(&elf, "tohost", STT_OBJECT, 0x1000, 8);
	elf_maker_finish(&elf);
	const char *path = elf_maker_write(elf.bytes, elf.size);
	assert_true(rig_options(&rig, "", path));
	assert_true(boot_open(&rig.boot, &rig.config, &rig.err));
	unlink(path);
	assert_null(machine_create(&rig.config, &rig.boot, &rig.io, &rig.err));
	assert_non_null(strstr(rig.err.text, "tohost at 0x1000"));
	rig_free(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_harts_start_as_the_boot_protocol_says),
		cmocka_unit_test(test_device_tree_says_what_is_attached),
		cmocka_unit_test(test_interrupt_wires_reach_the_harts),
		cmocka_unit_test(test_finisher_ends_with_its_code),
		cmocka_unit_test(test_htif_exit_is_seen_at_the_store),
		cmocka_unit_test(test_htif_takes_two_halves),
		cmocka_unit_test(test_uart_output_reaches_the_sink),
		cmocka_unit_test(test_two_machines_do_not_disturb_each_other),
		cmocka_unit_test(test_hash_sees_every_byte),
		cmocka_unit_test(test_tohost_outside_ram_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
