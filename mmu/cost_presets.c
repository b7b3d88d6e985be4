/*
 * Timing by the name of a core: the structure that its publishers tell (sizes, ways, lines of the caches in the usual
 * configuration), and latencies that are round numbers of the right order. Nothing here was calibrated against silicon
 * or RTL: compare runs with one another, not with a core.
 */
#include "mmu/cost.h"

#include <string.h>

#define LINE 64
#define CACHE(kib, n_ways, cycles)                                                                                     \
	{                                                                                                              \
		.size = (kib)*1024, .ways = (n_ways), .line = LINE, .latency = (cycles)                                \
	}

static const struct cost_config presets[] = {
	/* Small enough that a student's program misses in it, and no second level to explain. */
	{
		.name = "teach",
		.l1i = CACHE(1, 2, 1),
		.l1d = CACHE(1, 2, 1),
		.memory_latency = 20,
	},
	/* Default "big core" of its generator, with its usual inclusive cache. */
	{
		.name = "rocket",
		.l1i = CACHE(16, 4, 1),
		.l1d = CACHE(16, 4, 2),
		.l2 = CACHE(512, 8, 20),
		.memory_latency = 100,
		.walk_cache_latency = 1,
	},
	{
		.name = "boom",
		.l1i = CACHE(16, 4, 1),
		.l1d = CACHE(16, 4, 3),
		.l2 = CACHE(512, 8, 20),
		.memory_latency = 100,
		.second_latency = 2,
		.walk_cache_latency = 1,
	},
	{
		.name = "boom-mega",
		.l1i = CACHE(32, 8, 1),
		.l1d = CACHE(32, 8, 3),
		.l2 = CACHE(512, 8, 20),
		.memory_latency = 100,
		.second_latency = 2,
		.walk_cache_latency = 1,
	},
	{
		.name = "cva6",
		.l1i = { .size = 16 * 1024, .ways = 4, .line = 16, .latency = 1 },
		.l1d = { .size = 32 * 1024, .ways = 8, .line = 16, .latency = 2 },
		.memory_latency = 60,
	},
	{
		.name = "u54",
		.l1i = CACHE(32, 8, 1),
		.l1d = CACHE(32, 8, 2),
		.l2 = CACHE(2048, 16, 20),
		.memory_latency = 120,
	},
	{
		.name = "u74",
		.l1i = CACHE(32, 4, 1),
		.l1d = CACHE(32, 8, 2),
		.l2 = CACHE(2048, 16, 20),
		.memory_latency = 120,
		.second_latency = 3,
	},
	/* Its walker sits at the second level. */
	{
		.name = "xiangshan",
		.l1i = CACHE(64, 4, 1),
		.l1d = CACHE(64, 4, 4),
		.l2 = CACHE(1024, 8, 15),
		.memory_latency = 200,
		.second_latency = 3,
		.walk_cache_latency = 3,
		.walks_skip_l1 = true,
	},
	{
		.name = "champsim",
		.l1i = CACHE(32, 8, 4),
		.l1d = CACHE(48, 12, 5),
		.l2 = CACHE(512, 8, 10),
		.memory_latency = 200,
		.second_latency = 8,
		.walk_cache_latency = 1,
	},
};

const struct cost_config *cost_preset_at(u32 i)
{
	return i < ARRAY_SIZE(presets) ? &presets[i] : NULL;
}

const struct cost_config *cost_preset(const char *name)
{
	for (u32 i = 0; i < ARRAY_SIZE(presets); i++)
		if (strcmp(presets[i].name, name) == 0)
			return &presets[i];
	return NULL;
}
