/*
 * Tests of cpu/softfp_convert.c: formats and integers against exact integers (fp_exact.h) and against the C library's
 * long double, which holds every number of every format and every 64-bit integer exactly; comparisons, classes and
 * constants against plain definitions.
 */
#include "cpu/softfp.h"

#include <fenv.h>
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/fp_cases.h"
#include "tests/unit/fp_exact.h"

static void check_exact_conversion(enum fp_format to, enum fp_format from, u64 a)
{
	struct exact x = { .kind = SUM, .p = { piece_of(from, a) } };
	u32 flags = 0, expected_flags;
	u64 truncated = softfp_convert(to, from, a, FP_RTZ, &flags);

	if ((a >> fp_layout[from].frac & MASK(fp_layout[from].exp)) == MASK(fp_layout[from].exp) || exact_sign(&x) == 0)
		return;
	for (u32 rm = 0; rm < RM_COUNT; rm++) {
		flags = 0;
		assert_int_equal(softfp_convert(to, from, a, rm, &flags),
		                 exact_round(to, &x, truncated, rm, &expected_flags));
		assert_int_equal(flags, expected_flags);
	}
}

static void test_conversions_between_formats_round_the_exact_value(void **state)
{
	struct fp_rng rng = { 99 };

	(void)state;
	for (u32 i = 0; i < 150000; i++) {
		u64 d = fp_case(&rng, FP_D), s = fp_case(&rng, FP_S), h = fp_case(&rng, FP_H);

		check_exact_conversion(FP_S, FP_D, d);
		check_exact_conversion(FP_H, FP_D, d);
		check_exact_conversion(FP_H, FP_S, s);
		check_exact_conversion(FP_D, FP_S, s);
		check_exact_conversion(FP_D, FP_H, h);
		check_exact_conversion(FP_S, FP_H, h);
		/* Doubles that are nearly singles, singles that are nearly halves. */
		u32 flags = 0;

		check_exact_conversion(FP_S, FP_D, softfp_convert(FP_D, FP_S, s, FP_RNE, &flags) + (i & 3) - 1);
		check_exact_conversion(FP_H, FP_S, softfp_convert(FP_S, FP_H, h, FP_RNE, &flags) + (i & 3) - 1);
	}
}

static void test_integers_become_the_nearest_numbers(void **state)
{
	struct fp_rng rng = { 5 };

	(void)state;
	for (u32 i = 0; i < 200000; i++) {
		u64 v = (fp_random(&rng) >> (fp_random(&rng) & 63)) + (i & 2 ? fp_random(&rng) << 40 : 0);
		u64 (*const convert[4])(enum fp_format, u64, u32, u32 *) = { softfp_from_i32, softfp_from_u32,
			                                                     softfp_from_i64, softfp_from_u64 };
		s128 values[4] = { (s32)v, (u32)v, (s64)v, v };

		for (u32 k = 0; k < 4; k++) {
			s128 value = values[k];
			struct exact x = { .kind = SUM, .minus = value < 0 };
			enum fp_format f = i % 3;

			x.p[0] = (struct piece){ .sig = (u128)(value < 0 ? -value : value), .minus = value < 0 };
			for (u32 rm = 0; rm < RM_COUNT; rm++) {
				u32 flags = 0, expected_flags = 0, ignored = 0;
				u64 result = convert[k](f, v, rm, &flags);
				u64 truncated = convert[k](f, v, FP_RTZ, &ignored);

				assert_int_equal(result,
				                 value ? exact_round(f, &x, truncated, rm, &expected_flags) : 0);
				assert_int_equal(flags, expected_flags);
			}
		}
	}
}

static bool is_nan(enum fp_format f, u64 a)
{
	return (a & (fp_bits(f) >> 1)) > MASK(fp_layout[f].exp) << fp_layout[f].frac;
}

static bool is_signalling(enum fp_format f, u64 a)
{
	return is_nan(f, a) && !(a >> (fp_layout[f].frac - 1) & 1);
}

/* The value of a, of any format, without the help of cpu/softfp.c. Quiet NaN for NaNs. */
static double value_of(enum fp_format f, u64 a)
{
	struct piece p = piece_of(f, a);
	double magnitude = is_nan(f, a) ? (double)NAN : ldexp((double)(u64)p.sig, (int)p.exp);

	if ((a & (fp_bits(f) >> 1)) == MASK(fp_layout[f].exp) << fp_layout[f].frac)
		magnitude = (double)INFINITY;
	return p.minus ? -magnitude : magnitude;
}

/* x rounded to an integer by the C library. */
static long double library_round(long double x, u32 rm)
{
	static const int modes[4] = { FE_TONEAREST, FE_TOWARDZERO, FE_DOWNWARD, FE_UPWARD };
	/* Volatile, for compilers move arithmetic across fesetround(). */
	volatile long double in = x, r;

	if (rm == FP_RMM)
		return roundl(x);
	fesetround(modes[rm]);
	r = rintl(in);
	fesetround(FE_TONEAREST);
	return r;
}

/* One of the four conversions to integers: the function, and what its results can be. */
static const struct {
	u64 (*convert)(enum fp_format f, u64 a, u32 rm, u32 *flags);
	long double lowest, highest;
	u64 if_low, if_high;
} to_integers[4] = {
	{ softfp_to_i32, -0x1p31L, 0x1p31L - 1, 0xffffffff80000000, 0x7fffffff },
	{ softfp_to_u32, 0, 0x1p32L - 1, 0, ~0ull },
	{ softfp_to_i64, -0x1p63L, 0x1p63L - 1, BIT(63), MASK(63) },
	{ softfp_to_u64, 0, 0x1p64L - 1, 0, ~0ull },
};

static void check_to_integers(enum fp_format f, u64 a, u32 rm)
{
	long double exact = value_of(f, a), rounded = library_round(exact, rm);

	for (u32 k = 0; k < ARRAY_SIZE(to_integers); k++) {
		u32 flags = 0, expected_flags = rounded != exact ? FP_NX : 0;
		u64 result = to_integers[k].convert(f, a, rm, &flags), expected;

		if (is_nan(f, a) || rounded > to_integers[k].highest || rounded < to_integers[k].lowest) {
			bool low = !is_nan(f, a) && rounded < 0;

			expected = low ? to_integers[k].if_low : to_integers[k].if_high;
			expected_flags = FP_NV;
		} else {
			expected = rounded < 0 ? -(u64)-rounded : (u64)rounded;
			expected = k == 1 ? (u64)sext(expected, 32) : expected;
		}
		if (result != expected || flags != expected_flags)
			fail_msg("conversion %u of %#lx format %d rm %u must be %#lx flags %#x, is %#lx flags %#x", k,
			         a, f, rm, expected, expected_flags, result, flags);
	}
}

static void check_round(enum fp_format f, u64 a, u32 rm)
{
	long double exact = value_of(f, a), rounded = library_round(exact, rm);
	u32 flags = 0, flags_nx = 0;
	u64 result = softfp_round(f, a, rm, &flags), result_nx = softfp_roundnx(f, a, rm, &flags_nx);

	assert_int_equal(result, result_nx);
	assert_int_equal(flags, is_signalling(f, a) ? FP_NV : 0);
	if (is_nan(f, a)) {
		assert_int_equal(result, softfp_fli(f, 31));
		assert_int_equal(flags_nx, flags);
		return;
	}
	assert_true(value_of(f, result) == rounded && !signbit(value_of(f, result)) == !signbit(rounded));
	assert_int_equal(flags_nx, rounded != exact ? FP_NX : 0);
}

static void test_numbers_become_integers_or_saturate(void **state)
{
	struct fp_rng rng = { 31 };

	(void)state;
	for (u32 i = 0; i < 150000; i++)
		for (u32 rm = 0; rm < RM_COUNT; rm++) {
			check_to_integers(FP_S, fp_case(&rng, FP_S), rm);
			check_to_integers(FP_D, fp_case(&rng, FP_D), rm);
		}
}

static void test_every_half_becomes_integers_and_rounds(void **state)
{
	(void)state;
	for (u32 rm = 0; rm < RM_COUNT; rm++)
		for (u64 a = 0; a < 0x10000; a++) {
			check_to_integers(FP_H, a, rm);
			check_round(FP_H, a, rm);
		}
}

static void test_rounding_to_integers_agrees_with_the_library(void **state)
{
	struct fp_rng rng = { 32 };

	(void)state;
	for (u32 i = 0; i < 150000; i++)
		for (u32 rm = 0; rm < RM_COUNT; rm++) {
			check_round(FP_S, fp_case(&rng, FP_S), rm);
			check_round(FP_D, fp_case(&rng, FP_D), rm);
			/* Where the halves are. */
			check_round(FP_S, fp_with_exponent(&rng, FP_S, (s64)(i % 28) - 2), rm);
			check_round(FP_D, fp_with_exponent(&rng, FP_D, (s64)(i % 57) - 2), rm);
		}
}

static void test_modular_conversion_keeps_the_low_word(void **state)
{
	struct fp_rng rng = { 33 };

	(void)state;
	for (u32 i = 0; i < 300000; i++) {
		u64 a = i & 1 ? fp_case(&rng, FP_D) : fp_with_exponent(&rng, FP_D, (s64)(i % 100));
		double value = value_of(FP_D, a);
		double low = isfinite(value) ? fmod(trunc(value), 0x1p32) : 0;
		u32 flags = 0, expected_flags = 0;

		softfp_to_i32(FP_D, a, FP_RTZ, &expected_flags);
		assert_int_equal(softfp_cvtmod_w_d(a, &flags), sext((u64)(s64)low, 32));
		assert_int_equal(flags, expected_flags);
	}
}

/* All that compares, for one pair. */
static void check_pair(enum fp_format f, u64 a, u64 b)
{
	double x = value_of(f, a), y = value_of(f, b);
	bool any_nan = is_nan(f, a) || is_nan(f, b);
	u32 if_signalling = is_signalling(f, a) || is_signalling(f, b) ? FP_NV : 0;
	u32 quiet = 0, loud = 0;

	assert_int_equal(softfp_eq(f, a, b, &quiet), x == y);
	assert_int_equal(softfp_ltq(f, a, b, &quiet), isless(x, y));
	assert_int_equal(softfp_leq(f, a, b, &quiet), islessequal(x, y));
	assert_int_equal(quiet, if_signalling);
	assert_int_equal(softfp_lt(f, a, b, &loud), isless(x, y));
	assert_int_equal(loud, any_nan ? FP_NV : 0);
	loud = 0;
	assert_int_equal(softfp_le(f, a, b, &loud), islessequal(x, y));
	assert_int_equal(loud, any_nan ? FP_NV : 0);

	u64 nan = softfp_fli(f, 31);
	bool a_less = isless(x, y) || (x == y && signbit(x));
	u64 least = is_nan(f, a) && is_nan(f, b) ? nan : is_nan(f, a) ? b : is_nan(f, b) || a_less ? a : b;
	u64 greatest = is_nan(f, a) && is_nan(f, b) ? nan : is_nan(f, a) ? b : is_nan(f, b) || !a_less ? a : b;

	quiet = 0;
	assert_int_equal(softfp_min(f, a, b, &quiet), least);
	assert_int_equal(softfp_minm(f, a, b, &quiet), any_nan ? nan : least);
	assert_int_equal(quiet, if_signalling);
	quiet = 0;
	assert_int_equal(softfp_max(f, a, b, &quiet), greatest);
	assert_int_equal(softfp_maxm(f, a, b, &quiet), any_nan ? nan : greatest);
	assert_int_equal(quiet, if_signalling);
}

static void test_comparisons_order_numbers_and_signal_nans(void **state)
{
	struct fp_rng rng = { 34 };

	(void)state;
	for (u32 i = 0; i < 400000; i++) {
		enum fp_format f = i % 3;
		u64 a = i & 4 ? fp_edge(&rng, f) : fp_case(&rng, f);

		check_pair(f, a, i & 8 ? fp_edge(&rng, f) : fp_second(&rng, f, a));
	}
}

static void test_classes_are_the_manuals_bits(void **state)
{
	struct fp_rng rng = { 35 };

	(void)state;
	for (u32 i = 0; i < 200000; i++) {
		enum fp_format f = i % 3;
		u64 a = fp_case(&rng, f), magnitude = a & (fp_bits(f) >> 1);
		double x = value_of(f, a);
		u32 positive;

		if (is_nan(f, a)) {
			assert_int_equal(softfp_classify(f, a), is_signalling(f, a) ? 1 << 8 : 1 << 9);
			continue;
		}
		if (isinf(x))
			positive = 7;
		else if (magnitude >= BIT(fp_layout[f].frac))
			positive = 6;
		else
			positive = magnitude != 0 ? 5 : 4;
		assert_int_equal(softfp_classify(f, a), 1 << (signbit(x) ? 7 - positive : positive));
	}
}

static void test_constants_are_the_manuals_table(void **state)
{
	static const double table[32] = {
		-1,      0, /* smallest normal */
		0x1p-16, 0x1p-15, 0x1p-8, 0x1p-7, 0x1p-4, 0x1p-3, 0.25,   0.3125, 0.375, 0.4375,
		0.5,     0.625,   0.75,   0.875,  1,      1.25,   1.5,    1.75,   2,     2.5,
		3,       4,       8,      16,     128,    256,    0x1p15, 0x1p16, 0, /* infinity */
	};

	(void)state;
	for (enum fp_format f = FP_H; f <= FP_D; f++) {
		u64 infinity = MASK(fp_layout[f].exp) << fp_layout[f].frac;

		for (u32 i = 0; i < 32; i++)
			if (i != 1 && i < 30 && !(f == FP_H && i == 29))
				assert_true(value_of(f, softfp_fli(f, i)) == table[i]);
		assert_int_equal(softfp_fli(f, 1), BIT(fp_layout[f].frac));
		assert_int_equal(softfp_fli(f, 30), infinity);
		assert_int_equal(softfp_fli(f, 31), infinity | BIT(fp_layout[f].frac - 1));
	}
	assert_int_equal(softfp_fli(FP_H, 29), 0x7c00);
}

static void test_special_values_change_format(void **state)
{
	u32 flags = 0;

	(void)state;
	assert_int_equal(softfp_convert(FP_S, FP_D, 0xfff8000000000123, FP_RNE, &flags), FP_NAN_S);
	assert_int_equal(softfp_convert(FP_H, FP_S, 0xff800000, FP_RNE, &flags), 0xfc00);
	assert_int_equal(softfp_convert(FP_D, FP_H, 0x8000, FP_RNE, &flags), BIT(63));
	assert_int_equal(flags, 0);
	assert_int_equal(softfp_convert(FP_D, FP_H, 0xfc01, FP_RNE, &flags), FP_NAN_D);
	assert_int_equal(flags, FP_NV);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conversions_between_formats_round_the_exact_value),
		cmocka_unit_test(test_integers_become_the_nearest_numbers),
		cmocka_unit_test(test_numbers_become_integers_or_saturate),
		cmocka_unit_test(test_every_half_becomes_integers_and_rounds),
		cmocka_unit_test(test_rounding_to_integers_agrees_with_the_library),
		cmocka_unit_test(test_modular_conversion_keeps_the_low_word),
		cmocka_unit_test(test_comparisons_order_numbers_and_signal_nans),
		cmocka_unit_test(test_classes_are_the_manuals_bits),
		cmocka_unit_test(test_constants_are_the_manuals_table),
		cmocka_unit_test(test_special_values_change_format),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
