/*
 * Handing the host's FPU to the guest and back: rounding mode and sticky flags. The protocol is described in cpu/fpu.h,
 * which includes this; the inline functions there build on it.
 */
#ifndef RVEMU_CPU_FPU_HOST_H
#define RVEMU_CPU_FPU_HOST_H

#include "cpu/softfp.h"
#include "emu/base/base.h"

/* Gives the host FPU to the guest: rounding mode frm (RMM and reserved values: RNE), no flags raised. */
void fpu_enter(u32 frm);

/* Takes it back: the host's default rounding, no flags. Returns the guest's flags raised since the last harvest. */
u32 fpu_leave(void);

/* Returns the flags raised since the last harvest (enum fp_flags) and clears them. */
u32 fpu_harvest(void);

/* The guest wrote frm: as in fpu_enter, flags stay. */
void fpu_set_rounding(u32 frm);

/* The rounding mode in force, RNE to RUP. */
u32 fpu_rounding(void);

/* Raises flags in the host, to be harvested with the others. For callers that asked cpu/softfp.h. */
void fpu_raise(u32 flags);

/* The slow ways of the inline functions: cpu/softfp.h in the rounding mode rm, FPU_DYNAMIC being the one in force. */
#define FPU_DYNAMIC 7u

typedef u64 fpu_convert(enum fp_format f, u64 a, u32 rm, u32 *flags);
typedef u64 fpu_choose(enum fp_format f, u64 a, u64 b, u32 *flags);

u64 fpu_slow_convert(fpu_convert *convert, enum fp_format f, u64 a, u32 rm) cold;
u64 fpu_slow_choose(fpu_choose *choose, enum fp_format f, u64 a, u64 b) cold;
u64 fpu_slow_fma(enum fp_format f, u64 a, u64 b, u64 c) cold;

#endif
