/*
 * mmu/explain.c and the words for each rule. What it says must be true: where it names a PTE that would do, writing
 * that PTE must make the walk succeed; the numbers in the text are those of the case; and it fits a terminal.
 */
#include "mmu/explain.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/mmu/walk_fixture.h"

#define COLUMNS 100
#define LINES_MAX 16

static struct walk_fixture f;
static struct pmp pmp;
static char text[EXPLAIN_SIZE];

/* Explains f's last walk. */
static void explain(void)
{
	struct explanation e = { .request = &f.req, .result = &f.res, .pmp = &pmp, .symbol = "buffer+0x10", .asid = 7 };

	size_t length = explain_walk(&e, text, sizeof(text));

	assert_int_equal(length, strlen(text));
}

static void has(const char *part)
{
	/* Lines are broken at blanks: compare with them joined. */
	static char joined[EXPLAIN_SIZE];
	size_t length = 0;

	for (const char *at = text; *at; at++) {
		if (*at == '\n')
			joined[length++] = ' ';
		else if (*at != ' ' || (length && joined[length - 1] != ' '))
			joined[length++] = *at;
	}
	joined[length] = '\0';
	if (!strstr(joined, part))
		fail_msg("'%s' is not in:\n%s", part, text);
}

static void has_hex(const char *fmt, u64 value)
{
	char part[128];

	snprintf(part, sizeof(part), fmt, (unsigned long long)value);
	has(part);
}

static void fits(void)
{
	u32 lines = 0, column = 0;

	for (const char *at = text; *at; at++) {
		column = *at == '\n' ? 0 : column + 1;
		lines += *at == '\n';
		if (column > COLUMNS)
			fail_msg("a line is too long:\n%s", text);
	}
	assert_int_equal(column, 0);
	assert_in_range(lines, 3, LINES_MAX);
}

/* Walks for a page at `level` with this PTE, which must fail for the reason, and explains. */
static void fails(u32 level, u64 pte, enum access access, enum priv priv, enum walk_reason reason)
{
	set_up(&f, 3, VA, level, pte);
	assert_int_equal(run_as(&f, access, priv), reason);
	explain();
	fits();
	has("fault ");
	has("rule ");
	has("to mend ");
	has("privileged manual, \"");
	has(access == ACCESS_LOAD    ? "load from 0x3fdeadbeef"
	    : access == ACCESS_STORE ? "store to 0x"
	                             : "fetch from 0x");
	has(priv == PRIV_S ? "<buffer+0x10> in S mode: Sv39, ASID 7, root table at 0x80000000"
	                   : "<buffer+0x10> in U mode");
}

/* The text offers this PTE, and with it the same access works. */
static void offers(u32 level, u64 pte)
{
	has_hex(" 0x%010llx", pte);
	set_pte(&f, level, pte);
	assert_int_equal(run(&f), WALK_OK);
}

static const u64 page = 0x80005000;

static void test_indexes_and_each_pte_are_shown(void **state)
{
	(void)state;
	fails(0, 0, ACCESS_LOAD, PRIV_S, WALK_INVALID);
	has("indexes VPN[2] = 255, VPN[1] = 245, VPN[0] = 219, offset in the page 0xeef");
	has("level 2 PTE[255] at 0x800007f8 = 0x0020000401 -------V pointer to a table at 0x80001000");
	has("level 1 PTE[245] at 0x800017a8 = 0x0020000801 -------V pointer to a table at 0x80002000");
	has("level 0 PTE[219] at 0x800026d8 = 0x0000000000 -------- not valid <-- fails");
	has("load page fault (cause 13): nothing is mapped here: the level-0 PTE is all zeros.");
}

static void test_success_tells_the_address_and_the_rights(void **state)
{
	(void)state;
	set_up(&f, 3, VA, 1, PPN(0x80200000) | R | X | A | V);
	assert_int_equal(run(&f), WALK_OK);
	explain();
	fits();
	has("level 1 PTE[245] at 0x800017a8 = 0x002008004b -A--X-RV leaf: 2 MiB page at 0x80200000");
	has("works physical address 0x802dbeef, in a 2 MiB page with rights RX for S mode.");
	assert_null(strstr(text, "fault"));
}

static void test_success_tells_that_the_hart_sets_a_and_d(void **state)
{
	(void)state;
	set_up(&f, 3, VA, 0, PPN(page) | R | W | V);
	f.req.ad_update = true;
	f.req.access = ACCESS_STORE;
	assert_int_equal(run(&f), WALK_OK);
	explain();
	has("The hart sets A and D in the PTE when this access is made.");
}

static void test_napot_page_is_64_kib(void **state)
{
	(void)state;
	set_up(&f, 3, VA, 0, N | PPN(0x80028000) | RWXAD | V);
	assert_int_equal(run(&f), WALK_OK);
	explain();
	has("leaf: 64 KiB page at 0x80020000");
	has("works physical address 0x8002beef, in a 64 KiB page");
}

static void test_sv48_and_sv57_have_their_levels(void **state)
{
	(void)state;
	for (u32 levels = 4; levels <= 5; levels++) {
		set_up(&f, levels, va_for(levels), 0, 0);
		run(&f);
		explain();
		fits();
		has(levels == 4 ? ": Sv48, " : ": Sv57, ");
		has(levels == 4 ? "indexes VPN[3] = " : "indexes VPN[4] = ");
	}
}

static void test_m_mode_and_bare_are_not_translated(void **state)
{
	(void)state;
	memset(&f, 0, sizeof(f));
	f.req = (struct walk_request){ .va = 0x1234, .access = ACCESS_LOAD, .priv = PRIV_M };
	f.res = (struct walk_result){ .pa = 0x1234, .size_log2 = 12 };
	explain();
	has("load from 0x1234 <buffer+0x10> in M mode address M mode uses physical addresses");
	has("works physical address 0x1234.");
	f.req.priv = PRIV_S;
	explain();
	has("satp.MODE is 0 (Bare)");
	f.res.reason = WALK_LEAF_BUS;
	explain();
	fits();
	has("load access fault (cause 5): nothing is translated, but nothing answers such an access at physical "
	    "address 0x1234.");
}

/* ---- one a rule ---- */

static void test_non_canonical_names_the_address_that_was_meant(void **state)
{
	(void)state;
	set_up(&f, 3, 0x0000004012345678, 0, PPN(page) | RWXAD | V);
	assert_int_equal(run(&f), WALK_NON_CANONICAL);
	explain();
	fits();
	has("bit 38 of the address is 1, and bits 63..39 above it are not all 1: they are 0x0.");
	has("0..0x3fffffffff and 0xffffffc000000000..0xffffffffffffffff");
	has("0xffffffc012345678.");
	f.req.va = 0xffffffc012345678;
	assert_int_not_equal(run(&f), WALK_NON_CANONICAL);
}

static void test_invalid_says_what_to_write_where(void **state)
{
	(void)state;
	fails(0, 0, ACCESS_STORE, PRIV_U, WALK_INVALID);
	has("store/AMO page fault (cause 15)");
	has("write a leaf, (pa >> 12) << 10 | 0xd7 (V, R, W, U, A, D), to 0x800026d8.");
	set_pte(&f, 0, PPN(page) | 0xd7);
	assert_int_equal(run(&f), WALK_OK);
}

static void test_invalid_pointer_names_the_whole_range(void **state)
{
	(void)state;
	fails(1, 0, ACCESS_FETCH, PRIV_S, WALK_INVALID);
	has("So the whole 2 MiB from 0x3fdea00000 to 0x3fdebfffff is without a mapping.");
	has("a pointer to a zeroed page, (pa >> 12) << 10 | 1, to 0x800017a8");
	has("0x49 (V, X, A)");
	fails(2, 0, ACCESS_LOAD, PRIV_S, WALK_INVALID);
	has("the whole 1 GiB");
	has("And is 0x80000000 the right root?");
}

static void test_invalid_with_contents_lacks_v_only(void **state)
{
	(void)state;
	fails(0, PPN(page) | R | W | A | D, ACCESS_STORE, PRIV_S, WALK_INVALID);
	has("Its other bits mean nothing to the hart");
	offers(0, PPN(page) | R | W | A | D | V);
}

static void test_w_without_r(void **state)
{
	(void)state;
	fails(0, PPN(page) | W | A | D | V, ACCESS_LOAD, PRIV_S, WALK_W_WITHOUT_R);
	offers(0, PPN(page) | R | W | A | D | V);
	fails(0, PPN(page) | X | W | A | D | V, ACCESS_FETCH, PRIV_S, WALK_W_WITHOUT_R);
	offers(0, PPN(page) | X | A | D | V);
	fails(1, PPN(0x80002000) | W | V, ACCESS_FETCH, PRIV_S, WALK_W_WITHOUT_R);
	has_hex("for a pointer to a table at 0x80002000: 0x%010llx", PPN(0x80002000) | V);
}

static void test_reserved_bits_are_named(void **state)
{
	(void)state;
	fails(0, BIT(55) | PPN(page) | RWXAD | V, ACCESS_LOAD, PRIV_S, WALK_RESERVED_BITS);
	has("bits 60..54 are 0x02.");
	offers(0, PPN(page) | RWXAD | V);
	fails(0, 3ull << 61 | PPN(page) | RWXAD | V, ACCESS_LOAD, PRIV_S, WALK_RESERVED_BITS);
	has("PBMT (bits 62..61) is 3, which is reserved.");
	offers(0, PPN(page) | RWXAD | V);
}

static void test_bits_of_missing_extensions_are_named(void **state)
{
	(void)state;
	set_up(&f, 3, VA, 0, N | 1ull << 61 | PPN(page) | RWXAD | V);
	f.req.has_svnapot = f.req.has_svpbmt = false;
	assert_int_equal(run(&f), WALK_RESERVED_BITS);
	explain();
	fits();
	has("N (bit 63) is set, but this hart has no Svnapot.");
	has("PBMT (bits 62..61) is 1, but Svpbmt is missing or off (menvcfg.PBMTE=0).");
	offers(0, PPN(page) | RWXAD | V);
}

static void test_virtual_address_in_a_pte_is_recognised(void **state)
{
	(void)state;
	fails(0, 0xffffffff80005000 | RWXAD | V, ACCESS_LOAD, PRIV_S, WALK_RESERVED_BITS);
	has("as in the virtual address of a kernel");
}

static void test_pointer_flags_offers_a_pointer_and_a_leaf(void **state)
{
	(void)state;
	fails(1, PPN(0x80002000) | U | A | V, ACCESS_LOAD, PRIV_S, WALK_POINTER_FLAGS);
	has("it has set U, A.");
	has("U belongs into leaves only");
	has_hex("clear them: 0x%010llx.", PPN(0x80002000) | V);
	fails(0, PPN(page) | U | V, ACCESS_LOAD, PRIV_U, WALK_POINTER_FLAGS);
	assert_null(strstr(text, "clear them"));
	offers(0, PPN(page) | R | U | A | V);
}

static void test_no_leaf_offers_the_rights(void **state)
{
	(void)state;
	fails(0, PPN(page) | V, ACCESS_STORE, PRIV_S, WALK_NO_LEAF);
	has("there is no level below 0");
	offers(0, PPN(page) | R | W | A | D | V);
}

static void test_misaligned_offers_the_aligned_page_and_the_pointer(void **state)
{
	(void)state;
	fails(1, PPN(0x80202000) | RWXAD | V, ACCESS_LOAD, PRIV_S, WALK_MISALIGNED);
	has("a page of 2 MiB, but its physical address 0x80202000 is no multiple of that");
	has_hex("clear R, W, X and A, D, U: 0x%010llx", PPN(0x80202000) | V);
	offers(1, PPN(0x80200000) | RWXAD | V);
	fails(2, PPN(0x80202000) | RWXAD | V, ACCESS_LOAD, PRIV_S, WALK_MISALIGNED);
	offers(2, PPN(0x80000000) | RWXAD | V);
}

static void test_bad_napot_offers_both_repairs(void **state)
{
	(void)state;
	fails(0, N | PPN(0x80024000) | RWXAD | V, ACCESS_LOAD, PRIV_S, WALK_BAD_NAPOT);
	has("the low four bits of its PPN are 0x4 instead of 0x8.");
	has_hex("clear N: 0x%010llx", PPN(0x80024000) | RWXAD | V);
	offers(0, N | PPN(0x80028000) | RWXAD | V);
	fails(1, N | PPN(0x80200000) | RWXAD | V, ACCESS_LOAD, PRIV_S, WALK_BAD_NAPOT);
	offers(1, PPN(0x80200000) | RWXAD | V);
}

static void test_missing_rights_are_offered(void **state)
{
	(void)state;
	fails(0, PPN(page) | X | A | V, ACCESS_LOAD, PRIV_S, WALK_NO_READ);
	has("sstatus.MXR (bit 19)");
	offers(0, PPN(page) | R | X | A | V);
	fails(0, PPN(page) | R | A | D | V, ACCESS_STORE, PRIV_S, WALK_NO_WRITE);
	has("copy on write");
	offers(0, PPN(page) | R | W | A | D | V);
	fails(0, PPN(page) | R | W | A | D | V, ACCESS_FETCH, PRIV_S, WALK_NO_EXEC);
	offers(0, PPN(page) | RWXAD | V);
}

static void test_user_pages_and_s_mode(void **state)
{
	(void)state;
	fails(0, PPN(page) | RWXAD | U | V, ACCESS_LOAD, PRIV_S, WALK_USER_NO_SUM);
	has("csrs sstatus, 0x40000 (1 << 18)");
	offers(0, PPN(page) | RWXAD | V);
	fails(0, PPN(page) | RWXAD | U | V, ACCESS_FETCH, PRIV_S, WALK_USER_FETCH_IN_S);
	has("sstatus.SPP=0");
	offers(0, PPN(page) | RWXAD | V);
	fails(0, PPN(page) | RWXAD | V, ACCESS_FETCH, PRIV_U, WALK_SUPERVISOR_IN_U);
	offers(0, PPN(page) | RWXAD | U | V);
}

static void test_a_and_d_are_offered(void **state)
{
	(void)state;
	fails(0, PPN(page) | R | V, ACCESS_LOAD, PRIV_S, WALK_ACCESSED_CLEAR);
	has("menvcfg.ADUE=1 (bit 61)");
	offers(0, PPN(page) | R | A | V);
	fails(0, PPN(page) | R | W | A | V, ACCESS_STORE, PRIV_S, WALK_DIRTY_CLEAR);
	has("write leaves with A and D set");
	offers(0, PPN(page) | R | W | A | D | V);
}

static void test_pmp_on_a_pte_names_the_entry(void **state)
{
	(void)state;
	pmp_reset(&pmp);
	set_up(&f, 3, VA, 0, PPN(page) | R | V);
	f.m.deny_at = pte_addr(&f, 1);
	f.m.deny_load = WALK_PTE_PMP;
	assert_int_equal(run(&f), WALK_PTE_PMP);
	explain();
	fits();
	has("level 1 PTE[245] at 0x800017a8 cannot be read <-- fails");
	has("load access fault (cause 5): the level-1 PTE at 0x800017a8 may not be read: PMP denies it.");
	has("No PMP entry is on, as after reset: S and U mode may touch nothing at all.");
	has("Before the first mret: li t0, -1; srli t0, t0, 10; csrw pmpaddr0, t0; li t0, 0x1f; csrw pmpcfg0, t0");
	(void)pmp_write_addr(&pmp, 0, 0x90000000 >> 2 | MASK(10));
	(void)pmp_write_cfg(&pmp, 0, 0x1f);
	explain();
	has("No PMP entry matches it");
	has("pmpaddr0 = 0x3fffffffffffff and pmpcfg0 = 0x1f");
	(void)pmp_write_addr(&pmp, 0, 0x80000000 >> 2 | MASK(10));
	(void)pmp_write_cfg(&pmp, 0, 0x18);
	explain();
	has("PMP entry 0 decides: 0x80000000..0x80001fff, R=0 W=0 X=0.");
}

static void test_pmp_on_an_update_says_so(void **state)
{
	(void)state;
	set_up(&f, 3, VA, 0, PPN(page) | R | V);
	f.req.ad_update = true;
	f.m.deny_at = pte_addr(&f, 0);
	f.m.deny_store = WALK_PTE_PMP;
	assert_int_equal(run(&f), WALK_PTE_PMP);
	explain();
	fits();
	has("the hart may not set A or D in the level-0 PTE at 0x800026d8: PMP denies the store.");
	has("for reading and, where the hart sets A and D, writing");
}

static void test_root_that_was_not_shifted_is_recognised(void **state)
{
	(void)state;
	set_up(&f, 3, VA, 0, PPN(page) | R | V);
	f.req.root = 0x80000000ull << 12;
	f.m.deny_at = f.req.root + 255 * 8;
	f.m.deny_load = WALK_PTE_BUS;
	assert_int_equal(run(&f), WALK_PTE_BUS);
	explain();
	fits();
	has("there is no RAM at 0x800000007f8, where the level-2 PTE should be.");
	has("for a root at 0x80000000 the PPN is 0x80000.");
}

static void test_pointer_that_was_not_shifted_is_recognised(void **state)
{
	(void)state;
	set_up(&f, 3, VA, 2, 0x80001000 | V);
	f.m.deny_at = 0x200004000 + 245 * 8;
	f.m.deny_load = WALK_PTE_BUS;
	assert_int_equal(run(&f), WALK_PTE_BUS);
	explain();
	fits();
	has_hex("for a table at 0x80001000 it is 0x%llx.", PPN(0x80001000) | V);
}

static void test_pmp_and_bus_behind_the_walk(void **state)
{
	(void)state;
	pmp_reset(&pmp);
	set_up(&f, 3, VA, 0, PPN(page) | RWXAD | V);
	assert_int_equal(run_as(&f, ACCESS_STORE, PRIV_S), WALK_OK);
	f.res.reason = WALK_LEAF_PMP;
	explain();
	fits();
	has("before it enters S or U mode with mret, M mode must open memory to them: li t0, -1;");
	(void)pmp_write_addr(&pmp, 0, 0x90000000 >> 2 | MASK(10));
	(void)pmp_write_cfg(&pmp, 0, 0x1f);
	explain();
	fits();
	has("store/AMO access fault (cause 7): the translation is right, but physical address 0x80005eef may not be "
	    "stored to: PMP denies it.");
	has("M mode must give this memory W");
	f.res.reason = WALK_LEAF_BUS;
	explain();
	fits();
	has("nothing answers such an access at physical address 0x80005eef.");
	f.req.levels = 0;
	f.req.priv = PRIV_M;
	f.res.step_count = 0;
	f.res.reason = WALK_LEAF_PMP;
	explain();
	fits();
	has("is locked (L=1)");
}

static void test_leaf_that_was_not_shifted_is_recognised(void **state)
{
	(void)state;
	set_up(&f, 3, VA, 0, 0x80005000 | RWXAD | V);
	assert_int_equal(run(&f), WALK_OK);
	f.res.reason = WALK_LEAF_BUS;
	explain();
	has_hex("pa 0x80005000 was meant: 0x%llx.", PPN(page) | RWXAD | V);
}

/* ---- all of them ---- */

static void test_every_reason_has_words(void **state)
{
	(void)state;
	for (u32 reason = WALK_OK + 1; reason < WALK_REASONS; reason++) {
		set_up(&f, 3, VA, 0, PPN(page) | RWXAD | V);
		run(&f);
		f.res.reason = reason;
		explain();
		fits();
		has("to mend ");
	}
}

static void test_colours_only_if_asked_for(void **state)
{
	struct explanation e = { .request = &f.req, .result = &f.res };

	(void)state;
	set_up(&f, 3, VA, 0, 0);
	run(&f);
	explain_walk(&e, text, sizeof(text));
	assert_null(strchr(text, '\033'));
	e.colour = true;
	explain_walk(&e, text, sizeof(text));
	has("\033[1;31mPTE[219] at 0x800026d8");
}

static void test_text_is_cut_where_the_buffer_ends(void **state)
{
	struct explanation e = { .request = &f.req, .result = &f.res };

	(void)state;
	set_up(&f, 3, VA, 0, 0);
	run(&f);
	for (size_t size = 1; size < 200; size++) {
		char *small = malloc(size);

		size_t length = explain_walk(&e, small, size);

		assert_int_equal(length, size - 1);
		assert_int_equal(strlen(small), size - 1);
		free(small);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_indexes_and_each_pte_are_shown),
		cmocka_unit_test(test_success_tells_the_address_and_the_rights),
		cmocka_unit_test(test_success_tells_that_the_hart_sets_a_and_d),
		cmocka_unit_test(test_napot_page_is_64_kib),
		cmocka_unit_test(test_sv48_and_sv57_have_their_levels),
		cmocka_unit_test(test_m_mode_and_bare_are_not_translated),
		cmocka_unit_test(test_non_canonical_names_the_address_that_was_meant),
		cmocka_unit_test(test_invalid_says_what_to_write_where),
		cmocka_unit_test(test_invalid_pointer_names_the_whole_range),
		cmocka_unit_test(test_invalid_with_contents_lacks_v_only),
		cmocka_unit_test(test_w_without_r),
		cmocka_unit_test(test_reserved_bits_are_named),
		cmocka_unit_test(test_bits_of_missing_extensions_are_named),
		cmocka_unit_test(test_virtual_address_in_a_pte_is_recognised),
		cmocka_unit_test(test_pointer_flags_offers_a_pointer_and_a_leaf),
		cmocka_unit_test(test_no_leaf_offers_the_rights),
		cmocka_unit_test(test_misaligned_offers_the_aligned_page_and_the_pointer),
		cmocka_unit_test(test_bad_napot_offers_both_repairs),
		cmocka_unit_test(test_missing_rights_are_offered),
		cmocka_unit_test(test_user_pages_and_s_mode),
		cmocka_unit_test(test_a_and_d_are_offered),
		cmocka_unit_test(test_pmp_on_a_pte_names_the_entry),
		cmocka_unit_test(test_pmp_on_an_update_says_so),
		cmocka_unit_test(test_root_that_was_not_shifted_is_recognised),
		cmocka_unit_test(test_pointer_that_was_not_shifted_is_recognised),
		cmocka_unit_test(test_pmp_and_bus_behind_the_walk),
		cmocka_unit_test(test_leaf_that_was_not_shifted_is_recognised),
		cmocka_unit_test(test_every_reason_has_words),
		cmocka_unit_test(test_colours_only_if_asked_for),
		cmocka_unit_test(test_text_is_cut_where_the_buffer_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
