/*
 * A hart's life and its wiring: creation, reset, interrupt lines, the stimecmp timer, and telling the MMU, the jump
 * caches and the engine what changed. What traps do is in cpu/trap.c, what CSRs do in cpu/csr_regs.c, what instructions
 * do in cpu/ops.h.
 */
#include "cpu/hart.h"

#include <stdlib.h>
#include <string.h>

#include "cpu/block.h"
#include "cpu/counters.h"
#include "cpu/csr.h"
#include "cpu/debug.h"
#include "cpu/softfp.h"

/* Odd: no pc equals it. */
#define JUMP_EMPTY 1

static void empty_jumps_of_page(struct hart *h, u32 cache, u32 page)
{
	struct jump_entry *slots = &h->jump_caches[cache][page << JUMP_SLOTS_LOG2];

	for (u32 i = 0; i < JUMP_SLOTS; i++)
		slots[i] = (struct jump_entry){ .va = JUMP_EMPTY };
	h->jumps_used[cache] &= ~(u32)BIT(page);
}

void hart_flush_jumps(struct hart *h)
{
	for (u32 c = 0; c < JUMP_CACHES; c++)
		while (h->jumps_used[c])
			empty_jumps_of_page(h, c, (u32)__builtin_ctz(h->jumps_used[c]));
}

void hart_flush_jumps_to(struct hart *h, u64 va)
{
	u64 reaching = align_down(va, PAGE_SIZE) - 2; /* an instruction there may reach into the page */

	for (u32 c = PRIV_U; c <= PRIV_S; c++) {
		if (h->jumps_used[c] & BIT(jump_page(va)))
			empty_jumps_of_page(h, c, jump_page(va));
		h->jump_caches[c][jump_index(reaching)].va = JUMP_EMPTY;
	}
}

/*
 * The code at work may lie in the page whose translation went. It ends its block, so that the TLB is asked again for
 * the very next instruction: jumps that are chained would not ask, and then it would show how long blocks are and what
 * is decoded. Where the TLB sees every fetch it is asked anyway.
 */
static void on_fetch_drop(void *hart, bool everything, u64 va)
{
	struct hart *h = hart;

	if (everything)
		hart_flush_jumps(h);
	else
		hart_flush_jumps_to(h, va);
	if (!mmu_needs_all(&h->mmu))
		h->mmu.code_written = true;
}

/* A device sees the time of the very access. Nothing is due by then: the engine's budget ends at the next event. */
static void on_before_device(void *hart)
{
	struct hart *h = hart;

	clock_run(h->clock, hart_time_ns(h));
}

static void on_timer(void *hart)
{
	hart_update_timer(hart);
}

struct hart *hart_create(const struct hart_config *config)
{
	struct hart *h = xcalloc(1, sizeof(*h));

	h->id = config->id;
	h->decoder = config->decoder;
	h->isa = &config->decoder->isa;
	h->clock = config->clock;
	h->blocks = config->blocks;
	h->trace = config->trace;
	h->timer = (struct event){ .fire = on_timer, .arg = h };
	memset(h->jumps_used, 0xff, sizeof(h->jumps_used));
	hart_flush_jumps(h);
	mmu_init(&h->mmu, config->bus, config->mmu);
	h->mmu.trace = config->trace;
	h->mmu.trace_head = hart_trace_head;
	h->mmu.before_device = on_before_device;
	h->mmu.fetch_drop = on_fetch_drop;
	h->mmu.owner = h;
	h->mmu.steps = &h->count;
	h->observed = h->mmu.all_slow ? OBSERVE_ACCESSES : 0;
	if (h->blocks)
		block_cache_add_hart(h->blocks, h);
	h->debug = config->debug;
	debug_apply(h);
	return h;
}

void hart_destroy(struct hart *h)
{
	if (!h)
		return;
	clock_disarm(h->clock, &h->timer);
	clock_disarm(h->clock, &h->overflow);
	mmu_free(&h->mmu);
	free(h);
}

void hart_reset(struct hart *h, u64 pc, u64 a1)
{
	memset(h->x, 0, sizeof(h->x));
	memset(h->f, 0, sizeof(h->f));
	h->pc = pc;
	h->x[10] = h->id;
	h->x[11] = a1;
	h->priv = PRIV_M;
	h->waiting = false;
	h->reserved = false;
	h->trap_streak = 0;
	mmu_reset(&h->mmu);
	csr_reset(h);
	hart_update_context(h);
	hart_update_attention(h);
}

/* Wires and interrupts */

void hart_set_wire(void *hart, u32 wire, bool level)
{
	struct hart *h = hart;

	if (wire == WIRE_SEI && !isa_has(h->isa, EXT_S))
		return;
	h->wires = level ? h->wires | BIT(wire) : h->wires & ~BIT(wire);
	hart_update_attention(h);
}

/* Of the pending and enabled ones, those that are to be taken in this mode, all to the same one: M mode's go first. */
static u64 deliverable(const struct hart *h, u64 pending)
{
	u64 machine = pending & ~h->csr.mideleg;
	u64 supervisor = pending & h->csr.mideleg;

	if (machine && (h->priv < PRIV_M || h->csr.mstatus & MSTATUS_MIE))
		return machine;
	if (h->priv < PRIV_S || (h->priv == PRIV_S && h->csr.mstatus & MSTATUS_SIE))
		return supervisor;
	return 0;
}

void hart_weigh_interrupts(struct hart *h)
{
	h->attention = h->waiting || deliverable(h, hart_mip(h) & h->csr.mie);
}

int hart_pending_interrupt(const struct hart *h)
{
	static const u8 order[] = { 11, 3, 7, 9, 1, 5, 13 }; /* MEI MSI MTI SEI SSI STI LCOFI */
	u64 set = deliverable(h, hart_mip(h) & h->csr.mie);

	if (set == 0)
		return -1;
	for (u32 i = 0; i < ARRAY_SIZE(order); i++)
		if (set >> order[i] & 1)
			return order[i];
	return -1;
}

/* The stimecmp timer (Sstc) */

/* The level of STIP is kept, not polled: between writes of stimecmp, mtime and STCE it changes only when the timer
 * fires. */
void hart_update_timer(struct hart *h)
{
	bool on = h->csr.menvcfg & MENVCFG_STCE;
	u64 now_ns = hart_now_ns(h);
	bool due = on && h->mtime(h->mtime_arg, now_ns) >= h->csr.stimecmp;
	u64 when_ns = on && !due ? h->ns_of_mtime(h->mtime_arg, h->csr.stimecmp) : CLOCK_NEVER;

	/* Not due, but has been: mtime wrapped since the clock last moved. It takes 2^64 ticks to come again. */
	clock_arm(h->clock, &h->timer, when_ns > now_ns ? when_ns : CLOCK_NEVER);
	hart_set_wire(h, WIRE_STI, due);
}

void hart_mtime_changed(void *hart)
{
	hart_update_timer(hart);
}

/* Context */

static void update_fp(struct hart *h)
{
	u64 fs = bits(h->csr.mstatus, MSTATUS_FS_SHIFT + 1, MSTATUS_FS_SHIFT);

	h->fp_on = fs != FS_OFF;
	h->fp_fast = fs == FS_DIRTY && h->csr.frm < FP_RMM;
}

void hart_update_context(struct hart *h)
{
	mmu_set_context(&h->mmu, h->priv, h->csr.mstatus, h->csr.menvcfg & MENVCFG_ADUE,
	                h->csr.menvcfg & MENVCFG_PBMTE);
	h->jumps = h->jump_caches[h->priv];
	update_fp(h);
}

void hart_set_fs_dirty(struct hart *h)
{
	h->csr.mstatus |= MSTATUS_FS;
	update_fp(h);
}

/* Observation */

void hart_trace_head(void *hart, struct trace_head *head)
{
	const struct hart *h = hart;

	*head = (struct trace_head){
		.pc = h->pc,
		.instret = hart_instret(h),
		.time_ns = hart_time_ns(h),
		.hart = h->id,
		.priv = h->priv,
	};
}

void hart_update_observing(struct hart *h)
{
	bool accesses = mmu_needs_all(&h->mmu) || trace_wants(h->trace, TRACE_REF);
	u8 wanted = 0;

	h->fetches_seen = accesses;
	if (accesses || counters_need_observer(h) || trace_wants(h->trace, TRACE_INSN) ||
	    trace_wants(h->trace, TRACE_MEM))
		wanted |= OBSERVE_INSNS;
	if (accesses || trace_wants(h->trace, TRACE_MEM))
		wanted |= OBSERVE_ACCESSES;
	h->observe_wanted = wanted;
	h->mmu.again.size = 0;
	if (wanted != h->observed)
		h->mmu.device_touched = true;
}

void hart_switch_observing(struct hart *h)
{
	u8 changed = h->observed ^ h->observe_wanted;

	h->observed = h->observe_wanted;
	if (changed & OBSERVE_ACCESSES)
		mmu_set_all_slow(&h->mmu, h->observed & OBSERVE_ACCESSES);
	if (changed & OBSERVE_INSNS) {
		h->observing = h->observed & OBSERVE_INSNS;
		hart_flush_jumps(h);
	}
}

/* The two bytes at va, if it is RAM that can be fetched. */
static bool peek_fetch(struct hart *h, u64 va, u32 *half)
{
	struct walk_result result;
	const u8 *ram;

	mmu_probe(&h->mmu, va, ACCESS_FETCH, &result);
	if (result.reason != WALK_OK)
		return false;
	ram = bus_ram(h->mmu.bus, result.pa, 2);
	if (!ram)
		return false;
	*half = ram[0] | (u32)ram[1] << 8;
	return true;
}

u32 hart_raw_insn(struct hart *h)
{
	u32 low, high;

	if (!peek_fetch(h, h->pc, &low))
		return 0;
	if (insn_length((u16)low) == 2)
		return low;
	return peek_fetch(h, h->pc + 2, &high) ? low | high << 16 : 0;
}
