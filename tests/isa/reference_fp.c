/*
 * The reference for Zfa, from the unprivileged manual: values are taken apart into sign, integer significand and power
 * of two, and put together again. See reference.h.
 */
#include "tests/isa/reference.h"

#include <string.h>

#define NX 1u
#define NV 16u

#define CAUSE_ILLEGAL 2

/* A format by its widths. */
struct format {
	u32 frac; /* fraction bits */
	u32 exp;  /* exponent bits */
};

static const struct format half = { 10, 5 }, single = { 23, 8 }, wide = { 52, 11 };

static u32 width(const struct format *f)
{
	return 1 + f->exp + f->frac;
}

static u64 low_bits(u32 n)
{
	return n >= 64 ? ~0ull : (1ull << n) - 1;
}

static u64 quiet_nan(const struct format *f)
{
	return low_bits(f->exp + 1) << (f->frac - 1);
}

/* The register's value in the format: what is not NaN-boxed is the canonical NaN. */
static u64 unbox(u64 reg, const struct format *f)
{
	u64 box = ~low_bits(width(f));

	return (reg & box) == box ? reg & low_bits(width(f)) : quiet_nan(f);
}

static u64 box(u64 v, const struct format *f)
{
	return v | ~low_bits(width(f));
}

static u32 exponent_of(u64 v, const struct format *f)
{
	return (u32)(v >> f->frac & low_bits(f->exp));
}

static u64 fraction_of(u64 v, const struct format *f)
{
	return v & low_bits(f->frac);
}

static bool is_minus(u64 v, const struct format *f)
{
	return v >> (width(f) - 1) & 1;
}

static bool is_nan(u64 v, const struct format *f)
{
	return exponent_of(v, f) == low_bits(f->exp) && fraction_of(v, f) != 0;
}

static bool is_signaling(u64 v, const struct format *f)
{
	return is_nan(v, f) && !(v >> (f->frac - 1) & 1);
}

/* Orders numbers, with -0 below +0. */
static bool is_below(u64 a, u64 b, const struct format *f)
{
	if (is_minus(a, f) != is_minus(b, f))
		return is_minus(a, f);
	return is_minus(a, f) ? a > b : a < b;
}

static bool is_zero(u64 v, const struct format *f)
{
	return (v & low_bits(width(f) - 1)) == 0;
}

/* significand * 2^power is the absolute value of a finite v. */
static void take_apart(u64 v, const struct format *f, u64 *significand, s32 *power)
{
	u32 e = exponent_of(v, f);

	*significand = fraction_of(v, f) | (e ? 1ull << f->frac : 0);
	*power = (s32)(e ? e : 1) - (s32)low_bits(f->exp - 1) - (s32)f->frac;
}

/* An integer that the format can hold, as a number of the format. */
static u64 from_integer(u64 n, const struct format *f)
{
	u32 top = 63;

	if (n == 0)
		return 0;
	while (!(n >> top & 1))
		top--;
	n = top > f->frac ? n >> (top - f->frac) : n << (f->frac - top);
	return (top + low_bits(f->exp - 1)) << f->frac | fraction_of(n, f);
}

/* --- fround, froundnx --- */

/* Whether the rounding mode takes kept + (half, sticky) up. */
static bool rounds_up(u32 rm, bool minus, bool odd, bool half_bit, bool sticky)
{
	switch (rm) {
	case 0:
		return half_bit && (sticky || odd);
	case 1:
		return false;
	case 2:
		return minus && (half_bit || sticky);
	case 3:
		return !minus && (half_bit || sticky);
	default:
		return half_bit;
	}
}

static u64 round_to_integer(u64 v, const struct format *f, u32 rm, bool *inexact)
{
	u64 sign = v & 1ull << (width(f) - 1), significand, kept = 0;
	bool half_bit = false, sticky;
	s32 power;

	*inexact = false;
	take_apart(v, f, &significand, &power);
	if (power >= 0) /* also infinities */
		return v;
	if (power > -64) {
		kept = significand >> -power;
		half_bit = significand >> (-power - 1) & 1;
		sticky = significand & low_bits((u32)-power - 1);
	} else {
		sticky = significand != 0;
	}
	*inexact = half_bit || sticky;
	return sign | from_integer(kept + rounds_up(rm, sign, kept & 1, half_bit, sticky), f);
}

/* True: rm is one that exists; the dynamic one is looked up. */
static bool resolve_rounding(const struct model *m, u32 raw, u32 *rm)
{
	*rm = raw >> 12 & 7;
	if (*rm == 7)
		*rm = m->fcsr >> 5 & 7;
	return *rm <= 4;
}

static u64 fround(struct model *m, u64 v, const struct format *f, u32 rm, bool tells_inexact)
{
	bool inexact;

	if (is_nan(v, f)) {
		m->fcsr |= is_signaling(v, f) ? NV : 0;
		return quiet_nan(f);
	}
	v = round_to_integer(v, f, rm, &inexact);
	m->fcsr |= inexact && tells_inexact ? NX : 0;
	return v;
}

/* --- the others --- */

static u64 fminmax(struct model *m, u64 a, u64 b, const struct format *f, bool is_max)
{
	m->fcsr |= is_signaling(a, f) || is_signaling(b, f) ? NV : 0;
	if (is_nan(a, f) || is_nan(b, f))
		return quiet_nan(f);
	return is_below(a, b, f) != is_max ? a : b;
}

static u64 compare_quietly(struct model *m, u64 a, u64 b, const struct format *f, bool or_equal)
{
	m->fcsr |= is_signaling(a, f) || is_signaling(b, f) ? NV : 0;
	if (is_nan(a, f) || is_nan(b, f))
		return 0;
	if (a == b || (is_zero(a, f) && is_zero(b, f)))
		return or_equal;
	return is_below(a, b, f);
}

/* The manual's table of fli, as quarters of powers of two: quarters * 2^power / 4. */
static const struct {
	u8 quarters;
	s8 power;
} fli_values[32] = {
	{ 4, 0 },  { 0, 0 },  { 4, -16 }, { 4, -15 }, { 4, -8 }, { 4, -7 }, { 4, -4 }, { 4, -3 },
	{ 4, -2 }, { 5, -2 }, { 6, -2 },  { 7, -2 },  { 4, -1 }, { 5, -1 }, { 6, -1 }, { 7, -1 },
	{ 4, 0 },  { 5, 0 },  { 6, 0 },   { 7, 0 },   { 4, 1 },  { 5, 1 },  { 6, 1 },  { 4, 2 },
	{ 4, 3 },  { 4, 4 },  { 4, 7 },   { 4, 8 },   { 4, 15 }, { 4, 16 }, { 0, 0 },  { 0, 0 },
};

static u64 fli(u32 n, const struct format *f)
{
	s32 bias = (s32)low_bits(f->exp - 1), e = fli_values[n].power + bias;
	u64 infinity = low_bits(f->exp) << f->frac;

	if (n == 1)
		return 1ull << f->frac; /* the smallest normal number */
	if (n == 31)
		return quiet_nan(f);
	if (n == 30 || e >= (s32)low_bits(f->exp)) /* 65536 is none of half precision */
		return infinity;
	if (e <= 0) /* 2^-15 and 2^-16 are subnormal there */
		return 1ull << ((s32)f->frac + e - 1);
	return (u64)e << f->frac | (u64)(fli_values[n].quarters & 3) << (f->frac - 2) |
	       (n == 0 ? 1ull << (width(f) - 1) : 0);
}

/* fcvtmod.w.d: towards zero, modulo 2^32; flags as fcvt.w.d would raise them. */
static u64 fcvtmod(struct model *m, u64 v)
{
	u64 significand, kept = 0;
	bool minus = is_minus(v, &wide), inexact = false;
	s32 power;

	if (exponent_of(v, &wide) == 2047) {
		m->fcsr |= NV;
		return 0;
	}
	take_apart(v, &wide, &significand, &power);
	if (power >= 0)
		kept = power < 32 ? significand << power : 0;
	else if (power > -64)
		kept = significand >> -power;
	if (power < 0)
		inexact = power > -64 ? significand & low_bits((u32)-power) : significand != 0;
	if ((power >= 0 && significand) || kept > (minus ? 0x80000000 : 0x7fffffff))
		m->fcsr |= NV;
	else if (inexact)
		m->fcsr |= NX;
	return (u64)(s64)(s32)(u32)(minus ? -kept : kept);
}

static void set_result(struct model *m, u32 raw, bool is_integer, u64 v)
{
	u32 rd = raw >> 7 & 31;

	if (!is_integer)
		m->f[rd] = v;
	else if (rd != 0)
		m->x[rd] = v;
}

static bool starts_with(const char *name, const char *start)
{
	return strncmp(name, start, strlen(start)) == 0;
}

bool reference_execute_fp(struct model *m, const char *name, u32 raw)
{
	char suffix = name[strlen(name) - 1];
	const struct format *f = suffix == 'h' ? &half : suffix == 's' ? &single : &wide;
	u64 a = unbox(m->f[raw >> 15 & 31], f), b = unbox(m->f[raw >> 20 & 31], f);
	bool rounds = starts_with(name, "fround");
	u32 rm = 0;

	if (m->fs_off || (rounds && !resolve_rounding(m, raw, &rm))) {
		m->cause = CAUSE_ILLEGAL;
		m->tval = raw;
	} else if (rounds) {
		set_result(m, raw, false, box(fround(m, a, f, rm, starts_with(name, "froundnx")), f));
	} else if (starts_with(name, "fminm") || starts_with(name, "fmaxm")) {
		set_result(m, raw, false, box(fminmax(m, a, b, f, starts_with(name, "fmaxm")), f));
	} else if (starts_with(name, "fltq") || starts_with(name, "fleq")) {
		set_result(m, raw, true, compare_quietly(m, a, b, f, starts_with(name, "fleq")));
	} else if (starts_with(name, "fli")) {
		set_result(m, raw, false, box(fli(raw >> 15 & 31, f), f));
	} else if (starts_with(name, "fcvtmod")) {
		set_result(m, raw, true, fcvtmod(m, a));
	} else {
		return false;
	}
	return true;
}
