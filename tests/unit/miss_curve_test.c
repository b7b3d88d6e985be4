/*
 * The miss curve against TLBs that are simulated one by one, size by size, with fences of all forms.
 */
#include "emu/observe/miss_curve.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define SIZES 40

/* A fully associative LRU TLB of `size` entries: [0] is the one used last; an entry with size_log2 0 is an empty way.
 */
struct model {
	u32 size, count;
	struct miss_page pages[MISS_CURVE_MAX];
	u64 misses;
};

static bool covers(const struct miss_page *p, u64 vpn, u16 asid)
{
	u64 mask = ~MASK(p->size_log2 - 12u);
	return (p->global || p->asid == asid) && (p->vpn & mask) == (vpn & mask);
}

static void take_out(struct model *m, u32 i)
{
	m->count--;
	for (; i < m->count; i++)
		m->pages[i] = m->pages[i + 1];
}

static void model_use(struct model *m, const struct miss_page *page)
{
	u32 i = 0;
	while (i < m->count && !(covers(&m->pages[i], page->vpn, page->asid) &&
	                         m->pages[i].size_log2 == page->size_log2 && m->pages[i].global == page->global))
		i++;
	if (i < m->count) {
		take_out(m, i);
	} else {
		m->misses++;
		if (m->count == m->size)
			m->count--;
	}
	for (u32 j = m->count++; j > 0; j--)
		m->pages[j] = m->pages[j - 1];
	m->pages[0] = *page;
}

static void model_fail(struct model *m, u64 vpn, u16 asid)
{
	for (u32 i = 0; i < m->count; i++)
		if (covers(&m->pages[i], vpn, asid))
			return;
	m->misses++;
}

static void model_fence(struct model *m, bool by_va, u64 va, bool by_asid, u16 asid)
{
	for (u32 i = m->count; i-- > 0;) {
		const struct miss_page *p = &m->pages[i];
		if (by_asid && (p->global || p->asid != asid))
			continue;
		if (by_va && ((p->vpn ^ va >> 12) & ~MASK(p->size_log2 - 12u)))
			continue;
		take_out(m, i);
	}
}

struct fixture {
	struct miss_curve *curve;
	struct model models[SIZES];
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	f->curve = miss_curve_create();
	for (u32 i = 0; i < SIZES; i++)
		f->models[i].size = i + 1;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	miss_curve_destroy(f->curve);
	free(f);
	return 0;
}

static void use(struct fixture *f, struct miss_page page)
{
	miss_curve_use(f->curve, &page);
	for (u32 i = 0; i < SIZES; i++)
		model_use(&f->models[i], &page);
}

static void fence(struct fixture *f, bool by_va, u64 va, bool by_asid, u16 asid)
{
	miss_curve_fence(f->curve, by_va, va, by_asid, asid);
	for (u32 i = 0; i < SIZES; i++)
		model_fence(&f->models[i], by_va, va, by_asid, asid);
}

static void assert_same(const struct fixture *f)
{
	for (u32 i = 0; i < SIZES; i++)
		assert_int_equal(miss_curve_misses(f->curve, i + 1), f->models[i].misses);
}

static u64 next_random(u64 *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return *x;
}

/* Pages of three sizes, which do not overlap; some are global. */
static struct miss_page random_page(u64 *x)
{
	u64 r = next_random(x);
	struct miss_page page = { .vpn = r % 24, .asid = (u16)(r >> 20 & 3), .size_log2 = 12 };
	if ((r >> 30) % 4 == 0)
		page = (struct miss_page){ .vpn = 0x1000 + (r >> 5) % 2048, .asid = page.asid, .size_log2 = 21 };
	if ((r >> 34) % 4 == 0)
		page = (struct miss_page){
			.vpn = 0x8000 + (r >> 5) % 12, .asid = page.asid, .size_log2 = 12, .global = true
		};
	if ((r >> 38) % 8 == 0)
		page = (struct miss_page){ .vpn = 0x10000 + (r >> 5) % 64, .asid = page.asid, .size_log2 = 16 };
	return page;
}

static void test_uses_alone_equal_models(void **state)
{
	struct fixture *f = *state;
	u64 x = 1;
	for (u32 i = 0; i < 50000; i++)
		use(f, random_page(&x));
	assert_same(f);
}

static void test_cyclic_use_misses_until_all_fit(void **state)
{
	struct fixture *f = *state;
	for (u32 i = 0; i < 700; i++)
		use(f, (struct miss_page){ .vpn = i % 7, .size_log2 = 12 });
	assert_int_equal(miss_curve_misses(f->curve, 6), 700);
	assert_int_equal(miss_curve_misses(f->curve, 7), 7);
	assert_int_equal(miss_curve_misses(f->curve, MISS_CURVE_MAX), 7);
	assert_same(f);
}

static void test_fences_of_all_forms_equal_models(void **state)
{
	struct fixture *f = *state;
	u64 x = 7;
	for (u32 i = 0; i < 60000; i++) {
		struct miss_page page = random_page(&x);
		u64 r = next_random(&x);
		use(f, page);
		if (r % 10 == 0)
			fence(f, true, page.vpn << 12, r >> 8 & 1, page.asid);
		if (r % 97 == 1)
			fence(f, false, 0, true, (u16)(r >> 8 & 3));
		if (r % 1009 == 2)
			fence(f, false, 0, false, 0);
		if (r % 50 == 3) {
			struct miss_page other = random_page(&x);
			miss_curve_fail(f->curve, other.vpn, other.asid);
			for (u32 k = 0; k < SIZES; k++)
				model_fail(&f->models[k], other.vpn, other.asid);
		}
	}
	assert_same(f);
}

/* More pages than the largest size: what falls out must not be found again. */
static void test_largest_size_is_exact(void **state)
{
	struct fixture *f = *state;
	static struct model big = { .size = MISS_CURVE_MAX };
	u64 x = 99;
	for (u32 i = 0; i < 30000; i++) {
		struct miss_page page = { .vpn = next_random(&x) % 5000, .size_log2 = 12 };
		miss_curve_use(f->curve, &page);
		model_use(&big, &page);
		if (i % 37 == 0) {
			miss_curve_fence(f->curve, true, (u64)(i % 5000) << 12, false, 0);
			model_fence(&big, true, (u64)(i % 5000) << 12, false, 0);
		}
	}
	assert_int_equal(miss_curve_misses(f->curve, MISS_CURVE_MAX), big.misses);
}

static void test_again_counts_hits_of_every_size(void **state)
{
	struct fixture *f = *state;
	use(f, (struct miss_page){ .vpn = 3, .size_log2 = 12 });
	miss_curve_again(f->curve, 41);
	assert_int_equal(miss_curve_references(f->curve), 42);
	assert_int_equal(miss_curve_misses(f->curve, 1), 1);
}

static void test_restart_empties_and_keeps_counts(void **state)
{
	struct fixture *f = *state;
	struct miss_page page = { .vpn = 3, .size_log2 = 12 };
	miss_curve_use(f->curve, &page);
	miss_curve_restart(f->curve);
	miss_curve_use(f->curve, &page);
	assert_int_equal(miss_curve_misses(f->curve, MISS_CURVE_MAX), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_uses_alone_equal_models, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cyclic_use_misses_until_all_fit, setup, teardown),
		cmocka_unit_test_setup_teardown(test_fences_of_all_forms_equal_models, setup, teardown),
		cmocka_unit_test_setup_teardown(test_largest_size_is_exact, setup, teardown),
		cmocka_unit_test_setup_teardown(test_again_counts_hits_of_every_size, setup, teardown),
		cmocka_unit_test_setup_teardown(test_restart_empties_and_keeps_counts, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
