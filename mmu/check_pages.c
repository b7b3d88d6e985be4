/*
 * Pages of RAM that the check knows something about, which of their granules are watched, and who changed what.
 */
#include "mmu/check_internal.h"

#define GRANULE_PTES 8

u64 check_hash(u64 key)
{
	key *= 0x9e3779b97f4a7c15ull;
	return key ^ key >> 29;
}

static u64 bucket_of(u64 pa)
{
	return check_hash(pa >> PAGE_SHIFT) & MASK(CHECK_PAGES_LOG2);
}

struct check_page *check_page_find(const struct mmu_check *check, u64 pa)
{
	struct check_page *page = check->pages[bucket_of(pa)];

	pa = align_down(pa, PAGE_SIZE);
	while (page && page->pa != pa)
		page = page->next;
	return page;
}

struct check_page *check_page_at(struct mmu_check *check, u64 pa)
{
	struct check_page *page = check_page_find(check, pa);

	if (page || !bus_ram(check->bus, pa, 1))
		return page;
	page = xcalloc(1, sizeof(*page));
	page->pa = align_down(pa, PAGE_SIZE);
	page->next = check->pages[bucket_of(pa)];
	check->pages[bucket_of(pa)] = page;
	return page;
}

/* Granules with PTEs that were read and not changed since. */
static u64 table_granules(const struct check_table *table)
{
	u64 granules = 0;

	for (u32 i = 0; i < 64; i++)
		if (table->live[i / 8] >> (i % 8 * GRANULE_PTES) & MASK(GRANULE_PTES))
			granules |= BIT(i);
	return granules;
}

static void watch(struct mmu_check *check, const struct check_page *page, u64 granules)
{
	struct bus_region *region = bus_find(check->bus, page->pa);

	if (granules && bus_granules(region, page->pa) == 0)
		for (u32 i = 0; i < check->hart_count; i++)
			mmu_protect_page(check->harts[i].m, page->pa);
	region->watch_map[(page->pa - region->base) >> PAGE_SHIFT] = granules;
}

void check_page_watch(struct mmu_check *check, const struct check_page *page)
{
	watch(check, page, (page->table ? table_granules(page->table) : 0) | (page->code ? page->code->has : 0));
}

void check_granule_watch(struct mmu_check *check, const struct check_page *page, u32 granule)
{
	struct bus_region *region = bus_find(check->bus, page->pa);
	u64 granules = region->watch_map[(page->pa - region->base) >> PAGE_SHIFT];

	if (!(granules >> granule & 1))
		watch(check, page, granules | BIT(granule));
}

static struct check_change *change_slot(const struct mmu_check *check, u64 key)
{
	return &check->changes[check_hash(key) >> 7 & MASK(CHECK_CHANGES_LOG2)];
}

void check_changed(struct mmu_check *check, u64 key)
{
	struct check_place device = { .known = true, .by = CHECK_BY_DEVICE };
	struct check_change *change = change_slot(check, key);

	change->key = key;
	change->seq = ++check->seq;
	change->place = check->storing ? check_here(check->storing, check->by) : device;
}

const struct check_change *check_change_of(const struct mmu_check *check, u64 key)
{
	const struct check_change *change = change_slot(check, key);

	return change->key == key ? change : NULL;
}
