/*
 * Counting by difference: see counters.h.
 *
 * For counter i, csr.hpm_counting says whether it counts now (not inhibited, has an event, mode not filtered). Its
 * value is hpm_base, plus (source - hpm_start) while it counts. Bringing the two up to date ("sync") is where an
 * overflow shows: the sum is then less than the base. The clock's event `overflow` makes sure that a sync happens in
 * time.
 */
#include "cpu/counters.h"

#include <string.h>

#include "cpu/csr.h"

/* Beyond this many steps no overflow is foretold. */
#define FORETOLD_STEPS BIT(48)
/* No slow path counts more often than this in a step: walks of both pages of an instruction and of its data, five
 * levels each. */
#define SLOW_MOST_A_STEP 32
/* No step waits for memory more often: walks of both pages of an instruction and of its data, five PTEs each, the TLB's
 * second level for each, and up to three lines for each of the instruction and its data; twice, because an instruction
 * may be fetched again. */
#define WAITS_MOST_A_STEP 64

enum event_kind { KIND_NONE, KIND_STEPS, KIND_SLOW, KIND_SEEN };

static enum event_kind kind_of(u64 selector)
{
	switch (selector) {
#define EVENT(id, selector, kind, source)                                                                              \
	case EVENT_##id:                                                                                               \
		return KIND_##kind;
#include "cpu/counters.def"
#undef EVENT
	default:
		return KIND_NONE;
	}
}

static u64 source_of(const struct hart *h, u32 i)
{
	switch (h->csr.hpm_event[i] & HPMEVENT_SELECTOR) {
#define EVENT(id, selector, kind, source)                                                                              \
	case EVENT_##id:                                                                                               \
		return source;
#include "cpu/counters.def"
#undef EVENT
	default:
		return 0;
	}
}

static bool is_counting(const struct hart *h, u32 i)
{
	return h->csr.hpm_counting >> i & 1;
}

/* Not inhibited, and there is something to count. */
static bool is_enabled(const struct hart *h, u32 i)
{
	return !(h->csr.mcountinhibit >> i & 1) && h->csr.hpm_event[i] & HPMEVENT_SELECTOR;
}

/* Counts in the mode that the hart is in. */
static bool is_mode_counted(const struct hart *h, u32 i)
{
	static const u64 filter[] = { [PRIV_U] = HPMEVENT_UINH, [PRIV_S] = HPMEVENT_SINH, [PRIV_M] = HPMEVENT_MINH };

	return !(h->csr.hpm_event[i] & filter[h->priv]);
}

u64 counters_read(const struct hart *h, u32 i)
{
	return h->csr.hpm_base[i] + (is_counting(h, i) ? source_of(h, i) - h->csr.hpm_start[i] : 0);
}

static void overflow(struct hart *h, u32 i)
{
	if (!isa_has(h->isa, EXT_SSCOFPMF) || i < COUNTER_HPM_FIRST || i >= HPM_COUNTERS)
		return;
	if (h->csr.hpm_event[i] & HPMEVENT_OF)
		return;
	h->csr.hpm_event[i] |= HPMEVENT_OF;
	h->csr.mip_soft |= MIP_LCOFIP;
	hart_update_attention(h);
}

static void sync(struct hart *h, u32 i)
{
	u64 before = h->csr.hpm_base[i];

	if (!is_counting(h, i))
		return;
	h->csr.hpm_base[i] = counters_read(h, i);
	h->csr.hpm_start[i] = source_of(h, i);
	if (h->csr.hpm_base[i] < before)
		overflow(h, i);
}

/* Lets counter i count or not, as its event, its filter, mcountinhibit and the mode have it. */
static void switch_counter(struct hart *h, u32 i)
{
	bool counts = is_enabled(h, i) && is_mode_counted(h, i);

	if (counts == is_counting(h, i))
		return;
	sync(h, i);
	h->csr.hpm_start[i] = source_of(h, i);
	h->csr.hpm_counting ^= 1u << i;
}

/* By how much the event can grow in a step. */
static u64 most_a_step(const struct hart *h, u64 selector)
{
	if (selector == EVENT_CYCLES)
		return h->mmu.cost ? 1 + (u64)WAITS_MOST_A_STEP * cost_longest(cost_config(h->mmu.cost)) : 1;
	return kind_of(selector) == KIND_STEPS ? 1 : SLOW_MOST_A_STEP;
}

/* In how many steps, at the earliest, counter i must be looked at; CLOCK_NEVER if it need not be. */
static u64 steps_to_look(const struct hart *h, u32 i)
{
	u64 to_go = 0 - counters_read(h, i), most = most_a_step(h, h->csr.hpm_event[i] & HPMEVENT_SELECTOR);

	if (h->csr.hpm_event[i] & HPMEVENT_OF || to_go == 0)
		return CLOCK_NEVER;
	if (most > 1) {
		to_go /= most;
		if (to_go < COUNTERS_LATE)
			to_go = COUNTERS_LATE;
	}
	return to_go < FORETOLD_STEPS ? to_go : CLOCK_NEVER;
}

/* Arms the clock for the next look. Returns true if there will be one. */
static bool arm(struct hart *h)
{
	u64 soonest = CLOCK_NEVER;

	h->overflow_parked = false;
	if (isa_has(h->isa, EXT_SSCOFPMF)) {
		for (u32 left = h->csr.hpm_counting >> COUNTER_HPM_FIRST << COUNTER_HPM_FIRST; left; left &= left - 1) {
			u64 steps = steps_to_look(h, (u32)__builtin_ctz(left));

			if (steps < soonest)
				soonest = steps;
		}
	}
	if (soonest == CLOCK_NEVER) {
		clock_disarm(h->clock, &h->overflow);
		return false;
	}
	clock_arm(h->clock, &h->overflow, hart_now_ns(h) + soonest);
	return true;
}

/* Counters have begun or ceased to count, by the guest's wish. */
static void changed(struct hart *h)
{
	h->csr.hpm_filtered = 0;
	for (u32 i = 0; i < HPM_COUNTERS; i++) {
		switch_counter(h, i);
		if (is_enabled(h, i) && h->csr.hpm_event[i] & (HPMEVENT_MINH | HPMEVENT_SINH | HPMEVENT_UINH))
			h->csr.hpm_filtered |= 1u << i;
	}
	if (arm(h))
		h->mmu.device_touched = true;
	hart_update_observing(h);
}

/* The clock's event. A hart in WFI counts nothing: time that passes meanwhile is not to be chopped up. */
static void on_overflow(void *arg)
{
	struct hart *h = arg;

	if (h->waiting) {
		h->overflow_parked = true;
		return;
	}
	counters_sync(h);
	(void)arm(h);
}

void counters_reset(struct hart *h)
{
	h->overflow.fire = on_overflow;
	h->overflow.arg = h;
	memset(h->csr.hpm_event, 0, sizeof(h->csr.hpm_event));
	memset(h->csr.hpm_base, 0, sizeof(h->csr.hpm_base));
	h->csr.hpm_counting = 0;
	h->csr.mcountinhibit = 0;
	h->csr.hpm_event[COUNTER_CYCLE] = EVENT_CYCLES;
	h->csr.hpm_event[COUNTER_INSTRET] = EVENT_INSTRET;
	changed(h);
}

void counters_write(struct hart *h, u32 i, u64 value)
{
	if (i >= COUNTER_HPM_FIRST && !isa_has(h->isa, EXT_ZIHPM))
		return;
	h->csr.hpm_base[i] = value;
	h->csr.hpm_start[i] = source_of(h, i);
	if (i >= COUNTER_HPM_FIRST && arm(h))
		h->mmu.device_touched = true;
}

void counters_set_event(struct hart *h, u32 i, u64 value)
{
	u64 selector = value & HPMEVENT_SELECTOR;
	u64 flags = isa_has(h->isa, EXT_SSCOFPMF) ? HPMEVENT_OF | HPMEVENT_MINH | HPMEVENT_SINH | HPMEVENT_UINH : 0;

	if (!isa_has(h->isa, EXT_ZIHPM))
		return;
	if (kind_of(selector) == KIND_NONE)
		selector = EVENT_NONE;
	sync(h, i);
	h->csr.hpm_counting &= ~(1u << i);
	h->csr.hpm_event[i] = (value & flags) | selector;
	changed(h);
}

void counters_set_inhibit(struct hart *h, u64 value)
{
	u64 writable = isa_has(h->isa, EXT_ZIHPM) ? 0xfffffffd : BIT(COUNTER_CYCLE) | BIT(COUNTER_INSTRET);

	h->csr.mcountinhibit = value & writable;
	changed(h);
}

void counters_sync(struct hart *h)
{
	for (u32 left = h->csr.hpm_counting >> COUNTER_HPM_FIRST << COUNTER_HPM_FIRST; left; left &= left - 1)
		sync(h, (u32)__builtin_ctz(left));
}

u64 counters_overflowed(const struct hart *h)
{
	u64 set = 0;

	for (u32 i = COUNTER_HPM_FIRST; i < HPM_COUNTERS; i++)
		set |= h->csr.hpm_event[i] & HPMEVENT_OF ? BIT(i) : 0;
	return set;
}

void counters_switch_mode(struct hart *h)
{
	u32 before = h->csr.hpm_counting;

	for (u32 left = h->csr.hpm_filtered; left; left &= left - 1)
		switch_counter(h, (u32)__builtin_ctz(left));
	if (h->csr.hpm_counting != before && arm(h))
		h->mmu.device_touched = true;
}

void counters_unpark(struct hart *h)
{
	if (arm(h))
		h->mmu.device_touched = true;
}

bool counters_need_observer(const struct hart *h)
{
	for (u32 i = COUNTER_HPM_FIRST; i < HPM_COUNTERS; i++)
		if (is_enabled(h, i) && kind_of(h->csr.hpm_event[i] & HPMEVENT_SELECTOR) == KIND_SEEN)
			return true;
	return false;
}
