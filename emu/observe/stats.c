/*
 * The flat list of counters: see stats.h. Their names and what they mean are stats.def; families of names are composed
 * here. Tables for people are stats_text.c's, JSON stats_json.c's.
 */
#include "emu/observe/stats.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "emu/names.h"
#include "emu/observe/guest_view.h"
#include "emu/observe/stats_internal.h"
#include "mmu/check.h"

#define NAME_SIZE 96

/* Who is told, and how names begin. */
struct teller {
	void (*see)(void *arg, const char *name, u64 value);
	void *arg;
	const char *prefix; /* "", "hart0." */
};

static void __attribute__((format(printf, 3, 4))) tell(const struct teller *t, u64 value, const char *format, ...)
{
	char name[NAME_SIZE];
	int length = snprintf(name, sizeof(name), "%s", t->prefix);
	va_list args;
	va_start(args, format);
	vsnprintf(name + length, sizeof(name) - (size_t)length, format, args);
	va_end(args);
	t->see(t->arg, name, value);
}

static void tell_singles(const struct teller *t, const struct stats_view *v)
{
#define COUNTER(name, value, explanation) tell(t, value, "%s", name);
#define FAMILY(pattern, explanation)
#define MACHINE(pattern, explanation)
#include "emu/observe/stats.def"
#undef COUNTER
#undef FAMILY
#undef MACHINE
}

/* --- families --- */

static void tell_faults(const struct teller *t, const struct stats_view *v)
{
	u64 page = 0;
	for (u32 a = 0; a < MMU_ACCESSES; a++)
		tell(t, stats_faults(v, WALK_REASONS, a), "faults.%s", stats_access_names[a]);
	for (u32 r = 1; r < WALK_REASONS; r++)
		for (u32 a = 0; a < MMU_ACCESSES; a++)
			if (stats_is_page_fault(r, a))
				page += stats_faults(v, r, a);
	tell(t, page, "faults.page");
	tell(t, stats_faults(v, WALK_REASONS, MMU_ACCESSES) - page, "faults.access");
	for (u32 r = 1; r < WALK_REASONS; r++) {
		tell(t, stats_faults(v, r, MMU_ACCESSES), "faults.%s", reason_name(r));
		for (u32 a = 0; a < MMU_ACCESSES; a++)
			tell(t, stats_faults(v, r, a), "faults.%s.%s", reason_name(r), stats_access_names[a]);
	}
}

static void tell_walks(const struct teller *t, const struct stats_view *v)
{
	tell(t, stats_walks_failed(v), "walks.failed");
	for (u32 a = 0; a < MMU_ACCESSES; a++) {
		const char *access = stats_access_names[a];
		tell(t, stats_walks(v, a, MMU_MODES, MMU_SIZES), "walks.%s", access);
		for (u32 m = 0; m < MMU_MODES; m++) {
			const char *mode = stats_mode_names[m];
			tell(t, stats_walks(v, a, m, MMU_SIZES), "walks.%s.%s", access, mode);
			for (u32 s = 0; s < MMU_SIZES; s++)
				tell(t, stats_walks(v, a, m, s), "walks.%s.%s.%s", access, mode, stats_size_names[s]);
		}
	}
	for (u32 b = 0; b < MMU_WALK_BUCKETS; b++)
		tell(t, v->mmu.walk_cycles[b], "walk_cycles.%u", b ? 1u << b : 0);
}

static void tell_ptes(const struct teller *t, const struct stats_view *v)
{
	for (u32 s = 0; s < WALK_SOURCES; s++)
		tell(t, stats_ptes(v, WALK_LEVELS_MAX, s), "ptes.%s", stats_place_names[s]);
	for (u32 l = 0; l < WALK_LEVELS_MAX; l++) {
		tell(t, stats_ptes(v, l, WALK_SOURCES), "ptes.level%u", l);
		for (u32 s = 0; s < WALK_SOURCES; s++)
			tell(t, stats_ptes(v, l, s), "ptes.level%u.%s", l, stats_place_names[s]);
	}
}

/* `of` is what the counts are of: "fetch", "fetch.user", "fetch.user.4k". */
static void tell_lookups(const struct teller *t, u32 level, const char *of, struct stats_lookups sum)
{
	const char *name = stats_level_names[level], *dot = *of ? "." : "";
	tell(t, sum.hits + sum.misses, "tlb.%s%s%s.accesses", name, dot, of);
	tell(t, sum.hits, "tlb.%s%s%s.hits", name, dot, of);
	tell(t, sum.misses, "tlb.%s%s%s.misses", name, dot, of);
	tell(t, sum.denied, "tlb.%s%s%s.denied", name, dot, of);
}

static void tell_level(const struct teller *t, const struct stats_view *v, u32 level)
{
	char of[NAME_SIZE];
	tell_lookups(t, level, "", stats_lookups(v, level, MMU_ACCESSES, MMU_MODES, MMU_SIZES));
	for (u32 a = 0; a < MMU_ACCESSES; a++) {
		const char *access = stats_access_names[a];
		tell_lookups(t, level, access, stats_lookups(v, level, a, MMU_MODES, MMU_SIZES));
		for (u32 m = 0; m < MMU_MODES; m++) {
			snprintf(of, sizeof(of), "%s.%s", access, stats_mode_names[m]);
			tell_lookups(t, level, of, stats_lookups(v, level, a, m, MMU_SIZES));
			for (u32 s = 0; s < MMU_SIZES; s++) {
				snprintf(of, sizeof(of), "%s.%s.%s", access, stats_mode_names[m], stats_size_names[s]);
				tell_lookups(t, level, of, stats_lookups(v, level, a, m, s));
			}
		}
	}
}

static void tell_leaving(const struct teller *t, const struct stats_view *v, u32 level)
{
	const char *name = stats_level_names[level];
	tell(t, stats_evictions(v, level, MMU_SIZES), "tlb.%s.evictions", name);
	for (u32 s = 0; s < MMU_SIZE_NONE; s++)
		tell(t, stats_evictions(v, level, s), "tlb.%s.evictions.%s", name, stats_size_names[s]);
	tell(t, stats_flushed(v, level, MMU_FLUSHES, MMU_SIZES), "tlb.%s.flushed", name);
	for (u32 f = 0; f < MMU_FLUSHES; f++) {
		const char *form = stats_form_names[f];
		tell(t, stats_flushed(v, level, f, MMU_SIZES), "tlb.%s.flushed.%s", name, form);
		for (u32 s = 0; s < MMU_SIZE_NONE; s++)
			tell(t, stats_flushed(v, level, f, s), "tlb.%s.flushed.%s.%s", name, form, stats_size_names[s]);
	}
}

static void tell_tlb(const struct teller *t, const struct stats_view *v)
{
	tell(t, stats_per_million(v, stats_tlb_misses(v)), "tlb.misses_per_million");
	for (u32 level = 0; level < 2; level++) {
		tell_level(t, v, level);
		tell_leaving(t, v, level);
	}
	tell(t, stats_fences(v, MMU_FLUSHES), "fences");
	for (u32 f = 0; f < MMU_FLUSHES; f++)
		tell(t, v->mmu.fences[f], "fences.%s", stats_form_names[f]);
}

static void tell_caches(const struct teller *t, const struct stats_view *v)
{
	for (u32 k = 0; k < COST_KINDS; k++) {
		u64 all = 0;
		for (u32 p = 0; p < COST_PLACES; p++) {
			all += v->cost.found[k][p];
			tell(t, v->cost.found[k][p], "cache.%s.%s", stats_user_names[k], stats_where_names[p]);
		}
		tell(t, all, "cache.%s.accesses", stats_user_names[k]);
		tell(t, v->cost.waited[k], "cache.%s.cycles", stats_user_names[k]);
	}
}

static void tell_view(const struct teller *t, const struct stats_view *v)
{
	tell_singles(t, v);
	tell_faults(t, v);
	tell_walks(t, v);
	tell_ptes(t, v);
	tell_tlb(t, v);
	tell_caches(t, v);
}

/* What the whole machine has once. */
static void tell_machine(const struct teller *t, const struct stats_sources *s)
{
	u64 findings = 0;
	tell(t, s->machine->clock.now_ns, "time_ns");
	tell(t, s->host_ns, "host_ns");
	tell(t, s->machine->hart_count, "harts");
	tell(t, (u64)s->exit_status, "exit");
	for (u32 k = 0; k < CHECK_KINDS; k++) {
		u64 count = s->check ? check_count(s->check, k) : 0;
		findings += count;
		tell(t, count, "%s", check_kind_name(k));
		tell(t, s->check ? check_places(s->check, k) : 0, "places.%s", check_kind_name(k));
	}
	tell(t, findings, "findings");
	guest_view_each(s->guest, t->see, t->arg);
}

void stats_each(const struct stats_sources *sources, void (*see)(void *arg, const char *name, u64 value), void *arg)
{
	const struct machine *m = sources->machine;
	struct teller teller = { .see = see, .arg = arg, .prefix = "" };
	struct stats_view *v = stats_view_create(m);
	tell_view(&teller, v);
	tell_machine(&teller, sources);
	for (u32 i = 0; i < m->hart_count; i++) {
		char prefix[16];
		snprintf(prefix, sizeof(prefix), "hart%u.", i);
		teller.prefix = prefix;
		memset(v, 0, sizeof(*v));
		stats_view_add(v, m->harts[i]);
		tell_view(&teller, v);
	}
	free(v);
}

struct wanted {
	const char *name;
	u64 *value;
	bool found;
};

static void compare(void *arg, const char *name, u64 value)
{
	struct wanted *w = arg;
	if (w->found || strcmp(name, w->name) != 0)
		return;
	w->found = true;
	*w->value = value;
}

bool stats_find(const struct stats_sources *sources, const char *name, u64 *value)
{
	struct wanted w = { .name = name, .value = value };
	stats_each(sources, compare, &w);
	return w.found;
}

/* --- names --- */

static void print_words(FILE *out, const char *word, const char *const *names, u32 count)
{
	fprintf(out, "  %-9s", word);
	for (u32 i = 0; i < count; i++)
		fprintf(out, " %s", names[i]);
	fprintf(out, "\n");
}

static void print_all_words(FILE *out)
{
	static const char *const counts[] = { "accesses", "hits", "misses", "denied" };
	const char *kinds[CHECK_KINDS], *reasons[WALK_REASONS];
	for (u32 r = 0; r < WALK_REASONS; r++)
		reasons[r] = reason_name(r);
	for (u32 k = 0; k < CHECK_KINDS; k++)
		kinds[k] = check_kind_name(k);
	fprintf(out, "\nwords in capitals stand for one of\n");
	print_words(out, "ACCESS", stats_access_names, MMU_ACCESSES);
	print_words(out, "CHECK", kinds, CHECK_KINDS);
	print_words(out, "COUNT", counts, ARRAY_SIZE(counts));
	print_words(out, "FORM", stats_form_names, MMU_FLUSHES);
	print_words(out, "LEVEL", stats_level_names, 2);
	print_words(out, "MODE", stats_mode_names, MMU_MODES);
	print_words(out, "PLACE", stats_place_names, WALK_SOURCES);
	print_words(out, "REASON", reasons + 1, WALK_REASONS - 1);
	print_words(out, "SIZE", stats_size_names, MMU_SIZES);
	print_words(out, "USER", stats_user_names, COST_KINDS);
	print_words(out, "WHERE", stats_where_names, COST_PLACES);
	fprintf(out,
	        "  FROM      0 2 4 8 ... %u\n"
	        "  N         a number\n"
	        "all but the machine's own (from time_ns on) also as hartN.NAME: one hart's share\n",
	        1u << (MMU_WALK_BUCKETS - 1));
}

static void print_guest_name(void *arg, const char *name, u64 value)
{
	(void)value;
	fprintf(arg, "%-38s as the guest's hints tell\n", name);
}

void stats_print_names(FILE *out)
{
#define COUNTER(name, value, explanation) fprintf(out, "%-38s %s\n", name, explanation);
#define FAMILY(pattern, explanation) fprintf(out, "%-38s %s\n", pattern, explanation);
#define MACHINE(pattern, explanation) fprintf(out, "%-38s %s\n", pattern, explanation);
#include "emu/observe/stats.def"
#undef COUNTER
#undef FAMILY
#undef MACHINE
	guest_view_each(NULL, print_guest_name, out);
	print_all_words(out);
}
