/*
 * SBI "Performance Monitoring Unit Extension" (PMU): gives out the counters of pmu.h. The shared-memory snapshot is not
 * supported.
 */
#include "firmware/csr.h"
#include "firmware/hart.h"
#include "firmware/sbi.h"

enum { NUM_COUNTERS, COUNTER_GET_INFO, CONFIG_MATCHING, START, STOP, FW_READ, FW_READ_HI };

/* config_flags */
#define CONFIG_SKIP_MATCH BIT(0) /* take the first counter named, even if it is in use */
#define CONFIG_CLEAR_VALUE BIT(1)
#define CONFIG_AUTO_START BIT(2)
/* Filters; those for modes that cannot be told apart are ignored, as the spec allows. */
#define CONFIG_NOT_IN_VU BIT(3)
#define CONFIG_NOT_IN_VS BIT(4)
#define CONFIG_NOT_IN_U BIT(5)
#define CONFIG_NOT_IN_S BIT(6)
#define CONFIG_NOT_IN_M BIT(7)
#define CONFIG_ALL (BIT(8) - 1)

/* start_flags, stop_flags */
#define START_SET_VALUE BIT(0)
#define START_SNAPSHOT BIT(1)
#define STOP_RESET BIT(0) /* the counter is given back */
#define STOP_SNAPSHOT BIT(1)

/* counter_get_info: CSR number in bits 11:0, width less one in 17:12, bit 63 for the firmware's */
#define INFO_WIDTH_SHIFT 12
#define INFO_FIRMWARE BIT(63)

#define EVENT_IDX_MAX 0xfffff
#define RAW_SELECTOR_MAX (BIT(48) - 1)
#define EVENT_TYPE_RAW 2

/* The counters that counter_idx_base and counter_idx_mask name, a bit each; false: one of them does not exist. */
static bool resolve(const struct hart *hart, u64 base, u64 mask, u64 *counters)
{
	*counters = 0;
	if (mask == 0)
		return true;
	if (base >= PMU_COUNTERS || (base > 0 && mask >> (64 - base)))
		return false;
	*counters = mask << base;
	return !(*counters & ~hart->pmu.exist);
}

static struct sbi_result get_info(const struct hart *hart, u64 counter)
{
	if (counter >= PMU_COUNTERS || !(hart->pmu.exist & BIT(counter)))
		return sbi_error(SBI_INVALID_PARAM);
	if (counter >= PMU_HARDWARE_COUNTERS)
		return sbi_value(INFO_FIRMWARE);
	return sbi_value((CSR_COUNTER + counter) | (u64)(hart->pmu.bits[counter] - 1) << INFO_WIDTH_SHIFT);
}

static u64 free_counters(const struct hart *hart)
{
	u64 free = 0;

	for (u32 i = 0; i < PMU_COUNTERS; i++)
		if (hart->pmu.event[i] == PMU_NO_EVENT)
			free |= BIT(i);
	return free;
}

/*
 * With Sscofpmf, counters 3 to 31 can do more than cycle and instret (filter, interrupt), so those are the last resort;
 * without it, they are as good, and the others are kept for other events.
 */
static u32 choose(const struct hart *hart, u64 able)
{
	u64 plain = able & 7;

	if (plain && (!hart->features.sscofpmf || plain == able))
		return lowest_bit(plain);
	return lowest_bit(able & ~7ul);
}

/* Tries the able counters one after another: a hart may refuse. */
static struct sbi_result configure(struct hart *hart, u64 able, u64 flags, u32 event, u64 selector)
{
	u32 filters = (flags & CONFIG_NOT_IN_U ? PMU_NOT_IN_U : 0) | (flags & CONFIG_NOT_IN_S ? PMU_NOT_IN_S : 0);

	while (able) {
		u32 counter = choose(hart, able);

		if (pmu_configure(hart, counter, event, selector, filters)) {
			if (flags & CONFIG_CLEAR_VALUE)
				pmu_write(hart, counter, 0);
			if (flags & CONFIG_AUTO_START)
				pmu_start(hart, counter);
			return sbi_value(counter);
		}
		able &= ~BIT(counter);
	}
	return sbi_error(SBI_NOT_SUPPORTED);
}

/* arg: counter_idx_base, counter_idx_mask, config_flags, event_idx, event_data */
static struct sbi_result config_matching(struct hart *hart, const u64 arg[6])
{
	u64 counters, flags = arg[2], event = arg[3], selector = 0;

	if (!resolve(hart, arg[0], arg[1], &counters) || !counters || flags & ~CONFIG_ALL)
		return sbi_error(SBI_INVALID_PARAM);
	if (event > EVENT_IDX_MAX)
		return sbi_error(SBI_NOT_SUPPORTED);
	if (event >> 16 == EVENT_TYPE_RAW)
		selector = arg[4];
	if (selector > RAW_SELECTOR_MAX)
		return sbi_error(SBI_NOT_SUPPORTED);
	counters = flags & CONFIG_SKIP_MATCH ? counters & -counters : counters & free_counters(hart);
	return configure(hart, pmu_able(hart, counters, (u32)event, selector), flags, (u32)event, selector);
}

/* arg: counter_idx_base, counter_idx_mask, start_flags, initial_value. Those that can be started are. */
static struct sbi_result start(struct hart *hart, const u64 arg[6])
{
	struct sbi_result result = sbi_value(0);
	u64 counters, flags = arg[2];

	if (!resolve(hart, arg[0], arg[1], &counters) || flags & ~(START_SET_VALUE | START_SNAPSHOT))
		return sbi_error(SBI_INVALID_PARAM);
	if (flags & START_SNAPSHOT)
		return sbi_error(SBI_NO_SHMEM);
	for_each_bit(i, counters) {
		if (hart->pmu.started & BIT(i)) {
			result = sbi_error(SBI_ALREADY_STARTED);
			continue;
		}
		if (flags & START_SET_VALUE)
			pmu_write(hart, (u32)i, arg[3]);
		pmu_start(hart, (u32)i);
	}
	return result;
}

/* arg: counter_idx_base, counter_idx_mask, stop_flags. Those that can be stopped are; all are given back if asked. */
static struct sbi_result stop(struct hart *hart, const u64 arg[6])
{
	struct sbi_result result = sbi_value(0);
	u64 counters, flags = arg[2];

	if (!resolve(hart, arg[0], arg[1], &counters) || flags & ~(STOP_RESET | STOP_SNAPSHOT))
		return sbi_error(SBI_INVALID_PARAM);
	if (flags & STOP_SNAPSHOT)
		return sbi_error(SBI_NO_SHMEM);
	for_each_bit(i, counters) {
		if (hart->pmu.started & BIT(i))
			pmu_stop(hart, (u32)i);
		else
			result = sbi_error(SBI_ALREADY_STOPPED);
		if (flags & STOP_RESET)
			pmu_release(hart, (u32)i);
	}
	return result;
}

static struct sbi_result fw_read(const struct hart *hart, u64 counter)
{
	if (counter < PMU_HARDWARE_COUNTERS || counter >= PMU_COUNTERS)
		return sbi_error(SBI_INVALID_PARAM);
	return sbi_value(hart->pmu.value[counter - PMU_HARDWARE_COUNTERS]);
}

static struct sbi_result handle(struct hart *hart, u64 function, const u64 arg[6])
{
	struct sbi_result result;

	switch (function) {
	case NUM_COUNTERS:
		return sbi_value(PMU_COUNTERS);
	case COUNTER_GET_INFO:
		return get_info(hart, arg[0]);
	case CONFIG_MATCHING:
		return config_matching(hart, arg);
	case START:
		return start(hart, arg);
	case STOP:
		return stop(hart, arg);
	case FW_READ:
		return fw_read(hart, arg[0]);
	case FW_READ_HI: /* the upper half is for RV32 */
		result = fw_read(hart, arg[0]);
		return result.error ? result : sbi_value(0);
	default:
		return sbi_error(SBI_NOT_SUPPORTED);
	}
}

const struct sbi_extension sbi_pmu = { .first = 0x504d55, .last = 0x504d55, .handle = handle };
