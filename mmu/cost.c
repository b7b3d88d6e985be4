/*
 * The timing model: see cost.h. Its place is kept here until it comes: there is none yet, so nobody calls these.
 */
#include "mmu/cost.h"

struct cost {
	const struct cost_config *config; /* how it is built */
	struct cost_stats stats;          /* what it counted */
	u64 waited;                       /* cycles */
};

u64 cost_waited(const struct cost *cost)
{
	return cost->waited;
}

const struct cost_stats *cost_stats(const struct cost *cost)
{
	return &cost->stats;
}

const struct cost_config *cost_config(const struct cost *cost)
{
	return cost->config;
}
