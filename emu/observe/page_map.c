/*
 * A map from 64-bit keys to 0, 1, 2, ... in the order in which they came: see page_internal.h.
 */
#include "emu/observe/page_internal.h"

#include <stdlib.h>

static u32 slot_of(const struct page_map *map, u64 key)
{
	u32 mask = map->capacity - 1;
	u32 slot = (u32)(key * 0x9e3779b97f4a7c15ull >> 32) & mask;
	while (map->values[slot] && map->keys[slot] != key)
		slot = (slot + 1) & mask;
	return slot;
}

static void grow(struct page_map *map)
{
	struct page_map old = *map;
	map->capacity = old.capacity ? old.capacity * 2 : 256;
	map->keys = xcalloc(map->capacity, sizeof(*map->keys));
	map->values = xcalloc(map->capacity, sizeof(*map->values));
	for (u32 i = 0; i < old.capacity; i++) {
		if (!old.values[i])
			continue;
		u32 slot = slot_of(map, old.keys[i]);
		map->keys[slot] = old.keys[i];
		map->values[slot] = old.values[i];
	}
	free(old.keys);
	free(old.values);
}

u32 page_map_add(struct page_map *map, u64 key, bool *is_new)
{
	if (map->count >= map->capacity / 2)
		grow(map);
	u32 slot = slot_of(map, key);
	*is_new = map->values[slot] == 0;
	if (!*is_new)
		return map->values[slot] - 1;
	if (map->count >= map->limit)
		return PAGE_MAP_FULL;
	map->keys[slot] = key;
	map->values[slot] = ++map->count;
	return map->count - 1;
}

void page_map_free(struct page_map *map)
{
	free(map->keys);
	free(map->values);
	*map = (struct page_map){ .limit = map->limit };
}
