/*
 * The MMU tab without a window: pictures of made views against golden ones, every wish by its key and by its button,
 * and tooltips. All sizes and views that no machine would give: mmu_tab_sizes_test.c.
 *
 * RVEMU_GOLDEN=write writes the golden pictures anew; look at them before you keep them.
 */
#include "tests/unit/mmu_tab_rig.h"

static void expect_wish(struct rig *rig, enum wish_kind kind, u64 number)
{
	assert_int_equal(rig->wish_count, 1);
	assert_int_equal(rig->wishes[0].kind, kind);
	assert_int_equal(rig->wishes[0].number, number);
	rig->wish_count = 0;
}

/* --- golden pictures --- */

static u32 distance(u32 a, u32 b)
{
	u32 most = 0;
	for (u32 shift = 0; shift < 24; shift += 8) {
		s32 d = (s32)(a >> shift & 255) - (s32)(b >> shift & 255);
		d = d < 0 ? -d : d;
		most = (u32)d > most ? (u32)d : most;
	}
	return most;
}

static void expect_picture(const struct rig *rig, const char *name)
{
	char path[128];
	struct error err;
	struct picture golden = { 0 };
	snprintf(path, sizeof(path), "tests/unit/golden/%s.png", name);
	const char *mode = getenv("RVEMU_GOLDEN");
	if (mode != NULL && strcmp(mode, "write") == 0 && !picture_write_png(&rig->picture, path, &err))
		fail_msg("%s", err.text);
	if (!picture_read_png(&golden, path, &err))
		fail_msg("%s", err.text);
	assert_int_equal(golden.width, rig->picture.width);
	assert_int_equal(golden.height, rig->picture.height);
	u32 pixels = golden.width * golden.height, wrong = 0;
	for (u32 i = 0; i < pixels; i++)
		wrong += distance(golden.pixels[i], rig->picture.pixels[i]) > 24;
	picture_free(&golden);
	/* Half a percent: some letters may differ, no part of the picture. */
	if (wrong > pixels / 200) {
		char saved[128];
		snprintf(saved, sizeof(saved), "build/%s-wrong.png", name);
		if (!picture_write_png(&rig->picture, saved, &err))
			print_message("%s\n", err.text);
		fail_msg("%s: %u of %u pixels differ; see %s", path, wrong, pixels, saved);
	}
}

static void test_usual_window_looks_like_the_golden_picture(void **state)
{
	(void)state;
	struct rig *rig = rig_create(1024, 768, MAKER_TLB_TEACH);
	expect_picture(rig, "mmu-1024x768");
	rig_destroy(rig);
}

static void test_smallest_window_looks_like_the_golden_picture(void **state)
{
	(void)state;
	struct rig *rig = rig_create(640, 400, MAKER_TLB_ROCKET);
	expect_picture(rig, "mmu-640x400");
	rig_destroy(rig);
}

static void test_failed_walk_looks_like_the_golden_picture(void **state)
{
	(void)state;
	struct rig *rig = rig_create(800, 600, MAKER_TLB_FAST);
	mmu_tab_key(rig->tab, 'l');
	mmu_tab_key(rig->tab, '2');
	rig_paint(rig, NOW_NS);
	expect_picture(rig, "mmu-failed-walk");
	rig_destroy(rig);
}

static void test_painting_twice_gives_the_same(void **state)
{
	(void)state;
	struct rig *rig = rig_create(1024, 768, MAKER_TLB_FAST);
	size_t size = (size_t)1024 * 768 * 4;
	u32 *first = xcalloc(1, size);
	memcpy(first, rig->picture.pixels, size);
	rig_paint(rig, NOW_NS);
	assert_memory_equal(first, rig->picture.pixels, size);
	free(first);
	rig_destroy(rig);
}

/* --- wishes --- */

static void test_keys_send_their_wishes(void **state)
{
	(void)state;
	struct rig *rig = rig_create(1024, 768, MAKER_TLB_TEACH);
	assert_true(mmu_tab_key(rig->tab, ' '));
	expect_wish(rig, WISH_PAUSE, 0);
	assert_true(mmu_tab_key(rig->tab, 's'));
	expect_wish(rig, WISH_STEP, 0);
	assert_true(mmu_tab_key(rig->tab, 'w'));
	expect_wish(rig, WISH_STEP_WALK, 0);
	assert_true(mmu_tab_key(rig->tab, 'f'));
	expect_wish(rig, WISH_STEP_FAULT, 0);
	assert_true(mmu_tab_key(rig->tab, '-'));
	expect_wish(rig, WISH_SPEED, 10000000);
	assert_true(mmu_tab_key(rig->tab, '0'));
	expect_wish(rig, WISH_SPEED, 0);
	assert_true(mmu_tab_key(rig->tab, '+')); /* it is full speed already */
	assert_int_equal(rig->wish_count, 0);
	assert_false(mmu_tab_key(rig->tab, 'z'));
	assert_false(mmu_tab_key(rig->tab, 0x10ffff));
	rig_destroy(rig);
}

static void test_held_machine_is_let_go_and_hurried(void **state)
{
	(void)state;
	struct rig *rig = rig_create(1024, 768, MAKER_TLB_TEACH);
	rig->status.is_paused = true;
	rig->status.speed = 1;
	mmu_tab_show(rig->tab, rig->view, &rig->status);
	mmu_tab_key(rig->tab, ' ');
	expect_wish(rig, WISH_CONTINUE, 0);
	mmu_tab_key(rig->tab, '+');
	expect_wish(rig, WISH_SPEED, 10);
	mmu_tab_key(rig->tab, '-'); /* it is the slowest already */
	assert_int_equal(rig->wish_count, 0);
	rig_destroy(rig);
}

static void test_buttons_do_what_their_keys_do(void **state)
{
	static const struct {
		u32 key;
		u8 kind;
	} buttons[] = {
		{ ' ', WISH_PAUSE }, { 's', WISH_STEP }, { 'w', WISH_STEP_WALK }, { 'f', WISH_STEP_FAULT },
		{ '-', WISH_SPEED }, { '[', WISH_LOOK }, { ']', WISH_LOOK },      { 'c', WISH_LOOK },
	};
	(void)state;
	struct rig *rig = rig_create(1024, 768, MAKER_TLB_TEACH);
	for (u32 i = 0; i < ARRAY_SIZE(buttons); i++) {
		press(rig, zone_of(rig, ZONE_BUTTON, buttons[i].key), 0);
		assert_int_equal(rig->wish_count, 1);
		assert_int_equal(rig->wishes[0].kind, buttons[i].kind);
		rig->wish_count = 0;
	}
	rig_destroy(rig);
}

static void test_slider_sets_every_speed(void **state)
{
	(void)state;
	struct rig *rig = rig_create(1024, 768, MAKER_TLB_TEACH);
	for (u32 i = 0; i < tab_speed_stops(); i++) {
		press(rig, zone_of(rig, ZONE_SPEED, 0), i);
		expect_wish(rig, WISH_SPEED, tab_speed_stop(i));
	}
	rig_destroy(rig);
}

static void test_space_is_chosen_by_key_and_click(void **state)
{
	(void)state;
	struct rig *rig = rig_create(1024, 768, MAKER_TLB_TEACH);
	mmu_tab_key(rig->tab, ']');
	expect_wish(rig, WISH_LOOK, BIT(LINK_LIVE));
	assert_int_equal(mmu_tab_request(rig->tab).satp, rig->view->spaces[1].satp);
	mmu_tab_key(rig->tab, '[');
	rig->wish_count = 0;
	assert_int_equal(mmu_tab_request(rig->tab).satp, rig->view->spaces[6].satp);
	mmu_tab_key(rig->tab, 'c');
	expect_wish(rig, WISH_LOOK, BIT(LINK_LIVE));
	assert_int_equal(mmu_tab_request(rig->tab).satp, 0);
	press(rig, zone_of(rig, ZONE_SPACE, 2), 0);
	assert_int_equal(rig->wishes[0].request.satp, rig->view->spaces[2].satp);
	rig_destroy(rig);
}

static void test_next_hart_is_chosen(void **state)
{
	(void)state;
	struct rig *rig = rig_create(1024, 768, MAKER_TLB_TEACH);
	press(rig, zone_of(rig, ZONE_STATUS, STATUS_HART), 0);
	expect_wish(rig, WISH_LOOK, BIT(LINK_LIVE));
	assert_int_equal(mmu_tab_request(rig->tab).hart, 1);
	rig->view->hart = 1;
	mmu_tab_key(rig->tab, 't');
	assert_int_equal(mmu_tab_request(rig->tab).hart, 0);
	rig_destroy(rig);
}

static void test_clicked_frame_is_asked_for_and_closed(void **state)
{
	(void)state;
	struct rig *rig = rig_create(1024, 768, MAKER_TLB_TEACH);
	u64 pa = MAKER_BASE + (5000ull << 12);
	assert_int_equal(mmu_tab_request(rig->tab).frame_pa, UINT64_MAX);
	press(rig, zone_of(rig, ZONE_FRAMES, 0), 5000);
	expect_wish(rig, WISH_LOOK, BIT(LINK_LIVE));
	assert_int_equal(mmu_tab_request(rig->tab).frame_pa, pa);
	maker_frame(rig->view, pa);
	rig_paint(rig, NOW_NS);
	press(rig, zone_of(rig, ZONE_POPUP, 0), 0); /* a click into the panel does nothing */
	assert_int_equal(rig->wish_count, 0);
	mmu_tab_key(rig->tab, 27);
	expect_wish(rig, WISH_LOOK, BIT(LINK_LIVE));
	assert_int_equal(mmu_tab_request(rig->tab).frame_pa, UINT64_MAX);
	press(rig, zone_of(rig, ZONE_FRAMES, 0), 100);
	press(rig, zone_of(rig, ZONE_PLOT, PLOT_FREE), 0); /* elsewhere */
	assert_int_equal(mmu_tab_request(rig->tab).frame_pa, UINT64_MAX);
	rig_destroy(rig);
}

/* --- what is chosen without the machine --- */

static void test_chosen_walk_stays_when_newer_ones_come(void **state)
{
	(void)state;
	struct rig *rig = rig_create(1024, 768, MAKER_TLB_TEACH);
	assert_int_equal(tab_walk(rig->tab)->number, 1234);
	mmu_tab_key(rig->tab, 'p');
	mmu_tab_key(rig->tab, 'p');
	assert_int_equal(tab_walk(rig->tab)->number, 1232);
	for (u32 i = 0; i < rig->view->walk_count; i++)
		rig->view->walks[i].number += 1000;
	assert_int_equal(tab_walk(rig->tab)->number, 1232);
	mmu_tab_key(rig->tab, 'n'); /* it is no longer in the list: the oldest that is newer */
	assert_int_equal(tab_walk(rig->tab)->number, 2223);
	mmu_tab_key(rig->tab, 27);
	assert_int_equal(tab_walk(rig->tab)->number, 2234);
	mmu_tab_key(rig->tab, 'l');
	assert_int_equal(tab_walk(rig->tab)->reason, WALK_INVALID);
	rig_paint(rig, NOW_NS);
	press(rig, zone_of(rig, ZONE_WALK, 4), 0);
	assert_int_equal(tab_walk(rig->tab)->number, 2230);
	press(rig, zone_of(rig, ZONE_FAILED, 0), 0);
	assert_int_equal(tab_walk(rig->tab)->number, 1232);
	rig_destroy(rig);
}

static void test_part_is_enlarged_and_put_back(void **state)
{
	(void)state;
	struct rig *rig = rig_create(1024, 768, MAKER_TLB_TEACH);
	s32 usual = zone_of(rig, ZONE_BODY, PART_TREE)->r.w;
	press(rig, zone_of(rig, ZONE_PART, PART_TREE), 0);
	assert_true(zone_of(rig, ZONE_BODY, PART_TREE)->r.w > usual);
	mmu_tab_key(rig->tab, '3');
	rig_paint(rig, NOW_NS);
	assert_int_equal(zone_of(rig, ZONE_BODY, PART_TREE)->r.w, usual);
	rig_destroy(rig);
}

static void test_help_opens_and_closes(void **state)
{
	(void)state;
	struct rig *rig = rig_create(1024, 768, MAKER_TLB_TEACH);
	mmu_tab_key(rig->tab, '?');
	rig_paint(rig, NOW_NS);
	assert_non_null(zone_of(rig, ZONE_POPUP, 0));
	mmu_tab_pointer(rig->tab, 1, 1, true, 0);
	assert_false(rig->tab->shows_help);
	press(rig, zone_of(rig, ZONE_BUTTON, 'h'), 0);
	assert_true(rig->tab->shows_help);
	assert_true(mmu_tab_key(rig->tab, 27));
	assert_false(mmu_tab_key(rig->tab, 27));
	rig_destroy(rig);
}

static void test_wheel_scrolls_tables(void **state)
{
	(void)state;
	struct rig *rig = rig_create(640, 400, MAKER_TLB_TEACH);
	struct rect r = zone_of(rig, ZONE_BODY, PART_TREE)->r;
	assert_true(rig->tab->tree_scroll_max > 0);
	mmu_tab_pointer(rig->tab, r.x + r.w / 2, r.y + r.h - 8, false, -1000000);
	assert_int_equal(rig->tab->tree_scroll, rig->tab->tree_scroll_max);
	rig_paint(rig, NOW_NS);
	zone_of(rig, ZONE_TABLE, rig->view->table_count - 1);
	mmu_tab_pointer(rig->tab, r.x + r.w / 2, r.y + r.h - 8, false, 1000000);
	assert_int_equal(rig->tab->tree_scroll, 0);
	rig_destroy(rig);
}

/* --- time --- */

static void test_faulted_cells_flash_and_stop(void **state)
{
	(void)state;
	struct rig *rig = rig_create(1024, 768, MAKER_TLB_TEACH);
	rig->view->stale_count = 0;
	assert_true(mmu_tab_next_paint_ns(rig->tab, NOW_NS) <= NOW_NS + 100000000);
	assert_int_equal(mmu_tab_next_paint_ns(rig->tab, NOW_NS + TAB_FLASH_NS), UINT64_MAX);
	rig->view->stale_count = 1;
	u64 next = mmu_tab_next_paint_ns(rig->tab, NOW_NS + TAB_FLASH_NS);
	assert_true(next > NOW_NS + TAB_FLASH_NS && next <= NOW_NS + TAB_FLASH_NS + TAB_BLINK_NS);
	rig_destroy(rig);
}

/* --- tooltips --- */

static bool tip_says(const struct rig *rig, const struct zone *z, u32 cell, const char *text)
{
	struct tip tip;
	struct rect r = zone_cell_rect(z, cell);
	if (!tab_tip(rig->tab, r.x + r.w / 2, r.y + r.h / 2, &tip))
		return false;
	for (u32 i = 0; i < tip.count; i++) {
		if (strstr(tip.lines[i], text) != NULL)
			return true;
	}
	return false;
}

static void test_everything_has_a_tooltip(void **state)
{
	(void)state;
	static const enum maker_tlb tlbs[] = { MAKER_TLB_TEACH, MAKER_TLB_ROCKET, MAKER_TLB_FAST };
	for (u32 k = 0; k < ARRAY_SIZE(tlbs); k++) {
		struct rig *rig = rig_create(1024, 768, tlbs[k]);
		for (u32 i = 0; i < rig->tab->zone_count; i++) {
			struct zone z = rig->tab->zones[i];
			struct rect r = zone_cell_rect(&z, 0);
			const struct zone *top = tab_zone_at(rig->tab, r.x + r.w / 2, r.y + r.h / 2);
			struct tip tip;
			if (top != &rig->tab->zones[i] || z.kind == ZONE_BODY ||
			    (z.kind == ZONE_BUTTON && z.index < 128 && (z.index == '[' || z.index == ']')))
				continue;
			if (!tab_tip(rig->tab, r.x + r.w / 2, r.y + r.h / 2, &tip))
				fail_msg("zone of kind %u, index %u says nothing", z.kind, z.index);
		}
		rig_destroy(rig);
	}
}

static void test_tooltips_say_what_is_there(void **state)
{
	(void)state;
	struct rig *rig = rig_create(1024, 768, MAKER_TLB_TEACH);
	const struct zone *frames = zone_of(rig, ZONE_FRAMES, 0), *root = zone_of(rig, ZONE_TABLE, 0);
	assert_true(tip_says(rig, frames, 3, "Frame 0x80003: kernel"));
	assert_true(tip_says(rig, frames, 16383, "0x83fff000"));
	assert_true(tip_says(rig, root, 511, "0xffffffffc0000000"));
	assert_true(tip_says(rig, root, 64, "0x1000000000 to 0x103fffffff (1 GiB)"));
	assert_true(tip_says(rig, root, 64, "points to a table"));
	assert_true(tip_says(rig, zone_of(rig, ZONE_TABLE, 4), 0, "superpage"));
	assert_true(tip_says(rig, zone_of(rig, ZONE_TABLE, 5), 120, "writable and executable"));
	assert_true(tip_says(rig, zone_of(rig, ZONE_STALE, 0), 0, "STALE"));
	assert_true(tip_says(rig, zone_of(rig, ZONE_TLB, 0), 3, "empty"));
	assert_true(tip_says(rig, zone_of(rig, ZONE_STEP, 2), 0, "a leaf"));
	assert_true(tip_says(rig, zone_of(rig, ZONE_FIELD, 1), 0, "VPN[1]"));
	assert_true(tip_says(rig, zone_of(rig, ZONE_PLOT, PLOT_FAULTS), 0, "page faults/s"));
	assert_true(tip_says(rig, zone_of(rig, ZONE_STATUS, STATUS_SATP), 0, "Sv39, ASID 3"));
	rig_destroy(rig);
}

static void test_folded_tlb_cell_names_an_entry(void **state)
{
	(void)state;
	struct rig *rig = rig_create(1024, 768, MAKER_TLB_FAST);
	const struct zone *z = zone_of(rig, ZONE_TLB, 0);
	assert_true(z->fold > 1);
	assert_true(tip_says(rig, z, 0, "entries in this cell"));
	rig_destroy(rig);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_usual_window_looks_like_the_golden_picture),
		cmocka_unit_test(test_smallest_window_looks_like_the_golden_picture),
		cmocka_unit_test(test_failed_walk_looks_like_the_golden_picture),
		cmocka_unit_test(test_painting_twice_gives_the_same),
		cmocka_unit_test(test_keys_send_their_wishes),
		cmocka_unit_test(test_held_machine_is_let_go_and_hurried),
		cmocka_unit_test(test_buttons_do_what_their_keys_do),
		cmocka_unit_test(test_slider_sets_every_speed),
		cmocka_unit_test(test_space_is_chosen_by_key_and_click),
		cmocka_unit_test(test_next_hart_is_chosen),
		cmocka_unit_test(test_clicked_frame_is_asked_for_and_closed),
		cmocka_unit_test(test_chosen_walk_stays_when_newer_ones_come),
		cmocka_unit_test(test_part_is_enlarged_and_put_back),
		cmocka_unit_test(test_help_opens_and_closes),
		cmocka_unit_test(test_wheel_scrolls_tables),
		cmocka_unit_test(test_faulted_cells_flash_and_stop),
		cmocka_unit_test(test_everything_has_a_tooltip),
		cmocka_unit_test(test_tooltips_say_what_is_there),
		cmocka_unit_test(test_folded_tlb_cell_names_an_entry),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
