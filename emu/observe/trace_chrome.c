/*
 * Chrome traces: see trace_chrome.h.
 */
#include "emu/observe/trace_chrome.h"

#include <stdlib.h>

#include "emu/names.h"
#include "emu/options.h"
#include "emu/observe/trace_json.h"
#include "mmu/mmu.h"
#include "mmu/walk.h"

/* Counters have a value for each stretch of this length. */
#define WINDOW_NS 100000

enum track { TRACK_NONE, TRACK_WALKS, TRACK_TRAPS, TRACK_SPACES, TRACK_TLB, TRACK_INSNS, TRACK_HINTS, TRACKS };

static const char *const track_names[TRACKS] = {
	[TRACK_WALKS] = "page-table walks",           [TRACK_TRAPS] = "faults and traps",
	[TRACK_SPACES] = "fences and address spaces", [TRACK_TLB] = "TLB",
	[TRACK_INSNS] = "instructions and accesses",  [TRACK_HINTS] = "the guest's hints",
};

static const u8 track_of[TRACE_SORTS] = {
	[TRACE_INSN] = TRACK_INSNS, [TRACE_MEM] = TRACK_INSNS,    [TRACE_WALK] = TRACK_WALKS,
	[TRACE_TLB] = TRACK_TLB,    [TRACE_TRAP] = TRACK_TRAPS,   [TRACE_CSR] = TRACK_INSNS,
	[TRACE_REF] = TRACK_TLB,    [TRACE_FENCE] = TRACK_SPACES, [TRACE_SPACE] = TRACK_SPACES,
	[TRACE_HINT] = TRACK_HINTS, [TRACE_FAULT] = TRACK_TRAPS,
};

/* What is counted in a stretch of time. */
enum counted { COUNT_FETCH, COUNT_LOAD, COUNT_STORE, COUNT_FAULTS, COUNT_DROPPED, COUNTS };

struct hart_axis {
	u32 named;          /* tracks that have their name; bit 0: the hart has */
	u64 moved_ns;       /* how much later than in guest time things are drawn */
	u64 last_ns;        /* nothing is drawn before this */
	u64 time_ns;        /* guest time of the last event */
	u64 window;         /* the stretch at work: its number */
	u64 counts[COUNTS]; /* in it */
	bool counting;      /* something was counted in it, or in the one before */
};

struct trace_chrome {
	struct trace_filter filter; /* which events */
	u32 wanted;                 /* which sorts */
	bool began;                 /* there is an event before the next one */
	struct hart_axis harts[OPTIONS_HARTS_MAX];
	struct lines lines; /* what is written */
};

/* --- parts of an event --- */

/* Microseconds, as the format wants them. */
static void put_us(struct lines *l, const char *key, u64 ns)
{
	char fraction[] = { '.', (char)('0' + ns / 100 % 10), (char)('0' + ns / 10 % 10), (char)('0' + ns % 10), '\0' };
	lines_text(l, key);
	lines_decimal(l, ns / 1000, 0);
	lines_text(l, fraction);
}

/* All but the name's end, time and arguments: a new line with phase, hart and track. */
static void begin(struct trace_chrome *c, const char *phase, u32 hart, u32 track)
{
	struct lines *l = &c->lines;
	if (c->began) {
		lines_text(l, ",");
		lines_end(l);
	}
	c->began = true;
	lines_text(l, "{\"ph\":\"");
	lines_text(l, phase);
	lines_text(l, "\",\"pid\":");
	lines_decimal(l, hart + 1, 0);
	lines_text(l, ",\"tid\":");
	lines_decimal(l, track, 0);
	lines_text(l, ",\"name\":\"");
}

/* The names of a hart and its tracks, the first time. */
static void name_track(struct trace_chrome *c, u32 hart, u32 track)
{
	struct hart_axis *h = &c->harts[hart];
	struct lines *l = &c->lines;
	if (!(h->named & 1)) {
		begin(c, "M", hart, 0);
		lines_text(l, "process_name\",\"args\":{\"name\":\"hart ");
		lines_decimal(l, hart, 0);
		lines_text(l, "\"}}");
	}
	if (!(h->named >> track & 1)) {
		begin(c, "M", hart, track);
		lines_text(l, "thread_name\",\"args\":{\"name\":\"");
		lines_text(l, track_names[track]);
		lines_text(l, "\"}}");
	}
	h->named |= 1 | 1u << track;
}

/* --- counters --- */

static void put_counts(struct trace_chrome *c, u32 hart, u64 window, const u64 *counts)
{
	struct lines *l = &c->lines;
	static const struct {
		const char *name;        /* of the counter */
		const char *keys[3];     /* of its values */
		enum counted counted[3]; /* they */
	} all[] = {
		{ "walks in 0.1 ms", { "fetch", "load", "store" }, { COUNT_FETCH, COUNT_LOAD, COUNT_STORE } },
		{ "faults in 0.1 ms", { "faults" }, { COUNT_FAULTS } },
		{ "TLB entries dropped in 0.1 ms", { "entries" }, { COUNT_DROPPED } },
	};
	for (u32 i = 0; i < ARRAY_SIZE(all); i++) {
		begin(c, "C", hart, 0);
		lines_text(l, all[i].name);
		put_us(l, "\",\"ts\":", window * WINDOW_NS);
		for (u32 k = 0; k < ARRAY_SIZE(all[i].keys) && all[i].keys[k]; k++) {
			lines_text(l, k ? ",\"" : ",\"args\":{\"");
			lines_text(l, all[i].keys[k]);
			lines_text(l, "\":");
			lines_decimal(l, counts[all[i].counted[k]], 0);
		}
		lines_text(l, "}}");
	}
}

/* Writes the stretch at work, and that nothing follows it if that is so, and goes on to another one. */
static void end_window(struct trace_chrome *c, u32 hart, u64 next)
{
	static const u64 nothing[COUNTS];
	struct hart_axis *h = &c->harts[hart];
	if (h->counting) {
		put_counts(c, hart, h->window, h->counts);
		if (next > h->window + 1)
			put_counts(c, hart, h->window + 1, nothing);
	}
	memset(h->counts, 0, sizeof(h->counts));
	h->counting = false;
	h->window = next;
}

static void count(struct trace_chrome *c, u32 hart, u64 ns, enum counted what, u64 how_many)
{
	struct hart_axis *h = &c->harts[hart];
	if (ns / WINDOW_NS != h->window)
		end_window(c, hart, ns / WINDOW_NS);
	h->counts[what] += how_many;
	h->counting = true;
}

/* --- events --- */

static void put_step(struct trace_chrome *c, u32 hart, u64 ns, u64 cycles, const struct walk_step *s)
{
	struct lines *l = &c->lines;
	begin(c, "X", hart, TRACK_WALKS);
	lines_text(l, "L");
	lines_decimal(l, s->level, 0);
	lines_text(l, " from ");
	lines_text(l, source_name(s->source));
	put_us(l, "\",\"ts\":", ns);
	put_us(l, ",\"dur\":", cycles);
	lines_text(l, ",\"args\":{\"pte_addr\":\"");
	lines_hex(l, s->pte_addr, 0);
	lines_text(l, "\",\"pte\":\"");
	lines_hex(l, s->pte, 0);
	lines_text(l, "\",\"flags\":\"");
	lines_flags(l, s->pte);
	lines_text(l, "\"}}");
}

static void put_args(struct trace_chrome *c, enum trace_sort sort, const void *event)
{
	lines_text(&c->lines, ",\"args\":");
	trace_json_object(&c->lines, sort, event);
	lines_text(&c->lines, "}");
}

static void emit_walk(struct trace_chrome *c, u64 ns, const struct trace_walk *w)
{
	struct hart_axis *h = &c->harts[w->head.hart];
	struct lines *l = &c->lines;
	u64 drawn = w->cycles ? w->cycles : w->result->step_count;
	begin(c, "X", w->head.hart, TRACK_WALKS);
	lines_text(l, access_name(w->request->access));
	lines_text(l, w->result->reason == WALK_OK ? " walk" : " walk: ");
	if (w->result->reason != WALK_OK)
		lines_text(l, reason_name(w->result->reason));
	put_us(l, "\",\"ts\":", ns);
	put_us(l, ",\"dur\":", drawn);
	put_args(c, TRACE_WALK, w);
	u64 at = ns;
	for (u32 i = 0; i < w->result->step_count; i++) {
		u64 cycles = w->cycles ? w->result->steps[i].cycles : 1;
		if (at + cycles > ns + drawn)
			cycles = ns + drawn - at;
		put_step(c, w->head.hart, at, cycles, &w->result->steps[i]);
		at += cycles;
	}
	h->moved_ns += w->cycles;
	h->last_ns = ns + drawn;
	count(c, w->head.hart, ns, COUNT_FETCH + w->request->access, 1);
}

/* The name of what is no slice. */
static void put_name(struct lines *l, enum trace_sort sort, const void *event)
{
	const struct trace_fault *fault = event;
	const struct trace_trap *trap = event;
	const struct trace_space *space = event;
	if (sort == TRACE_FAULT) {
		lines_text(l, cause_name(fault->cause));
		if (fault->reason != WALK_OK) {
			lines_text(l, ": ");
			lines_text(l, reason_name(fault->reason));
		}
	} else if (sort == TRACE_TRAP) {
		lines_text(l, trap->is_return ? "return" : cause_name(trap->cause));
	} else if (sort == TRACE_SPACE) {
		lines_text(l, "satp ");
		lines_hex(l, space->satp, 16);
	} else if (sort == TRACE_MEM) {
		lines_text(l, access_name(((const struct trace_mem *)event)->access));
	} else if (sort == TRACE_REF) {
		lines_text(l, access_name(((const struct trace_ref *)event)->access));
		lines_text(l, " use");
	} else {
		lines_text(l, trace_sort_name(sort));
	}
}

static void emit_instant(struct trace_chrome *c, u64 ns, enum trace_sort sort, const struct trace_head *head)
{
	begin(c, "i", head->hart, track_of[sort]);
	put_name(&c->lines, sort, head);
	put_us(&c->lines, "\",\"ts\":", ns);
	lines_text(&c->lines, ",\"s\":\"t\"");
	put_args(c, sort, head);
	if (sort == TRACE_FAULT)
		count(c, head->hart, ns, COUNT_FAULTS, 1);
	else if (sort == TRACE_FENCE)
		count(c, head->hart, ns, COUNT_DROPPED, ((const struct trace_fence *)head)->dropped);
}

/* Where an event is drawn. Guest time begins anew when the guest starts again. */
static u64 place(struct hart_axis *h, u64 time_ns)
{
	if (time_ns < h->time_ns)
		h->moved_ns = h->last_ns;
	h->time_ns = time_ns;
	u64 ns = time_ns + h->moved_ns;
	if (ns < h->last_ns)
		ns = h->last_ns;
	h->last_ns = ns;
	return ns;
}

void trace_chrome_emit(void *chrome, enum trace_sort sort, const void *event)
{
	struct trace_chrome *c = chrome;
	const struct trace_head *head = event;
	if (!(c->wanted >> sort & 1) || head->hart >= OPTIONS_HARTS_MAX || ferror(c->lines.out) ||
	    !trace_filter_passes(&c->filter, sort, event))
		return;
	struct hart_axis *h = &c->harts[head->hart];
	u64 ns = place(h, head->time_ns);
	name_track(c, head->hart, track_of[sort]);
	if (sort == TRACE_WALK)
		emit_walk(c, ns, event);
	else
		emit_instant(c, ns, sort, head);
}

struct trace_chrome *trace_chrome_create(FILE *out, const struct trace_filter *filter, u32 wanted,
                                         const struct symbols *symbols)
{
	struct trace_chrome *c = xcalloc(1, sizeof(*c));
	c->filter = *filter;
	c->wanted = wanted;
	lines_init(&c->lines, out, symbols);
	lines_text(&c->lines,
	           "{\"displayTimeUnit\":\"ns\",\"otherData\":{\"time\":\"guest time; a cycle of a walk is 1 ns\"},"
	           "\"traceEvents\":[");
	lines_end(&c->lines);
	return c;
}

void trace_chrome_destroy(struct trace_chrome *c)
{
	if (!c)
		return;
	for (u32 i = 0; i < OPTIONS_HARTS_MAX; i++)
		end_window(c, i, UINT64_MAX);
	if (c->began)
		lines_end(&c->lines);
	lines_text(&c->lines, "]}");
	lines_end(&c->lines);
	lines_flush(&c->lines);
	free(c);
}

struct lines *trace_chrome_lines(struct trace_chrome *c)
{
	return &c->lines;
}

void trace_chrome_change(struct trace_chrome *c, const struct trace_filter *filter, u32 wanted)
{
	c->filter = *filter;
	c->wanted = wanted;
}
