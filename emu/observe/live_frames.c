/*
 * The frame map of the live view, and the frame that somebody clicked.
 *
 * To look at all frames is what costs most. So that a guest with much RAM is not slowed by more than a little, it is
 * done so seldom that it takes LOOK_SHARE of the host's time at most, unless the guest has hardly moved (it is stepped,
 * or stands still) or something else is to be shown: cells are those of the last look then.
 */
#include <stdlib.h>
#include <string.h>

#include "emu/host_io.h"
#include "emu/machine.h"
#include "emu/observe/live_internal.h"
#include "emu/observe/page_tables.h"

#define LOOK_SHARE 30       /* a look may take one part in so many */
#define MOVED_INSNS 1000000 /* a guest that made fewer has hardly moved */
#define TABLES_READ 16384   /* for the mappings of a frame */
#define SEEN_PLACES 4096    /* of the set of tables that were read; a power of two */

void live_forget_frames(struct live *live)
{
	live->has_looked = false;
	live->cell_count = 0;
	memset(live->frames_by_kind, 0, sizeof(live->frames_by_kind));
	free(live->current);
	live->current = NULL;
	live->current_bytes = 0;
}

/* Instructions by the model's count, which goes on from one machine to the next. */
static u64 now_of(const struct live *live)
{
	u64 now = live->instret_before + machine_instret(live->m), told = guest_view_instret(live->guest);

	return now > told ? now : told;
}

/* --- cells --- */

u32 live_cell_weight(const struct live_cell *cell)
{
	static const u8 ranks[GUEST_FRAME_KINDS] = {
		[GUEST_FRAME_FREE] = 1,   [GUEST_FRAME_KERNEL] = 2, [GUEST_FRAME_FILE] = 3, [GUEST_FRAME_USER] = 4,
		[GUEST_FRAME_SHARED] = 5, [GUEST_FRAME_ANON] = 6,   [GUEST_FRAME_SWAP] = 7, [GUEST_FRAME_TABLE] = 8,
	};

	return (u32)ranks[cell->kind % GUEST_FRAME_KINDS] << 8 | (cell->age ? 255u - cell->age : 0);
}

static bool is_current(const struct live *live, u64 index)
{
	return index / 8 < live->current_bytes && live->current[index / 8] >> index % 8 & 1;
}

static struct live_cell cell_of(const struct live *live, u64 index, u64 now)
{
	struct frame_told told;

	frame_use_tell(&live->use, index, now, &told);
	/* A program has it again; that its copy in the swap area is still good says less. */
	if (told.kind == GUEST_FRAME_SWAP && told.maps)
		told.kind = GUEST_FRAME_ANON;
	return (struct live_cell){
		.kind = told.kind,
		.flags = (u8)((told.dirty ? LIVE_CELL_DIRTY : 0) | (is_current(live, index) ? LIVE_CELL_CURRENT : 0)),
		.age = (u8)told.age,
		.maps = (u8)(told.maps < 255 ? told.maps : 255),
		.pid = told.pid,
	};
}

/* The frames of a stretch of which nothing is known are all alike. */
static void fill_unknown(struct live *live, u64 first, u64 end)
{
	live->frames_by_kind[GUEST_FRAME_UNKNOWN] += end - first;
	for (u64 i = first; i < end; i++)
		if (is_current(live, i))
			live->cells[i >> live->group_log2].flags |= LIVE_CELL_CURRENT;
}

static void fill_known(struct live *live, u64 first, u64 end, u64 now)
{
	for (u64 i = first; i < end; i++) {
		struct live_cell frame = cell_of(live, i, now), *cell = &live->cells[i >> live->group_log2];
		u8 current = (cell->flags | frame.flags) & LIVE_CELL_CURRENT;

		live->frames_by_kind[frame.kind]++;
		if (live_cell_weight(&frame) > live_cell_weight(cell))
			*cell = frame;
		cell->flags |= current;
	}
}

static void look(struct live *live)
{
	u64 now = now_of(live), count;

	live->cell_count = 0;
	memset(live->frames_by_kind, 0, sizeof(live->frames_by_kind));
	if (!frame_use_look(&live->use, UINT64_MAX, now))
		return;
	count = live->use.count;
	for (live->group_log2 = 0; count > (u64)LIVE_CELLS_MAX << live->group_log2; live->group_log2++)
		;
	live->cell_count = (u32)((count + MASK(live->group_log2)) >> live->group_log2);
	memset(live->cells, 0, live->cell_count * sizeof(*live->cells));
	for (u64 first = 0; first < count; first = frame_use_stretch_end(&live->use, first)) {
		u64 end = frame_use_stretch_end(&live->use, first);

		if (live->use.known[first / GUEST_STRETCH])
			fill_known(live, first, end, now);
		else
			fill_unknown(live, first, end);
	}
}

/* Whether another look is due. */
static bool is_due(const struct live *live, u64 satp)
{
	u64 moved = machine_instret(live->m) - live->looked_instret;

	return !live->has_looked || satp != live->looked_satp || moved < MOVED_INSNS ||
	       host_now_ns() - live->looked_ns >= live->look_ns * LOOK_SHARE;
}

/* Faults and swapping since the last collection, however long ago the last look was. */
static void mark_faults(struct live *live, struct live_view *view)
{
	u64 from = live->events_shown;

	if (live->event_count - from > LIVE_EVENTS)
		from = live->event_count - LIVE_EVENTS;
	for (; from < live->event_count; from++) {
		const struct live_event *e = live_event_at(live, from);
		u32 cell = e->frame >> view->group_log2;

		if (e->what >= LIVE_EVENT_FAULT && e->what <= LIVE_EVENT_SWAP_IN && cell < view->cell_count)
			view->cells[cell].flags |= LIVE_CELL_FAULTED;
	}
	live->events_shown = live->event_count;
}

void live_collect_cells(struct live *live, const struct live_request *request, struct live_view *view)
{
	if (is_due(live, request->satp)) {
		u64 start = host_now_ns();

		look(live);
		live->has_looked = true;
		live->looked_satp = request->satp;
		live->looked_instret = machine_instret(live->m);
		live->looked_ns = host_now_ns();
		live->look_ns = live->looked_ns - start;
	}
	view->group_log2 = live->group_log2;
	view->cell_count = live->cell_count;
	memcpy(view->cells, live->cells, live->cell_count * sizeof(*live->cells));
	memcpy(view->frames_by_kind, live->frames_by_kind, sizeof(view->frames_by_kind));
	mark_faults(live, view);
}

/* --- the frame that was clicked --- */

struct search {
	const struct live *live;
	struct live_frame *frame;
	u64 wanted;                 /* the frame's number */
	u64 satp;                   /* of the space at work */
	u32 pid;                    /* whose it is */
	u32 left;                   /* tables that may be read */
	struct page_table_set seen; /* tables that were read: the kernel's, which all spaces share, once */
};

static void add_mapping(struct search *s, u64 va, u64 pte, u64 pte_addr, u32 level)
{
	u32 at = s->frame->mapping_count++, va_bits = page_table_size_log2(satp_levels(s->satp));
	u64 in_page = (s->wanted << PAGE_SHIFT) & MASK(page_table_size_log2(level));

	if (at >= LIVE_MAPPINGS)
		return;
	s->frame->mappings[at].pid = pte & PTE_U ? s->pid : 0;
	s->frame->mappings[at].asid = (u16)(s->satp >> 44);
	s->frame->mappings[at].va = (u64)sext(va, va_bits) + in_page;
	s->frame->mappings[at].pte_addr = pte_addr;
	s->frame->mappings[at].pte = pte;
	s->frame->mappings[at].size_log2 = (u8)page_table_size_log2(level);
}

static void search_table(struct search *s, u64 frame, u32 level, u64 va)
{
	u64 ptes[PAGE_TABLE_ENTRIES];

	if (s->left == 0 || !page_table_is_news(&s->seen, frame, level) ||
	    !page_table_read(&s->live->m->bus, frame, ptes))
		return;
	s->left--;
	for (u32 i = 0; i < PAGE_TABLE_ENTRIES; i++) {
		u64 at = va | (u64)i << page_table_size_log2(level), pte = ptes[i];

		if (!(pte & PTE_V))
			continue;
		if (!pte_is_leaf(pte)) {
			if (level > 0)
				search_table(s, pte_frame(pte), level - 1, at);
		} else if ((s->wanted ^ pte_frame(pte)) >> PAGE_TABLE_INDEX_BITS * level == 0) {
			add_mapping(s, at, pte, (frame << PAGE_SHIFT) + i * sizeof(u64), level);
		}
	}
}

static void find_mappings(const struct live *live, u64 wanted, const struct live_view *view, struct live_frame *frame)
{
	struct search s = { .live = live, .frame = frame, .wanted = wanted, .left = TABLES_READ };

	s.seen = (struct page_table_set){ .places = xcalloc(SEEN_PLACES, sizeof(u64)), .size = SEEN_PLACES };
	for (u32 i = 0; i < view->space_count; i++) {
		s.satp = view->spaces[i].satp;
		s.pid = view->spaces[i].pid;
		search_table(&s, satp_root(s.satp), satp_levels(s.satp) - 1, 0);
	}
	free(s.seen.places);
}

void live_collect_frame(struct live *live, const struct live_request *request, struct live_view *view)
{
	struct live_frame *frame = &view->frame;
	u64 pa = request->frame_pa & ~(u64)(PAGE_SIZE - 1), index;

	view->has_frame =
		request->frame_pa != UINT64_MAX && live_frame_index(live, pa, &index) && index < live->use.count;
	if (!view->has_frame)
		return;
	struct live_cell cell = cell_of(live, index, now_of(live));

	*frame = (struct live_frame){ .pa = pa, .kind = cell.kind, .flags = cell.flags, .pid = cell.pid };
	live_copy_name(live, cell.pid, frame->owner);
	find_mappings(live, pa >> PAGE_SHIFT, view, frame);
	live_collect_history(live, index, frame);
}
