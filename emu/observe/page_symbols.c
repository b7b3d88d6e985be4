/*
 * The names of the code that walks are for: only those that the page needs, by number, each with its walks.
 */
#include "emu/observe/page_internal.h"

#include <stdlib.h>
#include <string.h>

#define NAME_MAX_BYTES 100

void page_symbols_init(struct page_symbols *s, const struct symbols *from)
{
	*s = (struct page_symbols){ .from = from, .map.limit = PAGE_SYMBOLS_MAX };
	s->all = xcalloc(PAGE_SYMBOLS_MAX, sizeof(*s->all));
}

void page_symbols_free(struct page_symbols *s)
{
	page_map_free(&s->map);
	free(s->all);
}

u16 page_symbols_add(struct page_symbols *s, u64 pc, u64 walks, u64 cycles)
{
	u64 offset;
	bool is_new;
	const struct symbol *symbol = symbols_code_at(s->from, pc, &offset);
	u32 index = symbol ? page_map_add(&s->map, symbol->addr, &is_new) : PAGE_MAP_FULL;
	if (index == PAGE_MAP_FULL)
		return PAGE_NO_SYMBOL;
	if (is_new)
		s->all[index].symbol = symbol;
	s->all[index].walks += walks;
	s->all[index].cycles += cycles;
	return (u16)index;
}

void page_symbols_write(const struct page_symbols *s, FILE *out)
{
	u32 count = s->map.count;
	double *column = xcalloc(count ? count : 1, sizeof(*column));
	u64 *addr = xcalloc(count ? count : 1, sizeof(*addr));
	fputs(",\"symbols\":{\"names\":[", out);
	for (u32 i = 0; i < count; i++) {
		const char *name = s->all[i].symbol->name;
		fputs(i ? "," : "", out);
		page_json_string(out, name, strnlen(name, NAME_MAX_BYTES));
		addr[i] = s->all[i].symbol->addr;
		column[i] = (double)s->all[i].walks;
	}
	fputc(']', out);
	page_json_column(out, "addr", "u64", addr, count * sizeof(*addr));
	page_json_column(out, "walks", "f64", column, count * sizeof(*column));
	for (u32 i = 0; i < count; i++)
		column[i] = (double)s->all[i].cycles;
	page_json_column(out, "cycles", "f64", column, count * sizeof(*column));
	fputc('}', out);
	free(column);
	free(addr);
}
