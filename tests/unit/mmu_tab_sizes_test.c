/*
 * The MMU tab at any size, inside of a larger picture, without anything to show, and with views that no machine would
 * give.
 */
#include "tests/unit/mmu_tab_rig.h"

static void paint_all_forms(struct rig *rig)
{
	static const u32 keys[] = { '1', '2', '3', '4', '5', 27, 'h', 27, 'l', ']', 'p' };
	s32 w = (s32)rig->picture.width, h = (s32)rig->picture.height;
	rig_paint(rig, NOW_NS);
	for (u32 i = 0; i < ARRAY_SIZE(keys); i++) {
		mmu_tab_key(rig->tab, keys[i]);
		mmu_tab_pointer(rig->tab, w * (s32)(i + 1) / 12, h * (s32)(i + 2) / 14, i % 3 == 0, (s32)i - 5);
		rig_paint(rig, NOW_NS + i * 100000000ull);
		rig->wish_count = 0;
	}
	mmu_tab_pointer(rig->tab, -1, -1, false, 0);
	rig->tab->request.frame_pa = rig->view->ram_base;
	rig_paint(rig, NOW_NS);
}

static void test_any_size_is_painted(void **state)
{
	static const u32 sizes[][2] = {
		{ 1, 1 },     { 2, 700 },   { 700, 2 },   { 33, 44 },    { 100, 100 },  { 200, 150 },  { 320, 240 },
		{ 399, 640 }, { 640, 399 }, { 641, 401 }, { 1280, 400 }, { 640, 1400 }, { 1500, 900 }, { 4000, 3000 },
	};
	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct rig *rig = rig_create(sizes[i][0], sizes[i][1], (enum maker_tlb)(i % 3));
		paint_all_forms(rig);
		rig_destroy(rig);
	}
}

static void test_part_of_a_picture_is_painted_inside_of_it(void **state)
{
	(void)state;
	struct rig *rig = rig_create(900, 700, MAKER_TLB_TEACH);
	struct canvas c = canvas_of(&rig->picture);
	paint_rect(&c, (struct rect){ 0, 0, 900, 700 }, 0x123456);
	mmu_tab_pointer(rig->tab, 120, 120, false, 0);
	mmu_tab_paint(rig->tab, &c, (struct rect){ 100, 90, 700, 500 }, NOW_NS);
	for (u32 y = 0; y < 700; y++) {
		for (u32 x = 0; x < 900; x++) {
			if (!rect_has((struct rect){ 100, 90, 700, 500 }, (s32)x, (s32)y))
				assert_int_equal(rig->picture.pixels[y * 900 + x], 0x123456);
		}
	}
	rig_destroy(rig);
}

static void test_nothing_to_show_is_painted(void **state)
{
	(void)state;
	struct rig *rig = rig_create(1024, 768, MAKER_TLB_TEACH);
	struct live_view *old = rig->view;
	rig->view = live_view_create();
	mmu_tab_show(rig->tab, rig->view, &rig->status);
	paint_all_forms(rig);
	live_view_destroy(old);
	rig_destroy(rig);
	struct mmu_tab *tab = mmu_tab_create(note_wish, NULL);
	struct picture picture = { 0 };
	picture_resize(&picture, 300, 200);
	struct canvas c = canvas_of(&picture);
	mmu_tab_paint(tab, &c, (struct rect){ 0, 0, 300, 200 }, NOW_NS);
	assert_false(mmu_tab_pointer(tab, 5, 5, true, 1));
	assert_false(mmu_tab_key(tab, 'n'));
	assert_int_equal(mmu_tab_next_paint_ns(tab, NOW_NS), UINT64_MAX);
	picture_free(&picture);
	mmu_tab_destroy(tab);
}

/* Noise in all that is not a pointer or text. */
static void make_noise(struct live_view *v, u32 *state)
{
	struct live_view old = *v;
	for (size_t i = 0; i < sizeof(*v); i++)
		((u8 *)v)[i] = (u8)maker_random(state);
	v->cells = old.cells;
	v->tables = old.tables;
	v->tlb = old.tlb;
	for (size_t i = 0; i < LIVE_CELLS_MAX * sizeof(*v->cells); i++)
		((u8 *)v->cells)[i] = (u8)maker_random(state);
	for (size_t i = 0; i < LIVE_TABLES_MAX * sizeof(*v->tables); i++)
		((u8 *)v->tables)[i] = (u8)maker_random(state);
	for (u32 i = 0; i < LIVE_TLB_MAX; i++) {
		struct live_tlb_entry *e = &v->tlb[i];
		*e = (struct live_tlb_entry){ .va = maker_random(state), .array = (u8)maker_random(state) };
		e->set = (u16)maker_random(state);
		e->way = (u16)maker_random(state);
		e->size_log2 = (u8)maker_random(state);
		e->is_stale = maker_random(state) % 2;
	}
	v->symbol[63] = v->process[GUEST_NAME_BYTES - 1] = v->tlb_name[15] = 0;
	v->is_waiting = v->has_hints = v->has_frame = v->has_failed_walk = v->tables_cut = true;
	for (u32 i = 0; i < LIVE_SPACES_MAX; i++)
		v->spaces[i].name[GUEST_NAME_BYTES - 1] = 0;
	for (u32 i = 0; i <= LIVE_WALKS; i++) {
		struct live_walk *w = i < LIVE_WALKS ? &v->walks[i] : &v->failed_walk;
		w->symbol[63] = w->process[GUEST_NAME_BYTES - 1] = w->verdict[LIVE_VERDICT - 1] = 0;
	}
	for (u32 i = 0; i < LIVE_TLB_ARRAYS_MAX; i++)
		v->tlb_arrays[i].name[23] = 0;
	for (u32 i = 0; i < LIVE_HISTORY; i++)
		v->frame.history[i].text[79] = 0;
	v->frame.owner[GUEST_NAME_BYTES - 1] = 0;
	v->frame.pa = v->ram_base;
}

static void test_hostile_views_are_painted(void **state)
{
	static const u32 sizes[][2] = { { 1024, 768 }, { 640, 400 }, { 1920, 1080 }, { 300, 200 } };
	u32 random = 1;
	(void)state;
	for (u32 i = 0; i < 12; i++) {
		struct rig *rig = rig_create(sizes[i % 4][0], sizes[i % 4][1], MAKER_TLB_TEACH);
		make_noise(rig->view, &random);
		if (i % 3 == 1) {
			rig->view->cell_count = rig->view->table_count = rig->view->tlb_count = UINT32_MAX;
			rig->view->space_count = rig->view->walk_count = rig->view->plot_count = UINT32_MAX;
			rig->view->tlb_array_count = UINT32_MAX;
			for (u32 k = 0; k < LIVE_TLB_ARRAYS_MAX; k++)
				rig->view->tlb_arrays[k].sets = rig->view->tlb_arrays[k].ways = 65535;
		}
		mmu_tab_show(rig->tab, rig->view, &rig->status);
		paint_all_forms(rig);
		rig_destroy(rig);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_size_is_painted),
		cmocka_unit_test(test_part_of_a_picture_is_painted_inside_of_it),
		cmocka_unit_test(test_nothing_to_show_is_painted),
		cmocka_unit_test(test_hostile_views_are_painted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
