/*
 * The words for rules about the access: may it touch this page? Steps 6 to 9 of the privileged manual's "Virtual
 * Address Translation Process", and what comes behind it, PMP and the bus. As in mmu/explain_pte.c, each has a why, a
 * rule, and a way to mend it.
 */
#include <inttypes.h>

#include "mmu/explain_internal.h"

#define PAGE_SHIFT 12

/* --- step 6: U --- */

static void why_user_no_sum(struct words *w, const struct explanation *e)
{
	(void)e;
	words_say(w, "S mode touches a page of U mode (U=1) while sstatus.SUM is 0.");
}

static void mend_user_no_sum(struct words *w, const struct explanation *e)
{
	words_say(w, "where the kernel means to touch user memory (a copy to or from a system call's buffer), set SUM"
	             " around it: csrs sstatus, 0x40000 (1 << 18). If the page is the kernel's own, clear U:");
	words_pte(w, explain_failed_pte(e) & ~PTE_U);
	words_say(w, "." EXPLAIN_FENCE " Otherwise SUM has just caught a wrong pointer.");
}

static void why_user_fetch_in_s(struct words *w, const struct explanation *e)
{
	(void)e;
	words_say(w, "S mode wants to execute a page of U mode (U=1).");
}

static void mend_user_fetch_in_s(struct words *w, const struct explanation *e)
{
	words_say(w, "kernel code is mapped without U:");
	words_pte(w, explain_failed_pte(e) & ~PTE_U);
	words_say(w, " (then sfence.vma). User code is entered by sret with sstatus.SPP=0; if SPP is 1, sret stays in"
	             " S mode and ends here.");
}

static void why_supervisor_in_u(struct words *w, const struct explanation *e)
{
	(void)e;
	words_say(w, "U mode touches a page that is not its own: the leaf has U=0.");
}

static void mend_supervisor_in_u(struct words *w, const struct explanation *e)
{
	words_say(w, "if the page belongs to the program, set U in the leaf (never in the pointers above it):");
	words_pte(w, explain_failed_pte(e) | PTE_U);
	words_say(w, "." EXPLAIN_FENCE
	             " If it is the kernel's, the protection works, and the program has a wrong pointer.");
}

/* --- step 8: R, W, X --- */

static void why_no_read(struct words *w, const struct explanation *e)
{
	if (explain_failed_pte(e) & PTE_X)
		words_say(w, "the page can be executed but not read: R=0, X=1, and sstatus.MXR is 0.");
	else
		words_say(w, "the page cannot be read: R=0.");
}

static void mend_no_read(struct words *w, const struct explanation *e)
{
	words_say(w, "set R:");
	words_pte(w, explain_failed_pte(e) | PTE_R);
	words_say(w, "." EXPLAIN_FENCE);
	if (explain_failed_pte(e) & PTE_X)
		words_say(w, " Or set sstatus.MXR (bit 19) around the load: it lets loads read what can be executed.");
}

static void why_no_write(struct words *w, const struct explanation *e)
{
	words_say(w, "the page cannot be written: W=0 (R=%d, X=%d).", (explain_failed_pte(e) & PTE_R) != 0,
	          (explain_failed_pte(e) & PTE_X) != 0);
}

static void mend_no_write(struct words *w, const struct explanation *e)
{
	words_say(w, "a page that is to be written needs R and W:");
	words_pte(w, explain_failed_pte(e) | PTE_R | PTE_W);
	words_say(w,
	          "." EXPLAIN_FENCE " A kernel that shares pages until they are written (copy on write) makes its copy"
	          " here. A store to code or constants is the program's mistake.");
}

static void why_no_exec(struct words *w, const struct explanation *e)
{
	words_say(w, "the page cannot be executed: X=0 (R=%d, W=%d).", (explain_failed_pte(e) & PTE_R) != 0,
	          (explain_failed_pte(e) & PTE_W) != 0);
}

static void mend_no_exec(struct words *w, const struct explanation *e)
{
	words_say(w, "if this is code, set X:");
	words_pte(w, explain_failed_pte(e) | PTE_X);
	words_say(w,
	          "." EXPLAIN_FENCE " If it is data, the pc went astray: an overwritten return address, a bad function"
	          " pointer, a wrong sepc or mepc.");
}

/* --- step 9: A and D --- */

static void why_accessed_clear(struct words *w, const struct explanation *e)
{
	(void)e;
	words_say(w, "the leaf has A=0, and the hart does not set A itself (Svade, or menvcfg.ADUE=0).");
}

static void why_dirty_clear(struct words *w, const struct explanation *e)
{
	(void)e;
	words_say(w, "the leaf has D=0, and the hart does not set D itself (Svade, or menvcfg.ADUE=0).");
}

static void mend_ad(struct words *w, const struct explanation *e)
{
	bool is_store = e->request->access == ACCESS_STORE;

	words_say(w, "write leaves with A%s set from the beginning:", is_store ? " and D" : "");
	words_pte(w, explain_failed_pte(e) | PTE_A | (is_store ? PTE_D : 0));
	words_say(w, "; or let the fault handler set %s and return." EXPLAIN_FENCE, is_store ? "them" : "it");
	words_say(w, " Where the hart has Svadu, M mode can have it done in hardware: menvcfg.ADUE=1 (bit 61); rvemu"
	             " --ad update is a machine that always does.");
}

/* --- after the walk --- */

static void why_leaf_pmp(struct words *w, const struct explanation *e)
{
	static const char *const what[] = { "fetched from", "loaded from", "stored to" };

	words_say(w, "%s, but physical address 0x%" PRIx64 " may not be %s: PMP denies it.",
	          e->request->levels ? "the translation is right" : "nothing is translated", e->result->pa,
	          what[e->request->access]);
	words_pmp_entry(w, e, e->result->pa);
}

static void mend_leaf_pmp(struct words *w, const struct explanation *e)
{
	static const char rights[] = { [ACCESS_FETCH] = 'X', [ACCESS_LOAD] = 'R', [ACCESS_STORE] = 'W' };

	if (e->request->priv == PRIV_M) {
		words_say(w, "an entry that binds M mode is locked (L=1) and stays so until reset: firmware guards this"
		             " memory on purpose, and the pointer is wrong; or the entry covers too much.");
		return;
	}
	if (explain_pmp_is_off(e)) {
		words_say(w, "before it enters S or U mode with mret, M mode must open memory to them: %s.",
		          EXPLAIN_OPEN_PMP);
		return;
	}
	words_say(w,
	          "M mode must give this memory %c by a PMP entry in front of the one that denies it; the first entry"
	          " that matches decides.",
	          rights[e->request->access]);
	words_say(w, " All memory is opened to S and U mode by pmpaddr0 = 0x3fffffffffffff and pmpcfg0 = 0x1f.");
	words_say(w, " If this is the firmware's memory, %s leads to the wrong place.",
	          e->request->levels ? "the mapping" : "the pointer");
}

static void why_leaf_bus(struct words *w, const struct explanation *e)
{
	words_say(w, "%s, but nothing answers such an access at physical address 0x%" PRIx64 ".",
	          e->request->levels ? "the translation is right" : "nothing is translated", e->result->pa);
}

static void mend_leaf_bus(struct words *w, const struct explanation *e)
{
	u64 unshifted = e->result->pte & MASK(54) & ~MASK(PAGE_SHIFT);

	if (e->request->levels == 0) {
		words_say(w, "there is neither RAM nor a device that takes it (code runs from RAM only). The pointer is"
		             " wrong, or translation should have been on.");
		return;
	}
	words_say(w,
	          "check the page number in the leaf 0x%" PRIx64 ": a leaf is (pa >> 12) << 10 | flags, and pa must"
	          " be RAM or a device (code runs from RAM only).",
	          e->result->pte);
	if (unshifted && !bits(e->result->pte, 11, 10) && explain_may_be_ram(e, unshifted))
		words_say(w, " If the address was not shifted, pa 0x%" PRIx64 " was meant: 0x%" PRIx64 ".", unshifted,
		          explain_pte_with_pa(e->result->pte, unshifted));
}

/* --- the table --- */

#define RULE_AD                                                                                                        \
	"A says that the page was touched since A was last cleared, D that it was written. "                           \
	"Either the hart sets them, or (Svade) it raises a page fault for software to do it" EXPLAIN_STEP(9)

const struct reason_words explain_access_words[WALK_REASONS] = {
	[WALK_NO_READ] = { why_no_read, "a load needs R=1, or X=1 while MXR=1" EXPLAIN_STEP(8), mend_no_read },
	[WALK_NO_WRITE] = { why_no_write, "stores, SC and AMOs need W=1" EXPLAIN_STEP(8), mend_no_write },
	[WALK_NO_EXEC] = { why_no_exec, "a fetch needs X=1; MXR does not matter to it" EXPLAIN_STEP(8), mend_no_exec },
	[WALK_USER_NO_SUM] = { why_user_no_sum,
	                       "S mode may load from and store to pages with U=1 only while SUM=1, so that it does not "
	                       "do so by mistake" EXPLAIN_STEP(6),
	                       mend_user_no_sum },
	[WALK_USER_FETCH_IN_S] = { why_user_fetch_in_s,
	                           "S mode never executes pages with U=1; SUM is about loads and stores only" EXPLAIN_STEP(
					   6),
	                           mend_user_fetch_in_s },
	[WALK_SUPERVISOR_IN_U] = { why_supervisor_in_u, "U mode may only touch pages with U=1" EXPLAIN_STEP(6),
	                           mend_supervisor_in_u },
	[WALK_ACCESSED_CLEAR] = { why_accessed_clear, RULE_AD, mend_ad },
	[WALK_DIRTY_CLEAR] = { why_dirty_clear, RULE_AD, mend_ad },
	[WALK_LEAF_PMP] = { why_leaf_pmp,
	                    "PMP is asked about the physical address of every access of S and U mode, and of M mode's "
	                    "where an entry is locked (privileged manual, \"Physical Memory Protection\").",
	                    mend_leaf_pmp },
	[WALK_LEAF_BUS] = { why_leaf_bus,
	                    "an access that no memory and no device takes is an access fault (privileged manual, "
	                    "\"Physical Memory Attributes\").",
	                    mend_leaf_bus },
};
