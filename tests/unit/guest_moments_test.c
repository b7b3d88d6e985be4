/*
 * Frames and page tables at moments of a run (emu/observe/frame_map.h, tables.h): written to a run file and read back,
 * from a machine whose RAM holds page tables.
 */
#include "emu/observe/frame_map.h"
#include "emu/observe/moments.h"
#include "emu/observe/tables.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mmu/walk.h"
#include "tests/unit/machine_rig.h"

#define FIRST (RIG_RAM >> 12)
#define ROOT (FIRST + 16) /* three tables, and two pages */
#define MIDDLE (FIRST + 17)
#define LEAVES (FIRST + 18)
#define PAGE_A (FIRST + 32)
#define PAGE_B (FIRST + 33)
#define POINTER(frame) ((u64)(frame) << 10 | PTE_V)
#define LEAF(frame, bits) ((u64)(frame) << 10 | PTE_V | PTE_R | PTE_W | PTE_U | (bits))
#define SATP (8ull << 60 | 5ull << 44 | ROOT)

static struct machine_rig rig;
static struct guest_view *view;
static struct frame_map *map;
static struct tables *tables;
static u64 now;

static void put(u64 frame, u32 index, u64 pte)
{
	assert_true(bus_store(&rig.m->bus, (frame << 12) + (u64)index * 8, 8, pte));
}

static void tell(enum trace_sort sort, const void *event)
{
	guest_view_emit(view, sort, event);
	frame_map_emit(map, sort, event);
	tables_emit(tables, sort, event);
}

static void load_satp(u64 satp, u64 instret)
{
	const struct trace_space event = { .head = { .instret = now = instret, .time_ns = instret }, .satp = satp };

	tell(TRACE_SPACE, &event);
}

static void hint(u32 number, u64 a, u64 b, u64 c)
{
	const struct trace_hint event = { .head = { .instret = now + 1, .time_ns = now + 1 },
		                          .number = number,
		                          .args = { a, b, c } };

	now++;
	tell(TRACE_HINT, &event);
}

static int set_up(void **state)
{
	const u32 code[] = { 0x6f };

	(void)state;
	now = 0;
	rig_start(&rig, "-m 1M", code, 1);
	put(ROOT, 0, POINTER(MIDDLE));
	put(ROOT, 511, POINTER(MIDDLE));
	put(MIDDLE, 1, POINTER(LEAVES));
	put(LEAVES, 5, LEAF(PAGE_A, PTE_A | PTE_D));
	put(LEAVES, 6, LEAF(PAGE_B, 0));
	put(LEAVES, 511, 0x1234500); /* V=0, but not empty */
	view = guest_view_create(rig.m->bus.ram->base, rig.m->bus.ram->size);
	map = frame_map_create(view);
	frame_map_attach(map, rig.m);
	tables = tables_create(view);
	tables_attach(tables, rig.m);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	frame_map_destroy(map);
	tables_destroy(tables);
	guest_view_destroy(view);
	rig_free(&rig);
	return 0;
}

/* Payloads of a run file's records of one kind. */
struct payloads {
	struct pack all[FRAME_MAP_MOMENTS + 1];
	u32 count;
};

static void finish(enum run_record kind, struct payloads *payloads)
{
	char path[] = "/tmp/guest-moments-XXXXXX";
	struct error err;
	struct run_item item;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	close(fd);
	struct run_writer *writer = run_writer_create(path, &err);

	assert_non_null(writer);
	frame_map_finish(map, writer);
	tables_finish(tables, writer);
	assert_true(run_writer_close(writer, &err));
	struct run_reader *reader = run_reader_open(path, &err);

	assert_non_null(reader);
	while (run_reader_next(reader, &item, &err) == RUN_NEXT_OTHER)
		if (item.kind == kind)
			pack_bytes(&payloads->all[payloads->count++], item.payload, item.size);
	run_reader_close(reader);
	unlink(path);
}

static void drop(struct payloads *payloads)
{
	for (u32 i = 0; i < payloads->count; i++)
		pack_free(&payloads->all[i]);
	payloads->count = 0;
}

static void read_frames(const struct pack *payload, struct frame_map_moment *moment)
{
	struct error err;

	if (!frame_map_read(payload->bytes, payload->size, moment, &err))
		fail_msg("%s", err.text);
}

static void test_frames_without_hints_are_what_page_tables_say(void **state)
{
	struct payloads payloads = { .count = 0 };
	struct frame_map_moment moment;

	(void)state;
	load_satp(SATP, 10);
	put(LEAVES, 5, LEAF(PAGE_A, PTE_A | PTE_D)); /* A stays set: no news */
	load_satp(8ull << 60 | 6ull << 44 | ROOT, 5000000);
	finish(RUN_FRAMES, &payloads);
	assert_int_equal(payloads.count, 3);
	read_frames(&payloads.all[2], &moment);
	assert_true(moment.has_bits && !moment.has_hints && !moment.is_cut);
	assert_int_equal(moment.instret, 5000000);
	assert_int_equal(moment.first, FIRST);
	assert_int_equal(moment.frame_count, 256);
	assert_int_equal(moment.process_count, 1);
	assert_string_equal(moment.processes[0].name, "satp 0x80010 asid 6");
	assert_true(moment.processes[0].is_running);
	const struct frame_map_frame *a = &moment.frames[PAGE_A - FIRST], *b = &moment.frames[PAGE_B - FIRST];

	assert_int_equal(moment.frames[ROOT - FIRST].kind, GUEST_FRAME_TABLE);
	assert_int_equal(moment.frames[LEAVES - FIRST].kind, GUEST_FRAME_TABLE);
	assert_int_equal(a->kind, GUEST_FRAME_USER);
	assert_true(a->dirty && !b->dirty);
	assert_int_equal(a->pid, moment.processes[0].pid);
	/* MIDDLE stands in two places of the root */
	assert_int_equal(a->maps, 2);
	assert_true(a->has_va && a->va == (1 << 21) + (5 << 12));
	assert_int_equal(a->age, 14); /* 5 million instructions: 2^12 * 1024 is less, twice as much more */
	assert_int_equal(b->age, 0);
	assert_int_equal(moment.frames[40].kind, GUEST_FRAME_UNKNOWN);
	frame_map_free(&moment);
	drop(&payloads);
}

static void test_frames_with_hints_are_what_they_say(void **state)
{
	struct payloads payloads = { .count = 0 };
	struct frame_map_moment moment;

	(void)state;
	hint(HINT_FRAME, FIRST, HINT_FRAME_FREE, 256);
	hint(HINT_FRAME, PAGE_A, HINT_FRAME_ANON, 2);
	hint(HINT_PROCESS, 7, ROOT, 0x6968); /* "hi" */
	hint(HINT_MAP, LEAF(PAGE_A, 0), ROOT, 0x5000);
	hint(HINT_MAP, LEAF(PAGE_B, 0), ROOT, 0x6000);
	hint(HINT_FRAME, FIRST + 50, HINT_FRAME_FILE, 4);
	finish(RUN_FRAMES, &payloads);
	read_frames(&payloads.all[payloads.count - 1], &moment);
	assert_true(moment.has_hints);
	assert_int_equal(moment.process_count, 1);
	assert_string_equal(moment.processes[0].name, "hi");
	const struct frame_map_frame *b = &moment.frames[PAGE_B - FIRST];

	assert_int_equal(b->kind, GUEST_FRAME_ANON);
	assert_int_equal(b->pid, 7);
	assert_int_equal(b->maps, 1);
	assert_true(b->va == 0x6000);
	assert_int_equal(moment.frames[53].kind, GUEST_FRAME_FILE);
	assert_true(moment.frames[53].va == 3 << 12);
	assert_int_equal(moment.frames[54].kind, GUEST_FRAME_FREE);
	frame_map_free(&moment);
	drop(&payloads);
}

static void test_moments_of_a_long_run_are_few_and_even(void **state)
{
	struct payloads payloads = { .count = 0 };
	struct frame_map_moment moment;
	u64 last = 0, least = ~0ull, most = 0;

	(void)state;
	for (u64 i = 1; i < 20000; i++)
		load_satp(SATP ^ (i & 1) << 44, i * 33333);
	finish(RUN_FRAMES, &payloads);
	assert_in_range(payloads.count, FRAME_MAP_MOMENTS / 2, FRAME_MAP_MOMENTS);
	for (u32 i = 0; i < payloads.count; i++) {
		read_frames(&payloads.all[i], &moment);
		if (i > 0 && i + 1 < payloads.count) {
			least = moment.instret - last < least ? moment.instret - last : least;
			most = moment.instret - last > most ? moment.instret - last : most;
		}
		last = moment.instret;
		frame_map_free(&moment);
	}
	assert_true(last == 19999 * 33333ull);
	assert_true(most < 2 * least + 100000);
	drop(&payloads);
}

static void test_moments_that_cost_much_are_fewer(void **state)
{
	struct moments moments;

	(void)state;
	moments_init(&moments, 8, MIB, 100);
	for (u64 i = 0; i < 6; i++) {
		struct pack one = { 0 };

		pack_number(&one, i);
		moments_add(&moments, &one, moments.next);
	}
	assert_int_equal(moments.count, 6);
	struct pack dear = { 0 };

	moments.least = 350;
	moments_add(&moments, &dear, moments.next);
	assert_int_equal(moments.interval, 400);
	assert_int_equal(moments.next, 1000);
	assert_int_equal(moments.count, 3);
	assert_int_equal(moments.all[1].bytes[0], 4);
	moments_free(&moments);
}

/* More than one stretch, and the last one is not whole; without page tables. */
static void test_frames_of_which_nothing_is_known_are_told_too(void **state)
{
	struct payloads payloads = { .count = 0 };
	struct frame_map_moment moment;
	const u64 count = 3 * GUEST_STRETCH + 100;

	(void)state;
	frame_map_attach(map, NULL);
	guest_view_set_ram(view, RIG_RAM, count << 12);
	hint(HINT_FRAME, FIRST + 1030, HINT_FRAME_ANON, 2);
	hint(HINT_FRAME, FIRST + count - 1, HINT_FRAME_KERNEL, 1);
	finish(RUN_FRAMES, &payloads);
	read_frames(&payloads.all[payloads.count - 1], &moment);
	assert_int_equal(moment.frame_count, count);
	for (u32 i = 0; i < count; i++)
		assert_int_equal(moment.frames[i].kind, i == 1030 || i == 1031 ? GUEST_FRAME_ANON
		                                        : i == count - 1       ? GUEST_FRAME_KERNEL
		                                                               : GUEST_FRAME_UNKNOWN);
	frame_map_free(&moment);
	drop(&payloads);
}

static void test_a_machine_that_starts_again_has_used_no_frame(void **state)
{
	struct payloads payloads = { .count = 0 };
	struct frame_map_moment moment;

	(void)state;
	load_satp(SATP, 10);
	guest_view_set_ram(view, rig.m->bus.ram->base, rig.m->bus.ram->size);
	frame_map_attach(map, rig.m);
	put(LEAVES, 5, LEAF(PAGE_A, 0));
	load_satp(SATP, 20);
	finish(RUN_FRAMES, &payloads);
	read_frames(&payloads.all[payloads.count - 1], &moment);
	assert_int_equal(moment.frames[PAGE_A - FIRST].kind, GUEST_FRAME_USER);
	assert_int_equal(moment.frames[PAGE_A - FIRST].age, 0);
	frame_map_free(&moment);
	drop(&payloads);
}

static void test_tables_are_there_once_and_whole(void **state)
{
	struct payloads payloads = { .count = 0 };
	struct tables_moment moment;
	struct error err;

	(void)state;
	load_satp(SATP, 10);
	hint(HINT_PROCESS, 7, ROOT, 0x6968);
	finish(RUN_TABLES, &payloads);
	assert_int_equal(payloads.count, 2);
	const struct pack *last = &payloads.all[1];

	assert_true(tables_read(last->bytes, last->size, &moment, &err));
	assert_true(moment.is_end && !moment.is_cut);
	assert_int_equal(moment.space_count, 1);
	assert_true(moment.spaces[0].satp == SATP);
	assert_int_equal(moment.spaces[0].pid, 7);
	assert_int_equal(moment.spaces[0].harts, 1);
	assert_int_equal(moment.spaces[0].levels, 3);
	assert_string_equal(moment.spaces[0].name, "hi");
	assert_int_equal(moment.table_count, 3);
	const struct tables_table *root = tables_find(&moment, ROOT, 2), *leaves = tables_find(&moment, LEAVES, 0);

	assert_non_null(root);
	assert_int_equal(root->count, 2);
	assert_int_equal(moment.entries[root->first + 1].index, 511);
	assert_true(moment.entries[root->first + 1].pte == POINTER(MIDDLE));
	assert_non_null(leaves);
	assert_int_equal(leaves->count, 3);
	assert_true(moment.entries[leaves->first + 2].pte == 0x1234500);
	assert_null(tables_find(&moment, LEAVES, 1));
	tables_free(&moment);
	drop(&payloads);
}

/* A root that is its own table at every level, and pointers out of RAM: the walk ends. */
static void test_tables_that_point_to_themselves_end(void **state)
{
	struct payloads payloads = { .count = 0 };
	struct tables_moment moment;
	struct error err;

	(void)state;
	for (u32 i = 0; i < 512; i++)
		put(ROOT, i, POINTER(i % 2 ? ROOT : MIDDLE));
	put(MIDDLE, 3, POINTER(0x3ffffffffull));
	load_satp(10ull << 60 | ROOT, 10);
	finish(RUN_TABLES, &payloads);
	assert_true(tables_read(payloads.all[0].bytes, payloads.all[0].size, &moment, &err));
	assert_int_equal(moment.table_count, 5 + 4 + 3);
	tables_free(&moment);
	drop(&payloads);
}

/* xv6 fills what it frees. */
static void test_roots_that_hold_something_else_are_left_out(void **state)
{
	struct payloads payloads = { .count = 0 };
	struct tables_moment moment;
	struct error err;

	(void)state;
	load_satp(SATP, 10);
	for (u32 i = 0; i < 512; i++)
		put(ROOT, i, 0x0101010101010101ull);
	finish(RUN_TABLES, &payloads);
	assert_true(tables_read(payloads.all[1].bytes, payloads.all[1].size, &moment, &err));
	assert_int_equal(moment.space_count, 0);
	tables_free(&moment);
	drop(&payloads);
}

static u64 seed = 1;

static u32 any(u64 range)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (u32)((seed >> 33) % range);
}

static void damage(const struct pack *payload, enum run_record kind)
{
	struct pack bytes = { 0 };
	struct error err;

	pack_bytes(&bytes, payload->bytes, payload->size);
	for (u32 i = any(4); i > 0; i--)
		bytes.bytes[any(bytes.size)] = (u8)any(256);
	size_t size = any(2) ? bytes.size : any(bytes.size + 1);

	if (kind == RUN_FRAMES) {
		struct frame_map_moment moment;

		if (frame_map_read(bytes.bytes, size, &moment, &err))
			frame_map_free(&moment);
	} else {
		struct tables_moment moment;

		if (tables_read(bytes.bytes, size, &moment, &err))
			tables_free(&moment);
	}
	pack_free(&bytes);
}

static void test_damaged_records_do_no_harm(void **state)
{
	static const enum run_record kinds[] = { RUN_FRAMES, RUN_TABLES };

	(void)state;
	for (u32 k = 0; k < ARRAY_SIZE(kinds); k++) {
		struct payloads payloads = { .count = 0 };

		load_satp(SATP, 10 + k);
		finish(kinds[k], &payloads);
		for (u32 i = 0; i < 3000; i++)
			damage(&payloads.all[0], kinds[k]);
		drop(&payloads);
	}
}

static void test_numbers_come_back(void **state)
{
	static const u64 values[] = { 0, 1, 127, 128, 300, 1ull << 32, ~0ull >> 1, ~0ull };
	struct pack p = { 0 };

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(values); i++)
		pack_number(&p, values[i]);
	struct unpack u = { .at = p.bytes, .end = p.bytes + p.size };

	for (u32 i = 0; i < ARRAY_SIZE(values); i++)
		assert_true(unpack_number(&u) == values[i]);
	assert_false(u.bad);
	assert_int_equal(unpack_number(&u), 0);
	assert_true(u.bad);
	pack_free(&p);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_frames_without_hints_are_what_page_tables_say),
		TEST(test_frames_with_hints_are_what_they_say),
		TEST(test_moments_of_a_long_run_are_few_and_even),
		cmocka_unit_test(test_moments_that_cost_much_are_fewer),
		TEST(test_frames_of_which_nothing_is_known_are_told_too),
		TEST(test_a_machine_that_starts_again_has_used_no_frame),
		TEST(test_tables_are_there_once_and_whole),
		TEST(test_tables_that_point_to_themselves_end),
		TEST(test_roots_that_hold_something_else_are_left_out),
		TEST(test_damaged_records_do_no_harm),
		cmocka_unit_test(test_numbers_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
