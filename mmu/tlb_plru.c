/*
 * PLRU: a binary tree over the ways, rounded up to a power of two; each node's bit points to the half that was used
 * longer ago. Where the number of ways is no power of two, a half without ways is never chosen.
 */
#include "mmu/tlb_internal.h"

static u32 tree_leaves(u32 ways)
{
	return ways == 1 ? 1 : 1u << (32 - __builtin_clz(ways - 1));
}

void tlb_plru_touch(u64 *tree, u32 ways, u32 way)
{
	for (u32 node = tree_leaves(ways) + way; node > 1; node /= 2) {
		if (node & 1)
			*tree &= ~BIT(node / 2);
		else
			*tree |= BIT(node / 2);
	}
}

u32 tlb_plru_victim(u64 tree, u32 ways)
{
	u32 node = 1, first = 0;

	for (u32 half = tree_leaves(ways) / 2; half > 0; half /= 2) {
		bool right = tree >> node & 1 && first + half < ways;

		node = 2 * node + right;
		first += right ? half : 0;
	}
	return first;
}
