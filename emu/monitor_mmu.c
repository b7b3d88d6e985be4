/*
 * The monitor's commands about one translation: walk (a line a level), explain (words), gva2gpa. They ask the walker
 * itself, for the mode that is named or the one the hart is in, and change nothing.
 */
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "emu/monitor_internal.h"
#include "emu/names.h"
#include "mmu/explain.h"

/* A question about an address, and the walker's answer. */
struct question {
	struct walk_request request; /* levels 0: physical, because of the mode or satp */
	struct walk_result result;
};

/* --- asking --- */

/* PMP and the bus have the last word. */
static void ask_memory(struct hart *h, struct question *q)
{
	const struct walk_request *req = &q->request;
	const struct bus_region *region = bus_find(h->mmu.bus, q->result.pa);
	if (!pmp_allows(&h->mmu.pmp, q->result.pa, 1, req->access, req->priv))
		q->result.reason = WALK_LEAF_PMP;
	else if (!region || (req->access == ACCESS_FETCH && !region->ram))
		q->result.reason = WALK_LEAF_BUS;
}

static void ask(struct hart *h, u64 va, enum access access, u8 priv, struct question *q)
{
	q->request = mmu_walk_request(&h->mmu, va, access, priv);
	if (priv == PRIV_M)
		q->request.levels = 0;
	mmu_probe_as(&h->mmu, &q->request, &q->result);
	if (q->result.reason == WALK_OK)
		ask_memory(h, q);
}

/* "VA [fetch|load|store] [u|s|m]", and asks. */
static bool read_question(struct monitor_call *call, struct question *q)
{
	char word[MONITOR_WORD_SIZE];
	const struct mmu *mmu = &call->hart->mmu;
	enum access access = ACCESS_LOAD;
	int priv = -1;
	u64 va;
	if (!monitor_value(call, "an address", &va))
		return false;
	while (monitor_word(call, word)) {
		if (strcmp(word, "fetch") == 0)
			access = ACCESS_FETCH;
		else if (strcmp(word, "load") == 0)
			access = ACCESS_LOAD;
		else if (strcmp(word, "store") == 0)
			access = ACCESS_STORE;
		else if (strcmp(word, "u") == 0)
			priv = PRIV_U;
		else if (strcmp(word, "s") == 0)
			priv = PRIV_S;
		else if (strcmp(word, "m") == 0)
			priv = PRIV_M;
		else
			return error_set(call->err, "'%s' is neither fetch, load, store nor a mode (u, s, m)", word);
	}
	if (priv < 0)
		priv = access == ACCESS_FETCH ? mmu->priv : mmu->data_priv;
	ask(call->hart, va, access, (u8)priv, q);
	return true;
}

/* M mode sees no page tables; a student who asks there usually means those that satp has. */
static void hint_at_mode(const struct monitor_call *call, const struct question *q)
{
	if (q->request.priv == PRIV_M && call->hart->mmu.levels)
		fprintf(call->out,
		        "satp has page tables: end the command with s or u to see the address as S or U mode "
		        "does\n");
}

/* --- walk --- */

static void print_step(const struct monitor_call *call, const struct question *q, u32 i)
{
	const struct walk_result *r = &q->result;
	const struct walk_step *step = &r->steps[i];
	bool failed = r->reason == WALK_PTE_BUS || r->reason == WALK_PTE_PMP;
	char flags[9];
	fprintf(call->out, "  level %u  index %-3" PRIu64 "  pte@0x%" PRIx64, step->level,
	        bits(q->request.va >> (PAGE_SHIFT + 9 * step->level), 8, 0), step->pte_addr);
	if (failed && i + 1u == r->step_count && r->pte == 0) {
		fprintf(call->out, " cannot be read\n");
		return;
	}
	explain_flags(step->pte, flags);
	fprintf(call->out, " = 0x%016" PRIx64 "  %s  ", step->pte, flags);
	if (!(step->pte & PTE_V))
		fprintf(call->out, "not valid\n");
	else
		fprintf(call->out, "%s 0x%" PRIx64 "\n", step->pte & (PTE_R | PTE_W | PTE_X) ? "leaf" : "table",
		        bits(step->pte, 53, 10) << PAGE_SHIFT);
}

static void print_outcome(const struct monitor_call *call, const struct question *q)
{
	const struct walk_result *r = &q->result;
	char size[16];
	explain_size(r->size_log2, size, sizeof(size));
	if (r->reason != WALK_OK) {
		u32 cause = walk_cause(r->reason, q->request.access);
		fprintf(call->out, "=> %s (cause %u): %s", cause_name(cause), cause, walk_reason_text(r->reason));
		if (r->reason == WALK_LEAF_PMP || r->reason == WALK_LEAF_BUS)
			fprintf(call->out, ", pa 0x%" PRIx64 "\n", r->pa);
		else if (r->step_count)
			fprintf(call->out, ", level %u\n", r->level);
		else
			fprintf(call->out, "\n");
	} else if (q->request.levels == 0) {
		fprintf(call->out, "=> pa 0x%" PRIx64 ", not translated\n", r->pa);
	} else {
		fprintf(call->out, "=> pa 0x%" PRIx64 ", %s page%s%s\n", r->pa, size, r->global ? ", global" : "",
		        r->ad_updated ? ", the hart would set A/D" : "");
	}
}

bool monitor_walk(struct monitor_call *call)
{
	struct question q;
	char name[MONITOR_NAME_SIZE];
	if (!read_question(call, &q))
		return false;
	fprintf(call->out, "%s 0x%" PRIx64 "%s in %c mode", access_name(q.request.access), q.request.va,
	        monitor_describe(call, q.request.va, name), priv_letter(q.request.priv));
	if (q.request.levels)
		fprintf(call->out, ", Sv%u, ASID %u, root table at 0x%" PRIx64 "\n", 12 + 9u * q.request.levels,
		        call->hart->mmu.asid, q.request.root);
	else
		fprintf(call->out, ", %s\n", q.request.priv == PRIV_M ? "physical addresses" : "satp is Bare");
	for (u32 i = 0; i < q.result.step_count; i++)
		print_step(call, &q, i);
	print_outcome(call, &q);
	hint_at_mode(call, &q);
	return true;
}

/* --- explain --- */

/* What the TLB has for the address that is asked about. */
struct tlb_search {
	const struct monitor_call *call;
	u64 va;     /* which address */
	bool found; /* a stale entry was told of */
};

static void see_entry(void *arg, const char *array, const struct tlb_entry *e)
{
	struct tlb_search *search = arg;
	FILE *out = search->call->out;
	char now[128], flags[9];
	u64 pa = (e->ppn << PAGE_SHIFT) + (search->va & MASK(e->size_log2));
	bool holds = ((e->vpn << PAGE_SHIFT ^ search->va) & ~MASK(e->size_log2)) == 0;
	(void)array;
	if (search->found || !holds || monitor_compare_entry(search->call->hart, e, now, sizeof(now)) != ENTRY_STALE)
		return;
	search->found = true;
	explain_flags(e->pte, flags);
	fprintf(out, "but       the TLB still has what the page tables said before: pa 0x%" PRIx64 ", %s.\n", pa,
	        flags);
	fprintf(out,
	        "          Until an sfence.vma for this address the hart may use that. Was one left out behind the\n"
	        "          store to the PTE?\n");
}

bool monitor_explain(struct monitor_call *call)
{
	struct question q;
	char name[MONITOR_NAME_SIZE], text[EXPLAIN_SIZE];
	if (!read_question(call, &q))
		return false;
	/* " <name>" without what surrounds it. */
	size_t length = strlen(monitor_describe(call, q.request.va, name));
	if (length)
		name[length - 1] = '\0';
	struct explanation e = {
		.request = &q.request,
		.result = &q.result,
		.pmp = &call->hart->mmu.pmp,
		.symbol = length ? name + 2 : NULL,
		.asid = call->hart->mmu.asid,
		.colour = isatty(fileno(call->out)),
	};
	(void)explain_walk(&e, text, sizeof(text));
	fputs(text, call->out);
	struct tlb_search search = { .call = call, .va = q.request.va };
	if (q.request.levels)
		tlb_each(call->hart->mmu.tlb, see_entry, &search);
	hint_at_mode(call, &q);
	return true;
}

bool monitor_gva2gpa(struct monitor_call *call)
{
	u64 va, pa;
	if (!monitor_value(call, "an address", &va) || !monitor_done(call))
		return false;
	if (!mmu_peek(&call->hart->mmu, va, &pa))
		return error_set(call->err, "0x%" PRIx64 " is not mapped (explain 0x%" PRIx64 " tells why)", va, va);
	fprintf(call->out, "gpa: 0x%" PRIx64 "\n", pa);
	return true;
}
