/*
 * An oracle for correctly rounded results and their flags, in exact integers. For tests.
 *
 * It knows nothing of rounding algorithms. It asks on which side of a candidate M the exact result lies, and that
 * question is the sign of a sum of (128-bit integer times power of two): x - M for sums and products, a - M * b for
 * quotients, a - M * M for roots. The result claimed for RTZ must be the last candidate not beyond the exact one; where
 * the exact one lies between that and its successor then decides all five rounding modes and all flags.
 */
#ifndef RVEMU_TESTS_UNIT_FP_EXACT_H
#define RVEMU_TESTS_UNIT_FP_EXACT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "cpu/softfp.h"
#include "emu/base/base.h"
#include "tests/unit/fp_cases.h"

#define RM_COUNT 5

/* A number of the sum: (-1)^minus * sig * 2^exp. */
struct piece {
	u128 sig;
	s64 exp;
	bool minus;
};

enum exact_kind { SUM, QUOTIENT, ROOT };

/* An exact result: the sum of the pieces, their quotient, or the root of the first. */
struct exact {
	enum exact_kind kind;
	struct piece p[2];
	bool minus; /* the result's sign: set by exact_sign() */
};

#define LIMBS 72

static inline void accumulate(u64 *limbs, u128 v, u64 shift)
{
	u64 i = shift / 64, s = shift % 64;
	u128 low = v << s;
	u64 parts[3] = { (u64)low, (u64)(low >> 64), s ? (u64)(v >> (128 - s)) : 0 };
	u64 carry = 0;

	for (u32 j = 0; j < 3 || carry; j++) {
		u128 t = (u128)limbs[i + j] + (j < 3 ? parts[j] : 0) + carry;

		limbs[i + j] = (u64)t;
		carry = (u64)(t >> 64);
	}
}

/* -1, 0 or 1: the sign of a sum of pieces. */
static inline int sign_of_sum(const struct piece *p, u32 count)
{
	u64 sum[2][LIMBS];
	s64 low = INT64_MAX, high = INT64_MIN;

	for (u32 i = 0; i < count; i++) {
		if (p[i].sig == 0)
			continue;
		low = p[i].exp < low ? p[i].exp : low;
		high = p[i].exp > high ? p[i].exp : high;
	}
	if (high == INT64_MIN)
		return 0;
	u32 used = (u32)((high - low) / 64 + 4);

	assert_true(used <= LIMBS);
	memset(sum[0], 0, used * sizeof(u64));
	memset(sum[1], 0, used * sizeof(u64));
	for (u32 i = 0; i < count; i++)
		if (p[i].sig != 0)
			accumulate(sum[p[i].minus], p[i].sig, (u64)(p[i].exp - low));
	for (u32 i = used; i-- > 0;)
		if (sum[0][i] != sum[1][i])
			return sum[0][i] > sum[1][i] ? 1 : -1;
	return 0;
}

/* The sign of |x| - sig * 2^exp. */
static inline int exact_versus(const struct exact *x, u64 sig, s64 exp)
{
	struct piece p[3] = { x->p[0], x->p[1], { .sig = sig, .exp = exp, .minus = true } };

	switch (x->kind) {
	case SUM:
		p[0].minus ^= x->minus;
		p[1].minus ^= x->minus;
		return sign_of_sum(p, 3);
	case QUOTIENT:
		p[0].minus = false;
		p[1] = (struct piece){ .sig = x->p[1].sig * sig, .exp = x->p[1].exp + exp, .minus = true };
		return sign_of_sum(p, 2);
	case ROOT:
		p[1] = (struct piece){ .sig = (u128)sig * sig, .exp = 2 * exp, .minus = true };
		return sign_of_sum(p, 2);
	}
	return 0;
}

/* The sign of x, which is also kept in x->minus. */
static inline int exact_sign(struct exact *x)
{
	int sign = x->kind == SUM ? sign_of_sum(x->p, 2) : 1;

	x->minus = x->kind == SUM ? sign < 0 : x->p[0].minus != x->p[1].minus;
	return sign;
}

/* The number with these bits (infinity counts as the power of two after the largest number). */
static inline struct piece piece_of(enum fp_format f, u64 a)
{
	u64 biased = a >> fp_layout[f].frac & MASK(fp_layout[f].exp);
	u64 frac = a & MASK(fp_layout[f].frac);
	struct piece p = { .sig = frac, .exp = 1 - fp_layout[f].bias - (s64)fp_layout[f].frac };

	p.minus = a >> (fp_layout[f].frac + fp_layout[f].exp) & 1;
	if (biased != 0) {
		p.sig |= BIT(fp_layout[f].frac);
		p.exp += (s64)biased - 1;
	}
	return p;
}

/* Whether rm rounds away from zero, given the exact value's side of the middle and whether the lower candidate is odd.
 */
static inline bool goes_up(u32 rm, bool minus, int versus_middle, bool odd)
{
	switch (rm) {
	case FP_RNE:
		return versus_middle > 0 || (versus_middle == 0 && odd);
	case FP_RMM:
		return versus_middle >= 0;
	case FP_RUP:
		return !minus;
	case FP_RDN:
		return minus;
	default:
		return false;
	}
}

/* Whether x, less than the smallest normal number, is tiny also after rounding it with an unbounded exponent. */
static inline bool is_tiny(enum fp_format f, const struct exact *x, u32 rm)
{
	u32 digits = fp_layout[f].frac + 1;
	s64 exp = 1 - fp_layout[f].bias - (s64)digits;

	if (exact_versus(x, MASK(digits), exp) <= 0)
		return true;
	return !goes_up(rm, x->minus, exact_versus(x, MASK(digits + 1), exp - 1), true);
}

/* What rounding the non-zero x gives, with flags; `truncated` is the claimed result in RTZ, which is checked. */
static inline u64 exact_round(enum fp_format f, const struct exact *x, u64 truncated, u32 rm, u32 *flags)
{
	u64 sign = BIT(fp_layout[f].frac + fp_layout[f].exp);
	u64 infinity = MASK(fp_layout[f].exp) << fp_layout[f].frac;
	u64 lower = truncated & (sign - 1);
	struct piece low = piece_of(f, lower), next = piece_of(f, lower + 1);
	int versus_low = exact_versus(x, (u64)low.sig, low.exp);
	bool overflow = lower + 1 == infinity && exact_versus(x, (u64)next.sig, next.exp) >= 0;

	assert_true(lower < infinity && versus_low >= 0);
	assert_true(overflow || exact_versus(x, (u64)next.sig, next.exp) < 0);
	assert_int_equal(x->minus, (truncated & sign) != 0);
	*flags = 0;
	if (versus_low == 0)
		return truncated;
	*flags = FP_NX;
	if (lower < BIT(fp_layout[f].frac) && is_tiny(f, x, rm))
		*flags |= FP_UF;
	int versus_middle = exact_versus(x, (u64)low.sig * 2 + 1, low.exp - 1);

	truncated += goes_up(rm, x->minus, versus_middle, lower & 1);
	if (overflow || (truncated & (sign - 1)) == infinity)
		*flags |= FP_OF;
	return truncated;
}

#endif
