/*
 * A translation in words: see explain_text.h.
 */
#include "emu/observe/explain_text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "cpu/insn.h"
#include "mmu/explain.h"

#define NAME_SIZE 128
#define PAGE_WORDS (PAGE_SIZE / 8)

/* --- asking --- */

/* PMP and the bus have the last word. */
static void ask_memory(struct hart *h, struct explain_question *q)
{
	const struct walk_request *req = &q->request;
	const struct bus_region *region = bus_find(h->mmu.bus, q->result.pa);
	if (!pmp_allows(&h->mmu.pmp, q->result.pa, 1, req->access, req->priv))
		q->result.reason = WALK_LEAF_PMP;
	else if (!region || (req->access == ACCESS_FETCH && !region->ram))
		q->result.reason = WALK_LEAF_BUS;
}

void explain_ask(struct hart *h, u64 va, enum access access, u8 priv, struct explain_question *q)
{
	q->request = mmu_walk_request(&h->mmu, va, access, priv);
	if (priv == PRIV_M)
		q->request.levels = 0;
	mmu_probe_as(&h->mmu, &q->request, &q->result);
	if (q->result.reason == WALK_OK)
		ask_memory(h, q);
}

/* The request of somebody who may read every leaf that is well-formed. */
static struct walk_request any_reader(const struct mmu *mmu, u64 va)
{
	struct walk_request request = mmu_walk_request(mmu, va, ACCESS_LOAD, PRIV_S);
	request.sum = request.mxr = request.ad_update = true;
	return request;
}

enum explain_entry explain_compare_entry(struct hart *h, const struct tlb_entry *e, char *text, size_t size)
{
	struct walk_request request = any_reader(&h->mmu, e->vpn << PAGE_SHIFT);
	struct walk_result now;
	char flags[9], bytes[16];
	if (size)
		text[0] = '\0';
	if (h->mmu.levels == 0 || (!e->global && e->asid != h->mmu.asid))
		return ENTRY_UNKNOWN;
	mmu_probe_as(&h->mmu, &request, &now);
	if (now.reason != WALK_OK) {
		if (!(e->pte & PTE_V) && now.reason == WALK_INVALID)
			return ENTRY_SAME;
		if (size)
			snprintf(text, size, "page table: %s", walk_reason_text(now.reason));
		return ENTRY_STALE;
	}
	u64 pte = now.steps[now.step_count - 1].pte;
	bool same = now.pa >> PAGE_SHIFT == e->ppn && now.size_log2 == e->size_log2 && now.pbmt == e->pbmt &&
	            now.global == e->global && ((pte ^ e->pte) & 0x1f) == 0;
	if (same && ((pte ^ e->pte) & (PTE_A | PTE_D)) == 0)
		return ENTRY_SAME;
	if (size == 0)
		return same ? ENTRY_AD : ENTRY_STALE;
	explain_flags(pte, flags);
	explain_size(now.size_log2, bytes, sizeof(bytes));
	if (same)
		snprintf(text, size, "page table: %s", flags);
	else
		snprintf(text, size, "page table: pa %" PRIx64 ", %s, %s", now.pa, bytes, flags);
	return same ? ENTRY_AD : ENTRY_STALE;
}

/* --- telling --- */

void explain_say(const struct explain_teller *t, const char *name, const char *fmt, ...)
{
	char words[EXPLAIN_SIZE], text[2 * EXPLAIN_SIZE];
	va_list args;
	va_start(args, fmt);
	vsnprintf(words, sizeof(words), fmt, args);
	va_end(args);
	(void)explain_paragraph(text, sizeof(text), t->colour, name, "%s", words);
	fputs(text, t->out);
}

const char *explain_place(const struct explain_teller *t, u64 pc, char place[EXPLAIN_PLACE_SIZE])
{
	char name[NAME_SIZE], line[SOURCE_LINE_SIZE];
	bool named =
		symbols_describe(t->symbols, t->lines ? source_lines_linked(t->lines, pc) : pc, name, sizeof(name));
	bool known = source_lines_describe(t->lines, pc, line, sizeof(line));
	snprintf(place, EXPLAIN_PLACE_SIZE, "0x%" PRIx64 "%s%s%s%s%s", pc, named ? " <" : "", named ? name : "",
	         named ? ">" : "", known ? ", " : "", known ? line : "");
	return place;
}

u32 explain_raw_insn(struct hart *h, u64 pc)
{
	u64 low, high, pa;
	if (!mmu_peek(&h->mmu, pc, &pa) || !bus_ram(h->mmu.bus, pa, 2) || !bus_load(h->mmu.bus, pa, 2, &low))
		return 0;
	if (insn_length((u16)low) == 2)
		return (u32)low;
	if (!mmu_peek(&h->mmu, pc + 2, &pa) || !bus_ram(h->mmu.bus, pa, 2) || !bus_load(h->mmu.bus, pa, 2, &high))
		return 0;
	return (u32)(high << 16 | low);
}

/* The guest's RAM, for mmu/explain_mistakes.c. */
static const u64 *ram_page(void *arg, u64 page)
{
	const struct hart *h = arg;
	return (const u64 *)(const void *)bus_ram(h->mmu.bus, page, PAGE_SIZE);
}

/* What the TLB has for the address that is asked about. */
struct tlb_search {
	const struct explain_teller *t;
	struct hart *h;
	const struct explain_question *q;
	bool stale_told;           /* of an entry that disagrees with the page tables */
	bool stranger_found;       /* another address space has the page: */
	struct tlb_entry stranger; /* by this entry */
};

static void see_entry(void *arg, const char *array, const struct tlb_entry *e)
{
	struct tlb_search *search = arg;
	char now[128], flags[9];
	u64 va = search->q->request.va;
	(void)array;
	if ((e->vpn << PAGE_SHIFT ^ va) & ~MASK(e->size_log2))
		return;
	if (!e->global && e->asid != search->h->mmu.asid && e->pte & PTE_V) {
		search->stranger_found = true;
		search->stranger = *e;
		return;
	}
	if (search->stale_told || explain_compare_entry(search->h, e, now, sizeof(now)) != ENTRY_STALE)
		return;
	search->stale_told = true;
	explain_flags(e->pte, flags);
	explain_say(search->t, "but",
	            "the TLB still has what the page tables said before: pa 0x%" PRIx64 ", %s. Until an sfence.vma for "
	            "this address the hart may use that. Was one left out behind the store to the PTE?",
	            (u64)((e->ppn << PAGE_SHIFT) + (va & MASK(e->size_log2))), flags);
}

static void tell_tlb(const struct explain_teller *t, struct hart *h, const struct explain_question *q)
{
	struct tlb_search search = { .t = t, .h = h, .q = q };
	tlb_each(h->mmu.tlb, see_entry, &search);
	if (search.stranger_found && q->result.reason == WALK_INVALID)
		explain_say(t, "but",
		            "address space %u has a page here (the TLB remembers it, pa 0x%" PRIx64
		            "), and this one, ASID %u, has not. Is the wrong root or ASID in satp?",
		            search.stranger.asid, (u64)(search.stranger.ppn << PAGE_SHIFT), h->mmu.asid);
}

/* A kernel that has just turned translation on goes on using physical addresses: the console's, above all. */
static void tell_physical(const struct explain_teller *t, struct hart *h, const struct explain_question *q)
{
	const struct bus_region *region = bus_find(h->mmu.bus, q->request.va);
	if (!region || q->result.reason != WALK_INVALID || q->request.priv != PRIV_S ||
	    q->request.access == ACCESS_FETCH)
		return;
	explain_say(t, "perhaps",
	            "a physical address is used as it was before translation was on: 0x%" PRIx64 " is where %s%s is. "
	            "Map it at VA == PA, or use the virtual address that it is mapped at.",
	            q->request.va, region->ram ? "RAM" : "the device ", region->ram ? "" : region->name);
}

void explain_tell(const struct explain_teller *t, struct hart *h, const struct explain_question *q)
{
	char name[NAME_SIZE], line[SOURCE_LINE_SIZE], text[EXPLAIN_SIZE];
	bool named = symbols_describe_data(t->symbols, q->request.va, name, sizeof(name));
	bool known = source_lines_describe(t->lines, q->request.va, line, sizeof(line));
	struct explanation e = {
		.request = &q->request,
		.result = &q->result,
		.pmp = &h->mmu.pmp,
		.symbol = named ? name : NULL,
		.source = known ? line : NULL,
		.ram = ram_page,
		.ram_arg = h,
		.asid = h->mmu.asid,
		.colour = t->colour,
	};
	(void)explain_walk(&e, text, sizeof(text));
	fputs(text, t->out);
	if (q->request.levels == 0)
		return;
	tell_physical(t, h, q);
	tell_tlb(t, h, q);
}
