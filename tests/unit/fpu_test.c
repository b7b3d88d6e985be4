/*
 * Tests of cpu/fpu.h: every inline function against cpu/softfp.h, results and flags, in the host's four rounding modes;
 * and the protocol of handing the host's FPU over. fpu_portable_test.c runs them on cpu/fpu_soft.h, too.
 */
#include "cpu/fpu.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/fp_cases.h"

#define PAIRS 200000

/* What a function of cpu/fpu.h said, what it should have said, and to what operands. */
struct verdict {
	const char *what; /* the function */
	u32 rm;           /* rounding mode in force */
	u64 v[3];         /* operands */
	u64 result;       /* of cpu/fpu.h */
	u64 expected;     /* of cpu/softfp.h */
	u32 flags;        /* expected */
};

/* Asked right after the function: harvests its flags. Says what is wrong once the FPU is the host's again. */
static void check(const struct verdict *w)
{
	u32 flags = fpu_harvest();

	if (likely(w->result == w->expected && flags == w->flags))
		return;
	fpu_leave();
	fail_msg("%s of %#lx %#lx %#lx rm %u must be %#lx flags %#x, is %#lx flags %#x", w->what, w->v[0], w->v[1],
	         w->v[2], w->rm, w->expected, w->flags, w->result, flags);
}

/* Evaluates `soft` (which names `flags`) and then `hard`, and compares. */
#define CHECK(hard, soft)                                                                                              \
	do {                                                                                                           \
		u32 flags = 0;                                                                                         \
		u64 expected = (soft);                                                                                 \
		struct verdict w = { #hard, rm, { v[0], v[1], v[2] }, 0, expected, flags };                            \
		w.flags = flags;                                                                                       \
		w.result = (hard);                                                                                     \
		check(&w);                                                                                             \
	} while (0)

/* The functions that every format has, for the operands v[0..2]. */
#define CHECK_FORMAT(f, F, type)                                                                                       \
	static void check_arithmetic_##f(u32 rm, const u64 *v)                                                         \
	{                                                                                                              \
		type a = (type)v[0], b = (type)v[1], c = (type)v[2];                                                   \
		type minus = (type)BIT(sizeof(type) * 8 - 1);                                                          \
		CHECK(fpu_add_##f(a, b), softfp_add(F, a, b, rm, &flags));                                             \
		CHECK(fpu_sub_##f(a, b), softfp_sub(F, a, b, rm, &flags));                                             \
		CHECK(fpu_mul_##f(a, b), softfp_mul(F, a, b, rm, &flags));                                             \
		CHECK(fpu_div_##f(a, b), softfp_div(F, a, b, rm, &flags));                                             \
		CHECK(fpu_sqrt_##f(a), softfp_sqrt(F, a, rm, &flags));                                                 \
		CHECK(fpu_fma_##f(a, b, c), softfp_fma(F, a, b, c, rm, &flags));                                       \
		CHECK(fpu_fmsub_##f(a, b, c), softfp_fma(F, a, b, c ^ minus, rm, &flags));                             \
		CHECK(fpu_fnmsub_##f(a, b, c), softfp_fma(F, a ^ minus, b, c, rm, &flags));                            \
		CHECK(fpu_fnmadd_##f(a, b, c), softfp_fma(F, a ^ minus, b, c ^ minus, rm, &flags));                    \
		CHECK(fpu_slow_fma(F, a, b, c), softfp_fma(F, a, b, c, rm, &flags));                                   \
		CHECK(fpu_add_##f(a, a), softfp_add(F, a, a, rm, &flags));                                             \
		CHECK(fpu_fma_##f(a, a, a), softfp_fma(F, a, a, a, rm, &flags));                                       \
	}                                                                                                              \
                                                                                                                       \
	static void check_comparisons_##f(u32 rm, const u64 *v)                                                        \
	{                                                                                                              \
		type a = (type)v[0], b = (type)v[1];                                                                   \
		CHECK(fpu_eq_##f(a, b), softfp_eq(F, a, b, &flags));                                                   \
		CHECK(fpu_lt_##f(a, b), softfp_lt(F, a, b, &flags));                                                   \
		CHECK(fpu_le_##f(a, b), softfp_le(F, a, b, &flags));                                                   \
		CHECK(fpu_ltq_##f(a, b), softfp_ltq(F, a, b, &flags));                                                 \
		CHECK(fpu_leq_##f(a, b), softfp_leq(F, a, b, &flags));                                                 \
		CHECK(fpu_min_##f(a, b), softfp_min(F, a, b, &flags));                                                 \
		CHECK(fpu_max_##f(a, b), softfp_max(F, a, b, &flags));                                                 \
		CHECK(fpu_min_##f(a, a), softfp_min(F, a, a, &flags));                                                 \
		CHECK(fpu_eq_##f(a, a), softfp_eq(F, a, a, &flags));                                                   \
	}                                                                                                              \
                                                                                                                       \
	static void check_integers_##f(u32 rm, const u64 *v)                                                           \
	{                                                                                                              \
		type a = (type)v[0];                                                                                   \
		u64 x = v[1];                                                                                          \
		CHECK(fpu_to_i32_##f(a), softfp_to_i32(F, a, rm, &flags));                                             \
		CHECK(fpu_to_u32_##f(a), softfp_to_u32(F, a, rm, &flags));                                             \
		CHECK(fpu_to_i64_##f(a), softfp_to_i64(F, a, rm, &flags));                                             \
		CHECK(fpu_to_u64_##f(a), softfp_to_u64(F, a, rm, &flags));                                             \
		CHECK(fpu_to_i32_rtz_##f(a), softfp_to_i32(F, a, FP_RTZ, &flags));                                     \
		CHECK(fpu_to_u32_rtz_##f(a), softfp_to_u32(F, a, FP_RTZ, &flags));                                     \
		CHECK(fpu_to_i64_rtz_##f(a), softfp_to_i64(F, a, FP_RTZ, &flags));                                     \
		CHECK(fpu_to_u64_rtz_##f(a), softfp_to_u64(F, a, FP_RTZ, &flags));                                     \
		CHECK(fpu_from_i32_##f(x), softfp_from_i32(F, x, rm, &flags));                                         \
		CHECK(fpu_from_u32_##f(x), softfp_from_u32(F, x, rm, &flags));                                         \
		CHECK(fpu_from_i64_##f(x), softfp_from_i64(F, x, rm, &flags));                                         \
		CHECK(fpu_from_u64_##f(x), softfp_from_u64(F, x, rm, &flags));                                         \
	}

CHECK_FORMAT(d, FP_D, u64)
CHECK_FORMAT(s, FP_S, u32)

static void check_conversions(u32 rm, const u64 *v)
{
	CHECK(fpu_d_from_s((u32)v[0]), softfp_convert(FP_D, FP_S, v[0], rm, &flags));
	CHECK(fpu_s_from_d(v[1]), softfp_convert(FP_S, FP_D, v[1], rm, &flags));
}

/* Runs a check in all modes, on pairs that belong together. */
static void for_pairs(enum fp_format f, void (*run)(u32 rm, const u64 *v))
{
	for (u32 rm = FP_RNE; rm <= FP_RUP; rm++) {
		struct fp_rng rng = { 1000 + f };

		fpu_enter(rm);
		for (u32 i = 0; i < PAIRS; i++) {
			u64 v[3] = { fp_case(&rng, f) };

			v[1] = fp_second(&rng, f, v[0]);
			v[2] = fp_third(&rng, f, v[0], v[1]);
			run(rm, v);
		}
		fpu_leave();
	}
}

static void test_double_arithmetic_is_exact(void **state)
{
	(void)state;
	for_pairs(FP_D, check_arithmetic_d);
}

static void test_single_arithmetic_is_exact(void **state)
{
	(void)state;
	for_pairs(FP_S, check_arithmetic_s);
}

static void test_comparisons_and_choices_are_exact(void **state)
{
	(void)state;
	for_pairs(FP_D, check_comparisons_d);
	for_pairs(FP_S, check_comparisons_s);
}

/* Every ordered pair of the numbers that are special in themselves. */
static void test_special_pairs_are_exact(void **state)
{
	static const u64 d[] = {
		0,
		1,
		0x10000000000000,
		0x3ff0000000000000,
		0x7fefffffffffffff,
		0x7ff0000000000000,
		0x7ff0000000000001,
		FP_NAN_D,
		0x7fffffffffffffff,
	};
	static const u32 s[] = { 0, 1, 0x800000, 0x3f800000, 0x7f7fffff, 0x7f800000, 0x7f800001, FP_NAN_S, 0x7fffffff };

	(void)state;
	_Static_assert(ARRAY_SIZE(d) == ARRAY_SIZE(s), "one of each sort");
	for (u32 rm = FP_RNE; rm <= FP_RUP; rm++) {
		fpu_enter(rm);
		for (u32 i = 0; i < 8 * ARRAY_SIZE(d) * ARRAY_SIZE(d) * ARRAY_SIZE(d); i++) {
			u32 x = i / 8 % ARRAY_SIZE(d), y = i / 8 / ARRAY_SIZE(d) % ARRAY_SIZE(d);
			u32 z = i / 8 / ARRAY_SIZE(d) / ARRAY_SIZE(d);
			u64 signs[3] = { i & 1, i >> 1 & 1, i >> 2 & 1 };
			u64 doubles[3] = { d[x] | signs[0] << 63, d[y] | signs[1] << 63, d[z] | signs[2] << 63 };
			u64 singles[3] = { s[x] | signs[0] << 31, s[y] | signs[1] << 31, s[z] | signs[2] << 31 };

			check_arithmetic_d(rm, doubles);
			check_arithmetic_s(rm, singles);
			check_comparisons_d(rm, doubles);
			check_comparisons_s(rm, singles);
		}
		fpu_leave();
	}
}

static void test_conversions_are_exact(void **state)
{
	static const u64 borders[] = { 0, BIT(31), BIT(32), BIT(53), BIT(63) };

	(void)state;
	for (u32 rm = FP_RNE; rm <= FP_RUP; rm++) {
		struct fp_rng rng = { 2000 };

		fpu_enter(rm);
		for (u32 i = 0; i < PAIRS; i++) {
			u64 integer = fp_random(&rng) >> (fp_random(&rng) & 63);
			u64 v[3] = { fp_case(&rng, FP_D), i & 1 ? integer : borders[i / 2 % 5] + (i >> 5 & 7) - 4 };
			u64 w[3] = { fp_case(&rng, FP_S), v[1] };
			u64 narrow[3] = { w[0], v[0] };

			check_integers_d(rm, v);
			check_integers_s(rm, w);
			check_conversions(rm, narrow);
			/* Neighbours of singles among the doubles, and the largest of them. */
			narrow[1] = fpu_d_from_s((u32)w[0]) + (i & 7) - 3;
			fpu_harvest();
			check_conversions(rm, narrow);
		}
		fpu_leave();
	}
}

static void test_flags_stick_until_harvested(void **state)
{
	u32 first, second, third;

	(void)state;
	fpu_enter(FP_RNE);
	fpu_div_d(0x3ff0000000000000, 0);
	fpu_add_d(0x3ff0000000000000, 1);
	fpu_set_rounding(FP_RUP);
	first = fpu_harvest();
	second = fpu_harvest();
	fpu_raise(FP_NV | FP_UF);
	fpu_raise(FP_OF);
	third = fpu_leave();
	assert_int_equal(first, FP_DZ | FP_NX);
	assert_int_equal(second, 0);
	assert_int_equal(third, FP_NV | FP_OF | FP_UF);
}

static void test_every_flag_is_raised_and_harvested_alone(void **state)
{
	u32 harvested[32];

	(void)state;
	for (u32 flags = 0; flags < 32; flags++) {
		fpu_enter(FP_RNE);
		fpu_raise(flags);
		harvested[flags] = fpu_leave();
	}
	for (u32 flags = 0; flags < 32; flags++)
		assert_int_equal(harvested[flags], flags);
}

static void test_rounding_is_the_guests_between_enter_and_leave(void **state)
{
	static const u32 in_force[8] = { FP_RNE, FP_RTZ, FP_RDN, FP_RUP, FP_RNE, FP_RNE, FP_RNE, FP_RNE };
	/* 1 + 2^-54 in the four modes. */
	static const u64 sums[4] = { 0x3ff0000000000000, 0x3ff0000000000000, 0x3ff0000000000000, 0x3ff0000000000001 };

	(void)state;
	for (u32 frm = 0; frm < 8; frm++) {
		fpu_enter(frm);
		u32 entered = fpu_rounding();

		fpu_set_rounding(FP_RUP);
		fpu_set_rounding(frm);
		u32 set = fpu_rounding();
		u64 sum = fpu_add_d(0x3ff0000000000000, 0x3c90000000000000);

		fpu_leave();
		assert_int_equal(entered, in_force[frm]);
		assert_int_equal(set, in_force[frm]);
		assert_int_equal(sum, sums[in_force[frm]]);
		assert_int_equal(fpu_rounding(), FP_RNE);
		assert_int_equal(fpu_harvest(), 0);
	}
}

static void test_unboxed_narrow_values_read_as_nans(void **state)
{
	(void)state;
	assert_int_equal(unbox_s(0xffffffff3f800000), 0x3f800000);
	assert_int_equal(unbox_s(0xfffffffe3f800000), FP_NAN_S);
	assert_int_equal(unbox_s(0x000000003f800000), FP_NAN_S);
	assert_int_equal(unbox_h(0xffffffffffff3c00), 0x3c00);
	assert_int_equal(unbox_h(0xffffffff00003c00), FP_NAN_H);
	assert_int_equal(unbox_h(0x7fffffffffff3c00), FP_NAN_H);
	assert_int_equal(box_s(0x3f800000), 0xffffffff3f800000);
	assert_int_equal(box_h(0x3c00), 0xffffffffffff3c00);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_double_arithmetic_is_exact),
		cmocka_unit_test(test_single_arithmetic_is_exact),
		cmocka_unit_test(test_comparisons_and_choices_are_exact),
		cmocka_unit_test(test_special_pairs_are_exact),
		cmocka_unit_test(test_conversions_are_exact),
		cmocka_unit_test(test_flags_stick_until_harvested),
		cmocka_unit_test(test_every_flag_is_raised_and_harvested_alone),
		cmocka_unit_test(test_rounding_is_the_guests_between_enter_and_leave),
		cmocka_unit_test(test_unboxed_narrow_values_read_as_nans),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
