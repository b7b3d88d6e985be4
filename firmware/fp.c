/*
 * Floating-point registers: see fp.h. Unprivileged manual, "NaN Boxing of Narrower Values": above a narrow value all
 * bits are ones.
 */
#include "firmware/fp.h"

#include "firmware/csr.h"
#include "firmware/hart.h"

u64 fp_read(const struct hart *hart, u32 number)
{
	return hart->features.fp_double ? fp_read_double(number) : fp_read_single(number);
}

void fp_write(struct hart *hart, u32 number, u32 size, u64 bits)
{
	if (size < 8)
		bits |= ~0ul << (8 * size);
	if (hart->features.fp_double)
		fp_write_double(number, bits);
	else
		fp_write_single(number, bits);
	hart->mstatus |= MSTATUS_FS;
}
