/*
 * Findings of --check in words: see check_report.h.
 */
#include "emu/observe/check_report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "emu/names.h"
#include "mmu/explain.h"

#define SYMBOL_SIZE 128

struct check_reporter {
	u32 kinds;                     /* what is looked for */
	const struct symbols *symbols; /* names for addresses, or NULL */
	struct source_lines *lines;    /* source lines for addresses */
	struct mmu_check *check;       /* the present machine's, or NULL */
	void (*before)(void *arg);     /* called before something is written, or NULL */
	void *before_arg;              /* what it is given */
};

static const char *const titles[CHECK_KINDS] = {
	[CHECK_STALE] = "a translation is used that the page tables no longer give",
	[CHECK_FENCE_I] = "code runs that was changed, without fence.i since",
	[CHECK_TABLES] = "U mode can reach a page table",
	[CHECK_PBMT] = "a frame is mapped with two memory types",
	[CHECK_RESERVED] = "a PTE has bits set that must be zero, or a reserved encoding",
	[CHECK_LOOP] = "the same trap comes again and again",
	[CHECK_WX] = "a page may be both written and executed",
	[CHECK_INVALID] = "hardware may still remember that this was not allowed, and fault",
};

/* "0xffffffff80001234 <copy+0x4> (mm/copy.c:12)" */
static void say_pc(const struct check_reporter *r, u64 pc, FILE *out)
{
	u64 linked = source_lines_linked(r->lines, pc);
	char symbol[SYMBOL_SIZE], line[SOURCE_LINE_SIZE];
	fprintf(out, "0x%" PRIx64, pc);
	if (symbols_describe(r->symbols, linked, symbol, sizeof(symbol)))
		fprintf(out, " <%s>", symbol);
	if (source_lines_describe(r->lines, linked, line, sizeof(line)))
		fprintf(out, " (%s)", line);
}

static void say_place(const struct check_reporter *r, const struct check_place *place, FILE *out)
{
	fprintf(out, "hart %u, %c mode, pc ", place->hart, priv_letter(place->priv));
	say_pc(r, place->pc, out);
}

static void say_pte(const char *label, u64 pte, FILE *out)
{
	char flags[9];
	explain_flags(pte, flags);
	fprintf(out, "%s 0x%016" PRIx64 " %s", label, pte, flags);
}

static void say_use(const struct check_reporter *r, const struct check_report *report, FILE *out)
{
	fprintf(out, "  used:    ");
	say_place(r, &report->use, out);
	fprintf(out, "\n           %s of va 0x%" PRIx64 ", address space %u, instruction %" PRIu64 "\n",
	        access_name(report->access), report->va, report->asid, report->use.instret);
}

static void say_culprit(const struct check_reporter *r, const struct check_report *report, const char *what, FILE *out)
{
	static const char *const verbs[] = {
		[CHECK_BY_STORE] = "stored to",
		[CHECK_BY_WALKER] = "had A or D set in",
		[CHECK_BY_SATP] = "wrote satp instead of",
		[CHECK_BY_DEVICE] = "",
	};
	const struct check_place *culprit = &report->culprit;
	fprintf(out, "  changed: ");
	if (!culprit->known) {
		fprintf(out, "not known: before it was first looked at\n");
		return;
	}
	if (culprit->by == CHECK_BY_DEVICE) {
		fprintf(out, "by a device\n");
		return;
	}
	say_place(r, culprit, out);
	fprintf(out, "\n           %s it", verbs[culprit->by]);
	if (culprit->by == CHECK_BY_SATP)
		fprintf(out, " fencing, or with an ASID in use");
	else
		fprintf(out, " (%s)", what);
	if (culprit->hart == report->use.hart)
		fprintf(out, ", %" PRIu64 " instructions before", report->use.instret - culprit->instret);
	fprintf(out, "\n");
}

static void say_where(u64 pa, u32 reason, FILE *out)
{
	if (pa)
		fprintf(out, " -> pa 0x%" PRIx64 "\n", pa);
	else
		fprintf(out, " -> nowhere (%s)\n", walk_reason_text(reason));
}

/* The two facts about a translation that disagree. */
static void say_facts(const struct check_report *report, FILE *out)
{
	bool moved = report->satp_had != report->satp_has;
	if (moved)
		fprintf(out, "  had:     by satp 0x%" PRIx64, report->satp_had);
	else
		say_pte("  had:    ", report->had, out);
	say_where(report->pa_had, report->kind == CHECK_INVALID ? WALK_INVALID : WALK_OK, out);
	if (moved)
		fprintf(out, "  has:     by satp 0x%" PRIx64, report->satp_has);
	else
		say_pte("  has:    ", report->has, out);
	say_where(report->pa_has, report->reason, out);
	if (!moved)
		fprintf(out, "           level-%u PTE at 0x%" PRIx64 "\n", report->level, report->pte_addr);
}

static void say_translation(const struct check_reporter *r, const struct check_report *report, FILE *out)
{
	say_use(r, report, out);
	say_facts(report, out);
	say_culprit(r, report, "the PTE", out);
}

static void say_code(const struct check_reporter *r, const struct check_report *report, FILE *out)
{
	fprintf(out, "  runs:    ");
	say_place(r, &report->use, out);
	fprintf(out, "\n           code at va 0x%" PRIx64 ", pa 0x%" PRIx64 ": was %08" PRIx64 ", is %08" PRIx64 "\n",
	        report->va, report->pa_has, report->had, report->has);
	say_culprit(r, report, "the code", out);
}

static void say_leaf(const struct check_reporter *r, const struct check_report *report, FILE *out)
{
	say_use(r, report, out);
	say_pte("  the PTE:", report->kind == CHECK_PBMT ? report->has : report->had, out);
	fprintf(out, " at 0x%" PRIx64 ", level %u", report->pte_addr, report->level);
	if (report->kind == CHECK_RESERVED)
		fprintf(out, ": %s", walk_reason_text(report->reason));
	fprintf(out, "\n");
	if (report->kind == CHECK_TABLES) {
		say_pte("  table:  ", report->has, out);
		fprintf(out, " leads to page table 0x%" PRIx64 "\n", report->pa_has);
	} else if (report->kind == CHECK_PBMT) {
		say_pte("  other:  ", report->had, out);
		fprintf(out, " maps the frame at va 0x%" PRIx64 ", satp 0x%" PRIx64 "\n", report->pa_had,
		        report->satp_had);
	}
	if (report->culprit.known)
		say_culprit(r, report, "the PTE", out);
}

static void say_loop(const struct check_reporter *r, const struct check_report *report, FILE *out)
{
	fprintf(out, "  at:      ");
	say_place(r, &report->use, out);
	fprintf(out, "\n           %s, tval 0x%" PRIx64 ", %" PRIu64 " times without an instruction done there\n",
	        cause_name(report->cause), report->va, report->times);
}

void check_reporter_tell(struct check_reporter *r, const struct check_report *report, FILE *out)
{
	bool colour = out == stderr && isatty(STDERR_FILENO);
	if (r->before && out == stderr)
		r->before(r->before_arg);
	fprintf(out, "%srvemu: check: %s: %s%s\n", colour ? "\033[1;33m" : "", check_kind_name(report->kind),
	        titles[report->kind], colour ? "\033[0m" : "");
	switch (report->kind) {
	case CHECK_STALE:
	case CHECK_INVALID:
		say_translation(r, report, out);
		break;
	case CHECK_FENCE_I:
		say_code(r, report, out);
		break;
	case CHECK_LOOP:
		say_loop(r, report, out);
		break;
	default:
		say_leaf(r, report, out);
		break;
	}
	if (report->missing[0])
		fprintf(out, "  missing: %s\n", report->missing);
}

static void on_report(void *arg, const struct check_report *report)
{
	check_reporter_tell(arg, report, stderr);
}

/* --- beginning and end --- */

struct check_reporter *check_reporter_create(u32 kinds, const struct symbols *symbols, struct source_lines *lines)
{
	struct check_reporter *r = xcalloc(1, sizeof(*r));
	r->kinds = kinds;
	r->symbols = symbols;
	r->lines = lines;
	return r;
}

void check_reporter_destroy(struct check_reporter *r)
{
	if (!r)
		return;
	check_destroy(r->check);
	free(r);
}

static void on_event(void *arg, enum trace_sort sort, const void *event)
{
	struct check_reporter *r = arg;
	if (sort == TRACE_TRAP && r->check)
		check_trap(r->check, event);
}

struct trace check_reporter_sink(struct check_reporter *r)
{
	return (struct trace){ .wanted = BIT(TRACE_TRAP), .emit = on_event, .arg = r };
}

void check_reporter_attach(struct check_reporter *r, struct machine *m)
{
	struct mmu_check *check = check_create(&m->bus, r->kinds, on_report, r);
	if (r->check)
		check_inherit(check, r->check);
	check_destroy(r->check);
	r->check = check;
	for (u32 i = 0; i < m->hart_count; i++)
		check_add(check, &m->harts[i]->mmu);
}

void check_reporter_share_terminal(struct check_reporter *r, void (*before)(void *arg), void *arg)
{
	r->before = before;
	r->before_arg = arg;
}

const struct mmu_check *check_reporter_check(const struct check_reporter *r)
{
	return r ? r->check : NULL;
}

void check_reporter_finish(const struct check_reporter *r, FILE *out)
{
	bool any = false;
	if (!r->check)
		return;
	for (u32 kind = 0; kind < CHECK_KINDS; kind++) {
		u64 count = check_count(r->check, kind);
		if (!(r->kinds >> kind & 1) || count == 0)
			continue;
		any = true;
		fprintf(out, "rvemu: check: %s: %" PRIu64 " times, in %" PRIu64 " places: %s\n", check_kind_name(kind),
		        count, check_places(r->check, kind), titles[kind]);
	}
	if (any)
		return;
	fprintf(out, "rvemu: check: no mistakes found; looked for");
	for (u32 kind = 0; kind < CHECK_KINDS; kind++)
		if (r->kinds >> kind & 1)
			fprintf(out, " %s", check_kind_name(kind));
	fprintf(out, "\n");
}
