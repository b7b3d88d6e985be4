/*
 * Operand values for the instruction tests: see operands.h. What matters for rounding, conversion and comparison is
 * listed by its bits; the lists of narrow formats are boxed, with a few images behind that are not.
 */
#include "tests/isa/operands.h"

#include <string.h>

static const u64 int_values[] = {
	0,
	1,
	2,
	3,
	5,
	7,
	8,
	15,
	16,
	31,
	32,
	33,
	63,
	64,
	65,
	127,
	128,
	255,
	256,
	0x7fff,
	0x8000,
	0xffff,
	0x10000,
	0x7ffffffe,
	0x7fffffff,
	0x80000000,
	0x80000001,
	0xfffffffe,
	0xffffffff,
	0x100000000,
	0x100000001,
	0x7ffffffffffffffe,
	0x7fffffffffffffff,
	0x8000000000000000,
	0x8000000000000001,
	0xfffffffffffffffe,
	0xffffffffffffffff,
	0xffffffff80000000,
	0xffffffff7fffffff,
	0xffffffff80000001,
	0x5555555555555555,
	0xaaaaaaaaaaaaaaaa,
	0x0123456789abcdef,
	0xfedcba9876543210,
	0x00ff00ff00ff00ff,
	0xff00ff00ff00ff00,
	0x0000000080000000,
	0xffffffffffffff80,
	0xffffffffffff8000,
	0x8000800080008000,
	/* halfway between two floats of some format, and beside it */
	2047,
	2049,
	2051,
	65503,
	65504,
	65519,
	65520,
	65535,
	0x1000001,
	0x1000002,
	0x1000003,
	0xffffff7f,
	0xffffff80,
	0x20000000000001,
	0x20000000000003,
	0x7ffffffffffffdff,
	0x7ffffffffffffe00,
	0x7fffffbfffffffff,
	0x7fffffc000000000,
	0xfffffffffffffbff,
	0xfffffffffffffc00,
	0xffffff7fffffffff,
	0xffffff8000000000,
	0xffffffffff000001,
	0xfffffffffffff7ff,
};

static const u64 d_values[] = {
	0x0000000000000000,
	0x8000000000000000,
	0x0000000000000001,
	0x8000000000000001,
	0x000fffffffffffff,
	0x800fffffffffffff,
	0x0008000000000000,
	0x0010000000000000,
	0x8010000000000000,
	0x0010000000000001,
	0x001fffffffffffff,
	0x0020000000000000,
	0x0170000000000000,
	0x2000000000000000,
	0x5fe0000000000000,
	0x7fefffffffffffff,
	0xffefffffffffffff,
	0x7fe0000000000000,
	0x7ff0000000000000,
	0xfff0000000000000,
	0x7ff8000000000000,
	0xfff8000000000001,
	0x7ff0000000000001,
	0xfff7ffffffffffff,
	0x7fffffffffffffff,
	0x3fe0000000000000,
	0xbfe0000000000000,
	0x3fdfffffffffffff,
	0x3fe0000000000001,
	0x3fefffffffffffff,
	0x3ff0000000000000,
	0xbff0000000000000,
	0x3ff0000000000001,
	0xbff0000000000001,
	0x3ff8000000000000,
	0xbff8000000000000,
	0x4000000000000000,
	0x4004000000000000,
	0x400c000000000000,
	0xc004000000000000,
	0x3ca0000000000000,
	0x3cb0000000000000,
	0x3c9fffffffffffff,
	0xbca0000000000001,
	0x400921fb54442d18,
	/* beside the limits of integers */
	0x41dfffffffc00000,
	0x41dfffffffdfffff,
	0x41dfffffffe00000,
	0x41e0000000000000,
	0xc1e0000000000000,
	0xc1e0000000100000,
	0xc1e0000000200000,
	0x41efffffffe00000,
	0x41effffffff00000,
	0x41f0000000000000,
	0x4330000000000001,
	0x432fffffffffffff,
	0x4340000000000001,
	0x43dfffffffffffff,
	0x43e0000000000000,
	0xc3e0000000000000,
	0xc3e0000000000001,
	0x43efffffffffffff,
	0x43f0000000000000,
	0x4415af1d78b58c40,
	0x41f0000000100000,
	0xc1f0000000180000,
	0x4530000000000001,
	0x4540000000000000,
	/* beside the limits of single and half precision */
	0x47efffffe0000000,
	0x47efffffefffffff,
	0x47effffff0000000,
	0x47f0000000000000,
	0x36a0000000000000,
	0x3690000000000000,
	0x3690000000000001,
	0x3810000000000000,
	0x380fffffe0000000,
	0x380fffffefffffff,
	0x380ffffff0000000,
	0xb80fffffffffffff,
	0x3ff0000010000000,
	0x3ff0000030000000,
	0x40effc0000000000,
	0x40effdffffffffff,
	0x40effe0000000000,
	0x40f0000000000000,
	0x3e70000000000000,
	0x3e60000000000000,
	0x3e60000000000001,
	0x3f10000000000000,
	0x3f0ff80000000000,
	0x3f0ffc0000000000,
	0x3f0ffbffffffffff,
	0x3ff0020000000000,
	0x3ff0060000000000,
};

static const u32 s_values[] = {
	0x00000000, 0x80000000, 0x00000001, 0x80000001, 0x007fffff, 0x807fffff, 0x00400000, 0x00800000, 0x80800000,
	0x00800001, 0x00ffffff, 0x01000000, 0x0c800000, 0x20000000, 0x5f000000, 0x7f7fffff, 0xff7fffff, 0x7f000000,
	0x7f800000, 0xff800000, 0x7fc00000, 0xffc00001, 0x7f800001, 0xffbfffff, 0x7fffffff, 0x3f000000, 0xbf000000,
	0x3effffff, 0x3f000001, 0x3f7fffff, 0x3f800000, 0xbf800000, 0x3f800001, 0xbf800001, 0x3fc00000, 0xbfc00000,
	0x40000000, 0x40200000, 0x40600000, 0xc0200000, 0x33800000, 0x34000000, 0x337fffff, 0xb3800001, 0x40490fdb,
	0x4b000001, 0x4affffff, 0x4b800001, 0x4effffff, 0x4f000000, 0xcf000000, 0xcf000001, 0x4f7fffff, 0x4f800000,
	0x5effffff, 0xdf000000, 0xdf000001, 0x5f7fffff, 0x5f800000, 0x477fe000, 0x477fefff, 0x477ff000, 0x47800000,
	0x33000000, 0x33000001, 0x38800000, 0x387fc000, 0x387fe000, 0x387fdfff, 0x3f801000, 0x3f803000, 0x42fe0000,
};

static const u16 h_values[] = {
	0x0000, 0x8000, 0x0001, 0x8001, 0x03ff, 0x83ff, 0x0200, 0x0400, 0x8400, 0x0401, 0x07ff, 0x0800, 0x1400, 0x2000,
	0x5c00, 0x7bff, 0xfbff, 0x7800, 0x7c00, 0xfc00, 0x7e00, 0xfe01, 0x7c01, 0xfdff, 0x7fff, 0x3800, 0xb800, 0x37ff,
	0x3801, 0x3bff, 0x3c00, 0xbc00, 0x3c01, 0xbc01, 0x3e00, 0xbe00, 0x4000, 0x4100, 0x4300, 0xc100, 0x1000, 0x0c00,
	0x0fff, 0x9001, 0x4248, 0x6401, 0x63ff, 0x6801, 0x77ff, 0xf800, 0xf801, 0x5801, 0x57ff, 0x5bf8, 0x67ff, 0x6bff,
};

#define BOX_S 0xffffffff00000000
#define BOX_H 0xffffffffffff0000

static const u64 unboxed_values[] = {
	0x000000003f800000, 0xfffffffe3f800000, 0x7fffffff40000000, 0xffff00003f800000, 0x3ff0000000000000,
	0x0000000000003c00, 0xfffffffffffe3c00, 0xffffffff3f803c00, 0xfffeffffffff3c00,
};

/* What of the lists a score is made of: zeros, subnormals, extremes, specials, ones and their neighbours, halves, tiny.
 */
static const u8 few_indices[] = { 0, 1, 2, 5, 7, 8, 15, 16, 18, 19, 20, 22, 26, 30, 31, 32, 35, 40, 43, 44 };

u64 random_u64(struct rng *r)
{
	r->state ^= r->state << 13;
	r->state ^= r->state >> 7;
	r->state ^= r->state << 17;
	return r->state * 0x2545f4914f6cdd1d;
}

/* The n-th boxed value of a list of floats. */
static u64 listed(enum kind kind, u32 n)
{
	return kind == KIND_D ? d_values[n] : kind == KIND_S ? BOX_S | s_values[n] : BOX_H | h_values[n];
}

u32 edge_values(enum kind kind, u64 *out)
{
	static const u32 counts[] = { ARRAY_SIZE(int_values), ARRAY_SIZE(h_values), ARRAY_SIZE(s_values),
		                      ARRAY_SIZE(d_values) };
	u32 count = counts[kind];

	BUG_ON(count + ARRAY_SIZE(unboxed_values) > VALUES_MAX);
	if (kind == KIND_INT) {
		memcpy(out, int_values, sizeof(int_values));
		return count;
	}
	for (u32 i = 0; i < count; i++)
		out[i] = listed(kind, i);
	if (kind == KIND_D)
		return count;
	memcpy(out + count, unboxed_values, sizeof(unboxed_values));
	return count + (u32)ARRAY_SIZE(unboxed_values);
}

u32 few_edge_values(enum kind kind, u64 *out)
{
	for (u32 i = 0; i < ARRAY_SIZE(few_indices); i++)
		out[i] = kind == KIND_INT ? int_values[few_indices[i]] : listed(kind, few_indices[i]);
	return ARRAY_SIZE(few_indices);
}

/* Fraction bits, exponent bits. */
static const struct {
	u32 frac, exp;
} layouts[] = { [KIND_H] = { 10, 5 }, [KIND_S] = { 23, 8 }, [KIND_D] = { 52, 11 } };

/* Anything, no ones, few, or a run of them. */
static u64 random_fraction(struct rng *r, u32 width)
{
	u64 v = random_u64(r);

	switch (random_below(r, 6)) {
	case 0:
		v = 0;
		break;
	case 1:
		v = BIT(random_below(r, width));
		break;
	case 2:
		v = BIT(random_below(r, width)) | BIT(random_below(r, width));
		break;
	case 3:
		v = ~0ull << random_below(r, width);
		break;
	case 4:
		v = ~BIT(random_below(r, width));
		break;
	}
	return v & MASK(width);
}

/* A float with this biased exponent, brought into range. */
static u64 random_float(struct rng *r, enum kind kind, s64 exp)
{
	u32 frac = layouts[kind].frac, exp_bits = layouts[kind].exp;
	s64 max = (s64)MASK(exp_bits) - 1;
	u64 v = random_fraction(r, frac);

	exp = exp < 0 ? 0 : exp > max ? max : exp;
	v |= (u64)exp << frac | (u64)random_below(r, 2) << (frac + exp_bits);
	return kind == KIND_S ? v | BOX_S : kind == KIND_H ? v | BOX_H : v;
}

u64 random_value(struct rng *r, enum kind kind)
{
	u64 edges[VALUES_MAX];
	u32 count = edge_values(kind, edges);

	if (random_below(r, 3) == 0)
		return edges[random_below(r, count)];
	if (kind != KIND_INT)
		return random_float(r, kind, (s64)random_below(r, 1u << layouts[kind].exp));
	return random_below(r, 2) ? random_u64(r) >> random_below(r, 64)
	                          : random_fraction(r, 63) * 2 + random_below(r, 2);
}

void random_triple(struct rng *r, enum kind kind, u64 out[3])
{
	s64 bias = (s64)MASK(layouts[kind].exp - 1), frac = layouts[kind].frac;
	s64 a, b;

	if (random_below(r, 4) == 0) {
		for (u32 i = 0; i < 3; i++)
			out[i] = random_value(r, kind);
		return;
	}
	a = (s64)random_below(r, 1u << layouts[kind].exp);
	b = random_below(r, 2) ? a + (s64)random_below(r, (u32)frac + 4) - frac / 2
	                       : 2 * bias - a + random_below(r, 8) - 4;
	out[0] = random_float(r, kind, a);
	out[1] = random_float(r, kind, b);
	out[2] = random_float(r, kind, a + b - bias + (s64)random_below(r, 3 * (u32)frac) - 3 * frac / 2);
}
