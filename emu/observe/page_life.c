/*
 * What happened to pages and frames, one after another: for the biography of one.
 *
 * When there are too many events, pages and frames are chosen rather than events, so that the lives that are kept are
 * whole: an event stays if its page's or its frame's hash is below a threshold, which is halved whenever the store is
 * full. Whatever has no page counts as page 0. Of one page (or some that share a hash) no more than LIFE_OF_ONE are
 * kept, or a trap loop would drive all others out. The page's script computes the same hash.
 */
#include "emu/observe/page_internal.h"

#include <stdlib.h>

#define LIFE_MAX 25000     /* events */
#define LIFE_OF_ONE 600    /* events of a page of a space */
#define LIFE_HASH_SHIFT 16 /* the upper bits of a hash say where that is counted */
#define ADOPTIONS_MAX 5000 /* of a sane guest a few are due; another may not keep us busy */

/* Which page was last in a frame, or went to a slot of swap: hints of swapping name the frame and the slot only. What
 * has the same place drives out what was there. */
#define HOMES (1u << 16)

struct home {
	u64 of; /* frame or slot, + 1; 0: none */
	u64 va;
	u32 space;
	u16 owner;
};

struct page_life {
	struct page_life_event *events;
	u32 count;
	u64 seen;      /* events there were */
	u64 cut;       /* left out because their page has too many */
	u32 orphans;   /* events with a space but no owner, at least */
	u32 adoptions; /* how often owners were looked for */
	u32 threshold; /* an event stays if a hash of it is not above */
	u16 of_page[1u << (32 - LIFE_HASH_SHIFT)];
	struct home frames[HOMES], slots[HOMES];
};

struct page_life *page_life_create(void)
{
	struct page_life *l = xcalloc(1, sizeof(*l));
	l->events = xcalloc(LIFE_MAX, sizeof(*l->events));
	l->threshold = UINT32_MAX;
	return l;
}

void page_life_destroy(struct page_life *l)
{
	free(l->events);
	free(l);
}

static u32 mix(u32 v)
{
	v = (v ^ v >> 16) * 0x7feb352du;
	v = (v ^ v >> 15) * 0x846ca68bu;
	return v ^ v >> 16;
}

/* By the address alone, so that one asked for in any address space is either kept in all or in none. */
static bool stays(const struct page_life *l, const struct page_life_event *e)
{
	u32 page = mix((u32)(e->va >> 12) ^ mix((u32)(e->va >> 44)));
	bool has_many =
		(e->kind == PAGE_LIFE_FRAME && e->extra >> 8 > 1) || (e->kind == PAGE_LIFE_UNMAP && e->extra > 1);
	bool is_swap = e->kind == PAGE_LIFE_SWAP_OUT || e->kind == PAGE_LIFE_SWAP_IN;
	bool is_of_page = e->kind != PAGE_LIFE_FRAME && (!is_swap || e->va);
	return (is_of_page && page <= l->threshold) || (e->frame && mix(e->frame) <= l->threshold) ||
	       (has_many && l->threshold > UINT32_MAX >> 6);
}

static void move_in(struct home *homes, u64 of, const struct page_life_event *e)
{
	homes[mix((u32)of) % HOMES] = (struct home){ of + 1, e->va, e->space, e->owner };
}

static void take_home(const struct home *homes, u64 of, struct page_life_event *e)
{
	const struct home *home = &homes[mix((u32)of) % HOMES];
	if (home->of != of + 1)
		return;
	e->va = home->va;
	e->space = home->space;
	e->owner = home->owner;
}

/* Says of swapping which page it was. */
static void find_page(struct page_life *l, struct page_life_event *e)
{
	if (e->kind == PAGE_LIFE_MAP && e->frame)
		move_in(l->frames, e->frame, e);
	if (e->kind == PAGE_LIFE_SWAP_OUT) {
		take_home(l->frames, e->frame, e);
		move_in(l->slots, e->extra, e);
	}
	if (e->kind == PAGE_LIFE_SWAP_IN) {
		take_home(l->slots, e->extra, e);
		move_in(l->frames, e->frame, e);
	}
}

void page_life_see(struct page_life *l, const struct page_life_event *seen)
{
	struct page_life_event found = *seen;
	const struct page_life_event *event = &found;
	find_page(l, &found);
	u32 place = mix((u32)(event->va >> 12) ^ mix(event->frame ^ (u32)event->owner << 16 ^ event->space));
	u16 *of_page = &l->of_page[place >> LIFE_HASH_SHIFT];
	l->seen++;
	if (*of_page == LIFE_OF_ONE) {
		l->cut++;
		return;
	}
	(*of_page)++;
	while (l->count == LIFE_MAX) {
		l->threshold /= 2;
		u32 kept = 0;
		for (u32 i = 0; i < l->count; i++)
			if (stays(l, &l->events[i]))
				l->events[kept++] = l->events[i];
		l->count = kept;
		if (l->threshold == 0)
			return;
	}
	if (!stays(l, event))
		return;
	l->events[l->count++] = *event;
	l->orphans += event->space && !event->owner;
}

void page_life_adopt(struct page_life *l, u32 space, u16 owner)
{
	if (l->orphans == 0 || l->adoptions >= ADOPTIONS_MAX)
		return;
	l->adoptions++;
	l->orphans = 0;
	for (u32 i = 0; i < l->count; i++) {
		struct page_life_event *e = &l->events[i];
		if (e->owner || !e->space)
			continue;
		if (e->space == space)
			e->owner = owner;
		else
			l->orphans++;
	}
}

void page_life_write(const struct page_life *l, FILE *out)
{
	double *when = xcalloc(LIFE_MAX, sizeof(*when));
	u64 *wide = xcalloc(LIFE_MAX, sizeof(*wide));
	u32 *frame = xcalloc(LIFE_MAX, sizeof(*frame));
	u16 *owner = xcalloc(LIFE_MAX, sizeof(*owner));
	u8 *kind = xcalloc(LIFE_MAX, sizeof(*kind));
	fprintf(out, ",\"life\":{\"count\":%u", l->count);
	page_json_number(out, "seen", l->seen);
	page_json_number(out, "cut", l->cut);
	page_json_number(out, "threshold", l->threshold);
	for (u32 i = 0; i < l->count; i++) {
		when[i] = (double)l->events[i].when;
		frame[i] = l->events[i].frame;
		owner[i] = l->events[i].owner;
		kind[i] = l->events[i].kind;
		wide[i] = l->events[i].va;
	}
	page_json_column(out, "when", "f64", when, l->count * sizeof(*when));
	page_json_column(out, "frame", "u32", frame, l->count * sizeof(*frame));
	page_json_column(out, "owner", "u16", owner, l->count * sizeof(*owner));
	page_json_column(out, "kind", "u8", kind, l->count);
	page_json_column(out, "va", "u64", wide, l->count * sizeof(*wide));
	for (u32 i = 0; i < l->count; i++)
		wide[i] = l->events[i].extra;
	page_json_column(out, "extra", "u64", wide, l->count * sizeof(*wide));
	fputc('}', out);
	free(when);
	free(wide);
	free(frame);
	free(owner);
	free(kind);
}
