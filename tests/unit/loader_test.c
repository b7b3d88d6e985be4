/*
 * The loader: where good files go, and what is said of bad ones.
 */
#include "emu/loader.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <zlib.h>

#include "tests/unit/elf_maker.h"

#define RAM_BASE 0x80000000ull
#define RAM_SIZE (1 * MIB)

static const u8 code[64] = { 0x13, 0x05, 0x10, 0x00, 0x6f, 0x00, 0x00, 0x00 };

static struct elf_maker elf;
static struct image image;
static struct error err;

static bool open_bytes(const void *bytes, u64 size)
{
	const char *path = elf_maker_write(bytes, size);
	bool ok = image_open(&image, path, RAM_BASE, &err);
	unlink(path);
	return ok;
}

static bool open_elf(void)
{
	elf_maker_finish(&elf);
	return open_bytes(elf.bytes, elf.size);
}

/* The ELF file as it is now is refused with these words. */
static void expect_refused(const char *words)
{
	if (open_elf())
		fail_msg("taken, though: %s", words);
	if (!strstr(err.text, words))
		fail_msg("refused with '%s', not '%s'", err.text, words);
	assert_null(image.file);
	assert_null(image.segments);
}

static void make_default(void)
{
	elf_maker_init(&elf, RAM_BASE, code, sizeof(code));
}

static void test_elf_goes_to_its_physical_address(void **state)
{
	struct bus bus;
	u64 value;
	(void)state;
	make_default();
	elf.segments[0].p_vaddr = 0xffffffff80000000;
	elf.segments[0].p_paddr = RAM_BASE + 0x1000;
	elf.segments[0].p_memsz = 0x2000;
	elf.header.e_entry = 0xffffffff80000004;
	elf_maker_symbol(&elf, "tohost", STT_OBJECT, 0xffffffff80000020, 8);
	assert_true(open_elf());
	assert_int_equal(image.kind, IMAGE_ELF);
	assert_true(image.entry == RAM_BASE + 0x1004);
	assert_true(image_symbol_pa(&image, "tohost", &value) && value == RAM_BASE + 0x1020);
	assert_false(image_symbol_pa(&image, "fromhost", &value));
	bus_init(&bus);
	assert_true(bus_add_ram(&bus, "ram", RAM_BASE, RAM_SIZE, &err));
	assert_true(image_load(&image, &bus, &err));
	assert_memory_equal(bus_ram(&bus, RAM_BASE + 0x1000, sizeof(code)), code, sizeof(code));
	bus_free(&bus);
	image_close(&image);
}

static void test_position_independent_elf_moves_to_the_base(void **state)
{
	u64 value, start, end;
	(void)state;
	elf_maker_init(&elf, 0x100, code, sizeof(code));
	elf.header.e_type = ET_DYN;
	elf.segments[0].p_paddr = elf.segments[0].p_vaddr = 0x100;
	elf_maker_symbol(&elf, "here", STT_FUNC, 0x108, 8);
	assert_true(open_elf());
	image_range(&image, &start, &end);
	assert_true(start == RAM_BASE + 0x100 && end == RAM_BASE + 0x100 + sizeof(code));
	assert_true(image.entry == RAM_BASE + 0x100);
	assert_true(image_symbol_pa(&image, "here", &value) && value == RAM_BASE + 0x108);
	image_close(&image);
	elf_maker_init(&elf, RAM_BASE + 0x2000, code, sizeof(code));
	elf.header.e_type = ET_DYN;
	assert_true(open_elf());
	assert_true(image.entry == RAM_BASE + 0x2000);
	image_close(&image);
}

static void test_segments_outside_ram_are_named(void **state)
{
	struct bus bus;
	(void)state;
	bus_init(&bus);
	assert_true(bus_add_ram(&bus, "ram", RAM_BASE, RAM_SIZE, &err));
	make_default();
	elf.segments[0].p_memsz = RAM_SIZE + 1;
	assert_true(open_elf());
	assert_false(image_load(&image, &bus, &err));
	assert_non_null(strstr(err.text, "0x80000000..0x80100000 is not in RAM, which is 0x80000000..0x800fffff"));
	image_close(&image);
	elf_maker_init(&elf, 0x10000, code, sizeof(code));
	assert_true(open_elf());
	assert_false(image_load(&image, &bus, &err));
	assert_non_null(strstr(err.text, "0x10000..0x1003f"));
	image_close(&image);
	bus_free(&bus);
}

static void test_other_machines_are_refused(void **state)
{
	(void)state;
	make_default();
	elf.header.e_machine = EM_X86_64;
	expect_refused("for another machine (number 62)");
	make_default();
	elf.header.e_ident[EI_CLASS] = ELFCLASS32;
	expect_refused("32-bit");
	make_default();
	elf.header.e_type = ET_REL;
	expect_refused("not linked");
	make_default();
	elf.header.e_ident[EI_CLASS] = 9;
	expect_refused("damaged");
}

static void test_headers_that_lie_are_refused(void **state)
{
	(void)state;
	make_default();
	elf.header.e_phnum = 0;
	expect_refused("nothing to load");
	make_default();
	elf.segments[0].p_type = PT_NOTE;
	expect_refused("nothing to load");
	make_default();
	elf.segments[0].p_filesz = 65;
	expect_refused("more bytes in the file than in memory");
	make_default();
	elf.segments[0].p_offset = 1 << 20;
	expect_refused("behind the end of the file");
	make_default();
	elf.segments[0].p_offset = UINT64_MAX - 10;
	expect_refused("behind the end of the file");
	make_default();
	elf.segments[0].p_memsz = UINT64_MAX;
	expect_refused("behind the end of memory");
	make_default();
	elf.header.e_phoff = 1 << 30;
	expect_refused("header");
	make_default();
	elf.header.e_entry = 0x90000000;
	expect_refused("entry point 0x90000000");
	elf.header.e_entry = RAM_BASE + 1;
	expect_refused("is odd");
}

static void test_short_files_are_refused(void **state)
{
	(void)state;
	make_default();
	elf_maker_finish(&elf);
	for (u64 size = 4; size < sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr); size++) {
		if (open_bytes(elf.bytes, size))
			fail_msg("took the first %llu bytes of an ELF file", (unsigned long long)size);
		assert_string_not_equal(err.text, "");
	}
	assert_false(open_bytes("", 0));
	assert_non_null(strstr(err.text, "is empty"));
	assert_false(image_open(&image, "/nonexistent/file", RAM_BASE, &err));
	assert_string_equal(err.text, "/nonexistent/file: No such file or directory");
	assert_false(image_open(&image, "/tmp", RAM_BASE, &err));
	assert_non_null(strstr(err.text, "directory"));
}

static void test_damaged_symbols_cost_only_names(void **state)
{
	(void)state;
	make_default();
	elf_maker_symbol(&elf, "good", STT_FUNC, RAM_BASE, 8);
	elf_maker_symbol(&elf, "bad", STT_FUNC, RAM_BASE + 8, 8);
	elf.symbols[2].st_name = 1 << 30;
	assert_true(open_elf());
	assert_int_equal(image.symbols.count, 1);
	assert_string_equal(image.symbols.all[0].name, "good");
	image_close(&image);
}

static void test_raw_bytes_go_to_the_base(void **state)
{
	u64 start, end;
	(void)state;
	assert_true(open_bytes(code, sizeof(code)));
	assert_int_equal(image.kind, IMAGE_RAW);
	assert_true(image.entry == RAM_BASE);
	image_move(&image, RAM_BASE + 0x200000);
	image_range(&image, &start, &end);
	assert_true(start == RAM_BASE + 0x200000 && end == start + sizeof(code) && image.entry == start);
	image_close(&image);
}

static void test_linux_image_says_how_much_it_needs(void **state)
{
	u8 header[128] = { 'M', 'Z' };
	u64 start, end;
	(void)state;
	header[8 + 2] = 0x20;  /* text_offset 0x200000 */
	header[16 + 2] = 0x10; /* image_size 0x100000 */
	memcpy(header + 56, "RSC\x05", 4);
	assert_true(open_bytes(header, sizeof(header)));
	assert_int_equal(image.kind, IMAGE_LINUX);
	assert_int_equal(image.text_offset, 0x200000);
	image_range(&image, &start, &end);
	assert_int_equal(end - start, 0x100000);
	image_close(&image);
}

static void test_gzipped_files_are_unpacked(void **state)
{
	u8 packed[ELF_MAKER_SIZE + 1024];
	z_stream z = { 0 };
	(void)state;
	make_default();
	elf_maker_finish(&elf);
	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = elf.bytes;
	z.avail_in = (uInt)elf.size;
	z.next_out = packed;
	z.avail_out = sizeof(packed);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	u64 size = z.total_out;
	deflateEnd(&z);
	assert_true(open_bytes(packed, size));
	assert_int_equal(image.kind, IMAGE_ELF);
	image_close(&image);
	assert_false(open_bytes(packed, size - 9));
	assert_non_null(strstr(err.text, "gzipped data"));
	packed[size / 2] ^= 0xff;
	assert_false(open_bytes(packed, size));
}

static void test_overlap_is_exact(void **state)
{
	(void)state;
	make_default();
	assert_true(open_elf());
	assert_true(image_overlaps(&image, RAM_BASE, 1));
	assert_true(image_overlaps(&image, RAM_BASE + 63, 100));
	assert_true(image_overlaps(&image, RAM_BASE - 10, 11));
	assert_true(image_overlaps(&image, 0, UINT64_MAX));
	assert_false(image_overlaps(&image, RAM_BASE - 10, 10));
	assert_false(image_overlaps(&image, RAM_BASE + 64, UINT64_MAX - RAM_BASE - 64));
	image_close(&image);
}

static void test_symbols_are_found_by_address(void **state)
{
	struct symbols s = { 0 };
	const struct symbol list[] = {
		{ .addr = 0x2000, .size = 0x10, .name = "second", .is_code = true },
		{ .addr = 0x1000, .size = 0x20, .name = "first", .is_code = true },
		{ .addr = 0x1000, .name = "label", .is_code = true, .is_weak_kind = true },
		{ .addr = 0x1010, .name = "data" },
		{ .addr = 0x3000, .name = "last", .is_code = true, .is_weak_kind = true },
	};
	char text[32];
	u64 offset;
	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(list); i++)
		symbols_add(&s, &list[i]);
	symbols_sort(&s);
	assert_null(symbols_code_at(&s, 0xfff, &offset));
	assert_true(symbols_describe(&s, 0x1000, text, sizeof(text)));
	assert_string_equal(text, "first");
	assert_true(symbols_describe(&s, 0x1018, text, sizeof(text)));
	assert_string_equal(text, "first+0x18");
	assert_false(symbols_describe(&s, 0x1020, text, sizeof(text)));
	assert_true(symbols_describe(&s, 0x345678, text, sizeof(text)));
	assert_string_equal(text, "last+0x342678");
	/* A label without a size does not name all that comes behind it. */
	assert_false(symbols_describe(&s, 0x12345678, text, sizeof(text)));
	assert_false(symbols_describe(NULL, 0x1000, text, sizeof(text)));
	assert_null(symbols_named(&s, "third"));
	assert_int_equal(symbols_named(&s, "data")->addr, 0x1010);
	symbols_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_elf_goes_to_its_physical_address),
		cmocka_unit_test(test_position_independent_elf_moves_to_the_base),
		cmocka_unit_test(test_segments_outside_ram_are_named),
		cmocka_unit_test(test_other_machines_are_refused),
		cmocka_unit_test(test_headers_that_lie_are_refused),
		cmocka_unit_test(test_short_files_are_refused),
		cmocka_unit_test(test_damaged_symbols_cost_only_names),
		cmocka_unit_test(test_raw_bytes_go_to_the_base),
		cmocka_unit_test(test_linux_image_says_how_much_it_needs),
		cmocka_unit_test(test_gzipped_files_are_unpacked),
		cmocka_unit_test(test_overlap_is_exact),
		cmocka_unit_test(test_symbols_are_found_by_address),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
