/*
 * Filling and copying whole pages. Zicboz (unprivileged manual, chapter "CMO"): cbo.zero clears one block of a size
 * that the device tree names; without it, plain stores.
 */
#include "guest/kernel/core/device_tree.h"
#include "guest/kernel/mm/frame.h"

static u64 block_size; /* of cbo.zero; 0: there is none */
static bool size_is_known;

static void find_block_size(void)
{
	u64 size = device_tree_cboz_size();
	if (size >= 16 && size <= PAGE_SIZE && (size & (size - 1)) == 0)
		block_size = size;
	size_is_known = true;
}

static void zero_by_stores(u64 *at)
{
	for (u64 *end = at + PAGE_SIZE / sizeof(u64); at < end; at += 8) {
		at[0] = 0;
		at[1] = 0;
		at[2] = 0;
		at[3] = 0;
		at[4] = 0;
		at[5] = 0;
		at[6] = 0;
		at[7] = 0;
		/* Or the compiler makes a call of memset of it. */
		__asm__ volatile("" ::: "memory");
	}
}

void page_zero(void *page)
{
	if (unlikely(!size_is_known))
		find_block_size();
	if (unlikely(block_size == 0)) {
		zero_by_stores(page);
		return;
	}
	u64 size = block_size;
	for (u64 at = (u64)page, end = at + PAGE_SIZE; at < end; at += size)
		__asm__ volatile(".insn i 0x0f, 2, x0, %0, 4" ::"r"(at) : "memory"); /* cbo.zero */
}

void page_copy(void *to, const void *from)
{
	u64 *t = to;
	const u64 *f = from;
	for (const u64 *end = f + PAGE_SIZE / sizeof(u64); f < end; t += 8, f += 8) {
		u64 a = f[0], b = f[1], c = f[2], d = f[3];
		u64 e = f[4], g = f[5], h = f[6], i = f[7];
		t[0] = a;
		t[1] = b;
		t[2] = c;
		t[3] = d;
		t[4] = e;
		t[5] = g;
		t[6] = h;
		t[7] = i;
	}
}
