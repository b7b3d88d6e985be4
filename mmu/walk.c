/*
 * The page-table walker, step by step as the privileged manual tells it ("Virtual Address Translation Process"; the
 * numbers in the comments are that list's). Sv39, Sv48 and Sv57 differ only in the number of levels.
 *
 * Where several rules are broken at once, the first in the manual's order is the reason given; within step 3, where the
 * manual has no order, it is V, then R/W, then the bits nobody has defined, then those that are wrong for this kind of
 * PTE. Step 7 (shadow stacks) belongs to an extension this machine does not have.
 *
 * Not here: TLB, PMP, memory, traps. Read mmu/walk.h first and mmu/translate.c next.
 */
#include "mmu/walk.h"

#define PAGE_SHIFT 12
#define PTE_SIZE 8
#define VPN_BITS 9

#define PTE_RESERVED (MASK(7) << 54)
#define PTE_PBMT (MASK(2) << PTE_PBMT_SHIFT)
#define PBMT_RESERVED 3

/* Svnapot's one size: 64 KiB, told by the low four bits of the PPN. */
#define NAPOT_BITS 4
#define NAPOT_PATTERN 8

static u64 pte_ppn(u64 pte)
{
	return (pte >> PTE_PPN_SHIFT) & MASK(PTE_PPN_BITS);
}

static bool is_leaf(u64 pte)
{
	return pte & (PTE_R | PTE_X);
}

bool walk_is_canonical(u64 va, u32 levels)
{
	return (u64)sext(va, PAGE_SHIFT + VPN_BITS * levels) == va;
}

/* Step 3: is this a valid PTE at all? */
static enum walk_reason check_valid(u64 pte, u32 level, const struct walk_request *req)
{
	if (!(pte & PTE_V))
		return WALK_INVALID;
	if ((pte & (PTE_R | PTE_W)) == PTE_W)
		return WALK_W_WITHOUT_R;
	/* The common PTE ends here: nothing above the PPN, and no flags a pointer must not have. */
	if (is_leaf(pte) ? !(pte >> 54) : !(pte >> 54 | (pte & (PTE_A | PTE_D | PTE_U))))
		return WALK_OK;

	if (pte & PTE_RESERVED)
		return WALK_RESERVED_BITS;
	if (((pte & PTE_N) && !req->has_svnapot) || ((pte & PTE_PBMT) && !req->has_svpbmt))
		return WALK_RESERVED_BITS;
	if (!is_leaf(pte))
		return WALK_POINTER_FLAGS;
	if (bits(pte, 62, 61) == PBMT_RESERVED)
		return WALK_RESERVED_BITS;
	if ((pte & PTE_N) && (level != 0 || (pte_ppn(pte) & MASK(NAPOT_BITS)) != NAPOT_PATTERN))
		return WALK_BAD_NAPOT;
	return WALK_OK;
}

/* Step 6: the U bit, the mode, and SUM. */
static enum walk_reason check_user(u64 pte, const struct walk_request *req)
{
	if (req->priv == PRIV_U)
		return pte & PTE_U ? WALK_OK : WALK_SUPERVISOR_IN_U;
	if (!(pte & PTE_U))
		return WALK_OK;
	if (req->access == ACCESS_FETCH)
		return WALK_USER_FETCH_IN_S;
	return req->sum ? WALK_OK : WALK_USER_NO_SUM;
}

/* Step 8: R, W and X, and MXR, which lets loads read what may be executed. */
static enum walk_reason check_rights(u64 pte, const struct walk_request *req)
{
	switch (req->access) {
	case ACCESS_FETCH:
		return pte & PTE_X ? WALK_OK : WALK_NO_EXEC;
	case ACCESS_LOAD:
		return pte & PTE_R || (req->mxr && pte & PTE_X) ? WALK_OK : WALK_NO_READ;
	default:
		return pte & PTE_W ? WALK_OK : WALK_NO_WRITE;
	}
}

enum walk_reason walk_check_leaf(u64 pte, const struct walk_request *req)
{
	enum walk_reason reason;

	if (!(pte & PTE_V))
		return WALK_INVALID;
	reason = check_user(pte, req);
	if (reason != WALK_OK)
		return reason;
	reason = check_rights(pte, req);
	if (reason != WALK_OK)
		return reason;
	/* Step 9, first half: is there anything to set? */
	if (!(pte & PTE_A))
		return WALK_ACCESSED_CLEAR;
	if (req->access == ACCESS_STORE && !(pte & PTE_D))
		return WALK_DIRTY_CLEAR;
	return WALK_OK;
}

/* Steps 5 to 8, and the part of 9 that asks whether there is anything to set. */
static enum walk_reason check_leaf(u64 pte, u32 level, const struct walk_request *req)
{
	if (pte_ppn(pte) & MASK(VPN_BITS * level))
		return WALK_MISALIGNED;
	return walk_check_leaf(pte, req);
}

/* Step 10: the physical address. All three kinds of page are one case: so many low bits come from va, the rest from
 * pte. */
static void translate(u64 pte, u32 level, const struct walk_request *req, struct walk_result *result)
{
	u32 size_log2 = pte & PTE_N ? PAGE_SHIFT + NAPOT_BITS : PAGE_SHIFT + VPN_BITS * level;
	u64 offset = MASK(size_log2);

	result->size_log2 = (u8)size_log2;
	result->pbmt = (u8)bits(pte, 62, 61);
	result->global |= (pte & PTE_G) != 0;
	result->pa = ((pte_ppn(pte) << PAGE_SHIFT) & ~offset) | (req->va & offset);
}

/* Step 9, second half: sets A, and D for a store, if memory still holds *pte. *done is false if it does not. */
static enum walk_reason update_ad(const struct walk_request *req, const struct walk_port *port, u64 pte_addr, u64 *pte,
                                  bool *done)
{
	u64 desired = *pte | PTE_A | (req->access == ACCESS_STORE ? PTE_D : 0);
	enum walk_reason reason = port->cas(port->arg, pte_addr, *pte, desired, done);

	if (reason == WALK_OK && *done)
		*pte = desired;
	return reason;
}

static bool is_ad_reason(enum walk_reason reason)
{
	return reason == WALK_ACCESSED_CLEAR || reason == WALK_DIRTY_CLEAR;
}

/* Steps 2 and 3 for the PTE at pte_addr; leaves a record of the step. */
static enum walk_reason read_pte(const struct walk_request *req, const struct walk_port *port, u32 level, u64 pte_addr,
                                 struct walk_result *result)
{
	u32 index = req->levels - 1u - level;
	struct walk_step *step = &result->steps[index];
	enum walk_reason reason;

	*step = (struct walk_step){ .pte_addr = pte_addr, .level = (u8)level };
	result->step_count = (u8)index;
	result->level = (u8)level;
	reason = port->load(port->arg, level, pte_addr, &result->pte);
	result->step_count = (u8)(index + 1);
	if (reason != WALK_OK) {
		result->pte = 0;
		return reason;
	}
	step->pte = result->pte;
	return check_valid(result->pte, level, req);
}

/* Steps 5 to 9 for the leaf in result->pte. *again: the PTE has changed meanwhile, back to step 2. */
static enum walk_reason finish_leaf(const struct walk_request *req, const struct walk_port *port, u32 level,
                                    u64 pte_addr, struct walk_result *result, bool *again)
{
	enum walk_reason reason = check_leaf(result->pte, level, req);
	bool done = false;

	*again = false;
	if (!is_ad_reason(reason) || !req->ad_update)
		return reason;
	reason = update_ad(req, port, pte_addr, &result->pte, &done);
	if (reason != WALK_OK)
		return reason;
	*again = !done;
	result->ad_updated = done;
	return WALK_OK;
}

void walk(const struct walk_request *req, const struct walk_port *port, struct walk_result *result)
{
	u64 table = req->root;        /* a */
	u32 level = req->levels - 1u; /* i */
	bool again;

	result->level = (u8)level;
	result->size_log2 = PAGE_SHIFT;
	result->pbmt = 0;
	result->ad_updated = false;
	result->global = false;
	result->step_count = 0;
	result->pa = 0;
	result->pte = 0;

	if (!walk_is_canonical(req->va, req->levels)) {
		result->reason = WALK_NON_CANONICAL;
		return;
	}
	for (;;) {
		u64 pte_addr = table + bits(req->va >> (PAGE_SHIFT + VPN_BITS * level), VPN_BITS - 1, 0) * PTE_SIZE;

		result->reason = read_pte(req, port, level, pte_addr, result);
		if (result->reason != WALK_OK)
			return;
		if (is_leaf(result->pte)) {
			result->reason = finish_leaf(req, port, level, pte_addr, result, &again);
			if (again)
				continue;
			if (result->reason == WALK_OK)
				translate(result->pte, level, req, result);
			return;
		}
		/* Step 4: a pointer to the next level. */
		if (level == 0) {
			result->reason = WALK_NO_LEAF;
			return;
		}
		result->global |= (result->pte & PTE_G) != 0;
		table = pte_ppn(result->pte) << PAGE_SHIFT;
		level--;
	}
}

static const struct {
	const char *text;  /* for traces */
	bool access_fault; /* an access fault; otherwise a page fault */
} reasons[WALK_REASONS] = {
	[WALK_OK] = { "ok", false },
	[WALK_NON_CANONICAL] = { "address not canonical", false },
	[WALK_INVALID] = { "V=0", false },
	[WALK_W_WITHOUT_R] = { "W=1 with R=0", false },
	[WALK_RESERVED_BITS] = { "reserved PTE bits set", false },
	[WALK_POINTER_FLAGS] = { "pointer PTE with A, D, U, PBMT or N set", false },
	[WALK_NO_LEAF] = { "no leaf at level 0", false },
	[WALK_MISALIGNED] = { "misaligned superpage", false },
	[WALK_BAD_NAPOT] = { "reserved NAPOT encoding", false },
	[WALK_NO_READ] = { "R=0", false },
	[WALK_NO_WRITE] = { "W=0", false },
	[WALK_NO_EXEC] = { "X=0", false },
	[WALK_USER_NO_SUM] = { "U=1 in S mode, SUM=0", false },
	[WALK_USER_FETCH_IN_S] = { "U=1 fetched in S mode", false },
	[WALK_SUPERVISOR_IN_U] = { "U=0 in U mode", false },
	[WALK_ACCESSED_CLEAR] = { "A=0", false },
	[WALK_DIRTY_CLEAR] = { "D=0 on a store", false },
	[WALK_PTE_PMP] = { "PMP denies the PTE access", true },
	[WALK_PTE_BUS] = { "no memory at the PTE", true },
	[WALK_LEAF_PMP] = { "PMP denies the access", true },
	[WALK_LEAF_BUS] = { "nothing answers at the physical address", true },
};

u32 walk_cause(enum walk_reason reason, enum access access)
{
	/* By access: fetch, load, store; first page faults, then access faults. */
	static const u8 causes[2][3] = { { 12, 13, 15 }, { 1, 5, 7 } };

	return causes[reasons[reason].access_fault][access];
}

const char *walk_reason_text(enum walk_reason reason)
{
	return reasons[reason].text;
}
