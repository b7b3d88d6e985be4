/*
 * Page replacement by the book: see oracle.h. Each is a loop over the whole string, with no more than constant time for
 * a reference, but for OPT, which keeps a heap.
 */
#include <stdlib.h>
#include <string.h>

#include "emu/observe/oracle.h"

#define NEVER UINT32_MAX

/* A ring of frames: FIFO, and clock if `used` is looked at. */
static u64 ring_faults(const u32 *references, u32 count, u32 pages, u32 frames, bool is_clock)
{
	u32 *ring = xcalloc(frames, sizeof(*ring));
	u8 *in = xcalloc(pages, 1), *used = xcalloc(pages, 1);
	u32 filled = 0, hand = 0;
	u64 faults = 0;
	for (u32 i = 0; i < count; i++) {
		u32 page = references[i];
		used[page] = 1;
		if (in[page])
			continue;
		faults++;
		in[page] = 1;
		if (filled < frames) {
			ring[filled++] = page;
			continue;
		}
		while (is_clock && used[ring[hand]]) {
			used[ring[hand]] = 0;
			hand = hand + 1 == frames ? 0 : hand + 1;
		}
		in[ring[hand]] = 0;
		ring[hand] = page;
		hand = hand + 1 == frames ? 0 : hand + 1;
	}
	free(ring);
	free(in);
	free(used);
	return faults;
}

/* Pages in the order of use: a list through arrays; [pages] is its head, whose `before` is the one used longest ago. */
struct list {
	u32 *before, *after;
};

static void unlink_page(struct list *l, u32 page)
{
	l->after[l->before[page]] = l->after[page];
	l->before[l->after[page]] = l->before[page];
}

static void put_first(struct list *l, u32 head, u32 page)
{
	l->before[page] = head;
	l->after[page] = l->after[head];
	l->before[l->after[head]] = page;
	l->after[head] = page;
}

static u64 lru_faults(const u32 *references, u32 count, u32 pages, u32 frames)
{
	struct list l = { .before = xcalloc((size_t)pages + 1, sizeof(u32)),
		          .after = xcalloc((size_t)pages + 1, sizeof(u32)) };
	u8 *in = xcalloc(pages, 1);
	u32 filled = 0;
	u64 faults = 0;
	l.before[pages] = l.after[pages] = pages;
	for (u32 i = 0; i < count; i++) {
		u32 page = references[i];
		if (in[page]) {
			unlink_page(&l, page);
		} else {
			faults++;
			in[page] = 1;
			if (filled == frames) {
				u32 victim = l.before[pages];
				unlink_page(&l, victim);
				in[victim] = 0;
			} else {
				filled++;
			}
		}
		put_first(&l, pages, page);
	}
	free(l.before);
	free(l.after);
	free(in);
	return faults;
}

/* Pages by their next use, the farthest on top: next use in the high half, page in the low. */
struct heap {
	u64 *all; /* children of i are 2i+1 and 2i+2 */
	u32 count, capacity;
};

static void sift_down(struct heap *h, u32 i)
{
	u64 item = h->all[i];
	for (u32 child; (child = 2 * i + 1) < h->count; i = child) {
		if (child + 1 < h->count && h->all[child + 1] > h->all[child])
			child++;
		if (h->all[child] <= item)
			break;
		h->all[i] = h->all[child];
	}
	h->all[i] = item;
}

/* Drops what lies in the past: it belongs to pages that have been used again since. */
static void heap_tidy(struct heap *h, u32 now)
{
	u32 kept = 0;
	for (u32 i = 0; i < h->count; i++)
		if (h->all[i] >> 32 > now)
			h->all[kept++] = h->all[i];
	h->count = kept;
	for (u32 i = kept / 2; i-- > 0;)
		sift_down(h, i);
}

static void heap_push(struct heap *h, u64 item)
{
	u32 i = h->count++;
	for (; i > 0 && h->all[(i - 1) / 2] < item; i = (i - 1) / 2)
		h->all[i] = h->all[(i - 1) / 2];
	h->all[i] = item;
}

static u32 heap_pop(struct heap *h)
{
	u32 page = (u32)h->all[0];
	h->all[0] = h->all[--h->count];
	sift_down(h, 0);
	return page;
}

/* When each reference's page is used next. */
static u32 *next_uses(const u32 *references, u32 count, u32 pages)
{
	u32 *next = xcalloc((size_t)count + 1, sizeof(*next));
	u32 *seen = xcalloc(pages, sizeof(*seen));
	memset(seen, 0xff, pages * sizeof(*seen));
	for (u32 i = count; i-- > 0;) {
		next[i] = seen[references[i]];
		seen[references[i]] = i;
	}
	free(seen);
	return next;
}

/* A page that is used again has an older item in the heap, which lies in the past then and below all others. */
static u64 opt_faults(const u32 *references, u32 count, u32 pages, u32 frames)
{
	u32 *next = next_uses(references, count, pages);
	u8 *in = xcalloc(pages, 1);
	struct heap h = { .capacity = 2 * frames + 1024 };
	u32 filled = 0;
	u64 faults = 0;
	h.all = xcalloc(h.capacity, sizeof(*h.all));
	for (u32 i = 0; i < count; i++) {
		u32 page = references[i];
		if (!in[page]) {
			faults++;
			if (filled == frames)
				in[heap_pop(&h)] = 0;
			else
				filled++;
			in[page] = 1;
		}
		if (h.count == h.capacity)
			heap_tidy(&h, i);
		heap_push(&h, (u64)next[i] << 32 | page);
	}
	free(next);
	free(in);
	free(h.all);
	return faults;
}

u64 oracle_faults(enum oracle_policy policy, const u32 *references, u32 count, u32 pages, u32 frames)
{
	if (frames > pages)
		frames = pages;
	if (count == 0 || frames == 0)
		return 0;
	switch (policy) {
	case ORACLE_OPT:
		return opt_faults(references, count, pages, frames);
	case ORACLE_LRU:
		return lru_faults(references, count, pages, frames);
	case ORACLE_CLOCK:
		return ring_faults(references, count, pages, frames, true);
	default:
		return ring_faults(references, count, pages, frames, false);
	}
}
