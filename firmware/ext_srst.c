/*
 * SBI "System Reset Extension" (SRST): power off or reboot, by the board's finisher. "System failure" as the reason for
 * a power-off becomes an exit status of 1.
 */
#include "firmware/board.h"
#include "firmware/sbi.h"

enum { SYSTEM_RESET };

enum { TYPE_SHUTDOWN, TYPE_COLD_REBOOT, TYPE_WARM_REBOOT };
enum { REASON_NONE, REASON_SYSTEM_FAILURE };

static struct sbi_result handle(struct hart *hart, u64 function, const u64 arg[6])
{
	u32 type = (u32)arg[0], reason = (u32)arg[1]; /* both have 32 bits */

	(void)hart;
	if (function != SYSTEM_RESET)
		return sbi_error(SBI_NOT_SUPPORTED);
	if (type > TYPE_WARM_REBOOT || reason > REASON_SYSTEM_FAILURE)
		return sbi_error(SBI_INVALID_PARAM);
	if (type != TYPE_SHUTDOWN)
		board_finish(FINISH_REBOOT);
	board_finish(reason == REASON_NONE ? FINISH_OFF : FINISH_FAILED);
}

const struct sbi_extension sbi_srst = { .first = 0x53525354, .last = 0x53525354, .handle = handle };
