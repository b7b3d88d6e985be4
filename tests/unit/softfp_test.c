/*
 * Tests of cpu/softfp.c: against exact integers (fp_exact.h), in all rounding modes; against the host's FPU, in its
 * four; and special values one by one. Formats, integers and comparisons are tested in softfp_convert_test.c.
 */
#include "cpu/softfp.h"

#include <fenv.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/fp_cases.h"
#include "tests/unit/fp_exact.h"

enum op { ADD, SUB, MUL, DIV, SQRT, FMA, OP_COUNT };

static u64 soft(enum op op, enum fp_format f, const u64 *v, u32 rm, u32 *flags)
{
	*flags = 0;
	switch (op) {
	case ADD:
		return softfp_add(f, v[0], v[1], rm, flags);
	case SUB:
		return softfp_sub(f, v[0], v[1], rm, flags);
	case MUL:
		return softfp_mul(f, v[0], v[1], rm, flags);
	case DIV:
		return softfp_div(f, v[0], v[1], rm, flags);
	case SQRT:
		return softfp_sqrt(f, v[0], rm, flags);
	default:
		return softfp_fma(f, v[0], v[1], v[2], rm, flags);
	}
}

/* The exact result of an operation on finite numbers; false where there is none to be rounded. */
static bool exact_result(enum op op, enum fp_format f, const u64 *v, struct exact *x)
{
	struct piece a = piece_of(f, v[0]), b = piece_of(f, v[1]), c = piece_of(f, v[2]);
	u32 count = op == SQRT ? 1 : op == FMA ? 3 : 2;

	for (u32 i = 0; i < count; i++)
		if ((v[i] >> fp_layout[f].frac & MASK(fp_layout[f].exp)) == MASK(fp_layout[f].exp))
			return false;
	*x = (struct exact){ .kind = op == DIV ? QUOTIENT : op == SQRT ? ROOT : SUM, .p = { a, b } };
	if (op == SUB)
		x->p[1].minus ^= true;
	if (op == MUL || op == FMA) {
		x->p[0] = (struct piece){ .sig = a.sig * b.sig, .exp = a.exp + b.exp, .minus = a.minus != b.minus };
		x->p[1] = op == FMA ? c : (struct piece){ 0 };
	}
	if (op == DIV && (a.sig == 0 || b.sig == 0))
		return false;
	if (op == SQRT) {
		x->p[1] = (struct piece){ 0 };
		if (a.sig == 0 || a.minus)
			return false;
	}
	return exact_sign(x) != 0;
}

/* `got` and `expected` are a result and its flags. */
static void check(enum op op, enum fp_format f, u32 rm, const u64 *v, const u64 *got, const u64 *expected)
{
	if (got[0] == expected[0] && got[1] == expected[1])
		return;
	fail_msg("op %d format %d rm %u: %#lx %#lx %#lx must be %#lx flags %#lx, is %#lx flags %#lx", op, f, rm, v[0],
	         v[1], v[2], expected[0], expected[1], got[0], got[1]);
}

static void check_exact(enum op op, enum fp_format f, const u64 *v)
{
	struct exact x;
	u32 flags, expected_flags;

	if (!exact_result(op, f, v, &x))
		return;
	u64 truncated = soft(op, f, v, FP_RTZ, &flags);

	for (u32 rm = 0; rm < RM_COUNT; rm++) {
		u64 expected = exact_round(f, &x, truncated, rm, &expected_flags);
		u64 result = soft(op, f, v, rm, &flags);

		check(op, f, rm, v, (u64[]){ result, flags }, (u64[]){ expected, expected_flags });
	}
}

static void check_arithmetic(enum fp_format f, u32 count)
{
	struct fp_rng rng = { 0x1234567 + f };

	for (u32 i = 0; i < count; i++) {
		u64 v[3] = { fp_case(&rng, f) };

		v[1] = fp_second(&rng, f, v[0]);
		v[2] = fp_third(&rng, f, v[0], v[1]);
		for (enum op op = 0; op < OP_COUNT; op++)
			check_exact(op, f, v);
	}
}

static void test_half_arithmetic_rounds_the_exact_result(void **state)
{
	(void)state;
	check_arithmetic(FP_H, 400000);
}

static void test_single_arithmetic_rounds_the_exact_result(void **state)
{
	(void)state;
	check_arithmetic(FP_S, 150000);
}

static void test_double_arithmetic_rounds_the_exact_result(void **state)
{
	(void)state;
	check_arithmetic(FP_D, 100000);
}

static void test_half_root_of_every_number_rounds_the_exact_result(void **state)
{
	(void)state;
	for (u64 a = 0; a < 0x10000; a++)
		check_exact(SQRT, FP_H, (u64[3]){ a });
}

/* The host's flags as RISC-V's. A host that detects tininess before rounding cannot be asked about underflow. */
static u32 host_flags(u32 known)
{
	int raised = fetestexcept(FE_ALL_EXCEPT);
	u32 flags = 0;

	flags |= raised & FE_INEXACT ? FP_NX : 0;
	flags |= raised & FE_UNDERFLOW ? FP_UF : 0;
	flags |= raised & FE_OVERFLOW ? FP_OF : 0;
	flags |= raised & FE_DIVBYZERO ? FP_DZ : 0;
	flags |= raised & FE_INVALID ? FP_NV : 0;
	return flags & known;
}

static u32 host_known_flags(void)
{
	/* 2^-1022 * (1 - 2^-54) becomes a normal number if rounded to 53 bits first. */
	volatile double a = 0x1.0000002p-1022, b = 0x0.ffffffep0, product;

	feclearexcept(FE_ALL_EXCEPT);
	product = a * b;
	assert_true(product == 0x1p-1022);
	return fetestexcept(FE_UNDERFLOW) ? 31 & ~(u32)FP_UF : 31;
}

static u64 host_double(enum op op, const u64 *v)
{
	volatile double x[3], r;
	u64 result;

	memcpy((void *)x, v, sizeof(x));
	feclearexcept(FE_ALL_EXCEPT);
	switch (op) {
	case ADD:
		r = x[0] + x[1];
		break;
	case SUB:
		r = x[0] - x[1];
		break;
	case MUL:
		r = x[0] * x[1];
		break;
	case DIV:
		r = x[0] / x[1];
		break;
	case SQRT:
		r = sqrt(x[0]);
		break;
	default:
		r = fma(x[0], x[1], x[2]);
	}
	memcpy(&result, (void *)&r, sizeof(r));
	return (result & ~BIT(63)) > 0x7ffull << 52 ? FP_NAN_D : result;
}

static u64 host_single(enum op op, const u64 *v)
{
	u32 narrow[3] = { (u32)v[0], (u32)v[1], (u32)v[2] };
	volatile float x[3], r;
	u32 result;

	memcpy((void *)x, narrow, sizeof(x));
	feclearexcept(FE_ALL_EXCEPT);
	switch (op) {
	case ADD:
		r = x[0] + x[1];
		break;
	case SUB:
		r = x[0] - x[1];
		break;
	case MUL:
		r = x[0] * x[1];
		break;
	case DIV:
		r = x[0] / x[1];
		break;
	case SQRT:
		r = sqrtf(x[0]);
		break;
	default:
		r = fmaf(x[0], x[1], x[2]);
	}
	memcpy(&result, (void *)&r, sizeof(r));
	return (result & MASK(31)) > 0xffu << 23 ? FP_NAN_S : result;
}

/* Infinity times zero plus a quiet NaN: IEEE 754 leaves NV to the host. */
static bool is_unspecified(enum op op, enum fp_format f, const u64 *v)
{
	return op == FMA && softfp_classify(f, v[2]) == BIT(9) &&
	       ((softfp_classify(f, v[0]) & 0x81 && softfp_classify(f, v[1]) & 0x18) ||
	        (softfp_classify(f, v[0]) & 0x18 && softfp_classify(f, v[1]) & 0x81));
}

static void check_against_host(enum fp_format f, u32 rm, u32 known, u32 count)
{
	struct fp_rng rng = { 777 + f };

	for (u32 i = 0; i < count; i++) {
		u64 v[3] = { fp_case(&rng, f) };

		v[1] = fp_second(&rng, f, v[0]);
		v[2] = fp_third(&rng, f, v[0], v[1]);
		for (enum op op = 0; op < OP_COUNT; op++) {
			u64 expected = f == FP_D ? host_double(op, v) : host_single(op, v);
			u32 expected_flags = host_flags(known), flags;
			u64 result = soft(op, f, v, rm, &flags);

			if (!is_unspecified(op, f, v))
				check(op, f, rm, v, (u64[]){ result, flags & known },
				      (u64[]){ expected, expected_flags });
		}
	}
}

static void test_arithmetic_agrees_with_the_host(void **state)
{
	static const struct {
		u32 rm;
		int host;
	} modes[4] = {
		{ FP_RNE, FE_TONEAREST }, { FP_RTZ, FE_TOWARDZERO }, { FP_RDN, FE_DOWNWARD }, { FP_RUP, FE_UPWARD }
	};
	u32 known = host_known_flags();

	(void)state;
	for (u32 i = 0; i < 4; i++) {
		fesetround(modes[i].host);
		check_against_host(FP_S, modes[i].rm, known, 150000);
		check_against_host(FP_D, modes[i].rm, known, 150000);
	}
	fesetround(FE_TONEAREST);
}

/* One line: operation, format, operands, result in RNE, flags. */
struct special {
	enum op op;
	enum fp_format f;
	u64 v[3];
	u64 result;
	u32 flags;
};

#define H_INF 0x7c00
#define H_SNAN 0x7c01
#define D_INF 0x7ff0000000000000
#define D_SNAN 0xfff0000000000001
#define D_ONE 0x3ff0000000000000
#define D_MINUS (1ull << 63)

static const struct special specials[] = {
	{ FMA, FP_H, { H_INF, 0, FP_NAN_H }, FP_NAN_H, FP_NV },
	{ FMA, FP_H, { 0x8000, H_INF, FP_NAN_H }, FP_NAN_H, FP_NV },
	{ FMA, FP_H, { 0x3c00, 0x3c00, H_SNAN }, FP_NAN_H, FP_NV },
	{ FMA, FP_H, { 0xfe01, 0x3c00, 0x3c00 }, FP_NAN_H, 0 },
	{ FMA, FP_S, { 0x7f800000, 0, FP_NAN_S }, FP_NAN_S, FP_NV },
	{ FMA, FP_D, { D_INF, D_MINUS, FP_NAN_D }, FP_NAN_D, FP_NV },
	{ FMA, FP_D, { D_INF, D_ONE, FP_NAN_D }, FP_NAN_D, 0 },
	{ FMA, FP_D, { D_INF, D_ONE, D_INF | D_MINUS }, FP_NAN_D, FP_NV },
	{ FMA, FP_D, { D_INF, D_ONE, D_INF }, D_INF, 0 },
	{ FMA, FP_D, { D_ONE, D_ONE, D_INF | D_MINUS }, D_INF | D_MINUS, 0 },
	{ FMA, FP_D, { D_ONE, D_MINUS, D_MINUS }, D_MINUS, 0 },
	{ FMA, FP_D, { D_ONE, D_MINUS, 0 }, 0, 0 },
	{ ADD, FP_H, { H_INF, H_INF | 0x8000 }, FP_NAN_H, FP_NV },
	{ ADD, FP_H, { H_INF, 0xfbff }, H_INF, 0 },
	{ ADD, FP_H, { H_SNAN, FP_NAN_H }, FP_NAN_H, FP_NV },
	{ ADD, FP_H, { 0x7dff, 0x3c00 }, FP_NAN_H, FP_NV },
	{ ADD, FP_H, { 0xffff, 0x3c00 }, FP_NAN_H, 0 },
	{ ADD, FP_H, { 0x8000, 0 }, 0, 0 },
	{ ADD, FP_H, { 0x8000, 0x8000 }, 0x8000, 0 },
	{ SUB, FP_H, { 0x8000, 0 }, 0x8000, 0 },
	{ SUB, FP_H, { 0x3c00, 0x3c00 }, 0, 0 },
	{ SUB, FP_H, { H_INF, H_INF }, FP_NAN_H, FP_NV },
	{ MUL, FP_H, { H_INF, 0x8000 }, FP_NAN_H, FP_NV },
	{ MUL, FP_H, { H_INF, 0xbc00 }, H_INF | 0x8000, 0 },
	{ MUL, FP_H, { 0, 0xbc00 }, 0x8000, 0 },
	{ DIV, FP_H, { 0, 0x8000 }, FP_NAN_H, FP_NV },
	{ DIV, FP_H, { H_INF, H_INF }, FP_NAN_H, FP_NV },
	{ DIV, FP_H, { 0x3c00, 0x8000 }, H_INF | 0x8000, FP_DZ },
	{ DIV, FP_H, { H_INF, 0x8000 }, H_INF | 0x8000, 0 },
	{ DIV, FP_H, { 0xbc00, H_INF }, 0x8000, 0 },
	{ DIV, FP_H, { 0, 0xbc00 }, 0x8000, 0 },
	{ SQRT, FP_H, { 0x8000 }, 0x8000, 0 },
	{ SQRT, FP_H, { 0xbc00 }, FP_NAN_H, FP_NV },
	{ SQRT, FP_H, { H_INF | 0x8000 }, FP_NAN_H, FP_NV },
	{ SQRT, FP_H, { H_INF }, H_INF, 0 },
	{ SQRT, FP_D, { D_SNAN }, FP_NAN_D, FP_NV },
};

static void test_special_operands_give_the_manuals_results(void **state)
{
	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(specials); i++) {
		const struct special *s = &specials[i];
		u32 flags;
		u64 result = soft(s->op, s->f, s->v, FP_RNE, &flags);

		if (result != s->result || flags != s->flags)
			fail_msg("line %u: %#lx flags %#x", i, result, flags);
	}
}

static void test_exact_zero_sum_is_negative_only_rounding_down(void **state)
{
	(void)state;
	for (u32 rm = 0; rm < RM_COUNT; rm++) {
		u64 zero = rm == FP_RDN ? 0x8000 : 0;
		u32 flags = 0;

		assert_int_equal(softfp_sub(FP_H, 0x3c01, 0x3c01, rm, &flags), zero);
		assert_int_equal(softfp_add(FP_H, 0x8000, 0, rm, &flags), zero);
		assert_int_equal(softfp_add(FP_H, 0x8000, 0x8000, rm, &flags), 0x8000);
		assert_int_equal(softfp_fma(FP_H, 0x3c00, 0xbc00, 0x3c00, rm, &flags), zero);
		assert_int_equal(softfp_fma(FP_H, 0x8000, 0x3c00, 0, rm, &flags), zero);
		assert_int_equal(flags, 0);
	}
}

static void test_flags_accumulate_and_high_operand_bits_are_ignored(void **state)
{
	u32 flags = FP_DZ;

	(void)state;
	assert_int_equal(softfp_add(FP_H, 0xabcd3c00, 0xffff000000000001, FP_RNE, &flags), 0x3c00);
	assert_int_equal(flags, FP_DZ | FP_NX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_half_arithmetic_rounds_the_exact_result),
		cmocka_unit_test(test_single_arithmetic_rounds_the_exact_result),
		cmocka_unit_test(test_double_arithmetic_rounds_the_exact_result),
		cmocka_unit_test(test_half_root_of_every_number_rounds_the_exact_result),
		cmocka_unit_test(test_arithmetic_agrees_with_the_host),
		cmocka_unit_test(test_special_operands_give_the_manuals_results),
		cmocka_unit_test(test_exact_zero_sum_is_negative_only_rounding_down),
		cmocka_unit_test(test_flags_accumulate_and_high_operand_bits_are_ignored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
