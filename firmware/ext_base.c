/*
 * SBI "Base Extension": who we are, and which extensions there are.
 */
#include "firmware/csr.h"
#include "firmware/sbi.h"

#define SPEC_VERSION (2u << 24 | 0) /* 2.0 */

/*
 * "rvem". Implementation ids are given out by the specification, from 0 on; rvemu has asked for none, so it takes one
 * that is far from those that have been.
 */
#define IMPLEMENTATION_ID 0x7276656du
#define IMPLEMENTATION_VERSION (0u << 16 | 1) /* 0.1 */

enum { GET_SPEC_VERSION, GET_IMPL_ID, GET_IMPL_VERSION, PROBE_EXTENSION, GET_MVENDORID, GET_MARCHID, GET_MIMPID };

static struct sbi_result handle(struct hart *hart, u64 function, const u64 arg[6])
{
	(void)hart;
	switch (function) {
	case GET_SPEC_VERSION:
		return sbi_value(SPEC_VERSION);
	case GET_IMPL_ID:
		return sbi_value(IMPLEMENTATION_ID);
	case GET_IMPL_VERSION:
		return sbi_value(IMPLEMENTATION_VERSION);
	case PROBE_EXTENSION:
		return sbi_value(sbi_find(arg[0]) != NULL);
	case GET_MVENDORID:
		return sbi_value(csr_read(CSR_MVENDORID));
	case GET_MARCHID:
		return sbi_value(csr_read(CSR_MARCHID));
	case GET_MIMPID:
		return sbi_value(csr_read(CSR_MIMPID));
	default:
		return sbi_error(SBI_NOT_SUPPORTED);
	}
}

const struct sbi_extension sbi_base = { .first = 0x10, .last = 0x10, .handle = handle };
