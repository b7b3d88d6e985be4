/*
 * Address spaces, and the page tables of the one that is shown, for the live view.
 *
 * Page tables are the guest's, and may be nonsense: a table that points to itself has 512 children that look like it,
 * each a level down. So they end at the last level, and at LIVE_TABLES_MAX.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emu/machine.h"
#include "emu/observe/live_internal.h"
#include "emu/observe/page_tables.h"

_Static_assert(LIVE_ENTRY_VALID == PTE_V && LIVE_ENTRY_R == PTE_R && LIVE_ENTRY_W == PTE_W && LIVE_ENTRY_X == PTE_X &&
                       LIVE_ENTRY_U == PTE_U && LIVE_ENTRY_G == PTE_G && LIVE_ENTRY_A == PTE_A && LIVE_ENTRY_D == PTE_D,
               "an entry is a PTE's low byte");

/* --- spaces --- */

static u64 harts_in(const struct live *live, u64 satp)
{
	const struct machine *m = live->m;
	u64 harts = 0;

	for (u32 i = 0; i < m->hart_count && i < 64; i++)
		if (m->harts[i]->mmu.levels && satp_root(m->harts[i]->mmu.satp) == satp_root(satp))
			harts |= BIT(i);
	return harts;
}

static bool has_space(const struct live_view *view, u64 satp)
{
	for (u32 i = 0; i < view->space_count; i++)
		if (satp_root(view->spaces[i].satp) == satp_root(satp))
			return true;
	return false;
}

static void add_space(const struct live *live, u64 satp, u32 pid, struct live_view *view)
{
	if (view->space_count == LIVE_SPACES_MAX || !satp_levels(satp) || has_space(view, satp))
		return;
	struct live_space *space = &view->spaces[view->space_count++];

	space->satp = satp;
	space->pid = pid;
	space->harts = harts_in(live, satp);
	live_copy_name(live, pid, space->name);
	if (!pid && guest_view_has_hints(live->guest))
		snprintf(space->name, sizeof(space->name), "kernel");
}

void live_collect_spaces(struct live *live, struct live_view *view)
{
	struct guest_space spaces[LIVE_SPACES_MAX];
	u32 count = guest_view_spaces(live->guest, spaces, LIVE_SPACES_MAX);

	view->space_count = 0;
	/* What a hart uses now is there in any case; nobody may have told of it. */
	for (u32 i = 0; i < live->m->hart_count; i++) {
		u64 satp = live->m->harts[i]->mmu.satp;
		const struct guest_process *process = guest_view_of_satp(live->guest, satp);

		add_space(live, satp, process ? process->pid : 0, view);
	}
	for (u32 i = 0; i < count; i++)
		if (page_table_is_plausible(&live->m->bus, spaces[i].satp))
			add_space(live, spaces[i].satp, spaces[i].pid, view);
}

/* --- tables --- */

static void mark_frames(struct live *live, u64 frame, u64 count)
{
	u64 first;

	if (!live_frame_index(live, frame << PAGE_SHIFT, &first))
		return;
	for (u64 i = first; i < first + count && i / 8 < live->current_bytes; i++)
		live->current[i / 8] |= (u8)(1u << i % 8);
}

/* Nothing is current yet. */
static void unmark_frames(struct live *live)
{
	u64 bytes = (guest_view_frames(live->guest).count + 7) / 8;

	if (bytes != live->current_bytes) {
		free(live->current);
		live->current = xcalloc(bytes ? bytes : 1, 1);
		live->current_bytes = bytes;
	}
	memset(live->current, 0, bytes);
}

static u8 entry_of(u64 pte)
{
	if (pte & PTE_V)
		return (u8)pte;
	return pte ? LIVE_ENTRY_SOFTWARE : LIVE_ENTRY_NONE;
}

/* Puts the table in that frame at the end of the list, to be read when its turn comes. */
static void add_table(struct live_view *view, u32 parent, u32 slot, u64 frame, u32 level)
{
	if (view->table_count == LIVE_TABLES_MAX) {
		view->tables_cut = true;
		return;
	}
	struct live_table *table = &view->tables[view->table_count++];
	const struct live_table *above = &view->tables[parent];
	bool is_root = table == view->tables;
	u64 va = is_root ? 0 : above->va + ((u64)slot << page_table_size_log2(level + 1));

	table->pa = frame << PAGE_SHIFT;
	table->va = (u64)sext(va, page_table_size_log2(view->levels));
	table->parent = (u16)parent;
	table->slot = (u16)slot;
	table->level = (u8)level;
	table->used = 0;
}

/* Leaves for user mode are marked as current, or (`all`) every one; not what is larger than 2 MiB. True: there are
 * such. */
static bool mark_leaf(struct live *live, u64 pte, u32 level, bool all)
{
	if (level > 1 || (!all && !(pte & PTE_U)))
		return false;
	mark_frames(live, pte_frame(pte), level ? PAGE_TABLE_ENTRIES : 1);
	return true;
}

/* Reads a table whose place is known; those below it are added. */
static bool read_table(struct live *live, struct live_view *view, u32 index)
{
	struct live_table *table = &view->tables[index];
	u64 ptes[PAGE_TABLE_ENTRIES];
	bool has_users = false;

	memset(table->entries, LIVE_ENTRY_NONE, sizeof(table->entries));
	if (!page_table_read(&live->m->bus, table->pa >> PAGE_SHIFT, ptes))
		return false;
	mark_frames(live, table->pa >> PAGE_SHIFT, 1);
	for (u32 i = 0; i < PAGE_TABLE_ENTRIES; i++) {
		if (!ptes[i])
			continue;
		table->entries[i] = entry_of(ptes[i]);
		table->used = (u16)(table->used + (ptes[i] & PTE_V));
		if (pte_is_leaf(ptes[i]))
			has_users |= mark_leaf(live, ptes[i], table->level, false);
		else if (pte_is_pointer(ptes[i]) && table->level > 0 &&
		         bus_ram(&live->m->bus, pte_frame(ptes[i]) << PAGE_SHIFT, PAGE_SIZE))
			add_table(view, index, i, pte_frame(ptes[i]), table->level - 1u);
	}
	return has_users;
}

/* A space without user pages is a kernel's: what it maps is current all the same. */
static void mark_all_leaves(struct live *live, const struct live_view *view)
{
	u64 ptes[PAGE_TABLE_ENTRIES];

	for (u32 t = 0; t < view->table_count; t++) {
		if (view->tables[t].level > 1 ||
		    !page_table_read(&live->m->bus, view->tables[t].pa >> PAGE_SHIFT, ptes))
			continue;
		for (u32 i = 0; i < PAGE_TABLE_ENTRIES; i++)
			if (pte_is_leaf(ptes[i]))
				(void)mark_leaf(live, ptes[i], view->tables[t].level, true);
	}
}

void live_collect_tables(struct live *live, const struct live_request *request, struct live_view *view)
{
	u64 satp = request->satp ? request->satp : view->satp;
	bool has_users = false;

	view->levels = (u8)satp_levels(satp);
	view->shown_satp = view->levels ? satp : 0;
	view->tables_cut = false;
	view->table_count = 0;
	unmark_frames(live);
	if (!view->levels || !bus_ram(&live->m->bus, satp_root(satp) << PAGE_SHIFT, PAGE_SIZE))
		return;
	add_table(view, 0, 0, satp_root(satp), view->levels - 1u);
	for (u32 i = 0; i < view->table_count; i++)
		has_users |= read_table(live, view, i);
	if (!has_users)
		mark_all_leaves(live, view);
}
