/*
 * Floating-point arithmetic in integers: the six operations that round, and rounding itself.
 *
 * Each operation deals with NaNs, infinities and zeros first and then computes an exact or jammed 64-bit significand
 * (see cpu/softfp_parts.h), which fp_round_pack() rounds once. Sums are formed in 128 bits, so that the addition and
 * the fused multiply-add are the same code. Comparisons and conversions are in cpu/softfp_convert.c.
 */
#include "cpu/softfp.h"

#include "cpu/softfp_parts.h"

const struct fp_shape fp_shapes[3] = {
	[FP_H] = { .frac_bits = 10, .exp_bits = 5, .exp_max = 15 },
	[FP_S] = { .frac_bits = 23, .exp_bits = 8, .exp_max = 127 },
	[FP_D] = { .frac_bits = 52, .exp_bits = 11, .exp_max = 1023 },
};

/* A term of a sum: (-1)^sign * sig/2^126 * 2^exp, bit 126 of sig set, or sig 0 and exp so low that it never matters. */
struct term {
	u128 sig;  /* significand: bit 127 is free for the carry */
	s32 exp;   /* unbiased exponent of bit 126 */
	bool sign; /* negative */
};

#define TERM_ZERO_EXP (-100000)

struct fp_num fp_unpack(enum fp_format f, u64 a)
{
	const struct fp_shape *shape = &fp_shapes[f];
	u64 frac = a & MASK(shape->frac_bits);
	u32 biased = a >> shape->frac_bits & MASK(shape->exp_bits);
	struct fp_num n = { .kind = KIND_FINITE, .sign = fp_is_negative(f, a) };

	if (biased == MASK(shape->exp_bits)) {
		if (frac == 0)
			n.kind = KIND_INFINITE;
		else
			n.kind = frac >> (shape->frac_bits - 1) ? KIND_QUIET_NAN : KIND_SIGNALLING_NAN;
		return n;
	}
	if (biased != 0) {
		n.exp = (s32)biased - shape->exp_max;
		n.sig = BIT(63) | frac << (63 - shape->frac_bits);
		return n;
	}
	if (frac == 0) {
		n.kind = KIND_ZERO;
		return n;
	}
	u32 zeros = (u32)__builtin_clzll(frac);

	n.exp = fp_exp_min(f) + 63 - (s32)shape->frac_bits - (s32)zeros;
	n.sig = frac << zeros;
	return n;
}

/* What an overflow yields: infinity, or the largest number if rm does not round that way. */
static u64 overflow(enum fp_format f, bool sign, u32 rm, u32 *flags)
{
	bool away = fp_rounds_away(rm, sign, true, 1, 1);

	*flags |= FP_OF | FP_NX;
	return fp_infinity(f, sign) - !away;
}

u64 fp_round_pack(enum fp_format f, bool sign, s32 exp, u64 sig, u32 rm, u32 *flags)
{
	const struct fp_shape *shape = &fp_shapes[f];
	u32 drop = 63 - shape->frac_bits;
	u64 half = BIT(drop - 1);
	s32 exp_min = fp_exp_min(f);
	bool tiny = exp < exp_min;

	if (exp > shape->exp_max)
		return overflow(f, sign, rm, flags);
	if (tiny) {
		/* Not tiny after rounding: with an unbounded exponent it would become the smallest normal number. */
		if (exp == exp_min - 1 && sig >> drop == MASK(shape->frac_bits + 1) &&
		    fp_rounds_away(rm, sign, true, sig & MASK(drop), half))
			tiny = false;
		sig = fp_jam64(sig, (u32)(exp_min - exp));
		exp = exp_min;
	}
	u64 rest = sig & MASK(drop);
	u64 kept = sig >> drop;

	kept += fp_rounds_away(rm, sign, kept & 1, rest, half);
	/* The leading bit of kept, and a carry out of it, count the exponent up by themselves. */
	u64 magnitude = ((u64)(exp - exp_min) << shape->frac_bits) + kept;

	if (magnitude >= fp_infinity(f, false))
		return overflow(f, sign, rm, flags);
	if (rest != 0)
		*flags |= tiny ? FP_UF | FP_NX : FP_NX;
	return fp_sign(f, sign) | magnitude;
}

static bool is_nan(const struct fp_num *n)
{
	return n->kind >= KIND_QUIET_NAN;
}

static u64 invalid(enum fp_format f, u32 *flags)
{
	*flags |= FP_NV;
	return fp_nan(f);
}

/* The result if an operand is a NaN: NV only for a signalling one. */
static u64 nan_result(enum fp_format f, const struct fp_num *a, const struct fp_num *b, u32 *flags)
{
	if (a->kind == KIND_SIGNALLING_NAN || b->kind == KIND_SIGNALLING_NAN)
		*flags |= FP_NV;
	return fp_nan(f);
}

static struct term term_of(const struct fp_num *n)
{
	if (n->kind == KIND_ZERO)
		return (struct term){ .sign = n->sign, .exp = TERM_ZERO_EXP };
	return (struct term){ .sign = n->sign, .exp = n->exp, .sig = (u128)n->sig << 63 };
}

/* The exact product of two finite numbers. */
static struct term product(const struct fp_num *a, const struct fp_num *b)
{
	struct term t = { .sign = a->sign != b->sign, .exp = TERM_ZERO_EXP };

	if (a->kind == KIND_ZERO || b->kind == KIND_ZERO)
		return t;
	t.sig = (u128)a->sig * b->sig;
	t.exp = a->exp + b->exp;
	if (t.sig >> 127) {
		/* The low bits of both significands are zero: nothing is lost. */
		t.sig >>= 1;
		t.exp++;
	}
	return t;
}

/* Rounds a term, or a sum whose leading bit is anywhere. */
static u64 round_term(enum fp_format f, struct term t, u32 rm, u32 *flags)
{
	if (t.sig == 0)
		return fp_zero(f, t.sign);
	u64 high = (u64)(t.sig >> 64);
	u32 zeros = high ? (u32)__builtin_clzll(high) : 64 + (u32)__builtin_clzll((u64)t.sig);

	t.sig <<= zeros;
	u64 sig = (u64)(t.sig >> 64) | ((u64)t.sig != 0);

	return fp_round_pack(f, t.sign, t.exp + 1 - (s32)zeros, sig, rm, flags);
}

/*
 * The rounded sum of two terms. Where the exponents differ by two or more, cancellation takes away one leading bit at
 * most, and the jammed bit stays far below the rounding position; where they differ by less, nothing is jammed at all.
 */
static u64 round_sum(enum fp_format f, struct term a, struct term b, u32 rm, u32 *flags)
{
	struct term sum = a.exp >= b.exp ? a : b;
	struct term low = a.exp >= b.exp ? b : a;

	low.sig = fp_jam128(low.sig, (u32)(sum.exp - low.exp));
	if (sum.sign == low.sign) {
		sum.sig += low.sig;
	} else if (sum.sig > low.sig) {
		sum.sig -= low.sig;
	} else if (sum.sig < low.sig) {
		sum.sig = low.sig - sum.sig;
		sum.sign = low.sign;
	} else {
		return fp_zero(f, rm == FP_RDN);
	}
	return round_term(f, sum, rm, flags);
}

u64 softfp_add(enum fp_format f, u64 a, u64 b, u32 rm, u32 *flags)
{
	struct fp_num x = fp_unpack(f, a), y = fp_unpack(f, b);

	if (is_nan(&x) || is_nan(&y))
		return nan_result(f, &x, &y, flags);
	if (x.kind == KIND_INFINITE && y.kind == KIND_INFINITE && x.sign != y.sign)
		return invalid(f, flags);
	if (x.kind == KIND_INFINITE || y.kind == KIND_INFINITE)
		return fp_infinity(f, x.kind == KIND_INFINITE ? x.sign : y.sign);
	return round_sum(f, term_of(&x), term_of(&y), rm, flags);
}

u64 softfp_sub(enum fp_format f, u64 a, u64 b, u32 rm, u32 *flags)
{
	return softfp_add(f, a, b ^ fp_sign(f, true), rm, flags);
}

u64 softfp_mul(enum fp_format f, u64 a, u64 b, u32 rm, u32 *flags)
{
	struct fp_num x = fp_unpack(f, a), y = fp_unpack(f, b);

	if (is_nan(&x) || is_nan(&y))
		return nan_result(f, &x, &y, flags);
	if (x.kind == KIND_INFINITE || y.kind == KIND_INFINITE) {
		if (x.kind == KIND_ZERO || y.kind == KIND_ZERO)
			return invalid(f, flags);
		return fp_infinity(f, x.sign != y.sign);
	}
	return round_term(f, product(&x, &y), rm, flags);
}

u64 softfp_fma(enum fp_format f, u64 a, u64 b, u64 c, u32 rm, u32 *flags)
{
	struct fp_num x = fp_unpack(f, a), y = fp_unpack(f, b), z = fp_unpack(f, c);
	bool sign = x.sign != y.sign;
	bool product_invalid =
		(x.kind == KIND_INFINITE && y.kind == KIND_ZERO) || (x.kind == KIND_ZERO && y.kind == KIND_INFINITE);

	if (product_invalid || z.kind == KIND_SIGNALLING_NAN)
		return invalid(f, flags);
	if (is_nan(&x) || is_nan(&y) || is_nan(&z))
		return nan_result(f, &x, &y, flags);
	if (x.kind == KIND_INFINITE || y.kind == KIND_INFINITE) {
		if (z.kind == KIND_INFINITE && z.sign != sign)
			return invalid(f, flags);
		return fp_infinity(f, sign);
	}
	if (z.kind == KIND_INFINITE)
		return fp_infinity(f, z.sign);
	return round_sum(f, product(&x, &y), term_of(&z), rm, flags);
}

u64 softfp_div(enum fp_format f, u64 a, u64 b, u32 rm, u32 *flags)
{
	struct fp_num x = fp_unpack(f, a), y = fp_unpack(f, b);
	bool sign = x.sign != y.sign;

	if (is_nan(&x) || is_nan(&y))
		return nan_result(f, &x, &y, flags);
	if (x.kind == y.kind && x.kind != KIND_FINITE)
		return invalid(f, flags);
	if (x.kind == KIND_ZERO || y.kind == KIND_INFINITE)
		return fp_zero(f, sign);
	if (y.kind == KIND_ZERO && x.kind == KIND_FINITE)
		*flags |= FP_DZ;
	if (x.kind == KIND_INFINITE || y.kind == KIND_ZERO)
		return fp_infinity(f, sign);

	/* Both significands are in [2^63, 2^64): the quotient is in (2^62, 2^64). */
	u128 dividend = (u128)x.sig << 63;
	u64 quotient = (u64)(dividend / y.sig);
	s32 exp = x.exp - y.exp;
	bool more = (u128)quotient * y.sig != dividend;

	if (!(quotient >> 63)) {
		quotient <<= 1;
		exp--;
	}
	return fp_round_pack(f, sign, exp, quotient | more, rm, flags);
}

u64 softfp_sqrt(enum fp_format f, u64 a, u32 rm, u32 *flags)
{
	struct fp_num x = fp_unpack(f, a);

	if (is_nan(&x))
		return nan_result(f, &x, &x, flags);
	if (x.kind == KIND_ZERO)
		return fp_zero(f, x.sign);
	if (x.sign)
		return invalid(f, flags);
	if (x.kind == KIND_INFINITE)
		return fp_infinity(f, false);

	/*
	 * Digit by digit, two bits of the operand to one of the root: the format's precision and two more are enough,
	 * what is left over is the jammed bit. An even exponent leaves one bit before the point, an odd one two.
	 */
	bool odd = x.exp & 1;
	u64 operand = odd ? x.sig : x.sig >> 1;
	u32 digits = fp_shapes[f].frac_bits + 3;
	u64 root = 0, left = 0;

	for (u32 i = 0; i < digits; i++) {
		u64 trial = root << 2 | 1;

		left = left << 2 | operand >> 62;
		operand <<= 2;
		root <<= 1;
		if (left >= trial) {
			left -= trial;
			root |= 1;
		}
	}
	return fp_round_pack(f, false, (x.exp - odd) / 2, root << (64 - digits) | (left != 0), rm, flags);
}
