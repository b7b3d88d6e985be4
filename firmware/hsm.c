/*
 * Start, stop, sleep: see hsm.h for the states.
 */
#include "firmware/hsm.h"

#include "firmware/csr.h"
#include "firmware/hart.h"
#include "firmware/ipi.h"
#include "firmware/timer.h"

enum hart_state hsm_state(u64 id)
{
	return __atomic_load_n(&harts[id].state, __ATOMIC_SEQ_CST);
}

static void set_state(struct hart *hart, enum hart_state state)
{
	__atomic_store_n(&hart->state, state, __ATOMIC_SEQ_CST);
	fence();
}

u64 hsm_running(u64 targets)
{
	u64 running = 0;

	for_each_bit(id, targets) {
		switch (hsm_state(id)) {
		case HART_STARTED:
		case HART_SUSPENDED:
		case HART_SUSPEND_PENDING:
		case HART_RESUME_PENDING:
			running |= BIT(id);
			break;
		case HART_STOPPED:
		case HART_START_PENDING:
		case HART_STOP_PENDING:
			break;
		}
	}
	return running;
}

/* Where to start is written between two states that nobody else leaves: a second caller finds START_PENDING. */
bool hsm_start(u64 id, u64 pc, u64 value)
{
	struct hart *target = &harts[id];
	u32 expected = HART_STOPPED;

	while (hsm_state(id) == HART_STOP_PENDING)
		pause();
	if (!__atomic_compare_exchange_n(&target->state, &expected, HART_START_PENDING, false, __ATOMIC_SEQ_CST,
	                                 __ATOMIC_SEQ_CST))
		return false;
	target->start_value = value;
	__atomic_store_n(&target->start_pc, pc, __ATOMIC_RELEASE);
	ipi_kick(BIT(id));
	return true;
}

/* Nothing of the life before is left over. */
static void silence(struct hart *hart)
{
	csr_write(CSR_SIE, 0);
	timer_stop(hart);
	__atomic_store_n(&hart->ipi_pending, 0, __ATOMIC_SEQ_CST);
	csr_clear(CSR_MIP, IRQ_SSI | IRQ_STI | IRQ_LCOFI);
}

static void __attribute__((noreturn)) begin(struct hart *hart, u64 pc, u64 value)
{
	/* From here on others send fences; what they changed before they saw us run is forgotten by hart_prepare(). */
	set_state(hart, HART_STARTED);
	hart_prepare(hart, pc, value);
	hart_enter(hart);
}

void hsm_wait(struct hart *hart)
{
	u64 pc;

	while ((pc = __atomic_load_n(&hart->start_pc, __ATOMIC_ACQUIRE)) == 0) {
		wait_for_interrupt();
		ipi_receive(hart); /* who saw us run a moment ago may wait for us */
	}
	silence(hart);
	begin(hart, pc, hart->start_value);
}

void hsm_stop(struct hart *hart)
{
	set_state(hart, HART_STOP_PENDING);
	silence(hart);
	__atomic_store_n(&hart->start_pc, 0, __ATOMIC_SEQ_CST);
	set_state(hart, HART_STOPPED);
	hsm_wait(hart);
}

/* MSI and MTI wake the hart, too, and are worked off. */
static void sleep(struct hart *hart)
{
	for (;;) {
		u64 pending = csr_read(CSR_MIP) & csr_read(CSR_MIE);

		if (pending & IRQ_MTI)
			timer_expired(hart);
		if (pending & IRQ_MSI)
			ipi_receive(hart);
		if (csr_read(CSR_MIP) & csr_read(CSR_MIE) & IRQ_SUPERVISOR)
			return;
		if (!(pending & (IRQ_MTI | IRQ_MSI)))
			wait_for_interrupt();
	}
}

void hsm_suspend(struct hart *hart)
{
	set_state(hart, HART_SUSPEND_PENDING);
	set_state(hart, HART_SUSPENDED);
	sleep(hart);
	set_state(hart, HART_RESUME_PENDING);
	set_state(hart, HART_STARTED);
}

void hsm_resume_at(struct hart *hart, u64 pc, u64 value)
{
	hart_prepare(hart, pc, value);
	hart_enter(hart);
}
