/*
 * mmu/pmp.c: one test a sentence of the privileged manual's chapter "Physical Memory Protection", named after the
 * sentence, and random configurations against the byte-by-byte reference of tests/mmu/naive_pmp.h.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "mmu/pmp.h"
#include "tests/mmu/naive_pmp.h"

/* Configuration bytes as the manual numbers their bits. */
#define R 0x01u
#define W 0x02u
#define X 0x04u
#define TOR 0x08u
#define NA4 0x10u
#define NAPOT 0x18u
#define L 0x80u

#define ONES_54 0x003fffffffffffffull

static void set_cfg(struct pmp *pmp, u32 index, u32 cfg)
{
	u32 first = index & ~7u;
	u32 shift = 8 * (index & 7);

	pmp_write_cfg(pmp, first, (pmp_read_cfg(pmp, first) & ~(0xffull << shift)) | (u64)cfg << shift);
}

static void set_entry(struct pmp *pmp, u32 index, u64 addr, u32 cfg)
{
	pmp_write_addr(pmp, index, addr);
	set_cfg(pmp, index, cfg);
}

static bool loads(const struct pmp *pmp, u64 pa, u64 size)
{
	return pmp_allows(pmp, pa, size, ACCESS_LOAD, PRIV_S);
}

/* ---- registers ---- */

static void test_cfg_registers_hold_eight_entries_each(void **state)
{
	struct pmp pmp;

	(void)state;
	pmp_reset(&pmp);
	for (u32 first = 0; first < 64; first += 8) {
		u64 value = 0x1f1d1b1917151311ull ^ (first & 8 ? 0x0e : 0);

		pmp_write_cfg(&pmp, first, value);
		for (u32 i = 0; i < 8; i++)
			assert_int_equal(pmp.cfg[first + i], (u8)(value >> (8 * i)));
		assert_int_equal(pmp_read_cfg(&pmp, first), value);
	}
	for (u32 first = 0; first < 64; first += 8)
		assert_int_equal(pmp_read_cfg(&pmp, first), 0x1f1d1b1917151311ull ^ (first & 8 ? 0x0e : 0));
}

static void test_the_last_entry_has_no_next_one(void **state)
{
	struct pmp pmp;

	(void)state;
	pmp_reset(&pmp);
	set_entry(&pmp, 0, TOR | L, NA4);
	set_entry(&pmp, 63, 0x1000 >> 2, R | NA4);
	assert_int_equal(pmp.addr[63], 0x1000 >> 2);

	pmp_reset(&pmp);
	for (u32 i = 0; i < 64; i++)
		set_entry(&pmp, i, i ? 0x1000 + i : 0, NA4);
	assert_true(pmp_allows(&pmp, 0x3c, 8, ACCESS_LOAD, PRIV_M));
}

static void test_addr_registers_encode_bits_55_to_2(void **state)
{
	struct pmp pmp;

	(void)state;
	pmp_reset(&pmp);
	for (u32 i = 0; i < 64; i++) {
		pmp_write_addr(&pmp, i, ~0ull);
		assert_int_equal(pmp.addr[i], ONES_54);
	}
}

static void test_reserved_cfg_bits_read_zero(void **state)
{
	struct pmp pmp;

	(void)state;
	pmp_reset(&pmp);
	set_cfg(&pmp, 0, 0x60 | R);
	assert_int_equal(pmp.cfg[0], R);
}

static void test_w_without_r_is_reserved_and_keeps_the_old_permissions(void **state)
{
	static const u32 old[] = { 0, R, R | W, X, R | X, R | W | X };
	struct pmp pmp;

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(old); i++) {
		for (u32 x = 0; x <= X; x += X) {
			pmp_reset(&pmp);
			set_cfg(&pmp, 3, old[i] | TOR);
			set_cfg(&pmp, 3, W | x | NAPOT);
			assert_int_equal(pmp.cfg[3], old[i] | NAPOT);
		}
	}
}

static void test_writes_say_whether_anything_can_have_changed(void **state)
{
	struct pmp pmp;

	(void)state;
	pmp_reset(&pmp);
	assert_false(pmp_write_addr(&pmp, 0, 100)); /* entry is OFF */
	assert_false(pmp_write_cfg(&pmp, 0, R));    /* still */
	assert_true(pmp_write_cfg(&pmp, 0, R | NA4));
	assert_false(pmp_write_cfg(&pmp, 0, R | NA4));
	assert_true(pmp_write_addr(&pmp, 0, 101));
	assert_false(pmp_write_addr(&pmp, 0, 101));
	assert_true(pmp_write_cfg(&pmp, 0, R | X | NA4));
	assert_true(pmp_write_cfg(&pmp, 0, R | X)); /* OFF again */
	assert_true(pmp_write_cfg(&pmp, 0, (u64)(R | TOR) << 8));
	assert_true(pmp_write_addr(&pmp, 0, 50)); /* the bottom of entry 1 */
	assert_true(pmp_write_cfg(&pmp, 0, (u64)(R | TOR | L) << 8));
	assert_false(pmp_write_addr(&pmp, 0, 51)); /* locked */
}

/* ---- address matching ---- */

static void test_a_0_is_disabled_and_matches_no_addresses(void **state)
{
	struct pmp pmp;

	(void)state;
	pmp_reset(&pmp);
	for (u32 i = 0; i < 64; i++)
		set_entry(&pmp, i, i, R | W | X);
	assert_false(loads(&pmp, 0, 1));
	assert_false(loads(&pmp, 0x80, 4));
	assert_int_equal(pmp.active_end, 0);
	set_entry(&pmp, 63, ~0ull, R | NAPOT);
	pmp_reset(&pmp);
	set_entry(&pmp, 63, ~0ull, R | NAPOT);
	assert_true(loads(&pmp, 0, 1)); /* nor do entries nobody has written since reset */
	assert_int_equal(pmp.active_end, 64);
}

static void test_na4_matches_four_bytes(void **state)
{
	struct pmp pmp;

	(void)state;
	pmp_reset(&pmp);
	set_entry(&pmp, 0, 0x1000 >> 2, R | NA4);
	assert_false(loads(&pmp, 0xfff, 1));
	for (u64 pa = 0x1000; pa < 0x1004; pa++)
		assert_true(loads(&pmp, pa, 1));
	assert_true(loads(&pmp, 0x1000, 4));
	assert_false(loads(&pmp, 0x1004, 1));
	pmp_write_addr(&pmp, 0, 0x1004 >> 2);
	assert_false(loads(&pmp, 0x1000, 1));
	assert_true(loads(&pmp, 0x1004, 1));
}

static void test_napot_low_ones_encode_the_size(void **state)
{
	struct pmp pmp;

	(void)state;
	for (u32 ones = 0; ones <= 53; ones++) {
		u64 size = 8ull << ones; /* yyy0: 8 bytes, yy01: 16, ... */
		u64 base = size < BIT(55) ? BIT(55) : 0;

		pmp_reset(&pmp);
		set_entry(&pmp, 0, base >> 2 | MASK(ones), R | NAPOT);
		assert_true(loads(&pmp, base, 1));
		assert_true(loads(&pmp, base + size - 8, 8));
		assert_false(loads(&pmp, base + size, 1));
		if (base)
			assert_false(loads(&pmp, base - 1, 1));
	}
}

static void test_napot_all_ones_matches_everything(void **state)
{
	struct pmp pmp;

	(void)state;
	pmp_reset(&pmp);
	set_entry(&pmp, 0, ~0ull, R | NAPOT);
	assert_true(loads(&pmp, 0, 8));
	assert_true(loads(&pmp, BIT(56) - 8, 8));
	assert_int_equal(pmp_range_rights(&pmp, 0, BIT(56), PRIV_U), R);
}

static void test_tor_matches_from_the_preceding_address_to_below_its_own(void **state)
{
	struct pmp pmp;

	(void)state;
	pmp_reset(&pmp);
	set_entry(&pmp, 4, 0x2000 >> 2, 0);
	set_entry(&pmp, 5, 0x3000 >> 2, R | TOR);
	assert_false(loads(&pmp, 0x1fff, 1));
	assert_true(loads(&pmp, 0x2000, 8));
	assert_true(loads(&pmp, 0x2fff, 1));
	assert_false(loads(&pmp, 0x3000, 1));
	set_cfg(&pmp, 4, NA4); /* "irrespective of the value of pmpcfg(i-1)" */
	assert_false(loads(&pmp, 0x2000, 1));
	assert_true(loads(&pmp, 0x2004, 1));
}

static void test_tor_of_entry_0_starts_at_zero(void **state)
{
	struct pmp pmp;

	(void)state;
	pmp_reset(&pmp);
	set_entry(&pmp, 0, 0x3000 >> 2, R | TOR);
	assert_true(loads(&pmp, 0, 1));
	assert_true(loads(&pmp, 0x2ff8, 8));
	assert_false(loads(&pmp, 0x3000, 1));
}

static void test_tor_whose_bottom_is_not_below_its_top_matches_no_addresses(void **state)
{
	struct pmp pmp;

	(void)state;
	pmp_reset(&pmp);
	set_entry(&pmp, 0, 0, R | TOR);
	assert_false(loads(&pmp, 0, 1));
	set_entry(&pmp, 0, 0x3000 >> 2, 0);
	set_entry(&pmp, 1, 0x3000 >> 2, R | TOR);
	assert_false(loads(&pmp, 0x3000, 1));
	set_entry(&pmp, 1, 0x2000 >> 2, R | TOR);
	assert_false(loads(&pmp, 0x2000, 1));
	assert_false(loads(&pmp, 0x2800, 1));
	assert_true(pmp_allows(&pmp, 0x2800, 8, ACCESS_STORE, PRIV_M));
}

static void test_changing_a_bottom_moves_the_tor_entry_above(void **state)
{
	struct pmp pmp;

	(void)state;
	pmp_reset(&pmp);
	set_entry(&pmp, 1, 0x3000 >> 2, R | TOR);
	assert_true(loads(&pmp, 0x1000, 1));
	pmp_write_addr(&pmp, 0, 0x2000 >> 2);
	assert_false(loads(&pmp, 0x1000, 1));
	assert_true(loads(&pmp, 0x2000, 1));
}

/* ---- locking ---- */

static void test_writes_to_a_locked_entry_are_ignored(void **state)
{
	struct pmp pmp;

	(void)state;
	pmp_reset(&pmp);
	set_entry(&pmp, 2, 0x1000 >> 2, R | NA4 | L);
	assert_false(pmp_write_cfg(&pmp, 0, 0));
	assert_int_equal(pmp.cfg[2], R | NA4 | L);
	assert_false(pmp_write_addr(&pmp, 2, 0));
	assert_int_equal(pmp.addr[2], 0x1000 >> 2);
	pmp_write_addr(&pmp, 1, 77); /* not TOR: the one below stays free */
	assert_int_equal(pmp.addr[1], 77);
	pmp_write_cfg(&pmp, 0, 0x0101010101010101ull); /* the others of the register are written */
	assert_int_equal(pmp_read_cfg(&pmp, 0), 0x0101010101910101ull);
}

static void test_l_locks_even_when_a_is_off(void **state)
{
	struct pmp pmp;

	(void)state;
	pmp_reset(&pmp);
	set_entry(&pmp, 9, 5, L);
	set_entry(&pmp, 9, 6, R | NA4);
	assert_int_equal(pmp.cfg[9], L);
	assert_int_equal(pmp.addr[9], 5);
}

static void test_a_locked_tor_entry_locks_the_preceding_address_register(void **state)
{
	struct pmp pmp;

	(void)state;
	pmp_reset(&pmp);
	set_entry(&pmp, 7, 0x1000 >> 2, 0);
	set_entry(&pmp, 8, 0x2000 >> 2, R | TOR | L);
	pmp_write_addr(&pmp, 7, 0);
	assert_int_equal(pmp.addr[7], 0x1000 >> 2);
	set_cfg(&pmp, 7, R | NA4); /* its configuration is its own */
	assert_int_equal(pmp.cfg[7], R | NA4);
}

static void test_locked_entries_stay_locked_until_reset(void **state)
{
	struct pmp pmp;

	(void)state;
	pmp_reset(&pmp);
	for (u32 i = 0; i < 64; i++)
		set_entry(&pmp, i, i, R | NA4 | L);
	for (u32 first = 0; first < 64; first += 8)
		assert_false(pmp_write_cfg(&pmp, first, 0));
	pmp_reset(&pmp);
	for (u32 first = 0; first < 64; first += 8)
		assert_int_equal(pmp_read_cfg(&pmp, first), 0);
	assert_true(pmp_allows(&pmp, 0, 4, ACCESS_STORE, PRIV_M));
}

static void test_l_enforces_permissions_on_m_mode_too(void **state)
{
	struct pmp pmp;

	(void)state;
	pmp_reset(&pmp);
	set_entry(&pmp, 0, 0x1000 >> 2, R | NA4);
	assert_true(pmp_allows(&pmp, 0x1000, 4, ACCESS_STORE, PRIV_M));
	assert_false(pmp_allows(&pmp, 0x1000, 4, ACCESS_STORE, PRIV_S));
	set_cfg(&pmp, 0, R | NA4 | L);
	assert_false(pmp_allows(&pmp, 0x1000, 4, ACCESS_STORE, PRIV_M));
	assert_false(pmp_allows(&pmp, 0x1000, 4, ACCESS_FETCH, PRIV_M));
	assert_true(pmp_allows(&pmp, 0x1000, 4, ACCESS_LOAD, PRIV_M));
}

/* ---- priority and matching ---- */

static void test_permission_bits_clear_deny_their_access_type(void **state)
{
	static const u32 permissions[] = { 0, R, R | W, X, R | X, R | W | X };
	struct pmp pmp;

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(permissions); i++) {
		for (u32 priv = PRIV_U; priv <= PRIV_S; priv++) {
			pmp_reset(&pmp);
			set_entry(&pmp, 0, ~0ull, permissions[i] | NAPOT);
			assert_int_equal(pmp_allows(&pmp, 64, 8, ACCESS_LOAD, priv), (permissions[i] & R) != 0);
			assert_int_equal(pmp_allows(&pmp, 64, 8, ACCESS_STORE, priv), (permissions[i] & W) != 0);
			assert_int_equal(pmp_allows(&pmp, 64, 2, ACCESS_FETCH, priv), (permissions[i] & X) != 0);
		}
	}
}

static void test_the_lowest_numbered_matching_entry_decides(void **state)
{
	struct pmp pmp;

	(void)state;
	pmp_reset(&pmp);
	set_entry(&pmp, 3, 0x1000 >> 2, NA4);
	set_entry(&pmp, 62, ~0ull, R | NAPOT);
	assert_false(loads(&pmp, 0x1000, 4));
	assert_true(loads(&pmp, 0x1004, 4));
	set_entry(&pmp, 2, 0x1000 >> 2, R | NA4);
	assert_true(loads(&pmp, 0x1000, 4));
	set_entry(&pmp, 63, 0x2000 >> 2, NA4);
	assert_true(loads(&pmp, 0x2000, 4));
}

static void test_matching_entry_must_match_all_bytes_irrespective_of_l_r_w_x(void **state)
{
	static const u32 cfgs[] = { 0, L, R | W | X, R | W | X | L };
	struct pmp pmp;

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(cfgs); i++) {
		pmp_reset(&pmp);
		set_entry(&pmp, 0, 0xc >> 2, cfgs[i] | NA4); /* the manual's example: 0xC-0xF */
		set_entry(&pmp, 1, ~0ull, R | W | X | NAPOT);
		assert_false(pmp_allows(&pmp, 0x8, 8, ACCESS_LOAD, PRIV_S));
		assert_false(pmp_allows(&pmp, 0x8, 8, ACCESS_LOAD, PRIV_M));
		assert_false(pmp_allows(&pmp, 0xe, 4, ACCESS_STORE, PRIV_M));
		assert_true(pmp_allows(&pmp, 0x8, 4, ACCESS_LOAD, PRIV_S));
		assert_int_equal(pmp_allows(&pmp, 0xc, 4, ACCESS_LOAD, PRIV_S), (cfgs[i] & R) != 0);
	}
}

static void test_if_no_entry_matches_m_succeeds_and_s_and_u_fail(void **state)
{
	struct pmp pmp;

	(void)state;
	pmp_reset(&pmp);
	for (u32 access = ACCESS_FETCH; access <= ACCESS_STORE; access++) {
		assert_true(pmp_allows(&pmp, 0x80000000, 8, access, PRIV_M));
		assert_false(pmp_allows(&pmp, 0x80000000, 8, access, PRIV_S));
		assert_false(pmp_allows(&pmp, 0x80000000, 8, access, PRIV_U));
	}
	assert_int_equal(pmp_range_rights(&pmp, 0x80000000, 4096, PRIV_M), R | W | X);
	assert_int_equal(pmp_range_rights(&pmp, 0x80000000, 4096, PRIV_S), 0);
}

static void test_range_rights_are_those_of_a_page_or_unknown_at_an_edge(void **state)
{
	struct pmp pmp;

	(void)state;
	pmp_reset(&pmp);
	set_entry(&pmp, 0, 0x80001ffc >> 2, R | W | X | NA4);
	set_entry(&pmp, 1, 0x80004000 >> 2, R | X | TOR);
	assert_int_equal(pmp_range_rights(&pmp, 0x80001000, 4096, PRIV_S), -1);
	assert_int_equal(pmp_range_rights(&pmp, 0x80002000, 4096, PRIV_S), R | X);
	assert_int_equal(pmp_range_rights(&pmp, 0x80002000, 4096, PRIV_M), R | W | X);
	assert_int_equal(pmp_range_rights(&pmp, 0x80004000, 4096, PRIV_U), 0);
	assert_int_equal(pmp.active_end, 2);
}

/* ---- against the reference ---- */

static u64 rnd(u64 *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed * 0x9e3779b97f4a7c15ull >> 8;
}

#define WINDOW 128 /* bytes around which everything happens */

static void random_pmp(struct pmp *pmp, struct naive_pmp *naive, u64 base, u64 *seed)
{
	u32 entries = rnd(seed) % 8 ? 5 : 64;

	pmp_reset(pmp);
	for (u32 i = 0; i < entries; i++) {
		u64 addr = (base >> 2) + rnd(seed) % (WINDOW / 4 + 1);
		u32 cfg = (u32)rnd(seed) & 0x1f;

		if (rnd(seed) % 4 == 0)
			addr |= MASK(rnd(seed) % 6);
		if (rnd(seed) % 64 == 0)
			addr |= MASK(rnd(seed) % 55);
		set_entry(pmp, i, addr, cfg);
	}
	for (u32 i = 0; i < entries; i += 3)
		set_cfg(pmp, i, pmp->cfg[i] | (rnd(seed) & L));
	memcpy(naive->pmpcfg, pmp->cfg, sizeof(naive->pmpcfg));
	memcpy(naive->pmpaddr, pmp->addr, sizeof(naive->pmpaddr));
}

static void check_range(const struct pmp *pmp, const struct naive_pmp *naive, u64 pa, u32 size, enum priv priv,
                        u64 *seed)
{
	int rights = pmp_range_rights(pmp, pa, size, priv);

	for (u32 bit = 1; bit <= 4; bit *= 2) {
		u64 part = rnd(seed) % size;
		int bytes = 1 + (int)(rnd(seed) % (size - part));
		bool whole = naive_pmp_succeeds(naive, pa, (int)size, (int)bit, priv == PRIV_M);

		assert_int_equal(whole, rights >= 0 && rights & (int)bit);
		if (rights >= 0)
			assert_int_equal(naive_pmp_succeeds(naive, pa + part, bytes, (int)bit, priv == PRIV_M),
			                 (rights & (int)bit) != 0);
	}
}

static void test_random_configurations_decide_as_the_byte_by_byte_reference_does(void **state)
{
	static const u64 bases[] = { 0, 0x80000000, BIT(55), BIT(56) - WINDOW };
	static const int needed[] = { 4, 1, 2 };
	static const enum priv privs[] = { PRIV_U, PRIV_S, PRIV_M };
	u32 verdicts[2] = { 0 }, mixed = 0;
	u64 seed = 0x1234567;

	(void)state;
	for (u32 trial = 0; trial < 20000; trial++) {
		u64 base = bases[trial % ARRAY_SIZE(bases)];
		struct naive_pmp naive;
		struct pmp pmp;

		random_pmp(&pmp, &naive, base, &seed);
		for (u32 i = 0; i < 10; i++) {
			u64 pa = base + rnd(&seed) % (WINDOW - 16);
			u32 size = 1 + (u32)(rnd(&seed) % 16), access = (u32)(rnd(&seed) % 3);
			enum priv priv = privs[rnd(&seed) % 3];
			bool want = naive_pmp_succeeds(&naive, pa, (int)size, needed[access], priv == PRIV_M);

			assert_int_equal(pmp_allows(&pmp, pa, size, access, priv), want);
			verdicts[want]++;
			check_range(&pmp, &naive, pa & ~15ull, 16, priv, &seed);
			mixed += pmp_range_rights(&pmp, pa & ~15ull, 16, priv) < 0;
		}
	}
	assert_in_range(verdicts[0], 10000, ~0u);
	assert_in_range(verdicts[1], 10000, ~0u);
	assert_in_range(mixed, 10000, ~0u);
}

#define T(name) cmocka_unit_test(name)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_cfg_registers_hold_eight_entries_each),
		T(test_the_last_entry_has_no_next_one),
		T(test_addr_registers_encode_bits_55_to_2),
		T(test_reserved_cfg_bits_read_zero),
		T(test_w_without_r_is_reserved_and_keeps_the_old_permissions),
		T(test_writes_say_whether_anything_can_have_changed),
		T(test_a_0_is_disabled_and_matches_no_addresses),
		T(test_na4_matches_four_bytes),
		T(test_napot_low_ones_encode_the_size),
		T(test_napot_all_ones_matches_everything),
		T(test_tor_matches_from_the_preceding_address_to_below_its_own),
		T(test_tor_of_entry_0_starts_at_zero),
		T(test_tor_whose_bottom_is_not_below_its_top_matches_no_addresses),
		T(test_changing_a_bottom_moves_the_tor_entry_above),
		T(test_writes_to_a_locked_entry_are_ignored),
		T(test_l_locks_even_when_a_is_off),
		T(test_a_locked_tor_entry_locks_the_preceding_address_register),
		T(test_locked_entries_stay_locked_until_reset),
		T(test_l_enforces_permissions_on_m_mode_too),
		T(test_permission_bits_clear_deny_their_access_type),
		T(test_the_lowest_numbered_matching_entry_decides),
		T(test_matching_entry_must_match_all_bytes_irrespective_of_l_r_w_x),
		T(test_if_no_entry_matches_m_succeeds_and_s_and_u_fail),
		T(test_range_rights_are_those_of_a_page_or_unknown_at_an_edge),
		T(test_random_configurations_decide_as_the_byte_by_byte_reference_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
