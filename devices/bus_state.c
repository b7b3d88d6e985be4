/*
 * The contents of RAM in a snapshot: runs of pages that are not all zero, each with the number of its first page and
 * its length, ended by a run of length 0. What runs leave out is zero after restoring, whatever was there.
 */
#include "devices/bus.h"

#include <string.h>
#include <sys/mman.h>

#include "emu/base/state.h"

/* Long enough to be cheap, short enough to be moved at one go. */
#define RUN_PAGES_MAX 256

static bool is_zero_page(const struct bus_region *r, u64 page)
{
	static const u8 zeros[PAGE_SIZE];
	return memcmp(r->ram + page * PAGE_SIZE, zeros, PAGE_SIZE) == 0;
}

static void save_run(struct state *s, struct bus_region *r, u64 first, u64 pages)
{
	state_u64(s, &first);
	state_u64(s, &pages);
	state_bytes(s, r->ram + first * PAGE_SIZE, pages * PAGE_SIZE);
}

static void save_ram(struct state *s, struct bus_region *r)
{
	u64 count = r->size / PAGE_SIZE, page = 0;
	while (page < count && state_ok(s)) {
		u64 first = page;
		while (page < count && page - first < RUN_PAGES_MAX && !is_zero_page(r, page))
			page++;
		if (page > first)
			save_run(s, r, first, page - first);
		while (page < count && is_zero_page(r, page))
			page++;
	}
	save_run(s, r, 0, 0);
}

/* Makes RAM what it was when the host gave it. The advice is a promise for memory of this kind, see madvise(2). */
static void clear_ram(struct bus_region *r)
{
	if (madvise(r->ram, r->size, MADV_DONTNEED) != 0)
		memset(r->ram, 0, r->size);
}

static void restore_ram(struct state *s, struct bus_region *r)
{
	u64 count = r->size / PAGE_SIZE, end = 0;
	clear_ram(r);
	while (state_ok(s)) {
		u64 first, pages;
		state_u64(s, &first);
		state_u64(s, &pages);
		if (!state_ok(s) || pages == 0)
			return;
		if (first < end || first > count || pages > count - first)
			state_fail(s, "the snapshot is damaged: a piece of its RAM is out of place");
		else
			state_bytes(s, r->ram + first * PAGE_SIZE, pages * PAGE_SIZE);
		end = first + pages;
	}
}

void bus_state(struct state *s, struct bus *bus)
{
	state_section(s, "ram", 1);
	for (u32 i = 0; i < bus->count; i++) {
		struct bus_region *r = &bus->regions[i];
		if (!r->ram)
			continue;
		state_same(s, r->size, "bytes of RAM");
		if (s->loading)
			restore_ram(s, r);
		else
			save_ram(s, r);
		if (s->loading && r->clean_map) {
			r->dirty_pages = r->size >> PAGE_SHIFT;
			memset(r->clean_map, 0, r->dirty_pages);
		}
	}
}
