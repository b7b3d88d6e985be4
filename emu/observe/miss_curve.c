/*
 * Stack distances with holes: see miss_curve.h.
 *
 * The stack is a row of places ordered by time, the top being the latest. A place has a bit in `places`; if what it
 * held was dropped by a fence, it has one in `holes` too. To use entry x, which is at place t:
 *  - its depth is the number of places from the top down to t;
 *  - a new place is made on top. Everything moves down by one as far as the first hole, or t: the topmost hole above t
 *    loses its place, and t becomes a hole (the larger TLBs still have that empty way); without one above, t itself
 *    loses its place. An entry that is not in the stack uses the topmost hole there is, or the stack grows.
 * When time comes to the end of the row, the places are moved together.
 */
#include "emu/observe/miss_curve.h"

#include <stdlib.h>
#include <string.h>

#define TIMES 16384 /* length of the row: several times the stack's depth, so that moving together is rare */
#define WORDS (TIMES / 64)
#define BUCKETS 8192
#define NONE UINT16_MAX
#define PAGE_SHIFT 12

struct node {
	u64 vpn;      /* first page */
	u16 asid;     /* 0 if global */
	u8 size_log2; /* bytes mapped */
	bool global;  /* matches every ASID */
	u16 time;     /* its place */
	u16 next;     /* in its bucket, or in the list of free nodes */
};

struct miss_curve {
	u64 hits[MISS_CURVE_MAX + 1]; /* [d]: uses and failed accesses found at depth d */
	u64 references;               /* uses and failed accesses */
	u64 sizes;                    /* bit n: an entry of 2^n bytes has been put in */
	u32 depth;                    /* places: entries and holes */
	u32 hole_count;               /* holes */
	u32 now;                      /* the next place */
	u32 second;           /* the place right below the top, where it is known to hold an entry; else TIMES */
	u16 free;             /* list of free nodes */
	u64 places[WORDS];    /* bit t: there is a place */
	u64 holes[WORDS];     /* bit t: and it is a hole */
	u16 at[TIMES];        /* node at a place that is no hole */
	u16 buckets[BUCKETS]; /* by hash of the entry */
	struct node nodes[MISS_CURVE_MAX + 1];
};

static u32 bucket_of(u64 vpn, u16 asid, u32 size_log2, bool global)
{
	u64 key = vpn ^ (u64)asid << 40 ^ (u64)size_log2 << 56 ^ (u64)global << 62;
	return (u32)(key * 0x9e3779b97f4a7c15ull >> 51);
}

static u64 first_vpn(u64 vpn, u32 size_log2)
{
	return vpn & ~MASK(size_log2 - PAGE_SHIFT);
}

void miss_curve_restart(struct miss_curve *c)
{
	memset(c->buckets, 0xff, sizeof(c->buckets));
	memset(c->places, 0, sizeof(c->places));
	memset(c->holes, 0, sizeof(c->holes));
	c->sizes = 0;
	c->depth = c->hole_count = c->now = 0;
	c->second = TIMES;
	for (u32 i = 0; i <= MISS_CURVE_MAX; i++)
		c->nodes[i].next = i == MISS_CURVE_MAX ? NONE : (u16)(i + 1);
	c->free = 0;
}

struct miss_curve *miss_curve_create(void)
{
	struct miss_curve *c = xcalloc(1, sizeof(*c));
	miss_curve_restart(c);
	return c;
}

void miss_curve_destroy(struct miss_curve *c)
{
	free(c);
}

/* --- entries --- */

static u16 find(const struct miss_curve *c, u64 vpn, u16 asid, u32 size_log2, bool global)
{
	u16 n = c->buckets[bucket_of(vpn, asid, size_log2, global)];
	for (; n != NONE; n = c->nodes[n].next) {
		const struct node *node = &c->nodes[n];
		if (node->vpn == vpn && node->asid == asid && node->size_log2 == size_log2 && node->global == global)
			return n;
	}
	return NONE;
}

/* The entry that answers for vpn, whatever its size. */
static u16 find_any(const struct miss_curve *c, u64 vpn, u16 asid)
{
	for (u64 sizes = c->sizes; sizes; sizes &= sizes - 1) {
		u32 size_log2 = (u32)__builtin_ctzll(sizes);
		u16 n = find(c, first_vpn(vpn, size_log2), asid, size_log2, false);
		if (n == NONE)
			n = find(c, first_vpn(vpn, size_log2), 0, size_log2, true);
		if (n != NONE)
			return n;
	}
	return NONE;
}

static u16 add_node(struct miss_curve *c, const struct miss_page *page)
{
	u16 n = c->free;
	struct node *node = &c->nodes[n];
	c->free = node->next;
	*node = (struct node){ .vpn = first_vpn(page->vpn, page->size_log2),
		               .asid = page->global ? 0 : page->asid,
		               .size_log2 = page->size_log2,
		               .global = page->global };
	u16 *bucket = &c->buckets[bucket_of(node->vpn, node->asid, node->size_log2, node->global)];
	node->next = *bucket;
	*bucket = n;
	c->sizes |= BIT(page->size_log2);
	return n;
}

static void remove_node(struct miss_curve *c, u16 n)
{
	struct node *node = &c->nodes[n];
	u16 *link = &c->buckets[bucket_of(node->vpn, node->asid, node->size_log2, node->global)];
	while (*link != n)
		link = &c->nodes[*link].next;
	*link = node->next;
	node->next = c->free;
	c->free = n;
}

/* --- places --- */

static void set_bit(u64 *row, u32 t)
{
	row[t / 64] |= BIT(t % 64);
}

static void clear_bit(u64 *row, u32 t)
{
	row[t / 64] &= ~BIT(t % 64);
}

/* Places from the top down to t, which is one of them. */
static u32 depth_of(const struct miss_curve *c, u32 t)
{
	u32 word = t / 64;
	u32 depth = (u32)__builtin_popcountll(c->places[word] >> t % 64);
	for (u32 i = word + 1; i <= c->now / 64 && i < WORDS; i++)
		depth += (u32)__builtin_popcountll(c->places[i]);
	return depth;
}

/* The highest set bit; there is one. */
static u32 topmost(const struct miss_curve *c, const u64 *row)
{
	u32 word = c->now / 64 < WORDS ? c->now / 64 : WORDS - 1;
	while (!row[word])
		word--;
	return 64 * word + 63 - (u32)__builtin_clzll(row[word]);
}

static bool is_entry(const struct miss_curve *c, u32 t)
{
	return (c->places[t / 64] & ~c->holes[t / 64]) >> t % 64 & 1;
}

static void drop_place(struct miss_curve *c, u32 t)
{
	if (c->holes[t / 64] >> t % 64 & 1) {
		clear_bit(c->holes, t);
		c->hole_count--;
	}
	clear_bit(c->places, t);
	c->depth--;
	c->second = TIMES;
}

static void make_hole(struct miss_curve *c, u32 t)
{
	set_bit(c->holes, t);
	c->hole_count++;
}

/* Moves all places to the beginning of the row. */
static void move_together(struct miss_curve *c)
{
	u32 to = 0;
	for (u32 word = 0; word < WORDS; word++) {
		u64 set = c->places[word], holes = c->holes[word];
		c->places[word] = c->holes[word] = 0;
		for (; set; set &= set - 1, to++) {
			u32 bit = (u32)__builtin_ctzll(set);
			set_bit(c->places, to);
			if (holes >> bit & 1) {
				set_bit(c->holes, to);
				continue;
			}
			c->at[to] = c->at[64 * word + bit];
			c->nodes[c->at[to]].time = (u16)to;
		}
	}
	c->now = to;
}

/* The lowest place goes: it is below the largest size. */
static void drop_lowest(struct miss_curve *c)
{
	u32 word = 0;
	while (!c->places[word])
		word++;
	u32 t = 64 * word + (u32)__builtin_ctzll(c->places[word]);
	if (!(c->holes[word] >> t % 64 & 1))
		remove_node(c, c->at[t]);
	drop_place(c, t);
}

static void put_on_top(struct miss_curve *c, u16 n)
{
	if (c->now == TIMES)
		move_together(c);
	c->second = c->now > 0 && is_entry(c, c->now - 1) ? c->now - 1 : TIMES;
	c->nodes[n].time = (u16)c->now;
	c->at[c->now] = n;
	set_bit(c->places, c->now);
	c->now++;
	c->depth++;
}

/* The two topmost entries change places: what two pages that take turns do all the time. */
static void swap_top(struct miss_curve *c)
{
	u32 top = c->now - 1;
	u16 n = c->at[top];
	c->at[top] = c->at[c->second];
	c->at[c->second] = n;
	c->nodes[n].time = (u16)c->second;
	c->nodes[c->at[top]].time = (u16)top;
}

/* --- the interface --- */

void miss_curve_use(struct miss_curve *c, const struct miss_page *page)
{
	u16 n = find(c, first_vpn(page->vpn, page->size_log2), page->global ? 0 : page->asid, page->size_log2,
	             page->global);

	c->references++;
	if (n == NONE) {
		if (c->hole_count)
			drop_place(c, topmost(c, c->holes));
		else if (c->depth == MISS_CURVE_MAX)
			drop_lowest(c);
		put_on_top(c, add_node(c, page));
		return;
	}
	u32 t = c->nodes[n].time;
	if (t + 1 == c->now) {
		c->hits[1]++;
		return;
	}
	if (t == c->second) {
		swap_top(c);
		c->hits[2]++;
		return;
	}
	c->hits[depth_of(c, t)]++;
	if (c->hole_count && topmost(c, c->holes) > t) {
		drop_place(c, topmost(c, c->holes));
		make_hole(c, t);
	} else {
		drop_place(c, t);
	}
	put_on_top(c, n);
}

void miss_curve_again(struct miss_curve *c, u64 count)
{
	c->references += count;
	c->hits[1] += count;
}

bool miss_curve_turn(struct miss_curve *c)
{
	if (c->second == TIMES)
		return false;
	swap_top(c);
	c->references++;
	c->hits[2]++;
	return true;
}

void miss_curve_fail(struct miss_curve *c, u64 vpn, u16 asid)
{
	u16 n = find_any(c, vpn, asid);
	c->references++;
	if (n != NONE)
		c->hits[depth_of(c, c->nodes[n].time)]++;
}

static bool is_fenced(const struct node *node, bool by_va, u64 vpn, bool by_asid, u16 asid)
{
	if (by_asid && (node->global || node->asid != asid))
		return false;
	return !by_va || first_vpn(vpn, node->size_log2) == node->vpn;
}

static void drop_entry(struct miss_curve *c, u16 n)
{
	make_hole(c, c->nodes[n].time);
	remove_node(c, n);
	c->second = TIMES;
}

void miss_curve_fence(struct miss_curve *c, bool by_va, u64 va, bool by_asid, u16 asid)
{
	u64 vpn = va >> PAGE_SHIFT;
	if (!by_va && !by_asid) {
		/* A stack of nothing but holes is an empty one. */
		miss_curve_restart(c);
		return;
	}
	for (u32 word = 0; word < WORDS && 64 * word < c->now; word++) {
		for (u64 set = c->places[word] & ~c->holes[word]; set; set &= set - 1) {
			u16 n = c->at[64 * word + (u32)__builtin_ctzll(set)];
			if (is_fenced(&c->nodes[n], by_va, vpn, by_asid, asid))
				drop_entry(c, n);
		}
	}
}

u64 miss_curve_references(const struct miss_curve *c)
{
	return c->references;
}

u64 miss_curve_misses(const struct miss_curve *c, u32 entries)
{
	u64 misses = c->references;
	for (u32 d = 1; d <= entries && d <= MISS_CURVE_MAX; d++)
		misses -= c->hits[d];
	return misses;
}
