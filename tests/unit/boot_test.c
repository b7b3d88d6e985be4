/*
 * What goes where in RAM, which files go together, and what is said when they do not.
 */
#include "emu/boot.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <libfdt.h>

#include "tests/unit/elf_maker.h"

#define RAM_BASE 0x80000000ull
#define FILES 8

static struct config config;
static struct boot boot;
static struct error err;
static char files[FILES][64];
static u32 file_count;

/* A file with these bytes; its name stays until teardown. */
static const char *make_file(const void *bytes, u64 size)
{
	BUG_ON(file_count == FILES);
	snprintf(files[file_count], sizeof(files[0]), "%s", elf_maker_write(bytes, size));
	return files[file_count++];
}

static const char *make_elf(u64 address, u64 mem_size)
{
	static struct elf_maker elf;
	static const u32 code[4] = { 0x6f };
	elf_maker_init(&elf, address, code, sizeof(code));
	elf.segments[0].p_memsz = mem_size;
	elf_maker_finish(&elf);
	return make_file(elf.bytes, elf.size);
}

static const char *make_linux(u64 text_offset, u64 image_size)
{
	u8 header[64] = { 'M', 'Z' };
	memcpy(header + 8, &text_offset, 8);
	memcpy(header + 16, &image_size, 8);
	memcpy(header + 56, "RSC\x05", 4);
	return make_file(header, sizeof(header));
}

static const char *make_raw(u64 size)
{
	u8 *bytes = xcalloc(size, 1);
	memset(bytes, 0x5a, size);
	const char *name = make_file(bytes, size);
	free(bytes);
	return name;
}

static int setup(void **state)
{
	char program[] = "rvemu", guest[] = "none";
	char *argv[] = { program, guest, NULL };
	(void)state;
	file_count = 0;
	boot = (struct boot){ 0 };
	if (!options_parse(&config, 2, argv, &err))
		return -1;
	config.guest = NULL;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	boot_close(&boot);
	while (file_count)
		unlink(files[--file_count]);
	return 0;
}

static struct fdt_machine description(void)
{
	return (struct fdt_machine){
		.ram_base = RAM_BASE,
		.ram_size = config.ram_size,
		.harts = 1,
		.isa = "rv64imac",
		.timebase_hz = 10000000,
	};
}

static bool place(void)
{
	struct fdt_machine machine = description();
	return boot_open(&boot, &config, &err) && boot_place(&boot, &config, &machine, &err);
}

static void expect_placed(void)
{
	if (!place())
		fail_msg("%s", err.text);
}

static void expect_refused(const char *words)
{
	if (place())
		fail_msg("taken, though: %s", words);
	if (!strstr(err.text, words))
		fail_msg("refused with '%s', not '%s'", err.text, words);
}

static void test_program_alone_has_no_kernel(void **state)
{
	(void)state;
	config.guest = make_elf(RAM_BASE, 0x1000);
	expect_placed();
	assert_true(boot_pc(&boot) == RAM_BASE);
	assert_null(boot.kernel.path);
	assert_int_equal(boot.info_pa, 0);
	/* 128 MiB end at 0x88000000; the tree starts at a multiple of 2 MiB. */
	assert_true(boot.fdt_pa == 0x87e00000);
}

static void test_kernel_lies_behind_the_firmware(void **state)
{
	(void)state;
	config.bios = make_raw(0x50000);
	config.kernel = make_linux(0x200000, 0x300000);
	config.initrd = make_raw(1000);
	config.append = "quiet";
	expect_placed();
	assert_true(boot_pc(&boot) == RAM_BASE);
	assert_true(boot.kernel.entry == 0x80200000);
	assert_true(boot.initrd_pa == 0x80200000 + 64 * MIB);
	assert_int_equal(boot.initrd_size, 1000);
	assert_int_equal(boot.info.magic, 0x4942534f);
	assert_true(boot.info.next_addr == 0x80200000 && boot.info.next_mode == 1);
	assert_true(boot.info_pa >= boot.fdt_pa + boot.fdt_size && boot.info_pa % 8 == 0);
	int chosen = fdt_path_offset(boot.fdt, "/chosen");
	assert_string_equal(fdt_getprop(boot.fdt, chosen, "bootargs", NULL), "quiet");
	const fdt64_t *end = fdt_getprop(boot.fdt, chosen, "linux,initrd-end", NULL);
	assert_true(fdt64_ld(end) == boot.initrd_pa + 1000);
}

static void test_large_firmware_pushes_the_kernel_up(void **state)
{
	(void)state;
	config.bios = make_raw(3 * MIB);
	config.kernel = make_raw(100);
	expect_placed();
	assert_true(boot.kernel.entry == 0x80400000);
}

static void test_guest_and_kernel_are_firmware_and_kernel(void **state)
{
	(void)state;
	config.guest = make_elf(RAM_BASE, 0x1000);
	config.kernel = make_elf(RAM_BASE + 0x200000, 0x1000);
	expect_placed();
	assert_true(boot_pc(&boot) == RAM_BASE);
	assert_true(boot.info.next_addr == RAM_BASE + 0x200000);
}

static void test_tree_stays_below_3_gib(void **state)
{
	(void)state;
	config.ram_size = 8 * GIB;
	config.guest = make_elf(RAM_BASE, 0x1000);
	expect_placed();
	assert_true(boot.fdt_pa == 0xbfe00000);
}

static void test_tree_goes_beside_what_is_in_its_place(void **state)
{
	(void)state;
	config.ram_size = 2 * MIB;
	config.guest = make_elf(RAM_BASE, 0x1000);
	expect_placed();
	assert_true(boot.fdt_pa > RAM_BASE + 1 * MIB);
	assert_true(boot.fdt_pa + boot.fdt_size <= RAM_BASE + 2 * MIB);
}

static void expect_built_in_firmware(void)
{
	expect_placed();
	assert_string_equal(boot.program.path, "built-in firmware");
	assert_true(boot_pc(&boot) == RAM_BASE);
	assert_true(boot.kernel.entry == RAM_BASE + 0x200000);
	assert_true(boot.info.next_addr == boot.kernel.entry && boot.info_pa != 0);
	boot_close(&boot);
}

static void test_kernel_gets_the_built_in_firmware(void **state)
{
	(void)state;
	config.guest = make_elf(RAM_BASE + 0x200000, 0x1000);
	expect_built_in_firmware();
	config.guest = make_linux(0x200000, 0);
	expect_built_in_firmware();
	config.guest = NULL;
	config.kernel = make_linux(0x200000, 0);
	expect_built_in_firmware();
	config.kernel = make_raw(16);
	expect_built_in_firmware();
	config.bios = "default";
	expect_built_in_firmware();
}

static void test_bios_none_starts_anything_in_m_mode(void **state)
{
	(void)state;
	config.bios = "none";
	config.guest = make_elf(RAM_BASE + 0x200000, 0x1000);
	expect_placed();
	assert_true(boot_pc(&boot) == RAM_BASE + 0x200000);
	boot_close(&boot);
	config.guest = NULL;
	config.kernel = make_raw(16);
	expect_placed();
	assert_true(boot_pc(&boot) == RAM_BASE);
}

static void test_what_does_not_fit_is_named(void **state)
{
	(void)state;
	config.bios = make_raw(0x1000);
	config.kernel = make_elf(RAM_BASE + 0x800, 0x1000);
	expect_refused("overlaps the firmware");
	boot_close(&boot);
	config.kernel = make_linux(1ull << 40, 0);
	expect_refused("its header asks for a place");
	boot_close(&boot);
	config.kernel = make_raw(16);
	config.initrd = make_raw(3 * MIB);
	config.ram_size = 4 * MIB;
	expect_refused("give more with -m");
}

static void test_three_images_are_too_many(void **state)
{
	(void)state;
	config.bios = "a";
	config.guest = "b";
	config.kernel = "c";
	expect_refused("three images given");
}

static void test_missing_files_are_named(void **state)
{
	(void)state;
	config.guest = "/nonexistent/guest";
	expect_refused("/nonexistent/guest: No such file");
	config.guest = make_elf(RAM_BASE, 0x1000);
	config.initrd = "/nonexistent/initrd";
	expect_refused("/nonexistent/initrd: No such file");
	config.initrd = NULL;
	config.dtb = make_raw(100);
	expect_refused(config.dtb);
}

static void test_users_tree_is_completed(void **state)
{
	struct fdt_machine machine = description();
	size_t size;
	void *tree = fdt_build(&machine, &size, &err);
	(void)state;
	assert_non_null(tree);
	config.dtb = make_file(tree, size);
	free(tree);
	config.bios = make_raw(16);
	config.kernel = make_raw(16);
	config.initrd = make_raw(16);
	config.append = "from the user";
	expect_placed();
	int chosen = fdt_path_offset(boot.fdt, "/chosen");
	assert_string_equal(fdt_getprop(boot.fdt, chosen, "bootargs", NULL), "from the user");
	assert_non_null(fdt_getprop(boot.fdt, chosen, "linux,initrd-start", NULL));
}

static void test_everything_is_loaded_where_it_was_placed(void **state)
{
	struct bus bus;
	(void)state;
	config.bios = make_raw(0x1000);
	config.kernel = make_raw(0x2000);
	config.initrd = make_raw(0x3000);
	expect_placed();
	bus_init(&bus);
	assert_true(bus_add_ram(&bus, "ram", RAM_BASE, config.ram_size, &err));
	assert_true(boot_load(&boot, &bus, &err));
	assert_int_equal(*bus_ram(&bus, RAM_BASE + 0xfff, 1), 0x5a);
	assert_int_equal(*bus_ram(&bus, RAM_BASE + 0x1000, 1), 0);
	assert_int_equal(*bus_ram(&bus, boot.kernel.entry + 0x1fff, 1), 0x5a);
	assert_int_equal(*bus_ram(&bus, boot.initrd_pa + 0x2fff, 1), 0x5a);
	assert_memory_equal(bus_ram(&bus, boot.fdt_pa, boot.fdt_size), boot.fdt, boot.fdt_size);
	assert_memory_equal(bus_ram(&bus, boot.info_pa, sizeof(boot.info)), &boot.info, sizeof(boot.info));
	bus_free(&bus);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_program_alone_has_no_kernel, setup, teardown),
		cmocka_unit_test_setup_teardown(test_kernel_lies_behind_the_firmware, setup, teardown),
		cmocka_unit_test_setup_teardown(test_large_firmware_pushes_the_kernel_up, setup, teardown),
		cmocka_unit_test_setup_teardown(test_guest_and_kernel_are_firmware_and_kernel, setup, teardown),
		cmocka_unit_test_setup_teardown(test_tree_stays_below_3_gib, setup, teardown),
		cmocka_unit_test_setup_teardown(test_tree_goes_beside_what_is_in_its_place, setup, teardown),
		cmocka_unit_test_setup_teardown(test_kernel_gets_the_built_in_firmware, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bios_none_starts_anything_in_m_mode, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_does_not_fit_is_named, setup, teardown),
		cmocka_unit_test_setup_teardown(test_three_images_are_too_many, setup, teardown),
		cmocka_unit_test_setup_teardown(test_missing_files_are_named, setup, teardown),
		cmocka_unit_test_setup_teardown(test_users_tree_is_completed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_everything_is_loaded_where_it_was_placed, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
