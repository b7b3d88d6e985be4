/*
 * The monitor's commands about translation: walk, explain, info mem, info tlb. What the words of explain are is tested
 * in explain_test.c.
 */
#include "devices/memmap.h"
#include "tests/unit/monitor_rig.h"

static struct monitor_rig rig;

static int start(void **state)
{
	(void)state;
	monitor_rig_start(&rig);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	monitor_rig_free(&rig);
	return 0;
}

static struct hart *hart(u32 n)
{
	return rig.rig.m->harts[n];
}

/* Loads through the MMU as the guest would, so that the TLB has it. */
static void touch(u64 va)
{
	u64 value;
	assert_true(mmu_load(&hart(0)->mmu, va, 8, &value));
}

/* ---- translation ---- */

static void test_walk_shows_each_level(void **state)
{
	(void)state;
	set_up_paging(&rig, READ_ONLY);
	expect(&rig, "walk 0x40201234",
	       "load 0x40201234 in S mode, Sv39, ASID 5, root table at 0x80100000\n"
	       "  level 2  index 1    pte@0x80100008 = 0x0000000020040401  -------V  table 0x80101000\n"
	       "  level 1  index 1    pte@0x80101008 = 0x0000000020040801  -------V  table 0x80102000\n"
	       "  level 0  index 1    pte@0x80102008 = 0x00000000200440c3  DA----RV  leaf 0x80110000\n"
	       "=> pa 0x80110234, 4 KiB page\n");
	expect_part(&rig, "walk 0x40201234 store", "=> store/AMO page fault (cause 15): W=0, level 0\n");
	expect_part(&rig, "walk 0x40201234 fetch", "=> instruction page fault (cause 12): X=0, level 0\n");
	expect_part(&rig, "walk 0x40201234 u", "=> load page fault (cause 13): U=0 in U mode, level 0\n");
	expect_part(&rig, "walk 0x40200000",
	            "  level 0  index 0    pte@0x80102000 = 0x0000000000000000  --------  not valid\n");
	expect_part(&rig, "walk 1<<40", "=> load page fault (cause 13): address not canonical\n");
	expect(&rig, "walk 0x40201234 x", "'x' is neither fetch, load, store nor a mode (u, s, m)\n");
	expect(&rig, "walk", "an address is missing\n");
}

static void test_walk_in_m_mode_is_physical_and_hints(void **state)
{
	(void)state;
	expect(&rig, "walk 0x80000000",
	       "load 0x80000000 <_start> in M mode, physical addresses\n=> pa 0x80000000, not translated\n");
	expect_part(&rig, "walk 0x80000000 s", "in S mode, satp is Bare\n");
	set_up_paging(&rig, READ_ONLY);
	expect_part(&rig, "walk 0x80000000 m", "end the command with s or u");
}

static void test_walk_is_checked_by_pmp_and_bus(void **state)
{
	(void)state;
	set_up_paging(&rig, READ_WRITE);
	put_word(&rig, RIG_TABLE0 + 8, PTE_TO(0x20000000, READ_WRITE));
	expect_part(&rig, "walk 0x40201234",
	            "=> load access fault (cause 5): nothing answers at the physical address, pa 0x20000234\n");
	put_word(&rig, RIG_TABLE0 + 8, PTE_TO(MEMMAP_UART_BASE, READ_WRITE | PTE_X));
	expect_part(&rig, "walk 0x40201000", "=> pa 0x10000000, 4 KiB page\n");
	expect_part(&rig, "walk 0x40201000 fetch", "=> instruction access fault (cause 1): nothing answers");
	put_word(&rig, RIG_TABLE1 + 8, PTE_TO(0x20000000, PTE_V));
	expect_part(&rig, "walk 0x40201000", "  level 0  index 1    pte@0x20000008 cannot be read\n");
	(void)pmp_write_cfg(&hart(0)->mmu.pmp, 0, 0);
	expect_part(&rig, "walk 0x40201000", "=> load access fault (cause 5): PMP denies the PTE access, level 2\n");
}

static void test_explain_is_the_walk_in_words(void **state)
{
	(void)state;
	set_up_paging(&rig, READ_ONLY);
	expect_part(&rig, "explain 0x40201234", "works     physical address 0x80110234, in a 4 KiB page with rights R");
	expect_part(&rig, "explain 0x40201234 store", "the page cannot be written: W=0 (R=1, X=0).");
	expect_part(&rig, "explain tohost s", "load from 0x80000800 <tohost> in S mode");
	expect_part(&rig, "explain 0x40201234 m", "M mode uses physical addresses");
	(void)pmp_write_cfg(&hart(0)->mmu.pmp, 0, 0x18);
	expect_part(&rig, "explain 0x40201234", "PMP entry 0 decides: 0x0..0x1ffffffffffffff, R=0 W=0 X=0.");
}

static void test_explain_warns_of_a_stale_tlb_entry(void **state)
{
	(void)state;
	set_up_paging(&rig, READ_ONLY);
	touch(RIG_VA);
	assert_null(strstr(say(&rig, "explain 0x40201234"), "but "));
	put_word(&rig, RIG_TABLE0 + 8, 0);
	expect_part(
		&rig, "explain 0x40201234",
		"but       the TLB still has what the page tables said before: pa 0x80110234, DA----RV. Until an\n"
		"          sfence.vma for this address the hart may use that. Was one left out behind the store to\n"
		"          the PTE?\n");
	mmu_fence(&hart(0)->mmu, true, RIG_VA, false, 0);
	assert_null(strstr(say(&rig, "explain 0x40201234"), "but "));
}

#define MEM_HEAD                                                                                                       \
	"vaddr            paddr            size             attr\n"                                                    \
	"---------------- ---------------- ---------------- -------\n"

static void test_info_mem_merges_ranges(void **state)
{
	(void)state;
	expect(&rig, "info mem", "satp is Bare: there is no translation\n");
	set_up_paging(&rig, READ_WRITE);
	put_word(&rig, RIG_TABLE0 + 16, PTE_TO(RIG_PAGE + 0x1000, READ_WRITE));
	put_word(&rig, RIG_TABLE0 + 24, PTE_TO(RIG_PAGE + 0x2000, READ_ONLY | PTE_U));
	put_word(&rig, RIG_TABLE1 + 16, PTE_TO(0x80200000, READ_WRITE | PTE_X | PTE_G));
	put_word(&rig, RIG_ROOT + 511 * 8, PTE_TO(0x80000000, READ_WRITE | PTE_X));
	expect(&rig, "info mem",
	       MEM_HEAD "0000000040201000 0000000080110000 0000000000002000 rw---ad\n"
	                "0000000040203000 0000000080112000 0000000000001000 r--u-ad\n"
	                "0000000040400000 0000000080200000 0000000000200000 rwx-gad\n"
	                "ffffffffc0000000 0000000080000000 0000000040000000 rwx--ad\n"
	                "1050636 KiB mapped in Sv39, ASID 5, by 3 page tables\n");
}

static void test_info_mem_tells_of_malformed_ptes(void **state)
{
	(void)state;
	set_up_paging(&rig, READ_WRITE);
	put_word(&rig, RIG_TABLE0 + 16, PTE_TO(RIG_PAGE, PTE_V | PTE_W));
	put_word(&rig, RIG_TABLE1 + 24, PTE_TO(0x20000000, PTE_V));
	expect_part(&rig, "info mem",
	            "2 PTEs with V=1 are malformed, or lead to no table: explain 0x40202000 tells about the first\n");
}

static void test_info_mem_ends_on_tables_that_contain_themselves(void **state)
{
	(void)state;
	set_up_paging(&rig, READ_WRITE);
	for (u32 i = 0; i < 512; i++)
		put_word(&rig, RIG_ROOT + 8 * i, PTE_TO(RIG_ROOT, PTE_V));
	expect_part(&rig, "info mem", "not all tables were read");
}

static void test_info_tlb_marks_what_is_stale(void **state)
{
	(void)state;
	set_up_paging(&rig, READ_WRITE & ~(u64)PTE_D);
	put_word(&rig, RIG_TABLE0 + 16, PTE_TO(RIG_PAGE, READ_WRITE));
	touch(RIG_VA);
	touch(RIG_VA + 0x1000);
	expect_part(&rig, "info tlb", "unified       5 0000000040201000 0000000080110000 4 KiB   -A---WRV\n");
	expect_part(&rig, "info tlb", "entries: 2; STALE: 0 ");
	/* The first gets D, the second another page. */
	put_word(&rig, RIG_TABLE0 + 8, PTE_TO(RIG_PAGE, READ_WRITE));
	put_word(&rig, RIG_TABLE0 + 16, PTE_TO(RIG_PAGE + 0x1000, READ_WRITE));
	expect_part(&rig, "info tlb", "4 KiB   -A---WRV  A/D differ; page table: DA---WRV\n");
	expect_part(&rig, "info tlb", "4 KiB   DA---WRV  STALE; page table: pa 80111000, 4 KiB, DA---WRV\n");
	put_word(&rig, RIG_TABLE1 + 8, 0);
	expect_part(&rig, "info tlb", "entries: 2; STALE: 2 ");
	expect_part(&rig, "info tlb", "STALE; page table: V=0\n");
	expect_part(&rig, "info tlb 1", "hart 1, TLB `fast'; entries: 0; STALE: 0 ");
	/* Another address space: nothing can be said. */
	mmu_write_satp(&hart(0)->mmu, 8ull << 60 | 6ull << 44 | RIG_ROOT >> 12);
	expect_part(&rig, "info tlb", "entries: 2; STALE: 0 ");
	expect_part(&rig, "info tlb", "only entries of ASID 6 and global ones");
}

static void test_looking_changes_nothing(void **state)
{
	struct mmu_stats before;
	u64 hash;
	(void)state;
	set_up_paging(&rig, PTE_V | PTE_R | PTE_W);
	before = hart(0)->mmu.stats;
	hash = machine_ram_hash(rig.rig.m);
	for (u32 i = 0; i < 2; i++) {
		static const char *const lines[] = {
			"walk 0x40201000 store", "explain 0x40201000 store", "info mem",     "info tlb",
			"x/4xg 0x40201000",      "gva2gpa 0x40201000",       "info devices", "info irq",
		};
		for (u32 n = 0; n < ARRAY_SIZE(lines); n++)
			say(&rig, lines[n]);
	}
	assert_true(hash == machine_ram_hash(rig.rig.m));
	assert_memory_equal(&before, &hart(0)->mmu.stats, sizeof(before));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_walk_shows_each_level),
		TEST(test_walk_in_m_mode_is_physical_and_hints),
		TEST(test_walk_is_checked_by_pmp_and_bus),
		TEST(test_explain_is_the_walk_in_words),
		TEST(test_explain_warns_of_a_stale_tlb_entry),
		TEST(test_info_mem_merges_ranges),
		TEST(test_info_mem_tells_of_malformed_ptes),
		TEST(test_info_mem_ends_on_tables_that_contain_themselves),
		TEST(test_info_tlb_marks_what_is_stale),
		TEST(test_looking_changes_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
