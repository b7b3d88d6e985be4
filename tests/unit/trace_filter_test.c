/*
 * Filters of traces: what is read, what passes by sort, and that a filter's text says the same.
 */
#include "emu/observe/trace_filter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "emu/names.h"
#include "mmu/walk.h"

static struct walk_request request = { .va = 0x5000, .access = ACCESS_LOAD, .levels = 3 };
static struct walk_result result;
static struct trace_walk a_walk = { .request = &request, .result = &result, .satp = 7ull << 44, .cycles = 20 };
static const struct trace_fault fault = {
	.tval = 0x5000, .satp = 7ull << 44, .reason = WALK_NO_WRITE, .access = ACCESS_STORE, .request = &request
};
static const struct trace_fault illegal = { .cause = 2, .tval = 0x13 };
static const struct trace_ref ref = { .va = 0x5000, .asid = 7, .access = ACCESS_FETCH };
static const struct trace_mem mem = { .va = 0x5000, .pa = 0x80005000, .size = 4, .access = ACCESS_STORE };
static const struct trace_fence fence = { .va = 0x5000, .by_va = true };
static const struct trace_fence asid_fence = { .asid = 7, .by_asid = true };
static const struct trace_space space = { .satp = 7ull << 44 };
static const struct trace_csr csr;
static const struct trace_insn insn = { .head = { .pc = 0x5000 }, .len = 4 };

static bool passes(const char *text, enum trace_sort sort, const void *event)
{
	struct trace_filter filter;
	struct error err;
	trace_filter_init(&filter);
	if (!trace_filter_parse(&filter, text, &err))
		fail_msg("%s: %s", text, err.text);
	return trace_filter_passes(&filter, sort, event);
}

static void test_address_has_two_names(void **state)
{
	(void)state;
	assert_true(passes("va=0x5000", TRACE_WALK, &a_walk));
	assert_true(passes("addr=0x4000-0x5000", TRACE_WALK, &a_walk));
	assert_false(passes("va=0x5001", TRACE_WALK, &a_walk));
	assert_true(passes("va=0x5003", TRACE_MEM, &mem));
	assert_true(passes("va=0x80005003", TRACE_MEM, &mem));
	assert_true(passes("va=0x5000", TRACE_FENCE, &fence));
	assert_false(passes("va=0x5000", TRACE_FENCE, &asid_fence));
	assert_true(passes("va=0x5002", TRACE_INSN, &insn));
}

static void test_asid_is_the_events_own(void **state)
{
	(void)state;
	assert_true(passes("asid=7", TRACE_WALK, &a_walk));
	assert_false(passes("asid=8", TRACE_WALK, &a_walk));
	assert_true(passes("asid=7", TRACE_REF, &ref));
	assert_true(passes("asid=7", TRACE_FAULT, &fault));
	assert_true(passes("asid=7", TRACE_SPACE, &space));
	assert_true(passes("asid=7", TRACE_FENCE, &asid_fence));
	assert_false(passes("asid=6", TRACE_FENCE, &asid_fence));
	assert_true(passes("asid=6", TRACE_FENCE, &fence));
	assert_false(passes("asid=7", TRACE_CSR, &csr));
}

static void test_access_by_letters_and_names(void **state)
{
	(void)state;
	assert_true(passes("access=r", TRACE_WALK, &a_walk));
	assert_false(passes("access=wx", TRACE_WALK, &a_walk));
	assert_true(passes("access=load", TRACE_WALK, &a_walk));
	assert_true(passes("access=fetch+load", TRACE_REF, &ref));
	assert_true(passes("access=x", TRACE_INSN, &insn));
	assert_true(passes("access=store", TRACE_FAULT, &fault));
	assert_false(passes("access=r", TRACE_FAULT, &illegal));
	assert_false(passes("access=r", TRACE_CSR, &csr));
	assert_true(passes("access=rwx", TRACE_CSR, &csr));
}

static void test_outcomes_by_name(void **state)
{
	(void)state;
	result = (struct walk_result){ .reason = WALK_OK };
	assert_true(passes("outcome=ok", TRACE_WALK, &a_walk));
	assert_false(passes("outcome=fault", TRACE_WALK, &a_walk));
	assert_false(passes("outcome=ad", TRACE_WALK, &a_walk));
	result.ad_updated = true;
	assert_true(passes("outcome=ad", TRACE_WALK, &a_walk));
	result = (struct walk_result){ .reason = WALK_NO_WRITE };
	assert_true(passes("outcome=fault", TRACE_WALK, &a_walk));
	assert_true(passes("outcome=invalid+no_write", TRACE_WALK, &a_walk));
	assert_false(passes("outcome=invalid", TRACE_WALK, &a_walk));
	assert_true(passes("outcome=no_write", TRACE_FAULT, &fault));
	assert_true(passes("outcome=fault", TRACE_FAULT, &illegal));
	assert_true(passes("outcome=other", TRACE_FAULT, &illegal));
	assert_false(passes("outcome=no_write", TRACE_FAULT, &illegal));
	assert_true(passes("outcome=ok", TRACE_MEM, &mem));
	assert_false(passes("outcome=ok", TRACE_CSR, &csr));
}

static void test_cycles_are_of_walks(void **state)
{
	(void)state;
	assert_true(passes("cycles=20-", TRACE_WALK, &a_walk));
	assert_false(passes("cycles=21-", TRACE_WALK, &a_walk));
	assert_false(passes("cycles=20-", TRACE_MEM, &mem));
}

static void test_every_reason_has_a_name_of_its_own(void **state)
{
	(void)state;
	for (u32 i = 0; i < WALK_REASONS; i++) {
		char text[64];
		snprintf(text, sizeof(text), "outcome=%s", reason_name(i));
		for (u32 k = 0; k < WALK_REASONS; k++) {
			result = (struct walk_result){ .reason = k };
			assert_int_equal(passes(text, TRACE_WALK, &a_walk), i == k);
		}
	}
}

/* Field by field: the gap between two of them holds anything. */
static void assert_same(const struct trace_filter *a, const struct trace_filter *b)
{
	assert_memory_equal(a, b, offsetof(struct trace_filter, privs));
	assert_int_equal(a->privs, b->privs);
	assert_int_equal(a->accesses, b->accesses);
	assert_int_equal(a->asid, b->asid);
	assert_int_equal(a->hart, b->hart);
}

static void test_text_of_a_filter_reads_as_the_same(void **state)
{
	static const char *const texts[] = {
		"va=0x1000-0x1fff",
		"pc=-0x20,insns=5-9,cycles=3-4",
		"priv=UM,access=rw,asid=65535,hart=63",
		"outcome=ok+ad",
		"outcome=fault",
		"outcome=fault+ad+ok",
		"outcome=other+invalid+leaf_bus",
		"access=x,outcome=non_canonical,asid=0,hart=0",
	};
	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(texts); i++) {
		struct trace_filter first, second;
		struct error err;
		char text[TRACE_FILTER_TEXT];
		trace_filter_init(&first);
		trace_filter_init(&second);
		assert_true(trace_filter_parse(&first, texts[i], &err));
		assert_false(trace_filter_is_open(&first));
		trace_filter_text(&first, text);
		if (!trace_filter_parse(&second, text, &err))
			fail_msg("%s: %s", text, err.text);
		assert_same(&first, &second);
	}
	struct trace_filter open;
	trace_filter_init(&open);
	assert_true(trace_filter_is_open(&open));
}

static void test_mistakes_are_told(void **state)
{
	static const char *const texts[] = {
		"asid=65536",  "asid=x",    "access=q", "access=", "outcome=", "outcome=V", "cycles=9-1",
		"outcome=ok+", "colour=no", "hart=64",  "priv=x",  "va=",      "va",
	};
	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(texts); i++) {
		struct trace_filter filter;
		struct error err = { "" };
		trace_filter_init(&filter);
		if (trace_filter_parse(&filter, texts[i], &err))
			fail_msg("%s is taken", texts[i]);
		assert_true(strlen(err.text) > 10);
	}
}

static void test_sorts_as_text(void **state)
{
	char text[128];
	struct error err;
	u32 wanted;
	(void)state;
	trace_sorts_text((1u << TRACE_SORTS) - 1, text, sizeof(text));
	assert_true(trace_sorts_parse(&wanted, text, strlen(text), &err));
	assert_int_equal(wanted, (1u << TRACE_SORTS) - 1);
	trace_sorts_text(0, text, sizeof(text));
	assert_string_equal(text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_address_has_two_names),
		cmocka_unit_test(test_asid_is_the_events_own),
		cmocka_unit_test(test_access_by_letters_and_names),
		cmocka_unit_test(test_outcomes_by_name),
		cmocka_unit_test(test_cycles_are_of_walks),
		cmocka_unit_test(test_every_reason_has_a_name_of_its_own),
		cmocka_unit_test(test_text_of_a_filter_reads_as_the_same),
		cmocka_unit_test(test_mistakes_are_told),
		cmocka_unit_test(test_sorts_as_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
