/*
 * The flat list of counters: names are unique and explained, sums add up, harts add up to the machine, forms agree.
 */
#include "emu/observe/stats.h"

#include <ctype.h>
#include <stdlib.h>

#include "emu/observe/stats_internal.h"
#include "tests/unit/machine_rig.h"

#define NAMES_MAX 8192

static const u32 program[] = { 0x0000006f /* j . */ };

struct list {
	u32 count;
	struct {
		char name[96];
		u64 value;
	} all[NAMES_MAX];
};

struct fixture {
	struct machine_rig rig;
	struct list list;
};

static void collect(void *arg, const char *name, u64 value)
{
	struct list *l = arg;
	assert_true(l->count < NAMES_MAX);
	snprintf(l->all[l->count].name, sizeof(l->all[0].name), "%s", name);
	l->all[l->count++].value = value;
}

/* Fills a hart's counts with numbers that are all different. */
static void fill(struct hart *h, u64 seed)
{
	u64 *counts = (u64 *)&h->mmu.stats;
	for (u32 i = 0; i < sizeof(h->mmu.stats) / sizeof(u64); i++)
		counts[i] = seed + i;
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	rig_start(&f->rig, "--smp 2", program, ARRAY_SIZE(program));
	fill(f->rig.m->harts[0], 1000);
	fill(f->rig.m->harts[1], 500000);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	rig_free(&f->rig);
	free(f);
	return 0;
}

static struct stats_sources sources_of(const struct fixture *f)
{
	return (struct stats_sources){ .machine = f->rig.m, .host_ns = 77, .exit_status = 3 };
}

static u64 value_of(const struct fixture *f, const char *name)
{
	struct stats_sources s = sources_of(f);
	u64 value = 0;
	if (!stats_find(&s, name, &value))
		fail_msg("there is no %s", name);
	return value;
}

static void test_names_are_unique_and_well_formed(void **state)
{
	struct fixture *f = *state;
	struct stats_sources s = sources_of(f);
	stats_each(&s, collect, &f->list);
	assert_true(f->list.count > 1000);
	for (u32 i = 0; i < f->list.count; i++) {
		const char *name = f->list.all[i].name;
		for (const char *c = name; *c; c++)
			assert_true(islower((u8)*c) || isdigit((u8)*c) || *c == '_' || *c == '.');
		for (u32 j = 0; j < i; j++)
			assert_string_not_equal(f->list.all[j].name, name);
	}
}

static void test_harts_add_up_to_the_machine(void **state)
{
	struct fixture *f = *state;
	struct stats_sources s = sources_of(f);
	u32 compared = 0;
	stats_each(&s, collect, &f->list);
	for (u32 i = 0; i < f->list.count; i++) {
		char name[128];
		if (strncmp(f->list.all[i].name, "hart0.", 6) != 0 || strstr(f->list.all[i].name, "per_million"))
			continue;
		snprintf(name, sizeof(name), "hart1.%s", f->list.all[i].name + 6);
		assert_int_equal(value_of(f, f->list.all[i].name + 6), f->list.all[i].value + value_of(f, name));
		compared++;
	}
	assert_true(compared > 500);
}

static u64 sum_of(const struct fixture *f, const char *format, const char *const *names, u32 count)
{
	u64 sum = 0;
	for (u32 i = 0; i < count; i++) {
		char name[128];
		snprintf(name, sizeof(name), format, names[i]);
		sum += value_of(f, name);
	}
	return sum;
}

static void test_parts_add_up_to_their_whole(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(sum_of(f, "faults.%s", stats_access_names, 3), value_of(f, "faults"));
	assert_int_equal(value_of(f, "faults.page") + value_of(f, "faults.access"), value_of(f, "faults"));
	assert_int_equal(sum_of(f, "walks.%s", stats_access_names, 3), value_of(f, "walks"));
	assert_int_equal(sum_of(f, "walks.load.user.%s", stats_size_names, MMU_SIZES), value_of(f, "walks.load.user"));
	assert_int_equal(sum_of(f, "ptes.%s", stats_place_names, WALK_SOURCES), value_of(f, "ptes"));
	assert_int_equal(sum_of(f, "ptes.level1.%s", stats_place_names, WALK_SOURCES), value_of(f, "ptes.level1"));
	assert_int_equal(value_of(f, "ptes") - value_of(f, "ptes.walk_cache"), value_of(f, "pte_reads"));
	assert_int_equal(sum_of(f, "tlb.first.%s.misses", stats_access_names, 3), value_of(f, "tlb.first.misses"));
	assert_int_equal(sum_of(f, "tlb.second.fetch.%s.hits", stats_mode_names, 2),
	                 value_of(f, "tlb.second.fetch.hits"));
	assert_int_equal(value_of(f, "tlb.first.hits") + value_of(f, "tlb.first.misses"),
	                 value_of(f, "tlb.first.accesses"));
	assert_int_equal(sum_of(f, "tlb.first.flushed.%s", stats_form_names, MMU_FLUSHES),
	                 value_of(f, "tlb.first.flushed"));
	assert_int_equal(sum_of(f, "fences.%s", stats_form_names, MMU_FLUSHES), value_of(f, "fences"));
}

static void test_single_counts_are_where_they_belong(void **state)
{
	struct fixture *f = *state;
	struct hart *h = f->rig.m->harts[0];
	u64 value;
	struct stats_sources s = sources_of(f);
	h->mmu.stats.tlb[1].denied[ACCESS_STORE][PRIV_S][MMU_SIZE_2M] = 123456;
	h->mmu.stats.faults_by[WALK_NO_WRITE][ACCESS_STORE] = 98765;
	h->mmu.stats.walk_cycles[3] = 4321;
	assert_int_equal(value_of(f, "hart0.tlb.second.store.supervisor.2m.denied"), 123456);
	assert_int_equal(value_of(f, "hart0.faults.no_write.store"), 98765);
	assert_int_equal(value_of(f, "hart0.walk_cycles.8"), 4321);
	assert_int_equal(value_of(f, "exit"), 3);
	assert_int_equal(value_of(f, "host_ns"), 77);
	assert_int_equal(value_of(f, "harts"), 2);
	assert_int_equal(value_of(f, "stale"), 0);
	assert_false(stats_find(&s, "tlb.third.hits", &value));
}

static char *printed(void (*print)(const struct stats_sources *s, FILE *out), const struct stats_sources *s)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	print(s, out);
	fclose(out);
	return text;
}

/* Braces and quotes match; the numbers are those of the list, the whole beside its parts called "total". */
static void test_json_is_nested_by_the_dots(void **state)
{
	struct fixture *f = *state;
	struct stats_sources s = sources_of(f);
	char *text = printed(stats_print_json, &s), part[128];
	int depth = 0;
	for (const char *c = text; *c; c++) {
		depth += (*c == '{') - (*c == '}');
		assert_true(depth >= 0);
	}
	assert_int_equal(depth, 0);
	snprintf(part, sizeof(part),
	         "\"fences\": {\"total\": %llu, \"all\": ", (unsigned long long)value_of(f, "fences"));
	assert_non_null(strstr(text, part));
	assert_non_null(strstr(text, "\"preset\": {\"tlb\": \"fast\", \"core\": null}"));
	free(text);
}

static void test_text_leaves_out_what_is_zero(void **state)
{
	struct fixture *f = *state;
	struct stats_sources s = sources_of(f);
	memset(&f->rig.m->harts[0]->mmu.stats, 0, sizeof(f->rig.m->harts[0]->mmu.stats));
	memset(&f->rig.m->harts[1]->mmu.stats, 0, sizeof(f->rig.m->harts[1]->mmu.stats));
	f->rig.m->harts[1]->mmu.stats.tlb[0].misses[ACCESS_LOAD][PRIV_U][MMU_SIZE_64K] = 42;
	char *text = printed(stats_print, &s);
	assert_non_null(strstr(text, "load, user, 64 KiB"));
	assert_null(strstr(text, "load, user, 4 KiB"));
	assert_null(strstr(text, "faults: "));
	assert_non_null(strstr(text, "accesses on the fast path do not reach it"));
	free(text);
}

/* Is the word one of those that a pattern's word stands for? Any word does here; how many there are must be right. */
static bool fits(const char *pattern, const char *name)
{
	for (;;) {
		size_t p = strcspn(pattern, "."), n = strcspn(name, ".");
		bool is_word = isupper((u8)pattern[0]);
		bool is_number = p > 0 && pattern[p - 1] == 'N' && !is_word;
		if (is_number ? strncmp(pattern, name, p - 1) != 0
		              : !is_word && (p != n || strncmp(pattern, name, p) != 0))
			return false;
		if (!pattern[p] || !name[n])
			return !pattern[p] && !name[n];
		pattern += p + 1;
		name += n + 1;
	}
}

static bool is_explained(const char *names, const char *name)
{
	char pattern[96];
	for (const char *line = names; line && *line && *line != '\n'; line = strchr(line, '\n') + 1) {
		size_t length = strcspn(line, " ");
		snprintf(pattern, sizeof(pattern), "%.*s", (int)length, line);
		if (fits(pattern, name))
			return true;
	}
	return false;
}

static void test_every_name_is_explained(void **state)
{
	struct fixture *f = *state;
	struct stats_sources s = sources_of(f);
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	stats_print_names(out);
	fclose(out);
	stats_each(&s, collect, &f->list);
	for (u32 i = 0; i < f->list.count; i++) {
		const char *name = f->list.all[i].name;
		if (strncmp(name, "hart", 4) != 0 && !is_explained(text, name))
			fail_msg("--stats=names does not explain %s", name);
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_names_are_unique_and_well_formed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_harts_add_up_to_the_machine, setup, teardown),
		cmocka_unit_test_setup_teardown(test_parts_add_up_to_their_whole, setup, teardown),
		cmocka_unit_test_setup_teardown(test_single_counts_are_where_they_belong, setup, teardown),
		cmocka_unit_test_setup_teardown(test_json_is_nested_by_the_dots, setup, teardown),
		cmocka_unit_test_setup_teardown(test_text_leaves_out_what_is_zero, setup, teardown),
		cmocka_unit_test_setup_teardown(test_every_name_is_explained, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
