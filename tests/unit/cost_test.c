/*
 * mmu/cost.c against a naive model: caches as plain lists of (line, time of last use), searched from end to end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mmu/cost.h"
#include "mmu/tlb.h"
#include "tests/unit/state_memory.h"

#define ACCESSES 60000u
#define LINES_MAX 40000u

struct naive_cache {
	struct cache_config config;
	struct {
		u64 line, used; /* used 0: empty */
	} lines[LINES_MAX];     /* any order; `config.size / config.line` of them */
	u64 now;
};

static u64 seed;

static u64 rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed * 0x9e3779b97f4a7c15ull >> 8;
}

static bool naive_use(struct naive_cache *c, u64 pa)
{
	u32 sets = c->config.size / c->config.line / c->config.ways;
	u64 line = pa / c->config.line;
	u32 first = (u32)(line % sets) * c->config.ways, victim = first;

	c->now++;
	for (u32 i = first; i < first + c->config.ways; i++) {
		if (c->lines[i].used && c->lines[i].line == line) {
			c->lines[i].used = c->now;
			return true;
		}
		if (c->lines[i].used < c->lines[victim].used)
			victim = i;
	}
	c->lines[victim].line = line;
	c->lines[victim].used = c->now;
	return false;
}

struct naive {
	struct naive_cache l1i, l1d, l2;
};

static struct cost_answer naive_access(struct naive *n, const struct cost_config *config, enum cost_kind kind, u64 pa)
{
	struct naive_cache *first = kind == COST_FETCH ? &n->l1i : &n->l1d;
	bool asked = first->config.size && !(kind == COST_PTE && config->walks_skip_l1);

	if (asked && naive_use(first, pa))
		return (struct cost_answer){ COST_L1, kind == COST_PTE ? first->config.latency : 0 };
	if (n->l2.config.size && naive_use(&n->l2, pa))
		return (struct cost_answer){ COST_L2, config->l2.latency };
	return (struct cost_answer){ COST_MEMORY, config->memory_latency };
}

static u64 next_address(u64 before)
{
	switch (rnd() % 4) {
	case 0:
		return before + rnd() % 16;
	case 1:
		return 0x80000000 + rnd() % (64 * KIB);
	case 2:
		return 0x80000000 + rnd() % (2 * MIB);
	default:
		return 0x80000000 + rnd() % 8 * 4096 * (1 + rnd() % 64) + rnd() % 64;
	}
}

static void compare(const struct cost_config *config)
{
	struct naive *n = calloc(1, sizeof(*n));
	struct cost_shared *shared = cost_shared_create(config);
	struct cost *cost = cost_create(config, shared);
	struct cost_stats stats = { 0 };
	u64 pa = 0x80000000, waited = 0;

	n->l1i.config = config->l1i;
	n->l1d.config = config->l1d;
	n->l2.config = config->l2;
	for (u32 i = 0; i < ACCESSES; i++) {
		enum cost_kind kind = (enum cost_kind)(rnd() % COST_KINDS);
		struct cost_answer want, got;

		pa = next_address(pa);
		want = naive_access(n, config, kind, pa);
		got = cost_access(cost, kind, pa);
		assert_int_equal(got.place, want.place);
		assert_int_equal(got.cycles, want.cycles);
		stats.found[kind][want.place]++;
		stats.waited[kind] += want.cycles;
		waited += want.cycles;
	}
	assert_memory_equal(cost_stats(cost), &stats, sizeof(stats));
	assert_int_equal(cost_waited(cost), waited);
	cost_destroy(cost);
	cost_shared_destroy(shared);
	free(n);
}

static void test_every_preset_finds_lines_where_lists_do(void **state)
{
	(void)state;
	for (u32 i = 0; cost_preset_at(i); i++) {
		print_message("preset %s\n", cost_preset_at(i)->name);
		seed = 0x1234567 + i;
		compare(cost_preset_at(i));
	}
}

static void test_odd_caches_find_lines_where_lists_do(void **state)
{
	static const struct cost_config configs[] = {
		{ .name = "none", .memory_latency = 7 },
		{ .name = "first", .l1i = { 16, 1, 16, 1 }, .l1d = { 3 * 256, 3, 256, 2 }, .memory_latency = 9 },
		{ .name = "second", .l2 = { 5 * 4 * 32, 5, 32, 4 }, .memory_latency = 9 },
		{ .name = "skip",
		  .l1d = { 4096, 64, 64, 1 },
		  .l2 = { 8192, 2, 64, 4 },
		  .memory_latency = 9,
		  .walks_skip_l1 = true },
	};

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(configs); i++) {
		seed = 0x7654321 + i;
		compare(&configs[i]);
	}
}

static void test_presets_can_be_built_and_have_a_tlb(void **state)
{
	struct error err;
	u32 timed = 0;

	(void)state;
	for (u32 i = 0; cost_preset_at(i); i++) {
		const char *name = cost_preset_at(i)->name;

		assert_true(cost_check(cost_preset_at(i), &err));
		assert_non_null(tlb_preset(name));
		assert_ptr_equal(cost_preset(name), cost_preset_at(i));
		assert_true(cost_longest(cost_preset_at(i)) == cost_preset_at(i)->memory_latency);
	}
	for (u32 i = 0; tlb_preset_at(i); i++)
		timed += cost_preset(tlb_preset_at(i)->name) != NULL;
	assert_int_equal(timed, 9);
	assert_null(cost_preset("fast"));
	assert_null(cost_preset("adversarial"));
}

static void test_impossible_caches_are_refused_in_words(void **state)
{
	static const struct {
		struct cost_config config;
		const char *said;
	} cases[] = {
		{ { .l1i = { 4096, 4, 48, 1 } }, "l1i.line 48: must be a power of two" },
		{ { .l1d = { 4096, 0, 64, 1 } }, "l1d.ways 0: must be between" },
		{ { .l2 = { 5000, 4, 64, 1 } }, "l2.size 5000: must be 4 ways of 64-byte lines" },
		{ { .l2 = { 3 * 4096, 4, 64, 1 } }, "l2.size 12288: must be" },
		{ { .l1d = { 0xffffffff, 1, 64, 1 } }, "l1d.size 4294967295: must be at most" },
		{ { .memory_latency = 10001 }, "memory.latency 10001: must be at most 10000" },
		{ { .l1i = { 0, 0, 0, 99999 } }, "l1i.latency 99999" },
	};
	struct error err;

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_false(cost_check(&cases[i].config, &err));
		assert_non_null(strstr(err.text, cases[i].said));
	}
}

static void test_access_across_lines_touches_them_all(void **state)
{
	struct cost *cost = cost_create(cost_preset("cva6"), NULL); /* lines of 16 bytes */

	(void)state;
	cost_access_bytes(cost, COST_STORE, 0x80000040, 64);
	assert_int_equal(cost_stats(cost)->found[COST_STORE][COST_MEMORY], 4);
	cost_access_bytes(cost, COST_LOAD, 0x8000004e, 4);
	assert_int_equal(cost_stats(cost)->found[COST_LOAD][COST_L1], 2);
	cost_access_bytes(cost, COST_LOAD, 0x8000007f, 1);
	assert_int_equal(cost_stats(cost)->found[COST_LOAD][COST_L1], 3);
	assert_int_equal(cost_wait(cost, 5), 5);
	assert_int_equal(cost_stats(cost)->waited_tlb, 5);
	assert_int_equal(cost_waited(cost), 4 * 60 + 5);
	cost_reset(cost);
	assert_int_equal(cost_access(cost, COST_LOAD, 0x80000040).place, COST_MEMORY);
	cost_destroy(cost);
}

static void test_restored_caches_go_on_line_for_line(void **state)
{
	static struct state_memory memory;
	const struct cost_config *config = cost_preset("teach");
	struct cost *one = cost_create(config, NULL), *other = cost_create(config, NULL);
	struct state s = state_saving(&memory);

	(void)state;
	seed = 5;
	for (u32 i = 0; i < 1000; i++)
		(void)cost_access(one, (enum cost_kind)(rnd() % COST_KINDS), next_address(0x80000000));
	cost_state(&s, one);
	assert_true(state_ok(&s));
	s = state_loading(&memory);
	cost_state(&s, other);
	assert_true(state_ok(&s));
	for (u32 i = 0; i < 5000; i++) {
		enum cost_kind kind = (enum cost_kind)(rnd() % COST_KINDS);
		u64 pa = next_address(0x80000000);

		assert_int_equal(cost_access(one, kind, pa).place, cost_access(other, kind, pa).place);
	}
	assert_memory_equal(cost_stats(one), cost_stats(other), sizeof(struct cost_stats));
	assert_int_equal(cost_waited(one), cost_waited(other));
	cost_destroy(one);
	cost_destroy(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_preset_finds_lines_where_lists_do),
		cmocka_unit_test(test_odd_caches_find_lines_where_lists_do),
		cmocka_unit_test(test_presets_can_be_built_and_have_a_tlb),
		cmocka_unit_test(test_impossible_caches_are_refused_in_words),
		cmocka_unit_test(test_access_across_lines_touches_them_all),
		cmocka_unit_test(test_restored_caches_go_on_line_for_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
