/*
 * Handing the host's FPU to the guest and back: the one file that knows the host's control and status register.
 *
 * On x86-64 that is MXCSR, with all exceptions masked and denormals honoured; elsewhere it is <fenv.h>, which then
 * merely stores the rounding mode and the flags for cpu/fpu_soft.h. The protocol is described in cpu/fpu.h.
 */
#include "cpu/fpu.h"

#ifdef __x86_64__
#include <xmmintrin.h>

/* MXCSR: masks set, round to nearest, no flush to zero, no flags. */
#define CSR_DEFAULT 0x1f80u
#define CSR_FLAGS 0x3fu
#define CSR_ROUNDING 0x6000u
#define CSR_ROUNDING_SHIFT 13

/* RC is 0 nearest, 1 down, 2 up, 3 towards zero. */
static const u8 csr_rounding[8] = { [FP_RTZ] = 3, [FP_RDN] = 1, [FP_RUP] = 2 };
static const u8 guest_rounding[4] = { FP_RNE, FP_RDN, FP_RUP, FP_RTZ };

void fpu_enter(u32 frm)
{
	_mm_setcsr(CSR_DEFAULT | (u32)csr_rounding[frm & 7] << CSR_ROUNDING_SHIFT);
}

u32 fpu_harvest(void)
{
	u32 csr = _mm_getcsr();

	if (!(csr & CSR_FLAGS))
		return 0;
	_mm_setcsr(csr & ~CSR_FLAGS);
	/* The same five from bit 0 up, IE first, but for DE in the second place, which the guest does not have. */
	return (csr & 1) << 4 | (csr & 4) << 1 | (csr & 8) >> 1 | (csr & 16) >> 3 | (csr & 32) >> 5;
}

void fpu_set_rounding(u32 frm)
{
	_mm_setcsr((_mm_getcsr() & ~CSR_ROUNDING) | (u32)csr_rounding[frm & 7] << CSR_ROUNDING_SHIFT);
}

u32 fpu_rounding(void)
{
	return guest_rounding[(_mm_getcsr() & CSR_ROUNDING) >> CSR_ROUNDING_SHIFT];
}

void fpu_raise(u32 flags)
{
	u32 raised =
		flags >> 4 | (flags & FP_DZ) >> 1 | (flags & FP_OF) << 1 | (flags & FP_UF) << 3 | (flags & FP_NX) << 5;

	_mm_setcsr(_mm_getcsr() | (raised & CSR_FLAGS));
}

#else
#include <fenv.h>

static const int host_rounding[8] = {
	FE_TONEAREST, FE_TOWARDZERO, FE_DOWNWARD, FE_UPWARD, FE_TONEAREST, FE_TONEAREST, FE_TONEAREST, FE_TONEAREST,
};

/* The host's flag for each bit of fflags. */
static const int host_flags[5] = { FE_INEXACT, FE_UNDERFLOW, FE_OVERFLOW, FE_DIVBYZERO, FE_INVALID };

void fpu_enter(u32 frm)
{
	fesetround(host_rounding[frm & 7]);
	feclearexcept(FE_ALL_EXCEPT);
}

u32 fpu_harvest(void)
{
	u32 flags = 0;

	for (u32 i = 0; i < ARRAY_SIZE(host_flags); i++)
		flags |= fetestexcept(host_flags[i]) ? 1u << i : 0;
	feclearexcept(FE_ALL_EXCEPT);
	return flags;
}

void fpu_set_rounding(u32 frm)
{
	fesetround(host_rounding[frm & 7]);
}

u32 fpu_rounding(void)
{
	int rounding = fegetround();

	for (u32 frm = FP_RTZ; frm <= FP_RUP; frm++)
		if (host_rounding[frm] == rounding)
			return frm;
	return FP_RNE;
}

void fpu_raise(u32 flags)
{
	int raised = 0;

	for (u32 i = 0; i < ARRAY_SIZE(host_flags); i++)
		raised |= flags >> i & 1 ? host_flags[i] : 0;
	feraiseexcept(raised);
}

#endif

u32 fpu_leave(void)
{
	u32 flags = fpu_harvest();

	fpu_enter(FP_RNE);
	return flags;
}

u64 fpu_slow_convert(fpu_convert *convert, enum fp_format f, u64 a, u32 rm)
{
	u32 flags = 0;
	u64 result = convert(f, a, rm == FPU_DYNAMIC ? fpu_rounding() : rm, &flags);

	fpu_raise(flags);
	return result;
}

/* The comparison that found a NaN has raised the flags already. */
u64 fpu_slow_choose(fpu_choose *choose, enum fp_format f, u64 a, u64 b)
{
	u32 flags = 0;

	return choose(f, a, b, &flags);
}

u64 fpu_slow_fma(enum fp_format f, u64 a, u64 b, u64 c)
{
	u32 flags = 0;
	u64 result = softfp_fma(f, a, b, c, fpu_rounding(), &flags);

	fpu_raise(flags);
	return result;
}
