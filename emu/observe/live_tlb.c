/*
 * The TLB for the live view: what is where, how old it is, and whether the page tables still say so.
 *
 * An entry's stamp is the TLB's own time, which counts fills and fences. What that is in instructions is known at the
 * moments when somebody looked; between two of them it is estimated.
 */
#include <stdio.h>
#include <string.h>

#include "emu/machine.h"
#include "emu/observe/explain_text.h"
#include "emu/observe/live_internal.h"
#include "mmu/tlb_view.h"

#define PTE_RSW (MASK(2) << 8)
#define AGES 65 /* by bits of the TLB's time since */

/* --- time --- */

/* When there are too many, every other one goes. */
static void thin_out(struct live *live)
{
	u32 kept = 0;

	for (u32 i = 0; i < live->tlb_time_count; i += 2)
		live->tlb_times[kept++] = live->tlb_times[i];
	live->tlb_time_count = kept;
}

/* It is `stamp' by the TLB's time now. */
static void note_time(struct live *live, u32 hart, u64 stamp, u64 instret)
{
	if (live->tlb_hart != hart)
		live->tlb_time_count = 0;
	live->tlb_hart = hart;
	if (live->tlb_time_count == 0)
		live->tlb_times[live->tlb_time_count++] = (struct live_tlb_time){ 0, 0 };
	if (live->tlb_times[live->tlb_time_count - 1].stamp == stamp)
		return;
	if (live->tlb_time_count == LIVE_TLB_TIMES)
		thin_out(live);
	live->tlb_times[live->tlb_time_count++] = (struct live_tlb_time){ stamp, instret };
}

/* About how many instructions there had been when it was `stamp'. */
static u64 instret_of(const struct live *live, u64 stamp)
{
	u32 low = 0, high = live->tlb_time_count - 1;

	while (high - low > 1) {
		u32 middle = (low + high) / 2;

		if (live->tlb_times[middle].stamp < stamp)
			low = middle;
		else
			high = middle;
	}
	const struct live_tlb_time *a = &live->tlb_times[low], *b = &live->tlb_times[high];

	if (b->stamp <= a->stamp || stamp >= b->stamp)
		return b->instret;
	return a->instret +
	       (u64)((double)(b->instret - a->instret) * (double)(stamp - a->stamp) / (double)(b->stamp - a->stamp));
}

/* --- entries --- */

struct collecting {
	struct live *live;
	struct live_view *view;
	struct hart *h;
	u64 now, instret; /* by the TLB's time; of all harts */
	u32 array;        /* the one at work */
	u32 by_age[AGES]; /* entries by bits of the time since they came */
	u32 oldest;       /* bits of the oldest that are shown */
	u32 oldest_left;  /* and how many of those */
};

static u32 age_bits(const struct collecting *c, u64 stamp)
{
	u64 ago = c->now - stamp;

	return ago ? 64 - (u32)__builtin_clzll(ago) : 0;
}

static void count_entry(void *arg, const struct tlb_view_entry *e)
{
	struct collecting *c = arg;

	c->view->tlb_arrays[c->array].used++;
	c->by_age[age_bits(c, e->stamp)]++;
}

/* If there are more than can be shown the youngest are. */
static void choose_oldest(struct collecting *c)
{
	u32 left = LIVE_TLB_MAX;

	for (c->oldest = 0; c->oldest < AGES - 1 && c->by_age[c->oldest] <= left; c->oldest++)
		left -= c->by_age[c->oldest];
	c->oldest_left = left;
}

static bool is_chosen(struct collecting *c, u64 stamp)
{
	u32 age = age_bits(c, stamp);

	if (age != c->oldest)
		return age < c->oldest;
	if (c->oldest_left == 0)
		return false;
	c->oldest_left--;
	return true;
}

/* Whether memory says something else where the pointer was read. */
static bool is_pointer_stale(const struct collecting *c, const struct tlb_view_entry *e)
{
	const u8 *ram = bus_ram(&c->live->m->bus, e->pte_addr, sizeof(u64));
	u64 pte;

	if (!ram)
		return true;
	memcpy(&pte, ram, sizeof(pte));
	return (pte ^ e->pte) & ~PTE_RSW;
}

static void add_entry(void *arg, const struct tlb_view_entry *e)
{
	struct collecting *c = arg;
	const struct mmu *mmu = &c->h->mmu;

	if (!is_chosen(c, e->stamp))
		return;
	struct live_tlb_entry *entry = &c->view->tlb[c->view->tlb_count++];

	*entry = (struct live_tlb_entry){
		.va = e->entry ? e->entry->vpn << PAGE_SHIFT : e->pte_addr,
		.pa = e->entry ? e->entry->ppn << PAGE_SHIFT
		               : bits(e->pte, PTE_PPN_SHIFT + PTE_PPN_BITS - 1, PTE_PPN_SHIFT) << PAGE_SHIFT,
		.pte = e->pte,
		.array = (u8)c->array,
		.set = (u16)e->set,
		.way = (u16)e->way,
		.asid = e->asid,
		.size_log2 = e->entry ? e->entry->size_log2 : 0,
		.age = (u8)frame_use_age(instret_of(c->live, e->stamp) + 1, c->instret),
		.global = e->global,
		.is_current = mmu->levels && (e->global || e->asid == mmu->asid),
	};
	if (e->entry)
		entry->is_stale = explain_compare_entry(c->h, e->entry, NULL, 0) == ENTRY_STALE;
	else
		entry->is_stale = is_pointer_stale(c, e);
	c->view->stale_count += entry->is_stale;
}

void live_collect_tlb(struct live *live, struct live_view *view)
{
	struct tlb_view_array arrays[TLB_VIEW_ARRAYS_MAX];
	struct collecting c = { .live = live, .view = view, .h = live->m->harts[view->hart] };
	const struct tlb *tlb = c.h->mmu.tlb;
	u32 count = tlb_view_arrays(tlb, arrays);

	c.now = tlb_view_now(tlb);
	c.instret = machine_instret(live->m);
	note_time(live, view->hart, c.now, c.instret);
	view->tlb_array_count = count < LIVE_TLB_ARRAYS_MAX ? count : LIVE_TLB_ARRAYS_MAX;
	view->tlb_count = view->stale_count = 0;
	for (c.array = 0; c.array < view->tlb_array_count; c.array++) {
		struct live_tlb_array *array = &view->tlb_arrays[c.array];

		*array = (struct live_tlb_array){ .sets = arrays[c.array].sets, .ways = arrays[c.array].ways };
		snprintf(array->name, sizeof(array->name), "%s", arrays[c.array].name);
		tlb_view_each(tlb, &arrays[c.array], count_entry, &c);
	}
	choose_oldest(&c);
	for (c.array = 0; c.array < view->tlb_array_count; c.array++)
		tlb_view_each(tlb, &arrays[c.array], add_entry, &c);
}
