/*
 * Which frame is mapped where: see guest_maps.h.
 */
#include "emu/observe/guest_maps.h"

#include <stdlib.h>

#define CAPACITY_FIRST 4096u
#define CAPACITY_LAST (1u << 21)

void guest_maps_free(struct guest_maps *maps)
{
	free(maps->all);
	*maps = (struct guest_maps){ 0 };
}

static u32 home_of(const struct guest_maps *maps, u32 space, u64 page)
{
	return (u32)((page ^ (u64)space << 40) * 0x9e3779b97f4a7c15ull >> 32) & (maps->capacity - 1);
}

static void put(struct guest_maps *maps, const struct guest_map *map)
{
	u32 i = home_of(maps, map->space, map->page);

	while (maps->all[i].space)
		i = (i + 1) & (maps->capacity - 1);
	maps->all[i] = *map;
}

static bool grow(struct guest_maps *maps)
{
	struct guest_maps bigger = { .capacity = maps->capacity ? maps->capacity * 2 : CAPACITY_FIRST };

	if (bigger.capacity > CAPACITY_LAST)
		return false;
	bigger.count = maps->count;
	bigger.all = xcalloc(bigger.capacity, sizeof(*bigger.all));
	for (u32 i = 0; i < maps->capacity; i++)
		if (maps->all[i].space)
			put(&bigger, &maps->all[i]);
	free(maps->all);
	*maps = bigger;
	return true;
}

bool guest_maps_add(struct guest_maps *maps, u32 space, u64 page, u32 frame)
{
	const struct guest_map map = { .page = page, .space = space, .frame = frame };

	if (maps->count >= maps->capacity / 2 && !grow(maps))
		return false;
	put(maps, &map);
	maps->count++;
	return true;
}

/* Empties place i; those behind that would not be found any more move up. */
static void empty(struct guest_maps *maps, u32 i)
{
	u32 mask = maps->capacity - 1;

	for (u32 next = (i + 1) & mask; maps->all[next].space; next = (next + 1) & mask) {
		u32 home = home_of(maps, maps->all[next].space, maps->all[next].page);

		if (((next - home) & mask) < ((next - i) & mask))
			continue;
		maps->all[i] = maps->all[next];
		i = next;
	}
	maps->all[i].space = 0;
	maps->count--;
}

bool guest_maps_remove(struct guest_maps *maps, u32 space, u64 page, u32 *frame)
{
	if (!maps->count)
		return false;
	for (u32 i = home_of(maps, space, page); maps->all[i].space; i = (i + 1) & (maps->capacity - 1)) {
		if (maps->all[i].space != space || maps->all[i].page != page)
			continue;
		*frame = maps->all[i].frame;
		empty(maps, i);
		return true;
	}
	return false;
}

bool guest_maps_remove_any(struct guest_maps *maps, u32 space, u32 *frame, u32 *from)
{
	for (; *from < maps->capacity; (*from)++) {
		if (maps->all[*from].space != space)
			continue;
		*frame = maps->all[*from].frame;
		empty(maps, *from); /* another may have moved here */
		return true;
	}
	return false;
}
