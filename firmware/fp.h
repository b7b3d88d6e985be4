/*
 * Floating-point registers by number, as bits. The hart must have F, and mstatus.FS must not be off.
 */
#ifndef FIRMWARE_FP_H
#define FIRMWARE_FP_H

#include "firmware/base.h"

struct hart;

/* All bits of a register: 64, or 32 on harts without D. */
u64 fp_read(const struct hart *hart, u32 number);

/* Loads a register with the lowest size bytes of bits, NaN-boxed; the lower mode's FS becomes dirty. */
void fp_write(struct hart *hart, u32 number, u32 size, u64 bits);

/* --- fp_regs.S --- */

u64 fp_read_double(u32 number);
u64 fp_read_single(u32 number);
void fp_write_double(u32 number, u64 bits);
void fp_write_single(u32 number, u64 bits);

#endif
