/*
 * Interrupts between harts: see ipi.h.
 */
#include "firmware/ipi.h"

#include "firmware/board.h"
#include "firmware/csr.h"
#include "firmware/hart.h"
#include "firmware/hsm.h"

bool ipi_resolve(u64 mask, u64 base, u64 *targets)
{
	*targets = 0;
	if (base == ~0ul) {
		*targets = board.harts;
		return true;
	}
	if (mask == 0)
		return true;
	if (base >= HARTS_MAX || (base > 0 && mask >> (HARTS_MAX - base)))
		return false;
	*targets = mask << base;
	return !(*targets & ~board.harts);
}

void ipi_kick(u64 targets)
{
	fence(); /* what there is to do is visible before the interrupt is */
	for_each_bit(id, targets)
		clint_set_msip(id, true);
}

void ipi_send(struct hart *hart, u64 targets)
{
	u64 running = hsm_running(targets);

	for_each_bit(id, running)
		__atomic_store_n(&harts[id].ipi_pending, 1, __ATOMIC_RELEASE);
	ipi_kick(running);
	pmu_count(hart, PMU_IPI_SENT);
}

void ipi_receive(struct hart *hart)
{
	clint_set_msip(hart->id, false);
	fence(); /* cleared before we look: what comes later interrupts anew */
	if (__atomic_exchange_n(&hart->ipi_pending, 0, __ATOMIC_ACQ_REL)) {
		csr_set(CSR_MIP, IRQ_SSI);
		pmu_count(hart, PMU_IPI_RECEIVED);
	}
	fence_serve(hart);
}
