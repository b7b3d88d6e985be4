/*
 * mcycle, minstret, mhpmcounter3 to 31 and mhpmevent3 to 31 by number. The number of a CSR is part of the instruction,
 * so there is one instruction for each.
 */
#include "firmware/guard.h"
#include "firmware/pmu.h"

#define EACH_HPM(op)                                                                                                   \
	op(3) op(4) op(5) op(6) op(7) op(8) op(9) op(10) op(11) op(12) op(13) op(14) op(15) op(16) op(17) op(18)       \
		op(19) op(20) op(21) op(22) op(23) op(24) op(25) op(26) op(27) op(28) op(29) op(30) op(31)

#define READ_COUNTER(n)                                                                                                \
	case n:                                                                                                        \
		return csr_try_read(CSR_MCOUNTER + (n), value);
#define WRITE_COUNTER(n)                                                                                               \
	case n:                                                                                                        \
		return csr_try_write(CSR_MCOUNTER + (n), value);
#define READ_EVENT(n)                                                                                                  \
	case n:                                                                                                        \
		return csr_try_read(CSR_MHPMEVENT + (n), event);
#define WRITE_EVENT(n)                                                                                                 \
	case n:                                                                                                        \
		return csr_try_write(CSR_MHPMEVENT + (n), event);

bool pmu_csr_read(u32 counter, u64 *value)
{
	switch (counter) {
		READ_COUNTER(0)
		READ_COUNTER(2)
		EACH_HPM(READ_COUNTER)
	default:
		return false;
	}
}

bool pmu_csr_write(u32 counter, u64 value)
{
	switch (counter) {
		WRITE_COUNTER(0)
		WRITE_COUNTER(2)
		EACH_HPM(WRITE_COUNTER)
	default:
		return false;
	}
}

bool pmu_event_read(u32 counter, u64 *event)
{
	switch (counter) {
		EACH_HPM(READ_EVENT)
	default:
		return false;
	}
}

bool pmu_event_write(u32 counter, u64 event)
{
	switch (counter) {
		EACH_HPM(WRITE_EVENT)
	default:
		return false;
	}
}
