/*
 * Page replacement against loops that do what a textbook says, and what the sink keeps of a string against all of it.
 */
#include "emu/observe/oracle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cpu/hint.h"
#include "mmu/walk.h"

#define FRAMES_MAX 64

static const u32 belady[] = { 1, 2, 3, 4, 1, 2, 5, 1, 2, 3, 4, 5 };

static u64 next_random(u64 *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return *x;
}

/* A pool as a row of frames: [0] came in first, or was used longest ago. */
struct pool {
	u32 pages[FRAMES_MAX];
	bool used[FRAMES_MAX];
	u32 count;
};

static u32 find(const struct pool *p, u32 page)
{
	u32 i = 0;
	while (i < p->count && p->pages[i] != page)
		i++;
	return i;
}

static void take_out(struct pool *p, u32 i)
{
	p->count--;
	memmove(&p->pages[i], &p->pages[i + 1], (p->count - i) * sizeof(p->pages[0]));
	memmove(&p->used[i], &p->used[i + 1], (p->count - i) * sizeof(p->used[0]));
}

static void put_in(struct pool *p, u32 page, bool used)
{
	p->pages[p->count] = page;
	p->used[p->count++] = used;
}

static u32 farthest(const struct pool *p, const u32 *refs, u32 i, u32 count)
{
	u32 best = 0, best_at = 0;
	for (u32 f = 0; f < p->count; f++) {
		u32 at = i;
		while (at < count && refs[at] != p->pages[f])
			at++;
		if (at > best_at) {
			best = f;
			best_at = at;
		}
	}
	return best;
}

static u64 textbook(enum oracle_policy policy, const u32 *refs, u32 count, u32 frames)
{
	struct pool p = { .count = 0 };
	u64 faults = 0;
	for (u32 i = 0; i < count; i++) {
		u32 at = find(&p, refs[i]);
		if (at < p.count) {
			p.used[at] = true;
			if (policy == ORACLE_LRU) {
				take_out(&p, at);
				put_in(&p, refs[i], true);
			}
			continue;
		}
		faults++;
		if (p.count == frames) {
			while (policy == ORACLE_CLOCK && p.used[0]) {
				u32 page = p.pages[0];
				take_out(&p, 0);
				put_in(&p, page, false);
			}
			take_out(&p, policy == ORACLE_OPT ? farthest(&p, refs, i + 1, count) : 0);
		}
		put_in(&p, refs[i], true);
	}
	return faults;
}

static void test_belady_string_has_the_textbooks_counts(void **state)
{
	static const u64 expected[ORACLE_POLICIES][2] = {
		[ORACLE_OPT] = { 7, 6 }, [ORACLE_LRU] = { 10, 8 }, [ORACLE_CLOCK] = { 9, 10 }, [ORACLE_FIFO] = { 9, 10 }
	};
	(void)state;
	for (u32 policy = 0; policy < ORACLE_POLICIES; policy++)
		for (u32 i = 0; i < 2; i++)
			assert_int_equal(oracle_faults(policy, belady, ARRAY_SIZE(belady), 6, 3 + i),
			                 expected[policy][i]);
}

static void test_random_strings_equal_the_textbook(void **state)
{
	static u32 refs[600];
	u64 x = 3;
	(void)state;
	for (u32 run = 0; run < 60; run++) {
		u32 pages = 2 + (u32)(next_random(&x) % 30);
		for (u32 i = 0; i < ARRAY_SIZE(refs); i++)
			refs[i] = (u32)(next_random(&x) % (next_random(&x) % pages + 1));
		for (u32 frames = 1; frames < 34; frames += 3)
			for (u32 policy = 0; policy < ORACLE_POLICIES; policy++)
				assert_int_equal(oracle_faults(policy, refs, ARRAY_SIZE(refs), pages, frames),
				                 textbook(policy, refs, ARRAY_SIZE(refs), frames));
	}
}

/* --- the sink --- */

static void refer(struct oracle *o, u64 va, u8 access)
{
	struct trace_ref ref = { .head = { .priv = PRIV_U }, .va = va, .access = access, .priv = PRIV_U };
	struct trace sink = oracle_sink(o);
	sink.emit(sink.arg, TRACE_REF, &ref);
}

static u64 kept_faults(const struct oracle *o, enum oracle_policy policy, u32 frames)
{
	u32 count, pages;
	const u32 *kept = oracle_kept(o, &count, &pages);
	return oracle_faults(policy, kept, count, pages, frames);
}

/* Programs go round among few pages, change them, and now and then look elsewhere. */
static u32 make_rounds(u32 *refs, u32 max, u64 *x)
{
	u32 n = 0;
	while (n < max) {
		u32 base = (u32)(next_random(x) % 24), width = 1 + (u32)(next_random(x) % 9);
		u32 length = (u32)(next_random(x) % 4 == 0 ? next_random(x) % 2000 : next_random(x) % 40);
		bool in_order = next_random(x) % 2;
		for (u32 i = 0; i < length && n < max; i++)
			refs[n++] = base + (in_order ? i % width : (u32)(next_random(x) % width));
		for (u32 i = 0; i < next_random(x) % 3 && n < max; i++)
			refs[n++] = (u32)(next_random(x) % 33);
	}
	return n;
}

static void test_what_is_left_out_changes_no_policy(void **state)
{
	static u32 refs[20000];
	u64 x = 11, kept_all = 0, all = 0;
	(void)state;
	for (u32 run = 0; run < 24; run++) {
		u32 least = run % 8 + 1; /* as with --oracle=FRAMES */
		struct oracle *o = oracle_create(least, 0, UINT64_MAX);
		u32 n = make_rounds(refs, ARRAY_SIZE(refs), &x), count, pages;
		for (u32 i = 0; i < n; i++)
			refer(o, (u64)refs[i] << 12 | 0x40, (u8)(i % 3));
		(void)oracle_kept(o, &count, &pages);
		kept_all += count;
		all += n;
		for (u32 frames = least; frames < 36; frames += 1 + frames / 4)
			for (u32 policy = 0; policy < ORACLE_POLICIES; policy++)
				assert_int_equal(kept_faults(o, policy, frames), textbook(policy, refs, n, frames));
		oracle_destroy(o);
	}
	assert_true(kept_all < all * 3 / 4);
}

static void test_only_user_mode_within_the_range_counts(void **state)
{
	struct oracle *o = oracle_create(0, 0x10000, 0x12fff);
	struct trace sink = oracle_sink(o);
	struct trace_ref kernel = { .va = 0x10000, .priv = PRIV_S };
	u32 count, pages;
	(void)state;
	sink.emit(sink.arg, TRACE_REF, &kernel);
	refer(o, 0xffff, ACCESS_LOAD);
	refer(o, 0x10000, ACCESS_LOAD);
	refer(o, 0x12fff, ACCESS_STORE);
	refer(o, 0x13000, ACCESS_LOAD);
	(void)oracle_kept(o, &count, &pages);
	assert_int_equal(pages, 2);
	assert_int_equal(count, 2);
	oracle_destroy(o);
}

static void switch_to(struct oracle *o, u32 pid)
{
	struct trace sink = oracle_sink(o);
	struct trace_hint hint = { .number = HINT_SWITCH, .args = { pid } };
	sink.emit(sink.arg, TRACE_HINT, &hint);
}

static void test_processes_have_pages_of_their_own(void **state)
{
	struct oracle *o = oracle_create(0, 0, UINT64_MAX);
	struct trace sink = oracle_sink(o);
	struct trace_hint gone = { .number = HINT_EXIT, .args = { 2 } };
	struct trace_space space = { .satp = 8ull << 60 | 7 };
	u32 count, pages;
	(void)state;
	for (u32 round = 0; round < 2; round++) {
		for (u32 pid = 1; pid <= 2; pid++) {
			switch_to(o, pid);
			refer(o, 0x1000, ACCESS_LOAD);
		}
	}
	(void)oracle_kept(o, &count, &pages);
	assert_int_equal(pages, 2);
	/* The pid is used again, by another process. */
	sink.emit(sink.arg, TRACE_HINT, &gone);
	switch_to(o, 2);
	refer(o, 0x1000, ACCESS_LOAD);
	/* It runs another program: its pages are new. */
	sink.emit(sink.arg, TRACE_SPACE, &space);
	refer(o, 0x1000, ACCESS_LOAD);
	(void)oracle_kept(o, &count, &pages);
	assert_int_equal(pages, 4);
	oracle_destroy(o);
}

/* By its definition: at each reference, the different pages among the last `window`. */
static double working_set(const u32 *refs, u32 n, u32 window)
{
	u64 sum = 0;
	for (u32 t = 0; t < n; t++) {
		bool seen[64] = { false };
		for (u32 i = t + 1 > window ? t + 1 - window : 0; i <= t; i++) {
			sum += !seen[refs[i]];
			seen[refs[i]] = true;
		}
	}
	return (double)sum / n;
}

static void test_working_sets_are_as_defined(void **state)
{
	static u32 refs[700];
	struct oracle *o = oracle_create(0, 0, UINT64_MAX);
	u64 x = 5;
	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(refs); i++) {
		refs[i] = (u32)(next_random(&x) % (1 + i / 20));
		refer(o, (u64)refs[i] << 12, ACCESS_LOAD);
	}
	for (u32 log2 = 0; log2 < 12; log2++)
		assert_true(abs((int)(1000 * (oracle_working_set(o, log2) -
		                              working_set(refs, ARRAY_SIZE(refs), 1u << log2)))) == 0);
	oracle_destroy(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_belady_string_has_the_textbooks_counts),
		cmocka_unit_test(test_random_strings_equal_the_textbook),
		cmocka_unit_test(test_what_is_left_out_changes_no_policy),
		cmocka_unit_test(test_only_user_mode_within_the_range_counts),
		cmocka_unit_test(test_processes_have_pages_of_their_own),
		cmocka_unit_test(test_working_sets_are_as_defined),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
