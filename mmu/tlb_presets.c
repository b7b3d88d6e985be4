/*
 * TLB geometries by name. Sizes, associativity, what is split, what a second level and a walk cache hold. The entry
 * counts follow the project's table of cores; superpage arrays and who traps on A and D are the authors' best knowledge
 * and were not checked against each core's sources. Sectored entries, banking, prefetch and timing are left out.
 */
#include "mmu/tlb.h"

#include <string.h>

#define TOP (WALK_LEVELS_MAX - 1)

/* Arrays for all page sizes, base pages only, superpages only. */
#define ALL(n_sets, n_ways, policy)                                                                                    \
	{                                                                                                              \
		.sets = (n_sets), .ways = (n_ways), .replacement = (policy), .max_level = TOP                          \
	}
#define BASE(n_sets, n_ways, policy)                                                                                   \
	{                                                                                                              \
		.sets = (n_sets), .ways = (n_ways), .replacement = (policy)                                            \
	}
#define SUPER(n_ways, policy)                                                                                          \
	{                                                                                                              \
		.sets = 1, .ways = (n_ways), .replacement = (policy), .min_level = 1, .max_level = TOP                 \
	}
/* A walk cache for pointers found at levels from..to. */
#define WALK(n_sets, n_ways, policy, from, to)                                                                         \
	{                                                                                                              \
		.sets = (n_sets), .ways = (n_ways), .replacement = (policy), .min_level = (from), .max_level = (to)    \
	}

static const struct tlb_config presets[] = {
	{
		.name = "fast",
		.first = { { ALL(4096, 8, TLB_FIFO) } },
	},
	{
		.name = "teach",
		.split = true,
		.first = { { ALL(1, 4, TLB_LRU) }, { ALL(1, 4, TLB_LRU) } },
	},
	{
		.name = "rocket",
		.split = true,
		.first = { { BASE(1, 32, TLB_PLRU), SUPER(4, TLB_PLRU) },
	                   { BASE(1, 32, TLB_PLRU), SUPER(4, TLB_PLRU) } },
		.walk_cache = { WALK(1, 8, TLB_PLRU, 1, TOP) },
		.ad_trap = true,
	},
	{
		.name = "boom",
		.split = true,
		.first = { { BASE(1, 8, TLB_PLRU), SUPER(4, TLB_PLRU) },
	                   { BASE(1, 32, TLB_PLRU), SUPER(4, TLB_PLRU) } },
		.second = { BASE(512, 1, TLB_FIFO) },
		.walk_cache = { WALK(1, 8, TLB_PLRU, 1, TOP) },
		.ad_trap = true,
	},
	{
		.name = "boom-mega",
		.split = true,
		.first = { { BASE(1, 32, TLB_PLRU), SUPER(4, TLB_PLRU) },
	                   { BASE(1, 32, TLB_PLRU), SUPER(4, TLB_PLRU) } },
		.second = { BASE(512, 1, TLB_FIFO) },
		.walk_cache = { WALK(1, 8, TLB_PLRU, 1, TOP) },
		.ad_trap = true,
	},
	{
		.name = "cva6",
		.split = true,
		.first = { { ALL(1, 16, TLB_PLRU) }, { ALL(1, 16, TLB_PLRU) } },
		.ad_trap = true,
	},
	{
		.name = "u54",
		.split = true,
		.first = { { ALL(1, 32, TLB_PLRU) }, { ALL(1, 32, TLB_PLRU) } },
		.ad_trap = true,
	},
	{
		.name = "u74",
		.split = true,
		.first = { { ALL(1, 40, TLB_PLRU) }, { ALL(1, 40, TLB_PLRU) } },
		.second = { BASE(512, 1, TLB_FIFO) },
		.ad_trap = true,
	},
	{
		.name = "xiangshan",
		.split = true,
		.first = { { ALL(1, 48, TLB_PLRU) }, { ALL(1, 48, TLB_PLRU) } },
		.second = { BASE(32, 8, TLB_PLRU), SUPER(16, TLB_PLRU) },
		.walk_cache = { WALK(8, 4, TLB_PLRU, 1, 1), WALK(1, 16, TLB_PLRU, 2, 2),
	                        WALK(1, 16, TLB_PLRU, 3, TOP) },
		.ad_trap = true,
	},
	{
		.name = "champsim",
		.split = true,
		.first = { { ALL(16, 4, TLB_LRU) }, { ALL(16, 4, TLB_LRU) } },
		.second = { ALL(128, 12, TLB_LRU) },
		.walk_cache = { WALK(4, 8, TLB_LRU, 1, 1), WALK(2, 4, TLB_LRU, 2, 2), WALK(1, 4, TLB_LRU, 3, 3),
	                        WALK(1, 2, TLB_LRU, 4, 4) },
	},
	{
		/* For --check: forgets nothing, and keeps pointers too, so that all that is missing shows. */
		.name = "check",
		.first = { { ALL(4096, 8, TLB_FIFO) } },
		.walk_cache = { WALK(64, 8, TLB_FIFO, 1, TOP) },
	},
	{
		.name = "adversarial",
		.split = true,
		.first = { { ALL(4096, 8, TLB_FIFO) }, { ALL(4096, 8, TLB_FIFO) } },
		.walk_cache = { WALK(64, 8, TLB_FIFO, 1, TOP) },
		.cache_invalid = true,
		.keep_denied = true,
		.forget_one_in = 64,
		.seed = 1,
	},
};

const struct tlb_config *tlb_preset_at(u32 i)
{
	return i < ARRAY_SIZE(presets) ? &presets[i] : NULL;
}

const struct tlb_config *tlb_preset(const char *name)
{
	for (u32 i = 0; i < ARRAY_SIZE(presets); i++) {
		if (strcmp(presets[i].name, name) == 0)
			return &presets[i];
	}
	return NULL;
}

void tlb_make_adversarial(struct tlb_config *config)
{
	const struct tlb_config *adversary = tlb_preset("adversarial");

	config->cache_invalid = adversary->cache_invalid;
	config->keep_denied = adversary->keep_denied;
	config->forget_one_in = adversary->forget_one_in;
	if (!config->seed)
		config->seed = adversary->seed;
}
