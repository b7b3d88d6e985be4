/*
 * Page tables: the kernel's own, built once at boot, and those of address spaces. Privileged manual 4.3 and 4.4 (Sv39).
 *
 * A virtual address of user space is 9 bits of index into the level-2 table (the root), 9 into a level-1 table, 9 into
 * a level-0 table, and 12 bits of offset. Only level 0 has leaves here; the kernel's direct map alone uses superpages.
 *
 * Other harts run user mode while this code changes their tables, and their page walkers set A and D bits by themselves
 * (Svadu). So an entry that may be valid is changed by atomic instructions, and bits that a walker set at the last
 * moment are kept.
 *
 * Which hart must fence, and how, is asid.c's business; which change needs it is decided here.
 */
#include "guest/kernel/mm/pgtable.h"

#include "guest/abi/mman.h"
#include "guest/kernel/core/hint.h"
#include "guest/kernel/core/image.h"

#define ENTRIES 512ul
#define USER_ENTRIES 256ul /* of a root: the lower half */
#define LEVEL0_SPAN (ENTRIES * PAGE_SIZE)
#define LEVEL1_SPAN (ENTRIES * LEVEL0_SPAN)
#define PTE_PERMISSIONS (PTE_R | PTE_W | PTE_X)

/* The direct map: gigapages at root entries 256.., up to the two entries for the image. */
#define DIRECT_MAP_FIRST 256
#define DIRECT_MAP_COUNT 254

struct frame *zero_frame;
static u64 *kernel_root;

static inline u64 table_index(u64 va, unsigned level)
{
	return va >> (PAGE_SHIFT + 9 * level) & (ENTRIES - 1);
}

static inline u64 *table_behind(u64 pte)
{
	return (u64 *)(DIRECT_MAP + pte_pa(pte));
}

static inline u64 pte_of(u64 pa, u64 bits)
{
	return pa >> PAGE_SHIFT << 10 | bits;
}

static u64 entry_exchange(u64 *pte, u64 value)
{
	return __atomic_exchange_n(pte, value, __ATOMIC_ACQ_REL);
}

u64 pte_make(const struct frame *frame, u32 prot, bool writable, bool dirty)
{
	u64 pte = pte_of(frame_pa(frame), PTE_U | PTE_A | (dirty ? PTE_D : 0));

	if (prot & (PROT_READ | PROT_WRITE)) /* W without R is reserved */
		pte |= PTE_V | PTE_R;
	if (prot & PROT_EXEC)
		pte |= PTE_V | PTE_X;
	if (prot & PROT_WRITE && writable)
		pte |= PTE_W;
	return pte & PTE_V ? pte : pte | PTE_NONE;
}

u64 pte_make_device(u64 pa, u32 prot)
{
	u64 pte = pte_of(pa, PTE_U | PTE_A | PTE_D);

	if (prot & (PROT_READ | PROT_WRITE))
		pte |= PTE_V | PTE_R;
	if (prot & PROT_WRITE)
		pte |= PTE_W;
	return pte & PTE_V ? pte : pte | PTE_NONE;
}

/* --- the kernel's table --- */

static u64 *kernel_table(void)
{
	struct frame *frame = frame_alloc(FRAME_TABLE, ALLOC_ZERO | ALLOC_NOWAIT);

	BUG_ON(!frame);
	return frame_data(frame);
}

/* Text R-X, constants R--, the rest RW-: one page each, in as many level-0 tables as it takes. */
static void map_image(u64 *level1)
{
	for (u64 va = IMAGE_BASE; va < (u64)kernel_end; va += PAGE_SIZE) {
		u64 *pte = &level1[table_index(va, 1)];
		u64 bits = PTE_V | PTE_G | PTE_A | PTE_D | PTE_R;

		if (!*pte)
			*pte = pte_of((u64)kernel_table() - DIRECT_MAP, PTE_V);
		if (va < (u64)kernel_text_end)
			bits |= PTE_X;
		else if (va >= (u64)kernel_rodata_end)
			bits |= PTE_W;
		table_behind(*pte)[table_index(va, 0)] = pte_of(va - IMAGE_OFFSET, bits);
	}
}

void pgtable_init(void)
{
	kernel_root = kernel_table();
	for (u64 i = 0; i < DIRECT_MAP_COUNT; i++)
		kernel_root[DIRECT_MAP_FIRST + i] =
			pte_of(i * LEVEL1_SPAN, PTE_V | PTE_R | PTE_W | PTE_G | PTE_A | PTE_D);
	u64 *level1 = kernel_table();
	kernel_root[table_index(IMAGE_BASE, 2)] = pte_of((u64)level1 - DIRECT_MAP, PTE_V);
	map_image(level1);
	zero_frame = frame_alloc(FRAME_KERNEL, ALLOC_ZERO | ALLOC_NOWAIT);
	BUG_ON(!zero_frame);
	asid_init((u64)kernel_root - DIRECT_MAP);
}

/* --- tables of an address space --- */

bool pgtable_create(struct pgtable *table, struct mm *mm)
{
	struct frame *frame = frame_alloc(FRAME_TABLE, 0);

	if (!frame)
		return false;
	*table = (struct pgtable){ .root = frame_data(frame), .tables = 1, .space = frame_number(frame) };
	memset(table->root, 0, USER_ENTRIES * sizeof(u64));
	memcpy(table->root + USER_ENTRIES, kernel_root + USER_ENTRIES, (ENTRIES - USER_ENTRIES) * sizeof(u64));
	frame->table_mm = mm;
	frame->table_used = 0;
	frame->index = 0;
	list_init(&frame->list);
	return true;
}

/* Puts a new table of the level under the (empty) entry. May sleep. */
static bool table_add(struct pgtable *table, u64 *pte, u64 va, unsigned level)
{
	struct frame *frame = frame_alloc(FRAME_TABLE, ALLOC_ZERO);

	if (!frame)
		return false;
	if (pte_is_valid(*pte)) { /* someone made it while we slept */
		frame_put(frame);
		return true;
	}
	struct frame *parent = frame_of_virtual(pte);
	frame->table_mm = parent->table_mm;
	frame->table_used = 0;
	frame->index = va & ~((LEVEL0_SPAN << 9 * level) - 1);
	list_init(&frame->list);
	parent->table_used++;
	table->tables++;
	__atomic_store_n(pte, pte_of(frame_pa(frame), PTE_V), __ATOMIC_RELEASE);
	pgtable_fence_new_table(table);
	return true;
}

u64 *pgtable_find(const struct pgtable *table, u64 va)
{
	u64 pte = table->root[table_index(va, 2)];

	if (!pte_is_valid(pte))
		return NULL;
	pte = table_behind(pte)[table_index(va, 1)];
	if (!pte_is_valid(pte))
		return NULL;
	return &table_behind(pte)[table_index(va, 0)];
}

u64 *pgtable_make(struct pgtable *table, u64 va)
{
	u64 *entries = table->root;

	for (unsigned level = 2; level > 0; level--) {
		u64 *pte = &entries[table_index(va, level)];

		if (!pte_is_valid(*pte) && !table_add(table, pte, va, level - 1))
			return NULL;
		entries = table_behind(*pte);
	}
	return &entries[table_index(va, 0)];
}

/* The first entry from `pte` on that is not 0, or `end`. Tables are mostly empty: eight at a time where none is used.
 */
static u64 *first_used(u64 *pte, u64 *end)
{
	if (pte < end && *pte)
		return pte;
	while (end - pte >= 8 && !(pte[0] | pte[1] | pte[2] | pte[3] | pte[4] | pte[5] | pte[6] | pte[7]))
		pte += 8;
	while (pte < end && !*pte)
		pte++;
	return pte;
}

/* Of a table of level 2 or 1 with n entries, the first used one at or after that for *va, which is moved up to it;
 * NULL: none, and *va is where the next table begins. */
static u64 *used_entry(u64 *entries, u64 n, u64 *va, unsigned level)
{
	u64 *from = &entries[table_index(*va, level)];
	u64 *found = first_used(from, entries + n);
	u64 span = PAGE_SIZE << 9 * level;

	if (found > from)
		*va = ROUND_DOWN(*va, span) + (u64)(found - from) * span;
	return found < entries + n ? found : NULL;
}

/* The first level-0 table at or after *va and below `to`: its entry for *va, which is moved up to it; NULL: none. */
static u64 *next_table(const struct pgtable *table, u64 *va, u64 to)
{
	while (*va < to) {
		u64 *pte = used_entry(table->root, USER_ENTRIES, va, 2);

		if (!pte)
			return NULL;
		pte = used_entry(table_behind(*pte), ENTRIES, va, 1);
		if (pte && *va < to)
			return &table_behind(*pte)[table_index(*va, 0)];
	}
	return NULL;
}

u64 *pgtable_scan(const struct pgtable *table, u64 *pte, u64 *va, u64 to)
{
	u64 at = *va;

	if (to > USER_TOP)
		to = USER_TOP;
	for (; at < to; pte = NULL) {
		if (!pte || !(at & (LEVEL0_SPAN - 1))) {
			pte = next_table(table, &at, to);
			if (!pte)
				return NULL;
		}
		u64 end = MIN(to, ROUND_DOWN(at, LEVEL0_SPAN) + LEVEL0_SPAN);
		u64 *found = first_used(pte, pte + ((end - at) >> PAGE_SHIFT));
		at += (u64)(found - pte) << PAGE_SHIFT;
		if (at < end) {
			*va = at;
			return found;
		}
	}
	return NULL;
}

u64 pgtable_next(const struct pgtable *table, u64 from, u64 to)
{
	return pgtable_scan(table, NULL, &from, to) ? from : to;
}

/* --- single entries --- */

/* Before a page becomes executable all harts' instruction caches must have its contents. */
static void make_code(struct pgtable *table, u64 value)
{
	struct frame *frame = pte_frame(value);

	if (frame->flags & FRAME_CODE_CLEAN)
		return;
	pgtable_fence_code(table);
	frame->flags |= FRAME_CODE_CLEAN;
}

void pgtable_set(struct pgtable *table, u64 *pte, u64 va, u64 value)
{
	BUG_ON(pte_is_valid(*pte));
	if (value & PTE_X)
		make_code(table, value);
	frame_of_virtual(pte)->table_used += (value != 0) - (*pte != 0);
	/* Release: another hart's walker must not see the entry before the page's contents. */
	__atomic_store_n(pte, value, __ATOMIC_RELEASE);
	if (pte_is_present(value))
		hint_map(value, table->space, va);
	if (pte_is_valid(value))
		pgtable_fence_new_leaf(table, va);
}

/* Writes the new value, with A and D bits that a walker set in the meantime, if it is still the same frame. The old
 * value. */
static u64 entry_change(u64 *pte, u64 value)
{
	u64 old = entry_exchange(pte, value);
	u64 late = old & (PTE_A | PTE_D) & ~value;

	if (late && pte_is_present(value) && pte_pa(old) == pte_pa(value))
		__atomic_fetch_or(pte, late, __ATOMIC_RELAXED);
	return old;
}

/* Whether a hart that still uses the old entry could do what the new one does not allow. */
static bool change_takes_away(u64 old, u64 value)
{
	return pte_is_valid(old) && (pte_pa(old) != pte_pa(value) || (old & (PTE_V | PTE_PERMISSIONS) & ~value));
}

void pgtable_change(struct pgtable *table, u64 *pte, u64 va, u64 value)
{
	if (value & PTE_X)
		make_code(table, value);
	u64 old = entry_change(pte, value);
	BUG_ON(!old || !value);
	hint_map(value, table->space, va);
	if (change_takes_away(old, value))
		pgtable_fence_range(table, va, va + PAGE_SIZE);
	else if (pte_is_valid(value))
		pgtable_fence_new_leaf(table, va);
}

u64 pgtable_replace(struct pgtable *table, u64 *pte, u64 va, u64 value)
{
	BUG_ON(pte_is_valid(value));
	u64 old = entry_exchange(pte, value);

	frame_of_virtual(pte)->table_used += (value != 0) - (old != 0);
	if (pte_is_present(old))
		hint_unmap(old, table->space, va);
	if (pte_is_valid(old))
		pgtable_fence_range(table, va, va + PAGE_SIZE);
	return old;
}

void pgtable_move(struct pgtable *table, u64 *from, u64 from_va, u64 *to, u64 to_va)
{
	u64 entry = entry_exchange(from, 0);

	frame_of_virtual(from)->table_used--;
	if (pte_is_present(entry))
		hint_unmap(entry, table->space, from_va);
	pgtable_set(table, to, to_va, entry);
}

u64 pgtable_clear_bits(struct pgtable *table, u64 *pte, u64 va, u64 bits)
{
	u64 old = __atomic_fetch_and(pte, ~bits, __ATOMIC_ACQ_REL);

	if (pte_is_valid(old) && (old & bits))
		pgtable_fence_range(table, va, va + PAGE_SIZE);
	return old & bits;
}

/* --- many entries under one fence --- */

void unmap_batch_begin(struct unmap_batch *batch, struct pgtable *table)
{
	batch->table = table;
	batch->start = batch->end = 0;
	batch->count = 0;
}

static void batch_cover(struct unmap_batch *batch, u64 va)
{
	if (batch->start >= batch->end) {
		batch->start = va;
		batch->end = va + PAGE_SIZE;
		return;
	}
	batch->start = MIN(batch->start, va);
	batch->end = MAX(batch->end, va + PAGE_SIZE);
}

u64 unmap_batch_clear(struct unmap_batch *batch, u64 *pte, u64 va)
{
	if (batch->count == UNMAP_BATCH)
		unmap_batch_end(batch);
	u64 old = entry_exchange(pte, 0);
	if (old)
		frame_of_virtual(pte)->table_used--;
	if (pte_is_present(old))
		hint_unmap(old, batch->table->space, va);
	if (pte_is_valid(old))
		batch_cover(batch, va);
	if (pte_is_counted(old))
		batch->frames[batch->count++] = pte_frame(old);
	return old;
}

void unmap_batch_protect(struct unmap_batch *batch, u64 *pte, u64 va, u64 value)
{
	/* A fence also where only permissions were added: without it this hart would fault on each page again. */
	if (pte_is_valid(entry_change(pte, value) | value))
		batch_cover(batch, va);
}

void unmap_batch_end(struct unmap_batch *batch)
{
	if (batch->start < batch->end)
		pgtable_fence_range(batch->table, batch->start, batch->end);
	for (unsigned i = 0; i < batch->count; i++)
		frame_put(batch->frames[i]);
	unmap_batch_begin(batch, batch->table);
}

/* --- tables go --- */

/* If the entry's table is empty, takes it out and hands it to the list. */
static void trim_entry(struct pgtable *table, u64 *pte, struct list *empty)
{
	struct frame *frame = pte_frame(*pte);

	if (frame->table_used)
		return;
	__atomic_store_n(pte, 0, __ATOMIC_RELAXED);
	frame_of_virtual(pte)->table_used--;
	table->tables--;
	list_add_last(empty, &frame->list);
}

void pgtable_trim(struct pgtable *table, u64 start, u64 end)
{
	struct list empty;

	list_init(&empty);
	for (u64 va = start; va < end; va = ROUND_DOWN(va, LEVEL1_SPAN) + LEVEL1_SPAN) {
		u64 *root_pte = &table->root[table_index(va, 2)];

		if (!pte_is_valid(*root_pte))
			continue;
		u64 stop = MIN(end, ROUND_DOWN(va, LEVEL1_SPAN) + LEVEL1_SPAN);
		for (u64 at = va; at < stop; at = ROUND_DOWN(at, LEVEL0_SPAN) + LEVEL0_SPAN) {
			u64 *pte = &table_behind(*root_pte)[table_index(at, 1)];

			if (pte_is_valid(*pte))
				trim_entry(table, pte, &empty);
		}
		trim_entry(table, root_pte, &empty);
	}
	if (list_is_empty(&empty))
		return;
	pgtable_fence_all(table);
	LIST_FOR_EACH_SAFE(node, following, &empty) {
		list_remove(node);
		frame_put(LIST_ENTRY(node, struct frame, list));
	}
}

/* Gives back the tables under one of the levels 2 and 1; `used` of the first n entries point to one. */
static void free_tables(u64 *entries, u64 n, u32 used, unsigned level)
{
	for (u64 *pte = entries; used; used--, pte++) {
		pte = first_used(pte, entries + n);
		BUG_ON(pte == entries + n);
		struct frame *frame = pte_frame(*pte);
		if (level == 2)
			free_tables(table_behind(*pte), ENTRIES, frame->table_used, 1);
		frame_put(frame);
	}
}

void pgtable_destroy(struct pgtable *table)
{
	struct frame *root = frame_of_virtual(table->root);

	BUG_ON(table->loaded);
	free_tables(table->root, USER_ENTRIES, root->table_used, 2);
	frame_put(root);
	table->root = NULL;
	table->tables = 0;
}
