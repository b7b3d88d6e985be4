/*
 * The monitor's lists of translations: info mem (what the page tables say) and info tlb (what the TLB has kept, and
 * whether the page tables still say so).
 *
 * Page tables are the guest's, and may be nonsense: tables that contain themselves, pointers to nowhere. Each PTE is
 * judged by the walker (mmu/walk.h), so that there is one truth about what is malformed; how many tables are read and
 * lines written is limited.
 */
#include <inttypes.h>
#include <string.h>

#include "emu/monitor_internal.h"
#include "emu/observe/explain_text.h"
#include "mmu/explain.h"

#define LINES_MAX 4096
#define TABLES_MAX 65536
#define TLB_LINES_MAX 1024
#define ENTRIES 512
#define VPN_BITS 9

/* --- info mem --- */

/* A range whose pages lie one behind the other in both spaces, with the same attributes. */
struct range {
	u64 va, pa, size; /* size 0: there is none */
	u64 flags;        /* the leaf's low byte */
	u32 pbmt;         /* its memory type */
};

struct map {
	FILE *out;
	struct mmu *mmu;
	struct walk_request request; /* of somebody who may read every page; va is set for each */
	struct range range;          /* not printed yet */
	u64 total;                   /* bytes mapped */
	u32 lines, tables;           /* how many so far */
	u32 malformed;               /* PTEs with V=1 that map nothing */
	u64 malformed_va;            /* what the first of them is about */
};

/* The request of somebody who may read every leaf that is well-formed. */
static struct walk_request any_reader(const struct mmu *mmu, u64 va)
{
	struct walk_request request = mmu_walk_request(mmu, va, ACCESS_LOAD, PRIV_S);
	request.sum = request.mxr = request.ad_update = true;
	return request;
}

static void print_range(struct map *map)
{
	const struct range *r = &map->range;
	static const char *const types[] = { "", " NC", " IO", " ?" };
	char attributes[8] = "rwxugad";
	if (r->size == 0)
		return;
	map->total += r->size;
	if (map->lines++ >= LINES_MAX)
		return;
	for (u32 i = 0; i < 7; i++)
		if (!(r->flags >> (i + 1) & 1))
			attributes[i] = '-';
	fprintf(map->out, "%016" PRIx64 " %016" PRIx64 " %016" PRIx64 " %s%s\n", r->va, r->pa, r->size, attributes,
	        types[r->pbmt]);
}

static void add_page(struct map *map, const struct range *page)
{
	struct range *r = &map->range;
	if (r->size && r->va + r->size == page->va && r->pa + r->size == page->pa && r->flags == page->flags &&
	    r->pbmt == page->pbmt) {
		r->size += page->size;
		return;
	}
	print_range(map);
	*r = *page;
}

static void read_table(struct map *map, u64 table, u64 va, u32 level);

/* A PTE with V=1: `level` is its, `va` the first address it is about. */
static void see_pte(struct map *map, u64 pte, u64 va, u32 level)
{
	struct walk_result result;
	map->request.va = va;
	mmu_probe_as(map->mmu, &map->request, &result);
	if (result.level < level) {
		read_table(map, bits(pte, 53, 10) << PAGE_SHIFT, va, level - 1);
	} else if (result.reason == WALK_OK) {
		struct range page = {
			.va = va,
			.pa = result.pa,
			.size = BIT(PAGE_SHIFT + VPN_BITS * level),
			.flags = (pte & 0xff) | (result.global ? PTE_G : 0),
			.pbmt = result.pbmt,
		};
		add_page(map, &page);
	} else if (map->malformed++ == 0) {
		map->malformed_va = va;
	}
}

static void read_table(struct map *map, u64 table, u64 va, u32 level)
{
	u32 va_bits = PAGE_SHIFT + VPN_BITS * map->request.levels;
	const u8 *entries = bus_ram(map->mmu->bus, table, PAGE_SIZE);
	if (map->tables >= TABLES_MAX)
		return;
	map->tables++;
	if (!entries) {
		if (map->malformed++ == 0)
			map->malformed_va = va;
		return;
	}
	for (u64 i = 0; i < ENTRIES; i++) {
		u64 pte;
		memcpy(&pte, entries + 8 * i, 8);
		if (pte & PTE_V)
			see_pte(map, pte, (u64)sext(va + (i << (PAGE_SHIFT + VPN_BITS * level)), va_bits), level);
	}
}

bool monitor_info_mem(struct monitor_call *call)
{
	struct hart *h;
	if (!monitor_hart(call, &h) || !monitor_done(call))
		return false;
	if (h->mmu.levels == 0) {
		fprintf(call->out, "satp is Bare: there is no translation\n");
		return true;
	}
	struct map map = { .out = call->out, .mmu = &h->mmu, .request = any_reader(&h->mmu, 0) };
	fprintf(call->out, "vaddr            paddr            size             attr\n"
	                   "---------------- ---------------- ---------------- -------\n");
	read_table(&map, map.request.root, 0, h->mmu.levels - 1u);
	print_range(&map);
	if (map.lines > LINES_MAX)
		fprintf(call->out, "... and %u ranges more\n", map.lines - LINES_MAX);
	fprintf(call->out, "%" PRIu64 " KiB mapped in Sv%u, ASID %u, by %u page tables\n", (u64)(map.total / KIB),
	        12 + 9u * h->mmu.levels, h->mmu.asid, map.tables);
	if (map.tables >= TABLES_MAX)
		fprintf(call->out, "not all tables were read: do some of them point to themselves?\n");
	if (map.malformed)
		fprintf(call->out,
		        "%u PTEs with V=1 are malformed, or lead to no table: explain 0x%" PRIx64
		        " tells about the first\n",
		        map.malformed, map.malformed_va);
	return true;
}

/* --- info tlb --- */

struct tlb_list {
	FILE *out;
	struct hart *h;
	u32 entries, lines, stale; /* how many so far */
};

static void print_entry(void *arg, const char *array, const struct tlb_entry *e)
{
	static const char *const marks[] = {
		[ENTRY_UNKNOWN] = "", [ENTRY_SAME] = "", [ENTRY_AD] = "  A/D differ; ", [ENTRY_STALE] = "  STALE; "
	};
	struct tlb_list *list = arg;
	char now[128], flags[9], bytes[16], asid[8];
	enum explain_entry state = explain_compare_entry(list->h, e, now, sizeof(now));
	list->entries++;
	list->stale += state == ENTRY_STALE;
	if (list->lines >= TLB_LINES_MAX && state != ENTRY_STALE)
		return;
	list->lines++;
	explain_flags(e->pte, flags);
	explain_size(e->size_log2, bytes, sizeof(bytes));
	snprintf(asid, sizeof(asid), "%u", e->asid);
	fprintf(list->out, "%-9s %5s %016" PRIx64 " %016" PRIx64 " %-7s %s%s%s\n", array, e->global ? "all" : asid,
	        e->vpn << PAGE_SHIFT, e->ppn << PAGE_SHIFT, bytes, flags, marks[state], now);
}

bool monitor_info_tlb(struct monitor_call *call)
{
	struct tlb_list list = { .out = call->out };
	if (!monitor_hart(call, &list.h) || !monitor_done(call))
		return false;
	fprintf(call->out, "array      asid va               pa               size    flags\n");
	tlb_each(list.h->mmu.tlb, print_entry, &list);
	if (list.entries > list.lines)
		fprintf(call->out, "... and %u more that are not stale\n", list.entries - list.lines);
	fprintf(call->out,
	        "hart %u, TLB `%s'; entries: %u; STALE: %u (page tables say something else now, and no fence has "
	        "dropped them)\n",
	        list.h->id, tlb_config(list.h->mmu.tlb)->name, list.entries, list.stale);
	if (list.h->mmu.levels == 0)
		fprintf(call->out, "satp is Bare: there are no page tables to compare with\n");
	else
		fprintf(call->out, "only entries of ASID %u and global ones can be compared\n", list.h->mmu.asid);
	return true;
}
