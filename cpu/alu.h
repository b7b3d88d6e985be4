/*
 * Integer operations that C has no operator for: high products, division as RISC-V wants it, bit manipulation,
 * carry-less products. Unprivileged manual, "M" and "B". Pure functions on u64; 32-bit forms say so. Used by cpu/ops.h.
 */
#ifndef RVEMU_CPU_ALU_H
#define RVEMU_CPU_ALU_H

#include "emu/base/base.h"

/* The low half as a register holds it: sign-extended. */
static always_inline u64 alu_w(u64 v)
{
	return (u64)(s64)(s32)v;
}

static always_inline u64 alu_mulh(u64 a, u64 b)
{
	return (u64)((s128)(s64)a * (s64)b >> 64);
}

static always_inline u64 alu_mulhu(u64 a, u64 b)
{
	return (u64)((u128)a * b >> 64);
}

static always_inline u64 alu_mulhsu(u64 a, u64 b)
{
	return alu_mulhu(a, b) - ((s64)a < 0 ? b : 0);
}

/* Division by zero gives all ones, or the dividend as remainder; the one overflow gives the dividend, or 0. */
static always_inline u64 alu_div(u64 a, u64 b)
{
	if (unlikely(b == 0))
		return ~0ull;
	if (unlikely(b == ~0ull))
		return -a;
	return (u64)((s64)a / (s64)b);
}

static always_inline u64 alu_rem(u64 a, u64 b)
{
	if (unlikely(b == 0))
		return a;
	if (unlikely(b == ~0ull))
		return 0;
	return (u64)((s64)a % (s64)b);
}

static always_inline u64 alu_divu(u64 a, u64 b)
{
	return unlikely(b == 0) ? ~0ull : a / b;
}

static always_inline u64 alu_remu(u64 a, u64 b)
{
	return unlikely(b == 0) ? a : a % b;
}

static always_inline u64 alu_divw(u64 a, u64 b)
{
	return alu_w(alu_div(alu_w(a), alu_w(b)));
}

static always_inline u64 alu_remw(u64 a, u64 b)
{
	return alu_w(alu_rem(alu_w(a), alu_w(b)));
}

static always_inline u64 alu_divuw(u64 a, u64 b)
{
	return unlikely((u32)b == 0) ? ~0ull : alu_w((u32)a / (u32)b);
}

static always_inline u64 alu_remuw(u64 a, u64 b)
{
	return alu_w(unlikely((u32)b == 0) ? (u32)a : (u32)a % (u32)b);
}

static always_inline u64 alu_rol(u64 v, u32 by)
{
	return v << (by & 63) | v >> (-by & 63);
}

static always_inline u64 alu_ror(u64 v, u32 by)
{
	return v >> (by & 63) | v << (-by & 63);
}

static always_inline u64 alu_rolw(u64 v, u32 by)
{
	return alu_w((u32)v << (by & 31) | (u32)v >> (-by & 31));
}

static always_inline u64 alu_rorw(u64 v, u32 by)
{
	return alu_w((u32)v >> (by & 31) | (u32)v << (-by & 31));
}

static always_inline u64 alu_clz(u64 v)
{
	return v ? (u64)__builtin_clzll(v) : 64;
}

static always_inline u64 alu_ctz(u64 v)
{
	return v ? (u64)__builtin_ctzll(v) : 64;
}

static always_inline u64 alu_clzw(u64 v)
{
	return (u32)v ? (u64)__builtin_clz((u32)v) : 32;
}

static always_inline u64 alu_ctzw(u64 v)
{
	return (u32)v ? (u64)__builtin_ctz((u32)v) : 32;
}

/* Each byte becomes 0xff unless it is 0. */
static always_inline u64 alu_orc_b(u64 v)
{
	const u64 low7 = 0x7f7f7f7f7f7f7f7f;
	u64 high = (((v & low7) + low7) | v) & ~low7;

	return (high >> 7) * 0xff;
}

static inline u64 alu_clmul(u64 a, u64 b)
{
	u64 r = 0;

	for (u32 i = 0; i < 64; i++)
		r ^= b >> i & 1 ? a << i : 0;
	return r;
}

static inline u64 alu_clmulh(u64 a, u64 b)
{
	u64 r = 0;

	for (u32 i = 1; i < 64; i++)
		r ^= b >> i & 1 ? a >> (64 - i) : 0;
	return r;
}

static inline u64 alu_clmulr(u64 a, u64 b)
{
	u64 r = 0;

	for (u32 i = 0; i < 64; i++)
		r ^= b >> i & 1 ? a >> (63 - i) : 0;
	return r;
}

static always_inline u64 alu_min(u64 a, u64 b)
{
	return (s64)a < (s64)b ? a : b;
}

static always_inline u64 alu_max(u64 a, u64 b)
{
	return (s64)a > (s64)b ? a : b;
}

static always_inline u64 alu_minu(u64 a, u64 b)
{
	return a < b ? a : b;
}

static always_inline u64 alu_maxu(u64 a, u64 b)
{
	return a > b ? a : b;
}

#endif
