/*
 * mmu/walk.c against the naive walker of tests/mmu/naive_walk.h: millions of random page tables, accesses and modes.
 *
 * Each trial lays one path of PTEs into a small memory, mostly right and with some mistakes, and walks it twice. Both
 * walks must agree on outcome, rule, exception, address, size and on every store they made. Another hart is played by
 * the memory, which sometimes changes a PTE just before the compare-and-swap.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "mmu/walk.h"
#include "tests/mmu/naive_walk.h"

#define TRIALS 2000000u
#define SEEN_AT_LEAST 500u

/* Pages of the test's memory, by what they are. */
#define RAM_BASE 0x80000000ull
#define RAM_PAGES 8u
#define UNREADABLE_PAGE 6u            /* PMP denies reads and writes */
#define READ_ONLY_PAGE 7u             /* PMP denies writes */
#define HIGH_BASE 0x80000080000000ull /* RAM again, with bit 55 set: no address bit may be dropped */

/* A store that happened during a walk, for comparison and undoing. */
struct store {
	u64 word, value, before;
};

struct memory {
	u64 words[RAM_PAGES * 512];
	struct store stores[4];
	u32 store_count;
	u32 races;      /* compare-and-swaps before which the other hart still has to write */
	u64 race_value; /* what it writes */
};

static u64 seed = 88172645463325252ull;

static u64 rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed * 0x9e3779b97f4a7c15ull >> 8;
}

static bool one_in(u32 n)
{
	return rnd() % n == 0;
}

static int word_index(u64 pa)
{
	u64 base = pa >= HIGH_BASE ? HIGH_BASE : RAM_BASE;

	return pa >= base && pa - base < RAM_PAGES * 4096 ? (int)((pa - base) / 8) : -1;
}

static u32 page_of(int word)
{
	return (u32)word / 512;
}

static void store(struct memory *m, int word, u64 value)
{
	assert_in_range(m->store_count, 0, ARRAY_SIZE(m->stores) - 1);
	m->stores[m->store_count++] = (struct store){ (u64)word, value, m->words[word] };
	m->words[word] = value;
}

static void undo(struct memory *m)
{
	while (m->store_count > 0) {
		m->store_count--;
		m->words[m->stores[m->store_count].word] = m->stores[m->store_count].before;
	}
}

static enum naive_answer memory_read(void *arg, u64 pa, u64 *value)
{
	struct memory *m = arg;
	int word = word_index(pa);

	if (word < 0)
		return NAIVE_PMA_SAYS_NO;
	if (page_of(word) == UNREADABLE_PAGE)
		return NAIVE_PMP_SAYS_NO;
	*value = m->words[word];
	return NAIVE_DONE;
}

static enum naive_answer memory_compare_and_store(void *arg, u64 pa, u64 compare, u64 value)
{
	struct memory *m = arg;
	int word = word_index(pa);

	if (page_of(word) == READ_ONLY_PAGE)
		return NAIVE_PMP_SAYS_NO;
	if (m->races > 0) {
		m->races--;
		store(m, word, m->race_value);
	}
	if (m->words[word] != compare)
		return NAIVE_COMPARISON_FAILED;
	store(m, word, value);
	return NAIVE_DONE;
}

static enum walk_reason reason_of(enum naive_answer answer)
{
	return answer == NAIVE_PMP_SAYS_NO ? WALK_PTE_PMP : answer == NAIVE_PMA_SAYS_NO ? WALK_PTE_BUS : WALK_OK;
}

static enum walk_reason port_load(void *arg, u32 level, u64 pa, u64 *pte)
{
	(void)level;
	return reason_of(memory_read(arg, pa, pte));
}

static enum walk_reason port_cas(void *arg, u64 pa, u64 expected, u64 desired, bool *done)
{
	enum naive_answer answer = memory_compare_and_store(arg, pa, expected, desired);

	*done = answer == NAIVE_DONE;
	return reason_of(answer);
}

static u64 random_table_base(void)
{
	u64 page = one_in(60) ? UNREADABLE_PAGE : one_in(30) ? READ_ONLY_PAGE : rnd() % UNREADABLE_PAGE;

	if (one_in(100))
		return (rnd() % BIT(44)) << 12;
	return (one_in(10) ? HIGH_BASE : RAM_BASE) + page * 4096;
}

/* Mistakes, each rare enough that most paths reach their leaf. */
static u64 spoil(u64 pte)
{
	if (one_in(40))
		pte &= ~1ull;
	if (one_in(40))
		pte ^= 1ull << (rnd() % 64);
	if (one_in(40))
		pte |= 1ull << (54 + rnd() % 10);
	if (one_in(40))
		pte ^= (rnd() % 256) & ~1ull;
	return pte;
}

static u64 random_pointer(void)
{
	return spoil(random_table_base() >> 12 << 10 | (rnd() % 4) << 8 | (one_in(8) ? 0x21 : 0x01));
}

static u64 random_leaf(u32 level)
{
	u64 ppn = rnd() % BIT(44);
	u64 flags = 1 | (rnd() % 128) << 1;

	if (!one_in(10))
		ppn &= ~MASK(9 * level);
	else if (one_in(2))
		ppn = (ppn & ~MASK(9 * level)) | BIT(rnd() % 36);
	if (!one_in(4))
		flags |= 0xc0;
	if ((flags & 6) == 4 && !one_in(4))
		flags |= 2;
	if (!(flags & 10))
		flags |= one_in(2) ? 2 : 8;
	if (one_in(6))
		ppn = (ppn & ~15ull) | (one_in(4) ? rnd() % 16 : 8);
	return spoil(ppn << 10 | (rnd() % 4) << 8 | flags | (one_in(6) ? BIT(63) : 0) |
	             (one_in(6) ? rnd() % 4 << 61 : 0));
}

static u64 random_va(u32 va_bits)
{
	u64 va = (u64)sext(rnd() << 8 ^ rnd(), va_bits);

	if (one_in(50))
		va ^= BIT(va_bits - 1 + rnd() % (65 - va_bits));
	return va;
}

/* Lays a path for va: pointers down to some level, a leaf there. Tables may be one and the same page. */
static void lay_path(struct memory *m, u64 table, u32 levels, u64 va)
{
	u32 leaf_level = one_in(4) ? (u32)(rnd() % levels) : 0;

	for (u32 level = levels; level-- > 0;) {
		int word = word_index(table + bits(va >> (12 + 9 * level), 8, 0) * 8);
		u64 pte = level == leaf_level && !one_in(50) ? random_leaf(level) : random_pointer();

		if (word < 0)
			return;
		m->words[word] = pte;
		table = bits(pte, 53, 10) << 12;
	}
}

static void random_trial(struct memory *m, struct naive_hart *hart, struct walk_request *req)
{
	u32 levels = 3 + (u32)(rnd() % 3);
	u64 root = random_table_base();
	u64 flags = rnd();

	*hart = (struct naive_hart){
		.va_bits = (int)(12 + 9 * levels),
		.satp_ppn = root >> 12,
		.user_mode = flags & 1,
		.sum = flags & 2,
		.mxr = flags & 4,
		.svade = flags & 8,
		.svnapot = flags & 48,
		.svpbmt = flags & 192,
		.read = memory_read,
		.compare_and_store = memory_compare_and_store,
		.memory = m,
	};
	*req = (struct walk_request){
		.va = random_va(12 + 9 * levels),
		.root = root,
		.levels = (u8)levels,
		.access = (u8)(rnd() % 3),
		.priv = hart->user_mode ? PRIV_U : PRIV_S,
		.sum = hart->sum,
		.mxr = hart->mxr,
		.ad_update = !hart->svade,
		.has_svnapot = hart->svnapot,
		.has_svpbmt = hart->svpbmt,
	};
	lay_path(m, root, levels, req->va);
}

static const u32 rule_of[WALK_REASONS] = {
	[WALK_NON_CANONICAL] = NAIVE_VA_NOT_SIGN_EXTENDED,
	[WALK_INVALID] = NAIVE_V_CLEAR,
	[WALK_W_WITHOUT_R] = NAIVE_WRITABLE_NOT_READABLE,
	[WALK_RESERVED_BITS] = NAIVE_RESERVED_BITS_OR_VALUES,
	[WALK_POINTER_FLAGS] = NAIVE_NON_LEAF_WITH_LEAF_BITS,
	[WALK_NO_LEAF] = NAIVE_NO_LEAF_AT_LAST_LEVEL,
	[WALK_MISALIGNED] = NAIVE_SUPERPAGE_MISALIGNED,
	[WALK_BAD_NAPOT] = NAIVE_NAPOT_RESERVED_ENCODING,
	[WALK_NO_READ] = NAIVE_NOT_READABLE,
	[WALK_NO_WRITE] = NAIVE_NOT_WRITABLE,
	[WALK_NO_EXEC] = NAIVE_NOT_EXECUTABLE,
	[WALK_USER_NO_SUM] = NAIVE_USER_PAGE_NEEDS_SUM,
	[WALK_USER_FETCH_IN_S] = NAIVE_USER_PAGE_NOT_EXECUTABLE_BY_S,
	[WALK_SUPERVISOR_IN_U] = NAIVE_NOT_A_USER_PAGE,
	[WALK_ACCESSED_CLEAR] = NAIVE_A_CLEAR,
	[WALK_DIRTY_CLEAR] = NAIVE_D_CLEAR,
	[WALK_PTE_PMP] = NAIVE_PMP_VIOLATION,
	[WALK_PTE_BUS] = NAIVE_PMA_VIOLATION,
};

static void compare(const struct walk_request *req, const struct naive_translation *want, const struct walk_result *got)
{
	if (want->broken) {
		assert_int_not_equal(got->reason, WALK_OK);
		assert_int_not_equal(rule_of[got->reason] & want->broken, 0);
		assert_int_equal(walk_cause(got->reason, (enum access)req->access), want->exception);
		return;
	}
	assert_int_equal(got->reason, WALK_OK);
	assert_int_equal(got->pa, want->pa);
	assert_int_equal(1ull << got->size_log2, want->page_bytes);
	assert_int_equal(got->pbmt, want->memory_type);
	assert_int_equal(got->global, want->is_global);
}

static void test_random_page_tables_walk_as_the_naive_walker_does(void **state)
{
	static struct memory m;
	static u32 seen[WALK_REASONS];
	u32 updated = 0, raced = 0;

	(void)state;
	for (u32 trial = 0; trial < TRIALS; trial++) {
		struct walk_port port = { .load = port_load, .cas = port_cas, .arg = &m };
		struct naive_translation want;
		struct naive_hart hart;
		struct walk_request req;
		struct walk_result got;
		struct store stores[ARRAY_SIZE(m.stores)];
		u32 races, store_count;

		random_trial(&m, &hart, &req);
		races = one_in(8) ? 1 + (u32)(rnd() % 2) : 0;
		m.race_value = one_in(2) ? random_leaf(0) : random_pointer();
		m.races = races;
		want = naive_walk(&hart, req.va, (enum naive_access)req.access);
		memcpy(stores, m.stores, sizeof(stores));
		store_count = m.store_count;
		undo(&m);

		m.races = races;
		walk(&req, &port, &got);
		assert_int_equal(m.store_count, store_count);
		if (store_count)
			assert_memory_equal(m.stores, stores, store_count * sizeof(stores[0]));
		compare(&req, &want, &got);
		updated += got.ad_updated;
		raced += m.races < races;
		seen[got.reason]++;
		undo(&m);
	}
	for (u32 reason = WALK_OK; reason <= WALK_PTE_BUS; reason++) {
		if (seen[reason] < SEEN_AT_LEAST)
			print_message("only %u walks ended with: %s\n", seen[reason], walk_reason_text(reason));
		assert_in_range(seen[reason], SEEN_AT_LEAST, TRIALS);
	}
	assert_in_range(updated, SEEN_AT_LEAST, TRIALS);
	assert_in_range(raced, SEEN_AT_LEAST, TRIALS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_page_tables_walk_as_the_naive_walker_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
