/*
 * The supervisor's timer: see timer.h.
 */
#include "firmware/timer.h"

#include "firmware/board.h"
#include "firmware/csr.h"
#include "firmware/hart.h"

#define NEVER (~0ul)

void timer_set(struct hart *hart, u64 time)
{
	if (hart->features.sstc) {
		csr_write(CSR_STIMECMP, time);
		return;
	}
	clint_set_timer(hart->id, time);
	csr_clear(CSR_MIP, IRQ_STI);
	csr_set(CSR_MIE, IRQ_MTI);
}

void timer_stop(struct hart *hart)
{
	timer_set(hart, NEVER);
	csr_clear(CSR_MIE, IRQ_MTI);
	if (hart->features.sstc)
		clint_set_timer(hart->id, NEVER);
}

/* The M-mode interrupt stays pending until the timer is set anew, so it is switched off meanwhile. */
void timer_expired(struct hart *hart)
{
	(void)hart;
	csr_clear(CSR_MIE, IRQ_MTI);
	csr_set(CSR_MIP, IRQ_STI);
}
