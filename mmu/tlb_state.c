/*
 * The TLB in a snapshot. A resumed machine must go on miss for miss, so all that lookups and replacement depend on is
 * here: every entry that a lookup could find, however stale, in its own place; stamps, trees, the generator.
 *
 * Entries that a fence has ended are left out: an empty way and a dead one are the same to everybody. So the times of
 * fences for one ASID need not be saved, and the counts of living entries are counted anew. Nothing in a snapshot is
 * believed: an entry that cannot be in its place is refused.
 */
#include <string.h>

#include "emu/base/state.h"
#include "mmu/tlb_internal.h"

#define PAGE_SHIFT 12

/* Can have been stamped so, at a time that was before the present one. */
static bool is_credible(const struct tlb *tlb, u64 stamp, u64 used, bool global, u16 asid)
{
	return tlb_is_alive(tlb, stamp, global, asid) && stamp <= tlb->now && used <= tlb->now;
}

/* Puts an entry where it was. False: it never was there. */
static bool put_back(struct tlb *tlb, struct array *array, u32 index, const struct tlb_entry *entry)
{
	static const u8 level_of[TLB_PAGE_KINDS] = { 0, 0, 1, 2, 3, 4 };
	u32 ways = array->config.ways, kind = 0;
	struct asid_state *state = &tlb->asids[entry->asid];
	u64 key;

	while (kind < TLB_PAGE_KINDS && entry->size_log2 != PAGE_SHIFT + tlb_kind_shift(kind))
		kind++;
	if (kind == TLB_PAGE_KINDS || entry->level != level_of[kind])
		return false;
	key = entry->vpn >> tlb_kind_shift(kind);
	if (entry->level < array->config.min_level || entry->level > array->config.max_level ||
	    entry->vpn & MASK(tlb_kind_shift(kind)) || (key & array->set_mask) != index / ways ||
	    !is_credible(tlb, entry->stamp, entry->used, entry->global, entry->asid))
		return false;
	array->entries[index] = *entry;
	tlb_set_tag(array, index / ways, index % ways, tlb_tag(array, key, kind));
	array->kinds |= 1u << kind;
	tlb->live[array->level][kind]++;
	if (state->since != tlb->flushed)
		*state = (struct asid_state){ .flushed = state->flushed, .since = tlb->flushed };
	state->live[array->level][kind] += !entry->global;
	return true;
}

static void entry_state(struct state *s, struct tlb_entry *e)
{
	state_u64(s, &e->vpn);
	state_u64(s, &e->ppn);
	state_u64(s, &e->pte);
	state_u64(s, &e->stamp);
	state_u64(s, &e->used);
	state_u16(s, &e->asid);
	state_u8(s, &e->size_log2);
	state_u8(s, &e->level);
	state_u8(s, &e->pbmt);
	state_bool(s, &e->global);
	state_bool(s, &e->fetched);
}

static bool is_valid(const struct tlb *tlb, const struct tlb_entry *e)
{
	return tlb_is_alive(tlb, e->stamp, e->global, e->asid);
}

/* Each entry has its index in front; one past the last ends the list. */
static void save_entries(struct state *s, const struct tlb *tlb, struct array *array, u32 count)
{
	for (u32 i = 0; i < count; i++) {
		if (!is_valid(tlb, &array->entries[i]))
			continue;
		state_u32(s, &i);
		entry_state(s, &array->entries[i]);
	}
	state_u32(s, &count);
}

/* The next index of a list: it must be at least `from`. Returns `count` at the end, and if something is wrong. */
static u32 next_index(struct state *s, u32 from, u32 count)
{
	u32 index = count;

	state_below(s, &index, count + 1);
	if (state_ok(s) && index < from)
		state_fail(s, "the snapshot is damaged: TLB entries are out of order");
	return state_ok(s) ? index : count;
}

static void restore_entries(struct state *s, struct tlb *tlb, struct array *array, u32 count)
{
	struct tlb_entry e = { 0 };
	u32 index, from = 0;

	while ((index = next_index(s, from, count)) < count) {
		entry_state(s, &e);
		if (state_ok(s) && !put_back(tlb, array, index, &e))
			state_fail(s, "the snapshot is damaged: a TLB entry is in a place where it cannot be");
		from = index + 1;
	}
}

static void trees_state(struct state *s, u64 *trees, const struct tlb_array_config *config)
{
	if (config->replacement == TLB_PLRU)
		state_u64s(s, trees, config->sets);
}

static void array_state(struct state *s, struct tlb *tlb, struct array *array)
{
	u32 count = array->config.sets * array->config.ways;

	state_below(s, &array->kinds, 1u << TLB_PAGE_KINDS);
	trees_state(s, array->plru, &array->config);
	state_u64(s, &array->newest);
	if (s->loading)
		restore_entries(s, tlb, array, count);
	else
		save_entries(s, tlb, array, count);
}

/* --- the walk cache --- */

static void pointer_state(struct state *s, struct pointer *p)
{
	state_u64(s, &p->pte_addr);
	state_u64(s, &p->pte);
	state_u64(s, &p->stamp);
	state_u64(s, &p->used);
	state_u16(s, &p->asid);
	state_bool(s, &p->global);
}

static void save_pointers(struct state *s, const struct tlb *tlb, struct pointer_array *array, u32 count)
{
	for (u32 i = 0; i < count; i++) {
		struct pointer *p = &array->pointers[i];

		if (!tlb_is_alive(tlb, p->stamp, p->global, p->asid))
			continue;
		state_u32(s, &i);
		pointer_state(s, p);
	}
	state_u32(s, &count);
}

static void restore_pointers(struct state *s, const struct tlb *tlb, struct pointer_array *array, u32 count)
{
	u32 index, from = 0;

	while ((index = next_index(s, from, count)) < count) {
		struct pointer *p = &array->pointers[index];

		pointer_state(s, p);
		if (state_ok(s) && !is_credible(tlb, p->stamp, p->used, p->global, p->asid))
			state_fail(s, "the snapshot is damaged: a walk cache entry has a time that cannot be");
		from = index + 1;
	}
}

static void pointers_state(struct state *s, struct tlb *tlb, struct pointer_array *array)
{
	u32 count = array->config.sets * array->config.ways;

	trees_state(s, array->plru, &array->config);
	if (s->loading)
		restore_pointers(s, tlb, array, count);
	else
		save_pointers(s, tlb, array, count);
}

void tlb_state(struct state *s, struct tlb *tlb)
{
	state_section(s, "tlb", 2);
	state_u64(s, &tlb->now);
	state_u64(s, &tlb->flushed);
	state_u64(s, &tlb->random);
	if (s->loading)
		memset(tlb->live, 0, sizeof(tlb->live));
	for (u32 n = 0; n < ARRAY_GROUPS * TLB_ARRAYS_MAX; n++) {
		struct array *array = &tlb->arrays[n / TLB_ARRAYS_MAX][n % TLB_ARRAYS_MAX];

		if (array->config.ways)
			array_state(s, tlb, array);
	}
	for (u32 n = 0; n < TLB_ARRAYS_MAX; n++)
		if (tlb->pointers[n].config.ways)
			pointers_state(s, tlb, &tlb->pointers[n]);
}
