/*
 * A small world for tests of mmu/walk.c: one path of PTEs in a memory that is a list of words, and a port that can deny
 * an access or let another hart interfere. PTE bits are written as numbers, so that a wrong constant in mmu/walk.h
 * cannot cancel out.
 */
#ifndef RVEMU_TESTS_MMU_WALK_FIXTURE_H
#define RVEMU_TESTS_MMU_WALK_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "mmu/walk.h"

#define V 0x01ull
#define R 0x02ull
#define W 0x04ull
#define X 0x08ull
#define U 0x10ull
#define G 0x20ull
#define A 0x40ull
#define D 0x80ull
#define RWXAD 0xceull
#define N (1ull << 63)
#define PPN(pa) ((pa) >> 12 << 10)

#define ROOT 0x80000000ull
#define WORDS_MAX 16

/* Memory is a list of the words somebody wrote. */
struct word {
	u64 pa, value;
};

struct memory {
	struct word words[WORDS_MAX];
	u32 count;
	enum walk_reason deny_load;  /* what the load of the PTE at deny_at answers; WALK_OK: what is there */
	enum walk_reason deny_store; /* likewise for updates */
	u64 deny_at;
	u64 race_values[2]; /* what another hart writes before the next compare-and-swaps */
	u32 races, loads, swaps;
	struct walk_result *steps; /* where the port notes the source of each PTE */
};

struct walk_fixture {
	struct memory m;
	struct walk_request req;
	struct walk_result res;
	u64 tables[5]; /* [level]: the table a walk of req.va reads at that level */
};

static inline u64 *word_at(struct memory *m, u64 pa)
{
	for (u32 i = 0; i < m->count; i++) {
		if (m->words[i].pa == pa)
			return &m->words[i].value;
	}
	assert_in_range(m->count, 0, WORDS_MAX - 1);
	m->words[m->count] = (struct word){ .pa = pa };
	return &m->words[m->count++].value;
}

static inline enum walk_reason load(void *arg, u32 level, u64 pa, u64 *pte)
{
	struct memory *m = arg;

	m->steps->steps[m->steps->step_count].source = (u8)(10 + level);
	m->loads++;
	if (pa == m->deny_at && m->deny_load != WALK_OK)
		return m->deny_load;
	*pte = *word_at(m, pa);
	return WALK_OK;
}

static inline enum walk_reason cas(void *arg, u64 pa, u64 expected, u64 desired, bool *done)
{
	struct memory *m = arg;

	m->swaps++;
	if (pa == m->deny_at && m->deny_store != WALK_OK)
		return m->deny_store;
	if (m->races > 0)
		*word_at(m, pa) = m->race_values[--m->races];
	*done = *word_at(m, pa) == expected;
	if (*done)
		*word_at(m, pa) = desired;
	return WALK_OK;
}

static inline enum walk_reason run(struct walk_fixture *f)
{
	struct walk_port port = { .load = load, .cas = cas, .arg = &f->m };

	memset(&f->res, 1, sizeof(f->res));
	f->m.loads = f->m.swaps = 0;
	f->m.steps = &f->res;
	walk(&f->req, &port, &f->res);
	return f->res.reason;
}

static inline enum walk_reason run_as(struct walk_fixture *f, enum access access, enum priv priv)
{
	f->req.access = (u8)access;
	f->req.priv = (u8)priv;
	return run(f);
}

static inline u64 pte_addr(const struct walk_fixture *f, u32 level)
{
	return f->tables[level] + ((f->req.va >> (12 + 9 * level)) & 511) * 8;
}

/* Builds the path to va: pointers from the root down, and `pte` at `level`. A load in S mode is asked for. */
static inline void set_up(struct walk_fixture *f, u32 levels, u64 va, u32 level, u64 pte)
{
	memset(f, 0, sizeof(*f));
	f->req = (struct walk_request){
		.va = va,
		.root = ROOT,
		.levels = (u8)levels,
		.access = ACCESS_LOAD,
		.priv = PRIV_S,
		.has_svnapot = true,
		.has_svpbmt = true,
	};
	for (u32 i = levels; i-- > 0;)
		f->tables[i] = ROOT + 0x1000 * (levels - 1 - i);
	for (u32 i = levels - 1; i > level; i--)
		*word_at(&f->m, pte_addr(f, i)) = PPN(f->tables[i - 1]) | V;
	*word_at(&f->m, pte_addr(f, level)) = pte;
}

static inline void set_pte(struct walk_fixture *f, u32 level, u64 pte)
{
	*word_at(&f->m, pte_addr(f, level)) = pte;
}

static inline u64 get_pte(struct walk_fixture *f, u32 level)
{
	return *word_at(&f->m, pte_addr(f, level));
}

#define VA 0x0000003fdeadbeefull
#define VA57 0x00bedeadcafebabeull
#define PAGE 0x00abcdef12345000ull

/* An address whose indexes all differ, for Sv39, Sv48, Sv57: `levels` is 3, 4, 5. */
static inline u64 va_for(u32 levels)
{
	return (u64)sext(VA57, 12 + 9 * levels);
}

#endif
