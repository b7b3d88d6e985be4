/*
 * Floating-point comparisons, classes and conversions in integers: what does not compute, only looks or reshapes.
 *
 * The insides and the rounding of results come from cpu/softfp.c by way of cpu/softfp_parts.h. The rules of saturation
 * are in the unprivileged manual, "F", section "Single-Precision Floating-Point Conversion and Move Instructions".
 */
#include "cpu/softfp.h"

#include "cpu/softfp_parts.h"

/* True if a or b is a NaN; raises NV for a signalling one, or for any if `signalling`. */
static bool unordered(enum fp_format f, u64 a, u64 b, bool signalling, u32 *flags)
{
	bool any = fp_is_nan(f, a) || fp_is_nan(f, b);

	if (signalling ? any : fp_is_signalling(f, a) || fp_is_signalling(f, b))
		*flags |= FP_NV;
	return any;
}

/* A number's place on the line: ordered as numbers are, both zeros 0. Not for NaNs. */
static s64 place(enum fp_format f, u64 a)
{
	s64 magnitude = (s64)fp_magnitude(f, a);

	return fp_is_negative(f, a) ? -magnitude : magnitude;
}

bool softfp_eq(enum fp_format f, u64 a, u64 b, u32 *flags)
{
	return !unordered(f, a, b, false, flags) && place(f, a) == place(f, b);
}

bool softfp_lt(enum fp_format f, u64 a, u64 b, u32 *flags)
{
	return !unordered(f, a, b, true, flags) && place(f, a) < place(f, b);
}

bool softfp_le(enum fp_format f, u64 a, u64 b, u32 *flags)
{
	return !unordered(f, a, b, true, flags) && place(f, a) <= place(f, b);
}

bool softfp_ltq(enum fp_format f, u64 a, u64 b, u32 *flags)
{
	return !unordered(f, a, b, false, flags) && place(f, a) < place(f, b);
}

bool softfp_leq(enum fp_format f, u64 a, u64 b, u32 *flags)
{
	return !unordered(f, a, b, false, flags) && place(f, a) <= place(f, b);
}

/* a if it is the lesser of two numbers, else b; -0 is less than +0. */
static u64 lesser(enum fp_format f, u64 a, u64 b)
{
	s64 at = place(f, a), bt = place(f, b);
	bool first = at < bt || (at == bt && fp_is_negative(f, a));

	return fp_sign(f, fp_is_negative(f, first ? a : b)) | fp_magnitude(f, first ? a : b);
}

/* The greater is the negative of the lesser of the negatives. */
static u64 greater(enum fp_format f, u64 a, u64 b)
{
	u64 minus = fp_sign(f, true);

	return lesser(f, a ^ minus, b ^ minus) ^ minus;
}

/* The result of FMIN and FMAX if an operand is a NaN: the other one. */
static u64 the_number(enum fp_format f, u64 a, u64 b)
{
	if (!fp_is_nan(f, a))
		return fp_sign(f, fp_is_negative(f, a)) | fp_magnitude(f, a);
	if (!fp_is_nan(f, b))
		return fp_sign(f, fp_is_negative(f, b)) | fp_magnitude(f, b);
	return fp_nan(f);
}

u64 softfp_min(enum fp_format f, u64 a, u64 b, u32 *flags)
{
	return unordered(f, a, b, false, flags) ? the_number(f, a, b) : lesser(f, a, b);
}

u64 softfp_max(enum fp_format f, u64 a, u64 b, u32 *flags)
{
	return unordered(f, a, b, false, flags) ? the_number(f, a, b) : greater(f, a, b);
}

u64 softfp_minm(enum fp_format f, u64 a, u64 b, u32 *flags)
{
	return unordered(f, a, b, false, flags) ? fp_nan(f) : lesser(f, a, b);
}

u64 softfp_maxm(enum fp_format f, u64 a, u64 b, u32 *flags)
{
	return unordered(f, a, b, false, flags) ? fp_nan(f) : greater(f, a, b);
}

u64 softfp_classify(enum fp_format f, u64 a)
{
	struct fp_num n = fp_unpack(f, a);

	switch (n.kind) {
	case KIND_SIGNALLING_NAN:
		return BIT(8);
	case KIND_QUIET_NAN:
		return BIT(9);
	case KIND_INFINITE:
		return n.sign ? BIT(0) : BIT(7);
	case KIND_ZERO:
		return n.sign ? BIT(3) : BIT(4);
	case KIND_FINITE:
		break;
	}
	if (n.exp < fp_exp_min(f))
		return n.sign ? BIT(2) : BIT(5);
	return n.sign ? BIT(1) : BIT(6);
}

u64 softfp_convert(enum fp_format to, enum fp_format from, u64 a, u32 rm, u32 *flags)
{
	struct fp_num n = fp_unpack(from, a);

	switch (n.kind) {
	case KIND_SIGNALLING_NAN:
		*flags |= FP_NV;
		return fp_nan(to);
	case KIND_QUIET_NAN:
		return fp_nan(to);
	case KIND_INFINITE:
		return fp_infinity(to, n.sign);
	case KIND_ZERO:
		return fp_zero(to, n.sign);
	case KIND_FINITE:
		break;
	}
	return fp_round_pack(to, n.sign, n.exp, n.sig, rm, flags);
}

/* The magnitude of a finite n below 2^64, rounded to an integer; sets *inexact if that changed it. */
static u64 round_to_integer(const struct fp_num *n, u32 rm, bool *inexact)
{
	u32 drop = (u32)(63 - n->exp);

	*inexact = false;
	if (drop == 0)
		return n->sig;
	if (drop > 64) {
		/* Less than a half, whatever it is. */
		*inexact = true;
		return fp_rounds_away(rm, n->sign, false, 1, 2);
	}
	u64 rest = drop == 64 ? n->sig : n->sig & MASK(drop);
	u64 kept = drop == 64 ? 0 : n->sig >> drop;

	*inexact = rest != 0;
	return kept + fp_rounds_away(rm, n->sign, kept & 1, rest, BIT(drop - 1));
}

/* a as an integer from -lowest to highest in two's complement; saturates with NV. */
static u64 to_integer(enum fp_format f, u64 a, u64 lowest, u64 highest, u32 rm, u32 *flags)
{
	struct fp_num n = fp_unpack(f, a);
	bool is_nan = n.kind >= KIND_QUIET_NAN;
	u64 limit = n.sign && !is_nan ? lowest : highest;
	u64 magnitude = 0;

	if (n.kind == KIND_ZERO)
		return 0;
	if (n.kind == KIND_FINITE && n.exp < 64) {
		bool inexact;

		magnitude = round_to_integer(&n, rm, &inexact);
		if (magnitude <= limit) {
			*flags |= inexact ? FP_NX : 0;
			return n.sign ? -magnitude : magnitude;
		}
	}
	*flags |= FP_NV;
	return n.sign && !is_nan ? -limit : limit;
}

u64 softfp_to_i32(enum fp_format f, u64 a, u32 rm, u32 *flags)
{
	return to_integer(f, a, BIT(31), MASK(31), rm, flags);
}

u64 softfp_to_u32(enum fp_format f, u64 a, u32 rm, u32 *flags)
{
	return (u64)sext(to_integer(f, a, 0, MASK(32), rm, flags), 32);
}

u64 softfp_to_i64(enum fp_format f, u64 a, u32 rm, u32 *flags)
{
	return to_integer(f, a, BIT(63), MASK(63), rm, flags);
}

u64 softfp_to_u64(enum fp_format f, u64 a, u32 rm, u32 *flags)
{
	return to_integer(f, a, 0, ~0ull, rm, flags);
}

u64 softfp_cvtmod_w_d(u64 a, u32 *flags)
{
	struct fp_num n = fp_unpack(FP_D, a);
	u64 magnitude = 0;

	/* The flags are FCVT.W.D's, its saturated result is not wanted. */
	(void)softfp_to_i32(FP_D, a, FP_RTZ, flags);
	if (n.kind != KIND_FINITE)
		return 0;
	if (n.exp < 64) {
		bool inexact;

		magnitude = round_to_integer(&n, FP_RTZ, &inexact);
	} else if (n.exp < 84) {
		/* From 2^84 on, all 53 bits stand above the low word. */
		magnitude = n.sig << (n.exp - 63);
	}
	return (u64)sext(n.sign ? -magnitude : magnitude, 32);
}

/* (-1)^sign * magnitude as a number of format f. */
static u64 from_integer(enum fp_format f, bool sign, u64 magnitude, u32 rm, u32 *flags)
{
	if (magnitude == 0)
		return fp_zero(f, false);
	u32 zeros = (u32)__builtin_clzll(magnitude);

	return fp_round_pack(f, sign, 63 - (s32)zeros, magnitude << zeros, rm, flags);
}

u64 softfp_from_i32(enum fp_format f, u64 x, u32 rm, u32 *flags)
{
	return softfp_from_i64(f, (u64)sext(x, 32), rm, flags);
}

u64 softfp_from_u32(enum fp_format f, u64 x, u32 rm, u32 *flags)
{
	return from_integer(f, false, x & MASK(32), rm, flags);
}

u64 softfp_from_i64(enum fp_format f, u64 x, u32 rm, u32 *flags)
{
	bool sign = x >> 63;

	return from_integer(f, sign, sign ? -x : x, rm, flags);
}

u64 softfp_from_u64(enum fp_format f, u64 x, u32 rm, u32 *flags)
{
	return from_integer(f, false, x, rm, flags);
}

u64 softfp_roundnx(enum fp_format f, u64 a, u32 rm, u32 *flags)
{
	struct fp_num n = fp_unpack(f, a);
	bool inexact;

	/* From 2^frac_bits on every number is an integer. Converting makes NaNs canonical. */
	if (n.kind != KIND_FINITE || n.exp >= (s32)fp_shapes[f].frac_bits)
		return softfp_convert(f, f, a, rm, flags);
	u64 magnitude = round_to_integer(&n, rm, &inexact);

	*flags |= inexact ? FP_NX : 0;
	/* The sign stays with a zero too. */
	return fp_sign(f, n.sign) | from_integer(f, false, magnitude, rm, flags);
}

u64 softfp_round(enum fp_format f, u64 a, u32 rm, u32 *flags)
{
	u32 raised = 0;
	u64 result = softfp_roundnx(f, a, rm, &raised);

	*flags |= raised & ~(u32)FP_NX;
	return result;
}

/* The constants of FLI as the manual lists them, in half precision; 1, 29 and 31 are not the same in every format. */
static const u16 fli_half[32] = {
	0xbc00, 0x0400, 0x0100, 0x0200, 0x1c00, 0x2000, 0x2c00, 0x3000, /* -1, smallest normal, 2^-16 -15 -8 -7 -4 -3 */
	0x3400, 0x3500, 0x3600, 0x3700, 0x3800, 0x3900, 0x3a00, 0x3b00, /* 1/4 to 7/16 by 1/16, 1/2 to 7/8 by 1/8 */
	0x3c00, 0x3d00, 0x3e00, 0x3f00, 0x4000, 0x4100, 0x4200, 0x4400, /* 1 to 1.75 by 1/4, 2, 2.5, 3, 4 */
	0x4800, 0x4c00, 0x5800, 0x5c00, 0x7800, 0x7c00, 0x7c00, 0x7e00, /* 8, 16, 2^7 8 15 16, infinity, NaN */
};

u64 softfp_fli(enum fp_format f, u32 index)
{
	u32 flags = 0;

	if (index == 1)
		return BIT(fp_shapes[f].frac_bits);
	/* Too large for half precision, where it becomes the infinity that the manual asks for. */
	if (index == 29)
		return softfp_from_u32(f, BIT(16), FP_RNE, &flags);
	return softfp_convert(f, FP_H, fli_half[index], FP_RNE, &flags);
}
