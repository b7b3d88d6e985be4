/*
 * A tab with a made view and a picture that it is painted into; the wishes that it sends are kept.
 */
#ifndef RVEMU_TESTS_UNIT_MMU_TAB_RIG_H
#define RVEMU_TESTS_UNIT_MMU_TAB_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "emu/display/mmu_tab_internal.h"
#include "tests/unit/live_maker.h"

#define WISHES_MAX 16
#define NOW_NS 7000000000ull

struct rig {
	struct mmu_tab *tab;
	struct live_view *view;
	struct link_status status;
	struct picture picture;
	u32 wish_count;
	struct wish wishes[WISHES_MAX];
};

static inline void note_wish(void *arg, const struct wish *wish)
{
	struct rig *rig = arg;
	assert_true(rig->wish_count < WISHES_MAX);
	rig->wishes[rig->wish_count++] = *wish;
}

static inline void rig_paint(struct rig *rig, u64 now_ns)
{
	struct canvas c = canvas_of(&rig->picture);
	mmu_tab_paint(rig->tab, &c, (struct rect){ 0, 0, (s32)rig->picture.width, (s32)rig->picture.height }, now_ns);
}

static inline struct rig *rig_create(u32 width, u32 height, enum maker_tlb tlb)
{
	struct rig *rig = xcalloc(1, sizeof(*rig));
	rig->view = maker_view(tlb);
	rig->status = (struct link_status){ .time_ns = rig->view->time_ns, .instret = 123456789, .mips = 100 };
	rig->tab = mmu_tab_create(note_wish, rig);
	picture_resize(&rig->picture, width, height);
	mmu_tab_show(rig->tab, rig->view, &rig->status);
	rig_paint(rig, NOW_NS);
	return rig;
}

static inline void rig_destroy(struct rig *rig)
{
	mmu_tab_destroy(rig->tab);
	live_view_destroy(rig->view);
	picture_free(&rig->picture);
	free(rig);
}

/* The zone of that kind and index, which must be there. */
static inline const struct zone *zone_of(const struct rig *rig, enum zone_kind kind, u32 index)
{
	for (u32 i = 0; i < rig->tab->zone_count; i++) {
		if (rig->tab->zones[i].kind == kind && rig->tab->zones[i].index == index)
			return &rig->tab->zones[i];
	}
	fail_msg("no zone of kind %u, index %u", kind, index);
	return NULL;
}

static inline void press(struct rig *rig, const struct zone *z, u32 cell)
{
	struct rect r = zone_cell_rect(z, cell);
	mmu_tab_pointer(rig->tab, r.x + r.w / 2, r.y + r.h / 2, true, 0);
	rig_paint(rig, NOW_NS);
}

#endif
