/*
 * Slowing the machine down: see pace.h. A bucket that the host's clock fills; the run loop empties it.
 */
#include "emu/pace.h"

#define SECOND_NS 1000000000ull
#define PER_SECOND_MAX SECOND_NS /* more is not told from full speed, and products stay within 64 bits */
#define BURSTS_A_SECOND 50       /* so many times a second steps are made, where there are more than that */
#define PASSED_MAX (2 * SECOND_NS)

void pace_set(struct pace *p, u64 per_second, u64 host_ns)
{
	p->per_second = per_second < PER_SECOND_MAX ? per_second : PER_SECOND_MAX;
	p->since_ns = host_ns;
	p->allowed = p->per_second ? 1 : 0; /* that something happens at once */
}

/* Steps that are made at once: a fiftieth of a second's. */
static u64 burst(const struct pace *p)
{
	u64 steps = p->per_second / BURSTS_A_SECOND;

	return steps ? steps : 1;
}

u64 pace_allowance(struct pace *p, u64 host_ns)
{
	u64 passed = host_ns - p->since_ns, earned;

	if (p->per_second == PACE_FULL)
		return UINT64_MAX;
	if (passed > PASSED_MAX) {
		p->since_ns = host_ns - PASSED_MAX;
		passed = PASSED_MAX;
	}
	earned = passed * p->per_second / SECOND_NS;
	/* What is left over counts for the next step. */
	p->since_ns += earned * SECOND_NS / p->per_second;
	p->allowed += earned;
	/* What was slept through, or could not be made, is not made up for. */
	if (p->allowed > 2 * burst(p))
		p->allowed = 2 * burst(p);
	return p->allowed;
}

u64 pace_wait_ns(const struct pace *p)
{
	if (p->per_second == PACE_FULL || p->allowed >= burst(p))
		return 0;
	return (burst(p) - p->allowed) * SECOND_NS / p->per_second;
}

void pace_made(struct pace *p, u64 steps)
{
	p->allowed -= steps < p->allowed ? steps : p->allowed;
}
