/*
 * The text interface as it is painted: what must be there at each size, that no size breaks it, and what its keys wish.
 */
#include "emu/display/tui_screen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/live_maker.h"

struct rig {
	struct sheet sheet;
	struct tui_mmu mmu;
	struct tui_screen screen;
	struct live_view *view;
	struct wish wish; /* the last */
	u32 wishes;
};

static void note_wish(void *arg, const struct wish *wish)
{
	struct rig *rig = arg;

	rig->wish = *wish;
	rig->wishes++;
}

static void note_bytes(void *arg, const u8 *bytes, size_t size)
{
	(void)arg, (void)bytes, (void)size;
}

static int setup(void **state)
{
	struct rig *rig = xcalloc(1, sizeof(*rig));

	rig->view = maker_view(MAKER_TLB_ROCKET);
	tui_mmu_init(&rig->mmu, note_wish, rig);
	rig->screen = (struct tui_screen){ .mmu = &rig->mmu, .live = rig->view, .message = "", .view = TUI_MMU };
	rig->screen.terminal = terminal_create(80, 23, note_bytes, NULL);
	snprintf(rig->screen.status.guest, sizeof(rig->screen.status.guest), "guest.elf");
	rig->sheet.has_shades = rig->sheet.has_blocks = true;
	*state = rig;
	return 0;
}

static int teardown(void **state)
{
	struct rig *rig = *state;

	terminal_destroy(rig->screen.terminal);
	live_view_destroy(rig->view);
	sheet_free(&rig->sheet);
	free(rig);
	return 0;
}

/* Paints at that size; the text of it, rows ended by newlines. */
static const char *paint(struct rig *rig, u32 columns, u32 rows)
{
	static char text[500 * 200 * 4];
	size_t length = 0;

	sheet_resize(&rig->sheet, columns, rows);
	tui_screen_paint(&rig->screen, &rig->sheet);
	for (u32 i = 0; i < columns * rows; i++) {
		u32 c = rig->sheet.cells[i].code_point;

		if (c)
			length += utf8_put(text + length, c);
		if (i % columns == columns - 1)
			text[length++] = '\n';
	}
	text[length] = 0;
	return text;
}

static void expect(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("'%s' is not in:\n%s", part, text);
}

static void key(struct rig *rig, const char *bytes)
{
	struct tui_key k;

	assert_int_equal(tui_key_next((const u8 *)bytes, strlen(bytes), true, &k), strlen(bytes));
	assert_true(tui_mmu_key(&rig->mmu, &k, rig->screen.live, &rig->screen.status));
}

static void test_all_that_matters_is_there_at_every_size(void **state)
{
	static const u32 sizes[][2] = { { 80, 24 }, { 100, 30 }, { 120, 40 }, { 200, 60 } };
	struct rig *rig = *state;

	for (u32 i = 0; i < ARRAY_SIZE(sizes); i++) {
		const char *text = paint(rig, sizes[i][0], sizes[i][1]);

		expect(text, "hart 0/2 U 10a58 main+0x24  sh (3)");
		expect(text, "memory 64 MiB");
		for (u32 kind = GUEST_FRAME_FREE; kind < GUEST_FRAME_KINDS; kind++) {
			if (rig->view->frames_by_kind[kind])
				expect(text, live_kind_name((u8)kind));
		}
		for (u32 c = 0; c < LIVE_COUNTERS; c++)
			expect(text, live_counter_name((enum live_counter)c));
		expect(text, "TLB rocket");
		expect(text, "stale");
		expect(text, "VA 000000");
		expect(text, "space hold");
		expect(text, "guest.elf");
	}
}

static void test_a_walk_shows_each_level(void **state)
{
	struct rig *rig = *state;
	const char *text = paint(rig, 80, 24);

	expect(text, "last walk 1234: fetch by");
	expect(text, "VA 0000003fffffea58 = 255 | 511 | 510 | a58");
	expect(text, "2 [255] at ");
	expect(text, "1 [511] at ");
	expect(text, "0 [510] at ");
	expect(text, " -> table ");
	expect(text, " -> frame 80345000");
	expect(text, "physical address 0x80345a58");
	key(rig, "l");
	text = paint(rig, 80, 24);
	expect(text, "last failed walk 1232: store");
	expect(text, "not valid");
	expect(text, "nothing is mapped here");
}

static void test_no_size_breaks_it(void **state)
{
	struct rig *rig = *state;

	for (u32 rows = 2; rows < 70; rows += 3) {
		for (u32 columns = 2; columns < 260; columns += 7) {
			for (u32 view = TUI_CONSOLE; view <= TUI_MMU; view++) {
				rig->screen.view = (enum tui_view)view;
				rig->screen.shows_help = columns % 2;
				rig->sheet.has_blocks = rows % 2;
				paint(rig, columns, rows);
				rig->mmu.has_cursor = true;
				rig->mmu.request.frame_pa = columns % 3 ? UINT64_MAX : MAKER_BASE;
			}
		}
	}
}

static void test_without_a_view_it_says_so(void **state)
{
	struct rig *rig = *state;

	rig->screen.live = NULL;
	expect(paint(rig, 80, 24), "nothing seen of the MMU yet");
	rig->screen.status.is_over = true;
	expect(paint(rig, 80, 24), "the guest has ended");
}

static void test_an_empty_view_is_painted(void **state)
{
	struct rig *rig = *state;
	struct live_view *empty = live_view_create();

	rig->screen.live = empty;
	expect(paint(rig, 80, 24), "memory: nothing seen yet");
	expect(paint(rig, 200, 60), "last walk: none since you began to look");
	key(rig, "\033[A");
	key(rig, "\r");
	key(rig, "]");
	paint(rig, 80, 24);
	live_view_destroy(empty);
}

static void test_letters_stand_for_colours(void **state)
{
	struct rig *rig = *state;
	const char *text;

	rig->sheet.has_blocks = false;
	text = paint(rig, 80, 24);
	expect(text, "a letter");
	expect(text, "k kernel");
	expect(text, "T page table");
	expect(text, "\nkkk");
	assert_null(strstr(text, "▀"));
}

static void test_console_and_mmu_share_large_terminals(void **state)
{
	struct rig *rig = *state;
	const char *text;

	assert_false(tui_has_room_for_both(80, 24));
	assert_false(tui_has_room_for_both(120, 40));
	assert_true(tui_has_room_for_both(200, 60));
	assert_true(tui_has_room_for_both(100, 50));
	assert_int_equal(tui_next_view(TUI_CONSOLE, 80, 24), TUI_MMU);
	assert_int_equal(tui_next_view(TUI_CONSOLE, 200, 60), TUI_BOTH);
	assert_int_equal(tui_next_view(TUI_BOTH, 200, 60), TUI_MMU);
	assert_int_equal(tui_next_view(TUI_MMU, 200, 60), TUI_CONSOLE);
	terminal_write(rig->screen.terminal, (const u8 *)"hello\r\nthere", 12);
	rig->screen.view = TUI_BOTH;
	text = paint(rig, 200, 60);
	expect(text, "hello  ");
	expect(text, "memory 64 MiB");
	assert_true(rig->screen.has_cursor);
	assert_int_equal(rig->screen.cursor_x, 5);
	assert_int_equal(rig->screen.cursor_y, 1);
	text = paint(rig, 100, 50);
	expect(text, "there");
	expect(text, "keys: console above");
	expect(text, "memory 64 MiB");
	rig->screen.mmu_has_keys = true;
	expect(paint(rig, 100, 50), "keys: MMU below");
	assert_false(rig->screen.has_cursor);
}

static void test_the_console_follows_its_cursor(void **state)
{
	struct rig *rig = *state;

	rig->screen.view = TUI_CONSOLE;
	terminal_write(rig->screen.terminal, (const u8 *)"top\033[23;78Hend", 15);
	expect(paint(rig, 80, 24), "top");
	assert_int_equal(rig->screen.cursor_y, 22);
	assert_null(strstr(paint(rig, 40, 12), "top"));
	expect(paint(rig, 40, 12), "end");
	assert_int_equal(rig->screen.cursor_y, 10);
	assert_int_equal(rig->screen.cursor_x, 39);
}

static void test_a_console_that_is_scrolled_back_fills_its_view(void **state)
{
	struct rig *rig = *state;

	rig->screen.view = TUI_CONSOLE;
	for (u32 i = 0; i < 40; i++)
		terminal_write(rig->screen.terminal, (const u8 *)"line\r\n", 6);
	terminal_scroll(rig->screen.terminal, 12);
	expect(paint(rig, 80, 24), "line");
	assert_int_equal(rig->sheet.cells[22 * 80].code_point, 'l');
	assert_false(rig->screen.has_cursor);
	expect(paint(rig, 80, 24), "12 lines back");
}

static void expect_wish(struct rig *rig, const char *bytes, enum wish_kind kind, u64 number)
{
	u32 before = rig->wishes;

	key(rig, bytes);
	assert_int_equal(rig->wishes, before + 1);
	assert_int_equal(rig->wish.kind, kind);
	assert_int_equal(rig->wish.number, number);
}

static void test_keys_hold_step_and_slow(void **state)
{
	struct rig *rig = *state;

	expect_wish(rig, " ", WISH_PAUSE, 0);
	rig->screen.status.is_paused = true;
	expect_wish(rig, " ", WISH_CONTINUE, 0);
	expect_wish(rig, "s", WISH_STEP, 0);
	expect_wish(rig, "w", WISH_STEP_WALK, 0);
	expect_wish(rig, "f", WISH_STEP_FAULT, 0);
	expect_wish(rig, "-", WISH_SPEED, 10000000);
	rig->screen.status.speed = 100;
	expect_wish(rig, "-", WISH_SPEED, 10);
	expect_wish(rig, "+", WISH_SPEED, 1000);
	rig->screen.status.speed = 1;
	expect_wish(rig, "-", WISH_SPEED, 1);
	rig->screen.status.speed = 10000000;
	expect_wish(rig, "+", WISH_SPEED, 0);
	expect_wish(rig, "0", WISH_SPEED, 0);
	rig->screen.status.speed = 0;
	expect_wish(rig, "+", WISH_SPEED, 0);
	expect(paint(rig, 80, 24), "HELD");
	rig->screen.status.speed = 100;
	expect(paint(rig, 80, 24), "at most 100/s");
}

static void test_keys_choose_spaces_and_harts(void **state)
{
	struct rig *rig = *state;
	u32 count = rig->view->space_count;

	assert_true(count > 0);
	key(rig, "]");
	assert_int_equal(rig->mmu.request.satp, rig->view->spaces[0].satp);
	for (u32 i = 0; i < count; i++)
		key(rig, "]");
	assert_int_equal(rig->mmu.request.satp, 0);
	key(rig, "[");
	assert_int_equal(rig->mmu.request.satp, rig->view->spaces[count - 1].satp);
	key(rig, "c");
	assert_int_equal(rig->mmu.request.satp, 0);
	key(rig, "\t");
	assert_int_equal(rig->mmu.request.hart, 1);
	key(rig, "\t");
	assert_int_equal(rig->mmu.request.hart, 0);
}

static void test_arrows_choose_a_frame(void **state)
{
	struct rig *rig = *state;
	u64 bytes;

	paint(rig, 80, 24);
	bytes = (u64)rig->mmu.group << 12;
	key(rig, "\033[C");
	assert_int_equal(rig->mmu.cursor_pa, MAKER_BASE);
	key(rig, "\033[C");
	key(rig, "\033[B");
	assert_int_equal(rig->mmu.cursor_pa, MAKER_BASE + (rig->mmu.columns + 1) * bytes);
	key(rig, "\033[F");
	assert_true(rig->mmu.cursor_pa >= MAKER_BASE + rig->view->ram_size / 2);
	for (u32 i = 0; i < 100; i++)
		key(rig, "\033[A");
	assert_int_equal(rig->mmu.cursor_pa, MAKER_BASE);
	expect(paint(rig, 80, 24), "80000000 kernel");
	assert_int_equal(rig->mmu.request.frame_pa, UINT64_MAX);
	key(rig, "\r");
	assert_true(rig->mmu.request.frame_pa >= MAKER_BASE && rig->mmu.request.frame_pa < MAKER_BASE + bytes);
	expect(paint(rig, 80, 24), "frame: being looked up");
	maker_frame(rig->view, rig->mmu.request.frame_pa);
	expect(paint(rig, 80, 24), "anonymous, of sh");
	expect(paint(rig, 80, 24), "pid 3");
	expect(paint(rig, 80, 24), "4K, PTE at 80417520");
	expect(paint(rig, 80, 24), "copied on write for vi");
	expect(paint(rig, 200, 60), "allocated: anonymous, for sh");
	expect(paint(rig, 200, 60), "last walk 1234");
	key(rig, "\033");
	assert_int_equal(rig->mmu.request.frame_pa, UINT64_MAX);
	assert_true(rig->mmu.has_cursor);
	key(rig, "\033");
	assert_false(rig->mmu.has_cursor);
}

static void test_help_covers_everything(void **state)
{
	struct rig *rig = *state;

	rig->screen.shows_help = true;
	expect(paint(rig, 80, 24), "Ctrl-A x        end rvemu");
	expect(paint(rig, 80, 24), "white: a fault was just resolved");
}

static void test_messages_and_the_end_are_in_the_bar(void **state)
{
	struct rig *rig = *state;

	rig->screen.message = "something to tell";
	rig->screen.status.is_over = true;
	expect(paint(rig, 80, 24), "guest.elf ended  something to tell");
}

static void test_a_map_of_little_ram_has_a_spot_for_each_frame(void **state)
{
	struct rig *rig = *state;

	rig->view->cell_count = 100;
	paint(rig, 80, 24);
	assert_int_equal(rig->mmu.group, 1);
	expect(paint(rig, 80, 24), "4 KiB a half cell");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_all_that_matters_is_there_at_every_size, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_walk_shows_each_level, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_size_breaks_it, setup, teardown),
		cmocka_unit_test_setup_teardown(test_without_a_view_it_says_so, setup, teardown),
		cmocka_unit_test_setup_teardown(test_an_empty_view_is_painted, setup, teardown),
		cmocka_unit_test_setup_teardown(test_letters_stand_for_colours, setup, teardown),
		cmocka_unit_test_setup_teardown(test_console_and_mmu_share_large_terminals, setup, teardown),
		cmocka_unit_test_setup_teardown(test_the_console_follows_its_cursor, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_console_that_is_scrolled_back_fills_its_view, setup, teardown),
		cmocka_unit_test_setup_teardown(test_keys_hold_step_and_slow, setup, teardown),
		cmocka_unit_test_setup_teardown(test_keys_choose_spaces_and_harts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_arrows_choose_a_frame, setup, teardown),
		cmocka_unit_test_setup_teardown(test_help_covers_everything, setup, teardown),
		cmocka_unit_test_setup_teardown(test_messages_and_the_end_are_in_the_bar, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_map_of_little_ram_has_a_spot_for_each_frame, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
