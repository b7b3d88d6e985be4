/*
 * The live view of the MMU (emu/observe/live.h): what is collected from a machine with page tables made by hand.
 */
#include "tests/unit/live_rig.h"

static struct live_rig r;

/* Loads and stores: the first page is read, the second one written; then for ever. */
static const u32 code[] = {
	0x00053283, /* ld t0, 0(a0) */
	0x0055b023, /* sd t0, 0(a1) */
	0x0000006f, /* j . */
};
/* The load fails, for ever: stvec is where it is. */
static const u32 failing[] = {
	0x00000013, /* nop */
	0x00063283, /* ld t0, 0(a2) */
	0x0000006f, /* j . */
};

static int tear_down(void **state)
{
	(void)state;
	live_stop(&r);
	return 0;
}

#define OPTIONS "-m 1M --ad update"

static void test_frames_have_kinds_and_marks(void **state)
{
	(void)state;
	live_start(&r, OPTIONS, code, ARRAY_SIZE(code));
	live_open(&r);
	const struct live_view *view = live_see(&r);

	assert_int_equal(view->cell_count, 256);
	assert_int_equal(view->group_log2, 0);
	assert_int_equal(live_cell_of(view, LIVE_ROOT)->kind, GUEST_FRAME_TABLE);
	assert_int_equal(live_cell_of(view, LIVE_LEAVES)->kind, GUEST_FRAME_TABLE);
	assert_int_equal(live_cell_of(view, LIVE_PAGE)->kind, GUEST_FRAME_USER);
	assert_int_equal(live_cell_of(view, LIVE_PAGE)->flags, LIVE_CELL_DIRTY | LIVE_CELL_CURRENT);
	assert_int_equal(live_cell_of(view, LIVE_PAGE)->age, 1);
	assert_int_equal(live_cell_of(view, LIVE_PAGE)->maps, 1);
	assert_int_equal(live_cell_of(view, LIVE_PAGE2)->flags, LIVE_CELL_CURRENT);
	assert_int_equal(live_cell_of(view, LIVE_PAGE2)->age, 0);
	assert_int_equal(live_cell_of(view, LIVE_PAGE2 + 1)->kind, GUEST_FRAME_UNKNOWN);
	assert_int_equal(live_cell_of(view, LIVE_PAGE2 + 1)->flags, 0);
	assert_int_equal(view->frames_by_kind[GUEST_FRAME_TABLE], 3);
	assert_int_equal(view->frames_by_kind[GUEST_FRAME_USER], 2);
}

/* A page that was used gets older; one that is written is dirty from then on. */
static void test_frames_grow_old(void **state)
{
	(void)state;
	live_start(&r, OPTIONS, code, ARRAY_SIZE(code));
	live_open(&r);
	live_run(&r, 3);
	assert_int_equal(live_cell_of(live_see(&r), LIVE_PAGE2)->age, 1);
	assert_true(live_cell_of(r.view, LIVE_PAGE2)->flags & LIVE_CELL_DIRTY);
	live_run(&r, 5000);
	assert_int_equal(live_cell_of(live_see(&r), LIVE_PAGE2)->age, 4); /* 4096 to 8191 instructions */
	live_run(&r, 5000);
	assert_int_equal(live_cell_of(live_see(&r), LIVE_PAGE2)->age, 5);
}

static void test_hints_name_frames_and_faults(void **state)
{
	(void)state;
	live_start(&r, OPTIONS, code, ARRAY_SIZE(code));
	live_hint(&r, HINT_PROCESS, 7, LIVE_ROOT, 0x6873, 0); /* "sh" */
	live_hint(&r, HINT_FRAME, LIVE_FIRST, HINT_FRAME_FREE, 256, 0);
	live_hint(&r, HINT_FRAME, LIVE_PAGE, HINT_FRAME_ANON, 1, 0);
	live_hint(&r, HINT_MAP, LIVE_USER(LIVE_PAGE, 0), LIVE_ROOT, LIVE_VA, 0);
	live_hint(&r, HINT_FAULT, LIVE_ROOT, LIVE_VA + 0x123, HINT_FAULT_ZERO, 0);
	live_open(&r);
	const struct live_view *view = live_see(&r);

	assert_true(view->has_hints);
	assert_int_equal(live_cell_of(view, LIVE_PAGE)->kind, GUEST_FRAME_ANON);
	assert_int_equal(live_cell_of(view, LIVE_PAGE)->pid, 7);
	assert_true(live_cell_of(view, LIVE_PAGE)->flags & LIVE_CELL_FAULTED);
	assert_false(live_cell_of(view, LIVE_PAGE2)->flags & LIVE_CELL_FAULTED);
	assert_int_equal(view->counters[LIVE_FRAMES_FREE], 255);
	assert_false(live_cell_of(live_see(&r), LIVE_PAGE)->flags & LIVE_CELL_FAULTED);
}

static void test_faults_of_kernels_without_hints_are_marked(void **state)
{
	(void)state;
	live_start(&r, OPTIONS, failing, ARRAY_SIZE(failing));
	live_open(&r);
	r.rig.m->harts[0]->csr.mtvec = RIG_RAM;
	live_run(&r, 2);
	(void)live_see(&r);
	live_put(&r, LIVE_LEAVES, 7, LIVE_USER(LIVE_PAGE2 + 1, 0));
	live_enter(&r);
	live_run(&r, 3);
	assert_true(live_cell_of(live_see(&r), LIVE_PAGE2 + 1)->flags & LIVE_CELL_FAULTED);
}

static void test_tables_are_listed_breadth_first(void **state)
{
	(void)state;
	live_start(&r, OPTIONS, code, ARRAY_SIZE(code));
	live_open(&r);
	const struct live_view *view = live_see(&r);

	assert_true(view->shown_satp == LIVE_SATP);
	assert_int_equal(view->levels, 3);
	assert_int_equal(view->table_count, 3);
	assert_false(view->tables_cut);
	assert_true(view->tables[0].pa == LIVE_ROOT << 12);
	assert_int_equal(view->tables[0].level, 2);
	assert_int_equal(view->tables[0].used, 2);
	assert_int_equal(view->tables[0].entries[2] & LIVE_ENTRY_G, LIVE_ENTRY_G);
	assert_int_equal(view->tables[1].parent, 0);
	assert_int_equal(view->tables[1].slot, 1);
	assert_true(view->tables[2].va == LIVE_VA - 0x5000);
	assert_int_equal(view->tables[2].parent, 1);
	assert_int_equal(view->tables[2].entries[511], LIVE_ENTRY_SOFTWARE);
	assert_int_equal(view->tables[2].entries[510], LIVE_ENTRY_NONE);
	assert_int_equal(view->space_count, 1);
	assert_int_equal(view->spaces[0].harts, 1);
}

/* Tables that contain themselves, or lie nowhere: bounded, and nothing breaks. */
static void test_hostile_tables_do_no_harm(void **state)
{
	(void)state;
	live_start(&r, OPTIONS, code, ARRAY_SIZE(code));
	live_open(&r);
	for (u32 i = 256; i < 512; i++)
		live_put(&r, LIVE_ROOT, i, LIVE_POINTER(LIVE_ROOT));
	live_put(&r, LIVE_ROOT, 255, LIVE_POINTER(MASK(44)));
	live_put(&r, LIVE_LEAVES, 8, LIVE_POINTER(LIVE_ROOT));
	r.request.frame_pa = LIVE_PAGE << 12;
	const struct live_view *view = live_see(&r);

	assert_int_equal(view->table_count, LIVE_TABLES_MAX);
	assert_true(view->tables_cut);
	assert_true(view->has_frame);
	r.request.satp = 8ull << 60 | MASK(44);
	assert_int_equal(live_see(&r)->table_count, 0);
	r.request.satp = 1ull << 60 | LIVE_ROOT;
	assert_true(live_see(&r)->shown_satp == 0);
	r.request.hart = 63;
	r.request.frame_pa = UINT64_MAX - 1;
	assert_false(live_see(&r)->has_frame);
	assert_int_equal(r.view->hart, 0);
}

static const struct live_tlb_entry *entry_of(const struct live_view *view, u64 va)
{
	for (u32 i = 0; i < view->tlb_count; i++)
		if (view->tlb[i].va == va)
			return &view->tlb[i];
	return NULL;
}

static void test_tlb_entry_is_stale_until_fenced(void **state)
{
	(void)state;
	live_start(&r, OPTIONS, code, ARRAY_SIZE(code));
	live_open(&r);
	live_run(&r, 3);
	const struct live_tlb_entry *entry = entry_of(live_see(&r), LIVE_VA);

	assert_non_null(entry);
	assert_true(entry->pa == LIVE_PAGE << 12);
	assert_int_equal(entry->asid, LIVE_ASID);
	assert_int_equal(entry->size_log2, 12);
	assert_int_equal(entry->age, 1);
	assert_int_equal(entry->set, LIVE_VA >> 12 & 4095);
	assert_true(entry->is_current && !entry->is_stale && !entry->global);
	assert_int_equal(r.view->stale_count, 0);
	assert_int_equal(entry_of(r.view, RIG_RAM)->size_log2, 30);
	live_put(&r, LIVE_LEAVES, 5, LIVE_USER(LIVE_PAGE + 5, PTE_A | PTE_D));
	assert_true(entry_of(live_see(&r), LIVE_VA)->is_stale);
	assert_int_equal(r.view->stale_count, 1);
	live_run(&r, 5000);
	assert_int_equal(entry_of(live_see(&r), LIVE_VA)->age, 4);
	mmu_fence(&r.rig.m->harts[0]->mmu, false, 0, false, 0);
	assert_null(entry_of(live_see(&r), LIVE_VA));
	assert_int_equal(r.view->stale_count, 0);
}

static void test_arrays_and_walk_cache_are_told_apart(void **state)
{
	u32 pointers = 0;

	(void)state;
	live_start(&r, "-m 1M --tlb boom --ad update", code, ARRAY_SIZE(code));
	live_open(&r);
	live_run(&r, 3);
	const struct live_view *view = live_see(&r);

	assert_string_equal(view->tlb_name, "boom");
	assert_int_equal(view->tlb_array_count, 6);
	assert_string_equal(view->tlb_arrays[0].name, "data L1 4K");
	assert_string_equal(view->tlb_arrays[1].name, "data L1 2M+");
	assert_string_equal(view->tlb_arrays[5].name, "walk cache");
	for (u32 i = 0; i < view->tlb_count; i++) {
		if (view->tlb[i].array != 5)
			continue;
		assert_int_equal(view->tlb[i].size_log2, 0);
		pointers++;
	}
	assert_int_equal(pointers, 2);
	assert_int_equal(view->tlb_arrays[5].used, 2);
	live_put(&r, LIVE_ROOT, 1, LIVE_POINTER(LIVE_LEAVES));
	assert_true(live_see(&r)->stale_count >= 1);
}

static void test_walks_are_told_in_words(void **state)
{
	(void)state;
	live_start(&r, OPTIONS, failing, ARRAY_SIZE(failing));
	live_run(&r, 1);
	live_open(&r);
	live_run(&r, 1);
	const struct live_view *view = live_see(&r);
	const struct live_walk *walk = &view->walks[0];

	assert_int_equal(view->walk_count, 1);
	assert_int_equal(walk->number, 2); /* nobody saw that of the fetch */
	assert_true(walk->va == LIVE_VA_NONE);
	assert_int_equal(walk->step_count, 3);
	assert_true(walk->steps[2].pte_addr == (LIVE_LEAVES << 12) + 7 * 8);
	assert_int_equal(walk->reason, WALK_INVALID);
	assert_non_null(strstr(walk->verdict, "load page fault (cause 13): nothing is mapped here"));
	assert_null(strchr(walk->verdict, '\n'));
	assert_true(view->has_failed_walk);
	assert_int_equal(view->failed_walk.number, walk->number);
	assert_int_equal(view->counters[LIVE_WALKS_DONE], 2);
	assert_int_equal(view->counters[LIVE_FAULTS], 1);
}

static void test_walk_that_sets_bits_says_so(void **state)
{
	(void)state;
	live_start(&r, OPTIONS, code, ARRAY_SIZE(code));
	live_open(&r);
	r.request.frame_pa = LIVE_PAGE2 << 12;
	live_run(&r, 3);
	const struct live_view *view = live_see(&r);

	assert_int_equal(view->walk_count, 3);
	assert_non_null(strstr(view->walks[0].verdict, "physical address 0x80021000, in a 4 KiB page"));
	assert_non_null(strstr(view->walks[0].verdict, "set A and D"));
	assert_int_equal(view->frame.history_count, 1);
	assert_non_null(strstr(view->frame.history[0].text, "a walk set A and D: a store to 0x40206000"));
}

static void test_clicked_frame_tells_mappings_and_history(void **state)
{
	(void)state;
	live_start(&r, OPTIONS, code, ARRAY_SIZE(code));
	live_open(&r);
	live_hint(&r, HINT_PROCESS, 7, LIVE_ROOT, 0x6873, 0);
	live_hint(&r, HINT_FRAME, LIVE_FIRST + 30, HINT_FRAME_ANON, 10, 0);
	live_hint(&r, HINT_MAP, LIVE_USER(LIVE_PAGE, 0), LIVE_ROOT, LIVE_VA, 0);
	live_hint(&r, HINT_FAULT, LIVE_ROOT, LIVE_VA, HINT_FAULT_FILE, 0);
	live_hint(&r, HINT_SWAP_OUT, LIVE_PAGE, 3, 0, 0);
	live_put(&r, LIVE_LEAVES, 9, LIVE_USER(LIVE_PAGE, 0));
	r.request.frame_pa = (LIVE_PAGE << 12) + 5;
	const struct live_frame *frame = &live_see(&r)->frame;

	assert_true(r.view->has_frame);
	assert_int_equal(frame->kind, GUEST_FRAME_ANON);
	assert_string_equal(frame->owner, "sh");
	assert_int_equal(frame->mapping_count, 3); /* the kernel's 1 GiB page has it, too */
	assert_true(frame->mappings[0].va == LIVE_VA);
	assert_true(frame->mappings[0].pte_addr == (LIVE_LEAVES << 12) + 5 * 8);
	assert_int_equal(frame->mappings[0].pid, 7);
	assert_int_equal(frame->mappings[0].asid, LIVE_ASID);
	assert_true(frame->mappings[2].va == LIVE_PAGE << 12);
	assert_int_equal(frame->mappings[2].size_log2, 30);
	assert_int_equal(frame->mappings[2].pid, 0);
	assert_int_equal(frame->history_count, 4);
	assert_string_equal(frame->history[0].text, "written to swap slot 3");
	assert_string_equal(frame->history[1].text, "fault at 0x40205000: read from its file, sh (pid 7)");
	assert_string_equal(frame->history[2].text, "mapped at 0x40205000 rw-u, sh (pid 7)");
	assert_string_equal(frame->history[3].text, "allocated: anonymous");
}

static void test_large_ram_has_several_frames_a_cell(void **state)
{
	(void)state;
	live_start(&r, "-m 1G --ad update", code, ARRAY_SIZE(code));
	live_open(&r);
	live_hint(&r, HINT_FRAME, LIVE_FIRST, HINT_FRAME_FREE, 262144, 0);
	live_hint(&r, HINT_FRAME, LIVE_PAGE + 1, HINT_FRAME_ANON, 1, 0);
	const struct live_view *view = live_see(&r);

	assert_int_equal(view->group_log2, 2);
	assert_int_equal(view->cell_count, 65536);
	assert_int_equal(view->cells[(LIVE_PAGE - LIVE_FIRST) >> 2].kind, GUEST_FRAME_ANON);
	assert_true(view->cells[(LIVE_PAGE - LIVE_FIRST) >> 2].flags & LIVE_CELL_CURRENT);
	assert_int_equal(view->cells[65535].kind, GUEST_FRAME_FREE);
	assert_int_equal(view->frames_by_kind[GUEST_FRAME_FREE], 262143);
}

/* While nobody looks only hints and spaces are wanted. */
static void test_hidden_view_wants_little(void **state)
{
	(void)state;
	live_start(&r, OPTIONS, code, ARRAY_SIZE(code));
	assert_int_equal(r.rig.m->trace.wanted, BIT(TRACE_HINT) | BIT(TRACE_SPACE));
	live_open(&r);
	assert_int_equal(r.rig.m->trace.wanted,
	                 BIT(TRACE_HINT) | BIT(TRACE_SPACE) | BIT(TRACE_WALK) | BIT(TRACE_FAULT));
	assert_false(live_look(r.live, true));
	assert_true(live_look(r.live, false));
	observers_apply(r.observers, r.rig.m);
	assert_int_equal(r.rig.m->trace.wanted, BIT(TRACE_HINT) | BIT(TRACE_SPACE));
}

static void test_rates_go_by_the_hosts_clock(void **state)
{
	const u64 step = 250000000;

	(void)state;
	live_start(&r, OPTIONS, code, ARRAY_SIZE(code));
	live_sample(r.live, step);
	live_run(&r, 1000);
	live_sample(r.live, 2 * step - 1); /* too soon */
	live_sample(r.live, 2 * step);
	live_run(&r, 2000);
	live_sample(r.live, 4 * step); /* two samples in one */
	const struct live_view *view = live_see(&r);

	assert_int_equal(view->plot_count, 3);
	assert_true(view->plot_step_s == 0.25);
	assert_true(view->plots[LIVE_INSTRET][0] == 4000);
	assert_true(view->plots[LIVE_INSTRET][1] == 4000);
	assert_true(view->rates[LIVE_INSTRET] == 4000);
	assert_int_equal(view->counters[LIVE_INSTRET], 3000);
	live_sample(r.live, 4 * step + 1000 * step);
	assert_int_equal(live_see(&r)->plot_count, LIVE_PLOT);
	assert_true(r.view->rates[LIVE_INSTRET] == 0);
}

/* What --display is not for has none. */
static void test_headless_runs_have_no_view(void **state)
{
	struct machine_rig rig = { .m = NULL };
	struct error err;

	(void)state;
	live_start(&r, OPTIONS, code, ARRAY_SIZE(code));
	assert_true(rig_options(&rig, "--display none", "guest.elf"));
	struct observers *none = observers_create(&rig.config, NULL, &err);
	assert_null(observers_live(none));
	assert_null(none->guest);
	assert_true(observers_destroy(none, &err));
}

#define TEST(name) cmocka_unit_test_teardown(name, tear_down)

/* Too many walks: they are looked at one turn in four, but whoever waits for one sees the very next. */
static void test_too_many_walks_are_looked_at_in_turns(void **state)
{
	struct live *live = live_create(NULL);
	struct live_view *view = live_view_create();
	struct control control = { 0 };
	u32 told = 0, changes = 0;

	(void)state;
	live_look(live, true);
	view->rates[LIVE_WALKS_DONE] = 100;
	for (u32 i = 0; i < 8; i++)
		assert_false(live_take_turns(live, view));
	view->rates[LIVE_WALKS_DONE] = 9e6;
	for (u32 i = 0; i < 40; i++) {
		changes += live_take_turns(live, view);
		told += live_wanted(live) >> TRACE_WALK & 1;
	}
	assert_int_equal(told, 10);
	assert_int_equal(changes, 20);
	live_take_turns(live, view);
	assert_false(live_wanted(live) & BIT(TRACE_WALK));
	assert_true(live_step(live, &control, LIVE_STEP_WALK));
	for (u32 i = 0; i < 8; i++) {
		assert_false(live_take_turns(live, view));
		assert_true(live_wanted(live) & BIT(TRACE_WALK));
	}
	live_view_destroy(view);
	live_destroy(live);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_too_many_walks_are_looked_at_in_turns),
		TEST(test_frames_have_kinds_and_marks),
		TEST(test_frames_grow_old),
		TEST(test_hints_name_frames_and_faults),
		TEST(test_faults_of_kernels_without_hints_are_marked),
		TEST(test_tables_are_listed_breadth_first),
		TEST(test_hostile_tables_do_no_harm),
		TEST(test_tlb_entry_is_stale_until_fenced),
		TEST(test_arrays_and_walk_cache_are_told_apart),
		TEST(test_walks_are_told_in_words),
		TEST(test_walk_that_sets_bits_says_so),
		TEST(test_clicked_frame_tells_mappings_and_history),
		TEST(test_large_ram_has_several_frames_a_cell),
		TEST(test_hidden_view_wants_little),
		TEST(test_rates_go_by_the_hosts_clock),
		TEST(test_headless_runs_have_no_view),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
