/*
 * Sv39, the algorithm: what a walk accepts, refuses and computes. Privileged manual, "Virtual Address Translation
 * Process" and "Sv39: Page-Based 39-bit Virtual-Memory System". What TLBs and fences do is in fence_rules.c, A and D
 * in ad_rules.c, SUM, MXR and MPRV in permission_rules.c.
 */
#include "tests/guest/guest.h"

#define MIB2 0x200000ul
#define GIB 0x40000000ul

CODE(load_two, "ld a0, 0(a0)\n ld a1, 0(a1)");
CODE(load_word, "lwu a0, 0(a0)");

void before_each(void)
{
	sv39();
}

/* Maps VA at a level so that VA + offset reaches PAGE(0) + offset as well as its level allows. */
static u64 *map_page0(int level, u64 flags)
{
	return map(VA, level == 2 ? 0x80000000 : PLAYGROUND, level, flags);
}

/* All three kinds of access fault, with the whole va in mtval. */
static void expect_page_faults(enum mode mode, u64 va)
{
	for (enum kind kind = LOAD; kind < KINDS; kind++) {
		access(kind, mode, va);
		expect_fault(page_fault_of[kind], va);
	}
}

static void expect_access_faults(enum mode mode, u64 va)
{
	for (enum kind kind = LOAD; kind < KINDS; kind++) {
		access(kind, mode, va);
		expect_fault(access_fault_of[kind], va);
	}
}

static void a_4k_page_maps_its_4096_bytes(void)
{
	map(VA, PAGE(3), 0, PTE_USER);
	load(U, VA);
	expect_value(PAGE(3));
	load(U, VA + 0xff8);
	expect_value(PAGE(3) + 0xff8);
	store(U, VA + 0x128, 77);
	expect_ok();
	expect(peek(PAGE(3) + 0x128), 77);
	put_answer(PAGE(3) + 0x200);
	fetch(U, VA + 0x200);
	expect_value(ANSWER);
}

static void a_2m_page_takes_vpn0_from_the_address(void)
{
	map(VA, PLAYGROUND, 1, PTE_USER);
	load(U, VA + 0x5018);
	expect_value(PAGE(5) + 0x18);
	load(U, VA + MIB2);
	expect_fault(LOAD_PAGE_FAULT, VA + MIB2);
}

static void a_1g_page_takes_vpn1_and_vpn0_from_the_address(void)
{
	map(VA, 0x80000000, 2, PTE_USER);
	load(U, VA + (PAGE(7) & (GIB - 1)) + 0x20);
	expect_value(PAGE(7) + 0x20);
}

static void each_vpn_field_selects_one_of_512_entries(void)
{
	for (u64 index = 0; index < 512; index += 73) {
		map(VA + index * 4096, PAGE(index % 30), 0, PTE_USER);
		map(VA + GIB + index * MIB2 + index * 4096, PAGE(index % 30), 0, PTE_USER);
	}
	for (u64 index = 0; index < 512; index += 73) {
		load(U, VA + index * 4096);
		expect_value(PAGE(index % 30));
		load(U, VA + GIB + index * MIB2 + index * 4096);
		expect_value(PAGE(index % 30));
	}
}

static void the_upper_half_is_translated_like_the_lower(void)
{
	map(VA_HIGH, PAGE(4), 0, PTE_USER);
	load(U, VA_HIGH + 8);
	expect_value(PAGE(4) + 8);
	map(-4096ul, PAGE(5), 0, PTE_ALL);
	load(S, -8ul);
	expect_value(PAGE(5) + 0xff8);
}

static void bits_63_to_39_must_equal_bit_38(void)
{
	static const u64 wrong[] = { VA | BIT(63),       VA | BIT(39),       VA | BIT(50),      VA_HIGH & ~BIT(39),
		                     VA_HIGH & ~BIT(63), 0x0000004000000000, 0xffffffbffffffff8 };

	map(VA, PAGE(0), 0, PTE_USER);
	map(VA_HIGH, PAGE(0), 0, PTE_USER);
	map(0xffffffc000000000, PAGE(0), 0, PTE_USER);
	map(0x3ffffff000, PAGE(0), 0, PTE_USER);
	for (u64 i = 0; i < ARRAY_SIZE(wrong); i++)
		expect_page_faults(U, wrong[i]);
}

static void v_clear_faults_at_every_level(void)
{
	for (int level = 0; level < 3; level++) {
		map_page0(level, PTE_USER & ~PTE_V);
		expect_page_faults(U, VA);
		*pte_at(VA, level) = 0;
	}
}

static void with_v_clear_the_other_bits_do_not_care(void)
{
	*map(VA, PAGE(0), 0, 0) = ~PTE_V;
	expect_page_faults(U, VA);
}

static void w_without_r_is_reserved(void)
{
	for (int level = 0; level < 3; level++) {
		map_page0(level, PTE_USER & ~(PTE_R | PTE_X));
		expect_page_faults(U, VA);
		map_page0(level, PTE_USER & ~PTE_R);
		expect_page_faults(U, VA);
		*pte_at(VA, level) = 0;
	}
}

static void each_of_bits_60_to_54_is_reserved_in_a_leaf(void)
{
	for (u64 bit = 54; bit <= 60; bit++) {
		map(VA, PAGE(0), 0, PTE_USER | BIT(bit));
		expect_page_faults(U, VA);
	}
}

static void each_of_bits_60_to_54_is_reserved_in_a_pointer(void)
{
	map(VA, PAGE(0), 0, PTE_USER);
	for (int level = 1; level < 3; level++) {
		for (u64 bit = 54; bit <= 60; bit++) {
			*pte_at(VA, level) |= BIT(bit);
			expect_page_faults(U, VA);
			*pte_at(VA, level) &= ~BIT(bit);
		}
	}
	load(U, VA);
	expect_value(PAGE(0));
}

static void d_a_and_u_are_reserved_in_a_pointer(void)
{
	static const u64 reserved[] = { PTE_D, PTE_A, PTE_U, PTE_D | PTE_A | PTE_U };

	map(VA, PAGE(0), 0, PTE_USER);
	for (int level = 1; level < 3; level++) {
		for (u64 i = 0; i < ARRAY_SIZE(reserved); i++) {
			*pte_at(VA, level) |= reserved[i];
			expect_page_faults(U, VA);
			*pte_at(VA, level) &= ~reserved[i];
		}
	}
}

static void n_is_reserved_in_a_pointer(void)
{
	map(VA, PAGE(0), 0, PTE_USER);
	for (int level = 1; level < 3; level++) {
		*pte_at(VA, level) |= PTE_N;
		expect_page_faults(U, VA);
		*pte_at(VA, level) &= ~PTE_N;
	}
}

static void rsw_is_ignored(void)
{
	map(VA, PAGE(0), 0, PTE_USER | PTE_RSW);
	*pte_at(VA, 1) |= PTE_RSW;
	*pte_at(VA, 2) |= PTE_RSW;
	load(U, VA);
	expect_value(PAGE(0));
}

static void a_pointer_at_level_0_faults(void)
{
	map(VA, TABLES, 0, PTE_V);
	expect_page_faults(U, VA);
	map(VA, TABLES, 0, PTE_V | PTE_G);
	expect_page_faults(U, VA);
}

static void each_low_ppn_bit_of_a_2m_page_must_be_zero(void)
{
	for (u64 bit = 12; bit < 21; bit++) {
		map(VA, PLAYGROUND | BIT(bit), 1, PTE_USER);
		expect_page_faults(U, VA);
	}
}

static void each_low_ppn_bit_of_a_1g_page_must_be_zero(void)
{
	for (u64 bit = 12; bit < 30; bit++) {
		map(VA, 0x80000000 | BIT(bit), 2, PTE_USER);
		expect_page_faults(U, VA);
	}
}

static void a_page_table_where_there_is_no_memory_gives_an_access_fault(void)
{
	for (int level = 1; level < 3; level++) {
		map(VA, NO_MEMORY, level, PTE_V);
		expect_access_faults(U, VA);
		*pte_at(VA, level) = 0;
	}
	map(VA, 0xfffffffffff000, 1, PTE_V); /* the highest ppn */
	expect_access_faults(S, VA);
}

static void a_root_table_where_there_is_no_memory_gives_an_access_fault(void)
{
	csr_write(satp, satp_of(SATP_SV39, 0, NO_MEMORY));
	fetch(S, (u64)stubs_start);
	expect_fault(FETCH_ACCESS_FAULT, (u64)stubs_start);
}

static void a_page_where_there_is_no_memory_gives_an_access_fault(void)
{
	map(VA, NO_MEMORY, 0, PTE_USER);
	expect_access_faults(U, VA + 0x10);
	map(VA, 0xfffffffffff000, 0, PTE_USER);
	expect_access_faults(U, VA + 0x10);
}

static void devices_can_be_mapped(void)
{
	map(VA, 0x02000000, 0, PTE_ALL & ~PTE_X); /* CLINT: msip of hart 0 */
	poke32(0x02000000, 1);
	single(S, load_word, VA, 0);
	expect_value(1);
}

static void u_mode_needs_a_u_page(void)
{
	for (int level = 0; level < 3; level++) {
		map_page0(level, PTE_ALL);
		expect_page_faults(U, VA);
		*pte_at(VA, level) = 0;
	}
}

/*
 * Every combination of R, W and X that is a leaf, times every kind of access: in U mode on a U page, in S mode on an
 * S page.
 */
static void r_w_and_x_allow_exactly_their_access(void)
{
	static const u64 legal[] = { PTE_R, PTE_X, PTE_R | PTE_W, PTE_R | PTE_X, PTE_RWX };
	static const u64 needed[KINDS] = { PTE_R, PTE_W, PTE_X };

	for (u64 i = 0; i < 2 * ARRAY_SIZE(legal); i++) {
		enum mode mode = i & 1 ? U : S;

		map(VA, PAGE(0), 0, legal[i / 2] | PTE_V | PTE_A | PTE_D | (mode == U ? PTE_U : 0));
		for (enum kind kind = LOAD; kind < KINDS; kind++) {
			put_answer(PAGE(0));
			access(kind, mode, VA);
			if (legal[i / 2] & needed[kind])
				expect_ok();
			else
				expect_fault(page_fault_of[kind], VA);
		}
	}
}

static void m_mode_is_not_translated(void)
{
	*pte_at(0x80000000, 2) = 0;
	load(M, PAGE(2));
	expect_value(PAGE(2));
}

static void bare_mode_does_not_translate(void)
{
	csr_write(satp, 0);
	load(S, PAGE(2));
	expect_value(PAGE(2));
	load(U, PAGE(3));
	expect_value(PAGE(3));
	load(U, NO_MEMORY);
	expect_fault(LOAD_ACCESS_FAULT, NO_MEMORY);
}

/* --- satp --- */

static void satp_with_an_unsupported_mode_is_not_written(void)
{
	u64 before = csr_read(satp);

	for (u64 mode = 0; mode < 16; mode++) {
		if (mode == SATP_BARE || (mode >= SATP_SV39 && mode <= SATP_SV57))
			continue;
		csr_write(satp, satp_of(mode, 1, 0x80000000));
		expect(csr_read(satp), before);
	}
}

static void satp_ppn_holds_44_bits(void)
{
	csr_write(satp, SATP_SV39 << 60 | 0xfffffffffff);
	expect(csr_read(satp) & 0xfffffffffff, 0xfffffffffff);
}

static void satp_asid_holds_its_low_bits(void)
{
	csr_write(satp, satp_of(SATP_SV39, 0xffff, root_table()));
	expect(csr_read(satp) >> 44 & 0xffff, BIT(facts.asid_bits) - 1);
}

/* --- Svnapot --- */

static void n_with_ppn_1000_maps_64k(void)
{
	needs(facts.svnapot);
	for (u64 i = 0; i < 16; i++)
		map(VA + i * 4096, PLAYGROUND + 0x10000 + 0x8000, 0, PTE_USER | PTE_N);
	for (u64 i = 0; i < 16; i++) {
		load(U, VA + i * 4096 + 0x88);
		expect_value(PLAYGROUND + 0x10000 + i * 4096 + 0x88);
	}
}

static void n_with_another_low_ppn_is_reserved(void)
{
	for (u64 low = 0; low < 16; low++) {
		if (low == 8)
			continue;
		map(VA, PLAYGROUND + low * 4096, 0, PTE_USER | PTE_N);
		expect_page_faults(U, VA);
	}
}

static void n_is_reserved_in_superpages(void)
{
	for (int level = 1; level < 3; level++) {
		map_page0(level, PTE_USER | PTE_N);
		expect_page_faults(U, VA);
		map(VA, 0x8000, level, PTE_USER | PTE_N);
		expect_page_faults(U, VA);
		*pte_at(VA, level) = 0;
	}
}

/* --- Svpbmt --- */

static void pbmt_is_reserved_while_pbmte_is_clear(void)
{
	for (u64 pbmt = 1; pbmt < 4; pbmt++) {
		map(VA, PAGE(0), 0, PTE_USER | PTE_PBMT(pbmt));
		expect_page_faults(U, VA);
	}
}

static void pbmt_nc_and_io_translate(void)
{
	needs(facts.svpbmt);
	csr_write(menvcfg, MENVCFG_PBMTE);
	for (u64 pbmt = 0; pbmt < 3; pbmt++) {
		for (int level = 0; level < 3; level++) {
			map_page0(level, PTE_USER | PTE_PBMT(pbmt));
			load(U, VA + (level == 2 ? PAGE(1) & (GIB - 1) : 8));
			expect_value(level == 2 ? PAGE(1) : PAGE(0) + 8);
			*pte_at(VA, level) = 0;
		}
	}
}

static void pbmt_3_is_reserved(void)
{
	csr_write(menvcfg, MENVCFG_PBMTE);
	map(VA, PAGE(0), 0, PTE_USER | PTE_PBMT(3));
	expect_page_faults(U, VA);
}

static void pbmt_is_reserved_in_a_pointer(void)
{
	csr_write(menvcfg, MENVCFG_PBMTE);
	map(VA, PAGE(0), 0, PTE_USER);
	for (int level = 1; level < 3; level++) {
		for (u64 pbmt = 1; pbmt < 4; pbmt++) {
			*pte_at(VA, level) |= PTE_PBMT(pbmt);
			expect_page_faults(U, VA);
			*pte_at(VA, level) &= ~PTE_PBMT(3);
		}
	}
}

/* --- Sv48, Sv57: the same walk with more levels --- */

/* A table of `levels` levels that maps what sv39() maps, and VA; installed. */
static u64 deeper(int levels, u64 mode)
{
	u64 table = root_table();

	map(VA, PAGE(6), 0, PTE_USER);
	for (int i = 3; i < levels; i++) {
		u64 above = new_table();

		*(u64 *)above = PTE_PPN(table) | PTE_V;
		table = above;
	}
	csr_write(satp, satp_of(mode, 0, table));
	return table;
}

static void sv48_walks_four_levels(void)
{
	needs(facts.sv48);
	u64 table = deeper(4, SATP_SV48);

	load(U, VA);
	expect_value(PAGE(6));
	map_in(table, 4, 0x7ffffffff000, PAGE(7), 0, PTE_USER);
	load(U, 0x7ffffffff008);
	expect_value(PAGE(7) + 8);
	expect_page_faults(U, 0x800000000000);
	expect_page_faults(U, VA | BIT(48));
	map_in(table, 4, 0x8000000000, 0x80000000, 3, PTE_USER); /* 512 GiB: ppn[1] is not zero */
	expect_page_faults(U, 0x8000000000);
	map_in(table, 4, 0x8000000000, 0, 3, PTE_USER);
	load(U, 0x8000000000 + PAGE(1));
	expect_value(PAGE(1));
}

static void sv57_walks_five_levels(void)
{
	needs(facts.sv57);
	u64 table = deeper(5, SATP_SV57);

	load(U, VA);
	expect_value(PAGE(6));
	map_in(table, 5, -4096ul, PAGE(7), 0, PTE_USER);
	load(U, -4088ul);
	expect_value(PAGE(7) + 8);
	expect_page_faults(U, 0x100000000000000);
	expect_page_faults(U, VA | BIT(57));
}

/* --- faults leave nothing behind --- */

static void a_faulting_load_leaves_rd_alone(void)
{
	load(U, VA);
	expect_fault(LOAD_PAGE_FAULT, VA);
	expect(seen.x[10], VA);
}

static void a_fault_keeps_pages_that_translate_usable(void)
{
	map(VA, PAGE(0), 0, PTE_USER);
	run(U, load_two, VA, VA + 4096);
	expect(seen.cause, LOAD_PAGE_FAULT);
	expect(seen.tval, VA + 4096);
	expect(seen.x[10], PAGE(0));
}

const struct rule rules[] = {
	RULE(a_4k_page_maps_its_4096_bytes),
	RULE(a_2m_page_takes_vpn0_from_the_address),
	RULE(a_1g_page_takes_vpn1_and_vpn0_from_the_address),
	RULE(each_vpn_field_selects_one_of_512_entries),
	RULE(the_upper_half_is_translated_like_the_lower),
	RULE(bits_63_to_39_must_equal_bit_38),
	RULE(v_clear_faults_at_every_level),
	RULE(with_v_clear_the_other_bits_do_not_care),
	RULE(w_without_r_is_reserved),
	RULE(each_of_bits_60_to_54_is_reserved_in_a_leaf),
	RULE(each_of_bits_60_to_54_is_reserved_in_a_pointer),
	RULE(d_a_and_u_are_reserved_in_a_pointer),
	RULE(n_is_reserved_in_a_pointer),
	RULE(rsw_is_ignored),
	RULE(a_pointer_at_level_0_faults),
	RULE(each_low_ppn_bit_of_a_2m_page_must_be_zero),
	RULE(each_low_ppn_bit_of_a_1g_page_must_be_zero),
	RULE(a_page_table_where_there_is_no_memory_gives_an_access_fault),
	RULE(a_root_table_where_there_is_no_memory_gives_an_access_fault),
	RULE(a_page_where_there_is_no_memory_gives_an_access_fault),
	RULE(devices_can_be_mapped),
	RULE(u_mode_needs_a_u_page),
	RULE(r_w_and_x_allow_exactly_their_access),
	RULE(m_mode_is_not_translated),
	RULE(bare_mode_does_not_translate),
	RULE(satp_with_an_unsupported_mode_is_not_written),
	RULE(satp_ppn_holds_44_bits),
	RULE(satp_asid_holds_its_low_bits),
	RULE(n_with_ppn_1000_maps_64k),
	RULE(n_with_another_low_ppn_is_reserved),
	RULE(n_is_reserved_in_superpages),
	RULE(pbmt_is_reserved_while_pbmte_is_clear),
	RULE(pbmt_nc_and_io_translate),
	RULE(pbmt_3_is_reserved),
	RULE(pbmt_is_reserved_in_a_pointer),
	RULE(sv48_walks_four_levels),
	RULE(sv57_walks_five_levels),
	RULE(a_faulting_load_leaves_rd_alone),
	RULE(a_fault_keeps_pages_that_translate_usable),
};

const u64 rule_count = ARRAY_SIZE(rules);
