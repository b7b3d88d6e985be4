/*
 * The inline functions of cpu/fpu.h for hosts that are no x86-64, through cpu/softfp.h. Include cpu/fpu.h, not this.
 *
 * Slow, and as exact as the other. Not on the host's FPU, though many would do for most of it: ARM for one detects
 * tininess before rounding, and its flags would not be RISC-V's. The rounding mode and the flags are kept by cpu/fpu.c.
 */
#ifndef RVEMU_CPU_FPU_SOFT_H
#define RVEMU_CPU_FPU_SOFT_H

#include "cpu/fpu_host.h"
#include "cpu/softfp.h"
#include "emu/base/base.h"

/* Calls, never inlined: whoever includes this ends in tail calls, which a local whose address is taken would forbid. */
#define FPU_SOFT static __attribute__((noinline, unused))

#define FPU_BINARY(function, type, soft, format)                                                                       \
	FPU_SOFT type function(type a, type b)                                                                         \
	{                                                                                                              \
		u32 flags = 0;                                                                                         \
		type r = (type)soft(format, a, b, fpu_rounding(), &flags);                                             \
		fpu_raise(flags);                                                                                      \
		return r;                                                                                              \
	}

FPU_BINARY(fpu_add_d, u64, softfp_add, FP_D)
FPU_BINARY(fpu_sub_d, u64, softfp_sub, FP_D)
FPU_BINARY(fpu_mul_d, u64, softfp_mul, FP_D)
FPU_BINARY(fpu_div_d, u64, softfp_div, FP_D)
FPU_BINARY(fpu_add_s, u32, softfp_add, FP_S)
FPU_BINARY(fpu_sub_s, u32, softfp_sub, FP_S)
FPU_BINARY(fpu_mul_s, u32, softfp_mul, FP_S)
FPU_BINARY(fpu_div_s, u32, softfp_div, FP_S)
#undef FPU_BINARY

/* What compares or chooses does not round. */
#define FPU_COMPARE(function, result, type, soft, format)                                                              \
	FPU_SOFT result function(type a, type b)                                                                       \
	{                                                                                                              \
		u32 flags = 0;                                                                                         \
		result r = (result)soft(format, a, b, &flags);                                                         \
		fpu_raise(flags);                                                                                      \
		return r;                                                                                              \
	}

FPU_COMPARE(fpu_eq_d, bool, u64, softfp_eq, FP_D)
FPU_COMPARE(fpu_lt_d, bool, u64, softfp_lt, FP_D)
FPU_COMPARE(fpu_le_d, bool, u64, softfp_le, FP_D)
FPU_COMPARE(fpu_ltq_d, bool, u64, softfp_ltq, FP_D)
FPU_COMPARE(fpu_leq_d, bool, u64, softfp_leq, FP_D)
FPU_COMPARE(fpu_min_d, u64, u64, softfp_min, FP_D)
FPU_COMPARE(fpu_max_d, u64, u64, softfp_max, FP_D)
FPU_COMPARE(fpu_eq_s, bool, u32, softfp_eq, FP_S)
FPU_COMPARE(fpu_lt_s, bool, u32, softfp_lt, FP_S)
FPU_COMPARE(fpu_le_s, bool, u32, softfp_le, FP_S)
FPU_COMPARE(fpu_ltq_s, bool, u32, softfp_ltq, FP_S)
FPU_COMPARE(fpu_leq_s, bool, u32, softfp_leq, FP_S)
FPU_COMPARE(fpu_min_s, u32, u32, softfp_min, FP_S)
FPU_COMPARE(fpu_max_s, u32, u32, softfp_max, FP_S)
#undef FPU_COMPARE

#define FPU_UNARY(function, to, from, soft, format, rm)                                                                \
	FPU_SOFT to function(from a)                                                                                   \
	{                                                                                                              \
		return (to)fpu_slow_convert(soft, format, a, rm);                                                      \
	}

FPU_UNARY(fpu_sqrt_d, u64, u64, softfp_sqrt, FP_D, FPU_DYNAMIC)
FPU_UNARY(fpu_sqrt_s, u32, u32, softfp_sqrt, FP_S, FPU_DYNAMIC)
FPU_UNARY(fpu_to_i32_d, u64, u64, softfp_to_i32, FP_D, FPU_DYNAMIC)
FPU_UNARY(fpu_to_u32_d, u64, u64, softfp_to_u32, FP_D, FPU_DYNAMIC)
FPU_UNARY(fpu_to_i64_d, u64, u64, softfp_to_i64, FP_D, FPU_DYNAMIC)
FPU_UNARY(fpu_to_u64_d, u64, u64, softfp_to_u64, FP_D, FPU_DYNAMIC)
FPU_UNARY(fpu_to_i32_s, u64, u32, softfp_to_i32, FP_S, FPU_DYNAMIC)
FPU_UNARY(fpu_to_u32_s, u64, u32, softfp_to_u32, FP_S, FPU_DYNAMIC)
FPU_UNARY(fpu_to_i64_s, u64, u32, softfp_to_i64, FP_S, FPU_DYNAMIC)
FPU_UNARY(fpu_to_u64_s, u64, u32, softfp_to_u64, FP_S, FPU_DYNAMIC)
FPU_UNARY(fpu_to_i32_rtz_d, u64, u64, softfp_to_i32, FP_D, FP_RTZ)
FPU_UNARY(fpu_to_u32_rtz_d, u64, u64, softfp_to_u32, FP_D, FP_RTZ)
FPU_UNARY(fpu_to_i64_rtz_d, u64, u64, softfp_to_i64, FP_D, FP_RTZ)
FPU_UNARY(fpu_to_u64_rtz_d, u64, u64, softfp_to_u64, FP_D, FP_RTZ)
FPU_UNARY(fpu_to_i32_rtz_s, u64, u32, softfp_to_i32, FP_S, FP_RTZ)
FPU_UNARY(fpu_to_u32_rtz_s, u64, u32, softfp_to_u32, FP_S, FP_RTZ)
FPU_UNARY(fpu_to_i64_rtz_s, u64, u32, softfp_to_i64, FP_S, FP_RTZ)
FPU_UNARY(fpu_to_u64_rtz_s, u64, u32, softfp_to_u64, FP_S, FP_RTZ)
FPU_UNARY(fpu_from_i32_d, u64, u64, softfp_from_i32, FP_D, FPU_DYNAMIC)
FPU_UNARY(fpu_from_u32_d, u64, u64, softfp_from_u32, FP_D, FPU_DYNAMIC)
FPU_UNARY(fpu_from_i64_d, u64, u64, softfp_from_i64, FP_D, FPU_DYNAMIC)
FPU_UNARY(fpu_from_u64_d, u64, u64, softfp_from_u64, FP_D, FPU_DYNAMIC)
FPU_UNARY(fpu_from_i32_s, u32, u64, softfp_from_i32, FP_S, FPU_DYNAMIC)
FPU_UNARY(fpu_from_u32_s, u32, u64, softfp_from_u32, FP_S, FPU_DYNAMIC)
FPU_UNARY(fpu_from_i64_s, u32, u64, softfp_from_i64, FP_S, FPU_DYNAMIC)
FPU_UNARY(fpu_from_u64_s, u32, u64, softfp_from_u64, FP_S, FPU_DYNAMIC)
#undef FPU_UNARY

/* Between formats. */
#define FPU_FORMAT(function, to_type, to, from_type, from)                                                             \
	FPU_SOFT to_type function(from_type a)                                                                         \
	{                                                                                                              \
		u32 flags = 0;                                                                                         \
		to_type r = (to_type)softfp_convert(to, from, a, fpu_rounding(), &flags);                              \
		fpu_raise(flags);                                                                                      \
		return r;                                                                                              \
	}

FPU_FORMAT(fpu_d_from_s, u64, FP_D, u32, FP_S)
FPU_FORMAT(fpu_s_from_d, u32, FP_S, u64, FP_D)
#undef FPU_FORMAT

#define FPU_SIGN_D (1ull << 63)
#define FPU_SIGN_S (1u << 31)

#define FPU_FMA(function, type, format, flip_a, flip_c)                                                                \
	FPU_SOFT type function(type a, type b, type c)                                                                 \
	{                                                                                                              \
		return (type)fpu_slow_fma(format, a ^ flip_a, b, c ^ flip_c);                                          \
	}

FPU_FMA(fpu_fma_d, u64, FP_D, 0, 0)
FPU_FMA(fpu_fmsub_d, u64, FP_D, 0, FPU_SIGN_D)
FPU_FMA(fpu_fnmsub_d, u64, FP_D, FPU_SIGN_D, 0)
FPU_FMA(fpu_fnmadd_d, u64, FP_D, FPU_SIGN_D, FPU_SIGN_D)
FPU_FMA(fpu_fma_s, u32, FP_S, 0, 0)
FPU_FMA(fpu_fmsub_s, u32, FP_S, 0, FPU_SIGN_S)
FPU_FMA(fpu_fnmsub_s, u32, FP_S, FPU_SIGN_S, 0)
FPU_FMA(fpu_fnmadd_s, u32, FP_S, FPU_SIGN_S, FPU_SIGN_S)
#undef FPU_FMA

#endif
