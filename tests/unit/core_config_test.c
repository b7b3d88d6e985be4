/*
 * emu/core_config.c: cores by name, by key and by file; and text that nobody meant. Whatever is accepted must be
 * possible to build.
 */
#include "emu/core_config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct core_config core;
static struct error err;

static void build(void)
{
	struct tlb *tlb = tlb_create(&core.tlb);

	if (core.has_cost)
		cost_destroy(cost_create(&core.cost, NULL));
	tlb_destroy(tlb);
}

static void parse(const char *text)
{
	if (!core_config_parse(&core, text, &err))
		fail_msg("%s: %s", text, err.text);
	build();
}

static void refuse(const char *text, const char *said)
{
	assert_false(core_config_parse(&core, text, &err));
	if (!strstr(err.text, said))
		fail_msg("%s: %s", text, err.text);
	assert_null(strchr(err.text, '\n'));
}

static void test_name_gives_geometry_and_timing(void **state)
{
	(void)state;
	for (u32 i = 0; cost_preset_at(i); i++) {
		parse(cost_preset_at(i)->name);
		assert_true(core.has_cost);
		assert_string_equal(core.tlb.name, cost_preset_at(i)->name);
		assert_memory_equal(&core.cost, cost_preset_at(i), sizeof(core.cost));
	}
}

static void test_keys_change_what_they_say(void **state)
{
	(void)state;
	parse("rocket,l1d.size=32K,l1d.ways=8,l1d.line=32,l1d.latency=3,memory.latency=77,walk_skip_l1=yes");
	assert_int_equal(core.cost.l1d.size, 32768);
	assert_int_equal(core.cost.l1d.ways, 8);
	assert_int_equal(core.cost.l1d.line, 32);
	assert_int_equal(core.cost.l1d.latency, 3);
	assert_int_equal(core.cost.memory_latency, 77);
	assert_true(core.cost.walks_skip_l1);
	assert_int_equal(core.cost.l1i.size, cost_preset("rocket")->l1i.size);
	parse("u54,tlb.data.ways=12,tlb.data.sets=4,tlb.data.replacement=lru,tlb.fetch.ways=3,l2.size=0");
	assert_int_equal(core.tlb.first[TLB_DATA][0].ways, 12);
	assert_int_equal(core.tlb.first[TLB_DATA][0].sets, 4);
	assert_int_equal(core.tlb.first[TLB_DATA][0].replacement, TLB_LRU);
	assert_int_equal(core.tlb.first[TLB_FETCH][0].ways, 3);
	assert_int_equal(core.cost.l2.size, 0);
}

static void test_arrays_take_all_page_sizes_between_them(void **state)
{
	(void)state;
	parse("u54,tlb.data.super.ways=4");
	assert_int_equal(core.tlb.first[TLB_DATA][0].max_level, 0);
	assert_int_equal(core.tlb.first[TLB_DATA][1].min_level, 1);
	parse("rocket,tlb.data.super.ways=0");
	assert_int_equal(core.tlb.first[TLB_DATA][0].max_level, WALK_LEVELS_MAX - 1);
	parse("rocket,tlb.second.ways=4,tlb.second.sets=128");
	assert_int_equal(core.tlb.second[0].max_level, WALK_LEVELS_MAX - 1);
	parse("boom,tlb.second.ways=2");
	assert_int_equal(core.tlb.second[0].max_level, 0);
	parse("champsim,tlb.walk.ways=6");
	assert_int_equal(core.tlb.walk_cache[0].min_level, 1);
	assert_int_equal(core.tlb.walk_cache[0].max_level, WALK_LEVELS_MAX - 1);
	assert_int_equal(core.tlb.walk_cache[1].ways, 0);
	parse("champsim,split=no");
	parse("champsim,split=no,split=yes,tlb.second.ways=0,tlb.walk.ways=0");
	parse("u54,tlb.walk.ways=2");
}

static void test_mistakes_get_one_line_with_key_and_range(void **state)
{
	(void)state;
	refuse("", "missing");
	refuse(",", "missing");
	refuse("rockt", "did you mean rocket?");
	refuse("zzzzzzzz", "there are teach, rocket");
	refuse("fast", "there are teach");
	refuse("rocket,", "must be key=value");
	refuse("rocket,=4", "must be key=value");
	refuse("rocket,l1d.siz=4K", "did you mean l1d.size?");
	refuse("rocket,nothing.like.it=1", "unknown key nothing.like.it");
	refuse("rocket,l1d.size=", "not a size");
	refuse("rocket,l1d.size=-1", "not a size");
	refuse("rocket,l1d.size=33", "l1d.size 33: must be");
	refuse("rocket,l1d.size=128M", "l1d.size 128M: must be between 0 and");
	refuse("rocket,l1d.line=24", "l1d.line 24: must be a power of two");
	refuse("rocket,l1i.ways=0", "l1i.ways 0: must be between 1 and 64");
	refuse("rocket,memory.latency=99999999999999999999", "not a number");
	refuse("rocket,tlb.data.ways=0", "tlb.data.ways 0: must be between 1 and 256");
	refuse("rocket,tlb.data.sets=3", "tlb.data.sets 3: must be a power of two");
	refuse("rocket,tlb.data.ways=65", "must be at most 64 with plru");
	refuse("champsim,tlb.data.sets=65536", "more than 65536 entries");
	refuse("rocket,tlb.data.replacement=best", "must be fifo, random, plru or lru");
	refuse("rocket,tlb.second.super.ways=2", "no second level");
	refuse("rocket,split=no,tlb.fetch.ways=3", "split=yes");
	refuse("rocket,split=maybe", "split maybe: must be");
	refuse("./no/such/file", "No such file");
	refuse("/", "directory");
}

static void test_tlb_takes_structure_only(void **state)
{
	struct tlb_config tlb = { .name = "before" };

	(void)state;
	assert_true(core_config_parse_tlb(&tlb, "fast", &err));
	assert_string_equal(tlb.name, "fast");
	assert_true(core_config_parse_tlb(&tlb, "teach,tlb.data.ways=2", &err));
	assert_int_equal(tlb.first[TLB_DATA][0].ways, 2);
	assert_false(core_config_parse_tlb(&tlb, "rocket,l1d.size=4K", &err));
	assert_non_null(strstr(err.text, "use --core"));
	assert_false(core_config_parse_tlb(&tlb, "rocke", &err));
	assert_non_null(strstr(err.text, "did you mean rocket?"));
	assert_string_equal(tlb.name, "teach");
}

/* Writes a file, and gives its name: good until the next one. */
static const char *file(const char *text, size_t size)
{
	static char path[32];
	int fd;

	strcpy(path, "/tmp/core_config.XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0 && write(fd, text, size) == (ssize_t)size);
	close(fd);
	return path;
}

static void parse_file(const char *text)
{
	const char *path = file(text, strlen(text));

	parse(path);
	unlink(path);
}

static void refuse_file(const char *text, size_t size, const char *said)
{
	const char *path = file(text, size);

	refuse(path, said);
	unlink(path);
}

static void test_file_has_a_key_a_line(void **state)
{
	(void)state;
	parse_file("# a core\n\nbase = rocket  # like this\n\tl1d.size = 32K\nl1d.ways=8\r\n  memory.latency = 5");
	assert_string_equal(core.tlb.name, "rocket");
	assert_int_equal(core.cost.l1d.size, 32768);
	assert_int_equal(core.cost.memory_latency, 5);
	parse_file("");
	assert_string_equal(core.tlb.name, "teach");
}

static void test_bad_files_name_the_line(void **state)
{
	static const char zeros[600];
	char lines[2100];

	(void)state;
	refuse_file("l1d.size=4K\nl1d.wais=4\n", 23, ":2: unknown key l1d.wais: did you mean l1d.ways?");
	refuse_file("l1d.size=4K\nbase=rocket\n", 24, ":2: base: must come before");
	refuse_file("base=rockt", 10, ":1: no core is called rockt");
	refuse_file("hello", 5, ":1: `hello': must be key=value");
	refuse_file("l1d.size=48\n", 12, ": l1d.size 48: must be");
	refuse_file(zeros, sizeof(zeros), ":1: the line is too long, or no text");
	memset(lines, '\n', sizeof(lines));
	refuse_file(lines, sizeof(lines), "more than 1000 lines");
	memset(lines, 'x', sizeof(lines));
	refuse_file(lines, sizeof(lines), ":1: the line is too long");
	memset(lines, '0', 200);
	memcpy(lines, "rocket,l1d.size=", 16);
	lines[200] = '\0';
	refuse(lines, "too long");
}

/* Random text made of pieces that mean something: refused, or possible to build. */
static void test_random_text_is_refused_or_can_be_built(void **state)
{
	static const char *const pieces[] = {
		"rocket", "teach",     "boom",       ",",    ",",      ",",       "=",           "=",    "l1d.",
		"l2.",    "tlb.data.", "tlb.walk.",  "size", "ways",   "line",    "sets",        "0",    "1",
		"2",      "48",        "64",         "K",    "M",      "split",   "yes",         "no",   "tlb.second.",
		"super.", "fetch.",    "plru",       "lru",  "random", "#",       " ",           "\xff", "%s%n",
		".",      "latency",   "tlb.fetch.", "256",  "65536",  "memory.", "replacement",
	};
	static const char *const keys[] = {
		"l1d.size",
		"l1d.ways",
		"l1d.line",
		"l2.size",
		"l2.ways",
		"tlb.data.sets",
		"tlb.data.ways",
		"tlb.data.super.ways",
		"tlb.fetch.ways",
		"tlb.fetch.super.sets",
		"tlb.second.ways",
		"tlb.second.sets",
		"tlb.second.super.ways",
		"tlb.walk.ways",
		"tlb.walk.sets",
		"tlb.data.replacement",
		"split",
		"tlb.second.super.sets",
		"tlb.walk.replacement",
	};
	static const char *const values[] = { "0",  "1",  "2",   "3",  "4",    "16",  "64",   "65",     "128",
		                              "1K", "4K", "yes", "no", "plru", "lru", "fifo", "random", "65536" };
	u32 built = 0;

	(void)state;
	srandom(1);
	for (u32 i = 0; i < 30000; i++) {
		char text[512] = "";

		if (i % 2) {
			for (u32 n = (u32)random() % 12; n > 0; n--)
				strcat(text, pieces[(u32)random() % ARRAY_SIZE(pieces)]);
		} else {
			strcpy(text, cost_preset_at((u32)random() % 9)->name);
			for (u32 n = (u32)random() % 4; n > 0; n--)
				snprintf(text + strlen(text), sizeof(text) - strlen(text), ",%s=%s",
				         keys[(u32)random() % ARRAY_SIZE(keys)],
				         values[(u32)random() % ARRAY_SIZE(values)]);
		}
		if (!core_config_parse(&core, text, &err))
			continue;
		build();
		built++;
	}
	assert_in_range(built, 1000, 30000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_name_gives_geometry_and_timing),
		cmocka_unit_test(test_keys_change_what_they_say),
		cmocka_unit_test(test_arrays_take_all_page_sizes_between_them),
		cmocka_unit_test(test_mistakes_get_one_line_with_key_and_range),
		cmocka_unit_test(test_tlb_takes_structure_only),
		cmocka_unit_test(test_file_has_a_key_a_line),
		cmocka_unit_test(test_bad_files_name_the_line),
		cmocka_unit_test(test_random_text_is_refused_or_can_be_built),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
