/*
 * The guest's page tables as data: see page_tables.h.
 */
#include "emu/observe/page_tables.h"

#include <string.h>

bool page_table_read(struct bus *bus, u64 frame, u64 ptes[PAGE_TABLE_ENTRIES])
{
	const u8 *ram = bus_ram(bus, frame << PAGE_SHIFT, PAGE_SIZE);

	if (ram)
		memcpy(ptes, ram, PAGE_SIZE);
	return ram != NULL;
}

bool page_table_find(struct bus *bus, u64 satp, u64 va, struct page_table_leaf *leaf)
{
	u64 frame = satp_root(satp);

	for (u32 level = satp_levels(satp); level-- > 0;) {
		u64 index = va >> page_table_size_log2(level) & (PAGE_TABLE_ENTRIES - 1);
		const u8 *ram = bus_ram(bus, (frame << PAGE_SHIFT) + index * 8, 8);
		u64 pte;

		if (!ram)
			return false;
		memcpy(&pte, ram, sizeof(pte));
		*leaf = (struct page_table_leaf){ pte, (frame << PAGE_SHIFT) + index * 8, level };
		if (!pte_is_pointer(pte))
			return pte_is_leaf(pte);
		frame = pte_frame(pte);
	}
	return false;
}

bool page_table_is_news(struct page_table_set *set, u64 frame, u32 level)
{
	u64 key = (frame << 3 | level) + 1;
	u32 i = (u32)(key * 0x9e3779b97f4a7c15ull >> 40) & (set->size - 1);

	while (set->places[i] && set->places[i] != key)
		i = (i + 1) & (set->size - 1);
	if (set->places[i])
		return false;
	if (set->count < set->size / 2) {
		set->places[i] = key;
		set->count++;
	}
	return true;
}

bool page_table_is_plausible(struct bus *bus, u64 satp)
{
	u64 ptes[PAGE_TABLE_ENTRIES];
	bool is_used = false;

	if (!page_table_read(bus, satp_root(satp), ptes))
		return false;
	for (u32 i = 0; i < PAGE_TABLE_ENTRIES; i++) {
		if (!(ptes[i] & PTE_V))
			continue;
		is_used = true;
		if (bits(ptes[i], 60, 54) ||
		    (pte_is_pointer(ptes[i]) && !bus_ram(bus, pte_frame(ptes[i]) << PAGE_SHIFT, 8)))
			return false;
	}
	return is_used;
}
