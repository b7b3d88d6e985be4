/*
 * SBI "IPI Extension" (s-mode IPI): supervisor software interrupts on other harts.
 */
#include "firmware/ipi.h"
#include "firmware/sbi.h"

enum { SEND_IPI };

static struct sbi_result handle(struct hart *hart, u64 function, const u64 arg[6])
{
	u64 targets;

	if (function != SEND_IPI)
		return sbi_error(SBI_NOT_SUPPORTED);
	if (!ipi_resolve(arg[0], arg[1], &targets))
		return sbi_error(SBI_INVALID_PARAM);
	ipi_send(hart, targets);
	return sbi_value(0);
}

const struct sbi_extension sbi_ipi = { .first = 0x735049, .last = 0x735049, .handle = handle };
