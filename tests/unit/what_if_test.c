/*
 * Shadow TLBs: what they count of a stream of references is what a TLB of that geometry counts that is shown each one.
 */
#include "emu/observe/what_if.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "emu/observe/miss_curve.h"
#include "emu/observe/what_if_internal.h"
#include "mmu/tlb.h"

#define LEAF_FLAGS (PTE_V | PTE_R | PTE_W | PTE_X | PTE_U | PTE_A)

static u64 next_random(u64 *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return *x;
}

static void send(struct what_if *w, enum trace_sort sort, const void *event)
{
	struct trace sink = what_if_sink(w);
	assert_true(sink.wanted >> sort & 1);
	sink.emit(sink.arg, sort, event);
}

static struct trace_ref ref_of(u64 va, u8 access, u16 asid, u64 pte)
{
	return (struct trace_ref){ .head = { .hart = 0, .priv = PRIV_U },
		                   .va = va,
		                   .pa = va,
		                   .pte = pte,
		                   .asid = asid,
		                   .access = access,
		                   .priv = PRIV_U,
		                   .size_log2 = 12 };
}

/* A TLB that is shown every single reference. */
struct model {
	struct tlb *tlb;
	struct what_if_counts counts;
};

static void model_look(struct model *m, const struct trace_ref *ref, bool fails)
{
	enum tlb_side side = ref->access == ACCESS_FETCH ? TLB_FETCH : TLB_DATA;
	struct walk_request req = { .access = ref->access, .priv = ref->priv };
	struct tlb_entry entry = { .vpn = ref->va >> 12,
		                   .ppn = ref->pa >> 12,
		                   .pte = ref->pte,
		                   .asid = ref->asid,
		                   .size_log2 = ref->size_log2,
		                   .level = ref->leaf_level,
		                   .global = ref->global };
	enum tlb_level where;
	const struct tlb_entry *e = tlb_lookup(m->tlb, side, ref->va, ref->asid, &where);
	m->counts.misses[side] += where != TLB_FIRST;
	m->counts.second_hits += where == TLB_SECOND;
	if (e && !fails && walk_check_leaf(e->pte, &req) == WALK_OK)
		return;
	m->counts.walks++;
	if (!fails)
		(void)tlb_fill(m->tlb, side, &entry);
}

/* The D bit of a page's PTE is set by the first store to it, as hardware does. */
static u64 pte_of(bool *dirty, u64 page, u8 access)
{
	dirty[page] |= access == ACCESS_STORE;
	return LEAF_FLAGS | (dirty[page] ? PTE_D : 0);
}

static void compare_with(const char *name)
{
	struct what_if *w = what_if_create();
	struct model m = { .tlb = tlb_create(tlb_preset(name)) };
	struct what_if_counts counts;
	bool dirty[4][128] = { { false } };
	u64 x = 17;
	for (u32 i = 0; i < 60000; i++) {
		u64 r = next_random(&x), page = (r >> 20 & 3) ? r % 12 : r % 100;
		u8 access = (u8)(r >> 8 & 0xff) < 128 ? ACCESS_FETCH : (r >> 16 & 1) ? ACCESS_STORE : ACCESS_LOAD;
		u16 asid = r >> 40 & 0x70 ? 1 : (u16)(r >> 44 & 3);
		struct trace_ref ref = ref_of(page << 12 | (r >> 50 & 0xff8), access, asid, 0);
		ref.pte = pte_of(dirty[asid], page, access);
		send(w, TRACE_REF, &ref);
		model_look(&m, &ref, false);
		if ((r >> 30) % 40 == 0) {
			bool by_va = r >> 60 & 1, by_asid = r >> 61 & 1;
			struct trace_fence fence = { .va = ref.va, .asid = asid, .by_va = by_va, .by_asid = by_asid };
			send(w, TRACE_FENCE, &fence);
			(void)tlb_flush(m.tlb, by_va, ref.va, by_asid, asid);
		}
		if ((r >> 30) % 40 == 1) {
			struct trace_ref absent = ref_of(0x500000, access, asid, 0);
			struct walk_request req = { .va = 0x500000, .access = access, .priv = PRIV_U };
			struct trace_fault fault = { .reason = WALK_INVALID, .access = access, .request = &req };
			send(w, TRACE_FAULT, &fault);
			model_look(&m, &absent, true);
		}
	}
	assert_true(what_if_preset(w, name, &counts));
	assert_int_equal(counts.misses[TLB_FETCH], m.counts.misses[TLB_FETCH]);
	assert_int_equal(counts.misses[TLB_DATA], m.counts.misses[TLB_DATA]);
	assert_int_equal(counts.second_hits, m.counts.second_hits);
	assert_int_equal(counts.walks, m.counts.walks);
	assert_true(counts.walks > 0);
	tlb_destroy(m.tlb);
	what_if_destroy(w);
}

static void test_all_geometries_count_as_if_shown_every_reference(void **state)
{
	const struct tlb_config *config;
	(void)state;
	for (u32 i = 0; (config = tlb_preset_at(i)) != NULL; i++)
		if (!config->forget_one_in)
			compare_with(config->name);
}

static void test_curve_at_four_entries_is_the_teaching_tlb(void **state)
{
	struct what_if *w = what_if_create();
	struct what_if_counts counts;
	u64 x = 23;
	(void)state;
	for (u32 i = 0; i < 20000; i++) {
		u64 r = next_random(&x);
		struct trace_ref ref = ref_of((r % 9) << 12, (u8)(r >> 9) % 3, 0, LEAF_FLAGS | PTE_D);
		send(w, TRACE_REF, &ref);
	}
	assert_true(what_if_preset(w, "teach", &counts));
	assert_int_equal(what_if_curve(w, TLB_FETCH, 4), counts.misses[TLB_FETCH]);
	assert_int_equal(what_if_curve(w, TLB_DATA, 4), counts.misses[TLB_DATA]);
	what_if_destroy(w);
}

/* Few pages, among them large ones that both sides share, so that all kinds of taking turns happen. */
static void test_curve_of_both_sides_counts_as_if_shown_every_reference(void **state)
{
	struct what_if *w = what_if_create();
	struct miss_curve *c = miss_curve_create();
	u64 x = 31, page[2] = { 1, 2 };
	(void)state;
	for (u32 i = 0; i < 40000; i++) {
		u64 r = next_random(&x), side = r >> 3 & 1;
		if ((r >> 4 & 7) == 0)
			page[side] = r >> 8 & 0x207;
		bool large = page[side] & 0x200;
		struct trace_ref ref = ref_of(page[side] << 12, side ? ACCESS_FETCH : ACCESS_LOAD, 0, LEAF_FLAGS);
		ref.size_log2 = large ? 21 : 12;
		ref.leaf_level = large;
		struct miss_page used = { .vpn = ref.va >> 12, .size_log2 = ref.size_log2 };
		send(w, TRACE_REF, &ref);
		miss_curve_use(c, &used);
		if ((r >> 30) % 100 == 0) {
			struct trace_fence fence = { .va = ref.va, .by_va = true };
			send(w, TRACE_FENCE, &fence);
			miss_curve_fence(c, true, ref.va, false, 0);
		}
	}
	for (u32 entries = 1; entries <= 16; entries++)
		assert_int_equal(what_if_curve(w, WHAT_IF_BOTH, entries), miss_curve_misses(c, entries));
	miss_curve_destroy(c);
	what_if_destroy(w);
}

static void test_harts_have_tlbs_of_their_own(void **state)
{
	struct what_if *w = what_if_create();
	struct what_if_counts counts;
	(void)state;
	for (u32 hart = 0; hart < 2; hart++) {
		struct trace_ref ref = ref_of(0x1000, ACCESS_LOAD, 0, LEAF_FLAGS);
		ref.head.hart = hart;
		send(w, TRACE_REF, &ref);
		send(w, TRACE_REF, &ref);
	}
	assert_true(what_if_preset(w, "u74", &counts));
	assert_int_equal(counts.misses[TLB_DATA], 2);
	assert_int_equal(what_if_curve(w, TLB_DATA, 16), 2);
	what_if_destroy(w);
}

static void test_restart_empties_all(void **state)
{
	struct what_if *w = what_if_create();
	struct what_if_counts counts;
	struct trace_ref ref = ref_of(0x1000, ACCESS_LOAD, 0, LEAF_FLAGS);
	(void)state;
	send(w, TRACE_REF, &ref);
	what_if_restart(w);
	send(w, TRACE_REF, &ref);
	assert_true(what_if_preset(w, "fast", &counts));
	assert_int_equal(counts.walks, 2);
	assert_int_equal(what_if_curve(w, 2, 4096), 2);
	what_if_destroy(w);
}

static void test_nonsense_is_passed_over(void **state)
{
	struct what_if *w = what_if_create();
	struct trace_ref ref = ref_of(0x1000, ACCESS_LOAD, 0, LEAF_FLAGS);
	(void)state;
	ref.head.hart = 1000;
	send(w, TRACE_REF, &ref);
	ref.head.hart = 0;
	ref.size_log2 = 3;
	send(w, TRACE_REF, &ref);
	ref.size_log2 = 21;
	send(w, TRACE_REF, &ref);
	ref.size_log2 = 12;
	ref.access = 9;
	send(w, TRACE_REF, &ref);
	assert_int_equal(what_if_references(w, WHAT_IF_BOTH), 0);
	what_if_destroy(w);
}

static void test_sizes_ascend_to_the_largest(void **state)
{
	u32 last = 0;
	(void)state;
	for (u32 i = 0; what_if_size_at(i); i++) {
		assert_true(what_if_size_at(i) > last);
		last = what_if_size_at(i);
	}
	assert_int_equal(last, 4096);
}

static void assert_printed(const struct what_if *w, void (*print)(const struct what_if *w, FILE *out), const char *part)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	print(w, out);
	fclose(out);
	if (!strstr(text, part))
		fail_msg("'%s' is not in: %s", part, text);
	assert_null(strstr(text, "nan"));
	assert_null(strstr(text, "inf"));
	free(text);
}

static void test_all_forms_stand_without_any_reference(void **state)
{
	struct what_if *w = what_if_create();
	(void)state;
	assert_printed(w, what_if_print, "0 instructions");
	assert_printed(w, what_if_print_json, "\"references\": {\"fetch\": 0, \"data\": 0}");
	assert_printed(w, what_if_print_svg, "</svg>");
	what_if_destroy(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_geometries_count_as_if_shown_every_reference),
		cmocka_unit_test(test_curve_at_four_entries_is_the_teaching_tlb),
		cmocka_unit_test(test_curve_of_both_sides_counts_as_if_shown_every_reference),
		cmocka_unit_test(test_harts_have_tlbs_of_their_own),
		cmocka_unit_test(test_restart_empties_all),
		cmocka_unit_test(test_nonsense_is_passed_over),
		cmocka_unit_test(test_sizes_ascend_to_the_largest),
		cmocka_unit_test(test_all_forms_stand_without_any_reference),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
