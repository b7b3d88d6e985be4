/*
 * Breakpoints and watchpoints: see cpu/debug.h. What is here runs only where a point is near: op_debug (cpu/interp.c)
 * asks in front of an instruction, the MMU (mmu/mmu.h, struct mmu_watcher) after an access to a page without fast
 * entries.
 *
 * A watchpoint gets the engine out as a device does: by mmu.device_touched, which is looked at when the instruction is
 * done.
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
	if (h->debug->hit.valid)
		return;
	h->debug->hit = (struct debug_hit){
		.valid = true, .kind = (u8)kind, .hart = h->id, .point = point, .address = address
	};
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
	bool passed_over = h->step_over.armed && h->step_over.pc == h->pc && h->step_over.count == h->count;

	h->step_over.armed = false;
	if (passed_over)
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
	h->step_over = (struct step_over){ .pc = h->pc, .count = h->count, .armed = true };
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

static void on_access(void *hart, enum access access, u64 va, u64 pa, u32 size)
{
	struct hart *h = hart;
	enum debug_kind kind = access == ACCESS_LOAD ? DEBUG_LOAD : DEBUG_STORE;

	for (u32 i = 0; i < h->debug->count; i++) {
		const struct debug_point *p = &h->debug->points[i];
		u64 first = p->physical ? pa : va;

		if (!(p->kinds & kind) || !(p->privs & BIT(h->priv)))
			continue;
		if (p->address > first + size - 1 || last_byte(p) < first)
			continue;
		set_hit(h, i, kind, first < p->address ? p->address : first);
		h->mmu.device_touched = true;
		return;
	}
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
	static const struct mmu_watcher watcher = { .watches = watches_page, .accessed = on_access };

	if (!h->debug)
		return;
	if (h->blocks)
		block_cache_renew(h->blocks, h->debug->generation);
	mmu_watch(&h->mmu, watches_data(h->debug) ? &watcher : NULL);
}
