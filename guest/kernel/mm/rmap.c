/*
 * The reverse map. frame->rmap is 0 (nobody maps it), the address of the one PTE with bit 0 set, or the address of the
 * first of a chain of nodes. Of a chain only the first node may have free places, so that frame->maps says how many
 * entries it has; a removed entry's place is taken by the last one of the first node. A chain stays a chain until its
 * last entry goes.
 */
#include "guest/kernel/mm/rmap.h"

#include "guest/kernel/mm/kmalloc.h"
#include "guest/kernel/mm/pagecache.h"
#include "guest/kernel/mm/region.h"
#include "guest/kernel/mm/swap.h"

#define NODE_ENTRIES 3 /* 32 bytes */

struct node {
	struct node *next;
	u64 *ptes[NODE_ENTRIES];
};

static inline bool is_single(const struct frame *frame)
{
	return frame->rmap & 1;
}

static inline u64 *single(const struct frame *frame)
{
	return (u64 *)(frame->rmap & ~1ul);
}

static inline struct node *chain(const struct frame *frame)
{
	return (struct node *)frame->rmap;
}

/* Entries in the first node of a chain. */
static inline unsigned first_count(const struct frame *frame)
{
	return (frame->maps - 1) % NODE_ENTRIES + 1;
}

struct mm *rmap_mm(const u64 *pte)
{
	return frame_of_virtual(pte)->table_mm;
}

u64 rmap_va(const u64 *pte)
{
	return frame_of_virtual(pte)->index + (((u64)pte & PAGE_MASK) / sizeof(u64) << PAGE_SHIFT);
}

static bool needs_node(const struct frame *frame)
{
	return frame->maps && (is_single(frame) || first_count(frame) == NODE_ENTRIES);
}

/* Adds the entry; node: a new one where one is needed. */
static void add(struct frame *frame, u64 *pte, struct node *node)
{
	if (!frame->maps) {
		frame->rmap = (u64)pte | 1;
	} else if (is_single(frame)) {
		*node = (struct node){ .ptes = { single(frame), pte } };
		frame->rmap = (u64)node;
	} else if (node) {
		*node = (struct node){ .next = chain(frame), .ptes = { pte } };
		frame->rmap = (u64)node;
	} else {
		chain(frame)->ptes[first_count(frame)] = pte;
	}
	frame->maps++;
}

bool rmap_add_nowait(struct frame *frame, u64 *pte)
{
	struct node *node = NULL;

	if (needs_node(frame)) {
		node = kmalloc_nowait(sizeof(*node));
		if (!node)
			return false;
	}
	add(frame, pte, node);
	return true;
}

bool rmap_add(struct frame *frame, u64 *pte)
{
	struct node *node = NULL;

	if (needs_node(frame)) {
		node = kmalloc(sizeof(*node));
		if (!node)
			return false;
		if (!needs_node(frame)) { /* others came or went while we slept */
			kfree(node);
			node = NULL;
		}
	}
	add(frame, pte, node);
	return true;
}

/* Where in the chain the entry is kept. */
static u64 **place_of(struct frame *frame, const u64 *pte)
{
	unsigned count = first_count(frame);

	for (struct node *node = chain(frame); node; node = node->next, count = NODE_ENTRIES) {
		for (unsigned i = 0; i < count; i++) {
			if (node->ptes[i] == pte)
				return &node->ptes[i];
		}
	}
	panic("rmap: frame %lx does not know PTE %p", frame_number(frame), (const void *)pte);
}

void rmap_remove(struct frame *frame, u64 *pte)
{
	BUG_ON(!frame->maps);
	if (is_single(frame)) {
		BUG_ON(single(frame) != pte);
		frame->rmap = 0;
		frame->maps = 0;
		return;
	}
	struct node *first = chain(frame);
	unsigned count = first_count(frame);
	*place_of(frame, pte) = first->ptes[count - 1];
	frame->maps--;
	if (count == 1) {
		frame->rmap = (u64)first->next;
		kfree(first);
	}
}

void rmap_move(struct frame *frame, u64 *old, u64 *pte)
{
	BUG_ON(!frame->maps);
	if (is_single(frame)) {
		BUG_ON(single(frame) != old);
		frame->rmap = (u64)pte | 1;
	} else {
		*place_of(frame, old) = pte;
	}
}

/* From the last entry of each node down: what a removal moves has been visited then, and the node after is known. */
void rmap_for_each(struct frame *frame, bool (*visit)(struct frame *frame, u64 *pte, void *context), void *context)
{
	if (!frame->maps)
		return;
	if (is_single(frame)) {
		(void)visit(frame, single(frame), context);
		return;
	}
	unsigned count = first_count(frame);
	for (struct node *node = chain(frame), *next; node; node = next, count = NODE_ENTRIES) {
		next = node->next;
		while (count--) {
			if (!visit(frame, node->ptes[count], context))
				return;
		}
	}
}

static void mark_dirty(struct frame *frame)
{
	if (frame->kind == FRAME_FILE)
		pagecache_mark_dirty(frame);
	else
		frame->flags |= FRAME_DIRTY;
}

static bool clear_accessed(struct frame *frame, u64 *pte, void *context)
{
	bool *accessed = context;

	(void)frame;
	if (*pte & PTE_A)
		*accessed |= pgtable_clear_bits(&rmap_mm(pte)->table, pte, rmap_va(pte), PTE_A) != 0;
	return true;
}

bool rmap_test_and_clear_accessed(struct frame *frame)
{
	bool accessed = frame->flags & FRAME_REFERENCED;

	frame->flags &= ~FRAME_REFERENCED;
	rmap_for_each(frame, clear_accessed, &accessed);
	return accessed;
}

static bool find_dirty(struct frame *frame, u64 *pte, void *context)
{
	bool *dirty = context;

	(void)frame;
	*dirty = *pte & PTE_D;
	return !*dirty;
}

bool rmap_is_dirty(struct frame *frame)
{
	bool dirty = frame->flags & FRAME_DIRTY;

	if (!dirty)
		rmap_for_each(frame, find_dirty, &dirty);
	return dirty;
}

static bool clear_dirty(struct frame *frame, u64 *pte, void *context)
{
	(void)context;
	if (*pte & PTE_D && pgtable_clear_bits(&rmap_mm(pte)->table, pte, rmap_va(pte), PTE_D))
		mark_dirty(frame);
	return true;
}

bool rmap_collect_dirty(struct frame *frame)
{
	rmap_for_each(frame, clear_dirty, NULL);
	return frame->flags & FRAME_DIRTY;
}

/* context: the swap entry that takes the PTE's place, or 0. */
static bool unmap_one(struct frame *frame, u64 *pte, void *context)
{
	u64 swap_pte = *(const u64 *)context;
	struct mm *mm = rmap_mm(pte);
	u64 old = pgtable_replace(&mm->table, pte, rmap_va(pte), swap_pte);

	if (old & PTE_D)
		mark_dirty(frame);
	mm_count_frame(mm, frame, -1);
	if (swap_pte) {
		mm->swap_pages++;
		swap_get(pte_slot(swap_pte));
	}
	rmap_remove(frame, pte);
	frame_put(frame);
	return true;
}

void rmap_unmap_all(struct frame *frame, u64 swap_pte)
{
	rmap_for_each(frame, unmap_one, &swap_pte);
}
