/*
 * The shape of an explanation: a headline, the indexes, a line a PTE, then paragraphs. See explain.h; the words for
 * each rule are in mmu/explain_pte.c and mmu/explain_access.c.
 */
#include "mmu/explain.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "mmu/explain_internal.h"

#define COLUMNS 97 /* where lines are broken; what follows a word without a blank may go three further */
#define INDENT 10
#define PIECE_SIZE 512
#define PAGE_SHIFT 12
#define VPN_BITS 9

#define BOLD "\033[1m"
#define RED "\033[1;31m"
#define GREEN "\033[1;32m"
#define PLAIN "\033[0m"

/* --- text --- */

static void put(struct words *w, const char *text, size_t length)
{
	for (size_t i = 0; i < length && w->used + 1 < w->size; i++)
		w->text[w->used++] = text[i];
	w->text[w->used] = '\0';
}

static void put_colour(struct words *w, const char *code)
{
	if (w->colour)
		put(w, code, strlen(code));
}

static void new_line(struct words *w, u32 indent)
{
	put(w, "\n", 1);
	for (w->column = 0; w->column < indent; w->column++)
		put(w, " ", 1);
}

static void put_wrapped(struct words *w, const char *text)
{
	while (*text) {
		u32 blanks = (u32)strspn(text, " ");
		u32 length = (u32)strcspn(text + blanks, " ");

		if (blanks && w->column + blanks + length > COLUMNS) {
			new_line(w, INDENT);
		} else {
			put(w, text, blanks);
			w->column += blanks;
		}
		put(w, text + blanks, length);
		w->column += length;
		text += blanks + length;
	}
}

void words_say(struct words *w, const char *fmt, ...)
{
	char piece[PIECE_SIZE];
	va_list args;

	va_start(args, fmt);
	vsnprintf(piece, sizeof(piece), fmt, args);
	va_end(args);
	put_wrapped(w, piece);
}

void words_begin(struct words *w, const char *name)
{
	char label[INDENT + 1];

	snprintf(label, sizeof(label), "%-*s", INDENT, name);
	put_colour(w, BOLD);
	put_wrapped(w, label);
	put_colour(w, PLAIN);
}

void words_end(struct words *w)
{
	new_line(w, 0);
}

void explain_flags(u64 pte, char *flags)
{
	memcpy(flags, "DAGUXWRV", 9);
	for (u32 i = 0; i < 8; i++)
		if (!(pte >> (7 - i) & 1))
			flags[i] = '-';
}

void explain_size(u32 size_log2, char *text, size_t size)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };

	snprintf(text, size, "%" PRIu64 " %s", (u64)BIT(size_log2 % 10), units[size_log2 / 10 % ARRAY_SIZE(units)]);
}

/* --- what the words for the rules have in common --- */

const struct walk_step *explain_last_step(const struct explanation *e)
{
	return &e->result->steps[e->result->step_count - 1];
}

u64 explain_failed_pte(const struct explanation *e)
{
	return explain_last_step(e)->pte;
}

u64 explain_pte_with_pa(u64 pte, u64 pa)
{
	u64 field = MASK(PTE_PPN_BITS) << PTE_PPN_SHIFT;

	return (pte & ~field) | ((pa >> PAGE_SHIFT) << PTE_PPN_SHIFT & field);
}

void words_pte(struct words *w, u64 pte)
{
	words_say(w, " 0x%010" PRIx64, pte);
}

bool explain_pmp_is_off(const struct explanation *e)
{
	return e->pmp && e->pmp->active_end == 0;
}

void words_pmp_entry(struct words *w, const struct explanation *e, u64 pa)
{
	const struct pmp *pmp = e->pmp;

	if (!pmp)
		return;
	for (u32 i = 0; i < pmp->active_end; i++) {
		if (pmp->lo[i] > pa || pmp->hi[i] < pa)
			continue;
		words_say(w, " PMP entry %u decides: 0x%" PRIx64 "..0x%" PRIx64 ", R=%d W=%d X=%d%s.", i, pmp->lo[i],
		          pmp->hi[i], (pmp->cfg[i] & PMP_R) != 0, (pmp->cfg[i] & PMP_W) != 0,
		          (pmp->cfg[i] & PMP_X) != 0, pmp->cfg[i] & PMP_L ? ", locked" : "");
		return;
	}
	if (explain_pmp_is_off(e))
		words_say(w, " No PMP entry is on, as after reset: S and U mode may touch nothing at all.");
	else
		words_say(w, " No PMP entry matches it, and what none matches is closed to S and U mode.");
}

/* --- the lines --- */

static const char *const access_words[] = { "fetch from", "load from", "store to" };

static const char *mode_name(u32 levels)
{
	return levels == 3 ? "Sv39" : levels == 4 ? "Sv48" : "Sv57";
}

static void tell_question(struct words *w, const struct explanation *e)
{
	const struct walk_request *req = e->request;

	put_colour(w, BOLD);
	words_say(w, "%s 0x%" PRIx64, access_words[req->access], req->va);
	if (e->symbol)
		words_say(w, " <%s>", e->symbol);
	words_say(w, " in %c mode", "US?M"[req->priv & 3]);
	if (req->levels)
		words_say(w, ": %s, ASID %u, root table at 0x%" PRIx64, mode_name(req->levels), e->asid, req->root);
	put_colour(w, PLAIN);
	words_end(w);
	if (!e->source)
		return;
	words_begin(w, "source");
	words_say(w, "%s", e->source);
	words_end(w);
}

static void tell_indexes(struct words *w, const struct walk_request *req)
{
	words_begin(w, "indexes");
	for (u32 level = req->levels; level-- > 0;)
		words_say(w, "VPN[%u] = %" PRIu64 ", ", level, bits(req->va >> (PAGE_SHIFT + VPN_BITS * level), 8, 0));
	words_say(w, "offset in the page 0x%03" PRIx64, bits(req->va, 11, 0));
	words_end(w);
}

static bool was_read(const struct explanation *e, u32 i)
{
	bool is_last = i + 1u == e->result->step_count;
	bool failed = e->result->reason == WALK_PTE_PMP || e->result->reason == WALK_PTE_BUS;

	return !(is_last && failed && e->result->pte == 0);
}

static void tell_meaning(struct words *w, const struct explanation *e, u32 level, u64 pte)
{
	u64 pa = bits(pte, 53, PTE_PPN_SHIFT) << PAGE_SHIFT;
	char size[16];

	if (!(pte & PTE_V)) {
		words_say(w, "not valid");
	} else if (!(pte & (PTE_R | PTE_W | PTE_X))) {
		words_say(w, "pointer to a table at 0x%" PRIx64, pa);
	} else {
		bool napot = pte & PTE_N && e->request->has_svnapot && level == 0;

		explain_size(napot ? 16 : PAGE_SHIFT + VPN_BITS * level, size, sizeof(size));
		words_say(w, "leaf: %s page at 0x%" PRIx64, size, napot ? align_down(pa, BIT(16)) : pa);
		if (bits(pte, 62, 61))
			words_say(w, ", PBMT=%" PRIu64, bits(pte, 62, 61));
	}
}

static void tell_step(struct words *w, const struct explanation *e, u32 i)
{
	const struct walk_step *step = &e->result->steps[i];
	u32 shift = PAGE_SHIFT + VPN_BITS * step->level;
	bool failed = i + 1u == e->result->step_count && e->result->reason != WALK_OK &&
	              e->result->reason != WALK_LEAF_PMP && e->result->reason != WALK_LEAF_BUS;
	char label[16], flags[9];

	snprintf(label, sizeof(label), "level %u", step->level);
	words_begin(w, label);
	if (failed)
		put_colour(w, RED);
	words_say(w, "PTE[%" PRIu64 "] at 0x%" PRIx64, bits(e->request->va >> shift, 8, 0), step->pte_addr);
	if (was_read(e, i)) {
		explain_flags(step->pte, flags);
		words_say(w, " = 0x%010" PRIx64 " %s ", step->pte, flags);
		tell_meaning(w, e, step->level, step->pte);
	} else {
		words_say(w, " cannot be read");
	}
	if (failed) {
		words_say(w, " <-- fails");
		put_colour(w, PLAIN);
	}
	words_end(w);
}

static void tell_untranslated(struct words *w, const struct walk_request *req)
{
	words_begin(w, "address");
	if (req->priv == PRIV_M)
		words_say(w, "M mode uses physical addresses: satp and page tables play no part.");
	else
		words_say(w, "satp.MODE is 0 (Bare): there is no translation, the address is a physical one.");
	words_end(w);
}

static void say_success(struct words *w, const struct explanation *e)
{
	const struct walk_result *r = e->result;
	char size[16];

	put_colour(w, GREEN);
	words_say(w, "physical address 0x%" PRIx64, r->pa);
	put_colour(w, PLAIN);
	if (e->request->levels == 0) {
		words_say(w, ".");
		return;
	}
	explain_size(r->size_log2, size, sizeof(size));
	words_say(w, ", in a %s page with rights %s%s%s for %s", size, r->pte & PTE_R ? "R" : "",
	          r->pte & PTE_W ? "W" : "", r->pte & PTE_X ? "X" : "", r->pte & PTE_U ? "U mode" : "S mode");
	words_say(w, "%s.", r->global ? ", the same in all address spaces (G=1)" : "");
}

static void tell_success(struct words *w, const struct explanation *e)
{
	words_begin(w, "works");
	say_success(w, e);
	if (e->result->ad_updated)
		words_say(w, " The hart sets %s in the PTE when this access is made.",
		          e->request->access == ACCESS_STORE ? "A and D" : "A");
	words_end(w);
}

static const char *cause_text(u32 cause)
{
	switch (cause) {
	case 1:
		return "instruction access fault";
	case 5:
		return "load access fault";
	case 7:
		return "store/AMO access fault";
	case 12:
		return "instruction page fault";
	case 13:
		return "load page fault";
	default:
		return "store/AMO page fault";
	}
}

static const struct reason_words *reason_words_of(const struct explanation *e)
{
	return explain_pte_words[e->result->reason].why ? &explain_pte_words[e->result->reason]
	                                                : &explain_access_words[e->result->reason];
}

static void say_failure(struct words *w, const struct explanation *e)
{
	u32 cause = walk_cause(e->result->reason, e->request->access);

	put_colour(w, RED);
	words_say(w, "%s (cause %u):", cause_text(cause), cause);
	put_colour(w, PLAIN);
	words_say(w, " ");
	reason_words_of(e)->why(w, e);
}

static void tell_failure(struct words *w, const struct explanation *e)
{
	words_begin(w, "fault");
	say_failure(w, e);
	words_end(w);
	words_begin(w, "rule");
	words_say(w, "%s", reason_words_of(e)->rule);
	words_end(w);
	words_begin(w, "to mend");
	reason_words_of(e)->mend(w, e);
	words_end(w);
	words_mistake(w, e);
}

size_t explain_walk(const struct explanation *e, char *text, size_t size)
{
	struct words w = { .text = text, .size = size, .colour = e->colour };

	BUG_ON(size == 0);
	text[0] = '\0';
	tell_question(&w, e);
	if (e->request->levels)
		tell_indexes(&w, e->request);
	else
		tell_untranslated(&w, e->request);
	for (u32 i = 0; i < e->result->step_count; i++)
		tell_step(&w, e, i);
	if (e->result->reason == WALK_OK)
		tell_success(&w, e);
	else
		tell_failure(&w, e);
	return w.used;
}

/* Lines become one. */
static size_t join_lines(char *text)
{
	char *to = text;

	for (const char *from = text; *from; from++) {
		bool is_blank = *from == ' ' || *from == '\n';

		if (is_blank && (to == text || to[-1] == ' '))
			continue;
		*to++ = is_blank ? ' ' : *from;
	}
	*to = '\0';
	return (size_t)(to - text);
}

size_t explain_verdict(const struct explanation *e, char *text, size_t size)
{
	struct words w = { .text = text, .size = size };

	BUG_ON(size == 0);
	text[0] = '\0';
	if (e->result->reason != WALK_OK) {
		say_failure(&w, e);
		return join_lines(text);
	}
	say_success(&w, e);
	if (e->result->ad_updated)
		words_say(&w, " The walk set %s in the PTE.", e->request->access == ACCESS_STORE ? "A and D" : "A");
	return join_lines(text);
}

size_t explain_paragraph(char *text, size_t size, bool colour, const char *name, const char *fmt, ...)
{
	struct words w = { .text = text, .size = size, .colour = colour };
	char all[EXPLAIN_SIZE];
	va_list args;

	BUG_ON(size == 0);
	text[0] = '\0';
	va_start(args, fmt);
	vsnprintf(all, sizeof(all), fmt, args);
	va_end(args);
	words_begin(&w, name);
	put_wrapped(&w, all);
	words_end(&w);
	return w.used;
}
