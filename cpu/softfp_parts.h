/*
 * The inside of cpu/softfp: what a number is made of, how it is taken apart, rounded and put together again.
 *
 * Shared by cpu/softfp.c (arithmetic) and cpu/softfp_convert.c (comparisons, conversions); nobody else includes it.
 * A finite number is held as (-1)^sign * sig/2^63 * 2^exp with bit 63 of sig set, subnormals too. A result too long for
 * sig is "jammed" into it: whatever is shifted out leaves a 1 in the lowest bit, which stands for "and something more".
 * The longest format has 53 bits, so that the jammed bit is always below the rounding position and rounds correctly.
 */
#ifndef RVEMU_CPU_SOFTFP_PARTS_H
#define RVEMU_CPU_SOFTFP_PARTS_H

#include "cpu/softfp.h"
#include "emu/base/base.h"

/* The shape of a format. */
struct fp_shape {
	u32 frac_bits; /* stored bits of the significand */
	u32 exp_bits;  /* bits of the biased exponent */
	s32 exp_max;   /* exponent of the largest numbers, and the bias */
};

extern const struct fp_shape fp_shapes[3];

enum fp_kind {
	KIND_ZERO,
	KIND_FINITE,
	KIND_INFINITE,
	KIND_QUIET_NAN,
	KIND_SIGNALLING_NAN,
};

/* A number taken apart. */
struct fp_num {
	enum fp_kind kind; /* what it is; exp and sig are valid if KIND_FINITE */
	bool sign;         /* negative */
	s32 exp;           /* unbiased exponent of the leading bit */
	u64 sig;           /* significand, bit 63 set */
};

/* The exponent of the smallest normal numbers. */
static inline s32 fp_exp_min(enum fp_format f)
{
	return 1 - fp_shapes[f].exp_max;
}

/* The sign bit alone, if sign. */
static inline u64 fp_sign(enum fp_format f, bool sign)
{
	return (u64)sign << (fp_shapes[f].frac_bits + fp_shapes[f].exp_bits);
}

/* Everything but the sign bit. */
static inline u64 fp_magnitude(enum fp_format f, u64 a)
{
	return a & MASK(fp_shapes[f].frac_bits + fp_shapes[f].exp_bits);
}

static inline bool fp_is_negative(enum fp_format f, u64 a)
{
	return a >> (fp_shapes[f].frac_bits + fp_shapes[f].exp_bits) & 1;
}

static inline u64 fp_zero(enum fp_format f, bool sign)
{
	return fp_sign(f, sign);
}

static inline u64 fp_infinity(enum fp_format f, bool sign)
{
	return fp_sign(f, sign) | MASK(fp_shapes[f].exp_bits) << fp_shapes[f].frac_bits;
}

/* The canonical NaN: infinity with the quiet bit, the first of the fraction. */
static inline u64 fp_nan(enum fp_format f)
{
	return fp_infinity(f, false) | BIT(fp_shapes[f].frac_bits - 1);
}

static inline bool fp_is_nan(enum fp_format f, u64 a)
{
	return fp_magnitude(f, a) > fp_infinity(f, false);
}

static inline bool fp_is_signalling(enum fp_format f, u64 a)
{
	return fp_is_nan(f, a) && !(a & BIT(fp_shapes[f].frac_bits - 1));
}

/* v shifted right by n, jammed; any n. */
static inline u64 fp_jam64(u64 v, u32 n)
{
	if (n == 0)
		return v;
	return n > 63 ? v != 0 : v >> n | ((v & MASK(n)) != 0);
}

static inline u128 fp_jam128(u128 v, u32 n)
{
	if (n == 0)
		return v;
	return n > 127 ? v != 0 : v >> n | (v << (128 - n) != 0);
}

/*
 * Whether a magnitude is rounded up to the next one that can be kept. `odd` is the last kept bit, `rest` what is cut
 * off, `half` what rest would be exactly half way.
 */
static inline bool fp_rounds_away(u32 rm, bool sign, bool odd, u64 rest, u64 half)
{
	switch (rm) {
	case FP_RNE:
		return rest > half || (rest == half && odd);
	case FP_RDN:
		return sign && rest != 0;
	case FP_RUP:
		return !sign && rest != 0;
	case FP_RMM:
		return rest >= half;
	default:
		return false;
	}
}

/* Takes a apart. */
struct fp_num fp_unpack(enum fp_format f, u64 a);

/* (-1)^sign * sig/2^63 * 2^exp rounded to format f; bit 63 of sig is set, bit 0 may be jammed. */
u64 fp_round_pack(enum fp_format f, bool sign, s32 exp, u64 sig, u32 rm, u32 *flags);

#endif
