/*
 * The architectural TLB: arrays of entries at two levels, and a cache of pointer PTEs for the walker.
 *
 * Time is a counter. An entry's stamp is its birth; a fence without an address notes the time of the fence, once for
 * the whole TLB and once an ASID, and every older entry is dead without having been touched. Lookups compare eight ways
 * at once by a byte of hash each, which is only a hint: the entry itself is compared in full.
 *
 * The two levels are neither inclusive nor exclusive: a walk fills both, a second-level hit is copied to the first, and
 * each array replaces on its own. An ASID's entries compete with all others for the ways of a set, since sets are
 * chosen by address alone. Not here: permissions (mmu/walk.c), PTE reads (mmu/translate.c), presets
 * (mmu/tlb_presets.c).
 */
#include "mmu/tlb.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mmu/tlb_internal.h"

#define PAGE_SHIFT 12
#define ASIDS 65536

static bool is_valid(const struct tlb *tlb, const struct tlb_entry *entry)
{
	return tlb_is_alive(tlb, entry->stamp, entry->global, entry->asid);
}

static u32 kind_of(const struct tlb_entry *entry)
{
	u32 kind = mmu_size_of(entry->size_log2);

	BUG_ON(entry->size_log2 != PAGE_SHIFT + tlb_kind_shift(kind));
	return kind;
}

/* Bit 7 of each byte of `tags` that is equal to `tag`; now and then also of one that is not. */
static u64 tag_matches(u64 tags, u64 tag)
{
	u64 different = tags ^ tag * 0x0101010101010101ull;

	return (different - 0x0101010101010101ull) & ~different & 0x8080808080808080ull;
}

/* Where in an array entries of one page size that map vpn would be. */
struct place {
	u64 vpn;         /* first page of that size */
	u64 tag;         /* their tag */
	u32 first;       /* index of the set's first entry */
	const u64 *tags; /* of the set */
	u8 size_log2;    /* bytes mapped */
};

static always_inline struct place place_of(const struct array *array, u64 vpn, u32 kind)
{
	u64 key = vpn >> tlb_kind_shift(kind);
	u32 set = (u32)key & array->set_mask;

	return (struct place){
		.vpn = key << tlb_kind_shift(kind),
		.tag = tlb_tag(array, key, kind),
		.first = set * array->config.ways,
		.tags = &array->tags[set * array->tag_words],
		.size_log2 = (u8)(PAGE_SHIFT + tlb_kind_shift(kind)),
	};
}

static bool is_at(const struct tlb_entry *entry, const struct place *place)
{
	return entry->vpn == place->vpn && entry->size_log2 == place->size_log2;
}

/* What was touched last in its array already need not be touched again: neither order changes (tlb_hit_again()). */
static void touch(struct tlb *tlb, struct array *array, struct tlb_entry *entry)
{
	u32 index = (u32)(entry - array->entries);

	if (array->config.replacement == TLB_LRU && entry->used != array->newest)
		entry->used = array->newest = ++tlb->now;
	else if (array->config.replacement == TLB_PLRU)
		tlb_plru_touch(&array->plru[index / array->config.ways], array->config.ways,
		               index % array->config.ways);
}

static struct asid_state *asid_counts(struct tlb *tlb, u16 asid)
{
	struct asid_state *state = &tlb->asids[asid];

	if (state->since != tlb->flushed) {
		state->since = tlb->flushed;
		memset(state->live, 0, sizeof(state->live));
	}
	return state;
}

/* Ends a valid entry. `tell`: whoever made fast entries from it hears of it, if it is of the first level; who fences
 * knows anyway. */
static void end_entry(struct tlb *tlb, const struct array *array, struct tlb_entry *entry, bool tell)
{
	u32 kind = kind_of(entry);

	tlb->live[array->level][kind]--;
	if (!entry->global)
		asid_counts(tlb, entry->asid)->live[array->level][kind]--;
	if (tell && array->level == 0 && tlb->drop)
		tlb->drop(tlb->drop_arg, entry);
	entry->stamp = 0;
}

static struct tlb_entry *array_find(const struct tlb *tlb, const struct array *array, u64 vpn, u16 asid)
{
	for (u32 kinds = array->kinds; kinds; kinds &= kinds - 1) {
		struct place place = place_of(array, vpn, (u32)__builtin_ctz(kinds));

		for (u32 word = 0; word < array->tag_words; word++) {
			u64 ways = tag_matches(place.tags[word], place.tag);

			for (; ways; ways &= ways - 1) {
				u32 way = 8 * word + (u32)__builtin_ctzll(ways) / 8;
				struct tlb_entry *entry = &array->entries[place.first + way];

				if (is_at(entry, &place) && (entry->asid == asid || entry->global) &&
				    is_valid(tlb, entry))
					return entry;
			}
		}
	}
	return NULL;
}

/* The same for an array whose sets have one word of tags: the default geometry, and the one that has to be quick. */
static always_inline struct tlb_entry *narrow_find(const struct tlb *tlb, const struct array *array, u64 vpn, u16 asid)
{
	for (u32 kinds = array->kinds; kinds; kinds &= kinds - 1) {
		u32 kind = (u32)__builtin_ctz(kinds);
		u64 key = vpn >> tlb_kind_shift(kind);
		u32 set = (u32)key & array->set_mask;
		u64 ways = tag_matches(array->tags[set], tlb_tag(array, key, kind));

		for (; ways; ways &= ways - 1) {
			struct tlb_entry *entry =
				&array->entries[set * array->config.ways + (u32)__builtin_ctzll(ways) / 8];

			if (entry->vpn >> tlb_kind_shift(kind) == key &&
			    entry->size_log2 == PAGE_SHIFT + tlb_kind_shift(kind) &&
			    (entry->asid == asid || entry->global) && is_valid(tlb, entry))
				return entry;
		}
	}
	return NULL;
}

/* Ends the valid entries at that place that are selected. */
static void place_remove(struct tlb *tlb, struct array *array, const struct place *place, struct selection *what)
{
	for (u32 way = 0; way < array->config.ways; way++) {
		struct tlb_entry *entry = &array->entries[place->first + way];

		if (!is_at(entry, place) || !is_valid(tlb, entry))
			continue;
		if (what->by_asid && (entry->global ? !what->globals : entry->asid != what->asid))
			continue;
		if (entry->size_log2 > what->largest_log2)
			what->largest_log2 = entry->size_log2;
		if (what->fence)
			tlb->counts[array->level].flushed[what->form][kind_of(entry)]++;
		end_entry(tlb, array, entry, !what->fence);
	}
}

/* The same for all that the array holds for the selected page, whatever its size. */
static void array_remove(struct tlb *tlb, struct array *array, struct selection *what)
{
	for (u32 kinds = array->kinds; kinds; kinds &= kinds - 1) {
		struct place place = place_of(array, what->vpn, (u32)__builtin_ctz(kinds));
		u64 matches = 0;

		for (u32 word = 0; word < array->tag_words; word++)
			matches |= tag_matches(place.tags[word], place.tag);
		if (matches)
			place_remove(tlb, array, &place, what);
	}
}

/* The way to put a new entry in: an empty one, else as the array's replacement has it. */
static u32 choose_way(struct tlb *tlb, const struct array *array, u32 set)
{
	const struct tlb_entry *entries = &array->entries[set * array->config.ways];
	u32 ways = array->config.ways;
	u32 oldest = 0, unused = 0;

	for (u32 way = 0; way < ways; way++) {
		if (!is_valid(tlb, &entries[way]))
			return way;
		if (entries[way].stamp < entries[oldest].stamp)
			oldest = way;
		if (entries[way].used < entries[unused].used)
			unused = way;
	}
	switch (array->config.replacement) {
	case TLB_FIFO:
		return oldest;
	case TLB_LRU:
		return unused;
	case TLB_PLRU:
		return tlb_plru_victim(array->plru[set], ways);
	default:
		return (u32)(tlb_random(tlb) % ways);
	}
}

static struct array *array_for(struct array *arrays, u32 level)
{
	for (u32 i = 0; i < TLB_ARRAYS_MAX; i++) {
		const struct tlb_array_config *config = &arrays[i].config;

		if (config->ways && level >= config->min_level && level <= config->max_level)
			return &arrays[i];
	}
	return NULL;
}

/* Puts the entry in one level's arrays; nothing there answers for its vpn any more. NULL if none takes its page size.
 */
static struct tlb_entry *insert(struct tlb *tlb, struct array *arrays, const struct tlb_entry *entry)
{
	struct array *array = array_for(arrays, entry->level);
	struct tlb_entry *slot;
	struct place place;
	u32 kind, set, way;

	if (!array)
		return NULL;
	kind = kind_of(entry);
	place = place_of(array, entry->vpn, kind);
	set = place.first / array->config.ways;
	way = choose_way(tlb, array, set);
	slot = &array->entries[place.first + way];
	if (is_valid(tlb, slot)) {
		tlb->counts[array->level].evictions[kind_of(slot)]++;
		end_entry(tlb, array, slot, true);
	}

	*slot = *entry;
	slot->vpn = place.vpn;
	slot->ppn = entry->ppn & ~MASK(tlb_kind_shift(kind));
	slot->stamp = slot->used = ++tlb->now;
	tlb_set_tag(array, set, way, place.tag);
	array->kinds |= 1u << kind;
	tlb->live[array->level][kind]++;
	if (!slot->global)
		asid_counts(tlb, slot->asid)->live[array->level][kind]++;
	touch(tlb, array, slot);
	return slot;
}

static struct tlb_entry *level_find(const struct tlb *tlb, struct array *arrays, u64 vpn, u16 asid, struct array **in)
{
	for (struct array *array = arrays; array < arrays + TLB_ARRAYS_MAX && array->config.ways; array++) {
		struct tlb_entry *entry = array_find(tlb, array, vpn, asid);

		if (entry) {
			*in = array;
			return entry;
		}
	}
	return NULL;
}

/* Makes room for a translation of vpn: ends what this level holds for it that the new entry's users could find. */
static void level_remove(struct tlb *tlb, struct array *arrays, u64 vpn, const struct tlb_entry *entry)
{
	struct selection what = { .vpn = vpn, .by_asid = !entry->global, .asid = entry->asid, .globals = true };

	for (u32 i = 0; i < TLB_ARRAYS_MAX && arrays[i].config.ways; i++)
		array_remove(tlb, &arrays[i], &what);
}

static struct array *first_arrays(struct tlb *tlb, enum tlb_side side)
{
	return tlb->arrays[tlb->config.split ? side : TLB_DATA];
}

/* The adversary's coin. */
static bool forgets(struct tlb *tlb)
{
	return tlb->config.forget_one_in && tlb_random(tlb) % tlb->config.forget_one_in == 0;
}

static struct tlb_entry *move_up(struct tlb *tlb, enum tlb_side side, u64 vpn, const struct tlb_entry *entry)
{
	struct tlb_entry copy = *entry;

	copy.fetched = side == TLB_FETCH;
	level_remove(tlb, first_arrays(tlb, side), vpn, &copy);
	return insert(tlb, first_arrays(tlb, side), &copy);
}

static struct tlb_entry *lookup_all(struct tlb *tlb, enum tlb_side side, u64 vpn, u16 asid, enum tlb_level *where)
{
	struct array *array;
	struct tlb_entry *entry = level_find(tlb, first_arrays(tlb, side), vpn, asid, &array);

	*where = TLB_FIRST;
	if (!entry) {
		*where = TLB_SECOND;
		entry = level_find(tlb, tlb->arrays[ARRAYS_SECOND], vpn, asid, &array);
	}
	if (entry && forgets(tlb)) {
		struct tlb_entry lost = *entry;

		level_remove(tlb, first_arrays(tlb, side), vpn, &lost);
		level_remove(tlb, tlb->arrays[ARRAYS_SECOND], vpn, &lost);
		entry = NULL;
	}
	if (!entry) {
		*where = TLB_MISS;
		return NULL;
	}

	touch(tlb, array, entry);
	if (*where == TLB_SECOND)
		return move_up(tlb, side, vpn, entry);
	entry->fetched |= side == TLB_FETCH;
	return entry;
}

struct tlb_entry *tlb_lookup(struct tlb *tlb, enum tlb_side side, u64 va, u16 asid, enum tlb_level *where)
{
	struct tlb_entry *entry;

	if (tlb->is_plain) {
		entry = narrow_find(tlb, &first_arrays(tlb, side)[0], va >> PAGE_SHIFT, asid);
		if (likely(entry)) {
			if (side == TLB_FETCH)
				entry->fetched = true;
			*where = TLB_FIRST;
			return entry;
		}
	}
	return lookup_all(tlb, side, va >> PAGE_SHIFT, asid, where);
}

bool tlb_has(const struct tlb *tlb, enum tlb_side side, u64 va, u16 asid)
{
	struct tlb *arrays = (struct tlb *)tlb; /* looking for entries takes arrays that may be changed */
	struct array *in;

	return level_find(tlb, first_arrays(arrays, side), va >> PAGE_SHIFT, asid, &in) ||
	       level_find(tlb, arrays->arrays[ARRAYS_SECOND], va >> PAGE_SHIFT, asid, &in);
}

struct tlb_entry *tlb_fill(struct tlb *tlb, enum tlb_side side, const struct tlb_entry *entry)
{
	struct array *first = first_arrays(tlb, side);
	struct tlb_entry fresh = *entry;

	fresh.fetched = side == TLB_FETCH;
	level_remove(tlb, first, fresh.vpn, &fresh);
	level_remove(tlb, tlb->arrays[ARRAYS_SECOND], fresh.vpn, &fresh);
	insert(tlb, tlb->arrays[ARRAYS_SECOND], &fresh);
	return insert(tlb, first, &fresh);
}

void tlb_on_drop(struct tlb *tlb, void (*drop)(void *arg, const struct tlb_entry *entry), void *arg)
{
	tlb->drop = drop;
	tlb->drop_arg = arg;
}

static struct array *nth_array(struct tlb *tlb, u32 n)
{
	return &tlb->arrays[n / TLB_ARRAYS_MAX][n % TLB_ARRAYS_MAX];
}

static void flush_page(struct tlb *tlb, struct selection *what)
{
	for (u32 i = 0; i < ARRAY_GROUPS * TLB_ARRAYS_MAX; i++)
		array_remove(tlb, nth_array(tlb, i), what);
}

static void flush_asid(struct tlb *tlb, u16 asid)
{
	struct asid_state *state = asid_counts(tlb, asid);

	for (u32 level = 0; level < 2; level++) {
		for (u32 kind = 0; kind < TLB_PAGE_KINDS; kind++) {
			tlb->counts[level].flushed[MMU_FLUSH_ASID][kind] += state->live[level][kind];
			tlb->live[level][kind] -= state->live[level][kind];
			state->live[level][kind] = 0;
		}
	}
	state->flushed = ++tlb->now;
}

static void flush_all(struct tlb *tlb, enum mmu_flush form)
{
	for (u32 level = 0; level < 2; level++) {
		for (u32 kind = 0; kind < TLB_PAGE_KINDS; kind++) {
			tlb->counts[level].flushed[form][kind] += tlb->live[level][kind];
			tlb->live[level][kind] = 0;
		}
	}
	tlb->flushed = ++tlb->now;
	for (u32 i = 0; i < ARRAY_GROUPS * TLB_ARRAYS_MAX; i++)
		nth_array(tlb, i)->kinds = 0;
}

u32 tlb_flush(struct tlb *tlb, bool by_va, u64 va, bool by_asid, u16 asid)
{
	struct selection what = {
		.vpn = va >> PAGE_SHIFT,
		.by_asid = by_asid,
		.asid = asid,
		.fence = true,
		.form = by_asid ? MMU_FLUSH_VA_ASID : MMU_FLUSH_VA,
	};

	if (by_va)
		flush_page(tlb, &what);
	else if (by_asid)
		flush_asid(tlb, asid);
	else
		flush_all(tlb, MMU_FLUSH_ALL);
	return what.largest_log2;
}

void tlb_reset(struct tlb *tlb)
{
	flush_all(tlb, MMU_FLUSH_RESET);
}

/* The array of a side's first level that this entry is in. */
static struct array *home_of(struct tlb *tlb, enum tlb_side side, const struct tlb_entry *entry)
{
	struct array *array = first_arrays(tlb, side);

	while (entry < array->entries || entry >= array->entries + (size_t)array->config.sets * array->config.ways)
		array++;
	return array;
}

bool tlb_remember(struct tlb *tlb, enum tlb_side side, struct tlb_entry *entry, struct tlb_hit *hit)
{
	struct array *array = home_of(tlb, side, entry);
	u32 index = (u32)(entry - array->entries), ways = array->config.ways;
	u64 all = ~0ull;

	if (tlb->config.forget_one_in || tlb->config.cache_invalid)
		return false;
	*hit = (struct tlb_hit){ .entry = entry, .stamp = entry->stamp, .now = &tlb->now };
	if (array->config.replacement == TLB_LRU) {
		hit->newest = &array->newest;
	} else if (array->config.replacement == TLB_PLRU) {
		hit->tree = &array->plru[index / ways];
		tlb_plru_touch(&hit->tree_set, ways, index % ways);
		tlb_plru_touch(&all, ways, index % ways);
		hit->tree_keep = all;
	}
	return true;
}

void tlb_each(const struct tlb *tlb, void (*see)(void *arg, const char *array, const struct tlb_entry *entry),
              void *arg)
{
	for (u32 n = 0; n < ARRAY_GROUPS * TLB_ARRAYS_MAX; n++) {
		const struct array *array = &tlb->arrays[n / TLB_ARRAYS_MAX][n % TLB_ARRAYS_MAX];

		for (u32 i = 0; i < array->config.sets * array->config.ways; i++) {
			if (is_valid(tlb, &array->entries[i]))
				see(arg, array->name, &array->entries[i]);
		}
	}
}

void tlb_check_geometry(const struct tlb_array_config *config)
{
	BUG_ON(!is_power_of_two(config->sets) || config->min_level > config->max_level);
	BUG_ON(config->replacement == TLB_PLRU && config->ways > TLB_PLRU_WAYS_MAX);
}

static void array_create(struct array *array, const struct tlb_array_config *config, u8 level, const char *name, u32 n)
{
	size_t count = (size_t)config->sets * config->ways;

	if (!config->ways)
		return;
	tlb_check_geometry(config);
	array->config = *config;
	array->level = level;
	array->set_mask = config->sets - 1;
	array->set_bits = (u32)__builtin_ctz(config->sets);
	array->tag_words = (config->ways + 7) / 8;
	array->tags = xcalloc((size_t)config->sets * array->tag_words, sizeof(*array->tags));
	array->entries = xcalloc(count, sizeof(*array->entries));
	array->plru = xcalloc(config->sets, sizeof(*array->plru));
	snprintf(array->name, sizeof(array->name), n ? "%s.%u" : "%s", name, n);
}

static bool config_needs_hits(const struct tlb_config *config)
{
	if (config->forget_one_in)
		return true;
	for (u32 i = 0; i < 2 * TLB_ARRAYS_MAX; i++) {
		const struct tlb_array_config *array = &config->first[i / TLB_ARRAYS_MAX][i % TLB_ARRAYS_MAX];

		if (array->ways > 1 && (array->replacement == TLB_LRU || array->replacement == TLB_PLRU))
			return true;
	}
	return false;
}

static bool config_is_plain(const struct tlb_config *config)
{
	for (u32 side = 0; side <= config->split; side++) {
		if (config->first[side][0].ways > 8 || config->first[side][1].ways)
			return false;
	}
	return true;
}

struct tlb *tlb_create(const struct tlb_config *config)
{
	struct tlb *tlb = xcalloc(1, sizeof(*tlb));

	tlb->config = *config;
	tlb->counts = tlb->own;
	tlb->needs_hits = config_needs_hits(config);
	tlb->is_plain = !tlb->needs_hits && config_is_plain(config);
	tlb->random = config->seed * 2 + 1; /* a xorshift must not start at 0 */
	tlb->asids = xcalloc(ASIDS, sizeof(*tlb->asids));
	for (u32 i = 0; i < TLB_ARRAYS_MAX; i++) {
		array_create(&tlb->arrays[TLB_DATA][i], &config->first[TLB_DATA][i], 0,
		             config->split ? "data" : "unified", i);
		if (config->split)
			array_create(&tlb->arrays[TLB_FETCH][i], &config->first[TLB_FETCH][i], 0, "fetch", i);
		array_create(&tlb->arrays[ARRAYS_SECOND][i], &config->second[i], 1, "second", i);
		tlb_walk_cache_create(&tlb->pointers[i], &config->walk_cache[i]);
	}
	for (u32 level = 0; level < WALK_LEVELS_MAX; level++) {
		BUG_ON(!array_for(first_arrays(tlb, TLB_DATA), level));
		BUG_ON(!array_for(first_arrays(tlb, TLB_FETCH), level));
	}
	return tlb;
}

void tlb_destroy(struct tlb *tlb)
{
	if (!tlb)
		return;
	for (u32 i = 0; i < ARRAY_GROUPS * TLB_ARRAYS_MAX; i++) {
		free(nth_array(tlb, i)->tags);
		free(nth_array(tlb, i)->entries);
		free(nth_array(tlb, i)->plru);
	}
	for (u32 i = 0; i < TLB_ARRAYS_MAX; i++)
		tlb_walk_cache_destroy(&tlb->pointers[i]);
	free(tlb->asids);
	free(tlb);
}

const struct tlb_config *tlb_config(const struct tlb *tlb)
{
	return &tlb->config;
}

const struct mmu_tlb_counts *tlb_counts(const struct tlb *tlb)
{
	return tlb->counts;
}

void tlb_count_into(struct tlb *tlb, struct mmu_tlb_counts counts[2])
{
	tlb->counts = counts;
}

bool tlb_needs_hits(const struct tlb *tlb)
{
	return tlb->needs_hits;
}
