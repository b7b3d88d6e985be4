/*
 * SBI "Timer Extension" (TIME): the supervisor's timer.
 */
#include "firmware/hart.h"
#include "firmware/sbi.h"
#include "firmware/timer.h"

enum { SET_TIMER };

static struct sbi_result handle(struct hart *hart, u64 function, const u64 arg[6])
{
	if (function != SET_TIMER)
		return sbi_error(SBI_NOT_SUPPORTED);
	pmu_count(hart, PMU_SET_TIMER);
	timer_set(hart, arg[0]);
	return sbi_value(0);
}

const struct sbi_extension sbi_time = { .first = 0x54494d45, .last = 0x54494d45, .handle = handle };
