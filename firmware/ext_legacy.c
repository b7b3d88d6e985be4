/*
 * SBI "Legacy Extensions": the nine calls of version 0.1, each an extension id of its own. They return a value in a0
 * and nothing in a1, and take hart masks by virtual address. Old kernels have no others.
 */
#include "firmware/board.h"
#include "firmware/csr.h"
#include "firmware/fence.h"
#include "firmware/hart.h"
#include "firmware/ipi.h"
#include "firmware/sbi.h"
#include "firmware/timer.h"
#include "firmware/trap.h"

enum {
	SET_TIMER,
	CONSOLE_PUTCHAR,
	CONSOLE_GETCHAR,
	CLEAR_IPI,
	SEND_IPI,
	REMOTE_FENCE_I,
	REMOTE_SFENCE_VMA,
	REMOTE_SFENCE_VMA_ASID,
	SHUTDOWN,
};

/*
 * The harts that a mask in the supervisor's memory names; va 0 means all. False: the load faulted, and the supervisor
 * has been told. Harts that do not exist are left out: there is no error to return.
 */
static bool load_targets(struct hart *hart, u64 va, u64 *targets)
{
	struct fault fault;
	u64 mask;

	*targets = board.harts;
	if (va == 0)
		return true;
	if (!user_load(hart, va, sizeof(mask), &mask, &fault)) {
		trap_redirect(hart, &fault);
		return false;
	}
	*targets &= mask;
	return true;
}

/* arg: mask, start, size, asid */
static bool remote(struct hart *hart, u64 call, const u64 arg[6])
{
	struct fence_request request = {
		.kind = call == REMOTE_FENCE_I      ? FENCE_I
		        : call == REMOTE_SFENCE_VMA ? FENCE_VMA
		                                    : FENCE_VMA_ASID,
		.start = arg[1],
		.size = arg[2] ? arg[2] : FENCE_EVERYTHING,
		.asid = arg[3],
	};
	u64 targets;

	if (!load_targets(hart, arg[0], &targets))
		return false;
	if (call == SEND_IPI)
		ipi_send(hart, targets);
	else
		fence_remote(hart, targets, &request);
	return true;
}

static bool handle_legacy(struct hart *hart, u64 extension, const u64 arg[6], i64 *a0)
{
	*a0 = 0;
	switch (extension) {
	case SET_TIMER:
		pmu_count(hart, PMU_SET_TIMER);
		timer_set(hart, arg[0]);
		return true;
	case CONSOLE_PUTCHAR:
		console_put((u8)arg[0]);
		return true;
	case CONSOLE_GETCHAR:
		*a0 = console_get();
		return true;
	case CLEAR_IPI:
		csr_clear(CSR_MIP, IRQ_SSI);
		return true;
	case SHUTDOWN:
		board_finish(FINISH_OFF);
	default:
		return remote(hart, extension, arg);
	}
}

const struct sbi_extension sbi_legacy = { .first = SET_TIMER, .last = SHUTDOWN, .handle_legacy = handle_legacy };
