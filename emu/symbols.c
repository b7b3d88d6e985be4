/*
 * Symbols: a sorted array and binary search. See symbols.h.
 */
#include "emu/symbols.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 256
#define LABEL_REACH (16 * MIB) /* bytes behind a label without size that are still said to be its */

void symbols_add(struct symbols *s, const struct symbol *symbol)
{
	if (s->count == s->capacity) {
		s->capacity = s->capacity ? 2 * s->capacity : FIRST_CAPACITY;
		s->all = xrealloc(s->all, s->capacity * sizeof(*s->all));
	}
	s->all[s->count++] = *symbol;
}

/* By address; at one address the better name comes last, where the search finds it. Then by name, to be the same
 * always. */
static int compare(const void *left, const void *right)
{
	const struct symbol *a = left, *b = right;
	if (a->addr != b->addr)
		return a->addr < b->addr ? -1 : 1;
	if (a->is_code != b->is_code)
		return a->is_code ? 1 : -1;
	if (a->is_weak_kind != b->is_weak_kind)
		return a->is_weak_kind ? -1 : 1;
	return strcmp(a->name, b->name);
}

void symbols_sort(struct symbols *s)
{
	if (s->count)
		qsort(s->all, s->count, sizeof(*s->all), compare);
}

void symbols_free(struct symbols *s)
{
	free(s->all);
	*s = (struct symbols){ 0 };
}

const struct symbol *symbols_named(const struct symbols *s, const char *name)
{
	for (u32 i = 0; i < s->count; i++)
		if (strcmp(s->all[i].name, name) == 0)
			return &s->all[i];
	return NULL;
}

const struct symbol *symbols_code_at(const struct symbols *s, u64 pc, u64 *offset)
{
	if (!s)
		return NULL;
	u32 low = 0, high = s->count;
	while (low < high) {
		u32 middle = low + (high - low) / 2;
		if (s->all[middle].addr <= pc)
			low = middle + 1;
		else
			high = middle;
	}
	while (low > 0 && !s->all[low - 1].is_code)
		low--;
	if (low == 0)
		return NULL;
	const struct symbol *found = &s->all[low - 1];
	if (pc - found->addr >= (found->size ? found->size : LABEL_REACH))
		return NULL;
	*offset = pc - found->addr;
	return found;
}

bool symbols_describe(const struct symbols *s, u64 pc, char *buf, size_t size)
{
	u64 offset;
	const struct symbol *found = symbols_code_at(s, pc, &offset);
	buf[0] = '\0';
	if (!found)
		return false;
	if (offset)
		snprintf(buf, size, "%s+0x%llx", found->name, (unsigned long long)offset);
	else
		snprintf(buf, size, "%s", found->name);
	return true;
}

/* The data symbol that the address lies in, or else one that is exactly there (a label of the linker script); NULL if
 * there is none. */
static const struct symbol *data_symbol(const struct symbols *s, u64 address)
{
	const struct symbol *label = NULL;
	for (u32 i = 0; i < s->count && s->all[i].addr <= address; i++) {
		const struct symbol *symbol = &s->all[i];
		if (!symbol->is_code && address - symbol->addr < symbol->size)
			return symbol;
		if (!symbol->is_code && symbol->addr == address)
			label = symbol;
	}
	return label;
}

bool symbols_describe_data(const struct symbols *s, u64 address, char *buf, size_t size)
{
	const struct symbol *data = s ? data_symbol(s, address) : NULL;
	if (!data)
		return symbols_describe(s, address, buf, size);
	if (data->addr == address)
		snprintf(buf, size, "%s", data->name);
	else
		snprintf(buf, size, "%s+0x%llx", data->name, (unsigned long long)(address - data->addr));
	return true;
}
