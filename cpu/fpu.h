/*
 * Single and double precision on the host's FPU, with RISC-V's results and flags: the hot path of F and D.
 *
 * The protocol: fpu_enter(frm) gives the host FPU to the guest. From then on the host's rounding mode is the guest's
 * and the host's sticky flags collect the guest's exceptions; fpu_harvest() or fpu_leave() turn them into fflags. In
 * between no host code may do floating point of its own (printf("%f") for one): leave first. Results are exact as the
 * manual has them: canonical NaNs, saturating conversions, tininess after rounding. The host has no RMM: while the
 * resolved rounding mode is RMM, or an instruction's static mode is not the one set, whatever rounds must go to
 * cpu/softfp.h instead, its flags OR-ed to the guest's by the caller or by fpu_raise(). What does not round may be
 * called in any mode (marked "any mode").
 *
 * Values are raw bit patterns: u64 for doubles, u32 for unboxed singles. How it is done is in cpu/fpu_x64.h, for other
 * hosts in cpu/fpu_soft.h; both define the same inline functions, written down here as prototypes of the D versions:
 *
 *	u64 fpu_add_d(u64 a, u64 b);            likewise sub, mul, div
 *	u64 fpu_sqrt_d(u64 a);
 *	u64 fpu_fma_d(u64 a, u64 b, u64 c);     FMADD: a * b + c; likewise fmsub, fnmsub, fnmadd as RISC-V names them
 *	bool fpu_eq_d(u64 a, u64 b);            likewise lt, le, and Zfa's quiet ltq, leq: any mode
 *	u64 fpu_min_d(u64 a, u64 b);            likewise max: any mode
 *	u64 fpu_to_i32_d(u64 a);                likewise u32, i64, u64; as the register holds it (32-bit: sign-extended)
 *	u64 fpu_to_i32_rtz_d(u64 a);            likewise u32, i64, u64: rounding towards zero, any mode
 *	u64 fpu_from_i64_d(u64 x);              likewise u64, i32, u32, which read the low half (to D exact: any mode)
 *	u64 fpu_d_from_s(u32 a);                any mode
 *	u32 fpu_s_from_d(u64 a);
 */
#ifndef RVEMU_CPU_FPU_H
#define RVEMU_CPU_FPU_H

#include "cpu/fpu_host.h"
#include "cpu/softfp.h"
#include "emu/base/base.h"

/* NaN boxing: a narrower value fills the upper bits of its register with ones; what is not boxed reads as a NaN. */
static always_inline u32 unbox_s(u64 reg)
{
	return likely(reg >> 32 == 0xffffffff) ? (u32)reg : FP_NAN_S;
}

static always_inline u32 unbox_h(u64 reg)
{
	return likely(reg >> 16 == 0xffffffffffff) ? (u32)(reg & 0xffff) : FP_NAN_H;
}

static always_inline u64 box_s(u32 v)
{
	return v | 0xffffffff00000000ull;
}

static always_inline u64 box_h(u64 v)
{
	return v | 0xffffffffffff0000ull;
}

/* FPU_PORTABLE lets a test try the portable version on any host. */
#if defined(__x86_64__) && !defined(FPU_PORTABLE)
#include "cpu/fpu_x64.h"
#else
#include "cpu/fpu_soft.h"
#endif

#endif
