/*
 * A hart in a snapshot: see hart_state() in cpu/hart.h.
 *
 * Blocks, the jump caches and the fast tables are left out, because what they skip shows nowhere: a jump that they do
 * not know asks the TLB, and finds there what they were made from. Nothing in a snapshot is believed; what a hart can
 * never have (a mode that does not exist, an odd pc) is refused, because the engine relies on it.
 */
#include "cpu/hart.h"

#include "cpu/csr.h"
#include "emu/base/state.h"

_Static_assert(sizeof(struct hart_events) % sizeof(u64) == 0, "all of it is u64");

/* Interrupts that have a number: only these can be taken. */
#define INTERRUPTS (MIP_SSIP | MIP_MSIP | MIP_STIP | MIP_MTIP | MIP_SEIP | MIP_MEIP | MIP_LCOFIP)

#define XTVEC_MODES 2
#define FRM_LIMIT 8
#define FFLAGS_LIMIT 32

static void fail_unless(struct state *s, bool good, const char *what)
{
	if (!good)
		state_fail(s, "the snapshot is damaged: a hart has %s that does not exist", what);
}

static bool is_mode(const struct hart *h, u64 priv)
{
	return priv == PRIV_M || (priv == PRIV_S && isa_has(h->isa, EXT_S)) ||
	       (priv == PRIV_U && isa_has(h->isa, EXT_U));
}

static bool is_aligned(const struct hart *h, u64 pc)
{
	return (pc & (isa_has(h->isa, EXT_ZCA) ? 1 : 3)) == 0;
}

static void check_csrs(struct state *s, const struct hart *h, u64 mstatus_at_reset)
{
	const struct csrs *c = &h->csr;

	fail_unless(s, ((c->mstatus ^ mstatus_at_reset) & ~c->mstatus_writable) == 0, "bits in mstatus");
	fail_unless(s, is_mode(h, bits(c->mstatus, MSTATUS_MPP_SHIFT + 1, MSTATUS_MPP_SHIFT)), "a mode in mstatus");
	fail_unless(s, ((c->mie | c->mideleg | c->mip_soft | h->wires) & ~INTERRUPTS) == 0, "an interrupt");
	fail_unless(s, (c->mtvec & 3) < XTVEC_MODES && (c->stvec & 3) < XTVEC_MODES, "a trap vector mode");
	fail_unless(s, is_aligned(h, c->mepc) && is_aligned(h, c->sepc), "a return address");
	fail_unless(s, c->frm < FRM_LIMIT && c->fflags < FFLAGS_LIMIT, "a floating-point mode");
}

static void counters_state(struct state *s, struct csrs *c)
{
	state_u64s(s, c->hpm_event, HPM_COUNTERS);
	state_u64s(s, c->hpm_base, HPM_COUNTERS);
	state_u64s(s, c->hpm_start, HPM_COUNTERS);
	state_u32(s, &c->hpm_counting);
	state_u32(s, &c->hpm_filtered);
}

static void csrs_state(struct state *s, struct hart *h)
{
	struct csrs *c = &h->csr;
	u64 mstatus_at_reset = c->mstatus;
	u64 *const registers[] = {
		&c->mstatus,  &c->medeleg,    &c->mideleg, &c->mie,     &c->mip_soft, &c->mtvec,      &c->stvec,
		&c->mepc,     &c->sepc,       &c->mcause,  &c->scause,  &c->mtval,    &c->stval,      &c->mscratch,
		&c->sscratch, &c->mcounteren, &c->menvcfg, &c->senvcfg, &c->stimecmp, &c->scounteren, &c->mcountinhibit,
	};

	state_section(s, "csr", 1);
	for (u32 i = 0; i < ARRAY_SIZE(registers); i++)
		state_u64(s, registers[i]);
	state_u64s(s, c->mstateen, ARRAY_SIZE(c->mstateen));
	state_u64s(s, c->sstateen, ARRAY_SIZE(c->sstateen));
	counters_state(s, c);
	state_u32(s, &c->fflags);
	state_u32(s, &c->frm);
	if (s->loading)
		check_csrs(s, h, mstatus_at_reset);
}

/* Whether the TLB has been asked for the instruction at pc; which other one it was asked for before is nobody's
 * business. */
static void fetched_state(struct state *s, struct hart *h)
{
	bool is_fetched = h->fetched.count == h->count + 1 && h->fetched.pc == h->pc;

	state_bool(s, &is_fetched);
	if (s->loading)
		h->fetched = (struct fetched_insn){ .pc = h->pc, .count = is_fetched ? h->count + 1 : 0 };
}

static void registers_state(struct state *s, struct hart *h)
{
	state_section(s, "hart", 1);
	state_u64s(s, h->x + 1, 31);
	state_u64s(s, h->f, ARRAY_SIZE(h->f));
	state_u64(s, &h->pc);
	state_u8(s, &h->priv);
	state_u64(s, &h->wires);
	state_bool(s, &h->attention);
	state_bool(s, &h->waiting);
	state_bool(s, &h->stopped);
	state_bool(s, &h->reserved);
	state_u64(s, &h->reserved_pa);
	state_u64(s, &h->reserved_size);
	state_u64(s, &h->count);
	state_u64(s, &h->not_retired);
	state_u64(s, &h->trap_streak);
	state_u64(s, &h->streak_instret);
	fetched_state(s, h);
	state_u64s(s, (u64 *)&h->events, sizeof(h->events) / sizeof(u64));
	state_event(s, h->clock, &h->timer);
	state_event(s, h->clock, &h->overflow);
	state_bool(s, &h->overflow_parked);
	if (s->loading) {
		fail_unless(s, is_mode(h, h->priv), "a mode");
		fail_unless(s, is_aligned(h, h->pc), "a pc");
	}
}

void hart_state(struct state *s, struct hart *h)
{
	registers_state(s, h);
	csrs_state(s, h);
	mmu_state(s, &h->mmu);
	if (!s->loading || !state_ok(s))
		return;
	hart_update_context(h);
	hart_update_observing(h);
}
