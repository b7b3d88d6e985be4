/*
 * mmu/explain_mistakes.c: a mistake is named where it was made, with the value that should have been written, and
 * nothing is said where the page tables only look like one.
 */
#include "mmu/explain.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/mmu/walk_fixture.h"

#define TEST(f) cmocka_unit_test(f)
#define RAM_BASE 0x80000000ull
#define RAM_PAGES 256
#define TABLE0 0x80002000ull /* the table of level 0 of a Sv39 walk by the fixture */

static struct walk_fixture f;
static u64 ram[RAM_PAGES][512];
static char text[EXPLAIN_SIZE], joined[EXPLAIN_SIZE];

static const u64 *ram_page(void *arg, u64 page)
{
	assert_ptr_equal(arg, ram);
	assert_int_equal(page & 0xfff, 0);
	return page - RAM_BASE < RAM_PAGES * 4096 ? ram[(page - RAM_BASE) >> 12] : NULL;
}

static void explain(void)
{
	struct explanation e = { .request = &f.req, .result = &f.res, .ram = ram_page, .ram_arg = ram };
	size_t length = 0;
	/* What the fixture's port reads is also what is in RAM. */
	for (u32 i = 0; i < f.m.count; i++)
		if (f.m.words[i].pa - RAM_BASE < RAM_PAGES * 4096)
			ram[(f.m.words[i].pa - RAM_BASE) >> 12][f.m.words[i].pa >> 3 & 511] = f.m.words[i].value;
	explain_walk(&e, text, sizeof(text));
	for (const char *at = text; *at; at++) {
		char c = *at == '\n' ? ' ' : *at;
		if (c != ' ' || (length && joined[length - 1] != ' '))
			joined[length++] = c;
	}
	joined[length] = '\0';
	memset(ram, 0, sizeof(ram));
}

static void has(const char *part)
{
	explain();
	if (!strstr(joined, part))
		fail_msg("'%s' is not in:\n%s", part, text);
}

static void guesses_nothing(void)
{
	explain();
	if (strstr(joined, "perhaps"))
		fail_msg("a guess that is not wanted:\n%s", text);
}

/* A load through this PTE at `level` fails for the reason; where the walk goes on from it, there is nothing. */
static void set_up_failure(u32 level, u64 pte, enum walk_reason reason)
{
	set_up(&f, 3, VA, level, pte);
	if (reason == WALK_PTE_BUS) {
		f.m.deny_at = ((pte >> 10 & 0xfffffffffff) << 12) + ((VA >> (12 + 9 * (level - 1))) & 511) * 8;
		f.m.deny_load = WALK_PTE_BUS;
	}
	if (reason == WALK_LEAF_BUS) {
		assert_int_equal(run(&f), WALK_OK);
		f.res.reason = WALK_LEAF_BUS;
	} else {
		assert_int_equal(run(&f), reason);
	}
}

static void test_address_shifted_left_only_is_recognised(void **state)
{
	(void)state;
	set_up_failure(2, 0x80001000ull << 10 | V, WALK_PTE_BUS);
	has("perhaps the PTE 0x20000400001 at 0x800007f8 was made from the physical address 0x80001000 by shifting it "
	    "left by 10, but without shifting it right by 12 first. A PTE is (pa >> 12) << 10 | flags: 0x20000401.");
	assert_null(strstr(joined, "It looks as if the address was not shifted"));
}

static void test_number_without_its_shift_is_recognised(void **state)
{
	(void)state;
	set_up_failure(0, 0x80005000ull >> 12 | A | D | R | W | V, WALK_LEAF_BUS);
	has("perhaps the PTE 0x800c7 at 0x800026d8 was made from the number of a page (0x80000, where RAM is) without "
	    "shifting it left by 10");
}

static void test_unshifted_address_is_told_once(void **state)
{
	(void)state;
	set_up_failure(2, 0x80001000 | V, WALK_PTE_BUS);
	has("It looks as if the address was not shifted: for a table at 0x80001000 it is 0x20000401.");
	guesses_nothing();
	/* As a superpage it is malformed before it leads anywhere. */
	set_up_failure(1, 0x80003000 | A | D | R | V, WALK_MISALIGNED);
	has("was made from the physical address 0x80003000 without shifting it. A PTE is (pa >> 12) << 10 | flags: "
	    "0x20000cc3.");
}

static void test_right_addresses_are_no_mistakes(void **state)
{
	(void)state;
	set_up_failure(0, PPN(0x80005000) | W | V, WALK_W_WITHOUT_R);
	guesses_nothing();
	set_up_failure(0, PPN(0x10000000) | R | A | V, WALK_LEAF_BUS);
	guesses_nothing();
	set_up_failure(0, PPN(0x80005000) | R | X | A | V, WALK_OK);
	guesses_nothing();
}

static void test_leaf_one_table_too_early_is_recognised(void **state)
{
	(void)state;
	set_up_failure(1, PPN(0x80005000) | R | A | V, WALK_MISALIGNED);
	has("perhaps a page of 4 KiB at 0x80005000 was meant, and the leaf was written one table too early");
}

static void fill_table(u64 value, u32 count)
{
	for (u32 i = 0; i < count; i++)
		ram[(TABLE0 - RAM_BASE) >> 12][i] = value;
}

static void test_table_of_a_pattern_is_recognised(void **state)
{
	(void)state;
	set_up_failure(0, 0x0505050505050505, WALK_W_WITHOUT_R);
	fill_table(0x0505050505050505, 512);
	has("perhaps the table at 0x80002000 was never cleared: 512 of its 512 PTEs have V=1 and are malformed like "
	    "this one. The byte 0x05 fills it");
}

static void test_table_of_other_things_is_recognised(void **state)
{
	u64 word;
	(void)state;
	memcpy(&word, "eprogram", 8);
	set_up_failure(0, word, WALK_W_WITHOUT_R);
	fill_table(word, 200);
	has("201 of its 512 PTEs have V=1 and are malformed like this one. It looks like text.");
	set_up_failure(0, 0x1234567812345605, WALK_W_WITHOUT_R);
	fill_table(0x0005050501234505, 60);
	has("61 of its 512 PTEs have V=1 and are malformed like this one. It looks like memory that was used for "
	    "something else.");
	set_up_failure(0, 0x1234567812345605, WALK_W_WITHOUT_R);
	fill_table(0x1234567812345605, 512);
	has("The same value fills it.");
}

static void test_a_few_malformed_ptes_are_no_rubbish(void **state)
{
	(void)state;
	set_up_failure(0, PPN(0x80005000) | W | V, WALK_W_WITHOUT_R);
	fill_table(PPN(0x80005000) | W | V, 5);
	guesses_nothing();
	/* Swapped pages: whatever a kernel keeps there has V=0. */
	set_up_failure(0, 0x7fffffff00, WALK_INVALID);
	fill_table(0x7fffffff00, 512);
	guesses_nothing();
}

static void test_null_pointers_are_recognised(void **state)
{
	(void)state;
	set_up(&f, 3, 0x18, 0, 0);
	assert_int_equal(run(&f), WALK_INVALID);
	has("perhaps a null pointer: address 0x18 is 0 plus 24 bytes.");
	assert_int_equal(run_as(&f, ACCESS_FETCH, PRIV_S), WALK_INVALID);
	has("perhaps a null pointer: a function was called through it");
	set_up(&f, 3, 0x1018, 0, 0);
	assert_int_equal(run(&f), WALK_INVALID);
	guesses_nothing();
}

static void test_empty_roots_are_recognised(void **state)
{
	(void)state;
	set_up(&f, 3, VA, 2, 0);
	assert_int_equal(run(&f), WALK_INVALID);
	has("perhaps satp names the wrong page, or nothing was mapped yet: all 512 PTEs of the root table at "
	    "0x80000000 are 0.");
	*word_at(&f.m, ROOT) = PPN(0x80001000) | V;
	guesses_nothing();
}

static void test_addresses_of_a_pattern_are_recognised(void **state)
{
	(void)state;
	set_up(&f, 3, 0xa5a5a5a5a5a5a5adull, 0, 0);
	assert_int_equal(run(&f), WALK_NON_CANONICAL);
	has("perhaps the pointer was read from memory that holds 0xa5 everywhere");
	set_up(&f, 3, 0x1414141414141008ull, 0, 0);
	assert_int_equal(run(&f), WALK_NON_CANONICAL);
	has("software went through a page table that was never cleared: this is where a PTE of bytes 0x05 leads to");
	set_up(&f, 3, 0x4000000000ull, 0, 0);
	assert_int_equal(run(&f), WALK_NON_CANONICAL);
	guesses_nothing();
}

static void test_without_ram_nothing_is_guessed(void **state)
{
	struct explanation e = { .request = &f.req, .result = &f.res };
	(void)state;
	set_up(&f, 3, 0x18, 0, 0);
	assert_int_equal(run(&f), WALK_INVALID);
	explain_walk(&e, text, sizeof(text));
	assert_null(strstr(text, "perhaps"));
}

static void test_paragraphs_are_broken_into_lines(void **state)
{
	(void)state;
	size_t length = explain_paragraph(text, sizeof(text), false, "note", "%s", "one two");
	assert_string_equal(text, "note      one two\n");
	assert_int_equal(length, strlen(text));
	explain_paragraph(text, sizeof(text), false, "note", "words %060d %060d end", 0, 0);
	assert_non_null(strstr(text, "note      words 0"));
	assert_non_null(strstr(text, "\n          0"));
	assert_non_null(strstr(text, "0 end\n"));
	explain_paragraph(text, 8, false, "note", "words");
	assert_string_equal(text, "note   ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_address_shifted_left_only_is_recognised),
		TEST(test_number_without_its_shift_is_recognised),
		TEST(test_unshifted_address_is_told_once),
		TEST(test_right_addresses_are_no_mistakes),
		TEST(test_leaf_one_table_too_early_is_recognised),
		TEST(test_table_of_a_pattern_is_recognised),
		TEST(test_table_of_other_things_is_recognised),
		TEST(test_a_few_malformed_ptes_are_no_rubbish),
		TEST(test_null_pointers_are_recognised),
		TEST(test_empty_roots_are_recognised),
		TEST(test_addresses_of_a_pattern_are_recognised),
		TEST(test_without_ram_nothing_is_guessed),
		TEST(test_paragraphs_are_broken_into_lines),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
