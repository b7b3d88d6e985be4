/*
 * The monitor's commands about one translation: walk (a line a level), explain (words), gva2gpa. They ask the walker
 * itself, for the mode that is named or the one the hart is in, and change nothing.
 */
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "emu/monitor_internal.h"
#include "emu/names.h"
#include "emu/observe/explain_text.h"
#include "emu/observe/observers.h"
#include "mmu/explain.h"

/* "VA [fetch|load|store] [u|s|m]", and asks. */
static bool read_question(struct monitor_call *call, struct explain_question *q)
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
	explain_ask(call->hart, va, access, (u8)priv, q);
	return true;
}

/* M mode sees no page tables; a student who asks there usually means those that satp has. */
static void hint_at_mode(const struct monitor_call *call, const struct explain_question *q)
{
	if (q->request.priv == PRIV_M && call->hart->mmu.levels)
		fprintf(call->out,
		        "satp has page tables: end the command with s or u to see the address as S or U mode "
		        "does\n");
}

/* --- walk --- */

static void print_step(const struct monitor_call *call, const struct explain_question *q, u32 i)
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

static void print_outcome(const struct monitor_call *call, const struct explain_question *q)
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
	struct explain_question q;
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

bool monitor_explain(struct monitor_call *call)
{
	struct explain_question q;
	if (!read_question(call, &q))
		return false;
	struct explain_teller teller = {
		.out = call->out,
		.symbols = &call->m->boot->symbols,
		.lines = call->mon->observers ? call->mon->observers->lines : NULL,
		.colour = isatty(fileno(call->out)),
	};
	explain_tell(&teller, call->hart, &q);
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
