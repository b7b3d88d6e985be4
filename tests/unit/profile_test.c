/*
 * The hottest places: counted, sorted, named, bounded.
 */
#include "emu/observe/profile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mmu/walk.h"

static void walk_at(struct profile *p, u64 va, u64 pc, u16 asid, enum walk_reason reason, u64 cycles)
{
	struct walk_request request = { .va = va };
	struct walk_result result = { .reason = reason };
	struct trace_walk walk = { .head = { .pc = pc },
		                   .request = &request,
		                   .result = &result,
		                   .satp = (u64)asid << 44,
		                   .cycles = cycles,
		                   .first = TRACE_TLB_MISSED };
	struct trace sink = profile_sink(p);
	sink.emit(sink.arg, TRACE_WALK, &walk);
}

static char *printed(const struct profile *p, void (*print)(const struct profile *p, FILE *out))
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	print(p, out);
	fclose(out);
	return text;
}

static void assert_order(const char *text, const char *first, const char *then)
{
	const char *a = strstr(text, first), *b = strstr(text, then);
	if (!a || !b || a > b)
		fail_msg("'%s' does not come before '%s' in: %s", first, then, text);
}

static void test_hotter_pages_come_first_by_asid(void **state)
{
	struct profile *p = profile_create(NULL);
	(void)state;
	for (u32 i = 0; i < 3; i++)
		walk_at(p, 0x5123, 0x100, 2, WALK_OK, 10);
	walk_at(p, 0x5fff, 0x104, 1, WALK_INVALID, 7);
	char *text = printed(p, profile_print_json);
	assert_order(text,
	             "{\"va\": \"0x5000\", \"asid\": 2, \"walks\": 3, \"misses\": 3, \"faults\": 0, \"cycles\": 30}",
	             "{\"va\": \"0x5000\", \"asid\": 1, \"walks\": 1, \"misses\": 1, \"faults\": 1, \"cycles\": 7}");
	assert_order(text, "\"pc\": \"0x100\"", "\"pc\": \"0x104\"");
	free(text);
	text = printed(p, profile_print);
	assert_order(text, "0x5000 asid 2", "0x5000 asid 1");
	free(text);
	profile_destroy(p);
}

static void test_functions_sum_up_their_instructions(void **state)
{
	struct symbols symbols = { 0 };
	struct profile *p = profile_create(&symbols);
	(void)state;
	symbols_add(&symbols, &(struct symbol){ .addr = 0x100, .size = 16, .name = "copy\"it", .is_code = true });
	symbols_add(&symbols, &(struct symbol){ .addr = 0x200, .size = 16, .name = "once", .is_code = true });
	symbols_sort(&symbols);
	walk_at(p, 0x1000, 0x100, 0, WALK_OK, 1);
	walk_at(p, 0x2000, 0x104, 0, WALK_OK, 2);
	walk_at(p, 0x3000, 0x200, 0, WALK_OK, 4);
	char *text = printed(p, profile_print_json);
	assert_order(text, "{\"name\": \"copy\\\"it\", \"walks\": 2, \"misses\": 2, \"faults\": 0, \"cycles\": 3}",
	             "{\"name\": \"once\", \"walks\": 1");
	free(text);
	symbols_free(&symbols);
	profile_destroy(p);
}

static void test_hot_places_survive_many_cold_ones(void **state)
{
	struct profile *p = profile_create(NULL);
	(void)state;
	for (u64 i = 0; i < 3 * PROFILE_PLACES_MAX; i++) {
		walk_at(p, (i + 16) << 12, 0x1000 + 2 * i, 0, WALK_OK, 1);
		if (i % 100 == 0)
			walk_at(p, 0x1000, 0x100, 0, WALK_OK, 1);
	}
	char *text = printed(p, profile_print_json), line[64];
	snprintf(line, sizeof(line), "\"va\": \"0x1000\", \"asid\": 0, \"walks\": %d,",
	         3 * PROFILE_PLACES_MAX / 100 + 1);
	assert_non_null(strstr(text, line));
	assert_null(strstr(text, "\"forgotten\": 0"));
	free(text);
	text = printed(p, profile_print);
	assert_non_null(strstr(text, "approximate"));
	free(text);
	profile_destroy(p);
}

static void test_nothing_is_printed_of_no_walks(void **state)
{
	struct profile *p = profile_create(NULL);
	char *text = printed(p, profile_print);
	(void)state;
	assert_string_equal(text, "");
	free(text);
	profile_destroy(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hotter_pages_come_first_by_asid),
		cmocka_unit_test(test_functions_sum_up_their_instructions),
		cmocka_unit_test(test_hot_places_survive_many_cold_ones),
		cmocka_unit_test(test_nothing_is_printed_of_no_walks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
