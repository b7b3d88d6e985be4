/*
 * Floating-point operands for tests: random, but mostly where rounding, overflow, underflow and special values happen.
 *
 * Shared by softfp_test.c and fpu_test.c. The generator is seeded by the test: every run sees the same numbers.
 */
#ifndef RVEMU_TESTS_UNIT_FP_CASES_H
#define RVEMU_TESTS_UNIT_FP_CASES_H

#include "cpu/softfp.h"
#include "emu/base/base.h"

/* Stored fraction bits, exponent bits and bias of each format, once more and independently of cpu/softfp.c. */
static const struct {
	u32 frac;
	u32 exp;
	s32 bias;
} fp_layout[3] = { { 10, 5, 15 }, { 23, 8, 127 }, { 52, 11, 1023 } };

struct fp_rng {
	u64 state; /* never 0 */
};

static inline u64 fp_random(struct fp_rng *r)
{
	r->state ^= r->state << 13;
	r->state ^= r->state >> 7;
	r->state ^= r->state << 17;
	return r->state * 0x2545f4914f6cdd1dull >> 1 ^ r->state;
}

/* A fraction that makes exact and halfway results likely: few ones, runs of ones, or anything. */
static inline u64 fp_fraction(struct fp_rng *r, enum fp_format f)
{
	u64 v = fp_random(r);
	u32 i = v >> 8 & 63, j = v >> 16 & 63;
	u64 frac = v >> 3;

	switch (v & 7) {
	case 0:
		frac = 0;
		break;
	case 1:
		frac = BIT(i % fp_layout[f].frac);
		break;
	case 2:
		frac = BIT(i % fp_layout[f].frac) | BIT(j % fp_layout[f].frac);
		break;
	case 3:
		frac = MASK(i % fp_layout[f].frac) << j % fp_layout[f].frac;
		break;
	case 4:
		frac = ~(MASK(i % fp_layout[f].frac) << j % fp_layout[f].frac);
		break;
	case 5:
		frac = ~0ull << i % fp_layout[f].frac;
		break;
	}
	return frac & MASK(fp_layout[f].frac);
}

/* The number with this sign and unbiased exponent (clipped to the range of normal numbers) and some fraction. */
static inline u64 fp_with_exponent(struct fp_rng *r, enum fp_format f, s64 exp)
{
	s64 biased = exp + fp_layout[f].bias;
	s64 top = (s64)BIT(fp_layout[f].exp) - 2;

	biased = biased < 0 ? 0 : biased > top ? top : biased;
	biased |= (s64)(fp_random(r) & 1) << fp_layout[f].exp;
	return (u64)biased << fp_layout[f].frac | fp_fraction(r, f);
}

/* One of the numbers that are special in themselves, or one next to it. */
static inline u64 fp_edge(struct fp_rng *r, enum fp_format f)
{
	u32 frac = fp_layout[f].frac;
	u64 infinity = MASK(fp_layout[f].exp) << frac;
	u64 one = (u64)fp_layout[f].bias << frac;
	u64 v = fp_random(r);
	const u64 edges[12] = {
		0,
		1,
		MASK(frac),
		BIT(frac),
		one,
		infinity - 1,
		infinity,
		infinity | BIT(frac - 1),
		infinity | 1,
		infinity | MASK(frac),
		one + (BIT(frac) * 2),
		BIT(frac) + (BIT(frac) * frac),
	};
	u64 magnitude = edges[(v >> 8) % 12];

	if (magnitude > 1 && magnitude < infinity && v & 2)
		magnitude += (v & 4) ? 1 : -1ull;
	return magnitude | (v & 1) << (frac + fp_layout[f].exp);
}

/* All bits of a format. */
static inline u64 fp_bits(enum fp_format f)
{
	return MASK(fp_layout[f].frac + fp_layout[f].exp) * 2 + 1;
}

static inline s64 fp_exponent(enum fp_format f, u64 a)
{
	return (s64)(a >> fp_layout[f].frac & MASK(fp_layout[f].exp)) - fp_layout[f].bias;
}

/* An operand. */
static inline u64 fp_case(struct fp_rng *r, enum fp_format f)
{
	static const u8 borders[8] = { 7, 8, 15, 16, 31, 32, 63, 64 };
	u64 v = fp_random(r);

	switch (v & 7) {
	case 0:
		return fp_edge(r, f);
	case 1:
		return fp_random(r) & fp_bits(f);
	case 2: /* around the borders of the integers */
		return fp_with_exponent(r, f, borders[v >> 8 & 7] - (s64)(v >> 16 & 1));
	case 3: /* subnormal */
		return (fp_random(r) & MASK(fp_layout[f].frac)) >> (v >> 8) % fp_layout[f].frac;
	case 4:
		return fp_with_exponent(r, f, (s64)(v >> 8 & 127) - 64);
	default:
		return fp_with_exponent(r, f, (s64)(fp_random(r) & MASK(fp_layout[f].exp)) - fp_layout[f].bias);
	}
}

/* A second operand: one that sums up with a in an interesting way, or whose product or quotient does, or anything. */
static inline u64 fp_second(struct fp_rng *r, enum fp_format f, u64 a)
{
	u64 v = fp_random(r);
	s64 near = (s64)(v >> 8) % (2 * fp_layout[f].frac + 6);
	s64 small = (s64)(v >> 8) % (fp_layout[f].frac + 6);
	s64 exp = fp_exponent(f, a);

	switch (v & 7) {
	case 0:
		return fp_with_exponent(r, f, exp + near - fp_layout[f].frac - 3);
	case 1: /* the neighbours, of either sign */
		return ((a ^ (v >> 8 & 1) << (fp_layout[f].frac + fp_layout[f].exp)) + (v >> 9 & 7) - 3) & fp_bits(f);
	case 2: /* a product among the smallest numbers */
		return fp_with_exponent(r, f, 2 - fp_layout[f].bias - small - exp);
	case 3: /* a quotient among the smallest, or the largest */
		return fp_with_exponent(r, f, v >> 63 ? exp + fp_layout[f].bias + small - 3 : exp - fp_layout[f].bias);
	case 4: /* a product among the largest */
		return fp_with_exponent(r, f, fp_layout[f].bias - exp - (s64)(v >> 62));
	default:
		return fp_case(r, f);
	}
}

/* A third operand: cancels the product of a and b down to its last bits, or not. */
static inline u64 fp_third(struct fp_rng *r, enum fp_format f, u64 a, u64 b)
{
	u64 v = fp_random(r);
	s64 exp = fp_exponent(f, a) + fp_exponent(f, b);
	u32 flags = 0;

	switch (v & 3) {
	case 0:
	case 1:
		a = softfp_mul(f, a, b, FP_RTZ, &flags) ^ (v & 1) << (fp_layout[f].frac + fp_layout[f].exp);
		return (a + (v >> 8 & 7) - 3) & fp_bits(f);
	case 2:
		return fp_with_exponent(r, f,
		                        exp + (s64)(v >> 8) % (3 * fp_layout[f].frac + 8) - fp_layout[f].frac - 4);
	default:
		return fp_case(r, f);
	}
}

#endif
