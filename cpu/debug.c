/*
 * Breakpoints and watchpoints: see cpu/debug.h. What is here runs only where a point is near: op_debug (cpu/interp.c)
 * asks in front of an instruction, the MMU (mmu/mmu.h, struct mmu_watcher) in front of an access to a page without
 * fast entries. An access that is stopped fails like one that faults; the engine comes out instead of taking a trap.
 */
#include "cpu/debug.h"

#include <string.h>

#include "cpu/block.h"

static u64 last_byte(const struct debug_point *p)
{
	u64 last = p->address + p->size - 1;

	return last < p->address ? UINT64_MAX : last;
}

static bool is_same(const struct debug_point *a, const struct debug_point *b)
{
	return a->address == b->address && a->size == b->size && a->kinds == b->kinds && a->privs == b->privs &&
	       a->physical == b->physical;
}

bool debug_add(struct debug *d, const struct debug_point *point)
{
	if (d->count == DEBUG_POINTS_MAX || point->size == 0)
		return false;
	d->points[d->count++] = *point;
	d->generation++;
	return true;
}

bool debug_remove(struct debug *d, const struct debug_point *point)
{
	for (u32 i = 0; i < d->count; i++) {
		if (!is_same(&d->points[i], point))
			continue;
		d->count--;
		memmove(&d->points[i], &d->points[i + 1], (d->count - i) * sizeof(*point));
		d->generation++;
		return true;
	}
	return false;
}

static void set_hit(struct hart *h, u32 point, enum debug_kind kind, u64 address)
{
	h->debug->hit = (struct debug_hit){
		.valid = true,
		.kind = (u8)kind,
		.hart = h->id,
		.point = point,
		.address = address,
		.pc = h->pc,
		.count = h->count,
	};
}

/* Is the instruction at h->pc the one that debug_step_over() was told of? */
static bool is_passed_over(const struct hart *h)
{
	return h->step_over.pc == h->pc && h->step_over.count == h->count;
}

/* --- execution --- */

bool debug_is_near(const struct debug *d, u64 pa)
{
	for (u32 i = 0; i < d->count; i++) {
		const struct debug_point *p = &d->points[i];
		u64 compared = p->physical ? UINT64_MAX : PAGE_SIZE - 1;

		if (p->kinds & DEBUG_EXECUTE && ((p->address ^ pa) & compared) == 0)
			return true;
	}
	return false;
}

bool debug_stops(struct hart *h, u64 pa)
{
	const struct debug *d = h->debug;

	if (h->step_over.execution && is_passed_over(h))
		return false;
	for (u32 i = 0; i < d->count; i++) {
		const struct debug_point *p = &d->points[i];

		if (!(p->kinds & DEBUG_EXECUTE) || !(p->privs & BIT(h->priv)))
			continue;
		if (p->address != (p->physical ? pa : h->pc))
			continue;
		set_hit(h, i, DEBUG_EXECUTE, p->address);
		return true;
	}
	return false;
}

void debug_step_over(struct hart *h)
{
	const struct debug_hit *hit = h->debug ? &h->debug->hit : NULL;
	bool was_data = hit && hit->kind & (DEBUG_LOAD | DEBUG_STORE);

	h->step_over = (struct step_over){
		.pc = h->pc,
		.count = h->count,
		.execution = true,
		.data = was_data && hit->hart == h->id && hit->pc == h->pc && hit->count == h->count,
	};
}

/* --- data --- */

static bool watches_page(void *hart, u64 va_page, u64 pa_page)
{
	const struct hart *h = hart;

	for (u32 i = 0; i < h->debug->count; i++) {
		const struct debug_point *p = &h->debug->points[i];
		u64 page = p->physical ? pa_page : va_page;

		if (p->kinds & (DEBUG_LOAD | DEBUG_STORE) && p->address <= page + PAGE_SIZE - 1 && last_byte(p) >= page)
			return true;
	}
	return false;
}

static bool stops_access(void *hart, enum access access, u64 va, u64 pa, u32 size)
{
	struct hart *h = hart;
	enum debug_kind kind = access == ACCESS_LOAD ? DEBUG_LOAD : DEBUG_STORE;

	if (h->step_over.data && is_passed_over(h))
		return false;
	for (u32 i = 0; i < h->debug->count; i++) {
		const struct debug_point *p = &h->debug->points[i];
		u64 first = p->physical ? pa : va;

		if (!(p->kinds & kind) || !(p->privs & BIT(h->priv)))
			continue;
		if (p->address > first + size - 1 || last_byte(p) < first)
			continue;
		set_hit(h, i, kind, first < p->address ? p->address : first);
		return true;
	}
	return false;
}

static bool watches_data(const struct debug *d)
{
	for (u32 i = 0; i < d->count; i++)
		if (d->points[i].kinds & (DEBUG_LOAD | DEBUG_STORE))
			return true;
	return false;
}

void debug_apply(struct hart *h)
{
	static const struct mmu_watcher watcher = { .watches = watches_page, .stops = stops_access };

	if (!h->debug)
		return;
	if (h->blocks)
		block_cache_renew(h->blocks, h->debug->generation);
	mmu_watch(&h->mmu, watches_data(h->debug) ? &watcher : NULL);
}
