/*
 * SBI "Hart State Management Extension" (HSM): starts, stops and suspends harts. The states are hsm.h's.
 */
#include "firmware/board.h"
#include "firmware/hart.h"
#include "firmware/hsm.h"
#include "firmware/sbi.h"

enum { HART_START, HART_STOP, HART_GET_STATUS, HART_SUSPEND };

/* suspend_type has 32 bits. Other types are reserved, or would be this board's own: there are none. */
#define SUSPEND_RETENTIVE 0x00000000u
#define SUSPEND_NON_RETENTIVE 0x80000000u

static bool exists(u64 id)
{
	return id < HARTS_MAX && (board.harts & BIT(id));
}

/* Instructions are two bytes long at least. */
static bool is_entry(u64 pc)
{
	return !(pc & 1) && board_is_supervisor_ram(pc, 2);
}

static struct sbi_result start(u64 id, u64 pc, u64 value)
{
	if (!exists(id))
		return sbi_error(SBI_INVALID_PARAM);
	if (!is_entry(pc))
		return sbi_error(SBI_INVALID_ADDRESS);
	return hsm_start(id, pc, value) ? sbi_value(0) : sbi_error(SBI_ALREADY_AVAILABLE);
}

static struct sbi_result suspend(struct hart *hart, u32 type, u64 resume_pc, u64 value)
{
	switch (type) {
	case SUSPEND_RETENTIVE:
		hsm_suspend(hart);
		return sbi_value(0);
	case SUSPEND_NON_RETENTIVE:
		if (!is_entry(resume_pc))
			return sbi_error(SBI_INVALID_ADDRESS);
		hsm_suspend(hart);
		hsm_resume_at(hart, resume_pc, value);
	default:
		return sbi_error(SBI_INVALID_PARAM);
	}
}

static struct sbi_result handle(struct hart *hart, u64 function, const u64 arg[6])
{
	switch (function) {
	case HART_START:
		return start(arg[0], arg[1], arg[2]);
	case HART_STOP:
		hsm_stop(hart);
	case HART_GET_STATUS:
		return exists(arg[0]) ? sbi_value(hsm_state(arg[0])) : sbi_error(SBI_INVALID_PARAM);
	case HART_SUSPEND:
		return suspend(hart, (u32)arg[0], arg[1], arg[2]);
	default:
		return sbi_error(SBI_NOT_SUPPORTED);
	}
}

const struct sbi_extension sbi_hsm = { .first = 0x48534d, .last = 0x48534d, .handle = handle };
