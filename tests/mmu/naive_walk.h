/*
 * A second page-table walker for the tests, to be compared with mmu/walk.c: the prose of the privileged manual's
 * chapters Sv39, Sv48, Sv57, Svnapot, Svpbmt and Svade/Svadu written down as a list of rules, one `if` a rule, nothing
 * shared with mmu/ (not even the names of bits). Slow and plain on purpose.
 *
 * Where the manual gives no order among the rules of one step, all that are broken are returned together.
 */
#ifndef RVEMU_TESTS_MMU_NAIVE_WALK_H
#define RVEMU_TESTS_MMU_NAIVE_WALK_H

#include <stdbool.h>
#include <stdint.h>

/* Broken rules, as a set. */
#define NAIVE_VA_NOT_SIGN_EXTENDED 0x00001u
#define NAIVE_V_CLEAR 0x00002u
#define NAIVE_WRITABLE_NOT_READABLE 0x00004u
#define NAIVE_RESERVED_BITS_OR_VALUES 0x00008u
#define NAIVE_NON_LEAF_WITH_LEAF_BITS 0x00010u
#define NAIVE_NAPOT_RESERVED_ENCODING 0x00020u
#define NAIVE_NO_LEAF_AT_LAST_LEVEL 0x00040u
#define NAIVE_SUPERPAGE_MISALIGNED 0x00080u
#define NAIVE_USER_PAGE_NEEDS_SUM 0x00100u
#define NAIVE_USER_PAGE_NOT_EXECUTABLE_BY_S 0x00200u
#define NAIVE_NOT_A_USER_PAGE 0x00400u
#define NAIVE_NOT_READABLE 0x00800u
#define NAIVE_NOT_WRITABLE 0x01000u
#define NAIVE_NOT_EXECUTABLE 0x02000u
#define NAIVE_A_CLEAR 0x04000u
#define NAIVE_D_CLEAR 0x08000u
#define NAIVE_PMP_VIOLATION 0x10000u
#define NAIVE_PMA_VIOLATION 0x20000u

enum naive_access { NAIVE_INSTRUCTION, NAIVE_LOAD, NAIVE_STORE_OR_AMO };

/* What memory says to an implicit access. */
enum naive_answer { NAIVE_DONE, NAIVE_PMP_SAYS_NO, NAIVE_PMA_SAYS_NO, NAIVE_COMPARISON_FAILED };

struct naive_hart {
	int va_bits;          /* 39, 48 or 57 */
	uint64_t satp_ppn;    /* satp.PPN */
	bool user_mode;       /* effective privilege mode is U, otherwise S */
	bool sum, mxr;        /* mstatus */
	bool svade;           /* A/D faults; otherwise they are updated */
	bool svnapot, svpbmt; /* extensions */
	enum naive_answer (*read)(void *memory, uint64_t address, uint64_t *value);
	enum naive_answer (*compare_and_store)(void *memory, uint64_t address, uint64_t compare, uint64_t store);
	void *memory;
};

struct naive_translation {
	uint32_t broken;     /* rules broken; 0: translated */
	int exception;       /* exception code if rules were broken */
	uint64_t pa;         /* physical address otherwise, and: */
	uint64_t page_bytes; /* size of what is mapped by one entry */
	int memory_type;     /* PBMT */
	bool is_global;      /* mapping exists in all address spaces */
};

/* A PTE taken apart. */
struct naive_pte {
	int v, r, w, x, u, g, a, d, reserved, pbmt, n;
	int ppn[5]; /* nine bits each; of the last the rest */
	uint64_t whole_ppn;
};

static inline struct naive_pte naive_take_apart(uint64_t pte, int levels)
{
	struct naive_pte p = { 0 };

	p.v = pte % 2;
	p.r = pte / 2 % 2;
	p.w = pte / 4 % 2;
	p.x = pte / 8 % 2;
	p.u = pte / 16 % 2;
	p.g = pte / 32 % 2;
	p.a = pte / 64 % 2;
	p.d = pte / 128 % 2;
	p.whole_ppn = (pte / 1024) % (1ull << 44);
	p.reserved = (int)((pte >> 54) % 128);
	p.pbmt = (int)((pte >> 61) % 4);
	p.n = (int)(pte >> 63);
	for (int i = 0; i < levels; i++)
		p.ppn[i] = (int)((p.whole_ppn >> (9 * i)) % (i == levels - 1 ? 1 << 30 : 512));
	return p;
}

static inline struct naive_translation naive_page_fault(uint32_t broken, enum naive_access access)
{
	struct naive_translation t = { .broken = broken };

	if (access == NAIVE_INSTRUCTION)
		t.exception = 12;
	if (access == NAIVE_LOAD)
		t.exception = 13;
	if (access == NAIVE_STORE_OR_AMO)
		t.exception = 15;
	return t;
}

static inline struct naive_translation naive_access_fault(enum naive_answer answer, enum naive_access access)
{
	struct naive_translation t = { 0 };

	t.broken = answer == NAIVE_PMP_SAYS_NO ? NAIVE_PMP_VIOLATION : NAIVE_PMA_VIOLATION;
	if (access == NAIVE_INSTRUCTION)
		t.exception = 1;
	if (access == NAIVE_LOAD)
		t.exception = 5;
	if (access == NAIVE_STORE_OR_AMO)
		t.exception = 7;
	return t;
}

/* "any bits or encodings that are reserved for future standard use are set within pte" and the other rules of step 3 */
static inline uint32_t naive_step_3(const struct naive_hart *hart, struct naive_pte pte, int i)
{
	bool leaf = pte.r == 1 || pte.x == 1;
	uint32_t broken = 0;

	if (pte.v == 0)
		return NAIVE_V_CLEAR; /* "all other bits in the PTE are don't-cares" */
	if (pte.r == 0 && pte.w == 1)
		broken |= NAIVE_WRITABLE_NOT_READABLE;
	if (pte.reserved != 0)
		broken |= NAIVE_RESERVED_BITS_OR_VALUES;
	if (!hart->svnapot && pte.n == 1)
		broken |= NAIVE_RESERVED_BITS_OR_VALUES;
	if (!hart->svpbmt && pte.pbmt != 0)
		broken |= NAIVE_RESERVED_BITS_OR_VALUES;
	if (leaf && hart->svpbmt && pte.pbmt == 3)
		broken |= NAIVE_RESERVED_BITS_OR_VALUES;
	if (!leaf && hart->svpbmt && pte.pbmt != 0)
		broken |= NAIVE_NON_LEAF_WITH_LEAF_BITS;
	if (!leaf && (pte.a || pte.d || pte.u))
		broken |= NAIVE_NON_LEAF_WITH_LEAF_BITS;
	if (!leaf && hart->svnapot && pte.n)
		broken |= NAIVE_NON_LEAF_WITH_LEAF_BITS;
	if (leaf && hart->svnapot && pte.n && i >= 1)
		broken |= NAIVE_NAPOT_RESERVED_ENCODING;
	if (leaf && hart->svnapot && pte.n && i == 0 && pte.ppn[0] % 16 != 8)
		broken |= NAIVE_NAPOT_RESERVED_ENCODING;
	return broken;
}

static inline bool naive_superpage_is_misaligned(struct naive_pte pte, int i)
{
	for (int lower = 0; lower < i; lower++) {
		if (pte.ppn[lower] != 0)
			return true;
	}
	return false;
}

static inline uint32_t naive_step_6(const struct naive_hart *hart, struct naive_pte pte, enum naive_access access)
{
	if (hart->user_mode && pte.u == 0)
		return NAIVE_NOT_A_USER_PAGE;
	if (!hart->user_mode && pte.u == 1 && access == NAIVE_INSTRUCTION)
		return NAIVE_USER_PAGE_NOT_EXECUTABLE_BY_S;
	if (!hart->user_mode && pte.u == 1 && !hart->sum)
		return NAIVE_USER_PAGE_NEEDS_SUM;
	return 0;
}

static inline uint32_t naive_step_8(const struct naive_hart *hart, struct naive_pte pte, enum naive_access access)
{
	if (access == NAIVE_INSTRUCTION && pte.x == 0)
		return NAIVE_NOT_EXECUTABLE;
	if (access == NAIVE_STORE_OR_AMO && pte.w == 0)
		return NAIVE_NOT_WRITABLE;
	if (access == NAIVE_LOAD && !hart->mxr && pte.r == 0)
		return NAIVE_NOT_READABLE;
	if (access == NAIVE_LOAD && hart->mxr && pte.r == 0 && pte.x == 0)
		return NAIVE_NOT_READABLE;
	return 0;
}

static inline uint32_t naive_step_9(struct naive_pte pte, enum naive_access access)
{
	uint32_t broken = 0;

	if (pte.a == 0)
		broken |= NAIVE_A_CLEAR;
	if (access == NAIVE_STORE_OR_AMO && pte.d == 0)
		broken |= NAIVE_D_CLEAR;
	return broken;
}

/* Steps 5, 6 and 8: what a leaf must satisfy before A and D are looked at. */
static inline uint32_t naive_leaf_rules(const struct naive_hart *hart, struct naive_pte pte, int i,
                                        enum naive_access access)
{
	if (i > 0 && naive_superpage_is_misaligned(pte, i))
		return NAIVE_SUPERPAGE_MISALIGNED;
	if (naive_step_6(hart, pte, access))
		return naive_step_6(hart, pte, access);
	return naive_step_8(hart, pte, access);
}

/* "The translated physical address is given as follows", with a NAPOT PTE's low PPN bits replaced first. */
static inline struct naive_translation naive_step_10(struct naive_pte pte, int i, int levels, const int *vpn,
                                                     uint64_t va)
{
	struct naive_translation t = { .page_bytes = 4096, .memory_type = pte.pbmt };
	uint64_t ppn = 0;

	for (int level = 0; level < i; level++)
		t.page_bytes *= 512;
	if (pte.n) {
		pte.ppn[0] = pte.ppn[0] / 16 * 16 + vpn[0] % 16;
		t.page_bytes = 65536;
	}
	for (int level = levels - 1; level >= 0; level--)
		ppn = ppn * 512 + (uint64_t)(level < i ? vpn[level] : pte.ppn[level]);
	t.pa = ppn * 4096 + va % 4096;
	return t;
}

static inline struct naive_translation naive_walk(const struct naive_hart *hart, uint64_t va, enum naive_access access)
{
	int levels = (hart->va_bits - 12) / 9;
	int i = levels - 1;
	uint64_t a = hart->satp_ppn * 4096;
	bool is_global = false;
	int vpn[5] = { 0 };

	for (int bit = hart->va_bits; bit <= 63; bit++) {
		if ((va >> bit) % 2 != (va >> (hart->va_bits - 1)) % 2)
			return naive_page_fault(NAIVE_VA_NOT_SIGN_EXTENDED, access);
	}
	for (int level = 0; level < levels; level++)
		vpn[level] = (int)((va >> (12 + 9 * level)) % 512);

	for (;;) {
		uint64_t address = a + (uint64_t)vpn[i] * 8, value = 0, wanted;
		enum naive_answer answer = hart->read(hart->memory, address, &value);
		struct naive_pte pte = naive_take_apart(value, levels);
		struct naive_translation t;
		uint32_t broken;

		if (answer != NAIVE_DONE)
			return naive_access_fault(answer, access);
		broken = naive_step_3(hart, pte, i);
		if (broken)
			return naive_page_fault(broken, access);
		if (pte.r == 0 && pte.x == 0) {
			is_global = is_global || pte.g;
			i = i - 1;
			if (i < 0)
				return naive_page_fault(NAIVE_NO_LEAF_AT_LAST_LEVEL, access);
			a = pte.whole_ppn * 4096;
			continue;
		}
		broken = naive_leaf_rules(hart, pte, i, access);
		if (broken)
			return naive_page_fault(broken, access);
		broken = naive_step_9(pte, access);
		if (broken && hart->svade)
			return naive_page_fault(broken, access);
		if (broken) {
			wanted = value | 64;
			if (access == NAIVE_STORE_OR_AMO)
				wanted = value | 64 | 128;
			answer = hart->compare_and_store(hart->memory, address, value, wanted);
			if (answer == NAIVE_COMPARISON_FAILED)
				continue;
			if (answer != NAIVE_DONE)
				return naive_access_fault(answer, access);
		}
		t = naive_step_10(pte, i, levels, vpn, va);
		t.is_global = is_global || pte.g;
		return t;
	}
}

#endif
