/*
 * The MMU in a snapshot: what is in struct mmu itself. PMP and TLB have functions of their own; mode, MPRV and the like
 * are the hart's, which calls mmu_set_context() again.
 */
#include "mmu/mmu.h"

#include "emu/base/state.h"
#include "mmu/seen.h"

_Static_assert(sizeof(struct mmu_stats) % sizeof(u64) == 0, "all of it is u64");

void mmu_state(struct state *s, struct mmu *m)
{
	u64 satp = m->satp;

	state_section(s, "mmu", 2);
	state_u64(s, &satp);
	state_u64s(s, (u64 *)&m->stats, sizeof(m->stats) / sizeof(u64));
	if (s->loading) {
		mmu_write_satp(m, satp);
		if (m->satp != satp)
			state_fail(s, "the snapshot is damaged: it has a value of satp that does not exist");
	}
	pmp_state(s, &m->pmp);
	tlb_state(s, m->tlb);
	if (m->cost)
		cost_state(s, m->cost);
	seen_wipe(m);
}
