/*
 * Which walks are on the page: all of them while there are few; otherwise
 *     of each reason to fail the first and then a uniform sample, WALKS_OF_REASON,
 *     the slowest ones, WALKS_SLOWEST,
 *     the first walk of a page, WALKS_FIRST, a uniform sample when there are more pages,
 *     of each bucket of time a uniform sample of WALKS_OF_BUCKET,
 * and counts by page and by pc, which are of all walks (until there are COUNTED_MAX pages, or pcs).
 *
 * Chance is a generator that always begins alike: the same run file makes the same page.
 */
#include "emu/observe/page_internal.h"

#include <stdlib.h>
#include <string.h>

#define WALKS_ALL 10000
#define WALKS_OF_REASON 150
#define WALKS_SLOWEST 500
#define WALKS_FIRST 2500
#define WALKS_OF_BUCKET 2
#define COUNTED_MAX 200000
#define HOTTEST_PAGES 3000
#define HOTTEST_PCS 400
#define SPACE_SHIFT 52 /* a page's key: space << 52 | vpn */

/* A uniform sample of what was shown to it. */
struct sample {
	struct page_walk *kept;
	u32 room;
	u64 seen;
};

/* A page or a pc. */
struct counted {
	u64 key;
	u64 first, last; /* when walked for */
	u32 walks, failed;
	u64 cycles;
};

struct counting {
	struct page_map map;
	struct counted *all;
	u32 room;
	u64 missed; /* walks of those for which there was no room */
};

struct page_walks {
	u64 random;
	u32 total;
	struct page_walk *all; /* the first WALKS_ALL; NULL once there are more */
	struct sample reasons[WALK_REASONS];
	struct page_walk *slowest; /* a heap: the fastest of them first */
	u32 slowest_count;
	struct sample firsts;
	struct sample buckets[PAGE_BUCKETS];
	struct counting pages, pcs;
	u64 cycles[MMU_WALK_BUCKETS];             /* walks by cycles, as struct mmu_stats has them */
	u64 ptes[WALK_LEVELS_MAX * WALK_SOURCES]; /* PTEs by level, and where they were found */
	u64 sizes[64];                            /* walks by the log2 of what they found; 0: they failed */
};

struct page_walks *page_walks_create(void)
{
	struct page_walks *w = xcalloc(1, sizeof(*w));
	w->random = 0x9e3779b97f4a7c15ull;
	w->all = xcalloc(WALKS_ALL, sizeof(*w->all));
	w->slowest = xcalloc(WALKS_SLOWEST, sizeof(*w->slowest));
	w->firsts = (struct sample){ xcalloc(WALKS_FIRST, sizeof(*w->all)), WALKS_FIRST, 0 };
	for (u32 i = 0; i < PAGE_BUCKETS; i++)
		w->buckets[i] = (struct sample){ xcalloc(WALKS_OF_BUCKET, sizeof(*w->all)), WALKS_OF_BUCKET, 0 };
	w->pages.map.limit = w->pcs.map.limit = COUNTED_MAX;
	return w;
}

static void counting_free(struct counting *c)
{
	page_map_free(&c->map);
	free(c->all);
}

void page_walks_destroy(struct page_walks *w)
{
	free(w->all);
	free(w->slowest);
	free(w->firsts.kept);
	for (u32 i = 0; i < WALK_REASONS; i++)
		free(w->reasons[i].kept);
	for (u32 i = 0; i < PAGE_BUCKETS; i++)
		free(w->buckets[i].kept);
	counting_free(&w->pages);
	counting_free(&w->pcs);
	free(w);
}

static u64 chance(struct page_walks *w, u64 below)
{
	w->random ^= w->random << 13;
	w->random ^= w->random >> 7;
	w->random ^= w->random << 17;
	return w->random % below;
}

/* --- rules --- */

static void sample_see(struct page_walks *w, struct sample *s, const struct page_walk *walk)
{
	u64 at = s->seen < s->room ? s->seen : chance(w, s->seen + 1);
	s->seen++;
	if (at < s->room)
		s->kept[at] = *walk;
}

static u32 sample_count(const struct sample *s)
{
	return s->seen < s->room ? (u32)s->seen : s->room;
}

/* Makes of two samples one of both: each place is taken from one of them, in the proportion of what they have seen. */
static void sample_join(struct page_walks *w, struct sample *to, const struct sample *a, const struct sample *b)
{
	struct page_walk kept[WALKS_OF_BUCKET];
	u32 left[2] = { sample_count(a), sample_count(b) };
	u32 used[2] = { 0, 0 };
	u32 count = 0;
	u64 seen = a->seen + b->seen;
	while (count < WALKS_OF_BUCKET && (used[0] < left[0] || used[1] < left[1])) {
		u32 from = chance(w, seen) < a->seen ? 0 : 1;
		if (used[from] == left[from])
			from = 1 - from;
		kept[count++] = (from == 0 ? a : b)->kept[used[from]++];
	}
	if (count)
		memcpy(to->kept, kept, count * sizeof(kept[0]));
	to->seen = seen;
}

void page_walks_halve(struct page_walks *w)
{
	for (u32 i = 0; i < PAGE_BUCKETS / 2; i++)
		sample_join(w, &w->buckets[i], &w->buckets[2 * i], &w->buckets[2 * i + 1]);
	for (u32 i = PAGE_BUCKETS / 2; i < PAGE_BUCKETS; i++)
		w->buckets[i].seen = 0;
}

/* Keeps the walks with most cycles; of equals the earlier ones. */
static void slowest_see(struct page_walks *w, const struct page_walk *walk)
{
	struct page_walk *heap = w->slowest;
	if (walk->cycles == 0)
		return;
	if (w->slowest_count < WALKS_SLOWEST) {
		u32 at = w->slowest_count++;
		for (; at && heap[(at - 1) / 2].cycles > walk->cycles; at = (at - 1) / 2)
			heap[at] = heap[(at - 1) / 2];
		heap[at] = *walk;
		return;
	}
	if (walk->cycles <= heap[0].cycles)
		return;
	u32 at = 0;
	for (;;) {
		u32 child = 2 * at + 1;
		if (child + 1 < WALKS_SLOWEST && heap[child + 1].cycles < heap[child].cycles)
			child++;
		if (child >= WALKS_SLOWEST || heap[child].cycles >= walk->cycles)
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = *walk;
}

/* Counts a walk for its page or pc. True: it is the first. */
static bool counting_see(struct counting *c, u64 key, const struct page_walk *walk)
{
	bool is_new;
	u32 index = page_map_add(&c->map, key, &is_new);
	if (index == PAGE_MAP_FULL) {
		c->missed++;
		return true;
	}
	if (index >= c->room) {
		c->room = c->room ? c->room * 2 : 1024;
		c->all = xrealloc(c->all, c->room * sizeof(*c->all));
	}
	struct counted *one = &c->all[index];
	if (is_new)
		*one = (struct counted){ .key = key, .first = walk->when };
	one->last = walk->when;
	one->walks++;
	one->failed += walk->reason != WALK_OK;
	one->cycles += walk->cycles;
	return is_new;
}

/* The histograms, which are of all walks. */
static void count_walk(struct page_walks *w, const struct page_walk *walk)
{
	u32 bucket = walk->cycles ? 31 - (u32)__builtin_clz(walk->cycles) : 0;
	w->cycles[bucket < MMU_WALK_BUCKETS ? bucket : MMU_WALK_BUCKETS - 1]++;
	w->sizes[walk->reason == WALK_OK ? walk->size_log2 & 63 : 0]++;
	for (u32 i = 0; i < walk->step_count; i++) {
		const struct walk_step *step = &walk->steps[i];
		w->ptes[step->level % WALK_LEVELS_MAX * WALK_SOURCES + step->source % WALK_SOURCES]++;
	}
}

void page_walks_see(struct page_walks *w, const struct page_walk *seen)
{
	struct page_walk walk = *seen;
	walk.number = w->total;
	if (w->total < UINT32_MAX)
		w->total++;
	if (w->all && walk.number < WALKS_ALL) {
		w->all[walk.number] = walk;
	} else {
		free(w->all);
		w->all = NULL;
	}
	if (walk.reason != WALK_OK && walk.reason < WALK_REASONS) {
		struct sample *s = &w->reasons[walk.reason];
		if (!s->kept)
			*s = (struct sample){ xcalloc(WALKS_OF_REASON, sizeof(walk)), WALKS_OF_REASON, 0 };
		sample_see(w, s, &walk);
	}
	count_walk(w, &walk);
	slowest_see(w, &walk);
	u64 page = (u64)walk.space << SPACE_SHIFT | (walk.va >> 12 & (BIT(SPACE_SHIFT) - 1));
	if (counting_see(&w->pages, page, &walk))
		sample_see(w, &w->firsts, &walk);
	counting_see(&w->pcs, walk.pc, &walk);
	sample_see(w, &w->buckets[walk.bucket], &walk);
}

/* --- what is written --- */

static int by_number(const void *a, const void *b)
{
	u32 x = ((const struct page_walk *)a)->number, y = ((const struct page_walk *)b)->number;
	return (x > y) - (x < y);
}

static int by_walks(const void *a, const void *b)
{
	const struct counted *x = a, *y = b;
	if (x->walks != y->walks)
		return x->walks < y->walks ? 1 : -1;
	return (x->key > y->key) - (x->key < y->key);
}

static void gather(struct page_walk *to, u32 *count, const struct page_walk *from, u32 n)
{
	if (n)
		memcpy(&to[*count], from, n * sizeof(*to));
	*count += n;
}

/* All that are kept, in order and once each. Free the answer. */
static struct page_walk *kept_walks(const struct page_walks *w, u32 *count)
{
	u32 most = w->total < WALKS_ALL ? w->total + 1
	                                : WALK_REASONS * WALKS_OF_REASON + WALKS_SLOWEST + WALKS_FIRST +
	                                          PAGE_BUCKETS * WALKS_OF_BUCKET + WALKS_ALL;
	struct page_walk *kept = xcalloc(most, sizeof(*kept));
	*count = 0;
	if (w->all) {
		gather(kept, count, w->all, w->total);
		return kept;
	}
	for (u32 i = 0; i < WALK_REASONS; i++)
		gather(kept, count, w->reasons[i].kept, sample_count(&w->reasons[i]));
	gather(kept, count, w->slowest, w->slowest_count);
	gather(kept, count, w->firsts.kept, sample_count(&w->firsts));
	for (u32 i = 0; i < PAGE_BUCKETS; i++)
		gather(kept, count, w->buckets[i].kept, sample_count(&w->buckets[i]));
	qsort(kept, *count, sizeof(*kept), by_number);
	u32 once = 0;
	for (u32 i = 0; i < *count; i++)
		if (i == 0 || kept[i].number != kept[once - 1].number)
			kept[once++] = kept[i];
	*count = once;
	return kept;
}

/* A column of one field of an array of structs. */
static void write_field(FILE *out, const char *name, const char *type, const void *first, u32 count, size_t stride,
                        size_t size)
{
	char *column = xcalloc(count ? count : 1, size);
	for (u32 i = 0; i < count; i++)
		memcpy(column + i * size, (const char *)first + i * stride, size);
	page_json_column(out, name, type, column, count * size);
	free(column);
}

#define WRITE_FIELD(out, name, type, array, count, field)                                                              \
	write_field(out, name, type, &(array)[0].field, count, sizeof((array)[0]), sizeof((array)[0].field))

static void write_steps(const struct page_walk *kept, u32 count, FILE *out)
{
	u32 steps = 0;
	for (u32 i = 0; i < count; i++)
		steps += kept[i].step_count;
	struct walk_step *all = xcalloc(steps ? steps : 1, sizeof(*all));
	steps = 0;
	for (u32 i = 0; i < count; i++)
		for (u32 k = 0; k < kept[i].step_count; k++)
			all[steps++] = kept[i].steps[k];
	WRITE_FIELD(out, "stepAddr", "u64", all, steps, pte_addr);
	WRITE_FIELD(out, "stepPte", "u64", all, steps, pte);
	WRITE_FIELD(out, "stepLevel", "u8", all, steps, level);
	WRITE_FIELD(out, "stepSource", "u8", all, steps, source);
	WRITE_FIELD(out, "stepCycles", "u16", all, steps, cycles);
	free(all);
}

static void write_walks(const struct page_walks *w, struct page_symbols *symbols, FILE *out)
{
	u32 count;
	struct page_walk *kept = kept_walks(w, &count);
	u16 *names = xcalloc(count + 1, sizeof(*names));
	for (u32 i = 0; i < count; i++)
		names[i] = page_symbols_add(symbols, kept[i].pc, 0, 0);
	fprintf(out, ",\"walks\":{\"count\":%u", count);
	page_json_number(out, "total", w->total);
	fprintf(out, ",\"all\":%s", w->all ? "true" : "false");
	WRITE_FIELD(out, "number", "u32", kept, count, number);
	WRITE_FIELD(out, "when", "u64", kept, count, when);
	WRITE_FIELD(out, "ns", "u64", kept, count, time_ns);
	WRITE_FIELD(out, "pc", "u64", kept, count, pc);
	WRITE_FIELD(out, "va", "u64", kept, count, va);
	WRITE_FIELD(out, "pa", "u64", kept, count, pa);
	WRITE_FIELD(out, "cycles", "u32", kept, count, cycles);
	WRITE_FIELD(out, "space", "u16", kept, count, space);
	WRITE_FIELD(out, "owner", "u16", kept, count, owner);
	WRITE_FIELD(out, "hart", "u8", kept, count, hart);
	WRITE_FIELD(out, "access", "u8", kept, count, access);
	WRITE_FIELD(out, "priv", "u8", kept, count, priv);
	WRITE_FIELD(out, "reason", "u8", kept, count, reason);
	WRITE_FIELD(out, "first", "u8", kept, count, first);
	WRITE_FIELD(out, "second", "u8", kept, count, second);
	WRITE_FIELD(out, "size", "u8", kept, count, size_log2);
	WRITE_FIELD(out, "level", "u8", kept, count, level);
	WRITE_FIELD(out, "levels", "u8", kept, count, levels);
	WRITE_FIELD(out, "steps", "u8", kept, count, step_count);
	WRITE_FIELD(out, "flags", "u8", kept, count, flags);
	WRITE_FIELD(out, "pte", "u64", kept, count, pte);
	page_json_column(out, "symbol", "u16", names, count * sizeof(*names));
	write_steps(kept, count, out);
	fputc('}', out);
	free(names);
	free(kept);
}

/* The hottest of a count, and how many there were. */
static void write_counting(const struct counting *c, const char *name, u32 most, struct page_symbols *symbols,
                           FILE *out)
{
	u32 count = c->map.count;
	struct counted *sorted = xcalloc(count ? count : 1, sizeof(*sorted));
	if (count)
		memcpy(sorted, c->all, count * sizeof(*sorted));
	qsort(sorted, count, sizeof(*sorted), by_walks);
	u32 shown = count < most ? count : most;
	u16 *names = xcalloc(count + 1, sizeof(*names));
	for (u32 i = 0; symbols && i < count; i++)
		names[i] = page_symbols_add(symbols, sorted[i].key, sorted[i].walks, sorted[i].cycles);
	fprintf(out, ",\"%s\":{\"count\":%u", name, shown);
	page_json_number(out, "total", count);
	page_json_number(out, "missed", c->missed);
	WRITE_FIELD(out, "key", "u64", sorted, shown, key);
	WRITE_FIELD(out, "first", "u64", sorted, shown, first);
	WRITE_FIELD(out, "last", "u64", sorted, shown, last);
	WRITE_FIELD(out, "walks", "u32", sorted, shown, walks);
	WRITE_FIELD(out, "failed", "u32", sorted, shown, failed);
	WRITE_FIELD(out, "cycles", "u64", sorted, shown, cycles);
	if (symbols)
		page_json_column(out, "symbol", "u16", names, shown * sizeof(*names));
	fputc('}', out);
	free(names);
	free(sorted);
}

void page_walks_write(const struct page_walks *w, const struct symbols *from, FILE *out)
{
	struct page_symbols symbols;
	page_symbols_init(&symbols, from);
	write_counting(&w->pcs, "pcs", HOTTEST_PCS, &symbols, out);
	write_counting(&w->pages, "pages", HOTTEST_PAGES, NULL, out);
	write_walks(w, &symbols, out);
	page_symbols_write(&symbols, out);
	fputs(",\"histograms\":{\"of\":\"walks\"", out);
	page_json_column(out, "cycles", "u64", w->cycles, sizeof(w->cycles));
	page_json_column(out, "ptes", "u64", w->ptes, sizeof(w->ptes));
	page_json_column(out, "sizes", "u64", w->sizes, sizeof(w->sizes));
	fputc('}', out);
	page_symbols_free(&symbols);
}
