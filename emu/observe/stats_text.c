/*
 * The counters as tables for people: see stats.h. Rows of nothing but zeros are left out.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "emu/observe/guest_view.h"
#include "emu/observe/profile.h"
#include "emu/observe/stats_internal.h"
#include "mmu/check.h"
#include "mmu/walk.h"

#define BAR_WIDTH 40

static const char *const mode_words[MMU_MODES] = { "user", "supervisor" };
static const char *const size_words[MMU_SIZES] = { "4 KiB", "64 KiB", "2 MiB", "1 GiB", "512 GiB", "256 TiB", "none" };
static const char *const form_words[MMU_FLUSHES] = { "everything", "by ASID", "by address", "by address and ASID",
	                                             "reset" };
static const char *const place_words[WALK_SOURCES] = { "memory", "walk cache", "L1", "L2" };

static void print_count(FILE *out, const char *what, u64 count)
{
	if (count)
		fprintf(out, "  %-34s %15" PRIu64 "\n", what, count);
}

static double percent(u64 part, u64 whole)
{
	return whole ? 100.0 * (double)part / (double)whole : 0;
}

/* --- the TLB --- */

static void print_lookups_head(FILE *out)
{
	fprintf(out, "  %-34s %15s %15s %12s %12s %8s\n", "", "accesses", "hits", "misses", "hits denied", "hit rate");
}

static void print_lookups(FILE *out, const char *what, struct stats_lookups sum)
{
	u64 accesses = sum.hits + sum.misses;
	if (accesses)
		fprintf(out, "  %-34s %15" PRIu64 " %15" PRIu64 " %12" PRIu64 " %12" PRIu64 " %7.2f%%\n", what,
		        accesses, sum.hits, sum.misses, sum.denied, percent(sum.hits, accesses));
}

static void print_level(const struct stats_view *v, u32 level, FILE *out)
{
	char what[64];
	const char *name = stats_level_names[level];
	snprintf(what, sizeof(what), "%s level", name);
	print_lookups(out, what, stats_lookups(v, level, MMU_ACCESSES, MMU_MODES, MMU_SIZES));
	for (u32 a = 0; a < MMU_ACCESSES; a++) {
		for (u32 m = 0; m < MMU_MODES; m++) {
			for (u32 s = 0; s < MMU_SIZES; s++) {
				snprintf(what, sizeof(what), "  %s, %s, %s", stats_access_names[a], mode_words[m],
				         s == MMU_SIZE_NONE ? "no page" : size_words[s]);
				print_lookups(out, what, stats_lookups(v, level, a, m, s));
			}
		}
	}
}

static void print_leaving(const struct stats_view *v, u32 level, FILE *out)
{
	char what[64];
	const char *name = stats_level_names[level];
	for (u32 s = 0; s < MMU_SIZE_NONE; s++) {
		snprintf(what, sizeof(what), "evicted from the %s, %s", name, size_words[s]);
		print_count(out, what, stats_evictions(v, level, s));
	}
	for (u32 f = 0; f < MMU_FLUSHES; f++) {
		snprintf(what, sizeof(what), "fenced out: %s", form_words[f]);
		print_count(out, what, stats_flushed(v, level, f, MMU_SIZES));
	}
}

static void print_tlb(const struct machine *m, const struct stats_view *v, FILE *out)
{
	const struct mmu *mmu = &m->harts[0]->mmu;
	bool sees_all = mmu->all_slow;
	fprintf(out, "TLB `%s'%s, %.3f misses of all levels per 1000 instructions\n", tlb_config(mmu->tlb)->name,
	        sees_all ? "" : " (accesses on the fast path do not reach it: --what-if shows all, and so does --tlb)",
	        v->instret ? (double)stats_tlb_misses(v) * 1000 / (double)v->instret : 0.0);
	print_lookups_head(out);
	for (u32 level = 0; level < 2; level++)
		print_level(v, level, out);
	for (u32 level = 0; level < 2; level++)
		print_leaving(v, level, out);
	for (u32 f = 0; f < MMU_FLUSHES; f++) {
		char what[64];
		snprintf(what, sizeof(what), "fences: %s", form_words[f]);
		print_count(out, what, v->mmu.fences[f]);
	}
	if (sees_all)
		return;
	print_count(out, "loads off the fast path", v->mmu.loads);
	print_count(out, "stores off the fast path", v->mmu.stores);
	print_count(out, "fast-path entries filled", v->mmu.fast_fills);
	print_count(out, "fast-path tables emptied", v->mmu.fast_flushes);
}

/* --- walks --- */

static void print_by_access(FILE *out, const char *what, const u64 counts[MMU_ACCESSES])
{
	u64 sum = counts[ACCESS_FETCH] + counts[ACCESS_LOAD] + counts[ACCESS_STORE];
	if (sum)
		fprintf(out, "  %-34s %15" PRIu64 " %15" PRIu64 " %15" PRIu64 " %15" PRIu64 "\n", what, sum,
		        counts[ACCESS_FETCH], counts[ACCESS_LOAD], counts[ACCESS_STORE]);
}

static void print_walks(const struct stats_view *v, FILE *out)
{
	u64 row[MMU_ACCESSES];
	char what[64];
	fprintf(out, "%-36s %15s %15s %15s %15s\n", "page-table walks", "all", "fetch", "load", "store");
	for (u32 m = 0; m < MMU_MODES; m++) {
		for (u32 s = 0; s < MMU_SIZES; s++) {
			for (u32 a = 0; a < MMU_ACCESSES; a++)
				row[a] = stats_walks(v, a, m, s);
			snprintf(what, sizeof(what), "%s, %s", mode_words[m],
			         s == MMU_SIZE_NONE ? "ended in a fault" : size_words[s]);
			print_by_access(out, what, row);
		}
	}
	print_count(out, "walks that set A", v->mmu.a_updates);
	print_count(out, "walks that set D", v->mmu.d_updates);
	for (u32 r = 1; r < WALK_REASONS; r++) {
		for (u32 a = 0; a < MMU_ACCESSES; a++)
			row[a] = stats_faults(v, r, a);
		snprintf(what, sizeof(what), "faults: %.50s", walk_reason_text(r));
		print_by_access(out, what, row);
	}
}

static void print_ptes(const struct stats_view *v, FILE *out)
{
	if (!stats_ptes(v, WALK_LEVELS_MAX, WALK_SOURCES))
		return;
	fprintf(out, "%-36s %15s", "PTEs looked at", "all");
	for (u32 s = 0; s < WALK_SOURCES; s++)
		fprintf(out, " %15s", place_words[s]);
	fprintf(out, "\n");
	for (u32 l = WALK_LEVELS_MAX; l-- > 0;) {
		if (!stats_ptes(v, l, WALK_SOURCES))
			continue;
		fprintf(out, "  level %-28u %15" PRIu64, l, stats_ptes(v, l, WALK_SOURCES));
		for (u32 s = 0; s < WALK_SOURCES; s++)
			fprintf(out, " %15" PRIu64, stats_ptes(v, l, s));
		fprintf(out, "\n");
	}
}

static void print_histogram(const struct stats_view *v, FILE *out)
{
	u64 most = 0;
	for (u32 b = 0; b < MMU_WALK_BUCKETS; b++)
		most = v->mmu.walk_cycles[b] > most ? v->mmu.walk_cycles[b] : most;
	if (!most)
		return;
	fprintf(out, "walks by cycles\n");
	for (u32 b = 0; b < MMU_WALK_BUCKETS; b++) {
		char what[64];
		u64 count = v->mmu.walk_cycles[b];
		u32 width = (u32)((double)count * BAR_WIDTH / (double)most + 0.5);
		if (!count)
			continue;
		snprintf(what, sizeof(what), "%u to %u", b ? 1u << b : 0, (2u << b) - 1);
		fprintf(out, "  %-34s %15" PRIu64 " %.*s\n", what, count, (int)width,
		        "########################################");
	}
}

/* --- caches, guest, harts --- */

static void print_caches(const struct machine *m, const struct stats_view *v, FILE *out)
{
	if (!stats_has_cost(m))
		return;
	fprintf(out, "caches of `%s'%*s %15s %15s %15s %15s\n", cost_config(m->harts[0]->mmu.cost)->name, 21, "", "L1",
	        "L2", "memory", "cycles waited");
	for (u32 k = 0; k < COST_KINDS; k++) {
		const u64 *found = v->cost.found[k];
		fprintf(out, "  %-34s %15" PRIu64 " %15" PRIu64 " %15" PRIu64 " %15" PRIu64 "\n",
		        k == COST_PTE ? "PTE" : stats_user_names[k], found[COST_L1], found[COST_L2], found[COST_MEMORY],
		        v->cost.waited[k]);
	}
	print_count(out, "cycles for second level, walk cache", v->cost.waited_tlb);
}

static void print_guest_count(void *arg, const char *name, u64 value)
{
	print_count(arg, name, value);
}

static void print_findings(const struct mmu_check *check, FILE *out)
{
	fprintf(out, "what --check found\n");
	for (u32 k = 0; k < CHECK_KINDS; k++)
		print_count(out, check_kind_name(k), check_count(check, k));
}

static void print_harts(const struct machine *m, FILE *out)
{
	fprintf(out, "%-8s %15s %15s %11s %11s %13s %11s %11s\n", "hart", "instructions", "cycles", "exceptions",
	        "interrupts", "TLB misses", "walks", "faults");
	for (u32 i = 0; i < m->hart_count; i++) {
		struct stats_view *v = xcalloc(1, sizeof(*v));
		stats_view_add(v, m->harts[i]);
		fprintf(out,
		        "  %-6u %15" PRIu64 " %15" PRIu64 " %11" PRIu64 " %11" PRIu64 " %13" PRIu64 " %11" PRIu64
		        " %11" PRIu64 "\n",
		        i, v->instret, v->cycles, v->steps - v->instret, v->interrupts, stats_tlb_misses(v),
		        stats_walks(v, MMU_ACCESSES, MMU_MODES, MMU_SIZES),
		        stats_faults(v, WALK_REASONS, MMU_ACCESSES));
		free(v);
	}
}

void stats_print(const struct stats_sources *s, FILE *out)
{
	const struct machine *m = s->machine;
	struct stats_view *v = stats_view_create(m);
	fprintf(out, "%" PRIu64 " instructions retired, %.6f s of guest time", v->instret,
	        (double)m->clock.now_ns / 1e9);
	if (s->host_ns)
		fprintf(out, ", %.3f s on the host, %.1f MIPS", (double)s->host_ns / 1e9,
		        (double)v->instret * 1e3 / (double)s->host_ns);
	fprintf(out, "\n");
	print_harts(m, out);
	print_tlb(m, v, out);
	print_walks(v, out);
	print_ptes(v, out);
	print_histogram(v, out);
	print_caches(m, v, out);
	if (s->guest && guest_view_has_hints(s->guest)) {
		fprintf(out, "the guest's own account\n");
		guest_view_each(s->guest, print_guest_count, out);
	}
	if (s->check)
		print_findings(s->check, out);
	if (s->profile)
		profile_print(s->profile, out);
	free(v);
}
