/*
 * Code that changed, and fence.i.
 *
 * A hart's instruction cache may hold what it has run since its last fence.i, and whatever lies near: pages are what it
 * runs here, granules of 64 bytes are what stores change. The bytes of code as last run are kept, so that a store to
 * data that shares a granule with code is no finding: the instructions about to be run must differ. Code in a frame
 * that the hart has not run before needs fence.i by the manual, too; no hardware goes wrong there, and it is not told.
 */
#include "mmu/check_internal.h"

#include <stdio.h>
#include <string.h>

#define GRANULE 64

/* The granules of size bytes at pa, which lie in one page. */
static u64 granules_of(u64 pa, u64 size)
{
	u64 first = (pa & (PAGE_SIZE - 1)) / GRANULE, last = ((pa & (PAGE_SIZE - 1)) + size - 1) / GRANULE;

	return bits(~0ull, (unsigned)(last - first), 0) << first;
}

/* Changes of code are noted by granule; PTEs are aligned, so these keys are no PTE's. */
static u64 key_of(u64 page, u32 granule)
{
	return (page + granule * GRANULE) | 1;
}

static struct check_sight *sight_of(struct check_code *code, struct mmu_check *check, u32 hart)
{
	struct check_sight *sight = &code->seen[hart];

	if (sight->epoch != check->harts[hart].epoch)
		*sight = (struct check_sight){ .epoch = check->harts[hart].epoch };
	return sight;
}

void check_code_written(struct mmu_check *check, struct check_page *page, u64 pa, u64 size)
{
	struct check_code *code = page->code;
	u64 granules = granules_of(pa, size) & code->has;
	const u8 *now = bus_ram(check->bus, page->pa, PAGE_SIZE);

	for (; granules; granules &= granules - 1) {
		u32 granule = (u32)__builtin_ctzll(granules);

		if (memcmp(now + granule * GRANULE, code->bytes + granule * GRANULE, GRANULE) == 0)
			continue;
		code->has &= ~BIT(granule);
		check_changed(check, key_of(page->pa, granule));
		for (u32 i = 0; i < check->hart_count; i++) {
			struct check_sight *sight = sight_of(code, check, i);

			sight->stale |= sight->ran & BIT(granule);
		}
	}
}

/* Copies the granules that were changed, or are new; other harts may still have them as they were. */
static void copy_granules(struct mmu_check *check, struct check_code *code, const u8 *now, u64 granules)
{
	for (; granules; granules &= granules - 1) {
		u32 granule = (u32)__builtin_ctzll(granules);
		u8 *copy = code->bytes + granule * GRANULE;

		if (code->copied >> granule & 1 && memcmp(copy, now + granule * GRANULE, GRANULE) != 0)
			for (u32 i = 0; i < check->hart_count; i++) {
				struct check_sight *sight = sight_of(code, check, i);

				sight->differs |= sight->stale & BIT(granule);
			}
		memcpy(copy, now + granule * GRANULE, GRANULE);
		code->copied |= BIT(granule);
		code->has |= BIT(granule);
	}
}

/* The first of these instructions' bytes that the hart may have otherwise: its offset in the page, or PAGE_SIZE. */
static u64 first_difference(const struct check_code *code, const struct check_sight *sight, const u8 *now, u64 offset,
                            u64 size)
{
	for (u64 at = offset; at < offset + size; at++) {
		u64 granule = at / GRANULE;

		if (!(sight->stale >> granule & 1))
			continue;
		if (sight->differs >> granule & 1 || code->bytes[at] != now[at])
			return at;
	}
	return PAGE_SIZE;
}

static u32 word_at(const u8 *bytes, u64 offset)
{
	u32 word;

	memcpy(&word, bytes + (offset & (PAGE_SIZE - 4)), 4);
	return word;
}

/* False: the one who changed it may still be about to have this hart fence. */
static bool report_code(struct mmu_check *check, struct check_hart *h, u64 va, struct check_page *page, u64 at,
                        const u8 *now)
{
	const struct check_change *change = check_change_of(check, key_of(page->pa, (u32)(at / GRANULE)));
	struct check_report report = {
		.kind = CHECK_FENCE_I,
		.use = check_here(h->m, CHECK_BY_STORE),
		.va = va,
		.access = ACCESS_FETCH,
		.asid = h->m->asid,
		.had = word_at(page->code->bytes, at),
		.has = word_at(now, at),
		.pa_had = page->pa + at,
		.pa_has = page->pa + at,
		.satp_had = h->m->satp,
		.satp_has = h->m->satp,
		.missing = check->words,
	};

	if (change) {
		if (check_in_window(check, h, &change->place, change->seq))
			return false;
		report.culprit = change->place;
	}
	snprintf(check->words, sizeof(check->words), "fence.i on hart %u", h->id);
	check_tell(check, &report, report.culprit.known ? report.culprit.pc : report.pa_had, va);
	return true;
}

void check_code_run(struct mmu_check *check, struct mmu *m, u64 va, u64 pa, u64 size)
{
	struct check_hart *h = check_hart_of(check, m);
	struct check_page *page = check_page_at(check, pa);
	const u8 *now = bus_ram(check->bus, page->pa, PAGE_SIZE);
	u64 granules = granules_of(pa, size), at, had;
	struct check_sight *sight;

	if (!page->code) {
		page->code = xcalloc(1, sizeof(*page->code));
		page->code->seen = xcalloc(check->hart_count, sizeof(*page->code->seen));
	}
	sight = sight_of(page->code, check, (u32)(h - check->harts));
	if (unlikely(sight->stale & granules)) {
		at = first_difference(page->code, sight, now, pa & (PAGE_SIZE - 1), size);
		if (at == PAGE_SIZE || report_code(check, h, va + (at - (pa & (PAGE_SIZE - 1))), page, at, now)) {
			sight->stale &= ~granules;
			sight->differs &= ~granules;
		}
	}
	had = page->code->has;
	if (granules & ~had) {
		copy_granules(check, page->code, now, granules & ~had);
		check_page_watch(check, page);
	}
	sight->ran |= page->code->has;
}

void check_fence_i(struct mmu_check *check, struct mmu *m)
{
	struct check_hart *h = check_hart_of(check, m);

	h->epoch++;
	/* What is run from now on is to be seen again. */
	m->fetch_drop(m->owner, true, 0);
}
