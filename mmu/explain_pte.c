/*
 * The words for rules about the address and the PTEs themselves: steps 1 to 5 of the privileged manual's "Virtual
 * Address Translation Process". Three parts each: why it is broken here, with the numbers of this case; the rule; and
 * what would have made the access succeed, with the value to write where there is one.
 *
 * Mistakes that are made again and again are recognised and named: a PPN not shifted, a virtual address where a
 * physical one belongs, U in a pointer. Rules about the access are in mmu/explain_access.c.
 */
#include <inttypes.h>

#include "mmu/explain_internal.h"

#define PAGE_SHIFT 12
#define VPN_BITS 9
#define PTE_PBMT (MASK(2) << PTE_PBMT_SHIFT)
#define PTE_RESERVED (MASK(7) << 54)
#define NAPOT_PATTERN 8

/* --- helpers --- */

static u64 pte_pa(u64 pte)
{
	return bits(pte, 53, PTE_PPN_SHIFT) << PAGE_SHIFT;
}

/* log2 of the bytes that one PTE of this level stands for. */
static u32 level_log2(u32 level)
{
	return PAGE_SHIFT + VPN_BITS * level;
}

/* The flags a leaf needs for this access. */
static u64 wanted_flags(const struct walk_request *req)
{
	static const u64 rights[] = {
		[ACCESS_FETCH] = PTE_X, [ACCESS_LOAD] = PTE_R, [ACCESS_STORE] = PTE_R | PTE_W | PTE_D
	};

	return PTE_V | PTE_A | rights[req->access] | (req->priv == PRIV_U ? PTE_U : 0);
}

/* "A, D, U": the names of the flags set in `flags`. */
static void say_flags(struct words *w, u64 flags)
{
	static const char letters[] = "VRWXUGAD";
	const char *separator = "";

	for (u32 i = 0; i < 8; i++) {
		if (!(flags >> i & 1))
			continue;
		words_say(w, "%s%c", separator, letters[i]);
		separator = ", ";
	}
	if (flags & PTE_PBMT) {
		words_say(w, "%sPBMT", separator);
		separator = ", ";
	}
	if (flags & PTE_N)
		words_say(w, "%sN", separator);
}

/* --- step 1 and before --- */

static void why_non_canonical(struct words *w, const struct explanation *e)
{
	u32 top = level_log2(e->request->levels) - 1;
	u64 va = e->request->va;

	words_say(w, "bit %u of the address is %u, and bits 63..%u above it are not all %u: they are 0x%" PRIx64 ".",
	          top, (u32)(va >> top & 1), top + 1, (u32)(va >> top & 1), va >> (top + 1));
}

static void mend_non_canonical(struct words *w, const struct explanation *e)
{
	u32 top = level_log2(e->request->levels) - 1;
	u64 highest = MASK(top); /* of the lower half */

	words_say(w, "addresses that exist are 0..0x%" PRIx64 " and 0x%" PRIx64 "..0xffffffffffffffff.", highest,
	          ~highest);
	words_say(w, " Was a pointer cut short, tagged, or never set? With its upper bits put right it would be");
	words_say(w, " 0x%" PRIx64 ".", (u64)sext(e->request->va, top + 1));
}

/* --- step 2: the PTE cannot be had --- */

static void why_pte_pmp(struct words *w, const struct explanation *e)
{
	const struct walk_step *step = explain_last_step(e);

	if (e->result->pte)
		words_say(w, "the hart may not set A or D in the level-%u PTE at 0x%" PRIx64 ": PMP denies the store.",
		          step->level, step->pte_addr);
	else
		words_say(w, "the level-%u PTE at 0x%" PRIx64 " may not be read: PMP denies it.", step->level,
		          step->pte_addr);
	words_pmp_entry(w, e, step->pte_addr);
}

static void mend_pte_pmp(struct words *w, const struct explanation *e)
{
	words_say(w, "M mode must open the memory that holds page tables to S mode, for reading%s.",
	          e->request->ad_update ? " and, where the hart sets A and D, writing" : "");
	if (explain_pmp_is_off(e)) {
		words_say(w, " Before the first mret: %s.", EXPLAIN_OPEN_PMP);
		return;
	}
	words_say(w, " Everything is opened by pmpaddr0 = 0x3fffffffffffff and pmpcfg0 = 0x1f.");
	words_say(w, " Or the table lies where it should not: then the fault is in %s.",
	          explain_last_step(e)->level + 1u == e->request->levels ? "satp" : "the pointer above it");
}

static void why_pte_bus(struct words *w, const struct explanation *e)
{
	const struct walk_step *step = explain_last_step(e);

	words_say(w, "there is no RAM at 0x%" PRIx64 ", where the level-%u PTE should be.", step->pte_addr,
	          step->level);
}

static void mend_pte_bus(struct words *w, const struct explanation *e)
{
	const struct walk_step *step = explain_last_step(e);
	u64 ppn = e->request->root >> PAGE_SHIFT;
	u64 pointer;

	if (step->level + 1u == e->request->levels) {
		words_say(w, "satp's PPN is 0x%" PRIx64 ", so the root table is looked for at 0x%" PRIx64 ".", ppn,
		          e->request->root);
		words_say(w, " satp takes the root's physical address shifted right by 12.");
		if (ppn && !(ppn & MASK(PAGE_SHIFT)))
			words_say(w,
			          " It looks as if it was not shifted: for a root at 0x%" PRIx64
			          " the PPN is 0x%" PRIx64 ".",
			          ppn, ppn >> PAGE_SHIFT);
		return;
	}
	pointer = e->result->steps[e->result->step_count - 2].pte;
	words_say(w, "the pointer above, 0x%" PRIx64 " at 0x%" PRIx64 ", names a table at 0x%" PRIx64 ".", pointer,
	          e->result->steps[e->result->step_count - 2].pte_addr, pte_pa(pointer));
	words_say(w, " A pointer is (pa >> 12) << 10 | V.");
	if (!(pointer & (MASK(PAGE_SHIFT) & ~PTE_V)) && explain_may_be_ram(e, pointer))
		words_say(w,
		          " It looks as if the address was not shifted: for a table at 0x%" PRIx64 " it is 0x%" PRIx64
		          ".",
		          pointer - 1, explain_pte_with_pa(PTE_V, pointer));
}

/* --- step 3: no valid PTE --- */

static void why_invalid(struct words *w, const struct explanation *e)
{
	const struct walk_step *step = explain_last_step(e);
	u32 log2 = level_log2(step->level);
	u64 first = align_down(e->request->va, BIT(log2)), last = first | MASK(log2);
	char size[16];

	if (step->pte == 0)
		words_say(w, "nothing is mapped here: the level-%u PTE is all zeros.", step->level);
	else
		words_say(w,
		          "the level-%u PTE has V=0. Its other bits mean nothing to the hart; software keeps there"
		          " what it likes, for instance where the page was swapped out to.",
		          step->level);
	if (step->level == 0)
		return;
	explain_size(log2, size, sizeof(size));
	words_say(w, " So the whole %s from 0x%" PRIx64 " to 0x%" PRIx64 " is without a mapping.", size, first, last);
}

static void mend_invalid(struct words *w, const struct explanation *e)
{
	const struct walk_step *step = explain_last_step(e);
	u64 wanted = wanted_flags(e->request);

	if (step->pte & (PTE_R | PTE_X)) {
		words_say(w, "if the page is in memory, only V is missing: the PTE would be");
		words_pte(w, step->pte | PTE_V);
		words_say(w, "." EXPLAIN_FENCE);
		return;
	}
	words_say(w, "if this address is meant to exist, write");
	if (step->level)
		words_say(w,
		          " a pointer to a zeroed page, (pa >> 12) << 10 | 1, to 0x%" PRIx64 ", and go on in that"
		          " table down to",
		          step->pte_addr);
	words_say(w, " a leaf, (pa >> 12) << 10 | 0x%02" PRIx64 " (", wanted);
	say_flags(w, wanted);
	words_say(w, ")");
	if (!step->level)
		words_say(w, ", to 0x%" PRIx64, step->pte_addr);
	words_say(w, "." EXPLAIN_FENCE " If it is not meant to exist, the pointer is wrong.");
	if (step->level + 1u == e->request->levels && step->pte == 0)
		words_say(w, " And is 0x%" PRIx64 " the right root?", e->request->root);
}

static void why_w_without_r(struct words *w, const struct explanation *e)
{
	words_say(w, "the level-%u PTE has W=1 and R=0.", explain_last_step(e)->level);
}

static void mend_w_without_r(struct words *w, const struct explanation *e)
{
	u64 pte = explain_failed_pte(e);

	words_say(w, "set R too:");
	words_pte(w, pte | PTE_R);
	if (pte & PTE_X) {
		words_say(w, "; or clear W, for a page that can only be executed:");
		words_pte(w, pte & ~PTE_W);
	} else if (!(pte & (PTE_A | PTE_D | PTE_U)) && explain_last_step(e)->level) {
		words_say(w, "; or clear W, for a pointer to a table at 0x%" PRIx64 ":", pte_pa(pte));
		words_pte(w, pte & ~PTE_W);
	}
	words_say(w, "." EXPLAIN_FENCE);
}

static void why_reserved_bits(struct words *w, const struct explanation *e)
{
	u64 pte = explain_failed_pte(e);
	u32 pbmt = (u32)bits(pte, 62, 61);

	words_say(w, "the level-%u PTE has bits set that must be 0:", explain_last_step(e)->level);
	if (pte & PTE_RESERVED)
		words_say(w, " bits 60..54 are 0x%02x.", (u32)bits(pte, 60, 54));
	if (pte & PTE_N && !e->request->has_svnapot)
		words_say(w, " N (bit 63) is set, but this hart has no Svnapot.");
	if (pbmt && !e->request->has_svpbmt)
		words_say(w, " PBMT (bits 62..61) is %u, but Svpbmt is missing or off (menvcfg.PBMTE=0).", pbmt);
	else if (pbmt == 3)
		words_say(w, " PBMT (bits 62..61) is 3, which is reserved.");
}

static void mend_reserved_bits(struct words *w, const struct explanation *e)
{
	u64 pte = explain_failed_pte(e);
	u64 wrong = pte & PTE_RESERVED;

	if (!e->request->has_svnapot)
		wrong |= pte & PTE_N;
	if (!e->request->has_svpbmt || (pte & PTE_PBMT) == PTE_PBMT)
		wrong |= pte & PTE_PBMT;
	words_say(w, "without them the PTE would be");
	words_pte(w, pte & ~wrong);
	words_say(w, ".");
	if (pte >> 54 == MASK(10))
		words_say(w,
		          " All of bits 63..54 are set, as in the virtual address of a kernel: a PTE takes a physical"
		          " address, (pa >> 12) << 10.");
	else if (pte & PTE_RESERVED)
		words_say(w, " The page number belongs into bits 53..10: (pa >> 12) << 10.");
	words_say(w, EXPLAIN_FENCE);
}

static u64 flags_wrong_in_pointer(u64 pte)
{
	return pte & (PTE_A | PTE_D | PTE_U | PTE_N | PTE_PBMT);
}

static void why_pointer_flags(struct words *w, const struct explanation *e)
{
	words_say(w, "the level-%u PTE has R=W=X=0, which makes it a pointer to a table, but it has set ",
	          explain_last_step(e)->level);
	say_flags(w, flags_wrong_in_pointer(explain_failed_pte(e)));
	words_say(w, ".");
}

static void mend_pointer_flags(struct words *w, const struct explanation *e)
{
	u64 pte = explain_failed_pte(e);

	if (explain_last_step(e)->level) {
		words_say(w, "if it is to be a pointer, clear them:");
		words_pte(w, pte & ~flags_wrong_in_pointer(pte));
		words_say(w, ". ");
	}
	words_say(w, "If it is to be a page, give it its rights, at least R or X:");
	words_pte(w, pte | wanted_flags(e->request));
	words_say(w, "." EXPLAIN_FENCE);
	if (pte & PTE_U && explain_last_step(e)->level)
		words_say(w, " U belongs into leaves only; pages of U and S mode may share tables.");
}

/* --- step 4 --- */

static void why_no_leaf(struct words *w, const struct explanation *e)
{
	words_say(w,
	          "the level-0 PTE has R=W=X=0 and so points to another table (0x%" PRIx64 "), but there is no "
	          "level below 0.",
	          pte_pa(explain_failed_pte(e)));
}

static void mend_no_leaf(struct words *w, const struct explanation *e)
{
	words_say(w, "set the rights that the page is to have; this access needs");
	words_pte(w, explain_failed_pte(e) | wanted_flags(e->request));
	words_say(w, "." EXPLAIN_FENCE " A page that nobody may touch is made with V=0, not with R=W=X=0.");
}

/* --- step 5 --- */

static void why_misaligned(struct words *w, const struct explanation *e)
{
	u32 level = explain_last_step(e)->level;
	char size[16];

	explain_size(level_log2(level), size, sizeof(size));
	words_say(w,
	          "a leaf at level %u is a page of %s, but its physical address 0x%" PRIx64 " is no multiple of that.",
	          level, size, pte_pa(explain_failed_pte(e)));
}

static void mend_misaligned(struct words *w, const struct explanation *e)
{
	u64 pte = explain_failed_pte(e);
	u64 pa = pte_pa(pte);
	u64 aligned = align_down(pa, BIT(level_log2(explain_last_step(e)->level)));

	words_say(w, "for the large page at 0x%" PRIx64 " the PTE would be", aligned);
	words_pte(w, explain_pte_with_pa(pte, aligned));
	words_say(w, ". If it is to be a pointer to a table at 0x%" PRIx64 ", clear R, W, X and A, D, U:", pa);
	words_pte(w, pte & ~(flags_wrong_in_pointer(pte) | PTE_R | PTE_W | PTE_X));
	words_say(w, "." EXPLAIN_FENCE);
}

static void why_bad_napot(struct words *w, const struct explanation *e)
{
	u64 pte = explain_failed_pte(e);
	u32 level = explain_last_step(e)->level;

	if (level)
		words_say(w, "the level-%u PTE has N=1.", level);
	else
		words_say(w, "the PTE has N=1, and the low four bits of its PPN are 0x%x instead of 0x8.",
		          (u32)bits(pte, 13, 10));
}

static void mend_bad_napot(struct words *w, const struct explanation *e)
{
	u64 pte = explain_failed_pte(e);
	u64 pa = align_down(pte_pa(pte), BIT(16));

	words_say(w, "clear N:");
	words_pte(w, pte & ~PTE_N);
	if (explain_last_step(e)->level == 0) {
		words_say(w, "; or, for the 64 KiB at 0x%" PRIx64 ", write", pa);
		words_pte(w, explain_pte_with_pa(pte, pa | NAPOT_PATTERN << PAGE_SHIFT));
		words_say(w, " to all sixteen PTEs of that range");
	}
	words_say(w, "." EXPLAIN_FENCE);
}

/* --- the table --- */

const struct reason_words explain_pte_words[WALK_REASONS] = {
	[WALK_NON_CANONICAL] = { why_non_canonical,
	                         "all bits above the translated ones must equal the highest translated bit; otherwise "
	                         "no PTE is even read (privileged manual, \"Addressing and Memory Protection\" of Sv39, "
	                         "Sv48, Sv57).",
	                         mend_non_canonical },
	[WALK_PTE_PMP] = { why_pte_pmp,
	                   "the walker reads and updates PTEs with the rights of S mode; where PMP denies that it is an "
	                   "access fault of the original access" EXPLAIN_STEP(2),
	                   mend_pte_pmp },
	[WALK_PTE_BUS] = { why_pte_bus,
	                   "page tables must lie in memory that can hold them; otherwise it is an access fault, not a "
	                   "page fault" EXPLAIN_STEP(2),
	                   mend_pte_bus },
	[WALK_INVALID] = { why_invalid, "a PTE with V=0 ends the walk, whatever its other bits are" EXPLAIN_STEP(3),
	                   mend_invalid },
	[WALK_W_WITHOUT_R] = { why_w_without_r,
	                       "what can be written must be readable: R=0 with W=1 is reserved" EXPLAIN_STEP(3),
	                       mend_w_without_r },
	[WALK_RESERVED_BITS] = { why_reserved_bits,
	                         "bits and values reserved for the future must be 0, or the PTE does not count" EXPLAIN_STEP(
					 3),
	                         mend_reserved_bits },
	[WALK_POINTER_FLAGS] = { why_pointer_flags,
	                         "in a pointer D, A and U, and also N and PBMT, are reserved and must be 0; only V, G "
	                         "and software's bits 9..8 may be set" EXPLAIN_STEP(3),
	                         mend_pointer_flags },
	[WALK_NO_LEAF] = { why_no_leaf, "a pointer at level 0 has nothing to point to" EXPLAIN_STEP(4), mend_no_leaf },
	[WALK_MISALIGNED] = { why_misaligned,
	                      "a leaf above level 0 is a superpage, and its low PPN fields must be 0" EXPLAIN_STEP(5),
	                      mend_misaligned },
	[WALK_BAD_NAPOT] = { why_bad_napot,
	                     "N=1 exists at level 0 only, for 64 KiB, with 1000 in the low four bits of the PPN; all "
	                     "else is reserved (privileged manual, \"Svnapot\" Extension).",
	                     mend_bad_napot },
};
