/*
 * IEEE 754-2019 arithmetic in integers, for binary16, binary32 and binary64, as the RISC-V F, D, Zfh and Zfa extensions
 * want it: all five rounding modes, tininess detected after rounding, every NaN result canonical.
 *
 * One implementation, parametrised by format. It is exact and it is not the fast path: that is cpu/fpu.h, which comes
 * here for what the host cannot do. Values are raw bit patterns in the low bits of a u64; what stands above the
 * format's width is ignored in operands and zero in results. NaN boxing is the caller's (cpu/fpu.h). Nothing here
 * touches the host FPU.
 *
 * Everywhere below: `rm` is a resolved rounding mode (enum fp_rounding, never DYN or a reserved value), and the
 * exceptions raised are OR-ed into *flags. Unprivileged manual, chapters "F", "D", "Zfh", "Zfa". Next: cpu/softfp.c.
 */
#ifndef RVEMU_CPU_SOFTFP_H
#define RVEMU_CPU_SOFTFP_H

#include "emu/base/base.h"

enum fp_format {
	FP_H, /* binary16, half */
	FP_S, /* binary32, single */
	FP_D, /* binary64, double */
};

/* Rounding modes as frm and the rm field encode them. */
enum fp_rounding {
	FP_RNE = 0, /* to nearest, ties to even */
	FP_RTZ = 1, /* towards zero */
	FP_RDN = 2, /* down */
	FP_RUP = 3, /* up */
	FP_RMM = 4, /* to nearest, ties to the larger magnitude: no host has it */
};

/* Exceptions as fflags encodes them. */
enum fp_flags {
	FP_NX = 1,  /* inexact */
	FP_UF = 2,  /* underflow: tiny after rounding, and inexact */
	FP_OF = 4,  /* overflow */
	FP_DZ = 8,  /* division of a finite number by zero */
	FP_NV = 16, /* invalid operation */
};

/* The canonical NaNs: positive, quiet, empty payload. */
#define FP_NAN_H 0x7e00u
#define FP_NAN_S 0x7fc00000u
#define FP_NAN_D 0x7ff8000000000000ull

/* a + b, a - b, a * b, a / b. */
u64 softfp_add(enum fp_format f, u64 a, u64 b, u32 rm, u32 *flags);
u64 softfp_sub(enum fp_format f, u64 a, u64 b, u32 rm, u32 *flags);
u64 softfp_mul(enum fp_format f, u64 a, u64 b, u32 rm, u32 *flags);
u64 softfp_div(enum fp_format f, u64 a, u64 b, u32 rm, u32 *flags);

/* The square root of a. */
u64 softfp_sqrt(enum fp_format f, u64 a, u32 rm, u32 *flags);

/* a * b + c, rounded once; infinity times zero raises NV even if c is a quiet NaN. The other three are made by flipping
 * the signs of a and c beforehand: FMSUB c, FNMSUB a, FNMADD both. */
u64 softfp_fma(enum fp_format f, u64 a, u64 b, u64 c, u32 rm, u32 *flags);

/* FMIN, FMAX (minimumNumber: a NaN loses against a number, -0 is less than +0; NV for signalling NaNs alone). */
u64 softfp_min(enum fp_format f, u64 a, u64 b, u32 *flags);
u64 softfp_max(enum fp_format f, u64 a, u64 b, u32 *flags);

/* FMINM, FMAXM of Zfa (minimum: any NaN wins, as the canonical one). */
u64 softfp_minm(enum fp_format f, u64 a, u64 b, u32 *flags);
u64 softfp_maxm(enum fp_format f, u64 a, u64 b, u32 *flags);

/* a == b (quiet), a < b and a <= b (signalling: NV for any NaN), and the quiet FLTQ and FLEQ of Zfa. False for NaNs. */
bool softfp_eq(enum fp_format f, u64 a, u64 b, u32 *flags);
bool softfp_lt(enum fp_format f, u64 a, u64 b, u32 *flags);
bool softfp_le(enum fp_format f, u64 a, u64 b, u32 *flags);
bool softfp_ltq(enum fp_format f, u64 a, u64 b, u32 *flags);
bool softfp_leq(enum fp_format f, u64 a, u64 b, u32 *flags);

/* FCLASS: the one-hot mask the manual prints, bits 0 (-infinity) to 9 (quiet NaN). */
u64 softfp_classify(enum fp_format f, u64 a);

/* a, a number of format `from`, as one of format `to`. */
u64 softfp_convert(enum fp_format to, enum fp_format from, u64 a, u32 rm, u32 *flags);

/*
 * a as an integer, as the destination register holds it (the 32-bit results, unsigned too, are sign-extended). What
 * does not fit saturates and raises NV alone; a NaN counts as too large.
 */
u64 softfp_to_i32(enum fp_format f, u64 a, u32 rm, u32 *flags);
u64 softfp_to_u32(enum fp_format f, u64 a, u32 rm, u32 *flags);
u64 softfp_to_i64(enum fp_format f, u64 a, u32 rm, u32 *flags);
u64 softfp_to_u64(enum fp_format f, u64 a, u32 rm, u32 *flags);

/* FCVTMOD.W.D of Zfa: truncates modulo 2^32, sign-extended; flags as FCVT.W.D with RTZ; 0 for infinities and NaNs. */
u64 softfp_cvtmod_w_d(u64 a, u32 *flags);

/* An integer register (the 32-bit ones read its low half) as a number of format f. */
u64 softfp_from_i32(enum fp_format f, u64 x, u32 rm, u32 *flags);
u64 softfp_from_u32(enum fp_format f, u64 x, u32 rm, u32 *flags);
u64 softfp_from_i64(enum fp_format f, u64 x, u32 rm, u32 *flags);
u64 softfp_from_u64(enum fp_format f, u64 x, u32 rm, u32 *flags);

/* FROUND and FROUNDNX of Zfa: a rounded to an integer in its own format; only the second raises NX. */
u64 softfp_round(enum fp_format f, u64 a, u32 rm, u32 *flags);
u64 softfp_roundnx(enum fp_format f, u64 a, u32 rm, u32 *flags);

/* FLI of Zfa: the constant with this index (the rs1 field, 0..31). */
u64 softfp_fli(enum fp_format f, u32 index);

#endif
