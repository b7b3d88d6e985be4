/*
 * The walker against the naive one of tests/mmu/naive_walk.h, on page tables made of the input: memory is the same few
 * words over and over, so that any pointer leads somewhere.
 */
#include "mmu/walk.h"
#include "tests/fuzz/input.h"
#include "tests/mmu/naive_walk.h"

#define WORDS 64
#define HOLE_BIT 52 /* addresses with this bit are no RAM, with the next one are denied by PMP */

struct memory {
	u64 words[WORDS];
};

static u64 *word_at(struct memory *m, u64 pa)
{
	return &m->words[(pa >> 3 ^ pa >> 12) % WORDS];
}

static enum naive_answer answer(u64 pa)
{
	if (pa >> HOLE_BIT & 1)
		return NAIVE_PMA_SAYS_NO;
	return pa >> (HOLE_BIT + 1) & 1 ? NAIVE_PMP_SAYS_NO : NAIVE_DONE;
}

static enum naive_answer naive_read(void *memory, uint64_t pa, uint64_t *value)
{
	*value = *word_at(memory, pa);
	return answer(pa);
}

static enum naive_answer naive_store(void *memory, uint64_t pa, uint64_t compare, uint64_t value)
{
	u64 *word = word_at(memory, pa);
	if (*word != compare)
		return NAIVE_COMPARISON_FAILED;
	*word = value;
	return NAIVE_DONE;
}

static enum walk_reason reason(u64 pa)
{
	enum naive_answer a = answer(pa);
	return a == NAIVE_PMP_SAYS_NO ? WALK_PTE_PMP : a == NAIVE_PMA_SAYS_NO ? WALK_PTE_BUS : WALK_OK;
}

static enum walk_reason port_load(void *memory, u32 level, u64 pa, u64 *pte)
{
	(void)level;
	*pte = *word_at(memory, pa);
	return reason(pa);
}

static enum walk_reason port_cas(void *memory, u64 pa, u64 expected, u64 desired, bool *done)
{
	*done = naive_store(memory, pa, expected, desired) == NAIVE_DONE;
	return WALK_OK;
}

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t size)
{
	struct input in = { bytes, size };
	struct memory mine = { 0 }, naive;
	u64 mode = input_number(&in, 2);
	struct walk_request request = {
		.levels = (u8)(3 + (mode & 3) % 3),
		.access = (u8)((mode >> 2 & 3) % 3),
		.priv = mode >> 4 & 1 ? PRIV_U : PRIV_S,
		.sum = mode >> 5 & 1,
		.mxr = mode >> 6 & 1,
		.ad_update = mode >> 7 & 1,
		.has_svnapot = mode >> 8 & 1,
		.has_svpbmt = mode >> 9 & 1,
		.va = input_number(&in, 8),
		.root = bits(input_number(&in, 8), 43, 0) << 12,
	};
	for (u32 i = 0; i < WORDS; i++)
		mine.words[i] = input_number(&in, 8);
	naive = mine;
	struct naive_hart hart = {
		.va_bits = 12 + 9 * request.levels,
		.satp_ppn = request.root >> 12,
		.user_mode = request.priv == PRIV_U,
		.sum = request.sum,
		.mxr = request.mxr,
		.svade = !request.ad_update,
		.svnapot = request.has_svnapot,
		.svpbmt = request.has_svpbmt,
		.read = naive_read,
		.compare_and_store = naive_store,
		.memory = &naive,
	};
	struct walk_port port = { .load = port_load, .cas = port_cas, .arg = &mine };
	struct walk_result result;
	walk(&request, &port, &result);
	struct naive_translation want = naive_walk(&hart, request.va, (enum naive_access)request.access);
	BUG_ON((result.reason == WALK_OK) != (want.broken == 0));
	BUG_ON(memcmp(&mine, &naive, sizeof(mine)) != 0);
	BUG_ON(result.step_count > request.levels);
	if (result.reason != WALK_OK) {
		BUG_ON(walk_cause(result.reason, request.access) != (u32)want.exception);
		return 0;
	}
	BUG_ON(result.pa != want.pa || 1ull << result.size_log2 != want.page_bytes);
	BUG_ON(result.pbmt != want.memory_type || result.global != want.is_global);
	return 0;
}
