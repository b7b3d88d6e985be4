/*
 * The fast tables' keeping: see mmu/fast_tables.h. A table is one lazily touched mapping; an entry that was never
 * filled reads as zero, which no address but page 0's could match, so only entry 0 is marked empty by hand.
 */
#include "mmu/fast_tables.h"

#include <string.h>
#include <sys/mman.h>

#include "mmu/seen.h"

#define TABLE_BYTES (FAST_ENTRIES * sizeof(struct fast_entry))

static void entry_clear(struct fast_entry *e)
{
	e->load_tag = e->store_tag = FAST_EMPTY;
}

static void table_create(struct fast_table *t)
{
	void *p = mmap(NULL, TABLE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	BUG_ON(p == MAP_FAILED);
	t->entries = p;
	entry_clear(&t->entries[0]);
}

static void table_flush(struct mmu *m, struct fast_table *t)
{
	if (t->filled == 0)
		return;
	m->stats.fast_flushes++;
	if (t->filled > FAST_LOG_SIZE) {
		memset(t->entries, 0xff, TABLE_BYTES);
	} else {
		for (u32 i = 0; i < t->filled; i++)
			entry_clear(&t->entries[t->log[i]]);
	}
	t->filled = 0;
}

void fast_select(struct mmu *m, u32 context)
{
	struct fast_table *t = &m->tables[context];

	if (unlikely(!t->entries))
		table_create(t);
	m->context = context;
	m->fast = t->entries;
}

void fast_put(struct mmu *m, u64 va_page, u64 pa_page, u8 *host, bool loads, bool stores, bool watched)
{
	struct fast_table *t = &m->tables[m->context];
	struct fast_entry *e = fast_entry(t->entries, va_page);
	u64 load_tag = loads ? va_page : FAST_EMPTY, store_tag = stores && !watched ? va_page : FAST_EMPTY;
	u64 pa = pa_page | (stores && watched ? FAST_STORES_WATCHED : 0);

	if (e->load_tag == load_tag && e->store_tag == store_tag && e->pa == pa)
		return;
	if (t->filled < FAST_LOG_SIZE)
		t->log[t->filled] = e - t->entries;
	if (t->filled <= FAST_LOG_SIZE)
		t->filled++;
	m->stats.fast_fills++;
	e->load_tag = load_tag;
	e->store_tag = store_tag;
	e->addend = (u64)host - va_page;
	e->pa = pa;
}

void fast_drop_page(struct mmu *m, u64 va_page)
{
	seen_drop_page(m, va_page);
	for (u32 c = MMU_CTX_M + 1; c < MMU_CONTEXTS; c++) {
		struct fast_entry *e;

		if (m->tables[c].filled == 0)
			continue;
		e = fast_entry(m->tables[c].entries, va_page);
		if (e->load_tag == va_page || e->store_tag == va_page)
			entry_clear(e);
	}
}

void fast_drop_range(struct mmu *m, u64 va, u64 size)
{
	if (size > FAST_LOG_SIZE * PAGE_SIZE) {
		fast_flush_translated(m);
		return;
	}
	if (size > PAGE_SIZE)
		seen_wipe(m);
	for (u64 done = 0; done < size; done += PAGE_SIZE)
		fast_drop_page(m, va + done);
}

void fast_flush_translated(struct mmu *m)
{
	seen_wipe(m);
	for (u32 c = MMU_CTX_M + 1; c < MMU_CONTEXTS; c++)
		table_flush(m, &m->tables[c]);
}

void fast_flush_all(struct mmu *m)
{
	table_flush(m, &m->tables[MMU_CTX_M]);
	fast_flush_translated(m);
}

static void watch_stores(struct fast_entry *e, u64 pa, u64 size)
{
	if (e->pa - pa >= size || e->store_tag == FAST_EMPTY)
		return;
	e->store_tag = FAST_EMPTY;
	e->pa |= FAST_STORES_WATCHED;
}

/* Entries whose page now holds code keep their loads. Walks the logs; a table too full for its log is wiped instead. */
void mmu_protect_page(struct mmu *m, u64 pa)
{
	pa = align_down(pa, PAGE_SIZE);
	for (u32 c = 0; c < MMU_CONTEXTS; c++) {
		struct fast_table *t = &m->tables[c];

		if (t->filled > FAST_LOG_SIZE) {
			table_flush(m, t);
			continue;
		}
		for (u32 i = 0; i < t->filled; i++)
			watch_stores(&t->entries[t->log[i]], pa, PAGE_SIZE);
	}
}

void mmu_protect_range(struct mmu *m, u64 pa, u64 size)
{
	for (u32 c = 0; c < MMU_CONTEXTS; c++) {
		struct fast_table *t = &m->tables[c];
		bool by_log = t->filled <= FAST_LOG_SIZE;
		u32 count = by_log ? t->filled : FAST_ENTRIES;

		for (u32 i = 0; i < count; i++)
			watch_stores(&t->entries[by_log ? t->log[i] : i], pa, size);
	}
}

void fast_free(struct mmu *m)
{
	for (u32 c = 0; c < MMU_CONTEXTS; c++)
		if (m->tables[c].entries)
			munmap(m->tables[c].entries, TABLE_BYTES);
}
