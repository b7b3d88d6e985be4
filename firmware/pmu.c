/*
 * Performance counters: see pmu.h. SBI's "Performance Monitoring Unit" says what an event_idx is; which of the hart's
 * counters can count it, and what mhpmevent must hold for it, is in the device tree (board.h).
 */
#include "firmware/pmu.h"

#include "firmware/board.h"
#include "firmware/guard.h"
#include "firmware/hart.h"

#define CYCLE 0u
#define TIME 1u
#define INSTRET 2u
#define FIRST_HPM 3u

/* event_idx: a type in bits 19:16, a code below. */
#define EVENT_TYPE(event) ((event) >> 16)
#define EVENT_CODE(event) ((event)&0xffff)
#define TYPE_HARDWARE 0
#define TYPE_CACHE 1
#define TYPE_RAW 2
#define TYPE_FIRMWARE 15
#define EVENT_CYCLES 1
#define EVENT_INSTRUCTIONS 2

#define HARDWARE_MASK (BIT(PMU_HARDWARE_COUNTERS) - 1)
#define HPM_MASK (HARDWARE_MASK & -BIT(FIRST_HPM))
#define FIRMWARE_MASK ((BIT(PMU_FIRMWARE_COUNTERS) - 1) << PMU_HARDWARE_COUNTERS)

static bool is_firmware(u32 counter)
{
	return counter >= PMU_HARDWARE_COUNTERS;
}

/* A counter that is not there reads as 0, if it can be read at all. */
static void find_counter(struct pmu *pmu, u32 counter)
{
	u64 before, widest = 0;

	if (!pmu_csr_read(counter, &before) || !pmu_csr_write(counter, ~0ul) || !pmu_csr_read(counter, &widest))
		return;
	pmu_csr_write(counter, before);
	if (counter == CYCLE || counter == INSTRET)
		widest = ~0ul; /* always 64 bits; they may have wrapped round meanwhile */
	if (!widest)
		return;
	pmu->exist |= BIT(counter);
	for (; widest; widest >>= 1)
		pmu->bits[counter]++;
}

void pmu_setup(struct hart *hart)
{
	struct pmu *pmu = &hart->pmu;

	csr_try_write(CSR_MCOUNTINHIBIT, HPM_MASK);
	pmu->exist = FIRMWARE_MASK;
	pmu->started = BIT(CYCLE) | BIT(INSTRET);
	for (u32 i = 0; i < PMU_COUNTERS; i++)
		pmu->event[i] = PMU_NO_EVENT;
	for (u32 i = 0; i < PMU_HARDWARE_COUNTERS; i++)
		if (i != TIME)
			find_counter(pmu, i);
	for (u32 i = FIRST_HPM; i < PMU_HARDWARE_COUNTERS; i++)
		if (pmu->exist & BIT(i))
			pmu_event_write(i, 0);
}

void pmu_count(struct hart *hart, enum pmu_firmware_event event)
{
	struct pmu *pmu = &hart->pmu;

	for_each_bit(i, pmu->started & FIRMWARE_MASK) {
		if (pmu->event[i] == (TYPE_FIRMWARE << 16 | event))
			pmu->value[i - PMU_HARDWARE_COUNTERS]++;
	}
}

/* Without a word in the device tree, mhpmevent takes SBI's own numbers: that is what SBI recommends. */
static u64 selector_of(u32 event, u64 raw_selector)
{
	if (EVENT_TYPE(event) == TYPE_RAW)
		return raw_selector;
	for (u32 i = 0; i < board.selector_count; i++)
		if (board.selectors[i].event == event)
			return board.selectors[i].selector;
	return event;
}

static u64 hardware_able(u32 event)
{
	u64 able = 0;

	if (event == EVENT_CYCLES)
		able = BIT(CYCLE);
	if (event == EVENT_INSTRUCTIONS)
		able = BIT(INSTRET);
	for (u32 i = 0; i < board.counters_count; i++)
		if (event >= board.counters[i].first && event <= board.counters[i].last)
			able |= board.counters[i].counters & HPM_MASK;
	return able;
}

static u64 raw_able(u64 selector)
{
	u64 able = 0;

	for (u32 i = 0; i < board.raw_count; i++)
		if ((selector & board.raw[i].mask) == board.raw[i].match)
			able |= board.raw[i].counters & HPM_MASK;
	return able;
}

u64 pmu_able(const struct hart *hart, u64 among, u32 event, u64 selector)
{
	u64 able = 0;

	switch (EVENT_TYPE(event)) {
	case TYPE_HARDWARE:
	case TYPE_CACHE:
		able = EVENT_CODE(event) || EVENT_TYPE(event) ? hardware_able(event) : 0; /* 0 is "no event" */
		break;
	case TYPE_RAW:
		able = EVENT_CODE(event) == 0 ? raw_able(selector) : 0;
		break;
	case TYPE_FIRMWARE:
		able = EVENT_CODE(event) < PMU_FIRMWARE_EVENTS ? FIRMWARE_MASK : 0;
		break;
	default:
		break;
	}
	return able & among & hart->pmu.exist;
}

/* What M mode does is never counted: it is not the supervisor's doing. */
static bool set_event(const struct hart *hart, u32 counter, u64 selector, u32 filters)
{
	u64 bits = 0, taken;

	if (hart->features.sscofpmf)
		bits = MHPMEVENT_MINH | (filters & PMU_NOT_IN_S ? MHPMEVENT_SINH : 0) |
		       (filters & PMU_NOT_IN_U ? MHPMEVENT_UINH : 0);
	return pmu_event_write(counter, selector | bits) && pmu_event_read(counter, &taken) &&
	       (taken & ~(bits | MHPMEVENT_OF)) == selector;
}

bool pmu_configure(struct hart *hart, u32 counter, u32 event, u64 selector, u32 filters)
{
	bool is_hpm = BIT(counter) & HPM_MASK;

	if (is_hpm && !set_event(hart, counter, selector_of(event, selector), filters)) {
		pmu_event_write(counter, 0);
		return false;
	}
	hart->pmu.event[counter] = event;
	return true;
}

void pmu_release(struct hart *hart, u32 counter)
{
	if (BIT(counter) & HPM_MASK)
		pmu_event_write(counter, 0);
	hart->pmu.event[counter] = PMU_NO_EVENT;
}

void pmu_write(struct hart *hart, u32 counter, u64 value)
{
	if (is_firmware(counter))
		hart->pmu.value[counter - PMU_HARDWARE_COUNTERS] = value;
	else
		pmu_csr_write(counter, value);
}

/* The bit in mcountinhibit, of harts that have it: the others' counters never stand still. */
static void inhibit(u32 counter, bool value)
{
	u64 inhibited;

	if (!csr_try_read(CSR_MCOUNTINHIBIT, &inhibited))
		return;
	csr_write(CSR_MCOUNTINHIBIT, value ? inhibited | BIT(counter) : inhibited & ~BIT(counter));
}

/*
 * An overflow is signalled when OF becomes 1, so it must be 0 at the start; but not if the supervisor has an overflow
 * interrupt pending and may yet want to see whose it was.
 */
static void rearm_overflow(const struct hart *hart, u32 counter)
{
	u64 event;

	if (!hart->features.sscofpmf || csr_read(CSR_MIP) & IRQ_LCOFI || !pmu_event_read(counter, &event))
		return;
	pmu_event_write(counter, event & ~MHPMEVENT_OF);
}

void pmu_start(struct hart *hart, u32 counter)
{
	if (!is_firmware(counter)) {
		if (BIT(counter) & HPM_MASK)
			rearm_overflow(hart, counter);
		inhibit(counter, false);
	}
	hart->pmu.started |= BIT(counter);
}

void pmu_stop(struct hart *hart, u32 counter)
{
	if (!is_firmware(counter))
		inhibit(counter, true);
	hart->pmu.started &= ~BIT(counter);
}
