/*
 * What frames are used for at a moment: see frame_use.h.
 */
#include "emu/observe/frame_use.h"

#include <stdlib.h>
#include <string.h>

#include "emu/machine.h"
#include "emu/observe/page_tables.h"

#define SPACES_MAX 64
#define TABLES_LOOKED_AT 65536 /* page tables read for one moment */
#define AGE_SHIFT 10

void frame_use_free(struct frame_use *use)
{
	free(use->seen);
	free(use->accessed_before);
	free(use->used);
	free(use->known);
	*use = (struct frame_use){ .view = use->view, .m = use->m };
}

void frame_use_attach(struct frame_use *use, struct machine *m)
{
	use->m = m;
	frame_use_free(use);
}

/* RAM is known now, or is another. */
static void renew_arrays(struct frame_use *use, u64 count)
{
	frame_use_free(use);
	use->count = count;
	use->seen = xcalloc(count, sizeof(*use->seen));
	use->accessed_before = xcalloc(count, sizeof(*use->accessed_before));
	use->used = xcalloc(count, sizeof(*use->used));
	use->known = xcalloc(count / GUEST_STRETCH + 1, sizeof(*use->known));
}

/* --- reading page tables --- */

/* What is seen of a frame, to be noted; NULL: it is none of these. */
static struct frame_seen *note(struct frame_use *use, u64 index)
{
	if (index >= use->count)
		return NULL;
	use->known[index / GUEST_STRETCH] = true;
	return &use->seen[index];
}

static void see_leaf(struct frame_use *use, u64 pte, u64 va, u32 pages, u32 space)
{
	u64 index = pte_frame(pte) - use->frames.first;

	for (u32 i = 0; i < pages; i++, index++) {
		struct frame_seen *seen = note(use, index);

		if (!seen)
			return;
		seen->dirty |= (pte & PTE_D) != 0;
		seen->accessed |= (pte & PTE_A) != 0;
		if (seen->maps++ == 0) {
			seen->owner = space;
			seen->va = va + i * PAGE_SIZE;
		}
	}
}

/* The table in that frame and those below it; true if they have leaves for user mode. Superpages of more than 2 MiB are
 * not looked at: nobody gives programs such. */
static bool see_table(struct frame_use *use, u64 frame, u32 level, u64 va, u32 space)
{
	struct frame_seen *seen = note(use, frame - use->frames.first);
	u64 ptes[PAGE_TABLE_ENTRIES];
	bool has_users = false;

	if (use->tables_left == 0 || (seen && seen->quiet == level + 1) || !page_table_read(&use->m->bus, frame, ptes))
		return false;
	use->tables_left--;
	use->looked_at += ARRAY_SIZE(ptes);
	if (seen)
		seen->is_table = true;
	for (u32 i = 0; i < ARRAY_SIZE(ptes); i++) {
		u64 at = va | (u64)i << page_table_size_log2(level), pte = ptes[i];

		if (!(pte & PTE_V))
			continue;
		if (pte_is_leaf(pte)) {
			if (!(pte & PTE_U) || level > 1)
				continue;
			see_leaf(use, pte, at, level ? 512 : 1, space);
			has_users = true;
		} else if (level > 0) {
			has_users |= see_table(use, pte_frame(pte), level - 1, at, space);
		}
	}
	if (seen && !has_users)
		seen->quiet = (u8)(level + 1);
	return has_users;
}

u64 frame_use_stretch_end(const struct frame_use *use, u64 index)
{
	u64 end = (index / GUEST_STRETCH + 1) * GUEST_STRETCH;

	return end < use->count ? end : use->count;
}

/* Forgets what was seen at the moment before. */
static void forget_seen(struct frame_use *use)
{
	for (u64 first = 0; first < use->count; first += GUEST_STRETCH) {
		u64 s = first / GUEST_STRETCH, count = frame_use_stretch_end(use, first) - first;

		use->known[s] |= use->frames.known[s];
		if (use->known[s])
			memset(&use->seen[first], 0, count * sizeof(*use->seen));
	}
}

/* When frames were used, by their A bits. One that stays set is no news: only one that was clear before is. */
static void note_use(struct frame_use *use, u64 first, u64 now)
{
	u64 end = frame_use_stretch_end(use, first);

	for (u64 i = first; i < end; i++) {
		if (use->seen[i].accessed && !use->accessed_before[i])
			use->used[i] = now + 1;
		use->accessed_before[i] = use->seen[i].accessed;
		if (use->frames.frames[i].kind == GUEST_FRAME_FREE)
			use->used[i] = 0;
	}
	use->looked_at += GUEST_STRETCH;
}

bool frame_use_look(struct frame_use *use, u64 max, u64 now)
{
	struct guest_frames frames = guest_view_frames(use->view);
	struct guest_space spaces[SPACES_MAX];
	u64 wanted = frames.count < max ? frames.count : max;

	if (!frames.frames)
		return false;
	if (wanted != use->count)
		renew_arrays(use, wanted);
	use->frames = frames;
	use->has_hints = guest_view_knows_frames(use->view);
	use->looked_at = 0;
	forget_seen(use);
	if (!use->m)
		return true;
	use->tables_left = TABLES_LOOKED_AT;
	u32 count = guest_view_spaces(use->view, spaces, SPACES_MAX);

	for (u32 i = 0; i < count; i++)
		if (satp_levels(spaces[i].satp) && page_table_is_plausible(&use->m->bus, spaces[i].satp))
			(void)see_table(use, satp_root(spaces[i].satp), satp_levels(spaces[i].satp) - 1, 0,
			                spaces[i].id);
	for (u64 first = 0; first < use->count; first += GUEST_STRETCH)
		if (use->known[first / GUEST_STRETCH])
			note_use(use, first, now);
	return true;
}

/* --- telling --- */

u32 frame_use_age(u64 used, u64 now)
{
	u64 ago = (used <= now ? now + 1 - used : 0) >> AGE_SHIFT;

	if (!used)
		return 0;
	return ago ? 65 - (u32)__builtin_clzll(ago) : 1;
}

/* Without hints: what was a page table once may be a program's page now. */
static u8 kind_of(const struct frame_use *use, const struct guest_frame *frame, const struct frame_seen *seen)
{
	bool is_open = frame->kind == GUEST_FRAME_UNKNOWN ||
	               (!use->has_hints && frame->kind == GUEST_FRAME_TABLE && seen->maps);

	if (!is_open)
		return frame->kind;
	return seen->is_table ? GUEST_FRAME_TABLE : seen->maps ? GUEST_FRAME_USER : GUEST_FRAME_UNKNOWN;
}

void frame_use_tell(const struct frame_use *use, u64 index, u64 now, struct frame_told *told)
{
	const struct guest_frame *frame = &use->frames.frames[index];
	const struct frame_seen *seen = &use->seen[index];
	bool has_own = frame->owner != 0 || frame->va;
	u64 used = use->used[index] > frame->last_use ? use->used[index] : frame->last_use;

	*told = (struct frame_told){
		.kind = kind_of(use, frame, seen),
		.maps = use->has_hints ? frame->maps : seen->maps,
		.pid = guest_view_owner(use->view, frame->owner ? frame->owner : seen->owner),
		.va = has_own ? frame->va : seen->va,
	};
	if (told->kind == GUEST_FRAME_FREE)
		return;
	told->age = frame_use_age(used, now);
	told->dirty = seen->maps ? seen->dirty : (frame->flags & GUEST_FRAME_DIRTY) != 0;
	told->has_va = has_own || seen->maps;
}
