/*
 * The model of the guest's processes and frames (emu/observe/guest_view.h): what hints tell is there, and nonsense does
 * no harm.
 */
#include "emu/observe/guest_view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mmu/walk.h"

#define RAM 0x80000000ull
#define FRAMES 1024ull
#define FIRST (RAM >> 12)
#define ROOT (FIRST + 100)
#define ROOT2 (FIRST + 101)
#define PTE(frame) ((u64)(frame) << 10 | 0xdf)

static struct guest_view *view;
static u64 now;

static int set_up(void **state)
{
	(void)state;
	now = 0;
	view = guest_view_create(RAM, FRAMES << 12);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	guest_view_destroy(view);
	return 0;
}

static void hint(u32 number, u64 a, u64 b, u64 c, u64 d, u64 e)
{
	const struct trace_hint event = { .head = { .instret = now + 1, .time_ns = (now + 1) * 10 },
		                          .number = number,
		                          .args = { a, b, c, d, e } };

	now++;
	guest_view_emit(view, TRACE_HINT, &event);
}

static void load_satp(u32 hart, u64 satp)
{
	const struct trace_space event = { .head = { .instret = now + 1, .time_ns = (now + 1) * 10, .hart = hart },
		                           .satp = satp };

	now++;
	guest_view_emit(view, TRACE_SPACE, &event);
}

static u64 word(const char *text)
{
	u64 value = 0;

	memcpy(&value, text, strlen(text));
	return value;
}

static const char *wanted_name;
static u64 wanted_value;

static void see(void *arg, const char *name, u64 value)
{
	(*(u32 *)arg)++;
	if (strcmp(name, wanted_name) == 0)
		wanted_value = value;
}

static u64 counter(const char *name)
{
	u32 count = 0;

	wanted_name = name;
	wanted_value = ~0ull;
	guest_view_each(view, see, &count);
	return wanted_value;
}

static const struct guest_frame *frame(u64 number)
{
	return &guest_view_frames(view).frames[number - FIRST];
}

static void test_processes_have_names_parents_and_ends(void **state)
{
	(void)state;
	hint(HINT_PROCESS, 7, ROOT, word("a-long-n"), word("ame\x01"), 1);
	const struct guest_process *process = guest_view_find(view, 7);

	assert_non_null(process);
	assert_string_equal(process->name, "a-long-name?");
	assert_int_equal(process->parent, 1);
	assert_ptr_equal(guest_view_of_satp(view, 8ull << 60 | 3ull << 44 | ROOT), process);
	hint(HINT_SWITCH, 7, ROOT, 0, 0, 0);
	assert_int_equal(guest_view_running(view, 0), 7);
	assert_int_equal(process->switches, 1);
	hint(HINT_EXIT, 7, 0, 0, 0, 0);
	assert_false(process->is_alive);
	assert_int_equal(counter("processes.created"), 1);
	assert_int_equal(counter("processes.alive"), 0);
	assert_int_equal(counter("processes.peak"), 1);
	assert_int_equal(counter("hints.bad"), 0);
}

static void test_frames_change_kinds_and_are_counted(void **state)
{
	(void)state;
	hint(HINT_FRAME, FIRST, HINT_FRAME_FREE, FRAMES, 0, 0);
	assert_int_equal(counter("frames.free"), FRAMES);
	hint(HINT_FRAME, FIRST + 5, HINT_FRAME_FILE, 2, 40, 0);
	assert_int_equal(frame(FIRST + 6)->kind, GUEST_FRAME_FILE);
	assert_int_equal(frame(FIRST + 6)->va, 41 << 12);
	hint(HINT_FRAME, FIRST + 9, HINT_FRAME_ANON, 0, 0, 0); /* a count of 0 is 1 */
	assert_int_equal(counter("frames.free"), FRAMES - 3);
	hint(HINT_FRAME, FIRST + 5, HINT_FRAME_FREE, 2, 0, 0);
	assert_int_equal(counter("frames.file"), 0);
	assert_int_equal(counter("frames.file.peak"), 2);
	assert_int_equal(counter("frames.anon"), 1);
}

static void test_mappings_are_counted_and_owned_by_the_first(void **state)
{
	const u64 page = FIRST + 3;

	(void)state;
	hint(HINT_FRAME, page, HINT_FRAME_ANON, 1, 0, 0);
	hint(HINT_MAP, PTE(page), ROOT, 0x5000, 0, 0); /* before it is known whose it is: exec, fork */
	hint(HINT_PROCESS, 7, ROOT, word("first"), 0, 1);
	hint(HINT_PROCESS, 8, ROOT2, word("second"), 0, 7);
	hint(HINT_MAP, PTE(page), ROOT2, 0x6000, 0, 0);
	hint(HINT_MAP, PTE(page), ROOT2, 0x6000, 0, 0); /* the same again, with other bits */
	assert_int_equal(frame(page)->maps, 2);
	assert_int_equal(frame(page)->va, 0x5000);
	assert_int_equal(guest_view_owner(view, frame(page)->owner), 7);
	hint(HINT_MAP, PTE(page + 1), ROOT2, 0x6000, 0, 0); /* another frame in its place */
	assert_int_equal(frame(page)->maps, 1);
	assert_int_equal(frame(page + 1)->maps, 1);
	hint(HINT_UNMAP, 0, ROOT, 0x4000, 3, 0);
	assert_int_equal(frame(page)->maps, 0);
	hint(HINT_FRAME, ROOT2, HINT_FRAME_TABLE, 1, 0, 0);
	hint(HINT_FRAME, ROOT2, HINT_FRAME_FREE, 1, 0, 0); /* the space is gone, and all that it mapped */
	assert_int_equal(frame(page + 1)->maps, 0);
	assert_null(guest_view_of_satp(view, ROOT2));
}

static void test_vfork_leaves_the_space_to_the_parent(void **state)
{
	(void)state;
	hint(HINT_PROCESS, 7, ROOT, word("shell"), 0, 1);
	hint(HINT_PROCESS, 8, ROOT, word("shell"), 0, 7);
	assert_int_equal(guest_view_of_satp(view, ROOT)->pid, 7);
	hint(HINT_PROCESS, 8, ROOT2, word("ls"), 0, 7);
	assert_int_equal(guest_view_of_satp(view, ROOT2)->pid, 8);
	assert_int_equal(counter("processes.created"), 2);
}

static void test_faults_and_swapping_are_counted(void **state)
{
	(void)state;
	for (u32 how = 0; how < HINT_FAULTS; how++)
		hint(HINT_FAULT, ROOT, 0x1000, how, 0, 0);
	hint(HINT_SWAP_OUT, FIRST, 1, 0, 0, 0);
	hint(HINT_SWAP_OUT, FIRST, 2, 0, 0, 0);
	hint(HINT_SWAP_IN, FIRST, 2, 0, 0, 0);
	assert_int_equal(counter("guest.faults"), HINT_FAULTS - 1);
	assert_int_equal(counter("guest.faults.signal"), 1);
	assert_int_equal(counter("swap.writes"), 2);
	assert_int_equal(counter("swap.reads"), 1);
}

static void test_without_hints_spaces_are_named_by_satp(void **state)
{
	struct guest_space spaces[4];

	(void)state;
	load_satp(1, 8ull << 60 | 3ull << 44 | ROOT);
	load_satp(0, 9ull << 60 | 4ull << 44 | ROOT2);
	assert_false(guest_view_has_hints(view));
	assert_string_equal(guest_view_of_satp(view, ROOT)->name, "satp 0x80064 asid 3");
	assert_int_equal(guest_view_running(view, 1), guest_view_of_satp(view, ROOT)->pid);
	assert_int_equal(guest_view_spaces(view, spaces, 4), 2);
	assert_true(spaces[0].satp == (9ull << 60 | 4ull << 44 | ROOT2));
	load_satp(0, 0);
	assert_int_equal(guest_view_running(view, 0), 0);
	assert_int_equal(guest_view_hart_satp(view, 0), 0);
}

/* A kernel that gives hints has page tables before it gives the first. */
static void test_first_hint_makes_earlier_spaces_the_kernels(void **state)
{
	struct guest_space space;

	(void)state;
	load_satp(0, 8ull << 60 | ROOT);
	assert_int_equal(counter("processes.alive"), 1);
	hint(HINT_SWITCH, 0, 0, 0, 0, 0);
	assert_int_equal(counter("processes.alive"), 0);
	assert_int_equal(counter("processes.created"), 0);
	assert_null(guest_view_of_satp(view, ROOT));
	assert_int_equal(guest_view_spaces(view, &space, 1), 1);
	assert_int_equal(space.pid, 0);
}

static void test_walks_show_tables_and_uses(void **state)
{
	const struct walk_request request = { .access = ACCESS_STORE };
	struct walk_result result = { .step_count = 2, .pa = RAM + 0x5678 };
	struct trace_walk walk = { .head = { .instret = 99 }, .request = &request, .result = &result };

	(void)state;
	result.steps[0].pte_addr = RAM + 0x3010;
	result.steps[1].pte_addr = RAM + 0x4010;
	guest_view_emit(view, TRACE_WALK, &walk);
	assert_int_equal(frame(FIRST + 3)->kind, GUEST_FRAME_TABLE);
	assert_int_equal(frame(FIRST + 4)->kind, GUEST_FRAME_TABLE);
	assert_int_equal(frame(FIRST + 5)->last_use, 100);
	assert_int_equal(frame(FIRST + 5)->flags, GUEST_FRAME_DIRTY);
}

static void test_nonsense_is_counted_as_bad(void **state)
{
	(void)state;
	hint(HINT_FRAME, 5, HINT_FRAME_ANON, 1, 0, 0);
	hint(HINT_FRAME, FIRST, HINT_FRAME_KINDS, 1, 0, 0);
	hint(HINT_FRAME, FIRST + 1, HINT_FRAME_ANON, FRAMES, 0, 0);
	hint(HINT_FRAME, FIRST, HINT_FRAME_ANON, ~0ull, 0, 0);
	hint(HINT_FRAME, ~0ull, HINT_FRAME_ANON, 2, 0, 0);
	hint(HINT_MAP, PTE(5), ROOT, 0, 0, 0);
	hint(HINT_MAP, PTE(FIRST), 5, 0, 0, 0);
	hint(HINT_UNMAP, 0, ROOT, 0, 1, 0);
	hint(HINT_PROCESS, 0, ROOT, 0, 0, 0);
	hint(HINT_PROCESS, GUEST_SPACE_PID, ROOT, 0, 0, 0);
	hint(HINT_PROCESS, 7, 5, 0, 0, 0);
	hint(HINT_SWITCH, 1ull << 40, 0, 0, 0, 0);
	hint(HINT_EXIT, 0, 0, 0, 0, 0);
	hint(HINT_FAULT, 0, 0, HINT_FAULTS, 0, 0);
	assert_int_equal(counter("hints.bad"), 14);
	hint(0x155, 0, 0, 0, 0, 0); /* another kernel's own */
	assert_int_equal(counter("hints.bad"), 14);
	assert_int_equal(counter("frames.unknown"), FRAMES);
}

/* Large counts again and again would make the host work for nothing. */
static void test_large_counts_are_limited(void **state)
{
	(void)state;
	for (u32 i = 0; i < 100; i++)
		hint(HINT_FRAME, FIRST, i % 2, FRAMES, 0, 0);
	assert_true(counter("hints.bad") > 80);
}

static u64 seed = 1;

static u64 any(void)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return seed >> 20;
}

/* What a hostile guest may send: mostly frames of RAM, and a few addresses that are none. */
static u64 any_argument(void)
{
	u64 choice = any() % 8;

	if (choice < 4)
		return FIRST + any() % FRAMES;
	if (choice < 6)
		return any() % 300;
	return choice == 6 ? PTE(FIRST + any() % FRAMES) : any() << 30 ^ any();
}

static void test_hostile_hints_keep_the_model_consistent(void **state)
{
	u64 sum = 0;

	(void)state;
	for (u32 i = 0; i < 300000; i++) {
		if (any() % 16 == 0)
			load_satp((u32)(any() % 80), (any() % 12) << 60 | (FIRST + any() % FRAMES));
		else
			hint(HINT_PROCESS + (u32)(any() % 10), any_argument(), any_argument(), any_argument(),
			     any_argument(), any_argument());
	}
	for (u32 kind = 0; kind < GUEST_FRAME_USER; kind++) {
		char name[32];

		snprintf(name, sizeof(name), "frames.%s", guest_frame_kind_name(kind));
		sum += counter(name);
	}
	assert_int_equal(sum, FRAMES);
	assert_true(guest_view_process_count(view) <= GUEST_PROCESSES_MAX);
	assert_true(counter("processes.alive") <= GUEST_PROCESSES_MAX);
	u64 alive = 0;

	for (u32 i = 0; i < guest_view_process_count(view); i++)
		alive += guest_view_process(view, i)->is_alive;
	assert_int_equal(counter("processes.alive"), alive);
}

/* The machine was reset: everything begins anew but the counts. */
static void test_new_ram_forgets_frames_and_spaces(void **state)
{
	(void)state;
	hint(HINT_PROCESS, 7, ROOT, word("first"), 0, 1);
	hint(HINT_FRAME, FIRST, HINT_FRAME_ANON, 1, 0, 0);
	hint(HINT_MAP, PTE(FIRST), ROOT, 0x5000, 0, 0);
	guest_view_set_ram(view, RAM, FRAMES << 12);
	assert_int_equal(counter("frames.unknown"), FRAMES);
	assert_int_equal(counter("processes.alive"), 0);
	assert_null(guest_view_of_satp(view, ROOT));
	assert_int_equal(counter("guest.maps"), 1);
}

static void test_counters_have_the_same_names_without_a_view(void **state)
{
	u32 with = 0, without = 0;

	(void)state;
	wanted_name = "";
	guest_view_each(view, see, &with);
	guest_view_each(NULL, see, &without);
	assert_int_equal(with, without);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_processes_have_names_parents_and_ends),
		TEST(test_frames_change_kinds_and_are_counted),
		TEST(test_mappings_are_counted_and_owned_by_the_first),
		TEST(test_vfork_leaves_the_space_to_the_parent),
		TEST(test_faults_and_swapping_are_counted),
		TEST(test_without_hints_spaces_are_named_by_satp),
		TEST(test_first_hint_makes_earlier_spaces_the_kernels),
		TEST(test_walks_show_tables_and_uses),
		TEST(test_nonsense_is_counted_as_bad),
		TEST(test_large_counts_are_limited),
		TEST(test_hostile_hints_keep_the_model_consistent),
		TEST(test_new_ram_forgets_frames_and_spaces),
		TEST(test_counters_have_the_same_names_without_a_view),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
