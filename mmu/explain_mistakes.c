/*
 * Mistakes that are made again and again, recognised by what they leave in memory: a page number that was shifted
 * wrongly, a table that was never cleared, a root that nobody has filled, a null pointer. What is said here is a guess,
 * and said to be one; mmu/explain_pte.c and mmu/explain_access.c have the rules.
 *
 * It needs the guest's RAM (struct explanation, ram); without it nothing is guessed.
 */
#include <inttypes.h>
#include <string.h>

#include "mmu/explain_internal.h"

#define PAGE_SHIFT 12
#define PAGE_BYTES BIT(PAGE_SHIFT)
#define ENTRIES 512
#define PTE_RESERVED (MASK(7) << 54)
#define PTE_NOT_IN_POINTER (PTE_A | PTE_D | PTE_U | PTE_N | MASK(2) << PTE_PBMT_SHIFT)
#define MALFORMED_MIN 8 /* PTEs of a table that are nonsense: fewer may be a mistake of their own */
#define TEXT_MIN 6      /* letters in a word of memory that is taken for text */

static u64 pte_pa(u64 pte)
{
	return bits(pte, 53, PTE_PPN_SHIFT) << PAGE_SHIFT;
}

static const u64 *page_at(const struct explanation *e, u64 pa)
{
	return e->ram(e->ram_arg, align_down(pa, PAGE_BYTES));
}

bool explain_may_be_ram(const struct explanation *e, u64 pa)
{
	return !e->ram || page_at(e, pa);
}

static bool is_ram(const struct explanation *e, u64 pa)
{
	return page_at(e, pa) != NULL;
}

/* --- shifted wrongly --- */

/* The PTE that may have been made wrongly: what failed itself, or what led to a place that is none. */
static const struct walk_step *suspect(const struct explanation *e)
{
	const struct walk_result *r = e->result;

	switch (r->reason) {
	case WALK_PTE_BUS:
	case WALK_PTE_PMP:
		return r->step_count > 1 ? &r->steps[r->step_count - 2] : NULL;
	case WALK_W_WITHOUT_R:
	case WALK_RESERVED_BITS:
	case WALK_POINTER_FLAGS:
	case WALK_NO_LEAF:
	case WALK_MISALIGNED:
	case WALK_BAD_NAPOT:
	case WALK_LEAF_BUS:
	case WALK_LEAF_PMP:
		return r->step_count ? explain_last_step(e) : NULL;
	default:
		return NULL;
	}
}

static void begin_shifted(struct words *w, const struct walk_step *step)
{
	words_begin(w, "perhaps");
	words_say(w, "the PTE 0x%" PRIx64 " at 0x%" PRIx64 " was made from ", step->pte, step->pte_addr);
}

/* True if it was said how the page number got into the wrong place. */
static bool say_shift(struct words *w, const struct explanation *e, const struct walk_step *step)
{
	u64 pte = step->pte, flags = pte & MASK(PTE_PPN_SHIFT);
	u64 unshifted = pte & ~MASK(PAGE_SHIFT), whole = pte >> PTE_PPN_SHIFT;
	/* The rules' own words have that already. */
	bool is_told = e->result->reason == WALK_PTE_BUS || e->result->reason == WALK_LEAF_BUS;

	if (is_ram(e, pte_pa(pte)))
		return false;
	if (is_ram(e, unshifted) && !bits(pte, 11, 10)) {
		if (is_told)
			return true;
		begin_shifted(w, step);
		words_say(w, "the physical address 0x%" PRIx64 " without shifting it.", unshifted);
	} else if (is_ram(e, whole) && !(whole & MASK(PAGE_SHIFT))) {
		begin_shifted(w, step);
		words_say(w,
		          "the physical address 0x%" PRIx64 " by shifting it left by 10, but without shifting it"
		          " right by 12 first.",
		          whole);
		unshifted = whole;
	} else if (pte >> (64 - PAGE_SHIFT) == 0 && is_ram(e, pte << PAGE_SHIFT)) {
		begin_shifted(w, step);
		words_say(w,
		          "the number of a page (0x%" PRIx64 ", where RAM is) without shifting it left by 10: its low"
		          " bits became flags. A PTE is (pa >> 12) << 10 | flags.",
		          (u64)(pte & ~MASK(8)));
		words_end(w);
		return true;
	} else {
		return false;
	}
	words_say(w, " A PTE is (pa >> 12) << 10 | flags: 0x%" PRIx64 ".", explain_pte_with_pa(flags, unshifted));
	words_end(w);
	return true;
}

/* --- never cleared --- */

/* A PTE that no kernel writes on purpose. */
static bool is_malformed(u64 pte)
{
	bool is_pointer = !(pte & (PTE_R | PTE_W | PTE_X));

	if (!(pte & PTE_V))
		return false;
	return pte & PTE_RESERVED || (pte & (PTE_R | PTE_W)) == PTE_W || (is_pointer && pte & PTE_NOT_IN_POINTER);
}

static bool is_text(u64 word)
{
	u32 letters = 0;

	for (u32 i = 0; i < 64; i += 8) {
		u64 byte = word >> i & 0xff;

		if (byte != '\n' && byte != '\t' && (byte < ' ' || byte > '~'))
			return false;
		letters += (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z';
	}
	return letters >= TEXT_MIN;
}

/* What a table that was not cleared seems to hold. */
static void say_contents(struct words *w, const u64 *table, u64 pte)
{
	u32 same = 0, text = 0;

	for (u32 i = 0; i < ENTRIES; i++) {
		same += table[i] == pte;
		text += is_text(table[i]);
	}
	if (pte == (pte & 0xff) * 0x0101010101010101 && same >= ENTRIES / 2)
		words_say(w, " The byte 0x%02" PRIx64 " fills it, as an allocator or a debug build leaves free memory.",
		          pte & 0xff);
	else if (same >= ENTRIES / 2)
		words_say(w, " The same value fills it.");
	else if (text >= ENTRIES / 4)
		words_say(w, " It looks like text.");
	else
		words_say(w, " It looks like memory that was used for something else.");
}

/* True if the table that holds the PTE at `step` was said to be rubbish. */
static bool say_garbage(struct words *w, const struct explanation *e, const struct walk_step *step)
{
	u64 table = align_down(step->pte_addr, PAGE_BYTES);
	const u64 *ptes = page_at(e, table);
	u32 malformed = 0;

	for (u32 i = 0; ptes && i < ENTRIES; i++)
		malformed += is_malformed(ptes[i]);
	if (malformed < MALFORMED_MIN)
		return false;
	words_begin(w, "perhaps");
	words_say(w,
	          "the table at 0x%" PRIx64
	          " was never cleared: %u of its 512 PTEs have V=1 and are malformed like this"
	          " one.",
	          table, malformed);
	say_contents(w, ptes, step->pte);
	words_say(w, " Fill a new table with zeros before its address goes into a PTE or into satp.");
	words_end(w);
	return true;
}

/* --- others --- */

static bool is_all_zero(const u64 *page)
{
	for (u32 i = 0; i < ENTRIES; i++)
		if (page[i])
			return false;
	return true;
}

static void say_about_invalid(struct words *w, const struct explanation *e)
{
	const struct walk_step *step = explain_last_step(e);
	const u64 *table = page_at(e, step->pte_addr);

	if (say_garbage(w, e, step))
		return;
	if (e->request->va < PAGE_BYTES) {
		words_begin(w, "perhaps");
		words_say(w, "a null pointer: %s 0x%" PRIx64 " is 0 plus %" PRIu64 " bytes.",
		          e->request->access == ACCESS_FETCH ? "a function was called through it," : "address",
		          e->request->va, e->request->va);
		words_end(w);
	} else if (table && step->level + 1u == e->request->levels && is_all_zero(table)) {
		words_begin(w, "perhaps");
		words_say(w,
		          "satp names the wrong page, or nothing was mapped yet: all 512 PTEs of the root table at"
		          " 0x%" PRIx64 " are 0.",
		          e->request->root);
		words_end(w);
	}
}

static void say_about_level(struct words *w, const struct explanation *e)
{
	u64 pte = explain_failed_pte(e);

	if (!is_ram(e, pte_pa(pte)))
		return;
	words_begin(w, "perhaps");
	words_say(w,
	          "a page of 4 KiB at 0x%" PRIx64 " was meant, and the leaf was written one table too early: it belongs"
	          " into a table of level 0, to which this PTE points.",
	          pte_pa(pte));
	words_end(w);
}

/* The byte that fills `word` from bit 16 on, or 0. */
static u32 filled_with(u64 word)
{
	u64 byte = word >> 56;

	return byte != 0xff && word >> 16 == (byte * 0x0101010101010101) >> 16 ? (u32)byte : 0;
}

/* An address that was never set, or was read from where nothing was. */
static void say_about_address(struct words *w, const struct explanation *e)
{
	u64 pte = e->request->va >> PAGE_SHIFT << PTE_PPN_SHIFT;
	u32 byte = filled_with(e->request->va);

	if (!byte && !filled_with(pte))
		return;
	words_begin(w, "perhaps");
	if (byte)
		words_say(w,
		          "the pointer was read from memory that holds 0x%02x everywhere, as an allocator or a debug"
		          " build leaves it: it was never set, or its memory was freed. ",
		          byte);
	if (filled_with(pte))
		words_say(w,
		          "%ssoftware went through a page table that was never cleared: this is where a PTE of bytes"
		          " 0x%02x leads to, (pte >> 10) << 12. Fill a new table with zeros before its address goes"
		          " into a PTE.",
		          byte ? "Or " : "", filled_with(pte));
	words_end(w);
}

void words_mistake(struct words *w, const struct explanation *e)
{
	const struct walk_step *step = suspect(e);

	if (!e->ram)
		return;
	if (e->result->reason == WALK_INVALID)
		say_about_invalid(w, e);
	else if (e->result->reason == WALK_NON_CANONICAL || e->request->levels == 0)
		say_about_address(w, e);
	else if (step && !say_garbage(w, e, step) && !say_shift(w, e, step) && e->result->reason == WALK_MISALIGNED)
		say_about_level(w, e);
}
