/*
 * The inline functions of cpu/fpu.h in SSE2 instructions. Include cpu/fpu.h, not this.
 *
 * They are written as volatile assembly because no compiler models MXCSR: it would fold constants, merge, speculate and
 * move plain C expressions across a change of the rounding mode. Operands are raw bits, so that no NaN is touched on
 * the way. SSE and RISC-V agree in results and flags, tininess after rounding included, except where a comment says so:
 *   - a NaN result is made canonical; `ucomisd` of the result with itself finds it (it is quiet: no new flag);
 *   - conversions to integers take the fast way only where the value fits;
 *   - the denormal-operand flag has no place in fflags and is ignored by fpu_harvest().
 */
#ifndef RVEMU_CPU_FPU_X64_H
#define RVEMU_CPU_FPU_X64_H

#include "cpu/fpu_host.h"
#include "cpu/softfp.h"
#include "emu/base/base.h"

#include <emmintrin.h>

/* Raw bits into a vector register and back: compilers make these a load and a store, where a pun takes the long way. */
static always_inline __m128i fpu_in_d(u64 a)
{
	return _mm_cvtsi64_si128((s64)a);
}

static always_inline u64 fpu_out_d(__m128i x)
{
	return (u64)_mm_cvtsi128_si64(x);
}

static always_inline __m128i fpu_in_s(u32 a)
{
	return _mm_cvtsi32_si128((s32)a);
}

static always_inline u32 fpu_out_s(__m128i x)
{
	return (u32)_mm_cvtsi128_si32(x);
}

/*
 * For the rare branches: x, and the compiler must not see what it is. Otherwise it would keep a second copy of every
 * operand in a general register for their sake, or make every result wait for a conditional move.
 */
static always_inline __m128i fpu_opaque(__m128i x)
{
	__asm__ volatile("" : "+x"(x));
	return x;
}

/* An operation on two numbers of format f. */
#define FPU_BINARY(function, f, F, type, insn)                                                                         \
	static always_inline type function(type a, type b)                                                             \
	{                                                                                                              \
		__m128i x = fpu_in_##f(a);                                                                             \
		bool is_nan;                                                                                           \
		__asm__ volatile(insn " %2, %0\n\tucomis" #f " %0, %0"                                                 \
		                 : "+x"(x), "=@ccp"(is_nan)                                                            \
		                 : "x"(fpu_in_##f(b)));                                                                \
		if (unlikely(is_nan))                                                                                  \
			x = fpu_opaque(fpu_in_##f(FP_NAN_##F));                                                        \
		return fpu_out_##f(x);                                                                                 \
	}

FPU_BINARY(fpu_add_d, d, D, u64, "addsd")
FPU_BINARY(fpu_sub_d, d, D, u64, "subsd")
FPU_BINARY(fpu_mul_d, d, D, u64, "mulsd")
FPU_BINARY(fpu_div_d, d, D, u64, "divsd")
FPU_BINARY(fpu_add_s, s, S, u32, "addss")
FPU_BINARY(fpu_sub_s, s, S, u32, "subss")
FPU_BINARY(fpu_mul_s, s, S, u32, "mulss")
FPU_BINARY(fpu_div_s, s, S, u32, "divss")
#undef FPU_BINARY

/* An operation on one number of format g whose result is a number of format f. */
#define FPU_UNARY(function, f, F, to, g, from, insn)                                                                   \
	static always_inline to function(from a)                                                                       \
	{                                                                                                              \
		__m128i x = fpu_in_##g(a);                                                                             \
		bool is_nan;                                                                                           \
		__asm__ volatile(insn " %0, %0\n\tucomis" #f " %0, %0" : "+x"(x), "=@ccp"(is_nan));                    \
		if (unlikely(is_nan))                                                                                  \
			x = fpu_opaque(fpu_in_##f(FP_NAN_##F));                                                        \
		return fpu_out_##f(x);                                                                                 \
	}

FPU_UNARY(fpu_sqrt_d, d, D, u64, d, u64, "sqrtsd")
FPU_UNARY(fpu_sqrt_s, s, S, u32, s, u32, "sqrtss")
FPU_UNARY(fpu_d_from_s, d, D, u64, s, u32, "cvtss2sd")
FPU_UNARY(fpu_s_from_d, s, S, u32, d, u64, "cvtsd2ss")
#undef FPU_UNARY

/*
 * The fused multiply-add. Not every x86-64 has it, and the build must run on all: the test of the processor is one
 * instruction on memory and a branch that always goes the same way. Of an infinity times zero plus a quiet NaN, x86
 * need not say that it is invalid: whatever yields a NaN goes the slow way, which raises NV where it is due.
 */
#define FPU_FMA(function, f, F, type, insn, flip_a, flip_c)                                                            \
	static always_inline type function(type a, type b, type c)                                                     \
	{                                                                                                              \
		__m128i x = fpu_in_##f(a), y = fpu_in_##f(b), z = fpu_in_##f(c), r = x;                                \
		bool is_nan = true;                                                                                    \
		if (likely(__builtin_cpu_supports("fma")))                                                             \
			__asm__ volatile(insn " %3, %2, %0\n\tucomis" #f " %0, %0"                                     \
			                 : "+x"(r), "=@ccp"(is_nan)                                                    \
			                 : "x"(y), "x"(z));                                                            \
		if (unlikely(is_nan)) {                                                                                \
			a = fpu_out_##f(fpu_opaque(x)) ^ flip_a;                                                       \
			b = fpu_out_##f(fpu_opaque(y));                                                                \
			c = fpu_out_##f(fpu_opaque(z)) ^ flip_c;                                                       \
			r = fpu_opaque(fpu_in_##f((type)fpu_slow_fma(FP_##F, a, b, c)));                               \
		}                                                                                                      \
		return fpu_out_##f(r);                                                                                 \
	}

#define FPU_SIGN_D (1ull << 63)
#define FPU_SIGN_S (1u << 31)

/* x86 and RISC-V do not mean the same by N: it negates the product there, everything here. */
FPU_FMA(fpu_fma_d, d, D, u64, "vfmadd213sd", 0, 0)
FPU_FMA(fpu_fmsub_d, d, D, u64, "vfmsub213sd", 0, FPU_SIGN_D)
FPU_FMA(fpu_fnmsub_d, d, D, u64, "vfnmadd213sd", FPU_SIGN_D, 0)
FPU_FMA(fpu_fnmadd_d, d, D, u64, "vfnmsub213sd", FPU_SIGN_D, FPU_SIGN_D)
FPU_FMA(fpu_fma_s, s, S, u32, "vfmadd213ss", 0, 0)
FPU_FMA(fpu_fmsub_s, s, S, u32, "vfmsub213ss", 0, FPU_SIGN_S)
FPU_FMA(fpu_fnmsub_s, s, S, u32, "vfnmadd213ss", FPU_SIGN_S, 0)
FPU_FMA(fpu_fnmadd_s, s, S, u32, "vfnmsub213ss", FPU_SIGN_S, FPU_SIGN_S)
#undef FPU_FMA

/* CMPEQ is quiet, and has no cases to tell apart afterwards. */
#define FPU_EQUAL(function, f, type, insn)                                                                             \
	static always_inline bool function(type a, type b)                                                             \
	{                                                                                                              \
		__m128i x = fpu_in_##f(a);                                                                             \
		__asm__ volatile(insn " %1, %0" : "+x"(x) : "x"(fpu_in_##f(b)));                                       \
		return fpu_out_s(x) & 1;                                                                               \
	}

FPU_EQUAL(fpu_eq_d, d, u64, "cmpeqsd")
FPU_EQUAL(fpu_eq_s, s, u32, "cmpeqss")
#undef FPU_EQUAL

/* a < b as b > a, a <= b as b >= a, which are false for NaNs. COMIS raises IE for any NaN, UCOMIS is quiet. */
#define FPU_ORDER(function, f, type, insn, condition)                                                                  \
	static always_inline bool function(type a, type b)                                                             \
	{                                                                                                              \
		bool r;                                                                                                \
		__asm__ volatile(insn " %1, %2" : "=@cc" condition(r) : "x"(fpu_in_##f(a)), "x"(fpu_in_##f(b)));       \
		return r;                                                                                              \
	}

FPU_ORDER(fpu_lt_d, d, u64, "comisd", "a")
FPU_ORDER(fpu_le_d, d, u64, "comisd", "ae")
FPU_ORDER(fpu_ltq_d, d, u64, "ucomisd", "a")
FPU_ORDER(fpu_leq_d, d, u64, "ucomisd", "ae")
FPU_ORDER(fpu_lt_s, s, u32, "comiss", "a")
FPU_ORDER(fpu_le_s, s, u32, "comiss", "ae")
FPU_ORDER(fpu_ltq_s, s, u32, "ucomiss", "a")
FPU_ORDER(fpu_leq_s, s, u32, "ucomiss", "ae")
#undef FPU_ORDER

/*
 * Not MINSD and MAXSD, which complain of quiet NaNs and do not tell -0 from +0. Numbers that compare equal have the
 * same bits or are two zeros: OR finds the lesser of those, AND the greater. The flags of NaNs are UCOMIS's.
 */
#define FPU_CHOOSE(function, f, F, type, soft, of_equals, if_b_greater, otherwise)                                     \
	static always_inline type function(type a, type b)                                                             \
	{                                                                                                              \
		bool is_nan, is_equal, b_greater;                                                                      \
		__asm__ volatile("ucomis" #f " %3, %4"                                                                 \
		                 : "=@ccp"(is_nan), "=@cce"(is_equal), "=@cca"(b_greater)                              \
		                 : "x"(fpu_in_##f(a)), "x"(fpu_in_##f(b)));                                            \
		if (unlikely(is_nan))                                                                                  \
			return (type)fpu_slow_choose(soft, FP_##F, a, b);                                              \
		if (is_equal)                                                                                          \
			return a of_equals b;                                                                          \
		return b_greater ? if_b_greater : otherwise;                                                           \
	}

FPU_CHOOSE(fpu_min_d, d, D, u64, softfp_min, |, a, b)
FPU_CHOOSE(fpu_max_d, d, D, u64, softfp_max, &, b, a)
FPU_CHOOSE(fpu_min_s, s, S, u32, softfp_min, |, a, b)
FPU_CHOOSE(fpu_max_s, s, S, u32, softfp_max, &, b, a)
#undef FPU_CHOOSE

/* To signed integers: what does not fit is the lowest integer, and IE. The slow way raises the same flags again. */
#define FPU_TO_SIGNED(function, f, F, type, insn, integer, lowest, soft, rm)                                           \
	static always_inline u64 function(type a)                                                                      \
	{                                                                                                              \
		__m128i x = fpu_in_##f(a);                                                                             \
		integer r;                                                                                             \
		__asm__ volatile(insn " %1, %0" : "=r"(r) : "x"(x));                                                   \
		if (unlikely(r == lowest))                                                                             \
			return fpu_slow_convert(soft, FP_##F, fpu_out_##f(fpu_opaque(x)), rm);                         \
		return (u64)r;                                                                                         \
	}

FPU_TO_SIGNED(fpu_to_i32_d, d, D, u64, "cvtsd2sil", s32, INT32_MIN, softfp_to_i32, FPU_DYNAMIC)
FPU_TO_SIGNED(fpu_to_i64_d, d, D, u64, "cvtsd2siq", s64, INT64_MIN, softfp_to_i64, FPU_DYNAMIC)
FPU_TO_SIGNED(fpu_to_i32_s, s, S, u32, "cvtss2sil", s32, INT32_MIN, softfp_to_i32, FPU_DYNAMIC)
FPU_TO_SIGNED(fpu_to_i64_s, s, S, u32, "cvtss2siq", s64, INT64_MIN, softfp_to_i64, FPU_DYNAMIC)
FPU_TO_SIGNED(fpu_to_i32_rtz_d, d, D, u64, "cvttsd2sil", s32, INT32_MIN, softfp_to_i32, FP_RTZ)
FPU_TO_SIGNED(fpu_to_i64_rtz_d, d, D, u64, "cvttsd2siq", s64, INT64_MIN, softfp_to_i64, FP_RTZ)
FPU_TO_SIGNED(fpu_to_i32_rtz_s, s, S, u32, "cvttss2sil", s32, INT32_MIN, softfp_to_i32, FP_RTZ)
FPU_TO_SIGNED(fpu_to_i64_rtz_s, s, S, u32, "cvttss2siq", s64, INT64_MIN, softfp_to_i64, FP_RTZ)
#undef FPU_TO_SIGNED

/*
 * To unsigned integers: positive numbers that fit in every rounding mode, and in 63 bits, are converted as signed ones.
 * The bits of positive numbers are ordered as the numbers are, and anything negative has greater bits.
 */
#define FPU_MAX_U32_D 0x41efffffffe00000ull /* 2^32 - 1 */
#define FPU_MAX_U64_D 0x43dfffffffffffffull /* the last before 2^63 */
#define FPU_MAX_U32_S 0x4f7fffffu           /* the last before 2^32 */
#define FPU_MAX_U64_S 0x5effffffu           /* the last before 2^63 */

#define FPU_TO_UNSIGNED(function, f, F, type, insn, max, width, soft, rm)                                              \
	static always_inline u64 function(type a)                                                                      \
	{                                                                                                              \
		u64 r;                                                                                                 \
		if (unlikely(a > max))                                                                                 \
			return fpu_slow_convert(soft, FP_##F, a, rm);                                                  \
		__asm__ volatile(insn " %1, %0" : "=r"(r) : "x"(fpu_in_##f(a)));                                       \
		return (u64)sext(r, width);                                                                            \
	}

FPU_TO_UNSIGNED(fpu_to_u32_d, d, D, u64, "cvtsd2siq", FPU_MAX_U32_D, 32, softfp_to_u32, FPU_DYNAMIC)
FPU_TO_UNSIGNED(fpu_to_u64_d, d, D, u64, "cvtsd2siq", FPU_MAX_U64_D, 64, softfp_to_u64, FPU_DYNAMIC)
FPU_TO_UNSIGNED(fpu_to_u32_s, s, S, u32, "cvtss2siq", FPU_MAX_U32_S, 32, softfp_to_u32, FPU_DYNAMIC)
FPU_TO_UNSIGNED(fpu_to_u64_s, s, S, u32, "cvtss2siq", FPU_MAX_U64_S, 64, softfp_to_u64, FPU_DYNAMIC)
FPU_TO_UNSIGNED(fpu_to_u32_rtz_d, d, D, u64, "cvttsd2siq", FPU_MAX_U32_D, 32, softfp_to_u32, FP_RTZ)
FPU_TO_UNSIGNED(fpu_to_u64_rtz_d, d, D, u64, "cvttsd2siq", FPU_MAX_U64_D, 64, softfp_to_u64, FP_RTZ)
FPU_TO_UNSIGNED(fpu_to_u32_rtz_s, s, S, u32, "cvttss2siq", FPU_MAX_U32_S, 32, softfp_to_u32, FP_RTZ)
FPU_TO_UNSIGNED(fpu_to_u64_rtz_s, s, S, u32, "cvttss2siq", FPU_MAX_U64_S, 64, softfp_to_u64, FP_RTZ)
#undef FPU_TO_UNSIGNED

/* From integers that a signed 64-bit one can hold; `value` widens i. */
#define FPU_FROM(function, f, type, insn, value)                                                                       \
	static always_inline type function(u64 i)                                                                      \
	{                                                                                                              \
		__m128i x = _mm_setzero_si128();                                                                       \
		__asm__ volatile(insn " %1, %0" : "+x"(x) : "r"(value));                                               \
		return fpu_out_##f(x);                                                                                 \
	}

FPU_FROM(fpu_from_i32_d, d, u64, "cvtsi2sdl", (s32)i)
FPU_FROM(fpu_from_u32_d, d, u64, "cvtsi2sdq", (u64)(u32)i)
FPU_FROM(fpu_from_i64_d, d, u64, "cvtsi2sdq", i)
FPU_FROM(fpu_from_i32_s, s, u32, "cvtsi2ssl", (s32)i)
FPU_FROM(fpu_from_u32_s, s, u32, "cvtsi2ssq", (u64)(u32)i)
FPU_FROM(fpu_from_i64_s, s, u32, "cvtsi2ssq", i)
#undef FPU_FROM

/* From 64 unsigned bits: what has the top bit set is halved, its lowest bit jammed, and the result doubled, exactly. */
#define FPU_FROM_U64(function, type, from_i64, add)                                                                    \
	static always_inline type function(u64 x)                                                                      \
	{                                                                                                              \
		if (likely(!(x >> 63)))                                                                                \
			return from_i64(x);                                                                            \
		type half = from_i64(x >> 1 | (x & 1));                                                                \
		return add(half, half);                                                                                \
	}

FPU_FROM_U64(fpu_from_u64_d, u64, fpu_from_i64_d, fpu_add_d)
FPU_FROM_U64(fpu_from_u64_s, u32, fpu_from_i64_s, fpu_add_s)
#undef FPU_FROM_U64

#endif
