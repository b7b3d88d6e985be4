/*
 * emu/observe/source_lines.c, with an ELF file that is made byte by byte: what is asked for is found, what is not there
 * has no line, and no damage to the file does more than that.
 */
#include "emu/observe/source_lines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/elf_maker.h"

#define TEST(f) cmocka_unit_test(f)

#define LINKED 0xffffffff80200000ull /* addresses of the code as linked */
#define LOADED 0x80200000ull         /* and where it is loaded */
#define CODE_SIZE 16                 /* two lines' code, 8 bytes each */
#define DEBUG_AT 1024                /* offset of the debug sections in the file */
#define FILE_SIZE 4096

/* What a file is made of. */
struct maker {
	u8 bytes[FILE_SIZE];
	u32 used; /* up to where debug information goes */
};

static struct maker made;
static struct segment segment;
static struct image image;

static void put(const void *from, u32 size)
{
	memcpy(made.bytes + made.used, from, size);
	made.used += size;
}

static void put_number(u64 value, u32 size)
{
	put(&value, size);
}

static void put_text(const char *text)
{
	put(text, (u32)strlen(text) + 1);
}

/* Fills in the length that a unit begins with. */
static void end_unit(u32 start)
{
	u32 length = made.used - start - 4;
	memcpy(made.bytes + start, &length, 4);
}

static void make_abbrev(void)
{
	static const u8 abbrev[] = {
		1,    0x11, 0,    /* 1: a compile unit without children: */
		0x03, 0x08,       /* its name, here */
		0x1b, 0x08,       /* the directory, here */
		0x11, 0x01,       /* the first address */
		0x12, 0x07,       /* how many bytes, eight of them */
		0x10, 0x17, 0, 0, /* its lines */
		0,
	};
	put(abbrev, sizeof(abbrev));
}

static void make_info(void)
{
	u32 start = made.used;
	put_number(0, 4);
	put_number(4, 2); /* DWARF 4 */
	put_number(0, 4);
	put_number(8, 1);
	put_number(1, 1);
	put_text("mm/vm.c");
	put_text("/home/student/os");
	put_number(LINKED, 8);
	put_number(CODE_SIZE, 8);
	put_number(0, 4);
	end_unit(start);
}

static void make_line(const char *name)
{
	static const u8 opcodes[] = { 1, 1, 1, 0xfb, 14, 13, 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1, 0 };
	static const u8 rest[] = {
		3, 9, 1,       /* line 10 */
		2, 8, 3, 5, 1, /* 8 bytes on, line 15 */
		2, 8, 0, 1, 1, /* 8 bytes on, the end */
	};
	u32 start = made.used, header;
	put_number(0, 4);
	put_number(4, 2);
	put_number(0, 4);
	header = made.used;
	put(opcodes, sizeof(opcodes));
	put_text(name);
	put_number(0, 4);
	u32 length = made.used - header;
	memcpy(made.bytes + header - 4, &length, 4);
	put_number(0x020900, 3);
	put_number(LINKED, 8);
	put(rest, sizeof(rest));
	end_unit(start);
}

static void make_section(u32 number, u32 name, u32 type, u32 from, u32 to)
{
	Elf64_Shdr section = { .sh_name = name, .sh_type = type, .sh_offset = from, .sh_size = to - from };
	section.sh_addralign = 1;
	memcpy(made.bytes + 256 + number * sizeof(section), &section, sizeof(section));
}

static void make_file(const char *name)
{
	static const char names[] = "\0.debug_abbrev\0.debug_info\0.debug_line\0.shstrtab";
	Elf64_Ehdr header = {
		.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_EXEC,
		.e_machine = ELF_MAKER_RISCV,
		.e_version = EV_CURRENT,
		.e_phoff = sizeof(Elf64_Ehdr),
		.e_shoff = 256,
		.e_ehsize = sizeof(Elf64_Ehdr),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 1,
		.e_shentsize = sizeof(Elf64_Shdr),
		.e_shnum = 5,
		.e_shstrndx = 4,
	};
	Elf64_Phdr load = { .p_type = PT_LOAD, .p_vaddr = LINKED, .p_paddr = LOADED, .p_memsz = CODE_SIZE };
	memset(&made, 0, sizeof(made));
	memcpy(made.bytes, &header, sizeof(header));
	memcpy(made.bytes + header.e_phoff, &load, sizeof(load));
	made.used = DEBUG_AT;
	make_abbrev();
	u32 info = made.used;
	make_info();
	u32 line = made.used;
	make_line(name);
	u32 strings = made.used;
	put(names, sizeof(names));
	make_section(1, 1, SHT_PROGBITS, DEBUG_AT, info);
	make_section(2, 15, SHT_PROGBITS, info, line);
	make_section(3, 27, SHT_PROGBITS, line, strings);
	make_section(4, 39, SHT_STRTAB, strings, made.used);
	segment = (struct segment){ .pa = LOADED, .va = LINKED, .mem_size = CODE_SIZE };
	image = (struct image){
		.path = "kernel",
		.file = made.bytes,
		.file_size = made.used,
		.segments = &segment,
		.segment_count = 1,
	};
}

/* A new object is asked, as libdw remembers what it has read. "" means that it knows no line. */
static const char *ask(u64 pc)
{
	static char text[SOURCE_LINE_SIZE];
	struct source_lines *s = source_lines_create();
	source_lines_add(s, &image);
	bool found = source_lines_describe(s, pc, text, sizeof(text));
	assert_int_equal(found, text[0] != '\0');
	source_lines_destroy(s);
	return text;
}

static void test_lines_are_found_relative_to_the_directory(void **state)
{
	(void)state;
	make_file("mm/vm.c");
	assert_string_equal(ask(LINKED), "mm/vm.c:10");
	assert_string_equal(ask(LINKED + 7), "mm/vm.c:10");
	assert_string_equal(ask(LINKED + 8), "mm/vm.c:15");
	assert_string_equal(ask(LINKED + 15), "mm/vm.c:15");
}

static void test_addresses_without_code_have_no_line(void **state)
{
	(void)state;
	make_file("mm/vm.c");
	assert_string_equal(ask(LINKED - 1), "");
	assert_string_equal(ask(LINKED + CODE_SIZE), "");
	assert_string_equal(ask(0), "");
	char text[SOURCE_LINE_SIZE];
	assert_false(source_lines_describe(NULL, LINKED, text, sizeof(text)));
	assert_string_equal(text, "");
}

static void test_physical_addresses_are_those_of_the_linked_ones(void **state)
{
	(void)state;
	make_file("mm/vm.c");
	assert_string_equal(ask(LOADED + 8), "mm/vm.c:15");
	struct source_lines *s = source_lines_create();
	source_lines_add(s, &image);
	source_lines_add(s, &image);
	assert_true(source_lines_linked(s, LOADED + 8) == LINKED + 8);
	assert_true(source_lines_linked(s, LINKED + 8) == LINKED + 8);
	assert_true(source_lines_linked(s, 0x1234) == 0x1234);
	source_lines_destroy(s);
}

static void test_moved_files_are_found_where_they_are(void **state)
{
	(void)state;
	make_file("mm/vm.c");
	segment.va = segment.pa = 0x90000000;
	assert_string_equal(ask(0x90000008), "mm/vm.c:15");
	assert_string_equal(ask(LINKED + 8), "");
}

static void test_names_are_made_printable_and_cut_in_front(void **state)
{
	char name[400];
	(void)state;
	make_file("a\033[31m\n.c");
	assert_string_equal(ask(LINKED), "a?[31m?.c:10");
	memset(name, 'x', sizeof(name));
	strcpy(name + sizeof(name) - 5, "/v.c");
	make_file(name);
	const char *line = ask(LINKED);
	assert_int_equal(strlen(line), SOURCE_LINE_SIZE - 1);
	assert_string_equal(line + strlen(line) - 10, "xxx/v.c:10");
}

static void test_files_that_are_no_elf_are_left_out(void **state)
{
	(void)state;
	make_file("mm/vm.c");
	image.kind = IMAGE_RAW;
	assert_string_equal(ask(LINKED), "");
	image.kind = IMAGE_ELF;
	image.path = NULL;
	assert_string_equal(ask(LINKED), "");
}

/* Under the sanitizers this is where a mistake would show. */
static void test_damage_costs_only_lines(void **state)
{
	(void)state;
	make_file("mm/vm.c");
	for (u32 at = 0; at < made.used; at++) {
		u8 whole = made.bytes[at];
		for (u32 i = 0; i < 4; i++) {
			made.bytes[at] = (u8)(i == 0 ? 0 : i == 1 ? 0xff : i == 2 ? whole ^ 0x80 : whole + 1);
			for (const char *c = ask(LINKED + 8); *c; c++)
				assert_in_range(*c, ' ', '~');
		}
		made.bytes[at] = whole;
	}
	for (u32 size = 0; size < made.used; size++) {
		image.file_size = size;
		(void)ask(LINKED + 8);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_lines_are_found_relative_to_the_directory),
		TEST(test_addresses_without_code_have_no_line),
		TEST(test_physical_addresses_are_those_of_the_linked_ones),
		TEST(test_moved_files_are_found_where_they_are),
		TEST(test_names_are_made_printable_and_cut_in_front),
		TEST(test_files_that_are_no_elf_are_left_out),
		TEST(test_damage_costs_only_lines),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
