/*
 * --explain: see explain_faults.h. What was told is kept in a table: a row a place (pc and reason), and a row a page
 * that faulted there.
 */
#include "emu/observe/explain_faults.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cpu/csr.h"
#include "cpu/engine.h"
#include "cpu/insn.h"
#include "cpu/trap.h"
#include "emu/names.h"
#include "emu/observe/explain_history.h"
#include "emu/observe/explain_other.h"
#include "emu/observe/trace_filter.h"

#define ROWS 8192 /* of the table; a power of two */
#define ROWS_USED_MAX 4096
#define FULL_MAX 50       /* explanations in full */
#define FULL_PLACE_MAX 3  /* of them for one place, at different pages */
#define LINES_PLACE_MAX 8 /* lines about one place */
#define LINES_MAX 200     /* lines about repeats */
#define PLACES_SHOWN 12   /* places in the summary */
#define INSN_SIZE 64
#define NO_PAGE UINT64_MAX

/* What has faulted: a place (page NO_PAGE), or a page at a place. */
struct seen {
	u64 pc;     /* instruction */
	u64 page;   /* page of the address, or NO_PAGE */
	u64 first;  /* number of its first fault; 0: the row is empty */
	u64 count;  /* faults */
	u64 last;   /* number of its last one */
	u32 cause;  /* exception code */
	u32 reason; /* enum walk_reason */
	u32 full;   /* a place: explanations in full */
	u32 lines;  /* a place: lines */
};

struct explain_faults {
	const struct config *config;       /* what is wanted */
	struct explain_teller teller;      /* names, and where words go */
	void (*before)(void *arg);         /* called before anything is written, or NULL */
	void *before_arg;                  /* what it is given */
	struct machine *m;                 /* whose harts are looked at; NULL: none yet */
	struct explain_history *histories; /* one a hart */
	struct seen *rows;                 /* ROWS of them, a hash table */
	u32 rows_used;                     /* not empty */
	u64 faults;                        /* all that the filter let through */
	u64 uncounted;                     /* of them without a row, because the table is full */
	u32 full;                          /* told in full */
	u32 lines;                         /* told in a line */
	bool silence_told;                 /* it was said that from now on nothing is said */
};

struct explain_faults *explain_faults_create(const struct config *config, const struct symbols *symbols,
                                             struct source_lines *lines, FILE *out)
{
	struct explain_faults *x = xcalloc(1, sizeof(*x));
	x->config = config;
	x->teller = (struct explain_teller){
		.out = out,
		.symbols = symbols,
		.lines = lines,
		.colour = fileno(out) >= 0 && isatty(fileno(out)),
	};
	x->rows = xcalloc(ROWS, sizeof(*x->rows));
	return x;
}

void explain_faults_destroy(struct explain_faults *x)
{
	if (!x)
		return;
	free(x->histories);
	free(x->rows);
	free(x);
}

void explain_faults_attach(struct explain_faults *x, struct machine *m)
{
	free(x->histories);
	x->m = m;
	x->histories = m ? xcalloc(m->hart_count, sizeof(*x->histories)) : NULL;
}

void explain_faults_share_terminal(struct explain_faults *x, void (*before)(void *arg), void *arg)
{
	x->before = before;
	x->before_arg = arg;
}

/* --- what was seen before --- */

static struct seen *row_of(struct explain_faults *x, const struct trace_fault *f, u64 page)
{
	u64 hash = (f->head.pc * 31 + page) * 31 + f->cause * 64 + f->reason;
	for (u64 i = hash * 0x9e3779b97f4a7c15ull >> 32;; i++) {
		struct seen *row = &x->rows[i % ROWS];
		if (!row->first) {
			if (x->rows_used == ROWS_USED_MAX)
				return NULL;
			x->rows_used++;
			*row = (struct seen){ .pc = f->head.pc,
				              .page = page,
				              .cause = (u32)f->cause,
				              .reason = f->reason,
				              .first = x->faults };
			return row;
		}
		if (row->pc == f->head.pc && row->page == page && row->cause == f->cause && row->reason == f->reason)
			return row;
	}
}

/* A page of an address space. */
static u64 page_of(const struct trace_fault *f)
{
	return f->tval >> PAGE_SHIFT ^ bits(f->satp, 59, 44) << (64 - PAGE_SHIFT - 4);
}

/* --- telling --- */

/* The line above an explanation. */
static void tell_head(struct explain_faults *x, struct hart *h, const struct trace_fault *f)
{
	const struct explain_teller *t = &x->teller;
	char place[EXPLAIN_PLACE_SIZE], text[INSN_SIZE] = "";
	u32 raw = explain_raw_insn(h, f->head.pc);
	if (raw) {
		struct insn insn = insn_decode(h->decoder, raw);
		insn_print(&insn, f->head.pc, text, sizeof(text));
		for (char *c = text; *c; c++)
			if (*c == '\t')
				*c = ' ';
	}
	fprintf(t->out, "%s--- fault %" PRIu64 " at pc %s%s%s", t->colour ? "\033[1m" : "", x->faults,
	        explain_place(t, f->head.pc, place), text[0] ? ": " : "", text);
	if (x->m->hart_count > 1)
		fprintf(t->out, " (hart %u)", h->id);
	fprintf(t->out, "%s\n", t->colour ? "\033[0m" : "");
}

/* The hart has not walked, or its walk cache answered: what it said is not what memory says. */
static void tell_disagreement(const struct explain_teller *t, const struct trace_fault *f)
{
	explain_say(t, "but",
	            "the hart took a fault (%s, cause %" PRIu64
	            ") by what its TLB had kept: %s. That is older than the page "
	            "tables above. An sfence.vma behind the store that changed them is missing.",
	            cause_name(f->cause), f->cause, walk_reason_text(f->reason));
}

static void tell_access(struct explain_faults *x, struct hart *h, const struct trace_fault *f)
{
	struct explain_question q;
	explain_ask(h, f->tval, f->access, f->request->priv, &q);
	if (q.result.reason == WALK_OK && (f->reason == WALK_LEAF_BUS || f->reason == WALK_LEAF_PMP))
		q.result.reason = f->reason; /* it is the whole access that is not taken, not its first byte */
	struct explain_teller t = x->teller;
	if (f->tval == f->head.pc)
		t.lines = NULL; /* the head has said where that is */
	explain_tell(&t, h, &q);
	if (q.result.reason != f->reason)
		tell_disagreement(&x->teller, f);
	else if (f->access == ACCESS_FETCH && f->tval != f->head.pc)
		explain_say(&x->teller, "note",
		            "the instruction at 0x%" PRIx64 " goes on in the next page, and it is that which faults.",
		            f->head.pc);
	explain_history_tell(&x->histories[h->id], &x->teller, h, f, &q);
}

static void tell_other(struct explain_faults *x, struct hart *h, const struct trace_fault *f)
{
	explain_say(&x->teller, "fault", "%s (cause %" PRIu64 ") in %c mode.", cause_name(f->cause), f->cause,
	            priv_letter(f->head.priv));
	explain_other_tell(&x->teller, h, f);
}

static void tell_in_full(struct explain_faults *x, struct hart *h, const struct trace_fault *f)
{
	x->full++;
	tell_head(x, h, f);
	if (f->request)
		tell_access(x, h, f);
	else
		tell_other(x, h, f);
}

/* A repeat: at the same place, and perhaps at the same page. */
static void tell_in_a_line(struct explain_faults *x, const struct hart *h, const struct trace_fault *f,
                           const struct seen *page, struct seen *place)
{
	char where[EXPLAIN_PLACE_SIZE];
	bool nested = explain_history_is_nested(&x->histories[h->id], f);
	bool again = page->count > 1;
	u64 before = again ? page->first : place->first;
	x->lines++;
	place->lines++;
	fprintf(x->teller.out, "--- fault %" PRIu64 " at pc %s: %s at 0x%" PRIx64, x->faults,
	        explain_place(&x->teller, f->head.pc, where),
	        f->request ? walk_reason_text(f->reason) : cause_name(f->cause), f->tval);
	if (before != x->faults)
		fprintf(x->teller.out, ", as fault %" PRIu64, before);
	if (nested)
		fprintf(x->teller.out, ": the handler faults itself again and again");
	else if (again && page->last == x->faults - 1)
		fprintf(x->teller.out, ": the handler came back without having mended it");
	if (again || nested || place->lines == LINES_PLACE_MAX)
		fprintf(x->teller.out, " (counted from now on)");
	fprintf(x->teller.out, "\n");
}

/* What is told of a fault that the filter let through. */
static void tell_fault(struct explain_faults *x, struct hart *h, const struct trace_fault *f)
{
	x->faults++;
	struct seen *place = row_of(x, f, NO_PAGE);
	struct seen *page = place ? row_of(x, f, page_of(f)) : NULL;
	if (place)
		place->count++;
	else
		x->uncounted++;
	if (!page)
		return;
	page->count++;
	/* A handler in a loop: sp goes down from page to page. */
	bool nested = explain_history_is_nested(&x->histories[h->id], f);
	bool in_full = page->count == 1 && place->full < (nested ? 1 : FULL_PLACE_MAX) && x->full < FULL_MAX;
	bool in_a_line =
		!in_full && page->count <= 2 && x->lines < LINES_MAX && place->lines < (nested ? 1 : LINES_PLACE_MAX);
	if (x->before && (in_full || in_a_line))
		x->before(x->before_arg);
	if (in_full) {
		place->full++;
		tell_in_full(x, h, f);
	} else if (in_a_line) {
		tell_in_a_line(x, h, f, page, place);
	} else if (x->lines == LINES_MAX && !x->silence_told) {
		x->silence_told = true;
		fprintf(x->teller.out,
		        "--- fault %" PRIu64
		        ": from here on faults are only counted (--trace-filter chooses which are told)\n",
		        x->faults);
	}
	page->last = x->faults;
}

/* --- the sink --- */

static bool is_wanted(const struct explain_faults *x, const struct trace_fault *f)
{
	if (f->cause == EXC_BREAKPOINT || (f->cause >= EXC_ECALL_U && f->cause <= EXC_ECALL_M))
		return false;
	if (!f->request && x->config->observe.explain != EXPLAIN_ALL)
		return false;
	return trace_filter_passes(&x->config->filter, TRACE_FAULT, f);
}

static void see(void *arg, enum trace_sort sort, const void *event)
{
	struct explain_faults *x = arg;
	const struct trace_head *head = event;
	if (!x->m || head->hart >= x->m->hart_count)
		return;
	struct hart *h = x->m->harts[head->hart];
	struct explain_history *y = &x->histories[head->hart];
	if (sort != TRACE_FAULT) {
		if (sort == TRACE_CSR && ((const struct trace_csr *)event)->number == CSR_SATP && x->before)
			x->before(x->before_arg);
		explain_history_see(y, &x->teller, h, sort, event);
		return;
	}
	bool wanted = is_wanted(x, event);
	if (wanted)
		tell_fault(x, h, event);
	y->fault = wanted ? x->faults : 0;
}

struct trace explain_faults_sink(struct explain_faults *x)
{
	if (x->config->observe.explain == EXPLAIN_NONE)
		return (struct trace){ .arg = x };
	return (struct trace){ .wanted = BIT(TRACE_FAULT) | EXPLAIN_HISTORY_SORTS, .emit = see, .arg = x };
}

/* --- the end --- */

static int more_first(const void *left, const void *right)
{
	const struct seen *a = *(const struct seen *const *)left, *b = *(const struct seen *const *)right;
	if (a->count != b->count)
		return a->count > b->count ? -1 : 1;
	return a->first < b->first ? -1 : a->first > b->first;
}

static void list_places(struct explain_faults *x)
{
	const struct seen **places = xcalloc(x->rows_used, sizeof(struct seen *));
	char where[EXPLAIN_PLACE_SIZE];
	u32 count = 0;
	for (u32 i = 0; i < ROWS; i++)
		if (x->rows[i].first && x->rows[i].page == NO_PAGE)
			places[count++] = &x->rows[i];
	qsort(places, count, sizeof(struct seen *), more_first);
	for (u32 i = 0; i < count && i < PLACES_SHOWN; i++)
		fprintf(x->teller.out, "%10" PRIu64 "  %s: %s (first: fault %" PRIu64 ")\n", places[i]->count,
		        explain_place(&x->teller, places[i]->pc, where),
		        places[i]->reason ? walk_reason_text(places[i]->reason) : cause_name(places[i]->cause),
		        places[i]->first);
	if (count > PLACES_SHOWN)
		fprintf(x->teller.out, "            and %u places more\n", count - PLACES_SHOWN);
	free(places);
}

void explain_faults_finish(struct explain_faults *x)
{
	if (x->faults == x->full)
		return;
	if (x->before)
		x->before(x->before_arg);
	fprintf(x->teller.out, "--- %" PRIu64 " faults, %u of them explained; where they were:\n", x->faults, x->full);
	list_places(x);
	if (x->uncounted)
		fprintf(x->teller.out, "%10" PRIu64 "  at other places\n", x->uncounted);
}

/* The trap that a hart has taken last, as its registers tell; the hart is in the handler's mode. */
static struct trace_fault last_trap(const struct hart *h)
{
	bool machine = h->priv == PRIV_M;
	struct trace_fault f = {
		.cause = machine ? h->csr.mcause : h->csr.scause,
		.tval = machine ? h->csr.mtval : h->csr.stval,
		.head = { .pc = machine ? h->csr.mepc : h->csr.sepc, .hart = h->id, .instret = hart_instret(h) },
	};
	u64 status = h->csr.mstatus;
	f.head.priv =
		(u8)(machine ? bits(status, MSTATUS_MPP_SHIFT + 1, MSTATUS_MPP_SHIFT) : (status & MSTATUS_SPP) != 0);
	f.access = trap_access_of(f.cause) < 0 ? ACCESS_LOAD : (u8)trap_access_of(f.cause);
	return f;
}

void explain_faults_stuck(struct explain_faults *x, struct machine *m)
{
	struct explain_question q;
	if (x->full)
		return; /* it was explained when it happened */
	for (u32 i = 0; i < m->hart_count; i++) {
		struct hart *h = m->harts[i];
		if (h->trap_streak < ENGINE_WEDGED_TRAPS)
			continue;
		struct trace_fault f = last_trap(h);
		struct explain_history y = {
			.in_handler = true,
			.is_guessed = true,
			.trap = { .to_priv = h->priv, .target = h->pc, .head = f.head },
		};
		f.head.instret += f.head.pc != h->pc; /* how many instructions it gets is not known: some */
		if (x->before)
			x->before(x->before_arg);
		if (trap_access_of(f.cause) >= 0) {
			explain_ask(h, f.tval, f.access, f.head.priv, &q);
			explain_tell(&x->teller, h, &q);
		} else {
			explain_other_tell(&x->teller, h, &f);
		}
		explain_history_tell_handler(&y, &x->teller, h, &f);
		log_warn("how it came to this: --explain %s tells of each fault from the first on",
		         trap_access_of(f.cause) >= 0 ? "faults" : "all");
	}
}

void explain_faults_asleep(struct explain_faults *x, struct machine *m)
{
	char place[EXPLAIN_PLACE_SIZE];
	for (u32 i = 0; i < m->hart_count; i++) {
		struct trace_fault f = last_trap(m->harts[i]);
		if (trap_access_of(f.cause) < 0 || x->config->observe.explain != EXPLAIN_NONE)
			continue;
		log_warn("the last trap of hart %u was a %s at pc %s, address 0x%" PRIx64
		         ": --explain faults tells why",
		         i, cause_name(f.cause), explain_place(&x->teller, f.head.pc, place), f.tval);
	}
}
