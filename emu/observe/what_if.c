/*
 * Shadow TLBs and miss curves, fed by the event stream: see what_if.h. The plot is emu/observe/what_if_svg.c.
 *
 * Each hart has TLBs of its own, as in the machine. A side's references to the page that it used last are only counted:
 * all geometries with a TLB for each side, and those whose replacement ignores hits, have it and would change nothing.
 * That also holds for permissions, as long as the same kind of access in the same mode has been allowed already.
 *
 * Most references are of that kind. The curve of both sides in one TLB sees them all the same: fetches and data take
 * turns. While both sides stay on their pages, its two latest entries change places and nothing is looked up.
 */
#include "emu/observe/what_if.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "emu/observe/miss_curve.h"
#include "emu/observe/oracle.h"
#include "emu/observe/what_if_internal.h"
#include "emu/options.h"
#include "mmu/tlb.h"

#define PAGE_SHIFT 12
#define ASID_SHIFT 44
#define SIZE_LOG2_MAX 48 /* the largest leaf */
#define NO_SIDE 2        /* after enum tlb_side */
#define REPEATS 16       /* hits of a shadow's side that are remembered; a power of two */

/* The page that a side used last. */
struct last_page {
	u64 vpn;         /* of the reference */
	u16 asid;        /* its address space */
	u16 allowed;     /* bit 4 * access + priv: so it was accessed since; 0: there is no such page */
	u8 leaf_log2;    /* size of its leaf */
	bool global;     /* as the leaf has it */
	u64 repetitions; /* references to it that the curves have not been told of */
};

/* A hit that needs no lookup when it comes again: see mmu/tlb.h. */
struct repeat {
	u64 vpn;            /* page */
	u64 generation;     /* good as long as this is the shadow's */
	u16 asid;           /* address space */
	u16 allowed;        /* as in struct last_page; 0: nothing is remembered */
	struct tlb_hit hit; /* what to do */
};

/* One geometry of one hart. */
struct shadow {
	struct tlb *tlb;
	u64 generation;                    /* counts what ends all repeats: superpages put in, and wide fences */
	struct repeat repeats[2][REPEATS]; /* by enum tlb_side and page */
};

struct hart_view {
	struct miss_curve *curves[WHAT_IF_CURVES];  /* by enum tlb_side, and both */
	struct shadow shadows[WHAT_IF_PRESETS_MAX]; /* by preset */
	struct last_page last[2];                   /* by enum tlb_side */
	u8 latest;                                  /* side that used the curve of both last; NO_SIDE: not known */
	bool take_turns; /* the two latest entries of that curve are the sides' last pages, which differ */
	u16 asid;        /* address space now */
	u64 instret;     /* at the last event */
};

struct what_if {
	u32 count;                                             /* presets */
	const struct tlb_config *configs[WHAT_IF_PRESETS_MAX]; /* they */
	u32 shadow_of[WHAT_IF_PRESETS_MAX];                    /* by preset: shadow that counts for it */
	u32 shadow_count;                                      /* geometries that differ */
	const struct tlb_config *shadows[WHAT_IF_PRESETS_MAX]; /* they */
	struct what_if_counts counts[WHAT_IF_PRESETS_MAX];     /* by shadow: what it would have counted */
	u64 references[2];                                     /* by enum tlb_side */
	u64 instret;                                           /* of machines that are over */
	struct hart_view *harts[OPTIONS_HARTS_MAX];            /* by hart id; NULL: nothing seen of it */
};

static bool are_same_arrays(const struct tlb_array_config *a, const struct tlb_array_config *b)
{
	for (u32 i = 0; i < TLB_ARRAYS_MAX; i++)
		if (a[i].sets != b[i].sets || a[i].ways != b[i].ways || a[i].replacement != b[i].replacement ||
		    a[i].min_level != b[i].min_level || a[i].max_level != b[i].max_level)
			return false;
	return true;
}

/* Do they count alike? What else they differ in (walk caches, A and D) is not looked at here. */
static bool is_same_geometry(const struct tlb_config *a, const struct tlb_config *b)
{
	return a->split == b->split && a->seed == b->seed && are_same_arrays(a->first[TLB_DATA], b->first[TLB_DATA]) &&
	       are_same_arrays(a->first[TLB_FETCH], b->first[TLB_FETCH]) && are_same_arrays(a->second, b->second);
}

static void add_preset(struct what_if *w, const struct tlb_config *config)
{
	u32 shadow = 0;
	while (shadow < w->shadow_count && !is_same_geometry(w->shadows[shadow], config))
		shadow++;
	if (shadow == w->shadow_count)
		w->shadows[w->shadow_count++] = config;
	w->shadow_of[w->count] = shadow;
	w->configs[w->count++] = config;
}

struct what_if *what_if_create(void)
{
	struct what_if *w = xcalloc(1, sizeof(*w));
	const struct tlb_config *config;
	for (u32 i = 0; (config = tlb_preset_at(i)) != NULL && w->count < WHAT_IF_PRESETS_MAX; i++)
		if (!config->forget_one_in)
			add_preset(w, config);
	return w;
}

static struct hart_view *view_create(const struct what_if *w)
{
	struct hart_view *v = xcalloc(1, sizeof(*v));
	for (u32 i = 0; i < WHAT_IF_CURVES; i++)
		v->curves[i] = miss_curve_create();
	for (u32 i = 0; i < w->shadow_count; i++)
		v->shadows[i].tlb = tlb_create(w->shadows[i]);
	v->latest = NO_SIDE;
	return v;
}

void what_if_destroy(struct what_if *w)
{
	if (!w)
		return;
	for (u32 h = 0; h < OPTIONS_HARTS_MAX; h++) {
		for (u32 i = 0; w->harts[h] && i < WHAT_IF_CURVES; i++)
			miss_curve_destroy(w->harts[h]->curves[i]);
		for (u32 i = 0; w->harts[h] && i < w->shadow_count; i++)
			tlb_destroy(w->harts[h]->shadows[i].tlb);
		free(w->harts[h]);
	}
	free(w);
}

/* --- events --- */

/* Tells a side's curve what has been held back. */
static void settle(struct hart_view *v, u32 side)
{
	struct last_page *last = &v->last[side];
	if (last->repetitions)
		miss_curve_again(v->curves[side], last->repetitions);
	last->repetitions = 0;
}

static void forget_last(struct hart_view *v)
{
	for (u32 side = 0; side < 2; side++) {
		settle(v, side);
		v->last[side].allowed = 0;
	}
	v->latest = NO_SIDE;
	v->take_turns = false;
}

/* The shadow's entry lets the access through? What depends on mstatus was allowed in the run. */
static bool entry_allows(const struct tlb_entry *e, u32 access, u32 priv)
{
	struct walk_request req = { .access = (u8)access, .priv = (u8)priv, .sum = true, .mxr = true };
	return walk_check_leaf(e->pte, &req) == WALK_OK;
}

/* Looks va up in a shadow and counts. The entry that allows the access; NULL: it must walk. */
static struct tlb_entry *look_up(struct what_if *w, struct hart_view *v, u32 i, u64 va, u16 asid, u32 access, u32 priv)
{
	enum tlb_side side = access == ACCESS_FETCH ? TLB_FETCH : TLB_DATA;
	struct what_if_counts *c = &w->counts[i];
	enum tlb_level where;
	struct tlb_entry *e = tlb_lookup(v->shadows[i].tlb, side, va, asid, &where);
	c->misses[side] += where != TLB_FIRST;
	c->second_hits += where == TLB_SECOND;
	return e && entry_allows(e, access, priv) ? e : NULL;
}

static u16 how_of(const struct trace_ref *ref)
{
	return (u16)(1u << (4 * ref->access + ref->priv));
}

static void remember(struct shadow *s, struct repeat *repeat, enum tlb_side side, const struct trace_ref *ref,
                     struct tlb_entry *e)
{
	*repeat = (struct repeat){
		.vpn = ref->va >> PAGE_SHIFT, .generation = s->generation, .asid = ref->asid, .allowed = how_of(ref)
	};
	if (!tlb_remember(s->tlb, side, e, &repeat->hit))
		repeat->allowed = 0;
}

static bool is_remembered(const struct shadow *s, const struct repeat *repeat, const struct trace_ref *ref)
{
	return repeat->vpn == ref->va >> PAGE_SHIFT && (repeat->allowed & how_of(ref)) && repeat->asid == ref->asid &&
	       repeat->generation == s->generation && tlb_hit_holds(&repeat->hit);
}

static void see_in_shadow(struct what_if *w, struct hart_view *v, u32 i, const struct trace_ref *ref)
{
	enum tlb_side side = ref->access == ACCESS_FETCH ? TLB_FETCH : TLB_DATA;
	struct shadow *s = &v->shadows[i];
	/* Kinds of access are apart, so that a load does not take the place of a store. */
	struct repeat *repeat = &s->repeats[side][((ref->va >> PAGE_SHIFT) + 5 * ref->access) % REPEATS];
	if (is_remembered(s, repeat, ref)) {
		tlb_hit_again(&repeat->hit);
		return;
	}
	struct tlb_entry *e = look_up(w, v, i, ref->va, ref->asid, ref->access, ref->priv);
	if (!e) {
		struct tlb_entry entry = {
			.vpn = ref->va >> PAGE_SHIFT,
			.ppn = ref->pa >> PAGE_SHIFT,
			.pte = ref->pte,
			.asid = ref->asid,
			.size_log2 = ref->size_log2,
			.level = ref->leaf_level,
			.global = ref->global,
		};
		w->counts[i].walks++;
		e = tlb_fill(s->tlb, side, &entry);
		s->generation += ref->size_log2 > PAGE_SHIFT;
	}
	remember(s, repeat, side, ref, e);
}

/* Has the side used this very page last, and been allowed the same? */
static bool is_repeated(const struct last_page *last, const struct trace_ref *ref, u16 how)
{
	return last->vpn == ref->va >> PAGE_SHIFT && (last->allowed & how) && last->asid == ref->asid &&
	       last->leaf_log2 == ref->size_log2 && last->global == ref->global;
}

/* Are they in one entry of the TLB? */
static bool is_same_entry(const struct last_page *a, const struct last_page *b)
{
	return a->leaf_log2 == b->leaf_log2 && a->global == b->global && (a->global || a->asid == b->asid) &&
	       (a->vpn ^ b->vpn) >> (a->leaf_log2 - PAGE_SHIFT) == 0;
}

/* Tells the curve of both sides of a use of the side's last page, which is `page`. */
static void use_both(struct hart_view *v, u32 side, const struct miss_page *page)
{
	struct miss_curve *c = v->curves[WHAT_IF_BOTH];
	const struct last_page *mine = &v->last[side], *others = &v->last[!side];
	if (v->take_turns && v->latest == side) {
		miss_curve_again(c, 1);
	} else if (!v->take_turns || !miss_curve_turn(c)) {
		miss_curve_use(c, page);
		v->take_turns = v->latest == !side && others->allowed && !is_same_entry(mine, others);
	}
	v->latest = (u8)side;
}

/* What a damaged run file might hold. */
static bool is_nonsense(const struct trace_ref *ref)
{
	return ref->size_log2 < PAGE_SHIFT || ref->size_log2 > SIZE_LOG2_MAX || ref->leaf_level >= WALK_LEVELS_MAX ||
	       ref->access > ACCESS_STORE || ref->priv > PRIV_S ||
	       ref->size_log2 != (ref->size_log2 == 16 ? 16 : PAGE_SHIFT + 9 * ref->leaf_level);
}

static void see_ref(struct what_if *w, struct hart_view *v, const struct trace_ref *ref)
{
	u32 side = ref->access == ACCESS_FETCH ? TLB_FETCH : TLB_DATA;
	struct last_page *last = &v->last[side];
	struct miss_page page = {
		.vpn = ref->va >> PAGE_SHIFT, .asid = ref->asid, .size_log2 = ref->size_log2, .global = ref->global
	};
	if (is_nonsense(ref))
		return;
	u16 how = how_of(ref);
	v->asid = ref->asid;
	w->references[side]++;
	if (is_repeated(last, ref, how)) {
		last->repetitions++;
		use_both(v, side, &page);
		return;
	}
	bool same = is_repeated(last, ref, UINT16_MAX);
	settle(v, side);
	miss_curve_use(v->curves[side], &page);
	for (u32 i = 0; i < w->shadow_count; i++)
		see_in_shadow(w, v, i, ref);
	*last = (struct last_page){ .vpn = page.vpn,
		                    .asid = page.asid,
		                    .allowed = (u16)(how | (same ? last->allowed : 0)),
		                    .leaf_log2 = page.size_log2,
		                    .global = page.global };
	v->take_turns = false;
	use_both(v, side, &page);
}

/* An access whose translation failed was looked up as well. */
static void see_fault(struct what_if *w, struct hart_view *v, const struct trace_fault *fault)
{
	if (!fault->request || fault->reason == WALK_OK || fault->reason == WALK_NON_CANONICAL ||
	    fault->reason == WALK_LEAF_PMP || fault->reason == WALK_LEAF_BUS || fault->request->access > ACCESS_STORE)
		return;
	u32 side = fault->request->access == ACCESS_FETCH ? TLB_FETCH : TLB_DATA;
	w->references[side]++;
	forget_last(v);
	miss_curve_fail(v->curves[side], fault->request->va >> PAGE_SHIFT, v->asid);
	miss_curve_fail(v->curves[WHAT_IF_BOTH], fault->request->va >> PAGE_SHIFT, v->asid);
	for (u32 i = 0; i < w->shadow_count; i++) {
		(void)look_up(w, v, i, fault->request->va, v->asid, fault->request->access, fault->request->priv);
		w->counts[i].walks++;
	}
}

static void see_fence(const struct what_if *w, struct hart_view *v, const struct trace_fence *fence)
{
	forget_last(v);
	for (u32 i = 0; i < WHAT_IF_CURVES; i++)
		miss_curve_fence(v->curves[i], fence->by_va, fence->va, fence->by_asid, fence->asid);
	for (u32 i = 0; i < w->shadow_count; i++) {
		(void)tlb_flush(v->shadows[i].tlb, fence->by_va, fence->va, fence->by_asid, fence->asid);
		v->shadows[i].generation += !fence->by_va;
	}
}

static struct hart_view *view_of(struct what_if *w, const struct trace_head *head)
{
	if (head->hart >= OPTIONS_HARTS_MAX)
		return NULL;
	if (!w->harts[head->hart])
		w->harts[head->hart] = view_create(w);
	struct hart_view *v = w->harts[head->hart];
	v->instret = head->instret + 1;
	return v;
}

static void emit(void *arg, enum trace_sort sort, const void *event)
{
	struct what_if *w = arg;
	struct hart_view *v = view_of(w, event); /* a head is what every event begins with */
	if (!v)
		return;
	if (sort == TRACE_REF) {
		see_ref(w, v, event);
	} else if (sort == TRACE_FAULT) {
		see_fault(w, v, event);
	} else if (sort == TRACE_FENCE) {
		see_fence(w, v, event);
	} else if (sort == TRACE_SPACE) {
		const struct trace_space *space = event;
		v->asid = (u16)(space->satp >> ASID_SHIFT);
	}
}

struct trace what_if_sink(struct what_if *w)
{
	return (struct trace){ .wanted = BIT(TRACE_REF) | BIT(TRACE_FAULT) | BIT(TRACE_FENCE) | BIT(TRACE_SPACE),
		               .emit = emit,
		               .arg = w };
}

void what_if_restart(struct what_if *w)
{
	for (u32 h = 0; h < OPTIONS_HARTS_MAX; h++) {
		struct hart_view *v = w->harts[h];
		if (!v)
			continue;
		forget_last(v);
		w->instret += v->instret;
		v->instret = 0;
		v->asid = 0;
		for (u32 i = 0; i < WHAT_IF_CURVES; i++)
			miss_curve_restart(v->curves[i]);
		for (u32 i = 0; i < w->shadow_count; i++) {
			tlb_reset(v->shadows[i].tlb);
			v->shadows[i].generation++;
		}
	}
}

/* --- what came out --- */

u32 what_if_size_at(u32 i)
{
	/* All up to 16; above, eight in each doubling. */
	if (i < 16)
		return i + 1;
	u32 octave = (i - 16) / 8, step = (i - 16) % 8 + 1;
	return (8 + step) << (octave + 1) <= MISS_CURVE_MAX ? (8 + step) << (octave + 1) : 0;
}

u64 what_if_curve(const struct what_if *w, u32 which, u32 entries)
{
	u64 misses = 0;
	for (u32 h = 0; h < OPTIONS_HARTS_MAX; h++) {
		const struct hart_view *v = w->harts[h];
		if (!v)
			continue;
		misses += miss_curve_misses(v->curves[which], entries);
	}
	return misses;
}

bool what_if_preset(const struct what_if *w, const char *name, struct what_if_counts *counts)
{
	for (u32 i = 0; i < w->count; i++) {
		if (w->configs[i] == tlb_preset(name)) {
			*counts = w->counts[w->shadow_of[i]];
			return true;
		}
	}
	return false;
}

static u32 entries_of(const struct tlb_array_config *arrays)
{
	u32 entries = 0;
	for (u32 i = 0; i < TLB_ARRAYS_MAX && arrays[i].ways; i++)
		entries += arrays[i].sets * arrays[i].ways;
	return entries;
}

struct what_if_row what_if_row_at(const struct what_if *w, u32 i)
{
	struct what_if_row row = { .name = NULL };
	if (i >= w->count)
		return row;
	const struct tlb_config *config = w->configs[i];
	row.name = config->name;
	row.split = config->split;
	row.entries[TLB_DATA] = entries_of(config->first[TLB_DATA]);
	row.entries[TLB_FETCH] = config->split ? entries_of(config->first[TLB_FETCH]) : 0;
	row.second = entries_of(config->second);
	row.counts = w->counts[w->shadow_of[i]];
	return row;
}

u64 what_if_instret(const struct what_if *w)
{
	u64 instret = w->instret;
	for (u32 h = 0; h < OPTIONS_HARTS_MAX; h++)
		instret += w->harts[h] ? w->harts[h]->instret : 0;
	return instret;
}

double what_if_per_thousand(const struct what_if *w, u64 count)
{
	u64 instret = what_if_instret(w);
	return instret ? (double)count * 1000 / (double)instret : 0;
}

u64 what_if_references(const struct what_if *w, u32 which)
{
	return which == WHAT_IF_BOTH ? w->references[TLB_DATA] + w->references[TLB_FETCH] : w->references[which];
}

/* --- as text and JSON --- */

static void print_curve(const struct what_if *w, FILE *out)
{
	fprintf(out,
	        "fully associative, LRU: misses per 1000 instructions\n"
	        "  %8s %12s %12s %12s\n",
	        "entries", "fetch", "data", "both in one");
	for (u32 entries = 1; entries <= MISS_CURVE_MAX; entries *= 2)
		fprintf(out, "  %8u %12.4f %12.4f %12.4f\n", entries,
		        what_if_per_thousand(w, what_if_curve(w, TLB_FETCH, entries)),
		        what_if_per_thousand(w, what_if_curve(w, TLB_DATA, entries)),
		        what_if_per_thousand(w, what_if_curve(w, WHAT_IF_BOTH, entries)));
}

static void print_presets(const struct what_if *w, FILE *out)
{
	fprintf(out,
	        "the same references in other TLBs (of the first level: misses; second: its hits)\n"
	        "  %-10s %11s %7s %12s %12s %12s %12s %11s\n",
	        "preset", "entries I/D", "second", "fetch misses", "data misses", "second hits", "walks", "walks/1000");
	for (u32 i = 0; i < w->count; i++) {
		struct what_if_row row = what_if_row_at(w, i);
		char entries[32];
		if (row.split)
			snprintf(entries, sizeof(entries), "%u/%u", row.entries[TLB_FETCH], row.entries[TLB_DATA]);
		else
			snprintf(entries, sizeof(entries), "%u in one", row.entries[TLB_DATA]);
		fprintf(out, "  %-10s %11s %7u %12" PRIu64 " %12" PRIu64 " %12" PRIu64 " %12" PRIu64 " %11.4f\n",
		        row.name, entries, row.second, row.counts.misses[TLB_FETCH], row.counts.misses[TLB_DATA],
		        row.counts.second_hits, row.counts.walks, what_if_per_thousand(w, row.counts.walks));
	}
}

void what_if_print(const struct what_if *w, FILE *out)
{
	fprintf(out,
	        "what if the TLB were another one? %" PRIu64 " instructions, %" PRIu64 " fetches and %" PRIu64
	        " data accesses by virtual address\n",
	        what_if_instret(w), what_if_references(w, TLB_FETCH), what_if_references(w, TLB_DATA));
	print_curve(w, out);
	print_presets(w, out);
}

static void print_json_curve(const struct what_if *w, const char *name, u32 which, FILE *out)
{
	fprintf(out, ", \"%s\": [", name);
	for (u32 i = 0; what_if_size_at(i); i++)
		fprintf(out, "%s%" PRIu64, i ? ", " : "", what_if_curve(w, which, what_if_size_at(i)));
	fprintf(out, "]");
}

static void print_json_curves(const struct what_if *w, FILE *out)
{
	fprintf(out, "\"curves\": {\"sizes\": [");
	for (u32 i = 0; what_if_size_at(i); i++)
		fprintf(out, "%s%u", i ? ", " : "", what_if_size_at(i));
	fprintf(out, "]");
	print_json_curve(w, "fetch", TLB_FETCH, out);
	print_json_curve(w, "data", TLB_DATA, out);
	print_json_curve(w, "both", WHAT_IF_BOTH, out);
	fprintf(out, ", \"cold\": {\"fetch\": %" PRIu64 ", \"data\": %" PRIu64 ", \"both\": %" PRIu64 "}}",
	        what_if_curve(w, TLB_FETCH, MISS_CURVE_MAX), what_if_curve(w, TLB_DATA, MISS_CURVE_MAX),
	        what_if_curve(w, WHAT_IF_BOTH, MISS_CURVE_MAX));
}

/* The members, without braces. */
static void print_json_members(const struct what_if *w, FILE *out)
{
	fprintf(out, "\"instret\": %" PRIu64 ", \"references\": {\"fetch\": %" PRIu64 ", \"data\": %" PRIu64 "}, ",
	        what_if_instret(w), what_if_references(w, TLB_FETCH), what_if_references(w, TLB_DATA));
	print_json_curves(w, out);
	fprintf(out, ", \"presets\": [");
	for (u32 i = 0; i < w->count; i++) {
		struct what_if_row row = what_if_row_at(w, i);
		fprintf(out,
		        "%s{\"name\": \"%s\", \"split\": %s, \"entries\": {\"fetch\": %u, \"data\": %u, \"second\": "
		        "%u}, \"misses\": {\"fetch\": %" PRIu64 ", \"data\": %" PRIu64 "}, \"second_hits\": %" PRIu64
		        ", \"walks\": %" PRIu64 "}",
		        i ? ", " : "", row.name, row.split ? "true" : "false", row.entries[TLB_FETCH],
		        row.entries[TLB_DATA], row.second, row.counts.misses[TLB_FETCH], row.counts.misses[TLB_DATA],
		        row.counts.second_hits, row.counts.walks);
	}
	fprintf(out, "]");
}

void curves_print_json(const struct what_if *w, const struct oracle *o, FILE *out)
{
	fprintf(out, "{");
	if (w)
		print_json_members(w, out);
	if (o) {
		fprintf(out, "%s\"oracle\": ", w ? ", " : "");
		oracle_print_json(o, out);
	}
	fprintf(out, "}");
}

void what_if_print_json(const struct what_if *w, FILE *out)
{
	curves_print_json(w, NULL, out);
}
